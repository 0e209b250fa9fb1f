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

/* Makes a directory without a catalog; the teardown removes it with everything in it. */
int catalog_dir_setup(void **state);
int catalog_dir_teardown(void **state);
/* Makes a directory with a catalog that has its first change. */
int catalog_setup(void **state);
int catalog_teardown(void **state); /* also checks the catalog */

#define assert_ok(call)                                                              \
	do {                                                                         \
		int rc_ = (call);                                                    \
		if (rc_ < 0)                                                         \
			fail_msg("%s: %s: %s", #call, err_name(rc_), err_text(rc_)); \
	} while (0)

/* Makes the first change of a new catalog, an array and a pool, and stores the state in *state. */
int sample_begin(struct catalog *catalog, struct state **state);
/*
 * Makes change number n (from 2 on), which is the same in every run: some changes put LUNs, targets
 * and associations, others delete them.  The change is not committed and has no savepoint; *state
 * becomes the next state.
 */
int sample_change(struct catalog *catalog, struct state **state, unsigned n);
/* Makes change number n in a transaction of its own, and commits it. */
int sample_commit(struct catalog *catalog, struct state **state, unsigned n);
/* Returns the digest of the state after changes 1 to n. */
struct hash128 sample_digest(unsigned n);
void assert_same_state(const struct state *a, const struct state *b);

#endif
