/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The proxy of the recovery test: carries connections, PDU by PDU, and harms some. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recovery_int.h"

#define BUFFER   (1024u * 1024)
#define LINKS    8u /* at the same time: those of the session, and those that replace them */
#define DELAY_MS 40
#define SWAP_MS  30 /* when nothing comes with which to swap it */

struct stream {
	int from, to;
	uint8_t in[BUFFER];
	size_t in_len;
	/* what is held back: until what comes next has passed (SWAP), or with it (DELAY) */
	uint8_t held[BUFFER];
	size_t held_len;
	bool holds_all;
	uint64_t until_ms;
};

/* A connection, and its continuation. */
struct link {
	bool open;
	bool named; /* cid is known: the login request came */
	bool full;  /* full feature phase: digests */
	unsigned cid;
	struct stream streams[DIRECTIONS];
};

static struct shared *shared;
static struct link links[LINKS];

static bool
let_out(struct stream *s)
{
	size_t len = s->held_len;

	s->held_len = 0;
	s->holds_all = false;
	return len == 0 || write_all(s->to, s->held, len);
}

static void
hold(struct stream *s, const uint8_t *pdu, size_t len, unsigned ms)
{
	if (s->held_len + len > BUFFER)
		abort();
	if (s->held_len == 0)
		s->until_ms = now_ms() + ms;
	memcpy(s->held + s->held_len, pdu, len);
	s->held_len += len;
}

static bool
pass(struct stream *s, const uint8_t *pdu, size_t len)
{
	if (s->holds_all) {
		hold(s, pdu, len, 0);
		return true;
	}
	return write_all(s->to, pdu, len) && let_out(s);
}

/* Returns false when the connection is to end. */
static bool
harm(struct stream *s, enum fault fault, uint8_t *pdu, size_t len)
{
	switch (fault) {
	case DROP:
		return true;
	case DELAY:
		hold(s, pdu, len, DELAY_MS);
		s->holds_all = true;
		return true;
	case TWICE:
		for (int i = 0; i < 2; i++)
			if (!pass(s, pdu, len))
				return false;
		return true;
	case SWAP:
		if (s->held_len > 0)
			return pass(s, pdu, len);
		hold(s, pdu, len, SWAP_MS);
		return true;
	case BAD_DATA:
		pdu[48 + (shared->header_digest ? 4 : 0)] ^= 0x10;
		return pass(s, pdu, len);
	case BAD_HEAD:
		pdu[18] ^= 0x10;
		return pass(s, pdu, len);
	case CUT:
		return false;
	case CUT_IN:
		pass(s, pdu, len / 2);
		return false;
	default:
		return pass(s, pdu, len);
	}
}

static bool
is_possible(const struct link *link, enum fault fault, const uint8_t *pdu)
{
	if (fault == BAD_DATA)
		return link->full && shared->data_digest && get_be24(pdu + 5) > 0;
	return fault != BAD_HEAD || (link->full && shared->header_digest);
}

static enum fault
choose(const struct link *link, enum direction direction, const uint8_t *pdu)
{
	unsigned number = shared->seen[link->cid][direction]++;
	enum fault fault = NONE;

	if (number < PDUS_MAX)
		shared->has_data[link->cid][direction][number] = link->full &&
								 get_be24(pdu + 5) > 0;
	if (shared->one_in > 0 && link->full) {
		uint32_t dice = next_random(&shared->random);

		/* The cuts are rare: a session that is cut all the time comes to no end. */
		if (dice % shared->one_in == 0)
			fault = (enum fault)(dice / 1024 % 64 == 0 ? CUT + dice / 65536 % 2
								   : DROP + dice / 65536 % 5);
		if (dice % (64 * shared->one_in) == 1)
			fault = BAD_HEAD;
	} else if (!shared->hit && link->cid == shared->cid && direction == shared->direction &&
		   number == shared->index) {
		fault = shared->fault;
	}
	if (fault == NONE || !is_possible(link, fault, pdu))
		return NONE;
	shared->hit = true;
	shared->hit_login = !link->full;
	shared->opcode = pdu[0] & 0x3f;
	return fault;
}

/* The last response of a login: T, next stage full feature phase, status 0. */
static bool
ends_login(const uint8_t *pdu)
{
	return (pdu[0] & 0x3f) == 0x23 && (pdu[1] & 0x83) == 0x83 && pdu[36] == 0;
}

static bool
carry(struct link *link, enum direction direction)
{
	struct stream *s = &link->streams[direction];
	ssize_t n = recv(s->from, s->in + s->in_len, BUFFER - s->in_len, 0);
	size_t at = 0, len;

	if (n <= 0)
		return false;
	s->in_len += (size_t)n;
	while ((len = pdu_length(s->in + at, s->in_len - at, link->full && shared->header_digest,
				 link->full && shared->data_digest)) > 0) {
		uint8_t *pdu = s->in + at;
		bool last = ends_login(pdu);

		if (!link->named) {
			link->cid = get_be16(pdu + 20) % CONNS_MAX;
			link->named = true;
		}
		if (!harm(s, choose(link, direction, pdu), pdu, len))
			return false;
		link->full = link->full || last;
		at += len;
	}
	memmove(s->in, s->in + at, s->in_len - at);
	s->in_len -= at;
	return true;
}

static int
time_left(void)
{
	uint64_t now = now_ms();
	int left = -1;

	for (unsigned i = 0; i < LINKS; i++) {
		for (int d = 0; links[i].open && d < DIRECTIONS; d++) {
			const struct stream *s = &links[i].streams[d];

			if (s->held_len == 0)
				continue;
			int ms = s->until_ms > now ? (int)(s->until_ms - now) : 0;

			left = left < 0 || ms < left ? ms : left;
		}
	}
	return left;
}

static void
open_link(int listener)
{
	struct link *link = links;
	int initiator = accept(listener, NULL, NULL);
	int target = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (initiator < 0 || target < 0)
		_exit(2);
	if (connect(target, (struct sockaddr *)&portal, sizeof(portal)) != 0) {
		close(initiator);
		close(target);
		return;
	}
	while (link->open)
		link++;
	link->open = true;
	link->full = link->named = false;
	for (int d = 0; d < DIRECTIONS; d++) {
		struct stream *s = &link->streams[d];

		s->from = d == TO_TARGET ? initiator : target;
		s->to = d == TO_TARGET ? target : initiator;
		s->in_len = s->held_len = 0;
		s->holds_all = false;
	}
}

static void
close_link(struct link *link)
{
	link->open = false;
	close(link->streams[TO_TARGET].from);
	close(link->streams[TO_TARGET].to);
}

/* Carries what came for a link, and lets out what was held for long enough. */
static void
serve(struct link *link, const struct pollfd *fds)
{
	for (int d = 0; d < DIRECTIONS; d++) {
		struct stream *s = &link->streams[d];

		if ((fds[d].revents != 0 && !carry(link, (enum direction)d)) ||
		    (s->held_len > 0 && now_ms() >= s->until_ms && !let_out(s))) {
			close_link(link);
			return;
		}
	}
}

void
proxy_run(struct shared *s, int listener)
{
	struct pollfd fds[LINKS * DIRECTIONS + 1];
	unsigned count;

	shared = s;
	for (;;) {
		count = 0;
		for (unsigned i = 0; i < LINKS; i++) {
			for (int d = 0; d < DIRECTIONS; d++)
				fds[i * DIRECTIONS + (unsigned)d] = (struct pollfd){
					links[i].open ? links[i].streams[d].from : -1, POLLIN, 0
				};
			count += links[i].open;
		}
		fds[LINKS * DIRECTIONS] = (struct pollfd){ count < LINKS ? listener : -1, POLLIN,
							   0 };
		if (poll(fds, LINKS * DIRECTIONS + 1, time_left()) < 0 && errno != EINTR)
			_exit(2);
		/* a connection that was closed is so before the one that comes after it is there */
		for (unsigned i = 0; i < LINKS; i++)
			if (links[i].open)
				serve(&links[i], fds + i * DIRECTIONS);
		if (fds[LINKS * DIRECTIONS].revents != 0)
			open_link(listener);
	}
}
