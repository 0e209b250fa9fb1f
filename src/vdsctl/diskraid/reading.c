/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the value of an argument: indexes and names of objects, lists of them, sizes, choices,
 * hosts.  Whether objects exist is another matter (select.c).  Every error names a column.  Called
 * by the parser (parse.c).
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf.h"
#include "vdsctl/diskraid/language.h"

/* A value that is being read: a part of a word. */
struct reading {
	const struct raid_param *param;
	const struct raid_word *word;
	size_t from; /* where the value begins in the word */
	struct raid_value *value;
	struct raid_error *error;
};

unsigned
raid_word_column(const struct raid_word *word, size_t at)
{
	if (at < word->len)
		return word->marks[at] / 2;
	return word->len > 0 ? word->marks[word->len - 1] / 2 + 1 : word->column;
}

bool
raid_word_quoted(const struct raid_word *word, size_t at)
{
	return (word->marks[at] & 1) != 0;
}

static enum raid_exit
value_error(const struct reading *r, size_t at, const char *text, const char *why)
{
	bool alone = (r->param->flags & RAID_POSITIONAL) != 0;

	return raid_error_set(r->error, RAID_SYNTAX, raid_word_column(r->word, at), "%s%s`%s`: %s",
			      alone ? "" : r->param->name, alone ? "" : "=", text, why);
}

static struct raid_ref *
ref_new(struct reading *r, size_t at)
{
	struct raid_value *value = r->value;

	if (mem_grow(&value->refs, &value->ref_capacity, value->ref_count + 1,
		     sizeof(*value->refs)) < 0) {
		raid_error_set(r->error, RAID_FATAL, 0, "out of memory");
		return NULL;
	}
	value->refs[value->ref_count] = (struct raid_ref){ .column = raid_word_column(r->word,
										      at) };
	return &value->refs[value->ref_count++];
}

/* Reads "c-p", "p-primary" or "p-weight". */
static enum raid_exit
pair_read(struct reading *r, struct raid_ref *ref, char *item, size_t at)
{
	bool paths = r->param->kind == RAID_PATHS;
	char *dash = strchr(item, '-');
	uint64_t first, second = 0;
	const char *why;

	if (dash == NULL)
		return value_error(r, at, item,
				   paths ? "write path-primary or path-weight, such as 0-primary"
					 : "write controller-port, such as 0-1");
	*dash = '\0';
	why = raid_number_parse(item, UINT32_MAX, &first);
	if (why != NULL)
		return value_error(r, at, item, why);
	ref->primary = paths && strcasecmp(dash + 1, "primary") == 0;
	why = ref->primary ? NULL : raid_number_parse(dash + 1, UINT32_MAX, &second);
	if (why != NULL)
		return value_error(r, at + (size_t)(dash + 1 - item), dash + 1, why);
	ref->index = (uint32_t)first;
	ref->second = (uint32_t)second;
	return RAID_OK;
}

/* Reads one element of a list, or the only one: [at, end) of the word. */
static enum raid_exit
ref_read(struct reading *r, size_t at, size_t end)
{
	struct raid_ref *ref = ref_new(r, at);
	AUTO_FREE char *item = str_ndup(r->word->text + at, end - at);
	bool quoted = end > at && raid_word_quoted(r->word, at);
	uint64_t index;
	const char *why;

	if (ref == NULL || item == NULL)
		return raid_error_set(r->error, RAID_FATAL, 0, "out of memory");
	if (r->param->kind == RAID_PAIRS || r->param->kind == RAID_PATHS)
		return pair_read(r, ref, item, at);
	if (quoted) {
		ref->name = TAKE(item);
		return RAID_OK;
	}
	if (end == at)
		return value_error(r, at, "", "an index is missing");
	why = raid_number_parse(item, UINT32_MAX, &index);
	if (why != NULL)
		return value_error(r, at, item,
				   strspn(item, "0123456789") == strlen(item)
					   ? why
					   : "this is no index; put a name or an id in quotes");
	ref->index = (uint32_t)index;
	return RAID_OK;
}

/* Where the element that begins at `at` ends: at a comma outside quotes, or with the word. */
static size_t
ref_end(const struct reading *r, size_t at)
{
	const struct raid_word *word = r->word;

	if (r->param->kind == RAID_INDEX)
		return word->len;
	while (at < word->len && !(word->text[at] == ',' && !raid_word_quoted(word, at)))
		at++;
	return at;
}

/* A comma at the end says that the list goes on in the next word: "drives=0, 1". */
static enum raid_exit
refs_read(struct reading *r)
{
	size_t len = r->word->len, at = r->from;

	r->value->open = false;
	for (;;) {
		size_t end = ref_end(r, at);
		enum raid_exit rc = ref_read(r, at, end);

		if (rc != RAID_OK || end == len)
			return rc;
		at = end + 1;
		if (at == len) {
			r->value->open = true;
			return RAID_OK;
		}
	}
}

static enum raid_exit
choice_read(struct reading *r, const char *text)
{
	const char *choice = r->param->choices;

	for (uint64_t i = 0; *choice != '\0'; i++) {
		size_t len = strcspn(choice, "|");

		if (strlen(text) == len && strncasecmp(text, choice, len) == 0) {
			r->value->number = i;
			return RAID_OK;
		}
		choice += len;
		choice += *choice == '|';
	}
	return raid_error_set(r->error, RAID_SYNTAX, raid_word_column(r->word, r->from),
			      "%s: `%s` is not one of %s", r->param->name, text, r->param->choices);
}

/* Checks a list with semicolons; WWNs have 16 hexadecimal digits. */
static enum raid_exit
hosts_check(struct reading *r, const char *text)
{
	const char *at = text;

	for (;;) {
		size_t len = strcspn(at, ";");
		size_t place = r->from + (size_t)(at - text);

		if (len == 0)
			return value_error(r, place, text, "a name in the list is missing");
		if (r->param->kind == RAID_WWNS &&
		    (len != 16 || strspn(at, "0123456789abcdefABCDEF") < 16))
			return value_error(r, place, text, "a WWN has 16 hexadecimal digits");
		if (r->param->kind == RAID_INITIATORS && strcspn(at, "*, ") < len)
			return value_error(r, place, text,
					   "an iSCSI name contains no blank, comma or *");
		if (at[len] == '\0')
			return RAID_OK;
		at += len + 1;
	}
}

static enum raid_exit
size_read(struct reading *r, const char *text)
{
	const char *why = raid_size_parse(text, &r->value->number);

	if (why == NULL && r->param->max > 0 && r->value->number > r->param->max)
		why = "the size is too large; less than 4 GB is possible";
	return why == NULL ? RAID_OK : value_error(r, r->from, text, why);
}

static enum raid_exit
number_read(struct reading *r, const char *text)
{
	uint64_t max = r->param->max > 0 ? r->param->max : UINT32_MAX;
	const char *why = raid_number_parse(text, max, &r->value->number);
	char most[64];

	if (why == NULL)
		return RAID_OK;
	snprintf(most, sizeof(most), "the largest number here is %" PRIu64, max);
	return value_error(r, r->from, text,
			   strspn(text, "0123456789") == strlen(text) && text[0] != '\0' ? most
											 : why);
}

/* Names have a largest length, which counts UTF-16 units, as VDS does. */
static enum raid_exit
text_read(struct reading *r, const char *text)
{
	uint64_t max = r->param->max;
	char most[64];

	if (max == 0 || utf8_to_utf16_len(text) <= (long)max)
		return RAID_OK;
	snprintf(most, sizeof(most), "this has more than %" PRIu64 " characters", max);
	return value_error(r, r->from, text, most);
}

static enum raid_exit
bool_read(struct reading *r, const char *text)
{
	if (strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0)
		r->value->number = 1;
	else if (strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0)
		r->value->number = 0;
	else
		return value_error(r, r->from, text, "write true or false");
	return RAID_OK;
}

static enum raid_exit
kind_read(struct reading *r)
{
	const char *text = r->word->text + r->from;

	switch (r->param->kind) {
	case RAID_INDEX:
	case RAID_INDEXES:
	case RAID_PAIRS:
	case RAID_PATHS:
		return refs_read(r);
	case RAID_SIZE:
		return size_read(r, text);
	case RAID_NUMBER:
		return number_read(r, text);
	case RAID_BOOL:
		return bool_read(r, text);
	case RAID_CHOICE:
		return choice_read(r, text);
	case RAID_INITIATORS:
	case RAID_WWNS:
		return hosts_check(r, text);
	case RAID_TEXT:
		return text_read(r, text);
	case RAID_SECRET: /* of any content */
	case RAID_KEYWORD:
	case RAID_REST:
		break;
	}
	return RAID_OK;
}

enum raid_exit
raid_value_read(const struct raid_param *param, const struct raid_word *word, size_t from,
		struct raid_value *value, struct raid_error *error)
{
	struct reading r = {
		.param = param, .word = word, .from = from, .value = value, .error = error
	};

	value->text = word->text + from;
	return kind_read(&r);
}
