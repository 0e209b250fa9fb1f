/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs lines: from a script, which is checked as a whole before its first line runs, or from a
 * stream.  An error of a script names the script, the line and the column.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

enum raid_exit
raid_run_exit(struct raid *raid, const struct raid_args *args)
{
	(void)args;
	raid->ended = true;
	return RAID_OK;
}

enum raid_exit
raid_run_nothing(struct raid *raid, const struct raid_args *args)
{
	(void)raid;
	(void)args;
	return RAID_OK;
}

enum raid_exit
raid_run_help(struct raid *raid, const struct raid_args *args)
{
	const struct raid_words *words = args->words;

	if (raid_help(words->words + args->used, words->count - args->used, raid->out) == 0)
		return raid_fail_at(raid, words->words[args->used].column,
				    "no command begins with these words; `help` lists all");
	return RAID_OK;
}

static bool
says_noerr(const struct raid_args *args)
{
	const struct raid_param *params = args->command->params;

	for (size_t i = 0; params[i].name != NULL; i++)
		if (strcmp(params[i].name, "noerr") == 0)
			return args->values[i].given;
	return false;
}

static enum raid_exit
command_run(struct raid *raid, const struct raid_args *args)
{
	enum raid_noun focus = args->command->focus;

	if (focus != RAID_NONE && raid->focus[focus].unknown == NULL)
		return raid_fail_at(raid, args->column,
				    "`%s` acts on the %s in focus, but none is; `list %s` lists "
				    "them, `select %s` selects one",
				    args->command->words, raid_nouns[focus].title,
				    raid_nouns[focus].plural, raid_nouns[focus].word);
	return args->command->run(raid, args);
}

enum raid_exit
raid_run_line(struct raid *raid, const char *line, size_t len, bool *ret_noerr)
{
	struct raid_words words;
	struct raid_args args = { 0 };
	enum raid_exit rc = raid_words_split(line, len, &words, &raid->error);

	*ret_noerr = false;
	if (rc == RAID_OK)
		rc = raid_parse(&words, raid->asks, &args, &raid->error);
	if (rc == RAID_OK && args.command != NULL) {
		rc = command_run(raid, &args);
		*ret_noerr = says_noerr(&args);
	}
	raid_args_fini(&args);
	if (words.memory != NULL)
		explicit_bzero(words.memory, len); /* it may hold a secret */
	raid_words_fini(&words);
	if (rc == RAID_OK && (fflush(raid->out) != 0 || ferror(raid->out)))
		rc = raid_fail(raid, RAID_FATAL, "the output could not be written");
	return rc;
}

void
raid_error_print(struct raid *raid, const char *name, unsigned line)
{
	fflush(raid->out);
	fprintf(raid->err, "vds-diskraid: ");
	if (name != NULL)
		fprintf(raid->err, "%s, ", name);
	if (line > 0)
		fprintf(raid->err, "line %u", line);
	if (line > 0 && raid->error.column > 0)
		fprintf(raid->err, ", ");
	if (raid->error.column > 0)
		fprintf(raid->err, "column %u", raid->error.column);
	if (name != NULL || line > 0 || raid->error.column > 0)
		fprintf(raid->err, ": ");
	fprintf(raid->err, "%s\n", raid->error.text);
}

/* Checks what can be checked without running anything. */
static enum raid_exit
line_check(struct raid *raid, const char *line, size_t len)
{
	struct raid_words words;
	struct raid_args args = { 0 };
	enum raid_exit rc = raid_words_split(line, len, &words, &raid->error);

	if (rc == RAID_OK)
		rc = raid_parse(&words, false, &args, &raid->error);
	raid_args_fini(&args);
	raid_words_fini(&words);
	return rc;
}

static enum raid_exit
script_check(struct raid *raid, const char *name, const char *bytes, size_t len)
{
	struct raid_lines lines;
	const char *line;
	size_t line_len;
	enum raid_exit rc = raid_lines_init(&lines, bytes, len, &raid->error);

	while (rc == RAID_OK && raid_lines_next(&lines, &line, &line_len))
		rc = line_check(raid, line, line_len);
	if (rc != RAID_OK)
		raid_error_print(raid, name, lines.number);
	return rc;
}

/* Runs one line of many.  Returns RAID_OK also after an error that noerr passes over. */
static enum raid_exit
line_of_many(struct raid *raid, const char *name, unsigned number, const char *line, size_t len)
{
	bool noerr = false;
	enum raid_exit rc;

	if (raid_interrupted()) {
		rc = raid_fail(raid, RAID_FATAL, "interrupted before this line");
		raid_error_print(raid, name, number);
		return rc;
	}
	rc = raid_run_line(raid, line, len, &noerr);
	if (rc == RAID_OK)
		return RAID_OK;
	raid_error_print(raid, name, number);
	return noerr && rc != RAID_FATAL ? RAID_OK : rc;
}

enum raid_exit
raid_run_script(struct raid *raid, const char *name, const char *bytes, size_t len)
{
	struct raid_lines lines;
	const char *line;
	size_t line_len;
	enum raid_exit rc = script_check(raid, name, bytes, len);

	if (rc == RAID_OK)
		rc = raid_lines_init(&lines, bytes, len, &raid->error);
	while (rc == RAID_OK && !raid->ended && raid_lines_next(&lines, &line, &line_len))
		rc = line_of_many(raid, name, lines.number, line, line_len);
	return rc;
}

enum raid_exit
raid_run_stream(struct raid *raid, FILE *in)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t len;
	unsigned number = 0;
	enum raid_exit rc = RAID_OK;

	while (rc == RAID_OK && !raid->ended && (len = getline(&line, &capacity, in)) >= 0) {
		const char *text = line;
		size_t left = (size_t)len;

		if (number++ == 0 && left >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
			text += 3;
			left -= 3;
		}
		if (left > 0 && text[left - 1] == '\n')
			left--;
		if (left > 0 && text[left - 1] == '\r')
			left--;
		rc = line_of_many(raid, "standard input", number, text, left);
	}
	if (rc == RAID_OK && !raid->ended && ferror(in)) {
		if (errno == EINTR && raid_interrupted())
			rc = raid_fail(raid, RAID_FATAL, "interrupted");
		else
			rc = raid_fail(raid, RAID_FILE, "standard input: %s", strerror(errno));
		raid_error_print(raid, NULL, 0);
	}
	free(line);
	return rc;
}
