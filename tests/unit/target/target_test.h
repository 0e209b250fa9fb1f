/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tests of src/target share these helpers: a data path over the fake array on a loopback port,
 * with two targets ("a" and "b") and one LUN that is associated with both.
 */
#ifndef VDS_TESTS_TARGET_TEST_H
#define VDS_TESTS_TARGET_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_array.h"
#include "initiator.h"
#include "target/target.h"

#define NAME_A    "iqn.2026-11.test:a"
#define NAME_B    "iqn.2026-11.test:b"
#define HOST_1    "iqn.2026-11.test:host1"
#define HOST_2    "iqn.2026-11.test:host2"
#define LUN_BYTES (8u << 20)

struct env {
	struct array *array;
	struct target *target;
	char portal[32]; /* "127.0.0.1:40123" */
	uint16_t port;
	struct guid target_a, target_b, lun, portal_id, group_a, group_b;
	void *drain_a, *drain_b; /* test_hold.c: the drain of the LUN through each target */
	char dir[64];            /* for fault files and disks */
	/* of lun: fault over memory; a borrowed reference of the array's */
	struct blk_dev *dev;
};

/* A data path with the options of vdsd, on two threads. */
int env_setup(void **state);
/* A data path with workers instead of a ring, and without spinning. */
int env_setup_workers(void **state);
/* A data path with short timeouts and at most two connections. */
int env_setup_impatient(void **state);
int env_setup_slow(void **state);          /* commands of 50 ms count as slow */
int env_setup_few(void **state);           /* 32 connections */
int env_setup_small_buffers(void **state); /* 128 KiB for each thread */
/*
 * One thread with 2 MiB of buffers, where a connection is stuck after ENV_STUCK_MS; with error
 * recovery, data that does not come is requested again after 50 ms.
 */
#define ENV_STUCK_MS 300
int env_setup_stuck(void **state);
/* With this congestion control for all connections; NULL = as vdsd chooses. */
int env_setup_congestion(void **state, const char *name);
int env_teardown(void **state);
/* Adds a LUN in memory below a fault layer, named "lun<n>". */
struct guid env_add_lun(struct env *env, unsigned n, const char *mask);
void env_inject(struct env *env, const char *file, const char *what);
void env_lift(struct env *env, const char *file);
/*
 * Waits until the device of `lun` holds the operation, then for so many milliseconds.  Returns how
 * long it was held at least, in nanoseconds.
 */
uint64_t env_hold_for(struct env *env, struct pending *p, int ms);
void env_lun_row(struct env *env, uint64_t size_bytes, const char *mask, enum row_status status);

/* host_login logs in; host_ready also removes the unit attention of the login. */
struct iscsi_context *host_ready(struct env *env, const char *host, const char *target,
				 unsigned isid);
struct iscsi_context *host_login(struct env *env, const char *host, const char *target,
				 unsigned isid);

#define ENV_TEST(name) cmocka_unit_test_setup_teardown(name, env_setup, env_teardown)

#endif
