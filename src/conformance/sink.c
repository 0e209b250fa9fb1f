/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A sink of notifications, which keeps every one that arrives. OnNotify runs on a thread of the
 * provider, the rest on the main thread.
 */
#include "conformance/conf_int.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 65536

struct event {
	ULONG event;
	GUID id;
};

struct conf_sink {
	IVdsAdviseSink sink;
	_Atomic ULONG refs;
	bool remote; /* a stub owns the notifications; set before the sink is given away */
	_Atomic bool asleep;
	_Atomic unsigned awake;  /* calls of OnNotify that no longer look at asleep */
	_Atomic unsigned faults; /* calls with a wrong number or a wrong kind of notification */
	_Atomic unsigned count;  /* of events; those before it are complete */
	unsigned begin;          /* of the events since conf_sink_clear */
	struct event events[EVENTS_MAX];
};

static struct conf_sink *
sink_of(IVdsAdviseSink *sink)
{
	return (struct conf_sink *)(void *)sink; /* its first member */
}

static HRESULT STDMETHODCALLTYPE
sink_query_interface(IVdsAdviseSink *self, REFIID riid, void **ppv)
{
	*ppv = NULL;
	if (!IsEqualIID(riid, &IID_IUnknown) && !IsEqualIID(riid, &IID_IVdsAdviseSink))
		return E_NOINTERFACE;
	*ppv = self;
	atomic_fetch_add(&sink_of(self)->refs, 1);
	return S_OK;
}

static ULONG STDMETHODCALLTYPE
sink_add_ref(IVdsAdviseSink *self)
{
	return atomic_fetch_add(&sink_of(self)->refs, 1) + 1;
}

static ULONG STDMETHODCALLTYPE
sink_release(IVdsAdviseSink *self)
{
	ULONG left = atomic_fetch_sub(&sink_of(self)->refs, 1) - 1;

	if (left == 0)
		free(sink_of(self));
	return left;
}

/* The type of the objects of an event, or VDS_NTT_UNKNOWN for one that a provider does not send. */
static VDS_NOTIFICATION_TARGET_TYPE
type_of(ULONG event)
{
	static const struct {
		ULONG first, last;
		VDS_NOTIFICATION_TARGET_TYPE type;
	} types[] = {
		{ VDS_NF_SUB_SYSTEM_ARRIVE, VDS_NF_SUB_SYSTEM_DEPART, VDS_NTT_SUB_SYSTEM },
		{ VDS_NF_CONTROLLER_ARRIVE, VDS_NF_CONTROLLER_DEPART, VDS_NTT_CONTROLLER },
		{ VDS_NF_DRIVE_ARRIVE, VDS_NF_DRIVE_MODIFY, VDS_NTT_DRIVE },
		{ VDS_NF_LUN_ARRIVE, VDS_NF_LUN_MODIFY, VDS_NTT_LUN },
		{ VDS_NF_PORT_ARRIVE, VDS_NF_PORT_DEPART, VDS_NTT_PORT },
		{ VDS_NF_PORTAL_ARRIVE, VDS_NF_PORTAL_MODIFY, VDS_NTT_PORTAL },
		{ VDS_NF_TARGET_ARRIVE, VDS_NF_TARGET_MODIFY, VDS_NTT_TARGET },
		{ VDS_NF_PORTAL_GROUP_ARRIVE, VDS_NF_PORTAL_GROUP_MODIFY, VDS_NTT_PORTAL_GROUP },
		{ VDS_NF_SUB_SYSTEM_MODIFY, VDS_NF_SUB_SYSTEM_MODIFY, VDS_NTT_SUB_SYSTEM },
		{ VDS_NF_SERVICE_OUT_OF_SYNC, VDS_NF_SERVICE_OUT_OF_SYNC, VDS_NTT_SERVICE },
		{ VDS_NF_CONTROLLER_MODIFY, VDS_NF_CONTROLLER_REMOVED, VDS_NTT_CONTROLLER },
		{ VDS_NF_PORT_MODIFY, VDS_NF_PORT_REMOVED, VDS_NTT_PORT },
		{ VDS_NF_DRIVE_REMOVED, VDS_NF_DRIVE_REMOVED, VDS_NTT_DRIVE },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (event >= types[i].first && event <= types[i].last)
			return types[i].type;
	}
	return VDS_NTT_UNKNOWN;
}

static void
keep(struct conf_sink *sink, const VDS_NOTIFICATION *notification)
{
	unsigned count = atomic_load(&sink->count);
	VDS_NOTIFICATION_TARGET_TYPE type = notification->objectType;

	/* Every member of the union begins with the event, and most have the id after it. */
	if (type == VDS_NTT_UNKNOWN || type != type_of(notification->Lun.ulEvent) ||
	    count == EVENTS_MAX) {
		atomic_fetch_add(&sink->faults, 1);
		return;
	}
	sink->events[count].event = notification->Lun.ulEvent;
	sink->events[count].id = notification->Lun.LunId;
	atomic_store(&sink->count, count + 1);
}

/* Waits until the sink is awake, and counts the call as awake. Returns whether it slept. */
static bool
wake(struct conf_sink *sink)
{
	bool slept = false;

	for (;;) {
		atomic_fetch_add(&sink->awake, 1);
		if (!atomic_load(&sink->asleep))
			return slept;
		atomic_fetch_sub(&sink->awake, 1);
		platform_sleep_ms(1);
		slept = true;
	}
}

static HRESULT STDMETHODCALLTYPE
sink_on_notify(IVdsAdviseSink *self, LONG count, VDS_NOTIFICATION *notifications)
{
	struct conf_sink *sink = sink_of(self);
	bool slept = wake(sink);

	if (count < 1 || count > 100 || notifications == NULL)
		atomic_fetch_add(&sink->faults, 1);
	for (LONG i = 0; notifications != NULL && i < count; i++)
		keep(sink, &notifications[i]);
	if (!sink->remote)
		CoTaskMemFree(notifications);
	atomic_fetch_sub(&sink->awake, 1);
	/* S_FALSE says that the receiver was not ready: the provider must go on all the same. */
	return CONF_RECORD(IVdsAdviseSink, OnNotify, slept ? S_FALSE : S_OK);
}

struct conf_sink *
conf_sink_new(void)
{
	static const IVdsAdviseSinkVtbl vtable = {
		.QueryInterface = sink_query_interface,
		.AddRef = sink_add_ref,
		.Release = sink_release,
		.OnNotify = sink_on_notify,
	};
	struct conf_sink *sink = calloc(1, sizeof(*sink));

	if (sink == NULL)
		return NULL;
	sink->sink.lpVtbl = &vtable;
	atomic_store(&sink->refs, 1);
	return sink;
}

IUnknown *
conf_sink_unknown(struct conf_sink *sink)
{
	return sink != NULL ? (IUnknown *)(void *)&sink->sink : NULL;
}

void
conf_sink_set_remote(IUnknown *sink)
{
	sink_of((IVdsAdviseSink *)(void *)sink)->remote = true;
}

ULONG
conf_sink_release(struct conf_sink *sink)
{
	return sink_release(&sink->sink);
}

unsigned
conf_sink_count(struct conf_sink *sink, ULONG event, const GUID *id)
{
	unsigned found = 0;

	for (unsigned i = sink->begin; i < atomic_load(&sink->count); i++)
		found += sink->events[i].event == event && IsEqualGUID(&sink->events[i].id, id);
	return found;
}

unsigned
conf_sink_total(struct conf_sink *sink)
{
	return atomic_load(&sink->count) - sink->begin;
}

unsigned
conf_sink_faults(struct conf_sink *sink)
{
	return atomic_load(&sink->faults);
}

void
conf_sink_clear(struct conf_sink *sink)
{
	sink->begin = atomic_load(&sink->count);
}

void
conf_sink_sleep(struct conf_sink *sink, bool asleep)
{
	atomic_store(&sink->asleep, asleep);
	while (asleep && atomic_load(&sink->awake) > 0)
		platform_sleep_ms(1);
}
