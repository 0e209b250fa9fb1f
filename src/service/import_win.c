/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Import targets in the registry, for Windows.  Any thread may call it. */
#include "service/import_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEY  "SOFTWARE\\vdsd\\ImportTargets"
/* the 64-bit view also in a 32-bit program, as in base/system_win.c */
#define VIEW KEY_WOW64_64KEY

static HRESULT
registry_error(LSTATUS error)
{
	char text[96];

	snprintf(text, sizeof(text), "HKLM\\%s: error %ld of the registry", KEY, (long)error);
	return com_fail(error == ERROR_ACCESS_DENIED ? VDS_E_ACCESS_DENIED
						     : HRESULT_FROM_WIN32((DWORD)error),
			text);
}

HRESULT
service_import_read(const char *id, LPWSTR *ret_name)
{
	char name[SERVICE_IMPORT_NAME_MAX + 1];
	DWORD size = sizeof(name);
	LSTATUS error;
	HKEY key;

	error = RegOpenKeyExA(HKEY_LOCAL_MACHINE, KEY, 0, KEY_QUERY_VALUE | VIEW, &key);
	if (error == ERROR_SUCCESS) {
		error = RegGetValueA(key, NULL, id, RRF_RT_REG_SZ, NULL, name, &size);
		RegCloseKey(key);
	}
	if (error == ERROR_FILE_NOT_FOUND)
		return com_fail(VDS_E_NO_IMPORT_TARGET, "no import target is set");
	return error == ERROR_SUCCESS ? com_error(com_string_out(name, ret_name))
				      : registry_error(error);
}

HRESULT
service_import_write(const char *id, const char *name)
{
	LSTATUS error;
	HKEY key;

	error = RegCreateKeyExA(HKEY_LOCAL_MACHINE, KEY, 0, NULL, 0, KEY_SET_VALUE | VIEW, NULL,
				&key, NULL);
	if (error != ERROR_SUCCESS)
		return registry_error(error);
	error = RegSetValueExA(key, id, 0, REG_SZ, (const BYTE *)name, (DWORD)strlen(name) + 1);
	if (error == ERROR_SUCCESS)
		error = RegFlushKey(key);
	RegCloseKey(key);
	return error == ERROR_SUCCESS ? S_OK : registry_error(error);
}

HRESULT
service_import_clear(const char *id)
{
	LSTATUS error;
	HKEY key;

	error = RegOpenKeyExA(HKEY_LOCAL_MACHINE, KEY, 0, KEY_SET_VALUE | VIEW, &key);
	if (error == ERROR_SUCCESS) {
		error = RegDeleteValueA(key, id);
		RegCloseKey(key);
	}
	return error == ERROR_SUCCESS || error == ERROR_FILE_NOT_FOUND ? S_OK
								       : registry_error(error);
}
