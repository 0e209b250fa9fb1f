/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who of the others is dead, and take-over from them.
 *
 *	alive --no lease, or somebody suspects it--> called --answers--> alive
 *	called --no answer, and its object can be read--> fenced --its lease has ended--> one change:
 *	its LUNs go to those that live, its client is taken out of its row
 *
 * Two gateways may take over from one: both fence the same client, and the change of the second
 * finds that the row names it no more, and changes nothing.  A gateway that does not reach the
 * cluster cannot fence, nor read the other's object, nor commit: it harms nobody.
 */
#include <errno.h>
#include <string.h>

#include "array/member_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

void
array_member_suspect(struct array_member *member, const struct guid *other)
{
	bool known = guid_equal(other, &member->id);

	pthread_mutex_lock(&member->lock);
	for (size_t i = 0; i < member->suspect_count; i++)
		known = known || guid_equal(&member->suspects[i], other);
	if (!known && member->suspect_count < MEMBER_SUSPECT_MAX)
		member->suspects[member->suspect_count++] = *other;
	pthread_mutex_unlock(&member->lock);
}

/* ---- take-over ---- */

struct take_over {
	const struct guid *id;
	const char *instance; /* that is fenced, or "" */
	bool found;           /* the row still named it */
	int given;
};

static int
take_over_apply(struct state_edit *edit, void *context)
{
	struct take_over *t = context;
	const struct row_controller *old = state_find(state_edit_view(edit), ROW_CONTROLLER, t->id);
	AUTO_ROW struct row_controller *row = NULL;
	int rc;

	t->given = 0;
	t->found = false;
	if (old == NULL || !str_equal(old->instance, t->instance))
		return 0; /* somebody else has done it, or it has begun anew, and what it was is fenced */
	t->found = true;
	row = row_copy(old);
	if (row == NULL || row_set_string(&row->instance, "") < 0)
		return -ENOMEM;
	rc = state_edit_put(edit, TAKE(row));
	if (rc == 0)
		rc = t->given = array_member_edit_give(edit, t->id);
	return MIN(rc, 0);
}

/* The client that the catalog has of a gateway; "" = none. */
static char *
instance_of(struct array_member *member, const struct guid *id)
{
	AUTO_STATE struct state *state = member->env->state(member->env_arg);
	const struct row_controller *row = state_find(state, ROW_CONTROLLER, id);

	return str_dup(array_member_lives(row) ? row->instance : "");
}

/*
 * Waits until the lease of a fenced client has ended, since until then it may still answer what
 * needs no store.  The cluster tells its end by the clock of a server, which may be set back; but
 * no renewal comes after the first read, since the server knows of the fence then, so a lease that
 * lasts for longer than a lease by the own clock has ended for the gateway that had it.  Returns 0,
 * also when the gateway has begun anew meanwhile, or an error.
 */
static int
wait_lease(struct array_member *member, const struct guid *id, const char *instance)
{
	uint64_t until_ns = 0; /* is set after the first read */

	for (;;) {
		AUTO_FREE char *now = instance_of(member, id);
		uint64_t now_ns;
		bool held = true;
		int rc = member->ops->lease_of(member->cluster, id, &held);

		if (now == NULL)
			return -ENOMEM;
		if (rc < 0 || !held || !str_equal(now, instance))
			return rc;
		now_ns = member->env->now_ns(member->env_arg);
		if (until_ns == 0)
			until_ns = now_ns + member->lease_ms * NS_PER_MS;
		else if (now_ns > until_ns)
			return 0;
		rc = member->env->sleep_ms(member->env_arg, MEMBER_POLL_MS);
		if (rc == 0)
			rc = member->env->pull(member->env_arg);
		if (rc < 0)
			return rc;
	}
}

int
array_member_take_over(struct array_member *member, const struct guid *other)
{
	AUTO_FREE char *instance = instance_of(member, other);
	struct take_over t = { .id = other, .instance = instance };
	uint64_t begin_ns = member->env->now_ns(member->env_arg), fenced_ns;
	char id[GUID_TEXT_SIZE];
	int rc = 0;

	if (instance == NULL)
		return -ENOMEM;
	if (instance[0] != '\0') {
		log_warning("gateway.fence", "gateway=%s instance=%s", guid_format(other, id),
			    instance);
		rc = member->ops->fence(member->cluster, instance);
	}
	fenced_ns = member->env->now_ns(member->env_arg);
	if (rc == 0 && instance[0] != '\0')
		rc = wait_lease(member, other, instance);
	if (rc == 0)
		rc = member->env->change(member->env_arg, "gateway.takeover", take_over_apply, &t);
	if (rc < 0) {
		log_warning("gateway.takeover", "gateway=%s error=%s", guid_format(other, id),
			    err_text(rc));
		return rc;
	}
	if (!t.found || (t.given == 0 && instance[0] == '\0'))
		return 0; /* another gateway was first, or there was nothing to do */
	atomic_fetch_add(&member->takeovers, 1);
	log_info("gateway.takeover", "gateway=%s luns=%d fence_ms=%llu total_ms=%llu",
		 guid_format(other, id), t.given,
		 (unsigned long long)((fenced_ns - begin_ns) / NS_PER_MS),
		 (unsigned long long)((member->env->now_ns(member->env_arg) - begin_ns) /
				      NS_PER_MS));
	return 0;
}

/* ---- looking ---- */

/*
 * Returns whether the gateway answers a call as the client that the catalog has of it, or a later
 * one.
 */
static bool
answers(struct array_member *member, const struct guid *id)
{
	void *reply = NULL;
	size_t bytes = 0;
	int rc = member->ops->call(member->cluster, id, "P", 1, MEMBER_PING_MS, &reply, &bytes);

	mem_free(reply);
	return rc == 0 && bytes > 0;
}

/* Counts the looks in a row at which a gateway had no lease. */
static unsigned
strike(struct array_member *member, const struct guid *id, bool held)
{
	size_t at = 0;

	while (at < MEMBER_SUSPECT_MAX - 1 && !guid_equal(&member->strikes[at].id, id) &&
	       !guid_is_zero(&member->strikes[at].id))
		at++;
	if (!guid_equal(&member->strikes[at].id, id))
		member->strikes[at].count = 0;
	member->strikes[at].id = *id;
	member->strikes[at].count = held ? 0 : member->strikes[at].count + 1;
	return member->strikes[at].count;
}

/* Returns whether a gateway is dead, or a negative code when that cannot be found out. */
static int
is_dead(struct array_member *member, const struct guid *id, bool suspected)
{
	bool held = true, there = false;
	unsigned strikes;
	int rc = member->ops->lease_of(member->cluster, id, &held);

	if (rc < 0)
		return rc;
	strikes = strike(member, id, held);
	if (held && !suspected)
		return 0;
	/*
	 * One that has its lease may be slow for a moment.  To call it again costs no time: whoever
	 * takes over waits for the end of the lease, and without the lease one call is enough.
	 */
	for (unsigned i = 0; !there && rc == 0 && (i == 0 || (held && i < MEMBER_PINGS)); i++) {
		there = answers(member, id);
		/* its object must be there to be read: else it may have been unable to renew */
		rc = member->ops->lease_of(member->cluster, id, &held);
	}
	if (there)
		return !held && strikes > MEMBER_STRIKES;
	return rc < 0 ? rc : 1;
}

static bool
take_suspicion(struct array_member *member, const struct guid *id)
{
	bool found = false;

	pthread_mutex_lock(&member->lock);
	for (size_t i = 0; i < member->suspect_count; i++)
		if (guid_equal(&member->suspects[i], id)) {
			member->suspects[i] = member->suspects[--member->suspect_count];
			found = true;
			break;
		}
	pthread_mutex_unlock(&member->lock);
	return found;
}

static void
look_at(struct array_member *member, const struct guid *id, bool neighbour)
{
	bool suspected = take_suspicion(member, id);
	int rc = 0;

	if (!neighbour && !suspected)
		return;
	rc = is_dead(member, id, suspected);
	if (rc > 0)
		rc = array_member_take_over(member, id);
	if (rc < 0)
		array_member_suspect(member, id); /* looked at again */
	if (rc == -ESHUTDOWN)
		array_member_lose(member, "the cluster has fenced this gateway");
}

/* LUNs whose owner has left, or that have none, get one: by the first of the gateways. */
static int
adopt_apply(struct state_edit *edit, void *context)
{
	return MIN(array_member_edit_adopt(edit, context), 0);
}

static bool
is_listed(const struct array_member_ended *ended, const struct guid *id)
{
	for (size_t i = 0; i < ended->count; i++)
		if (guid_equal(&ended->ids[i], id))
			return true;
	return false;
}

/*
 * Lists the owners that have left.  The catalog alone does not tell: one that was put back from a
 * backup may say so of a gateway that serves on.  Its LUNs stay its own until its lease has ended,
 * and without a lease it does not go on, since the catalog does not name it.
 */
static void
find_ended(struct array_member *member, const struct state *state, struct array_member_ended *ended)
{
	const struct guid *last = NULL; /* that was found not to have ended */

	ended->count = 0;
	for (size_t i = 0; i < state_count(state, ROW_LUN_OWNER); i++) {
		const struct row_lun_owner *row = state_at(state, ROW_LUN_OWNER, i);
		const struct guid *id = &row->controller_id;
		bool held = true;

		if (array_member_lives(state_find(state, ROW_CONTROLLER, id)) ||
		    (last != NULL && guid_equal(last, id)) || is_listed(ended, id) ||
		    ended->count == ARRAY_LEN(ended->ids))
			continue;
		if (member->ops->lease_of(member->cluster, id, &held) == 0 && !held)
			ended->ids[ended->count++] = *id;
		else
			last = id;
	}
}

static void
adopt(struct array_member *member, const struct state *state,
      const struct array_member_loads *loads)
{
	struct array_member_ended ended;
	size_t owned = 0;
	int rc;

	for (size_t i = 0; i < loads->count; i++)
		owned += loads->of[i].luns;
	if (loads->count == 0 || !guid_equal(&loads->of[0].id, &member->id) ||
	    owned == state_count(state, ROW_LUN))
		return;
	find_ended(member, state, &ended);
	rc = member->env->change(member->env_arg, "gateway.adopt", adopt_apply, &ended);
	if (rc < 0)
		log_warning("gateway.adopt", "error=%s", err_text(rc));
}

void
array_member_look(struct array_member *member)
{
	AUTO_STATE struct state *state = NULL;
	struct array_member_loads loads;
	size_t self = 0;

	if (member->env->pull(member->env_arg) == ERR_VERSION) {
		array_member_lose(member, "the catalog has a newer format than this vdsd knows");
		return;
	}
	/* who may not answer itself finds nobody else dead */
	if (!array_member_lease_holds(member, member->env->now_ns(member->env_arg)))
		return;
	state = member->env->state(member->env_arg);
	array_member_loads(state, NULL, &loads);
	while (self < loads.count && !guid_equal(&loads.of[self].id, &member->id))
		self++;
	for (size_t i = 1; self < loads.count && i < loads.count; i++)
		look_at(member, &loads.of[(self + i) % loads.count].id, i <= MEMBER_NEIGHBOURS);
	adopt(member, state, &loads);
}
