/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many threads call random methods of random objects of one provider, while objects are created and
 * deleted underneath.  Every answer must be one that VDS documents for the method, and what is
 * returned on success must be usable.
 *
 * usage: storm URL THREADS CALLS SEED     calls in all; prints how many succeeded and were refused
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vds/libvds.h>

#include "conformance/methods.h"

#define SLOTS      24
#define FIRST_FREE 2 /* before it: the provider and the subsystem, without which little works */

/* The codes that VDS documents, from returns.tsv. */
static const struct {
	const char *interface, *method;
	HRESULT hr;
} documented[] = {
#define ROW(interface, method, code, reach) { interface, method, code },
#include "returns.h"
#undef ROW
};

/* The objects that the threads share: each slot is read and replaced under its lock. */
static struct slot {
	pthread_mutex_t lock;
	IUnknown *object;
	enum conf_kind kind;
} slots[SLOTS];

static IVdsProviderPrivate *private;
static IUnknown *provider, *subsystem;
static GUID portal_id;
static _Atomic unsigned long calls_begun, succeeded, refused, made, wrong;
static unsigned long calls_wanted;
static pthread_mutex_t target_lock = PTHREAD_MUTEX_INITIALIZER;
static GUID last_target; /* the id of a target that may still be there */

struct storm {
	pthread_t thread;
	unsigned seed;
	struct conf_args args;
	VDS_LUN_INFORMATION info;
	VDS_HINTS hints;
	VDS_HINTS2 hints2;
	GUID unknown;
};

static bool
is_documented(const struct conf_method *method, HRESULT hr)
{
	switch (hr) {
	case E_INVALIDARG:
	case E_POINTER:
	case VDS_E_OBJECT_DELETED:
	case VDS_E_INITIALIZE_NOT_CALLED:
		return true;
	default:
		break;
	}
	for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++) {
		if (documented[i].hr == hr && strcmp(documented[i].method, method->name) == 0 &&
		    strcmp(documented[i].interface, method->interface) == 0)
			return true;
	}
	return false;
}

static unsigned
draw(struct storm *storm, unsigned below)
{
	return (unsigned)rand_r(&storm->seed) % below;
}

/* Returns an object of a slot, with one reference, or NULL. */
static IUnknown *
slot_take(struct slot *slot, enum conf_kind *ret_kind)
{
	IUnknown *object;

	pthread_mutex_lock(&slot->lock);
	object = slot->object;
	*ret_kind = slot->kind;
	if (object != NULL)
		IUnknown_AddRef(object);
	pthread_mutex_unlock(&slot->lock);
	return object;
}

/* Consumes the object; what the slot had is released. */
static void
slot_put(struct slot *slot, IUnknown *object, enum conf_kind kind)
{
	IUnknown *old;

	pthread_mutex_lock(&slot->lock);
	old = slot->object;
	slot->object = object;
	slot->kind = kind;
	pthread_mutex_unlock(&slot->lock);
	if (old != NULL)
		IUnknown_Release(old);
}

/* The kind of an object that an enumerator or an operation returned, by its interfaces. */
static enum conf_kind
kind_of(IUnknown *object)
{
	static const struct {
		const IID *iid;
		enum conf_kind kind;
	} table[] = {
		{ &IID_IVdsLun, CONF_LUN },
		{ &IID_IVdsIscsiTarget, CONF_TARGET },
		{ &IID_IVdsIscsiPortalGroup, CONF_GROUP },
		{ &IID_IVdsIscsiPortal, CONF_PORTAL },
		{ &IID_IVdsSubSystem, CONF_SUBSYSTEM },
		{ &IID_IVdsController, CONF_CONTROLLER },
		{ &IID_IVdsControllerPort, CONF_PORT },
		{ &IID_IVdsDrive, CONF_DRIVE },
		{ &IID_IVdsLunPlex, CONF_PLEX },
		{ &IID_IVdsStoragePool, CONF_POOL },
		{ &IID_IVdsHwProvider, CONF_PROVIDER },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		void *found;

		if (IUnknown_QueryInterface(object, table[i].iid, &found) != S_OK)
			continue;
		IUnknown_Release((IUnknown *)found);
		return table[i].kind;
	}
	return CONF_KINDS;
}

static void
remember_target(IUnknown *object)
{
	VDS_ISCSI_TARGET_PROP prop;
	IVdsIscsiTarget *target;

	if (IUnknown_QueryInterface(object, &IID_IVdsIscsiTarget, (void **)&target) != S_OK)
		return;
	if (IVdsIscsiTarget_GetProperties(target, &prop) == S_OK) {
		pthread_mutex_lock(&target_lock);
		last_target = prop.id;
		pthread_mutex_unlock(&target_lock);
		CoTaskMemFree(prop.pwszIscsiName);
		CoTaskMemFree(prop.pwszFriendlyName);
	}
	IVdsIscsiTarget_Release(target);
}

/* Keeps an object for the other threads; not in place of the provider or the subsystem. */
static void
keep(struct storm *storm, IUnknown *object)
{
	enum conf_kind kind = kind_of(object);

	if (kind == CONF_KINDS) {
		atomic_fetch_add(&wrong, 1);
		printf("# an object of no kind\n");
		IUnknown_Release(object);
	} else {
		remember_target(object);
		slot_put(&slots[FIRST_FREE + draw(storm, SLOTS - FIRST_FREE)], object, kind);
	}
}

static void
use_list(struct storm *storm, IEnumVdsObject *list)
{
	IUnknown *object;
	ULONG fetched;

	IEnumVdsObject_Skip(list, draw(storm, 4));
	while (IEnumVdsObject_Next(list, 1, &object, &fetched) == S_OK) {
		if (draw(storm, 8) == 0)
			keep(storm, object);
		else
			IUnknown_Release(object);
	}
}

static void
use_async(struct storm *storm, IVdsAsync *async)
{
	VDS_ASYNC_OUTPUT output;
	HRESULT result = E_FAIL;
	ULONG percent;

	if (draw(storm, 4) == 0)
		(void)IVdsAsync_QueryStatus(async, &result, &percent);
	memset(&output, 0, sizeof(output));
	if (IVdsAsync_Wait(async, &result, &output) != S_OK || FAILED(result))
		return;
	if (output.type == VDS_ASYNCOUT_CREATELUN || output.type == VDS_ASYNCOUT_CREATETARGET ||
	    output.type == VDS_ASYNCOUT_CREATEPORTALGROUP) {
		atomic_fetch_add(&made, 1);
		keep(storm, output.cl.pLunUnk);
	}
}

/* Uses and frees what a call returned. */
static void
use(struct storm *storm, const struct conf_method *method, struct conf_outs *outs)
{
	for (unsigned i = 0; i < method->out_count; i++) {
		void *pointer = conf_out_pointer(outs, i);

		if (conf_out_is_poisoned(method, outs, i))
			continue;
		if (method->outs[i]->kind == CONF_OUT_LIST && pointer != NULL)
			use_list(storm, pointer);
		else if (method->outs[i]->kind == CONF_OUT_ASYNC && pointer != NULL)
			use_async(storm, pointer);
	}
	conf_outs_free(method, outs);
}

/* Objects are deleted less often than they are created, but not more than there is room for. */
static bool
is_unwanted(struct storm *storm, const struct conf_method *method)
{
	if ((method->flags & CONF_LOADS) != 0)
		return true;
	if (strcmp(method->interface, "IVdsHwProvider") == 0 && (method->flags & CONF_CHANGES) != 0)
		return draw(storm, 50) != 0; /* loading everything again takes its time */
	if (strcmp(method->interface, "IVdsController") == 0 && (method->flags & CONF_CHANGES) != 0)
		return draw(storm, 10) != 0;
	return (method->flags & CONF_DESTROYS) != 0 && draw(storm, 3) != 0;
}

static void
one_call(struct storm *storm)
{
	const struct conf_method *method = &conf_methods[draw(storm, conf_method_count)];
	unsigned first = draw(storm, SLOTS);
	struct conf_outs outs;

	if (is_unwanted(storm, method))
		return;
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *slot = &slots[(first + i) % SLOTS];
		enum conf_kind kind;
		IUnknown *object = slot_take(slot, &kind);
		void *self = NULL;
		HRESULT hr;

		if (object == NULL)
			continue;
		if ((method->kinds & CONF_BIT(kind)) == 0 ||
		    IUnknown_QueryInterface(object, method->iid, &self) != S_OK) {
			IUnknown_Release(object);
			continue;
		}
		pthread_mutex_lock(&target_lock);
		storm->args.target = last_target;
		pthread_mutex_unlock(&target_lock);
		storm->args.bad_in = draw(storm, 20) == 0 ? 1 : 0;
		storm->args.unknown_in = draw(storm, 20) == 0 ? 1 : 0;
		hr = conf_call(method, self, &storm->args, 0, &outs);
		if (SUCCEEDED(hr)) {
			atomic_fetch_add(&succeeded, 1);
			use(storm, method, &outs);
		} else {
			atomic_fetch_add(&refused, 1);
		}
		if (!is_documented(method, hr)) {
			atomic_fetch_add(&wrong, 1);
			printf("# %s::%s returned %s: %s\n", method->interface, method->name,
			       VdsErrorText(hr), VdsLastErrorMessage());
		}
		IUnknown_Release((IUnknown *)self);
		IUnknown_Release(object);
		return;
	}
}

static void *
storm_main(void *arg)
{
	struct storm *storm = arg;

	while (atomic_fetch_add(&calls_begun, 1) < calls_wanted)
		one_call(storm);
	return NULL;
}

static void
storm_init(struct storm *storm, unsigned seed)
{
	static WCHAR name[] = { 's', 't', 'o', 'r', 'm', 0 }, mask[] = { '*', 0 };

	memset(storm, 0, sizeof(*storm));
	storm->seed = seed;
	storm->unknown.Data1 = 0xffffffff;
	storm->args.unknown = storm->unknown;
	storm->args.unknown_ids = &storm->unknown;
	storm->args.name = storm->args.initiator = storm->args.device_path = name;
	storm->args.mask = mask;
	storm->args.size = storm->args.grow = 1 << 20;
	storm->args.info = &storm->info;
	storm->args.hints = &storm->hints;
	storm->args.hints2 = &storm->hints2;
	storm->args.controller_ids = storm->args.port_ids = &storm->unknown;
	storm->args.target_ids = &storm->args.target;
	storm->args.portal = portal_id;
}

static void
open_array(const char *url)
{
	LPWSTR wide = NULL;
	IVdsHwProvider *hw = NULL;
	IVdsSubSystemIscsi *iscsi;
	IEnumVdsObject *list = NULL;
	IVdsIscsiPortal *portal;
	VDS_ISCSI_PORTAL_PROP prop;
	IUnknown *object;
	ULONG fetched;

	if (FAILED(VdsStringFromUtf8(url, &wide)) ||
	    FAILED(VdsOpenHwProvider(wide, &IID_IVdsHwProvider, (void **)&hw)) ||
	    IVdsHwProvider_QuerySubSystems(hw, &list) != S_OK ||
	    IEnumVdsObject_Next(list, 1, &subsystem, &fetched) != S_OK) {
		fprintf(stderr, "storm: %s: %s\n", url, VdsLastErrorMessage());
		exit(2);
	}
	CoTaskMemFree(wide);
	IEnumVdsObject_Release(list);
	provider = (IUnknown *)hw;
	IUnknown_QueryInterface(provider, &IID_IVdsProviderPrivate, (void **)&private);
	IUnknown_QueryInterface(subsystem, &IID_IVdsSubSystemIscsi, (void **)&iscsi);
	IVdsSubSystemIscsi_QueryPortals(iscsi, &list);
	IVdsSubSystemIscsi_Release(iscsi);
	if (IEnumVdsObject_Next(list, 1, &object, &fetched) == S_OK) {
		IUnknown_QueryInterface(object, &IID_IVdsIscsiPortal, (void **)&portal);
		if (IVdsIscsiPortal_GetProperties(portal, &prop) == S_OK)
			portal_id = prop.id;
		IVdsIscsiPortal_Release(portal);
		slot_put(&slots[2], object, CONF_PORTAL);
	}
	IEnumVdsObject_Release(list);
	IUnknown_AddRef(provider);
	slot_put(&slots[0], provider, CONF_PROVIDER);
	IUnknown_AddRef(subsystem);
	slot_put(&slots[1], subsystem, CONF_SUBSYSTEM);
}

int
main(int argc, char **argv)
{
	static struct storm storms[64];
	unsigned count = argc > 4 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	unsigned seed = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 0;
	unsigned long calls = argc > 4 ? strtoul(argv[3], NULL, 10) : 0;

	if (argc != 5 || count == 0 || count > 64)
		return 2;
	for (unsigned i = 0; i < SLOTS; i++)
		pthread_mutex_init(&slots[i].lock, NULL);
	open_array(argv[1]);
	calls_wanted = calls;
	for (unsigned i = 0; i < count; i++) {
		storm_init(&storms[i], seed + i);
		if (pthread_create(&storms[i].thread, NULL, storm_main, &storms[i]) != 0)
			return 2;
	}
	for (unsigned i = 0; i < count; i++)
		pthread_join(storms[i].thread, NULL);
	for (unsigned i = 0; i < SLOTS; i++)
		slot_put(&slots[i], NULL, CONF_KINDS);
	IVdsProviderPrivate_Release(private);
	IUnknown_Release(subsystem);
	printf("provider references %lu\n", (unsigned long)IUnknown_Release(provider));
	printf("succeeded %lu refused %lu made %lu wrong %lu\n", atomic_load(&succeeded),
	       atomic_load(&refused), atomic_load(&made), atomic_load(&wrong));
	return atomic_load(&wrong) != 0;
}
