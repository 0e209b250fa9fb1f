/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What gateways need of the cluster (array/cluster.h), by RADOS.
 *
 *	NAME.gw.ID	an object for each gateway, in the pool of the catalog: its lease is an
 *			exclusive lock with a duration; it watches the object, and a call is a
 *			notification to it, whose acknowledgement is the answer
 *	vds.owner.ID	an object for each LUN, in the LUN's pool: its attribute `owner` is the
 *			epoch as 16 digits, a blank, and the owner's id
 *
 * A fence is an entry in the blocklist of the OSD map.  The cluster refuses a client in it as soon
 * as the OSD has the map, and an OSD gets the map of each request before the request is carried
 * out; so whoever has waited for the newest map reaches no OSD that still accepts the fenced
 * client.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "array/cluster.h"
#include "base/err.h"
#include "base/guid.h"
#include "base/mem.h"
#include "base/str.h"
#include "ceph/ceph_int.h"

#define LOCK_NAME   "lease"
#define COOKIE      "gateway"
#define WATCH_S     10u /* how long the watch of a killed process stays, if nobody fences it */
/* Fences are for good: nobody can tell when the last message of a client that sleeps arrives. */
#define FENCE_S     (10u * 365 * 24 * 3600)
#define OWNER_SIZE  64u
#define OBJECT_SIZE 192u
#define CLIENT_SIZE 512u

struct ceph_member {
	struct ceph_cluster *cluster; /* a reference */
	rados_ioctx_t io;
	char *name, *object; /* owned; the second after join */
	uint32_t lease_ms;
	const struct array_cluster_events *events;
	/* the thread of join, renewals and leave: */
	uint64_t watch;
	bool watches;
	atomic_bool watch_broken;
};

/* A call that waits for its answer. */
struct ceph_member_call {
	uint64_t notification, watch;
};

/* Sets the text of an error.  Returns it; -ESHUTDOWN notes that the client is fenced. */
static int
failed(struct ceph_member *member, int rc, const char *what)
{
	if (rc == -ESHUTDOWN)
		ceph_cluster_lost(member->cluster);
	return rc < 0 ? err_set(rc, "%s: %s", what, strerror(-rc)) : rc;
}

static char *
gateway_object(const struct ceph_member *member, const struct guid *gateway)
{
	char id[GUID_TEXT_SIZE];

	return str_printf("%s.gw.%s", member->name, guid_format(gateway, id));
}

int
ceph_member_new(const char *pool, const char *name, void (*lost)(void *arg), void *arg,
		void **ret_member)
{
	struct ceph_member *member = mem_calloc(1, sizeof(*member));
	int rc = member == NULL ? -ENOMEM : ceph_cluster_get(&member->cluster);

	if (rc == 0) {
		rc = rados_ioctx_create(ceph_cluster_rados(member->cluster), pool, &member->io);
		if (rc < 0)
			rc = err_set(rc, "the pool %s of the catalog cannot be used: %s", pool,
				     strerror(-rc));
	}
	if (rc == 0) {
		member->name = str_dup(name);
		rc = member->name == NULL ? -ENOMEM : 0;
	}
	if (rc < 0) {
		ceph_member_free(member);
		return rc;
	}
	ceph_cluster_bind(lost, arg);
	*ret_member = member;
	return 0;
}

void
ceph_member_free(void *arg)
{
	struct ceph_member *member = arg;

	if (member == NULL)
		return;
	if (member->io != NULL)
		rados_ioctx_destroy(member->io);
	ceph_cluster_put(member->cluster);
	mem_free(member->name);
	mem_free(member->object);
	mem_free(member);
}

/* ---- calls to this gateway ---- */

/* A thread of librados. */
static void
on_call(void *arg, uint64_t notification, uint64_t watch, uint64_t from, void *payload,
	size_t bytes)
{
	struct ceph_member *member = arg;
	struct ceph_member_call *call = mem_calloc(1, sizeof(*call));

	if (call == NULL)
		return; /* who calls gets no answer in time */
	call->notification = notification;
	call->watch = watch;
	member->events->called(member->events->arg, call, from, payload, bytes);
}

static void
on_watch_error(void *arg, uint64_t watch, int error)
{
	struct ceph_member *member = arg;

	(void)watch;
	(void)error;
	atomic_store(&member->watch_broken, true);
}

static int
watch(struct ceph_member *member)
{
	int rc;

	if (member->watches)
		(void)rados_unwatch2(member->io, member->watch);
	member->watches = false;
	atomic_store(&member->watch_broken, false);
	rc = rados_watch3(member->io, member->object, &member->watch, on_call, on_watch_error,
			  WATCH_S, member);
	member->watches = rc == 0;
	if (rc < 0)
		atomic_store(&member->watch_broken, true);
	return rc;
}

static void
op_answer(void *cluster, void *call, const void *reply, size_t bytes)
{
	struct ceph_member *member = cluster;
	struct ceph_member_call *c = call;

	(void)rados_notify_ack(member->io, member->object, c->notification, c->watch, reply,
			       (int)bytes);
	mem_free(c);
}

/* ---- joining and the lease ---- */

/* Makes the object, where it is missing: what is compared must be there. */
static int
make_object(rados_ioctx_t io, const char *object)
{
	rados_write_op_t op = rados_create_write_op();
	int rc;

	rados_write_op_create(op, LIBRADOS_CREATE_IDEMPOTENT, NULL);
	rc = rados_write_op_operate(op, io, object, NULL, 0);
	rados_release_write_op(op);
	return rc;
}

static int
op_join(void *cluster, const struct guid *gateway, uint32_t lease_ms,
	const struct array_cluster_events *events, char **ret_instance)
{
	struct ceph_member *member = cluster;
	char *addresses = NULL;
	int rc;

	member->lease_ms = lease_ms;
	member->events = events;
	if (member->object == NULL)
		member->object = gateway_object(member, gateway);
	if (member->object == NULL)
		return -ENOMEM;
	rc = make_object(member->io, member->object);
	if (rc == 0)
		rc = watch(member);
	if (rc == 0)
		rc = rados_getaddrs(ceph_cluster_rados(member->cluster), &addresses);
	if (rc < 0)
		return failed(member, rc, "the gateway's object cannot be made");
	*ret_instance = str_dup(addresses);
	free(addresses);
	return *ret_instance == NULL ? -ENOMEM : 0;
}

static int
lock(struct ceph_member *member, uint8_t flags)
{
	struct timeval duration = { .tv_sec = member->lease_ms / 1000,
				    .tv_usec = (member->lease_ms % 1000) * 1000 };

	if (atomic_load(&member->watch_broken))
		(void)watch(member);
	return rados_lock_exclusive(member->io, member->object, LOCK_NAME, COOKIE, "", &duration,
				    flags);
}

static int
op_lease_take(void *cluster)
{
	struct ceph_member *member = cluster;
	int rc = lock(member, LIBRADOS_LOCK_FLAG_MAY_RENEW);

	return rc == -EBUSY ? rc : failed(member, rc, "the lease of the gateway cannot be taken");
}

static int
op_lease_renew(void *cluster)
{
	struct ceph_member *member = cluster;
	int rc = lock(member, LIBRADOS_LOCK_FLAG_MUST_RENEW);

	return rc == -ENOENT || rc == -EBUSY
		       ? rc
		       : failed(member, rc, "the lease of the gateway cannot be renewed");
}

/*
 * Reads who has the lease of a gateway: as "client.4123", of CLIENT_SIZE bytes; "" = it is not
 * known who.  Returns 1, 0 (nobody) or an error.
 */
static int
holder_of(struct ceph_member *member, const struct guid *gateway, char *ret_client)
{
	AUTO_FREE char *object = gateway_object(member, gateway);
	char tag[64], cookies[512], addresses[1024];
	size_t tag_len = sizeof(tag), client_len = CLIENT_SIZE, cookies_len = sizeof(cookies),
	       addresses_len = sizeof(addresses);
	int exclusive = 0;
	ssize_t count;

	if (object == NULL)
		return -ENOMEM;
	count = rados_list_lockers(member->io, object, LOCK_NAME, &exclusive, tag, &tag_len,
				   ret_client, &client_len, cookies, &cookies_len, addresses,
				   &addresses_len);
	if (count < 0 && count != -ENOENT && count != -ERANGE)
		return failed(member, (int)count, "the lease of a gateway cannot be read");
	if (count <= 0)
		ret_client[0] = '\0';
	return count > 0 || count == -ERANGE;
}

static int
op_lease_of(void *cluster, const struct guid *gateway, bool *ret_held)
{
	char client[CLIENT_SIZE];
	int rc = holder_of(cluster, gateway, client);

	if (rc < 0)
		return rc;
	*ret_held = rc > 0;
	return 0;
}

/* The objects of gateways say which there have been: they stay when the catalog is lost. */
static int
op_gateways(void *cluster, int (*each)(void *arg, const struct guid *gateway), void *arg)
{
	struct ceph_member *member = cluster;
	AUTO_FREE char *prefix = str_printf("%s.gw.", member->name);
	rados_list_ctx_t list = NULL;
	const char *object;
	struct guid id;
	int rc = prefix == NULL ? -ENOMEM : rados_nobjects_list_open(member->io, &list);
	int each_rc = 0;

	while (rc == 0 && each_rc == 0) {
		rc = rados_nobjects_list_next(list, &object, NULL, NULL);
		if (rc == 0 && str_starts(object, prefix) &&
		    guid_parse(object + strlen(prefix), &id) == 0)
			each_rc = each(arg, &id);
	}
	if (list != NULL)
		rados_nobjects_list_close(list);
	if (each_rc != 0)
		return each_rc;
	return rc == -ENOENT ? 0 : failed(member, rc, "the gateways cannot be listed");
}

static int
op_lease_is_of(void *cluster, const struct guid *gateway, uint64_t client, bool *ret_is)
{
	char holder[CLIENT_SIZE], asked[CLIENT_SIZE];
	int rc = holder_of(cluster, gateway, holder);

	if (rc < 0)
		return rc;
	snprintf(asked, sizeof(asked), "client.%" PRIu64, client);
	*ret_is = str_equal(holder, asked);
	return 0;
}

static void
op_leave(void *cluster)
{
	struct ceph_member *member = cluster;

	if (member->object != NULL)
		(void)rados_unlock(member->io, member->object, LOCK_NAME, COOKIE);
	if (member->watches)
		(void)rados_unwatch2(member->io, member->watch);
	member->watches = false;
	(void)rados_watch_flush(ceph_cluster_rados(member->cluster));
}

/* ---- calls to others ---- */

/* The first acknowledgement in a reply.  Returns 0, -ETIMEDOUT (there is none) or -ENOMEM. */
static int
first_answer(char *reply, size_t bytes, void **ret_reply, size_t *ret_bytes)
{
	struct notify_ack_t *acks = NULL;
	struct notify_timeout_t *late = NULL;
	size_t ack_count = 0, late_count = 0;
	int rc = rados_decode_notify_response(reply, bytes, &acks, &ack_count, &late, &late_count);

	if (rc == 0 && ack_count == 0)
		rc = late_count > 0 ? -ETIMEDOUT : -ENOENT;
	if (rc == 0) {
		*ret_bytes = acks[0].payload_len;
		*ret_reply = mem_calloc(1, *ret_bytes + 1);
		if (*ret_reply == NULL)
			rc = -ENOMEM;
		else if (*ret_bytes > 0)
			memcpy(*ret_reply, acks[0].payload, *ret_bytes);
	}
	rados_free_notify_response(acks, ack_count, late);
	return rc;
}

static int
op_call(void *cluster, const struct guid *gateway, const void *payload, size_t bytes,
	uint32_t timeout_ms, void **ret_reply, size_t *ret_bytes)
{
	struct ceph_member *member = cluster;
	AUTO_FREE char *object = gateway_object(member, gateway);
	char *reply = NULL;
	size_t reply_bytes = 0;
	int rc, answer;

	if (object == NULL)
		return -ENOMEM;
	rc = rados_notify2(member->io, object, payload, (int)bytes, timeout_ms, &reply,
			   &reply_bytes);
	/* also after a time-out: the watch of a process that has died may still be there */
	answer = reply != NULL && (rc == 0 || rc == -ETIMEDOUT)
			 ? first_answer(reply, reply_bytes, ret_reply, ret_bytes)
			 : -ETIMEDOUT;
	rados_buffer_free(reply);
	if (answer == 0)
		return 0;
	return failed(member, rc < 0 ? rc : answer, "the other gateway does not answer");
}

/* ---- fences ---- */

static int
op_fence(void *cluster, const char *instance)
{
	struct ceph_member *member = cluster;
	rados_t rados = ceph_cluster_rados(member->cluster);
	AUTO_FREE char *address = str_dup(instance);
	int rc = address == NULL ? -ENOMEM : rados_blocklist_add(rados, address, FENCE_S);

	if (rc == 0)
		rc = rados_wait_for_latest_osdmap(rados);
	return failed(member, rc, "the gateway cannot be fenced");
}

static int
op_fenced(void *cluster, bool *ret_fenced)
{
	struct ceph_member *member = cluster;
	uint64_t bytes;
	time_t when;
	int rc = rados_wait_for_latest_osdmap(ceph_cluster_rados(member->cluster));

	/* a request tells, since the map is not shown */
	if (rc == 0)
		rc = rados_stat(member->io, member->object, &bytes, &when);
	if (rc == -ESHUTDOWN)
		ceph_cluster_lost(member->cluster);
	if (rc < 0 && rc != -ESHUTDOWN && rc != -ENOENT)
		return failed(member, rc, "the newest map of the cluster cannot be had");
	*ret_fenced = rc == -ESHUTDOWN;
	return 0;
}

/* ---- claims ---- */

/* A claim on its way to the cluster. */
struct claiming {
	struct array_cluster_claim *claim;
	rados_ioctx_t io;        /* NULL = nothing is to be asked for */
	bool owns_io;            /* others have the same */
	rados_completion_t done; /* NULL = not asked for */
	char object[OBJECT_SIZE], owner[OWNER_SIZE];
};

/* The pool of a place "rbd:POOL…"; the caller frees it. */
static char *
pool_of(const char *place)
{
	const char *begin = strncmp(place, "rbd:", 4) == 0 ? place + 4 : NULL;

	return begin != NULL ? str_printf("%.*s", (int)strcspn(begin, "/"), begin) : NULL;
}

/* Opens the pool of claims[at], or uses that of a claim before it.  Returns 0 or -errno. */
static int
claim_init(struct ceph_member *member, struct claiming *claims, size_t at,
	   struct array_cluster_claim *claim, const struct guid *owner)
{
	AUTO_FREE char *pool = pool_of(claim->place);
	struct claiming *c = &claims[at];
	char lun[GUID_TEXT_SIZE], id[GUID_TEXT_SIZE];
	int rc;

	c->claim = claim;
	snprintf(c->object, sizeof(c->object), "vds.owner.%s", guid_format(&claim->lun_id, lun));
	snprintf(c->owner, sizeof(c->owner), "%016" PRIx64 " %s", claim->epoch,
		 guid_format(owner, id));
	for (size_t i = 0; i < at && c->io == NULL; i++)
		if (str_equal(claims[i].claim->place, claim->place))
			c->io = claims[i].io;
	if (pool == NULL || c->io != NULL)
		return 0; /* without a pool: a place of this host only */
	rc = rados_ioctx_create(ceph_cluster_rados(member->cluster), pool, &c->io);
	c->owns_io = rc == 0;
	if (rc < 0)
		c->io = NULL;
	return rc;
}

/*
 * Asks for the attribute to be set.  makes: if the object is not there (-EEXIST: it is).
 * Otherwise: if the object has no greater epoch (-ECANCELED: it has; -ENOENT: there is no object to
 * compare with).
 */
static int
claim_ask(struct claiming *c, bool makes)
{
	rados_write_op_t op = rados_create_write_op();
	char bound[OWNER_SIZE];
	int rc = op != NULL ? rados_aio_create_completion2(NULL, NULL, &c->done) : -ENOMEM;

	if (rc == 0) {
		/* texts with the epoch first, in one length; '~' comes after a blank and any id */
		snprintf(bound, sizeof(bound), "%016" PRIx64 "~", c->claim->epoch);
		if (makes)
			rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, NULL);
		else
			rados_write_op_cmpxattr(op, "owner", LIBRADOS_CMPXATTR_OP_GT, bound,
						strlen(bound));
		rados_write_op_setxattr(op, "owner", c->owner, strlen(c->owner));
		rc = rados_aio_write_op_operate(op, c->io, c->done, c->object, NULL, 0);
		if (rc < 0)
			rados_aio_release(TAKE(c->done));
	}
	rados_release_write_op(op);
	return rc;
}

/* Asks for those claims whose rc is this one, at the same time, and waits for the answers. */
static void
claims_ask(struct claiming *claims, size_t count, int which, bool makes)
{
	for (size_t i = 0; i < count; i++)
		if (claims[i].io != NULL && claims[i].claim->rc == which)
			claims[i].claim->rc = claim_ask(&claims[i], makes);
	for (size_t i = 0; i < count; i++) {
		struct claiming *c = &claims[i];

		if (c->done == NULL)
			continue;
		rados_aio_wait_for_complete(c->done);
		c->claim->rc = rados_aio_get_return_value(c->done);
		rados_aio_release(TAKE(c->done));
	}
}

/* Sets the text of the last error. */
static void
op_lun_claim(void *cluster, const struct guid *owner, struct array_cluster_claim *claims,
	     size_t count)
{
	struct ceph_member *member = cluster;
	AUTO_FREE struct claiming *all = mem_calloc(count, sizeof(*all));

	for (size_t i = 0; i < count; i++)
		claims[i].rc = all != NULL ? claim_init(member, all, i, &claims[i], owner)
					   : -ENOMEM;
	if (all == NULL)
		return;
	claims_ask(all, count, 0, false);
	/* a LUN that nobody has owned yet, unless somebody makes the object at this moment */
	claims_ask(all, count, -ENOENT, true);
	claims_ask(all, count, -EEXIST, false);
	for (size_t i = 0; i < count; i++) {
		if (all[i].owns_io)
			rados_ioctx_destroy(all[i].io);
		if (claims[i].rc == -ECANCELED)
			claims[i].rc = err_set(-ESTALE, "the LUN has a newer owner");
		else
			(void)failed(member, claims[i].rc, "the owner of a LUN cannot be noted");
	}
}

static bool
op_in_doubt(void *cluster)
{
	(void)cluster;
	return ceph_cluster_is_in_doubt();
}

const struct array_cluster_ops ceph_member_ops = {
	.join = op_join,
	.lease_take = op_lease_take,
	.lease_renew = op_lease_renew,
	.lease_of = op_lease_of,
	.gateways = op_gateways,
	.call = op_call,
	.answer = op_answer,
	.lease_is_of = op_lease_is_of,
	.fence = op_fence,
	.fenced = op_fenced,
	.lun_claim = op_lun_claim,
	.in_doubt = op_in_doubt,
	.leave = op_leave,
};
