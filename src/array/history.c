/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much space pools and LUNs took during the last day: a sample each minute of a pool, and each
 * ten minutes of a LUN when it differs from the one before.  In memory only; it begins anew with
 * vdsd.  A pool takes 56 KiB after a day.  A LUN takes 16 bytes and 8 more for each sample, so that
 * 10,000 LUNs which change all the time take 12 MB, and idle ones 2 MB with the map.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#define MINUTE_MS   60000
#define DAY_MINUTES (24 * 60)
#define LUN_MINUTES 10
#define LUN_SAMPLES (DAY_MINUTES / LUN_MINUTES)
#define MINUTE_BITS 20 /* of a packed sample; they wrap after two years */
#define MINUTE_MASK ((1u << MINUTE_BITS) - 1)
#define BYTES_UNIT  512

struct pool_history {
	size_t begin, count;
	struct array_sample samples[DAY_MINUTES];
};

struct lun_history {
	uint32_t count, capacity;
	uint64_t samples[]; /* bytes in BYTES_UNIT << MINUTE_BITS | minute */
};

static int64_t
minute_of(int64_t now_ms)
{
	return now_ms / MINUTE_MS;
}

/* ---- taking samples ---- */

static void
pool_sample(struct array *array, const struct row_live_pool *live, int64_t now_ms)
{
	struct pool_history *history = guid_map_find(&array->pool_history, &live->id);
	size_t at;

	if (history == NULL) {
		history = mem_calloc(1, sizeof(*history));
		if (history == NULL)
			return;
		if (guid_map_put(&array->pool_history, &live->id, history) < 0) {
			mem_free(history);
			return;
		}
	}
	at = (history->begin + history->count) % DAY_MINUTES;
	history->samples[at] = (struct array_sample){ now_ms, live->capacity_bytes,
						      live->free_bytes, live->allocated_bytes,
						      live->trash_bytes };
	if (history->count < DAY_MINUTES)
		history->count++;
	else
		history->begin = (history->begin + 1) % DAY_MINUTES;
}

/* Returns the history with room for one more sample, or NULL: memory is out. */
static struct lun_history *
lun_room(struct array *array, const struct guid *id)
{
	struct lun_history *old = guid_map_find(&array->lun_history, id), *history;
	uint32_t capacity = old != NULL ? MIN(old->capacity * 2, (uint32_t)LUN_SAMPLES) : 1;

	if (old != NULL && old->count < old->capacity)
		return old;
	if (old != NULL && old->capacity == LUN_SAMPLES) {
		memmove(old->samples, old->samples + 1, (--old->count) * sizeof(old->samples[0]));
		return old;
	}
	history = mem_calloc(1, sizeof(*history) + capacity * sizeof(history->samples[0]));
	if (history == NULL)
		return NULL;
	history->capacity = capacity;
	if (old != NULL) {
		history->count = old->count;
		memcpy(history->samples, old->samples, old->count * sizeof(old->samples[0]));
	}
	if (guid_map_put(&array->lun_history, id, history) < 0) {
		mem_free(history);
		return NULL;
	}
	mem_free(old);
	return history;
}

static void
lun_sample(struct array *array, const struct row_live_lun *live, int64_t now_ms)
{
	struct lun_history *history = guid_map_find(&array->lun_history, &live->id);
	uint64_t units = live->allocated_bytes / BYTES_UNIT;

	if (history != NULL && history->count > 0 &&
	    history->samples[history->count - 1] >> MINUTE_BITS == units)
		return;
	history = lun_room(array, &live->id);
	if (history != NULL)
		history->samples[history->count++] = units << MINUTE_BITS |
						     ((uint64_t)minute_of(now_ms) & MINUTE_MASK);
}

/* Forgets the objects that are not in the live state any more. */
static void
forget(struct guid_map *map, const struct state *live, enum row_family family)
{
	for (size_t i = 0; i < map->capacity; i++) {
		struct guid key = map->slots[i].key;

		if (map->slots[i].value == NULL || state_find(live, family, &key) != NULL)
			continue;
		mem_free(guid_map_remove(map, &key));
		i = (size_t)-1; /* slots may have moved */
	}
}

void
array_history_sample(struct array *array, int64_t now_ms)
{
	int64_t minute = minute_of(now_ms);
	AUTO_STATE struct state *live = NULL;

	if (minute == array->history_minute)
		return;
	live = array_live(array);
	pthread_mutex_lock(&array->history_lock);
	for (size_t i = 0; i < state_count(live, ROW_LIVE_POOL); i++)
		pool_sample(array, state_at(live, ROW_LIVE_POOL, i), now_ms);
	if (minute / LUN_MINUTES != array->history_minute / LUN_MINUTES) {
		for (size_t i = 0; i < state_count(live, ROW_LIVE_LUN); i++)
			lun_sample(array, state_at(live, ROW_LIVE_LUN, i), now_ms);
		forget(&array->lun_history, live, ROW_LIVE_LUN);
		forget(&array->pool_history, live, ROW_LIVE_POOL);
	}
	array->history_minute = minute;
	pthread_mutex_unlock(&array->history_lock);
}

void
array_history_fini(struct array *array)
{
	void *history;

	for (size_t i = 0; (history = guid_map_next(&array->pool_history, &i)) != NULL;)
		mem_free(history);
	for (size_t i = 0; (history = guid_map_next(&array->lun_history, &i)) != NULL;)
		mem_free(history);
	guid_map_fini(&array->pool_history);
	guid_map_fini(&array->lun_history);
}

/* ---- reading them ---- */

static size_t
pool_read(struct array *array, const struct guid *id, struct array_sample *samples)
{
	const struct pool_history *history = guid_map_find(&array->pool_history, id);

	for (size_t i = 0; history != NULL && i < history->count; i++)
		samples[i] = history->samples[(history->begin + i) % DAY_MINUTES];
	return history != NULL ? history->count : 0;
}

static size_t
lun_read(struct array *array, const struct guid *id, int64_t now_ms, struct array_sample *samples)
{
	const struct lun_history *history = guid_map_find(&array->lun_history, id);
	int64_t now = minute_of(now_ms);
	size_t count = 0;

	for (size_t i = 0; history != NULL && i < history->count; i++) {
		int64_t ago = (now - (int64_t)(history->samples[i] & MINUTE_MASK)) & MINUTE_MASK;

		/*
		 * What is older than a day holds at the beginning of the day, if nothing came
		 * since.
		 */
		if (ago > DAY_MINUTES) {
			count = 0;
			ago = DAY_MINUTES;
		}
		samples[count++] = (struct array_sample){
			.time_ms = (now - ago) * MINUTE_MS,
			.allocated_bytes = (history->samples[i] >> MINUTE_BITS) * BYTES_UNIT,
		};
	}
	return count;
}

int
array_history(struct array *array, enum row_family family, const struct guid *id,
	      struct array_sample **ret_samples, size_t *ret_count)
{
	AUTO_STATE struct state *state = array_state(array);
	AUTO_STATE struct state *live = array_live(array);
	AUTO_FREE struct array_sample *samples = mem_calloc(DAY_MINUTES + 1, sizeof(*samples));
	int64_t now_ms = clock_utc_ms();
	const struct row_live_pool *pool;
	const struct row_live_lun *lun;
	size_t count;

	if (state_find(state, family, id) == NULL)
		return array_name_no_such(family, id);
	if (samples == NULL)
		return -ENOMEM;
	pthread_mutex_lock(&array->history_lock);
	count = family == ROW_POOL ? pool_read(array, id, samples)
				   : lun_read(array, id, now_ms, samples);
	pthread_mutex_unlock(&array->history_lock);
	pool = family == ROW_POOL ? state_find(live, ROW_LIVE_POOL, id) : NULL;
	lun = family == ROW_LUN ? state_find(live, ROW_LIVE_LUN, id) : NULL;
	if (pool != NULL)
		samples[count++] = (struct array_sample){ now_ms, pool->capacity_bytes,
							  pool->free_bytes, pool->allocated_bytes,
							  pool->trash_bytes };
	if (lun != NULL)
		samples[count++] = (struct array_sample){ .time_ms = now_ms,
							  .allocated_bytes = lun->allocated_bytes };
	*ret_samples = TAKE(samples);
	*ret_count = count;
	return 0;
}
