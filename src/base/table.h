/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables for people: columns that are as wide on a terminal as their widest cell.  One thread at a
 * time uses a table.  Not for Windows.
 */
#ifndef VDS_BASE_TABLE_H
#define VDS_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table;

/*
 * Makes an empty table.  titles: those of the columns, separated by '|', at most TABLE_COLUMNS_MAX;
 * a column whose title begins with '>' is aligned to the right, as numbers are.  NULL: out of
 * memory.
 */
#define TABLE_COLUMNS_MAX 16
struct table *table_new(const char *titles);
void table_free(struct table *table);
void table_cleanup(struct table **table);
#define AUTO_TABLE __attribute__((cleanup(table_cleanup)))

/*
 * Adds the next cell, in the order of columns and rows.  The text is copied, and control characters
 * become '?'; NULL and "" are shown as "-".  Memory that is missing is reported by table_print.
 */
void table_add(struct table *table, const char *text);
void table_addf(struct table *table, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Returns whether the table has no cell. */
bool table_is_empty(const struct table *table);
/*
 * Prints the table, with its titles unless they are all empty.  Returns 0 or -ENOMEM (a cell was
 * lost).
 */
int table_print(const struct table *table, FILE *out);

/*
 * Returns how many columns of a terminal a text takes: two for a wide character, none for a
 * combining one.
 */
size_t table_text_width(const char *text);
/* Replaces control characters by '?': text from others must not move the cursor of a terminal. */
void table_text_clean(char *text);

#endif
