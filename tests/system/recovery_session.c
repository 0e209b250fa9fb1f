/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session of the recovery test's initiator: its connections, and what it does when nothing comes.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "recovery_int.h"

#define IDLE_MAX_MS 800
#define SESSION_MS  120000 /* a session that is not done then is lost */

/* Returns true when all is done. */
static bool
send_next(struct session *s)
{
	unsigned part = 1, left = 0;

	for (unsigned i = 0; i < STEPS; i++) {
		left += !s->cmds[i].done;
		if (!s->cmds[i].done)
			part = MIN(part, steps[i].part);
	}
	for (unsigned i = 0; i < STEPS; i++) {
		struct conn *conn = &s->conns[i % connections];

		if (!s->cmds[i].sent && steps[i].part == part && conn->in_use && !conn->broken)
			command_send(conn, &s->cmds[i]);
	}
	return left == 0;
}

/* Error recovery comes to something before anybody gives up. */
static void
fail_silent(struct session *s)
{
	for (unsigned i = 0; i < STEPS; i++) {
		const struct cmd *c = &s->cmds[i];

		if (c->sent && !c->done)
			fprintf(stderr,
				"recovery: command %u (itt %u, CmdSN %u) through connection %u: "
				"%s%s, "
				"%u reassignments, next DataSN %u of %u, next R2TSN %u\n",
				i, c->itt, c->cmd_sn, c->conn->cid, c->is_lost ? "lost " : "",
				c->responded ? "answered" : "not answered", c->requests, c->next_sn,
				MAX(c->known_sn, c->exp_data_sn), c->r2t_next);
	}
	fail(s, "nothing comes any more", s->cmd_sn);
}

/* Nothing came for so long. */
static void
on_silence(struct session *s, int silent_ms)
{
	if (level > 0 && silent_ms > GIVE_UP_MS) {
		fail_silent(s);
		return;
	}
	for (unsigned i = 0; i < connections; i++) {
		struct conn *conn = &s->conns[i];

		if (!conn->in_use)
			continue;
		if (level == 0 && silent_ms > patience_ms(s)) {
			conn->broken = true;
			continue;
		}
		if (level > 0) {
			ask_for_everything(conn);
			request_again(conn);
		}
		probe(conn);
	}
}

/* Waits so long.  Returns false when nothing came. */
static bool
wait_for_any(struct session *s, int ms)
{
	struct pollfd fds[CONNS_MAX];

	for (unsigned i = 0; i < connections; i++)
		fds[i] = (struct pollfd){ s->conns[i].in_use ? s->conns[i].fd : -1, POLLIN, 0 };
	if (poll(fds, connections, ms) <= 0)
		return false;
	for (unsigned i = 0; i < connections; i++) {
		struct conn *conn = &s->conns[i];

		if (fds[i].revents == 0 || !conn->in_use)
			continue;
		if (receive(conn))
			take_pdus(conn);
		else
			conn->broken = true;
	}
	return true;
}

/* Logs out; that the answer is lost makes no difference. */
static void
log_out(struct session *s)
{
	struct conn *conn = s->conns;
	uint8_t h[48] = { 0x46, 0x80 };

	while (!conn->in_use || conn->broken)
		if (++conn == s->conns + connections)
			return;
	s->over = true;
	put_be32(h + 16, ++s->itt);
	put_be32(h + 24, s->cmd_sn);
	pdu_send(conn, h, NULL, 0);
	while (!conn->broken && !s->failed && wait_for_any(s, 4 * IDLE_MS))
		;
}

/* Returns false when the session is lost. */
static bool
see_to_connections(struct session *s)
{
	for (unsigned i = 0; i < connections; i++) {
		struct conn *conn = &s->conns[i];

		if (conn->broken && (level < 2 || !connection_lost(conn)))
			return false;
	}
	return true;
}

/* One session, until it is lost or all is done. */
static bool
converse(struct session *s)
{
	int wait_ms = IDLE_MS, silent_ms = 0;
	unsigned progress = 0;

	while (!s->failed && see_to_connections(s)) {
		if (send_next(s)) {
			log_out(s);
			return true;
		}
		if (!wait_for_any(s, wait_ms)) {
			silent_ms += wait_ms;
			on_silence(s, silent_ms);
			wait_ms = MIN(2 * wait_ms, IDLE_MAX_MS);
			continue;
		}
		if (s->progress != progress) { /* answers to probes are none */
			progress = s->progress;
			wait_ms = IDLE_MS;
			silent_ms = 0;
		}
	}
	return false;
}

/*
 * Returns false when the login of a connection came to nothing; with level 2 that is tried again.
 */
static bool
open_all(struct session *s)
{
	uint32_t exp_cmd_sn;

	for (unsigned i = 0; i < STEPS; i++)
		s->cmds[i].sent = s->cmds[i].done;
	s->tsih = 0;
	s->cmd_sn = 1;
	for (unsigned i = 0; i < connections; i++)
		if (!open_connection(&s->conns[i], &exp_cmd_sn) &&
		    (level < 2 || !join_session(&s->conns[i], &exp_cmd_sn)))
			return false;
	return true;
}

unsigned
session_run(struct shared *shared, unsigned worker)
{
	static struct session s;
	uint64_t until = now_ms() + SESSION_MS;
	bool done = false;

	memset(&s, 0, sizeof(s));
	s.shared = shared;
	s.worker = worker;
	begin_generation();
	for (unsigned i = 0; i < STEPS; i++)
		s.cmds[i].step = &steps[i];
	for (unsigned i = 0; i < CONNS_MAX; i++) {
		s.conns[i].session = &s;
		s.conns[i].cid = i;
		s.conns[i].fd = -1;
	}
	while (!done && !s.failed) {
		if (now_ms() > until)
			fail(&s, "the session comes to no end", 0);
		else if (open_all(&s))
			done = converse(&s);
		for (unsigned i = 0; i < connections; i++)
			close_connection(&s.conns[i]);
	}
	end_generation();
	return s.failed ? 0 : s.logins;
}
