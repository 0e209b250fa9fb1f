/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Access to the fields of a row by their description (struct row_field), and the canonical text of a row.  For those
 * who encode, decode and store rows: model itself, wire and catalog.  Any thread.
 */
#ifndef VDS_MODEL_FIELDS_H
#define VDS_MODEL_FIELDS_H

#include "base/str.h"
#include "model/rows.h"

/* Every row struct begins with its key: `b` of a family without a pair is other data. */
struct row_head {
	struct row row;
	struct guid a, b;
};

static inline const void *
row_field_at(const void *row, const struct row_field *field)
{
	return (const char *)row + field->offset;
}

static inline void *
row_field_to(void *row, const struct row_field *field)
{
	return (char *)row + field->offset;
}

/* A string field as text: never NULL. */
static inline const char *
row_field_text(const void *row, const struct row_field *field)
{
	const char *text = *(char *const *)row_field_at(row, field);

	return text != NULL ? text : "";
}

static inline enum row_family
row_family_of(const void *row)
{
	return ((const struct row *)row)->family;
}

/* Has row_seal been here?  The hash of a sealed row is never zero. */
static inline bool
row_is_sealed(const void *row)
{
	const struct hash128 *h = &((const struct row *)row)->hash;

	return h->lo != 0 || h->hi != 0;
}

/* How many values an enumeration has. */
unsigned row_names_count(const char *const *names);

/*
 * Appends the family's name and the row as compact JSON, byte by byte what jansson makes of
 * wire_row_encode.  Strings must be well-formed UTF-8 (row_text_repair).
 */
void row_canonical(const void *row, struct strbuf *out);

/* Writes '?' over each byte that is not part of well-formed UTF-8. */
void row_text_repair(char *text);

#endif
