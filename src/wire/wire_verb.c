/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests by the table of verbs: paths, queries, bodies.  Any thread. */
#include "wire/wire_verb.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/wire_int.h"

/* ---- values ---- */

static const char *
status_text(const struct verb_status *status)
{
	return status->status == STATUS_ONLINE ? "online" : "offline";
}

/* Texts of peers are repaired by nobody: what JSON or a path cannot carry is refused. */
static int
value_check(const struct verb_args *args, const struct verb_field *field)
{
	const void *value = verb_value(args, field);
	const char *text;

	if (field->type == VERB_TEXT) {
		text = *(const char *const *)value;
		if (text != NULL && !str_is_text(text, strlen(text)))
			return err_set(ERR_INVALID, "%s is not one line of UTF-8 text",
				       field->name);
	} else if (field->type == VERB_U64) {
		uint64_t number = *(const uint64_t *)value;

		if (number > INT64_MAX || (field->max != 0 && number > field->max))
			return err_set(ERR_INVALID,
				       "%s is %" PRIu64 ", above the largest value %" PRIu64,
				       field->name, number,
				       field->max != 0 ? field->max : (uint64_t)INT64_MAX);
	}
	return 0;
}

/* ---- paths and queries ---- */

static void
escape_add(struct strbuf *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		bool plain = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
			     (*p >= 'a' && *p <= 'z') || strchr("-._~", *p) != NULL;

		strbuf_addf(out, plain ? "%c" : "%%%02X", *p);
	}
}

static void
guid_add(struct strbuf *out, const struct guid *id)
{
	char text[GUID_TEXT_SIZE];

	strbuf_add(out, guid_format(id, text));
}

static void
path_add(struct strbuf *out, const char *template, const struct guid *ids)
{
	while (*template != '\0') {
		size_t len = strcspn(template, "{");

		strbuf_add_bytes(out, template, len);
		template += len;
		if (*template == '{') {
			guid_add(out, ids++);
			template = strchr(template, '}') + 1;
		}
	}
}

static void
query_value_add(struct strbuf *out, const struct verb_args *args, const struct verb_field *field)
{
	const void *value = verb_value(args, field);

	switch (field->type) {
	case VERB_TEXT:
		escape_add(out, *(const char *const *)value);
		break;
	case VERB_GUID:
		guid_add(out, value);
		break;
	case VERB_U64:
		strbuf_addf(out, "%" PRIu64, *(const uint64_t *)value);
		break;
	case VERB_BOOL:
		strbuf_add(out, *(const bool *)value ? "1" : "0");
		break;
	case VERB_STATUS:
		strbuf_add(out, status_text(value));
		break;
	case VERB_FLAG:
		strbuf_add(out, ((const struct verb_flag *)value)->value ? "1" : "0");
		break;
	case VERB_KEY:
		guid_add(out, &((const struct verb_key *)value)->key.a);
		if (!guid_is_zero(&((const struct verb_key *)value)->key.b)) {
			strbuf_add(out, ",");
			guid_add(out, &((const struct verb_key *)value)->key.b);
		}
		break;
	case VERB_GUIDS:
		break; /* in bodies only: tests/unit/model/test_verbs.c */
	}
}

static int
query_add(struct strbuf *out, const struct verb_spec *spec, const struct verb_args *args)
{
	const char *joint = "?";

	for (size_t i = 0; i < spec->count; i++) {
		const struct verb_field *field = &spec->fields[i];
		int rc = value_check(args, field);

		if (rc < 0)
			return rc;
		if (!verb_is_given(args, field))
			continue;
		strbuf_addf(out, "%s%s=", joint, field->name);
		query_value_add(out, args, field);
		joint = "&";
	}
	return 0;
}

int
wire_verb_target(enum verb_id id, const struct guid *ids, const struct verb_args *args,
		 char **ret_target)
{
	AUTO(strbuf_fini) struct strbuf out = { 0 };
	const struct verb *verb = &verb_table[id];
	char *target;
	int rc = 0;

	path_add(&out, verb->path, ids);
	if (verb->query != NULL && args != NULL)
		rc = query_add(&out, verb->query, args);
	if (rc < 0)
		return rc;
	target = strbuf_take(&out);
	if (target == NULL)
		return -ENOMEM;
	*ret_target = target;
	return 0;
}

/* ---- bodies ---- */

static json_t *
guids_encode(const struct verb_guids *guids)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < guids->count; i++) {
		if (json_array_append_new(list, wire_guid_encode(&guids->ids[i])) < 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

static json_t *
value_encode(const struct verb_args *args, const struct verb_field *field)
{
	const void *value = verb_value(args, field);

	switch (field->type) {
	case VERB_TEXT:
		return json_string(*(const char *const *)value);
	case VERB_GUID:
		return wire_guid_encode(value);
	case VERB_GUIDS:
		return guids_encode(value);
	case VERB_U64:
		return json_integer((json_int_t) * (const uint64_t *)value);
	case VERB_BOOL:
		return json_boolean(*(const bool *)value);
	case VERB_STATUS:
		return json_string(status_text(value));
	case VERB_FLAG:
		return json_boolean(((const struct verb_flag *)value)->value);
	case VERB_KEY:
		break; /* in queries only: tests/unit/model/test_verbs.c */
	}
	return NULL;
}

int
wire_verb_body(enum verb_id id, const struct verb_args *args, json_t **ret_body)
{
	const struct verb_spec *spec = verb_table[id].body;
	AUTO_JSON json_t *body = NULL;

	*ret_body = NULL;
	if (spec == NULL)
		return 0;
	body = json_object();
	if (body == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < spec->count; i++) {
		const struct verb_field *field = &spec->fields[i];
		int rc = value_check(args, field);

		if (rc < 0)
			return rc;
		if ((field->required || verb_is_given(args, field)) &&
		    json_object_set_new(body, field->name, value_encode(args, field)) < 0)
			return -ENOMEM;
	}
	*ret_body = TAKE(body);
	return 0;
}
