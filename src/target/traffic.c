/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was counted at each address of a portal: logins, commands and bytes.  An entry has a part
 * for each thread, in cache lines of its own; only that thread writes it, so that counting takes
 * neither a lock nor a shared cache line.  Entries stay until the data path ends, since portals
 * come and go while the counters of an address go on; there are no more of them than addresses that
 * an administrator has named.  The publisher makes entries; any thread reads.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/target_int.h"

static struct target_traffic *
find_locked(struct target *target, const char *address)
{
	list_for_each(node, &target->traffic) {
		struct target_traffic *traffic = list_entry(node, struct target_traffic, node);

		if (strcmp(traffic->address, address) == 0)
			return traffic;
	}
	return NULL;
}

static struct target_traffic *
traffic_new(const struct target *target, const char *address)
{
	size_t size = sizeof(struct target_traffic) +
		      target->thread_count * sizeof(struct target_traffic_share);
	struct target_traffic *traffic = aligned_alloc(64, (size + 63) / 64 * 64);

	if (traffic == NULL)
		return NULL;
	memset(traffic, 0, size);
	traffic->share_count = target->thread_count;
	strncpy(traffic->address, address, sizeof(traffic->address) - 1);
	return traffic;
}

int
target_traffic_get(struct target *target, const char *address, struct target_traffic **ret_traffic)
{
	struct target_traffic *traffic;

	pthread_mutex_lock(&target->traffic_lock);
	traffic = find_locked(target, address);
	if (traffic == NULL) {
		traffic = traffic_new(target, address);
		if (traffic != NULL)
			list_append(&target->traffic, &traffic->node);
	}
	pthread_mutex_unlock(&target->traffic_lock);
	*ret_traffic = traffic;
	return traffic != NULL ? 0 : -ENOMEM;
}

void
target_traffic_free_all(struct target *target)
{
	for (struct list *node; (node = list_pop(&target->traffic)) != NULL;)
		mem_free(list_entry(node, struct target_traffic, node));
}

static void
sum(const struct target_traffic *traffic, struct array_port_counters *counters)
{
	for (unsigned i = 0; i < traffic->share_count; i++) {
		const struct target_traffic_share *s = &traffic->shares[i];

		counters->logins += atomic_load_explicit(&s->logins, memory_order_relaxed);
		counters->refused_logins += atomic_load_explicit(&s->refused_logins,
								 memory_order_relaxed);
		counters->failed_logins += atomic_load_explicit(&s->failed_logins,
								memory_order_relaxed);
		counters->commands += atomic_load_explicit(&s->commands, memory_order_relaxed);
		counters->received_bytes += atomic_load_explicit(&s->received_bytes,
								 memory_order_relaxed);
		counters->sent_bytes += atomic_load_explicit(&s->sent_bytes, memory_order_relaxed);
	}
}

void
target_traffic_sample(struct target *target, const char *address,
		      struct array_port_counters *counters)
{
	const struct target_traffic *traffic;

	pthread_mutex_lock(&target->traffic_lock);
	traffic = find_locked(target, address);
	if (traffic != NULL)
		sum(traffic, counters);
	pthread_mutex_unlock(&target->traffic_lock);
}
