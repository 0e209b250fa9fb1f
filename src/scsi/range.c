/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The range lock of a unit.  COMPARE AND WRITE, ORWRITE and the like read blocks, compute and write
 * them; no command on any thread may touch those blocks meanwhile.  task.c takes and gives up
 * ranges, on the thread of the task.
 *
 * Plain reads and writes (shared) pay two atomic additions on a cache line of their own thread and
 * one load:
 *
 *	begin	busy[shard]++; exclusive == 0 ? go : slow path
 *	end	busy[shard]--; exclusive != 0 ? wake up
 *
 * An exclusive request first makes `exclusive` not 0, then waits until every `busy` has been seen
 * at 0, and for those in `granted` that overlap it.  All of these are sequentially consistent:
 * either the shared request sees `exclusive`, or the exclusive one sees its `busy`.
 *
 * Invariants:
 *  1. While exclusive != 0 no request becomes RANGE_FAST; so a shard that was seen at 0 needs no
 *     second look.
 *  2. No two requests in `granted` overlap, unless both are shared.
 *  3. Nobody overtakes a waiting request that it overlaps, unless both are shared: no starvation.
 */
#include <assert.h>

#include "scsi/scsi_int.h"

static struct scsi_range_shard *
shard_of(struct scsi_range_lock *lock, const struct scsi_range *r)
{
	return &lock->shards[r->shard % lock->shard_count];
}

static struct scsi_task *
task_of(struct list *node)
{
	return container_of(list_entry(node, struct scsi_range, node), struct scsi_task, range);
}

void
scsi_range_init(struct scsi_range_lock *lock, unsigned shards)
{
	assert(shards > 0 && shards <= RANGE_SHARDS);
	lock->shard_count = shards;
	pthread_mutex_init(&lock->mutex, NULL);
	list_init(&lock->granted);
	list_init(&lock->waiting);
}

void
scsi_range_fini(struct scsi_range_lock *lock)
{
	assert(list_empty(&lock->granted) && list_empty(&lock->waiting));
	pthread_mutex_destroy(&lock->mutex);
}

static bool
conflict(const struct scsi_range *a, const struct scsi_range *b)
{
	return (a->exclusive || b->exclusive) && a->first_block <= b->last_block &&
	       b->first_block <= a->last_block;
}

static bool
fast_busy(struct scsi_range_lock *lock)
{
	for (unsigned i = 0; i < lock->shard_count; i++)
		if (atomic_load(&lock->shards[i].busy) != 0)
			return true;
	return false;
}

/* May r go on?  Looks at those waiting only up to r itself. */
static bool
grantable(struct scsi_range_lock *lock, const struct scsi_range *r)
{
	list_for_each(node, &lock->granted)
		if (conflict(r, &task_of(node)->range))
			return false;
	list_for_each(node, &lock->waiting) {
		if (node == &r->node)
			break;
		if (conflict(r, &task_of(node)->range))
			return false;
	}
	return !r->exclusive || !fast_busy(lock);
}

/* With the mutex: lets go on whoever may. */
static void
grant(struct scsi_range_lock *lock)
{
	list_for_each_safe(node, &lock->waiting) {
		struct scsi_task *task = task_of(node);

		if (!grantable(lock, &task->range))
			continue;
		list_remove(node);
		list_append(&lock->granted, node);
		task->range.state = RANGE_RESUMING;
		task->nexus->ops->resume(task);
	}
}

/* With the mutex. */
static bool
request(struct scsi_range_lock *lock, struct scsi_range *r)
{
	bool now = grantable(lock, r);

	r->state = now ? RANGE_GRANTED : RANGE_WAITING;
	list_append(now ? &lock->granted : &lock->waiting, &r->node);
	return now;
}

static bool
begin_exclusive(struct scsi_range_lock *lock, struct scsi_range *r)
{
	bool now;

	pthread_mutex_lock(&lock->mutex);
	atomic_fetch_add(&lock->exclusive, 1);
	now = request(lock, r);
	pthread_mutex_unlock(&lock->mutex);
	return now;
}

/* It was counted for a moment, which may have kept an exclusive request waiting: hence grant. */
static bool
begin_shared_slow(struct scsi_range_lock *lock, struct scsi_range *r)
{
	bool now;

	pthread_mutex_lock(&lock->mutex);
	atomic_fetch_sub(&shard_of(lock, r)->busy, 1);
	now = request(lock, r);
	grant(lock);
	pthread_mutex_unlock(&lock->mutex);
	return now;
}

bool
scsi_range_begin(struct scsi_range_lock *lock, struct scsi_task *task, bool exclusive)
{
	struct scsi_range *r = &task->range;

	assert(r->state == RANGE_NONE);
	r->lock = lock;
	r->exclusive = exclusive;
	r->shard = task->nexus->shard;
	if (exclusive)
		return begin_exclusive(lock, r);
	atomic_fetch_add(&shard_of(lock, r)->busy, 1);
	if (__builtin_expect(atomic_load(&lock->exclusive) != 0, 0))
		return begin_shared_slow(lock, r);
	r->state = RANGE_FAST;
	return true;
}

static void
leave(struct scsi_range_lock *lock, struct scsi_range *r)
{
	pthread_mutex_lock(&lock->mutex);
	list_remove(&r->node);
	if (r->exclusive)
		atomic_fetch_sub(&lock->exclusive, 1);
	r->state = RANGE_NONE;
	grant(lock);
	pthread_mutex_unlock(&lock->mutex);
}

void
scsi_range_end(struct scsi_range_lock *lock, struct scsi_task *task)
{
	struct scsi_range *r = &task->range;

	if (r->state == RANGE_NONE)
		return;
	if (r->state != RANGE_FAST) {
		leave(lock, r);
		return;
	}
	r->state = RANGE_NONE;
	atomic_fetch_sub(&shard_of(lock, r)->busy, 1);
	if (__builtin_expect(atomic_load(&lock->exclusive) != 0, 0)) {
		pthread_mutex_lock(&lock->mutex);
		grant(lock);
		pthread_mutex_unlock(&lock->mutex);
	}
}

bool
scsi_range_cancel(struct scsi_range_lock *lock, struct scsi_task *task)
{
	struct scsi_range *r = &task->range;
	bool waiting;

	pthread_mutex_lock(&lock->mutex);
	waiting = r->state == RANGE_WAITING;
	if (waiting) {
		list_remove(&r->node);
		if (r->exclusive)
			atomic_fetch_sub(&lock->exclusive, 1);
		r->state = RANGE_NONE;
		grant(lock);
	}
	pthread_mutex_unlock(&lock->mutex);
	return waiting;
}
