/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Limits of commands and bytes a second (docs/design/qos.md).  Private to the folder target;
 * target_int.h includes this file.  Everything here is arithmetic on a time that the caller gives,
 * so that tests have a clock of their own.
 */
#ifndef VDS_TARGET_LIMIT_INT_H
#define VDS_TARGET_LIMIT_INT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/guid.h"

/*
 * For how long unused tokens are kept without a burst: so late may a thread be with what waited,
 * and the rate is still what was set.
 */
#define LIMIT_SLACK_NS 20000000u

/*
 * A bucket of tokens, shared by all threads without a lock.  The one number that changes is the
 * time up to which its tokens are given away: a command takes the next ones, whether their time has
 * come or not, and may begin at that time.  So whoever asks first begins first, on whichever
 * thread.
 */
struct target_bucket {
	_Atomic uint64_t rate;     /* tokens a second; 0 = there is no limit */
	_Atomic uint64_t burst_ns; /* for how long unused tokens are kept */
	_Atomic uint64_t next_ns;  /* the time at which the next token is made */
};

/*
 * Sets the rate (0 to 2^40) and for how long unused tokens are kept; what was given away before is
 * forgotten.
 */
void target_bucket_set(struct target_bucket *bucket, uint64_t rate, uint64_t burst_ns);
/*
 * Takes tokens (2^32 at most) and returns when the command that needs them may begin: now_ns, or
 * later.
 */
uint64_t target_bucket_take(struct target_bucket *bucket, uint64_t tokens, uint64_t now_ns);
/* Gives tokens back that were not used. */
void target_bucket_give_back(struct target_bucket *bucket, uint64_t tokens);

/*
 * The limits of a LUN, a host or a pool.  The publisher sets them; data-path threads take from
 * them.
 */
struct target_limit {
	atomic_uint refs; /* not used for the limit of a LUN, which is a part of its unit */
	struct guid id;   /* of the host or the pool */
	atomic_bool is_set;
	/* another number after each change: what was taken before is not given back after it */
	_Atomic uint32_t generation;
	struct target_bucket commands, bytes;
	/* of a LUN: what it keeps of its pool, as buckets of their own */
	struct target_bucket min_commands, min_bytes;
};

/* The limits that a command has to keep.  NULL = there is none of the kind. */
struct target_limits {
	struct target_limit *lun, *host, *pool;
};

/* What a command has taken of its limits. */
struct target_charge {
	bool taken;
	uint32_t generations[3]; /* of the limits of the LUN, the host and the pool */
	uint32_t bytes;
	uint64_t start_ns; /* when it may begin */
};

/*
 * Takes from every limit what a command needs.  The command may begin when each of its own limits
 * and that of its host lets it, and either the limit of the pool does or what the LUN keeps of the
 * pool does: so a LUN with a minimum overtakes what else waits for the pool.
 */
void target_limits_take(const struct target_limits *limits, uint32_t bytes, uint64_t now_ns,
			struct target_charge *ret_charge);
/*
 * Gives back what a command took that does not begin.  Has no effect when nothing was taken, and on
 * limits that were set anew meanwhile.
 */
void target_limits_give_back(const struct target_limits *limits, struct target_charge *charge);

#endif
