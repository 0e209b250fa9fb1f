/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store in memory that shared_store.h describes. */
#include "shared_store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/str.h"

#define WATCHERS 16

struct item {
	char *key;
	char *value;
	size_t bytes;
};

/* A commit that is carried out later. */
struct late {
	struct list node;
	uint64_t expected;
	struct item *items;
	size_t count;
	unsigned after; /* that many other commits */
};

struct shared_cluster {
	pthread_mutex_t lock;
	pthread_cond_t called; /* a call of `done` has returned */
	uint64_t version, opened;
	struct item *items; /* sorted */
	size_t count, capacity;
	struct list stores, waiting, late;
	enum shared_fault fault, then;
	unsigned fault_count, then_count, random, commits, conflicts, notifications;
	uint64_t seed;
	bool away, mute;
	void (*during_read)(void *arg);
	void *during_read_arg;
	unsigned during_read_items; /* before it is called */
	size_t commit_bytes, items_max;
};

struct store {
	struct list node;
	struct shared_cluster *cluster;
	uint64_t client;
	bool cut;
	void (*wake)(void *arg);
	void *arg;
	uint64_t number;  /* which tells it from all others, also of its client */
	unsigned calling; /* calls of `done` that have not returned; `close` waits for them */
};

/* A store that was notified. */
struct watcher {
	uint64_t number, client;
	bool acked;
};

/* Somebody who waits for acknowledgements. */
struct wait {
	struct list node;
	struct store *from;
	uint64_t version;
	catalog_shared_notified *done;
	void *arg;
	struct watcher watchers[WATCHERS];
	size_t count;
	uint64_t clients[WATCHERS]; /* those that have acknowledged, at the end */
	size_t acked;
};

struct shared_cluster *
shared_cluster_new(void)
{
	struct shared_cluster *cluster = calloc(1, sizeof(*cluster));

	pthread_mutex_init(&cluster->lock, NULL);
	pthread_cond_init(&cluster->called, NULL);
	list_init(&cluster->stores);
	list_init(&cluster->waiting);
	list_init(&cluster->late);
	cluster->seed = 12345;
	cluster->commit_bytes = 64u << 20;
	cluster->items_max = 200000;
	return cluster;
}

/* ---- items ---- */

static size_t
find(const struct shared_cluster *cluster, const char *key)
{
	size_t low = 0, high = cluster->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(cluster->items[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static char *
copy(const void *bytes, size_t len)
{
	char *own = malloc(len + 1);

	if (len > 0)
		memcpy(own, bytes, len);
	own[len] = '\0';
	return own;
}

static void
put(struct shared_cluster *cluster, const char *key, const void *value, size_t bytes)
{
	size_t at = find(cluster, key);
	bool there = at < cluster->count && strcmp(cluster->items[at].key, key) == 0;

	if (there) {
		free(cluster->items[at].value);
		if (value != NULL) {
			cluster->items[at].value = copy(value, bytes);
			cluster->items[at].bytes = bytes;
			return;
		}
		free(cluster->items[at].key);
		cluster->count--;
		memmove(&cluster->items[at], &cluster->items[at + 1],
			(cluster->count - at) * sizeof(cluster->items[0]));
		return;
	}
	if (value == NULL)
		return;
	if (cluster->count == cluster->capacity) {
		cluster->capacity = cluster->capacity * 2 + 64;
		cluster->items = realloc(cluster->items,
					 cluster->capacity * sizeof(cluster->items[0]));
	}
	memmove(&cluster->items[at + 1], &cluster->items[at],
		(cluster->count - at) * sizeof(cluster->items[0]));
	cluster->items[at] = (struct item){ copy(key, strlen(key)), copy(value, bytes), bytes };
	cluster->count++;
}

static void
late_free(struct late *late)
{
	for (size_t i = 0; i < late->count; i++) {
		free(late->items[i].key);
		free(late->items[i].value);
	}
	free(late->items);
	free(late);
}

/* Carries out what is due.  Under the lock. */
static void
run_late(struct shared_cluster *cluster)
{
	struct list *next;

	for (struct list *node = cluster->late.next; node != &cluster->late; node = next) {
		struct late *late = list_entry(node, struct late, node);

		next = node->next;
		if (late->after-- > 0)
			continue;
		list_remove(node);
		if (late->expected == cluster->version) {
			for (size_t i = 0; i < late->count; i++)
				put(cluster, late->items[i].key, late->items[i].value,
				    late->items[i].bytes);
			cluster->version++;
		}
		late_free(late);
	}
}

static void
add_late(struct shared_cluster *cluster, uint64_t expected, const struct catalog_shared_item *items,
	 size_t count, unsigned after)
{
	struct late *late = calloc(1, sizeof(*late));

	late->expected = expected;
	late->items = calloc(count, sizeof(late->items[0]));
	late->count = count;
	late->after = after;
	for (size_t i = 0; i < count; i++)
		late->items[i] = (struct item){ copy(items[i].key, strlen(items[i].key)),
						items[i].value != NULL
							? copy(items[i].value, items[i].value_bytes)
							: NULL,
						items[i].value_bytes };
	list_append(&cluster->late, &late->node);
}

/* ---- the operations ---- */

static bool
is_away(const struct store *store)
{
	return store->cluster->away || store->cut;
}

static enum shared_fault
next_fault(struct shared_cluster *cluster)
{
	if (cluster->fault_count > 0) {
		cluster->fault_count--;
		return cluster->fault;
	}
	if (cluster->then_count > 0) {
		cluster->then_count--;
		return cluster->then;
	}
	if (cluster->random == 0 || ++cluster->commits % cluster->random != 0)
		return SHARED_FAULT_NONE;
	cluster->seed = cluster->seed * 6364136223846793005u + 1442695040888963407u;
	return (enum shared_fault)(1 + (cluster->seed >> 33) % (SHARED_FAULT_REFUSED - 1));
}

static int
commit_locked(struct shared_cluster *cluster, uint64_t expected,
	      const struct catalog_shared_item *items, size_t count)
{
	enum shared_fault fault = next_fault(cluster);

	run_late(cluster);
	if (fault == SHARED_FAULT_REFUSED)
		return err_set(-ENOSPC, "the cluster is full");
	if (fault == SHARED_FAULT_NOT_DONE)
		return ERR_TIMEOUT;
	if (fault == SHARED_FAULT_LATE || fault == SHARED_FAULT_LATER) {
		add_late(cluster, expected, items, count, fault == SHARED_FAULT_LATER);
		return ERR_TIMEOUT;
	}
	if (expected != cluster->version || fault == SHARED_FAULT_CONFLICT) {
		cluster->conflicts++;
		return CATALOG_CONFLICT;
	}
	for (size_t i = 0; i < count; i++)
		put(cluster, items[i].key, items[i].value, items[i].value_bytes);
	cluster->version++;
	if (fault == SHARED_FAULT_FORGOTTEN) {
		char key[32];

		snprintf(key, sizeof(key), "l/%020llu", (unsigned long long)cluster->version);
		put(cluster, key, NULL, 0);
	}
	return fault == SHARED_FAULT_DONE || fault == SHARED_FAULT_FORGOTTEN ? ERR_TIMEOUT : 0;
}

static int
store_commit(void *arg, uint64_t expected, const struct catalog_shared_item *items, size_t count)
{
	struct store *store = arg;
	int rc;

	pthread_mutex_lock(&store->cluster->lock);
	rc = is_away(store) ? -ENOTCONN : commit_locked(store->cluster, expected, items, count);
	pthread_mutex_unlock(&store->cluster->lock);
	return rc;
}

/* Each item is read for itself, so that commits come in between. */
static int
store_read(void *arg, const char *prefix, const char *after, catalog_shared_each *each,
	   void *each_arg, uint64_t *ret_version)
{
	struct store *store = arg;
	struct shared_cluster *cluster = store->cluster;
	char *last = after != NULL ? copy(after, strlen(after)) : copy(prefix, strlen(prefix));
	bool first = after == NULL;
	int rc = 0;

	pthread_mutex_lock(&cluster->lock);
	run_late(cluster);
	*ret_version = cluster->version;
	if (is_away(store))
		rc = -ENOTCONN;
	while (rc == 0) {
		size_t at = find(cluster, last);
		void (*fn)(void *fn_arg) = NULL;
		struct item item;

		if (!first && at < cluster->count && strcmp(cluster->items[at].key, last) == 0)
			at++;
		if (at == cluster->count || !str_starts(cluster->items[at].key, prefix))
			break;
		first = false;
		item = cluster->items[at];
		item.key = copy(item.key, strlen(item.key));
		item.value = copy(item.value, item.bytes);
		if (cluster->during_read != NULL && cluster->during_read_items-- == 0)
			fn = TAKE(cluster->during_read);
		pthread_mutex_unlock(&cluster->lock);
		if (fn != NULL)
			fn(cluster->during_read_arg);
		rc = each(each_arg, item.key, item.value, item.bytes);
		pthread_mutex_lock(&cluster->lock);
		free(last);
		last = item.key;
		free(item.value);
	}
	pthread_mutex_unlock(&cluster->lock);
	free(last);
	return rc;
}

static int
store_get(void *arg, const char *const *keys, size_t count, catalog_shared_each *each,
	  void *each_arg)
{
	struct store *store = arg;
	struct shared_cluster *cluster = store->cluster;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct item item = { NULL, NULL, 0 };
		size_t at;

		pthread_mutex_lock(&cluster->lock);
		at = find(cluster, keys[i]);
		if (is_away(store))
			rc = -ENOTCONN;
		else if (at < cluster->count && strcmp(cluster->items[at].key, keys[i]) == 0)
			item = (struct item){
				NULL, copy(cluster->items[at].value, cluster->items[at].bytes),
				cluster->items[at].bytes
			};
		pthread_mutex_unlock(&cluster->lock);
		if (item.value != NULL)
			rc = each(each_arg, keys[i], item.value, item.bytes);
		free(item.value);
	}
	return rc;
}

static int
store_watch(void *arg, void (*wake)(void *arg), void *wake_arg)
{
	struct store *store = arg;

	pthread_mutex_lock(&store->cluster->lock);
	store->wake = wake;
	store->arg = wake_arg;
	pthread_mutex_unlock(&store->cluster->lock);
	return 0;
}

static int
store_watching(void *arg)
{
	struct store *store = arg;
	bool away;

	pthread_mutex_lock(&store->cluster->lock);
	away = is_away(store);
	pthread_mutex_unlock(&store->cluster->lock);
	return away ? -ENOTCONN : 0;
}

/* Returns whether a store is there and watches still. */
static bool
watches(const struct shared_cluster *cluster, uint64_t number)
{
	list_for_each(node, &cluster->stores) {
		const struct store *store = list_entry(node, struct store, node);

		if (store->number == number)
			return store->wake != NULL && !store->cut;
	}
	return false;
}

static bool
all_have(const struct shared_cluster *cluster, const struct wait *wait)
{
	for (size_t i = 0; i < wait->count; i++)
		if (!wait->watchers[i].acked && watches(cluster, wait->watchers[i].number))
			return false;
	return true;
}

/* Lists those clients that have acknowledged. */
static void
list_ackers(const struct shared_cluster *cluster, struct wait *wait)
{
	for (size_t i = 0; i < wait->count; i++)
		if (wait->watchers[i].acked && watches(cluster, wait->watchers[i].number))
			wait->clients[wait->acked++] = wait->watchers[i].client;
}

/* Ends those waits that have what they wait for; `rc` != 0: all.  Without the lock. */
static void
end_waits(struct shared_cluster *cluster, int rc)
{
	for (;;) {
		struct wait *ended = NULL;

		pthread_mutex_lock(&cluster->lock);
		list_for_each(node, &cluster->waiting) {
			struct wait *wait = list_entry(node, struct wait, node);

			if (rc != 0 || all_have(cluster, wait)) {
				ended = wait;
				break;
			}
		}
		if (ended != NULL) {
			list_remove(&ended->node);
			list_ackers(cluster, ended);
			ended->from->calling++;
		}
		pthread_mutex_unlock(&cluster->lock);
		if (ended == NULL)
			return;
		ended->done(ended->arg, rc, ended->clients, ended->acked);
		pthread_mutex_lock(&cluster->lock);
		ended->from->calling--;
		pthread_cond_broadcast(&cluster->called);
		pthread_mutex_unlock(&cluster->lock);
		free(ended);
	}
}

static void
store_acknowledge(void *arg, uint64_t version)
{
	struct store *store = arg;

	pthread_mutex_lock(&store->cluster->lock);
	list_for_each(node, &store->cluster->waiting) {
		struct wait *wait = list_entry(node, struct wait, node);

		for (size_t i = 0; wait->version <= version && i < wait->count; i++)
			if (wait->watchers[i].number == store->number)
				wait->watchers[i].acked = true;
	}
	pthread_mutex_unlock(&store->cluster->lock);
	end_waits(store->cluster, 0);
}

static int
store_notify(void *arg, uint64_t version, uint32_t timeout_ms, catalog_shared_notified *done,
	     void *done_arg)
{
	struct store *store = arg;
	struct shared_cluster *cluster = store->cluster;
	struct wait *wait = calloc(1, sizeof(*wait));
	bool mute;

	(void)timeout_ms;
	*wait = (struct wait){ .from = store, .version = version, .done = done, .arg = done_arg };
	pthread_mutex_lock(&cluster->lock);
	list_append(&cluster->waiting, &wait->node);
	mute = cluster->mute;
	cluster->notifications++;
	list_for_each(node, &cluster->stores) {
		struct store *other = list_entry(node, struct store, node);

		if (other == store || other->wake == NULL || other->cut || mute)
			continue;
		if (wait->count == WATCHERS)
			abort();
		wait->watchers[wait->count++] = (struct watcher){ other->number, other->client,
								  false };
		other->wake(other->arg); /* takes a lock of its own, and nothing more */
	}
	pthread_mutex_unlock(&cluster->lock);
	end_waits(cluster, mute ? ERR_TIMEOUT : 0);
	return 0;
}

static int
store_alone(void *arg)
{
	struct store *store = arg;
	bool alone = true;

	pthread_mutex_lock(&store->cluster->lock);
	list_for_each(node, &store->cluster->stores) {
		struct store *other = list_entry(node, struct store, node);

		alone = alone && (other == store || other->wake == NULL);
	}
	pthread_mutex_unlock(&store->cluster->lock);
	return alone;
}

static void
store_close(void *arg)
{
	struct store *store = arg;
	struct list *next;

	pthread_mutex_lock(&store->cluster->lock);
	list_remove(&store->node);
	pthread_mutex_unlock(&store->cluster->lock);
	end_waits(store->cluster, 0); /* those that waited for this one */
	pthread_mutex_lock(&store->cluster->lock);
	for (struct list *node = store->cluster->waiting.next; node != &store->cluster->waiting;
	     node = next) {
		struct wait *wait = list_entry(node, struct wait, node);

		next = node->next;
		if (wait->from != store)
			continue;
		list_remove(node);
		free(wait);
	}
	while (store->calling > 0)
		pthread_cond_wait(&store->cluster->called, &store->cluster->lock);
	pthread_mutex_unlock(&store->cluster->lock);
	free(store);
}

static const struct catalog_shared_ops store_ops = {
	.commit = store_commit,
	.read = store_read,
	.get = store_get,
	.watch = store_watch,
	.watching = store_watching,
	.acknowledge = store_acknowledge,
	.notify = store_notify,
	.alone = store_alone,
	.close = store_close,
};

struct catalog_shared
shared_cluster_open(struct shared_cluster *cluster)
{
	return shared_cluster_open_as(cluster, 0);
}

struct catalog_shared
shared_cluster_open_as(struct shared_cluster *cluster, uint64_t client)
{
	struct store *store = calloc(1, sizeof(*store));

	store->cluster = cluster;
	store->client = client;
	pthread_mutex_lock(&cluster->lock);
	store->number = ++cluster->opened;
	list_append(&cluster->stores, &store->node);
	pthread_mutex_unlock(&cluster->lock);
	return (struct catalog_shared){ .ops = &store_ops,
					.store = store,
					.name = "memory:test",
					.commit_bytes_max = cluster->commit_bytes,
					.items_max = cluster->items_max };
}

void
shared_cluster_free(struct shared_cluster *cluster)
{
	struct list *node;

	while ((node = list_pop(&cluster->late)) != NULL)
		late_free(list_entry(node, struct late, node));
	for (size_t i = 0; i < cluster->count; i++) {
		free(cluster->items[i].key);
		free(cluster->items[i].value);
	}
	free(cluster->items);
	pthread_cond_destroy(&cluster->called);
	pthread_mutex_destroy(&cluster->lock);
	free(cluster);
}

/* ---- faults, and what is there ---- */

void
shared_cluster_fault(struct shared_cluster *cluster, enum shared_fault fault, unsigned count)
{
	pthread_mutex_lock(&cluster->lock);
	cluster->fault = fault;
	cluster->fault_count = count;
	cluster->then_count = 0;
	pthread_mutex_unlock(&cluster->lock);
}

void
shared_cluster_then(struct shared_cluster *cluster, enum shared_fault fault, unsigned count)
{
	pthread_mutex_lock(&cluster->lock);
	cluster->then = fault;
	cluster->then_count = count;
	pthread_mutex_unlock(&cluster->lock);
}

void
shared_cluster_random(struct shared_cluster *cluster, unsigned every)
{
	pthread_mutex_lock(&cluster->lock);
	cluster->random = every;
	pthread_mutex_unlock(&cluster->lock);
}

void
shared_cluster_away(struct shared_cluster *cluster, bool away)
{
	pthread_mutex_lock(&cluster->lock);
	cluster->away = away;
	pthread_mutex_unlock(&cluster->lock);
}

void
shared_cluster_cut(struct shared_cluster *cluster, uint64_t client, bool cut)
{
	pthread_mutex_lock(&cluster->lock);
	list_for_each(node, &cluster->stores) {
		struct store *store = list_entry(node, struct store, node);

		if (store->client == client)
			store->cut = cut;
	}
	pthread_mutex_unlock(&cluster->lock);
	end_waits(cluster, 0); /* those that waited for this one */
}

unsigned
shared_cluster_notifications(struct shared_cluster *cluster)
{
	unsigned notifications;

	pthread_mutex_lock(&cluster->lock);
	notifications = cluster->notifications;
	pthread_mutex_unlock(&cluster->lock);
	return notifications;
}

void
shared_cluster_mute(struct shared_cluster *cluster, bool mute)
{
	pthread_mutex_lock(&cluster->lock);
	cluster->mute = mute;
	pthread_mutex_unlock(&cluster->lock);
}

void
shared_cluster_expire(struct shared_cluster *cluster)
{
	end_waits(cluster, ERR_TIMEOUT);
}

void
shared_cluster_during_read(struct shared_cluster *cluster, unsigned items, void (*fn)(void *arg),
			   void *arg)
{
	pthread_mutex_lock(&cluster->lock);
	cluster->during_read = fn;
	cluster->during_read_items = items;
	cluster->during_read_arg = arg;
	pthread_mutex_unlock(&cluster->lock);
}

void
shared_cluster_remove(struct shared_cluster *cluster)
{
	pthread_mutex_lock(&cluster->lock);
	while (cluster->count > 0)
		put(cluster, cluster->items[cluster->count - 1].key, NULL, 0);
	cluster->version = 0;
	pthread_mutex_unlock(&cluster->lock);
}

void
shared_cluster_put_back(struct shared_cluster *cluster, uint64_t version)
{
	pthread_mutex_lock(&cluster->lock);
	cluster->version = version;
	pthread_mutex_unlock(&cluster->lock);
}

uint64_t
shared_cluster_version(struct shared_cluster *cluster)
{
	uint64_t version;

	pthread_mutex_lock(&cluster->lock);
	version = cluster->version;
	pthread_mutex_unlock(&cluster->lock);
	return version;
}

size_t
shared_cluster_bytes(struct shared_cluster *cluster, const char *prefix)
{
	size_t bytes = 0;

	pthread_mutex_lock(&cluster->lock);
	for (size_t i = 0; i < cluster->count; i++)
		if (str_starts(cluster->items[i].key, prefix))
			bytes += strlen(cluster->items[i].key) + 1 + cluster->items[i].bytes;
	pthread_mutex_unlock(&cluster->lock);
	return bytes;
}

void
shared_cluster_spoil(struct shared_cluster *cluster, const char *prefix)
{
	struct item *item;

	pthread_mutex_lock(&cluster->lock);
	item = &cluster->items[find(cluster, prefix)];
	put(cluster, item->key, "x", 1);
	pthread_mutex_unlock(&cluster->lock);
}

size_t
shared_cluster_items(struct shared_cluster *cluster, const char *prefix)
{
	size_t count = 0;

	pthread_mutex_lock(&cluster->lock);
	for (size_t i = 0; i < cluster->count; i++)
		count += str_starts(cluster->items[i].key, prefix);
	pthread_mutex_unlock(&cluster->lock);
	return count;
}

bool
shared_cluster_has(struct shared_cluster *cluster, const char *prefix, const void *bytes,
		   size_t len)
{
	bool found = false;

	pthread_mutex_lock(&cluster->lock);
	for (size_t i = 0; i < cluster->count; i++)
		found = found || (str_starts(cluster->items[i].key, prefix) &&
				  memmem(cluster->items[i].value, cluster->items[i].bytes, bytes,
					 len) != NULL);
	pthread_mutex_unlock(&cluster->lock);
	return found;
}

unsigned
shared_cluster_conflicts(struct shared_cluster *cluster)
{
	unsigned conflicts;

	pthread_mutex_lock(&cluster->lock);
	conflicts = cluster->conflicts;
	pthread_mutex_unlock(&cluster->lock);
	return conflicts;
}

void
shared_cluster_put(struct shared_cluster *cluster, const char *key, const void *value,
		   size_t value_bytes)
{
	pthread_mutex_lock(&cluster->lock);
	put(cluster, key, value, value_bytes);
	pthread_mutex_unlock(&cluster->lock);
}

void
shared_cluster_limits(struct shared_cluster *cluster, size_t commit_bytes, size_t items)
{
	cluster->commit_bytes = commit_bytes;
	cluster->items_max = items;
}
