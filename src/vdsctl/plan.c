/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl plan`, `apply` and `undo`: shows what a file would change, changes it, and takes changes
 * back.  The file is sent as it is, so that vdsd can say in which line something is wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

#define FILE_MAX   (64u << 20)
#define READ_BLOCK 65536

/* ---- the file ---- */

static const char *
file_called(const char *path)
{
	return str_equal(path, "-") ? "standard input" : path;
}

static int
read_all(const char *path, int fd, struct strbuf *text)
{
	AUTO_FREE char *block = mem_alloc(READ_BLOCK);
	ssize_t n;

	if (block == NULL)
		return -ENOMEM;
	while ((n = read(fd, block, READ_BLOCK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(-errno, "%s: cannot read it: %s", file_called(path),
				       strerror(errno));
		if (memchr(block, '\0', (size_t)n) != NULL)
			return err_set(ERR_INVALID, "%s is not a text of JSON: it has zero bytes",
				       file_called(path));
		strbuf_add_bytes(text, block, (size_t)n);
		if (text->len > FILE_MAX)
			return err_set(ERR_INVALID,
				       "%s is larger than %u MiB: split it into files of parts "
				       "(\"scope\": \"named\")",
				       file_called(path), FILE_MAX >> 20);
	}
	return text->failed ? -ENOMEM : 0;
}

static int
file_read(const char *path, struct strbuf *text)
{
	int fd = str_equal(path, "-") ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc;

	if (fd < 0)
		return err_set(-errno, "%s: cannot open it: %s", path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		rc = err_set(ERR_INVALID, "%s is a directory: name a file", path);
	else
		rc = read_all(path, fd, text);
	if (fd != STDIN_FILENO)
		close(fd);
	if (rc == 0 && text->len == 0)
		rc = err_set(ERR_INVALID, "%s is empty: it needs at least {\"format\": 1}",
			     file_called(path));
	return rc;
}

/* `web.json: line 3, column 7, …` */
static int
name_file(const char *path, int rc)
{
	AUTO_FREE char *text = rc < 0 ? str_dup(err_text(rc)) : NULL;

	if (text != NULL && strncmp(text, "line ", 5) == 0)
		return err_set(rc, "%s: %s", file_called(path), text);
	return rc;
}

/* ---- showing ---- */

static bool
is_coloured(const struct ctl *ctl)
{
	const char *term = getenv("TERM");     /* NOLINT: nobody changes the environment */
	const char *none = getenv("NO_COLOR"); /* NOLINT: nobody changes it */

	return ctl->out == stdout && isatty(STDOUT_FILENO) && term != NULL &&
	       !str_equal(term, "dumb") && (none == NULL || *none == '\0');
}

/* The sign of a step, and its colour. */
struct mark {
	char sign;
	const char *colour;
};

static struct mark
mark_of(const json_t *step)
{
	const char *action = json_string_value(json_object_get(step, "action"));

	if (json_is_true(json_object_get(step, "loses_data")))
		return (struct mark){ '!', "\033[1;31m" };
	if (str_equal(action, "create"))
		return (struct mark){ '+', "\033[32m" };
	if (str_equal(action, "delete"))
		return (struct mark){ '-', "\033[31m" };
	return (struct mark){ '~', "\033[33m" };
}

/* Returns how many steps were shown. */
static size_t
steps_print(const struct ctl *ctl, const json_t *plan)
{
	const json_t *steps = json_object_get(plan, "steps");
	bool coloured = is_coloured(ctl);
	size_t shown = 0;

	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);
		const char *text = json_string_value(json_object_get(step, "text"));
		struct mark look = mark_of(step);

		if (text == NULL || *text == '\0') /* another step says it */
			continue;
		fprintf(ctl->out, "%s%c %s%s\n", coloured ? look.colour : "", look.sign, text,
			coloured ? "\033[0m" : "");
		shown++;
	}
	return shown;
}

static json_int_t
number(const json_t *json, const char *name)
{
	return json_integer_value(json_object_get(json, name));
}

/* What a plan that loses data needs, so that nobody learns it only from the refusal. */
static void
losses_print(const struct ctl *ctl, const json_t *plan)
{
	if (number(plan, "deletes") > 0)
		fprintf(ctl->out, "%lld LUN%s deleted: apply needs --delete-luns\n",
			(long long)number(plan, "deletes"),
			number(plan, "deletes") == 1 ? " is" : "s are");
	if (number(plan, "shrinks") > 0)
		fprintf(ctl->out, "%lld LUN%s smaller: apply needs --shrink-luns\n",
			(long long)number(plan, "shrinks"),
			number(plan, "shrinks") == 1 ? " gets" : "s get");
}

static int
plan_print(const struct ctl *ctl, const json_t *plan)
{
	const char *revision = json_string_value(json_object_get(plan, "revision"));
	size_t shown;

	if (ctl->json)
		return ctl_json_print(plan, ctl->out);
	if (ctl->quiet)
		return 0;
	if (number(plan, "changes") == 0) {
		fprintf(ctl->out, "no change\n");
		return 0;
	}
	shown = steps_print(ctl, plan);
	losses_print(ctl, plan);
	fprintf(ctl->out, "%zu change%s at revision %s; nothing is done yet\n", shown,
		shown == 1 ? "" : "s", revision != NULL ? revision : "?");
	return 0;
}

/* ---- plan and apply ---- */

int
ctl_run_plan(struct ctl *ctl)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	struct verb_args args = { 0 };
	json_t *plan = NULL;
	int rc = file_read(ctl->args[0], &text);

	args.document = text.text;
	if (rc == 0)
		rc = name_file(ctl->args[0], ctl_ask(ctl, VERB_PLAN, NULL, &args, &plan));
	if (rc == 0)
		rc = plan_print(ctl, plan);
	ctl->plan_changes = rc == 0 && number(plan, "changes") > 0;
	json_decref(plan);
	return rc;
}

/* Waits for the jobs that have begun, unless --no-wait was given: then they are named. */
static int
jobs_wait(struct ctl *ctl, const json_t *plan)
{
	const json_t *jobs = json_object_get(plan, "jobs");
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < json_array_size(jobs); i++) {
		const char *text = json_string_value(json_array_get(jobs, i));
		struct guid job;

		if (text == NULL || guid_parse(text, &job) < 0)
			return err_set(ERR_PROTOCOL, "vdsd's answer has no id in its member jobs");
		if (!ctl->no_wait)
			rc = ctl_job_wait(ctl, &job);
		else if (!ctl->json)
			fprintf(ctl->out, "%s%s\n", ctl->quiet ? "" : "job ", text);
	}
	return rc;
}

/* Prints what was done. */
static int
done_print(struct ctl *ctl, const json_t *answer, const char *verb)
{
	const json_t *plan = json_object_get(answer, "plan");
	size_t shown;
	int rc = jobs_wait(ctl, plan);

	if (rc < 0)
		return rc;
	if (ctl->json)
		return ctl_json_print(answer, ctl->out);
	if (ctl->quiet)
		return 0;
	if (number(plan, "changes") == 0) {
		fprintf(ctl->out, "no change\n");
		return 0;
	}
	shown = steps_print(ctl, plan);
	fprintf(ctl->out, "%zu change%s %s; sequence %lld\n", shown, shown == 1 ? "" : "s", verb,
		(long long)number(answer, "sequence"));
	return 0;
}

int
ctl_run_apply(struct ctl *ctl)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	struct verb_args args = {
		.revision = ctl->options[OPT_REVISION],
		.delete_luns = ctl->options[OPT_DELETE_LUNS] != NULL,
		.shrink_luns = ctl->options[OPT_SHRINK_LUNS] != NULL,
	};
	json_t *answer = NULL;
	int rc = file_read(ctl->args[0], &text);

	args.document = text.text;
	if (rc == 0)
		rc = name_file(ctl->args[0], ctl_ask(ctl, VERB_APPLY, NULL, &args, &answer));
	if (rc == 0)
		rc = done_print(ctl, answer, "made");
	json_decref(answer);
	return rc;
}

/* ---- undo ---- */

int
ctl_run_undo(struct ctl *ctl)
{
	const char *change = ctl->options[OPT_CHANGE];
	struct verb_args args = { .revision = ctl->options[OPT_REVISION] };
	json_t *answer = NULL;
	int rc;

	if (change != NULL && (str_parse_u64(change, &args.change) < 0 || args.change == 0))
		return err_set(ERR_INVALID,
			       "--change takes the number of a change (`vdsctl history`), not %s",
			       change);
	rc = ctl_ask(ctl, VERB_UNDO, NULL, &args, &answer);
	if (rc == 0 && !ctl->json && !ctl->quiet)
		fprintf(ctl->out, "change %lld:\n",
			(long long)number(json_object_get(answer, "plan"), "undoes"));
	if (rc == 0)
		rc = done_print(ctl, answer, "taken back");
	json_decref(answer);
	return rc;
}
