/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of ErrorRecoveryLevel 1: what SNACK Requests of each type are answered with, what is kept
 * until when, and what bounds it.  test_recover_out.c tests the recovery of write data.
 */
#include "peer.h"

#include <stdlib.h>

#include "iscsi/iscsi_int.h"

#define KEYS  "ErrorRecoveryLevel=1;InitialR2T=No;FirstBurstLength=4096;"
#define SMALL "MaxRecvDataSegmentLength=1024;MaxBurstLength=4096;"

static unsigned skips; /* calls of iscsi_iov_cursor_skip */

size_t __real_iscsi_iov_cursor_skip(struct iscsi_iov_cursor *cur, size_t len, unsigned max);
size_t __wrap_iscsi_iov_cursor_skip(struct iscsi_iov_cursor *cur, size_t len, unsigned max);

size_t
__wrap_iscsi_iov_cursor_skip(struct iscsi_iov_cursor *cur, size_t len, unsigned max)
{
	skips++;
	return __real_iscsi_iov_cursor_skip(cur, len, max);
}

static void
start(struct peer *p, const char *keys)
{
	peer_init_depth(p, NULL, 4);
	peer_login_with(p, KEYS "%s", keys);
	assert_int_equal(iscsi_conn_params(p->conn)->error_recovery_level, 1);
}

static int
send_acked(struct peer *p, uint8_t *bhs, const void *data, uint32_t len)
{
	put_be32(bhs + AT_EXP_STAT_SN, p->acked);
	return peer_send(p, bhs, data, len);
}

/* A NOP-Out that is not answered brings ExpStatSN. */
static void
acknowledge(struct peer *p, uint32_t stat_sn)
{
	uint8_t bhs[BHS_SIZE];

	p->acked = stat_sn;
	peer_request(p, bhs, OP_NOP_OUT, FLAG_FINAL, true);
	put_be32(bhs + AT_ITT, TAG_NONE);
	put_be32(bhs + AT_TTT, TAG_NONE);
	assert_int_equal(send_acked(p, bhs, NULL, 0), 0);
}

struct sent {
	struct got pdu[20];
	unsigned count;
	struct got status;
	uint32_t itt;
};

/* Reads, and records what came. */
static void
read_recorded(struct peer *p, uint16_t blocks, struct sent *sent)
{
	uint8_t bhs[BHS_SIZE];

	peer_read10(p, bhs, 3, blocks);
	sent->itt = p->itt;
	sent->count = 0;
	assert_int_equal(send_acked(p, bhs, NULL, 0), 0);
	for (struct got got; peer_next(p, &got); sent->pdu[sent->count++] = got) {
		if (iscsi_bhs_opcode(got.bhs) == OP_RESPONSE) {
			sent->status = got;
			break;
		}
		assert_int_equal(iscsi_bhs_opcode(got.bhs), OP_DATA_IN);
		assert_true(sent->count < ARRAY_LEN(sent->pdu));
	}
	assert_int_equal(sent->status.bhs[AT_STATUS], 0);
	assert_int_equal(get_be32(sent->status.bhs + AT_DATA_SN), sent->count);
}

/* §11.16: exact replicas, except for ExpCmdSN and MaxCmdSN. */
static void
expect_replica(struct peer *p, const struct got *first)
{
	struct got got;

	peer_expect(p, (enum iscsi_pdu_opcode)iscsi_bhs_opcode(first->bhs), &got);
	assert_memory_equal(got.bhs, first->bhs, AT_EXP_CMD_SN);
	assert_memory_equal(got.bhs + AT_DATA_SN, first->bhs + AT_DATA_SN, BHS_SIZE - AT_DATA_SN);
	assert_int_equal(got.data_len, first->data_len);
	if (got.data_len > 0 && iscsi_bhs_opcode(got.bhs) == OP_DATA_IN)
		assert_memory_equal(got.data,
				    p->disk + 3 * PEER_BLOCK + get_be32(got.bhs + AT_OFFSET),
				    got.data_len);
}

static void
runs_with(int pieces, const char *keys)
{
	static const uint32_t runs[][2] = { { 0, 1 }, { 1, 2 }, { 2, 0 }, { 0, 0 }, { 3, 1 } };
	struct sent sent;
	struct peer p;

	start(&p, keys);
	p.read_pieces = pieces;
	read_recorded(&p, 32, &sent);
	assert_true(sent.count >= 4);
	for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
		uint32_t from = runs[i][0], len = runs[i][1];
		uint32_t to = len == 0 ? sent.count : from + len;

		peer_snack(&p, SNACK_DATA, sent.itt, TAG_NONE, from, len);
		for (uint32_t sn = from; sn < to; sn++)
			expect_replica(&p, &sent.pdu[sn]);
		peer_expect_nothing(&p);
	}
	peer_expect_alive(&p);
}

/* §11.16.6, §11.16.7 */
static void
test_runs_of_data_are_sent_again(void **state)
{
	(void)state;
	runs_with(0, SMALL);
	runs_with(64, SMALL);
	runs_with(7, SMALL "HeaderDigest=CRC32C;DataDigest=CRC32C;");
	/* More buffers than a PDU has pieces: PDUs are shorter than the initiator takes. */
	runs_with(64, "MaxRecvDataSegmentLength=16384;MaxBurstLength=16384;");
	runs_with(64, "MaxRecvDataSegmentLength=16384;MaxBurstLength=6144;");
}

/* §11.7.2: at the end of each burst, and here not at that of the last one. */
static void
test_data_acknowledgment_is_asked_for_at_the_end_of_bursts(void **state)
{
	struct sent sent;
	struct peer p;

	(void)state;
	start(&p, SMALL);
	read_recorded(&p, 24, &sent);
	assert_int_equal(sent.count, 12);
	for (unsigned i = 0; i < sent.count; i++) {
		const uint8_t *bhs = sent.pdu[i].bhs;
		bool asks = (bhs[AT_FLAGS] & FLAG_ACKNOWLEDGE) != 0;

		assert_int_equal(asks, i % 4 == 3 && i != 11);
		assert_int_equal((bhs[AT_FLAGS] & FLAG_FINAL) != 0, i % 4 == 3);
		assert_int_equal(get_be32(bhs + AT_TTT) != TAG_NONE, asks);
		assert_int_equal(bhs[AT_FLAGS] & FLAG_STATUS, 0);
	}
	peer_fini(&p);
}

static void
ack_data(struct peer *p, const struct sent *sent, uint32_t next)
{
	peer_snack(p, SNACK_DATA_ACK, TAG_NONE, get_be32(sent->pdu[3].bhs + AT_TTT), next, 0);
}

/*
 * §11.16.2: "An initiator MUST NOT request retransmission for any data it had already
 * acknowledged."
 */
static void
test_acknowledged_data_is_not_sent_again(void **state)
{
	struct sent sent;
	struct peer p;

	(void)state;
	start(&p, SMALL);
	read_recorded(&p, 24, &sent);
	ack_data(&p, &sent, 4);
	ack_data(&p, &sent, 4);
	ack_data(&p, &sent, 2); /* comes late, and says less */
	peer_expect_nothing(&p);
	peer_snack(&p, SNACK_DATA, sent.itt, TAG_NONE, 3, 1);
	peer_expect_reject(&p, REJECT_PROTOCOL);
	peer_snack(&p, SNACK_DATA, sent.itt, TAG_NONE, 0, 0);
	for (unsigned i = 4; i < 12; i++)
		expect_replica(&p, &sent.pdu[i]);
	ack_data(&p, &sent, 12);
	peer_snack(&p, SNACK_DATA, sent.itt, TAG_NONE, 0, 0);
	peer_expect_alive(&p);
}

/* A peer that asks again and again takes no more time than the answers do. */
static void
test_pdus_are_found_without_counting_them(void **state)
{
	static const uint32_t count = 1024;
	struct got got, first = { { 0 }, NULL, 0 }, last = first;
	uint8_t bhs[BHS_SIZE];
	struct peer p;
	uint32_t itt;

	(void)state;
	start(&p, "MaxRecvDataSegmentLength=512;MaxBurstLength=1100;");
	p.read_pieces = 7;
	peer_read10(&p, bhs, 3, (uint16_t)(count / 3 * 1100 / PEER_BLOCK));
	itt = p.itt;
	assert_int_equal(send_acked(&p, bhs, NULL, 0), 0);
	while (peer_next(&p, &got) && iscsi_bhs_opcode(got.bhs) == OP_DATA_IN) {
		if ((got.bhs[AT_FLAGS] & FLAG_ACKNOWLEDGE) != 0 && first.data == NULL)
			first = got;
		last = got;
	}
	uint32_t end = get_be32(last.bhs + AT_DATA_SN);

	assert_in_range(end, count * 9 / 10, count);
	skips = 0;
	for (uint32_t i = 0; i < 100; i++) {
		peer_snack(&p, SNACK_DATA, itt, TAG_NONE, end - i % 2, 1 + i % 2);
		for (uint32_t k = 0; k < i % 2; k++)
			assert_true(peer_next(&p, &got));
		expect_replica(&p, &last);
	}
	for (uint32_t sn = 1; sn < end; sn++)
		peer_snack(&p, SNACK_DATA_ACK, TAG_NONE, get_be32(first.bhs + AT_TTT), sn, 0);
	assert_in_range(skips, 1, 4 * count);
	peer_snack(&p, SNACK_DATA, itt, TAG_NONE, 0, 0);
	peer_expect(&p, OP_DATA_IN, &got);
	expect_replica(&p, &last);
	peer_expect_alive(&p);
}

/* Everything that has a StatSN: §11.16, Status SNACK. */
static void
test_numbered_responses_are_sent_again(void **state)
{
	static const uint8_t data[512] = { 1 };
	struct iscsi_async async = { .event = ISCSI_ASYNC_LOGOUT_REQUEST, .param3 = 7 };
	struct got first[7];
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	start(&p, SMALL "DataDigest=CRC32C;");
	peer_write10(&p, bhs, 0, 1, true);
	send_acked(&p, bhs, data, sizeof(data));
	peer_expect(&p, OP_RESPONSE, &first[0]);
	peer_request(&p, bhs, OP_NOP_OUT, FLAG_FINAL, true);
	put_be32(bhs + AT_TTT, TAG_NONE);
	send_acked(&p, bhs, "ping", 4);
	peer_expect(&p, OP_NOP_IN, &first[1]);
	peer_request(&p, bhs, OP_TEXT, FLAG_FINAL, true);
	put_be32(bhs + AT_TTT, TAG_NONE);
	send_acked(&p, bhs, "X-y=1", 6);
	peer_expect(&p, OP_TEXT_RESPONSE, &first[2]);
	peer_request(&p, bhs, OP_TMF, FLAG_FINAL | ISCSI_TMF_LU_RESET, true);
	send_acked(&p, bhs, NULL, 0);
	peer_expect(&p, OP_TMF_RESPONSE, &first[3]);
	peer_request(&p, bhs, (enum iscsi_pdu_opcode)0x1c, FLAG_FINAL, true);
	send_acked(&p, bhs, NULL, 0);
	peer_expect(&p, OP_REJECT, &first[4]);
	assert_int_equal(iscsi_conn_async_message(p.conn, &async), 0);
	peer_pump(&p);
	peer_expect(&p, OP_ASYNC, &first[5]);
	peer_command(&p, bhs, FLAG_FINAL | FLAG_READ, 512); /* unknown: CHECK CONDITION */
	bhs[AT_CDB] = 0xff;
	send_acked(&p, bhs, NULL, 0);
	peer_expect(&p, OP_RESPONSE, &first[6]);
	assert_true(first[6].data_len > 0);

	uint32_t sn = get_be32(first[0].bhs + AT_STAT_SN);

	peer_snack(&p, SNACK_STATUS, TAG_NONE, TAG_NONE, 0, 0);
	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		expect_replica(&p, &first[i]);
	peer_snack(&p, SNACK_STATUS, TAG_NONE, TAG_NONE, sn + 2, 2);
	expect_replica(&p, &first[2]);
	expect_replica(&p, &first[3]);
	peer_snack(&p, SNACK_STATUS, TAG_NONE, TAG_NONE, sn + 6, 0);
	expect_replica(&p, &first[6]);
	acknowledge(&p, sn + 6);
	peer_snack(&p, SNACK_STATUS, TAG_NONE, TAG_NONE, 0, 0);
	expect_replica(&p, &first[6]);
	peer_expect_alive(&p);
}

/* §11.16: what "was not sent by the target or was already acknowledged" is a protocol error. */
static void
test_snacks_for_what_there_is_not_are_protocol_errors(void **state)
{
	struct sent sent;
	struct peer p;

	(void)state;
	start(&p, SMALL);
	read_recorded(&p, 16, &sent);

	uint32_t next = get_be32(sent.status.bhs + AT_STAT_SN) + 1;
	uint32_t tag = get_be32(sent.pdu[3].bhs + AT_TTT);
	const struct {
		unsigned type;
		uint32_t itt, tag, from, len;
	} wrong[] = {
		{ SNACK_STATUS, TAG_NONE, TAG_NONE, next, 0 },
		{ SNACK_STATUS, TAG_NONE, TAG_NONE, next + 1000, 1 },
		{ SNACK_STATUS, TAG_NONE, TAG_NONE, next - 1, UINT32_MAX },
		{ SNACK_STATUS, TAG_NONE, TAG_NONE, 0, 1 }, /* a login response */
		{ SNACK_STATUS, 1, TAG_NONE, next - 1, 1 },
		{ SNACK_DATA, sent.itt, TAG_NONE, 8, 0 },
		{ SNACK_DATA, sent.itt, TAG_NONE, 7, 2 },
		{ SNACK_DATA, sent.itt, TAG_NONE, 1, UINT32_MAX },
		{ SNACK_DATA, sent.itt, TAG_NONE, UINT32_MAX, 1 },
		{ SNACK_DATA, 12345, TAG_NONE, 0, 0 },
		{ SNACK_DATA, TAG_NONE, TAG_NONE, 0, 0 },
		{ SNACK_DATA_ACK, TAG_NONE, TAG_NONE, 4, 0 },
		{ SNACK_DATA_ACK, sent.itt, tag, 4, 0 },
		{ SNACK_DATA_ACK, TAG_NONE, tag, 4, 1 },
		{ SNACK_DATA_ACK, TAG_NONE, tag, 9, 0 },
		{ SNACK_R_DATA, sent.itt, 0, 0, 0 },
		{ SNACK_R_DATA, sent.itt, TAG_NONE, 0, 0 },
		{ SNACK_R_DATA, sent.itt, 1, 1, 0 },
		{ SNACK_R_DATA, sent.itt, 1, 0, 1 },
		{ SNACK_R_DATA, 12345, 1, 0, 0 },
		{ 4, sent.itt, TAG_NONE, 0, 0 },
		{ 15, TAG_NONE, TAG_NONE, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		peer_snack(&p, wrong[i].type, wrong[i].itt, wrong[i].tag, wrong[i].from,
			   wrong[i].len);
		peer_expect_reject(&p, wrong[i].type == SNACK_DATA_ACK ? REJECT_INVALID_DATA_ACK
								       : REJECT_PROTOCOL);
		peer_expect_nothing(&p);
	}
	peer_snack(&p, SNACK_DATA_ACK, TAG_NONE, tag + (1 << 16), 4,
		   0); /* of a task that is over */
	peer_expect_nothing(&p);
	acknowledge(&p, next);
	peer_snack(&p, SNACK_DATA, sent.itt, TAG_NONE, 0, 1);
	peer_expect_reject(&p, REJECT_PROTOCOL);
	peer_snack(&p, SNACK_STATUS, TAG_NONE, TAG_NONE, next - 1, 1);
	peer_expect_reject(&p, REJECT_PROTOCOL);
	peer_expect_alive(&p);
}

/* The data that was sent is there until its status is acknowledged; a write needs none. */
static void
test_buffers_of_a_read_stay_until_the_status_is_acknowledged(void **state)
{
	static const uint8_t data[512] = { 1 };
	uint8_t bhs[BHS_SIZE];
	struct sent sent;
	struct peer p;

	(void)state;
	start(&p, SMALL);
	read_recorded(&p, 4, &sent);
	assert_int_equal(p.done, 0);
	peer_write10(&p, bhs, 0, 1, true);
	send_acked(&p, bhs, data, sizeof(data));
	peer_expect_good(&p, &sent.pdu[0]);
	assert_int_equal(p.done, 1);
	acknowledge(&p, get_be32(sent.status.bhs + AT_STAT_SN));
	assert_int_equal(p.done, 1);
	acknowledge(&p, get_be32(sent.status.bhs + AT_STAT_SN) + 1);
	assert_int_equal(p.done, 2);
	peer_fini(&p);
}

/* §4.2.2.2: ExpStatSN acknowledges what was sent.  Other values change nothing. */
static void
test_an_exp_stat_sn_without_sense_acknowledges_nothing(void **state)
{
	struct sent sent;
	struct peer p;

	(void)state;
	start(&p, SMALL);
	read_recorded(&p, 4, &sent);

	uint32_t sn = get_be32(sent.status.bhs + AT_STAT_SN);
	const uint32_t wrong[] = { sn + 2, sn + 1000, sn + 0x7fffffff, sn + 0x80000001, sn - 5, 0 };
	size_t memory = iscsi_conn_memory(p.conn);

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		acknowledge(&p, wrong[i]);
		assert_int_equal(p.done, 0);
		peer_snack(&p, SNACK_STATUS, TAG_NONE, TAG_NONE, sn, 1);
		expect_replica(&p, &sent.status);
	}
	assert_int_equal(iscsi_conn_memory(p.conn), memory);
	peer_expect_alive(&p);
}

static void
take_segments_of(struct peer *p, const char *pair)
{
	uint8_t bhs[BHS_SIZE];

	peer_request(p, bhs, OP_TEXT, FLAG_FINAL, true);
	put_be32(bhs + AT_TTT, TAG_NONE);
	send_acked(p, bhs, pair, (uint32_t)strlen(pair) + 1);
	peer_expect(p, OP_TEXT_RESPONSE, NULL);
}

/*
 * §11.16.3: from the last DataACK on, in other sizes, and a response with the tag and the same
 * StatSN.
 */
static void
test_r_data_snack_cuts_the_data_anew(void **state)
{
	uint32_t at = 4096;
	struct sent sent;
	struct got got;
	struct peer p;

	(void)state;
	start(&p, SMALL);
	read_recorded(&p, 24, &sent);
	ack_data(&p, &sent, 4);
	take_segments_of(&p, "MaxRecvDataSegmentLength=768");
	peer_snack(&p, SNACK_DATA, sent.itt, TAG_NONE, 5, 1);
	peer_expect_reject(&p, REJECT_PROTOCOL);
	peer_snack(&p, SNACK_R_DATA, sent.itt, 0x1234, 0, 0);
	for (uint32_t sn = 4; sn < 16; sn++) {
		static const uint32_t lengths[] = { 768, 768, 768, 768, 768, 256 };

		peer_expect(&p, OP_DATA_IN, &got);
		assert_int_equal(get_be32(got.bhs + AT_DATA_SN), sn);
		assert_int_equal(get_be32(got.bhs + AT_OFFSET), at);
		assert_int_equal(got.data_len, lengths[(sn - 4) % 6]);
		assert_memory_equal(got.data, p.disk + 3 * PEER_BLOCK + at, got.data_len);
		at += got.data_len;
	}
	assert_int_equal(at, 24 * PEER_BLOCK);
	peer_expect_good(&p, &got);
	assert_int_equal(get_be32(got.bhs + AT_SNACK_TAG), 0x1234);
	assert_int_equal(get_be32(got.bhs + AT_STAT_SN), get_be32(sent.status.bhs + AT_STAT_SN));
	assert_int_equal(get_be32(got.bhs + AT_DATA_SN), 16);
	/* From now on PDUs of this size can be asked for, and the response has the tag. */
	peer_snack(&p, SNACK_DATA, sent.itt, TAG_NONE, 9, 1);
	peer_expect(&p, OP_DATA_IN, &got);
	assert_int_equal(get_be32(got.bhs + AT_OFFSET), 4096 + 5 * 768);
	assert_int_equal(got.data_len, 256);
	peer_snack(&p, SNACK_STATUS, TAG_NONE, TAG_NONE, get_be32(sent.status.bhs + AT_STAT_SN), 1);
	peer_expect_good(&p, &got);
	assert_int_equal(get_be32(got.bhs + AT_SNACK_TAG), 0x1234);
	peer_expect_alive(&p);
}

/* A DataACK in the middle of a burst, and R-Data SNACK from there. */
static void
test_r_data_snack_begins_at_any_acknowledged_pdu(void **state)
{
	struct sent sent;
	struct got got;
	struct peer p;

	(void)state;
	start(&p, SMALL);
	read_recorded(&p, 24, &sent);
	ack_data(&p, &sent, 6);
	peer_snack(&p, SNACK_R_DATA, sent.itt, 7, 0, 0);
	for (unsigned i = 6; i < 12; i++)
		expect_replica(&p, &sent.pdu[i]);
	peer_expect_good(&p, &got);
	peer_expect_alive(&p);
}

/* Takes so much of the output, and leaves the rest. */
static void
take(struct peer *p, size_t len)
{
	while (len > 0) {
		struct iovec iov;

		assert_int_equal(iscsi_conn_output(p->conn, &iov, 1), 1);
		size_t part = MIN(len, iov.iov_len);

		iscsi_conn_output_advance(p->conn, part);
		len -= part;
	}
}

/*
 * The size changes while the data is on its way: what was cut in both sizes can only be cut anew.
 */
static void
test_data_of_two_sizes_is_cut_anew(void **state)
{
	static const char pair[] = "MaxRecvDataSegmentLength=512";
	uint8_t bhs[BHS_SIZE], pdu[PEER_PDU_MAX + sizeof(pair)];
	uint32_t itt, at = 0;
	struct got got;
	struct peer p;

	(void)state;
	start(&p, SMALL);
	peer_read10(&p, bhs, 0, 2048);
	itt = p.itt;
	peer_feed_quiet(&p, pdu, peer_build(&p, pdu, bhs, NULL, 0, NULL, 0));
	take(&p, 30 * (BHS_SIZE + 1024));
	peer_request(&p, bhs, OP_TEXT, FLAG_FINAL, true);
	put_be32(bhs + AT_TTT, TAG_NONE);
	peer_feed_quiet(&p, pdu, peer_build(&p, pdu, bhs, NULL, 0, pair, sizeof(pair)));
	peer_pump(&p);
	p.out_read = p.out.len;
	peer_snack(&p, SNACK_DATA, itt, TAG_NONE, 0, 0);
	peer_expect_reject(&p, REJECT_PROTOCOL);
	peer_snack(&p, SNACK_R_DATA, itt, 5, 0, 0);
	for (uint32_t sn = 0; sn < 2048; sn++) {
		peer_expect(&p, OP_DATA_IN, &got);
		assert_int_equal(get_be32(got.bhs + AT_DATA_SN), sn);
		assert_int_equal(got.data_len, 512);
		assert_memory_equal(got.data, p.disk + at, 512);
		at += 512;
	}
	peer_expect_good(&p, &got);
	assert_int_equal(get_be32(got.bhs + AT_SNACK_TAG), 5);
	peer_expect_alive(&p);
}

/* R-Data SNACK for a read of which a part is on its way: one run in the end, one response. */
static void
test_r_data_snack_in_the_middle_of_the_data(void **state)
{
	uint8_t bhs[BHS_SIZE], pdu[PEER_PDU_MAX];
	struct got got = { 0 };
	uint32_t sn = 0;
	struct peer p;

	(void)state;
	start(&p, SMALL);
	peer_read10(&p, bhs, 0, 2048);
	peer_feed_quiet(&p, pdu, peer_build(&p, pdu, bhs, NULL, 0, NULL, 0));
	take(&p, 30 * (BHS_SIZE + 1024));
	iscsi_pdu_start(bhs, OP_SNACK, p.itt);
	bhs[AT_FLAGS] = FLAG_FINAL | SNACK_R_DATA;
	put_be32(bhs + AT_TTT, 9);
	peer_feed_quiet(&p, pdu, peer_build(&p, pdu, bhs, NULL, 0, NULL, 0));
	peer_pump(&p);
	while (peer_next(&p, &got) && iscsi_bhs_opcode(got.bhs) == OP_DATA_IN) {
		if (get_be32(got.bhs + AT_DATA_SN) == 0)
			sn = 0; /* those before were in the ring */
		else if (sn != 0)
			assert_int_equal(get_be32(got.bhs + AT_DATA_SN), sn);
		sn = get_be32(got.bhs + AT_DATA_SN) + 1;
	}
	assert_int_equal(sn, 1024);
	assert_int_equal(iscsi_bhs_opcode(got.bhs), OP_RESPONSE);
	assert_int_equal(get_be32(got.bhs + AT_SNACK_TAG), 9);
	peer_expect_alive(&p);
}

/* §7.8: resend or reject.  The status of such a command was sent, so nothing else follows. */
static void
test_snack_for_data_that_was_given_up_is_rejected(void **state)
{
	struct sent sent;
	struct peer p;

	(void)state;
	start(&p, SMALL);
	read_recorded(&p, 16, &sent);
	assert_int_equal(iscsi_conn_forget(p.conn), 1);
	assert_int_equal(iscsi_conn_forget(p.conn), 0);
	assert_int_equal(p.done, 1);
	peer_snack(&p, SNACK_DATA, sent.itt, TAG_NONE, 2, 1);
	peer_expect_reject(&p, REJECT_SNACK);
	peer_snack(&p, SNACK_R_DATA, sent.itt, 3, 0, 0);
	peer_expect_reject(&p, REJECT_SNACK);
	peer_snack(&p, SNACK_STATUS, TAG_NONE, TAG_NONE, get_be32(sent.status.bhs + AT_STAT_SN), 1);
	expect_replica(&p, &sent.status);
	peer_expect_alive(&p);
}

/* Who acknowledges nothing gets no more than twice the window's commands, and no more memory. */
static void
test_window_closes_for_an_initiator_that_acknowledges_nothing(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;
	unsigned count = 0;

	(void)state;
	start(&p, SMALL);
	do {
		peer_command(&p, bhs, FLAG_FINAL, 0);
		send_acked(&p, bhs, NULL, 0);
		peer_expect_good(&p, &got);
		count++;
	} while (get_be32(got.bhs + AT_MAX_CMD_SN) + 1 != get_be32(got.bhs + AT_EXP_CMD_SN));
	assert_int_equal(count, 8); /* the window has 4 places */
	peer_command(&p, bhs, FLAG_FINAL, 0);
	p.cmd_sn--;
	send_acked(&p, bhs, NULL, 0);
	peer_expect_nothing(&p); /* outside the window: §4.2.2.1 */
	acknowledge(&p, get_be32(got.bhs + AT_STAT_SN));
	peer_request(&p, bhs, OP_NOP_OUT, FLAG_FINAL, true);
	put_be32(bhs + AT_TTT, TAG_NONE);
	send_acked(&p, bhs, NULL, 0);
	peer_expect(&p, OP_NOP_IN, &got);
	assert_int_equal(get_be32(got.bhs + AT_MAX_CMD_SN) - get_be32(got.bhs + AT_EXP_CMD_SN), 2);
	peer_expect_alive(&p);
}

static void
test_memory_stays_flat_when_immediate_requests_are_not_acknowledged(void **state)
{
	uint8_t bhs[BHS_SIZE];
	size_t most = 0;
	struct got got;
	struct peer p;

	(void)state;
	start(&p, SMALL);
	for (unsigned i = 0; i < 2000; i++) {
		peer_request(&p, bhs, OP_NOP_OUT, FLAG_FINAL, true);
		put_be32(bhs + AT_TTT, TAG_NONE);
		send_acked(&p, bhs, bhs, 48);
		peer_expect(&p, OP_NOP_IN, &got);
		if (i == 200)
			most = iscsi_conn_memory(p.conn);
	}
	assert_true(most > 0 && iscsi_conn_memory(p.conn) <= most);
	/* The newest can be had again; those that were forgotten are refused. */
	peer_snack(&p, SNACK_STATUS, TAG_NONE, TAG_NONE, get_be32(got.bhs + AT_STAT_SN), 1);
	expect_replica(&p, &got);
	peer_snack(&p, SNACK_STATUS, TAG_NONE, TAG_NONE, get_be32(got.bhs + AT_STAT_SN) - 1500, 1);
	peer_expect_reject(&p, REJECT_SNACK);
	peer_expect_alive(&p);
}

/* A tag is free when the status was received, which a later command shows. */
static void
test_tag_of_a_kept_task_can_be_used_again(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct sent sent;
	struct got got;
	struct peer p;

	(void)state;
	start(&p, SMALL);
	read_recorded(&p, 4, &sent);
	peer_command(&p, bhs, FLAG_FINAL, 0);
	put_be32(bhs + AT_ITT, sent.itt);
	send_acked(&p, bhs, NULL, 0);
	peer_expect_good(&p, &got);
	assert_int_equal(p.done, 2);
	peer_snack(&p, SNACK_STATUS, TAG_NONE, TAG_NONE, get_be32(sent.status.bhs + AT_STAT_SN), 2);
	expect_replica(&p, &got); /* the first one was forgotten */
	peer_expect_reject(&p, REJECT_SNACK);
	peer_expect_alive(&p);
}

/* A task that has ended cannot be aborted, whether its response is kept or not. §11.6.1 */
static void
test_kept_task_is_not_aborted(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct sent sent;
	struct got got;
	struct peer p;

	(void)state;
	start(&p, SMALL);
	read_recorded(&p, 4, &sent);
	peer_request(&p, bhs, OP_TMF, FLAG_FINAL | ISCSI_TMF_ABORT_TASK, true);
	put_be32(bhs + AT_REF_TAG, sent.itt);
	send_acked(&p, bhs, NULL, 0);
	peer_expect(&p, OP_TMF_RESPONSE, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], ISCSI_TMF_NO_TASK);
	peer_snack(&p, SNACK_DATA, sent.itt, TAG_NONE, 0, 1);
	expect_replica(&p, &sent.pdu[0]);
	peer_expect_alive(&p);
}

/*
 * Requests that wait for room in the ring, while the status is acknowledged or the connection ends.
 */
static void
test_snacks_while_nothing_is_sent(void **state)
{
	static uint8_t bhs[BHS_SIZE], pdu[PEER_PDU_MAX];

	(void)state;
	for (unsigned end = 0; end < 3; end++) {
		static struct sent sent;
		struct peer p;

		start(&p, SMALL);
		read_recorded(&p, 32, &sent);
		for (unsigned i = 0; i < 64; i++) {
			static const uint8_t types[] = { SNACK_DATA, SNACK_DATA, SNACK_STATUS,
							 SNACK_R_DATA };

			iscsi_pdu_start(bhs, OP_SNACK,
					types[i % 4] == SNACK_STATUS ? TAG_NONE : sent.itt);
			bhs[AT_FLAGS] = (uint8_t)(FLAG_FINAL | types[i % 4]);
			put_be32(bhs + AT_TTT, types[i % 4] == SNACK_R_DATA ? 1 + i : TAG_NONE);
			put_be32(bhs + AT_BEG_RUN, types[i % 4] == SNACK_DATA ? i % 16 : 0);
			peer_feed_quiet(&p, pdu, peer_build(&p, pdu, bhs, NULL, 0, NULL, 0));
		}
		assert_int_equal(p.error, 0);
		if (end == 1) {
			put_be32(bhs + AT_EXP_STAT_SN, get_be32(sent.status.bhs + AT_STAT_SN) + 1);
			peer_feed_quiet(&p, pdu, peer_build(&p, pdu, bhs, NULL, 0, NULL, 0));
		}
		if (end < 2)
			peer_pump(&p);
		assert_int_equal(p.done, end == 1 ? 1 : 0);
		peer_fini(&p);
	}
}

/* §11.16: SNACKs belong to a connection; the window and the tags belong to the session. */
static void
test_each_connection_of_a_session_keeps_its_own(void **state)
{
	uint8_t bhs[BHS_SIZE];
	static struct sent sent;
	struct got got, other;
	struct peer a, b;

	(void)state;
	start(&a, SMALL "MaxConnections=2;");
	peer_init_second(&b, &a, 1);
	peer_login_with(&b, "MaxRecvDataSegmentLength=1024;");
	assert_int_equal(iscsi_conn_params(b.conn)->error_recovery_level, 1);
	read_recorded(&a, 8, &sent);
	b.cmd_sn = a.cmd_sn;
	peer_command(&b, bhs, FLAG_FINAL, 0);
	send_acked(&b, bhs, NULL, 0);
	peer_expect_good(&b, &other);
	peer_snack(&b, SNACK_DATA, sent.itt, TAG_NONE, 0, 1); /* of the other connection */
	peer_expect_reject(&b, REJECT_PROTOCOL);
	peer_snack(&b, SNACK_STATUS, TAG_NONE, TAG_NONE, get_be32(other.bhs + AT_STAT_SN), 1);
	expect_replica(&b, &other);
	peer_snack(&a, SNACK_DATA, sent.itt, TAG_NONE, 1, 1);
	expect_replica(&a, &sent.pdu[1]);
	/* A command of the second connection takes a tag that the first one keeps. */
	b.cmd_sn = a.cmd_sn + 1;
	peer_command(&b, bhs, FLAG_FINAL, 0);
	put_be32(bhs + AT_ITT, sent.itt);
	send_acked(&b, bhs, NULL, 0);
	peer_expect_good(&b, &got);
	assert_int_equal(a.done, 1);
	peer_fini(&b);
	a.cmd_sn += 2;
	peer_expect_alive(&a);
}

static void
test_level_0_sends_status_with_the_data_and_keeps_nothing(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_with(&p, "ErrorRecoveryLevel=0;MaxBurstLength=4096;");
	peer_read10(&p, bhs, 0, 16);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_DATA_IN, &got);
	assert_int_equal(got.bhs[AT_FLAGS], FLAG_FINAL);
	peer_expect(&p, OP_DATA_IN, &got);
	assert_int_equal(got.bhs[AT_FLAGS], FLAG_FINAL | FLAG_STATUS);
	assert_int_equal(p.done, 1);
	peer_snack(&p, SNACK_STATUS, TAG_NONE, TAG_NONE, 0, 0);
	peer_expect_reject(&p, REJECT_SNACK);
	peer_expect_alive(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_of_data_are_sent_again),
		cmocka_unit_test(test_data_acknowledgment_is_asked_for_at_the_end_of_bursts),
		cmocka_unit_test(test_acknowledged_data_is_not_sent_again),
		cmocka_unit_test(test_pdus_are_found_without_counting_them),
		cmocka_unit_test(test_numbered_responses_are_sent_again),
		cmocka_unit_test(test_snacks_for_what_there_is_not_are_protocol_errors),
		cmocka_unit_test(test_buffers_of_a_read_stay_until_the_status_is_acknowledged),
		cmocka_unit_test(test_an_exp_stat_sn_without_sense_acknowledges_nothing),
		cmocka_unit_test(test_r_data_snack_cuts_the_data_anew),
		cmocka_unit_test(test_r_data_snack_begins_at_any_acknowledged_pdu),
		cmocka_unit_test(test_data_of_two_sizes_is_cut_anew),
		cmocka_unit_test(test_r_data_snack_in_the_middle_of_the_data),
		cmocka_unit_test(test_snack_for_data_that_was_given_up_is_rejected),
		cmocka_unit_test(test_window_closes_for_an_initiator_that_acknowledges_nothing),
		cmocka_unit_test(
			test_memory_stays_flat_when_immediate_requests_are_not_acknowledged),
		cmocka_unit_test(test_tag_of_a_kept_task_can_be_used_again),
		cmocka_unit_test(test_kept_task_is_not_aborted),
		cmocka_unit_test(test_snacks_while_nothing_is_sent),
		cmocka_unit_test(test_each_connection_of_a_session_keeps_its_own),
		cmocka_unit_test(test_level_0_sends_status_with_the_data_and_keeps_nothing),
	};

	return cmocka_run_group_tests_name("iscsi recover", tests, NULL, NULL);
}
