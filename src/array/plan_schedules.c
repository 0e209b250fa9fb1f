/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The schedules of snapshots of a plan.  A schedule may have LUNs that are deleted; a file does not
 * name them, and they stay in the schedule, as after `vdsctl lun delete`, until the list of those
 * that are there changes.  The thread that asks.
 */
#include <errno.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/schedule.h"

/* ---- LUNs ---- */

static int
read_luns(struct array_plan_build *b, const struct array_plan_entry *entry,
	  struct guid luns[SCHEDULE_LUNS_MAX], size_t *ret_count)
{
	const json_t *list = array_plan_list(entry, "luns");
	struct array_plan_at up = array_plan_member(entry, "luns");
	int rc = 0;

	if (json_array_size(list) > SCHEDULE_LUNS_MAX)
		return array_plan_fail(&b->plan->text, &up, ERR_LIMIT,
				       "a schedule is of at most %d LUNs: make another one for "
				       "the others",
				       SCHEDULE_LUNS_MAX);
	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
		const struct array_plan_at at = { .up = &up, .index = i };

		rc = array_plan_lun_find(b, &at, json_string_value(json_array_get(list, i)),
					 &luns[i]);
	}
	*ret_count = json_array_size(list);
	return rc;
}

/* Whether the row's LUNs that are there are these.  Returns -ENOMEM, too. */
static int
has_luns(const struct state *view, const struct row_snapshot_schedule *row, const struct guid *luns,
	 size_t count)
{
	const char *rest = row->lun_ids != NULL ? row->lun_ids : "";
	struct guid there[SCHEDULE_LUNS_MAX];
	AUTO_FREE char *now = NULL, *wanted = NULL;
	size_t there_count = 0;

	while (there_count < SCHEDULE_LUNS_MAX && schedule_lun_next(&rest, &there[there_count]))
		there_count += state_find(view, ROW_LUN, &there[there_count]) != NULL;
	if (count == 0 || there_count == 0)
		return count == there_count;
	if (schedule_luns_format(there, there_count, &now) < 0 ||
	    schedule_luns_format(luns, count, &wanted) < 0)
		return -ENOMEM;
	return strcmp(now, wanted) == 0;
}

/* A file names LUNs and says what is wrong where it does. */
static int
check_pools(struct array_plan_build *b, const struct array_plan_entry *entry,
	    const struct guid *luns, size_t count)
{
	struct array_plan_at up = array_plan_member(entry, "luns");
	int rc = 0;

	if (b->array == NULL) /* a plan of a state alone has no pools to ask */
		return 0;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		const struct array_plan_at at = { .up = &up, .index = i };

		rc = array_schedule_check_lun(b->array, array_plan_view(b), &luns[i]);
		if (rc < 0)
			rc = array_plan_explain(&b->plan->text, &at, rc);
	}
	return rc;
}

/* Sets what the spec says of LUNs; luns: where it borrows them from. */
static int
luns_of(struct array_plan_build *b, const struct array_plan_entry *entry,
	const struct row_snapshot_schedule *row, struct guid luns[SCHEDULE_LUNS_MAX],
	struct array_schedule_spec *spec)
{
	int rc;

	if (array_plan_list(entry, "luns") == NULL)
		return 0;
	rc = read_luns(b, entry, luns, &spec->lun_count);
	if (rc == 0 && entry->row != NULL)
		rc = has_luns(array_plan_view(b), row, luns, spec->lun_count);
	if (rc != 0)
		return MIN(rc, 0);
	if (spec->lun_count == 0)
		return ARRAY_PLAN_FAIL(b, entry, "luns", ERR_INVALID,
				       "a schedule needs a LUN: name one, or take the schedule out "
				       "of the file");
	spec->luns = luns;
	spec->luns_given = true;
	return check_pools(b, entry, luns, spec->lun_count);
}

/* ---- times and counts ---- */

/* Finds the member that is wrong; array_schedule_fill names the option only. */
static int
check_rule(struct array_plan_build *b, const struct array_plan_entry *entry,
	   const struct row_snapshot_schedule *row)
{
	const struct {
		const char *member, *now;
		int (*parse)(const char *text, struct schedule_rule *rule);
	} parts[] = {
		{ "every", row->every, schedule_every_parse },
		{ "at", row->at, schedule_at_parse },
		{ "keep", row->keep, schedule_keep_parse },
	};
	struct schedule_rule rule = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const char *text = array_plan_string(entry, parts[i].member);
		struct array_plan_at at = array_plan_member(entry, parts[i].member);
		bool given = text != NULL;
		int rc;

		if (!given)
			text = parts[i].now != NULL ? parts[i].now : "";
		rc = parts[i].parse(text, &rule);
		if (rc < 0)
			return array_plan_explain(&b->plan->text, given ? &at : &entry->at, rc);
	}
	return 0;
}

static int
check_new(struct array_plan_build *b, const struct array_plan_entry *entry)
{
	static const char *const needed[] = { "luns", "every", "keep" };

	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (json_object_get(entry->json, needed[i]) == NULL)
			return array_plan_fail(&b->plan->text, &entry->at, ERR_INVALID,
					       "there is no schedule of this name: a new one needs "
					       "\"%s\"",
					       needed[i]);
	return 0;
}

/* ---- the row ---- */

/* A row whose set_ms is 0 runs at its times from the moment at which the plan is applied. */
static int
put_schedule(struct array_plan_build *b, const struct array_plan_entry *entry)
{
	AUTO_ROW struct row_snapshot_schedule *row = entry->row != NULL
							     ? row_copy(entry->row)
							     : row_new(ROW_SNAPSHOT_SCHEDULE);
	struct array_schedule_spec spec = {
		.name = array_plan_string(entry, "name"),
		.every = array_plan_string(entry, "every"),
		.at = array_plan_string(entry, "at"),
		.keep = array_plan_string(entry, "keep"),
	};
	struct array_plan_at at = array_plan_member(entry, "name");
	struct guid luns[SCHEDULE_LUNS_MAX];
	int rc = row != NULL ? 0 : -ENOMEM;

	if (rc == 0 && entry->row == NULL)
		rc = check_new(b, entry);
	if (rc == 0)
		rc = check_rule(b, entry, row);
	if (rc == 0)
		rc = luns_of(b, entry, row, luns, &spec);
	if (rc < 0)
		return rc;
	row->id = entry->id;
	if (entry->row == NULL)
		row->enabled = true;
	spec.enabled_given = array_plan_bool(entry, "enabled", &spec.enabled);
	rc = array_schedule_fill(array_plan_view(b), &spec, row);
	return rc < 0 ? array_plan_explain(&b->plan->text, &at, rc)
		      : state_edit_put(b->edit, TAKE(row));
}

int
array_plan_put_schedules(struct array_plan_build *b)
{
	const struct array_plan_entries *entries = &b->sections[PLAN_SCHEDULES];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < entries->count; i++)
		if (!entries->list[i].absent)
			rc = put_schedule(b, &entries->list[i]);
	return rc;
}
