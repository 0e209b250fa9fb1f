/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the commands share around the typed calls of the client: opening it, waiting for jobs,
 * printing what a change answered, loading a snapshot.  The main thread.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"
#include "wire/wire.h"

#define POLL_MS          200
#define CALL_TIMEOUT_MS  30000u
#define CHECK_TIMEOUT_MS 3600000u

/*
 * A vdsd that is stopped or hangs must not hold a script permanently; the check of a large array,
 * which comes before a backup too, takes its time, and so does a large plan.
 */
static unsigned
call_timeout_ms(const struct ctl *ctl)
{
	bool checks = ctl->command != NULL &&
		      (ctl->command->run == ctl_run_check || ctl->command->run == ctl_run_backup ||
		       ctl->command->run == ctl_run_plan || ctl->command->run == ctl_run_apply);

	if (ctl->timeout_s > 0)
		return (unsigned)ctl->timeout_s * 1000;
	return checks ? CHECK_TIMEOUT_MS : CALL_TIMEOUT_MS;
}

int
ctl_client_options(struct ctl *ctl, struct client_options *ret_options)
{
	int rc = ctl_context_apply(ctl);

	*ret_options = (struct client_options){
		.url = ctl->options[OPT_URL],
		.ca = ctl->options[OPT_CA],
		.fingerprint = ctl->options[OPT_FINGERPRINT],
		.cert = ctl->options[OPT_CERT],
		.key = ctl->options[OPT_KEY],
		.token_file = ctl->options[OPT_TOKEN_FILE],
	};
	return rc;
}

int
ctl_client(struct ctl *ctl)
{
	struct client_options options;
	int rc;

	if (ctl->client != NULL)
		return 0;
	rc = ctl_client_options(ctl, &options);
	if (rc == 0)
		rc = client_open_with(&options, CLIENT_CALLS, &ctl->client);
	if (rc == 0)
		client_set_call_timeout(ctl->client, call_timeout_ms(ctl));
	return rc;
}

int
ctl_open_replica(struct ctl *ctl)
{
	struct client_options options;
	int rc = ctl_client_options(ctl, &options);

	return rc < 0 ? rc : client_open_with(&options, CLIENT_REPLICA, &ctl->client);
}

int
ctl_ask(struct ctl *ctl, enum verb_id verb, const struct guid *ids, const struct verb_args *args,
	json_t **ret_json)
{
	int rc = ctl_client(ctl);

	return rc < 0 ? rc : client_ask(ctl->client, verb, ids, args, ret_json);
}

int
ctl_list(struct ctl *ctl, enum verb_id verb, const struct verb_args *args, json_t **ret_items)
{
	int rc = ctl_client(ctl);

	return rc < 0 ? rc : client_list(ctl->client, verb, NULL, args, ret_items);
}

/* ---- jobs ---- */

static void
progress_show(struct ctl *ctl, const struct guid *job)
{
	json_t *json = NULL, *percent;

	if (ctl->quiet || ctl->json || !isatty(STDERR_FILENO))
		return;
	if (ctl_ask(ctl, VERB_JOB_GET, job, NULL, &json) < 0)
		return;
	percent = json_object_get(json_object_get(json, "live"), "percent");
	fprintf(stderr, "\r%s %3d %%%s\033[K", json_string_value(json_object_get(json, "kind")),
		(int)json_integer_value(percent),
		json_is_true(json_object_get(json, "paused")) ? ", paused" : "");
	json_decref(json);
}

static int
job_result(const struct row_job *job)
{
	if (job->state == JOB_CANCELLED)
		return err_set(ERR_CANCELLED, "the operation was cancelled");
	if (job->state != JOB_FAILED)
		return 0;
	return err_set(err_from_name(job->error != NULL ? job->error : ""),
		       "the operation failed: %s", job->message != NULL ? job->message : "");
}

int
ctl_job_wait(struct ctl *ctl, const struct guid *job)
{
	AUTO_ROW struct row_job *row = NULL;
	bool shown = false;
	int rc = ctl_client(ctl);

	while (rc == 0 && row == NULL) {
		rc = client_job_wait(ctl->client, job, POLL_MS, &row);
		if (rc == ERR_TIMEOUT) {
			progress_show(ctl, job);
			shown = true;
			rc = 0;
		}
	}
	if (shown && !ctl->quiet && !ctl->json && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	return rc < 0 ? rc : job_result(row);
}

/* ---- changes ---- */

/* An id, or null for none. */
static json_t *
id_json(const struct guid *id)
{
	char text[GUID_TEXT_SIZE];

	return guid_is_zero(id) ? json_null() : json_string(guid_format(id, text));
}

/* The answer as the API gives it. */
static int
answer_json(struct ctl *ctl, const struct client_answer *answer)
{
	json_t *json = json_pack("{s:I, s:o, s:o, s:b, s:b}", "sequence",
				 (json_int_t)answer->sequence, "id", id_json(&answer->object_id),
				 "job", id_json(&answer->job_id), "existed", answer->existed,
				 "replayed", answer->replayed);
	int rc = json != NULL ? ctl_json_print(json, ctl->out) : -ENOMEM;

	json_decref(json);
	return rc;
}

/* Returns whether the command prints the id of what it makes: by its last word. */
static bool
is_create(const struct ctl *ctl)
{
	const char *last = strrchr(ctl->command->words, ' ');

	return last != NULL && (str_equal(last, " create") || str_equal(last, " clone") ||
				str_equal(last, " adopt"));
}

/* done: a sentence without its full stop; "" prints nothing. */
static void
answer_print(struct ctl *ctl, const struct client_answer *answer, const char *done)
{
	char id[GUID_TEXT_SIZE];

	guid_format(&answer->object_id, id);
	if (ctl->quiet && is_create(ctl))
		fprintf(ctl->out, "%s\n", id);
	else if (!ctl->quiet && done[0] != '\0' && is_create(ctl))
		fprintf(ctl->out, "%s (%s)\n", done, id);
	else if (!ctl->quiet && done[0] != '\0')
		fprintf(ctl->out, "%s\n", done);
}

int
ctl_done(struct ctl *ctl, int rc, const struct client_answer *answer, const char *fmt, ...)
{
	char done[1024], id[GUID_TEXT_SIZE];
	bool goes_on;
	va_list ap;

	if (rc < 0)
		return rc;
	va_start(ap, fmt);
	vsnprintf(done, sizeof(done), fmt, ap);
	va_end(ap);
	goes_on = !guid_is_zero(&answer->job_id);
	if (goes_on && !ctl->no_wait)
		rc = ctl_job_wait(ctl, &answer->job_id);
	if (rc < 0)
		return rc;
	if (ctl->json)
		return answer_json(ctl, answer);
	if (goes_on && ctl->no_wait)
		fprintf(ctl->out, "%s%s\n", ctl->quiet ? "" : "job ",
			guid_format(&answer->job_id, id));
	else
		answer_print(ctl, answer, done);
	return 0;
}

/* ---- views ---- */

int
ctl_view_load(struct ctl *ctl, struct ctl_view *ret_view)
{
	struct wire_format format;
	json_t *json = NULL;
	int rc = ctl_ask(ctl, VERB_SNAPSHOT, NULL, NULL, &json);

	if (rc == 0)
		rc = wire_snapshot_decode(json, &format, &ret_view->config, &ret_view->live);
	json_decref(json);
	return rc;
}

void
ctl_view_fini(struct ctl_view *view)
{
	state_unref(view->config);
	state_unref(view->live);
}
