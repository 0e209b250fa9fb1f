/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of NOP in both directions, logout for every reason, SNACK, unknown opcodes, asynchronous
 * messages, and floods of all of these.
 */
#include "peer.h"

#include <stdlib.h>

#include "iscsi/iscsi_int.h"

static void
start(struct peer *p)
{
	peer_init(p, NULL);
	peer_login(p, "", 0);
}

static void
nop_out(struct peer *p, uint32_t itt, uint32_t ttt, const void *data, uint32_t len)
{
	uint8_t bhs[BHS_SIZE];

	peer_request(p, bhs, OP_NOP_OUT, FLAG_FINAL, true);
	put_be32(bhs + AT_ITT, itt);
	put_be32(bhs + AT_TTT, ttt);
	peer_send(p, bhs, data, len);
}

static void
test_echo_is_cut_to_what_the_initiator_takes(void **state)
{
	uint8_t *data = calloc(1, 20000);
	struct got got;
	struct peer p;

	(void)state;
	assert_non_null(data);
	start(&p);
	nop_out(&p, 5, TAG_NONE, data, 20000);
	peer_expect(&p, OP_NOP_IN, &got);
	assert_int_equal(got.data_len, 8192);
	free(data);
	peer_fini(&p);
}

static void
test_nop_out_without_a_tag_is_not_answered(void **state)
{
	struct peer p;

	(void)state;
	start(&p);
	nop_out(&p, TAG_NONE, TAG_NONE, NULL, 0);
	peer_expect_nothing(&p);
	peer_fini(&p);
}

/* RFC 7143 §11.18.1: such a NOP-Out never takes a CmdSN, also when its sender forgot the I bit. */
static void
test_nop_out_without_a_tag_takes_no_number(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	start(&p);
	peer_request(&p, bhs, OP_NOP_OUT, FLAG_FINAL, false);
	p.cmd_sn = get_be32(bhs + AT_CMD_SN); /* the next command has the same number */
	put_be32(bhs + AT_ITT, TAG_NONE);
	put_be32(bhs + AT_TTT, TAG_NONE);
	peer_send(&p, bhs, NULL, 0);
	peer_expect_nothing(&p);
	peer_read10(&p, bhs, 0, 1);
	assert_int_equal(get_be32(bhs + AT_CMD_SN), p.cmd_sn - 1);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_DATA_IN, &got);
	peer_fini(&p);
}

static void
test_ping_and_its_answer(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	start(&p);
	peer_clear_events(&p);
	assert_int_equal(iscsi_conn_ping(p.conn), 0);
	assert_int_equal(iscsi_conn_ping(p.conn), ERR_BUSY);
	peer_pump(&p);
	peer_expect(&p, OP_NOP_IN, &got);
	nop_out(&p, TAG_NONE, get_be32(got.bhs + AT_TTT) + 1, NULL, 0); /* of another ping */
	assert_int_equal(iscsi_conn_ping(p.conn), ERR_BUSY);
	nop_out(&p, TAG_NONE, get_be32(got.bhs + AT_TTT), NULL, 0);
	assert_int_equal(iscsi_conn_ping(p.conn), 0);
	peer_fini(&p);
}

static void
test_ping_before_login_is_refused(void **state)
{
	struct iscsi_async message = { .event = ISCSI_ASYNC_LOGOUT_REQUEST };
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	assert_int_equal(iscsi_conn_ping(p.conn), ERR_INVALID);
	assert_int_equal(iscsi_conn_async_message(p.conn, &message), ERR_INVALID);
	peer_fini(&p);
}

/* --- logout --- */

static int
logout(struct peer *p, unsigned reason, uint16_t cid, struct got *got)
{
	uint8_t bhs[BHS_SIZE];
	int err;

	peer_request(p, bhs, OP_LOGOUT, (uint8_t)(FLAG_FINAL | reason), true);
	put_be16(bhs + AT_CID, cid);
	err = peer_send(p, bhs, NULL, 0);
	assert_true(peer_next(p, got));
	return err;
}

static void
test_every_reason_to_log_out(void **state)
{
	static const struct {
		unsigned reason;
		uint16_t cid;
		uint8_t opcode, response;
		int error;
		/* clang-format off */
	} rows[] = {
		{ 0, 0, OP_LOGOUT_RESPONSE, 0, ERR_CLOSED },
		{ 0, 9, OP_LOGOUT_RESPONSE, 0, ERR_CLOSED },	/* the CID says nothing then */
		{ 1, 0, OP_LOGOUT_RESPONSE, 0, ERR_CLOSED },
		{ 1, 9, OP_LOGOUT_RESPONSE, 1, 0 },
		{ 2, 0, OP_LOGOUT_RESPONSE, 2, 0 },
		{ 3, 0, OP_REJECT, REJECT_INVALID_FIELD, 0 },
		{ 127, 0, OP_REJECT, REJECT_INVALID_FIELD, 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct got got;
		struct peer p;

		start(&p);
		assert_int_equal(logout(&p, rows[i].reason, rows[i].cid, &got), rows[i].error);
		assert_int_equal(iscsi_bhs_opcode(got.bhs), rows[i].opcode);
		assert_int_equal(got.bhs[AT_RESPONSE], rows[i].response);
		peer_fini(&p);
	}
}

static void
test_logout_ends_the_tasks(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	start(&p);
	p.mode = PEER_HOLD;
	peer_command(&p, bhs, FLAG_FINAL, 0);
	peer_send(&p, bhs, NULL, 0);
	assert_int_equal(logout(&p, 0, 0, &got), ERR_CLOSED);
	assert_true(p.held[0]->aborted);
	assert_int_equal(iscsi_conn_tasks(p.conn), 1);
	assert_int_equal(peer_send(&p, bhs, NULL, 0), ERR_CLOSED);
	peer_fini(&p);
}

static void
test_logout_of_a_discovery_session(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_discovery(&p);
	assert_int_equal(logout(&p, 0, 0, &got), ERR_CLOSED);
	assert_int_equal(got.bhs[AT_RESPONSE], 0);
	peer_fini(&p);
}

/* --- what is not supported --- */

static void
test_every_opcode_is_answered(void **state)
{
	(void)state;
	for (unsigned opcode = 0; opcode <= OP_MASK; opcode++) {
		static const bool known[OP_MASK + 1] = {
			[OP_NOP_OUT] = true, [OP_COMMAND] = true, [OP_TMF] = true,
			[OP_LOGIN] = true,   [OP_TEXT] = true,    [OP_DATA_OUT] = true,
			[OP_LOGOUT] = true,  [OP_SNACK] = true,
		};
		uint8_t bhs[BHS_SIZE];
		struct got got;
		struct peer p;

		if (known[opcode])
			continue;
		start(&p);
		peer_request(&p, bhs, (enum iscsi_pdu_opcode)opcode, FLAG_FINAL, true);
		assert_int_equal(peer_send(&p, bhs, "some data", 9), 0);
		peer_expect(&p, OP_REJECT, &got);
		assert_int_equal(got.bhs[AT_RESPONSE], REJECT_NOT_SUPPORTED);
		peer_fini(&p);
	}
}

static void
test_snack_is_rejected(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	start(&p);
	iscsi_pdu_start(bhs, OP_SNACK, TAG_NONE);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_REJECT, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], REJECT_SNACK);
	assert_int_equal(p.error, 0);
	peer_fini(&p);
}

/* --- floods --- */

static void
test_owner_is_asked_to_wait(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;
	unsigned n = 0;

	(void)state;
	start(&p);
	assert_true(iscsi_conn_wants_input(p.conn));
	while (iscsi_conn_wants_input(p.conn) && n++ < 1000) {
		peer_request(&p, bhs, OP_NOP_OUT, FLAG_FINAL, true);
		put_be32(bhs + AT_TTT, TAG_NONE);
		assert_int_equal(peer_feed_quiet(&p, bhs, BHS_SIZE), 0);
	}
	assert_true(n < 1000);
	peer_pump(&p);
	assert_true(iscsi_conn_wants_input(p.conn));
	peer_fini(&p);
}

static void
test_flood_drops_the_connection(void **state)
{
	uint8_t *data = calloc(1, 8192 + BHS_SIZE);
	struct peer p;
	unsigned n = 0;

	(void)state;
	assert_non_null(data);
	start(&p);
	peer_request(&p, data, OP_NOP_OUT, FLAG_FINAL, true);
	put_be32(data + AT_TTT, TAG_NONE);
	put_be24(data + AT_DATA_LEN, 8192);
	while (p.error == 0 && n++ < 100000)
		p.error = iscsi_conn_input(p.conn, data, 8192 + BHS_SIZE);
	assert_int_equal(p.error, ERR_LIMIT);
	assert_true(n <= TX_BYTES_HARD / 8192 + 1);
	free(data);
	peer_fini(&p);
}

static void
test_sense_that_is_too_long_is_refused(void **state)
{
	static const uint8_t sense[253];
	struct iscsi_async message = { .sense = sense, .sense_len = sizeof(sense) };
	struct peer p;

	(void)state;
	start(&p);
	assert_int_equal(iscsi_conn_async_message(p.conn, &message), ERR_INVALID);
	message.sense_len = 252;
	assert_int_equal(iscsi_conn_async_message(p.conn, &message), 0);
	peer_pump(&p);
	peer_expect(&p, OP_ASYNC, NULL);
	peer_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo_is_cut_to_what_the_initiator_takes),
		cmocka_unit_test(test_nop_out_without_a_tag_is_not_answered),
		cmocka_unit_test(test_nop_out_without_a_tag_takes_no_number),
		cmocka_unit_test(test_ping_and_its_answer),
		cmocka_unit_test(test_ping_before_login_is_refused),
		cmocka_unit_test(test_every_reason_to_log_out),
		cmocka_unit_test(test_logout_ends_the_tasks),
		cmocka_unit_test(test_logout_of_a_discovery_session),
		cmocka_unit_test(test_every_opcode_is_answered),
		cmocka_unit_test(test_snack_is_rejected),
		cmocka_unit_test(test_owner_is_asked_to_wait),
		cmocka_unit_test(test_flood_drops_the_connection),
		cmocka_unit_test(test_sense_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
