/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How full pools are.  Thin LUNs may together be larger than their pool, and others may write to
 * the pool's file system; so what is free is looked at in each round of the verifier, and a pool
 * that gets low or full is said in its live row (an event), in the log and by the checkers.
 */
#include <inttypes.h>
#include <stdio.h>

#include "array/array_int.h"
#include "base/log.h"

uint64_t
array_space_low_bytes(uint64_t capacity_bytes)
{
	return capacity_bytes / 10;
}

enum pool_space
array_space_level(const struct array_pool_space *space, enum pool_space before)
{
	uint64_t free_bytes = space->free_bytes, capacity = space->capacity_bytes;

	if (free_bytes < capacity / 100)
		return POOL_SPACE_FULL;
	if (free_bytes < array_space_low_bytes(capacity))
		return POOL_SPACE_LOW;
	return before != POOL_SPACE_OK && free_bytes < capacity / 8 ? POOL_SPACE_LOW
								    : POOL_SPACE_OK;
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
	return bytes;
}

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
