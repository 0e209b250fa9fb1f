/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The core: what all objects of one provider share, namely the client and the sink of
 * notifications. It is the space of these objects and is freed with the last of them. Any thread
 * may call it.
 */
#include "provider/provider_int.h"

#include <errno.h>

static void
core_free(struct com_space *space)
{
	struct provider_core *core = container_of(space, struct provider_core, space);

	provider_advise_free(core->advise);
	client_close(core->client);
	com_space_fini(space);
	pthread_mutex_destroy(&core->lock);
	mem_free(core);
}

int
provider_core_new(struct provider_core **ret_core)
{
	struct provider_core *core = mem_calloc(1, sizeof(*core));

	if (core == NULL)
		return -ENOMEM;
	provider_debug_begin();
	com_space_init(&core->space, core_free);
	pthread_mutex_init(&core->lock, NULL);
	*ret_core = core;
	return 0;
}

struct client *
provider_core_client(struct provider_core *core)
{
	if (!atomic_load_explicit(&core->loaded, memory_order_acquire))
		return NULL;
	return atomic_load_explicit(&core->client, memory_order_relaxed);
}

int
provider_core_load(struct provider_core *core, const char *url)
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
advise_swap(struct provider_core *core, struct provider_advise *advise)
{
	struct provider_advise *old;

	pthread_mutex_lock(&core->lock);
	old = core->advise;
	core->advise = advise;
	pthread_mutex_unlock(&core->lock);
	provider_advise_free(old); /* this waits for the sink, so it is not called under the lock */
}

int
provider_core_advise(struct provider_core *core, IVdsAdviseSink *sink)
{
	struct provider_advise *advise = NULL;
	int rc = 0;

	if (sink != NULL)
		rc = provider_advise_new(core->client, sink, &advise);
	if (rc == 0)
		advise_swap(core, advise);
	return rc;
}

void
provider_core_unload(struct provider_core *core)
{
	atomic_store_explicit(&core->loaded, false, memory_order_release);
	advise_swap(core, NULL);
}
