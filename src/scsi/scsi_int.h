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

#include "scsi/scsi.h"

enum { SCSI_AGAIN = SCSI_GO + 1 };

#define SCSI_NO_ACTION             0xffffu
/* bytes of one I/O in commands that have a buffer of their own */
#define SCSI_CHUNK_BYTES           (256u << 10)
#define SCSI_MAX_UNMAP_DESCRIPTORS 256u
#define SCSI_MAX_COMPARE_BLOCKS    255u

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
	CMD_NO_BLOCKS = 1 << 8, /* with CMD_RANGE: overlaps no block, only ORDERED tasks */
	CMD_MEDIUM = 1 << 9,    /* the command reaches the device, as all with CMD_RANGE do */
};

struct scsi_cmd {
	uint8_t opcode;
	uint16_t action; /* service action, or SCSI_NO_ACTION */
	uint8_t cdb_bytes;
	uint16_t flags; /* enum scsi_cmd_flags */
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
/* Returns true when this unit carries the command out. */
bool scsi_cmd_supported(const struct scsi_cmd *cmd, const struct scsi_lu *lu);
int scsi_rsoc_parse(struct scsi_task *task);
int scsi_rsoc_execute(struct scsi_task *task);

/* ---- order.c: when the tasks of a nexus may start ---- */

/* The parts of scsi_order_enter and scsi_order_leave that are rarely needed. */
void scsi_order_enter_slow(struct scsi_task *task);
void scsi_order_leave_slow(struct scsi_task *task);

/* Put the task behind all tasks of its nexus that arrived before it. The itl's thread. */
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

#define RANGE_SHARDS   16u
#define RANGE_NO_BLOCK UINT64_MAX /* overlaps no block, but is in the range of an ORDERED task */

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

/* Make a lock in memory that is zeroed and has room for the shards (1 to RANGE_SHARDS). */
void scsi_range_init(struct scsi_range_lock *lock, unsigned shards);
void scsi_range_fini(struct scsi_range_lock *lock);
/*
 * Take the range that task->range names.  Returns true when it is granted, or false: the task
 * waits, and ops->resume of its nexus is called when it is granted.  The task's thread.
 */
bool scsi_range_begin(struct scsi_range_lock *lock, struct scsi_task *task, bool exclusive);
/* Give the range up, and grant others what they wait for.  The task's thread. */
void scsi_range_end(struct scsi_range_lock *lock, struct scsi_task *task);
/* Returns true when the task was waiting and no longer does, false when it was not waiting. */
bool scsi_range_cancel(struct scsi_range_lock *lock, struct scsi_task *task);

/* ---- lu.c ---- */

enum scsi_mode_bits {
	MODE_WCE = 1 << 0,
	MODE_D_SENSE = 1 << 1,
	MODE_SWP = 1 << 2,
};

struct scsi_lu {
	atomic_uint refs;
	struct scsi_lu_desc desc; /* capacity, state and write cache in it are those at the start */
	unsigned block_shift;
	uint32_t max_transfer_blocks;
	bool unmaps; /* thin, and the device can free space */
	_Atomic uint64_t capacity_blocks;
	atomic_bool offline;
	atomic_uint fences;      /* scsi_lu_fence less scsi_lu_unfence */
	atomic_uint mode;        /* enum scsi_mode_bits, current values */
	atomic_uint ua_sequence; /* sum of ua_raised */
	atomic_uint ua_raised[SCSI_UA_COUNT];
	struct scsi_range_lock ranges; /* last: its shards follow */
};

static inline bool
scsi_lu_mode(const struct scsi_lu *lu, unsigned bit)
{
	return (atomic_load_explicit(&lu->mode, memory_order_relaxed) & bit) != 0;
}

static inline struct scsi_lu *
scsi_task_lu(const struct scsi_task *task)
{
	return task->itl->lu;
}

/* Make the unit's device fail, and with it the unit, after the device answered `error`. */
void scsi_lu_fail(struct scsi_lu *lu, int error);

/* ---- task.c ---- */

/* Memory that some commands need beyond their task.  scsi_work_new makes it, scsi_task_fini frees it. */
struct scsi_work {
	uint8_t *buf;
	size_t buf_bytes;
	struct iovec *iov; /* array of iov_max elements */
	unsigned iov_max;
	uint64_t done_blocks;  /* blocks of task->count_blocks that are done */
	uint64_t offset_bytes; /* offset in the data-out */
	size_t index;          /* index of the descriptor that is worked on */
	unsigned iov_count;
	unsigned looks; /* number of times that the device was asked */
};

/* Set task->work.  Returns 0, or -ENOMEM when the task has ended with BUSY. */
int scsi_work_new(struct scsi_task *task, size_t buf_bytes, unsigned iov_max);

/*
 * Start backing I/O, after which the task goes on with `step`; the result is in task->io.result
 * then. Offset and length are bytes of the device.  Returns SCSI_AGAIN or SCSI_PENDING.
 */
int scsi_io(struct scsi_task *task, enum blk_op op, unsigned flags, uint64_t offset_bytes,
	    uint64_t len_bytes, const struct iovec *iov, unsigned iov_count,
	    int (*step)(struct scsi_task *task));

/* End the task with GOOD, or with another status that has no sense data.  Return SCSI_DONE. */
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
 * End the task with GOOD and `size` bytes of data-in, cut to the allocation length and to what the
 * initiator expects; with BUSY when there is no room for them.  Returns SCSI_DONE.
 */
int scsi_give(struct scsi_task *task, const void *data, size_t size, uint32_t allocation);

/* Copy [offset, offset + len) of the data-out into buf; the range lies within it. */
void scsi_out_copy(const struct scsi_task *task, size_t offset, void *buf, size_t len);
/*
 * Write the iovecs of [offset, offset + len) of the data-out into iov, which has room for
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
int scsi_sense_miscompare(struct scsi_task *task, uint64_t offset);
int scsi_sense_attention(struct scsi_task *task, enum scsi_ua ua);
int scsi_sense_state(struct scsi_task *task, enum scsi_lu_state state);
/*
 * For an error that src/blk returned.  lba: the first block that the command concerned, or
 * SENSE_NO_LBA.
 */
int scsi_sense_blk(struct scsi_task *task, int error, uint64_t lba);

#define SENSE_NO_LBA UINT64_MAX

/* A sense key with its additional sense code and qualifier. */
struct scsi_condition {
	uint8_t key, asc, ascq;
};

/* Write a condition as sense data for REQUEST SENSE.  Returns its size: 18 or 8 bytes. */
size_t scsi_sense_format(const struct scsi_condition *cond, bool descriptor,
			 uint8_t buf[SCSI_SENSE_BYTES]);
struct scsi_condition scsi_condition_attention(enum scsi_ua ua);
struct scsi_condition scsi_condition_state(enum scsi_lu_state state);
struct scsi_condition scsi_condition_none(void);
struct scsi_condition scsi_condition_no_unit(void);

/* ---- ua.c ---- */

/* Bring itl->pending up to date.  Returns true when a unit attention is pending. */
bool scsi_ua_collect(struct scsi_itl *itl);
/* Remove the first pending unit attention and return it; SCSI_UA_COUNT = there is none. */
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

/* ---- identity.c, inquiry.c, mode.c, lun.c, spc.c, sbc*.c ---- */

/*
 * Write the designators of the unit and then those of the target port.  Otherwise like
 * scsi_identity_designators.
 */
size_t scsi_identity_all_designators(const struct scsi_identity *id, const struct scsi_nexus *nexus,
				     uint8_t *buf, size_t size);
/* The largest size of all designators: 12 + 12 + 64 + 22 + 8 + 8 bytes and two name strings. */
#define SCSI_DESIGNATORS_MAX 768u

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
int scsi_prevent_parse(struct scsi_task *task);
int scsi_start_stop_parse(struct scsi_task *task);
int scsi_report_tmf_parse(struct scsi_task *task);
int scsi_report_tmf_execute(struct scsi_task *task);

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
int scsi_compare_write_parse(struct scsi_task *task);
int scsi_compare_write_execute(struct scsi_task *task);
int scsi_orwrite_parse(struct scsi_task *task);
int scsi_orwrite_execute(struct scsi_task *task);
int scsi_unmap_parse(struct scsi_task *task);
int scsi_unmap_execute(struct scsi_task *task);
int scsi_write_same_parse(struct scsi_task *task);
int scsi_write_same_execute(struct scsi_task *task);

/*
 * Returns BLK_FUA when this write must be durable (FUA in the CDB, or the write cache off), else 0.
 */
unsigned scsi_write_flags(const struct scsi_task *task);
/*
 * Returns SCSI_GO when RDPROTECT, WRPROTECT or VRPROTECT (byte 1, bits 7-5) is 0, else SCSI_DONE.
 */
int scsi_no_protection(struct scsi_task *task);
/* Returns SCSI_GO when the command keeps to the unit's MAXIMUM TRANSFER LENGTH, else SCSI_DONE. */
int scsi_check_length(struct scsi_task *task);

static inline uint64_t
scsi_task_offset(const struct scsi_task *task, uint64_t blocks)
{
	return (task->lba + blocks) << scsi_task_lu(task)->block_shift;
}

#endif
