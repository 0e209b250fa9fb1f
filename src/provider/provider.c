/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class of the provider, which is the first object of every program. Any thread may call the
 * methods.
 */
#include "provider/provider_int.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/sha.h"
#include "base/str.h"

struct provider {
	struct com_object com;
	IVdsProvider provider;
	IVdsProviderPrivate private;
	IVdsHwProvider hw;
	IVdsProviderSupport support;
	IVdsHwProviderType type;
	IVdsHwProviderPrivate hw_private;
	IVdsHwProviderStoragePools pools;
};

/* The core behind the interface pointer `member`. */
#define OBJECT(self, member) (&container_of(self, struct provider, member)->com)
#define CORE(self, member)   (provider_core_of(OBJECT(self, member)))

/* 175dda01-2b89-4d3c-a9dd-8c550706c731 */
const struct guid provider_id = { { 0x17, 0x5d, 0xda, 0x01, 0x2b, 0x89, 0x4d, 0x3c, 0xa9, 0xdd,
				    0x8c, 0x55, 0x07, 0x06, 0xc7, 0x31 } };

COM_THUNKS(provider, IVdsProvider, provider);
COM_THUNKS(provider, IVdsProviderPrivate, private);
COM_THUNKS(provider, IVdsHwProvider, hw);
COM_THUNKS(provider, IVdsProviderSupport, support);
COM_THUNKS(provider, IVdsHwProviderType, type);
COM_THUNKS(provider, IVdsHwProviderPrivate, hw_private);
COM_THUNKS(provider, IVdsHwProviderStoragePools, pools);

/* ---- IVdsProvider ---- */

/* Makes the id of this version: a hash of the version's text, so that each version has its own. */
static int
version_guid(GUID *ret_guid)
{
	static const char text[] = "libvds " VDS_VERSION;
	struct hash128 hash;
	int rc = hash128_of(text, strlen(text), &hash);

	if (rc == 0)
		memcpy(ret_guid, &hash, sizeof(*ret_guid));
	return rc;
}

static HRESULT STDMETHODCALLTYPE
provider_get_properties(IVdsProvider *self, VDS_PROVIDER_PROP *prop)
{
	HRESULT hr = COM_OUT(prop, "pProviderProp");
	int rc;

	(void)self;
	if (FAILED(hr))
		return hr;
	com_guid_out(&provider_id, &prop->id);
	prop->type = VDS_PT_HARDWARE;
	rc = version_guid(&prop->guidVersionId);
	if (rc == 0)
		rc = com_string_out("vdsd iSCSI provider", &prop->pwszName);
	if (rc == 0)
		rc = com_string_out(VDS_VERSION, &prop->pwszVersion);
	if (rc < 0) {
		CoTaskMemFree(prop->pwszName);
		memset(prop, 0, sizeof(*prop));
	}
	return com_error(rc);
}

static const IVdsProviderVtbl provider_vtable = {
	COM_UNKNOWN(provider),
	.GetProperties = provider_get_properties,
};

/* ---- IVdsProviderPrivate ---- */

/* The classes of the objects that notifications name and GetObject returns. */
/* clang-format off */
static const struct {
	VDS_OBJECT_TYPE type;
	const struct com_class *class;
} classes[] = {
	{ VDS_OT_PROVIDER,	&provider_class },
	{ VDS_OT_SUB_SYSTEM,	&provider_subsystem_class },
	{ VDS_OT_DRIVE,		&provider_drive_class },
	{ VDS_OT_CONTROLLER,	&provider_controller_class },
	{ VDS_OT_PORT,		&provider_port_class },
	{ VDS_OT_LUN,		&provider_lun_class },
	{ VDS_OT_LUN_PLEX,	&provider_plex_class },
	{ VDS_OT_TARGET,	&provider_target_class },
	{ VDS_OT_PORTAL,	&provider_portal_class },
	{ VDS_OT_PORTAL_GROUP,	&provider_portalgroup_class },
	{ VDS_OT_STORAGE_POOL,	&provider_storagepool_class },
};
/* clang-format on */

const struct com_class *
provider_class_of(VDS_OBJECT_TYPE type)
{
	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (classes[i].type == type)
			return classes[i].class;
	return NULL;
}

static HRESULT
no_such_object(void)
{
	return com_fail(VDS_E_OBJECT_NOT_FOUND, "there is no object with this id and type");
}

/* A lost array is still a subsystem, which says so itself. */
static struct provider_place *
find_lost(struct provider_core *core, const struct guid *id)
{
	struct provider_place *place = provider_place_with(core, ROW_ARRAY, id);

	return place != NULL && client_contact(place->client) == CLIENT_LOST ? place : NULL;
}

static HRESULT
get_object(struct com_object *provider, const struct com_class *class, const struct guid *id,
	   IUnknown **ret_object)
{
	AUTO_LOOK struct provider_look look = { 0 };
	struct provider_place *place = NULL;
	HRESULT hr;

	if (class == NULL)
		return no_such_object();
	if (class == &provider_class)
		return guid_equal(id, &provider_id)
			       ? com_query(provider, &IID_IUnknown, (void **)ret_object)
			       : no_such_object();
	if (class == &provider_subsystem_class)
		place = find_lost(provider_core_of(provider), id);
	if (place == NULL) {
		struct guid row_id = class == &provider_plex_class ? provider_plex_swap(id) : *id;

		hr = provider_enter_named(provider, (enum row_family) class->kind, &row_id, &look,
					  &place, S_OK);
		if (FAILED(hr))
			return hr;
	}
	return com_give(&place->space, class, id, &IID_IUnknown, (void **)ret_object);
}

static HRESULT STDMETHODCALLTYPE
private_get_object(IVdsProviderPrivate *self, VDS_OBJECT_ID guid, VDS_OBJECT_TYPE type,
		   IUnknown **ret_object)
{
	HRESULT hr = COM_OUT(ret_object, "ppObjectUnk");
	struct guid id;

	if (FAILED(hr))
		return hr;
	if (!atomic_load_explicit(&CORE(self, private)->loaded, memory_order_acquire))
		return com_fail(VDS_E_INITIALIZE_NOT_CALLED, "the provider is not loaded");
	com_guid_in(&guid, &id);
	return get_object(OBJECT(self, private), provider_class_of(type), &id, ret_object);
}

/*
 * Loads the provider and sets its sink. After a failure the provider is as loaded as it was before.
 * That no array answers is no failure: Reenumerate finds those that come.
 */
static HRESULT
load_with_sink(struct provider_core *core, IVdsAdviseSink *sink)
{
	bool was_loaded = atomic_load(&core->loaded);
	int rc;

	com_begin();
	rc = provider_core_load(core, NULL, false);
	if (rc == 0) {
		rc = provider_core_advise(core, sink);
		if (rc < 0 && !was_loaded)
			(void)provider_core_unload(core, true);
	}
	if (rc == 0 || rc == -ENOMEM)
		return com_error(rc);
	com_error(rc); /* for its text */
	return VDS_E_INITIALIZED_FAILED;
}

static HRESULT STDMETHODCALLTYPE
private_on_load(IVdsProviderPrivate *self, LPWSTR machine_name, IUnknown *callback)
{
	IVdsAdviseSink *sink = NULL;
	HRESULT hr;

	(void)machine_name; /* reserved */
	if (callback != NULL &&
	    FAILED(IUnknown_QueryInterface(callback, &IID_IVdsAdviseSink, (void **)&sink)))
		return com_fail(VDS_E_INITIALIZED_FAILED,
				"the callback object does not offer IVdsAdviseSink");
	hr = load_with_sink(CORE(self, private), sink);
	if (sink != NULL)
		IVdsAdviseSink_Release(sink);
	return hr;
}

static HRESULT STDMETHODCALLTYPE
private_on_unload(IVdsProviderPrivate *self, BOOL force)
{
	return provider_core_unload(CORE(self, private), force != FALSE) == 0 ? S_OK : S_FALSE;
}

static const IVdsProviderPrivateVtbl private_vtable = {
	COM_UNKNOWN(private),
	.GetObject = private_get_object,
	.OnLoad = private_on_load,
	.OnUnload = private_on_unload,
};

/* ---- IVdsHwProvider ---- */

static HRESULT STDMETHODCALLTYPE
hw_query_subsystems(IVdsHwProvider *self, IEnumVdsObject **ret_enum)
{
	return provider_list_family(&container_of(self, struct provider, hw)->com,
				    PROVIDER_FAILED | PROVIDER_BUSY, &provider_subsystem_class,
				    ret_enum);
}

/* Both methods cure a corrupt cache, so they must not check first that the cache is sound. */
static HRESULT
cure(IVdsHwProvider *self, int (*step)(struct provider_core *core))
{
	struct provider_core *core = CORE(self, hw);
	int rc = ERR_CLOSED;

	com_begin();
	if (atomic_load_explicit(&core->loaded, memory_order_acquire))
		rc = step(core);
	if (rc == ERR_CLOSED && !atomic_load_explicit(&core->loaded, memory_order_acquire))
		return com_fail(VDS_E_INITIALIZE_NOT_CALLED, "the provider is not loaded");
	if (rc == ERR_INVALID) {
		com_error(rc);                     /* for its text */
		return VDS_E_OBJECT_STATUS_FAILED; /* the list of arrays cannot be used */
	}
	return com_error(rc);
}

static HRESULT STDMETHODCALLTYPE
hw_reenumerate(IVdsHwProvider *self)
{
	return cure(self, provider_core_reenumerate);
}

static HRESULT STDMETHODCALLTYPE
hw_refresh(IVdsHwProvider *self)
{
	return cure(self, provider_core_refresh);
}

static const IVdsHwProviderVtbl hw_vtable = {
	COM_UNKNOWN(hw),
	.QuerySubSystems = hw_query_subsystems,
	.Reenumerate = hw_reenumerate,
	.Refresh = hw_refresh,
};

/* ---- IVdsProviderSupport, IVdsHwProviderType ---- */

static HRESULT STDMETHODCALLTYPE
support_get_version_support(IVdsProviderSupport *self, ULONG *ret_versions)
{
	HRESULT hr = COM_OUT(ret_versions, "ulVersionSupport");

	(void)self;
	if (SUCCEEDED(hr))
		*ret_versions = VDS_VSF_1_0 | VDS_VSF_1_1 | VDS_VSF_3_0;
	return hr;
}

static const IVdsProviderSupportVtbl support_vtable = {
	COM_UNKNOWN(support),
	.GetVersionSupport = support_get_version_support,
};

static HRESULT STDMETHODCALLTYPE
type_get_provider_type(IVdsHwProviderType *self, VDS_HWPROVIDER_TYPE *ret_type)
{
	HRESULT hr = COM_OUT(ret_type, "pType");

	(void)self;
	if (SUCCEEDED(hr))
		*ret_type = VDS_HWT_ISCSI;
	return hr;
}

static const IVdsHwProviderTypeVtbl type_vtable = {
	COM_UNKNOWN(type),
	.GetProviderType = type_get_provider_type,
};

/* ---- IVdsHwProviderPrivate ---- */

/* Returns S_OK, S_FALSE (the array does not have the LUN) or VDS_E_PROVIDER_CACHE_CORRUPT. */
static HRESULT
find_lun(struct provider_place *place, const VDS_LUN_INFORMATION *info, VDS_OBJECT_ID *ret_lun_id)
{
	AUTO_VIEW struct client_view view = { NULL, NULL };
	const struct row_lun *lun;
	int rc = client_view(place->client, &view);

	if (rc < 0)
		return com_error(rc);
	lun = provider_lun_find(view.config, info);
	if (lun == NULL)
		return S_FALSE;
	com_guid_out(&lun->id, ret_lun_id);
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
hw_private_query_if_created_lun(IVdsHwProviderPrivate *self, LPWSTR device_path,
				VDS_LUN_INFORMATION *info, VDS_OBJECT_ID *ret_lun_id)
{
	struct provider_core *core = CORE(self, hw_private);
	HRESULT hr = COM_OUT(ret_lun_id, "pLunId"), found = S_FALSE;

	(void)device_path; /* the disk is recognised by its identity, not by its path */
	if (SUCCEEDED(hr) && info == NULL)
		hr = COM_NULL_ARGUMENT("pVdsLunInformation");
	if (SUCCEEDED(hr) && !atomic_load_explicit(&core->loaded, memory_order_acquire))
		hr = com_fail(VDS_E_INITIALIZE_NOT_CALLED, "the provider is not loaded");
	if (FAILED(hr))
		return hr;
	/* While an array cannot be trusted, the LUN may be one of it. */
	provider_for_each_place(place, core)
	{
		hr = find_lun(place, info, ret_lun_id);
		if (hr == S_OK)
			return hr;
		if (FAILED(hr))
			found = hr;
	}
	return found;
}

static const IVdsHwProviderPrivateVtbl hw_private_vtable = {
	COM_UNKNOWN(hw_private),
	.QueryIfCreatedLun = hw_private_query_if_created_lun,
};

/* ---- IVdsHwProviderStoragePools: storagepool.c ---- */

static HRESULT STDMETHODCALLTYPE
pools_query_storage_pools(IVdsHwProviderStoragePools *self, ULONG flags, ULONGLONG free_bytes,
			  VDS_POOL_ATTRIBUTES *attributes, IEnumVdsObject **ret_enum)
{
	return provider_list_pools(OBJECT(self, pools), flags, free_bytes, attributes, ret_enum);
}

static HRESULT STDMETHODCALLTYPE
pools_create_lun(IVdsHwProviderStoragePools *self, VDS_LUN_TYPE type, ULONGLONG size,
		 VDS_OBJECT_ID pool_id, LPWSTR unmasking_list, VDS_HINTS2 *hints,
		 IVdsAsync **ret_async)
{
	return provider_create_lun_in_pool(OBJECT(self, pools), type, size, &pool_id,
					   unmasking_list, hints, ret_async);
}

static HRESULT STDMETHODCALLTYPE
pools_query_max_size(IVdsHwProviderStoragePools *self, VDS_LUN_TYPE type, VDS_OBJECT_ID pool_id,
		     VDS_HINTS2 *hints, ULONGLONG *ret_size)
{
	return provider_max_size_in_pool(OBJECT(self, pools), type, &pool_id, hints, ret_size);
}

static const IVdsHwProviderStoragePoolsVtbl pools_vtable = {
	COM_UNKNOWN(pools),
	.QueryStoragePools = pools_query_storage_pools,
	.CreateLunInStoragePool = pools_create_lun,
	.QueryMaxLunCreateSizeInStoragePool = pools_query_max_size,
};

/* clang-format off */
static const struct com_interface interfaces[] = {
	COM_INTERFACE(provider, IVdsProvider, provider),
	COM_INTERFACE(provider, IVdsProviderPrivate, private),
	COM_INTERFACE(provider, IVdsHwProvider, hw),
	COM_INTERFACE(provider, IVdsProviderSupport, support),
	COM_INTERFACE(provider, IVdsHwProviderType, type),
	COM_INTERFACE(provider, IVdsHwProviderPrivate, hw_private),
	COM_INTERFACE(provider, IVdsHwProviderStoragePools, pools),
};
/* clang-format on */

const struct com_class provider_class = {
	.name = "provider",
	.kind = ROW_FAMILY_COUNT,
	.size_bytes = sizeof(struct provider),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};
