/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helpers that catalog_test.h declares and describes. */
#include "catalog_test.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct guid
id_of(char kind, unsigned n)
{
	struct guid g = { { 0 } };

	g.bytes[0] = (uint8_t)kind;
	g.bytes[14] = (uint8_t)(n >> 8);
	g.bytes[15] = (uint8_t)n;
	return g;
}

/* A text with a number at its end. */
static bool
set(char **field, const char *what, unsigned n)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%u", what, n);
	return row_set_string(field, text) == 0;
}

/* The row, or NULL when one of its texts could not be set. */
static void *
complete(void *row, bool all_set)
{
	if (all_set)
		return row;
	row_unref(row);
	return NULL;
}

/* ---- sample rows ---- */

static void *
sample_array(void)
{
	struct row_array *row = row_new(ROW_ARRAY);

	if (row == NULL)
		return NULL;
	row->id = id_of('a', 1);
	return complete(row, set(&row->name, "array", 1) && set(&row->serial, "SERIAL", 1));
}

static void *
sample_pool(void)
{
	struct row_pool *row = row_new(ROW_POOL);

	if (row == NULL)
		return NULL;
	row->id = id_of('p', 1);
	return complete(row, set(&row->name, "pool", 1) && set(&row->path, "/srv/pool", 1));
}

static void *
sample_lun(unsigned n)
{
	struct row_lun *row = row_new(ROW_LUN);
	char naa[17];

	if (row == NULL)
		return NULL;
	snprintf(naa, sizeof(naa), "3%015u", n);
	row->id = id_of('l', n);
	row->number = n;
	row->pool_id = id_of('p', 1);
	row->size_bytes = 4096ull * (n + 1);
	row->block_bytes = n % 2 == 0 ? 512 : 4096;
	row->thin = n % 3 != 0;
	row->status = n % 5 == 0 ? STATUS_OFFLINE : STATUS_ONLINE;
	row->created_ms = 1700000000000 + n;
	return complete(row, set(&row->name, "lun \"quoted\" äöü ", n) &&
				     set(&row->serial, "S", n) &&
				     row_set_string(&row->mask, "*") == 0 &&
				     row_set_string(&row->naa, naa) == 0);
}

static void *
sample_target(unsigned n)
{
	struct row_target *row = row_new(ROW_TARGET);

	if (row == NULL)
		return NULL;
	row->id = id_of('t', n);
	return complete(row, set(&row->iscsi_name, "iqn.2026-11.org.example:", n) &&
				     set(&row->alias, "alias", n));
}

static void *
sample_association(unsigned n)
{
	struct row_association *row = row_new(ROW_ASSOCIATION);

	if (row == NULL)
		return NULL;
	row->lun_id = id_of('l', n);
	row->target_id = id_of('t', n);
	row->lun_number = n % 100;
	return row;
}

/* ---- changes ---- */

static int
put(struct state_edit *edit, void *row)
{
	return row == NULL ? -ENOMEM : state_edit_put(edit, row);
}

/*
 * Odd ones put a LUN, a target and their association; every fourth deletes those of three changes
 * ago.
 */
static int
edit_sample(struct state_edit *edit, unsigned n)
{
	struct guid lun = id_of('l', n - 3), target = id_of('t', n - 3);
	int rc;

	if (n % 4 == 0 && state_find(state_edit_view(edit), ROW_LUN, &lun) != NULL) {
		rc = state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target);
		if (rc == 0)
			rc = state_edit_delete(edit, ROW_LUN, &lun, NULL);
		return rc < 0 ? rc : state_edit_delete(edit, ROW_TARGET, &target, NULL);
	}
	rc = put(edit, sample_lun(n));
	if (rc == 0)
		rc = put(edit, sample_target(n));
	return rc < 0 ? rc : put(edit, sample_association(n));
}

static int
finish(struct catalog *catalog, struct state **state, struct state_edit *edit, const char *cause)
{
	struct state *next = NULL;
	struct change *change = NULL;
	int rc = state_edit_finish(edit, cause, NULL, 1700000000000, &next, &change);

	if (rc < 0)
		return rc;
	rc = catalog != NULL ? catalog_apply(catalog, *state, change) : 0;
	change_unref(change);
	if (rc < 0) {
		state_unref(next);
		return rc;
	}
	state_unref(*state);
	*state = next;
	return 0;
}

static int
begin(struct catalog *catalog, struct state **state)
{
	struct position at = { .array_id = id_of('a', 1), .incarnation = 1 };
	struct state_edit *edit = NULL;
	int rc = catalog != NULL ? catalog_create(catalog, &at.array_id) : 0;

	*state = rc == 0 ? state_new(&at) : NULL;
	edit = *state != NULL ? state_edit_new(*state) : NULL;
	if (edit == NULL)
		return rc < 0 ? rc : -ENOMEM;
	rc = put(edit, sample_array());
	if (rc == 0)
		rc = put(edit, sample_pool());
	if (rc < 0) {
		state_edit_free(edit);
		return rc;
	}
	return finish(catalog, state, edit, "array.create");
}

int
sample_begin(struct catalog *catalog, struct state **state)
{
	int rc = catalog_begin(catalog);

	if (rc == 0)
		rc = begin(catalog, state);
	if (rc == 0)
		rc = catalog_counter_set(catalog, CATALOG_LUN_NUMBER, 1000000);
	if (rc == 0)
		rc = catalog_commit(catalog);
	if (rc < 0)
		catalog_rollback(catalog);
	return rc;
}

int
sample_change(struct catalog *catalog, struct state **state, unsigned n)
{
	struct state_edit *edit = state_edit_new(*state);
	int rc = edit == NULL ? -ENOMEM : edit_sample(edit, n);

	if (rc < 0) {
		state_edit_free(edit);
		return rc;
	}
	return finish(catalog, state, edit, n % 4 == 0 ? "lun.delete" : "lun.create");
}

int
sample_commit(struct catalog *catalog, struct state **state, unsigned n)
{
	struct state *before = state_ref(*state);
	int rc = catalog_begin(catalog);

	if (rc == 0)
		rc = sample_change(catalog, state, n);
	if (rc == 0)
		rc = catalog_commit(catalog);
	if (rc < 0) {
		catalog_rollback(catalog);
		state_unref(*state);
		*state = state_ref(before);
	}
	state_unref(before);
	return rc;
}

struct hash128
sample_digest(unsigned n)
{
	struct state *state = NULL;
	struct hash128 digest;

	assert_ok(begin(NULL, &state));
	for (unsigned i = 2; i <= n; i++)
		assert_ok(sample_change(NULL, &state, i));
	digest = state_position(state)->digest;
	state_unref(state);
	return digest;
}

void
assert_same_state(const struct state *a, const struct state *b)
{
	const struct position *p = state_position(a), *q = state_position(b);

	assert_true(guid_equal(&p->array_id, &q->array_id));
	assert_true(p->incarnation == q->incarnation && p->sequence == q->sequence);
	assert_true(hash128_equal(&p->digest, &q->digest));
	for (int family = 0; family < ROW_STORED_COUNT; family++) {
		assert_int_equal(state_count(a, (enum row_family)family),
				 state_count(b, (enum row_family)family));
		for (size_t i = 0; i < state_count(a, (enum row_family)family); i++)
			assert_true(row_equal(state_at(a, (enum row_family)family, i),
					      state_at(b, (enum row_family)family, i)));
	}
}

/* ---- fixture ---- */

int
catalog_dir_setup(void **state)
{
	struct catalog_fixture *f = mem_calloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/vds-catalog-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	*state = f;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int
catalog_dir_teardown(void **state)
{
	struct catalog_fixture *f = *state;

	catalog_close(f->catalog);
	state_unref(f->state);
	nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	mem_free(f);
	return 0;
}

int
catalog_setup(void **state)
{
	struct catalog_fixture *f;

	catalog_dir_setup(state);
	f = *state;
	assert_ok(catalog_open(f->dir, &f->catalog));
	assert_true(catalog_is_new(f->catalog));
	assert_ok(sample_begin(f->catalog, &f->state));
	return 0;
}

int
catalog_teardown(void **state)
{
	struct catalog_fixture *f = *state;

	if (f->catalog != NULL)
		assert_ok(catalog_check(f->catalog));
	return catalog_dir_teardown(state);
}
