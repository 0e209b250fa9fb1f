/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the initiator of the recovery test does with ErrorRecoveryLevel 2 when a connection is lost:
 * another connection logs it out for recovery, or a new one takes its CID.  Then the target has
 * given it up, and its ExpCmdSN says what it has received: that is reassigned to other connections,
 * what it has not received is sent again under the same number.  RFC 7143 §6.3.4, §7.2.1, §7.2.2,
 * §11.5.6, §11.14.
 */
#include <string.h>

#include "recovery_int.h"

/* The tags of requests of this file say what they are for; those of all others are lower. */
#define MOVE_TAG   0x01000000u /* × (1 + the number of the command) */
#define REMOVE_TAG 0x40000000u /* + 0x01000000 × the CID */

static void
request_move(struct conn *conn, struct cmd *c)
{
	struct session *s = conn->session;
	uint8_t h[48] = { 0x42, 0x80 | 8 };

	c->requests++;
	c->conn = conn;
	put_be32(h + 16, MOVE_TAG * (uint32_t)(c - s->cmds + 1) | ++s->itt);
	put_be32(h + 20, c->itt);
	put_be32(h + 24, s->cmd_sn);
	put_be32(h + 36, c->next_sn);
	pdu_send(conn, h, NULL, 0);
}

static void
request_removal(struct conn *lost)
{
	struct session *s = lost->session;
	uint8_t h[48] = { 0x46, 0x80 | 2 };

	put_be32(h + 16, (REMOVE_TAG + MOVE_TAG * lost->cid) | ++s->itt);
	put_be16(h + 20, (uint16_t)lost->cid);
	put_be32(h + 24, s->cmd_sn);
	lost->requests++;
	pdu_send(lost->remover, h, NULL, 0);
}

/* Returns the next connection that is in order, or NULL. */
static struct conn *
next_conn(struct session *s, unsigned *turn)
{
	for (unsigned i = 0; i < connections; i++) {
		struct conn *conn = &s->conns[(*turn)++ % connections];

		if (conn->in_use && !conn->broken)
			return conn;
	}
	return NULL;
}

/*
 * Takes up the commands of a connection that the target has given up.  When there is no connection
 * for them, that happens when the lost one is replaced.
 */
static void
take_up(struct conn *lost, uint32_t exp_cmd_sn)
{
	struct session *s = lost->session;
	unsigned turn = s->losses;

	for (unsigned i = 0; i < STEPS; i++) {
		struct cmd *c = &s->cmds[i];
		struct conn *to;

		if (!c->is_lost || c->conn != lost || (to = next_conn(s, &turn)) == NULL)
			continue;
		c->is_lost = false;
		if ((int32_t)(c->cmd_sn - exp_cmd_sn) >= 0) {
			s->shared->counts.retries++;
			command_put(to, c);
		} else if (c->step->kind == PING) {
			c->sent = false; /* it ended with its connection */
		} else {
			s->shared->counts.moves++;
			request_move(to, c);
		}
	}
}

/* Returns false when the session is lost. */
static bool
replace(struct conn *lost)
{
	uint32_t exp_cmd_sn;

	if (!join_session(lost, &exp_cmd_sn))
		return false;
	take_up(lost, exp_cmd_sn);
	return true;
}

/* Returns another connection that is in order; each loss in its turn finds one or finds none. */
static struct conn *
choose_remover(struct conn *lost)
{
	struct session *s = lost->session;

	if ((s->losses++ + s->shared->counts.cases) % 2 == 0)
		return NULL;
	for (unsigned i = 1; i < connections; i++) {
		struct conn *conn = &s->conns[(lost->cid + i) % connections];

		if (conn->in_use && !conn->broken)
			return conn;
	}
	return NULL;
}

/* What was on its way through it; also an answer that came, when its data is not whole. */
static void
note_lost_commands(struct conn *lost)
{
	struct session *s = lost->session;

	for (unsigned i = 0; i < STEPS; i++) {
		struct cmd *c = &s->cmds[i];

		if (!c->sent || c->done || c->conn != lost)
			continue;
		c->is_lost = true;
		c->responded = false;
		c->known_sn = c->next_sn;
		c->exp_data_sn = c->ack_sn = c->requests = 0;
	}
}

bool
connection_lost(struct conn *lost)
{
	struct session *s = lost->session;

	close_connection(lost);
	lost->broken = false;
	note_lost_commands(lost);
	for (unsigned i = 0; i < connections; i++) /* which this one was to remove */
		if (s->conns[i].remover == lost && !replace(&s->conns[i]))
			return false;
	lost->remover = choose_remover(lost);
	if (lost->remover == NULL)
		return replace(lost);
	s->shared->counts.removals++;
	lost->requests = 0;
	request_removal(lost);
	return true;
}

void
on_removed(struct conn *conn, const uint8_t *h)
{
	struct session *s = conn->session;
	struct conn *lost = &s->conns[(get_be32(h + 16) - REMOVE_TAG) / MOVE_TAG % CONNS_MAX];

	if (lost->remover != conn) /* it was requested twice */
		return;
	if (h[2] != 0 && !(h[2] == 1 && lost->requests > 1)) { /* 1: it was done before */
		fail(s, "a logout for recovery is refused", h[2]);
		return;
	}
	s->progress++;
	lost->remover = NULL;
	take_up(lost, get_be32(h + 28));
	if (!replace(lost))
		fail(s, "a CID that was logged out cannot be used again", lost->cid);
}

void
on_moved(struct conn *conn, const uint8_t *h)
{
	struct session *s = conn->session;
	uint32_t number = get_be32(h + 16) / MOVE_TAG - 1;
	struct cmd *c = &s->cmds[number % STEPS];
	bool again = c->requests > 1;

	if (c->conn != conn || c->is_lost || c->requests == 0)
		return;
	s->progress++;
	c->requests = 0;
	if (h[2] == 0 || c->done || (again && h[2] == 3)) /* 3: it was done before */
		return;
	fail(s, "a task is not reassigned", h[2]);
}

void
request_again(struct conn *conn)
{
	struct session *s = conn->session;

	for (unsigned i = 0; i < STEPS; i++)
		if (s->cmds[i].requests > 0 && !s->cmds[i].is_lost && s->cmds[i].conn == conn)
			request_move(conn, &s->cmds[i]);
	for (unsigned i = 0; i < connections; i++)
		if (s->conns[i].remover == conn)
			request_removal(&s->conns[i]);
}
