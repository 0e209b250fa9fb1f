/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What several gateways need of the cluster that they share: leases, calls and fences.  src/ceph
 * fills the table; tests have a cluster in memory.  gateway_int.h says how the functions are used,
 * and docs/design/gateways.md why this is enough.
 *
 * Errors of all functions: -ESHUTDOWN (the cluster has fenced this client: nothing that it asks for
 * happens any more), -ETIMEDOUT (no answer; the operation may still happen), another -errno, with a
 * text.  Any thread but those of the data path; they block as long as the cluster takes, which the
 * implementation limits.
 */
#ifndef VDS_ARRAY_CLUSTER_H
#define VDS_ARRAY_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/guid.h"

struct array_cluster_events {
	/*
	 * Called when another gateway calls this one, or somebody who may only read the objects of
	 * gateways.  from: its client, see lease_is_of.  The payload is valid during the function.
	 * `call` is given to `answer` exactly once, from any thread, also after the function has
	 * returned.  A thread of the cluster's library: must not block.
	 */
	void (*called)(void *arg, void *call, uint64_t from, const void *payload, size_t bytes);
	void *arg;
};

/* An owner's epoch that is to be in a LUN's own object. */
struct array_cluster_claim {
	const char *place; /* of the LUN's pool; borrowed */
	struct guid lun_id;
	uint64_t epoch;
	/* 0; -ESTALE: the object has a greater epoch, and stays as it is; or another error */
	int rc;
};

struct array_cluster_ops {
	/*
	 * Begins to be this gateway: makes its object where it is missing, and takes calls from now
	 * on.  Takes no lease.  *ret_instance (mem_free): what `fence` needs to fence this client.
	 * events: borrowed until `leave`.  Once.
	 */
	int (*join)(void *cluster, const struct guid *gateway, uint32_t lease_ms,
		    const struct array_cluster_events *events, char **ret_instance);
	/*
	 * Takes the lease of this gateway, which ends by itself lease_ms after the cluster has
	 * granted it.  -EBUSY: another client has it.
	 */
	int (*lease_take)(void *cluster);
	/* Makes the lease that this client holds last anew.  -ENOENT: it has ended. */
	int (*lease_renew)(void *cluster);
	/*
	 * Finds out whether somebody holds the lease of a gateway.  After `fence` has returned, the
	 * answer is of a time when the fenced client can no longer renew it.
	 */
	int (*lease_of)(void *cluster, const struct guid *gateway, bool *ret_held);
	/*
	 * Calls `each` for every gateway that has ever joined, whether or not a catalog has it.
	 */
	int (*gateways)(void *cluster, int (*each)(void *arg, const struct guid *gateway),
			void *arg);
	/*
	 * Calls a gateway and waits for its answer, at most timeout_ms.  -ETIMEDOUT: it has not
	 * answered; -ENOENT: it takes no calls.  *ret_reply: mem_free.
	 */
	int (*call)(void *cluster, const struct guid *gateway, const void *payload, size_t bytes,
		    uint32_t timeout_ms, void **ret_reply, size_t *ret_bytes);
	void (*answer)(void *cluster, void *call, const void *reply, size_t bytes);
	/*
	 * Finds out whether a client has the lease of a gateway, which proves that it may change
	 * the gateways' objects.
	 */
	int (*lease_is_of)(void *cluster, const struct guid *gateway, uint64_t client,
			   bool *ret_is);
	/*
	 * Fences a client permanently.  When it returns 0, nothing of what the client asks for
	 * happens after anything that this client asks for from now on.
	 */
	int (*fence)(void *cluster, const char *instance);
	/*
	 * Finds out whether this client is fenced, from the newest map of the cluster.  What this
	 * client asks for from now on happens after all that was fenced until then has ended.
	 */
	int (*fenced)(void *cluster, bool *ret_fenced);
	/*
	 * Notes in the own object of each of these LUNs that a gateway owns the LUN since an epoch.
	 * All of them are noted at the same time: it takes the round trips of one, however many
	 * there are.  Sets the rc of each claim.
	 */
	void (*lun_claim)(void *cluster, const struct guid *owner,
			  struct array_cluster_claim *claims, size_t count);
	/*
	 * Returns whether a change that this client has asked for since it began (a write to a LUN,
	 * for example) has ended without an answer: it may still happen, until the client is
	 * fenced.  Any thread; does not block.  NULL = never.
	 */
	bool (*in_doubt)(void *cluster);
	/* Gives up the lease and takes no more calls. */
	void (*leave)(void *cluster);
};

#endif
