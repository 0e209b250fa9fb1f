/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lease of a gateway: while it holds, the gateway may answer.  The cluster counts the lease
 * from when it has granted it; the gateway counts from before it has asked, and an eighth less, so
 * here it always ends first, unless clocks run an eighth apart.
 *
 *	join: fence the former self → take → note the own client in the catalog
 *	renew: 0 → longer;  ended → retake;  fenced → lost;  no answer → as it was
 *	retake: the catalog can be read → not fenced in the newest map → take → the catalog still
 *	names this client → longer
 *
 * A gateway that cannot follow the catalog for seen_ms answers nothing either (member_barrier.c),
 * and does not renew its lease, so that others take over from it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array/member_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

LOG_AREA(area, "gateway.lease");

void
array_member_init(struct array_member *member, uint32_t lease_ms, uint32_t seen_ms)
{
	memset(member, 0, sizeof(*member));
	member->lease_ms = lease_ms != 0 ? lease_ms : MEMBER_LEASE_MS;
	member->seen_ms = seen_ms != 0 ? seen_ms : MEMBER_SEEN_MS;
	pthread_mutex_init(&member->lock, NULL);
	guid_map_init(&member->luns);
}

void
array_member_fini(struct array_member *member)
{
	struct array_member_lun *lun;

	for (size_t i = 0; (lun = guid_map_next(&member->luns, &i)) != NULL;)
		mem_free(lun);
	guid_map_fini(&member->luns);
	mem_free(member->instance);
	pthread_mutex_destroy(&member->lock);
}

void
array_member_lose(struct array_member *member, const char *reason)
{
	bool was = atomic_exchange(&member->is_lost, true);

	atomic_store(&member->lease_end_ns, 0);
	if (!was)
		member->env->lost(member->env_arg, reason);
}

static uint64_t
now_ns(const struct array_member *member)
{
	return member->env->now_ns(member->env_arg);
}

/* Allows answers: the lease was asked for at begin_ns, and granted since. */
static void
extend(struct array_member *member, uint64_t begin_ns)
{
	uint64_t lease_ns = member->lease_ms * NS_PER_MS;

	atomic_store_explicit(&member->lease_end_ns, begin_ns + lease_ns - lease_ns / 8,
			      memory_order_release);
	if (atomic_load(&member->is_lost)) /* on another thread meanwhile */
		atomic_store(&member->lease_end_ns, 0);
}

/* ---- joining ---- */

struct join {
	const struct array_member *member;
	const char *former; /* instance that was fenced, or "" */
	/* when no gateway had a lease: the state of before that was found out; NULL = one had */
	const struct state *dead;
};

/* Returns false when one of the others has a lease, or may have one. */
static bool
are_others_dead(struct array_member *member, const struct state *state)
{
	for (size_t i = 0; i < state_count(state, ROW_CONTROLLER); i++) {
		const struct row_controller *row = state_at(state, ROW_CONTROLLER, i);
		bool held = false;

		if (!guid_equal(&row->id, &member->id) && array_member_lives(row) &&
		    (member->ops->lease_of(member->cluster, &row->id, &held) < 0 || held))
			return false;
	}
	return true;
}

/* Returns whether the others are still the clients that were found dead. */
static bool
has_nobody_joined(const struct join *join, const struct state *view)
{
	for (size_t i = 0; i < state_count(view, ROW_CONTROLLER); i++) {
		const struct row_controller *row = state_at(view, ROW_CONTROLLER, i), *then;

		if (guid_equal(&row->id, &join->member->id) || !array_member_lives(row))
			continue;
		then = state_find(join->dead, ROW_CONTROLLER, &row->id);
		if (then == NULL || !str_equal(then->instance, row->instance))
			return false;
	}
	return true;
}

static int
join_apply(struct state_edit *edit, void *context)
{
	const struct join *join = context;
	const struct array_member *member = join->member;
	const struct state *view = state_edit_view(edit);
	const struct row_controller *old = state_find(view, ROW_CONTROLLER, &member->id);
	AUTO_ROW struct row_controller *row = NULL;
	size_t count = state_controller_lun_count(view, &member->id);
	AUTO_FREE struct guid *luns = mem_calloc(count + 1, sizeof(*luns));
	int rc = 0;

	if (old == NULL)
		return err_set(ERR_NOT_FOUND, "this gateway was removed from the array");
	if (!str_equal(old->instance, join->former) &&
	    !str_equal(old->instance, member->instance) && array_member_lives(old))
		return err_set(ERR_LOCKED, "another vdsd runs as the gateway %s", old->name);
	row = row_copy(old);
	if (row == NULL || luns == NULL || row_set_string(&row->instance, member->instance) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		luns[i] = state_controller_lun(view, &member->id, i)->id;
	rc = state_edit_put(edit, TAKE(row));
	/* the former self may have noted its claims: this one's are newer */
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = array_member_edit_own(edit, &luns[i], &member->id);
	if (rc == 0 && join->dead != NULL && member->env->power_on != NULL &&
	    has_nobody_joined(join, view))
		rc = member->env->power_on(member->env_arg);
	return rc;
}

/* Takes the lease, and waits while the former self still has it. */
static int
take_waiting(struct array_member *member)
{
	uint64_t until_ns = now_ns(member) + 3 * member->lease_ms * NS_PER_MS;
	uint64_t begin_ns;
	int rc;

	for (;;) {
		begin_ns = now_ns(member);
		rc = member->ops->lease_take(member->cluster);
		if (rc != -EBUSY && rc != -ETIMEDOUT)
			break;
		if (begin_ns > until_ns)
			return rc == -EBUSY ? err_set(ERR_LOCKED, "another vdsd runs as this "
								  "gateway: its lease does not end")
					    : rc;
		if (member->env->sleep_ms(member->env_arg, MEMBER_POLL_MS) < 0)
			return -ECANCELED;
	}
	if (rc == 0)
		extend(member, begin_ns);
	return rc;
}

/* The instance that the catalog has of this gateway; "" = none. */
static char *
noted_instance(struct array_member *member)
{
	AUTO_STATE struct state *state = member->env->state(member->env_arg);
	const struct row_controller *row = state_find(state, ROW_CONTROLLER, &member->id);

	return str_dup(array_member_lives(row) ? row->instance : "");
}

/*
 * Whoever joins fences its former self; so two that run by one name would fence each other in turn.
 * Returns ERR_LOCKED when one is alive: it has the lease, and answers a call.
 */
static int
check_alone(struct array_member *member)
{
	void *reply = NULL;
	size_t bytes = 0;
	bool held = false;
	int rc = member->ops->lease_of(member->cluster, &member->id, &held);

	if (rc < 0 || !held)
		return rc;
	rc = member->ops->call(member->cluster, &member->id, "P", 1, MEMBER_PING_MS, &reply,
			       &bytes);
	mem_free(reply);
	if (rc == -ESHUTDOWN)
		return rc;
	return rc < 0 || bytes == 0
		       ? 0 /* the former self, which is dead or hangs: its lease is waited for */
		       : err_set(ERR_LOCKED, "another vdsd runs as this gateway, and answers: give "
					     "each vdsd a name of its own (--gateway)");
}

int
array_member_join(struct array_member *member, const struct array_cluster_events *events)
{
	AUTO_STATE struct state *state = NULL;
	AUTO_FREE char *former = NULL;
	struct join join = { .member = member };
	int rc = check_alone(member);

	if (rc == 0)
		rc = member->ops->join(member->cluster, &member->id, member->lease_ms, events,
				       &member->instance);
	if (rc == 0)
		rc = member->env->pull(member->env_arg);
	if (rc < 0)
		return rc;
	former = noted_instance(member);
	if (former == NULL)
		return -ENOMEM;
	if (former[0] != '\0' && !str_equal(former, member->instance))
		rc = member->ops->fence(member->cluster, former);
	if (rc == 0)
		rc = take_waiting(member);
	join.former = former;
	state = member->env->state(member->env_arg);
	join.dead = rc == 0 && are_others_dead(member, state) ? state : NULL;
	do
		rc = rc < 0 ? rc
			    : member->env->change(member->env_arg, "gateway.join", join_apply,
						  &join);
	while (rc == -EINPROGRESS &&
	       (rc = member->env->sleep_ms(member->env_arg, MEMBER_POLL_MS)) == 0);
	member->wants = rc == 0;
	member->wants_ns = now_ns(member) + (member->env->settle_ms != 0 ? member->env->settle_ms
									 : MEMBER_SETTLE_MS) *
						    NS_PER_MS;
	return rc;
}

/* ---- renewing ---- */

/*
 * Returns whether the newest catalog names this client, or a negative code when that is not known.
 */
static int
is_noted(struct array_member *member)
{
	AUTO_FREE char *noted = NULL;
	int rc = member->env->pull(member->env_arg);

	if (rc < 0)
		return rc;
	noted = noted_instance(member);
	return noted == NULL ? -ENOMEM : str_equal(noted, member->instance);
}

/*
 * Takes the lease again after it has ended: this gateway was slow, or asleep.  Whoever takes over
 * fences first, then waits until the lease has ended, then commits.  So a lease that is taken by a
 * client that is not fenced in the map of a later time, and that the catalog names after that, is
 * one that no take-over has overlooked.  One that cannot read the catalog takes nothing: it would
 * keep the others from taking over, and could not serve.
 */
static int
retake(struct array_member *member)
{
	uint64_t begin_ns;
	bool fenced = false;
	int rc = member->env->pull(member->env_arg);

	if (rc == 0)
		rc = member->ops->fenced(member->cluster, &fenced);
	if (rc == 0 && fenced)
		rc = -ESHUTDOWN;
	begin_ns = now_ns(member);
	if (rc == 0)
		rc = member->ops->lease_take(member->cluster);
	if (rc < 0)
		return rc;
	rc = is_noted(member);
	if (rc == 0)
		return -ESHUTDOWN;
	if (rc > 0) {
		extend(member, begin_ns);
		atomic_fetch_add(&member->retakes, 1);
	}
	return MIN(rc, 0);
}

void
array_member_renew(struct array_member *member)
{
	uint64_t begin_ns = now_ns(member);
	/*
	 * Without a lease the own client may be fenced, and the server not know it yet; and one
	 * that does not follow the catalog lets its lease end.
	 */
	int rc = array_member_lease_holds(member, begin_ns)
			 ? member->ops->lease_renew(member->cluster)
			 : -ENOENT;

	if (atomic_load(&member->is_lost))
		return;
	if (rc == 0) {
		extend(member, begin_ns);
		atomic_fetch_add(&member->renewals, 1);
	} else if (rc == -ENOENT || rc == -EBUSY)
		rc = retake(member);
	if (rc == -ESHUTDOWN)
		array_member_lose(member, "the cluster has fenced this gateway, or another one has "
					  "taken over from it");
	else if (rc < 0)
		log_debug(&area, "gateway.renew", "error=%s", err_text(rc));
}

/* ---- leaving ---- */

static int
leave_apply(struct state_edit *edit, void *context)
{
	const struct array_member *member = context;
	const struct row_controller *old = state_find(state_edit_view(edit), ROW_CONTROLLER,
						      &member->id);
	AUTO_ROW struct row_controller *row = NULL;
	int rc;

	if (old == NULL || !str_equal(old->instance, member->instance))
		return 0;
	row = row_copy(old);
	if (row == NULL || row_set_string(&row->instance, "") < 0)
		return -ENOMEM;
	rc = state_edit_put(edit, TAKE(row));
	return rc < 0 ? rc : MIN(array_member_edit_give(edit, &member->id), 0);
}

bool
array_member_in_doubt(const struct array_member *member)
{
	return atomic_load(&member->abandons) ||
	       (member->ops->in_doubt != NULL && member->ops->in_doubt(member->cluster));
}

void
array_member_leave(struct array_member *member)
{
	bool doubt = array_member_in_doubt(member);
	int rc;

	atomic_store(&member->lease_end_ns, 0);
	if (doubt) {
		log_warning("gateway.leave",
			    "reason=\"a write may still be carried out\" next=\"another gateway "
			    "fences this one, and takes over its LUNs\"");
	} else if (member->instance != NULL && !atomic_load(&member->is_lost)) {
		rc = member->env->change(member->env_arg, "gateway.leave", leave_apply, member);
		if (rc < 0)
			log_warning("gateway.leave",
				    "error=%s next=\"another gateway takes over when the lease "
				    "has ended\"",
				    err_text(rc));
	}
	member->ops->leave(member->cluster);
}
