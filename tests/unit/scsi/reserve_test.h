/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of reservations share: four nexuses of one unit, and functions that send them
 * PERSISTENT RESERVE OUT and IN.
 */
#ifndef VDS_TESTS_RESERVE_TEST_H
#define VDS_TESTS_RESERVE_TEST_H

#include "scsi_test.h"

#define KEY_A 0xaaaaaaaa00000001ull
#define KEY_B 0xbbbbbbbb00000002ull
#define KEY_C 0xcccccccc00000003ull

#define CONFLICT SCSI_STATUS_RESERVATION_CONFLICT
#define GOOD     SCSI_STATUS_GOOD
#define CHECK    SCSI_STATUS_CHECK_CONDITION

#define UA_RESERVATIONS_PREEMPTED  0x062a03
#define UA_RESERVATIONS_RELEASED   0x062a04
#define UA_REGISTRATIONS_PREEMPTED 0x062a05

/* A is scsi_test's own nexus; B, C and D are other initiators. */
struct hosts {
	struct scsi_test *t;
	struct {
		struct scsi_nexus own, *nexus;
		struct scsi_itl own_itl, *itl;
		char name[64];
	} host[4];
	struct test_task tt; /* the last command */
};

enum { A, B, C, D };

/* cmocka set-up and tear-down; *state is a struct hosts. */
int hosts_setup(void **state);
int hosts_teardown(void **state);
/* Ends the sessions of B, C and D, and begins them again after scsi_test_restart. */
void hosts_restart(struct hosts *h);

/* A PERSISTENT RESERVE OUT. */
struct out {
	uint8_t action, scope, type;
	uint64_t key, action_key;
	uint8_t flags; /* byte 20 */
};

#define APTPL     0x01
#define ALL_TG_PT 0x04
#define SPEC_I_PT 0x08

/* Starts the command in *tt, which test_task_fini frees. */
enum scsi_progress out_start(struct hosts *h, unsigned host, struct test_task *tt,
			     const struct out *out);
/*
 * Runs the command to its end, PREEMPT AND ABORT too; returns its status.  The answer is in h->tt.
 */
uint8_t out(struct hosts *h, unsigned host, const struct out *out);
/* The same with a whole parameter list. */
uint8_t out_list(struct hosts *h, unsigned host, uint8_t action, const uint8_t *list, size_t len);
#define OUT(h, host, service_action, ...) \
	out(h, host, &(const struct out){ .action = (service_action), ##__VA_ARGS__ })

/* Registers, and reserves, which must work. */
void join(struct hosts *h, unsigned host, uint64_t key);
void hold(struct hosts *h, unsigned host, uint64_t key, uint8_t type);

/* Runs any command of a host; returns its status. */
uint8_t run(struct hosts *h, unsigned host, const void *cdb, size_t cdb_len, const void *out,
	    size_t out_len, size_t in_len);
/* Returns the sense of TEST UNIT READY, 0 = GOOD: takes one unit attention. */
uint32_t attention(struct hosts *h, unsigned host);
/* Checks READ KEYS (its generation too) and READ RESERVATION. */
void assert_keys(struct hosts *h, uint32_t generation, const uint64_t *keys, size_t count);
void assert_reserved(struct hosts *h, uint64_t key, uint8_t type);
#define KEYS(...)                            \
	((const uint64_t[]){ __VA_ARGS__ }), \
		sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t)
#define NO_KEYS NULL, 0

#endif
