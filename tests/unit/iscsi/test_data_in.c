/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the data of read commands: how Data-In PDUs are cut, residuals, output that has to wait,
 * and commands with data in both directions.  test_data.c tests the data of write commands.
 */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

/* Reads and checks each Data-In; returns their number. */
static unsigned
read_all(struct peer *p, uint32_t lba, uint16_t blocks)
{
	const struct iscsi_params *params = iscsi_conn_params(p->conn);
	uint32_t total = blocks * PEER_BLOCK, at = 0, burst = 0;
	unsigned sn = 0;
	uint8_t bhs[BHS_SIZE];
	struct got got;

	peer_read10(p, bhs, lba, blocks);
	peer_send(p, bhs, NULL, 0);
	while (at < total) {
		peer_expect(p, OP_DATA_IN, &got);
		assert_int_equal(get_be32(got.bhs + AT_ITT), p->itt);
		assert_int_equal(get_be32(got.bhs + AT_DATA_SN), sn++);
		assert_int_equal(get_be32(got.bhs + AT_OFFSET), at);
		assert_true(got.data_len > 0 && got.data_len <= params->max_send_len);
		assert_memory_equal(got.data, p->disk + lba * PEER_BLOCK + at, got.data_len);
		at += got.data_len;
		burst += got.data_len;
		assert_true(burst <= params->max_burst_len);
		if (burst == params->max_burst_len)
			assert_true((got.bhs[AT_FLAGS] & FLAG_FINAL) != 0);
		if ((got.bhs[AT_FLAGS] & FLAG_FINAL) != 0)
			burst = 0;
		assert_int_equal((got.bhs[AT_FLAGS] & FLAG_STATUS) != 0, at == total);
	}
	assert_int_equal(got.bhs[AT_FLAGS], FLAG_FINAL | FLAG_STATUS);
	peer_expect_nothing(p);
	return sn;
}

static void
read_with(const char *digest, int pieces, enum peer_mode mode)
{
	static const uint16_t sizes[] = { 1, 7, 8, 16, 33, 1024, 4096 };
	struct peer p;

	peer_init(&p, NULL);
	peer_login_with(&p,
			"MaxRecvDataSegmentLength=4096;MaxBurstLength=16384;FirstBurstLength=8192;"
			"DataDigest=%s;"
			"HeaderDigest=%s;",
			digest, digest);
	p.mode = mode;
	p.read_pieces = pieces;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		read_all(&p, 5, sizes[i]);
	assert_int_equal(p.given, ARRAY_LEN(sizes));
	peer_fini(&p);
}

static void
test_read_is_split_at_segments_and_bursts(void **state)
{
	(void)state;
	read_with("None", 0, PEER_SERVE);
	read_with("CRC32C", 0, PEER_SERVE);
}

static void
test_read_from_several_buffers(void **state)
{
	(void)state;
	read_with("None", 3, PEER_SERVE);
	read_with("CRC32C", 7, PEER_SERVE);
	read_with("CRC32C", 64, PEER_SERVE);
}

static void
test_read_of_less_than_wanted_has_a_residual(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	peer_read10(&p, bhs, 0, 8);
	put_be16(bhs + AT_CDB + 7, 2);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_DATA_IN, &got);
	assert_int_equal(got.data_len, 1024);
	assert_int_equal(got.bhs[AT_FLAGS], FLAG_FINAL | FLAG_STATUS | FLAG_UNDERFLOW);
	assert_int_equal(get_be32(got.bhs + AT_RESIDUAL), 3072);
	peer_fini(&p);
}

static void
test_read_of_more_than_there_is_room_for_has_a_residual(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	peer_read10(&p, bhs, 0, 2);
	put_be16(bhs + AT_CDB + 7, 8);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_DATA_IN, &got);
	assert_int_equal(got.data_len, 1024);
	assert_int_equal(got.bhs[AT_FLAGS], FLAG_FINAL | FLAG_STATUS | FLAG_OVERFLOW);
	assert_int_equal(get_be32(got.bhs + AT_RESIDUAL), 3072);
	peer_fini(&p);
}

static void
test_read_without_room_gets_only_a_response(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	peer_read10(&p, bhs, 0, 8);
	put_be32(bhs + AT_EDTL, 0);
	peer_send(&p, bhs, NULL, 0);
	peer_expect_good(&p, &got);
	assert_int_equal(got.bhs[AT_FLAGS], FLAG_FINAL | FLAG_OVERFLOW);
	assert_int_equal(get_be32(got.bhs + AT_RESIDUAL), 4096);
	peer_fini(&p);
}

/* More data than the ring has places: it waits, and nothing is lost or out of order. */
static void
test_output_beyond_the_ring_waits_in_order(void **state)
{
	uint8_t bhs[BHS_SIZE], pdu[PEER_PDU_MAX];
	struct got got;
	struct peer p;
	uint32_t stat_sn = 0;

	(void)state;
	peer_init(&p, NULL);
	peer_login_with(&p, "MaxRecvDataSegmentLength=512;");
	for (unsigned i = 0; i < 40; i++) {
		peer_read10(&p, bhs, i, 30);
		peer_feed_quiet(&p, pdu, peer_build(&p, pdu, bhs, NULL, 0, NULL, 0));
	}
	peer_pump(&p);
	for (unsigned i = 0; i < 40; i++)
		for (unsigned block = 0; block < 30; block++) {
			peer_expect(&p, OP_DATA_IN, &got);
			assert_memory_equal(got.data, p.disk + (i + block) * PEER_BLOCK,
					    PEER_BLOCK);
			assert_int_equal(get_be32(got.bhs + AT_OFFSET), block * PEER_BLOCK);
			if (block == 29) {
				assert_true((got.bhs[AT_FLAGS] & FLAG_STATUS) != 0);
				assert_true(stat_sn == 0 ||
					    get_be32(got.bhs + AT_STAT_SN) == stat_sn + 1);
				stat_sn = get_be32(got.bhs + AT_STAT_SN);
			}
		}
	peer_expect_alive(&p);
}

/* --- both ways --- */

static void
test_bidirectional_command(void **state)
{
	static const uint8_t ahs[] = { 0, 5, 2, 0, 0, 0, 8, 0 };
	uint8_t bhs[BHS_SIZE];
	struct iovec iov;
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	p.mode = PEER_HOLD;
	peer_write10(&p, bhs, 0, 1, true);
	bhs[AT_FLAGS] |= FLAG_READ;
	peer_send_ahs(&p, bhs, ahs, sizeof(ahs), p.disk, 512);
	assert_int_equal(p.held[0]->read_expected, 2048);
	assert_int_equal(p.held[0]->write_expected, 512);
	iov = (struct iovec){ .iov_base = p.disk + 512, .iov_len = 1024 };
	iscsi_task_finish_read(p.held[0], &iov, 1, 1024, 1024);
	peer_pump(&p);
	peer_expect(&p, OP_DATA_IN, &got);
	assert_int_equal(got.bhs[AT_FLAGS], FLAG_FINAL);
	assert_memory_equal(got.data, p.disk + 512, 1024);
	peer_expect(&p, OP_RESPONSE, &got);
	assert_int_equal(got.bhs[AT_FLAGS], FLAG_FINAL | FLAG_BIDI_UNDERFLOW);
	assert_int_equal(get_be32(got.bhs + AT_BIDI_RESIDUAL), 1024);
	assert_int_equal(get_be32(got.bhs + AT_DATA_SN), 1);
	peer_expect_alive(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_is_split_at_segments_and_bursts),
		cmocka_unit_test(test_read_from_several_buffers),
		cmocka_unit_test(test_read_of_less_than_wanted_has_a_residual),
		cmocka_unit_test(test_read_of_more_than_there_is_room_for_has_a_residual),
		cmocka_unit_test(test_read_without_room_gets_only_a_response),
		cmocka_unit_test(test_output_beyond_the_ring_waits_in_order),
		cmocka_unit_test(test_bidirectional_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
