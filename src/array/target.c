/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Creates, renames and deletes targets.  Callers: any thread except the writer; apply functions run
 * on the writer thread.  Source: vdshwprv IVdsSubSystemIscsi, IVdsIscsiTarget.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/cidr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf.h"

struct target_change {
	struct array_task task;
	struct guid id;
	char *name; /* normalised, owned; NULL = to be made */
	const char *alias;
	char *sources; /* canonical, owned */
	bool with_group, duplicate;
};

static int
check_alias(const char *alias)
{
	size_t len = strlen(alias);

	if (!str_is_text(alias, len) || utf8_to_utf16_len(alias) > ROW_NAME_UNITS)
		return err_set(ERR_INVALID,
			       "the alias of a target must be one line of UTF-8 text of at most %d "
			       "characters",
			       ROW_NAME_UNITS);
	if (array_name_is_blank(alias))
		return err_set(ERR_INVALID,
			       "the alias of a target must be empty or more than spaces");
	return 0;
}

/*
 * Checks that no other target has the alias, since a person could then not say which target is
 * meant.  VDS lets programs give the same alias to several targets.
 */
static int
check_alias_is_free(const struct state *view, const char *alias, const struct guid *but)
{
	struct row_slice others = { 0 };

	if (*alias != '\0')
		others = state_targets_by_alias(view, alias);
	for (size_t i = 0; i < others.count; i++)
		if (!guid_equal(&((const struct row_target *)others.rows[i])->id, but))
			return err_set(
				ERR_NAME_IN_USE,
				"another target has the alias \"%s\" already: choose another alias",
				alias);
	return 0;
}

/* ---- create ---- */

static int
put_target(struct state_edit *edit, const struct target_change *c, const char *name)
{
	AUTO_ROW struct row_target *row = row_new(ROW_TARGET);

	if (row == NULL)
		return -ENOMEM;
	row->id = c->id;
	if (row_set_string(&row->iscsi_name, name) < 0 || row_set_string(&row->alias, c->alias) < 0)
		return -ENOMEM;
	return state_edit_put(edit, TAKE(row));
}

static int
create_apply(struct array *array, struct array_task *task)
{
	struct target_change *c = container_of(task, struct target_change, task);
	const struct state *view = state_edit_view(task->edit);
	AUTO_FREE char *made = NULL;
	int rc = c->duplicate ? 0 : check_alias_is_free(view, c->alias, &c->id);

	if (rc < 0)
		return rc;
	if (c->name == NULL)
		rc = array_name_make_target(view, c->alias, &made);
	else if (state_target_by_name(view, c->name) != NULL)
		rc = err_set(ERR_NAME_IN_USE,
			     "there is already a target named %s: choose another name", c->name);
	if (rc == 0)
		rc = catalog_retired_target_created(array->catalog,
						    c->name != NULL ? c->name : made);
	if (rc == 0)
		rc = put_target(task->edit, c, c->name != NULL ? c->name : made);
	if (rc == 0 && c->with_group)
		rc = array_group_edit_add_full(array, task->edit, &c->id);
	task->answer.object_id = c->id;
	return rc;
}

int
array_target_create(struct array *array, const struct array_request *request,
		    const char *iscsi_name, const char *alias, bool with_group, bool duplicate,
		    struct array_answer *ret_answer)
{
	struct target_change c = {
		.task = { .apply = create_apply, .cause = "target.create", .use = CATALOG_MAKES },
		.alias = alias != NULL ? alias : "",
		.with_group = with_group,
		.duplicate = duplicate,
	};
	int rc = check_alias(c.alias);

	if (rc == 0 && iscsi_name != NULL && *iscsi_name != '\0')
		rc = iscsi_name_normalize(iscsi_name, &c.name);
	guid_make(&c.id);
	if (rc == 0)
		rc = array_change_run(array, request, &c.task, ret_answer);
	mem_free(c.name);
	return rc;
}

/* ---- alias ---- */

static int
alias_apply(struct array *array, struct array_task *task)
{
	struct target_change *c = container_of(task, struct target_change, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_target *target = state_find(view, ROW_TARGET, &c->id);
	AUTO_ROW struct row_target *row = NULL;
	int rc;

	(void)array;
	if (target == NULL)
		return array_name_no_such(ROW_TARGET, &c->id);
	rc = c->duplicate ? 0 : check_alias_is_free(view, c->alias, &c->id);
	if (rc < 0)
		return rc;
	row = row_copy(target);
	if (row == NULL || row_set_string(&row->alias, c->alias) < 0)
		return -ENOMEM;
	task->answer.object_id = c->id;
	return state_edit_put(task->edit, TAKE(row));
}

int
array_target_set_alias(struct array *array, const struct array_request *request,
		       const struct guid *target, const char *alias, bool duplicate,
		       struct array_answer *ret_answer)
{
	struct target_change c = {
		.task = { .apply = alias_apply, .cause = "target.alias" },
		.id = *target,
		.alias = alias != NULL ? alias : "",
		.duplicate = duplicate,
	};
	int rc = check_alias(c.alias);

	return rc < 0 ? rc : array_change_run(array, request, &c.task, ret_answer);
}

/* ---- sources ---- */

static int
sources_apply(struct array *array, struct array_task *task)
{
	struct target_change *c = container_of(task, struct target_change, task);
	const struct row_target *target = state_find(state_edit_view(task->edit), ROW_TARGET,
						     &c->id);
	AUTO_ROW struct row_target *row = NULL;

	(void)array;
	if (target == NULL)
		return array_name_no_such(ROW_TARGET, &c->id);
	row = row_copy(target);
	if (row == NULL || row_set_string(&row->sources, c->sources) < 0)
		return -ENOMEM;
	task->answer.object_id = c->id;
	return state_edit_put(task->edit, TAKE(row));
}

int
array_target_set_sources(struct array *array, const struct array_request *request,
			 const struct guid *target, const char *sources,
			 struct array_answer *ret_answer)
{
	struct target_change c = {
		.task = { .apply = sources_apply, .cause = "target.sources" },
		.id = *target,
	};
	int rc = cidr_list_normalize(sources, &c.sources);

	if (rc == 0)
		rc = array_change_run(array, request, &c.task, ret_answer);
	mem_free(c.sources);
	return rc;
}

/* ---- delete ---- */

static int
delete_apply(struct array *array, struct array_task *task)
{
	struct target_change *c = container_of(task, struct target_change, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_target *target = state_find(view, ROW_TARGET, &c->id);
	size_t luns = state_target_luns(view, &c->id).count;
	struct row_slice groups;
	int rc;

	if (target == NULL)
		return array_name_no_such(ROW_TARGET, &c->id);
	if (luns > 0)
		return err_set(ERR_LUNS_ASSOCIATED,
			       "the target still has %zu LUN%s: dissociate %s first", luns,
			       luns == 1 ? "" : "s", luns == 1 ? "it" : "them");
	rc = catalog_retired_target_deleted(array->catalog, target->iscsi_name);
	while (rc == 0 && (groups = state_target_groups(view, &c->id)).count > 0) {
		struct guid group_id = ((const struct row_portal_group *)groups.rows[0])->id;

		rc = array_group_edit_remove(task->edit, &group_id);
	}
	if (rc == 0)
		rc = array_credential_edit_remove_all(task->edit, &c->id);
	task->answer.object_id = c->id;
	return rc < 0 ? rc : state_edit_delete(task->edit, ROW_TARGET, &c->id, NULL);
}

static void
delete_published(struct array *array, struct array_task *task)
{
	array_number_forget(array, &container_of(task, struct target_change, task)->id);
}

int
array_target_delete(struct array *array, const struct array_request *request,
		    const struct guid *target, struct array_answer *ret_answer)
{
	struct target_change c = {
		.task = { .apply = delete_apply,
			  .published = delete_published,
			  .cause = "target.delete",
			  .use = CATALOG_FREES },
		.id = *target,
	};

	return array_change_run(array, request, &c.task, ret_answer);
}
