/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what a change costs the catalog: how many pages it writes and how often it writes to the
 * log, counted, beside few LUNs and beside many.  Single-threaded.
 */
#include "catalog_test.h"
#include "shim_vfs.h"

#include <stdio.h>
#include <string.h>

enum { ASSOCIATIONS = 4, ROUNDS = 150 };

struct counts {
	int pages;  /* that SQLite has written */
	int writes; /* calls with which it has written them */
};

/*
 * An id that lies anywhere among the others, as those that the array makes; the same in each run.
 */
static struct guid
id_of(unsigned kind, unsigned n)
{
	uint64_t x = (uint64_t)(kind + 1) << 32 | n;
	struct guid g;

	for (size_t i = 0; i < sizeof(g.bytes); i++) {
		x += 0x9e3779b97f4a7c15u;
		x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
		g.bytes[i] = (uint8_t)(x >> 56);
	}
	return g;
}

static void
put(struct state_edit *edit, void *row)
{
	assert_ok(state_edit_put(edit, row));
}

static void
name(struct row_lun *row, unsigned n)
{
	char text[64];

	snprintf(text, sizeof(text), "volume-%06u", n);
	assert_ok(row_set_string(&row->name, text));
}

static void
put_lun(struct state_edit *edit, unsigned n, const struct guid *pool_id)
{
	struct row_lun *row = row_new(ROW_LUN);
	struct guid id = id_of(ROW_LUN, n);
	char text[32];

	row->id = id;
	row->number = n + 1;
	row->pool_id = *pool_id;
	row->size_bytes = 1 << 20;
	row->block_bytes = 512;
	name(row, n);
	snprintf(text, sizeof(text), "%02x%02x%010u", id.bytes[0], id.bytes[1], n);
	assert_ok(row_set_string(&row->serial, text));
	snprintf(text, sizeof(text), "3%02x%02x%011u", id.bytes[0], id.bytes[1], n);
	assert_ok(row_set_string(&row->naa, text));
	assert_ok(row_set_string(&row->mask, "*"));
	put(edit, row);
}

static void
put_target(struct state_edit *edit, unsigned n)
{
	struct row_target *row = row_new(ROW_TARGET);
	char text[64];

	row->id = id_of(ROW_TARGET, n);
	snprintf(text, sizeof(text), "iqn.2026-11.org.example:cost-%u", n);
	assert_ok(row_set_string(&row->iscsi_name, text));
	assert_ok(row_set_string(&row->alias, ""));
	put(edit, row);
}

static void
put_association(struct state_edit *edit, unsigned lun, unsigned target, unsigned number)
{
	struct row_association *row = row_new(ROW_ASSOCIATION);

	row->lun_id = id_of(ROW_LUN, lun);
	row->target_id = id_of(ROW_TARGET, target);
	row->lun_number = number;
	put(edit, row);
}

/* Commits what was edited, with the answer to a request, as the writer does. */
static void
commit(struct catalog_fixture *f, struct state_edit *edit)
{
	static unsigned requests;
	struct catalog_answer answer = { .request_id = id_of(ROW_FAMILY_COUNT, ++requests) };
	struct state *next = NULL;
	struct change *change = NULL;

	assert_ok(state_edit_finish(edit, "lun.modify", &answer.request_id, 1700000000000, &next,
				    &change));
	answer.sequence = change->sequence;
	assert_ok(catalog_begin(f->catalog));
	assert_ok(catalog_savepoint(f->catalog));
	assert_ok(catalog_apply(f->catalog, f->state, change));
	assert_ok(catalog_answer_put(f->catalog, &answer));
	assert_ok(catalog_release(f->catalog));
	assert_ok(catalog_commit(f->catalog));
	change_unref(change);
	state_unref(f->state);
	f->state = next;
}

/*
 * Makes that many LUNs, each behind ASSOCIATIONS targets, and as many targets as give each of them
 * 250 LUNs or less.  Returns the number of targets.
 */
static unsigned
build(struct catalog_fixture *f, unsigned luns)
{
	unsigned targets = MAX(luns * ASSOCIATIONS / 250, 16u);
	struct state_edit *edit = state_edit_new(f->state);
	const struct row_pool *pool = state_at(f->state, ROW_POOL, 0);

	assert_non_null(edit);
	assert_ok(catalog_counter_set(f->catalog, CATALOG_LUN_NUMBER, luns));
	for (unsigned n = 0; n < targets; n++)
		put_target(edit, n);
	for (unsigned n = 0; n < luns; n++)
		put_lun(edit, n, &pool->id);
	for (unsigned n = 0; n < luns; n++)
		for (unsigned i = 0; i < ASSOCIATIONS; i++)
			put_association(edit, n, (n + i) % targets, n / targets * 8 + i);
	commit(f, edit);
	return targets;
}

static void
rename_lun(struct catalog_fixture *f, unsigned n)
{
	struct guid id = id_of(ROW_LUN, n);
	struct row_lun *row = row_copy(state_find(f->state, ROW_LUN, &id));
	struct state_edit *edit = state_edit_new(f->state);
	char text[96];

	snprintf(text, sizeof(text), "%s+", row->name);
	assert_ok(row_set_string(&row->name, text));
	put(edit, row);
	commit(f, edit);
}

/* Takes the LUN away from one target and puts it behind another. */
static void
move_lun(struct catalog_fixture *f, unsigned n, unsigned targets)
{
	struct guid lun = id_of(ROW_LUN, n), target = id_of(ROW_TARGET, n % targets);
	struct state_edit *edit = state_edit_new(f->state);

	assert_ok(state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target));
	put_association(edit, n, (n + ASSOCIATIONS) % targets, n / targets * 8 + 7);
	commit(f, edit);
}

static int
status(struct catalog_fixture *f, int what)
{
	int now = 0, high = 0;

	assert_int_equal(sqlite3_db_status(f->catalog->db, what, &now, &high, 1), SQLITE_OK);
	return now;
}

static struct counts
count(struct catalog_fixture *f, unsigned luns, unsigned targets, bool renames)
{
	struct counts counts;
	unsigned writes;

	/* The log is copied into the database outside of what is counted, which fits into it. */
	assert_ok(catalog_exec(f->catalog, "PRAGMA wal_checkpoint(TRUNCATE)"));
	rename_lun(f, 0);
	(void)status(f, SQLITE_DBSTATUS_CACHE_WRITE);
	writes = shim_writes();
	for (unsigned i = 1; i <= ROUNDS; i++) {
		unsigned n = i * 7919u % luns;

		if (renames)
			rename_lun(f, n);
		else
			move_lun(f, n, targets);
	}
	counts.pages = status(f, SQLITE_DBSTATUS_CACHE_WRITE);
	counts.writes = (int)(shim_writes() - writes);
	return counts;
}

/*
 * A rename writes the LUN, its name in the index, the event, the answer and the position; a LUN
 * that moves writes the associations of the LUN, two places in the index of numbers, and the same
 * three.  A third of the changes begins a new page of events besides, and some split a page of an
 * index.
 */
static void
assert_few_pages(struct catalog_fixture *f, unsigned luns)
{
	unsigned targets = build(f, luns);

	assert_in_range(count(f, luns, targets, true).pages, ROUNDS, 6 * ROUNDS);
	assert_in_range(count(f, luns, targets, false).pages, ROUNDS, 7 * ROUNDS);
}

static void
test_change_writes_few_pages_beside_few_luns(void **state)
{
	assert_few_pages(*state, 500);
}

static void
test_change_writes_few_pages_beside_many_luns(void **state)
{
	assert_few_pages(*state, 20000);
}

/* Nothing is copied from the log into the database meanwhile, so all writes are to the log. */
static void
test_commit_writes_once_to_the_log(void **state)
{
	struct catalog_fixture *f = *state;
	unsigned targets = build(f, 500);

	assert_int_equal(count(f, 500, targets, true).writes, ROUNDS);
	assert_int_equal(count(f, 500, targets, false).writes, ROUNDS);
}

/* A transaction that is larger than what is gathered is whole all the same. */
static void
test_large_transaction_is_whole(void **state)
{
	struct catalog_fixture *f = *state;
	AUTO_STATE struct state *loaded = NULL;

	(void)build(f, 3000);
	catalog_close(f->catalog);
	assert_ok(catalog_open(f->dir, &f->catalog));
	assert_ok(catalog_load(f->catalog, &loaded));
	assert_same_state(loaded, f->state);
}

/*
 * The catalog holds less than the state says, which only damage can bring about: the change is
 * refused instead of half done.
 */
static void
test_row_to_be_changed_is_missing(void **state)
{
	struct catalog_fixture *f = *state;
	struct guid id = id_of(ROW_TARGET, 0);
	AUTO_ROW struct row_target *before = NULL, *row = NULL;

	(void)build(f, 16);
	before = row_copy(state_find(f->state, ROW_TARGET, &id));
	row = row_copy(before);
	assert_ok(row_set_string(&row->alias, "other"));
	assert_ok(catalog_begin(f->catalog));
	assert_ok(catalog_row_update(f->catalog, &before->row, &row->row));
	before->id = row->id = id_of(ROW_TARGET, 1000);
	assert_int_equal(catalog_row_update(f->catalog, &before->row, &row->row), ERR_CORRUPT);
	catalog_rollback(f->catalog);
}

/* More kinds of updates than statements are kept: each is right all the same. */
static void
test_every_set_of_fields_can_change(void **state)
{
	struct catalog_fixture *f = *state;
	struct guid id = id_of(ROW_LUN, 0);
	AUTO_STATE struct state *loaded = NULL;

	(void)build(f, 16);
	for (unsigned set = 1; set < 32; set++) {
		struct row_lun *row = row_copy(state_find(f->state, ROW_LUN, &id));
		struct state_edit *edit = state_edit_new(f->state);

		if (set & 1)
			name(row, 100 + set);
		if (set & 2)
			row->size_bytes += 512;
		if (set & 4)
			assert_ok(row_set_string(&row->mask, row->mask[0] == '*' ? "" : "*"));
		if (set & 8)
			row->status = row->status == STATUS_ONLINE ? STATUS_OFFLINE : STATUS_ONLINE;
		if (set & 16)
			row->thin = !row->thin;
		put(edit, row);
		commit(f, edit);
	}
	assert_ok(catalog_load(f->catalog, &loaded));
	assert_same_state(loaded, f->state);
}

static int
setup(void **state)
{
	shim_register();
	return catalog_setup(state);
}

static int
teardown(void **state)
{
	int rc = catalog_teardown(state);

	shim_unregister();
	return rc;
}

#define WITH_CATALOG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CATALOG(test_change_writes_few_pages_beside_few_luns),
		WITH_CATALOG(test_change_writes_few_pages_beside_many_luns),
		WITH_CATALOG(test_commit_writes_once_to_the_log),
		WITH_CATALOG(test_large_transaction_is_whole),
		WITH_CATALOG(test_row_to_be_changed_is_missing),
		WITH_CATALOG(test_every_set_of_fields_can_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
