/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The register of providers on Windows: below HKEY_LOCAL_MACHINE\SOFTWARE\vdsd\Providers a key for
 * each, named by the provider's id, with text values clsid, name, type, version and version_id.
 * Only administrators may write there.  Any thread may call it.
 */
#include "service/registry_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"

#define KEY       "SOFTWARE\\vdsd\\Providers"
#define KEY_MAX   96
#define NAME_MAX  32  /* UTF-16 units of a value's name with its NUL */
#define VALUE_MAX 256 /* and of the value */
/* the 64-bit view also in a 32-bit program, as in base/system_win.c */
#define VIEW      KEY_WOW64_64KEY

/* Returns the error for one of the registry, with a text. */
static int
registry_error(const char *key, LSTATUS error)
{
	int rc = error == ERROR_ACCESS_DENIED ? -EACCES
					      : (error == ERROR_NOT_ENOUGH_MEMORY ? -ENOMEM : -EIO);

	return err_set(rc, "HKLM\\%s: error %ld of the registry", key, (long)error);
}

/* ---- reading ---- */

/* Sets what one value of the key says. */
static int
set_value(struct service_registration *r, const WCHAR *name, const WCHAR *value, unsigned *seen)
{
	AUTO_FREE char *key = NULL, *text = NULL;
	int rc = com_string_in(name, &key);

	if (rc == 0)
		rc = com_string_in(value, &text);
	if (rc == 0)
		rc = service_registration_set(r, key, text, seen);
	if (rc == ERR_PARSE)
		return err_set(rc, "the value %s is not known, or does not fit",
			       key != NULL ? key : "");
	return rc;
}

/* Reads the values of an open key. */
static int
read_values(HKEY key, struct service_registration *r, unsigned *seen)
{
	WCHAR name[NAME_MAX], value[VALUE_MAX];
	int rc = 0;

	for (DWORD i = 0; rc == 0; i++) {
		DWORD length = NAME_MAX, size = sizeof(value) - sizeof(value[0]), type;
		LSTATUS error = RegEnumValueW(key, i, name, &length, NULL, &type, (BYTE *)value,
					      &size);

		if (error == ERROR_NO_MORE_ITEMS)
			break;
		if (error != ERROR_SUCCESS || type != REG_SZ)
			return err_set(ERR_PARSE, "value %lu is no text, or too long",
				       (unsigned long)i);
		value[size / sizeof(value[0])] = 0;
		rc = set_value(r, name, value, seen);
	}
	return rc;
}

/* Reads one key and adds what it registers. */
static int
read_registration(struct service_registrations *list, HKEY providers, const char *id)
{
	AUTO(service_registration_fini) struct service_registration registration = { 0 };
	unsigned seen = 0;
	HKEY key;
	int rc;

	rc = service_registration_set(&registration, "id", id, &seen);
	if (rc < 0)
		return rc == -ENOMEM ? rc : err_set(rc, "the key's name is no GUID");
	if (RegOpenKeyExA(providers, id, 0, KEY_QUERY_VALUE, &key) != ERROR_SUCCESS)
		return err_set(-EIO, "the key cannot be opened");
	rc = read_values(key, &registration, &seen);
	RegCloseKey(key);
	if (rc == 0 && service_registration_missing(seen) != NULL)
		rc = err_set(ERR_PARSE, "the value %s is missing",
			     service_registration_missing(seen));
	return rc < 0 ? rc : service_registrations_add(list, &registration);
}

int
service_registry_scan(struct service_registrations *list)
{
	HKEY providers;
	int rc = 0;

	if (RegOpenKeyExA(HKEY_LOCAL_MACHINE, KEY, 0, KEY_ENUMERATE_SUB_KEYS | VIEW, &providers) !=
	    ERROR_SUCCESS)
		return 0;
	for (DWORD i = 0; rc != -ENOMEM; i++) {
		char id[64];
		DWORD size = sizeof(id);

		if (RegEnumKeyExA(providers, i, id, &size, NULL, NULL, NULL, NULL) != ERROR_SUCCESS)
			break;
		rc = read_registration(list, providers, id);
		if (rc < 0)
			log_warning("service.registration_ignored", "key=%s error=\"%s\"", id,
				    err_text(rc));
	}
	RegCloseKey(providers);
	return rc == -ENOMEM ? rc : 0;
}

/* ---- writing ---- */

static const char *
key_of(const struct guid *id, char key[KEY_MAX])
{
	char text[GUID_TEXT_SIZE];

	snprintf(key, KEY_MAX, "%s\\%s", KEY, guid_format(id, text));
	return key;
}

static LSTATUS
write_text(HKEY key, const WCHAR *name, const char *value)
{
	LPWSTR string;
	LSTATUS error;

	if (com_string_out(value, &string) < 0)
		return ERROR_NOT_ENOUGH_MEMORY;
	error = RegSetValueExW(key, name, 0, REG_SZ, (const BYTE *)string,
			       (DWORD)((wcslen(string) + 1) * sizeof(*string)));
	CoTaskMemFree(string);
	return error;
}

static LSTATUS
write_guid(HKEY key, const WCHAR *name, const GUID *value)
{
	char text[GUID_TEXT_SIZE];
	struct guid guid;

	com_guid_in(value, &guid);
	return write_text(key, name, guid_format(&guid, text));
}

static LSTATUS
write_values(HKEY key, const struct service_registration *r)
{
	LSTATUS error = write_guid(key, L"clsid", &r->clsid);

	if (error == ERROR_SUCCESS)
		error = write_text(key, L"name", r->name);
	if (error == ERROR_SUCCESS)
		error = write_text(key, L"type", service_registration_type(r));
	if (error == ERROR_SUCCESS)
		error = write_text(key, L"version", r->version);
	if (error == ERROR_SUCCESS)
		error = write_guid(key, L"version_id", &r->version_id);
	return error == ERROR_SUCCESS ? RegFlushKey(key) : error;
}

int
service_registry_add(const struct service_registration *registration)
{
	char path[KEY_MAX];
	DWORD disposition;
	LSTATUS error;
	HKEY key;

	key_of(&registration->id, path);
	error = RegCreateKeyExA(HKEY_LOCAL_MACHINE, path, 0, NULL, 0, KEY_SET_VALUE | VIEW, NULL,
				&key, &disposition);
	if (error != ERROR_SUCCESS)
		return registry_error(path, error);
	if (disposition == REG_OPENED_EXISTING_KEY) {
		RegCloseKey(key);
		return err_set(ERR_NAME_IN_USE, "a provider is registered in HKLM\\%s", path);
	}
	error = write_values(key, registration);
	RegCloseKey(key);
	if (error == ERROR_SUCCESS)
		return 0;
	RegDeleteKeyExA(HKEY_LOCAL_MACHINE, path, VIEW, 0);
	return registry_error(path, error);
}

int
service_registry_remove(const struct guid *id)
{
	char path[KEY_MAX];
	LSTATUS error = RegDeleteKeyExA(HKEY_LOCAL_MACHINE, key_of(id, path), VIEW, 0);

	if (error == ERROR_FILE_NOT_FOUND)
		return err_set(ERR_NOT_FOUND, "no provider is registered in HKLM\\%s", path);
	return error == ERROR_SUCCESS ? 0 : registry_error(path, error);
}
