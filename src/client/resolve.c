/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the addresses of a host.  The system's resolver cannot be interrupted and may take half a
 * minute, so a name is looked up by a thread of its own, which ends by itself when nobody waits for
 * it any more.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "client/client_int.h"

/* One look-up; the thread and who waits each hold a reference. */
struct lookup {
	atomic_uint refs;
	char *host;
	char port[8];
	pthread_mutex_t lock;
	struct client_conn *waiter; /* lock; NULL = nobody waits any more */
	bool done;                  /* lock */
	int error;                  /* of getaddrinfo; lock */
	struct addrinfo *found;     /* lock */
};

static void
lookup_unref(struct lookup *l)
{
	if (atomic_fetch_sub(&l->refs, 1) != 1)
		return;
	if (l->found != NULL)
		freeaddrinfo(l->found);
	pthread_mutex_destroy(&l->lock);
	mem_free(l->host);
	mem_free(l);
}

static void *
lookup_main(void *arg)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct lookup *l = arg;
	struct addrinfo *found = NULL;
	int error = getaddrinfo(l->host, l->port, &hints, &found);

	pthread_mutex_lock(&l->lock);
	l->error = error;
	l->found = found;
	l->done = true;
	if (l->waiter != NULL)
		client_conn_wake(l->waiter);
	pthread_mutex_unlock(&l->lock);
	lookup_unref(l);
	return NULL;
}

static struct lookup *
lookup_new(struct client_conn *conn, const struct client_peer *peer)
{
	struct lookup *l = mem_calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	atomic_init(&l->refs, 1);
	pthread_mutex_init(&l->lock, NULL);
	l->waiter = conn;
	l->host = str_dup(peer->host);
	snprintf(l->port, sizeof(l->port), "%u", peer->port);
	if (l->host != NULL)
		return l;
	lookup_unref(l);
	return NULL;
}

static int
lookup_start(struct lookup *l)
{
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	atomic_fetch_add(&l->refs, 1);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	rc = -pthread_create(&thread, &attr, lookup_main, l);
	pthread_attr_destroy(&attr);
	if (rc < 0)
		atomic_fetch_sub(&l->refs, 1);
	return rc;
}

/* Waits until the look-up is done.  Returns 0, ERR_TIMEOUT or ERR_CANCELLED. */
static int
lookup_wait(struct lookup *l, struct client_conn *conn, uint64_t deadline_ns)
{
	int rc = 0;

	for (;;) {
		bool done;

		pthread_mutex_lock(&l->lock);
		done = l->done;
		if (done || rc < 0)
			l->waiter = NULL;
		pthread_mutex_unlock(&l->lock);
		if (done || rc < 0)
			return done ? 0 : rc;
		if (conn->stop(conn))
			rc = ERR_CANCELLED;
		else
			rc = client_conn_wait(conn, SOCK_NOTHING, deadline_ns);
	}
}

/* ---- the addresses ---- */

static size_t
addresses_copy(const struct addrinfo *info, struct client_addresses *ret_addresses)
{
	size_t count = 0;

	for (; info != NULL && count < CLIENT_ADDRESSES_MAX; info = info->ai_next) {
		if (info->ai_addrlen > sizeof(ret_addresses->items[0].bytes))
			continue;
		memcpy(ret_addresses->items[count].bytes, info->ai_addr, info->ai_addrlen);
		ret_addresses->items[count++].len = (unsigned)info->ai_addrlen;
	}
	ret_addresses->count = count;
	return count;
}

/* Returns 0, or ERR_NOT_FOUND when the host is no numeric address. */
static int
numeric_get(const struct client_peer *peer, struct client_addresses *ret_addresses)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found;
	char port[8];

	snprintf(port, sizeof(port), "%u", peer->port);
	if (getaddrinfo(peer->host, port, &hints, &found) != 0)
		return ERR_NOT_FOUND;
	addresses_copy(found, ret_addresses);
	freeaddrinfo(found);
	return 0;
}

int
client_resolve(struct client_conn *conn, const struct client_peer *peer, uint64_t deadline_ns,
	       struct client_addresses *ret_addresses)
{
	struct lookup *l;
	int rc = numeric_get(peer, ret_addresses);

	if (rc == 0)
		return 0;
	l = lookup_new(conn, peer);
	if (l == NULL)
		return -ENOMEM;
	rc = lookup_start(l);
	if (rc == 0)
		rc = lookup_wait(l, conn, deadline_ns);
	if (rc == ERR_TIMEOUT)
		rc = err_set(ERR_UNREACHABLE, "the name %s could not be looked up in time",
			     peer->host);
	else if (rc == 0 && (l->error != 0 || addresses_copy(l->found, ret_addresses) == 0))
		rc = l->error == EAI_MEMORY
			     ? -ENOMEM
			     : err_set(ERR_UNREACHABLE, "the name %s has no address: %s",
				       peer->host,
				       gai_strerror(l->error != 0 ? l->error : EAI_NONAME));
	lookup_unref(l);
	return rc;
}
