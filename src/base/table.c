/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints tables: base/table.h. */
#include "base/table.h"

#include <assert.h>
#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <wchar.h>

#include "base/mem.h"
#include "base/str.h"

#define GAP 2

struct table {
	char *titles[TABLE_COLUMNS_MAX];
	bool right[TABLE_COLUMNS_MAX];
	size_t column_count;
	bool has_titles;
	char **cells;
	size_t cell_count, capacity;
	bool failed;
};

struct table *
table_new(const char *titles)
{
	struct table *table = mem_calloc(1, sizeof(*table));

	while (table != NULL) {
		size_t len = strcspn(titles, "|");
		bool right = titles[0] == '>';

		assert(table->column_count < TABLE_COLUMNS_MAX);
		table->right[table->column_count] = right;
		table->titles[table->column_count] = str_ndup(titles + right, len - right);
		table->failed |= table->titles[table->column_count] == NULL;
		table->has_titles |= len > right;
		table->column_count++;
		if (titles[len] == '\0')
			break;
		titles += len + 1;
	}
	return table;
}

void
table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->column_count; i++)
		mem_free(table->titles[i]);
	for (size_t i = 0; i < table->cell_count; i++)
		mem_free(table->cells[i]);
	mem_free(table->cells);
	mem_free(table);
}

void
table_cleanup(struct table **table)
{
	table_free(*table);
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
table_text_width(const char *text)
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

void
table_text_clean(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

/* Takes text; NULL = out of memory. */
static void
cell_take(struct table *table, char *text)
{
	if (text == NULL || mem_grow(&table->cells, &table->capacity, table->cell_count + 1,
				     sizeof(*table->cells)) < 0) {
		mem_free(text);
		table->failed = true;
		return;
	}
	table_text_clean(text);
	table->cells[table->cell_count++] = text;
}

void
table_add(struct table *table, const char *text)
{
	cell_take(table, str_dup(text != NULL && text[0] != '\0' ? text : "-"));
}

void
table_addf(struct table *table, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cell_take(table, str_dup(text));
}

static size_t
column_width(const struct table *table, size_t column)
{
	size_t width = table->titles[column] != NULL ? table_text_width(table->titles[column]) : 0;

	for (size_t i = column; i < table->cell_count; i += table->column_count)
		width = MAX(width, table_text_width(table->cells[i]));
	return width;
}

/* No blanks at the end of a line. */
static void
cell_print(const struct table *table, size_t column, size_t width, const char *text, FILE *out)
{
	int blanks = (int)(width - table_text_width(text));
	bool last = column + 1 == table->column_count;

	if (table->right[column])
		fprintf(out, "%*s%s", blanks, "", text);
	else
		fprintf(out, "%s%*s", text, last ? 0 : blanks, "");
	if (last)
		fputc('\n', out);
	else
		fprintf(out, "%*s", GAP, "");
}

bool
table_is_empty(const struct table *table)
{
	return table->cell_count == 0;
}

int
table_print(const struct table *table, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX];

	if (table->failed)
		return -ENOMEM;
	for (size_t i = 0; i < table->column_count; i++)
		widths[i] = column_width(table, i);
	for (size_t i = 0; table->has_titles && i < table->column_count; i++)
		cell_print(table, i, widths[i], table->titles[i], out);
	for (size_t i = 0, column = 0; i < table->cell_count; i++) {
		cell_print(table, column, widths[column], table->cells[i], out);
		column = column + 1 < table->column_count ? column + 1 : 0;
	}
	return 0;
}
