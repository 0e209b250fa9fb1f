/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gateway-costs: what several gateways of one array ask of a Ceph cluster, one thing at a time: the
 * input of bench/gateways_sim.py.  Each gateway is a client of its own.
 *
 *   CEPH_CONF=... gateway-costs commits WRITERS    reads the version, and commits what is compared with it
 *   CEPH_CONF=... gateway-costs notify WATCHERS    a notification until all have acknowledged it
 *   CEPH_CONF=... gateway-costs leases OBJECTS     one client renews locks, 64 threads at a time
 *   CEPH_CONF=... gateway-costs open IMAGES THREADS [CLIENTS]   opens RBD images, which it makes before
 *   CEPH_CONF=... gateway-costs fence CLIENTS      puts addresses of nobody on the blocklist
 *
 * Prints a line of JSON.  Uses the pools `catalog` and `luns`; CEPH_USER names the user (vdsd).
 */
#include "ceph.h"
#include "now.h"

#include <pthread.h>
#include <rbd/librbd.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define SECONDS     3.0
#define MAX_CLIENTS 64
#define MAX_THREADS 64
#define MAX_IMAGES  20000
#define OBJECT      "gateway-costs"

struct client {
	rados_t rados;
	rados_ioctx_t ioctx;
	uint64_t watch;
	long won, lost;
	double until;
};

static double
cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* A number of /proc/self/status: VmRSS in KiB, or Threads. */
static long
status(const char *name)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long value = -1;

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			value = atol(line + strlen(name) + 1);
	if (f)
		fclose(f);
	return value;
}

static void
in_threads(unsigned n, void *(*run)(void *), void *args, size_t size)
{
	pthread_t thread[MAX_THREADS];

	for (unsigned i = 0; i < n; i++)
		must(-pthread_create(&thread[i], NULL, run, (char *)args + i * size), "thread");
	for (unsigned i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
}

/* --- commits --- */

static uint64_t
version_of(struct client *c)
{
	rados_read_op_t op = rados_create_read_op();
	const char *key = "version";
	rados_omap_iter_t it;
	size_t key_len = strlen(key), len = 0, got_len = 0;
	char *got = NULL, *value = NULL;
	uint64_t version = 0;
	int rc = 0;

	rados_read_op_omap_get_vals_by_keys2(op, &key, 1, &key_len, &it, &rc);
	must(rados_read_op_operate(op, c->ioctx, OBJECT, 0), "the version");
	if (rc == 0 && rados_omap_get_next2(it, &got, &value, &got_len, &len) == 0 && value) {
		char text[24] = "";

		memcpy(text, value, len < sizeof(text) ? len : sizeof(text) - 1);
		version = strtoull(text, NULL, 10);
	}
	if (rc == 0)
		rados_omap_get_end(it);
	rados_release_read_op(op);
	return version;
}

static void
set(rados_write_op_t op, const char *key, const char *value, size_t len)
{
	size_t key_len = strlen(key);

	rados_write_op_omap_set2(op, &key, &value, &key_len, &len, 1);
}

/* Two rows of 400 bytes and the entry of the log, as omap-commit. */
static int
commit(struct client *c, uint64_t version)
{
	static const char data[800];
	rados_write_op_t op = rados_create_write_op();
	char is[24], next[24], key[40];
	int rc;

	snprintf(is, sizeof(is), "%llu", (unsigned long long)version);
	snprintf(next, sizeof(next), "%llu", (unsigned long long)version + 1);
	rados_write_op_omap_cmp2(op, "version", LIBRADOS_CMPXATTR_OP_EQ, is, 7, strlen(is), NULL);
	set(op, "version", next, strlen(next));
	for (unsigned i = 0; i < 2; i++) {
		snprintf(key, sizeof(key), "r/lun/%04llu",
			 (unsigned long long)(version * 2 + i) % 1024);
		set(op, key, data, 400);
	}
	snprintf(key, sizeof(key), "l/%04llu", (unsigned long long)version % 1024);
	set(op, key, data, 800);
	rc = rados_write_op_operate(op, c->ioctx, OBJECT, NULL, 0);
	rados_release_write_op(op);
	return rc;
}

static void
object_new(struct client *c)
{
	rados_write_op_t op = rados_create_write_op();

	rados_remove(c->ioctx, OBJECT);
	set(op, "version", "0", 1);
	must(rados_write_op_operate(op, c->ioctx, OBJECT, NULL, 0), "the object");
	rados_release_write_op(op);
}

static void *
write_on(void *arg)
{
	struct client *c = arg;

	while (now_s() < c->until) {
		int rc = commit(c, version_of(c));

		if (rc == 0)
			c->won++;
		else if (rc == -ECANCELED)
			c->lost++;
		else
			must(rc, "a commit");
	}
	return NULL;
}

static void
measure_commits(struct client *clients, unsigned n)
{
	long won = 0, lost = 0;
	double begin = now_s();

	for (unsigned i = 0; i < n; i++)
		clients[i].until = begin + SECONDS;
	in_threads(n, write_on, clients, sizeof(*clients));
	begin = now_s() - begin;
	for (unsigned i = 0; i < n; i++) {
		won += clients[i].won;
		lost += clients[i].lost;
	}
	if (version_of(clients) != (uint64_t)won)
		must(-EIO, "a commit was lost");
	printf("{\"writers\":%u,\"commits_s\":%.0f,\"refused_s\":%.0f}\n", n, (double)won / begin,
	       (double)lost / begin);
}

/* --- notify --- */

static void
on_event(void *arg, uint64_t id, uint64_t handle, uint64_t from, void *data, size_t len)
{
	struct client *c = arg;

	(void)from;
	(void)data;
	(void)len;
	rados_notify_ack(c->ioctx, OBJECT, id, handle, NULL, 0);
}

static void
on_error(void *arg, uint64_t handle, int error)
{
	(void)arg;
	(void)handle;
	must(error, "a watch");
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
measure_notify(struct client *clients, unsigned n)
{
	enum { ROUNDS = 300 };
	static double took[ROUNDS];

	for (unsigned i = 0; i < n; i++)
		must(rados_watch3(clients[i].ioctx, OBJECT, &clients[i].watch, on_event, on_error,
				  30, &clients[i]),
		     "rados_watch3");
	for (unsigned i = 0; i < ROUNDS; i++) {
		char *reply = NULL;
		size_t len;
		double begin = now_s();

		must(rados_notify2(clients[0].ioctx, OBJECT, "x", 1, 10000, &reply, &len),
		     "notify");
		took[i] = now_s() - begin;
		rados_buffer_free(reply);
	}
	for (unsigned i = 0; i < n; i++)
		rados_unwatch2(clients[i].ioctx, clients[i].watch);
	qsort(took, ROUNDS, sizeof(*took), by_value);
	printf("{\"watchers\":%u,\"p50_us\":%.0f,\"p99_us\":%.0f}\n", n, took[ROUNDS / 2] * 1e6,
	       took[ROUNDS * 99 / 100] * 1e6);
}

/* --- leases, images --- */

static unsigned clients_in_use = 1;

struct share { /* of one thread: every step-th from first on */
	struct client *client;
	unsigned first, step, count;
	rbd_image_t *images;
	double sum_s;
};

static void *
renew(void *arg)
{
	struct share *s = arg;
	struct timeval five = { .tv_sec = 5 };
	char name[40];

	for (unsigned i = s->first; i < s->count; i += s->step) {
		snprintf(name, sizeof(name), OBJECT ".%u", i);
		must(rados_lock_exclusive(s->client->ioctx, name, "lease", "me", "", &five,
					  LIBRADOS_LOCK_FLAG_MAY_RENEW),
		     "a lease");
	}
	return NULL;
}

static void *
make_images(void *arg)
{
	struct share *s = arg;
	char name[40];
	int order = 22;

	for (unsigned i = s->first; i < s->count; i += s->step) {
		snprintf(name, sizeof(name), OBJECT ".%u", i);
		int rc = rbd_create2(s->client->ioctx, name, 1 << 30, RBD_FEATURE_LAYERING, &order);

		if (rc != -EEXIST)
			must(rc, "an image");
	}
	return NULL;
}

static void *
open_images(void *arg)
{
	struct share *s = arg;
	char name[40];

	for (unsigned i = s->first; i < s->count; i += s->step) {
		double begin = now_s();

		snprintf(name, sizeof(name), OBJECT ".%u", i);
		must(rbd_open(s->client->ioctx, name, &s->images[i], NULL), "rbd_open");
		s->sum_s += now_s() - begin;
	}
	return NULL;
}

static void *
close_images(void *arg)
{
	struct share *s = arg;

	for (unsigned i = s->first; i < s->count; i += s->step)
		rbd_close(s->images[i]);
	return NULL;
}

static double
spread(struct client *clients, unsigned count, unsigned threads, void *(*run)(void *),
       rbd_image_t *images, double *ret_sum_s)
{
	struct share shares[MAX_THREADS];
	double begin = now_s();

	for (unsigned i = 0; i < threads; i++)
		shares[i] = (struct share){ .client = &clients[i % clients_in_use],
					    .first = i,
					    .step = threads,
					    .count = count,
					    .images = images };
	in_threads(threads, run, shares, sizeof(*shares));
	begin = now_s() - begin;
	for (unsigned i = 0; i < threads && ret_sum_s; i++)
		*ret_sum_s += shares[i].sum_s;
	return begin;
}

static void
measure_leases(struct client *c, unsigned count)
{
	double cpu, took;

	spread(c, count, MAX_THREADS, renew, NULL, NULL);
	cpu = cpu_s();
	took = spread(c, count, MAX_THREADS, renew, NULL, NULL);
	printf("{\"leases\":%u,\"renewals_s\":%.0f,\"client_cpu_us\":%.0f}\n", count, count / took,
	       (cpu_s() - cpu) / count * 1e6);
}

static void
measure_open(struct client *c, unsigned count, unsigned threads)
{
	rbd_image_t *images = calloc(count, sizeof(*images));
	double made, cpu, took, sum = 0, idle;
	long rss, few;

	if (!images)
		must(-ENOMEM, "memory");
	made = spread(c, count, threads, make_images, images, NULL);
	spread(c, 1, 1, open_images, images, NULL); /* librbd's threads */
	rbd_close(images[0]);
	rss = status("VmRSS:");
	few = status("Threads:");
	cpu = cpu_s();
	took = spread(c, count, threads, open_images, images, &sum);
	cpu = cpu_s() - cpu;
	printf("{\"images\":%u,\"threads\":%u,\"clients\":%u,\"make_s\":%.0f,\"open_s\":%.0f,"
	       "\"open_ms\":%.2f,"
	       "\"client_cpu_us\":%.0f,\"kib\":%.1f,\"more_threads\":%ld",
	       count, threads, clients_in_use, count / made, count / took, sum / count * 1e3,
	       cpu / count * 1e6, (double)(status("VmRSS:") - rss) / count,
	       status("Threads:") - few);
	idle = cpu_s();
	usleep(12000000); /* two rounds of the watches' pings */
	printf(",\"idle_cpu_us_s\":%.1f", (cpu_s() - idle) / 12 / count * 1e6);
	took = spread(c, count, threads, close_images, images, NULL);
	printf(",\"close_s\":%.0f}\n", count / took);
	free(images);
}

static void
measure_fence(struct client *c, unsigned count)
{
	double begin = now_s(), longest = 0;

	for (unsigned i = 0; i < count; i++) {
		char address[64];
		double at = now_s();

		snprintf(address, sizeof(address), "127.0.0.1:0/%u", 1000000 + i);
		must(rados_blocklist_add(c->rados, address, 60), "blocklist");
		must(rados_wait_for_latest_osdmap(c->rados), "the map");
		if (now_s() - at > longest)
			longest = now_s() - at;
	}
	printf("{\"fences\":%u,\"mean_ms\":%.1f,\"longest_ms\":%.1f}\n", count,
	       (now_s() - begin) / count * 1e3, longest * 1e3);
}

static int
usage(void)
{
	fprintf(stderr,
		"usage: gateway-costs commits|notify N (1 to %d)\n"
		"       gateway-costs leases|fence N\n"
		"       gateway-costs open IMAGES THREADS [CLIENTS] (1 to %d)\n",
		MAX_CLIENTS, MAX_THREADS);
	return 2;
}

int
main(int argc, char **argv)
{
	static struct client clients[MAX_CLIENTS];
	const char *what = argc > 2 ? argv[1] : "";
	unsigned n = argc > 2 ? (unsigned)atoi(argv[2]) : 0, count = 1;
	bool commits = strcmp(what, "commits") == 0, notify = strcmp(what, "notify") == 0;
	bool open = strcmp(what, "open") == 0;
	unsigned threads = open && argc > 3 ? (unsigned)atoi(argv[3]) : 1;

	if (commits || notify)
		count = n;
	else if (open && argc > 4)
		count = clients_in_use = (unsigned)atoi(argv[4]);
	if (n < 1 || n > MAX_IMAGES || count < 1 || count > MAX_CLIENTS || threads < 1 ||
	    threads > MAX_THREADS)
		return usage();
	for (unsigned i = 0; i < count; i++)
		ceph_open(&clients[i].rados, &clients[i].ioctx, open ? "luns" : "catalog");
	if (commits || notify)
		object_new(clients);
	if (commits)
		measure_commits(clients, n);
	else if (notify)
		measure_notify(clients, n);
	else if (strcmp(what, "leases") == 0)
		measure_leases(clients, n);
	else if (open)
		measure_open(clients, n, threads);
	else if (strcmp(what, "fence") == 0)
		measure_fence(clients, n);
	else
		return usage();
	for (unsigned i = 0; i < count; i++)
		ceph_close(clients[i].rados, clients[i].ioctx);
	return 0;
}
