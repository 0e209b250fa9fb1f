/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The array's jobs behind IVdsAsync (com/async.c): waits for a job, asks how it stands, cancels it.
 * Any thread may call it.
 */
#include "provider/provider_int.h"

#include "base/err.h"

static struct provider_core *
core_of(struct com_space *space)
{
	return container_of(space, struct provider_core, space);
}

/* Returns the result of a job; VDS_E_OPERATION_PENDING while it runs. */
static HRESULT
outcome(const struct row_job *job)
{
	switch (job->state) {
	case JOB_RUNNING:
		return VDS_E_OPERATION_PENDING;
	case JOB_DONE:
		return S_OK;
	case JOB_CANCELLED:
		return VDS_E_OPERATION_CANCELED;
	case JOB_FAILED:
		break;
	}
	return com_fail(com_hresult(err_from_name(job->error)), job->message);
}

static HRESULT
job_wait(struct com_space *space, const struct guid *id, HRESULT *ret_result)
{
	struct client *client = provider_core_client(core_of(space));
	AUTO_ROW struct row_job *job = NULL;
	int rc;

	if (client == NULL)
		return com_fail(VDS_E_INITIALIZE_NOT_CALLED, "the provider is not loaded");
	rc = client_job_wait(client, id, -1, &job);
	if (rc < 0)
		return com_error(rc);
	*ret_result = outcome(job);
	return S_OK;
}

static ULONG
percent_of(const struct client_view *view, const struct guid *job_id)
{
	const struct row_live_job *live = state_find(view->live, ROW_LIVE_JOB, job_id);

	return live != NULL ? MIN(live->percent, 99u) : 0;
}

/*
 * Answers from the last view, even when it cannot be trusted, since a job that has ended stays
 * ended.
 */
static HRESULT
job_status(struct com_space *space, const struct guid *id, HRESULT *ret_result, ULONG *ret_percent)
{
	struct client *client = provider_core_client(core_of(space));
	AUTO_VIEW struct client_view view = { 0 };
	const struct row_job *job;

	if (client == NULL)
		return com_fail(VDS_E_INITIALIZE_NOT_CALLED, "the provider is not loaded");
	client_view_last(client, &view);
	job = state_find(view.config, ROW_JOB, id);
	if (job == NULL)
		return com_fail(VDS_E_OBJECT_NOT_FOUND, "the array no longer knows the operation");
	*ret_result = outcome(job);
	*ret_percent = *ret_result == VDS_E_OPERATION_PENDING ? percent_of(&view, id) : 100;
	return S_OK;
}

static HRESULT
job_cancel(struct com_space *space, const struct guid *id)
{
	AUTO_LOOK struct provider_look look;
	struct client_answer answer;
	HRESULT hr = provider_enter_core(core_of(space), &look);

	if (FAILED(hr))
		return hr;
	return com_error(client_job_cancel(look.client, id, &answer));
}

static const struct com_async_ops job_ops = {
	.wait = job_wait,
	.status = job_status,
	.cancel = job_cancel,
};

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

	return com_async_new(object->space, &operation, ret_async);
}
