/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A store of items in memory, which stands for the cluster that gateways share (catalog/shared.h):
 * any number of catalogs of one process open it.  Faults are set for the commits that come next.
 */
#ifndef VDS_TESTS_SHARED_STORE_H
#define VDS_TESTS_SHARED_STORE_H

#include "catalog/shared.h"

struct shared_cluster;

enum shared_fault {
	SHARED_FAULT_NONE,
	SHARED_FAULT_CONFLICT, /* refused although the version is the right one */
	SHARED_FAULT_DONE,     /* carried out, but the answer is lost */
	SHARED_FAULT_NOT_DONE, /* lost on its way */
	SHARED_FAULT_LATE,    /* the answer is lost, and it is carried out before the next commit */
	SHARED_FAULT_LATER,   /* the same, but only after the next commit */
	SHARED_FAULT_REFUSED, /* -ENOSPC */
	/* carried out, the answer is lost, and the log has lost the entry when it is looked for */
	SHARED_FAULT_FORGOTTEN
};

struct shared_cluster *shared_cluster_new(void);
void shared_cluster_free(struct shared_cluster *cluster);
/* Opens the store once more; catalog_open_shared consumes it. */
struct catalog_shared shared_cluster_open(struct shared_cluster *cluster);
/* As a client of the cluster with that number, which acknowledgements name. */
struct catalog_shared shared_cluster_open_as(struct shared_cluster *cluster, uint64_t client);
/* Sets the fault of the next `count` commits. */
void shared_cluster_fault(struct shared_cluster *cluster, enum shared_fault fault, unsigned count);
/* Sets the fault of the `count` commits after those. */
void shared_cluster_then(struct shared_cluster *cluster, enum shared_fault fault, unsigned count);
/* Every n-th commit gets a fault of a random kind; 0 = none. */
void shared_cluster_random(struct shared_cluster *cluster, unsigned every);
/* Nothing can be reached. */
void shared_cluster_away(struct shared_cluster *cluster, bool away);
/* One client does not reach the store any more, and its watch is lost: nobody waits for it. */
void shared_cluster_cut(struct shared_cluster *cluster, uint64_t client, bool cut);
/* Returns how often somebody has notified the others. */
unsigned shared_cluster_notifications(struct shared_cluster *cluster);
/* Notifications do not arrive; those who wait for acknowledgements get ERR_TIMEOUT. */
void shared_cluster_mute(struct shared_cluster *cluster, bool mute);
/* Ends all waiting for acknowledgements with ERR_TIMEOUT. */
void shared_cluster_expire(struct shared_cluster *cluster);
/* Calls `fn` once, after that many items of the reads that follow. */
void shared_cluster_during_read(struct shared_cluster *cluster, unsigned items,
				void (*fn)(void *arg), void *arg);
/* Somebody removes the object. */
void shared_cluster_remove(struct shared_cluster *cluster);
/* Somebody puts one back that has this version: the items are not needed by who only looks. */
void shared_cluster_put_back(struct shared_cluster *cluster, uint64_t version);
uint64_t shared_cluster_version(struct shared_cluster *cluster);
size_t shared_cluster_items(struct shared_cluster *cluster, const char *prefix);
/* How long the keys and values are together. */
size_t shared_cluster_bytes(struct shared_cluster *cluster, const char *prefix);
/* Gives the first of these items another value. */
void shared_cluster_spoil(struct shared_cluster *cluster, const char *prefix);
/* Returns whether a value has these bytes in it. */
bool shared_cluster_has(struct shared_cluster *cluster, const char *prefix, const void *bytes,
			size_t len);
unsigned shared_cluster_conflicts(struct shared_cluster *cluster);
/* Puts or removes an item, for damage. */
void shared_cluster_put(struct shared_cluster *cluster, const char *key, const void *value,
			size_t value_bytes);
/* The limits of what is opened from now on. */
void shared_cluster_limits(struct shared_cluster *cluster, size_t commit_bytes, size_t items);

#endif
