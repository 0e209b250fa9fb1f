/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the logical units of LUNs must keep: in the catalog, and in memory beside the LUN's store,
 * so that a data-path thread that makes a unit need not wait for the catalog.  Any thread asks; the
 * writer thread commits, many requests at once.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

/* A request that the writer has. */
struct keeping {
	struct array_task task;
	struct array_keep keep;
	struct array_kept *kept; /* what memory gets; NULL = nothing is to be kept */
};

void
array_kept_free(struct array_kept *list)
{
	while (list != NULL) {
		struct array_kept *next = list->next;

		mem_free(list);
		list = next;
	}
}

static struct array_kept *
kept_new(uint32_t kind, uint32_t version, const void *data, size_t bytes, bool passing)
{
	struct array_kept *kept = mem_alloc(sizeof(*kept) + bytes);

	if (kept == NULL)
		return NULL;
	*kept = (struct array_kept){
		.kind = kind, .version = version, .passing = passing, .bytes = bytes
	};
	if (bytes > 0)
		memcpy(kept->data, data, bytes);
	return kept;
}

/* Under luns_lock: the link to the data of this kind, or to the end of the list. */
static struct array_kept **
find_locked(struct array_lun_entry *entry, uint32_t kind)
{
	struct array_kept **link = &entry->kept;

	while (*link != NULL && (*link)->kind != kind)
		link = &(*link)->next;
	return link;
}

/* Puts data in the place of what was kept, and returns that.  kept NULL: only removes. */
static struct array_kept *
replace(struct array *array, const struct guid *lun_id, uint32_t kind, struct array_kept *kept)
{
	struct array_kept *old = kept;
	struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL) {
		struct array_kept **link = find_locked(entry, kind);

		old = *link;
		if (old != NULL)
			*link = TAKE(old->next);
		if (kept != NULL) {
			kept->next = entry->kept;
			entry->kept = kept;
		}
	}
	pthread_mutex_unlock(&array->luns_lock);
	return old;
}

/* ---- keeping ---- */

/*
 * Removes what is kept of the kind and is to pass, or the reverse.  Only where gateways share it.
 */
static int
delete_other(struct array *array, const struct array_keep *keep)
{
	uint32_t kind = keep->passing ? keep->kind : keep->kind | ARRAY_KEPT_PASSING;

	return array_is_shared(array) ? catalog_kept_delete(array->catalog, &keep->lun_id, kind)
				      : 0;
}

static int
keep_apply(struct array *array, struct array_task *task)
{
	const struct keeping *k = container_of(task, struct keeping, task);
	struct catalog_kept row = { .lun_id = k->keep.lun_id,
				    .kind = k->keep.kind,
				    .version = k->keep.version };
	int rc;

	if (state_find(state_edit_view(task->edit), ROW_LUN, &k->keep.lun_id) == NULL)
		return ERR_NOT_FOUND;
	if (k->keep.passing)
		row.kind |= ARRAY_KEPT_PASSING;
	rc = delete_other(array, &k->keep);
	if (rc < 0)
		return rc;
	if (k->kept == NULL)
		return catalog_kept_delete(array->catalog, &k->keep.lun_id, row.kind);
	row.data = k->kept->data;
	row.bytes = k->kept->bytes;
	return catalog_kept_put(array->catalog, &row);
}

static void
keep_committed(struct array *array, struct array_task *task)
{
	struct keeping *k = container_of(task, struct keeping, task);

	array_kept_free(replace(array, &k->keep.lun_id, k->keep.kind, TAKE(k->kept)));
}

static void
keep_answered(struct array *array, struct array_task *task)
{
	struct keeping *k = container_of(task, struct keeping, task);

	(void)array;
	k->keep.done(k->keep.arg, task->result);
	array_kept_free(k->kept);
	mem_free(k);
}

int
array_keep(struct array *array, const struct array_keep *keep)
{
	struct keeping *k = mem_calloc(1, sizeof(*k));

	if (k == NULL)
		return -ENOMEM;
	if (keep->data != NULL) {
		k->kept = kept_new(keep->kind, keep->version, keep->data, keep->bytes,
				   keep->passing);
		if (k->kept == NULL) {
			mem_free(k);
			return -ENOMEM;
		}
	}
	k->keep = *keep;
	k->task = (struct array_task){ .apply = keep_apply,
				       .committed = keep_committed,
				       .answered = keep_answered,
				       .use = CATALOG_FREES };
	/* the others act upon a reset; all else a new owner has read before it claims the LUN */
	if (keep->kind != ARRAY_KEEP_RESETS)
		k->task.reach = ARRAY_REACH_OWN;
	array_writer_queue(array, &k->task);
	return 0;
}

/* ---- reading ---- */

int
array_kept(struct array *array, const struct guid *lun_id, uint32_t kind, uint32_t *ret_version,
	   void **ret_data, size_t *ret_bytes, bool *ret_passing)
{
	struct array_lun_entry *entry;
	int rc = ERR_NOT_FOUND;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL && *find_locked(entry, kind) != NULL) {
		const struct array_kept *kept = *find_locked(entry, kind);
		void *copy = mem_alloc(MAX(kept->bytes, (size_t)1));

		rc = copy != NULL ? 0 : -ENOMEM;
		if (rc == 0) {
			memcpy(copy, kept->data, kept->bytes);
			*ret_data = copy;
			*ret_bytes = kept->bytes;
			*ret_version = kept->version;
			*ret_passing = kept->passing;
		}
	}
	pthread_mutex_unlock(&array->luns_lock);
	return rc;
}

static int
load_one(void *arg, const struct catalog_kept *row)
{
	struct array *array = arg;
	uint32_t kind = row->kind & ~ARRAY_KEPT_PASSING;
	struct array_kept *kept = kept_new(kind, row->version, row->data, row->bytes,
					   kind != row->kind);

	if (kept == NULL)
		return -ENOMEM;
	array_kept_free(replace(array, &row->lun_id, kind, kept));
	return 0;
}

/* A list that is filled from the catalog. */
static int
gather(void *arg, const struct catalog_kept *row)
{
	struct array_kept **list = arg;
	uint32_t kind = row->kind & ~ARRAY_KEPT_PASSING;
	struct array_kept *kept = kept_new(kind, row->version, row->data, row->bytes,
					   kind != row->kind);

	if (kept == NULL)
		return -ENOMEM;
	kept->next = *list;
	*list = kept;
	return 0;
}

/* Returns the data of a kind in a list, or NULL. */
static const struct array_kept *
find(const struct array_kept *list, uint32_t kind)
{
	while (list != NULL && list->kind != kind)
		list = list->next;
	return list;
}

/* Returns whether another gateway has announced a reset of the LUN: now there is another number. */
static bool
is_reset(const struct array_kept *before, const struct array_kept *now)
{
	before = find(before, ARRAY_KEEP_RESETS);
	now = find(now, ARRAY_KEEP_RESETS);
	return now != NULL && (before == NULL || before->bytes != now->bytes ||
			       memcmp(before->data, now->data, now->bytes) != 0);
}

int
array_kept_foreign(struct array *array, const struct guid *lun_id)
{
	struct array_kept *list = NULL, *old;
	struct array_lun_entry *entry;
	bool reset = false;
	int rc = catalog_kept_of(array->catalog, lun_id, gather, &list);

	if (rc < 0) {
		array_kept_free(list);
		return rc;
	}
	old = list;
	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL) {
		old = entry->kept;
		reset = is_reset(old, list);
		entry->kept = list;
	}
	pthread_mutex_unlock(&array->luns_lock);
	array_kept_free(old);
	if (reset)
		array_runtime_lun_reset(array, lun_id);
	return 0;
}

int
array_kept_load_all(struct array *array)
{
	return catalog_kept_list(array->catalog, load_one, array);
}

/* ---- a loss of power ---- */

/* Takes all that passes out of the lists of the LUNs.  Returns it as one list. */
static struct array_kept *
take_passing(struct array *array)
{
	struct array_kept *passing = NULL;
	struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	for (size_t i = 0; (entry = guid_map_next(&array->luns, &i)) != NULL;) {
		struct array_kept **link = &entry->kept;

		while (*link != NULL) {
			struct array_kept *kept = *link;

			if (!kept->passing) {
				link = &kept->next;
				continue;
			}
			*link = kept->next;
			kept->next = passing;
			passing = kept;
		}
	}
	pthread_mutex_unlock(&array->luns_lock);
	return passing;
}

/* Reservations are the only kind that passes. */
static int
power_on_apply(struct array *array, struct array_task *task)
{
	(void)task;
	return catalog_kept_drop(array->catalog, ARRAY_KEEP_RESERVATIONS | ARRAY_KEPT_PASSING);
}

int
array_kept_end_passing(struct array *array)
{
	int rc = power_on_apply(array, NULL);

	if (rc == 0)
		array_kept_free(take_passing(array));
	return rc;
}

int
array_kept_power_on(struct array *array)
{
	struct array_kept *passing = take_passing(array);
	struct array_task task = { .apply = power_on_apply, .use = CATALOG_FREES };
	int rc = passing != NULL && !array_is_read_only(array) ? array_writer_submit(array, &task)
							       : 0;

	array_kept_free(passing);
	return rc;
}
