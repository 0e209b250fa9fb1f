/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of hosts and host groups in the array. */
#include "array_test.h"

#include "array/array_int.h"
#include "base/str.h"
#include "model/host.h"

#define IQN "iqn.2026-11.org.example:"

static struct guid
make_host(struct array *array, const char *name, const char *initiators)
{
	struct array_answer answer;

	assert_ok(array_host_create(array, NULL, name, initiators, &answer));
	return answer.object_id;
}

static struct guid
make_group(struct array *array, const char *name, const struct guid *hosts, size_t count)
{
	struct array_answer answer;

	assert_ok(array_host_group_create(array, NULL, name, hosts, count, &answer));
	return answer.object_id;
}

/* Fails unless the host's initiators are exactly these, joined by ';'. */
static void
assert_initiators(struct array *array, struct guid host, const char *wanted)
{
	AUTO_STATE struct state *now = array_state(array);
	struct row_slice slice = state_host_initiators(now, &host);
	char text[512] = "";

	for (size_t i = 0; i < slice.count; i++) {
		strcat(text, i > 0 ? ";" : "");
		strcat(text, ((const struct row_initiator *)slice.rows[i])->iscsi_name);
	}
	assert_string_equal(text, wanted);
}

static size_t
hosts_of(struct array *array, struct guid group)
{
	AUTO_STATE struct state *now = array_state(array);

	return state_group_hosts(now, &group).count;
}

/* ---- names ---- */

static void
test_names_are_kept_in_canonical_form_over_a_restart(void **state)
{
	struct fixture *f = *state;
	struct guid host = make_host(f->array, "db1", " " IQN "B ;;eui.0123456789ABCDEF;" IQN "b");

	assert_initiators(f->array, host, "eui.0123456789abcdef;" IQN "b");
	fixture_reopen(f);
	assert_initiators(f->array, host, "eui.0123456789abcdef;" IQN "b");
	assert_ok(array_check(f->array));
}

static void
test_a_name_belongs_to_one_host(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid one = make_host(a, "one", IQN "a"), two = make_host(a, "two", IQN "b");
	uint64_t sequence = sequence_of(a);

	assert_int_equal(array_host_add_initiators(a, NULL, &two, IQN "c;" IQN "A", NULL),
			 ERR_NAME_IN_USE);
	assert_non_null(strstr(err_text(ERR_NAME_IN_USE), "\"one\""));
	assert_int_equal(array_host_create(a, NULL, "three", IQN "b", NULL), ERR_NAME_IN_USE);
	assert_int_equal(sequence_of(a), sequence);
	assert_initiators(a, two, IQN "b");
	/* once it is given up, another host may have it */
	assert_ok(array_host_remove_initiators(a, NULL, &one, IQN "a", NULL));
	assert_ok(array_host_set_initiators(a, NULL, &two, IQN "a;" IQN "d", NULL));
	assert_initiators(a, one, "");
	assert_initiators(a, two, IQN "a;" IQN "d");
}

static void
test_what_is_no_initiator_name_is_refused(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid host = make_host(a, "h", NULL);

	assert_int_equal(array_host_add_initiators(a, NULL, &host, "iqn.nonsense", NULL),
			 ERR_INVALID);
	assert_int_equal(array_host_set_initiators(a, NULL, &host, "*", NULL), ERR_INVALID);
	assert_int_equal(array_host_create(a, NULL, "", IQN "a", NULL), ERR_INVALID);
	assert_int_equal(array_host_create(a, NULL, "a,b", IQN "a", NULL), ERR_INVALID);
	assert_int_equal(array_host_create(a, NULL, "h", IQN "a", NULL), ERR_NAME_IN_USE);
	assert_int_equal(count_rows(a, ROW_INITIATOR), 0);
}

static void
test_a_change_without_effect_makes_no_event(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid host = make_host(a, "h", IQN "a;" IQN "b");
	uint64_t sequence = sequence_of(a);

	assert_ok(array_host_add_initiators(a, NULL, &host, IQN "b", NULL));
	assert_ok(array_host_remove_initiators(a, NULL, &host, IQN "c", NULL));
	assert_ok(array_host_set_initiators(a, NULL, &host, IQN "b;" IQN "a", NULL));
	assert_ok(array_host_rename(a, NULL, &host, "h", NULL));
	assert_int_equal(sequence_of(a), sequence);
}

static void
test_who_a_name_belongs_to_is_found_in_any_case(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid host = make_host(a, "h", IQN "a");
	AUTO_STATE struct state *now = array_state(a);
	char longest[ROW_ISCSI_NAME_MAX + 2];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_true(
		guid_equal(&state_host_of_initiator(now, "IQN.2026-11.org.example:A")->id, &host));
	assert_null(state_host_of_initiator(now, IQN "ab"));
	assert_null(state_host_of_initiator(now, ""));
	assert_null(state_host_of_initiator(now, longest));
}

static void
test_sources_are_networks(void **state)
{
	struct fixture *f = *state;
	struct guid host = make_host(f->array, "h", NULL), target = make_target(f->array, "t");

	assert_int_equal(array_host_set_sources(f->array, NULL, &host, "10.0.0.1/8", NULL),
			 ERR_INVALID);
	assert_int_equal(array_target_set_sources(f->array, NULL, &target, "everywhere", NULL),
			 ERR_INVALID);
	assert_ok(array_host_set_sources(f->array, NULL, &host, "fd00::/8,10.0.0.0/8", NULL));
	assert_ok(array_target_set_sources(f->array, NULL, &target, "::1", NULL));
	fixture_reopen(f);
	AUTO_STATE struct state *now = array_state(f->array);

	assert_string_equal(((const struct row_host *)state_find(now, ROW_HOST, &host))->sources,
			    "10.0.0.0/8;fd00::/8");
	assert_string_equal(
		((const struct row_target *)state_find(now, ROW_TARGET, &target))->sources,
		"::1/128");
	assert_ok(array_host_set_sources(f->array, NULL, &host, "any", NULL));
}

/* ---- groups ---- */

static void
test_a_group_has_the_hosts_it_was_given(void **state)
{
	struct fixture *f = *state;
	struct array *a = f->array;
	struct guid hosts[] = { make_host(a, "a", NULL), make_host(a, "b", NULL),
				make_host(a, "c", NULL) };
	struct guid group = make_group(a, "g", hosts, 2), nobody = random_guid();

	assert_ok(array_host_group_add_hosts(a, NULL, &group, hosts, 3, NULL));
	assert_int_equal(hosts_of(a, group), 3);
	assert_ok(array_host_group_remove_hosts(a, NULL, &group, hosts, 1, NULL));
	assert_ok(array_host_group_remove_hosts(a, NULL, &group, hosts, 1, NULL));
	assert_ok(array_host_group_set_hosts(a, NULL, &group, &hosts[1], 1, NULL));
	assert_int_equal(hosts_of(a, group), 1);
	assert_int_equal(array_host_group_add_hosts(a, NULL, &group, &nobody, 1, NULL),
			 ERR_NOT_FOUND);
	assert_int_equal(array_host_group_create(a, NULL, "g", NULL, 0, NULL), ERR_NAME_IN_USE);
	fixture_reopen(f);
	assert_int_equal(hosts_of(f->array, group), 1);
}

static void
test_a_host_in_a_group_is_deleted_by_force_only(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid host = make_host(a, "h", IQN "a");
	struct guid group = make_group(a, "g", &host, 1);

	assert_int_equal(array_host_delete(a, NULL, &host, false, NULL), ERR_IN_USE);
	assert_int_equal(count_rows(a, ROW_INITIATOR), 1);
	assert_ok(array_host_delete(a, NULL, &host, true, NULL));
	assert_int_equal(count_rows(a, ROW_HOST) + count_rows(a, ROW_INITIATOR) +
				 count_rows(a, ROW_HOST_MEMBER),
			 0);
	assert_ok(array_host_group_delete(a, NULL, &group, false, NULL));
	assert_int_equal(count_rows(a, ROW_HOST_GROUP), 0);
	assert_int_equal(array_host_delete(a, NULL, &host, true, NULL), ERR_NOT_FOUND);
}

static void
test_a_deleted_group_leaves_its_hosts(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid host = make_host(a, "h", IQN "a");
	struct guid group = make_group(a, "g", &host, 1);

	assert_ok(array_host_group_rename(a, NULL, &group, "g2", NULL));
	assert_ok(array_host_group_delete(a, NULL, &group, false, NULL));
	assert_int_equal(count_rows(a, ROW_HOST), 1);
	assert_ok(array_host_delete(a, NULL, &host, false, NULL));
}

/* ---- unmasking lists ---- */

static void
assert_mask(struct array *array, struct guid lun, const char *described, const char *flat)
{
	AUTO_STATE struct state *now = array_state(array);
	const struct row_lun *row = state_find(now, ROW_LUN, &lun);
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	AUTO_FREE char *list = NULL;

	host_mask_describe(now, row->mask, &text);
	assert_string_equal(text.text, described);
	assert_ok(host_mask_flatten(now, row->mask, &list));
	assert_string_equal(list, flat);
}

static void
test_a_list_has_hosts_beside_names(void **state)
{
	struct fixture *f = *state;
	struct array *a = f->array;
	struct guid lun = make_lun(a, "l"), one = make_host(a, "one", IQN "b;" IQN "a");
	struct guid two = make_host(a, "two", IQN "c");

	make_group(a, "all", (struct guid[]){ one, two }, 2);
	assert_ok(array_lun_set_mask(a, NULL, &lun, "host:one;eui.0123456789abcdef", NULL));
	assert_mask(a, lun, "eui.0123456789abcdef;host:one",
		    "eui.0123456789abcdef;" IQN "a;" IQN "b");
	assert_ok(array_lun_add_mask(a, NULL, &lun, "host-group:all;" IQN "a", NULL));
	assert_mask(a, lun, "eui.0123456789abcdef;host-group:all;host:one;" IQN "a",
		    "eui.0123456789abcdef;" IQN "a;" IQN "b;" IQN "c");
	assert_ok(array_host_rename(a, NULL, &one, "uno", NULL));
	assert_ok(array_lun_remove_mask(a, NULL, &lun, "host:uno;eui.0123456789ABCDEF", NULL));
	assert_mask(a, lun, "host-group:all;" IQN "a", IQN "a;" IQN "b;" IQN "c");
	fixture_reopen(f);
	assert_mask(f->array, lun, "host-group:all;" IQN "a", IQN "a;" IQN "b;" IQN "c");
	assert_ok(array_check(f->array));
}

static void
test_a_list_with_a_host_that_is_not_there_is_refused(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l");
	const struct array_lun_spec spec = { .size_bytes = MIB, .mask = "host:gone" };

	assert_int_equal(array_lun_set_mask(a, NULL, &lun, "host:gone", NULL), ERR_NOT_FOUND);
	assert_non_null(strstr(err_text(ERR_NOT_FOUND), "`gone`"));
	assert_int_equal(array_lun_add_mask(a, NULL, &lun,
					    "host-group:01234567-89ab-4def-8123-456789abcdef",
					    NULL),
			 ERR_NOT_FOUND);
	assert_int_equal(array_lun_set_mask(a, NULL, &lun, "*;host:gone", NULL), ERR_NOT_FOUND);
	assert_int_equal(array_lun_create(a, NULL, &spec, NULL), ERR_NOT_FOUND);
	assert_mask(a, lun, "", "");
}

static void
test_a_flat_list_that_says_the_same_keeps_the_hosts(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l");
	uint64_t sequence;

	make_host(a, "h", IQN "b;" IQN "a");
	assert_ok(array_lun_set_mask(a, NULL, &lun, "host:h;" IQN "c", NULL));
	sequence = sequence_of(a);
	assert_ok(array_lun_set_flat_mask(a, NULL, &lun, IQN "c;" IQN "B;" IQN "a", NULL));
	assert_int_equal(sequence_of(a), sequence);
	assert_ok(array_lun_set_flat_mask(a, NULL, &lun, IQN "c;" IQN "a", NULL));
	assert_mask(a, lun, IQN "a;" IQN "c", IQN "a;" IQN "c");
	/* written as names, they are names */
	assert_ok(array_lun_set_mask(a, NULL, &lun, "host:h", NULL));
	assert_ok(array_lun_set_mask(a, NULL, &lun, IQN "a;" IQN "b", NULL));
	assert_mask(a, lun, IQN "a;" IQN "b", IQN "a;" IQN "b");
}

static void
test_what_a_list_names_is_deleted_by_force_only(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), host = make_host(a, "h", IQN "a");
	struct guid group = make_group(a, "g", NULL, 0);

	assert_ok(array_lun_set_mask(a, NULL, &lun, "host:h;host-group:g;" IQN "z", NULL));
	assert_int_equal(array_host_delete(a, NULL, &host, false, NULL), ERR_IN_USE);
	assert_non_null(strstr(err_text(ERR_IN_USE), "\"l\""));
	assert_int_equal(array_host_group_delete(a, NULL, &group, false, NULL), ERR_IN_USE);
	assert_ok(array_host_delete(a, NULL, &host, true, NULL));
	assert_mask(a, lun, "host-group:g;" IQN "z", IQN "z");
	assert_ok(array_host_group_delete(a, NULL, &group, true, NULL));
	assert_mask(a, lun, IQN "z", IQN "z");
	assert_ok(array_check(a));
}

static void
test_only_sessions_that_lose_the_lun_are_drained(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), target = make_target(a, "t");
	struct guid host = make_host(a, "h", IQN "a;" IQN "b");
	struct fake_runtime fake;

	fake_register(&fake, a);
	assert_ok(array_lun_set_mask(a, NULL, &lun, "host:h;" IQN "b", NULL));
	assert_ok(associate(a, lun, 1, target));
	fake_session_of(a, target, IQN "A");
	fake_session_of(a, target, IQN "b");
	assert_ok(array_host_add_initiators(a, NULL, &host, IQN "c", NULL));
	/* it has no session; and that one keeps the LUN by its name */
	assert_ok(array_host_remove_initiators(a, NULL, &host, IQN "c;" IQN "b", NULL));
	assert_int_equal(atomic_load(&fake.quiesced), 0);
	atomic_store(&fake.quiesce_result, ERR_TIMEOUT);
	assert_int_equal(array_host_set_initiators(a, NULL, &host, "", NULL), ERR_BUSY);
	assert_initiators(a, host, IQN "a");
	atomic_store(&fake.quiesce_result, 0);
	assert_ok(array_host_set_initiators(a, NULL, &host, "", NULL));
	assert_int_equal(atomic_load(&fake.quiesced), 2);
	assert_int_equal(atomic_load(&fake.resumed), 1);
	assert_int_equal(fake.mappings, 1);
	assert_string_equal(fake.lost, IQN "A");
	fake_unregister(&fake);
}

static void
test_a_host_that_leaves_a_group_is_drained(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), target = make_target(a, "t");
	struct guid host = make_host(a, "h", IQN "a");
	struct guid group = make_group(a, "g", &host, 1);
	struct fake_runtime fake;

	fake_register(&fake, a);
	assert_ok(array_lun_set_mask(a, NULL, &lun, "host-group:g", NULL));
	assert_ok(associate(a, lun, 1, target));
	fake_session_of(a, target, IQN "a");
	assert_ok(array_host_group_remove_hosts(a, NULL, &group, &host, 1, NULL));
	assert_int_equal(atomic_load(&fake.quiesced), 1);
	assert_ok(array_host_group_add_hosts(a, NULL, &group, &host, 1, NULL));
	assert_int_equal(atomic_load(&fake.quiesced), 1);
	assert_ok(array_host_group_delete(a, NULL, &group, true, NULL));
	assert_int_equal(atomic_load(&fake.quiesced), 2);
	fake_unregister(&fake);
}

/* ---- what a deletion costs ---- */

#define NAMED "00000000-0000-0000-0000-0000000000aa"

/* LUNs of which every (luns / 4)th has the host NAMED in its list, and all another host. */
static struct state *
state_of(unsigned luns)
{
	const struct position at = { .incarnation = 1 };
	struct state_edit *edit = state_edit_new_load(&at);
	struct state *state = NULL;

	for (unsigned i = 0; i < luns; i++) {
		struct row_lun *lun = row_new(ROW_LUN);
		AUTO_FREE char *mask = NULL;
		char name[16];

		memcpy(lun->id.bytes, &i, sizeof(i));
		assert_ok(mask_normalize(i % (luns / 4) == 1
						 ? "host:" NAMED
						   ";host:00000000-0000-0000-0000-0000000000ab"
						 : "host:00000000-0000-0000-0000-0000000000ab",
					 &mask));
		assert_ok(row_set_string(&lun->mask, mask));
		snprintf(name, sizeof(name), "%u", i);
		assert_ok(row_set_string(&lun->name, name));
		assert_ok(row_set_string(&lun->serial, name));
		assert_ok(row_set_string(&lun->naa, name));
		assert_ok(row_set_string(&lun->hints, ""));
		assert_ok(state_edit_put(edit, lun));
	}
	assert_ok(state_edit_load(edit, &state));
	return state;
}

/* How many steps it takes to take a host out of the four lists that name it. */
static uint64_t
cost_at(unsigned luns)
{
	AUTO_STATE struct state *state = state_of(luns);
	struct state_edit *edit = state_edit_new(state);
	uint64_t before = state_work();
	struct guid host;

	assert_ok(guid_parse(NAMED, &host));
	assert_int_equal(array_host_leave_masks(edit, MASK_HOST, &host, "db1", false), ERR_IN_USE);
	assert_true(state_edit_is_empty(edit));
	assert_ok(array_host_leave_masks(edit, MASK_HOST, &host, "db1", true));
	before = state_work() - before;
	assert_null(state_masked_next(state_edit_view(edit), &host, NULL));
	for (unsigned i = 0; i < luns; i++) {
		const struct row_lun *lun = state_at(state_edit_view(edit), ROW_LUN, i);

		assert_string_equal(lun->mask, "host:00000000-0000-0000-0000-0000000000ab");
	}
	state_edit_free(edit);
	return before;
}

static void
test_a_deletion_looks_only_at_the_lists_that_name_the_host(void **state)
{
	uint64_t small = cost_at(400), large = cost_at(25600);

	(void)state;
	/* A level or two of nodes more: not 64 times as much. */
	if (large > 3 * small || large > 6400)
		fail_msg("%llu steps at 25,600 LUNs, %llu at 400", (unsigned long long)large,
			 (unsigned long long)small);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_names_are_kept_in_canonical_form_over_a_restart),
		WITH_ARRAY(test_a_name_belongs_to_one_host),
		WITH_ARRAY(test_what_is_no_initiator_name_is_refused),
		WITH_ARRAY(test_a_change_without_effect_makes_no_event),
		WITH_ARRAY(test_who_a_name_belongs_to_is_found_in_any_case),
		WITH_ARRAY(test_sources_are_networks),
		WITH_ARRAY(test_a_group_has_the_hosts_it_was_given),
		WITH_ARRAY(test_a_host_in_a_group_is_deleted_by_force_only),
		WITH_ARRAY(test_a_deleted_group_leaves_its_hosts),
		WITH_ARRAY(test_a_list_has_hosts_beside_names),
		WITH_ARRAY(test_a_list_with_a_host_that_is_not_there_is_refused),
		WITH_ARRAY(test_a_flat_list_that_says_the_same_keeps_the_hosts),
		WITH_ARRAY(test_what_a_list_names_is_deleted_by_force_only),
		WITH_ARRAY(test_only_sessions_that_lose_the_lun_are_drained),
		WITH_ARRAY(test_a_host_that_leaves_a_group_is_drained),
		cmocka_unit_test(test_a_deletion_looks_only_at_the_lists_that_name_the_host),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
