/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints tables, whose columns are as wide as their widest cell; objects, line by line; and JSON
 * for programs.
 */
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

#define GAP 2

struct ctl_table {
	const struct ctl_column *columns;
	size_t column_count;
	char **cells;
	size_t cell_count, capacity;
	bool failed;
};

struct ctl_table *
ctl_table_new(const struct ctl_column *columns, size_t count)
{
	struct ctl_table *table = mem_calloc(1, sizeof(*table));

	if (table != NULL) {
		table->columns = columns;
		table->column_count = count;
	}
	return table;
}

void
ctl_table_free(struct ctl_table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->cell_count; i++)
		mem_free(table->cells[i]);
	mem_free(table->cells);
	mem_free(table);
}

/* Replaces control characters by '?': text from others must not move the cursor. */
static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

/* Without a UTF-8 locale nothing is known about characters but where they begin. */
static size_t
characters(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

size_t
ctl_width(const char *text)
{
	mbstate_t state = { 0 };
	size_t width = 0, len;
	wchar_t c;

	if (!str_equal(nl_langinfo(CODESET), "UTF-8"))
		return characters(text);
	while ((len = mbrtowc(&c, text, MB_LEN_MAX, &state)) != 0) {
		int columns;

		if (len > MB_LEN_MAX) /* no UTF-8 */
			return width + characters(text);
		columns = wcwidth(c);
		width += columns < 0 ? 1 : (size_t)columns;
		text += len;
	}
	return width;
}

/* Takes text; NULL = out of memory. */
static void
cell_add(struct ctl_table *table, char *text)
{
	if (text == NULL || mem_grow(&table->cells, &table->capacity, table->cell_count + 1,
				     sizeof(*table->cells)) < 0) {
		mem_free(text);
		table->failed = true;
		return;
	}
	make_printable(text);
	table->cells[table->cell_count++] = text;
}

void
ctl_table_add(struct ctl_table *table, const char *text)
{
	cell_add(table, str_dup(text != NULL && text[0] != '\0' ? text : "-"));
}

void
ctl_table_addf(struct ctl_table *table, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cell_add(table, str_dup(text));
}

static size_t
column_width(const struct ctl_table *table, size_t column)
{
	size_t width = ctl_width(table->columns[column].title);

	for (size_t i = column; i < table->cell_count; i += table->column_count)
		width = MAX(width, ctl_width(table->cells[i]));
	return width;
}

/* No blanks at the end of a line. */
static void
cell_print(const struct ctl_table *table, size_t column, size_t width, const char *text, FILE *out)
{
	size_t blanks = width - ctl_width(text);
	bool last = column + 1 == table->column_count;

	if (table->columns[column].right)
		fprintf(out, "%*s%s", (int)blanks, "", text);
	else
		fprintf(out, "%s%*s", text, last ? 0 : (int)blanks, "");
	fprintf(out, "%*s", last ? 0 : GAP, "");
	if (last)
		fputc('\n', out);
}

int
ctl_table_print(const struct ctl_table *table, FILE *out)
{
	AUTO_FREE size_t *widths = mem_calloc(table->column_count, sizeof(*widths));

	if (table->failed || widths == NULL || table->column_count == 0)
		return -ENOMEM;
	for (size_t i = 0; i < table->column_count; i++) {
		widths[i] = column_width(table, i);
		cell_print(table, i, widths[i], table->columns[i].title, out);
	}
	for (size_t i = 0; i < table->cell_count; i++)
		cell_print(table, i % table->column_count, widths[i % table->column_count],
			   table->cells[i], out);
	return 0;
}

bool
ctl_table_is_empty(const struct ctl_table *table)
{
	return table->cell_count == 0;
}

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
		make_printable(copy);
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
