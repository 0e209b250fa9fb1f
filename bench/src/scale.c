/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client half of bench/scale: it fills an array over REST from several connections, measures
 * the rate of changes, and loads a replica as libvds does.  Each command prints one line of JSON.
 * Exits with 1 and a message when a call fails.
 */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/client.h"

enum { ASSOCIATIONS = 4, LUN_BYTES = 1 << 20 };

static _Noreturn void
fail(const char *what, int rc)
{
	fprintf(stderr, "scale-client: %s: %s\n", what, err_text(rc));
	exit(1);
}

static double
seconds_since(uint64_t start_ns)
{
	return (double)(clock_mono_ns() - start_ns) / (double)NS_PER_S;
}

static struct client *
client_of(const char *url, enum client_mode mode)
{
	struct client *client = NULL;
	int rc = client_open(url, mode, &client);

	if (rc < 0)
		fail("open", rc);
	return client;
}

/* A call with a body (consumed), and the id in its answer when wanted (GUID_TEXT_SIZE bytes). */
static void
call(struct client *client, const char *method, const char *path, json_t *body, char *ret_id)
{
	json_t *json = NULL;
	int rc = client_call(client, method, path, body, &json);

	if (rc < 0)
		fail(path, rc);
	if (ret_id != NULL)
		snprintf(ret_id, GUID_TEXT_SIZE, "%s",
			 json_string_value(json_object_get(json, "id")));
	json_decref(json);
	json_decref(body);
}

/* ---- several threads ---- */

struct worker;

struct crew {
	const char *url;
	unsigned count;   /* threads */
	atomic_uint next; /* work that is still to be done: next … end-1 */
	unsigned end;
	uint64_t until_ns; /* of rate */
	char (*targets)[GUID_TEXT_SIZE];
	unsigned target_count;
	char (*luns)[GUID_TEXT_SIZE];
	unsigned lun_count;
	const struct state *before; /* of rate: the state when it began */
	unsigned long long run;     /* of rate: makes its names differ from those of earlier runs */
	void (*step)(struct worker *worker, unsigned n);
};

struct worker {
	struct crew *crew;
	struct client *client;
	pthread_t thread;
};

static void *
worker_main(void *arg)
{
	struct worker *worker = arg;
	struct crew *crew = worker->crew;

	worker->client = client_of(crew->url, CLIENT_CALLS);
	for (;;) {
		unsigned n = atomic_fetch_add(&crew->next, 1);

		if (n >= crew->end || (crew->until_ns != 0 && clock_mono_ns() > crew->until_ns))
			break;
		crew->step(worker, n);
	}
	client_close(worker->client);
	return NULL;
}

/* Runs steps 0 … end-1 on all threads.  Returns how many were begun before the time was over. */
static unsigned
crew_run(struct crew *crew, unsigned end, void (*step)(struct worker *worker, unsigned n))
{
	struct worker *workers = calloc(crew->count, sizeof(*workers));
	unsigned taken;

	if (workers == NULL)
		fail("start", -ENOMEM);
	atomic_store(&crew->next, 0);
	crew->end = end;
	crew->step = step;
	for (unsigned i = 0; i < crew->count; i++) {
		workers[i].crew = crew;
		if (pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) != 0)
			fail("start", -EAGAIN);
	}
	for (unsigned i = 0; i < crew->count; i++)
		pthread_join(workers[i].thread, NULL);
	taken = atomic_load(&crew->next);
	free(workers);
	/* Each thread took one number that it did not use. */
	return taken - crew->count;
}

/* ---- build ---- */

static void
make_target(struct worker *worker, unsigned n)
{
	char name[64];

	snprintf(name, sizeof(name), "iqn.2026-11.org.example:bench-%06u", n);
	call(worker->client, "POST", "/v1/targets",
	     json_pack("{s:s, s:b}", "iscsi_name", name, "with_group", 1),
	     worker->crew->targets[n]);
}

static void
associate(struct worker *worker, unsigned n, unsigned first, unsigned count)
{
	struct crew *crew = worker->crew;
	json_t *targets = json_array();
	char path[128];

	for (unsigned i = first; i < first + count; i++)
		json_array_append_new(targets,
				      json_string(crew->targets[(n + i * 7) % crew->target_count]));
	snprintf(path, sizeof(path), "/v1/luns/%s/targets", crew->luns[n]);
	call(worker->client, "PUT", path, json_pack("{s:o}", "targets", targets), NULL);
}

static void
make_lun(struct worker *worker, unsigned n)
{
	char name[64];

	snprintf(name, sizeof(name), "bench-%06u", n);
	call(worker->client, "POST", "/v1/luns",
	     json_pack("{s:s, s:I}", "name", name, "size_bytes", (json_int_t)LUN_BYTES),
	     worker->crew->luns[n]);
	associate(worker, n, 0, ASSOCIATIONS);
}

static void
build(const char *url, unsigned luns, unsigned targets, unsigned connections)
{
	struct crew crew = { .url = url, .count = connections, .target_count = targets };
	uint64_t start = clock_mono_ns();
	double made;

	crew.targets = calloc(targets, sizeof(*crew.targets));
	crew.luns = calloc(luns, sizeof(*crew.luns));
	if (crew.targets == NULL || crew.luns == NULL)
		fail("build", -ENOMEM);
	crew_run(&crew, targets, make_target);
	made = seconds_since(start);
	crew_run(&crew, luns, make_lun);
	printf("{\"targets_s\": %.3f, \"build_s\": %.3f}\n", made, seconds_since(start));
	free(crew.targets);
	free(crew.luns);
}

/* ---- rate ---- */

/*
 * Replaces one target of the LUN by another in the first round over all LUNs, and puts it back in
 * the next.  So every such change takes one association away and makes one, however many LUNs there
 * are and however often the bench has run.
 */
static void
swap_target(struct worker *worker, unsigned lun, unsigned round)
{
	struct crew *crew = worker->crew;
	const struct row_lun *row = state_at(crew->before, ROW_LUN, lun);
	struct row_slice held = state_lun_targets(crew->before, &row->id);
	json_t *targets = json_array();
	unsigned other = lun % crew->target_count;
	char path[128], id[GUID_TEXT_SIZE];

	for (size_t i = round % 2 == 0 ? 1 : 0; i < held.count; i++) {
		const struct row_association *link = held.rows[i];

		json_array_append_new(targets, json_string(guid_format(&link->target_id, id)));
	}
	for (size_t i = 0; round % 2 == 0 && i < held.count; i++) {
		const struct row_association *link = held.rows[i];

		/* Not a target that the LUN has: look again from the first. */
		if (strcmp(guid_format(&link->target_id, id), crew->targets[other]) == 0) {
			other = (other + 1) % crew->target_count;
			i = SIZE_MAX;
		}
	}
	if (round % 2 == 0)
		json_array_append_new(targets, json_string(crew->targets[other]));
	snprintf(path, sizeof(path), "/v1/luns/%s/targets", crew->luns[lun]);
	call(worker->client, "PUT", path, json_pack("{s:o}", "targets", targets), NULL);
}

static void
rename_one(struct worker *worker, unsigned n)
{
	struct crew *crew = worker->crew;
	unsigned lun = (n * 7919u) % crew->lun_count;
	char path[128], name[64];

	snprintf(path, sizeof(path), "/v1/luns/%s", crew->luns[lun]);
	snprintf(name, sizeof(name), "bench-%06u-%llx-%u", lun, crew->run, n);
	call(worker->client, "PATCH", path, json_pack("{s:s}", "name", name), NULL);
}

/* One change of every kind that matters, all over the array: a set of targets, and a name. */
static void
change_one(struct worker *worker, unsigned n)
{
	if (n % 2 == 0)
		swap_target(worker, (n * 7919u) % worker->crew->lun_count,
			    n / worker->crew->lun_count);
	else
		rename_one(worker, n);
}

static char (*ids_of(const struct state *state, enum row_family family,
		     unsigned *ret_count))[GUID_TEXT_SIZE]
{
	size_t count = state_count(state, family);
	char(*ids)[GUID_TEXT_SIZE] = calloc(count + 1, sizeof(*ids));

	for (size_t i = 0; ids != NULL && i < count; i++) {
		struct row_key key;

		row_key(state_at(state, family, i), &key);
		guid_format(&key.a, ids[i]);
	}
	*ret_count = (unsigned)count;
	return ids;
}

/* Processor time of a process so far, in seconds. */
static double
cpu_s(const char *pid)
{
	char path[64], text[1024] = "";
	unsigned long user = 0, kernel = 0;
	const char *after;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "re");
	if (f == NULL || fgets(text, sizeof(text), f) == NULL)
		fail(path, -ENOENT);
	fclose(f);
	after = strrchr(text, ')');
	/* state, then ten numbers, then user and kernel time: proc(5) */
	if (after == NULL ||
	    sscanf(after + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user,
		   &kernel) != 2)
		fail(path, ERR_PARSE);
	return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static void
rate(const char *url, double seconds, unsigned connections, const char *pid, bool renames)
{
	struct crew crew = { .url = url, .count = connections };
	struct client *client = client_of(url, CLIENT_REPLICA);
	struct client_view view;
	uint64_t start;
	unsigned done;
	double took, cpu;

	client_view_last(client, &view);
	crew.targets = ids_of(view.config, ROW_TARGET, &crew.target_count);
	crew.luns = ids_of(view.config, ROW_LUN, &crew.lun_count);
	crew.before = view.config;
	crew.run = clock_mono_ns();
	client_close(client);
	if (crew.luns == NULL || crew.targets == NULL || crew.lun_count == 0 ||
	    crew.target_count <= ASSOCIATIONS)
		fail("rate", ERR_NOT_FOUND);
	cpu = cpu_s(pid);
	start = clock_mono_ns();
	crew.until_ns = start + (uint64_t)(seconds * (double)NS_PER_S);
	done = crew_run(&crew, UINT32_MAX / 2, renames ? rename_one : change_one);
	took = seconds_since(start);
	printf("{\"changes\": %u, \"seconds\": %.3f, \"per_s\": %.1f, \"vdsd_cpu_us\": %.1f}\n",
	       done, took, (double)done / took,
	       (cpu_s(pid) - cpu) / (double)(done > 0 ? done : 1) * 1e6);
	client_view_fini(&view);
	free(crew.targets);
	free(crew.luns);
}

/* ---- load ---- */

/* Of /proc/self/status, in KiB. */
static long
status_kib(const char *field)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long kib = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, field, strlen(field)) == 0)
			kib = strtol(line + strlen(field) + 1, NULL, 10);
	if (f != NULL)
		fclose(f);
	return kib;
}

/* Memory is what the replica holds when it is loaded; the peak counts what loading took as well. */
static void
load(const char *url)
{
	long before = status_kib("VmRSS"), peak;
	uint64_t start = clock_mono_ns();
	struct client *client = client_of(url, CLIENT_REPLICA);
	double took = seconds_since(start);
	struct client_view view;
	int rc = client_sync(client);

	if (rc < 0)
		fail("sync", rc);
	peak = status_kib("VmHWM");
	malloc_trim(0);
	client_view_last(client, &view);
	printf("{\"load_s\": %.3f, \"luns\": %zu, \"associations\": %zu, \"live\": %zu, "
	       "\"resident_kib\": %ld, \"peak_kib\": %ld}\n",
	       took, state_count(view.config, ROW_LUN), state_count(view.config, ROW_ASSOCIATION),
	       state_count(view.live, ROW_LIVE_LUN), status_kib("VmRSS") - before, peak - before);
	client_view_fini(&view);
	client_close(client);
}

int
main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[2], "build") == 0)
		build(argv[1], (unsigned)strtoul(argv[3], NULL, 10),
		      (unsigned)strtoul(argv[4], NULL, 10), (unsigned)strtoul(argv[5], NULL, 10));
	else if (argc == 6 && (strcmp(argv[2], "rate") == 0 || strcmp(argv[2], "renames") == 0))
		rate(argv[1], strtod(argv[3], NULL), (unsigned)strtoul(argv[4], NULL, 10), argv[5],
		     strcmp(argv[2], "renames") == 0);
	else if (argc == 3 && strcmp(argv[2], "load") == 0)
		load(argv[1]);
	else {
		fprintf(stderr,
			"usage: scale-client URL build LUNS TARGETS CONNECTIONS\n"
			"       scale-client URL rate|renames SECONDS CONNECTIONS VDSD-PID\n"
			"       scale-client URL load\n");
		return 2;
	}
	return 0;
}
