/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the arguments of a request by the table of verbs (model/verbs.h).  A member that is
 * unknown, appears twice or has the wrong form is refused, and the message names the member.
 * Nothing is converted silently: in a body "1" is not a number, and null does not mean that a
 * member is absent.  The connection's thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"

static const struct verb_spec empty_spec;

/* Names from the peer are truncated in messages. */
#define NAME_SHOWN 64

static void *
slot(struct verb_args *args, const struct verb_field *field)
{
	return (char *)args + field->offset;
}

static const struct verb_field *
field_find(const struct verb_spec *spec, const char *name, size_t *ret_index)
{
	for (size_t i = 0; i < spec->count; i++) {
		if (strcmp(spec->fields[i].name, name) == 0) {
			*ret_index = i;
			return &spec->fields[i];
		}
	}
	return NULL;
}

bool
http_spec_has_secret(const struct verb_spec *spec)
{
	for (size_t i = 0; spec != NULL && i < spec->count; i++)
		if (spec->fields[i].offset == offsetof(struct verb_args, secret))
			return true;
	return false;
}

/*
 * Refuses an unknown member of a body.  Where a secret belongs, a name may be one that was typed
 * in the wrong place, and the text of an error is recorded in the audit log: there the text says
 * where the name stands instead.
 */
static int
refuse_member(const struct verb_spec *spec, const char *name, size_t position)
{
	char known[512];
	size_t len = 0;

	if (!http_spec_has_secret(spec))
		return err_set(ERR_INVALID, "unknown member \"%.*s\"", NAME_SHOWN, name);
	for (size_t i = 0; i < spec->count && len < sizeof(known); i++)
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", i > 0 ? ", " : "",
					spec->fields[i].name);
	return err_set(ERR_INVALID,
		       "member %zu is unknown (its name is not repeated, since it could be a "
		       "secret): use %s",
		       position, known);
}

/* ---- values ---- */

static int
text_set(const struct verb_field *field, const char *text, size_t len, struct verb_args *args)
{
	if (!str_is_text(text, len))
		return err_set(ERR_INVALID, "%s holds control characters or is not UTF-8",
			       field->name);
	if (len < field->min)
		return err_set(ERR_INVALID, "%s must not be empty", field->name);
	if (field->max != 0 && len > field->max)
		return err_set(ERR_INVALID, "%s is longer than %u bytes", field->name,
			       (unsigned)field->max);
	*(const char **)slot(args, field) = text;
	return 0;
}

static int
guid_set(const struct verb_field *field, const char *text, struct verb_args *args)
{
	struct guid id;

	if (guid_parse(text, &id) < 0 || guid_is_zero(&id))
		return err_set(ERR_INVALID, "%s is not an id", field->name);
	*(struct guid *)slot(args, field) = id;
	return 0;
}

static int
u64_set(const struct verb_field *field, uint64_t value, struct verb_args *args)
{
	if (value < field->min || (field->max != 0 && value > field->max))
		return err_set(ERR_INVALID,
			       "%s is out of range: from %" PRIu64 " to %" PRIu64 " is allowed",
			       field->name, field->min, field->max);
	*(uint64_t *)slot(args, field) = value;
	return 0;
}

static int
status_set(const struct verb_field *field, const char *text, struct verb_args *args)
{
	struct verb_status *arg = slot(args, field);

	if (str_equal(text, "online"))
		arg->status = STATUS_ONLINE;
	else if (str_equal(text, "offline"))
		arg->status = STATUS_OFFLINE;
	else
		return err_set(ERR_INVALID, "%s must be \"online\" or \"offline\"", field->name);
	arg->given = true;
	return 0;
}

/* "ID" or "ID,ID" */
static int
key_set(const struct verb_field *field, char *text, struct verb_args *args)
{
	struct verb_key *arg = slot(args, field);
	char *comma = strchr(text, ',');
	int rc;

	memset(&arg->key, 0, sizeof(arg->key));
	if (comma != NULL)
		*comma = '\0';
	rc = guid_parse(text, &arg->key.a);
	if (rc == 0 && comma != NULL)
		rc = guid_parse(comma + 1, &arg->key.b);
	if (rc < 0)
		return err_set(ERR_INVALID, "%s is not an id", field->name);
	arg->given = true;
	return 0;
}

static int
guids_set(const struct verb_field *field, const json_t *json, struct verb_args *args)
{
	struct verb_guids *arg = slot(args, field);
	size_t count = json_array_size(json);

	if (!json_is_array(json))
		return err_set(ERR_INVALID, "%s must be an array of ids", field->name);
	arg->ids = mem_calloc(count + 1, sizeof(*arg->ids));
	if (arg->ids == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(json, i));

		if (text == NULL || guid_parse(text, &arg->ids[i]) < 0)
			return err_set(ERR_INVALID, "%s[%zu] is not an id", field->name, i);
	}
	arg->count = count;
	arg->given = true;
	return 0;
}

/* ---- bodies ---- */

static int
json_text_set(const struct verb_field *field, const json_t *json, struct verb_args *args)
{
	const char *text = json_string_value(json);

	if (text == NULL)
		return err_set(ERR_INVALID, "%s must be a string", field->name);
	if (field->type == VERB_GUID)
		return guid_set(field, text, args);
	if (field->type == VERB_STATUS)
		return status_set(field, text, args);
	return text_set(field, text, json_string_length(json), args);
}

static int
json_set(const struct verb_field *field, const json_t *json, struct verb_args *args)
{
	switch (field->type) {
	case VERB_TEXT:
	case VERB_GUID:
	case VERB_STATUS:
		return json_text_set(field, json, args);
	case VERB_GUIDS:
		return guids_set(field, json, args);
	case VERB_U64:
		if (!json_is_integer(json) || json_integer_value(json) < 0)
			return err_set(ERR_INVALID, "%s must be a whole number, not negative",
				       field->name);
		return u64_set(field, (uint64_t)json_integer_value(json), args);
	case VERB_BOOL:
		if (!json_is_boolean(json))
			return err_set(ERR_INVALID, "%s must be true or false", field->name);
		*(bool *)slot(args, field) = json_is_true(json);
		return 0;
	case VERB_FLAG:
		if (!json_is_boolean(json))
			return err_set(ERR_INVALID, "%s must be true or false", field->name);
		*(struct verb_flag *)slot(args, field) = (struct verb_flag){ json_is_true(json),
									     true };
		return 0;
	case VERB_KEY:
		break;
	}
	return err_set(ERR_INTERNAL, "%s is not allowed in a body", field->name);
}

/* `seen`: one bit for each field. */
static int
rules_check(const struct verb_spec *spec, uint64_t seen)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < spec->count; i++)
		if (spec->fields[i].type == VERB_BOOL)
			flags |= 1ull << i;
	if (spec->rule == VERB_EXACTLY_ONE && __builtin_popcountll(seen & ~flags) != 1)
		return err_set(ERR_INVALID, "exactly one member is needed, such as \"%s\"",
			       spec->fields[0].name);
	if (spec->rule == VERB_AT_LEAST_ONE && seen == 0)
		return err_set(ERR_INVALID, "at least one member is needed, such as \"%s\"",
			       spec->fields[0].name);
	for (size_t i = 0; i < spec->count; i++)
		if (spec->fields[i].required && (seen & 1ull << i) == 0)
			return err_set(ERR_INVALID, "%s is missing", spec->fields[i].name);
	return 0;
}

int
http_spec_body(const struct verb_spec *spec, const json_t *json, struct verb_args *args)
{
	uint64_t seen = 0;
	size_t position = 0;
	void *iter;

	if (spec == NULL)
		spec = &empty_spec;
	if (json != NULL && !json_is_object(json))
		return err_set(ERR_INVALID, "the body must be a JSON object");
	/* jansson's iterators want a pointer to non-const; they do not write */
	for (iter = json_object_iter((json_t *)(uintptr_t)json); iter != NULL;
	     iter = json_object_iter_next((json_t *)(uintptr_t)json, iter)) {
		size_t index = 0;
		const char *name = json_object_iter_key(iter);
		const struct verb_field *field = field_find(spec, name, &index);
		int rc;

		position++;
		if (field == NULL)
			return refuse_member(spec, name, position);
		rc = json_set(field, json_object_iter_value(iter), args);
		if (rc < 0)
			return rc;
		seen |= 1ull << index;
	}
	return rules_check(spec, seen);
}

/* ---- queries ---- */

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
http_unescape(char *text, bool plus_is_space)
{
	char *out = text;

	for (const char *in = text; *in != '\0'; in++) {
		int high, low;

		if (*in == '+' && plus_is_space) {
			*out++ = ' ';
			continue;
		}
		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		high = hex_value(in[1]);
		low = high < 0 ? -1 : hex_value(in[2]);
		if (low < 0 || (high == 0 && low == 0))
			return err_set(ERR_INVALID, "the request's address has a broken %% escape");
		*out++ = (char)(high << 4 | low);
		in += 2;
	}
	*out = '\0';
	return 0;
}

static int
query_set(const struct verb_field *field, char *text, struct verb_args *args)
{
	uint64_t value;

	switch (field->type) {
	case VERB_TEXT:
		return text_set(field, text, strlen(text), args);
	case VERB_GUID:
		return guid_set(field, text, args);
	case VERB_STATUS:
		return status_set(field, text, args);
	case VERB_KEY:
		return key_set(field, text, args);
	case VERB_U64:
		if (str_parse_u64(text, &value) < 0)
			return err_set(ERR_INVALID, "%s must be a whole number", field->name);
		return u64_set(field, value, args);
	case VERB_BOOL:
		if (!str_equal(text, "0") && !str_equal(text, "1"))
			return err_set(ERR_INVALID, "%s must be 0 or 1", field->name);
		*(bool *)slot(args, field) = text[0] == '1';
		return 0;
	case VERB_FLAG:
		if (!str_equal(text, "0") && !str_equal(text, "1"))
			return err_set(ERR_INVALID, "%s must be 0 or 1", field->name);
		*(struct verb_flag *)slot(args, field) = (struct verb_flag){ text[0] == '1', true };
		return 0;
	case VERB_GUIDS:
		break;
	}
	return err_set(ERR_INTERNAL, "%s is not allowed in a query", field->name);
}

static int
pair_set(const struct verb_spec *spec, char *pair, uint64_t *seen, struct verb_args *args)
{
	char *value = strchr(pair, '=');
	const struct verb_field *field;
	size_t index = 0;
	int rc;

	if (value == NULL)
		return err_set(ERR_INVALID,
			       "a query consists of name=value pairs that are joined by &");
	*value++ = '\0';
	rc = http_unescape(pair, true);
	if (rc == 0)
		rc = http_unescape(value, true);
	if (rc < 0)
		return rc;
	field = field_find(spec, pair, &index);
	if (field == NULL)
		return err_set(ERR_INVALID, "unknown parameter \"%.*s\"", NAME_SHOWN, pair);
	if ((*seen & 1ull << index) != 0)
		return err_set(ERR_INVALID, "%s appears twice", field->name);
	*seen |= 1ull << index;
	return query_set(field, value, args);
}

int
http_spec_query(const struct verb_spec *spec, char *query, struct verb_args *args)
{
	uint64_t seen = 0;

	if (spec == NULL)
		spec = &empty_spec;
	while (query != NULL && *query != '\0') {
		char *next = strchr(query, '&');
		int rc;

		if (next != NULL)
			*next++ = '\0';
		rc = pair_set(spec, query, &seen, args);
		if (rc < 0)
			return rc;
		query = next;
	}
	return rules_check(spec, seen);
}

void
http_args_fini(struct verb_args *args)
{
	mem_free(args->targets.ids);
	mem_free(args->add.ids);
	mem_free(args->luns.ids);
	mem_free(args->remove.ids);
	mem_free(args->hosts.ids);
}
