/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What administrators do with gateways: add one, let it give its LUNs to others, remove it.  These
 * are changes of rows; what a gateway does about them is in gateway.c.  Callers: any thread except
 * the writer and those of the data path; apply functions run on the writer thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array/array_int.h"
#include "array/plan_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/port.h"

#define FENCES_MAX 3u

struct gateway_change {
	struct array_task task;
	struct guid id;
	const char *name, *address; /* name, of a rename: NULL = "removed-ID" */
	bool drains;
};

static int
check_gateways(const struct array *array)
{
	return array->gateway != NULL
		       ? 0
		       : err_set(ERR_NOT_SUPPORTED,
				 "the array has one gateway, this vdsd: several serve an array "
				 "whose catalog is in Ceph (vdsd --catalog rados:POOL/NAME)");
}

static bool
runs(const struct row_controller *row)
{
	return row->instance != NULL && row->instance[0] != '\0';
}

/* ---- add ---- */

/* An address in normal form: the same one is written in several ways. */
struct endpoint {
	char address[64];
	uint32_t port;
};

static int
read_address(const char *address, struct endpoint *ret_endpoint)
{
	const char *colon = strrchr(address, ':'), *bracket = strrchr(address, ']');

	if (colon == NULL || (bracket != NULL && colon < bracket))
		return err_set(ERR_INVALID, "the address of a gateway is ADDRESS:PORT, not %.80s",
			       address);
	return array_plan_endpoint_read(address, ret_endpoint->address, &ret_endpoint->port);
}

int
array_gateway_check_address(const struct state *view, const struct guid *gateway,
			    const char *address)
{
	struct endpoint wanted, has;
	int rc = read_address(address, &wanted);

	for (size_t i = 0; rc == 0 && i < state_count(view, ROW_CONTROLLER); i++) {
		const struct row_controller *row = state_at(view, ROW_CONTROLLER, i);

		if (!guid_equal(&row->id, gateway) && row->address != NULL &&
		    read_address(row->address, &has) == 0 && has.port == wanted.port &&
		    strcmp(has.address, wanted.address) == 0)
			rc = err_set(ERR_INVALID,
				     "gateway \"%s\" has the address %s: each has its own",
				     row->name, row->address);
	}
	return rc;
}

static int
check_new(const struct state *view, const struct gateway_change *c)
{
	if (controller_by_name(view, c->name) != NULL)
		return err_set(ERR_NAME_IN_USE,
			       "there is already a gateway \"%s\": choose another name", c->name);
	if (state_count(view, ROW_CONTROLLER) >= ARRAY_GATEWAYS_MAX)
		return err_set(ERR_LIMIT, "the array has %u gateways, and cannot have more",
			       ARRAY_GATEWAYS_MAX);
	return array_gateway_check_address(view, &c->id, c->address);
}

static int
add_apply(struct array *array, struct array_task *task)
{
	struct gateway_change *c = container_of(task, struct gateway_change, task);
	AUTO_ROW struct row_controller *row = row_new(ROW_CONTROLLER);
	int rc = check_new(state_edit_view(task->edit), c);

	(void)array;
	if (rc < 0)
		return rc;
	if (row == NULL || row_set_string(&row->name, c->name) < 0 ||
	    row_set_string(&row->address, c->address) < 0)
		return -ENOMEM;
	row->id = c->id;
	task->answer.object_id = c->id;
	return state_edit_put(task->edit, TAKE(row));
}

int
array_gateway_add(struct array *array, const struct array_request *request, const char *name,
		  const char *address, struct array_answer *ret_answer)
{
	struct gateway_change c = {
		.task = { .apply = add_apply, .cause = "gateway.add", .use = CATALOG_MAKES },
		.name = name,
		.address = address,
	};
	int rc = check_gateways(array);

	if (rc == 0)
		rc = array_host_name_check("gateway", name);
	if (rc == 0 && strchr(name, '/') != NULL)
		rc = err_set(ERR_INVALID, "the name of a gateway has no \"/\"");
	guid_make(&c.id);
	return rc < 0 ? rc : array_change_run(array, request, &c.task, ret_answer);
}

/* ---- address ---- */

static int
address_apply(struct array *array, struct array_task *task)
{
	struct gateway_change *c = container_of(task, struct gateway_change, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_controller *old = state_find(view, ROW_CONTROLLER, &c->id);
	AUTO_ROW struct row_controller *row = NULL;
	int rc;

	(void)array;
	if (old == NULL)
		return array_name_no_such(ROW_CONTROLLER, &c->id);
	rc = array_gateway_check_address(view, &c->id, c->address);
	if (rc < 0)
		return rc;
	task->answer.object_id = c->id;
	task->answer.existed = str_equal(old->address, c->address);
	row = row_copy(old);
	if (row == NULL || row_set_string(&row->address, c->address) < 0)
		return -ENOMEM;
	return state_edit_put(task->edit, TAKE(row));
}

int
array_gateway_set_address(struct array *array, const struct array_request *request,
			  const struct guid *controller, const char *address,
			  struct array_answer *ret_answer)
{
	struct gateway_change c = {
		.task = { .apply = address_apply, .cause = "gateway.address" },
		.id = *controller,
		.address = address,
	};
	int rc = check_gateways(array);

	return rc < 0 ? rc : array_change_run(array, request, &c.task, ret_answer);
}

/* ---- drain ---- */

static int
drain_apply(struct array *array, struct array_task *task)
{
	struct gateway_change *c = container_of(task, struct gateway_change, task);
	const struct row_controller *old = state_find(state_edit_view(task->edit), ROW_CONTROLLER,
						      &c->id);
	struct row_controller *row;

	(void)array;
	if (old == NULL)
		return array_name_no_such(ROW_CONTROLLER, &c->id);
	task->answer.object_id = c->id;
	task->answer.existed = old->drains == c->drains;
	row = row_copy(old);
	if (row == NULL)
		return -ENOMEM;
	row->drains = c->drains;
	return state_edit_put(task->edit, row);
}

int
array_gateway_set_drains(struct array *array, const struct array_request *request,
			 const struct guid *controller, bool drains,
			 struct array_answer *ret_answer)
{
	struct gateway_change c = {
		.task = { .apply = drain_apply, .cause = "gateway.drain" },
		.id = *controller,
		.drains = drains,
	};
	int rc = check_gateways(array);

	return rc < 0 ? rc : array_change_run(array, request, &c.task, ret_answer);
}

/* ---- remove ---- */

static int
check_leaves(const struct state *view, const struct guid *id)
{
	const struct row_controller *row = state_find(view, ROW_CONTROLLER, id);
	size_t luns = state_controller_lun_count(view, id);

	if (row == NULL)
		return array_name_no_such(ROW_CONTROLLER, id);
	if (runs(row))
		return err_set(ERR_IN_USE,
			       "a vdsd runs as gateway \"%s\": stop it there, or remove the "
			       "gateway with --force, which shuts that vdsd out",
			       row->name);
	if (luns > 0)
		return err_set(ERR_IN_USE,
			       "gateway \"%s\" owns %zu LUN%s: the others take them within "
			       "seconds, so try again",
			       row->name, luns, luns == 1 ? "" : "s");
	return 0;
}

/* Deletes a portal, with its places in groups, and the groups that have no other. */
static int
edit_remove_portal(struct state_edit *edit, const struct guid *portal_id)
{
	const struct state *view = state_edit_view(edit);
	struct row_slice groups;
	int rc = 0;

	while (rc == 0 && (groups = state_portal_groups(view, portal_id)).count > 0) {
		struct guid group_id = ((const struct row_group_portal *)groups.rows[0])->group_id;

		rc = state_group_portals(view, &group_id).count == 1
			     ? array_group_edit_remove(edit, &group_id)
			     : state_edit_delete(edit, ROW_GROUP_PORTAL, &group_id, portal_id);
		view = state_edit_view(edit);
	}
	return rc < 0 ? rc : state_edit_delete(edit, ROW_PORTAL, portal_id, NULL);
}

static int
remove_apply(struct array *array, struct array_task *task)
{
	struct gateway_change *c = container_of(task, struct gateway_change, task);
	size_t i = 0;
	int rc = check_leaves(state_edit_view(task->edit), &c->id);

	(void)array;
	while (rc == 0 && i < state_count(state_edit_view(task->edit), ROW_PORTAL)) {
		const struct row_portal *portal = state_at(state_edit_view(task->edit), ROW_PORTAL,
							   i);
		struct guid portal_id = portal->id;

		if (guid_equal(&portal->controller_id, &c->id))
			rc = edit_remove_portal(task->edit, &portal_id);
		else
			i++;
	}
	task->answer.object_id = c->id;
	return rc < 0 ? rc : state_edit_delete(task->edit, ROW_CONTROLLER, &c->id, NULL);
}

/*
 * A vdsd that was fenced begins anew at once, and looks for its row by its name.  So the row gets
 * another name first, by which nobody starts.
 */
static int
rename_apply(struct array *array, struct array_task *task)
{
	struct gateway_change *c = container_of(task, struct gateway_change, task);
	const struct row_controller *old = state_find(state_edit_view(task->edit), ROW_CONTROLLER,
						      &c->id);
	AUTO_ROW struct row_controller *row = old != NULL ? row_copy(old) : NULL;
	char name[sizeof("removed-") + GUID_TEXT_SIZE] = "removed-";

	(void)array;
	if (old == NULL)
		return array_name_no_such(ROW_CONTROLLER, &c->id);
	guid_format(&c->id, name + strlen(name));
	if (row == NULL || row_set_string(&row->name, c->name != NULL ? c->name : name) < 0)
		return -ENOMEM;
	return state_edit_put(task->edit, TAKE(row));
}

/* name: NULL = one by which nobody starts. */
static int
rename_gateway(struct array *array, const struct array_request *request, const struct guid *id,
	       const char *name)
{
	const struct array_request who = { .principal = request != NULL ? request->principal
									: NULL };
	struct gateway_change c = {
		.task = { .apply = rename_apply, .cause = "gateway.remove" },
		.id = *id,
		.name = name,
	};

	return array_change_run(array, &who, &c.task, NULL);
}

/*
 * One that began anew before its name was gone is fenced once more.  One that could not be fenced
 * serves on, and gets its name back, since its vdsd.conf has that.
 */
static int
remove_by_force(struct array *array, const struct array_request *request,
		const struct gateway_change *remove, struct array_answer *ret_answer)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_controller *before = state_find(state, ROW_CONTROLLER, &remove->id);
	int rc = rename_gateway(array, request, &remove->id, NULL), fenced = 0;
	struct gateway_change c;
	char text[512];

	if (rc < 0 && rc != ERR_NOT_FOUND) /* it may be gone by an earlier try of this request */
		return rc;
	rc = ERR_IN_USE;
	for (unsigned tries = 0; rc == ERR_IN_USE && tries < FENCES_MAX; tries++) {
		c = *remove;
		rc = fenced = array_gateway_fence(array, &c.id);
		if (rc == 0 || rc == ERR_NOT_FOUND)
			rc = array_change_run(array, request, &c.task, ret_answer);
	}
	if (fenced < 0 && fenced != ERR_NOT_FOUND && before != NULL) {
		snprintf(text, sizeof(text), "%s", err_text(rc));
		(void)rename_gateway(array, request, &remove->id, before->name);
		err_set(rc, "%s", text);
	}
	return rc;
}

int
array_gateway_remove(struct array *array, const struct array_request *request,
		     const struct guid *controller, bool force, struct array_answer *ret_answer)
{
	struct gateway_change c = {
		.task = { .apply = remove_apply, .cause = "gateway.remove", .use = CATALOG_FREES },
		.id = *controller,
	};
	int rc = check_gateways(array);

	if (rc == 0 && guid_equal(controller, &array->controller_id))
		rc = err_set(ERR_INVALID, "a gateway cannot remove itself: ask another one");
	if (rc < 0)
		return rc;
	return force ? remove_by_force(array, request, &c, ret_answer)
		     : array_change_run(array, request, &c.task, ret_answer);
}
