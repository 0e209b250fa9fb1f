/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of targets, portals and portal groups in the array. */
#include <pthread.h>

#include "array_test.h"

#include "array/array_int.h"
#include "model/redirect.h"

static const struct row_target *
target_row(const struct state *state, struct guid target)
{
	const struct row_target *row = state_find(state, ROW_TARGET, &target);

	assert_non_null(row);
	return row;
}

/* ---- targets ---- */

static void
test_alias_is_of_one_target(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid one = make_target(a, "web"), two = make_target(a, "db");

	assert_int_equal(array_target_create(a, NULL, NULL, "web", false, false, NULL),
			 ERR_NAME_IN_USE);
	assert_int_equal(array_target_set_alias(a, NULL, &two, "web", false, NULL),
			 ERR_NAME_IN_USE);
	assert_ok(array_target_set_alias(a, NULL, &one, "web", false, NULL));
	assert_ok(array_target_set_alias(a, NULL, &one, "", false, NULL));
	assert_ok(array_target_set_alias(a, NULL, &two, "", false, NULL));
	assert_ok(array_target_set_alias(a, NULL, &two, "web", false, NULL));
}

/* Gives a target an alias that another one has, as was possible before it was checked. */
struct twin {
	struct array_task task;
	struct guid id;
};

static int
make_twin(struct array *array, struct array_task *task)
{
	const struct row_target *old = state_find(state_edit_view(task->edit), ROW_TARGET,
						  &container_of(task, struct twin, task)->id);
	AUTO_ROW struct row_target *row = row_copy(old);

	(void)array;
	if (row == NULL || row_set_string(&row->alias, "twin") < 0)
		return -ENOMEM;
	return state_edit_put(task->edit, TAKE(row));
}

static size_t
twins(struct array *array)
{
	AUTO_STATE struct state *now = array_state(array);

	return state_targets_by_alias(now, "twin").count;
}

static void
test_an_array_with_equal_aliases_is_served_and_can_be_tidied(void **state)
{
	struct fixture *f = *state;
	struct guid one = make_target(f->array, "twin"), two = make_target(f->array, "other");
	struct twin twin = { .task = { .apply = make_twin, .cause = "target.alias" }, .id = two };

	assert_ok(array_writer_submit(f->array, &twin.task));
	assert_int_equal(twins(f->array), 2);
	fixture_reopen(f);
	assert_ok(array_check(f->array));
	assert_false(array_is_read_only(f->array));
	assert_int_equal(twins(f->array), 2);
	/* both work, neither can be doubled again, and a new alias parts them */
	assert_ok(associate(f->array, make_lun(f->array, "l"), 2, one, two));
	assert_int_equal(array_target_create(f->array, NULL, NULL, "twin", false, false, NULL),
			 ERR_NAME_IN_USE);
	assert_int_equal(array_target_set_alias(f->array, NULL, &two, "twin", false, NULL),
			 ERR_NAME_IN_USE);
	assert_ok(array_target_set_alias(f->array, NULL, &two, "other", false, NULL));
	assert_int_equal(twins(f->array), 1);
	assert_ok(array_target_set_alias(f->array, NULL, &one, "twin", false, NULL));
	fixture_reopen(f);
	assert_int_equal(twins(f->array), 1);
}

static void
test_made_names_are_naa_without_a_prefix(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid t1 = make_target(a, "web"), t2 = make_target(a, "web");
	AUTO_STATE struct state *now = array_state(a);

	assert_int_equal(strncmp(target_row(now, t1)->iscsi_name, "naa.3", 5), 0);
	assert_int_equal(strlen(target_row(now, t1)->iscsi_name), 20);
	assert_string_not_equal(target_row(now, t1)->iscsi_name, target_row(now, t2)->iscsi_name);
	assert_string_equal(target_row(now, t1)->alias, "web");
}

static void
test_made_names_stand_under_the_prefix(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid t1, t2, t3;

	assert_ok(array_set_iqn_prefix(a, NULL, "iqn.2026-11.org.Example:", NULL));
	t1 = make_target(a, "Web Server");
	t2 = make_target(a, "Web Server");
	t3 = make_target(a, "");
	AUTO_STATE struct state *now = array_state(a);

	assert_string_equal(target_row(now, t1)->iscsi_name, "iqn.2026-11.org.example:web-server");
	assert_int_equal(
		strncmp(target_row(now, t2)->iscsi_name, "iqn.2026-11.org.example:web-server-", 35),
		0);
	assert_int_equal(strlen(target_row(now, t3)->iscsi_name),
			 strlen("iqn.2026-11.org.example:") + 16);
}

static void
test_made_name_is_random_when_nothing_of_the_alias_may_stand_in_it(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid target;

	assert_ok(array_set_iqn_prefix(a, NULL, "iqn.2026-11.org.example", NULL));
	target = make_target(a, "日本");
	AUTO_STATE struct state *now = array_state(a);

	assert_int_equal(strlen(target_row(now, target)->iscsi_name),
			 strlen("iqn.2026-11.org.example:") + 16);
}

static void
test_bad_prefixes_are_invalid(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	assert_int_equal(array_set_iqn_prefix(a, NULL, "example.org", NULL), ERR_INVALID);
	assert_int_equal(array_set_iqn_prefix(a, NULL, "naa.3000000000000000", NULL), ERR_INVALID);
	assert_ok(array_set_iqn_prefix(a, NULL, "iqn.2026-11.org.example", NULL));
	assert_ok(array_set_iqn_prefix(a, NULL, "", NULL));
}

static void
test_given_name_is_normalised_and_unique(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_answer answer;

	assert_ok(array_target_create(a, NULL, "iqn.2026-11.org.example:X", "", false, false,
				      &answer));
	assert_int_equal(
		array_target_create(a, NULL, "IQN.2026-11.org.example:x", "", false, false, NULL),
		ERR_NAME_IN_USE);
	assert_int_equal(array_target_create(a, NULL, "no name", "", false, false, NULL),
			 ERR_INVALID);
	AUTO_STATE struct state *now = array_state(a);

	assert_string_equal(target_row(now, answer.object_id)->iscsi_name,
			    "iqn.2026-11.org.example:x");
}

static void
test_alias_can_be_changed(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid target = make_target(a, "old"), unknown = random_guid();

	assert_ok(array_target_set_alias(a, NULL, &target, "new", false, NULL));
	assert_int_equal(array_target_set_alias(a, NULL, &unknown, "new", false, NULL),
			 ERR_NOT_FOUND);
	assert_int_equal(array_target_set_alias(a, NULL, &target, "bell\a", false, NULL),
			 ERR_INVALID);
	assert_int_equal(array_target_set_alias(a, NULL, &target, "  ", false, NULL), ERR_INVALID);
	assert_int_equal(array_target_create(a, NULL, NULL, " ", false, false, NULL), ERR_INVALID);
	AUTO_STATE struct state *now = array_state(a);

	assert_string_equal(target_row(now, target)->alias, "new");
}

static const char *
redirect_of(struct array *a, struct guid target)
{
	static char text[REDIRECT_TEXT_SIZE];
	AUTO_STATE struct state *now = array_state(a);

	snprintf(text, sizeof(text), "%s", target_row(now, target)->redirect);
	return text;
}

static void
test_redirects_are_addresses_where_logins_find_something(void **state)
{
	static const char *const wrong[] = {
		"192.0.2.9:3260,1", "0.0.0.0",           "[::]:3260", "array2",
		"192.0.2.9:0",      "192.0.2.9 forever", " ",         "127.0.0.1:4000"
	};
	struct array *a = ((struct fixture *)*state)->array;
	struct guid target = make_target(a, "web");
	struct array_answer portal;

	assert_ok(array_target_set_redirect(a, NULL, &target, "192.0.2.9 move permanent", NULL));
	assert_string_equal(redirect_of(a, target), "192.0.2.9:3260 permanent move");
	assert_ok(array_target_set_redirect(a, NULL, &target, "2001:DB8::9", NULL));
	assert_string_equal(redirect_of(a, target), "[2001:db8::9]:3260");
	assert_ok(array_portal_create(a, NULL, "127.0.0.1", 4000, false, &portal));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(array_target_set_redirect(a, NULL, &target, wrong[i], NULL),
				 ERR_INVALID);
	assert_string_equal(redirect_of(a, target), "[2001:db8::9]:3260");
	assert_ok(array_portal_create(a, NULL, "127.0.0.1", 4000, true, &portal));
	assert_ok(array_target_set_redirect(a, NULL, &target, "127.0.0.1:4000", NULL));
	assert_ok(array_target_set_redirect(a, NULL, &target, "none", NULL));
	assert_string_equal(redirect_of(a, target), "");
}

/* A login at a portal: a redirect that leads to where nobody serves the target is not followed. */
static void
test_a_redirect_leads_nobody_in_a_circle(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid target = make_target(a, "web"), group;
	struct array_answer one, other;
	struct redirect to;

	assert_ok(array_portal_create(a, NULL, "127.0.0.1", 4000, true, &one));
	assert_ok(array_portal_create(a, NULL, "127.0.0.1", 4001, true, &other));
	assert_ok(array_target_set_redirect(a, NULL, &target, "127.0.0.1:4001", NULL));
	AUTO_STATE struct state *now = array_state(a);
	const struct row_portal *first = state_find(now, ROW_PORTAL, &one.object_id),
				*second = state_find(now, ROW_PORTAL, &other.object_id);

	assert_true(redirect_applies(now, target_row(now, target), first, &to));
	assert_string_equal(to.endpoint, "127.0.0.1:4001");
	assert_false(redirect_applies(now, target_row(now, target), second, &to));
	group = ((const struct row_portal_group *)state_at(now, ROW_PORTAL_GROUP, 0))->id;
	assert_ok(array_group_remove_portal(a, NULL, &group, &other.object_id, NULL));
	AUTO_STATE struct state *later = array_state(a);

	assert_false(redirect_applies(later, target_row(later, target), first, &to));
}

static void
test_target_with_luns_is_not_deleted(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid target = make_target(a, "t"), lun = make_lun(a, "l");

	assert_ok(associate(a, lun, 1, target));
	assert_int_equal(array_target_delete(a, NULL, &target, NULL), ERR_LUNS_ASSOCIATED);
	assert_ok(associate(a, lun, 0));
	assert_ok(array_target_delete(a, NULL, &target, NULL));
	assert_int_equal(array_target_delete(a, NULL, &target, NULL), ERR_NOT_FOUND);
}

static void
test_groups_go_with_their_target(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_answer answer;

	make_portal(a, "127.0.0.1", 3260);
	assert_ok(array_target_create(a, NULL, NULL, "t", true, false, &answer));
	assert_int_equal(count_rows(a, ROW_GROUP_PORTAL), 1);
	assert_ok(array_target_delete(a, NULL, &answer.object_id, NULL));
	assert_int_equal(count_rows(a, ROW_PORTAL_GROUP), 0);
	assert_int_equal(count_rows(a, ROW_GROUP_PORTAL), 0);
}

static void
test_group_on_request_has_all_portals(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_answer answer;

	make_portal(a, "127.0.0.1", 3260);
	make_portal(a, "::1", 3260);
	assert_ok(array_target_create(a, NULL, NULL, "t", true, false, &answer));
	AUTO_STATE struct state *now = array_state(a);

	assert_int_equal(state_target_groups(now, &answer.object_id).count, 1);
	assert_int_equal(state_count(now, ROW_GROUP_PORTAL), 2);
}

/* ---- groups ---- */

static struct guid
make_group(struct array *a, struct guid target)
{
	struct array_answer answer;

	assert_ok(array_group_create(a, NULL, &target, &answer));
	return answer.object_id;
}

static uint32_t
tag_of(struct array *a, struct guid group)
{
	AUTO_STATE struct state *now = array_state(a);

	return ((const struct row_portal_group *)state_find(now, ROW_PORTAL_GROUP, &group))->tag;
}

static uint32_t
relative_port_of(struct array *a, struct guid group)
{
	AUTO_STATE struct state *now = array_state(a);

	return ((const struct row_portal_group *)state_find(now, ROW_PORTAL_GROUP, &group))
		->relative_port;
}

static void
test_tags_are_the_lowest_free_in_their_target(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid t1 = make_target(a, "1"), t2 = make_target(a, "2");
	struct guid g1 = make_group(a, t1), g2 = make_group(a, t1);

	assert_int_equal(tag_of(a, g1), 1);
	assert_int_equal(tag_of(a, g2), 2);
	assert_int_equal(tag_of(a, make_group(a, t2)), 1);
	assert_ok(array_group_delete(a, NULL, &g1, false, NULL));
	assert_int_equal(tag_of(a, make_group(a, t1)), 1);
}

static void
test_relative_ports_count_on_in_the_whole_array(void **state)
{
	struct fixture *f = *state;
	struct guid t1 = make_target(f->array, "1"), t2 = make_target(f->array, "2");
	struct guid g1 = make_group(f->array, t1), g2 = make_group(f->array, t2);

	assert_int_equal(relative_port_of(f->array, g1), 1);
	assert_int_equal(relative_port_of(f->array, g2), 2);
	assert_ok(array_group_delete(f->array, NULL, &g2, false, NULL));
	fixture_reopen(f);
	assert_int_equal(relative_port_of(f->array, make_group(f->array, t2)), 3);
}

/* The writer stands still meanwhile: nothing is under way. */
static void
test_the_ports_of_deleted_groups_are_used_again_when_all_were(void **state)
{
	struct fixture *f = *state;
	struct guid t = make_target(f->array, "t"), kept, gone;

	kept = make_group(f->array, t);
	gone = make_group(f->array, t);
	assert_int_equal(relative_port_of(f->array, gone), 2);
	assert_ok(array_group_delete(f->array, NULL, &gone, false, NULL));
	/* all others were used once */
	memset(f->array->ports, 0xff, sizeof(f->array->ports));
	assert_int_equal(relative_port_of(f->array, make_group(f->array, t)), 3);
	memset(f->array->ports, 0xff, sizeof(f->array->ports));
	f->array->ports_known = false;
	assert_int_equal(relative_port_of(f->array, make_group(f->array, t)), 4);
	assert_int_equal(relative_port_of(f->array, kept), 1);
}

static uint64_t
port_visits(struct array *a, unsigned targets)
{
	uint64_t before = a->ports_visited;
	char name[16];

	for (unsigned i = 0; i < targets; i++) {
		snprintf(name, sizeof(name), "t%u-%u", targets, i);
		assert_ok(array_target_create(a, NULL, NULL, name, true, false, NULL));
	}
	return a->ports_visited - before;
}

static void
test_a_port_is_found_without_a_look_at_all_groups(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	assert_true(port_visits(a, 50) <= 100);
	assert_true(port_visits(a, 200) <= 200);
}

static void
test_portal_is_in_one_group_of_a_target(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid target = make_target(a, "1"), portal = make_portal(a, "127.0.0.1", 3260);
	struct guid g1 = make_group(a, target), g2 = make_group(a, target),
		    other = make_group(a, make_target(a, "2"));
	struct array_answer answer;

	assert_ok(array_group_add_portal(a, NULL, &g1, &portal, &answer));
	assert_false(answer.existed);
	assert_ok(array_group_add_portal(a, NULL, &g1, &portal, &answer));
	assert_true(answer.existed);
	assert_int_equal(array_group_add_portal(a, NULL, &g2, &portal, NULL), ERR_IN_USE);
	assert_ok(array_group_add_portal(a, NULL, &other, &portal, NULL));
	assert_ok(array_group_remove_portal(a, NULL, &g1, &portal, NULL));
	assert_int_equal(array_group_remove_portal(a, NULL, &g1, &portal, NULL), ERR_NOT_FOUND);
	assert_ok(array_group_add_portal(a, NULL, &g2, &portal, NULL));
}

static void
test_group_with_portals_is_not_deleted_unless_asked(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid portal = make_portal(a, "127.0.0.1", 3260);
	struct guid group = make_group(a, make_target(a, "t"));
	uint64_t before;

	assert_ok(array_group_add_portal(a, NULL, &group, &portal, NULL));
	before = sequence_of(a);
	assert_int_equal(array_group_delete(a, NULL, &group, false, NULL), ERR_PORTALS_ASSOCIATED);
	assert_int_equal(sequence_of(a), before);
	assert_ok(array_group_delete(a, NULL, &group, true, NULL));
	assert_int_equal(count_rows(a, ROW_GROUP_PORTAL), 0);
	assert_int_equal(count_rows(a, ROW_PORTAL), 1);
}

struct adder {
	struct array *array;
	struct guid group, portal;
	int rc;
};

static void *
add_portal(void *arg)
{
	struct adder *adder = arg;

	adder->rc = array_group_add_portal(adder->array, NULL, &adder->group, &adder->portal, NULL);
	return NULL;
}

static void
test_group_is_not_deleted_beside_a_portal_that_joins_it(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid target = make_target(a, "t"), portal = make_portal(a, "127.0.0.1", 3260);

	for (int i = 0; i < 200; i++) {
		struct adder adder = { a, make_group(a, target), portal, 0 };
		pthread_t thread;
		int rc;

		assert_int_equal(pthread_create(&thread, NULL, add_portal, &adder), 0);
		rc = array_group_delete(a, NULL, &adder.group, false, NULL);
		pthread_join(thread, NULL);
		assert_int_equal(rc, adder.rc == 0 ? ERR_PORTALS_ASSOCIATED : 0);
		assert_int_equal(adder.rc, rc == 0 ? ERR_NOT_FOUND : 0);
		if (rc < 0)
			assert_ok(array_group_delete(a, NULL, &adder.group, true, NULL));
	}
}

static void
test_groups_of_nothing_are_not_found(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid unknown = random_guid(), portal = make_portal(a, "127.0.0.1", 3260);
	struct guid group = make_group(a, make_target(a, "t"));

	assert_int_equal(array_group_create(a, NULL, &unknown, NULL), ERR_NOT_FOUND);
	assert_int_equal(array_group_delete(a, NULL, &unknown, true, NULL), ERR_NOT_FOUND);
	assert_int_equal(array_group_add_portal(a, NULL, &unknown, &portal, NULL), ERR_NOT_FOUND);
	assert_int_equal(array_group_add_portal(a, NULL, &group, &unknown, NULL), ERR_NOT_FOUND);
}

/* ---- portals ---- */

static void
test_address_is_numeric_and_canonical(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid portal = make_portal(a, "0:0::1", 3260);
	AUTO_STATE struct state *now = array_state(a);

	assert_string_equal(
		((const struct row_portal *)state_find(now, ROW_PORTAL, &portal))->address, "::1");
	assert_int_equal(array_portal_create(a, NULL, "localhost", 3260, false, NULL), ERR_INVALID);
	assert_int_equal(array_portal_create(a, NULL, "127.0.0.1", 0, false, NULL), ERR_INVALID);
}

static void
test_same_portal_again_is_the_one_that_was_there(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid portal = make_portal(a, "127.0.0.1", 3260);
	struct array_answer answer;

	assert_ok(array_portal_create(a, NULL, "127.0.0.1", 3260, false, &answer));
	assert_true(answer.existed && guid_equal(&answer.object_id, &portal));
	make_portal(a, "127.0.0.1", 3261);
	assert_int_equal(count_rows(a, ROW_PORTAL), 2);
}

static void
test_wildcard_is_every_address_of_the_host(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	bool loopback = false;

	make_portal(a, "0.0.0.0", 3260);
	AUTO_STATE struct state *now = array_state(a);

	for (size_t i = 0; i < state_count(now, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(now, ROW_PORTAL, i);

		assert_string_not_equal(portal->address, "0.0.0.0");
		loopback = loopback || strcmp(portal->address, "127.0.0.1") == 0;
	}
	assert_true(loopback);
}

static void
test_portal_in_a_group_is_not_deleted(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid portal = make_portal(a, "127.0.0.1", 3260),
		    group = make_group(a, make_target(a, "t"));

	assert_ok(array_group_add_portal(a, NULL, &group, &portal, NULL));
	assert_int_equal(array_portal_delete(a, NULL, &portal, NULL), ERR_IN_USE);
	assert_ok(array_group_delete(a, NULL, &group, true, NULL));
	assert_ok(array_portal_delete(a, NULL, &portal, NULL));
	assert_int_equal(array_portal_delete(a, NULL, &portal, NULL), ERR_NOT_FOUND);
}

static void
test_portal_status(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid portal = make_portal(a, "127.0.0.1", 3260);

	assert_ok(array_portal_set_status(a, NULL, &portal, STATUS_OFFLINE, NULL));
	AUTO_STATE struct state *now = array_state(a);

	assert_int_equal(((const struct row_portal *)state_find(now, ROW_PORTAL, &portal))->status,
			 STATUS_OFFLINE);
}

static void
test_session_is_ended_by_the_data_path(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid session = fake_session(a, make_target(a, "t"));
	struct fake_runtime fake;

	assert_int_equal(array_session_end(a, &session), ERR_NOT_FOUND);
	fake_register(&fake, a);
	assert_ok(array_session_end(a, &session));
	AUTO_STATE struct state *live = array_live(a);

	assert_int_equal(state_count(live, ROW_LIVE_SESSION), 0);
	fake_unregister(&fake);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

/* ---- all targets at a portal ---- */

static bool
reaches(struct array *a, struct guid target, struct guid portal)
{
	AUTO_STATE struct state *state = array_state(a);
	struct row_slice groups = state_target_groups(state, &target);

	for (size_t i = 0; i < groups.count; i++)
		if (state_find_pair(state, ROW_GROUP_PORTAL,
				    &((const struct row_portal_group *)groups.rows[i])->id,
				    &portal) != NULL)
			return true;
	return false;
}

static void
test_a_portal_for_all_targets_is_one_change(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid with = make_target(a, "with"), without = make_target(a, "without");
	struct array_answer answer, again;
	uint64_t before;

	assert_ok(array_group_create(a, NULL, &with, NULL));
	before = sequence_of(a);
	assert_ok(array_portal_create(a, NULL, "127.0.0.8", 3260, true, &answer));
	assert_int_equal(sequence_of(a), before + 1);
	assert_true(reaches(a, with, answer.object_id));
	assert_true(reaches(a, without, answer.object_id));
	assert_int_equal(count_rows(a, ROW_PORTAL_GROUP), 2);
	/* again: nothing is left to do; later targets are added to a portal that exists */
	assert_ok(array_portal_create(a, NULL, "127.0.0.8", 3260, true, &again));
	assert_true(again.existed);
	assert_int_equal(sequence_of(a), before + 1);
	with = make_target(a, "later");
	assert_ok(array_portal_create(a, NULL, "127.0.0.8", 3260, false, NULL));
	assert_false(reaches(a, with, answer.object_id));
	assert_ok(array_portal_create(a, NULL, "127.0.0.8", 3260, true, NULL));
	assert_true(reaches(a, with, answer.object_id));
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_alias_is_of_one_target),
		WITH_ARRAY(test_an_array_with_equal_aliases_is_served_and_can_be_tidied),
		WITH_ARRAY(test_made_names_are_naa_without_a_prefix),
		WITH_ARRAY(test_made_names_stand_under_the_prefix),
		WITH_ARRAY(test_made_name_is_random_when_nothing_of_the_alias_may_stand_in_it),
		WITH_ARRAY(test_bad_prefixes_are_invalid),
		WITH_ARRAY(test_given_name_is_normalised_and_unique),
		WITH_ARRAY(test_alias_can_be_changed),
		WITH_ARRAY(test_redirects_are_addresses_where_logins_find_something),
		WITH_ARRAY(test_a_redirect_leads_nobody_in_a_circle),
		WITH_ARRAY(test_target_with_luns_is_not_deleted),
		WITH_ARRAY(test_a_portal_for_all_targets_is_one_change),
		WITH_ARRAY(test_groups_go_with_their_target),
		WITH_ARRAY(test_group_on_request_has_all_portals),
		WITH_ARRAY(test_tags_are_the_lowest_free_in_their_target),
		WITH_ARRAY(test_relative_ports_count_on_in_the_whole_array),
		WITH_ARRAY(test_the_ports_of_deleted_groups_are_used_again_when_all_were),
		WITH_ARRAY(test_a_port_is_found_without_a_look_at_all_groups),
		WITH_ARRAY(test_portal_is_in_one_group_of_a_target),
		WITH_ARRAY(test_group_with_portals_is_not_deleted_unless_asked),
		WITH_ARRAY(test_group_is_not_deleted_beside_a_portal_that_joins_it),
		WITH_ARRAY(test_groups_of_nothing_are_not_found),
		WITH_ARRAY(test_address_is_numeric_and_canonical),
		WITH_ARRAY(test_same_portal_again_is_the_one_that_was_there),
		WITH_ARRAY(test_wildcard_is_every_address_of_the_host),
		WITH_ARRAY(test_portal_in_a_group_is_not_deleted),
		WITH_ARRAY(test_portal_status),
		WITH_ARRAY(test_session_is_ended_by_the_data_path),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
