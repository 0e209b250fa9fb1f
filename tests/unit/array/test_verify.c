/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What looks at the array in the background: the verifier in bounded rounds, and checks beside
 * changes.
 */
#include <stdio.h>
#include <unistd.h>

#include "array/array_int.h"
#include "array_test.h"
#include "base/log.h"

enum { LUNS = 30, SOME = 10 };

static size_t
failed_luns(struct array *array)
{
	AUTO_STATE struct state *live = array_live(array);
	size_t failed = 0;

	for (size_t i = 0; i < state_count(live, ROW_LIVE_LUN); i++) {
		const struct row_live_lun *lun = state_at(live, ROW_LIVE_LUN, i);

		failed += lun->health == HEALTH_FAILED;
	}
	return failed;
}

static void
test_a_round_of_the_verifier_looks_at_a_bounded_number_of_luns(void **state)
{
	struct fixture *f = *state;
	struct guid luns[LUNS];
	char path[256];

	for (int i = 0; i < LUNS; i++)
		luns[i] = make_lun(f->array, NULL);
	array_verify_stop(f->array);
	for (int i = 0; i < LUNS; i += 7) {
		lun_file(f, luns[i], path);
		assert_int_equal(unlink(path), 0);
	}
	/* Whatever was looked at before: after as many rounds as it takes, every LUN was. */
	for (int round = 0; round < LUNS / SOME; round++)
		assert_int_equal(array_verify_some(f->array, SOME), SOME);
	assert_int_equal(failed_luns(f->array), (LUNS + 6) / 7);
	assert_int_equal(array_verify_some(f->array, 10 * LUNS), LUNS);
	for (int i = 0; i < LUNS; i += 7)
		assert_ok(array_lun_delete(f->array, NULL, &luns[i], false, NULL));
}

struct checker {
	struct array *array;
	atomic_bool stop;
	unsigned checks;
	int rc;
};

static void *
check_again_and_again(void *arg)
{
	struct checker *checker = arg;

	do {
		checker->rc = array_check(checker->array);
		checker->checks++;
	} while (checker->rc == 0 && !atomic_load(&checker->stop));
	return NULL;
}

static void
test_checks_beside_changes_find_nothing_wrong(void **state)
{
	struct fixture *f = *state;
	struct checker checker = { .array = f->array };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, check_again_and_again, &checker), 0);
	for (int i = 0; i < 200; i++) {
		struct guid lun = make_lun(f->array, NULL), other = make_lun(f->array, NULL);

		assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
		if (i % 2 == 0)
			assert_ok(array_lun_delete(f->array, NULL, &other, false, NULL));
	}
	atomic_store(&checker.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(checker.rc, 0);
	assert_true(checker.checks > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_round_of_the_verifier_looks_at_a_bounded_number_of_luns,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_checks_beside_changes_find_nothing_wrong,
						fixture_setup, fixture_teardown),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
