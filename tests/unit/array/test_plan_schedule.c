/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of schedules of snapshots in plans: what a file changes, what an export says, undo.  The
 * schedules' own thread is stopped, and the clock is moved by hand, as in test_schedule.c.
 */
#include "array_test.h"

#include <unistd.h>

#include "array/plan_int.h"
#include "base/clock.h"
#include "model/schedule.h"

#define FORMAT   "{\"format\": 1, "
#define ID       "00000000-0000-4000-8000-00000000000"
#define MINUTE   60000ll
#define HOUR     (60 * MINUTE)
#define MIDNIGHT 1796169600000ll /* Wednesday 2026-12-02 */
#define SECTIONS                                                                 \
	"\"portals\": [], \"hosts\": [], \"host_groups\": [], \"targets\": [], " \
	"\"associations\": [], \"pools\": [{\"name\": \"default\"}]"
#define NIGHTLY                                                                                    \
	"{\"name\": \"nightly\", \"luns\": [\"a\", \"b\"], \"every\": \"1d\", \"at\": \"02:30\", " \
	"\"keep\": \"daily=7\"}"

/* ---- helpers ---- */

/* Moves the clock to a time, which goes on from there, and lets the schedules look. */
static void
look_at(const struct fixture *f, int64_t utc_ms)
{
	array_schedule_stop(f->array);
	atomic_store(&f->array->clock_shift_ms, utc_ms - clock_utc_ms());
	array_schedule_look(f->array);
}

static int
setup(void **state)
{
	int rc = fixture_setup(state);

	if (rc < 0)
		return rc;
	fixture_let_clone(*state, true);
	look_at(*state, MIDNIGHT);
	return 0;
}

static const struct principal admin = { .kind = PRINCIPAL_UNIX, .role = ROLE_ADMIN };

/* Applies as somebody does, so that the audit log has a record.  LUNs may lose data. */
static int
apply_as(struct array *array, const struct principal *principal, const char *text)
{
	const struct array_plan_options options = { .delete_luns = true, .shrink_luns = true };
	struct array_audit audit = { .verb = "apply" };
	const struct array_request request = { .principal = principal, .audit = &audit };

	return array_plan_apply(array, &request, text, strlen(text), &options, NULL, NULL);
}

static void
applied(struct array *array, const char *text)
{
	assert_ok(apply_as(array, &admin, text));
}

static int
undo(struct array *array, uint64_t sequence)
{
	struct array_audit audit = { .verb = "undo" };
	const struct array_request request = { .principal = &admin, .audit = &audit };

	return array_undo(array, &request, sequence, NULL, NULL, NULL);
}

/* Fails unless a plan has `count` steps, and one of them has the text; NULL = any. */
static void
assert_steps(struct array *array, const char *file, size_t count, const char *text)
{
	struct array_plan_report report = { 0 };
	bool found = text == NULL;

	assert_ok(array_plan(array, file, strlen(file), &report));
	for (size_t i = 0; i < report.count; i++)
		found |= text != NULL && strstr(report.steps[i].text, text) != NULL;
	if (!found || report.count != count) {
		for (size_t i = 0; i < report.count; i++)
			print_message("step: %s\n", report.steps[i].text);
		fail_msg("%s: %zu steps; wanted %zu, with %s", file, report.count, count,
			 text != NULL ? text : "any text");
	}
	array_plan_report_fini(&report);
}

static void
refused(struct array *array, const char *file, int code, const char *place, const char *why)
{
	struct array_plan_report report = { 0 };
	int rc = array_plan(array, file, strlen(file), &report);

	if (rc != code || strstr(err_text(rc), place) == NULL || strstr(err_text(rc), why) == NULL)
		fail_msg("%s: %s: %s", file, err_name(rc), err_text(rc));
	assert_int_equal(apply_as(array, &admin, file), code);
}

static char *
exported(struct array *array, enum row_family family, const struct guid *id)
{
	struct array_export_options options = { .family = family };
	char *text = NULL;

	if (id != NULL)
		options.id = *id;
	assert_ok(array_export(array, &options, &text));
	return text;
}

/* Returns a copy of the schedule's row; the caller calls row_unref. */
static struct row_snapshot_schedule *
schedule_copy(struct array *array, const char *name)
{
	AUTO_STATE struct state *now = array_state(array);
	const struct row_snapshot_schedule *row = schedule_by_name(now, name);

	assert_non_null(row);
	return row_copy(row);
}

/* ---- the difference ---- */

static void
test_a_file_makes_changes_and_deletes_schedules(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	make_lun(a, "a");
	make_lun(a, "b");
	assert_steps(a, FORMAT "\"snapshot_schedules\": [" NIGHTLY "]}", 1,
		     "snapshot schedule \"nightly\": created for every 1d at 02:30, keeps daily=7");
	applied(a, FORMAT "\"snapshot_schedules\": [" NIGHTLY "]}");
	assert_steps(a, FORMAT "\"snapshot_schedules\": [" NIGHTLY "]}", 0, NULL);

	AUTO_ROW struct row_snapshot_schedule *made = schedule_copy(a, "nightly");

	assert_true(made->enabled);
	assert_true(made->set_ms >= MIDNIGHT && made->set_ms < MIDNIGHT + HOUR);
	/* what the file does not say stays, and so does since when it runs */
	assert_steps(a,
		     FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", \"keep\": \"3\"}]}",
		     1, "removes those that it keeps no longer");
	applied(a, FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", \"keep\": \"3\"}]}");

	AUTO_ROW struct row_snapshot_schedule *changed = schedule_copy(a, "nightly");

	assert_string_equal(changed->keep, "last=3");
	assert_string_equal(changed->at, "02:30");
	assert_string_equal(changed->lun_ids, made->lun_ids);
	assert_int_equal(changed->set_ms, made->set_ms);
	assert_steps(a,
		     FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", \"absent\": true}]}",
		     1, "deleted; its snapshots stay");
	applied(a, FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", \"absent\": true},"
			  "{\"name\": \"never\", \"absent\": true}]}");
	assert_int_equal(count_rows(a, ROW_SNAPSHOT_SCHEDULE), 0);
}

static void
test_a_file_without_the_section_leaves_schedules_alone(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	const char *older = FORMAT "\"scope\": \"array\", \"luns\": [{\"name\": \"a\"}, "
				   "{\"name\": \"b\"}], " SECTIONS "}";
	const char *none = FORMAT "\"scope\": \"array\", \"luns\": [{\"name\": \"a\"}, "
				  "{\"name\": \"b\"}], \"snapshot_schedules\": [], " SECTIONS "}";

	make_lun(a, "a");
	make_lun(a, "b");
	applied(a, FORMAT "\"snapshot_schedules\": [" NIGHTLY "]}");
	applied(a, older);
	assert_int_equal(count_rows(a, ROW_SNAPSHOT_SCHEDULE), 1);
	applied(a, FORMAT "\"snapshot_schedules\": []}");
	assert_int_equal(count_rows(a, ROW_SNAPSHOT_SCHEDULE), 1);
	applied(a, none);
	assert_int_equal(count_rows(a, ROW_SNAPSHOT_SCHEDULE), 0);
	assert_int_equal(count_rows(a, ROW_LUN), 2);
}

static void
test_a_plan_makes_a_lun_with_its_schedule(void **state)
{
	struct fixture *f = *state;

	pthread_mutex_lock(&f->array->schedules_lock);
	f->array->schedules_wake = false;
	pthread_mutex_unlock(&f->array->schedules_lock);

	applied(f->array, FORMAT "\"luns\": [{\"name\": \"a\", \"size\": 4096}, "
				 "{\"name\": \"b\", \"size\": 4096}],"
				 "\"snapshot_schedules\": [" NIGHTLY "]}");
	pthread_mutex_lock(&f->array->schedules_lock);
	assert_true(f->array->schedules_wake); /* the thread, which is stopped, would look at it */
	pthread_mutex_unlock(&f->array->schedules_lock);
	/* it runs at its next time and not at once */
	look_at(f, MIDNIGHT + 2 * HOUR + 29 * MINUTE);
	assert_int_equal(count_rows(f->array, ROW_SNAPSHOT), 0);
	look_at(f, MIDNIGHT + 2 * HOUR + 30 * MINUTE);
	assert_int_equal(count_rows(f->array, ROW_SNAPSHOT), 2);
}

static void
test_names_of_schedules_are_exchanged(void **state)
{
	struct fixture *f = *state;
	char id1[GUID_TEXT_SIZE], id2[GUID_TEXT_SIZE];
	AUTO_FREE char *text = NULL;

	make_lun(f->array, "a");
	applied(f->array, FORMAT
		"\"snapshot_schedules\": ["
		"{\"name\": \"x\", \"luns\": [\"a\"], \"every\": \"1h\", \"keep\": \"1\"},"
		"{\"name\": \"y\", \"luns\": [\"a\"], \"every\": \"1d\", \"keep\": \"2\"}]}");

	AUTO_ROW struct row_snapshot_schedule *x = schedule_copy(f->array, "x");
	AUTO_ROW struct row_snapshot_schedule *y = schedule_copy(f->array, "y");

	text = str_printf(FORMAT "\"snapshot_schedules\": [{\"id\": \"%s\", \"name\": \"y\"},"
				 "{\"id\": \"%s\", \"name\": \"x\"}]}",
			  guid_format(&x->id, id1), guid_format(&y->id, id2));
	look_at(f, MIDNIGHT + HOUR); /* a run is noted of x, which must keep its note */
	applied(f->array, text);
	look_at(f, MIDNIGHT + HOUR + MINUTE);
	assert_int_equal(count_rows(f->array, ROW_SNAPSHOT), 1);
	fixture_reopen(f);

	AUTO_ROW struct row_snapshot_schedule *now = schedule_copy(f->array, "y");

	assert_true(guid_equal(&now->id, &x->id));
	assert_string_equal(now->every, "1h");
	look_at(f, MIDNIGHT + HOUR + 2 * MINUTE);
	assert_int_equal(count_rows(f->array, ROW_SNAPSHOT), 1);
	refused(f->array,
		FORMAT "\"snapshot_schedules\": [{\"name\": \"x\", \"keep\": \"1\"},\n"
		       "{\"name\": \"x\", \"keep\": \"1\"}]}",
		ERR_INVALID, "line 2, column 1, snapshot_schedules[1]", "named twice");
}

static void
test_what_cannot_be_a_schedule_is_named_with_its_place(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	make_lun(a, "a");
	applied(a, FORMAT "\"luns\": [{\"name\": \"twice\", \"size\": 512, \"id\": \"" ID "1\"},"
			  "{\"name\": \"twice\", \"size\": 512, \"id\": \"" ID "2\"}]}");
#define WRONG(members, code, place, why) \
	refused(a, FORMAT "\"snapshot_schedules\": [\n{" members "}]}", code, place, why)
#define REST ", \"luns\": [\"a\"], \"every\": \"1h\", \"keep\": \"1\""
	WRONG("\"name\": \"s\", \"every\": \"1h\"", ERR_INVALID, "line 2, column 1,",
	      "a new one needs \"luns\"");
	WRONG("\"name\": \"s\", \"luns\": [\"a\"], \"every\": \"1h\"", ERR_INVALID,
	      "line 2, column 1,", "a new one needs \"keep\"");
	WRONG("\"name\": \"s\", \"luns\": [\"a\",\n\"x\"], \"every\": \"1h\", \"keep\": \"1\"",
	      ERR_NOT_FOUND, "line 3, column 1, snapshot_schedules[0].luns[1]",
	      "no LUN named \"x\"");
	WRONG("\"name\": \"s\", \"luns\": [\"twice\"], \"every\": \"1h\", \"keep\": \"1\"",
	      ERR_INVALID, "snapshot_schedules[0].luns[0]", "2 LUNs have the name");
	WRONG("\"name\": \"s\", \"luns\": [], \"every\": \"1h\", \"keep\": \"1\"", ERR_INVALID,
	      "snapshot_schedules[0].luns", "needs a LUN");
	WRONG("\"name\": \"s\", \"luns\": [\"a\"], \"keep\": \"1\",\n\"every\": \"often\"",
	      ERR_INVALID, "line 3, column 10, snapshot_schedules[0].every",
	      "\"often\" is no time");
	WRONG("\"name\": \"s\",\n\"at\": \"02:30\"" REST, ERR_INVALID,
	      "line 3, column 7, snapshot_schedules[0].at", "not within");
	WRONG("\"name\": \"s\", \"luns\": [\"a\"], \"every\": \"1h\", \"keep\": \"all\"",
	      ERR_INVALID, "snapshot_schedules[0].keep", "\"all\"");
	WRONG("\"name\": \"s@t\"" REST, ERR_INVALID,
	      "line 2, column 10, snapshot_schedules[0].name", "\"@\"");
	WRONG("\"name\": \"s\", \"enabled\": 1" REST, ERR_INVALID, "snapshot_schedules[0].enabled",
	      "true or false");
	WRONG("\"name\": \"s\", \"kept\": 1" REST, ERR_INVALID, "line 2",
	      "a schedule has no member \"kept\"");
	WRONG("\"every\": \"1h\"", ERR_INVALID, "line 2", "\"name\"");
	assert_int_equal(count_rows(a, ROW_SNAPSHOT_SCHEDULE), 0);
}

static void
test_a_lun_whose_pool_has_no_snapshots_is_named(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	make_lun(a, "a");
	refused(a,
		FORMAT "\"pools\": [{\"name\": \"memory\", \"path\": \"ram:8M\"}],\n"
		       "\"luns\": [{\"name\": \"fast\", \"size\": \"1MiB\", \"pool\": "
		       "\"memory\"}],\n\"snapshot_schedules\": [{\"name\": \"s\", \"every\": "
		       "\"1h\", \"keep\": \"1\",\n\"luns\": [\"a\", \"fast\"]}]}",
		ERR_NOT_SUPPORTED, "line 4, column 15, snapshot_schedules[0].luns[1]",
		"LUN \"fast\" is in pool \"memory\"");
}

static void
test_a_schedule_has_at_most_so_many_luns(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	make_lun(a, "a");
	strbuf_add(&text, FORMAT "\"snapshot_schedules\": [{\"name\": \"s\", \"every\": \"1h\", "
				 "\"keep\": \"1\", \"luns\": [\"a\"");
	for (size_t i = 0; i < SCHEDULE_LUNS_MAX; i++)
		strbuf_add(&text, ", \"a\"");
	strbuf_add(&text, "]}]}");
	refused(a, text.text, ERR_LIMIT, "snapshot_schedules[0].luns", "at most 64 LUNs");
}

/* ---- LUNs that go ---- */

static void
test_a_deleted_lun_is_left_out(void **state)
{
	struct fixture *f = *state;
	struct array *a = f->array;
	AUTO_FREE char *whole = NULL, *without = NULL, *none = NULL;

	make_lun(a, "a");
	make_lun(a, "b");
	applied(a, FORMAT "\"snapshot_schedules\": [" NIGHTLY "]}");

	AUTO_ROW struct row_snapshot_schedule *before = schedule_copy(a, "nightly");

	refused(a,
		FORMAT "\"luns\": [{\"name\": \"b\", \"absent\": true}],\n"
		       "\"snapshot_schedules\": [" NIGHTLY "]}",
		ERR_NOT_FOUND, "line 2", "no LUN named \"b\"");
	assert_steps(a, FORMAT "\"luns\": [{\"name\": \"b\", \"absent\": true}]}", 1,
		     "; it is left out of the schedule \"nightly\"");
	applied(a, FORMAT "\"luns\": [{\"name\": \"b\", \"absent\": true}]}");

	AUTO_ROW struct row_snapshot_schedule *after = schedule_copy(a, "nightly");

	assert_string_equal(after->lun_ids, before->lun_ids); /* it may come back from the trash */
	without = exported(a, ROW_ARRAY, NULL);
	assert_non_null(strstr(without, "\"luns\": [\"a\"], \"every\": \"1d\""));
	assert_steps(a, without, 0, NULL);
	/* of one whose LUNs are all gone an export says so, and changes nothing either */
	applied(a, FORMAT "\"luns\": [{\"name\": \"a\", \"absent\": true}]}");
	none = exported(a, ROW_ARRAY, NULL);
	assert_non_null(strstr(none, "\"luns\": [], \"every\": \"1d\""));
	assert_steps(a, none, 0, NULL);
	/* a list that differs from what is there is the whole list */
	applied(a, FORMAT "\"luns\": [{\"name\": \"c\", \"size\": 4096}], \"snapshot_schedules\": "
			  "[{\"name\": \"nightly\", \"luns\": [\"c\"]}]}");

	AUTO_ROW struct row_snapshot_schedule *last = schedule_copy(a, "nightly");

	assert_int_equal(strlen(last->lun_ids), GUID_TEXT_SIZE - 1);
	whole = exported(a, ROW_ARRAY, NULL);
	assert_steps(a, whole, 0, NULL);
}

static void
test_a_lun_in_the_place_of_another_is_found_by_its_name(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	make_lun(a, "a");
	make_lun(a, "b");
	applied(a, FORMAT "\"snapshot_schedules\": [" NIGHTLY "]}");

	AUTO_ROW struct row_snapshot_schedule *before = schedule_copy(a, "nightly");

	assert_steps(a, FORMAT "\"luns\": [{\"name\": \"b\", \"block_size\": 4096}]}", 2,
		     "left out of the schedule \"nightly\"");
	applied(a, FORMAT "\"luns\": [{\"name\": \"b\", \"block_size\": 4096}],"
			  "\"snapshot_schedules\": [" NIGHTLY "]}");

	AUTO_ROW struct row_snapshot_schedule *after = schedule_copy(a, "nightly");

	assert_string_not_equal(after->lun_ids, before->lun_ids);
	assert_steps(a, FORMAT "\"snapshot_schedules\": [" NIGHTLY "]}", 0, NULL);
	assert_int_equal(after->set_ms, before->set_ms);
}

/* ---- export ---- */

static void
test_a_lun_is_exported_with_its_schedules(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid one = make_lun(a, "a"), other = make_lun(a, "other");
	AUTO_FREE char *mine = NULL, *not_mine = NULL, *whole = NULL;

	make_lun(a, "b");
	applied(a,
		FORMAT "\"snapshot_schedules\": [" NIGHTLY ", {\"name\": \"not mine\", \"luns\": "
		       "[\"other\"], \"every\": \"1w\", \"keep\": \"1\", \"enabled\": false}]}");
	mine = exported(a, ROW_LUN, &one);
	assert_non_null(strstr(mine, "\"name\": \"nightly\", \"luns\": [\"a\", \"b\"]"));
	assert_non_null(strstr(mine, "{\"name\": \"b\", \"pool\"")); /* the file is complete */
	assert_null(strstr(mine, "other"));
	assert_null(strstr(mine, "not mine"));
	not_mine = exported(a, ROW_LUN, &other);
	assert_non_null(strstr(not_mine, "\"every\": \"1w\", \"at\": \"mon-00:00\", \"keep\": "
					 "\"last=1\", \"enabled\": false"));
	whole = exported(a, ROW_ARRAY, NULL);
	/* it leads back from anything else */
	applied(a, FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", \"absent\": true},"
			  "{\"name\": \"third\", \"luns\": [\"a\"], \"every\": \"1h\", \"keep\": "
			  "\"1\"}, {\"name\": \"not mine\", \"at\": \"tue-10:00\"}]}");
	applied(a, whole);

	AUTO_FREE char *again = exported(a, ROW_ARRAY, NULL);

	assert_string_equal(again, whole);
}

/* ---- roles ---- */

static void
test_only_admins_change_schedules_or_take_snapshots_over(void **state)
{
	struct fixture *f = *state;
	struct array *a = f->array;
	const struct principal token = { .kind = PRINCIPAL_TOKEN, .role = ROLE_OPERATOR };
	char id[GUID_TEXT_SIZE];
	AUTO_FREE char *text = NULL;

	make_lun(a, "a");
	make_lun(a, "b");
	assert_ok(apply_as(a, &token, FORMAT "\"snapshot_schedules\": [" NIGHTLY "]}"));
	assert_int_equal(apply_as(a, &token,
				  FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", "
					 "\"keep\": \"1\"}]}"),
			 ERR_ACCESS);
	assert_int_equal(apply_as(a, &token,
				  FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", "
					 "\"absent\": true}]}"),
			 ERR_ACCESS);
	look_at(f, MIDNIGHT + 3 * HOUR);
	assert_int_equal(count_rows(a, ROW_SNAPSHOT), 2);

	AUTO_ROW struct row_snapshot_schedule *row = schedule_copy(a, "nightly");

	/* one with the id of a deleted schedule would remove the snapshots of that */
	applied(a, FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", \"absent\": true}]}");
	text = str_printf(FORMAT "\"snapshot_schedules\": [{\"id\": \"%s\", \"name\": \"mine\", "
				 "\"luns\": [\"a\"], \"every\": \"1h\", \"keep\": \"1\"}]}",
			  guid_format(&row->id, id));
	assert_int_equal(apply_as(a, &token, text), ERR_ACCESS);
	applied(a, text);
}

/* ---- undo ---- */

static void
test_changes_of_schedules_are_taken_back(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	AUTO_FREE char *none = NULL, *made = NULL, *now = NULL;
	uint64_t deleted;

	make_lun(a, "a");
	make_lun(a, "b");
	none = exported(a, ROW_ARRAY, NULL);
	applied(a, FORMAT "\"snapshot_schedules\": [" NIGHTLY "]}");
	made = exported(a, ROW_ARRAY, NULL);
	applied(a, FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", \"keep\": \"1\", "
			  "\"luns\": [\"b\"], \"every\": \"12h\", \"at\": \"\"}]}");
	assert_ok(undo(a, 0));
	now = exported(a, ROW_ARRAY, NULL);
	assert_string_equal(now, made);
	assert_ok(undo(a, 0));
	mem_free(now);
	now = exported(a, ROW_ARRAY, NULL);
	assert_string_equal(now, none);
	applied(a, FORMAT "\"snapshot_schedules\": [" NIGHTLY "]}");
	applied(a, FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", \"absent\": true}]}");
	assert_ok(undo(a, 0));
	mem_free(now);
	now = exported(a, ROW_ARRAY, NULL);
	assert_string_equal(now, made);
	/* its name is taken meanwhile */
	applied(a, FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", \"absent\": true}]}");
	deleted = sequence_of(a);
	applied(a, FORMAT "\"snapshot_schedules\": [" NIGHTLY "]}");
	assert_int_equal(undo(a, deleted), ERR_IN_USE);
	assert_non_null(strstr(err_text(ERR_IN_USE), "built upon it"));
}

static void
test_an_undo_makes_up_for_no_run(void **state)
{
	struct fixture *f = *state;
	struct array *a = f->array;

	make_lun(a, "a");
	make_lun(a, "b");
	applied(a, FORMAT "\"snapshot_schedules\": [" NIGHTLY "]}");
	/* what was due while it was not enabled, was not there, or had other times */
	applied(a, FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", \"enabled\": false}]}");
	look_at(f, MIDNIGHT + 30 * HOUR);
	assert_ok(undo(a, 0));
	look_at(f, MIDNIGHT + 31 * HOUR);
	assert_int_equal(count_rows(a, ROW_SNAPSHOT), 0);
	applied(a, FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", \"absent\": true}]}");
	look_at(f, MIDNIGHT + 54 * HOUR);
	assert_ok(undo(a, 0));
	look_at(f, MIDNIGHT + 55 * HOUR);
	assert_int_equal(count_rows(a, ROW_SNAPSHOT), 0);
	applied(a, FORMAT "\"snapshot_schedules\": [{\"name\": \"nightly\", \"every\": \"52w\", "
			  "\"at\": \"\"}]}");
	look_at(f, MIDNIGHT + 78 * HOUR);
	assert_ok(undo(a, 0));
	look_at(f, MIDNIGHT + 79 * HOUR);
	assert_int_equal(count_rows(a, ROW_SNAPSHOT), 0);
	look_at(f, MIDNIGHT + 99 * HOUR);
	assert_int_equal(count_rows(a, ROW_SNAPSHOT), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_makes_changes_and_deletes_schedules),
		TEST(test_a_file_without_the_section_leaves_schedules_alone),
		TEST(test_a_plan_makes_a_lun_with_its_schedule),
		TEST(test_names_of_schedules_are_exchanged),
		TEST(test_what_cannot_be_a_schedule_is_named_with_its_place),
		TEST(test_a_lun_whose_pool_has_no_snapshots_is_named),
		TEST(test_a_schedule_has_at_most_so_many_luns),
		TEST(test_a_deleted_lun_is_left_out),
		TEST(test_a_lun_in_the_place_of_another_is_found_by_its_name),
		TEST(test_a_lun_is_exported_with_its_schedules),
		TEST(test_only_admins_change_schedules_or_take_snapshots_over),
		TEST(test_changes_of_schedules_are_taken_back),
		TEST(test_an_undo_makes_up_for_no_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
