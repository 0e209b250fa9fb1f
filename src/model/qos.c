/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads, checks and writes the limits of LUNs, hosts and pools: model/qos.h. */
#include "model/qos.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/state.h"

/* clang-format off */
static const struct {
	const char *word, *option;
	uint64_t least, most;
	const char *what;
} kinds[QOS_WORDS] = {
	[QOS_IOPS] = { "iops", "--iops", QOS_IOPS_MIN, QOS_IOPS_MAX, "commands a second" },
	[QOS_BANDWIDTH] = { "bandwidth", "--bandwidth", QOS_BANDWIDTH_MIN, QOS_BANDWIDTH_MAX,
		"bytes a second" },
	[QOS_BURST] = { "burst_ms", "--burst", 1, QOS_BURST_MAX_MS, "milliseconds" },
	[QOS_MIN_IOPS] = { "min_iops", "--min-iops", QOS_IOPS_MIN, QOS_IOPS_MAX,
		"commands a second" },
	[QOS_MIN_BANDWIDTH] = { "min_bandwidth", "--min-bandwidth", QOS_BANDWIDTH_MIN,
		QOS_BANDWIDTH_MAX, "bytes a second" },
};
/* clang-format on */

const char *
qos_word(enum qos_word word)
{
	return kinds[word].word;
}

/* ---- texts ---- */

static enum qos_word
find(const char *word, size_t len)
{
	for (int i = 0; i < QOS_WORDS; i++)
		if (strlen(kinds[i].word) == len && memcmp(kinds[i].word, word, len) == 0)
			return (enum qos_word)i;
	return QOS_WORDS;
}

static int
parse_word(const char *text, size_t len, struct qos *qos)
{
	const char *equals = memchr(text, '=', len);
	enum qos_word word = equals != NULL ? find(text, (size_t)(equals - text)) : QOS_WORDS;
	char digits[24] = "";
	size_t digits_len;

	if (word == QOS_WORDS)
		return err_set(ERR_INVALID,
			       "\"%.*s\" is not a limit: limits are WORD=NUMBER, and the words "
			       "are iops, bandwidth, burst_ms, min_iops and min_bandwidth",
			       (int)MIN(len, 40u), text);
	digits_len = len - (size_t)(equals + 1 - text);
	if (digits_len < sizeof(digits))
		memcpy(digits, equals + 1, digits_len);
	if (str_parse_u64(digits, &qos->values[word]) < 0)
		return err_set(ERR_INVALID, "%s takes a whole number, and 0 removes it",
			       kinds[word].word);
	if (qos->given[word])
		return err_set(ERR_INVALID, "%s is given twice", kinds[word].word);
	qos->given[word] = true;
	return 0;
}

int
qos_parse(const char *text, struct qos *ret_qos)
{
	struct qos qos = { 0 };
	int rc = 0;

	for (text = text != NULL ? text : ""; rc == 0 && *text != '\0';) {
		size_t len = strcspn(text, " ");

		if (len > 0)
			rc = parse_word(text, len, &qos);
		text += len;
		text += strspn(text, " ");
	}
	if (rc == 0)
		*ret_qos = qos;
	return rc;
}

void
qos_format(const struct qos *qos, char text[QOS_TEXT_MAX])
{
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; i < QOS_WORDS; i++)
		if (qos->values[i] != 0 && len < QOS_TEXT_MAX)
			len += (size_t)snprintf(text + len, QOS_TEXT_MAX - len, "%s%s=%" PRIu64,
						len > 0 ? " " : "", kinds[i].word, qos->values[i]);
}

void
qos_without_minimum(const char *before, char text[QOS_TEXT_MAX])
{
	struct qos qos = { 0 };

	(void)qos_parse(before, &qos); /* canonical */
	qos.values[QOS_MIN_IOPS] = qos.values[QOS_MIN_BANDWIDTH] = 0;
	qos_format(&qos, text);
}

/* ---- checks ---- */

/* A value in the words of the command line: "500/s", "1 MiB/s", "30 s". */
static const char *
describe(enum qos_word word, uint64_t value, char *buf, size_t size)
{
	char bytes[32];

	if (word == QOS_BURST)
		snprintf(buf, size, "%g s", (double)value / 1000);
	else if (word == QOS_BANDWIDTH || word == QOS_MIN_BANDWIDTH)
		snprintf(buf, size, "%s/s", str_format_size(value, bytes, sizeof(bytes)));
	else
		snprintf(buf, size, "%" PRIu64 "/s", value);
	return buf;
}

static int
check_range(enum qos_word word, uint64_t value)
{
	char is[64], least[64], most[64];

	if (value == 0 || (value >= kinds[word].least && value <= kinds[word].most))
		return 0;
	return err_set(ERR_INVALID, "%s: %s is out of range: give %s to %s, or none",
		       kinds[word].option, describe(word, value, is, sizeof(is)),
		       describe(word, kinds[word].least, least, sizeof(least)),
		       describe(word, kinds[word].most, most, sizeof(most)));
}

static int
check_owner(enum qos_owner owner, const struct qos *qos)
{
	if (owner != QOS_OF_LUN &&
	    (qos->values[QOS_MIN_IOPS] != 0 || qos->values[QOS_MIN_BANDWIDTH] != 0))
		return err_set(ERR_INVALID,
			       "%s can have no minimum: only a LUN keeps a share of its pool",
			       owner == QOS_OF_HOST ? "a host" : "a pool");
	if (owner == QOS_OF_POOL && qos->values[QOS_BURST] != 0)
		return err_set(ERR_INVALID, "a pool can have no burst: its limits say what its "
					    "storage can do");
	return 0;
}

static int
check_minimum(const struct qos *qos, enum qos_word minimum, enum qos_word limit)
{
	uint64_t least = qos->values[minimum], most = qos->values[limit];
	char keeps[64], may[64];

	if (least == 0 || most == 0 || least <= most)
		return 0;
	return err_set(ERR_INVALID,
		       "%s: the LUN cannot keep %s, since its limit is %s: give less, or raise %s",
		       kinds[minimum].option, describe(minimum, least, keeps, sizeof(keeps)),
		       describe(limit, most, may, sizeof(may)), kinds[limit].option);
}

int
qos_check(enum qos_owner owner, const struct qos *qos)
{
	int rc = check_owner(owner, qos);

	for (int i = 0; rc == 0 && i < QOS_WORDS; i++)
		rc = check_range((enum qos_word)i, qos->values[i]);
	if (rc == 0 && qos->values[QOS_BURST] != 0 && qos->values[QOS_IOPS] == 0 &&
	    qos->values[QOS_BANDWIDTH] == 0)
		rc = err_set(ERR_INVALID, "--burst: there is no limit that a burst could exceed: "
					  "give --iops or --bandwidth too");
	if (rc == 0)
		rc = check_minimum(qos, QOS_MIN_IOPS, QOS_IOPS);
	return rc < 0 ? rc : check_minimum(qos, QOS_MIN_BANDWIDTH, QOS_BANDWIDTH);
}

int
qos_change(enum qos_owner owner, const char *before, const char *change, char text[QOS_TEXT_MAX])
{
	struct qos qos, with;
	int rc = qos_parse(before, &qos);

	if (rc < 0)
		return rc;
	rc = qos_parse(change, &with);
	if (rc < 0)
		return rc;
	for (int i = 0; i < QOS_WORDS; i++)
		if (with.given[i])
			qos.values[i] = with.values[i];
	/* what goes with the last limit is of no use alone */
	if (qos.values[QOS_IOPS] == 0 && qos.values[QOS_BANDWIDTH] == 0 && !with.given[QOS_BURST])
		qos.values[QOS_BURST] = 0;
	rc = qos_check(owner, &qos);
	if (rc == 0)
		qos_format(&qos, text);
	return rc;
}

/* ---- what the LUNs of a pool keep ---- */

static int
no_limit(const struct row_pool *pool, const struct row_lun *lun, enum qos_word minimum)
{
	enum qos_word limit = minimum == QOS_MIN_IOPS ? QOS_IOPS : QOS_BANDWIDTH;

	return err_set(ERR_INVALID,
		       "LUN %s cannot keep %s of pool \"%s\", which has no limit that could be "
		       "divided: give the pool %s, or the LUN %s none",
		       ROW_LUN_CALLED(lun), kinds[minimum].what, pool->name, kinds[limit].option,
		       kinds[minimum].option);
}

static int
check_sum(const struct row_pool *pool, uint64_t kept, uint64_t limit, enum qos_word word)
{
	uint64_t most = limit / 10 * QOS_KEPT_TENTHS + limit % 10 * QOS_KEPT_TENTHS / 10;
	char keeps[64], may[64], can[64];

	if (kept <= most)
		return 0;
	return err_set(ERR_INVALID,
		       "the LUNs of pool \"%s\" would keep %s together, but of its limit, %s, only "
		       "90%% can be kept, %s: raise %s of the pool, or lower %s of a LUN",
		       pool->name, describe(word, kept, keeps, sizeof(keeps)),
		       describe(word, limit, may, sizeof(may)),
		       describe(word, most, can, sizeof(can)), kinds[word].option,
		       kinds[word == QOS_IOPS ? QOS_MIN_IOPS : QOS_MIN_BANDWIDTH].option);
}

int
qos_check_pool(const struct state *state, const struct guid *pool_id)
{
	const struct row_pool *pool = state_find(state, ROW_POOL, pool_id);
	uint64_t iops = 0, bandwidth = 0;
	struct qos limits, qos;
	int rc = pool != NULL ? qos_parse(pool->qos, &limits) : ERR_NOT_FOUND;

	for (size_t i = 0; rc == 0 && i < state_count(state, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(state, ROW_LUN, i);

		if (lun->qos == NULL || *lun->qos == '\0' || !guid_equal(&lun->pool_id, pool_id))
			continue;
		rc = qos_parse(lun->qos, &qos);
		if (rc == 0 && qos.values[QOS_MIN_IOPS] != 0 && limits.values[QOS_IOPS] == 0)
			rc = no_limit(pool, lun, QOS_MIN_IOPS);
		if (rc == 0 && qos.values[QOS_MIN_BANDWIDTH] != 0 &&
		    limits.values[QOS_BANDWIDTH] == 0)
			rc = no_limit(pool, lun, QOS_MIN_BANDWIDTH);
		if (rc == 0) {
			iops += qos.values[QOS_MIN_IOPS];
			bandwidth += qos.values[QOS_MIN_BANDWIDTH];
		}
	}
	if (rc == 0)
		rc = check_sum(pool, iops, limits.values[QOS_IOPS], QOS_IOPS);
	return rc < 0 ? rc
		      : check_sum(pool, bandwidth, limits.values[QOS_BANDWIDTH], QOS_BANDWIDTH);
}
