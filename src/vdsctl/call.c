/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* REST calls: one, all pages of a list, a change with its job, a snapshot. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"
#include "wire/wire.h"

#define POLL_MS   200
#define PATH_SIZE 2048

static int
client_need(struct ctl *ctl)
{
	return ctl->client != NULL ? 0
				   : client_open(ctl->options[OPT_URL], CLIENT_CALLS, &ctl->client);
}

static int
path_call(struct ctl *ctl, const char *method, json_t *body, json_t **ret_json, const char *path)
{
	int rc = client_need(ctl);

	if (rc == 0)
		rc = client_call(ctl->client, method, path, body, ret_json);
	json_decref(body);
	return rc;
}

int
ctl_call(struct ctl *ctl, const char *method, json_t *body, json_t **ret_json, const char *fmt, ...)
{
	char path[PATH_SIZE];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		json_decref(body);
		return err_set(ERR_INVALID, "the name is too long");
	}
	return path_call(ctl, method, body, ret_json, path);
}

char *
ctl_escape(const char *text)
{
	struct strbuf out;

	strbuf_init(&out);
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		bool plain = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
			     (*p >= 'a' && *p <= 'z') || strchr("-._~", *p) != NULL;

		strbuf_addf(&out, plain ? "%c" : "%%%02X", *p);
	}
	return strbuf_take(&out);
}

int
ctl_list(struct ctl *ctl, const char *path, json_t **ret_items)
{
	json_t *items = json_array();
	AUTO_FREE char *after = NULL;
	int rc;

	do {
		json_t *page = NULL;
		const char *next;

		rc = ctl_call(ctl, "GET", NULL, &page, "%s%climit=1000%s%s", path,
			      strchr(path, '?') != NULL ? '&' : '?', after != NULL ? "&after=" : "",
			      after != NULL ? after : "");
		if (rc < 0)
			break;
		json_array_extend(items, json_object_get(page, "items"));
		next = json_string_value(json_object_get(page, "next"));
		mem_free(after);
		after = next != NULL ? str_dup(next) : NULL;
		json_decref(page);
	} while (after != NULL);
	if (rc < 0)
		json_decref(items);
	else
		*ret_items = items;
	return rc;
}

/* ---- jobs ---- */

static void
progress_show(struct ctl *ctl, const struct guid *job)
{
	char id[GUID_TEXT_SIZE];
	json_t *json = NULL, *percent;

	if (ctl->quiet || ctl->json || !isatty(STDERR_FILENO))
		return;
	if (ctl_call(ctl, "GET", NULL, &json, "/v1/jobs/%s", guid_format(job, id)) < 0)
		return;
	percent = json_object_get(json_object_get(json, "live"), "percent");
	fprintf(stderr, "\r%s %3d %%", json_string_value(json_object_get(json, "kind")),
		(int)json_integer_value(percent));
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
	int rc = client_need(ctl);

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

static int
answer_print(struct ctl *ctl, const json_t *answer, const char *done, bool waiting)
{
	const char *id = json_string_value(json_object_get(answer, "id"));
	const char *job = json_string_value(json_object_get(answer, "job"));

	if (ctl->json)
		return ctl_json_print(answer, ctl->out);
	if (waiting)
		fprintf(ctl->out, "%s%s\n", ctl->quiet ? "" : "job ", job);
	else if (ctl->quiet && done != NULL && strstr(done, "created") != NULL)
		fprintf(ctl->out, "%s\n", id);
	else if (!ctl->quiet && done != NULL)
		fprintf(ctl->out, "%s%s%s%s\n", done, strstr(done, "created") != NULL ? " (" : "",
			strstr(done, "created") != NULL ? id : "",
			strstr(done, "created") != NULL ? ")" : "");
	return 0;
}

int
ctl_change(struct ctl *ctl, const char *method, json_t *body, const char *path, const char *done)
{
	json_t *answer = NULL;
	struct guid job;
	bool goes_on;
	int rc = path_call(ctl, method, body, &answer, path);

	if (rc < 0)
		return rc;
	goes_on = guid_parse(json_string_value(json_object_get(answer, "job")) != NULL
				     ? json_string_value(json_object_get(answer, "job"))
				     : "",
			     &job) == 0;
	if (goes_on && !ctl->no_wait)
		rc = ctl_job_wait(ctl, &job);
	if (rc == 0)
		rc = answer_print(ctl, answer, done, goes_on && ctl->no_wait);
	json_decref(answer);
	return rc;
}

/* ---- views ---- */

int
ctl_view_load(struct ctl *ctl, struct ctl_view *ret_view)
{
	struct ctl_view view = { NULL, NULL };
	json_t *json = NULL;
	int rc = ctl_call(ctl, "GET", NULL, &json, "/v1/snapshot");

	if (rc == 0)
		rc = wire_state_decode(json_object_get(json, "config"), ROW_ARRAY, ROW_CONFIG_COUNT,
				       &view.config);
	if (rc == 0)
		rc = wire_state_decode(json_object_get(json, "live"), ROW_CONFIG_COUNT,
				       ROW_FAMILY_COUNT, &view.live);
	json_decref(json);
	if (rc < 0)
		ctl_view_fini(&view);
	else
		*ret_view = view;
	return rc;
}

void
ctl_view_fini(struct ctl_view *view)
{
	state_unref(view->config);
	state_unref(view->live);
}
