/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loader: the object with which programs begin, and which gives them the service.  Any thread
 * may call it.
 */
#include "service/service_int.h"

#include <errno.h>

struct loader {
	IVdsServiceLoader loader;
	_Atomic unsigned refs;
};

static HRESULT STDMETHODCALLTYPE
loader_query_interface(IVdsServiceLoader *self, REFIID riid, void **ppv)
{
	if (ppv == NULL)
		return com_fail(E_POINTER, "ppvObject is NULL");
	*ppv = NULL;
	if (riid == NULL)
		return COM_NULL_ARGUMENT("riid");
	if (!IsEqualIID(riid, &IID_IUnknown) && !IsEqualIID(riid, &IID_IVdsServiceLoader))
		return com_fail(E_NOINTERFACE, "the loader does not offer this interface");
	IVdsServiceLoader_AddRef(self);
	*ppv = self;
	return S_OK;
}

static ULONG STDMETHODCALLTYPE
loader_add_ref(IVdsServiceLoader *self)
{
	struct loader *loader = container_of(self, struct loader, loader);

	return atomic_fetch_add_explicit(&loader->refs, 1, memory_order_relaxed) + 1;
}

static ULONG STDMETHODCALLTYPE
loader_release(IVdsServiceLoader *self)
{
	struct loader *loader = container_of(self, struct loader, loader);
	ULONG left = atomic_fetch_sub_explicit(&loader->refs, 1, memory_order_acq_rel) - 1;

	if (left == 0)
		mem_free(loader);
	return left;
}

static HRESULT STDMETHODCALLTYPE
load_service(IVdsServiceLoader *self, LPWSTR machine_name, IVdsService **ret_service)
{
	IVdsServiceInitialization *initialization;
	HRESULT hr = COM_OUT(ret_service, "ppService");

	(void)self;
	if (SUCCEEDED(hr))
		hr = service_open(&IID_IVdsService, (void **)ret_service);
	if (FAILED(hr))
		return hr;
	hr = IVdsService_QueryInterface(*ret_service, &IID_IVdsServiceInitialization,
					(void **)&initialization);
	if (SUCCEEDED(hr)) {
		hr = IVdsServiceInitialization_Initialize(initialization, machine_name);
		IVdsServiceInitialization_Release(initialization);
	}
	if (SUCCEEDED(hr))
		return hr;
	IVdsService_Release(*ret_service);
	*ret_service = NULL;
	return hr;
}

static const IVdsServiceLoaderVtbl loader_vtable = {
	.QueryInterface = loader_query_interface,
	.AddRef = loader_add_ref,
	.Release = loader_release,
	.LoadService = load_service,
};

HRESULT
service_loader_create(REFIID riid, void **ppv)
{
	struct loader *loader = mem_alloc(sizeof(*loader));
	HRESULT hr;

	if (loader == NULL)
		return com_error(-ENOMEM);
	loader->loader.lpVtbl = &loader_vtable;
	atomic_init(&loader->refs, 1);
	hr = loader_query_interface(&loader->loader, riid, ppv);
	loader_release(&loader->loader);
	return hr;
}
