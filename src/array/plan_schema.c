/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks a plan by docs/plan.schema.json, which is a part of this program.  Knows the keywords of
 * JSON Schema (draft 2020-12) that this schema uses, and no others: a unit test walks the schema.
 * Says what is wrong in the words of the schema's titles and descriptions.  Any thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

const char *const array_plan_keywords[] = {
	"$defs",   "$id",        "$ref",        "$schema",   "additionalProperties",
	"anyOf",   "const",      "description", "enum",      "if",
	"items",   "maxLength",  "maximum",     "minLength", "minimum",
	"pattern", "properties", "required",    "then",      "title",
	"type",    NULL,
};

struct plan_check {
	const struct array_plan_text *text;
	const json_t *root;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static json_t *schema; /* parsed at the first use and kept; lock */

const json_t *
array_plan_schema(void)
{
	const json_t *found;

	pthread_mutex_lock(&lock);
	if (schema == NULL)
		schema = json_loadb(array_plan_schema_text, array_plan_schema_len, 0, NULL);
	found = schema;
	pthread_mutex_unlock(&lock);
	return found;
}

/* ---- words ---- */

static const char *
text_of(const json_t *node, const char *keyword)
{
	return json_string_value(json_object_get(node, keyword));
}

static const char *
type_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "array";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "integer";
	case JSON_REAL:
		return "number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "boolean";
	case JSON_NULL:
		break;
	}
	return "null";
}

/* What a person calls a type of the schema. */
static const char *
type_called(const char *type)
{
	static const char *const names[][2] = {
		{ "object", "an object {…}" },
		{ "array", "a list […]" },
		{ "string", "a text \"…\"" },
		{ "integer", "a whole number" },
		{ "number", "a broken number" },
		{ "boolean", "true or false" },
		{ "null", "null" },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i][0], type) == 0)
			return names[i][1];
	return type;
}

/* `a LUN`, `an association`: what the schema calls the object. */
static const char *
titled(const json_t *node, char buf[64])
{
	const char *title = text_of(node, "title");

	if (title == NULL)
		return "the file";
	snprintf(buf, 64, "%s %s", strchr("aeiou", title[0]) != NULL ? "an" : "a", title);
	return buf;
}

/* ` (DESCRIPTION)`, if the schema describes the value. */
static const char *
described(const json_t *node, struct strbuf *out)
{
	const char *description = text_of(node, "description");

	if (description != NULL)
		strbuf_addf(out, " (%s)", description);
	return out->text != NULL ? out->text : "";
}

static bool
is_secret(const char *name)
{
	return strstr(name, "secret") != NULL || strstr(name, "password") != NULL;
}

/* ---- one value ---- */

static bool
type_fits(const json_t *type, const json_t *value)
{
	const char *is = type_of(value);

	for (size_t i = 0; json_is_array(type) && i < json_array_size(type); i++)
		if (strcmp(json_string_value(json_array_get(type, i)), is) == 0)
			return true;
	return json_is_string(type) && strcmp(json_string_value(type), is) == 0;
}

static int
check_type(const struct plan_check *c, const json_t *node, const json_t *value,
	   const struct array_plan_at *at)
{
	const json_t *type = json_object_get(node, "type");
	AUTO(strbuf_fini) struct strbuf wanted = { 0 };
	AUTO(strbuf_fini) struct strbuf more = { 0 };

	if (type == NULL || type_fits(type, value))
		return 0;
	for (size_t i = 0; json_is_array(type) && i < json_array_size(type); i++)
		strbuf_addf(&wanted, "%s%s", i > 0 ? " or " : "",
			    type_called(json_string_value(json_array_get(type, i))));
	if (json_is_string(type))
		strbuf_add(&wanted, type_called(json_string_value(type)));
	return array_plan_fail(c->text, at, ERR_INVALID, "%s is needed, not %s%s",
			       wanted.text != NULL ? wanted.text : "another type",
			       type_called(type_of(value)), described(node, &more));
}

/* Writes the words of an enumeration: `"online" or "offline"`, `512 or 4096`. */
static void
words_add(const json_t *words, struct strbuf *out)
{
	size_t count = json_array_size(words);

	for (size_t i = 0; i < count; i++) {
		const json_t *word = json_array_get(words, i);

		strbuf_add(out, i == 0 ? "" : i + 1 == count ? " or " : ", ");
		if (json_is_string(word))
			strbuf_addf(out, "\"%s\"", json_string_value(word));
		else
			strbuf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(word));
	}
}

static int
check_enum(const struct plan_check *c, const json_t *node, const json_t *value,
	   const struct array_plan_at *at)
{
	const json_t *words = json_object_get(node, "enum"), *one = json_object_get(node, "const");
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	AUTO(strbuf_fini) struct strbuf more = { 0 };

	if (one != NULL && !json_equal(one, value)) {
		strbuf_addf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(one));
		return array_plan_fail(c->text, at, ERR_INVALID, "it must be %s%s",
				       text.text != NULL ? text.text : "", described(node, &more));
	}
	for (size_t i = 0; i < json_array_size(words); i++)
		if (json_equal(json_array_get(words, i), value))
			return 0;
	if (words == NULL)
		return 0;
	words_add(words, &text);
	return array_plan_fail(c->text, at, ERR_INVALID, "it must be %s%s",
			       text.text != NULL ? text.text : "one of few",
			       described(node, &more));
}

static int
check_number(const struct plan_check *c, const json_t *node, const json_t *value,
	     const struct array_plan_at *at)
{
	const json_t *least = json_object_get(node, "minimum");
	const json_t *most = json_object_get(node, "maximum");
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || ((least == NULL || number >= json_integer_value(least)) &&
					(most == NULL || number <= json_integer_value(most))))
		return 0;
	return array_plan_fail(c->text, at, ERR_INVALID,
			       "%" JSON_INTEGER_FORMAT " is out of range: it must be from "
			       "%" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT,
			       number, json_integer_value(least), json_integer_value(most));
}

static size_t
characters(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static int
check_length(const struct plan_check *c, const json_t *node, const json_t *value,
	     const struct array_plan_at *at)
{
	const json_t *least = json_object_get(node, "minLength");
	const json_t *most = json_object_get(node, "maxLength");
	AUTO(strbuf_fini) struct strbuf more = { 0 };
	json_int_t count;

	if (!json_is_string(value) || (least == NULL && most == NULL))
		return 0;
	count = (json_int_t)characters(json_string_value(value));
	if (least != NULL && count < json_integer_value(least))
		return array_plan_fail(c->text, at, ERR_INVALID, "the text is empty%s",
				       described(node, &more));
	if (most != NULL && count > json_integer_value(most))
		return array_plan_fail(c->text, at, ERR_INVALID,
				       "the text has %" JSON_INTEGER_FORMAT
				       " characters, and may have %" JSON_INTEGER_FORMAT "%s",
				       count, json_integer_value(most), described(node, &more));
	return 0;
}

static int
check_pattern(const struct plan_check *c, const json_t *node, const json_t *value,
	      const struct array_plan_at *at)
{
	const char *pattern = text_of(node, "pattern");
	AUTO(strbuf_fini) struct strbuf more = { 0 };
	char shown[80];
	regex_t regex;
	int rc;

	if (pattern == NULL || !json_is_string(value))
		return 0;
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return -ENOMEM;
	rc = regexec(&regex, json_string_value(value), 0, NULL, 0);
	regfree(&regex);
	if (rc == 0)
		return 0;
	return array_plan_fail(c->text, at, ERR_INVALID, "%s is not of the right form%s",
			       log_quote(json_string_value(value), shown, sizeof(shown)),
			       described(node, &more));
}

/* ---- objects and lists ---- */

static int check(const struct plan_check *c, const json_t *node, const json_t *value,
		 const struct array_plan_at *at);

/* `a LUN has no member "sise": it may have name, id, …` */
static int
fail_unknown(const struct plan_check *c, const json_t *node, const char *name,
	     const struct array_plan_at *at)
{
	AUTO(strbuf_fini) struct strbuf names = { 0 };
	char quoted[80], title[64];
	const char *known;
	json_t *unused;

	if (is_secret(name))
		return array_plan_fail(c->text, at, ERR_INVALID,
				       "a plan has no secrets: remove this member, and set the "
				       "secret with `vdsctl target secret`, `host secret` or "
				       "`discovery secret`");
	json_object_foreach((json_t *)(uintptr_t)json_object_get(node, "properties"), known, unused)
	{
		strbuf_addf(&names, "%s%s", names.len > 0 ? ", " : "", known);
	}
	return array_plan_fail(c->text, at, ERR_INVALID, "%s has no member %s: it may have %s",
			       titled(node, title), log_quote(name, quoted, sizeof(quoted)),
			       names.text != NULL ? names.text : "none");
}

static int
check_members(const struct plan_check *c, const json_t *node, const json_t *value,
	      const struct array_plan_at *at)
{
	const json_t *properties = json_object_get(node, "properties");
	bool closed = json_is_false(json_object_get(node, "additionalProperties"));
	const char *name;
	json_t *member;
	int rc = 0;

	json_object_foreach((json_t *)(uintptr_t)value, name, member)
	{
		struct array_plan_at here = { .up = at, .member = name };
		const json_t *known = json_object_get(properties, name);

		if (known == NULL && closed) {
			here.is_name = true;
			return fail_unknown(c, node, name, &here);
		}
		if (known != NULL)
			rc = check(c, known, member, &here);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Returns the first member of `required` that the object does not have, or NULL. */
static const char *
missing(const json_t *node, const json_t *value)
{
	const json_t *required = json_object_get(node, "required");

	for (size_t i = 0; i < json_array_size(required); i++) {
		const char *name = json_string_value(json_array_get(required, i));

		if (json_object_get(value, name) == NULL)
			return name;
	}
	return NULL;
}

static int
check_required(const struct plan_check *c, const json_t *node, const json_t *value,
	       const struct array_plan_at *at)
{
	const json_t *any = json_object_get(node, "anyOf");
	const char *name = missing(node, value);
	char title[64];
	AUTO(strbuf_fini) struct strbuf names = { 0 };
	AUTO(strbuf_fini) struct strbuf more = { 0 };

	if (name != NULL)
		return array_plan_fail(c->text, at, ERR_INVALID, "%s needs the member \"%s\"%s",
				       titled(node, title), name, described(node, &more));
	for (size_t i = 0; i < json_array_size(any); i++) {
		name = missing(json_array_get(any, i), value);
		if (name == NULL)
			return 0;
		strbuf_addf(&names, "%s\"%s\"", i > 0 ? " or " : "", name);
	}
	return any == NULL
		       ? 0
		       : array_plan_fail(c->text, at, ERR_INVALID, "%s needs the member %s",
					 titled(node, title), names.text != NULL ? names.text : "");
}

static int
check_items(const struct plan_check *c, const json_t *node, const json_t *value,
	    const struct array_plan_at *at)
{
	const json_t *items = json_object_get(node, "items");
	int rc = 0;

	for (size_t i = 0; rc == 0 && items != NULL && i < json_array_size(value); i++) {
		struct array_plan_at here = { .up = at, .index = i };

		rc = check(c, items, json_array_get(value, i), &here);
	}
	return rc;
}

/*
 * Returns whether a value is as an `if` wants it: it has the members, and they have these values.
 */
static bool
holds(const json_t *node, const json_t *value)
{
	const char *name;
	json_t *property;

	if (missing(node, value) != NULL)
		return false;
	json_object_foreach(json_object_get(node, "properties"), name, property)
	{
		const json_t *member = json_object_get(value, name);

		if (member != NULL && !json_equal(json_object_get(property, "const"), member))
			return false;
	}
	return true;
}

/* The keywords of one schema object, without what it refers to. */
static int
check_one(const struct plan_check *c, const json_t *node, const json_t *value,
	  const struct array_plan_at *at)
{
	const json_t *condition = json_object_get(node, "if");
	int rc = check_type(c, node, value, at);

	if (rc == 0)
		rc = check_enum(c, node, value, at);
	if (rc == 0)
		rc = check_number(c, node, value, at);
	if (rc == 0)
		rc = check_length(c, node, value, at);
	if (rc == 0)
		rc = check_pattern(c, node, value, at);
	if (rc == 0 && json_is_object(value))
		rc = check_members(c, node, value, at);
	if (rc == 0 && json_is_object(value))
		rc = check_required(c, node, value, at);
	if (rc == 0 && json_is_array(value))
		rc = check_items(c, node, value, at);
	if (rc == 0 && condition != NULL && holds(condition, value))
		rc = check(c, json_object_get(node, "then"), value, at);
	return rc;
}

/* "#/$defs/NAME" */
static const json_t *
referred(const struct plan_check *c, const json_t *node)
{
	const char *ref = text_of(node, "$ref");

	return ref != NULL
		       ? json_object_get(json_object_get(c->root, "$defs"), strrchr(ref, '/') + 1)
		       : NULL;
}

static int
check(const struct plan_check *c, const json_t *node, const json_t *value,
      const struct array_plan_at *at)
{
	const json_t *other = referred(c, node);
	int rc = other != NULL ? check(c, other, value, at) : 0;

	return rc < 0 ? rc : check_one(c, node, value, at);
}

int
array_plan_schema_check(const struct array_plan_text *text)
{
	struct plan_check c = { text, array_plan_schema() };

	return c.root != NULL ? check(&c, c.root, text->json, NULL) : -ENOMEM;
}
