/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine that uses librbd directly, as a program with an event loop does: completions are
 * announced through an eventfd, and the next command is sent from the thread that waits for it.
 * Without a cache, as several gateways of one image need it, so that a write is in the cluster when
 * it completes.  CEPH_CONF names ceph.conf, and CEPH_USER the user (vdsd).
 */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rbd/librbd.h>

struct slot {
	uint64_t started;
	char *buf;
};

struct session {
	struct worker *w;
	unsigned index; /* in the worker */
	rbd_image_t image;
	int fd;
	struct stream stream;
	struct slot *slots;
	unsigned inflight;
};

struct cluster {
	rados_t rados;
	rados_ioctx_t ioctx;
	char image[128];
};

static void
submit(struct session *s, struct slot *sl)
{
	const struct job *j = s->w->job;
	rbd_completion_t done;
	bool write;
	uint64_t off = stream_next(&s->stream, j, &write);
	int rc;

	if (rbd_aio_create_completion(sl, NULL, &done) < 0) {
		s->w->st.errors++;
		return;
	}
	sl->started = now_ns();
	rc = write ? rbd_aio_write(s->image, off, j->bs, sl->buf, done)
		   : rbd_aio_read(s->image, off, j->bs, sl->buf, done);
	if (rc < 0) {
		s->w->st.errors++;
		rbd_aio_release(done);
		return;
	}
	s->inflight++;
}

static int
cluster_open(struct cluster *c, struct worker *w)
{
	const char *user = getenv("CEPH_USER");
	char pool[128];
	int rc;

	if (sscanf(w->job->url, "rbd:%127[^/]/%127s", pool, c->image) != 2)
		return worker_fail(w, "bad URL: want rbd:POOL/IMAGE");
	rc = rados_create(&c->rados, user ? user : "vdsd");
	if (rc < 0)
		return worker_fail(w, "rados_create: %s", strerror(-rc));
	rc = rados_conf_read_file(c->rados, NULL);
	if (rc < 0)
		return worker_fail(w, "ceph.conf: %s (see CEPH_CONF)", strerror(-rc));
	rados_conf_set(c->rados, "rbd_cache", "false");
	rc = rados_connect(c->rados);
	if (rc < 0)
		return worker_fail(w, "connect: %s", strerror(-rc));
	rc = rados_ioctx_create(c->rados, pool, &c->ioctx);
	return rc < 0 ? worker_fail(w, "pool %s: %s", pool, strerror(-rc)) : 0;
}

static void
cluster_close(struct cluster *c)
{
	if (c->ioctx)
		rados_ioctx_destroy(c->ioctx);
	if (c->rados)
		rados_shutdown(c->rados);
}

static int
session_open(struct session *s, struct worker *w, struct cluster *c)
{
	rbd_image_info_t info;
	int rc = rbd_open(c->ioctx, c->image, &s->image, NULL);

	s->w = w;
	if (rc < 0)
		return worker_fail(w, "image %s: %s", c->image, strerror(-rc));
	s->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (rbd_stat(s->image, &info, sizeof(info)) < 0 || s->fd < 0 ||
	    rbd_set_image_notification(s->image, s->fd, EVENT_TYPE_EVENTFD) < 0)
		return worker_fail(w, "image %s cannot be watched", c->image);
	w->capacity = info.size;
	stream_init(&s->stream, w->job, w->first_session + s->index, w->capacity);
	s->slots = calloc(w->job->qd, sizeof(*s->slots));
	for (unsigned i = 0; s->slots && i < w->job->qd; i++) {
		if (posix_memalign((void **)&s->slots[i].buf, 4096, w->job->bs))
			return worker_fail(w, "no memory");
		memset(s->slots[i].buf, (int)(0xa0 + i), w->job->bs);
	}
	return s->slots ? 0 : worker_fail(w, "no memory");
}

static void
session_close(struct session *s)
{
	if (s->image)
		rbd_close(s->image);
	if (s->fd > 0)
		close(s->fd);
	for (unsigned i = 0; s->slots && i < s->w->job->qd; i++)
		free(s->slots[i].buf);
	free(s->slots);
}

/* Takes what has completed, and sends as many commands again until the time is up. */
static void
collect(struct session *s)
{
	rbd_completion_t done[256];
	uint64_t count;
	int n;

	if (read(s->fd, &count, sizeof(count)) < 0)
		return;
	while ((n = rbd_poll_io_events(s->image, done, 256)) > 0)
		for (int i = 0; i < n; i++) {
			struct slot *sl = rbd_aio_get_arg(done[i]);
			bool ok = rbd_aio_get_return_value(done[i]) >= 0;

			rbd_aio_release(done[i]);
			s->inflight--;
			stats_add(s->w, s->index, sl->started, s->w->job->bs, ok);
			if (atomic_load_explicit(&bench_phase, memory_order_relaxed) != PHASE_STOP)
				submit(s, sl);
		}
}

static void
loop(struct worker *w, struct session *ss, struct pollfd *pfd)
{
	for (;;) {
		unsigned inflight = 0;

		for (unsigned i = 0; i < w->nsessions; i++) {
			pfd[i] = (struct pollfd){ .fd = ss[i].fd, .events = POLLIN };
			inflight += ss[i].inflight;
		}
		if (inflight == 0)
			return;
		if (poll(pfd, w->nsessions, 30000) <= 0) {
			worker_fail(w, "%u commands never came back", inflight);
			return;
		}
		for (unsigned i = 0; i < w->nsessions; i++)
			if (pfd[i].revents)
				collect(&ss[i]);
	}
}

void
engine_rbd(struct worker *w)
{
	struct session *ss = calloc(w->nsessions, sizeof(*ss));
	struct pollfd *pfd = calloc(w->nsessions, sizeof(*pfd));
	struct cluster c = { 0 };
	int ok = ss && pfd && cluster_open(&c, w) == 0;

	for (unsigned i = 0; ok && i < w->nsessions; i++) {
		ss[i].index = i;
		ok = session_open(&ss[i], w, &c) == 0;
	}
	atomic_store(&w->ready, ok ? 1 : -1);
	while (ok && atomic_load(&bench_phase) == PHASE_SETUP)
		usleep(500);
	if (ok && atomic_load(&bench_phase) != PHASE_STOP) {
		for (unsigned i = 0; i < w->nsessions; i++)
			for (unsigned k = 0; k < w->job->qd; k++)
				submit(&ss[i], &ss[i].slots[k]);
		loop(w, ss, pfd);
	}
	for (unsigned i = 0; ss && i < w->nsessions; i++)
		session_close(&ss[i]);
	cluster_close(&c);
	free(ss);
	free(pfd);
}

const struct engine bench_engines[] = {
	{ "rbd", engine_rbd },
	{ NULL, NULL },
};
