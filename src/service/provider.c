/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Providers: one thread for each finds its class, makes its object and calls OnLoad, so that a
 * provider that never returns holds up nobody for longer than the deadline.  The provider of libvds
 * runs in this process, all others in processes of their own (isolate.c).  Any thread may call it.
 *
 *	LOADING --its thread has called OnLoad--> LOADED --service_provider_end--> (unloaded)
 *	LOADING --its thread has found an error--> FAILED
 *	LOADING --the deadline has passed, or the service ends--> ABANDONED
 *	LOADED --its process has ended--> GONE
 *
 * In ABANDONED only the provider's own thread touches the provider's object: it unloads the object
 * when OnLoad returns after all.  A process is killed then, so that OnLoad does return.  In LOADED
 * only service_provider_end unloads it.
 */
#include "service/service_int.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/thread.h"
#include "service/plugin_int.h"

#define OWN_CALL_MS     30000u /* for a call that the service itself makes */
#define UNLOAD_MS       5000u
#define RESTARTS_MAX    5u /* within so much time: */
#define RESTARTS_WITHIN (600 * NS_PER_S)

void
service_registration_fini(struct service_registration *registration)
{
	mem_free(registration->name);
	mem_free(registration->version);
	mem_free(registration->library);
	*registration = (struct service_registration){ 0 };
}

struct service_provider *
service_provider_ref(struct service_provider *provider)
{
	atomic_fetch_add_explicit(&provider->refs, 1, memory_order_relaxed);
	return provider;
}

static void
release(void *pointer)
{
	if (pointer != NULL)
		IUnknown_Release((IUnknown *)pointer);
}

void
service_provider_unref(struct service_provider *provider)
{
	if (atomic_fetch_sub_explicit(&provider->refs, 1, memory_order_acq_rel) != 1)
		return;
	release(provider->hw);
	release(provider->hw_private);
	release(provider->private);
	release(provider->object);
	release(provider->callback);
	service_isolate_unref(provider->isolate);
	service_registration_fini(&provider->registration);
	pthread_cond_destroy(&provider->done);
	pthread_mutex_destroy(&provider->lock);
	mem_free(provider);
}

/* ---- the provider's thread ---- */

static void *
interface_of(IUnknown *object, REFIID riid)
{
	void *pointer = NULL;

	return SUCCEEDED(IUnknown_QueryInterface(object, riid, &pointer)) ? pointer : NULL;
}

/* Tells programs that what they know of a provider's objects is no longer so. */
static void
notify_gone(const struct service_provider *provider)
{
	IVdsAdviseSink *sink = interface_of(provider->callback, &IID_IVdsAdviseSink);
	VDS_NOTIFICATION *note = CoTaskMemAlloc(sizeof(*note));

	if (note != NULL)
		memset(note, 0, sizeof(*note));
	if (note != NULL && sink != NULL) {
		note->objectType = VDS_NTT_SERVICE;
		note->Service.ulEvent = VDS_NF_SERVICE_OUT_OF_SYNC;
		note->Service.action = VDS_RA_REFRESH;
		IVdsAdviseSink_OnNotify(sink, 1, note); /* which frees it */
	} else {
		CoTaskMemFree(note);
	}
	release(sink);
}

/* The provider's process has ended. Called by the process's own thread, with a reference. */
static void
process_gone(void *arg)
{
	struct service_provider *provider = arg;
	bool was_loaded;

	pthread_mutex_lock(&provider->lock);
	was_loaded = provider->state == SERVICE_PROVIDER_LOADED;
	if (was_loaded)
		provider->state = SERVICE_PROVIDER_GONE;
	pthread_mutex_unlock(&provider->lock);
	if (was_loaded)
		notify_gone(provider);
	service_provider_unref(provider);
}

/* Makes the provider's object.  Returns S_OK or why there is none, with a text. */
static HRESULT
create(struct service_provider *provider)
{
	struct service_isolate *isolate = NULL;
	bool wanted;
	HRESULT hr;

	hr = service_plugin_object(&provider->registration, &provider->limits, process_gone,
				   service_provider_ref(provider), &isolate, &provider->object);
	if (isolate == NULL) /* there is no process, so process_gone is not called */
		service_provider_unref(provider);
	if (FAILED(hr))
		return hr;
	pthread_mutex_lock(&provider->lock);
	provider->isolate = isolate;
	wanted = provider->state == SERVICE_PROVIDER_LOADING;
	pthread_mutex_unlock(&provider->lock);
	if (!wanted)
		service_isolate_kill(isolate);
	provider->private = interface_of(provider->object, &IID_IVdsProviderPrivate);
	if (provider->private == NULL)
		return com_fail(E_NOINTERFACE, "the provider does not offer IVdsProviderPrivate");
	provider->hw = interface_of(provider->object, &IID_IVdsHwProvider);
	provider->hw_private = interface_of(provider->object, &IID_IVdsHwProviderPrivate);
	return S_OK;
}

static HRESULT
load(struct service_provider *provider)
{
	static WCHAR machine[] = u"localhost"; /* proxies refuse NULL, as the IDL has it */
	IUnknown *callback = provider->callback;
	HRESULT hr = create(provider);

	if (FAILED(hr))
		return hr;
	if (service_is_proxy(provider->private))
		callback = service_fanout_for_stub(callback);
	return IVdsProviderPrivate_OnLoad(provider->private, machine, callback);
}

/* Unloads a provider, and lets its process end. */
static void
unload(struct service_provider *provider)
{
	service_isolate_limit_thread(clock_mono_ns() + UNLOAD_MS * NS_PER_MS);
	/* The provider may ask for more time; the service has none to give. */
	if (IVdsProviderPrivate_OnUnload(provider->private, FALSE) == S_FALSE)
		IVdsProviderPrivate_OnUnload(provider->private, TRUE);
	service_isolate_limit_thread(0);
}

static const char *
name_of(const struct service_provider *provider)
{
	return provider->registration.name != NULL ? provider->registration.name : "";
}

/*
 * Enters the state that the result of loading leads to, and drops the thread's reference, which is
 * not the last one: so whoever sees the state and drops his own reference ends the provider.
 * Returns false when the service has abandoned the provider, and does nothing then.
 */
static bool
finish(struct service_provider *provider, HRESULT hr)
{
	bool wanted;

	pthread_mutex_lock(&provider->lock);
	wanted = provider->state == SERVICE_PROVIDER_LOADING;
	if (wanted) {
		provider->state = SUCCEEDED(hr) ? SERVICE_PROVIDER_LOADED : SERVICE_PROVIDER_FAILED;
		atomic_fetch_sub_explicit(&provider->refs, 1, memory_order_acq_rel);
		pthread_cond_broadcast(&provider->done);
	}
	pthread_mutex_unlock(&provider->lock);
	return wanted;
}

static void *
load_thread(void *arg)
{
	struct service_provider *provider = arg;
	char name[128], text[512];
	HRESULT hr = load(provider);

	if (FAILED(hr))
		log_warning("service.provider_failed", "provider=%s result=%s error=%s",
			    log_quote(name_of(provider), name, sizeof(name)), VdsErrorText(hr),
			    log_quote(VdsLastErrorMessage(), text, sizeof(text)));
	if (FAILED(hr))
		service_isolate_end(provider->isolate);
	if (finish(provider, hr))
		return NULL;
	if (SUCCEEDED(hr)) {
		unload(provider);
		service_isolate_end(provider->isolate);
	}
	service_provider_unref(provider);
	return NULL;
}

/* ---- the service's side ---- */

static int
start_thread(struct service_provider *provider)
{
	pthread_t thread;
	int rc;

	service_provider_ref(provider);
	rc = service_thread_start("vds-load", load_thread, provider, &thread);
	if (rc < 0)
		service_provider_unref(provider);
	return rc;
}

int
service_provider_start(struct service_registration *registration, IUnknown *callback,
		       const struct service_limits *limits, struct service_provider **ret_provider)
{
	struct service_provider *provider = mem_calloc(1, sizeof(*provider));
	int rc;

	if (provider == NULL) {
		service_registration_fini(registration);
		return -ENOMEM;
	}
	atomic_init(&provider->refs, 1);
	provider->registration = *registration;
	*registration = (struct service_registration){ 0 };
	provider->limits = *limits;
	provider->started_ns = clock_mono_ns();
	provider->callback = callback;
	IUnknown_AddRef(callback);
	pthread_mutex_init(&provider->lock, NULL);
	thread_cond_init(&provider->done);
	rc = start_thread(provider);
	if (rc < 0)
		service_provider_unref(provider);
	else
		*ret_provider = provider;
	return rc;
}

/* Copies a registration.  Returns 0 or -ENOMEM. */
static int
copy_registration(const struct service_registration *from, struct service_registration *to)
{
	*to = *from;
	to->name = str_dup(from->name);
	to->version = from->version != NULL ? str_dup(from->version) : NULL;
	to->library = from->library != NULL ? str_dup(from->library) : NULL;
	if (to->name != NULL && (to->version != NULL || from->version == NULL) &&
	    (to->library != NULL || from->library == NULL))
		return 0;
	service_registration_fini(to);
	return -ENOMEM;
}

int
service_provider_restart(const struct service_provider *gone,
			 struct service_provider **ret_provider)
{
	const bool recent = clock_mono_ns() - gone->started_ns < RESTARTS_WITHIN;
	struct service_registration registration;
	int rc;

	if (recent && gone->restarts >= RESTARTS_MAX)
		return err_set(ERR_LIMIT, "its process has ended %u times within ten minutes",
			       RESTARTS_MAX + 1);
	rc = copy_registration(&gone->registration, &registration);
	if (rc == 0)
		rc = service_provider_start(&registration, gone->callback, &gone->limits,
					    ret_provider);
	if (rc == 0 && recent) {
		(*ret_provider)->restarts = gone->restarts + 1;
		(*ret_provider)->started_ns = gone->started_ns;
	}
	return rc;
}

void
service_provider_begin_calls(const struct service_provider *provider)
{
	service_isolate_limit_thread(clock_mono_ns() +
				     MIN(provider->limits.call_ms, OWN_CALL_MS) * NS_PER_MS);
}

HRESULT
service_provider_end_calls(struct service_provider *provider, HRESULT hr)
{
	struct service_isolate *isolate;

	service_isolate_limit_thread(0);
	if (hr != (HRESULT)VDS_E_TIMEOUT)
		return hr;
	pthread_mutex_lock(&provider->lock);
	isolate = provider->isolate;
	pthread_mutex_unlock(&provider->lock);
	service_isolate_kill(isolate); /* its thread finds out */
	return hr;
}

enum service_provider_state
service_provider_state(struct service_provider *provider)
{
	enum service_provider_state state;

	pthread_mutex_lock(&provider->lock);
	state = provider->state;
	pthread_mutex_unlock(&provider->lock);
	return state;
}

enum service_provider_state
service_provider_wait(struct service_provider *provider, uint64_t deadline_ns)
{
	enum service_provider_state state;
	bool late = false;
	char name[128];

	pthread_mutex_lock(&provider->lock);
	while (provider->state == SERVICE_PROVIDER_LOADING && !late)
		late = thread_cond_wait(&provider->done, &provider->lock, deadline_ns) == ETIMEDOUT;
	late = provider->state == SERVICE_PROVIDER_LOADING;
	if (late) {
		provider->state = SERVICE_PROVIDER_ABANDONED;
		service_isolate_kill(provider->isolate);
	}
	state = provider->state;
	pthread_mutex_unlock(&provider->lock);
	if (late)
		log_warning("service.provider_abandoned",
			    "provider=%s error=\"it did not finish loading in time\"",
			    log_quote(name_of(provider), name, sizeof(name)));
	return state;
}

void
service_provider_end(struct service_provider *provider)
{
	enum service_provider_state state;

	pthread_mutex_lock(&provider->lock);
	state = provider->state;
	if (state == SERVICE_PROVIDER_LOADING) {
		provider->state = SERVICE_PROVIDER_ABANDONED;
		service_isolate_kill(provider->isolate);
	}
	pthread_mutex_unlock(&provider->lock);
	if (state == SERVICE_PROVIDER_LOADED) {
		unload(provider);
		service_isolate_end(provider->isolate);
	}
	service_provider_unref(provider);
}
