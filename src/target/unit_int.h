/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of target_int.h, which says what threads and locks there are: what the data path has of a
 * LUN, and how it is held, reset and reserved.
 */
#ifndef VDS_TARGET_UNIT_INT_H
#define VDS_TARGET_UNIT_INT_H

#include "array/array.h"
#include "base/loop.h"
#include "base/workers.h"
#include "iscsi/iscsi.h"
#include "scsi/store.h"
#include "target/buf_int.h"
#include "target/limits_int.h"
#include "target/meter_int.h"

struct target_drain;
struct target_path;
struct target_session;
struct target_thread;
struct target_unit;

/* ---- ack.c: wait until n threads have done something ----------------------------------------- */

/* A counter on which one thread waits until each of n threads has done something. */
struct target_ack {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* threads that have not called target_ack_one yet; under `lock` */
	unsigned left;
};

void target_ack_init(struct target_ack *ack, unsigned count);
void target_ack_fini(struct target_ack *ack);
/* Says that one thread has done its part. Any thread. */
void target_ack_one(struct target_ack *ack);
/*
 * Waits until every thread has done its part.  timeout_ms UINT32_MAX = without a limit.  Returns 0
 * or ERR_TIMEOUT.
 */
int target_ack_wait(struct target_ack *ack, uint32_t timeout_ms);

/* ---- job.c: what units do beside their initiators' commands ---------------------------------- */

/* What of it belongs to a unit; guarded by target_jobs.lock, but for the last three. */
struct target_job {
	struct work work;
	struct list node; /* in target_jobs.parked, .waiting or .running */
	bool queued;    /* with the workers, parked, waiting or running: a reference to the unit */
	bool again;     /* asked for once more meanwhile */
	bool forgotten; /* the LUN is deleted */
	/* of a unit that waits for limits: until when, and the generation of the limits then */
	uint64_t start_ns;
	uint32_t generation;
	struct work report;  /* to the array: how far it is */
	atomic_bool reports; /* the reporter has it */
	unsigned percent;    /* that was reported; the worker's that does a step */
};

/*
 * The part of a drain: while it is in target_jobs.holds, no step begins on the LUNs of the
 * mappings.
 */
struct target_job_hold {
	struct list node;
	const struct array_mapping *mappings;
	size_t count;
};

struct target_jobs {
	pthread_mutex_t lock; /* a leaf, but for the workers' own */
	pthread_cond_t changed;
	struct list holds;                    /* struct target_job_hold.node */
	struct list parked, waiting, running; /* struct target_unit.job.node */
	bool stopped;
	bool posted;             /* `look` is on its way to the first thread */
	struct loop_msg look;    /* the first thread is to look at what waits */
	struct loop_timer timer; /* the first thread's: when it looks again */
};

void target_jobs_init(struct target_jobs *jobs);
void target_jobs_fini(struct target_jobs *jobs);
/* Makes the units of LUNs whose job was not done when the program ended.  When it has a view. */
void target_jobs_start(struct target *target);
/* No step begins any more; called before the workers end. */
void target_jobs_stop(struct target *target);
/* The unit has something to do.  Any thread; never blocks longer than a lock. */
void target_job_begin(struct target_unit *unit);
/* The unit was made: goes on with its job, if it has one, and shows it.  Any thread. */
void target_job_resume(struct target_unit *unit);
/* The LUN is deleted: what is not done stays undone.  Any thread. */
void target_job_forget(struct target_unit *unit);
/*
 * Holds the jobs of LUNs, and waits until no step is under way.  Returns 0 or ERR_TIMEOUT; in both
 * cases target_job_release follows.  Threads of the array.
 */
int target_job_hold(struct target *target, struct target_job_hold *hold, uint32_t timeout_ms);
void target_job_release(struct target *target, struct target_job_hold *hold);
/* The function job of struct scsi_lu_desc, whose arg is the unit. */
void target_job_asked(void *arg);

/* ---- job_report.c: reports those jobs to administrators -------------------------------------- */

/* The function job_event of struct scsi_lu_desc, whose arg is the unit. */
void target_job_event(void *arg, enum scsi_job_kind kind, enum scsi_job_event event);
/* Shows how far the job is.  Any thread that has a reference to the unit or its lu. */
void target_job_report(struct target_unit *unit);
/* Shows that when another percent is done.  The worker that has done a step. */
void target_job_report_progress(struct target_unit *unit);

/* ---- unit.c: a LUN as the data path has it --------------------------------------------------- */

/*
 * The part of a unit that belongs to one thread.  That thread writes the counters and any thread
 * reads them; only that thread uses the list.
 */
struct target_unit_share {
	_Alignas(64) _Atomic uint64_t read_commands;
	_Atomic uint64_t write_commands, other_commands, read_bytes, write_bytes;
	_Atomic uint64_t failed_commands; /* ended with another status than GOOD */
	/* commands that waited for a limit, and how long they did, all together */
	_Atomic uint64_t limited_commands, limited_ns;
	/*
	 * how long commands took, by kind; NULL = there was none of the kind.  Freed with the unit
	 */
	_Atomic(struct histogram *) latency[METER_KINDS];
	struct target_unit *unit;
	/*
	 * struct target_path.unit_node: the thread's paths to the unit, including those that are
	 * gone from their session's map
	 */
	struct list paths;
};

/*
 * A LUN as the data path has it: its block device, its SCSI logical unit and its counters.  Of many
 * LUNs few are in use, so a unit is made when the first command of any session comes for its LUN.
 * There is one unit for a LUN row: the table target->units holds a reference from then on until the
 * row is deleted.  A LUN that is dissociated and associated again keeps its unit, and with it range
 * locks, unit attentions and mode parameters.  Paths hold references too, so the unit of a deleted
 * LUN lives until its last task has ended.  Made by the data-path thread that first needs it, freed
 * by whichever thread drops the last reference.
 */
struct target_unit {
	atomic_uint refs;
	struct target *target;
	struct guid lun_id;
	struct guid pool_id; /* units_lock, once it is in use */
	struct scsi_lu *lu;
	struct scsi_store store; /* of lu: what it must keep is kept by the array */
	/*
	 * from array_lun_device; returned with array_device_release; units_lock, once it is in use
	 */
	struct blk_dev *dev;
	atomic_bool hangs; /* the array was told that aborted I/O does not come back */
	struct target_job job;
	struct target_limit limit; /* the LUN's own limits */
	_Atomic(struct target_pool_limit *)
		pool; /* the limits of its pool; the publisher sets it */
	struct work release;
	uint64_t made_ns; /* clock_mono_ns */
	unsigned share_count;
	struct target_unit_share shares[]; /* one for each thread */
};

/*
 * Finds the unit of a LUN, or makes it from the row that the thread's view has, whose state is
 * given too.  Returns 0 with a reference for the caller, ERR_NOT_FOUND (the LUN is being deleted)
 * or
 * -ENOMEM.  Data-path threads.
 */
int target_unit_get(struct target *target, const struct state *state, const struct row_lun *row,
		    struct target_unit **ret_unit);
/* Fills in who the LUN of a row is.  Any thread. */
void target_unit_identity(struct scsi_identity *id, const struct row_lun *row);
/*
 * Gives the unit of a LUN, if there is one, the size, the status, the access, the write cache, the
 * limits and the pool of its row.  The publisher, after every thread has the view with this row: a
 * unit that is made later is made from this row.
 */
void target_unit_update(struct target *target, const struct state *state,
			const struct row_lun *row);
/*
 * Drops the reference that target->units holds to the unit of a deleted LUN. Has no effect when the
 * LUN has no unit.  Publisher.
 */
void target_unit_forget(struct target *target, const struct guid *lun_id);
/*
 * Drops all references that target->units holds. To be called when nothing is published any more.
 */
void target_unit_forget_all(struct target *target);
struct target_unit *target_unit_ref(struct target_unit *unit);
void target_unit_unref(struct target_unit *unit); /* accepts NULL; any thread */
/* Compares elements of an array of struct target_unit *, by address: for qsort and bsearch. */
int target_unit_compare(const void *a, const void *b);
/* The function pool_space of struct array_runtime_ops. */
void target_unit_pool_space(void *runtime, const struct array_pool_level *level);
/* Frees what target_unit_pool_space has kept.  To be called when no unit is left. */
void target_unit_levels_free(struct target *target);
/*
 * Called when the device of a failed LUN was opened again: raise CAPACITY DATA HAS CHANGED, so that
 * initiators look at the LUN again.  Has no effect when the LUN has no unit.  Any thread.
 */
void target_unit_recovered(struct target *target, const struct guid *lun_id);
/*
 * Called when a LUN was given other data: raises MEDIUM MAY HAVE CHANGED for every initiator.  Has
 * no effect when the LUN has no unit.  Any thread.
 */
void target_unit_replaced(struct target *target, const struct guid *lun_id);
/* The function lun_device of struct array_runtime_ops. */
void target_unit_device(void *runtime, const struct guid *lun_id);
/* Returns the unit of a LUN with one reference for the caller, or NULL. Any thread. */
struct target_unit *target_unit_find(struct target *target, const struct guid *lun_id);
/*
 * Returns the units of all LUNs that are in use, in *ret_units, with a reference to each, and their
 * number, or -ENOMEM.  The caller frees the array.  Any thread.
 */
int target_unit_list(struct target *target, struct target_unit ***ret_units);

/* ---- hold.c: quiesce, resume, and waiting for tasks ------------------------------------------ */

struct target_drain;

/* The part of a drain that one thread does. */
struct target_drain_part {
	struct target_drain *drain;
	struct target_thread *thread;
	struct loop_msg msg, undo_msg;
	/* in thread->waits until nothing that the part covers is in flight */
	struct list wait_node;
	struct list hold_node; /* in thread->holds while the paths of the mappings are held */
};

/*
 * The functions quiesce and resume of struct array_runtime_ops.  The handle of a drain is a struct
 * target_drain.  Called on threads of the array.
 */
int target_hold_quiesce(void *runtime, const struct array_mapping *mappings, size_t count,
			uint32_t timeout_ms, void **ret_drain);
void target_hold_resume(void *runtime, void *drain);
/* Ends every hold, because the data path stops. */
void target_hold_end_all(struct target *target);
/* Returns true when a drain holds this path. The path's thread. */
bool target_hold_covers(const struct target_thread *thread, const struct target_path *path);
/*
 * Called when I/O that was in flight has ended: ends the drains that have nothing left to wait for.
 */
void target_hold_check(struct target_thread *thread);
/*
 * An abort of the tasks of some units on all threads, through whichever target they came.  The
 * arrays belong to the caller and stay unchanged until done(arg) is called, on the loop of the
 * calling thread.
 */
struct target_abort_request {
	struct target_unit *const *units; /* sorted by address */
	size_t unit_count;
	/* LUNs of this gateway whose units may not be made yet, so that commands wait for that */
	const struct guid *luns;
	size_t lun_count;
	const struct target_session *by; /* the session that asks */
	struct iscsi_moment moment;      /* of the tasks of `by`, those from before are aborted */
	/* which nexuses lose their tasks; NULL = all.  Called with `arg`, on the paths' threads */
	bool (*concerns)(const struct scsi_itl *itl, void *arg);
	void (*done)(void *arg);
	void *arg;
};
/*
 * target_hold_abort_new allocates what an abort needs (NULL = no memory), so that a caller can do
 * that before it begins; target_hold_abort_run cannot fail; target_hold_abort_free gives back what
 * was not run.
 */
struct target_drain *target_hold_abort_new(struct target_thread *thread);
void target_hold_abort_run(struct target_drain *drain, struct target_thread *thread,
			   const struct target_abort_request *request);
void target_hold_abort_free(struct target_drain *drain);

/* ---- preempt.c: what reservations need of the data path -------------------------------------- */

/* Functions of struct scsi_host_ops. */
size_t target_preempt_ports(struct scsi_itl *itl, uint16_t *ports, size_t capacity);
uint16_t target_preempt_port_name(struct scsi_itl *itl, size_t i, char name[SCSI_PORT_NAME_BYTES]);
void *target_preempt_prepare(struct scsi_task *task);
void target_preempt_run(void *handle, bool (*concerns)(const struct scsi_itl *itl, void *arg),
			void (*done)(void *arg), void *arg);
void target_preempt_cancel(void *handle);

/* ---- reservation.c: functions of struct array_runtime_ops ------------------------------------ */

_Static_assert(ARRAY_KEEP_RESERVATIONS == SCSI_KEEP_RESERVATIONS, "one number for each kind");
_Static_assert(ARRAY_KEEP_JOB == SCSI_KEEP_JOB, "one number for each kind");
int target_reservation_list(void *runtime, const struct guid *lun_id,
			    struct array_reservations *ret);
int target_reservation_clear(void *runtime, const struct guid *lun_id,
			     void (*done)(void *arg, int result), void *arg);

/* ---- reset.c --------------------------------------------------------------------------------- */

/*
 * Closes the listeners of all portals, and what is in login there.  Nothing is published any more.
 * Returns 0 or -ENOMEM.
 */
int target_reset_close_all(struct target *target);
/* The function reset_portals of struct array_runtime_ops. */
int target_reset_portals(void *runtime, const struct guid *portals, size_t count, uint32_t drain_ms,
			 uint32_t timeout_ms);

#endif
