/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The subsystem: the array itself.  It has no controllers and no drives; RAID below a LUN is not
 * its business.
 */
#include "com/com_int.h"

#include <errno.h>
#include <string.h>

struct subsystem {
	struct com_object com;
	IVdsSubSystem subsystem;
	IVdsSubSystemNaming naming;
	IVdsSubSystemIscsi iscsi;
	IVdsSubSystemInterconnect interconnect;
};

COM_THUNKS(subsystem, IVdsSubSystem, subsystem);
COM_THUNKS(subsystem, IVdsSubSystemNaming, naming);
COM_THUNKS(subsystem, IVdsSubSystemIscsi, iscsi);
COM_THUNKS(subsystem, IVdsSubSystemInterconnect, interconnect);

#define OBJECT(self) (&container_of(self, struct subsystem, subsystem)->com)

/* ---- IVdsSubSystem: what it is ---- */

#define CAPABILITIES                                                                              \
	(VDS_SF_LUN_MASKING_CAPABLE | VDS_SF_SUPPORTS_NON_FAULT_TOLERANT_LUNS |                   \
	 VDS_SF_SUPPORTS_SIMPLE_LUNS | VDS_SF_SUPPORTS_LUN_NUMBER | VDS_SF_READ_CACHING_CAPABLE | \
	 VDS_SF_WRITE_CACHING_CAPABLE)

bool
com_is_degraded(const struct state *live)
{
	return state_ailing(live) > 0;
}

static HRESULT
subsystem_get_properties(IVdsSubSystem *self, VDS_SUB_SYSTEM_PROP *prop)
{
	AUTO_LOOK struct com_look look = { 0 };
	const struct row_array *array;
	bool degraded;
	HRESULT hr;
	int rc;

	if (prop == NULL)
		return COM_NULL_ARGUMENT("pSubSystemProp");
	memset(prop, 0, sizeof(*prop));
	hr = com_look(OBJECT(self), 0, &look);
	if (FAILED(hr))
		return hr;
	array = look.row;
	degraded = com_is_degraded(look.view.live);
	com_guid_out(&array->id, &prop->id);
	prop->ulFlags = CAPABILITIES;
	prop->status = degraded ? VDS_SSS_PARTIALLY_MANAGED : VDS_SSS_ONLINE;
	prop->health = degraded ? VDS_H_DEGRADED : VDS_H_HEALTHY;
	rc = com_string_out(array->name, &prop->pwszFriendlyName);
	if (rc == 0)
		rc = com_string_out(array->serial, &prop->pwszIdentification);
	if (rc < 0) {
		CoTaskMemFree(prop->pwszFriendlyName);
		memset(prop, 0, sizeof(*prop));
	}
	return com_error(rc);
}

static HRESULT
subsystem_get_provider(IVdsSubSystem *self, IVdsProvider **ret_provider)
{
	AUTO_LOOK struct com_look look = { 0 };
	HRESULT hr;

	if (ret_provider == NULL)
		return COM_NULL_ARGUMENT("ppProvider");
	*ret_provider = NULL;
	hr = com_look(OBJECT(self), 0, &look);
	if (FAILED(hr))
		return hr;
	return com_give(OBJECT(self)->core, &com_provider_class, &com_provider_id,
			&IID_IVdsProvider, (void **)ret_provider);
}

/* ---- IVdsSubSystem: what it holds ---- */

static HRESULT
subsystem_query_none(IVdsSubSystem *self, IEnumVdsObject **ret_enum)
{
	return com_enum_none(OBJECT(self), COM_FAILED | COM_BUSY, ret_enum);
}

static HRESULT
subsystem_query_luns(IVdsSubSystem *self, IEnumVdsObject **ret_enum)
{
	return com_enum_family(OBJECT(self), COM_FAILED | COM_BUSY, &com_lun_class, ret_enum);
}

/* S_OK when the subsystem is there and sound, for what is then nothing to do. */
static HRESULT
look_only(IVdsSubSystem *self)
{
	AUTO_LOOK struct com_look look = { 0 };

	return com_look(OBJECT(self), COM_FAILED | COM_BUSY, &look);
}

static HRESULT
subsystem_get_drive(IVdsSubSystem *self, SHORT bus, SHORT slot, IVdsDrive **ret_drive)
{
	HRESULT hr;

	(void)bus;
	(void)slot;
	if (ret_drive == NULL)
		return COM_NULL_ARGUMENT("ppDrive");
	*ret_drive = NULL;
	hr = look_only(self);
	return FAILED(hr) ? hr : com_fail(VDS_E_OBJECT_NOT_FOUND, "the array has no drives");
}

static HRESULT
subsystem_reenumerate(IVdsSubSystem *self)
{
	return look_only(self); /* no buses to scan */
}

static HRESULT
subsystem_set_controller_status(IVdsSubSystem *self, VDS_OBJECT_ID *online, LONG online_count,
				VDS_OBJECT_ID *offline, LONG offline_count)
{
	HRESULT hr;

	if (online_count < 0 || offline_count < 0 || (online_count > 0 && online == NULL) ||
	    (offline_count > 0 && offline == NULL))
		return com_fail(E_INVALIDARG,
				"the arrays of controllers do not match their counts");
	hr = look_only(self);
	if (FAILED(hr) || (online_count == 0 && offline_count == 0))
		return hr; /* none of none: every controller is covered */
	return com_fail(VDS_E_OBJECT_NOT_FOUND, "the array has no controllers");
}

static HRESULT
subsystem_replace_drive(IVdsSubSystem *self, VDS_OBJECT_ID drive, VDS_OBJECT_ID replacement)
{
	HRESULT hr = look_only(self);

	(void)drive;
	(void)replacement;
	return FAILED(hr) ? hr : com_fail(VDS_E_OBJECT_NOT_FOUND, "the array has no drives");
}

static HRESULT
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
	hr = look_only(self);
	if (FAILED(hr) || status == VDS_SSS_ONLINE)
		return hr;
	return com_fail(VDS_E_NOT_SUPPORTED, "the array is online as long as it runs");
}

/* ---- IVdsSubSystem: new LUNs ---- */

/* Can a LUN of this type be made of these drives?  The array has none to name. */
static HRESULT
check_lun_type(VDS_LUN_TYPE type, const VDS_OBJECT_ID *drives, LONG drive_count)
{
	if (drive_count < 0 || (drives == NULL) != (drive_count == 0))
		return com_fail(E_INVALIDARG, "pDriveIdArray does not match lNumberOfDrives");
	if (type != VDS_LT_DEFAULT && type != VDS_LT_FAULT_TOLERANT &&
	    type != VDS_LT_NON_FAULT_TOLERANT && (type < VDS_LT_SIMPLE || type > VDS_LT_RAID61))
		return com_fail(E_INVALIDARG, "type is not a VDS_LUN_TYPE");
	if (type != VDS_LT_DEFAULT && type != VDS_LT_NON_FAULT_TOLERANT && type != VDS_LT_SIMPLE)
		return com_fail(VDS_E_NOT_SUPPORTED,
				"redundancy is the business of what lies below the pool");
	if (drive_count > 0)
		return com_fail(VDS_E_OBJECT_NOT_FOUND, "the array has no drives");
	return S_OK;
}

static HRESULT
create_lun(struct com_object *object, ULONGLONG size, const char *mask, IVdsAsync **ret_async)
{
	struct client_lun_spec spec = { .size_bytes = size, .mask = mask };
	struct client_answer answer = { 0 };
	struct client *client;
	HRESULT hr = com_change(object, 0, &client);
	int rc;

	if (FAILED(hr))
		return hr;
	if (size > COM_LUN_BYTES_MAX)
		return com_fail(VDS_E_NOT_ENOUGH_SPACE, "a LUN has at most 2^53 bytes");
	rc = client_lun_create(client, &spec, &answer);
	if (rc < 0)
		return com_error(rc);
	return com_async_new(object->core, VDS_ASYNCOUT_CREATELUN, &com_lun_class, &answer,
			     ret_async);
}

static HRESULT
subsystem_create_lun(IVdsSubSystem *self, VDS_LUN_TYPE type, ULONGLONG size, VDS_OBJECT_ID *drives,
		     LONG drive_count, LPWSTR unmasking_list, VDS_HINTS *hints,
		     IVdsAsync **ret_async)
{
	AUTO_FREE char *mask = NULL;
	HRESULT hr;
	int rc;

	(void)hints; /* wishes that this array has no way to grant */
	if (ret_async == NULL)
		return COM_NULL_ARGUMENT("ppAsync");
	*ret_async = NULL;
	if (unmasking_list == NULL)
		return COM_NULL_ARGUMENT("pwszUnmaskingList");
	if (size == 0)
		return com_fail(E_INVALIDARG, "ullSizeInBytes is 0");
	hr = check_lun_type(type, drives, drive_count);
	if (FAILED(hr))
		return hr;
	rc = com_string_in(unmasking_list, &mask);
	if (rc < 0)
		return com_error(rc);
	return create_lun(OBJECT(self), size, mask, ret_async);
}

static HRESULT
subsystem_query_max_lun_create_size(IVdsSubSystem *self, VDS_LUN_TYPE type, VDS_OBJECT_ID *drives,
				    LONG drive_count, VDS_HINTS *hints, ULONGLONG *ret_size)
{
	struct guid any_pool = { 0 };
	struct client *client;
	uint64_t size = 0;
	HRESULT hr;
	int rc;

	(void)hints;
	if (ret_size == NULL)
		return COM_NULL_ARGUMENT("pullMaxLunSize");
	*ret_size = 0;
	hr = check_lun_type(type, drives, drive_count);
	if (SUCCEEDED(hr))
		hr = com_change(OBJECT(self), 0, &client);
	if (FAILED(hr))
		return hr;
	rc = client_max_lun_size(client, &any_pool, false, &size);
	*ret_size = size;
	return com_error(rc);
}

static const IVdsSubSystemVtbl subsystem_vtable = {
	COM_UNKNOWN(subsystem),
	.GetProperties = subsystem_get_properties,
	.GetProvider = subsystem_get_provider,
	.QueryControllers = subsystem_query_none,
	.QueryLuns = subsystem_query_luns,
	.QueryDrives = subsystem_query_none,
	.GetDrive = subsystem_get_drive,
	.Reenumerate = subsystem_reenumerate,
	.SetControllerStatus = subsystem_set_controller_status,
	.CreateLun = subsystem_create_lun,
	.ReplaceDrive = subsystem_replace_drive,
	.SetStatus = subsystem_set_status,
	.QueryMaxLunCreateSize = subsystem_query_max_lun_create_size,
};

/* ---- IVdsSubSystemNaming ---- */

static HRESULT
naming_set_friendly_name(IVdsSubSystemNaming *self, LPWSTR friendly_name)
{
	struct com_object *object = &container_of(self, struct subsystem, naming)->com;
	AUTO_FREE char *name = NULL;
	struct client_answer answer;
	struct client *client;
	bool cut = false;
	HRESULT hr;
	int rc;

	if (friendly_name == NULL)
		return COM_NULL_ARGUMENT("pwszFriendlyName");
	rc = com_name_in(friendly_name, &name, &cut);
	if (rc < 0)
		return com_error(rc);
	hr = com_change(object, 0, &client);
	if (FAILED(hr))
		return hr;
	rc = client_array_rename(client, name, &answer);
	if (rc < 0)
		return com_change_error(object, rc);
	return cut ? VDS_S_NAME_TRUNCATED : S_OK;
}

static const IVdsSubSystemNamingVtbl naming_vtable = {
	COM_UNKNOWN(naming),
	.SetFriendlyName = naming_set_friendly_name,
};

/* ---- IVdsSubSystemIscsi ---- */

#define ISCSI_OBJECT(self) (&container_of(self, struct subsystem, iscsi)->com)

static HRESULT
iscsi_query_targets(IVdsSubSystemIscsi *self, IEnumVdsObject **ret_enum)
{
	return com_enum_family(ISCSI_OBJECT(self), COM_FAILED | COM_BUSY, &com_target_class,
			       ret_enum);
}

static HRESULT
iscsi_query_portals(IVdsSubSystemIscsi *self, IEnumVdsObject **ret_enum)
{
	return com_enum_family(ISCSI_OBJECT(self), COM_FAILED | COM_BUSY, &com_portal_class,
			       ret_enum);
}

/* A target as VDS knows it starts without portal groups. */
static HRESULT
create_target(struct com_object *object, const char *iscsi_name, const char *alias,
	      IVdsAsync **ret_async)
{
	struct client_answer answer = { 0 };
	struct client *client;
	HRESULT hr = com_change(object, 0, &client);
	int rc;

	if (FAILED(hr))
		return hr;
	rc = client_target_create(client, iscsi_name, alias, false, &answer);
	if (rc < 0)
		return com_error(rc);
	return com_async_new(object->core, VDS_ASYNCOUT_CREATETARGET, &com_target_class, &answer,
			     ret_async);
}

static HRESULT
iscsi_create_target(IVdsSubSystemIscsi *self, LPWSTR iscsi_name, LPWSTR friendly_name,
		    IVdsAsync **ret_async)
{
	AUTO_FREE char *name = NULL;
	AUTO_FREE char *alias = NULL;
	bool cut = false;
	int rc = 0;

	if (ret_async == NULL)
		return COM_NULL_ARGUMENT("ppAsync");
	*ret_async = NULL;
	if (friendly_name == NULL)
		return COM_NULL_ARGUMENT("pwszFriendlyName");
	if (iscsi_name != NULL && iscsi_name[0] != 0)
		rc = com_string_in(iscsi_name, &name);
	/* stored shortened, as SetFriendlyName does it; CreateTarget has no code that says so */
	if (rc == 0)
		rc = com_name_in(friendly_name, &alias, &cut);
	if (rc < 0)
		return com_error(rc);
	return create_target(ISCSI_OBJECT(self), name, alias, ret_async);
}

static HRESULT
iscsi_set_ipsec_group_preshared_key(IVdsSubSystemIscsi *self, VDS_ISCSI_IPSEC_KEY *key)
{
	(void)self;
	(void)key;
	return com_fail(VDS_E_NOT_SUPPORTED, "IPsec is configured in the operating system");
}

static const IVdsSubSystemIscsiVtbl iscsi_vtable = {
	COM_UNKNOWN(iscsi),
	.QueryTargets = iscsi_query_targets,
	.QueryPortals = iscsi_query_portals,
	.CreateTarget = iscsi_create_target,
	.SetIpsecGroupPresharedKey = iscsi_set_ipsec_group_preshared_key,
};

/* ---- IVdsSubSystemInterconnect ---- */

static HRESULT
interconnect_get_supported_interconnects(IVdsSubSystemInterconnect *self, ULONG *ret_flags)
{
	AUTO_LOOK struct com_look look = { 0 };
	HRESULT hr;

	if (ret_flags == NULL)
		return COM_NULL_ARGUMENT("pulSupportedInterconnectsFlag");
	*ret_flags = 0;
	hr = com_look(&container_of(self, struct subsystem, interconnect)->com, 0, &look);
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
	COM_INTERFACE(subsystem, IVdsSubSystemNaming, naming),
	COM_INTERFACE(subsystem, IVdsSubSystemIscsi, iscsi),
	COM_INTERFACE(subsystem, IVdsSubSystemInterconnect, interconnect),
};
/* clang-format on */

const struct com_class com_subsystem_class = {
	.name = "subsystem",
	.family = ROW_ARRAY,
	.size_bytes = sizeof(struct subsystem),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};

HRESULT
com_give_subsystem(struct com_object *object, IVdsSubSystem **ret_subsystem)
{
	AUTO_LOOK struct com_look look = { 0 };
	const struct row_array *array;
	HRESULT hr;

	if (ret_subsystem == NULL)
		return COM_NULL_ARGUMENT("ppSubSystem");
	*ret_subsystem = NULL;
	hr = com_look(object, 0, &look);
	if (FAILED(hr))
		return hr;
	array = state_array(look.view.config);
	return com_give(object->core, &com_subsystem_class, &array->id, &IID_IVdsSubSystem,
			(void **)ret_subsystem);
}
