/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits of LUNs, hosts and pools: the options that set them, and how they are shown. */
#include "model/qos.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/* The option that sets each word. */
static const enum ctl_option_id options[QOS_WORDS] = {
	[QOS_IOPS] = OPT_IOPS,
	[QOS_BANDWIDTH] = OPT_BANDWIDTH,
	[QOS_BURST] = OPT_BURST,
	[QOS_MIN_IOPS] = OPT_MIN_IOPS,
	[QOS_MIN_BANDWIDTH] = OPT_MIN_BANDWIDTH,
};

/* ---- options ---- */

static int
number_read(const char *option, const char *text, uint64_t *ret_number)
{
	if (str_parse_u64(text, ret_number) < 0 || *ret_number == 0)
		return err_set(
			ERR_INVALID,
			"%s takes a number of commands a second such as 500, or none, not %s",
			option, text);
	return 0;
}

/* "100M" and "100M/s" are the same. */
static int
rate_read(const char *option, const char *text, uint64_t *ret_bytes)
{
	size_t len = strlen(text);
	AUTO_FREE char *size = str_ndup(text, len > 2 && strcmp(text + len - 2, "/s") == 0 ? len - 2
											   : len);

	return size != NULL ? ctl_size_parse(option, size, ret_bytes) : -ENOMEM;
}

static int
value_read(enum qos_word word, const char *text, uint64_t *ret_value)
{
	char option[32];

	snprintf(option, sizeof(option), "--%s", ctl_options[options[word]].name);
	*ret_value = 0;
	if (strcmp(text, "none") == 0)
		return 0;
	if (word == QOS_BURST)
		return ctl_duration_parse(option, text, ret_value);
	return word == QOS_IOPS || word == QOS_MIN_IOPS ? number_read(option, text, ret_value)
							: rate_read(option, text, ret_value);
}

int
ctl_qos_read(const struct ctl *ctl, char *text, const char **ret_change)
{
	size_t len = 0;
	int rc = 0;

	for (int i = 0; i < QOS_WORDS && rc == 0; i++) {
		const char *given = ctl->options[options[i]];
		uint64_t value;

		if (given == NULL)
			continue;
		rc = value_read((enum qos_word)i, given, &value);
		if (rc == 0)
			len += (size_t)snprintf(text + len, QOS_TEXT_MAX - len, "%s%s=%" PRIu64,
						len > 0 ? " " : "", qos_word((enum qos_word)i),
						value);
	}
	if (rc == 0)
		*ret_change = len > 0 ? text : NULL;
	return rc;
}

/* ---- commands ---- */

static int
set(struct ctl *ctl, enum row_family family, enum verb_id verb)
{
	char text[QOS_TEXT_MAX];
	struct verb_args args = { 0 };
	struct client_answer answer;
	struct guid id;
	/* a change of its own: vdsd takes one of the two at a time */
	const struct verb_args cache = { .cache = ctl->options[OPT_CACHE] };
	int rc = ctl_qos_read(ctl, text, &args.qos);

	if (rc == 0 && args.qos == NULL && cache.cache == NULL)
		rc = err_set(ERR_INVALID, "nothing is to be set: give --iops, --bandwidth%s",
			     family == ROW_LUN ? ", --burst, --min-iops, --min-bandwidth or --cache"
					       : " or --burst");
	if (rc == 0)
		rc = ctl_resolve(ctl, family, ctl->args[0], &id);
	if (rc == 0 && cache.cache != NULL)
		rc = client_change(ctl->client, verb, &id, &cache, &answer);
	if (rc == 0 && args.qos != NULL)
		rc = client_change(ctl->client, verb, &id, &args, &answer);
	return ctl_done(ctl, rc, &answer, "%s %s is set", ctl_noun(family), ctl->args[0]);
}

int
ctl_run_lun_set(struct ctl *ctl)
{
	return set(ctl, ROW_LUN, VERB_LUN_CHANGE);
}

int
ctl_run_host_set(struct ctl *ctl)
{
	return set(ctl, ROW_HOST, VERB_HOST_CHANGE);
}

/* ---- for people ---- */

static void
add(struct strbuf *text, const struct qos *qos, enum qos_word iops, enum qos_word bandwidth)
{
	char size[32];

	if (qos->values[iops] != 0)
		strbuf_addf(text, "%" PRIu64 " commands/s", qos->values[iops]);
	if (qos->values[iops] != 0 && qos->values[bandwidth] != 0)
		strbuf_add(text, " and ");
	if (qos->values[bandwidth] != 0)
		strbuf_addf(text, "%s/s",
			    str_format_size(qos->values[bandwidth], size, sizeof(size)));
}

void
ctl_qos_describe(const char *qos, struct strbuf *text)
{
	struct qos q;

	if (qos == NULL || *qos == '\0' || qos_parse(qos, &q) < 0)
		return;
	add(text, &q, QOS_IOPS, QOS_BANDWIDTH);
	if (q.values[QOS_BURST] != 0)
		strbuf_addf(text, ", saved up for %g s", (double)q.values[QOS_BURST] / 1000);
	if (q.values[QOS_MIN_IOPS] == 0 && q.values[QOS_MIN_BANDWIDTH] == 0)
		return;
	strbuf_add(text, text->len > 0 ? "; keeps " : "keeps ");
	add(text, &q, QOS_MIN_IOPS, QOS_MIN_BANDWIDTH);
}
