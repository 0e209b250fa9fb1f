/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class of the subsystem, which is the array itself. It has no controllers and no drives. Any
 * thread may call the methods.
 */
#include "provider/provider_int.h"

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
provider_is_degraded(const struct state *live)
{
	return state_ailing(live) > 0;
}

static HRESULT STDMETHODCALLTYPE
subsystem_get_properties(IVdsSubSystem *self, VDS_SUB_SYSTEM_PROP *prop)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_array *array;
	bool degraded;
	HRESULT hr;
	int rc;

	hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(prop, "pSubSystemProp"));
	if (FAILED(hr))
		return hr;
	array = look.row;
	degraded = provider_is_degraded(look.view.live);
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

static HRESULT STDMETHODCALLTYPE
subsystem_get_provider(IVdsSubSystem *self, IVdsProvider **ret_provider)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr;

	hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(ret_provider, "ppProvider"));
	if (FAILED(hr))
		return hr;
	return com_give(OBJECT(self)->space, &provider_class, &provider_id, &IID_IVdsProvider,
			(void **)ret_provider);
}

/* ---- IVdsSubSystem: what it holds ---- */

static HRESULT STDMETHODCALLTYPE
subsystem_query_none(IVdsSubSystem *self, IEnumVdsObject **ret_enum)
{
	return provider_list_none(OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY, ret_enum);
}

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
subsystem_get_drive(IVdsSubSystem *self, SHORT bus, SHORT slot, IVdsDrive **ret_drive)
{
	HRESULT hr = enter_only(self, COM_OUT(ret_drive, "ppDrive"));

	(void)bus;
	(void)slot;
	return FAILED(hr) ? hr : com_fail(VDS_E_OBJECT_NOT_FOUND, "the array has no drives");
}

static HRESULT STDMETHODCALLTYPE
subsystem_reenumerate(IVdsSubSystem *self)
{
	return enter_only(self, S_OK); /* the array has no buses to scan */
}

static HRESULT STDMETHODCALLTYPE
subsystem_set_controller_status(IVdsSubSystem *self, VDS_OBJECT_ID *online, LONG online_count,
				VDS_OBJECT_ID *offline, LONG offline_count)
{
	HRESULT hr = S_OK;

	if (online_count < 0 || offline_count < 0 || (online_count > 0 && online == NULL) ||
	    (offline_count > 0 && offline == NULL))
		hr = com_fail(E_INVALIDARG, "the arrays of controllers do not match their counts");
	hr = enter_only(self, hr);
	if (FAILED(hr) || (online_count == 0 && offline_count == 0))
		return hr; /* there are no controllers, so the empty arrays cover all of them */
	return com_fail(VDS_E_OBJECT_NOT_FOUND, "the array has no controllers");
}

static HRESULT STDMETHODCALLTYPE
subsystem_replace_drive(IVdsSubSystem *self, VDS_OBJECT_ID drive, VDS_OBJECT_ID replacement)
{
	HRESULT hr = enter_only(self, S_OK);

	(void)drive;
	(void)replacement;
	return FAILED(hr) ? hr : com_fail(VDS_E_OBJECT_NOT_FOUND, "the array has no drives");
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
	return com_fail(VDS_E_NOT_SUPPORTED, "the array is online as long as it runs");
}

/* ---- IVdsSubSystem: new LUNs ---- */

/*
 * Checks the type and the drives of a new LUN. The array has no drives, so only an empty list is
 * right.
 */
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

static HRESULT STDMETHODCALLTYPE
subsystem_create_lun(IVdsSubSystem *self, VDS_LUN_TYPE type, ULONGLONG size, VDS_OBJECT_ID *drives,
		     LONG drive_count, LPWSTR unmasking_list, VDS_HINTS *hints,
		     IVdsAsync **ret_async)
{
	struct client_lun_spec spec = { .size_bytes = size };
	struct client_answer answer = { 0 };
	AUTO_FREE char *mask = NULL;
	struct client *client;
	HRESULT hr = COM_OUT(ret_async, "ppAsync");
	int rc;

	(void)hints; /* hints are wishes; this array ignores them */
	if (SUCCEEDED(hr))
		hr = com_text(unmasking_list, "pwszUnmaskingList", &mask);
	if (SUCCEEDED(hr) && size == 0)
		hr = com_fail(E_INVALIDARG, "ullSizeInBytes is 0");
	if (SUCCEEDED(hr))
		hr = check_lun_type(type, drives, drive_count);
	hr = provider_change(OBJECT(self), 0, &client, hr);
	if (FAILED(hr))
		return hr;
	if (size > PROVIDER_LUN_BYTES_MAX)
		return com_fail(VDS_E_NOT_ENOUGH_SPACE, "a LUN has at most 2^53 bytes");
	spec.mask = mask;
	rc = client_lun_create(client, &spec, &answer);
	if (rc < 0)
		return com_error(rc);
	return provider_async_new(OBJECT(self), VDS_ASYNCOUT_CREATELUN, &provider_lun_class,
				  &answer, ret_async);
}

static HRESULT STDMETHODCALLTYPE
subsystem_query_max_lun_create_size(IVdsSubSystem *self, VDS_LUN_TYPE type, VDS_OBJECT_ID *drives,
				    LONG drive_count, VDS_HINTS *hints, ULONGLONG *ret_size)
{
	struct guid any_pool = { 0 };
	struct client *client;
	uint64_t size = 0;
	HRESULT hr = COM_OUT(ret_size, "pullMaxLunSize");
	int rc;

	(void)hints;
	if (SUCCEEDED(hr))
		hr = check_lun_type(type, drives, drive_count);
	hr = provider_change(OBJECT(self), 0, &client, hr);
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
		hr = com_error(com_name_in(friendly_name, ROW_NAME_MAX, &alias, &cut));
	hr = provider_change(object, 0, &client, hr);
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
	COM_INTERFACE(subsystem, IVdsSubSystemNaming, naming),
	COM_INTERFACE(subsystem, IVdsSubSystemIscsi, iscsi),
	COM_INTERFACE(subsystem, IVdsSubSystemInterconnect, interconnect),
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
