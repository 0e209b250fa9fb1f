/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The provider as an in-process COM server of Windows: what COM and regsvr32 call in vdsprov.dll.
 *
 * Registering writes two keys below HKEY_LOCAL_MACHINE\SOFTWARE\Classes: the class with its DLL,
 * and an application id with an empty DllSurrogate, so that dllhost.exe can hold the provider for a
 * program that wants it in another process (CLSCTX_LOCAL_SERVER).  Any thread.
 */
#include "provider/provider_int.h"

#include <olectl.h>
#include <stdio.h>

#define CLASS_NAME L"VDS hardware provider of vdsd"
#define KEY_MAX    80

STDAPI
DllGetClassObject(REFCLSID rclsid, REFIID riid, void **ppv)
{
	return VdsGetClassObject(rclsid, riid, ppv);
}

STDAPI
DllCanUnloadNow(void)
{
	return com_is_kept() ? S_FALSE : S_OK;
}

/* ---- the registry ---- */

/* Returns "CLSID\{...}" or "AppID\{...}", with or without a subkey behind it. */
static void
key_name(wchar_t name[KEY_MAX], const wchar_t *kind, const wchar_t *subkey)
{
	wchar_t id[40];

	StringFromGUID2(&CLSID_VdsHwProvider, id, 40);
	_snwprintf(name, KEY_MAX, L"SOFTWARE\\Classes\\%ls\\%ls%ls", kind, id, subkey);
}

/* value_name NULL: the key's own value. */
static LSTATUS
write_text(const wchar_t *key, const wchar_t *value_name, const wchar_t *text)
{
	return RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, value_name, REG_SZ, text,
			       (DWORD)((wcslen(text) + 1) * sizeof(*text)));
}

static LSTATUS
write_class(const wchar_t *dll)
{
	wchar_t key[KEY_MAX], id[40];
	LSTATUS rc;

	StringFromGUID2(&CLSID_VdsHwProvider, id, 40);
	key_name(key, L"CLSID", L"");
	rc = write_text(key, NULL, CLASS_NAME);
	if (rc == ERROR_SUCCESS)
		rc = write_text(key, L"AppID", id);
	key_name(key, L"CLSID", L"\\InprocServer32");
	if (rc == ERROR_SUCCESS)
		rc = write_text(key, NULL, dll);
	if (rc == ERROR_SUCCESS)
		rc = write_text(key, L"ThreadingModel", L"Both");
	key_name(key, L"AppID", L"");
	if (rc == ERROR_SUCCESS)
		rc = write_text(key, NULL, CLASS_NAME);
	if (rc == ERROR_SUCCESS)
		rc = write_text(key, L"DllSurrogate", L"");
	return rc;
}

static LSTATUS
remove_tree(const wchar_t *kind)
{
	wchar_t key[KEY_MAX];
	LSTATUS rc;

	key_name(key, kind, L"");
	rc = RegDeleteTreeW(HKEY_LOCAL_MACHINE, key);
	return rc == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : rc;
}

STDAPI
DllUnregisterServer(void)
{
	LSTATUS class_rc = remove_tree(L"CLSID"), app_rc = remove_tree(L"AppID");

	return class_rc == ERROR_SUCCESS && app_rc == ERROR_SUCCESS ? S_OK : SELFREG_E_CLASS;
}

STDAPI
DllRegisterServer(void)
{
	wchar_t path[MAX_PATH];
	HMODULE module;
	DWORD len;

	if (!GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
					GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
				(LPCWSTR)(const void *)&provider_class, &module))
		return SELFREG_E_CLASS;
	len = GetModuleFileNameW(module, path, MAX_PATH);
	if (len == 0 || len >= MAX_PATH)
		return SELFREG_E_CLASS;
	if (write_class(path) == ERROR_SUCCESS)
		return S_OK;
	DllUnregisterServer();
	return SELFREG_E_CLASS;
}
