/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sessions of all threads.  Only logins, ends of sessions and management come here, so a lock
 * and a list do.
 *
 * An entry is in the list from the claim at the end of its login until its connection has given
 * everything back; while it is there its connection exists, so a kill may be posted to it.
 */
#include <string.h>

#include "base/err.h"
#include "target/target_int.h"

void
target_registry_init(struct target_registry *registry)
{
	pthread_mutex_init(&registry->lock, NULL);
	list_init(&registry->entries);
	registry->last_tsih = 0;
	registry->count = 0;
}

void
target_registry_fini(struct target_registry *registry)
{
	pthread_mutex_destroy(&registry->lock);
}

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

static struct target_registry_entry *
find_older(struct target_registry *registry, const struct target_registry_entry *entry)
{
	list_for_each(node, &registry->entries) {
		struct target_registry_entry *other = list_entry(node, struct target_registry_entry,
								 node);

		if (same_nexus(entry, other))
			return other;
	}
	return NULL;
}

static bool
tsih_in_use(const struct target_registry *registry, uint16_t tsih)
{
	list_for_each(node, &registry->entries)
		if (list_entry(node, struct target_registry_entry, node)->tsih == tsih)
			return true;
	return false;
}

/* Never 0, which means a new session. */
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

enum target_registry_claim
target_registry_enter(struct target_registry *registry, struct target_registry_entry *entry)
{
	enum target_registry_claim claim = REGISTRY_ENTERED;

	pthread_mutex_lock(&registry->lock);
	struct target_registry_entry *older = find_older(registry, entry);

	if (older != NULL && older->waiter != NULL) {
		claim = REGISTRY_FULL; /* two logins at once want the same place */
	} else if (older != NULL) {
		older->waiter = entry;
		entry->waits_for = older;
		kill_locked(older);
		claim = REGISTRY_WAIT;
	} else if (registry->count >= UINT16_MAX - 1) {
		claim = REGISTRY_FULL;
	} else {
		entry->tsih = next_tsih(registry);
		entry->entered = true;
		entry->kill_posted = false;
		list_append(&registry->entries, &entry->node);
		registry->count++;
	}
	pthread_mutex_unlock(&registry->lock);
	return claim;
}

void
target_registry_leave(struct target_registry *registry, struct target_registry_entry *entry)
{
	pthread_mutex_lock(&registry->lock);
	if (entry->entered) {
		entry->entered = false;
		list_remove(&entry->node);
		registry->count--;
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

bool
target_registry_has_tsih(struct target_registry *registry, uint16_t tsih)
{
	pthread_mutex_lock(&registry->lock);
	bool found = tsih_in_use(registry, tsih);

	pthread_mutex_unlock(&registry->lock);
	return found;
}

uint16_t
target_registry_next_tsih(struct target_registry *registry)
{
	pthread_mutex_lock(&registry->lock);
	uint16_t tsih = next_tsih(registry);

	pthread_mutex_unlock(&registry->lock);
	return tsih;
}

int
target_registry_kill(struct target_registry *registry, const struct guid *session_id)
{
	int r = ERR_NOT_FOUND;

	pthread_mutex_lock(&registry->lock);
	list_for_each(node, &registry->entries) {
		struct target_registry_entry *entry = list_entry(node, struct target_registry_entry,
								 node);

		if (!guid_equal(&entry->session_id, session_id))
			continue;
		kill_locked(entry);
		r = 0;
	}
	pthread_mutex_unlock(&registry->lock);
	return r;
}

void
target_registry_kill_target(struct target_registry *registry, const char *target)
{
	pthread_mutex_lock(&registry->lock);
	list_for_each(node, &registry->entries) {
		struct target_registry_entry *entry = list_entry(node, struct target_registry_entry,
								 node);

		if (strcmp(entry->target, target) == 0)
			kill_locked(entry);
	}
	pthread_mutex_unlock(&registry->lock);
}
