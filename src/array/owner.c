/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which of several gateways has to do what (docs/design/gateways.md).  The owner of a LUN carries
 * out its commands and runs its jobs; the gateway that has deleted a volume removes it; and of the
 * gateways at work the one with the lowest id does the chores: what is to be done once for all, and
 * what a gateway that is gone has left.  All of it is in rows, so that all gateways see it alike,
 * and what two gateways do at once all the same, since one of them is behind, the catalog takes
 * from one of them only.
 *
 * On one machine everything is own, and nothing here happens.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* ---- who owns what ---- */

bool
array_lun_is_own(const struct array *array, const struct state *state, const struct guid *lun_id)
{
	const struct row_lun_owner *owner;

	if (!array_is_shared(array))
		return true;
	owner = state_lun_owner(state, lun_id);
	return owner != NULL && guid_equal(&owner->controller_id, &array->controller_id);
}

bool
array_lun_is_held(struct array *array, const struct guid *lun_id)
{
	AUTO_STATE struct state *state = NULL;

	if (!array_is_shared(array))
		return true;
	state = array_state(array);
	return array_lun_is_own(array, state, lun_id) && array_gateway_holds(array, lun_id);
}

int
array_lun_not_own(const struct array *array, const struct state *state, const struct guid *lun_id)
{
	const struct row_lun_owner *owner = state_lun_owner(state, lun_id);
	const struct row_controller *controller =
		owner != NULL ? state_find(state, ROW_CONTROLLER, &owner->controller_id) : NULL;
	const struct row_lun *lun = state_find(state, ROW_LUN, lun_id);

	(void)array;
	if (controller == NULL)
		return err_set(ERR_BUSY,
			       "no gateway owns LUN \"%s\" now: try again in a moment, or look at "
			       "`vdsctl gateway list`",
			       lun != NULL ? ROW_LUN_CALLED(lun) : "?");
	return err_set(ERR_BUSY,
		       "LUN \"%s\" is served by the gateway %s, which has to do this: ask it, or "
		       "move the LUN by `vdsctl lun move-owner`",
		       lun != NULL ? ROW_LUN_CALLED(lun) : "?", controller->name);
}

bool
array_gateway_is_instance(const struct state *state, const char *instance)
{
	for (size_t i = 0; i < state_count(state, ROW_CONTROLLER); i++) {
		const struct row_controller *row = state_at(state, ROW_CONTROLLER, i);

		if (row->instance != NULL && row->instance[0] != '\0' && instance != NULL &&
		    strcmp(row->instance, instance) == 0)
			return true;
	}
	return false;
}

/* Returns the gateway that does the chores: of those at work the one with the lowest id. */
static const struct row_controller *
chores_of(const struct state *state)
{
	for (size_t i = 0; i < state_count(state, ROW_CONTROLLER); i++) {
		const struct row_controller *row = state_at(state, ROW_CONTROLLER, i);

		if (row->instance != NULL && row->instance[0] != '\0')
			return row;
	}
	return NULL;
}

static void
chores_set(struct array *array, const struct state *state)
{
	const struct row_controller *row = chores_of(state);

	atomic_store(&array->chores,
		     !array_is_shared(array) ||
			     (row != NULL && guid_equal(&row->id, &array->controller_id)));
}

static void
drop_faults(struct array *array, const struct guid *lun_id)
{
	struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL) {
		array_faults_forget_locked(array, entry);
		entry->fault_count = 0;
	}
	pthread_mutex_unlock(&array->luns_lock);
}

/*
 * The LUN comes or goes: its device is made anew by whoever uses it, without faults, and its health
 * is not known.  A LUN that the change has made has a store already.
 */
static int
owner_changed(struct array *array, const struct state *after, const struct guid *lun_id)
{
	const struct row_lun *lun = state_find(after, ROW_LUN, lun_id);
	const struct row_pool *pool = lun != NULL ? state_find(after, ROW_POOL, &lun->pool_id)
						  : NULL;
	struct array_store *store = NULL;
	int rc;

	if (pool == NULL)
		return 0;
	rc = array_store_new(array, lun, pool->path, &store);
	if (rc == 0)
		rc = array_kept_foreign(array, lun_id);
	if (rc == 0) {
		array_unit_change_store(array, lun_id, store);
		drop_faults(array, lun_id);
		array_unit_set_health(array, lun_id, HEALTH_UNKNOWN, "");
	}
	array_store_unref(store);
	return rc;
}

void
array_foreign_wait(void)
{
	const struct timespec pause = { .tv_nsec = 10 * NS_PER_MS };

	nanosleep(&pause, NULL);
}

void
array_foreign_tell(const char *what, int rc)
{
	char quoted[256];

	if (rc < 0)
		log_error("array.foreign", "what=%s error=%s reason=%s", what, err_name(rc),
			  log_quote(err_text(rc), quoted, sizeof(quoted)));
}

void
array_foreign_owners(struct array *array, const struct state *before, const struct state *after,
		     const struct change *change)
{
	bool gateways = false, died = false, owners = false;
	int rc;

	for (size_t i = 0; i < change->op_count; i++) {
		const struct change_op *op = &change->ops[i];
		const struct row_controller *old;

		if (op->family == ROW_LUN_OWNER &&
		    array_lun_is_own(array, before, &op->key.a) !=
			    array_lun_is_own(array, after, &op->key.a)) {
			do {
				rc = state_find(before, ROW_LUN, &op->key.a) != NULL
					     ? owner_changed(array, after, &op->key.a)
					     : 0;
				if (rc == -ENOMEM)
					array_foreign_wait();
			} while (rc == -ENOMEM);
			array_foreign_tell("owner", rc);
			owners = true;
		}
		if (op->family != ROW_CONTROLLER)
			continue;
		gateways = true;
		old = state_find(before, ROW_CONTROLLER, &op->key.a);
		died |= old != NULL && array_gateway_is_instance(before, old->instance) &&
			!array_gateway_is_instance(after, old->instance);
	}
	if (gateways)
		chores_set(array, after);
	if (died)
		atomic_store(&array->sweep_again, true);
	if (gateways || owners) {
		atomic_store(&array->take_up, true);
		array_verify_wake(array);
	}
}

/* ---- what goes with LUNs, and with gateways that are gone ---- */

/* A volume that a gateway which is gone was to remove. */
struct inherited {
	struct guid lun_id, pool_id;
};

struct take_up {
	struct array_task task;
	struct inherited *list; /* owned */
	size_t count, capacity;
	const struct state *view; /* while apply runs */
	struct array *array;
	bool settles;
};

static int
find_inherited(void *arg, const struct catalog_unlink *entry)
{
	struct take_up *t = arg;
	const struct row_controller *row = state_find(t->view, ROW_CONTROLLER,
						      &entry->controller_id);
	int rc;

	if (guid_equal(&entry->controller_id, &t->array->controller_id) ||
	    (row != NULL && row->instance != NULL && row->instance[0] != '\0'))
		return 0;
	rc = mem_grow(&t->list, &t->capacity, t->count + 1, sizeof(t->list[0]));
	if (rc == 0)
		t->list[t->count++] = (struct inherited){ entry->lun_id, entry->pool_id };
	return rc;
}

/*
 * Commits something, whatever it is: a transaction from before whose outcome is not known is there
 * from now on, and among the news, or never will be.
 */
static int
settle_apply(struct array *array, struct array_task *task)
{
	uint64_t value = 0;
	int rc = catalog_counter_get(array->catalog, CATALOG_LUN_NUMBER, &value);

	(void)task;
	return rc < 0 ? rc : catalog_counter_set(array->catalog, CATALOG_LUN_NUMBER, value);
}

int
array_foreign_settle(struct array *array)
{
	struct array_task task = { .apply = settle_apply, .use = CATALOG_FREES };

	return array_writer_submit(array, &task);
}

void
array_foreign_unknown(struct array *array)
{
	atomic_store(&array->settle, true);
	atomic_store(&array->take_up, true);
	array_verify_wake(array);
}

static int
take_up_apply(struct array *array, struct array_task *task)
{
	struct take_up *t = container_of(task, struct take_up, task);
	int rc = t->settles ? settle_apply(array, task) : 0;

	t->view = state_edit_view(task->edit);
	t->count = 0;
	if (rc == 0 && atomic_load(&array->chores))
		rc = catalog_unlinks(array->catalog, find_inherited, t);
	for (size_t i = 0; rc == 0 && i < t->count; i++) {
		struct catalog_unlink entry = { t->list[i].lun_id, t->list[i].pool_id, NULL,
						array->controller_id };

		rc = catalog_unlink_take(array->catalog, &entry);
	}
	return rc;
}

/* What memory is out for now is done at the next start. */
static void
take_up_published(struct array *array, struct array_task *task)
{
	struct take_up *t = container_of(task, struct take_up, task);
	int rc;

	for (size_t i = 0; i < t->count; i++) {
		const struct row_pool *pool = state_find(array->state, ROW_POOL,
							 &t->list[i].pool_id);

		if (pool != NULL)
			array_foreign_tell("volume",
					   array_store_dying_add(array, &t->list[i].lun_id,
								 &pool->id, pool->path));
	}
	rc = array_job_take(array);
	if (rc != 0)
		atomic_store(&array->take_up, true);
	array_foreign_tell("job", rc);
}

void
array_foreign_take_up(struct array *array)
{
	struct take_up t = { .task = { .apply = take_up_apply,
				       .published = take_up_published,
				       .use = CATALOG_FREES },
			     .array = array };
	int rc;

	if (!array_is_shared(array) || array_is_read_only(array) ||
	    !atomic_exchange(&array->take_up, false))
		return;
	t.settles = atomic_exchange(&array->settle, false);
	rc = array_writer_submit(array, &t.task);
	if (rc < 0 && t.settles)
		atomic_store(&array->settle, true);
	if (rc < 0 || !array_lease_ok(array))
		atomic_store(&array->take_up, true); /* in the next round */
	else if (atomic_exchange(&array->sweep_again, false) && atomic_load(&array->chores))
		array_pool_sweep_again(array); /* by a state without those that are gone */
	mem_free(t.list);
}

void
array_foreign_begin(struct array *array)
{
	chores_set(array, array->state);
	atomic_store(&array->take_up, array_is_shared(array));
}
