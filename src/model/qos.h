/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Quality of service: limits of LUNs, hosts and pools, and what a LUN keeps of its pool
 * (docs/design/qos.md).  A row keeps them as a text of words such as "iops=500 burst_ms=10000", in
 * the order of enum qos_word, each word once; "" = none.  A value of 0 is the absence of the word.
 * Pure functions; any thread.
 */
#ifndef VDS_MODEL_QOS_H
#define VDS_MODEL_QOS_H

#include <stdbool.h>
#include <stdint.h>

struct guid;
struct state;

#define QOS_TEXT_MAX      160 /* bytes of a text that has every word, its NUL included */
#define QOS_IOPS_MIN      10
#define QOS_IOPS_MAX      10000000
#define QOS_BANDWIDTH_MIN (UINT64_C(1) << 20)
#define QOS_BANDWIDTH_MAX (UINT64_C(1) << 40)
#define QOS_BURST_MAX_MS  3600000
/*
 * How much of a pool's limit its LUNs may keep together, in tenths: the others never stand still.
 */
#define QOS_KEPT_TENTHS   9

enum qos_word {
	QOS_IOPS,          /* commands a second at most */
	QOS_BANDWIDTH,     /* bytes a second at most */
	QOS_BURST,         /* for how many milliseconds unused commands and bytes are saved up */
	QOS_MIN_IOPS,      /* commands a second that a LUN keeps, whatever else its pool serves */
	QOS_MIN_BANDWIDTH, /* bytes a second that it keeps */
	QOS_WORDS
};

/* What has limits. */
enum qos_owner {
	QOS_OF_LUN,
	QOS_OF_HOST, /* no minimum */
	QOS_OF_POOL, /* no minimum and no burst */
};

struct qos {
	bool given[QOS_WORDS];
	uint64_t values[QOS_WORDS]; /* 0 where not given */
};

/* Returns the word, "min_iops"; static. */
const char *qos_word(enum qos_word word);
/*
 * Reads a text: words WORD=NUMBER with blanks between them, in any order.  text: NULL = "".
 * Returns 0, or ERR_INVALID with a text (an unknown word, a word that comes twice, no number).
 */
int qos_parse(const char *text, struct qos *ret_qos);
/* Writes the canonical text: the values that are not 0. */
void qos_format(const struct qos *qos, char text[QOS_TEXT_MAX]);
/*
 * Checks what an administrator has set: the ranges of the values, the words that the owner can
 * have, and that they fit each other.  Returns 0, or ERR_INVALID with a text that names the option
 * of vdsctl.
 */
int qos_check(enum qos_owner owner, const struct qos *qos);
/*
 * Applies a change to a canonical text, and checks the result: words of the change replace those of
 * the text, and a value of 0 removes one.  Returns 0, or ERR_INVALID with a text.
 */
int qos_change(enum qos_owner owner, const char *before, const char *change,
	       char text[QOS_TEXT_MAX]);
/*
 * Checks that the pool's limits can give each LUN of the pool what it keeps: there is a limit for
 * each kind of minimum, and all minimums together are at most nine tenths of it.  Looks at every
 * LUN of the array.  Returns 0, or ERR_INVALID with a text that names the pool and the LUN.
 */
int qos_check_pool(const struct state *state, const struct guid *pool_id);
/* Removes from a canonical text what a LUN keeps of its pool. */
void qos_without_minimum(const char *before, char text[QOS_TEXT_MAX]);

#endif
