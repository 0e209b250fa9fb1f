/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pingpong: what loopback TCP alone allows for the traffic of an iSCSI load.
 * The server answers every REQ-byte message with a REP-byte one and does
 * nothing else; the client keeps DEPTH messages in flight on each of N
 * connections. Prints one JSON line.
 *
 *   pingpong [-q REQ] [-p REP] [-d DEPTH] [-n CONNS] [-t SEC] [-1 | -s | -u] [-S]
 *            [-c CPU] [-C CPU] [-b BYTES]
 *
 * 4 KiB reads are -q 48 -p 4144; 4 KiB writes -q 4144 -p 48. As a target may,
 * the server takes all that has arrived in one recv and answers it in one
 * send. Other servers: -1 takes and answers one message at a time; -s never
 * sleeps but asks the sockets again and again; -u uses io_uring (multishot
 * receive into provided buffers, sends submitted in batches). -S makes the
 * client spin too. -c and -C pin the client and the server to a processor. -b
 * is how much either side takes or gives in one call (1 MiB; smaller pieces stay
 * in the cache, which tells with large messages).
 */
#include "now.h"

#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BUF     (1u << 20)
#define MAXCONN 64

struct conn {
	int fd;
	size_t have;   /* bytes of an unfinished message */
	size_t unsent; /* bytes still to send */
};

static char rx[BUF], tx[BUF];
static size_t piece = BUF;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
tune(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void
push(struct conn *c)
{
	while (c->unsent) {
		size_t n = c->unsent < piece ? c->unsent : piece;
		ssize_t r = send(c->fd, tx, n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (r < 0 && errno == EAGAIN)
			return;
		if (r < 0)
			die("send");
		c->unsent -= (size_t)r;
	}
}

/* Messages of size len completed by one recv; -1 when the peer has gone. */
static int
pull(struct conn *c, size_t len, size_t most, int flags)
{
	ssize_t r = recv(c->fd, rx, most, flags);
	size_t n;

	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (r <= 0)
		return -1;
	n = (c->have + (size_t)r) / len;
	c->have = (c->have + (size_t)r) % len;
	return (int)n;
}

static void
wait_ready(struct conn *cs, unsigned n, struct pollfd *p)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (struct pollfd){ cs[i].fd, (short)(POLLIN | (cs[i].unsent ? POLLOUT : 0)),
					0 };
	poll(p, n, 200);
}

/* One turn of either side: wait, receive, answer with `out` bytes a message.
 * Returns the number of messages received, -1 when a peer has gone. */
static long
turn(struct conn *cs, unsigned n, size_t in, size_t out, bool single, bool spin)
{
	struct pollfd p[MAXCONN];
	bool lone = n == 1 && !cs[0].unsent && !spin;
	long total = 0;

	if (!lone && !spin)
		wait_ready(cs, n, p);
	for (unsigned i = 0; i < n; i++) {
		int k;

		if (!lone && !spin && !p[i].revents)
			continue;
		k = pull(&cs[i], in, single ? in - cs[i].have : piece, lone ? 0 : MSG_DONTWAIT);
		if (k < 0)
			return -1;
		total += k;
		cs[i].unsent += (size_t)k * out;
		push(&cs[i]);
	}
	return total;
}

static void
server(struct conn *cs, unsigned n, size_t req, size_t rep, char kind)
{
	while (turn(cs, n, req, rep, kind == '1', kind == 's') >= 0)
		;
	exit(0);
}

#define UBUFS    256
#define UBUFSZ   32768
#define TAG_SEND 0x100u

static void
arm_recv(struct io_uring *r, struct conn *cs, unsigned i)
{
	struct io_uring_sqe *q = io_uring_get_sqe(r);

	io_uring_prep_recv_multishot(q, cs[i].fd, NULL, 0, 0);
	q->flags |= IOSQE_BUFFER_SELECT;
	q->buf_group = 1;
	q->user_data = i;
}

static void
server_uring(struct conn *cs, unsigned n, size_t req, size_t rep)
{
	struct io_uring_params p = { .flags = 1u << 12 | 1u << 13 }; /* one issuer, deferred */
	struct io_uring_buf_reg reg = { .ring_entries = UBUFS, .bgid = 1 };
	struct io_uring_buf_ring *br = aligned_alloc(4096, UBUFS * sizeof(struct io_uring_buf));
	char *mem = aligned_alloc(4096, (size_t)UBUFS * UBUFSZ);
	bool sending[MAXCONN] = { false };
	struct io_uring r;

	reg.ring_addr = (uint64_t)(uintptr_t)br;
	if (!br || !mem || io_uring_queue_init_params(512, &r, &p) ||
	    io_uring_register_buf_ring(&r, &reg, 0))
		die("io_uring");
	io_uring_buf_ring_init(br);
	for (int i = 0; i < UBUFS; i++)
		io_uring_buf_ring_add(br, mem + (size_t)i * UBUFSZ, UBUFSZ, (unsigned short)i,
				      io_uring_buf_ring_mask(UBUFS), i);
	io_uring_buf_ring_advance(br, UBUFS);
	for (unsigned i = 0; i < n; i++)
		arm_recv(&r, cs, i);
	for (;;) {
		struct io_uring_cqe *c;
		unsigned head, seen = 0;
		int given = 0;

		io_uring_submit_and_wait(&r, 1);
		io_uring_for_each_cqe(&r, head, c)
		{
			unsigned i = (unsigned)c->user_data & 0xff;
			struct conn *k = &cs[i];

			seen++;
			if (c->user_data & TAG_SEND) {
				if (c->res < 0)
					exit(0);
				k->unsent -= (size_t)c->res;
				sending[i] = false;
				continue;
			}
			if (c->res == -ENOBUFS) {
				arm_recv(&r, cs, i);
				continue;
			}
			if (c->res <= 0)
				exit(0);
			k->unsent += (k->have + (size_t)c->res) / req * rep;
			k->have = (k->have + (size_t)c->res) % req;
			unsigned short id = (unsigned short)(c->flags >> IORING_CQE_BUFFER_SHIFT);
			io_uring_buf_ring_add(br, mem + (size_t)id * UBUFSZ, UBUFSZ, id,
					      io_uring_buf_ring_mask(UBUFS), given++);
			if (!(c->flags & IORING_CQE_F_MORE))
				arm_recv(&r, cs, i);
		}
		io_uring_buf_ring_advance(br, given);
		io_uring_cq_advance(&r, seen);
		for (unsigned i = 0; i < n; i++) {
			struct io_uring_sqe *q;

			if (sending[i] || !cs[i].unsent)
				continue;
			q = io_uring_get_sqe(&r);
			io_uring_prep_send(q, cs[i].fd, tx,
					   cs[i].unsent < piece ? cs[i].unsent : piece,
					   MSG_WAITALL | MSG_NOSIGNAL);
			q->user_data = i | TAG_SEND;
			sending[i] = true;
		}
	}
}

static void
pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

int
main(int argc, char **argv)
{
	size_t req = 48, rep = 4144;
	unsigned depth = 1, n = 1;
	double seconds = 3, t0, t1;
	char kind = 'b';
	bool spin = false;
	int ccpu = -1, scpu = -1;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t alen = sizeof(a);
	struct conn cl[MAXCONN] = { 0 }, sv[MAXCONN] = { 0 };
	struct rusage cu, su;
	uint64_t count = 0;
	int c, ls, status;
	pid_t pid;

	while ((c = getopt(argc, argv, "q:p:d:n:t:1suSc:C:b:")) != -1) {
		switch (c) {
		case 'q':
			req = (size_t)atol(optarg);
			break;
		case 'p':
			rep = (size_t)atol(optarg);
			break;
		case 'd':
			depth = (unsigned)atoi(optarg);
			break;
		case 'n':
			n = (unsigned)atoi(optarg);
			break;
		case 't':
			seconds = atof(optarg);
			break;
		case '1':
		case 's':
		case 'u':
			kind = (char)c;
			break;
		case 'S':
			spin = true;
			break;
		case 'b':
			piece = (size_t)atol(optarg);
			break;
		case 'c':
			ccpu = atoi(optarg);
			break;
		case 'C':
			scpu = atoi(optarg);
			break;
		default:
			fprintf(stderr, "see the head of pingpong.c\n");
			return 2;
		}
	}
	if (!req || !rep || !depth || !n || n > MAXCONN || !piece || piece > BUF)
		return 2;
	ls = socket(AF_INET, SOCK_STREAM, 0);
	if (ls < 0 || bind(ls, (struct sockaddr *)&a, sizeof(a)) || listen(ls, MAXCONN) ||
	    getsockname(ls, (struct sockaddr *)&a, &alen))
		die("listen");
	for (unsigned i = 0; i < n; i++) {
		cl[i].fd = socket(AF_INET, SOCK_STREAM, 0);
		if (cl[i].fd < 0 || connect(cl[i].fd, (struct sockaddr *)&a, sizeof(a)))
			die("connect");
		sv[i].fd = accept(ls, NULL, NULL);
		if (sv[i].fd < 0)
			die("accept");
		tune(cl[i].fd);
		tune(sv[i].fd);
	}
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		for (unsigned i = 0; i < n; i++)
			close(cl[i].fd);
		pin(scpu);
		if (kind == 'u')
			server_uring(sv, n, req, rep);
		else
			server(sv, n, req, rep, kind);
	}
	pin(ccpu);
	for (unsigned i = 0; i < n; i++)
		close(sv[i].fd);

	t0 = now_s();
	for (unsigned i = 0; i < n; i++) {
		cl[i].unsent = depth * req;
		push(&cl[i]);
	}
	for (t1 = t0; t1 - t0 < seconds; t1 = now_s()) {
		long k = turn(cl, n, rep, req, false, spin);

		if (k < 0)
			die("server gone");
		count += (uint64_t)k;
	}
	for (unsigned i = 0; i < n; i++)
		close(cl[i].fd);
	kill(pid, SIGTERM);
	if (wait4(pid, &status, 0, &su) < 0)
		die("wait4");
	getrusage(RUSAGE_SELF, &cu);

	double per = count ? 1e6 / (double)count : 0;
	double ctime = (double)(cu.ru_utime.tv_sec + cu.ru_stime.tv_sec) +
		       (double)(cu.ru_utime.tv_usec + cu.ru_stime.tv_usec) / 1e6;
	double stime = (double)(su.ru_utime.tv_sec + su.ru_stime.tv_sec) +
		       (double)(su.ru_utime.tv_usec + su.ru_stime.tv_usec) / 1e6;

	printf("{\"req\":%zu,\"rep\":%zu,\"depth\":%u,\"conns\":%u,\"server\":\"%s\","
	       "\"per_s\":%.0f,\"mb_s\":%.1f,\"us_each\":%.2f,\"client_cpu_us\":%.2f,"
	       "\"server_cpu_us\":%.2f}\n",
	       req, rep, depth, n,
	       kind == '1'   ? "one at a time"
	       : kind == 's' ? "spinning"
	       : kind == 'u' ? "io_uring"
			     : "batched",
	       (double)count / (t1 - t0), (double)count * (double)(req + rep) / (t1 - t0) / 1e6,
	       (t1 - t0) * 1e6 * depth * n / (double)(count ? count : 1), ctime * per, stime * per);
	return 0;
}
