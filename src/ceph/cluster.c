/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection to the Ceph cluster: one for everything that vdsd does with Ceph, made at the
 * first use.  librados reconnects by itself to daemons that were away.  A client that was put on
 * the blocklist stays there for its life, so that what was shut out goes on only with a new
 * connection.  Any thread except those of the data path.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "ceph/ceph_int.h"

#define RETRY_NS (2 * NS_PER_S) /* after a failure; the verifier's rounds are longer */

struct ceph_cluster {
	rados_t rados;
	unsigned refs; /* lock */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct module_ceph_settings settings;
static struct ceph_cluster *current; /* with a reference; NULL = not connected */
static uint64_t failed_ns;           /* when the last try has failed; 0 = it has not */
static int failed_error;
static char failed_why[400];
static void (*lost_function)(void *arg); /* ceph_cluster_bind; NULL = not bound */
static void *lost_arg;
static bool is_lost; /* for good: the connection is bound, and is refused */
static atomic_bool in_doubt;

void
ceph_cluster_begin(const struct module_ceph_settings *given)
{
	settings = *given;
}

unsigned
ceph_cluster_timeout_s(void)
{
	return settings.timeout_s;
}

bool
ceph_is_away(int error)
{
	return error == -ETIMEDOUT || error == -ENOTCONN || error == -ECONNREFUSED ||
	       error == -EHOSTUNREACH || error == -ENETUNREACH;
}

/*
 * Sets what must be so, whatever ceph.conf says.  Without the time limits an operation waits for a
 * lost daemon without end.  With a cache, two clients of an image would see different data, and a
 * write would not be durable when it completes.  A discard below the granularity would silently do
 * nothing.  Writes copy the data: after its time limit an operation ends, and the buffer is used
 * for something else, while the message with it may still be sent.
 */
static int
configure(rados_t rados)
{
	char seconds[16];
	const struct {
		const char *name, *value;
	} options[] = {
		{ "rados_osd_op_timeout", seconds },
		{ "rados_mon_op_timeout", seconds },
		{ "client_mount_timeout", seconds },
		{ "rbd_cache", "false" },
		{ "rbd_discard_granularity_bytes", "4096" },
		{ "rbd_disable_zero_copy_writes", "true" },
		{ "log_to_stderr", "false" },
		{ "err_to_stderr", "false" },
	};

	snprintf(seconds, sizeof(seconds), "%u", settings.timeout_s);
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		int rc = rados_conf_set(rados, options[i].name, options[i].value);

		if (rc < 0)
			return err_set(rc, "librados does not know the setting %s",
				       options[i].name);
	}
	return 0;
}

static int
explain(int error)
{
	if (ceph_is_away(error))
		return err_set(error,
			       "the Ceph cluster of %s does not answer within %u s: see `ceph -s`",
			       settings.conf, settings.timeout_s);
	if (error == -EACCES || error == -EPERM)
		return err_set(
			error,
			"the Ceph cluster does not accept client.%s: see that `ceph auth get "
			"client.%s` has the key that is in its keyring here, and that vdsd "
			"may read that file",
			settings.user, settings.user);
	if (error == -ENOENT)
		return err_set(
			error,
			"there is no keyring for client.%s on this host, or its monitors are "
			"unknown: see docs/ceph.md",
			settings.user);
	return err_set(error, "cannot connect to the Ceph cluster of %s as client.%s: %s",
		       settings.conf, settings.user, strerror(-error));
}

static int
connect_to(rados_t rados)
{
	int rc = rados_conf_read_file(rados, settings.conf);

	if (rc < 0)
		return err_set(rc, "%s cannot be read: %s", settings.conf, strerror(-rc));
	rc = configure(rados);
	if (rc == 0)
		rc = rados_connect(rados);
	else
		return rc;
	return rc < 0 ? explain(rc) : 0;
}

/* With the lock. */
static int
connect_now(struct ceph_cluster **ret_cluster)
{
	struct ceph_cluster *cluster = mem_calloc(1, sizeof(*cluster));
	char user[128];
	int rc;

	if (cluster == NULL)
		return -ENOMEM;
	snprintf(user, sizeof(user), "client.%s", settings.user);
	rc = rados_create2(&cluster->rados, "ceph", user, 0);
	if (rc == 0) {
		rc = connect_to(cluster->rados);
		if (rc < 0)
			rados_shutdown(cluster->rados);
	}
	if (rc < 0) {
		mem_free(cluster);
		return rc;
	}
	cluster->refs = 1;
	*ret_cluster = cluster;
	log_info("ceph.connected", "conf=%s user=client.%s instance=%llu", settings.conf,
		 settings.user, (unsigned long long)rados_get_instance_id(cluster->rados));
	return 0;
}

/* With the lock. */
static int
connect_again(void)
{
	uint64_t now_ns = clock_mono_ns();
	int rc;

	if (failed_ns != 0 && now_ns - failed_ns < RETRY_NS)
		return err_set(failed_error, "%s", failed_why);
	rc = connect_now(&current);
	failed_ns = 0;
	if (rc < 0 && rc != -ENOMEM) {
		failed_ns = clock_mono_ns();
		failed_error = rc;
		snprintf(failed_why, sizeof(failed_why), "%s", err_text(rc));
	}
	return rc;
}

int
ceph_cluster_get(struct ceph_cluster **ret_cluster)
{
	int rc = 0;

	pthread_mutex_lock(&lock);
	if (is_lost)
		rc = err_set(-ESHUTDOWN, "other gateways have fenced this one");
	else if (current == NULL)
		rc = connect_again();
	if (rc == 0) {
		current->refs++;
		*ret_cluster = current;
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

void
ceph_cluster_put(struct ceph_cluster *cluster)
{
	bool last;

	if (cluster == NULL)
		return;
	pthread_mutex_lock(&lock);
	last = --cluster->refs == 0;
	pthread_mutex_unlock(&lock);
	if (!last)
		return;
	rados_shutdown(cluster->rados);
	mem_free(cluster);
}

rados_t
ceph_cluster_rados(const struct ceph_cluster *cluster)
{
	return cluster->rados;
}

void
ceph_cluster_bind(void (*lost)(void *arg), void *arg)
{
	pthread_mutex_lock(&lock);
	lost_function = lost;
	lost_arg = arg;
	pthread_mutex_unlock(&lock);
}

bool
ceph_cluster_is_bound(void)
{
	bool bound;

	pthread_mutex_lock(&lock);
	bound = lost_function != NULL;
	pthread_mutex_unlock(&lock);
	return bound;
}

void
ceph_cluster_lost(struct ceph_cluster *cluster)
{
	void (*lost)(void *arg);
	bool ours;

	pthread_mutex_lock(&lock);
	ours = current == cluster;
	lost = ours ? lost_function : NULL;
	is_lost = is_lost || lost != NULL;
	if (ours) {
		current = NULL;
		log_error("ceph.blocklisted",
			  "instance=%llu reason=\"the cluster refuses this client; see `ceph osd "
			  "blocklist ls`\"",
			  (unsigned long long)rados_get_instance_id(cluster->rados));
	}
	pthread_mutex_unlock(&lock);
	if (lost != NULL)
		lost(lost_arg);
	if (ours)
		ceph_cluster_put(cluster);
}

void
ceph_cluster_doubt(void)
{
	if (!atomic_exchange(&in_doubt, true))
		log_warning("ceph.doubt",
			    "reason=\"the cluster has not answered a change in time: it may still "
			    "carry it out\" timeout_s=%u",
			    settings.timeout_s);
}

bool
ceph_cluster_is_in_doubt(void)
{
	return atomic_load(&in_doubt);
}

void
ceph_cluster_end(void)
{
	struct ceph_cluster *cluster;

	pthread_mutex_lock(&lock);
	cluster = current;
	current = NULL;
	pthread_mutex_unlock(&lock);
	ceph_cluster_put(cluster);
}
