/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the sessions of each host have moved.  Sessions come and go, so a host keeps what they have
 * counted when they end, and when an initiator's name is given to another host.  What a session
 * counts meanwhile stays with the session, so that a command counts once and takes no lock.  The
 * registry's lock guards the hosts; only beginnings and ends of sessions, changes of hosts and
 * samples take it.
 */
#include <errno.h>

#include "base/mem.h"
#include "model/host.h"
#include "target/target_int.h"

/* Adds what a session has counted beyond `before`. */
static void
add(struct array_host_counters *to, const struct array_session_counters *counts,
    const struct array_session_counters *before)
{
	for (unsigned kind = 0; kind < METER_KINDS; kind++) {
		to->commands[kind] += counts->commands[kind] - before->commands[kind];
		to->bytes[kind] += counts->bytes[kind] - before->bytes[kind];
		to->ns[kind] += counts->ns[kind] - before->ns[kind];
	}
	to->limited_commands += counts->limited_commands - before->limited_commands;
	to->limited_ns += counts->limited_ns - before->limited_ns;
}

void
target_host_leave(struct target_registry_session *session)
{
	struct target_host *host = session->of_host;
	struct array_session_counters counts;

	if (host == NULL)
		return;
	target_registry_counts(session, &counts);
	add(&host->counters, &counts, &session->before);
	host->counters.sessions--;
	session->of_host = NULL;
}

/* Returns the host with that id, which is made if needed; NULL = there is no memory. */
static struct target_host *
find_or_make(struct target_registry *registry, const struct guid *id)
{
	struct target_host *host = guid_map_find(&registry->hosts, id);

	if (host != NULL)
		return host;
	host = mem_calloc(1, sizeof(*host));
	if (host == NULL)
		return NULL;
	host->counters.id = *id;
	if (guid_map_put(&registry->hosts, id, host) < 0) {
		mem_free(host);
		return NULL;
	}
	return host;
}

static void
join_locked(struct target_registry *registry, struct target_registry_session *session,
	    const struct guid *host_id)
{
	struct target_host *host = host_id != NULL ? find_or_make(registry, host_id) : NULL;
	bool begins = session->of_host == NULL;

	if (host == NULL)
		host = &registry->strangers;
	if (host == session->of_host || !session->listed)
		return;
	target_host_leave(session);
	target_registry_counts(session, &session->before);
	session->of_host = host;
	host->counters.sessions++;
	host->counters.logins += begins;
}

void
target_host_join(struct target_session *session)
{
	struct target_registry *registry = &session->thread->target->registry;
	const struct row_host *host = state_host_of_initiator(session->thread->view->state,
							      session->initiator);

	target_meter_flush(session->thread);
	pthread_mutex_lock(&registry->lock);
	join_locked(registry, session->shared, host != NULL ? &host->id : NULL);
	pthread_mutex_unlock(&registry->lock);
	list_for_each(node, &session->conns)
		target_limits_join_host(list_entry(node, struct target_conn, session_node), host);
}

void
target_host_forget(struct target_registry *registry, const struct guid *host_id)
{
	struct target_host *host;

	pthread_mutex_lock(&registry->lock);
	host = guid_map_find(&registry->hosts, host_id);
	/* every thread has the view without the host, so that no session counts for it */
	if (host != NULL && host->counters.sessions == 0)
		mem_free(guid_map_remove(&registry->hosts, host_id));
	pthread_mutex_unlock(&registry->lock);
}

void
target_host_fini(struct target_registry *registry)
{
	struct target_host *host;

	for (size_t i = 0; (host = guid_map_next(&registry->hosts, &i)) != NULL;)
		mem_free(host);
	guid_map_fini(&registry->hosts);
}

/* Adds what the sessions have counted that are there. */
static void
add_sessions(struct target_registry *registry, struct array_host_counters *counters)
{
	for (unsigned i = 0; i < REGISTRY_BUCKETS; i++)
		list_for_each(node, &registry->buckets[i]) {
			const struct target_registry_session *session = list_entry(
				node, struct target_registry_session, node);
			struct array_session_counters counts;

			if (session->of_host == NULL)
				continue;
			target_registry_counts(session, &counts);
			add(&counters[session->of_host->index], &counts, &session->before);
		}
}

int
target_host_sample(struct target_registry *registry, struct array_host_counters **ret_counters)
{
	struct array_host_counters *counters;
	struct target_host *host;
	size_t count = 1;

	pthread_mutex_lock(&registry->lock);
	counters = mem_alloc((registry->hosts.count + 1) * sizeof(counters[0]));
	if (counters != NULL) {
		counters[0] = registry->strangers.counters;
		for (size_t i = 0; (host = guid_map_next(&registry->hosts, &i)) != NULL;) {
			host->index = count;
			counters[count++] = host->counters;
		}
		add_sessions(registry, counters);
	}
	pthread_mutex_unlock(&registry->lock);
	if (counters == NULL)
		return -ENOMEM;
	*ret_counters = counters;
	return (int)count;
}
