/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interfaces that the service adds to the objects of providers: IVdsSubSystemImportTarget on iSCSI
 * subsystems and IVdsIscsiPortalLocal on portals.  Any thread may call the methods.
 *
 * The import target of a subsystem is kept for each computer (import.c, import_win.c).
 */
#include "service/import_int.h"

#include <string.h>

#include "base/str.h"

/* ---- IVdsSubSystemImportTarget ---- */

SERVICE_THUNKS(IVdsSubSystemImportTarget);

/*
 * Asks the provider for a subsystem's id, which also says whether the subsystem is there still.
 * Returns S_OK or the provider's code.
 */
static HRESULT
id_of(void *self, char ret_id[GUID_TEXT_SIZE])
{
	IUnknown *identity = service_slot_of(self)->wrap->identity;
	IVdsSubSystem *subsystem = NULL;
	VDS_SUB_SYSTEM_PROP prop;
	struct guid id;
	HRESULT hr;

	memset(&prop, 0, sizeof(prop));
	hr = IUnknown_QueryInterface(identity, &IID_IVdsSubSystem, (void **)&subsystem);
	if (SUCCEEDED(hr)) {
		hr = IVdsSubSystem_GetProperties(subsystem, &prop);
		IVdsSubSystem_Release(subsystem);
	}
	if (FAILED(hr))
		return hr;
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	com_guid_in(&prop.id, &id);
	guid_format(&id, ret_id);
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
get_import_target(IVdsSubSystemImportTarget *self, LPWSTR *ret_name)
{
	char id[GUID_TEXT_SIZE];
	HRESULT hr = COM_OUT(ret_name, "ppwszIscsiName");

	if (SUCCEEDED(hr))
		hr = id_of(self, id);
	return SUCCEEDED(hr) ? service_import_read(id, ret_name) : hr;
}

static bool
is_iscsi_name(const char *name)
{
	return strlen(name) <= SERVICE_IMPORT_NAME_MAX && str_is_text(name, strlen(name)) &&
	       strpbrk(name, " /") == NULL &&
	       (str_starts(name, "iqn.") || str_starts(name, "eui.") || str_starts(name, "naa."));
}

/* NULL and "" clear the import target. */
static HRESULT STDMETHODCALLTYPE
set_import_target(IVdsSubSystemImportTarget *self, LPWSTR iscsi_name)
{
	AUTO_FREE char *name = NULL;
	char id[GUID_TEXT_SIZE];
	HRESULT hr = S_OK;

	if (iscsi_name != NULL)
		hr = com_text(iscsi_name, "pwszIscsiName", &name);
	if (SUCCEEDED(hr) && name != NULL && name[0] != '\0' && !is_iscsi_name(name))
		hr = com_fail(E_INVALIDARG, "pwszIscsiName is no iSCSI name");
	if (SUCCEEDED(hr))
		hr = id_of(self, id);
	if (FAILED(hr))
		return hr;
	if (name == NULL || name[0] == '\0')
		return service_import_clear(id);
	return service_import_write(id, name);
}

const IVdsSubSystemImportTargetVtbl service_import_target_vtable = {
	SERVICE_UNKNOWN(IVdsSubSystemImportTarget),
	.GetImportTarget = get_import_target,
	.SetImportTarget = set_import_target,
};

/* ---- IVdsIscsiPortalLocal ---- */

SERVICE_THUNKS(IVdsIscsiPortalLocal);

static HRESULT STDMETHODCALLTYPE
set_ipsec_security_local(IVdsIscsiPortalLocal *self, ULONGLONG flags, VDS_ISCSI_IPSEC_KEY *key)
{
	(void)self;
	(void)flags;
	(void)key;
	return com_fail(VDS_E_NOT_SUPPORTED, "VDS documents this method as not supported");
}

const IVdsIscsiPortalLocalVtbl service_portal_local_vtable = {
	SERVICE_UNKNOWN(IVdsIscsiPortalLocal),
	.SetIpsecSecurityLocal = set_ipsec_security_local,
};
