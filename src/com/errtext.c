/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of result codes, and the text about the last failed call of each thread. Any thread may
 * call it.
 */
#include <vds/libvds.h>

#include "com/com.h"

#include <stdio.h>

#include "base/err.h"

#define MESSAGE_SIZE 512

struct code_name {
	HRESULT hr;
	const char *name;
};

static const struct code_name names[] = {
#define NAME(code) { code, #code },
#include "errnames.h"
#undef NAME
};

static _Thread_local char message[MESSAGE_SIZE];
static _Thread_local unsigned message_count;
static _Thread_local char number[32];

void
com_message_set(const char *text)
{
	snprintf(message, sizeof(message), "%s", text != NULL ? text : "");
	message_count++;
}

void
com_begin(void)
{
	err_clear();
}

unsigned
com_message_count(void)
{
	return message_count;
}

HRESULT
com_message_since(HRESULT hr, unsigned count)
{
	if (FAILED(hr) && message_count == count)
		com_message_set(NULL);
	return hr;
}

const char *STDAPICALLTYPE
VdsErrorText(HRESULT hr)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (names[i].hr == hr)
			return names[i].name;
	}
	snprintf(number, sizeof(number), "HRESULT 0x%08x", (unsigned)hr);
	return number;
}

const char *STDAPICALLTYPE
VdsLastErrorMessage(void)
{
	return message;
}
