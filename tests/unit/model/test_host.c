/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of hosts in unmasking lists, and of lists of initiator names, without an array. */
#include <errno.h>

#include "fault.h"
#include "sample.h"

#include "base/str.h"
#include "model/host.h"

#define IQN   "iqn.2026-11.org.example:"
#define HOST  "host:00000001-0000-0000-0000-000000000068"
#define GROUP "host-group:00000001-0000-0000-0000-000000000067"

static void *
host(unsigned n)
{
	struct row_host *row = row_new(ROW_HOST);

	row->id = sample_id('h', n);
	sample_text(&row->name, "db%u", n);
	return row;
}

static void *
initiator(unsigned n, unsigned of)
{
	struct row_initiator *row = row_new(ROW_INITIATOR);

	row->id = sample_id('i', n);
	row->host_id = sample_id('h', of);
	sample_text(&row->iscsi_name, IQN "%u", n);
	return row;
}

/* The sample with hosts db1 (names 1 and 2) and db2 (name 3), which is in the group "g". */
static struct state *
hosts(void)
{
	struct state_edit *edit = sample_edit();
	struct row_host_group *group = row_new(ROW_HOST_GROUP);
	struct row_host_member *member = row_new(ROW_HOST_MEMBER);
	struct state *state = NULL;

	group->id = member->group_id = sample_id('g', 1);
	member->host_id = sample_id('h', 2);
	sample_text(&group->name, "g", 1);
	assert_int_equal(state_edit_put(edit, host(1)), 0);
	assert_int_equal(state_edit_put(edit, host(2)), 0);
	for (unsigned n = 1; n <= 3; n++)
		assert_int_equal(state_edit_put(edit, initiator(n, n <= 2 ? 1 : 2)), 0);
	assert_int_equal(state_edit_put(edit, group), 0);
	assert_int_equal(state_edit_put(edit, member), 0);
	assert_int_equal(state_edit_load(edit, &state), 0);
	assert_int_equal(state_check(state), 0);
	return state;
}

static void
test_a_list_admits_by_name_host_and_group(void **unused)
{
	AUTO_STATE struct state *state = hosts();
	static const char list[] = "eui.0123456789abcdef;" GROUP ";" HOST ";" IQN "9";

	(void)unused;
	assert_true(host_mask_admits(state, list, "iqn.2026-11.ORG.example:1"));
	assert_true(host_mask_admits(state, list, IQN "2"));
	assert_true(host_mask_admits(state, list, IQN "3"));
	assert_true(host_mask_admits(state, list, IQN "9"));
	assert_false(host_mask_admits(state, list, IQN "4"));
	assert_false(host_mask_admits(state, HOST, IQN "3"));
	assert_false(host_mask_admits(state, GROUP, IQN "1"));
	assert_false(host_mask_admits(state, "", IQN "1"));
	assert_true(host_mask_admits(state, "*", "anything"));
	assert_false(host_mask_admits(state, HOST, HOST));
	assert_false(mask_admits(HOST, HOST));
	assert_false(host_mask_admits(state, NULL, IQN "1"));
}

static void
test_hosts_are_entries_in_canonical_form(void **unused)
{
	AUTO_FREE char *list = NULL, *more = NULL, *less = NULL;

	(void)unused;
	assert_int_equal(mask_normalize(" HOST:00000001-0000-0000-0000-00000000006A ;" IQN "B;" HOST
					";" HOST,
					&list),
			 0);
	assert_string_equal(list, HOST ";host:00000001-0000-0000-0000-00000000006a;" IQN "b");
	assert_int_equal(mask_add(list, GROUP, &more), 0);
	assert_true(mask_includes(more, list));
	assert_false(mask_includes(list, more));
	assert_int_equal(mask_remove(more, HOST ";" IQN "B", &less), 0);
	assert_string_equal(less, GROUP ";host:00000001-0000-0000-0000-00000000006a");
}

static void
test_what_is_no_id_of_a_host_is_refused(void **unused)
{
	static const char *const wrong[] = {
		"host:",
		"host:db1",
		"host-group:1",
		"host:00000001-0000-0000-0000-00000000006",
		"host:00000001-0000-0000-0000-0000000000688",
		"host:{00000001-0000-0000-0000-000000000068}",
		("*;" HOST),
		"hosts:x",
	};
	char *list = NULL;

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(mask_normalize(wrong[i], &list), ERR_INVALID);
	assert_null(list);
}

static void
test_a_list_is_flattened_resolved_and_described(void **unused)
{
	AUTO_STATE struct state *state = hosts();

	(void)unused;
	WITH_EVERY_FAULT
	{
		AUTO_FREE char *flat = NULL, *ids = NULL;
		AUTO(strbuf_fini) struct strbuf text = { 0 };
		int rc = host_mask_resolve(state, "Host:db1; HOST-group:g ;" IQN "1", &ids);

		if (rc == 0)
			rc = host_mask_flatten(state, ids, &flat);
		assert_true(rc == 0 || rc == -ENOMEM);
		if (rc < 0)
			continue;
		assert_string_equal(ids, HOST ";" GROUP ";" IQN "1");
		assert_string_equal(flat, IQN "1;" IQN "2;" IQN "3");
		host_mask_describe(state, ids, &text);
		assert_true(text.failed ||
			    strcmp(text.text, "host:db1;host-group:g;" IQN "1") == 0);
	}
}

/* Also in capitals: what mask_normalize takes for a host must be there. */
static void
test_a_host_that_is_not_there_is_found_out(void **unused)
{
	AUTO_STATE struct state *state = hosts();
	char *ids = NULL;

	(void)unused;
	assert_int_equal(
		host_mask_resolve(state, "HOST:00000009-0000-0000-0000-000000000068", &ids),
		ERR_NOT_FOUND);
	assert_int_equal(host_mask_resolve(state, "host-Group:db1", &ids), ERR_NOT_FOUND);
	assert_int_equal(host_mask_resolve(state, "host:", &ids), ERR_NOT_FOUND);
	assert_null(ids);
}

static void
test_names_are_read_sorted_and_once(void **unused)
{
	(void)unused;
	WITH_EVERY_FAULT
	{
		struct host_names names = { 0 };
		int rc = host_names_parse(IQN "b;; " IQN "A ;" IQN "B", &names);

		assert_true(rc == 0 || rc == -ENOMEM);
		if (rc == 0) {
			assert_int_equal(names.count, 2);
			assert_string_equal(names.names[0], IQN "a");
			assert_true(host_names_have(&names, IQN "b"));
			assert_false(host_names_have(&names, IQN "c"));
		}
		host_names_fini(&names);
	}
}

/* ---- the index from hosts to the LUNs whose lists name them ---- */

#define INDEX_LUNS  40u
#define INDEX_HOSTS 6u

/* A list of the hosts whose bits are set; an odd number stands for a group. */
static void
list_of(unsigned bits, char list[512])
{
	char text[GUID_TEXT_SIZE];
	AUTO_FREE char *sorted = NULL;
	size_t len = 0;

	len += (size_t)snprintf(list, 512, IQN "9");
	for (unsigned n = 0; n < INDEX_HOSTS; n++)
		if ((bits >> n & 1) != 0) {
			struct guid id = sample_id(n % 2 != 0 ? 'g' : 'h', n);

			len += (size_t)snprintf(list + len, 512 - len, ";%s%s",
						n % 2 != 0 ? MASK_HOST_GROUP : MASK_HOST,
						guid_format(&id, text));
		}
	assert_int_equal(mask_normalize(list, &sorted), 0);
	snprintf(list, 512, "%s", sorted);
}

/* The index says of each host what reading all lists says. */
static void
assert_index_finds(const struct state *state)
{
	for (unsigned n = 0; n < INDEX_HOSTS; n++) {
		const struct guid id = sample_id(n % 2 != 0 ? 'g' : 'h', n);
		const char *prefix = n % 2 != 0 ? MASK_HOST_GROUP : MASK_HOST;
		const struct row_lun *found = state_masked_next(state, &id, NULL);

		for (size_t i = 0; i < state_count(state, ROW_LUN); i++) {
			const struct row_lun *lun = state_at(state, ROW_LUN, i);

			if (!host_mask_has(lun->mask, prefix, &id))
				continue;
			assert_ptr_equal(found, lun);
			found = state_masked_next(state, &id, &lun->id);
		}
		assert_null(found);
	}
}

static void
assert_index_is_right(const struct state *state)
{
	assert_index_finds(state);
	assert_int_equal(state_check(state), 0);
}

/* The hosts and groups that list_of names. */
static void
put_hosts(struct state_edit *edit)
{
	sample_put(edit, sample_array(), sample_pool(1), NULL);
	for (unsigned n = 0; n < INDEX_HOSTS; n++) {
		struct row_host_group *group;

		if (n % 2 == 0) {
			sample_put(edit, host(n), NULL);
			continue;
		}
		group = row_new(ROW_HOST_GROUP);
		group->id = sample_id('g', n);
		sample_text(&group->name, "g%u", n);
		sample_put(edit, group, NULL);
	}
}

static void *
masked_lun(unsigned n, unsigned bits)
{
	struct row_lun *lun = sample_lun(n);
	char list[512];

	list_of(bits, list);
	assert_int_equal(row_set_string(&lun->mask, list), 0);
	return lun;
}

static struct state *
reloaded(const struct state *state)
{
	struct state_edit *edit = state_edit_new_load(state_position(state));
	struct state *loaded = NULL;

	for (int family = 0; family < ROW_CONFIG_COUNT; family++)
		for (size_t i = 0; i < state_count(state, (enum row_family)family); i++) {
			void *row = row_ref(state_at(state, (enum row_family)family, i));

			assert_int_equal(state_edit_put(edit, row), 0);
		}
	assert_int_equal(state_edit_load(edit, &loaded), 0);
	return loaded;
}

/* Lists change, LUNs come and go; the states before stay as they were. */
static void
test_the_index_of_hosts_follows_the_lists(void **unused)
{
	struct position at = sample_position();
	struct state *state = state_new(&at);
	unsigned seed = 5;

	(void)unused;
	for (unsigned round = 0; round < 300; round++) {
		AUTO_STATE struct state *before = TAKE(state), *loaded = NULL;
		struct state_edit *edit = state_edit_new(before);

		if (round == 0)
			put_hosts(edit);
		for (unsigned i = 0; i < 3; i++) {
			unsigned n;
			struct guid id;

			seed = seed * 1103515245u + 12345u;
			n = (seed >> 8) % INDEX_LUNS;
			id = sample_id('l', n);
			if ((seed >> 4) % 4 != 0)
				sample_put(edit, masked_lun(n, seed >> 16), NULL);
			else if (state_find(state_edit_view(edit), ROW_LUN, &id) != NULL)
				assert_int_equal(state_edit_delete(edit, ROW_LUN, &id, NULL), 0);
		}
		state = sample_next(edit, NULL);
		if (round > 0)
			assert_index_is_right(before);
		assert_index_is_right(state);
		loaded = reloaded(state);
		assert_index_is_right(loaded);
	}
	state_unref(state);
}

static void
test_the_index_of_hosts_is_right_when_memory_is_short(void **unused)
{
	struct position at = sample_position();
	AUTO_STATE struct state *empty = state_new(&at), *base = NULL;
	struct state_edit *edit = state_edit_new(empty);
	char changed[512];

	(void)unused;
	list_of(0x3c, changed);
	put_hosts(edit);
	sample_put(edit, masked_lun(1, 7), masked_lun(2, 5), NULL);
	base = sample_next(edit, NULL);
	WITH_EVERY_FAULT
	{
		struct state_edit *next = state_edit_new(base);
		struct row_lun *row = next != NULL ? row_copy(state_at(base, ROW_LUN, 0)) : NULL;

		if (row != NULL && row_set_string(&row->mask, changed) == 0) {
			int rc = state_edit_put(next, row);

			assert_true(rc == 0 || rc == -ENOMEM);
			assert_index_finds(state_edit_view(next));
		} else {
			row_unref(row);
		}
		state_edit_free(next);
		assert_index_finds(base);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_list_admits_by_name_host_and_group),
		cmocka_unit_test(test_hosts_are_entries_in_canonical_form),
		cmocka_unit_test(test_what_is_no_id_of_a_host_is_refused),
		cmocka_unit_test(test_a_list_is_flattened_resolved_and_described),
		cmocka_unit_test(test_a_host_that_is_not_there_is_found_out),
		cmocka_unit_test(test_names_are_read_sorted_and_once),
		cmocka_unit_test(test_the_index_of_hosts_follows_the_lists),
		cmocka_unit_test(test_the_index_of_hosts_is_right_when_memory_is_short),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
