/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The receiver of notifications on Windows. The thread that calls it is in the multithreaded
 * apartment; what it unpacks is the receiver itself, or a proxy when the receiver lives in another
 * apartment. Called by advise.c.
 */
#include "provider/provider_int.h"

#include <errno.h>

/*
 * Packs the caller's sink for the sink's thread.  Returns NULL when that thread can call it as it
 * is, or when there is no other way.  Not the global interface table, which is meant for many
 * receivers: Wine's keeps references of a proxy that was put there and taken away again.
 */
static IStream *
pack(IVdsAdviseSink *sink)
{
	APTTYPEQUALIFIER qualifier;
	IStream *stream;
	APTTYPE type;

	/*
	 * what belongs to the multithreaded apartment, objects and proxies, is good for all its
	 * threads
	 */
	if (FAILED(CoGetApartmentType(&type, &qualifier)) || type == APTTYPE_MTA)
		return NULL;
	if (FAILED(CoMarshalInterThreadInterfaceInStream(&IID_IVdsAdviseSink, (IUnknown *)sink,
							 &stream)))
		return NULL; /* nobody has registered proxies: the sink can only be called as it is */
	return stream;
}

/* Only proxies have this interface. */
static bool
is_proxy(IVdsAdviseSink *sink)
{
	IUnknown *security;

	if (FAILED(IVdsAdviseSink_QueryInterface(sink, &IID_IClientSecurity, (void **)&security)))
		return false;
	IUnknown_Release(security);
	return true;
}

int
provider_sink_init(struct provider_sink *ret_sink, IVdsAdviseSink *sink)
{
	ret_sink->done = CreateEventW(NULL, TRUE, FALSE, NULL);
	if (ret_sink->done == NULL)
		return -ENOMEM;
	ret_sink->packed = pack(sink);
	ret_sink->sink = NULL;
	if (ret_sink->packed == NULL) {
		ret_sink->sink = sink;
		ret_sink->is_proxy = is_proxy(sink);
		IVdsAdviseSink_AddRef(sink);
	}
	return 0;
}

static void
release(struct provider_sink *sink)
{
	IVdsAdviseSink *last = TAKE(sink->sink);

	if (last != NULL)
		IVdsAdviseSink_Release(last);
}

void
provider_sink_drop(struct provider_sink *sink)
{
	IStream *packed = TAKE(sink->packed);

	release(sink);
	if (packed != NULL) { /* there was no thread to unpack it */
		CoReleaseMarshalData(packed);
		IStream_Release(packed);
	}
}

void
provider_sink_fini(struct provider_sink *sink)
{
	provider_sink_drop(sink);
	if (sink->done != NULL)
		CloseHandle(sink->done);
}

void
provider_sink_enter(struct provider_sink *sink)
{
	IStream *packed = TAKE(sink->packed);

	CoInitializeEx(NULL, COINIT_MULTITHREADED);
	if (packed == NULL)
		return;
	if (FAILED(CoGetInterfaceAndReleaseStream(packed, &IID_IVdsAdviseSink,
						  (void **)&sink->sink)))
		sink->sink = NULL;
	if (sink->sink != NULL)
		sink->is_proxy = is_proxy(sink->sink);
}

void
provider_sink_leave(struct provider_sink *sink)
{
	release(sink); /* it belongs to the apartment of this thread */
	CoUninitialize();
	SetEvent(sink->done);
}

void
provider_sink_await(struct provider_sink *sink)
{
	HANDLE done = sink->done;
	DWORD index;

	/*
	 * a thread of a single-threaded apartment goes on serving the calls that the sink may make
	 */
	CoWaitForMultipleHandles(0, INFINITE, 1, &done, &index);
}

/*
 * A receiver that is reached through a proxy gets a copy of the array, which its stub owns, so the
 * array stays ours.
 */
HRESULT
provider_sink_notify(struct provider_sink *sink, VDS_NOTIFICATION *notes, size_t count)
{
	HRESULT hr = S_OK;

	if (sink->sink != NULL)
		hr = IVdsAdviseSink_OnNotify(sink->sink, (LONG)count, notes);
	if (sink->sink == NULL || sink->is_proxy)
		CoTaskMemFree(notes);
	return hr;
}

void
provider_sink_abandon(void)
{
	HMODULE module;

	GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
			   (LPCWSTR)(const void *)&provider_class, &module);
}
