/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A deliberately wrong provider: the provider of libvds, in which one slot of one vtable is
 * replaced by a function with an error.  The variable WRONG names the error, or several with commas
 * between them; without it the provider is right.  test_wrong.py checks that vds-conformance
 * catches every error of the tables.
 *
 * A vtable lies in memory that is read-only once the library is loaded, so its page is made
 * writable.  The objects of a class share it: one object of each class is made, and its slot
 * replaced, before the first provider is given out.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wrong_int.h"

#define INSTALLED_MAX 16

/* The errors that are made, and what they have replaced; only read once there is a provider. */
static struct {
	const struct wrong_error *error;
	any_function original;
} installed[INSTALLED_MAX];
static size_t installed_count;

any_function
wrong_original_of(const char *error)
{
	size_t i = 0;

	while (strcmp(installed[i].error->name, error) != 0)
		i++;
	return installed[i].original;
}

/* ---- LUNs ---- */

static HRESULT STDMETHODCALLTYPE
lun_is_small(IVdsLun *self, VDS_LUN_PROP *prop)
{
	HRESULT hr = CALL(with_pointer)(self, prop);

	if (hr == S_OK)
		prop->ullSize /= 2;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
lun_takes_null(IVdsLun *self, VDS_LUN_PROP *prop)
{
	return prop == NULL ? S_OK : CALL(with_pointer)(self, prop);
}

static HRESULT STDMETHODCALLTYPE
lun_deleted_is_not_found(IVdsLun *self, VDS_LUN_PROP *prop)
{
	HRESULT hr = CALL(with_pointer)(self, prop);

	return hr == VDS_E_OBJECT_DELETED ? VDS_E_OBJECT_NOT_FOUND : hr;
}

static HRESULT STDMETHODCALLTYPE
lun_properties_leak(IVdsLun *self, VDS_LUN_PROP *prop)
{
	HRESULT hr = CALL(with_pointer)(self, prop);

	if (hr == S_OK)
		prop->pwszFriendlyName = NULL; /* which its caller would have freed */
	return hr;
}

static HRESULT STDMETHODCALLTYPE
lun_extends_by_half(IVdsLun *self, ULONGLONG bytes, VDS_OBJECT_ID *drives, LONG count,
		    IVdsAsync **async)
{
	return CALL(HRESULT(*)(IVdsLun *, ULONGLONG, VDS_OBJECT_ID *, LONG, IVdsAsync **))(
		self, bytes / 2, drives, count, async);
}

static HRESULT STDMETHODCALLTYPE
lun_does_nothing(void *self, void *argument)
{
	(void)self;
	return argument == NULL ? E_INVALIDARG : S_OK;
}

static HRESULT STDMETHODCALLTYPE
lun_status_does_nothing(IVdsLun *self, VDS_LUN_STATUS status)
{
	(void)self;
	return status == VDS_LS_ONLINE || status == VDS_LS_OFFLINE ? S_OK : E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE
lun_is_not_deleted(IVdsLun *self)
{
	VDS_LUN_PROP prop;
	HRESULT hr = IVdsLun_GetProperties(self, &prop);

	if (hr == S_OK) {
		CoTaskMemFree(prop.pwszFriendlyName);
		CoTaskMemFree(prop.pwszIdentification);
		CoTaskMemFree(prop.pwszUnmaskingList);
	}
	return hr;
}

static HRESULT STDMETHODCALLTYPE
lun_cuts_in_silence(IVdsLunNaming *self, LPWSTR name)
{
	HRESULT hr = CALL(with_pointer)(self, name);

	return hr == VDS_S_NAME_TRUNCATED ? S_OK : hr;
}

static HRESULT STDMETHODCALLTYPE
lun_keeps_targets(IVdsLunIscsi *self, VDS_OBJECT_ID *ids, LONG count)
{
	if (count == 0)
		return S_OK;
	return CALL(HRESULT(*)(IVdsLunIscsi *, VDS_OBJECT_ID *, LONG))(self, ids, count);
}

static HRESULT STDMETHODCALLTYPE
lun_number_null_fails(IVdsLunNumber *self, ULONG *number)
{
	return number == NULL ? E_FAIL : CALL(with_pointer)(self, number);
}

static HRESULT STDMETHODCALLTYPE
lun_keeps_a_reference(IVdsLun *self, IVdsSubSystem **subsystem)
{
	IVdsLun_AddRef(self);
	return CALL(with_pointer)(self, subsystem);
}

static HRESULT STDMETHODCALLTYPE
lun_is_never_failed(IVdsLun *self, VDS_LUN_INFORMATION *info)
{
	HRESULT hr = CALL(with_pointer)(self, info);

	return hr == VDS_E_OBJECT_STATUS_FAILED ? E_FAIL : hr;
}

static HRESULT STDMETHODCALLTYPE
lun_is_never_busy(IVdsLun *self, IEnumVdsObject **list)
{
	HRESULT hr = CALL(with_pointer)(self, list);

	return hr == VDS_E_ANOTHER_CALL_IN_PROGRESS ? E_FAIL : hr;
}

static HRESULT STDMETHODCALLTYPE
lun_recover_is_missing(IVdsLun *self, IVdsAsync **async)
{
	(void)self;
	if (async != NULL)
		*async = NULL;
	return E_NOTIMPL;
}

/* ---- IUnknown of a LUN ---- */

static HRESULT STDMETHODCALLTYPE
query_fails_otherwise(IVdsLun *self, REFIID riid, void **ppv)
{
	HRESULT hr = CALL(query_function)(self, riid, ppv);

	return hr == E_NOINTERFACE ? E_FAIL : hr;
}

static HRESULT STDMETHODCALLTYPE
query_leaves_the_pointer(IVdsLun *self, REFIID riid, void **ppv)
{
	void *found = NULL;
	HRESULT hr = CALL(query_function)(self, riid, ppv != NULL ? &found : NULL);

	if (hr == S_OK)
		*ppv = found;
	return hr;
}

/* Of IVdsLunNaming: it does not lead back to IVdsLun. */
static HRESULT STDMETHODCALLTYPE
query_goes_one_way(IVdsLunNaming *self, REFIID riid, void **ppv)
{
	if (ppv != NULL && IsEqualIID(riid, &IID_IVdsLun)) {
		*ppv = NULL;
		return E_NOINTERFACE;
	}
	return CALL(query_function)(self, riid, ppv);
}

/* ---- enumerators ---- */

static HRESULT STDMETHODCALLTYPE
next_never_ends(IEnumVdsObject *self, ULONG count, IUnknown **objects, ULONG *fetched)
{
	HRESULT hr = CALL(HRESULT(*)(void *, ULONG, IUnknown **, ULONG *))(self, count, objects,
									   fetched);

	return hr == S_FALSE && *fetched > 0 ? S_OK : hr;
}

static HRESULT STDMETHODCALLTYPE
next_counts_wrong(IEnumVdsObject *self, ULONG count, IUnknown **objects, ULONG *fetched)
{
	HRESULT hr = CALL(HRESULT(*)(void *, ULONG, IUnknown **, ULONG *))(self, count, objects,
									   fetched);

	if (hr == S_FALSE)
		*fetched = 99;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
skip_always_succeeds(IEnumVdsObject *self, ULONG count)
{
	HRESULT hr = CALL(with_ulong)(self, count);

	return hr == S_FALSE ? S_OK : hr;
}

static HRESULT STDMETHODCALLTYPE
reset_does_nothing(IEnumVdsObject *self)
{
	(void)self;
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
clone_begins_anew(IEnumVdsObject *self, IEnumVdsObject **clone)
{
	HRESULT hr = CALL(with_pointer)(self, clone);

	if (hr == S_OK)
		IEnumVdsObject_Reset(*clone);
	return hr;
}

/* ---- operations ---- */

static HRESULT STDMETHODCALLTYPE
wait_forgets_the_kind(IVdsAsync *self, HRESULT *result, VDS_ASYNC_OUTPUT *output)
{
	HRESULT hr = CALL(HRESULT(*)(void *, HRESULT *, VDS_ASYNC_OUTPUT *))(self, result, output);

	if (hr == S_OK && output->type == VDS_ASYNCOUT_EXTENDLUN)
		output->type = VDS_ASYNCOUT_UNKNOWN;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
status_stays_at_none(IVdsAsync *self, HRESULT *result, ULONG *percent)
{
	HRESULT hr = CALL(HRESULT(*)(void *, HRESULT *, ULONG *))(self, result, percent);

	if (hr == S_OK)
		*percent = 0;
	return hr;
}

/* ---- the subsystem, targets, groups, portals ---- */

static HRESULT STDMETHODCALLTYPE
create_hides_the_cause(IVdsSubSystem *self, VDS_LUN_TYPE type, ULONGLONG size,
		       VDS_OBJECT_ID *drives, LONG count, LPWSTR mask, VDS_HINTS *hints,
		       IVdsAsync **async)
{
	HRESULT hr = CALL(HRESULT(*)(void *, VDS_LUN_TYPE, ULONGLONG, VDS_OBJECT_ID *, LONG, LPWSTR,
				     VDS_HINTS *, IVdsAsync **))(self, type, size, drives, count,
								 mask, hints, async);

	return hr == VDS_E_NOT_ENOUGH_SPACE ? E_FAIL : hr;
}

static HRESULT STDMETHODCALLTYPE
target_delete_hides_the_cause(IVdsIscsiTarget *self, IVdsAsync **async)
{
	HRESULT hr = CALL(with_pointer)(self, async);

	return hr == VDS_E_ASSOCIATED_LUNS_EXIST ? E_FAIL : hr;
}

static HRESULT STDMETHODCALLTYPE
target_has_every_lun(IVdsIscsiTarget *self, IEnumVdsObject **list)
{
	IVdsSubSystem *subsystem = NULL;
	HRESULT hr = list == NULL ? E_INVALIDARG : IVdsIscsiTarget_GetSubSystem(self, &subsystem);

	if (list != NULL)
		*list = NULL;
	if (FAILED(hr))
		return hr;
	hr = IVdsSubSystem_QueryLuns(subsystem, list);
	IVdsSubSystem_Release(subsystem);
	return hr;
}

static HRESULT STDMETHODCALLTYPE
initiators_are_not_counted(IVdsIscsiTarget *self, LPWSTR **list, LONG *count)
{
	LONG hidden = 0;

	return CALL(HRESULT(*)(void *, LPWSTR **, LONG *))(self, list,
							   count != NULL ? &hidden : NULL);
}

static HRESULT STDMETHODCALLTYPE
group_takes_any_portal(IVdsIscsiPortalGroup *self, VDS_OBJECT_ID portal, IVdsAsync **async)
{
	HRESULT hr = CALL(HRESULT(*)(void *, VDS_OBJECT_ID, IVdsAsync **))(self, portal, async);

	return hr == VDS_E_OBJECT_NOT_FOUND ? E_FAIL : hr;
}

static HRESULT STDMETHODCALLTYPE
portal_takes_any_status(IVdsIscsiPortal *self, VDS_ISCSI_PORTAL_STATUS status)
{
	HRESULT hr = CALL(HRESULT(*)(void *, VDS_ISCSI_PORTAL_STATUS))(self, status);

	return hr == E_INVALIDARG ? S_OK : hr;
}

/* ---- the provider ---- */

static HRESULT STDMETHODCALLTYPE
get_object_leaves_the_pointer(IVdsProviderPrivate *self, VDS_OBJECT_ID id, VDS_OBJECT_TYPE type,
			      IUnknown **ret_object)
{
	IUnknown *object = NULL;
	HRESULT hr = CALL(HRESULT(*)(void *, VDS_OBJECT_ID, VDS_OBJECT_TYPE, IUnknown **))(
		self, id, type, ret_object != NULL ? &object : NULL);

	if (hr == S_OK)
		*ret_object = object;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
load_forgets_the_sink(IVdsProviderPrivate *self, LPWSTR machine, IUnknown *callback)
{
	(void)callback;
	return CALL(HRESULT(*)(void *, LPWSTR, IUnknown *))(self, machine, NULL);
}

static HRESULT STDMETHODCALLTYPE
unload_does_nothing(IVdsProviderPrivate *self, BOOL force)
{
	(void)self;
	(void)force;
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
strange_lun_has_an_id(IVdsHwProviderPrivate *self, LPWSTR path, VDS_LUN_INFORMATION *info,
		      VDS_OBJECT_ID *ret_id)
{
	HRESULT hr = CALL(HRESULT(*)(void *, LPWSTR, VDS_LUN_INFORMATION *, VDS_OBJECT_ID *))(
		self, path, info, ret_id);

	if (hr == S_FALSE)
		ret_id->Data1 = 1;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
version_is_unheard_of(IVdsProviderSupport *self, ULONG *versions)
{
	HRESULT hr = CALL(with_pointer)(self, versions);

	if (hr == S_OK)
		*versions |= 0x100;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
array_is_always_there(IVdsHwProvider *self)
{
	(void)CALL(unary)(self);
	return S_OK;
}

static ULONG STDMETHODCALLTYPE
release_counts_one_more(IVdsProvider *self)
{
	return CALL(ULONG(*)(void *))(self) + 1;
}

/* ---- the table ---- */

/* clang-format off */
static const struct wrong_error errors[] = {
	WRONG(lun_is_small, OF_LUN, IVdsLun, GetProperties),
	WRONG(lun_takes_null, OF_LUN, IVdsLun, GetProperties),
	WRONG(lun_deleted_is_not_found, OF_LUN, IVdsLun, GetProperties),
	WRONG(lun_properties_leak, OF_LUN, IVdsLun, GetProperties),
	WRONG(lun_extends_by_half, OF_LUN, IVdsLun, Extend),
	WRONG(lun_does_nothing, OF_LUN, IVdsLun, SetMask),
	WRONG(lun_status_does_nothing, OF_LUN, IVdsLun, SetStatus),
	WRONG(lun_is_not_deleted, OF_LUN, IVdsLun, Delete),
	WRONG(lun_cuts_in_silence, OF_LUN, IVdsLunNaming, SetFriendlyName),
	WRONG(lun_keeps_targets, OF_LUN, IVdsLunIscsi, AssociateTargets),
	WRONG(lun_number_null_fails, OF_LUN, IVdsLunNumber, GetLunNumber),
	WRONG(lun_keeps_a_reference, OF_LUN, IVdsLun, GetSubSystem),
	WRONG(lun_is_never_failed, OF_LUN, IVdsLun, GetIdentificationData),
	WRONG(lun_is_never_busy, OF_LUN, IVdsLun, QueryActiveControllers),
	WRONG(lun_recover_is_missing, OF_LUN, IVdsLun, Recover),
	WRONG(query_fails_otherwise, OF_LUN, IVdsLun, QueryInterface),
	WRONG(query_leaves_the_pointer, OF_LUN, IVdsLun, QueryInterface),
	WRONG(query_goes_one_way, OF_LUN, IVdsLunNaming, QueryInterface),
	WRONG(next_never_ends, OF_LIST, IEnumVdsObject, Next),
	WRONG(next_counts_wrong, OF_LIST, IEnumVdsObject, Next),
	WRONG(skip_always_succeeds, OF_LIST, IEnumVdsObject, Skip),
	WRONG(reset_does_nothing, OF_LIST, IEnumVdsObject, Reset),
	WRONG(clone_begins_anew, OF_LIST, IEnumVdsObject, Clone),
	WRONG(wait_forgets_the_kind, OF_ASYNC, IVdsAsync, Wait),
	WRONG(status_stays_at_none, OF_ASYNC, IVdsAsync, QueryStatus),
	WRONG(create_hides_the_cause, OF_SUBSYSTEM, IVdsSubSystem, CreateLun),
	WRONG(target_delete_hides_the_cause, OF_TARGET, IVdsIscsiTarget, Delete),
	WRONG(target_has_every_lun, OF_TARGET, IVdsIscsiTarget, QueryAssociatedLuns),
	WRONG(initiators_are_not_counted, OF_TARGET, IVdsIscsiTarget, GetConnectedInitiators),
	WRONG(group_takes_any_portal, OF_GROUP, IVdsIscsiPortalGroup, AddPortal),
	WRONG(portal_takes_any_status, OF_PORTAL, IVdsIscsiPortal, SetStatus),
	WRONG(get_object_leaves_the_pointer, OF_PROVIDER, IVdsProviderPrivate, GetObject),
	WRONG(load_forgets_the_sink, OF_PROVIDER, IVdsProviderPrivate, OnLoad),
	WRONG(unload_does_nothing, OF_PROVIDER, IVdsProviderPrivate, OnUnload),
	WRONG(strange_lun_has_an_id, OF_PROVIDER, IVdsHwProviderPrivate, QueryIfCreatedLun),
	WRONG(version_is_unheard_of, OF_PROVIDER, IVdsProviderSupport, GetVersionSupport),
	WRONG(array_is_always_there, OF_PROVIDER, IVdsHwProvider, Reenumerate),
	WRONG(release_counts_one_more, OF_PROVIDER, IVdsProvider, Release),
};
/* clang-format on */

static void
die(const char *what)
{
	fprintf(stderr, "wrong: %s\n", what);
	exit(3);
}

/* Replaces a slot in the vtable of an interface of the object. */
static void
replace(IUnknown *object, const struct wrong_error *error)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void ***interface = NULL;
	any_function *where;

	if (FAILED(IUnknown_QueryInterface(object, error->iid, (void **)&interface)))
		die("the object lacks the interface");
	where = (any_function *)(void *)(*interface + error->slot);
	if (mprotect((void *)((uintptr_t)where & ~(page - 1)), 2 * page, PROT_READ | PROT_WRITE) <
	    0)
		die("the vtable stays read-only");
	IUnknown_Release((IUnknown *)(void *)interface);
	installed[installed_count].original = *where;
	*where = error->function;
	installed_count++;
}

static IUnknown *
first_of(IEnumVdsObject *list)
{
	IUnknown *object = NULL;
	ULONG fetched;

	if (list == NULL || IEnumVdsObject_Next(list, 1, &object, &fetched) != S_OK)
		die("a list is empty");
	return object;
}

static IUnknown *
made_by(IVdsAsync *async)
{
	VDS_ASYNC_OUTPUT output = { 0 };
	HRESULT result;

	if (async == NULL || FAILED(IVdsAsync_Wait(async, &result, &output)) || FAILED(result))
		die("an object cannot be made");
	return output.cl.pLunUnk;
}

/* Makes one object of each class, replaces the slots, and deletes what was made. */
static void
install(void)
{
	static WCHAR name[] = { 'w', 'r', 'o', 'n', 'g', 0 };
	IUnknown *objects[OBJECTS] = { NULL };
	IVdsHwProvider *provider = NULL;
	IVdsSubSystem *subsystem = NULL;
	IVdsSubSystemIscsi *iscsi = NULL;
	IVdsIscsiTarget *target = NULL;
	IVdsIscsiPortalGroup *group = NULL;
	IVdsHwProviderStoragePools *pools = NULL;
	IEnumVdsObject *list = NULL, *portals = NULL, *others = NULL;
	IVdsAsync *lun_async = NULL, *async = NULL;
	IVdsLun *lun = NULL;

	if (FAILED(VdsOpenHwProvider(NULL, &IID_IVdsHwProvider, (void **)&provider)) ||
	    FAILED(IVdsHwProvider_QuerySubSystems(provider, &list)))
		die("there is no array");
	objects[OF_PROVIDER] = (IUnknown *)provider;
	objects[OF_LIST] = (IUnknown *)list;
	objects[OF_SUBSYSTEM] = first_of(list);
	IUnknown_QueryInterface(objects[OF_SUBSYSTEM], &IID_IVdsSubSystem, (void **)&subsystem);
	IUnknown_QueryInterface(objects[OF_SUBSYSTEM], &IID_IVdsSubSystemIscsi, (void **)&iscsi);
	IVdsSubSystemIscsi_QueryPortals(iscsi, &portals);
	objects[OF_PORTAL] = first_of(portals);
	IVdsSubSystem_CreateLun(subsystem, VDS_LT_DEFAULT, 1 << 20, NULL, 0, name + 5, NULL,
				&lun_async);
	objects[OF_LUN] = made_by(lun_async);
	objects[OF_ASYNC] = (IUnknown *)lun_async;
	IUnknown_QueryInterface(objects[OF_LUN], &IID_IVdsLun, (void **)&lun);
	IVdsLun_QueryPlexes(lun, &others);
	objects[OF_PLEX] = first_of(others);
	IVdsSubSystem_QueryDrives(subsystem, &others);
	objects[OF_DRIVE] = first_of(others);
	IVdsHwProvider_QueryInterface(provider, &IID_IVdsHwProviderStoragePools, (void **)&pools);
	IVdsHwProviderStoragePools_QueryStoragePools(pools, 0, 0, NULL, &others);
	objects[OF_POOL] = first_of(others);
	IVdsSubSystemIscsi_CreateTarget(iscsi, NULL, name, &async);
	objects[OF_TARGET] = made_by(async);
	IVdsAsync_Release(async);
	IUnknown_QueryInterface(objects[OF_TARGET], &IID_IVdsIscsiTarget, (void **)&target);
	IVdsIscsiTarget_CreatePortalGroup(target, &async);
	objects[OF_GROUP] = made_by(async);
	IVdsAsync_Release(async);
	IUnknown_QueryInterface(objects[OF_GROUP], &IID_IVdsIscsiPortalGroup, (void **)&group);
	IVdsIscsiPortalGroup_Delete(group, &async);
	IVdsAsync_Release(async);
	IVdsIscsiTarget_Delete(target, &async);
	IVdsAsync_Release(async);
	IVdsLun_Delete(lun);
	while (installed[installed_count].error != NULL)
		replace(objects[installed[installed_count].error->object],
			installed[installed_count].error);
	/* The objects are kept: their last releases would go through what was replaced. */
}

/* Returns the error with this place in both tables, or NULL. */
static const struct wrong_error *
error_at(size_t place)
{
	size_t count = sizeof(errors) / sizeof(errors[0]);

	if (place < count)
		return &errors[place];
	return place - count < wrong_more_count ? &wrong_more[place - count] : NULL;
}

/* Finds an error by its name, or ends the program after a list of all. */
static const struct wrong_error *
error_named(const char *name)
{
	const struct wrong_error *error;

	for (size_t i = 0; (error = error_at(i)) != NULL; i++) {
		if (strcmp(error->name, name) == 0)
			return error;
	}
	for (size_t i = 0; (error = error_at(i)) != NULL; i++)
		printf("# error %s\n", error->name);
	die("WRONG names no error");
	return NULL;
}

static void
install_once(void)
{
	char *names = getenv("WRONG") != NULL ? strdup(getenv("WRONG")) : NULL, *rest = NULL;
	size_t count = 0;

	if (names == NULL)
		return;
	for (char *name = strtok_r(names, ",", &rest); name != NULL && count + 1 < INSTALLED_MAX;
	     name = strtok_r(NULL, ",", &rest))
		installed[count++].error = error_named(name);
	free(names);
	install();
}

VDS_EXPORT HRESULT STDAPICALLTYPE DllGetClassObject(REFCLSID rclsid, REFIID riid, void **ppv);

HRESULT STDAPICALLTYPE
DllGetClassObject(REFCLSID rclsid, REFIID riid, void **ppv)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, install_once);
	return VdsGetClassObject(rclsid, riid, ppv);
}
