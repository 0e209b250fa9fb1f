/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hash map with linear probing, at most three quarters full.  A removal moves back the entries
 * behind the removed one, so there are no tombstones and a look-up ends at the first free slot.
 * One thread for each map.
 */
#include "base/map.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

#define CAPACITY_MIN 8

void
guid_map_init(struct guid_map *map)
{
	*map = (struct guid_map){ 0 };
}

void
guid_map_fini(struct guid_map *map)
{
	mem_free(map->slots);
	*map = (struct guid_map){ 0 };
}

/*
 * Made guids have two fixed bits, and those of tests often differ in a few bits only: mix all of
 * them.
 */
static size_t
slot_home(const struct guid_map *map, const struct guid *key)
{
	uint64_t first, h;

	memcpy(&first, key->bytes, sizeof(first));
	h = (guid_hash(key) ^ first * 0xff51afd7ed558ccdull) * 0x9e3779b97f4a7c15ull;
	return (size_t)(h ^ h >> 32) & (map->capacity - 1);
}

/* The slot of the key, or the free one where it would go.  The map has at least one free slot. */
static struct guid_map_slot *
slot_find(const struct guid_map *map, const struct guid *key)
{
	size_t i = slot_home(map, key);

	while (map->slots[i].value != NULL && !guid_equal(&map->slots[i].key, key))
		i = (i + 1) & (map->capacity - 1);
	return &map->slots[i];
}

void *
guid_map_find(const struct guid_map *map, const struct guid *key)
{
	return map->capacity > 0 ? slot_find(map, key)->value : NULL;
}

static int
map_grow(struct guid_map *map)
{
	struct guid_map bigger = { .count = map->count };

	bigger.capacity = map->capacity > 0 ? map->capacity * 2 : CAPACITY_MIN;
	bigger.slots = mem_calloc(bigger.capacity, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < map->capacity; i++)
		if (map->slots[i].value != NULL)
			*slot_find(&bigger, &map->slots[i].key) = map->slots[i];
	mem_free(map->slots);
	*map = bigger;
	return 0;
}

int
guid_map_put(struct guid_map *map, const struct guid *key, void *value)
{
	struct guid_map_slot *slot = map->capacity > 0 ? slot_find(map, key) : NULL;

	if (slot == NULL || (slot->value == NULL && (map->count + 1) * 4 > map->capacity * 3)) {
		int rc = map_grow(map);

		if (rc < 0)
			return rc;
		slot = slot_find(map, key);
	}
	if (slot->value == NULL) {
		slot->key = *key;
		map->count++;
	}
	slot->value = value;
	return 0;
}

/* May the entry whose home is `home` and which stands at `at` move back to `hole`? */
static bool
may_move(size_t home, size_t at, size_t hole, size_t mask)
{
	return ((at - home) & mask) >= ((at - hole) & mask);
}

void *
guid_map_remove(struct guid_map *map, const struct guid *key)
{
	size_t mask = map->capacity - 1, hole;
	struct guid_map_slot *slot;
	void *value;

	if (map->capacity == 0)
		return NULL;
	slot = slot_find(map, key);
	value = slot->value;
	if (value == NULL)
		return NULL;
	hole = (size_t)(slot - map->slots);
	for (size_t i = (hole + 1) & mask; map->slots[i].value != NULL; i = (i + 1) & mask) {
		if (may_move(slot_home(map, &map->slots[i].key), i, hole, mask)) {
			map->slots[hole] = map->slots[i];
			hole = i;
		}
	}
	map->slots[hole].value = NULL;
	map->count--;
	return value;
}

void *
guid_map_next(const struct guid_map *map, size_t *cursor)
{
	while (*cursor < map->capacity) {
		void *value = map->slots[(*cursor)++].value;

		if (value != NULL)
			return value;
	}
	return NULL;
}
