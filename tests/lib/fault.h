/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a test body repeatedly: in the first run the 1st allocation of base/mem.h fails, in the
 * second run the 2nd, and so on until a run makes fewer allocations.  In that last run nothing
 * fails, and the body must succeed.
 *
 *	WITH_EVERY_FAULT {
 *		struct thing *t = NULL;
 *		int rc = thing_new(&t);
 *
 *		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
 *		thing_free(t);
 *	}
 *
 * A body in which no allocation ever failed fails the test, because it proves nothing.  Only
 * allocations of the thread that runs the body fail.  A body that must allocate to look at the
 * result calls FAULT_OFF() first.
 */
#ifndef VDS_TESTS_FAULT_H
#define VDS_TESTS_FAULT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#define FAULT_ROUNDS_MAX 100000

struct fault_walk {
	unsigned round; /* the allocation that fails in this round */
	/*
	 * the failure has happened; set by FAULT_OFF, after which mem_fault_hit no longer says so
	 */
	bool hit;
};

/* True when the failure of this round has happened. */
#define FAULT_HIT   (fault_walk.hit || mem_fault_hit())
/* Lets nothing fail in the rest of this round. */
#define FAULT_OFF() fault_off(&fault_walk)

static inline void
fault_off(struct fault_walk *walk)
{
	walk->hit = walk->hit || mem_fault_hit();
	mem_fault_at(0);
}

static inline bool
fault_walk_next(struct fault_walk *walk)
{
	fault_off(walk);
	if (walk->round > 0 && !walk->hit) {
		assert_true(walk->round > 1); /* else no allocation was ever made to fail */
		return false;
	}
	assert_true(walk->round < FAULT_ROUNDS_MAX);
	walk->hit = false;
	mem_fault_at(++walk->round);
	return true;
}

static inline void
fault_walk_end(struct fault_walk *walk)
{
	(void)walk;
	mem_fault_at(0);
}

#define WITH_EVERY_FAULT                                                       \
	for (struct fault_walk fault_walk AUTO(fault_walk_end) = { 0, false }; \
	     fault_walk_next(&fault_walk);)

#endif
