/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The limits of LUNs, hosts and pools, and the commands that wait for them.  Private to the folder
 * target; target_int.h includes this file.
 */
#ifndef VDS_TARGET_LIMITS_INT_H
#define VDS_TARGET_LIMITS_INT_H

#include <pthread.h>

#include "base/map.h"
#include "model/rows.h"
#include "target/limit_int.h"

struct change;
struct loop_timer;
struct state;
struct target;
struct target_conn;
struct target_task;
struct target_unit;

/*
 * The limits of a unit's pool.  A LUN that moves to another pool gets another one; those before it
 * stay until the unit is freed, since a command may still give back what it took of them.
 */
struct target_pool_limit {
	struct target_limit *limit; /* a reference */
	struct target_pool_limit *before;
};

/* The limits of hosts and pools by id; a host or pool has one from its first use on. */
struct target_limit_table {
	pthread_mutex_t lock;
	struct guid_map map; /* struct target_limit, one reference to each; lock */
	/* how many LUNs, hosts and pools have limits: 0 = no command looks any further */
	atomic_uint count;
	_Atomic uint32_t generation; /* of the last change of any limit */
};

void target_limits_init(struct target_limit_table *table);
void target_limits_fini(struct target_limit_table *table);
struct target_limit *target_limit_ref(struct target_limit *limit);
void target_limit_unref(struct target_limit *limit); /* accepts NULL; any thread */
/*
 * Returns the limits of a host (ROW_HOST) or a pool (ROW_POOL), made from the row of the caller's
 * view when they are used first, with a reference for the caller; NULL = no memory.  Any thread.
 */
struct target_limit *target_limit_get(struct target *target, const struct state *state,
				      enum row_family family, const struct guid *id);
/* Sets limits as a row's text says. */
void target_limit_set(struct target_limit_table *table, struct target_limit *limit,
		      const char *qos);
/*
 * Sets the limits of hosts and pools that a change puts, and forgets those that it deletes.  old:
 * the state before; NULL (and change NULL) = there was none.  The publisher, after every thread has
 * the view.
 */
void target_limits_settle(struct target *target, const struct state *old, const struct state *state,
			  const struct change *change);
/*
 * Lets a unit that is made, or whose row changes, have the limits of its pool.  Returns 0 or
 * -ENOMEM.
 */
int target_limits_join_pool(struct target_unit *unit, const struct state *state,
			    const struct guid *pool_id);
/* Drops what target_limits_join_pool has taken.  The unit is about to be freed. */
void target_limits_leave_pool(struct target_unit *unit);
/* Lets a session count for the limits of the host to which its initiator belongs, NULL = none. */
void target_limits_join_host(struct target_conn *conn, const struct row_host *host);

/*
 * Returns true when the task may begin: it takes of its limits what it needs, unless it has taken
 * that already.  False: it is to wait, by target_limits_wait when nothing else stops it.  The
 * task's thread.
 */
bool target_limits_let(struct target_task *t);
/*
 * Puts a task behind those that wait for the limits of its path.  Returns false when too many wait:
 * the task is to be refused.
 */
bool target_limits_wait(struct target_task *t);
/* Gives back what the task has taken and will not use: it ends before it begins. */
void target_limits_forgo(struct target_task *t);
/*
 * Takes what a step of a unit's job has written of the limits of the LUN and its pool, as one
 * command would.  Returns when the next step may begin, 0 = at once.  Any thread that has the unit.
 */
uint64_t target_limits_charge_job(struct target_unit *unit, uint32_t bytes);
/* Called by path->limit_timer: starts the tasks whose time has come. */
void target_limits_due(struct loop_timer *timer);

/*
 * How many commands of a path may wait for limits; those beyond are answered TASK SET FULL.  It is
 * half of a session's command window, so that commands for other LUNs get through.
 */
#define LIMITED_TASKS_MAX 64u

#endif
