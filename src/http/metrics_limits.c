/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The metrics of limits (model/qos.h): what is set, and what has waited for it.  The connection's
 * thread.
 */
#include "http/metrics_int.h"
#include "model/qos.h"

/* Sets the labels of a LUN, a host or a pool. */
static void
labels(struct http_scrape *scrape, enum row_family family, const void *row)
{
	const struct row_lun *lun = row;
	char id[GUID_TEXT_SIZE];

	if (family == ROW_LUN)
		http_scrape_labels(scrape, "lun", lun->name, "lun_id", guid_format(&lun->id, id),
				   LABELS_END);
	else if (family == ROW_HOST)
		http_scrape_labels(scrape, "host", ((const struct row_host *)row)->name,
				   LABELS_END);
	else
		http_scrape_labels(scrape, "pool", ((const struct row_pool *)row)->name,
				   LABELS_END);
}

static const char *
text_of(enum row_family family, const void *row)
{
	if (family == ROW_LUN)
		return ((const struct row_lun *)row)->qos;
	return family == ROW_HOST ? ((const struct row_host *)row)->qos
				  : ((const struct row_pool *)row)->qos;
}

/* One sample for each word that is set; what has no limit is left out. */
static void
limits_write(struct http_scrape *scrape, const struct http_metric *metric, enum row_family family)
{
	for (size_t i = 0; i < state_count(scrape->config, family); i++) {
		const void *row = state_at(scrape->config, family, i);
		const char *text = text_of(family, row);
		struct qos qos;

		if (text == NULL || *text == '\0' || qos_parse(text, &qos) < 0)
			continue;
		for (int word = 0; word < QOS_WORDS; word++) {
			if (qos.values[word] == 0)
				continue;
			labels(scrape, family, row);
			http_scrape_label(scrape, "limit", qos_word((enum qos_word)word));
			http_scrape_u64(scrape, metric, qos.values[word]);
		}
	}
}

void
http_metric_lun_limit(struct http_scrape *scrape, const struct http_metric *metric)
{
	limits_write(scrape, metric, ROW_LUN);
}

void
http_metric_host_limit(struct http_scrape *scrape, const struct http_metric *metric)
{
	limits_write(scrape, metric, ROW_HOST);
}

void
http_metric_pool_limit(struct http_scrape *scrape, const struct http_metric *metric)
{
	limits_write(scrape, metric, ROW_POOL);
}

/* ---- what has waited ---- */

void
http_metric_lun_limited(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < scrape->lun_count; i++) {
		labels(scrape, ROW_LUN, state_find(scrape->config, ROW_LUN, &scrape->luns[i].id));
		http_scrape_u64(scrape, metric, scrape->luns[i].limited_commands);
	}
}

void
http_metric_lun_limited_seconds(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < scrape->lun_count; i++) {
		labels(scrape, ROW_LUN, state_find(scrape->config, ROW_LUN, &scrape->luns[i].id));
		http_scrape_ns(scrape, metric, scrape->luns[i].limited_ns);
	}
}

/* Initiators whose names belong to no host are one host without a name. */
static void
host_labels(struct http_scrape *scrape, const struct array_host_counters *counters)
{
	const struct row_host *host = state_find(scrape->config, ROW_HOST, &counters->id);

	http_scrape_labels(scrape, "host", host != NULL ? host->name : "", LABELS_END);
}

void
http_metric_host_limited(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < scrape->host_count; i++) {
		host_labels(scrape, &scrape->hosts[i]);
		http_scrape_u64(scrape, metric, scrape->hosts[i].limited_commands);
	}
}

void
http_metric_host_limited_seconds(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < scrape->host_count; i++) {
		host_labels(scrape, &scrape->hosts[i]);
		http_scrape_ns(scrape, metric, scrape->hosts[i].limited_ns);
	}
}
