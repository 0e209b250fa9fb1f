/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads, checks and writes the hints of LUNs: model/hints.h. */
#include "model/hints.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

struct kind {
	const char *word;
	bool is_flag;
	bool zero_counts; /* 0 is a value and not the absence of one */
	uint64_t max;
};

#define FLAG(word)                  \
	{                           \
		word, true, true, 1 \
	}
#define NUMBER(word, max)               \
	{                               \
		word, false, false, max \
	}

/* clang-format off */
static const struct kind kinds[HINT_COUNT] = {
	[HINT_AHS] = FLAG("AHS"),
	[HINT_BUS] = { "BUS", false, true, INT32_MAX },
	[HINT_CCE] = FLAG("CCE"),
	[HINT_FCR] = FLAG("FCR"),
	[HINT_HWC] = FLAG("HWC"),
	[HINT_MRC] = FLAG("MRC"),
	[HINT_MSC] = FLAG("MSC"),
	[HINT_MSR] = FLAG("MSR"),
	[HINT_MXD] = NUMBER("MXD", UINT32_MAX),
	[HINT_MXS] = NUMBER("MXS", UINT64_MAX),
	[HINT_ORA] = NUMBER("ORA", UINT32_MAX),
	[HINT_ORS] = NUMBER("ORS", UINT32_MAX),
	[HINT_OSR] = FLAG("OSR"),
	[HINT_OSW] = FLAG("OSW"),
	[HINT_OWA] = NUMBER("OWA", UINT32_MAX),
	[HINT_OWS] = NUMBER("OWS", UINT32_MAX),
	[HINT_RBP] = NUMBER("RBP", 15),
	[HINT_RBV] = FLAG("RBV"),
	[HINT_RCE] = FLAG("RCE"),
	[HINT_RMP] = FLAG("RMP"),
	[HINT_STS] = NUMBER("STS", UINT32_MAX),
	[HINT_WCE] = FLAG("WCE"),
	[HINT_WTC] = FLAG("WTC"),
	[HINT_YNK] = FLAG("YNK"),
};
/* clang-format on */

const char *
hint_word(enum hint hint)
{
	return kinds[hint].word;
}

bool
hint_is_flag(enum hint hint)
{
	return kinds[hint].is_flag;
}

static enum hint
hint_find(const char *word, size_t len)
{
	for (int i = 0; i < HINT_COUNT; i++)
		if (strlen(kinds[i].word) == len && memcmp(kinds[i].word, word, len) == 0)
			return (enum hint)i;
	return HINT_COUNT;
}

static int
parse_word(const char *text, size_t len, struct hints *hints)
{
	const char *equals = memchr(text, '=', len);
	AUTO_FREE char *number = NULL;
	enum hint hint = HINT_COUNT;
	uint64_t value;

	if (equals != NULL)
		hint = hint_find(text, (size_t)(equals - text));
	if (hint == HINT_COUNT)
		return err_set(ERR_INVALID, "\"%.*s\" is not a hint: hints are WORD=NUMBER",
			       (int)MIN(len, 40u), text);
	number = str_ndup(equals + 1, len - (size_t)(equals + 1 - text));
	if (number == NULL)
		return -ENOMEM;
	if (str_parse_u64(number, &value) < 0 || value > kinds[hint].max)
		return err_set(ERR_INVALID, "the hint %s takes a number from 0 to %" PRIu64,
			       kinds[hint].word, kinds[hint].max);
	if (hints->given[hint])
		return err_set(ERR_INVALID, "the hint %s is given twice", kinds[hint].word);
	hints->given[hint] = value != 0 || kinds[hint].zero_counts;
	hints->values[hint] = value;
	return 0;
}

int
hints_parse(const char *text, struct hints *ret_hints)
{
	struct hints hints = { 0 };
	int rc = 0;

	for (text += strspn(text, " "); rc == 0 && *text != '\0'; text += strspn(text, " ")) {
		size_t len = strcspn(text, " ");

		rc = parse_word(text, len, &hints);
		text += len;
	}
	if (rc == 0)
		*ret_hints = hints;
	return rc;
}

int
hints_format(const struct hints *hints, char **ret_text)
{
	struct strbuf text;

	strbuf_init(&text);
	for (int i = 0; i < HINT_COUNT; i++)
		if (hints->given[i])
			strbuf_addf(&text, "%s%s=%" PRIu64, text.len > 0 ? " " : "", kinds[i].word,
				    hints->values[i]);
	*ret_text = text.len > 0 || text.failed ? strbuf_take(&text) : str_dup("");
	return *ret_text == NULL ? -ENOMEM : 0;
}

int
hints_normalize(const char *text, char **ret_text)
{
	struct hints hints = { 0 };
	int rc = hints_parse(text, &hints);

	return rc < 0 ? rc : hints_format(&hints, ret_text);
}

/*
 * Canonical words are separated by one space and each comes once, so searching the text is exact.
 */
bool
hints_write_through(const char *text)
{
	return text != NULL && (strstr(text, "WTC=1") != NULL || strstr(text, "WCE=0") != NULL);
}

bool
hints_want_thick(const struct hints *hints)
{
	return hints->values[HINT_OSR] != 0 || hints->values[HINT_OSW] != 0;
}
