/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of receiving: a recorded conversation that is fed again, cut at every byte, leads to the
 * same events and the same answers.
 */
#include "peer.h"

#include <stdlib.h>

static const char session_pairs[] =
	"InitialR2T=No\0ImmediateData=Yes\0MaxBurstLength=8192\0FirstBurstLength=1024\0"
	"MaxRecvDataSegmentLength=2048\0MaxOutstandingR2T=2";
static const char digest_pairs[] =
	"HeaderDigest=CRC32C\0DataDigest=CRC32C\0InitialR2T=No\0MaxBurstLength=8192\0"
	"FirstBurstLength=1024\0MaxRecvDataSegmentLength=2048\0MaxOutstandingR2T=2";

static void
write_with_r2t(struct peer *p)
{
	uint8_t bhs[BHS_SIZE];
	uint32_t itt;

	/*
	 * 3 KiB: 512 immediate, 512 unsolicited, 2048 asked for and sent in two parts of odd
	 * length.
	 */
	peer_write10(p, bhs, 6, 6, false);
	itt = p->itt;
	peer_send(p, bhs, p->disk + 99, 512);
	peer_data_out(bhs, itt, TAG_NONE, 0, 512, true);
	peer_send(p, bhs, p->disk + 1011, 512);
	/* The tag of the R2T: the first task of the pool, its first R2T. */
	peer_data_out(bhs, itt, 0, 0, 1024, false);
	peer_send(p, bhs, p->disk + 2011, 1001);
	peer_data_out(bhs, itt, 0, 1, 2025, true);
	peer_send(p, bhs, p->disk + 3011, 1047);
}

/* Everything that an initiator can send, in one conversation. */
static void
converse(struct peer *p, const char *pairs, size_t len)
{
	static const uint8_t ahs[] = { 0, 9, 1, 0, 17, 18, 19, 20, 21, 22, 23, 24 };
	uint8_t bhs[BHS_SIZE];

	peer_login(p, pairs, len);
	write_with_r2t(p);
	peer_request(p, bhs, OP_NOP_OUT, FLAG_FINAL, true);
	put_be32(bhs + AT_TTT, TAG_NONE);
	peer_send(p, bhs, "ping!", 5);
	peer_read10(p, bhs, 100,
		    5); /* not where is written: a read refers to the disk until it is sent */
	peer_send(p, bhs, NULL, 0);
	peer_write10(p, bhs, 2, 2, true);
	peer_send(p, bhs, p->disk, 1024);
	peer_command(p, bhs, FLAG_FINAL, 0);
	bhs[AT_CDB] = 0x7f;
	peer_send_ahs(p, bhs, ahs, sizeof(ahs), NULL, 0);
	peer_request(p, bhs, OP_TMF, FLAG_FINAL | ISCSI_TMF_LU_RESET, true);
	peer_send(p, bhs, NULL, 0);
	peer_request(p, bhs, OP_TEXT, FLAG_FINAL, false);
	put_be32(bhs + AT_TTT, TAG_NONE);
	peer_send(p, bhs, "SendTargets=", 13);
	peer_request(p, bhs, OP_SNACK, FLAG_FINAL, true);
	peer_send(p, bhs, NULL, 0);
	peer_request(p, bhs, OP_LOGOUT, FLAG_FINAL, false);
	peer_send(p, bhs, NULL, 0);
	assert_int_equal(p->error, ERR_CLOSED);
}

/* When a task is done depends on when its answer is sent: those events are left out. */
static char *
events_but_done(const struct peer *p)
{
	char *all = strdup(peer_events(p)), *to = all;

	assert_non_null(all);
	for (const char *line = peer_events(p); *line != '\0'; line = strchr(line, '\n') + 1) {
		size_t len = (size_t)(strchr(line, '\n') + 1 - line);

		if (strncmp(line, "task_done", 9) == 0)
			continue;
		memcpy(to, line, len);
		to += len;
	}
	*to = '\0';
	return all;
}

/*
 * Feeds a recorded conversation in parts of at most `step` bytes, the first of `first`; the answers
 * must be the same.
 */
static void
replay(const struct peer *model, size_t first, size_t step, bool direct, enum peer_mode mode)
{
	char *events, *model_events;
	struct peer p;
	size_t at = 0;

	peer_init(&p, NULL);
	p.mode = mode;
	while (at < model->fed.len) {
		size_t len = MIN(at == 0 ? first : step, model->fed.len - at);
		/* Exactly so much memory, so that a sanitizer sees the first byte read past it. */
		uint8_t *part = malloc(len);
		struct iovec iov;

		assert_non_null(part);
		memcpy(part, model->fed.bytes + at, len);
		if (direct && iscsi_conn_rx_iov(p.conn, &iov, 1) == 1) {
			len = MIN(len, iov.iov_len);
			memcpy(iov.iov_base, part, len);
			iscsi_conn_rx_advance(p.conn, len);
		} else {
			iscsi_conn_input(p.conn, part, len);
		}
		memset(part, 0xee, len);
		free(part);
		at += len;
	}
	peer_pump(&p);
	events = events_but_done(&p);
	model_events = events_but_done(model);
	assert_string_equal(events, model_events);
	free(events);
	free(model_events);
	assert_int_equal(p.out.len, model->out.len);
	assert_memory_equal(p.out.bytes, model->out.bytes, p.out.len);
	assert_memory_equal(p.disk, model->disk, peer_disk_bytes);
	peer_fini(&p);
}

static void
cut_everywhere(const char *pairs, size_t len, enum peer_mode mode)
{
	struct peer model;

	peer_init(&model, NULL);
	model.mode = mode;
	converse(&model, pairs, len);
	replay(&model, 1, 1, false, mode);
	replay(&model, 1, 1, true, mode);
	replay(&model, 7, 7, true, mode);
	replay(&model, model.fed.len, 1, false, mode);
	for (size_t first = 1; first < model.fed.len; first += first < 3000 ? 1 : 13)
		replay(&model, first, model.fed.len, first % 2 == 0, mode);
	peer_fini(&model);
}

static void
test_cut_at_every_byte(void **state)
{
	(void)state;
	cut_everywhere(session_pairs, sizeof(session_pairs), PEER_SERVE);
}

static void
test_cut_at_every_byte_with_digests(void **state)
{
	(void)state;
	cut_everywhere(digest_pairs, sizeof(digest_pairs), PEER_COPY);
}

/* Each bit of a header turned: with a header digest the connection is dropped, whatever the bit. */
static void
test_damaged_header_drops_the_connection(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 8 * (BHS_SIZE + DIGEST_SIZE); bit += 3) {
		uint8_t bhs[BHS_SIZE], pdu[PEER_PDU_MAX + 512];
		struct peer p;
		size_t len;

		/* A length that grows is not complete, and so not yet known to be wrong. */
		if (bit / 8 == AT_AHS_LEN)
			continue;
		peer_init(&p, NULL);
		peer_login(&p, digest_pairs, sizeof(digest_pairs));
		peer_write10(&p, bhs, 0, 1, true);
		len = peer_build(&p, pdu, bhs, NULL, 0, p.disk, 512);
		pdu[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(peer_feed(&p, pdu, len), ERR_PROTOCOL);
		assert_int_equal(p.given, 0);
		/* And stays so. */
		assert_int_equal(peer_feed(&p, pdu, len), ERR_PROTOCOL);
		peer_fini(&p);
	}
}

/* Bits turned without digests: anything may be answered, nothing may break. */
static void
test_damaged_headers_break_nothing(void **state)
{
	struct peer model;

	(void)state;
	peer_init(&model, NULL);
	converse(&model, session_pairs, sizeof(session_pairs));
	for (size_t at = 0; at < model.fed.len; at += at % 48 == 47 ? 61 : 1) {
		struct peer p;

		peer_init(&p, NULL);
		model.fed.bytes[at] ^= 0xff;
		iscsi_conn_input(p.conn, model.fed.bytes, model.fed.len);
		model.fed.bytes[at] ^= 0xff;
		peer_pump(&p);
		peer_fini(&p);
	}
	peer_fini(&model);
}

static void
test_many_commands_in_one_input(void **state)
{
	static uint8_t bytes[60 * (BHS_SIZE + 4096)];
	struct peer p;
	size_t len = 0;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	for (unsigned i = 0; i < 60; i++) {
		uint8_t bhs[BHS_SIZE];

		peer_write10(&p, bhs, i % 8 * 8, 8, true);
		len += peer_build(&p, bytes + len, bhs, NULL, 0, p.disk + 3 * 4096, 4096);
	}
	assert_int_equal(peer_feed(&p, bytes, len), 0);
	for (unsigned i = 0; i < 60; i++)
		peer_expect(&p, OP_RESPONSE, NULL);
	assert_int_equal(p.done, 60);
	peer_fini(&p);
}

/* Responses without data lie together: one piece of output for all of them. */
static void
test_headers_go_out_as_one_piece(void **state)
{
	struct iovec iov[4];
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	for (unsigned i = 0; i < 10; i++) {
		uint8_t bhs[BHS_SIZE];

		peer_command(&p, bhs, FLAG_FINAL, 0);
		peer_feed_quiet(&p, bhs, BHS_SIZE);
	}
	assert_int_equal(iscsi_conn_output(p.conn, iov, 4), 1);
	assert_int_equal(iov[0].iov_len, 10 * BHS_SIZE);
	peer_fini(&p);
}

/* Sent in parts of any size, the bytes are the same. */
static void
test_output_taken_byte_by_byte(void **state)
{
	struct peer model, p;
	size_t at = 0;

	(void)state;
	peer_init(&model, NULL);
	converse(&model, digest_pairs, sizeof(digest_pairs));
	peer_init(&p, NULL);
	iscsi_conn_input(p.conn, model.fed.bytes, model.fed.len);
	while (iscsi_conn_has_output(p.conn)) {
		struct iovec iov[2];
		size_t step = at % 3 + 1;

		assert_true(iscsi_conn_output(p.conn, iov, 2) >= 1);
		step = MIN(step, iov[0].iov_len);
		assert_memory_equal(iov[0].iov_base, model.out.bytes + at, step);
		iscsi_conn_output_advance(p.conn, step);
		at += step;
	}
	assert_int_equal(at, model.out.len);
	peer_fini(&p);
	peer_fini(&model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_cut_at_every_byte_with_digests),
		cmocka_unit_test(test_damaged_header_drops_the_connection),
		cmocka_unit_test(test_damaged_headers_break_nothing),
		cmocka_unit_test(test_many_commands_in_one_input),
		cmocka_unit_test(test_headers_go_out_as_one_piece),
		cmocka_unit_test(test_output_taken_byte_by_byte),
	};

	peer_disk_bytes = 64 * 1024;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
