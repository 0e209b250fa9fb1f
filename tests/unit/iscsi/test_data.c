/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the data of write commands: immediate, unsolicited and solicited data, and every error
 * that a peer can make with them.  test_data_in.c tests the data of read commands.
 */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

#define ASC_UNSOLICITED 0x0c0c
#define ASC_AMOUNT      0x0c0d
#define ASC_CRC         0x4705

static uint8_t *
pattern(size_t len, unsigned seed)
{
	uint8_t *bytes = malloc(len + 1);

	if (bytes == NULL)
		abort();
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(seed + i * 7 + i / 251);
	return bytes;
}

/* CHECK CONDITION with this additional sense. */
static void
expect_sense(struct peer *p, unsigned asc)
{
	struct got got;

	peer_expect(p, OP_RESPONSE, &got);
	assert_int_equal(got.bhs[AT_STATUS], 2);
	assert_int_equal(got.data_len, 20);
	assert_int_equal(get_be16(got.data + 2 + 12), asc);
}

/* --- writes --- */

/*
 * Sends as much as was agreed without being asked, then what is asked for, in PDUs of part bytes.
 */
static void
write_all(struct peer *p, uint32_t lba, uint16_t blocks, uint32_t part, const uint8_t *data)
{
	const struct iscsi_params *params = iscsi_conn_params(p->conn);
	uint32_t total = blocks * PEER_BLOCK, free_len = MIN(total, params->first_burst_len),
		 at = 0, sn = 0;
	uint32_t itt, r2ts = 0;
	bool unsolicited;
	uint8_t bhs[BHS_SIZE];
	struct got got;

	if (params->immediate_data)
		at = MIN(part, free_len);
	unsolicited = !params->initial_r2t && at < free_len;
	peer_write10(p, bhs, lba, blocks, !unsolicited);
	itt = p->itt;
	peer_send(p, bhs, data, at);
	while (unsolicited && at < free_len) {
		uint32_t len = MIN(part, free_len - at);

		peer_data_out(bhs, itt, TAG_NONE, sn++, at, at + len == free_len);
		peer_send(p, bhs, data + at, len);
		at += len;
	}
	while (at < total) {
		uint32_t offset, end, ttt;

		peer_expect(p, OP_R2T, &got);
		assert_int_equal(get_be32(got.bhs + AT_DATA_SN), r2ts);
		r2ts++;
		offset = get_be32(got.bhs + AT_OFFSET);
		end = offset + get_be32(got.bhs + AT_DESIRED_LEN);
		ttt = get_be32(got.bhs + AT_TTT);
		assert_int_equal(offset, at);
		assert_true(end > offset && end <= total && end - offset <= params->max_burst_len);
		for (sn = 0; at < end; sn++) {
			uint32_t len = MIN(part, end - at);

			peer_data_out(bhs, itt, ttt, sn, at, at + len == end);
			peer_send(p, bhs, data + at, len);
			at += len;
		}
	}
	peer_expect_good(p, &got);
	/* ExpDataSN counts Data-In PDUs only: RFC 7143 §11.4.8. */
	assert_int_equal(get_be32(got.bhs + AT_DATA_SN), 0);
	assert_int_equal(got.bhs[AT_FLAGS], FLAG_FINAL);
	peer_expect_nothing(p);
	assert_memory_equal(p->disk + lba * PEER_BLOCK, data, total);
}

static void
write_combination(const char *r2t, const char *immediate, enum peer_mode mode, const char *more)
{
	static const uint16_t sizes[] = { 1, 8, 16, 17, 128, 600 };
	uint8_t *data = pattern(601 * PEER_BLOCK, 3);
	struct peer p;

	peer_init(&p, NULL);
	peer_login_with(&p,
			"InitialR2T=%s;ImmediateData=%s;MaxBurstLength=16384;FirstBurstLength=8192;"
			"MaxRecvDataSegmentLength=4096;%s",
			r2t, immediate, more);
	assert_int_equal(iscsi_conn_params(p.conn)->initial_r2t, strcmp(r2t, "Yes") == 0);
	assert_int_equal(iscsi_conn_params(p.conn)->immediate_data, strcmp(immediate, "Yes") == 0);
	p.mode = mode;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		write_all(&p, 10, sizes[i], 4096, data + i);
		write_all(&p, 7, sizes[i], 1000, data + i);
		write_all(&p, 3, sizes[i], 511, data + i);
	}
	assert_int_equal(p.given, 3 * ARRAY_LEN(sizes));
	free(data);
	peer_fini(&p);
}

static void
test_write_initial_r2t_no_immediate_yes(void **state)
{
	(void)state;
	write_combination("No", "Yes", PEER_SERVE, "");
	write_combination("No", "Yes", PEER_COPY, "MaxOutstandingR2T=4;");
}

static void
test_write_initial_r2t_no_immediate_no(void **state)
{
	(void)state;
	write_combination("No", "No", PEER_SERVE, "");
	write_combination("No", "No", PEER_COPY, "MaxOutstandingR2T=4;");
}

static void
test_write_initial_r2t_yes_immediate_yes(void **state)
{
	(void)state;
	write_combination("Yes", "Yes", PEER_SERVE, "");
	write_combination("Yes", "Yes", PEER_COPY, "MaxOutstandingR2T=4;");
}

static void
test_write_initial_r2t_yes_immediate_no(void **state)
{
	(void)state;
	write_combination("Yes", "No", PEER_SERVE, "");
	write_combination("Yes", "No", PEER_COPY, "MaxOutstandingR2T=4;");
}

static void
test_write_with_digests(void **state)
{
	(void)state;
	write_combination("No", "Yes", PEER_SERVE, "HeaderDigest=CRC32C;DataDigest=CRC32C;");
	write_combination("Yes", "No", PEER_COPY, "HeaderDigest=None;DataDigest=CRC32C;");
	write_combination("No", "No", PEER_COPY,
			  "HeaderDigest=CRC32C,None;DataDigest=None,CRC32C;");
}

static void
test_r2ts_go_out_together_up_to_the_agreed_number(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_with(&p,
			"InitialR2T=Yes;ImmediateData=No;MaxBurstLength=4096;FirstBurstLength=512;"
			"MaxOutstandingR2T=3;");
	peer_write10(&p, bhs, 0, 64, true);
	peer_send(&p, bhs, NULL, 0);
	for (unsigned i = 0; i < 3; i++) {
		struct got got;

		peer_expect(&p, OP_R2T, &got);
		assert_int_equal(get_be32(got.bhs + AT_OFFSET), i * 4096);
		assert_int_equal(get_be32(got.bhs + AT_DESIRED_LEN), 4096);
	}
	peer_expect_nothing(&p);
	peer_fini(&p);
}

static void
test_small_write_is_given_without_a_copy(void **state)
{
	uint8_t bhs[BHS_SIZE], *data = pattern(4096, 1);
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	peer_write10(&p, bhs, 0, 8, true);
	peer_clear_events(&p);
	peer_send(&p, bhs, data, 4096);
	assert_string_equal(peer_events(&p), "command 2a itt=102 data=4096\ntask_done itt=102\n");
	assert_memory_equal(p.disk, data, 4096);
	free(data);
	peer_fini(&p);
}

/* The owner wants less than the initiator offers: the rest is not asked for. */
static void
test_write_of_less_than_offered_has_a_residual(void **state)
{
	uint8_t bhs[BHS_SIZE], *data = pattern(4096, 1);
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_with(&p, "InitialR2T=Yes;ImmediateData=No;");
	peer_write10(&p, bhs, 0, 8, true);
	put_be16(bhs + AT_CDB + 7, 2);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_R2T, &got);
	assert_int_equal(get_be32(got.bhs + AT_DESIRED_LEN), 1024);
	peer_data_out(bhs, p.itt, get_be32(got.bhs + AT_TTT), 0, 0, true);
	peer_send(&p, bhs, data, 1024);
	peer_expect_good(&p, &got);
	assert_int_equal(got.bhs[AT_FLAGS], FLAG_FINAL | FLAG_UNDERFLOW);
	assert_int_equal(get_be32(got.bhs + AT_RESIDUAL), 3072);
	free(data);
	peer_fini(&p);
}

static void
test_write_of_more_than_offered_has_a_residual(void **state)
{
	uint8_t bhs[BHS_SIZE], *data = pattern(4096, 1);
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	peer_write10(&p, bhs, 0, 2, true);
	put_be16(bhs + AT_CDB + 7, 8);
	peer_send(&p, bhs, data, 1024);
	peer_expect_good(&p, &got);
	assert_int_equal(got.bhs[AT_FLAGS], FLAG_FINAL | FLAG_OVERFLOW);
	assert_int_equal(get_be32(got.bhs + AT_RESIDUAL), 3072);
	assert_memory_equal(p.disk, data, 1024);
	free(data);
	peer_fini(&p);
}

/* --- what a peer can do wrong --- */

/* A write of 8 blocks for which the target has asked; gives the R2T. */
static void
asked_for_data(struct peer *p, struct got *r2t)
{
	uint8_t bhs[BHS_SIZE];

	peer_init(p, NULL);
	peer_login_with(p, "InitialR2T=Yes;ImmediateData=No;DataDigest=CRC32C;");
	peer_write10(p, bhs, 0, 8, true);
	peer_send(p, bhs, NULL, 0);
	peer_expect(p, OP_R2T, r2t);
}

static void
send_part(struct peer *p, const struct got *r2t, uint32_t sn, uint32_t offset, uint32_t len,
	  bool final)
{
	static const uint8_t zeros[8192];
	uint8_t bhs[BHS_SIZE];

	peer_data_out(bhs, get_be32(r2t->bhs + AT_ITT), get_be32(r2t->bhs + AT_TTT), sn, offset,
		      final);
	assert_int_equal(peer_send(p, bhs, zeros, len), 0);
}

static void
test_wrong_data_sn_fails_the_command(void **state)
{
	static const uint32_t wrong[] = { 1, 27, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct got r2t;
		struct peer p;

		asked_for_data(&p, &r2t);
		send_part(&p, &r2t, wrong[i], 0, 4096, true);
		expect_sense(&p, ASC_CRC);
		peer_expect_alive(&p);
	}
}

static void
test_repeated_data_sn_waits_for_the_final_bit(void **state)
{
	struct got r2t;
	struct peer p;

	(void)state;
	asked_for_data(&p, &r2t);
	send_part(&p, &r2t, 0, 0, 1024, false);
	send_part(&p, &r2t, 0, 1024, 1024, false);
	peer_expect_nothing(&p);
	send_part(&p, &r2t, 2, 2048, 2048, true);
	expect_sense(&p, ASC_CRC);
	peer_expect_alive(&p);
}

static void
test_wrong_offset_fails_the_command(void **state)
{
	struct got r2t;
	struct peer p;

	(void)state;
	asked_for_data(&p, &r2t);
	send_part(&p, &r2t, 0, 512, 3584, true);
	expect_sense(&p, ASC_AMOUNT);
	peer_expect_alive(&p);
}

static void
test_too_much_data_fails_the_command(void **state)
{
	struct got r2t;
	struct peer p;

	(void)state;
	asked_for_data(&p, &r2t);
	send_part(&p, &r2t, 0, 0, 4097, true);
	expect_sense(&p, ASC_AMOUNT);
	peer_expect_alive(&p);
}

static void
test_final_bit_too_early_fails_the_command(void **state)
{
	struct got r2t;
	struct peer p;

	(void)state;
	asked_for_data(&p, &r2t);
	send_part(&p, &r2t, 0, 0, 4095, true);
	expect_sense(&p, ASC_AMOUNT);
	peer_expect_alive(&p);
}

static void
test_damaged_data_is_rejected_and_fails_the_command(void **state)
{
	struct got r2t, got;
	struct peer p;

	(void)state;
	asked_for_data(&p, &r2t);
	p.faulty_digest = true;
	send_part(&p, &r2t, 0, 0, 4096, true);
	peer_expect(&p, OP_REJECT, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], REJECT_DATA_DIGEST);
	expect_sense(&p, ASC_CRC);
	peer_expect_alive(&p);
}

static void
test_damaged_immediate_data_discards_the_command(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_with(&p, "DataDigest=CRC32C;");
	peer_write10(&p, bhs, 0, 1, true);
	p.faulty_digest = true;
	peer_send(&p, bhs, p.disk, 512);
	peer_expect(&p, OP_REJECT, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], REJECT_DATA_DIGEST);
	assert_int_equal(p.given, 0);
	/* Its number is still to come: the same command again is taken. */
	peer_write10(&p, bhs, 0, 1, true);
	peer_send(&p, bhs, p.disk, 512);
	peer_expect_good(&p, &got);
	peer_expect_alive(&p);
}

static void
test_unsolicited_data_in_r2t_mode_fails_the_command(void **state)
{
	struct got r2t;
	struct peer p;

	(void)state;
	asked_for_data(&p, &r2t);
	put_be32(r2t.bhs + AT_TTT, TAG_NONE);
	send_part(&p, &r2t, 0, 0, 512, true);
	/* The R2T is still out: the answer waits for its data. */
	peer_expect_nothing(&p);
	put_be32(r2t.bhs + AT_TTT, 0);
	send_part(&p, &r2t, 0, 0, 4096, true);
	expect_sense(&p, ASC_UNSOLICITED);
	peer_expect_alive(&p);
}

static void
test_unknown_transfer_tag_fails_the_command(void **state)
{
	struct got r2t;
	struct peer p;

	(void)state;
	asked_for_data(&p, &r2t);
	put_be32(r2t.bhs + AT_TTT, 0x1234);
	send_part(&p, &r2t, 0, 0, 512, true);
	expect_sense(&p, ASC_AMOUNT);
	peer_expect_alive(&p);
}

static void
immediate_refused(const char *r2t, const char *immediate, uint16_t blocks, uint32_t len, bool final)
{
	static const uint8_t zeros[16384];
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	peer_init(&p, NULL);
	peer_login_with(&p, "InitialR2T=%s;ImmediateData=%s;FirstBurstLength=4096;", r2t,
			immediate);
	peer_write10(&p, bhs, 0, blocks, final);
	peer_send(&p, bhs, zeros, len);
	expect_sense(&p, ASC_UNSOLICITED);
	assert_int_equal(p.given, 0);
	peer_expect_alive(&p);
}

static void
test_immediate_data_that_was_not_agreed_fails_the_command(void **state)
{
	(void)state;
	immediate_refused("Yes", "No", 8, 512, true);
	immediate_refused("No", "Yes", 16, 4097, true); /* beyond FirstBurstLength */
	immediate_refused("No", "Yes", 1, 1024, true);  /* beyond what it expects to send */
	immediate_refused("Yes", "Yes", 8, 512, false); /* announces unsolicited data in R2T mode */
}

static void
test_unsolicited_data_beyond_the_first_burst_fails_the_command(void **state)
{
	static const uint8_t zeros[8192];
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_with(&p, "InitialR2T=No;ImmediateData=Yes;FirstBurstLength=4096;");
	peer_write10(&p, bhs, 0, 32, false);
	peer_send(&p, bhs, zeros, 4096);
	peer_data_out(bhs, p.itt, TAG_NONE, 0, 4096, true);
	peer_send(&p, bhs, zeros, 512);
	expect_sense(&p, ASC_UNSOLICITED);
	peer_expect_alive(&p);
}

/*
 * An initiator need not send FirstBurstLength bytes without being asked: an R2T asks for the rest.
 */
static void
short_unsolicited(const char *pairs, uint32_t immediate, uint32_t unsolicited)
{
	uint8_t *data = pattern(8192, 5);
	uint32_t at = immediate + unsolicited;
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	peer_init(&p, NULL);
	peer_login_with(&p, "%s", pairs);
	peer_write10(&p, bhs, 0, 16, false);
	peer_send(&p, bhs, data, immediate);
	peer_data_out(bhs, p.itt, TAG_NONE, 0, immediate, true);
	peer_send(&p, bhs, data + immediate, unsolicited);
	while (at < 8192) {
		uint32_t len;

		peer_expect(&p, OP_R2T, &got);
		assert_int_equal(get_be32(got.bhs + AT_OFFSET), at);
		len = get_be32(got.bhs + AT_DESIRED_LEN);
		peer_data_out(bhs, p.itt, get_be32(got.bhs + AT_TTT), 0, at, true);
		peer_send(&p, bhs, data + at, len);
		at += len;
	}
	peer_expect_good(&p, &got);
	assert_memory_equal(p.disk, data, 8192);
	free(data);
	peer_expect_alive(&p);
}

static void
test_unsolicited_data_short_of_the_first_burst_is_followed_by_r2t(void **state)
{
	static const char pairs[] =
		"InitialR2T=No;ImmediateData=Yes;FirstBurstLength=4096;MaxBurstLength=4096;";

	(void)state;
	short_unsolicited(pairs, 0, 512);
	short_unsolicited(pairs, 512, 512);
	short_unsolicited(pairs, 512, 0);
	short_unsolicited(pairs, 0, 0);
	short_unsolicited(pairs, 512, 3583);
	short_unsolicited(pairs, 0, 4096);
}

/*
 * RFC 7143 §11.4: the response waits for the final bit of what is still to come, which is
 * discarded.
 */
static void
test_early_answer_waits_for_unsolicited_data(void **state)
{
	static const uint8_t zeros[8192];
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_with(&p, "InitialR2T=No;ImmediateData=Yes;FirstBurstLength=4096;");
	p.mode = PEER_REFUSE;
	peer_write10(&p, bhs, 0, 8, false);
	peer_send(&p, bhs, zeros, 1024);
	peer_expect_nothing(&p);
	peer_data_out(bhs, p.itt, TAG_NONE, 0, 1024, false);
	peer_send(&p, bhs, zeros, 1024);
	peer_expect_nothing(&p);
	peer_data_out(bhs, p.itt, TAG_NONE, 1, 2048, true);
	peer_send(&p, bhs, zeros, 2048);
	peer_expect(&p, OP_RESPONSE, &got);
	assert_int_equal(got.bhs[AT_STATUS], 2);
	peer_expect_alive(&p);
}

static void
test_data_for_no_task_is_discarded(void **state)
{
	static const uint8_t zeros[8192];
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	peer_data_out(bhs, 0x4711, TAG_NONE, 0, 0, true);
	assert_int_equal(peer_send(&p, bhs, zeros, sizeof(zeros)), 0);
	peer_expect_alive(&p);
}

static void
test_owner_may_end_a_write_that_collects(void **state)
{
	static const struct iscsi_result busy = { .status = 8 };
	uint8_t bhs[BHS_SIZE];
	struct got r2t, got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_with(
		&p, "InitialR2T=Yes;ImmediateData=No;MaxBurstLength=4096;FirstBurstLength=512;");
	p.mode = PEER_HOLD;
	peer_write10(&p, bhs, 0, 32, true);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_R2T, &r2t);
	iscsi_task_respond(p.held[0], &busy);
	peer_pump(&p);
	peer_expect_nothing(&p);
	send_part(&p, &r2t, 0, 0, 4096, true);
	/* No further R2T. */
	peer_expect(&p, OP_RESPONSE, &got);
	assert_int_equal(got.bhs[AT_STATUS], 8);
	peer_expect_alive(&p);
}

/*
 * An owner that has all it wants from the immediate data, and is slow: the rest comes meanwhile,
 * and counts as come.
 */
static void
test_unsolicited_data_while_the_owner_executes(void **state)
{
	static const uint8_t zeros[4096];
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_with(&p, "InitialR2T=No;ImmediateData=Yes;FirstBurstLength=4096;");
	p.mode = PEER_HOLD;
	peer_write10(&p, bhs, 0, 8, false);
	bhs[AT_CDB] = 0x2e; /* not one that the owner accepts data for */
	peer_send(&p, bhs, zeros, 1024);
	peer_data_out(bhs, p.itt, TAG_NONE, 0, 1024, true);
	peer_send(&p, bhs, zeros, 3072);
	peer_expect_nothing(&p);
	iscsi_task_good(p.held[0], 4096);
	peer_pump(&p);
	peer_expect_good(&p, &got);
	peer_expect_alive(&p);
}

/*
 * FirstBurstLength is 64 KiB by default, above this MaxBurstLength: an initiator may keep to
 * either.
 */
static void
test_first_burst_above_the_burst(void **state)
{
	static const uint8_t zeros[8192];
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_with(&p, "InitialR2T=No;ImmediateData=No;MaxBurstLength=4096;");
	peer_write10(&p, bhs, 0, 16, false);
	peer_send(&p, bhs, NULL, 0);
	peer_data_out(bhs, p.itt, TAG_NONE, 0, 0, true);
	peer_send(&p, bhs, zeros, 4096);
	peer_expect(&p, OP_R2T, &got);
	assert_int_equal(get_be32(got.bhs + AT_OFFSET), 4096);
	peer_data_out(bhs, p.itt, get_be32(got.bhs + AT_TTT), 0, 4096, true);
	peer_send(&p, bhs, zeros, 4096);
	peer_expect_good(&p, &got);
	peer_write10(&p, bhs, 0, 16, false);
	peer_send(&p, bhs, NULL, 0);
	peer_data_out(bhs, p.itt, TAG_NONE, 0, 0, true);
	peer_send(&p, bhs, zeros, 8192);
	peer_expect_good(&p, &got);
	peer_expect_alive(&p);
}

static void
test_segment_longer_than_declared_drops_the_connection(void **state)
{
	uint8_t bhs[BHS_SIZE], *data = pattern(300 * 1024, 0);
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	peer_write10(&p, bhs, 0, 600, true);
	assert_int_equal(peer_send(&p, bhs, data, 300 * 1024), ERR_PROTOCOL);
	peer_expect(&p, OP_REJECT, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], REJECT_PROTOCOL);
	free(data);
	peer_fini(&p);
}

/* --- direct receive --- */

/* Feeds bytes through iscsi_rx_iov where it gives room, as a socket would. */
static void
feed_direct(struct peer *p, const uint8_t *bytes, size_t len, size_t step, size_t *ret_direct)
{
	while (len > 0) {
		struct iovec iov[4];
		int n = iscsi_conn_rx_iov(p->conn, iov, 4);
		size_t direct = 0, left = MIN(len, step);

		for (int i = 0; i < n && left > 0; i++) {
			size_t part = MIN(iov[i].iov_len, left);

			memcpy(iov[i].iov_base, bytes, part);
			bytes += part;
			len -= part;
			left -= part;
			direct += part;
		}
		if (direct > 0)
			assert_int_equal(iscsi_conn_rx_advance(p->conn, direct), 0);
		if (left > 0)
			assert_int_equal(iscsi_conn_input(p->conn, bytes, left), 0);
		bytes += left;
		len -= left;
		*ret_direct += direct;
	}
	peer_pump(p);
}

static void
direct_write(bool digests, bool immediate, size_t step)
{
	uint32_t total = 200 * 1024;
	uint8_t bhs[BHS_SIZE], *data = pattern(total, 9), *pdu = malloc(PEER_PDU_MAX + total);
	size_t len, direct = 0;
	struct got got;
	struct peer p;

	assert_non_null(pdu);
	peer_init(&p, NULL);
	peer_login_with(&p, "FirstBurstLength=262144;DataDigest=%s;ImmediateData=%s;InitialR2T=%s;",
			digests ? "CRC32C" : "None", immediate ? "Yes" : "No",
			immediate ? "No" : "Yes");
	p.mode = PEER_COPY;
	peer_write10(&p, bhs, 0, (uint16_t)(total / PEER_BLOCK), true);
	if (immediate) {
		len = peer_build(&p, pdu, bhs, NULL, 0, data, total);
	} else {
		peer_send(&p, bhs, NULL, 0);
		peer_expect(&p, OP_R2T, &got);
		peer_data_out(bhs, p.itt, get_be32(got.bhs + AT_TTT), 0, 0, true);
		len = peer_build(&p, pdu, bhs, NULL, 0, data, total);
	}
	feed_direct(&p, pdu, len, step, &direct);
	peer_expect_good(&p, &got);
	assert_memory_equal(p.disk, data, total);
	assert_true(direct > total / 2);
	free(pdu);
	free(data);
	peer_fini(&p);
}

static void
test_large_segments_are_received_in_place(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		direct_write((i & 1) != 0, (i & 2) != 0, 100);
		direct_write((i & 1) != 0, (i & 2) != 0, 4096);
		direct_write((i & 1) != 0, (i & 2) != 0, 65536);
	}
}

/* An abort while the task's buffer is being filled: the rest of the segment must not reach it. */
static void
test_abort_while_receiving_in_place(void **state)
{
	static const uint8_t zeros[4096];
	struct got r2t;
	static uint8_t pdu[PEER_PDU_MAX + 4096];
	uint8_t bhs[BHS_SIZE];
	size_t len;
	struct iovec iov;
	struct peer p;

	(void)state;
	asked_for_data(&p, &r2t);
	peer_data_out(bhs, p.itt, get_be32(r2t.bhs + AT_TTT), 0, 0, true);
	p.data_digest = false; /* no digest in this PDU: its task is gone before it is looked at */
	len = peer_build(&p, pdu, bhs, NULL, 0, zeros, 4096);
	p.data_digest = true;
	iscsi_conn_input(p.conn, pdu, 1000);
	assert_int_equal(iscsi_conn_rx_iov(p.conn, &iov, 1), 1);
	assert_int_equal(iscsi_session_abort_tasks(iscsi_conn_session(p.conn), NULL, NULL), 0);
	assert_int_equal(p.done, 1);
	assert_int_equal(iscsi_conn_rx_iov(p.conn, &iov, 1), 0);
	assert_int_equal(iscsi_conn_rx_advance(p.conn, 100), 0);
	assert_int_equal(peer_feed(&p, pdu + 1100, len - 1100), 0);
	assert_int_equal(peer_feed(&p, "\0\0\0", 4), 0);
	peer_expect(&p, OP_REJECT, NULL); /* of the digest */
	peer_expect_alive(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_initial_r2t_no_immediate_yes),
		cmocka_unit_test(test_write_initial_r2t_no_immediate_no),
		cmocka_unit_test(test_write_initial_r2t_yes_immediate_yes),
		cmocka_unit_test(test_write_initial_r2t_yes_immediate_no),
		cmocka_unit_test(test_write_with_digests),
		cmocka_unit_test(test_r2ts_go_out_together_up_to_the_agreed_number),
		cmocka_unit_test(test_small_write_is_given_without_a_copy),
		cmocka_unit_test(test_write_of_less_than_offered_has_a_residual),
		cmocka_unit_test(test_write_of_more_than_offered_has_a_residual),
		cmocka_unit_test(test_wrong_data_sn_fails_the_command),
		cmocka_unit_test(test_repeated_data_sn_waits_for_the_final_bit),
		cmocka_unit_test(test_wrong_offset_fails_the_command),
		cmocka_unit_test(test_too_much_data_fails_the_command),
		cmocka_unit_test(test_final_bit_too_early_fails_the_command),
		cmocka_unit_test(test_damaged_data_is_rejected_and_fails_the_command),
		cmocka_unit_test(test_damaged_immediate_data_discards_the_command),
		cmocka_unit_test(test_unsolicited_data_in_r2t_mode_fails_the_command),
		cmocka_unit_test(test_unknown_transfer_tag_fails_the_command),
		cmocka_unit_test(test_immediate_data_that_was_not_agreed_fails_the_command),
		cmocka_unit_test(test_unsolicited_data_beyond_the_first_burst_fails_the_command),
		cmocka_unit_test(test_unsolicited_data_short_of_the_first_burst_is_followed_by_r2t),
		cmocka_unit_test(test_early_answer_waits_for_unsolicited_data),
		cmocka_unit_test(test_data_for_no_task_is_discarded),
		cmocka_unit_test(test_owner_may_end_a_write_that_collects),
		cmocka_unit_test(test_unsolicited_data_while_the_owner_executes),
		cmocka_unit_test(test_first_burst_above_the_burst),
		cmocka_unit_test(test_segment_longer_than_declared_drops_the_connection),
		cmocka_unit_test(test_large_segments_are_received_in_place),
		cmocka_unit_test(test_abort_while_receiving_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
