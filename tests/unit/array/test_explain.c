/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the explanation why an initiator can or cannot see a LUN: it names every real obstacle,
 * and it says "visible" exactly when the data path would show the LUN.
 */
#include "array_test.h"

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

static void
expect(struct scene *s, const char *initiator, bool visible, const char *says)
{
	char *text = NULL;
	bool seen = !visible;

	assert_ok(array_explain(s->array, &s->lun, initiator, &seen, &text));
	if (seen != visible || strstr(text, says) == NULL)
		fail_msg("visible=%d, wanted %d and '%s' in: %s", seen, visible, says, text);
	mem_free(text);
}

static void
test_visible_names_the_number_and_the_target(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);

	expect(&s, HOST, true, "it is LUN number 0");
	expect(&s, "IQN.2026-11.org.example:HOST", true, "is compared as " HOST);
}

static void
test_mask(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);

	expect(&s, "iqn.2026-11.org.example:other", false, "unmasked to other initiators");
	assert_ok(array_lun_set_mask(s.array, NULL, &s.lun, "", NULL));
	expect(&s, HOST, false, "unmasked to nobody");
	expect(&s, "rubbish", false, "is no iSCSI name");
}

static void
test_paths(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);

	ready(&s, false, "address not available");
	expect(&s, HOST, false, "not ready: address not available");
	ready(&s, true, "");
	assert_ok(array_portal_set_status(s.array, NULL, &s.portal, STATUS_OFFLINE, NULL));
	expect(&s, HOST, false, "port 3260 is offline");
	assert_ok(array_group_remove_portal(s.array, NULL, &s.group, &s.portal, NULL));
	expect(&s, HOST, false, "has no portal in its portal groups");
	assert_ok(array_group_delete(s.array, NULL, &s.group, true, NULL));
	expect(&s, HOST, false, "has no portal group");
	assert_ok(associate(s.array, s.lun, 0));
	expect(&s, HOST, false, "is associated with no target");
}

static void
test_portal_nobody_listens_on(void **state)
{
	struct scene s = visible_scene(((struct fixture *)*state)->array);

	array_live_delete(s.array, ROW_LIVE_PORTAL, &s.portal);
	expect(&s, HOST, false, "does not listen yet");
}

static void
test_lun_that_is_listed_but_of_no_use(void **state)
{
	struct fixture *f = *state;
	struct scene s = visible_scene(f->array);

	assert_ok(array_lun_set_status(s.array, NULL, &s.lun, STATUS_OFFLINE, NULL));
	expect(&s, HOST, true, "is offline: it is listed, but its I/O is refused");
	inject(f, "all", "verify", "EIO");
	assert_true(wait_health(s.array, s.lun, HEALTH_FAILED));
	expect(&s, HOST, true, "has failed");
	inject(f, "all", "verify", NULL);
}

static void
test_unknown_lun(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid unknown = random_guid();
	char *text = NULL;
	bool visible;

	assert_int_equal(array_explain(a, &unknown, HOST, &visible, &text), ERR_NOT_FOUND);
	assert_null(text);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_visible_names_the_number_and_the_target),
		WITH_ARRAY(test_mask),
		WITH_ARRAY(test_paths),
		WITH_ARRAY(test_portal_nobody_listens_on),
		WITH_ARRAY(test_lun_that_is_listed_but_of_no_use),
		WITH_ARRAY(test_unknown_lun),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
