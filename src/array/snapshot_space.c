/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures how much space snapshots take, some in each round of the verifier, whose thread this is.
 * What a snapshot shares changes with each write to its LUN, so all are measured again and again.
 */
#include "array/array_int.h"
#include "base/clock.h"
#include "base/mem.h"

#define MEASURE_NS (20 * NS_PER_MS) /* in one round; one snapshot at least */

/*
 * Drops the rows of snapshots that are gone, and adds up what the others take in each pool.  Here
 * and not where the figures are asked for, so that a question costs the same however many there
 * are.
 */
static void
sum_up(struct array *array, const struct state *state)
{
	AUTO_STATE struct state *live = array_live(array);
	size_t pools = state_count(state, ROW_POOL);
	AUTO_FREE uint64_t *bytes = mem_calloc(pools + 1, sizeof(bytes[0]));

	for (size_t i = 0; i < state_count(live, ROW_LIVE_SNAPSHOT); i++) {
		const struct row_live_snapshot *row = state_at(live, ROW_LIVE_SNAPSHOT, i);
		const struct row_snapshot *snapshot = state_find(state, ROW_SNAPSHOT, &row->id);

		if (snapshot == NULL)
			array_live_delete(array, ROW_LIVE_SNAPSHOT, &row->id);
		else if (bytes != NULL) /* its pool is the last one that is not after it */
			bytes[state_after(state, ROW_POOL, &snapshot->pool_id) - 1] +=
				row->own_bytes;
	}
	for (size_t i = 0; bytes != NULL && i < pools; i++) {
		const struct row_pool *pool = state_at(state, ROW_POOL, i);

		array_pool_set_snapshot_bytes(array, &pool->id, bytes[i]);
	}
}

static void
measure(struct array *array, const struct state *state, const struct row_snapshot *snapshot)
{
	const struct row_pool *pool = state_find(state, ROW_POOL, &snapshot->pool_id);
	const struct array_pool_driver *driver = array_pool_driver_find(pool->path);
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_snapshot *before = state_find(live, ROW_LIVE_SNAPSHOT, &snapshot->id);
	uint64_t used_bytes = 0, own_bytes = 0;
	struct row_live_snapshot *row;

	if (driver == NULL || driver->volume_space == NULL ||
	    array_pool_ready(array, &snapshot->pool_id) < 0 ||
	    driver->volume_space(pool->path, &snapshot->id, &used_bytes, &own_bytes) < 0)
		return;
	if (before != NULL && before->used_bytes == used_bytes && before->own_bytes == own_bytes)
		return;
	row = row_new(ROW_LIVE_SNAPSHOT);
	if (row == NULL)
		return;
	row->id = snapshot->id;
	row->used_bytes = used_bytes;
	row->own_bytes = own_bytes;
	array_live_put(array, row);
}

void
array_snapshot_measure(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);
	size_t count = state_count(state, ROW_SNAPSHOT);
	size_t at = state_after(state, ROW_SNAPSHOT, &array->measured_snapshot);
	uint64_t end_ns = clock_mono_ns() + MEASURE_NS;

	for (size_t i = 0; i < count && !atomic_load(&array->closing); i++) {
		const struct row_snapshot *snapshot = state_at(state, ROW_SNAPSHOT,
							       (at + i) % count);

		measure(array, state, snapshot);
		array->measured_snapshot = snapshot->id;
		if (clock_mono_ns() >= end_ns)
			break;
	}
	sum_up(array, state);
}
