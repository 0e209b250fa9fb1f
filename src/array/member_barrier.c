/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which of the others may still serve a state from before a change: the change is answered when
 * there is none.  A gateway answers initiators only while it lives, has its lease, and has caught
 * up with the catalog not longer than seen_ms ago (array_member_lease_holds).  So one is out of the
 * question when
 *
 *	it has acknowledged the change, or a later one;
 *	its lock was read after the commit, and nobody held it: before it answers again, it takes the
 *	lease and then catches up (retake in member_lease.c), or joins anew;
 *	the newest state says that it does not live: its lease had ended before that was committed; or
 *	the commit was seen_ms and a seventh of it ago, since clocks run apart.
 *
 * Acknowledgements name clients.  Which gateway a client is tells the lock that it holds.
 */
#include <string.h>

#include "array/member_int.h"
#include "base/clock.h"
#include "base/mem.h"

void
array_member_seen(struct array_member *member, uint64_t begin_ns)
{
	uint64_t end_ns = begin_ns + member->seen_ms * NS_PER_MS;
	uint64_t now = atomic_load(&member->seen_end_ns);

	while (now < end_ns && !atomic_compare_exchange_weak(&member->seen_end_ns, &now, end_ns))
		;
}

/* ---- what is known of the others; the lock is held ---- */

static struct array_member_reach *
reach_find(struct array_member *member, const struct guid *id)
{
	for (size_t i = 0; i < member->reach_count; i++)
		if (guid_equal(&member->reach[i].id, id))
			return &member->reach[i];
	return NULL;
}

/* Returns NULL when there is no room. */
static struct array_member_reach *
reach_of(struct array_member *member, const struct guid *id)
{
	struct array_member_reach *reach = reach_find(member, id);

	if (reach == NULL && member->reach_count < MEMBER_SUSPECT_MAX) {
		reach = &member->reach[member->reach_count++];
		*reach = (struct array_member_reach){ .id = *id };
	}
	return reach;
}

/* Forgets gateways that were removed. */
static void
forget_removed(struct array_member *member, const struct state *state)
{
	size_t kept = 0;

	for (size_t i = 0; i < member->reach_count; i++)
		if (state_find(state, ROW_CONTROLLER, &member->reach[i].id) != NULL)
			member->reach[kept++] = member->reach[i];
	member->reach_count = kept;
}

/* A client of which it is not known yet which gateway it is. */
static void
add_stranger(struct array_member *member, uint64_t client, uint64_t version)
{
	size_t at = 0;

	while (at < member->stranger_count && member->strangers[at].client != client)
		at++;
	if (at == MEMBER_SUSPECT_MAX)
		return; /* it acknowledges the next one, too */
	if (at == member->stranger_count) {
		member->strangers[at].version = 0;
		member->stranger_count++;
	}
	member->strangers[at].client = client;
	member->strangers[at].version = MAX(member->strangers[at].version, version);
}

void
array_member_acknowledged(struct array_member *member, const uint64_t *clients, size_t count,
			  uint64_t version)
{
	pthread_mutex_lock(&member->lock);
	for (size_t c = 0; c < count; c++) {
		bool known = false;

		for (size_t i = 0; i < member->reach_count; i++) {
			struct array_member_reach *reach = &member->reach[i];

			if (!reach->known || reach->client != clients[c])
				continue;
			known = true;
			reach->version = MAX(reach->version, version);
		}
		if (!known)
			add_stranger(member, clients[c], version);
	}
	pthread_mutex_unlock(&member->lock);
}

/* Returns the gateway that lives as the i-th row, or NULL: it does not live, or is this one. */
static const struct row_controller *
other_at(const struct array_member *member, const struct state *state, size_t i)
{
	const struct row_controller *row = state_at(state, ROW_CONTROLLER, i);

	return array_member_lives(row) && !guid_equal(&row->id, &member->id) ? row : NULL;
}

bool
array_member_all_have(struct array_member *member, const struct state *state, uint64_t version,
		      uint64_t committed_ns)
{
	uint64_t seen_ns = member->seen_ms * NS_PER_MS;
	bool all = true;

	if (member->env->now_ns(member->env_arg) > committed_ns + seen_ns + seen_ns / 7)
		return true;
	pthread_mutex_lock(&member->lock);
	for (size_t i = 0; all && i < state_count(state, ROW_CONTROLLER); i++) {
		const struct row_controller *row = other_at(member, state, i);
		const struct array_member_reach *reach = row != NULL ? reach_find(member, &row->id)
								     : NULL;

		all = row == NULL || (reach != NULL && (reach->version >= version ||
							reach->lapsed_ns >= committed_ns));
	}
	pthread_mutex_unlock(&member->lock);
	return all;
}

/* ---- asking ---- */

/* Finds out which gateway a client is, as which it has acknowledged a version. */
static void
identify(struct array_member *member, const struct state *state, uint64_t client, uint64_t version)
{
	struct array_member_reach *reach;
	bool failed = false;

	for (size_t i = 0; i < state_count(state, ROW_CONTROLLER); i++) {
		const struct row_controller *row = other_at(member, state, i);
		bool is = false;

		if (row == NULL)
			continue;
		failed = member->ops->lease_is_of(member->cluster, &row->id, client, &is) < 0 ||
			 failed;
		if (!is)
			continue;
		pthread_mutex_lock(&member->lock);
		reach = reach_of(member, &row->id);
		if (reach != NULL) {
			reach->client = client;
			reach->known = true;
			reach->version = MAX(reach->version, version);
		}
		pthread_mutex_unlock(&member->lock);
		return;
	}
	if (!failed)
		return; /* it has no lease, so nobody waits for it */
	pthread_mutex_lock(&member->lock);
	add_stranger(member, client, version);
	pthread_mutex_unlock(&member->lock);
}

static void
ask_lease(struct array_member *member, const struct guid *id)
{
	uint64_t begin_ns = member->env->now_ns(member->env_arg);
	struct array_member_reach *reach;
	bool held = true;

	if (member->ops->lease_of(member->cluster, id, &held) < 0 || held)
		return;
	pthread_mutex_lock(&member->lock);
	reach = reach_of(member, id);
	if (reach != NULL)
		reach->lapsed_ns = begin_ns;
	pthread_mutex_unlock(&member->lock);
}

void
array_member_ask_others(struct array_member *member, uint64_t version)
{
	AUTO_STATE struct state *state = member->env->state(member->env_arg);
	struct array_member_stranger strangers[MEMBER_SUSPECT_MAX];
	size_t count;

	pthread_mutex_lock(&member->lock);
	forget_removed(member, state);
	count = member->stranger_count;
	memcpy(strangers, member->strangers, count * sizeof(strangers[0]));
	member->stranger_count = 0;
	pthread_mutex_unlock(&member->lock);
	for (size_t i = 0; i < count; i++)
		identify(member, state, strangers[i].client, strangers[i].version);
	for (size_t i = 0; i < state_count(state, ROW_CONTROLLER); i++) {
		const struct row_controller *row = other_at(member, state, i);
		const struct array_member_reach *reach;
		bool lags;

		if (row == NULL)
			continue;
		pthread_mutex_lock(&member->lock);
		reach = reach_find(member, &row->id);
		lags = reach == NULL || reach->version < version;
		pthread_mutex_unlock(&member->lock);
		if (lags)
			ask_lease(member, &row->id);
	}
}
