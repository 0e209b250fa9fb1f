/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions for strings of 16-bit characters, in place of the C library's, which read 32 bits. With
 * -fshort-wchar the wchar.h and cwchar of this directory include this file each time they are
 * included themselves, because the C++ library's cwchar takes macros of these names away.
 */
#ifndef VDS_COMPAT_VDSWIDE_H
#define VDS_COMPAT_VDSWIDE_H
#pragma GCC system_header

#if __SIZEOF_WCHAR_T__ == 2

#include "../libvds.h"
#include "../vdscom.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- length, order and copies ---- */

static FORCEINLINE size_t
vds_compat_wcslen(const wchar_t *s)
{
	size_t n = 0;

	while (s[n] != 0)
		n++;
	return n;
}

static FORCEINLINE size_t
vds_compat_wcsnlen(const wchar_t *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n] != 0)
		n++;
	return n;
}

static FORCEINLINE int
vds_compat_wcsncmp(const wchar_t *a, const wchar_t *b, size_t max)
{
	for (size_t i = 0; i < max; i++) {
		if (a[i] != b[i] || a[i] == 0)
			return (int)a[i] - (int)b[i];
	}
	return 0;
}

static FORCEINLINE int
vds_compat_wcscmp(const wchar_t *a, const wchar_t *b)
{
	return vds_compat_wcsncmp(a, b, (size_t)-1);
}

static FORCEINLINE int
vds_compat_fold(wchar_t c)
{
	return c >= L'A' && c <= L'Z' ? c + 32 : c;
}

/* Letters of ASCII count as equal to their capitals, others do not. */
static FORCEINLINE int
vds_compat_wcsnicmp(const wchar_t *a, const wchar_t *b, size_t max)
{
	for (size_t i = 0; i < max; i++) {
		int order = vds_compat_fold(a[i]) - vds_compat_fold(b[i]);

		if (order != 0 || a[i] == 0)
			return order;
	}
	return 0;
}

static FORCEINLINE int
vds_compat_wcsicmp(const wchar_t *a, const wchar_t *b)
{
	return vds_compat_wcsnicmp(a, b, (size_t)-1);
}

static FORCEINLINE wchar_t *
vds_compat_wmemcpy(wchar_t *to, const wchar_t *from, size_t n)
{
	return (wchar_t *)memcpy(to, from, n * sizeof(wchar_t));
}

static FORCEINLINE wchar_t *
vds_compat_wmemmove(wchar_t *to, const wchar_t *from, size_t n)
{
	return (wchar_t *)memmove(to, from, n * sizeof(wchar_t));
}

static FORCEINLINE wchar_t *
vds_compat_wmemset(wchar_t *to, wchar_t c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = c;
	return to;
}

static FORCEINLINE int
vds_compat_wmemcmp(const wchar_t *a, const wchar_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (a[i] != b[i])
			return (int)a[i] - (int)b[i];
	}
	return 0;
}

static FORCEINLINE wchar_t *
vds_compat_wmemchr(const wchar_t *s, wchar_t c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == c)
			return (wchar_t *)(s + i);
	}
	return NULL;
}

static FORCEINLINE wchar_t *
vds_compat_wcscpy(wchar_t *to, const wchar_t *from)
{
	return vds_compat_wmemcpy(to, from, vds_compat_wcslen(from) + 1);
}

static FORCEINLINE wchar_t *
vds_compat_wcsncpy(wchar_t *to, const wchar_t *from, size_t n)
{
	size_t i = 0;

	for (; i < n && from[i] != 0; i++)
		to[i] = from[i];
	for (; i < n; i++)
		to[i] = 0;
	return to;
}

static FORCEINLINE wchar_t *
vds_compat_wcscat(wchar_t *to, const wchar_t *from)
{
	vds_compat_wcscpy(to + vds_compat_wcslen(to), from);
	return to;
}

static FORCEINLINE wchar_t *
vds_compat_wcsncat(wchar_t *to, const wchar_t *from, size_t n)
{
	size_t end = vds_compat_wcslen(to);

	for (size_t i = 0; i < n && from[i] != 0; i++)
		to[end++] = from[i];
	to[end] = 0;
	return to;
}

/* As Windows: returns 0, or EINVAL or ERANGE and an empty string. */
static FORCEINLINE int
vds_compat_wcscpy_s(wchar_t *to, size_t room, const wchar_t *from)
{
	if (to == NULL || room == 0)
		return EINVAL;
	to[0] = 0;
	if (from == NULL)
		return EINVAL;
	if (vds_compat_wcsnlen(from, room) == room)
		return ERANGE;
	vds_compat_wcscpy(to, from);
	return 0;
}

static FORCEINLINE int
vds_compat_wcscat_s(wchar_t *to, size_t room, const wchar_t *from)
{
	size_t len = to != NULL ? vds_compat_wcsnlen(to, room) : 0;
	int rc;

	if (to == NULL || len == room)
		return EINVAL;
	rc = vds_compat_wcscpy_s(to + len, room - len, from);
	if (rc != 0)
		to[0] = 0;
	return rc;
}

/* The caller frees the copy with free(). */
static FORCEINLINE wchar_t *
vds_compat_wcsdup(const wchar_t *s)
{
	size_t n = vds_compat_wcslen(s) + 1;
	wchar_t *copy = (wchar_t *)malloc(n * sizeof(wchar_t));

	return copy != NULL ? vds_compat_wmemcpy(copy, s, n) : NULL;
}

/* ---- search ---- */

static FORCEINLINE wchar_t *
vds_compat_wcschr(const wchar_t *s, wchar_t c)
{
	return vds_compat_wmemchr(s, c, vds_compat_wcslen(s) + 1);
}

static FORCEINLINE wchar_t *
vds_compat_wcsrchr(const wchar_t *s, wchar_t c)
{
	for (size_t i = vds_compat_wcslen(s) + 1; i-- > 0;) {
		if (s[i] == c)
			return (wchar_t *)(s + i);
	}
	return NULL;
}

static FORCEINLINE wchar_t *
vds_compat_wcsstr(const wchar_t *s, const wchar_t *part)
{
	size_t n = vds_compat_wcslen(part);

	for (;; s++) {
		if (vds_compat_wcsncmp(s, part, n) == 0)
			return (wchar_t *)s;
		if (*s == 0)
			return NULL;
	}
}

/* ---- numbers ---- */

/* Copies what may be a number as ASCII; the rest of a string never belongs to one. */
static FORCEINLINE void
vds_compat_digits(const wchar_t *s, char digits[128])
{
	size_t n = 0;

	for (; n < 127 && s[n] > 0 && s[n] < 128; n++)
		digits[n] = (char)s[n];
	digits[n] = '\0';
}

static FORCEINLINE long long
vds_compat_wcstoll(const wchar_t *s, wchar_t **end, int base)
{
	char digits[128], *digits_end;
	long long value;

	vds_compat_digits(s, digits);
	value = strtoll(digits, &digits_end, base);
	if (end != NULL)
		*end = (wchar_t *)(s + (digits_end - digits));
	return value;
}

static FORCEINLINE unsigned long long
vds_compat_wcstoull(const wchar_t *s, wchar_t **end, int base)
{
	char digits[128], *digits_end;
	unsigned long long value;

	vds_compat_digits(s, digits);
	value = strtoull(digits, &digits_end, base);
	if (end != NULL)
		*end = (wchar_t *)(s + (digits_end - digits));
	return value;
}

/* A long of Windows has 32 bits. */
static FORCEINLINE long
vds_compat_wcstol(const wchar_t *s, wchar_t **end, int base)
{
	long long value = vds_compat_wcstoll(s, end, base);

	if (value >= -2147483647LL - 1 && value <= 2147483647LL)
		return (long)value;
	errno = ERANGE;
	return value < 0 ? -2147483647L - 1 : 2147483647L;
}

static FORCEINLINE unsigned long
vds_compat_wcstoul(const wchar_t *s, wchar_t **end, int base)
{
	long long value = vds_compat_wcstoll(s, end, base);

	if (value >= -4294967295LL && value <= 4294967295LL)
		return (unsigned long)(value & 0xffffffffLL);
	errno = ERANGE;
	return 0xffffffffUL;
}

/* ---- formatted text ---- */

/* As Windows: the number of characters, or -1 when they and a NUL do not fit; to is cut then. */
static FORCEINLINE int
vds_compat_vswprintf(wchar_t *to, size_t room, const wchar_t *format, va_list args)
{
	int n = VdsVswprintf(to, room, format, args);

	return n >= 0 && (size_t)n < room ? n : -1;
}

static __attribute__((unused)) int
vds_compat_swprintf(wchar_t *to, size_t room, const wchar_t *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vds_compat_vswprintf(to, room, format, args);
	va_end(args);
	return n;
}

/* Writes UTF-8.  Returns a number that is not negative, or -1. */
static FORCEINLINE int
vds_compat_fputws(const wchar_t *s, FILE *to)
{
	char *text = NULL;
	int n = -1;

	if (VdsUtf8FromString(s, &text) == S_OK)
		n = fputs(text, to);
	CoTaskMemFree(text);
	return n;
}

/* Returns the number of characters, or -1. */
static __attribute__((unused)) int
vds_compat_fwprintf(FILE *to, const wchar_t *format, ...)
{
	wchar_t *s = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = VdsVswprintf(NULL, 0, format, args);
	va_end(args);
	if (n >= 0)
		s = (wchar_t *)malloc(((size_t)n + 1) * sizeof(wchar_t));
	if (s == NULL)
		return -1;
	va_start(args, format);
	n = VdsVswprintf(s, (size_t)n + 1, format, args);
	va_end(args);
	if (vds_compat_fputws(s, to) < 0)
		n = -1;
	free(s);
	return n;
}

#ifdef __cplusplus
namespace std
{
using ::vds_compat_fputws;
using ::vds_compat_fwprintf;
using ::vds_compat_swprintf;
using ::vds_compat_vswprintf;
using ::vds_compat_wcscat;
using ::vds_compat_wcschr;
using ::vds_compat_wcscmp;
using ::vds_compat_wcscpy;
using ::vds_compat_wcslen;
using ::vds_compat_wcsncat;
using ::vds_compat_wcsncmp;
using ::vds_compat_wcsncpy;
using ::vds_compat_wcsnlen;
using ::vds_compat_wcsrchr;
using ::vds_compat_wcsstr;
using ::vds_compat_wcstol;
using ::vds_compat_wcstoll;
using ::vds_compat_wcstoul;
using ::vds_compat_wcstoull;
using ::vds_compat_wmemchr;
using ::vds_compat_wmemcmp;
using ::vds_compat_wmemcpy;
using ::vds_compat_wmemmove;
using ::vds_compat_wmemset;
} // namespace std
#endif

#endif /* 16-bit wchar_t */
#endif /* VDS_COMPAT_VDSWIDE_H */

#if __SIZEOF_WCHAR_T__ == 2

/* ---- the names: without a guard, see the head ---- */

#undef wcslen
#define wcslen(s) vds_compat_wcslen(s)
#undef wcsnlen
#define wcsnlen(s, max) vds_compat_wcsnlen(s, max)
#undef wcscmp
#define wcscmp(a, b) vds_compat_wcscmp(a, b)
#undef wcsncmp
#define wcsncmp(a, b, max) vds_compat_wcsncmp(a, b, max)
#undef wcscpy
#define wcscpy(to, from) vds_compat_wcscpy(to, from)
#undef wcsncpy
#define wcsncpy(to, from, n) vds_compat_wcsncpy(to, from, n)
#undef wcscat
#define wcscat(to, from) vds_compat_wcscat(to, from)
#undef wcsncat
#define wcsncat(to, from, n) vds_compat_wcsncat(to, from, n)
#undef wcschr
#define wcschr(s, c) vds_compat_wcschr(s, c)
#undef wcsrchr
#define wcsrchr(s, c) vds_compat_wcsrchr(s, c)
#undef wcsstr
#define wcsstr(s, part) vds_compat_wcsstr(s, part)
#undef wmemcpy
#define wmemcpy(to, from, n) vds_compat_wmemcpy(to, from, n)
#undef wmemmove
#define wmemmove(to, from, n) vds_compat_wmemmove(to, from, n)
#undef wmemset
#define wmemset(to, c, n) vds_compat_wmemset(to, c, n)
#undef wmemcmp
#define wmemcmp(a, b, n) vds_compat_wmemcmp(a, b, n)
#undef wmemchr
#define wmemchr(s, c, n) vds_compat_wmemchr(s, c, n)
#undef wcstol
#define wcstol(s, end, base) vds_compat_wcstol(s, end, base)
#undef wcstoul
#define wcstoul(s, end, base) vds_compat_wcstoul(s, end, base)
#undef wcstoll
#define wcstoll(s, end, base) vds_compat_wcstoll(s, end, base)
#undef wcstoull
#define wcstoull(s, end, base) vds_compat_wcstoull(s, end, base)
#undef fputws
#define fputws(s, to) vds_compat_fputws(s, to)
#undef vswprintf
#define vswprintf(to, room, format, args) vds_compat_vswprintf(to, room, format, args)
#undef _wcsicmp
#define _wcsicmp(a, b) vds_compat_wcsicmp(a, b)
#undef _wcsnicmp
#define _wcsnicmp(a, b, max) vds_compat_wcsnicmp(a, b, max)
#undef _wcsdup
#define _wcsdup(s) vds_compat_wcsdup(s)
#undef wcscpy_s
#define wcscpy_s(to, room, from) vds_compat_wcscpy_s(to, room, from)
#undef wcscat_s
#define wcscat_s(to, room, from) vds_compat_wcscat_s(to, room, from)
#undef _vsnwprintf
#define _vsnwprintf(to, room, format, args) vds_compat_vswprintf(to, room, format, args)
#undef _wtoi
#define _wtoi(s) ((int)vds_compat_wcstol((s), NULL, 10))
#undef _wtoi64
#define _wtoi64(s) vds_compat_wcstoll((s), NULL, 10)
#undef _wcstoui64
#define _wcstoui64(s, end, base) vds_compat_wcstoull(s, end, base)
#undef swprintf
#define swprintf(...) vds_compat_swprintf(__VA_ARGS__)
#undef _snwprintf
#define _snwprintf(...) vds_compat_swprintf(__VA_ARGS__)
#undef fwprintf
#define fwprintf(...) vds_compat_fwprintf(__VA_ARGS__)
#undef wprintf
#define wprintf VdsWprintf

#endif
