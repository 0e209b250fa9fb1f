/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * uring-probe: which io_uring features really work here, each tried on a
 * loopback TCP connection or a file, not just asked for. One line per feature.
 *
 *   uring-probe FILE      FILE is created (1 MiB), used and removed
 *
 * Talks to the kernel through liburing 2.3 (Debian's); what that lacks is
 * reached with the raw system calls.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
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

#ifndef IORING_FEAT_RECVSEND_BUNDLE
#define IORING_FEAT_RECVSEND_BUNDLE (1u << 14)
#endif
#ifndef IORING_RECVSEND_BUNDLE
#define IORING_RECVSEND_BUNDLE (1u << 4)
#endif
#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE  (1u << 3)
#define IORING_NOTIF_USAGE_ZC_COPIED (1u << 31)
#endif

#define NBUF  16
#define BUFSZ 4096

static void
say(const char *what, int rc, const char *note)
{
	printf("%-44s %s%s%s\n", what, rc < 0 ? strerror(-rc) : "works", *note ? "; " : "", note);
}

static void
tcp_pair(int *a, int *b)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int ls = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (ls < 0 || bind(ls, (struct sockaddr *)&sa, len) || listen(ls, 1) ||
	    getsockname(ls, (struct sockaddr *)&sa, &len)) {
		perror("listen");
		exit(1);
	}
	*a = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(*a, (struct sockaddr *)&sa, len)) {
		perror("connect");
		exit(1);
	}
	*b = accept(ls, NULL, NULL);
	setsockopt(*a, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(*b, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	close(ls);
}

static int
wait_cqe(struct io_uring *r, struct io_uring_cqe *out)
{
	struct __kernel_timespec ts = { .tv_sec = 2 };
	struct io_uring_cqe *c;
	int rc = io_uring_wait_cqe_timeout(r, &c, &ts);

	if (rc)
		return rc;
	*out = *c;
	io_uring_cqe_seen(r, c);
	return 0;
}

static void
probe_setup(void)
{
	static const struct {
		const char *name;
		unsigned flags;
		/* clang-format off */
	} kinds[] = {
		{ "setup: plain", 0 },
		{ "setup: COOP_TASKRUN", 1u << 8 },
		{ "setup: SINGLE_ISSUER | DEFER_TASKRUN", 1u << 12 | 1u << 13 },
		{ "setup: SQPOLL", 1u << 1 },
		{ "setup: NO_SQARRAY", 1u << 16 },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct io_uring_params p = { .flags = kinds[i].flags };
		int fd = io_uring_setup(64, &p);
		char note[64];

		snprintf(note, sizeof(note), "features %#x", p.features);
		say(kinds[i].name, fd < 0 ? fd : 0, fd < 0 ? "" : note);
		if (fd >= 0)
			close(fd);
	}
}

static void
probe_files(struct io_uring *r, const char *path)
{
	struct io_uring_sqe *s;
	struct io_uring_cqe c = { 0 };
	struct iovec v;
	int fd, rc;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || ftruncate(fd, 1 << 20)) {
		perror(path);
		exit(1);
	}
	v.iov_len = 65536;
	v.iov_base = mmap(NULL, v.iov_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	rc = io_uring_register_buffers(r, &v, 1);
	say("registered buffers", rc, "");
	say("registered files", io_uring_register_files(r, &fd, 1), "");
	s = io_uring_get_sqe(r);
	io_uring_prep_write_fixed(s, 0, v.iov_base, 4096, 8192, 0);
	s->flags |= IOSQE_FIXED_FILE;
	io_uring_submit(r);
	rc = wait_cqe(r, &c);
	say("WRITE_FIXED on a fixed file", rc ? rc : c.res < 0 ? c.res : 0, "");
	s = io_uring_get_sqe(r);
	io_uring_prep_fallocate(s, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8192, 4096);
	io_uring_submit(r);
	rc = wait_cqe(r, &c);
	say("FALLOCATE punch hole", rc ? rc : c.res, "");
	s = io_uring_get_sqe(r);
	io_uring_prep_fsync(s, fd, IORING_FSYNC_DATASYNC);
	io_uring_submit(r);
	rc = wait_cqe(r, &c);
	say("FSYNC datasync", rc ? rc : c.res, "");
	close(fd);
	fd = open(path, O_RDWR | O_DIRECT);
	say("O_DIRECT on that file system", fd < 0 ? -errno : 0, "");
	if (fd >= 0)
		close(fd);
	unlink(path);
}

static void
probe_recv(struct io_uring *r, bool bundle)
{
	struct io_uring_buf_reg reg = { .ring_entries = NBUF, .bgid = 1 };
	struct io_uring_buf_ring *br;
	struct io_uring_sqe *s;
	struct io_uring_cqe c;
	char *mem, note[64];
	int a, b, rc, got = 0, cqes = 0;

	tcp_pair(&a, &b);
	br = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mem = malloc(NBUF * BUFSZ);
	reg.ring_addr = (uint64_t)(uintptr_t)br;
	rc = io_uring_register_buf_ring(r, &reg, 0);
	if (!bundle)
		say("provided-buffer ring", rc, "");
	if (rc)
		goto out;
	io_uring_buf_ring_init(br);
	for (int i = 0; i < NBUF; i++)
		io_uring_buf_ring_add(br, mem + i * BUFSZ, BUFSZ, (unsigned short)i,
				      io_uring_buf_ring_mask(NBUF), i);
	io_uring_buf_ring_advance(br, NBUF);
	s = io_uring_get_sqe(r);
	io_uring_prep_recv_multishot(s, b, NULL, 0, 0);
	s->flags |= IOSQE_BUFFER_SELECT;
	s->buf_group = 1;
	if (bundle)
		s->ioprio |= IORING_RECVSEND_BUNDLE;
	io_uring_submit(r);
	for (int i = 0; i < 3; i++) {
		if (send(a, mem, 10000, 0) != 10000)
			break;
		usleep(1000);
		for (got = 0; got < 10000; got += c.res) {
			rc = wait_cqe(r, &c);
			if (rc || c.res <= 0)
				break;
			cqes++;
		}
		if (rc || c.res <= 0)
			break;
	}
	snprintf(note, sizeof(note), "3 sends of 10000 bytes, 4 KiB buffers: %d completions", cqes);
	say(bundle ? "RECV multishot + bundle" : "RECV multishot",
	    rc          ? rc
	    : c.res < 0 ? c.res
			: 0,
	    note);
	shutdown(a, SHUT_RDWR);
	while (!wait_cqe(r, &c) && (c.flags & IORING_CQE_F_MORE))
		;
	io_uring_unregister_buf_ring(r, 1);
out:
	close(a);
	close(b);
	free(mem);
	munmap(br, 4096);
}

static void
probe_send_zc(struct io_uring *r)
{
	struct io_uring_sqe *s;
	struct io_uring_cqe c = { 0 }, n = { 0 };
	char *buf = aligned_alloc(4096, 65536), sink[65536];
	int a, b, rc;

	memset(buf, 1, 65536);
	tcp_pair(&a, &b);
	s = io_uring_get_sqe(r);
	io_uring_prep_send_zc(s, a, buf, 65536, 0, IORING_SEND_ZC_REPORT_USAGE);
	io_uring_submit(r);
	rc = wait_cqe(r, &c);
	if (!rc && c.res > 0) {
		while (c.res > 0) {
			ssize_t k = recv(b, sink, sizeof(sink), 0);

			if (k <= 0)
				break;
			c.res -= (int)k;
		}
		rc = wait_cqe(r, &n);
	}
	say("SEND_ZC",
	    rc          ? rc
	    : c.res < 0 ? c.res
			: 0,
	    rc ? ""
	    : (uint32_t)n.res & IORING_NOTIF_USAGE_ZC_COPIED
		    ? "but on loopback the kernel reports that it copied"
		    : "really without a copy");
	close(a);
	close(b);
	free(buf);
}

static double
rate(struct io_uring *r, int batch)
{
	struct timespec t0, t;
	double el;
	long n = 0;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	do {
		struct io_uring_cqe *c;
		unsigned head, k = 0;

		for (int i = 0; i < batch; i++)
			io_uring_prep_nop(io_uring_get_sqe(r));
		io_uring_submit_and_wait(r, (unsigned)batch);
		io_uring_for_each_cqe(r, head, c)
		{
			(void)c;
			k++;
		}
		io_uring_cq_advance(r, k);
		n += k;
		clock_gettime(CLOCK_MONOTONIC, &t);
		el = (double)(t.tv_sec - t0.tv_sec) + (double)(t.tv_nsec - t0.tv_nsec) / 1e9;
	} while (el < 0.5);
	return (double)n / el;
}

int
main(int argc, char **argv)
{
	struct io_uring r;
	struct io_uring_params p = { .flags = 1u << 12 | 1u << 13 };

	if (argc != 2)
		return 2;
	probe_setup();
	if (io_uring_queue_init_params(256, &r, &p) && io_uring_queue_init(256, &r, 0)) {
		perror("io_uring");
		return 1;
	}
	probe_files(&r, argv[1]);
	probe_recv(&r, false);
	if (p.features & IORING_FEAT_RECVSEND_BUNDLE)
		probe_recv(&r, true);
	probe_send_zc(&r);
	printf("%-44s %.0f/s one by one, %.0f/s in batches of 32\n", "NOP", rate(&r, 1),
	       rate(&r, 32));
	io_uring_queue_exit(&r);
	return 0;
}
