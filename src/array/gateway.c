/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The threads of a gateway, and its life.
 *
 *	renewer		renews the lease, and does nothing else
 *	watcher		looks at the others, takes over
 *	owner		claims LUNs
 *	balancer	gives LUNs away while it drains, asks others for its share
 *	asker		finds out why others have not acknowledged a change
 *	callers		answer what other gateways call for and what may block (gateway_call.c)
 */
#include <errno.h>
#include <string.h>

#include "array/gateway_int.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define CALLERS 4u
#define LOOK_MS 500u
#define OWN_MS  250u
#define ASK_MS  10000u /* it is woken when there is something to ask */

uint64_t
array_gateway_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

bool
array_lease_ok(const struct array *array)
{
	return array->gateways == NULL ||
	       array_member_lease_holds(&array->gateways->member, array_gateway_now_ns());
}

bool
array_gateway_holds(struct array *array, const struct guid *lun_id)
{
	return array->gateways == NULL || array_member_holds(&array->gateways->member, lun_id);
}

void
array_gateway_want(struct array *array, const struct guid *lun_id)
{
	if (array->gateways != NULL)
		array_member_want(&array->gateways->member, lun_id);
}

bool
array_lun_is_mine(struct array *array, const struct state *state, const struct guid *lun)
{
	const struct row_lun_owner *row;

	if (array->gateways == NULL)
		return true;
	row = state_lun_owner(state, lun);
	return row != NULL && guid_equal(&row->controller_id, &array->controller_id) &&
	       array_gateway_holds(array, lun);
}

/* ---- whether the others have a change ---- */

void
array_gateway_seen(struct array *array, uint64_t begin_ns)
{
	if (array->gateways != NULL)
		array_member_seen(&array->gateways->member, begin_ns);
}

void
array_gateway_end_unless_seen(struct array *array)
{
	if (array->gateways != NULL && !array->held && !array_lease_ok(array))
		array_member_lose(&array->gateways->member,
				  "the catalog that was gone, or behind, is another one now");
}

bool
array_gateway_waits(const struct array *array)
{
	return array->gateways == NULL || atomic_load(&array->gateways->asks);
}

bool
array_gateway_all_have(struct array *array, uint64_t version, uint64_t committed_ns,
		       uint64_t notified)
{
	if (array->gateways == NULL)
		return version <= notified;
	return !atomic_load(&array->gateways->asks) ||
	       array_member_all_have(&array->gateways->member, array->state, version, committed_ns);
}

void
array_gateway_acknowledged(struct array *array, const uint64_t *clients, size_t count,
			   uint64_t version)
{
	if (array->gateways != NULL)
		array_member_acknowledged(&array->gateways->member, clients, count, version);
}

void
array_gateway_ask_others(struct array *array, uint64_t version)
{
	struct array_gateways *g = array->gateways;

	if (g == NULL)
		return;
	atomic_store(&g->ask_version, version);
	array_gateway_set(g, &g->ask_due);
}

/* ---- waiting ---- */

bool
array_gateway_wait(struct array_gateways *g, bool *flag, const bool *stop, uint32_t ms)
{
	uint64_t until_ns = clock_mono_ns() + ms * NS_PER_MS;
	const struct timespec until = { .tv_sec = (time_t)(until_ns / NS_PER_S),
					.tv_nsec = (long)(until_ns % NS_PER_S) };
	bool goes_on;

	pthread_mutex_lock(&g->lock);
	while (!*stop && !*flag && clock_mono_ns() < until_ns)
		pthread_cond_timedwait(&g->wake, &g->lock, &until);
	*flag = false;
	goes_on = !*stop;
	pthread_mutex_unlock(&g->lock);
	return goes_on;
}

void
array_gateway_set(struct array_gateways *g, bool *flag)
{
	pthread_mutex_lock(&g->lock);
	*flag = true;
	pthread_cond_broadcast(&g->wake);
	pthread_mutex_unlock(&g->lock);
}

/* Has the threads look which LUNs are this gateway's. */
static void
owners_changed(struct array_gateways *g)
{
	pthread_mutex_lock(&g->lock);
	g->own_due = g->balance_due = true;
	pthread_cond_broadcast(&g->wake);
	pthread_mutex_unlock(&g->lock);
}

void
array_gateway_suspect(struct array *array, const struct guid *controller)
{
	struct array_gateways *g = array->gateways;

	if (g == NULL)
		return;
	array_member_suspect(&g->member, controller);
	array_gateway_set(g, &g->look_due);
}

void
array_gateway_changed(struct array *array, const struct change *change)
{
	struct array_gateways *g = array->gateways;
	bool owners = false;

	if (g == NULL)
		return;
	for (size_t i = 0; i < change->op_count; i++) {
		const struct change_op *op = &change->ops[i];
		const struct row_lun_owner *owner = op->family == ROW_LUN_OWNER
							    ? (const void *)op->row
							    : NULL;

		owners = owners || op->family == ROW_LUN_OWNER || op->family == ROW_CONTROLLER;
		if (op->family == ROW_LUN_OWNER && op->row == NULL)
			array_member_deleted(&g->member, &op->key.a);
		if (owner != NULL && !guid_equal(&owner->controller_id, &g->member.id))
			array_member_given(&g->member, &op->key.a);
	}
	if (owners)
		owners_changed(g);
}

void
array_gateway_counters(struct array *array, struct array_gateway_counters *ret_counters)
{
	struct array_gateways *g = array->gateways;

	memset(ret_counters, 0, sizeof(*ret_counters));
	if (g == NULL)
		return;
	ret_counters->takeovers = atomic_load(&g->member.takeovers);
	ret_counters->moves = atomic_load(&g->member.moves);
	ret_counters->passed = atomic_load(&g->passed);
	ret_counters->claims = atomic_load(&g->member.claims);
	ret_counters->renewals = atomic_load(&g->member.renewals);
	ret_counters->retakes = atomic_load(&g->member.retakes);
}

int
array_owner_edit_add(struct array *array, struct state_edit *edit, const struct guid *lun_id,
		     bool own)
{
	const struct state *view = state_edit_view(edit);
	const struct array_member_load *best = NULL;
	struct array_member_groups groups;
	struct array_member_loads loads;
	int rc;

	if (array->gateways == NULL)
		return 0;
	array_member_loads(view, NULL, &loads);
	if (!own) { /* one from the trash may be in schedules */
		rc = array_member_groups_init(&groups, view);
		if (rc < 0)
			return rc;
		best = array_member_place(view, &groups, lun_id, &loads);
		array_member_groups_fini(&groups);
	}
	return array_member_edit_own(edit, lun_id,
				     best != NULL ? &best->id : &array->controller_id);
}

/* ---- threads ---- */

static void *
renewer(void *arg)
{
	struct array_gateways *g = arg;
	bool never = false;

	pthread_setname_np(pthread_self(), "lease");
	while (array_gateway_wait(g, &never, &g->renewer_stops, g->member.lease_ms / 4))
		array_member_renew(&g->member);
	return NULL;
}

static void *
watcher(void *arg)
{
	struct array_gateways *g = arg;

	pthread_setname_np(pthread_self(), "gateways");
	while (array_gateway_wait(g, &g->look_due, &g->stops, LOOK_MS))
		array_member_look(&g->member);
	return NULL;
}

static void *
owner(void *arg)
{
	struct array_gateways *g = arg;

	pthread_setname_np(pthread_self(), "owner");
	do
		array_member_claim_all(&g->member);
	while (array_gateway_wait(g, &g->own_due, &g->stops, OWN_MS));
	return NULL;
}

/* For the balance: a LUN is to come here. */
static int
ask_here(struct array_member *member, const struct guid *owner, const struct guid *lun_id)
{
	return array_gateway_ask_move(member, owner, lun_id, &member->id);
}

/*
 * Apart from the owner: it waits for other gateways, while LUNs that have come here wait for their
 * claim.
 */
static void *
balancer(void *arg)
{
	struct array_gateways *g = arg;

	pthread_setname_np(pthread_self(), "balance");
	do {
		if (array_member_balance(&g->member, ask_here))
			array_gateway_set(g, &g->balance_due);
	} while (array_gateway_wait(g, &g->balance_due, &g->stops, OWN_MS));
	return NULL;
}

static void *
asker(void *arg)
{
	struct array_gateways *g = arg;

	pthread_setname_np(pthread_self(), "asker");
	while (array_gateway_wait(g, &g->ask_due, &g->stops, ASK_MS)) {
		uint64_t version = atomic_exchange(&g->ask_version, 0);

		if (version == 0)
			continue;
		array_member_ask_others(&g->member, version);
		array_sharing_reached(g->array);
	}
	return NULL;
}

static int
start_threads(struct array_gateways *g)
{
	int rc = -pthread_create(&g->renewer, NULL, renewer, g);

	g->renews = rc == 0;
	if (rc == 0)
		rc = -pthread_create(&g->watcher, NULL, watcher, g);
	g->watches = g->renews && rc == 0;
	if (rc == 0)
		rc = -pthread_create(&g->owner, NULL, owner, g);
	g->owns = g->watches && rc == 0;
	if (rc == 0)
		rc = -pthread_create(&g->balancer, NULL, balancer, g);
	g->balances = g->owns && rc == 0;
	if (rc == 0)
		rc = -pthread_create(&g->asker, NULL, asker, g);
	atomic_store(&g->asks, g->balances && rc == 0);
	return rc;
}

int
array_gateway_new(struct array *array, const struct array_options *options)
{
	struct array_gateways *g;
	pthread_condattr_t attr;

	if (options->cluster_ops == NULL || options->look)
		return 0;
	g = mem_calloc(1, sizeof(*g));
	if (g == NULL)
		return -ENOMEM;
	g->array = array;
	g->lost = options->lost;
	g->lost_arg = options->lost_arg;
	g->events = (struct array_cluster_events){ .called = array_gateway_called, .arg = g };
	pthread_mutex_init(&g->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->wake, &attr);
	pthread_condattr_destroy(&attr);
	array_member_init(&g->member, options->lease_ms, options->seen_ms);
	g->member.ops = options->cluster_ops;
	g->member.cluster = options->cluster;
	g->member.env = &array_gateway_env;
	g->member.env_arg = g;
	array->gateways = g;
	return 0;
}

int
array_gateway_start(struct array *array)
{
	struct array_gateways *g = array->gateways;
	int rc;

	if (g == NULL)
		return 0;
	g->member.id = array->controller_id;
	rc = workers_new(CALLERS, "calls", &g->callers);
	if (rc == 0)
		rc = array_member_join(&g->member, &g->events);
	return rc < 0 ? rc : start_threads(g);
}

void
array_gateway_retire(struct array *array, uint32_t timeout_ms)
{
	struct array_gateways *g = array != NULL ? array->gateways : NULL;
	uint64_t until_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;
	size_t left = 1;

	if (g == NULL || !g->owns)
		return;
	atomic_store(&g->member.retires, true);
	while (left > 0 && clock_mono_ns() < until_ns && !atomic_load(&g->member.is_lost)) {
		AUTO_STATE struct state *state = array_state(array);
		struct array_member_loads others;

		array_member_loads(state, &array->controller_id, &others);
		left = others.count > 0 ? state_controller_lun_count(state, &array->controller_id)
					: 0;
		/*
		 * who must be fenced gives nothing away, nor does one that cannot change anything
		 */
		if (array_member_in_doubt(&g->member) || array_sharing_is_away(array) ||
		    array_is_read_only(array))
			break;
		array_gateway_set(g, &g->balance_due);
		if (left > 0 && array_gateway_env.sleep_ms(g, 50) < 0)
			return;
	}
	log_info("gateway.retire", "luns_left=%zu", left);
}

void
array_gateway_abandon(struct array *array)
{
	if (array != NULL && array->gateways != NULL)
		atomic_store(&array->gateways->member.abandons, true);
}

void
array_gateway_stop_looking(struct array *array)
{
	struct array_gateways *g = array->gateways;

	if (g == NULL)
		return;
	array_gateway_set(g, &g->stops);
	/* first: the others may wait for the answer to a change */
	if (atomic_exchange(&g->asks, false)) {
		array_sharing_reached(array);
		pthread_join(g->asker, NULL);
	}
	if (g->watches)
		pthread_join(g->watcher, NULL);
	if (g->owns)
		pthread_join(g->owner, NULL);
	if (g->balances)
		pthread_join(g->balancer, NULL);
	g->watches = g->owns = g->balances = false;
}

void
array_gateway_stop(struct array *array)
{
	struct array_gateways *g = array->gateways;

	if (g == NULL)
		return;
	array_gateway_stop_looking(array);
	array_gateway_set(g, &g->renewer_stops); /* it would take the lease again */
	if (g->renews)
		pthread_join(g->renewer, NULL);
	g->renews = false;
	/*
	 * without the catalog nothing can be noted in it: the others see by the lease that it is
	 * gone
	 */
	if (array_sharing_is_away(array))
		atomic_store(&g->member.abandons, true);
	array_member_leave(&g->member);
	workers_free(TAKE(g->callers));
}

void
array_gateway_fini(struct array *array)
{
	struct array_gateways *g = TAKE(array->gateways);

	if (g == NULL)
		return;
	array_member_fini(&g->member);
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->wake);
	mem_free(g);
}
