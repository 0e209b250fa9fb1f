/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IVdsAsync: a view of one of the array's jobs by its id, or of an operation that was done within
 * the call.  How the job stands is always the replica's or the array's answer, never kept here.
 */
#include "com/com_int.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

struct async {
	struct com_object com;
	IVdsAsync async;
	VDS_ASYNC_OUTPUT_TYPE type;
	const struct com_class *made; /* of the object that the operation made, or NULL */
	struct guid made_id;
	struct guid job_id; /* zero: done */
};

COM_THUNKS(async, IVdsAsync, async);

/* What became of a job that has ended. */
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
give_made(struct async *async, VDS_ASYNC_OUTPUT *out)
{
	struct com_object *object;

	if (async->made == NULL)
		return S_OK;
	object = com_core_object(async->com.core, async->made, &async->made_id);
	if (object == NULL)
		return com_error(-ENOMEM);
	switch (async->type) {
	case VDS_ASYNCOUT_CREATELUN:
		out->cl.pLunUnk = com_unknown(object);
		break;
	case VDS_ASYNCOUT_CREATETARGET:
		out->ct.pTargetUnk = com_unknown(object);
		break;
	case VDS_ASYNCOUT_CREATEPORTALGROUP:
		out->cpg.pPortalGroupUnk = com_unknown(object);
		break;
	default:
		com_release(object); /* a type without an arm */
		break;
	}
	return S_OK;
}

static HRESULT
wait_for_job(struct async *async, HRESULT *ret_result)
{
	struct client *client = com_core_client(async->com.core);
	AUTO_ROW struct row_job *job = NULL;
	int rc;

	*ret_result = S_OK;
	if (guid_is_zero(&async->job_id))
		return S_OK;
	if (client == NULL)
		return com_fail(VDS_E_INITIALIZE_NOT_CALLED, "the provider is not loaded");
	rc = client_job_wait(client, &async->job_id, -1, &job);
	if (rc < 0)
		return com_error(rc);
	*ret_result = outcome(job);
	return S_OK;
}

static HRESULT
async_wait(IVdsAsync *self, HRESULT *ret_result, VDS_ASYNC_OUTPUT *out)
{
	struct async *async = container_of(self, struct async, async);
	HRESULT hr;

	if (ret_result == NULL || out == NULL)
		return COM_NULL_ARGUMENT("pHrResult or pAsyncOut");
	memset(out, 0, sizeof(*out));
	out->type = async->type;
	hr = wait_for_job(async, ret_result);
	if (FAILED(hr))
		*ret_result = hr;
	else if (SUCCEEDED(*ret_result))
		hr = give_made(async, out);
	return hr;
}

static ULONG
percent_of(const struct client_view *view, const struct guid *job_id)
{
	const struct row_live_job *live = state_find(view->live, ROW_LIVE_JOB, job_id);

	return live != NULL ? MIN(live->percent, 99u) : 0;
}

/* From the last view, whether it can be trusted or not: a job's end is true for ever. */
static HRESULT
job_status(struct async *async, HRESULT *ret_result, ULONG *ret_percent)
{
	struct client *client = com_core_client(async->com.core);
	AUTO_VIEW struct client_view view = { 0 };
	const struct row_job *job;

	if (client == NULL)
		return com_fail(VDS_E_INITIALIZE_NOT_CALLED, "the provider is not loaded");
	client_view_last(client, &view);
	job = state_find(view.config, ROW_JOB, &async->job_id);
	if (job == NULL)
		return com_fail(VDS_E_OBJECT_NOT_FOUND, "the array no longer knows the operation");
	*ret_result = outcome(job);
	*ret_percent = *ret_result == VDS_E_OPERATION_PENDING ? percent_of(&view, &async->job_id)
							      : 100;
	return S_OK;
}

static HRESULT
async_query_status(IVdsAsync *self, HRESULT *ret_result, ULONG *ret_percent)
{
	struct async *async = container_of(self, struct async, async);

	if (ret_result == NULL || ret_percent == NULL)
		return COM_NULL_ARGUMENT("pHrResult or pulPercentCompleted");
	*ret_result = S_OK;
	*ret_percent = 100;
	return guid_is_zero(&async->job_id) ? S_OK : job_status(async, ret_result, ret_percent);
}

static HRESULT
async_cancel(IVdsAsync *self)
{
	struct async *async = container_of(self, struct async, async);
	struct client_answer answer;
	struct client *client;
	HRESULT hr;

	if (guid_is_zero(&async->job_id))
		return com_fail(VDS_E_CANCEL_TOO_LATE, "the operation has ended");
	hr = com_change(&async->com, 0, &client);
	if (FAILED(hr))
		return hr;
	return com_error(client_job_cancel(client, &async->job_id, &answer));
}

static const IVdsAsyncVtbl async_vtable = {
	COM_UNKNOWN(async),
	.Cancel = async_cancel,
	.Wait = async_wait,
	.QueryStatus = async_query_status,
};

static const struct com_interface interfaces[] = {
	COM_INTERFACE(async, IVdsAsync, async),
};

const struct com_class com_async_class = {
	.name = "async",
	.family = ROW_FAMILY_COUNT,
	.size_bytes = sizeof(struct async),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};

HRESULT
com_async_new(struct com_core *core, VDS_ASYNC_OUTPUT_TYPE type, const struct com_class *made,
	      const struct client_answer *answer, IVdsAsync **ret_async)
{
	struct async *async = com_object_new(core, &com_async_class);

	*ret_async = NULL;
	if (async == NULL)
		return com_error(-ENOMEM);
	async->type = type;
	async->made = made;
	async->made_id = answer->object_id;
	async->job_id = answer->job_id;
	*ret_async = &async->async;
	return S_OK;
}
