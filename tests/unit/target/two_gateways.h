/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two gateways for tests: two data paths in this process, with the same rows, each at a portal of its
 * own.  LUN 0 is the first one's, LUN 1 the second one's.
 */
#ifndef VDS_TESTS_TWO_GATEWAYS_H
#define VDS_TESTS_TWO_GATEWAYS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_array.h"
#include "initiator.h"
#include "raw.h"

#define NAME          "iqn.2026-11.test:shared"
#define HOST_1        "iqn.2026-11.test:host1"
#define HOST_2        "iqn.2026-11.test:host2"
#define TWO_LUN_BYTES (8u << 20)
#define TWO_LUNS      2u

struct two_gateway {
	struct array *array;
	struct target *target;
	struct guid id, portal_id, group;
	uint16_t port, inside;
	char portal[32], address[32];
};

struct two_gateways {
	struct two_gateway list[2];
	struct guid target_id, luns[TWO_LUNS];
	struct blk_dev *devices[TWO_LUNS];
	char dir[64]; /* for fault files: lun0.write, lun1.write … */
};

/* The CDBs of WRITE(10) of block 0, and READ(10) of block 8. */
extern const uint8_t two_write_0[10], two_read_8[10];

/* Functions of cmocka's fixtures; *state is the struct two_gateways. */
int two_set_up(void **state);
/* Commands wait for an owner for 300 ms. */
int two_set_up_impatient(void **state);
/* Who gives no sign of life for 200 ms, though it was asked for one, is taken for dead. */
int two_set_up_quick(void **state);
int two_tear_down(void **state);

#define TWO_TEST(name) cmocka_unit_test_setup_teardown(name, two_set_up, two_tear_down)
#define TWO_TEST_IMPATIENT(name) \
	cmocka_unit_test_setup_teardown(name, two_set_up_impatient, two_tear_down)

#define TWO_TEST_QUICK(name) cmocka_unit_test_setup_teardown(name, two_set_up_quick, two_tear_down)

/* ---- Rows ---- */

/* Publishes what was set, at both. */
void two_commit(struct two_gateways *g);
/* Sets the owner of a LUN at both. */
void two_set_owner(struct two_gateways *g, unsigned lun, unsigned owner, uint64_t epoch);
/* Sets the owner of a LUN at the first gateway only, and publishes it there. */
void two_tell_owner(struct two_gateways *g, unsigned lun, const struct guid *owner, uint64_t epoch);
/* The first gateway hears that the second has ended, and that LUN 1 is its own now. */
void two_take_over(struct two_gateways *g);
/* Has the commands of a LUN wait at a gateway. */
void two_quiesce(struct two_gateways *g, unsigned gateway, unsigned lun, void **ret_drain);
/* Ends a gateway's data path. */
void two_stop(struct two_gateway *gw);

/* ---- Faults: files like "lun0.write" with what is to happen ---- */

void two_inject(struct two_gateways *g, const char *file, const char *what);
void two_lift(struct two_gateways *g, const char *file);

/* ---- Initiators ---- */

/* Logs in and takes the unit attention of each LUN. */
struct iscsi_context *two_log_in(struct two_gateways *g, unsigned gateway, const char *host,
				 unsigned isid);
/* Logs in to the first gateway as HOST_1, and takes the unit attention of the LUN. */
void two_raw(struct two_gateways *g, struct raw *raw, unsigned lun);
/*
 * The same with LUN 1, and has the store hold a write of len bytes, at most 1,024, that its owner has
 * got.
 */
void two_hold_at_owner(struct two_gateways *g, struct raw *raw, const uint8_t *cdb, size_t cdb_len,
		       uint32_t len);
/* Fills bytes with a pattern. */
void two_fill(uint8_t *bytes, size_t len, uint8_t seed);

#endif
