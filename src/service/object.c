/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The object of the service: IVdsService.  Any thread may call the methods.
 */
#include "service/service_int.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"

COM_THUNKS(service_object, IVdsService, service);

static HRESULT STDMETHODCALLTYPE
is_service_ready(IVdsService *self)
{
	struct service *service = SERVICE_OBJECT(self, service);
	bool loading = false;

	if (!service_is_initialized(service))
		return S_FALSE;
	pthread_mutex_lock(&service->lock);
	for (size_t i = 0; i < service->provider_count; i++) {
		if (service_provider_state(service->providers[i]) == SERVICE_PROVIDER_LOADING &&
		    clock_mono_ns() < service->load_deadline_ns)
			loading = true;
	}
	pthread_mutex_unlock(&service->lock);
	return loading ? S_FALSE : service_wait_until_ready(service);
}

static HRESULT STDMETHODCALLTYPE
wait_for_service_ready(IVdsService *self)
{
	return service_wait_until_ready(SERVICE_OBJECT(self, service));
}

static HRESULT STDMETHODCALLTYPE
get_properties(IVdsService *self, VDS_SERVICE_PROP *ret_prop)
{
	struct service *service = SERVICE_OBJECT(self, service);
	HRESULT hr = COM_OUT(ret_prop, "pServiceProp");
	int rc;

	if (FAILED(hr))
		return hr;
	rc = com_string_out(VDS_VERSION, &ret_prop->pwszVersion);
	pthread_mutex_lock(&service->lock);
	ret_prop->ulFlags = service->flags;
	pthread_mutex_unlock(&service->lock);
	return com_error(rc);
}

/* Returns the bit of VDS_QUERY_* for a type of providers. */
static DWORD
mask_of(VDS_PROVIDER_TYPE type)
{
	switch (type) {
	case VDS_PT_SOFTWARE:
		return VDS_QUERY_SOFTWARE_PROVIDERS;
	case VDS_PT_HARDWARE:
		return VDS_QUERY_HARDWARE_PROVIDERS;
	case VDS_PT_VIRTUALDISK:
		return VDS_QUERY_VIRTUALDISK_PROVIDERS;
	default:
		return 0;
	}
}

static bool
is_loaded(struct service_provider *provider)
{
	return service_provider_state(provider) == SERVICE_PROVIDER_LOADED;
}

/* Adds a provider's wrapper to a list. */
static HRESULT
list_provider(struct service *service, struct service_provider *provider, struct com_list *list)
{
	IUnknown *unknown = NULL;
	HRESULT hr;

	IUnknown_AddRef(provider->object);
	hr = service_wrap_give(&service->space, provider, &service_provider_class, provider->object,
			       &IID_IUnknown, (void **)&unknown);
	if (SUCCEEDED(hr))
		com_list_add(list, unknown);
	return hr;
}

static HRESULT
check_masks(DWORD masks)
{
	const DWORD known = VDS_QUERY_SOFTWARE_PROVIDERS | VDS_QUERY_HARDWARE_PROVIDERS |
			    VDS_QUERY_VIRTUALDISK_PROVIDERS;

	if (masks == 0 || (masks & ~known) != 0)
		return com_fail(E_INVALIDARG, "masks is not a set of VDS_QUERY_* bits");
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
query_providers(IVdsService *self, DWORD masks, IEnumVdsObject **ret_enum)
{
	struct service *service = SERVICE_OBJECT(self, service);
	struct service_provider *provider;
	struct com_list *list;
	HRESULT hr = COM_OUT(ret_enum, "ppEnum");

	if (SUCCEEDED(hr))
		hr = check_masks(masks);
	hr = service_enter(service, hr);
	if (FAILED(hr))
		return hr;
	list = com_list_new_held(&service->space, service->provider_count);
	for (size_t i = 0; list != NULL && (provider = service_provider_at(service, i)) != NULL;
	     i++) {
		if (SUCCEEDED(hr) && is_loaded(provider) &&
		    (mask_of(provider->registration.type) & masks) != 0)
			hr = list_provider(service, provider, list);
		service_provider_unref(provider);
	}
	if (SUCCEEDED(hr))
		return com_enum_new(list, ret_enum);
	com_list_unref(list);
	return hr;
}

static HRESULT
query_nothing(struct service *service, IEnumVdsObject **ret_enum, HRESULT arguments)
{
	HRESULT hr = service_enter(service, arguments);

	return SUCCEEDED(hr) ? com_enum_new(com_list_new_held(&service->space, 0), ret_enum) : hr;
}

/* The one method whose documented answer is that it was never implemented. */
static HRESULT STDMETHODCALLTYPE
query_masked_disks(IVdsService *self, IEnumVdsObject **ret_enum)
{
	HRESULT hr = COM_OUT(ret_enum, "ppEnum");

	(void)self;
	return FAILED(hr)
		       ? hr
		       : com_fail(E_NOTIMPL, "VDS documents QueryMaskedDisks as never implemented");
}

/* Disks belong to software providers; the service has none of its own. */
static HRESULT STDMETHODCALLTYPE
query_unallocated_disks(IVdsService *self, IEnumVdsObject **ret_enum)
{
	return query_nothing(SERVICE_OBJECT(self, service), ret_enum, COM_OUT(ret_enum, "ppEnum"));
}

/* Returns the class of the wrappers for a type of objects, or NULL: the service finds none. */
static const struct com_class *
class_of(VDS_OBJECT_TYPE type)
{
	switch (type) {
	case VDS_OT_PACK:
		return &service_pack_class;
	case VDS_OT_VOLUME:
		return &service_volume_class;
	case VDS_OT_VOLUME_PLEX:
		return &service_volume_plex_class;
	case VDS_OT_DISK:
		return &service_disk_class;
	case VDS_OT_SUB_SYSTEM:
		return &service_subsystem_class;
	case VDS_OT_CONTROLLER:
		return &service_controller_class;
	case VDS_OT_DRIVE:
		return &service_drive_class;
	case VDS_OT_LUN:
		return &service_lun_class;
	case VDS_OT_LUN_PLEX:
		return &service_plex_class;
	case VDS_OT_PORT:
		return &service_port_class;
	case VDS_OT_PORTAL:
		return &service_portal_class;
	case VDS_OT_TARGET:
		return &service_target_class;
	case VDS_OT_PORTAL_GROUP:
		return &service_portal_group_class;
	case VDS_OT_STORAGE_POOL:
		return &service_pool_class;
	case VDS_OT_VDISK:
		return &service_vdisk_class;
	default:
		return NULL;
	}
}

/* Asks one provider for an object.  Returns S_OK, or the provider's code. */
static HRESULT
get_from(struct service *service, struct service_provider *provider, VDS_OBJECT_ID id,
	 VDS_OBJECT_TYPE type, IUnknown **ret_object)
{
	IUnknown *inner = NULL;
	HRESULT hr;

	if (!is_loaded(provider))
		return VDS_E_OBJECT_NOT_FOUND;
	service_provider_begin_calls(provider);
	hr = IVdsProviderPrivate_GetObject(provider->private, id, type, &inner);
	if (FAILED(service_provider_end_calls(provider, hr)))
		return hr;
	return service_wrap_give(&service->space, provider, class_of(type), inner, &IID_IUnknown,
				 (void **)ret_object);
}

/* Returns whether objects of a type are of this computer and not of a provider. */
static bool
is_host_type(VDS_OBJECT_TYPE type)
{
	return type == VDS_OT_HBAPORT || type == VDS_OT_INIT_ADAPTER || type == VDS_OT_INIT_PORTAL;
}

static HRESULT
check_object_type(VDS_OBJECT_TYPE type)
{
	switch (type) {
	case VDS_OT_UNKNOWN:
	case VDS_OT_PROVIDER:
	case VDS_OT_ASYNC:
	case VDS_OT_ENUM:
	case VDS_OT_OPEN_VDISK:
		return com_fail(E_INVALIDARG, "objects of this type have no id to be found by");
	default:
		return class_of(type) != NULL || is_host_type(type)
			       ? S_OK
			       : com_fail(E_INVALIDARG, "type is not a VDS_OBJECT_TYPE");
	}
}

HRESULT
service_get_object(struct service *service, VDS_OBJECT_ID id, VDS_OBJECT_TYPE type,
		   IUnknown **ret_object)
{
	struct service_provider *provider;
	bool unknown = false;

	for (size_t i = 0; (provider = service_provider_at(service, i)) != NULL; i++) {
		HRESULT hr = get_from(service, provider, id, type, ret_object);

		service_provider_unref(provider);
		if (SUCCEEDED(hr) || hr == E_OUTOFMEMORY)
			return hr;
		unknown |= hr == VDS_E_PROVIDER_CACHE_CORRUPT;
	}
	if (unknown) /* it must not look deleted while its array is only out of reach */
		return com_fail(VDS_E_PROVIDER_CACHE_CORRUPT,
				"the object may be one of an array that cannot be reached");
	return com_fail(VDS_E_OBJECT_NOT_FOUND, "no provider has an object with this id and type");
}

static HRESULT STDMETHODCALLTYPE
get_object(IVdsService *self, VDS_OBJECT_ID id, VDS_OBJECT_TYPE type, IUnknown **ret_object)
{
	struct service *service = SERVICE_OBJECT(self, service);
	HRESULT hr = COM_OUT(ret_object, "ppObjectUnk");

	if (SUCCEEDED(hr))
		hr = check_object_type(type);
	hr = service_enter(service, hr);
	if (FAILED(hr))
		return hr;
	if (is_host_type(type))
		return service_initiator_get(service, &id, type, ret_object);
	return service_get_object(service, id, type, ret_object);
}

/* Linux has no drive letters, so each letter is unused and belongs to no volume. */
static HRESULT STDMETHODCALLTYPE
query_drive_letters(IVdsService *self, WCHAR first, DWORD count, VDS_DRIVE_LETTER_PROP *ret_props)
{
	HRESULT hr = S_OK;

	if (ret_props == NULL)
		hr = COM_NULL_ARGUMENT("pDriveLetterPropArray");
	else if (first < u'A' || first > u'Z' || count < 1 || count > (DWORD)(u'Z' - first) + 1)
		hr = com_fail(E_INVALIDARG, "the letters are not among A to Z");
	hr = service_enter(SERVICE_OBJECT(self, service), hr);
	if (FAILED(hr))
		return hr;
	memset(ret_props, 0, count * sizeof(*ret_props));
	for (DWORD i = 0; i < count; i++)
		ret_props[i].wcLetter = (WCHAR)(first + i);
	return S_OK;
}

/* The service formats no volumes, so it offers no file systems. */
static HRESULT STDMETHODCALLTYPE
query_file_system_types(IVdsService *self, VDS_FILE_SYSTEM_TYPE_PROP **ret_props, LONG *ret_count)
{
	HRESULT hr = COM_OUT(ret_props, "ppFileSystemTypeProps");

	if (SUCCEEDED(hr))
		hr = COM_OUT(ret_count, "plNumberOfFileSystems");
	return service_enter(SERVICE_OBJECT(self, service), hr);
}

static HRESULT
refresh_provider(struct service_provider *provider)
{
	HRESULT hr;

	if (!is_loaded(provider) || provider->hw == NULL)
		return S_OK;
	service_provider_begin_calls(provider);
	hr = IVdsHwProvider_Reenumerate(provider->hw);
	if (SUCCEEDED(hr))
		hr = IVdsHwProvider_Refresh(provider->hw);
	return service_provider_end_calls(provider, hr);
}

/* Lets each hardware provider look again. Returns S_OK, or S_FALSE when one of them failed. */
static HRESULT
refresh_providers(struct service *service)
{
	struct service_provider *provider;
	HRESULT result = S_OK;

	for (size_t i = 0; (provider = service_provider_at(service, i)) != NULL; i++) {
		if (FAILED(refresh_provider(provider)))
			result = S_FALSE;
		service_provider_unref(provider);
	}
	return result;
}

/* Starts what has ended, and waits until that is loaded. */
static HRESULT
enter_reviving(struct service *service)
{
	service_revive(service);
	return service_enter(service, S_OK);
}

static HRESULT STDMETHODCALLTYPE
reenumerate(IVdsService *self)
{
	struct service *service = SERVICE_OBJECT(self, service);
	HRESULT hr = enter_reviving(service);

	return SUCCEEDED(hr) ? service_rescan(service) : hr;
}

static HRESULT STDMETHODCALLTYPE
refresh(IVdsService *self)
{
	struct service *service = SERVICE_OBJECT(self, service);
	HRESULT hr = enter_reviving(service);

	return SUCCEEDED(hr) ? refresh_providers(service) : hr;
}

/* Mount points of volumes that are gone are the concern of Linux's mount tables. */
static HRESULT STDMETHODCALLTYPE
cleanup_obsolete_mount_points(IVdsService *self)
{
	return service_enter(SERVICE_OBJECT(self, service), S_OK);
}

static HRESULT STDMETHODCALLTYPE
advise(IVdsService *self, IVdsAdviseSink *sink, DWORD *ret_cookie)
{
	struct service *service = SERVICE_OBJECT(self, service);
	HRESULT hr = COM_OUT(ret_cookie, "pdwCookie");

	if (SUCCEEDED(hr) && sink == NULL)
		hr = COM_NULL_ARGUMENT("pSink");
	hr = service_enter(service, hr);
	if (FAILED(hr))
		return hr;
	return com_error(service_fanout_advise(service->fanout, sink, ret_cookie));
}

static HRESULT STDMETHODCALLTYPE
unadvise(IVdsService *self, DWORD cookie)
{
	struct service *service = SERVICE_OBJECT(self, service);
	HRESULT hr = service_enter(service, S_OK);
	int rc;

	if (FAILED(hr))
		return hr;
	rc = service_fanout_unadvise(service->fanout, cookie);
	return rc < 0 ? com_fail(VDS_E_BAD_COOKIE, err_text(rc)) : S_OK;
}

static HRESULT STDMETHODCALLTYPE
reboot(IVdsService *self)
{
	HRESULT hr = service_enter(SERVICE_OBJECT(self, service), S_OK);

	if (FAILED(hr))
		return hr;
	return com_fail(VDS_E_ACCESS_DENIED,
			"the service does not restart this computer: use systemctl reboot");
}

#define FLAGS_KNOWN (VDS_SVF_SUPPORT_REFS * 2u - 1u)

static HRESULT
check_flags(ULONG flags)
{
	return (flags & ~FLAGS_KNOWN) == 0
		       ? S_OK
		       : com_fail(E_INVALIDARG, "ulFlags is not a set of VDS_SVF_* bits");
}

/*
 * VDS lets programs set only VDS_SVF_AUTO_MOUNT_OFF; the other bits describe the computer.  Both
 * methods answer VDS_E_NOT_SUPPORTED for these.
 */
static HRESULT
change_flags(struct service *service, ULONG set, ULONG clear)
{
	HRESULT hr = service_enter(service, check_flags(set | clear));

	if (FAILED(hr))
		return hr;
	if (((set | clear) & ~(ULONG)VDS_SVF_AUTO_MOUNT_OFF) != 0)
		return com_fail(VDS_E_NOT_SUPPORTED,
				"only VDS_SVF_AUTO_MOUNT_OFF can be set or cleared");
	pthread_mutex_lock(&service->lock);
	service->flags = (service->flags | set) & ~clear;
	pthread_mutex_unlock(&service->lock);
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
set_flags(IVdsService *self, ULONG flags)
{
	return change_flags(SERVICE_OBJECT(self, service), flags, 0);
}

static HRESULT STDMETHODCALLTYPE
clear_flags(IVdsService *self, ULONG flags)
{
	return change_flags(SERVICE_OBJECT(self, service), 0, flags);
}

static const IVdsServiceVtbl service_vtable = {
	COM_UNKNOWN(service),
	.IsServiceReady = is_service_ready,
	.WaitForServiceReady = wait_for_service_ready,
	.GetProperties = get_properties,
	.QueryProviders = query_providers,
	.QueryMaskedDisks = query_masked_disks,
	.QueryUnallocatedDisks = query_unallocated_disks,
	.GetObject = get_object,
	.QueryDriveLetters = query_drive_letters,
	.QueryFileSystemTypes = query_file_system_types,
	.Reenumerate = reenumerate,
	.Refresh = refresh,
	.CleanupObsoleteMountPoints = cleanup_obsolete_mount_points,
	.Advise = advise,
	.Unadvise = unadvise,
	.Reboot = reboot,
	.SetFlags = set_flags,
	.ClearFlags = clear_flags,
};

/* clang-format off */
static const struct com_interface interfaces[] = {
	COM_INTERFACE(service_object, IVdsService, service),
	{ &IID_IVdsServiceInitialization, offsetof(struct service_object, initialization),
	  &service_initialization_vtable },
	{ &IID_IVdsServiceUninstallDisk, offsetof(struct service_object, uninstall), &service_uninstall_vtable },
	{ &IID_IVdsServiceHba, offsetof(struct service_object, hba), &service_hba_vtable },
	{ &IID_IVdsServiceIscsi, offsetof(struct service_object, iscsi), &service_iscsi_vtable },
	{ &IID_IVdsServiceSAN, offsetof(struct service_object, san), &service_san_vtable },
	{ &IID_IVdsServiceSw, offsetof(struct service_object, sw), &service_sw_vtable },
	{ &IID_IVdsAdmin, offsetof(struct service_object, admin), &service_admin_vtable },
};
/* clang-format on */

const struct com_class service_object_class = {
	.name = "service",
	.size_bytes = sizeof(struct service_object),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};
