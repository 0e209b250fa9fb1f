/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Edits: a working state that shares everything with its base until it is changed.  The change is
 * computed at the end as the difference between the two, so that it contains nothing that did not
 * happen.  An edit belongs to one thread.
 */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/fields.h"
#include "model/state_int.h"

struct state_edit {
	/* one reference each; work is this edit's alone; base is NULL in an edit that loads */
	struct state *base, *work;
};

/* ---- one row in a working state ---- */

/* Returns whether state_ailing counts the row. */
static bool
is_ailing(const struct row *row)
{
	if (row->family == ROW_LIVE_LUN)
		return ((const struct row_live_lun *)(const void *)row)->health == HEALTH_FAILED;
	if (row->family == ROW_LIVE_POOL)
		return !((const struct row_live_pool *)(const void *)row)->ready;
	if (row->family == ROW_LIVE_ARRAY)
		return ((const struct row_live_array *)(const void *)row)->read_only;
	return false;
}

/* Returns whether state_guarded counts the row. */
static bool
is_guarded(const struct row *row)
{
	const struct row_live_lun *lun = (const void *)row;

	return row->family == ROW_LIVE_LUN &&
	       (lun->health == HEALTH_FAILED || lun->operation != OPERATION_NONE);
}

/* Counts a row that comes into a state, and one that leaves it.  Accept NULL. */
static void
count_in(struct state *work, const struct row *row)
{
	work->ailing += row != NULL && is_ailing(row);
	work->guarded += row != NULL && is_guarded(row);
}

static void
count_out(struct state *work, const struct row *row)
{
	work->ailing -= row != NULL && is_ailing(row);
	work->guarded -= row != NULL && is_guarded(row);
}

static const char *
mask_of(const struct row_lun *lun)
{
	return lun != NULL ? lun->mask : NULL;
}

/*
 * Replaces `old` by `row`, which have the same family and key.  NULL stands for no row.  Returns 0
 * or -ENOMEM (nothing has changed that can be seen).
 */
static int
state_swap(struct state *work, enum row_family family, const void *old, void *row)
{
	const struct row_lun *lun = row != NULL ? row : old;

	if (family == ROW_LUN && state_masked_add(work, &lun->id, mask_of(old), mask_of(row)) < 0)
		return -ENOMEM;
	for (int i = 0; i < ORDER_COUNT; i++)
		if (order_type(i)->family == family &&
		    order_prepare(&work->orders[i], i, old, row) < 0)
			return -ENOMEM;
	if (family == ROW_LUN)
		state_masked_remove(work, &lun->id, mask_of(old), mask_of(row));
	if (row_family_is_digested(family)) {
		if (old != NULL)
			hash128_sub(&work->position.digest, &((const struct row *)old)->hash);
		if (row != NULL)
			hash128_add(&work->position.digest, &((const struct row *)row)->hash);
	}
	count_in(work, row);
	count_out(work, old);
	/* The primary order last: it is what keeps `old` alive. */
	for (int i = ORDER_COUNT - 1; i >= 0; i--)
		if (order_type(i)->family == family)
			order_commit(&work->orders[i], i, old, row);
	return 0;
}

int
state_put(struct state *work, void *row)
{
	struct row_key key;
	const struct row *old;

	row_key(row, &key);
	old = state_find_key(work, row_family_of(row), &key);
	if (old != NULL && hash128_equal(&old->hash, &((struct row *)row)->hash))
		return 0;
	return state_swap(work, row_family_of(row), old, row);
}

int
state_delete(struct state *work, enum row_family family, const struct row_key *key)
{
	const struct row *old = state_find_key(work, family, key);

	return old == NULL ? ERR_NOT_FOUND : state_swap(work, family, old, NULL);
}

/* ---- loading ---- */

struct state *
state_load_begin(const struct position *at)
{
	AUTO_STATE struct state *state = state_new(at);

	if (state == NULL)
		return NULL;
	state->loading = mem_calloc(1, sizeof(*state->loading));
	return state->loading != NULL ? TAKE(state) : NULL;
}

void
state_rows_free(struct state_rows *rows)
{
	for (int i = 0; rows != NULL && i < ROW_FAMILY_COUNT; i++) {
		for (size_t at = 0; at < rows->of[i].count; at++)
			row_unref(rows->of[i].waiting[at]);
		mem_free(rows->of[i].waiting);
	}
	mem_free(rows);
}

int
state_load_put(struct state *work, void *row)
{
	enum order_id id = (enum order_id)row_family_of(row);
	__auto_type of = &work->loading->of[id];

	if (of->count == 0 && (of->last == NULL || order_type(id)->compare(of->last, row) < 0)) {
		if (order_prepare(&work->orders[id], id, NULL, row) < 0)
			return -ENOMEM;
		order_commit(&work->orders[id], id, NULL, row);
		of->last = row;
	} else {
		if (mem_grow(&of->waiting, &of->capacity, of->count + 1, sizeof(of->waiting[0])) <
		    0)
			return -ENOMEM;
		of->waiting[of->count++] = row_ref(row);
	}
	if (row_family_is_digested(row_family_of(row)))
		hash128_add(&work->position.digest, &((const struct row *)row)->hash);
	count_in(work, row);
	return 0;
}

/* Build a family's primary order anew, together with the rows that wait. */
static int
waiting_take(struct state *work, enum row_family family)
{
	struct order *whole = NULL;
	int rc = order_build((enum order_id)family, work->orders[family],
			     work->loading->of[family].waiting, work->loading->of[family].count,
			     &whole);

	if (rc == ERR_CORRUPT)
		return err_set(rc, "%s: two rows have the same key", row_type(family)->plural);
	if (rc < 0)
		return rc;
	order_unref(work->orders[family]);
	work->orders[family] = whole;
	return 0;
}

int
state_load_end(struct state *work)
{
	int rc = 0;

	for (int i = 0; rc == 0 && i < ROW_FAMILY_COUNT; i++)
		if (work->loading->of[i].count > 0)
			rc = waiting_take(work, (enum row_family)i);
	for (int i = ORDER_PRIMARY_COUNT; rc == 0 && i < ORDER_COUNT; i++)
		rc = order_build((enum order_id)i,
				 work->orders[order_type((enum order_id)i)->family], NULL, 0,
				 &work->orders[i]);
	if (rc == 0)
		rc = state_masked_load(work);
	if (rc == 0)
		state_rows_free(TAKE(work->loading));
	return rc;
}

/* ---- edits ---- */

struct state_edit *
state_edit_new(const struct state *base)
{
	struct state_edit *edit = mem_calloc(1, sizeof(*edit));

	if (edit == NULL)
		return NULL;
	edit->base = state_ref(base);
	edit->work = state_alias(base);
	if (edit->work == NULL) {
		state_edit_free(edit);
		return NULL;
	}
	return edit;
}

struct state_edit *
state_edit_new_load(const struct position *at)
{
	struct state_edit *edit = mem_calloc(1, sizeof(*edit));

	if (edit == NULL)
		return NULL;
	edit->work = state_load_begin(at);
	if (edit->work == NULL) {
		state_edit_free(edit);
		return NULL;
	}
	return edit;
}

void
state_edit_free(struct state_edit *edit)
{
	if (edit == NULL)
		return;
	state_unref(edit->work);
	state_unref(edit->base);
	mem_free(edit);
}

static void
edit_free_cleanup(struct state_edit **edit)
{
	state_edit_free(*edit);
}

int
state_edit_put(struct state_edit *edit, void *row)
{
	AUTO_ROW struct row *owned = row;
	int rc = row_seal(owned);

	if (rc < 0)
		return rc;
	return edit->work->loading != NULL ? state_load_put(edit->work, owned)
					   : state_put(edit->work, owned);
}

int
state_edit_delete(struct state_edit *edit, enum row_family family, const struct guid *a,
		  const struct guid *b)
{
	struct row_key key = { .a = *a };

	if (b != NULL)
		key.b = *b;
	return state_delete(edit->work, family, &key);
}

const struct state *
state_edit_view(struct state_edit *edit)
{
	return edit->work;
}

/* ---- the difference ---- */

static int
diff_count(void *arg, const void *old, const void *now)
{
	(void)old;
	(void)now;
	(*(size_t *)arg)++;
	return 0;
}

static int
diff_stop(void *arg, const void *old, const void *now)
{
	(void)arg;
	(void)old;
	(void)now;
	return 1;
}

static int
diff_add(void *arg, const void *old, const void *now)
{
	const void *row = now != NULL ? now : old;
	struct row_key key;

	row_key(row, &key);
	change_add(arg, row_family_of(row), &key, now != NULL ? row_ref(now) : NULL);
	return 0;
}

static int
diff(const struct state *before, const struct state *after,
     int (*each)(void *, const void *, const void *), void *arg)
{
	int rc = 0;

	for (int i = 0; rc == 0 && i < ROW_FAMILY_COUNT; i++)
		rc = order_diff(before->orders[i], after->orders[i], each, arg);
	return rc;
}

static int
edit_diff(const struct state_edit *edit, int (*each)(void *, const void *, const void *), void *arg)
{
	return diff(edit->base, edit->work, each, arg);
}

int
state_difference(const struct state *before, const struct state *after, const char *cause,
		 struct change **ret_change)
{
	struct change *change;
	size_t count = 0;

	diff(before, after, diff_count, &count);
	change = change_new(cause, count);
	if (change == NULL)
		return -ENOMEM;
	diff(before, after, diff_add, change);
	change->sequence = after->position.sequence;
	change->digest = after->position.digest;
	*ret_change = change;
	return 0;
}

bool
state_edit_is_empty(const struct state_edit *edit)
{
	return edit_diff(edit, diff_stop, NULL) == 0;
}

int
state_edit_finish(struct state_edit *finished, const char *cause, const struct guid *request_id,
		  int64_t utc_ms, struct state **ret_state, struct change **ret_change)
{
	AUTO(edit_free_cleanup) struct state_edit *edit = finished;
	struct change *change;
	size_t count = 0;

	edit_diff(edit, diff_count, &count);
	change = change_new(cause, count);
	if (change == NULL)
		return -ENOMEM;
	edit_diff(edit, diff_add, change);
	edit->work->position.sequence++;
	change->sequence = edit->work->position.sequence;
	change->digest = edit->work->position.digest;
	change->utc_ms = utc_ms;
	if (request_id != NULL)
		change->request_id = *request_id;
	*ret_change = change;
	*ret_state = TAKE(edit->work);
	return 0;
}

int
state_edit_load(struct state_edit *finished, struct state **ret_state)
{
	AUTO(edit_free_cleanup) struct state_edit *edit = finished;
	int rc = 0;

	if (edit->work->loading != NULL)
		rc = state_load_end(edit->work);
	if (rc < 0)
		return rc;
	*ret_state = TAKE(edit->work);
	return 0;
}
