/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of a plan: reading it, and saying where in it something is wrong.  jansson keeps no
 * positions of values, so a position is found by walking through the text again, which is known to
 * be JSON by then, along the path to the value.  Any thread.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/fields.h"

/* ---- walking: the text is JSON ---- */

static const char *
blanks_skip(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Returns the byte behind a string that begins at p. */
static const char *
string_skip(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : end;
}

/* Behind a number or a word. */
static const char *
word_skip(const char *p, const char *end)
{
	while (p < end && strchr(",]} \t\r\n", *p) == NULL)
		p++;
	return p;
}

/* Returns the byte behind a value that begins at p. */
static const char *
value_skip(const char *p, const char *end)
{
	size_t depth = 0;

	do {
		if (p < end && *p == '"') {
			p = string_skip(p, end);
			continue;
		}
		if (p < end && (*p == '{' || *p == '['))
			depth++;
		else if (p < end && (*p == '}' || *p == ']'))
			depth--;
		else if (depth == 0)
			return word_skip(p, end);
		p++;
	} while (p < end && depth > 0);
	return p;
}

/* Behind the comma after the value at p; the end of the object or array: NULL. */
static const char *
next_of(const char *p, const char *end)
{
	p = blanks_skip(value_skip(p, end), end);
	return p < end && *p == ',' ? blanks_skip(p + 1, end) : NULL;
}

/* The value of a member, or its name; NULL when the object at p has no such member. */
static const char *
member_find(const char *p, const char *end, const char *name, bool is_name)
{
	size_t len = strlen(name);

	for (p = blanks_skip(p + 1, end); p != NULL && p < end && *p == '"';) {
		const char *key = p;
		bool same;

		p = string_skip(p, end);
		same = (size_t)(p - key) == len + 2 && memcmp(key + 1, name, len) == 0;
		if (same && is_name)
			return key;
		p = blanks_skip(p, end); /* the colon */
		p = blanks_skip(p < end ? p + 1 : p, end);
		if (same)
			return p;
		p = next_of(p, end);
	}
	return NULL;
}

static const char *
element_find(const char *p, const char *end, size_t index)
{
	for (p = blanks_skip(p + 1, end); p != NULL && index > 0; index--)
		p = next_of(p, end);
	return p;
}

/* What cannot be found (a name that is written with escapes) is where that stands that has it. */
static const char *
find(const struct array_plan_text *text, const struct array_plan_at *at)
{
	const char *end = text->text + text->len, *p, *found = NULL;

	if (at == NULL)
		return blanks_skip(text->text, end);
	p = find(text, at->up);
	if (at->member != NULL && p < end && *p == '{')
		found = member_find(p, end, at->member, at->is_name);
	else if (at->member == NULL && p < end && *p == '[')
		found = element_find(p, end, at->index);
	return found != NULL ? found : p;
}

static void
position(const struct array_plan_text *text, const char *p, unsigned *ret_line,
	 unsigned *ret_column)
{
	*ret_line = *ret_column = 1;
	for (const char *q = text->text; q < p; q++) {
		if (*q == '\n') {
			++*ret_line;
			*ret_column = 1;
		} else if (((unsigned char)*q & 0xc0) != 0x80) { /* not inside a character */
			++*ret_column;
		}
	}
}

void
array_plan_locate(const struct array_plan_text *text, const struct array_plan_at *at,
		  unsigned *ret_line, unsigned *ret_column)
{
	position(text, find(text, at), ret_line, ret_column);
}

/* ---- errors ---- */

/* Whether a name can stand in a path as it is. */
static bool
is_plain(const char *name)
{
	return *name != '\0' && strlen(name) < 40 &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz_")] == '\0';
}

/* `luns[3].size`; other names of the file than those of the format are cut and made harmless. */
static void
path_add(const struct array_plan_at *at, struct strbuf *out)
{
	char quoted[64];

	if (at == NULL)
		return;
	path_add(at->up, out);
	if (at->member == NULL)
		strbuf_addf(out, "[%zu]", at->index);
	else if (!at->is_name)
		strbuf_addf(out, "%s%.60s", at->up != NULL ? "." : "",
			    is_plain(at->member) ? at->member
						 : log_quote(at->member, quoted, sizeof(quoted)));
}

/*
 * What a file has stands in messages, which are one line of text: what would break the line, or was
 * cut in the middle of a character, becomes '?'.
 */
static void
make_harmless(char *text)
{
	row_text_repair(text);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	for (char *p = text; !str_is_text(text, strlen(text)) && *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
}

int
array_plan_fail(const struct array_plan_text *text, const struct array_plan_at *at, int code,
		const char *format, ...)
{
	AUTO(strbuf_fini) struct strbuf path = { 0 };
	char what[1024];
	unsigned line, column;
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	make_harmless(what);
	array_plan_locate(text, at, &line, &column);
	path_add(at, &path);
	return err_set(code, "line %u, column %u%s%.200s: %s", line, column,
		       path.len > 0 ? ", " : "", path.text != NULL ? path.text : "", what);
}

int
array_plan_explain(const struct array_plan_text *text, const struct array_plan_at *at, int rc)
{
	char what[1024];

	if (rc >= 0 || rc == -ENOMEM)
		return rc;
	snprintf(what, sizeof(what), "%s", err_text(rc));
	return array_plan_fail(text, at, rc == ERR_PARSE ? ERR_INVALID : rc, "%s", what);
}

/* ---- reading ---- */

static bool
has_zero(const struct array_plan_text *text)
{
	return memchr(text->text, '\0', text->len) != NULL;
}

/* jansson quotes a piece of the text ("… near 'x'"), which a message is better without. */
static size_t
reason_len(const char *reason)
{
	const char *near = strstr(reason, " near ");

	return near != NULL ? (size_t)(near - reason) : strlen(reason);
}

int
array_plan_text_read(struct array_plan_text *text)
{
	json_error_t error;

	if (text->len == 0)
		return err_set(ERR_INVALID, "the file is empty: it needs at least {\"format\": 1}");
	if (text->len > ARRAY_PLAN_TEXT_MAX)
		return err_set(ERR_INVALID,
			       "the file is larger than %u MiB: split it into files of parts "
			       "(\"scope\": \"named\")",
			       ARRAY_PLAN_TEXT_MAX >> 20);
	if (has_zero(text))
		return err_set(ERR_INVALID, "the file is not a text of JSON: it has zero bytes");
	text->json = json_loadb(text->text, text->len, JSON_REJECT_DUPLICATES, &error);
	/* when memory is out, jansson may say nothing */
	if (text->json == NULL &&
	    (json_error_code(&error) == json_error_out_of_memory || error.text[0] == '\0'))
		return -ENOMEM;
	if (text->json == NULL)
		return err_set(ERR_INVALID, "line %d, column %d: the file is not JSON: %.*s%s",
			       error.line, error.column, (int)reason_len(error.text), error.text,
			       json_error_code(&error) == json_error_premature_end_of_input
				       ? "; a part of it is missing"
				       : "");
	return 0;
}

void
array_plan_text_fini(struct array_plan_text *text)
{
	json_decref(text->json);
	text->json = NULL;
}
