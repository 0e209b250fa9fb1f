/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of sessions with several connections: joining, the order of commands, what belongs to which
 * connection, task management and logout across connections.  Source: RFC 7143 §4.2.2, §4.2.3,
 * §6.3.4, §11.5 and §11.14.
 */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

#include "fault.h"
#include "iscsi/iscsi_int.h"

enum { CLOSE_SESSION = 0, CLOSE_CONNECTION = 1, REMOVE_FOR_RECOVERY = 2 }; /* §11.14.1 */

/* Two connections of one session; commands have no immediate data. */
struct pair {
	struct peer a, b;
};

/* A NOP-Out that wants no answer: it says that everything has come. */
static void
acknowledge(struct peer *p)
{
	uint8_t bhs[BHS_SIZE];

	iscsi_pdu_start(bhs, OP_NOP_OUT, TAG_NONE);
	bhs[AT_OPCODE] |= OP_IMMEDIATE;
	bhs[AT_FLAGS] = FLAG_FINAL;
	put_be32(bhs + AT_TTT, TAG_NONE);
	put_be32(bhs + AT_CMD_SN, p->cmd_sn);
	put_be32(bhs + AT_EXP_STAT_SN, p->conn->tx.stat_sn);
	peer_send(p, bhs, NULL, 0);
}

/* A whole login request. */
static const char leading[] = "InitiatorName=" PEER_INITIATOR "\0TargetName=" PEER_TARGET
			      "\0MaxConnections=4\0InitialR2T=Yes\0ImmediateData=No";

static void
start(struct pair *s)
{
	static const char pairs[] = "MaxConnections=4\0InitialR2T=Yes\0ImmediateData=No";

	peer_init(&s->a, NULL);
	peer_login(&s->a, pairs, sizeof(pairs));
	peer_join(&s->b, &s->a, 1);
	acknowledge(&s->a);
	acknowledge(&s->b);
}

static void
finish(struct pair *s)
{
	peer_fini(&s->b);
	peer_fini(&s->a);
}

/* Sends TEST UNIT READY with this CmdSN; returns its ITT. */
static uint32_t
send_at(struct peer *p, uint32_t sn)
{
	uint8_t bhs[BHS_SIZE];

	p->cmd_sn = sn;
	peer_command(p, bhs, FLAG_FINAL, 0);
	bhs[AT_LUN + 1] = 1;
	peer_send(p, bhs, NULL, 0);
	return p->itt;
}

static uint32_t
tmf_at(struct peer *p, uint32_t sn, unsigned function, uint32_t ref_itt, uint32_t ref_sn)
{
	uint8_t bhs[BHS_SIZE];

	p->cmd_sn = sn;
	peer_request(p, bhs, OP_TMF, (uint8_t)(FLAG_FINAL | function), true);
	bhs[AT_LUN + 1] = 1;
	put_be32(bhs + AT_REF_TAG, ref_itt);
	put_be32(bhs + AT_REF_CMD_SN, ref_sn);
	put_be32(bhs + AT_EXP_STAT_SN, p->conn->tx.stat_sn);
	peer_send(p, bhs, NULL, 0);
	return p->itt;
}

static void
expect_tmf(struct peer *p, uint32_t itt, unsigned response)
{
	struct got got;

	peer_pump(p);
	peer_expect(p, OP_TMF_RESPONSE, &got);
	assert_int_equal(get_be32(got.bhs + AT_ITT), itt);
	assert_int_equal(got.bhs[AT_RESPONSE], response);
	peer_expect_nothing(p);
}

static void
expect_logout(struct peer *p, unsigned response)
{
	peer_expect_logout(p, response);
	peer_expect_nothing(p);
}

/* --- joining --- */

static void
test_a_joined_connection_has_what_the_session_agreed_on(void **state)
{
	const struct iscsi_params *params;
	struct peer a, b;

	(void)state;
	peer_init(&a, NULL);
	peer_login_with(&a, "MaxConnections=4;MaxBurstLength=4096;FirstBurstLength=1024;"
			    "MaxRecvDataSegmentLength=1000;HeaderDigest=CRC32C;");
	peer_init_second(&b, &a, 7);
	peer_login_with(&b, "MaxBurstLength=8192;MaxRecvDataSegmentLength=2000;");
	params = iscsi_conn_params(b.conn);
	assert_int_equal(params->max_connections, 4);
	assert_int_equal(params->max_burst_len, 4096);
	assert_int_equal(params->first_burst_len, 1024);
	assert_int_equal(params->max_send_len, 2000);
	assert_int_equal(params->header_digest, ISCSI_DIGEST_NONE);
	assert_int_equal(iscsi_conn_params(a.conn)->max_send_len, 1000);
	assert_ptr_equal(iscsi_conn_session(b.conn), iscsi_conn_session(a.conn));
	peer_fini(&b);
	peer_fini(&a);
}

static void
test_keys_of_the_session_are_for_its_first_login(void **state)
{
	static const char *const keys[] = {
		"DataPDUInOrder=Yes",   "DataSequenceInOrder=Yes", "DefaultTime2Retain=1",
		"DefaultTime2Wait=1",   "ErrorRecoveryLevel=0",    "FirstBurstLength=512",
		"ImmediateData=Yes",    "InitialR2T=Yes",          "MaxBurstLength=512",
		"MaxConnections=2",     "MaxOutstandingR2T=1",     "TaskReporting=RFC3720",
		"iSCSIProtocolLevel=1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		char text[256], want[64];
		struct peer a, b;
		struct got got;
		int len, key_len = (int)strcspn(keys[i], "=");

		peer_init(&a, NULL);
		peer_login(&a, "", 0);
		peer_init_second(&b, &a, 1);
		len = snprintf(text, sizeof(text), "InitiatorName=%s;TargetName=%s;%s;",
			       PEER_INITIATOR, PEER_TARGET, keys[i]);
		for (int at = 0; at < len; at++)
			if (text[at] == ';')
				text[at] = '\0';
		peer_login_request(&b, FLAG_FINAL | 1 << 2 | 3, text, (size_t)len, &got);
		snprintf(want, sizeof(want), "%.*s=Irrelevant", key_len, keys[i]);
		if (!peer_text_has(&got, want))
			fail_msg("no %s", want);
		peer_fini(&b);
		peer_fini(&a);
	}
}

/*
 * Only the session knows its window: before the last response the initiator is to ignore both
 * numbers (RFC 7143 §4.2.2.1).
 */
static void
test_a_joining_login_says_nothing_of_the_window(void **state)
{
	static const char names[] = "InitiatorName=" PEER_INITIATOR "\0TargetName=" PEER_TARGET;
	struct peer a, b;
	struct got got;
	uint32_t exp;

	(void)state;
	peer_init_depth(&a, NULL, 8);
	peer_login(&a, "", 0);
	send_at(&a, 1);
	peer_init_second(&b, &a, 1);
	b.cmd_sn = 5;
	peer_login_request(&b, 1 << 2, names, sizeof(names), &got);
	exp = get_be32(got.bhs + AT_EXP_CMD_SN);
	assert_true(iscsi_sn_before(get_be32(got.bhs + AT_MAX_CMD_SN), exp - 1));
	peer_login_request(&b, FLAG_FINAL | 1 << 2 | 3, "", 0, &got);
	assert_int_equal(get_be32(got.bhs + AT_EXP_CMD_SN), 2);
	assert_int_equal(get_be32(got.bhs + AT_MAX_CMD_SN), 9);
	peer_fini(&b);
	peer_fini(&a);
}

/* --- the order of commands --- */

static void
test_commands_run_in_order_whichever_connection_they_come_through(void **state)
{
	static struct pair s;
	uint32_t second, fourth;

	(void)state;
	start(&s);
	second = send_at(&s.b, 2);
	fourth = send_at(&s.b, 4);
	peer_expect_nothing(&s.b);
	assert_int_equal(s.b.given, 0);
	peer_expect_good_of(&s.a, send_at(&s.a, 1));
	assert_int_equal(s.b.woken, 1);
	peer_expect_good_of(&s.b, second);
	peer_expect_nothing(&s.b);
	peer_expect_good_of(&s.a, send_at(&s.a, 3));
	peer_expect_good_of(&s.b, fourth);
	finish(&s);
}

static void
test_connections_share_one_window(void **state)
{
	struct peer a, b;
	struct got got;

	(void)state;
	peer_init_depth(&a, NULL, 4);
	peer_login(&a, "MaxConnections=2", sizeof("MaxConnections=2"));
	peer_join(&b, &a, 1);
	a.mode = b.mode = PEER_HOLD;
	send_at(&a, 1);
	send_at(&b, 2);
	send_at(&a, 3);
	iscsi_task_good(b.held[0], 0);
	peer_pump(&b);
	peer_expect_good(&b, &got);
	assert_int_equal(get_be32(got.bhs + AT_EXP_CMD_SN), 4);
	assert_int_equal(get_be32(got.bhs + AT_MAX_CMD_SN), 5);
	send_at(&b, 6); /* outside */
	send_at(&b, 5);
	send_at(&a, 4);
	assert_int_equal(b.given, 2);
	assert_int_equal(a.given, 3);
	iscsi_task_good(a.held[0], 0);
	iscsi_task_good(a.held[1], 0);
	iscsi_task_good(a.held[2], 0);
	iscsi_task_good(b.held[1], 0);
	peer_fini(&b);
	peer_fini(&a);
}

static void
test_data_belongs_to_the_connection_of_its_command(void **state)
{
	uint8_t bhs[BHS_SIZE], data[2 * PEER_BLOCK];
	static struct pair s;
	struct got got;
	uint32_t ttt;

	(void)state;
	start(&s);
	memset(data, 0x5a, sizeof(data));
	peer_write10(&s.b, bhs, 8, 2, true);
	peer_send(&s.b, bhs, NULL, 0);
	peer_expect(&s.b, OP_R2T, &got);
	ttt = get_be32(got.bhs + AT_TTT);
	/* through the other connection it is data of no command */
	peer_data_out(bhs, s.b.itt, ttt, 0, 0, true);
	assert_int_equal(peer_send(&s.a, bhs, data, sizeof(data)), 0);
	peer_expect_nothing(&s.a);
	assert_memory_not_equal(s.a.disk + 8 * PEER_BLOCK, data, sizeof(data));
	peer_data_out(bhs, s.b.itt, ttt, 0, 0, true);
	peer_send(&s.b, bhs, data, sizeof(data));
	peer_expect_good_of(&s.b, s.b.itt);
	assert_memory_equal(s.a.disk + 8 * PEER_BLOCK, data, sizeof(data));
	s.a.cmd_sn = s.b.cmd_sn;
	finish(&s);
}

static void
test_a_reject_goes_to_the_connection_of_the_request(void **state)
{
	uint8_t bhs[BHS_SIZE];
	static struct pair s;

	(void)state;
	start(&s);
	s.b.cmd_sn = 2;
	peer_command(&s.b, bhs, FLAG_FINAL, 0);
	put_be32(bhs + AT_ITT, TAG_NONE);
	peer_send(&s.b, bhs, NULL, 0);
	peer_expect_good_of(&s.a, send_at(&s.a, 1));
	peer_pump(&s.b);
	peer_expect(&s.b, OP_REJECT, NULL);
	/* the number was given back: any connection may fill the gap */
	peer_expect_good_of(&s.a, send_at(&s.a, 2));
	finish(&s);
}

/*
 * A slow connection does not cost the session: the others stop taking input instead of being ended.
 */
static void
test_a_connection_stops_when_too_much_is_held(void **state)
{
	static uint8_t data[65536];
	uint8_t bhs[BHS_SIZE];
	static struct peer a, b, c;
	unsigned sent = 0;

	(void)state;
	peer_init(&a, NULL);
	peer_login_with(&a, "MaxConnections=3;FirstBurstLength=65536;");
	peer_join(&b, &a, 1);
	peer_join(&c, &a, 2);
	send_at(&c, 3);
	for (; iscsi_conn_wants_input(b.conn) && sent < 100; sent++) {
		b.cmd_sn = 4 + sent;
		peer_write10(&b, bhs, 0, 128, true);
		assert_int_equal(peer_send(&b, bhs, data, sizeof(data)), 0);
	}
	assert_in_range(sent, HELD_BYTES_MAX / sizeof(data) - 1, HELD_BYTES_MAX / sizeof(data));
	assert_false(iscsi_conn_wants_input(c.conn)); /* it has sent ahead, too */
	assert_true(iscsi_conn_wants_input(a.conn));
	b.woken = c.woken = 0;
	send_at(&a, 1);
	send_at(&a, 2);
	assert_true(b.woken > 0 && c.woken > 0);
	assert_true(iscsi_conn_wants_input(b.conn) && iscsi_conn_wants_input(c.conn));
	assert_int_equal(b.given, sent);
	peer_fini(&c);
	peer_fini(&b);
	peer_fini(&a);
}

/* What is held is a list, in which each PDU that comes is looked up. */
static void
test_small_requests_ahead_of_their_turn_are_few(void **state)
{
	static struct pair s;
	unsigned sent = 0;

	(void)state;
	peer_init(&s.a, NULL);
	peer_login_with(&s.a, "MaxConnections=4;ErrorRecoveryLevel=1;");
	peer_join(&s.b, &s.a, 1);
	while (s.b.error == 0 && sent < 3 * HELD_PDUS_MANY) {
		tmf_at(&s.b, 100, ISCSI_TMF_LU_RESET, TAG_NONE, 0);
		sent++;
	}
	assert_int_equal(s.b.error, ERR_LIMIT);
	assert_int_equal(sent, HELD_PDUS_MANY + 1);
	finish(&s);
}

/* --- task management --- */

static void
test_a_task_of_another_connection_can_be_aborted(void **state)
{
	static struct pair s;
	uint32_t itt;

	(void)state;
	start(&s);
	s.b.mode = PEER_HOLD;
	itt = tmf_at(&s.a, 2, ISCSI_TMF_ABORT_TASK, send_at(&s.b, 1), 1);
	assert_true(s.b.held[0]->aborted);
	peer_expect_nothing(&s.a);
	s.a.woken = 0;
	iscsi_task_drop(s.b.held[0]);
	assert_int_equal(s.a.woken, 1);
	expect_tmf(&s.a, itt, ISCSI_TMF_COMPLETE);
	peer_expect_nothing(&s.b);
	finish(&s);
}

/* What has not come counts as received: RFC 7143 §11.6.1. */
static void
test_an_abort_may_come_before_its_command(void **state)
{
	static struct pair s;

	(void)state;
	start(&s);
	expect_tmf(&s.a, tmf_at(&s.a, 2, ISCSI_TMF_ABORT_TASK, 0x4711, 1), ISCSI_TMF_COMPLETE);
	peer_expect_good_of(&s.a, send_at(&s.a, 2));
	send_at(&s.b, 1); /* too late */
	peer_expect_nothing(&s.b);
	assert_int_equal(s.b.given, 0);
	finish(&s);
}

static void
test_abort_task_set_waits_for_all_commands_before_it(void **state)
{
	static struct pair s;
	uint32_t itt;

	(void)state;
	start(&s);
	s.a.mode = s.b.mode = PEER_HOLD;
	send_at(&s.a, 2);
	itt = tmf_at(&s.a, 3, ISCSI_TMF_ABORT_TASK_SET, TAG_NONE, 0);
	peer_expect_nothing(&s.a);
	send_at(&s.b, 3); /* it came later: not meant */
	send_at(&s.b, 1); /* the slow one: meant */
	assert_int_equal(s.a.given + s.b.given, 3);
	assert_true(s.a.held[0]->aborted);
	assert_true(s.b.held[0]->aborted);
	assert_false(s.b.held[1]->aborted);
	iscsi_task_drop(s.a.held[0]);
	peer_pump(&s.a);
	peer_expect_nothing(&s.a);
	iscsi_task_drop(s.b.held[0]);
	expect_tmf(&s.a, itt, ISCSI_TMF_COMPLETE);
	iscsi_task_good(s.b.held[1], 0);
	finish(&s);
}

static void
test_lu_reset_waits_for_all_commands_before_it(void **state)
{
	static struct pair s;
	uint32_t itt;

	(void)state;
	start(&s);
	s.b.mode = PEER_HOLD;
	itt = tmf_at(&s.a, 2, ISCSI_TMF_LU_RESET, TAG_NONE, 0);
	peer_expect_nothing(&s.a);
	send_at(&s.b, 1);
	assert_true(s.b.held[0]->aborted);
	iscsi_task_drop(s.b.held[0]);
	expect_tmf(&s.a, itt, ISCSI_TMF_COMPLETE);
	finish(&s);
}

static void
test_a_target_reset_takes_the_numbers_before_it(void **state)
{
	static struct pair s;
	uint32_t itt;

	(void)state;
	start(&s);
	itt = tmf_at(&s.a, 4, ISCSI_TMF_TARGET_WARM_RESET, TAG_NONE, 0);
	expect_tmf(&s.a, itt, ISCSI_TMF_COMPLETE);
	send_at(&s.b, 2); /* too late */
	peer_expect_nothing(&s.b);
	peer_expect_good_of(&s.b, send_at(&s.b, 4));
	finish(&s);
}

/*
 * RFC 7143 §4.2.2.3: the response to a function for many tasks comes after all answers before it,
 * also those through other connections; so the initiator must have said that it has them.
 */
static void
test_a_response_waits_until_answers_before_it_have_come(void **state)
{
	uint8_t bhs[BHS_SIZE];
	static struct pair s;
	struct got got;
	uint32_t itt;

	(void)state;
	start(&s);
	peer_expect_good_of(&s.b, send_at(&s.b, 1));
	itt = tmf_at(&s.a, 2, ISCSI_TMF_LU_RESET, TAG_NONE, 0);
	peer_expect_nothing(&s.a);
	peer_pump(&s.b);
	peer_expect(&s.b, OP_NOP_IN, &got);
	iscsi_pdu_start(bhs, OP_NOP_OUT, TAG_NONE);
	bhs[AT_OPCODE] |= OP_IMMEDIATE;
	memcpy(bhs + AT_TTT, got.bhs + AT_TTT, 4);
	put_be32(bhs + AT_CMD_SN, 2);
	put_be32(bhs + AT_EXP_STAT_SN, get_be32(got.bhs + AT_STAT_SN));
	s.a.woken = 0;
	peer_send(&s.b, bhs, NULL, 0);
	assert_int_equal(s.a.woken, 1);
	expect_tmf(&s.a, itt, ISCSI_TMF_COMPLETE);
	finish(&s);
}

static void
test_a_response_waits_for_no_connection_that_has_ended(void **state)
{
	static struct pair s;
	uint32_t itt;

	(void)state;
	start(&s);
	peer_expect_good_of(&s.b, send_at(&s.b, 1));
	itt = tmf_at(&s.a, 2, ISCSI_TMF_LU_RESET, TAG_NONE, 0);
	peer_expect_nothing(&s.a);
	peer_fini(&s.b);
	expect_tmf(&s.a, itt, ISCSI_TMF_COMPLETE);
	peer_fini(&s.a);
}

/* --- logout and the end of connections --- */

static void
test_a_logout_of_another_connection_waits_for_its_tasks(void **state)
{
	static struct pair s;

	(void)state;
	start(&s);
	s.b.mode = PEER_HOLD;
	send_at(&s.b, 1);
	send_at(&s.b, 3); /* terminated, "whether acknowledged via ExpCmdSN or not" */
	s.a.cmd_sn = 4;
	assert_int_equal(peer_log_out(&s.a, CLOSE_CONNECTION, 1), 0);
	peer_expect_nothing(&s.a);
	assert_int_equal(iscsi_conn_error(s.b.conn), ERR_CLOSED);
	assert_int_equal(iscsi_conn_logged_out(s.b.conn), ISCSI_LOGOUT_CONNECTION);
	assert_true(s.b.woken > 0);
	iscsi_task_drop(s.b.held[0]);
	expect_logout(&s.a, 0);
	peer_fini(&s.b);
	peer_expect_good_of(&s.a, send_at(&s.a, 2));
	peer_expect_good_of(&s.a, send_at(&s.a, 4));
	peer_fini(&s.a);
}

static void
test_a_connection_logs_itself_out(void **state)
{
	uint8_t bhs[BHS_SIZE];
	static struct pair s;

	(void)state;
	start(&s);
	s.b.mode = PEER_HOLD;
	send_at(&s.b, 1);
	assert_int_equal(peer_log_out(&s.b, CLOSE_CONNECTION, 1), 0);
	peer_expect_nothing(&s.b);
	/* what was under way is not answered */
	peer_data_out(bhs, s.b.itt, 3, 0, 0, true);
	assert_int_equal(peer_send(&s.b, bhs, bhs, 32), 0);
	send_at(&s.b, 2);
	assert_int_equal(s.b.given, 1);
	iscsi_task_drop(s.b.held[0]);
	expect_logout(&s.b, 0);
	assert_int_equal(iscsi_conn_error(s.b.conn), ERR_CLOSED);
	assert_int_equal(iscsi_conn_logged_out(s.b.conn), ISCSI_LOGOUT_CONNECTION);
	peer_fini(&s.b);
	peer_expect_good_of(&s.a, send_at(&s.a, 2));
	peer_fini(&s.a);
}

static void
test_a_logout_of_the_session_ends_all_connections(void **state)
{
	static struct pair s;

	(void)state;
	start(&s);
	s.b.mode = PEER_HOLD;
	send_at(&s.b, 1);
	s.b.woken = 0;
	assert_int_equal(peer_log_out(&s.a, CLOSE_SESSION, 0), ERR_CLOSED);
	expect_logout(&s.a, 0);
	assert_int_equal(iscsi_conn_error(s.b.conn), ERR_CLOSED);
	assert_int_equal(iscsi_conn_logged_out(s.b.conn), ISCSI_LOGOUT_SESSION);
	assert_int_equal(iscsi_conn_logged_out(s.a.conn), ISCSI_LOGOUT_SESSION);
	assert_int_equal(s.b.woken, 1);
	assert_true(s.b.held[0]->aborted);
	finish(&s);
}

static void
test_logouts_that_are_refused(void **state)
{
	static struct pair s;

	(void)state;
	start(&s);
	assert_int_equal(peer_log_out(&s.a, CLOSE_CONNECTION, 9), 0);
	expect_logout(&s.a, 1);
	assert_int_equal(peer_log_out(&s.a, REMOVE_FOR_RECOVERY, 1), 0);
	expect_logout(&s.a, 2);
	peer_expect_good_of(&s.b, send_at(&s.b, 1));
	finish(&s);
}

/* What it had held does not count as received: the initiator sends it again (§7.2.1). */
static void
test_a_connection_that_ends_leaves_the_session_to_the_others(void **state)
{
	static struct pair s;

	(void)state;
	start(&s);
	s.b.mode = PEER_HOLD;
	send_at(&s.b, 1);
	send_at(&s.b, 3);
	peer_fini(&s.b);
	peer_expect_good_of(&s.a, send_at(&s.a, 2));
	send_at(&s.a, 4);
	peer_expect_nothing(&s.a);
	peer_expect_good_of(&s.a, send_at(&s.a, 3));
	peer_expect_good(&s.a, &(struct got){ 0 });
	peer_fini(&s.a);
}

/* A session outlives its connections as long as its owner refers to it. */
static void
test_a_session_goes_on_with_another_connection(void **state)
{
	struct iscsi_session *session;
	static struct pair s;
	struct peer c;

	(void)state;
	start(&s);
	peer_expect_good_of(&s.a, send_at(&s.a, 1));
	session = iscsi_session_ref(iscsi_conn_session(s.a.conn));
	peer_join(&c, &s.a, 0);
	c.first = NULL; /* it frees the disk */
	s.a.disk = NULL;
	finish(&s);
	peer_expect_good_of(&c, send_at(&c, 2));
	peer_fini(&c);
	assert_int_equal(session->exp_cmd_sn, 3);
	iscsi_session_unref(session);
}

/* --- out of memory --- */

/* Any of the two may have ended by now, because of what the other one has sent. */
static bool
may_go_on(const struct pair *s)
{
	return iscsi_conn_error(s->a.conn) == 0 && iscsi_conn_error(s->b.conn) == 0;
}

static void
converse(struct pair *s)
{
	static const char names[] = "InitiatorName=" PEER_INITIATOR "\0TargetName=" PEER_TARGET;
	uint8_t bhs[BHS_SIZE];

	peer_login_request(&s->b, FLAG_FINAL | 1 << 2 | 3, names, sizeof(names), NULL);
	if (s->b.error < 0)
		return;
	/* a write ahead of its turn; a reset of all before it; one that fills the gap */
	s->b.cmd_sn = 2;
	peer_write10(&s->b, bhs, 0, 2, true);
	peer_send(&s->b, bhs, NULL, 0);
	if (may_go_on(s))
		tmf_at(&s->a, 3, ISCSI_TMF_LU_RESET, TAG_NONE, 0);
	if (may_go_on(s))
		send_at(&s->a, 1);
	if (may_go_on(s))
		acknowledge(&s->b);
	if (may_go_on(s))
		tmf_at(&s->b, 6, ISCSI_TMF_TARGET_WARM_RESET, TAG_NONE, 0);
	if (may_go_on(s))
		acknowledge(&s->a);
	if (may_go_on(s))
		peer_log_out(&s->a, CLOSE_CONNECTION, 1);
	if (iscsi_conn_error(s->a.conn) == 0)
		send_at(&s->a, 6);
	if (iscsi_conn_error(s->a.conn) == 0)
		peer_log_out(&s->a, CLOSE_SESSION, 0);
}

static void
test_two_connections_run_out_of_memory(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		static struct pair s;

		peer_init(&s.a, NULL);
		if (s.a.conn != NULL)
			peer_login_request(&s.a, FLAG_FINAL | 1 << 2 | 3, leading, sizeof(leading),
					   NULL);
		if (s.a.conn == NULL || s.a.error < 0) {
			assert_true(FAULT_HIT);
			FAULT_OFF();
			peer_fini(&s.a);
			continue;
		}
		peer_init_second(&s.b, &s.a, 1);
		if (s.b.conn != NULL)
			converse(&s);
		if (!FAULT_HIT)
			assert_int_equal(s.a.error, ERR_CLOSED);
		FAULT_OFF();
		finish(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_joined_connection_has_what_the_session_agreed_on),
		cmocka_unit_test(test_keys_of_the_session_are_for_its_first_login),
		cmocka_unit_test(test_a_joining_login_says_nothing_of_the_window),
		cmocka_unit_test(test_commands_run_in_order_whichever_connection_they_come_through),
		cmocka_unit_test(test_connections_share_one_window),
		cmocka_unit_test(test_data_belongs_to_the_connection_of_its_command),
		cmocka_unit_test(test_a_reject_goes_to_the_connection_of_the_request),
		cmocka_unit_test(test_a_connection_stops_when_too_much_is_held),
		cmocka_unit_test(test_small_requests_ahead_of_their_turn_are_few),
		cmocka_unit_test(test_a_task_of_another_connection_can_be_aborted),
		cmocka_unit_test(test_an_abort_may_come_before_its_command),
		cmocka_unit_test(test_abort_task_set_waits_for_all_commands_before_it),
		cmocka_unit_test(test_lu_reset_waits_for_all_commands_before_it),
		cmocka_unit_test(test_a_target_reset_takes_the_numbers_before_it),
		cmocka_unit_test(test_a_response_waits_until_answers_before_it_have_come),
		cmocka_unit_test(test_a_response_waits_for_no_connection_that_has_ended),
		cmocka_unit_test(test_a_logout_of_another_connection_waits_for_its_tasks),
		cmocka_unit_test(test_a_connection_logs_itself_out),
		cmocka_unit_test(test_a_logout_of_the_session_ends_all_connections),
		cmocka_unit_test(test_logouts_that_are_refused),
		cmocka_unit_test(test_a_connection_that_ends_leaves_the_session_to_the_others),
		cmocka_unit_test(test_a_session_goes_on_with_another_connection),
		cmocka_unit_test(test_two_connections_run_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
