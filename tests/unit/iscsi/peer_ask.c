/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several tests ask a connection for and expect of it; a part of peer.h. */
#include "peer.h"

#include "iscsi/iscsi_int.h"

void
peer_snack(struct peer *p, unsigned type, uint32_t itt, uint32_t tag, uint32_t from, uint32_t len)
{
	uint8_t bhs[BHS_SIZE];

	iscsi_pdu_start(bhs, OP_SNACK, itt);
	bhs[AT_FLAGS] = (uint8_t)(FLAG_FINAL | type);
	put_be32(bhs + AT_TTT, tag);
	put_be32(bhs + AT_EXP_STAT_SN, p->acked);
	put_be32(bhs + AT_BEG_RUN, from);
	put_be32(bhs + AT_RUN_LENGTH, len);
	assert_int_equal(peer_send(p, bhs, NULL, 0), 0);
}

int
peer_log_out(struct peer *p, unsigned reason, uint16_t cid)
{
	uint8_t bhs[BHS_SIZE];

	peer_request(p, bhs, OP_LOGOUT, (uint8_t)(FLAG_FINAL | reason), true);
	put_be16(bhs + AT_CID, cid);
	return peer_send(p, bhs, NULL, 0);
}

void
peer_expect_logout(struct peer *p, unsigned response)
{
	struct got got;

	peer_pump(p);
	peer_expect(p, OP_LOGOUT_RESPONSE, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], response);
}

void
peer_expect_reject(struct peer *p, enum iscsi_reject_reason reason)
{
	struct got got;

	peer_expect(p, OP_REJECT, &got);
	assert_int_equal(got.bhs[AT_RESPONSE], reason);
}

void
peer_expect_good_of(struct peer *p, uint32_t itt)
{
	struct got got;

	peer_pump(p);
	peer_expect_good(p, &got);
	assert_int_equal(get_be32(got.bhs + AT_ITT), itt);
}
