/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sessions of all threads with their connections: for reinstatement, TSIHs, management, and the
 * limit on connections.  Only logins, ends of connections and management use the registry, so a
 * single lock suffices.  Any thread.
 *
 * An entry is in its session from the last step of its login until its connection has returned
 * everything that it held.  While the entry is there its connection exists, so a message that ends
 * the connection may be posted to it.  A session is there as long as it has an entry, or a login
 * waits to take the place of one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "target/target_int.h"

void
target_registry_init(struct target_registry *registry, size_t max)
{
	pthread_condattr_t attr;

	memset(registry, 0, sizeof(*registry));
	pthread_mutex_init(&registry->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&registry->left, &attr);
	pthread_condattr_destroy(&attr);
	for (unsigned i = 0; i < REGISTRY_BUCKETS; i++)
		list_init(&registry->buckets[i]);
	registry->max = MIN(max, (size_t)UINT16_MAX - 1);
	registry->reserved = registry->max / 8;
	guid_map_init(&registry->hosts);
}

void
target_registry_fini(struct target_registry *registry)
{
	target_host_fini(registry);
	pthread_cond_destroy(&registry->left);
	pthread_mutex_destroy(&registry->lock);
}

static struct list *
bucket_of(struct target_registry *registry, const char *initiator)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *initiator != '\0'; initiator++)
		h = (h ^ (uint8_t)*initiator) * 16777619u;
	return &registry->buckets[h % REGISTRY_BUCKETS];
}

/* --- TSIHs --- */

static bool
tsih_in_use(const struct target_registry *registry, uint16_t tsih)
{
	return (registry->tsihs[tsih / 8] & 1u << tsih % 8) != 0;
}

static void
tsih_mark(struct target_registry *registry, uint16_t tsih, bool used)
{
	uint8_t bit = (uint8_t)(1u << tsih % 8);

	if (used)
		registry->tsihs[tsih / 8] |= bit;
	else
		registry->tsihs[tsih / 8] &= (uint8_t)~bit;
}

/* Never 0, which means a new session.  There is always a free one: see registry->max. */
static uint16_t
next_tsih(struct target_registry *registry)
{
	do
		registry->last_tsih = registry->last_tsih == UINT16_MAX
					      ? 1
					      : (uint16_t)(registry->last_tsih + 1);
	while (tsih_in_use(registry, registry->last_tsih));
	return registry->last_tsih;
}

uint16_t
target_registry_next_tsih(struct target_registry *registry)
{
	pthread_mutex_lock(&registry->lock);
	uint16_t tsih = next_tsih(registry);

	pthread_mutex_unlock(&registry->lock);
	return tsih;
}

/* --- entering and leaving --- */

/* RFC 7143 §6.3.5: a session is known by initiator name, ISID, target name and portal group tag. */
static struct target_registry_session *
find_session(struct target_registry *registry, const struct iscsi_login *login, uint16_t tpgt)
{
	const struct list *bucket = bucket_of(registry, login->initiator_name);

	list_for_each(node, bucket) {
		struct target_registry_session *s = list_entry(node, struct target_registry_session,
							       node);

		if (memcmp(s->isid, login->isid, sizeof(s->isid)) == 0 && s->tpgt == tpgt &&
		    strcmp(s->initiator, login->initiator_name) == 0 &&
		    strcmp(s->target, login->target_name) == 0)
			return s;
	}
	return NULL;
}

static bool
has_session(struct target_registry *registry, const char *initiator)
{
	const struct list *bucket = bucket_of(registry, initiator);

	list_for_each(node, bucket)
		if (strcmp(list_entry(node, struct target_registry_session, node)->initiator,
			   initiator) == 0)
			return true;
	return false;
}

static struct target_registry_entry *
find_cid(const struct target_registry_session *session, uint16_t cid)
{
	list_for_each(node, &session->entries) {
		struct target_registry_entry *entry = list_entry(node, struct target_registry_entry,
								 session_node);

		if (entry->cid == cid && !entry->let_go)
			return entry;
	}
	return NULL;
}

static void
kill_locked(struct target_registry_entry *entry)
{
	entry->asked = true;
	if (entry->kill_posted)
		return;
	entry->kill_posted = true;
	entry->kill.run = target_login_kill;
	loop_post(entry->thread->loop, &entry->kill);
}

static void
kill_session_locked(struct target_registry_session *session)
{
	session->ending = true;
	list_for_each(node, &session->entries)
		kill_locked(list_entry(node, struct target_registry_entry, session_node));
}

static void
wake_waiter(struct target_registry_entry *waiter)
{
	waiter->waits_for = NULL;
	waiter->waits_for_session = NULL;
	waiter->waits_for_life = NULL;
	waiter->wake.run = target_login_wake;
	loop_post(waiter->wake_thread->loop, &waiter->wake);
}

static void
list_locked(struct target_registry *registry, struct target_registry_session *session)
{
	session->tsih = next_tsih(registry);
	tsih_mark(registry, session->tsih, true);
	session->listed = true;
	list_append(bucket_of(registry, session->initiator), &session->node);
	registry->sessions++;
}

static void
ask_for_life_locked(struct target_registry_session *session, struct target_registry_entry *asker)
{
	session->asker = asker;
	asker->waits_for_life = session;
	list_for_each(node, &session->entries) {
		struct target_registry_entry *entry = list_entry(node, struct target_registry_entry,
								 session_node);

		entry->asked_moment = asker->moment;
		if (entry->life_posted)
			continue;
		entry->life_posted = true;
		entry->life.run = target_life_asked;
		loop_post(entry->thread->loop, &entry->life);
	}
}

/*
 * Somebody waits for a sign of life, and none of the connections that were asked is left, so that
 * nothing will come from them: those that have come meanwhile are asked.
 */
static void
ask_anew_locked(struct target_registry_session *session)
{
	if (session->asker == NULL)
		return;
	list_for_each(node, &session->entries)
		if (list_entry(node, struct target_registry_entry, session_node)->asked_moment >=
		    session->asker->moment)
			return;
	ask_for_life_locked(session, session->asker);
}

static void
add_locked(struct target_registry *registry, struct target_registry_entry *entry)
{
	entry->entered = entry->counted = true;
	entry->kill_posted = entry->drain_posted = entry->asked = false;
	list_append(&entry->session->entries, &entry->session_node);
	entry->session->count++;
	registry->count++;
	ask_anew_locked(entry->session);
}

static bool
is_full(const struct target_registry *registry, bool known)
{
	return registry->count >= registry->max - (known ? 0 : registry->reserved);
}

/*
 * Two machines that have the same name and ISID end each other's session again and again.  An
 * initiator that comes back from another address once does the same, so this is a warning and not
 * an error.
 */
static void
warn_of_takeover(const struct target_registry_entry *entry, const char *old_host)
{
	const struct target_registry_session *session = entry->session;
	char name[2 * ISCSI_NAME_MAX];

	log_warning_from(session->initiator, "session.taken-over",
			 "initiator=%s target=%s from=%s by=%s hint=\"two machines with the same "
			 "initiator name "
			 "throw each other out: give each its own name (InitiatorName)\"",
			 log_quote(session->initiator, name, sizeof(name)), session->target,
			 old_host, entry->host);
}

/* The host of a session's connections, if it is another one than the entry's; else "". */
static void
note_other_host(const struct target_registry_session *older,
		const struct target_registry_entry *entry, char host[ADDRESS_TEXT_SIZE])
{
	struct list *first = list_first(&older->entries);
	const struct target_registry_entry *other;

	if (first == NULL)
		return;
	other = list_entry(first, struct target_registry_entry, session_node);
	if (strcmp(other->host, entry->host) != 0)
		snprintf(host, ADDRESS_TEXT_SIZE, "%s", other->host);
}

/*
 * Returns a session of the same initiator, ISID and target, of which it is not known whether it
 * lived when this login began: it came through another gateway than the login, so what ends it is
 * not seen here in time (life.c).
 */
static struct target_registry_session *
find_sibling(struct target_registry *registry, const struct target_registry_entry *entry,
	     const struct iscsi_login *login, uint16_t tpgt)
{
	const struct list *bucket = bucket_of(registry, login->initiator_name);

	list_for_each(node, bucket) {
		struct target_registry_session *s = list_entry(node, struct target_registry_session,
							       node);

		if (s->tpgt != tpgt && s->lived < entry->moment && !list_empty(&s->entries) &&
		    !guid_equal(&s->gateway_id, &entry->session->gateway_id) &&
		    memcmp(s->isid, login->isid, sizeof(s->isid)) == 0 &&
		    strcmp(s->initiator, login->initiator_name) == 0 &&
		    strcmp(s->target, login->target_name) == 0)
			return s;
	}
	return NULL;
}

static enum target_registry_claim
begin_locked(struct target_registry *registry, struct target_registry_entry *entry,
	     const struct iscsi_login *login, uint16_t tpgt, char old_host[ADDRESS_TEXT_SIZE])
{
	struct target_registry_session *older = find_session(registry, login, tpgt);

	if (older != NULL && older->waiter != NULL)
		return REGISTRY_CONTENDED;
	if (older != NULL) {
		note_other_host(older, entry, old_host);
		older->waiter = entry;
		entry->waits_for_session = older;
		kill_session_locked(older);
		return REGISTRY_WAIT;
	}
	if (entry->moment == 0)
		entry->moment = ++registry->moments;
	older = find_sibling(registry, entry, login, tpgt);
	if (older != NULL && older->asker != NULL)
		return REGISTRY_CONTENDED;
	if (older != NULL) {
		ask_for_life_locked(older, entry);
		return REGISTRY_WAIT;
	}
	if (is_full(registry, has_session(registry, login->initiator_name)))
		return REGISTRY_FULL;
	list_locked(registry, entry->session);
	add_locked(registry, entry);
	return REGISTRY_ENTERED;
}

/* The connection whose place it takes has left the session by now, if it has waited for that. */
static enum target_registry_claim
join_locked(struct target_registry *registry, struct target_registry_entry *entry)
{
	struct target_registry_session *session = entry->session;
	struct target_registry_entry *older = find_cid(session, entry->cid);

	if (session->ending)
		return REGISTRY_NO_SESSION;
	if (older != NULL && older->waiter != NULL)
		return REGISTRY_CONTENDED;
	if (older != NULL) {
		older->waiter = entry;
		entry->waits_for = older;
		kill_locked(older);
		return REGISTRY_WAIT;
	}
	if (session->count >= session->max_connections)
		return REGISTRY_TOO_MANY;
	if (is_full(registry, true))
		return REGISTRY_FULL;
	entry->thread = session->thread;
	add_locked(registry, entry);
	return REGISTRY_ENTERED;
}

enum target_registry_claim
target_registry_enter(struct target_registry *registry, struct target_registry_entry *entry,
		      const struct iscsi_login *login, uint16_t tpgt)
{
	enum target_registry_claim claim = REGISTRY_NO_SESSION;
	char old_host[ADDRESS_TEXT_SIZE] = "";

	pthread_mutex_lock(&registry->lock);
	if (entry->session == NULL) {
		struct target_registry_session *session = find_session(registry, login, tpgt);

		if (session != NULL && session->tsih == login->tsih && !session->ending) {
			entry->session = session;
			session->refs++;
		}
	}
	if (entry->session != NULL)
		claim = login->tsih == 0 ? begin_locked(registry, entry, login, tpgt, old_host)
					 : join_locked(registry, entry);
	pthread_mutex_unlock(&registry->lock);
	if (old_host[0] != '\0')
		warn_of_takeover(entry, old_host);
	return claim;
}

int
target_registry_session_new(struct target_registry *registry, struct target_registry_entry *entry,
			    const struct iscsi_login *login, uint16_t tpgt,
			    struct target_thread *thread)
{
	struct target_registry_session *session = mem_calloc(1, sizeof(*session));

	if (session == NULL)
		return -ENOMEM;
	session->registry = registry;
	guid_make(&session->id);
	memcpy(session->initiator, login->initiator_name, sizeof(session->initiator));
	memcpy(session->target, login->target_name, sizeof(session->target));
	memcpy(session->isid, login->isid, sizeof(session->isid));
	session->tpgt = tpgt;
	session->max_connections = 1;
	session->thread = entry->thread = thread;
	session->refs = 1;
	list_init(&session->entries);
	atomic_fetch_add(&thread->sessions_assigned, 1);
	entry->session = session;
	return 0;
}

void
target_registry_session_free(struct target_registry_session *session)
{
	mem_free(session);
}

/* What a connection has counted stays with its session. */
static void keep_counts(struct target_registry_entry *entry);

static void
remove_locked(struct target_registry *registry, struct target_registry_entry *entry)
{
	keep_counts(entry);
	entry->entered = false;
	list_remove(&entry->session_node);
	entry->session->count -= entry->counted;
	registry->count--;
	ask_anew_locked(entry->session);
}

void
target_registry_let_go(struct target_registry *registry, struct target_registry_entry *entry)
{
	pthread_mutex_lock(&registry->lock);
	if (entry->entered) {
		entry->session->count -= entry->counted;
		entry->counted = false;
		entry->let_go = true;
		entry->asked = false;
	}
	if (entry->waiter != NULL)
		wake_waiter(entry->waiter);
	entry->waiter = NULL;
	pthread_cond_broadcast(&registry->left);
	pthread_mutex_unlock(&registry->lock);
}

void
target_registry_kill_taken(struct target_registry *registry, struct target_registry_entry *entry)
{
	pthread_mutex_lock(&registry->lock);
	entry->kill_posted = false;
	pthread_mutex_unlock(&registry->lock);
}

uint64_t
target_registry_life_taken(struct target_registry *registry, struct target_registry_entry *entry)
{
	pthread_mutex_lock(&registry->lock);
	uint64_t moment = entry->asked_moment;

	entry->life_posted = false;
	pthread_mutex_unlock(&registry->lock);
	return moment;
}

void
target_registry_lives(struct target_registry *registry, struct target_registry_entry *entry,
		      uint64_t moment)
{
	pthread_mutex_lock(&registry->lock);
	struct target_registry_session *session = entry->session;

	if (session != NULL) {
		session->lived = MAX(session->lived, moment);
		if (session->asker != NULL && session->asker->moment <= session->lived) {
			wake_waiter(session->asker);
			session->asker = NULL;
		}
	}
	pthread_mutex_unlock(&registry->lock);
}

void
target_registry_logged_out(struct target_registry *registry, struct target_registry_entry *entry)
{
	pthread_mutex_lock(&registry->lock);
	if (entry->entered) {
		entry->session->count -= entry->counted;
		entry->counted = false;
	}
	pthread_mutex_unlock(&registry->lock);
}

/* The last of its connections has left.  Returns whether it was listed. */
static bool
end_locked(struct target_registry *registry, struct target_registry_session *session)
{
	if (!session->listed)
		return false;
	session->listed = false;
	session->ending = true;
	list_remove(&session->node);
	tsih_mark(registry, session->tsih, false);
	registry->sessions--;
	target_host_leave(session);
	if (session->waiter != NULL)
		wake_waiter(session->waiter);
	if (session->asker != NULL)
		wake_waiter(session->asker);
	session->waiter = session->asker = NULL;
	return true;
}

static void
stop_waiting(struct target_registry_entry *entry)
{
	if (entry->waits_for != NULL)
		entry->waits_for->waiter = NULL;
	if (entry->waits_for_session != NULL)
		entry->waits_for_session->waiter = NULL;
	if (entry->waits_for_life != NULL)
		entry->waits_for_life->asker = NULL;
	entry->waits_for = NULL;
	entry->waits_for_session = entry->waits_for_life = NULL;
}

bool
target_registry_leave(struct target_registry *registry, struct target_registry_entry *entry,
		      struct guid *ret_session_id)
{
	struct target_registry_session *session;
	bool last, ended = false;

	pthread_mutex_lock(&registry->lock);
	session = entry->session;
	if (entry->entered)
		remove_locked(registry, entry);
	if (entry->waiter != NULL)
		wake_waiter(entry->waiter);
	entry->waiter = NULL;
	stop_waiting(entry);
	entry->session = NULL;
	last = session != NULL && --session->refs == 0;
	if (last) {
		*ret_session_id = session->id;
		ended = end_locked(registry, session);
		atomic_fetch_sub(&session->thread->sessions_assigned, 1);
	}
	pthread_cond_broadcast(&registry->left);
	pthread_mutex_unlock(&registry->lock);
	if (last && !ended)
		target_registry_session_free(session);
	if (ended) {
		/* target_free waits for this as for a connection */
		atomic_fetch_add(&session->thread->target->conn_count, 1);
		session->gone.run = target_session_gone;
		loop_post(session->thread->loop, &session->gone);
	}
	return ended;
}

uint16_t
target_registry_may_join(struct target_registry *registry, const struct iscsi_login *login,
			 uint16_t tpgt)
{
	uint16_t status = ISCSI_LOGIN_OK;

	pthread_mutex_lock(&registry->lock);
	const struct target_registry_session *s = find_session(registry, login, tpgt);

	if (s == NULL || s->tsih != login->tsih || s->ending)
		status = ISCSI_LOGIN_NO_SESSION;
	else if (s->count >= s->max_connections && find_cid(s, login->cid) == NULL)
		status = ISCSI_LOGIN_TOO_MANY_CONNECTIONS;
	pthread_mutex_unlock(&registry->lock);
	return status;
}

void
target_registry_end(struct target_registry_session *session)
{
	pthread_mutex_lock(&session->registry->lock);
	session->ending = true;
	pthread_mutex_unlock(&session->registry->lock);
}

bool
target_registry_is_ending(const struct target_registry_session *session)
{
	pthread_mutex_lock(&session->registry->lock);
	bool ending = session->ending;

	pthread_mutex_unlock(&session->registry->lock);
	return ending;
}

/* --- management --- */

/* Calls a function for each session, or for each connection, under the lock. */
static void
each_session(struct target_registry *registry,
	     void (*visit)(struct target_registry_session *session, void *arg), void *arg)
{
	pthread_mutex_lock(&registry->lock);
	for (unsigned i = 0; i < REGISTRY_BUCKETS; i++)
		list_for_each(node, &registry->buckets[i])
			visit(list_entry(node, struct target_registry_session, node), arg);
	pthread_mutex_unlock(&registry->lock);
}

struct by_id {
	const struct guid *id;
	uint32_t drain_ms;
	int rc;
};

static void
kill_by_id(struct target_registry_session *session, void *arg)
{
	struct by_id *search = arg;

	if (!guid_equal(&session->id, search->id))
		return;
	kill_session_locked(session);
	search->rc = 0;
}

int
target_registry_kill(struct target_registry *registry, const struct guid *session_id)
{
	struct by_id search = { .id = session_id, .rc = ERR_NOT_FOUND };

	each_session(registry, kill_by_id, &search);
	return search.rc;
}

static void
kill_by_target(struct target_registry_session *session, void *arg)
{
	if (strcmp(session->target, arg) == 0)
		kill_session_locked(session);
}

void
target_registry_kill_target(struct target_registry *registry, const char *target)
{
	each_session(registry, kill_by_target, (void *)(uintptr_t)target);
}

static void
drain_locked(struct target_registry_entry *entry, uint32_t drain_ms)
{
	entry->drain_posted = entry->asked = true;
	entry->drain_ms = drain_ms;
	entry->drain.run = target_login_drain;
	loop_post(entry->thread->loop, &entry->drain);
}

static bool
is_drained(const struct target_registry_session *session)
{
	list_for_each(node, &session->entries)
		if (!list_entry(node, struct target_registry_entry, session_node)->drain_posted)
			return false;
	return true;
}

/* Each of its connections is asked; none may join it meanwhile. */
static void
drain_by_id(struct target_registry_session *session, void *arg)
{
	struct by_id *search = arg;

	if (!guid_equal(&session->id, search->id))
		return;
	search->rc = 0;
	if (is_drained(session)) {
		kill_session_locked(session);
		return;
	}
	session->ending = true;
	list_for_each(node, &session->entries) {
		struct target_registry_entry *entry = list_entry(node, struct target_registry_entry,
								 session_node);

		if (!entry->drain_posted)
			drain_locked(entry, search->drain_ms);
	}
}

int
target_registry_drain(struct target_registry *registry, const struct guid *session_id,
		      uint32_t drain_ms)
{
	struct by_id search = { .id = session_id, .drain_ms = drain_ms, .rc = ERR_NOT_FOUND };

	each_session(registry, drain_by_id, &search);
	return search.rc;
}

/* Which connections; portals NULL = those of all portals. */
struct by_portal {
	const struct guid *portals;
	size_t count;
	uint32_t drain_ms;
	bool left;
};

static bool
came_through(const struct target_registry_entry *entry, const struct by_portal *search)
{
	return search->portals == NULL ||
	       target_registry_is_among(search->portals, search->count, entry->portal_id);
}

static void
drain_by_portal(struct target_registry_session *session, void *arg)
{
	const struct by_portal *search = arg;

	if (search->portals == NULL)
		session->ending = true;
	list_for_each(node, &session->entries) {
		struct target_registry_entry *entry = list_entry(node, struct target_registry_entry,
								 session_node);

		if (!entry->drain_posted && came_through(entry, search))
			drain_locked(entry, search->drain_ms);
	}
}

void
target_registry_drain_portal(struct target_registry *registry, const struct guid *portal_id,
			     uint32_t drain_ms)
{
	struct by_portal search = { .portals = portal_id, .count = 1, .drain_ms = drain_ms };

	each_session(registry, drain_by_portal, &search);
}

void
target_registry_drain_all(struct target_registry *registry, uint32_t drain_ms)
{
	struct by_portal search = { .drain_ms = drain_ms };

	each_session(registry, drain_by_portal, &search);
}

/* ---- the connections of portals ---- */

bool
target_registry_is_among(const struct guid *portals, size_t count, const struct guid *portal_id)
{
	for (size_t i = 0; i < count; i++)
		if (guid_equal(&portals[i], portal_id))
			return true;
	return false;
}

static void
kill_by_portal(struct target_registry_session *session, void *arg)
{
	const struct by_portal *search = arg;

	list_for_each(node, &session->entries) {
		struct target_registry_entry *entry = list_entry(node, struct target_registry_entry,
								 session_node);

		if (came_through(entry, search))
			kill_locked(entry);
	}
}

void
target_registry_kill_portals(struct target_registry *registry, const struct guid *portals,
			     size_t count)
{
	struct by_portal search = { .portals = portals, .count = count };

	each_session(registry, kill_by_portal, &search);
}

static void
kill_any(struct target_registry_session *session, void *arg)
{
	(void)arg;
	kill_session_locked(session);
}

void
target_registry_kill_all(struct target_registry *registry)
{
	each_session(registry, kill_any, NULL);
}

/* Returns whether a connection is left that was asked to go. */
static bool
is_left(const struct target_registry *registry, const struct by_portal *search)
{
	for (unsigned i = 0; i < REGISTRY_BUCKETS; i++)
		list_for_each(node, &registry->buckets[i]) {
			const struct target_registry_session *session = list_entry(
				node, struct target_registry_session, node);

			list_for_each(at, &session->entries) {
				const struct target_registry_entry *entry = list_entry(
					at, struct target_registry_entry, session_node);

				if (entry->asked && came_through(entry, search))
					return true;
			}
		}
	return false;
}

static struct timespec
end_after(uint32_t timeout_ms)
{
	uint64_t end_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;

	return (struct timespec){ .tv_sec = (time_t)(end_ns / NS_PER_S),
				  .tv_nsec = (long)(end_ns % NS_PER_S) };
}

size_t
target_registry_wait_none(struct target_registry *registry, uint32_t timeout_ms)
{
	struct timespec end = end_after(timeout_ms);
	size_t left;
	int r = 0;

	pthread_mutex_lock(&registry->lock);
	while ((left = registry->sessions) > 0 && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&registry->left, &registry->lock, &end);
	pthread_mutex_unlock(&registry->lock);
	return left;
}

int
target_registry_wait_portals(struct target_registry *registry, const struct guid *portals,
			     size_t count, uint32_t timeout_ms)
{
	const struct by_portal search = { .portals = portals, .count = count };
	struct timespec end = end_after(timeout_ms);
	bool left;
	int r = 0;

	pthread_mutex_lock(&registry->lock);
	while ((left = is_left(registry, &search)) && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&registry->left, &registry->lock, &end);
	pthread_mutex_unlock(&registry->lock);
	return left ? ERR_TIMEOUT : 0;
}

/* ---- For those who read what was counted ---- */

static void
add_counts(const struct target_session_counts *counts, struct array_session_counters *ret)
{
	for (unsigned kind = 0; kind < METER_KINDS; kind++) {
		ret->commands[kind] += atomic_load_explicit(&counts->commands[kind],
							    memory_order_relaxed);
		ret->bytes[kind] += atomic_load_explicit(&counts->bytes[kind],
							 memory_order_relaxed);
		ret->ns[kind] += atomic_load_explicit(&counts->ns[kind], memory_order_relaxed);
	}
	ret->limited_commands += atomic_load_explicit(&counts->limited_commands,
						      memory_order_relaxed);
	ret->limited_ns += atomic_load_explicit(&counts->limited_ns, memory_order_relaxed);
}

static void
keep_counts(struct target_registry_entry *entry)
{
	add_counts(&container_of(entry, struct target_conn, entry)->counts, &entry->session->past);
}

void
target_registry_counts(const struct target_registry_session *session,
		       struct array_session_counters *ret)
{
	*ret = session->past;
	ret->id = session->id;
	list_for_each(node, &session->entries)
		add_counts(
			&container_of(list_entry(node, struct target_registry_entry, session_node),
				      struct target_conn, entry)
				 ->counts,
			ret);
}

int
target_registry_sample(struct target_registry *registry,
		       struct array_session_counters **ret_counters)
{
	struct array_session_counters *counters;
	int count = 0;

	pthread_mutex_lock(&registry->lock);
	counters = mem_alloc((registry->sessions + 1) * sizeof(counters[0]));
	for (unsigned i = 0; counters != NULL && i < REGISTRY_BUCKETS; i++)
		list_for_each(node, &registry->buckets[i])
			target_registry_counts(
				list_entry(node, struct target_registry_session, node),
				&counters[count++]);
	pthread_mutex_unlock(&registry->lock);
	if (counters == NULL)
		return -ENOMEM;
	*ret_counters = counters;
	return count;
}
