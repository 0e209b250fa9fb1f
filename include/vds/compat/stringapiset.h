/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Conversions between WCHAR and char strings, and the string functions that begin with l; only with
 * -fshort-wchar.  Every code page is UTF-8.  See windows.h in this directory.
 */
#ifndef VDS_COMPAT_STRINGAPISET_H
#define VDS_COMPAT_STRINGAPISET_H

#include "windows.h"

#if __SIZEOF_WCHAR_T__ == 2

#include <stdlib.h>
#include <wchar.h>

#include "../libvds.h"

/* Only whole strings (size -1) are converted.  Returns the characters with the NUL, or 0. */
static FORCEINLINE int
MultiByteToWideChar(UINT page, DWORD flags, LPCSTR text, int size, LPWSTR string, int room)
{
	WCHAR *whole = NULL;
	int n = 0;

	(void)page;
	(void)flags;
	if (size == -1 && VdsStringFromUtf8(text, &whole) == S_OK)
		n = (int)wcslen(whole) + 1;
	if (room != 0 && n > room)
		n = 0;
	if (room != 0 && n != 0)
		wmemcpy(string, whole, (size_t)n);
	CoTaskMemFree(whole);
	return n;
}

static FORCEINLINE int
WideCharToMultiByte(UINT page, DWORD flags, LPCWSTR string, int size, LPSTR text, int room,
		    LPCSTR default_char, BOOL *used_default)
{
	char *whole = NULL;
	int n = 0;

	(void)page;
	(void)flags;
	(void)default_char;
	if (used_default != NULL)
		*used_default = FALSE;
	if (size == -1 && VdsUtf8FromString(string, &whole) == S_OK)
		n = (int)strlen(whole) + 1;
	if (room != 0 && n > room)
		n = 0;
	if (room != 0 && n != 0)
		memcpy(text, whole, (size_t)n);
	CoTaskMemFree(whole);
	return n;
}

static FORCEINLINE int
lstrlenW(LPCWSTR string)
{
	return string != NULL ? (int)wcslen(string) : 0;
}

static FORCEINLINE int
lstrcmpW(LPCWSTR a, LPCWSTR b)
{
	return wcscmp(a, b);
}

static FORCEINLINE int
lstrcmpiW(LPCWSTR a, LPCWSTR b)
{
	return _wcsicmp(a, b);
}
#define lstrlen  lstrlenW
#define lstrcmp  lstrcmpW
#define lstrcmpi lstrcmpiW

#endif

#endif
