/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the command window: its edges, commands that arrive early, commands that are dropped,
 * and the wrap at 2^32. Source: RFC 7143 §4.2.2.1.
 */
#include "peer.h"

#include <stdlib.h>

#include "iscsi/iscsi_int.h"

static void
login_at(struct peer *p, uint32_t cmd_sn, uint16_t depth)
{
	peer_init_depth(p, NULL, depth);
	p->cmd_sn = cmd_sn;
	peer_login(p, "", 0);
}

static void
send_numbered(struct peer *p, uint32_t cmd_sn)
{
	uint8_t bhs[BHS_SIZE];

	peer_command(p, bhs, FLAG_FINAL, 0);
	put_be32(bhs + AT_CMD_SN, cmd_sn);
	assert_int_equal(peer_send(p, bhs, NULL, 0), 0);
}

static uint32_t
expect_window(struct peer *p, uint32_t exp, uint32_t max)
{
	struct got got;

	peer_expect(p, OP_RESPONSE, &got);
	assert_int_equal(get_be32(got.bhs + AT_EXP_CMD_SN), exp);
	assert_int_equal(get_be32(got.bhs + AT_MAX_CMD_SN), max);
	return get_be32(got.bhs + AT_ITT);
}

static void
test_places(void **state)
{
	static const uint32_t starts[] = { 0,          1,          100,        0x7ffffff0,
					   0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		struct iscsi_session *s;

		s = iscsi_session_new(32, 4, 0, NULL);
		assert_non_null(s);
		iscsi_session_start(s, starts[i]);
		assert_int_equal(iscsi_session_place(s, starts[i] - 1), SN_OUTSIDE);
		assert_int_equal(iscsi_session_place(s, starts[i]), SN_NEXT);
		assert_int_equal(iscsi_session_place(s, starts[i] + 1), SN_AHEAD);
		assert_int_equal(iscsi_session_place(s, starts[i] + 31), SN_AHEAD);
		assert_int_equal(iscsi_session_place(s, starts[i] + 32), SN_OUTSIDE);
		assert_int_equal(iscsi_session_place(s, starts[i] + 0x40000000), SN_OUTSIDE);
		assert_int_equal(iscsi_session_place(s, starts[i] - 0x40000000), SN_OUTSIDE);
		iscsi_session_unref(s);
	}
}

static void
test_window_follows_commands_across_the_wrap(void **state)
{
	struct peer p;
	uint32_t sn = 0xfffffff8;

	(void)state;
	login_at(&p, sn, 4);
	for (unsigned i = 0; i < 20; i++, sn++) {
		send_numbered(&p, sn);
		expect_window(&p, sn + 1, sn + 4);
	}
	peer_fini(&p);
}

static void
test_held_commands_close_the_window(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	login_at(&p, 0xfffffffe, 3);
	p.mode = PEER_HOLD;
	for (unsigned i = 0; i < 3; i++)
		send_numbered(&p, 0xfffffffe + i);
	assert_int_equal(p.held_count, 3);
	/* Beyond MaxCmdSN: dropped without a word. */
	send_numbered(&p, 1);
	assert_int_equal(p.held_count, 3);
	peer_expect_nothing(&p);
	/* A response opens it by one. */
	iscsi_task_good(p.held[1], 0);
	peer_pump(&p);
	peer_expect(&p, OP_RESPONSE, &got);
	assert_int_equal(get_be32(got.bhs + AT_EXP_CMD_SN), 1);
	assert_int_equal(get_be32(got.bhs + AT_MAX_CMD_SN), 1);
	send_numbered(&p, 1);
	assert_int_equal(p.held_count, 4);
	send_numbered(&p, 2);
	assert_int_equal(p.held_count, 4);
	peer_fini(&p);
}

static void
test_duplicates_are_dropped(void **state)
{
	struct peer p;

	(void)state;
	login_at(&p, 10, 8);
	send_numbered(&p, 10);
	expect_window(&p, 11, 18);
	send_numbered(&p, 10);
	send_numbered(&p, 9);
	peer_expect_nothing(&p);
	assert_int_equal(p.given, 1);
	peer_fini(&p);
}

static void
test_commands_run_in_the_order_of_their_numbers(void **state)
{
	static const uint32_t order[] = { 3, 1, 3, 2, 5, 0, 4 };
	struct peer p;
	uint32_t itts[6] = { 0 };

	(void)state;
	for (unsigned start = 0; start < 3; start++) {
		uint32_t base = start == 0 ? 1 : 0xfffffffc + start;

		login_at(&p, base, 16);
		for (size_t i = 0; i < ARRAY_LEN(order); i++) {
			send_numbered(&p, base + order[i]);
			if (i != 2)
				itts[order[i]] = p.itt;
			if (order[i] != 0 && i < 5)
				assert_int_equal(p.given, 0);
		}
		for (unsigned i = 0; i < 6; i++) {
			struct got got;

			peer_expect(&p, OP_RESPONSE, &got);
			assert_int_equal(get_be32(got.bhs + AT_ITT), itts[i]);
		}
		peer_expect_nothing(&p);
		peer_fini(&p);
	}
}

/* A write that waits for its turn keeps its immediate and its unsolicited data. */
static void
test_write_ahead_of_its_turn_keeps_its_data(void **state)
{
	static const char pairs[] = "InitialR2T=No\0FirstBurstLength=4096";
	uint8_t bhs[BHS_SIZE], data[1536];
	struct peer p;
	uint32_t itt;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, pairs, sizeof(pairs));
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 11);
	peer_write10(&p, bhs, 0, 3, false);
	itt = p.itt;
	put_be32(bhs + AT_CMD_SN, 2);
	peer_send(&p, bhs, data, 512);
	peer_data_out(bhs, itt, TAG_NONE, 0, 512, false);
	peer_send(&p, bhs, data + 512, 512);
	peer_data_out(bhs, itt, TAG_NONE, 1, 1024, true);
	peer_send(&p, bhs, data + 1024, 512);
	assert_int_equal(p.given, 0);
	send_numbered(&p, 1);
	peer_expect(&p, OP_RESPONSE, NULL);
	peer_expect(&p, OP_RESPONSE, NULL);
	assert_memory_equal(p.disk, data, sizeof(data));
	peer_fini(&p);
}

static void
test_what_is_held_is_bounded(void **state)
{
	static uint8_t data[65536];
	struct peer p;
	unsigned sent = 0;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	while (p.error == 0 && sent < 100) {
		uint8_t bhs[BHS_SIZE];

		peer_write10(&p, bhs, 0, 128, true);
		put_be32(bhs + AT_CMD_SN, 2 + sent);
		peer_send(&p, bhs, data, sizeof(data));
		sent++;
	}
	assert_int_equal(p.error, ERR_LIMIT);
	assert_true(sent <= HELD_BYTES_MAX / sizeof(data) + 1);
	peer_fini(&p);
}

static void
test_immediate_commands_pass_ahead(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	login_at(&p, 1, 1);
	p.mode = PEER_HOLD;
	send_numbered(&p, 1);
	/* The window is closed; what is immediate needs none and moves no number. */
	p.mode = PEER_SERVE;
	peer_command(&p, bhs, FLAG_FINAL, 0);
	bhs[AT_OPCODE] |= OP_IMMEDIATE;
	put_be32(bhs + AT_CMD_SN, 2);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_RESPONSE, &got);
	assert_int_equal(get_be32(got.bhs + AT_EXP_CMD_SN), 2);
	assert_int_equal(get_be32(got.bhs + AT_MAX_CMD_SN), 1);
	peer_fini(&p);
}

static void
test_too_many_immediate_commands_are_rejected(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	login_at(&p, 1, 1);
	p.mode = PEER_HOLD;
	for (unsigned i = 0; i < 16; i++) {
		peer_request(&p, bhs, OP_COMMAND, FLAG_FINAL, true);
		peer_send(&p, bhs, NULL, 0);
	}
	assert_int_equal(p.held_count, 16);
	peer_expect_nothing(&p);
	peer_request(&p, bhs, OP_COMMAND, FLAG_FINAL, true);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_REJECT, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], REJECT_TOO_MANY_IMMEDIATE);
	peer_fini(&p);
}

/* §11.3.1: W=0 with F=0, and the reserved attributes; they take their number and do nothing. */
static void
test_flags_that_mean_nothing_are_rejected(void **state)
{
	static const uint8_t wrong[] = { 0x01,
					 FLAG_READ | 0x01,
					 FLAG_FINAL | 0x05,
					 FLAG_FINAL | 0x06,
					 FLAG_FINAL | FLAG_READ | 0x07,
					 FLAG_WRITE | 0x07 };
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	login_at(&p, 1, 8);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		peer_command(&p, bhs, FLAG_FINAL, 0);
		bhs[AT_FLAGS] = wrong[i];
		peer_send(&p, bhs, NULL, 0);
		peer_expect(&p, OP_REJECT, &got);
		assert_int_equal(got.bhs[AT_RESPONSE], REJECT_INVALID_FIELD);
	}
	peer_expect_alive(&p);
}

static void
test_tag_in_use_is_rejected(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	login_at(&p, 1, 8);
	p.mode = PEER_HOLD;
	send_numbered(&p, 1);
	peer_command(&p, bhs, FLAG_FINAL, 0);
	put_be32(bhs + AT_ITT, p.itt - 1);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_REJECT, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], REJECT_TASK_IN_PROGRESS);
	peer_command(&p, bhs, FLAG_FINAL, 0);
	put_be32(bhs + AT_ITT, TAG_NONE);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_REJECT, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], REJECT_INVALID_FIELD);
	peer_fini(&p);
}

/*
 * RFC 7143 §7.3: the number counts as not received, until another command has it or its task is
 * aborted.
 */
static void
test_number_of_a_rejected_command_is_free(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	login_at(&p, 1, 8);
	for (unsigned held = 0; held < 2; held++) {
		uint32_t sn = 1 + 3 * held;

		if (held) /* the one behind waits for its turn with it */
			send_numbered(&p, sn + 1);
		peer_command(&p, bhs, FLAG_FINAL, 0);
		put_be32(bhs + AT_ITT, TAG_NONE);
		put_be32(bhs + AT_CMD_SN, sn);
		peer_send(&p, bhs, NULL, 0);
		peer_expect(&p, OP_REJECT, &got);
		assert_int_equal(get_be32(got.bhs + AT_EXP_CMD_SN), sn);
		assert_int_equal(get_be32(got.bhs + AT_MAX_CMD_SN), sn + 7);
		if (!held)
			send_numbered(&p, sn + 1);
		peer_expect_nothing(&p);
		send_numbered(&p, sn);
		expect_window(&p, sn + 1, sn + 8);
		expect_window(&p, sn + 2, sn + 9);
		send_numbered(&p, sn + 2);
		expect_window(&p, sn + 3, sn + 10);
	}
	peer_fini(&p);
}

/* A held write is rejected when its turn comes: the data that was held with it goes too. */
static void
test_data_of_a_rejected_command_goes_with_it(void **state)
{
	static const uint8_t ahs[4] = { 0, 1, 0x77 }, data[2][1024] = { { 1 }, { 2 } };
	static const char pairs[] = "InitialR2T=No";
	uint8_t bhs[BHS_SIZE], out[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init_depth(&p, NULL, 8);
	peer_login(&p, pairs, sizeof(pairs));
	uint32_t sn = p.cmd_sn;

	p.cmd_sn++;
	for (unsigned round = 0; round < 2; round++) {
		peer_write10(&p, bhs, 0, 2, false);
		put_be32(bhs + AT_CMD_SN, sn + 1);
		if (round == 0)
			peer_send_ahs(&p, bhs, ahs, sizeof(ahs), NULL, 0);
		else
			peer_send(&p, bhs, NULL, 0);
		peer_data_out(out, p.itt, TAG_NONE, 0, 0, true);
		peer_send(&p, out, data[round], sizeof(data[round]));
		if (round == 0) {
			send_numbered(&p, sn);
			peer_expect(&p, OP_RESPONSE, &got);
			peer_expect(&p, OP_REJECT, &got);
			assert_int_equal(get_be32(got.bhs + AT_EXP_CMD_SN), sn + 1);
		}
	}
	peer_expect(&p, OP_RESPONSE, &got);
	assert_int_equal(got.bhs[AT_STATUS], 0);
	assert_int_equal(p.disk[0], 2);
	assert_int_equal(p.error, 0);
	peer_fini(&p);
}

/* Answers that are not sent hold their tasks: the window allows no more than the pool has. */
static void
test_full_window_without_sending(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;
	unsigned full = 0;

	(void)state;
	peer_init_depth(&p, NULL, 8);
	peer_login(&p, "", 0);
	for (unsigned i = 0; i < 100; i++) {
		peer_read10(&p, bhs, i, 1);
		assert_int_equal(peer_feed_quiet(&p, bhs, BHS_SIZE), 0);
	}
	peer_pump(&p);
	while (peer_next(&p, &got))
		full += iscsi_bhs_opcode(got.bhs) == OP_RESPONSE && got.bhs[AT_STATUS] == 0x28;
	/* Whoever goes on though nothing is answered is told TASK SET FULL. */
	assert_true(full > 0 && full < 100);
	assert_int_equal(p.given + full, 100);
	peer_fini(&p);
}

static void
test_exp_stat_sn_is_noted_but_not_beyond_what_was_sent(void **state)
{
	struct peer p;
	uint8_t bhs[BHS_SIZE];

	(void)state;
	login_at(&p, 1, 8);
	for (unsigned i = 0; i < 3; i++) {
		peer_command(&p, bhs, FLAG_FINAL, 0);
		put_be32(bhs + AT_EXP_STAT_SN, i == 2 ? 1000 : i + 2);
		peer_send(&p, bhs, NULL, 0);
		peer_expect(&p, OP_RESPONSE, NULL);
	}
	assert_int_equal(p.conn->exp_stat_sn, 3);
	peer_fini(&p);
}

/* Three reads and all but a byte of a fourth in one input; a NOP-Out is no command. */
static void
test_the_command_behind_the_present_one_is_told_of(void **state)
{
	uint8_t input[5 * BHS_SIZE];
	struct peer p;

	(void)state;
	login_at(&p, 1, 8);
	for (unsigned i = 0; i < 4; i++)
		peer_read10(&p, input + i * BHS_SIZE, 10 + i, 1);
	input[2 * BHS_SIZE + AT_LUN + 1] = 5;
	assert_int_equal(peer_feed(&p, input, BHS_SIZE), 0);
	assert_int_equal(p.soon, 0);
	assert_int_equal(peer_feed(&p, input + BHS_SIZE, 3 * BHS_SIZE - 1), 0);
	assert_int_equal(p.soon, 1);
	assert_int_equal(p.soon_lun, 5);
	assert_memory_equal(p.soon_cdb, input + 2 * BHS_SIZE + AT_CDB, 16);
	assert_int_equal(p.given, 3);
	assert_int_equal(peer_feed(&p, input + 4 * BHS_SIZE - 1, 1), 0);
	assert_int_equal(p.given, 4);
	assert_int_equal(p.soon, 1);
	peer_fini(&p);
}

static void
test_what_is_no_command_is_not_told_of(void **state)
{
	uint8_t input[2 * BHS_SIZE];
	struct peer p;

	(void)state;
	login_at(&p, 1, 8);
	peer_read10(&p, input, 1, 1);
	peer_read10(&p, input + BHS_SIZE, 2, 1);
	input[BHS_SIZE + AT_OPCODE] = OP_NOP_OUT | 0x40;
	assert_int_equal(peer_feed(&p, input, sizeof(input)), 0);
	assert_int_equal(p.given, 1);
	assert_int_equal(p.soon, 0);
	peer_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_window_follows_commands_across_the_wrap),
		cmocka_unit_test(test_held_commands_close_the_window),
		cmocka_unit_test(test_duplicates_are_dropped),
		cmocka_unit_test(test_commands_run_in_the_order_of_their_numbers),
		cmocka_unit_test(test_write_ahead_of_its_turn_keeps_its_data),
		cmocka_unit_test(test_what_is_held_is_bounded),
		cmocka_unit_test(test_immediate_commands_pass_ahead),
		cmocka_unit_test(test_too_many_immediate_commands_are_rejected),
		cmocka_unit_test(test_tag_in_use_is_rejected),
		cmocka_unit_test(test_flags_that_mean_nothing_are_rejected),
		cmocka_unit_test(test_number_of_a_rejected_command_is_free),
		cmocka_unit_test(test_data_of_a_rejected_command_goes_with_it),
		cmocka_unit_test(test_full_window_without_sending),
		cmocka_unit_test(test_exp_stat_sn_is_noted_but_not_beyond_what_was_sent),
		cmocka_unit_test(test_the_command_behind_the_present_one_is_told_of),
		cmocka_unit_test(test_what_is_no_command_is_not_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
