/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values that cross an interface: GUIDs and strings. Any thread may call it. */
#include <vds/libvds.h>

#include "com/com.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/str.h"
#include "base/utf.h"

/*
 * Microsoft stores the first three parts of a GUID as numbers; in RFC 9562 they are big-endian
 * bytes.
 */
void
com_guid_out(const struct guid *id, GUID *ret_guid)
{
	ret_guid->Data1 = get_be32(id->bytes);
	ret_guid->Data2 = get_be16(id->bytes + 4);
	ret_guid->Data3 = get_be16(id->bytes + 6);
	memcpy(ret_guid->Data4, id->bytes + 8, 8);
}

void
com_guid_in(const GUID *guid, struct guid *ret_id)
{
	put_be32(ret_id->bytes, guid->Data1);
	put_be16(ret_id->bytes + 4, guid->Data2);
	put_be16(ret_id->bytes + 6, guid->Data3);
	memcpy(ret_id->bytes + 8, guid->Data4, 8);
}

int
com_string_out(const char *text, LPWSTR *ret_string)
{
	const char *s = text != NULL ? text : "";
	long len = utf8_to_utf16_len(s);
	LPWSTR string;

	if (len < 0) {
		/*
		 * The replica holds only UTF-8, so this is a mistake of ours; an empty string is
		 * better than a failed call.
		 */
		s = "";
		len = 0;
	}
	string = CoTaskMemAlloc(((size_t)len + 1) * sizeof(WCHAR));
	if (string == NULL)
		return -ENOMEM;
	utf8_to_utf16(s, string);
	*ret_string = string;
	return 0;
}

int
com_bytes_out(const void *bytes, size_t size, unsigned char **ret_bytes)
{
	unsigned char *copy = CoTaskMemAlloc(size);

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, bytes, size);
	*ret_bytes = copy;
	return 0;
}

int
com_string_in(const WCHAR *string, char **ret_text)
{
	int rc = utf16_to_utf8(string, ret_text);

	return rc == ERR_PARSE ? err_set(ERR_PARSE, "the string is not well-formed UTF-16") : rc;
}

/* Finds where a well-formed text has at most max_units UTF-16 units, between two characters. */
static size_t
length_of_units(const char *text, size_t max_units)
{
	size_t len = 0, units = 0;

	for (size_t i = 0; units <= max_units; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c & 0xc0) == 0x80)
			continue; /* within a character */
		len = i;
		if (c == '\0')
			break;
		units += c >= 0xf0 ? 2 : 1; /* a surrogate pair */
	}
	return len;
}

int
com_name_in(const WCHAR *string, size_t max_units, char **ret_name, bool *ret_cut)
{
	char *name;
	size_t len;
	int rc = com_string_in(string, &name);

	if (rc < 0)
		return rc;
	len = length_of_units(name, max_units);
	*ret_cut = name[len] != '\0';
	name[len] = '\0';
	*ret_name = name;
	return 0;
}

HRESULT
com_text(const WCHAR *string, const char *name, char **ret_text)
{
	char message[80];

	if (string != NULL)
		return com_error(com_string_in(string, ret_text));
	snprintf(message, sizeof(message), "%s is NULL", name);
	return com_fail(E_INVALIDARG, message);
}

HRESULT STDAPICALLTYPE
VdsStringFromUtf8(const char *text, LPWSTR *ret_string)
{
	if (ret_string == NULL)
		return com_fail(E_POINTER, "ret_string is NULL");
	*ret_string = NULL;
	if (text == NULL)
		return COM_NULL_ARGUMENT("text");
	if (utf8_to_utf16_len(text) < 0)
		return com_fail(E_INVALIDARG, "the text is not well-formed UTF-8");
	return com_error(com_string_out(text, ret_string));
}

HRESULT STDAPICALLTYPE
VdsUtf8FromString(LPCWSTR string, char **ret_text)
{
	AUTO_FREE char *text = NULL;
	HRESULT hr;

	if (ret_text == NULL)
		return com_fail(E_POINTER, "ret_text is NULL");
	*ret_text = NULL;
	hr = com_text(string, "string", &text);
	if (FAILED(hr))
		return hr;
	return com_error(com_bytes_out(text, strlen(text) + 1, (unsigned char **)ret_text));
}
