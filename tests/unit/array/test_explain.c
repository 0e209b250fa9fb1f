/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the explanation why an initiator can or cannot use a LUN: it names the first real
 * obstacle, and it never contradicts itself.
 */
#include "array_test.h"

#include "model/port.h"

#define HOST "iqn.2026-11.org.example:host"

struct scene {
	struct array *array;
	struct guid lun, target, group, portal;
};

static void
ready(struct scene *s, bool is_ready, const char *reason)
{
	struct row_live_portal *row = row_new(ROW_LIVE_PORTAL);

	row->id = s->portal;
	row->ready = is_ready;
	assert_ok(row_set_string(&row->reason, reason));
	array_live_put(s->array, row);
}

/* A LUN that the host sees. */
static struct scene
visible_scene(struct array *a)
{
	struct scene s = { .array = a,
			   .lun = make_lun(a, "vol"),
			   .target = make_target(a, "t"),
			   .portal = make_portal(a, "127.0.0.1", 3260) };
	struct array_answer answer;

	assert_ok(array_group_create(a, NULL, &s.target, &answer));
	s.group = answer.object_id;
	assert_ok(array_group_add_portal(a, NULL, &s.group, &s.portal, NULL));
	assert_ok(associate(a, s.lun, 1, s.target));
	assert_ok(array_lun_set_mask(a, NULL, &s.lun, HOST, NULL));
	ready(&s, true, "");
	return s;
}

static const struct array_explain_step *
step_of(const struct array_explanation *e, const char *name)
{
	for (size_t i = 0; i < e->step_count; i++)
		if (strcmp(e->steps[i].name, name) == 0)
			return &e->steps[i];
	return NULL;
}

/*
 * What cannot be contradictory: visible means no failed step, and the first failed step is the
 * obstacle.
 */
static void
check_consistent(const struct array_explanation *e)
{
	const struct array_explain_step *first = NULL;

	for (size_t i = 0; i < e->step_count && first == NULL; i++)
		if (e->steps[i].outcome == ARRAY_EXPLAIN_FAILED)
			first = &e->steps[i];
	assert_int_equal(e->visible, first == NULL);
	assert_int_equal(e->visible, e->code == NULL);
	assert_int_equal(e->visible, e->hint == NULL);
	assert_ptr_equal(e->obstacle, first);
}

/*
 * code: of the first obstacle, NULL = visible.  says: in the text of that step, or of step `step`.
 */
static void
expect_from(struct scene *s, const char *initiator, const char *from, const char *code,
	    const char *step, const char *says)
{
	const struct array_explain_step *found;
	struct array_explanation e;

	assert_ok(array_explain(s->array, &s->lun, initiator, from, &e));
	check_consistent(&e);
	if ((code == NULL) != (e.code == NULL) || (code != NULL && strcmp(e.code, code) != 0))
		fail_msg("%s, wanted %s", e.code, code);
	if (code != NULL)
		assert_string_equal(e.obstacle->name, step);
	found = step_of(&e, step);
	assert_non_null(found);
	if (strstr(found->text, says) == NULL)
		fail_msg("'%s' is not in: %s", says, found->text);
	array_explanation_fini(&e);
}

/* From this host, where 127.0.0.1 can be reached. */
static void
expect(struct scene *s, const char *initiator, const char *code, const char *step, const char *says)
{
	expect_from(s, initiator, "127.0.0.1", code, step, says);
}

static void
test_visible_names_the_number_and_the_target(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);

	expect(&s, HOST, NULL, "target", "it is LUN number 0 behind target \"t\"");
	expect(&s, "IQN.2026-11.org.example:HOST", NULL, "initiator", "is compared as " HOST);
}

static void
test_mask(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);

	expect(&s, "iqn.2026-11.org.example:other", "MASKED", "mask",
	       "unmasked to other initiators");
	assert_ok(array_lun_set_mask(s.array, NULL, &s.lun, "", NULL));
	expect(&s, HOST, "MASKED", "mask", "unmasked to nobody");
}

static void
test_a_target_that_sends_logins_elsewhere(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);

	assert_ok(array_target_set_redirect(s.array, NULL, &s.target, "192.0.2.9", NULL));
	expect(&s, HOST, "REDIRECTED", "redirect",
	       "target \"t\" sends logins to 192.0.2.9:3260, which is not this array");
	assert_ok(array_target_set_redirect(s.array, NULL, &s.target, "none", NULL));
	expect(&s, HOST, NULL, "login", "");
}

static void
test_a_source_that_is_not_allowed(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);
	struct array_answer answer;

	assert_ok(array_target_set_sources(s.array, NULL, &s.target, "10.0.0.0/8", NULL));
	expect(&s, HOST, "SOURCE_FORBIDDEN", "login",
	       "the target \"t\" allows logins from 10.0.0.0/8");
	assert_ok(array_target_set_sources(s.array, NULL, &s.target, "any", NULL));
	assert_ok(array_host_create(s.array, NULL, "web", HOST, &answer));
	assert_ok(array_host_set_sources(s.array, NULL, &answer.object_id, "192.0.2.7", NULL));
	expect(&s, HOST, "SOURCE_FORBIDDEN", "login",
	       "the host \"web\" allows logins from 192.0.2.7/32");
}

static void
test_mask_with_a_host(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);
	AUTO(array_explanation_fini) struct array_explanation e = { 0 };

	assert_ok(array_host_create(s.array, NULL, "web", HOST, NULL));
	assert_ok(array_lun_set_mask(s.array, NULL, &s.lun, "host:web", NULL));
	assert_ok(array_explain(s.array, &s.lun, HOST, "127.0.0.1", &e));
	assert_true(e.visible);
	assert_non_null(strstr(step_of(&e, "mask")->text, "the host \"web\""));
	assert_ok(array_lun_set_mask(s.array, NULL, &s.lun, "", NULL));
	expect(&s, HOST, "MASKED", "mask", "unmasked to nobody");
}

/* What can never log in is told first, whatever the mask says. */
static void
test_a_name_that_is_none(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);

	assert_ok(array_lun_set_mask(s.array, NULL, &s.lun, "*", NULL));
	expect(&s, "rubbish", "INITIATOR_NAME_INVALID", "initiator", "is no iSCSI name");
}

static void
test_paths(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);

	ready(&s, false, "address not available");
	expect(&s, HOST, "PORTAL_NOT_READY", "portal",
	       "127.0.0.1:3260 does not listen: address not available");
	ready(&s, true, "");
	assert_ok(array_portal_set_status(s.array, NULL, &s.portal, STATUS_OFFLINE, NULL));
	expect(&s, HOST, "PORTAL_OFFLINE", "portal", "127.0.0.1:3260 of target \"t\" is offline");
	assert_ok(array_group_remove_portal(s.array, NULL, &s.group, &s.portal, NULL));
	expect(&s, HOST, "NO_PORTAL", "portal", "no portal is in the portal groups");
	assert_ok(array_group_delete(s.array, NULL, &s.group, true, NULL));
	expect(&s, HOST, "NO_PORTAL_GROUP", "portal", "has no portal group");
	assert_ok(associate(s.array, s.lun, 0));
	expect(&s, HOST, "NOT_ASSOCIATED", "target", "is behind no target");
}

static void
test_portal_nobody_listens_on(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);

	array_live_delete(s.array, ROW_LIVE_PORTAL, &s.portal);
	expect(&s, HOST, "PORTAL_NOT_READY", "portal", "has not opened it yet");
}

/* No portal listens while the controller is offline, so the hint is not about the address. */
static void
test_a_controller_that_is_offline(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);
	struct guid id = *array_controller_id(s.array);
	struct array_explanation e;

	assert_ok(array_controller_set_status(s.array, NULL, &id, STATUS_OFFLINE, NULL));
	ready(&s, false, "the controller is offline");
	expect(&s, HOST, "PORTAL_NOT_READY", "portal", "the controller is offline");
	assert_ok(array_explain(s.array, &s.lun, HOST, NULL, &e));
	assert_string_equal(e.hint, "vdsctl controller online");
	array_explanation_fini(&e);
}

/* ---- where the initiator is ---- */

static void
session_put(struct scene *s, const char *address, uint32_t tag)
{
	struct row_live_session *row = row_new(ROW_LIVE_SESSION);

	row->id = random_guid();
	row->target_id = s->target;
	row->tag = tag;
	assert_ok(row_set_string(&row->initiator, HOST));
	assert_ok(row_set_string(&row->initiator_address, address));
	array_live_put(s->array, row);
}

static void
test_a_loopback_portal_serves_this_host_only(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);

	expect_from(&s, HOST, NULL, "ONLY_THIS_HOST", "reach", "not known to be on this host");
	expect_from(&s, HOST, "192.0.2.7", "ONLY_THIS_HOST", "reach", "is at 192.0.2.7");
	expect_from(&s, HOST, "::1", "ONLY_THIS_HOST", "reach", "");
	expect_from(&s, HOST, "127.0.0.1", NULL, "reach", "can be reached from 127.0.0.1");
	session_put(&s, "127.0.0.1:40000", 1);
	expect_from(&s, HOST, NULL, NULL, "login", "logged in from 127.0.0.1:40000");
}

static void
test_a_portal_on_the_network_serves_every_host(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);
	struct guid other = make_portal(s.array, "192.0.2.1", 3260);

	assert_ok(array_group_add_portal(s.array, NULL, &s.group, &other, NULL));
	expect_from(&s, HOST, NULL, "ONLY_THIS_HOST", "reach", "");
	s.portal = other;
	ready(&s, true, "");
	expect_from(&s, HOST, NULL, NULL, "reach", "192.0.2.1:3260 can be reached");
	expect_from(&s, HOST, "2001:db8::7", "ONLY_THIS_HOST", "reach", "family");
}

/* ---- which state the path has ---- */

static void
set_access(struct scene *s, const struct guid *group, enum port_access state)
{
	const struct array_group_access access = { .state = state, .set_state = true };

	assert_ok(array_group_set_access(s->array, NULL, group, &access, NULL));
}

static void
test_the_state_of_the_path_is_named(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);

	expect(&s, HOST, NULL, "access", "portal group t:1 is in the state active-optimized");
	set_access(&s, &s.group, ACCESS_ACTIVE_NON_OPTIMIZED);
	expect(&s, HOST, NULL, "access", "active-non-optimized");
	set_access(&s, &s.group, ACCESS_STANDBY);
	expect(&s, HOST, "PATH_NOT_ACTIVE", "access",
	       "t:1 is in the state standby: initiators see");
	set_access(&s, &s.group, ACCESS_UNAVAILABLE);
	expect(&s, HOST, "PATH_NOT_ACTIVE", "access", "unavailable");
	set_access(&s, &s.group, ACCESS_OFFLINE);
	expect(&s, HOST, "PATH_NOT_ACTIVE", "access", "offline");
	expect_from(&s, HOST, "192.0.2.7", "ONLY_THIS_HOST", "reach", ""); /* no path, no state */
}

static struct guid
second_group(struct scene *s)
{
	struct guid portal = make_portal(s->array, "127.0.0.1", 3261);
	struct scene second = *s;
	struct array_answer answer;

	assert_ok(array_group_create(s->array, NULL, &s->target, &answer));
	assert_ok(array_group_add_portal(s->array, NULL, &answer.object_id, &portal, NULL));
	second.portal = portal;
	ready(&second, true, "");
	return answer.object_id;
}

/*
 * An initiator uses its best path: without a session the best of all, else the best of its
 * sessions.
 */
static void
test_the_best_path_counts(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);
	struct guid second = second_group(&s);

	set_access(&s, &s.group, ACCESS_STANDBY);
	expect(&s, HOST, NULL, "access", "portal group t:2 is in the state active-optimized");
	session_put(&s, "127.0.0.1:40000", 1);
	expect(&s, HOST, "PATH_NOT_ACTIVE", "access", "t:1 is in the state standby");
	session_put(&s, "127.0.0.1:40001", 2);
	expect(&s, HOST, NULL, "access", "t:2");
	set_access(&s, &second, ACCESS_OFFLINE);
	expect(&s, HOST, "PATH_NOT_ACTIVE", "access", "t:1 is in the state standby");
}

static void
test_a_from_that_is_no_address(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);
	struct array_explanation e;

	assert_int_equal(array_explain(s.array, &s.lun, HOST, "localhost", &e), ERR_INVALID);
}

/* ---- the LUN ---- */

static void
test_lun_that_is_listed_but_of_no_use(void **state)
{
	struct fixture *f = *state;
	struct scene s = visible_scene(f->array);

	inject(f, "all", "verify", "EIO");
	assert_true(wait_health(s.array, s.lun, HEALTH_FAILED));
	expect(&s, HOST, "LUN_FAILED", "health", "has failed");
	inject(f, "all", "verify", NULL);
	assert_ok(array_lun_set_status(s.array, NULL, &s.lun, STATUS_OFFLINE, NULL));
	expect(&s, HOST, "LUN_OFFLINE", "status", "is offline: initiators see a disk");
}

static void
test_unknown_lun(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid unknown = random_guid();
	struct array_explanation e;

	assert_int_equal(array_explain(a, &unknown, HOST, NULL, &e), ERR_NOT_FOUND);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_visible_names_the_number_and_the_target),
		WITH_ARRAY(test_mask),
		WITH_ARRAY(test_a_target_that_sends_logins_elsewhere),
		WITH_ARRAY(test_a_source_that_is_not_allowed),
		WITH_ARRAY(test_mask_with_a_host),
		WITH_ARRAY(test_a_name_that_is_none),
		WITH_ARRAY(test_paths),
		WITH_ARRAY(test_portal_nobody_listens_on),
		WITH_ARRAY(test_a_controller_that_is_offline),
		WITH_ARRAY(test_a_loopback_portal_serves_this_host_only),
		WITH_ARRAY(test_a_portal_on_the_network_serves_every_host),
		WITH_ARRAY(test_the_state_of_the_path_is_named),
		WITH_ARRAY(test_the_best_path_counts),
		WITH_ARRAY(test_a_from_that_is_no_address),
		WITH_ARRAY(test_lun_that_is_listed_but_of_no_use),
		WITH_ARRAY(test_unknown_lun),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
