/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notifications: each change that one provider makes must reach the sink of another, and a sink
 * that sleeps must hold up nothing. Main thread; the sink counts on a thread of the provider.
 */
#include "conformance/conf_int.h"

struct arrival {
	struct conf_sink *sink;
	ULONG event;
	GUID id;
	unsigned count;
};

static bool
has_arrived(void *arg)
{
	struct arrival *arrival = arg;

	return conf_sink_count(arrival->sink, arrival->event, &arrival->id) >= arrival->count;
}

static void
try_event(struct conf_world *world, ULONG event, const GUID *id, const char *what)
{
	struct arrival arrival = { world->sink, event, *id, 1 };

	conf_ok(conf_eventually(has_arrived, &arrival), "%s is notified", what);
	conf_sink_clear(world->sink);
}

/* A change of an object that exists, and the event that it must cause. */
static void
try_change(struct conf_world *world, enum conf_kind kind, const char *interface, const char *method,
	   ULONG event)
{
	struct arrival arrival = { world->sink, event, { 0 }, 1 };
	struct conf_outs outs;
	HRESULT hr;

	if (world->objects[kind] == NULL || !conf_id(world->objects[kind], kind, &arrival.id))
		return;
	conf_sink_clear(world->sink);
	world->args.name = conf_name(world);
	hr = conf_do(world, world->objects[kind], interface, method, &outs);
	if (hr == E_NOINTERFACE || hr == VDS_E_NOT_SUPPORTED)
		return;
	if (SUCCEEDED(hr) && conf_method_find(interface, method)->out_count > 0)
		conf_async_end(conf_out_pointer(&outs, 0), NULL);
	conf_ok(SUCCEEDED(hr) && conf_eventually(has_arrived, &arrival), "%s::%s is notified",
		interface, method);
}

static void
try_lives(struct conf_world *world)
{
	IUnknown *lun, *target, *group;
	GUID lun_id, target_id, group_id;

	conf_sink_clear(world->sink);
	lun = conf_make_lun(world, world->args.size);
	if (lun != NULL && conf_id(lun, CONF_LUN, &lun_id)) {
		try_event(world, VDS_NF_LUN_ARRIVE, &lun_id, "a new LUN");
		conf_unmake(lun, CONF_LUN);
		try_event(world, VDS_NF_LUN_DEPART, &lun_id, "a deleted LUN");
	}
	if (world->objects[CONF_TARGET] == NULL)
		return;
	target = conf_make_target(world);
	if (target == NULL || !conf_id(target, CONF_TARGET, &target_id))
		return;
	try_event(world, VDS_NF_TARGET_ARRIVE, &target_id, "a new target");
	group = conf_make_group(world, target);
	if (group != NULL && conf_id(group, CONF_GROUP, &group_id)) {
		try_event(world, VDS_NF_PORTAL_GROUP_ARRIVE, &group_id, "a new portal group");
		conf_unmake(group, CONF_GROUP);
		try_event(world, VDS_NF_PORTAL_GROUP_DEPART, &group_id, "a deleted portal group");
	}
	conf_unmake(target, CONF_TARGET);
	try_event(world, VDS_NF_TARGET_DEPART, &target_id, "a deleted target");
}

static void
try_portal(struct conf_world *world)
{
	IVdsIscsiPortal *portal = conf_query(world->objects[CONF_PORTAL], &IID_IVdsIscsiPortal);

	if (portal == NULL)
		return;
	conf_sink_clear(world->sink);
	CONF_RECORD(IVdsIscsiPortal, SetStatus, IVdsIscsiPortal_SetStatus(portal, VDS_IPS_OFFLINE));
	try_event(world, VDS_NF_PORTAL_MODIFY, &world->args.portal, "a portal that goes offline");
	CONF_RECORD(IVdsIscsiPortal, SetStatus, IVdsIscsiPortal_SetStatus(portal, VDS_IPS_ONLINE));
	try_event(world, VDS_NF_PORTAL_MODIFY, &world->args.portal, "a portal that goes online");
	IVdsIscsiPortal_Release(portal);
}

/*
 * A sink that sleeps in OnNotify: its provider still answers and changes, and what happened
 * meanwhile arrives when the sink wakes up.
 */
static void
try_sleeper(struct conf_world *world)
{
	struct arrival arrival = { world->sink, VDS_NF_LUN_MODIFY, world->args.lun, 1 };
	IUnknown *twin = conf_twin(world, &world->two, CONF_LUN);
	struct conf_outs outs;
	bool ok = twin != NULL;

	conf_sink_sleep(world->sink, true);
	conf_sink_clear(world->sink); /* of what an earlier change still told */
	for (unsigned i = 0; i < 50 && ok; i++) {
		world->args.name = conf_name(world);
		ok = SUCCEEDED(conf_do(world, twin, "IVdsLunNaming", "SetFriendlyName", &outs));
		if (ok && SUCCEEDED(conf_do(world, twin, "IVdsLun", "GetProperties", &outs)))
			conf_outs_free(conf_method_find("IVdsLun", "GetProperties"), &outs);
		else
			ok = false;
	}
	conf_ok(ok, "a provider whose sink sleeps answers and changes");
	conf_ok(conf_sink_total(world->sink) == 0, "a sink that sleeps is not called again");
	conf_sink_sleep(world->sink, false);
	conf_ok(conf_eventually(has_arrived, &arrival),
		"a sink that wakes up is told what happened");
	if (twin != NULL)
		CONF_RELEASE(twin);
}

/* After OnUnload nothing is sent, and the provider has let go of the sink. */
static void
try_goodbye(struct conf_world *world)
{
	struct conf_sink *sink = conf_sink_new();
	struct conf_instance third;
	struct conf_outs outs;
	ULONG left;

	if (sink == NULL || FAILED(conf_instance_open(&third, conf_sink_unknown(sink))))
		return;
	if (third.private == NULL) { /* Unadvise is the service's OnUnload */
		conf_instance_close(&third);
		conf_ok(conf_sink_release(sink) == 0,
			"after Unadvise a sink has no reference but the program's");
		return;
	}
	CONF_RECORD(IVdsProviderPrivate, OnUnload,
		    IVdsProviderPrivate_OnUnload(third.private, TRUE));
	conf_sink_clear(sink);
	conf_do(world, world->objects[CONF_LUN], "IVdsLunNaming", "SetFriendlyName", &outs);
	try_event(world, VDS_NF_LUN_MODIFY, &world->args.lun, "another sink");
	conf_ok(conf_sink_total(sink) == 0, "after OnUnload a sink is not called");
	conf_instance_close(&third);
	left = conf_sink_release(sink);
	conf_ok(left == 0, "after OnUnload a sink has no reference but the program's");
}

void
conf_cases_notify(struct conf_world *world)
{
	static const struct { /* NOLINT: in the order in which one reads a row */
		enum conf_kind kind;
		const char *interface, *method;
		ULONG event;
	} changes[] = {
		{ CONF_LUN, "IVdsLunNaming", "SetFriendlyName", VDS_NF_LUN_MODIFY },
		{ CONF_LUN, "IVdsLun", "Extend", VDS_NF_LUN_MODIFY },
		{ CONF_LUN, "IVdsLunIscsi", "AssociateTargets", VDS_NF_LUN_MODIFY },
		{ CONF_TARGET, "IVdsIscsiTarget", "SetFriendlyName", VDS_NF_TARGET_MODIFY },
		{ CONF_GROUP, "IVdsIscsiPortalGroup", "AddPortal", VDS_NF_PORTAL_GROUP_MODIFY },
		{ CONF_GROUP, "IVdsIscsiPortalGroup", "RemovePortal", VDS_NF_PORTAL_GROUP_MODIFY },
		{ CONF_SUBSYSTEM, "IVdsSubSystemNaming", "SetFriendlyName",
		  VDS_NF_SUB_SYSTEM_MODIFY },
	};
	unsigned faults;

	if (!conf_family_begin(CONF_NOTIFY))
		return;
	if (world->sink == NULL || (world->two.private == NULL && world->two.service == NULL)) {
		conf_skip("a provider without IVdsProviderPrivate", "notifications");
		return;
	}
	try_lives(world);
	/* So that associating the LUN in the table below is a change. */
	world->args.target_ids = NULL;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		IVdsLunIscsi *iscsi = conf_query(world->objects[CONF_LUN], &IID_IVdsLunIscsi);

		world->args.target_ids = &world->args.target;
		if (iscsi != NULL) {
			CONF_RECORD(IVdsLunIscsi, AssociateTargets,
				    IVdsLunIscsi_AssociateTargets(iscsi, NULL, 0));
			IVdsLunIscsi_Release(iscsi);
		}
		try_change(world, changes[i].kind, changes[i].interface, changes[i].method,
			   changes[i].event);
	}
	try_portal(world);
	if (conf_options.remote && platform_is_apartment())
		conf_skip("OnNotify would have to be woken by the thread that it runs on",
			  "a sink that sleeps");
	else
		try_sleeper(world);
	try_goodbye(world);
	faults = conf_sink_faults(world->sink);
	conf_ok(faults == 0, "OnNotify has 1 to 100 notifications, each of the type of its event");
	conf_cell(conf_method_find("IVdsAdviseSink", "OnNotify"), faults == 0);
}
