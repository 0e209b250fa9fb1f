/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What methods return: results, interfaces, strings and ids. */
#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf.h"
#include "vdsctl/diskraid/exec.h"

enum raid_exit
raid_fail(struct raid *raid, enum raid_exit status, const char *fmt, ...)
{
	char text[sizeof(raid->error.text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return raid_error_set(&raid->error, status, 0, "%s", text);
}

enum raid_exit
raid_fail_at(struct raid *raid, unsigned column, const char *fmt, ...)
{
	char text[sizeof(raid->error.text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return raid_error_set(&raid->error, RAID_SYNTAX, column, "%s", text);
}

enum raid_exit
raid_out_of_memory(struct raid *raid)
{
	return raid_fail(raid, RAID_FATAL, "out of memory");
}

enum raid_exit
raid_check(struct raid *raid, const char *method, HRESULT hr)
{
	/* read first: the text is valid until the next call of the library */
	AUTO_FREE char *message = str_dup(VdsLastErrorMessage());
	const char *name = VdsErrorText(hr);

	if (SUCCEEDED(hr)) {
		if (hr != S_OK && hr != S_FALSE)
			fprintf(raid->out, "Note: %s returned %s.\n", method, name);
		return RAID_OK;
	}
	return raid_fail(raid, hr == E_OUTOFMEMORY ? RAID_FATAL : RAID_SERVICE,
			 "%s: %s (%08Xh)%s%s", method, name, (unsigned)hr,
			 message != NULL && message[0] != '\0' ? ": " : "",
			 message != NULL ? message : "");
}

enum raid_exit
raid_query(struct raid *raid, IUnknown *unknown, const IID *iid, const char *name,
	   void *ret_interface)
{
	void *found = NULL;
	HRESULT hr = E_NOINTERFACE;

	if (unknown != NULL)
		hr = IUnknown_QueryInterface(unknown, iid, &found);
	if (FAILED(hr))
		found = NULL;
	memcpy(ret_interface, &found, sizeof(found));
	if (unknown == NULL)
		return raid_fail(raid, RAID_SERVICE, "%s: there is no object to ask for it", name);
	if (SUCCEEDED(hr) && found == NULL)
		return raid_fail(raid, RAID_SERVICE,
				 "QueryInterface for %s returned a success but no interface", name);
	if (hr == E_NOINTERFACE)
		return raid_fail(raid, RAID_SERVICE,
				 "%s: E_NOINTERFACE (80004002h): the object does not offer this "
				 "interface",
				 name);
	return raid_check(raid, name, hr);
}

char *
raid_take(LPWSTR string)
{
	char *text = NULL;

	if (string == NULL || utf16_to_utf8((const char16_t *)string, &text) < 0)
		text = NULL;
	CoTaskMemFree(string);
	return text;
}

LPWSTR
raid_string(const char *text)
{
	LPWSTR string = NULL;

	return SUCCEEDED(VdsStringFromUtf8(text, &string)) ? string : NULL;
}

char *
raid_id_text(const GUID *id, char *buf)
{
	snprintf(buf, RAID_ID_SIZE, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 (unsigned)id->Data1, id->Data2, id->Data3, id->Data4[0], id->Data4[1],
		 id->Data4[2], id->Data4[3], id->Data4[4], id->Data4[5], id->Data4[6],
		 id->Data4[7]);
	return buf;
}

bool
raid_id_equal(const GUID *a, const GUID *b)
{
	return IsEqualGUID(a, b) != 0;
}

void
raid_release_cleanup(void *pointer_to_interface)
{
	IUnknown *unknown;

	memcpy(&unknown, pointer_to_interface, sizeof(unknown));
	if (unknown != NULL)
		IUnknown_Release(unknown);
}

void
raid_string_cleanup(void *pointer_to_string)
{
	void *string;

	memcpy(&string, pointer_to_string, sizeof(string));
	CoTaskMemFree(string);
}
