/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to the files metrics*.c: what a scrape looks at, and how a sample is written.
 */
#ifndef VDS_HTTP_METRICS_INT_H
#define VDS_HTTP_METRICS_INT_H

#include "array/array.h"
#include "base/histogram.h"
#include "base/str.h"
#include "http/http_int.h"

enum http_metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_INFO };

struct http_scrape;

/* A family of metrics. */
struct http_metric {
	const char *name; /* without the suffix that its type adds: _total, _info */
	enum http_metric_type type;
	const char *unit; /* NULL = none; the name ends with it */
	const char *help;
	void (*write)(struct http_scrape *scrape, const struct http_metric *metric);
};

/* The last families say how the scrape went and are never left out. */
#define HTTP_METRICS_LAST 2u

extern const struct http_metric http_metrics[];
/* How the kinds of commands are called in labels. */
extern const char *const http_metric_kinds[ARRAY_KINDS];
extern const size_t http_metric_count;

/* A family whose text makes the answer longer than that is left out. */
#define SCRAPE_TEXT_MAX       ((size_t)64 << 20)
/* With more LUNs in use than that, the histograms of single LUNs have no buckets but +Inf. */
#define SCRAPE_HISTOGRAMS_MAX 1000u

/* Buckets of a LUN's histogram: one for each factor of two. */
#define SCRAPE_BUCKETS ((HISTOGRAM_BUCKETS - 2) / HISTOGRAM_STEPS + 1)

/* How long commands took; what is kept of a LUN, of which there may be very many. */
struct http_latency {
	uint64_t counts[SCRAPE_BUCKETS]; /* commands that took less than the bucket's bound */
	uint64_t count, sum_ns;
};

/* What was counted of a LUN. */
struct http_lun_sample {
	struct guid id;
	uint64_t commands[ARRAY_KINDS], bytes[2];
	uint64_t failed_commands, medium_errors, space_errors, limited_commands, limited_ns;
	struct http_latency latency[ARRAY_KINDS];
};

/* One scrape: a moment of the array, what was counted, and the text that is being written. */
struct http_scrape {
	struct array *array;
	struct http *http;
	struct state *config, *live;
	struct http_lun_sample *luns;
	struct array_session_counters *sessions;
	struct array_thread_counters *threads;
	struct array_host_counters *hosts;
	struct array_login_counters *logins;
	size_t lun_count, lun_capacity, session_count, session_capacity, thread_count,
		thread_capacity, host_count, host_capacity, login_count, login_capacity;
	struct array_catalog_counters catalog;
	size_t text_max;   /* SCRAPE_TEXT_MAX */
	bool full;         /* the text of this family is too long */
	unsigned left_out; /* families whose text was too long */
	uint64_t begin_ns; /* when the scrape began */
	bool failed;       /* there was no memory */
	bool open_metrics; /* OpenMetrics 1.0, else the text format 0.0.4 of Prometheus */
	struct strbuf text;
	struct strbuf labels; /* of the samples to come: `lun="vol1",` */
};

#define LABELS_END ((const char *)0)

/*
 * Sets the labels of the samples that follow.  The arguments are pairs of a label's name and its
 * value, ended by LABELS_END; a value of NULL is written as "".
 */
void http_scrape_labels(struct http_scrape *scrape, ...) __attribute__((sentinel));
/* Adds one label more. */
void http_scrape_label(struct http_scrape *scrape, const char *name, const char *value);
/* Writes a sample with the labels that are set. */
void http_scrape_u64(struct http_scrape *scrape, const struct http_metric *metric, uint64_t value);
/* As http_scrape_u64, of a time that is shown in seconds. */
void http_scrape_ns(struct http_scrape *scrape, const struct http_metric *metric, uint64_t ns);
/*
 * Writes a histogram of seconds.  step: buckets that are written as one; 1 writes all,
 * HISTOGRAM_STEPS one for each factor of two.
 */
void http_scrape_histogram(struct http_scrape *scrape, const struct http_metric *metric,
			   const struct histogram_total *total, unsigned step);
/*
 * Writes the histogram of a LUN.  with_buckets: else only the one without a bound, count and sum.
 */
void http_scrape_latency(struct http_scrape *scrape, const struct http_metric *metric,
			 const struct http_latency *latency, bool with_buckets);

/* ---- metrics_limits.c: functions of http_metrics ---- */

void http_metric_lun_limit(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_host_limit(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_pool_limit(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_lun_limited(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_lun_limited_seconds(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_host_limited(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_host_limited_seconds(struct http_scrape *scrape, const struct http_metric *metric);

/* ---- metrics_paths.c: functions of http_metrics ---- */

void http_metric_session_commands(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_session_bytes(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_session_seconds(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_sessions(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_host_commands(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_host_bytes(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_host_seconds(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_host_sessions(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_host_logins(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_login_failures(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_gateway_up(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_gateway_takeovers(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_gateway_moves(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_gateway_claims(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_gateway_passed(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_gateway_renewals(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_gateway_retakes(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_forwarded_commands(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_forwarded_errors(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_forwarded_read(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_forwarded_written(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_forward_links(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_forward_links_broken(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_gateway_luns(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_portal_ready(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_port_bytes(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_port_logins(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_port_up(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_port_speed(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_port_mtu(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_thread_cpu(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_thread_busy(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_thread_sessions(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_slow(struct http_scrape *scrape, const struct http_metric *metric);
void http_metric_seconds(struct http_scrape *scrape, const struct http_metric *metric);

#endif
