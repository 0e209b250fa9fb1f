/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A provider of somebody else for the tests of the service on Windows (service.c), which registers
 * it:  class 2d3bb3e8-59d2-4a0e-8d3c-1b2f6f0e7a41.  Its objects are those of vdsprov.dll.  Where
 * the environment variable THIRD says "crash", its process ends as soon as an object is wanted.
 */
#define INITGUID
#include <stdlib.h>
#include <string.h>

#include <vds/libvds.h>

DEFINE_GUID(CLSID_Third, 0x2d3bb3e8, 0x59d2, 0x4a0e, 0x8d, 0x3c, 0x1b, 0x2f, 0x6f, 0x0e, 0x7a,
	    0x41);

static HRESULT STDMETHODCALLTYPE
factory_query_interface(IClassFactory *self, REFIID riid, void **ppv)
{
	*ppv = NULL;
	if (!IsEqualIID(riid, &IID_IUnknown) && !IsEqualIID(riid, &IID_IClassFactory))
		return E_NOINTERFACE;
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
	char value[16] = "";

	(void)self;
	GetEnvironmentVariableA("THIRD", value, sizeof(value));
	if (strcmp(value, "crash") == 0)
		TerminateProcess(GetCurrentProcess(), 3);
	return CoCreateInstance(&CLSID_VdsHwProvider, outer, CLSCTX_INPROC_SERVER, riid, ppv);
}

static HRESULT STDMETHODCALLTYPE
factory_lock_server(IClassFactory *self, BOOL lock)
{
	(void)self;
	(void)lock;
	return S_OK;
}

static IClassFactoryVtbl factory_vtable = {
	factory_query_interface, factory_add_ref,     factory_release,
	factory_create_instance, factory_lock_server,
};

STDAPI
DllGetClassObject(REFCLSID rclsid, REFIID riid, void **ppv)
{
	static IClassFactory factory = { &factory_vtable };

	*ppv = NULL;
	if (!IsEqualCLSID(rclsid, &CLSID_Third))
		return CLASS_E_CLASSNOTAVAILABLE;
	return factory_query_interface(&factory, riid, ppv);
}

STDAPI
DllCanUnloadNow(void)
{
	return S_FALSE;
}
