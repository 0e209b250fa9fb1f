/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kind of pool for tests that several arrays of one process can have open at once, as gateways
 * have a pool of a cluster: a list of volumes in memory, which counts what is done to them.
 */
#ifndef VDS_TESTS_SHARED_POOL_H
#define VDS_TESTS_SHARED_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/guid.h"

/*
 * Makes "/shared-test/NAME" the place of such a pool, for the whole process.  Forgets all volumes.
 */
void shared_pool_setup(void);
/* Which instance makes the volumes that come next; NULL = none is noted. */
void shared_pool_maker(const char *instance);
/* How much of a TiB is free from now on; half of it at first. */
void shared_pool_free(uint64_t bytes);
/* The pool at this place cannot be opened from now on; NULL = each can. */
void shared_pool_refuse(const char *place);
/* The volume is gone from now on, though nobody has removed it. */
void shared_pool_lose(const struct guid *id);
/* Removals fail while this is set. */
void shared_pool_keep(bool keep);
/*
 * Names an operation that was called on the thread of a writer, though it waits for the cluster,
 * which the watchdog would take for a writer that hangs.  NULL = there was none.
 */
const char *shared_pool_hung(void);
bool shared_pool_has(const struct guid *id, bool committed);
/* Whether the pool has the volume, committed. */
bool shared_pool_has_at(const char *place, const struct guid *id);
/* How often volumes were opened. */
unsigned shared_pool_opened(void);
/* How often a volume was removed that was there, and one that was not. */
unsigned shared_pool_removed(const struct guid *id);
unsigned shared_pool_missed(void);
/* How many volumes there are. */
unsigned shared_pool_count(void);

#endif
