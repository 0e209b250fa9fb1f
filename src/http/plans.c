/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The handlers of plans: /v1/plan, /v1/apply, /v1/export and /v1/undo.  The connection's thread.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"

static const void *
row_of(const struct state *state, const struct array_plan_step *step)
{
	return row_type(step->family)->key_fields > 1
		       ? state_find_pair(state, step->family, &step->key.a, &step->key.b)
		       : state_find(state, step->family, &step->key.a);
}

static json_t *
row_json(const struct state *state, const struct array_plan_step *step)
{
	const void *row = row_of(state, step);

	return row != NULL ? wire_row_encode(row) : json_null();
}

static json_t *
key_json(const struct array_plan_step *step)
{
	char a[GUID_TEXT_SIZE], b[GUID_TEXT_SIZE];

	if (row_type(step->family)->key_fields > 1)
		return json_pack("[s, s]", guid_format(&step->key.a, a),
				 guid_format(&step->key.b, b));
	return json_pack("[s]", guid_format(&step->key.a, a));
}

static json_t *
step_json(const struct array_plan_report *report, const struct array_plan_step *step)
{
	static const char *const actions[] = { "create", "change", "delete" };

	return json_pack("{s:s, s:s, s:o, s:s, s:b, s:o, s:o}", "action", actions[step->action],
			 "family", row_type(step->family)->name, "key", key_json(step), "text",
			 step->text, "loses_data", step->loses_data, "before",
			 row_json(report->before, step), "after", row_json(report->after, step));
}

static json_t *
report_json(const struct array_plan_report *report)
{
	json_t *steps = json_array(), *jobs = json_array();
	char job[GUID_TEXT_SIZE];
	bool failed = false;

	for (size_t i = 0; i < report->count; i++)
		failed |= json_array_append_new(steps, step_json(report, &report->steps[i])) < 0;
	for (size_t i = 0; i < report->job_count; i++)
		failed |= json_array_append_new(
				  jobs, json_string(guid_format(&report->jobs[i], job))) < 0;
	if (failed) {
		json_decref(steps);
		json_decref(jobs);
		return NULL;
	}
	return json_pack(
		"{s:s, s:I, s:I, s:I, s:o, s:o, s:o}", "revision", report->revision, "changes",
		(json_int_t)report->count, "deletes", (json_int_t)report->deletes, "shrinks",
		(json_int_t)report->shrinks, "undoes",
		report->undoes != 0 ? json_integer((json_int_t)report->undoes) : json_null(),
		"jobs", jobs, "steps", steps);
}

/* Answers with the plan alone.  Ends the report. */
static int
reply_report(struct http_reply *reply, int rc, struct array_plan_report *report)
{
	if (rc == 0)
		rc = http_reply_json(reply, report_json(report));
	array_plan_report_fini(report);
	return rc;
}

/* Answers as every change does, with the plan besides; that of a repeated request is not kept. */
static int
reply_change(struct http_call *call, struct http_reply *reply, int rc,
	     struct array_plan_report *report, const struct array_answer *answer)
{
	json_t *json = rc == 0 && report->before != NULL ? report_json(report) : NULL;
	bool failed = rc == 0 && report->before != NULL && json == NULL;

	rc = http_answer(call, reply, rc, answer);
	if (rc == 0 && json != NULL)
		rc = json_object_set(reply->json, "plan", json) < 0 ? -ENOMEM : 0;
	json_decref(json);
	array_plan_report_fini(report);
	/* the change is made: an answer without its plan is better than an error */
	return failed && rc == 0 ? 0 : rc;
}

int
http_plan(struct http_call *call, struct http_reply *reply)
{
	struct array_plan_report report = { 0 };
	int rc = array_plan(call->array, call->document, call->document_len, &report);

	return reply_report(reply, rc, &report);
}

int
http_apply(struct http_call *call, struct http_reply *reply)
{
	const struct array_plan_options options = {
		.revision = call->args.revision,
		.delete_luns = call->args.delete_luns,
		.shrink_luns = call->args.shrink_luns,
	};
	struct array_plan_report report = { 0 };
	struct array_answer answer = { 0 };
	int rc = array_plan_apply(call->array, &call->request, call->document, call->document_len,
				  &options, &report, &answer);

	return reply_change(call, reply, rc, &report, &answer);
}

int
http_export(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	struct array_export_options options = { .family = ROW_ARRAY, .ids = args->ids };
	unsigned count = !guid_is_zero(&args->lun_id) + !guid_is_zero(&args->target_id) +
			 !guid_is_zero(&args->object_id);
	int rc;

	if (count > 1)
		return err_set(ERR_INVALID, "lun, target and host exclude one another");
	if (!guid_is_zero(&args->lun_id)) {
		options.family = ROW_LUN;
		options.id = args->lun_id;
	} else if (!guid_is_zero(&args->target_id)) {
		options.family = ROW_TARGET;
		options.id = args->target_id;
	} else if (!guid_is_zero(&args->object_id)) {
		options.family = ROW_HOST;
		options.id = args->object_id;
	}
	rc = array_export(call->array, &options, &reply->owned_text);
	if (rc == 0) {
		reply->text = reply->owned_text;
		reply->text_len = strlen(reply->text);
	}
	return rc;
}

int
http_undo_plan(struct http_call *call, struct http_reply *reply)
{
	struct array_plan_report report = { 0 };
	int rc = array_undo_plan(call->array, call->args.change, &report);

	return reply_report(reply, rc, &report);
}

int
http_undo(struct http_call *call, struct http_reply *reply)
{
	const struct array_plan_options options = { .revision = call->args.revision };
	struct array_plan_report report = { 0 };
	struct array_answer answer = { 0 };
	int rc = array_undo(call->array, &call->request, call->args.change, &options, &report,
			    &answer);

	return reply_change(call, reply, rc, &report, &answer);
}
