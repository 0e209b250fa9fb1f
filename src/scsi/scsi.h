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

struct scsi_buffers;
struct scsi_cmd;
struct scsi_itl;
struct scsi_lu;
struct scsi_nexus;
struct scsi_range_lock;
struct scsi_store;
struct scsi_task;

#define SCSI_CDB_BYTES          32u    /* the longest command that this device server knows */
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
 * Writes standard INQUIRY data (74 bytes), the Unit Serial Number page, or the designators of the
 * unit (without those of a target port), exactly as an initiator receives them.  Each function
 * writes at most `size` bytes into buf and returns how many bytes there are in all.  Any thread.
 */
size_t scsi_identity_inquiry(const struct scsi_identity *id, uint8_t *buf, size_t size);
size_t scsi_identity_vpd80(const struct scsi_identity *id, uint8_t *buf, size_t size);
size_t scsi_identity_designators(const struct scsi_identity *id, uint8_t *buf, size_t size);
/*
 * Returns true when the unit has this designator: code set, association, type, length and bytes
 * are those of one that scsi_identity_designators writes.  Any thread.
 */
bool scsi_identity_has(const struct scsi_identity *id, const uint8_t *designator);

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
	/* NOT READY, MEDIUM NOT PRESENT: an initiator has ejected the medium of a removable unit */
	SCSI_LU_NO_MEDIUM,
	/* NOT READY, FORMAT IN PROGRESS and SANITIZE IN PROGRESS */
	SCSI_LU_FORMATS,
	SCSI_LU_SANITIZES,
	/* MEDIUM ERROR, after a FORMAT UNIT or a SANITIZE that has failed, until one succeeds */
	SCSI_LU_CORRUPT,
	SCSI_LU_NOT_SANITIZED,
};

/* FORMAT UNIT; SANITIZE with OVERWRITE and with BLOCK ERASE.  The store keeps these numbers. */
enum scsi_job_kind { SCSI_JOB_FORMAT = 1, SCSI_JOB_OVERWRITE = 2, SCSI_JOB_ERASE = 3 };

/* What the owner of a unit is told of FORMAT UNIT and SANITIZE. */
enum scsi_job_event {
	SCSI_JOB_BEGINS,
	SCSI_JOB_DONE,
	SCSI_JOB_FAILED,
	SCSI_JOB_LEFT, /* its failure is forgotten: EXIT FAILURE MODE */
};

/* What was done with a unit since the program began to serve it. */
struct scsi_statistics {
	uint64_t read_commands, write_commands, read_bytes, write_bytes;
	uint64_t read_ns, write_ns; /* how long these commands took, each from its arrival on */
	/* for so long, or longer, there was no command: what overlaps was counted several times */
	uint64_t idle_ns;
};

struct scsi_lu_desc {
	struct scsi_identity identity;
	uint32_t block_bytes;      /* bytes of a logical block: 512 or 4096 */
	uint8_t physical_exponent; /* log2 of logical blocks per physical block */
	uint64_t capacity_blocks;  /* > 0 */
	bool thin;                 /* UNMAP, WRITE SAME with UNMAP, GET LBA STATUS, LBPME */
	bool write_cache;          /* there is a write cache, which WCE turns on and off */
	bool write_through;        /* WCE is 0 at power on: see scsi_lu_set_write_through */
	bool read_only;            /* at the start: see scsi_lu_set_read_only */
	bool removable;            /* the medium can be ejected, and comes back when it is loaded */
	uint32_t max_transfer_bytes; /* of one command; 0 = SCSI_MAX_TRANSFER_BYTES */
	bool offline;                /* see scsi_lu_set_offline */
	/* number of threads that will use the unit; 0 = not known. Sizes its counters */
	unsigned threads;
	struct blk_dev *dev; /* the unit takes a reference of its own */
	/*
	 * Keeps what must survive (store.h); belongs to the caller and outlives the unit.  NULL:
	 * nothing survives, and the unit says so to initiators.
	 */
	const struct scsi_store *store;
	/*
	 * Called when the last reference is dropped; lu is freed after this.  May be NULL. Any
	 * thread.
	 */
	void (*released)(void *arg);
	/*
	 * Called after an initiator has turned the write cache on or off, or a reset has.  May be
	 * NULL.  The thread of the task; must not block.
	 */
	void (*cache_changed)(void *arg, bool write_through);
	/*
	 * Called when the unit has something to do beside commands: from then on the owner calls
	 * scsi_lu_do_job until it returns SCSI_JOB_NONE.  NULL: there are no commands that need it.
	 * Any thread; must not block.
	 */
	void (*job)(void *arg);
	/*
	 * Called when a job begins, when it has ended, and when its failure is forgotten.  May be
	 * NULL.  Any thread; must not block.
	 */
	void (*job_event)(void *arg, enum scsi_job_kind kind, enum scsi_job_event event);
	/* Returns what was counted of the unit.  May be NULL.  The thread of a task. */
	void (*statistics)(void *arg, struct scsi_statistics *ret_statistics);
	void *arg;
};

/*
 * Makes a unit with one reference, which the caller owns, with what the store has kept for it.
 * Returns 0, ERR_INVALID (block size, capacity or identity is impossible), ERR_CORRUPT or
 * ERR_VERSION (what the store has cannot be read) or -ENOMEM.  Any thread.
 */
int scsi_lu_new(const struct scsi_lu_desc *desc, struct scsi_lu **ret_lu);
/* Takes one more reference, and returns lu.  Any thread. */
struct scsi_lu *scsi_lu_ref(struct scsi_lu *lu);
/* Drops a reference; the last one frees the unit.  Accepts NULL.  Any thread. */
void scsi_lu_unref(struct scsi_lu *lu);

/*
 * Returns the unit's device, borrowed: it stays until the calling thread has told whoever called
 * scsi_lu_set_device that it has noticed.  Data-path threads.
 */
struct blk_dev *scsi_lu_device(const struct scsi_lu *lu);
/*
 * A hint: a command with this CDB, of which 16 bytes are there and nothing was checked, will follow
 * in some microseconds, most likely.  Has the device prepare for a small READ or WRITE.  Data-path
 * threads.
 */
void scsi_lu_soon(const struct scsi_lu *lu, const uint8_t *cdb);
/*
 * Gives the unit another device with the same data, while no command of the unit runs.  Takes a
 * reference of its own.  When one of the two can unmap and the other cannot, every nexus gets
 * INQUIRY DATA HAS CHANGED.  Returns the device before, with the unit's reference: the caller drops
 * it when no thread uses that device any more.  Any thread.
 */
struct blk_dev *scsi_lu_set_device(struct scsi_lu *lu, struct blk_dev *dev);

/*
 * Sets the unit's size, after its device has grown.  Every command that is parsed from now on sees
 * it, and every nexus gets CAPACITY DATA HAS CHANGED.  Any thread.
 */
void scsi_lu_set_capacity(struct scsi_lu *lu, uint64_t capacity_blocks);
/* Returns the unit's size in logical blocks.  Any thread. */
uint64_t scsi_lu_capacity_blocks(const struct scsi_lu *lu);
/*
 * Sets whether an administrator has taken the unit offline.  A unit that comes back online raises
 * CAPACITY DATA HAS CHANGED for every nexus: an initiator that met it offline knows no capacity,
 * and reads it again because of that unit attention.  It also loads a medium that was ejected.  One
 * thread at a time; commands that are
 * parsed afterwards on any thread see it.
 */
void scsi_lu_set_offline(struct scsi_lu *lu, bool offline);
/*
 * Sets whether an administrator has made the unit read-only.  Commands that write are refused from
 * then on; the caller sees to those that have started.  A change raises MODE PARAMETERS CHANGED,
 * since it shows in the WP bit of MODE SENSE.  One thread at a time.
 */
void scsi_lu_set_read_only(struct scsi_lu *lu, bool read_only);
/*
 * Says how much space is free for the unit's blocks and those of all units that share it, below
 * which amount it is low, and how many thresholds have been crossed.  A thin unit that crosses one
 * more raises THIN PROVISIONING SOFT THRESHOLD REACHED for every nexus; the first call for a unit
 * raises nothing, since the threshold was crossed before there was the unit.  One thread at a time.
 */
void scsi_lu_set_space(struct scsi_lu *lu, uint64_t free_bytes, uint64_t threshold_bytes,
		       unsigned level);
/* Returns the unit's state.  Any thread, no lock. */
enum scsi_lu_state scsi_lu_state(const struct scsi_lu *lu);
/* Returns the unit's identity, which is valid as long as the unit.  Any thread. */
const struct scsi_identity *scsi_lu_identity(const struct scsi_lu *lu);
/* Returns the size of a logical block in bytes.  Any thread. */
uint32_t scsi_lu_block_bytes(const struct scsi_lu *lu);

/*
 * Refuses commands that reach the medium with BUSY, until scsi_lu_unfence was called as often: an
 * aborted command is still in the backing store, and what it writes must not come after what is
 * written from now on.  Commands that wait or collect data are refused when they start.
 * scsi_lu_unfence returns true when the last fence is gone.  Any thread, no lock.
 */
void scsi_lu_fence(struct scsi_lu *lu);
bool scsi_lu_unfence(struct scsi_lu *lu);
/* Returns true while the unit has a fence.  Any thread, no lock. */
bool scsi_lu_is_fenced(const struct scsi_lu *lu);

/*
 * Does what LOGICAL UNIT RESET does beside aborting tasks, which the caller has done on all
 * threads: mode parameters return to their defaults, and every nexus but `by` (may be NULL) gets
 * the unit attention.  Any thread.
 */
void scsi_lu_reset(struct scsi_lu *lu, struct scsi_itl *by);

/* ---- what a unit does beside its commands (job.c) ---- */

enum scsi_job_progress {
	SCSI_JOB_NONE,  /* there is nothing to do, or nothing any more */
	SCSI_JOB_MORE,  /* call again */
	SCSI_JOB_LATER, /* the device takes nothing at the moment: call again a little later */
};

/*
 * Does one step, some MiB, of what the unit has to do beside its commands (FORMAT UNIT, SANITIZE).
 * Blocks while the device works.  The caller has a reference, calls from one thread at a time, and
 * keeps the unit's device from being replaced meanwhile; it may stop calling at any time.  What is
 * under way goes on when a unit is made again over the same store.
 */
enum scsi_job_progress scsi_lu_do_job(struct scsi_lu *lu);
/* Returns how many bytes the last call of scsi_lu_do_job has written.  The thread of that call. */
uint32_t scsi_lu_job_written(const struct scsi_lu *lu);
/*
 * Says that the unit's device, which has failed, was opened again: every nexus gets CAPACITY DATA
 * HAS CHANGED, so that initiators look at the unit again, and a job that had to rest begins anew.
 * Any thread.
 */
void scsi_lu_recovered(struct scsi_lu *lu);
/*
 * Says that the unit was given other data, while no step is under way: a job begins with its first
 * block again, and every nexus gets MEDIUM MAY HAVE CHANGED.  Any thread.
 */
void scsi_lu_replaced(struct scsi_lu *lu);
/* A job that goes on, or has failed. */
struct scsi_job_look {
	enum scsi_job_kind kind;
	bool failed;
	uint16_t progress; /* in 65536ths */
};

/* Returns false when there is no job and none has failed.  Any thread. */
bool scsi_lu_look_at_job(struct scsi_lu *lu, struct scsi_job_look *ret_look);
/* Returns true when there is such a job: after scsi_lu_new, the owner sees to it.  Any thread. */
bool scsi_lu_has_job(const struct scsi_lu *lu);

/* ---- reservations (reserve*.c) ---- */

#define SCSI_INITIATOR_BYTES 224u /* an iSCSI name of 223 bytes and its end */

/* The types of persistent reservations, SPC-5. */
enum scsi_reserve_type {
	SCSI_RESERVE_NONE = 0,
	SCSI_RESERVE_WE = 1,    /* Write Exclusive */
	SCSI_RESERVE_EA = 3,    /* Exclusive Access */
	SCSI_RESERVE_WE_RO = 5, /* Write Exclusive - Registrants Only */
	SCSI_RESERVE_EA_RO = 6, /* Exclusive Access - Registrants Only */
	SCSI_RESERVE_WE_AR = 7, /* Write Exclusive - All Registrants */
	SCSI_RESERVE_EA_AR = 8, /* Exclusive Access - All Registrants */
};

/* An I_T nexus that has registered a key. */
struct scsi_registration {
	uint64_t key;
	uint8_t isid[6];
	uint16_t port; /* relative target port identifier */
	char initiator[SCSI_INITIATOR_BYTES];
};

#define SCSI_HOLDER_NONE UINT32_MAX

/* The registrations and the reservation of a unit at one moment.  Immutable; counted. */
struct scsi_reservations {
	atomic_uint refs;
	uint32_t generation; /* PRGENERATION */
	bool persists;       /* APTPL: the set survives a loss of power */
	uint8_t type;        /* enum scsi_reserve_type */
	/* index of the registration that holds the reservation; NONE also for ALL REGISTRANTS */
	uint32_t holder;
	uint32_t count;
	/*
	 * the initiator that has the unit by RESERVE; "" = none.  In scsi_lu_reservations' result
	 * only
	 */
	char reserved_by[SCSI_INITIATOR_BYTES];
	struct scsi_registration list[];
};

/*
 * Returns what is registered and reserved now, with a reference for the caller, in *ret_set.
 * Returns 0 or -ENOMEM.  Any thread.
 */
int scsi_lu_reservations(struct scsi_lu *lu, struct scsi_reservations **ret_set);
/*
 * Removes every registration, the reservation, and a RESERVE, as CLEAR does: every nexus that was
 * registered gets RESERVATIONS PREEMPTED.  `done` is called once, on any thread, perhaps from
 * inside this call: result is 0 (nothing of it is kept any more) or an error of the store (nothing
 * has changed).  Returns 0, or -ENOMEM (done is not called).  Any thread.
 */
int scsi_lu_reservations_clear(struct scsi_lu *lu, void (*done)(void *arg, int result), void *arg);
/*
 * Decodes what a store has kept (SCSI_KEEP_RESERVATIONS).  The caller owns a reference to *ret_set.
 * Returns 0, ERR_CORRUPT, ERR_VERSION (a newer program has written it) or -ENOMEM.  Any thread.
 */
int scsi_reservations_decode(uint32_t version, const void *data, size_t bytes,
			     struct scsi_reservations **ret_set);
void scsi_reservations_unref(struct scsi_reservations *set); /* accepts NULL; any thread */

/* ---- unit attentions (ua.c) ---- */

/* Unit attentions, in the order in which they are reported (SAM-6: precedence). */
enum scsi_ua {
	SCSI_UA_POWER_ON,   /* 29h/00h POWER ON, RESET, OR BUS DEVICE RESET OCCURRED */
	SCSI_UA_LU_RESET,   /* 29h/03h BUS DEVICE RESET FUNCTION OCCURRED */
	SCSI_UA_NEXUS_LOSS, /* 29h/07h I_T NEXUS LOSS OCCURRED */
	SCSI_UA_MEDIUM,     /* 28h/00h NOT READY TO READY CHANGE, MEDIUM MAY HAVE CHANGED */
	SCSI_UA_RESERVATIONS_PREEMPTED,  /* 2Ah/03h RESERVATIONS PREEMPTED */
	SCSI_UA_REGISTRATIONS_PREEMPTED, /* 2Ah/05h REGISTRATIONS PREEMPTED */
	SCSI_UA_RESERVATIONS_RELEASED,   /* 2Ah/04h RESERVATIONS RELEASED */
	SCSI_UA_REPORTED_LUNS,           /* 3Fh/0Eh REPORTED LUNS DATA HAS CHANGED */
	SCSI_UA_CAPACITY,                /* 2Ah/09h CAPACITY DATA HAS CHANGED */
	SCSI_UA_ACCESS,                  /* 2Ah/06h ASYMMETRIC ACCESS STATE CHANGED */
	SCSI_UA_MODE,                    /* 2Ah/01h MODE PARAMETERS CHANGED */
	SCSI_UA_INQUIRY,                 /* 3Fh/03h INQUIRY DATA HAS CHANGED */
	SCSI_UA_LOG,                     /* 2Ah/02h LOG PARAMETERS CHANGED */
	SCSI_UA_SOFT_THRESHOLD,          /* 38h/07h THIN PROVISIONING SOFT THRESHOLD REACHED */
	SCSI_UA_TIMESTAMP,               /* 2Ah/10h TIMESTAMP CHANGED */
	SCSI_UA_IDENTIFIER,              /* 3Fh/05h DEVICE IDENTIFIER CHANGED */
	SCSI_UA_COUNT
};

/*
 * Raises a unit attention for every nexus of the unit but `by` (may be NULL).  MEDIUM and CAPACITY
 * cancel the unit's ROD tokens, since its blocks may be others.  Any thread when by is NULL, else
 * the thread of by; takes no lock but a leaf.
 */
void scsi_lu_raise(struct scsi_lu *lu, enum scsi_ua ua, struct scsi_itl *by);
/*
 * Sets whether the write cache is off (WCE = 0), now and after each reset; when that is as it was
 * set before, what an initiator has changed since stays.  What the cache holds
 * stays there until the next flush.  Raises MODE PARAMETERS CHANGED when WCE changes.  Any thread.
 */
void scsi_lu_set_write_through(struct scsi_lu *lu, bool write_through);

/* ---- asymmetric access (alua.c) ---- */

/* The access states of target port groups, as REPORT TARGET PORT GROUPS shows them.  SPC-5. */
enum scsi_alua {
	SCSI_ALUA_OPTIMIZED = 0x0,
	SCSI_ALUA_NON_OPTIMIZED = 0x1,
	SCSI_ALUA_STANDBY = 0x2,
	SCSI_ALUA_UNAVAILABLE = 0x3,
	SCSI_ALUA_OFFLINE = 0xe,
};

/* The field STATUS CODE: what has altered the state last. */
enum scsi_alua_cause {
	SCSI_ALUA_NOT_ALTERED = 0,
	SCSI_ALUA_EXPLICIT = 1, /* SET TARGET PORT GROUPS */
	SCSI_ALUA_IMPLICIT = 2, /* the array, for its administrator */
};

/* A target port group through which a unit is accessible.  It has one port, of the same number. */
struct scsi_port_group {
	uint16_t number;
	uint8_t access; /* enum scsi_alua */
	uint8_t cause;  /* enum scsi_alua_cause */
	bool preferred;
	bool settable; /* SET TARGET PORT GROUPS may set its state */
};

/*
 * How long commands are still carried out after an initiator was told that its path is not active.
 */
#define SCSI_ALUA_MOVE_NS 10000000000ull

/* What SET TARGET PORT GROUPS asks for one group. */
struct scsi_alua_set {
	uint16_t number;
	uint8_t access; /* enum scsi_alua */
};

/* ---- nexus ---- */

#define SCSI_PORT_NAME_BYTES 240u /* an iSCSI name, ",t,0x", 4 digits, and the end */

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
	 * Copies up to `capacity` of the LUNs that this nexus may use, ascending, from the
	 * `first`th on into `luns`.  Returns how many there are in all.  The nexus' thread.
	 */
	size_t (*luns)(struct scsi_nexus *nexus, size_t first, uint16_t *luns, size_t capacity);
	/*
	 * Finds the unit with this designator (a designation descriptor of SPC-5: 4 bytes of
	 * header, of which [3] is the length, and the designator) among those that the task's nexus
	 * may use, and keeps it for the task until the task has ended.  Who drains that unit waits
	 * for the task, as for one of the unit's own.  Returns 0, ERR_NOT_FOUND (no such unit, or
	 * not for this nexus), ERR_BUSY (the unit is being drained) or -ENOMEM.  May be NULL: there
	 * is no unit but the task's own.  The task's thread.
	 */
	int (*open_unit)(struct scsi_task *task, const uint8_t *designator,
			 struct scsi_itl **ret_itl);
	/*
	 * Returns whether an EXTENDED COPY may go on with its next chunk: false when one of the
	 * units that it uses is being drained, so that nobody waits for a long copy.  The copy ends
	 * with COPY ABORTED then.  May be NULL: it may.  The task's thread.
	 */
	bool (*copy_may_go_on)(struct scsi_task *task);
	/*
	 * Copies up to `capacity` of the relative identifiers of the target ports through which the
	 * unit of `itl` can be reached, into `ports`.  Returns how many there are in all.  The
	 * nexus' thread.
	 */
	size_t (*ports)(struct scsi_itl *itl, uint16_t *ports, size_t capacity);
	/*
	 * Writes the SCSI name string ("iqn.…,t,0x0001") of the i-th of these ports into `name`,
	 * and returns its relative identifier, or 0: there are not so many.  May be NULL: the ports
	 * have no names that an initiator may know.  The nexus' thread.
	 */
	uint16_t (*port_name)(struct scsi_itl *itl, size_t i, char name[SCSI_PORT_NAME_BYTES]);
	/*
	 * Ends the tasks of other nexuses at the task's unit, for PREEMPT AND ABORT.  abort_prepare
	 * gets what that needs, or returns NULL (no memory); then abort_run or abort_cancel is
	 * called once.  abort_run ends the tasks of each itl for which concerns(itl, arg) is true,
	 * and calls done(arg) when they have ended, on the task's thread but not from inside the
	 * call; concerns is called on the threads of the itls.  The task's thread.
	 */
	void *(*abort_prepare)(struct scsi_task *task);
	void (*abort_run)(void *handle, bool (*concerns)(const struct scsi_itl *itl, void *arg),
			  void (*done)(void *arg), void *arg);
	void (*abort_cancel)(void *handle);
	/*
	 * Copies up to `capacity` of the target port groups through which the unit is accessible,
	 * from the `first`th on, into `groups`; each path of the unit has the same.  Returns how
	 * many there are in all.  May be NULL where no nexus has a target port group.  The nexus'
	 * thread.
	 */
	size_t (*port_groups)(struct scsi_itl *itl, size_t first, struct scsi_port_group *groups,
			      size_t capacity);
	/*
	 * Begins to set the states of `count` (> 0) groups, each of them once; `sets` stay until
	 * the end.  Returns 0: then scsi_alua_set_done follows, never from inside this call; or a
	 * negative number: nothing was begun.  The task's thread.
	 */
	int (*set_access)(struct scsi_task *task, const struct scsi_alua_set *sets, size_t count);
	/*
	 * Returns a monotonic time in nanoseconds, as of now or shortly before.  May be NULL where
	 * scsi_nexus_set_access is not called.  The nexus' thread.
	 */
	uint64_t (*now_ns)(struct scsi_nexus *nexus);
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
	uint8_t access;             /* enum scsi_alua of that group; later scsi_nexus_set_access */
	uint16_t shard;             /* a number of the thread: selects the counters that it uses */
	/* its transport has the queries of tasks and events, and I_T NEXUS RESET (RFC 7144) */
	bool has_queries;
	/* Private to scsi. */
	uint32_t luns_changed;
	uint32_t luns_reported;
	uint32_t access_losses; /* how often `access` has ceased to be active */
};

/*
 * Raises REPORTED LUNS DATA HAS CHANGED on each unit of this nexus, since its set of LUNs has
 * changed. The nexus' thread.
 */
void scsi_nexus_luns_changed(struct scsi_nexus *nexus);
/*
 * Changes the access state of the nexus' target port group; the caller raises SCSI_UA_ACCESS at the
 * units then.  When the nexus has been active and is not any more, each of its units goes on to
 * carry out all commands until that unit attention was reported to the nexus, and SCSI_ALUA_MOVE_NS
 * longer (alua.c).  The nexus' thread.
 */
void scsi_nexus_set_access(struct scsi_nexus *nexus, enum scsi_alua access);

/* A unit as one nexus sees it.  Embedded by the caller. */
struct scsi_itl {
	struct scsi_nexus *nexus;
	struct scsi_lu *lu; /* a reference; NULL until scsi_itl_attach */
	/* Private to scsi: unit attentions. */
	uint32_t pending;         /* 1 << enum scsi_ua */
	uint32_t ua_sequence;     /* lu->ua_sequence when the itl last looked */
	uint32_t luns_changed;    /* nexus->luns_changed when the itl last looked */
	uint32_t access_sets;     /* SET TARGET PORT GROUPS of this nexus that are under way */
	uint32_t access_losses;   /* nexus->access_losses of which this itl was told */
	uint64_t access_until_ns; /* until when it may still move its commands (ops->now_ns) */
	uint32_t ua_seen[SCSI_UA_COUNT]; /* lu->ua_raised when the itl last looked */
	atomic_uint ua_posted;           /* raised for this nexus alone, by any thread */
	/* Private to scsi: reservations (reserve.c). */
	uint32_t reserve_sequence; /* lu->reserve.sequence when the itl last looked */
	uint8_t role;              /* enum scsi_access_role, as it was then */
	struct list reserve_node;
	/* Private to scsi: the order of its tasks (order.c). */
	uint32_t enabled, barriers;
	struct list dormant; /* dormant tasks, linked by struct scsi_task.order_node */
	uint32_t prevents;   /* private to scsi: removal of the medium is prevented (medium.c) */
	struct scsi_buffers
		*buffers;   /* private to scsi: of READ BUFFER; NULL = unused (buffer.c) */
	struct list copies; /* private to scsi: what is known of EXTENDED COPY commands (copy.c) */
};

/*
 * Prepares an itl, which takes a reference to lu.  `pending` are the unit attentions to begin with,
 * 1u << SCSI_UA_POWER_ON at a login.  lu NULL: the unit is not made yet, and no task may use the
 * itl before scsi_itl_attach.  The nexus' thread.
 */
void scsi_itl_init(struct scsi_itl *itl, struct scsi_nexus *nexus, struct scsi_lu *lu,
		   uint32_t pending);
/*
 * Gives an itl that has none its unit, which was made after the itl: every unit attention that was
 * ever raised for all nexuses of the unit is pending for this one, and so are those in `pending`.
 * Takes a reference to lu.  The nexus' thread.
 */
void scsi_itl_attach(struct scsi_itl *itl, struct scsi_lu *lu, uint32_t pending);
/*
 * Does what an I_T nexus loss does at an itl that has its unit: ends a RESERVE and the prevention
 * of removal, and raises I_T NEXUS LOSS OCCURRED for this nexus.  The nexus' thread.
 */
void scsi_itl_lose_nexus(struct scsi_itl *itl);
/*
 * Returns how many unit attentions are pending, and writes the sense key, ASC and ASCQ of the next
 * one, which stays pending.  The nexus' thread.
 */
unsigned scsi_itl_peek(struct scsi_itl *itl, uint8_t ret_sense[3]);
/*
 * Returns whether the nexus would lose something without a word when the unit goes on elsewhere,
 * where only SCSI_UA_ACCESS is raised: other unit attentions, or its reservation by RESERVE.
 * Consumes nothing.  The nexus' thread.
 */
bool scsi_itl_is_more_than_access(struct scsi_itl *itl);
/* Drops what the itl holds.  It has no task left.  The nexus' thread. */
void scsi_itl_fini(struct scsi_itl *itl);

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
	struct scsi_range_lock *lock; /* that of the last request; NULL = there was none */
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
	uint8_t cdb[SCSI_CDB_BYTES]; /* the CDB, padded with zeros */
	uint8_t cdb_bytes; /* how many bytes of it came: 16, where the caller says nothing else */
	uint8_t attr;      /* enum scsi_attr */
	uint32_t expected_in_bytes; /* expected data transfer length, per direction */
	uint32_t expected_out_bytes;

	/* Valid when scsi_task_parse has returned SCSI_GO. */
	uint32_t out_needed_bytes; /* data-out to gather, <= expected_out_bytes */
	uint32_t in_needed_bytes;  /* data-in at most, <= expected_in_bytes */

	/* Data-out.  The caller sets it before scsi_task_execute; it stays until the task ends. */
	const struct iovec *out_iov;
	unsigned out_iov_count;
	uint32_t out_bytes; /* the sum of the lengths in out_iov: out_needed_bytes */

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
	struct scsi_work *work;     /* memory that some commands need in addition; owned */
	struct scsi_change *change; /* of a PERSISTENT RESERVE OUT; owned while it is set */
	struct blk_io io;
};

/* Prepares a task for a new command; only its io keeps its contents.  The task's thread. */
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

/* Goes on with a task, as ops->resume has asked for.  The task's thread. */
void scsi_task_resume(struct scsi_task *task);

/*
 * Goes on with a task for which ops->set_access returned 0.  error: 0, or a negative number
 * (nothing was changed).  changed: the states differ from those before, and SCSI_UA_ACCESS was
 * raised once for the task's unit; the nexus of the task is not told of that.  The task's thread.
 */
void scsi_alua_set_done(struct scsi_task *task, int error, bool changed);

/*
 * Ends a task early.  Returns SCSI_DONE when it has ended (always when it is not executing):
 * ops->done is not called.  Returns SCSI_PENDING while backing I/O is in flight: ops->done follows,
 * and task->aborted is set.  The task's thread.
 */
enum scsi_progress scsi_task_abort(struct scsi_task *task);

/*
 * Has an EXTENDED COPY end early, with COPY ABORTED, when its backing I/O that is in flight is
 * back: one of the units that it uses beside its own is reset.  No effect on other tasks.  The
 * task's thread.
 */
void scsi_task_stop_copy(struct scsi_task *task);

/*
 * Nobody waits any longer for this task, which was aborted and whose backing I/O does not come
 * back: it leaves the order of its nexus, so that ops->turn may be called for others.  The unit has
 * a fence (scsi_lu_fence) by then, which keeps those from the medium.  ops->done follows as before.
 * The task's thread.
 */
void scsi_task_abandon(struct scsi_task *task);

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
 * Returns whether a parsed task reads or writes blocks that its CDB names: READ, WRITE, VERIFY,
 * WRITE SAME, COMPARE AND WRITE and their like.  Its thread.
 */
bool scsi_task_is_io(const struct scsi_task *task);

/*
 * Frees what the task holds.  The caller does so when it has sent the data-in, and not while the
 * task is SCSI_PENDING.  The task's thread.
 */
void scsi_task_fini(struct scsi_task *task);

/*
 * Ends a task whose data-out did not come as it should, with CHECK CONDITION, ABORTED COMMAND and
 * the additional sense that says why (RFC 7143 §11.4.7.2).  The task was not executed and gives up
 * its place in the order.  The task's thread.
 */
void scsi_task_fail_crc(struct scsi_task *task);         /* 47h/05h PROTOCOL SERVICE CRC ERROR */
void scsi_task_fail_unsolicited(struct scsi_task *task); /* 0Ch/0Ch UNEXPECTED UNSOLICITED DATA */
void scsi_task_fail_short_data(struct scsi_task *task);  /* 0Ch/0Dh NOT ENOUGH UNSOLICITED DATA */

/* ---- LUN fields (lun.c) ---- */

/*
 * Writes a LUN (0 to SCSI_LUN_MAX) into the 8-byte LUN field: up to 255 in peripheral device form,
 * above in flat space form.  SAM-6.  Any thread.
 */
void scsi_lun_encode(uint16_t lun, uint8_t field[8]);
/*
 * Reads an 8-byte LUN field in either form.  Returns 0 to SCSI_LUN_MAX, or ERR_NOT_FOUND (another
 * form, or one that names a second level).  Any thread.
 */
int scsi_lun_decode(const uint8_t field[8]);

#endif
