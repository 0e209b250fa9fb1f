/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IVdsAsync: an object for an operation that its owner knows by an id, or for one that was done
 * within the call. The object does not keep how the operation stands: it asks the owner each time.
 * Any thread may call it.
 */
#include "com/com.h"

#include <errno.h>
#include <string.h>

struct async {
	struct com_object com;
	IVdsAsync async;
	struct com_operation operation;
};

COM_THUNKS(async, IVdsAsync, async);

static HRESULT
give_made(struct async *async, VDS_ASYNC_OUTPUT *out)
{
	const struct com_operation *operation = &async->operation;
	struct com_object *object;

	if (operation->made == NULL)
		return S_OK;
	object = com_space_object(async->com.space, operation->made, &operation->made_id);
	if (object == NULL)
		return com_error(-ENOMEM);
	switch (operation->type) {
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
		com_release(object); /* the output of the type has no place for an object */
		break;
	}
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
async_wait(IVdsAsync *self, HRESULT *ret_result, VDS_ASYNC_OUTPUT *out)
{
	struct async *async = container_of(self, struct async, async);
	const struct com_operation *operation = &async->operation;
	HRESULT hr;

	if (ret_result == NULL || out == NULL)
		return COM_NULL_ARGUMENT("pHrResult or pAsyncOut");
	memset(out, 0, sizeof(*out));
	out->type = operation->type;
	*ret_result = hr = S_OK;
	if (!guid_is_zero(&operation->id))
		hr = operation->ops->wait(async->com.space, &operation->id, ret_result);
	if (FAILED(hr))
		*ret_result = hr;
	else if (SUCCEEDED(*ret_result))
		hr = give_made(async, out);
	return hr;
}

static HRESULT STDMETHODCALLTYPE
async_query_status(IVdsAsync *self, HRESULT *ret_result, ULONG *ret_percent)
{
	struct async *async = container_of(self, struct async, async);
	const struct com_operation *operation = &async->operation;

	if (ret_result == NULL || ret_percent == NULL)
		return COM_NULL_ARGUMENT("pHrResult or pulPercentCompleted");
	*ret_result = S_OK;
	*ret_percent = 100;
	if (guid_is_zero(&operation->id))
		return S_OK;
	return operation->ops->status(async->com.space, &operation->id, ret_result, ret_percent);
}

static HRESULT STDMETHODCALLTYPE
async_cancel(IVdsAsync *self)
{
	struct async *async = container_of(self, struct async, async);
	const struct com_operation *operation = &async->operation;

	if (guid_is_zero(&operation->id))
		return com_fail(VDS_E_CANCEL_TOO_LATE, "the operation has ended");
	return operation->ops->cancel(async->com.space, &operation->id);
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
	.size_bytes = sizeof(struct async),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};

HRESULT
com_async_new(struct com_space *space, const struct com_operation *operation, IVdsAsync **ret_async)
{
	struct async *async = com_object_new(space, &com_async_class);

	*ret_async = NULL;
	if (async == NULL)
		return com_error(-ENOMEM);
	async->operation = *operation;
	*ret_async = &async->async;
	return S_OK;
}
