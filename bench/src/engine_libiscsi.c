/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine that drives the target through libiscsi, one poll loop a thread. */
#include "bench.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

struct session;

struct slot {
	struct session *s;
	uint64_t started;
	unsigned char *buf;
	struct scsi_iovec iov;
};

struct session {
	struct worker *w;
	unsigned id;
	struct iscsi_context *ctx;
	int lun;
	uint32_t block;
	struct stream stream;
	struct slot *slots;
	unsigned inflight;
	bool dead;
};

static void submit(struct slot *sl);

static void
done_cb(struct iscsi_context *ctx, int status, void *data, void *priv)
{
	struct slot *sl = priv;
	struct session *s = sl->s;

	(void)ctx;
	s->inflight--;
	stats_add(s->w, s->id - s->w->first_session, sl->started, s->w->job->bs,
		  status == SCSI_STATUS_GOOD);
	scsi_free_scsi_task(data);
	if (atomic_load_explicit(&bench_phase, memory_order_relaxed) != PHASE_STOP)
		submit(sl);
}

static void
submit(struct slot *sl)
{
	struct session *s = sl->s;
	const struct job *j = s->w->job;
	struct scsi_task *t;
	bool write;
	uint64_t off = stream_next(&s->stream, j, &write);
	uint32_t lba = (uint32_t)(off / s->block);

	sl->started = now_ns();
	sl->iov.iov_base = sl->buf;
	sl->iov.iov_len = j->bs;
	if (write)
		t = iscsi_write10_iov_task(s->ctx, s->lun, lba, NULL, j->bs, (int)s->block, 0, 0, 0,
					   0, 0, done_cb, sl, &sl->iov, 1);
	else
		t = iscsi_read10_iov_task(s->ctx, s->lun, lba, j->bs, (int)s->block, 0, 0, 0, 0, 0,
					  done_cb, sl, &sl->iov, 1);
	if (!t) {
		s->w->st.errors++;
		s->dead = true;
		return;
	}
	s->inflight++;
}

static int
session_open(struct session *s, struct worker *w, unsigned id)
{
	char name[64];
	struct iscsi_url *u;
	struct scsi_task *t;
	struct scsi_readcapacity16 *rc;

	s->w = w;
	s->id = id;
	snprintf(name, sizeof(name), "iqn.2026-01.bench:client-%u", id);
	s->ctx = iscsi_create_context(name);
	if (!s->ctx)
		return worker_fail(w, "no context");
	u = iscsi_parse_full_url(s->ctx, w->job->url);
	if (!u)
		return worker_fail(w, "bad URL: %s", iscsi_get_error(s->ctx));
	s->lun = u->lun;
	iscsi_set_targetname(s->ctx, u->target);
	iscsi_set_session_type(s->ctx, ISCSI_SESSION_NORMAL);
	iscsi_set_header_digest(s->ctx, ISCSI_HEADER_DIGEST_NONE);
	iscsi_set_initial_r2t(s->ctx, ISCSI_INITIAL_R2T_NO);
	iscsi_set_immediate_data(s->ctx, ISCSI_IMMEDIATE_DATA_YES);
	iscsi_set_noautoreconnect(s->ctx, 1);
	if (u->user[0])
		iscsi_set_initiator_username_pwd(s->ctx, u->user, u->passwd);
	if (iscsi_full_connect_sync(s->ctx, u->portal, s->lun)) {
		worker_fail(w, "connect: %s", iscsi_get_error(s->ctx));
		iscsi_destroy_url(u);
		return -1;
	}
	iscsi_destroy_url(u);
	t = iscsi_readcapacity16_sync(s->ctx, s->lun);
	if (!t || t->status != SCSI_STATUS_GOOD || !(rc = scsi_datain_unmarshall(t)))
		return worker_fail(w, "READ CAPACITY(16): %s", iscsi_get_error(s->ctx));
	s->block = rc->block_length;
	w->capacity = (rc->returned_lba + 1) * rc->block_length;
	scsi_free_scsi_task(t);
	stream_init(&s->stream, w->job, id, w->capacity);

	s->slots = calloc(w->job->qd, sizeof(*s->slots));
	for (unsigned i = 0; s->slots && i < w->job->qd; i++) {
		s->slots[i].s = s;
		if (posix_memalign((void **)&s->slots[i].buf, 4096, w->job->bs))
			return worker_fail(w, "no memory");
		memset(s->slots[i].buf, (int)(0xa0 + i), w->job->bs);
	}
	return s->slots ? 0 : worker_fail(w, "no memory");
}

static void
loop(struct worker *w, struct session *ss, struct pollfd *pfd)
{
	uint64_t deadline = 0;

	for (;;) {
		unsigned inflight = 0;
		bool stop = atomic_load(&bench_phase) == PHASE_STOP;

		for (unsigned i = 0; i < w->nsessions; i++) {
			pfd[i].fd = ss[i].dead ? -1 : iscsi_get_fd(ss[i].ctx);
			pfd[i].events = (short)iscsi_which_events(ss[i].ctx);
			inflight += ss[i].dead ? 0 : ss[i].inflight;
		}
		if (stop && !inflight)
			return;
		if (stop && !deadline)
			deadline = now_ns() + 5000000000ull;
		if (deadline && now_ns() > deadline) {
			worker_fail(w, "%u commands never came back", inflight);
			return;
		}
		if (poll(pfd, w->nsessions, 100) <= 0)
			continue;
		for (unsigned i = 0; i < w->nsessions; i++) {
			if (!pfd[i].revents || ss[i].dead)
				continue;
			if (iscsi_service(ss[i].ctx, pfd[i].revents) < 0) {
				worker_fail(w, "service: %s", iscsi_get_error(ss[i].ctx));
				ss[i].dead = true;
			}
		}
	}
}

void
engine_libiscsi(struct worker *w)
{
	struct session *ss = calloc(w->nsessions, sizeof(*ss));
	struct pollfd *pfd = calloc(w->nsessions, sizeof(*pfd));
	int ok = ss && pfd;

	for (unsigned i = 0; ok && i < w->nsessions; i++)
		ok = session_open(&ss[i], w, w->first_session + i) == 0;
	atomic_store(&w->ready, ok ? 1 : -1);
	while (ok && atomic_load(&bench_phase) == PHASE_SETUP)
		usleep(500);
	if (ok && atomic_load(&bench_phase) != PHASE_STOP) {
		for (unsigned i = 0; i < w->nsessions; i++)
			for (unsigned k = 0; k < w->job->qd; k++)
				submit(&ss[i].slots[k]);
		loop(w, ss, pfd);
	}
	for (unsigned i = 0; ss && i < w->nsessions; i++) {
		if (ss[i].ctx) {
			if (ok && !ss[i].dead)
				iscsi_logout_sync(ss[i].ctx);
			iscsi_destroy_context(ss[i].ctx);
		}
		for (unsigned k = 0; ss[i].slots && k < w->job->qd; k++)
			free(ss[i].slots[k].buf);
		free(ss[i].slots);
	}
	free(ss);
	free(pfd);
}

const struct engine bench_engines[] = {
	{ "raw", engine_raw },
	{ "libiscsi", engine_libiscsi },
	{ NULL, NULL },
};
