/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connections that the sessions of the integrity test have left behind: to a gateway that was
 * stopped, and is no longer what it was when it wakes.  What they had sent before is on its way
 * there, in the buffers of the sockets or begun.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "integrity_int.h"

#define HAUNT     8           /* commands that each sends afterwards */
#define HAUNT_TAG 0x80000000u /* their tags */

static struct session *ghosts[SESSIONS_MAX];
unsigned n_ghosts;
unsigned long haunted, ghost_answers;

static void
ghost_free(unsigned i)
{
	struct session *g = ghosts[i];

	for (unsigned k = 0; k < DEPTH; k++)
		free(g->cmds[k].data);
	free(g->in);
	free(g->out);
	free(g);
	ghosts[i] = ghosts[--n_ghosts];
}

/*
 * Its connection and all that is under way becomes another's; what it has not been told is in
 * doubt.
 */
static void
ghost_make(struct session *s)
{
	struct session *g = malloc(sizeof(*g));

	if (g == NULL)
		exit(2);
	*g = *s;
	g->is_ghost = true;
	ghosts[n_ghosts++] = g;
	s->in = malloc(IN_BYTES);
	s->out = NULL;
	s->in_len = s->out_len = s->out_sent = s->out_size = 0;
	for (unsigned k = 0; k < DEPTH; k++)
		s->cmds[k].data = malloc(IO_BYTES);
	s->fd = -1; /* the ghost has it */
	session_lost(s);
}

void
ghosts_make(unsigned at)
{
	for (unsigned i = 0; i < n_sessions; i++) {
		struct session *s = &sessions[i];

		if (s->fd < 0 || s->portal != at)
			continue;
		if (s->in_use && n_ghosts < SESSIONS_MAX)
			ghost_make(s);
		else
			session_lost(s);
		s->tries = 1; /* not there again */
	}
}

void
ghosts_haunt(void)
{
	for (unsigned i = 0; i < n_ghosts; i++) {
		struct session *g = ghosts[i];

		for (unsigned n = 0; n < HAUNT && (int32_t)(g->max_cmd_sn - g->cmd_sn) >= 0; n++) {
			const struct lun *lun = &luns[dice(n_luns)];
			uint8_t h[48] = { 0x01, 0x81 };

			h[9] = (uint8_t)lun->number;
			put32(h + 16, HAUNT_TAG | n);
			put32(h + 24, g->cmd_sn++);
			if (n % 2 == 0) {
				h[1] |= 0x40;
				put32(h + 20, lun->block_bytes);
				h[32] = 0x88; /* READ(16) */
				put32(h + 38, dice(lun->blocks));
				put32(h + 42, 1);
			}
			pdu_send(g, h, NULL, 0);
			haunted++;
		}
	}
}

bool
ghost_pdu(struct session *s, const uint8_t *h)
{
	uint32_t itt = get32(h + 16);
	int opcode = h[0] & 0x3f;
	bool succeeds = (opcode == 0x21 && h[3] == 0) || opcode == 0x25;

	if (opcode == 0x31 && s->cmds[itt % DEPTH].used && s->cmds[itt % DEPTH].itt == itt)
		return false; /* the data are sent: the target must not write them */
	if (itt & HAUNT_TAG && succeeds)
		bad(s, "opcode %02x: a gateway that was replaced answers", opcode);
	else if (succeeds)
		ghost_answers++;
	return true;
}

unsigned
ghosts_poll(struct pollfd *fds)
{
	for (unsigned i = 0; i < n_ghosts; i++) {
		short out = ghosts[i]->out_len > 0 ? POLLOUT : 0;

		fds[i] = (struct pollfd){ ghosts[i]->fd, (short)(POLLIN | out), 0 };
	}
	return n_ghosts;
}

void
ghosts_work(const struct pollfd *fds, unsigned count)
{
	for (unsigned i = count; i-- > 0;) {
		struct session *g = ghosts[i];

		if (fds[i].revents & ~POLLOUT)
			session_receive(g);
		if (g->fd >= 0 && fds[i].revents & POLLOUT)
			session_flush(g);
		if (g->fd < 0)
			ghost_free(i);
	}
}
