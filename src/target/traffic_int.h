/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the data path counts at the addresses of portals.  Private to the folder target;
 * target_int.h includes this file.
 */
#ifndef VDS_TARGET_TRAFFIC_INT_H
#define VDS_TARGET_TRAFFIC_INT_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/list.h"

struct array_port_counters;
struct target;

#define ADDRESS_TEXT_SIZE 64u /* bytes for "[ADDRESS]:65535" and its NUL */

/* The part of an address's counters that one thread writes. */
struct target_traffic_share {
	_Alignas(64) _Atomic uint64_t logins;
	_Atomic uint64_t refused_logins, failed_logins;
	_Atomic uint64_t commands, received_bytes, sent_bytes;
};

/* What is counted at an address.  Lives as long as the data path. */
struct target_traffic {
	struct list node; /* target->traffic; traffic_lock */
	char address[ADDRESS_TEXT_SIZE];
	unsigned share_count;
	struct target_traffic_share shares[]; /* one for each thread */
};

/* Finds the counters of an address, or makes them.  Returns 0 or -ENOMEM.  Publisher. */
int target_traffic_get(struct target *target, const char *address,
		       struct target_traffic **ret_traffic);
/* Frees all counters.  To be called when there are no connections and portals any more. */
void target_traffic_free_all(struct target *target);
/* Adds what was counted at an address, if anything was.  Any thread. */
void target_traffic_sample(struct target *target, const char *address,
			   struct array_port_counters *counters);
/* Adds to a counter of the calling thread's share, which no other thread writes. */
static inline void
target_traffic_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

#endif
