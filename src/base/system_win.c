/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Windows does in its own way, behind system.h. Any thread. */
#include "base/system.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winsock2.h>

#include <windows.h>

#include <bcrypt.h>

#include "base/mem.h"
#include "base/windows_int.h"

int
system_random(void *ret_bytes, size_t size_bytes)
{
	NTSTATUS status = BCryptGenRandom(NULL, ret_bytes, (ULONG)size_bytes,
					  BCRYPT_USE_SYSTEM_PREFERRED_RNG);

	return status >= 0 ? 0 : -EIO;
}

/* ---- errors ---- */

/* Errors of sockets: the C library of Windows has the numbers, but neither names nor texts. */
/* clang-format off */
static const struct {
	int winsock, error;
	const char *name, *text;
} errors[] = {
	{ WSAEWOULDBLOCK,     EAGAIN,          "EAGAIN",          "Resource temporarily unavailable" },
	{ WSAEINPROGRESS,     EINPROGRESS,     "EINPROGRESS",     "Operation now in progress" },
	{ WSAEALREADY,        EALREADY,        "EALREADY",        "Operation already in progress" },
	{ WSAECONNREFUSED,    ECONNREFUSED,    "ECONNREFUSED",    "Connection refused" },
	{ WSAECONNRESET,      ECONNRESET,      "ECONNRESET",      "Connection reset by peer" },
	{ WSAECONNABORTED,    ECONNABORTED,    "ECONNABORTED",    "Software caused connection abort" },
	{ WSAENETRESET,       ENETRESET,       "ENETRESET",       "Network dropped connection on reset" },
	{ WSAESHUTDOWN,       EPIPE,           "EPIPE",           "Broken pipe" },
	{ WSAETIMEDOUT,       ETIMEDOUT,       "ETIMEDOUT",       "Connection timed out" },
	{ WSAEHOSTUNREACH,    EHOSTUNREACH,    "EHOSTUNREACH",    "No route to host" },
	{ WSAENETUNREACH,     ENETUNREACH,     "ENETUNREACH",     "Network is unreachable" },
	{ WSAENETDOWN,        ENETDOWN,        "ENETDOWN",        "Network is down" },
	{ WSAENOBUFS,         ENOBUFS,         "ENOBUFS",         "No buffer space available" },
	{ WSAENOTCONN,        ENOTCONN,        "ENOTCONN",        "Socket not connected" },
	{ WSAEADDRNOTAVAIL,   EADDRNOTAVAIL,   "EADDRNOTAVAIL",   "Cannot assign requested address" },
	{ WSAEADDRINUSE,      EADDRINUSE,      "EADDRINUSE",      "Address already in use" },
	{ WSAEAFNOSUPPORT,    EAFNOSUPPORT,    "EAFNOSUPPORT",    "Address family not supported" },
	{ WSAEACCES,          EACCES,          "EACCES",          "Permission denied" },
	{ WSAEMFILE,          EMFILE,          "EMFILE",          "Too many open files" },
	{ WSAEINVAL,          EINVAL,          "EINVAL",          "Invalid argument" },
	{ 0,                  ENOMEM,          "ENOMEM",          "Cannot allocate memory" },
	{ 0,                  EIO,             "EIO",             "Input/output error" },
	{ 0,                  ENOTSUP,         "ENOTSUP",         "Operation not supported" },
};
/* clang-format on */

int
windows_errno(int winsock_error)
{
	for (size_t i = 0; i < ARRAY_LEN(errors) && errors[i].winsock != 0; i++)
		if (errors[i].winsock == winsock_error)
			return errors[i].error;
	return EIO;
}

const char *
system_error_text(int error, char *buf, size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (errors[i].error == error)
			return errors[i].text;
	if (strerror_s(buf, size, error) != 0)
		snprintf(buf, size, "error %d", error);
	return buf;
}

const char *
system_error_name(int error)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (errors[i].error == error)
			return errors[i].name;
	return NULL;
}

/* ---- settings ---- */

#define SETTING_KEY      "SOFTWARE\\vdsd"
#define SETTING_MAX      2048
#define SETTINGS_AT_MOST 8

/* What was read from the registry, by name: a value is read once in the life of the process. */
static struct {
	const char *name;
	char value[SETTING_MAX];
	bool is_set;
} settings[SETTINGS_AT_MOST];

static pthread_mutex_t settings_lock = PTHREAD_MUTEX_INITIALIZER;

static bool
registry_read(const char *name, char value[SETTING_MAX])
{
	DWORD size = SETTING_MAX;
	HKEY key;
	LONG rc;

	/* the 64-bit view also in a 32-bit program: there is one array, not one for each */
	if (RegOpenKeyExA(HKEY_LOCAL_MACHINE, SETTING_KEY, 0, KEY_QUERY_VALUE | KEY_WOW64_64KEY,
			  &key) != ERROR_SUCCESS)
		return false;
	rc = RegGetValueA(key, NULL, name, RRF_RT_REG_SZ, NULL, value, &size);
	RegCloseKey(key);
	return rc == ERROR_SUCCESS && value[0] != '\0';
}

static const char *
registry_setting(const char *name)
{
	const char *value = NULL;

	pthread_mutex_lock(&settings_lock);
	for (size_t i = 0; i < SETTINGS_AT_MOST; i++) {
		if (settings[i].name == NULL) {
			settings[i].name = name;
			settings[i].is_set = registry_read(name, settings[i].value);
		}
		if (strcmp(settings[i].name, name) == 0) {
			value = settings[i].is_set ? settings[i].value : NULL;
			break;
		}
	}
	pthread_mutex_unlock(&settings_lock);
	return value;
}

const char *
system_setting(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? value : registry_setting(name);
}

/* ---- sorting ---- */

struct sort {
	int (*compare)(const void *a, const void *b, void *arg);
	void *arg;
};

/* qsort_s passes its argument first. */
static int __cdecl sort_compare(void *context, const void *a, const void *b)
{
	const struct sort *sort = context;

	return sort->compare(a, b, sort->arg);
}

void
system_sort(void *base, size_t count, size_t size_bytes,
	    int (*compare)(const void *a, const void *b, void *arg), void *arg)
{
	struct sort sort = { compare, arg };

	qsort_s(base, count, size_bytes, sort_compare, &sort);
}

/* A file of Windows has no small number that a stream could have had. */
void
system_streams_keep(void)
{
}
