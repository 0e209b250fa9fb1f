/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of ErrorRecoveryLevel 1 for what an initiator sends: data and commands that are damaged,
 * lost, or come twice.  RFC 7143 §7.8, §7.9, §7.2.1.  test_recover.c tests what is sent again to
 * the initiator.
 */
#include "peer.h"

#include <stdlib.h>

#include "iscsi/iscsi_int.h"

#define BLOCKS 8u /* of each write */
#define BYTES  (BLOCKS * PEER_BLOCK)
#define BURST  2048u
#define PART   512u

static uint8_t data[BYTES];

static void
start(struct peer *p, const char *keys)
{
	peer_init(p, NULL);
	peer_login_with(p,
			"ErrorRecoveryLevel=1;HeaderDigest=CRC32C;DataDigest=CRC32C;"
			"MaxBurstLength=2048;FirstBurstLength=2048;%s",
			keys);
	p->mode = PEER_COPY;
	for (uint32_t i = 0; i < BYTES; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	memset(p->disk, 0, BYTES);
}

static void
write_begin(struct peer *p, bool final)
{
	uint8_t bhs[BHS_SIZE];

	peer_write10(p, bhs, 0, BLOCKS, final);
	assert_int_equal(peer_send(p, bhs, NULL, 0), 0);
}

/* Expects an R2T for this range; returns its tag. */
static uint32_t
expect_r2t(struct peer *p, uint32_t r2t_sn, uint32_t offset, uint32_t len)
{
	struct got got;

	peer_expect(p, OP_R2T, &got);
	assert_int_equal(get_be32(got.bhs + AT_DATA_SN), r2t_sn);
	assert_int_equal(get_be32(got.bhs + AT_OFFSET), offset);
	assert_int_equal(get_be32(got.bhs + AT_DESIRED_LEN), len);
	return get_be32(got.bhs + AT_TTT);
}

/* Sends one part of a sequence that begins at `base`. */
static void
part(struct peer *p, uint32_t ttt, uint32_t base, uint32_t sn, bool final)
{
	uint8_t bhs[BHS_SIZE];

	peer_data_out(bhs, p->itt, ttt, sn, base + sn * PART, final);
	assert_int_equal(peer_send(p, bhs, data + base + sn * PART, PART), 0);
}

static void
damaged_part(struct peer *p, uint32_t ttt, uint32_t base, uint32_t sn, bool final)
{
	struct got got;

	p->faulty_digest = true;
	part(p, ttt, base, sn, final);
	peer_expect(p, OP_REJECT, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], REJECT_DATA_DIGEST);
}

static void
whole(struct peer *p, uint32_t ttt, uint32_t from, uint32_t len)
{
	for (uint32_t sn = 0; sn * PART < len; sn++)
		part(p, ttt, from, sn, (sn + 1) * PART == len);
}

static void
expect_written(struct peer *p)
{
	peer_expect_good(p, &(struct got){ 0 });
	assert_memory_equal(p->disk, data, BYTES);
	peer_expect_alive(p);
}

/* §7.8: "Request retransmission with a recovery R2T", from the damaged PDU on. */
static void
test_damaged_data_is_requested_again(void **state)
{
	(void)state;
	for (uint32_t bad = 0; bad < 4; bad++) {
		uint32_t ttt;
		struct peer p;

		start(&p, "");
		write_begin(&p, true);
		ttt = expect_r2t(&p, 0, 0, BURST);
		for (uint32_t sn = 0; sn < 4; sn++) {
			if (sn == bad)
				damaged_part(&p, ttt, 0, sn, sn == 3);
			else
				part(&p, ttt, 0, sn, sn == 3);
		}
		ttt = expect_r2t(&p, 1, bad * PART, BURST);
		whole(&p, ttt, bad * PART, BURST);
		ttt = expect_r2t(&p, 2, bad * PART + BURST, BYTES - BURST - bad * PART);
		whole(&p, ttt, bad * PART + BURST, BYTES - BURST - bad * PART);
		expect_written(&p);
	}
}

/* §7.9: a gap in DataSN means that a PDU was discarded. */
static void
test_lost_data_is_requested_again(void **state)
{
	(void)state;
	for (uint32_t lost = 0; lost < 3; lost++) {
		uint32_t ttt;
		struct peer p;

		start(&p, "");
		write_begin(&p, true);
		ttt = expect_r2t(&p, 0, 0, BURST);
		for (uint32_t sn = 0; sn < 4; sn++)
			if (sn != lost)
				part(&p, ttt, 0, sn, sn == 3);
		ttt = expect_r2t(&p, 1, lost * PART, BURST);
		whole(&p, ttt, lost * PART, BURST);
		ttt = expect_r2t(&p, 2, lost * PART + BURST, BYTES - BURST - lost * PART);
		whole(&p, ttt, lost * PART + BURST, BYTES - BURST - lost * PART);
		expect_written(&p);
	}
}

static void
test_data_that_comes_twice_or_in_disorder_does_no_harm(void **state)
{
	static const uint32_t orders[][5] = {
		{ 0, 0, 1, 2, 3 },
		{ 0, 1, 2, 2, 3 },
		{ 0, 2, 1, 2, 3 },
		{ 0, 1, 0, 2, 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		uint32_t first, ttt;
		struct peer p;

		start(&p, "");
		write_begin(&p, true);
		first = expect_r2t(&p, 0, 0, BURST);
		for (uint32_t k = 0; k < 5; k++)
			part(&p, first, 0, orders[i][k], orders[i][k] == 3);
		ttt = expect_r2t(&p, 1, BURST, BURST);
		part(&p, first, 0, 3, true); /* the end again */
		peer_expect_nothing(&p);
		whole(&p, ttt, BURST, BURST);
		expect_written(&p);
	}
}

/* The end comes first: what follows belongs to an R2T that was replaced. */
static void
test_data_of_a_replaced_r2t_is_ignored(void **state)
{
	uint32_t first, ttt;
	struct peer p;

	(void)state;
	start(&p, "");
	write_begin(&p, true);
	first = expect_r2t(&p, 0, 0, BURST);
	part(&p, first, 0, 3, true);
	ttt = expect_r2t(&p, 1, 0, BURST);
	for (uint32_t sn = 0; sn < 3; sn++)
		part(&p, first, 0, sn, false);
	damaged_part(&p, first, 0, 3, true);
	whole(&p, ttt, 0, BURST);
	ttt = expect_r2t(&p, 2, BURST, BURST);
	whole(&p, ttt, BURST, BURST);
	expect_written(&p);
}

static void
test_unsolicited_data_is_requested_when_it_is_lost(void **state)
{
	(void)state;
	for (uint32_t lost = 0; lost < 4; lost++) {
		uint32_t ttt;
		struct peer p;

		start(&p, "InitialR2T=No;");
		write_begin(&p, false);
		for (uint32_t sn = 0; sn < 4; sn++) {
			if (sn == lost)
				damaged_part(&p, TAG_NONE, 0, sn, sn == 3);
			else
				part(&p, TAG_NONE, 0, sn, sn == 3);
		}
		ttt = expect_r2t(&p, 0, lost * PART, BURST);
		part(&p, TAG_NONE, 0, 3, true); /* comes late */
		peer_expect_nothing(&p);
		whole(&p, ttt, lost * PART, BURST);
		ttt = expect_r2t(&p, 1, lost * PART + BURST, BYTES - BURST - lost * PART);
		whole(&p, ttt, lost * PART + BURST, BYTES - BURST - lost * PART);
		expect_written(&p);
	}
}

/* Rules that have nothing to do with lost PDUs hold as ever: §11.4.7.2. */
static void
test_wrong_data_fails_the_command_as_ever(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	uint32_t ttt;
	struct peer p;

	(void)state;
	start(&p, "");
	write_begin(&p, true);
	ttt = expect_r2t(&p, 0, 0, BURST);
	peer_data_out(bhs, p.itt, ttt, 0, PART, true); /* the wrong offset */
	peer_send(&p, bhs, data, PART);
	peer_expect(&p, OP_RESPONSE, &got);
	assert_int_equal(got.bhs[AT_STATUS], 2);
	write_begin(&p, true);
	expect_r2t(&p, 0, 0, BURST);
	part(&p, TAG_NONE, 0, 0, true); /* unsolicited, where none is allowed */
	peer_expect_nothing(&p);
	iscsi_conn_recover(p.conn);
	iscsi_conn_recover(p.conn); /* its R2T is not answered any more */
	peer_pump(&p);
	peer_expect(&p, OP_RESPONSE, &got);
	assert_int_equal(got.bhs[AT_STATUS], 2);
	peer_expect_alive(&p);
}

static void
look(struct peer *p)
{
	assert_true(iscsi_conn_awaits_data(p->conn));
	iscsi_conn_recover(p->conn);
	peer_pump(p);
}

/* §7.1.4.1: a sequence reception timeout.  The R2T itself may be what was lost. */
static void
test_silence_repeats_the_r2t_and_then_asks_anew(void **state)
{
	uint32_t ttt;
	struct peer p;

	(void)state;
	start(&p, "");
	assert_false(iscsi_conn_awaits_data(p.conn));
	write_begin(&p, true);
	ttt = expect_r2t(&p, 0, 0, BURST);
	look(&p);
	peer_expect_nothing(&p);
	look(&p);
	assert_int_equal(expect_r2t(&p, 0, 0, BURST), ttt);
	look(&p);
	assert_true(expect_r2t(&p, 1, 0, BURST) != ttt);
	look(&p);
	peer_expect_nothing(&p);
	look(&p);
	ttt = expect_r2t(&p, 1, 0, BURST);
	whole(&p, ttt, 0, BURST);
	ttt = expect_r2t(&p, 2, BURST, BURST);
	part(&p, ttt, BURST, 0, false);
	part(&p, ttt, BURST, 1, false);
	look(&p);
	part(&p, ttt, BURST, 2, false);
	look(&p);
	peer_expect_nothing(&p);
	look(&p); /* the last one was lost */
	ttt = expect_r2t(&p, 3, BYTES - PART, PART);
	part(&p, ttt, BYTES - PART, 0, true);
	peer_expect_good(&p, &(struct got){ 0 });
	look(&p);
	assert_false(iscsi_conn_awaits_data(p.conn));
	assert_memory_equal(p.disk, data, BYTES);
	peer_expect_alive(&p);
}

static void
test_silence_ends_unsolicited_data(void **state)
{
	uint32_t ttt;
	struct peer p;

	(void)state;
	start(&p, "InitialR2T=No;");
	write_begin(&p, false);
	part(&p, TAG_NONE, 0, 0, false);
	look(&p);
	look(&p);
	ttt = expect_r2t(&p, 0, PART, BURST);
	part(&p, TAG_NONE, 0, 1, false); /* comes late */
	whole(&p, ttt, PART, BURST);
	ttt = expect_r2t(&p, 1, PART + BURST, BURST - PART);
	whole(&p, ttt, PART + BURST, BURST - PART);
	expect_written(&p);
}

/* Data that is being received is no silence, and what follows is received into the right place. */
static void
test_slow_data_is_no_silence(void **state)
{
	static uint8_t pdu[PEER_PDU_MAX + BURST];
	uint8_t bhs[BHS_SIZE];
	size_t len;
	uint32_t ttt;
	struct peer p;

	(void)state;
	start(&p, "");
	write_begin(&p, true);
	ttt = expect_r2t(&p, 0, 0, BURST);
	peer_data_out(bhs, p.itt, ttt, 0, 0, true);
	len = peer_build(&p, pdu, bhs, NULL, 0, data, BURST);
	assert_int_equal(peer_feed(&p, pdu, BHS_SIZE + DIGEST_SIZE), 0);
	for (size_t at = BHS_SIZE + DIGEST_SIZE; at < len; at++) {
		look(&p);
		peer_expect_nothing(&p);
		assert_int_equal(peer_feed(&p, pdu + at, 1), 0);
	}
	ttt = expect_r2t(&p, 1, BURST, BURST);
	whole(&p, ttt, BURST, BURST);
	expect_written(&p);
}

/* A command that was refused early waits for the end of its data, which may be lost: §11.4. */
static void
test_refused_write_ends_when_its_data_does_not_come(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	start(&p, "InitialR2T=No;");
	p.mode = PEER_REFUSE;
	peer_write10(&p, bhs, 0, BLOCKS, false);
	peer_send(&p, bhs, NULL, 0);
	part(&p, TAG_NONE, 0, 0, false);
	look(&p);
	peer_expect_nothing(&p);
	look(&p);
	peer_expect(&p, OP_RESPONSE, &got);
	assert_int_equal(got.bhs[AT_STATUS], 2);
	peer_expect_alive(&p);
}

static void
r2t_snack(struct peer *p, uint32_t from, uint32_t len)
{
	peer_snack(p, SNACK_DATA, p->itt, TAG_NONE, from, len);
}

/* §11.16: R2TSN.  An R2T is acknowledged when its data has come. */
static void
test_r2t_is_sent_again(void **state)
{
	uint32_t ttt;
	struct peer p;

	(void)state;
	start(&p, "");
	write_begin(&p, true);
	ttt = expect_r2t(&p, 0, 0, BURST);
	r2t_snack(&p, 0, 1);
	assert_int_equal(expect_r2t(&p, 0, 0, BURST), ttt);
	r2t_snack(&p, 0, 0);
	assert_int_equal(expect_r2t(&p, 0, 0, BURST), ttt);
	r2t_snack(&p, 1, 0);
	peer_expect_reject(&p, REJECT_PROTOCOL);
	r2t_snack(&p, 0, 2);
	peer_expect_reject(&p, REJECT_PROTOCOL);
	whole(&p, ttt, 0, BURST);
	ttt = expect_r2t(&p, 1, BURST, BURST);
	r2t_snack(&p, 0, 1);
	peer_expect_reject(&p, REJECT_PROTOCOL);
	r2t_snack(&p, 0, 0);
	assert_int_equal(expect_r2t(&p, 1, BURST, BURST), ttt);
	whole(&p, ttt, BURST, BURST);
	expect_written(&p);
}

/*
 * §7.8: no further action; the command is sent again under its number, §7.2.1, and then only once.
 */
static void
test_damaged_command_is_taken_when_it_is_retried(void **state)
{
	uint8_t first[BHS_SIZE], second[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	start(&p, "");
	peer_write10(&p, first, 0, 1, true);
	p.faulty_digest = true;
	peer_send(&p, first, data, PEER_BLOCK);
	peer_write10(&p, second, 1, 1, true);
	peer_send(&p, second, data + PEER_BLOCK, PEER_BLOCK);
	peer_expect(&p, OP_REJECT, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], REJECT_DATA_DIGEST);
	assert_memory_equal(got.data, first, BHS_SIZE);
	assert_int_equal(get_be32(got.bhs + AT_EXP_CMD_SN), get_be32(first + AT_CMD_SN));
	peer_expect_nothing(&p); /* the second waits for the first */
	peer_send(&p, first, data, PEER_BLOCK);
	peer_expect_good(&p, &got);
	assert_int_equal(get_be32(got.bhs + AT_ITT), get_be32(first + AT_ITT));
	peer_expect_good(&p, &got);
	peer_send(&p, first, data, PEER_BLOCK);
	peer_send(&p, second, data + PEER_BLOCK, PEER_BLOCK);
	peer_expect_nothing(&p);
	assert_int_equal(p.given, 2);
	assert_memory_equal(p.disk, data, 2 * PEER_BLOCK);
	p.cmd_sn = get_be32(second + AT_CMD_SN) + 1;
	peer_expect_alive(&p);
}

/* The data of commands that came ahead of their turn: damaged or lost, too. */
static void
test_gap_in_the_data_of_a_command_that_was_ahead(void **state)
{
	uint8_t lost[BHS_SIZE];
	uint32_t ttt;
	struct peer p;

	(void)state;
	start(&p, "InitialR2T=No;");
	peer_command(&p, lost, FLAG_FINAL, 0);
	write_begin(&p, false);
	part(&p, TAG_NONE, 0, 0, false);
	damaged_part(&p, TAG_NONE, 0, 1, false);
	part(&p, TAG_NONE, 0, 2, false);
	part(&p, TAG_NONE, 0, 3, true);
	peer_send(&p, lost, NULL, 0);
	peer_expect_good(&p, &(struct got){ 0 });
	ttt = expect_r2t(&p, 0, PART, BURST);
	whole(&p, ttt, PART, BURST);
	ttt = expect_r2t(&p, 1, PART + BURST, BURST - PART);
	whole(&p, ttt, PART + BURST, BURST - PART);
	p.cmd_sn = get_be32(lost + AT_CMD_SN) + 2;
	expect_written(&p);
}

/* The connection is not ended, nor does it wait: what is missing will come through it. */
static void
test_commands_too_far_ahead_are_rejected(void **state)
{
	enum { LEN = 256 * 1024, WRITES = 5 };
	static uint8_t bytes[LEN];
	static uint8_t lost[BHS_SIZE], ahead[WRITES][BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_with(&p, "ErrorRecoveryLevel=1;InitialR2T=No;FirstBurstLength=262144;");
	peer_command(&p, lost, FLAG_FINAL, 0);
	for (uint32_t i = 0; i < WRITES; i++) {
		peer_write10(&p, ahead[i], i * LEN / PEER_BLOCK, LEN / PEER_BLOCK, true);
		assert_int_equal(peer_send(&p, ahead[i], bytes, LEN), 0);
		assert_true(iscsi_conn_wants_input(p.conn));
	}
	for (unsigned i = 3; i < WRITES; i++) { /* 1 MiB with their headers is too much */
		peer_expect(&p, OP_REJECT, &got);
		assert_int_equal(got.bhs[AT_RESPONSE], REJECT_NO_RESOURCES);
		assert_memory_equal(got.data, ahead[i], BHS_SIZE);
	}
	peer_send(&p, lost, NULL, 0);
	for (unsigned i = 0; i < 4; i++)
		peer_expect_good(&p, &got);
	for (unsigned i = 3; i < WRITES; i++) {
		peer_send(&p, ahead[i], bytes, LEN);
		peer_expect_good(&p, &got);
	}
	p.cmd_sn = get_be32(lost + AT_CMD_SN) + 1 + WRITES;
	peer_expect_alive(&p);
}

/* §7.8 lets a target close the connection then, since the length may be wrong. */
static void
test_wrong_header_digest_closes_the_connection(void **state)
{
	uint8_t bhs[BHS_SIZE], pdu[PEER_PDU_MAX];
	size_t len;
	struct peer p;

	(void)state;
	start(&p, "");
	peer_command(&p, bhs, FLAG_FINAL, 0);
	len = peer_build(&p, pdu, bhs, NULL, 0, NULL, 0);
	pdu[20] ^= 1;
	assert_int_equal(peer_feed(&p, pdu, len), ERR_PROTOCOL);
	peer_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged_data_is_requested_again),
		cmocka_unit_test(test_lost_data_is_requested_again),
		cmocka_unit_test(test_data_that_comes_twice_or_in_disorder_does_no_harm),
		cmocka_unit_test(test_data_of_a_replaced_r2t_is_ignored),
		cmocka_unit_test(test_unsolicited_data_is_requested_when_it_is_lost),
		cmocka_unit_test(test_wrong_data_fails_the_command_as_ever),
		cmocka_unit_test(test_silence_repeats_the_r2t_and_then_asks_anew),
		cmocka_unit_test(test_silence_ends_unsolicited_data),
		cmocka_unit_test(test_slow_data_is_no_silence),
		cmocka_unit_test(test_refused_write_ends_when_its_data_does_not_come),
		cmocka_unit_test(test_r2t_is_sent_again),
		cmocka_unit_test(test_damaged_command_is_taken_when_it_is_retried),
		cmocka_unit_test(test_gap_in_the_data_of_a_command_that_was_ahead),
		cmocka_unit_test(test_commands_too_far_ahead_are_rejected),
		cmocka_unit_test(test_wrong_header_digest_closes_the_connection),
	};

	return cmocka_run_group_tests_name("iscsi recover_out", tests, NULL, NULL);
}
