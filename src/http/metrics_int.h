/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to metrics.c and metrics_rows.c: what a scrape looks at, and how a sample is written.
 */
#ifndef VDS_HTTP_METRICS_INT_H
#define VDS_HTTP_METRICS_INT_H

#include "array/array.h"
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

extern const struct http_metric http_metrics[];
extern const size_t http_metric_count;

struct http_lun_sample {
	struct guid id;
	struct array_lun_counters counters;
};

/* One scrape: a moment of the array, what was counted, and the text that is being written. */
struct http_scrape {
	struct array *array;
	struct http *http;
	struct state *config, *live;
	struct http_lun_sample *luns;
	struct array_session_counters *sessions;
	struct array_thread_counters *threads;
	size_t lun_count, lun_capacity, session_count, session_capacity, thread_count,
		thread_capacity;
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

#endif
