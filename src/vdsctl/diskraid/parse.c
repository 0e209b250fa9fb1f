/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Turns the words of a line into a command of the table with arguments that are of the right kind.
 * Whether objects exist is another matter (select.c). Every error names a column.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/diskraid/language.h"

/* ---- which command ---- */

/* Returns true when the word is, in any case, the one that begins here and has len bytes. */
static bool
word_is(const struct raid_word *word, const char *text, size_t len)
{
	return !word->quoted && word->len == len && strncasecmp(word->text, text, len) == 0;
}

/*
 * How many words of the command stand at the beginning; *ret_all: whether these are all words that
 * the command has.
 */
static size_t
words_match(const struct raid_command *command, const struct raid_words *words, bool *ret_all)
{
	const char *at = command->words;
	size_t matched = 0;

	while (*at != '\0') {
		size_t len = strcspn(at, " ");

		if (matched == words->count || !word_is(&words->words[matched], at, len))
			break;
		matched++;
		at += len;
		at += *at == ' ';
	}
	*ret_all = *at == '\0';
	return matched;
}

/* The word of a command behind the first `skip` words; *ret_len is 0 when it has no more. */
static const char *
word_after(const char *words, size_t skip, size_t *ret_len)
{
	while (skip-- > 0) {
		words += strcspn(words, " ");
		words += *words == ' ';
	}
	*ret_len = strcspn(words, " ");
	return words;
}

/* Lists what can follow the first `matched` words: "controller, drive or lun". */
static void
followers(const struct raid_words *words, size_t matched, struct strbuf *out)
{
	const char *last = "";
	size_t last_len = 0;

	for (size_t i = 0; i < raid_command_count; i++) {
		bool all;
		size_t len;
		const char *word;

		if (words_match(&raid_commands[i], words, &all) < matched || all)
			continue;
		word = word_after(raid_commands[i].words, matched, &len);
		if (len == last_len && memcmp(word, last, len) == 0)
			continue;
		if (last_len > 0)
			strbuf_add(out, ", ");
		strbuf_add_bytes(out, word, len);
		last = word;
		last_len = len;
	}
}

static enum raid_exit
unknown_command(const struct raid_words *words, struct raid_error *error)
{
	const struct raid_word *word;
	struct strbuf list, known;
	size_t matched = 0;
	bool all;

	for (size_t i = 0; i < raid_command_count; i++) {
		size_t here = words_match(&raid_commands[i], words, &all);

		matched = MAX(matched, here);
	}
	strbuf_init(&list);
	strbuf_init(&known);
	for (size_t i = 0; i < matched; i++)
		strbuf_addf(&known, "%s%s", i > 0 ? " " : "", words->words[i].text);
	if (matched > 0)
		followers(words, matched, &list);
	word = matched < words->count ? &words->words[matched] : NULL;
	if (matched == 0)
		raid_error_set(error, RAID_SYNTAX, word->column,
			       "there is no command `%s`; `help` lists the commands", word->text);
	else if (word == NULL)
		raid_error_set(error, RAID_SYNTAX, words->end, "a word is missing after `%s`: %s",
			       known.text, list.text);
	else
		raid_error_set(error, RAID_SYNTAX, word->column,
			       "`%s` cannot follow `%s`; these can: %s", word->text, known.text,
			       list.text);
	strbuf_fini(&list);
	strbuf_fini(&known);
	return RAID_SYNTAX;
}

static const struct raid_command *
command_find(const struct raid_words *words, size_t *ret_used)
{
	const struct raid_command *best = NULL;

	*ret_used = 0;
	for (size_t i = 0; i < raid_command_count; i++) {
		bool all;
		size_t matched = words_match(&raid_commands[i], words, &all);

		if (all && matched > *ret_used) {
			best = &raid_commands[i];
			*ret_used = matched;
		}
	}
	return best;
}

/* ---- arguments ---- */

/* Where the '=' of a "name=value" stands; len when there is none outside quotes. */
static size_t
equals_of(const struct raid_word *word)
{
	size_t at = 0;

	while (at < word->len && !(word->text[at] == '=' && !raid_word_quoted(word, at)))
		at++;
	return at;
}

/*
 * The parameter that a word is for, and where in the word its value begins; NULL when there is
 * none.
 */
static const struct raid_param *
param_find(const struct raid_command *command, const struct raid_word *word,
	   const struct raid_args *args, size_t *ret_from)
{
	size_t equals = equals_of(word);
	const struct raid_param *free_one = NULL;

	for (const struct raid_param *param = command->params; param->name != NULL; param++) {
		size_t len = strlen(param->name);
		bool same = equals == len && strncasecmp(word->text, param->name, len) == 0;

		if ((param->flags & RAID_POSITIONAL) != 0) {
			if (free_one == NULL && (param->kind == RAID_REST ||
						 !args->values[param - command->params].given))
				free_one = param;
			continue;
		}
		if (!same)
			continue;
		if (param->kind == RAID_KEYWORD && equals == word->len && !word->quoted) {
			*ret_from = word->len;
			return param;
		}
		if (param->kind != RAID_KEYWORD && equals < word->len) {
			*ret_from = equals + 1;
			return param;
		}
		if ((param->flags & RAID_BARE) != 0 && !word->quoted) {
			*ret_from = word->len;
			return param;
		}
	}
	*ret_from = 0;
	return free_one;
}

/* Says what is wrong with the arguments, and how the command is used.  Returns RAID_SYNTAX. */
static enum raid_exit
usage_error(const struct raid_command *command, unsigned column, const char *what,
	    struct raid_error *error)
{
	char *usage = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&usage, &size);

	if (out == NULL)
		return raid_error_set(error, RAID_FATAL, 0, "out of memory");
	raid_usage(command, out);
	fclose(out);
	raid_error_set(error, RAID_SYNTAX, column, "%s; usage: %s", what, usage);
	free(usage);
	return RAID_SYNTAX;
}

/* Why a word is no argument: it has no value, has one, or is another word. */
static enum raid_exit
unknown_argument(const struct raid_command *command, const struct raid_word *word,
		 struct raid_error *error)
{
	size_t equals = equals_of(word);
	char what[200];

	for (const struct raid_param *param = command->params; param->name != NULL; param++) {
		size_t len = strlen(param->name);

		if (equals != len || strncasecmp(word->text, param->name, len) != 0)
			continue;
		if (param->kind == RAID_KEYWORD && !word->quoted)
			return raid_error_set(error, RAID_SYNTAX, word->column,
					      "`%s` takes no value", param->name);
		if (param->kind != RAID_KEYWORD && (param->flags & RAID_POSITIONAL) == 0)
			return raid_error_set(error, RAID_SYNTAX, word->column,
					      "`%s` needs a value: %s=…", param->name, param->name);
	}
	/* a word that nobody knows may be a secret with a mistyped name: it is not shown */
	if (raid_has_secret(command))
		return usage_error(command, word->column, "this word does not belong here", error);
	if (word->len > 100)
		return usage_error(command, word->column, "this long word does not belong here",
				   error);
	snprintf(what, sizeof(what), "`%s` does not belong here", word->text);
	return usage_error(command, word->column, what, error);
}

/* Reads the words that continue a list: those behind a comma, and those that begin with one. */
static enum raid_exit
list_continue(struct raid_args *args, const struct raid_param *param, struct raid_value *value,
	      size_t *place, struct raid_error *error)
{
	const struct raid_words *words = args->words;
	enum raid_exit rc = RAID_OK;

	if (param->kind != RAID_INDEXES && param->kind != RAID_PAIRS && param->kind != RAID_PATHS)
		return RAID_OK;
	while (rc == RAID_OK && *place + 1 < words->count) {
		const struct raid_word *next = &words->words[*place + 1];
		bool comma = next->len > 0 && next->text[0] == ',' && !raid_word_quoted(next, 0);

		if (!value->open && !comma)
			break;
		++*place;
		if (!value->open && comma && next->len == 1)
			value->open = true;
		else
			rc = raid_value_read(param, next, !value->open && comma, value, error);
	}
	if (rc == RAID_OK && value->open)
		return raid_error_set(error, RAID_SYNTAX, words->end,
				      "an index is missing after the comma");
	return rc;
}

/* Takes the word at *place, and those that belong to it. */
static enum raid_exit
argument_take(struct raid_args *args, size_t *place, struct raid_error *error)
{
	const struct raid_word *word = &args->words->words[*place];
	size_t from;
	const struct raid_param *param = param_find(args->command, word, args, &from);
	struct raid_value *value;
	enum raid_exit rc;

	if (param == NULL)
		return unknown_argument(args->command, word, error);
	value = &args->values[param - args->command->params];
	if (value->given && param->kind != RAID_REST)
		return raid_error_set(error, RAID_SYNTAX, word->column, "`%s` is given twice",
				      param->name);
	value->given = true;
	value->bare = (param->flags & RAID_BARE) != 0 && from == word->len &&
		      equals_of(word) == word->len;
	value->column = param->kind == RAID_KEYWORD || value->bare ? word->column
								   : raid_word_column(word, from);
	if (value->bare)
		return RAID_OK;
	rc = raid_value_read(param, word, from, value, error);
	return rc == RAID_OK ? list_continue(args, param, value, place, error) : rc;
}

/* Names the parameters with a flag: "size, drives". */
static void
params_name(const struct raid_command *command, unsigned flag, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (const struct raid_param *param = command->params; param->name != NULL; param++)
		if ((param->flags & flag) != 0 && used < size)
			used += (size_t)snprintf(buf + used, size - used, "%s%s%s",
						 used > 0 ? ", " : "", param->name,
						 param->kind == RAID_KEYWORD ? "" : "=");
}

static enum raid_exit
missing(const struct raid_command *command, const struct raid_param *param, unsigned column,
	struct raid_error *error)
{
	char what[80];

	if ((param->flags & RAID_POSITIONAL) == 0)
		snprintf(what, sizeof(what), "`%s=…` is missing", param->name);
	else if (param->kind == RAID_CHOICE)
		snprintf(what, sizeof(what), "the %s is missing", param->name);
	else
		snprintf(what, sizeof(what), "the index is missing");
	return usage_error(command, column, what, error);
}

/* Checks what only all arguments together show. */
static enum raid_exit
arguments_check(const struct raid_args *args, bool asks, unsigned end, struct raid_error *error)
{
	const struct raid_command *command = args->command;
	unsigned one_of = 0, some_of = 0, flags = 0;
	unsigned last = 0; /* where the last of those stands of which one is possible */
	char names[256];

	for (size_t i = 0; command->params[i].name != NULL; i++) {
		const struct raid_param *param = &command->params[i];
		bool given = args->values[i].given;

		flags |= param->flags;
		one_of += given && (param->flags & RAID_ONE_OF) != 0;
		some_of += given && (param->flags & RAID_SOME_OF) != 0;
		if (given && (param->flags & RAID_ONE_OF) != 0)
			last = MAX(last, args->values[i].column);
		if (!given && (param->flags & RAID_REQUIRED) != 0 &&
		    !(param->kind == RAID_SECRET && asks))
			return missing(command, param, end, error);
	}
	if ((flags & RAID_ONE_OF) != 0 && one_of != 1) {
		params_name(command, RAID_ONE_OF, names, sizeof(names));
		return raid_error_set(error, RAID_SYNTAX, one_of > 1 ? last : end,
				      "give exactly one of: %s", names);
	}
	if ((flags & RAID_SOME_OF) != 0 && some_of == 0) {
		params_name(command, RAID_SOME_OF, names, sizeof(names));
		return raid_error_set(error, RAID_SYNTAX, end, "give at least one of: %s", names);
	}
	return RAID_OK;
}

enum raid_exit
raid_parse(const struct raid_words *words, bool asks, struct raid_args *ret_args,
	   struct raid_error *error)
{
	size_t used;

	memset(ret_args, 0, sizeof(*ret_args));
	if (words->count == 0)
		return RAID_OK;
	ret_args->column = words->words[0].column;
	ret_args->words = words;
	ret_args->command = command_find(words, &used);
	ret_args->used = used;
	if (ret_args->command == NULL)
		return unknown_command(words, error);
	for (size_t i = used; i < words->count; i++) {
		enum raid_exit rc = argument_take(ret_args, &i, error);

		if (rc != RAID_OK)
			return rc;
	}
	return arguments_check(ret_args, asks, words->end, error);
}

void
raid_args_fini(struct raid_args *args)
{
	for (size_t i = 0; i < RAID_PARAM_MAX; i++) {
		struct raid_value *value = &args->values[i];

		for (size_t k = 0; k < value->ref_count; k++)
			mem_free(value->refs[k].name);
		mem_free(value->refs);
	}
	memset(args, 0, sizeof(*args));
}

const struct raid_value *
raid_arg(const struct raid_args *args, const char *name)
{
	const struct raid_param *param = args->command->params;

	while (param->name != NULL && strcmp(param->name, name) != 0)
		param++;
	assert(param->name != NULL);
	return args->values[param - args->command->params].given
		       ? &args->values[param - args->command->params]
		       : NULL;
}

bool
raid_has_secret(const struct raid_command *command)
{
	for (const struct raid_param *param = command->params; param->name != NULL; param++)
		if (param->kind == RAID_SECRET)
			return true;
	return false;
}

/* A mistyped line of `chap` holds its secret as well as a right one. */
bool
raid_looks_secret(const char *line)
{
	return strcasestr(line, "secret") != NULL || strcasestr(line, "chap") != NULL;
}
