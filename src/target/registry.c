/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sessions of all threads: for reinstatement, TSIHs, management, and the limit on sessions.
 * Only logins, ends of sessions and management use the registry, so a single lock suffices.  Any
 * thread.
 *
 * An entry is in the registry from the last step of its login until its connection has returned
 * everything that it held.  While the entry is there its connection exists, so a message that ends
 * the session may be posted to it.
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

/*
 * RFC 7143 §6.3.5: session reinstatement is by initiator name, ISID, target name and portal group
 * tag.
 */
static bool
same_nexus(const struct target_registry_entry *a, const struct target_registry_entry *b)
{
	return memcmp(a->isid, b->isid, sizeof(a->isid)) == 0 && a->tpgt == b->tpgt &&
	       strcmp(a->initiator, b->initiator) == 0 && strcmp(a->target, b->target) == 0;
}

/* ret_known: does the initiator have any session? */
static struct target_registry_entry *
find_older(struct target_registry *registry, const struct target_registry_entry *entry,
	   bool *ret_known)
{
	const struct list *bucket = bucket_of(registry, entry->initiator);

	*ret_known = false;
	list_for_each(node, bucket) {
		struct target_registry_entry *other = list_entry(node, struct target_registry_entry,
								 node);

		if (same_nexus(entry, other))
			return other;
		*ret_known = *ret_known || strcmp(other->initiator, entry->initiator) == 0;
	}
	return NULL;
}

static void
kill_locked(struct target_registry_entry *entry)
{
	if (entry->kill_posted)
		return;
	entry->kill_posted = true;
	entry->kill.run = target_login_kill;
	loop_post(entry->thread->loop, &entry->kill);
}

static void
wake_waiter(struct target_registry_entry *waiter)
{
	waiter->waits_for = NULL;
	waiter->wake.run = target_login_wake;
	loop_post(waiter->wake_thread->loop, &waiter->wake);
}

static void
add_locked(struct target_registry *registry, struct target_registry_entry *entry)
{
	bool wanted = entry->wanted_tsih != 0 && !tsih_in_use(registry, entry->wanted_tsih);

	entry->tsih = wanted ? entry->wanted_tsih : next_tsih(registry);
	tsih_mark(registry, entry->tsih, true);
	entry->entered = true;
	entry->kill_posted = entry->drain_posted = false;
	list_append(bucket_of(registry, entry->initiator), &entry->node);
	registry->count++;
}

/*
 * Two machines that have the same name and ISID end each other's session again and again.  An
 * initiator that comes back from another address once does the same, so this is a warning and not
 * an error.
 */
static void
warn_of_takeover(const struct target_registry_entry *entry, const char *old_host)
{
	char name[2 * ISCSI_NAME_MAX];

	log_warning_from(entry->initiator, "session.taken-over",
			 "initiator=%s target=%s from=%s by=%s hint=\"two machines with the same "
			 "initiator name "
			 "throw each other out: give each its own name (InitiatorName)\"",
			 log_quote(entry->initiator, name, sizeof(name)), entry->target, old_host,
			 entry->host);
}

enum target_registry_claim
target_registry_enter(struct target_registry *registry, struct target_registry_entry *entry)
{
	enum target_registry_claim claim = REGISTRY_ENTERED;
	char old_host[ADDRESS_TEXT_SIZE] = "";
	bool known;

	pthread_mutex_lock(&registry->lock);
	struct target_registry_entry *older = find_older(registry, entry, &known);

	if (older != NULL && older->waiter != NULL) {
		claim = REGISTRY_CONTENDED;
	} else if (older != NULL) {
		if (strcmp(older->host, entry->host) != 0)
			snprintf(old_host, sizeof(old_host), "%s", older->host);
		older->waiter = entry;
		entry->waits_for = older;
		kill_locked(older);
		claim = REGISTRY_WAIT;
	} else if (registry->count >= registry->max - (known ? 0 : registry->reserved)) {
		claim = REGISTRY_FULL;
	} else {
		add_locked(registry, entry);
	}
	pthread_mutex_unlock(&registry->lock);
	if (old_host[0] != '\0')
		warn_of_takeover(entry, old_host);
	return claim;
}

void
target_registry_leave(struct target_registry *registry, struct target_registry_entry *entry)
{
	pthread_mutex_lock(&registry->lock);
	if (entry->entered) {
		entry->entered = false;
		list_remove(&entry->node);
		tsih_mark(registry, entry->tsih, false);
		registry->count--;
		target_host_leave(entry);
		pthread_cond_broadcast(&registry->left);
	}
	if (entry->waiter != NULL) {
		wake_waiter(entry->waiter);
		entry->waiter = NULL;
	}
	if (entry->waits_for != NULL) {
		entry->waits_for->waiter = NULL;
		entry->waits_for = NULL;
	}
	pthread_mutex_unlock(&registry->lock);
}

uint16_t
target_registry_may_reinstate(struct target_registry *registry, const struct iscsi_login *login)
{
	uint16_t status = ISCSI_LOGIN_NO_SESSION;

	pthread_mutex_lock(&registry->lock);
	const struct list *bucket = bucket_of(registry, login->initiator_name);

	list_for_each(node, bucket) {
		const struct target_registry_entry *e = list_entry(
			node, struct target_registry_entry, node);

		if (e->tsih != login->tsih || strcmp(e->initiator, login->initiator_name) != 0 ||
		    strcmp(e->target, login->target_name) != 0 ||
		    memcmp(e->isid, login->isid, sizeof(e->isid)) != 0)
			continue;
		status = e->cid == login->cid ? ISCSI_LOGIN_OK : ISCSI_LOGIN_TOO_MANY_CONNECTIONS;
	}
	pthread_mutex_unlock(&registry->lock);
	return status;
}

/* --- management --- */

int
target_registry_kill(struct target_registry *registry, const struct guid *session_id)
{
	int rc = ERR_NOT_FOUND;

	pthread_mutex_lock(&registry->lock);
	for (unsigned i = 0; i < REGISTRY_BUCKETS; i++)
		list_for_each(node, &registry->buckets[i]) {
			struct target_registry_entry *entry = list_entry(
				node, struct target_registry_entry, node);

			if (!guid_equal(&entry->session_id, session_id))
				continue;
			kill_locked(entry);
			rc = 0;
		}
	pthread_mutex_unlock(&registry->lock);
	return rc;
}

void
target_registry_kill_target(struct target_registry *registry, const char *target)
{
	pthread_mutex_lock(&registry->lock);
	for (unsigned i = 0; i < REGISTRY_BUCKETS; i++)
		list_for_each(node, &registry->buckets[i]) {
			struct target_registry_entry *entry = list_entry(
				node, struct target_registry_entry, node);

			if (strcmp(entry->target, target) == 0)
				kill_locked(entry);
		}
	pthread_mutex_unlock(&registry->lock);
}

static void
drain_locked(struct target_registry_entry *entry, uint32_t drain_ms)
{
	entry->drain_posted = true;
	entry->drain_ms = drain_ms;
	entry->drain.run = target_login_drain;
	loop_post(entry->thread->loop, &entry->drain);
}

int
target_registry_drain(struct target_registry *registry, const struct guid *session_id,
		      uint32_t drain_ms)
{
	int rc = ERR_NOT_FOUND;

	pthread_mutex_lock(&registry->lock);
	for (unsigned i = 0; rc < 0 && i < REGISTRY_BUCKETS; i++)
		list_for_each(node, &registry->buckets[i]) {
			struct target_registry_entry *entry = list_entry(
				node, struct target_registry_entry, node);

			if (!guid_equal(&entry->session_id, session_id))
				continue;
			if (entry->drain_posted)
				kill_locked(entry);
			else
				drain_locked(entry, drain_ms);
			rc = 0;
			break;
		}
	pthread_mutex_unlock(&registry->lock);
	return rc;
}

/* portal_id NULL: of all portals. */
static void
drain_some(struct target_registry *registry, const struct guid *portal_id, uint32_t drain_ms)
{
	pthread_mutex_lock(&registry->lock);
	for (unsigned i = 0; i < REGISTRY_BUCKETS; i++)
		list_for_each(node, &registry->buckets[i]) {
			struct target_registry_entry *entry = list_entry(
				node, struct target_registry_entry, node);

			if (!entry->drain_posted &&
			    (portal_id == NULL || guid_equal(entry->portal_id, portal_id)))
				drain_locked(entry, drain_ms);
		}
	pthread_mutex_unlock(&registry->lock);
}

void
target_registry_drain_portal(struct target_registry *registry, const struct guid *portal_id,
			     uint32_t drain_ms)
{
	drain_some(registry, portal_id, drain_ms);
}

void
target_registry_drain_all(struct target_registry *registry, uint32_t drain_ms)
{
	drain_some(registry, NULL, drain_ms);
}

/* ---- the sessions of portals ---- */

bool
target_registry_is_among(const struct guid *portals, size_t count, const struct guid *portal_id)
{
	for (size_t i = 0; i < count; i++)
		if (guid_equal(&portals[i], portal_id))
			return true;
	return false;
}

void
target_registry_kill_portals(struct target_registry *registry, const struct guid *portals,
			     size_t count)
{
	pthread_mutex_lock(&registry->lock);
	for (unsigned i = 0; i < REGISTRY_BUCKETS; i++)
		list_for_each(node, &registry->buckets[i]) {
			struct target_registry_entry *entry = list_entry(
				node, struct target_registry_entry, node);

			if (target_registry_is_among(portals, count, entry->portal_id))
				kill_locked(entry);
		}
	pthread_mutex_unlock(&registry->lock);
}

void
target_registry_kill_all(struct target_registry *registry)
{
	pthread_mutex_lock(&registry->lock);
	for (unsigned i = 0; i < REGISTRY_BUCKETS; i++)
		list_for_each(node, &registry->buckets[i])
			kill_locked(list_entry(node, struct target_registry_entry, node));
	pthread_mutex_unlock(&registry->lock);
}

/* Returns whether a session is left that was asked to go. */
static bool
is_left(const struct target_registry *registry, const struct guid *portals, size_t count)
{
	for (unsigned i = 0; i < REGISTRY_BUCKETS; i++)
		list_for_each(node, &registry->buckets[i]) {
			const struct target_registry_entry *entry = list_entry(
				node, struct target_registry_entry, node);

			if ((entry->kill_posted || entry->drain_posted) &&
			    target_registry_is_among(portals, count, entry->portal_id))
				return true;
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
	while ((left = registry->count) > 0 && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&registry->left, &registry->lock, &end);
	pthread_mutex_unlock(&registry->lock);
	return left;
}

int
target_registry_wait_portals(struct target_registry *registry, const struct guid *portals,
			     size_t count, uint32_t timeout_ms)
{
	struct timespec end = end_after(timeout_ms);
	bool left;
	int r = 0;

	pthread_mutex_lock(&registry->lock);
	while ((left = is_left(registry, portals, count)) && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&registry->left, &registry->lock, &end);
	pthread_mutex_unlock(&registry->lock);
	return left ? ERR_TIMEOUT : 0;
}

/* ---- For those who read what was counted ---- */

void
target_registry_counts(struct target_registry_entry *entry, struct array_session_counters *ret)
{
	const struct target_session_counts *counts =
		&container_of(entry, struct target_conn, entry)->counts;

	ret->id = entry->session_id;
	for (unsigned kind = 0; kind < METER_KINDS; kind++) {
		ret->commands[kind] = atomic_load_explicit(&counts->commands[kind],
							   memory_order_relaxed);
		ret->bytes[kind] = atomic_load_explicit(&counts->bytes[kind], memory_order_relaxed);
		ret->ns[kind] = atomic_load_explicit(&counts->ns[kind], memory_order_relaxed);
	}
	ret->limited_commands = atomic_load_explicit(&counts->limited_commands,
						     memory_order_relaxed);
	ret->limited_ns = atomic_load_explicit(&counts->limited_ns, memory_order_relaxed);
}

int
target_registry_sample(struct target_registry *registry,
		       struct array_session_counters **ret_counters)
{
	struct array_session_counters *counters;
	int count = 0;

	pthread_mutex_lock(&registry->lock);
	counters = mem_alloc((registry->count + 1) * sizeof(counters[0]));
	for (unsigned i = 0; counters != NULL && i < REGISTRY_BUCKETS; i++)
		list_for_each(node, &registry->buckets[i]) {
			target_registry_counts(list_entry(node, struct target_registry_entry, node),
					       &counters[count++]);
		}
	pthread_mutex_unlock(&registry->lock);
	if (counters == NULL)
		return -ENOMEM;
	*ret_counters = counters;
	return count;
}
