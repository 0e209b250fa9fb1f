/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The change log: each change names its object, what was done with which values, and who asked; so
 * do events.
 */
#include "array_test.h"

#include <fcntl.h>
#include <unistd.h>

#include "array/array_int.h"
#include "base/log.h"

static const struct principal alice = {
	.kind = PRINCIPAL_UNIX, .role = ROLE_ADMIN, .uid = 1000, .name = "alice", .from = "pid 7"
};
static const struct array_request by_alice = { .principal = &alice };

/* What is logged between begin and end, of the line with `event`. */
struct capture {
	int saved;
	FILE *file;
	char text[2048];
};

static void
capture_begin(struct capture *c)
{
	log_set_level(LOG_LEVEL_INFO);
	c->file = tmpfile();
	assert_non_null(c->file);
	c->saved = dup(STDERR_FILENO);
	assert_true(dup2(fileno(c->file), STDERR_FILENO) >= 0);
}

static void
capture_end(struct capture *c)
{
	size_t len;

	log_flush(1000);
	dup2(c->saved, STDERR_FILENO);
	close(c->saved);
	rewind(c->file);
	len = fread(c->text, 1, sizeof(c->text) - 1, c->file);
	c->text[len] = '\0';
	fclose(c->file);
	log_set_level(LOG_LEVEL_ERROR);
}

/* The call must succeed, and be logged in these words. */
#define LOGS(call, words)                                                            \
	do {                                                                         \
		struct capture c_;                                                   \
		int rc_;                                                             \
		capture_begin(&c_);                                                  \
		rc_ = (call);                                                        \
		capture_end(&c_);                                                    \
		if (rc_ < 0)                                                         \
			fail_msg("%s: %s", #call, err_text(rc_));                    \
		if (strstr(c_.text, words) == NULL)                                  \
			fail_msg("%s: \"%s\" is not in: %s", #call, words, c_.text); \
	} while (0)

static void
test_changes_of_luns_are_told_with_values(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_lun_spec spec = { .name = "vol1", .size_bytes = 10 * MIB };
	struct guid target = make_target(a, "t");
	struct array_answer answer;

	LOGS(array_lun_create(a, &by_alice, &spec, &answer),
	     "lun \"vol1\": created with 10 MiB (thin) in pool \"default\", unmasked to nobody by "
	     "alice (uid 1000)\n");
	LOGS(array_lun_extend(a, &by_alice, &answer.object_id, 2 * MIB, false, NULL),
	     "lun \"vol1\": extended from 10 MiB to 12 MiB by alice (uid 1000)\n");
	LOGS(array_lun_shrink(a, &by_alice, &answer.object_id, 11 * MIB, 0, false, NULL),
	     "lun \"vol1\": shrunk from 12 MiB to 11 MiB by alice (uid 1000)\n");
	LOGS(array_lun_shrink(a, &by_alice, &answer.object_id, 0, MIB, false, NULL),
	     "lun \"vol1\": shrunk from 11 MiB to 10 MiB by alice (uid 1000)\n");
	assert_ok(array_lun_extend(a, NULL, &answer.object_id, 2 * MIB, false, NULL));
	LOGS(array_lun_rename(a, &by_alice, &answer.object_id, "vol2", false, NULL),
	     "lun \"vol1\": renamed to \"vol2\" by alice");
	LOGS(array_lun_set_mask(a, &by_alice, &answer.object_id, "iqn.2026-01.org.x:a", NULL),
	     "lun \"vol2\": unmasked to \"iqn.2026-01.org.x:a\" instead of nobody by");
	LOGS(array_lun_set_status(a, &by_alice, &answer.object_id, STATUS_OFFLINE, NULL),
	     "lun \"vol2\": set offline by");
	LOGS(array_lun_associate(a, &by_alice, &answer.object_id, &target, 1, NULL),
	     "lun \"vol2\": associated with target \"t\" as LUN number 0 by");
	LOGS(array_lun_associate(a, &by_alice, &answer.object_id, NULL, 0, NULL),
	     "lun \"vol2\": dissociated from target \"t\" by");
	LOGS(array_lun_delete(a, &by_alice, &answer.object_id, true, NULL),
	     "lun \"vol2\": deleted with its data of 12 MiB by");
}

/* A LUN need not have a name: then its id says which one it is. */
static void
test_a_lun_without_a_name_is_told_by_its_id(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_lun_spec spec = { .name = "vol", .size_bytes = 10 * MIB };
	struct guid target = make_target(a, "t");
	struct array_answer answer;
	char id[GUID_TEXT_SIZE], wanted[200];

	assert_ok(array_lun_create(a, &by_alice, &spec, &answer));
	guid_format(&answer.object_id, id);
	LOGS(array_lun_rename(a, &by_alice, &answer.object_id, "", false, NULL),
	     "lun \"vol\": no longer called \"vol\" by");
	snprintf(wanted, sizeof(wanted), "lun %s: associated with target \"t\"", id);
	LOGS(array_lun_associate(a, &by_alice, &answer.object_id, &target, 1, NULL), wanted);
	assert_int_equal(array_lun_delete(a, &by_alice, &answer.object_id, false, NULL),
			 ERR_IN_USE);
	snprintf(wanted, sizeof(wanted), "LUN %s is in use", id);
	assert_non_null(strstr(err_text(ERR_IN_USE), wanted));
	snprintf(wanted, sizeof(wanted), "lun %s: deleted", id);
	LOGS(array_lun_delete(a, &by_alice, &answer.object_id, true, NULL), wanted);
}

static void
test_changes_of_targets_and_portals_are_told(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_answer target, portal, group;

	LOGS(array_portal_create(a, &by_alice, "127.0.0.9", 3261, false, &portal),
	     "portal 127.0.0.9:3261: created by alice");
	LOGS(array_target_create(a, &by_alice, "iqn.2026-01.org.x:t", "t", false, false, &target),
	     "target \"t\": created as iqn.2026-01.org.x:t by");
	LOGS(array_group_create(a, &by_alice, &target.object_id, &group),
	     "portal group 1 of target \"t\": created by");
	LOGS(array_group_add_portal(a, &by_alice, &group.object_id, &portal.object_id, NULL),
	     "portal group 1 of target \"t\": got portal 127.0.0.9:3261 by");
	LOGS(array_portal_set_status(a, &by_alice, &portal.object_id, STATUS_OFFLINE, NULL),
	     "portal 127.0.0.9:3261: set offline by");
	LOGS(array_target_delete(a, &by_alice, &target.object_id, NULL),
	     "target \"t\": deleted by alice");
}

/* A hostile name cannot forge a line. */
static void
test_names_are_quoted(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	LOGS(array_rename(a, &by_alice, "a\" by root\\", NULL),
	     "renamed to \"a\\\" by root\\\\\" by alice");
}

static void
test_changes_without_a_principal_are_vdsds(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	LOGS(array_rename(a, NULL, "n", NULL), "renamed to \"n\" by vdsd\n");
}

/* ---- events ---- */

static struct change *
next_change(struct array_listener *l)
{
	struct array_event event;

	do
		assert_ok(array_listener_next(l, &event));
	while (event.kind != ARRAY_EVENT_CHANGE && (change_unref(event.change), true));
	return event.change;
}

static void
named(const struct change *change, const char *text)
{
	char buf[PRINCIPAL_TEXT_SIZE];

	assert_string_equal(principal_format(change->principal, buf), text);
}

/* Also when the listener comes back after a restart: the event log keeps who it was. */
static void
test_events_name_the_principal(void **state)
{
	struct fixture *f = *state;
	struct array_listener *l = NULL;
	uint64_t since = sequence_of(f->array);
	struct change *change;

	assert_ok(array_rename(f->array, &by_alice, "n", NULL));
	assert_ok(array_rename(f->array, NULL, "m", NULL));
	fixture_reopen(f);
	assert_ok(array_listen(f->array, 1, since, &l, NULL, NULL));
	assert_ok(array_rename(f->array, &by_alice, "o", NULL));
	for (int i = 0; i < 3; i++) {
		change = next_change(l);
		named(change, i == 1 ? "vdsd" : "alice (uid 1000)");
		assert_int_equal(change->principal == NULL, i == 1);
		if (i != 1) {
			assert_int_equal(change->principal->role, ROLE_ADMIN);
			assert_string_equal(change->principal->from, "pid 7");
		}
		change_unref(change);
	}
	array_listener_free(l);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_changes_of_luns_are_told_with_values),
		TEST(test_a_lun_without_a_name_is_told_by_its_id),
		TEST(test_changes_of_targets_and_portals_are_told),
		TEST(test_names_are_quoted),
		TEST(test_changes_without_a_principal_are_vdsds),
		TEST(test_events_name_the_principal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
