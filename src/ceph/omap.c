/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store of a shared catalog (catalog/shared.h): the omap of one object in a replicated pool.
 * The key `version` is the version; a commit compares it in the same operation that changes the
 * items.
 *
 * Gateways watch the object.  A notification's payload is a version as text, or "?" of somebody who
 * wants to know whether others are there.  Operations end after the time limit of the connection,
 * but for those of watches and notifications, which librados repeats without end when no OSD
 * answers; so nobody waits for these without a limit, and what they leave behind is freed when they
 * do end.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "catalog/shared.h"
#include "ceph/ceph_int.h"

#define VERSION_KEY      "version"
#define PAGE             1000u       /* an OSD returns at most 1,024 keys a request */
#define WATCH_S          6u          /* how long the watch of a killed gateway stays */
#define WAIT_MS          3000u       /* for a watch to be made or ended */
#define ALONE_MS         3000u       /* for an answer to "?" */
#define COMMIT_BYTES_MAX (64u << 20) /* an OSD takes 90 MB in one message */
#define ITEMS_MAX        200000u     /* Ceph warns of an object with more */

/* A notification that is not acknowledged yet. */
struct ceph_omap_pending {
	uint64_t notification, watch, version;
};

struct ceph_omap {
	struct ceph_cluster *cluster; /* a reference */
	rados_ioctx_t io;
	char *object, *name; /* owned */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool closed;             /* lock: nobody is to be called any more */
	unsigned under_way;      /* lock: completions that have not come */
	void (*wake)(void *arg); /* lock; NULL = no watch is wanted */
	void *wake_arg;
	bool watching, broken, starting; /* lock; starting: it was asked for and is not made yet */
	int started;                     /* lock: how that ended */
	uint64_t watch;
	struct ceph_omap_pending *pending; /* lock */
	size_t pending_count, pending_capacity;
};

static void
omap_free(struct ceph_omap *omap)
{
	if (omap->io != NULL)
		rados_ioctx_destroy(omap->io);
	ceph_cluster_put(omap->cluster);
	pthread_cond_destroy(&omap->changed);
	pthread_mutex_destroy(&omap->lock);
	mem_free(omap->pending);
	mem_free(omap->object);
	mem_free(omap->name);
	mem_free(omap);
}

/* Sets the text of an error and returns it. */
static int
failed(struct ceph_omap *omap, int rc, const char *what)
{
	if (rc == -ESHUTDOWN)
		ceph_cluster_lost(omap->cluster);
	if (ceph_is_away(rc))
		return err_set(rc,
			       "the catalog %s cannot be reached: the Ceph cluster does not "
			       "answer: see `ceph -s`",
			       omap->name);
	if (rc == -ENOSPC || rc == -EDQUOT)
		return err_set(-ENOSPC,
			       "the catalog %s cannot be written: the Ceph cluster, or the "
			       "pool, is full",
			       omap->name);
	if (rc == -EOPNOTSUPP)
		return err_set(rc,
			       "the catalog %s must be in a replicated pool: an erasure-coded "
			       "one has no omap",
			       omap->name);
	if (rc == -EPERM || rc == -EACCES)
		return err_set(-EACCES,
			       "the catalog %s: %s: the user of --ceph-user may not do that: see "
			       "docs/ceph.md for its capabilities",
			       omap->name, what);
	return err_set(rc, "the catalog %s: %s: %s", omap->name, what, strerror(-rc));
}

/* ---- commits ---- */

/* What a write operation refers to until it has ended. */
struct ceph_omap_lists {
	const char **keys, **values;
	size_t *key_bytes, *value_bytes;
};

static void
lists_fini(struct ceph_omap_lists *lists)
{
	mem_free(lists->keys);
	mem_free(lists->values);
	mem_free(lists->key_bytes);
	mem_free(lists->value_bytes);
}

static int
lists_init(struct ceph_omap_lists *lists, size_t count)
{
	lists->keys = mem_calloc(count, sizeof(lists->keys[0]));
	lists->values = mem_calloc(count, sizeof(lists->values[0]));
	lists->key_bytes = mem_calloc(count, sizeof(size_t));
	lists->value_bytes = mem_calloc(count, sizeof(size_t));
	return lists->keys != NULL && lists->values != NULL && lists->key_bytes != NULL &&
			       lists->value_bytes != NULL
		       ? 0
		       : -ENOMEM;
}

/* Sets from the front, removals from the back. */
static void
lists_fill(struct ceph_omap_lists *lists, const struct catalog_shared_item *items, size_t count,
	   size_t *ret_sets)
{
	size_t sets = 0, end = count;

	for (size_t i = 0; i < count; i++) {
		size_t at = items[i].value != NULL ? sets++ : --end;

		lists->keys[at] = items[i].key;
		lists->key_bytes[at] = strlen(items[i].key);
		lists->values[at] = items[i].value;
		lists->value_bytes[at] = items[i].value_bytes;
	}
	*ret_sets = sets;
}

static void
add_version(rados_write_op_t op, uint64_t expected)
{
	char is[24], next[24];
	const char *key = VERSION_KEY, *value = next;
	size_t key_bytes = strlen(key), value_bytes;

	snprintf(is, sizeof(is), "%" PRIu64, expected);
	snprintf(next, sizeof(next), "%" PRIu64, expected + 1);
	value_bytes = strlen(next);
	if (expected == 0)
		rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, NULL);
	else
		rados_write_op_omap_cmp2(op, key, LIBRADOS_CMPXATTR_OP_EQ, is, key_bytes,
					 strlen(is), NULL);
	rados_write_op_omap_set2(op, &key, &value, &key_bytes, &value_bytes, 1);
}

static int start_watch(struct ceph_omap *omap);

static int
omap_commit(void *store, uint64_t expected, const struct catalog_shared_item *items, size_t count)
{
	AUTO(lists_fini) struct ceph_omap_lists lists = { .keys = NULL };
	struct ceph_omap *omap = store;
	rados_write_op_t op;
	size_t sets;
	int rc = lists_init(&lists, count);

	if (rc < 0)
		return rc;
	op = rados_create_write_op();
	if (op == NULL)
		return -ENOMEM;
	lists_fill(&lists, items, count, &sets);
	add_version(op, expected);
	if (sets > 0)
		rados_write_op_omap_set2(op, lists.keys, lists.values, lists.key_bytes,
					 lists.value_bytes, sets);
	if (sets < count)
		rados_write_op_omap_rm_keys2(op, lists.keys + sets, lists.key_bytes + sets,
					     count - sets);
	rc = rados_write_op_operate2(op, omap->io, omap->object, NULL, LIBRADOS_OPERATION_FULL_TRY);
	rados_release_write_op(op);
	if (rc == 0 && expected == 0)
		(void)start_watch(omap); /* there was no object before */
	if (rc == 0)
		return 0;
	if (rc == -ECANCELED || (rc == -EEXIST && expected == 0))
		return err_set(CATALOG_CONFLICT, "another gateway has changed the catalog");
	(void)failed(omap, rc, "it cannot be changed");
	return ceph_is_away(rc) || rc == -ESHUTDOWN ? ERR_TIMEOUT : rc;
}

/* ---- reading ---- */

/* Calls each for what an operation has read, and keeps the last key. */
static int
take_items(rados_omap_iter_t it, catalog_shared_each *each, void *arg, char **last)
{
	char *key, *value;
	size_t key_bytes, value_bytes;
	int rc = 0;

	while (rc == 0) {
		char *own;

		if (rados_omap_get_next2(it, &key, &value, &key_bytes, &value_bytes) < 0)
			return -EIO;
		if (key == NULL)
			break;
		own = str_ndup(key, key_bytes);
		if (own == NULL)
			return -ENOMEM;
		mem_free(*last);
		*last = own;
		rc = each(arg, own, value, value_bytes);
	}
	return rc;
}

static int
read_version(void *arg, const char *key, const void *value, size_t value_bytes)
{
	char text[24] = "";

	(void)key;
	memcpy(text, value, MIN(value_bytes, sizeof(text) - 1));
	return str_parse_u64(text, arg) < 0
		       ? err_set(ERR_CORRUPT, "the shared catalog has no version that is one: %s",
				 text)
		       : 0;
}

/* Reads a page after *last, and the version with it when ret_version is set. */
static int
read_page(struct ceph_omap *omap, const char *prefix, char **last, catalog_shared_each *each,
	  void *arg, uint64_t *ret_version, bool *ret_more)
{
	AUTO_FREE char *name = NULL;
	rados_read_op_t op = rados_create_read_op();
	rados_omap_iter_t items = NULL, versions = NULL;
	const char *key = VERSION_KEY;
	size_t key_bytes = strlen(key);
	unsigned char more = 0;
	int rc, items_rc = 0, version_rc = 0;

	if (op == NULL)
		return -ENOMEM;
	if (ret_version != NULL)
		rados_read_op_omap_get_vals_by_keys2(op, &key, 1, &key_bytes, &versions,
						     &version_rc);
	rados_read_op_omap_get_vals2(op, *last != NULL ? *last : "", prefix, PAGE, &items, &more,
				     &items_rc);
	rc = rados_read_op_operate(op, omap->io, omap->object, 0);
	rados_release_read_op(op);
	if (rc == 0)
		rc = MIN(version_rc, items_rc);
	if (rc == 0 && ret_version != NULL)
		rc = take_items(versions, read_version, ret_version, &name);
	if (rc == 0)
		rc = take_items(items, each, arg, last);
	if (versions != NULL)
		rados_omap_get_end(versions);
	if (items != NULL)
		rados_omap_get_end(items);
	*ret_more = more != 0;
	return rc;
}

/* Errors of librados get a text; those of err.def (below -10000) have one. */
static int
read_failed(struct ceph_omap *omap, int rc)
{
	return rc < 0 && rc > -10000 && rc != -ENOMEM ? failed(omap, rc, "it cannot be read") : rc;
}

static int
omap_read(void *store, const char *prefix, const char *after, catalog_shared_each *each, void *arg,
	  uint64_t *ret_version)
{
	struct ceph_omap *omap = store;
	AUTO_FREE char *last = after != NULL ? str_dup(after) : NULL;
	bool more = true;
	int rc;

	*ret_version = 0;
	if (after != NULL && last == NULL)
		return -ENOMEM;
	rc = read_page(omap, prefix, &last, each, arg, ret_version, &more);
	if (rc == -ENOENT)
		return 0; /* nobody has made it yet */
	while (rc == 0 && more)
		rc = read_page(omap, prefix, &last, each, arg, NULL, &more);
	return read_failed(omap, rc);
}

static int
omap_get(void *store, const char *const *keys, size_t count, catalog_shared_each *each, void *arg)
{
	struct ceph_omap *omap = store;
	AUTO_FREE size_t *bytes = mem_calloc(count, sizeof(*bytes));
	AUTO_FREE char *last = NULL;
	rados_read_op_t op = bytes != NULL ? rados_create_read_op() : NULL;
	rados_omap_iter_t items = NULL;
	int rc, items_rc = 0;

	if (op == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		bytes[i] = strlen(keys[i]);
	rados_read_op_omap_get_vals_by_keys2(op, keys, count, bytes, &items, &items_rc);
	rc = rados_read_op_operate(op, omap->io, omap->object, 0);
	rados_release_read_op(op);
	if (rc == 0)
		rc = items_rc;
	if (rc == 0)
		rc = take_items(items, each, arg, &last);
	if (items != NULL)
		rados_omap_get_end(items);
	return rc == -ENOENT ? 0 : read_failed(omap, rc);
}

/* ---- notifications to this gateway: threads of librados ---- */

static bool
keep_pending(struct ceph_omap *omap, const struct ceph_omap_pending *pending)
{
	bool kept = false;

	pthread_mutex_lock(&omap->lock);
	if (!omap->closed && omap->wake != NULL &&
	    mem_grow(&omap->pending, &omap->pending_capacity, omap->pending_count + 1,
		     sizeof(*pending)) == 0) {
		omap->pending[omap->pending_count++] = *pending;
		omap->wake(omap->wake_arg);
		kept = true;
	}
	pthread_mutex_unlock(&omap->lock);
	return kept;
}

static void
on_notify(void *arg, uint64_t notification, uint64_t watch, uint64_t from, void *data, size_t bytes)
{
	struct ceph_omap *omap = arg;
	struct ceph_omap_pending pending = { notification, watch, 0 };
	char text[24] = "";

	memcpy(text, data, MIN(bytes, sizeof(text) - 1));
	if (from == rados_get_instance_id(ceph_cluster_rados(omap->cluster)) ||
	    str_parse_u64(text, &pending.version) < 0 || !keep_pending(omap, &pending))
		rados_notify_ack(omap->io, omap->object, notification, watch, NULL, 0);
}

static void
on_watch_error(void *arg, uint64_t watch, int error)
{
	struct ceph_omap *omap = arg;

	(void)watch;
	(void)error;
	pthread_mutex_lock(&omap->lock);
	omap->broken = true;
	if (!omap->closed && omap->wake != NULL)
		omap->wake(omap->wake_arg);
	pthread_mutex_unlock(&omap->lock);
}

static void
omap_acknowledge(void *store, uint64_t version)
{
	struct ceph_omap *omap = store;
	size_t kept = 0;

	pthread_mutex_lock(&omap->lock);
	for (size_t i = 0; i < omap->pending_count; i++) {
		const struct ceph_omap_pending *pending = &omap->pending[i];

		if (pending->version > version)
			omap->pending[kept++] = *pending;
		else
			rados_notify_ack(omap->io, omap->object, pending->notification,
					 pending->watch, NULL, 0);
	}
	omap->pending_count = kept;
	pthread_mutex_unlock(&omap->lock);
}

/* ---- the watch ---- */

/* Waits at most WAIT_MS until nothing is under way.  With the lock. */
static void
wait_ended(struct ceph_omap *omap)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += WAIT_MS / 1000;
	while (omap->under_way > 0 && pthread_cond_timedwait(&omap->changed, &omap->lock, &at) == 0)
		;
}

static void
on_started(rados_completion_t completion, void *arg)
{
	struct ceph_omap *omap = arg;

	pthread_mutex_lock(&omap->lock);
	omap->starting = false;
	omap->started = rados_aio_get_return_value(completion);
	omap->watching = omap->started >= 0;
	omap->broken = false;
	omap->under_way--;
	pthread_cond_broadcast(&omap->changed);
	pthread_mutex_unlock(&omap->lock);
}

static void
on_stopped(rados_completion_t completion, void *arg)
{
	struct ceph_omap *omap = arg;

	(void)completion;
	pthread_mutex_lock(&omap->lock);
	omap->under_way--;
	pthread_cond_broadcast(&omap->changed);
	pthread_mutex_unlock(&omap->lock);
}

static void
stop_watch(struct ceph_omap *omap)
{
	rados_completion_t completion;
	bool watching;

	pthread_mutex_lock(&omap->lock);
	watching = omap->watching;
	omap->watching = false;
	omap->under_way += watching;
	pthread_mutex_unlock(&omap->lock);
	if (!watching)
		return;
	if (rados_aio_create_completion2(omap, on_stopped, &completion) == 0) {
		if (rados_aio_unwatch(omap->io, omap->watch, completion) < 0)
			on_stopped(completion, omap);
		rados_aio_release(completion);
	} else {
		on_stopped(NULL, omap);
	}
}

/* Returns 0, -ENOENT (there is no object yet) or an error. */
static int
start_watch(struct ceph_omap *omap)
{
	rados_completion_t completion;
	struct timespec at;
	int rc;

	pthread_mutex_lock(&omap->lock);
	if (omap->wake == NULL || omap->watching || omap->starting) {
		rc = omap->starting ? -ETIMEDOUT : 0;
		pthread_mutex_unlock(&omap->lock);
		return rc;
	}
	omap->starting = true;
	omap->under_way++;
	pthread_mutex_unlock(&omap->lock);
	rc = rados_aio_create_completion2(omap, on_started, &completion);
	if (rc == 0) {
		rc = rados_aio_watch2(omap->io, omap->object, completion, &omap->watch, on_notify,
				      on_watch_error, WATCH_S, omap);
		rados_aio_release(completion);
	}
	pthread_mutex_lock(&omap->lock);
	if (rc < 0) {
		omap->starting = false;
		omap->under_way--;
	}
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += WAIT_MS / 1000;
	while (omap->starting && pthread_cond_timedwait(&omap->changed, &omap->lock, &at) == 0)
		;
	if (rc == 0)
		rc = omap->starting ? -ETIMEDOUT : omap->started;
	pthread_mutex_unlock(&omap->lock);
	return rc;
}

static int
omap_watch(void *store, void (*wake)(void *arg), void *arg)
{
	struct ceph_omap *omap = store;
	int rc;

	pthread_mutex_lock(&omap->lock);
	omap->wake = wake;
	omap->wake_arg = arg;
	pthread_mutex_unlock(&omap->lock);
	rc = start_watch(omap);
	return rc < 0 && rc != -ENOENT ? failed(omap, rc, "it cannot be watched") : 0;
}

/* Does the object answer?  This has a time limit, which the making of a watch has not. */
static int
probe(struct ceph_omap *omap)
{
	uint64_t size;
	time_t changed;

	return rados_stat(omap->io, omap->object, &size, &changed);
}

static int
omap_watching(void *store)
{
	struct ceph_omap *omap = store;
	bool lost;
	int rc;

	pthread_mutex_lock(&omap->lock);
	lost = omap->wake != NULL && (!omap->watching || omap->broken);
	if (!lost && omap->watching)
		lost = rados_watch_check(omap->io, omap->watch) < 0;
	pthread_mutex_unlock(&omap->lock);
	if (!lost)
		return 0;
	rc = probe(omap);
	if (rc == -ENOENT)
		return 0;
	if (rc == 0) {
		stop_watch(omap);
		rc = start_watch(omap);
	}
	if (rc < 0)
		return failed(omap, rc, "it cannot be watched");
	log_info("catalog.watch", "catalog=%s", omap->name);
	return 0;
}

/* ---- notifications to others ---- */

struct ceph_omap_notify {
	struct ceph_omap *omap;
	catalog_shared_notified *done;
	void *arg;
	char *reply;
	size_t reply_bytes;
};

/*
 * Lists the clients that have acknowledged.  Returns NULL when there is none, or memory is short.
 */
static uint64_t *
ackers(const struct ceph_omap_notify *notify, size_t *ret_count)
{
	struct notify_ack_t *acks = NULL;
	struct notify_timeout_t *missing = NULL;
	size_t ack_count = 0, missing_count = 0;
	uint64_t *clients = NULL;

	*ret_count = 0;
	if (notify->reply == NULL ||
	    rados_decode_notify_response(notify->reply, notify->reply_bytes, &acks, &ack_count,
					 &missing, &missing_count) < 0)
		return NULL;
	if (ack_count > 0)
		clients = mem_calloc(ack_count, sizeof(*clients));
	for (size_t i = 0; clients != NULL && i < ack_count; i++)
		clients[(*ret_count)++] = acks[i].notifier_id;
	rados_free_notify_response(acks, ack_count, missing);
	return clients;
}

static void
notify_end(struct ceph_omap_notify *notify, int rc)
{
	struct ceph_omap *omap = notify->omap;
	size_t count;
	AUTO_FREE uint64_t *clients = ackers(notify, &count);

	pthread_mutex_lock(&omap->lock);
	if (!omap->closed)
		notify->done(notify->arg, rc == -ETIMEDOUT ? ERR_TIMEOUT : rc, clients, count);
	omap->under_way--;
	pthread_cond_broadcast(&omap->changed);
	pthread_mutex_unlock(&omap->lock);
	if (notify->reply != NULL)
		rados_buffer_free(notify->reply);
	mem_free(notify);
}

static void
on_notified(rados_completion_t completion, void *arg)
{
	notify_end(arg, rados_aio_get_return_value(completion));
}

static int
omap_notify(void *store, uint64_t version, uint32_t timeout_ms, catalog_shared_notified *done,
	    void *arg)
{
	struct ceph_omap *omap = store;
	struct ceph_omap_notify *notify = mem_calloc(1, sizeof(*notify));
	rados_completion_t completion;
	char text[24];
	int rc;

	if (notify == NULL)
		return -ENOMEM;
	*notify = (struct ceph_omap_notify){ .omap = omap, .done = done, .arg = arg };
	rc = rados_aio_create_completion2(notify, on_notified, &completion);
	if (rc < 0) {
		mem_free(notify);
		return rc;
	}
	snprintf(text, sizeof(text), "%" PRIu64, version);
	pthread_mutex_lock(&omap->lock);
	omap->under_way++;
	pthread_mutex_unlock(&omap->lock);
	rc = rados_aio_notify(omap->io, omap->object, completion, text, (int)strlen(text),
			      timeout_ms, &notify->reply, &notify->reply_bytes);
	rados_aio_release(completion);
	if (rc < 0)
		notify_end(notify, rc);
	return 0;
}

static int
omap_alone(void *store)
{
	struct ceph_omap *omap = store;
	uint64_t own = rados_get_instance_id(ceph_cluster_rados(omap->cluster));
	struct notify_ack_t *acks = NULL;
	struct notify_timeout_t *missing = NULL;
	size_t ack_count = 0, missing_count = 0, bytes = 0, others = 0;
	char *reply = NULL;
	int rc = probe(omap);

	if (rc == 0)
		rc = rados_notify2(omap->io, omap->object, "?", 1, ALONE_MS, &reply, &bytes);
	if (rc == -ENOENT)
		return 1;
	if (rc < 0 && rc != -ETIMEDOUT)
		return failed(omap, rc, "it cannot be notified");
	if (reply != NULL && rados_decode_notify_response(reply, bytes, &acks, &ack_count, &missing,
							  &missing_count) == 0) {
		for (size_t i = 0; i < ack_count; i++)
			others += acks[i].notifier_id != own;
		rados_free_notify_response(acks, ack_count, missing);
	}
	if (reply != NULL)
		rados_buffer_free(reply);
	return rc == 0 && others == 0 && missing_count == 0;
}

/* ---- life ---- */

static void
omap_close(void *store)
{
	struct ceph_omap *omap = store;
	bool all;

	pthread_mutex_lock(&omap->lock);
	omap->closed = true;
	pthread_mutex_unlock(&omap->lock);
	omap_acknowledge(omap, UINT64_MAX);
	stop_watch(omap);
	pthread_mutex_lock(&omap->lock);
	wait_ended(omap);
	all = omap->under_way == 0;
	pthread_mutex_unlock(&omap->lock);
	if (!all)
		return; /* what is under way uses it, and vdsd ends */
	rados_watch_flush(ceph_cluster_rados(omap->cluster));
	omap_free(omap);
}

static const struct catalog_shared_ops omap_ops = {
	.commit = omap_commit,
	.read = omap_read,
	.get = omap_get,
	.watch = omap_watch,
	.watching = omap_watching,
	.acknowledge = omap_acknowledge,
	.notify = omap_notify,
	.alone = omap_alone,
	.close = omap_close,
};

int
ceph_omap_open(const char *pool, const char *object, struct catalog_shared *ret_shared)
{
	struct ceph_omap *omap = mem_calloc(1, sizeof(*omap));
	pthread_condattr_t attr;
	int rc;

	if (omap == NULL)
		return -ENOMEM;
	pthread_mutex_init(&omap->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&omap->changed, &attr);
	pthread_condattr_destroy(&attr);
	omap->object = str_dup(object);
	omap->name = str_printf("rados:%s/%s", pool, object);
	rc = omap->object == NULL || omap->name == NULL ? -ENOMEM
							: ceph_cluster_get(&omap->cluster);
	if (rc == 0) {
		rc = rados_ioctx_create(ceph_cluster_rados(omap->cluster), pool, &omap->io);
		if (rc == -ENOENT)
			rc = err_set(-ENOENT,
				     "the Ceph cluster has no pool %s: make a replicated one for "
				     "the catalog: ceph osd pool create %s 8",
				     pool, pool);
		else if (rc < 0)
			rc = failed(omap, rc, "the pool cannot be used");
	}
	if (rc < 0) {
		omap_free(omap);
		return rc;
	}
	*ret_shared = (struct catalog_shared){ .ops = &omap_ops,
					       .store = omap,
					       .name = omap->name,
					       .commit_bytes_max = COMMIT_BYTES_MAX,
					       .items_max = ITEMS_MAX };
	return 0;
}
