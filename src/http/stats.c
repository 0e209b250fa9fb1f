/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the data path has counted, and the summary of the array's health, as JSON.  Clients that
 * show rates ask twice and divide; the histograms are sent as pairs of a bucket and its count, so
 * that empty buckets cost nothing.  The connection's thread.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"

static const char *const kind_names[ARRAY_KINDS] = { "read", "write", "other" };

/* ---- all of it ---- */

struct stats {
	json_t *luns, *sessions, *threads, *hosts, *logins;
	bool failed; /* there was no memory */
};

static void
append(struct stats *stats, json_t *list, json_t *item)
{
	if (json_array_append_new(list, item) < 0)
		stats->failed = true;
}

/* [[bucket, count], …] without empty buckets; NULL when there is no memory. */
static json_t *
buckets_json(const struct histogram_total *total)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS && list != NULL; i++) {
		if (total->counts[i] == 0)
			continue;
		if (json_array_append_new(
			    list, json_pack("[i, I]", (int)i, (json_int_t)total->counts[i])) < 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

static void
lun_json(void *arg, const struct guid *id, const struct array_lun_counters *counters)
{
	const uint64_t bytes[ARRAY_KINDS] = { counters->read_bytes, counters->write_bytes, 0 };
	struct stats *stats = arg;
	char text[GUID_TEXT_SIZE];
	json_t *json = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "id", guid_format(id, text),
				 "limited_commands", (json_int_t)counters->limited_commands,
				 "limited_ns", (json_int_t)counters->limited_ns, "failed_commands",
				 (json_int_t)counters->failed_commands, "medium_errors",
				 (json_int_t)counters->medium_errors, "space_errors",
				 (json_int_t)counters->space_errors);

	for (unsigned kind = 0; kind < ARRAY_KINDS; kind++) {
		const struct histogram_total *latency = &counters->latency[kind];
		json_t *part = json_pack("{s:I, s:I, s:I, s:o}", "commands",
					 (json_int_t)histogram_count(latency), "bytes",
					 (json_int_t)bytes[kind], "ns", (json_int_t)latency->sum_ns,
					 "buckets", buckets_json(latency));

		if (json_object_set_new(json, kind_names[kind], part) < 0)
			stats->failed = true;
	}
	append(stats, stats->luns, json);
}

/* Adds a member for each kind of commands; the arrays have an element for each kind. */
static void
loads_add(struct stats *stats, json_t *json, const uint64_t *commands, const uint64_t *bytes,
	  const uint64_t *ns)
{
	for (unsigned kind = 0; kind < ARRAY_KINDS; kind++)
		if (json_object_set_new(json, kind_names[kind],
					json_pack("{s:I, s:I, s:I}", "commands",
						  (json_int_t)commands[kind], "bytes",
						  (json_int_t)bytes[kind], "ns",
						  (json_int_t)ns[kind])) < 0)
			stats->failed = true;
}

static void
session_json(void *arg, const struct array_session_counters *counters)
{
	struct stats *stats = arg;
	char text[GUID_TEXT_SIZE];
	json_t *json = json_pack("{s:s}", "id", guid_format(&counters->id, text));

	loads_add(stats, json, counters->commands, counters->bytes, counters->ns);
	append(stats, stats->sessions, json);
}

static void
host_json(void *arg, const struct array_host_counters *counters)
{
	struct stats *stats = arg;
	char text[GUID_TEXT_SIZE];
	json_t *json = json_pack(
		"{s:s, s:I, s:I, s:I, s:I}", "id", guid_format(&counters->id, text), "sessions",
		(json_int_t)counters->sessions, "logins", (json_int_t)counters->logins,
		"limited_commands", (json_int_t)counters->limited_commands, "limited_ns",
		(json_int_t)counters->limited_ns);

	loads_add(stats, json, counters->commands, counters->bytes, counters->ns);
	append(stats, stats->hosts, json);
}

static void
login_json(void *arg, const struct array_login_counters *counters)
{
	struct stats *stats = arg;
	char text[GUID_TEXT_SIZE];
	json_t *failures = json_object();

	for (unsigned i = 0; i < ARRAY_LOGIN_FAILURES; i++)
		if (json_object_set_new(failures, array_login_failure_name(i),
					json_integer((json_int_t)counters->failures[i])) < 0)
			stats->failed = true;
	append(stats, stats->logins,
	       json_pack("{s:s, s:o}", "target_id", guid_format(&counters->target_id, text),
			 "failures", failures));
}

static void
thread_json(void *arg, const struct array_thread_counters *counters)
{
	struct stats *stats = arg;

	append(stats, stats->threads,
	       json_pack("{s:i, s:i, s:I, s:I, s:I}", "index", (int)counters->index, "sessions",
			 (int)counters->sessions, "cpu_ns", (json_int_t)counters->cpu_ns, "busy_ns",
			 (json_int_t)counters->busy_ns, "slow_commands",
			 (json_int_t)counters->slow_commands));
}

int
http_stats(struct http_call *call, struct http_reply *reply)
{
	struct stats stats = {
		.luns = json_array(),
		.sessions = json_array(),
		.threads = json_array(),
		.hosts = json_array(),
		.logins = json_array(),
	};
	struct array_sampler sampler = {
		.lun = lun_json,
		.session = session_json,
		.thread = thread_json,
		.host = host_json,
		.login = login_json,
		.arg = &stats,
	};
	int rc = array_sample(call->array, &sampler);
	json_t *json = json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "time_ns",
				 (json_int_t)clock_mono_ns(), "luns", stats.luns, "sessions",
				 stats.sessions, "threads", stats.threads, "hosts", stats.hosts,
				 "logins", stats.logins);

	if (rc == 0 && stats.failed)
		rc = -ENOMEM;
	if (rc < 0) {
		json_decref(json);
		return rc;
	}
	return http_reply_json(reply, json);
}

/* ---- one LUN ---- */

/* Adds read_mean_us, read_p50_us, read_p99_us, … for one kind of command. */
static int
latency_add(json_t *json, const char *kind, const struct histogram_total *latency)
{
	static const struct {
		const char *name;
		unsigned permille;
	} quantiles[] = { { "p50", 500 }, { "p99", 990 }, { "p999", 999 } };
	uint64_t count = histogram_count(latency);
	char name[32];

	snprintf(name, sizeof(name), "%s_mean_us", kind);
	if (json_object_set_new(
		    json, name,
		    json_integer((json_int_t)(count > 0 ? latency->sum_ns / count / 1000 : 0))) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++) {
		uint64_t ns = histogram_quantile_ns(latency, quantiles[i].permille);

		snprintf(name, sizeof(name), "%s_%s_us", kind, quantiles[i].name);
		if (json_object_set_new(json, name, json_integer((json_int_t)(ns / 1000))) < 0)
			return -ENOMEM;
	}
	return 0;
}

int
http_lun_counters(struct http_call *call, struct http_reply *reply)
{
	struct array_lun_counters c;
	json_t *json;
	int rc = array_lun_counters(call->array, &call->ids[0], &c);

	if (rc < 0)
		return rc;
	json = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "read_commands",
			 (json_int_t)c.read_commands, "write_commands",
			 (json_int_t)c.write_commands, "other_commands",
			 (json_int_t)c.other_commands, "failed_commands",
			 (json_int_t)c.failed_commands, "read_bytes", (json_int_t)c.read_bytes,
			 "write_bytes", (json_int_t)c.write_bytes, "medium_errors",
			 (json_int_t)c.medium_errors, "space_errors", (json_int_t)c.space_errors,
			 "limited_commands", (json_int_t)c.limited_commands, "limited_us",
			 (json_int_t)(c.limited_ns / 1000));
	for (unsigned kind = 0; kind < ARRAY_KINDS; kind++)
		if (json == NULL || latency_add(json, kind_names[kind], &c.latency[kind]) < 0) {
			json_decref(json);
			return -ENOMEM;
		}
	return http_reply_json(reply, json);
}

/* ---- health ---- */

static json_t *
problem_json(const struct array_problem *problem)
{
	char id[GUID_TEXT_SIZE];

	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "level", array_health_name(problem->level),
			 "family", row_type(problem->family)->name, "id",
			 guid_format(&problem->id, id), "text", problem->text, "hint",
			 problem->hint);
}

int
http_health(struct http_call *call, struct http_reply *reply)
{
	struct array_health health;
	json_t *problems = json_array();
	int rc = array_health(call->array, &health);

	if (rc < 0) {
		json_decref(problems);
		return rc;
	}
	for (size_t i = 0; i < health.count && rc == 0; i++)
		if (json_array_append_new(problems, problem_json(&health.problems[i])) < 0)
			rc = -ENOMEM;
	array_health_fini(&health);
	if (rc < 0) {
		json_decref(problems);
		return rc;
	}
	return http_reply_json(reply,
			       json_pack("{s:s, s:o}", "status", array_health_name(health.level),
					 "problems", problems));
}
