/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data path as the array sees it: the operations that the data path registered.  Without a data
 * path there is nothing to drain or to publish to, and every call here succeeds.  runtime_lock is
 * held shared while the data path works, so that it cannot be unregistered under a call.  Callers:
 * the thread of the request, except for array_runtime_publish, which the writer thread calls.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/port.h"

bool
array_runtime_is_there(struct array *array)
{
	bool there;

	pthread_rwlock_rdlock(&array->runtime_lock);
	there = array->runtime_ops != NULL;
	pthread_rwlock_unlock(&array->runtime_lock);
	return there;
}

void
array_runtime_publish(struct array *array, const struct state *state, const struct change *change)
{
	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL)
		array->runtime_ops->publish(array->runtime, state, change);
	pthread_rwlock_unlock(&array->runtime_lock);
}

void
array_runtime_secrets(struct array *array, const struct array_secrets *secrets)
{
	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL && array->runtime_ops->secrets != NULL)
		array->runtime_ops->secrets(array->runtime, secrets);
	pthread_rwlock_unlock(&array->runtime_lock);
}

int
array_runtime_quiesce(struct array *array, const struct array_mapping *mappings, size_t count,
		      void **ret_drain)
{
	int rc = 0;

	*ret_drain = NULL;
	if (count == 0)
		return 0;
	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL)
		rc = array->runtime_ops->quiesce(array->runtime, mappings, count,
						 array->drain_timeout_ms, ret_drain);
	pthread_rwlock_unlock(&array->runtime_lock);
	return rc == ERR_TIMEOUT ? err_set(ERR_BUSY, ARRAY_RUNTIME_HANGS) : rc;
}

void
array_runtime_resume(struct array *array, void *drain)
{
	if (drain == NULL)
		return;
	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL)
		array->runtime_ops->resume(array->runtime, drain);
	pthread_rwlock_unlock(&array->runtime_lock);
}

void
array_runtime_pool_space(struct array *array, const struct array_pool_level *level)
{
	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL && array->runtime_ops->pool_space != NULL)
		array->runtime_ops->pool_space(array->runtime, level);
	pthread_rwlock_unlock(&array->runtime_lock);
}

void
array_runtime_lun_recovered(struct array *array, const struct guid *lun_id)
{
	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL)
		array->runtime_ops->lun_recovered(array->runtime, lun_id);
	pthread_rwlock_unlock(&array->runtime_lock);
}

void
array_runtime_lun_replaced(struct array *array, const struct guid *lun_id)
{
	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL && array->runtime_ops->lun_replaced != NULL)
		array->runtime_ops->lun_replaced(array->runtime, lun_id);
	pthread_rwlock_unlock(&array->runtime_lock);
}

void
array_runtime_lun_device(struct array *array, const struct guid *lun_id)
{
	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL && array->runtime_ops->lun_device != NULL)
		array->runtime_ops->lun_device(array->runtime, lun_id);
	pthread_rwlock_unlock(&array->runtime_lock);
}

void
array_runtime_lun_reset(struct array *array, const struct guid *lun_id)
{
	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL && array->runtime_ops->lun_reset != NULL)
		array->runtime_ops->lun_reset(array->runtime, lun_id);
	pthread_rwlock_unlock(&array->runtime_lock);
}

void
array_portal_drain(struct array *array, const struct guid *portal, uint32_t drain_ms)
{
	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL && array->runtime_ops->drain_portal != NULL)
		array->runtime_ops->drain_portal(array->runtime, portal, drain_ms);
	pthread_rwlock_unlock(&array->runtime_lock);
}

int
array_runtime_reset_portals(struct array *array, const struct guid *portals, size_t count,
			    uint32_t drain_ms)
{
	int rc = 0;

	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL && array->runtime_ops->reset_portals != NULL && count > 0)
		rc = array->runtime_ops->reset_portals(array->runtime, portals, count, drain_ms,
						       array->drain_timeout_ms);
	pthread_rwlock_unlock(&array->runtime_lock);
	return rc == ERR_TIMEOUT ? err_set(ERR_BUSY, "a session did not end in time, because I/O "
						     "in flight does not end: try again")
				 : rc;
}

void
array_runtime_address_counters(struct array *array, const char *address,
			       struct array_port_counters *counters)
{
	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL && array->runtime_ops->address_counters != NULL)
		array->runtime_ops->address_counters(array->runtime, address, counters);
	pthread_rwlock_unlock(&array->runtime_lock);
}

int
array_runtime_pick_port(struct array *array, const char *address, uint16_t *ret_port)
{
	int rc;

	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL)
		rc = array->runtime_ops->pick_port(array->runtime, address, ret_port);
	else
		rc = err_set(ERR_INVALID, "a portal needs a port, 1 to 65535");
	pthread_rwlock_unlock(&array->runtime_lock);
	return rc < 0 && rc > ERR_FIRST_
		       ? err_set(rc, "cannot listen on %s: %s", address, strerror(-rc))
		       : rc;
}

static void
add_store_counters(struct array *array, const struct guid *lun, struct array_lun_counters *counters)
{
	struct array_store *store = array_unit_store(array, lun);

	if (store != NULL) {
		counters->medium_errors = array_trouble_count(store, TROUBLE_MEDIUM);
		counters->space_errors = array_trouble_count(store, TROUBLE_SPACE);
	}
	array_store_unref(store);
}

int
array_lun_counters(struct array *array, const struct guid *lun,
		   struct array_lun_counters *ret_counters)
{
	AUTO_STATE struct state *state = array_state(array);
	int rc = 0;

	if (state_find(state, ROW_LUN, lun) == NULL)
		return array_name_no_such(ROW_LUN, lun);
	memset(ret_counters, 0, sizeof(*ret_counters));
	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL)
		rc = array->runtime_ops->lun_counters(array->runtime, lun, ret_counters);
	pthread_rwlock_unlock(&array->runtime_lock);
	add_store_counters(array, lun, ret_counters);
	/* A LUN that was never associated was never served: nothing was counted. */
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

void
array_forward_counters(struct array *array, const struct guid *controller,
		       struct array_forward_counters *ret_counters)
{
	struct array_forward_counters counters = { 0 };

	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL && array->runtime_ops->forward_counters != NULL)
		(void)array->runtime_ops->forward_counters(array->runtime, controller, &counters);
	pthread_rwlock_unlock(&array->runtime_lock);
	*ret_counters = counters;
}

struct array_sampling {
	struct array *array;
	const struct array_sampler *to;
};

/* Passes a LUN on with what its store has counted. */
static void
sampled_lun(void *arg, const struct guid *id, const struct array_lun_counters *counters)
{
	const struct array_sampling *sampling = arg;
	struct array_lun_counters with_store = *counters;

	add_store_counters(sampling->array, id, &with_store);
	sampling->to->lun(sampling->to->arg, id, &with_store);
}

static void
sampled_session(void *arg, const struct array_session_counters *counters)
{
	const struct array_sampling *sampling = arg;

	sampling->to->session(sampling->to->arg, counters);
}

static void
sampled_thread(void *arg, const struct array_thread_counters *counters)
{
	const struct array_sampling *sampling = arg;

	sampling->to->thread(sampling->to->arg, counters);
}

static void
sampled_host(void *arg, const struct array_host_counters *counters)
{
	const struct array_sampling *sampling = arg;

	sampling->to->host(sampling->to->arg, counters);
}

static void
sampled_login(void *arg, const struct array_login_counters *counters)
{
	const struct array_sampling *sampling = arg;

	sampling->to->login(sampling->to->arg, counters);
}

const char *
array_login_failure_name(enum array_login_failure reason)
{
	static const char *const names[ARRAY_LOGIN_FAILURES] = {
		[ARRAY_LOGIN_AUTHENTICATION] = "authentication",
		[ARRAY_LOGIN_ADDRESS] = "address",
		[ARRAY_LOGIN_NO_TARGET] = "no-target",
		[ARRAY_LOGIN_RESOURCES] = "resources",
		[ARRAY_LOGIN_UNAVAILABLE] = "unavailable",
		[ARRAY_LOGIN_PROTOCOL] = "protocol",
		[ARRAY_LOGIN_DROPPED] = "dropped",
	};

	return names[reason];
}

int
array_sample(struct array *array, const struct array_sampler *sampler)
{
	struct array_sampling sampling = { .array = array, .to = sampler };
	struct array_sampler inner = {
		.lun = sampler->lun != NULL ? sampled_lun : NULL,
		.session = sampler->session != NULL ? sampled_session : NULL,
		.thread = sampler->thread != NULL ? sampled_thread : NULL,
		.host = sampler->host != NULL ? sampled_host : NULL,
		.login = sampler->login != NULL ? sampled_login : NULL,
		.arg = &sampling,
	};
	int rc = 0;

	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL && array->runtime_ops->sample != NULL)
		rc = array->runtime_ops->sample(array->runtime, &inner);
	pthread_rwlock_unlock(&array->runtime_lock);
	return rc;
}

int
array_trace(struct array *array, struct array_trace_place *place,
	    void (*record)(void *arg, const struct array_trace_record *record), void *arg,
	    uint64_t *ret_lost)
{
	int rc = ERR_NOT_SUPPORTED;

	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL && array->runtime_ops->trace != NULL)
		rc = array->runtime_ops->trace(array->runtime, place, record, arg, ret_lost);
	pthread_rwlock_unlock(&array->runtime_lock);
	return rc;
}

int
array_session_end(struct array *array, const struct guid *session)
{
	int rc = ERR_NOT_FOUND;

	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL)
		rc = array->runtime_ops->end_session(array->runtime, session);
	pthread_rwlock_unlock(&array->runtime_lock);
	return rc == ERR_NOT_FOUND ? array_name_no_such(ROW_LIVE_SESSION, session) : rc;
}

/* ---- registering: on the writer thread, so that no state is published twice or not at all ---- */

struct registration {
	struct array_task task;
	const struct array_runtime_ops *ops;
	void *runtime;
};

static int
set_runtime(struct array *array, struct array_task *task)
{
	struct registration *r = container_of(task, struct registration, task);

	pthread_rwlock_wrlock(&array->runtime_lock);
	atomic_store(&array->runtime_left, r->ops == NULL && (array->runtime_ops != NULL ||
							      atomic_load(&array->runtime_left)));
	array->runtime_ops = r->ops;
	array->runtime = r->runtime;
	pthread_rwlock_unlock(&array->runtime_lock);
	array_runtime_secrets(array, array->secrets);
	array_runtime_publish(array, array->state, NULL);
	return 0;
}

/* A gateway that serves nowhere: one that has just been added. */
static bool
is_gateway_without_portals(const struct array *array, const struct state *state)
{
	if (!array_is_shared(array))
		return false;
	for (size_t i = 0; i < state_count(state, ROW_PORTAL); i++)
		if (controller_has_portal(&array->controller_id, state_at(state, ROW_PORTAL, i)))
			return false;
	return true;
}

/*
 * A new array whose first portal is to have a free port gets that portal now: only a data path can
 * find a free port.  So does a gateway that has no portal, whatever its port; the targets of the
 * array are then reached there, too.
 */
static int
default_portal(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);
	bool first = array->default_port == 0 && state_position(state)->sequence == 1 &&
		     state_count(state, ROW_PORTAL) == 0;

	if (array->default_address == NULL || array_is_read_only(array) ||
	    (!first && !is_gateway_without_portals(array, state)))
		return 0;
	return array_portal_create(array, NULL, array->default_address, array->default_port, !first,
				   NULL);
}

int
array_runtime_register(struct array *array, const struct array_runtime_ops *ops, void *runtime)
{
	struct registration r = { .task.run = set_runtime, .ops = ops, .runtime = runtime };
	int rc;

	rc = array_writer_submit(array, &r.task);
	if (rc < 0)
		return rc;
	array_pool_verify(array); /* so that the data path knows how full the pools are */
	return default_portal(array);
}

void
array_runtime_unregister(struct array *array)
{
	struct registration r = { .task.run = set_runtime };

	(void)array_writer_submit(array, &r.task);
}
