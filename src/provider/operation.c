/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The array's jobs behind IVdsAsync (com/async.c): waits for a job, asks how it stands, cancels it,
 * and keeps its outcome in every object that waits for it.  Any thread may call it, but
 * provider_jobs_settle runs on the client's event thread.
 */
#include "provider/provider_int.h"

#include "base/err.h"

#define CANCEL_WAIT_MS 10000 /* for a job that was cancelled to stop */

/* Sets the outcome of a job that has ended.  The caller holds jobs_lock. */
static void
settle(struct com_pending *pending, const struct row_job *job)
{
	switch (job->state) {
	case JOB_RUNNING:
		break;
	case JOB_DONE:
		com_pending_end(pending, S_OK, NULL);
		break;
	case JOB_CANCELLED:
		com_pending_end(pending, VDS_E_OPERATION_CANCELED, "the operation was cancelled");
		break;
	case JOB_FAILED:
		com_pending_end(pending, com_hresult(err_from_name(job->error)), job->message);
		break;
	}
}

/*
 * Sets the outcome when the view shows that the job has ended.  Returns whether the view has the
 * job.
 */
static bool
settle_by(struct provider_place *place, struct com_pending *pending, const struct client_view *view)
{
	const struct row_job *job = NULL;

	if (view->config != NULL)
		job = state_find(view->config, ROW_JOB, &pending->id);
	if (job == NULL)
		return false;
	pthread_mutex_lock(&place->jobs_lock);
	settle(pending, job);
	pthread_mutex_unlock(&place->jobs_lock);
	return true;
}

static void
settle_change(struct provider_place *place, const struct change *change)
{
	for (size_t i = 0; i < change->op_count; i++) {
		const struct change_op *op = &change->ops[i];

		if (op->family != ROW_JOB || op->row == NULL)
			continue;
		list_for_each(node, &place->jobs) {
			struct com_pending *pending = list_entry(node, struct com_pending, node);

			if (guid_equal(&pending->id, &op->key.a))
				settle(pending, (const struct row_job *)(const void *)op->row);
		}
	}
}

void
provider_jobs_settle(struct provider_place *place, const struct client_view *view,
		     const struct change *change)
{
	pthread_mutex_lock(&place->jobs_lock);
	if (change != NULL) {
		settle_change(place, change);
	} else {
		list_for_each(node, &place->jobs) {
			struct com_pending *pending = list_entry(node, struct com_pending, node);
			const struct row_job *job = state_find(view->config, ROW_JOB, &pending->id);

			if (job != NULL)
				settle(pending, job);
		}
	}
	pthread_mutex_unlock(&place->jobs_lock);
}

/* ---- what com/async.c asks ---- */

/* The array keeps an ended job for a day; the object keeps the outcome for as long as it lives. */
static void
job_begin(struct com_space *space, struct com_pending *pending)
{
	struct provider_place *place = provider_place_of(space);
	AUTO_VIEW struct client_view view = { NULL, NULL };

	pthread_mutex_lock(&place->jobs_lock);
	list_append(&place->jobs, &pending->node);
	pthread_mutex_unlock(&place->jobs_lock);
	/* The job may have ended before it was in the list. */
	client_view_last(place->client, &view);
	(void)settle_by(place, pending, &view);
}

static void
job_end(struct com_space *space, struct com_pending *pending)
{
	struct provider_place *place = provider_place_of(space);

	pthread_mutex_lock(&place->jobs_lock);
	list_remove(&pending->node);
	pthread_mutex_unlock(&place->jobs_lock);
}

/* Returns S_OK when the place has a known array, or why it has none. */
static HRESULT
check(const struct provider_place *place)
{
	if (atomic_load_explicit(&place->known, memory_order_acquire))
		return S_OK;
	if (!atomic_load_explicit(&place->core->loaded, memory_order_acquire))
		return com_fail(VDS_E_INITIALIZE_NOT_CALLED, "the provider is not loaded");
	return com_fail(VDS_E_PROVIDER_CACHE_CORRUPT, "the array of the operation is not known");
}

static HRESULT
job_wait(struct com_space *space, struct com_pending *pending)
{
	struct provider_place *place = provider_place_of(space);
	AUTO_ROW struct row_job *job = NULL;
	HRESULT hr = check(place);
	int rc;

	if (FAILED(hr))
		return hr;
	rc = client_job_wait(place->client, &pending->id, -1, &job);
	/* It may have ended, and been forgotten by the array, in the meantime. */
	if (rc < 0)
		return atomic_load(&pending->ended) ? S_OK : com_error(rc);
	pthread_mutex_lock(&place->jobs_lock);
	settle(pending, job);
	pthread_mutex_unlock(&place->jobs_lock);
	return S_OK;
}

static ULONG
percent_of(const struct client_view *view, const struct guid *job_id)
{
	const struct row_live_job *live = state_find(view->live, ROW_LIVE_JOB, job_id);

	return live != NULL ? MIN(live->percent, 99u) : 0;
}

static HRESULT
job_status(struct com_space *space, struct com_pending *pending, ULONG *ret_percent)
{
	struct provider_place *place = provider_place_of(space);
	AUTO_VIEW struct client_view view = { NULL, NULL };
	HRESULT hr = check(place);
	int rc;

	if (FAILED(hr))
		return hr;
	rc = client_view(place->client, &view);
	if (rc < 0)
		return com_error(rc);
	if (!settle_by(place, pending, &view) && !atomic_load(&pending->ended))
		return com_fail(VDS_E_OBJECT_NOT_FOUND, "the array no longer knows the operation");
	*ret_percent = percent_of(&view, &pending->id);
	return S_OK;
}

/*
 * A job whose cancellation the array has accepted ends cancelled.  This waits for the end, so that
 * the object is signalled when the method returns, as the reference says.
 */
static HRESULT
job_cancel(struct com_space *space, struct com_pending *pending)
{
	struct provider_place *place = provider_place_of(space);
	AUTO_ROW struct row_job *job = NULL;
	struct client_answer answer;
	HRESULT hr = check(place);
	int rc;

	if (FAILED(hr))
		return hr;
	rc = client_job_cancel(place->client, &pending->id, &answer);
	if (rc < 0)
		return com_error(rc);
	if (client_job_wait(place->client, &pending->id, CANCEL_WAIT_MS, &job) == 0) {
		pthread_mutex_lock(&place->jobs_lock);
		settle(pending, job);
		pthread_mutex_unlock(&place->jobs_lock);
	}
	return S_OK;
}

static const struct com_async_ops job_ops = {
	.begin = job_begin,
	.end = job_end,
	.wait = job_wait,
	.status = job_status,
	.cancel = job_cancel,
};

/*
 * Returns the space in which the operation's objects are: that of the array.  A method of the
 * provider itself has asked the array that has the object or the job of the answer.
 */
static struct com_space *
space_of(struct com_object *object, const struct com_class *made,
	 const struct client_answer *answer)
{
	struct provider_core *core = provider_core_of(object);
	struct provider_place *place = NULL;

	if (provider_place_of(object->space) != NULL)
		return object->space;
	if (!guid_is_zero(&answer->job_id))
		place = provider_place_with(core, ROW_JOB, &answer->job_id);
	if (place == NULL && made != NULL)
		place = provider_place_with(core, (enum row_family)made->kind, &answer->object_id);
	/* It may have been unloaded since then: every place says so. */
	if (place == NULL)
		place = atomic_load(&core->places);
	return place != NULL ? &place->space : object->space;
}

HRESULT
provider_async_new(struct com_object *object, VDS_ASYNC_OUTPUT_TYPE type,
		   const struct com_class *made, const struct client_answer *answer,
		   IVdsAsync **ret_async)
{
	const struct com_operation operation = {
		.type = type,
		.made = made,
		.made_id = answer->object_id,
		.id = answer->job_id,
		.ops = &job_ops,
	};

	return com_async_new(space_of(object, made, answer), &operation, ret_async);
}
