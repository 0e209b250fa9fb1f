/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The providers that are open, and the objects that the cases work on: what the array has, and a
 * LUN, a target and a portal group that are made for the cases. Main thread, but for conf_async_end
 * and conf_query.
 */
#include "conformance/conf_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- providers ---- */

/* Returns the first hardware provider of a service. */
static IUnknown *
service_provider(IVdsService *service)
{
	IEnumVdsObject *list = NULL;
	IUnknown *provider = NULL;
	ULONG fetched;

	if (FAILED(IVdsService_QueryProviders(service, VDS_QUERY_HARDWARE_PROVIDERS, &list)))
		return NULL;
	if (IEnumVdsObject_Next(list, 1, &provider, &fetched) != S_OK)
		provider = NULL;
	IEnumVdsObject_Release(list);
	return provider;
}

/* Reaches the provider as a program does: by the loader and the service. */
static HRESULT
instance_open_service(struct conf_instance *instance, IUnknown *sink)
{
	IVdsServiceLoader *loader = NULL;
	HRESULT hr = platform_service_loader(&loader);

	memset(instance, 0, sizeof(*instance));
	if (FAILED(hr))
		return hr;
	hr = IVdsServiceLoader_LoadService(loader, NULL, &instance->service);
	IVdsServiceLoader_Release(loader);
	if (SUCCEEDED(hr))
		hr = IVdsService_WaitForServiceReady(instance->service);
	if (SUCCEEDED(hr))
		instance->provider = service_provider(instance->service);
	if (SUCCEEDED(hr) && instance->provider == NULL)
		hr = VDS_E_OBJECT_NOT_FOUND;
	if (SUCCEEDED(hr) && sink != NULL)
		hr = IVdsService_Advise(instance->service, (IVdsAdviseSink *)(void *)sink,
					&instance->cookie);
	if (FAILED(hr))
		conf_instance_close(instance);
	return hr;
}

static HRESULT
factory_of(IClassFactory **ret_factory)
{
	if (conf_options.provider != NULL)
		return platform_provider_factory(conf_options.provider, &conf_options.clsid,
						 (void **)ret_factory);
	return platform_url_factory((void **)ret_factory);
}

HRESULT
conf_instance_unloaded(struct conf_instance *instance)
{
	IClassFactory *factory = NULL;
	HRESULT hr = conf_options.service ? E_NOTIMPL : factory_of(&factory);

	memset(instance, 0, sizeof(*instance));
	if (FAILED(hr))
		return hr;
	hr = IClassFactory_CreateInstance(factory, NULL, &IID_IVdsProvider,
					  (void **)&instance->provider);
	IClassFactory_Release(factory);
	if (SUCCEEDED(hr))
		instance->private = conf_query(instance->provider, &IID_IVdsProviderPrivate);
	return hr;
}

HRESULT
conf_instance_open(struct conf_instance *instance, IUnknown *sink)
{
	static WCHAR machine[] = u"localhost"; /* proxies refuse NULL, as the IDL has it */
	HRESULT hr;

	if (conf_options.service)
		return instance_open_service(instance, sink);
	if (conf_options.provider == NULL) {
		memset(instance, 0, sizeof(*instance));
		hr = platform_open_url(conf_options.url, &IID_IVdsProvider,
				       (void **)&instance->provider);
		if (FAILED(hr))
			return hr;
		instance->private = conf_query(instance->provider, &IID_IVdsProviderPrivate);
		if (sink == NULL)
			return hr;
	} else {
		hr = conf_instance_unloaded(instance);
		if (FAILED(hr))
			return hr;
	}
	if (sink != NULL && (platform_is_apartment() || platform_is_remote(instance->provider)))
		conf_sink_set_remote(sink);
	if (instance->private == NULL)
		hr = E_NOINTERFACE;
	else
		hr = CONF_RECORD(IVdsProviderPrivate, OnLoad,
				 IVdsProviderPrivate_OnLoad(instance->private, machine, sink));
	if (FAILED(hr))
		conf_instance_close(instance);
	return hr;
}

void
conf_instance_close(struct conf_instance *instance)
{
	if (instance->private != NULL)
		IVdsProviderPrivate_Release(instance->private);
	if (instance->provider != NULL)
		CONF_RELEASE(instance->provider);
	if (instance->cookie != 0)
		IVdsService_Unadvise(instance->service, instance->cookie);
	if (instance->service != NULL)
		IVdsService_Release(instance->service);
	memset(instance, 0, sizeof(*instance));
}

/* ---- objects ---- */

void *
conf_query(IUnknown *object, const IID *iid)
{
	void *found = NULL;

	if (object == NULL || FAILED(IUnknown_QueryInterface(object, iid, &found)))
		return NULL;
	return found;
}

IUnknown *
conf_instance_get(struct conf_instance *instance, enum conf_kind kind, const GUID *id)
{
	IUnknown *object = NULL;

	if (instance->service != NULL && conf_kind_types[kind] != VDS_OT_UNKNOWN) {
		if (FAILED(IVdsService_GetObject(instance->service, *id, conf_kind_types[kind],
						 &object)))
			return NULL;
		return object;
	}
	if (instance->private == NULL || conf_kind_types[kind] == VDS_OT_UNKNOWN)
		return NULL;
	if (FAILED(CONF_RECORD(IVdsProviderPrivate, GetObject,
			       IVdsProviderPrivate_GetObject(instance->private, *id,
							     conf_kind_types[kind], &object))))
		return NULL;
	return object;
}

/* The method that reads the properties of each kind; the id is their first member. */
static const struct {
	const char *interface, *method;
} properties[CONF_KINDS] = {
	[CONF_PROVIDER] = { "IVdsProvider", "GetProperties" },
	[CONF_SUBSYSTEM] = { "IVdsSubSystem", "GetProperties" },
	[CONF_CONTROLLER] = { "IVdsController", "GetProperties" },
	[CONF_PORT] = { "IVdsControllerPort", "GetProperties" },
	[CONF_DRIVE] = { "IVdsDrive", "GetProperties" },
	[CONF_LUN] = { "IVdsLun", "GetProperties" },
	[CONF_PLEX] = { "IVdsLunPlex", "GetProperties" },
	[CONF_PORTAL] = { "IVdsIscsiPortal", "GetProperties" },
	[CONF_TARGET] = { "IVdsIscsiTarget", "GetProperties" },
	[CONF_GROUP] = { "IVdsIscsiPortalGroup", "GetProperties" },
	[CONF_POOL] = { "IVdsStoragePool", "GetProperties" },
};

enum conf_kind
conf_kind_of(IUnknown *object)
{
	for (unsigned kind = 0; kind < CONF_KINDS; kind++) {
		void *found;

		if (properties[kind].interface == NULL)
			continue;
		found = conf_query(
			object,
			conf_method_find(properties[kind].interface, properties[kind].method)->iid);
		if (found == NULL)
			continue;
		CONF_RELEASE(found);
		return (enum conf_kind)kind;
	}
	return CONF_KINDS;
}

bool
conf_id(IUnknown *object, enum conf_kind kind, GUID *ret_id)
{
	struct conf_outs outs;
	HRESULT hr = conf_do(NULL, object, properties[kind].interface, properties[kind].method,
			     &outs);

	if (FAILED(hr))
		return false;
	memcpy(ret_id, outs.bytes[0], sizeof(*ret_id));
	conf_outs_free(conf_method_find(properties[kind].interface, properties[kind].method),
		       &outs);
	return true;
}

IUnknown *
conf_twin(struct conf_world *world, struct conf_instance *instance, enum conf_kind kind)
{
	GUID id;

	if (kind == CONF_PROVIDER) {
		IUnknown_AddRef(instance->provider);
		return instance->provider;
	}
	if (world->objects[kind] == NULL || !conf_id(world->objects[kind], kind, &id))
		return NULL;
	return conf_instance_get(instance, kind, &id);
}

HRESULT
conf_do(struct conf_world *world, IUnknown *object, const char *interface, const char *method,
	struct conf_outs *ret_outs)
{
	const struct conf_method *row = conf_method_find(interface, method);
	struct conf_args none = { 0 };
	void *self = conf_query(object, row->iid);
	HRESULT hr;

	if (self == NULL)
		return E_NOINTERFACE;
	hr = conf_record(row,
			 conf_call(row, self, world != NULL ? &world->args : &none, 0, ret_outs));
	CONF_RELEASE(self);
	return hr;
}

static int
compare_guids(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(GUID));
}

unsigned
conf_list_ids(IEnumVdsObject *list, GUID *ret_ids, unsigned max)
{
	IUnknown *object;
	unsigned count = 0;
	ULONG fetched;

	while (CONF_RECORD(IEnumVdsObject, Next, IEnumVdsObject_Next(list, 1, &object, &fetched)) ==
	       S_OK) {
		enum conf_kind kind = conf_kind_of(object);
		GUID id;

		if (kind != CONF_KINDS && conf_id(object, kind, &id) && count < max)
			ret_ids[count++] = id;
		CONF_RELEASE(object);
	}
	qsort(ret_ids, count, sizeof(*ret_ids), compare_guids);
	return count;
}

HRESULT
conf_async_end(IVdsAsync *async, IUnknown **ret_made)
{
	VDS_ASYNC_OUTPUT output;
	HRESULT result = E_FAIL, hr;

	if (ret_made != NULL)
		*ret_made = NULL;
	if (async == NULL)
		return E_POINTER;
	memset(&output, 0, sizeof(output));
	hr = CONF_RECORD(IVdsAsync, Wait, IVdsAsync_Wait(async, &result, &output));
	IVdsAsync_Release(async);
	if (FAILED(hr) || FAILED(result))
		return FAILED(hr) ? hr : result;
	if (output.type == VDS_ASYNCOUT_CREATELUN || output.type == VDS_ASYNCOUT_CREATETARGET ||
	    output.type == VDS_ASYNCOUT_CREATEPORTALGROUP) {
		if (ret_made != NULL)
			*ret_made = output.cl.pLunUnk;
		else if (output.cl.pLunUnk != NULL)
			IUnknown_Release(output.cl.pLunUnk);
	}
	return result;
}

WCHAR *
conf_name(struct conf_world *world)
{
	static WCHAR names[4][64];
	WCHAR *name = names[world->made % 4];
	char text[64];

	snprintf(text, sizeof(text), "conformance %08lx %u",
		 (unsigned long)(world->args.unknown.Data1 & 0xffffffff), world->made++);
	for (size_t i = 0; i <= strlen(text); i++)
		name[i] = (WCHAR)text[i];
	return name;
}

static IUnknown *
make(struct conf_world *world, IUnknown *of, const char *interface, const char *method)
{
	struct conf_outs outs;
	IUnknown *made = NULL;
	HRESULT hr;

	world->args.name = conf_name(world);
	hr = conf_do(world, of, interface, method, &outs);
	if (SUCCEEDED(hr))
		hr = conf_async_end(conf_out_pointer(&outs, 0), &made);
	if (FAILED(hr))
		conf_note("%s::%s: %s", interface, method, conf_code(hr));
	return made;
}

IUnknown *
conf_make_lun(struct conf_world *world, ULONGLONG size_bytes)
{
	ULONGLONG kept = world->args.size;
	IUnknown *lun;

	world->args.size = size_bytes;
	lun = make(world, world->objects[CONF_SUBSYSTEM], "IVdsSubSystem", "CreateLun");
	world->args.size = kept;
	return lun;
}

IUnknown *
conf_make_target(struct conf_world *world)
{
	return make(world, world->objects[CONF_SUBSYSTEM], "IVdsSubSystemIscsi", "CreateTarget");
}

IUnknown *
conf_make_group(struct conf_world *world, IUnknown *target)
{
	return make(world, target, "IVdsIscsiTarget", "CreatePortalGroup");
}

HRESULT
conf_unmake(IUnknown *object, enum conf_kind kind)
{
	const char *interface = properties[kind].interface;
	struct conf_outs outs;
	HRESULT hr;

	if (object == NULL)
		return S_OK;
	hr = conf_do(NULL, object, interface, "Delete", &outs);
	if (SUCCEEDED(hr) && kind != CONF_LUN)
		hr = conf_async_end(conf_out_pointer(&outs, 0), NULL);
	IUnknown_Release(object);
	return hr;
}

static void
end_and_unmake(void *async)
{
	IUnknown *made = NULL;

	(void)conf_async_end(async, &made);
	if (made != NULL)
		conf_unmake(made, conf_kind_of(made));
}

void
conf_undo(const struct conf_method *method, struct conf_outs *outs)
{
	if (method->out_count == 0 || method->outs[0]->kind != CONF_OUT_ASYNC)
		return;
	end_and_unmake(conf_out_pointer(outs, 0));
	memset(outs->bytes[0], CONF_POISON, sizeof(outs->bytes[0])); /* it is released */
}

/* ---- waiting, the hook ---- */

bool
conf_eventually(bool (*probe)(void *arg), void *arg)
{
	uint64_t end = platform_now_ms() + conf_options.deadline_ms;
	unsigned wait_ms = 1;

	while (!probe(arg)) {
		if (platform_now_ms() > end)
			return false;
		platform_sleep_ms(wait_ms);
		wait_ms = wait_ms < 100 ? wait_ms * 2 : 100;
	}
	return true;
}

void
conf_guid_text(const GUID *guid, char text[40])
{
	snprintf(text, 40, "%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 (unsigned long)guid->Data1, guid->Data2, guid->Data3, guid->Data4[0],
		 guid->Data4[1], guid->Data4[2], guid->Data4[3], guid->Data4[4], guid->Data4[5],
		 guid->Data4[6], guid->Data4[7]);
}

bool
conf_guid_read(const char *text, GUID *ret_guid)
{
	unsigned long a;
	unsigned b, c, d[8];

	/* NOLINTNEXTLINE(cert-err34-c): the widths leave nothing that could overflow */
	if (sscanf(text, "%8lx-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x", &a, &b, &c, &d[0], &d[1], &d[2],
		   &d[3], &d[4], &d[5], &d[6], &d[7]) != 11)
		return false;
	ret_guid->Data1 = (DWORD)a;
	ret_guid->Data2 = (USHORT)b;
	ret_guid->Data3 = (USHORT)c;
	for (unsigned i = 0; i < 8; i++)
		ret_guid->Data4[i] = (BYTE)d[i];
	return true;
}

int
conf_hook(const char *what, enum conf_kind kind, const GUID *id, GUID *ret_id)
{
	char command[1024], text[40] = "", line[256];
	int status;

	if (conf_options.hook == NULL)
		return -1;
	if (id != NULL)
		conf_guid_text(id, text);
	snprintf(command, sizeof(command), "%s %s %s %s", conf_options.hook, what,
		 kind != CONF_KINDS ? conf_kind_names[kind] : "", text);
	status = platform_run(command, line, sizeof(line));
	if (status == 0 && ret_id != NULL && !conf_guid_read(line, ret_id))
		return -1;
	return status;
}

/* ---- the world ---- */

/* Returns the first object of an enumeration, or NULL. */
static IUnknown *
first_of(struct conf_world *world, IUnknown *of, const char *interface, const char *method)
{
	struct conf_outs outs;
	IUnknown *object = NULL;
	IEnumVdsObject *list;
	ULONG fetched = 0;

	if (of == NULL || FAILED(conf_do(world, of, interface, method, &outs)))
		return NULL;
	list = conf_out_pointer(&outs, 0);
	if (list == NULL)
		return NULL;
	if (IEnumVdsObject_Next(list, 1, &object, &fetched) != S_OK)
		object = NULL;
	IEnumVdsObject_Release(list);
	return object;
}

static LONG
ids_of(struct conf_world *world, IUnknown *of, const char *interface, const char *method, GUID *ids,
       unsigned max)
{
	struct conf_outs outs;
	IEnumVdsObject *list;
	unsigned count;

	if (of == NULL || FAILED(conf_do(world, of, interface, method, &outs)))
		return 0;
	list = conf_out_pointer(&outs, 0);
	if (list == NULL)
		return 0;
	count = conf_list_ids(list, ids, max);
	IEnumVdsObject_Release(list);
	return (LONG)count;
}

static void
find_hardware(struct conf_world *world)
{
	IUnknown **o = world->objects;
	VDS_DRIVE_PROP drive;
	struct conf_outs outs;

	o[CONF_SUBSYSTEM] = first_of(world, o[CONF_PROVIDER], "IVdsHwProvider", "QuerySubSystems");
	o[CONF_POOL] = first_of(world, o[CONF_PROVIDER], "IVdsHwProviderStoragePools",
				"QueryStoragePools");
	o[CONF_CONTROLLER] = first_of(world, o[CONF_SUBSYSTEM], "IVdsSubSystem",
				      "QueryControllers");
	o[CONF_PORT] = first_of(world, o[CONF_CONTROLLER], "IVdsControllerControllerPort",
				"QueryControllerPorts");
	o[CONF_DRIVE] = first_of(world, o[CONF_SUBSYSTEM], "IVdsSubSystem", "QueryDrives");
	o[CONF_PORTAL] = first_of(world, o[CONF_SUBSYSTEM], "IVdsSubSystemIscsi", "QueryPortals");
	world->args.controller_count = ids_of(world, o[CONF_SUBSYSTEM], "IVdsSubSystem",
					      "QueryControllers", world->controller_ids, 16);
	world->args.port_count = ids_of(world, o[CONF_CONTROLLER], "IVdsControllerControllerPort",
					"QueryControllerPorts", world->port_ids, 64);
	if (o[CONF_DRIVE] != NULL &&
	    SUCCEEDED(conf_do(world, o[CONF_DRIVE], "IVdsDrive", "GetProperties", &outs))) {
		memcpy(&drive, outs.bytes[0], sizeof(drive));
		world->args.bus = drive.sInternalBusNumber;
		world->args.slot = drive.sSlotNumber;
		conf_outs_free(conf_method_find("IVdsDrive", "GetProperties"), &outs);
	}
	if (o[CONF_DRIVE] != NULL &&
	    SUCCEEDED(conf_do(world, o[CONF_DRIVE], "IVdsDrive2", "GetProperties2", &outs))) {
		VDS_DRIVE_PROP2 second;

		memcpy(&second, outs.bytes[0], sizeof(second));
		world->args.enclosure = second.ulEnclosureNumber;
		conf_outs_free(conf_method_find("IVdsDrive2", "GetProperties2"), &outs);
	}
}

static void
find_ids(struct conf_world *world)
{
	static const struct {
		enum conf_kind kind;
		size_t offset;
	} table[] = {
		{ CONF_LUN, offsetof(struct conf_args, lun) },
		{ CONF_TARGET, offsetof(struct conf_args, target) },
		{ CONF_PORTAL, offsetof(struct conf_args, portal) },
		{ CONF_GROUP, offsetof(struct conf_args, group) },
		{ CONF_CONTROLLER, offsetof(struct conf_args, controller) },
		{ CONF_PORT, offsetof(struct conf_args, port) },
		{ CONF_DRIVE, offsetof(struct conf_args, drive) },
		{ CONF_PLEX, offsetof(struct conf_args, plex) },
		{ CONF_POOL, offsetof(struct conf_args, pool) },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		GUID *id = (GUID *)(void *)((char *)&world->args + table[i].offset);

		if (world->objects[table[i].kind] == NULL ||
		    !conf_id(world->objects[table[i].kind], table[i].kind, id))
			*id = world->args.unknown;
	}
	world->args.other_lun = world->args.lun;
}

static void
args_init(struct conf_world *world)
{
	static WCHAR everybody[] = { '*', 0 };
	static WCHAR initiator[] = { 'i', 'q', 'n', '.', '2', '0', '0', '1', '-', '0',
				     '1', '.', 'o', 'r', 'g', '.', 'e', 'x', 'a', 'm',
				     'p', 'l', 'e', ':', 'c', 'o', 'n', 'f', 0 };
	uint64_t now = platform_now_ms();

	world->args.unknown.Data1 = (DWORD)(now * 2654435761u);
	world->args.unknown.Data2 = 0xc04f;
	world->args.unknown_ids = &world->args.unknown;
	world->args.target_ids = &world->args.target;
	world->args.controller_ids = world->controller_ids;
	world->args.port_ids = world->port_ids;
	world->args.size = 16u << 20;
	world->args.grow = 1u << 20;
	world->args.mask = everybody;
	world->args.initiator = initiator;
	world->args.device_path = initiator;
	world->args.info = &world->info;
	world->args.hints = &world->hints;
	world->args.hints2 = &world->hints2;
	world->address.type = VDS_IPT_EMPTY;
	world->args.address = &world->address;
	world->args.notification = &world->notification;
	world->args.name = conf_name(world);
}

/* Reads what tests choose their cases by. */
static void
find_version(struct conf_world *world)
{
	struct conf_outs outs;

	world->versions = VDS_VSF_1_0;
	if (SUCCEEDED(conf_do(world, world->one.provider, "IVdsProviderSupport",
			      "GetVersionSupport", &outs)))
		memcpy(&world->versions, outs.bytes[0], sizeof(world->versions));
	world->type = VDS_HWT_UNKNOWN;
	if (SUCCEEDED(conf_do(world, world->one.provider, "IVdsHwProviderType", "GetProviderType",
			      &outs)))
		memcpy(&world->type, outs.bytes[0], sizeof(world->type));
	conf_note("versions 0x%lx, type %d", (unsigned long)world->versions, (int)world->type);
}

static bool
make_objects(struct conf_world *world)
{
	IUnknown **o = world->objects;
	struct conf_outs outs;

	if (o[CONF_SUBSYSTEM] == NULL)
		return conf_ok(false, "the provider has a subsystem");
	o[CONF_LUN] = conf_make_lun(world, world->args.size);
	if (o[CONF_LUN] == NULL)
		return conf_ok(false, "a LUN can be created");
	o[CONF_PLEX] = first_of(world, o[CONF_LUN], "IVdsLun", "QueryPlexes");
	if (SUCCEEDED(conf_do(world, o[CONF_LUN], "IVdsLun", "GetIdentificationData", &outs)))
		memcpy(&world->info, outs.bytes[0], sizeof(world->info));
	if (world->type == VDS_HWT_ISCSI || world->type == VDS_HWT_HYBRID) {
		o[CONF_TARGET] = conf_make_target(world);
		if (o[CONF_TARGET] == NULL)
			return conf_ok(false, "a target can be created");
		o[CONF_GROUP] = conf_make_group(world, o[CONF_TARGET]);
	}
	if (SUCCEEDED(conf_do(world, o[CONF_SUBSYSTEM], "IVdsSubSystem", "QueryLuns", &outs)))
		o[CONF_ENUM] = conf_out_pointer(&outs, 0);
	if (SUCCEEDED(conf_do(world, o[CONF_LUN], "IVdsLun", "Extend", &outs)))
		o[CONF_ASYNC] = conf_out_pointer(&outs, 0);
	if (o[CONF_ASYNC] != NULL) {
		IUnknown_AddRef(o[CONF_ASYNC]);
		conf_async_end((IVdsAsync *)o[CONF_ASYNC], NULL);
	}
	return true;
}

bool
conf_world_open(struct conf_world *world)
{
	HRESULT hr;

	memset(world, 0, sizeof(*world));
	args_init(world);
	world->sink = conf_sink_new();
	hr = conf_instance_open(&world->one, NULL);
	if (SUCCEEDED(hr))
		hr = conf_instance_open(&world->two, conf_sink_unknown(world->sink));
	if (FAILED(hr)) {
		conf_note("%s", conf_code(hr));
		return conf_ok(false, "the provider can be opened twice");
	}
	conf_options.remote = platform_is_remote(world->one.provider);
	world->objects[CONF_PROVIDER] = world->one.provider;
	IUnknown_AddRef(world->one.provider);
	find_version(world);
	find_hardware(world);
	if (!make_objects(world))
		return false;
	find_ids(world);
	return true;
}

/* Makes the retired objects, once. */
static void
retire(struct conf_world *world)
{
	struct conf_instance third;

	if (world->retired[CONF_PROVIDER] != NULL || FAILED(conf_instance_open(&third, NULL)))
		return;
	if (third.private != NULL) {
		for (unsigned kind = CONF_PROVIDER; kind < CONF_KINDS; kind++)
			world->retired[kind] = conf_twin(world, &third, (enum conf_kind)kind);
		CONF_RECORD(IVdsProviderPrivate, OnUnload,
			    IVdsProviderPrivate_OnUnload(third.private, TRUE));
	}
	conf_instance_close(&third);
}

void *
conf_retired(struct conf_world *world, const struct conf_method *method, enum conf_kind kind)
{
	if (!conf_options.remote || (method->flags & (CONF_CHANGES | CONF_DESTROYS)) == 0)
		return NULL;
	retire(world);
	return conf_query(world->retired[kind], method->iid);
}

void
conf_world_close(struct conf_world *world)
{
	IUnknown **o = world->objects;

	conf_unmake(o[CONF_GROUP], CONF_GROUP);
	conf_unmake(o[CONF_LUN], CONF_LUN);
	conf_unmake(o[CONF_TARGET], CONF_TARGET);
	o[CONF_GROUP] = o[CONF_LUN] = o[CONF_TARGET] = NULL;
	for (unsigned kind = 0; kind < CONF_KINDS; kind++) {
		if (o[kind] != NULL)
			CONF_RELEASE(o[kind]);
		o[kind] = NULL;
		if (world->retired[kind] != NULL)
			CONF_RELEASE(world->retired[kind]);
		world->retired[kind] = NULL;
	}
	conf_identity_free(&world->info);
	conf_instance_close(&world->one);
	conf_instance_close(&world->two);
	if (world->sink != NULL)
		conf_sink_release(world->sink);
	world->sink = NULL;
}
