/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What other gateways of an array have committed (docs/design/gateways.md).  The writer thread
 * publishes it in the order in which it was committed, as it does with its own changes:
 *
 *	secrets, answers, what LUNs keep   from the catalog, which is as the last change has left it
 *	for each change                    units and pools (foreign_rows.c), the state, the data path,
 *	                                   listeners, what was deleted
 *	tokens, runs of schedules, levels  from the catalog
 *
 * A secret is there before the row that asks for it.  Of private tables the rows are read whose
 * keys the news has, so what a change costs here grows with the change.  When the changes are not
 * known, the difference between what was and what is now takes their place, and every table is
 * read.
 *
 * Nothing here may fail: the change is made.  When memory is out, it waits for some.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "catalog/shared.h"

/* ---- private tables ---- */

/* Before the changes are published.  state: after the last of them. */
static int
touched_before(struct array *array, const struct state *state,
	       const struct catalog_touched *touched)
{
	switch (touched->table) {
	case CATALOG_TABLE_SECRET:
		return array_credential_foreign(array, state, &touched->a);
	case CATALOG_TABLE_KEPT:
		return array_kept_foreign(array, &touched->a);
	default:
		return 0;
	}
}

struct noted {
	const struct catalog_touched *touched;
	const struct guid *controller;
	bool here;
};

static int
look_for_note(void *arg, const struct catalog_unlink *entry)
{
	struct noted *noted = arg;

	noted->here = noted->here || (guid_equal(&entry->lun_id, &noted->touched->a) &&
				      guid_equal(&entry->pool_id, &noted->touched->b) &&
				      guid_equal(&entry->controller_id, noted->controller));
	return 0;
}

/*
 * This gateway has noted the volume in a change that it took for failed, since its outcome was not
 * known; nobody else removes it.  After everything was loaded anew, a note may be another
 * gateway's.
 */
static int
unlink_own(struct array *array, const struct catalog_touched *touched)
{
	const struct row_pool *pool = state_find(array->state, ROW_POOL, &touched->b);
	struct noted noted = { touched, &array->controller_id, false };
	int rc = catalog_unlinks(array->catalog, look_for_note, &noted);

	if (rc < 0 || !noted.here || pool == NULL ||
	    array_store_is_dying(array, &touched->a, &pool->id))
		return rc;
	return array_store_dying_add(array, &touched->a, &pool->id, pool->path);
}

static int
touched_after(struct array *array, const struct catalog_touched *touched)
{
	switch (touched->table) {
	case CATALOG_TABLE_TOKEN:
		return array_token_foreign(array, &touched->a);
	case CATALOG_TABLE_POOL_SPACE:
		return array_pool_follow_level(array, &touched->a);
	case CATALOG_TABLE_UNLINK:
		return touched->own && !touched->deleted ? unlink_own(array, touched) : 0;
	default:
		return 0;
	}
}

static int
all_before(struct array *array, const struct state *state)
{
	int rc = array_credential_foreign_all(array, state);

	if (rc == 0)
		rc = array_request_foreign_all(array);
	for (size_t i = 0; rc == 0 && i < state_count(state, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(state, ROW_LUN, i);

		rc = array_kept_foreign(array, &lun->id);
	}
	return rc;
}

static int
all_after(struct array *array)
{
	int rc = array_token_load(array);

	for (size_t i = 0; rc == 0 && i < state_count(array->state, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(array->state, ROW_POOL, i);

		rc = array_pool_follow_level(array, &pool->id);
	}
	return rc;
}

static void
tables_before(struct array *array, const struct state *state, const struct catalog_news *news)
{
	int rc = 0;

	if (news->reloaded || news->gap) {
		while ((rc = all_before(array, state)) == -ENOMEM)
			array_foreign_wait();
		array_foreign_tell("private tables", rc);
	}
	for (size_t i = 0; i < news->answer_count; i++)
		while (array_request_foreign(array, &news->answers[i]) == -ENOMEM)
			array_foreign_wait();
	for (size_t i = 0; i < news->touched_count; i++) {
		while ((rc = touched_before(array, state, &news->touched[i])) == -ENOMEM)
			array_foreign_wait();
		array_foreign_tell("private row", rc);
	}
}

static void
tables_after(struct array *array, const struct catalog_news *news)
{
	bool tokens = (news->tables & 1u << CATALOG_TABLE_TOKEN) != 0;
	int rc;

	if (news->reloaded || news->gap) {
		while ((rc = all_after(array)) == -ENOMEM)
			array_foreign_wait();
		array_foreign_tell("private tables", rc);
	}
	for (size_t i = 0; i < news->touched_count; i++) {
		while ((rc = touched_after(array, &news->touched[i])) == -ENOMEM)
			array_foreign_wait();
		array_foreign_tell("private row", rc);
	}
	if (tokens)
		array_event_wake(array);
	if ((news->tables & 1u << CATALOG_TABLE_SCHEDULE_RUN) != 0)
		array_schedule_foreign(array);
}

/* ---- changes ---- */

static void
publish(struct array *array, struct state *after, struct change *change)
{
	struct state *before = array->state;
	int rc;

	for (size_t i = 0; i < change->op_count; i++) {
		while ((rc = array_foreign_before(array, before, after, &change->ops[i])) ==
		       -ENOMEM)
			array_foreign_wait();
		array_foreign_tell("row", rc);
	}
	array_foreign_owners(array, before, after, change);
	array_credential_forget(array, change);
	pthread_mutex_lock(&array->state_lock);
	array->state = state_ref(after);
	pthread_mutex_unlock(&array->state_lock);
	atomic_store_explicit(&array->revision, state_position(after)->sequence,
			      memory_order_relaxed);
	array_runtime_publish(array, after, change);
	array_event_change(array, change, state_position(after));
	for (size_t i = 0; i < change->op_count; i++)
		array_foreign_after(array, before, &change->ops[i]);
	state_unref(before);
}

/* Makes the state after a change.  Returns 0, or an error that only damage explains. */
static int
next_state(const struct state *before, const struct change *change, struct state **ret_after)
{
	int rc;

	while ((rc = state_apply(before, change, ret_after)) == -ENOMEM)
		array_foreign_wait();
	return rc;
}

/* Returns the state after all changes, or NULL: it cannot be made of the changes. */
static struct state *
last_state(struct array *array, const struct catalog_news *news)
{
	struct state *state = state_ref(array->state), *after = NULL;
	int rc = 0;

	for (size_t i = 0; i < news->change_count; i++) {
		rc = next_state(state, news->changes[i], &after);
		state_unref(state);
		if (rc < 0) {
			array_foreign_tell("change", rc);
			return NULL;
		}
		state = after;
	}
	return state;
}

/* The state as the catalog has it, and the one change that leads there. */
static void
publish_difference(struct array *array, const struct catalog_news *news)
{
	AUTO_STATE struct state *after = NULL;
	struct change *change = NULL;
	int rc;

	while ((rc = catalog_load(array->catalog, &after)) == -ENOMEM)
		array_foreign_wait();
	if (rc < 0) {
		array_set_read_only(array, err_text(rc));
		return;
	}
	while (state_difference(array->state, after, "gateway.reload", &change) == -ENOMEM)
		array_foreign_wait();
	array->ports_known = false;
	tables_before(array, after, news);
	publish(array, after, change);
	change_unref(change);
	tables_after(array, news);
}

void
array_foreign_publish(struct array *array, const struct catalog_news *news)
{
	struct catalog_news anew = { .gap = true,
				     .tables = UINT32_MAX,
				     .touched = news->touched,
				     .touched_count = news->touched_count };
	AUTO_STATE struct state *last = news->gap ? NULL : last_state(array, news);

	if (news->own)
		array_foreign_unknown(array); /* jobs that nobody runs */
	if (last == NULL) {
		publish_difference(array, &anew);
		return;
	}
	tables_before(array, last, news);
	for (size_t i = 0; i < news->change_count; i++) {
		AUTO_STATE struct state *after = NULL;

		if (next_state(array->state, news->changes[i], &after) < 0)
			return; /* last_state has made it */
		publish(array, after, news->changes[i]);
	}
	tables_after(array, news);
}
