/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session with two connections against arbitrary bytes.  Bits 0 and 1 of the first byte choose
 * what the owner does with commands, and bits 2 and 3 the error recovery level.  Then come records:
 * a byte whose bit 0 names a connection and whose other bits are a length in units of 8 bytes, and
 * so many bytes for that connection; with length 0, the connection ends, and another one joins in
 * its place.  At level 2 the old one is suspended, and stays until too many have failed.
 */
#include "peer.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEYS "MaxConnections=2\0InitialR2T=No\0MaxBurstLength=2048\0FirstBurstLength=1024"
static const char pairs[] =
	"MaxConnections=2\0InitialR2T=No\0MaxBurstLength=8192\0FirstBurstLength=4096";
static const char recovery[] = "ErrorRecoveryLevel=1\0" KEYS;
static const char reassignment[] = "ErrorRecoveryLevel=2\0" KEYS;

/*
 * The disk and the handle of the session are those of `home`, whose own connection has ended.  The
 * last of `peers` have failed.
 */
struct session {
	struct peer home;
	struct peer *peers[2 + 4];
	unsigned failed; /* how many ever have */
};

/* Either connection may make the other one send. */
static void
take_output(struct session *s)
{
	for (unsigned i = 0; i < 2; i++) {
		peer_pump(s->peers[i]);
		s->peers[i]->out.len = s->peers[i]->out_read = 0;
	}
}

static void
end_peer(struct session *s, unsigned which)
{
	if (s->peers[which] == NULL)
		return;
	peer_fini(s->peers[which]);
	free(s->peers[which]);
	s->peers[which] = NULL;
}

static void
join(struct session *s, unsigned which, enum peer_mode mode)
{
	s->peers[which] = calloc(1, sizeof(struct peer));
	if (s->peers[which] == NULL)
		abort();
	peer_join(s->peers[which], &s->home, (uint16_t)(which + 1));
	s->peers[which]->mode = mode;
}

static bool
may_be_suspended(const struct peer *p)
{
	enum iscsi_logout logout = iscsi_conn_logged_out(p->conn);

	return iscsi_conn_params(p->conn)->error_recovery_level == 2 &&
	       logout != ISCSI_LOGOUT_SESSION && logout != ISCSI_LOGOUT_CONNECTION;
}

/* The session goes on with the other connection. */
static void
replace(struct session *s, unsigned which)
{
	enum peer_mode mode = s->peers[which]->mode;
	unsigned place = 2 + s->failed % 4;

	if (may_be_suspended(s->peers[which])) {
		s->failed++;
		end_peer(s, place);
		iscsi_conn_suspend(s->peers[which]->conn);
		s->peers[place] = s->peers[which];
	} else {
		end_peer(s, which);
	}
	join(s, which, mode);
}

static void
run(struct session *s, const uint8_t *data, size_t size)
{
	while (size > 0) {
		unsigned which = *data & 1u;
		size_t len = MIN((size_t)(*data >> 1) * 8, size - 1);

		data++;
		size--;
		if (len == 0)
			replace(s, which);
		else
			iscsi_conn_input(s->peers[which]->conn, data, len);
		if (len == 8) /* a clock ticks; has no effect without error recovery */
			iscsi_conn_recover(s->peers[which]->conn);
		if (len == 16)
			iscsi_conn_forget(s->peers[which]->conn);
		data += len;
		size -= len;
		take_output(s);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum peer_mode modes[] = { PEER_SERVE, PEER_COPY, PEER_REFUSE, PEER_SERVE };
	static struct session s;

	if (size == 0)
		return 0;
	peer_disk_bytes = 16 * 1024;
	peer_init_depth(&s.home, NULL, 8);
	if ((data[0] & 8) != 0)
		peer_login(&s.home, reassignment, sizeof(reassignment));
	else if ((data[0] & 4) != 0)
		peer_login(&s.home, recovery, sizeof(recovery));
	else
		peer_login(&s.home, pairs, sizeof(pairs));
	for (unsigned i = 0; i < 2; i++)
		join(&s, i, modes[data[0] & 3]);
	iscsi_conn_stop(s.home.conn); /* the session is that of the two */
	take_output(&s);
	run(&s, data + 1, size - 1);
	for (unsigned i = 0; i < ARRAY_LEN(s.peers); i++)
		end_peer(&s, i);
	peer_fini(&s.home);
	return 0;
}
