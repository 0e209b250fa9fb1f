/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IVdsAsync: an object for an operation that its owner knows by an id, or for one that was done
 * within the call. The object asks the owner how the operation stands until the outcome is set, and
 * keeps the outcome.  Any thread may call it.
 */
#include "com/com.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct async {
	struct com_object com;
	IVdsAsync async;
	struct com_operation operation; /* constant */
	struct com_pending pending;     /* the owner's, unless operation.id is zero */
};

void
com_pending_end(struct com_pending *pending, HRESULT result, const char *text)
{
	if (atomic_load_explicit(&pending->ended, memory_order_relaxed))
		return;
	pending->result = result;
	snprintf(pending->text, sizeof(pending->text), "%s", text != NULL ? text : "");
	atomic_store_explicit(&pending->ended, true, memory_order_release);
}

/*
 * Returns true when the operation has ended, with its result.  The text of a failure is kept for
 * VdsLastErrorMessage.
 */
static bool
has_ended(const struct async *async, HRESULT *ret_result)
{
	const struct com_pending *pending = &async->pending;

	*ret_result = S_OK;
	if (guid_is_zero(&async->operation.id))
		return true;
	if (!atomic_load_explicit(&pending->ended, memory_order_acquire))
		return false;
	*ret_result = pending->result;
	if (FAILED(pending->result))
		com_message_set(pending->text);
	return true;
}

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
	HRESULT hr = S_OK;

	if (ret_result == NULL || out == NULL)
		return COM_NULL_ARGUMENT("pHrResult or pAsyncOut");
	memset(out, 0, sizeof(*out));
	out->type = operation->type;
	if (!has_ended(async, ret_result)) {
		hr = operation->ops->wait(async->com.space, &async->pending);
		if (SUCCEEDED(hr) && !has_ended(async, ret_result))
			hr = com_fail(E_UNEXPECTED, "the operation has no outcome");
	}
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
	HRESULT hr;

	if (ret_result == NULL || ret_percent == NULL)
		return COM_NULL_ARGUMENT("pHrResult or pulPercentCompleted");
	*ret_percent = 100;
	if (has_ended(async, ret_result))
		return S_OK;
	*ret_percent = 0;
	hr = async->operation.ops->status(async->com.space, &async->pending, ret_percent);
	if (FAILED(hr)) {
		*ret_result = hr;
		*ret_percent = 0; /* the reference: 0 when progress is unknowable */
	} else if (has_ended(async, ret_result)) {
		*ret_percent = 100;
	} else {
		*ret_result = VDS_E_OPERATION_PENDING;
	}
	return hr;
}

static HRESULT STDMETHODCALLTYPE
async_cancel(IVdsAsync *self)
{
	struct async *async = container_of(self, struct async, async);
	HRESULT result;

	if (!has_ended(async, &result))
		return async->operation.ops->cancel(async->com.space, &async->pending);
	if (result == VDS_E_OPERATION_CANCELED)
		return com_fail(result, "the operation was cancelled already");
	return com_fail(VDS_E_CANCEL_TOO_LATE, "the operation has ended");
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

static void
async_fini(struct com_object *object)
{
	struct async *async = container_of(object, struct async, com);

	if (!guid_is_zero(&async->operation.id))
		async->operation.ops->end(object->space, &async->pending);
}

const struct com_class com_async_class = {
	.name = "async",
	.size_bytes = sizeof(struct async),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
	.fini = async_fini,
};

/* ---- memory put aside ---- */

static pthread_once_t spare_once = PTHREAD_ONCE_INIT;
static pthread_key_t spare_key; /* each thread's memory for one object, zeroed */
static bool spare_works;

static void
spare_begin(void)
{
	spare_works = pthread_key_create(&spare_key, mem_free) == 0;
}

int
com_async_reserve(void)
{
	void *spare;

	pthread_once(&spare_once, spare_begin);
	if (!spare_works)
		return -ENOMEM;
	if (pthread_getspecific(spare_key) != NULL)
		return 0;
	spare = mem_calloc(1, sizeof(struct async));
	if (spare == NULL)
		return -ENOMEM;
	if (pthread_setspecific(spare_key, spare) == 0)
		return 0;
	mem_free(spare);
	return -ENOMEM;
}

/* Returns the memory put aside for this thread, or new memory, or NULL. */
static struct async *
memory_take(void)
{
	struct async *async;

	pthread_once(&spare_once, spare_begin);
	async = spare_works ? pthread_getspecific(spare_key) : NULL;
	if (async == NULL)
		return mem_calloc(1, sizeof(*async));
	pthread_setspecific(spare_key, NULL);
	return async;
}

HRESULT
com_async_new(struct com_space *space, const struct com_operation *operation, IVdsAsync **ret_async)
{
	struct async *async = memory_take();

	*ret_async = NULL;
	if (async == NULL)
		return com_error(-ENOMEM);
	com_object_init(&async->com, space, &com_async_class);
	async->operation = *operation;
	if (!guid_is_zero(&operation->id)) {
		async->pending.id = operation->id;
		list_init(&async->pending.node);
		operation->ops->begin(space, &async->pending);
	}
	*ret_async = &async->async;
	return S_OK;
}
