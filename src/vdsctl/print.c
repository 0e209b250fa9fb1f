/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints objects, line by line, and JSON for programs; base/table.h prints tables. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/* ---- objects ---- */

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void
integer_print(const char *name, json_int_t value, FILE *out)
{
	char text[64];

	fprintf(out, "%" JSON_INTEGER_FORMAT, value);
	if (ends_with(name, "_bytes") && value >= 1024)
		fprintf(out, " (%s)", str_format_size((uint64_t)value, text, sizeof(text)));
	else if (ends_with(name, "_ms") && value > 0)
		fprintf(out, " (%s)", clock_format_utc(value, text));
	fputc('\n', out);
}

void
ctl_text_print(const char *value, FILE *out)
{
	char *copy = str_dup(value[0] != '\0' ? value : "-");

	if (copy != NULL) {
		table_text_clean(copy);
		fprintf(out, "%s\n", copy);
	}
	mem_free(copy);
}

static void
value_print(const char *name, const json_t *value, FILE *out)
{
	switch (json_typeof(value)) {
	case JSON_INTEGER:
		integer_print(name, json_integer_value(value), out);
		break;
	case JSON_STRING:
		ctl_text_print(json_string_value(value), out);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		fprintf(out, "%s\n", json_is_true(value) ? "yes" : "no");
		break;
	case JSON_ARRAY:
		for (size_t i = 0; i < json_array_size(value); i++)
			fprintf(out, "%s%s", i > 0 ? " " : "",
				json_string_value(json_array_get(value, i)));
		fprintf(out, json_array_size(value) == 0 ? "-\n" : "\n");
		break;
	case JSON_OBJECT:
	case JSON_REAL:
	case JSON_NULL:
		fprintf(out, "-\n");
		break;
	}
}

int
ctl_object_print(const json_t *object, FILE *out)
{
	json_t *members = (json_t *)(uintptr_t)object; /* jansson's iterators do not write */
	const char *name;
	json_t *value;

	json_object_foreach(members, name, value)
	{
		if (json_is_object(value)) {
			json_object_del(value, "id"); /* the same as the object's own */
			ctl_object_print(value, out);
			continue;
		}
		if (json_is_null(value) && strcmp(name, "live") == 0)
			continue;
		fprintf(out, "%-16s ", name);
		value_print(name, value, out);
	}
	return 0;
}

int
ctl_json_print(const json_t *json, FILE *out)
{
	char *text = json_dumps(json, JSON_INDENT(2));

	if (text == NULL)
		return -ENOMEM;
	fprintf(out, "%s\n", text);
	free(text);
	return 0;
}

int
ctl_json_line_print(const json_t *json, FILE *out)
{
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

	if (text == NULL)
		return -ENOMEM;
	fprintf(out, "%s\n", text);
	free(text);
	return 0;
}
