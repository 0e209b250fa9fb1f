/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the objects of providers come from on Linux: that of libvds itself is made here, all others
 * in processes of their own (isolate.c).  Called by a provider's own thread.
 */
#include "service/plugin_int.h"

#include <vds/libvds.h>

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"

/* Makes the object of libvds's own provider. */
static HRESULT
make_built_in(const GUID *class, IUnknown **ret_object)
{
	IClassFactory *factory = NULL;
	HRESULT hr = VdsGetClassObject(class, &IID_IClassFactory, (void **)&factory);

	if (FAILED(hr))
		return hr;
	hr = IClassFactory_CreateInstance(factory, NULL, &IID_IUnknown, (void **)ret_object);
	IClassFactory_Release(factory);
	return hr;
}

HRESULT
service_plugin_object(const struct service_registration *registration,
		      const struct service_limits *limits, void (*gone)(void *arg), void *arg,
		      struct service_isolate **ret_isolate, IUnknown **ret_object)
{
	*ret_isolate = NULL;
	*ret_object = NULL;
	if (registration->library == NULL)
		return make_built_in(&registration->clsid, ret_object);
	return service_isolate_start(registration, limits->start_ms, limits->call_ms, gone, arg,
				     ret_isolate, ret_object);
}

HRESULT
service_plugin_caller(const void *address, char **ret_library)
{
	Dl_info info;
	void *handle = NULL;
	bool is_provider = false;

	if (dladdr(address, &info) != 0 && info.dli_fname != NULL && info.dli_fname[0] == '/')
		handle = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
	if (handle != NULL) {
		is_provider = dlsym(handle, "DllGetClassObject") != NULL;
		dlclose(handle);
	}
	if (!is_provider)
		return com_fail(
			VDS_E_INVALID_PROVIDER_CLSID,
			"RegisterProvider was not called from the provider's library, so nobody "
			"knows where it is: write its file by hand, see libvds(3)");
	*ret_library = str_dup(info.dli_fname);
	return *ret_library != NULL ? S_OK : com_error(-ENOMEM);
}
