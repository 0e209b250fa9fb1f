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
};

/* The core behind the interface pointer `member`. */
#define CORE(self, member) (provider_core_of(&container_of(self, struct provider, member)->com))

/* 175dda01-2b89-4d3c-a9dd-8c550706c731 */
const struct guid provider_id = { { 0x17, 0x5d, 0xda, 0x01, 0x2b, 0x89, 0x4d, 0x3c, 0xa9, 0xdd,
				    0x8c, 0x55, 0x07, 0x06, 0xc7, 0x31 } };

COM_THUNKS(provider, IVdsProvider, provider);
COM_THUNKS(provider, IVdsProviderPrivate, private);
COM_THUNKS(provider, IVdsHwProvider, hw);
COM_THUNKS(provider, IVdsProviderSupport, support);
COM_THUNKS(provider, IVdsHwProviderType, type);
COM_THUNKS(provider, IVdsHwProviderPrivate, hw_private);

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

static const struct com_class *
class_of(VDS_OBJECT_TYPE type)
{
	switch (type) {
	case VDS_OT_PROVIDER:
		return &provider_class;
	case VDS_OT_SUB_SYSTEM:
		return &provider_subsystem_class;
	case VDS_OT_LUN:
		return &provider_lun_class;
	case VDS_OT_TARGET:
		return &provider_target_class;
	case VDS_OT_PORTAL:
		return &provider_portal_class;
	case VDS_OT_PORTAL_GROUP:
		return &provider_portalgroup_class;
	default:
		return NULL; /* this provider has no such objects */
	}
}

static bool
exists(const struct provider_look *look, const struct com_class *class, const struct guid *id)
{
	if (class == NULL)
		return false;
	if (class == &provider_class)
		return guid_equal(id, &provider_id);
	return state_find(look->view.config, (enum row_family) class->kind, id) != NULL;
}

static HRESULT STDMETHODCALLTYPE
private_get_object(IVdsProviderPrivate *self, VDS_OBJECT_ID guid, VDS_OBJECT_TYPE type,
		   IUnknown **ret_object)
{
	struct provider *p = container_of(self, struct provider, private);
	const struct com_class *class = class_of(type);
	AUTO_LOOK struct provider_look look = { 0 };
	struct guid id;
	HRESULT hr;

	hr = provider_enter(&p->com, 0, &look, COM_OUT(ret_object, "ppObjectUnk"));
	if (FAILED(hr))
		return hr;
	com_guid_in(&guid, &id);
	if (!exists(&look, class, &id))
		return com_fail(VDS_E_OBJECT_NOT_FOUND, "there is no object with this id and type");
	return com_give(p->com.space, class, &id, &IID_IUnknown, (void **)ret_object);
}

/*
 * Loads the provider and sets its sink. After a failure the provider is as loaded as it was before.
 */
static HRESULT
load_with_sink(struct provider_core *core, IVdsAdviseSink *sink)
{
	bool was_loaded = provider_core_client(core) != NULL;
	int rc = provider_core_load(core, NULL);

	if (rc < 0) {
		com_error(rc); /* for its text */
		return VDS_E_INITIALIZED_FAILED;
	}
	rc = provider_core_advise(core, sink);
	if (rc < 0 && !was_loaded)
		provider_core_unload(core);
	return com_error(rc);
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
	(void)force;
	provider_core_unload(CORE(self, private));
	return S_OK;
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
cure(IVdsHwProvider *self, int (*step)(struct client *client))
{
	struct client *client = provider_core_client(CORE(self, hw));

	if (client == NULL)
		return com_fail(VDS_E_INITIALIZE_NOT_CALLED, "the provider is not loaded");
	return com_error(step(client));
}

static HRESULT STDMETHODCALLTYPE
hw_reenumerate(IVdsHwProvider *self)
{
	return cure(self, client_reenumerate);
}

static HRESULT STDMETHODCALLTYPE
hw_refresh(IVdsHwProvider *self)
{
	return cure(self, client_refresh);
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
		*ret_versions = VDS_VSF_1_0 | VDS_VSF_1_1;
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

static HRESULT STDMETHODCALLTYPE
hw_private_query_if_created_lun(IVdsHwProviderPrivate *self, LPWSTR device_path,
				VDS_LUN_INFORMATION *info, VDS_OBJECT_ID *ret_lun_id)
{
	struct provider *p = container_of(self, struct provider, hw_private);
	AUTO_LOOK struct provider_look look;
	const struct row_lun *lun;
	HRESULT hr = COM_OUT(ret_lun_id, "pLunId");

	(void)device_path; /* the disk is recognised by its identity, not by its path */
	if (SUCCEEDED(hr) && info == NULL)
		hr = COM_NULL_ARGUMENT("pVdsLunInformation");
	hr = provider_enter(&p->com, 0, &look, hr);
	if (FAILED(hr))
		return hr;
	lun = provider_lun_find(look.view.config, info);
	if (lun == NULL)
		return S_FALSE;
	com_guid_out(&lun->id, ret_lun_id);
	return S_OK;
}

static const IVdsHwProviderPrivateVtbl hw_private_vtable = {
	COM_UNKNOWN(hw_private),
	.QueryIfCreatedLun = hw_private_query_if_created_lun,
};

/* clang-format off */
static const struct com_interface interfaces[] = {
	COM_INTERFACE(provider, IVdsProvider, provider),
	COM_INTERFACE(provider, IVdsProviderPrivate, private),
	COM_INTERFACE(provider, IVdsHwProvider, hw),
	COM_INTERFACE(provider, IVdsProviderSupport, support),
	COM_INTERFACE(provider, IVdsHwProviderType, type),
	COM_INTERFACE(provider, IVdsHwProviderPrivate, hw_private),
};
/* clang-format on */

const struct com_class provider_class = {
	.name = "provider",
	.kind = ROW_FAMILY_COUNT,
	.size_bytes = sizeof(struct provider),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};
