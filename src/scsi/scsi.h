/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The SCSI device server (SAM-6, SPC-5, SBC-4).  It is called with a CDB and data, and answers with
 * status, data and sense.  It knows no transport and no sockets, and has no threads of its own.
 * The caller (target/) owns every struct scsi_task, struct scsi_itl and struct scsi_nexus; a struct
 * scsi_lu is counted.
 *
 *	scsi_task_init(task, nexus, itl, queue);
 *	memcpy(task->cdb, …); task->expected_in_bytes = …; task->expected_out_bytes = …;
 *	if (scsi_task_parse(task) == SCSI_GO) {
 *		… gather task->out_needed_bytes, set out_iov, out_iov_count, out_bytes …
 *		if (!scsi_task_may_start(task))
 *			return;		// go on here when nexus->ops->turn(task) is called
 *		if (scsi_task_execute(task) == SCSI_PENDING)
 *			return;		// nexus->ops->done(task) comes later
 *	}
 *	… send in_iov[0 .. in_bytes), status, sense, residual; then
 *	scsi_task_fini(task);
 *
 * Threads: a nexus, its itls and its tasks belong to one thread.  What a logical unit shares is
 * atomic, or guarded by the lock inside its range lock (a leaf: no other lock is taken under it).
 */
#ifndef VDS_SCSI_SCSI_H
#define VDS_SCSI_SCSI_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/guid.h"
#include "base/list.h"
#include "blk/blk.h"

struct scsi_cmd;
struct scsi_itl;
struct scsi_lu;
struct scsi_nexus;
struct scsi_task;

#define SCSI_CDB_BYTES          16u    /* the longest command that this device server knows */
#define SCSI_SENSE_BYTES        36u    /* room for sense data of both formats */
#define SCSI_LUN_MAX            16383u /* flat space addressing, SAM-6 */
#define SCSI_SERIAL_BYTES       64u
#define SCSI_MAX_TRANSFER_BYTES (32u << 20) /* default of scsi_lu_desc.max_transfer_bytes */

/* The status codes that this device server returns.  SAM-6. */
enum scsi_status {
	SCSI_STATUS_GOOD = 0x00,
	SCSI_STATUS_CHECK_CONDITION = 0x02,
	SCSI_STATUS_CONDITION_MET = 0x04,
	SCSI_STATUS_BUSY = 0x08,
	SCSI_STATUS_RESERVATION_CONFLICT = 0x18,
	SCSI_STATUS_TASK_SET_FULL = 0x28,
	SCSI_STATUS_TASK_ABORTED = 0x40,
};

/*
 * Task attributes, SAM-6.  The order of arrival decides (order.c): an ORDERED command starts after
 * every older command of its nexus has ended, and a SIMPLE command starts after every older ORDERED
 * or HEAD OF QUEUE command has ended.  Commands that answer without a unit are left out.
 */
enum scsi_attr {
	SCSI_ATTR_SIMPLE,
	SCSI_ATTR_ORDERED,
	SCSI_ATTR_HEAD_OF_QUEUE,
	SCSI_ATTR_ACA,
};

/* ---- identity (identity.c) ---- */

/*
 * Who a logical unit is.  The array makes it once, stores it and never changes it.
 * docs/design/identity.md shows the bytes that INQUIRY and the VDS surface make of it.
 */
struct scsi_identity {
	struct guid guid;                   /* the LUN's; UUID designator */
	uint8_t naa[8];                     /* NAA 3 (locally assigned): naa[0] is 3xh */
	char vendor[9];                     /* T10 vendor id, ASCII, at most 8 characters */
	char product[17];                   /* at most 16 */
	char revision[5];                   /* at most 4 */
	char serial[SCSI_SERIAL_BYTES + 1]; /* ASCII, at least 1 character */
	bool t10;                           /* true: there is a T10 vendor id designator too */
};

/*
 * Write standard INQUIRY data (74 bytes), the Unit Serial Number page, or the designators of the
 * unit (without those of a target port), exactly as an initiator receives them.  Each function
 * writes at most `size` bytes into buf and returns how many bytes there are in all.  Any thread.
 */
size_t scsi_identity_inquiry(const struct scsi_identity *id, uint8_t *buf, size_t size);
size_t scsi_identity_vpd80(const struct scsi_identity *id, uint8_t *buf, size_t size);
size_t scsi_identity_designators(const struct scsi_identity *id, uint8_t *buf, size_t size);

/* ---- logical units (lu.c) ---- */

/*
 * Whether a unit serves commands.  An administrator decides between online and offline; the block
 * device alone decides whether an online unit has failed (blk_failed), so there is no second copy
 * of its health that could disagree.
 */
enum scsi_lu_state {
	SCSI_LU_ONLINE,
	SCSI_LU_OFFLINE, /* NOT READY, manual intervention required */
	SCSI_LU_FAILED,  /* HARDWARE ERROR: the device has failed, until blk_reopen succeeds */
};

struct scsi_lu_desc {
	struct scsi_identity identity;
	uint32_t block_bytes;      /* 512 or 4096 */
	uint8_t physical_exponent; /* log2 of logical blocks per physical block */
	uint64_t capacity_blocks;  /* > 0 */
	bool thin;                 /* UNMAP, WRITE SAME with UNMAP, GET LBA STATUS, LBPME */
	bool write_cache;          /* WCE at power on */
	bool read_only;
	uint32_t max_transfer_bytes; /* of one command; 0 = SCSI_MAX_TRANSFER_BYTES */
	bool offline;                /* see scsi_lu_set_offline */
	/* number of threads that will use the unit; 0 = not known. Sizes its counters */
	unsigned threads;
	struct blk_dev *dev; /* the unit takes a reference of its own */
	/*
	 * Called when the last reference is dropped; lu is freed after this.  May be NULL. Any
	 * thread.
	 */
	void (*released)(void *arg);
	void *arg;
};

/*
 * Make a unit with one reference, which the caller owns.  Returns 0, ERR_INVALID (block size,
 * capacity or identity is impossible) or -ENOMEM.  Any thread.
 */
int scsi_lu_new(const struct scsi_lu_desc *desc, struct scsi_lu **ret_lu);
/* Take one more reference, and return lu.  Any thread. */
struct scsi_lu *scsi_lu_ref(struct scsi_lu *lu);
/* Drop a reference; the last one frees the unit.  Accepts NULL.  Any thread. */
void scsi_lu_unref(struct scsi_lu *lu);

/*
 * Set the unit's size, after its device has grown.  Every command that is parsed from now on sees
 * it, and every nexus gets CAPACITY DATA HAS CHANGED.  Any thread.
 */
void scsi_lu_set_capacity(struct scsi_lu *lu, uint64_t capacity_blocks);
/* Returns the unit's size in logical blocks.  Any thread. */
uint64_t scsi_lu_capacity_blocks(const struct scsi_lu *lu);
/*
 * Set whether an administrator has taken the unit offline.  A unit that comes back online raises
 * CAPACITY DATA HAS CHANGED for every nexus: an initiator that met it offline knows no capacity,
 * and reads it again because of that unit attention.  One thread at a time; commands that are
 * parsed afterwards on any thread see it.
 */
void scsi_lu_set_offline(struct scsi_lu *lu, bool offline);
/* Returns the unit's state.  Any thread, no lock. */
enum scsi_lu_state scsi_lu_state(const struct scsi_lu *lu);
/* Returns the unit's identity, which is valid as long as the unit.  Any thread. */
const struct scsi_identity *scsi_lu_identity(const struct scsi_lu *lu);
/* Returns the size of a logical block in bytes.  Any thread. */
uint32_t scsi_lu_block_bytes(const struct scsi_lu *lu);

/*
 * Refuse commands that reach the medium with BUSY, until scsi_lu_unfence was called as often: an
 * aborted command is still in the backing store, and what it writes must not come after what is
 * written from now on.  Commands that wait or collect data are refused when they start.  Return
 * true for the first fence, or when the last one is gone.  Any thread, no lock.
 */
bool scsi_lu_fence(struct scsi_lu *lu);
bool scsi_lu_unfence(struct scsi_lu *lu);
/* Returns true while the unit has a fence.  Any thread, no lock. */
bool scsi_lu_is_fenced(const struct scsi_lu *lu);

/*
 * Do what LOGICAL UNIT RESET does beside aborting tasks, which the caller has done on all threads:
 * mode parameters return to their defaults, and every nexus but `by` (may be NULL) gets the unit
 * attention.  Any thread.
 */
void scsi_lu_reset(struct scsi_lu *lu, struct scsi_itl *by);

/* ---- unit attentions (ua.c) ---- */

/* Unit attentions, in the order in which they are reported (SAM-6: precedence). */
enum scsi_ua {
	SCSI_UA_POWER_ON,         /* 29h/00h POWER ON, RESET, OR BUS DEVICE RESET OCCURRED */
	SCSI_UA_LU_RESET,         /* 29h/03h BUS DEVICE RESET FUNCTION OCCURRED */
	SCSI_UA_NEXUS_LOSS,       /* 29h/07h I_T NEXUS LOSS OCCURRED */
	SCSI_UA_COMMANDS_CLEARED, /* 2Fh/00h COMMANDS CLEARED BY ANOTHER INITIATOR */
	SCSI_UA_REPORTED_LUNS,    /* 3Fh/0Eh REPORTED LUNS DATA HAS CHANGED */
	SCSI_UA_CAPACITY,         /* 2Ah/09h CAPACITY DATA HAS CHANGED */
	SCSI_UA_MODE,             /* 2Ah/01h MODE PARAMETERS CHANGED */
	SCSI_UA_INQUIRY,          /* 3Fh/03h INQUIRY DATA HAS CHANGED */
	SCSI_UA_COUNT
};

/*
 * Raise a unit attention for every nexus of the unit but `by` (may be NULL).  Any thread when by is
 * NULL, else the thread of by; takes no lock.
 */
void scsi_lu_raise(struct scsi_lu *lu, enum scsi_ua ua, struct scsi_itl *by);

/* ---- nexus ---- */

/* Functions that the caller of src/scsi provides. */
struct scsi_host_ops {
	/*
	 * Provide room for `len_bytes` (> 0) of data-in: set task->in_iov and in_iov_count, whose
	 * lengths sum to len_bytes.  The caller owns the memory, which is valid until it calls
	 * scsi_task_fini.  For READ len_bytes is a multiple of the block size (task->in_bytes, what
	 * to send, may be less).  Called at most once for each task, on its thread, when it
	 * executes. Returns 0, or a negative number: the task ends with BUSY.
	 */
	int (*data_in)(struct scsi_task *task, uint32_t len_bytes);
	/*
	 * Called when a task that was SCSI_PENDING has ended.  On the task's thread, from a blk
	 * completion or scsi_task_resume.
	 */
	void (*done)(struct scsi_task *task);
	/*
	 * Have scsi_task_resume(task) called on the task's own thread soon, but not from inside
	 * this call.  Called on any thread; at most one such request is outstanding for a task.
	 */
	void (*resume)(struct scsi_task *task);
	/*
	 * Called when the turn of a task has come for which scsi_task_may_start returned false:
	 * that returns true from now on.  On the task's thread, from inside a call that ends
	 * another task; the owner calls scsi_task_execute later, not from inside this call.
	 */
	void (*turn)(struct scsi_task *task);
	/*
	 * Copy up to `capacity` of the LUNs that this nexus may use, ascending, from the `first`th
	 * on into `luns`.  Returns how many there are in all.  The nexus' thread.
	 */
	size_t (*luns)(struct scsi_nexus *nexus, size_t first, uint16_t *luns, size_t capacity);
};

/*
 * An I_T nexus, that is one session.  The caller sets the fields and then uses it; the strings
 * belong to the caller and outlive the nexus.
 */
struct scsi_nexus {
	const struct scsi_host_ops *ops;
	const char *target_name; /* iSCSI name: "iqn.…" */
	const char *initiator_name;
	/* together with initiator_name: the initiator port, which outlives a session */
	uint8_t isid[6];
	uint16_t portal_group_tag;
	uint16_t relative_port_id;  /* 0 = not known: the designator is left out */
	uint16_t target_port_group; /* 0 = there is none (no ALUA): the designator is left out */
	uint16_t shard;             /* a number of the thread: selects the counters that it uses */
	/* Private to scsi. */
	uint32_t luns_changed;
	uint32_t luns_reported;
};

/*
 * Raise REPORTED LUNS DATA HAS CHANGED on each unit of this nexus, since its set of LUNs has
 * changed. The nexus' thread.
 */
void scsi_nexus_luns_changed(struct scsi_nexus *nexus);

/* A unit as one nexus sees it.  Embedded by the caller. */
struct scsi_itl {
	struct scsi_nexus *nexus;
	struct scsi_lu *lu; /* a reference */
	/* Private to scsi: unit attentions. */
	uint32_t pending;                /* 1 << enum scsi_ua */
	uint32_t ua_sequence;            /* lu->ua_sequence when the itl last looked */
	uint32_t luns_changed;           /* nexus->luns_changed when the itl last looked */
	uint32_t ua_seen[SCSI_UA_COUNT]; /* lu->ua_raised when the itl last looked */
	/* Private to scsi: the order of its tasks (order.c). */
	uint32_t enabled, barriers;
	struct list dormant; /* struct scsi_task.order_node */
};

/*
 * Prepare an itl, which takes a reference to lu.  `pending` are the unit attentions to begin with,
 * 1u << SCSI_UA_POWER_ON at a login.  The nexus' thread.
 */
void scsi_itl_init(struct scsi_itl *itl, struct scsi_nexus *nexus, struct scsi_lu *lu,
		   uint32_t pending);
/* Drop what the itl holds.  It has no task left.  The nexus' thread. */
void scsi_itl_fini(struct scsi_itl *itl);
/*
 * Raise a unit attention for this nexus and unit alone; for REPORTED LUNS use
 * scsi_nexus_luns_changed. The nexus' thread.
 */
void scsi_itl_raise(struct scsi_itl *itl, enum scsi_ua ua);

/* ---- tasks (task.c) ---- */

enum scsi_progress {
	SCSI_DONE,    /* the task has ended: its status is set */
	SCSI_PENDING, /* the task goes on: ops->done is called when it has ended */
	SCSI_GO,      /* from scsi_task_parse only: gather the data-out, then scsi_task_execute */
};

/* A task's request to the range lock of its unit (range.c).  Private to scsi. */
struct scsi_range {
	struct list node;
	uint64_t first_block, last_block; /* both belong to the range */
	uint8_t state;                    /* guarded by the lock's mutex while it waits */
	bool exclusive;
	uint16_t shard;
};

/*
 * A command.  The memory belongs to the caller, who zeroes it before its first use and calls
 * scsi_task_init for each new command.  READ and WRITE allocate nothing.
 */
struct scsi_task {
	/* The command.  The caller sets these before scsi_task_parse. */
	struct scsi_nexus *nexus;
	struct scsi_itl *itl; /* NULL: no unit at this LUN */
	uint16_t lun; /* LUN where there is no unit; UINT16_MAX = the LUN field has no number */
	struct blk_queue *queue;     /* queue of the task's thread */
	uint8_t cdb[SCSI_CDB_BYTES]; /* zero-padded */
	uint8_t attr;                /* enum scsi_attr */
	uint32_t expected_in_bytes;  /* expected data transfer length, per direction */
	uint32_t expected_out_bytes;

	/* Valid when scsi_task_parse has returned SCSI_GO. */
	uint32_t out_needed_bytes; /* data-out to gather, <= expected_out_bytes */
	uint32_t in_needed_bytes;  /* data-in at most, <= expected_in_bytes */

	/* Data-out.  The caller sets it before scsi_task_execute; it stays until the task ends. */
	const struct iovec *out_iov;
	unsigned out_iov_count;
	uint32_t out_bytes; /* == out_needed_bytes */

	/* Data-in, set by ops->data_in. */
	struct iovec *in_iov;
	unsigned in_iov_count;

	/* The answer. */
	uint8_t status;      /* enum scsi_status */
	uint8_t sense_bytes; /* valid bytes of sense; 0 = none */
	uint8_t sense[SCSI_SENSE_BYTES];
	uint32_t in_bytes; /* data-in to send: at most expected_in_bytes */
	/* What the command would transfer; the residual is the difference to what was expected. */
	uint64_t in_total_bytes;
	uint64_t out_total_bytes;
	bool aborted; /* ended by scsi_task_abort: no answer is owed */

	/* Private to scsi. */
	bool executing;
	/* the task had to wait for its turn: its CDB is checked again when it starts */
	bool waited;
	uint8_t order; /* enum scsi_order_state */
	struct list order_node;
	const struct scsi_cmd *cmd;
	uint64_t lba;
	uint32_t count_blocks;
	int (*step)(struct scsi_task *task); /* where the task goes on when io is complete */
	struct scsi_range range;
	struct scsi_work *work; /* memory that some commands need in addition; owned */
	struct blk_io io;
};

/* Prepare a task for a new command; only its io keeps its contents.  The task's thread. */
void scsi_task_init(struct scsi_task *task, struct scsi_nexus *nexus, struct scsi_itl *itl,
		    struct blk_queue *queue);

/*
 * Checks the CDB and decides what data it takes.  Returns SCSI_GO, or SCSI_DONE (bad CDB, LBA out
 * of range, unit attention …: answered before any data was moved).  With SCSI_GO the task has its
 * place in the order of its nexus, which scsi_task_fini or scsi_task_abort gives up if the task is
 * never executed.
 */
enum scsi_progress scsi_task_parse(struct scsi_task *task);

/* Where a task stands in the order of its nexus. */
enum scsi_order_state {
	SCSI_ORDER_NONE,    /* not parsed, ended, or a command that answers without a unit */
	SCSI_ORDER_ENABLED, /* may start, or has started */
	SCSI_ORDER_DORMANT, /* older tasks must end first */
};

/*
 * Returns true when a parsed task may be executed.  False: older tasks must end first, and
 * ops->turn will be called, also when the data-out is not here by then.  The task's thread.
 */
static inline bool
scsi_task_may_start(const struct scsi_task *task)
{
	return task->order != SCSI_ORDER_DORMANT;
}

/*
 * Starts a task whose data-out is here and that may start.  Returns SCSI_DONE, or SCSI_PENDING:
 * then ops->done follows, never from inside this call.
 */
enum scsi_progress scsi_task_execute(struct scsi_task *task);

/* Go on with a task, as ops->resume has asked for.  The task's thread. */
void scsi_task_resume(struct scsi_task *task);

/*
 * End a task early.  Returns SCSI_DONE when it has ended (always when it is not executing):
 * ops->done is not called.  Returns SCSI_PENDING while backing I/O is in flight: ops->done follows,
 * and task->aborted is set.  The task's thread.
 */
enum scsi_progress scsi_task_abort(struct scsi_task *task);

/*
 * Have a task that its owner held back after it was parsed checked again when it starts.  The
 * task's thread.
 */
static inline void
scsi_task_recheck(struct scsi_task *task)
{
	task->waited = true;
}

/* The kinds of commands that are counted separately. */
enum scsi_kind {
	SCSI_KIND_READ,  /* READ(6) to READ(16): in_bytes is what was read */
	SCSI_KIND_WRITE, /* WRITE(6) to WRITE(16): out_bytes is what was written */
	SCSI_KIND_OTHER,
};

/* Returns the kind of a task that was parsed.  Its thread. */
enum scsi_kind scsi_task_kind(const struct scsi_task *task);

/*
 * Free what the task holds.  The caller does so when it has sent the data-in, and not while the
 * task is SCSI_PENDING.  The task's thread.
 */
void scsi_task_fini(struct scsi_task *task);

/*
 * End a task whose data-out did not come as it should, with CHECK CONDITION, ABORTED COMMAND and
 * the additional sense that says why (RFC 7143 §11.4.7.2).  The task was not executed and gives up
 * its place in the order.  The task's thread.
 */
void scsi_task_fail_crc(struct scsi_task *task);         /* 47h/05h PROTOCOL SERVICE CRC ERROR */
void scsi_task_fail_unsolicited(struct scsi_task *task); /* 0Ch/0Ch UNEXPECTED UNSOLICITED DATA */
void scsi_task_fail_short_data(struct scsi_task *task);  /* 0Ch/0Dh NOT ENOUGH UNSOLICITED DATA */

/* ---- LUN fields (lun.c) ---- */

/*
 * Write a LUN (0 to SCSI_LUN_MAX) into the 8-byte LUN field: up to 255 in peripheral device form,
 * above in flat space form.  SAM-6.  Any thread.
 */
void scsi_lun_encode(uint16_t lun, uint8_t field[8]);
/*
 * Read an 8-byte LUN field in either form.  Returns 0 to SCSI_LUN_MAX, or ERR_NOT_FOUND (another
 * form, or one that names a second level).  Any thread.
 */
int scsi_lun_decode(const uint8_t field[8]);

#endif
