/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of running out of memory at each allocation of a conversation: the connection ends,
 * nothing leaks, and no callback is called twice.
 */
#include "peer.h"

#include <errno.h>
#include <stdlib.h>

#include "fault.h"

static void
test_new(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		struct peer p;

		peer_init(&p, NULL);
		assert_int_equal(p.error, FAULT_HIT ? -ENOMEM : 0);
		peer_fini(&p);
	}
}

/* Sends the PDUs one after the other while the connection lives. */
static void
converse(struct peer *p)
{
	static const char pairs[] =
		"InitiatorName=" PEER_INITIATOR "\0TargetName=" PEER_TARGET
		"\0InitialR2T=No\0FirstBurstLength=1024\0MaxRecvDataSegmentLength=1024";
	static const uint8_t ahs[] = { 0, 9, 1, 0, 17, 18, 19, 20, 21, 22, 23, 24 };
	uint8_t bhs[BHS_SIZE], pdu[PEER_PDU_MAX + 512];
	size_t len;
	uint32_t itt;

	peer_login_request(p, 0x87, pairs, sizeof(pairs), NULL);
	if (p->error < 0 || iscsi_conn_ping(p->conn) < 0)
		return;
	peer_command(p, bhs, FLAG_FINAL, 0);
	bhs[AT_CDB] = 0x7f;
	if (peer_send_ahs(p, bhs, ahs, sizeof(ahs), NULL, 0) < 0)
		return;
	/* Immediate data in two parts: it has to be gathered. */
	peer_write10(p, bhs, 0, 1, true);
	len = peer_build(p, pdu, bhs, NULL, 0, p->disk, 512);
	if (peer_feed(p, pdu, 100) < 0 || peer_feed(p, pdu + 100, len - 100) < 0)
		return;
	/* A command ahead of its turn, and its data; then an abort of one that is missing. */
	p->cmd_sn++;
	peer_write10(p, bhs, 0, 2, false);
	itt = p->itt;
	if (peer_send(p, bhs, p->disk, 512) < 0)
		return;
	peer_data_out(bhs, itt, TAG_NONE, 0, 512, true);
	if (peer_send(p, bhs, p->disk, 512) < 0)
		return;
	peer_request(p, bhs, OP_TMF, FLAG_FINAL | ISCSI_TMF_ABORT_TASK, true);
	put_be32(bhs + AT_REF_TAG, 0x9999);
	put_be32(bhs + AT_REF_CMD_SN, p->cmd_sn - 2);
	if (peer_send(p, bhs, NULL, 0) < 0)
		return;
	peer_request(p, bhs, OP_TMF, FLAG_FINAL | ISCSI_TMF_LU_RESET, false);
	if (peer_send(p, bhs, NULL, 0) < 0)
		return;
	peer_request(p, bhs, OP_TEXT, FLAG_FINAL, false);
	put_be32(bhs + AT_TTT, TAG_NONE);
	if (peer_send(p, bhs, "SendTargets=", 13) < 0)
		return;
	peer_request(p, bhs, OP_SNACK, FLAG_FINAL, true);
	if (peer_send(p, bhs, NULL, 0) < 0)
		return;
	peer_request(p, bhs, OP_LOGOUT, FLAG_FINAL, true);
	peer_send(p, bhs, NULL, 0);
}

static void
test_conversation(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		struct peer p;

		peer_init(&p, NULL);
		if (p.conn != NULL)
			converse(&p);
		if (FAULT_HIT)
			assert_true(p.error == -ENOMEM || p.error == 0);
		else
			assert_int_equal(p.error, ERR_CLOSED);
		FAULT_OFF();
		peer_fini(&p);
	}
}

/* The same for what error recovery keeps and sends again. */
static void
converse_with_recovery(struct peer *p)
{
	static const char pairs[] = "InitiatorName=" PEER_INITIATOR "\0TargetName=" PEER_TARGET
				    "\0ErrorRecoveryLevel=1\0MaxRecvDataSegmentLength=1024";
	uint8_t bhs[BHS_SIZE];
	uint32_t itt;

	peer_login_request(p, 0x87, pairs, sizeof(pairs), NULL);
	if (p->error < 0)
		return;
	peer_read10(p, bhs, 0, 8);
	itt = p->itt;
	if (peer_send(p, bhs, NULL, 0) < 0)
		return;
	peer_request(p, bhs, OP_NOP_OUT, FLAG_FINAL, true);
	put_be32(bhs + AT_TTT, TAG_NONE);
	if (peer_send(p, bhs, "ping", 4) < 0)
		return;
	for (uint8_t type = 0; type < 5; type++) {
		iscsi_pdu_start(bhs, OP_SNACK, type == 1 ? TAG_NONE : itt);
		bhs[AT_FLAGS] = FLAG_FINAL | type;
		put_be32(bhs + AT_TTT, type == 3 ? 7 : TAG_NONE);
		if (peer_send(p, bhs, NULL, 0) < 0)
			return;
	}
	peer_write10(p, bhs, 0, 8, true);
	if (peer_send(p, bhs, NULL, 0) < 0)
		return;
	iscsi_conn_recover(p->conn);
	iscsi_conn_recover(p->conn);
	iscsi_conn_forget(p->conn);
	peer_pump(p);
	peer_request(p, bhs, OP_LOGOUT, FLAG_FINAL, true);
	peer_send(p, bhs, NULL, 0);
}

static void
test_conversation_with_recovery(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		struct peer p;

		peer_init(&p, NULL);
		if (p.conn != NULL)
			converse_with_recovery(&p);
		if (FAULT_HIT)
			assert_true(p.error == -ENOMEM || p.error == 0);
		else
			assert_int_equal(p.error, ERR_CLOSED);
		FAULT_OFF();
		peer_fini(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_conversation),
		cmocka_unit_test(test_conversation_with_recovery),
	};

	peer_disk_bytes = 64 * 1024;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
