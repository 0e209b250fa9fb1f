/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class of LUNs. IVdsLunIscsi is its main interface: AssociateTargets sets through which
 * targets the LUN is accessible, and QueryAssociatedTargets reports it;
 * IVdsIscsiTarget::QueryAssociatedLuns (target.c) is the inverse. Any thread may call the methods.
 */
#include "provider/provider_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct lun {
	struct com_object com;
	IVdsLun lun;
	IVdsLunNaming naming;
	IVdsLunNumber number;
	IVdsLunIscsi iscsi;
};

COM_THUNKS(lun, IVdsLun, lun);
COM_THUNKS(lun, IVdsLunNaming, naming);
COM_THUNKS(lun, IVdsLunNumber, number);
COM_THUNKS(lun, IVdsLunIscsi, iscsi);

#define OBJECT(self) (&container_of(self, struct lun, lun)->com)

/* ---- IVdsLun: what it is ---- */

static VDS_LUN_STATUS
status_of(const struct row_lun *row, const struct row_live_lun *live)
{
	if (live != NULL && live->health == HEALTH_FAILED)
		return VDS_LS_FAILED;
	if (live != NULL &&
	    (live->operation == OPERATION_CREATE || live->operation == OPERATION_DELETE))
		return VDS_LS_NOT_READY;
	return row->status == STATUS_OFFLINE ? VDS_LS_OFFLINE : VDS_LS_ONLINE;
}

static VDS_HEALTH
health_of(const struct row_live_lun *live)
{
	if (live == NULL)
		return VDS_H_UNKNOWN;
	switch (live->health) {
	case HEALTH_OK:
		return VDS_H_HEALTHY;
	case HEALTH_FAILED:
		return VDS_H_FAILED;
	case HEALTH_FAILING:
		return VDS_H_FAILING;
	case HEALTH_UNKNOWN:
		break;
	}
	return VDS_H_UNKNOWN;
}

static int
strings_out(const struct row_lun *row, VDS_LUN_PROP *prop)
{
	int rc = com_string_out(row->name, &prop->pwszFriendlyName);

	if (rc == 0)
		rc = com_string_out(row->serial, &prop->pwszIdentification);
	if (rc == 0)
		rc = com_string_out(row->mask, &prop->pwszUnmaskingList);
	if (rc < 0) {
		CoTaskMemFree(prop->pwszFriendlyName);
		CoTaskMemFree(prop->pwszIdentification);
		memset(prop, 0, sizeof(*prop));
	}
	return rc;
}

static HRESULT STDMETHODCALLTYPE
lun_get_properties(IVdsLun *self, VDS_LUN_PROP *prop)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_live_lun *live;
	const struct row_lun *row;
	HRESULT hr;

	hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(prop, "pLunProp"));
	if (FAILED(hr))
		return hr;
	row = look.row;
	live = provider_look_live_lun(&look, &row->id);
	com_guid_out(&row->id, &prop->id);
	prop->ullSize = row->size_bytes;
	prop->ulFlags = VDS_LF_READ_CACHE_ENABLED | VDS_LF_WRITE_CACHE_ENABLED;
	prop->type = VDS_LT_SIMPLE;
	prop->status = status_of(row, live);
	prop->health = health_of(live);
	prop->TransitionState = live != NULL && live->operation == OPERATION_EXTEND
					? VDS_TS_EXTENDING
					: VDS_TS_STABLE;
	return com_error(strings_out(row, prop));
}

static HRESULT STDMETHODCALLTYPE
lun_get_subsystem(IVdsLun *self, IVdsSubSystem **ret_subsystem)
{
	return provider_give_subsystem(OBJECT(self), ret_subsystem);
}

static HRESULT STDMETHODCALLTYPE
lun_get_identification_data(IVdsLun *self, VDS_LUN_INFORMATION *info)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr;

	hr = provider_enter(OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY, &look,
			    COM_OUT(info, "pLunInfo"));
	if (FAILED(hr))
		return hr;
	return com_error(provider_lun_information(look.row, info));
}

static HRESULT STDMETHODCALLTYPE
lun_query_active_controllers(IVdsLun *self, IEnumVdsObject **ret_enum)
{
	return provider_list_none(OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY, ret_enum);
}

static HRESULT STDMETHODCALLTYPE
lun_query_plexes(IVdsLun *self, IEnumVdsObject **ret_enum)
{
	(void)self;
	if (ret_enum != NULL)
		*ret_enum = NULL;
	return COM_NOT_IMPLEMENTED("IVdsLun::QueryPlexes");
}

/*
 * For methods whose subject this array does not have: makes the checks of every method, then
 * returns VDS_E_NOT_SUPPORTED.
 */
static HRESULT
not_supported(struct com_object *object, HRESULT arguments, const char *why)
{
	AUTO_LOOK struct provider_look look;
	HRESULT hr = provider_enter(object, PROVIDER_FAILED | PROVIDER_BUSY, &look, arguments);

	return FAILED(hr) ? hr : com_fail(VDS_E_NOT_SUPPORTED, why);
}

/* ---- IVdsLun: its size ---- */

/*
 * Checks the parameters that name drives. The array has no drives, so only an empty list is right.
 */
static HRESULT
check_drives(const VDS_OBJECT_ID *drives, LONG count)
{
	if (count < 0 || (drives == NULL) != (count == 0))
		return com_fail(E_INVALIDARG, "pDriveIdArray does not match lNumberOfDrives");
	return count > 0 ? com_fail(VDS_E_OBJECT_NOT_FOUND, "the array has no drives") : S_OK;
}

static HRESULT STDMETHODCALLTYPE
lun_extend(IVdsLun *self, ULONGLONG bytes, VDS_OBJECT_ID *drives, LONG drive_count,
	   IVdsAsync **ret_async)
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer = { 0 };
	struct client *client;
	HRESULT hr = COM_OUT(ret_async, "ppAsync");
	int rc;

	if (SUCCEEDED(hr) && bytes == 0)
		hr = com_fail(E_INVALIDARG, "ullNumberOfBytesToAdd is 0");
	if (SUCCEEDED(hr))
		hr = check_drives(drives, drive_count);
	hr = provider_change(object, 0, &client, hr);
	if (FAILED(hr))
		return hr;
	if (bytes > PROVIDER_LUN_BYTES_MAX) /* the array checks the sum, since it knows the size */
		return com_fail(VDS_E_NOT_ENOUGH_SPACE, "a LUN has at most 2^53 bytes");
	rc = client_lun_extend(client, &object->id, bytes, &answer);
	if (rc < 0)
		return provider_change_error(object, rc);
	return provider_async_new(object, VDS_ASYNCOUT_EXTENDLUN, NULL, &answer, ret_async);
}

static HRESULT STDMETHODCALLTYPE
lun_query_max_lun_extend_size(IVdsLun *self, VDS_OBJECT_ID *drives, LONG drive_count,
			      ULONGLONG *ret_bytes)
{
	struct com_object *object = OBJECT(self);
	struct client *client;
	uint64_t bytes = 0;
	HRESULT hr = COM_OUT(ret_bytes, "pullMaxBytesToBeAdded");
	int rc;

	if (SUCCEEDED(hr))
		hr = check_drives(drives, drive_count);
	hr = provider_change(object, PROVIDER_FAILED | PROVIDER_BUSY_SIZE, &client, hr);
	if (FAILED(hr))
		return hr;
	rc = client_lun_max_extend(client, &object->id, &bytes);
	if (rc < 0)
		return provider_change_error(object, rc);
	*ret_bytes = bytes;
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
lun_shrink(IVdsLun *self, ULONGLONG bytes, IVdsAsync **ret_async)
{
	(void)bytes;
	return not_supported(OBJECT(self), COM_OUT(ret_async, "ppAsync"),
			     "a LUN cannot be made smaller");
}

/* ---- IVdsLun: plexes and recovery; a LUN has one plex ---- */

static HRESULT STDMETHODCALLTYPE
lun_add_plex(IVdsLun *self, VDS_OBJECT_ID lun_id, IVdsAsync **ret_async)
{
	(void)lun_id;
	return not_supported(OBJECT(self), COM_OUT(ret_async, "ppAsync"),
			     "the LUNs of this array are not mirrored");
}

static HRESULT STDMETHODCALLTYPE
lun_remove_plex(IVdsLun *self, VDS_OBJECT_ID plex_id, IVdsAsync **ret_async)
{
	(void)plex_id;
	return not_supported(OBJECT(self), COM_OUT(ret_async, "ppAsync"),
			     "a LUN of this array has one plex, which cannot be removed");
}

static HRESULT STDMETHODCALLTYPE
lun_recover(IVdsLun *self, IVdsAsync **ret_async)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr;

	hr = provider_enter(OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY, &look,
			    COM_OUT(ret_async, "ppAsync"));
	return FAILED(hr) ? hr : com_fail(VDS_E_INVALID_OPERATION, "the LUN is not fault tolerant");
}

/* ---- IVdsLun: changes ---- */

static HRESULT STDMETHODCALLTYPE
lun_set_mask(IVdsLun *self, LPWSTR unmasking_list)
{
	struct com_object *object = OBJECT(self);
	AUTO_FREE char *mask = NULL;
	struct client_answer answer;
	struct client *client;
	HRESULT hr = provider_change(object, PROVIDER_FAILED, &client,
				     com_text(unmasking_list, "pwszUnmaskingList", &mask));

	if (FAILED(hr))
		return hr;
	return provider_change_error(object,
				     client_lun_set_mask(client, &object->id, mask, &answer));
}

static HRESULT STDMETHODCALLTYPE
lun_delete(IVdsLun *self)
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer;
	struct client *client;
	HRESULT hr = provider_change(object, 0, &client, S_OK);

	if (FAILED(hr))
		return hr;
	/*
	 * IVdsLun::Delete has no code for a LUN that is associated, so such a LUN is deleted, too.
	 */
	return provider_change_error(object, client_lun_delete(client, &object->id, true, &answer));
}

static HRESULT STDMETHODCALLTYPE
lun_set_status(IVdsLun *self, VDS_LUN_STATUS status)
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer;
	enum row_status wanted;
	struct client *client;
	HRESULT hr;

	switch (status) {
	case VDS_LS_ONLINE:
		wanted = STATUS_ONLINE;
		break;
	case VDS_LS_OFFLINE:
		wanted = STATUS_OFFLINE;
		break;
	case VDS_LS_NOT_READY:
	case VDS_LS_FAILED:
		return com_fail(VDS_E_NOT_SUPPORTED, "a LUN can be put online or offline");
	case VDS_LS_UNKNOWN:
	default:
		return com_fail(E_INVALIDARG, "status is not one that can be set");
	}
	hr = provider_change(object, 0, &client, S_OK);
	if (FAILED(hr))
		return hr;
	return provider_change_error(object,
				     client_lun_set_status(client, &object->id, wanted, &answer));
}

static HRESULT STDMETHODCALLTYPE
lun_associate_controllers(IVdsLun *self, VDS_OBJECT_ID *active, LONG active_count,
			  VDS_OBJECT_ID *inactive, LONG inactive_count)
{
	AUTO_LOOK struct provider_look look;
	HRESULT hr = S_OK;

	if (active_count < 0 || inactive_count < 0 || (active_count > 0 && active == NULL) ||
	    (inactive_count > 0 && inactive == NULL))
		hr = com_fail(E_INVALIDARG, "the arrays of controllers do not match their counts");
	hr = provider_enter(OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY, &look, hr);
	if (FAILED(hr) || (active_count == 0 && inactive_count == 0))
		return hr;
	return com_fail(VDS_E_OBJECT_NOT_FOUND, "the array has no controllers");
}

static HRESULT STDMETHODCALLTYPE
lun_query_hints(IVdsLun *self, VDS_HINTS *hints)
{
	return not_supported(OBJECT(self), COM_OUT(hints, "pHints"), "this array knows no hints");
}

static HRESULT STDMETHODCALLTYPE
lun_apply_hints(IVdsLun *self, VDS_HINTS *hints)
{
	HRESULT hr = hints != NULL ? S_OK : COM_NULL_ARGUMENT("pHints");

	return not_supported(OBJECT(self), hr, "this array knows no hints");
}

static const IVdsLunVtbl lun_vtable = {
	COM_UNKNOWN(lun),
	.GetProperties = lun_get_properties,
	.GetSubSystem = lun_get_subsystem,
	.GetIdentificationData = lun_get_identification_data,
	.QueryActiveControllers = lun_query_active_controllers,
	.Extend = lun_extend,
	.Shrink = lun_shrink,
	.QueryPlexes = lun_query_plexes,
	.AddPlex = lun_add_plex,
	.RemovePlex = lun_remove_plex,
	.Recover = lun_recover,
	.SetMask = lun_set_mask,
	.Delete = lun_delete,
	.AssociateControllers = lun_associate_controllers,
	.QueryHints = lun_query_hints,
	.ApplyHints = lun_apply_hints,
	.SetStatus = lun_set_status,
	.QueryMaxLunExtendSize = lun_query_max_lun_extend_size,
};

/* ---- IVdsLunNaming, IVdsLunNumber ---- */

static HRESULT STDMETHODCALLTYPE
naming_set_friendly_name(IVdsLunNaming *self, LPWSTR friendly_name)
{
	return provider_rename(&container_of(self, struct lun, naming)->com, PROVIDER_FAILED,
			       friendly_name, client_lun_rename);
}

static const IVdsLunNamingVtbl naming_vtable = {
	COM_UNKNOWN(naming),
	.SetFriendlyName = naming_set_friendly_name,
};

static HRESULT STDMETHODCALLTYPE
number_get_lun_number(IVdsLunNumber *self, ULONG *ret_number)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_lun *row;
	HRESULT hr;

	hr = provider_enter(&container_of(self, struct lun, number)->com, 0, &look,
			    COM_OUT(ret_number, "pulLunNumber"));
	if (FAILED(hr))
		return hr;
	row = look.row;
	*ret_number = row->number;
	return S_OK;
}

static const IVdsLunNumberVtbl number_vtable = {
	COM_UNKNOWN(number),
	.GetLunNumber = number_get_lun_number,
};

/* ---- IVdsLunIscsi ---- */

#define ISCSI_OBJECT(self) (&container_of(self, struct lun, iscsi)->com)

static int
compare_ids(const void *a, const void *b)
{
	return guid_compare(a, b);
}

/* Sorts the ids and removes those that are there twice. Returns how many are left. */
static size_t
unique_ids(struct guid *ids, size_t count)
{
	size_t kept = 0;

	qsort(ids, count, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || !guid_equal(&ids[kept - 1], &ids[i]))
			ids[kept++] = ids[i];
	}
	return kept;
}

static HRESULT STDMETHODCALLTYPE
iscsi_associate_targets(IVdsLunIscsi *self, VDS_OBJECT_ID *target_ids, LONG count)
{
	struct com_object *object = ISCSI_OBJECT(self);
	AUTO_FREE struct guid *targets = NULL;
	struct client_answer answer;
	struct client *client;
	HRESULT hr = S_OK;

	if (count < 0)
		hr = com_fail(E_INVALIDARG, "lNumberOfTargets is negative");
	else if (target_ids == NULL && count > 0)
		hr = COM_NULL_ARGUMENT("pTargetIdArray");
	hr = provider_change(object, PROVIDER_FAILED, &client, hr);
	if (FAILED(hr))
		return hr;
	targets = mem_calloc(MAX((size_t)count, 1u), sizeof(*targets));
	if (targets == NULL)
		return com_error(-ENOMEM);
	for (LONG i = 0; i < count; i++)
		com_guid_in(&target_ids[i], &targets[i]);
	/*
	 * Duplicates are removed here, although the array ignores them, so that they do not make
	 * the request longer.
	 */
	return provider_change_error(
		object, client_lun_associate(client, &object->id, targets,
					     unique_ids(targets, (size_t)count), &answer));
}

static HRESULT STDMETHODCALLTYPE
iscsi_query_associated_targets(IVdsLunIscsi *self, IEnumVdsObject **ret_enum)
{
	return provider_list_slice(ISCSI_OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY_TARGETS,
				   &provider_target_class, state_lun_targets,
				   offsetof(struct row_association, target_id), ret_enum);
}

static const IVdsLunIscsiVtbl iscsi_vtable = {
	COM_UNKNOWN(iscsi),
	.AssociateTargets = iscsi_associate_targets,
	.QueryAssociatedTargets = iscsi_query_associated_targets,
};

/* clang-format off */
static const struct com_interface interfaces[] = {
	COM_INTERFACE(lun, IVdsLun, lun),
	COM_INTERFACE(lun, IVdsLunNaming, naming),
	COM_INTERFACE(lun, IVdsLunNumber, number),
	COM_INTERFACE(lun, IVdsLunIscsi, iscsi),
};
/* clang-format on */

const struct com_class provider_lun_class = {
	.name = "lun",
	.kind = ROW_LUN,
	.size_bytes = sizeof(struct lun),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};
