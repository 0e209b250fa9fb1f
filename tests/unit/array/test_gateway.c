/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An array as one of several gateways: who its own controller is, which portals are its own, and
 * how targets span gateways.  The rows of the other gateway are put by hand.
 */
#include "array_test.h"

#include "array/array_int.h"
#include "model/port.h"
#include "model/schedule.h"

static int
setup_gateway(void **state)
{
	int rc = fixture_setup(state);
	struct fixture *f = *state;

	f->options.gateway = "gw1";
	f->options.gateway_address = "192.0.2.1:3261";
	fixture_close(f);
	snprintf(f->array_dir, sizeof(f->array_dir), "%s/gateway", f->dir);
	fixture_open(f);
	return rc;
}

/* ---- rows that another gateway would put ---- */

struct put {
	struct array_task task;
	void *rows[4];
};

static int
put_apply(struct array *array, struct array_task *task)
{
	struct put *p = container_of(task, struct put, task);
	int rc = 0;

	(void)array;
	for (size_t i = 0; rc == 0 && p->rows[i] != NULL; i++)
		rc = state_edit_put(task->edit, p->rows[i]);
	return rc;
}

static void
put(struct array *array, void *a, void *b)
{
	struct put p = { .task = { .apply = put_apply, .cause = "test" }, .rows = { a, b } };

	assert_ok(array_writer_submit(array, &p.task));
}

/* Adds gateway gw2, with a portal that has the same address as one of gw1's. */
static struct guid
add_second(struct array *array, struct guid *ret_portal)
{
	struct row_controller *row = row_new(ROW_CONTROLLER);
	struct row_portal *portal = row_new(ROW_PORTAL);
	struct guid id = random_guid();

	row->id = id;
	assert_int_equal(row_set_string(&row->name, "gw2"), 0);
	assert_int_equal(row_set_string(&row->address, "192.0.2.2:3261"), 0);
	portal->id = *ret_portal = random_guid();
	portal->controller_id = id;
	portal->port = 3260;
	assert_int_equal(row_set_string(&portal->address, "10.0.0.1"), 0);
	put(array, row, portal);
	return id;
}

static void
own_lun(struct array *array, struct guid lun, struct guid controller)
{
	struct row_lun_owner *owner = row_new(ROW_LUN_OWNER);

	owner->id = lun;
	owner->controller_id = controller;
	owner->epoch = 1;
	put(array, owner, NULL);
}

/* ---- tests ---- */

static void
test_one_machine_has_no_gateway(void **state)
{
	struct fixture *f = *state;
	struct guid portal = make_portal(f->array, "10.0.0.1", 3260);
	AUTO_STATE struct state *now = array_state(f->array);
	const struct row_portal *row = state_find(now, ROW_PORTAL, &portal);

	make_lun(f->array, "vol1");
	assert_false(state_has_gateways(now));
	assert_true(guid_is_zero(&row->controller_id));
	assert_int_equal(count_rows(f->array, ROW_CONTROLLER), 1);
	assert_int_equal(count_rows(f->array, ROW_LUN_OWNER), 0);
	assert_ptr_equal(portal_controller(now, row),
			 state_find(now, ROW_CONTROLLER, array_controller_id(f->array)));
}

static void
test_the_first_gateway_comes_with_the_array(void **state)
{
	struct fixture *f = *state;
	struct guid id = *array_controller_id(f->array);
	struct guid portal = make_portal(f->array, "10.0.0.1", 3260);
	AUTO_STATE struct state *before = array_state(f->array);
	const struct row_controller *row = controller_by_name(before, "gw1");

	assert_true(state_has_gateways(before));
	assert_string_equal(row->address, "192.0.2.1:3261");
	assert_true(guid_equal(&row->id, &id));
	assert_true(controller_has_portal(&id, state_find(before, ROW_PORTAL, &portal)));
	f->options.gateway_address = "192.0.2.9:3261";
	fixture_reopen(f);
	AUTO_STATE struct state *after = array_state(f->array);

	row = state_find(after, ROW_CONTROLLER, &id);
	assert_string_equal(row->name, "gw1");
	assert_string_equal(row->address, "192.0.2.9:3261");
	f->options.gateway_address = NULL; /* it stays */
	fixture_reopen(f);
	assert_true(guid_equal(array_controller_id(f->array), &id));
}

/* A gateway that was removed must not come back by itself. */
static void
test_a_gateway_that_nobody_added_is_refused(void **state)
{
	struct fixture *f = *state;
	struct array *array = NULL;

	fixture_close(f);
	f->options.gateway = "gw7";
	assert_int_equal(array_open(&f->options, &array), ERR_NOT_FOUND);
	assert_non_null(strstr(err_text(ERR_NOT_FOUND), "vdsctl gateway add"));
	f->options.gateway = "gw1";
	fixture_open(f);
}

static size_t
groups_of(struct array *array, struct guid target)
{
	AUTO_STATE struct state *now = array_state(array);

	return state_target_groups(now, &target).count;
}

static void
test_a_target_spans_gateways(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer;
	struct guid own = make_portal(f->array, "10.0.0.1", 3260), other, target;

	add_second(f->array, &other);
	assert_ok(array_target_create(f->array, NULL, NULL, "t1", true, false, &answer));
	target = answer.object_id;
	assert_int_equal(groups_of(f->array, target), 2);
	AUTO_STATE struct state *now = array_state(f->array);
	struct row_slice groups = state_target_groups(now, &target);

	for (size_t i = 0; i < 2; i++) {
		const struct row_portal_group *group = groups.rows[i];
		bool has = state_find_pair(now, ROW_GROUP_PORTAL, &group->id, &own) != NULL;

		/* each group has the portals of one gateway, and not those of the other */
		assert_int_equal(state_group_portals(now, &group->id).count, 1);
		assert_int_equal(array_group_add_portal(f->array, NULL, &group->id,
							has ? &other : &own, &answer),
				 ERR_IN_USE);
	}
}

static void
test_a_group_has_portals_of_one_gateway(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer;
	struct guid own = make_portal(f->array, "10.0.0.1", 3260), other, group;
	struct guid target = make_target(f->array, "t1");

	add_second(f->array, &other);
	assert_ok(array_group_create(f->array, NULL, &target, &answer));
	group = answer.object_id;
	assert_ok(array_group_add_portal(f->array, NULL, &group, &other, NULL));
	assert_int_equal(array_group_add_portal(f->array, NULL, &group, &own, NULL), ERR_INVALID);
	/* a portal for all targets gets a group of its own gateway */
	assert_ok(array_portal_create(f->array, NULL, "10.0.0.1", 3260, true, NULL));
	assert_int_equal(groups_of(f->array, target), 2);
}

static void
test_a_lun_goes_with_its_owner(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol1"), portal;
	struct guid second = add_second(f->array, &portal);

	own_lun(f->array, lun, second);
	assert_int_equal(count_rows(f->array, ROW_LUN_OWNER), 1);
	fixture_reopen(f); /* the catalog keeps it */
	assert_int_equal(count_rows(f->array, ROW_LUN_OWNER), 1);
	assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
	assert_int_equal(count_rows(f->array, ROW_LUN_OWNER), 0);
}

static void
test_only_a_gateway_itself_resets_its_data_path(void **state)
{
	struct fixture *f = *state;
	struct guid portal, second = add_second(f->array, &portal);

	assert_ok(array_controller_flush(f->array, array_controller_id(f->array)));
	assert_int_equal(array_controller_flush(f->array, &second), ERR_NOT_SUPPORTED);
	assert_non_null(strstr(err_text(ERR_NOT_SUPPORTED), "gw2"));
}

/* Notes that a vdsd runs as the gateway, as one that joins does. */
static void
run(struct array *array, struct guid controller)
{
	AUTO_STATE struct state *now = array_state(array);
	struct row_controller *row = row_copy(state_find(now, ROW_CONTROLLER, &controller));

	assert_int_equal(row_set_string(&row->instance, "127.0.0.1:0/1"), 0);
	put(array, row, NULL);
}

static void
test_health_names_what_is_down_and_what_is_not_served(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol1"), portal, second;

	run(f->array, *array_controller_id(f->array));
	second = add_second(f->array, &portal);
	assert_false(health_says(f->array, "gateway gw1"));
	assert_true(health_says(f->array, "gateway gw2 is down"));
	assert_true(health_says(f->array, "LUN vol1 is not served: it has no owner"));
	own_lun(f->array, lun, second);
	assert_true(health_says(f->array, "its owner, gateway gw2, is down"));
	run(f->array, second);
	assert_false(health_says(f->array, "gw2"));
	assert_false(health_says(f->array, "vol1"));
}

/* Said at once, and not only when the schedule's time has come. */
static void
test_health_names_a_schedule_whose_luns_are_apart(void **state)
{
	struct fixture *f = *state;
	struct guid first = *array_controller_id(f->array), portal, second;
	const struct guid luns[] = { make_lun(f->array, "vol1"), make_lun(f->array, "vol2") };
	struct row_snapshot_schedule *schedule = row_new(ROW_SNAPSHOT_SCHEDULE);

	run(f->array, first);
	second = add_second(f->array, &portal);
	run(f->array, second);
	own_lun(f->array, luns[0], first);
	own_lun(f->array, luns[1], first);
	schedule->id = random_guid();
	assert_ok(row_set_string(&schedule->name, "nightly"));
	assert_ok(row_set_string(&schedule->every, "1d"));
	assert_ok(row_set_string(&schedule->at, "00:00"));
	assert_ok(row_set_string(&schedule->keep, "last=3"));
	assert_ok(schedule_luns_format(luns, 2, &schedule->lun_ids));
	schedule->enabled = true;
	put(f->array, schedule, NULL);
	assert_false(health_says(f->array, "nightly"));
	own_lun(f->array, luns[1], second);
	assert_true(health_says(f->array, "schedule nightly takes LUNs of different gateways"));
	assert_true(health_says(f->array, "gw2"));
	own_lun(f->array, luns[0], second);
	assert_false(health_says(f->array, "nightly"));
}

static char *
explain(struct array *array, struct guid lun, const char *step)
{
	struct array_explanation e;
	char *text = NULL;

	assert_ok(array_explain(array, &lun, "iqn.2026-11.org.example:i", "10.0.0.7", &e));
	for (size_t i = 0; i < e.step_count; i++)
		if (strcmp(e.steps[i].name, step) == 0)
			text = str_dup(e.steps[i].text);
	array_explanation_fini(&e);
	return text;
}

static void
test_explain_says_that_a_path_leads_over_another_gateway(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol1"), portal, second;
	struct guid own = *array_controller_id(f->array);
	struct array_answer answer;

	second = add_second(f->array, &portal);
	assert_ok(array_target_create(f->array, NULL, NULL, "t1", true, false, &answer));
	assert_ok(associate(f->array, lun, 1, answer.object_id));
	AUTO_FREE char *down = explain(f->array, lun, "portal");

	assert_non_null(strstr(down, "gateway \"gw2\" is down"));
	run(f->array, second);
	AUTO_FREE char *nobody = explain(f->array, lun, "owner");

	assert_non_null(strstr(nobody, "no gateway that runs owns LUN \"vol1\""));
	own_lun(f->array, lun, second);
	AUTO_FREE char *owner = explain(f->array, lun, "owner");

	assert_non_null(strstr(owner, "active-optimized"));
	run(f->array, own);
	own_lun(f->array, lun, own);
	AUTO_FREE char *other = explain(f->array, lun, "owner");

	assert_non_null(strstr(other, "gateway \"gw2\" forwards commands to gateway \"gw1\""));
}

/* ---- what administrators do ---- */

static void
test_on_one_machine_there_is_one_gateway(void **state)
{
	struct fixture *f = *state;
	struct guid own = *array_controller_id(f->array), lun = make_lun(f->array, "vol1");
	uint64_t sequence = sequence_of(f->array);
	const struct guid none = { { 0 } };

	assert_int_equal(array_gateway_add(f->array, NULL, "gw2", "192.0.2.2:3261", NULL),
			 ERR_NOT_SUPPORTED);
	assert_non_null(strstr(err_text(ERR_NOT_SUPPORTED), "the array has one gateway"));
	assert_int_equal(array_gateway_set_drains(f->array, NULL, &own, true, NULL),
			 ERR_NOT_SUPPORTED);
	assert_int_equal(array_gateway_set_address(f->array, NULL, &own, "192.0.2.2:3261", NULL),
			 ERR_NOT_SUPPORTED);
	assert_int_equal(array_gateway_remove(f->array, NULL, &own, true, NULL), ERR_NOT_SUPPORTED);
	assert_int_equal(array_lun_move_owner(f->array, NULL, &lun, &none, NULL),
			 ERR_NOT_SUPPORTED);
	assert_int_equal(sequence_of(f->array), sequence);
}

static void
test_gateways_are_added(void **state)
{
	static const char *const bad[] = { "192.0.2.2", "", "host:3261", "192.0.2.2:0",
					   "2001:db8::1", "0.0.0.0:3261", "[2001:db8::1]",
					   /* those of others, written in another way */
					   "192.0.2.1:03261", "[2001:db8::1]:03261",
					   "[2001:0DB8:0::1]:3261" };
	struct fixture *f = *state;
	struct array_answer answer;

	assert_ok(array_gateway_add(f->array, NULL, "gw2", "[2001:db8::1]:3261", &answer));
	AUTO_STATE struct state *now = array_state(f->array);
	const struct row_controller *row = state_find(now, ROW_CONTROLLER, &answer.object_id);

	assert_string_equal(row->name, "gw2");
	assert_string_equal(row->address, "[2001:db8::1]:3261");
	assert_true(row->instance == NULL || row->instance[0] == '\0');
	assert_int_equal(array_gateway_add(f->array, NULL, "gw2", "192.0.2.3:3261", NULL),
			 ERR_NAME_IN_USE);
	assert_int_equal(array_gateway_add(f->array, NULL, "gw3", "192.0.2.1:3261", NULL),
			 ERR_INVALID);
	assert_int_equal(array_gateway_add(f->array, NULL, "a/b", "192.0.2.3:3261", NULL),
			 ERR_INVALID);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (array_gateway_add(f->array, NULL, "gw4", bad[i], NULL) != ERR_INVALID)
			fail_msg("%s: not refused", bad[i]);
	/* it may start now */
	fixture_close(f);
	f->options.gateway = "gw2";
	f->options.gateway_address = NULL;
	fixture_open(f);
	assert_true(guid_equal(array_controller_id(f->array), &answer.object_id));
}

/* Its own address, whether an administrator says it or its vdsd.conf. */
static void
test_the_address_of_a_gateway_changes(void **state)
{
	static const char *const bad[] = { "192.0.2.9", "0.0.0.0:3261", "192.0.2.2:3261",
					   "192.0.2.2:03261" };
	struct fixture *f = *state;
	struct guid own = *array_controller_id(f->array), unknown = random_guid(), portal;
	struct array_answer answer;
	uint64_t sequence;

	add_second(f->array, &portal);
	assert_ok(array_gateway_set_address(f->array, NULL, &own, "192.0.2.7:3261", &answer));
	assert_false(answer.existed);
	assert_ok(array_gateway_set_address(f->array, NULL, &own, "192.0.2.7:3261", &answer));
	assert_true(answer.existed);
	sequence = sequence_of(f->array);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(array_gateway_set_address(f->array, NULL, &own, bad[i], NULL),
				 ERR_INVALID);
	assert_int_equal(array_gateway_set_address(f->array, NULL, &unknown, "192.0.2.8:1", NULL),
			 ERR_NOT_FOUND);
	assert_int_equal(sequence_of(f->array), sequence);
	fixture_close(f);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct array *array = NULL;

		f->options.gateway_address = bad[i];
		assert_int_equal(array_open(&f->options, &array), ERR_INVALID);
	}
	f->options.gateway_address = "192.0.2.8:3261";
	fixture_open(f);
	AUTO_STATE struct state *now = array_state(f->array);

	assert_string_equal(
		((const struct row_controller *)state_find(now, ROW_CONTROLLER, &own))->address,
		"192.0.2.8:3261");
}

static void
test_a_gateway_drains_until_it_is_told_otherwise(void **state)
{
	struct fixture *f = *state;
	struct guid portal, second = add_second(f->array, &portal), unknown = random_guid();
	struct array_answer answer;

	assert_ok(array_gateway_set_drains(f->array, NULL, &second, true, &answer));
	assert_false(answer.existed);
	assert_ok(array_gateway_set_drains(f->array, NULL, &second, true, &answer));
	assert_true(answer.existed);
	fixture_reopen(f);
	AUTO_STATE struct state *now = array_state(f->array);

	assert_true(
		((const struct row_controller *)state_find(now, ROW_CONTROLLER, &second))->drains);
	assert_ok(array_gateway_set_drains(f->array, NULL, &second, false, &answer));
	assert_int_equal(array_gateway_set_drains(f->array, NULL, &unknown, true, NULL),
			 ERR_NOT_FOUND);
}

static void
test_a_gateway_that_runs_or_owns_luns_is_not_removed(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol1"), portal,
		    second = add_second(f->array, &portal);

	own_lun(f->array, lun, second);
	assert_int_equal(array_gateway_remove(f->array, NULL, &second, false, NULL), ERR_IN_USE);
	assert_non_null(strstr(err_text(ERR_IN_USE), "owns 1 LUN:"));
	own_lun(f->array, lun, *array_controller_id(f->array));
	run(f->array, second);
	assert_int_equal(array_gateway_remove(f->array, NULL, &second, false, NULL), ERR_IN_USE);
	assert_non_null(strstr(err_text(ERR_IN_USE), "--force"));
	assert_int_equal(
		array_gateway_remove(f->array, NULL, array_controller_id(f->array), true, NULL),
		ERR_INVALID);
}

static void
test_a_gateway_goes_with_its_portals(void **state)
{
	struct fixture *f = *state;
	struct guid own = make_portal(f->array, "10.0.0.1", 3260), portal, second, target;
	struct array_answer answer;

	second = add_second(f->array, &portal);
	assert_ok(array_target_create(f->array, NULL, NULL, "t1", true, false, &answer));
	target = answer.object_id;
	assert_int_equal(groups_of(f->array, target), 2);
	assert_ok(array_gateway_remove(f->array, NULL, &second, false, NULL));
	AUTO_STATE struct state *now = array_state(f->array);

	assert_null(state_find(now, ROW_CONTROLLER, &second));
	assert_null(state_find(now, ROW_PORTAL, &portal));
	assert_non_null(state_find(now, ROW_PORTAL, &own));
	assert_int_equal(groups_of(f->array, target), 1);
	assert_int_equal(state_portal_groups(now, &own).count, 1);
}

static int
undo_last(struct array *array)
{
	struct array_plan_report report = { 0 };
	int rc = array_undo_plan(array, sequence_of(array), &report);

	array_plan_report_fini(&report);
	return rc;
}

/* An owner is changed by the gateways themselves, and only to a greater epoch. */
static void
test_what_gateways_do_cannot_be_undone(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol1"), portal,
		    second = add_second(f->array, &portal);

	own_lun(f->array, lun, second);
	own_lun(f->array, lun, *array_controller_id(f->array));
	assert_true(undo_last(f->array) < 0);
	assert_non_null(strstr(err_text(ERR_IN_USE), "vdsctl lun move-owner"));
	run(f->array, second);
	assert_true(undo_last(f->array) < 0);
	assert_non_null(strstr(err_text(ERR_IN_USE), "started or ended"));
	assert_ok(array_gateway_set_drains(f->array, NULL, &second, true, NULL));
	assert_ok(undo_last(f->array));
}

static int
apply_file(struct array *array, const char *text)
{
	const struct array_plan_options options = { 0 };

	return array_plan_apply(array, NULL, text, strlen(text), &options, NULL, NULL);
}

static void
test_a_plan_names_the_gateways_of_portals(void **state)
{
	struct fixture *f = *state;
	const struct array_export_options all = { .family = ROW_ARRAY };
	struct array_plan_report report = { 0 };
	AUTO_FREE char *text = NULL;
	struct guid other;

	make_portal(f->array, "10.0.0.1", 3260);
	add_second(f->array, &other); /* the same address, at gw2 */
	assert_ok(apply_file(f->array,
			     "{\"format\": 1, \"portals\": [{\"address\": \"10.0.0.2\", "
			     "\"gateway\": \"gw2\"}], \"targets\": [{\"alias\": \"t1\", "
			     "\"portal_groups\": [{\"tag\": 1, \"portals\": [\"10.0.0.1:3260\"]}, "
			     "{\"tag\": 2, \"portals\": [\"gw2/10.0.0.1:3260\", "
			     "\"gw2/10.0.0.2\"]}]}, {\"alias\": \"t2\"}]}"));
	assert_int_equal(count_rows(f->array, ROW_PORTAL), 3);
	assert_int_equal(count_rows(f->array, ROW_GROUP_PORTAL), 3 + 3);
	assert_int_equal(count_rows(f->array, ROW_PORTAL_GROUP), 2 + 2);
	/* what is exported changes nothing */
	assert_ok(array_export(f->array, &all, &text));
	assert_non_null(strstr(text, "gw2/10.0.0.2:3260"));
	assert_ok(array_plan(f->array, text, strlen(text), &report));
	assert_int_equal(report.count, 0);
	array_plan_report_fini(&report);
	assert_int_equal(apply_file(f->array,
				    "{\"format\": 1, \"portals\": [{\"address\": \"10.0.0.9\", "
				    "\"gateway\": \"gw9\"}]}"),
			 ERR_NOT_FOUND);
	assert_int_equal(apply_file(f->array, "{\"format\": 1, \"targets\": [{\"alias\": \"t3\", "
					      "\"portal_groups\": [{\"tag\": 1, \"portals\": "
					      "[\"gw1/10.0.0.1\", \"gw2/10.0.0.1\"]}]}]}"),
			 ERR_INVALID);
	assert_non_null(strstr(err_text(ERR_INVALID), "another gateway"));
}

#define GATEWAY(test) cmocka_unit_test_setup_teardown(test, setup_gateway, fixture_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_machine_has_no_gateway, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_on_one_machine_there_is_one_gateway,
						fixture_setup, fixture_teardown),
		GATEWAY(test_gateways_are_added),
		GATEWAY(test_the_address_of_a_gateway_changes),
		GATEWAY(test_a_gateway_drains_until_it_is_told_otherwise),
		GATEWAY(test_a_gateway_that_runs_or_owns_luns_is_not_removed),
		GATEWAY(test_a_gateway_goes_with_its_portals),
		GATEWAY(test_the_first_gateway_comes_with_the_array),
		GATEWAY(test_a_gateway_that_nobody_added_is_refused),
		GATEWAY(test_a_target_spans_gateways),
		GATEWAY(test_a_group_has_portals_of_one_gateway),
		GATEWAY(test_a_lun_goes_with_its_owner),
		GATEWAY(test_only_a_gateway_itself_resets_its_data_path),
		GATEWAY(test_what_gateways_do_cannot_be_undone),
		GATEWAY(test_a_plan_names_the_gateways_of_portals),
		GATEWAY(test_health_names_what_is_down_and_what_is_not_served),
		GATEWAY(test_health_names_a_schedule_whose_luns_are_apart),
		GATEWAY(test_explain_says_that_a_path_leads_over_another_gateway),
	};

	return cmocka_run_group_tests_name("gateway", tests, NULL, NULL);
}
