/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl top`, `vdsctl lun stats` and `vdsctl host stats`: rates and latencies of LUNs, hosts and
 * sessions.  vdsd only counts (GET /v1/stats); these commands ask again and again and show the
 * difference of two answers.  Names come from the replica.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/histogram.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "model/host.h"
#include "model/qos.h"
#include "vdsctl/ctl_int.h"

#define INTERVAL_MAX_S 3600
#define ROWS_TTY       20 /* rows of a table on a terminal; the busiest come first */
#define NAME_SIZE      300

enum top_kind { KIND_READ, KIND_WRITE, KIND_OTHER, KINDS };
static const char *const kind_names[KINDS] = { "read", "write", "other" };

/* What one object did between two answers. */
struct load {
	char name[NAME_SIZE];
	char group[NAME_SIZE]; /* of a session: its host, else its initiator */
	uint64_t commands[KINDS], bytes[KINDS], ns[KINDS];
	struct histogram_total latency[KINDS]; /* of LUNs only */
	uint64_t limited, limited_ns;          /* commands that waited for a limit, and how long */
	char qos[QOS_TEXT_MAX];                /* of a LUN and a host: its own limits */
	bool is_host;                          /* of vdsd's list of hosts */
	bool is_session;
	uint64_t sessions, logins; /* of such a host: now, and since vdsd started */
};

struct loads {
	struct load *at;
	size_t count, capacity;
};

struct top {
	struct ctl *ctl;
	/*
	 * of `lun stats` and `host stats`: the only LUN or host that is shown; zero = all is shown
	 */
	struct guid lun, host;
	unsigned interval_s, count;
	json_t *before, *after; /* two answers */
	double seconds;         /* between them */
	struct loads luns, hosts, sessions;
	bool tty;
};

static uint64_t
number(const json_t *json, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(json, name));
}

/* ---- differences ---- */

/*
 * The object of this id in another answer, or NULL.  hint: where it probably is; two answers mostly
 * have the same objects in the same order.
 */
static const json_t *
find(const json_t *list, const json_t *item, size_t hint)
{
	const char *id = json_string_value(json_object_get(item, "id"));
	const json_t *near = json_array_get(list, hint);

	if (near != NULL && str_equal(json_string_value(json_object_get(near, "id")), id))
		return near;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *other = json_array_get(list, i);

		if (str_equal(json_string_value(json_object_get(other, "id")), id))
			return other;
	}
	return NULL;
}

static void
buckets_add(const json_t *buckets, int64_t sign, struct histogram_total *total)
{
	for (size_t i = 0; i < json_array_size(buckets); i++) {
		const json_t *pair = json_array_get(buckets, i);
		uint64_t bucket = (uint64_t)json_integer_value(json_array_get(pair, 0));
		uint64_t count = (uint64_t)json_integer_value(json_array_get(pair, 1));

		if (bucket < HISTOGRAM_BUCKETS)
			total->counts[bucket] += (uint64_t)sign * count;
	}
}

/* What `now` has beyond `old`, which may be NULL: the object is new. */
static void
difference(const json_t *now, const json_t *old, struct load *load)
{
	for (unsigned kind = 0; kind < KINDS; kind++) {
		const json_t *n = json_object_get(now, kind_names[kind]);
		const json_t *o = json_object_get(old, kind_names[kind]);

		load->commands[kind] = number(n, "commands") - number(o, "commands");
		load->bytes[kind] = number(n, "bytes") - number(o, "bytes");
		load->ns[kind] = number(n, "ns") - number(o, "ns");
		buckets_add(json_object_get(n, "buckets"), 1, &load->latency[kind]);
		buckets_add(json_object_get(o, "buckets"), -1, &load->latency[kind]);
	}
	load->limited = number(now, "limited_commands") - number(old, "limited_commands");
	load->limited_ns = number(now, "limited_ns") - number(old, "limited_ns");
}

static struct load *
load_new(struct loads *loads)
{
	if (mem_grow(&loads->at, &loads->capacity, loads->count + 1, sizeof(loads->at[0])) < 0)
		return NULL;
	struct load *load = &loads->at[loads->count++];

	memset(load, 0, sizeof(*load));
	return load;
}

static uint64_t
commands_of(const struct load *load)
{
	return load->commands[KIND_READ] + load->commands[KIND_WRITE] + load->commands[KIND_OTHER];
}

/* The busiest first. */
static int
compare(const void *a, const void *b)
{
	uint64_t x = commands_of(a), y = commands_of(b);

	return x != y ? (x < y) - (x > y)
		      : strcmp(((const struct load *)a)->name, ((const struct load *)b)->name);
}

/* ---- names ---- */

static void
limits_take(struct load *load, const char *qos)
{
	snprintf(load->qos, sizeof(load->qos), "%s", qos != NULL ? qos : "");
}

static void
lun_take(const struct client_view *view, const struct guid *id, struct load *load)
{
	const struct row_lun *lun = state_find(view->config, ROW_LUN, id);

	if (lun != NULL && lun->name[0] != '\0')
		snprintf(load->name, NAME_SIZE, "%s", lun->name);
	else
		guid_format(id, load->name);
	limits_take(load, lun != NULL ? lun->qos : NULL);
}

static void
host_take(const struct row_host *host, struct load *load)
{
	snprintf(load->name, NAME_SIZE, "%s", host->name);
	limits_take(load, host->qos);
}

static void
session_names(const struct client_view *view, const struct guid *id, struct load *load)
{
	const struct row_live_session *session = state_find(view->live, ROW_LIVE_SESSION, id);
	const struct row_target *target =
		session != NULL ? state_find(view->config, ROW_TARGET, &session->target_id) : NULL;
	char text[GUID_TEXT_SIZE];

	const struct row_host *host =
		session != NULL ? state_host_of_initiator(view->config, session->initiator) : NULL;

	load->is_host = host != NULL;
	snprintf(load->group, NAME_SIZE, "%s",
		 host != NULL      ? host->name
		 : session != NULL ? session->initiator
				   : "");
	if (session == NULL)
		snprintf(load->name, NAME_SIZE, "%s", guid_format(id, text));
	else
		snprintf(load->name, NAME_SIZE, "%s from %s",
			 target == NULL             ? "(deleted target)"
			 : target->alias[0] != '\0' ? target->alias
						    : target->iscsi_name,
			 session->initiator_address);
}

/* ---- one round ---- */

static int
luns_take(struct top *top, const struct client_view *view)
{
	const json_t *list = json_object_get(top->after, "luns");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		struct guid id;
		struct load *load;

		if (guid_parse(json_string_value(json_object_get(item, "id")), &id) < 0 ||
		    (!guid_is_zero(&top->lun) && !guid_equal(&top->lun, &id)))
			continue;
		load = load_new(&top->luns);
		if (load == NULL)
			return -ENOMEM;
		lun_take(view, &id, load);
		difference(item, find(json_object_get(top->before, "luns"), item, i), load);
	}
	return 0;
}

static void
load_merge(struct load *to, const struct load *from)
{
	for (unsigned kind = 0; kind < KINDS; kind++) {
		to->commands[kind] += from->commands[kind];
		to->bytes[kind] += from->bytes[kind];
		to->ns[kind] += from->ns[kind];
	}
}

static int
host_add(struct top *top, const struct load *session)
{
	struct load *host = NULL;

	for (size_t i = 0; i < top->hosts.count && host == NULL; i++)
		if (str_equal(top->hosts.at[i].name, session->group))
			host = &top->hosts.at[i];
	if (host == NULL) {
		host = load_new(&top->hosts);
		if (host == NULL)
			return -ENOMEM;
		snprintf(host->name, NAME_SIZE, "%s", session->group);
	}
	load_merge(host, session);
	return 0;
}

/*
 * The hosts that vdsd knows, with what sessions did that have ended meanwhile.  Those that have no
 * session and did nothing are left out.
 */
static int
hosts_take(struct top *top, const struct client_view *view)
{
	const json_t *list = json_object_get(top->after, "hosts");
	const json_t *before = json_object_get(top->before, "hosts");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		const struct row_host *host;
		struct load load = { .is_host = true };
		struct load *kept;
		struct guid id;

		if (guid_parse(json_string_value(json_object_get(item, "id")), &id) < 0 ||
		    (!guid_is_zero(&top->host) && !guid_equal(&top->host, &id)))
			continue;
		host = state_find(view->config, ROW_HOST, &id);
		if (host == NULL)
			continue; /* initiators without a host are shown under their names */
		host_take(host, &load);
		difference(item, find(before, item, i), &load);
		load.sessions = number(item, "sessions");
		load.logins = number(item, "logins");
		if (guid_is_zero(&top->host) && load.sessions == 0 && commands_of(&load) == 0)
			continue;
		kept = load_new(&top->hosts);
		if (kept == NULL)
			return -ENOMEM;
		*kept = load;
	}
	return 0;
}

static int
sessions_take(struct top *top, const struct client_view *view)
{
	const json_t *list = json_object_get(top->after, "sessions");
	bool has_hosts = json_object_get(top->after, "hosts") != NULL;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		struct load *load = load_new(&top->sessions);
		struct guid id;

		if (load == NULL)
			return -ENOMEM;
		if (guid_parse(json_string_value(json_object_get(item, "id")), &id) < 0)
			return err_set(ERR_PROTOCOL, "vdsd named a session that has no id");
		session_names(view, &id, load);
		difference(item, find(json_object_get(top->before, "sessions"), item, i), load);
		if (!(load->is_host && has_hosts) && host_add(top, load) < 0)
			return -ENOMEM;
		load->is_host = false;
		load->is_session = true;
	}
	return 0;
}

static void
loads_sort(struct loads *loads)
{
	if (loads->count > 1)
		qsort(loads->at, loads->count, sizeof(loads->at[0]), compare);
}

static bool
shows_all(const struct top *top)
{
	return guid_is_zero(&top->lun) && guid_is_zero(&top->host);
}

static int
round_take(struct top *top)
{
	AUTO_VIEW struct client_view view = { NULL, NULL };
	int rc;

	top->luns.count = top->hosts.count = top->sessions.count = 0;
	top->seconds = (double)(number(top->after, "time_ns") - number(top->before, "time_ns")) /
		       1e9;
	if (top->seconds <= 0)
		return err_set(ERR_GONE, "vdsd was started anew meanwhile");
	client_view_last(top->ctl->client, &view);
	rc = guid_is_zero(&top->host) ? luns_take(top, &view) : 0;
	if (rc == 0 && guid_is_zero(&top->lun))
		rc = hosts_take(top, &view);
	if (rc == 0 && shows_all(top))
		rc = sessions_take(top, &view);
	loads_sort(&top->luns);
	loads_sort(&top->hosts);
	loads_sort(&top->sessions);
	return rc;
}

/* ---- for people ---- */

static void
cell_us(struct table *table, uint64_t ns, bool known)
{
	if (!known)
		table_add(table, NULL);
	else if (ns < 10000000)
		table_addf(table, "%llu us", (unsigned long long)(ns / 1000));
	else
		table_addf(table, "%llu ms", (unsigned long long)(ns / 1000000));
}

/* Whether there are limits to speak of: there are some, or commands waited for some. */
static bool
have_limits(const struct loads *loads)
{
	for (size_t i = 0; i < loads->count; i++)
		if (loads->at[i].qos[0] != '\0' || loads->at[i].limited > 0)
			return true;
	return false;
}

static void
cell_limits(const struct top *top, struct table *table, const struct load *load)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	ctl_qos_describe(load->qos, &text);
	table_addf(table, "%.0f", (double)load->limited / top->seconds);
	cell_us(table, load->limited > 0 ? load->limited_ns / load->limited : 0, load->limited > 0);
	table_add(table, text.len > 0 ? text.text : NULL);
}

static void
cell_load(const struct top *top, struct table *table, const struct load *load, bool with_latency)
{
	uint64_t ns = load->ns[KIND_READ] + load->ns[KIND_WRITE] + load->ns[KIND_OTHER];

	table_add(table, load->name);
	for (unsigned kind = 0; kind <= KIND_WRITE; kind++)
		table_addf(table, "%.0f", (double)load->commands[kind] / top->seconds);
	for (unsigned kind = 0; kind <= KIND_WRITE; kind++)
		table_addf(table, "%.1f", (double)load->bytes[kind] / top->seconds / 1e6);
	for (unsigned kind = 0; kind <= KIND_WRITE; kind++) {
		uint64_t commands = load->commands[kind];

		cell_us(table, commands > 0 ? load->ns[kind] / commands : 0, commands > 0);
		if (with_latency)
			cell_us(table, histogram_quantile_ns(&load->latency[kind], 990),
				commands > 0);
	}
	table_addf(table, "%.1f", (double)ns / 1e9 / top->seconds);
}

static int
loads_print(const struct top *top, const char *title, const struct loads *loads, bool with_latency)
{
	static const char with[] =
		"|READS/S|WRITES/S|READ MB/S|WRITE MB/S|READ|READ P99|WRITE|WRITE P99|IN FLIGHT";
	static const char without[] = "|READS/S|WRITES/S|READ MB/S|WRITE MB/S|READ|WRITE|IN FLIGHT";
	bool limits = have_limits(loads);
	AUTO_FREE char *titles = str_printf("%s%s%s", title, with_latency ? with : without,
					    limits ? "|LIMITED/S|WAITED|LIMITS" : "");
	AUTO_TABLE struct table *table = titles != NULL ? table_new(titles) : NULL;

	if (table == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < loads->count && (!top->tty || i < ROWS_TTY); i++) {
		cell_load(top, table, &loads->at[i], with_latency);
		if (limits)
			cell_limits(top, table, &loads->at[i]);
	}
	return table_print(table, top->ctl->out);
}

/* The part of one processor that the data path's threads used. */
static double
cpu_used(const struct top *top)
{
	const json_t *now = json_object_get(top->after, "threads");
	const json_t *before = json_object_get(top->before, "threads");
	double ns = 0;

	for (size_t i = 0; i < json_array_size(now); i++)
		ns += (double)number(json_array_get(now, i), "cpu_ns") -
		      (double)number(json_array_get(before, i), "cpu_ns");
	return ns / 1e9 / top->seconds;
}

static int
round_print(const struct top *top)
{
	FILE *out = top->ctl->out;
	char time[CLOCK_TEXT_SIZE];
	int rc;

	if (top->tty)
		fputs("\033[H\033[J", out);
	if (shows_all(top))
		fprintf(out,
			"%s  %.1f s  LUNs in use: %zu  sessions: %zu  CPU of the data path: %.0f "
			"%%\n\n",
			clock_format_utc(clock_utc_ms(), time), top->seconds, top->luns.count,
			top->sessions.count, 100 * cpu_used(top));
	if (!guid_is_zero(&top->host))
		return loads_print(top, "HOST", &top->hosts, false);
	rc = loads_print(top, "LUN", &top->luns, true);
	if (rc < 0 || !guid_is_zero(&top->lun))
		return rc;
	fputc('\n', out);
	rc = loads_print(top, "HOST", &top->hosts, false);
	if (rc < 0)
		return rc;
	fputc('\n', out);
	rc = loads_print(top, "SESSION", &top->sessions, false);
	fputs(top->tty ? "" : "\n", out);
	return rc;
}

/* ---- for programs ---- */

static json_t *
load_json(const struct top *top, const struct load *load)
{
	json_t *json = json_pack("{s:s}", "name", load->name);

	if (load->is_host) {
		json_object_set_new(json, "sessions", json_integer((json_int_t)load->sessions));
		json_object_set_new(json, "logins", json_integer((json_int_t)load->logins));
	}
	for (unsigned kind = 0; kind < KINDS; kind++) {
		uint64_t commands = load->commands[kind];
		json_t *part = json_pack(
			"{s:f, s:f, s:f}", "commands_per_second", (double)commands / top->seconds,
			"bytes_per_second", (double)load->bytes[kind] / top->seconds, "mean_us",
			commands > 0 ? (double)load->ns[kind] / 1e3 / (double)commands : 0.0);

		if (histogram_count(&load->latency[kind]) > 0) {
			uint64_t p50 = histogram_quantile_ns(&load->latency[kind], 500);
			uint64_t p99 = histogram_quantile_ns(&load->latency[kind], 990);

			json_object_set_new(part, "p50_us", json_real((double)p50 / 1e3));
			json_object_set_new(part, "p99_us", json_real((double)p99 / 1e3));
		}
		json_object_set_new(json, kind_names[kind], part);
	}
	if (load->is_session)
		return json;
	json_object_set_new(json, "qos", json_string(load->qos));
	json_object_set_new(
		json, "limited",
		json_pack("{s:f, s:f}", "commands_per_second", (double)load->limited / top->seconds,
			  "mean_us",
			  load->limited > 0 ? (double)load->limited_ns / 1e3 / (double)load->limited
					    : 0.0));
	return json;
}

static json_t *
loads_json(const struct top *top, const struct loads *loads)
{
	json_t *list = json_array();

	for (size_t i = 0; i < loads->count; i++)
		json_array_append_new(list, load_json(top, &loads->at[i]));
	return list;
}

static int
round_json(const struct top *top)
{
	json_t *json = json_pack("{s:f, s:f, s:o, s:o, s:o}", "seconds", top->seconds, "cpu",
				 cpu_used(top), "luns", loads_json(top, &top->luns), "hosts",
				 loads_json(top, &top->hosts), "sessions",
				 loads_json(top, &top->sessions));
	int rc = json != NULL ? ctl_json_print(json, top->ctl->out) : -ENOMEM;

	json_decref(json);
	return rc;
}

/* ---- the commands ---- */

static int
option_number(const struct ctl *ctl, enum ctl_option_id option, uint64_t max, unsigned *number)
{
	uint64_t value;

	if (ctl->options[option] == NULL)
		return 0;
	if (str_parse_u64(ctl->options[option], &value) < 0 || value == 0 || value > max)
		return err_set(ERR_INVALID, "--%s takes a number from 1 to %llu, not %s",
			       ctl_options[option].name, (unsigned long long)max,
			       ctl->options[option]);
	*number = (unsigned)value;
	return 0;
}

static void
pause_for(unsigned seconds)
{
	struct timespec left = { .tv_sec = seconds };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* A LUN or a host that has not been in use yet has nothing to show but zeros. */
static int
idle_add(struct top *top)
{
	AUTO_VIEW struct client_view view = { NULL, NULL };
	bool is_host = !guid_is_zero(&top->host);
	const struct row_host *host;
	struct load *load;

	if (shows_all(top) || top->luns.count + top->hosts.count > 0)
		return 0;
	load = load_new(is_host ? &top->hosts : &top->luns);
	if (load == NULL)
		return -ENOMEM;
	client_view_last(top->ctl->client, &view);
	load->is_host = is_host;
	host = is_host ? state_find(view.config, ROW_HOST, &top->host) : NULL;
	if (host != NULL)
		host_take(host, load);
	else
		lun_take(&view, is_host ? &top->host : &top->lun, load);
	return 0;
}

static int
round_run(struct top *top)
{
	int rc;

	pause_for(top->interval_s);
	rc = client_ask(top->ctl->client, VERB_STATS, NULL, NULL, &top->after);
	if (rc == 0)
		rc = round_take(top);
	if (rc == 0)
		rc = idle_add(top);
	if (rc == 0)
		rc = top->ctl->json ? round_json(top) : round_print(top);
	if (rc == 0 && fflush(top->ctl->out) != 0)
		rc = -errno;
	json_decref(top->before);
	top->before = top->after;
	top->after = NULL;
	return rc;
}

static int
top_run(struct top *top)
{
	struct ctl *ctl = top->ctl;
	int rc = option_number(ctl, OPT_INTERVAL, INTERVAL_MAX_S, &top->interval_s);

	if (rc == 0)
		rc = option_number(ctl, OPT_COUNT_OF, 1000000000, &top->count);
	if (rc == 0)
		rc = client_ask(ctl->client, VERB_STATS, NULL, NULL, &top->before);
	for (unsigned i = 0; rc == 0 && (top->count == 0 || i < top->count); i++)
		rc = round_run(top);
	json_decref(top->before);
	json_decref(top->after);
	mem_free(top->luns.at);
	mem_free(top->hosts.at);
	mem_free(top->sessions.at);
	return rc;
}

int
ctl_run_top(struct ctl *ctl)
{
	struct top top = { .ctl = ctl,
			   .interval_s = 1,
			   .tty = !ctl->json && isatty(STDOUT_FILENO) == 1 };
	int rc = ctl_open_replica(ctl);

	return rc < 0 ? rc : top_run(&top);
}

int
ctl_run_lun_stats(struct ctl *ctl)
{
	struct top top = { .ctl = ctl, .interval_s = 1, .count = 1 };
	int rc = ctl_open_replica(ctl);

	if (rc == 0)
		rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &top.lun);
	return rc < 0 ? rc : top_run(&top);
}

int
ctl_run_host_stats(struct ctl *ctl)
{
	struct top top = { .ctl = ctl, .interval_s = 1, .count = 1 };
	int rc = ctl_open_replica(ctl);

	if (rc == 0)
		rc = ctl_resolve(ctl, ROW_HOST, ctl->args[0], &top.host);
	return rc < 0 ? rc : top_run(&top);
}
