/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spaces: each has a map, through which the same class and id always give the same living COM
 * object. A space is freed with the last of its objects. Any thread may call it.
 */
#include "com/count_int.h"

#include <errno.h>
#include <string.h>

/* Roots of spaces, and calls of com_keep. */
static _Atomic unsigned keepers;

void
com_keep(bool keep)
{
	atomic_fetch_add_explicit(&keepers, keep ? 1u : -1u, memory_order_relaxed);
}

bool
com_is_kept(void)
{
	return atomic_load_explicit(&keepers, memory_order_acquire) != 0;
}

/* Spaces lie apart from each other, but their references need no more than different shards. */
static unsigned
shard_of_space(const struct com_space *space)
{
	return (unsigned)((uintptr_t)space >> 6) % COM_SHARDS;
}

static void
maps_init(struct com_space *space)
{
	for (size_t i = 0; i < COM_SHARDS; i++)
		guid_map_init(&space->maps[i]);
}

void
com_space_init(struct com_space *space, void (*free)(struct com_space *space))
{
	com_keep(true);
	com_count_init(&space->count, shard_of_space(space));
	space->root = space;
	space->free = free;
	maps_init(space);
}

void
com_space_init_part(struct com_space *space, struct com_space *root)
{
	space->root = root;
	space->free = NULL;
	maps_init(space);
}

void
com_space_fini(struct com_space *space)
{
	for (size_t i = 0; i < COM_SHARDS; i++)
		guid_map_fini(&space->maps[i]);
}

struct com_space *
com_space_ref(struct com_space *space)
{
	com_count_add(&space->root->count);
	return space;
}

bool
com_space_ref_unless_zero(struct com_space *space)
{
	bool lives;

	com_count_lock(space->count.shard);
	lives = com_count_gather(&space->count) != 0;
	if (lives)
		com_count_add_shared(&space->count);
	com_count_unlock(space->count.shard);
	return lives;
}

void
com_space_unref(struct com_space *space)
{
	struct com_space *root = space != NULL ? space->root : NULL;
	unsigned shard, left;

	if (root == NULL || com_count_drop(&root->count) != 0)
		return;
	shard = root->count.shard;
	com_count_lock(shard);
	com_count_gather(&root->count);
	left = com_count_drop_shared(&root->count);
	com_count_unlock(shard);
	if (left != 0)
		return;
	root->free(root);
	com_keep(false);
}

/* ---- objects ---- */

/* Ids that differ in few bits only are in different shards, too, or a cell would be full soon. */
static unsigned
shard_of(const struct guid *id)
{
	uint64_t first, h;

	memcpy(&first, id->bytes, sizeof(first));
	h = guid_hash(id) ^ first * 0xff51afd7ed558ccdull;
	return (unsigned)((h * 0x9e3779b97f4a7c15ull) >> 60);
}

_Static_assert(COM_SHARDS == 16, "shard_of gives four bits");

/*
 * Returns the object in the map, if it is of the class.  The caller is in a cell, or has the lock.
 */
static struct com_object *
find(struct com_space *space, const struct com_class *class, const struct guid *id)
{
	struct com_object *object = guid_map_find(&space->maps[shard_of(id)], id);

	return object != NULL && object->class == class ? object : NULL;
}

static struct com_object *
find_living(struct com_space *space, const struct com_class *class, const struct guid *id)
{
	struct com_cell *cell = com_cell_enter(shard_of(id));
	struct com_object *object = find(space, class, id);

	if (object != NULL)
		com_cell_add(cell, &object->count);
	com_cell_leave(cell);
	return object;
}

/*
 * Puts `made` into the map, unless another thread has put one of the same class and id there.
 * Returns the object to use, or NULL when out of memory.
 */
static struct com_object *
publish(struct com_space *space, struct com_object *made)
{
	unsigned shard = made->count.shard;
	struct com_object *object;

	com_count_lock(shard);
	object = find(space, made->class, &made->id);
	if (object != NULL)
		com_count_add_shared(&object->count);
	else if (guid_map_put(&space->maps[shard], &made->id, made) == 0)
		object = made;
	com_count_unlock(shard);
	return object;
}

struct com_object *
com_space_object(struct com_space *space, const struct com_class *class, const struct guid *id)
{
	struct com_object *object = find_living(space, class, id);
	struct com_object *made;

	if (object != NULL)
		return object;
	made = com_object_new(space, class);
	if (made == NULL)
		return NULL;
	made->id = *id;
	made->count.shard = shard_of(id);
	object = publish(space, made);
	if (object != made)
		com_release(made);
	return object;
}

unsigned
com_space_drop(struct com_space *space, struct com_object *object)
{
	unsigned shard = object->count.shard, left;
	struct guid_map *map = &space->maps[shard];

	com_count_lock(shard);
	com_count_gather(&object->count);
	left = com_count_drop_shared(&object->count);
	if (left == 0 && guid_map_find(map, &object->id) == object)
		guid_map_remove(map, &object->id);
	com_count_unlock(shard);
	return left;
}

HRESULT
com_give(struct com_space *space, const struct com_class *class, const struct guid *id, REFIID riid,
	 void **ret_interface)
{
	struct com_object *object;
	HRESULT hr;

	*ret_interface = NULL;
	object = com_space_object(space, class, id);
	if (object == NULL)
		return com_error(-ENOMEM);
	hr = com_query(object, riid, ret_interface);
	com_release(object);
	return hr;
}
