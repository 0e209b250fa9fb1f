/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Run a body again and again, with the 1st, 2nd, … nth allocation of base/mem.h failing, until a
 * run has met no failure.  That last run is the one in which all must go well.
 *
 *	WITH_EVERY_FAULT {
 *		struct thing *t = NULL;
 *		int rc = thing_new(&t);
 *
 *		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
 *		thing_free(t);
 *	}
 *
 * A body that never met a failure fails the test: it would have shown nothing.  Only allocations of
 * the thread that runs the body fail.  To allocate without fear within the body (to look at the
 * result), FAULT_OFF first.
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
	bool hit;       /* set by FAULT_OFF, which makes mem forget it */
};

/* Was the failure met in this round so far? */
#define FAULT_HIT   (fault_walk.hit || mem_fault_hit())
/* No failure in the rest of this round. */
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
