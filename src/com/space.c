/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spaces: each has a map, through which the same class and id always give the same living COM
 * object. A space is freed with the last of its objects. Any thread may call it.
 */
#include "com/com.h"

#include <errno.h>

void
com_space_init(struct com_space *space, void (*free)(struct com_space *space))
{
	atomic_init(&space->refs, 1);
	space->free = free;
	for (size_t i = 0; i < COM_SHARDS; i++) {
		pthread_mutex_init(&space->shards[i].lock, NULL);
		guid_map_init(&space->shards[i].map);
	}
}

void
com_space_fini(struct com_space *space)
{
	for (size_t i = 0; i < COM_SHARDS; i++) {
		guid_map_fini(&space->shards[i].map);
		pthread_mutex_destroy(&space->shards[i].lock);
	}
}

struct com_space *
com_space_ref(struct com_space *space)
{
	atomic_fetch_add_explicit(&space->refs, 1, memory_order_relaxed);
	return space;
}

void
com_space_unref(struct com_space *space)
{
	if (space != NULL && atomic_fetch_sub_explicit(&space->refs, 1, memory_order_acq_rel) == 1)
		space->free(space);
}

static struct com_shard *
shard_of(struct com_space *space, const struct guid *id)
{
	return &space->shards[id->bytes[15] % COM_SHARDS];
}

/* Takes a reference, unless the last one was released already. Returns whether it did. */
static bool
ref_unless_zero(struct com_object *object)
{
	unsigned refs = atomic_load_explicit(&object->refs, memory_order_relaxed);

	while (refs != 0) {
		if (atomic_compare_exchange_weak_explicit(&object->refs, &refs, refs + 1,
							  memory_order_acquire,
							  memory_order_relaxed))
			return true;
	}
	return false;
}

static struct com_object *
find_living(struct com_shard *shard, const struct com_class *class, const struct guid *id)
{
	struct com_object *object;

	pthread_mutex_lock(&shard->lock);
	object = guid_map_find(&shard->map, id);
	if (object != NULL && (object->class != class || !ref_unless_zero(object)))
		object = NULL;
	pthread_mutex_unlock(&shard->lock);
	return object;
}

/*
 * Puts `made` into the map, unless another thread has put one of the same class and id there.
 * Returns the object to use, or NULL when out of memory.
 */
static struct com_object *
publish(struct com_shard *shard, struct com_object *made)
{
	struct com_object *object;

	pthread_mutex_lock(&shard->lock);
	object = guid_map_find(&shard->map, &made->id);
	if (object != NULL && (object->class != made->class || !ref_unless_zero(object)))
		object = NULL;
	if (object == NULL && guid_map_put(&shard->map, &made->id, made) == 0)
		object = made;
	pthread_mutex_unlock(&shard->lock);
	return object;
}

struct com_object *
com_space_object(struct com_space *space, const struct com_class *class, const struct guid *id)
{
	struct com_shard *shard = shard_of(space, id);
	struct com_object *object = find_living(shard, class, id);
	struct com_object *made;

	if (object != NULL)
		return object;
	made = com_object_new(space, class);
	if (made == NULL)
		return NULL;
	made->id = *id;
	object = publish(shard, made);
	if (object != made)
		com_release(made);
	return object;
}

void
com_space_forget(struct com_space *space, struct com_object *object)
{
	struct com_shard *shard;

	if (guid_is_zero(&object->id))
		return;
	shard = shard_of(space, &object->id);
	pthread_mutex_lock(&shard->lock);
	if (guid_map_find(&shard->map, &object->id) == object)
		guid_map_remove(&shard->map, &object->id);
	pthread_mutex_unlock(&shard->lock);
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
