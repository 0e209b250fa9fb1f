/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tests of src/scsi share these helpers: a logical unit in memory whose I/O a test can hold,
 * fail and count, and functions that run a command to its end.
 */
#ifndef VDS_TESTS_SCSI_TEST_H
#define VDS_TESTS_SCSI_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "blk/blk_int.h"
#include "scsi/scsi_int.h"

#define TEST_BLOCKS   2048u
#define TEST_HELD_MAX 64u

/* A block device over blk_mem that can hold operations, let them fail, and count them. */
struct test_dev {
	struct blk_dev dev;
	bool hold; /* operations stay pending until test_dev_complete */
	struct blk_io *held[TEST_HELD_MAX];
	unsigned held_count;
	/* result of the next operation and of all later ones; 0 = the operation works */
	int fail[BLK_OPS_];
	unsigned count[BLK_OPS_];
	unsigned flags[BLK_OPS_]; /* flags of the last operation */
	unsigned prefetches;      /* number of calls, and the last range */
	uint64_t prefetch_bytes[2];
};

/*
 * A store that keeps one piece of data of each kind in memory, and can hold or fail what it is
 * asked for.
 */
struct test_store {
	struct scsi_store store;
	bool hold; /* a save stays pending until test_store_complete */
	int fail;  /* result of saves; 0 = they work */
	struct scsi_save *held;
	struct scsi_kept kept, pages, job,
		info; /* reservations, mode pages, …; data NULL = nothing */
	unsigned saves;
};

struct scsi_test {
	struct test_store store;
	struct test_dev *dev;
	struct scsi_lu *lu;
	struct scsi_nexus nexus;
	struct scsi_itl itl;
	struct scsi_test *other; /* another unit that the nexus may use; NULL = there is none */
	int open_error;          /* what open_unit is to return */
	uint16_t luns[300];
	size_t lun_count;
	uint16_t ports[4]; /* what ops->ports tells */
	size_t port_count;
	struct blk_listener listener;
	unsigned failed; /* how often the device has failed */
	unsigned released;
	unsigned cache_changes; /* how often the owner was told, and what was said last */
	bool write_through;
	unsigned jobs;   /* how often the owner was asked to do a job */
	char events[32]; /* what it was told of jobs: b(egins), d(one), f(ailed), l(eft) */
};

/* Writes the CDB that is nothing but this command: opcode, service action, length. */
void test_cdb(const struct scsi_cmd *cmd, uint8_t cdb[SCSI_CDB_BYTES]);

/* One command and its answer. */
struct test_task {
	struct scsi_task task;
	uint8_t *in; /* data-in */
	size_t in_size;
	struct iovec in_iov[3], out_iov[3];
	bool done;        /* ops->done was called */
	unsigned resumes; /* ops->resume was called */
	bool waits;       /* test_start has not executed it, since older tasks must end first */
	bool turn;        /* ops->turn was called */
	bool no_memory;   /* data_in is to fail */
	/* PREEMPT AND ABORT: whose tasks end; `end_others` has done(arg) called */
	bool (*concerns)(const struct scsi_itl *itl, void *arg);
	void (*others_ended)(void *arg);
	void *others_arg;
	bool prepared;
};

/* Ends what the store holds, with its result. */
void test_store_complete(struct test_store *store);
/* Drops the unit and makes it anew over the same store and device, as a restart does. */
void scsi_test_restart(struct scsi_test *t);

/* Does what the unit has to do beside commands, until there is nothing more.  Returns the steps. */
unsigned scsi_test_do_jobs(struct scsi_test *t);

/*
 * cmocka set-ups; *state is a struct scsi_test.  The unit has 512-byte blocks and is thin;
 * 4096-byte blocks and is thin; 512-byte blocks and is thick.
 */
int scsi_test_setup(void **state);
int scsi_test_setup_4k(void **state);
int scsi_test_setup_thick(void **state);
int scsi_test_teardown(void **state);
struct scsi_test *scsi_test_new(uint32_t block_bytes, bool thin);
void scsi_test_free(struct scsi_test *t);
void scsi_test_desc(struct scsi_lu_desc *desc, struct blk_dev *dev, uint32_t block_bytes,
		    bool thin);
struct test_dev *test_dev_new(uint64_t size_bytes);
void test_dev_complete(struct test_dev *dev); /* complete the oldest held operation */
extern const struct scsi_host_ops scsi_test_ops;

/* Gives the nexus a target port group, whose state initiators may set. */
void scsi_test_alua(struct scsi_test *t);
/* Makes a second nexus to the same unit. */
void scsi_test_nexus(struct scsi_test *t, struct scsi_nexus *nexus, struct scsi_itl *itl);

/*
 * Prepares tt: its data-in, data-out and expected lengths.  test_start then parses and executes the
 * task; it returns the result of execute (or of parse), and SCSI_PENDING also when the task must
 * wait for its turn.  The data-out (out_len bytes) and the room for data-in are cut into pieces of
 * odd sizes.
 */
void test_task_init(struct test_task *tt, struct scsi_nexus *nexus, struct scsi_itl *itl,
		    const void *cdb, size_t cdb_len, const void *out, size_t out_len,
		    size_t in_len);
enum scsi_progress test_start(struct test_task *tt);
/*
 * Executes a task for which ops->turn was called.  Returns the result of execute; SCSI_DONE sets
 * tt->done.
 */
enum scsi_progress test_take_turn(struct test_task *tt);
void test_task_fini(struct test_task *tt);

/*
 * Runs one command to its end; returns its status.  The answer stays in *tt until the next test_run
 * or test_task_fini.
 */
uint8_t test_run(struct scsi_test *t, struct test_task *tt, const void *cdb, size_t cdb_len,
		 const void *out, size_t out_len, size_t in_len);

#define CDB(...) ((const uint8_t[]){ __VA_ARGS__ }), sizeof((const uint8_t[]){ __VA_ARGS__ })
#define NO_OUT   NULL, 0

/* Returns key << 16 | asc << 8 | ascq of an answer in fixed or descriptor format. */
uint32_t test_sense(const struct scsi_task *task);
#define assert_sense(tt, key_asc_ascq)                                            \
	do {                                                                      \
		assert_int_equal((tt)->task.status, SCSI_STATUS_CHECK_CONDITION); \
		assert_int_equal(test_sense(&(tt)->task), key_asc_ascq);          \
	} while (0)

#define SENSE_INVALID_OPCODE    0x052000
#define SENSE_INVALID_FIELD     0x052400
#define SENSE_INVALID_PARAMETER 0x052600
#define SENSE_PARAMETER_LENGTH  0x051a00
#define SENSE_LBA_OUT_OF_RANGE  0x052100
#define SENSE_INVALID_UNIT      0x052500
#define SENSE_DATA_SIZE         0x050e03
#define SENSE_MISCOMPARE        0x0e1d00

/* Reads and writes the medium directly. */
void test_peek(struct scsi_test *t, uint64_t lba, void *buf, size_t blocks);
void test_fill(struct scsi_test *t, uint64_t lba, uint8_t value, size_t blocks);
bool test_all(const uint8_t *bytes, size_t len, uint8_t value);

#endif
