/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Units: what the array knows about each LUN beyond its row: its store, its health, and the
 * operation that holds it.  luns_lock guards them; any thread may call these functions, data-path
 * threads too (a block device's listener reports a failure from the thread that met it).
 */
#include <errno.h>
#include <stdio.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

struct array_lun_entry *
array_unit_find_locked(struct array *array, const struct guid *lun_id)
{
	return guid_map_find(&array->luns, lun_id);
}

void
array_unit_show_locked(struct array *array, struct array_lun_entry *entry)
{
	entry->shown_bytes = entry->allocated_bytes;
	array_live_lun_put(array, &entry->id, entry->health,
			   entry->visible ? entry->operation : OPERATION_NONE, entry->write_through,
			   entry->reason, entry->allocated_bytes, entry->fault_count,
			   entry->cache_used != NULL ? entry->cache_used : "",
			   entry->cache_reason != NULL ? entry->cache_reason : "");
}

int
array_unit_add(struct array *array, const struct guid *lun_id, struct array_store *store,
	       enum lun_operation operation, enum lun_health health, bool write_through)
{
	AUTO_FREE struct array_lun_entry *entry = mem_calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return -ENOMEM;
	entry->id = *lun_id;
	entry->operation = operation;
	entry->visible = operation != OPERATION_NONE;
	entry->health = health;
	entry->write_through = write_through;
	pthread_mutex_lock(&array->luns_lock);
	rc = guid_map_put(&array->luns, lun_id, entry);
	if (rc == 0) {
		entry->store = array_store_ref(store);
		if (store->faults != NULL) { /* from the trash: the verifier takes the layer away */
			entry->faults = blk_faults_ref(store->faults);
			array->fault_luns++;
		}
		(void)TAKE(entry);
	}
	pthread_mutex_unlock(&array->luns_lock);
	return rc;
}

void
array_unit_show(struct array *array, const struct guid *lun_id)
{
	struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL)
		array_unit_show_locked(array, entry);
	pthread_mutex_unlock(&array->luns_lock);
}

static void
entry_free(struct array_lun_entry *entry)
{
	array_store_unref(entry->store);
	blk_faults_unref(entry->faults);
	array_kept_free(entry->kept);
	mem_free(entry->reason);
	mem_free(entry);
}

uint64_t
array_unit_allocated(struct array *array, const struct guid *lun_id)
{
	struct array_lun_entry *entry;
	uint64_t bytes;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	bytes = entry != NULL ? entry->allocated_bytes : 0;
	pthread_mutex_unlock(&array->luns_lock);
	return bytes;
}

void
array_unit_remove_deleted(struct array *array, const struct guid *lun_id)
{
	AUTO_STATE struct state *state = array_state(array);
	struct array_store *store = NULL;

	if (state_find(state, ROW_TRASHED_LUN, lun_id) == NULL) {
		array_unit_remove(array, lun_id, true);
		return;
	}
	/* in this order: array_trash_in_flight finds one of the two */
	store = array_unit_store(array, lun_id);
	if (store != NULL)
		array_trash_hold(array, store);
	array_unit_remove(array, lun_id, false);
}

void
array_unit_remove(struct array *array, const struct guid *lun_id, bool unlink)
{
	struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	entry = guid_map_remove(&array->luns, lun_id);
	if (entry != NULL) {
		array_live_delete(array, ROW_LIVE_LUN_JOB, lun_id);
		array_faults_forget_locked(array, entry);
		array_live_delete(array, ROW_LIVE_LUN, lun_id);
	}
	pthread_mutex_unlock(&array->luns_lock);
	if (entry == NULL)
		return;
	array_pool_account(array, &entry->store->pool_id, -(int64_t)entry->allocated_bytes);
	entry->store->unlink = unlink;
	entry_free(entry);
}

static void
set_store(struct array *array, const struct guid *lun_id, struct array_store *store, bool unlink)
{
	struct array_lun_entry *entry;
	struct array_store *old = NULL;
	uint64_t bytes = 0;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL) {
		old = entry->store;
		bytes = entry->allocated_bytes;
		entry->store = array_store_ref(store);
		entry->allocated_bytes = 0;
	}
	pthread_mutex_unlock(&array->luns_lock);
	if (old == NULL)
		return;
	array_pool_account(array, &old->pool_id, -(int64_t)bytes);
	old->unlink = unlink;
	array_store_unref(old);
}

void
array_unit_set_store(struct array *array, const struct guid *lun_id, struct array_store *store)
{
	set_store(array, lun_id, store, true);
}

void
array_unit_change_store(struct array *array, const struct guid *lun_id, struct array_store *store)
{
	set_store(array, lun_id, store, false);
}

void
array_unit_fini(struct array *array)
{
	struct array_lun_entry *entry;

	for (size_t i = 0; (entry = guid_map_next(&array->luns, &i)) != NULL;)
		entry_free(entry);
	guid_map_fini(&array->luns);
}

struct array_store *
array_unit_store(struct array *array, const struct guid *lun_id)
{
	struct array_lun_entry *entry;
	struct array_store *store = NULL;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL)
		store = array_store_ref(entry->store);
	pthread_mutex_unlock(&array->luns_lock);
	return store;
}

static void
set_health_locked(struct array *array, struct array_lun_entry *entry, enum lun_health health,
		  const char *reason)
{
	char id[GUID_TEXT_SIZE], quoted[256];

	if (entry->health == health &&
	    str_equal(entry->reason != NULL ? entry->reason : "", reason))
		return;
	if (entry->health != health && health == HEALTH_FAILED)
		log_error("lun.failed", "lun=%s reason=%s", guid_format(&entry->id, id),
			  log_quote(reason, quoted, sizeof(quoted)));
	entry->health = health;
	mem_free(entry->reason);
	entry->reason = str_dup(reason);
	array_unit_show_locked(array, entry);
}

#define SHOW_BYTES (1u << 20) /* what the live row may be off while a LUN is written to */

static bool
must_show(const struct array_lun_entry *entry, uint64_t before_bytes)
{
	uint64_t now = entry->allocated_bytes, shown = entry->shown_bytes;

	return now != shown &&
	       (now == before_bytes || MAX(now, shown) - MIN(now, shown) >= SHOW_BYTES);
}

void
array_unit_set_allocated(struct array *array, const struct guid *lun_id, uint64_t allocated_bytes)
{
	struct array_lun_entry *entry;
	struct guid pool_id = { { 0 } };
	uint64_t before = allocated_bytes;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL) {
		before = entry->allocated_bytes;
		entry->allocated_bytes = allocated_bytes;
		pool_id = entry->store->pool_id;
		if (must_show(entry, before))
			array_unit_show_locked(array, entry);
	}
	pthread_mutex_unlock(&array->luns_lock);
	if (before != allocated_bytes)
		array_pool_account(array, &pool_id, (int64_t)(allocated_bytes - before));
}

void
array_unit_set_cache(struct array *array, const struct guid *lun_id, const char *used,
		     const char *reason)
{
	struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL &&
	    (!str_equal(entry->cache_used, used) || !str_equal(entry->cache_reason, reason))) {
		entry->cache_used = used;
		entry->cache_reason = reason;
		array_unit_show_locked(array, entry);
	}
	pthread_mutex_unlock(&array->luns_lock);
}

void
array_unit_set_health(struct array *array, const struct guid *lun_id, enum lun_health health,
		      const char *reason)
{
	struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL)
		set_health_locked(array, entry, health, reason);
	pthread_mutex_unlock(&array->luns_lock);
}

void
array_lun_write_through(struct array *array, const struct guid *lun_id, bool write_through)
{
	struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL && entry->write_through != write_through) {
		entry->write_through = write_through;
		array_unit_show_locked(array, entry);
	}
	pthread_mutex_unlock(&array->luns_lock);
}

void
array_lun_job(struct array *array, struct row_live_lun_job *row)
{
	pthread_mutex_lock(&array->luns_lock);
	if (array_unit_find_locked(array, &row->id) != NULL)
		array_live_put(array, row);
	else
		row_unref(row);
	pthread_mutex_unlock(&array->luns_lock);
}

void
array_unit_set_failing(struct array *array, const struct guid *lun_id, const char *reason)
{
	struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL && reason != NULL && entry->health != HEALTH_FAILED)
		set_health_locked(array, entry, HEALTH_FAILING, reason);
	else if (entry != NULL && reason == NULL && entry->health == HEALTH_FAILING)
		set_health_locked(array, entry, HEALTH_OK, "");
	pthread_mutex_unlock(&array->luns_lock);
}

void
array_unit_reason(struct array *array, const struct guid *lun_id, char *buf, size_t size)
{
	const struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	snprintf(buf, size, "%s", entry != NULL && entry->reason != NULL ? entry->reason : "");
	pthread_mutex_unlock(&array->luns_lock);
}

enum lun_health
array_unit_health(struct array *array, const struct guid *lun_id)
{
	struct array_lun_entry *entry;
	enum lun_health health = HEALTH_UNKNOWN;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL)
		health = entry->health;
	pthread_mutex_unlock(&array->luns_lock);
	return health;
}
