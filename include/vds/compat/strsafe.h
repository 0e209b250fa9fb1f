/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The string functions of Windows that say when there is no room; only with -fshort-wchar. */
#ifndef VDS_COMPAT_STRSAFE_H
#define VDS_COMPAT_STRSAFE_H

#include "windows.h"

#if __SIZEOF_WCHAR_T__ == 2

#define STRSAFE_MAX_CCH               2147483647u
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007A)
#define STRSAFE_E_INVALID_PARAMETER   ((HRESULT)0x80070057)

static FORCEINLINE HRESULT
StringCchLengthW(LPCWSTR string, size_t max, size_t *length)
{
	size_t n = string != NULL && max <= STRSAFE_MAX_CCH ? wcsnlen(string, max) : max;

	if (length != NULL)
		*length = n < max ? n : 0;
	return n < max ? S_OK : STRSAFE_E_INVALID_PARAMETER;
}

/* What has no room is cut. */
static FORCEINLINE HRESULT
StringCchCopyW(LPWSTR to, size_t room, LPCWSTR from)
{
	size_t n;

	if (room == 0 || room > STRSAFE_MAX_CCH)
		return STRSAFE_E_INVALID_PARAMETER;
	n = wcsnlen(from, room);
	wmemcpy(to, from, n < room ? n : room - 1);
	to[n < room ? n : room - 1] = 0;
	return n < room ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static FORCEINLINE HRESULT
StringCchCatW(LPWSTR to, size_t room, LPCWSTR from)
{
	size_t n;
	HRESULT hr = StringCchLengthW(to, room, &n);

	return hr == S_OK ? StringCchCopyW(to + n, room - n, from) : hr;
}

static FORCEINLINE HRESULT
StringCchVPrintfW(LPWSTR to, size_t room, LPCWSTR format, va_list args)
{
	int n;

	if (room == 0 || room > STRSAFE_MAX_CCH)
		return STRSAFE_E_INVALID_PARAMETER;
	n = VdsVswprintf(to, room, format, args);
	if (n < 0)
		return STRSAFE_E_INVALID_PARAMETER;
	return (size_t)n < room ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static __attribute__((unused)) HRESULT
StringCchPrintfW(LPWSTR to, size_t room, LPCWSTR format, ...)
{
	va_list args;
	HRESULT hr;

	va_start(args, format);
	hr = StringCchVPrintfW(to, room, format, args);
	va_end(args);
	return hr;
}

#define StringCchLength  StringCchLengthW
#define StringCchCopy    StringCchCopyW
#define StringCchCat     StringCchCatW
#define StringCchVPrintf StringCchVPrintfW
#define StringCchPrintf  StringCchPrintfW

#endif

#endif
