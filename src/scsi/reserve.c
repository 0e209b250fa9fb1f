/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reservations of a unit: the present set, who uses the unit, and the turns of those that
 * change the set.  The data path reads neither the set nor takes the mutex: each nexus remembers
 * its role and looks again only when `sequence` has moved (scsi_reserve_role).
 *
 * Invariants:
 *  1. `now` is replaced only by the change that has its turn, so that change may read it without
 *     the mutex; a set that others can see never changes.
 *  2. A set that must survive (a restart, or this program where another may take the unit over) is
 *     kept before it becomes the present one, and it becomes the present one before the status is
 *     sent.
 *  3. When there are registrations, nobody has sent RESERVE (reserve_old.c and reserve_out.c).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

void
scsi_reserve_init(struct scsi_reserve *reserve)
{
	pthread_mutex_init(&reserve->mutex, NULL);
	list_init(&reserve->nexuses);
	list_init(&reserve->waiting);
	atomic_init(&reserve->sequence, 1); /* an itl begins at 0, and so looks once */
}

void
scsi_reserve_fini(struct scsi_reserve *reserve)
{
	scsi_reservations_unref(reserve->now);
	pthread_mutex_destroy(&reserve->mutex);
}

int
scsi_reserve_load(struct scsi_lu *lu)
{
	const struct scsi_store *store = lu->desc.store;
	struct scsi_kept kept = { 0 };
	int rc = store != NULL ? store->load(store->arg, SCSI_KEEP_RESERVATIONS, &kept)
			       : ERR_NOT_FOUND;

	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	rc = scsi_reservations_decode(kept.version, kept.data, kept.bytes, &lu->reserve.now);
	if (rc == 0 && kept.passing)
		lu->reserve.now->persists = false;
	mem_free(kept.data);
	return rc;
}

/* ---- Nexuses ---- */

void
scsi_reserve_join(struct scsi_itl *itl)
{
	struct scsi_reserve *reserve = &itl->lu->reserve;

	pthread_mutex_lock(&reserve->mutex);
	list_append(&reserve->nexuses, &itl->reserve_node);
	pthread_mutex_unlock(&reserve->mutex);
}

void
scsi_reserve_part(struct scsi_itl *itl)
{
	struct scsi_reserve *reserve;

	if (itl->lu == NULL)
		return;
	reserve = &itl->lu->reserve;
	pthread_mutex_lock(&reserve->mutex);
	list_remove(&itl->reserve_node);
	if (reserve->reserved_by == itl) {
		reserve->reserved_by = NULL;
		atomic_fetch_add_explicit(&reserve->sequence, 1, memory_order_release);
	}
	pthread_mutex_unlock(&reserve->mutex);
}

void
scsi_reserve_reset(struct scsi_lu *lu)
{
	struct scsi_reserve *reserve = &lu->reserve;

	pthread_mutex_lock(&reserve->mutex);
	reserve->reserved_by = NULL;
	atomic_fetch_add_explicit(&reserve->sequence, 1, memory_order_release);
	pthread_mutex_unlock(&reserve->mutex);
}

int
scsi_reserve_each_nexus(struct scsi_lu *lu, const char *initiator,
			int (*each)(void *arg, const struct scsi_nexus *nexus), void *arg)
{
	int rc = 0;

	pthread_mutex_lock(&lu->reserve.mutex);
	list_for_each(node, &lu->reserve.nexuses) {
		const struct scsi_itl *itl = list_entry(node, struct scsi_itl, reserve_node);

		if (strcmp(itl->nexus->initiator_name, initiator) == 0)
			rc = each(arg, itl->nexus);
		if (rc != 0)
			break;
	}
	pthread_mutex_unlock(&lu->reserve.mutex);
	return rc;
}

struct scsi_reservations *
scsi_reserve_now(struct scsi_lu *lu)
{
	pthread_mutex_lock(&lu->reserve.mutex);
	struct scsi_reservations *set = scsi_reservations_ref(lu->reserve.now);

	pthread_mutex_unlock(&lu->reserve.mutex);
	return set;
}

bool
scsi_reserve_is_old(struct scsi_lu *lu)
{
	pthread_mutex_lock(&lu->reserve.mutex);
	bool old = lu->reserve.reserved_by != NULL;

	pthread_mutex_unlock(&lu->reserve.mutex);
	return old;
}

/* ---- The role of a nexus ---- */

static int
find_nexus(const struct scsi_reservations *set, const struct scsi_nexus *nexus)
{
	return set == NULL ? -1
			   : scsi_reservations_find(set, nexus->initiator_name, nexus->isid,
						    nexus->relative_port_id);
}

static enum scsi_access_role
role_of(const struct scsi_reserve *reserve, const struct scsi_nexus *nexus)
{
	const struct scsi_reservations *now = reserve->now;
	int own;

	if (reserve->reserved_by != NULL)
		return reserve->reserved_by->nexus == nexus ? ROLE_FREE : ROLE_RESERVED;
	if (now == NULL || now->type == SCSI_RESERVE_NONE)
		return ROLE_FREE;
	own = find_nexus(now, nexus);
	if (scsi_reservations_holds(now, own))
		return ROLE_FREE;
	switch ((enum scsi_reserve_type)now->type) {
	case SCSI_RESERVE_NONE:
		break;
	case SCSI_RESERVE_WE:
		return ROLE_WRITE_EXCLUSIVE;
	case SCSI_RESERVE_EA:
		return ROLE_EXCLUSIVE_ACCESS;
	case SCSI_RESERVE_WE_RO:
	case SCSI_RESERVE_WE_AR:
		return own >= 0 ? ROLE_REGISTERED : ROLE_WRITE_EXCLUSIVE_OTHERS;
	case SCSI_RESERVE_EA_RO:
	case SCSI_RESERVE_EA_AR:
		return own >= 0 ? ROLE_REGISTERED : ROLE_EXCLUSIVE_ACCESS_OTHERS;
	}
	return ROLE_FREE;
}

void
scsi_reserve_look(struct scsi_itl *itl)
{
	struct scsi_reserve *reserve = &itl->lu->reserve;

	pthread_mutex_lock(&reserve->mutex);
	itl->reserve_sequence = atomic_load_explicit(&reserve->sequence, memory_order_relaxed);
	itl->role = (uint8_t)role_of(reserve, itl->nexus);
	pthread_mutex_unlock(&reserve->mutex);
}

bool
scsi_reserve_excludes(struct scsi_lu *lu, const struct scsi_nexus *nexus,
		      enum scsi_access_group group)
{
	enum scsi_access_role role;

	pthread_mutex_lock(&lu->reserve.mutex);
	role = role_of(&lu->reserve, nexus);
	pthread_mutex_unlock(&lu->reserve.mutex);
	return scsi_access_conflicts[group][role];
}

/* ---- Turns ---- */

bool
scsi_reserve_enter(struct scsi_change *change)
{
	struct scsi_reserve *reserve = &change->lu->reserve;
	bool waits;

	pthread_mutex_lock(&reserve->mutex);
	waits = reserve->busy;
	if (waits)
		list_append(&reserve->waiting, &change->node);
	reserve->busy = true;
	pthread_mutex_unlock(&reserve->mutex);
	return !waits;
}

void
scsi_reserve_leave(struct scsi_lu *lu)
{
	struct scsi_reserve *reserve = &lu->reserve;
	struct scsi_change *next = NULL;

	pthread_mutex_lock(&reserve->mutex);
	struct list *node = list_pop(&reserve->waiting);

	if (node != NULL)
		next = list_entry(node, struct scsi_change, node);
	else
		reserve->busy = false;
	pthread_mutex_unlock(&reserve->mutex);
	if (next != NULL)
		next->go(next);
}

/* ---- A change becomes the present set ---- */

/* Under the mutex: tells the nexuses of `before` what has become of their registrations. */
static void
raise(const struct scsi_change *change)
{
	/* clang-format off */
	static const struct { uint8_t mark; enum scsi_ua ua; } attentions[] = {
		{ MARK_RESERVATIONS_PREEMPTED, SCSI_UA_RESERVATIONS_PREEMPTED },
		{ MARK_RESERVATIONS_RELEASED, SCSI_UA_RESERVATIONS_RELEASED },
		{ MARK_REGISTRATIONS_PREEMPTED, SCSI_UA_REGISTRATIONS_PREEMPTED },
	};
	/* clang-format on */

	list_for_each(node, &change->lu->reserve.nexuses) {
		struct scsi_itl *itl = list_entry(node, struct scsi_itl, reserve_node);
		int i = find_nexus(change->before, itl->nexus);

		for (size_t k = 0; i >= 0 && k < ARRAY_LEN(attentions); k++)
			if ((change->marks[i] & attentions[k].mark) != 0)
				scsi_ua_post(itl, attentions[k].ua);
	}
}

static void
publish(struct scsi_change *change)
{
	struct scsi_reserve *reserve = &change->lu->reserve;
	struct scsi_reservations *old;

	pthread_mutex_lock(&reserve->mutex);
	old = reserve->now;
	reserve->now = TAKE(change->after);
	if (change->by.initiator == NULL)
		reserve->reserved_by = NULL;
	atomic_fetch_add_explicit(&reserve->sequence, 1, memory_order_release);
	raise(change);
	pthread_mutex_unlock(&reserve->mutex);
	scsi_reservations_unref(old);
}

static void
kept(struct scsi_save *save, int result)
{
	struct scsi_change *change = container_of(save, struct scsi_change, save);

	mem_free(TAKE(change->data));
	if (result == 0)
		publish(change);
	change->saved(change, result);
}

static bool
is_persistent(const struct scsi_reservations *set)
{
	return set != NULL && set->persists && set->count > 0;
}

/*
 * What only the present unit needs (PRGENERATION, for one) is kept where another may take it over.
 */
static bool
is_kept(const struct scsi_store *store, const struct scsi_reservations *set)
{
	return store->keeps_passing ? set != NULL : is_persistent(set);
}

void
scsi_reserve_commit(struct scsi_change *change)
{
	const struct scsi_store *store = change->lu->desc.store;
	size_t bytes = 0;

	change->save = (struct scsi_save){ .kind = SCSI_KEEP_RESERVATIONS, .done = kept };
	if (store == NULL || (!is_kept(store, change->before) && !is_kept(store, change->after))) {
		kept(&change->save, 0);
		return;
	}
	change->save.version = store->keeps_passing ? RESERVE_CODE_WHOLE : RESERVE_CODE_VERSION;
	if (is_kept(store, change->after)) {
		if (scsi_reservations_encode(change->after, change->save.version, &change->data,
					     &bytes) < 0) {
			change->saved(change, -ENOMEM);
			return;
		}
		change->save.data = change->data;
		change->save.bytes = bytes;
		change->save.passing = !is_persistent(change->after);
	}
	store->save(store->arg, &change->save);
}

/* ---- What the owner of the unit asks ---- */

/* Copies the name of the initiator that has sent RESERVE; "" when none has. */
static void
copy_old(struct scsi_lu *lu, char name[SCSI_INITIATOR_BYTES])
{
	struct scsi_reserve *reserve = &lu->reserve;

	pthread_mutex_lock(&reserve->mutex);
	snprintf(name, SCSI_INITIATOR_BYTES, "%s",
		 reserve->reserved_by != NULL ? reserve->reserved_by->nexus->initiator_name : "");
	pthread_mutex_unlock(&reserve->mutex);
}

int
scsi_lu_reservations(struct scsi_lu *lu, struct scsi_reservations **ret_set)
{
	struct scsi_reservations *now = scsi_reserve_now(lu), *set;
	size_t count = now != NULL ? now->count : 0;

	set = scsi_reservations_new(count);
	if (set != NULL && now != NULL) {
		set->generation = now->generation;
		set->persists = now->persists;
		set->type = now->type;
		set->holder = now->holder;
		set->count = now->count;
		memcpy(set->list, now->list, count * sizeof(now->list[0]));
	}
	scsi_reservations_unref(now);
	if (set == NULL)
		return -ENOMEM;
	copy_old(lu, set->reserved_by);
	*ret_set = set;
	return 0;
}

/* An administrator's wish to clear: a change without a task. */
struct clearing {
	struct scsi_change change;
	void (*done)(void *arg, int result);
	void *arg;
};

static void
clear_end(struct scsi_change *change, int result)
{
	struct clearing *clearing = container_of(change, struct clearing, change);
	struct scsi_lu *lu = change->lu;

	scsi_change_fini(change);
	scsi_reserve_leave(lu);
	clearing->done(clearing->arg, result);
	scsi_lu_unref(lu);
	mem_free(clearing);
}

static void
clear_go(struct scsi_change *change)
{
	if (scsi_change_make(change) == VERDICT_GOOD)
		scsi_reserve_commit(change);
	else
		clear_end(change, -ENOMEM);
}

int
scsi_lu_reservations_clear(struct scsi_lu *lu, void (*done)(void *arg, int result), void *arg)
{
	struct clearing *clearing = mem_calloc(1, sizeof(*clearing));

	if (clearing == NULL)
		return -ENOMEM;
	clearing->change = (struct scsi_change){
		.lu = scsi_lu_ref(lu), .go = clear_go, .saved = clear_end, .action = PROUT_CLEAR
	};
	clearing->done = done;
	clearing->arg = arg;
	if (scsi_reserve_enter(&clearing->change))
		clear_go(&clearing->change);
	return 0;
}
