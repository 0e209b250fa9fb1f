/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hardware provider in a shared object, for tests of the service: one subsystem with two LUNs.
 * FAKE_MODE says what is wrong with it; fake_provider.h names the modes.  It is built once for each
 * mode.  What it does besides, the test says in its state.
 */
#include "fake_provider.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "com/com.h"

#define EXPORT __attribute__((visibility("default")))

static struct fake_state own_state;
static struct fake_state *state = &own_state;

struct fake_space {
	struct com_space space;
	IVdsAdviseSink *sink; /* one reference, or NULL */
	struct guid self;
};

static struct fake_space *
fake_of(struct com_object *object)
{
	return container_of(object->space, struct fake_space, space);
}

static struct guid
id_of(unsigned char kind, unsigned char number)
{
	struct guid id = { { kind, number, FAKE_MODE } };

	return id;
}

static void
count_end(struct com_object *object)
{
	(void)object;
	atomic_fetch_sub(&state->living, 1);
}

/* Never returns, as far as the caller can tell, until the test says so. */
static void
hang(void)
{
	atomic_fetch_add(&state->hanging, 1);
	while (!atomic_load(&state->let_go))
		usleep(1000);
}

/* Does what the test wants at a place; returns whether it wants something of that place itself. */
static bool
misbehave(enum fake_place place)
{
	if (atomic_load(&state->place) != (int)place)
		return false;
	switch ((enum fake_act)atomic_load(&state->act)) {
	case FAKE_CRASHES:
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
		return false;
	case FAKE_EXITS:
		_exit(3);
	case FAKE_HANGS:
		hang();
		return false;
	default:
		return true;
	}
}

static void
lun_end(struct com_object *object)
{
	(void)object;
	misbehave(FAKE_IN_RELEASE);
}

static struct com_object *
object_of(struct com_space *space, const struct com_class *class, struct guid id)
{
	return com_space_object(space, class, &id);
}

static HRESULT
list_of(struct com_object *object, const struct com_class *class, unsigned char kind, size_t count,
	IEnumVdsObject **ret_enum)
{
	struct com_list *list = com_list_new(object->space, class, count);

	for (size_t i = 0; list != NULL && i < count; i++)
		list->ids[i] = id_of(kind, (unsigned char)(i + 1));
	return com_enum_new(list, ret_enum);
}

/* ---- LUNs ---- */

struct fake_lun {
	struct com_object com;
	IVdsLun lun;
	IVdsLunNaming naming;
	IVdsLunMpio mpio;
};

COM_THUNKS(fake_lun, IVdsLun, lun);
COM_THUNKS(fake_lun, IVdsLunNaming, naming);
COM_THUNKS(fake_lun, IVdsLunMpio, mpio);

static const struct com_class lun_class;
static const struct com_class subsystem_class;
static const struct com_class provider_class;

static HRESULT STDMETHODCALLTYPE
lun_get_properties(IVdsLun *self, VDS_LUN_PROP *ret_prop)
{
	struct fake_lun *lun = container_of(self, struct fake_lun, lun);

	if (lun->com.id.bytes[1] == state->deleted_lun)
		return VDS_E_OBJECT_DELETED;
	if (misbehave(FAKE_IN_PROPERTIES)) {
		ret_prop->pwszFriendlyName = (LPWSTR)(uintptr_t)16;
		if (state->act == FAKE_RETURNS_LONG_STRING) {
			ret_prop->pwszFriendlyName = CoTaskMemAlloc(8u << 20);
			memset(ret_prop->pwszFriendlyName, 'x', 8u << 20);
		}
		return S_OK;
	}
	com_guid_out(&lun->com.id, &ret_prop->id);
	ret_prop->ullSize = lun->com.id.bytes[1] * 1024u;
	return com_error(com_string_out("lun", &ret_prop->pwszFriendlyName));
}

static HRESULT STDMETHODCALLTYPE
lun_get_subsystem(IVdsLun *self, IVdsSubSystem **ret_subsystem)
{
	struct fake_lun *lun = container_of(self, struct fake_lun, lun);
	struct guid id = id_of('s', 1);

	misbehave(FAKE_IN_SUBSYSTEM);
	return com_give(lun->com.space, &subsystem_class, &id, &IID_IVdsSubSystem,
			(void **)ret_subsystem);
}

/* Wrong: success without an enumerator. */
static HRESULT STDMETHODCALLTYPE
lun_query_plexes(IVdsLun *self, IEnumVdsObject **ret_enum)
{
	(void)self;
	(void)ret_enum;
	return S_OK;
}

/* Wrong: success without an asynchronous operation. */
static HRESULT STDMETHODCALLTYPE
lun_recover(IVdsLun *self, IVdsAsync **ret_async)
{
	(void)self;
	(void)ret_async;
	return S_OK;
}

static const IVdsLunVtbl lun_vtable = {
	COM_UNKNOWN(lun),
	.GetProperties = lun_get_properties,
	.GetSubSystem = lun_get_subsystem,
	.QueryPlexes = lun_query_plexes,
	.Recover = lun_recover,
};

static HRESULT STDMETHODCALLTYPE
naming_set_friendly_name(IVdsLunNaming *self, LPWSTR name)
{
	(void)self;
	misbehave(FAKE_IN_NAMING);
	return name != NULL ? VDS_S_NAME_TRUNCATED : E_INVALIDARG;
}

static const IVdsLunNamingVtbl naming_vtable = {
	COM_UNKNOWN(naming),
	.SetFriendlyName = naming_set_friendly_name,
};

/* Two paths without addresses. */
static HRESULT STDMETHODCALLTYPE
mpio_get_path_info(IVdsLunMpio *self, VDS_PATH_INFO **ret_paths, LONG *ret_count)
{
	bool wrong = misbehave(FAKE_IN_PATHS);

	(void)self;
	*ret_paths = NULL;
	*ret_count = 2;
	if (wrong && state->act == FAKE_RETURNS_NO_ARRAY)
		return S_OK;
	*ret_paths = CoTaskMemAlloc(2 * sizeof(**ret_paths));
	memset(*ret_paths, 0, 2 * sizeof(**ret_paths));
	if (wrong)
		*ret_count = INT32_MAX;
	return S_OK;
}

static const IVdsLunMpioVtbl mpio_vtable = {
	COM_UNKNOWN(mpio),
	.GetPathInfo = mpio_get_path_info,
};

static const struct com_interface lun_interfaces[] = {
	COM_INTERFACE(fake_lun, IVdsLun, lun),
	COM_INTERFACE(fake_lun, IVdsLunNaming, naming),
	COM_INTERFACE(fake_lun, IVdsLunMpio, mpio),
};

static const struct com_class lun_class = {
	.name = "fake lun",
	.size_bytes = sizeof(struct fake_lun),
	.interfaces = lun_interfaces,
	.interface_count = ARRAY_LEN(lun_interfaces),
	.fini = lun_end,
};

/* ---- the subsystem ---- */

struct fake_subsystem {
	struct com_object com;
	IVdsSubSystem subsystem;
	IVdsSubSystemIscsi iscsi;
};

COM_THUNKS(fake_subsystem, IVdsSubSystem, subsystem);
COM_THUNKS(fake_subsystem, IVdsSubSystemIscsi, iscsi);

static HRESULT STDMETHODCALLTYPE
subsystem_get_properties(IVdsSubSystem *self, VDS_SUB_SYSTEM_PROP *ret_prop)
{
	struct fake_subsystem *s = container_of(self, struct fake_subsystem, subsystem);

	com_guid_out(&s->com.id, &ret_prop->id);
	return com_error(com_string_out("fake", &ret_prop->pwszFriendlyName));
}

static HRESULT STDMETHODCALLTYPE
subsystem_get_provider(IVdsSubSystem *self, IVdsProvider **ret_provider)
{
	struct fake_subsystem *s = container_of(self, struct fake_subsystem, subsystem);
	struct guid id = fake_of(&s->com)->self;

	return com_give(s->com.space, &provider_class, &id, &IID_IVdsProvider,
			(void **)ret_provider);
}

static HRESULT STDMETHODCALLTYPE
subsystem_query_luns(IVdsSubSystem *self, IEnumVdsObject **ret_enum)
{
	struct fake_subsystem *s = container_of(self, struct fake_subsystem, subsystem);

	misbehave(FAKE_IN_QUERY_LUNS);
	return list_of(&s->com, &lun_class, 'l', 2, ret_enum);
}

/* Wrong: success without a drive. */
static HRESULT STDMETHODCALLTYPE
subsystem_get_drive(IVdsSubSystem *self, SHORT bus, SHORT slot, IVdsDrive **ret_drive)
{
	(void)self;
	(void)ret_drive;
	return bus == 0 && slot == 0 ? S_OK : VDS_E_OBJECT_NOT_FOUND;
}

/* A LUN of type SIMPLE is the LUN 1; with any other type the operation succeeds without a LUN. */
static HRESULT STDMETHODCALLTYPE
subsystem_create_lun(IVdsSubSystem *self, VDS_LUN_TYPE type, ULONGLONG size, VDS_OBJECT_ID *drives,
		     LONG drive_count, LPWSTR mask, VDS_HINTS *hints, IVdsAsync **ret_async)
{
	struct fake_subsystem *s = container_of(self, struct fake_subsystem, subsystem);
	const struct com_operation operation = {
		.type = VDS_ASYNCOUT_CREATELUN,
		.made = type == VDS_LT_SIMPLE ? &lun_class : NULL,
		.made_id = id_of('l', 1),
	};

	(void)size;
	(void)drives;
	(void)drive_count;
	(void)mask;
	(void)hints;
	misbehave(FAKE_IN_CREATE_LUN);
	return com_async_new(s->com.space, &operation, ret_async);
}

static const IVdsSubSystemVtbl subsystem_vtable = {
	COM_UNKNOWN(subsystem),
	.GetProperties = subsystem_get_properties,
	.GetProvider = subsystem_get_provider,
	.QueryLuns = subsystem_query_luns,
	.GetDrive = subsystem_get_drive,
	.CreateLun = subsystem_create_lun,
};

static const IVdsSubSystemIscsiVtbl iscsi_vtable = { COM_UNKNOWN(iscsi) };

static const struct com_interface subsystem_interfaces[] = {
	COM_INTERFACE(fake_subsystem, IVdsSubSystem, subsystem),
	COM_INTERFACE(fake_subsystem, IVdsSubSystemIscsi, iscsi),
};

static const struct com_class subsystem_class = {
	.name = "fake subsystem",
	.size_bytes = sizeof(struct fake_subsystem),
	.interfaces = subsystem_interfaces,
	.interface_count = ARRAY_LEN(subsystem_interfaces),
};

/* ---- the provider ---- */

struct fake_provider {
	struct com_object com;
	IVdsProvider provider;
	IVdsProviderPrivate private;
	IVdsHwProvider hw;
	IVdsHwProviderPrivate hw_private;
};

COM_THUNKS(fake_provider, IVdsProvider, provider);
COM_THUNKS(fake_provider, IVdsProviderPrivate, private);
COM_THUNKS(fake_provider, IVdsHwProvider, hw);
COM_THUNKS(fake_provider, IVdsHwProviderPrivate, hw_private);

static HRESULT STDMETHODCALLTYPE
provider_get_properties(IVdsProvider *self, VDS_PROVIDER_PROP *ret_prop)
{
	struct fake_provider *p = container_of(self, struct fake_provider, provider);

	com_guid_out(&p->com.id, &ret_prop->id);
	ret_prop->type = VDS_PT_HARDWARE;
	return com_error(
		com_string_out(FAKE_MODE == FAKE_OTHER ? "other" : "fake", &ret_prop->pwszName));
}

static const IVdsProviderVtbl provider_vtable = {
	COM_UNKNOWN(provider),
	.GetProperties = provider_get_properties,
};

static HRESULT STDMETHODCALLTYPE
private_get_object(IVdsProviderPrivate *self, VDS_OBJECT_ID guid, VDS_OBJECT_TYPE type,
		   IUnknown **ret_object)
{
	struct fake_provider *p = container_of(self, struct fake_provider, private);
	struct guid lun = id_of('l', 1), id;

	misbehave(FAKE_IN_GET_OBJECT);
	com_guid_in(&guid, &id);
	if (type == VDS_OT_DRIVE) /* as if an array that is out of reach had all drives */
		return VDS_E_PROVIDER_CACHE_CORRUPT;
	if (type != VDS_OT_LUN || !guid_equal(&id, &lun))
		return VDS_E_OBJECT_NOT_FOUND;
	*ret_object = com_unknown(object_of(p->com.space, &lun_class, lun));
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
private_on_load(IVdsProviderPrivate *self, LPWSTR machine, IUnknown *callback)
{
	struct fake_space *space = fake_of(&container_of(self, struct fake_provider, private)->com);

	(void)machine;
	atomic_fetch_add(&state->loads, 1);
	misbehave(FAKE_IN_ONLOAD);
	if (FAKE_MODE == FAKE_HANGS_IN_ONLOAD)
		hang();
	if (FAKE_MODE == FAKE_FAILS_IN_ONLOAD)
		return VDS_E_INITIALIZED_FAILED;
	return IUnknown_QueryInterface(callback, &IID_IVdsAdviseSink, (void **)&space->sink);
}

/* Asks for more time once. */
static HRESULT STDMETHODCALLTYPE
private_on_unload(IVdsProviderPrivate *self, BOOL force)
{
	struct fake_space *space = fake_of(&container_of(self, struct fake_provider, private)->com);

	misbehave(FAKE_IN_ONUNLOAD);
	if (!force)
		return S_FALSE;
	atomic_fetch_add(&state->unloads, 1);
	if (space->sink != NULL)
		IVdsAdviseSink_Release(space->sink);
	space->sink = NULL;
	return S_OK;
}

static const IVdsProviderPrivateVtbl private_vtable = {
	COM_UNKNOWN(private),
	.GetObject = private_get_object,
	.OnLoad = private_on_load,
	.OnUnload = private_on_unload,
};

static HRESULT STDMETHODCALLTYPE
hw_query_subsystems(IVdsHwProvider *self, IEnumVdsObject **ret_enum)
{
	struct fake_provider *p = container_of(self, struct fake_provider, hw);

	misbehave(FAKE_IN_QUERY_SUBSYSTEMS);
	return list_of(&p->com, &subsystem_class, 's', 1, ret_enum);
}

static HRESULT STDMETHODCALLTYPE
hw_reenumerate(IVdsHwProvider *self)
{
	(void)self;
	return S_OK;
}

/* Sends state->notes notifications, each with a number of its own. */
static HRESULT STDMETHODCALLTYPE
hw_refresh(IVdsHwProvider *self)
{
	struct fake_space *space = fake_of(&container_of(self, struct fake_provider, hw)->com);
	LONG count = atomic_load(&state->notes);
	VDS_NOTIFICATION *notes;

	if (misbehave(FAKE_IN_REFRESH)) {
		while (IVdsAdviseSink_Release(space->sink) > 0)
			;
		return S_OK;
	}
	if (count <= 0)
		return state->refresh_result;
	notes = CoTaskMemAlloc((size_t)count * sizeof(*notes));
	memset(notes, 0, (size_t)count * sizeof(*notes));
	for (LONG i = 0; i < count; i++) {
		notes[i].objectType = VDS_NTT_LUN;
		notes[i].Lun.ulEvent = VDS_NF_LUN_MODIFY;
		notes[i].Lun.LunId.Data1 = atomic_fetch_add(&state->sent, 1);
	}
	state->notify_result = IVdsAdviseSink_OnNotify(space->sink, count, notes);
	return S_OK;
}

static const IVdsHwProviderVtbl hw_vtable = {
	COM_UNKNOWN(hw),
	.QuerySubSystems = hw_query_subsystems,
	.Reenumerate = hw_reenumerate,
	.Refresh = hw_refresh,
};

static const IVdsHwProviderPrivateVtbl hw_private_vtable = { COM_UNKNOWN(hw_private) };

/* clang-format off */
static const struct com_interface provider_interfaces[] = {
	COM_INTERFACE(fake_provider, IVdsProvider, provider),
	COM_INTERFACE(fake_provider, IVdsHwProvider, hw),
	COM_INTERFACE(fake_provider, IVdsHwProviderPrivate, hw_private),
	COM_INTERFACE(fake_provider, IVdsProviderPrivate, private), /* the last: see below */
};
/* clang-format on */

static const struct com_class provider_class = {
	.name = "fake provider",
	.size_bytes = sizeof(struct fake_provider),
	.interfaces = provider_interfaces,
	.interface_count = ARRAY_LEN(provider_interfaces) -
			   (FAKE_MODE == FAKE_WITHOUT_PRIVATE ? 1 : 0),
	.fini = count_end,
};

/* ---- the class factory ---- */

static void
space_free(struct com_space *space)
{
	com_space_fini(space);
	mem_free(container_of(space, struct fake_space, space));
}

static HRESULT STDMETHODCALLTYPE
factory_create_instance(IClassFactory *self, IUnknown *outer, REFIID riid, void **ppv)
{
	struct fake_space *space;
	struct com_object *provider;
	HRESULT hr;

	(void)self;
	(void)outer;
	if (FAKE_MODE == FAKE_WITHOUT_OBJECT)
		return S_OK;
	space = mem_calloc(1, sizeof(*space));
	com_space_init(&space->space, space_free);
	space->self = id_of('p', 1);
	provider = object_of(&space->space, &provider_class, space->self);
	atomic_fetch_add(&state->living, 1);
	com_space_unref(&space->space);
	hr = com_query(provider, riid, ppv);
	com_release(provider);
	return hr;
}

static HRESULT STDMETHODCALLTYPE
factory_query_interface(IClassFactory *self, REFIID riid, void **ppv)
{
	(void)riid;
	*ppv = self;
	return S_OK;
}

static ULONG STDMETHODCALLTYPE
factory_count(IClassFactory *self)
{
	(void)self;
	return 1;
}

static const IClassFactoryVtbl factory_vtable = {
	.QueryInterface = factory_query_interface,
	.AddRef = factory_count,
	.Release = factory_count,
	.CreateInstance = factory_create_instance,
};

EXPORT HRESULT DllGetClassObject(REFCLSID rclsid, REFIID riid, void **ppv);

HRESULT
DllGetClassObject(REFCLSID rclsid, REFIID riid, void **ppv)
{
	static IClassFactory factory = { &factory_vtable };

	(void)riid;
	*ppv = NULL;
	if (FAKE_MODE == FAKE_WITHOUT_FACTORY)
		return S_OK;
	if (FAKE_MODE == FAKE_CRASHES_WHEN_ASKED)
		raise(SIGSEGV);
	if (FAKE_MODE == FAKE_HANGS_WHEN_ASKED)
		pause();
	if (rclsid->Data1 != FAKE_CLSID)
		return CLASS_E_CLASSNOTAVAILABLE;
	*ppv = &factory;
	return S_OK;
}

EXPORT HRESULT DllRegisterServer(IVdsAdmin *admin, const WCHAR *name, VDS_OBJECT_ID id);

/* What a provider's DllRegisterServer does once it has IVdsAdmin. */
HRESULT
DllRegisterServer(IVdsAdmin *admin, const WCHAR *name, VDS_OBJECT_ID id)
{
	const CLSID clsid = { FAKE_CLSID, 0, 0, { 0 } };
	const GUID version = { 1, 2, 3, { 4 } };
	WCHAR text[256] = { 0 }, number[] = u"1.0";
	HRESULT hr;

	for (size_t i = 0; i < ARRAY_LEN(text) - 1 && name[i] != 0; i++)
		text[i] = name[i];
	hr = IVdsAdmin_RegisterProvider(admin, id, clsid, text, VDS_PT_HARDWARE, NULL, number,
					version);
	atomic_fetch_add(&state->registrations, 1); /* so that the call is no tail call */
	return hr;
}

/* The state is the test's: the file beside the library, in which both processes see it. */
static void
map_state(void)
{
	char path[256];
	Dl_info info;
	void *mapped;
	int fd;

	if (dladdr(&own_state, &info) == 0)
		return;
	snprintf(path, sizeof(path), "%s.state", info.dli_fname);
	fd = open(path, O_RDWR | O_CLOEXEC);
	mapped = fd >= 0 ? mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
			 : MAP_FAILED;
	if (fd >= 0)
		close(fd);
	if (mapped != MAP_FAILED)
		state = mapped;
}

/* Notes what the process was given that it should not have. */
static void
look_around(void)
{
	struct sigaction action;
	sigset_t blocked;

	state->has_test_fd = state->test_fd > 0 && fcntl(state->test_fd, F_GETFD) >= 0;
	sigaction(SIGTERM, NULL, &action);
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	state->has_signals = action.sa_handler != SIG_DFL || sigismember(&blocked, SIGTERM) == 1;
}

__attribute__((constructor)) static void
loaded(void)
{
	map_state();
	atomic_store(&state->pid, (int)getpid());
	look_around();
	if (FAKE_MODE == FAKE_CRASHES_WHEN_LOADED)
		raise(SIGKILL);
	if (FAKE_MODE == FAKE_HANGS_WHEN_LOADED)
		pause();
}
