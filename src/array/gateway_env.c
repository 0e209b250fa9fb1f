/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the protocol of gateways (member_*.c) needs of the array: its clock, its state, changes, and
 * the paths and the store of a LUN that moves.
 */
#include <errno.h>
#include <time.h>

#include "array/gateway_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

/*
 * The move that this thread makes: who asks (NULL = the array itself), the drain of its paths, the
 * LUN.
 */
static _Thread_local bool moves;
static _Thread_local const struct array_request *move_request;
static _Thread_local void *move_drain;
static _Thread_local const struct guid *move_lun;

void
array_gateway_move_begin(const struct array_request *request, const struct guid *lun)
{
	move_request = request;
	move_lun = lun;
}

void
array_gateway_move_end(void)
{
	move_request = NULL;
	move_lun = NULL;
}

static uint64_t
env_now(void *arg)
{
	(void)arg;
	return array_gateway_now_ns();
}

static int
env_sleep(void *arg, uint32_t ms)
{
	struct array_gateways *g = arg;
	bool never = false;

	return array_gateway_wait(g, &never, &g->stops, ms) ? 0 : -ECANCELED;
}

static struct state *
env_state(void *arg)
{
	return array_state(((struct array_gateways *)arg)->array);
}

static int
pull_run(struct array *array, struct array_task *task)
{
	(void)task;
	return array_is_shared(array) ? array_sharing_pull(array) : 0;
}

int
array_gateway_pull(struct array_gateways *g)
{
	struct array_task task = { .run = pull_run };

	return array_writer_submit(g->array, &task);
}

static int
env_pull(void *arg)
{
	return array_gateway_pull(arg);
}

struct change_task {
	struct array_task task;
	int (*apply)(struct state_edit *edit, void *context);
	void *context;
	void *drain; /* of a move; NULL = none */
};

static int
change_apply(struct array *array, struct array_task *task)
{
	struct change_task *c = container_of(task, struct change_task, task);

	(void)array;
	return c->apply(task->edit, c->context);
}

/*
 * The commands go to the new owner now.  The answer comes later, since it waits until all gateways,
 * also one that is dead and not fenced yet, have taken the change.
 */
static void
change_published(struct array *array, struct array_task *task)
{
	struct change_task *c = container_of(task, struct change_task, task);

	array_runtime_resume(array, TAKE(c->drain));
}

static int
env_change(void *arg, const char *cause, int (*apply)(struct state_edit *edit, void *context),
	   void *context)
{
	struct array_gateways *g = arg;
	struct change_task c = {
		.task = { .apply = change_apply,
			  .published = change_published,
			  .cause = cause,
			  .use = CATALOG_FREES,
			  /* nobody outside waits for other changes, and others may be dead */
			  .reach = moves ? ARRAY_REACH_ALL : ARRAY_REACH_LATER,
			  .request_id = array_request_id(move_request),
			  .principal = array_request_principal(move_request),
			  .audit = array_request_audit(move_request),
			  .answer.object_id = move_lun != NULL ? *move_lun
							       : (struct guid){ { 0 } } },
		.apply = apply,
		.context = context,
		.drain = move_drain,
	};
	int rc = array_writer_submit(g->array, &c.task);

	move_drain = c.drain;

	return rc < 0 && !array_writer_outcome_is_known(rc) ? -EINPROGRESS : rc;
}

/* A gateway that stops loses what an initiator has by RESERVE in any case. */
static int
check_reserve(struct array_gateways *g, const struct guid *lun_id)
{
	return atomic_load(&g->member.retires) ? 0 : array_reservation_check_move(g->array, lun_id);
}

static int
env_drain(void *arg, const struct guid *lun_id, void **ret_drain)
{
	struct array_gateways *g = arg;
	struct array *array = g->array;
	const struct array_mapping every = { .lun_id = *lun_id };
	struct array_store *store;
	int rc = check_reserve(g, lun_id);

	*ret_drain = NULL;
	if (rc == 0)
		rc = array_operation_begin(array, lun_id, ASK_STATUS, OPERATION_STATUS, false);
	if (rc < 0)
		return rc;
	store = array_unit_store(array, lun_id);
	rc = store == NULL ? array_name_no_such(ROW_LUN, lun_id)
			   : array_runtime_quiesce(array, &every, 1, ret_drain);
	if (rc == 0)
		rc = check_reserve(g, lun_id); /* by a command that was in flight */
	if (rc == 0)
		rc = array_lun_stop_store(array, store);
	array_store_unref(store);
	if (rc < 0) {
		array_runtime_resume(array, TAKE(*ret_drain));
		array_operation_end(array, lun_id);
	}
	move_drain = TAKE(*ret_drain);
	moves = rc == 0;
	return rc;
}

static void
env_resume(void *arg, const struct guid *lun_id, void *drain, bool moved)
{
	struct array_gateways *g = arg;
	AUTO_STATE struct state *state = array_state(g->array);
	const struct row_lun *lun = state_find(state, ROW_LUN, lun_id);

	(void)drain;
	moves = false;
	if (!moved && lun != NULL)
		array_lun_status_committed(g->array, lun_id, lun->status);
	array_runtime_resume(g->array, TAKE(move_drain));
	array_operation_end(g->array, lun_id);
	array_gateway_set(g, &g->own_due); /* the LUN may have come back meanwhile */
}

static void
env_lost(void *arg, const char *reason)
{
	struct array_gateways *g = arg;

	log_error("gateway.lost", "reason=\"%s\"", reason);
	if (g->lost != NULL)
		g->lost(g->lost_arg, reason);
}

/* Jobs of the LUN, which another gateway has begun, go on here. */
static void
env_claimed(void *arg, const struct guid *lun_id)
{
	(void)lun_id;
	array_verify_wake(((struct array_gateways *)arg)->array);
}

static int
env_power_on(void *arg)
{
	struct array_gateways *g = arg;

	return array_kept_end_passing(g->array);
}

const struct array_member_env array_gateway_env = {
	.now_ns = env_now,
	.sleep_ms = env_sleep,
	.state = env_state,
	.pull = env_pull,
	.change = env_change,
	.drain = env_drain,
	.resume = env_resume,
	.lost = env_lost,
	.power_on = env_power_on,
	.claimed = env_claimed,
};
