/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tests of src/catalog share these helpers: a catalog in a temporary directory, and changes
 * that are made of sample rows.
 */
#ifndef VDS_TESTS_CATALOG_TEST_H
#define VDS_TESTS_CATALOG_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "catalog/catalog_int.h"

struct catalog_fixture {
	char dir[64];
	struct catalog *catalog;
	struct state *state; /* what the catalog should hold */
};

/* A directory with no catalog yet; removed with all in it. */
int catalog_dir_setup(void **state);
int catalog_dir_teardown(void **state);
/* The same with a catalog that has its first change. */
int catalog_setup(void **state);
int catalog_teardown(void **state); /* checks it first */

#define assert_ok(call)                                                              \
	do {                                                                         \
		int rc_ = (call);                                                    \
		if (rc_ < 0)                                                         \
			fail_msg("%s: %s: %s", #call, err_name(rc_), err_text(rc_)); \
	} while (0)

/* The first change of a catalog that is new: an array and a pool; into *state. */
int sample_begin(struct catalog *catalog, struct state **state);
/*
 * Change number n (from 2 on), the same for each n: some put LUNs, targets and associations, some
 * delete them again. Uncommitted, without a savepoint; the next state replaces *state.
 */
int sample_change(struct catalog *catalog, struct state **state, unsigned n);
/* The same in a transaction of its own. */
int sample_commit(struct catalog *catalog, struct state **state, unsigned n);
/* The digest after changes 1 … n. */
struct hash128 sample_digest(unsigned n);
void assert_same_state(const struct state *a, const struct state *b);

#endif
