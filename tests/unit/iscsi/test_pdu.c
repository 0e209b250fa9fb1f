/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of every PDU that a target sends, byte for byte, and of additional header segments that
 * are within and beyond their bounds. Source: RFC 7143 §11.
 */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

static void
expect_header(struct peer *p, const char *hex)
{
	struct got got;
	char text[2 * BHS_SIZE + 12] = "", *at = text;

	assert_true(peer_next(p, &got));
	for (unsigned i = 0; i < BHS_SIZE; i++)
		at += sprintf(at, "%s%02x", i > 0 && i % 4 == 0 ? " " : "", got.bhs[i]);
	assert_string_equal(text, hex);
}

static void
start(struct peer *p)
{
	peer_init(p, NULL);
	peer_login(p, "", 0);
	peer_expect_nothing(p);
}

static void
test_login_response(void **state)
{
	static const char text[] = "InitiatorName=" PEER_INITIATOR "\0TargetName=" PEER_TARGET;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_request(&p, 0x87, text, sizeof(text), NULL);
	expect_header(
		&p,
		"23870000 00000037 80010203 00040077 00000101 00000000 00000001 00000001 00000080 "
		"00000000 00000000 00000000");
	peer_fini(&p);
}

static void
test_nop_in_answers_a_ping(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	start(&p);
	peer_request(&p, bhs, OP_NOP_OUT, FLAG_FINAL, false);
	put_be32(bhs + AT_TTT, TAG_NONE);
	peer_send(&p, bhs, "hello", 5);
	expect_header(
		&p,
		"20800000 00000005 00000000 00000000 00000102 ffffffff 00000002 00000002 00000081 "
		"00000000 00000000 00000000");
	assert_memory_equal(p.out.bytes + p.out_read - 8, "hello\0\0\0", 8);
	peer_fini(&p);
}

static void
test_nop_in_asks(void **state)
{
	struct peer p;

	(void)state;
	start(&p);
	assert_int_equal(iscsi_conn_ping(p.conn), 0);
	peer_pump(&p);
	/* StatSN is the next one, and is not used up. */
	expect_header(
		&p,
		"20800000 00000000 00000000 00000000 ffffffff 80000000 00000002 00000001 00000080 "
		"00000000 00000000 00000000");
	peer_fini(&p);
}

static void
test_response_good(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	start(&p);
	peer_command(&p, bhs, FLAG_FINAL, 0);
	peer_send(&p, bhs, NULL, 0);
	expect_header(
		&p,
		"21800000 00000000 00000000 00000000 00000102 00000000 00000002 00000002 00000081 "
		"00000000 00000000 00000000");
	peer_fini(&p);
}

static void
test_response_with_sense(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	start(&p);
	p.mode = PEER_REFUSE;
	peer_read10(&p, bhs, 0, 2);
	peer_send(&p, bhs, NULL, 0);
	/* CHECK CONDITION, U, residual 1024, two bytes of length and 18 of sense. */
	expect_header(
		&p,
		"21820002 00000014 00000000 00000000 00000102 00000000 00000002 00000002 00000081 "
		"00000000 00000000 00000400");
	assert_memory_equal(p.out.bytes + p.out_read - 20, "\0\x12\x70\0\x05", 5);
	peer_fini(&p);
}

static void
test_data_in_with_status(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	start(&p);
	peer_read10(&p, bhs, 4, 1);
	peer_send(&p, bhs, NULL, 0);
	/* F and S; DataSN 0, offset 0. */
	expect_header(
		&p,
		"25810000 00000200 00000000 00000000 00000102 ffffffff 00000002 00000002 00000081 "
		"00000000 00000000 00000000");
	assert_memory_equal(p.out.bytes + p.out_read - 512, p.disk + 2048, 512);
	peer_fini(&p);
}

static void
test_r2t(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	start(&p);
	peer_write10(&p, bhs, 0, 8, true);
	bhs[AT_LUN + 1] = 5;
	peer_send(&p, bhs, NULL, 0);
	/* TTT of ours, next StatSN unused, R2TSN 0, offset 0, 4096 bytes. */
	expect_header(
		&p,
		"31800000 00000000 00050000 00000000 00000102 00000000 00000002 00000002 00000080 "
		"00000000 00000000 00001000");
	peer_fini(&p);
}

static void
test_tmf_response(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	start(&p);
	peer_request(&p, bhs, OP_TMF, FLAG_FINAL | ISCSI_TMF_CLEAR_ACA, true);
	peer_send(&p, bhs, NULL, 0);
	expect_header(
		&p,
		"22800500 00000000 00000000 00000000 00000102 00000000 00000002 00000001 00000080 "
		"00000000 00000000 00000000");
	peer_fini(&p);
}

static void
test_text_response(void **state)
{
	static const char text[] = "SendTargets=";
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	start(&p);
	peer_request(&p, bhs, OP_TEXT, FLAG_FINAL, false);
	put_be32(bhs + AT_TTT, TAG_NONE);
	peer_send(&p, bhs, text, sizeof(text));
	expect_header(
		&p,
		"24800000 00000042 00000000 00000000 00000102 ffffffff 00000002 00000002 00000081 "
		"00000000 00000000 00000000");
	peer_fini(&p);
}

static void
test_logout_response(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	start(&p);
	peer_request(&p, bhs, OP_LOGOUT, FLAG_FINAL, true);
	assert_int_equal(peer_send(&p, bhs, NULL, 0), ERR_CLOSED);
	/* Time2Wait 2 by default; nothing is retained below ErrorRecoveryLevel 2 */
	expect_header(
		&p,
		"26800000 00000000 00000000 00000000 00000102 00000000 00000002 00000001 00000080 "
		"00000000 00020000 00000000");
	peer_fini(&p);
}

static void
test_reject_holds_the_header(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	start(&p);
	peer_request(&p, bhs, 0x1c, FLAG_FINAL, true);
	assert_int_equal(peer_send(&p, bhs, NULL, 0), 0);
	expect_header(
		&p,
		"3f800500 00000030 00000000 00000000 ffffffff 00000000 00000002 00000001 00000080 "
		"00000000 00000000 00000000");
	assert_memory_equal(p.out.bytes + p.out_read - BHS_SIZE, bhs, BHS_SIZE);
	peer_fini(&p);
}

static void
test_async_message(void **state)
{
	static const uint8_t lun[8] = { 0, 3 };
	static const uint8_t sense[18] = { 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x3f, 0x0e };
	struct iscsi_async message = {
		.event = ISCSI_ASYNC_SCSI,
		.lun = lun,
		.sense = sense,
		.sense_len = sizeof(sense),
		.param1 = 1,
		.param2 = 2,
		.param3 = 3,
	};
	struct peer p;

	(void)state;
	start(&p);
	assert_int_equal(iscsi_conn_async_message(p.conn, &message), 0);
	peer_pump(&p);
	expect_header(
		&p,
		"32800000 00000014 00030000 00000000 ffffffff 00000000 00000002 00000001 00000080 "
		"00000001 00020003 00000000");
	assert_memory_equal(p.out.bytes + p.out_read - 20, "\0\x12\x70\0\x06", 5);
	peer_fini(&p);
}

/* --- additional header segments --- */

static int
parse(const void *bytes, uint32_t len, struct iscsi_ahs *ahs)
{
	uint8_t *exact = malloc(len);
	int err;

	assert_non_null(exact);
	memcpy(exact, bytes, len);
	err = iscsi_pdu_parse_ahs(exact, len, ahs);
	ahs->cdb_more = ahs->cdb_more != NULL && err == 0
				? (const uint8_t *)bytes + (ahs->cdb_more - exact)
				: NULL;
	free(exact);
	return err;
}

static void
test_ahs_extended_cdb_and_read_length(void **state)
{
	static const uint8_t bytes[] = {
		0, 6, 1, 0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 5, 2, 0, 0, 1, 0, 0
	};
	struct iscsi_ahs ahs = { 0 };

	(void)state;
	assert_int_equal(parse(bytes, sizeof(bytes), &ahs), 0);
	assert_int_equal(ahs.cdb_more_len, 5);
	assert_ptr_equal(ahs.cdb_more, bytes + 4);
	assert_int_equal(ahs.read_len, 0x10000);
}

static void
test_ahs_out_of_bounds_is_refused(void **state)
{
	/* clang-format off */
	static const uint8_t bad[][8] = {
		{ 0, 0, 1, 0, 0, 0, 0, 0 },	/* no length */
		{ 0, 6, 1, 0, 1, 2, 3, 4 },	/* one byte too long */
		{ 0xff, 0xff, 1, 0, 1, 2, 3, 4 },
		{ 0, 5, 3, 0, 1, 2, 3, 4 },	/* no such type */
		{ 0, 1, 1, 0, 0, 1, 2, 0 },	/* a CDB of nothing, then a wrong type */
		{ 0, 4, 2, 0, 1, 2, 3, 0 },	/* a read length of three bytes */
	};
	/* clang-format on */
	struct iscsi_ahs ahs = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse(bad[i], 8, &ahs), ERR_PROTOCOL);
}

static void
test_ahs_given_twice_is_refused(void **state)
{
	static const uint8_t twice[] = { 0, 5, 1, 0, 1, 2, 3, 4, 0, 5, 1, 0, 1, 2, 3, 4 };
	struct iscsi_ahs ahs = { 0 };

	(void)state;
	assert_int_equal(parse(twice, sizeof(twice), &ahs), ERR_PROTOCOL);
}

static void
test_extended_cdb_reaches_the_owner(void **state)
{
	static const uint8_t ahs[] = { 0, 9, 1, 0, 17, 18, 19, 20, 21, 22, 23, 24 };
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	start(&p);
	p.mode = PEER_HOLD;
	peer_command(&p, bhs, FLAG_FINAL, 0);
	bhs[AT_CDB] = 0x7f;
	assert_int_equal(peer_send_ahs(&p, bhs, ahs, sizeof(ahs), NULL, 0), 0);
	assert_int_equal(p.held_count, 1);
	assert_int_equal(p.held[0]->cdb_len, 24);
	assert_int_equal(p.held[0]->cdb[0], 0x7f);
	assert_int_equal(p.held[0]->cdb[23], 24);
	peer_fini(&p);
}

static void
test_broken_ahs_is_rejected_and_the_session_lives(void **state)
{
	static const uint8_t ahs[] = { 0, 200, 1, 0 };
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	start(&p);
	peer_command(&p, bhs, FLAG_FINAL, 0);
	assert_int_equal(peer_send_ahs(&p, bhs, ahs, sizeof(ahs), NULL, 0), 0);
	peer_expect(&p, OP_REJECT, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], REJECT_INVALID_FIELD);
	assert_int_equal(got.data_len, BHS_SIZE + sizeof(ahs));
	peer_command(&p, bhs, FLAG_FINAL, 0);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_RESPONSE, NULL);
	peer_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login_response),
		cmocka_unit_test(test_nop_in_answers_a_ping),
		cmocka_unit_test(test_nop_in_asks),
		cmocka_unit_test(test_response_good),
		cmocka_unit_test(test_response_with_sense),
		cmocka_unit_test(test_data_in_with_status),
		cmocka_unit_test(test_r2t),
		cmocka_unit_test(test_tmf_response),
		cmocka_unit_test(test_text_response),
		cmocka_unit_test(test_logout_response),
		cmocka_unit_test(test_reject_holds_the_header),
		cmocka_unit_test(test_async_message),
		cmocka_unit_test(test_ahs_extended_cdb_and_read_length),
		cmocka_unit_test(test_ahs_out_of_bounds_is_refused),
		cmocka_unit_test(test_ahs_given_twice_is_refused),
		cmocka_unit_test(test_extended_cdb_reaches_the_owner),
		cmocka_unit_test(test_broken_ahs_is_rejected_and_the_session_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
