/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of a pool, as texts: the members low, full, overcommit and trash of struct row_pool.
 * The text of a row is canonical, and is also accepted where an option is set.  Pure functions; any
 * thread.
 */
#ifndef VDS_MODEL_POOL_OPTIONS_H
#define VDS_MODEL_POOL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define POOL_OPTION_MAX           32 /* bytes of the text of an option at most */
#define POOL_OVERCOMMIT_MAX       100000
#define POOL_LOW_PERCENT_DEFAULT  10
#define POOL_FULL_PERCENT_DEFAULT 1

/*
 * Below how much free space a pool is low, or full.  The text is "20%" (of the capacity, 0 to 99),
 * a number of bytes, or "" for the default.
 */
struct pool_limit {
	bool given, percent; /* percent: value is in percent of the capacity, else in bytes */
	uint64_t value;
};

/*
 * Reads a limit.  option: the name of the option, for the message ("--low").  Returns 0, or
 * ERR_INVALID with a text that names the option.
 */
int pool_limit_parse(const char *option, const char *text, struct pool_limit *ret_limit);
/* Writes the canonical text: "" when the limit is not given. */
void pool_limit_format(const struct pool_limit *limit, char text[POOL_OPTION_MAX]);
/* Returns the limit in bytes.  default_percent: of a limit that is not given. */
uint64_t pool_limit_bytes(const struct pool_limit *limit, unsigned default_percent,
			  uint64_t capacity_bytes);

/*
 * Reads an overcommit limit: how large the LUNs of a pool may be together, in percent of its
 * capacity.  The text is "200%" (1 to POOL_OVERCOMMIT_MAX), or "off" or "" for no limit.
 * *ret_percent is 0 when there is no limit.  Returns 0, or ERR_INVALID with a text.
 */
int pool_overcommit_parse(const char *text, unsigned *ret_percent);
/*
 * Reads for how long deleted LUNs are kept: a number with s, m, h, d or w (1s to 520w), which is
 * its canonical form too, or "none" or "" for not at all.  *ret_ms is 0 when they are not kept.
 * Returns 0, or ERR_INVALID with a text.
 */
int pool_trash_parse(const char *text, int64_t *ret_ms);
/* Writes the canonical text: "" for no limit. */
void pool_overcommit_format(unsigned percent, char text[POOL_OPTION_MAX]);
/* Returns percent of capacity_bytes; UINT64_MAX when percent is 0. */
uint64_t pool_overcommit_bytes(unsigned percent, uint64_t capacity_bytes);

#endif
