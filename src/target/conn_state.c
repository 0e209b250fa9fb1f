/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The states of a connection, as a table of states and events; and what must hold in each state.
 *
 *	         discovers
 *	LOGIN ------------------------------> FULL --closes--> CLOSING --comes back--> GONE
 *	  | \                                  ^                  ^
 *	  |  `--waits--> WAITING               |                  |
 *	  |                 |                  |                  |
 *	  `------moves------+----> MOVING --adopts                |
 *	  LOGIN, WAITING --closes---------------------------------'
 *
 * Event -> function: discovers: stranger_turn (conn.c); waits, moves: claim and move_away
 * (login.c); adopts: adopt (login.c); closes: close_socket (conn.c); comes back: reap (conn.c).  A
 * connection that is on its way to another thread (MOVING) cannot be closed; the thread that adopts
 * it closes it.
 *
 * Called on the thread that has the connection.
 */
#include <assert.h>

#include "base/log.h"
#include "target/target_int.h"

LOG_AREA(state_log, "target.conn");

/* clang-format off */
const struct target_conn_rule target_conn_rules[TARGET_CONN_RULES] = {
	/* state		event			next */
	{ TARGET_CONN_LOGIN,	TARGET_CONN_DISCOVERS,	TARGET_CONN_FULL },
	{ TARGET_CONN_LOGIN,	TARGET_CONN_WAITS,	TARGET_CONN_WAITING },
	{ TARGET_CONN_LOGIN,	TARGET_CONN_MOVES,	TARGET_CONN_MOVING },
	{ TARGET_CONN_LOGIN,	TARGET_CONN_CLOSES,	TARGET_CONN_CLOSING },
	{ TARGET_CONN_WAITING,	TARGET_CONN_MOVES,	TARGET_CONN_MOVING },
	{ TARGET_CONN_WAITING,	TARGET_CONN_WAITS,	TARGET_CONN_WAITING },
	{ TARGET_CONN_WAITING,	TARGET_CONN_CLOSES,	TARGET_CONN_CLOSING },
	{ TARGET_CONN_MOVING,	TARGET_CONN_ADOPTS,	TARGET_CONN_FULL },
	{ TARGET_CONN_FULL,	TARGET_CONN_CLOSES,	TARGET_CONN_CLOSING },
	{ TARGET_CONN_CLOSING,	TARGET_CONN_COMES_BACK,	TARGET_CONN_GONE },
};
/* clang-format on */

bool
target_conn_is_sound(const struct target_conn *conn)
{
	switch (conn->state) {
	case TARGET_CONN_LOGIN:
		return conn->fd >= 0 && conn->session == NULL && !conn->adopted;
	case TARGET_CONN_WAITING:
		return conn->fd >= 0 && conn->session == NULL && !conn->adopted &&
		       conn->stranger == STRANGER_NONE;
	case TARGET_CONN_MOVING:
		return conn->fd >= 0 && conn->session == NULL && conn->stranger == STRANGER_NONE;
	case TARGET_CONN_FULL:
		/*
		 * a session of a target, one that could not be made (it is being refused), or
		 * discovery
		 */
		return conn->fd >= 0 && conn->adopted != (conn->stranger == STRANGER_DISCOVERY);
	case TARGET_CONN_CLOSING:
		return conn->fd < 0 && !conn->in_loop && conn->stranger == STRANGER_NONE;
	case TARGET_CONN_GONE:
		return conn->fd < 0 && conn->iscsi == NULL && conn->session == NULL;
	}
	return false;
}

void
target_conn_to(struct target_conn *conn, enum target_conn_event event)
{
	for (unsigned i = 0; i < TARGET_CONN_RULES; i++) {
		const struct target_conn_rule *rule = &target_conn_rules[i];

		if (rule->state != conn->state || rule->event != event)
			continue;
		log_debug(&state_log, "conn.state", "peer=%s state=%d event=%d next=%d", conn->peer,
			  rule->state, event, rule->next);
		conn->state = rule->next;
		assert(target_conn_is_sound(conn));
		return;
	}
	assert(false && "an event that the connection's state does not have");
}
