/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of target_int.h, which says what threads and locks there are: a task, from its command to
 * its response.
 */
#ifndef VDS_TARGET_TASK_INT_H
#define VDS_TARGET_TASK_INT_H

#include "target/unit_int.h"

struct target_conn;
struct target_path;

/* ---- task.c ---------------------------------------------------------------------------------- */

/* Where a command is between its arrival and its end; task.c has the transitions. */
enum target_task_state {
	TARGET_TASK_NEW,      /* no list has it: a function is working on it, or it has ended */
	TARGET_TASK_COLLECTS, /* in path->collecting: its data-out is being received */
	TARGET_TASK_WAITS,    /* in path->held_tasks: the path is held, or older tasks come first */
	/*
	 * in conn->turns: its turn has come, and it starts in this round; or in conn->later, for a
	 * later round, or in conn->short_of_buffers
	 */
	TARGET_TASK_READY,
	TARGET_TASK_LIMITED, /* in path->limited: a limit does not let it start yet */
	TARGET_TASK_RUNS,    /* src/scsi executes it: counted in path->inflight */
	/*
	 * it was aborted, and its backing I/O has not ended: in thread->aborted, counted in
	 * path->aborting
	 */
	TARGET_TASK_ABORTED,
	/* it was aborted and nobody waits for its backing I/O any more: its unit has a fence */
	TARGET_TASK_ABANDONED,
};

/*
 * A unit that a task uses beside that of its own path: what an EXTENDED COPY reads or writes.  The
 * task counts as one of this path, too: in path->tasks and path->inflight.
 */
struct target_other {
	struct target_task *task;
	struct target_path *path;
	struct list node; /* links it into path->others */
	bool fenced;      /* the task's I/O was given up or cut short, and the unit has a fence */
};

#define TARGET_OTHERS_MAX 8u

struct target_others {
	unsigned count;
	struct target_other list[TARGET_OTHERS_MAX];
};

/*
 * A command.  The struct lies in the memory that the engine reserves in its task (struct
 * iscsi_task.extra).
 */
struct target_task {
	struct iscsi_task *it;
	struct target_conn *conn;
	/* NULL when there is no LUN with this number, or the task has ended */
	struct target_path *path;
	enum target_task_state state;
	uint32_t buf_bytes;          /* bytes of the thread's buffers in iov */
	bool gave_up_share;          /* abandoned: its buffers count for the thread, not for conn */
	uint64_t aborted_ns;         /* when it was aborted (loop_now_ns) */
	struct target_charge charge; /* what it has taken of its limits */
	uint64_t limited_ns;         /* when it began to wait for them; later how long it waited */
	/*
	 * when its PDU was received, its data-out was here, it began after it had to wait, and
	 * src/scsi was done with it; 0 = it did not have to wait for this (meter.c)
	 */
	uint64_t start_ns, ready_ns, began_ns, done_ns;
	struct iovec direct; /* immediate data, in the receive buffer */
	struct list node;    /* links the task into the list that its state names */
	struct loop_msg resume;
	struct target_others *others;        /* NULL for nearly all commands; owned */
	struct target_access_change *access; /* SET TARGET PORT GROUPS that is under way */
	struct target_forward *fwd;          /* another gateway carries it out; else NULL */
	struct scsi_task scsi;
	/*
	 * The buffers.  Points to `few`, or for commands of more than 8 MiB to an array that the
	 * task owns.
	 */
	struct iovec *iov;
	struct iovec few[BUF_PIECES_FEW];
};

/* Functions of struct iscsi_conn_ops: the engine calls them on the connection's thread. */
void target_task_soon(void *user, const uint8_t *lun, const uint8_t *cdb);
void target_task_command(void *user, struct iscsi_task *it);
void target_task_write_ready(void *user, struct iscsi_task *it);
void target_task_data_fault(void *user, struct iscsi_task *it, enum iscsi_data_fault fault);
void target_task_abort(void *user, struct iscsi_task *it);
void target_task_done(void *user, struct iscsi_task *it);
/* Starts a task that had to wait, and is in no list any more.  Its thread. */
void target_task_start_late(struct target_task *t);
/* Starts the tasks in conn->turns.  The connection's thread, at the end of a round. */
void target_task_take_turns(struct target_conn *conn);
/* What src/scsi calls for tasks of the data path. */
extern const struct scsi_host_ops target_task_host_ops;

/* ---- task_abort.c: aborted tasks whose backing I/O is in flight ---- */

/*
 * How long an aborted task may stay in the backing store before it is abandoned.  Linux waits 15 s
 * for ABORT TASK and 30 s for LOGICAL UNIT RESET before it drops the session.
 */
#define TASK_ABORT_GRACE_MS 500u
/*
 * Has an aborted task, whose I/O is in flight and cannot be taken back, wait for that: `done` of
 * struct scsi_host_ops follows.  Its thread.
 */
void target_task_abort_later(struct target_task *t);
/* The I/O of a task is back that is in state ABORTED or ABANDONED.  Its thread. */
void target_task_abort_back(struct target_task *t);
/* Abandons aborted tasks whose backing I/O did not end in time. Called by thread->aborted_timer. */
void target_task_give_up(struct loop_timer *timer);
/*
 * Says in the log and to the array that a unit hangs, which has a fence, unless that was said
 * already.  Any thread.
 */
void target_task_tell_hang(struct target_unit *unit);
/* Takes one fence off a unit, and says so when it was the last one of a unit that hung. */
void target_task_unfence(struct target_unit *unit);

/* ---- task_wait.c: tasks that have not started ---- */

/* Starts the tasks in path->held_tasks, because the path is no longer held. The path's thread. */
void target_task_release_held(struct target_path *path);
/*
 * Called when a path has left its session's map.  End each of its tasks that has not started,
 * whether the task waits or still collects its data-out, with LOGICAL UNIT NOT SUPPORTED. None of
 * these tasks refers to the path afterwards.  Tasks that src/scsi executes go on.  The path's
 * thread; the caller keeps a reference to the path.
 */
void target_task_end_unstarted(struct target_path *path);
/* Has every task of the path that has not started forwarded; the path has no unit any more. */
void target_task_send_away(struct target_path *path);

/* ---- copy.c: what a task uses beside the unit of its own path ---- */

/* The function open_unit of struct scsi_host_ops. */
int target_copy_open(struct scsi_task *task, const uint8_t *designator, struct scsi_itl **ret_itl);
/*
 * Gives back what target_copy_open has opened for the task, whose I/O has ended.  Its units' drains
 * may be done by this.  The task's thread.
 */
void target_copy_close(struct target_task *t);
/* Called when the task is abandoned: the units that it uses get a fence each, until it is back. */
void target_copy_abandon(struct target_task *t);
/*
 * The path's unit is reset: end the copies of other units' commands that use it, and keep its
 * medium from others until what they have in flight is back.  The path's thread.
 */
void target_copy_stop(struct target_path *path);
/* The function copy_may_go_on of struct scsi_host_ops. */
bool target_copy_may_go_on(struct scsi_task *task);
/* ---- tmf.c ----------------------------------------------------------------------------------- */

/* The functions tmf and same_lun of struct iscsi_conn_ops. */
void target_tmf_request(void *user, struct iscsi_tmf *tmf);
bool target_tmf_same_lun(const uint8_t *a, const uint8_t *b);

#endif
