/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of the service.  There is one service in a process; it begins with the first object that
 * a program gets and ends with the last one.  Any thread may call it.
 *
 * Life: service_open makes the service; IVdsServiceInitialization::Initialize, which the loader
 * calls, starts a thread for each provider; the service is ready when each of them has finished or
 * the time for loading is up.  Methods that need the providers wait for that.
 */
#include "service/service_int.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/system.h"
#include "service/registry_int.h"

#define START_TIMEOUT_MS 10000u
#define LOAD_TIMEOUT_MS  30000u
#define CALL_TIMEOUT_MS  120000u

/* ---- life ---- */

static pthread_mutex_t current_lock = PTHREAD_MUTEX_INITIALIZER;
static struct service *current; /* borrowed; guarded by current_lock */

static void
service_free(struct com_space *space)
{
	struct service *service = container_of(space, struct service, space);

	pthread_mutex_lock(&current_lock);
	if (current == service)
		current = NULL;
	pthread_mutex_unlock(&current_lock);
	for (size_t i = 0; i < service->provider_count; i++)
		service_provider_end(service->providers[i]);
	mem_free(service->providers);
	service_fanout_close(service->fanout);
	guid_map_fini(&service->wraps);
	pthread_cond_destroy(&service->task_ended);
	pthread_mutex_destroy(&service->tasks_lock);
	pthread_mutex_destroy(&service->wraps_lock);
	pthread_mutex_destroy(&service->lock);
	com_space_fini(space);
	mem_free(service);
}

static struct service *
service_new(void)
{
	struct service *service = mem_calloc(1, sizeof(*service));

	if (service == NULL)
		return NULL;
	com_space_init(&service->space, service_free);
	pthread_mutex_init(&service->lock, NULL);
	pthread_mutex_init(&service->wraps_lock, NULL);
	guid_map_init(&service->wraps);
	pthread_mutex_init(&service->tasks_lock, NULL);
	pthread_cond_init(&service->task_ended, NULL);
	list_init(&service->tasks);
	service->fanout = service_fanout_new();
	if (service->fanout == NULL) {
		com_space_unref(&service->space);
		return NULL;
	}
	return service;
}

/* Returns the process's service with a new reference to its space, or NULL when out of memory. */
static struct service *
service_get(void)
{
	struct service *made, *service;

	com_debug_begin(); /* so that the log tells of registrations, too */
	made = service_new();
	pthread_mutex_lock(&current_lock);
	service = current;
	if (service == NULL || !com_space_ref_unless_zero(&service->space)) {
		service = made;
		current = made;
		made = NULL;
	}
	pthread_mutex_unlock(&current_lock);
	if (made != NULL)
		com_space_unref(&made->space);
	return service;
}

HRESULT
service_open(REFIID riid, void **ppv)
{
	/* 7d1933cb-86f6-4a98-8628-01be94c9a575, the service's class */
	static const struct guid id = { { 0x7d, 0x19, 0x33, 0xcb, 0x86, 0xf6, 0x4a, 0x98, 0x86,
					  0x28, 0x01, 0xbe, 0x94, 0xc9, 0xa5, 0x75 } };
	struct service *service = service_get();
	HRESULT hr;

	*ppv = NULL;
	if (service == NULL)
		return com_error(-ENOMEM);
	hr = com_give(&service->space, &service_object_class, &id, riid, ppv);
	com_space_unref(&service->space);
	return hr;
}

/* Returns a time limit, in milliseconds: what is set (in seconds), or the default. */
static unsigned
limit_ms(const char *variable, unsigned default_ms)
{
	const char *text = system_setting(variable);
	uint64_t seconds;

	if (text == NULL || str_parse_u64(text, &seconds) < 0 || seconds == 0 || seconds > 3600)
		return default_ms;
	return (unsigned)seconds * 1000u;
}

/* Starts the providers; one that cannot be started is left out.  Called under service->lock. */
static int
start_providers(struct service *service)
{
	const struct service_limits limits = {
		.start_ms = limit_ms("VDS_HOST_TIMEOUT", START_TIMEOUT_MS),
		.load_ms = limit_ms("VDS_LOAD_TIMEOUT", LOAD_TIMEOUT_MS),
		.call_ms = limit_ms("VDS_CALL_TIMEOUT", CALL_TIMEOUT_MS),
	};
	AUTO(service_registrations_fini) struct service_registrations found = { 0 };
	int rc = service_registry_read(&found);

	if (rc < 0)
		return rc;
	service->providers = mem_calloc(found.count + 1, sizeof(struct service_provider *));
	if (service->providers == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < found.count; i++) {
		rc = service_provider_start(&found.items[i],
					    service_fanout_unknown(service->fanout), &limits,
					    &service->providers[service->provider_count]);
		if (rc < 0)
			return rc;
		service->provider_count++;
	}
	service->load_deadline_ns = clock_mono_ns() + limits.load_ms * NS_PER_MS;
	return 0;
}

/* Takes back what start_providers did when it failed half-way. */
static void
end_providers(struct service *service)
{
	for (size_t i = 0; i < service->provider_count; i++)
		service_provider_end(service->providers[i]);
	service->provider_count = 0;
	mem_free(service->providers);
	service->providers = NULL;
}

/* Begins to load one provider anew when it is gone.  Called under service->lock. */
static bool
revive(struct service *service, struct service_provider **place)
{
	struct service_provider *made, *gone = *place;
	char name[128];
	int rc;

	if (service_provider_state(gone) != SERVICE_PROVIDER_GONE)
		return false;
	rc = service_provider_restart(gone, &made);
	if (rc < 0) {
		log_warning("service.provider_left_out", "provider=%s error=\"%s\"",
			    log_quote(gone->registration.name, name, sizeof(name)), err_text(rc));
		return false;
	}
	atomic_store_explicit(&service->ready, false, memory_order_release);
	service->load_deadline_ns = clock_mono_ns() + made->limits.load_ms * NS_PER_MS;
	*place = made;
	return true;
}

void
service_revive(struct service *service)
{
	for (size_t i = 0; service_is_initialized(service) && i < service->provider_count; i++) {
		struct service_provider *gone;

		pthread_mutex_lock(&service->lock);
		gone = service->providers[i];
		if (!revive(service, &service->providers[i]))
			gone = NULL;
		pthread_mutex_unlock(&service->lock);
		if (gone != NULL)
			service_provider_end(gone);
	}
}

struct service_provider *
service_provider_at(struct service *service, size_t place)
{
	struct service_provider *provider = NULL;

	pthread_mutex_lock(&service->lock);
	if (place < service->provider_count)
		provider = service_provider_ref(service->providers[place]);
	pthread_mutex_unlock(&service->lock);
	return provider;
}

HRESULT
service_initialize(struct service *service, LPCWSTR machine_name)
{
	int rc = 0;

	if (machine_name != NULL)
		return com_fail(
			E_INVALIDARG,
			"pwszMachineName is not NULL: the service works on this computer only");
	service_revive(service);
	pthread_mutex_lock(&service->lock);
	if (!service->initialized) {
		rc = start_providers(service);
		if (rc < 0)
			end_providers(service);
		service->initialized = rc == 0;
	}
	pthread_mutex_unlock(&service->lock);
	return com_error(rc);
}

bool
service_is_initialized(struct service *service)
{
	bool initialized;

	pthread_mutex_lock(&service->lock);
	initialized = service->initialized;
	pthread_mutex_unlock(&service->lock);
	return initialized;
}

static uint64_t
load_deadline(struct service *service)
{
	uint64_t deadline_ns;

	pthread_mutex_lock(&service->lock);
	deadline_ns = service->load_deadline_ns;
	pthread_mutex_unlock(&service->lock);
	return deadline_ns;
}

HRESULT
service_wait_until_ready(struct service *service)
{
	struct service_provider *provider;

	if (atomic_load_explicit(&service->ready, memory_order_acquire))
		return S_OK;
	if (!service_is_initialized(service))
		return com_fail(VDS_E_INITIALIZED_FAILED,
				"the service was not loaded: call IVdsServiceLoader::LoadService");
	for (size_t i = 0; (provider = service_provider_at(service, i)) != NULL; i++) {
		service_provider_wait(provider, load_deadline(service));
		service_provider_unref(provider);
	}
	service_fanout_open(service->fanout);
	atomic_store_explicit(&service->ready, true, memory_order_release);
	return S_OK;
}

HRESULT
service_enter(struct service *service, HRESULT arguments)
{
	return FAILED(arguments) ? arguments : service_wait_until_ready(service);
}
