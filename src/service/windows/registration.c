/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registers vdssvc.dll; called by regsvr32.  Below HKEY_LOCAL_MACHINE\SOFTWARE\Classes there is a
 * key for each class, and one application id for both with an empty DllSurrogate, so that
 * dllhost.exe holds the service for programs that ask for it in another process, as they do on
 * Windows (CLSCTX_LOCAL_SERVER).
 *
 * Windows has a Virtual Disk Service of its own with these classes, which is left alone: where the
 * loader's class belongs to somebody else, registering fails with E_ACCESSDENIED and changes
 * nothing.
 */
#include "service/windows/dll_int.h"

#include <olectl.h>
#include <stdio.h>

#define KEY_MAX 96

static const wchar_t *
key_name(wchar_t key[KEY_MAX], const wchar_t *kind, const CLSID *id, const wchar_t *subkey)
{
	wchar_t text[40];

	StringFromGUID2(id, text, 40);
	_snwprintf(key, KEY_MAX, L"SOFTWARE\\Classes\\%ls\\%ls%ls", kind, text, subkey);
	return key;
}

/* value_name NULL: the key's own value. */
static LSTATUS
write_text(const wchar_t *key, const wchar_t *value_name, const wchar_t *text)
{
	return RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, value_name, REG_SZ, text,
			       (DWORD)((wcslen(text) + 1) * sizeof(*text)));
}

/*
 * Free: a program in a single-threaded apartment gets proxies, as from a service of its own
 * process.
 */
static LSTATUS
write_class(const struct service_class *class, const wchar_t *dll)
{
	wchar_t key[KEY_MAX], app[40];
	LSTATUS rc;

	StringFromGUID2(&CLSID_VdsLoader, app, 40);
	rc = write_text(key_name(key, L"CLSID", class->id, L""), NULL, class->name);
	if (rc == ERROR_SUCCESS)
		rc = write_text(key, L"AppID", app);
	key_name(key, L"CLSID", class->id, L"\\InprocServer32");
	if (rc == ERROR_SUCCESS)
		rc = write_text(key, NULL, dll);
	if (rc == ERROR_SUCCESS)
		rc = write_text(key, L"ThreadingModel", L"Free");
	return rc;
}

static LSTATUS
write_application(void)
{
	wchar_t key[KEY_MAX];
	LSTATUS rc;

	rc = write_text(key_name(key, L"AppID", &CLSID_VdsLoader, L""), NULL,
			service_classes[0].name);
	return rc == ERROR_SUCCESS ? write_text(key, L"DllSurrogate", L"") : rc;
}

static LSTATUS
remove_tree(const wchar_t *kind, const CLSID *id)
{
	wchar_t key[KEY_MAX];
	LSTATUS rc = RegDeleteTreeW(HKEY_LOCAL_MACHINE, key_name(key, kind, id, L""));

	return rc == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : rc;
}

static bool
own_path(wchar_t path[MAX_PATH])
{
	HMODULE module;
	DWORD len;

	if (!GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
					GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
				(LPCWSTR)(const void *)service_classes, &module))
		return false;
	len = GetModuleFileNameW(module, path, MAX_PATH);
	return len > 0 && len < MAX_PATH;
}

/* Does the file with this path have the name of this DLL, wherever it lies? */
static bool
is_ours(const wchar_t *path)
{
	const wchar_t *name = wcsrchr(path, L'\\');

	return _wcsicmp(name != NULL ? name + 1 : path, L"vdssvc.dll") == 0;
}

/*
 * Does the loader's class belong to somebody else: is it there without a DLL, or with another one?
 */
static bool
is_taken(void)
{
	wchar_t key[KEY_MAX], dll[MAX_PATH];
	DWORD size = sizeof(dll);
	HKEY class;

	if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, key_name(key, L"CLSID", &CLSID_VdsLoader, L""), 0,
			  KEY_QUERY_VALUE, &class) != ERROR_SUCCESS)
		return false;
	RegCloseKey(class);
	key_name(key, L"CLSID", &CLSID_VdsLoader, L"\\InprocServer32");
	return RegGetValueW(HKEY_LOCAL_MACHINE, key, NULL, RRF_RT_REG_SZ, NULL, dll, &size) !=
		       ERROR_SUCCESS ||
	       !is_ours(dll);
}

STDAPI
DllUnregisterServer(void)
{
	LSTATUS rc;

	if (is_taken())
		return E_ACCESSDENIED;
	rc = remove_tree(L"AppID", &CLSID_VdsLoader);
	for (size_t i = 0; i < SERVICE_CLASSES; i++) {
		LSTATUS one = remove_tree(L"CLSID", service_classes[i].id);

		rc = rc == ERROR_SUCCESS ? one : rc;
	}
	return rc == ERROR_SUCCESS ? S_OK : SELFREG_E_CLASS;
}

STDAPI
DllRegisterServer(void)
{
	wchar_t path[MAX_PATH];
	LSTATUS rc;

	if (is_taken())
		return E_ACCESSDENIED;
	if (!own_path(path))
		return SELFREG_E_CLASS;
	rc = write_application();
	for (size_t i = 0; rc == ERROR_SUCCESS && i < SERVICE_CLASSES; i++)
		rc = write_class(&service_classes[i], path);
	if (rc == ERROR_SUCCESS)
		return S_OK;
	DllUnregisterServer();
	return SELFREG_E_CLASS;
}
