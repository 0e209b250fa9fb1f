/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The replica's state: one table says which event leads from which state to which.  The event
 * thread changes the state; any thread may ask for it or wait.
 *
 *	            loaded              verified
 *	LOADING ──────────▶ LOST ────────────────▶ FOLLOWING
 *	                    ▲ │ ◀──────────────────── │ │
 *	             loaded │ │ breach       cut      │ │ breach
 *	                    │ ▼                       │ │
 *	                  BROKEN ◀────────────────────┘─┘
 *
 * LOST and FOLLOWING are trusted while the last verified contact is recent; the time is looked at
 * when someone asks, so a stream lost for too long makes the replica corrupt without a timer, and
 * one that comes back heals it.  BROKEN is left only by a load, and client_replica_refresh asks for
 * one there only after client_replica_identify.  docs/design/replica.md.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "client/client_int.h"

LOG_AREA(area, "client.replica");

static const struct {
	enum client_replica_state state;
	enum client_replica_event event;
	enum client_replica_state next;
	/* clang-format off */
} steps[] = {
	{ REPLICA_LOADING,	REPLICA_LOADED,		REPLICA_LOST },
	{ REPLICA_LOST,		REPLICA_VERIFIED,	REPLICA_FOLLOWING },
	{ REPLICA_LOST,		REPLICA_CUT,		REPLICA_LOST },
	{ REPLICA_LOST,		REPLICA_BREACH,		REPLICA_BROKEN },
	{ REPLICA_LOST,		REPLICA_LOADED,		REPLICA_LOST },
	{ REPLICA_FOLLOWING,	REPLICA_CUT,		REPLICA_LOST },
	{ REPLICA_FOLLOWING,	REPLICA_BREACH,		REPLICA_BROKEN },
	{ REPLICA_FOLLOWING,	REPLICA_LOADED,		REPLICA_LOST },
	{ REPLICA_BROKEN,	REPLICA_BREACH,		REPLICA_BROKEN },
	{ REPLICA_BROKEN,	REPLICA_LOADED,		REPLICA_LOST },
};
/* clang-format on */

static const char *const state_names[] = { "LOADING", "LOST", "FOLLOWING", "BROKEN" };
static const char *const event_names[] = { "loaded", "verified", "cut", "breach" };

void
client_replica_step(struct client_replica *r, enum client_replica_event event, const char *why)
{
	size_t i = 0;

	pthread_mutex_lock(&r->lock);
	while (i < ARRAY_LEN(steps) && (steps[i].state != r->state || steps[i].event != event))
		i++;
	assert(i < ARRAY_LEN(steps));
	log_debug(&area, "replica.step", "%s --%s--> %s why=\"%s\"", state_names[r->state],
		  event_names[event], state_names[steps[i].next], why != NULL ? why : "");
	r->state = steps[i].next;
	if (why != NULL)
		snprintf(r->why, sizeof(r->why), "%s", why);
	atomic_store_explicit(&r->broken, r->state == REPLICA_LOADING || r->state == REPLICA_BROKEN,
			      memory_order_release);
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

enum client_replica_state
client_replica_state(struct client_replica *r)
{
	enum client_replica_state state;

	pthread_mutex_lock(&r->lock);
	state = r->state;
	pthread_mutex_unlock(&r->lock);
	return state;
}

bool
client_replica_is_own_thread(const struct client_replica *r)
{
	return pthread_equal(pthread_self(), r->thread) != 0;
}

/* ---- trust ---- */

void
client_replica_touch(struct client_replica *r)
{
	atomic_store_explicit(&r->contact_ns, clock_mono_ns(), memory_order_release);
}

static bool
is_stale(const struct client_replica *r)
{
	uint64_t contact = atomic_load_explicit(&r->contact_ns, memory_order_acquire),
		 now = clock_mono_coarse_ns();

	return now > contact && now - contact > r->tuning->stale_ns;
}

/* Under the lock. */
static int
distrust(const struct client_replica *r)
{
	return err_set(ERR_CACHE_CORRUPT, "the replica cannot be trusted: %s",
		       *r->why != '\0' ? r->why : "no contact");
}

int
client_replica_trust(struct client_replica *r)
{
	int rc;

	if (__builtin_expect(
		    !atomic_load_explicit(&r->broken, memory_order_acquire) && !is_stale(r), true))
		return 0;
	pthread_mutex_lock(&r->lock);
	rc = distrust(r);
	pthread_mutex_unlock(&r->lock);
	return rc;
}

enum client_contact
client_replica_contact(struct client_replica *r)
{
	if (atomic_load_explicit(&r->broken, memory_order_acquire))
		return CLIENT_BROKEN;
	return is_stale(r) ? CLIENT_LOST : CLIENT_TRUSTED;
}

/* ---- waiting ---- */

/* What is waited for: a sequence of the configuration, or a version of the live rows. */
struct goal {
	const struct guid *boot; /* NULL = configuration */
	uint64_t sequence;
	struct guid before; /* boot of the live rows before the call that is waited for */
};

/* Under the lock. */
static bool
is_reached(const struct client_replica *r, const struct goal *goal)
{
	if (goal->boot == NULL)
		return r->position.sequence >= goal->sequence;
	if (guid_equal(&r->live.array_id, goal->boot))
		return r->live.sequence >= goal->sequence;
	return !guid_equal(&r->live.array_id, &goal->before);
}

/* Under the lock: the time is over. */
static int
give_up(const struct client_replica *r, const struct goal *goal)
{
	uint64_t at = goal->boot == NULL ? r->position.sequence : r->live.sequence;

	if (is_stale(r))
		return distrust(r);
	/* The array was started again before the wait began. */
	if (goal->boot != NULL && !guid_equal(&r->live.array_id, goal->boot))
		return 0;
	return err_set(ERR_TIMEOUT,
		       "the replica shows change %llu, and change %llu did not arrive in time",
		       (unsigned long long)at, (unsigned long long)goal->sequence);
}

static int
wait_for(struct client_replica *r, struct goal *goal)
{
	uint64_t until = clock_mono_ns() + r->tuning->wait_ns;
	bool done = false;
	int rc = 0;

	if (client_replica_is_own_thread(r))
		return 0;
	pthread_mutex_lock(&r->lock);
	while (rc == 0 && !done) {
		if (r->closing) {
			rc = ERR_CLOSED;
		} else if (r->state == REPLICA_BROKEN) {
			rc = distrust(r);
		} else if (is_reached(r, goal)) {
			done = true;
		} else if (thread_cond_wait(&r->moved, &r->lock, until) == ETIMEDOUT) {
			rc = give_up(r, goal);
			done = true;
		}
	}
	pthread_mutex_unlock(&r->lock);
	return rc;
}

int
client_replica_wait(struct client_replica *r, uint64_t sequence)
{
	struct goal goal = { .sequence = sequence };

	return wait_for(r, &goal);
}

struct guid
client_replica_boot(struct client_replica *r)
{
	struct guid boot;

	pthread_mutex_lock(&r->lock);
	boot = r->live.array_id;
	pthread_mutex_unlock(&r->lock);
	return boot;
}

int
client_replica_wait_live(struct client_replica *r, const struct guid *boot, uint64_t version,
			 const struct guid *before)
{
	struct goal goal = { .boot = boot, .sequence = version, .before = *before };

	return wait_for(r, &goal);
}

/* Under the lock: until a load that was asked for at `ticket` or later is done. */
static int
load_wait(struct client_replica *r, uint64_t ticket)
{
	while (r->loads_done < ticket && !r->closing)
		pthread_cond_wait(&r->moved, &r->lock);
	if (r->closing && r->loads_done < ticket)
		return ERR_CLOSED;
	return r->load_rc == 0 ? 0 : err_set(r->load_rc, "%s", r->why);
}

int
client_replica_refresh(struct client_replica *r)
{
	uint64_t ticket;
	int rc;

	if (client_replica_is_own_thread(r))
		return err_set(ERR_BUSY, "a listener cannot wait for the replica, because it runs "
					 "on the thread that updates the replica");
	pthread_mutex_lock(&r->lock);
	if (r->closing || (r->state == REPLICA_BROKEN && !r->identified)) {
		rc = r->closing ? ERR_CLOSED : distrust(r);
		pthread_mutex_unlock(&r->lock);
		return rc;
	}
	ticket = ++r->loads_asked;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
	client_transport_wake(r->transport);
	pthread_mutex_lock(&r->lock);
	rc = load_wait(r, ticket);
	pthread_mutex_unlock(&r->lock);
	return rc;
}

void
client_replica_identify(struct client_replica *r, const struct position *identity)
{
	pthread_mutex_lock(&r->lock);
	r->identity = *identity;
	r->identified = true;
	pthread_mutex_unlock(&r->lock);
}

/* ---- life ---- */

static int
event_thread_start(struct client_replica *r)
{
	int rc;

	/* The thread looks at its own id, which may be stored after it has begun. */
	pthread_mutex_lock(&r->lock);
	rc = thread_start(&r->thread, "vds-replica", client_follow_main, r);
	r->started = rc == 0;
	pthread_mutex_unlock(&r->lock);
	return rc;
}

void
client_replica_init(struct client_replica *r, struct client_transport *transport,
		    const struct client_tuning *tuning)
{
	r->transport = transport;
	r->tuning = tuning;
	r->state = REPLICA_LOADING;
	r->broken = true;
	r->closing = true;
	pthread_mutex_init(&r->lock, NULL);
	thread_cond_init(&r->moved);
	client_board_init(&r->board);
	client_listeners_init(r);
}

/* Nothing is known yet; a load is asked for. */
static void
begin(struct client_replica *r)
{
	pthread_mutex_lock(&r->lock);
	r->state = REPLICA_LOADING;
	atomic_store_explicit(&r->broken, true, memory_order_release);
	r->loads_asked = 1;
	r->loads_done = 0;
	r->identified = false;
	r->closing = false;
	r->position = r->live = (struct position){ 0 };
	r->why[0] = '\0';
	pthread_mutex_unlock(&r->lock);
	r->outdated = r->told_lost = false;
}

int
client_replica_start(struct client_replica *r)
{
	int rc;

	begin(r);
	rc = event_thread_start(r);
	if (rc < 0)
		client_replica_close(r);
	return rc;
}

int
client_replica_ready(struct client_replica *r)
{
	int rc;

	pthread_mutex_lock(&r->lock);
	rc = load_wait(r, 1);
	pthread_mutex_unlock(&r->lock);
	return rc;
}

void
client_replica_close(struct client_replica *r)
{
	pthread_mutex_lock(&r->lock);
	r->closing = true;
	snprintf(r->why, sizeof(r->why), "the connection to the array was ended");
	atomic_store_explicit(&r->broken, true, memory_order_release);
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

void
client_replica_stop(struct client_replica *r)
{
	if (r->started)
		pthread_join(r->thread, NULL);
	pthread_mutex_lock(&r->lock);
	r->started = false;
	r->state = REPLICA_LOADING;
	/* The thread's last step may have cleared it. */
	atomic_store_explicit(&r->broken, true, memory_order_release);
	pthread_mutex_unlock(&r->lock);
	client_board_clear(&r->board);
}

void
client_replica_fini(struct client_replica *r)
{
	client_replica_stop(r);
	client_board_fini(&r->board);
	client_listeners_fini(r);
	pthread_cond_destroy(&r->moved);
	pthread_mutex_destroy(&r->lock);
}
