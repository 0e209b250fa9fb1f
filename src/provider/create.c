/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * New LUNs: the bodies of the methods of IVdsSubSystem and IVdsSubSystem2 that create a LUN or tell
 * how large one could be.  COM promises only what is there: a LUN that is larger than what is free
 * in its pool is refused, also when it is thin.  Any thread may call these functions.
 */
#include "provider/provider_int.h"

#include "base/mem.h"

HRESULT
provider_lun_type_check(VDS_LUN_TYPE type)
{
	if (type != VDS_LT_DEFAULT && type != VDS_LT_FAULT_TOLERANT &&
	    type != VDS_LT_NON_FAULT_TOLERANT && (type < VDS_LT_SIMPLE || type > VDS_LT_RAID61))
		return com_fail(E_INVALIDARG, "type is not a VDS_LUN_TYPE");
	if (type != VDS_LT_DEFAULT && type != VDS_LT_NON_FAULT_TOLERANT && type != VDS_LT_SIMPLE)
		return com_fail(
			VDS_E_NOT_SUPPORTED,
			"this LUN type is not supported: use RAID below the pool for redundancy");
	return S_OK;
}

/*
 * Begins a method about a new LUN: as provider_change, and checks the type and the drives.
 * *ret_pool_id: the pool that the drives choose; zero = any.
 */
static HRESULT
change_on_drives(struct com_object *object, const struct provider_new_lun *new,
		 struct guid *ret_pool_id, struct client **ret_client, HRESULT arguments)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = arguments;

	if (SUCCEEDED(hr))
		hr = provider_drives_check(new->drives, new->drive_count);
	if (SUCCEEDED(hr))
		hr = provider_lun_type_check(new->type);
	hr = provider_enter(object, 0, &look, hr);
	if (SUCCEEDED(hr))
		hr = provider_drives_pool(&look.view, new->drives, new->drive_count, ret_pool_id);
	return provider_change(object, 0, ret_client, hr);
}

HRESULT
provider_create_lun(struct com_object *subsystem, const struct provider_new_lun *new,
		    HRESULT arguments, IVdsAsync **ret_async)
{
	struct client_lun_spec spec = { .size_bytes = new->size,
					.thick = hints_want_thick(&new->hints),
					.fits = true };
	struct client_answer answer = { 0 };
	AUTO_FREE char *mask = NULL, *hints = NULL;
	struct client *client;
	HRESULT hr = arguments;
	int rc;

	if (SUCCEEDED(hr))
		hr = com_text(new->unmasking_list, "pwszUnmaskingList", &mask);
	if (SUCCEEDED(hr) && new->size == 0)
		hr = com_fail(E_INVALIDARG, "ullSizeInBytes is 0");
	if (SUCCEEDED(hr))
		hr = com_error(hints_format(&new->hints, &hints));
	hr = change_on_drives(subsystem, new, &spec.pool_id, &client, hr);
	if (FAILED(hr))
		return hr;
	if (new->size > PROVIDER_LUN_BYTES_MAX)
		return com_fail(VDS_E_NOT_ENOUGH_SPACE, "a LUN has at most 2^53 bytes");
	spec.mask = mask;
	spec.hints = *hints != '\0' ? hints : NULL;
	rc = client_lun_create(client, &spec, &answer);
	if (rc < 0)
		return provider_change_error(subsystem, rc);
	return provider_async_new(subsystem, VDS_ASYNCOUT_CREATELUN, &provider_lun_class, &answer,
				  ret_async);
}

HRESULT
provider_max_lun_size(struct com_object *subsystem, const struct provider_new_lun *new,
		      HRESULT arguments, ULONGLONG *ret_size)
{
	struct guid pool = { 0 };
	struct client *client;
	uint64_t size = 0;
	HRESULT hr = change_on_drives(subsystem, new, &pool, &client, arguments);
	int rc;

	if (hr == VDS_E_NOT_ENOUGH_DRIVE) /* no LUN fits on these drives alone */
		return S_OK;
	if (FAILED(hr))
		return hr;
	rc = client_max_lun_size(client, &pool, hints_want_thick(&new->hints), true, &size);
	if (rc < 0)
		return provider_change_error(subsystem, rc);
	*ret_size = size;
	return S_OK;
}
