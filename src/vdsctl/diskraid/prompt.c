/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The prompt: libedit reads and edits lines, keeps them in a history that ends with the program,
 * and calls back for completion.  A line that holds a secret, or might, is not kept.
 */
#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/diskraid/exec.h"

#define HISTORY_LINES 1000
#define SECRET_MAX    256

/*
 * A prompt is a place for one person, and libedit passes no context to the function that makes it.
 */
static struct raid *prompting;

static char *
prompt_text(EditLine *edit)
{
	static char text[] = "DISKRAID> ";

	(void)edit;
	return text;
}

/* ---- completion ---- */

/* Offers the indexes of the objects, and in quotes the names of those that have one. */
static void
objects_offer(void *context, enum raid_noun noun, void (*add)(void *add_context, const char *text),
	      void *add_context)
{
	struct raid *raid = context;
	struct raid_error kept = raid->error;
	struct raid_objects objects;

	if (raid_objects_load(raid, noun, &objects) == RAID_OK) {
		for (size_t i = 0; i < objects.count; i++) {
			const char *name = objects.items[i].name;
			char text[160];

			snprintf(text, sizeof(text), "%zu", i);
			add(add_context, text);
			if (name == NULL || name[0] == '\0' || strchr(name, '"') != NULL)
				continue;
			snprintf(text, sizeof(text), "\"%s\"", name);
			add(add_context, text);
		}
	}
	raid_objects_fini(&objects);
	raid->error = kept;
}

static void
candidates_list(const struct raid_candidates *candidates, FILE *out)
{
	fputc('\n', out);
	for (size_t i = 0; i < candidates->count; i++)
		fprintf(out, "%s%s", i > 0 ? "  " : "", candidates->texts[i]);
	fputc('\n', out);
	fflush(out);
}

static unsigned char
on_complete(EditLine *edit, wint_t key)
{
	const LineInfo *info = el_line(edit);
	size_t len = (size_t)(info->cursor - info->buffer), common;
	struct raid_candidates candidates;
	unsigned char answer = CC_ERROR;

	(void)key;
	raid_complete(info->buffer, len, objects_offer, prompting, &candidates);
	common = raid_candidates_common(&candidates);
	if (candidates.count > 0 && (common > candidates.replaced || candidates.count == 1)) {
		char *text = candidates.texts[0];
		bool ends = candidates.count == 1 && text[common - 1] != '=';
		AUTO_FREE char *insert = str_printf("%.*s%s", (int)common, text, ends ? " " : "");

		el_deletestr(edit, (int)candidates.replaced);
		if (insert != NULL && el_insertstr(edit, insert) == 0)
			answer = CC_REFRESH;
	} else if (candidates.count > 1) {
		candidates_list(&candidates, prompting->out);
		answer = CC_REDISPLAY;
	}
	raid_candidates_fini(&candidates);
	return answer;
}

/* ---- reading characters ---- */

/*
 * Waits until a byte of standard input can be read, or ^C was pressed.  SIGINT is let in only while
 * this waits, so none can come between the look at it and the wait.  Returns 0, or -1 (errno).
 */
static int
input_wait(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	sigset_t interrupt, before;
	int rc = -1;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, &before);
	errno = EINTR;
	while (!raid_was_interrupted() && (rc = ppoll(&input, 1, NULL, &before)) < 0)
		if (errno !=
		    EINTR) /* another signal, such as a new size of the window, ends it too */
			break;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc < 0 ? -1 : 0;
}

/*
 * Reads one character of UTF-8.  libedit's own function reads on after a signal, so ^C would have
 * no effect before the next key.  Returns 1, 0 at the end, -1 (^C, or errno).
 */
static int
on_read(EditLine *edit, wchar_t *ret_character)
{
	mbstate_t state = { 0 };
	char byte;

	(void)edit;
	for (;;) {
		ssize_t got = input_wait() < 0 ? -1 : read(STDIN_FILENO, &byte, 1);

		if (got <= 0)
			return (int)got;
		switch (mbrtowc(ret_character, &byte, 1, &state)) {
		case (size_t)-2: /* more bytes belong to it */
			break;
		case (size_t)-1:
			*ret_character = L'\xfffd';
			return 1;
		default:
			return 1;
		}
	}
}

/* ---- secrets ---- */

char *
raid_secret_ask(struct raid *raid)
{
	struct termios before, quiet;
	char *line = NULL, *secret = NULL;
	size_t capacity = 0;
	ssize_t len;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return NULL;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0)
		return NULL;
	/* only now: what is typed before the terminal is quiet is thrown away */
	fprintf(raid->err, "Secret (it is not shown; empty clears it): ");
	fflush(raid->err);
	len = getline(&line, &capacity, stdin);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', raid->err);
	if (len > 0 && line[len - 1] == '\n')
		line[--len] = '\0';
	if (len >= 0 && len <= SECRET_MAX && strlen(line) == (size_t)len)
		secret = str_dup(line);
	if (line != NULL)
		explicit_bzero(line, capacity);
	free(line);
	return secret;
}

/* ---- the loop ---- */

static void
line_keep(History *kept, const char *line)
{
	HistEvent event;

	if (strspn(line, " \t\r\n") < strlen(line) && !raid_looks_secret(line))
		history(kept, &event, H_ENTER, line);
}

static EditLine *
edit_new(History *kept)
{
	EditLine *edit = el_init("vds-diskraid", stdin, stdout, stderr);

	if (edit == NULL)
		return NULL;
	el_set(edit, EL_PROMPT, prompt_text);
	el_set(edit, EL_EDITOR, "emacs");
	el_set(edit, EL_SIGNAL, 0);
	el_set(edit, EL_GETCFN, on_read);
	el_set(edit, EL_HIST, history, kept);
	/* wide, because el_set would copy the two texts and never free the copies */
	el_wset(edit, EL_ADDFN, L"raid-complete", L"Completes the word before the cursor",
		on_complete);
	el_set(edit, EL_BIND, "^I", "raid-complete", NULL);
	el_set(edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
	return edit;
}

/* Runs one line of a person, who sees its error and goes on. */
static void
line_run(struct raid *raid, const char *line, size_t len)
{
	bool noerr;

	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	raid_interrupted(); /* ^C while the line was typed is no ^C for the command */
	if (raid_run_line(raid, line, len, &noerr) != RAID_OK)
		raid_error_print(raid, NULL, 0);
}

static void
lines_run(struct raid *raid, EditLine *edit, History *kept)
{
	const char *line;
	int len;

	while (!raid->ended) {
		/*
		 * libedit shows the prompt first and switches the terminal afterwards; a ^D that
		 * came in between would be lost.
		 */
		el_wset(edit, EL_PREP_TERM, 1);
		line = el_gets(edit, &len);
		if ((line == NULL || len <= 0) && raid_interrupted()) {
			fputc('\n', raid->out);
			el_reset(edit);
			continue;
		}
		if (line == NULL || len <= 0)
			break;
		line_keep(kept, line);
		line_run(raid, line, (size_t)len);
	}
}

enum raid_exit
raid_prompt(struct raid *raid)
{
	HistEvent event;
	History *kept = history_init();
	EditLine *edit = NULL;

	if (kept != NULL && history(kept, &event, H_SETSIZE, HISTORY_LINES) >= 0)
		edit = edit_new(kept);
	if (edit == NULL) {
		if (kept != NULL)
			history_end(kept);
		return raid_fail(raid, RAID_FATAL, "libedit could not take the terminal");
	}
	prompting = raid;
	fprintf(raid->out,
		"DiskRAID of vds %s.  `help` lists the commands, the tabulator "
		"completes them.\n",
		VDS_VERSION);
	lines_run(raid, edit, kept);
	if (!raid->ended)
		fputc('\n', raid->out);
	el_end(edit);
	history_end(kept);
	return RAID_OK;
}
