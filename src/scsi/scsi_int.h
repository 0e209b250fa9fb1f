/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of scsi/ share.  Private to the folder.  Each command is a row of the table in
 * cmd.c with two functions, which run on the task's thread:
 *
 *	parse	checks the CDB, sets in_/out_total and _needed_bytes; returns SCSI_GO or SCSI_DONE
 *	execute	carries the command out; returns SCSI_DONE, SCSI_PENDING, or SCSI_AGAIN: its io is
 *		complete, and the caller is to call task->step
 *
 * A step returns the same three values as execute.  So a loop over backing I/O that completes at
 * once does not grow the stack.
 */
#ifndef VDS_SCSI_SCSI_INT_H
#define VDS_SCSI_SCSI_INT_H

#include <pthread.h>
#include <string.h>

#include "scsi/reserve_int.h"
#include "scsi/scsi.h"
#include "scsi/store.h"
#include "scsi/token_int.h"

enum { SCSI_AGAIN = SCSI_GO + 1 };

#define SCSI_NO_ACTION             0xffffu
#define SCSI_LONG_CDB              0x7fu /* the opcode of CDBs of variable length */
/* bytes of one I/O in commands that have a buffer of their own */
#define SCSI_CHUNK_BYTES           (256u << 10)
#define SCSI_MAX_UNMAP_DESCRIPTORS 256u
#define SCSI_MAX_COMPARE_BLOCKS    255u
/*
 * Blocks that WRITE ATOMIC writes as a whole, also over a power cut.  A disk writes a sector of 512
 * bytes, or does not; what is longer a file may have in part.  So a block of 4096 bytes is not
 * promised.
 */
#define SCSI_MAX_ATOMIC_BLOCKS     1u

/*
 * What Block Limits states, in bytes, for any block size.  Linux sends no larger UNMAP or WRITE
 * SAME, so deleting or zeroing a large range takes few commands.  It sends READ and WRITE of at
 * most the optimal transfer length and reads ahead twice that; the value was measured
 * (performance.md).
 */
#define SCSI_MAX_UNMAP_BYTES        (512ull << 20)
#define SCSI_MAX_WRITE_SAME_BYTES   (1ull << 30)
#define SCSI_OPTIMAL_TRANSFER_BYTES (512u << 10)
/* bytes zeroed in one step, after which an abort takes effect */
#define SCSI_ZEROES_BYTES           (64u << 20)

/* ---- cmd.c ---- */

enum scsi_cmd_flags {
	CMD_NO_UNIT = 1 << 0,   /* the command is answered also where there is no unit */
	CMD_NO_UA = 1 << 1,     /* a unit attention does not stop the command, SAM-6 */
	CMD_ANY_STATE = 1 << 2, /* the command is answered also when the unit is not online */
	CMD_WRITE = 1 << 3,     /* the command changes the medium: refused when write protected */
	/* the CDB has an LBA and a length, which are decoded and checked before parse */
	CMD_BLOCKS = 1 << 4,
	CMD_RANGE = 1 << 5,     /* the command takes the range lock, shared */
	CMD_ATOMIC = 1 << 6,    /* with CMD_RANGE: exclusive */
	CMD_THIN = 1 << 7,      /* the command exists only on a unit that can unmap */
	CMD_MEDIUM = 1 << 8,    /* the command reaches the device, as all with CMD_RANGE do */
	CMD_ALUA = 1 << 9,      /* the command exists only where there are target port groups */
	CMD_EXPLICIT = 1 << 10, /* … and only where initiators may set their states */
	CMD_SECTOR = 1 << 15,   /* the command exists only where a block is a sector of 512 bytes */
	CMD_NO_MEDIUM = 1 << 11, /* the command is answered also while the medium is ejected */
	/* bits 12 to 14: enum scsi_access_group, how the command and reservations conflict */
	CMD_ACCESS_SHIFT = 12,
	CMD_JOB = 1 << 16, /* the command exists only where the owner lends a thread (job.c) */
	/* the command is carried out although a FORMAT UNIT, or a SANITIZE, has failed */
	CMD_CORRUPT = 1 << 17,
	CMD_NOT_SANITIZED = 1 << 18,
	CMD_STORE = 1 << 19, /* the command exists only where the unit has a store */
};

struct scsi_cmd {
	uint8_t opcode;
	uint16_t action; /* service action, or SCSI_NO_ACTION */
	uint8_t cdb_bytes;
	uint32_t flags; /* enum scsi_cmd_flags */
	int (*parse)(struct scsi_task *task);
	int (*execute)(struct scsi_task *task);
	uint8_t usage[SCSI_CDB_BYTES]; /* CDB usage data of REPORT SUPPORTED OPERATION CODES */
};

/* The table, ascending by opcode and service action. */
extern const struct scsi_cmd scsi_cmds[];
extern const size_t scsi_cmd_count;

/*
 * Returns the command of a CDB, or NULL when there is none.  *ret_known tells whether its opcode
 * exists at all, be it with other service actions.
 */
const struct scsi_cmd *scsi_cmd_find(const uint8_t *cdb, bool *ret_known);
/* Returns true when the unit of the task carries the command out. */
bool scsi_cmd_supported(const struct scsi_cmd *cmd, const struct scsi_task *task);
/* Returns true when the unit carries out another command of the same opcode. */
bool scsi_cmd_has_sibling(const struct scsi_cmd *cmd, const struct scsi_task *task);
int scsi_rsoc_parse(struct scsi_task *task);
int scsi_rsoc_execute(struct scsi_task *task);

/* ---- alua.c: asymmetric logical unit access ---- */

/* Bits of the states in which a command is carried out although the path is not active. */
enum scsi_alua_bits {
	ALUA_IN_STANDBY = 1 << 0,
	ALUA_IN_UNAVAILABLE = 1 << 1,
	ALUA_IN_OFFLINE = 1 << 2,
};

/* A command that is carried out in some of these states. */
struct scsi_alua_rule {
	uint8_t opcode;
	uint8_t action; /* bits 4-0 of byte 1 of the CDB, or SCSI_ANY_ACTION */
	uint8_t states; /* enum scsi_alua_bits */
};
#define SCSI_ANY_ACTION 0xffu

extern const struct scsi_alua_rule scsi_alua_rules[];
extern const size_t scsi_alua_rule_count;

/* Returns true when the path of the task is in a state in which its command is carried out. */
bool scsi_alua_allows(const struct scsi_task *task);
/*
 * Notes that ASYMMETRIC ACCESS STATE CHANGED was reported to the itl, which looks where to go now.
 */
void scsi_alua_told(struct scsi_itl *itl);
/* Returns true when initiators may set the state of a group of the task's unit. */
bool scsi_alua_is_explicit(const struct scsi_task *task);
/* Returns the field TPGS of standard INQUIRY data. */
unsigned scsi_alua_tpgs(const struct scsi_task *task);
int scsi_rtpg_parse(struct scsi_task *task);
int scsi_rtpg_execute(struct scsi_task *task);
int scsi_stpg_parse(struct scsi_task *task);
int scsi_stpg_execute(struct scsi_task *task);

/* ---- order.c: when the tasks of a nexus may start ---- */

/* The parts of scsi_order_enter and scsi_order_leave that are rarely needed. */
void scsi_order_enter_slow(struct scsi_task *task);
void scsi_order_leave_slow(struct scsi_task *task);

/* Puts the task behind all tasks of its nexus that arrived before it. The itl's thread. */
static inline void
scsi_order_enter(struct scsi_task *task)
{
	struct scsi_itl *itl = task->itl;

	if (__builtin_expect(task->attr != SCSI_ATTR_SIMPLE || itl->barriers != 0 ||
				     !list_empty(&itl->dormant),
			     0)) {
		scsi_order_enter_slow(task);
		return;
	}
	task->order = SCSI_ORDER_ENABLED;
	itl->enabled++;
}

/*
 * The task has ended: take it out of the order, and call ops->turn for each task that may start
 * now.  Has no effect on a task that is not in the order.
 */
static inline void
scsi_order_leave(struct scsi_task *task)
{
	if (task->order == SCSI_ORDER_NONE)
		return;
	if (__builtin_expect(task->attr != SCSI_ATTR_SIMPLE || !list_empty(&task->itl->dormant),
			     0)) {
		scsi_order_leave_slow(task);
		return;
	}
	task->order = SCSI_ORDER_NONE;
	task->itl->enabled--;
}

/* ---- range.c: overlapping atomic operations of one unit, on any threads ---- */

#define RANGE_SHARDS 16u

enum scsi_range_state {
	RANGE_NONE,
	RANGE_FAST,     /* granted shared, and only counted */
	RANGE_GRANTED,  /* in `granted` */
	RANGE_WAITING,  /* in `waiting` */
	RANGE_RESUMING, /* in `granted`, ops->resume was called */
};

struct scsi_range_shard {
	atomic_uint busy; /* number of RANGE_FAST requests of the threads that use this shard */
	char pad[60];
};

struct scsi_range_lock {
	atomic_uint
		/*
		 * number of exclusive requests, granted or waiting; while it is not 0 there is no
		 * RANGE_FAST
		 */
		exclusive;
	char pad[60];
	pthread_mutex_t mutex; /* guards the lists; a leaf */
	struct list granted;
	struct list waiting;
	unsigned shard_count; /* at most RANGE_SHARDS: no more than threads that use the unit */
	struct scsi_range_shard shards[];
};

/* Returns the bytes that the shards of a lock need behind struct scsi_range_lock. */
static inline size_t
scsi_range_shard_bytes(unsigned shards)
{
	return shards * sizeof(struct scsi_range_shard);
}

/* Makes a lock in memory that is zeroed and has room for the shards (1 to RANGE_SHARDS). */
void scsi_range_init(struct scsi_range_lock *lock, unsigned shards);
void scsi_range_fini(struct scsi_range_lock *lock);
/*
 * Takes the range that task->range names.  Returns true when it is granted, or false: the task
 * waits, and ops->resume of its nexus is called when it is granted.  The task's thread.
 */
bool scsi_range_begin(struct scsi_range_lock *lock, struct scsi_task *task, bool exclusive);
/* Gives the range up, and grants others what they wait for.  The task's thread. */
void scsi_range_end(struct scsi_range_lock *lock, struct scsi_task *task);
/* Returns true when the task was waiting and no longer does, false when it was not waiting. */
bool scsi_range_cancel(struct scsi_range_lock *lock, struct scsi_task *task);

/* ---- lu.c ---- */

enum scsi_mode_bits {
	MODE_WCE = 1 << 0,
	MODE_D_SENSE = 1 << 1,
	MODE_SWP = 1 << 2,
};

enum scsi_lu_away {
	AWAY_OFFLINE = 1 << 0,
	AWAY_EJECTED = 1 << 1,
	AWAY_FORMATS = 1 << 2,
	AWAY_SANITIZES = 1 << 3,
	AWAY_CORRUPT = 1 << 4,       /* a FORMAT UNIT has failed */
	AWAY_NOT_SANITIZED = 1 << 5, /* a SANITIZE has failed */
	AWAY_JOB = AWAY_FORMATS | AWAY_SANITIZES | AWAY_CORRUPT | AWAY_NOT_SANITIZED,
};

/* ---- job.c: what a unit does beside its commands ---- */

/* The bytes of a job's record, which the store keeps; the pattern has at most a block's size. */
enum scsi_job_record {
	JOB_RECORD_KIND,
	JOB_RECORD_FAILED, /* 1: the job has failed */
	JOB_RECORD_AUSE,   /* 1: EXIT FAILURE MODE ends the failure */
	JOB_RECORD_INVERT, /* 1: the pattern is inverted from one pass to the next */
	JOB_RECORD_PASSES,
	JOB_RECORD_PATTERN, /* to the end of the record; none = zeros */
};

struct scsi_job {
	pthread_mutex_t mutex; /* a leaf; guards the record and what is marked with * */
	uint8_t *record;       /* NULL = there is no job, and none has failed */
	size_t record_bytes;
	uint8_t *next; /* the record that the store is asked to keep; NULL = none */
	size_t next_bytes;
	struct scsi_task *beginner; /* the command that has asked for that */
	int kept;                   /* what the store has answered */
	struct scsi_save save;      /* one at a time */
	struct scsi_task *waiter;   /* * the command that waits for the end */
	bool ends;                  /* * the store is asked to note the end */
	int result;                 /* * of the last job */
	_Atomic uint16_t progress;  /* in 65536ths */
	atomic_bool anew;           /* the medium holds other data: from the first pass on again */
	/* the runner's */
	unsigned pass;
	uint64_t done_bytes;    /* of the pass */
	bool untried;           /* the store had the job, and no step was done yet */
	uint8_t *buf;           /* what is written in this pass, several times */
	uint32_t written_bytes; /* by the last step */
};

void scsi_job_init(struct scsi_job *job);
void scsi_job_fini(struct scsi_job *job);
/* Reads what the store has of a job.  Returns 0, ERR_VERSION or -ENOMEM. */
int scsi_job_load(struct scsi_lu *lu);
/* The unit is online again: asks the owner to go on with what rested.  Any thread. */
void scsi_job_go_on(struct scsi_lu *lu);
/* Returns whether the unit can have jobs.  Any thread. */
bool scsi_job_is_possible(const struct scsi_lu *lu);
/*
 * Begins a job from inside the execute function of a command, which has the range lock of the whole
 * unit and its work; bytes 0: has the failure of the last one forgotten.  immediately: the command
 * ends when the store has the record, and not only when the job has ended.  Returns what an execute
 * function returns.
 */
int scsi_job_begin(struct scsi_task *task, const uint8_t *record, size_t bytes, bool immediately);
/* Returns whether EXIT FAILURE MODE may end the failure of the last job, if there is one. */
bool scsi_job_may_exit(struct scsi_lu *lu);
/* Returns true when the task has waited for the end of a job, and waits no longer. */
bool scsi_job_cancel(struct scsi_task *task);

/*
 * Returns whether an error has nothing to do with the medium, and passes: a device that is stopped
 * for a moment, or memory that is short.
 */
bool scsi_job_passes_over(int error);

/* ---- diag.c: self-tests ---- */

#define SCSI_TEST_RESULTS 20u

/* Why a self-test was not ended: SELF-TEST RESULTS of the log page. */
enum scsi_test_end {
	SCSI_TEST_ABORTED = 1, /* by SEND DIAGNOSTIC */
	SCSI_TEST_ENDED = 2,   /* by a reset, FORMAT UNIT or SANITIZE */
};

struct scsi_test_result {
	uint8_t code, result;
	bool medium; /* of a test that has failed: the medium is the cause */
	uint16_t hours;
	uint64_t lba; /* UINT64_MAX = none has failed */
};

struct scsi_self_test {
	pthread_mutex_t mutex; /* a leaf; guards all but buf */
	uint8_t code;          /* SELF-TEST CODE of what runs in the background; 0 = nothing does */
	uint16_t progress;     /* in 65536ths */
	unsigned number;       /* of the last test that began in the background */
	unsigned began;        /* the number of the test of which a step was begun */
	uint64_t done;         /* bytes, or places */
	unsigned count;
	struct scsi_test_result results[SCSI_TEST_RESULTS]; /* the latest first */
	uint8_t *buf;                                       /* the runner's */
};

void scsi_self_test_init(struct scsi_self_test *test);
void scsi_self_test_fini(struct scsi_self_test *test);
/* Does one step of the test in the background: scsi_lu_do_job. */
enum scsi_job_progress scsi_self_test_step(struct scsi_lu *lu);
/* Returns whether a test runs in the background, and its progress in 65536ths.  Any thread. */
bool scsi_self_test_runs(struct scsi_lu *lu, uint16_t *ret_progress);
/* Ends the test in the background.  Returns false when there is none.  Any thread. */
bool scsi_self_test_abort(struct scsi_lu *lu, enum scsi_test_end how);
/*
 * Writes the parameters of the log page 10h from this one on, at most 400 bytes; returns their
 * size.
 */
size_t scsi_self_test_log(struct scsi_lu *lu, unsigned first, uint8_t *p);
/* Returns about how long an extended self-test takes.  Any thread. */
uint64_t scsi_self_test_seconds(const struct scsi_lu *lu);
int scsi_send_diagnostic_parse(struct scsi_task *task);
int scsi_send_diagnostic_execute(struct scsi_task *task);
int scsi_diagnostic_results_parse(struct scsi_task *task);
int scsi_diagnostic_results_execute(struct scsi_task *task);

/* ---- info.c: what a unit tells of itself beside INQUIRY ---- */

#define SCSI_IDENTIFYING_MAX      512u
#define SCSI_IDENTIFYING_TEXT_MAX 256u

/* Identifying information, as the store has it. */
struct scsi_info {
	pthread_mutex_t mutex; /* a leaf */
	uint8_t *data;         /* NULL = there is none */
	size_t bytes;
};

void scsi_info_init(struct scsi_info *info);
void scsi_info_fini(struct scsi_info *info);
/* Reads what the store has of it.  Returns 0, ERR_VERSION or -ENOMEM. */
int scsi_info_load(struct scsi_lu *lu);
int scsi_report_identifying_parse(struct scsi_task *task);
int scsi_report_identifying_execute(struct scsi_task *task);
int scsi_set_identifying_parse(struct scsi_task *task);
int scsi_set_identifying_execute(struct scsi_task *task);
int scsi_report_timestamp_parse(struct scsi_task *task);
int scsi_report_timestamp_execute(struct scsi_task *task);
int scsi_set_timestamp_parse(struct scsi_task *task);
int scsi_set_timestamp_execute(struct scsi_task *task);
int scsi_media_serial_parse(struct scsi_task *task);
int scsi_media_serial_execute(struct scsi_task *task);

/* ---- lu.c: the unit ---- */

struct scsi_lu {
	atomic_uint refs;
	struct scsi_lu_desc desc; /* capacity, state and write cache in it are those at the start */
	struct blk_dev *_Atomic dev; /* holds a reference; desc.dev is the first one */
	unsigned block_shift;
	uint32_t max_transfer_blocks;
	atomic_bool unmaps; /* thin, and the device can free space */
	_Atomic uint64_t capacity_blocks;
	atomic_uint away; /* enum scsi_lu_away; 0 = the unit is there */
	atomic_bool read_only;
	_Atomic uint64_t read_errors, write_errors;   /* commands that ended with MEDIUM ERROR */
	_Atomic uint64_t free_bytes, threshold_bytes; /* scsi_lu_set_space */
	atomic_int space_level;      /* what scsi_lu_set_space said last; -1 = nothing yet */
	_Atomic uint64_t preventers; /* who prevents the removal of the medium: medium.c */
	atomic_uint fences;          /* scsi_lu_fence less scsi_lu_unfence */
	atomic_uint mode;            /* enum scsi_mode_bits, current values */
	atomic_uint saved;           /* mask of the mode bits that are saved << 8 | their values */
	atomic_bool write_through;   /* WCE is 0 by default */
	struct scsi_job job;
	struct scsi_self_test test;
	uint64_t made_ns; /* clock_mono_ns */
	struct scsi_info info;
	atomic_llong
		timestamp_offset_ms;  /* of the unit's timestamp to the clock of this computer */
	atomic_bool timestamp_is_set; /* by SET TIMESTAMP */
	/* raised when a unit attention was raised, for all nexuses or for some */
	atomic_uint ua_sequence;
	atomic_uint ua_raised[SCSI_UA_COUNT];
	struct scsi_reserve reserve;
	struct scsi_tokens tokens;
	struct scsi_range_lock ranges; /* last: its shards follow */
};

/* Reads the saved mode pages from the unit's store.  Returns 0, ERR_VERSION or -ENOMEM. */
int scsi_mode_load(struct scsi_lu *lu);
/* Returns the mode bits by default, and those after a reset: the saved ones.  Any thread. */
unsigned scsi_lu_mode_saved(const struct scsi_lu *lu);
unsigned scsi_lu_mode_default(const struct scsi_lu *lu);
/* Tells the owner of the unit when the write cache differs between two sets of mode bits. */
void scsi_lu_mode_changed(struct scsi_lu *lu, unsigned before, unsigned after);

static inline bool
scsi_lu_mode(const struct scsi_lu *lu, unsigned bit)
{
	return (atomic_load_explicit(&lu->mode, memory_order_relaxed) & bit) != 0;
}

static inline bool
scsi_lu_is_write_protected(const struct scsi_lu *lu)
{
	return atomic_load_explicit(&lu->read_only, memory_order_relaxed) ||
	       scsi_lu_mode(lu, MODE_SWP);
}

static inline struct scsi_lu *
scsi_task_lu(const struct scsi_task *task)
{
	return task->itl->lu;
}

/* Makes the unit's device fail, and with it the unit, after the device answered `error`. */
void scsi_lu_fail(struct scsi_lu *lu, int error);

/* Returns true when not every command is carried out through the path of the task. */
static inline bool
scsi_alua_is_limited(const struct scsi_task *task)
{
	return __builtin_expect(task->nexus->access > SCSI_ALUA_NON_OPTIMIZED, 0);
}

/* ---- task.c ---- */

/*
 * Memory that some commands need beyond their task.  scsi_work_new makes it, scsi_task_fini frees
 * it.
 */
struct scsi_work {
	uint8_t *buf;
	size_t buf_bytes;
	struct iovec *iov; /* array of iov_max elements */
	unsigned iov_max;
	uint64_t done_blocks;  /* blocks of task->count_blocks that are done */
	uint64_t offset_bytes; /* offset in the data-out */
	size_t index;          /* index of the descriptor that is worked on */
	int error;             /* of what the task waited for */
	unsigned iov_count;
	unsigned looks; /* number of times that the device was asked */
};

/* Sets task->work.  Returns 0, or -ENOMEM when the task has ended with BUSY. */
int scsi_work_new(struct scsi_task *task, size_t buf_bytes, unsigned iov_max);

/*
 * Starts backing I/O, after which the task goes on with `step`; the result is in task->io.result
 * then. Offset and length are bytes of the device.  Returns SCSI_AGAIN or SCSI_PENDING.
 */
int scsi_io(struct scsi_task *task, enum blk_op op, unsigned flags, uint64_t offset_bytes,
	    uint64_t len_bytes, const struct iovec *iov, unsigned iov_count,
	    int (*step)(struct scsi_task *task));

/* Like scsi_io, with the device of another unit than the task's own. */
int scsi_io_on(struct scsi_task *task, struct scsi_lu *lu, enum blk_op op, unsigned flags,
	       uint64_t offset_bytes, uint64_t len_bytes, const struct iovec *iov,
	       unsigned iov_count, int (*step)(struct scsi_task *task));

/* Ends the task with GOOD, or with another status that has no sense data.  Returns SCSI_DONE. */
int scsi_good(struct scsi_task *task);
int scsi_status(struct scsi_task *task, enum scsi_status status);

/*
 * Called in parse for a command with data-in of at most `len` bytes (its allocation length).
 * Returns SCSI_GO.
 */
int scsi_expect_in(struct scsi_task *task, uint32_t len);
/* Called in parse for a command without data. Returns SCSI_GO. */
int scsi_expect_none(struct scsi_task *task);
/*
 * Called in parse for a command with data-out of exactly `len` bytes.  Returns SCSI_GO, or
 * SCSI_DONE with PARAMETER LIST LENGTH ERROR when the initiator sends less.
 */
int scsi_expect_parameters(struct scsi_task *task, uint32_t len);

/*
 * Ends the task with GOOD and `size` bytes of data-in, cut to the allocation length and to what the
 * initiator expects; with BUSY when there is no room for them.  Returns SCSI_DONE.
 */
int scsi_give(struct scsi_task *task, const void *data, size_t size, uint32_t allocation);

/* Copies [offset, offset + len) of the data-out into buf; the range lies within it. */
void scsi_out_copy(const struct scsi_task *task, size_t offset, void *buf, size_t len);
/*
 * Writes the iovecs of [offset, offset + len) of the data-out into iov, which has room for
 * task->out_iov_count.  Returns their number.
 */
unsigned scsi_out_slice(const struct scsi_task *task, size_t offset, size_t len, struct iovec *iov);
/*
 * Returns the offset of the first byte in which the data-out at `offset` differs from buf, or -1.
 */
int64_t scsi_out_compare(const struct scsi_task *task, size_t offset, const uint8_t *buf,
			 size_t len);

/*
 * ---- sense.c: each ends the task with the sense that its name means, and returns SCSI_DONE ----
 */

int scsi_sense_invalid_opcode(struct scsi_task *task);
/*
 * The field in the CDB starts in this byte; bit is the bit in it, or negative for the whole byte.
 * scsi_sense_invalid_parameter names a field of the parameter list in this way.
 */
int scsi_sense_invalid_field(struct scsi_task *task, unsigned byte, int bit);
int scsi_sense_invalid_parameter(struct scsi_task *task, unsigned byte, int bit);
int scsi_sense_parameter_length(struct scsi_task *task);
int scsi_sense_invalid_unit(struct scsi_task *task); /* LOGICAL UNIT NOT SUPPORTED */
int scsi_sense_lba_out_of_range(struct scsi_task *task, uint64_t lba);
/* 0Eh/03h: the data-out does not have the size that the command needs */
int scsi_sense_data_size(struct scsi_task *task);
int scsi_sense_saving(struct scsi_task *task); /* SAVING PARAMETERS NOT SUPPORTED */
int scsi_sense_write_protected(struct scsi_task *task);
int scsi_sense_removal_prevented(struct scsi_task *task);
int scsi_sense_sequence(struct scsi_task *task); /* COMMAND SEQUENCE ERROR */
int scsi_sense_miscompare(struct scsi_task *task, uint64_t offset);
/*
 * EXTENDED COPY.  _aborted: COPY ABORTED at a segment; byte is the field of its descriptor that is
 * the cause, or negative.  _cscd: COPY ABORTED before the first segment, because of this byte of
 * the parameter list.  _list: ILLEGAL REQUEST, because of this byte of the parameter list.
 * _in_progress: the list identifier is that of a copy that goes on.  _failed: COPY ABORTED, of a
 * copy that has no segments.
 */
int scsi_sense_copy_aborted(struct scsi_task *task, uint16_t asc_ascq, unsigned segment, int byte);
int scsi_sense_copy_cscd(struct scsi_task *task, uint16_t asc_ascq, unsigned byte);
int scsi_sense_copy_list(struct scsi_task *task, uint16_t asc_ascq, unsigned byte);
int scsi_sense_in_progress(struct scsi_task *task);
int scsi_sense_copy_failed(struct scsi_task *task, uint16_t asc_ascq);
int scsi_sense_token(struct scsi_task *task, unsigned ascq); /* INVALID TOKEN OPERATION */
int scsi_sense_no_room(struct scsi_task *task); /* INSUFFICIENT RESOURCES TO CREATE ROD TOKEN */
int scsi_sense_self_test_runs(struct scsi_task *task);   /* NOT READY, SELF-TEST IN PROGRESS */
int scsi_sense_self_test_failed(struct scsi_task *task); /* LOGICAL UNIT FAILED SELF-TEST */
int scsi_sense_no_space(struct scsi_task *task);         /* SPACE ALLOCATION FAILED WRITE PROTECT */
int scsi_sense_invalid_release(struct scsi_task *task);  /* of a persistent reservation */
int scsi_sense_no_registrations(struct scsi_task *task); /* no resources for more of them */
int scsi_sense_not_kept(struct scsi_task *task);         /* what must survive cannot be kept */
int scsi_sense_attention(struct scsi_task *task, enum scsi_ua ua);
int scsi_sense_state(struct scsi_task *task, enum scsi_lu_state state);
/* LOGICAL UNIT NOT ACCESSIBLE, or OFFLINE: what the state of the task's path says */
int scsi_sense_access(struct scsi_task *task);
int scsi_sense_set_failed(struct scsi_task *task); /* SET TARGET PORT GROUPS COMMAND FAILED */
/*
 * For an error that src/blk returned.  lba: the first block that the command concerned, or
 * SENSE_NO_LBA.
 */
int scsi_sense_blk(struct scsi_task *task, int error, uint64_t lba);

#define SENSE_NO_LBA UINT64_MAX

/* A sense key with its additional sense code and qualifier, and how far the cause of it is. */
struct scsi_condition {
	uint8_t key, asc, ascq;
	bool has_progress;
	uint16_t progress; /* in 65536ths */
};

/* Writes a condition as sense data for REQUEST SENSE.  Returns its size: 18 or 8 bytes. */
size_t scsi_sense_format(const struct scsi_condition *cond, bool descriptor,
			 uint8_t buf[SCSI_SENSE_BYTES]);
struct scsi_condition scsi_condition_attention(enum scsi_ua ua);
struct scsi_condition scsi_condition_state(const struct scsi_lu *lu, enum scsi_lu_state state);
struct scsi_condition scsi_condition_access(enum scsi_alua access);
/* NO SENSE; while a self-test runs in the background, with that and its progress. */
struct scsi_condition scsi_condition_idle(struct scsi_lu *lu);
struct scsi_condition scsi_condition_none(void);
struct scsi_condition scsi_condition_no_unit(void);

/* ---- ua.c ---- */

/* The nexus knows of what was raised so far.  On its thread. */
void scsi_ua_see(struct scsi_itl *itl, enum scsi_ua ua);
/*
 * Raises a unit attention for one nexus.  Any thread, while the itl cannot cease to be (reserve.c).
 */
void scsi_ua_post(struct scsi_itl *itl, enum scsi_ua ua);
/* Brings itl->pending up to date.  Returns true when a unit attention is pending. */
bool scsi_ua_collect(struct scsi_itl *itl);
/* Removes the first pending unit attention and returns it; SCSI_UA_COUNT = there is none. */
enum scsi_ua scsi_ua_take(struct scsi_itl *itl);

static inline bool
scsi_ua_pending(struct scsi_itl *itl)
{
	if (itl->pending == 0 &&
	    atomic_load_explicit(&itl->lu->ua_sequence, memory_order_acquire) == itl->ua_sequence &&
	    itl->luns_changed == itl->nexus->luns_changed)
		return false;
	return scsi_ua_collect(itl);
}

/* ---- copy.c: EXTENDED COPY; copy_results.c: what is known of such copies ---- */

#define COPY_MAX_CSCDS         8u
#define COPY_MAX_SEGMENTS      16u
#define COPY_CSCD_BYTES        32u
#define COPY_SEGMENT_BYTES     28u
#define COPY_MAX_SEGMENT_BYTES (32u << 20)
#define COPY_MAX_LIST_BYTES \
	(COPY_MAX_CSCDS * COPY_CSCD_BYTES + COPY_MAX_SEGMENTS * COPY_SEGMENT_BYTES)
#define COPY_MAX_KNOWN 16u /* copies of one nexus of which something is kept */

/* The descriptors that an EXTENDED COPY may have, ascending. */
enum { COPY_BLOCK_TO_BLOCK = 0x02, COPY_CSCD_IDENTIFIED = 0xe4 };

enum scsi_copy_state {
	COPY_GOES_ON = 0,
	COPY_DONE = 1,
	COPY_FAILED = 2,
	COPY_PARTLY = 3, /* done, but a token had less data than was asked for */
	COPY_TERMINATED = 0x60,
};

/* Service actions that begin a copy. */
enum scsi_copy_action {
	COPY_ACTION_LID1 = 0x00,
	COPY_ACTION_LID4 = 0x01,
	COPY_ACTION_POPULATE = 0x10,
	COPY_ACTION_WRITE = 0x11,
};

/* What RECEIVE COPY RESULTS tells of a copy.  In itl->copies; the nexus' thread. */
struct scsi_copy_record {
	struct list node;
	uint32_t resets; /* number of resets of the unit when the copy began: a reset ends this */
	uint32_t list_id;
	uint8_t action; /* enum scsi_copy_action */
	bool keep;      /* when the copy has ended, the record stays until it was read */
	enum scsi_copy_state state;
	struct scsi_task *task; /* NULL = the copy has ended */
	uint16_t segments;      /* number of segments that are done */
	uint64_t bytes;
	bool partly; /* a token had less data than was asked for */
	bool has_token;
	uint8_t token[TOKEN_BYTES]; /* that POPULATE TOKEN has made */
	uint8_t status, sense_bytes;
	uint8_t sense[SCSI_SENSE_BYTES];
};

/*
 * Makes the record of a copy that begins.  Returns SCSI_GO, or SCSI_DONE: the task has ended, since
 * a copy with this identifier goes on, or too many do.
 */
int scsi_copy_record_new(struct scsi_task *task, uint32_t list_id, bool keep,
			 struct scsi_copy_record **ret_record);
/*
 * Notes how the copy has ended; terminated: by COPY OPERATION ABORT.  The record may be gone after
 * this.  Accepts NULL.
 */
void scsi_copy_record_end(struct scsi_copy_record *record, const struct scsi_task *task,
			  bool terminated);
/* Has a copy end early with its next step, for COPY OPERATION ABORT. */
void scsi_copy_terminate(struct scsi_task *task);
void scsi_copy_forget_all(struct scsi_itl *itl);
/*
 * Called when an executing task has ended or was aborted: its copy, if any, gives up what it holds.
 */
void scsi_copy_ended(struct scsi_task *task);
/* Returns what the nexus is to the unit's reservation: a load when nothing has changed. */
static inline enum scsi_access_role
scsi_reserve_role(struct scsi_itl *itl)
{
	if (__builtin_expect(atomic_load_explicit(&itl->lu->reserve.sequence,
						  memory_order_acquire) != itl->reserve_sequence,
			     0))
		scsi_reserve_look(itl);
	return (enum scsi_access_role)itl->role;
}

/*
 * A threshold set is 1 MiB: the unit in which the resources of thin units are counted.  Returns how
 * many fit into so many bytes; 32 bits are what initiators are told.
 */
#define SCSI_THRESHOLD_SET_SHIFT 20u
static inline uint32_t
scsi_threshold_sets(uint64_t bytes)
{
	uint64_t sets = bytes >> SCSI_THRESHOLD_SET_SHIFT;

	return sets < UINT32_MAX ? (uint32_t)sets : UINT32_MAX;
}

/* ---- buffer.c and log.c ---- */

int scsi_read_buffer_parse(struct scsi_task *task);
int scsi_read_buffer_execute(struct scsi_task *task);
int scsi_write_buffer_parse(struct scsi_task *task);
int scsi_write_buffer_execute(struct scsi_task *task);
int scsi_log_sense_parse(struct scsi_task *task);
int scsi_log_sense_execute(struct scsi_task *task);
int scsi_log_select_parse(struct scsi_task *task);
int scsi_log_select_execute(struct scsi_task *task);

/* ---- medium.c: the medium of a removable unit ---- */

int scsi_format_parse(struct scsi_task *task); /* format.c */
int scsi_format_execute(struct scsi_task *task);
int scsi_overwrite_parse(struct scsi_task *task);
int scsi_overwrite_execute(struct scsi_task *task);
int scsi_erase_parse(struct scsi_task *task);
int scsi_erase_execute(struct scsi_task *task);
int scsi_exit_failure_parse(struct scsi_task *task);
int scsi_exit_failure_execute(struct scsi_task *task);
int scsi_prevent_parse(struct scsi_task *task);
int scsi_prevent_execute(struct scsi_task *task);
int scsi_start_stop_parse(struct scsi_task *task);
int scsi_start_stop_execute(struct scsi_task *task);
/* The nexus no longer prevents the removal: it allows it, or its session ends. */
void scsi_medium_allow(struct scsi_itl *itl);
/* The unit is reset: nobody prevents the removal any more.  Any thread. */
void scsi_medium_reset(struct scsi_lu *lu);

/* ---- identity.c, inquiry.c, mode.c, lun.c, spc.c, sbc*.c ---- */

/*
 * Writes the designators of the unit and then those of the target port.  Otherwise like
 * scsi_identity_designators.
 */
size_t scsi_identity_all_designators(const struct scsi_identity *id, const struct scsi_nexus *nexus,
				     uint8_t *buf, size_t size);
/* The largest size of all designators: 12 + 12 + 64 + 22 + 8 + 8 bytes and two name strings. */
#define SCSI_DESIGNATORS_MAX 768u

/* Writes the designator of a target port by its name; returns its size, at most 4 + 240 bytes. */
size_t scsi_identity_port(const char *name, uint8_t *buf, size_t size);

int scsi_inquiry_parse(struct scsi_task *task);
int scsi_inquiry_execute(struct scsi_task *task);
int scsi_mode_sense6_parse(struct scsi_task *task);
int scsi_mode_sense10_parse(struct scsi_task *task);
int scsi_mode_sense_execute(struct scsi_task *task);
int scsi_mode_select6_parse(struct scsi_task *task);
int scsi_mode_select10_parse(struct scsi_task *task);
int scsi_mode_select_execute(struct scsi_task *task);
int scsi_report_luns_parse(struct scsi_task *task);
int scsi_report_luns_execute(struct scsi_task *task);
int scsi_tur_parse(struct scsi_task *task);
int scsi_tur_execute(struct scsi_task *task);
int scsi_request_sense_parse(struct scsi_task *task);
int scsi_request_sense_execute(struct scsi_task *task);
int scsi_report_tmf_parse(struct scsi_task *task);
int scsi_report_tmf_execute(struct scsi_task *task);
int scsi_prin_parse(struct scsi_task *task);
int scsi_prin_execute(struct scsi_task *task);
int scsi_prout_parse(struct scsi_task *task);
int scsi_prout_execute(struct scsi_task *task);
int scsi_reserve6_parse(struct scsi_task *task);
int scsi_reserve10_parse(struct scsi_task *task);
int scsi_reserve_execute(struct scsi_task *task);
int scsi_release_execute(struct scsi_task *task);

int scsi_read_capacity10_parse(struct scsi_task *task);
int scsi_read_capacity10_execute(struct scsi_task *task);
int scsi_read_capacity16_parse(struct scsi_task *task);
int scsi_read_capacity16_execute(struct scsi_task *task);
int scsi_lba_status_parse(struct scsi_task *task);
int scsi_lba_status_execute(struct scsi_task *task);
int scsi_sync_parse(struct scsi_task *task);
int scsi_flush_execute(struct scsi_task *task);
int scsi_prefetch_parse(struct scsi_task *task);
int scsi_defects10_parse(struct scsi_task *task);
int scsi_defects10_execute(struct scsi_task *task);
int scsi_defects12_parse(struct scsi_task *task);
int scsi_defects12_execute(struct scsi_task *task);

int scsi_read_parse(struct scsi_task *task);
int scsi_read_execute(struct scsi_task *task);
int scsi_write_parse(struct scsi_task *task);
int scsi_write_execute(struct scsi_task *task);
int scsi_verify_parse(struct scsi_task *task);
int scsi_verify_execute(struct scsi_task *task);
int scsi_write_verify_parse(struct scsi_task *task);
int scsi_write_verify_execute(struct scsi_task *task);
int scsi_write_atomic_parse(struct scsi_task *task);
int scsi_compare_write_parse(struct scsi_task *task);
int scsi_compare_write_execute(struct scsi_task *task);
int scsi_orwrite_parse(struct scsi_task *task);
int scsi_orwrite_execute(struct scsi_task *task);
int scsi_copy_parse(struct scsi_task *task);
int scsi_copy_execute(struct scsi_task *task);
int scsi_copy_results_parse(struct scsi_task *task);
int scsi_copy_status_execute(struct scsi_task *task);
int scsi_copy_data_execute(struct scsi_task *task);
int scsi_copy_limits_execute(struct scsi_task *task);
int scsi_copy_failure_execute(struct scsi_task *task);
int scsi_copy_status4_execute(struct scsi_task *task);
int scsi_rod_token_execute(struct scsi_task *task);
int scsi_copy_abort_parse(struct scsi_task *task);
int scsi_copy_abort_execute(struct scsi_task *task);
int scsi_token_parse(struct scsi_task *task);
int scsi_populate_token_execute(struct scsi_task *task);
int scsi_write_token_execute(struct scsi_task *task);
int scsi_report_tokens_execute(struct scsi_task *task);
/*
 * Writes what follows the header of the Third-party Copy VPD page; returns its size (copy_page.c).
 */
size_t scsi_copy_page(const struct scsi_task *task, uint8_t *p);
int scsi_unmap_parse(struct scsi_task *task);
int scsi_unmap_execute(struct scsi_task *task);
int scsi_write_same_parse(struct scsi_task *task);
int scsi_write_same_execute(struct scsi_task *task);

/*
 * Returns BLK_FUA when this write must be durable (FUA in the CDB, or the write cache off), and
 * BLK_WHOLE when the command is alone on its range, since such a one is done or not.
 */
unsigned scsi_write_flags(const struct scsi_task *task);
/*
 * Returns SCSI_GO when RDPROTECT, WRPROTECT or VRPROTECT (byte 1, bits 7-5) is 0, else SCSI_DONE.
 */
int scsi_no_protection(struct scsi_task *task);
/*
 * Returns the first byte of the CDB's transfer length, as far as its opcode's group decides that.
 */
unsigned scsi_length_at(const struct scsi_task *task);
/* Returns SCSI_GO when the command keeps to the unit's MAXIMUM TRANSFER LENGTH, else SCSI_DONE. */
int scsi_check_length(struct scsi_task *task);

/*
 * Returns the byte of the CDB that has the flags of a command on blocks (RDPROTECT and the like,
 * DPO, FUA, BYTCHK, UNMAP): 1, or 10 in a CDB of 32 bytes.
 */
static inline unsigned
scsi_flags_at(const struct scsi_task *task)
{
	return task->cdb[0] == SCSI_LONG_CDB ? 10 : 1;
}

/* Returns true when all bytes are 0; len > 0. */
static inline bool
scsi_is_zero(const uint8_t *p, size_t len)
{
	return p[0] == 0 && memcmp(p, p + 1, len - 1) == 0;
}

static inline uint64_t
scsi_task_offset(const struct scsi_task *task, uint64_t blocks)
{
	return (task->lba + blocks) << scsi_task_lu(task)->block_shift;
}

#endif
