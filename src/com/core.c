/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The core: what all objects of one provider share.  It holds the client and the map through which
 * the same id always gives the same living COM object; it ends with the last of its objects.
 */
#include "com/com_int.h"

#include <errno.h>

static void
shards_fini(struct com_core *core)
{
	for (size_t i = 0; i < COM_SHARDS; i++) {
		guid_map_fini(&core->shards[i].map);
		pthread_mutex_destroy(&core->shards[i].lock);
	}
}

int
com_core_new(struct com_core **ret_core)
{
	struct com_core *core = mem_calloc(1, sizeof(*core));

	if (core == NULL)
		return -ENOMEM;
	atomic_init(&core->refs, 1);
	pthread_mutex_init(&core->lock, NULL);
	for (size_t i = 0; i < COM_SHARDS; i++) {
		pthread_mutex_init(&core->shards[i].lock, NULL);
		guid_map_init(&core->shards[i].map);
	}
	*ret_core = core;
	return 0;
}

struct com_core *
com_core_ref(struct com_core *core)
{
	atomic_fetch_add_explicit(&core->refs, 1, memory_order_relaxed);
	return core;
}

void
com_core_unref(struct com_core *core)
{
	if (core == NULL || atomic_fetch_sub_explicit(&core->refs, 1, memory_order_acq_rel) != 1)
		return;
	com_advise_free(core->advise);
	client_close(core->client);
	shards_fini(core);
	pthread_mutex_destroy(&core->lock);
	mem_free(core);
}

struct client *
com_core_client(struct com_core *core)
{
	if (!atomic_load_explicit(&core->loaded, memory_order_acquire))
		return NULL;
	return atomic_load_explicit(&core->client, memory_order_relaxed);
}

int
com_core_load(struct com_core *core, const char *url)
{
	struct client *client;
	int rc = 0;

	pthread_mutex_lock(&core->lock);
	client = atomic_load_explicit(&core->client, memory_order_relaxed);
	if (client == NULL) {
		rc = client_open(url, CLIENT_REPLICA, &client);
		if (rc == 0)
			atomic_store_explicit(&core->client, client, memory_order_relaxed);
	}
	if (rc == 0)
		atomic_store_explicit(&core->loaded, true, memory_order_release);
	pthread_mutex_unlock(&core->lock);
	return rc;
}

static void
advise_swap(struct com_core *core, struct com_advise *advise)
{
	struct com_advise *old;

	pthread_mutex_lock(&core->lock);
	old = core->advise;
	core->advise = advise;
	pthread_mutex_unlock(&core->lock);
	com_advise_free(old); /* waits for the sink, so not under the lock */
}

int
com_core_advise(struct com_core *core, IVdsAdviseSink *sink)
{
	struct com_advise *advise = NULL;
	int rc = 0;

	if (sink != NULL)
		rc = com_advise_new(core->client, sink, &advise);
	if (rc == 0)
		advise_swap(core, advise);
	return rc;
}

void
com_core_unload(struct com_core *core)
{
	atomic_store_explicit(&core->loaded, false, memory_order_release);
	advise_swap(core, NULL);
}

static struct com_shard *
shard_of(struct com_core *core, const struct guid *id)
{
	return &core->shards[id->bytes[15] % COM_SHARDS];
}

/* One more reference, unless the last one has gone already. */
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
 * Puts `made` into the map unless another thread was first; the object to use, or NULL when there
 * is no memory.
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
com_core_object(struct com_core *core, const struct com_class *class, const struct guid *id)
{
	struct com_shard *shard = shard_of(core, id);
	struct com_object *object = find_living(shard, class, id);
	struct com_object *made;

	if (object != NULL)
		return object;
	made = com_object_new(core, class);
	if (made == NULL)
		return NULL;
	made->id = *id;
	object = publish(shard, made);
	if (object != made)
		com_release(made);
	return object;
}

void
com_core_forget(struct com_core *core, struct com_object *object)
{
	struct com_shard *shard;

	if (guid_is_zero(&object->id))
		return;
	shard = shard_of(core, &object->id);
	pthread_mutex_lock(&shard->lock);
	if (guid_map_find(&shard->map, &object->id) == object)
		guid_map_remove(&shard->map, &object->id);
	pthread_mutex_unlock(&shard->lock);
}
