/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registers vdsproxy.dll, the proxies and stubs of all interfaces of idl/vds.idl; the code itself
 * is made by widl.
 *
 * Windows has proxies for these interfaces (vds_ps.dll, a part of the Virtual Disk Service), and
 * they are left alone: where the interface of providers has a proxy that is not this DLL,
 * registering fails with E_ACCESSDENIED and changes nothing.  Called by regsvr32.
 */
#include <stdbool.h>
#include <stdio.h>

#include <vds/vds.h>

#include <olectl.h>
#include <rpcproxy.h>

/* In dlldata.c, made by widl: the proxies, and the class of theirs that PROXY_CLSID_IS has set. */
void RPC_ENTRY GetProxyDllInfo(const ProxyFileInfo ***ret_files, const CLSID **ret_class);

/* Does the interface of providers belong to the proxies of somebody else? */
static bool
is_taken(void)
{
	wchar_t key[96], iid[40], ours[40], registered[40];
	const ProxyFileInfo **files;
	DWORD size = sizeof(registered);
	const CLSID *class;

	GetProxyDllInfo(&files, &class);
	StringFromGUID2(&IID_IVdsProvider, iid, 40);
	StringFromGUID2(class, ours, 40);
	_snwprintf(key, 96, L"SOFTWARE\\Classes\\Interface\\%ls\\ProxyStubClsid32", iid);
	return RegGetValueW(HKEY_LOCAL_MACHINE, key, NULL, RRF_RT_REG_SZ, NULL, registered,
			    &size) == ERROR_SUCCESS &&
	       _wcsicmp(registered, ours) != 0;
}

static HMODULE
own_module(void)
{
	HMODULE module = NULL;

	GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
				   GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
			   (LPCWSTR)(const void *)&GetProxyDllInfo, &module);
	return module;
}

STDAPI
DllRegisterServer(void)
{
	const ProxyFileInfo **files;
	const CLSID *class;

	GetProxyDllInfo(&files, &class);
	return is_taken() ? E_ACCESSDENIED : NdrDllRegisterProxy(own_module(), files, class);
}

STDAPI
DllUnregisterServer(void)
{
	const ProxyFileInfo **files;
	const CLSID *class;

	GetProxyDllInfo(&files, &class);
	return is_taken() ? E_ACCESSDENIED : NdrDllUnregisterProxy(own_module(), files, class);
}
