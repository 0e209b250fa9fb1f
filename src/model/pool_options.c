/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of a pool, as texts.  Pure functions; any thread. */
#include "model/pool_options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/*
 * Returns value percent of whole, rounded down; UINT64_MAX when that is too much.  Both factors are
 * split into hundreds and a rest, since not every target has a type for their product.
 */
static uint64_t
percent_of(uint64_t value, uint64_t whole)
{
	uint64_t rest = whole % 100, bytes;

	if (__builtin_mul_overflow(whole / 100, value, &bytes) ||
	    __builtin_add_overflow(bytes, rest * (value / 100), &bytes) ||
	    __builtin_add_overflow(bytes, rest * (value % 100) / 100, &bytes))
		return UINT64_MAX;
	return bytes;
}

/* Reads "20%".  Returns false when the text is not a whole number with a percent sign. */
static bool
percent_read(const char *text, uint64_t *ret_percent)
{
	char digits[POOL_OPTION_MAX];
	size_t len = strlen(text);

	if (len < 2 || len >= sizeof(digits) || text[len - 1] != '%')
		return false;
	memcpy(digits, text, len - 1);
	digits[len - 1] = '\0';
	return str_parse_u64(digits, ret_percent) == 0;
}

int
pool_limit_parse(const char *option, const char *text, struct pool_limit *ret_limit)
{
	struct pool_limit limit = { .given = true };

	if (*text == '\0') {
		*ret_limit = (struct pool_limit){ .given = false };
		return 0;
	}
	limit.percent = percent_read(text, &limit.value);
	if (limit.percent ? limit.value > 99
			  : str_parse_u64(text, &limit.value) < 0 || limit.value > INT64_MAX)
		return err_set(ERR_INVALID,
			       "%s: \"%s\" is no amount of free space: give a percentage of the "
			       "capacity (0%% to 99%%) or a size",
			       option, text);
	*ret_limit = limit;
	return 0;
}

void
pool_limit_format(const struct pool_limit *limit, char text[POOL_OPTION_MAX])
{
	if (!limit->given)
		text[0] = '\0';
	else
		snprintf(text, POOL_OPTION_MAX, "%" PRIu64 "%s", limit->value,
			 limit->percent ? "%" : "");
}

uint64_t
pool_limit_bytes(const struct pool_limit *limit, unsigned default_percent, uint64_t capacity_bytes)
{
	if (!limit->given)
		return percent_of(default_percent, capacity_bytes);
	return limit->percent ? percent_of(limit->value, capacity_bytes) : limit->value;
}

int
pool_overcommit_parse(const char *text, unsigned *ret_percent)
{
	uint64_t percent = 0;

	if (*text == '\0' || strcmp(text, "off") == 0) {
		*ret_percent = 0;
		return 0;
	}
	if (!percent_read(text, &percent) || percent == 0 || percent > POOL_OVERCOMMIT_MAX)
		return err_set(ERR_INVALID,
			       "--overcommit: \"%s\" is no limit: give a percentage of the "
			       "capacity (1%% to %d%%), or off",
			       text, POOL_OVERCOMMIT_MAX);
	*ret_percent = (unsigned)percent;
	return 0;
}

void
pool_overcommit_format(unsigned percent, char text[POOL_OPTION_MAX])
{
	text[0] = '\0';
	if (percent > 0)
		snprintf(text, POOL_OPTION_MAX, "%u%%", percent);
}

uint64_t
pool_overcommit_bytes(unsigned percent, uint64_t capacity_bytes)
{
	return percent == 0 ? UINT64_MAX : percent_of(percent, capacity_bytes);
}

int
pool_trash_parse(const char *text, int64_t *ret_ms)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 's', 1000 },
		      { 'm', 60000 },
		      { 'h', 3600000 },
		      { 'd', 86400000 },
		      { 'w', 7 * 86400000ll } };
	const int64_t most_ms = 520 * 7 * 86400000ll;
	size_t len = strlen(text);
	char digits[16] = "";
	uint64_t count;

	if (len == 0 || strcmp(text, "none") == 0) {
		*ret_ms = 0;
		return 0;
	}
	if (len < sizeof(digits))
		memcpy(digits, text, len - 1);
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (text[len - 1] != units[i].unit || str_parse_u64(digits, &count) < 0 ||
		    count == 0 || count > (uint64_t)(most_ms / units[i].ms))
			continue;
		*ret_ms = (int64_t)count * units[i].ms;
		return 0;
	}
	return err_set(
		ERR_INVALID,
		"--trash: \"%s\" is no time for which deleted LUNs can be kept: give one such "
		"as 12h, 7d or 4w (520w at most), or none",
		text);
}
