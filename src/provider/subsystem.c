/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class of the subsystem, which is the array itself.  It has one controller, which is the
 * host's data path, and one bus, on which all drives are.  Any thread may call the methods.
 */
#include "provider/provider_int.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "provider/maintenance_int.h"

struct subsystem {
	struct com_object com;
	IVdsSubSystem subsystem;
	IVdsSubSystem2 subsystem2;
	IVdsSubSystemNaming naming;
	IVdsSubSystemIscsi iscsi;
	IVdsSubSystemInterconnect interconnect;
	IVdsMaintenance maintenance;
};

COM_THUNKS(subsystem, IVdsSubSystem, subsystem);
COM_THUNKS(subsystem, IVdsSubSystem2, subsystem2);
COM_THUNKS(subsystem, IVdsSubSystemNaming, naming);
COM_THUNKS(subsystem, IVdsSubSystemIscsi, iscsi);
COM_THUNKS(subsystem, IVdsSubSystemInterconnect, interconnect);
PROVIDER_MAINTENANCE(subsystem, maintenance);

#define OBJECT(self) (&container_of(self, struct subsystem, subsystem)->com)

/* ---- IVdsSubSystem: what it is ---- */

#define CAPABILITIES                                                                              \
	(VDS_SF_LUN_MASKING_CAPABLE | VDS_SF_SUPPORTS_NON_FAULT_TOLERANT_LUNS |                   \
	 VDS_SF_SUPPORTS_SIMPLE_LUNS | VDS_SF_SUPPORTS_LUN_NUMBER | VDS_SF_READ_CACHING_CAPABLE | \
	 VDS_SF_WRITE_CACHING_CAPABLE | VDS_SF_WRITE_THROUGH_CACHING_CAPABLE |                    \
	 VDS_SF_SUPPORTS_AUTH_CHAP | VDS_SF_SUPPORTS_AUTH_MUTUAL_CHAP |                           \
	 VDS_SF_DRIVE_EXTENT_CAPABLE) /* a LUN takes a part of a drive */

bool
provider_is_degraded(const struct state *live)
{
	return state_ailing(live) > 0;
}

/*
 * Says where GetDrive finds drives and how many controllers there can be.  Slots count from 1, so
 * there is one more than the highest: a program that counts from 0 meets all.
 */
static void
places_out(const struct state *live, VDS_SUB_SYSTEM_PROP *prop)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < state_count(live, ROW_LIVE_DRIVE); i++) {
		const struct row_live_drive *drive = state_at(live, ROW_LIVE_DRIVE, i);

		highest = MAX(highest, drive->slot);
	}
	prop->sNumberOfInternalBuses = 1;
	if (highest > 0)
		prop->sMaxNumberOfSlotsEachBus = (SHORT)MIN(highest + 1, (uint32_t)INT16_MAX);
	prop->sMaxNumberOfControllers = 1;
}

static HRESULT STDMETHODCALLTYPE
subsystem_get_properties(IVdsSubSystem *self, VDS_SUB_SYSTEM_PROP *prop)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_array *array;
	bool degraded;
	HRESULT hr;
	int rc;

	hr = provider_enter_lost(OBJECT(self), &look, COM_OUT(prop, "pSubSystemProp"));
	if (FAILED(hr))
		return hr;
	array = look.row;
	degraded = provider_is_degraded(look.view.live);
	com_guid_out(&array->id, &prop->id);
	prop->ulFlags = CAPABILITIES;
	places_out(look.view.live, prop);
	prop->status = degraded ? VDS_SSS_PARTIALLY_MANAGED : VDS_SSS_ONLINE;
	prop->health = degraded ? VDS_H_DEGRADED : VDS_H_HEALTHY;
	if (look.lost) {
		prop->status = VDS_SSS_OFFLINE;
		prop->health = VDS_H_UNKNOWN;
	}
	rc = com_string_out(array->name, &prop->pwszFriendlyName);
	if (rc == 0)
		rc = com_string_out(array->serial, &prop->pwszIdentification);
	if (rc < 0) {
		CoTaskMemFree(prop->pwszFriendlyName);
		memset(prop, 0, sizeof(*prop));
	}
	return com_error(rc);
}

static HRESULT STDMETHODCALLTYPE
subsystem_get_provider(IVdsSubSystem *self, IVdsProvider **ret_provider)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr;

	hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(ret_provider, "ppProvider"));
	if (FAILED(hr))
		return hr;
	return com_give(OBJECT(self)->space->root, &provider_class, &provider_id, &IID_IVdsProvider,
			(void **)ret_provider);
}

/* ---- IVdsSubSystem: what it holds ---- */

static HRESULT STDMETHODCALLTYPE
subsystem_query_luns(IVdsSubSystem *self, IEnumVdsObject **ret_enum)
{
	return provider_list_family(OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY,
				    &provider_lun_class, ret_enum);
}

/*
 * For methods that have no effect on this array: checks only the arguments and that the subsystem
 * is usable.
 */
static HRESULT
enter_only(IVdsSubSystem *self, HRESULT arguments)
{
	AUTO_LOOK struct provider_look look;

	return provider_enter(OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY, &look, arguments);
}

static HRESULT STDMETHODCALLTYPE
subsystem_query_drives(IVdsSubSystem *self, IEnumVdsObject **ret_enum)
{
	return provider_list_family(OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY,
				    &provider_drive_class, ret_enum);
}

static HRESULT STDMETHODCALLTYPE
subsystem_get_drive(IVdsSubSystem *self, SHORT bus, SHORT slot, IVdsDrive **ret_drive)
{
	return provider_give_drive(OBJECT(self), bus, slot, PROVIDER_NO_ENCLOSURE, ret_drive);
}

static HRESULT STDMETHODCALLTYPE
subsystem_reenumerate(IVdsSubSystem *self)
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer;
	struct client *client;
	HRESULT hr = provider_change(object, PROVIDER_FAILED | PROVIDER_BUSY, &client, S_OK);
	int rc;

	if (FAILED(hr))
		return hr;
	rc = client_drive_rescan(client, &answer);
	/* An older vdsd cannot be asked: it looks for its drives by itself every few seconds. */
	return rc == ERR_NOT_FOUND ? S_OK : provider_change_error(object, rc);
}

static HRESULT STDMETHODCALLTYPE
subsystem_query_controllers(IVdsSubSystem *self, IEnumVdsObject **ret_enum)
{
	return provider_list_family(OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY,
				    &provider_controller_class, ret_enum);
}

static HRESULT STDMETHODCALLTYPE
subsystem_set_controller_status(IVdsSubSystem *self, VDS_OBJECT_ID *online, LONG online_count,
				VDS_OBJECT_ID *offline, LONG offline_count)
{
	const struct provider_pair pair = { online, online_count, offline, offline_count };

	return provider_set_controller_status(OBJECT(self), &pair);
}

static HRESULT STDMETHODCALLTYPE
subsystem_replace_drive(IVdsSubSystem *self, VDS_OBJECT_ID drive, VDS_OBJECT_ID replacement)
{
	return provider_replace_drive(OBJECT(self), &drive, &replacement);
}

static HRESULT STDMETHODCALLTYPE
subsystem_set_status(IVdsSubSystem *self, VDS_SUB_SYSTEM_STATUS status)
{
	HRESULT hr;

	switch (status) {
	case VDS_SSS_ONLINE:
	case VDS_SSS_NOT_READY:
	case VDS_SSS_OFFLINE:
	case VDS_SSS_FAILED:
	case VDS_SSS_PARTIALLY_MANAGED:
		break;
	case VDS_SSS_UNKNOWN:
	default:
		return com_fail(E_INVALIDARG, "status is not one that can be set");
	}
	hr = enter_only(self, S_OK);
	if (FAILED(hr) || status == VDS_SSS_ONLINE)
		return hr;
	return com_fail(
		VDS_E_NOT_SUPPORTED,
		"the status of the array cannot be changed: it is online as long as vdsd runs");
}

/* ---- IVdsSubSystem: new LUNs ---- */

static HRESULT STDMETHODCALLTYPE
subsystem_create_lun(IVdsSubSystem *self, VDS_LUN_TYPE type, ULONGLONG size, VDS_OBJECT_ID *drives,
		     LONG drive_count, LPWSTR unmasking_list, VDS_HINTS *hints,
		     IVdsAsync **ret_async)
{
	struct provider_new_lun new = { .type = type,
					.size = size,
					.drives = drives,
					.drive_count = drive_count,
					.unmasking_list = unmasking_list };
	HRESULT hr = COM_OUT(ret_async, "ppAsync");

	if (SUCCEEDED(hr))
		hr = provider_hints_in(hints, &new.hints);
	return provider_create_lun(OBJECT(self), &new, hr, ret_async);
}

static HRESULT STDMETHODCALLTYPE
subsystem_query_max_lun_create_size(IVdsSubSystem *self, VDS_LUN_TYPE type, VDS_OBJECT_ID *drives,
				    LONG drive_count, VDS_HINTS *hints, ULONGLONG *ret_size)
{
	struct provider_new_lun new = { .type = type,
					.drives = drives,
					.drive_count = drive_count };
	HRESULT hr = COM_OUT(ret_size, "pullMaxLunSize");

	if (SUCCEEDED(hr))
		hr = provider_hints_in(hints, &new.hints);
	return provider_max_lun_size(OBJECT(self), &new, hr, ret_size);
}

static const IVdsSubSystemVtbl subsystem_vtable = {
	COM_UNKNOWN(subsystem),
	.GetProperties = subsystem_get_properties,
	.GetProvider = subsystem_get_provider,
	.QueryControllers = subsystem_query_controllers,
	.QueryLuns = subsystem_query_luns,
	.QueryDrives = subsystem_query_drives,
	.GetDrive = subsystem_get_drive,
	.Reenumerate = subsystem_reenumerate,
	.SetControllerStatus = subsystem_set_controller_status,
	.CreateLun = subsystem_create_lun,
	.ReplaceDrive = subsystem_replace_drive,
	.SetStatus = subsystem_set_status,
	.QueryMaxLunCreateSize = subsystem_query_max_lun_create_size,
};

/* ---- IVdsSubSystem2 ---- */

#define OBJECT2(self) (&container_of(self, struct subsystem, subsystem2)->com)

static HRESULT STDMETHODCALLTYPE
subsystem2_get_properties2(IVdsSubSystem2 *self, VDS_SUB_SYSTEM_PROP2 *prop)
{
	VDS_SUB_SYSTEM_PROP old;
	HRESULT hr = COM_OUT(prop, "pSubSystemProp2");

	if (SUCCEEDED(hr))
		hr = subsystem_get_properties(
			&container_of(self, struct subsystem, subsystem2)->subsystem, &old);
	if (FAILED(hr))
		return hr;
	prop->id = old.id;
	prop->pwszFriendlyName = old.pwszFriendlyName;
	prop->pwszIdentification = old.pwszIdentification;
	prop->ulFlags = old.ulFlags;
	prop->ulStripeSizeFlags = old.ulStripeSizeFlags;
	prop->status = old.status;
	prop->health = old.health;
	prop->sNumberOfInternalBuses = old.sNumberOfInternalBuses;
	prop->sMaxNumberOfSlotsEachBus = old.sMaxNumberOfSlotsEachBus;
	prop->sMaxNumberOfControllers = old.sMaxNumberOfControllers;
	prop->sRebuildPriority = old.sRebuildPriority;
	return hr; /* no RAID types, and no enclosures that the array knows */
}

static HRESULT STDMETHODCALLTYPE
subsystem2_get_drive2(IVdsSubSystem2 *self, SHORT bus, SHORT slot, ULONG enclosure,
		      IVdsDrive **ret_drive)
{
	return provider_give_drive(OBJECT2(self), bus, slot, enclosure, ret_drive);
}

static HRESULT STDMETHODCALLTYPE
subsystem2_create_lun2(IVdsSubSystem2 *self, VDS_LUN_TYPE type, ULONGLONG size,
		       VDS_OBJECT_ID *drives, LONG drive_count, LPWSTR unmasking_list,
		       VDS_HINTS2 *hints, IVdsAsync **ret_async)
{
	struct provider_new_lun new = { .type = type,
					.size = size,
					.drives = drives,
					.drive_count = drive_count,
					.unmasking_list = unmasking_list };
	HRESULT hr = COM_OUT(ret_async, "ppAsync");

	if (SUCCEEDED(hr))
		hr = provider_hints2_in(hints, &new.hints);
	return provider_create_lun(OBJECT2(self), &new, hr, ret_async);
}

static HRESULT STDMETHODCALLTYPE
subsystem2_query_max_lun_create_size2(IVdsSubSystem2 *self, VDS_LUN_TYPE type,
				      VDS_OBJECT_ID *drives, LONG drive_count, VDS_HINTS2 *hints,
				      ULONGLONG *ret_size)
{
	struct provider_new_lun new = { .type = type,
					.drives = drives,
					.drive_count = drive_count };
	HRESULT hr = COM_OUT(ret_size, "pullMaxLunSize");

	if (SUCCEEDED(hr))
		hr = provider_hints2_in(hints, &new.hints);
	return provider_max_lun_size(OBJECT2(self), &new, hr, ret_size);
}

static const IVdsSubSystem2Vtbl subsystem2_vtable = {
	COM_UNKNOWN(subsystem2),
	.GetProperties2 = subsystem2_get_properties2,
	.GetDrive2 = subsystem2_get_drive2,
	.CreateLun2 = subsystem2_create_lun2,
	.QueryMaxLunCreateSize2 = subsystem2_query_max_lun_create_size2,
};

/* ---- IVdsSubSystemNaming ---- */

/* There is only one array, so a rename needs no id. */
static int
rename_array(struct client *client, const struct guid *id, const char *name,
	     struct client_answer *ret_answer)
{
	(void)id;
	return client_array_rename(client, name, ret_answer);
}

static HRESULT STDMETHODCALLTYPE
naming_set_friendly_name(IVdsSubSystemNaming *self, LPWSTR friendly_name)
{
	return provider_rename(&container_of(self, struct subsystem, naming)->com, 0, friendly_name,
			       rename_array);
}

static const IVdsSubSystemNamingVtbl naming_vtable = {
	COM_UNKNOWN(naming),
	.SetFriendlyName = naming_set_friendly_name,
};

/* ---- IVdsSubSystemIscsi ---- */

#define ISCSI_OBJECT(self) (&container_of(self, struct subsystem, iscsi)->com)

static HRESULT STDMETHODCALLTYPE
iscsi_query_targets(IVdsSubSystemIscsi *self, IEnumVdsObject **ret_enum)
{
	return provider_list_family(ISCSI_OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY,
				    &provider_target_class, ret_enum);
}

static HRESULT STDMETHODCALLTYPE
iscsi_query_portals(IVdsSubSystemIscsi *self, IEnumVdsObject **ret_enum)
{
	return provider_list_family(ISCSI_OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY,
				    &provider_portal_class, ret_enum);
}

/*
 * Checks that no other array that can be seen has a target of this name; the array itself knows its
 * own.  A name that is none is for the array to refuse.
 */
static HRESULT
check_name_elsewhere(struct com_object *object, const char *text)
{
	struct provider_place *own = provider_place_of(object->space);
	AUTO_FREE char *name = NULL;

	if (iscsi_name_normalize(text, &name) < 0)
		return S_OK;
	provider_for_each_place(place, provider_core_of(object))
	{
		AUTO_VIEW struct client_view view = { NULL, NULL };

		if (place == own || client_view(place->client, &view) < 0)
			continue;
		if (state_target_by_name(view.config, name) != NULL)
			return com_fail(VDS_E_NAME_NOT_UNIQUE,
					"another array has a target of this name");
	}
	return S_OK;
}

/* As VDS documents it, a new target has no portal groups. */
static HRESULT STDMETHODCALLTYPE
iscsi_create_target(IVdsSubSystemIscsi *self, LPWSTR iscsi_name, LPWSTR friendly_name,
		    IVdsAsync **ret_async)
{
	struct com_object *object = ISCSI_OBJECT(self);
	struct client_answer answer = { 0 };
	AUTO_FREE char *name = NULL;
	AUTO_FREE char *alias = NULL;
	struct client *client;
	bool cut = false;
	HRESULT hr = COM_OUT(ret_async, "ppAsync");
	int rc;

	if (SUCCEEDED(hr) && friendly_name == NULL)
		hr = COM_NULL_ARGUMENT("pwszFriendlyName");
	if (SUCCEEDED(hr) && iscsi_name != NULL && iscsi_name[0] != 0)
		hr = com_text(iscsi_name, "pwszIscsiName", &name);
	/* The name is cut as by SetFriendlyName; CreateTarget has no code that reports it. */
	if (SUCCEEDED(hr))
		hr = com_error(com_name_in(friendly_name, ROW_NAME_UNITS, &alias, &cut));
	hr = provider_change(object, 0, &client, hr);
	if (SUCCEEDED(hr) && name != NULL)
		hr = check_name_elsewhere(object, name);
	if (FAILED(hr))
		return hr;
	rc = client_target_create(client, name, alias, false, &answer);
	if (rc < 0)
		return com_error(rc);
	return provider_async_new(object, VDS_ASYNCOUT_CREATETARGET, &provider_target_class,
				  &answer, ret_async);
}

static HRESULT STDMETHODCALLTYPE
iscsi_set_ipsec_group_preshared_key(IVdsSubSystemIscsi *self, VDS_ISCSI_IPSEC_KEY *key)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(ISCSI_OBJECT(self), 0, &look, S_OK);

	(void)key; /* none, which removes a key, is right, too */
	return FAILED(hr) ? hr
			  : com_fail(VDS_E_NOT_SUPPORTED, "IPsec is not supported here: configure "
							  "it in the operating system");
}

static const IVdsSubSystemIscsiVtbl iscsi_vtable = {
	COM_UNKNOWN(iscsi),
	.QueryTargets = iscsi_query_targets,
	.QueryPortals = iscsi_query_portals,
	.CreateTarget = iscsi_create_target,
	.SetIpsecGroupPresharedKey = iscsi_set_ipsec_group_preshared_key,
};

/* ---- IVdsSubSystemInterconnect ---- */

static HRESULT STDMETHODCALLTYPE
interconnect_get_supported_interconnects(IVdsSubSystemInterconnect *self, ULONG *ret_flags)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr;

	hr = provider_enter(&container_of(self, struct subsystem, interconnect)->com, 0, &look,
			    COM_OUT(ret_flags, "pulSupportedInterconnectsFlag"));
	if (SUCCEEDED(hr))
		*ret_flags = VDS_ITF_ISCSI;
	return hr;
}

static const IVdsSubSystemInterconnectVtbl interconnect_vtable = {
	COM_UNKNOWN(interconnect),
	.GetSupportedInterconnects = interconnect_get_supported_interconnects,
};

/* clang-format off */
static const struct com_interface interfaces[] = {
	COM_INTERFACE(subsystem, IVdsSubSystem, subsystem),
	COM_INTERFACE(subsystem, IVdsSubSystem2, subsystem2),
	COM_INTERFACE(subsystem, IVdsSubSystemNaming, naming),
	COM_INTERFACE(subsystem, IVdsSubSystemIscsi, iscsi),
	COM_INTERFACE(subsystem, IVdsSubSystemInterconnect, interconnect),
	COM_INTERFACE(subsystem, IVdsMaintenance, maintenance),
};
/* clang-format on */

const struct com_class provider_subsystem_class = {
	.name = "subsystem",
	.kind = ROW_ARRAY,
	.size_bytes = sizeof(struct subsystem),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};

HRESULT
provider_give_subsystem(struct com_object *object, IVdsSubSystem **ret_subsystem)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_array *array;
	HRESULT hr;

	hr = provider_enter(object, 0, &look, COM_OUT(ret_subsystem, "ppSubSystem"));
	if (FAILED(hr))
		return hr;
	array = state_array(look.view.config);
	return com_give(object->space, &provider_subsystem_class, &array->id, &IID_IVdsSubSystem,
			(void **)ret_subsystem);
}
