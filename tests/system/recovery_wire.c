/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire of the recovery test's initiator: connections, logins, PDUs and their digests. */
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "recovery_int.h"

void
fail(struct session *s, const char *what, uint32_t value)
{
	fprintf(stderr,
		"recovery: worker %u level %u: %s (%u); fault %d in direction %d of connection %u "
		"at "
		"PDU %u, opcode %02x\n",
		s->worker, level, what, (unsigned)value, (int)s->shared->fault,
		(int)s->shared->direction, s->shared->cid, s->shared->index, s->shared->opcode);
	s->failed = true;
}

static size_t
put_digest(uint8_t *to, const uint8_t *bytes, size_t len)
{
	uint32_t crc = crc32c_final(crc32c_update(CRC32C_INIT, bytes, len));

	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(crc >> 8 * i);
	return 4;
}

void
pdu_send(struct conn *conn, uint8_t h[48], const void *data, uint32_t len)
{
	static uint8_t out[48 + 4 + DATA_MAX + 8];
	const struct shared *shared = conn->session->shared;
	size_t at = 48, padded = (len + 3u) & ~3u;

	put_be24(h + 5, len);
	put_be32(h + 28, conn->exp_stat_sn);
	memcpy(out, h, 48);
	if (conn->in_use && shared->header_digest)
		at += put_digest(out + at, out, 48);
	if (len > 0) {
		memset(out + at + len, 0, padded - len);
		memcpy(out + at, data, len);
		if (conn->in_use && shared->data_digest)
			padded += put_digest(out + at + padded, out + at, padded);
		at += padded;
	}
	if (!write_all(conn->fd, out, at))
		conn->broken = true;
}

/* ---- The connection ---- */

static bool
digest_is_right(const uint8_t *bytes, size_t len)
{
	uint8_t want[4];

	put_digest(want, bytes, len);
	return memcmp(want, bytes + len, 4) == 0;
}

void
take_pdus(struct conn *conn)
{
	const struct session *s = conn->session;
	bool header_digest = conn->in_use && s->shared->header_digest;
	bool data_digest = conn->in_use && s->shared->data_digest;
	size_t at = 0, len;

	while (!conn->broken && !s->failed &&
	       (len = pdu_length(conn->in + at, conn->in_len - at, header_digest, data_digest)) >
		       0) {
		const uint8_t *h = conn->in + at, *data = h + 48 + (header_digest ? 4 : 0);
		uint32_t data_len = get_be24(h + 5);
		bool good = !data_digest || data_len == 0 ||
			    digest_is_right(data, (data_len + 3u) & ~3u);

		if (header_digest && !digest_is_right(h, 48))
			conn->broken = true;
		else
			on_pdu(conn, h, data, data_len, good);
		at += len;
	}
	memmove(conn->in, conn->in + at, conn->in_len - at);
	conn->in_len -= at;
}

bool
receive(struct conn *conn)
{
	ssize_t n = recv(conn->fd, conn->in + conn->in_len, IN_BYTES - conn->in_len, 0);

	if (n <= 0)
		return false;
	conn->in_len += (size_t)n;
	return true;
}

static size_t
login_text(const struct session *s, char *text, size_t size)
{
	int n = snprintf(text, size,
			 "InitiatorName=iqn.2026-11.org.example:recovery%%TargetName=%s%%"
			 "SessionType=Normal%%HeaderDigest=%s%%DataDigest=%s%%"
			 "MaxRecvDataSegmentLength=%u%%",
			 target_name, s->shared->header_digest ? "CRC32C" : "None",
			 s->shared->data_digest ? "CRC32C" : "None", SEGMENT * scale);

	if (s->tsih == 0)
		n += snprintf(text + n, size - (size_t)n,
			      "InitialR2T=No%%ImmediateData=Yes%%FirstBurstLength=%u%%"
			      "MaxBurstLength=%u%%MaxOutstandingR2T=1%%MaxConnections=%u%%"
			      "DefaultTime2Wait=0%%DefaultTime2Retain=%u%%ErrorRecoveryLevel=%u%%",
			      FIRST_BURST * scale, FIRST_BURST * scale, connections,
			      level == 2 ? 20 : 0, level);
	for (int i = 0; i < n; i++)
		text[i] = text[i] == '%' ? '\0' : text[i];
	return (size_t)n;
}

/* Did the target answer "KEY=VALUE"? */
static bool
is_agreed(const char *text, size_t len, const char *key, unsigned value)
{
	char want[48];
	size_t n = (size_t)snprintf(want, sizeof(want), "%s=%u", key, value) + 1;

	for (size_t at = 0; at + n <= len; at++)
		if (memcmp(text + at, want, n) == 0)
			return true;
	return false;
}

int
patience_ms(const struct session *s)
{
	return s->shared->hit ? LOST_MS : GIVE_UP_MS;
}

static bool
login_goes_on(struct conn *conn)
{
	struct pollfd fd = { conn->fd, POLLIN, 0 };
	int rc = 0;

	for (int ms = 0; rc == 0 && ms < patience_ms(conn->session); ms += IDLE_MS)
		rc = poll(&fd, 1, IDLE_MS);
	return rc > 0 && receive(conn);
}

static void
on_logged_in(struct conn *conn, size_t len, uint32_t *ret_exp_cmd_sn)
{
	const uint8_t *h = conn->in;
	const char *text = (const char *)h + 48;
	struct session *s = conn->session;

	if (s->tsih == 0 && (!is_agreed(text, get_be24(h + 5), "ErrorRecoveryLevel", level) ||
			     !is_agreed(text, get_be24(h + 5), "MaxConnections", connections)))
		fail(s, "the level or the number of connections is not agreed on", level);
	s->tsih = get_be16(h + 14);
	*ret_exp_cmd_sn = get_be32(h + 28);
	conn->exp_stat_sn = conn->stat_max = get_be32(h + 24) + 1;
	memset(conn->seen, 0, sizeof(conn->seen));
	memset(conn->seen_cmd, 0, sizeof(conn->seen_cmd));
	conn->in_use = true;
	memmove(conn->in, conn->in + len, conn->in_len - len);
	conn->in_len -= len;
}

/* Returns false when the login came to nothing. */
static bool
login(struct conn *conn, uint32_t *ret_exp_cmd_sn)
{
	struct session *s = conn->session;
	uint8_t h[48] = { 0x43, 0x87 };
	char text[1024];
	size_t len;

	h[8] = 0x80;
	h[13] = (uint8_t)s->worker;
	put_be16(h + 14, s->tsih);
	put_be16(h + 20, (uint16_t)conn->cid);
	put_be32(h + 24, s->cmd_sn);
	pdu_send(conn, h, text, (uint32_t)login_text(s, text, sizeof(text)));
	while (!conn->broken && (len = pdu_length(conn->in, conn->in_len, false, false)) == 0)
		if (!login_goes_on(conn))
			return false;
	if (conn->broken || (conn->in[0] & 0x3f) != 0x23)
		return false;
	if (conn->in[36] != 0) {
		if (get_be16(conn->in + 36) == 0x020a) /* session does not exist */
			s->tsih = 0;
		return false;
	}
	on_logged_in(conn, len, ret_exp_cmd_sn);
	return true;
}

bool
open_connection(struct conn *conn, uint32_t *ret_exp_cmd_sn)
{
	struct session *s = conn->session;
	struct sockaddr_in proxy = { .sin_family = AF_INET, .sin_port = s->shared->port };
	int one = 1;

	proxy.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	conn->in_len = 0;
	conn->in_use = conn->broken = false;
	conn->remover = NULL;
	conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (conn->fd < 0 || connect(conn->fd, (struct sockaddr *)&proxy, sizeof(proxy)) != 0) {
		close_connection(conn);
		return false;
	}
	setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (s->tsih == 0) {
		s->logins++;
		s->shared->counts.logins++;
	} else {
		s->joins++;
		s->shared->counts.joins++;
	}
	if (login(conn, ret_exp_cmd_sn))
		return true;
	close_connection(conn);
	return false;
}

bool
join_session(struct conn *conn, uint32_t *ret_exp_cmd_sn)
{
	for (unsigned i = 0; i < LOGINS_MAX && conn->session->tsih != 0; i++)
		if (open_connection(conn, ret_exp_cmd_sn))
			return true;
	return false;
}

void
close_connection(struct conn *conn)
{
	if (conn->fd >= 0)
		close(conn->fd);
	conn->fd = -1;
	conn->in_use = false;
}
