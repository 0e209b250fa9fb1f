/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of ErrorRecoveryLevel 2: a connection fails, and its tasks go to another one.  Source: RFC
 * 7143 §7.2.2, §11.5.6, §11.6.1 and §11.14.
 */
#include "peer.h"

#include "fault.h"
#include "iscsi/iscsi_int.h"

enum { CLOSE_CONNECTION = 1, REMOVE_FOR_RECOVERY = 2 }; /* §11.14.1 */

/* Two connections of one session; `a` will fail. */
static struct peer a, b;

static void
start_at(const char *level)
{
	peer_init(&a, NULL);
	peer_login_with(&a,
			"%s;MaxConnections=4;InitialR2T=Yes;ImmediateData=Yes;"
			"MaxBurstLength=1024;FirstBurstLength=512;MaxRecvDataSegmentLength=512;",
			level);
	peer_init_second(&b, &a, 1);
	peer_login_with(&b, "MaxRecvDataSegmentLength=512;");
}

static void
start(void)
{
	start_at("ErrorRecoveryLevel=2");
}

static void
finish(void)
{
	peer_fini(&b);
	peer_fini(&a);
}

/* Its PDUs take the next number of the session. */
static void
next_on(struct peer *p)
{
	p->cmd_sn = p->conn->session->exp_cmd_sn;
}

static uint32_t
send_command(struct peer *p)
{
	uint8_t bhs[BHS_SIZE];

	next_on(p);
	peer_command(p, bhs, FLAG_FINAL, 0);
	peer_send(p, bhs, NULL, 0);
	return p->itt;
}

static uint32_t
send_read(struct peer *p, uint16_t blocks)
{
	uint8_t bhs[BHS_SIZE];

	next_on(p);
	peer_read10(p, bhs, 8, blocks);
	peer_send(p, bhs, NULL, 0);
	return p->itt;
}

/* Asks for a task through b; the answer must be the next PDU there. */
static void
reassign(uint32_t itt, uint32_t exp_data_sn, unsigned response)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;

	next_on(&b);
	peer_request(&b, bhs, OP_TMF, FLAG_FINAL | ISCSI_TMF_TASK_REASSIGN, true);
	put_be32(bhs + AT_REF_TAG, itt);
	put_be32(bhs + AT_REF_EXP_DATA_SN, exp_data_sn);
	assert_int_equal(peer_send(&b, bhs, NULL, 0), 0);
	peer_expect(&b, OP_TMF_RESPONSE, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], response);
}

static void
expect_good_on(struct peer *p, uint32_t itt)
{
	peer_expect_good_of(p, itt);
	peer_expect_nothing(p);
}

/* Expects the Data-In PDUs from this DataSN on, 512 bytes each, and the status. */
static void
expect_read(struct peer *p, uint32_t itt, uint32_t sn, uint32_t end)
{
	struct got got;

	for (; sn < end; sn++) {
		peer_expect(p, OP_DATA_IN, &got);
		assert_int_equal(get_be32(got.bhs + AT_ITT), itt);
		assert_int_equal(get_be32(got.bhs + AT_DATA_SN), sn);
		assert_int_equal(get_be32(got.bhs + AT_OFFSET), sn * 512);
		assert_memory_equal(got.data, b.disk + (8 + sn) * PEER_BLOCK, 512);
	}
	expect_good_on(p, itt);
}

static void
log_out(struct peer *p, unsigned reason, uint16_t cid, unsigned response)
{
	next_on(p);
	peer_log_out(p, reason, cid);
	peer_expect_logout(p, response);
}

/* --- a task in each state --- */

static void
test_what_is_executed_is_answered_on_the_new_connection(void **state)
{
	uint32_t itt;

	(void)state;
	start();
	a.mode = PEER_HOLD;
	itt = send_command(&a);
	iscsi_conn_suspend(a.conn);
	assert_false(a.held[0]->aborted);
	assert_true(iscsi_conn_has_tasks(a.conn));
	reassign(itt, 0, ISCSI_TMF_COMPLETE);
	assert_non_null(strstr(peer_events(&b), "task_moved"));
	assert_false(iscsi_conn_has_tasks(a.conn));
	assert_int_equal(iscsi_conn_tasks(b.conn), 1);
	iscsi_task_good(b.held[0], 0);
	expect_good_on(&b, itt);
	finish();
}

static void
test_what_ends_meanwhile_is_answered_later(void **state)
{
	uint32_t itt, other;

	(void)state;
	start();
	a.mode = PEER_HOLD;
	itt = send_command(&a);
	a.mode = PEER_SERVE;
	other = send_command(&a);
	iscsi_conn_suspend(a.conn);
	iscsi_task_good(a.held[0], 0);
	assert_int_equal(iscsi_conn_tasks(a.conn), 0);
	assert_true(iscsi_conn_has_tasks(a.conn));
	reassign(itt, 0, ISCSI_TMF_COMPLETE);
	expect_good_on(&b, itt);
	reassign(other, 0, ISCSI_TMF_COMPLETE);
	expect_good_on(&b, other);
	assert_false(iscsi_conn_has_tasks(a.conn));
	reassign(itt, 0, ISCSI_TMF_TASK_ALLEGIANT);
	finish();
}

/* What came whole stays; what came in part is requested again. */
static void
test_data_that_is_missing_is_requested_there(void **state)
{
	uint8_t bhs[BHS_SIZE], data[2048], pdu[PEER_PDU_MAX + 512];
	struct got got;
	uint32_t itt;

	(void)state;
	start();
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	next_on(&a);
	peer_write10(&a, bhs, 20, 4, true);
	peer_send(&a, bhs, data, 512);
	itt = a.itt;
	peer_expect(&a, OP_R2T, &got);
	assert_int_equal(get_be32(got.bhs + AT_OFFSET), 512);
	peer_data_out(bhs, itt, get_be32(got.bhs + AT_TTT), 0, 512, false);
	peer_send(&a, bhs, data + 512, 512);
	peer_data_out(bhs, itt, get_be32(got.bhs + AT_TTT), 1, 1024, true);
	peer_build(&a, pdu, bhs, NULL, 0, data, 512); /* wrong data, of which a part arrives */
	peer_feed(&a, pdu, BHS_SIZE + 100);
	iscsi_conn_suspend(a.conn);
	reassign(itt, 0, ISCSI_TMF_COMPLETE);
	peer_expect(&b, OP_R2T, &got);
	assert_int_equal(get_be32(got.bhs + AT_OFFSET), 1024);
	assert_int_equal(get_be32(got.bhs + AT_DESIRED_LEN), 1024);
	peer_data_out(bhs, itt, get_be32(got.bhs + AT_TTT), 0, 1024, true);
	peer_send(&b, bhs, data + 1024, 1024);
	expect_good_on(&b, itt);
	assert_memory_equal(b.disk + 20 * PEER_BLOCK, data, sizeof(data));
	finish();
}

static void
test_a_read_is_sent_again_from_where_it_is_acknowledged(void **state)
{
	uint32_t itt;

	(void)state;
	for (uint32_t from = 0; from <= 4; from++) {
		start();
		itt = send_read(&a, 4);
		expect_read(&a, itt, 0, 4);
		iscsi_conn_suspend(a.conn);
		reassign(itt, from, ISCSI_TMF_COMPLETE);
		expect_read(&b, itt, from, 4);
		finish();
	}
}

/* "Any other value MUST be ignored by the target" */
static void
test_a_data_number_that_was_not_sent_is_ignored(void **state)
{
	uint32_t itt;

	(void)state;
	start();
	itt = send_read(&a, 4);
	iscsi_conn_suspend(a.conn);
	reassign(itt, 5, ISCSI_TMF_COMPLETE);
	expect_read(&b, itt, 0, 4);
	finish();
}

static void
test_a_task_may_be_moved_twice(void **state)
{
	static struct peer c;
	uint32_t itt;

	(void)state;
	start();
	peer_init_second(&c, &a, 2);
	peer_login_with(&c, "MaxRecvDataSegmentLength=512;");
	itt = send_read(&c, 3);
	iscsi_conn_suspend(c.conn);
	reassign(itt, 0, ISCSI_TMF_COMPLETE);
	expect_read(&b, itt, 0, 3);
	iscsi_conn_suspend(b.conn);
	peer_fini(&c);
	uint8_t bhs[BHS_SIZE];

	next_on(&a);
	peer_request(&a, bhs, OP_TMF, FLAG_FINAL | ISCSI_TMF_TASK_REASSIGN, true);
	put_be32(bhs + AT_REF_TAG, itt);
	peer_send(&a, bhs, NULL, 0);
	peer_expect(&a, OP_TMF_RESPONSE, NULL);
	expect_read(&a, itt, 0, 3);
	finish();
}

/* --- what is refused --- */

static void
test_what_cannot_be_moved(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	uint32_t itt;

	(void)state;
	start_at("ErrorRecoveryLevel=1");
	reassign(send_read(&a, 1), 0, ISCSI_TMF_NO_REASSIGN);
	finish();
	start();
	itt = send_read(&a, 1);
	reassign(itt, 0, ISCSI_TMF_TASK_ALLEGIANT);
	reassign(0x4711, 0, ISCSI_TMF_NO_TASK);
	iscsi_conn_suspend(a.conn);
	peer_request(&b, bhs, OP_TMF, FLAG_FINAL | ISCSI_TMF_TASK_REASSIGN, true);
	put_be32(bhs + AT_REF_TAG, itt);
	bhs[AT_LUN + 1] = 9;
	peer_send(&b, bhs, NULL, 0);
	peer_expect(&b, OP_TMF_RESPONSE, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], ISCSI_TMF_NO_TASK);
	/* the owner needed the buffers: nothing can be sent again */
	assert_int_equal(iscsi_conn_forget(a.conn), 1);
	reassign(itt, 0, ISCSI_TMF_REJECTED);
	finish();
}

/* --- the connection that has failed --- */

static void
test_what_was_not_in_turn_is_sent_again(void **state)
{
	uint32_t itt;

	(void)state;
	start();
	a.cmd_sn = 2;
	uint8_t bhs[BHS_SIZE];

	peer_command(&a, bhs, FLAG_FINAL, 0);
	peer_send(&a, bhs, NULL, 0);
	itt = a.itt;
	iscsi_conn_suspend(a.conn);
	expect_good_on(&b, send_command(&b));
	reassign(itt, 0, ISCSI_TMF_NO_TASK);
	expect_good_on(&b, send_command(&b));
	finish();
}

static void
test_a_logout_for_recovery_suspends_a_connection(void **state)
{
	uint32_t itt;

	(void)state;
	start();
	a.mode = PEER_HOLD;
	itt = send_command(&a);
	log_out(&b, REMOVE_FOR_RECOVERY, 9, 1);
	log_out(&b, REMOVE_FOR_RECOVERY, 0, 0);
	assert_true(iscsi_conn_is_suspended(a.conn));
	assert_int_equal(iscsi_conn_logged_out(a.conn), ISCSI_LOGOUT_RECOVERY);
	assert_true(a.woken > 0);
	log_out(&b, REMOVE_FOR_RECOVERY, 0, 0); /* also when it has failed before */
	reassign(itt, 0, ISCSI_TMF_COMPLETE);
	iscsi_task_good(b.held[0], 0);
	expect_good_on(&b, itt);
	finish();
}

static void
test_a_connection_logs_itself_out_for_recovery(void **state)
{
	uint32_t itt;

	(void)state;
	start();
	a.mode = PEER_HOLD;
	itt = send_command(&a);
	log_out(&a, REMOVE_FOR_RECOVERY, 0, 0);
	assert_int_equal(iscsi_conn_error(a.conn), ERR_CLOSED);
	assert_int_equal(iscsi_conn_logged_out(a.conn), ISCSI_LOGOUT_RECOVERY);
	assert_false(a.held[0]->aborted);
	iscsi_conn_suspend(a.conn);
	reassign(itt, 0, ISCSI_TMF_COMPLETE);
	iscsi_task_good(b.held[0], 0);
	expect_good_on(&b, itt);
	finish();
}

/* What had the CID before was logged out by the login that took it: RFC 7143 §6.3.4. */
static void
test_a_logout_is_for_the_last_connection_with_the_cid(void **state)
{
	static struct peer c;

	(void)state;
	start();
	a.mode = PEER_HOLD;
	send_command(&a);
	iscsi_conn_suspend(a.conn);
	peer_init_second(&c, &b, 0);
	peer_login_with(&c, "MaxRecvDataSegmentLength=512;");
	iscsi_conn_suspend(c.conn);
	log_out(&b, REMOVE_FOR_RECOVERY, 0, 0);
	assert_int_equal(iscsi_conn_logged_out(c.conn), ISCSI_LOGOUT_RECOVERY);
	assert_int_equal(iscsi_conn_logged_out(a.conn), ISCSI_LOGOUT_NONE);
	peer_fini(&c);
	finish();
}

/* A logout that closes it ends its tasks, too. */
static void
test_a_connection_that_has_failed_can_be_closed(void **state)
{
	(void)state;
	start();
	a.mode = PEER_HOLD;
	send_command(&a);
	iscsi_conn_suspend(a.conn);
	uint8_t bhs[BHS_SIZE];

	next_on(&b);
	peer_request(&b, bhs, OP_LOGOUT, FLAG_FINAL | CLOSE_CONNECTION, true);
	put_be16(bhs + AT_CID, 0);
	peer_send(&b, bhs, NULL, 0);
	assert_true(a.held[0]->aborted);
	assert_false(iscsi_conn_is_suspended(a.conn));
	peer_expect_nothing(&b);
	iscsi_task_drop(a.held[0]);
	peer_pump(&b);
	peer_expect(&b, OP_LOGOUT_RESPONSE, NULL);
	finish();
}

static void
test_the_time_for_recovery_ends(void **state)
{
	uint32_t itt;

	(void)state;
	start();
	a.mode = PEER_HOLD;
	itt = send_command(&a);
	a.mode = PEER_SERVE;
	send_read(&a, 2);
	iscsi_conn_suspend(a.conn);
	iscsi_conn_stop(a.conn);
	assert_true(a.held[0]->aborted);
	reassign(itt, 0, ISCSI_TMF_NO_TASK);
	finish();
}

/* Its requests of task management have ended with it. */
static void
test_a_request_is_not_answered_on_a_connection_that_has_failed(void **state)
{
	uint8_t bhs[BHS_SIZE];

	(void)state;
	start();
	a.tmf_later = true;
	next_on(&a);
	peer_request(&a, bhs, OP_TMF, FLAG_FINAL | ISCSI_TMF_LU_RESET, true);
	peer_send(&a, bhs, NULL, 0);
	iscsi_conn_suspend(a.conn);
	assert_true(iscsi_conn_has_tasks(a.conn));
	iscsi_tmf_done(a.tmf, ISCSI_TMF_COMPLETE);
	a.tmf = NULL;
	assert_false(iscsi_conn_has_tasks(a.conn));
	assert_false(iscsi_conn_has_output(a.conn));
	finish();
}

static void
test_tasks_of_a_failed_connection_can_be_aborted(void **state)
{
	uint8_t bhs[BHS_SIZE];
	uint32_t itt;

	(void)state;
	start();
	a.mode = PEER_HOLD;
	itt = send_command(&a);
	iscsi_conn_suspend(a.conn);
	next_on(&b);
	peer_request(&b, bhs, OP_TMF, FLAG_FINAL | ISCSI_TMF_ABORT_TASK, true);
	put_be32(bhs + AT_REF_TAG, itt);
	peer_send(&b, bhs, NULL, 0);
	iscsi_task_drop(a.held[0]);
	peer_pump(&b);
	peer_expect(&b, OP_TMF_RESPONSE, NULL);
	assert_false(iscsi_conn_has_tasks(a.conn));
	finish();
}

static void
converse(void)
{
	uint8_t bhs[BHS_SIZE];
	uint32_t read, write;

	read = send_read(&a, 2);
	next_on(&a);
	peer_write10(&a, bhs, 20, 3, true);
	write = a.itt;
	if (iscsi_conn_error(a.conn) == 0)
		peer_send(&a, bhs, NULL, 0);
	iscsi_conn_suspend(a.conn);
	for (unsigned i = 0; i < 2 && iscsi_conn_error(b.conn) == 0; i++) {
		next_on(&b);
		peer_request(&b, bhs, OP_TMF, FLAG_FINAL | ISCSI_TMF_TASK_REASSIGN, true);
		put_be32(bhs + AT_REF_TAG, i == 0 ? read : write);
		peer_send(&b, bhs, NULL, 0);
	}
	if (iscsi_conn_error(b.conn) == 0)
		send_command(&b);
}

static void
test_out_of_memory(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		mem_fault_at(0);
		start();
		mem_fault_at(fault_walk.round);
		converse();
		assert_true(FAULT_HIT || iscsi_conn_error(b.conn) == 0);
		FAULT_OFF();
		finish();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_executed_is_answered_on_the_new_connection),
		cmocka_unit_test(test_what_ends_meanwhile_is_answered_later),
		cmocka_unit_test(test_data_that_is_missing_is_requested_there),
		cmocka_unit_test(test_a_read_is_sent_again_from_where_it_is_acknowledged),
		cmocka_unit_test(test_a_data_number_that_was_not_sent_is_ignored),
		cmocka_unit_test(test_a_task_may_be_moved_twice),
		cmocka_unit_test(test_what_cannot_be_moved),
		cmocka_unit_test(test_what_was_not_in_turn_is_sent_again),
		cmocka_unit_test(test_a_logout_for_recovery_suspends_a_connection),
		cmocka_unit_test(test_a_connection_logs_itself_out_for_recovery),
		cmocka_unit_test(test_a_logout_is_for_the_last_connection_with_the_cid),
		cmocka_unit_test(test_a_connection_that_has_failed_can_be_closed),
		cmocka_unit_test(test_the_time_for_recovery_ends),
		cmocka_unit_test(test_a_request_is_not_answered_on_a_connection_that_has_failed),
		cmocka_unit_test(test_tasks_of_a_failed_connection_can_be_aborted),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
