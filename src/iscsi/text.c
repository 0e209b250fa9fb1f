/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text of login and text PDUs: `key=value` pairs, each ended by a NUL.  A negotiation may span
 * PDUs, cut anywhere; it is gathered, at most TEXT_MAX bytes, and parsed when it is whole.  RFC
 * 7143 §6.1.  Called by login.c, keys.c and discovery.c, on the thread that has the connection.
 */
#include "iscsi/iscsi_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

void
iscsi_text_init(struct iscsi_text *t, struct iscsi_account *account)
{
	memset(t, 0, sizeof(*t));
	strbuf_init(&t->out);
	t->account = account;
}

void
iscsi_text_fini(struct iscsi_text *t)
{
	iscsi_text_clear_in(t);
	iscsi_text_clear_out(t);
}

/* Room for so many bytes in `in`. */
static int
in_grow(struct iscsi_text *t, size_t need)
{
	size_t size = MAX(t->in_size, (size_t)512);
	char *in;
	int rc;

	if (need <= t->in_size)
		return 0;
	while (size < need)
		size *= 2;
	rc = iscsi_account_take(t->account, size - t->in_size);
	if (rc < 0)
		return rc;
	in = mem_realloc(t->in, size);
	if (in == NULL) {
		iscsi_account_give(t->account, size - t->in_size);
		return -ENOMEM;
	}
	t->in = in;
	t->in_size = size;
	return 0;
}

int
iscsi_text_add(struct iscsi_text *t, const uint8_t *bytes, size_t len)
{
	if (len > TEXT_MAX - t->in_len)
		return ERR_LIMIT;
	int rc = in_grow(t, t->in_len + len + 1);

	if (rc < 0)
		return rc;
	if (len > 0)
		memcpy(t->in + t->in_len, bytes, len);
	t->in_len += len;
	t->in[t->in_len] = '\0';
	return 0;
}

void
iscsi_text_clear_in(struct iscsi_text *t)
{
	iscsi_account_give(t->account, t->in_size);
	mem_free(t->in);
	t->in = NULL;
	t->in_len = t->in_size = 0;
}

void
iscsi_text_clear_out(struct iscsi_text *t)
{
	iscsi_account_give(t->account, t->out_taken);
	t->out_taken = 0;
	strbuf_fini(&t->out);
	strbuf_init(&t->out);
	t->out_sent = 0;
}

size_t
iscsi_text_out_left(const struct iscsi_text *t)
{
	return t->out.len - t->out_sent;
}

void
iscsi_text_compact_out(struct iscsi_text *t)
{
	if (t->out_sent == 0)
		return;
	memmove(t->out.text, t->out.text + t->out_sent, iscsi_text_out_left(t));
	t->out.len -= t->out_sent;
	t->out_sent = 0;
}

/* The answer has grown: count it.  One that may not grow has failed, as one without memory has. */
static void
out_count(struct iscsi_text *t)
{
	size_t more = t->out.capacity - t->out_taken;

	if (more == 0)
		return;
	if (iscsi_account_take(t->account, more) == 0)
		t->out_taken += more;
	else
		t->out.failed = true;
}

/*
 * RFC 7143 §6.1: a key-name is 1 to 63 of A-Z a-z 0-9 . - + @ _, the first a letter.
 * Public extension keys have a # too: X#NodeArchitecture, §13.26.
 */
static bool
is_key_name(const char *key, size_t len)
{
	if (len == 0 || len > TEXT_KEY_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = key[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		bool other = (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' ||
			     c == '@' || c == '_' || c == '#';

		if (!letter && (i == 0 || !other))
			return false;
	}
	return true;
}

int
iscsi_text_next(struct iscsi_text *t, size_t *cursor, const char **ret_key, const char **ret_value)
{
	char *pair, *equals, *end;

	if (*cursor > 0 && *cursor <= t->in_len) {
		/* Put back the '=' of the pair before, so that the text can be walked again. */
		char *before = t->in + *cursor - 1;

		if (*before == '\0')
			*before = '=';
		*cursor += strlen(t->in + *cursor) + 1;
	}
	/* Between pairs there may be more than one NUL. */
	while (*cursor < t->in_len && t->in[*cursor] == '\0')
		(*cursor)++;
	if (*cursor >= t->in_len)
		return 0;
	pair = t->in + *cursor;
	end = memchr(pair, '\0', t->in_len - *cursor);
	equals = end == NULL ? NULL : memchr(pair, '=', (size_t)(end - pair));
	if (equals == NULL || !is_key_name(pair, (size_t)(equals - pair)))
		return ERR_PROTOCOL;
	*equals = '\0';
	*ret_key = pair;
	*ret_value = equals + 1;
	*cursor = (size_t)(equals + 1 - t->in);
	return 1;
}

/* The pair with this key in the answer; NULL when there is none. */
static char *
out_find(const struct iscsi_text *t, const char *key)
{
	size_t key_len = strlen(key);

	for (size_t at = t->out_sent; at < t->out.len; at += strlen(t->out.text + at) + 1) {
		char *pair = t->out.text + at;

		if (strncmp(pair, key, key_len) == 0 && pair[key_len] == '=')
			return pair;
	}
	return NULL;
}

bool
iscsi_text_has(const struct iscsi_text *t, const char *key)
{
	return out_find(t, key) != NULL;
}

void
iscsi_text_take_out(struct iscsi_text *t, const char *key)
{
	char *pair = out_find(t, key);

	if (pair == NULL)
		return;
	size_t len = strlen(pair) + 1;
	char *end = t->out.text + t->out.len;

	memmove(pair, pair + len, (size_t)(end - (pair + len)));
	t->out.len -= len;
}

void
iscsi_text_put(struct iscsi_text *t, const char *key, const char *value)
{
	strbuf_addf(&t->out, "%s=%s", key, value);
	strbuf_add_bytes(&t->out, "", 1);
	out_count(t);
}

void
iscsi_text_put_number(struct iscsi_text *t, const char *key, uint32_t value)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%u", (unsigned)value);
	iscsi_text_put(t, key, digits);
}

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

int
iscsi_text_parse_number(const char *value, uint32_t *ret_number)
{
	uint64_t number = 0;
	unsigned base = 10;

	if (value[0] == '0' && (value[1] == 'x' || value[1] == 'X')) {
		base = 16;
		value += 2;
	}
	if (*value == '\0')
		return ERR_PARSE;
	for (; *value != '\0'; value++) {
		unsigned digit = (unsigned)digit_value(*value);

		if (digit >= base)
			return ERR_PARSE;
		number = number * base + digit;
		if (number > UINT32_MAX)
			return ERR_PARSE;
	}
	*ret_number = (uint32_t)number;
	return 0;
}

static bool
all_hex(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (digit_value(s[i]) >= 16)
			return false;
	return true;
}

/*
 * RFC 7143 §4.2.7: names are compared in lower case; what is not ASCII is the initiator's to
 * normalize.
 */
int
iscsi_text_parse_name(const char *value, char name[ISCSI_NAME_MAX + 1])
{
	size_t len = strlen(value);
	char lower[ISCSI_NAME_MAX + 1];

	if (len == 0 || len > ISCSI_NAME_MAX || !str_is_text(value, len))
		return ERR_PARSE;
	for (size_t i = 0; i <= len; i++) {
		char c = value[i];

		if (c == ' ' || c == ',' || c == '/' || c == '=')
			return ERR_PARSE;
		lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	if (strncmp(lower, "eui.", 4) == 0) {
		if (len != 20 || !all_hex(lower + 4, 16))
			return ERR_PARSE;
	} else if (strncmp(lower, "naa.", 4) == 0) {
		if ((len != 20 && len != 36) || !all_hex(lower + 4, len - 4))
			return ERR_PARSE;
	} else if (strncmp(lower, "iqn.", 4) != 0 || len < 5) {
		return ERR_PARSE;
	}
	memcpy(name, lower, len + 1);
	return 0;
}
