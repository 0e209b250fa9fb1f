/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Host groups: named sets of hosts.  Callers: any thread except the writer; apply functions run on
 * the writer thread.
 */
#include <errno.h>

#include "array/array_int.h"
#include "base/err.h"
#include "model/host.h"

struct host_group_change {
	struct array_host_paths paths;
	struct guid id;
	const char *name;
	const struct guid *hosts;
	size_t host_count;
	bool force;
};

static int
find_group(const struct state *view, const struct guid *id, const struct row_host_group **ret_group)
{
	*ret_group = state_find(view, ROW_HOST_GROUP, id);
	return *ret_group != NULL ? 0 : array_name_no_such(ROW_HOST_GROUP, id);
}

static int
check_name_is_free(const struct state *view, const char *name, const struct guid *but)
{
	const struct row_host_group *other = state_host_group_by_name(view, name);

	if (other == NULL || guid_equal(&other->id, but))
		return 0;
	return err_set(ERR_NAME_IN_USE,
		       "there is already a host group named \"%s\": choose another name", name);
}

/* ---- members ---- */

static int
put_member(struct state_edit *edit, const struct guid *group_id, const struct guid *host_id)
{
	AUTO_ROW struct row_host_member *row = row_new(ROW_HOST_MEMBER);

	if (row == NULL)
		return -ENOMEM;
	row->group_id = *group_id;
	row->host_id = *host_id;
	return state_edit_put(edit, TAKE(row));
}

static int
add_members(struct state_edit *edit, const struct host_group_change *c)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->host_count; i++) {
		if (state_find(state_edit_view(edit), ROW_HOST, &c->hosts[i]) == NULL)
			return array_name_no_such(ROW_HOST, &c->hosts[i]);
		rc = put_member(edit, &c->id, &c->hosts[i]);
	}
	return rc;
}

/* A host that is not in the group changes nothing. */
static int
remove_members(struct state_edit *edit, const struct host_group_change *c)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->host_count; i++) {
		rc = state_edit_delete(edit, ROW_HOST_MEMBER, &c->id, &c->hosts[i]);
		if (rc == ERR_NOT_FOUND)
			rc = 0;
	}
	return rc;
}

static bool
is_listed(const struct host_group_change *c, const struct guid *host_id)
{
	for (size_t i = 0; i < c->host_count; i++)
		if (guid_equal(&c->hosts[i], host_id))
			return true;
	return false;
}

static int
remove_others(struct state_edit *edit, const struct host_group_change *c)
{
	struct row_slice slice;
	size_t kept = 0;
	int rc = 0;

	while (rc == 0 && (slice = state_group_hosts(state_edit_view(edit), &c->id)).count > kept) {
		struct guid host_id = ((const struct row_host_member *)slice.rows[kept])->host_id;

		if (is_listed(c, &host_id))
			kept++;
		else
			rc = state_edit_delete(edit, ROW_HOST_MEMBER, &c->id, &host_id);
	}
	return rc;
}

/* ---- create and rename ---- */

static int
put_group(struct state_edit *edit, const struct guid *id, const char *name)
{
	AUTO_ROW struct row_host_group *row = row_new(ROW_HOST_GROUP);

	if (row == NULL)
		return -ENOMEM;
	row->id = *id;
	if (row_set_string(&row->name, name) < 0)
		return -ENOMEM;
	return state_edit_put(edit, TAKE(row));
}

static int
create_apply(struct array *array, struct array_task *task)
{
	struct host_group_change *c = container_of(task, struct host_group_change, paths.task);
	int rc = check_name_is_free(state_edit_view(task->edit), c->name, &c->id);

	(void)array;
	if (rc == 0)
		rc = put_group(task->edit, &c->id, c->name);
	task->answer.object_id = c->id;
	return rc < 0 ? rc : add_members(task->edit, c);
}

int
array_host_group_create(struct array *array, const struct array_request *request, const char *name,
			const struct guid *hosts, size_t count, struct array_answer *ret_answer)
{
	struct host_group_change c = {
		.paths.task = { .apply = create_apply,
				.cause = "host-group.create",
				.use = CATALOG_MAKES },
		.name = name,
		.hosts = hosts,
		.host_count = count,
	};
	int rc = array_host_name_check("host group", name);

	guid_make(&c.id);
	return rc < 0 ? rc : array_host_paths_run(array, request, &c.paths, ret_answer);
}

static int
rename_apply(struct array *array, struct array_task *task)
{
	struct host_group_change *c = container_of(task, struct host_group_change, paths.task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_host_group *group;
	int rc = find_group(view, &c->id, &group);

	(void)array;
	if (rc == 0)
		rc = check_name_is_free(view, c->name, &c->id);
	task->answer.object_id = c->id;
	return rc < 0 ? rc : put_group(task->edit, &c->id, c->name);
}

int
array_host_group_rename(struct array *array, const struct array_request *request,
			const struct guid *group, const char *name, struct array_answer *ret_answer)
{
	struct host_group_change c = {
		.paths.task = { .apply = rename_apply, .cause = "host-group.rename" },
		.id = *group,
		.name = name,
	};
	int rc = array_host_name_check("host group", name);

	return rc < 0 ? rc : array_host_paths_run(array, request, &c.paths, ret_answer);
}

/* ---- the hosts of a group ---- */

static int
set_apply(struct array *array, struct array_task *task)
{
	struct host_group_change *c = container_of(task, struct host_group_change, paths.task);
	const struct row_host_group *group;
	int rc = find_group(state_edit_view(task->edit), &c->id, &group);

	if (rc == 0)
		rc = remove_others(task->edit, c);
	if (rc == 0)
		rc = add_members(task->edit, c);
	task->answer.object_id = c->id;
	return rc < 0 ? rc : array_host_paths_check(array, &c->paths, state_edit_view(task->edit));
}

static int
add_apply(struct array *array, struct array_task *task)
{
	struct host_group_change *c = container_of(task, struct host_group_change, paths.task);
	const struct row_host_group *group;
	int rc = find_group(state_edit_view(task->edit), &c->id, &group);

	(void)array;
	task->answer.object_id = c->id;
	return rc < 0 ? rc : add_members(task->edit, c);
}

static int
remove_apply(struct array *array, struct array_task *task)
{
	struct host_group_change *c = container_of(task, struct host_group_change, paths.task);
	const struct row_host_group *group;
	int rc = find_group(state_edit_view(task->edit), &c->id, &group);

	task->answer.object_id = c->id;
	if (rc == 0)
		rc = remove_members(task->edit, c);
	return rc < 0 ? rc : array_host_paths_check(array, &c->paths, state_edit_view(task->edit));
}

static int
change_hosts(struct array *array, const struct array_request *request, const struct guid *group,
	     int (*apply)(struct array *array, struct array_task *task), const struct guid *hosts,
	     size_t count, struct array_answer *ret_answer)
{
	struct host_group_change c = {
		.paths.task = { .apply = apply, .cause = "host-group.hosts" },
		.id = *group,
		.hosts = hosts,
		.host_count = count,
	};

	return array_host_paths_run(array, request, &c.paths, ret_answer);
}

int
array_host_group_set_hosts(struct array *array, const struct array_request *request,
			   const struct guid *group, const struct guid *hosts, size_t count,
			   struct array_answer *ret_answer)
{
	return change_hosts(array, request, group, set_apply, hosts, count, ret_answer);
}

int
array_host_group_add_hosts(struct array *array, const struct array_request *request,
			   const struct guid *group, const struct guid *hosts, size_t count,
			   struct array_answer *ret_answer)
{
	return change_hosts(array, request, group, add_apply, hosts, count, ret_answer);
}

int
array_host_group_remove_hosts(struct array *array, const struct array_request *request,
			      const struct guid *group, const struct guid *hosts, size_t count,
			      struct array_answer *ret_answer)
{
	return change_hosts(array, request, group, remove_apply, hosts, count, ret_answer);
}

/* ---- delete ---- */

static int
delete_apply(struct array *array, struct array_task *task)
{
	struct host_group_change *c = container_of(task, struct host_group_change, paths.task);
	const struct row_host_group *group;
	int rc = find_group(state_edit_view(task->edit), &c->id, &group);

	if (rc == 0)
		rc = array_host_leave_masks(task->edit, MASK_HOST_GROUP, &c->id, group->name,
					    c->force);
	if (rc == 0)
		rc = remove_others(task->edit, c); /* none is listed */
	if (rc == 0)
		rc = state_edit_delete(task->edit, ROW_HOST_GROUP, &c->id, NULL);
	task->answer.object_id = c->id;
	return rc < 0 ? rc : array_host_paths_check(array, &c->paths, state_edit_view(task->edit));
}

int
array_host_group_delete(struct array *array, const struct array_request *request,
			const struct guid *group, bool force, struct array_answer *ret_answer)
{
	struct host_group_change c = {
		.paths.task = { .apply = delete_apply,
				.cause = "host-group.delete",
				.use = CATALOG_FREES },
		.id = *group,
		.force = force,
	};

	return array_host_paths_run(array, request, &c.paths, ret_answer);
}
