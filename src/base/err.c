/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts and names of errors, and the text that err_set stores for each thread. Any thread. */
#include "base/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/system.h"

#define TEXT_SIZE 512

static _Thread_local struct {
	int code; /* what `text` was said for; 0 = nothing */
	char text[TEXT_SIZE];
	char system[128]; /* strerror's, apart from the text above */
} last;

struct err_row {
	const char *name, *text;
};

/* Indexed by code - ERR_FIRST_ - 1. */
static const struct err_row rows[] = {
#define ERR(name, text) { #name, text },
#include "base/err.def"
#undef ERR
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))
_Static_assert(ROW_COUNT == ERR_END_ - ERR_FIRST_ - 1, "one row for each code");

static const struct err_row *
row_find(int code)
{
	return code > ERR_FIRST_ && code < ERR_END_ ? &rows[code - ERR_FIRST_ - 1] : NULL;
}

int
err_set(int code, const char *fmt, ...)
{
	char text[TEXT_SIZE]; /* the arguments may point to last.text */
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	memcpy(last.text, text, sizeof(text));
	last.code = code;
	return code;
}

const char *
err_text(int code)
{
	const struct err_row *row = row_find(code);

	if (last.code == code && code != 0)
		return last.text;
	if (row != NULL)
		return row->text;
	return system_error_text(code < 0 ? -code : code, last.system, sizeof(last.system));
}

void
err_clear(void)
{
	last.code = 0;
}

const char *
err_name(int code)
{
	const struct err_row *row = row_find(code);
	const char *name = NULL;

	if (row != NULL)
		return row->name;
	if (code < 0 && code > -4096)
		name = system_error_name(-code);
	return name != NULL ? name : "UNKNOWN";
}

int
err_from_name(const char *name)
{
	for (int i = 0; name != NULL && i < (int)ROW_COUNT; i++)
		if (strcmp(rows[i].name, name) == 0)
			return ERR_FIRST_ + 1 + i;
	return ERR_INTERNAL;
}
