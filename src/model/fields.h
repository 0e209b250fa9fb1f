/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Access to the fields of a row by their description (struct row_field), and the canonical text of
 * a row.  For code that encodes, decodes or stores rows: src/model itself, src/wire and
 * src/catalog.  Any thread.
 */
#ifndef VDS_MODEL_FIELDS_H
#define VDS_MODEL_FIELDS_H

#include "base/str.h"
#include "model/rows.h"

/*
 * The beginning of every row struct: its key.  In a family whose key is a single id, `b` is other
 * data.
 */
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

/*
 * Returns the value of a number, an enumeration or a truth value, whatever the size of its member.
 * That of a FIELD_I64 is to be cast to int64_t.
 */
static inline uint64_t
row_field_number(const void *row, const struct row_field *field)
{
	const void *at = row_field_at(row, field);

	switch (field->size_bytes) {
	case sizeof(uint8_t):
		return *(const uint8_t *)at;
	case sizeof(uint16_t):
		return *(const uint16_t *)at;
	case sizeof(uint32_t):
		return *(const uint32_t *)at;
	default:
		return *(const uint64_t *)at;
	}
}

/* Sets such a member.  Returns false when the value is too large for it; then it is as it was. */
static inline bool
row_field_set_number(void *row, const struct row_field *field, uint64_t value)
{
	void *at = row_field_to(row, field);

	if (field->size_bytes < sizeof(value) && value >> field->size_bytes * 8 != 0)
		return false;
	switch (field->size_bytes) {
	case sizeof(uint8_t):
		*(uint8_t *)at = (uint8_t)value;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)at = (uint16_t)value;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(uint64_t *)at = value;
	}
	return true;
}

/* Returns a string field as text; never NULL. */
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

/* Returns true when the row is sealed: the hash of a sealed row is never zero. */
static inline bool
row_is_sealed(const void *row)
{
	const struct hash128 *h = &((const struct row *)row)->hash;

	return h->lo != 0 || h->hi != 0;
}

/* Returns how many values an enumeration has. */
unsigned row_names_count(const char *const *names);

/*
 * Appends the row's canonical text, which its hash covers: the family's name and the row as compact
 * JSON, byte by byte what jansson makes of wire_row_encode.  A row that keeps the text that it was
 * made of (row_new_as_sent) gives that text.  Strings must be well-formed UTF-8 (row_text_repair).
 * A failed allocation shows in out->failed.
 */
void row_canonical(const void *row, struct strbuf *out);
/* Appends the row as compact JSON: the canonical text without the family's name. */
void row_json(const void *row, struct strbuf *out);
/* Appends a text as a JSON string, escaped as the canonical text has it. */
void row_json_string(const char *text, struct strbuf *out);
/*
 * Seals a row whose canonical text the caller has already (len bytes of JSON, without the family's
 * name), so that the text is not made again.  Returns 0 or -ENOMEM.
 */
int row_seal_with_text(void *row, const char *json, size_t len);

/*
 * Returns a zeroed row as row_new does, which keeps a copy of `text` (len bytes) as its canonical
 * text: for rows whose text is not the one that row_canonical would write, because a peer of
 * another minor version made it.  NULL when out of memory.  The caller owns the row.  row_copy does
 * not copy the text.
 */
void *row_new_as_sent(enum row_family family, const char *text, size_t len);
/*
 * Returns the text that the row was made of, or NULL for a row without one.  Valid as long as the
 * row.
 */
const char *row_text_as_sent(const void *row);
/*
 * Computes the key under which a row of an unknown family stands in a state (ROW_OTHER): a hash of
 * the family's name and of the row's own key as compact JSON ("\"ID\"" or "[\"ID\",\"ID\"]").
 * Returns 0 or -ENOMEM.
 */
int row_other_key(const char *family, const char *key, struct row_key *ret_key);

/* Replaces each byte that is not part of well-formed UTF-8 with '?'. */
void row_text_repair(char *text);

#endif
