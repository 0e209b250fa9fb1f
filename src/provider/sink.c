/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The receiver of notifications on Linux, where every thread may call every object. Called by
 * advise.c.
 */
#include "provider/provider_int.h"

int
provider_sink_init(struct provider_sink *ret_sink, IVdsAdviseSink *sink)
{
	ret_sink->sink = sink;
	IVdsAdviseSink_AddRef(sink);
	return 0;
}

void
provider_sink_drop(struct provider_sink *sink)
{
	IVdsAdviseSink *last = TAKE(sink->sink);

	if (last != NULL)
		IVdsAdviseSink_Release(last);
}

void
provider_sink_fini(struct provider_sink *sink)
{
	provider_sink_drop(sink);
}

void
provider_sink_enter(struct provider_sink *sink)
{
	(void)sink;
}

void
provider_sink_leave(struct provider_sink *sink)
{
	(void)sink;
}

void
provider_sink_await(struct provider_sink *sink)
{
	(void)sink; /* the thread is joined next */
}

HRESULT
provider_sink_notify(struct provider_sink *sink, VDS_NOTIFICATION *notes, size_t count)
{
	if (sink->sink != NULL)
		return IVdsAdviseSink_OnNotify(sink->sink, (LONG)count, notes);
	CoTaskMemFree(notes);
	return S_OK;
}

void
provider_sink_abandon(void)
{
	/* a program that unloads the library while a sink is being called is told not to */
}
