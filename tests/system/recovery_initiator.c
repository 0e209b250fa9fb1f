/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the initiator of the recovery test sends, and what it makes of what comes.  With
 * ErrorRecoveryLevel 0 whatever is wrong ends the session, and what is not done is sent again in a
 * new one.  With level 1 it asks for what is missing (SNACK), sends again what the target has not
 * received, and finds out by NOP-Out when nothing comes; only a wrong header digest and a cut end
 * the session.  With level 2 these end a connection, and the session goes on (recovery_move.c).
 * RFC 7143 §7.
 */
#include <string.h>

#include "recovery_int.h"

#define REGION (32u * 1024)

enum { UNIT_ATTENTION = 6 }; /* a sense key */

/*
 * What a session does: the first part at the same time, then the second.  Lengths are × scale.  The
 * steps take turns on the connections.
 */
/* clang-format off */
const struct step steps[STEPS] = {
	/*	part	place	bytes	immediate  old	unsolicited */
	{ READ,	0,	4096,	6144,	0,	true,	false },
	{ WRITE, 0,	0,	512,	512,	false,	false },
	{ WRITE, 0,	4096,	6144,	512,	false,	true },
	{ WRITE, 0,	12288,	4096,	0,	false,	false },
	{ PING,	0,	0,	0,	0,	false,	false },
	{ READ,	1,	4096,	6144,	0,	false,	false },
	{ READ,	1,	0,	512,	0,	false,	false },
	{ READ,	1,	12288,	4096,	0,	false,	false },
};
/* clang-format on */

static unsigned generations[2]; /* of the data in the two regions of this worker; 0 = zeros */
static unsigned generation;

static uint8_t
pattern(unsigned gen, uint32_t at)
{
	return gen == 0 ? 0 : (uint8_t)(gen * 31 + at * 7 + (at >> 8));
}

static struct counts *
counts(struct conn *conn)
{
	return &conn->session->shared->counts;
}

void
begin_generation(void)
{
	generation++;
}

void
end_generation(void)
{
	generations[generation % 2] = generation;
}

/* ---- PDUs out ---- */

static void
data_send(struct conn *conn, struct cmd *c, uint32_t ttt, uint32_t offset, uint32_t len)
{
	uint32_t segment = SEGMENT * scale;

	for (uint32_t sn = 0, n; len > 0; sn++, offset += n, len -= n) {
		uint8_t h[48] = { 0x05 };

		n = MIN(len, sn % 2 == 0 ? segment : segment / 2);
		h[1] = n == len ? 0x80 : 0;
		put_be32(h + 16, c->itt);
		put_be32(h + 20, ttt);
		put_be32(h + 36, sn);
		put_be32(h + 40, offset);
		pdu_send(conn, h, c->data + offset, n);
	}
}

void
command_put(struct conn *conn, struct cmd *c)
{
	const struct step *step = c->step;
	uint32_t region = (generation + (step->old ? 1 : 0)) % 2, immediate, first_burst;
	uint32_t lba = ((conn->session->worker * 2 + region) * REGION + step->offset) / 512 * scale;
	uint8_t h[48] = { step->kind == PING ? 0x00 : 0x01, 0x80 };

	c->conn = conn;
	put_be32(h + 16, c->itt);
	put_be32(h + 24, c->cmd_sn);
	if (step->kind == PING) {
		put_be32(h + 20, NO_TAG);
		pdu_send(conn, h, "ping", 4);
		return;
	}
	immediate = step->immediate * scale;
	first_burst = FIRST_BURST * scale;
	h[1] = (uint8_t)((step->unsolicited ? 0 : 0x80) | (step->kind == READ ? 0x40 : 0x20) | 1);
	put_be32(h + 20, step->len * scale);
	h[32] = step->kind == READ ? 0x28 : 0x2a;
	put_be32(h + 34, lba);
	put_be16(h + 39, (uint16_t)(step->len / 512 * scale));
	pdu_send(conn, h, c->data, immediate);
	if (step->unsolicited)
		data_send(conn, c, NO_TAG, immediate, first_burst - immediate);
}

void
command_send(struct conn *conn, struct cmd *c)
{
	struct session *s = conn->session;
	const struct step *step = c->step;

	c->sent = true;
	c->responded = c->is_lost = false;
	c->itt = ++s->itt;
	c->cmd_sn = s->cmd_sn++;
	c->next_sn = c->exp_data_sn = c->known_sn = c->r2t_next = c->ack_sn = c->requests = 0;
	memset(c->have, 0, sizeof(c->have));
	memset(c->data, 0, sizeof(c->data));
	for (uint32_t i = 0; step->kind == WRITE && i < step->len * scale; i++)
		c->data[i] = pattern(generation, step->offset * scale + i);
	command_put(conn, c);
}

static void
snack(struct conn *conn, unsigned type, uint32_t itt, uint32_t tag, uint32_t from, uint32_t len)
{
	uint8_t h[48] = { 0x10, (uint8_t)(0x80 | type) };

	put_be32(h + 16, itt);
	put_be32(h + 20, tag);
	put_be32(h + 40, from);
	put_be32(h + 44, len);
	pdu_send(conn, h, NULL, 0);
}

void
probe(struct conn *conn)
{
	uint8_t h[48] = { 0x40, 0x80 };

	put_be32(h + 16, ++conn->session->itt);
	put_be32(h + 20, NO_TAG);
	put_be32(h + 24, conn->session->cmd_sn);
	pdu_send(conn, h, NULL, 0);
}

/* ---- What is missing ---- */

static void
ask_for_data(struct conn *conn, struct cmd *c)
{
	uint32_t known = MAX(c->known_sn, c->exp_data_sn);

	for (uint32_t sn = c->next_sn, run; sn < known && sn < DATA_INS; sn += run) {
		for (run = 1; sn + run < known && c->have[sn + run] == c->have[sn]; run++)
			;
		if (c->have[sn])
			continue;
		snack(conn, 0, c->itt, NO_TAG, sn, run);
		counts(conn)->data_snacks++;
	}
}

static void
ask_for_statuses(struct conn *conn)
{
	for (uint32_t sn = conn->exp_stat_sn, run; sn != conn->stat_max; sn += run) {
		for (run = 1; sn + run != conn->stat_max &&
			      conn->seen[(sn + run) % STATUSES] == conn->seen[sn % STATUSES];
		     run++)
			;
		if (conn->seen[sn % STATUSES])
			continue;
		snack(conn, 1, NO_TAG, NO_TAG, sn, run);
		counts(conn)->status_snacks++;
	}
}

void
ask_for_everything(struct conn *conn)
{
	struct session *s = conn->session;

	ask_for_statuses(conn);
	for (unsigned i = 0; i < STEPS; i++) {
		struct cmd *c = &s->cmds[i];

		if (!c->sent || c->done || c->is_lost || c->conn != conn)
			continue;
		ask_for_data(conn, c);
		if (c->step->kind == WRITE && !c->responded) {
			snack(conn, 0, c->itt, NO_TAG, c->r2t_next, 0);
			counts(conn)->r2t_snacks++;
		}
	}
}

/* ---- Numbers of responses ---- */

static void
acknowledge(struct conn *conn)
{
	while (conn->exp_stat_sn != conn->stat_max && conn->seen[conn->exp_stat_sn % STATUSES]) {
		const struct cmd *c = conn->seen_cmd[conn->exp_stat_sn % STATUSES];

		if (c != NULL && !c->done) /* its data is not whole: RFC 7143 §7.9 */
			break;
		conn->seen[conn->exp_stat_sn % STATUSES] = false;
		conn->exp_stat_sn++;
	}
}

static void
learn_stat_max(struct conn *conn, uint32_t sn)
{
	if ((int32_t)(sn - conn->stat_max) <= 0)
		return;
	if (sn - conn->exp_stat_sn >= STATUSES) {
		fail(conn->session, "a StatSN far away", sn);
		return;
	}
	conn->stat_max = sn;
	if (level > 0)
		ask_for_statuses(conn);
}

bool
take_number(struct conn *conn, uint32_t sn, struct cmd *c)
{
	if ((int32_t)(sn - conn->exp_stat_sn) < 0 || conn->seen[sn % STATUSES]) {
		if (level == 0)
			conn->broken = true;
		return false;
	}
	if (level == 0 && sn != conn->exp_stat_sn) {
		conn->broken = true;
		return false;
	}
	learn_stat_max(conn, sn); /* those before it are missing, perhaps */
	if (conn->session->failed)
		return false;
	conn->seen[sn % STATUSES] = true;
	conn->seen_cmd[sn % STATUSES] = c;
	conn->session->progress += c != NULL;
	if (sn == conn->stat_max)
		conn->stat_max++;
	acknowledge(conn);
	return true;
}

/* ---- Commands ---- */

static void
check_read(struct session *s, const struct cmd *c)
{
	unsigned gen = c->step->old ? generations[(generation + 1) % 2] : generation;

	for (uint32_t i = 0; i < c->step->len * scale; i++) {
		if (c->data[i] != pattern(gen, c->step->offset * scale + i)) {
			fail(s, "wrong data at byte", c->step->offset * scale + i);
			return;
		}
	}
}

static void
maybe_done(struct conn *conn, struct cmd *c)
{
	if (!c->responded || c->next_sn < c->exp_data_sn)
		return;
	if (c->status == 0) {
		c->done = true;
		if (c->step->kind == READ)
			check_read(conn->session, c);
		if (c->step->kind == READ && c->next_sn == 0)
			fail(conn->session, "a read without data", c->itt);
	} else { /* once more, as a new command */
		if (c->key != UNIT_ATTENTION)
			counts(conn)->failed_commands++;
		c->sent = false;
	}
	for (unsigned i = 0; i < STATUSES; i++)
		if (conn->seen_cmd[i] == c)
			conn->seen_cmd[i] = NULL;
	acknowledge(conn);
}

/* Returns the command with this tag that is on its way through this connection, or NULL. */
static struct cmd *
find(struct conn *conn, uint32_t itt)
{
	struct session *s = conn->session;

	for (unsigned i = 0; i < STEPS; i++) {
		struct cmd *c = &s->cmds[i];

		if (c->sent && !c->done && c->itt == itt) {
			if (c->conn != conn)
				fail(s, "an answer through another connection", itt);
			return c;
		}
	}
	return NULL;
}

static void
on_status(struct conn *conn, struct cmd *c, uint8_t status, uint32_t data_sn, const uint8_t *sense,
	  uint32_t sense_len)
{
	c->responded = true;
	c->status = status;
	c->key = sense_len >= 5 ? sense[4] & 0x0f : 0;
	c->exp_data_sn = data_sn;
	if (level > 0)
		ask_for_data(conn, c);
	else if (c->next_sn != data_sn)
		conn->broken = true;
	maybe_done(conn, c);
}

static void
ack_data(struct conn *conn, struct cmd *c)
{
	if (c->ack_sn == 0 || c->next_sn < c->ack_sn)
		return;
	snack(conn, 2, NO_TAG, c->ack_tag, c->next_sn, 0);
	counts(conn)->data_acks++;
	c->ack_sn = 0;
}

static void
on_data_in(struct conn *conn, const uint8_t *h, const uint8_t *data, uint32_t len, bool good)
{
	struct session *s = conn->session;
	struct cmd *c = find(conn, get_be32(h + 16));
	uint32_t sn = get_be32(h + 36), offset = get_be32(h + 40);

	if (c == NULL || c->step->kind != READ || (level == 0 && (!good || sn != c->next_sn))) {
		conn->broken = conn->broken || level == 0;
		return;
	}
	if (sn >= DATA_INS || offset > c->step->len * scale ||
	    len > c->step->len * scale - offset) {
		fail(s, "Data-In that nobody asked for", sn);
		return;
	}
	if ((h[1] & 0x40 && level == 0) || (h[1] & 0x01 && level > 0))
		fail(s, "flags of Data-In that the level does not allow", h[1]);
	if (sn >= c->known_sn) {
		c->known_sn = sn + 1;
		c->have[sn] = good;
		if (level > 0)
			ask_for_data(conn, c);
	}
	if (!good)
		return;
	memcpy(c->data + offset, data, len);
	s->progress += !c->have[sn];
	c->have[sn] = true;
	while (c->next_sn < DATA_INS && c->have[c->next_sn])
		c->next_sn++;
	if ((h[1] & 0x40) != 0) {
		c->ack_tag = get_be32(h + 20);
		c->ack_sn = MAX(c->ack_sn, sn + 1);
	}
	ack_data(conn, c);
	if ((h[1] & 0x01) != 0) {
		if (take_number(conn, get_be32(h + 24), c))
			on_status(conn, c, h[3], sn + 1, NULL, 0);
	} else {
		maybe_done(conn, c);
	}
}

static void
on_r2t(struct conn *conn, const uint8_t *h)
{
	struct cmd *c = find(conn, get_be32(h + 16));
	uint32_t sn = get_be32(h + 36), offset = get_be32(h + 40), len = get_be32(h + 44);

	if (c == NULL || c->step->kind != WRITE || sn != c->r2t_next) {
		conn->broken = conn->broken || level == 0;
		if (c == NULL || sn < c->r2t_next) {
			counts(conn)->repeated_r2ts++;
			return;
		}
	}
	if (offset > c->step->len * scale || len > c->step->len * scale - offset) {
		fail(conn->session, "an R2T for what there is not", offset);
		return;
	}
	c->r2t_next = sn + 1;
	conn->session->progress++;
	learn_stat_max(conn, get_be32(h + 24));
	data_send(conn, c, get_be32(h + 20), offset, len);
}

static void
on_reject(struct conn *conn, const uint8_t *h, const uint8_t *data, uint32_t len)
{
	counts(conn)->rejects++;
	if (!take_number(conn, get_be32(h + 24), NULL) || h[2] != 2 || len < 48)
		return;
	uint8_t opcode = data[0] & 0x3f;
	struct cmd *c = opcode <= 0x01 ? find(conn, get_be32(data + 16)) : NULL;

	if (c == NULL)
		return;
	if (level == 0) {
		conn->broken = true;
		return;
	}
	counts(conn)->retries++;
	command_put(conn, c);
}

static void
answer_ping(struct conn *conn, const uint8_t *h)
{
	uint8_t out[48] = { 0x40, 0x80 };

	put_be32(out + 16, NO_TAG);
	memcpy(out + 20, h + 20, 4);
	put_be32(out + 24, conn->session->cmd_sn);
	pdu_send(conn, out, NULL, 0);
}

/* All that was sent through this connection before the probe is with the target, or lost. */
static void
on_nop_in(struct conn *conn, const uint8_t *h)
{
	struct session *s = conn->session;
	uint32_t itt = get_be32(h + 16), exp_cmd_sn = get_be32(h + 28);

	if (itt == NO_TAG) {
		answer_ping(conn, h);
		return;
	}
	struct cmd *c = find(conn, itt);

	if (!take_number(conn, get_be32(h + 24), c))
		return;
	if (c != NULL)
		on_status(conn, c, 0, 0, NULL, 0);
	for (unsigned i = 0; i < STEPS; i++) {
		c = &s->cmds[i];
		if (level == 0 || !c->sent || c->done || c->responded || c->is_lost ||
		    c->conn != conn || c->itt >= itt || c->cmd_sn != exp_cmd_sn)
			continue;
		counts(conn)->retries++;
		command_put(conn, c);
	}
}

static void
on_response(struct conn *conn, const uint8_t *h, const uint8_t *data, uint32_t len)
{
	struct cmd *c = find(conn, get_be32(h + 16));

	if (take_number(conn, get_be32(h + 24), c) && c != NULL)
		on_status(conn, c, h[3], get_be32(h + 36), data, len);
}

void
on_pdu(struct conn *conn, const uint8_t *h, const uint8_t *data, uint32_t len, bool good)
{
	uint8_t opcode = h[0] & 0x3f;

	if (opcode == 0x25) {
		on_data_in(conn, h, data, len, good);
		return;
	}
	if (!good) { /* what it was shows when the next number comes: RFC 7143 §7.8 */
		conn->broken = conn->broken || level == 0;
		return;
	}
	switch (opcode) {
	case 0x20:
		on_nop_in(conn, h);
		break;
	case 0x21:
		on_response(conn, h, data, len);
		break;
	case 0x22:
		if (take_number(conn, get_be32(h + 24), NULL))
			on_moved(conn, h);
		break;
	case 0x26:
		if (conn->session->over)
			conn->broken = true;
		else if (take_number(conn, get_be32(h + 24), NULL))
			on_removed(conn, h);
		break;
	case 0x31:
		on_r2t(conn, h);
		break;
	case 0x32: /* the target is about to end a connection or the session */
		take_number(conn, get_be32(h + 24), NULL);
		break;
	case 0x3f:
		on_reject(conn, h, data, len);
		break;
	default:
		fail(conn->session, "an opcode that nobody expects", h[0]);
	}
}
