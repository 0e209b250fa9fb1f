/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of CHAP: each hash and encoding, one-way and mutual.  test_chap_attack.c has the ways in
 * which an initiator can fail or attack.  Sources: RFC 7143 §9.2.1 and §12.1.3, RFC 1994.
 */
#include "chap_test.h"

#include <errno.h>
#include <stdio.h>

#include "base/digest.h"
#include "fault.h"

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
		struct chap_login l;

		if (digest_size((enum digest_kind)i) == 0)
			continue; /* not with FIPS */
		chap_begin(&l);
		chap_offer(&l, hashes[i].number);
		assert_string_equal(chap_value(&l, "CHAP_A"), hashes[i].number);
		assert_int_equal(l.challenge_len, hashes[i].len);
		chap_respond(&l, &(struct chap_response){ .secret = &chap_theirs });
		chap_expect_in(&l, false);
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
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	chap_offer(&l, "5,6,8,7,4711");
	assert_int_equal(l.hash, 8);
	peer_fini(&l.p);
	chap_begin(&l);
	chap_offer(&l, "0x06,9");
	assert_int_equal(l.hash, 6);
	peer_fini(&l.p);
}

static void
test_without_a_common_hash(void **state)
{
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	chap_offer(&l, "9,4");
	chap_expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
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
		struct chap_login l;

		chap_begin_allowing(&l, rows[i].kinds);
		chap_offer(&l, rows[i].offered);
		if (rows[i].chosen == 0) {
			chap_expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
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
		struct chap_login l;

		chap_begin(&l);
		chap_offer(&l, lists[i]);
		chap_expect_refused(&l, ISCSI_LOGIN_INITIATOR_ERROR);
	}
}

static void
test_base64(void **state)
{
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	chap_offer(&l, "7");
	chap_respond(&l, &(struct chap_response){ .secret = &chap_theirs, .base64 = true });
	chap_expect_in(&l, false);
}

static void
test_a_wrong_secret(void **state)
{
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	chap_offer(&l, "7,5");
	chap_respond(&l, &(struct chap_response){ .secret = &chap_before });
	chap_expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
}

static void
test_a_name_without_a_secret(void **state)
{
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	l.p.reply.credentials.initiator[0].len = 0;
	chap_offer(&l, "7");
	chap_respond(&l, &(struct chap_response){ .secret = &chap_theirs });
	chap_expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
}

/* The decoy that takes the time of a comparison must open nothing. */
static void
test_the_decoy_opens_nothing(void **state)
{
	static const struct iscsi_secret decoy = SECRET("nobody has this");
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	l.p.reply.credentials.initiator[0].len = 0;
	chap_offer(&l, "7");
	chap_respond(&l, &(struct chap_response){ .secret = &decoy });
	chap_expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
}

static void
test_two_secrets_are_valid_while_one_replaces_the_other(void **state)
{
	const struct iscsi_secret *const secrets[] = { &chap_theirs, &chap_before };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		struct chap_login l;

		chap_begin(&l);
		l.p.reply.credentials.initiator[1] = chap_before;
		chap_offer(&l, "7");
		chap_respond(&l, &(struct chap_response){ .secret = secrets[i] });
		chap_expect_in(&l, false);
	}
}

static void
test_the_owner_learns_the_name(void **state)
{
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	chap_offer(&l, "7");
	chap_respond(&l,
		     &(struct chap_response){ .secret = &chap_theirs, .name = "Host \xc3\xa4" });
	assert_string_equal(iscsi_conn_login(l.p.conn)->chap_name, "Host \xc3\xa4");
	chap_expect_in(&l, false);
}

static void
test_without_transit_the_stage_stays(void **state)
{
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	chap_offer(&l, "7");
	chap_respond(&l, &(struct chap_response){ .secret = &chap_theirs, .stay = true });
	assert_int_equal(l.got.bhs[AT_FLAGS], SECURITY);
	REQUEST(&l.p, T | SECURITY | TO_OPERATIONAL, "", &l.got);
	assert_int_equal(l.got.bhs[AT_FLAGS], T | SECURITY | TO_OPERATIONAL);
	REQUEST(&l.p, T | OPERATIONAL | TO_FULL, "InitialR2T=No", &l.got);
	chap_expect_in(&l, false);
}

static void
test_the_owner_may_look_up_credentials_later(void **state)
{
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	chap_offer(&l, "7");
	l.p.login_later = true;
	{
		uint8_t digest[CHAP_DIGEST_MAX];
		char value[CHAP_BINARY_TEXT_SIZE], text[256];
		int n, len = iscsi_chap_digest(l.hash, l.id, &chap_theirs, l.challenge,
					       l.challenge_len, digest);

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
	chap_expect_in(&l, false);
}

static void
test_discovery(void **state)
{
	struct chap_login l;

	(void)state;
	memset(&l, 0, sizeof(l));
	peer_init(&l.p, NULL);
	l.p.reply.needs_chap = true;
	l.p.reply.credentials.initiator[0] = chap_theirs;
	REQUEST(&l.p, SECURITY,
		"InitiatorName=" PEER_INITIATOR "\0SessionType=Discovery\0AuthMethod=CHAP", &l.got);
	assert_string_equal(chap_value(&l, "AuthMethod"), "CHAP");
	chap_offer(&l, "7");
	chap_respond(&l, &(struct chap_response){ .secret = &chap_theirs });
	assert_int_equal(iscsi_conn_login(l.p.conn)->type, ISCSI_SESSION_DISCOVERY);
	chap_expect_in(&l, false);
}

/* --- mutual --- */

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
		struct chap_login l;
		int len;

		chap_begin(&l);
		l.p.reply.credentials.target = chap_our_own;
		chap_offer(&l, "5,6,7,8");
		snprintf(more, sizeof(more), "CHAP_I=200 CHAP_C=%s", challenges[i]);
		chap_respond(&l, &(struct chap_response){ .secret = &chap_theirs, .more = more });
		len = iscsi_chap_digest(8, 200, &chap_our_own, peers, sizeof(peers), digest);
		iscsi_chap_format_binary(digest, (size_t)len, i == 1, value);
		assert_string_equal(chap_value(&l, "CHAP_N"), PEER_TARGET);
		assert_string_equal(chap_value(&l, "CHAP_R"), value);
		chap_expect_in(&l, true);
	}
}

static void
test_one_way_although_mutual_is_possible(void **state)
{
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	l.p.reply.credentials.target = chap_our_own;
	chap_offer(&l, "7");
	chap_respond(&l, &(struct chap_response){ .secret = &chap_theirs });
	assert_null(chap_value(&l, "CHAP_R"));
	chap_expect_in(&l, false);
}

static void
test_mutual_without_a_secret_of_the_target(void **state)
{
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	chap_offer(&l, "7");
	chap_respond(&l, &(struct chap_response){ .secret = &chap_theirs,
						  .more = "CHAP_I=1 CHAP_C=" PEER_CHALLENGE });
	chap_expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
}

/* The target proves nothing to who has not proved itself. */
static void
test_a_wrong_secret_gets_no_answer_to_its_challenge(void **state)
{
	struct chap_login l;

	(void)state;
	chap_begin(&l);
	l.p.reply.credentials.target = chap_our_own;
	chap_offer(&l, "7");
	chap_respond(&l, &(struct chap_response){ .secret = &chap_before,
						  .more = "CHAP_I=1 CHAP_C=" PEER_CHALLENGE });
	chap_expect_refused(&l, ISCSI_LOGIN_AUTH_FAILED);
}

static void
test_half_a_challenge(void **state)
{
	static const char *const halves[] = { "CHAP_I=1", "CHAP_C=" PEER_CHALLENGE };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct chap_login l;

		chap_begin(&l);
		l.p.reply.credentials.target = chap_our_own;
		chap_offer(&l, "7");
		chap_respond(&l,
			     &(struct chap_response){ .secret = &chap_theirs, .more = halves[i] });
		chap_expect_refused(&l, ISCSI_LOGIN_INITIATOR_ERROR);
	}
}

/* --- memory --- */

static void
login_in_full(struct chap_login *l)
{
	struct strbuf text;

	memset(l, 0, sizeof(*l));
	peer_init(&l->p, NULL);
	if (l->p.conn == NULL)
		return;
	l->p.reply.needs_chap = true;
	l->p.reply.credentials.initiator[0] = chap_theirs;
	l->p.reply.credentials.target = chap_our_own;
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
		struct chap_login l;

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
		cmocka_unit_test(test_every_allocation_may_fail),
	};

	peer_disk_bytes = 4096;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
