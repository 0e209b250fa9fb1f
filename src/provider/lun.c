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

#include "model/host.h"
#include "provider/maintenance_int.h"

struct lun {
	struct com_object com;
	IVdsLun lun;
	IVdsLun2 lun2;
	IVdsLunNaming naming;
	IVdsLunNumber number;
	IVdsLunIscsi iscsi;
	IVdsLunControllerPorts ports;
	IVdsMaintenance maintenance;
};

COM_THUNKS(lun, IVdsLun, lun);
COM_THUNKS(lun, IVdsLun2, lun2);
COM_THUNKS(lun, IVdsLunNaming, naming);
COM_THUNKS(lun, IVdsLunNumber, number);
COM_THUNKS(lun, IVdsLunIscsi, iscsi);
COM_THUNKS(lun, IVdsLunControllerPorts, ports);
PROVIDER_MAINTENANCE(lun, maintenance);

#define OBJECT(self) (&container_of(self, struct lun, lun)->com)

/* ---- IVdsLun: what it is ---- */

VDS_LUN_STATUS
provider_lun_status(const struct row_lun *row, const struct row_live_lun *live)
{
	if (live != NULL && live->health == HEALTH_FAILED)
		return VDS_LS_FAILED;
	if (live != NULL &&
	    (live->operation == OPERATION_CREATE || live->operation == OPERATION_DELETE))
		return VDS_LS_NOT_READY;
	return row->status == STATUS_OFFLINE ? VDS_LS_OFFLINE : VDS_LS_ONLINE;
}

VDS_HEALTH
provider_lun_health(const struct row_live_lun *live)
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

VDS_TRANSITION_STATE
provider_lun_transition(const struct row_live_lun *live)
{
	switch (live != NULL ? live->operation : OPERATION_NONE) {
	case OPERATION_EXTEND:
		return VDS_TS_EXTENDING;
	case OPERATION_SHRINK:
		return VDS_TS_SHRINKING;
	default:
		return VDS_TS_STABLE;
	}
}

/* VDS knows initiators only: the names of the list's hosts stand in their place. */
static int
mask_out(const struct state *config, const struct row_lun *row, LPWSTR *ret_list)
{
	AUTO_FREE char *list = NULL;
	int rc = host_mask_flatten(config, row->mask, &list);

	return rc < 0 ? rc : com_string_out(list, ret_list);
}

static int
strings_out(const struct state *config, const struct row_lun *row, VDS_LUN_PROP *prop)
{
	int rc = com_string_out(row->name, &prop->pwszFriendlyName);

	if (rc == 0)
		rc = com_string_out(row->serial, &prop->pwszIdentification);
	if (rc == 0)
		rc = mask_out(config, row, &prop->pwszUnmaskingList);
	if (rc < 0) {
		CoTaskMemFree(prop->pwszFriendlyName);
		CoTaskMemFree(prop->pwszIdentification);
		memset(prop, 0, sizeof(*prop));
	}
	return rc;
}

/* Reads are always cached, by the kernel.  An initiator may have turned the write cache off. */
static ULONG
flags_of(const struct row_lun *row, const struct row_live_lun *live)
{
	bool through = live != NULL ? live->write_through : hints_write_through(row->hints);

	return VDS_LF_READ_CACHE_ENABLED |
	       (through ? VDS_LF_WRITE_THROUGH_CACHING_ENABLED : VDS_LF_WRITE_CACHE_ENABLED);
}

SHORT
provider_lun_rebuild_priority(const struct row_lun *row)
{
	struct hints hints = { 0 };

	if (row->hints != NULL)
		(void)hints_parse(row->hints, &hints);
	return (SHORT)hints.values[HINT_RBP];
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
	prop->ulFlags = flags_of(row, live);
	prop->sRebuildPriority = provider_lun_rebuild_priority(row);
	prop->type = VDS_LT_SIMPLE;
	prop->status = provider_lun_status(row, live);
	prop->health = provider_lun_health(live);
	prop->TransitionState = provider_lun_transition(live);
	return com_error(strings_out(look.view.config, row, prop));
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
	return provider_lun_query_controllers(OBJECT(self), ret_enum);
}

static HRESULT STDMETHODCALLTYPE
lun_query_plexes(IVdsLun *self, IEnumVdsObject **ret_enum)
{
	return provider_list_plexes(OBJECT(self), ret_enum);
}

/* ---- IVdsLun: its size ---- */

/* Begins a method that makes the LUN larger: as provider_change, and checks the drives. */
static HRESULT
change_on_drives(struct com_object *object, unsigned guards, const VDS_OBJECT_ID *drives,
		 LONG drive_count, struct client **ret_client, HRESULT arguments)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = FAILED(arguments) ? arguments : provider_drives_check(drives, drive_count);

	hr = provider_enter(object, guards, &look, hr);
	if (SUCCEEDED(hr))
		hr = provider_drives_extend(&look.view, look.row, drives, drive_count);
	return provider_change(object, guards, ret_client, hr);
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
	hr = change_on_drives(object, 0, drives, drive_count, &client, hr);
	if (FAILED(hr))
		return hr;
	if (bytes > PROVIDER_LUN_BYTES_MAX) /* the array checks the sum, since it knows the size */
		return com_fail(VDS_E_NOT_ENOUGH_SPACE, "a LUN has at most 2^53 bytes");
	rc = client_lun_extend(client, &object->id, bytes, true, &answer);
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

	hr = change_on_drives(object, PROVIDER_FAILED | PROVIDER_BUSY_SIZE, drives, drive_count,
			      &client, hr);
	if (FAILED(hr))
		return hr;
	rc = client_lun_max_extend(client, &object->id, true, &bytes);
	if (rc < 0)
		return provider_change_error(object, rc);
	*ret_bytes = bytes;
	return S_OK;
}

/*
 * VDS documents no code for a LUN that is in use: its service has looked for partitions before it
 * calls, and it can do that only on a LUN that this host sees.  So the LUN is shrunk all the same.
 */
static HRESULT STDMETHODCALLTYPE
lun_shrink(IVdsLun *self, ULONGLONG bytes, IVdsAsync **ret_async)
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer = { 0 };
	struct client *client;
	HRESULT hr = COM_OUT(ret_async, "ppAsync");
	int rc;

	if (SUCCEEDED(hr) && bytes == 0)
		hr = com_fail(E_INVALIDARG, "ullNumberOfBytesToRemove is 0");
	hr = provider_change(object, PROVIDER_FAILED, &client, hr);
	if (FAILED(hr))
		return hr;
	if (bytes > PROVIDER_LUN_BYTES_MAX) /* no LUN has so many */
		return com_fail(E_INVALIDARG, "ullNumberOfBytesToRemove is more than the LUN has");
	rc = client_lun_shrink(client, &object->id, 0, bytes, true, &answer);
	if (rc < 0)
		return provider_change_error(object, rc);
	return provider_async_new(object, VDS_ASYNCOUT_SHRINKLUN, NULL, &answer, ret_async);
}

/* ---- IVdsLun: plexes and recovery; a LUN has one plex ---- */

static HRESULT STDMETHODCALLTYPE
lun_add_plex(IVdsLun *self, VDS_OBJECT_ID lun_id, IVdsAsync **ret_async)
{
	return provider_add_plex(OBJECT(self), &lun_id, ret_async);
}

static HRESULT STDMETHODCALLTYPE
lun_remove_plex(IVdsLun *self, VDS_OBJECT_ID plex_id, IVdsAsync **ret_async)
{
	return provider_remove_plex(OBJECT(self), &plex_id, ret_async);
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
	enum row_status wanted = STATUS_ONLINE;
	struct client *client;
	HRESULT hr = S_OK;

	switch (status) {
	case VDS_LS_ONLINE:
		break;
	case VDS_LS_OFFLINE:
		wanted = STATUS_OFFLINE;
		break;
	case VDS_LS_NOT_READY:
	case VDS_LS_FAILED:
		hr = com_fail(
			VDS_E_NOT_SUPPORTED,
			"the status of a LUN can be set only to VDS_LS_ONLINE or VDS_LS_OFFLINE");
		break;
	case VDS_LS_UNKNOWN:
	default:
		hr = com_fail(E_INVALIDARG, "status is not a VDS_LUN_STATUS that can be set");
	}
	hr = provider_change(object, 0, &client, hr);
	if (FAILED(hr))
		return hr;
	return provider_change_error(object,
				     client_lun_set_status(client, &object->id, wanted, &answer));
}

static HRESULT STDMETHODCALLTYPE
lun_associate_controllers(IVdsLun *self, VDS_OBJECT_ID *active, LONG active_count,
			  VDS_OBJECT_ID *inactive, LONG inactive_count)
{
	const struct provider_pair pair = { active, active_count, inactive, inactive_count };

	return provider_lun_associate_controllers(OBJECT(self), &pair);
}

static HRESULT STDMETHODCALLTYPE
lun_query_hints(IVdsLun *self, VDS_HINTS *hints)
{
	return provider_query_hints(OBJECT(self), hints);
}

static HRESULT STDMETHODCALLTYPE
lun_apply_hints(IVdsLun *self, VDS_HINTS *hints)
{
	return provider_apply_hints(OBJECT(self), hints);
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

/* ---- IVdsLun2 ---- */

static HRESULT STDMETHODCALLTYPE
lun2_query_hints2(IVdsLun2 *self, VDS_HINTS2 *hints)
{
	return provider_query_hints2(&container_of(self, struct lun, lun2)->com, hints);
}

static HRESULT STDMETHODCALLTYPE
lun2_apply_hints2(IVdsLun2 *self, VDS_HINTS2 *hints)
{
	return provider_apply_hints2(&container_of(self, struct lun, lun2)->com, hints);
}

static const IVdsLun2Vtbl lun2_vtable = {
	COM_UNKNOWN(lun2),
	.QueryHints2 = lun2_query_hints2,
	.ApplyHints2 = lun2_apply_hints2,
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

/* ---- IVdsLunControllerPorts ---- */

static HRESULT STDMETHODCALLTYPE
ports_associate_controller_ports(IVdsLunControllerPorts *self, VDS_OBJECT_ID *active,
				 LONG active_count, VDS_OBJECT_ID *inactive, LONG inactive_count)
{
	const struct provider_pair pair = { active, active_count, inactive, inactive_count };

	return provider_lun_associate_ports(&container_of(self, struct lun, ports)->com, &pair);
}

static HRESULT STDMETHODCALLTYPE
ports_query_active_controller_ports(IVdsLunControllerPorts *self, IEnumVdsObject **ret_enum)
{
	return provider_lun_query_ports(&container_of(self, struct lun, ports)->com, ret_enum);
}

static const IVdsLunControllerPortsVtbl ports_vtable = {
	COM_UNKNOWN(ports),
	.AssociateControllerPorts = ports_associate_controller_ports,
	.QueryActiveControllerPorts = ports_query_active_controller_ports,
};

/* clang-format off */
static const struct com_interface interfaces[] = {
	COM_INTERFACE(lun, IVdsLun, lun),
	COM_INTERFACE(lun, IVdsLun2, lun2),
	COM_INTERFACE(lun, IVdsLunNaming, naming),
	COM_INTERFACE(lun, IVdsLunNumber, number),
	COM_INTERFACE(lun, IVdsLunIscsi, iscsi),
	COM_INTERFACE(lun, IVdsLunControllerPorts, ports),
	COM_INTERFACE(lun, IVdsMaintenance, maintenance),
};
/* clang-format on */

const struct com_class provider_lun_class = {
	.name = "lun",
	.kind = ROW_LUN,
	.size_bytes = sizeof(struct lun),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};
