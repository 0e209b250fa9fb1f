/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IVdsAdmin: registers providers.  The service reads the register when it is loaded, so a provider
 * is there for services that are loaded after its registration.  Any thread may call the methods.
 *
 * RegisterProvider is not told where the provider's code is: on Windows the class id says so.  On
 * Linux it registers the shared object that calls it, which is the provider's own
 * DllRegisterServer.
 */
#include "service/service_int.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/utf.h"
#include "service/plugin_int.h"
#include "service/registry_int.h"

/* vdshwprv.h: MAX_PROVIDERNAME_LENGTH and MAX_VERSIONSTRING_LENGTH. */
#define NAME_UNITS_MAX    200u
#define VERSION_UNITS_MAX 16u

COM_THUNKS(service_object, IVdsAdmin, admin);

/*
 * Checks a string and converts it.  Returns S_OK, bad (it is NULL, too long, not well-formed or
 * holds control characters) or E_OUTOFMEMORY.
 */
static HRESULT
text_of(const WCHAR *string, size_t max_units, HRESULT bad, const char *name, char **ret_text)
{
	int rc;

	if (string == NULL || utf16_len(string) > max_units)
		return com_fail(bad, name);
	rc = com_string_in(string, ret_text);
	if (rc == -ENOMEM)
		return com_error(rc);
	if (rc < 0 || !str_is_text(*ret_text, strlen(*ret_text)))
		return com_fail(bad, name);
	return S_OK;
}

static HRESULT
check_ids(const VDS_OBJECT_ID *id, const CLSID *clsid, VDS_PROVIDER_TYPE type, const GUID *version)
{
	if (IsEqualGUID(id, &GUID_NULL))
		return com_fail(VDS_E_INVALID_PROVIDER_ID, "providerId is GUID_NULL");
	if (IsEqualGUID(clsid, &GUID_NULL))
		return com_fail(VDS_E_INVALID_PROVIDER_CLSID, "providerClsid is GUID_NULL");
	if (type != VDS_PT_SOFTWARE && type != VDS_PT_HARDWARE && type != VDS_PT_VIRTUALDISK)
		return com_fail(VDS_E_INVALID_PROVIDER_TYPE, "type is not a VDS_PROVIDER_TYPE");
	if (IsEqualGUID(version, &GUID_NULL))
		return com_fail(VDS_E_INVALID_PROVIDER_VERSION_GUID, "guidVersionId is GUID_NULL");
	return S_OK;
}

static HRESULT
add(const struct service_registration *registration)
{
	int rc;

	if (IsEqualCLSID(&registration->clsid, &CLSID_VdsHwProvider))
		return com_fail(VDS_E_ALREADY_REGISTERED,
				"the provider of libvds is always registered");
	rc = service_registry_add(registration);
	if (rc == ERR_NAME_IN_USE)
		return com_fail(VDS_E_ALREADY_REGISTERED, err_text(rc));
	if (rc == -EACCES || rc == -EPERM || rc == -EROFS)
		return com_fail(VDS_E_ACCESS_DENIED, err_text(rc));
	return com_error(rc);
}

static HRESULT STDMETHODCALLTYPE
register_provider(IVdsAdmin *self, VDS_OBJECT_ID id, CLSID clsid, LPWSTR name,
		  VDS_PROVIDER_TYPE type, LPWSTR machine_name, LPWSTR version, GUID version_id)
{
	AUTO(service_registration_fini)
	struct service_registration r = {
		.clsid = clsid,
		.type = type,
		.version_id = version_id,
	};
	HRESULT hr = check_ids(&id, &clsid, type, &version_id);

	(void)self;
	com_guid_in(&id, &r.id);
	if (SUCCEEDED(hr))
		hr = text_of(name, NAME_UNITS_MAX, VDS_E_INVALID_PROVIDER_NAME, "pwszName",
			     &r.name);
	if (SUCCEEDED(hr))
		hr = text_of(version, VERSION_UNITS_MAX, VDS_E_INVALID_PROVIDER_VERSION_STRING,
			     "pwszVersion", &r.version);
	if (SUCCEEDED(hr) && machine_name != NULL)
		hr = com_fail(E_INVALIDARG,
			      "pwszMachineName is not NULL: the service works on this "
			      "computer only");
	if (SUCCEEDED(hr))
		hr = service_plugin_caller(__builtin_return_address(0), &r.library);
	return SUCCEEDED(hr) ? add(&r) : hr;
}

static HRESULT STDMETHODCALLTYPE
unregister_provider(IVdsAdmin *self, VDS_OBJECT_ID id)
{
	struct guid guid;
	int rc;

	(void)self;
	if (IsEqualGUID(&id, &GUID_NULL))
		return com_fail(VDS_E_INVALID_PROVIDER_ID, "providerId is GUID_NULL");
	com_guid_in(&id, &guid);
	rc = service_registry_remove(&guid);
	if (rc == -EACCES || rc == -EPERM || rc == -EROFS)
		return com_fail(VDS_E_ACCESS_DENIED, err_text(rc));
	return com_error(rc);
}

const IVdsAdminVtbl service_admin_vtable = {
	COM_UNKNOWN(admin),
	.RegisterProvider = register_provider,
	.UnregisterProvider = unregister_provider,
};
