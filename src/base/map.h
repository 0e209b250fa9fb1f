/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hash map from guid to pointer, with open addressing.  Keys are copied; values belong to the
 * caller.  Not thread-safe.
 */
#ifndef VDS_BASE_MAP_H
#define VDS_BASE_MAP_H

#include <stddef.h>

#include "base/guid.h"

struct guid_map_slot {
	struct guid key;
	void *value; /* NULL = free slot */
};

struct guid_map {
	struct guid_map_slot *slots;
	size_t capacity; /* 0 or a power of two */
	size_t count;
};

void guid_map_init(struct guid_map *map);
void guid_map_fini(struct guid_map *map);
/* Returns the value of a key, or NULL when the key is absent. */
void *guid_map_find(const struct guid_map *map, const struct guid *key);
/*
 * Sets the value (not NULL) of a key, replacing the one before.  Returns 0, or -ENOMEM (the map is
 * unchanged).
 */
int guid_map_put(struct guid_map *map, const struct guid *key, void *value);
/* Removes a key.  Returns its value, or NULL when the key was absent. */
void *guid_map_remove(struct guid_map *map, const struct guid *key);
/*
 * Walks the values in no particular order: for (size_t i = 0; (v = guid_map_next(map, &i)) !=
 * NULL;).  The map must not change meanwhile.
 */
void *guid_map_next(const struct guid_map *map, size_t *cursor);

#endif
