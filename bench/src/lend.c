/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lend: would large reads of data in memory cost less if they were sent from where the bytes lie?
 * One thread sends to itself over loopback, so neither waking up nor other programs are measured.
 * One JSON line for each way and place of the data: processor time for 256 KiB, of what comes
 * before the send, the send, and the receipt.
 *
 *   lend [-H]        -H: the data lies in huge pages
 *
 *	copy	into a buffer that is used again, which is sent: what the data path does
 *	touch	one byte of each cache line is read, then the bytes are sent from where they lie
 *	lend	the bytes are sent from where they lie
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE   (256u << 10)
#define BATCH   (3 * PIECE) /* what target/conn.c gathers before it sends */
#define ROUNDS  1400u
#define ALIGNED (2u << 20)

enum way { COPY, TOUCH, LEND, WAYS };
static const char *const names[WAYS] = { "copy", "touch", "lend" };

struct lend {
	int out, in;
	uint8_t *buf, *received;
};

static double
cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static void
connect_to_itself(struct lend *l)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

	must(bind(listener, (struct sockaddr *)&sin, len) == 0 && listen(listener, 1) == 0 &&
		     getsockname(listener, (struct sockaddr *)&sin, &len) == 0,
	     "listen");
	l->out = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(l->out, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	/* one that measures the way would let little out at a time */
	setsockopt(l->out, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
	must(connect(l->out, (struct sockaddr *)&sin, len) == 0, "connect");
	l->in = accept(listener, NULL, NULL);
	must(l->in >= 0, "accept");
	close(listener);
}

static uint8_t *
memory(size_t len, bool huge)
{
	uint8_t *bytes = NULL;

	must(posix_memalign((void **)&bytes, ALIGNED, len) == 0, "memory");
	madvise(bytes, len, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	memset(bytes, 1, len);
	return bytes;
}

/* Returns how much the socket has taken, which is received then. */
static size_t
send_batch(const struct lend *l, const uint8_t *from)
{
	size_t sent = 0;

	while (sent < BATCH) {
		ssize_t n = send(l->out, from + sent, BATCH - sent, MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			break;
		must(n > 0, "send");
		sent += (size_t)n;
	}
	return sent;
}

static void
receive(const struct lend *l, size_t len)
{
	for (size_t got = 0; got < len;) {
		ssize_t n = recv(l->in, l->received + got, BATCH - got, 0);

		must(n > 0, "recv");
		got += (size_t)n;
	}
}

static const uint8_t *
prepare(const struct lend *l, enum way way, const uint8_t *from)
{
	if (way == COPY)
		for (size_t i = 0; i < BATCH; i += PIECE)
			memcpy(l->buf + i, from + i, PIECE);
	if (way == TOUCH)
		for (size_t i = 0; i < BATCH; i += 64)
			(void)*(const volatile uint8_t *)(from + i);
	return way == COPY ? l->buf : from;
}

static void
measure(const struct lend *l, enum way way, const char *where, const uint8_t *data, size_t len)
{
	double before = 0, send = 0, receipt = 0, sent = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		const uint8_t *from = data + (size_t)i * BATCH % (len / BATCH * BATCH);
		double t0 = cpu_us();

		from = prepare(l, way, from);
		double t1 = cpu_us();
		size_t n = send_batch(l, from);
		double t2 = cpu_us();

		receive(l, n);
		receipt += cpu_us() - t2;
		before += t1 - t0;
		send += t2 - t1;
		sent += (double)n / PIECE;
	}
	printf("{\"what\":\"%s\",\"data\":\"%s\",\"before_us\":%.1f,\"send_us\":%.1f,"
	       "\"both_us\":%.1f,\"receive_us\":%.1f}\n",
	       names[way], where, before / sent, send / sent, (before + send) / sent,
	       receipt / sent);
}

int
main(int argc, char **argv)
{
	bool huge = argc == 2 && strcmp(argv[1], "-H") == 0;
	size_t large = 512u << 20, small = 4 * BATCH;
	struct lend l;

	if (argc > 1 && !huge)
		return 2;
	connect_to_itself(&l);
	l.buf = memory(BATCH, false);
	l.received = memory(BATCH, false);
	uint8_t *data = memory(large, huge);

	measure(&l, COPY, "warm-up", data, large);
	for (enum way way = COPY; way < WAYS; way++)
		measure(&l, way, "memory", data, large);
	for (enum way way = COPY; way < WAYS; way++)
		measure(&l, way, "cache", data, small);
	free(data);
	free(l.received);
	free(l.buf);
	close(l.in);
	close(l.out);
	return 0;
}
