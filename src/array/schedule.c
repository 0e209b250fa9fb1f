/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Schedules of snapshots as people set them: rows that are made, changed and deleted.  What runs
 * them is schedule_run.c.  Callers: any thread except the writer; apply functions run on the writer
 * thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf.h"

struct schedule_change {
	struct array_task task;
	struct guid id;
	const struct array_schedule_spec *spec;
};

/* ---- what a row says ---- */

static int
check_name(const char *name)
{
	int rc = array_name_check("schedule", name);

	if (rc == 0 && strchr(name, '@') != NULL)
		rc = err_set(ERR_INVALID,
			     "\"%s\" cannot be the name of a schedule: \"@\" stands between the "
			     "name of a LUN and that of its snapshot",
			     name);
	if (rc == 0 && utf8_to_utf16_len(name) > SCHEDULE_NAME_UNITS)
		rc = err_set(ERR_INVALID,
			     "the name of a schedule has at most %d characters, since its "
			     "snapshots are called by it and by their time",
			     SCHEDULE_NAME_UNITS);
	return rc;
}

int
array_schedule_check_lun(struct array *array, const struct state *view, const struct guid *lun_id)
{
	const struct row_lun *lun = state_find(view, ROW_LUN, lun_id);
	const struct row_pool *pool = lun != NULL ? state_find(view, ROW_POOL, &lun->pool_id)
						  : NULL;
	char why[TASK_TEXT_SIZE];
	int rc = pool != NULL ? array_clone_check_pool(array, pool) : 0;

	if (rc == 0)
		return 0;
	snprintf(why, sizeof(why), "%s", err_text(rc));
	return err_set(
		rc,
		"LUN \"%s\" is in pool \"%s\", where no snapshots can be taken, so every run "
		"would fail: %s",
		ROW_LUN_CALLED(lun), pool->name, why);
}

/* Before the writer has the change, since file systems are asked. */
static int
check_luns(struct array *array, const struct array_schedule_spec *spec)
{
	AUTO_STATE struct state *state = array_state(array);
	int rc = 0;

	for (size_t i = 0; rc == 0 && spec->luns_given && i < spec->lun_count; i++)
		rc = array_schedule_check_lun(array, state, &spec->luns[i]);
	return rc;
}

static int
set_luns(const struct state *view, const struct array_schedule_spec *spec,
	 struct row_snapshot_schedule *row)
{
	AUTO_FREE char *text = NULL;
	int rc;

	if (spec->lun_count == 0 || spec->lun_count > SCHEDULE_LUNS_MAX)
		return err_set(ERR_INVALID, "a schedule is of 1 to %d LUNs", SCHEDULE_LUNS_MAX);
	for (size_t i = 0; i < spec->lun_count; i++)
		if (state_find(view, ROW_LUN, &spec->luns[i]) == NULL)
			return array_name_no_such(ROW_LUN, &spec->luns[i]);
	rc = schedule_luns_format(spec->luns, spec->lun_count, &text);
	return rc < 0 ? rc : row_set_string(&row->lun_ids, text);
}

static bool
is_text(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

/* Sets the texts in canonical form.  Returns whether the times are others, or an error. */
static int
set_rule(const struct array_schedule_spec *spec, struct row_snapshot_schedule *row)
{
	const char *at = spec->at != NULL ? spec->at : row->at;
	char texts[3][SCHEDULE_TEXT_MAX];
	struct schedule_rule rule = { 0 };
	bool others;
	int rc = schedule_every_parse(spec->every != NULL ? spec->every : row->every, &rule);

	if (rc == 0)
		rc = schedule_at_parse(at != NULL ? at : "", &rule);
	if (rc == 0)
		rc = schedule_keep_parse(spec->keep != NULL ? spec->keep : row->keep, &rule);
	if (rc < 0)
		return rc;
	schedule_every_format(&rule, texts[0]);
	schedule_at_format(&rule, texts[1]);
	schedule_keep_format(&rule, texts[2]);
	others = !is_text(row->every, texts[0]) || !is_text(row->at, texts[1]);
	if (row_set_string(&row->every, texts[0]) < 0 || row_set_string(&row->at, texts[1]) < 0 ||
	    row_set_string(&row->keep, texts[2]) < 0)
		return -ENOMEM;
	return others;
}

int
array_schedule_fill(const struct state *view, const struct array_schedule_spec *spec,
		    struct row_snapshot_schedule *row)
{
	bool enabled = spec->enabled_given ? spec->enabled : row->enabled;
	int rc = spec->name != NULL ? check_name(spec->name) : 0;

	if (rc == 0 && spec->name != NULL)
		rc = row_set_string(&row->name, spec->name);
	if (rc == 0 && spec->luns_given)
		rc = set_luns(view, spec, row);
	if (rc == 0)
		rc = set_rule(spec, row);
	if (rc < 0)
		return rc;
	/* what was due at other times, or before it was enabled, is not made up for */
	if (rc > 0 || (enabled && !row->enabled))
		row->set_ms = 0;
	row->enabled = enabled;
	return 0;
}

static int
check_free(const struct state *view, const char *name, const struct guid *id)
{
	const struct row_snapshot_schedule *other = schedule_by_name(view, name);

	if (other == NULL || guid_equal(&other->id, id))
		return 0;
	return err_set(ERR_NAME_IN_USE,
		       "there is already a schedule named \"%s\": choose another name", name);
}

/* ---- the changes ---- */

/* Puts the row as the spec says; taken: of the schedule, or a new one, or NULL. */
static int
put(struct array *array, struct array_task *task, struct row_snapshot_schedule *taken)
{
	struct schedule_change *c = container_of(task, struct schedule_change, task);
	const struct state *view = state_edit_view(task->edit);
	AUTO_ROW struct row_snapshot_schedule *row = taken;
	int rc;

	if (row == NULL)
		return -ENOMEM;
	rc = c->spec->name != NULL ? check_free(view, c->spec->name, &c->id) : 0;
	if (rc == 0)
		rc = array_schedule_fill(view, c->spec, row);
	if (rc < 0)
		return rc;
	row->id = c->id;
	if (row->set_ms == 0)
		row->set_ms = array_utc_ms(array);
	task->answer.object_id = c->id;
	return state_edit_put(task->edit, TAKE(row));
}

static int
create_apply(struct array *array, struct array_task *task)
{
	struct row_snapshot_schedule *row = row_new(ROW_SNAPSHOT_SCHEDULE);

	if (row != NULL)
		row->enabled = true;
	return put(array, task, row);
}

static int
change_apply(struct array *array, struct array_task *task)
{
	struct schedule_change *c = container_of(task, struct schedule_change, task);
	const void *row = state_find(state_edit_view(task->edit), ROW_SNAPSHOT_SCHEDULE, &c->id);

	if (row == NULL)
		return array_name_no_such(ROW_SNAPSHOT_SCHEDULE, &c->id);
	return put(array, task, row_copy(row));
}

static int
delete_apply(struct array *array, struct array_task *task)
{
	struct schedule_change *c = container_of(task, struct schedule_change, task);

	(void)array;
	if (state_find(state_edit_view(task->edit), ROW_SNAPSHOT_SCHEDULE, &c->id) == NULL)
		return array_name_no_such(ROW_SNAPSHOT_SCHEDULE, &c->id);
	task->answer.object_id = c->id;
	return state_edit_delete(task->edit, ROW_SNAPSHOT_SCHEDULE, &c->id, NULL);
}

static void
published(struct array *array, struct array_task *task)
{
	(void)task;
	array_schedule_wake(array);
}

int
array_schedule_create(struct array *array, const struct array_request *request,
		      const struct array_schedule_spec *spec, struct array_answer *ret_answer)
{
	struct schedule_change c = {
		.task = { .apply = create_apply,
			  .published = published,
			  .cause = "schedule.create",
			  .use = CATALOG_MAKES },
		.spec = spec,
	};
	int rc;

	if (spec->name == NULL || spec->every == NULL || spec->keep == NULL || !spec->luns_given)
		return err_set(ERR_INVALID, "a schedule needs a name, LUNs, --every and --keep");
	guid_make(&c.id);
	rc = check_luns(array, spec);
	return rc < 0 ? rc : array_change_run(array, request, &c.task, ret_answer);
}

int
array_schedule_change(struct array *array, const struct array_request *request,
		      const struct guid *schedule, const struct array_schedule_spec *spec,
		      struct array_answer *ret_answer)
{
	struct schedule_change c = {
		.task = { .apply = change_apply,
			  .published = published,
			  .cause = "schedule.change" },
		.id = *schedule,
		.spec = spec,
	};
	int rc = check_luns(array, spec);

	return rc < 0 ? rc : array_change_run(array, request, &c.task, ret_answer);
}

int
array_schedule_delete(struct array *array, const struct array_request *request,
		      const struct guid *schedule, struct array_answer *ret_answer)
{
	struct schedule_change c = {
		.task = { .apply = delete_apply,
			  .published = published,
			  .cause = "schedule.delete",
			  .use = CATALOG_FREES },
		.id = *schedule,
	};

	return array_change_run(array, request, &c.task, ret_answer);
}
