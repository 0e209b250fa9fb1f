/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hosts and their initiator names.  Callers: any thread except the writer; apply functions run on
 * the writer thread.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/cidr.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/host.h"

struct host_change {
	struct array_host_paths paths;
	struct guid id;
	const char *name;
	char *sources; /* canonical, owned */
	struct host_names names;
	bool force;
};

/* Commas and semicolons separate names in lists, so no name has one. */
int
array_host_name_check(const char *what, const char *name)
{
	int rc = array_name_check(what, name);

	if (rc == 0 && strpbrk(name, ",;") != NULL)
		rc = err_set(ERR_INVALID,
			     "the name of a %s has a comma or a semicolon, which separate names in "
			     "lists: choose another name",
			     what);
	return rc;
}

static int
find_host(const struct state *view, const struct guid *id, const struct row_host **ret_host)
{
	*ret_host = state_find(view, ROW_HOST, id);
	return *ret_host != NULL ? 0 : array_name_no_such(ROW_HOST, id);
}

static int
check_name_is_free(const struct state *view, const char *name, const struct guid *but)
{
	const struct row_host *other = state_host_by_name(view, name);

	if (other == NULL || guid_equal(&other->id, but))
		return 0;
	return err_set(ERR_NAME_IN_USE, "there is already a host named \"%s\": choose another name",
		       name);
}

/* ---- initiators ---- */

static int
put_initiator(struct state_edit *edit, const struct guid *host_id, const char *name)
{
	AUTO_ROW struct row_initiator *row = row_new(ROW_INITIATOR);

	if (row == NULL)
		return -ENOMEM;
	guid_make(&row->id);
	row->host_id = *host_id;
	if (row_set_string(&row->iscsi_name, name) < 0)
		return -ENOMEM;
	return state_edit_put(edit, TAKE(row));
}

static int
add_initiator(struct state_edit *edit, const struct guid *host_id, const char *name)
{
	const struct state *view = state_edit_view(edit);
	const struct row_initiator *initiator = state_initiator_by_name(view, name);
	const struct row_host *other;

	if (initiator == NULL)
		return put_initiator(edit, host_id, name);
	if (guid_equal(&initiator->host_id, host_id))
		return 0;
	other = state_find(view, ROW_HOST, &initiator->host_id);
	return err_set(ERR_NAME_IN_USE,
		       "the initiator %s belongs to the host \"%s\", and to one host only: remove "
		       "the name there first (`vdsctl host remove-name`)",
		       name, other != NULL ? other->name : "");
}

static int
add_initiators(struct state_edit *edit, const struct guid *host_id, const struct host_names *names)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < names->count; i++)
		rc = add_initiator(edit, host_id, names->names[i]);
	return rc;
}

/* Deletes the host's initiators whose presence in `names` is `listed`. */
static int
delete_initiators(struct state_edit *edit, const struct guid *host_id,
		  const struct host_names *names, bool listed)
{
	struct row_slice slice;
	size_t kept = 0;
	int rc = 0;

	while (rc == 0 &&
	       (slice = state_host_initiators(state_edit_view(edit), host_id)).count > kept) {
		const struct row_initiator *initiator = slice.rows[kept];
		struct guid id = initiator->id;

		if (host_names_have(names, initiator->iscsi_name) == listed)
			rc = state_edit_delete(edit, ROW_INITIATOR, &id, NULL);
		else
			kept++;
	}
	return rc;
}

/* ---- create ---- */

static int
put_host(struct state_edit *edit, const struct guid *id, const char *name)
{
	AUTO_ROW struct row_host *row = row_new(ROW_HOST);

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
	struct host_change *c = container_of(task, struct host_change, paths.task);
	int rc = check_name_is_free(state_edit_view(task->edit), c->name, &c->id);

	(void)array;
	if (rc == 0)
		rc = put_host(task->edit, &c->id, c->name);
	if (rc == 0)
		rc = add_initiators(task->edit, &c->id, &c->names);
	task->answer.object_id = c->id;
	return rc;
}

int
array_host_create(struct array *array, const struct array_request *request, const char *name,
		  const char *initiators, struct array_answer *ret_answer)
{
	struct host_change c = {
		.paths.task = { .apply = create_apply,
				.cause = "host.create",
				.use = CATALOG_MAKES },
		.name = name,
	};
	int rc = array_host_name_check("host", name);

	if (rc == 0)
		rc = host_names_parse(initiators, &c.names);
	guid_make(&c.id);
	if (rc == 0)
		rc = array_host_paths_run(array, request, &c.paths, ret_answer);
	host_names_fini(&c.names);
	return rc;
}

/* ---- rename ---- */

static int
rename_apply(struct array *array, struct array_task *task)
{
	struct host_change *c = container_of(task, struct host_change, paths.task);
	const struct state *view = state_edit_view(task->edit);
	AUTO_ROW struct row_host *row = NULL;
	const struct row_host *host;
	int rc = find_host(view, &c->id, &host);

	(void)array;
	if (rc == 0)
		rc = check_name_is_free(view, c->name, &c->id);
	if (rc < 0)
		return rc;
	row = row_copy(host);
	if (row == NULL || row_set_string(&row->name, c->name) < 0)
		return -ENOMEM;
	task->answer.object_id = c->id;
	return state_edit_put(task->edit, TAKE(row));
}

int
array_host_rename(struct array *array, const struct array_request *request, const struct guid *host,
		  const char *name, struct array_answer *ret_answer)
{
	struct host_change c = {
		.paths.task = { .apply = rename_apply, .cause = "host.rename" },
		.id = *host,
		.name = name,
	};
	int rc = array_host_name_check("host", name);

	return rc < 0 ? rc : array_host_paths_run(array, request, &c.paths, ret_answer);
}

/* ---- sources ---- */

static int
sources_apply(struct array *array, struct array_task *task)
{
	struct host_change *c = container_of(task, struct host_change, paths.task);
	AUTO_ROW struct row_host *row = NULL;
	const struct row_host *host;
	int rc = find_host(state_edit_view(task->edit), &c->id, &host);

	(void)array;
	if (rc < 0)
		return rc;
	row = row_copy(host);
	if (row == NULL || row_set_string(&row->sources, c->sources) < 0)
		return -ENOMEM;
	task->answer.object_id = c->id;
	return state_edit_put(task->edit, TAKE(row));
}

int
array_host_set_sources(struct array *array, const struct array_request *request,
		       const struct guid *host, const char *sources,
		       struct array_answer *ret_answer)
{
	struct host_change c = {
		.paths.task = { .apply = sources_apply, .cause = "host.sources" },
		.id = *host,
	};
	int rc = cidr_list_normalize(sources, &c.sources);

	if (rc == 0)
		rc = array_change_run(array, request, &c.paths.task, ret_answer);
	mem_free(c.sources);
	return rc;
}

/* ---- the names of a host ---- */

static int
set_apply(struct array *array, struct array_task *task)
{
	struct host_change *c = container_of(task, struct host_change, paths.task);
	const struct row_host *host;
	int rc = find_host(state_edit_view(task->edit), &c->id, &host);

	if (rc == 0)
		rc = delete_initiators(task->edit, &c->id, &c->names, false);
	if (rc == 0)
		rc = add_initiators(task->edit, &c->id, &c->names);
	task->answer.object_id = c->id;
	return rc < 0 ? rc : array_host_paths_check(array, &c->paths, state_edit_view(task->edit));
}

static int
add_apply(struct array *array, struct array_task *task)
{
	struct host_change *c = container_of(task, struct host_change, paths.task);
	const struct row_host *host;
	int rc = find_host(state_edit_view(task->edit), &c->id, &host);

	(void)array;
	task->answer.object_id = c->id;
	return rc < 0 ? rc : add_initiators(task->edit, &c->id, &c->names);
}

static int
remove_apply(struct array *array, struct array_task *task)
{
	struct host_change *c = container_of(task, struct host_change, paths.task);
	const struct row_host *host;
	int rc = find_host(state_edit_view(task->edit), &c->id, &host);

	task->answer.object_id = c->id;
	if (rc == 0)
		rc = delete_initiators(task->edit, &c->id, &c->names, true);
	return rc < 0 ? rc : array_host_paths_check(array, &c->paths, state_edit_view(task->edit));
}

static int
change_names(struct array *array, const struct array_request *request, const struct guid *host,
	     int (*apply)(struct array *array, struct array_task *task), const char *initiators,
	     struct array_answer *ret_answer)
{
	struct host_change c = {
		.paths.task = { .apply = apply, .cause = "host.initiators" },
		.id = *host,
	};
	int rc = host_names_parse(initiators, &c.names);

	if (rc == 0)
		rc = array_host_paths_run(array, request, &c.paths, ret_answer);
	host_names_fini(&c.names);
	return rc;
}

int
array_host_set_initiators(struct array *array, const struct array_request *request,
			  const struct guid *host, const char *initiators,
			  struct array_answer *ret_answer)
{
	return change_names(array, request, host, set_apply, initiators, ret_answer);
}

int
array_host_add_initiators(struct array *array, const struct array_request *request,
			  const struct guid *host, const char *initiators,
			  struct array_answer *ret_answer)
{
	return change_names(array, request, host, add_apply, initiators, ret_answer);
}

int
array_host_remove_initiators(struct array *array, const struct array_request *request,
			     const struct guid *host, const char *initiators,
			     struct array_answer *ret_answer)
{
	return change_names(array, request, host, remove_apply, initiators, ret_answer);
}

/* ---- delete ---- */

/* Takes the host out of its groups; refuses that without force. */
static int
leave_groups(struct state_edit *edit, const struct row_host *host, bool force)
{
	const struct guid host_id = host->id;
	struct row_slice groups = state_host_groups(state_edit_view(edit), &host_id);
	int rc = 0;

	if (groups.count > 0 && !force)
		return err_set(
			ERR_IN_USE,
			"the host \"%s\" is in %zu host group%s: take it out of %s first, or "
			"give --force",
			host->name, groups.count, groups.count == 1 ? "" : "s",
			groups.count == 1 ? "it" : "them");
	while (rc == 0 && (groups = state_host_groups(state_edit_view(edit), &host_id)).count > 0) {
		struct guid group_id = ((const struct row_host_member *)groups.rows[0])->group_id;

		rc = state_edit_delete(edit, ROW_HOST_MEMBER, &group_id, &host_id);
	}
	return rc;
}

static int
delete_apply(struct array *array, struct array_task *task)
{
	struct host_change *c = container_of(task, struct host_change, paths.task);
	const struct host_names none = { 0 };
	const struct row_host *host;
	int rc = find_host(state_edit_view(task->edit), &c->id, &host);

	if (rc == 0)
		rc = array_host_leave_masks(task->edit, MASK_HOST, &c->id, host->name, c->force);
	if (rc == 0)
		rc = leave_groups(task->edit, host, c->force);
	if (rc == 0)
		rc = delete_initiators(task->edit, &c->id, &none, false);
	if (rc == 0)
		rc = array_credential_edit_remove_all(task->edit, &c->id);
	if (rc == 0)
		rc = state_edit_delete(task->edit, ROW_HOST, &c->id, NULL);
	task->answer.object_id = c->id;
	return rc < 0 ? rc : array_host_paths_check(array, &c->paths, state_edit_view(task->edit));
}

int
array_host_delete(struct array *array, const struct array_request *request, const struct guid *host,
		  bool force, struct array_answer *ret_answer)
{
	struct host_change c = {
		.paths.task = { .apply = delete_apply,
				.cause = "host.delete",
				.use = CATALOG_FREES },
		.id = *host,
		.force = force,
	};

	return array_host_paths_run(array, request, &c.paths, ret_answer);
}
