/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the service's object says of this computer beyond IVdsService: its initialisation, disks by
 * LUN and by path, and the policy for new disks.  Any thread may call the methods.
 *
 * Disks of the computer are objects of software providers.  The service asks the providers for
 * disks and has none of its own.
 */
#include "service/service_int.h"

#include <string.h>

/* ---- IVdsServiceInitialization ---- */

COM_THUNKS(service_object, IVdsServiceInitialization, initialization);

static HRESULT STDMETHODCALLTYPE
initialize(IVdsServiceInitialization *self, LPWSTR machine_name)
{
	return service_initialize(SERVICE_OBJECT(self, initialization), machine_name);
}

const IVdsServiceInitializationVtbl service_initialization_vtable = {
	COM_UNKNOWN(initialization),
	.Initialize = initialize,
};

/* ---- IVdsServiceUninstallDisk ---- */

COM_THUNKS(service_object, IVdsServiceUninstallDisk, uninstall);

/*
 * Which disk of this computer a LUN is, the software provider that manages the disk would know.
 * There is none of which the service could ask this.
 */
static HRESULT STDMETHODCALLTYPE
get_disk_id_from_lun_info(IVdsServiceUninstallDisk *self, VDS_LUN_INFORMATION *info,
			  VDS_OBJECT_ID *ret_disk_id)
{
	HRESULT hr = COM_OUT(ret_disk_id, "pDiskId");

	if (SUCCEEDED(hr) && info == NULL)
		hr = COM_NULL_ARGUMENT("pLunInfo");
	hr = service_enter(SERVICE_OBJECT(self, uninstall), hr);
	if (FAILED(hr))
		return hr;
	return com_fail(VDS_E_OBJECT_NOT_FOUND,
			"no software provider manages a disk with this identity");
}

static bool
has_duplicates(const VDS_OBJECT_ID *ids, ULONG count)
{
	for (ULONG i = 0; i < count; i++) {
		for (ULONG j = 0; j < i; j++) {
			if (IsEqualGUID(&ids[i], &ids[j]))
				return true;
		}
	}
	return false;
}

#define DISKS_MAX 65536u /* ids in one call; the check for duplicates is quadratic */

static HRESULT STDMETHODCALLTYPE
uninstall_disks(IVdsServiceUninstallDisk *self, VDS_OBJECT_ID *disk_ids, ULONG count, BOOLEAN force,
		BOOLEAN *ret_reboot, HRESULT *ret_results)
{
	HRESULT hr = COM_OUT(ret_reboot, "pbReboot");

	(void)force;
	if (SUCCEEDED(hr) && (disk_ids == NULL || ret_results == NULL))
		hr = COM_NULL_ARGUMENT("pDiskIdArray or pResults");
	if (SUCCEEDED(hr) && (count == 0 || count > DISKS_MAX || has_duplicates(disk_ids, count)))
		hr = com_fail(E_INVALIDARG,
			      "the ids of the disks are none, too many or not unique");
	hr = service_enter(SERVICE_OBJECT(self, uninstall), hr);
	if (FAILED(hr))
		return hr;
	for (ULONG i = 0; i < count; i++)
		ret_results[i] = VDS_E_OBJECT_NOT_FOUND;
	return com_fail(VDS_E_OBJECT_NOT_FOUND, "no provider has a disk with such an id");
}

const IVdsServiceUninstallDiskVtbl service_uninstall_vtable = {
	COM_UNKNOWN(uninstall),
	.GetDiskIdFromLunInfo = get_disk_id_from_lun_info,
	.UninstallDisks = uninstall_disks,
};

/* ---- IVdsServiceSAN ---- */

COM_THUNKS(service_object, IVdsServiceSAN, san);

/* Linux brings every disk that appears online, and for all programs. */
static HRESULT STDMETHODCALLTYPE
get_san_policy(IVdsServiceSAN *self, VDS_SAN_POLICY *ret_policy)
{
	HRESULT hr = service_enter(SERVICE_OBJECT(self, san), COM_OUT(ret_policy, "pSanPolicy"));

	if (SUCCEEDED(hr))
		*ret_policy = VDS_SP_ONLINE;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
set_san_policy(IVdsServiceSAN *self, VDS_SAN_POLICY policy)
{
	HRESULT hr = S_OK;

	if (policy <= VDS_SP_UNKNOWN || policy >= VDS_SP_MAX)
		hr = com_fail(E_INVALIDARG, "SanPolicy is not a VDS_SAN_POLICY");
	hr = service_enter(SERVICE_OBJECT(self, san), hr);
	if (FAILED(hr) || policy == VDS_SP_ONLINE)
		return hr;
	return com_fail(VDS_E_NOT_SUPPORTED,
			"Linux brings new disks online; udev rules change that");
}

const IVdsServiceSANVtbl service_san_vtable = {
	COM_UNKNOWN(san),
	.GetSANPolicy = get_san_policy,
	.SetSANPolicy = set_san_policy,
};

/* ---- IVdsServiceSw ---- */

COM_THUNKS(service_object, IVdsServiceSw, sw);

static HRESULT STDMETHODCALLTYPE
get_disk_object(IVdsServiceSw *self, LPCWSTR device_id, IUnknown **ret_disk)
{
	HRESULT hr = COM_OUT(ret_disk, "ppDiskUnk");

	if (SUCCEEDED(hr) && device_id == NULL)
		hr = COM_NULL_ARGUMENT("pwszDeviceID");
	hr = service_enter(SERVICE_OBJECT(self, sw), hr);
	if (FAILED(hr))
		return hr;
	return com_fail(VDS_E_OBJECT_NOT_FOUND,
			"no software provider manages a disk with this path");
}

const IVdsServiceSwVtbl service_sw_vtable = {
	COM_UNKNOWN(sw),
	.GetDiskObject = get_disk_object,
};
