/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared between the driver (bench.c) and the engines. */
#ifndef BENCH_H
#define BENCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "now.h"

enum phase { PHASE_SETUP, PHASE_WARMUP, PHASE_MEASURE, PHASE_STOP };

struct job {
	const char *url;
	const char *engine;
	const char *workload;
	bool random;
	unsigned read_pct; /* 100 = reads only, 0 = writes only */
	uint32_t bs;       /* bytes per command */
	unsigned qd;       /* commands in flight per session */
	unsigned sessions;
	unsigned connections; /* of each session (raw engine only) */
	unsigned luns;        /* from the URL's on, all of one size (raw engine only) */
	unsigned threads;
	double seconds;
	double warmup;
	uint64_t size; /* 0 = whole LUN */
	/* raw engine only */
	bool header_digest;
	bool data_digest;
	bool initial_r2t;
	bool immediate_data;
	bool fua;  /* writes are to be durable */
	bool idle; /* log in, and send nothing */
	uint32_t first_burst;
	uint32_t max_burst;
	uint32_t recv_seg;
	int busy_poll; /* spin on the socket instead of sleeping */
};

/* Latency histogram: 32 linear steps per power of two, in ns. */
#define HIST_SUB     32
#define HIST_BUCKETS (HIST_SUB * 60)

struct stats {
	uint64_t ios;
	uint64_t bytes;
	uint64_t errors;
	uint64_t lat_sum;
	uint64_t lat_max;
	uint64_t hist[HIST_BUCKETS];
};

/* One session's stream of addresses. */
struct stream {
	uint64_t rng;
	uint64_t base; /* first byte of this session's part (sequential) */
	uint64_t span; /* bytes in the part; a multiple of bs */
	uint64_t at;
};

struct worker {
	const struct job *job;
	unsigned id;
	unsigned first_session; /* the sessions this thread owns */
	unsigned nsessions;
	struct stats st;
	uint64_t *session_ios; /* measured, of each session of this thread */
	uint64_t capacity;     /* bytes, filled in by setup */
	bool hdigest, ddigest; /* as negotiated (raw engine) */
	char error[256];
	atomic_int ready;
};

extern atomic_int bench_phase;

/* session counts from 0 in each worker. */
void stats_add(struct worker *w, unsigned session, uint64_t started, uint64_t bytes, bool ok);
void stream_init(struct stream *s, const struct job *job, unsigned session, uint64_t capacity);
/* Byte offset of the next command; *write says which kind. */
uint64_t stream_next(struct stream *s, const struct job *job, bool *write);
int worker_fail(struct worker *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * A way to send commands, and the body of its threads: it logs in, sets w->capacity and then
 * w->ready to 1 (or to -1 after worker_fail), waits for PHASE_WARMUP, runs until PHASE_STOP, waits
 * for what is in flight, and logs out.
 */
struct engine {
	const char *name;
	void (*run)(struct worker *w);
};

/* What a program has, the default first; a NULL name ends the list. */
extern const struct engine bench_engines[];

void engine_raw(struct worker *w);
void engine_libiscsi(struct worker *w);
void engine_rbd(struct worker *w);

#endif
