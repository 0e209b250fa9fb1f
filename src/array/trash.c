/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The trash: LUNs that were deleted and whose data are kept for as long as their pool says.  Such a
 * LUN is a row of the family trashed_lun in the place of its row of the family lun; its volume
 * stays where it is, and nobody is served from it.
 *
 *	LUN --array_lun_delete--> trash --array_trash_restore--> LUN, as it was
 *	                          trash --array_trash_empty, expiry, a full pool--> noted as unlinked,
 *	                                  and removed as the volume of any deleted LUN (store.c)
 *
 * Each arrow is one change of the catalog, and no step touches the volume before its change is
 * committed, so a crash leaves the LUN in one of these states.  What logical units keep
 * (reservations, saved mode pages) is forgotten when the LUN is deleted.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/hints.h"
#include "model/qos.h"
#include "model/host.h"

#define EXPIRE_AT_ONCE 100 /* in one round of the verifier */

/* ---- into the trash ---- */

int64_t
array_trash_keep_ms(const struct state *view, const struct row_lun *lun)
{
	const struct row_pool *pool = state_find(view, ROW_POOL, &lun->pool_id);
	int64_t keep_ms = 0;

	if (pool != NULL && pool->trash != NULL)
		(void)pool_trash_parse(pool->trash, &keep_ms);
	return keep_ms;
}

/* Writes "ID:NUMBER;ID:NUMBER": the targets that a LUN is behind. */
static int
targets_write(const struct state *view, const struct guid *lun_id, char **ret_text)
{
	struct row_slice slice = state_lun_targets(view, lun_id);
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	char id[GUID_TEXT_SIZE];

	for (size_t i = 0; i < slice.count; i++) {
		const struct row_association *row = slice.rows[i];

		strbuf_addf(&text, "%s%s:%u", i > 0 ? ";" : "", guid_format(&row->target_id, id),
			    (unsigned)row->lun_number);
	}
	return text.failed ? -ENOMEM : row_set_string(ret_text, text.text != NULL ? text.text : "");
}

/* Copies what is the LUN's in both families. */
static int
texts_copy(struct row_trashed_lun *row, const struct row_lun *lun)
{
	return row_set_string(&row->name, lun->name) < 0 ||
			       row_set_string(&row->mask, lun->mask) < 0 ||
			       row_set_string(&row->serial, lun->serial) < 0 ||
			       row_set_string(&row->naa, lun->naa) < 0 ||
			       row_set_string(&row->hints, lun->hints) < 0
		       ? -ENOMEM
		       : 0;
}

int
array_trash_put(struct array *array, struct state_edit *edit, const struct state *before,
		const struct row_lun *lun)
{
	AUTO_ROW struct row_trashed_lun *row = row_new(ROW_TRASHED_LUN);
	int64_t keep_ms = array_trash_keep_ms(before, lun);
	char qos[QOS_TEXT_MAX];

	qos_without_minimum(lun->qos, qos);
	if (row == NULL || texts_copy(row, lun) < 0 || row_set_string(&row->qos, qos) < 0 ||
	    targets_write(before, &lun->id, &row->targets) < 0)
		return -ENOMEM;
	row->id = lun->id;
	row->number = lun->number;
	row->block_bytes = lun->block_bytes;
	row->pool_id = lun->pool_id;
	row->size_bytes = lun->size_bytes;
	row->thin = lun->thin;
	row->removable = lun->removable;
	row->status = lun->status;
	row->identity = lun->identity;
	row->access = lun->access;
	row->cache = lun->cache;
	row->created_ms = lun->created_ms;
	row->allocated_bytes = array_unit_allocated(array, &lun->id);
	row->deleted_ms = clock_utc_ms();
	row->expires_ms = row->deleted_ms + keep_ms;
	return state_edit_put(edit, TAKE(row));
}

void
array_trash_hold(struct array *array, struct array_store *store)
{
	int rc;

	pthread_mutex_lock(&array->dying_lock);
	rc = guid_map_put(&array->trashed, &store->lun_id, store);
	pthread_mutex_unlock(&array->dying_lock);
	if (rc < 0)
		array_store_unref(store); /* then a restore cannot tell that I/O is in flight */
}

/* Takes the store that was kept of a LUN, or NULL when there is none. */
static struct array_store *
held_take(struct array *array, const struct guid *lun_id)
{
	struct array_store *store;

	pthread_mutex_lock(&array->dying_lock);
	store = guid_map_remove(&array->trashed, lun_id);
	pthread_mutex_unlock(&array->dying_lock);
	return store;
}

bool
array_trash_in_flight(struct array *array, const struct guid *lun_id)
{
	struct array_store *store = array_unit_store(array, lun_id); /* until it is deleted here */
	bool used = store != NULL && array_store_has_device(store);

	array_store_unref(store);
	if (used)
		return true;

	pthread_mutex_lock(&array->dying_lock);
	store = guid_map_find(&array->trashed, lun_id);
	used = store != NULL && !array_store_is_unused(store);
	pthread_mutex_unlock(&array->dying_lock);
	return used;
}

void
array_trash_forget(struct array *array, const struct guid *lun_id)
{
	array_store_unref(held_take(array, lun_id));
}

/* Drops the stores whose commands have all ended. */
static void
held_drop(struct array *array)
{
	struct array_store *store, *found;

	do {
		found = NULL;
		pthread_mutex_lock(&array->dying_lock);
		for (size_t i = 0;
		     found == NULL && (store = guid_map_next(&array->trashed, &i)) != NULL;)
			if (array_store_is_unused(store))
				found = guid_map_remove(&array->trashed, &store->lun_id);
		pthread_mutex_unlock(&array->dying_lock);
		array_store_unref(found);
	} while (found != NULL);
}

void
array_trash_fini(struct array *array)
{
	struct array_store *store;

	for (size_t i = 0; (store = guid_map_next(&array->trashed, &i)) != NULL;)
		array_store_unref(store);
	guid_map_fini(&array->trashed);
}

bool
array_trash_has(const struct state *state, const struct guid *pool_id)
{
	for (size_t i = 0; i < state_count(state, ROW_TRASHED_LUN); i++) {
		const struct row_trashed_lun *lun = state_at(state, ROW_TRASHED_LUN, i);

		if (guid_equal(&lun->pool_id, pool_id))
			return true;
	}
	return false;
}

uint64_t
array_trash_bytes(const struct state *state, const struct guid *pool_id)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < state_count(state, ROW_TRASHED_LUN); i++) {
		const struct row_trashed_lun *lun = state_at(state, ROW_TRASHED_LUN, i);

		if (guid_equal(&lun->pool_id, pool_id))
			bytes += lun->allocated_bytes;
	}
	return bytes;
}

/* ---- out of the trash, for good ---- */

struct empty {
	struct array_task task;
	struct guid id, pool_id;
	bool expired; /* only when its time is over by now */
};

static int
trashed_find(const struct state *view, const struct guid *id,
	     const struct row_trashed_lun **ret_lun)
{
	const struct row_trashed_lun *lun = state_find(view, ROW_TRASHED_LUN, id);

	if (lun == NULL)
		return err_set(ERR_NOT_FOUND, "there is no such LUN in the trash: "
					      "`vdsctl trash list` shows what is there");
	*ret_lun = lun;
	return 0;
}

static int
empty_apply(struct array *array, struct array_task *task)
{
	struct empty *e = container_of(task, struct empty, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_trashed_lun *lun = NULL;
	int rc = trashed_find(view, &e->id, &lun);

	e->pool_id = (struct guid){ { 0 } }; /* of an application to an older state */
	if (rc < 0)
		return rc;
	if (e->expired && lun->expires_ms > clock_utc_ms())
		return 0;
	task->answer.object_id = e->id;
	e->pool_id = lun->pool_id;
	rc = array_lun_note_unlink(array, view, &lun->id, &lun->pool_id);
	return rc < 0 ? rc : state_edit_delete(task->edit, ROW_TRASHED_LUN, &e->id, NULL);
}

static void
empty_published(struct array *array, struct array_task *task)
{
	struct empty *e = container_of(task, struct empty, task);
	AUTO_STATE struct state *state = array_state(array);
	const struct row_pool *pool = state_find(state, ROW_POOL, &e->pool_id);
	struct array_store *held;

	if (guid_is_zero(&e->pool_id))
		return;
	held = held_take(array, &e->id);
	if (held != NULL) {
		held->unlink = true;
		array_store_unref(held);
	} else if (pool != NULL) {
		/* When memory is out, the next start removes the volume. */
		(void)array_store_dying_add(array, &e->id, &pool->id, pool->path);
	}
	array_pool_show(array, &e->pool_id);
}

int
array_trash_empty(struct array *array, const struct array_request *request, const struct guid *lun,
		  struct array_answer *ret_answer)
{
	struct empty e = {
		.task = { .apply = empty_apply,
			  .published = empty_published,
			  .cause = "trash.empty",
			  .use = CATALOG_FREES },
		.id = *lun,
	};
	int rc;

	pthread_mutex_lock(&array->trash_lock);
	rc = array_change_run(array, request, &e.task, ret_answer);
	pthread_mutex_unlock(&array->trash_lock);
	return rc;
}

static int
remove_by_itself(struct array *array, const struct row_trashed_lun *lun, bool expired)
{
	struct empty e = {
		.task = { .apply = empty_apply,
			  .published = empty_published,
			  .cause = expired ? "trash.expire" : "trash.yield",
			  .use = CATALOG_FREES },
		.id = lun->id,
		.expired = expired,
	};
	int rc;

	pthread_mutex_lock(&array->trash_lock);
	rc = array_change_run(array, NULL, &e.task, NULL);
	pthread_mutex_unlock(&array->trash_lock);
	return rc;
}

/* Returns the LUN of the pool that is in the trash for longest, or NULL. */
static const struct row_trashed_lun *
oldest(const struct state *state, const struct guid *pool_id)
{
	const struct row_trashed_lun *found = NULL;

	for (size_t i = 0; i < state_count(state, ROW_TRASHED_LUN); i++) {
		const struct row_trashed_lun *lun = state_at(state, ROW_TRASHED_LUN, i);

		if (guid_equal(&lun->pool_id, pool_id) &&
		    (found == NULL || lun->deleted_ms < found->deleted_ms))
			found = lun;
	}
	return found;
}

/*
 * Makes room in a full pool: removes one LUN of its trash, and the next one in a later round, when
 * the space of this one is back and the pool is full still.
 */
static void
yield(struct array *array, const struct state *state, const struct row_pool *pool)
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_pool *space = state_find(live, ROW_LIVE_POOL, &pool->id);
	const struct row_trashed_lun *lun;

	if (!pool->trash_yields || space == NULL || space->space != POOL_SPACE_FULL)
		return;
	lun = oldest(state, &pool->id);
	if (lun != NULL && remove_by_itself(array, lun, false) == 0)
		log_warning("trash.yield", "pool=%s lun=%s reason=\"the pool is full\"", pool->name,
			    lun->name);
}

void
array_trash_expire(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);
	int64_t now_ms = clock_utc_ms();
	size_t removed = 0;

	held_drop(array);
	if (state_count(state, ROW_TRASHED_LUN) == 0 || !atomic_load(&array->chores))
		return;
	for (size_t i = 0; i < state_count(state, ROW_TRASHED_LUN); i++) {
		const struct row_trashed_lun *lun = state_at(state, ROW_TRASHED_LUN, i);

		if (lun->expires_ms <= now_ms && removed++ < EXPIRE_AT_ONCE &&
		    remove_by_itself(array, lun, true) < 0)
			return;
	}
	for (size_t i = 0; i < state_count(state, ROW_POOL); i++)
		yield(array, state, state_at(state, ROW_POOL, i));
}

/* ---- out of the trash, back ---- */

struct restore {
	struct array_task task;
	const struct guid *id;
	const struct array_restore_spec *spec;
	struct array_store *store;
	uint64_t capacity_bytes;  /* of the pool, when it has an overcommit limit; else 0 */
	uint64_t allocated_bytes; /* by the volume, until the verifier looks */
};

/* Makes the row that the LUN had, without its texts. */
static struct row_lun *
row_back(const struct row_trashed_lun *lun)
{
	struct row_lun *row = row_new(ROW_LUN);

	if (row == NULL)
		return NULL;
	row->id = lun->id;
	row->number = lun->number;
	row->block_bytes = lun->block_bytes;
	row->pool_id = lun->pool_id;
	row->size_bytes = lun->size_bytes;
	row->thin = lun->thin;
	row->removable = lun->removable;
	row->status = lun->status;
	row->identity = lun->identity;
	row->access = lun->access;
	row->cache = lun->cache;
	row->created_ms = lun->created_ms;
	return row;
}

/* Copies an unmasking list without the hosts and host groups that are gone. */
static int
mask_back(const struct state *view, const char *mask, char **ret_mask)
{
	const char *rest = mask;
	AUTO_FREE char *left = str_dup(mask);
	enum row_family family;
	struct guid id;

	while (left != NULL && host_mask_next(&rest, &id, &family)) {
		AUTO_FREE char *before = NULL;
		char entry[GUID_TEXT_SIZE + 16], text[GUID_TEXT_SIZE];
		int rc;

		if (state_find(view, family, &id) != NULL)
			continue;
		snprintf(entry, sizeof(entry), "%s%s",
			 family == ROW_HOST ? MASK_HOST : MASK_HOST_GROUP, guid_format(&id, text));
		before = TAKE(left);
		rc = mask_remove(before, entry, &left);
		if (rc < 0)
			return rc;
	}
	return left != NULL ? row_set_string(ret_mask, left) : -ENOMEM;
}

/* Reads the next "ID:NUMBER" and moves *rest on.  Returns false at the end. */
static bool
target_next(const char **rest, struct guid *ret_id, uint32_t *ret_number)
{
	char id[GUID_TEXT_SIZE];
	char *end;

	if (strlen(*rest) < GUID_TEXT_SIZE || (*rest)[GUID_TEXT_SIZE - 1] != ':')
		return false;
	memcpy(id, *rest, GUID_TEXT_SIZE - 1);
	id[GUID_TEXT_SIZE - 1] = '\0';
	if (guid_parse(id, ret_id) < 0)
		return false;
	*ret_number = (uint32_t)strtoul(*rest + GUID_TEXT_SIZE, &end, 10);
	*rest = *end == ';' ? end + 1 : end;
	return true;
}

/*
 * Puts the LUN behind the targets that are still there, with its old numbers where these are free.
 */
static int
associate_back(struct array *array, struct state_edit *edit, const struct guid *lun_id,
	       const char *targets)
{
	struct guid target_id;
	uint32_t number;

	while (target_next(&targets, &target_id, &number)) {
		const struct state *view = state_edit_view(edit);
		struct row_association *row;
		int rc;

		if (state_find(view, ROW_TARGET, &target_id) == NULL)
			continue;
		rc = array_number_choose(array, view, lun_id, &target_id, 1, number, &number);
		if (rc < 0)
			return rc;
		row = row_new(ROW_ASSOCIATION);
		if (row == NULL)
			return -ENOMEM;
		row->lun_id = *lun_id;
		row->target_id = target_id;
		row->lun_number = (uint16_t)number;
		rc = state_edit_put(edit, row);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Checks that no LUN has got the number or the identity meanwhile: a plan may name both. */
static int
check_identity(const struct state *view, const struct row_trashed_lun *lun)
{
	for (size_t i = 0; i < state_count(view, ROW_LUN); i++) {
		const struct row_lun *other = state_at(view, ROW_LUN, i);

		if (other->number == lun->number || strcmp(other->serial, lun->serial) == 0 ||
		    strcmp(other->naa, lun->naa) == 0)
			return err_set(ERR_IN_USE,
				       "LUN %s has the number, the serial number or the NAA "
				       "identifier of the deleted one meanwhile: delete it first",
				       ROW_LUN_CALLED(other));
	}
	return 0;
}

static int
restore_apply(struct array *array, struct array_task *task)
{
	struct restore *r = container_of(task, struct restore, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_trashed_lun *lun = NULL;
	AUTO_ROW struct row_lun *row = NULL;
	AUTO_FREE char *targets = NULL;
	const char *name;
	int rc = trashed_find(view, r->id, &lun);

	if (rc < 0)
		return rc;
	name = r->spec->name != NULL ? r->spec->name : lun->name;
	if (*name != '\0' && state_luns_by_name(view, name).count > 0)
		return err_set(
			ERR_NAME_IN_USE,
			"there is a LUN named \"%s\" meanwhile: give the restored one another "
			"name by --name (in the API: name)",
			name);
	rc = check_identity(view, lun);
	if (rc == 0)
		rc = array_space_check_promise(view, &lun->pool_id, r->capacity_bytes,
					       lun->size_bytes);
	if (rc < 0)
		return rc;
	row = row_back(lun);
	targets = str_dup(lun->targets);
	r->allocated_bytes = lun->allocated_bytes;
	if (row == NULL || targets == NULL || row_set_string(&row->name, name) < 0 ||
	    row_set_string(&row->serial, lun->serial) < 0 ||
	    row_set_string(&row->naa, lun->naa) < 0 ||
	    row_set_string(&row->hints, lun->hints) < 0 || row_set_string(&row->qos, lun->qos) < 0)
		return -ENOMEM;
	rc = mask_back(view, lun->mask, &row->mask);
	if (rc == 0)
		rc = state_edit_delete(task->edit, ROW_TRASHED_LUN, r->id, NULL);
	if (rc == 0)
		rc = state_edit_put(task->edit, TAKE(row));
	if (rc == 0)
		rc = array_owner_edit_add(array, task->edit, r->id, true);
	if (rc == 0 && !r->spec->unassociated)
		rc = associate_back(array, task->edit, r->id, targets);
	task->answer.object_id = *r->id;
	return rc;
}

static void
restore_committed(struct array *array, struct array_task *task)
{
	array_unit_show(array, container_of(task, struct restore, task)->id);
}

static void
restore_published(struct array *array, struct array_task *task)
{
	struct restore *r = container_of(task, struct restore, task);

	array_store_unref(held_take(array, r->id));
	array_unit_set_allocated(array, r->id, r->allocated_bytes);
	array_pool_show(array, &r->store->pool_id);
}

/* Makes the store of the LUN, after a look at its volume. */
static int
store_back(struct array *array, struct restore *r, const struct row_trashed_lun *lun)
{
	AUTO_ROW struct row_lun *row = row_back(lun);
	AUTO_FREE char *place = NULL;
	int rc = row == NULL ? -ENOMEM : array_pool_place(array, &lun->pool_id, &place);

	if (rc == 0)
		rc = array_store_new(array, row, place, &r->store);
	if (rc < 0)
		return rc;
	return r->store->place->driver->volume_check(place, &lun->id, lun->size_bytes, false);
}

static int
restore(struct array *array, struct restore *r)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_trashed_lun *lun = NULL;
	char text[TASK_TEXT_SIZE];
	int rc = trashed_find(state, r->id, &lun);

	if (rc == 0 && array_trash_in_flight(array, r->id))
		rc = err_set(ERR_BUSY,
			     "commands from before the deletion of the LUN have not ended: "
			     "repair its store, or restart vdsd, and try again");
	if (rc == 0)
		rc = array_gateway_check_trash(array, r->id);
	if (rc == 0)
		rc = array_space_promise_capacity(array, &lun->pool_id, &r->capacity_bytes);
	if (rc == 0)
		rc = store_back(array, r, lun);
	if (rc == 0)
		rc = array_unit_add(array, r->id, r->store, OPERATION_NONE, HEALTH_OK,
				    hints_write_through(lun->hints));
	if (rc < 0)
		return rc;
	rc = array_writer_submit(array, &r->task);
	if (rc < 0) {
		snprintf(text, sizeof(text), "%s", err_text(rc));
		array_unit_remove(array, r->id, false);
		err_set(rc, "%s", text);
	}
	return rc;
}

int
array_trash_restore(struct array *array, const struct array_request *request,
		    const struct guid *lun, const struct array_restore_spec *spec,
		    struct array_answer *ret_answer)
{
	struct restore r = {
		.task = { .apply = restore_apply,
			  .committed = restore_committed,
			  .published = restore_published,
			  .cause = "lun.restore",
			  .use = CATALOG_MAKES,
			  .request_id = array_request_id(request),
			  .principal = array_request_principal(request),
			  .audit = array_request_audit(request) },
		.id = lun,
		.spec = spec,
	};
	int rc = spec->name != NULL ? array_name_check("LUN", spec->name) : 0;

	if (rc == 0)
		rc = array_request_begin(array, request, ret_answer);
	if (rc != 0)
		return MIN(rc, 0);
	pthread_mutex_lock(&array->trash_lock);
	rc = restore(array, &r);
	pthread_mutex_unlock(&array->trash_lock);
	array_store_unref(r.store);
	return array_request_end(array, request, rc, &r.task.answer, ret_answer);
}
