/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "chap_test.h"

#include <stdlib.h>

const struct iscsi_secret chap_theirs = SECRET("secret of the host");
const struct iscsi_secret chap_before = SECRET("secret before that");
const struct iscsi_secret chap_our_own = SECRET("the target's secret");

unsigned
chap_status(const struct chap_login *l)
{
	return get_be16(l->got.bhs + AT_LOGIN_STATUS);
}

const char *
chap_value(const struct chap_login *l, const char *key)
{
	size_t len = strlen(key);

	for (uint32_t at = 0; at < l->got.data_len;) {
		const char *pair = (const char *)l->got.data + at;

		if (strncmp(pair, key, len) == 0 && pair[len] == '=')
			return pair + len + 1;
		at += (uint32_t)strlen(pair) + 1;
	}
	return NULL;
}

void
chap_begin_allowing(struct chap_login *l, unsigned kinds)
{
	memset(l, 0, sizeof(*l));
	peer_init(&l->p, NULL);
	l->p.reply.needs_chap = true;
	l->p.reply.chap_kinds = kinds;
	l->p.reply.credentials.initiator[0] = chap_theirs;
	l->p.reply.credentials.target_name = PEER_TARGET;
	REQUEST(&l->p, T | SECURITY | TO_OPERATIONAL, NAMES "\0AuthMethod=CHAP,None", &l->got);
	assert_int_equal(chap_status(l), 0);
	assert_string_equal(chap_value(l, "AuthMethod"), "CHAP");
	assert_int_equal(l->got.bhs[AT_FLAGS], SECURITY); /* no transit yet */
}

void
chap_begin(struct chap_login *l)
{
	chap_begin_allowing(l, 0);
}

void
chap_send(struct chap_login *l, uint8_t flags, const struct strbuf *text)
{
	peer_login_request(&l->p, flags, text->text, text->len, &l->got);
}

void
chap_offer(struct chap_login *l, const char *hashes)
{
	struct strbuf text;
	bool base64;

	strbuf_init(&text);
	strbuf_addf(&text, "CHAP_A=%s", hashes);
	strbuf_add_bytes(&text, "", 1);
	chap_send(l, SECURITY, &text);
	strbuf_fini(&text);
	if (chap_status(l) != 0)
		return;
	l->hash = (uint32_t)atoi(chap_value(l, "CHAP_A"));
	l->id = (uint8_t)atoi(chap_value(l, "CHAP_I"));
	l->challenge_len = (size_t)iscsi_chap_parse_binary(chap_value(l, "CHAP_C"), l->challenge,
							   sizeof(l->challenge), &base64);
}

void
chap_respond(struct chap_login *l, const struct chap_response *r)
{
	char value[CHAP_BINARY_TEXT_SIZE];
	uint8_t digest[CHAP_DIGEST_MAX];
	struct strbuf text;
	int len = iscsi_chap_digest(l->hash, l->id, r->secret, l->challenge, l->challenge_len,
				    digest);

	assert_true(len > 0);
	iscsi_chap_format_binary(digest, (size_t)len, r->base64, value);
	strbuf_init(&text);
	strbuf_addf(&text, "CHAP_N=%s CHAP_R=%s", r->name != NULL ? r->name : "a host", value);
	/* a blank in the name stays */
	for (char *c = strstr(text.text, " CHAP_R"); c != NULL && *c == ' '; c++)
		*c = '\0';
	strbuf_add_bytes(&text, "", 1);
	for (const char *more = r->more; more != NULL && *more != '\0';) {
		size_t n = strcspn(more, " ");

		strbuf_add_bytes(&text, more, n);
		strbuf_add_bytes(&text, "", 1);
		more += n + (more[n] == ' ');
	}
	chap_send(l, r->stay ? SECURITY : T | SECURITY | TO_FULL, &text);
	strbuf_fini(&text);
}

void
chap_expect_refused(struct chap_login *l, unsigned status)
{
	assert_int_equal(chap_status(l), status);
	assert_int_equal(l->p.refused, status);
	assert_false(iscsi_conn_is_established(l->p.conn));
	assert_int_equal(l->got.bhs[AT_FLAGS] & T, 0);
	assert_null(chap_value(l, "CHAP_R"));
	peer_fini(&l->p);
}

void
chap_expect_in(struct chap_login *l, bool mutual)
{
	assert_int_equal(chap_status(l), 0);
	assert_true(iscsi_conn_is_established(l->p.conn));
	assert_true(iscsi_conn_login(l->p.conn)->authenticated);
	assert_int_equal(iscsi_conn_login(l->p.conn)->mutual, mutual);
	peer_fini(&l->p);
}
