/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `GET /metrics`: the array in figures, for Prometheus and its kin.  Two forms of the same text are
 * known: OpenMetrics 1.0 for those that ask for it (Accept), and the older text format 0.0.4 of
 * Prometheus for all others.  They differ in the names of comments, in the end mark and in the
 * media type.  The families are the table of metrics_rows.c.  The connection's thread.
 *
 * An array may have very many LUNs and sessions, and anybody with the role reader may ask.  So
 * 1. one scrape runs at a time, and the others wait for it;
 * 2. nothing that is read holds up the data path or the writer: a lock is held while pointers or
 *    counters are copied, and no row is written to the text under it;
 * 3. the text is bounded: a family that would make it too long is left out as a whole, and
 *    vds_scrape_families_left_out says how many were.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "http/metrics_int.h"

#define TYPE_OPEN_METRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define TYPE_PROMETHEUS   "text/plain; version=0.0.4; charset=utf-8"

/* ---- samples ---- */

static void
escaped_add(struct strbuf *out, const char *value)
{
	for (const char *c = value; *c != '\0'; c++) {
		if (*c == '\n')
			strbuf_add(out, "\\n");
		else if (*c == '"' || *c == '\\')
			strbuf_addf(out, "\\%c", *c);
		else
			strbuf_add_bytes(out, c, 1);
	}
}

void
http_scrape_label(struct http_scrape *scrape, const char *name, const char *value)
{
	strbuf_addf(&scrape->labels, "%s%s=\"", scrape->labels.len > 0 ? "," : "", name);
	escaped_add(&scrape->labels, value != NULL ? value : "");
	strbuf_add(&scrape->labels, "\"");
}

void
http_scrape_labels(struct http_scrape *scrape, ...)
{
	const char *name;
	va_list list;

	scrape->labels.len = 0;
	va_start(list, scrape);
	while ((name = va_arg(list, const char *)) != NULL)
		http_scrape_label(scrape, name, va_arg(list, const char *));
	va_end(list);
}

/* suffix: "_total", "_bucket", …; extra: one label more, or NULL. */
static void
sample_begin(struct http_scrape *scrape, const struct http_metric *metric, const char *suffix,
	     const char *extra)
{
	struct strbuf *out = &scrape->text;
	bool labels = scrape->labels.len > 0;

	scrape->full = scrape->full || out->len > scrape->text_max;
	if (scrape->full)
		out->len = scrape->text_max; /* what follows is cut off with its family */
	strbuf_addf(out, "%s%s", metric->name, suffix);
	if (labels || extra != NULL)
		strbuf_addf(out, "{%.*s%s%s}", (int)scrape->labels.len,
			    labels ? scrape->labels.text : "", labels && extra != NULL ? "," : "",
			    extra != NULL ? extra : "");
	strbuf_add(out, " ");
}

static const char *
suffix_of(const struct http_metric *metric)
{
	switch (metric->type) {
	case METRIC_COUNTER:
		return "_total";
	case METRIC_INFO:
		return "_info";
	case METRIC_GAUGE:
	case METRIC_HISTOGRAM:
		break;
	}
	return "";
}

/* Writes a time in seconds. */
static void
seconds_format(uint64_t ns, char text[32])
{
	snprintf(text, 32, "%llu.%09llu", (unsigned long long)(ns / NS_PER_S),
		 (unsigned long long)(ns % NS_PER_S));
}

void
http_scrape_u64(struct http_scrape *scrape, const struct http_metric *metric, uint64_t value)
{
	sample_begin(scrape, metric, suffix_of(metric), NULL);
	strbuf_addf(&scrape->text, "%" PRIu64 "\n", value);
}

void
http_scrape_ns(struct http_scrape *scrape, const struct http_metric *metric, uint64_t ns)
{
	char text[32];

	seconds_format(ns, text);
	sample_begin(scrape, metric, suffix_of(metric), NULL);
	strbuf_addf(&scrape->text, "%s\n", text);
}

void
http_scrape_histogram(struct http_scrape *scrape, const struct http_metric *metric,
		      const struct histogram_total *total, unsigned step)
{
	uint64_t count = 0;
	char le[48], text[32];

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		count += total->counts[i];
		if (i % step != 0)
			continue;
		seconds_format(histogram_bound_ns(i), text);
		snprintf(le, sizeof(le), "le=\"%s\"", text);
		sample_begin(scrape, metric, "_bucket", le);
		strbuf_addf(&scrape->text, "%" PRIu64 "\n", count);
	}
	count += total->counts[HISTOGRAM_BUCKETS - 1];
	sample_begin(scrape, metric, "_bucket", "le=\"+Inf\"");
	strbuf_addf(&scrape->text, "%" PRIu64 "\n", count);
	sample_begin(scrape, metric, "_sum", NULL);
	seconds_format(total->sum_ns, text);
	strbuf_addf(&scrape->text, "%s\n", text);
	sample_begin(scrape, metric, "_count", NULL);
	strbuf_addf(&scrape->text, "%" PRIu64 "\n", count);
}

void
http_scrape_latency(struct http_scrape *scrape, const struct http_metric *metric,
		    const struct http_latency *latency, bool with_buckets)
{
	char le[48], text[32];

	for (unsigned i = 0; with_buckets && i < SCRAPE_BUCKETS; i++) {
		seconds_format(histogram_bound_ns(i * HISTOGRAM_STEPS), text);
		snprintf(le, sizeof(le), "le=\"%s\"", text);
		sample_begin(scrape, metric, "_bucket", le);
		strbuf_addf(&scrape->text, "%" PRIu64 "\n", latency->counts[i]);
	}
	sample_begin(scrape, metric, "_bucket", "le=\"+Inf\"");
	strbuf_addf(&scrape->text, "%" PRIu64 "\n", latency->count);
	sample_begin(scrape, metric, "_sum", NULL);
	seconds_format(latency->sum_ns, text);
	strbuf_addf(&scrape->text, "%s\n", text);
	sample_begin(scrape, metric, "_count", NULL);
	strbuf_addf(&scrape->text, "%" PRIu64 "\n", latency->count);
}

/* ---- what was counted ---- */

static void
latency_keep(const struct histogram_total *total, struct http_latency *ret)
{
	ret->count = 0;
	ret->sum_ns = total->sum_ns;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		ret->count += total->counts[i];
		if (i % HISTOGRAM_STEPS == 0 && i / HISTOGRAM_STEPS < SCRAPE_BUCKETS)
			ret->counts[i / HISTOGRAM_STEPS] = ret->count;
	}
}

static void
keep_lun(void *arg, const struct guid *id, const struct array_lun_counters *counters)
{
	struct http_scrape *scrape = arg;

	/* A LUN that was deleted since `config` has no name any more. */
	if (state_find(scrape->config, ROW_LUN, id) == NULL)
		return;
	if (mem_grow(&scrape->luns, &scrape->lun_capacity, scrape->lun_count + 1,
		     sizeof(scrape->luns[0])) < 0) {
		scrape->failed = true;
		return;
	}
	struct http_lun_sample *lun = &scrape->luns[scrape->lun_count++];

	lun->id = *id;
	lun->commands[0] = counters->read_commands;
	lun->commands[1] = counters->write_commands;
	lun->commands[2] = counters->other_commands;
	lun->bytes[0] = counters->read_bytes;
	lun->bytes[1] = counters->write_bytes;
	lun->failed_commands = counters->failed_commands;
	lun->medium_errors = counters->medium_errors;
	lun->limited_commands = counters->limited_commands;
	lun->limited_ns = counters->limited_ns;
	lun->space_errors = counters->space_errors;
	for (unsigned kind = 0; kind < ARRAY_KINDS; kind++)
		latency_keep(&counters->latency[kind], &lun->latency[kind]);
}

static void
keep_session(void *arg, const struct array_session_counters *counters)
{
	struct http_scrape *scrape = arg;

	if (state_find(scrape->live, ROW_LIVE_SESSION, &counters->id) == NULL)
		return;
	if (mem_grow(&scrape->sessions, &scrape->session_capacity, scrape->session_count + 1,
		     sizeof(scrape->sessions[0])) < 0) {
		scrape->failed = true;
		return;
	}
	scrape->sessions[scrape->session_count++] = *counters;
}

static void
keep_thread(void *arg, const struct array_thread_counters *counters)
{
	struct http_scrape *scrape = arg;

	if (mem_grow(&scrape->threads, &scrape->thread_capacity, scrape->thread_count + 1,
		     sizeof(scrape->threads[0])) < 0) {
		scrape->failed = true;
		return;
	}
	scrape->threads[scrape->thread_count++] = *counters;
}

static void
keep_host(void *arg, const struct array_host_counters *counters)
{
	struct http_scrape *scrape = arg;

	if (!guid_is_zero(&counters->id) &&
	    state_find(scrape->config, ROW_HOST, &counters->id) == NULL)
		return;
	if (mem_grow(&scrape->hosts, &scrape->host_capacity, scrape->host_count + 1,
		     sizeof(scrape->hosts[0])) < 0) {
		scrape->failed = true;
		return;
	}
	scrape->hosts[scrape->host_count++] = *counters;
}

static void
keep_login(void *arg, const struct array_login_counters *counters)
{
	struct http_scrape *scrape = arg;

	if (!guid_is_zero(&counters->target_id) &&
	    state_find(scrape->config, ROW_TARGET, &counters->target_id) == NULL)
		return;
	if (mem_grow(&scrape->logins, &scrape->login_capacity, scrape->login_count + 1,
		     sizeof(scrape->logins[0])) < 0) {
		scrape->failed = true;
		return;
	}
	scrape->logins[scrape->login_count++] = *counters;
}

/* ---- the text ---- */

static void
comments_add(struct http_scrape *scrape, const struct http_metric *metric)
{
	static const char *const types[] = { [METRIC_COUNTER] = "counter",
					     [METRIC_GAUGE] = "gauge",
					     [METRIC_HISTOGRAM] = "histogram",
					     [METRIC_INFO] = "info" };
	struct strbuf *out = &scrape->text;
	bool info = metric->type == METRIC_INFO;

	if (scrape->open_metrics) {
		strbuf_addf(out, "# TYPE %s %s\n", metric->name, types[metric->type]);
		if (metric->unit != NULL)
			strbuf_addf(out, "# UNIT %s %s\n", metric->name, metric->unit);
		strbuf_addf(out, "# HELP %s %s\n", metric->name, metric->help);
		return;
	}
	strbuf_addf(out, "# HELP %s%s %s\n", metric->name, suffix_of(metric), metric->help);
	strbuf_addf(out, "# TYPE %s%s %s\n", metric->name, suffix_of(metric),
		    info ? "gauge" : types[metric->type]);
}

static void
scrape_fini(struct http_scrape *scrape)
{
	mem_free(scrape->luns);
	mem_free(scrape->sessions);
	mem_free(scrape->threads);
	mem_free(scrape->hosts);
	mem_free(scrape->logins);
	strbuf_fini(&scrape->labels);
	strbuf_fini(&scrape->text);
}

static void
family_add(struct http_scrape *scrape, const struct http_metric *metric)
{
	size_t begin = scrape->text.len;

	scrape->full = false;
	comments_add(scrape, metric);
	metric->write(scrape, metric);
	if (!scrape->full && scrape->text.len <= scrape->text_max)
		return;
	scrape->text.len = begin;
	scrape->left_out++;
}

static int
scrape_write(struct http_scrape *scrape)
{
	struct array_sampler sampler = {
		.lun = keep_lun,
		.session = keep_session,
		.thread = keep_thread,
		.host = keep_host,
		.login = keep_login,
		.arg = scrape,
	};
	int rc = array_sample(scrape->array, &sampler);

	if (rc < 0 || scrape->failed)
		return -ENOMEM;
	array_catalog_counters(scrape->array, &scrape->catalog);
	for (size_t i = 0; i < http_metric_count; i++) {
		if (i + HTTP_METRICS_LAST == http_metric_count)
			scrape->text_max = SIZE_MAX;
		family_add(scrape, &http_metrics[i]);
	}
	if (scrape->open_metrics)
		strbuf_add(&scrape->text, "# EOF\n");
	return scrape->text.failed || scrape->labels.failed ? -ENOMEM : 0;
}

static int
scrape_run(struct http_call *call, struct http_reply *reply)
{
	AUTO_STATE struct state *config = array_state(call->array);
	AUTO_STATE struct state *live = array_live(call->array);
	struct http_scrape scrape = {
		.array = call->array,
		.http = call->http,
		.config = config,
		.live = live,
		.text_max = call->http->scrape_text_max != 0 ? call->http->scrape_text_max
							     : SCRAPE_TEXT_MAX,
		.begin_ns = clock_mono_ns(),
		.open_metrics = call->accept != NULL &&
				strstr(call->accept, "application/openmetrics-text") != NULL,
	};
	int rc = scrape_write(&scrape);

	if (rc == 0) {
		reply->media_type = scrape.open_metrics ? TYPE_OPEN_METRICS : TYPE_PROMETHEUS;
		reply->text_len = scrape.text.len;
		reply->owned_text = strbuf_take(&scrape.text);
		reply->text = reply->owned_text;
	}
	scrape_fini(&scrape);
	return rc;
}

int
http_metrics_get(struct http_call *call, struct http_reply *reply)
{
	int rc;

	pthread_mutex_lock(&call->http->scrape_lock);
	rc = scrape_run(call, reply);
	pthread_mutex_unlock(&call->http->scrape_lock);
	return rc;
}
