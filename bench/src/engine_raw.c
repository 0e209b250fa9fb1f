/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine with a minimal initiator of its own: it keeps the client's cost
 * per command low (one receive and one send for as many PDUs as are ready), so
 * that what is measured is mostly the target. Read data is counted, not kept.
 * No CHAP, no error recovery: an unexpected PDU ends the run with a message.
 */
#include "bench.h"
#include "crc32c.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define BHS      48
#define RXBUF    (1u << 20)
#define TX_BATCH 256 /* iovecs handed to one sendmsg */

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
	bool busy, write;
	uint8_t *buf;
};

/* Everything of a PDU on its way out but the data. */
struct cell {
	uint8_t bhs[BHS];
	uint8_t hdigest[4];
	uint8_t tail[8]; /* padding, then the data digest */
};

struct session {
	struct worker *w;
	int fd;
	unsigned lun, id;
	uint32_t cmdsn, maxcmdsn, expstatsn, block;
	uint32_t xmit_seg, first_burst, max_burst; /* as negotiated */
	bool immediate, initial_r2t, hdigest, ddigest;
	struct stream stream;
	struct slot *slots; /* qd of them; the ITT is the index */
	unsigned *idle;
	unsigned nidle;
	unsigned inflight;
	/* receive */
	uint8_t *rx;
	size_t rx_have, rx_at, rx_skip;
	/* send: PDUs take the next cell of a ring; payloads stay in the slots */
	struct iovec *tx;
	size_t tx_n, tx_at;
	struct cell *cells;
	size_t cell_n, cell_cap; /* also how many iovecs fit */
	/* the setup command's answer */
	int last_status;
	uint8_t answer[64];
	size_t answer_len;
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

static uint32_t
get24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

/* ---- sending ------------------------------------------------------------- */

static int
tx_flush(struct session *s)
{
	while (s->tx_at < s->tx_n) {
		size_t n = s->tx_n - s->tx_at;
		struct msghdr m = { .msg_iov = s->tx + s->tx_at,
				    .msg_iovlen = n < TX_BATCH ? n : TX_BATCH };
		ssize_t r = sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (r < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (r < 0)
			return worker_fail(s->w, "send: %s", strerror(errno));
		while (r > 0) {
			struct iovec *v = &s->tx[s->tx_at];
			size_t take = (size_t)r < v->iov_len ? (size_t)r : v->iov_len;

			v->iov_base = (uint8_t *)v->iov_base + take;
			v->iov_len -= take;
			r -= (ssize_t)take;
			if (!v->iov_len)
				s->tx_at++;
		}
	}
	s->tx_n = s->tx_at = 0;
	return 0;
}

static void
tx_iov(struct session *s, const void *p, size_t n)
{
	s->tx[s->tx_n++] = (struct iovec){ (void *)(uintptr_t)p, n };
}

/* Queues one PDU; data stays where it is until it is sent. */
static void
tx_pdu(struct session *s, struct cell *c, const void *data, uint32_t len)
{
	uint32_t pad = (4 - len % 4) % 4;

	c->bhs[5] = (uint8_t)(len >> 16);
	c->bhs[6] = (uint8_t)(len >> 8);
	c->bhs[7] = (uint8_t)len;
	if (s->hdigest)
		crc32c_put(c->hdigest, crc32c(0, c->bhs, BHS));
	tx_iov(s, c->bhs, s->hdigest ? BHS + 4 : BHS);
	if (!len)
		return;
	tx_iov(s, data, len);
	memset(c->tail, 0, pad);
	if (s->ddigest)
		crc32c_put(c->tail + pad, crc32c(crc32c(0, data, len), c->tail, pad));
	if (pad || s->ddigest)
		tx_iov(s, c->tail, pad + (s->ddigest ? 4 : 0));
}

/* The next cell of the ring, with a blank header. Each PDU waiting to go has
 * one iovec at least, so the count of those bounds the cells in use. */
static struct cell *
new_pdu(struct session *s, uint8_t op, uint8_t flags, uint32_t itt)
{
	struct cell *c = &s->cells[s->cell_n++ % s->cell_cap];

	if (s->tx_n + 3 > s->cell_cap) {
		memmove(s->tx, s->tx + s->tx_at, (s->tx_n - s->tx_at) * sizeof(*s->tx));
		s->tx_n -= s->tx_at;
		s->tx_at = 0;
	}
	if (s->tx_n + 3 > s->cell_cap) {
		fprintf(stderr, "iscsi-bench: send queue overrun (target answers early?)\n");
		abort();
	}
	memset(c->bhs, 0, BHS);
	c->bhs[0] = op;
	c->bhs[1] = flags;
	put32(c->bhs + 16, itt);
	return c;
}

static void
put_lun(const struct session *s, uint8_t *b)
{
	b[8] = s->lun > 255 ? (uint8_t)(0x40 | s->lun >> 8) : 0;
	b[9] = (uint8_t)s->lun;
}

/* Data-Out PDUs for [off, off+len) of a slot, answering ttt. */
static void
send_data_out(struct session *s, uint32_t itt, uint32_t ttt, uint32_t off, uint32_t len)
{
	uint32_t sn = 0;

	while (len) {
		uint32_t n = len < s->xmit_seg ? len : s->xmit_seg;
		struct cell *c = new_pdu(s, OP_DATA_OUT, n == len ? 0x80 : 0, itt);
		uint8_t *b = c->bhs;

		put_lun(s, b);
		put32(b + 20, ttt);
		put32(b + 28, s->expstatsn);
		put32(b + 36, sn++);
		put32(b + 40, off);
		tx_pdu(s, c, s->slots[itt].buf + off, n);
		off += n;
		len -= n;
	}
}

static void
send_cmd(struct session *s, uint32_t itt, const uint8_t *cdb, size_t cdb_len, bool write,
	 uint32_t len)
{
	struct cell *c = new_pdu(s, OP_CMD, 0x01, itt); /* SIMPLE */
	uint8_t *b = c->bhs;
	uint32_t imm = 0, unsol = 0;

	if (write && len) {
		uint32_t first = len < s->first_burst ? len : s->first_burst;

		if (s->immediate)
			imm = first < s->xmit_seg ? first : s->xmit_seg;
		if (!s->initial_r2t)
			unsol = first - imm;
		b[1] |= 0x20;
	} else if (len) {
		b[1] |= 0x40;
	}
	if (!unsol)
		b[1] |= 0x80; /* F: no unsolicited Data-Out follows */
	put_lun(s, b);
	put32(b + 20, len);
	put32(b + 24, s->cmdsn++);
	put32(b + 28, s->expstatsn);
	memcpy(b + 32, cdb, cdb_len);
	tx_pdu(s, c, s->slots[itt].buf, imm);
	if (unsol)
		send_data_out(s, itt, 0xffffffff, imm, unsol);
	s->inflight++;
}

static void
submit(struct session *s)
{
	const struct job *j = s->w->job;
	unsigned itt = s->idle[--s->nidle];
	struct slot *sl = &s->slots[itt];
	uint64_t off = stream_next(&s->stream, j, &sl->write);
	uint8_t cdb[10] = { sl->write ? 0x2a : 0x28 };
	uint32_t blocks = j->bs / s->block;

	put32(cdb + 2, (uint32_t)(off / s->block));
	cdb[7] = (uint8_t)(blocks >> 8);
	cdb[8] = (uint8_t)blocks;
	sl->busy = true;
	sl->len = j->bs;
	sl->started = now_ns();
	send_cmd(s, itt, cdb, sizeof(cdb), sl->write, j->bs);
}

static void
fill_queue(struct session *s)
{
	while (s->nidle && (int32_t)(s->maxcmdsn - s->cmdsn) >= 0)
		submit(s);
}

/* ---- receiving ------------------------------------------------------------- */

static void
complete(struct session *s, uint32_t itt, uint8_t status)
{
	struct slot *sl = &s->slots[itt];

	sl->busy = false;
	s->inflight--;
	s->idle[s->nidle++] = itt;
	if (sl->len)
		stats_add(s->w, sl->started, sl->len, status == 0);
	else
		s->last_status = status;
}

static void
take_sns(struct session *s, const uint8_t *b, bool has_statsn)
{
	uint32_t max = get32(b + 32);

	if ((int32_t)(max - s->maxcmdsn) > 0)
		s->maxcmdsn = max;
	if (has_statsn)
		s->expstatsn = get32(b + 24) + 1;
}

/* One whole header; data points at as much of the segment as has come. */
static int
on_pdu(struct session *s, const uint8_t *b, const uint8_t *data, uint32_t have)
{
	uint8_t op = b[0] & 0x3f;
	uint32_t itt = get32(b + 16);

	if ((op == OP_RSP || op == OP_DATA_IN || op == OP_R2T) &&
	    (itt >= s->w->job->qd || !s->slots[itt].busy))
		return worker_fail(s->w, "PDU 0x%02x for unknown task %#x", op, itt);
	switch (op) {
	case OP_RSP:
		take_sns(s, b, true);
		complete(s, itt, b[2] ? 0xff : b[3]);
		return 0;
	case OP_DATA_IN:
		take_sns(s, b, b[1] & 0x01);
		if (!s->slots[itt].len && have) {
			s->answer_len = have < sizeof(s->answer) ? have : sizeof(s->answer);
			memcpy(s->answer, data, s->answer_len);
		}
		if (b[1] & 0x01)
			complete(s, itt, b[3]);
		return 0;
	case OP_R2T:
		take_sns(s, b, false);
		send_data_out(s, itt, get32(b + 20), get32(b + 40), get32(b + 44));
		return 0;
	case OP_NOP_IN:
		take_sns(s, b, itt != 0xffffffff);
		if (get32(b + 20) != 0xffffffff) {
			struct cell *c = new_pdu(s, OP_NOP_OUT | 0x40, 0x80, 0xffffffff);

			memcpy(c->bhs + 8, b + 8, 8);
			put32(c->bhs + 20, get32(b + 20));
			put32(c->bhs + 24, s->cmdsn);
			put32(c->bhs + 28, s->expstatsn);
			tx_pdu(s, c, NULL, 0);
		}
		return 0;
	case OP_LOGOUT_RSP:
		s->out = true;
		return 0;
	default:
		return worker_fail(s->w, "unexpected PDU 0x%02x (flags %#x %#x)", op, b[1], b[2]);
	}
}

/* Parses what is in the buffer; a segment's tail may still be on its way. */
static int
rx_parse(struct session *s)
{
	size_t head = BHS + (s->hdigest ? 4 : 0);

	for (;;) {
		size_t left = s->rx_have - s->rx_at;
		const uint8_t *b = s->rx + s->rx_at;
		size_t seg, wait;

		if (s->rx_skip) {
			size_t n = left < s->rx_skip ? left : s->rx_skip;

			s->rx_at += n;
			s->rx_skip -= n;
			if (s->rx_skip)
				break;
			continue;
		}
		if (left < head)
			break;
		if (b[4])
			return worker_fail(s->w, "AHS from the target");
		seg = get24(b + 5);
		wait = (seg + 3) / 4 * 4 + (seg && s->ddigest ? 4 : 0);
		/* The status is in the last PDU's header: hold it back until the
		 * data has come, so that a command's time covers all its bytes. */
		if (left < head + wait && head + wait <= RXBUF)
			break;
		if (on_pdu(s, b, b + head, (uint32_t)seg))
			return -1;
		s->rx_at += head;
		s->rx_skip = wait;
	}
	if (s->rx_at == s->rx_have) {
		s->rx_at = s->rx_have = 0;
	} else if (s->rx_at > RXBUF / 2 || s->rx_have == RXBUF) {
		memmove(s->rx, s->rx + s->rx_at, s->rx_have - s->rx_at);
		s->rx_have -= s->rx_at;
		s->rx_at = 0;
	}
	return 0;
}

/* Receives once. 1 = something came, 0 = nothing there, -1 = failed. */
static int
rx_once(struct session *s, int flags)
{
	ssize_t r = recv(s->fd, s->rx + s->rx_have, RXBUF - s->rx_have, flags);

	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (r <= 0)
		return worker_fail(s->w, "receive: %s", r ? strerror(errno) : "closed");
	s->rx_have += (size_t)r;
	return rx_parse(s) ? -1 : 1;
}

/* ---- login ------------------------------------------------------------------ */

static int
read_all(struct session *s, uint8_t *p, size_t n)
{
	while (n) {
		ssize_t r = recv(s->fd, p, n, 0);

		if (r <= 0)
			return worker_fail(s->w, "login: %s", r ? strerror(errno) : "closed");
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

static void
take_key(struct session *s, const char *k, const char *v)
{
	if (!strcasecmp(k, "HeaderDigest"))
		s->hdigest = !strcasecmp(v, "CRC32C");
	else if (!strcasecmp(k, "DataDigest"))
		s->ddigest = !strcasecmp(v, "CRC32C");
	else if (!strcasecmp(k, "InitialR2T"))
		s->initial_r2t = !strcasecmp(v, "Yes");
	else if (!strcasecmp(k, "ImmediateData"))
		s->immediate = !strcasecmp(v, "Yes");
	else if (!strcasecmp(k, "MaxRecvDataSegmentLength"))
		s->xmit_seg = (uint32_t)strtoul(v, NULL, 0);
	else if (!strcasecmp(k, "FirstBurstLength"))
		s->first_burst = (uint32_t)strtoul(v, NULL, 0);
	else if (!strcasecmp(k, "MaxBurstLength"))
		s->max_burst = (uint32_t)strtoul(v, NULL, 0);
}

/* One Login request and its answer. Returns the answer's flags or -1. */
static int
login_step(struct session *s, uint8_t flags, const char *text, size_t len)
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
	put32(b + 9, (uint32_t)getpid() << 8 | s->id);
	put32(b + 24, s->cmdsn);
	put32(b + 28, s->expstatsn);
	if (writev(s->fd, v, 3) != (ssize_t)(BHS + len + v[2].iov_len))
		return worker_fail(s->w, "login: short write");
	if (read_all(s, b, BHS))
		return -1;
	n = get24(b + 5);
	if ((b[0] & 0x3f) != OP_LOGIN_RSP || n > 65536)
		return worker_fail(s->w, "login: answered with PDU 0x%02x", b[0]);
	answer = calloc(1, n + 8);
	if (!answer || read_all(s, (uint8_t *)answer, (n + 3) / 4 * 4)) {
		free(answer);
		return -1;
	}
	if (b[36])
		worker_fail(s->w, "login refused: status %02x%02x", b[36], b[37]);
	s->expstatsn = get32(b + 24) + 1;
	s->maxcmdsn = get32(b + 32);
	for (char *p = answer; p < answer + n; p += strlen(p) + 1) {
		char *eq = strchr(p, '=');

		if (eq) {
			*eq = 0;
			take_key(s, p, eq + 1);
			*eq = '=';
		}
	}
	free(answer);
	return b[36] ? -1 : b[1];
}

static int
login(struct session *s, const char *target)
{
	const struct job *j = s->w->job;
	char text[1024];
	int n, f;

	n = snprintf(text, sizeof(text),
		     "InitiatorName=iqn.2026-01.bench:client-%u%cTargetName=%s%c"
		     "SessionType=Normal%cAuthMethod=None%c",
		     s->id, 0, target, 0, 0, 0);
	f = login_step(s, 0x81, text, (size_t)n); /* security -> operational */
	if (f < 0)
		return -1;
	if ((f & 0x83) != 0x81)
		return worker_fail(s->w, "login: the target wants authentication");
	n = snprintf(text, sizeof(text),
		     "HeaderDigest=%s%cDataDigest=%s%cInitialR2T=%s%cImmediateData=%s%c"
		     "MaxRecvDataSegmentLength=%u%cMaxBurstLength=%u%cFirstBurstLength=%u%c"
		     "MaxConnections=1%cMaxOutstandingR2T=1%cDefaultTime2Wait=2%c"
		     "DefaultTime2Retain=0%cDataPDUInOrder=Yes%cDataSequenceInOrder=Yes%c"
		     "ErrorRecoveryLevel=0%c",
		     j->header_digest ? "CRC32C" : "None", 0, j->data_digest ? "CRC32C" : "None", 0,
		     j->initial_r2t ? "Yes" : "No", 0, j->immediate_data ? "Yes" : "No", 0,
		     j->recv_seg, 0, j->max_burst, 0, j->first_burst, 0, 0, 0, 0, 0, 0, 0, 0);
	s->xmit_seg = 8192; /* RFC 7143 defaults, for keys left unanswered */
	s->first_burst = j->first_burst;
	s->max_burst = j->max_burst;
	s->immediate = j->immediate_data;
	s->initial_r2t = j->initial_r2t;
	f = login_step(s, 0x87, text, (size_t)n); /* operational -> full feature */
	for (int i = 0; f >= 0 && !(f & 0x80) && i < 8; i++)
		f = login_step(s, 0x87, "", 0);
	if (f < 0)
		return -1;
	if (!(f & 0x80))
		return worker_fail(s->w, "login: no transition to full feature phase");
	s->w->hdigest = s->hdigest;
	s->w->ddigest = s->ddigest;
	return 0;
}

/* ---- setup and the loop ------------------------------------------------------ */

/* A command without the load's bookkeeping; the SCSI status or -1. */
static int
setup_cmd(struct session *s, const uint8_t *cdb, size_t n, uint32_t len)
{
	unsigned itt = s->idle[--s->nidle];

	s->slots[itt].busy = true;
	s->slots[itt].len = 0;
	s->answer_len = 0;
	s->last_status = -1;
	send_cmd(s, itt, cdb, n, false, len);
	if (tx_flush(s))
		return -1;
	while (s->inflight)
		if (rx_once(s, 0) < 0)
			return -1;
	return s->last_status;
}

static int
dial(struct session *s, char *host)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *ai;
	struct timeval tv = { .tv_sec = 10 };
	const char *port = "3260";
	char *colon = strrchr(host, ':');
	int one = 1, rc;

	if (host[0] == '[') { /* [ipv6]:port */
		char *end = strchr(host, ']');

		if (!end)
			return worker_fail(s->w, "bad address");
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
		return worker_fail(s->w, "%s: %s", host, gai_strerror(rc));
	s->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	rc = s->fd < 0 ? -1 : connect(s->fd, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(ai);
	if (rc)
		return worker_fail(s->w, "connect: %s", strerror(errno));
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return 0;
}

static int
session_open(struct session *s, struct worker *w, unsigned id)
{
	const struct job *j = w->job;
	char url[512], *host, *target, *lun;
	static const uint8_t tur[6] = { 0 }, readcap[16] = { 0x9e, 0x10, [13] = 32 };
	size_t pdus;
	int st = -1;

	s->w = w;
	s->fd = -1;
	s->id = id;
	snprintf(url, sizeof(url), "%s", j->url);
	if (strncmp(url, "iscsi://", 8) || !(target = strchr(url + 8, '/')) ||
	    !(lun = strrchr(target + 1, '/')))
		return worker_fail(w, "bad URL: %s", j->url);
	*target++ = 0;
	*lun++ = 0;
	host = url + 8;
	if (strchr(host, '@'))
		return worker_fail(w, "the raw engine has no CHAP; use -e libiscsi");
	s->lun = (unsigned)atoi(lun);
	if (dial(s, host))
		return -1;
	s->slots = calloc(j->qd, sizeof(*s->slots));
	s->idle = calloc(j->qd, sizeof(*s->idle));
	s->rx = malloc(RXBUF);
	if (!s->slots || !s->idle || !s->rx)
		return worker_fail(w, "no memory");
	if (login(s, target))
		return -1;
	/* worst case: every command wholly out, in segments the target chose */
	pdus = (size_t)j->qd * (j->bs / (s->xmit_seg < 512 ? 512 : s->xmit_seg) + 8) * 2 + 64;
	s->cell_cap = pdus * 3;
	s->tx = calloc(s->cell_cap, sizeof(*s->tx));
	s->cells = calloc(s->cell_cap, sizeof(*s->cells));
	if (!s->tx || !s->cells)
		return worker_fail(w, "no memory");
	for (unsigned i = 0; i < j->qd; i++) {
		s->idle[s->nidle++] = j->qd - 1 - i;
		if (posix_memalign((void **)&s->slots[i].buf, 4096, j->bs))
			return worker_fail(w, "no memory");
		memset(s->slots[i].buf, (int)(0xa0 + i), j->bs);
	}
	for (int i = 0; i < 8 && st != 0; i++) /* unit attentions end here */
		if ((st = setup_cmd(s, tur, sizeof(tur), 0)) < 0)
			return -1;
	st = setup_cmd(s, readcap, sizeof(readcap), 32);
	if (st || s->answer_len < 12)
		return st < 0 ? -1 : worker_fail(w, "READ CAPACITY(16): status %d", st);
	s->block = get32(s->answer + 8);
	if (!s->block || j->bs % s->block)
		return worker_fail(w, "-b is no multiple of the %u-byte block", s->block);
	w->capacity = (((uint64_t)get32(s->answer) << 32 | get32(s->answer + 4)) + 1) * s->block;
	stream_init(&s->stream, j, id, w->capacity);
	if (!s->stream.span)
		return worker_fail(w, "the LUN is too small for this load");
	return 0;
}

static void
session_close(struct session *s, bool ok)
{
	if (s->fd >= 0 && ok && s->cells) {
		struct cell *c = new_pdu(s, OP_LOGOUT | 0x40, 0x80, 0x7ffffff0);

		put32(c->bhs + 24, s->cmdsn);
		put32(c->bhs + 28, s->expstatsn);
		tx_pdu(s, c, NULL, 0);
		tx_flush(s);
		while (!s->out && rx_once(s, 0) > 0)
			;
		s->w->error[0] = 0; /* a target may just close */
	}
	if (s->fd >= 0)
		close(s->fd);
	for (unsigned i = 0; s->slots && i < s->w->job->qd; i++)
		free(s->slots[i].buf);
	free(s->slots);
	free(s->idle);
	free(s->rx);
	free(s->tx);
	free(s->cells);
}

static bool
stopping(void)
{
	return atomic_load_explicit(&bench_phase, memory_order_relaxed) == PHASE_STOP;
}

/* Receives what is there, refills, sends. -1 = failed. */
static int
serve(struct session *s, int flags)
{
	if (rx_once(s, flags) < 0)
		return -1;
	if (!stopping())
		fill_queue(s);
	return tx_flush(s);
}

static int
loop(struct worker *w, struct session *ss, struct pollfd *pfd)
{
	uint64_t deadline = 0;

	for (unsigned i = 0; i < w->nsessions; i++) {
		fill_queue(&ss[i]);
		if (tx_flush(&ss[i]))
			return -1;
	}
	for (;;) {
		unsigned inflight = 0;

		for (unsigned i = 0; i < w->nsessions; i++)
			inflight += ss[i].inflight;
		if (stopping()) {
			if (!inflight)
				return 0;
			if (!deadline)
				deadline = now_ns() + 5000000000ull;
			if (now_ns() > deadline)
				return worker_fail(w, "%u commands never came back", inflight);
		}
		if (w->job->busy_poll) {
			for (unsigned i = 0; i < w->nsessions; i++)
				if (serve(&ss[i], MSG_DONTWAIT))
					return -1;
			continue;
		}
		/* A lone session with nothing left to send can sleep in recv. */
		if (w->nsessions == 1 && !ss[0].tx_n) {
			if (serve(&ss[0], 0))
				return -1;
			continue;
		}
		for (unsigned i = 0; i < w->nsessions; i++) {
			pfd[i].fd = ss[i].fd;
			pfd[i].events = (short)(POLLIN | (ss[i].tx_n ? POLLOUT : 0));
		}
		if (poll(pfd, w->nsessions, 100) < 0 && errno != EINTR)
			return worker_fail(w, "poll: %s", strerror(errno));
		for (unsigned i = 0; i < w->nsessions; i++)
			if (pfd[i].revents && serve(&ss[i], MSG_DONTWAIT))
				return -1;
	}
}

void
engine_raw(struct worker *w)
{
	struct session *ss = calloc(w->nsessions, sizeof(*ss));
	struct pollfd *pfd = calloc(w->nsessions, sizeof(*pfd));
	unsigned opened = 0;
	bool ok = ss && pfd;

	if (!ok)
		worker_fail(w, "no memory");
	while (ok && opened < w->nsessions) {
		ok = session_open(&ss[opened], w, w->first_session + opened) == 0;
		opened++;
	}
	atomic_store(&w->ready, ok ? 1 : -1);
	while (ok && atomic_load(&bench_phase) == PHASE_SETUP)
		usleep(500);
	if (ok && !stopping())
		ok = loop(w, ss, pfd) == 0;
	for (unsigned i = 0; i < opened; i++)
		session_close(&ss[i], ok);
	free(ss);
	free(pfd);
}
