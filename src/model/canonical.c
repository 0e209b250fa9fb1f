/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The canonical text of a row, which is what its hash covers: the family's name and the row as
 * compact JSON.  Called by row_seal and by tests, on any thread.
 *
 * The text is written here and not with jansson because every row that is put is hashed: this takes
 * a quarter of the time (1.6 instead of 6 µs for a LUN), and a test holds both to the same bytes.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/utf.h"
#include "model/fields.h"

/* Returns whether JSON must escape the byte (RFC 8259 §7). */
static bool
is_special(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

static void
add_escaped(struct strbuf *out, unsigned char c)
{
	static const char shorts[][2] = { { '"', '"' },  { '\\', '\\' }, { '\b', 'b' },
					  { '\f', 'f' }, { '\n', 'n' },  { '\r', 'r' },
					  { '\t', 't' } };

	for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++) {
		if (shorts[i][0] == (char)c) {
			strbuf_add_bytes(out, "\\", 1);
			strbuf_add_bytes(out, &shorts[i][1], 1);
			return;
		}
	}
	strbuf_addf(out, "\\u%04X", c);
}

static void
add_string(struct strbuf *out, const char *text)
{
	strbuf_add_bytes(out, "\"", 1);
	while (*text != '\0') {
		size_t run = 0;

		while (text[run] != '\0' && !is_special((unsigned char)text[run]))
			run++;
		strbuf_add_bytes(out, text, run);
		text += run;
		if (*text != '\0')
			add_escaped(out, (unsigned char)*text++);
	}
	strbuf_add_bytes(out, "\"", 1);
}

static void
add_unsigned(struct strbuf *out, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	strbuf_add_bytes(out, digits + at, sizeof(digits) - at);
}

static void
add_signed(struct strbuf *out, int64_t value)
{
	if (value < 0)
		strbuf_add_bytes(out, "-", 1);
	add_unsigned(out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static void
add_value(struct strbuf *out, const void *row, const struct row_field *field)
{
	const void *at = row_field_at(row, field);
	char text[GUID_TEXT_SIZE];

	switch (field->type) {
	case FIELD_GUID:
		add_string(out, guid_format(at, text));
		return;
	case FIELD_STRING:
		add_string(out, row_field_text(row, field));
		return;
	case FIELD_U32:
		add_unsigned(out, row_field_number(row, field));
		return;
	case FIELD_U64:
	case FIELD_I64:
		add_signed(out, (int64_t)row_field_number(
					row, field)); /* JSON's integers are signed here */
		return;
	case FIELD_BOOL:
		strbuf_add(out, row_field_number(row, field) ? "true" : "false");
		return;
	case FIELD_ENUM:
		add_string(out, field->names[row_field_number(row, field)]);
		return;
	}
}

void
row_json_string(const char *text, struct strbuf *out)
{
	add_string(out, text);
}

void
row_json(const void *row, struct strbuf *out)
{
	const struct row_type *type = row_type(row_family_of(row));

	if (row_text_as_sent(row) != NULL) {
		strbuf_add(out, strchr(row_text_as_sent(row), '{'));
		return;
	}
	for (size_t i = 0; i < type->field_count; i++) {
		strbuf_add_bytes(out, i == 0 ? "{" : ",", 1);
		add_string(out, type->fields[i].name);
		strbuf_add_bytes(out, ":", 1);
		add_value(out, row, &type->fields[i]);
	}
	strbuf_add_bytes(out, "}", 1);
}

void
row_canonical(const void *row, struct strbuf *out)
{
	if (row_text_as_sent(row) != NULL) {
		strbuf_add(out, row_text_as_sent(row));
		return;
	}
	strbuf_add(out, row_type(row_family_of(row))->name);
	row_json(row, out);
}

int
row_other_key(const char *family, const char *key, struct row_key *ret_key)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	struct hash128 hash;

	strbuf_init(&text);
	strbuf_add(&text, family);
	strbuf_add(&text, key);
	if (text.failed || hash128_of(text.text, text.len, &hash) < 0)
		return -ENOMEM;
	*ret_key = (struct row_key){ { { 0 } }, { { 0 } } };
	put_be64(ret_key->a.bytes, hash.hi);
	put_be64(ret_key->a.bytes + 8, hash.lo);
	return 0;
}

/* Returns the number of bytes of the character at `text`, or 0 when it is malformed. */
static size_t
char_len(const char *text)
{
	if ((unsigned char)*text < 0x80)
		return 1;
	for (size_t n = 2; n <= 4 && text[n - 1] != '\0'; n++)
		if (str_is_text(text, n))
			return n;
	return 0;
}

void
row_text_repair(char *text)
{
	if (utf8_to_utf16_len(text) >= 0)
		return;
	while (*text != '\0') {
		size_t len = char_len(text);

		if (len == 0)
			*text = '?';
		text += len > 0 ? len : 1;
	}
}
