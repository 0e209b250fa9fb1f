/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of text requests: SendTargets in both types of session, answers of several PDUs, and
 * refused requests. Source: RFC 7143 Appendix C.
 */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

static void
ask_tagged(struct peer *p, uint8_t flags, uint32_t itt, uint32_t ttt, const char *text, size_t len)
{
	uint8_t bhs[BHS_SIZE];

	peer_request(p, bhs, OP_TEXT, flags, false);
	if (itt != 0)
		put_be32(bhs + AT_ITT, itt);
	put_be32(bhs + AT_TTT, ttt);
	peer_send(p, bhs, text, (uint32_t)len);
}

static void
ask(struct peer *p, const char *pair)
{
	ask_tagged(p, FLAG_FINAL, 0, TAG_NONE, pair, strlen(pair) + 1);
}

static void
expect_text(struct peer *p, struct got *got, uint8_t flags)
{
	peer_expect(p, OP_TEXT_RESPONSE, got);
	assert_int_equal(got->bhs[AT_FLAGS], flags);
	assert_int_equal(get_be32(got->bhs + AT_TTT) == TAG_NONE, (flags & FLAG_FINAL) != 0);
}

static void
test_all_in_discovery(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_discovery(&p);
	p.targets = 2;
	ask(&p, "SendTargets=All");
	expect_text(&p, &got, FLAG_FINAL);
	assert_int_equal(got.data_len, 2 * (31 + 31 + 27));
	assert_memory_equal(got.data,
			    "TargetName=iqn.2024-01.test:t0\0TargetAddress=127.0.0.1:3260,1\0"
			    "TargetAddress=[::1]:3260,2\0TargetName=iqn.2024-01.test:t1",
			    31 + 31 + 27 + 31);
	peer_fini(&p);
}

static void
test_nothing_to_tell(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_discovery(&p);
	ask(&p, "SendTargets=All");
	expect_text(&p, &got, FLAG_FINAL);
	assert_int_equal(got.data_len, 0);
	peer_fini(&p);
}

static void
test_one_by_name(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_discovery(&p);
	peer_clear_events(&p);
	ask(&p, "SendTargets=IQN.x:Y");
	expect_text(&p, &got, FLAG_FINAL);
	assert_true(peer_text_has(&got, "TargetName=iqn.x:y"));
	assert_string_equal(peer_events(&p), "send_targets iqn.x:y\n");
	peer_fini(&p);
}

/* An operational session tells only of its own target; All is for discovery. */
static void
test_in_a_normal_session(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	ask(&p, "SendTargets=");
	expect_text(&p, &got, FLAG_FINAL);
	assert_true(peer_text_has(&got, "TargetName=" PEER_TARGET));
	ask(&p, "SendTargets=" PEER_TARGET);
	expect_text(&p, &got, FLAG_FINAL);
	assert_true(peer_text_has(&got, "TargetName=" PEER_TARGET));
	ask(&p, "SendTargets=All");
	expect_text(&p, &got, FLAG_FINAL);
	assert_true(peer_text_has(&got, "SendTargets=Reject"));
	ask(&p, "SendTargets=iqn.other:t");
	expect_text(&p, &got, FLAG_FINAL);
	assert_true(peer_text_has(&got, "SendTargets=Reject"));
	peer_fini(&p);
}

static void
test_this_target_in_discovery_is_refused(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_discovery(&p);
	ask(&p, "SendTargets=");
	expect_text(&p, &got, FLAG_FINAL);
	assert_true(peer_text_has(&got, "SendTargets=Reject"));
	peer_fini(&p);
}

/*
 * So many targets in responses of 8 KiB: C bit, then an empty request with our tag for each further
 * part.  Meanwhile the connection holds no more than some responses, however long the list is.
 */
static void
list_in_parts(unsigned count)
{
	char *all = calloc(1, 1000 + 100 * count), last[64], wanted[64];
	size_t len = 0, names = 0;
	struct got got;
	struct peer p;

	assert_non_null(all);
	peer_init(&p, NULL);
	peer_login_discovery(&p);
	p.targets = count;
	ask(&p, "SendTargets=All");
	while (true) {
		peer_expect(&p, OP_TEXT_RESPONSE, &got);
		assert_true(got.data_len <= 8192);
		assert_true(iscsi_conn_memory(p.conn) <= ISCSI_ACCOUNT_FREE);
		memcpy(all + len, got.data, got.data_len);
		len += got.data_len;
		if (got.bhs[AT_FLAGS] == FLAG_FINAL)
			break;
		assert_int_equal(got.bhs[AT_FLAGS], FLAG_CONTINUE);
		ask_tagged(&p, FLAG_FINAL, get_be32(got.bhs + AT_ITT), get_be32(got.bhs + AT_TTT),
			   "", 0);
	}
	for (size_t at = 0; at < len; at += strlen(all + at) + 1) {
		names += strncmp(all + at, "TargetName=", 11) == 0;
		if (strncmp(all + at, "TargetName=", 11) == 0)
			snprintf(last, sizeof(last), "%s", all + at);
	}
	assert_int_equal(names, count);
	snprintf(wanted, sizeof(wanted), "TargetName=iqn.2024-01.test:t%u", count - 1);
	assert_string_equal(last, wanted);
	ask(&p, "SendTargets=iqn.x:y");
	peer_expect(&p, OP_TEXT_RESPONSE, &got);
	assert_int_equal(iscsi_conn_memory(p.conn), 0);
	free(all);
	peer_fini(&p);
}

static void
test_answer_in_parts(void **state)
{
	(void)state;
	list_in_parts(1000);
}

/* 2.7 MB of text: the answer was refused as a whole beyond 1 MiB. */
static void
test_answer_of_any_length(void **state)
{
	(void)state;
	list_in_parts(30000);
}

/* What is not sent yet needs no end: another request drops the rest. */
static void
test_an_answer_may_be_abandoned(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_discovery(&p);
	p.targets = 20000;
	ask(&p, "SendTargets=All");
	expect_text(&p, &got, FLAG_CONTINUE);
	p.targets = 1;
	ask(&p, "SendTargets=All");
	expect_text(&p, &got, FLAG_FINAL);
	assert_true(peer_text_has(&got, "TargetName=iqn.2024-01.test:t0"));
	peer_fini(&p);
}

/*
 * With a budget that is used up a text that needs more than the free part is rejected; a short one
 * is answered.
 */
static void
test_a_used_up_budget_leaves_discovery_alone(void **state)
{
	static uint8_t part[8192];
	struct iscsi_budget budget = { .max_bytes = 4096 };
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	iscsi_conn_set_budget(p.conn, &budget);
	peer_login_discovery(&p);
	p.targets = 1000;
	ask(&p, "SendTargets=All");
	expect_text(&p, &got, FLAG_CONTINUE);
	assert_int_equal(budget.used_bytes, 0);
	memset(part, 'a', sizeof(part));
	for (unsigned i = 0;; i++) {
		assert_true(i < 8);
		peer_request(&p, bhs, OP_TEXT, FLAG_CONTINUE, false);
		put_be32(bhs + AT_ITT, 77);
		put_be32(bhs + AT_TTT, i == 0 ? TAG_NONE : get_be32(got.bhs + AT_TTT));
		peer_send(&p, bhs, part, sizeof(part));
		assert_true(budget.used_bytes <= 4096);
		assert_true(peer_next(&p, &got));
		if (iscsi_bhs_opcode(got.bhs) == OP_REJECT)
			break;
	}
	assert_int_equal(got.bhs[AT_RESPONSE], REJECT_NO_RESOURCES);
	assert_true(iscsi_conn_memory(p.conn) <= ISCSI_ACCOUNT_FREE);
	peer_fini(&p);
	assert_int_equal(budget.used_bytes, 0);
}

/*
 * RFC 7143 §13.12: 8,192 bytes until a longer segment is declared; in a discovery session it never
 * is.
 */
static void
test_a_long_segment_ends_a_stranger(void **state)
{
	static uint8_t bytes[8193];
	uint8_t bhs[BHS_SIZE];
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	iscsi_pdu_start(bhs, OP_LOGIN, 1);
	bhs[AT_OPCODE] |= OP_IMMEDIATE;
	peer_send(&p, bhs, bytes, sizeof(bytes));
	assert_int_equal(p.error, ERR_PROTOCOL);
	assert_int_equal(iscsi_conn_memory(p.conn), 0);
	peer_fini(&p);

	peer_init(&p, NULL);
	peer_login_discovery(&p);
	ask_tagged(&p, FLAG_FINAL, 0, TAG_NONE, (char *)bytes, sizeof(bytes));
	assert_int_equal(p.error, ERR_PROTOCOL);
	peer_fini(&p);
}

/* Nothing is held ahead of its turn. */
static void
test_a_gap_ends_a_discovery_session(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_discovery(&p);
	p.cmd_sn++;
	ask(&p, "SendTargets=All");
	assert_int_equal(p.error, ERR_PROTOCOL);
	assert_int_equal(iscsi_conn_memory(p.conn), 0);
	peer_fini(&p);
}

static void
test_request_in_parts(void **state)
{
	struct got got;
	struct peer p;
	uint32_t itt;

	(void)state;
	peer_init(&p, NULL);
	peer_login_discovery(&p);
	p.targets = 1;
	ask_tagged(&p, FLAG_CONTINUE, 0, TAG_NONE, "SendTar", 7);
	expect_text(&p, &got, 0);
	assert_int_equal(got.data_len, 0);
	itt = p.itt;
	ask_tagged(&p, FLAG_FINAL, itt, get_be32(got.bhs + AT_TTT), "gets=All", 9);
	expect_text(&p, &got, FLAG_FINAL);
	assert_true(peer_text_has(&got, "TargetName=iqn.2024-01.test:t0"));
	peer_fini(&p);
}

static void
test_wrong_tag_is_rejected(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_discovery(&p);
	ask_tagged(&p, FLAG_FINAL, 0, 0x1234, "SendTargets=All", 16);
	peer_expect_reject(&p, REJECT_INVALID_FIELD);
	ask_tagged(&p, FLAG_CONTINUE, 0, TAG_NONE, "SendTar", 7);
	expect_text(&p, &got, 0);
	ask_tagged(&p, FLAG_FINAL, p.itt, get_be32(got.bhs + AT_TTT) + 1, "gets=All", 9);
	peer_expect_reject(&p, REJECT_INVALID_FIELD);
	peer_fini(&p);
}

static void
test_text_that_is_none_is_rejected(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_discovery(&p);
	ask(&p, "no pair");
	peer_expect_reject(&p, REJECT_PROTOCOL);
	ask_tagged(&p, FLAG_FINAL | FLAG_CONTINUE, 0, TAG_NONE, "a=b", 4);
	peer_expect_reject(&p, REJECT_PROTOCOL);
	peer_fini(&p);
}

static void
test_keys_of_login_are_refused(void **state)
{
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	ask(&p, "MaxBurstLength=512");
	expect_text(&p, &got, FLAG_FINAL);
	assert_true(peer_text_has(&got, "MaxBurstLength=Reject"));
	assert_int_equal(iscsi_conn_params(p.conn)->max_burst_len, 262144);
	ask(&p, "X-foo=1");
	expect_text(&p, &got, FLAG_FINAL);
	assert_true(peer_text_has(&got, "X-foo=NotUnderstood"));
	peer_fini(&p);
}

static void
test_segment_length_may_be_declared_anew(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	ask(&p, "MaxRecvDataSegmentLength=1024");
	expect_text(&p, &got, FLAG_FINAL);
	peer_read10(&p, bhs, 0, 4);
	peer_send(&p, bhs, NULL, 0);
	peer_expect(&p, OP_DATA_IN, &got);
	assert_int_equal(got.data_len, 1024);
	peer_fini(&p);
}

static void
test_discovery_sessions_run_no_commands(void **state)
{
	static const uint8_t opcodes[] = { OP_COMMAND, OP_TMF, OP_DATA_OUT, OP_SNACK };
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_discovery(&p);
	for (size_t i = 0; i < sizeof(opcodes); i++) {
		uint8_t bhs[BHS_SIZE];

		peer_request(&p, bhs, (enum iscsi_pdu_opcode)opcodes[i], FLAG_FINAL | 1, true);
		peer_send(&p, bhs, NULL, 0);
		peer_expect_reject(&p, REJECT_PROTOCOL);
	}
	assert_int_equal(p.given, 0);
	peer_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_in_discovery),
		cmocka_unit_test(test_nothing_to_tell),
		cmocka_unit_test(test_one_by_name),
		cmocka_unit_test(test_in_a_normal_session),
		cmocka_unit_test(test_this_target_in_discovery_is_refused),
		cmocka_unit_test(test_answer_in_parts),
		cmocka_unit_test(test_answer_of_any_length),
		cmocka_unit_test(test_an_answer_may_be_abandoned),
		cmocka_unit_test(test_a_used_up_budget_leaves_discovery_alone),
		cmocka_unit_test(test_a_long_segment_ends_a_stranger),
		cmocka_unit_test(test_a_gap_ends_a_discovery_session),
		cmocka_unit_test(test_request_in_parts),
		cmocka_unit_test(test_wrong_tag_is_rejected),
		cmocka_unit_test(test_text_that_is_none_is_rejected),
		cmocka_unit_test(test_keys_of_login_are_refused),
		cmocka_unit_test(test_segment_length_may_be_declared_anew),
		cmocka_unit_test(test_discovery_sessions_run_no_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
