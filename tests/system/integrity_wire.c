/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wire of the integrity test: RFC 7143 with one connection for each session and error recovery
 * level 0.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "integrity_int.h"

/* ---- PDUs out ---- */

static void
out_add(struct session *s, const void *p, size_t n)
{
	if (s->out_len + n > s->out_size) {
		s->out_size = 2 * (s->out_len + n);
		s->out = realloc(s->out, s->out_size);
		if (s->out == NULL)
			exit(2);
	}
	memcpy(s->out + s->out_len, p, n);
	s->out_len += n;
}

static void
digest_add(struct session *s, size_t from)
{
	uint32_t crc = crc32c(s->out + from, s->out_len - from);
	uint8_t wire[4] = { (uint8_t)crc, (uint8_t)(crc >> 8), (uint8_t)(crc >> 16),
			    (uint8_t)(crc >> 24) };

	out_add(s, wire, 4);
}

void
pdu_send(struct session *s, uint8_t header[48], const void *data, uint32_t len)
{
	size_t from = s->out_len;

	put32(header + 4, len);
	put32(header + 28, s->stat_sn);
	out_add(s, header, 48);
	if (s->in_use && s->header_digest)
		digest_add(s, from);
	if (len == 0)
		return;
	from = s->out_len;
	out_add(s, data, len);
	out_add(s, "\0\0\0", -len & 3);
	if (s->in_use && s->data_digest)
		digest_add(s, from);
}

void
data_send(struct session *s, const struct cmd *c, uint32_t ttt, uint32_t offset, uint32_t len)
{
	for (uint32_t sn = 0, n; len > 0; sn++, offset += n, len -= n) {
		uint8_t h[48] = { 0x05 };

		n = len < s->segment ? len : s->segment;
		if (dice(8) == 0)
			n = 1 + dice(n);
		h[1] = n == len ? 0x80 : 0;
		h[9] = (uint8_t)c->lun->number;
		put32(h + 16, c->itt);
		put32(h + 20, ttt);
		put32(h + 36, sn);
		put32(h + 40, offset);
		pdu_send(s, h, c->data + offset, n);
	}
}

/* ---- PDUs in ---- */

static void
on_login(struct session *s, const uint8_t *h, const char *text, uint32_t len)
{
	if (h[36] != 0) {
		if (h[36] != 3) /* not "try again" */
			bad(s, "login: status %02x%02x", h[36], h[37]);
		shutdown(s->fd, SHUT_RDWR);
		return;
	}
	s->segment = 8192;
	s->first_burst = s->first_burst < 65536 ? s->first_burst : 65536;
	for (uint32_t at = 0; at < len; at += (uint32_t)strlen(text + at) + 1) {
		const char *key = text + at, *value = strchr(key, '=');

		if (value == NULL)
			continue;
		value++;
		if (strncmp(key, "HeaderDigest=", 13) == 0)
			s->header_digest = strcmp(value, "CRC32C") == 0;
		else if (strncmp(key, "DataDigest=", 11) == 0)
			s->data_digest = strcmp(value, "CRC32C") == 0;
		else if (strncmp(key, "InitialR2T=", 11) == 0)
			s->initial_r2t = value[0] == 'Y';
		else if (strncmp(key, "ImmediateData=", 14) == 0)
			s->immediate = value[0] == 'Y';
		else if (strncmp(key, "MaxRecvDataSegmentLength=", 25) == 0)
			s->segment = (uint32_t)strtoul(value, NULL, 10);
		else if (strncmp(key, "FirstBurstLength=", 17) == 0)
			s->first_burst = (uint32_t)strtoul(value, NULL, 10);
	}
	s->in_use = true;
	s->tries = 0;
	for (unsigned i = 0; i < DEPTH; i++) {
		if (s->cmds[i].used) /* the session before has ended: nothing of it is on its way */
			cmd_end(&s->cmds[i], false);
	}
}

static void
on_nop(struct session *s, const uint8_t *h)
{
	uint8_t out[48] = { 0x40, 0x80 };

	if (get32(h + 20) == UINT32_MAX)
		return;
	put32(out + 16, UINT32_MAX);
	memcpy(out + 20, h + 20, 4);
	put32(out + 24, s->cmd_sn);
	pdu_send(s, out, NULL, 0);
}

static void
on_data(struct session *s, struct cmd *c, const uint8_t *h, const uint8_t *data, uint32_t len)
{
	uint32_t offset = get32(h + 40);

	if (offset != c->got || len > c->len - offset) {
		bad(s, "Data-In: offset %u length %u after %u of %u", offset, len, c->got, c->len);
		return;
	}
	memcpy(c->data + offset, data, len);
	c->got += len;
	if (h[1] & 1)
		on_status(s, c, h[3], NULL, 0);
}

static void
on_r2t(struct session *s, struct cmd *c, const uint8_t *h)
{
	uint32_t offset = get32(h + 40), len = get32(h + 44);

	if (!is_write(c->kind) && c->kind != COUNT)
		bad(s, "R2T for a command without data");
	else if (offset > c->len || len > c->len - offset)
		bad(s, "R2T: offset %u length %u of %u", offset, len, c->len);
	else
		data_send(s, c, get32(h + 20), offset, len);
}

static void
on_pdu(struct session *s, const uint8_t *h, const uint8_t *data, uint32_t len)
{
	uint32_t itt = get32(h + 16);
	struct cmd *c = &s->cmds[itt % DEPTH];
	int opcode = h[0] & 0x3f;

	if (opcode != 0x31 && (opcode != 0x25 || h[1] & 1))
		s->stat_sn = get32(h + 24) + 1;
	s->max_cmd_sn = get32(h + 32);
	if (s->is_ghost && ghost_pdu(s, h))
		return;
	if (opcode == 0x23) {
		on_login(s, h, (const char *)data, len);
		return;
	}
	if (opcode == 0x20) {
		on_nop(s, h);
		return;
	}
	if (opcode == 0x32) /* Asynchronous Message: vdsd stops */
		return;
	if ((opcode != 0x21 && opcode != 0x25 && opcode != 0x31) || !c->used || c->itt != itt)
		bad(s, "opcode %02x tag %x that nobody expects", opcode, itt);
	else if (opcode == 0x31)
		on_r2t(s, c, h);
	else if (opcode == 0x25)
		on_data(s, c, h, data, len);
	else
		on_status(s, c, h[3], data, len);
}

/* ---- Connections ---- */

void
session_lost(struct session *s)
{
	close(s->fd);
	s->fd = -1;
	s->tries += s->in_use ? 0 : 1;
	s->in_use = false;
	s->cursor = 0;
	for (unsigned i = 0; i < DEPTH; i++) {
		struct cmd *c = &s->cmds[i];

		c->used = c->used && (is_write(c->kind) || c->kind == COUNT); /* in doubt */
	}
}

void
session_cut(struct session *s)
{
	struct linger hard = { 1, 0 };

	if (dice(2) == 0)
		setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	cuts++;
	session_lost(s);
}

static void
login_send(struct session *s)
{
	static const unsigned sizes[] = { 512, 4096, 8192, 65536, 262144 };
	unsigned first = sizes[dice(ARRAY_LEN(sizes))], burst = sizes[dice(ARRAY_LEN(sizes))];
	uint8_t h[48] = { 0x43, 0x87 }; /* operational, then full feature phase */
	char text[1024];
	int n;

	burst = burst < first ? first : burst;
	n = snprintf(text, sizeof(text),
		     "InitiatorName=iqn.2026-11.org.example:integrity%%TargetName=%s%%"
		     "SessionType=Normal%%HeaderDigest=%s%%DataDigest=%s%%InitialR2T=%s%%"
		     "ImmediateData=%s%%"
		     "MaxRecvDataSegmentLength=%u%%FirstBurstLength=%u%%MaxBurstLength=%u%%"
		     "MaxOutstandingR2T=%u%%"
		     "MaxConnections=1%%DefaultTime2Wait=0%%DefaultTime2Retain=0%%"
		     "ErrorRecoveryLevel=0%%",
		     s->target, dice(2) ? "CRC32C" : "None", dice(2) ? "CRC32C" : "None",
		     dice(2) ? "Yes" : "No", dice(4) ? "Yes" : "No", sizes[dice(ARRAY_LEN(sizes))],
		     first, burst, 1 + dice(8));
	for (int i = 0; i < n; i++)
		text[i] = text[i] == '%' ? '\0' : text[i];
	s->header_digest = s->data_digest = false;
	s->initial_r2t = s->immediate = true;
	s->first_burst = first;
	h[8] = 0x80; /* ISID: random, one for each session */
	h[13] = (uint8_t)s->id;
	s->cmd_sn = 1;
	s->stat_sn = 0;
	put32(h + 24, s->cmd_sn);
	pdu_send(s, h, text, (uint32_t)n);
}

/* First at home, then at the portal behind the one that did not work. */
void
session_connect(struct session *s)
{
	const struct sockaddr_in *to;
	int one = 1;

	s->portal = (s->home + s->tries) % n_portals;
	to = &portals[s->portal];
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || connect(s->fd, (const struct sockaddr *)to, sizeof(*to)) != 0) {
		close(s->fd);
		s->fd = -1;
		s->tries++;
		return;
	}
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	s->in_len = s->out_len = s->out_sent = 0;
	login_send(s);
}

/* Takes the PDUs that are complete; false when there is no sense in them. */
static bool
pdus_take(struct session *s)
{
	size_t at = 0;

	for (;;) {
		const uint8_t *h = s->in + at;
		size_t header = 48 + (s->in_use && s->header_digest ? 4 : 0), left = s->in_len - at,
		       len, padded;
		bool digest = s->in_use && s->data_digest;
		uint32_t crc;

		if (left < header)
			break;
		if (header > 48 && (memcpy(&crc, h + 48, 4), crc != crc32c(h, 48)))
			return false;
		len = get32(h + 4) & 0xffffff;
		padded = (len + 3) & ~(size_t)3;
		if (padded + 64 > IN_BYTES)
			return false;
		if (left < header + padded + (digest && len > 0 ? 4 : 0))
			break;
		if (digest && len > 0 &&
		    (memcpy(&crc, h + header + padded, 4), crc != crc32c(h + header, padded)))
			return false;
		at += header + padded + (digest && len > 0 ? 4 : 0);
		on_pdu(s, h, h + header, (uint32_t)len);
	}
	memmove(s->in, s->in + at, s->in_len - at);
	s->in_len -= at;
	return true;
}

void
session_receive(struct session *s)
{
	ssize_t n = recv(s->fd, s->in + s->in_len, IN_BYTES - s->in_len, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0) {
		s->in_len += (size_t)n;
		if (pdus_take(s))
			return;
		bad(s, "a PDU without sense, or its digest is wrong");
	}
	session_lost(s);
}

void
session_flush(struct session *s)
{
	size_t left = s->out_len - s->out_sent;
	ssize_t n;

	if (left > 0 && dice(4) == 0)
		left = 1 + dice((uint32_t)left);
	n = left > 0 ? send(s->fd, s->out + s->out_sent, left, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
	if (n < 0 && errno != EAGAIN) {
		session_lost(s);
		return;
	}
	s->out_sent += n > 0 ? (size_t)n : 0;
	if (s->out_sent == s->out_len)
		s->out_sent = s->out_len = 0;
	if (mode == GO && !steady && s->in_use && !s->is_ghost &&
	    dice(s->out_len > 0 ? 25 : 250) == 0)
		session_cut(s);
}
