/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows as JSON, by the table of their fields. */
#include <errno.h>
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
		return json_integer(*(const uint32_t *)at);
	case FIELD_U64:
	case FIELD_I64:
		return json_integer(*(const int64_t *)at);
	case FIELD_BOOL:
		return json_boolean(*(const bool *)at);
	case FIELD_ENUM:
		return json_string(field->names[*(const uint32_t *)at]);
	}
	return NULL;
}

json_t *
wire_row_encode(const void *row)
{
	const struct row_type *type = row_type(row_family_of(row));
	AUTO_JSON json_t *json = json_object();

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
integer_decode(const json_t *json, enum field_type type, void *to)
{
	json_int_t value = json_integer_value(json);

	if (!json_is_integer(json) || (type != FIELD_I64 && value < 0) ||
	    (type == FIELD_U32 && value > UINT32_MAX))
		return ERR_PARSE;
	if (type == FIELD_U32)
		*(uint32_t *)to = (uint32_t)value;
	else
		*(int64_t *)to = value;
	return 0;
}

static int
enum_decode(const json_t *json, const char *const *names, uint32_t *to)
{
	const char *text = json_string_value(json);

	for (uint32_t i = 0; text != NULL && names[i] != NULL; i++) {
		if (strcmp(names[i], text) == 0) {
			*to = i;
			return 0;
		}
	}
	return ERR_PARSE;
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
		return integer_decode(json, field->type, to);
	case FIELD_BOOL:
		*(bool *)to = json_is_true(json);
		return json_is_boolean(json) ? 0 : ERR_PARSE;
	case FIELD_ENUM:
		return enum_decode(json, field->names, to);
	}
	return ERR_PARSE;
}

int
wire_row_decode(enum row_family family, const json_t *json, void **ret_row)
{
	const struct row_type *type = row_type(family);
	AUTO_ROW struct row *row = NULL;
	int rc;

	if (!json_is_object(json))
		return err_set(ERR_PARSE, "%s: not an object", type->name);
	row = row_new(family);
	if (row == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < type->field_count; i++) {
		const json_t *value = json_object_get(json, type->fields[i].name);

		rc = field_decode(value, &type->fields[i], row);
		if (rc == ERR_PARSE)
			err_set(rc, "%s.%s: %s", type->name, type->fields[i].name,
				value == NULL ? "missing" : "not of its type or range");
		if (rc < 0)
			return rc;
	}
	if (json_object_size(json) != type->field_count)
		return err_set(ERR_PARSE, "%s: it has members that are no fields", type->name);
	if (row_seal(row) < 0)
		return -ENOMEM;
	*ret_row = TAKE(row);
	return 0;
}
