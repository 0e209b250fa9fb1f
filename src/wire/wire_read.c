/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading rows and snapshots from text.  A snapshot is read as it comes, so that it needs the
 * memory of its rows and of one row's text, however large the array is.  Called by client, on any
 * thread.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/fields.h"
#include "model/state_build.h"
#include "wire/wire_int.h"

#define VALUE_MAX (64u << 20) /* bytes of one row, or of a member that is no list */

/* ---- one row ---- */

/*
 * A row that reads exactly as this version writes it (plain ASCII, every field in order and known)
 * is read here without a JSON tree.  Everything else goes through wire_row_decode, which knows all
 * rules.
 */
struct reader {
	const char *at, *end;
};

static bool
skip(struct reader *r, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0)
		return false;
	r->at += len;
	return true;
}

/* A string of plain ASCII without escapes. */
static bool
read_plain(struct reader *r, const char **ret_text, size_t *ret_len)
{
	if (!skip(r, "\""))
		return false;
	*ret_text = r->at;
	while (r->at < r->end && *r->at >= 0x20 && *r->at < 0x7f && *r->at != '"' && *r->at != '\\')
		r->at++;
	*ret_len = (size_t)(r->at - *ret_text);
	return skip(r, "\"");
}

static bool
read_guid(struct reader *r, struct guid *ret_guid)
{
	char copy[GUID_TEXT_SIZE];
	const char *text;
	size_t len;

	if (!read_plain(r, &text, &len) || len != GUID_TEXT_SIZE - 1)
		return false;
	for (size_t i = 0; i < len; i++)
		if (isupper((unsigned char)text[i]))
			return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return guid_parse(copy, ret_guid) == 0;
}

/* An integer without a sign, written as we write it, that fits JSON's signed ones. */
static bool
read_unsigned(struct reader *r, uint64_t *ret_value)
{
	const char *start = r->at;
	uint64_t value = 0;

	while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && r->at - start < 19)
		value = value * 10 + (uint64_t)(*r->at++ - '0');
	*ret_value = value;
	return r->at > start && (*start != '0' || r->at - start == 1) && value <= INT64_MAX &&
	       (r->at == r->end || *r->at < '0' || *r->at > '9');
}

static bool
read_enum(struct reader *r, const struct row_field *field, void *row)
{
	const char *text;
	size_t len;

	if (!read_plain(r, &text, &len))
		return false;
	for (unsigned i = 0; field->names[i] != NULL; i++)
		if (strlen(field->names[i]) == len && memcmp(field->names[i], text, len) == 0)
			return row_field_set_number(row, field, i);
	return false;
}

/* 1, 0 (not as we write it) or -ENOMEM. */
static int
read_string(struct reader *r, char **to)
{
	const char *text;
	size_t len;

	if (!read_plain(r, &text, &len))
		return 0;
	*to = str_ndup(text, len);
	return *to != NULL ? 1 : -ENOMEM;
}

static int
read_field(struct reader *r, const struct row_field *field, void *row)
{
	void *to = row_field_to(row, field);
	uint64_t value;

	switch (field->type) {
	case FIELD_GUID:
		return read_guid(r, to);
	case FIELD_STRING:
		return read_string(r, to);
	case FIELD_U32:
		return read_unsigned(r, &value) && row_field_set_number(row, field, value);
	case FIELD_U64:
	case FIELD_I64:
		return read_unsigned(r, to);
	case FIELD_BOOL:
		*(bool *)to = skip(r, "true");
		return *(bool *)to || skip(r, "false");
	case FIELD_ENUM:
		return read_enum(r, field, row);
	}
	return 0;
}

/* 1, 0 (not as we write it) or -ENOMEM. */
static int
row_read_plain(enum row_family family, const char *text, size_t len, void **ret_row)
{
	const struct row_type *type = row_type(family);
	struct reader r = { text, text + len };
	AUTO_ROW struct row *row = row_new(family);

	if (row == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < type->field_count; i++) {
		int rc;

		if (!skip(&r, i == 0 ? "{\"" : ",\"") || !skip(&r, type->fields[i].name) ||
		    !skip(&r, "\":"))
			return 0;
		rc = read_field(&r, &type->fields[i], row);
		if (rc <= 0)
			return rc;
	}
	if (!skip(&r, "}") || r.at != r.end)
		return 0;
	if (row_seal_with_text(row, text, len) < 0)
		return -ENOMEM;
	*ret_row = TAKE(row);
	return 1;
}

static int
json_parse(const char *text, size_t len, json_t **ret_json)
{
	json_error_t error;
	json_t *json = json_loadb(text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);

	/* Where jansson finds no memory it says so, or nothing, or that a token is invalid. */
	if (json == NULL &&
	    (*error.text == '\0' || json_error_code(&error) == json_error_out_of_memory))
		return -ENOMEM;
	if (json == NULL)
		return err_set(ERR_PARSE, "not JSON: %s", error.text);
	*ret_json = json;
	return 0;
}

int
wire_row_read(enum row_family family, const char *text, size_t len, void **ret_row)
{
	AUTO_JSON json_t *json = NULL;
	int rc = row_read_plain(family, text, len, ret_row);

	if (rc != 0)
		return MIN(rc, 0);
	rc = json_parse(text, len, &json);
	return rc < 0 ? rc : wire_row_decode(family, json, ret_row);
}

/* ---- snapshots ---- */

/* Where the reader stands: what may come next. */
enum stand {
	STAND_TOP,     /* the snapshot's object */
	STAND_KEY,     /* a member's name, or the object's end */
	STAND_IN_KEY,  /* within a name */
	STAND_COLON,   /* after a name */
	STAND_VALUE,   /* a member's value */
	STAND_ELEMENT, /* a row, or the list's end */
	STAND_CAPTURE, /* within a row, or a value that is taken as a whole */
	STAND_AFTER,   /* a comma, or the end of what is open */
	STAND_END      /* nothing but spaces */
};

/* What is open around the reader. */
enum level {
	LEVEL_NONE,
	LEVEL_SNAPSHOT, /* {"config":…,"live":…} */
	LEVEL_STATE,    /* {"position":…,"luns":…} */
	LEVEL_LIST      /* [row, row, …] */
};

struct wire_snapshot_reader {
	enum stand stand;
	enum level level;
	struct strbuf member[LEVEL_LIST]; /* names of the open members, by level */
	struct strbuf value;              /* what is being captured */
	unsigned depth;                   /* of brackets in it */
	bool in_string, escaped;
	bool comma; /* after a comma something must come */

	struct wire_format format;
	bool has_format, has_position[2];
	struct position position[2]; /* of config and live */
	struct state *state[2];
	uint64_t families[2]; /* those that came */
};

struct wire_snapshot_reader *
wire_snapshot_reader_new(void)
{
	struct wire_snapshot_reader *s = mem_calloc(1, sizeof(*s));
	static const struct position none;

	if (s == NULL)
		return NULL;
	s->format = (struct wire_format){ 1, 0 };
	for (int i = 0; i < 2; i++) {
		s->state[i] = state_load_begin(&none);
		if (s->state[i] == NULL) {
			wire_snapshot_reader_free(s);
			return NULL;
		}
	}
	return s;
}

void
wire_snapshot_reader_free(struct wire_snapshot_reader *s)
{
	if (s == NULL)
		return;
	for (int i = 0; i < LEVEL_LIST; i++)
		strbuf_fini(&s->member[i]);
	strbuf_fini(&s->value);
	state_unref(s->state[0]);
	state_unref(s->state[1]);
	mem_free(s);
}

static void
text_empty(struct strbuf *text)
{
	text->len = 0;
	if (text->text != NULL)
		text->text[0] = '\0';
}

static const char *
member_of(const struct wire_snapshot_reader *s, enum level level)
{
	const char *text = s->member[level].text;

	return text != NULL ? text : "";
}

/* 0: config, 1: live. */
static int
which(const struct wire_snapshot_reader *s)
{
	return strcmp(member_of(s, LEVEL_SNAPSHOT), "live") == 0;
}

/* ---- what is captured ---- */

static int
take_member(struct wire_snapshot_reader *s)
{
	AUTO_JSON json_t *json = NULL;
	AUTO_JSON json_t *object = json_object();
	const char *member = member_of(s, s->level);
	int rc = object == NULL ? -ENOMEM : json_parse(s->value.text, s->value.len, &json);

	if (rc < 0)
		return rc;
	if (s->level == LEVEL_STATE && strcmp(member, "position") == 0) {
		s->has_position[which(s)] = true;
		return wire_position_decode(json, &s->position[which(s)]);
	}
	if (s->level == LEVEL_SNAPSHOT && strcmp(member, "format") == 0) {
		if (json_object_set(object, "format", json) < 0)
			return -ENOMEM;
		s->has_format = true;
		return wire_format_decode(object, &s->format);
	}
	return 0; /* a member that a later version has added */
}

static int
family_of(const struct wire_snapshot_reader *s, const char *plural)
{
	int first = which(s) == 0 ? ROW_ARRAY : ROW_CONFIG_COUNT;
	int end = which(s) == 0 ? ROW_CONFIG_COUNT : ROW_FAMILY_COUNT;

	for (int family = first; family < end; family++)
		if (family != ROW_OTHER &&
		    strcmp(row_type((enum row_family)family)->plural, plural) == 0)
			return family;
	return -1;
}

static int
take_other_row(struct wire_snapshot_reader *s, const char *plural, void **ret_row)
{
	size_t len = strlen(plural);
	AUTO_FREE char *name = str_ndup(plural, len > 0 ? len - 1 : 0);
	AUTO_JSON json_t *json = NULL;
	int rc;

	if (name == NULL)
		return -ENOMEM;
	if (which(s) != 0 || len < 2 || plural[len - 1] != 's' || !wire_is_other_family(name))
		return 0; /* no digest covers it */
	rc = json_parse(s->value.text, s->value.len, &json);
	return rc < 0 ? rc : wire_other_decode(name, json, ret_row);
}

static int
take_row(struct wire_snapshot_reader *s)
{
	AUTO_ROW struct row *row = NULL;
	struct state *state = s->state[which(s)];
	const char *plural = member_of(s, LEVEL_STATE);
	int family = family_of(s, plural), rc;
	void *read = NULL;

	if (family >= 0)
		rc = wire_row_read((enum row_family)family, s->value.text, s->value.len, &read);
	else
		rc = take_other_row(s, plural, &read);
	row = read;
	if (rc < 0 || row == NULL)
		return rc;
	return state_load_put(state, row);
}

static int
captured(struct wire_snapshot_reader *s)
{
	int rc = s->level == LEVEL_LIST ? take_row(s) : take_member(s);

	text_empty(&s->value);
	s->stand = STAND_AFTER;
	return rc;
}

/*
 * Takes bytes into the captured value until it is complete.  Returns how many were taken, or a
 * negative code.  A number or word is complete at the byte that cannot belong to it, which is left.
 */
static long
capture(struct wire_snapshot_reader *s, const char *bytes, size_t len)
{
	bool complete = false;
	size_t i;
	int rc;

	for (i = 0; i < len && !complete; i++) {
		char c = bytes[i];

		if (s->in_string) {
			if (s->escaped)
				s->escaped = false;
			else if (c == '\\')
				s->escaped = true;
			else if (c == '"')
				s->in_string = false;
			complete = !s->in_string && s->depth == 0;
		} else if (c == '"') {
			s->in_string = true;
		} else if (c == '{' || c == '[') {
			s->depth++;
		} else if ((c == '}' || c == ']') && s->depth > 0) {
			complete = --s->depth == 0;
		} else if (s->depth == 0 &&
			   (c == '}' || c == ']' || c == ',' || isspace((unsigned char)c))) {
			complete =
				true; /* it ends a number or word, and belongs to what is around */
			i--;
		}
	}
	if (s->value.len + i > VALUE_MAX)
		return err_set(ERR_PARSE, "a row or member is too long");
	strbuf_add_bytes(&s->value, bytes, i);
	if (s->value.failed)
		return -ENOMEM;
	if (!complete)
		return (long)i; /* it goes on in the next bytes */
	rc = captured(s);
	return rc < 0 ? rc : (long)i;
}

/* ---- the structure around ---- */

static int
odd(char c)
{
	return err_set(ERR_PARSE, "the snapshot has a byte %02x where it cannot be",
		       (unsigned char)c);
}

/* The list or object that is open ends. */
static int
close_level(struct wire_snapshot_reader *s, char c)
{
	if (s->comma || c != (s->level == LEVEL_LIST ? ']' : '}'))
		return odd(c);
	s->level--;
	s->stand = s->level == LEVEL_NONE ? STAND_END : STAND_AFTER;
	return 0;
}

static void
begin_capture(struct wire_snapshot_reader *s)
{
	s->stand = STAND_CAPTURE;
	s->depth = 0;
	s->in_string = s->escaped = false;
}

/* A value begins with c: does the reader step into it?  Otherwise the value is captured. */
static int
open_value(struct wire_snapshot_reader *s, char c)
{
	const char *member = member_of(s, s->level);
	int family;

	s->comma = false;
	if (s->level == LEVEL_SNAPSHOT && c == '{' &&
	    (strcmp(member, "config") == 0 || strcmp(member, "live") == 0)) {
		s->level = LEVEL_STATE;
		s->stand = STAND_KEY;
		return 1;
	}
	if (s->level == LEVEL_STATE && c == '[') {
		family = family_of(s, member);
		if (family >= 0)
			s->families[which(s)] |= 1ull << family;
		s->level = LEVEL_LIST;
		s->stand = STAND_ELEMENT;
		return 1;
	}
	if (s->level == LEVEL_STATE && family_of(s, member) >= 0)
		return err_set(ERR_PARSE, "%s: not a list", member);
	begin_capture(s);
	return 0;
}

/* One byte outside of captured values.  Returns 1 when it was taken, 0 when not, or a code. */
static int
step(struct wire_snapshot_reader *s, char c)
{
	if (s->stand != STAND_IN_KEY && isspace((unsigned char)c))
		return 1;
	switch (s->stand) {
	case STAND_TOP:
		s->level = LEVEL_SNAPSHOT;
		s->stand = STAND_KEY;
		return c == '{' ? 1 : odd(c);
	case STAND_KEY:
		if (c == '"') {
			text_empty(&s->member[s->level]);
			s->stand = STAND_IN_KEY;
			s->comma = false;
			return 1;
		}
		return close_level(s, c) < 0 ? ERR_PARSE : 1;
	case STAND_IN_KEY:
		if (c == '"')
			s->stand = STAND_COLON;
		else if (c == '\\' || s->member[s->level].len > 256)
			return odd(c);
		else
			strbuf_add_bytes(&s->member[s->level], &c, 1);
		return s->member[s->level].failed ? -ENOMEM : 1;
	case STAND_COLON:
		s->stand = STAND_VALUE;
		return c == ':' ? 1 : odd(c);
	case STAND_VALUE:
		return open_value(s, c);
	case STAND_ELEMENT:
		if (c == ']')
			return close_level(s, c) < 0 ? ERR_PARSE : 1;
		s->comma = false;
		begin_capture(s);
		return 0;
	case STAND_AFTER:
		if (c != ',')
			return close_level(s, c) < 0 ? ERR_PARSE : 1;
		s->comma = true;
		s->stand = s->level == LEVEL_LIST ? STAND_ELEMENT : STAND_KEY;
		return 1;
	case STAND_CAPTURE:
	case STAND_END:
		break;
	}
	return odd(c);
}

int
wire_snapshot_read(struct wire_snapshot_reader *s, const char *bytes, size_t len)
{
	while (len > 0) {
		long taken = s->stand == STAND_CAPTURE ? capture(s, bytes, len) : step(s, *bytes);

		if (taken < 0)
			return (int)taken;
		bytes += taken;
		len -= (size_t)taken;
	}
	return 0;
}

/* Are the position and every list that every version sends there, and is the digest theirs? */
static int
state_complete(struct wire_snapshot_reader *s, int i)
{
	int first = i == 0 ? ROW_ARRAY : ROW_CONFIG_COUNT;
	int end = i == 0 ? ROW_CONFIG_COUNT : ROW_FAMILY_COUNT, rc;

	if (!s->has_position[i])
		return err_set(ERR_PARSE, "the snapshot has no position");
	for (int family = first; family < end; family++)
		if (family != ROW_OTHER && row_type((enum row_family)family)->since == 0 &&
		    (s->families[i] & 1ull << family) == 0)
			return err_set(ERR_PARSE, "%s: missing",
				       row_type((enum row_family)family)->plural);
	rc = state_load_end(s->state[i]);
	if (rc < 0)
		return rc == ERR_CORRUPT ? err_set(ERR_PARSE, "%s", err_text(rc)) : rc;
	if (!hash128_equal(&state_position(s->state[i])->digest, &s->position[i].digest))
		return err_set(ERR_CORRUPT, "the digest of the rows is not that of their position");
	state_place(s->state[i], &s->position[i]);
	return 0;
}

int
wire_snapshot_read_end(struct wire_snapshot_reader *s, struct wire_format *ret_format,
		       struct state **ret_config, struct state **ret_live)
{
	int rc = s->stand == STAND_END ? 0 : err_set(ERR_PARSE, "the snapshot is cut off");

	for (int i = 0; rc == 0 && i < 2; i++)
		rc = state_complete(s, i);
	if (rc < 0)
		return rc;
	*ret_format = s->format;
	*ret_config = TAKE(s->state[0]);
	*ret_live = TAKE(s->state[1]);
	return 0;
}
