/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the initiator side against the target side of the same folder: logins, commands and
 * their data however the bytes are cut, task management, and the ends of a connection.
 */
#include "initiator_pair.h"

#include <errno.h>
#include <stdlib.h>

#include "fault.h"

/* ---- Login ---- */

static void
test_login_without_chap_takes_one_request(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair);
	const struct iscsi_login *login = iscsi_conn_login(pair.target.conn);

	assert_int_equal(pair.pdus_to_target, 1);
	assert_string_equal(login->initiator_name, PEER_INITIATOR);
	assert_string_equal(login->initiator_alias, "an alias");
	assert_string_equal(login->target_name, PEER_TARGET);
	assert_memory_equal(login->isid, pair.config.isid, ISCSI_ISID_SIZE);
	assert_int_equal(iscsi_initiator_tpgt(pair.ini), 1);
	pair_fini(&pair);
}

/* What both sides have agreed on is the same on both sides. */
static void
expect_same_params(const struct pair *pair)
{
	const struct iscsi_params *a = iscsi_initiator_params(pair->ini);
	const struct iscsi_params *b = iscsi_conn_params(pair->target.conn);

	assert_int_equal(a->max_burst_len, b->max_burst_len);
	assert_int_equal(a->first_burst_len, b->first_burst_len);
	assert_int_equal(a->max_recv_len, b->max_send_len);
	assert_int_equal(a->max_send_len, b->max_recv_len);
	assert_int_equal(a->initial_r2t, b->initial_r2t);
	assert_int_equal(a->immediate_data, b->immediate_data);
	assert_int_equal(a->header_digest, b->header_digest);
	assert_int_equal(a->data_digest, b->data_digest);
	assert_int_equal(a->protocol_level, b->protocol_level);
}

static void
test_parameters_are_agreed(void **state)
{
	struct iscsi_params ours, theirs;

	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		struct pair pair;

		pair_config(&pair);
		iscsi_initiator_limits(&ours);
		iscsi_params_default(&theirs);
		ours.header_digest = (i & 1) != 0 ? 3 : 1;
		ours.data_digest = (i & 2) != 0 ? 2 : 1;
		theirs.immediate_data = (i & 4) == 0;
		theirs.initial_r2t = (i & 8) != 0;
		theirs.max_burst_len = (i & 16) != 0 ? 4096 : 1 << 20;
		theirs.first_burst_len = (i & 16) != 0 ? 1024 : 1 << 16;
		pair.config.limits = &ours;
		assert_int_equal(pair_init_config(&pair, &theirs, 0), 0);
		pair_login(&pair);
		expect_same_params(&pair);
		pair_fini(&pair);
	}
}

static void
chap_init(struct pair *pair, const char *secret, const char *proof)
{
	pair_config(pair);
	pair->config.chap_name = "gateway";
	pair->config.secret = (struct iscsi_secret){ (const uint8_t *)secret, strlen(secret) };
	if (proof != NULL)
		pair->config.target_secret = (struct iscsi_secret){ (const uint8_t *)proof,
								    strlen(proof) };
	assert_int_equal(pair_init_config(pair, NULL, 0), 0);
	pair->target.reply.needs_chap = true;
	pair->target.reply.credentials = (struct iscsi_credentials){
		.initiator = { { (const uint8_t *)PAIR_SECRET, strlen(PAIR_SECRET) } },
		.target = { (const uint8_t *)PAIR_TARGET_PROOF, strlen(PAIR_TARGET_PROOF) },
		.target_name = "target",
	};
}

static void
test_login_with_chap_takes_four_requests(void **state)
{
	struct pair pair;

	(void)state;
	chap_init(&pair, PAIR_SECRET, PAIR_TARGET_PROOF);
	pair_login(&pair);
	assert_int_equal(pair.pdus_to_target, 4);
	assert_true(iscsi_conn_login(pair.target.conn)->authenticated);
	assert_true(iscsi_conn_login(pair.target.conn)->mutual);
	assert_string_equal(iscsi_conn_login(pair.target.conn)->chap_name, "gateway");
	pair_fini(&pair);
}

static void
test_a_wrong_secret_is_refused(void **state)
{
	struct pair pair;

	(void)state;
	chap_init(&pair, "not the secret", NULL);
	pair_pump(&pair);
	assert_int_equal(iscsi_initiator_error(pair.ini), ERR_ACCESS);
	assert_int_equal(iscsi_initiator_login_status(pair.ini), ISCSI_LOGIN_AUTH_FAILED);
	assert_int_equal(pair.ready, 0);
	pair_fini(&pair);
}

/* Whoever listens where a gateway should gets no command. */
static void
test_a_target_that_does_not_prove_itself_is_left(void **state)
{
	struct pair pair;

	(void)state;
	chap_init(&pair, PAIR_SECRET, "another secret of the target");
	pair_pump(&pair);
	assert_int_equal(iscsi_initiator_error(pair.ini), ERR_ACCESS);
	assert_int_equal(iscsi_initiator_login_status(pair.ini), 0);
	assert_int_equal(pair.ready, 0);
	pair_fini(&pair);
}

/* A target that asks for no proof is not the one that the secret is for. */
static void
test_a_target_without_chap_is_left(void **state)
{
	struct pair pair;

	(void)state;
	chap_init(&pair, PAIR_SECRET, NULL);
	pair.target.reply.needs_chap = false;
	pair_pump(&pair);
	assert_int_equal(pair.ready, 0);
	assert_int_equal(iscsi_initiator_error(pair.ini), ERR_ACCESS);
	pair_fini(&pair);
}

static void
test_config_is_checked(void **state)
{
	struct pair pair;
	struct iscsi_params limits;

	(void)state;
	pair_config(&pair);
	pair.config.initiator_name = "";
	assert_int_equal(iscsi_initiator_new(&pair.config, &pair.ini), ERR_INVALID);
	pair_config(&pair);
	pair.config.chap_name = "gateway"; /* without a secret */
	assert_int_equal(iscsi_initiator_new(&pair.config, &pair.ini), ERR_INVALID);
	pair_config(&pair);
	iscsi_initiator_limits(&limits);
	limits.first_burst_len = limits.max_burst_len + 1;
	pair.config.limits = &limits;
	assert_int_equal(iscsi_initiator_new(&pair.config, &pair.ini), ERR_INVALID);
}

/* ---- Commands ---- */

/* One round trip: the target asks for nothing. */
static void
test_a_command_takes_one_round_trip(void **state)
{
	struct pair pair;
	static struct pair_request r;

	(void)state;
	pair_open(&pair);
	pair_write(&r, 8, 256, 5, 1);
	pair_send(&pair, &r);
	while (pair_move_out(&pair))
		;
	assert_int_equal(pair.target.out.len - pair.target.out_read, BHS_SIZE);
	pair_expect_data(&pair, &r, 8);
	assert_int_equal(r.request.residual_kind, ISCSI_RESIDUAL_NONE);
	pair_request_free(&r);
	pair_read(&r, 8, 256, 3);
	pair_send(&pair, &r);
	pair_expect_data(&pair, &r, 8);
	assert_int_equal(r.request.received, 256 * PEER_BLOCK);
	pair_request_free(&r);
	pair_fini(&pair);
}

static void
converse(struct pair *pair)
{
	static struct pair_request w[3], r[3], test;

	pair_write(&w[0], 0, 1, 1, 1);
	pair_write(&w[1], 16, 33, 40, 2);
	pair_write(&w[2], 100, 17, 2, 3);
	for (unsigned i = 0; i < 3; i++)
		pair_send(pair, &w[i]);
	pair_expect_data(pair, &w[0], 0);
	pair_expect_data(pair, &w[1], 16);
	pair_expect_data(pair, &w[2], 100);
	pair_read(&r[0], 16, 33, 7);
	pair_read(&r[1], 0, 1, 1);
	pair_read(&r[2], 101, 5, 3);
	pair_command(&test, 0);
	for (unsigned i = 0; i < 3; i++)
		pair_send(pair, &r[i]);
	pair_send(pair, &test);
	pair_expect_data(pair, &r[0], 16);
	pair_expect_data(pair, &r[1], 0);
	pair_expect_data(pair, &r[2], 101);
	pair_expect(pair, &test, 0);
	for (unsigned i = 0; i < 3; i++) {
		pair_request_free(&w[i]);
		pair_request_free(&r[i]);
	}
	assert_int_equal(iscsi_initiator_requests(pair->ini), 0);
}

/* With digests, without, with R2T, with short segments: the result is the same for every cut. */
static void
test_every_cut_of_bytes(void **state)
{
	static const size_t cuts[] = { 1, 2, 3, 7, 47, 48, 49, 500, 0 };
	struct iscsi_params ours, theirs;

	(void)state;
	for (unsigned i = 0; i < 4 * 2 * ARRAY_LEN(cuts); i++) {
		unsigned way = i % 4;
		struct pair pair;

		pair_config(&pair);
		iscsi_initiator_limits(&ours);
		iscsi_params_default(&theirs);
		ours.header_digest = ours.data_digest = (way & 1) != 0 ? 2 : 1;
		ours.max_recv_len = (way & 2) != 0 ? 512 : 1 << 18;
		theirs.max_recv_len = (way & 2) != 0 ? 1024 : 1 << 18;
		theirs.max_burst_len = (way & 2) != 0 ? 4096 : 1 << 20;
		theirs.first_burst_len = (way & 2) != 0 ? 2048 : 1 << 16;
		theirs.initial_r2t = way == 2;
		theirs.immediate_data = way != 3;
		pair.config.limits = &ours;
		assert_int_equal(pair_init_config(&pair, &theirs, 0), 0);
		pair.cut = cuts[i / 8];
		pair.direct = i / 4 % 2 == 1;
		pair_login(&pair);
		converse(&pair);
		pair_fini(&pair);
	}
}

static void
test_sense_and_residuals(void **state)
{
	struct pair pair;
	static struct pair_request r;

	(void)state;
	pair_open(&pair);
	pair_command(&r, 0xff);
	pair_send(&pair, &r);
	pair_expect(&pair, &r, 2);
	assert_int_equal(r.request.sense_len, 18);
	assert_int_equal(r.request.sense[2], 5);
	assert_int_equal(r.request.sense[12], 0x24);
	/* fewer bytes than were expected, and more: READ of one block and of three */
	pair_read(&r, 4, 2, 1);
	r.cdb[8] = 1;
	pair_send(&pair, &r);
	pair_expect(&pair, &r, 0);
	assert_int_equal(r.request.received, PEER_BLOCK);
	assert_int_equal(r.request.residual_kind, ISCSI_RESIDUAL_UNDERFLOW);
	assert_int_equal(r.request.residual, PEER_BLOCK);
	pair_request_free(&r);
	pair_write(&r, 4, 2, 1, 9);
	r.cdb[8] = 3;
	pair_send(&pair, &r);
	pair_expect(&pair, &r, 0);
	assert_int_equal(r.request.residual_kind, ISCSI_RESIDUAL_OVERFLOW);
	assert_int_equal(r.request.residual, PEER_BLOCK);
	pair_request_free(&r);
	pair_fini(&pair);
}

/* The target answers before it has all of the data: the buffers stay until all was sent. */
static void
test_a_write_that_is_refused_early(void **state)
{
	struct pair pair;
	static struct pair_request w, r;

	(void)state;
	pair_open(&pair);
	pair.target.mode = PEER_REFUSE;
	pair.cut = 100;
	pair_write(&w, 0, 1024, 1, 5);
	pair_send(&pair, &w);
	while (pair.target.given == 0)
		assert_true(pair_move_out(&pair));
	pair_expect(&pair, &w, 2);
	pair.target.mode = PEER_SERVE;
	pair_read(&r, 3, 2, 1);
	pair_send(&pair, &r);
	pair_expect_data(&pair, &r, 3);
	pair_request_free(&w);
	pair_request_free(&r);
	pair_fini(&pair);
}

/* A CDB of 32 bytes and both directions take additional header segments. */
static void
test_long_cdb_and_both_directions(void **state)
{
	static struct pair_request r;
	struct pair pair;

	(void)state;
	pair_open_digests(&pair);
	pair.target.mode = PEER_HOLD;
	pair_write(&r, 0, 1, 1, 1);
	r.cdb[0] = 0x7f;
	r.cdb[31] = 0x5a;
	r.request.cdb_len = 32;
	r.request.reads = true;
	r.request.read_expected = 300;
	r.request.in = r.pieces;
	r.request.in_count = 1;
	pair_send(&pair, &r);
	pair_pump(&pair);
	assert_int_equal(pair.target.held_count, 1);
	struct iscsi_task *task = pair.target.held[0];
	struct iscsi_result result = { .status = 0, .length = 500, .read_length = 400 };

	assert_int_equal(task->cdb_len, 32);
	assert_int_equal(task->cdb[31], 0x5a);
	assert_int_equal(task->read_expected, 300);
	assert_int_equal(task->write_expected, PEER_BLOCK);
	iscsi_task_respond(task, &result);
	pair_expect(&pair, &r, 0);
	assert_int_equal(r.request.residual_kind, ISCSI_RESIDUAL_UNDERFLOW);
	assert_int_equal(r.request.residual, 12);
	assert_int_equal(r.request.read_residual_kind, ISCSI_RESIDUAL_OVERFLOW);
	assert_int_equal(r.request.read_residual, 100);
	pair_request_free(&r);
	pair_fini(&pair);
}

/* More commands than the target's window has places: all end, in their order. */
static void
test_the_window_is_kept(void **state)
{
	static struct pair_request r[200];
	struct pair pair;

	(void)state;
	pair_config(&pair);
	assert_int_equal(pair_init_config(&pair, NULL, 8), 0);
	pair_login(&pair);
	pair.target.mode = PEER_HOLD;
	for (unsigned i = 0; i < 200; i++) {
		pair_command(&r[i], 0);
		r[i].cdb[1] = (uint8_t)i;
		pair_send(&pair, &r[i]);
	}
	for (unsigned i = 0; i < 200; i++) {
		pair_pump(&pair);
		assert_in_range(pair.target.held_count, i + 1, i + 8);
		if (i < 150) {
			assert_int_equal(pair.target.held[i % PEER_TASKS_MAX]->cdb[1], i);
			iscsi_task_good(pair.target.held[i % PEER_TASKS_MAX], 0);
		} else {
			break;
		}
	}
	pair_pump(&pair);
	for (unsigned i = 0; i < 150; i++)
		assert_int_equal(r[i].done, 1);
	assert_int_equal(iscsi_initiator_requests(pair.ini), 50);
	iscsi_initiator_stop(pair.ini, ERR_UNREACHABLE);
	for (unsigned i = 150; i < 200; i++) {
		assert_int_equal(r[i].done, 1);
		assert_int_equal(r[i].request.error, ERR_UNREACHABLE);
		assert_int_equal(r[i].request.sent, i < 158);
	}
	pair_fini(&pair);
}

static void
test_too_many_requests_are_refused(void **state)
{
	struct pair_request *r = calloc(ISCSI_INITIATOR_REQUESTS_MAX + 1, sizeof(*r));
	struct pair pair;

	(void)state;
	assert_non_null(r);
	pair_open(&pair);
	for (unsigned i = 0; i < ISCSI_INITIATOR_REQUESTS_MAX; i++) {
		pair_command(&r[i], 0);
		pair_send(&pair, &r[i]);
	}
	pair_command(&r[ISCSI_INITIATOR_REQUESTS_MAX], 0);
	assert_int_equal(iscsi_initiator_send(pair.ini, &r[ISCSI_INITIATOR_REQUESTS_MAX].request),
			 ERR_LIMIT);
	for (unsigned i = 0; i < ISCSI_INITIATOR_REQUESTS_MAX; i++)
		pair_expect(&pair, &r[i], 0);
	pair_fini(&pair);
	free(r);
}

/* ---- Task management ---- */

static void
tmf_init(struct iscsi_request_tmf *tmf, enum iscsi_tmf_function function, unsigned *done)
{
	memset(tmf, 0, sizeof(*tmf));
	tmf->function = (uint8_t)function;
	tmf->owner = done;
}

static void
test_abort_of_a_task_that_runs(void **state)
{
	static struct pair_request w, other;
	struct iscsi_request_tmf tmf;
	unsigned done = 0;
	struct pair pair;

	(void)state;
	pair_open(&pair);
	pair.target.mode = PEER_HOLD;
	pair_write(&w, 0, 8, 1, 1);
	pair_command(&other, 0);
	pair_send(&pair, &w);
	pair_send(&pair, &other);
	pair_pump(&pair);
	tmf_init(&tmf, ISCSI_TMF_ABORT_TASK, &done);
	tmf.request = &w.request;
	assert_int_equal(iscsi_initiator_tmf(pair.ini, &tmf), 0);
	pair_pump(&pair);
	assert_int_equal(w.done, 0); /* the target still works on it */
	iscsi_task_drop(pair.target.held[0]);
	pair_pump(&pair);
	assert_int_equal(w.done, 1);
	assert_int_equal(w.request.error, ERR_CANCELLED);
	assert_int_equal(done, 1);
	assert_int_equal(tmf.response, ISCSI_TMF_COMPLETE);
	assert_int_equal(other.done, 0);
	iscsi_task_good(pair.target.held[1], 0);
	pair_expect(&pair, &other, 0);
	pair_request_free(&w);
	pair_fini(&pair);
}

static void
test_abort_of_a_task_that_was_not_sent(void **state)
{
	struct iscsi_request_tmf tmf;
	static struct pair_request r;
	unsigned done = 0;
	struct pair pair;

	(void)state;
	pair_open(&pair);
	pair_command(&r, 0);
	pair_send(&pair, &r);
	tmf_init(&tmf, ISCSI_TMF_ABORT_TASK, &done);
	tmf.request = &r.request;
	assert_int_equal(iscsi_initiator_tmf(pair.ini, &tmf), 0);
	assert_int_equal(done, 1);
	assert_int_equal(r.done, 1);
	assert_int_equal(r.request.error, ERR_CANCELLED);
	assert_false(r.request.sent);
	assert_false(pair_move_out(&pair));
	pair_fini(&pair);
}

/* The answer is on its way when the abort is sent: it counts. */
static void
test_abort_that_comes_too_late(void **state)
{
	struct iscsi_request_tmf tmf;
	static struct pair_request r;
	unsigned done = 0;
	struct pair pair;

	(void)state;
	pair_open(&pair);
	pair_read(&r, 5, 1, 1);
	pair_send(&pair, &r);
	assert_true(pair_move_out(&pair));
	tmf_init(&tmf, ISCSI_TMF_ABORT_TASK, &done);
	tmf.request = &r.request;
	assert_int_equal(iscsi_initiator_tmf(pair.ini, &tmf), 0);
	pair_expect_data(&pair, &r, 5);
	assert_int_equal(done, 1);
	pair_request_free(&r);
	pair_fini(&pair);
}

/* A reset ends the tasks of its unit that were sent before it, and no others. */
static void
test_reset_ends_the_tasks_of_its_unit(void **state)
{
	static struct pair_request here, there, later;
	struct iscsi_request_tmf tmf;
	unsigned done = 0;
	struct pair pair;

	(void)state;
	pair_open(&pair);
	pair.target.mode = PEER_HOLD;
	pair.target.tmf_later = true;
	pair_command(&here, 0);
	pair_command(&there, 0);
	pair_command(&later, 0);
	there.request.lun[1] = 1;
	pair_send(&pair, &here);
	pair_send(&pair, &there);
	pair_pump(&pair);
	tmf_init(&tmf, ISCSI_TMF_LU_RESET, &done);
	assert_int_equal(iscsi_initiator_tmf(pair.ini, &tmf), 0);
	pair_pump(&pair);
	pair_send(&pair, &later);
	pair_pump(&pair);
	iscsi_task_drop(pair.target.held[0]);
	assert_non_null(pair.target.tmf);
	iscsi_tmf_done(pair.target.tmf, ISCSI_TMF_COMPLETE);
	pair.target.tmf = NULL;
	pair_pump(&pair);
	assert_int_equal(done, 1);
	assert_int_equal(here.done, 1);
	assert_int_equal(here.request.error, ERR_CANCELLED);
	assert_int_equal(there.done, 0);
	assert_int_equal(later.done, 0);
	iscsi_task_good(pair.target.held[1], 0);
	iscsi_task_good(pair.target.held[2], 0);
	pair_expect(&pair, &there, 0);
	pair_expect(&pair, &later, 0);
	pair_fini(&pair);
}

static void
test_a_function_that_is_refused_ends_nothing(void **state)
{
	struct iscsi_request_tmf tmf;
	static struct pair_request r;
	unsigned done = 0;
	struct pair pair;

	(void)state;
	pair_open(&pair);
	pair.target.mode = PEER_HOLD;
	pair_command(&r, 0);
	pair_send(&pair, &r);
	pair_pump(&pair);
	tmf_init(&tmf, ISCSI_TMF_CLEAR_ACA, &done);
	assert_int_equal(iscsi_initiator_tmf(pair.ini, &tmf), 0);
	pair_pump(&pair);
	assert_int_equal(done, 1);
	assert_int_equal(tmf.response, ISCSI_TMF_NOT_SUPPORTED);
	assert_int_equal(r.done, 0);
	pair_fini(&pair);
	assert_int_equal(r.done, 1);
	assert_int_equal(r.request.error, ERR_OFFLINE);
}

/* ---- Pings, messages, the end ---- */

static void
test_pings_of_both_sides(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(iscsi_conn_ping(pair.target.conn), 0);
		peer_pump(&pair.target);
		pair_pump(&pair);
		assert_int_equal(iscsi_initiator_ping(pair.ini), 0);
		assert_int_equal(iscsi_initiator_ping(pair.ini), ERR_BUSY);
		pair_pump(&pair);
	}
	assert_int_equal(iscsi_initiator_error(pair.ini), 0);
	assert_int_equal(pair.target.error, 0);
	pair_fini(&pair);
}

static void
test_asynchronous_messages(void **state)
{
	struct iscsi_async message = { .event = ISCSI_ASYNC_LOGOUT_REQUEST, .param3 = 7 };
	struct pair pair;

	(void)state;
	pair_open(&pair);
	assert_int_equal(iscsi_conn_async_message(pair.target.conn, &message), 0);
	peer_pump(&pair.target);
	pair_pump(&pair);
	assert_int_equal(pair.asyncs, 1);
	assert_int_equal(pair.async.event, ISCSI_ASYNC_LOGOUT_REQUEST);
	assert_int_equal(pair.async.param3, 7);
	pair_fini(&pair);
}

static void
test_logout(void **state)
{
	static struct pair_request r;
	struct pair pair;

	(void)state;
	pair_open(&pair);
	assert_int_equal(iscsi_initiator_log_out(pair.ini), 0);
	pair_pump(&pair);
	assert_int_equal(pair.target.error, ERR_CLOSED);
	assert_int_equal(iscsi_initiator_error(pair.ini), ERR_CLOSED);
	pair_command(&r, 0);
	assert_int_equal(iscsi_initiator_send(pair.ini, &r.request), ERR_CLOSED);
	pair_fini(&pair);
}

/* ---- What a target must not send ---- */

/* Sends one header to an initiator that has a read and a write under way; it must end. */
static void
expect_bad(uint8_t opcode, uint8_t flags, unsigned field, uint32_t value, uint32_t data_len)
{
	static const uint8_t bytes[1024];
	static struct pair_request r, w;
	uint8_t bhs[BHS_SIZE];
	struct pair pair;

	pair_open(&pair);
	pair.target.mode = PEER_HOLD;
	pair_read(&r, 0, 1, 1);
	pair_write(&w, 0, 1, 1, 1);
	pair_send(&pair, &r);
	pair_send(&pair, &w);
	pair_pump(&pair);
	iscsi_pdu_start(bhs, (enum iscsi_pdu_opcode)opcode, r.request.itt);
	bhs[AT_FLAGS] = flags;
	put_be24(bhs + AT_DATA_LEN, data_len);
	put_be32(bhs + AT_TTT, TAG_NONE);
	put_be32(bhs + AT_STAT_SN, 2);
	put_be32(bhs + AT_EXP_CMD_SN, 3);
	put_be32(bhs + AT_MAX_CMD_SN, 130);
	if (field > 0)
		put_be32(bhs + field, value);
	iscsi_initiator_input(pair.ini, bhs, sizeof(bhs));
	if (data_len > 0)
		iscsi_initiator_input(
			pair.ini, bytes,
			MIN((size_t)data_len + iscsi_pad_len(data_len), sizeof(bytes)));
	assert_int_equal(iscsi_initiator_error(pair.ini), ERR_PROTOCOL);
	iscsi_initiator_stop(pair.ini, ERR_OFFLINE);
	assert_int_equal(r.done, 1);
	assert_int_equal(r.request.error, ERR_PROTOCOL);
	assert_int_equal(w.done, 1);
	pair_fini(&pair);
	pair_request_free(&r);
	pair_request_free(&w);
}

static void
test_what_a_target_must_not_send(void **state)
{
	(void)state;
	expect_bad(OP_DATA_IN, 0x80, AT_OFFSET, 512, 4);  /* behind what was read */
	expect_bad(OP_DATA_IN, 0x80, AT_DATA_SN, 1, 4);   /* one was lost */
	expect_bad(OP_DATA_IN, 0x80, 0, 0, 1024);         /* more than was expected */
	expect_bad(OP_DATA_IN, 0x80, AT_ITT, 0x12345, 4); /* of no request */
	expect_bad(OP_DATA_IN, 0x81, AT_STAT_SN, 7, 4);   /* StatSN has a gap */
	expect_bad(OP_RESPONSE, 0x80, AT_STAT_SN, 3, 0);  /* the same */
	expect_bad(OP_RESPONSE, 0x80, AT_ITT, 0xffffffff, 0);
	expect_bad(OP_RESPONSE, 0x80, AT_DATA_SN, 4, 0);  /* ExpDataSN */
	expect_bad(OP_RESPONSE, 0x80, 0, 0, 1);           /* half a length of sense data */
	expect_bad(OP_R2T, 0x80, AT_DESIRED_LEN, 512, 0); /* for a read */
	expect_bad(OP_TMF_RESPONSE, 0x80, 0, 0, 0);       /* to no function */
	expect_bad(OP_LOGIN_RESPONSE, 0x80, 0, 0, 0);     /* the login is over */
	expect_bad(OP_LOGOUT_RESPONSE, 0x80, 0, 0, 0);    /* nobody has asked */
	expect_bad(OP_NOP_IN, 0x80, 0, 0, 0);             /* to no ping */
	expect_bad(OP_REJECT, 0x80, 0, 0, 48);
	expect_bad(OP_COMMAND, 0x80, 0, 0, 0);
	expect_bad(0x3e, 0x80, 0, 0, 0);
	expect_bad(OP_RESPONSE, 0x80, 0, 0, 0xffffff); /* more than is ever gathered */
}

/* The data of a Data-In has a wrong digest. */
static void
test_a_wrong_digest_ends_the_connection(void **state)
{
	static struct pair_request r;
	struct pair pair;

	(void)state;
	pair_open_digests(&pair);
	pair_read(&r, 0, 2, 1);
	pair_send(&pair, &r);
	assert_true(pair_move_out(&pair));
	pair.target.out.bytes[pair.target.out_read + BHS_SIZE + DIGEST_SIZE + 3] ^= 1;
	pair_pump(&pair);
	assert_int_equal(iscsi_initiator_error(pair.ini), ERR_PROTOCOL);
	assert_int_equal(r.done, 0);
	iscsi_initiator_stop(pair.ini, ERR_OFFLINE);
	assert_int_equal(r.request.error, ERR_PROTOCOL);
	pair_request_free(&r);
	pair_fini(&pair);
}

/* ---- No memory ---- */

static void
test_no_memory(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		static struct pair_request r;
		struct pair pair;
		int rc;

		pair_config(&pair);
		pair.config.chap_name = "gateway";
		pair.config.secret = (struct iscsi_secret){ (const uint8_t *)PAIR_SECRET,
							    strlen(PAIR_SECRET) };
		rc = pair_init_config(&pair, NULL, 0);
		pair.target.reply.needs_chap = true;
		pair.target.reply.credentials.initiator[0] = pair.config.secret;
		if (rc == 0)
			pair_pump(&pair);
		if (rc == 0 && iscsi_initiator_is_ready(pair.ini)) {
			pair_read(&r, 0, 4, 2);
			rc = iscsi_initiator_send(pair.ini, &r.request);
			assert_true(rc == 0 || rc == -ENOMEM);
			if (rc == 0)
				pair_pump(&pair);
			if (!FAULT_HIT)
				assert_int_equal(r.done, 1);
		} else {
			assert_true(FAULT_HIT);
			memset(&r, 0, sizeof(r));
		}
		FAULT_OFF();
		pair_fini(&pair);
		pair_request_free(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login_without_chap_takes_one_request),
		cmocka_unit_test(test_parameters_are_agreed),
		cmocka_unit_test(test_login_with_chap_takes_four_requests),
		cmocka_unit_test(test_a_wrong_secret_is_refused),
		cmocka_unit_test(test_a_target_that_does_not_prove_itself_is_left),
		cmocka_unit_test(test_a_target_without_chap_is_left),
		cmocka_unit_test(test_config_is_checked),
		cmocka_unit_test(test_a_command_takes_one_round_trip),
		cmocka_unit_test(test_every_cut_of_bytes),
		cmocka_unit_test(test_sense_and_residuals),
		cmocka_unit_test(test_a_write_that_is_refused_early),
		cmocka_unit_test(test_long_cdb_and_both_directions),
		cmocka_unit_test(test_the_window_is_kept),
		cmocka_unit_test(test_too_many_requests_are_refused),
		cmocka_unit_test(test_abort_of_a_task_that_runs),
		cmocka_unit_test(test_abort_of_a_task_that_was_not_sent),
		cmocka_unit_test(test_abort_that_comes_too_late),
		cmocka_unit_test(test_reset_ends_the_tasks_of_its_unit),
		cmocka_unit_test(test_a_function_that_is_refused_ends_nothing),
		cmocka_unit_test(test_pings_of_both_sides),
		cmocka_unit_test(test_asynchronous_messages),
		cmocka_unit_test(test_logout),
		cmocka_unit_test(test_what_a_target_must_not_send),
		cmocka_unit_test(test_a_wrong_digest_ends_the_connection),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
