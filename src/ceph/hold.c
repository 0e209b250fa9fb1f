/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose a pool is.  The object vds-pool in it has the id of its array, a lock with a lease, and a
 * row with the address by which the cluster knows the holder:
 *
 *	free --take--> held --renewed every RENEW_NS--> held --drop--> free
 *	held --the lease ends, or its holder has died on this host--> another vdsd takes the pool
 *
 * A lease alone stops nobody who wakes up late.  So whoever takes a pool that was not dropped puts
 * the former holder on the cluster's blocklist first: from then on the cluster refuses what that
 * one writes, and what is still under way of it.  On one host an abstract socket excludes two
 * holders, and disappears with its process; a vdsd that is started again after a crash need not
 * wait for the lease.
 *
 * A thread renews the leases, which at the same time shows that the cluster answers, and reads the
 * space of the pools.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "ceph/ceph_int.h"

#define MARKER_FORMAT "vds-pool 1 %s\n"
#define LOCK          "vds"
#define LEASE_S       30
#define RENEW_NS      (2 * NS_PER_S)
#define LOOK_NS       (10 * NS_PER_S) /* between two looks at space and health */
#define FENCE_S       (24 * 3600)     /* how long a former holder stays shut out */
#define LOCKERS_SIZE  4096

/* ---- the marker ---- */

static int
marker_write(struct ceph_pool *pool, bool exclusive)
{
	char text[80], id[GUID_TEXT_SIZE];
	rados_write_op_t op = rados_create_write_op();
	int len = snprintf(text, sizeof(text), MARKER_FORMAT, guid_format(&pool->array_id, id)), rc;

	if (op == NULL)
		return -ENOMEM;
	if (exclusive)
		rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, NULL);
	rados_write_op_write_full(op, text, (size_t)len);
	rc = rados_write_op_operate2(op, pool->io, CEPH_MARKER, NULL, 0);
	rados_release_write_op(op);
	return rc;
}

static int
marker_check(struct ceph_pool *pool)
{
	char text[81] = "", want[80], id[GUID_TEXT_SIZE];
	int rc;

	snprintf(want, sizeof(want), MARKER_FORMAT, guid_format(&pool->array_id, id));
	rc = rados_read(pool->io, CEPH_MARKER, text, sizeof(text) - 1, 0);
	if (rc == -ENOENT)
		return err_set(ERR_NOT_FOUND,
			       "%s is no pool of this array: its object " CEPH_MARKER " is missing",
			       pool->text);
	if (rc < 0)
		return ceph_explain(rc, "%s: the object " CEPH_MARKER " cannot be read",
				    pool->text);
	if (str_starts(text, "vds-pool ") && !str_starts(text, "vds-pool 1 "))
		return err_set(
			ERR_VERSION,
			"%s: a newer version of vdsd has written this pool: use that version",
			pool->text);
	if (!str_equal(text, want))
		return err_set(ERR_IN_USE,
			       "%s is a pool of another array, says its object " CEPH_MARKER,
			       pool->text);
	return 0;
}

static bool
has_rows(struct ceph_pool *pool)
{
	static const enum ceph_row rows[] = { CEPH_LUN, CEPH_NEW, CEPH_GONE };
	bool any = false;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ceph_table_entry *entries = NULL;

		any = any || ceph_table_list(pool, rows[i], &entries) != 0;
		mem_free(entries);
	}
	return any;
}

/* Makes the marker where there is none, and checks it. */
static int
marker_claim(struct ceph_pool *pool, enum array_pool_mode mode)
{
	int rc = array_pool_mode_opens(mode) ? 0 : marker_write(pool, true);

	if (rc == 0 || rc == -EEXIST)
		rc = marker_check(pool);
	else
		return ceph_explain(rc, "%s: the object " CEPH_MARKER " cannot be written",
				    pool->text);
	if (rc == ERR_IN_USE && mode == POOL_BEGIN && !has_rows(pool))
		rc = marker_write(pool, false);
	return rc;
}

/* ---- this host ---- */

/*
 * Names the owner of the lock: the first bytes of the host's id, or its name where it has none; a
 * gateway, of which there may be several on a host, by its connection.
 */
static void
name_owner(struct ceph_pool *pool, rados_t rados)
{
	char id[33] = "";
	FILE *file;

	if (pool->shared) {
		snprintf(pool->who, sizeof(pool->who), "gateway-%" PRIu64,
			 rados_get_instance_id(rados));
		return;
	}
	file = fopen("/etc/machine-id", "re");
	if (file != NULL && fgets(id, sizeof(id), file) == NULL)
		id[0] = '\0';
	if (file != NULL)
		fclose(file);
	id[strcspn(id, "\n")] = '\0';
	if (id[0] == '\0')
		(void)gethostname(id, sizeof(id) - 1);
	snprintf(pool->who, sizeof(pool->who), "host-%.16s", id);
}

/* Excludes other processes of this host. */
static int
lock_host(struct ceph_pool *pool, const char *fsid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
			   "vds-ceph/%s/%.30s/%.30s", fsid, pool->place.pool, pool->place.nspace);
	int fd;

	if (pool->host_fd >= 0 || pool->shared)
		return 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) < 0) {
		int error = errno;

		close(fd);
		return error == EADDRINUSE
			       ? err_set(ERR_LOCKED, "%s: another vdsd of this host uses this pool",
					 pool->text)
			       : -error;
	}
	pool->host_fd = fd;
	return 0;
}

static void
unlock_host(struct ceph_pool *pool)
{
	if (pool->host_fd >= 0)
		close(pool->host_fd);
	pool->host_fd = -1;
}

/* ---- the lock ---- */

/* Returns 0, -EBUSY (somebody else has it), -ENOENT (renews: the lease has ended) or -errno. */
static int
lock_take(struct ceph_pool *pool, bool renews)
{
	struct timeval lease = { .tv_sec = LEASE_S };
	uint8_t flags = renews ? LIBRADOS_LOCK_FLAG_MUST_RENEW : LIBRADOS_LOCK_FLAG_MAY_RENEW;
	char tag[GUID_TEXT_SIZE];
	int rc;

	if (pool->shared)
		rc = rados_lock_shared(pool->io, CEPH_MARKER, LOCK, pool->who,
				       guid_format(&pool->array_id, tag), "vdsd", &lease, flags);
	else
		rc = rados_lock_exclusive(pool->io, CEPH_MARKER, LOCK, pool->who, "vdsd", &lease,
					  flags);
	if (rc == 0)
		pool->renewed_ns = clock_mono_ns();
	return rc;
}

/* Says who has the lock: his name, and how the cluster knows him.  Returns 0 or -errno. */
static int
locker_find(struct ceph_pool *pool, char *who, char *client, size_t size)
{
	AUTO_FREE char *memory = mem_calloc(4, LOCKERS_SIZE);
	char *tag, *clients, *cookies, *addresses;
	size_t lens[4] = { LOCKERS_SIZE, LOCKERS_SIZE, LOCKERS_SIZE, LOCKERS_SIZE };
	int exclusive;
	ssize_t count;

	if (memory == NULL)
		return -ENOMEM;
	tag = memory;
	clients = tag + LOCKERS_SIZE;
	cookies = clients + LOCKERS_SIZE;
	addresses = cookies + LOCKERS_SIZE;
	count = rados_list_lockers(pool->io, CEPH_MARKER, LOCK, &exclusive, tag, &lens[0], clients,
				   &lens[1], cookies, &lens[2], addresses, &lens[3]);
	if (count <= 0)
		return count < 0 ? (int)count : -ENOENT;
	snprintf(who, size, "%s", cookies);
	snprintf(client, size, "%s", clients);
	return 0;
}

/*
 * Takes the lock.  One of a process of this host that is no more, as the socket shows, is broken;
 * the former holder is shut out afterwards, before anything is written.
 */
static int
lock_get(struct ceph_pool *pool)
{
	char who[128] = "", client[128] = "";
	int rc = lock_take(pool, false);

	if (rc == -EBUSY && locker_find(pool, who, client, sizeof(who)) == 0 &&
	    str_equal(who, pool->who) && !pool->shared) {
		(void)rados_break_lock(pool->io, CEPH_MARKER, LOCK, client, who);
		rc = lock_take(pool, false);
	}
	if (rc == -EBUSY)
		return err_set(ERR_LOCKED,
			       "%s: another vdsd of this array (%s) uses this pool; when it has "
			       "died, the pool is free %u s later",
			       pool->text, who, LEASE_S);
	return rc < 0 ? ceph_explain(rc, "%s: the lock cannot be taken", pool->text) : 0;
}

/* Shuts out those who had the pool before, and notes who has it now. */
static int
fence_former(struct ceph_pool *pool, rados_t rados)
{
	struct ceph_change change = { CEPH_HOLDER, pool->who, NULL };
	struct ceph_table_entry *entries = NULL;
	int count = ceph_table_list(pool, CEPH_HOLDER, &entries), rc = MIN(count, 0);
	char *own = NULL;

	if (rc == 0)
		rc = rados_getaddrs(rados, &own);
	for (int i = 0; rc == 0 && i < count; i++) {
		const bool ours = str_equal(entries[i].value, own);

		if (ours)
			continue;
		rc = rados_blocklist_add(rados, entries[i].value, FENCE_S);
		if (rc == 0)
			rc = rados_wait_for_latest_osdmap(rados);
		if (rc == 0 && !str_equal(entries[i].name, pool->who)) {
			const struct ceph_change gone = { CEPH_HOLDER, entries[i].name, NULL };

			rc = ceph_table_change(pool, &gone, 1);
		}
		log_info("ceph.fenced", "pool=%s holder=%s address=%s rc=%d", pool->text,
			 entries[i].name, entries[i].value, rc);
	}
	change.value = own;
	if (rc == 0)
		rc = ceph_table_change(pool, &change, 1);
	free(own);
	mem_free(entries);
	return rc < 0 ? ceph_explain(rc, "%s: its former user cannot be shut out", pool->text) : 0;
}

/* ---- taking and dropping ---- */

static int
check_namespace(struct ceph_pool *pool, rados_ioctx_t io)
{
	bool exists = true;
	int rc;

	if (pool->place.nspace[0] == '\0')
		return 0;
	rc = rbd_namespace_exists(io, pool->place.nspace, &exists);
	if (rc < 0)
		return ceph_explain(rc, "%s: the namespace cannot be looked up", pool->text);
	if (!exists)
		return err_set(ERR_INVALID,
			       "the pool %s of Ceph has no namespace %s: `rbd namespace create "
			       "%s/%s` makes it",
			       pool->place.pool, pool->place.nspace, pool->place.pool,
			       pool->place.nspace);
	rados_ioctx_set_namespace(io, pool->place.nspace);
	return 0;
}

/*
 * Connects, once in the life of the pool.  A write for which there is no space is answered and does
 * not wait for space (full_try); images inherit that.
 */
static int
reach(struct ceph_pool *pool)
{
	struct ceph_cluster *cluster;
	rados_ioctx_t io;
	int rc;

	if (atomic_load(&pool->cluster) != NULL)
		return 0;
	rc = ceph_cluster_get(&cluster);
	if (rc < 0)
		return ceph_is_away(rc) ? err_set(ERR_TIMEOUT, "%s", err_text(rc)) : rc;
	rc = rados_ioctx_create(ceph_cluster_rados(cluster), pool->place.pool, &io);
	if (rc < 0) {
		ceph_cluster_put(cluster);
		return rc == -ENOENT ? err_set(ERR_INVALID,
					       "the Ceph cluster has no pool %s: `ceph osd pool "
					       "create %s` and `rbd pool init %s` make one",
					       pool->place.pool, pool->place.pool, pool->place.pool)
				     : ceph_explain(rc, "%s", pool->text);
	}
	rc = check_namespace(pool, io);
	if (rc < 0) {
		rados_ioctx_destroy(io);
		ceph_cluster_put(cluster);
		return rc;
	}
	rados_set_pool_full_try(io);
	pool->io = io;
	atomic_store(&pool->cluster, cluster);
	return 0;
}

static void look(struct ceph_pool *pool);

int
ceph_hold_take(struct ceph_pool *pool, enum array_pool_mode mode)
{
	char fsid[40] = "";
	rados_t rados;
	int rc = reach(pool);

	if (rc == 0 && mode == POOL_LOOK)
		rc = marker_check(pool);
	if (rc == 0 && mode == POOL_LOOK)
		look(pool);
	if (rc < 0 || mode == POOL_LOOK)
		return rc;
	rados = ceph_cluster_rados(atomic_load(&pool->cluster));
	if (pool->who[0] == '\0')
		name_owner(pool, rados);
	(void)rados_cluster_fsid(rados, fsid, sizeof(fsid));
	rc = lock_host(pool, fsid);
	if (rc == 0)
		rc = marker_claim(pool, mode);
	if (rc == 0)
		rc = lock_get(pool);
	if (rc == 0 && !pool->shared)
		rc = fence_former(pool, rados);
	if (rc == -ESHUTDOWN)
		ceph_cluster_lost(atomic_load(&pool->cluster));
	if (rc < 0)
		unlock_host(pool);
	else
		look(pool);
	return rc;
}

void
ceph_hold_drop(struct ceph_pool *pool, bool give_up)
{
	const struct ceph_change change = { CEPH_HOLDER, pool->who, NULL };

	if (pool->renewed_ns != 0 && ceph_pool_usable(pool) == 0) {
		if (give_up && ceph_gone_remove(pool) == 0 && !has_rows(pool))
			(void)rados_remove(pool->io, CEPH_MARKER);
		else if (ceph_table_change(pool, &change, 1) == 0)
			(void)rados_unlock(pool->io, CEPH_MARKER, LOCK, pool->who);
	}
	unlock_host(pool);
}

/* ---- the thread ---- */

/* Finds "key":NUMBER behind `at` in JSON that a monitor has written. */
static bool
number_of(const char *at, const char *key, uint64_t *ret_value)
{
	const char *found = at != NULL ? strstr(at, key) : NULL;

	if (found == NULL)
		return false;
	*ret_value = strtoull(found + strlen(key), NULL, 10);
	return true;
}

/* Asks the monitor.  Returns the answer as text (mem_free) or NULL. */
static char *
ask(rados_t rados, const char *command)
{
	char *answer = NULL, *status = NULL, *text = NULL;
	size_t len = 0, status_len = 0;

	if (rados_mon_command(rados, &command, 1, "", 0, &answer, &len, &status, &status_len) == 0)
		text = str_ndup(answer != NULL ? answer : "", len);
	rados_buffer_free(answer);
	rados_buffer_free(status);
	return text;
}

/*
 * The pool's space is what its data may still become, after replication, with what it has.  Returns
 * whether a monitor has answered.
 */
static bool
look_at_space(struct ceph_pool *pool, rados_t rados)
{
	AUTO_FREE char *text = ask(rados, "{\"prefix\":\"df\",\"format\":\"json\"}");
	char name[CEPH_NAME_MAX + 12];
	uint64_t stored = 0, available = 0;
	const char *at;

	snprintf(name, sizeof(name), "\"name\":\"%s\"", pool->place.pool);
	at = text != NULL ? strstr(text, name) : NULL;
	if (!number_of(at, "\"stored\":", &stored) || !number_of(at, "\"max_avail\":", &available))
		return text != NULL;
	pthread_mutex_lock(&pool->lock);
	pool->space = (struct array_pool_space){ stored + available, available };
	pool->space_is_known = true;
	pthread_mutex_unlock(&pool->lock);
	return true;
}

/* Says once what the cluster complains of. */
static void
note_health(struct ceph_pool *pool, const char *health)
{
	char quoted[2 * sizeof(pool->health)];

	if (str_equal(health, pool->health))
		return;
	if (health[0] != '\0')
		log_warning("ceph.health", "pool=%s reason=%s", pool->text,
			    log_quote(health, quoted, sizeof(quoted)));
	else
		log_info("ceph.health", "pool=%s reason=\"all is well again\"", pool->text);
	snprintf(pool->health, sizeof(pool->health), "%s", health);
}

/*
 * What a pool may still become is a guess from the fullest OSD, and has no quota in it.  That
 * writes are refused, the monitors say for certain: there is no space then, whatever the guess.
 */
static void
look_at_fullness(struct ceph_pool *pool, const char *health)
{
	char full[CEPH_NAME_MAX + 24];

	snprintf(full, sizeof(full), "pool '%s' is full", pool->place.pool);
	if (strstr(health, full) == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->space.free_bytes = 0;
	pthread_mutex_unlock(&pool->lock);
}

/* Finds the first complaint, such as a lost OSD, and whether the pool is full. */
static void
look_at_health(struct ceph_pool *pool, rados_t rados)
{
	static const char message[] = "\"message\":\"";
	AUTO_FREE char *text = ask(rados, "{\"prefix\":\"health\",\"detail\":\"detail\","
					  "\"format\":\"json\"}");
	const char *at;
	char health[sizeof(pool->health)] = "";

	if (text == NULL)
		return;
	look_at_fullness(pool, text);
	at = strstr(text, "\"status\":\"HEALTH_OK\"") == NULL ? strstr(text, message) : NULL;
	if (at != NULL) {
		at += sizeof(message) - 1;
		snprintf(health, sizeof(health), "%.*s", (int)MIN(strcspn(at, "\""), (size_t)150),
			 at);
	}
	note_health(pool, health);
}

/* The caller holds work. */
static void
look(struct ceph_pool *pool)
{
	rados_t rados = ceph_cluster_rados(atomic_load(&pool->cluster));

	if (look_at_space(pool, rados))
		look_at_health(pool, rados);
	else
		note_health(pool, "no monitor of the cluster answers; what is open goes on");
	pool->looked_ns = clock_mono_ns();
}

/* Renews the lease.  Returns 0, or an error with a text. */
static int
renew(struct ceph_pool *pool)
{
	int rc = lock_take(pool, true);

	if (rc == -ENOENT) /* it has ended, but nobody need have taken the pool */
		return ceph_hold_take(pool, POOL_OPEN);
	if (rc == -EBUSY)
		return err_set(ERR_LOCKED, "%s: another vdsd has taken this pool", pool->text);
	return rc < 0 ? ceph_explain(rc, "%s", pool->text) : 0;
}

/* The caller holds work. */
static void
tend(struct ceph_pool *pool)
{
	bool was_away = ceph_pool_usable(pool) == ERR_TIMEOUT;
	int rc = pool->renewed_ns == 0 ? ceph_hold_take(pool, POOL_OPEN) : renew(pool);

	if (rc == ERR_TIMEOUT) {
		if (!was_away)
			log_warning("ceph.away", "pool=%s reason=\"%s\"", pool->text, err_text(rc));
		ceph_pool_set_state(pool, CEPH_POOL_AWAY, rc, err_text(rc));
		return;
	}
	if (rc == -ENOMEM)
		return;
	if (rc < 0) {
		log_error("ceph.lost", "pool=%s reason=\"%s\"", pool->text, err_text(rc));
		ceph_pool_set_state(pool, CEPH_POOL_LOST, rc, err_text(rc));
		if (rc == -ESHUTDOWN)
			ceph_cluster_lost(atomic_load(&pool->cluster));
		return;
	}
	ceph_pool_set_state(pool, CEPH_POOL_HELD, 0, "");
	if (was_away) {
		log_info("ceph.back", "pool=%s", pool->text);
		ceph_gone_wake();
	}
	if (was_away || clock_mono_ns() - pool->looked_ns > LOOK_NS)
		look(pool);
}

static void
tend_pool(struct ceph_pool *pool)
{
	pthread_mutex_lock(&pool->work);
	if (!atomic_load(&pool->closed) && !ceph_pool_is_lost(pool))
		tend(pool);
	pthread_mutex_unlock(&pool->work);
}

static void
tend_pools(void)
{
	ceph_pool_each(tend_pool);
}

static struct ceph_rounds rounds = {
	.name = "ceph-hold",
	.each_ns = RENEW_NS,
	.run = tend_pools,
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

int
ceph_hold_start(void)
{
	return ceph_rounds_start(&rounds);
}

void
ceph_hold_stop(void)
{
	ceph_rounds_stop(&rounds);
}
