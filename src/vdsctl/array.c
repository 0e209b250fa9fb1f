/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands on the array as a whole, on jobs and on versions. */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "vdsctl/ctl_int.h"

/* Asks for a verb that reads, and prints the answer. */
static int
get_print(struct ctl *ctl, enum verb_id verb, const struct guid *ids)
{
	json_t *json = NULL;
	int rc = ctl_ask(ctl, verb, ids, NULL, &json);

	if (rc == 0)
		rc = ctl->json ? ctl_json_print(json, ctl->out) : ctl_object_print(json, ctl->out);
	json_decref(json);
	return rc;
}

int
ctl_run_array_show(struct ctl *ctl)
{
	return get_print(ctl, VERB_ARRAY_GET, NULL);
}

int
ctl_run_array_rename(struct ctl *ctl)
{
	struct client_answer answer;
	int rc = ctl_client(ctl);

	if (rc == 0)
		rc = client_array_rename(ctl->client, ctl->args[0], &answer);
	return ctl_done(ctl, rc, &answer, "array renamed to %s", ctl->args[0]);
}

int
ctl_run_array_iqn_prefix(struct ctl *ctl)
{
	struct client_answer answer;
	int rc = ctl_client(ctl);

	if (rc == 0)
		rc = client_array_set_iqn_prefix(ctl->client, ctl->args[0], &answer);
	return ctl_done(ctl, rc, &answer, "names of new targets begin with %s",
			ctl->args[0][0] != '\0' ? ctl->args[0] : "naa.");
}

int
ctl_run_sync(struct ctl *ctl)
{
	if (ctl->quiet)
		return ctl_ask(ctl, VERB_SYNC, NULL, NULL, NULL);
	return get_print(ctl, VERB_SYNC, NULL);
}

/* A failed LUN breaks no invariant, so the array is clean with it. */
static void
clean_print(const json_t *json, FILE *out)
{
	json_int_t failed = json_integer_value(json_object_get(json, "failed_luns"));
	const json_t *notes = json_object_get(json, "notes");

	if (failed > 0)
		fprintf(out,
			"clean, but %" JSON_INTEGER_FORMAT
			" LUN%s failed: `vdsctl lun list` shows which\n",
			failed, failed > 1 ? "s are" : " is");
	else
		fprintf(out, "clean\n");
	for (size_t i = 0; i < json_array_size(notes); i++)
		fprintf(out, "note: %s\n", json_string_value(json_array_get(notes, i)));
}

int
ctl_run_check(struct ctl *ctl)
{
	json_t *json = NULL;
	int rc = ctl_ask(ctl, VERB_CHECK, NULL, NULL, &json);

	if (rc < 0)
		return rc;
	if (ctl->json)
		ctl_json_print(json, ctl->out);
	if (!json_is_true(json_object_get(json, "clean")))
		rc = err_set(ERR_CORRUPT, "%s",
			     json_string_value(json_object_get(json, "message")));
	else if (!ctl->json && !ctl->quiet)
		clean_print(json, ctl->out);
	json_decref(json);
	return rc;
}

int
ctl_run_version(struct ctl *ctl)
{
	json_t *json = NULL;
	int rc;

	if (!ctl->json)
		fprintf(ctl->out, "vdsctl %s\n", VDS_VERSION);
	rc = ctl_ask(ctl, VERB_VERSION, NULL, NULL, &json);
	if (rc < 0)
		return rc;
	if (ctl->json)
		rc = ctl_json_print(json, ctl->out);
	else
		fprintf(ctl->out, "vdsd %s (API %s)\n",
			json_string_value(json_object_get(json, "version")),
			json_string_value(json_object_get(json, "api")));
	json_decref(json);
	return rc;
}

/* ---- jobs ---- */

int
ctl_run_job_cancel(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid job;
	int rc = ctl_resolve(ctl, ROW_JOB, ctl->args[0], &job);

	if (rc == 0)
		rc = client_job_cancel(ctl->client, &job, &answer);
	return ctl_done(ctl, rc, &answer, "job %s cancelled", ctl->args[0]);
}

int
ctl_run_job_pause(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid job;
	int rc = ctl_resolve(ctl, ROW_JOB, ctl->args[0], &job);

	if (rc == 0)
		rc = client_job_pause(ctl->client, &job, &answer);
	return ctl_done(ctl, rc, &answer, "job %s paused", ctl->args[0]);
}

int
ctl_run_job_resume(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid job;
	int rc = ctl_resolve(ctl, ROW_JOB, ctl->args[0], &job);

	if (rc == 0)
		rc = client_job_resume(ctl->client, &job, &answer);
	return ctl_done(ctl, rc, &answer, "job %s resumed", ctl->args[0]);
}

int
ctl_run_job_wait(struct ctl *ctl)
{
	struct guid job;
	int rc = ctl_resolve(ctl, ROW_JOB, ctl->args[0], &job);

	if (rc == 0)
		rc = ctl_job_wait(ctl, &job);
	if (rc < 0 || ctl->quiet)
		return rc;
	return get_print(ctl, VERB_JOB_GET, &job);
}
