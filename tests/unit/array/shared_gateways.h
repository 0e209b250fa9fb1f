/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three arrays of one process that share a catalog and a pool, as gateways do, but without the
 * protocol of gateways: a test says who owns a LUN, and who lives.
 */
#ifndef VDS_TESTS_SHARED_GATEWAYS_H
#define VDS_TESTS_SHARED_GATEWAYS_H

#include "array_test.h"

#define GATEWAYS 3

struct gateways {
	struct fixture f; /* for its directory; its array is none of the gateways */
	struct shared_cluster *cluster;
	struct guid ids[GATEWAYS];
	struct array *arrays[GATEWAYS];
	struct guid pool;
};

/*
 * cmocka set-up and tear-down: *state is a struct gateways, whose arrays are open and have one
 * pool.
 */
int gateways_setup(void **state);
int gateways_teardown(void **state);
/* The name of a gateway, which is its instance, too. */
const char *gateways_name(unsigned i);
/* Opens the array of a gateway that the test has closed. */
void gateways_open(struct gateways *g, unsigned i);
/* Changes the owner of a LUN, at gateway `by`. */
void own(struct gateways *g, unsigned by, struct guid lun, unsigned owner);
/* Changes the instance of a gateway, at gateway `by`; "" = it is dead. */
void set_instance(struct gateways *g, unsigned by, unsigned gateway, const char *instance);
/* Makes a LUN at one gateway that another one owns.  All have it when this returns. */
struct guid new_lun(struct gateways *g, unsigned maker, unsigned owner, const char *name);
/* Checks that all gateways have the same state, and stores that fit it. */
void assert_alike(struct gateways *g);
bool lun_is_shown(struct array *array, const struct guid *lun);
/* Returns whether the pool has no such volume any more, not even one that is not committed. */
bool is_gone(const struct guid *volume);
/* Waits until that holds of a volume, ten seconds at most. */
void wait_until(bool (*holds)(const struct guid *volume), const struct guid *volume);

#endif
