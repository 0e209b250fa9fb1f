/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notifications: a sink, its thread and its bounded queue.
 *
 * The replica's event thread turns changes into batches and queues them without waiting. The sink's
 * own thread passes them to the sink, at most 100 notifications in a call, and holds no lock
 * meanwhile. A sink that is too slow loses batches; when it has caught up it gets
 * VDS_NF_SERVICE_OUT_OF_SYNC with VDS_RA_REFRESH.
 *
 * As IVdsAdviseSink::OnNotify documents, the array comes from CoTaskMemAlloc and the receiver frees
 * it.
 */
#include "provider/notes_int.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define CALL_MAX  100u   /* vdshwprv: range(1, 100) */
#define QUEUE_MAX 65536u /* notifications */

struct batch {
	struct batch *next;
	size_t count;
	VDS_NOTIFICATION notes[];
};

struct provider_advise {
	struct client_listener listener;
	struct client *client; /* borrowed: the core outlives this */
	IVdsAdviseSink *sink;  /* one reference */
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below; held only for moments */
	pthread_cond_t wake;
	struct batch *first, **last;
	size_t queued; /* notifications */
	bool lost, stop;
	/* provider_advise_free was called from within OnNotify: the sink's thread frees this */
	bool orphan;
};

/* ---- the event thread's side ---- */

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
	if (batch != NULL && advise->queued + batch->count <= QUEUE_MAX) {
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

static void
changed(struct client_listener *listener, const struct client_view *before,
	const struct client_view *after, const struct change *change)
{
	struct provider_advise *advise = container_of(listener, struct provider_advise, listener);
	struct provider_notes notes;
	int rc;

	provider_notes_init(&notes);
	if (change != NULL)
		rc = provider_notes_of_change(&notes, before, after, change);
	else
		rc = provider_notes_of_reload(&notes, before, after);
	if (rc < 0)
		push(advise, NULL);
	else if (notes.count > 0)
		push(advise, batch_new(&notes));
	provider_notes_fini(&notes);
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
 * The receiver frees the array. The result is ignored: the reference says that S_FALSE is not a
 * failure.
 */
static void
notify(struct provider_advise *advise, const VDS_NOTIFICATION *notes, size_t count)
{
	VDS_NOTIFICATION *array = CoTaskMemAlloc(count * sizeof(*array));

	if (array == NULL) {
		push(advise, NULL);
		return;
	}
	memcpy(array, notes, count * sizeof(*array));
	IVdsAdviseSink_OnNotify(advise->sink, (LONG)count, array);
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
	while (advise->first != NULL) {
		struct batch *batch = advise->first;

		advise->first = batch->next;
		mem_free(batch);
	}
	pthread_cond_destroy(&advise->wake);
	pthread_mutex_destroy(&advise->lock);
	mem_free(advise);
}

static void *
sink_thread(void *arg)
{
	struct provider_advise *advise = arg;
	struct batch *batch;

	while (pop(advise, &batch)) {
		if (batch != NULL)
			notify_batch(advise, batch);
		else
			notify_lost(advise);
		mem_free(batch);
	}
	mem_free(batch);
	if (advise->orphan) {
		IVdsAdviseSink_Release(advise->sink);
		destroy(advise);
	}
	return NULL;
}

/* ---- life ---- */

/* The thread blocks all signals: they are for the program's own threads. */
static int
start_thread(struct provider_advise *advise)
{
	int rc;
#ifndef _WIN32
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
#endif
	rc = pthread_create(&advise->thread, NULL, sink_thread, advise);
#ifndef _WIN32
	pthread_sigmask(SIG_SETMASK, &old, NULL);
#endif
	return -rc;
}

int
provider_advise_new(struct client *client, IVdsAdviseSink *sink,
		    struct provider_advise **ret_advise)
{
	struct provider_advise *advise = mem_calloc(1, sizeof(*advise));
	int rc;

	if (advise == NULL)
		return -ENOMEM;
	advise->client = client;
	advise->sink = sink;
	advise->last = &advise->first;
	advise->listener.changed = changed;
	pthread_mutex_init(&advise->lock, NULL);
	pthread_cond_init(&advise->wake, NULL);
	rc = start_thread(advise);
	if (rc < 0) {
		destroy(advise);
		return rc;
	}
	IVdsAdviseSink_AddRef(sink);
	client_listen(client, &advise->listener);
	*ret_advise = advise;
	return 0;
}

void
provider_advise_free(struct provider_advise *advise)
{
	bool own_thread;

	if (advise == NULL)
		return;
	client_unlisten(advise->client, &advise->listener);
	own_thread = pthread_equal(pthread_self(), advise->thread) != 0;
	pthread_mutex_lock(&advise->lock);
	advise->stop = true;
	advise->orphan = own_thread;
	pthread_cond_signal(&advise->wake);
	pthread_mutex_unlock(&advise->lock);
	if (own_thread) {
		pthread_detach(advise->thread);
		return;
	}
	pthread_join(advise->thread, NULL);
	IVdsAdviseSink_Release(advise->sink);
	destroy(advise);
}
