/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The LUNs that a gateway owns: it claims them, moves them to others, and asks for its share.
 *
 *	(catalog: mine) → RUNS --object has no greater epoch--> HELD --move--> MOVES → drained →
 *	commit → published: gone;  refused → HELD;  nobody knows → the gateway is lost
 *
 * 1. A store is used only while its LUN is HELD, or is MOVES and not drained yet.
 * 2. An owner loses a LUN by its own move, or after it was fenced; so a LUN that is HELD and that
 *    the catalog gives to another one says that this gateway is out.
 */
#include <errno.h>
#include <string.h>

#include "array/member_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* ---- claims ---- */

bool
array_member_holds(struct array_member *member, const struct guid *lun_id)
{
	const struct array_member_lun *lun;
	bool holds;

	pthread_mutex_lock(&member->lock);
	lun = guid_map_find(&member->luns, lun_id);
	holds = lun != NULL && lun->claim != CLAIM_RUNS;
	pthread_mutex_unlock(&member->lock);
	return holds;
}

/*
 * The claims are looked at by a thread that may be late: until then the LUN may have come back from
 * the trash, and to another gateway.
 */
void
array_member_deleted(struct array_member *member, const struct guid *lun_id)
{
	struct array_member_lun *lun;

	pthread_mutex_lock(&member->lock);
	lun = guid_map_find(&member->luns, lun_id);
	if (lun != NULL && lun->claim == CLAIM_HELD)
		mem_free(guid_map_remove(&member->luns, lun_id));
	else if (lun != NULL && lun->claim == CLAIM_RUNS)
		lun->deleted = true;
	pthread_mutex_unlock(&member->lock);
}

void
array_member_given(struct array_member *member, const struct guid *lun_id)
{
	struct array_member_lun *lun;

	pthread_mutex_lock(&member->lock);
	lun = guid_map_find(&member->luns, lun_id);
	if (lun != NULL && lun->claim == CLAIM_MOVES)
		mem_free(guid_map_remove(&member->luns, lun_id));
	pthread_mutex_unlock(&member->lock);
}

/*
 * Forgets claims of LUNs that are deleted.  Returns false when another one owns what is held here.
 */
static bool
forget_others(struct array_member *member, const struct state *state)
{
	struct array_member_lun *lun;
	bool ours = true;
	struct guid gone;

	do {
		memset(&gone, 0, sizeof(gone));
		pthread_mutex_lock(&member->lock);
		for (size_t i = 0; (lun = guid_map_next(&member->luns, &i)) != NULL;) {
			const struct row_lun_owner *row = state_lun_owner(state, &lun->id);

			if (lun->claim != CLAIM_HELD)
				continue;
			if (row == NULL)
				gone = lun->id;
			else if (!guid_equal(&row->controller_id, &member->id) ||
				 row->epoch != lun->epoch)
				ours = false;
		}
		if (!guid_is_zero(&gone))
			mem_free(guid_map_remove(&member->luns, &gone));
		pthread_mutex_unlock(&member->lock);
	} while (!guid_is_zero(&gone));
	return ours;
}

/* Begins to claim.  Returns 1; 0 when there is nothing to do; or -ENOMEM. */
static int
claim_begin(struct array_member *member, const struct row_lun_owner *row)
{
	struct array_member_lun *lun;
	int rc = 1;

	pthread_mutex_lock(&member->lock);
	lun = guid_map_find(&member->luns, &row->id);
	if (lun == NULL) {
		lun = mem_calloc(1, sizeof(*lun));
		if (lun != NULL)
			lun->id = row->id;
		if (lun == NULL || guid_map_put(&member->luns, &row->id, lun) < 0) {
			mem_free(lun);
			rc = -ENOMEM;
		}
	} else {
		rc = 0;
	}
	if (rc == 1) {
		lun->claim = CLAIM_RUNS;
		lun->epoch = row->epoch;
	}
	pthread_mutex_unlock(&member->lock);
	return rc;
}

static void
claim_end(struct array_member *member, const struct guid *lun_id, bool held)
{
	struct array_member_lun *lun;

	pthread_mutex_lock(&member->lock);
	lun = guid_map_find(&member->luns, lun_id);
	if (lun->deleted) {
		held = false;
		/* it may have come back here already */
		atomic_store(&member->claimed_sequence, 0);
	}
	if (held)
		lun->claim = CLAIM_HELD;
	else
		mem_free(guid_map_remove(&member->luns, lun_id));
	pthread_mutex_unlock(&member->lock);
	if (held && member->env->claimed != NULL)
		member->env->claimed(member->env_arg, lun_id);
}

static const char *
place_of(const struct state *state, const struct guid *lun_id)
{
	const struct row_lun *lun = state_find(state, ROW_LUN, lun_id);
	const struct row_pool *pool = lun != NULL ? state_find(state, ROW_POOL, &lun->pool_id)
						  : NULL;

	return pool != NULL ? pool->path : NULL;
}

static bool
is_still_mine(const struct array_member *member, const struct state *state,
	      const struct array_cluster_claim *claim)
{
	const struct row_lun_owner *now = state_lun_owner(state, &claim->lun_id);

	return now != NULL && guid_equal(&now->controller_id, &member->id) &&
	       now->epoch == claim->epoch;
}

void
array_member_want(struct array_member *member, const struct guid *lun_id)
{
	bool known;

	pthread_mutex_lock(&member->lock);
	known = guid_map_find(&member->luns, lun_id) != NULL; /* or is being claimed */
	for (size_t i = 0; i < member->wanted_count; i++)
		known = known || guid_equal(&member->wanted[i], lun_id);
	if (!known && member->wanted_count < MEMBER_WANTED_MAX)
		member->wanted[member->wanted_count++] = *lun_id;
	pthread_mutex_unlock(&member->lock);
}

/* Takes a LUN that somebody waits for.  Returns false when there is none. */
static bool
take_wanted(struct array_member *member, struct guid *ret_lun_id)
{
	bool found;

	pthread_mutex_lock(&member->lock);
	found = member->wanted_count > 0;
	if (found)
		*ret_lun_id = member->wanted[--member->wanted_count];
	pthread_mutex_unlock(&member->lock);
	return found;
}

/* What is claimed at the same time, and where the next ones are in a state. */
struct claims {
	const struct state *state;
	size_t next; /* of state_controller_lun */
	size_t count;
	struct array_cluster_claim of[MEMBER_CLAIMS];
};

/* Adds a LUN to those that are claimed next, if it has to be.  Returns 0 or -ENOMEM. */
static int
claims_add(struct array_member *member, struct claims *claims, const struct row_lun_owner *row)
{
	const char *place = place_of(claims->state, &row->id);
	int rc = place != NULL ? claim_begin(member, row) : 0;

	if (rc > 0)
		claims->of[claims->count++] = (struct array_cluster_claim){ .place = place,
									    .lun_id = row->id,
									    .epoch = row->epoch };
	return MIN(rc, 0);
}

/* Chooses the LUNs to claim next: first those that somebody waits for.  Returns 0 or -ENOMEM. */
static int
claims_fill(struct array_member *member, struct claims *claims)
{
	const struct row_lun_owner *row;
	struct guid lun_id;
	int rc = 0;

	claims->count = 0;
	while (rc == 0 && claims->count < MEMBER_CLAIMS && take_wanted(member, &lun_id)) {
		row = state_lun_owner(claims->state, &lun_id);
		if (row != NULL && guid_equal(&row->controller_id, &member->id))
			rc = claims_add(member, claims, row);
	}
	while (rc == 0 && claims->count < MEMBER_CLAIMS &&
	       (row = state_controller_lun(claims->state, &member->id, claims->next)) != NULL) {
		rc = claims_add(member, claims, row);
		claims->next++;
	}
	return rc;
}

/* Returns the one of two results that says more: out, then behind the catalog, then the first. */
static int
weigh(int first, int next)
{
	if (first == -ESHUTDOWN || next == 0)
		return first;
	if (next == -ESHUTDOWN || first == 0)
		return next;
	return next == -ESTALE ? next : first;
}

/*
 * Notes the epochs, all at the same time, and looks afterwards, in the newest state, whether the
 * LUNs are still this gateway's.  The claims may come from a state before a move of a LUN, whose
 * change is published before the move ends; none begins during a claim.  Returns 0, or the error
 * that says most.
 */
static int
claims_make(struct array_member *member, struct claims *claims)
{
	const struct array_cluster_claim *failed = NULL;
	AUTO_STATE struct state *state = NULL;
	char id[GUID_TEXT_SIZE];
	size_t count = 0;

	if (claims->count == 0)
		return 0;
	member->ops->lun_claim(member->cluster, &member->id, claims->of, claims->count);
	state = member->env->state(member->env_arg);
	for (size_t i = 0; i < claims->count; i++) {
		const struct array_cluster_claim *claim = &claims->of[i];

		claim_end(member, &claim->lun_id,
			  claim->rc == 0 && is_still_mine(member, state, claim));
		count += claim->rc < 0;
		if (claim->rc == 0)
			atomic_fetch_add(&member->claims, 1);
		if (claim->rc < 0 && (failed == NULL || weigh(failed->rc, claim->rc) != failed->rc))
			failed = claim;
	}
	if (failed != NULL && failed->rc != -ESHUTDOWN)
		log_warning("gateway.claim", "lun=%s epoch=%llu error=%s luns=%zu",
			    guid_format(&failed->lun_id, id), (unsigned long long)failed->epoch,
			    err_name(failed->rc), count);
	return failed != NULL ? failed->rc : 0;
}

/* Returns whether a LUN is to be claimed.  Any of them may have had another owner. */
static bool
has_unclaimed(struct array_member *member, const struct state *state)
{
	const struct row_lun_owner *row;
	bool found = false;

	pthread_mutex_lock(&member->lock);
	for (size_t i = 0; !found && (row = state_controller_lun(state, &member->id, i)) != NULL;
	     i++)
		found = guid_map_find(&member->luns, &row->id) == NULL;
	pthread_mutex_unlock(&member->lock);
	return found;
}

/*
 * Makes the requests of this client reach only servers that know of all fences so far: another
 * gateway may have fenced the former owner, and its map is not this client's.
 */
static int
learn_fences(struct array_member *member, const struct state *state)
{
	bool fenced = false;
	int rc;

	if (!has_unclaimed(member, state))
		return 0;
	rc = member->ops->fenced(member->cluster, &fenced);
	return rc == 0 && fenced ? -ESHUTDOWN : rc;
}

/*
 * Returns whether the claims behind these, which ended with rc, are to be made now.  The errors of
 * LUNs, or of a whole pool, stop no others.  When nothing was answered, the cluster itself is asked
 * whether it is there, so that one that is away is not waited for again with each batch.
 */
static bool
goes_on(struct array_member *member, const struct claims *claims, int rc)
{
	bool fenced = false;

	if (claims->count == 0 || rc == -ESHUTDOWN || rc == -ENOMEM)
		return false;
	for (size_t i = 0; i < claims->count; i++)
		if (claims->of[i].rc != -ETIMEDOUT)
			return true;
	return member->ops->fenced(member->cluster, &fenced) == 0 && !fenced;
}

static int
claim_owned(struct array_member *member, const struct state *state)
{
	AUTO_FREE struct claims *claims = mem_calloc(1, sizeof(*claims));
	int first = claims != NULL ? learn_fences(member, state) : -ENOMEM;
	bool more = first == 0;

	if (claims != NULL)
		claims->state = state;
	while (more) {
		int filled = claims_fill(member, claims);
		int rc = claims_make(member, claims);

		more = filled == 0 && goes_on(member, claims, rc);
		first = weigh(first, rc != 0 ? rc : filled);
	}
	return first;
}

void
array_member_claim_all(struct array_member *member)
{
	AUTO_STATE struct state *state = member->env->state(member->env_arg);
	uint64_t sequence = state_position(state)->sequence;
	int rc;

	if (atomic_load(&member->is_lost) || sequence == atomic_load(&member->claimed_sequence))
		return;
	if (!forget_others(member, state)) {
		array_member_lose(member, "another gateway owns a LUN that this one holds");
		return;
	}
	/* before the LUNs are looked at: a move that ends meanwhile may leave one to be claimed */
	atomic_store(&member->claimed_sequence, sequence);
	rc = claim_owned(member, state);
	if (rc != 0)
		atomic_store(&member->claimed_sequence, 0);
	if (rc == 0)
		return;
	if (rc == -ESHUTDOWN)
		array_member_lose(member, "the cluster has fenced this gateway");
	else if (rc == -ESTALE)
		(void)member->env->pull(member->env_arg); /* the catalog was newer, too */
}

/* ---- planned moves ---- */

struct owner_move {
	const struct array_member *member;
	struct guid lun_id, to;
	uint64_t epoch;
};

static int
move_apply(struct state_edit *edit, void *context)
{
	const struct owner_move *move = context;
	const struct state *view = state_edit_view(edit);
	const struct row_lun_owner *row = state_lun_owner(view, &move->lun_id);

	if (row == NULL || !guid_equal(&row->controller_id, &move->member->id) ||
	    row->epoch != move->epoch)
		return err_set(ERR_BUSY, "the LUN got another owner meanwhile: look at it again");
	if (!array_member_lives(state_find(view, ROW_CONTROLLER, &move->to)))
		return err_set(ERR_BUSY, "no vdsd runs as that gateway now: start it first, or "
					 "choose another one");
	return array_member_edit_own(edit, &move->lun_id, &move->to);
}

/* Chooses a gateway that does not drain; fills move->to. */
static int
choose(const struct array_member *member, const struct state *state, struct guid *to)
{
	struct array_member_loads loads;
	const struct array_member_load *best;

	array_member_loads(state, &member->id, &loads);
	best = array_member_loads_take(&loads);
	if (best == NULL || best->drains)
		return err_set(ERR_BUSY, "no other gateway takes LUNs now: start one, or end its "
					 "drain");
	*to = best->id;
	return 0;
}

static int
move_begin(struct array_member *member, struct owner_move *move)
{
	struct array_member_lun *lun;
	int rc = 0;

	pthread_mutex_lock(&member->lock);
	lun = guid_map_find(&member->luns, &move->lun_id);
	if (lun == NULL || lun->claim != CLAIM_HELD)
		rc = ERR_BUSY;
	else
		lun->claim = CLAIM_MOVES;
	move->epoch = lun != NULL ? lun->epoch : 0;
	pthread_mutex_unlock(&member->lock);
	return rc < 0 ? err_set(rc, "this gateway does not hold the LUN yet, or not any more: "
				    "try again")
		      : 0;
}

/*
 * What was moved is forgotten already (array_member_given).  It may have come back while the move
 * waited for the other gateways, and then what is there is a claim of its own.
 */
static void
move_end(struct array_member *member, const struct owner_move *move, bool moved)
{
	struct array_member_lun *lun;

	pthread_mutex_lock(&member->lock);
	lun = guid_map_find(&member->luns, &move->lun_id);
	if (!moved && lun != NULL && lun->claim == CLAIM_MOVES)
		lun->claim = CLAIM_HELD;
	pthread_mutex_unlock(&member->lock);
	/* it may have come back in the moment before it was forgotten: it was not claimed */
	atomic_store(&member->claimed_sequence, 0);
}

/* Returns 0, or ERR_BUSY when the next owner could be overtaken by a write of this one. */
static int
check_doubt(const struct array_member *member)
{
	return array_member_in_doubt(member)
		       ? err_set(ERR_BUSY,
				 "the cluster has not answered a write of this gateway in time, "
				 "and "
				 "may still carry it out over what the next owner writes: restart "
				 "the vdsd of this gateway, then its LUNs get new owners")
		       : 0;
}

int
array_member_move(struct array_member *member, const struct guid *lun_id, const struct guid *to)
{
	AUTO_STATE struct state *state = member->env->state(member->env_arg);
	struct owner_move move = { .member = member, .lun_id = *lun_id, .to = *to };
	void *drain = NULL;
	int rc = guid_is_zero(to) ? choose(member, state, &move.to) : 0;

	if (rc == 0 && guid_equal(&move.to, &member->id))
		return 0;
	if (rc == 0 && !array_member_lives(state_find(state, ROW_CONTROLLER, &move.to)))
		rc = err_set(ERR_BUSY, "no vdsd runs as that gateway now: start it first");
	if (rc == 0)
		rc = check_doubt(member);
	if (rc == 0)
		rc = move_begin(member, &move);
	if (rc < 0)
		return rc;
	rc = member->env->drain(member->env_arg, lun_id, &drain);
	if (rc < 0) {
		move_end(member, &move, false);
		return rc;
	}
	rc = check_doubt(member); /* of what was in flight */
	if (rc == 0)
		rc = member->env->change(member->env_arg, "lun.owner", move_apply, &move);
	if (rc == -EINPROGRESS || rc == -ESHUTDOWN) {
		/* the LUN may be the other one's already: nothing of it may begin here again */
		array_member_lose(member, rc == -ESHUTDOWN ? "the cluster has fenced this gateway"
							   : "nobody knows whether the move of a "
							     "LUN was committed");
		return rc;
	}
	move_end(member, &move, rc == 0);
	member->env->resume(member->env_arg, lun_id, drain, rc == 0);
	if (rc == 0)
		atomic_fetch_add(&member->moves, 1);
	return rc;
}

/* ---- drains and balance ---- */

static uint64_t
settle_ns(const struct array_member *member)
{
	uint32_t ms = member->env->settle_ms != 0 ? member->env->settle_ms : MEMBER_SETTLE_MS;

	return member->env->now_ns(member->env_arg) + ms * NS_PER_MS;
}

/* Says once that a LUN stays while the others are given away, and why. */
static void
say_it_stays(struct array_member *member, const struct guid *lun_id, int rc)
{
	struct array_member_lun *lun;
	char id[GUID_TEXT_SIZE];
	bool says;

	pthread_mutex_lock(&member->lock);
	lun = guid_map_find(&member->luns, lun_id);
	says = lun != NULL && lun->claim == CLAIM_HELD && !lun->stays;
	if (says)
		lun->stays = true;
	pthread_mutex_unlock(&member->lock);
	if (says)
		log_warning("gateway.stays", "lun=%s reason=\"%s\"", guid_format(lun_id, id),
			    err_text(rc));
}

/*
 * Returns a LUN of the group that was begun last which has this owner, or another one; NULL = none.
 */
static const struct row_lun_owner *
next_of_group(const struct array_member *member, const struct state *state,
	      const struct array_member_groups *groups, bool mine)
{
	const struct guid *lun = &member->last_lun;

	if (guid_is_zero(lun))
		return NULL;
	do {
		const struct row_lun_owner *row = state_lun_owner(state, lun);

		if (row != NULL && guid_equal(&row->controller_id, &member->id) == mine)
			return row;
		lun = array_member_group_next(groups, lun);
	} while (!guid_equal(lun, &member->last_lun));
	return NULL;
}

/* A LUN was moved, or could not be: the others of its group follow, or do not. */
static void
note_move(struct array_member *member, const struct guid *lun_id, bool moved)
{
	if (moved)
		member->last_lun = *lun_id;
	else
		memset(&member->last_lun, 0, sizeof(member->last_lun));
	member->next_lun += !moved;
}

/*
 * Gives one LUN away, of a group that was begun first.  Returns whether that was done and there are
 * more.
 */
static bool
give_one(struct array_member *member, const struct state *state,
	 const struct array_member_groups *groups)
{
	size_t count = state_controller_lun_count(state, &member->id);
	const struct row_lun_owner *row = next_of_group(member, state, groups, true);
	const struct array_member_load *to;
	struct array_member_loads loads;
	int rc;

	if (row == NULL && count > 0)
		row = state_controller_lun(state, &member->id, member->next_lun % count);
	if (row == NULL)
		return false;
	array_member_loads(state, &member->id, &loads);
	to = array_member_place(state, groups, &row->id, &loads);
	if (to == NULL || to->drains)
		return false; /* nobody takes LUNs now */
	rc = array_member_move(member, &row->id, &to->id);
	note_move(member, &row->id, rc == 0);
	if (rc == 0)
		return count > 1;
	say_it_stays(member, &row->id, rc);
	return false;
}

/* Returns how many LUNs the group of one has, or 0 when they have different owners. */
static size_t
group_size(const struct state *state, const struct array_member_groups *groups,
	   const struct row_lun_owner *row)
{
	const struct guid *lun = &row->id;
	size_t size = 0;

	do {
		const struct row_lun_owner *other = state_lun_owner(state, lun);

		if (other == NULL || !guid_equal(&other->controller_id, &row->controller_id))
			return 0;
		size++;
		lun = array_member_group_next(groups, lun);
	} while (!guid_equal(lun, &row->id));
	return size;
}

/*
 * Returns a LUN of a gateway that may come with its group, so that the loads get more even, or
 * NULL.
 */
static const struct row_lun_owner *
choose_of(const struct array_member *member, const struct state *state,
	  const struct array_member_groups *groups, const struct array_member_load *from)
{
	size_t mine = state_controller_lun_count(state, &member->id);

	for (size_t i = 0; i < from->luns; i++) {
		const struct row_lun_owner *row = state_controller_lun(
			state, &from->id, (member->next_lun + i) % from->luns);
		size_t size = group_size(state, groups, row);

		if (size > 0 && from->luns >= mine + 2 * size)
			return row;
	}
	return NULL;
}

/*
 * Returns such a LUN of the gateway with the most LUNs that has one; NULL = there is none.  What an
 * administrator has torn apart stays.
 */
static const struct row_lun_owner *
choose_more(const struct array_member *member, const struct state *state,
	    const struct array_member_groups *groups)
{
	const struct row_lun_owner *best = NULL;
	struct array_member_loads loads;
	size_t most = 0;

	array_member_loads(state, &member->id, &loads);
	for (size_t i = 0; i < loads.count; i++) {
		const struct row_lun_owner *row = loads.of[i].luns > most
							  ? choose_of(member, state, groups,
								      &loads.of[i])
							  : NULL;

		if (row == NULL)
			continue;
		best = row;
		most = loads.of[i].luns;
	}
	return best;
}

/*
 * Asks for one LUN: of a group that has begun to come, or of the gateway that has the most.
 * Returns whether it came and more is wanted.
 */
static bool
get_one(struct array_member *member, const struct state *state,
	const struct array_member_groups *groups,
	int (*ask)(struct array_member *member, const struct guid *owner,
		   const struct guid *lun_id))
{
	const struct row_lun_owner *row = next_of_group(member, state, groups, false);
	bool came;

	if (row == NULL) {
		memset(&member->last_lun, 0, sizeof(member->last_lun));
		row = choose_more(member, state, groups);
	}
	if (row == NULL) {
		member->wants = false;
		return false;
	}
	came = ask(member, &row->controller_id, &row->id) == 0;
	note_move(member, &row->id, came);
	return came;
}

bool
array_member_balance(struct array_member *member,
		     int (*ask)(struct array_member *member, const struct guid *owner,
				const struct guid *lun_id))
{
	AUTO_STATE struct state *state = member->env->state(member->env_arg);
	const struct row_controller *row = state_find(state, ROW_CONTROLLER, &member->id);
	struct array_member_groups groups;
	bool more, drains = row != NULL && (row->drains || atomic_load(&member->retires));

	if (row == NULL || atomic_load(&member->is_lost))
		return false;
	if (member->drained && !drains) {
		member->wants = true;
		member->wants_ns = settle_ns(member);
	}
	if (member->drained != drains)
		memset(&member->last_lun, 0, sizeof(member->last_lun));
	member->drained = drains;
	if (!drains && (!member->wants || member->env->now_ns(member->env_arg) < member->wants_ns))
		return false;
	if (array_member_groups_init(&groups, state) < 0)
		return false; /* the next look may have memory */
	more = drains ? give_one(member, state, &groups) : get_one(member, state, &groups, ask);
	array_member_groups_fini(&groups);
	return more;
}
