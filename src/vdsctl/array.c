/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The array as a whole, jobs, versions. */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "vdsctl/ctl_int.h"

/* Prints what a GET gives. */
static int
get_print(struct ctl *ctl, const char *path)
{
	json_t *json = NULL;
	int rc = ctl_call(ctl, "GET", NULL, &json, "%s", path);

	if (rc == 0)
		rc = ctl->json ? ctl_json_print(json, ctl->out) : ctl_object_print(json, ctl->out);
	json_decref(json);
	return rc;
}

int
ctl_run_array_show(struct ctl *ctl)
{
	return get_print(ctl, "/v1/array");
}

int
ctl_run_array_rename(struct ctl *ctl)
{
	return ctl_change(ctl, "PATCH", json_pack("{s:s}", "name", ctl->args[0]), "/v1/array",
			  "renamed");
}

int
ctl_run_array_iqn_prefix(struct ctl *ctl)
{
	return ctl_change(ctl, "PATCH", json_pack("{s:s}", "iqn_prefix", ctl->args[0]), "/v1/array",
			  "set");
}

int
ctl_run_sync(struct ctl *ctl)
{
	if (ctl->quiet)
		return ctl_call(ctl, "GET", NULL, NULL, "/v1/sync");
	return get_print(ctl, "/v1/sync");
}

/* LUNs that are failed are nothing that the checker would blame. */
static void
clean_print(const json_t *json, FILE *out)
{
	json_int_t failed = json_integer_value(json_object_get(json, "failed_luns"));

	if (failed > 0)
		fprintf(out,
			"clean, but %" JSON_INTEGER_FORMAT
			" LUN%s failed: `vdsctl list luns` shows which\n",
			failed, failed > 1 ? "s are" : " is");
	else
		fprintf(out, "clean\n");
}

int
ctl_run_check(struct ctl *ctl)
{
	json_t *json = NULL;
	int rc = ctl_call(ctl, "POST", NULL, &json, "/v1/check");

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
	rc = ctl_call(ctl, "GET", NULL, &json, "/v1/version");
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
	char path[64], id[GUID_TEXT_SIZE];
	struct guid job;
	int rc = ctl_resolve(ctl, ROW_JOB, ctl->args[0], &job);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "/v1/jobs/%s/cancel", guid_format(&job, id));
	return ctl_change(ctl, "POST", NULL, path, "cancelled");
}

int
ctl_run_job_wait(struct ctl *ctl)
{
	char path[64], id[GUID_TEXT_SIZE];
	struct guid job;
	int rc = ctl_resolve(ctl, ROW_JOB, ctl->args[0], &job);

	if (rc == 0)
		rc = ctl_job_wait(ctl, &job);
	if (rc < 0 || ctl->quiet)
		return rc;
	snprintf(path, sizeof(path), "/v1/jobs/%s", guid_format(&job, id));
	return get_print(ctl, path);
}
