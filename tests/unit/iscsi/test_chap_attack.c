/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of CHAP: every way in which an initiator can fail or attack, and values that cannot be
 * read. Sources: RFC 7143 §9.2.1 and §12.1.3, RFC 1994.
 */
#include "chap_test.h"

#include <stdio.h>

/* --- attacks --- */

/*
 * RFC 7143 §9.2.1: "Responders MUST check for this condition and close the iSCSI TCP connection".
 */
static void
test_a_reflected_challenge(void **state)
{
	char more[CHAP_BINARY_TEXT_SIZE + 32], value[CHAP_BINARY_TEXT_SIZE];

	(void)state;
	for (unsigned base64 = 0; base64 < 2; base64++) {
		struct chap_login l;

		chap_begin(&l);
		l.p.reply.credentials.target = chap_our_own;
		chap_offer(&l, "7");
		iscsi_chap_format_binary(l.challenge, l.challenge_len, base64 == 1, value);
		snprintf(more, sizeof(more), "CHAP_I=%u CHAP_C=%s", l.id, value);
		chap_respond(&l, &(struct chap_response){ .secret = &chap_theirs, .more = more });
		chap_expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
	}
}

/* §9.2.1: the response that the target itself would give "MUST be treated as a failure". */
static void
test_one_secret_for_both_directions(void **state)
{
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	l.p.reply.credentials.target = chap_theirs;
	chap_offer(&l, "7");
	chap_respond(&l, &(struct chap_response){ .secret = &chap_theirs });
	chap_expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
}

static void
test_a_replayed_response(void **state)
{
	static struct chap_login first, second; /* too large for one frame */

	(void)state;
	chap_begin(&first);
	chap_offer(&first, "7");
	chap_begin(&second);
	chap_offer(&second, "7");
	assert_memory_not_equal(first.challenge, second.challenge, first.challenge_len);
	/* the answer to the first challenge, in the second login */
	memcpy(second.challenge, first.challenge, first.challenge_len);
	second.id = first.id;
	chap_respond(&second, &(struct chap_response){ .secret = &chap_theirs });
	chap_expect_refused(&second, ISCSI_LOGIN_AUTH_FAILED);
	peer_fini(&first.p);
}

static void
test_a_second_attempt_in_one_login(void **state)
{
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	chap_offer(&l, "7");
	chap_respond(&l, &(struct chap_response){ .secret = &chap_before });
	assert_int_equal(chap_status(&l), ISCSI_LOGIN_AUTH_FAILED);
	assert_true(l.p.error < 0); /* the connection takes no more input */
	peer_fini(&l.p);
}

static void
refused_first(const char *text, size_t len, uint8_t flags, unsigned status)
{
	struct chap_login l;

	memset(&l, 0, sizeof(l));
	peer_init(&l.p, NULL);
	l.p.reply.needs_chap = true;
	l.p.reply.credentials.initiator[0] = chap_theirs;
	peer_login_request(&l.p, flags, text, len, &l.got);
	chap_expect_refused(&l, status);
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
	struct chap_login l;

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
	chap_send(&l, T | SECURITY | TO_FULL, &text);
	strbuf_fini(&text);
	assert_int_equal(l.got.bhs[AT_FLAGS], SECURITY | FLAG_CONTINUE);
	peer_login_request(&l.p, T | SECURITY | TO_FULL, "", 0, &l.got);
	assert_int_equal(l.got.bhs[AT_FLAGS], SECURITY);
	assert_false(iscsi_conn_is_established(l.p.conn));
	peer_login_request(&l.p, T | SECURITY | TO_FULL, "", 0, &l.got);
	chap_expect_refused(&l, ISCSI_LOGIN_INITIATOR_ERROR);
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
		struct chap_login l;

		chap_begin(&l);
		peer_login_request(&l.p, SECURITY, after_method[i], strlen(after_method[i]) + 1,
				   &l.got);
		chap_expect_refused(&l, ISCSI_LOGIN_INITIATOR_ERROR);
	}
	for (size_t i = 0; i < ARRAY_LEN(after_challenge); i++) {
		struct chap_login l;

		chap_begin(&l);
		chap_offer(&l, "7");
		peer_login_request(&l.p, SECURITY, after_challenge[i],
				   strlen(after_challenge[i]) + 1, &l.got);
		chap_expect_refused(&l, ISCSI_LOGIN_INITIATOR_ERROR);
	}
}

static void
test_chap_with_a_target_that_wants_none(void **state)
{
	struct chap_login l;

	(void)state;
	memset(&l, 0, sizeof(l));
	peer_init(&l.p, NULL);
	REQUEST(&l.p, SECURITY, NAMES "\0AuthMethod=CHAP,None", &l.got);
	assert_string_equal(chap_value(&l, "AuthMethod"), "None");
	REQUEST(&l.p, SECURITY, "CHAP_A=7", &l.got);
	chap_expect_refused(&l, ISCSI_LOGIN_INITIATOR_ERROR);
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
	struct chap_login l;

	chap_begin(&l);
	l.p.reply.credentials.target = chap_our_own;
	chap_offer(&l, "7");
	chap_respond(&l, &(struct chap_response){ .secret = &chap_theirs, .more = more });
	chap_expect_refused(&l, status);
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
	struct chap_login l;

	(void)state;
	strbuf_init(&text);
	strbuf_addf(&text, "CHAP_I=1 CHAP_C=0x%0*d", 2 * 1024, 0);
	chap_begin(&l);
	l.p.reply.credentials.target = chap_our_own;
	chap_offer(&l, "7");
	chap_respond(&l, &(struct chap_response){ .secret = &chap_theirs, .more = text.text });
	chap_expect_in(&l, true);
	strbuf_fini(&text);
}

static void
raw_response(const char *pairs, size_t len, unsigned status)
{
	struct chap_login l;

	chap_begin(&l);
	chap_offer(&l, "7");
	peer_login_request(&l.p, T | SECURITY | TO_FULL, pairs, len, &l.got);
	chap_expect_refused(&l, status);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	peer_disk_bytes = 4096;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
