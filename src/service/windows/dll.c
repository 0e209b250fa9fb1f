/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service as a COM server of Windows: what COM calls in vdssvc.dll to get an object.  There is
 * one service in a process, be it the program's own or the surrogate's (dllhost.exe).  Any thread.
 */
#include "service/windows/dll_int.h"

const struct service_class service_classes[SERVICE_CLASSES] = {
	{ &CLSID_VdsLoader, L"VDS service loader of vdsd", service_loader_create },
	{ &CLSID_VdsService, L"VDS service of vdsd", service_open },
};

/* ---- the class factories: one for each class, never freed ---- */

struct factory {
	IClassFactory factory;
	const struct service_class *class;
};

static HRESULT STDMETHODCALLTYPE
factory_query_interface(IClassFactory *self, REFIID riid, void **ppv)
{
	if (ppv == NULL)
		return com_fail(E_POINTER, "ppvObject is NULL");
	*ppv = NULL;
	if (riid == NULL)
		return COM_NULL_ARGUMENT("riid");
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
	struct factory *factory = container_of(self, struct factory, factory);

	if (ppv == NULL)
		return com_fail(E_POINTER, "ppvObject is NULL");
	*ppv = NULL;
	if (riid == NULL)
		return COM_NULL_ARGUMENT("riid");
	if (outer != NULL)
		return com_fail(CLASS_E_NOAGGREGATION, "objects of VDS cannot be aggregated");
	return factory->class->create(riid, ppv);
}

static HRESULT STDMETHODCALLTYPE
factory_lock_server(IClassFactory *self, BOOL lock)
{
	(void)self;
	com_keep(lock != FALSE); /* DllCanUnloadNow asks */
	return S_OK;
}

static IClassFactoryVtbl factory_vtable = {
	.QueryInterface = factory_query_interface,
	.AddRef = factory_add_ref,
	.Release = factory_release,
	.CreateInstance = factory_create_instance,
	.LockServer = factory_lock_server,
};

/* ---- the entry points ---- */

STDAPI
DllGetClassObject(REFCLSID rclsid, REFIID riid, void **ppv)
{
	static struct factory factories[SERVICE_CLASSES] = {
		{ { &factory_vtable }, &service_classes[0] },
		{ { &factory_vtable }, &service_classes[1] },
	};
	if (ppv == NULL)
		return com_fail(E_POINTER, "ppv is NULL");
	*ppv = NULL;
	if (rclsid == NULL)
		return COM_NULL_ARGUMENT("rclsid");
	for (size_t i = 0; i < SERVICE_CLASSES; i++) {
		if (IsEqualCLSID(rclsid, service_classes[i].id))
			return factory_query_interface(&factories[i].factory, riid, ppv);
	}
	return com_fail(CLASS_E_CLASSNOTAVAILABLE, "vdssvc.dll has no such class");
}

STDAPI
DllCanUnloadNow(void)
{
	return com_is_kept() ? S_FALSE : S_OK;
}
