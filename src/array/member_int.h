/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A gateway among others: its lease, its look at the others, take-over, and which LUNs it owns
 * (docs/design/gateways.md).  These functions know the cluster by struct array_cluster_ops and the
 * rest of the array by struct array_member_env, so that a test can run several of them in one
 * process on a clock of its own.  gateway.c joins them with the array and its threads.
 *
 *	member_lease.c	join, renew, retake, leave
 *	member_barrier.c	which of the others may lack a change
 *	member_watch.c	who of the others is dead; take-over
 *	member_place.c	which gateway gets a LUN
 *	member_group.c	which LUNs are to have one owner
 *	member_own.c	claims, planned moves, drains, balance
 *
 * No lock is held while a function of the tables is called.
 */
#ifndef VDS_ARRAY_MEMBER_INT_H
#define VDS_ARRAY_MEMBER_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "array/cluster.h"
#include "base/guid.h"
#include "base/map.h"
#include "model/state.h"

#define MEMBER_LEASE_MS    3500u
/* Ceph replaces a dead OSD in about that time, and clients wait 30 s for an answer to a change. */
#define MEMBER_SEEN_MS     25000u
#define MEMBER_PING_MS     1000u
#define MEMBER_PINGS       3u /* calls that a gateway with a lease may miss when it is suspected */
#define MEMBER_POLL_MS     100u
#define MEMBER_SETTLE_MS   5000u /* after a gateway has joined, before it asks for LUNs */
#define MEMBER_NEIGHBOURS  2u    /* how many others a gateway looks at without a suspicion */
#define MEMBER_STRIKES     5u    /* looks without a lease until an answer does not help any more */
#define MEMBER_MOVE_MS     30000u
#define MEMBER_SUSPECT_MAX 64u
#define MEMBER_CLAIMS      128u /* LUNs that are claimed at the same time */
#define MEMBER_WANTED_MAX  64u

/* What the functions need of the rest of the array. */
struct array_member_env {
	/* The clock of leases, which goes on while the process or the machine sleeps. */
	uint64_t (*now_ns)(void *arg);
	/* Waits.  Returns 0, or -ECANCELED: the gateway ends. */
	int (*sleep_ms)(void *arg, uint32_t ms);
	/* Returns the newest state that this gateway knows, with a reference. */
	struct state *(*state)(void *arg);
	/*
	 * Catches up with what others have committed, and calls array_member_seen.  Returns 0 or an
	 * error.
	 */
	int (*pull)(void *arg);
	/*
	 * Commits a change; apply may run several times, each time with the newest state.  An edit
	 * that stays empty commits nothing.  What is published, this change or that of another
	 * gateway, goes to array_member_given and array_member_deleted.  Returns 0; what apply
	 * returned (nothing was committed); -EINPROGRESS (it may be committed or not); or another
	 * error.
	 */
	int (*change)(void *arg, const char *cause,
		      int (*apply)(struct state_edit *edit, void *context), void *context);
	/*
	 * Holds a LUN, lets its commands wait, and waits for those in flight; then its store does
	 * no more I/O.  Returns 0 or an error, ERR_BUSY with a text.
	 */
	int (*drain)(void *arg, const struct guid *lun_id, void **ret_drain);
	/* Ends that.  moved: the LUN has another owner. */
	void (*resume)(void *arg, const struct guid *lun_id, void *drain, bool moved);
	/*
	 * Ends the process, or begins anew, without another answer to anybody: this gateway is
	 * fenced, or nobody knows what is committed.  May return; then everything else fails.
	 */
	void (*lost)(void *arg, const char *reason);
	/*
	 * Called by join's change, in the place where change calls apply: no other gateway was
	 * there, so the array as a whole starts.  Returns 0 or an error.  May be NULL.
	 */
	int (*power_on)(void *arg);
	/* Called when LUNs became this gateway's.  May be NULL. */
	void (*claimed)(void *arg, const struct guid *lun_id);
	/* Waiting times; 0 = MEMBER_SETTLE_MS. */
	uint32_t settle_ms;
};

/* What this gateway does with a LUN that the catalog says is its own. */
enum array_claim { CLAIM_RUNS, CLAIM_HELD, CLAIM_MOVES };

struct array_member_lun {
	struct guid id;
	enum array_claim claim;
	uint64_t epoch; /* of the claim */
	bool stays;     /* it was said that it cannot be given away */
	bool deleted;   /* while its epoch was noted */
};

/* What is known of another gateway. */
struct array_member_reach {
	struct guid id;
	bool known;         /* `client` is set */
	uint64_t client;    /* as which it runs */
	uint64_t version;   /* of the catalog, which it has acknowledged */
	uint64_t lapsed_ns; /* when reading its lock began, which nobody held; 0 = never */
};

/* A client that has acknowledged a version, and of which nobody knows yet which gateway it is. */
struct array_member_stranger {
	uint64_t client, version;
};

struct array_member {
	const struct array_cluster_ops *ops;
	void *cluster;
	const struct array_member_env *env;
	void *env_arg;
	struct guid id;
	uint32_t lease_ms;
	uint32_t seen_ms; /* how long answers may come from a state after it was the newest */
	char *instance;   /* owned; after gateway_join */
	/*
	 * Until when answers are allowed, by env->now_ns; 0 = not now.  UINT64_MAX never.  Any
	 * thread reads it.
	 */
	_Atomic uint64_t lease_end_ns;
	/* Likewise, since this gateway caught up with the catalog. */
	_Atomic uint64_t seen_end_ns;
	atomic_bool is_lost;
	atomic_bool retires;  /* gives its LUNs away and takes none, for it stops */
	atomic_bool abandons; /* I/O did not return at its stop, so it must be fenced */
	/*
	 * of the state whose LUNs are all claimed; 0 = none: the thread of claims; a move resets it
	 */
	_Atomic uint64_t claimed_sequence;

	pthread_mutex_t lock; /* guards the fields below; taken last */
	struct guid suspects[MEMBER_SUSPECT_MAX];
	size_t suspect_count;
	struct guid_map luns; /* struct array_member_lun, owned: claimed, or about to be */
	/*
	 * LUNs that initiators wait for: they are claimed first.  When there is no room, in their
	 * turn.
	 */
	struct guid wanted[MEMBER_WANTED_MAX];
	size_t wanted_count;
	struct array_member_reach reach[MEMBER_SUSPECT_MAX];
	size_t reach_count;
	struct array_member_stranger strangers[MEMBER_SUSPECT_MAX];
	size_t stranger_count;

	/* the thread that looks at the others: */
	struct {
		struct guid id;
		unsigned count;
	} strikes[MEMBER_SUSPECT_MAX];
	/* the thread of array_member_balance: */
	bool wants;           /* asks others for LUNs until the loads are even */
	bool drained;         /* its row said that it drains when it looked last */
	uint64_t wants_ns;    /* not before */
	size_t next_lun;      /* where the next move tries first */
	struct guid last_lun; /* that was moved: the others of its group follow; zero = none */
	_Atomic uint64_t takeovers, moves, claims, renewals, retakes;
};

/* ---- member_lease.c ---- */

/* lease_ms, seen_ms: 0 = as usual.  The caller then sets id, ops, cluster, env and env_arg. */
void array_member_init(struct array_member *member, uint32_t lease_ms, uint32_t seen_ms);
void array_member_fini(struct array_member *member);
/*
 * Begins to be a gateway: fences the vdsd that ran as this gateway and has not left, waits for the
 * end of its lease, takes the lease, and notes the own client in the catalog.  Returns 0,
 * ERR_LOCKED (another vdsd runs as this gateway) or an error with a text.
 */
int array_member_join(struct array_member *member, const struct array_cluster_events *events);
/* One renewal of the lease.  Called each quarter of lease_ms by a thread that does nothing else. */
void array_member_renew(struct array_member *member);
/*
 * Leaves after the data path has ended: notes it in the catalog, and gives the lease up.  When a
 * change of this client may still happen, the catalog goes on to name it, so that the others fence
 * it.
 */
void array_member_leave(struct array_member *member);
/*
 * Returns whether a change that this client has asked for may still happen, though nobody waits for
 * it any more: then its LUNs go to others by a fence only.  Any thread.
 */
bool array_member_in_doubt(const struct array_member *member);
/* Notes that this gateway is out: no more answers; calls env->lost once.  Any thread. */
void array_member_lose(struct array_member *member, const char *reason);
/* Returns whether this gateway may answer now. */
static inline bool
array_member_lease_holds(const struct array_member *member, uint64_t now_ns)
{
	return now_ns < atomic_load_explicit(&member->lease_end_ns, memory_order_acquire) &&
	       now_ns < atomic_load_explicit(&member->seen_end_ns, memory_order_acquire);
}
/* Returns whether the row says that a vdsd runs as this gateway. */
bool array_member_lives(const struct row_controller *row);

/* ---- member_barrier.c ---- */

/*
 * Notes that what this gateway serves has all that was committed before begin_ns (env->now_ns):
 * that was when reading the catalog began.  Any thread.
 */
void array_member_seen(struct array_member *member, uint64_t begin_ns);
/* Notes that clients have acknowledged a version of the catalog.  Any thread; never blocks. */
void array_member_acknowledged(struct array_member *member, const uint64_t *clients, size_t count,
			       uint64_t version);
/*
 * Returns whether no other gateway serves a state from before the commit that led to a version and
 * had ended at committed_ns (env->now_ns).  state: the newest one.  Any thread; never blocks.
 */
bool array_member_all_have(struct array_member *member, const struct state *state, uint64_t version,
			   uint64_t committed_ns);
/*
 * Finds out which gateways the clients are that have acknowledged something, and whether those that
 * have not acknowledged the version have their leases.  Blocks.  One thread.
 */
void array_member_ask_others(struct array_member *member, uint64_t version);

/* ---- member_watch.c ---- */

/* Notes that a gateway may be dead.  Any thread; never blocks longer than a lock. */
void array_member_suspect(struct array_member *member, const struct guid *other);
/*
 * Looks once at the next two of the others and at those that somebody suspects, and takes over from
 * those that are dead.  One thread.
 */
void array_member_look(struct array_member *member);
/*
 * Fences a gateway and gives its LUNs to others, whether or not it answers.  Returns 0, also when
 * nobody runs as it, or an error with a text.  Any thread.
 */
int array_member_take_over(struct array_member *member, const struct guid *other);

/* ---- member_group.c ---- */

/* The LUNs that schedules take together, in one state. */
struct array_member_groups {
	struct guid_map luns; /* struct array_member_grouped, owned */
};

/* Returns 0 or -ENOMEM. */
int array_member_groups_init(struct array_member_groups *groups, const struct state *state);
void array_member_groups_fini(struct array_member_groups *groups);
/* Returns the next LUN of the group of a LUN, in a ring: the LUN itself when it is alone. */
const struct guid *array_member_group_next(const struct array_member_groups *groups,
					   const struct guid *lun_id);

/* ---- member_place.c ---- */

struct array_member_load {
	struct guid id;
	size_t luns;
	bool drains;
	size_t mates; /* private to array_member_place */
};

struct array_member_loads {
	size_t count;
	struct array_member_load of[64];
};

/* Lists the gateways that live, in the order of their ids.  except: not this one; NULL = all. */
void array_member_loads(const struct state *state, const struct guid *except,
			struct array_member_loads *ret_loads);
/*
 * Returns the gateway that gets the next LUN, and counts it: the one with the fewest LUNs that does
 * not drain; of equals the first.  When all drain, one that drains.  NULL = there is none.
 */
struct array_member_load *array_member_loads_take(struct array_member_loads *loads);
/*
 * Returns the gateway that a LUN is to get: the one of the list that has most of the LUNs that
 * schedules take together with it, and does not drain; else as array_member_loads_take, which
 * counts it.
 */
struct array_member_load *array_member_place(const struct state *state,
					     const struct array_member_groups *groups,
					     const struct guid *lun_id,
					     struct array_member_loads *loads);
/* Gateways that do not live by their rows, and have no lease either. */
struct array_member_ended {
	size_t count;
	struct guid ids[64];
};

/* Gives all LUNs of a gateway to those that live.  Returns how many, or -ENOMEM. */
int array_member_edit_give(struct state_edit *edit, const struct guid *from);
/* Likewise the LUNs that have no owner, and those of gateways that do not live and have ended. */
int array_member_edit_adopt(struct state_edit *edit, const struct array_member_ended *ended);
/* Puts the owner of a LUN, with the next epoch.  Returns 0 or -ENOMEM. */
int array_member_edit_own(struct state_edit *edit, const struct guid *lun_id,
			  const struct guid *owner);

/* ---- member_own.c ---- */

/*
 * Claims what the catalog says is this gateway's, MEMBER_CLAIMS at a time; forgets what is not.
 * One thread.
 */
void array_member_claim_all(struct array_member *member);
/*
 * Notes that somebody waits for a LUN which is not claimed yet.  May be repeated while that lasts.
 * Any thread; never blocks longer than a lock.
 */
void array_member_want(struct array_member *member, const struct guid *lun_id);
/* Forgets that the LUN is held, since a change that is published has deleted it.  Any thread. */
void array_member_deleted(struct array_member *member, const struct guid *lun_id);
/*
 * Forgets a LUN whose move is under way, since a change that is published has given it to another
 * gateway: if it comes back before the move has ended, it is claimed anew.  Any thread.
 */
void array_member_given(struct array_member *member, const struct guid *lun_id);
/* Returns whether the LUN is claimed, so that its store may be used.  Any thread. */
bool array_member_holds(struct array_member *member, const struct guid *lun_id);
/*
 * Gives a LUN that this gateway owns to another one, which lives; zero = one is chosen.  Returns 0,
 * ERR_BUSY, ERR_NOT_FOUND or another error with a text: then the LUN has the owner that it had.
 * Any thread.
 */
int array_member_move(struct array_member *member, const struct guid *lun_id,
		      const struct guid *to);
/*
 * Gives LUNs away while this gateway drains or retires, and asks for LUNs after it has joined or
 * has ended to drain, one at a time.  ask: has the owner of a LUN move it here.  Returns whether
 * there is more to do at once.  One thread, which waits for other gateways: not that of
 * array_member_claim_all, since LUNs that have come here wait for their claim.
 */
bool array_member_balance(struct array_member *member,
			  int (*ask)(struct array_member *member, const struct guid *owner,
				     const struct guid *lun_id));

#endif
