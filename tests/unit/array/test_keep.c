/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the logical units of LUNs must keep: durable when it is answered, and gone with the LUN. */
#include "array_test.h"
#include "array/array_int.h"
#include "fault.h"

#include <semaphore.h>

struct waiting {
	sem_t done;
	int result;
};

static void
done(void *arg, int result)
{
	struct waiting *w = arg;

	w->result = result;
	sem_post(&w->done);
}

/* Keeps data (NULL = nothing any more) and waits for the answer. */
static int
keep(struct array *array, struct guid lun, uint32_t kind, uint32_t version, const char *data)
{
	struct waiting w;
	struct array_keep request = { .lun_id = lun,
				      .kind = kind,
				      .version = version,
				      .data = data,
				      .bytes = data != NULL ? strlen(data) : 0,
				      .done = done,
				      .arg = &w };
	int rc;

	sem_init(&w.done, 0, 0);
	rc = array_keep(array, &request);
	if (rc == 0) {
		while (sem_wait(&w.done) != 0)
			;
		rc = w.result;
	}
	sem_destroy(&w.done);
	return rc;
}

/* data NULL: nothing is kept of this kind. */
static void
assert_kept(struct array *array, struct guid lun, uint32_t kind, uint32_t version, const char *data)
{
	AUTO_FREE void *found = NULL;
	uint32_t found_version = 0;
	bool passing = true;
	size_t bytes = 0;
	int rc = array_kept(array, &lun, kind, &found_version, &found, &bytes, &passing);

	assert_int_equal(rc, data != NULL ? 0 : ERR_NOT_FOUND);
	if (data == NULL)
		return;
	assert_int_equal(found_version, version);
	assert_int_equal(bytes, strlen(data));
	assert_memory_equal(found, data, bytes);
}

static void
test_data_is_replaced_and_removed_by_kind(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l"), other = make_lun(f->array, "m");

	assert_kept(f->array, lun, 1, 0, NULL);
	assert_int_equal(keep(f->array, lun, 1, 1, "keys"), 0);
	assert_int_equal(keep(f->array, lun, 2, 7, "pages"), 0);
	assert_int_equal(keep(f->array, lun, 1, 2, "other keys"), 0);
	assert_kept(f->array, lun, 1, 2, "other keys");
	assert_kept(f->array, lun, 2, 7, "pages");
	assert_kept(f->array, other, 1, 0, NULL);
	assert_int_equal(keep(f->array, lun, 1, 0, NULL), 0);
	assert_int_equal(keep(f->array, lun, 1, 0, NULL), 0);
	assert_kept(f->array, lun, 1, 0, NULL);
	assert_kept(f->array, lun, 2, 7, "pages");
	assert_int_equal(sequence_of(f->array), 3); /* no change of the configuration */
}

static void
test_data_is_there_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l"), other = make_lun(f->array, "m");

	assert_int_equal(keep(f->array, lun, 1, 3, "one"), 0);
	assert_int_equal(keep(f->array, other, 1, 4, "two"), 0);
	assert_int_equal(keep(f->array, other, 2, 5, ""), 0);
	fixture_reopen(f);
	assert_kept(f->array, lun, 1, 3, "one");
	assert_kept(f->array, other, 1, 4, "two");
	assert_kept(f->array, other, 2, 5, "");
	assert_int_equal(keep(f->array, other, 1, 0, NULL), 0);
	fixture_reopen(f);
	assert_kept(f->array, other, 1, 0, NULL);
	assert_ok(array_check(f->array));
}

static void
test_a_deleted_lun_keeps_nothing(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");

	assert_int_equal(keep(f->array, lun, 1, 1, "keys"), 0);
	assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
	assert_kept(f->array, lun, 1, 0, NULL);
	assert_int_equal(keep(f->array, lun, 1, 1, "keys"), ERR_NOT_FOUND);
	assert_ok(array_check(f->array));
	fixture_reopen(f);
	assert_ok(array_check(f->array));
}

static void
keep_passing(struct array *array, struct guid lun, const char *data)
{
	struct waiting w;
	struct array_keep request = { .lun_id = lun,
				      .kind = ARRAY_KEEP_RESERVATIONS,
				      .version = 2,
				      .data = data,
				      .bytes = strlen(data),
				      .passing = true,
				      .done = done,
				      .arg = &w };

	sem_init(&w.done, 0, 0);
	assert_int_equal(array_keep(array, &request), 0);
	while (sem_wait(&w.done) != 0)
		;
	assert_int_equal(w.result, 0);
	sem_destroy(&w.done);
}

static bool
is_passing(struct array *array, struct guid lun)
{
	AUTO_FREE void *data = NULL;
	uint32_t version;
	bool passing = false;
	size_t bytes;

	assert_int_equal(
		array_kept(array, &lun, ARRAY_KEEP_RESERVATIONS, &version, &data, &bytes, &passing),
		0);
	return passing;
}

/* One kind of data either passes or stays, whichever was asked for last. */
static void
test_what_passes_ends_with_a_loss_of_power(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l"), other = make_lun(f->array, "m");

	/* no other thread may look at `shared` while it changes */
	array_schedule_stop(f->array);
	array_verify_stop(f->array);
	f->array->shared = true;
	keep_passing(f->array, lun, "keys");
	assert_true(is_passing(f->array, lun));
	assert_int_equal(keep(f->array, lun, 1, 1, "lasting"), 0);
	assert_false(is_passing(f->array, lun));
	keep_passing(f->array, other, "keys");
	assert_int_equal(keep(f->array, other, 1, 1, "lasting"), 0);
	keep_passing(f->array, other, "keys");
	assert_int_equal(keep(f->array, other, 2, 1, "pages"), 0);
	f->array->shared = false;
	fixture_reopen(f);
	assert_kept(f->array, lun, 1, 1, "lasting");
	assert_kept(f->array, other, 1, 0, NULL);
	assert_kept(f->array, other, 2, 1, "pages");
	assert_ok(array_check(f->array));
	fixture_reopen(f); /* nor is it in the catalog */
	assert_kept(f->array, other, 1, 0, NULL);
}

static void
test_no_memory(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");

	assert_int_equal(keep(f->array, lun, 1, 1, "old"), 0);
	WITH_EVERY_FAULT
	{
		int rc = keep(f->array, lun, 1, 2, "new");

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		FAULT_OFF();
		assert_kept(f->array, lun, 1, rc == 0 ? 2 : 1, rc == 0 ? "new" : "old");
	}
	WITH_EVERY_FAULT
	{
		AUTO_FREE void *data = NULL;
		uint32_t version;
		bool passing;
		size_t bytes;

		int rc = array_kept(f->array, &lun, 1, &version, &data, &bytes, &passing);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		T(test_data_is_replaced_and_removed_by_kind),
		T(test_data_is_there_after_a_restart),
		T(test_a_deleted_lun_keeps_nothing),
		T(test_what_passes_ends_with_a_loss_of_power),
		T(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
