/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Some gateways for tests: data paths in this process, with the same rows, each at a portal of its
 * own.  LUN 0 is the first one's, LUN 1 the second one's; the third has none.
 */
#ifndef VDS_TESTS_FEW_GATEWAYS_H
#define VDS_TESTS_FEW_GATEWAYS_H

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
#define FEW_LUN_BYTES (8u << 20)
#define FEW_LUNS      2u
#define FEW_GATEWAYS  3u

struct few_gateway {
	struct array *array;
	struct target *target;
	struct guid id, portal_id, group;
	uint16_t port, inside;
	char portal[32], address[32];
};

struct few_gateways {
	struct few_gateway list[FEW_GATEWAYS];
	struct guid target_id, luns[FEW_LUNS];
	struct blk_dev *devices[FEW_LUNS];
	char dir[64]; /* for fault files: lun0.write, lun1.write … */
};

/* The CDBs of WRITE(10) of block 0, and READ(10) of block 8. */
extern const uint8_t few_write_0[10], few_read_8[10];

/* Functions of cmocka's fixtures; *state is the struct few_gateways. */
int few_set_up(void **state);
/* Commands wait for an owner for 300 ms. */
int few_set_up_impatient(void **state);
/* Who gives no sign of life for 200 ms, though it was asked for one, is taken for dead. */
int few_set_up_quick(void **state);
int few_tear_down(void **state);

#define FEW_TEST(name) cmocka_unit_test_setup_teardown(name, few_set_up, few_tear_down)
#define FEW_TEST_IMPATIENT(name) \
	cmocka_unit_test_setup_teardown(name, few_set_up_impatient, few_tear_down)

#define FEW_TEST_QUICK(name) cmocka_unit_test_setup_teardown(name, few_set_up_quick, few_tear_down)

/* ---- Rows ---- */

/* Publishes what was set, at all. */
void few_commit(struct few_gateways *g);
/* Sets the owner of a LUN at all. */
void few_set_owner(struct few_gateways *g, unsigned lun, unsigned owner, uint64_t epoch);
/* Sets the owner of a LUN at the first gateway only, and publishes it there. */
void few_tell_owner(struct few_gateways *g, unsigned lun, const struct guid *owner, uint64_t epoch);
/* The first gateway hears that the second has ended, and that LUN 1 is its own now. */
void few_take_over(struct few_gateways *g);
/* Has the commands of a LUN wait at a gateway. */
void few_quiesce(struct few_gateways *g, unsigned gateway, unsigned lun, void **ret_drain);
/* Ends a gateway's data path. */
void few_stop(struct few_gateway *gw);

/* ---- Faults: files like "lun0.write" with what is to happen ---- */

void few_inject(struct few_gateways *g, const char *file, const char *what);
void few_lift(struct few_gateways *g, const char *file);

/* ---- Initiators ---- */

/* Logs in and takes the unit attention of each LUN. */
struct iscsi_context *few_log_in(struct few_gateways *g, unsigned gateway, const char *host,
				 unsigned isid);
/* Logs in to the first gateway as HOST_1, and takes the unit attention of the LUN. */
void few_raw(struct few_gateways *g, struct raw *raw, unsigned lun);
/*
 * The same with LUN 1, and has the store hold a write of len bytes, at most 1,024, that its owner
 * has got.
 */
void few_hold_at_owner(struct few_gateways *g, struct raw *raw, const uint8_t *cdb, size_t cdb_len,
		       uint32_t len);
/* Fills bytes with a pattern. */
void few_fill(uint8_t *bytes, size_t len, uint8_t seed);

#endif
