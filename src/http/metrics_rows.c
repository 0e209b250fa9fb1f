/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The families of metrics: a table, and for each family a function that writes its samples.
 * Whoever adds one adds a row, its function, and a line in docs/monitor.md.  The connection's
 * thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/metrics_int.h"
#include "model/host.h"

const char *const http_metric_kinds[ARRAY_KINDS] = { "read", "write", "other" };

/* ---- the array and its process ---- */

static void
write_build(struct http_scrape *scrape, const struct http_metric *metric)
{
	http_scrape_labels(scrape, "version", VDS_VERSION, LABELS_END);
	http_scrape_u64(scrape, metric, 1);
}

static void
write_array(struct http_scrape *scrape, const struct http_metric *metric)
{
	const struct row_array *array = state_array(scrape->config);
	char id[GUID_TEXT_SIZE];

	http_scrape_labels(scrape, "array_id", guid_format(&array->id, id), "name", array->name,
			   "serial", array->serial, LABELS_END);
	http_scrape_u64(scrape, metric, 1);
}

static void
write_health(struct http_scrape *scrape, const struct http_metric *metric)
{
	struct array_health health;

	if (array_health(scrape->array, &health) < 0) {
		scrape->text.failed = true;
		return;
	}
	http_scrape_labels(scrape, LABELS_END);
	http_scrape_u64(scrape, metric, health.level);
	array_health_fini(&health);
}

static void
write_read_only(struct http_scrape *scrape, const struct http_metric *metric)
{
	http_scrape_labels(scrape, LABELS_END);
	http_scrape_u64(scrape, metric, array_is_read_only(scrape->array));
}

static void
write_changes(struct http_scrape *scrape, const struct http_metric *metric)
{
	http_scrape_labels(scrape, LABELS_END);
	http_scrape_u64(scrape, metric, state_position(scrape->config)->sequence);
}

static void
write_objects(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (unsigned family = 0; family < ROW_STORED_COUNT; family++) {
		http_scrape_labels(scrape, "family", row_type(family)->name, LABELS_END);
		http_scrape_u64(scrape, metric, state_count(scrape->config, family));
	}
}

static void
write_cpu(struct http_scrape *scrape, const struct http_metric *metric)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	http_scrape_labels(scrape, LABELS_END);
	http_scrape_ns(scrape, metric, (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec);
}

static void
write_memory(struct http_scrape *scrape, const struct http_metric *metric)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file != NULL) {
		if (fscanf(file, "%*u %llu", &pages) != 1) /* NOLINT(cert-err34-c): the kernel's */
			pages = 0;
		fclose(file);
	}
	http_scrape_labels(scrape, LABELS_END);
	http_scrape_u64(scrape, metric, pages * (uint64_t)sysconf(_SC_PAGESIZE));
}

/* ---- the catalog ---- */

static void
write_catalog(struct http_scrape *scrape, const struct http_metric *metric, uint64_t value)
{
	http_scrape_labels(scrape, LABELS_END);
	http_scrape_u64(scrape, metric, value);
}

static void
write_catalog_commits(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_catalog(scrape, metric, scrape->catalog.commits);
}

static void
write_catalog_failed(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_catalog(scrape, metric, scrape->catalog.failed_commits);
}

static void
write_catalog_committed(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_catalog(scrape, metric, scrape->catalog.changes);
}

static void
write_catalog_rows(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_catalog(scrape, metric, scrape->catalog.rows);
}

static void
write_catalog_revision(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_catalog(scrape, metric, scrape->catalog.revision);
}

static void
write_catalog_seconds(struct http_scrape *scrape, const struct http_metric *metric)
{
	http_scrape_labels(scrape, LABELS_END);
	http_scrape_histogram(scrape, metric, &scrape->catalog.commit, HISTOGRAM_STEPS);
}

static void
write_catalog_size(struct http_scrape *scrape, const struct http_metric *metric)
{
	http_scrape_labels(scrape, "file", "database", LABELS_END);
	http_scrape_u64(scrape, metric, scrape->catalog.database_bytes);
	http_scrape_labels(scrape, "file", "log", LABELS_END);
	http_scrape_u64(scrape, metric, scrape->catalog.log_bytes);
}

/* ---- pools ---- */

static void
pools_write(struct http_scrape *scrape, const struct http_metric *metric,
	    uint64_t (*value)(const struct row_live_pool *live))
{
	for (size_t i = 0; i < state_count(scrape->config, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(scrape->config, ROW_POOL, i);
		const struct row_live_pool *live = state_find(scrape->live, ROW_LIVE_POOL,
							      &pool->id);

		if (live == NULL)
			continue;
		http_scrape_labels(scrape, "pool", pool->name, LABELS_END);
		http_scrape_u64(scrape, metric, value(live));
	}
}

static uint64_t
pool_capacity(const struct row_live_pool *live)
{
	return live->capacity_bytes;
}

static uint64_t
pool_free(const struct row_live_pool *live)
{
	return live->free_bytes;
}

static uint64_t
pool_allocated(const struct row_live_pool *live)
{
	return live->allocated_bytes;
}

static uint64_t
pool_low(const struct row_live_pool *live)
{
	return live->low_bytes;
}

static uint64_t
pool_full(const struct row_live_pool *live)
{
	return live->full_bytes;
}

static uint64_t
pool_trash(const struct row_live_pool *live)
{
	return live->trash_bytes;
}

static uint64_t
pool_snapshots(const struct row_live_pool *live)
{
	return live->snapshot_bytes;
}

static uint64_t
pool_level(const struct row_live_pool *live)
{
	return live->space;
}

static uint64_t
pool_crossings(const struct row_live_pool *live)
{
	return live->crossings;
}

static uint64_t
pool_ready(const struct row_live_pool *live)
{
	return live->ready;
}

static void
write_pool_capacity(struct http_scrape *scrape, const struct http_metric *metric)
{
	pools_write(scrape, metric, pool_capacity);
}

static void
write_pool_free(struct http_scrape *scrape, const struct http_metric *metric)
{
	pools_write(scrape, metric, pool_free);
}

static void
write_pool_allocated(struct http_scrape *scrape, const struct http_metric *metric)
{
	pools_write(scrape, metric, pool_allocated);
}

static void
write_pool_snapshots(struct http_scrape *scrape, const struct http_metric *metric)
{
	pools_write(scrape, metric, pool_snapshots);
}

static void
write_pool_trash(struct http_scrape *scrape, const struct http_metric *metric)
{
	pools_write(scrape, metric, pool_trash);
}

static void
write_pool_level(struct http_scrape *scrape, const struct http_metric *metric)
{
	pools_write(scrape, metric, pool_level);
}

static void
write_pool_crossings(struct http_scrape *scrape, const struct http_metric *metric)
{
	pools_write(scrape, metric, pool_crossings);
}

static void
write_pool_low(struct http_scrape *scrape, const struct http_metric *metric)
{
	pools_write(scrape, metric, pool_low);
}

static void
write_pool_full(struct http_scrape *scrape, const struct http_metric *metric)
{
	pools_write(scrape, metric, pool_full);
}

static void
write_pool_ready(struct http_scrape *scrape, const struct http_metric *metric)
{
	pools_write(scrape, metric, pool_ready);
}

/* ---- LUNs ---- */

static void
lun_labels(struct http_scrape *scrape, const struct guid *id)
{
	const struct row_lun *lun = state_find(scrape->config, ROW_LUN, id);
	char text[GUID_TEXT_SIZE];

	http_scrape_labels(scrape, "lun", lun->name, "lun_id", guid_format(id, text), LABELS_END);
}

static void
write_lun_size(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < state_count(scrape->config, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(scrape->config, ROW_LUN, i);

		lun_labels(scrape, &lun->id);
		http_scrape_u64(scrape, metric, lun->size_bytes);
	}
}

static void
write_lun_allocated(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < state_count(scrape->live, ROW_LIVE_LUN); i++) {
		const struct row_live_lun *live = state_at(scrape->live, ROW_LIVE_LUN, i);

		if (state_find(scrape->config, ROW_LUN, &live->id) == NULL)
			continue;
		lun_labels(scrape, &live->id);
		http_scrape_u64(scrape, metric, live->allocated_bytes);
	}
}

static void
write_lun_faults(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < state_count(scrape->live, ROW_LIVE_LUN); i++) {
		const struct row_live_lun *live = state_at(scrape->live, ROW_LIVE_LUN, i);

		if (state_find(scrape->config, ROW_LUN, &live->id) == NULL)
			continue;
		lun_labels(scrape, &live->id);
		http_scrape_u64(scrape, metric, live->faults);
	}
}

/* 1 = healthy, 0 = it is not; a LUN that nobody has looked at yet is left out. */
static void
write_lun_healthy(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < state_count(scrape->live, ROW_LIVE_LUN); i++) {
		const struct row_live_lun *live = state_at(scrape->live, ROW_LIVE_LUN, i);

		if (live->health == HEALTH_UNKNOWN ||
		    state_find(scrape->config, ROW_LUN, &live->id) == NULL)
			continue;
		lun_labels(scrape, &live->id);
		http_scrape_u64(scrape, metric, live->health == HEALTH_OK);
	}
}

static void
write_lun_commands(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < scrape->lun_count; i++) {
		for (unsigned kind = 0; kind < ARRAY_KINDS; kind++) {
			lun_labels(scrape, &scrape->luns[i].id);
			http_scrape_label(scrape, "kind", http_metric_kinds[kind]);
			http_scrape_u64(scrape, metric, scrape->luns[i].commands[kind]);
		}
	}
}

static void
write_lun_bytes(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < scrape->lun_count; i++) {
		for (unsigned kind = 0; kind < ARRAY_LEN(scrape->luns[i].bytes); kind++) {
			lun_labels(scrape, &scrape->luns[i].id);
			http_scrape_label(scrape, "kind", http_metric_kinds[kind]);
			http_scrape_u64(scrape, metric, scrape->luns[i].bytes[kind]);
		}
	}
}

static void
write_lun_errors(struct http_scrape *scrape, const struct http_metric *metric)
{
	static const char *const causes[] = { "status", "medium", "space" };

	for (size_t i = 0; i < scrape->lun_count; i++) {
		const struct http_lun_sample *c = &scrape->luns[i];
		const uint64_t errors[] = { c->failed_commands, c->medium_errors, c->space_errors };

		for (unsigned cause = 0; cause < ARRAY_LEN(causes); cause++) {
			lun_labels(scrape, &scrape->luns[i].id);
			http_scrape_label(scrape, "cause", causes[cause]);
			http_scrape_u64(scrape, metric, errors[cause]);
		}
	}
}

/* Kinds that did not occur are left out: a histogram has many lines. */
static void
write_lun_seconds(struct http_scrape *scrape, const struct http_metric *metric)
{
	bool with_buckets = scrape->lun_count <= SCRAPE_HISTOGRAMS_MAX;

	for (size_t i = 0; i < scrape->lun_count; i++)
		for (unsigned kind = 0; kind < ARRAY_KINDS; kind++) {
			const struct http_latency *latency = &scrape->luns[i].latency[kind];

			if (latency->count == 0)
				continue;
			lun_labels(scrape, &scrape->luns[i].id);
			http_scrape_label(scrape, "kind", http_metric_kinds[kind]);
			http_scrape_latency(scrape, metric, latency, with_buckets);
		}
}

/* ---- schedules of snapshots ---- */

static void
schedule_label(struct http_scrape *scrape, const struct row_live_snapshot_schedule *live)
{
	const struct row_snapshot_schedule *schedule = state_find(scrape->config,
								  ROW_SNAPSHOT_SCHEDULE, &live->id);

	http_scrape_labels(scrape, "schedule", schedule != NULL ? schedule->name : "", LABELS_END);
}

static void
write_schedule_runs(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < state_count(scrape->live, ROW_LIVE_SNAPSHOT_SCHEDULE); i++) {
		const struct row_live_snapshot_schedule *live = state_at(
			scrape->live, ROW_LIVE_SNAPSHOT_SCHEDULE, i);

		schedule_label(scrape, live);
		http_scrape_label(scrape, "result", "ok");
		http_scrape_u64(scrape, metric, live->runs);
		schedule_label(scrape, live);
		http_scrape_label(scrape, "result", "failed");
		http_scrape_u64(scrape, metric, live->failures);
	}
}

static void
write_schedule_last(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < state_count(scrape->live, ROW_LIVE_SNAPSHOT_SCHEDULE); i++) {
		const struct row_live_snapshot_schedule *live = state_at(
			scrape->live, ROW_LIVE_SNAPSHOT_SCHEDULE, i);

		schedule_label(scrape, live);
		http_scrape_u64(scrape, metric, (uint64_t)live->last_ms / 1000);
	}
}

/* ---- jobs, drives and the API ---- */

static void
write_jobs(struct http_scrape *scrape, const struct http_metric *metric)
{
	enum { PAUSED = JOB_CANCELLED + 1 }; /* here a state of its own */
	static const char *const names[] = { [JOB_RUNNING] = "running",
					     [JOB_DONE] = "done",
					     [JOB_FAILED] = "failed",
					     [JOB_CANCELLED] = "cancelled",
					     [PAUSED] = "paused" };
	static const char *const what[] = { [JOB_CREATE_LUN] = "create-lun",
					    [JOB_EXTEND_LUN] = "extend-lun",
					    [JOB_DELETE_LUN] = "delete-lun",
					    [JOB_MOVE_LUN] = "move-lun" };
	uint64_t counts[ARRAY_LEN(what)][ARRAY_LEN(names)] = { 0 };

	for (size_t i = 0; i < state_count(scrape->config, ROW_JOB); i++) {
		const struct row_job *job = state_at(scrape->config, ROW_JOB, i);
		unsigned state = job->paused ? PAUSED : (unsigned)job->state;

		counts[job->kind][state]++; /* JOB_OTHER is in no state of vdsd */
	}
	for (unsigned kind = 0; kind < ARRAY_LEN(what); kind++)
		for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
			http_scrape_labels(scrape, "kind", what[kind], "state", names[i],
					   LABELS_END);
			http_scrape_u64(scrape, metric, counts[kind][i]);
		}
}

static void
write_drive_ready(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < state_count(scrape->live, ROW_LIVE_DRIVE); i++) {
		const struct row_live_drive *drive = state_at(scrape->live, ROW_LIVE_DRIVE, i);

		http_scrape_labels(scrape, "drive", drive->name, "serial", drive->serial,
				   LABELS_END);
		http_scrape_u64(scrape, metric, drive->ready);
	}
}

/* A drive of which the size is not known is left out. */
static void
write_drive_size(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < state_count(scrape->live, ROW_LIVE_DRIVE); i++) {
		const struct row_live_drive *drive = state_at(scrape->live, ROW_LIVE_DRIVE, i);

		if (drive->size_bytes == 0)
			continue;
		http_scrape_labels(scrape, "drive", drive->name, "serial", drive->serial,
				   LABELS_END);
		http_scrape_u64(scrape, metric, drive->size_bytes);
	}
}

static void
write_api_connections(struct http_scrape *scrape, const struct http_metric *metric)
{
	uint64_t connections = 0, streams = 0;

	pthread_mutex_lock(&scrape->http->lock);
	for (size_t i = 0; i < ARRAY_LEN(scrape->http->sockets); i++) {
		connections += scrape->http->sockets[i].connections;
		streams += atomic_load(&scrape->http->sockets[i].streams);
	}
	pthread_mutex_unlock(&scrape->http->lock);
	http_scrape_labels(scrape, "kind", "all", LABELS_END);
	http_scrape_u64(scrape, metric, connections);
	http_scrape_labels(scrape, "kind", "event_stream", LABELS_END);
	http_scrape_u64(scrape, metric, streams);
}

/* ---- the scrape itself: the last families ---- */

static void
write_left_out(struct http_scrape *scrape, const struct http_metric *metric)
{
	http_scrape_labels(scrape, LABELS_END);
	http_scrape_u64(scrape, metric, scrape->left_out);
}

static void
write_scrape_seconds(struct http_scrape *scrape, const struct http_metric *metric)
{
	http_scrape_labels(scrape, LABELS_END);
	http_scrape_ns(scrape, metric, clock_mono_ns() - scrape->begin_ns);
}

/* ---- the table: what there is much of stands at its end ---- */

/* clang-format off */
const struct http_metric http_metrics[] = {
	{ "vds_build", METRIC_INFO, NULL, "The version of vdsd.", write_build },
	{ "vds_array", METRIC_INFO, NULL, "The array: its id, name and serial number.", write_array },
	{ "vds_array_health", METRIC_GAUGE, NULL, "How the array is: 0 ok, 1 warning, 2 critical (`vdsctl health`).", write_health },
	{ "vds_array_read_only", METRIC_GAUGE, NULL, "1 when nothing can be changed because the catalog cannot be written.", write_read_only },
	{ "vds_catalog_changes", METRIC_COUNTER, NULL, "Changes of the configuration since the array was made.", write_changes },
	{ "vds_catalog_commits", METRIC_COUNTER, NULL, "Transactions that were committed to the catalog; changes that wait together share one.", write_catalog_commits },
	{ "vds_catalog_failed_commits", METRIC_COUNTER, NULL, "Transactions of the catalog that have failed.", write_catalog_failed },
	{ "vds_catalog_committed_changes", METRIC_COUNTER, NULL, "Changes in the transactions that were committed in this run of vdsd.", write_catalog_committed },
	{ "vds_catalog_rows", METRIC_COUNTER, NULL, "Rows that these changes have put or deleted.", write_catalog_rows },
	{ "vds_catalog_commit_duration_seconds", METRIC_HISTOGRAM, "seconds", "How long commits of the catalog took, with their sync.", write_catalog_seconds },
	{ "vds_catalog_revision", METRIC_GAUGE, NULL, "The last change that is on disk, as vds_catalog_changes counts them.", write_catalog_revision },
	{ "vds_catalog_size_bytes", METRIC_GAUGE, "bytes", "Sizes of the catalog's database and of its write-ahead log.", write_catalog_size },
	{ "vds_objects", METRIC_GAUGE, NULL, "Objects of the configuration by family.", write_objects },
	{ "vds_gateway_up", METRIC_GAUGE, NULL, "1 when a vdsd runs as the gateway.", http_metric_gateway_up },
	{ "vds_gateway_luns", METRIC_GAUGE, NULL, "LUNs that a gateway owns.", http_metric_gateway_luns },
	{ "vds_gateway_takeovers", METRIC_COUNTER, NULL, "Gateways whose LUNs this one has given to others, because they were dead.", http_metric_gateway_takeovers },
	{ "vds_gateway_moves", METRIC_COUNTER, NULL, "LUNs that this gateway has given to others.", http_metric_gateway_moves },
	{ "vds_gateway_claims", METRIC_COUNTER, NULL, "LUNs that this gateway has begun to serve as their owner.", http_metric_gateway_claims },
	{ "vds_gateway_passed", METRIC_COUNTER, NULL, "Requests for LUNs that this gateway has passed to their owners.", http_metric_gateway_passed },
	{ "vds_gateway_lease_renewals", METRIC_COUNTER, NULL, "How often this gateway has renewed its lease.", http_metric_gateway_renewals },
	{ "vds_gateway_lease_retakes", METRIC_COUNTER, NULL, "How often this gateway has taken its lease again after it had ended.", http_metric_gateway_retakes },
	{ "vds_forwarded_commands", METRIC_COUNTER, NULL, "Commands of initiators that came back from the gateway that owns their LUN.", http_metric_forwarded_commands },
	{ "vds_forwarded_errors", METRIC_COUNTER, NULL, "Forwarded commands that the owner has not answered.", http_metric_forwarded_errors },
	{ "vds_forwarded_read_bytes", METRIC_COUNTER, "bytes", "Data that forwarded commands have read.", http_metric_forwarded_read },
	{ "vds_forwarded_written_bytes", METRIC_COUNTER, "bytes", "Data that forwarded commands have written.", http_metric_forwarded_written },
	{ "vds_forward_links", METRIC_COUNTER, NULL, "Connections to the owner that were begun for sessions of initiators.", http_metric_forward_links },
	{ "vds_forward_links_broken", METRIC_COUNTER, NULL, "Connections to the owner that have ended with an error.", http_metric_forward_links_broken },
	{ "process_cpu_seconds", METRIC_COUNTER, "seconds", "Time of processors that vdsd has used.", write_cpu },
	{ "process_resident_memory_bytes", METRIC_GAUGE, "bytes", "Memory that vdsd takes.", write_memory },
	{ "vds_pool_size_bytes", METRIC_GAUGE, "bytes", "Size of the file system of a pool.", write_pool_capacity },
	{ "vds_pool_free_bytes", METRIC_GAUGE, "bytes", "Free space of the file system of a pool.", write_pool_free },
	{ "vds_pool_allocated_bytes", METRIC_GAUGE, "bytes", "Space that the LUNs of a pool take.", write_pool_allocated },
	{ "vds_pool_snapshot_bytes", METRIC_GAUGE, "bytes", "Space that snapshots take of their own: what several share counts in none.", write_pool_snapshots },
	{ "vds_pool_trash_bytes", METRIC_GAUGE, "bytes", "Space that deleted LUNs take which are kept.", write_pool_trash },
	{ "vds_pool_low_bytes", METRIC_GAUGE, "bytes", "A pool is low when less is free.", write_pool_low },
	{ "vds_pool_full_bytes", METRIC_GAUGE, "bytes", "A pool is full when less is free.", write_pool_full },
	{ "vds_pool_level", METRIC_GAUGE, NULL, "How full a pool is: 0 ok, 1 low, 2 full.", write_pool_level },
	{ "vds_pool_crossings", METRIC_COUNTER, NULL, "Times that a pool has become low or full.", write_pool_crossings },
	{ "vds_pool_limit", METRIC_GAUGE, NULL, "What the storage of a pool can do, as an administrator has set it.", http_metric_pool_limit },
	{ "vds_pool_ready", METRIC_GAUGE, NULL, "1 when the pool can be used.", write_pool_ready },
	{ "vds_command_duration_seconds", METRIC_HISTOGRAM, "seconds", "From the receipt of a command until its answer was sent, of all LUNs.", http_metric_seconds },
	{ "vds_slow_commands", METRIC_COUNTER, NULL, "Commands that took as long as --slow-ms says, or longer.", http_metric_slow },
	{ "vds_sessions", METRIC_GAUGE, NULL, "Sessions of initiators.", http_metric_sessions },
	{ "vds_portal_ready", METRIC_GAUGE, NULL, "1 when the portal listens.", http_metric_portal_ready },
	{ "vds_port_bytes", METRIC_COUNTER, "bytes", "Bytes of iSCSI connections through a network interface.", http_metric_port_bytes },
	{ "vds_port_logins", METRIC_COUNTER, NULL, "Sessions that have begun through a network interface.", http_metric_port_logins },
	{ "vds_port_up", METRIC_GAUGE, NULL, "1 when a network interface has a link.", http_metric_port_up },
	{ "vds_port_speed_bytes", METRIC_GAUGE, "bytes", "Bytes that a network interface can move in a second.", http_metric_port_speed },
	{ "vds_port_mtu_bytes", METRIC_GAUGE, "bytes", "The largest packet of a network interface.", http_metric_port_mtu },
	{ "vds_thread_cpu_seconds", METRIC_COUNTER, "seconds", "Time of processors that a thread of the data path has used.", http_metric_thread_cpu },
	{ "vds_thread_busy_seconds", METRIC_COUNTER, "seconds", "How long a thread of the data path has handled work; its rate is the busy fraction.", http_metric_thread_busy },
	{ "vds_thread_sessions", METRIC_GAUGE, NULL, "Sessions that a thread of the data path serves.", http_metric_thread_sessions },
	{ "vds_jobs", METRIC_GAUGE, NULL, "Jobs by kind and state; those that have ended are kept for a while.", write_jobs },
	{ "vds_drive_ready", METRIC_GAUGE, NULL, "1 when the drive below a pool can be used.", write_drive_ready },
	{ "vds_drive_size_bytes", METRIC_GAUGE, "bytes", "Size of a drive below a pool.", write_drive_size },
	{ "vds_api_connections", METRIC_GAUGE, NULL, "Connections to the API, and how many of these are event streams.", write_api_connections },
	{ "vds_login_failures", METRIC_COUNTER, NULL, "Logins that have failed, by target and reason.", http_metric_login_failures },
	{ "vds_host_sessions", METRIC_GAUGE, NULL, "Sessions of a host.", http_metric_host_sessions },
	{ "vds_host_logins", METRIC_COUNTER, NULL, "Sessions of a host that have begun.", http_metric_host_logins },
	{ "vds_host_commands", METRIC_COUNTER, NULL, "SCSI commands of a host, those of sessions that have ended included.", http_metric_host_commands },
	{ "vds_host_bytes", METRIC_COUNTER, "bytes", "Bytes that a host read and wrote.", http_metric_host_bytes },
	{ "vds_host_command_seconds", METRIC_COUNTER, "seconds", "How long the commands of a host took together.", http_metric_host_seconds },
	{ "vds_snapshot_schedule_runs", METRIC_COUNTER, NULL, "Runs of a schedule of snapshots in this run of vdsd, by how they ended.", write_schedule_runs },
	{ "vds_snapshot_schedule_last_success_timestamp_seconds", METRIC_GAUGE, "seconds", "When a schedule has last taken snapshots; 0 = never.", write_schedule_last },
	{ "vds_host_limit", METRIC_GAUGE, NULL, "What a host may do at most in all its sessions.", http_metric_host_limit },
	{ "vds_host_limited_commands", METRIC_COUNTER, NULL, "Commands of a host that waited for a limit.", http_metric_host_limited },
	{ "vds_host_limited_seconds", METRIC_COUNTER, "seconds", "How long commands of a host waited for limits together.", http_metric_host_limited_seconds },
	{ "vds_lun_limit", METRIC_GAUGE, NULL, "What initiators may do with a LUN at most, and what it keeps of its pool.", http_metric_lun_limit },
	{ "vds_lun_size_bytes", METRIC_GAUGE, "bytes", "Size of a LUN as initiators see it.", write_lun_size },
	{ "vds_lun_allocated_bytes", METRIC_GAUGE, "bytes", "Space that a LUN takes in its pool.", write_lun_allocated },
	{ "vds_lun_healthy", METRIC_GAUGE, NULL, "1 when the store of a LUN is sound.", write_lun_healthy },
	{ "vds_lun_injected_faults", METRIC_GAUGE, NULL, "Faults that were injected into a LUN for tests.", write_lun_faults },
	{ "vds_lun_commands", METRIC_COUNTER, NULL, "SCSI commands of a LUN since it was first used in this run of vdsd.", write_lun_commands },
	{ "vds_lun_bytes", METRIC_COUNTER, "bytes", "Bytes that initiators read and wrote.", write_lun_bytes },
	{ "vds_lun_errors", METRIC_COUNTER, NULL, "Commands that ended with another status than GOOD, and errors of the store.", write_lun_errors },
	{ "vds_lun_limited_commands", METRIC_COUNTER, NULL, "Commands of a LUN that waited for a limit: its own, or that of a host or its pool.", http_metric_lun_limited },
	{ "vds_lun_limited_seconds", METRIC_COUNTER, "seconds", "How long commands of a LUN waited for limits together.", http_metric_lun_limited_seconds },
	{ "vds_session_commands", METRIC_COUNTER, NULL, "SCSI commands of a session.", http_metric_session_commands },
	{ "vds_session_bytes", METRIC_COUNTER, "bytes", "Bytes that a session read and wrote.", http_metric_session_bytes },
	{ "vds_session_command_seconds", METRIC_COUNTER, "seconds", "How long the commands of a session took together.", http_metric_session_seconds },
	{ "vds_lun_command_duration_seconds", METRIC_HISTOGRAM, "seconds", "From the receipt of a command until its answer was sent, by LUN.", write_lun_seconds },
	{ "vds_scrape_families_left_out", METRIC_GAUGE, NULL, "Families that this answer has not, because it would be too long.", write_left_out },
	{ "vds_scrape_duration_seconds", METRIC_GAUGE, "seconds", "How long vdsd took to make this answer.", write_scrape_seconds },
};
/* clang-format on */
const size_t http_metric_count = ARRAY_LEN(http_metrics);
