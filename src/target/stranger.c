/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Strangers: connections during login, and discovery sessions.  Anybody can make them, so they must
 * not disturb those who have a session of a target:
 *
 * 1. Their input is not handled when it arrives but in turn, one PDU each, and new connections are
 *    accepted in the same queue.  While sessions are active, on whichever thread, all turns of a
 *    thread together get at most 1 / STRANGER_SHARE of its time, since the threads share the
 *    processor.
 * 2. A thread keeps so many connections in login and so many discovery sessions, in all and from
 *    one address; beyond that one of them is closed for the new one: of the logins the one that
 *    made no progress longest, among those that are as far as most (choose_login), and of the
 *    discovery sessions the one that asked for nothing longest.  So a flood closes its own
 *    connections, however far it takes them, and a login that has passed CHAP stays.
 * 3. Who fails to authenticate again and again waits for the answer.
 *
 * Everything runs on the thread that accepted the connection.
 */
#include "target/target_int.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#define STRANGER_SHARE 8u /* 1/8 of the time, while sessions are active */
#define SESSION_ACTIVE_NS \
	(2 * NS_PER_MS) /* so long after its last input a session counts as active */
#define ALLOWANCE_MAX_NS     (200 * 1000) /* in one round */
#define LOGINS_PER_SOURCE    64u
#define STEPS                4u /* a login's requests, counted up to this number less one */
#define REQUESTS_COUNTED     8u /* a login that needs more does not make progress by them */
#define DISCOVERY_PER_SOURCE 256u
#define FAILURES_FREE        10u /* failed authentications in a period are answered at once */
#define FAILURES_PERIOD_NS   (10 * NS_PER_S)
#define FAILURE_HELD_NS      NS_PER_S

void
target_stranger_init(struct target_thread *thread)
{
	struct target_strangers *s = &thread->strangers;

	list_init(&s->turns);
	list_init(&s->kind[STRANGER_LOGIN].conns);
	list_init(&s->kind[STRANGER_DISCOVERY].conns);
	s->counted_ns = clock_mono_ns();
}

/* --- limits --- */

static unsigned
source_of(const struct target_conn *conn)
{
	uint32_t h = 2166136261u; /* FNV-1a; two addresses that share a place share a limit */

	for (const char *p = conn->host; *p != '\0'; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	return h % STRANGER_SOURCES;
}

static void
push_out(struct target_conn *conn, const char *reason)
{
	bool login = conn->stranger == STRANGER_LOGIN;

	if (!conn->failed) /* else the log knows, and it only waits for its answer */
		log_info_from(conn->host, "stranger.closed",
			      "peer=%s portal=%s what=%s reason=\"%s\"", conn->peer, conn->local,
			      login ? "login" : "discovery", reason);
	if (login && !conn->refused)
		target_refusal_count_dropped(conn);
	conn->refused = true;
	target_stranger_remove(conn);
	target_conn_close(conn, ERR_LIMIT);
}

static bool
is_eligible(const struct target_conn *conn, int source, const struct target_conn *but)
{
	return conn != but && (source < 0 || conn->source == (unsigned)source);
}

static struct target_conn *
conn_of(struct list *node)
{
	return list_entry(node, struct target_conn, stranger_node);
}

static unsigned
step_of(const struct target_conn *conn)
{
	return MIN((unsigned)conn->login_requests, STEPS - 1);
}

/* Returns the step at which most logins are that have not proved who they are. */
static unsigned
crowded_step(struct target_stranger_kind *kind, int source, const struct target_conn *but)
{
	unsigned counts[STEPS] = { 0 }, most = 0;

	list_for_each(node, &kind->conns) {
		const struct target_conn *conn = conn_of(node);

		if (is_eligible(conn, source, but) && !iscsi_conn_login(conn->iscsi)->authenticated)
			counts[step_of(conn)]++;
	}
	for (unsigned step = 1; step < STEPS; step++)
		if (counts[step] > counts[most])
			most = step;
	return most;
}

/*
 * Chooses the login to close; with a source >= 0 of those from there.  Not `but`.  Returns NULL
 * when each of them has passed CHAP.  One whose login has failed already comes first: it only waits
 * for its answer.  Then that one of the most crowded step which made no progress longest.  Who
 * floods fills a step and takes the places of his own connections there; a login that goes on
 * leaves the step, and comes last in the next one.
 */
static struct target_conn *
choose_login(struct target_stranger_kind *kind, int source, const struct target_conn *but)
{
	unsigned step;

	list_for_each(node, &kind->conns)
		if (is_eligible(conn_of(node), source, but) && conn_of(node)->failed)
			return conn_of(node);
	step = crowded_step(kind, source, but);
	list_for_each(node, &kind->conns) {
		struct target_conn *conn = conn_of(node);

		if (is_eligible(conn, source, but) && step_of(conn) == step &&
		    !iscsi_conn_login(conn->iscsi)->authenticated)
			return conn;
	}
	return NULL;
}

/* Returns the first of the kind that is eligible, or NULL. */
static struct target_conn *
first_of(struct target_stranger_kind *kind, int source, const struct target_conn *but)
{
	list_for_each(node, &kind->conns)
		if (is_eligible(conn_of(node), source, but))
			return conn_of(node);
	return NULL;
}

static void
keep_limits(struct target_conn *added)
{
	struct target_strangers *s = &added->thread->strangers;
	struct target_stranger_kind *kind = &s->kind[added->stranger];
	unsigned per_source = added->stranger == STRANGER_LOGIN ? LOGINS_PER_SOURCE
								: DISCOVERY_PER_SOURCE;
	unsigned most = MAX(added->thread->target->options.max_connections / 4, 1u);
	struct target_conn *victim = NULL;

	if (kind->from[added->source] > per_source)
		victim = added->stranger == STRANGER_LOGIN
				 ? choose_login(kind, (int)added->source, added)
				 : first_of(kind, (int)added->source, added);
	if (victim != NULL)
		push_out(victim, "too many from this address");
	victim = NULL;
	if (kind->count > most && added->stranger == STRANGER_LOGIN)
		victim = choose_login(kind, -1, added);
	if (kind->count > most && victim == NULL)
		victim = first_of(kind, -1, added);
	if (victim != NULL)
		push_out(victim, "too many in all");
}

static void
insert(struct target_conn *conn, enum target_stranger what)
{
	struct target_stranger_kind *kind = &conn->thread->strangers.kind[what];

	conn->stranger = what;
	conn->source = source_of(conn);
	list_append(&kind->conns, &conn->stranger_node);
	kind->count++;
	kind->from[conn->source]++;
}

void
target_stranger_add(struct target_conn *conn)
{
	insert(conn, STRANGER_LOGIN);
	keep_limits(conn);
}

void
target_stranger_discovers(struct target_conn *conn)
{
	target_stranger_remove(conn);
	insert(conn, STRANGER_DISCOVERY);
	conn->asked_ns = loop_now_ns(conn->thread->loop);
	keep_limits(conn);
}

void
target_stranger_asked(struct target_conn *conn)
{
	struct target_stranger_kind *kind;

	if (conn->stranger != STRANGER_DISCOVERY)
		return;
	kind = &conn->thread->strangers.kind[STRANGER_DISCOVERY];
	conn->asked_ns = loop_now_ns(conn->thread->loop);
	list_remove(&conn->stranger_node);
	list_append(&kind->conns, &conn->stranger_node);
}

void
target_stranger_progressed(struct target_conn *conn)
{
	if (conn->stranger != STRANGER_LOGIN || conn->login_requests >= REQUESTS_COUNTED)
		return;
	conn->login_requests++;
	list_remove(&conn->stranger_node);
	list_append(&conn->thread->strangers.kind[STRANGER_LOGIN].conns, &conn->stranger_node);
}

void
target_stranger_remove(struct target_conn *conn)
{
	struct target_stranger_kind *kind = &conn->thread->strangers.kind[conn->stranger];

	list_remove(&conn->turn.node);
	if (conn->stranger == STRANGER_NONE)
		return;
	list_remove(&conn->stranger_node);
	kind->count--;
	kind->from[conn->source]--;
	conn->stranger = STRANGER_NONE;
}

/* --- wrong logins --- */

/* Counts a failed authentication; returns how many there were from its address lately. */
static uint32_t
count_failure(struct target_conn *conn)
{
	struct target_strangers *s = &conn->thread->strangers;
	uint64_t now_ns = loop_now_ns(conn->thread->loop);

	if (now_ns - s->failures[conn->source].begin_ns > FAILURES_PERIOD_NS) {
		s->failures[conn->source].begin_ns = now_ns;
		s->failures[conn->source].count = 0;
	}
	return ++s->failures[conn->source].count;
}

static void
answer_now(struct loop_timer *timer)
{
	target_conn_close(container_of(timer, struct target_conn, timer), ERR_CLOSED);
}

/*
 * Who guesses learns little in a second, and has at most LOGINS_PER_SOURCE connections.  A login
 * that succeeds is never held back, so that others at the same address (a host behind the same
 * router, another initiator) do not notice.
 */
bool
target_stranger_refused(struct target_conn *conn)
{
	if (!conn->failed || conn->close_asked || conn->stranger != STRANGER_LOGIN ||
	    count_failure(conn) <= FAILURES_FREE)
		return false;
	conn->timer.fire = answer_now;
	loop_timer_set(conn->thread->loop, &conn->timer, FAILURE_HELD_NS);
	return true;
}

bool
target_stranger_make_room(struct target_thread *thread)
{
	struct target_strangers *s = &thread->strangers;
	struct target_conn *victim = choose_login(&s->kind[STRANGER_LOGIN], -1, NULL);

	if (victim == NULL)
		victim = first_of(&s->kind[STRANGER_DISCOVERY], -1, NULL);
	if (victim == NULL)
		victim = first_of(&s->kind[STRANGER_LOGIN], -1, NULL);
	if (victim != NULL)
		push_out(victim, "the connections are used up");
	return victim != NULL;
}

/* --- turns --- */

void
target_stranger_turn(struct target_thread *thread, struct target_turn *turn)
{
	/* Called within rounds only, so the hook that runs the turns is still to come. */
	if (list_empty(&turn->node))
		list_append(&thread->strangers.turns, &turn->node);
}

static bool
sessions_are_active(const struct target_thread *thread, uint64_t now_ns)
{
	uint64_t heard_ns = atomic_load_explicit(&thread->target->session_ns, memory_order_relaxed);

	return now_ns < heard_ns + SESSION_ACTIVE_NS;
}

static void
turns_later(struct loop_timer *timer)
{
	(void)timer; /* the hook at the end of this round runs them */
}

bool
target_stranger_run(struct target_thread *thread)
{
	struct target_strangers *s = &thread->strangers;
	struct list *node;

	if (list_empty(&s->turns))
		return false;
	uint64_t now_ns = clock_mono_ns();
	bool active = sessions_are_active(thread, now_ns);
	uint64_t gained_ns = (now_ns - s->counted_ns) / (active ? STRANGER_SHARE : 1u);

	s->counted_ns = now_ns;
	gained_ns = MIN(gained_ns, NS_PER_S);
	s->allowance_ns = MIN(s->allowance_ns + (int64_t)gained_ns, (int64_t)ALLOWANCE_MAX_NS);
	while (s->allowance_ns > 0 && (node = list_pop(&s->turns)) != NULL) {
		struct target_turn *turn = list_entry(node, struct target_turn, node);

		turn->run(turn);
		now_ns = clock_mono_ns();
		s->allowance_ns -= (int64_t)(now_ns - s->counted_ns);
		s->counted_ns = now_ns;
	}
	if (list_empty(&s->turns))
		return false;
	if (!active)
		return true; /* whatever sessions do next comes first */
	s->timer.fire = turns_later;
	loop_timer_set(thread->loop, &s->timer,
		       s->allowance_ns < 0 ? (uint64_t)-s->allowance_ns * STRANGER_SHARE : 1);
	return false;
}
