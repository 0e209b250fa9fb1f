/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans: shows what a file would change, and makes the change, as one transaction or not at all
 * (docs/design/plan.md).
 *
 *	compute the change --> prepare (plan_work.c) --> the writer: are we still at that state?
 *		--yes--> rows, one record of the audit log, COMMIT
 *		--no---> undo what was prepared, and from the start, a few times
 *
 * Callers: any thread except the writer; apply and the hooks run on the writer thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/err.h"
#include "base/mem.h"

#define ATTEMPTS_MAX 8
#define CLAUSES_KEPT 1000 /* steps in the record of the audit log */

struct applying {
	struct array_task task;
	struct array *array;
	struct array_plan plan;
	struct array_plan_work work;
	struct array_plan_rows rows;
	char object[32];
	bool has_moved; /* out: nothing happened, the array is not at the plan's state */
};

/* ---- the writer thread ---- */

static int
apply(struct array *array, struct array_task *task)
{
	struct applying *a = container_of(task, struct applying, task);
	const struct position *now = state_position(state_edit_view(task->edit));
	const struct position *then = state_position(a->plan.before);

	a->has_moved = now->sequence != then->sequence || now->incarnation != then->incarnation;
	if (a->has_moved)
		return err_set(ERR_BUSY, "other changes of the array come all the time: try again");
	for (size_t i = 0; i < a->work.lun_count; i++)
		if (a->work.luns[i].job != NULL && guid_is_zero(&task->answer.job_id))
			task->answer.job_id = a->work.luns[i].job->id;
	task->answer.object_id = state_array(a->plan.before)->id;
	return array_plan_rows_apply(array, &a->rows, task->edit);
}

static void
committed(struct array *array, struct array_task *task)
{
	struct applying *a = container_of(task, struct applying, task);

	array_plan_work_committed(&a->work);
	for (size_t i = 0; i < a->rows.secret_count; i++)
		array_secrets_replace(array, &a->rows.secrets[i].id, a->rows.secrets[i].entry);
}

static void
published(struct array *array, struct array_task *task)
{
	(void)array;
	array_plan_work_published(&container_of(task, struct applying, task)->work);
}

/* ---- checks ---- */

static int
check_revision(const struct array_plan_report *report, const struct array_plan_options *options)
{
	if (options->revision == NULL || strcmp(options->revision, report->revision) == 0)
		return 0;
	return err_set(ERR_BUSY,
		       "the array has changed since the plan was made (revision %.40s, now %s): "
		       "look at the plan again",
		       options->revision, report->revision);
}

static int
check_losses(const struct array_plan_report *report, const struct array_plan_options *options)
{
	const char *lost = "";

	for (size_t i = 0; i < report->count && *lost == '\0'; i++)
		if (report->steps[i].loses_data &&
		    (report->steps[i].action == ARRAY_PLAN_DELETE ? !options->delete_luns
								  : !options->shrink_luns))
			lost = report->steps[i].text;
	if (report->deletes > 0 && !options->delete_luns)
		return err_set(ERR_IN_USE,
			       "%zu LUN%s would be deleted with %s data, which no undo brings back "
			       "(%.300s): --delete-luns (in the API delete_luns=1) does it",
			       report->deletes, report->deletes == 1 ? "" : "s",
			       report->deletes == 1 ? "its" : "their", lost);
	if (report->shrinks > 0 && !options->shrink_luns)
		return err_set(
			ERR_IN_USE,
			"%zu LUN%s would lose the data at %s end (%.300s): --shrink-luns (in "
			"the API shrink_luns=1) does it",
			report->shrinks, report->shrinks == 1 ? "" : "s",
			report->shrinks == 1 ? "its" : "their", lost);
	return 0;
}

static int
check_role(const struct array_plan *plan, const struct array_request *request)
{
	const struct principal *who = request != NULL ? request->principal : NULL;
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	const struct change_op *op = NULL;

	if (who == NULL || who->kind == PRINCIPAL_SYSTEM || who->role >= ROLE_ADMIN ||
	    !array_plan_needs_admin(plan, &op))
		return 0;
	array_changelog_clause(op, plan->before, plan->after, &text);
	return err_set(ERR_ACCESS, "a step of the plan needs the role admin%s%.300s",
		       text.text != NULL ? ": " : "", text.text != NULL ? text.text : "");
}

/* ---- from a file ---- */

/* Makes the plan for the state as it is now. */
static int
compute(struct array *array, struct array_plan *plan)
{
	state_unref(plan->before);
	plan->before = array_state(array);
	return array_plan_build(array, plan);
}

static int
read_text(struct array_plan *plan, const char *text, size_t len)
{
	int rc;

	plan->text = (struct array_plan_text){ .text = text, .len = len };
	rc = array_plan_text_read(&plan->text);
	return rc < 0 ? rc : array_plan_schema_check(&plan->text);
}

int
array_plan(struct array *array, const char *text, size_t len, struct array_plan_report *ret_report)
{
	struct array_plan plan = { 0 };
	int rc = read_text(&plan, text, len);

	if (rc == 0)
		rc = compute(array, &plan);
	if (rc == 0)
		rc = array_plan_describe(array, &plan, ret_report);
	array_plan_fini(&plan);
	return rc;
}

/* ---- applying ---- */

/* Keeps the text, and forgets what depends on a state. */
static void
restart(struct applying *a)
{
	struct array_plan_text text = a->plan.text;
	uint64_t undoes = a->plan.undoes;

	a->plan.text = (struct array_plan_text){ 0 };
	array_plan_fini(&a->plan);
	a->plan.text = text;
	a->plan.undoes = undoes;
}

/* Secrets change one at a time, so that no batch has two changes of them. */
static int
submit(struct applying *a)
{
	bool secrets = a->plan.new_secrets.count > 0;
	int rc;

	if (secrets)
		pthread_mutex_lock(&a->array->credentials_lock);
	rc = array_writer_submit(a->array, &a->task);
	if (secrets)
		pthread_mutex_unlock(&a->array->credentials_lock);
	array_plan_rows_fini(&a->rows);
	return rc;
}

/* Notes the jobs that have begun.  Out of memory, some are not named; they go on all the same. */
static void
note_jobs(const struct applying *a, struct array_plan_report *report)
{
	size_t capacity = 0;

	for (size_t i = 0; i < a->work.lun_count; i++)
		if (!guid_is_zero(&a->work.luns[i].job_id) &&
		    mem_grow(&report->jobs, &capacity, report->job_count + 1,
			     sizeof(report->jobs[0])) == 0)
			report->jobs[report->job_count++] = a->work.luns[i].job_id;
}

/* One attempt, for the state that the plan was made for. */
static int
attempt(struct applying *a, struct array_plan_report *report)
{
	int rc;

	a->has_moved = false;
	a->work = (struct array_plan_work){ .array = a->array, .plan = &a->plan };
	a->rows = (struct array_plan_rows){ .plan = &a->plan, .work = &a->work };
	rc = array_plan_work_prepare(&a->work);
	if (rc == 0)
		rc = submit(a);
	if (rc == 0)
		note_jobs(a, report);
	if (rc == 0)
		array_plan_work_end(&a->work);
	else
		array_plan_work_undo(&a->work, rc);
	array_plan_work_fini(&a->work);
	return rc;
}

static bool
changes_pools(const struct array_plan *plan)
{
	for (size_t i = 0; plan->change != NULL && i < plan->change->op_count; i++)
		if (plan->change->ops[i].family == ROW_POOL)
			return true;
	return false;
}

/* Computes, checks and makes the change.  *ret_report is filled when the plan could be made. */
static int
run(struct applying *a, const struct array_request *request,
    int (*make)(struct array *array, struct array_plan *plan),
    const struct array_plan_options *options, struct array_plan_report *ret_report)
{
	int rc = ERR_BUSY;

	for (unsigned i = 0; i < ATTEMPTS_MAX && (i == 0 || (rc == ERR_BUSY && a->has_moved));
	     i++) {
		array_plan_report_fini(ret_report);
		restart(a);
		rc = make(a->array, &a->plan);
		if (rc == 0)
			rc = array_plan_describe(a->array, &a->plan, ret_report);
		snprintf(a->object, sizeof(a->object), "change %" PRIu64, a->plan.undoes);
		if (rc == 0)
			rc = check_revision(ret_report, options);
		if (rc == 0)
			rc = check_role(&a->plan, request);
		if (rc == 0)
			rc = check_losses(ret_report, options);
		if (rc == 0)
			rc = attempt(a, ret_report);
		else
			a->has_moved = false;
	}
	return rc;
}

/* The whole of a request.  a: with what the plan is made of; is emptied. */
static int
apply_request(struct applying *a, const struct array_request *request,
	      int (*make)(struct array *array, struct array_plan *plan),
	      const struct array_plan_options *options, struct array_plan_report *ret_report,
	      struct array_answer *ret_answer)
{
	static const struct array_plan_options none;
	struct array_plan_report report = { 0 };
	int rc = array_request_begin(a->array, request, ret_answer);

	if (rc == 0) {
		a->task.apply = apply;
		a->task.committed = committed;
		a->task.published = published;
		a->task.use = CATALOG_MAKES;
		a->task.clauses = CLAUSES_KEPT;
		a->task.request_id = array_request_id(request);
		a->task.principal = array_request_principal(request);
		a->task.audit = array_request_audit(request);
		rc = run(a, request, make, options != NULL ? options : &none, &report);
		if (rc == 0 && changes_pools(&a->plan))
			array_drive_rescan(a->array);
		a->task.answer.existed = rc == 0 && report.count == 0;
		rc = array_request_end(a->array, request, rc, &a->task.answer, ret_answer);
	}
	if (rc == 0 && ret_report != NULL)
		*ret_report = report;
	else
		array_plan_report_fini(&report);
	array_plan_fini(&a->plan);
	return MIN(rc, 0);
}

int
array_plan_apply(struct array *array, const struct array_request *request, const char *text,
		 size_t len, const struct array_plan_options *options,
		 struct array_plan_report *ret_report, struct array_answer *ret_answer)
{
	struct applying a = { .array = array, .task.cause = "plan.apply" };
	int rc = read_text(&a.plan, text, len);

	if (ret_report != NULL)
		*ret_report = (struct array_plan_report){ 0 };
	if (rc == 0)
		return apply_request(&a, request, compute, options, ret_report, ret_answer);
	array_plan_fini(&a.plan);
	return rc;
}

/* ---- undo ---- */

int
array_undo_plan(struct array *array, uint64_t sequence, struct array_plan_report *ret_report)
{
	struct array_plan plan = { .undoes = sequence };
	int rc = array_plan_undo(array, &plan);

	if (rc == 0)
		rc = array_plan_describe(array, &plan, ret_report);
	array_plan_fini(&plan);
	return rc;
}

int
array_undo(struct array *array, const struct array_request *request, uint64_t sequence,
	   const struct array_plan_options *options, struct array_plan_report *ret_report,
	   struct array_answer *ret_answer)
{
	struct applying a = { .array = array,
			      .task.cause = "undo",
			      .plan.undoes = sequence,
			      .task.object = a.object };

	if (ret_report != NULL)
		*ret_report = (struct array_plan_report){ 0 };
	return apply_request(&a, request, array_plan_undo, options, ret_report, ret_answer);
}
