/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iscsi-bench: a load generator for iSCSI targets that prints one JSON line.  rbd-bench is the same
 * with librbd in the place of a target.
 *
 *   iscsi-bench [options] iscsi://host[:port]/target-iqn/lun
 *   rbd-bench [options] rbd:pool/image
 *
 * See README.md for the options. Writes overwrite the LUN.
 */
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

atomic_int bench_phase = PHASE_SETUP;

static unsigned
hist_index(uint64_t ns)
{
	unsigned shift;

	if (ns < HIST_SUB)
		return (unsigned)ns;
	shift = 63u - (unsigned)__builtin_clzll(ns) - 5u; /* log2(HIST_SUB) = 5 */
	return (shift + 1) * HIST_SUB + (unsigned)((ns >> shift) - HIST_SUB);
}

static uint64_t
hist_value(unsigned i)
{
	unsigned shift;

	if (i < HIST_SUB)
		return i;
	shift = i / HIST_SUB - 1;
	return ((uint64_t)(i % HIST_SUB + HIST_SUB) << shift) + ((1ull << shift) >> 1);
}

void
stats_add(struct worker *w, unsigned session, uint64_t started, uint64_t bytes, bool ok)
{
	uint64_t ns;

	if (!ok)
		w->st.errors++;
	if (atomic_load_explicit(&bench_phase, memory_order_relaxed) != PHASE_MEASURE)
		return;
	ns = now_ns() - started;
	w->st.ios++;
	w->session_ios[session]++;
	w->st.bytes += bytes;
	w->st.lat_sum += ns;
	if (ns > w->st.lat_max)
		w->st.lat_max = ns;
	w->st.hist[hist_index(ns)]++;
}

static uint64_t
rng_next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

void
stream_init(struct stream *s, const struct job *job, unsigned session, uint64_t capacity)
{
	uint64_t size = job->size && job->size < capacity ? job->size : capacity;
	uint64_t part = job->random ? size : size / job->sessions;

	s->rng = 0x9e3779b97f4a7c15ull * (session + 1);
	s->span = part / job->bs * job->bs;
	s->base = job->random ? 0 : part / job->bs * job->bs * session;
	s->at = 0;
}

uint64_t
stream_next(struct stream *s, const struct job *job, bool *write)
{
	uint64_t off;

	if (job->read_pct == 100 || job->read_pct == 0)
		*write = job->read_pct == 0;
	else
		*write = rng_next(&s->rng) % 100 >= job->read_pct;
	if (job->random)
		return rng_next(&s->rng) % (s->span / job->bs) * job->bs;
	off = s->base + s->at;
	s->at += job->bs;
	if (s->at >= s->span)
		s->at = 0;
	return off;
}

int
worker_fail(struct worker *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->error, sizeof(w->error), fmt, ap);
	va_end(ap);
	return -1;
}

/* ---- CPU accounting ---------------------------------------------------- */

struct cpu {
	double user, sys;
};

static struct cpu
cpu_self(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return (struct cpu){
		(double)ru.ru_utime.tv_sec + (double)ru.ru_utime.tv_usec / 1e6,
		(double)ru.ru_stime.tv_sec + (double)ru.ru_stime.tv_usec / 1e6,
	};
}

static struct cpu
cpu_pid(int pid)
{
	struct cpu c = { 0, 0 };
	char path[64], line[1024], *p;
	unsigned long ut, st;
	double hz = (double)sysconf(_SC_CLK_TCK);
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return c;
	if (fgets(line, sizeof(line), f) && (p = strrchr(line, ')')) &&
	    sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &ut, &st) == 2) {
		c.user = (double)ut / hz;
		c.sys = (double)st / hz;
	}
	fclose(f);
	return c;
}

/* Seconds of CPU the whole machine has spent busy (steal apart). */
static void
cpu_machine(double *busy, double *steal)
{
	unsigned long v[8] = { 0 };
	double hz = (double)sysconf(_SC_CLK_TCK);
	FILE *f = fopen("/proc/stat", "r");

	*busy = *steal = 0;
	if (!f)
		return;
	if (fscanf(f, "cpu %lu %lu %lu %lu %lu %lu %lu %lu", &v[0], &v[1], &v[2], &v[3], &v[4],
		   &v[5], &v[6], &v[7]) == 8) {
		*busy = (double)(v[0] + v[1] + v[2] + v[5] + v[6]) / hz;
		*steal = (double)v[7] / hz;
	}
	fclose(f);
}

#define MAX_PIDS 16

struct snapshot {
	uint64_t t;
	struct cpu self, target;
	double busy, steal;
};

static void
snapshot(struct snapshot *s, const int *pids, unsigned n)
{
	s->t = now_ns();
	s->self = cpu_self();
	s->target = (struct cpu){ 0, 0 };
	for (unsigned i = 0; i < n; i++) {
		struct cpu c = cpu_pid(pids[i]);

		s->target.user += c.user;
		s->target.sys += c.sys;
	}
	cpu_machine(&s->busy, &s->steal);
}

/* ---- options and output -------------------------------------------------- */

static void
usage(void)
{
	fprintf(stderr, "usage: iscsi-bench [options] iscsi://host[:port]/iqn/lun\n"
			"       rbd-bench [options] rbd:pool/image\n"
			"  -e raw|libiscsi   client engine of iscsi-bench (raw)\n"
			"  -w randread|randwrite|randrw|read|write   workload (randread)\n"
			"  -r PCT            reads in randrw (70)\n"
			"  -b BYTES[k|m]     command size (4k)\n"
			"  -q N              commands in flight per session (1)\n"
			"  -s N              sessions (1)\n"
			"  -c N              connections of each session (1; raw engine)\n"
			"  -l N              LUNs from the URL's on, which have one size (1; raw)\n"
			"  -j N              client threads (1)\n"
			"  -t SEC  -W SEC    measured time (5), warm-up before it (0.5)\n"
			"  -z BYTES[k|m|g]   use only the first part of the LUN\n"
			"  -p PID            charge this process's CPU to the target (repeatable)\n"
			"  -n TEXT           a name to put into the JSON\n"
			" raw engine:\n"
			"  -H  -D            CRC32C header / data digests\n"
			"  -R                InitialR2T=Yes    -I  ImmediateData=No\n"
			"  -f                FUA in writes    -i  log in, and send no commands\n"
			"  -F BYTES -B BYTES -M BYTES   FirstBurstLength, MaxBurstLength,\n"
			"                    MaxRecvDataSegmentLength to offer\n"
			"  -P                spin on the socket (no sleeping in the kernel)\n");
	exit(2);
}

static uint64_t
parse_size(const char *s)
{
	char *end;
	double v = strtod(s, &end);

	switch (*end) {
	case 'g':
	case 'G':
		v *= 1024;
		__attribute__((fallthrough));
	case 'm':
	case 'M':
		v *= 1024;
		__attribute__((fallthrough));
	case 'k':
	case 'K':
		v *= 1024;
		end++;
		break;
	default:
		break;
	}
	if (*end || v < 0)
		usage();
	return (uint64_t)v;
}

static void
parse_workload(struct job *j, const char *w, unsigned mix)
{
	static const struct {
		const char *name;
		bool random;
		unsigned pct;
	} kinds[] = {
		{ "randread", true, 100 }, { "randwrite", true, 0 }, { "randrw", true, 101 },
		{ "read", false, 100 },    { "write", false, 0 },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, w))
			continue;
		j->workload = kinds[i].name;
		j->random = kinds[i].random;
		j->read_pct = kinds[i].pct > 100 ? mix : kinds[i].pct;
		return;
	}
	usage();
}

static double
percentile(const struct stats *st, double p)
{
	uint64_t want = (uint64_t)((double)st->ios * p), seen = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		seen += st->hist[i];
		if (seen > want)
			return (double)hist_value(i) / 1e3;
	}
	return (double)st->lat_max / 1e3;
}

static void
sum_stats(struct stats *t, const struct stats *s)
{
	t->ios += s->ios;
	t->bytes += s->bytes;
	t->errors += s->errors;
	t->lat_sum += s->lat_sum;
	if (s->lat_max > t->lat_max)
		t->lat_max = s->lat_max;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		t->hist[i] += s->hist[i];
}

/* What the slowest and the fastest session got: are they served alike? */
static void
report_sessions(const struct worker *ws, unsigned n)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < ws[i].nsessions; k++) {
			uint64_t ios = ws[i].session_ios[k];

			least = ios < least ? ios : least;
			most = ios > most ? ios : most;
		}
	printf(",\"session_ios\":{\"min\":%llu,\"max\":%llu}", (unsigned long long)least,
	       (unsigned long long)most);
}

static void
report(const struct job *j, const char *name, const struct stats *t, const struct snapshot *a,
       const struct snapshot *b, unsigned npids, const struct worker *ws)
{
	const char *digests = ws[0].hdigest && ws[0].ddigest ? "both"
			      : ws[0].hdigest                ? "header"
			      : ws[0].ddigest                ? "data"
							     : "none";
	double sec = (double)(b->t - a->t) / 1e9;
	double ios = t->ios ? (double)t->ios : 1;
	double cu = b->self.user - a->self.user, cs = b->self.sys - a->self.sys;
	double tu = b->target.user - a->target.user, ts = b->target.sys - a->target.sys;
	double other = (b->busy - a->busy) - cu - cs - tu - ts;

	printf("{\"name\":\"%s\",\"engine\":\"%s\",\"workload\":\"%s\",\"bs\":%u,\"qd\":%u,"
	       "\"sessions\":%u,\"connections\":%u,\"luns\":%u,\"threads\":%u,\"seconds\":%.3f,"
	       "\"ios\":%llu,\"errors\":%llu,"
	       "\"iops\":%.0f,\"mb_s\":%.1f,\"lat_us\":{\"mean\":%.1f,\"p50\":%.1f,"
	       "\"p95\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f},"
	       "\"client_cpu_us_per_io\":%.2f,\"client_cores\":%.2f",
	       name, j->engine, j->workload, j->bs, j->qd, j->sessions, j->connections, j->luns,
	       j->threads, sec, (unsigned long long)t->ios, (unsigned long long)t->errors,
	       (double)t->ios / sec, (double)t->bytes / sec / 1e6, (double)t->lat_sum / ios / 1e3,
	       percentile(t, 0.50), percentile(t, 0.95), percentile(t, 0.99), percentile(t, 0.999),
	       (double)t->lat_max / 1e3, (cu + cs) * 1e6 / ios, (cu + cs) / sec);
	if (npids)
		printf(",\"target_cpu_us_per_io\":%.2f,\"target_user_us_per_io\":%.2f,"
		       "\"target_cores\":%.2f",
		       (tu + ts) * 1e6 / ios, tu * 1e6 / ios, (tu + ts) / sec);
	report_sessions(ws, j->threads);
	/* without -p the target's own share is in "other" */
	printf(",\"other_cores\":%.2f,\"steal_cores\":%.2f,\"digests\":\"%s\"}\n", other / sec,
	       (b->steal - a->steal) / sec, digests);
}

static const struct engine *
engine_find(const char *name)
{
	for (const struct engine *e = bench_engines; e->name; e++)
		if (!strcmp(e->name, name))
			return e;
	return NULL;
}

static void *
thread_main(void *arg)
{
	struct worker *w = arg;

	engine_find(w->job->engine)->run(w);
	return NULL;
}

static void
sleep_s(double s)
{
	struct timespec ts = { (time_t)s, (long)((s - (double)(time_t)s) * 1e9) };

	nanosleep(&ts, NULL);
}

int
main(int argc, char **argv)
{
	struct job j = {
		.engine = bench_engines[0].name,
		.bs = 4096,
		.qd = 1,
		.sessions = 1,
		.connections = 1,
		.luns = 1,
		.threads = 1,
		.seconds = 5,
		.warmup = 0.5,
		.immediate_data = true,
		.first_burst = 262144,
		.max_burst = 1048576,
		.recv_seg = 262144,
	};
	const char *name = "", *workload = "randread";
	unsigned mix = 70, npids = 0;
	int pids[MAX_PIDS], c, rc = 0;

	while ((c = getopt(argc, argv, "e:w:r:b:q:s:c:l:j:t:W:z:p:n:HDRIfiF:B:M:Ph")) != -1) {
		switch (c) {
		case 'e':
			j.engine = optarg;
			break;
		case 'w':
			workload = optarg;
			break;
		case 'r':
			mix = (unsigned)atoi(optarg);
			break;
		case 'b':
			j.bs = (uint32_t)parse_size(optarg);
			break;
		case 'q':
			j.qd = (unsigned)atoi(optarg);
			break;
		case 's':
			j.sessions = (unsigned)atoi(optarg);
			break;
		case 'c':
			j.connections = (unsigned)atoi(optarg);
			break;
		case 'l':
			j.luns = (unsigned)atoi(optarg);
			break;
		case 'j':
			j.threads = (unsigned)atoi(optarg);
			break;
		case 't':
			j.seconds = atof(optarg);
			break;
		case 'W':
			j.warmup = atof(optarg);
			break;
		case 'z':
			j.size = parse_size(optarg);
			break;
		case 'p':
			if (npids == MAX_PIDS)
				usage();
			pids[npids++] = atoi(optarg);
			break;
		case 'n':
			name = optarg;
			break;
		case 'H':
			j.header_digest = true;
			break;
		case 'D':
			j.data_digest = true;
			break;
		case 'R':
			j.initial_r2t = true;
			break;
		case 'I':
			j.immediate_data = false;
			break;
		case 'f':
			j.fua = true;
			break;
		case 'i':
			j.idle = true;
			break;
		case 'F':
			j.first_burst = (uint32_t)parse_size(optarg);
			break;
		case 'B':
			j.max_burst = (uint32_t)parse_size(optarg);
			break;
		case 'M':
			j.recv_seg = (uint32_t)parse_size(optarg);
			break;
		case 'P':
			j.busy_poll = 1;
			break;
		default:
			usage();
		}
	}
	if (optind != argc - 1 || !j.qd || !j.sessions || !j.connections || !j.luns || !j.bs ||
	    j.bs % 512)
		usage();
	if (!engine_find(j.engine))
		usage();
	if (strcmp(j.engine, "raw") && (j.connections > 1 || j.luns > 1))
		usage();
	j.url = argv[optind];
	parse_workload(&j, workload, mix);
	if (!j.threads || j.threads > j.sessions)
		j.threads = j.threads ? j.sessions : 1;

	struct worker *ws = calloc(j.threads, sizeof(*ws));
	pthread_t *tids = calloc(j.threads, sizeof(*tids));
	struct snapshot a, b;
	unsigned given = 0;

	if (!ws || !tids)
		return 1;
	for (unsigned i = 0; i < j.threads; i++) {
		unsigned n = j.sessions / j.threads + (i < j.sessions % j.threads);

		ws[i].job = &j;
		ws[i].id = i;
		ws[i].first_session = given;
		ws[i].nsessions = n;
		ws[i].session_ios = calloc(n, sizeof(*ws[i].session_ios));
		if (!ws[i].session_ios)
			return 1;
		given += n;
		if (pthread_create(&tids[i], NULL, thread_main, &ws[i]))
			return 1;
	}
	for (unsigned i = 0; i < j.threads; i++) {
		while (!atomic_load(&ws[i].ready))
			sleep_s(0.001);
		if (atomic_load(&ws[i].ready) < 0)
			rc = 1;
	}
	if (!rc) {
		atomic_store(&bench_phase, PHASE_WARMUP);
		sleep_s(j.warmup);
		snapshot(&a, pids, npids);
		atomic_store(&bench_phase, PHASE_MEASURE);
		sleep_s(j.seconds);
		snapshot(&b, pids, npids);
	}
	atomic_store(&bench_phase, PHASE_STOP);

	struct stats *total = calloc(1, sizeof(*total));

	for (unsigned i = 0; i < j.threads; i++) {
		pthread_join(tids[i], NULL);
		if (ws[i].error[0]) {
			fprintf(stderr, "%s: thread %u: %s\n", program_invocation_short_name, i,
				ws[i].error);
			rc = 1;
		}
		sum_stats(total, &ws[i].st);
	}
	if (!rc)
		report(&j, name, total, &a, &b, npids, ws);
	if (!rc && total->errors)
		rc = 3;
	for (unsigned i = 0; i < j.threads; i++)
		free(ws[i].session_ios);
	free(total);
	free(ws);
	free(tids);
	return rc;
}
