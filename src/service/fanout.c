/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fan-out of notifications: one sink that all providers call, and any number of sinks of
 * programs, each with a bounded queue and a thread of its own.
 *
 * A provider's call copies its notifications into each queue and returns; it never waits for a
 * program.  A program's sink that is slow, blocks or calls back into the service delays only
 * itself; when its queue is full it loses notifications and then gets VDS_NF_SERVICE_OUT_OF_SYNC
 * with VDS_RA_REFRESH.  A sink stays alive until its registration ends, whatever the program does
 * with its own references.
 *
 * As IVdsAdviseSink::OnNotify documents, an array comes from CoTaskMemAlloc and its receiver frees
 * it.
 *
 * fanout->lock guards the list; a subscription's lock guards its queue.  fanout->lock is held
 * before a subscription's lock.  Neither is held while a sink is called.
 */
#include "service/service_int.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

#define CALL_MAX  100    /* vdshwprv: range(1, 100) */
#define QUEUE_MAX 65536u /* notifications */

struct fanout_batch {
	struct fanout_batch *next;
	LONG count;
	VDS_NOTIFICATION notes[];
};

struct subscription {
	struct subscription *next; /* in fanout->first */
	_Atomic unsigned refs;     /* the list's, its thread's, and Unadvise's */
	IVdsAdviseSink *sink;      /* one reference, which the thread drops at its end */
	DWORD cookie;
	bool is_proxy; /* the sink is in another process or apartment */
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake;
	struct fanout_batch *first, **last;
	size_t queued; /* notifications */
	bool lost;
	bool draining; /* ends when the queue is empty */
	bool stop;     /* ends at once */
	bool ended;    /* its thread has let go of the sink */
};

struct service_fanout {
	IVdsAdviseSink sink; /* what providers call */
	IVdsAdviseSink stub; /* what providers call that are in another process (Windows) */
	_Atomic unsigned refs;
	_Atomic bool open;
	pthread_mutex_t lock; /* guards all below */
	struct subscription *first;
	DWORD last_cookie;
};

/* ---- a subscription ---- */

static void
subscription_unref(struct subscription *s)
{
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	while (s->first != NULL) {
		struct fanout_batch *batch = s->first;

		s->first = batch->next;
		mem_free(batch);
	}
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

/* Queues a copy of the notifications, or notes that they are lost. Returns whether it did queue. */
static bool
push(struct subscription *s, const VDS_NOTIFICATION *notes, LONG count)
{
	const size_t size_bytes = (size_t)count * sizeof(*notes);
	struct fanout_batch *batch = mem_alloc(sizeof(*batch) + size_bytes);
	bool queued;

	if (batch != NULL) {
		batch->next = NULL;
		batch->count = count;
		memcpy(batch->notes, notes, size_bytes);
	}
	pthread_mutex_lock(&s->lock);
	queued = batch != NULL && s->queued + (size_t)count <= QUEUE_MAX;
	if (queued) {
		*s->last = batch;
		s->last = &batch->next;
		s->queued += (size_t)count;
	} else {
		s->lost = true;
	}
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (!queued)
		mem_free(batch);
	return queued;
}

/*
 * Waits for something to send.  Returns false when the thread is to end; *ret_batch is NULL when
 * notifications were lost.
 */
static bool
pop(struct subscription *s, struct fanout_batch **ret_batch)
{
	struct fanout_batch *batch = NULL;
	bool work;

	pthread_mutex_lock(&s->lock);
	while (s->first == NULL && !s->lost && !s->stop && !s->draining)
		pthread_cond_wait(&s->wake, &s->lock);
	work = !s->stop && (s->first != NULL || s->lost);
	if (work && s->first != NULL) {
		batch = s->first;
		s->first = batch->next;
		if (s->first == NULL)
			s->last = &s->first;
		s->queued -= (size_t)batch->count;
	} else if (work) {
		s->lost = false;
	}
	pthread_mutex_unlock(&s->lock);
	*ret_batch = batch;
	return work;
}

/*
 * The receiver frees the array, but for one behind a proxy, which gets a copy.  The sink's result
 * says nothing that the service could act upon.
 */
static void
notify(struct subscription *s, const VDS_NOTIFICATION *notes, LONG count)
{
	const size_t size_bytes = (size_t)count * sizeof(*notes);
	VDS_NOTIFICATION *array = CoTaskMemAlloc(size_bytes);

	if (array == NULL) {
		pthread_mutex_lock(&s->lock);
		s->lost = true;
		pthread_mutex_unlock(&s->lock);
		return;
	}
	memcpy(array, notes, size_bytes);
	IVdsAdviseSink_OnNotify(s->sink, count, array);
	if (s->is_proxy)
		CoTaskMemFree(array);
}

static void
notify_lost(struct subscription *s)
{
	VDS_NOTIFICATION note;

	memset(&note, 0, sizeof(note));
	note.objectType = VDS_NTT_SERVICE;
	note.Service.ulEvent = VDS_NF_SERVICE_OUT_OF_SYNC;
	note.Service.action = VDS_RA_REFRESH;
	notify(s, &note, 1);
}

static void *
subscription_thread(void *arg)
{
	struct subscription *s = arg;
	struct fanout_batch *batch;

	while (pop(s, &batch)) {
		if (batch != NULL)
			notify(s, batch->notes, batch->count);
		else
			notify_lost(s);
		mem_free(batch);
	}
	IVdsAdviseSink_Release(
		s->sink); /* before Unadvise returns, so that a program can rely on it */
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
	subscription_unref(s);
	return NULL;
}

/* Ends a subscription that is no longer in the list: at once, or when its queue is empty. */
static void
end(struct subscription *s, bool deliver_queue)
{
	pthread_mutex_lock(&s->lock);
	s->draining = deliver_queue;
	s->stop = !deliver_queue;
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

static void
wait_for_end(struct subscription *s)
{
	pthread_mutex_lock(&s->lock);
	while (!s->ended)
		pthread_cond_wait(&s->wake, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

/* ---- the sink that providers call ---- */

static ULONG STDMETHODCALLTYPE
sink_add_ref(IVdsAdviseSink *self)
{
	struct service_fanout *fanout = container_of(self, struct service_fanout, sink);

	return atomic_fetch_add_explicit(&fanout->refs, 1, memory_order_relaxed) + 1;
}

static ULONG STDMETHODCALLTYPE
sink_release(IVdsAdviseSink *self)
{
	struct service_fanout *fanout = container_of(self, struct service_fanout, sink);
	ULONG left = atomic_fetch_sub_explicit(&fanout->refs, 1, memory_order_acq_rel) - 1;

	if (left == 0) {
		pthread_mutex_destroy(&fanout->lock);
		mem_free(fanout);
	}
	return left;
}

static HRESULT STDMETHODCALLTYPE
sink_query_interface(IVdsAdviseSink *self, REFIID riid, void **ppv)
{
	if (ppv == NULL)
		return com_fail(E_POINTER, "ppvObject is NULL");
	*ppv = NULL;
	if (riid == NULL)
		return COM_NULL_ARGUMENT("riid");
	if (!IsEqualIID(riid, &IID_IUnknown) && !IsEqualIID(riid, &IID_IVdsAdviseSink))
		return com_fail(E_NOINTERFACE, "the service's sink does not offer this interface");
	sink_add_ref(self);
	*ppv = self;
	return S_OK;
}

/* Passes notifications on.  Returns S_OK, S_FALSE (somebody did not get them) or E_INVALIDARG. */
static HRESULT
pass_on(struct service_fanout *fanout, LONG count, const VDS_NOTIFICATION *notes)
{
	bool lost = !atomic_load_explicit(&fanout->open, memory_order_acquire);

	if (count < 1 || count > CALL_MAX)
		return com_fail(E_INVALIDARG, "lNumberOfNotifications is not 1 to 100");
	pthread_mutex_lock(&fanout->lock);
	for (struct subscription *s = fanout->first; s != NULL; s = s->next)
		lost |= !push(s, notes, count);
	pthread_mutex_unlock(&fanout->lock);
	return lost ? S_FALSE : S_OK;
}

static HRESULT STDMETHODCALLTYPE
sink_on_notify(IVdsAdviseSink *self, LONG count, VDS_NOTIFICATION *notes)
{
	HRESULT hr;

	if (notes == NULL)
		return COM_NULL_ARGUMENT("pNotificationArray");
	hr = pass_on(container_of(self, struct service_fanout, sink), count, notes);
	CoTaskMemFree(notes);
	return hr;
}

static const IVdsAdviseSinkVtbl sink_vtable = {
	.QueryInterface = sink_query_interface,
	.AddRef = sink_add_ref,
	.Release = sink_release,
	.OnNotify = sink_on_notify,
};

/* ---- the sink that stubs call, which free the array themselves ---- */

static ULONG STDMETHODCALLTYPE
stub_add_ref(IVdsAdviseSink *self)
{
	return sink_add_ref(&container_of(self, struct service_fanout, stub)->sink);
}

static ULONG STDMETHODCALLTYPE
stub_release(IVdsAdviseSink *self)
{
	return sink_release(&container_of(self, struct service_fanout, stub)->sink);
}

static HRESULT STDMETHODCALLTYPE
stub_query_interface(IVdsAdviseSink *self, REFIID riid, void **ppv)
{
	HRESULT hr = sink_query_interface(&container_of(self, struct service_fanout, stub)->sink,
					  riid, ppv);

	if (SUCCEEDED(hr))
		*ppv = self;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
stub_on_notify(IVdsAdviseSink *self, LONG count, VDS_NOTIFICATION *notes)
{
	if (notes == NULL)
		return COM_NULL_ARGUMENT("pNotificationArray");
	return pass_on(container_of(self, struct service_fanout, stub), count, notes);
}

static const IVdsAdviseSinkVtbl stub_vtable = {
	.QueryInterface = stub_query_interface,
	.AddRef = stub_add_ref,
	.Release = stub_release,
	.OnNotify = stub_on_notify,
};

/* ---- the service's side ---- */

struct service_fanout *
service_fanout_new(void)
{
	struct service_fanout *fanout = mem_calloc(1, sizeof(*fanout));

	if (fanout == NULL)
		return NULL;
	fanout->sink.lpVtbl = &sink_vtable;
	fanout->stub.lpVtbl = &stub_vtable;
	atomic_init(&fanout->refs, 1);
	pthread_mutex_init(&fanout->lock, NULL);
	return fanout;
}

IUnknown *
service_fanout_unknown(struct service_fanout *fanout)
{
	return (IUnknown *)(void *)&fanout->sink;
}

IUnknown *
service_fanout_for_stub(IUnknown *unknown)
{
	struct service_fanout *fanout = container_of((IVdsAdviseSink *)(void *)unknown,
						     struct service_fanout, sink);

	return (IUnknown *)(void *)&fanout->stub;
}

void
service_fanout_open(struct service_fanout *fanout)
{
	atomic_store_explicit(&fanout->open, true, memory_order_release);
}

void
service_fanout_close(struct service_fanout *fanout)
{
	struct subscription *s;

	if (fanout == NULL)
		return;
	atomic_store_explicit(&fanout->open, false, memory_order_release);
	pthread_mutex_lock(&fanout->lock);
	s = fanout->first;
	fanout->first = NULL;
	pthread_mutex_unlock(&fanout->lock);
	while (s != NULL) {
		struct subscription *next = s->next;

		end(s, false);
		subscription_unref(s);
		s = next;
	}
	sink_release(&fanout->sink);
}

static struct subscription *
subscription_new(IVdsAdviseSink *sink)
{
	struct subscription *s = mem_calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	atomic_init(&s->refs, 2);
	s->sink = sink;
	s->is_proxy = service_is_proxy(sink);
	IVdsAdviseSink_AddRef(sink);
	s->last = &s->first;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	return s;
}

int
service_fanout_advise(struct service_fanout *fanout, IVdsAdviseSink *sink, DWORD *ret_cookie)
{
	struct subscription *s = subscription_new(sink);
	int rc;

	if (s == NULL)
		return -ENOMEM;
	rc = service_thread_start("vds-sink", subscription_thread, s, &s->thread);
	if (rc < 0) {
		IVdsAdviseSink_Release(sink);
		subscription_unref(s);
		subscription_unref(s);
		return rc;
	}
	pthread_mutex_lock(&fanout->lock);
	s->cookie = ++fanout->last_cookie;
	s->next = fanout->first;
	fanout->first = s;
	*ret_cookie = s->cookie;
	pthread_mutex_unlock(&fanout->lock);
	return 0;
}

/* Takes the subscription with this cookie out of the list, with the list's reference, or NULL. */
static struct subscription *
take(struct service_fanout *fanout, DWORD cookie)
{
	struct subscription *s = NULL;

	pthread_mutex_lock(&fanout->lock);
	for (struct subscription **link = &fanout->first; *link != NULL; link = &(*link)->next) {
		if ((*link)->cookie == cookie) {
			s = *link;
			*link = s->next;
			break;
		}
	}
	pthread_mutex_unlock(&fanout->lock);
	return s;
}

int
service_fanout_unadvise(struct service_fanout *fanout, DWORD cookie)
{
	struct subscription *s = take(fanout, cookie);
	bool own_thread;

	if (s == NULL)
		return err_set(ERR_NOT_FOUND, "no sink is registered with the cookie %u",
			       (unsigned)cookie);
	own_thread = pthread_equal(pthread_self(), s->thread) != 0;
	end(s, !own_thread);
	if (!own_thread)
		wait_for_end(s);
	subscription_unref(s);
	return 0;
}
