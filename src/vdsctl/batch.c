/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl batch [FILE]`: runs many commands, one on each line, over one connection.  It exists
 * because a program start for each of a thousand LUNs costs more than the LUNs.  Lines are split as
 * a shell splits words; nothing is expanded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/* A line's words, argv-like: words[0] is the program's name. */
struct batch_words {
	char **words;
	size_t count, capacity;
};

static void
words_fini(struct batch_words *w)
{
	for (size_t i = 1; i < w->count; i++)
		mem_free(w->words[i]);
	mem_free(w->words);
	memset(w, 0, sizeof(*w));
}

/* Takes text; NULL = out of memory. */
static int
words_add(struct batch_words *w, char *text)
{
	if (text == NULL ||
	    mem_grow(&w->words, &w->capacity, w->count + 1, sizeof(*w->words)) < 0) {
		mem_free(text);
		return -ENOMEM;
	}
	w->words[w->count++] = text;
	return 0;
}

/*
 * Copies one word to `out`, without its quotes.  *line is moved behind it.  '…' keeps all, "…" and
 * plain text know \\. Returns 0 or ERR_INVALID (a quote that does not end).
 */
static int
word_take(const char **line, struct strbuf *out)
{
	const char *p = *line;
	char quote = '\0';

	for (; *p != '\0' && (quote != '\0' || strchr(" \t\r\n", *p) == NULL); p++) {
		if (quote == '\0' && (*p == '\'' || *p == '"'))
			quote = *p;
		else if (quote != '\0' && *p == quote)
			quote = '\0';
		else if (*p == '\\' && quote != '\'' && p[1] != '\0')
			strbuf_add_bytes(out, ++p, 1);
		else
			strbuf_add_bytes(out, p, 1);
	}
	*line = p;
	return quote == '\0' ? 0
			     : err_set(ERR_INVALID, "a quote (%c) has no end on its line", quote);
}

/* Splits a line; "#" begins a comment.  No words: nothing to do. */
static int
words_split(struct batch_words *w, const char *line)
{
	static char program[] = "vdsctl";
	int rc = 0;

	if (mem_grow(&w->words, &w->capacity, 1, sizeof(*w->words)) < 0)
		return -ENOMEM;
	w->words[w->count++] = program;
	while (rc == 0) {
		struct strbuf word;

		line += strspn(line, " \t\r\n");
		if (*line == '\0' || *line == '#')
			break;
		strbuf_init(&word);
		strbuf_add(&word, ""); /* '' is a word too */
		rc = word_take(&line, &word);
		if (rc == 0)
			rc = words_add(w, strbuf_take(&word));
		else
			strbuf_fini(&word);
	}
	return rc;
}

/* A line may leave out the program's name, or write it, as when it was copied from a shell. */
static void
program_name_drop(struct batch_words *w)
{
	if (w->count < 2 || !str_equal(w->words[1], "vdsctl"))
		return;
	mem_free(w->words[1]);
	memmove(w->words + 1, w->words + 2, (w->count - 2) * sizeof(*w->words));
	w->count--;
}

/* What a line may not do: it belongs to the whole. */
static int
line_check(const struct ctl *line)
{
	static const enum ctl_option_id whole[] = { OPT_CONTEXT,     OPT_URL,     OPT_CA,
						    OPT_FINGERPRINT, OPT_CERT,    OPT_KEY,
						    OPT_TOKEN_FILE,  OPT_TIMEOUT, OPT_HELP,
						    OPT_VERSION };

	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		if (line->options[whole[i]] != NULL)
			return err_set(ERR_INVALID,
				       "--%s cannot be given in a line of a batch: give it to "
				       "`vdsctl batch` itself",
				       ctl_options[whole[i]].name);
	if (line->command->run == ctl_run_batch || line->command->run == ctl_run_watch)
		return err_set(ERR_INVALID, "`%s` cannot be used in a batch", line->command->words);
	return 0;
}

/* Runs one line with the connection and the global options of the batch. */
static int
line_run(struct ctl *ctl, struct ctl *line, const struct batch_words *w)
{
	int rc = ctl_parse(line, (int)w->count, w->words);

	line->out = ctl->out;
	line->json = line->json || ctl->json;
	line->quiet = line->quiet || ctl->quiet;
	line->no_wait = line->no_wait || ctl->no_wait;
	if (rc == 0)
		rc = line_check(line);
	if (rc < 0)
		return rc;
	for (int id = OPT_URL; id <= OPT_TOKEN_FILE;
	     id++) /* where the array is, and whom to trust */
		line->options[id] = ctl->options[id];
	line->context = ctl->context;
	line->client = ctl->client;
	rc = line->command->run(line);
	ctl->client = line->client;
	return rc;
}

/* Keeps the code and puts the place before the text. */
static int
error_place(int code, const char *name, unsigned number)
{
	AUTO_FREE char *text = str_dup(err_text(code));

	return text != NULL ? err_set(code, "%s, line %u: %s", name, number, text) : -ENOMEM;
}

static int
line_do(struct ctl *ctl, const char *text, const char *name, unsigned number)
{
	struct batch_words w = { 0 };
	struct ctl line = { 0 };
	int rc = words_split(&w, text);

	program_name_drop(&w);
	if (rc == 0 && w.count > 1)
		rc = line_run(ctl, &line, &w);
	if (rc < 0 && rc != -EPIPE)
		rc = error_place(rc, name, number);
	if (rc < 0 && ctl->options[OPT_KEEP_GOING] != NULL)
		ctl_error(stderr, ctl, rc);
	line.client = NULL; /* it is the batch's */
	ctl_fini(&line);
	words_fini(&w);
	return rc;
}

/* With --keep-going the first error is the result, and the others were printed as they came. */
static int
lines_do(struct ctl *ctl, FILE *file, const char *name)
{
	char *text = NULL;
	size_t size = 0;
	unsigned number = 0, failed = 0;
	int rc = 0, first = 0;

	while (getline(&text, &size, file) >= 0) {
		rc = line_do(ctl, text, name, ++number);
		fflush(ctl->out); /* who reads it sees each answer when it comes */
		if (rc < 0 && failed++ == 0)
			first = rc;
		if (rc < 0 && (ctl->options[OPT_KEEP_GOING] == NULL || rc == ERR_UNREACHABLE))
			break;
	}
	free(text);
	if (failed == 0 && ferror(file))
		return err_set(-EIO, "%s cannot be read", name);
	if (failed > 0 && ctl->options[OPT_KEEP_GOING] != NULL)
		return err_set(first, "%u of %u lines failed", failed, number);
	return first;
}

int
ctl_run_batch(struct ctl *ctl)
{
	bool standard = ctl->arg_count == 0 || str_equal(ctl->args[0], "-");
	const char *name = standard ? "standard input" : ctl->args[0];
	FILE *file = standard ? stdin : fopen(name, "re");
	int rc;

	if (file == NULL)
		return err_set(-errno, "%s: %s", name, strerror(errno));
	rc = ctl_context_apply(ctl); /* one array for all lines */
	if (rc == 0)
		rc = lines_do(ctl, file, name);
	if (!standard)
		fclose(file);
	return rc;
}
