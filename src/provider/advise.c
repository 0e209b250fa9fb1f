/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notifications: a sink, its thread and its bounded queue.
 *
 * The replicas' event threads turn changes into batches and queue them without waiting. The sink's
 * own thread passes them to the sink, at most 100 notifications in a call, and holds no lock
 * meanwhile, so that OnNotify may call every method, also Refresh and OnUnload.
 *
 * A sink that is too slow loses batches; when it has caught up it gets VDS_NF_SERVICE_OUT_OF_SYNC
 * with VDS_RA_REFRESH.  A sink whose OnNotify returns that its process is gone is released, and
 * nothing is sent any more; the provider works on.
 *
 * As IVdsAdviseSink::OnNotify documents, the array comes from CoTaskMemAlloc and the receiver frees
 * it.
 */
#include "provider/notes_int.h"

#include <errno.h>
#include <string.h>

#include "base/thread.h"

#define CALL_MAX  100u   /* vdshwprv: range(1, 100) */
#define QUEUE_MAX 65536u /* notifications */

struct batch {
	struct batch *next;
	size_t count;
	VDS_NOTIFICATION notes[];
};

struct provider_advise {
	struct provider_sink sink; /* dropped once the sink has died */
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below; held only for moments */
	pthread_cond_t wake;
	struct batch *first, **last;
	size_t queued; /* notifications */
	bool lost, stop;
	bool dead; /* the sink has died: nothing is queued any more */
	/* provider_advise_free was called from within OnNotify: the sink's thread frees this */
	bool orphan;
};

static void
batches_free(struct batch *batch)
{
	while (batch != NULL) {
		struct batch *next = batch->next;

		mem_free(batch);
		batch = next;
	}
}

/* ---- the event threads' side ---- */

static struct batch *
batch_new(const struct provider_notes *notes)
{
	struct batch *batch = mem_alloc(sizeof(*batch) + notes->count * sizeof(batch->notes[0]));

	if (batch == NULL)
		return NULL;
	batch->next = NULL;
	batch->count = notes->count;
	for (size_t i = 0; i < notes->count; i++)
		provider_note_out(&notes->items[i], &batch->notes[i]);
	return batch;
}

static void
push(struct provider_advise *advise, struct batch *batch)
{
	pthread_mutex_lock(&advise->lock);
	if (advise->dead) {
		/* nobody hears it */
	} else if (batch != NULL && advise->queued + batch->count <= QUEUE_MAX) {
		*advise->last = batch;
		advise->last = &batch->next;
		advise->queued += batch->count;
		batch = NULL;
	} else {
		advise->lost = true;
	}
	pthread_cond_signal(&advise->wake);
	pthread_mutex_unlock(&advise->lock);
	mem_free(batch);
}

void
provider_advise_push(struct provider_advise *advise, const struct provider_notes *notes)
{
	push(advise, notes != NULL ? batch_new(notes) : NULL);
}

/* ---- the sink's thread ---- */

static bool
stopped(struct provider_advise *advise)
{
	bool stop;

	pthread_mutex_lock(&advise->lock);
	stop = advise->stop;
	pthread_mutex_unlock(&advise->lock);
	return stop;
}

/*
 * Returns true for a result that says that the sink's process or apartment is gone.  COM returns
 * these from a proxy, and no call will succeed again.
 */
static bool
is_death(HRESULT hr)
{
	switch ((uint32_t)hr) {
	case 0x80010007: /* RPC_E_SERVER_DIED */
	case 0x80010012: /* RPC_E_SERVER_DIED_DNE */
	case 0x80010108: /* RPC_E_DISCONNECTED */
	case 0x800401fd: /* CO_E_OBJNOTCONNECTED */
	case 0x800706ba: /* RPC_S_SERVER_UNAVAILABLE */
	case 0x800706be: /* RPC_S_CALL_FAILED */
	case 0x800706bf: /* RPC_S_CALL_FAILED_DNE */
		return true;
	default:
		return false;
	}
}

/* Drops the sink and everything that waits for it. */
static void
bury(struct provider_advise *advise)
{
	struct batch *rest;

	pthread_mutex_lock(&advise->lock);
	advise->dead = true;
	rest = advise->first;
	advise->first = NULL;
	advise->last = &advise->first;
	advise->queued = 0;
	advise->lost = false;
	pthread_mutex_unlock(&advise->lock);
	batches_free(rest);
	provider_sink_drop(&advise->sink);
}

/*
 * The receiver frees the array. Another result than a death is ignored: the reference says that
 * S_FALSE is not a failure.
 */
static void
notify(struct provider_advise *advise, const VDS_NOTIFICATION *notes, size_t count)
{
	VDS_NOTIFICATION *array;

	if (advise->dead)
		return;
	array = CoTaskMemAlloc(count * sizeof(*array));
	if (array == NULL) {
		push(advise, NULL);
		return;
	}
	memcpy(array, notes, count * sizeof(*array));
	if (is_death(provider_sink_notify(&advise->sink, array, count)))
		bury(advise);
}

static void
notify_batch(struct provider_advise *advise, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count && !stopped(advise); i += CALL_MAX)
		notify(advise, batch->notes + i, MIN(batch->count - i, (size_t)CALL_MAX));
}

static void
notify_lost(struct provider_advise *advise)
{
	VDS_NOTIFICATION note;

	memset(&note, 0, sizeof(note));
	note.objectType = VDS_NTT_SERVICE;
	note.Service.ulEvent = VDS_NF_SERVICE_OUT_OF_SYNC;
	note.Service.action = VDS_RA_REFRESH;
	notify(advise, &note, 1);
}

/*
 * Waits for work. Returns false when the thread is to stop; *ret_batch is NULL when batches were
 * lost.
 */
static bool
pop(struct provider_advise *advise, struct batch **ret_batch)
{
	struct batch *batch;
	bool stop;

	pthread_mutex_lock(&advise->lock);
	while (advise->first == NULL && !advise->lost && !advise->stop)
		pthread_cond_wait(&advise->wake, &advise->lock);
	batch = advise->first;
	if (batch != NULL) {
		advise->first = batch->next;
		if (advise->first == NULL)
			advise->last = &advise->first;
		advise->queued -= batch->count;
	} else {
		advise->lost = false;
	}
	stop = advise->stop;
	pthread_mutex_unlock(&advise->lock);
	*ret_batch = batch;
	return !stop;
}

static void
destroy(struct provider_advise *advise)
{
	batches_free(advise->first);
	provider_sink_fini(&advise->sink);
	pthread_cond_destroy(&advise->wake);
	pthread_mutex_destroy(&advise->lock);
	mem_free(advise);
}

static void *
sink_thread(void *arg)
{
	struct provider_advise *advise = arg;
	struct batch *batch;
	bool orphan;

	provider_sink_enter(&advise->sink);
	while (pop(advise, &batch)) {
		if (batch != NULL)
			notify_batch(advise, batch);
		else
			notify_lost(advise);
		mem_free(batch);
	}
	mem_free(batch);
	orphan = advise->orphan;
	provider_sink_leave(&advise->sink);
	if (orphan)
		destroy(advise);
	return NULL;
}

/* ---- life ---- */

int
provider_advise_new(IVdsAdviseSink *sink, struct provider_advise **ret_advise)
{
	struct provider_advise *advise = mem_calloc(1, sizeof(*advise));
	int rc;

	if (advise == NULL)
		return -ENOMEM;
	advise->last = &advise->first;
	pthread_mutex_init(&advise->lock, NULL);
	pthread_cond_init(&advise->wake, NULL);
	/* before the thread, which uses it */
	rc = provider_sink_init(&advise->sink, sink);
	if (rc == 0)
		rc = thread_start(&advise->thread, "vds-sink", sink_thread, advise);
	if (rc < 0) {
		destroy(advise);
		return rc;
	}
	*ret_advise = advise;
	return 0;
}

void
provider_advise_free(struct provider_advise *advise)
{
	bool own_thread;

	if (advise == NULL)
		return;
	own_thread = pthread_equal(pthread_self(), advise->thread) != 0;
	pthread_mutex_lock(&advise->lock);
	advise->stop = true;
	advise->orphan = own_thread;
	pthread_cond_signal(&advise->wake);
	pthread_mutex_unlock(&advise->lock);
	if (own_thread) {
		provider_sink_abandon();
		pthread_detach(advise->thread);
		return;
	}
	provider_sink_await(&advise->sink);
	pthread_join(advise->thread, NULL);
	destroy(advise);
}
