/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Controllers: the data path of this host as a whole, and those of other gateways.  The row of a
 * controller has the status that an administrator gave it: while it is offline, its data path
 * listens nowhere and has no sessions.  The other operations act on what the own controller has
 * now:  flush makes the volumes of all LUNs durable, invalidate also takes them out of the page
 * cache, and reset also ends all sessions and opens the listeners anew.  Callers: any thread except
 * the writer and those of the data path; apply functions run on the writer thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/fields.h"
#include "model/port.h"

/* ---- the row ---- */

/* The name of this host without its domain. */
static void
host_name(char name[ROW_NAME_MAX + 1])
{
	struct utsname uts;
	size_t len;

	if (uname(&uts) < 0 || uts.nodename[0] == '\0')
		strcpy(uts.nodename, "localhost");
	len = strcspn(uts.nodename, ".");
	len = MIN(len, (size_t)ROW_NAME_MAX);
	memcpy(name, uts.nodename, len);
	name[len] = '\0';
	row_text_repair(name); /* a host may have any bytes as its name */
}

const struct guid *
array_controller_id(const struct array *array)
{
	return &array->controller_id;
}

struct guid
array_controller_of_portals(const struct array *array)
{
	return array->gateway != NULL ? array->controller_id : (struct guid){ { 0 } };
}

/* The controller of an array on one machine has the same id in every run. */
static int
only_id(const struct guid *array_id, struct guid *ret_id)
{
	return array_name_hash_id(array_id, "controller", "0", ret_id);
}

/* What the own controller is to be called. */
static void
own_name(const struct array *array, char name[ROW_NAME_MAX + 1])
{
	if (array->gateway != NULL)
		snprintf(name, ROW_NAME_MAX + 1, "%s", array->gateway);
	else
		host_name(name);
}

int
array_controller_check_address(const struct array *array, const struct state *state)
{
	const struct row_controller *row = state_find(state, ROW_CONTROLLER, &array->controller_id);

	if (array->gateway_address == NULL ||
	    (row != NULL && str_equal(row->address, array->gateway_address)))
		return 0;
	return array_gateway_check_address(state, &array->controller_id, array->gateway_address);
}

int
array_controller_edit_put(struct array *array, struct state_edit *edit, const struct guid *array_id)
{
	AUTO_ROW struct row_controller *row = row_new(ROW_CONTROLLER);
	char name[ROW_NAME_MAX + 1];
	int rc;

	if (row == NULL)
		return -ENOMEM;
	if (array->gateway != NULL && array->gateway_address == NULL)
		return err_set(ERR_INVALID,
			       "the first gateway of an array needs an address at "
			       "which others reach it: --gateway-address ADDRESS:PORT");
	own_name(array, name);
	if (row_set_string(&row->name, name) < 0 ||
	    row_set_string(&row->address, array->gateway_address) < 0 ||
	    only_id(array_id, &row->id) < 0)
		return -ENOMEM;
	array->controller_id = row->id;
	rc = array_controller_check_address(array, state_edit_view(edit));
	return rc < 0 ? rc : state_edit_put(edit, TAKE(row));
}

int
array_controller_find(struct array *array, const struct state *state)
{
	const struct row_controller *row = array->gateway != NULL
						   ? controller_by_name(state, array->gateway)
						   : state_at(state, ROW_CONTROLLER, 0);

	if (row == NULL && array->gateway != NULL)
		return err_set(ERR_NOT_FOUND,
			       "the array has no gateway \"%s\": add it at one of its gateways, "
			       "with `vdsctl gateway add`",
			       array->gateway);
	if (row == NULL)
		return only_id(&state_position(state)->array_id, &array->controller_id);
	array->controller_id = row->id;
	return 0;
}

static int
update_apply(struct array *array, struct array_task *task)
{
	const struct state *view = state_edit_view(task->edit);
	const struct row_controller *old = state_find(view, ROW_CONTROLLER, &array->controller_id);
	AUTO_ROW struct row_controller *row = NULL;
	char name[ROW_NAME_MAX + 1];
	int rc;

	if (old == NULL)
		return array_controller_edit_put(array, task->edit,
						 &state_position(view)->array_id);
	rc = array_controller_check_address(array, view);
	if (rc < 0)
		return rc;
	own_name(array, name);
	row = row_copy(old);
	if (row == NULL || row_set_string(&row->name, name) < 0 ||
	    (array->gateway_address != NULL &&
	     row_set_string(&row->address, array->gateway_address) < 0))
		return -ENOMEM;
	return state_edit_put(task->edit, TAKE(row));
}

int
array_controller_update(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_controller *row = state_find(state, ROW_CONTROLLER, &array->controller_id);
	struct array_task task = {
		.apply = update_apply,
		.cause = "controller.update",
		.use = CATALOG_FREES /* opening */
	};
	char name[ROW_NAME_MAX + 1];

	own_name(array, name);
	if (array_is_read_only(array) ||
	    (row != NULL && str_equal(row->name, name) &&
	     (array->gateway_address == NULL || str_equal(row->address, array->gateway_address))))
		return 0;
	return array_writer_submit(array, &task);
}

/* What is done with the data path of a controller is done by this controller itself. */
static int
check(struct array *array, const struct guid *controller)
{
	AUTO_STATE struct state *state = array_state(array);

	const struct row_controller *row = state_find(state, ROW_CONTROLLER, controller);

	if (row == NULL)
		return array_name_no_such(ROW_CONTROLLER, controller);
	return guid_equal(controller, &array->controller_id)
		       ? 0
		       : err_set(ERR_NOT_SUPPORTED,
				 "only gateway \"%s\" itself can do that: ask it there", row->name);
}

/* ---- status ---- */

struct controller_status {
	struct array_task task;
	const struct guid *id;
	enum row_status status;
};

static int
status_apply(struct array *array, struct array_task *task)
{
	struct controller_status *s = container_of(task, struct controller_status, task);
	const struct row_controller *old = state_find(state_edit_view(task->edit), ROW_CONTROLLER,
						      s->id);
	struct row_controller *row;

	(void)array;
	if (old == NULL)
		return array_name_no_such(ROW_CONTROLLER, s->id);
	row = row_copy(old);
	if (row == NULL)
		return -ENOMEM;
	row->status = s->status;
	task->answer.object_id = *s->id;
	return state_edit_put(task->edit, row);
}

int
array_controller_set_status(struct array *array, const struct array_request *request,
			    const struct guid *controller, enum row_status status,
			    struct array_answer *ret_answer)
{
	struct controller_status s = {
		.task = { .apply = status_apply, .cause = "controller.status" },
		.id = controller,
		.status = status,
	};
	int rc;

	if (status != STATUS_ONLINE && status != STATUS_OFFLINE)
		return err_set(ERR_INVALID, "the status of a controller must be online or offline");
	rc = array_change_run(array, request, &s.task, ret_answer);
	/* Publishing has closed the listeners and told the sessions to end: waits for their end. */
	if (rc == 0 && status == STATUS_OFFLINE && guid_equal(controller, &array->controller_id))
		(void)array_port_end_sessions(array, NULL, 0);
	return rc;
}

/* ---- flush, invalidate, reset ---- */

/*
 * Makes the volumes of a pool durable.  A pool that is not ready has nothing that can be flushed.
 */
static int
flush_pool(struct array *array, const struct row_pool *pool)
{
	AUTO_FREE char *place = NULL;
	int rc = array_pool_place(array, &pool->id, &place);

	if (rc == ERR_FAILED || rc == ERR_NOT_FOUND)
		return 0;
	return rc < 0 ? rc : array_pool_driver_find(place)->sync(place);
}

/* Flushes the device of a LUN that is in use, so that its errors are the LUN's. */
static int
flush_lun(struct array *array, const struct row_lun *lun)
{
	struct array_store *store = array_unit_store(array, &lun->id);
	int rc = store != NULL ? array_store_flush(store) : 0;

	array_store_unref(store);
	if (rc < 0 && rc > ERR_FIRST_)
		return err_set(rc, "LUN \"%s\" cannot be flushed: %s", ROW_LUN_CALLED(lun),
			       strerror(-rc));
	return rc;
}

/* What could not be flushed first, while the others still are. */
struct failure {
	int rc; /* 0 = nothing has failed */
	char text[512];
};

static void
keep_first(struct failure *failure, int rc)
{
	if (failure->rc < 0 || rc >= 0)
		return;
	failure->rc = rc;
	snprintf(failure->text, sizeof(failure->text), "%s", err_text(rc));
}

/* Flushes everything, also after a failure.  Returns 0 or the first error. */
static int
flush_all(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);
	struct failure failure = { 0 };

	for (size_t i = 0; i < state_count(state, ROW_LUN); i++)
		keep_first(&failure, flush_lun(array, state_at(state, ROW_LUN, i)));
	for (size_t i = 0; i < state_count(state, ROW_POOL); i++)
		keep_first(&failure, flush_pool(array, state_at(state, ROW_POOL, i)));
	return failure.rc < 0 ? err_set(failure.rc, "%s", failure.text) : 0;
}

int
array_controller_flush(struct array *array, const struct guid *controller)
{
	int rc = check(array, controller);

	return rc < 0 ? rc : flush_all(array);
}

static int
invalidate_all(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);
	int rc = flush_all(array);

	for (size_t i = 0; i < state_count(state, ROW_LUN) && rc == 0; i++) {
		const struct row_lun *lun = state_at(state, ROW_LUN, i);
		struct array_store *store = array_unit_store(array, &lun->id);

		if (store != NULL && atomic_load(&store->error) == 0)
			rc = store->place->driver->volume_uncache(store->place->text, &lun->id);
		array_store_unref(store);
	}
	return rc;
}

int
array_controller_invalidate(struct array *array, const struct guid *controller)
{
	int rc = check(array, controller);

	return rc < 0 ? rc : invalidate_all(array);
}

int
array_controller_reset(struct array *array, const struct guid *controller, uint32_t drain_ms)
{
	int rc = check(array, controller), ended;

	if (rc < 0)
		return rc;
	ended = array_port_end_sessions(array, NULL, drain_ms);
	rc = invalidate_all(array);
	return ended < 0 ? ended : rc;
}
