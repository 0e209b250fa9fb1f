/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_cluster.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/guid.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"

#define CLIENTS 16u

struct fake_client {
	struct fake_cluster *cluster;
	unsigned number;
	struct guid gateway;
	uint32_t lease_ms;
	const struct array_cluster_events *events;
	bool joined, fenced, cut, doubt, holds, held;
	unsigned mute, answered, claims, maps;
	unsigned calling; /* calls of `called` that have not returned; `leave` waits for them */
	uint64_t lease_end_ns; /* 0 = none */
};

struct fake_claim {
	struct guid lun_id;
	uint64_t epoch;
};

struct fake_cluster {
	pthread_mutex_t lock; /* guards everything, the clients and calls too */
	pthread_cond_t answered, released, called;
	struct fake_client clients[CLIENTS];
	unsigned count;
	struct guid_map claims; /* struct fake_claim */
	/* all, until the end: one that nobody waits for any more may still be answered */
	struct fake_call *calls;
};

struct fake_call {
	struct fake_call *next;
	bool done;
	void *reply; /* of one that nobody waited for */
	size_t bytes;
};

struct fake_cluster *
fake_cluster_new(void)
{
	struct fake_cluster *cluster = mem_calloc(1, sizeof(*cluster));
	pthread_condattr_t attr;

	pthread_mutex_init(&cluster->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&cluster->answered, &attr);
	pthread_condattr_destroy(&attr);
	pthread_cond_init(&cluster->released, NULL);
	pthread_cond_init(&cluster->called, NULL);
	guid_map_init(&cluster->claims);
	return cluster;
}

void
fake_cluster_free(struct fake_cluster *cluster)
{
	struct fake_claim *claim;

	for (size_t i = 0; (claim = guid_map_next(&cluster->claims, &i)) != NULL;)
		mem_free(claim);
	guid_map_fini(&cluster->claims);
	for (struct fake_call *call; (call = cluster->calls) != NULL;) {
		cluster->calls = call->next;
		mem_free(call->reply);
		mem_free(call);
	}
	pthread_mutex_destroy(&cluster->lock);
	pthread_cond_destroy(&cluster->answered);
	pthread_cond_destroy(&cluster->released);
	pthread_cond_destroy(&cluster->called);
	mem_free(cluster);
}

struct fake_client *
fake_client_new(struct fake_cluster *cluster)
{
	struct fake_client *client;

	pthread_mutex_lock(&cluster->lock);
	client = &cluster->clients[cluster->count];
	client->cluster = cluster;
	client->number = cluster->count++;
	pthread_mutex_unlock(&cluster->lock);
	return client;
}

uint64_t
fake_client_number(const struct fake_client *client)
{
	return client->number;
}

void
fake_client_cut(struct fake_client *client, bool cut)
{
	pthread_mutex_lock(&client->cluster->lock);
	client->cut = cut;
	pthread_mutex_unlock(&client->cluster->lock);
}

void
fake_client_hold_claims(struct fake_client *client, bool hold)
{
	pthread_mutex_lock(&client->cluster->lock);
	client->holds = hold;
	pthread_cond_broadcast(&client->cluster->released);
	pthread_mutex_unlock(&client->cluster->lock);
}

bool
fake_client_is_held(struct fake_client *client)
{
	bool held;

	pthread_mutex_lock(&client->cluster->lock);
	held = client->held;
	pthread_mutex_unlock(&client->cluster->lock);
	return held;
}

bool
fake_client_is_fenced(struct fake_client *client)
{
	bool fenced;

	pthread_mutex_lock(&client->cluster->lock);
	fenced = client->fenced;
	pthread_mutex_unlock(&client->cluster->lock);
	return fenced;
}

void
fake_client_mute(struct fake_client *client, unsigned calls)
{
	pthread_mutex_lock(&client->cluster->lock);
	client->mute = calls;
	pthread_mutex_unlock(&client->cluster->lock);
}

unsigned
fake_client_answered(struct fake_client *client)
{
	unsigned answered;

	pthread_mutex_lock(&client->cluster->lock);
	answered = client->answered;
	pthread_mutex_unlock(&client->cluster->lock);
	return answered;
}

unsigned
fake_client_claims(struct fake_client *client)
{
	unsigned claims;

	pthread_mutex_lock(&client->cluster->lock);
	claims = client->claims;
	pthread_mutex_unlock(&client->cluster->lock);
	return claims;
}

unsigned
fake_client_maps(struct fake_client *client)
{
	unsigned maps;

	pthread_mutex_lock(&client->cluster->lock);
	maps = client->maps;
	pthread_mutex_unlock(&client->cluster->lock);
	return maps;
}

void
fake_client_doubt(struct fake_client *client)
{
	pthread_mutex_lock(&client->cluster->lock);
	client->doubt = true;
	pthread_mutex_unlock(&client->cluster->lock);
}

/* Begins a request: takes the lock.  Returns 0, or what the request fails with. */
static int
begin(struct fake_client *client)
{
	pthread_mutex_lock(&client->cluster->lock);
	if (client->cut)
		return -ETIMEDOUT;
	return client->fenced ? -ESHUTDOWN : 0;
}

static int
end(struct fake_client *client, int rc)
{
	pthread_mutex_unlock(&client->cluster->lock);
	return rc;
}

static int
op_join(void *arg, const struct guid *gateway, uint32_t lease_ms,
	const struct array_cluster_events *events, char **ret_instance)
{
	struct fake_client *client = arg;
	int rc = begin(client);

	if (rc == 0) {
		client->gateway = *gateway;
		client->lease_ms = lease_ms;
		client->events = events;
		client->joined = true;
		*ret_instance = str_printf("%u", client->number);
	}
	return end(client, rc);
}

/* Who holds the lease of a gateway now; NULL = nobody.  The lock is held. */
static struct fake_client *
holder(struct fake_cluster *cluster, const struct guid *gateway)
{
	for (unsigned i = 0; i < cluster->count; i++)
		if (guid_equal(&cluster->clients[i].gateway, gateway) &&
		    cluster->clients[i].lease_end_ns > clock_mono_ns())
			return &cluster->clients[i];
	return NULL;
}

static int
op_lease_take(void *arg)
{
	struct fake_client *client = arg;
	int rc = begin(client);
	const struct fake_client *now = rc == 0 ? holder(client->cluster, &client->gateway) : NULL;

	if (now != NULL && now != client)
		rc = -EBUSY;
	if (rc == 0)
		client->lease_end_ns = clock_mono_ns() + client->lease_ms * NS_PER_MS;
	return end(client, rc);
}

static int
op_lease_renew(void *arg)
{
	struct fake_client *client = arg;
	int rc = begin(client);

	if (rc == 0 && holder(client->cluster, &client->gateway) != client)
		rc = -ENOENT;
	if (rc == 0)
		client->lease_end_ns = clock_mono_ns() + client->lease_ms * NS_PER_MS;
	return end(client, rc);
}

static int
op_lease_of(void *arg, const struct guid *gateway, bool *ret_held)
{
	struct fake_client *client = arg;
	int rc = begin(client);

	if (rc == 0)
		*ret_held = holder(client->cluster, gateway) != NULL;
	return end(client, rc);
}

static int
op_gateways(void *arg, int (*each)(void *arg, const struct guid *gateway), void *each_arg)
{
	struct fake_client *client = arg;
	struct guid ids[CLIENTS];
	unsigned count = 0;
	int rc = begin(client);

	for (unsigned i = 0; rc == 0 && i < client->cluster->count; i++)
		if (!guid_is_zero(&client->cluster->clients[i].gateway))
			ids[count++] = client->cluster->clients[i].gateway;
	rc = end(client, rc);
	for (unsigned i = 0; rc == 0 && i < count; i++)
		rc = each(each_arg, &ids[i]);
	return rc;
}

/* The client that takes calls of a gateway.  The lock is held. */
static struct fake_client *
callee(struct fake_cluster *cluster, const struct guid *gateway)
{
	for (unsigned i = 0; i < cluster->count; i++) {
		struct fake_client *client = &cluster->clients[i];

		if (client->joined && !client->fenced && guid_equal(&client->gateway, gateway))
			return client;
	}
	return NULL;
}

static int
op_call(void *arg, const struct guid *gateway, const void *payload, size_t bytes,
	uint32_t timeout_ms, void **ret_reply, size_t *ret_bytes)
{
	struct fake_client *client = arg, *to;
	struct fake_cluster *cluster = client->cluster;
	uint64_t until_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;
	const struct timespec until = { .tv_sec = (time_t)(until_ns / NS_PER_S),
					.tv_nsec = (long)(until_ns % NS_PER_S) };
	struct fake_call *call;
	int rc = begin(client);

	if (rc < 0)
		return end(client, rc);
	to = callee(cluster, gateway);
	if (to == NULL)
		return end(client, -ENOENT);
	if (to->mute > 0) {
		to->mute--;
		while (pthread_cond_timedwait(&cluster->answered, &cluster->lock, &until) !=
		       ETIMEDOUT)
			;
		return end(client, -ETIMEDOUT);
	}
	call = mem_calloc(1, sizeof(*call));
	call->next = cluster->calls;
	cluster->calls = call;
	if (!to->cut) {
		to->calling++;
		pthread_mutex_unlock(&cluster->lock);
		to->events->called(to->events->arg, call, client->number, payload, bytes);
		pthread_mutex_lock(&cluster->lock);
		to->calling--;
		pthread_cond_broadcast(&cluster->called);
	}
	while (!call->done && (!to->cut || clock_mono_ns() < until_ns))
		if (pthread_cond_timedwait(&cluster->answered, &cluster->lock, &until) == ETIMEDOUT)
			break;
	rc = call->done ? 0 : -ETIMEDOUT;
	if (call->done) {
		*ret_reply = TAKE(call->reply);
		*ret_bytes = call->bytes;
	}
	return end(client, rc);
}

static void
op_answer(void *arg, void *argument, const void *reply, size_t bytes)
{
	struct fake_client *client = arg;
	struct fake_call *call = argument;

	(void)begin(client);
	call->reply = mem_calloc(1, bytes + 1);
	if (bytes > 0)
		memcpy(call->reply, reply, bytes);
	call->bytes = bytes;
	call->done = true;
	client->answered++;
	pthread_cond_broadcast(&client->cluster->answered);
	(void)end(client, 0);
}

static int
op_lease_is_of(void *arg, const struct guid *gateway, uint64_t asked, bool *ret_is)
{
	struct fake_client *client = arg;
	int rc = begin(client);

	if (rc == 0) {
		const struct fake_client *now = holder(client->cluster, gateway);

		*ret_is = now != NULL && now->number == asked;
	}
	return end(client, rc);
}

static int
op_fence(void *arg, const char *instance)
{
	struct fake_client *client = arg;
	int rc = begin(client);

	if (rc == 0)
		client->cluster->clients[atoi(instance)].fenced = true;
	return end(client, rc);
}

static int
op_fenced(void *arg, bool *ret_fenced)
{
	struct fake_client *client = arg;
	int rc = begin(client);

	client->maps++;
	*ret_fenced = rc == -ESHUTDOWN;
	return end(client, rc == -ESHUTDOWN ? 0 : rc);
}

static int
claim_one(struct fake_cluster *cluster, const struct array_cluster_claim *asked)
{
	struct fake_claim *claim = guid_map_find(&cluster->claims, &asked->lun_id);
	int rc = 0;

	if (claim == NULL) {
		claim = mem_calloc(1, sizeof(*claim));
		rc = guid_map_put(&cluster->claims, &asked->lun_id, claim);
	}
	if (rc == 0 && asked->epoch < claim->epoch)
		rc = -ESTALE;
	if (rc == 0)
		claim->epoch = asked->epoch;
	return rc;
}

static void
op_lun_claim(void *arg, const struct guid *owner, struct array_cluster_claim *claims, size_t count)
{
	struct fake_client *client = arg;
	int rc = begin(client);

	(void)owner;
	client->held = client->holds;
	while (client->holds)
		pthread_cond_wait(&client->cluster->released, &client->cluster->lock);
	client->held = false;
	client->claims++;
	for (size_t i = 0; i < count; i++)
		claims[i].rc = rc == 0 ? claim_one(client->cluster, &claims[i]) : rc;
	(void)end(client, 0);
}

static bool
op_in_doubt(void *arg)
{
	struct fake_client *client = arg;
	bool doubt;

	pthread_mutex_lock(&client->cluster->lock);
	doubt = client->doubt;
	pthread_mutex_unlock(&client->cluster->lock);
	return doubt;
}

static void
op_leave(void *arg)
{
	struct fake_client *client = arg;

	(void)begin(client);
	client->lease_end_ns = 0;
	client->joined = false;
	while (client->calling > 0)
		pthread_cond_wait(&client->cluster->called, &client->cluster->lock);
	(void)end(client, 0);
}

const struct array_cluster_ops fake_cluster_ops = {
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
