/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of task management: which tasks are aborted, in which state they can be, and when the
 * response is sent. Source: RFC 7143 §11.5 and §11.6.
 */
#include "peer.h"

#include <errno.h>

#include <stdio.h>
#include <stdlib.h>

#include "iscsi/iscsi_int.h"

static void
start(struct peer *p)
{
	static const char pairs[] =
		"InitialR2T=Yes\0ImmediateData=No\0MaxBurstLength=4096\0FirstBurstLength=512";

	peer_init(p, NULL);
	peer_login(p, pairs, sizeof(pairs));
	p->mode = PEER_HOLD;
}

static uint32_t
hold_command(struct peer *p, uint8_t lun)
{
	uint8_t bhs[BHS_SIZE];

	peer_command(p, bhs, FLAG_FINAL, 0);
	bhs[AT_LUN + 1] = lun;
	peer_send(p, bhs, NULL, 0);
	return p->itt;
}

static void
tmf(struct peer *p, unsigned function, uint8_t lun, uint32_t ref_itt, uint32_t ref_sn)
{
	uint8_t bhs[BHS_SIZE];

	peer_request(p, bhs, OP_TMF, (uint8_t)(FLAG_FINAL | function), true);
	bhs[AT_LUN + 1] = lun;
	put_be32(bhs + AT_REF_TAG, ref_itt);
	put_be32(bhs + AT_REF_CMD_SN, ref_sn);
	peer_clear_events(p);
	peer_send(p, bhs, NULL, 0);
}

static void
expect_tmf(struct peer *p, unsigned response)
{
	struct got got;

	peer_expect(p, OP_TMF_RESPONSE, &got);
	assert_int_equal(get_be32(got.bhs + AT_ITT), p->itt);
	assert_int_equal(got.bhs[AT_RESPONSE], response);
	peer_expect_nothing(p);
}

static void
test_abort_task_waits_for_the_owner(void **state)
{
	char want[100];
	struct peer p;
	uint32_t itt;

	(void)state;
	start(&p);
	itt = hold_command(&p, 1);
	tmf(&p, ISCSI_TMF_ABORT_TASK, 1, itt, 1);
	snprintf(want, sizeof(want), "abort itt=%x\ntmf 1 task=1\n", (unsigned)itt);
	assert_string_equal(peer_events(&p), want);
	assert_true(p.held[0]->aborted);
	peer_expect_nothing(&p);
	iscsi_task_drop(p.held[0]);
	peer_pump(&p);
	expect_tmf(&p, ISCSI_TMF_COMPLETE);
	peer_fini(&p);
}

/* An aborted task may end in any of the four ways; nothing is sent for it. */
static void
test_aborted_task_may_end_any_way(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		static const struct iscsi_result result = { .status = 2 };
		struct iovec iov;
		struct peer p;
		uint32_t itt;

		start(&p);
		itt = hold_command(&p, 1);
		tmf(&p, ISCSI_TMF_ABORT_TASK, 1, itt, 1);
		iov = (struct iovec){ .iov_base = p.disk, .iov_len = 512 };
		if (way == 0)
			iscsi_task_drop(p.held[0]);
		else if (way == 1)
			iscsi_task_good(p.held[0], 0);
		else if (way == 2)
			iscsi_task_respond(p.held[0], &result);
		else
			iscsi_task_finish_read(p.held[0], &iov, 1, 512, 512);
		peer_pump(&p);
		expect_tmf(&p, ISCSI_TMF_COMPLETE);
		peer_fini(&p);
	}
}

/* The backing store hangs: the request is answered, and the tag is free for another command. */
static void
test_nobody_waits_for_an_abandoned_task(void **state)
{
	struct iscsi_task *abandoned;
	uint8_t bhs[BHS_SIZE];
	struct peer p;
	uint32_t itt;

	(void)state;
	start(&p);
	itt = hold_command(&p, 1);
	abandoned = p.held[0];
	tmf(&p, ISCSI_TMF_ABORT_TASK, 1, itt, 1);
	peer_expect_nothing(&p);
	iscsi_task_abandon(abandoned);
	peer_pump(&p);
	expect_tmf(&p, ISCSI_TMF_COMPLETE);
	assert_int_equal(iscsi_conn_tasks(p.conn), 1);
	assert_int_equal(iscsi_conn_abandoned(p.conn), 1);
	p.mode = PEER_SERVE;
	peer_command(&p, bhs, FLAG_FINAL, 0);
	put_be32(bhs + AT_ITT, itt);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_RESPONSE, NULL);
	iscsi_task_drop(abandoned);
	assert_int_equal(iscsi_conn_tasks(p.conn), 0);
	assert_int_equal(iscsi_conn_abandoned(p.conn), 0);
	peer_fini(&p);
}

/*
 * Several stores hang, and more commands are abandoned than the session has places: those for other
 * units are taken as before, immediate ones too.
 */
static void
test_abandoned_tasks_take_no_places(void **state)
{
	static struct iscsi_task *abandoned[400];
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	start(&p);
	for (size_t i = 0; i < ARRAY_LEN(abandoned); i++) {
		p.held_count = 0;
		p.mode = PEER_HOLD;
		peer_request(&p, bhs, OP_COMMAND, FLAG_FINAL | ISCSI_ATTR_SIMPLE, i % 2 != 0);
		bhs[AT_LUN + 1] = 1;
		peer_send(&p, bhs, NULL, 0);
		assert_int_equal(p.held_count, 1);
		abandoned[i] = p.held[0];
		tmf(&p, ISCSI_TMF_ABORT_TASK, 1, p.itt, 1);
		iscsi_task_abandon(abandoned[i]);
		peer_pump(&p);
		expect_tmf(&p, ISCSI_TMF_COMPLETE);
	}
	p.held_count = 0;
	p.mode = PEER_SERVE;
	for (unsigned immediate = 0; immediate < 2; immediate++) {
		struct got got;

		peer_request(&p, bhs, OP_COMMAND, FLAG_FINAL | ISCSI_ATTR_SIMPLE, immediate);
		peer_send(&p, bhs, NULL, 0);
		peer_expect(&p, OP_RESPONSE, &got);
		assert_int_equal(got.bhs[AT_STATUS], 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(abandoned); i++)
		iscsi_task_drop(abandoned[i]);
	assert_int_equal(iscsi_conn_tasks(p.conn), 0);
	peer_fini(&p);
}

static void
test_abort_of_a_write_that_collects(void **state)
{
	static const uint8_t zeros[4096];
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;
	uint32_t itt;

	(void)state;
	start(&p);
	peer_write10(&p, bhs, 0, 16, true);
	itt = p.itt;
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_R2T, &got);
	tmf(&p, ISCSI_TMF_ABORT_TASK, 0, itt, 1);
	/* The owner does not execute it: it is not asked, only told that it is done. */
	assert_null(strstr(peer_events(&p), "abort"));
	assert_int_equal(p.done, 1);
	expect_tmf(&p, ISCSI_TMF_COMPLETE);
	/* The data that was asked for comes all the same, and goes nowhere. */
	peer_data_out(bhs, itt, get_be32(got.bhs + AT_TTT), 0, 0, true);
	assert_int_equal(peer_send(&p, bhs, zeros, 4096), 0);
	peer_expect_nothing(&p);
	peer_fini(&p);
}

static void
test_abort_of_what_has_ended(void **state)
{
	struct peer p;

	(void)state;
	start(&p);
	p.mode = PEER_SERVE;
	hold_command(&p, 0);
	peer_expect(&p, OP_RESPONSE, NULL);
	tmf(&p, ISCSI_TMF_ABORT_TASK, 0, p.itt, 1);
	expect_tmf(&p, ISCSI_TMF_NO_TASK);
	assert_string_equal(peer_events(&p), "");
	peer_fini(&p);
}

static void
test_abort_on_another_lun(void **state)
{
	struct peer p;
	uint32_t itt;

	(void)state;
	start(&p);
	itt = hold_command(&p, 1);
	tmf(&p, ISCSI_TMF_ABORT_TASK, 2, itt, 1);
	expect_tmf(&p, ISCSI_TMF_NO_TASK);
	assert_false(p.held[0]->aborted);
	peer_fini(&p);
}

/* RFC 7143 §11.6.1: the number of a command that was not seen yet counts as received. */
static void
test_abort_of_what_has_not_come(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	start(&p);
	p.mode = PEER_SERVE;
	p.cmd_sn = 2; /* 1 got lost */
	tmf(&p, ISCSI_TMF_ABORT_TASK, 0, 0x999, 1);
	peer_expect(&p, OP_TMF_RESPONSE, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], ISCSI_TMF_COMPLETE);
	peer_command(&p, bhs, FLAG_FINAL, 0);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_RESPONSE, &got);
	assert_int_equal(get_be32(got.bhs + AT_EXP_CMD_SN), 3);
	peer_fini(&p);
}

static void
test_abort_of_what_waits_for_its_turn(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;
	uint32_t itt;

	(void)state;
	start(&p);
	p.mode = PEER_SERVE;
	p.cmd_sn = 2;
	peer_command(&p, bhs, FLAG_FINAL, 0);
	itt = p.itt;
	peer_send(&p, bhs, NULL, 0);
	tmf(&p, ISCSI_TMF_ABORT_TASK, 0, itt, 2);
	expect_tmf(&p, ISCSI_TMF_COMPLETE);
	p.cmd_sn = 1;
	peer_command(&p, bhs, FLAG_FINAL, 0);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_RESPONSE, &got);
	peer_expect_nothing(&p);
	assert_int_equal(p.given, 1);
	peer_fini(&p);
}

static void
test_abort_task_set(void **state)
{
	struct peer p;

	(void)state;
	start(&p);
	hold_command(&p, 1);
	hold_command(&p, 2);
	hold_command(&p, 1);
	tmf(&p, ISCSI_TMF_ABORT_TASK_SET, 1, TAG_NONE, 0);
	assert_true(p.held[0]->aborted);
	assert_false(p.held[1]->aborted);
	assert_true(p.held[2]->aborted);
	iscsi_task_drop(p.held[2]);
	peer_pump(&p);
	peer_expect_nothing(&p);
	iscsi_task_drop(p.held[0]);
	peer_pump(&p);
	expect_tmf(&p, ISCSI_TMF_COMPLETE);
	/* The other one goes on. */
	iscsi_task_good(p.held[1], 0);
	peer_pump(&p);
	peer_expect(&p, OP_RESPONSE, NULL);
	peer_fini(&p);
}

/* SAM has two forms for a number below 256: what was sent in one is aborted in the other. */
static void
test_unit_is_known_by_either_form(void **state)
{
	static const unsigned functions[] = { ISCSI_TMF_ABORT_TASK, ISCSI_TMF_ABORT_TASK_SET,
					      ISCSI_TMF_LU_RESET };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		uint8_t bhs[BHS_SIZE];
		struct peer p;

		start(&p);
		peer_command(&p, bhs, FLAG_FINAL, 0);
		bhs[AT_LUN] = 0x40;
		bhs[AT_LUN + 1] = 1;
		peer_send(&p, bhs, NULL, 0);
		hold_command(&p, 2);
		tmf(&p, functions[i], 1, p.itt - 1, 1);
		assert_true(p.held[0]->aborted);
		assert_false(p.held[1]->aborted);
		peer_expect_nothing(&p);
		iscsi_task_drop(p.held[0]);
		peer_pump(&p);
		expect_tmf(&p, ISCSI_TMF_COMPLETE);
		peer_fini(&p);
	}
}

/*
 * The owner aborts for the wider functions, here within ops->tmf; the response waits for those too.
 */
static void
test_reset_waits_for_what_the_owner_aborted(void **state)
{
	struct peer p;

	(void)state;
	start(&p);
	p.tmf_later = true;
	hold_command(&p, 3);
	tmf(&p, ISCSI_TMF_LU_RESET, 3, TAG_NONE, 0);
	assert_true(p.held[0]->aborted);
	iscsi_task_drop(p.held[0]);
	peer_pump(&p);
	peer_expect_nothing(&p);
	assert_int_equal(iscsi_conn_tasks(p.conn), 1);
	iscsi_tmf_done(p.tmf, ISCSI_TMF_COMPLETE);
	p.tmf = NULL;
	peer_pump(&p);
	expect_tmf(&p, ISCSI_TMF_COMPLETE);
	assert_int_equal(iscsi_conn_tasks(p.conn), 0);
	peer_fini(&p);
}

static void
test_every_function(void **state)
{
	(void)state;
	for (unsigned function = 0; function < 128; function++) {
		/* clang-format off */
		static const uint8_t want[] = {
			[0] = ISCSI_TMF_NOT_SUPPORTED, [1] = ISCSI_TMF_NO_TASK, [2] = ISCSI_TMF_COMPLETE,
			[3] = ISCSI_TMF_NOT_SUPPORTED, [4] = ISCSI_TMF_COMPLETE, [5] = ISCSI_TMF_COMPLETE,
			[6] = ISCSI_TMF_COMPLETE, [7] = ISCSI_TMF_COMPLETE, [8] = ISCSI_TMF_NO_REASSIGN,
		};
		/* clang-format on */
		struct peer p;

		start(&p);
		tmf(&p, function, 0, 0x999, 0x999);
		expect_tmf(&p, function < sizeof(want) ? want[function] : ISCSI_TMF_NOT_SUPPORTED);
		peer_fini(&p);
	}
}

static void
test_too_many_requests_are_rejected(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	start(&p);
	hold_command(&p, 1);
	for (unsigned i = 0; i < TMF_MAX; i++)
		tmf(&p, ISCSI_TMF_ABORT_TASK_SET, 1, TAG_NONE, 0);
	peer_expect_nothing(&p);
	tmf(&p, ISCSI_TMF_ABORT_TASK_SET, 1, TAG_NONE, 0);
	peer_expect(&p, OP_REJECT, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], REJECT_TOO_MANY_IMMEDIATE);
	iscsi_task_drop(p.held[0]);
	peer_pump(&p);
	for (unsigned i = 0; i < TMF_MAX; i++)
		peer_expect(&p, OP_TMF_RESPONSE, NULL);
	peer_expect_nothing(&p);
	peer_fini(&p);
}

static void
test_stop_tells_the_owner_and_waits(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	start(&p);
	hold_command(&p, 1);
	peer_write10(&p, bhs, 0, 16, true);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_R2T, NULL);
	iscsi_conn_stop(p.conn);
	assert_int_equal(iscsi_conn_tasks(p.conn), 1);
	assert_int_equal(p.done, 1);
	assert_int_equal(iscsi_conn_input(p.conn, bhs, BHS_SIZE), ERR_CLOSED);
	iscsi_task_good(p.held[0], 0);
	assert_int_equal(iscsi_conn_tasks(p.conn), 0);
	assert_int_equal(p.done, 2);
	peer_fini(&p);
}

/* Freed with answers unsent: every task is given back. */
static void
test_free_with_output_unsent(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "MaxRecvDataSegmentLength=512", 29);
	for (unsigned i = 0; i < 20; i++) {
		peer_read10(&p, bhs, 0, 100);
		peer_feed_quiet(&p, bhs, BHS_SIZE);
	}
	assert_true(iscsi_conn_has_output(p.conn));
	assert_int_equal(p.done, 0);
	iscsi_conn_free(p.conn);
	p.conn = NULL;
	assert_int_equal(p.done, 20);
	peer_fini(&p);
}

/*
 * A response that cannot be made ends the connection: the owner asks for the error, for it made no
 * input.
 */
static void
test_a_response_that_cannot_be_made_is_an_error(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	p.tmf_later = true;
	peer_request(&p, bhs, OP_TMF, FLAG_FINAL | ISCSI_TMF_LU_RESET, true);
	peer_send(&p, bhs, NULL, 0);
	assert_non_null(p.tmf);
	assert_int_equal(iscsi_conn_error(p.conn), 0);
	mem_fault_at(1);
	iscsi_tmf_done(p.tmf, ISCSI_TMF_COMPLETE);
	mem_fault_at(0);
	p.tmf = NULL;
	assert_int_equal(iscsi_conn_error(p.conn), -ENOMEM);
	assert_false(iscsi_conn_wants_input(p.conn));
	peer_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_response_that_cannot_be_made_is_an_error),
		cmocka_unit_test(test_abort_task_waits_for_the_owner),
		cmocka_unit_test(test_aborted_task_may_end_any_way),
		cmocka_unit_test(test_nobody_waits_for_an_abandoned_task),
		cmocka_unit_test(test_abandoned_tasks_take_no_places),
		cmocka_unit_test(test_abort_of_a_write_that_collects),
		cmocka_unit_test(test_abort_of_what_has_ended),
		cmocka_unit_test(test_abort_on_another_lun),
		cmocka_unit_test(test_abort_of_what_has_not_come),
		cmocka_unit_test(test_abort_of_what_waits_for_its_turn),
		cmocka_unit_test(test_abort_task_set),
		cmocka_unit_test(test_unit_is_known_by_either_form),
		cmocka_unit_test(test_reset_waits_for_what_the_owner_aborted),
		cmocka_unit_test(test_every_function),
		cmocka_unit_test(test_too_many_requests_are_rejected),
		cmocka_unit_test(test_stop_tells_the_owner_and_waits),
		cmocka_unit_test(test_free_with_output_unsent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
