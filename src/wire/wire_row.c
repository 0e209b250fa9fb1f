/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows as JSON, by the table of their fields; and rows as a peer of another minor version sends
 * them, whose text is kept as it came (row_new_as_sent).  Called by http, catalog, client and
 * vdsctl, on any thread.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/fields.h"
#include "wire/wire_int.h"

/* ---- out ---- */

json_t *
wire_guid_encode(const struct guid *guid)
{
	char text[GUID_TEXT_SIZE];

	return json_string(guid_format(guid, text));
}

static json_t *
field_encode(const void *row, const struct row_field *field)
{
	const void *at = row_field_at(row, field);

	switch (field->type) {
	case FIELD_GUID:
		return wire_guid_encode(at);
	case FIELD_STRING:
		return json_string(row_field_text(row, field));
	case FIELD_U32:
		return json_integer((json_int_t)row_field_number(row, field));
	case FIELD_U64:
	case FIELD_I64:
		return json_integer(*(const int64_t *)at);
	case FIELD_BOOL:
		return json_boolean(*(const bool *)at);
	case FIELD_ENUM:
		return json_string(field->names[row_field_number(row, field)]);
	}
	return NULL;
}

/* Compares what is dumped with the text that it must be, and moves on in the text. */
static int
text_compare(const char *bytes, size_t len, void *pointer_to_text)
{
	const char **text = pointer_to_text;

	if (strncmp(*text, bytes, len) != 0)
		return -1;
	*text += len;
	return 0;
}

/*
 * jansson's reader may lose a byte silently when it is out of memory, so the result is dumped again
 * and compared with the text.
 */
json_t *
wire_kept_encode(const char *text)
{
	AUTO_JSON json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

	if (json == NULL || json_dump_callback(json, text_compare, (void *)&text,
					       JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		return NULL;
	return *text == '\0' ? TAKE(json) : NULL;
}

json_t *
wire_row_encode(const void *row)
{
	const struct row_type *type = row_type(row_family_of(row));
	AUTO_JSON json_t *json = NULL;

	if (row_text_as_sent(row) != NULL)
		return wire_kept_encode(strchr(row_text_as_sent(row), '{'));
	json = json_object();
	for (size_t i = 0; json != NULL && i < type->field_count; i++)
		if (json_object_set_new(json, type->fields[i].name,
					field_encode(row, &type->fields[i])) < 0)
			return NULL;
	return TAKE(json);
}

/* ---- in ---- */

int
wire_guid_decode(const json_t *json, struct guid *ret_guid)
{
	const char *text = json_string_value(json);

	if (text == NULL || strlen(text) != GUID_TEXT_SIZE - 1)
		return ERR_PARSE;
	return guid_parse(text, ret_guid);
}

const char *
wire_text(const json_t *json)
{
	const char *text = json_string_value(json);

	return text != NULL && strlen(text) == json_string_length(json) ? text : NULL;
}

static int
integer_decode(const json_t *json, const struct row_field *field, void *row)
{
	json_int_t value = json_integer_value(json);

	if (!json_is_integer(json) || (field->type != FIELD_I64 && value < 0) ||
	    !row_field_set_number(row, field, (uint64_t)value))
		return ERR_PARSE;
	return 0;
}

/* Returns the value of a word, or -1 when the enumeration does not have it. */
static int64_t
enum_value(const struct row_field *field, const char *text)
{
	for (uint32_t i = 0; text != NULL && field->names[i] != NULL; i++)
		if (strcmp(field->names[i], text) == 0)
			return i;
	return -1;
}

static int
enum_decode(const json_t *json, const struct row_field *field, void *row)
{
	const char *text = wire_text(json);
	int64_t value = enum_value(field, text);

	if (text == NULL)
		return ERR_PARSE;
	(void)row_field_set_number(row, field, value >= 0 ? (uint64_t)value : field->unknown);
	return 0;
}

static int
field_decode(const json_t *json, const struct row_field *field, void *row)
{
	void *to = row_field_to(row, field);

	switch (field->type) {
	case FIELD_GUID:
		return wire_guid_decode(json, to);
	case FIELD_STRING:
		return wire_text(json) != NULL ? row_set_string(to, wire_text(json)) : ERR_PARSE;
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I64:
		return integer_decode(json, field, row);
	case FIELD_BOOL:
		*(bool *)to = json_is_true(json);
		return json_is_boolean(json) ? 0 : ERR_PARSE;
	case FIELD_ENUM:
		return enum_decode(json, field, row);
	}
	return ERR_PARSE;
}

/*
 * Returns true when row_canonical would write the text that was sent: when every field is there, in
 * order, with known words, and nothing else is.
 */
static bool
is_as_we_write(const struct row_type *type, const json_t *json)
{
	json_t *object = (json_t *)(uintptr_t)json;
	void *at = json_object_iter(object);

	for (size_t i = 0; i < type->field_count; i++) {
		const struct row_field *field = &type->fields[i];

		if (at == NULL || strcmp(json_object_iter_key(at), field->name) != 0)
			return false;
		if (field->type == FIELD_ENUM &&
		    enum_value(field, json_string_value(json_object_iter_value(at))) < 0)
			return false;
		at = json_object_iter_next(object, at);
	}
	return at == NULL;
}

static int
text_add(const char *bytes, size_t len, void *text)
{
	strbuf_add_bytes(text, bytes, len);
	return ((const struct strbuf *)text)->failed ? -1 : 0;
}

/*
 * Returns a new row that keeps `name` and the compact JSON as its text, or NULL when out of memory.
 */
static void *
row_new_of_json(enum row_family family, const char *name, const json_t *json)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	strbuf_init(&text);
	strbuf_add(&text, name);
	if (json_dump_callback(json, text_add, &text, JSON_COMPACT) < 0 || text.failed)
		return NULL;
	return row_new_as_sent(family, text.text, text.len);
}

static int
fields_decode(const struct row_type *type, const json_t *json, void *row)
{
	for (size_t i = 0; i < type->field_count; i++) {
		const struct row_field *field = &type->fields[i];
		const json_t *value = json_object_get(json, field->name);
		int rc;

		if (value == NULL && field->since > 0)
			continue; /* the peer is older than the field */
		rc = field_decode(value, field, row);
		if (rc == ERR_PARSE)
			err_set(rc, "%s.%s: %s", type->name, field->name,
				value == NULL ? "missing" : "not of its type or range");
		if (rc < 0)
			return rc;
	}
	return 0;
}

int
wire_row_decode(enum row_family family, const json_t *json, void **ret_row)
{
	const struct row_type *type = row_type(family);
	AUTO_ROW struct row *row = NULL;
	int rc;

	assert(family != ROW_OTHER);
	if (!json_is_object(json))
		return err_set(ERR_PARSE, "%s: not an object", type->name);
	row = is_as_we_write(type, json) ? row_new(family)
					 : row_new_of_json(family, type->name, json);
	if (row == NULL)
		return -ENOMEM;
	rc = fields_decode(type, json, row);
	if (rc == 0)
		rc = row_seal(row);
	if (rc == 0)
		*ret_row = TAKE(row);
	return rc;
}

/* ---- rows of families that this version does not know ---- */

bool
wire_is_other_family(const char *name)
{
	return *name != '\0' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name) &&
	       row_family_find(name) < 0;
}

/* Finds the key of a row, which is its member `id` or its first two members, as compact JSON. */
static int
other_key_find(const char *name, const json_t *json, struct wire_key_text *ret_key)
{
	json_t *object = (json_t *)(uintptr_t)json, *id = json_object_get(json, "id");
	void *at = json_object_iter(object);
	AUTO_JSON json_t *pair = NULL;

	if (id != NULL)
		return wire_other_key_decode(name, id, ret_key);
	pair = json_array();
	if (pair == NULL)
		return -ENOMEM;
	for (int i = 0; i < 2 && at != NULL; i++, at = json_object_iter_next(object, at))
		if (json_array_append(pair, json_object_iter_value(at)) < 0)
			return -ENOMEM;
	return wire_other_key_decode(name, pair, ret_key);
}

int
wire_other_key_decode(const char *name, const json_t *json, struct wire_key_text *ret_key)
{
	char a[GUID_TEXT_SIZE], b[GUID_TEXT_SIZE];
	bool is_pair = json_is_array(json) && json_array_size(json) == 2;
	struct guid first, second = { { 0 } };

	if (wire_guid_decode(is_pair ? json_array_get(json, 0) : json, &first) < 0 ||
	    (is_pair && wire_guid_decode(json_array_get(json, 1), &second) < 0))
		return err_set(ERR_PARSE, "%s: not a key", name);
	guid_format(&first, a);
	guid_format(&second, b);
	snprintf(ret_key->text, sizeof(ret_key->text), is_pair ? "[\"%s\",\"%s\"]" : "\"%s\"", a,
		 b);
	return 0;
}

int
wire_other_decode(const char *name, const json_t *json, void **ret_row)
{
	AUTO_ROW struct row_other *row = NULL;
	struct wire_key_text text;
	struct row_key key;
	int rc;

	if (!json_is_object(json))
		return err_set(ERR_PARSE, "%s: not an object", name);
	rc = other_key_find(name, json, &text);
	if (rc == 0)
		rc = row_other_key(name, text.text, &key);
	if (rc < 0)
		return rc;
	row = row_new_of_json(ROW_OTHER, name, json);
	if (row == NULL)
		return -ENOMEM;
	row->id = key.a;
	rc = row_seal(row);
	if (rc == 0)
		*ret_row = TAKE(row);
	return rc;
}

char *
wire_other_family(const void *row)
{
	const char *text = row_text_as_sent(row);

	return str_ndup(text, (size_t)(strchr(text, '{') - text));
}
