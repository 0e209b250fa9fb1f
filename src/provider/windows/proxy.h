/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Read before the proxies and stubs that widl has made of idl/vds.idl: three functions that they
 * name and that mingw-w64 declares for C++ only.
 */
#ifndef VDS_PROVIDER_WINDOWS_PROXY_H
#define VDS_PROVIDER_WINDOWS_PROXY_H

#include <windows.h>

#include <unknwn.h>

HRESULT STDMETHODCALLTYPE IUnknown_QueryInterface_Proxy(IUnknown *self, REFIID riid, void **ppv);
ULONG STDMETHODCALLTYPE IUnknown_AddRef_Proxy(IUnknown *self);
ULONG STDMETHODCALLTYPE IUnknown_Release_Proxy(IUnknown *self);

#endif
