/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan in words.  The words for rows are those of the change log (changelog.c), so a plan says
 * what the log will say; what costs data, takes long or has to be done afterwards is added.  The
 * thread that asks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/mem.h"
#include "model/schedule.h"

struct describing {
	const struct array_plan *plan;
	const struct state *live;
	struct array_plan_report *report;
	size_t capacity;
};

static const void *
row_before(const struct array_plan *plan, const struct change_op *op)
{
	return row_type(op->family)->key_fields > 1
		       ? state_find_pair(plan->before, op->family, &op->key.a, &op->key.b)
		       : state_find(plan->before, op->family, &op->key.a);
}

/* `, which 2 sessions use` */
static void
sessions_add(const struct describing *d, const struct row_lun *lun, struct strbuf *text)
{
	size_t sessions = array_lun_sessions(d->plan->before, d->live, lun, NULL);

	if (sessions > 0)
		strbuf_addf(text, ", which %zu session%s use%s", sessions, sessions == 1 ? "" : "s",
			    sessions == 1 ? "s" : "");
}

static bool
schedule_has(const struct row_snapshot_schedule *schedule, const struct guid *lun_id)
{
	const char *rest = schedule->lun_ids;
	struct guid id;

	while (schedule_lun_next(&rest, &id))
		if (guid_equal(&id, lun_id))
			return true;
	return false;
}

/* Names the schedules that stay and take no snapshots of a deleted LUN any more. */
static void
schedules_add(const struct describing *d, const struct guid *lun_id, struct strbuf *text)
{
	const struct state *after = d->plan->after;
	const char *joint = "; it is left out of the schedule ";

	for (size_t i = 0; i < state_count(after, ROW_SNAPSHOT_SCHEDULE); i++) {
		const struct row_snapshot_schedule *schedule = state_at(after,
									ROW_SNAPSHOT_SCHEDULE, i);

		if (!schedule_has(schedule, lun_id))
			continue;
		strbuf_addf(text, "%s\"%s\"", joint, schedule->name);
		joint = ", ";
	}
}

/* What the change log does not say of a schedule. */
static void
schedule_add(const struct row_snapshot_schedule *old, const struct row_snapshot_schedule *new,
	     struct strbuf *text)
{
	if (old != NULL && new == NULL)
		strbuf_add(text, "; its snapshots stay");
	else if (old != NULL && strcmp(old->keep, new->keep) != 0)
		strbuf_add(text, "; the end of its next run removes those that it keeps no longer");
}

/* What the change log does not say of a LUN. */
static void
lun_add(struct describing *d, const struct row_lun *old, const struct row_lun *new,
	struct array_plan_step *step, struct strbuf *text)
{
	if (old == NULL) {
		if (new != NULL && !new->thin)
			strbuf_add(text, "; a job allocates its space");
		return;
	}
	if (new == NULL) {
		d->report->deletes++;
		step->loses_data = true;
		sessions_add(d, old, text);
		schedules_add(d, &old->id, text);
	} else if (new->size_bytes < old->size_bytes) {
		d->report->shrinks++;
		step->loses_data = true;
		strbuf_add(text, "; what is at its end is lost");
		sessions_add(d, old, text);
	}
}

static int
step_add(struct describing *d, const struct array_plan_step *step, struct strbuf *text)
{
	struct array_plan_report *report = d->report;
	char *words = strbuf_take(text);

	if (words == NULL || mem_grow(&report->steps, &d->capacity, report->count + 1,
				      sizeof(report->steps[0])) < 0) {
		mem_free(words);
		return -ENOMEM;
	}
	report->steps[report->count] = *step;
	report->steps[report->count++].text = words;
	return 0;
}

static int
describe_op(struct describing *d, const struct change_op *op)
{
	const void *old = row_before(d->plan, op);
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	struct array_plan_step step = {
		.family = op->family,
		.key = op->key,
		.action = op->row == NULL ? ARRAY_PLAN_DELETE
			  : old == NULL   ? ARRAY_PLAN_CREATE
					  : ARRAY_PLAN_CHANGE,
	};

	array_changelog_clause(op, d->plan->before, d->plan->after, &text);
	if (op->family == ROW_LUN)
		lun_add(d, old, (const void *)op->row, &step, &text);
	if (op->family == ROW_SNAPSHOT_SCHEDULE)
		schedule_add(old, (const void *)op->row, &text);
	if (op->family == ROW_ASSOCIATION && array_plan_keys_have(&d->plan->chosen, &op->key))
		strbuf_add(&text, " or the next that is free");
	if (op->family == ROW_CREDENTIAL && array_plan_keys_have(&d->plan->new_secrets, &op->key))
		strbuf_add(&text,
			   " to a random one that nobody knows: nobody logs in until you set "
			   "it");
	return step_add(d, &step, &text);
}

static int
describe_grow(struct describing *d, const struct array_plan_grow *grow)
{
	const struct row_lun *lun = state_find(d->plan->before, ROW_LUN, &grow->lun_id);
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	struct array_plan_step step = {
		.action = ARRAY_PLAN_CHANGE,
		.family = ROW_LUN,
		.key.a = grow->lun_id,
	};
	char from[32], to[32];

	strbuf_addf(&text, "lun \"%s\": extended from %s to %s, by a job", ROW_LUN_CALLED(lun),
		    str_format_size(grow->from_bytes, from, sizeof(from)),
		    str_format_size(grow->to_bytes, to, sizeof(to)));
	return step_add(d, &step, &text);
}

/*
 * By kind and text, so that two plans of the same differences are the same, whatever ids there are.
 */
static int
step_compare(const void *a, const void *b)
{
	const struct array_plan_step *left = a, *right = b;

	if (left->family != right->family)
		return left->family < right->family ? -1 : 1;
	return strcmp(left->text, right->text);
}

int
array_plan_describe(struct array *array, const struct array_plan *plan,
		    struct array_plan_report *ret_report)
{
	AUTO_STATE struct state *live = array_live(array);
	struct array_plan_report report = {
		.before = state_ref(plan->before),
		.after = state_ref(plan->after),
		.undoes = plan->undoes,
	};
	struct describing d = { .plan = plan, .live = live, .report = &report };
	const struct position *at = state_position(plan->before);
	int rc = 0;

	snprintf(report.revision, sizeof(report.revision), "%" PRIu64 "-%" PRIu64, at->incarnation,
		 at->sequence);
	for (size_t i = 0; rc == 0 && plan->change != NULL && i < plan->change->op_count; i++)
		rc = describe_op(&d, &plan->change->ops[i]);
	for (size_t i = 0; rc == 0 && i < plan->grow_count; i++)
		rc = describe_grow(&d, &plan->grows[i]);
	if (rc < 0) {
		array_plan_report_fini(&report);
		return rc;
	}
	if (report.count > 0)
		qsort(report.steps, report.count, sizeof(report.steps[0]), step_compare);
	*ret_report = report;
	return 0;
}

void
array_plan_report_fini(struct array_plan_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		mem_free(report->steps[i].text);
	mem_free(report->steps);
	mem_free(report->jobs);
	state_unref(report->before);
	state_unref(report->after);
	*report = (struct array_plan_report){ 0 };
}

/* ---- roles: as those of the single operations in model/verbs.c ---- */

static bool
is_of_new_target(const struct array_plan *plan, const struct guid *group_id)
{
	const struct row_portal_group *group = state_find(plan->after, ROW_PORTAL_GROUP, group_id);

	return group != NULL && state_find(plan->before, ROW_TARGET, &group->target_id) == NULL;
}

/*
 * A new schedule with the id of a deleted one would remove its snapshots by new counts, and
 * deleting snapshots is an administrator's.
 */
static bool
has_snapshots(const struct state *state, const struct guid *schedule_id)
{
	for (size_t i = 0; i < state_count(state, ROW_SNAPSHOT); i++)
		if (guid_equal(&((const struct row_snapshot *)state_at(state, ROW_SNAPSHOT, i))
					->schedule_id,
			       schedule_id))
			return true;
	return false;
}

static bool
op_needs_admin(const struct array_plan *plan, const struct change_op *op)
{
	const struct row_lun *old = row_before(plan, op), *new = (const void *)op->row;

	switch (op->family) {
	case ROW_LUN:
		return new == NULL || (old != NULL && new->size_bytes < old->size_bytes);
	case ROW_TARGET:
		return op->row == NULL;
	case ROW_ASSOCIATION:
		return false;
	case ROW_PORTAL_GROUP:
	case ROW_GROUP_PORTAL:
		return !is_of_new_target(plan, &op->key.a);
	case ROW_SNAPSHOT_SCHEDULE:
		return old != NULL || has_snapshots(plan->before, &op->key.a);
	default:
		return true;
	}
}

bool
array_plan_needs_admin(const struct array_plan *plan, const struct change_op **ret_op)
{
	for (size_t i = 0; plan->change != NULL && i < plan->change->op_count; i++)
		if (op_needs_admin(plan, &plan->change->ops[i])) {
			*ret_op = &plan->change->ops[i];
			return true;
		}
	return false;
}
