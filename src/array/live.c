/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The live state: health, the operation that holds a LUN, pools' space, jobs' progress, portals and
 * sessions.  These rows are volatile: a version counts up from the start of this boot, and nothing
 * is committed.  Any thread may call these functions.  When memory is out a row stays as it was
 * until it is put again.
 */
#include <errno.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/state_build.h"

static const struct guid no_request;

int
array_live_init(struct array *array)
{
	struct position at = { .sequence = 0 };

	guid_make(&at.array_id);
	array->live = state_new(&at);
	return array->live == NULL ? -ENOMEM : 0;
}

void
array_live_fini(struct array *array)
{
	state_unref(TAKE(array->live));
}

/* Under live_lock: so that events go out in the order of versions.  Frees the edit. */
static void
finish(struct array *array, struct state_edit *edit)
{
	struct state *state;
	struct change *change;

	if (state_edit_is_empty(edit)) {
		state_edit_free(edit);
		return;
	}
	if (state_edit_finish(edit, "live", &no_request, clock_utc_ms(), &state, &change) < 0)
		return;
	state_unref(array->live);
	array->live = state;
	array_event_live(array, change);
	change_unref(change);
}

/*
 * Puts the row into the live state itself when nobody else holds or follows that state, as while an
 * array opens: that spares a copy of the paths for each of many rows.  Under live_lock.  Returns
 * false when it has to be an edit.
 */
static bool
put_in_place(struct array *array, void *row)
{
	struct position at = *state_position(array->live);
	bool followed;

	pthread_mutex_lock(&array->listeners_lock);
	followed = !list_empty(&array->listeners);
	pthread_mutex_unlock(&array->listeners_lock);
	if (followed || !state_is_alone(array->live) || row_seal(row) < 0 ||
	    state_put(array->live, row) < 0)
		return false;
	at.sequence++;
	state_place(array->live, &at);
	return true;
}

void
array_live_put(struct array *array, void *row)
{
	struct state_edit *edit;

	if (((const struct row *)row)->family == ROW_LIVE_SESSION)
		array_number_note_login(array, &((const struct row_live_session *)row)->target_id);
	pthread_mutex_lock(&array->live_lock);
	if (put_in_place(array, row)) {
		row_unref(row);
		pthread_mutex_unlock(&array->live_lock);
		return;
	}
	edit = state_edit_new(array->live);
	if (edit == NULL)
		row_unref(row);
	else if (state_edit_put(edit, row) < 0)
		state_edit_free(edit);
	else
		finish(array, edit);
	pthread_mutex_unlock(&array->live_lock);
}

int
array_live_edit(struct array *array, int (*fill)(struct state_edit *edit, void *arg), void *arg)
{
	struct state_edit *edit;
	int rc;

	pthread_mutex_lock(&array->live_lock);
	edit = state_edit_new(array->live);
	rc = edit != NULL ? fill(edit, arg) : -ENOMEM;
	if (rc == 0)
		finish(array, edit);
	else
		state_edit_free(edit);
	pthread_mutex_unlock(&array->live_lock);
	return rc;
}

void
array_live_delete(struct array *array, enum row_family family, const struct guid *id)
{
	struct state_edit *edit;

	pthread_mutex_lock(&array->live_lock);
	edit = state_edit_new(array->live);
	if (edit != NULL && state_edit_delete(edit, family, id, NULL) < 0)
		state_edit_free(edit);
	else if (edit != NULL)
		finish(array, edit);
	pthread_mutex_unlock(&array->live_lock);
}

struct state *
array_live(struct array *array)
{
	struct state *live;

	pthread_mutex_lock(&array->live_lock);
	live = state_ref(array->live);
	pthread_mutex_unlock(&array->live_lock);
	return live;
}

void
array_live_lun_put(struct array *array, const struct guid *id, enum lun_health health,
		   enum lun_operation operation, bool write_through, const char *reason,
		   uint64_t allocated_bytes, size_t faults, const char *cache_used,
		   const char *cache_reason)
{
	struct row_live_lun *row = row_new(ROW_LIVE_LUN);

	if (row == NULL)
		return;
	row->id = *id;
	row->health = health;
	row->operation = operation;
	row->write_through = write_through;
	row->allocated_bytes = allocated_bytes;
	row->faults = faults;
	if (row_set_string(&row->reason, reason) < 0 ||
	    row_set_string(&row->cache_used, cache_used) < 0 ||
	    row_set_string(&row->cache_reason, cache_reason) < 0)
		row_unref(row);
	else
		array_live_put(array, row);
}

void
array_live_job_put(struct array *array, const struct guid *id, unsigned percent)
{
	struct row_live_job *row = row_new(ROW_LIVE_JOB);

	if (row == NULL)
		return;
	row->id = *id;
	row->percent = percent;
	array_live_put(array, row);
}

void
array_live_array_put(struct array *array)
{
	const char *reason = array_read_only_reason(array);
	struct row_live_array *row;
	struct guid id = { { 0 } };

	pthread_mutex_lock(&array->state_lock);
	if (array->state != NULL && state_array(array->state) != NULL)
		id = state_array(array->state)->id;
	pthread_mutex_unlock(&array->state_lock);
	if (reason == NULL || guid_is_zero(&id))
		return;
	row = row_new(ROW_LIVE_ARRAY);
	if (row == NULL)
		return;
	row->id = id;
	row->read_only = true;
	if (row_set_string(&row->reason, reason) < 0)
		row_unref(row);
	else
		array_live_put(array, row);
}
