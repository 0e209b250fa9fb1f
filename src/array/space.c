/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How full pools are.  Thin LUNs may together be larger than their pool, and others may write to
 * the pool's file system; so what is free is looked at in each round of the verifier, and a pool
 * that gets low or full is said in its live row (an event), in the log and by the checkers.
 */
#include <inttypes.h>
#include <stdio.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

void
array_space_limits_read(const struct row_pool *pool, struct array_space_limits *ret_limits)
{
	*ret_limits = (struct array_space_limits){ 0 };
	(void)pool_limit_parse("low", pool->low != NULL ? pool->low : "", &ret_limits->low);
	(void)pool_limit_parse("full", pool->full != NULL ? pool->full : "", &ret_limits->full);
}

uint64_t
array_space_low_bytes(const struct array_space_limits *limits, uint64_t capacity_bytes)
{
	return pool_limit_bytes(&limits->low, POOL_LOW_PERCENT_DEFAULT, capacity_bytes);
}

uint64_t
array_space_full_bytes(const struct array_space_limits *limits, uint64_t capacity_bytes)
{
	return pool_limit_bytes(&limits->full, POOL_FULL_PERCENT_DEFAULT, capacity_bytes);
}

/*
 * Returns how much must be free for a pool to leave a level: a quarter more than the threshold, or
 * half of what the pool has beyond it when that is less, so that it can be left at all.
 */
static uint64_t
leave_bytes(uint64_t threshold_bytes, uint64_t capacity_bytes)
{
	uint64_t beyond = capacity_bytes > threshold_bytes ? capacity_bytes - threshold_bytes : 0;

	return threshold_bytes + MIN(threshold_bytes / 4, beyond / 2);
}

enum pool_space
array_space_level(const struct array_space_limits *limits, const struct array_pool_space *space,
		  enum pool_space before)
{
	uint64_t free_bytes = space->free_bytes, capacity = space->capacity_bytes;
	uint64_t low = array_space_low_bytes(limits, capacity);
	uint64_t full = array_space_full_bytes(limits, capacity);

	if (before == POOL_SPACE_FULL)
		full = leave_bytes(full, capacity);
	if (before != POOL_SPACE_OK)
		low = leave_bytes(low, capacity);
	if (free_bytes < full)
		return POOL_SPACE_FULL;
	return free_bytes < low ? POOL_SPACE_LOW : POOL_SPACE_OK;
}

/* Returns by how much the jobs that run will extend LUNs of the pool. */
static uint64_t
extend_bytes(const struct state *state, const struct guid *pool_id)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < state_count(state, ROW_JOB); i++) {
		const struct row_job *job = state_at(state, ROW_JOB, i);
		const struct row_lun *lun = job->kind == JOB_EXTEND_LUN && job->state == JOB_RUNNING
						    ? state_find(state, ROW_LUN, &job->lun_id)
						    : NULL;

		if (lun != NULL && guid_equal(&lun->pool_id, pool_id) &&
		    job->to_bytes > lun->size_bytes)
			bytes += job->to_bytes - lun->size_bytes;
	}
	return bytes;
}

uint64_t
array_space_provisioned(const struct state *state, const struct guid *pool_id)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < state_count(state, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(state, ROW_LUN, i);

		if (guid_equal(&lun->pool_id, pool_id))
			bytes += lun->size_bytes;
	}
	return bytes + extend_bytes(state, pool_id) + array_move_bytes(state, pool_id);
}

/* ---- the overcommit limit ---- */

/* Returns the limit in percent of the capacity; 0 = there is none. */
static unsigned
overcommit(const struct state *view, const struct guid *pool_id)
{
	const struct row_pool *pool = state_find(view, ROW_POOL, pool_id);
	unsigned percent = 0;

	if (pool != NULL && pool->overcommit != NULL)
		(void)pool_overcommit_parse(pool->overcommit, &percent);
	return percent;
}

static int
promise_capacity(struct array *array, const struct state *view, const struct guid *pool_id,
		 uint64_t *ret_capacity_bytes)
{
	struct array_pool_space space = { 0 };
	int rc = overcommit(view, pool_id) > 0 ? array_pool_space(array, pool_id, &space) : 0;

	if (rc == 0)
		*ret_capacity_bytes = space.capacity_bytes;
	return rc;
}

int
array_space_promise_capacity(struct array *array, const struct guid *pool_id,
			     uint64_t *ret_capacity_bytes)
{
	AUTO_STATE struct state *state = array_state(array);

	return promise_capacity(array, state, pool_id, ret_capacity_bytes);
}

/* Returns how much more may be promised; UINT64_MAX without a limit. */
static uint64_t
left(const struct state *view, const struct guid *pool_id, uint64_t capacity_bytes)
{
	unsigned percent = overcommit(view, pool_id);
	uint64_t most = pool_overcommit_bytes(percent, capacity_bytes), promised;

	if (percent == 0)
		return UINT64_MAX;
	promised = array_space_provisioned(view, pool_id);
	return most > promised ? most - promised : 0;
}

int
array_space_promise_left(struct array *array, const struct state *view, const struct guid *pool_id,
			 uint64_t *ret_bytes)
{
	uint64_t capacity_bytes = 0;
	int rc = promise_capacity(array, view, pool_id, &capacity_bytes);

	if (rc == 0)
		*ret_bytes = left(view, pool_id, capacity_bytes);
	return rc;
}

int
array_space_check_promise(const struct state *view, const struct guid *pool_id,
			  uint64_t capacity_bytes, uint64_t add_bytes)
{
	const struct row_pool *pool = state_find(view, ROW_POOL, pool_id);
	uint64_t more = capacity_bytes > 0 ? left(view, pool_id, capacity_bytes) : UINT64_MAX;
	char want[32], have[32], capacity[32], promised[32];

	if (add_bytes <= more || pool == NULL)
		return 0;
	return err_set(
		ERR_NO_SPACE,
		"pool \"%s\" may not promise %s more: its LUNs have %s together, its capacity is "
		"%s, and its overcommit limit of %s lets it promise %s more; choose a smaller "
		"size, delete LUNs, or raise the limit by `vdsctl pool set %s --overcommit`",
		pool->name, str_format_size(add_bytes, want, sizeof(want)),
		str_format_size(array_space_provisioned(view, pool_id), promised, sizeof(promised)),
		str_format_size(capacity_bytes, capacity, sizeof(capacity)), pool->overcommit,
		str_format_size(more, have, sizeof(have)), pool->name);
}

/* ---- the log ---- */

void
array_space_log(const struct state *state, const struct row_live_pool *live, enum pool_space before)
{
	static const char *const names[] = { "ok", "low", "full" };
	const struct row_pool *pool = state_find(state, ROW_POOL, &live->id);
	char quoted[ROW_NAME_MAX * 4 + 3];

	char text[400];

	if (pool == NULL || live->space == before)
		return;
	snprintf(text, sizeof(text),
		 "pool=%s space=%s was=%s free_bytes=%" PRIu64 " capacity_bytes=%" PRIu64
		 " allocated_bytes=%" PRIu64 " provisioned_bytes=%" PRIu64,
		 log_quote(pool->name, quoted, sizeof(quoted)), names[live->space], names[before],
		 live->free_bytes, live->capacity_bytes, live->allocated_bytes,
		 array_space_provisioned(state, &live->id));
	if (live->space > before)
		log_warning("pool.space", "%s", text);
	else
		log_info("pool.space", "%s", text);
}
