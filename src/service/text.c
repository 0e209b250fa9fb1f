/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GUIDs as text, and wprintf for 16-bit characters: what programs for Windows expect of their
 * system. Any thread may call it.
 */
#include "service/service_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <vds/vdscom.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf.h"

/* ---- GUIDs ---- */

#define GUID_UNITS 39 /* with braces and the NUL */

HRESULT STDAPICALLTYPE
CoCreateGuid(GUID *ret_guid)
{
	struct guid guid;

	if (ret_guid == NULL)
		return COM_NULL_ARGUMENT("pguid");
	guid_make(&guid);
	com_guid_out(&guid, ret_guid);
	return S_OK;
}

int STDAPICALLTYPE
StringFromGUID2(REFGUID rguid, LPWSTR string, int max_units)
{
	char text[GUID_TEXT_SIZE];
	struct guid guid;

	if (rguid == NULL || string == NULL || max_units < GUID_UNITS)
		return 0;
	com_guid_in(rguid, &guid);
	guid_format(&guid, text);
	string[0] = u'{';
	for (size_t i = 0; i < GUID_TEXT_SIZE - 1; i++)
		string[i + 1] = (WCHAR)(text[i] >= 'a' && text[i] <= 'f' ? text[i] - 32 : text[i]);
	string[GUID_UNITS - 2] = u'}';
	string[GUID_UNITS - 1] = 0;
	return GUID_UNITS;
}

HRESULT STDAPICALLTYPE
StringFromCLSID(REFCLSID rclsid, LPWSTR *ret_string)
{
	HRESULT hr = COM_OUT(ret_string, "lplpsz");

	if (SUCCEEDED(hr) && rclsid == NULL)
		hr = COM_NULL_ARGUMENT("rclsid");
	if (FAILED(hr))
		return hr;
	*ret_string = CoTaskMemAlloc(GUID_UNITS * sizeof(WCHAR));
	if (*ret_string == NULL)
		return com_error(-ENOMEM);
	StringFromGUID2(rclsid, *ret_string, GUID_UNITS);
	return S_OK;
}

HRESULT STDAPICALLTYPE
StringFromIID(REFIID riid, LPWSTR *ret_string)
{
	return StringFromCLSID(riid, ret_string);
}

HRESULT STDAPICALLTYPE
CLSIDFromString(LPCWSTR string, CLSID *ret_clsid)
{
	char text[GUID_UNITS] = "";
	struct guid guid;
	size_t n = 0;

	if (ret_clsid == NULL)
		return COM_NULL_ARGUMENT("pclsid");
	memset(ret_clsid, 0, sizeof(*ret_clsid));
	if (string == NULL)
		return S_OK;
	for (; n < GUID_UNITS - 1 && string[n] != 0 && string[n] < 0x80; n++)
		text[n] = (char)string[n];
	if (string[n] != 0 || text[0] != '{' || guid_parse(text, &guid) < 0)
		return com_fail(CO_E_CLASSSTRING, "the string is not a GUID in braces");
	com_guid_out(&guid, ret_clsid);
	return S_OK;
}

/* ---- wprintf ---- */

/* How long the argument of a conversion is. */
enum length { LENGTH_INT, LENGTH_CHAR, LENGTH_SHORT, LENGTH_LONG, LENGTH_64, LENGTH_SIZE };

struct conversion {
	char flags[48]; /* "%", flags, width and precision, without the length */
	size_t len;
	enum length length;
	char letter;
};

/* The lengths of Windows and of C, longest first. */
static const struct {
	const char *text;
	enum length length;
} lengths[] = {
	{ "I64", LENGTH_64 },  { "I32", LENGTH_INT }, { "ll", LENGTH_64 },  { "hh", LENGTH_CHAR },
	{ "h", LENGTH_SHORT }, { "l", LENGTH_LONG },  { "w", LENGTH_LONG }, { "z", LENGTH_SIZE },
	{ "I", LENGTH_SIZE },  { "j", LENGTH_64 },    { "t", LENGTH_SIZE },
};

static const char *
read_length(const char *p, enum length *ret_length)
{
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		if (str_starts(p, lengths[i].text)) {
			*ret_length = lengths[i].length;
			return p + strlen(lengths[i].text);
		}
	}
	*ret_length = LENGTH_INT;
	return p;
}

/* Reads a conversion at "%". Returns what follows it, or NULL when it is too long. */
static const char *
read_conversion(const char *p, struct conversion *c, va_list *args)
{
	c->len = 0;
	c->flags[c->len++] = *p++;
	while (*p != '\0' && strchr("-+ #0123456789.*", *p) != NULL) {
		if (c->len + 16 > sizeof(c->flags))
			return NULL;
		if (*p == '*')
			c->len += (size_t)snprintf(c->flags + c->len, 12, "%d", va_arg(*args, int));
		else
			c->flags[c->len++] = *p;
		p++;
	}
	c->flags[c->len] = '\0';
	p = read_length(p, &c->length);
	c->letter = *p;
	return *p != '\0' ? p + 1 : NULL;
}

/* The format string is built from the program's own one, letter by letter. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* Adds a text of so many characters in the width of the conversion. */
static void
print_padded(struct strbuf *out, const struct conversion *c, const char *text, size_t units)
{
	size_t flags = 1 + strspn(c->flags + 1, "-+ #0");
	unsigned long width = strtoul(c->flags + flags, NULL, 10);
	bool left = memchr(c->flags, '-', flags) != NULL;
	size_t pad = width > units ? width - units : 0;

	for (size_t i = 0; !left && i < pad; i++)
		strbuf_add(out, " ");
	strbuf_add(out, text);
	for (size_t i = 0; left && i < pad; i++)
		strbuf_add(out, " ");
}

/* Returns how many characters of a string the conversion wants at most. */
static size_t
precision(const struct conversion *c)
{
	const char *point = strchr(c->flags, '.');

	return point != NULL ? strtoul(point + 1, NULL, 10) : SIZE_MAX;
}

/* Like Windows, takes no character of the string beyond the precision: it may have no NUL there. */
static void
print_wide(struct strbuf *out, struct conversion *c, const WCHAR *string)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE WCHAR *copy = NULL;
	size_t units = 0, max = precision(c);

	if (string == NULL)
		string = u"(null)";
	while (units < max && string[units] != 0)
		units++;
	if (units > 0 && units == max && string[units - 1] >= 0xd800 && string[units - 1] < 0xdc00)
		units--; /* half of a pair is no character */
	copy = mem_calloc(units + 1, sizeof(*copy));
	if (copy == NULL) {
		out->failed = true;
		return;
	}
	memcpy(copy, string, units * sizeof(*copy));
	if (com_string_in(copy, &text) < 0)
		print_padded(out, c, "(not UTF-16)", strlen("(not UTF-16)"));
	else
		print_padded(out, c, text, units);
}

static void
print_string(struct strbuf *out, struct conversion *c, const char *text)
{
	AUTO_FREE char *copy = NULL;
	size_t max = precision(c), len;
	long units;

	if (text == NULL)
		text = "(null)";
	len = max == SIZE_MAX ? strlen(text) : strnlen(text, max);
	while (len > 0 && len == max && (text[len] & 0xc0) == 0x80)
		len--; /* not within a character of UTF-8 */
	copy = mem_calloc(len + 1, 1);
	if (copy == NULL) {
		out->failed = true;
		return;
	}
	memcpy(copy, text, len);
	units = utf8_to_utf16_len(copy);
	print_padded(out, c, units >= 0 ? copy : "(not UTF-8)", units >= 0 ? (size_t)units : 11);
}

static void
print_number(struct strbuf *out, struct conversion *c, va_list *args)
{
	const bool is_signed = c->letter == 'd' || c->letter == 'i';
	unsigned long long value;

	if (c->length == LENGTH_64 || c->length == LENGTH_SIZE)
		value = va_arg(*args, unsigned long long);
	else if (is_signed) /* Windows: a long has 32 bits */
		value = (unsigned long long)(long long)va_arg(*args, int);
	else
		value = va_arg(*args, unsigned);
	if (c->length == LENGTH_SHORT)
		value = is_signed ? (unsigned long long)(short)value : (unsigned short)value;
	if (c->length == LENGTH_CHAR)
		value = is_signed ? (unsigned long long)(signed char)value : (unsigned char)value;
	snprintf(c->flags + c->len, sizeof(c->flags) - c->len, "ll%c", c->letter);
	strbuf_addf(out, c->flags, value);
}

static void
print_other(struct strbuf *out, struct conversion *c, va_list *args)
{
	c->flags[c->len] = c->letter;
	c->flags[c->len + 1] = '\0';
	if (c->letter == 'p')
		strbuf_addf(out, c->flags, va_arg(*args, void *));
	else
		strbuf_addf(out, c->flags, va_arg(*args, double));
}

#pragma GCC diagnostic pop

static void
print_character(struct strbuf *out, struct conversion *c, WCHAR unit)
{
	const WCHAR string[] = { unit, 0 };

	print_wide(out, c, string);
}

/* Returns false when the conversion is none that is known: nothing can be said of its argument. */
static bool
print_conversion(struct strbuf *out, struct conversion *c, va_list *args)
{
	bool narrow = c->length == LENGTH_SHORT || c->length == LENGTH_CHAR;

	switch (c->letter) {
	case '%':
		strbuf_add(out, "%");
		return true;
	case 's':
	case 'S':
		if (narrow || (c->letter == 'S' && c->length != LENGTH_LONG))
			print_string(out, c, va_arg(*args, const char *));
		else
			print_wide(out, c, va_arg(*args, const WCHAR *));
		return true;
	case 'c':
	case 'C':
		print_character(out, c, (WCHAR)va_arg(*args, int));
		return true;
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		print_number(out, c, args);
		return true;
	case 'p':
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G':
		print_other(out, c, args);
		return true;
	default:
		return false;
	}
}

/* Formats as far as the format makes sense. */
static void
format_all(struct strbuf *out, const char *format, va_list *args)
{
	struct conversion c;

	while (*format != '\0') {
		size_t plain = strcspn(format, "%");

		strbuf_add_bytes(out, format, plain);
		format += plain;
		if (*format == '\0')
			return;
		format = read_conversion(format, &c, args);
		if (format == NULL || !print_conversion(out, &c, args)) {
			out->failed = true;
			return;
		}
	}
}

/* Returns the whole text, which the caller frees with mem_free, or NULL. */
static char *
format_text(const WCHAR *format, va_list *args)
{
	AUTO_FREE char *text = NULL;
	char *result;
	struct strbuf out;

	if (format == NULL || com_string_in(format, &text) < 0)
		return NULL;
	strbuf_init(&out);
	format_all(&out, text, args);
	result = strbuf_take(&out);
	strbuf_fini(&out);
	return result;
}

int STDAPICALLTYPE
VdsWprintf(const WCHAR *format, ...)
{
	AUTO_FREE char *result = NULL;
	va_list args;

	va_start(args, format);
	result = format_text(format, &args);
	va_end(args);
	return result != NULL && fputs(result, stdout) >= 0 ? (int)strlen(result) : -1;
}

int STDAPICALLTYPE
VdsVswprintf(WCHAR *string, size_t room, const WCHAR *format, va_list args)
{
	AUTO_FREE char *result = NULL;
	WCHAR *whole = NULL;
	size_t len = 0, kept;
	va_list copy;

	if (string != NULL && room > 0)
		string[0] = 0;
	va_copy(copy, args);
	result = format_text(format, &copy);
	va_end(copy);
	if (result == NULL || com_string_out(result, &whole) < 0)
		return -1;
	while (whole[len] != 0)
		len++;
	kept = len < room ? len : room - 1;
	if (string != NULL && room > 0) {
		memcpy(string, whole, kept * sizeof(*whole));
		string[kept] = 0;
	}
	CoTaskMemFree(whole);
	return (int)len;
}
