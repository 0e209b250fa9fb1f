/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * This computer as an initiator: IVdsServiceIscsi and IVdsServiceHba.  Any thread may call the
 * methods.
 */
#include "service/iscsiadm_int.h"

#include <errno.h>

/* ---- IVdsServiceHba ---- */

COM_THUNKS(service_object, IVdsServiceHba, hba);

/* Fibre Channel is not what this library is for: the list is empty on every computer. */
static HRESULT STDMETHODCALLTYPE
query_hba_ports(IVdsServiceHba *self, IEnumVdsObject **ret_enum)
{
	struct service *service = SERVICE_OBJECT(self, hba);
	HRESULT hr = service_enter(service, COM_OUT(ret_enum, "ppEnum"));

	return SUCCEEDED(hr) ? com_enum_new(com_list_new_held(&service->space, 0), ret_enum) : hr;
}

const IVdsServiceHbaVtbl service_hba_vtable = {
	COM_UNKNOWN(hba),
	.QueryHbaPorts = query_hba_ports,
};

/* ---- IVdsServiceIscsi ---- */

COM_THUNKS(service_object, IVdsServiceIscsi, iscsi);

/* These methods answer E_POINTER, not E_INVALIDARG, for a missing out-parameter. */
static HRESULT
check_pointer(void *pointer, const char *text)
{
	return pointer != NULL ? S_OK : com_fail(E_POINTER, text);
}

static HRESULT STDMETHODCALLTYPE
get_initiator_name(IVdsServiceIscsi *self, LPWSTR *ret_name)
{
	HRESULT hr = check_pointer(ret_name, "ppwszIscsiName is NULL");
	char name[SERVICE_ISCSI_NAME_SIZE] = "";

	if (SUCCEEDED(hr))
		*ret_name = NULL;
	hr = service_enter(SERVICE_OBJECT(self, iscsi), hr);
	if (FAILED(hr))
		return hr;
	(void)service_iscsi_name(name); /* without open-iscsi the name is empty */
	return com_error(com_string_out(name, ret_name));
}

/* There is one adapter, or none. */
static HRESULT
list_adapters(struct service *service, IEnumVdsObject **ret_enum)
{
	struct com_list *list = com_list_new_held(&service->space, 1);
	IUnknown *adapter = NULL;
	HRESULT hr;

	if (list == NULL)
		return com_error(-ENOMEM);
	hr = service_adapter_give(service, &IID_IUnknown, (void **)&adapter);
	if (SUCCEEDED(hr))
		com_list_add(list, adapter);
	if (SUCCEEDED(hr) || hr == VDS_E_OBJECT_NOT_FOUND)
		return com_enum_new(list, ret_enum);
	com_list_unref(list);
	return hr;
}

static HRESULT STDMETHODCALLTYPE
query_initiator_adapters(IVdsServiceIscsi *self, IEnumVdsObject **ret_enum)
{
	struct service *service = SERVICE_OBJECT(self, iscsi);
	HRESULT hr = check_pointer(ret_enum, "ppEnum is NULL");

	if (SUCCEEDED(hr))
		*ret_enum = NULL;
	hr = service_enter(service, hr);
	return SUCCEEDED(hr) ? list_adapters(service, ret_enum) : hr;
}

static HRESULT
not_supported(void)
{
	return com_fail(VDS_E_NOT_SUPPORTED, "VDS documents this method as not supported");
}

static HRESULT STDMETHODCALLTYPE
set_ipsec_group_preshared_key(IVdsServiceIscsi *self, VDS_ISCSI_IPSEC_KEY *key)
{
	(void)self;
	(void)key;
	return not_supported();
}

static HRESULT STDMETHODCALLTYPE
set_all_ipsec_tunnel_addresses(IVdsServiceIscsi *self, VDS_IPADDRESS *tunnel,
			       VDS_IPADDRESS *destination)
{
	(void)self;
	(void)tunnel;
	(void)destination;
	return not_supported();
}

static HRESULT STDMETHODCALLTYPE
set_all_ipsec_security(IVdsServiceIscsi *self, VDS_OBJECT_ID portal_id, ULONGLONG flags,
		       VDS_ISCSI_IPSEC_KEY *key)
{
	(void)self;
	(void)portal_id;
	(void)flags;
	(void)key;
	return not_supported();
}

/* A secret has 12 to 16 bytes; NULL or no bytes remove it. */
static HRESULT
check_secret(const VDS_ISCSI_SHARED_SECRET *secret)
{
	if (secret == NULL || secret->ulSharedSecretSize == 0)
		return S_OK;
	if (secret->pSharedSecret == NULL)
		return COM_NULL_ARGUMENT("pSharedSecret");
	if (secret->ulSharedSecretSize < 12 || secret->ulSharedSecretSize > 16)
		return com_fail(E_INVALIDARG, "the secret does not have 12 to 16 bytes");
	return S_OK;
}

/* To remove a secret is to do nothing, since there is none. */
static HRESULT
keep_secret(const VDS_ISCSI_SHARED_SECRET *secret)
{
	if (secret == NULL || secret->ulSharedSecretSize == 0)
		return S_OK;
	return com_fail(VDS_E_NOT_SUPPORTED,
			"this initiator logs in without CHAP: set it up with iscsiadm");
}

static HRESULT STDMETHODCALLTYPE
set_initiator_shared_secret(IVdsServiceIscsi *self, VDS_ISCSI_SHARED_SECRET *secret,
			    VDS_OBJECT_ID target_id)
{
	HRESULT hr = service_enter(SERVICE_OBJECT(self, iscsi), check_secret(secret));

	if (FAILED(hr))
		return hr;
	if (!IsEqualGUID(&target_id, &GUID_NULL))
		return com_fail(VDS_E_TARGET_SPECIFIC_NOT_SUPPORTED,
				"the initiator has one secret for all targets: pass GUID_NULL");
	return keep_secret(secret);
}

static HRESULT STDMETHODCALLTYPE
remember_target_shared_secret(IVdsServiceIscsi *self, VDS_OBJECT_ID target_id,
			      VDS_ISCSI_SHARED_SECRET *secret)
{
	HRESULT hr = check_secret(secret);

	if (SUCCEEDED(hr) && IsEqualGUID(&target_id, &GUID_NULL))
		hr = com_fail(E_INVALIDARG, "targetId is GUID_NULL");
	hr = service_enter(SERVICE_OBJECT(self, iscsi), hr);
	return FAILED(hr) ? hr : keep_secret(secret);
}

const IVdsServiceIscsiVtbl service_iscsi_vtable = {
	COM_UNKNOWN(iscsi),
	.GetInitiatorName = get_initiator_name,
	.QueryInitiatorAdapters = query_initiator_adapters,
	.SetIpsecGroupPresharedKey = set_ipsec_group_preshared_key,
	.SetAllIpsecTunnelAddresses = set_all_ipsec_tunnel_addresses,
	.SetAllIpsecSecurity = set_all_ipsec_security,
	.SetInitiatorSharedSecret = set_initiator_shared_secret,
	.RememberTargetSharedSecret = remember_target_shared_secret,
};

/* ---- for IVdsService ---- */

static HRESULT
run_rescan(void *arg)
{
	(void)arg;
	return service_iscsi_rescan();
}

static void
free_nothing(void *arg)
{
	(void)arg;
}

HRESULT
service_rescan(struct service *service)
{
	IVdsAsync *async = NULL;
	HRESULT hr;

	if (!service_iscsiadm_present())
		return S_OK;
	hr = service_task_start(service, VDS_ASYNCOUT_UNKNOWN, run_rescan, NULL, free_nothing,
				&async);
	if (SUCCEEDED(hr))
		IVdsAsync_Release(async);
	return hr;
}
