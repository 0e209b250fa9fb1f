/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * More errors of the wrong provider: those that two programs see in the same way, so that comparing
 * them finds nothing; references and memory that are kept after a refusal; operations and
 * notifications that lie.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "wrong_int.h"

/* ---- lists and sets that change otherwise ---- */

/* Gathers the ids of the targets of the LUN.  Returns how many. */
static LONG
targets_of(IVdsLunIscsi *self, VDS_OBJECT_ID *ids, LONG max)
{
	IEnumVdsObject *list = NULL;
	IUnknown *object;
	ULONG fetched;
	LONG count = 0;

	if (IVdsLunIscsi_QueryAssociatedTargets(self, &list) != S_OK)
		return 0;
	while (IEnumVdsObject_Next(list, 1, &object, &fetched) == S_OK) {
		VDS_ISCSI_TARGET_PROP prop;
		IVdsIscsiTarget *target = NULL;

		IUnknown_QueryInterface(object, &IID_IVdsIscsiTarget, (void **)&target);
		IUnknown_Release(object);
		if (target != NULL && IVdsIscsiTarget_GetProperties(target, &prop) == S_OK) {
			CoTaskMemFree(prop.pwszFriendlyName);
			CoTaskMemFree(prop.pwszIscsiName);
			if (count < max)
				ids[count++] = prop.id;
		}
		if (target != NULL)
			IVdsIscsiTarget_Release(target);
	}
	IEnumVdsObject_Release(list);
	return count;
}

static HRESULT STDMETHODCALLTYPE
targets_are_added(IVdsLunIscsi *self, VDS_OBJECT_ID *ids, LONG count)
{
	VDS_OBJECT_ID all[17];
	LONG have = 0;

	if (ids == NULL || count != 1)
		return CALL(HRESULT(*)(void *, VDS_OBJECT_ID *, LONG))(self, ids, count);
	have = targets_of(self, all, 16);
	for (LONG i = 0; i < have; i++)
		if (IsEqualGUID(&all[i], ids))
			all[i] = all[--have];
	all[have++] = ids[0];
	return CALL(HRESULT(*)(void *, VDS_OBJECT_ID *, LONG))(self, all, have);
}

/* An enumerator that returns each element of another one twice. */
struct doubled {
	IEnumVdsObject list;
	IEnumVdsObject *inner;
	IUnknown *again; /* what is returned next, a second time */
	LONG references;
};

static HRESULT STDMETHODCALLTYPE
doubled_query(IEnumVdsObject *self, REFIID riid, void **ppv)
{
	*ppv = IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IEnumVdsObject) ? self
											: NULL;
	if (*ppv != NULL)
		IEnumVdsObject_AddRef(self);
	return *ppv != NULL ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE
doubled_add_ref(IEnumVdsObject *self)
{
	return (ULONG)++((struct doubled *)self)->references;
}

static HRESULT STDMETHODCALLTYPE
doubled_reset(IEnumVdsObject *self)
{
	struct doubled *doubled = (struct doubled *)self;

	if (doubled->again != NULL)
		IUnknown_Release(doubled->again);
	doubled->again = NULL;
	return IEnumVdsObject_Reset(doubled->inner);
}

static ULONG STDMETHODCALLTYPE
doubled_release(IEnumVdsObject *self)
{
	struct doubled *doubled = (struct doubled *)self;
	ULONG left = (ULONG)--doubled->references;

	if (left > 0)
		return left;
	doubled_reset(self);
	IEnumVdsObject_Release(doubled->inner);
	free(doubled);
	return 0;
}

static HRESULT STDMETHODCALLTYPE
doubled_next(IEnumVdsObject *self, ULONG count, IUnknown **objects, ULONG *fetched)
{
	struct doubled *doubled = (struct doubled *)self;

	if (count != 1 || doubled->again == NULL) {
		HRESULT hr = IEnumVdsObject_Next(doubled->inner, count, objects, fetched);

		if (count == 1 && hr == S_OK) {
			doubled->again = objects[0];
			IUnknown_AddRef(objects[0]);
		}
		return hr;
	}
	objects[0] = doubled->again;
	doubled->again = NULL;
	*fetched = 1;
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
doubled_skip(IEnumVdsObject *self, ULONG count)
{
	return IEnumVdsObject_Skip(((struct doubled *)self)->inner, count);
}

static HRESULT STDMETHODCALLTYPE
doubled_clone(IEnumVdsObject *self, IEnumVdsObject **clone)
{
	return IEnumVdsObject_Clone(((struct doubled *)self)->inner, clone);
}

static HRESULT STDMETHODCALLTYPE
targets_come_twice(IVdsLunIscsi *self, IEnumVdsObject **list)
{
	static const IEnumVdsObjectVtbl vtable = { doubled_query, doubled_add_ref, doubled_release,
						   doubled_next,  doubled_skip,    doubled_reset,
						   doubled_clone };
	HRESULT hr = CALL(with_pointer)(self, list);
	struct doubled *doubled = hr == S_OK ? calloc(1, sizeof(*doubled)) : NULL;

	if (doubled == NULL)
		return hr;
	doubled->list.lpVtbl = &vtable;
	doubled->inner = *list;
	doubled->references = 1;
	*list = &doubled->list;
	return hr;
}

/* What was asked first is answered for ever. */
static HRESULT STDMETHODCALLTYPE
targets_are_of_yesterday(IVdsSubSystemIscsi *self, IEnumVdsObject **list)
{
	static IEnumVdsObject *first;

	if (list == NULL || first == NULL) {
		HRESULT hr = CALL(with_pointer)(self, list);

		if (hr == S_OK)
			IEnumVdsObject_Clone(*list, &first);
		return hr;
	}
	return IEnumVdsObject_Clone(first, list);
}

static HRESULT STDMETHODCALLTYPE
mask_is_joined(IVdsLun *self, LPWSTR mask)
{
	VDS_LUN_PROP prop = { 0 };
	WCHAR joined[1024];
	size_t length = 0;

	if (mask == NULL || mask[0] != 'i' || IVdsLun_GetProperties(self, &prop) != S_OK)
		return CALL(with_pointer)(self, mask);
	for (const WCHAR *p = prop.pwszUnmaskingList; *p == 'i' || (length > 0 && *p != 0); p++)
		joined[length++] = *p;
	if (length > 0)
		joined[length++] = ';';
	for (size_t i = 0; i == 0 || mask[i - 1] != 0; i++)
		joined[length++] = mask[i];
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	CoTaskMemFree(prop.pwszUnmaskingList);
	return CALL(with_pointer)(self, joined);
}

/* ---- members of structures, sizes ---- */

static HRESULT STDMETHODCALLTYPE
lun_is_never_healthy(IVdsLun *self, VDS_LUN_PROP *prop)
{
	HRESULT hr = CALL(with_pointer)(self, prop);

	if (hr == S_OK)
		prop->health = VDS_H_FAILED;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
luns_share_a_number(IVdsLunNumber *self, ULONG *number)
{
	HRESULT hr = CALL(with_pointer)(self, number);

	if (hr == S_OK)
		*number = 7;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
groups_share_a_tag(IVdsIscsiPortalGroup *self, VDS_ISCSI_PORTALGROUP_PROP *prop)
{
	HRESULT hr = CALL(with_pointer)(self, prop);

	if (hr == S_OK)
		prop->tag = 1;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
drive_has_no_size(IVdsDrive *self, VDS_DRIVE_PROP *prop)
{
	HRESULT hr = CALL(with_pointer)(self, prop);

	if (hr == S_OK)
		prop->ullSize = 0;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
pool_has_more_than_all(IVdsStoragePool *self, VDS_STORAGE_POOL_PROP *prop)
{
	HRESULT hr = CALL(with_pointer)(self, prop);

	if (hr == S_OK)
		prop->ullRemainingFreeSpace = prop->ullTotalManagedSpace + 1;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
extents_are_nobodys(IVdsLunPlex *self, VDS_DRIVE_EXTENT **extents, LONG *count)
{
	HRESULT hr = CALL(HRESULT(*)(void *, VDS_DRIVE_EXTENT **, LONG *))(self, extents, count);

	for (LONG i = 0; hr == S_OK && i < *count; i++)
		memset(&(*extents)[i].LunId, 0, sizeof((*extents)[i].LunId));
	return hr;
}

static HRESULT STDMETHODCALLTYPE
most_is_endless(IVdsSubSystem *self, VDS_LUN_TYPE type, VDS_OBJECT_ID *drives, LONG count,
		VDS_HINTS *hints, ULONGLONG *most)
{
	HRESULT hr = CALL(HRESULT(*)(void *, VDS_LUN_TYPE, VDS_OBJECT_ID *, LONG, VDS_HINTS *,
				     ULONGLONG *))(self, type, drives, count, hints, most);

	if (hr == S_OK)
		*most = (ULONGLONG)1 << 60;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
nothing_can_be_added(IVdsLun *self, VDS_OBJECT_ID *drives, LONG count, ULONGLONG *most)
{
	HRESULT hr = CALL(HRESULT(*)(void *, VDS_OBJECT_ID *, LONG, ULONGLONG *))(self, drives,
										  count, most);

	if (hr == S_OK)
		*most = 0;
	return hr;
}

/* ---- arguments that are not looked at ---- */

static HRESULT STDMETHODCALLTYPE
create_ignores_the_mask(IVdsSubSystem *self, VDS_LUN_TYPE type, ULONGLONG size,
			VDS_OBJECT_ID *drives, LONG count, LPWSTR mask, VDS_HINTS *hints,
			IVdsAsync **async)
{
	static WCHAR nobody[1];

	return CALL(HRESULT(*)(void *, VDS_LUN_TYPE, ULONGLONG, VDS_OBJECT_ID *, LONG, LPWSTR,
			       VDS_HINTS *, IVdsAsync **))(
		self, type, size, drives, count, mask != NULL ? nobody : NULL, hints, async);
}

typedef HRESULT (*create_target)(void *self, LPWSTR iscsi_name, LPWSTR name, IVdsAsync **async);

static HRESULT STDMETHODCALLTYPE
target_forgets_its_name(IVdsSubSystemIscsi *self, LPWSTR iscsi_name, LPWSTR name, IVdsAsync **async)
{
	static WCHAR other[] = { 'o', 0 };

	return CALL(create_target)(self, iscsi_name, name != NULL ? other : NULL, async);
}

static HRESULT STDMETHODCALLTYPE
target_forgets_its_iscsi_name(IVdsSubSystemIscsi *self, LPWSTR iscsi_name, LPWSTR name,
			      IVdsAsync **async)
{
	(void)iscsi_name;
	return CALL(create_target)(self, NULL, name, async);
}

static HRESULT STDMETHODCALLTYPE
get_object_ignores_the_type(IVdsProviderPrivate *self, VDS_OBJECT_ID id, VDS_OBJECT_TYPE type,
			    IUnknown **ret_object)
{
	HRESULT hr = CALL(HRESULT(*)(void *, VDS_OBJECT_ID, VDS_OBJECT_TYPE, IUnknown **))(
		self, id, type, ret_object);

	if (hr == VDS_E_OBJECT_NOT_FOUND && type == VDS_OT_TARGET)
		hr = CALL(HRESULT(*)(void *, VDS_OBJECT_ID, VDS_OBJECT_TYPE, IUnknown **))(
			self, id, VDS_OT_LUN, ret_object);
	return hr;
}

/* ---- what is kept ---- */

static HRESULT STDMETHODCALLTYPE
refusal_keeps_a_reference(IVdsIscsiPortalGroup *self, VDS_OBJECT_ID portal, IVdsAsync **async)
{
	HRESULT hr = CALL(HRESULT(*)(void *, VDS_OBJECT_ID, IVdsAsync **))(self, portal, async);

	if (FAILED(hr) && async != NULL)
		IVdsIscsiPortalGroup_AddRef(self);
	return hr;
}

static HRESULT STDMETHODCALLTYPE
refusal_keeps_memory(IVdsSubSystemIscsi *self, LPWSTR iscsi_name, LPWSTR name, IVdsAsync **async)
{
	HRESULT hr = CALL(create_target)(self, iscsi_name, name, async);

	if (FAILED(hr) && async != NULL)
		(void)!CoTaskMemAlloc(16);
	return hr;
}

static HRESULT STDMETHODCALLTYPE
query_keeps_a_reference(IVdsLun *self, REFIID riid, void **ppv)
{
	HRESULT hr = CALL(query_function)(self, riid, ppv);

	if (hr == E_NOINTERFACE)
		IVdsLun_AddRef(self);
	return hr;
}

static HRESULT STDMETHODCALLTYPE
next_keeps_a_reference(IEnumVdsObject *self, ULONG count, IUnknown **objects, ULONG *fetched)
{
	HRESULT hr = CALL(HRESULT(*)(void *, ULONG, IUnknown **, ULONG *))(self, count, objects,
									   fetched);

	if (hr == S_OK && objects[0] != NULL)
		IUnknown_AddRef(objects[0]);
	return hr;
}

static HRESULT STDMETHODCALLTYPE
wait_keeps_a_reference(IVdsAsync *self, HRESULT *result, VDS_ASYNC_OUTPUT *output)
{
	HRESULT hr = CALL(HRESULT(*)(void *, HRESULT *, VDS_ASYNC_OUTPUT *))(self, result, output);

	if (hr == S_OK && output->type == VDS_ASYNCOUT_CREATELUN && output->cl.pLunUnk != NULL)
		IUnknown_AddRef(output->cl.pLunUnk);
	return hr;
}

/* ---- operations that lie ---- */

static HRESULT STDMETHODCALLTYPE
status_is_done_too_early(IVdsAsync *self, HRESULT *result, ULONG *percent)
{
	HRESULT hr = CALL(HRESULT(*)(void *, HRESULT *, ULONG *))(self, result, percent);

	if (hr == VDS_E_OPERATION_PENDING || (hr == S_OK && *result == VDS_E_OPERATION_PENDING)) {
		*result = S_OK;
		*percent = 100;
		return S_OK;
	}
	return hr;
}

static HRESULT STDMETHODCALLTYPE
pending_is_all_done(IVdsAsync *self, HRESULT *result, ULONG *percent)
{
	HRESULT hr = CALL(HRESULT(*)(void *, HRESULT *, ULONG *))(self, result, percent);

	if (percent != NULL)
		*percent = 100;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
cancel_does_nothing(IVdsAsync *self)
{
	static IVdsAsync *cancelled;
	HRESULT result = S_OK;
	ULONG percent = 0;

	(void)IVdsAsync_QueryStatus(self, &result, &percent);
	if (result != VDS_E_OPERATION_PENDING || cancelled == self)
		return cancelled == self ? VDS_E_OPERATION_CANCELED : VDS_E_CANCEL_TOO_LATE;
	cancelled = self;
	return S_OK;
}

/* ---- notifications that are lost or false ---- */

/* A sink between the provider and that of the program. */
static struct {
	IVdsAdviseSink sink;
	IVdsAdviseSink *inner;
} between;

static bool
is_made(const char *error)
{
	return strstr(getenv("WRONG"), error) != NULL;
}

static HRESULT STDMETHODCALLTYPE
between_on_notify(IVdsAdviseSink *self, LONG count, VDS_NOTIFICATION *notifications)
{
	LONG kept = 0;

	(void)self;
	for (LONG i = 0; i < count; i++) {
		if (is_made("departures_are_lost") &&
		    notifications[i].Lun.ulEvent == VDS_NF_PORTAL_GROUP_DEPART)
			continue;
		notifications[kept] = notifications[i];
		if (is_made("notes_have_another_type") &&
		    notifications[i].Lun.ulEvent == VDS_NF_PORTAL_MODIFY)
			notifications[kept].objectType = VDS_NTT_DRIVE;
		kept++;
	}
	if (kept > 0)
		return IVdsAdviseSink_OnNotify(between.inner, kept, notifications);
	CoTaskMemFree(notifications);
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
between_query(IVdsAdviseSink *self, REFIID riid, void **ppv)
{
	if (!IsEqualIID(riid, &IID_IUnknown) && !IsEqualIID(riid, &IID_IVdsAdviseSink))
		return IVdsAdviseSink_QueryInterface(between.inner, riid, ppv);
	*ppv = self;
	IVdsAdviseSink_AddRef(between.inner);
	return S_OK;
}

static ULONG STDMETHODCALLTYPE
between_add_ref(IVdsAdviseSink *self)
{
	(void)self;
	return IVdsAdviseSink_AddRef(between.inner);
}

static ULONG STDMETHODCALLTYPE
between_release(IVdsAdviseSink *self)
{
	(void)self;
	return IVdsAdviseSink_Release(between.inner);
}

/* Puts a sink between the provider and the first program that has one. */
static IUnknown *
sink_between(IUnknown *callback)
{
	static const IVdsAdviseSinkVtbl vtable = { between_query, between_add_ref, between_release,
						   between_on_notify };
	IVdsAdviseSink *sink = NULL;

	if (callback != NULL && between.inner == NULL)
		IUnknown_QueryInterface(callback, &IID_IVdsAdviseSink, (void **)&sink);
	if (sink == NULL)
		return callback;
	between.sink.lpVtbl = &vtable;
	between.inner = sink;
	IVdsAdviseSink_Release(sink);
	return (IUnknown *)&between.sink;
}

typedef HRESULT (*load)(void *self, LPWSTR machine, IUnknown *callback);

static HRESULT STDMETHODCALLTYPE
departures_are_lost(IVdsProviderPrivate *self, LPWSTR machine, IUnknown *callback)
{
	return CALL(load)(self, machine, sink_between(callback));
}

static HRESULT STDMETHODCALLTYPE
notes_have_another_type(IVdsProviderPrivate *self, LPWSTR machine, IUnknown *callback)
{
	return CALL(load)(self, machine, sink_between(callback));
}

/* clang-format off */
const struct wrong_error wrong_more[] = {
	WRONG(targets_are_added, OF_LUN, IVdsLunIscsi, AssociateTargets),
	WRONG(targets_come_twice, OF_LUN, IVdsLunIscsi, QueryAssociatedTargets),
	WRONG(targets_are_of_yesterday, OF_SUBSYSTEM, IVdsSubSystemIscsi, QueryTargets),
	WRONG(mask_is_joined, OF_LUN, IVdsLun, SetMask),
	WRONG(lun_is_never_healthy, OF_LUN, IVdsLun, GetProperties),
	WRONG(luns_share_a_number, OF_LUN, IVdsLunNumber, GetLunNumber),
	WRONG(groups_share_a_tag, OF_GROUP, IVdsIscsiPortalGroup, GetProperties),
	WRONG(drive_has_no_size, OF_DRIVE, IVdsDrive, GetProperties),
	WRONG(pool_has_more_than_all, OF_POOL, IVdsStoragePool, GetProperties),
	WRONG(extents_are_nobodys, OF_PLEX, IVdsLunPlex, QueryExtents),
	WRONG(most_is_endless, OF_SUBSYSTEM, IVdsSubSystem, QueryMaxLunCreateSize),
	WRONG(nothing_can_be_added, OF_LUN, IVdsLun, QueryMaxLunExtendSize),
	WRONG(create_ignores_the_mask, OF_SUBSYSTEM, IVdsSubSystem, CreateLun),
	WRONG(target_forgets_its_name, OF_SUBSYSTEM, IVdsSubSystemIscsi, CreateTarget),
	WRONG(target_forgets_its_iscsi_name, OF_SUBSYSTEM, IVdsSubSystemIscsi, CreateTarget),
	WRONG(get_object_ignores_the_type, OF_PROVIDER, IVdsProviderPrivate, GetObject),
	WRONG(refusal_keeps_a_reference, OF_GROUP, IVdsIscsiPortalGroup, AddPortal),
	WRONG(refusal_keeps_memory, OF_SUBSYSTEM, IVdsSubSystemIscsi, CreateTarget),
	WRONG(query_keeps_a_reference, OF_LUN, IVdsLun, QueryInterface),
	WRONG(next_keeps_a_reference, OF_LIST, IEnumVdsObject, Next),
	WRONG(wait_keeps_a_reference, OF_ASYNC, IVdsAsync, Wait),
	WRONG(status_is_done_too_early, OF_ASYNC, IVdsAsync, QueryStatus),
	WRONG(pending_is_all_done, OF_ASYNC, IVdsAsync, QueryStatus),
	WRONG(cancel_does_nothing, OF_ASYNC, IVdsAsync, Cancel),
	WRONG(departures_are_lost, OF_PROVIDER, IVdsProviderPrivate, OnLoad),
	WRONG(notes_have_another_type, OF_PROVIDER, IVdsProviderPrivate, OnLoad),
};
/* clang-format on */
const size_t wrong_more_count = sizeof(wrong_more) / sizeof(wrong_more[0]);
