/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions by which a program gets its first object (VdsOpenHwProvider, the class factory),
 * and VdsSync. Any thread may call it.
 */
#include "provider/provider_int.h"

#include <errno.h>

#include "base/err.h"

/* Returns a provider that is not loaded, with one reference, or NULL when out of memory. */
static struct com_object *
provider_new(void)
{
	struct com_object *provider;
	struct provider_core *core;

	if (provider_core_new(&core) < 0)
		return NULL;
	provider = com_space_object(&core->space, &provider_class, &provider_id);
	com_space_unref(&core->space); /* the provider has its own reference */
	return provider;
}

/* Returns the HRESULT that VdsOpenHwProvider returns when no array could be reached. */
static HRESULT
load_error(int code)
{
	HRESULT hr = com_error(code);

	switch (hr) {
	case E_OUTOFMEMORY:
	case E_INVALIDARG:
	case VDS_E_ACCESS_DENIED:
		return hr;
	default:
		return VDS_E_INITIALIZED_FAILED;
	}
}

static HRESULT
open_provider(const char *url, REFIID riid, void **ppv)
{
	struct com_object *provider = provider_new();
	HRESULT hr;
	int rc;

	if (provider == NULL)
		return com_error(-ENOMEM);
	hr = com_query(provider, riid,
		       ppv); /* before the connection, which a wrong riid does not need */
	com_release(provider);
	if (FAILED(hr))
		return hr;
	rc = provider_core_load(provider_core_of(provider), url, true);
	if (rc == 0)
		return S_OK;
	hr = load_error(rc);
	IUnknown_Release((IUnknown *)*ppv);
	*ppv = NULL;
	return hr;
}

HRESULT STDAPICALLTYPE
VdsOpenHwProvider(const WCHAR *url, REFIID riid, void **ppv)
{
	AUTO_FREE char *text = NULL;
	int rc = 0;

	if (ppv == NULL)
		return com_fail(E_POINTER, "ppv is NULL");
	*ppv = NULL;
	if (url != NULL)
		rc = com_string_in(url, &text);
	if (rc < 0)
		return com_error(rc);
	return open_provider(text, riid, ppv);
}

/* ---- the class factory: one for all, never freed ---- */

static HRESULT STDMETHODCALLTYPE
factory_query_interface(IClassFactory *self, REFIID riid, void **ppv)
{
	if (ppv == NULL)
		return com_fail(E_POINTER, "ppvObject is NULL");
	*ppv = NULL;
	if (!IsEqualIID(riid, &IID_IUnknown) && !IsEqualIID(riid, &IID_IClassFactory))
		return com_fail(E_NOINTERFACE, "a class factory does not offer this interface");
	*ppv = self;
	return S_OK;
}

static ULONG STDMETHODCALLTYPE
factory_add_ref(IClassFactory *self)
{
	(void)self;
	return 2;
}

static ULONG STDMETHODCALLTYPE
factory_release(IClassFactory *self)
{
	(void)self;
	return 1;
}

static HRESULT STDMETHODCALLTYPE
factory_create_instance(IClassFactory *self, IUnknown *outer, REFIID riid, void **ppv)
{
	struct com_object *provider;
	HRESULT hr;

	(void)self;
	if (ppv == NULL)
		return com_fail(E_POINTER, "ppvObject is NULL");
	*ppv = NULL;
	if (outer != NULL)
		return com_fail(CLASS_E_NOAGGREGATION, "a provider cannot be aggregated");
	provider = provider_new();
	if (provider == NULL)
		return com_error(-ENOMEM);
	hr = com_query(provider, riid, ppv);
	com_release(provider);
	return hr;
}

static HRESULT STDMETHODCALLTYPE
factory_lock_server(IClassFactory *self, BOOL lock)
{
	(void)self;
	com_keep(lock !=
		 FALSE); /* DllCanUnloadNow asks; on Linux the program unloads the library itself */
	return S_OK;
}

static const IClassFactoryVtbl factory_vtable = {
	.QueryInterface = factory_query_interface,
	.AddRef = factory_add_ref,
	.Release = factory_release,
	.CreateInstance = factory_create_instance,
	.LockServer = factory_lock_server,
};

HRESULT STDAPICALLTYPE
VdsGetClassObject(REFCLSID rclsid, REFIID riid, void **ppv)
{
	static IClassFactory factory = { .lpVtbl = &factory_vtable };

	if (ppv == NULL)
		return com_fail(E_POINTER, "ppv is NULL");
	*ppv = NULL;
	if (rclsid == NULL || riid == NULL)
		return COM_NULL_ARGUMENT("rclsid or riid");
	if (!IsEqualCLSID(rclsid, &CLSID_VdsHwProvider))
		return com_fail(CLASS_E_CLASSNOTAVAILABLE, "this library has no such class");
	return IClassFactory_QueryInterface(&factory, riid, ppv);
}

/* VDS_E_TIMEOUT is a code of this function alone: no method of VDS has it. */
static HRESULT
sync_one(struct client *client)
{
	int rc = client_sync(client);
	HRESULT hr = com_error(rc);

	return rc == ERR_TIMEOUT ? VDS_E_TIMEOUT : hr;
}

/* Waits for the object's array, or for all arrays when it is the provider. */
static HRESULT
sync_arrays(struct com_object *object)
{
	struct provider_core *core = provider_core_of(object);
	struct client *client = provider_client_of(object);
	HRESULT hr = S_OK;

	if (!atomic_load_explicit(&core->loaded, memory_order_acquire))
		return com_fail(VDS_E_INITIALIZE_NOT_CALLED, "the provider is not loaded");
	if (provider_place_of(object->space) != NULL)
		return client != NULL ? sync_one(client)
				      : com_fail(VDS_E_PROVIDER_CACHE_CORRUPT,
						 "the array of the object is not known");
	provider_for_each_place(place, core)
	{
		if (SUCCEEDED(hr))
			hr = sync_one(place->client);
	}
	return hr;
}

HRESULT STDAPICALLTYPE
VdsSync(IUnknown *unknown)
{
	struct com_object *object = NULL;
	HRESULT hr;

	if (unknown == NULL)
		return COM_NULL_ARGUMENT("object");
	if (FAILED(IUnknown_QueryInterface(unknown, &com_iid_object, (void **)&object)))
		return com_fail(E_INVALIDARG, "the object was not made by this library");
	hr = sync_arrays(object);
	com_release(object);
	return hr;
}
