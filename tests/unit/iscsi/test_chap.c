/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of CHAP: each hash and encoding, one-way and mutual, and every way in which an initiator can
 * fail or attack.  Sources: RFC 7143 §9.2.1 and §12.1.3, RFC 1994.
 */
#include "iscsi/iscsi_int.h"
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "fault.h"

#define T              FLAG_FINAL
#define SECURITY       0x00
#define OPERATIONAL    0x04
#define TO_OPERATIONAL 1
#define TO_FULL        3

#define NAMES "InitiatorName=" PEER_INITIATOR "\0TargetName=" PEER_TARGET

#define SECRET(text)                                      \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const struct iscsi_secret theirs = SECRET("secret of the host");
static const struct iscsi_secret before = SECRET("secret before that");
static const struct iscsi_secret our_own = SECRET("the target's secret");

#define REQUEST(p, flags, text, got) peer_login_request(p, flags, text, sizeof(text), got)

/* One login: what the target has sent, and where the initiator is. */
struct login {
	struct peer p;
	struct got got;
	uint32_t hash;
	uint8_t id;
	uint8_t challenge[CHAP_BINARY_MAX];
	size_t challenge_len;
};

static unsigned
status_of(const struct login *l)
{
	return get_be16(l->got.bhs + AT_LOGIN_STATUS);
}

/* The value of a key in the last answer; NULL = it has none. */
static const char *
value_of(const struct login *l, const char *key)
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

static void
begin_allowing(struct login *l, unsigned kinds)
{
	memset(l, 0, sizeof(*l));
	peer_init(&l->p, NULL);
	l->p.reply.needs_chap = true;
	l->p.reply.chap_kinds = kinds;
	l->p.reply.credentials.initiator[0] = theirs;
	l->p.reply.credentials.target_name = PEER_TARGET;
	REQUEST(&l->p, T | SECURITY | TO_OPERATIONAL, NAMES "\0AuthMethod=CHAP,None", &l->got);
	assert_int_equal(status_of(l), 0);
	assert_string_equal(value_of(l, "AuthMethod"), "CHAP");
	assert_int_equal(l->got.bhs[AT_FLAGS], SECURITY); /* no transit yet */
}

static void
begin(struct login *l)
{
	begin_allowing(l, 0);
}

static void
send_text(struct login *l, uint8_t flags, const struct strbuf *text)
{
	peer_login_request(&l->p, flags, text->text, text->len, &l->got);
}

static void
offer(struct login *l, const char *hashes)
{
	struct strbuf text;
	bool base64;

	strbuf_init(&text);
	strbuf_addf(&text, "CHAP_A=%s", hashes);
	strbuf_add_bytes(&text, "", 1);
	send_text(l, SECURITY, &text);
	strbuf_fini(&text);
	if (status_of(l) != 0)
		return;
	l->hash = (uint32_t)atoi(value_of(l, "CHAP_A"));
	l->id = (uint8_t)atoi(value_of(l, "CHAP_I"));
	l->challenge_len = (size_t)iscsi_chap_parse_binary(value_of(l, "CHAP_C"), l->challenge,
							   sizeof(l->challenge), &base64);
}

/* How a response is to be. */
struct response {
	const struct iscsi_secret *secret;
	const char *name;
	bool base64;
	const char *more; /* further pairs, each behind a blank; NULL = none */
	bool stay;        /* in the security stage */
};

static void
respond(struct login *l, const struct response *r)
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
	send_text(l, r->stay ? SECURITY : T | SECURITY | TO_FULL, &text);
	strbuf_fini(&text);
}

static void
expect_refused(struct login *l, unsigned status)
{
	assert_int_equal(status_of(l), status);
	assert_int_equal(l->p.refused, status);
	assert_false(iscsi_conn_is_established(l->p.conn));
	assert_int_equal(l->got.bhs[AT_FLAGS] & T, 0);
	assert_null(value_of(l, "CHAP_R"));
	peer_fini(&l->p);
}

static void
expect_in(struct login *l, bool mutual)
{
	assert_int_equal(status_of(l), 0);
	assert_true(iscsi_conn_is_established(l->p.conn));
	assert_true(iscsi_conn_login(l->p.conn)->authenticated);
	assert_int_equal(iscsi_conn_login(l->p.conn)->mutual, mutual);
	peer_fini(&l->p);
}

/* --- one-way --- */

static void
test_each_hash(void **state)
{
	static const struct {
		const char *number;
		size_t len;
	} hashes[] = { { "5", 16 }, { "6", 20 }, { "7", 32 }, { "8", 32 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
		struct login l;

		if (digest_size((enum digest_kind)i) == 0)
			continue; /* not with FIPS */
		begin(&l);
		offer(&l, hashes[i].number);
		assert_string_equal(value_of(&l, "CHAP_A"), hashes[i].number);
		assert_int_equal(l.challenge_len, hashes[i].len);
		respond(&l, &(struct response){ .secret = &theirs });
		expect_in(&l, false);
	}
}

/* RFC 1321 and FIPS 180: the answer is the digest of id, secret and challenge. */
static void
test_digests_are_those_of_the_rfc(void **state)
{
	static const struct iscsi_secret bc = SECRET("bc");
	static const uint8_t sha256_abcd[] = { 0x88, 0xd4, 0x26, 0x6f };
	uint8_t digest[CHAP_DIGEST_MAX];

	(void)state;
	assert_int_equal(iscsi_chap_digest(7, 'a', &bc, (const uint8_t *)"d", 1, digest), 32);
	assert_memory_equal(digest, sha256_abcd, sizeof(sha256_abcd));
	assert_int_equal(iscsi_chap_digest(9, 'a', &bc, (const uint8_t *)"d", 1, digest), -ENOMEM);
	assert_int_equal(iscsi_chap_digest(4, 'a', &bc, (const uint8_t *)"d", 1, digest), -ENOMEM);
}

static void
test_the_strongest_common_hash_is_chosen(void **state)
{
	struct login l;

	(void)state;
	begin(&l);
	offer(&l, "5,6,8,7,4711");
	assert_int_equal(l.hash, 8);
	peer_fini(&l.p);
	begin(&l);
	offer(&l, "0x06,9");
	assert_int_equal(l.hash, 6);
	peer_fini(&l.p);
}

static void
test_without_a_common_hash(void **state)
{
	struct login l;

	(void)state;
	begin(&l);
	offer(&l, "9,4");
	expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
}

#define ALLOW(kind) (1u << (kind))

/* The strongest one that is offered and allowed is used, and its challenge has its length. */
static void
test_only_allowed_hashes_are_used(void **state)
{
	static const struct {
		unsigned kinds;
		const char *offered;
		uint32_t chosen; /* 0 = refused */
	} rows[] = {
		{ ALLOW(DIGEST_SHA256), "5,6,7,8", 7 },
		{ ALLOW(DIGEST_SHA256) | ALLOW(DIGEST_SHA3_256), "5,6,7", 7 },
		{ ALLOW(DIGEST_MD5) | ALLOW(DIGEST_SHA1), "8,7,5", 5 },
		{ ALLOW(DIGEST_SHA256) | ALLOW(DIGEST_SHA3_256), "5", 0 },
		{ ALLOW(DIGEST_SHA3_256), "5,6,7", 0 },
		{ ALLOW(DIGEST_MD5), "6,7,8", 0 },
		{ ALLOW(DIGEST_SHA256), "4,9", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct login l;

		begin_allowing(&l, rows[i].kinds);
		offer(&l, rows[i].offered);
		if (rows[i].chosen == 0) {
			expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
			continue;
		}
		assert_int_equal(l.hash, rows[i].chosen);
		peer_fini(&l.p);
	}
}

static void
test_bad_lists_of_hashes(void **state)
{
	static const char *const lists[] = { "", ",", "5,", "five", "5;6", "-5", "99999999999" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct login l;

		begin(&l);
		offer(&l, lists[i]);
		expect_refused(&l, ISCSI_LOGIN_INITIATOR_ERROR);
	}
}

static void
test_base64(void **state)
{
	struct login l;

	(void)state;
	begin(&l);
	offer(&l, "7");
	respond(&l, &(struct response){ .secret = &theirs, .base64 = true });
	expect_in(&l, false);
}

static void
test_a_wrong_secret(void **state)
{
	struct login l;

	(void)state;
	begin(&l);
	offer(&l, "7,5");
	respond(&l, &(struct response){ .secret = &before });
	expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
}

static void
test_a_name_without_a_secret(void **state)
{
	struct login l;

	(void)state;
	begin(&l);
	l.p.reply.credentials.initiator[0].len = 0;
	offer(&l, "7");
	respond(&l, &(struct response){ .secret = &theirs });
	expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
}

/* The decoy that takes the time of a comparison must open nothing. */
static void
test_the_decoy_opens_nothing(void **state)
{
	static const struct iscsi_secret decoy = SECRET("nobody has this");
	struct login l;

	(void)state;
	begin(&l);
	l.p.reply.credentials.initiator[0].len = 0;
	offer(&l, "7");
	respond(&l, &(struct response){ .secret = &decoy });
	expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
}

static void
test_two_secrets_are_valid_while_one_replaces_the_other(void **state)
{
	const struct iscsi_secret *const secrets[] = { &theirs, &before };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		struct login l;

		begin(&l);
		l.p.reply.credentials.initiator[1] = before;
		offer(&l, "7");
		respond(&l, &(struct response){ .secret = secrets[i] });
		expect_in(&l, false);
	}
}

static void
test_the_owner_learns_the_name(void **state)
{
	struct login l;

	(void)state;
	begin(&l);
	offer(&l, "7");
	respond(&l, &(struct response){ .secret = &theirs, .name = "Host \xc3\xa4" });
	assert_string_equal(iscsi_conn_login(l.p.conn)->chap_name, "Host \xc3\xa4");
	expect_in(&l, false);
}

static void
test_without_transit_the_stage_stays(void **state)
{
	struct login l;

	(void)state;
	begin(&l);
	offer(&l, "7");
	respond(&l, &(struct response){ .secret = &theirs, .stay = true });
	assert_int_equal(l.got.bhs[AT_FLAGS], SECURITY);
	REQUEST(&l.p, T | SECURITY | TO_OPERATIONAL, "", &l.got);
	assert_int_equal(l.got.bhs[AT_FLAGS], T | SECURITY | TO_OPERATIONAL);
	REQUEST(&l.p, T | OPERATIONAL | TO_FULL, "InitialR2T=No", &l.got);
	expect_in(&l, false);
}

static void
test_the_owner_may_look_up_credentials_later(void **state)
{
	struct login l;

	(void)state;
	begin(&l);
	offer(&l, "7");
	l.p.login_later = true;
	{
		uint8_t digest[CHAP_DIGEST_MAX];
		char value[CHAP_BINARY_TEXT_SIZE], text[256];
		int n, len = iscsi_chap_digest(l.hash, l.id, &theirs, l.challenge, l.challenge_len,
					       digest);

		iscsi_chap_format_binary(digest, (size_t)len, false, value);
		n = snprintf(text, sizeof(text), "CHAP_N=x%cCHAP_R=%s", 0, value);
		peer_login_request(&l.p, T | SECURITY | TO_FULL, text, (size_t)n + 1, NULL);
	}
	peer_expect_nothing(&l.p);
	assert_true(iscsi_conn_login_pending(l.p.conn));
	l.p.login_later = false;
	assert_int_equal(iscsi_conn_login_done(l.p.conn, &l.p.reply), 0);
	peer_pump(&l.p);
	peer_expect(&l.p, OP_LOGIN_RESPONSE, &l.got);
	expect_in(&l, false);
}

static void
test_discovery(void **state)
{
	struct login l;

	(void)state;
	memset(&l, 0, sizeof(l));
	peer_init(&l.p, NULL);
	l.p.reply.needs_chap = true;
	l.p.reply.credentials.initiator[0] = theirs;
	REQUEST(&l.p, SECURITY,
		"InitiatorName=" PEER_INITIATOR "\0SessionType=Discovery\0AuthMethod=CHAP", &l.got);
	assert_string_equal(value_of(&l, "AuthMethod"), "CHAP");
	offer(&l, "7");
	respond(&l, &(struct response){ .secret = &theirs });
	assert_int_equal(iscsi_conn_login(l.p.conn)->type, ISCSI_SESSION_DISCOVERY);
	expect_in(&l, false);
}

/* --- mutual --- */

#define PEER_CHALLENGE "0x00112233445566778899aabbccddeeff"

static void
test_mutual(void **state)
{
	static const uint8_t peers[] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
					 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
	static const char *const challenges[] = { PEER_CHALLENGE, "0bABEiM0RVZneImaq7zN3u/w==" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		uint8_t digest[CHAP_DIGEST_MAX];
		char value[CHAP_BINARY_TEXT_SIZE], more[100];
		struct login l;
		int len;

		begin(&l);
		l.p.reply.credentials.target = our_own;
		offer(&l, "5,6,7,8");
		snprintf(more, sizeof(more), "CHAP_I=200 CHAP_C=%s", challenges[i]);
		respond(&l, &(struct response){ .secret = &theirs, .more = more });
		len = iscsi_chap_digest(8, 200, &our_own, peers, sizeof(peers), digest);
		iscsi_chap_format_binary(digest, (size_t)len, i == 1, value);
		assert_string_equal(value_of(&l, "CHAP_N"), PEER_TARGET);
		assert_string_equal(value_of(&l, "CHAP_R"), value);
		expect_in(&l, true);
	}
}

static void
test_one_way_although_mutual_is_possible(void **state)
{
	struct login l;

	(void)state;
	begin(&l);
	l.p.reply.credentials.target = our_own;
	offer(&l, "7");
	respond(&l, &(struct response){ .secret = &theirs });
	assert_null(value_of(&l, "CHAP_R"));
	expect_in(&l, false);
}

static void
test_mutual_without_a_secret_of_the_target(void **state)
{
	struct login l;

	(void)state;
	begin(&l);
	offer(&l, "7");
	respond(&l,
		&(struct response){ .secret = &theirs, .more = "CHAP_I=1 CHAP_C=" PEER_CHALLENGE });
	expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
}

/* The target proves nothing to who has not proved itself. */
static void
test_a_wrong_secret_gets_no_answer_to_its_challenge(void **state)
{
	struct login l;

	(void)state;
	begin(&l);
	l.p.reply.credentials.target = our_own;
	offer(&l, "7");
	respond(&l,
		&(struct response){ .secret = &before, .more = "CHAP_I=1 CHAP_C=" PEER_CHALLENGE });
	expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
}

static void
test_half_a_challenge(void **state)
{
	static const char *const halves[] = { "CHAP_I=1", "CHAP_C=" PEER_CHALLENGE };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct login l;

		begin(&l);
		l.p.reply.credentials.target = our_own;
		offer(&l, "7");
		respond(&l, &(struct response){ .secret = &theirs, .more = halves[i] });
		expect_refused(&l, ISCSI_LOGIN_INITIATOR_ERROR);
	}
}

/* --- attacks --- */

/* RFC 7143 §9.2.1: "Responders MUST check for this condition and close the iSCSI TCP connection". */
static void
test_a_reflected_challenge(void **state)
{
	char more[CHAP_BINARY_TEXT_SIZE + 32], value[CHAP_BINARY_TEXT_SIZE];

	(void)state;
	for (unsigned base64 = 0; base64 < 2; base64++) {
		struct login l;

		begin(&l);
		l.p.reply.credentials.target = our_own;
		offer(&l, "7");
		iscsi_chap_format_binary(l.challenge, l.challenge_len, base64 == 1, value);
		snprintf(more, sizeof(more), "CHAP_I=%u CHAP_C=%s", l.id, value);
		respond(&l, &(struct response){ .secret = &theirs, .more = more });
		expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
	}
}

/* §9.2.1: the response that the target itself would give "MUST be treated as a failure". */
static void
test_one_secret_for_both_directions(void **state)
{
	struct login l;

	(void)state;
	begin(&l);
	l.p.reply.credentials.target = theirs;
	offer(&l, "7");
	respond(&l, &(struct response){ .secret = &theirs });
	expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
}

static void
test_a_replayed_response(void **state)
{
	static struct login first, second; /* too large for one frame */

	(void)state;
	begin(&first);
	offer(&first, "7");
	begin(&second);
	offer(&second, "7");
	assert_memory_not_equal(first.challenge, second.challenge, first.challenge_len);
	/* the answer to the first challenge, in the second login */
	memcpy(second.challenge, first.challenge, first.challenge_len);
	second.id = first.id;
	respond(&second, &(struct response){ .secret = &theirs });
	expect_refused(&second, ISCSI_LOGIN_AUTH_FAILED);
	peer_fini(&first.p);
}

static void
test_a_second_attempt_in_one_login(void **state)
{
	struct login l;

	(void)state;
	begin(&l);
	offer(&l, "7");
	respond(&l, &(struct response){ .secret = &before });
	assert_int_equal(status_of(&l), ISCSI_LOGIN_AUTH_FAILED);
	assert_true(l.p.error < 0); /* the connection takes no more input */
	peer_fini(&l.p);
}

static void
refused_first(const char *text, size_t len, uint8_t flags, unsigned status)
{
	struct login l;

	memset(&l, 0, sizeof(l));
	peer_init(&l.p, NULL);
	l.p.reply.needs_chap = true;
	l.p.reply.credentials.initiator[0] = theirs;
	peer_login_request(&l.p, flags, text, len, &l.got);
	expect_refused(&l, status);
}

#define REFUSED_FIRST(text, flags, status) refused_first(text, sizeof(text), flags, status)

static void
test_no_way_around_chap(void **state)
{
	(void)state;
	REFUSED_FIRST(NAMES "\0AuthMethod=None", SECURITY, ISCSI_LOGIN_AUTH_FAILED);
	REFUSED_FIRST(NAMES "\0AuthMethod=KRB5,None", T | SECURITY | TO_FULL,
		      ISCSI_LOGIN_AUTH_FAILED);
	REFUSED_FIRST(NAMES, T | SECURITY | TO_OPERATIONAL, ISCSI_LOGIN_AUTH_FAILED);
	REFUSED_FIRST(NAMES, T | SECURITY | TO_FULL, ISCSI_LOGIN_AUTH_FAILED);
	REFUSED_FIRST(NAMES, T | OPERATIONAL | TO_FULL, ISCSI_LOGIN_AUTH_FAILED);
	REFUSED_FIRST(NAMES "\0AuthMethod=CHAP", T | OPERATIONAL | TO_FULL,
		      ISCSI_LOGIN_AUTH_FAILED);
}

/* A long answer is fetched by empty requests; none of them may leave the stage. */
static void
test_no_way_around_chap_behind_a_long_answer(void **state)
{
	struct strbuf text;
	struct login l;

	(void)state;
	memset(&l, 0, sizeof(l));
	peer_init(&l.p, NULL);
	l.p.reply.needs_chap = true;
	strbuf_init(&text);
	strbuf_add_bytes(&text, NAMES "\0AuthMethod=CHAP", sizeof(NAMES "\0AuthMethod=CHAP"));
	for (int i = 0; i < 115; i++) {
		strbuf_addf(&text, "X-com.example.%049d=1", i);
		strbuf_add_bytes(&text, "", 1);
	}
	send_text(&l, T | SECURITY | TO_FULL, &text);
	strbuf_fini(&text);
	assert_int_equal(l.got.bhs[AT_FLAGS], SECURITY | FLAG_CONTINUE);
	peer_login_request(&l.p, T | SECURITY | TO_FULL, "", 0, &l.got);
	assert_int_equal(l.got.bhs[AT_FLAGS], SECURITY);
	assert_false(iscsi_conn_is_established(l.p.conn));
	peer_login_request(&l.p, T | SECURITY | TO_FULL, "", 0, &l.got);
	expect_refused(&l, ISCSI_LOGIN_INITIATOR_ERROR);
}

static void
test_keys_out_of_order(void **state)
{
	static const char *const after_method[] = { "CHAP_N=x", "CHAP_R=0x00", "CHAP_I=1",
						    "CHAP_C=0x00", "" };
	static const char *const after_challenge[] = { "CHAP_A=7", "CHAP_N=x", "CHAP_R=0x00",
						       "CHAP_I=1", "InitiatorAlias=x" };

	(void)state;
	REFUSED_FIRST(NAMES "\0CHAP_A=7", SECURITY, ISCSI_LOGIN_INITIATOR_ERROR);
	REFUSED_FIRST(NAMES "\0AuthMethod=CHAP\0CHAP_A=7", SECURITY, ISCSI_LOGIN_INITIATOR_ERROR);
	for (size_t i = 0; i < ARRAY_LEN(after_method); i++) {
		struct login l;

		begin(&l);
		peer_login_request(&l.p, SECURITY, after_method[i], strlen(after_method[i]) + 1,
				   &l.got);
		expect_refused(&l, ISCSI_LOGIN_INITIATOR_ERROR);
	}
	for (size_t i = 0; i < ARRAY_LEN(after_challenge); i++) {
		struct login l;

		begin(&l);
		offer(&l, "7");
		peer_login_request(&l.p, SECURITY, after_challenge[i],
				   strlen(after_challenge[i]) + 1, &l.got);
		expect_refused(&l, ISCSI_LOGIN_INITIATOR_ERROR);
	}
}

static void
test_chap_with_a_target_that_wants_none(void **state)
{
	struct login l;

	(void)state;
	memset(&l, 0, sizeof(l));
	peer_init(&l.p, NULL);
	REQUEST(&l.p, SECURITY, NAMES "\0AuthMethod=CHAP,None", &l.got);
	assert_string_equal(value_of(&l, "AuthMethod"), "None");
	REQUEST(&l.p, SECURITY, "CHAP_A=7", &l.got);
	expect_refused(&l, ISCSI_LOGIN_INITIATOR_ERROR);
}

/* --- values --- */

static void
test_bad_binary_values(void **state)
{
	static const char *const values[] = {
		"",         "0",       "0x",      "0b",        "0xabc",    "0xgg",   "00ab",
		"abcd",     "0bA",     "0bAA",    "0bAAA",     "0bAA=A",   "0b====", "0bA===",
		"0bAB==",   "0bAAB=",  "0bAA==A", "0bAA== ",   "0bA-==",   "0x ab",  "17",
		"0xab\xc3", "0bAAAA=", "0y00",    "0bAAAAA==", "0bAAAA\n",
	};
	uint8_t bytes[32];
	bool base64;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (iscsi_chap_parse_binary(values[i], bytes, sizeof(bytes), &base64) != ERR_PARSE)
			fail_msg("%s was taken", values[i]);
}

static void
test_good_binary_values(void **state)
{
	static const struct {
		const char *text;
		int len;
		uint8_t bytes[4];
	} values[] = {
		{ "0xAb01", 2, { 0xab, 0x01 } }, { "0XfF", 1, { 0xff } },
		{ "0bAAEC", 3, { 0, 1, 2 } },    { "0B/+8=", 2, { 0xff, 0xef } },
		{ "0b/w==", 1, { 0xff } },       { "0bAAECAw==", 4, { 0, 1, 2, 3 } },
	};
	uint8_t bytes[4];
	bool base64;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		assert_int_equal(iscsi_chap_parse_binary(values[i].text, bytes, 4, &base64),
				 values[i].len);
		assert_memory_equal(bytes, values[i].bytes, (size_t)values[i].len);
	}
	assert_int_equal(iscsi_chap_parse_binary("0x0001020304", bytes, 4, &base64), ERR_LIMIT);
	assert_int_equal(iscsi_chap_parse_binary("0bAAECAwQ=", bytes, 4, &base64), ERR_LIMIT);
}

static void
test_binary_values_survive_both_encodings(void **state)
{
	char text[CHAP_BINARY_TEXT_SIZE];
	uint8_t bytes[CHAP_DIGEST_MAX], back[CHAP_DIGEST_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 250);
	for (size_t len = 1; len <= sizeof(bytes); len++)
		for (unsigned way = 0; way < 2; way++) {
			bool base64;

			iscsi_chap_format_binary(bytes, len, way == 1, text);
			assert_int_equal(iscsi_chap_parse_binary(text, back, len, &base64), len);
			assert_int_equal(base64, way == 1);
			assert_memory_equal(bytes, back, len);
		}
}

static void
expect_value_refused(const char *more, unsigned status)
{
	struct login l;

	begin(&l);
	l.p.reply.credentials.target = our_own;
	offer(&l, "7");
	respond(&l, &(struct response){ .secret = &theirs, .more = more });
	expect_refused(&l, status);
}

static void
test_oversize_values(void **state)
{
	struct strbuf text;

	(void)state;
	strbuf_init(&text);
	strbuf_addf(&text, "CHAP_I=1 CHAP_C=0x%0*d", 2 * 1025, 0);
	expect_value_refused(text.text, ISCSI_LOGIN_INITIATOR_ERROR);
	strbuf_fini(&text);
	expect_value_refused("CHAP_I=256 CHAP_C=0x0011", ISCSI_LOGIN_INITIATOR_ERROR);
	expect_value_refused("CHAP_I=-1 CHAP_C=0x0011", ISCSI_LOGIN_INITIATOR_ERROR);
	expect_value_refused("CHAP_I=1 CHAP_C=0x001", ISCSI_LOGIN_INITIATOR_ERROR);
	expect_value_refused("CHAP_I=1 CHAP_C=0bA", ISCSI_LOGIN_INITIATOR_ERROR);
	expect_value_refused("CHAP_I=1 CHAP_I=1", ISCSI_LOGIN_INITIATOR_ERROR);
}

static void
test_the_longest_challenge(void **state)
{
	struct strbuf text;
	struct login l;

	(void)state;
	strbuf_init(&text);
	strbuf_addf(&text, "CHAP_I=1 CHAP_C=0x%0*d", 2 * 1024, 0);
	begin(&l);
	l.p.reply.credentials.target = our_own;
	offer(&l, "7");
	respond(&l, &(struct response){ .secret = &theirs, .more = text.text });
	expect_in(&l, true);
	strbuf_fini(&text);
}

static void
raw_response(const char *pairs, size_t len, unsigned status)
{
	struct login l;

	begin(&l);
	offer(&l, "7");
	peer_login_request(&l.p, T | SECURITY | TO_FULL, pairs, len, &l.got);
	expect_refused(&l, status);
}

static void
test_bad_responses(void **state)
{
	char text[1000];
	int len;

	(void)state;
	/* of a wrong length: a digest of another hash */
	raw_response(text,
		     (size_t)snprintf(text, sizeof(text), "CHAP_N=x%cCHAP_R=0x%032d", 0, 0) + 1,
		     ISCSI_LOGIN_AUTH_FAILED);
	raw_response(text,
		     (size_t)snprintf(text, sizeof(text), "CHAP_N=x%cCHAP_R=0x%066d", 0, 0) + 1,
		     ISCSI_LOGIN_INITIATOR_ERROR);
	raw_response(text, (size_t)snprintf(text, sizeof(text), "CHAP_N=x%cCHAP_R=%d", 0, 17) + 1,
		     ISCSI_LOGIN_INITIATOR_ERROR);
	len = snprintf(text, sizeof(text), "CHAP_N=%cCHAP_R=0x%064d", 0, 0);
	raw_response(text, (size_t)len + 1, ISCSI_LOGIN_INITIATOR_ERROR);
	len = snprintf(text, sizeof(text), "CHAP_N=%0256d%cCHAP_R=0x%064d", 0, 0, 0);
	raw_response(text, (size_t)len + 1, ISCSI_LOGIN_INITIATOR_ERROR);
	len = snprintf(text, sizeof(text), "CHAP_N=\xff\xfe%cCHAP_R=0x%064d", 0, 0);
	raw_response(text, (size_t)len + 1, ISCSI_LOGIN_INITIATOR_ERROR);
}

/* --- memory --- */

static void
login_in_full(struct login *l)
{
	struct strbuf text;

	memset(l, 0, sizeof(*l));
	peer_init(&l->p, NULL);
	if (l->p.conn == NULL)
		return;
	l->p.reply.needs_chap = true;
	l->p.reply.credentials.initiator[0] = theirs;
	l->p.reply.credentials.target = our_own;
	l->p.reply.credentials.target_name = PEER_TARGET;
	peer_login_request(&l->p, SECURITY, NAMES "\0AuthMethod=CHAP",
			   sizeof(NAMES "\0AuthMethod=CHAP"), NULL);
	if (l->p.error < 0 || !peer_next(&l->p, &l->got))
		return;
	peer_login_request(&l->p, SECURITY, "CHAP_A=7", sizeof("CHAP_A=7"), NULL);
	if (l->p.error < 0 || !peer_next(&l->p, &l->got))
		return;
	strbuf_init(&text);
	peer_login_request(&l->p, T | SECURITY | TO_FULL,
			   "CHAP_N=x\0CHAP_R=0x00\0CHAP_I=1\0CHAP_C=" PEER_CHALLENGE,
			   sizeof("CHAP_N=x\0CHAP_R=0x00\0CHAP_I=1\0CHAP_C=" PEER_CHALLENGE), NULL);
}

static void
test_every_allocation_may_fail(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		struct login l;

		login_in_full(&l);
		if (l.p.conn != NULL)
			assert_true(l.p.error == -ENOMEM || l.p.error == ERR_CLOSED ||
				    l.p.error == 0);
		FAULT_OFF();
		if (l.p.conn != NULL)
			assert_false(iscsi_conn_is_established(l.p.conn));
		peer_fini(&l.p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_hash),
		cmocka_unit_test(test_digests_are_those_of_the_rfc),
		cmocka_unit_test(test_the_strongest_common_hash_is_chosen),
		cmocka_unit_test(test_without_a_common_hash),
		cmocka_unit_test(test_only_allowed_hashes_are_used),
		cmocka_unit_test(test_bad_lists_of_hashes),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_a_wrong_secret),
		cmocka_unit_test(test_a_name_without_a_secret),
		cmocka_unit_test(test_the_decoy_opens_nothing),
		cmocka_unit_test(test_two_secrets_are_valid_while_one_replaces_the_other),
		cmocka_unit_test(test_the_owner_learns_the_name),
		cmocka_unit_test(test_without_transit_the_stage_stays),
		cmocka_unit_test(test_the_owner_may_look_up_credentials_later),
		cmocka_unit_test(test_discovery),
		cmocka_unit_test(test_mutual),
		cmocka_unit_test(test_one_way_although_mutual_is_possible),
		cmocka_unit_test(test_mutual_without_a_secret_of_the_target),
		cmocka_unit_test(test_a_wrong_secret_gets_no_answer_to_its_challenge),
		cmocka_unit_test(test_half_a_challenge),
		cmocka_unit_test(test_a_reflected_challenge),
		cmocka_unit_test(test_one_secret_for_both_directions),
		cmocka_unit_test(test_a_replayed_response),
		cmocka_unit_test(test_a_second_attempt_in_one_login),
		cmocka_unit_test(test_no_way_around_chap),
		cmocka_unit_test(test_no_way_around_chap_behind_a_long_answer),
		cmocka_unit_test(test_keys_out_of_order),
		cmocka_unit_test(test_chap_with_a_target_that_wants_none),
		cmocka_unit_test(test_bad_binary_values),
		cmocka_unit_test(test_good_binary_values),
		cmocka_unit_test(test_binary_values_survive_both_encodings),
		cmocka_unit_test(test_oversize_values),
		cmocka_unit_test(test_the_longest_challenge),
		cmocka_unit_test(test_bad_responses),
		cmocka_unit_test(test_every_allocation_may_fail),
	};

	peer_disk_bytes = 4096;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
