/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine with a minimal initiator of its own: it keeps the client's cost
 * per command low (one receive and one send for as many PDUs as are ready), so
 * that what is measured is mostly the target. Read data is counted, not kept.
 * No CHAP, no error recovery: an unexpected PDU ends the run with a message.
 *
 * A session may have several connections. A command goes out on the connection
 * that has just received, as then there is something to send there anyway; what
 * has a CmdSN is sent before another connection takes the next ones.
 */
#include "bench.h"
#include "crc32c.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define BHS      48
#define RXBUF    (1u << 20)
#define TX_BATCH 256 /* iovecs handed to one sendmsg */
/* So much in one sendmsg or recv: a kernel that does not preempt itself keeps
 * another client from its processor for as long as that takes. */
#define TX_BYTES (256u << 10)
#define RX_BYTES (256u << 10)

enum {
	OP_NOP_OUT = 0x00,
	OP_CMD = 0x01,
	OP_LOGIN = 0x03,
	OP_DATA_OUT = 0x05,
	OP_LOGOUT = 0x06,
	OP_NOP_IN = 0x20,
	OP_RSP = 0x21,
	OP_LOGIN_RSP = 0x23,
	OP_DATA_IN = 0x25,
	OP_LOGOUT_RSP = 0x26,
	OP_R2T = 0x31,
	OP_ASYNC = 0x32,
	OP_REJECT = 0x3f,
};

struct slot {
	uint64_t started;
	uint32_t len; /* bytes of the command; 0 = a setup command */
	unsigned lun;
	bool busy, write;
	uint8_t *buf;
};

/* Everything of a PDU on its way out but the data. */
struct cell {
	uint8_t bhs[BHS];
	uint8_t hdigest[4];
	uint8_t tail[8]; /* padding, then the data digest */
};

/* What the connections of a session share: the window of commands and the tasks. */
struct session {
	struct worker *w;
	unsigned lun, id;
	uint16_t tsih;
	uint32_t cmdsn, maxcmdsn, block;
	uint32_t first_burst, max_burst; /* as negotiated */
	bool immediate, initial_r2t;
	struct stream stream;
	struct slot *slots; /* qd of them; the ITT is the index */
	unsigned *idle;
	unsigned nidle;
	unsigned inflight;
	uint64_t lun_bytes; /* of each LUN, as far as whole commands fit */
	/* the setup command's answer */
	int last_status;
	uint8_t answer[64];
	size_t answer_len;
};

struct conn {
	struct session *s;
	struct worker *w;
	int fd;
	unsigned cid;
	uint32_t events; /* what epoll waits for */
	uint32_t expstatsn;
	uint32_t xmit_seg; /* as negotiated */
	bool hdigest, ddigest;
	/* receive */
	uint8_t *rx;
	size_t rx_have, rx_at, rx_skip;
	/* send: PDUs take the next cell of a ring; payloads stay in the slots */
	struct iovec *tx;
	size_t tx_n, tx_at;
	struct cell *cells;
	size_t cell_n, cell_cap; /* also how many iovecs fit */
	bool out;
};

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void
put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t
get24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

/* ---- sending ------------------------------------------------------------- */

static int
tx_flush(struct conn *c)
{
	while (c->tx_at < c->tx_n) {
		struct msghdr m = { .msg_iov = c->tx + c->tx_at };
		size_t n = c->tx_n - c->tx_at, bytes = 0;
		ssize_t r;

		while (m.msg_iovlen < n && m.msg_iovlen < TX_BATCH && bytes < TX_BYTES)
			bytes += m.msg_iov[m.msg_iovlen++].iov_len;
		r = sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (r < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (r < 0)
			return worker_fail(c->w, "send: %s", strerror(errno));
		while (r > 0) {
			struct iovec *v = &c->tx[c->tx_at];
			size_t take = (size_t)r < v->iov_len ? (size_t)r : v->iov_len;

			v->iov_base = (uint8_t *)v->iov_base + take;
			v->iov_len -= take;
			r -= (ssize_t)take;
			if (!v->iov_len)
				c->tx_at++;
		}
	}
	c->tx_n = c->tx_at = 0;
	return 0;
}

static void
tx_iov(struct conn *c, const void *p, size_t n)
{
	c->tx[c->tx_n++] = (struct iovec){ (void *)(uintptr_t)p, n };
}

/* Queues one PDU; data stays where it is until it is sent. */
static void
tx_pdu(struct conn *c, struct cell *cell, const void *data, uint32_t len)
{
	uint32_t pad = (4 - len % 4) % 4;

	cell->bhs[5] = (uint8_t)(len >> 16);
	cell->bhs[6] = (uint8_t)(len >> 8);
	cell->bhs[7] = (uint8_t)len;
	if (c->hdigest)
		crc32c_put(cell->hdigest, crc32c(0, cell->bhs, BHS));
	tx_iov(c, cell->bhs, c->hdigest ? BHS + 4 : BHS);
	if (!len)
		return;
	tx_iov(c, data, len);
	memset(cell->tail, 0, pad);
	if (c->ddigest)
		crc32c_put(cell->tail + pad, crc32c(crc32c(0, data, len), cell->tail, pad));
	if (pad || c->ddigest)
		tx_iov(c, cell->tail, pad + (c->ddigest ? 4 : 0));
}

/* The next cell of the ring, with a blank header. Each PDU waiting to go has
 * one iovec at least, so the count of those bounds the cells in use. */
static struct cell *
new_pdu(struct conn *c, uint8_t op, uint8_t flags, uint32_t itt)
{
	struct cell *cell = &c->cells[c->cell_n++ % c->cell_cap];

	if (c->tx_n + 3 > c->cell_cap) {
		memmove(c->tx, c->tx + c->tx_at, (c->tx_n - c->tx_at) * sizeof(*c->tx));
		c->tx_n -= c->tx_at;
		c->tx_at = 0;
	}
	if (c->tx_n + 3 > c->cell_cap) {
		fprintf(stderr, "iscsi-bench: send queue overrun (target answers early?)\n");
		abort();
	}
	memset(cell->bhs, 0, BHS);
	cell->bhs[0] = op;
	cell->bhs[1] = flags;
	put32(cell->bhs + 16, itt);
	return cell;
}

static void
put_lun(uint8_t *b, unsigned lun)
{
	b[8] = lun > 255 ? (uint8_t)(0x40 | lun >> 8) : 0;
	b[9] = (uint8_t)lun;
}

/* Data-Out PDUs for [off, off+len) of a slot, answering ttt. */
static void
send_data_out(struct conn *c, uint32_t itt, uint32_t ttt, uint32_t off, uint32_t len)
{
	uint32_t sn = 0;

	while (len) {
		uint32_t n = len < c->xmit_seg ? len : c->xmit_seg;
		struct cell *cell = new_pdu(c, OP_DATA_OUT, n == len ? 0x80 : 0, itt);
		uint8_t *b = cell->bhs;

		put_lun(b, c->s->slots[itt].lun);
		put32(b + 20, ttt);
		put32(b + 28, c->expstatsn);
		put32(b + 36, sn++);
		put32(b + 40, off);
		tx_pdu(c, cell, c->s->slots[itt].buf + off, n);
		off += n;
		len -= n;
	}
}

static void
send_cmd(struct conn *c, uint32_t itt, const uint8_t *cdb, size_t cdb_len, bool write, uint32_t len)
{
	struct cell *cell = new_pdu(c, OP_CMD, 0x01, itt); /* SIMPLE */
	uint8_t *b = cell->bhs;
	uint32_t imm = 0, unsol = 0;

	if (write && len) {
		uint32_t first = len < c->s->first_burst ? len : c->s->first_burst;

		if (c->s->immediate)
			imm = first < c->xmit_seg ? first : c->xmit_seg;
		if (!c->s->initial_r2t)
			unsol = first - imm;
		b[1] |= 0x20;
	} else if (len) {
		b[1] |= 0x40;
	}
	if (!unsol)
		b[1] |= 0x80; /* F: no unsolicited Data-Out follows */
	put_lun(b, c->s->slots[itt].lun);
	put32(b + 20, len);
	put32(b + 24, c->s->cmdsn++);
	put32(b + 28, c->expstatsn);
	memcpy(b + 32, cdb, cdb_len);
	tx_pdu(c, cell, c->s->slots[itt].buf, imm);
	if (unsol)
		send_data_out(c, itt, 0xffffffff, imm, unsol);
	c->s->inflight++;
}

static void
submit(struct conn *c)
{
	const struct job *j = c->w->job;
	unsigned itt = c->s->idle[--c->s->nidle];
	struct slot *sl = &c->s->slots[itt];
	uint64_t off = stream_next(&c->s->stream, j, &sl->write);
	uint8_t cdb[10] = { sl->write ? 0x2a : 0x28 };
	uint32_t blocks = j->bs / c->s->block;

	sl->lun = c->s->lun + (unsigned)(off / c->s->lun_bytes);
	off %= c->s->lun_bytes;
	cdb[1] = sl->write && j->fua ? 0x08 : 0;
	put32(cdb + 2, (uint32_t)(off / c->s->block));
	cdb[7] = (uint8_t)(blocks >> 8);
	cdb[8] = (uint8_t)blocks;
	sl->busy = true;
	sl->len = j->bs;
	sl->started = now_ns();
	send_cmd(c, itt, cdb, sizeof(cdb), sl->write, j->bs);
}

/* Up to max commands. */
static void
fill_queue(struct conn *c, unsigned max)
{
	if (c->w->job->idle)
		return;
	while (max-- > 0 && c->s->nidle && (int32_t)(c->s->maxcmdsn - c->s->cmdsn) >= 0)
		submit(c);
}

/* ---- receiving ------------------------------------------------------------- */

static void
complete(struct conn *c, uint32_t itt, uint8_t status)
{
	struct slot *sl = &c->s->slots[itt];

	sl->busy = false;
	c->s->inflight--;
	c->s->idle[c->s->nidle++] = itt;
	if (sl->len)
		stats_add(c->w, c->s->id - c->w->first_session, sl->started, sl->len, status == 0);
	else
		c->s->last_status = status;
}

static void
take_sns(struct conn *c, const uint8_t *b, bool has_statsn)
{
	uint32_t max = get32(b + 32);

	if ((int32_t)(max - c->s->maxcmdsn) > 0)
		c->s->maxcmdsn = max;
	if (has_statsn)
		c->expstatsn = get32(b + 24) + 1;
}

/* One whole header; data points at as much of the segment as has come. */
static int
on_pdu(struct conn *c, const uint8_t *b, const uint8_t *data, uint32_t have)
{
	uint8_t op = b[0] & 0x3f;
	uint32_t itt = get32(b + 16);

	if ((op == OP_RSP || op == OP_DATA_IN || op == OP_R2T) &&
	    (itt >= c->w->job->qd || !c->s->slots[itt].busy))
		return worker_fail(c->w, "PDU 0x%02x for unknown task %#x", op, itt);
	switch (op) {
	case OP_RSP:
		take_sns(c, b, true);
		complete(c, itt, b[2] ? 0xff : b[3]);
		return 0;
	case OP_DATA_IN:
		take_sns(c, b, b[1] & 0x01);
		if (!c->s->slots[itt].len && have) {
			struct session *s = c->s;

			s->answer_len = have < sizeof(s->answer) ? have : sizeof(s->answer);
			memcpy(s->answer, data, s->answer_len);
		}
		if (b[1] & 0x01)
			complete(c, itt, b[3]);
		return 0;
	case OP_R2T:
		take_sns(c, b, false);
		send_data_out(c, itt, get32(b + 20), get32(b + 40), get32(b + 44));
		return 0;
	case OP_NOP_IN:
		take_sns(c, b, itt != 0xffffffff);
		if (get32(b + 20) != 0xffffffff) {
			struct cell *cell = new_pdu(c, OP_NOP_OUT | 0x40, 0x80, 0xffffffff);

			memcpy(cell->bhs + 8, b + 8, 8);
			put32(cell->bhs + 20, get32(b + 20));
			put32(cell->bhs + 24, c->s->cmdsn);
			put32(cell->bhs + 28, c->expstatsn);
			tx_pdu(c, cell, NULL, 0);
		}
		return 0;
	case OP_LOGOUT_RSP:
		c->out = true;
		return 0;
	default:
		return worker_fail(c->w, "unexpected PDU 0x%02x (flags %#x %#x)", op, b[1], b[2]);
	}
}

/* Parses what is in the buffer; a segment's tail may still be on its way. */
static int
rx_parse(struct conn *c)
{
	size_t head = BHS + (c->hdigest ? 4 : 0);

	for (;;) {
		size_t left = c->rx_have - c->rx_at;
		const uint8_t *b = c->rx + c->rx_at;
		size_t seg, wait;

		if (c->rx_skip) {
			size_t n = left < c->rx_skip ? left : c->rx_skip;

			c->rx_at += n;
			c->rx_skip -= n;
			if (c->rx_skip)
				break;
			continue;
		}
		if (left < head)
			break;
		if (b[4])
			return worker_fail(c->w, "AHS from the target");
		seg = get24(b + 5);
		wait = (seg + 3) / 4 * 4 + (seg && c->ddigest ? 4 : 0);
		/* The status is in the last PDU's header: hold it back until the
		 * data has come, so that a command's time covers all its bytes. */
		if (left < head + wait && head + wait <= RXBUF)
			break;
		if (on_pdu(c, b, b + head, (uint32_t)seg))
			return -1;
		c->rx_at += head;
		c->rx_skip = wait;
	}
	if (c->rx_at == c->rx_have) {
		c->rx_at = c->rx_have = 0;
	} else if (c->rx_at > RXBUF / 2 || c->rx_have == RXBUF) {
		memmove(c->rx, c->rx + c->rx_at, c->rx_have - c->rx_at);
		c->rx_have -= c->rx_at;
		c->rx_at = 0;
	}
	return 0;
}

/* Receives once. 1 = something came, 0 = nothing there, -1 = failed. */
static int
rx_once(struct conn *c, int flags)
{
	size_t room = RXBUF - c->rx_have;
	ssize_t r = recv(c->fd, c->rx + c->rx_have, room < RX_BYTES ? room : RX_BYTES, flags);

	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (r <= 0)
		return worker_fail(c->w, "receive: %s", r ? strerror(errno) : "closed");
	c->rx_have += (size_t)r;
	return rx_parse(c) ? -1 : 1;
}

/* ---- login ------------------------------------------------------------------ */

static int
read_all(struct conn *c, uint8_t *p, size_t n)
{
	while (n) {
		ssize_t r = recv(c->fd, p, n, 0);

		if (r <= 0)
			return worker_fail(c->w, "login: %s", r ? strerror(errno) : "closed");
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

static void
take_key(struct conn *c, const char *k, const char *v)
{
	if (!strcasecmp(k, "HeaderDigest"))
		c->hdigest = !strcasecmp(v, "CRC32C");
	else if (!strcasecmp(k, "DataDigest"))
		c->ddigest = !strcasecmp(v, "CRC32C");
	else if (!strcasecmp(k, "InitialR2T"))
		c->s->initial_r2t = !strcasecmp(v, "Yes");
	else if (!strcasecmp(k, "ImmediateData"))
		c->s->immediate = !strcasecmp(v, "Yes");
	else if (!strcasecmp(k, "MaxRecvDataSegmentLength"))
		c->xmit_seg = (uint32_t)strtoul(v, NULL, 0);
	else if (!strcasecmp(k, "FirstBurstLength"))
		c->s->first_burst = (uint32_t)strtoul(v, NULL, 0);
	else if (!strcasecmp(k, "MaxBurstLength"))
		c->s->max_burst = (uint32_t)strtoul(v, NULL, 0);
}

/* One Login request and its answer. Returns the answer's flags or -1. */
static int
login_step(struct conn *c, uint8_t flags, const char *text, size_t len)
{
	uint8_t b[BHS] = { OP_LOGIN | 0x40, flags };
	static const uint8_t zero[4];
	char *answer;
	uint32_t n;
	struct iovec v[3] = { { b, BHS },
			      { (void *)(uintptr_t)text, len },
			      { (void *)(uintptr_t)zero, (4 - len % 4) % 4 } };

	b[5] = (uint8_t)(len >> 16);
	b[6] = (uint8_t)(len >> 8);
	b[7] = (uint8_t)len;
	b[8] = 0x80; /* ISID: random */
	put32(b + 9, (uint32_t)getpid() << 8 | c->s->id);
	put16(b + 14, c->s->tsih);
	put16(b + 20, (uint16_t)c->cid);
	put32(b + 24, c->s->cmdsn);
	put32(b + 28, c->expstatsn);
	if (writev(c->fd, v, 3) != (ssize_t)(BHS + len + v[2].iov_len))
		return worker_fail(c->w, "login: short write");
	if (read_all(c, b, BHS))
		return -1;
	n = get24(b + 5);
	if ((b[0] & 0x3f) != OP_LOGIN_RSP || n > 65536)
		return worker_fail(c->w, "login: answered with PDU 0x%02x", b[0]);
	answer = calloc(1, n + 8);
	if (!answer || read_all(c, (uint8_t *)answer, (n + 3) / 4 * 4)) {
		free(answer);
		return -1;
	}
	if (b[36])
		worker_fail(c->w, "login refused: status %02x%02x", b[36], b[37]);
	c->expstatsn = get32(b + 24) + 1;
	if (!c->s->tsih)
		c->s->maxcmdsn = get32(b + 32);
	for (char *p = answer; p < answer + n; p += strlen(p) + 1) {
		char *eq = strchr(p, '=');

		if (eq) {
			*eq = 0;
			take_key(c, p, eq + 1);
			*eq = '=';
		}
	}
	free(answer);
	if (b[1] & 0x80) /* to full feature phase: the session's handle is known */
		c->s->tsih = (uint16_t)(b[14] << 8 | b[15]);
	return b[36] ? -1 : b[1];
}

static int
login(struct conn *c, const char *target)
{
	const struct job *j = c->w->job;
	char text[1024];
	int n, f;

	n = snprintf(text, sizeof(text),
		     "InitiatorName=iqn.2026-01.bench:client-%u%cTargetName=%s%c"
		     "SessionType=Normal%cAuthMethod=None%c",
		     c->s->id, 0, target, 0, 0, 0);
	f = login_step(c, 0x81, text, (size_t)n); /* security -> operational */
	if (f < 0)
		return -1;
	if ((f & 0x83) != 0x81)
		return worker_fail(c->w, "login: the target wants authentication");
	n = snprintf(text, sizeof(text),
		     "HeaderDigest=%s%cDataDigest=%s%cMaxRecvDataSegmentLength=%u%c",
		     j->header_digest ? "CRC32C" : "None", 0, j->data_digest ? "CRC32C" : "None", 0,
		     j->recv_seg, 0);
	c->xmit_seg = 8192; /* RFC 7143 defaults, for keys left unanswered */
	if (!c->s->tsih) {  /* the others are the leading connection's alone */
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "InitialR2T=%s%cImmediateData=%s%cMaxBurstLength=%u%c"
			      "FirstBurstLength=%u%cMaxConnections=%u%cMaxOutstandingR2T=1%c"
			      "DefaultTime2Wait=2%cDefaultTime2Retain=0%cDataPDUInOrder=Yes%c"
			      "DataSequenceInOrder=Yes%cErrorRecoveryLevel=0%c",
			      j->initial_r2t ? "Yes" : "No", 0, j->immediate_data ? "Yes" : "No", 0,
			      j->max_burst, 0, j->first_burst, 0, j->connections, 0, 0, 0, 0, 0, 0,
			      0);
		c->s->first_burst = j->first_burst;
		c->s->max_burst = j->max_burst;
		c->s->immediate = j->immediate_data;
		c->s->initial_r2t = j->initial_r2t;
	}
	f = login_step(c, 0x87, text, (size_t)n); /* operational -> full feature */
	for (int i = 0; f >= 0 && !(f & 0x80) && i < 8; i++)
		f = login_step(c, 0x87, "", 0);
	if (f < 0)
		return -1;
	if (!(f & 0x80))
		return worker_fail(c->w, "login: no transition to full feature phase");
	c->w->hdigest = c->hdigest;
	c->w->ddigest = c->ddigest;
	return 0;
}

/* ---- setup and the loop ------------------------------------------------------ */

/* A command without the load's bookkeeping; the SCSI status or -1. */
static int
setup_cmd(struct conn *c, unsigned lun, const uint8_t *cdb, size_t n, uint32_t len)
{
	unsigned itt = c->s->idle[--c->s->nidle];

	c->s->slots[itt].busy = true;
	c->s->slots[itt].len = 0;
	c->s->slots[itt].lun = lun;
	c->s->answer_len = 0;
	c->s->last_status = -1;
	send_cmd(c, itt, cdb, n, false, len);
	if (tx_flush(c))
		return -1;
	while (c->s->inflight)
		if (rx_once(c, 0) < 0)
			return -1;
	return c->s->last_status;
}

static int
dial(struct conn *c, char *host)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *ai;
	struct timeval tv = { .tv_sec = 10 };
	const char *port = "3260";
	char *colon = strrchr(host, ':');
	int one = 1, rc;

	if (host[0] == '[') { /* [ipv6]:port */
		char *end = strchr(host, ']');

		if (!end)
			return worker_fail(c->w, "bad address");
		*end = 0;
		host++;
		colon = end[1] == ':' ? end + 1 : NULL;
	}
	if (colon) {
		*colon = 0;
		port = colon + 1;
	}
	rc = getaddrinfo(host, port, &hints, &ai);
	if (rc)
		return worker_fail(c->w, "%s: %s", host, gai_strerror(rc));
	c->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	rc = c->fd < 0 ? -1 : connect(c->fd, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(ai);
	if (rc)
		return worker_fail(c->w, "connect: %s", strerror(errno));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	/* as vdsd does: what paces for a network only adds noise on one host */
	setsockopt(c->fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return 0;
}

/* Splits the URL, which it changes; 0 or -1. */
static int
split_url(struct worker *w, char *url, char **host, char **target, unsigned *lun)
{
	char *end;

	if (strncmp(url, "iscsi://", 8) || !(*target = strchr(url + 8, '/')) ||
	    !(end = strrchr(*target + 1, '/')))
		return worker_fail(w, "bad URL: %s", w->job->url);
	*(*target)++ = 0;
	*end++ = 0;
	*host = url + 8;
	if (strchr(*host, '@'))
		return worker_fail(w, "the raw engine has no CHAP; use -e libiscsi");
	*lun = (unsigned)atoi(end);
	return 0;
}

static int
conn_open(struct conn *c, struct session *s, unsigned cid)
{
	struct worker *w = s->w;
	const struct job *j = w->job;
	char url[512], *host = NULL, *target = NULL;
	size_t pdus;

	c->s = s;
	c->w = w;
	c->cid = cid;
	c->fd = -1;
	snprintf(url, sizeof(url), "%s", j->url);
	if (split_url(w, url, &host, &target, &s->lun) || dial(c, host))
		return -1;
	c->rx = malloc(RXBUF);
	if (!c->rx)
		return worker_fail(w, "no memory");
	if (login(c, target))
		return -1;
	/* worst case: every command wholly out, in segments the target chose */
	pdus = (size_t)j->qd * (j->bs / (c->xmit_seg < 512 ? 512 : c->xmit_seg) + 8) * 2 + 64;
	c->cell_cap = pdus * 3;
	c->tx = calloc(c->cell_cap, sizeof(*c->tx));
	c->cells = calloc(c->cell_cap, sizeof(*c->cells));
	if (!c->tx || !c->cells)
		return worker_fail(w, "no memory");
	return 0;
}

static int
session_init(struct session *s, struct worker *w, unsigned id)
{
	const struct job *j = w->job;

	s->w = w;
	s->id = id;
	s->slots = calloc(j->qd, sizeof(*s->slots));
	s->idle = calloc(j->qd, sizeof(*s->idle));
	if (!s->slots || !s->idle)
		return worker_fail(w, "no memory");
	for (unsigned i = 0; i < j->qd; i++) {
		s->idle[s->nidle++] = j->qd - 1 - i;
		if (posix_memalign((void **)&s->slots[i].buf, 4096, j->bs))
			return worker_fail(w, "no memory");
		if (j->read_pct < 100)
			memset(s->slots[i].buf, (int)(0xa0 + i), j->bs);
	}
	return 0;
}

/* Logs in, ends the unit attentions, and learns the LUNs' size. */
static int
session_open(struct session *s, struct conn *cs, struct worker *w, unsigned id)
{
	const struct job *j = w->job;
	static const uint8_t tur[6] = { 0 }, readcap[16] = { 0x9e, 0x10, [13] = 32 };
	int st;

	if (session_init(s, w, id))
		return -1;
	for (unsigned i = 0; i < j->connections; i++)
		if (conn_open(&cs[i], s, i))
			return -1;
	for (unsigned lun = 0; lun < j->luns; lun++) {
		st = -1;
		for (int i = 0; i < 8 && st != 0; i++) /* unit attentions end here */
			if ((st = setup_cmd(cs, s->lun + lun, tur, sizeof(tur), 0)) < 0)
				return -1;
	}
	st = setup_cmd(cs, s->lun, readcap, sizeof(readcap), 32);
	if (st || s->answer_len < 12)
		return st < 0 ? -1 : worker_fail(w, "READ CAPACITY(16): status %d", st);
	s->block = get32(s->answer + 8);
	if (!s->block || j->bs % s->block)
		return worker_fail(w, "-b is no multiple of the %u-byte block", s->block);
	w->capacity = (((uint64_t)get32(s->answer) << 32 | get32(s->answer + 4)) + 1) * s->block;
	s->lun_bytes = w->capacity / j->bs * j->bs;
	stream_init(&s->stream, j, id, s->lun_bytes * j->luns);
	if (!s->stream.span)
		return worker_fail(w, "the LUN is too small for this load");
	return 0;
}

static void
log_out(struct conn *c)
{
	struct cell *cell = new_pdu(c, OP_LOGOUT | 0x40, 0x80, 0x7ffffff0);

	put16(cell->bhs + 20, (uint16_t)c->cid);
	put32(cell->bhs + 24, c->s->cmdsn);
	put32(cell->bhs + 28, c->expstatsn);
	tx_pdu(c, cell, NULL, 0);
	tx_flush(c);
	while (!c->out && rx_once(c, 0) > 0)
		;
	c->w->error[0] = 0; /* a target may just close */
}

static void
session_close(struct session *s, struct conn *cs, bool ok)
{
	const struct job *j = s->w->job;

	if (ok)
		log_out(&cs[0]); /* closes the session */
	for (unsigned i = 0; i < j->connections; i++) {
		if (cs[i].s && cs[i].fd >= 0)
			close(cs[i].fd);
		free(cs[i].rx);
		free(cs[i].tx);
		free(cs[i].cells);
	}
	for (unsigned i = 0; s->slots && i < j->qd; i++)
		free(s->slots[i].buf);
	free(s->slots);
	free(s->idle);
}

static bool
stopping(void)
{
	return atomic_load_explicit(&bench_phase, memory_order_relaxed) == PHASE_STOP;
}

/* Receives what is there, refills, sends. -1 = failed. */
static int
serve(struct conn *c, int flags)
{
	if (rx_once(c, flags) < 0)
		return -1;
	if (!stopping())
		fill_queue(c, c->w->job->qd);
	return tx_flush(c);
}

/* The first commands of a session, a part on each of its connections. */
static int
begin(struct session *s, struct conn *cs)
{
	unsigned n = s->w->job->connections, part = (s->w->job->qd + n - 1) / n;

	for (unsigned i = 0; i < n; i++) {
		fill_queue(&cs[i], part);
		if (tx_flush(&cs[i]))
			return -1;
	}
	return 0;
}

/* All that the sessions wait for; 0, 1 when the run is over, -1 = failed. */
static int
is_over(struct worker *w, const struct session *ss, uint64_t *deadline)
{
	unsigned inflight = 0;

	if (!stopping())
		return 0;
	for (unsigned i = 0; i < w->nsessions; i++)
		inflight += ss[i].inflight;
	if (!inflight)
		return 1;
	if (!*deadline)
		*deadline = now_ns() + 5000000000ull;
	if (now_ns() > *deadline)
		return worker_fail(w, "%u commands never came back", inflight);
	return 0;
}

static int
watch(struct conn *c, int ep)
{
	uint32_t events = EPOLLIN | (c->tx_n ? (uint32_t)EPOLLOUT : 0);
	struct epoll_event e = { .events = events, .data.ptr = c };
	int how = c->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (c->events == events)
		return 0;
	c->events = events;
	return epoll_ctl(ep, how, c->fd, &e) ? worker_fail(c->w, "epoll: %s", strerror(errno)) : 0;
}

static int
loop(struct worker *w, struct session *ss, struct conn *cs, int ep)
{
	unsigned conns = w->nsessions * w->job->connections;
	struct epoll_event events[128];
	uint64_t deadline = 0;
	int over, n;

	for (unsigned i = 0; i < w->nsessions; i++)
		if (begin(&ss[i], cs + i * w->job->connections))
			return -1;
	for (unsigned i = 0; i < conns; i++)
		if (watch(&cs[i], ep))
			return -1;
	while ((over = is_over(w, ss, &deadline)) == 0) {
		if (w->job->busy_poll) {
			for (unsigned i = 0; i < conns; i++)
				if (serve(&cs[i], MSG_DONTWAIT))
					return -1;
			continue;
		}
		/* A lone connection with nothing left to send can sleep in recv. */
		if (conns == 1 && !cs[0].tx_n) {
			if (serve(&cs[0], 0) || watch(&cs[0], ep))
				return -1;
			continue;
		}
		n = epoll_wait(ep, events, 128, 100);
		if (n < 0 && errno != EINTR)
			return worker_fail(w, "epoll: %s", strerror(errno));
		for (int i = 0; i < n; i++)
			if (serve(events[i].data.ptr, MSG_DONTWAIT) ||
			    watch(events[i].data.ptr, ep))
				return -1;
	}
	return over < 0 ? -1 : 0;
}

void
engine_raw(struct worker *w)
{
	unsigned per = w->job->connections, opened = 0;
	struct session *ss = calloc(w->nsessions, sizeof(*ss));
	struct conn *cs = calloc((size_t)w->nsessions * per, sizeof(*cs));
	struct rlimit files = { 0 };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	bool ok = ss && cs && ep >= 0;

	if (!ok)
		worker_fail(w, "no memory");
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	while (ok && opened < w->nsessions) {
		ok = session_open(&ss[opened], cs + opened * per, w, w->first_session + opened) ==
		     0;
		opened++;
	}
	atomic_store(&w->ready, ok ? 1 : -1);
	while (ok && atomic_load(&bench_phase) == PHASE_SETUP)
		usleep(500);
	if (ok && !stopping())
		ok = loop(w, ss, cs, ep) == 0;
	for (unsigned i = 0; i < opened; i++)
		session_close(&ss[i], cs + i * per, ok);
	if (ep >= 0)
		close(ep);
	free(ss);
	free(cs);
}
