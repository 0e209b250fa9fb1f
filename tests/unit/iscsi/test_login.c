/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of login: the stages in order, the decisions of the connection's owner, and every way in
 * which a login is refused. Source: RFC 7143 §6.3 and §11.12.
 */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

#define T              FLAG_FINAL
#define C              FLAG_CONTINUE
#define SECURITY       0x00
#define OPERATIONAL    0x04
#define TO_OPERATIONAL 1
#define TO_FULL        3

static const char names[] = "InitiatorName=" PEER_INITIATOR "\0TargetName=" PEER_TARGET;

#define REQUEST(p, flags, text, got) peer_login_request(p, flags, text, sizeof(text), got)

static unsigned
status_of(const struct got *got)
{
	return get_be16(got->bhs + AT_LOGIN_STATUS);
}

/* --- the ways in --- */

static void
test_straight_to_full_feature(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	REQUEST(&p, T | OPERATIONAL | TO_FULL, names, &got);
	assert_int_equal(status_of(&got), 0);
	assert_int_equal(got.bhs[AT_FLAGS], T | OPERATIONAL | TO_FULL);
	assert_int_equal(get_be16(got.bhs + AT_TSIH), 0x77);
	assert_true(peer_text_has(&got, "TargetPortalGroupTag=1"));
	assert_true(iscsi_conn_is_established(p.conn));
	assert_string_equal(peer_events(&p),
			    "login 0 type=0 from=" PEER_INITIATOR " to=" PEER_TARGET "\n"
			    "login 1 type=0 from=" PEER_INITIATOR " to=" PEER_TARGET "\n");
	peer_fini(&p);
}

static void
test_through_all_stages(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	p.reply.alias = "my disks";
	REQUEST(&p, SECURITY, names, &got);
	assert_int_equal(got.bhs[AT_FLAGS], SECURITY);
	assert_int_equal(get_be16(got.bhs + AT_TSIH), 0);
	assert_true(peer_text_has(&got, "TargetPortalGroupTag=1"));
	assert_true(peer_text_has(&got, "TargetAlias=my disks"));
	REQUEST(&p, T | SECURITY | TO_OPERATIONAL, "AuthMethod=CHAP,None", &got);
	assert_int_equal(got.bhs[AT_FLAGS], T | SECURITY | TO_OPERATIONAL);
	assert_true(peer_text_has(&got, "AuthMethod=None"));
	REQUEST(&p, OPERATIONAL, "HeaderDigest=CRC32C", &got);
	assert_int_equal(got.bhs[AT_FLAGS], OPERATIONAL);
	assert_true(peer_text_has(&got, "HeaderDigest=CRC32C"));
	assert_true(peer_text_has(&got, "MaxRecvDataSegmentLength=262144"));
	REQUEST(&p, T | OPERATIONAL | TO_FULL, "InitialR2T=No", &got);
	assert_int_equal(got.bhs[AT_FLAGS], T | OPERATIONAL | TO_FULL);
	/* Declared once. */
	assert_false(peer_text_has(&got, "MaxRecvDataSegmentLength=262144"));
	assert_true(iscsi_conn_is_established(p.conn));
	peer_fini(&p);
}

static void
test_from_security_to_full_feature(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	REQUEST(&p, T | SECURITY | TO_FULL, names, &got);
	assert_int_equal(got.bhs[AT_FLAGS], T | SECURITY | TO_FULL);
	assert_true(iscsi_conn_is_established(p.conn));
	peer_fini(&p);
}

static void
test_discovery_session(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	REQUEST(&p, T | OPERATIONAL | TO_FULL,
		"InitiatorName=" PEER_INITIATOR "\0SessionType=Discovery", &got);
	assert_int_equal(status_of(&got), 0);
	assert_false(peer_text_has(&got, "TargetPortalGroupTag=1"));
	assert_true(peer_text_has(&got, "MaxRecvDataSegmentLength=8192"));
	assert_int_equal(iscsi_conn_login(p.conn)->type, ISCSI_SESSION_DISCOVERY);
	peer_fini(&p);
}

static void
test_what_the_owner_learns(void **state)
{
	static const uint8_t isid[] = { 0x80, 1, 2, 3, 0, 4 };
	const struct iscsi_login *login;
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	REQUEST(&p, T | OPERATIONAL | TO_FULL,
		"InitiatorName=IQN.2024-01.Test:A\0TargetName=eui.02004567A425678D\0InitiatorAlias="
		"host \xc3\xa4",
		&got);
	login = iscsi_conn_login(p.conn);
	assert_string_equal(login->initiator_name, "iqn.2024-01.test:a");
	assert_string_equal(login->target_name, "eui.02004567a425678d");
	assert_string_equal(login->initiator_alias, "host \xc3\xa4");
	assert_memory_equal(login->isid, isid, sizeof(isid));
	assert_int_equal(login->tsih, 0);
	peer_fini(&p);
}

/* --- text over several requests and responses --- */

static void
test_text_in_parts(void **state)
{
	static const char text[] = "InitiatorName=" PEER_INITIATOR "\0TargetName=" PEER_TARGET
				   "\0InitialR2T=No";

	(void)state;
	for (size_t cut = 1; cut < sizeof(text); cut++) {
		struct got got;
		struct peer p;

		peer_init(&p, NULL);
		peer_login_request(&p, C | OPERATIONAL, text, cut, &got);
		assert_int_equal(got.bhs[AT_FLAGS], OPERATIONAL);
		assert_int_equal(got.data_len, 0);
		assert_string_equal(peer_events(&p), "");
		peer_login_request(&p, T | OPERATIONAL | TO_FULL, text + cut, sizeof(text) - cut,
				   &got);
		assert_int_equal(status_of(&got), 0);
		assert_true(peer_text_has(&got, "InitialR2T=No"));
		assert_true(iscsi_conn_is_established(p.conn));
		peer_fini(&p);
	}
}

static void
test_text_beyond_64k_is_refused(void **state)
{
	static char block[8000];
	struct got got;
	struct peer p;
	unsigned sent = 0;

	(void)state;
	memset(block, 'a', sizeof(block));
	peer_init(&p, NULL);
	do {
		peer_login_request(&p, C | OPERATIONAL, block, sizeof(block), &got);
		sent++;
	} while (p.error == 0 && sent < 100);
	assert_int_equal(sent, 9);
	assert_int_equal(status_of(&got), ISCSI_LOGIN_INITIATOR_ERROR);
	assert_int_equal(p.error, ERR_CLOSED);
	peer_fini(&p);
}

#define LONG_KEYS 120u /* unknown keys of 58 bytes: the answer is longer than a login PDU */

/*
 * An answer longer than a login PDU: our C bit, then the rest on an empty request; only then the
 * transition.
 */
static void
test_answer_in_parts(void **state)
{
	static char text[8000];
	struct got got;
	struct peer p;
	size_t len = sizeof(names), answers = 0, parts = 0;

	(void)state;
	memcpy(text, names, sizeof(names));
	for (unsigned i = 0; i < LONG_KEYS; i++)
		len += (size_t)sprintf(text + len, "X-%056u=1", i) + 1;
	peer_init(&p, NULL);
	peer_login_request(&p, T | OPERATIONAL | TO_FULL, text, len, &got);
	while (got.bhs[AT_FLAGS] == (C | OPERATIONAL) && parts < 10) {
		assert_int_equal(got.data_len, 8192);
		assert_false(iscsi_conn_is_established(p.conn));
		answers += got.data_len;
		parts++;
		peer_login_request(&p, T | OPERATIONAL | TO_FULL, "", 0, &got);
	}
	assert_int_equal(parts, 1);
	answers += got.data_len;
	assert_true(answers > LONG_KEYS * (58 + sizeof("=NotUnderstood")));
	assert_int_equal(got.bhs[AT_FLAGS], T | OPERATIONAL | TO_FULL);
	assert_true(iscsi_conn_is_established(p.conn));
	peer_fini(&p);
}

static void
test_text_while_the_answer_is_fetched_is_refused(void **state)
{
	static char text[8000];
	struct got got;
	struct peer p;
	size_t len = sizeof(names);

	(void)state;
	memcpy(text, names, sizeof(names));
	for (unsigned i = 0; i < LONG_KEYS; i++)
		len += (size_t)sprintf(text + len, "X-%056u=1", i) + 1;
	peer_init(&p, NULL);
	peer_login_request(&p, T | OPERATIONAL | TO_FULL, text, len, &got);
	REQUEST(&p, T | OPERATIONAL | TO_FULL, "InitialR2T=No", &got);
	assert_int_equal(status_of(&got), ISCSI_LOGIN_INITIATOR_ERROR);
	peer_fini(&p);
}

/* --- refused --- */

/* A first request that is refused with this status, and the connection with it. */
static void
refused(uint8_t flags, const char *text, size_t len, unsigned status)
{
	struct got got;
	struct peer p;

	peer_init(&p, NULL);
	peer_login_request(&p, flags, text, len, &got);
	if (status_of(&got) != status)
		fail_msg("status %04x, not %04x, for flags %02x %s", status_of(&got), status, flags,
			 text);
	assert_int_equal(p.error, ERR_CLOSED);
	assert_int_equal(p.refused, status);
	assert_false(iscsi_conn_is_established(p.conn));
	assert_int_equal(got.bhs[AT_FLAGS] & T, 0);
	peer_fini(&p);
}

#define REFUSED(flags, text, status) refused(flags, text, sizeof(text), status)

static void
test_only_chap_is_refused(void **state)
{
	(void)state;
	REFUSED(T | SECURITY | TO_OPERATIONAL,
		"InitiatorName=iqn.a:b\0TargetName=iqn.a:c\0AuthMethod=CHAP",
		ISCSI_LOGIN_AUTH_FAILED);
	REFUSED(T | SECURITY | TO_FULL,
		"InitiatorName=iqn.a:b\0TargetName=iqn.a:c\0AuthMethod=KRB5,SRP",
		ISCSI_LOGIN_AUTH_FAILED);
}

static void
test_missing_names_are_refused(void **state)
{
	(void)state;
	REFUSED(T | OPERATIONAL | TO_FULL, "TargetName=iqn.a:b", ISCSI_LOGIN_MISSING_PARAMETER);
	REFUSED(T | OPERATIONAL | TO_FULL, "InitiatorName=iqn.a:b", ISCSI_LOGIN_MISSING_PARAMETER);
	refused(T | OPERATIONAL | TO_FULL, "", 0, ISCSI_LOGIN_MISSING_PARAMETER);
}

static void
test_bad_values_are_refused(void **state)
{
	(void)state;
	REFUSED(T | OPERATIONAL | TO_FULL, "InitiatorName=bad\0TargetName=iqn.a:b",
		ISCSI_LOGIN_INITIATOR_ERROR);
	REFUSED(T | OPERATIONAL | TO_FULL, "InitiatorName=iqn.a:b\0TargetName=bad",
		ISCSI_LOGIN_NOT_FOUND);
	REFUSED(T | OPERATIONAL | TO_FULL, "InitiatorName=iqn.a:b\0SessionType=Other",
		ISCSI_LOGIN_SESSION_TYPE);
	REFUSED(T | OPERATIONAL | TO_FULL, "no pair", ISCSI_LOGIN_INITIATOR_ERROR);
	refused(T | OPERATIONAL | TO_FULL, names, sizeof(names) - 1, ISCSI_LOGIN_INITIATOR_ERROR);
}

/* Every byte of stage bits in a first request: those that the table allows, and no others. */
static void
test_every_combination_of_stage_bits(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		unsigned csg = flags >> 2 & 3, nsg = flags & 3;
		bool t = (flags & T) != 0, c = (flags & C) != 0;
		bool good = csg <= 1 && (!t || (!c && nsg > csg && nsg != 2));
		struct got got;
		struct peer p;

		peer_init(&p, NULL);
		REQUEST(&p, (uint8_t)flags, names, &got);
		assert_int_equal(status_of(&got), good ? 0 : ISCSI_LOGIN_INITIATOR_ERROR);
		assert_int_equal(p.error, good ? 0 : ERR_CLOSED);
		assert_int_equal(iscsi_conn_is_established(p.conn), good && t && nsg == 3);
		peer_fini(&p);
	}
}

/* The second request: only the stage that was agreed. */
static void
test_stage_must_be_the_one_agreed(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 3; first++) {
		static const uint8_t firsts[] = { SECURITY, T | SECURITY | TO_OPERATIONAL,
						  OPERATIONAL };
		static const unsigned stages[] = { 0, 1, 1 };

		for (unsigned csg = 0; csg < 4; csg++) {
			struct got got;
			struct peer p;

			peer_init(&p, NULL);
			REQUEST(&p, firsts[first], names, &got);
			peer_login_request(&p, (uint8_t)(csg << 2), "", 0, &got);
			assert_int_equal(status_of(&got),
					 csg == stages[first] ? 0 : ISCSI_LOGIN_INITIATOR_ERROR);
			peer_fini(&p);
		}
	}
}

static void
test_newer_version_is_refused(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_request(&p, bhs, OP_LOGIN, T | OPERATIONAL | TO_FULL, true);
	bhs[2] = bhs[3] = 1;
	peer_send(&p, bhs, names, sizeof(names));
	peer_expect(&p, OP_LOGIN_RESPONSE, &got);
	assert_int_equal(status_of(&got), ISCSI_LOGIN_BAD_VERSION);
	peer_fini(&p);
}

/* §11.2.1.8 */
static void
test_the_reserved_tag_is_refused(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_request(&p, bhs, OP_LOGIN, T | OPERATIONAL | TO_FULL, true);
	put_be32(bhs + AT_ITT, TAG_NONE);
	peer_send(&p, bhs, names, sizeof(names));
	peer_expect(&p, OP_LOGIN_RESPONSE, &got);
	assert_int_equal(status_of(&got), ISCSI_LOGIN_INITIATOR_ERROR);
	peer_fini(&p);
}

static void
test_identity_may_not_change(void **state)
{
	static const uint8_t places[] = { AT_ISID + 3, AT_TSIH, AT_CID };

	(void)state;
	for (size_t i = 0; i < sizeof(places); i++) {
		uint8_t bhs[BHS_SIZE];
		struct got got;
		struct peer p;

		peer_init(&p, NULL);
		peer_request(&p, bhs, OP_LOGIN, OPERATIONAL, true);
		peer_send(&p, bhs, names, sizeof(names));
		bhs[places[i]] ^= 1;
		peer_send(&p, bhs, NULL, 0);
		peer_expect(&p, OP_LOGIN_RESPONSE, &got);
		assert_int_equal(status_of(&got), 0);
		peer_expect(&p, OP_LOGIN_RESPONSE, &got);
		assert_int_equal(status_of(&got), ISCSI_LOGIN_INITIATOR_ERROR);
		peer_fini(&p);
	}
}

static void
test_names_may_not_come_later(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	REQUEST(&p, OPERATIONAL, names, &got);
	REQUEST(&p, OPERATIONAL, "SessionType=Discovery", &got);
	assert_int_equal(status_of(&got), ISCSI_LOGIN_INITIATOR_ERROR);
	peer_fini(&p);
}

static void
test_endless_login_is_refused(void **state)
{
	struct got got;
	struct peer p;
	unsigned n = 0;

	(void)state;
	peer_init(&p, NULL);
	REQUEST(&p, OPERATIONAL, names, &got);
	while (p.error == 0 && n++ < 5000)
		peer_login_request(&p, OPERATIONAL, "", 0, &got);
	assert_int_equal(p.error, ERR_CLOSED);
	assert_true(n < 5000);
	peer_fini(&p);
}

static void
test_other_pdus_before_login_drop_the_connection(void **state)
{
	(void)state;
	for (unsigned opcode = 0; opcode <= OP_MASK; opcode++) {
		uint8_t bhs[BHS_SIZE];
		struct got got;
		struct peer p;

		if (opcode == OP_LOGIN)
			continue;
		/* First thing of all: dropped without a word.  RFC 7143 §6.3. */
		peer_init(&p, NULL);
		peer_request(&p, bhs, (enum iscsi_pdu_opcode)opcode, FLAG_FINAL, true);
		assert_int_equal(peer_send(&p, bhs, NULL, 0), ERR_PROTOCOL);
		peer_expect_nothing(&p);
		peer_fini(&p);
		/* Within login: "Invalid during login". */
		peer_init(&p, NULL);
		REQUEST(&p, OPERATIONAL, names, &got);
		assert_int_equal(peer_send(&p, bhs, NULL, 0), ERR_CLOSED);
		peer_expect(&p, OP_LOGIN_RESPONSE, &got);
		assert_int_equal(status_of(&got), ISCSI_LOGIN_INVALID_REQUEST);
		peer_fini(&p);
	}
}

static void
test_login_after_login_drops_the_connection(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	REQUEST(&p, T | OPERATIONAL | TO_FULL, names, NULL);
	assert_int_equal(p.error, ERR_PROTOCOL);
	peer_expect(&p, OP_REJECT, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], REJECT_PROTOCOL);
	peer_fini(&p);
}

/* --- the owner's word --- */

static void
test_owner_refuses(void **state)
{
	static const uint16_t statuses[] = {
		ISCSI_LOGIN_FORBIDDEN,
		ISCSI_LOGIN_NOT_FOUND,
		ISCSI_LOGIN_UNAVAILABLE,
		ISCSI_LOGIN_NO_RESOURCES,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct got got;
		struct peer p;

		peer_init(&p, NULL);
		p.reply.status = statuses[i];
		REQUEST(&p, T | OPERATIONAL | TO_FULL, names, &got);
		assert_int_equal(status_of(&got), statuses[i]);
		assert_int_equal(got.data_len, 0);
		assert_int_equal(p.error, ERR_CLOSED);
		peer_fini(&p);
	}
}

static void
test_owner_sends_elsewhere(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	p.reply.status = ISCSI_LOGIN_MOVED_TEMPORARILY;
	p.reply.address = "192.0.2.7:3261,2";
	REQUEST(&p, T | OPERATIONAL | TO_FULL, names, &got);
	assert_int_equal(status_of(&got), ISCSI_LOGIN_MOVED_TEMPORARILY);
	assert_true(peer_text_has(&got, "TargetAddress=192.0.2.7:3261,2"));
	assert_int_equal(p.error, ERR_CLOSED);
	peer_fini(&p);
}

static void
test_owner_decides_later(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	p.login_later = true;
	REQUEST(&p, T | OPERATIONAL | TO_FULL, names, NULL);
	peer_expect_nothing(&p);
	assert_true(iscsi_conn_login_pending(p.conn));
	assert_int_equal(iscsi_conn_login_done(p.conn, &p.reply), 0);
	/* Straight to the second question. */
	peer_pump(&p);
	peer_expect_nothing(&p);
	assert_true(iscsi_conn_login_pending(p.conn));
	assert_int_equal(iscsi_conn_login_done(p.conn, &p.reply), 0);
	peer_pump(&p);
	peer_expect(&p, OP_LOGIN_RESPONSE, &got);
	assert_int_equal(status_of(&got), 0);
	assert_false(iscsi_conn_login_pending(p.conn));
	assert_true(iscsi_conn_is_established(p.conn));
	peer_fini(&p);
}

static void
test_owner_refuses_later(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	p.login_later = true;
	REQUEST(&p, T | OPERATIONAL | TO_FULL, names, NULL);
	p.reply.status = ISCSI_LOGIN_FORBIDDEN;
	assert_int_equal(iscsi_conn_login_done(p.conn, &p.reply), ERR_CLOSED);
	peer_pump(&p);
	peer_expect(&p, OP_LOGIN_RESPONSE, &got);
	assert_int_equal(status_of(&got), ISCSI_LOGIN_FORBIDDEN);
	peer_fini(&p);
}

static void
test_request_while_pending_drops_the_connection(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	p.login_later = true;
	REQUEST(&p, T | OPERATIONAL | TO_FULL, names, NULL);
	REQUEST(&p, T | OPERATIONAL | TO_FULL, names, NULL);
	assert_int_equal(p.error, ERR_PROTOCOL);
	assert_int_equal(iscsi_conn_login_done(p.conn, &p.reply), ERR_PROTOCOL);
	peer_fini(&p);
}

/*
 * Whether a login may name a session is the owner's decision; the answer has the TSIH that the
 * owner gives.
 */
static void
test_a_login_with_a_tsih_is_the_owners_decision(void **state)
{
	for (unsigned refused = 0; refused < 2; refused++) {
		uint8_t bhs[BHS_SIZE];
		struct peer first, p;
		struct got got;

		(void)state;
		peer_init(&first, NULL);
		peer_login(&first, "", 0);
		peer_init_second(&p, &first, 1);
		p.reply.status = refused ? ISCSI_LOGIN_NO_SESSION : ISCSI_LOGIN_OK;
		peer_request(&p, bhs, OP_LOGIN, T | OPERATIONAL | TO_FULL, true);
		put_be16(bhs + AT_TSIH, 7);
		peer_send(&p, bhs, names, sizeof(names));
		peer_expect(&p, OP_LOGIN_RESPONSE, &got);
		assert_int_equal(status_of(&got),
				 refused ? ISCSI_LOGIN_NO_SESSION : ISCSI_LOGIN_OK);
		assert_int_equal(iscsi_conn_login(p.conn)->tsih, 7);
		assert_int_equal(get_be16(got.bhs + AT_TSIH), refused ? 7 : 0x77);
		peer_fini(&p);
		peer_fini(&first);
	}
}

/* The owner says yes, but the session has ended meanwhile. */
static void
test_a_login_with_a_tsih_needs_a_session(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_request(&p, bhs, OP_LOGIN, T | OPERATIONAL | TO_FULL, true);
	put_be16(bhs + AT_TSIH, 7);
	assert_int_equal(peer_send(&p, bhs, names, sizeof(names)), ERR_CLOSED);
	peer_expect(&p, OP_LOGIN_RESPONSE, &got);
	assert_int_equal(status_of(&got), ISCSI_LOGIN_NO_SESSION);
	peer_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_straight_to_full_feature),
		cmocka_unit_test(test_through_all_stages),
		cmocka_unit_test(test_from_security_to_full_feature),
		cmocka_unit_test(test_discovery_session),
		cmocka_unit_test(test_what_the_owner_learns),
		cmocka_unit_test(test_text_in_parts),
		cmocka_unit_test(test_text_beyond_64k_is_refused),
		cmocka_unit_test(test_answer_in_parts),
		cmocka_unit_test(test_text_while_the_answer_is_fetched_is_refused),
		cmocka_unit_test(test_only_chap_is_refused),
		cmocka_unit_test(test_missing_names_are_refused),
		cmocka_unit_test(test_bad_values_are_refused),
		cmocka_unit_test(test_every_combination_of_stage_bits),
		cmocka_unit_test(test_stage_must_be_the_one_agreed),
		cmocka_unit_test(test_newer_version_is_refused),
		cmocka_unit_test(test_the_reserved_tag_is_refused),
		cmocka_unit_test(test_identity_may_not_change),
		cmocka_unit_test(test_names_may_not_come_later),
		cmocka_unit_test(test_endless_login_is_refused),
		cmocka_unit_test(test_other_pdus_before_login_drop_the_connection),
		cmocka_unit_test(test_login_after_login_drops_the_connection),
		cmocka_unit_test(test_owner_refuses),
		cmocka_unit_test(test_owner_sends_elsewhere),
		cmocka_unit_test(test_owner_decides_later),
		cmocka_unit_test(test_owner_refuses_later),
		cmocka_unit_test(test_request_while_pending_drops_the_connection),
		cmocka_unit_test(test_a_login_with_a_tsih_is_the_owners_decision),
		cmocka_unit_test(test_a_login_with_a_tsih_needs_a_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
