/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of plans: places in a file, the schema, the difference, applying, undoing. */
#include "array_test.h"

#include <sys/stat.h>

#include "array/plan_int.h"
#include "model/host.h"

#define IQN    "iqn.2026-11.org.example:"
#define FORMAT "{\"format\": 1, "

/* ---- helpers ---- */

/* Plans a file; the caller calls array_plan_report_fini. */
static struct array_plan_report
planned(struct array *array, const char *text)
{
	struct array_plan_report report = { 0 };

	assert_ok(array_plan(array, text, strlen(text), &report));
	return report;
}

/* Applies a file; LUNs may lose data. */
static int
apply_as(struct array *array, const struct array_request *request, const char *text)
{
	const struct array_plan_options options = { .delete_luns = true, .shrink_luns = true };

	return array_plan_apply(array, request, text, strlen(text), &options, NULL, NULL);
}

static int
apply(struct array *array, const char *text)
{
	return apply_as(array, NULL, text);
}

/* Fails unless the file is refused with the code and a text that has all of `why`. */
static void
refused(struct array *array, const char *text, int code, const char *place, const char *why)
{
	struct array_plan_report report = { 0 };
	uint64_t sequence = sequence_of(array);
	int rc = array_plan(array, text, strlen(text), &report);

	if (rc != code || strstr(err_text(rc), place) == NULL || strstr(err_text(rc), why) == NULL)
		fail_msg("%s: %s: %s", text, err_name(rc), err_text(rc));
	rc = apply(array, text);
	assert_int_equal(rc, code);
	assert_int_equal(sequence_of(array), sequence);
}

/* The text of the step that has `part`, or NULL. */
static const struct array_plan_step *
step_with(const struct array_plan_report *report, const char *part)
{
	for (size_t i = 0; i < report->count; i++)
		if (strstr(report->steps[i].text, part) != NULL)
			return &report->steps[i];
	return NULL;
}

static const struct row_lun *
lun_named(const struct state *state, const char *name)
{
	struct row_slice luns = state_luns_by_name(state, name);

	assert_int_equal(luns.count, 1);
	return luns.rows[0];
}

static char *
exported(struct array *array)
{
	const struct array_export_options all = { .family = ROW_ARRAY };
	char *text = NULL;

	assert_ok(array_export(array, &all, &text));
	return text;
}

/* ---- places ---- */

static void
located(const char *text, const struct array_plan_at *at, unsigned line, unsigned column)
{
	struct array_plan_text read = { .text = text, .len = strlen(text) };
	unsigned l = 0, c = 0;

	assert_ok(array_plan_text_read(&read));
	array_plan_locate(&read, at, &l, &c);
	if (l != line || c != column)
		fail_msg("%s: line %u, column %u; wanted %u, %u", text, l, c, line, column);
	array_plan_text_fini(&read);
}

static void
test_places_are_found_past_anything_that_json_allows(void **state)
{
	const struct array_plan_at a = { .member = "a" }, first = { .up = &a, .index = 1 };
	const struct array_plan_at b = { .up = &first, .member = "b" };
	const struct array_plan_at name = { .up = &first, .member = "b", .is_name = true };

	(void)state;
	located("{\"a\": 1}", &a, 1, 7);
	located("\n { \"x\" : \"a\\\"b\\\\\", \"y\": [1, {\"a\": [2]}],\n\t\"a\"\n:\n7 }", &a, 5,
		1);
	located("{\"a\": [ -1.5e3 , {\"c\":null, \"b\" : true}]}", &b, 1, 35);
	located("{\"a\": [ -1.5e3 , {\"c\":null, \"b\" : true}]}", &name, 1, 29);
	located("{\"a\":[[],{}],\"b\":1}", &first, 1, 10);
	located("{\"\xc3\xa4\": \"\xf0\x9f\x92\xbe\", \"a\": 1}", &a, 1, 17); /* characters */
	/* what is not there, or is written with escapes, is where that stands that has it */
	located("{\"a\": [1,\n  {\"\\u0062\": 2}]}", &b, 2, 3);
	located("{\"a\": 5}", &first, 1, 7);
	located("  {}", &a, 1, 3);
}

static void
keywords_known(const json_t *node, bool is_schema)
{
	const char *name;
	json_t *value;
	size_t i = 0;

	if (!json_is_object(node))
		return;
	json_object_foreach((json_t *)(uintptr_t)node, name, value)
	{
		for (i = 0; is_schema && array_plan_keywords[i] != NULL; i++)
			if (strcmp(array_plan_keywords[i], name) == 0)
				break;
		if (is_schema && array_plan_keywords[i] == NULL)
			fail_msg("the checker does not know the keyword %s", name);
		if (strcmp(name, "const") == 0 || strcmp(name, "enum") == 0)
			continue;
		keywords_known(value, !is_schema || (strcmp(name, "properties") != 0 &&
						     strcmp(name, "$defs") != 0));
	}
}

static void
test_the_schema_has_no_keyword_that_is_not_checked(void **state)
{
	(void)state;
	assert_non_null(array_plan_schema());
	keywords_known(array_plan_schema(), true);
}

/* ---- what is refused ---- */

static void
test_what_is_wrong_is_named_with_its_place(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	refused(a, "", ERR_INVALID, "", "empty");
	refused(a, "{\"format\": 1,\n", ERR_INVALID, "line 2", "a part of it is missing");
	refused(a, "{}", ERR_INVALID, "line 1", "\"format\"");
	refused(a, FORMAT "\"luns\": [{\n\"nam\": \"x\"}]}", ERR_INVALID,
		"line 2, column 1, luns[0]", "a LUN has no member \"nam\"");
	refused(a, FORMAT "\"luns\": [{\"name\": \"x\",\n\"size\": []}]}", ERR_INVALID,
		"line 2, column 9, luns[0].size", "a whole number or a text");
	refused(a, FORMAT "\"associations\": [{\"lun\": \"x\", \"target\": \"y\"}]}", ERR_NOT_FOUND,
		"associations[0].lun", "no LUN named \"x\"");
	refused(a,
		FORMAT "\"hosts\": [{\"name\": \"h\", \"chap\": [{\"side\": \"initiator\",\n"
		       "\"password\": \"verysecret123\"}]}]}",
		ERR_INVALID, "line 2", "no secrets");
	assert_null(strstr(err_text(ERR_INVALID), "verysecret"));
	/* a name is shown, but cannot break a line of the log */
	refused(a, FORMAT "\"a\\nb\\u0007\": 1}", ERR_INVALID, "line 1", "\\x0a");
}

static void
test_a_name_of_an_object_that_stays_is_refused(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	char text[256], id[GUID_TEXT_SIZE];
	struct guid other;

	make_lun(a, "one");
	other = make_lun(a, "other");
	snprintf(text, sizeof(text), FORMAT "\"luns\": [{\"id\": \"%s\", \"name\": \"one\"}]}",
		 guid_format(&other, id));
	refused(a, text, ERR_NAME_IN_USE, "luns[0].name", "another LUN");
	/* by that name another LUN of the file is meant */
	snprintf(text, sizeof(text),
		 FORMAT "\"luns\": [{\"id\": \"%s\", \"name\": \"one\"}, {\"name\": \"one\", "
			"\"read_only\": true, \"size\": 512}]}",
		 id);
	refused(a, text, ERR_INVALID, "luns[1]", "named twice");
}

/* ---- the difference ---- */

static void
test_an_export_is_no_change_and_has_no_secret(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	const struct array_credential_spec secret = {
		.owner_id = make_target(a, "t"),
		.side = CREDENTIAL_INITIATOR,
		.user = "u",
		.secret = (const uint8_t *)"0123456789abcdef",
		.secret_len = 16,
	};
	AUTO_FREE char *text = NULL;
	struct array_plan_report report;
	uint64_t sequence;

	assert_ok(associate(a, make_lun(a, "l"), 1, secret.owner_id));
	assert_ok(array_host_create(a, NULL, "h", IQN "a", NULL));
	assert_ok(array_credential_set(a, NULL, &secret, NULL));
	text = exported(a);
	sequence = sequence_of(a);
	assert_null(strstr(text, "0123456789abcdef"));
	report = planned(a, text);
	assert_int_equal(report.count, 0);
	array_plan_report_fini(&report);
	assert_ok(apply(a, text));
	assert_int_equal(sequence_of(a), sequence);
}

static void
test_a_plan_says_what_apply_does(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	static const char text[] = FORMAT
		"\"hosts\": [{\"name\": \"h\", \"initiators\": [\"" IQN "A\"]}],"
		"\"luns\": [{\"name\": \"l\", \"size\": \"1MiB\", \"mask\": [\"host:h\"]}],"
		"\"targets\": [{\"alias\": \"t\", \"name\": \"" IQN "t\"}],"
		"\"associations\": [{\"lun\": \"l\", \"target\": \"t\", \"number\": 7}]}";
	struct array_plan_report report = planned(a, text);
	uint64_t sequence = sequence_of(a);

	assert_non_null(step_with(&report, "lun \"l\": created with 1 MiB (thin)"));
	assert_non_null(step_with(&report, "as LUN number 7"));
	assert_non_null(step_with(&report, "host \"h\": created with the initiator " IQN "a"));
	assert_int_equal(report.deletes, 0);
	array_plan_report_fini(&report);
	assert_int_equal(count_rows(a, ROW_LUN), 0);
	assert_ok(apply(a, text));
	assert_int_equal(sequence_of(a), sequence + 1); /* one change */
	AUTO_STATE struct state *now = array_state(a);

	assert_int_equal(
		number_of(a, lun_named(now, "l")->id, state_target_by_name(now, IQN "t")->id), 7);
	assert_true(host_mask_admits(now, lun_named(now, "l")->mask, IQN "a"));
	report = planned(a, text);
	assert_int_equal(report.count, 0);
	array_plan_report_fini(&report);
}

static void
test_a_list_names_hosts_that_go(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_plan_report report;

	assert_ok(apply(a, FORMAT "\"hosts\": [{\"name\": \"old\"}], \"luns\": [{\"name\": \"l\", "
				  "\"size\": 512, \"mask\": [\"host:old\"]}]}"));
	report = planned(a, FORMAT "\"hosts\": [{\"name\": \"old\", \"absent\": true}], \"luns\": "
				   "[{\"name\": \"l\", \"mask\": []}]}");
	assert_non_null(step_with(&report, "unmasked to nobody instead of \"host:old\""));
	array_plan_report_fini(&report);
	/* a list of a LUN that stays would name a host that is gone */
	refused(a, FORMAT "\"hosts\": [{\"name\": \"old\", \"absent\": true}]}", ERR_INVALID, "",
		"a host that is not there");
}

static void
test_members_that_the_file_lacks_stay(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l");

	assert_ok(array_lun_set_mask(a, NULL, &lun, IQN "a", NULL));
	assert_ok(array_lun_set_hints(a, NULL, &lun, "FCR=1", NULL));
	assert_ok(apply(a, FORMAT "\"luns\": [{\"name\": \"l\", \"read_only\": true}]}"));
	AUTO_STATE struct state *now = array_state(a);
	const struct row_lun *row = lun_named(now, "l");

	assert_true(guid_equal(&row->id, &lun));
	assert_string_equal(row->mask, IQN "a");
	assert_string_equal(row->hints, "FCR=1");
	assert_int_equal(row->access, LUN_READ_ONLY);
}

static void
test_names_move_between_objects(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	AUTO_FREE char *text = NULL;
	struct array_answer one, two;
	char id1[GUID_TEXT_SIZE], id2[GUID_TEXT_SIZE];

	assert_ok(array_host_create(a, NULL, "one", IQN "a;" IQN "b", &one));
	assert_ok(array_host_create(a, NULL, "two", IQN "c", &two));
	text = str_printf(FORMAT "\"hosts\": ["
				 "{\"id\": \"%s\", \"name\": \"two\", \"initiators\": [\"" IQN
				 "c\"]},"
				 "{\"id\": \"%s\", \"name\": \"one\", \"initiators\": [\"" IQN
				 "a\", \"" IQN "b\"]}]}",
			  guid_format(&one.object_id, id1), guid_format(&two.object_id, id2));
	assert_ok(apply(a, text));
	AUTO_STATE struct state *now = array_state(a);

	assert_true(guid_equal(&state_host_by_name(now, "two")->id, &one.object_id));
	assert_true(guid_equal(&state_host_of_initiator(now, IQN "a")->id, &two.object_id));
	assert_ok(array_check(a));
}

static void
test_what_is_unique_is_exchanged(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *text = NULL;
	char path[sizeof(f->dir) + 8], id1[GUID_TEXT_SIZE], id2[GUID_TEXT_SIZE];
	struct guid target = make_target(f->array, "t");
	struct guid one = make_lun(f->array, "one"), two = make_lun(f->array, "two");
	struct array_answer pool;

	assert_ok(associate(f->array, one, 1, target));
	assert_ok(associate(f->array, two, 1, target));
	snprintf(path, sizeof(path), "%s/pool", f->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_ok(array_pool_create(f->array, NULL, "second", path, &pool));
	AUTO_STATE struct state *now = array_state(f->array);
	const struct row_lun *lun = state_find(now, ROW_LUN, &one);

	text = str_printf(FORMAT "\"pools\": [{\"id\": \"%s\", \"name\": \"second\"},"
				 "{\"id\": \"%s\", \"name\": \"default\"}],"
				 "\"associations\": ["
				 "{\"lun\": \"one\", \"target\": \"t\", \"number\": 1},"
				 "{\"lun\": \"two\", \"target\": \"t\", \"number\": 0}]}",
			  guid_format(&lun->pool_id, id1), guid_format(&pool.object_id, id2));
	assert_ok(apply(f->array, text));
	fixture_reopen(f);
	assert_int_equal(number_of(f->array, one, target), 1);
	assert_int_equal(number_of(f->array, two, target), 0);
	assert_int_equal(count_rows(f->array, ROW_POOL), 2);
	assert_ok(array_check(f->array));
}

static void
test_data_is_lost_only_when_the_options_say_so(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	static const char gone[] = FORMAT "\"luns\": [{\"name\": \"l\", \"absent\": true}]}";
	static const char less[] = FORMAT "\"luns\": [{\"name\": \"l\", \"size\": 512}]}";
	static const char other[] = FORMAT "\"luns\": [{\"name\": \"l\", \"block_size\": 4096}]}";
	struct guid lun = make_lun(a, "l");
	struct array_plan_report report;

	assert_int_equal(array_plan_apply(a, NULL, gone, strlen(gone), NULL, NULL, NULL),
			 ERR_IN_USE);
	assert_int_equal(array_plan_apply(a, NULL, less, strlen(less), NULL, NULL, NULL),
			 ERR_IN_USE);
	assert_int_equal(array_plan_apply(a, NULL, other, strlen(other), NULL, NULL, NULL),
			 ERR_IN_USE);
	assert_non_null(strstr(err_text(ERR_IN_USE), "--delete-luns"));
	report = planned(a, other);
	assert_int_equal(report.deletes, 1);
	assert_true(step_with(&report, "deleted with its data")->loses_data);
	array_plan_report_fini(&report);
	assert_ok(apply(a, less));
	assert_ok(apply(a, other)); /* another LUN in the place of this one */
	AUTO_STATE struct state *now = array_state(a);

	assert_false(guid_equal(&lun_named(now, "l")->id, &lun));
	assert_int_equal(lun_named(now, "l")->block_bytes, 4096);
	assert_int_equal(lun_named(now, "l")->size_bytes, 4096);
	assert_ok(apply(a, gone));
	assert_int_equal(count_rows(a, ROW_LUN), 0);
}

/* ---- applying ---- */

static void
test_an_old_revision_is_refused(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	static const char text[] = FORMAT "\"hosts\": [{\"name\": \"h\"}]}";
	struct array_plan_report report = planned(a, text);
	struct array_plan_options options = { .revision = report.revision };

	make_lun(a, "l");
	assert_int_equal(array_plan_apply(a, NULL, text, strlen(text), &options, NULL, NULL),
			 ERR_BUSY);
	assert_int_equal(count_rows(a, ROW_HOST), 0);
	array_plan_report_fini(&report);
	report = planned(a, text);
	options.revision = report.revision;
	assert_ok(array_plan_apply(a, NULL, text, strlen(text), &options, NULL, NULL));
	array_plan_report_fini(&report);
}

static void
test_a_plan_that_fails_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct array *a = f->array;
	struct guid lun = make_lun(a, "old");
	char path[256];
	uint64_t sequence = sequence_of(a);

	/* the file of the second LUN cannot be made, when that of the first may be there */
	inject(f, "all", "create", "EIO");
	assert_true(apply(a, FORMAT
			  "\"luns\": [{\"name\": \"a\", \"size\": 512},"
			  "{\"name\": \"old\", \"size\": \"2MiB\", \"status\": \"offline\"}]}") <
		    0);
	inject(f, "all", "create", NULL);
	assert_int_equal(sequence_of(a), sequence);
	assert_int_equal(count_rows(a, ROW_LUN), 1);
	assert_true(wait_operation(a, lun, OPERATION_NONE));
	lun_file(f, lun, path);
	assert_true(file_exists(path));
	assert_ok(apply(a, FORMAT "\"luns\": [{\"name\": \"old\", \"size\": \"2MiB\"}]}"));
	assert_ok(array_check(a));
}

static void
test_paths_that_go_away_are_drained(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct fake_runtime fake;
	struct guid target = make_target(a, "t"), lun = make_lun(a, "l");
	static const char narrow[] = FORMAT "\"luns\": [{\"name\": \"l\", \"mask\": [\"" IQN
					    "a\"]}]}";

	assert_ok(associate(a, lun, 1, target));
	assert_ok(array_lun_set_mask(a, NULL, &lun, "*", NULL));
	fake_register(&fake, a);
	assert_ok(apply(a, FORMAT "\"luns\": [{\"name\": \"l\", \"hints\": \"FCR=1\"}]}"));
	assert_int_equal(atomic_load(&fake.quiesced), 0);
	/* a drain that does not end: nothing has changed */
	atomic_store(&fake.quiesce_result, ERR_TIMEOUT);
	assert_int_equal(apply(a, narrow), ERR_BUSY);
	atomic_store(&fake.quiesce_result, 0);
	assert_ok(apply(a, narrow));
	assert_string_equal(fake.except, IQN "a");
	assert_ok(apply(a, FORMAT "\"associations\": [{\"lun\": \"l\", \"target\": \"t\", "
				  "\"absent\": true}]}"));
	assert_int_equal(atomic_load(&fake.quiesced), 3);
	assert_int_equal(atomic_load(&fake.resumed), 2);
	fake_unregister(&fake);
}

static void *
write_block(void *dev)
{
	static uint8_t block[512];

	assert_int_equal(blk_rw(dev, BLK_WRITE, 0, block, sizeof(block)), 0);
	return NULL;
}

static bool
is_in_flight(struct array *array, const void *dev)
{
	(void)array;
	return atomic_load(&((struct blk_dev *)(uintptr_t)dev)->inflight) > 0;
}

static enum lun_cache
cache_of(struct array *array)
{
	AUTO_STATE struct state *now = array_state(array);

	return lun_named(now, "l")->cache;
}

/*
 * A LUN without targets may be formatting itself.  The one before it goes on when it is not
 * drained.
 */
static void
test_the_cache_changes_while_nothing_is_in_flight(void **state)
{
	struct fixture *f = *state;
	struct array *a = f->array;
	struct guid first = make_lun(a, "first"), lun = make_lun(a, "l");
	static const char direct[] = FORMAT "\"luns\": [{\"name\": \"first\", \"cache\": "
					    "\"direct\"}, {\"name\": \"l\", \"cache\": "
					    "\"direct\"}]}";
	struct fake_runtime fake;
	struct blk_dev *dev = NULL, *idle = NULL;
	pthread_t thread;

	fake_register(&fake, a);
	assert_ok(array_lun_device(a, &lun, &dev));
	assert_ok(array_lun_device(a, &first, &idle));
	inject(f, "all", "write", "hold");
	assert_int_equal(pthread_create(&thread, NULL, write_block, dev), 0);
	assert_true(wait_for(a, is_in_flight, dev));
	assert_int_equal(apply(a, direct), ERR_BUSY);
	assert_int_equal(cache_of(a), LUN_CACHE_AUTO);
	assert_int_equal(atomic_load(&fake.quiesced), 1);
	assert_int_equal(blk_flush(idle), 0);
	inject(f, "all", "write", NULL);
	pthread_join(thread, NULL);
	assert_int_equal(blk_flush(dev), 0);
	assert_ok(apply(a, direct));
	assert_int_equal(cache_of(a), LUN_CACHE_DIRECT);
	assert_int_equal(atomic_load(&fake.resumed), 2);
	assert_int_equal(blk_flush(dev), 0);
	assert_int_equal(blk_flush(idle), 0);
	array_device_release(a, idle);
	array_device_release(a, dev);
	fake_unregister(&fake);
}

static void
test_the_cache_of_a_lun_that_is_offline_leaves_it_so(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l");
	struct blk_dev *dev = NULL;

	assert_ok(array_lun_device(a, &lun, &dev));
	assert_ok(apply(a, FORMAT "\"luns\": [{\"name\": \"l\", \"cache\": \"page\", "
				  "\"status\": \"offline\"}]}"));
	assert_int_equal(blk_flush(dev), ERR_OFFLINE);
	assert_ok(apply(a, FORMAT "\"luns\": [{\"name\": \"l\", \"cache\": \"direct\"}]}"));
	assert_int_equal(cache_of(a), LUN_CACHE_DIRECT);
	assert_int_equal(blk_flush(dev), ERR_OFFLINE);
	assert_ok(apply(a, FORMAT "\"luns\": [{\"name\": \"l\", \"cache\": \"auto\", "
				  "\"status\": \"online\"}]}"));
	assert_int_equal(blk_flush(dev), 0);
	array_device_release(a, dev);
}

static void
test_a_lun_that_is_held_is_busy(void **state)
{
	struct fixture *f = *state;
	struct array *a = f->array;
	struct array_lun_spec spec = { .name = "thick", .size_bytes = MIB, .thick = true };
	struct array_answer answer;

	inject(f, "*", "allocate", "hold");
	assert_ok(array_lun_create(a, NULL, &spec, &answer));
	assert_int_equal(apply(a, FORMAT "\"luns\": [{\"name\": \"thick\", \"size\": \"2MiB\"}]}"),
			 ERR_BUSY);
	assert_int_equal(apply(a, FORMAT "\"luns\": [{\"name\": \"thick\", \"absent\": true}]}"),
			 ERR_BUSY);
	inject(f, "*", "allocate", NULL);
	assert_true(wait_job(a, answer.job_id, JOB_DONE));
}

static void
test_thick_luns_are_made_and_grown_by_jobs(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	static const char text[] = FORMAT
		"\"luns\": [{\"name\": \"l\", \"thin\": false, \"size\": \"%s\"}]}";
	struct array_answer answer;
	char file[128];

	snprintf(file, sizeof(file), text, "1MiB");
	assert_ok(array_plan_apply(a, NULL, file, strlen(file), NULL, NULL, &answer));
	assert_true(wait_job(a, answer.job_id, JOB_DONE));
	snprintf(file, sizeof(file), text, "3MiB");
	assert_ok(array_plan_apply(a, NULL, file, strlen(file), NULL, NULL, &answer));
	assert_true(wait_job(a, answer.job_id, JOB_DONE));
	AUTO_STATE struct state *now = array_state(a);

	assert_int_equal(lun_named(now, "l")->size_bytes, 3 * MIB);
	assert_ok(apply(a, FORMAT "\"luns\": [{\"name\": \"l\", \"absent\": true}]}"));
}

static void
test_settings_of_chap_are_locked_until_somebody_sets_the_secret(void **state)
{
	struct fixture *f = *state;
	static const char text[] = FORMAT "\"targets\": [{\"name\": \"" IQN
					  "t\", \"chap\": [{\"side\": \"initiator\"}]}]}";
	struct array_plan_report report = planned(f->array, text);

	assert_non_null(step_with(&report, "nobody logs in until you set it"));
	array_plan_report_fini(&report);
	assert_ok(apply(f->array, text));
	fixture_reopen(f);
	AUTO_STATE struct state *now = array_state(f->array);
	const struct row_target *target = state_target_by_name(now, IQN "t");

	assert_true(credential_needed(now, &target->id, IQN "i"));
	assert_ok(apply(f->array, FORMAT "\"targets\": [{\"name\": \"" IQN "t\", \"chap\": []}]}"));
	assert_int_equal(count_rows(f->array, ROW_CREDENTIAL), 0);
}

/* ---- roles ---- */

static void
test_steps_of_admins_need_the_role(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	const struct principal operator= { .kind = PRINCIPAL_TOKEN, .role = ROLE_OPERATOR };
	const struct array_request request = { .principal = &operator};

	assert_ok(apply_as(a, &request,
			   FORMAT "\"luns\": [{\"name\": \"l\", \"size\": 512}], \"targets\": "
				  "[{\"alias\": \"t\"}], \"associations\": [{\"lun\": \"l\", "
				  "\"target\": \"t\"}]}"));
	assert_int_equal(apply_as(a, &request, FORMAT "\"hosts\": [{\"name\": \"h\"}]}"),
			 ERR_ACCESS);
	assert_int_equal(
		apply_as(a, &request, FORMAT "\"luns\": [{\"name\": \"l\", \"absent\": true}]}"),
		ERR_ACCESS);
	assert_int_equal(apply_as(a, &request,
				  FORMAT "\"targets\": [{\"alias\": \"t\", \"portal_groups\": "
					 "[{\"tag\": 9, \"portals\": []}]}]}"),
			 ERR_ACCESS);
	assert_int_equal(count_rows(a, ROW_LUN), 1);
}

/* ---- undo ---- */

static const struct principal admin = { .kind = PRINCIPAL_UNIX, .role = ROLE_ADMIN };

/* Applies as a person does, so that the audit log has a record. */
static uint64_t
applied(struct array *array, const char *text)
{
	struct array_audit audit = { .verb = "apply" };
	const struct array_request request = { .principal = &admin, .audit = &audit };

	assert_ok(apply_as(array, &request, text));
	return sequence_of(array);
}

static int
undo(struct array *array, uint64_t sequence)
{
	struct array_audit audit = { .verb = "undo" };
	const struct array_request request = { .principal = &admin, .audit = &audit };

	return array_undo(array, &request, sequence, NULL, NULL, NULL);
}

static void
test_changes_are_taken_back_one_after_the_other(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	AUTO_FREE char *before = NULL, *after = NULL, *now = NULL;
	uint64_t second;

	applied(a, FORMAT "\"luns\": [{\"name\": \"l\", \"size\": 512}]}");
	before = exported(a);
	applied(a, FORMAT "\"hosts\": [{\"name\": \"h\", \"initiators\": [\"" IQN "a\"]}]}");
	second = applied(a, FORMAT "\"luns\": [{\"name\": \"l\", \"mask\": [\"host:h\"]}],"
				   "\"targets\": [{\"alias\": \"t\", \"name\": \"" IQN "t\"}],"
				   "\"associations\": [{\"lun\": \"l\", \"target\": \"t\"}]}");
	after = exported(a);
	assert_int_equal(undo(a, 0), 0);
	assert_int_equal(undo(a, second), ERR_IN_USE); /* it is undone already */
	assert_int_equal(undo(a, 0), 0);
	now = exported(a);
	assert_string_equal(now, before);
	/* the creation of a LUN is not taken back: it may have data */
	assert_int_equal(undo(a, 0), ERR_IN_USE);
	assert_non_null(strstr(err_text(ERR_IN_USE), "may have data"));
	/* both undos are undone */
	assert_int_equal(undo(a, second + 2), 0);
	assert_int_equal(undo(a, second + 1), 0);
	mem_free(now);
	now = exported(a);
	assert_string_equal(now, after);
	assert_ok(array_check(a));
}

static void
test_what_has_changed_since_is_not_taken_back(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	uint64_t host = applied(a, FORMAT "\"hosts\": [{\"name\": \"h\"}]}"), lun;

	applied(a, FORMAT "\"host_groups\": [{\"name\": \"g\", \"hosts\": [\"h\"]}]}");
	assert_int_equal(undo(a, host), ERR_IN_USE);
	assert_non_null(strstr(err_text(ERR_IN_USE), "built upon it"));
	applied(a, FORMAT "\"luns\": [{\"name\": \"l\", \"size\": 512}]}");
	lun = applied(a, FORMAT "\"luns\": [{\"name\": \"l\", \"read_only\": true}]}");
	applied(a, FORMAT "\"luns\": [{\"name\": \"l\", \"read_only\": false}]}");
	assert_int_equal(undo(a, lun), ERR_IN_USE);
	assert_non_null(strstr(err_text(ERR_IN_USE), "changed again since"));
	applied(a, FORMAT "\"luns\": [{\"name\": \"l\", \"size\": 1024}]}");
	assert_int_equal(undo(a, 0), ERR_IN_USE);
	applied(a, FORMAT "\"luns\": [{\"name\": \"l\", \"absent\": true}]}");
	assert_int_equal(undo(a, 0), ERR_IN_USE);
	assert_non_null(strstr(err_text(ERR_IN_USE), "are gone"));
	assert_int_equal(undo(a, 99999), ERR_NOT_FOUND);
}

static void
test_one_object_is_exported_with_what_belongs_to_it(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_export_options options = { .family = ROW_LUN };
	AUTO_FREE char *text = NULL;

	applied(a, FORMAT "\"hosts\": [{\"name\": \"mine\"}, {\"name\": \"other\"}],"
			  "\"luns\": [{\"name\": \"l\", \"size\": 512, \"mask\": [\"host:mine\"]},"
			  "{\"name\": \"m\", \"size\": 512}],"
			  "\"targets\": [{\"alias\": \"t\"}, {\"alias\": \"u\"}],"
			  "\"associations\": [{\"lun\": \"l\", \"target\": \"t\"}]}");
	AUTO_STATE struct state *now = array_state(a);

	options.id = lun_named(now, "l")->id;
	assert_ok(array_export(a, &options, &text));
	assert_non_null(strstr(text, "\"scope\": \"named\""));
	assert_non_null(strstr(text, "\"mine\""));
	assert_non_null(strstr(text, "\"alias\": \"t\""));
	assert_null(strstr(text, "\"other\""));
	assert_null(strstr(text, "\"alias\": \"u\""));
	assert_null(strstr(text, "\"m\""));
	options.id = random_guid();
	assert_int_equal(array_export(a, &options, &text), ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places_are_found_past_anything_that_json_allows),
		cmocka_unit_test(test_the_schema_has_no_keyword_that_is_not_checked),
		TEST(test_what_is_wrong_is_named_with_its_place),
		TEST(test_a_name_of_an_object_that_stays_is_refused),
		TEST(test_an_export_is_no_change_and_has_no_secret),
		TEST(test_a_plan_says_what_apply_does),
		TEST(test_a_list_names_hosts_that_go),
		TEST(test_members_that_the_file_lacks_stay),
		TEST(test_names_move_between_objects),
		TEST(test_what_is_unique_is_exchanged),
		TEST(test_data_is_lost_only_when_the_options_say_so),
		TEST(test_an_old_revision_is_refused),
		TEST(test_a_plan_that_fails_leaves_nothing),
		TEST(test_paths_that_go_away_are_drained),
		TEST(test_the_cache_changes_while_nothing_is_in_flight),
		TEST(test_the_cache_of_a_lun_that_is_offline_leaves_it_so),
		TEST(test_a_lun_that_is_held_is_busy),
		TEST(test_thick_luns_are_made_and_grown_by_jobs),
		TEST(test_settings_of_chap_are_locked_until_somebody_sets_the_secret),
		TEST(test_steps_of_admins_need_the_role),
		TEST(test_changes_are_taken_back_one_after_the_other),
		TEST(test_what_has_changed_since_is_not_taken_back),
		TEST(test_one_object_is_exported_with_what_belongs_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
