/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds what can stand at the end of a line: words of commands, names of arguments, choices, and
 * objects, for which the caller is asked.  Takes half a line, so it does not use the parser.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/diskraid/language.h"

#define WORD_MAX 64

/* A word of the line, which is borrowed. */
struct typed_word {
	const char *text;
	size_t len;
};

struct offering {
	struct raid_candidates *found;
	struct typed_word words[WORD_MAX]; /* the complete words */
	size_t count;
	const char *current; /* the word under the cursor, up to the end of the line */
	size_t current_len;
	const char *prefix; /* stands before each candidate: "type=" */
	size_t prefix_len;
};

/* Offers a text when the word under the cursor is its beginning. */
static void
offer(void *context, const char *text)
{
	struct offering *c = context;
	struct raid_candidates *found = c->found;
	size_t typed = c->current_len - c->prefix_len;
	char *copy;

	if (strlen(text) < typed || strncasecmp(c->current + c->prefix_len, text, typed) != 0)
		return;
	copy = str_printf("%.*s%s", (int)c->prefix_len, c->current, text);
	for (size_t i = 0; copy != NULL && i < found->count; i++) {
		if (str_equal(found->texts[i], copy)) {
			mem_free(copy);
			return;
		}
	}
	if (copy == NULL || mem_grow(&found->texts, &found->capacity, found->count + 1,
				     sizeof(*found->texts)) < 0) {
		mem_free(copy);
		return;
	}
	found->texts[found->count++] = copy;
}

/* Takes the line apart at blanks that are not in quotes. */
static void
line_take(struct offering *c, const char *line, size_t len)
{
	size_t from = 0;
	bool quoted = false;

	for (size_t at = 0; at < len; at++) {
		if (line[at] == '"')
			quoted = !quoted;
		if (quoted || (line[at] != ' ' && line[at] != '\t'))
			continue;
		if (at > from && c->count < WORD_MAX)
			c->words[c->count++] = (struct typed_word){ line + from, at - from };
		from = at + 1;
	}
	c->current = line + from;
	c->current_len = len - from;
}

static bool
piece_is(const struct typed_word *piece, const char *text, size_t len)
{
	return piece->len == len && strncasecmp(piece->text, text, len) == 0;
}

/*
 * Returns true when the words of the line, behind the first `skip`, and those of the command agree.
 * *ret_next: the next word of the command, "" when it has no more.
 */
static bool
command_begins(const struct offering *c, const char *words, size_t skip, const char **ret_next,
	       size_t *ret_used)
{
	size_t used = skip;

	while (*words != '\0' && used < c->count) {
		size_t len = strcspn(words, " ");

		if (!piece_is(&c->words[used], words, len))
			return false;
		used++;
		words += len;
		words += *words == ' ';
	}
	*ret_next = words;
	*ret_used = used;
	return true;
}

/* Offers the next words of commands, and returns the command that the words make, or NULL. */
static const struct raid_command *
offer_words(struct offering *c, size_t skip, size_t *ret_used)
{
	const struct raid_command *best = NULL;

	*ret_used = 0;
	for (size_t i = 0; i < raid_command_count; i++) {
		const char *next;
		size_t used;
		char word[32];

		if (!command_begins(c, raid_commands[i].words, skip, &next, &used))
			continue;
		if (*next == '\0') {
			if (used > *ret_used) {
				best = &raid_commands[i];
				*ret_used = used;
			}
			continue;
		}
		if (used < c->count)
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(next, " "), next);
		offer(c, word);
	}
	return best;
}

static void
offer_choices(struct offering *c, const char *choices)
{
	while (*choices != '\0') {
		size_t len = strcspn(choices, "|");
		char word[32];

		snprintf(word, sizeof(word), "%.*s", (int)len, choices);
		offer(c, word);
		choices += len;
		choices += *choices == '|';
	}
}

/* Offers values of a parameter; what stands before the last comma of a list stays. */
static void
offer_values(struct offering *c, const struct raid_param *param, raid_objects_fn *objects,
	     void *context)
{
	if (param->kind == RAID_CHOICE)
		offer_choices(c, param->choices);
	if (param->kind == RAID_BOOL)
		offer_choices(c, "true|false");
	if (param->kind == RAID_INDEXES)
		for (size_t i = c->prefix_len; i < c->current_len; i++)
			if (c->current[i] == ',')
				c->prefix_len = i + 1;
	if (objects != NULL && (param->kind == RAID_INDEX || param->kind == RAID_INDEXES))
		objects(context, param->noun, offer, c);
}

static bool
is_given(const struct offering *c, size_t used, const struct raid_param *param)
{
	size_t len = strlen(param->name);

	for (size_t i = used; i < c->count; i++)
		if (piece_is(&c->words[i], param->name, len) ||
		    (c->words[i].len > len && c->words[i].text[len] == '=' &&
		     strncasecmp(c->words[i].text, param->name, len) == 0))
			return true;
	return false;
}

static void
offer_arguments(struct offering *c, const struct raid_command *command, size_t used,
		raid_objects_fn *objects, void *context)
{
	const char *equals = memchr(c->current, '=', c->current_len);
	size_t name_len = equals != NULL ? (size_t)(equals - c->current) : 0;

	for (const struct raid_param *param = command->params; param->name != NULL; param++) {
		char name[40];

		if ((param->flags & RAID_POSITIONAL) != 0) {
			if (equals == NULL)
				offer_values(c, param, objects, context);
			c->prefix_len = 0;
			continue;
		}
		if (equals != NULL && param->kind != RAID_KEYWORD &&
		    strlen(param->name) == name_len &&
		    strncasecmp(c->current, param->name, name_len) == 0) {
			c->prefix_len = name_len + 1;
			offer_values(c, param, objects, context);
			return;
		}
		if (equals != NULL || is_given(c, used, param))
			continue;
		snprintf(name, sizeof(name),
			 param->kind == RAID_KEYWORD ? "%s" : "%s=", param->name);
		offer(c, name);
	}
}

void
raid_complete(const char *line, size_t len, raid_objects_fn *objects, void *context,
	      struct raid_candidates *ret_candidates)
{
	struct offering c = { .found = ret_candidates };
	const struct raid_command *command;
	size_t used;

	*ret_candidates = (struct raid_candidates){ 0 };
	line_take(&c, line, len);
	ret_candidates->replaced = c.current_len;
	if (c.count > 0 && piece_is(&c.words[0], "help", 4)) {
		offer_words(&c, 1, &used);
		return;
	}
	command = offer_words(&c, 0, &used);
	if (command != NULL)
		offer_arguments(&c, command, used, objects, context);
}

void
raid_candidates_fini(struct raid_candidates *candidates)
{
	for (size_t i = 0; i < candidates->count; i++)
		mem_free(candidates->texts[i]);
	mem_free(candidates->texts);
	*candidates = (struct raid_candidates){ 0 };
}

size_t
raid_candidates_common(const struct raid_candidates *candidates)
{
	size_t common = candidates->count > 0 ? strlen(candidates->texts[0]) : 0;

	for (size_t i = 1; i < candidates->count; i++) {
		size_t len = 0;

		while (len < common && tolower((unsigned char)candidates->texts[i][len]) ==
					       tolower((unsigned char)candidates->texts[0][len]))
			len++;
		common = len;
	}
	return common;
}
