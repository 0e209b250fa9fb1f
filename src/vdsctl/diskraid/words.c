/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Splits a line into words, and remembers for every byte of them where it stood and whether it
 * stood in quotes: a comma in quotes separates nothing, and an error can name its column.  Called
 * for each line of a script and of the prompt.
 */
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/diskraid/language.h"

struct splitting {
	const char *line;
	size_t len, at; /* bytes */
	unsigned column;
	struct raid_words *words;
	size_t capacity;
	char *out; /* where the next byte of a word goes */
};

enum raid_exit
raid_error_set(struct raid_error *error, enum raid_exit status, unsigned column, const char *fmt,
	       ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, ap);
	va_end(ap);
	error->exit = status;
	error->column = column;
	return status;
}

static size_t
character_bytes(unsigned char first)
{
	return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Checks the whole line, also what stands in a comment: a script is a text. */
static enum raid_exit
bytes_check(const char *line, size_t len, unsigned *ret_end, struct raid_error *error)
{
	unsigned column = 1;

	if (len > RAID_LINE_MAX)
		return raid_error_set(error, RAID_SYNTAX, 0,
				      "the line has %zu bytes; a line has at most %u", len,
				      RAID_LINE_MAX);
	for (size_t at = 0; at < len; column++) {
		unsigned char byte = (unsigned char)line[at];
		size_t bytes = character_bytes(byte);

		if (byte == 0)
			return raid_error_set(error, RAID_SYNTAX, column,
					      "there is a NUL byte; a script is a text in UTF-8");
		if (byte != '\t' && (byte < 0x20 || byte == 0x7f))
			return raid_error_set(error, RAID_SYNTAX, column,
					      "there is a control character (%02Xh)", byte);
		if (byte != '\t' && (bytes > len - at || !str_is_text(line + at, bytes)))
			return raid_error_set(error, RAID_SYNTAX, column,
					      "the byte %02Xh does not belong to UTF-8 text", byte);
		at += bytes;
	}
	*ret_end = column;
	return RAID_OK;
}

static bool
at_blank(const struct splitting *s)
{
	return s->line[s->at] == ' ' || s->line[s->at] == '\t';
}

/* Takes one character, of any length, into the present word. */
static void
character_take(struct splitting *s, bool quoted)
{
	size_t bytes = character_bytes((unsigned char)s->line[s->at]);

	for (size_t i = 0; i < bytes; i++) {
		s->words->marks[s->out - s->words->memory] = s->column * 2 + quoted;
		*s->out++ = s->line[s->at++];
	}
	s->column++;
}

/* Takes what stands in quotes; the cursor is behind the opening quote. */
static enum raid_exit
quoted_take(struct splitting *s, struct raid_error *error)
{
	unsigned opened = s->column - 1;

	while (s->at < s->len) {
		bool quote = s->line[s->at] == '"';

		if (quote && s->at + 1 < s->len && s->line[s->at + 1] == '"') {
			s->at++;
			s->column++;
		} else if (quote) {
			s->at++;
			s->column++;
			return RAID_OK;
		}
		character_take(s, true);
	}
	return raid_error_set(error, RAID_SYNTAX, opened,
			      "the quote that begins here is not closed");
}

static enum raid_exit
word_take(struct splitting *s, struct raid_error *error)
{
	struct raid_words *words = s->words;
	struct raid_word *word;

	if (mem_grow(&words->words, &s->capacity, words->count + 1, sizeof(*words->words)) < 0)
		return raid_error_set(error, RAID_FATAL, 0, "out of memory");
	word = &words->words[words->count++];
	*word = (struct raid_word){ .text = s->out,
				    .column = s->column,
				    .marks = words->marks + (s->out - words->memory) };
	while (s->at < s->len && !at_blank(s)) {
		if (s->line[s->at] == '"') {
			word->quoted = true;
			s->at++;
			s->column++;
			if (quoted_take(s, error) != RAID_OK)
				return RAID_SYNTAX;
		} else {
			character_take(s, false);
		}
	}
	word->len = (size_t)(s->out - word->text);
	*s->out++ = '\0';
	return RAID_OK;
}

/* What follows `rem` is not looked at. */
static bool
is_remark(const struct splitting *s)
{
	return s->len - s->at >= 3 && strncasecmp(s->line + s->at, "rem", 3) == 0 &&
	       (s->len - s->at == 3 || s->line[s->at + 3] == ' ' || s->line[s->at + 3] == '\t');
}

enum raid_exit
raid_words_split(const char *line, size_t len, struct raid_words *ret_words,
		 struct raid_error *error)
{
	struct splitting s = { .line = line, .len = len, .column = 1, .words = ret_words };
	enum raid_exit rc;

	*ret_words = (struct raid_words){ .end = 1 };
	rc = bytes_check(line, len, &ret_words->end, error);
	if (rc != RAID_OK)
		return rc;
	/* each word takes one byte more than it has, and has at least one byte of the line */
	ret_words->memory = mem_alloc(2 * len + 1);
	ret_words->marks = mem_calloc(2 * len + 1, sizeof(*ret_words->marks));
	if (ret_words->memory == NULL || ret_words->marks == NULL)
		return raid_error_set(error, RAID_FATAL, 0, "out of memory");
	s.out = ret_words->memory;
	while (rc == RAID_OK) {
		while (s.at < len && at_blank(&s)) {
			s.at++;
			s.column++;
		}
		if (s.at == len || (ret_words->count == 0 && line[s.at] == '#'))
			break;
		if (ret_words->count == 0 && is_remark(&s))
			s.len = len = s.at + 3;
		rc = word_take(&s, error);
	}
	return rc;
}

void
raid_words_fini(struct raid_words *words)
{
	mem_free(words->words);
	mem_free(words->memory);
	mem_free(words->marks);
	*words = (struct raid_words){ 0 };
}
