/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of array_int.h, which says what locks and threads there are: the one thread that makes
 * changes, and who hears of them.
 */
#ifndef VDS_ARRAY_WRITER_INT_H
#define VDS_ARRAY_WRITER_INT_H

#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include "array/array.h"
#include "base/err.h"
#include "base/list.h"
#include "base/str.h"
#include "blk/blk.h"
#include "catalog/catalog.h"

#define TASK_TEXT_SIZE 512
#define JOB_KEPT_MS    (24 * 3600 * 1000ll) /* how long a job that has ended stays visible */
#define LUN_BYTES_MAX  (1ull << 53)

/* ---- writer.c: one thread, changes in batches ---- */

/* Whom a change concerns when several gateways share the catalog. */
enum array_reach {
	ARRAY_REACH_ALL,   /* its answer waits until no other gateway serves a state without it */
	ARRAY_REACH_LATER, /* the others are notified, and its answer does not wait for them */
	ARRAY_REACH_OWN    /* they find it when they look next, before they use it */
};

/*
 * A task that is queued to the writer: either a change (apply is set) or work to be done between
 * batches (run is set).  Embedded in the arguments of an operation, on the caller's stack.
 */
struct array_task {
	/*
	 * Makes the change: fills `edit`, adds notes to the catalog, sets answer.object_id.
	 * Returns 0 or an error, after which nothing has changed.  Writer thread.
	 */
	int (*apply)(struct array *array, struct array_task *task);
	/*
	 * Called after the commit, before anybody sees the new state.  Cannot fail.  May be NULL.
	 * Writer thread.
	 */
	void (*committed)(struct array *array, struct array_task *task);
	/* Called after the new state is published.  May be NULL.  Writer thread. */
	void (*published)(struct array *array, struct array_task *task);
	int (*run)(struct array *array, struct array_task *task);
	const char *cause;
	struct guid request_id;
	struct principal principal; /* who asks; all zeros = vdsd itself */
	struct array_audit *audit;  /* of the request; NULL = vdsd itself */
	const char *said;           /* what was done when that changes no row; borrowed */
	size_t clauses;             /* that the record of the audit log has at most; 0 = a few */
	/* what the record calls the object, in the place of its name; borrowed; NULL = its name */
	const char *object;
	int audit_code; /* array_audit_put: the outcome */
	enum array_reach reach;
	bool barrier; /* a run whose answer waits as that of a change that was committed just before */
	enum catalog_use use; /* how much of the reserve the change may use */
	struct array_answer answer;

	/* Used by the writer only. */
	struct state_edit *edit; /* set while apply runs */
	struct state *state;     /* the state after apply; NULL = no row has changed */
	struct change *change;
	bool applied;
	struct array_answer asked; /* the answer before the first try; in a shared catalog */
	/*
	 * in a shared catalog, while the answer waits: to where the commit led, and when it ended
	 */
	uint64_t version, committed_ns;
	/*
	 * The change that changelog.c describes and the states before and after it, with one
	 * reference each; NULL = no change.
	 */
	struct change *logged;
	struct state *before, *after;
	struct list node;

	/*
	 * Called in the place of `done` for a task that nobody waits for (array_writer_queue); the
	 * task belongs to the caller again.  NULL = `done`.  Writer thread.
	 */
	void (*answered)(struct array *array, struct array_task *task);
	sem_t done; /* posted when result and text are set, and the task is in no list any more */
	int result;
	char text[TASK_TEXT_SIZE];
};

/* Has the writer give the task back to whoever waits for it. */
void array_writer_answer(struct array *array, struct array_task *task);
/* Starts the writer thread.  Returns 0 or -errno.  The opening thread. */
int array_writer_start(struct array *array);
/*
 * Makes the array read-only: from now on every change fails with ERR_READ_ONLY and this reason.
 * Logs the reason.  When called again, the first reason stays.  Any thread.
 */
void array_set_read_only(struct array *array, const char *reason);
/* Finishes the queued changes and stops the writer thread.  The closing thread. */
void array_writer_stop(struct array *array);
/*
 * Queues a task and blocks until the writer has done it.  Returns the task's result, with the
 * task's error text set on the calling thread.  Any thread except the writer.
 */
int array_writer_submit(struct array *array, struct array_task *task);
/*
 * Queues a task and returns at once; task->answered is called when the writer has done it.  The
 * task changes no row.  Any thread.
 */
void array_writer_queue(struct array *array, struct array_task *task);
/*
 * Returns whether a change that failed with rc has left nothing on disk for sure.  Returns false
 * when the commit itself failed (ERR_READ_ONLY) or was not answered (ERR_TIMEOUT, of a shared
 * catalog): the change may be on disk, so files that were made for it must stay, and the next start
 * finds out.
 */
static inline bool
array_writer_outcome_is_known(int rc)
{
	return rc != ERR_READ_ONLY && rc != ERR_TIMEOUT;
}

/*
 * Enclose what storage or the cluster may keep waiting, but not without end: array_beat takes that
 * for a sign of life.  They may be nested, and do nothing on other threads than a writer.
 */
void array_writer_wait_begin(void);
void array_writer_wait_end(void);
/* Returns whether this thread is no writer, or is between the two.  For the tests. */
bool array_writer_may_wait(void);

/*
 * Runs a change that needs no work outside the writer: handles the request id, submits the task,
 * fills the answer.  The caller has set apply, cause and the hooks.  Returns 0 or the task's error.
 */
int array_change_run(struct array *array, const struct array_request *request,
		     struct array_task *task, struct array_answer *ret_answer);

/* ---- sharing.c: a catalog that other gateways change, too ---- */

struct catalog_news;

/* All zeros when the catalog is not shared. */
struct array_sharing {
	bool on; /* set before the writer runs */
	/* queue_lock: */
	bool woken;        /* another gateway has committed, or may have */
	bool acknowledged; /* the notification has ended, with this result */
	int result;
	uint64_t *ackers; /* owned: the clients that have acknowledged it */
	size_t acker_count;
	bool reached;          /* it is known now which gateways have, or need not have, a change */
	uint64_t notification; /* the number of the one that counts */
	struct list notifications; /* struct notification, owned: that have not ended */
	/* the writer thread: */
	bool notifying, notify_due;
	bool wrote, tells;   /* the batch has changed the store; it concerns others */
	bool late;           /* it was said that an answer waits */
	bool put_back;       /* the catalog was held, and is another one since */
	struct list waiting; /* tasks whose answers wait for other gateways, by `version` */
	uint64_t notified;   /* the version of the last notification */
	uint64_t again_ns;   /* when to notify again while answers wait */
	uint64_t pull_ns;    /* when to look at the latest */
	uint64_t compete_ns; /* until then other gateways count as writers */
	uint64_t courtesy_ns, give_up_ns;
	uint64_t random;
	atomic_bool away; /* the store did not answer last */
	/* any thread reads */
	_Atomic uint64_t conflicts, pulls;
	_Atomic uint64_t held; /* answers that have waited for other gateways */
};

/*
 * Lets the writer look soon for what other gateways have committed.  The catalog is shared.  Any
 * thread.
 */
void array_writer_wake(struct array *array);
/* Begins to follow the others.  Returns 0 or an error of the store.  The opening thread. */
int array_sharing_start(struct array *array);
/*
 * Returns whether array_sharing_look has something to do; whether the next batch is to wait, so
 * that other gateways go first; until when to wait at the most.  Under queue_lock.
 */
bool array_sharing_is_due(const struct array *array);
bool array_sharing_lets_others(const struct array *array);
void array_sharing_deadline(const struct array *array, struct timespec *ret_at);
/*
 * Takes over and publishes what others have committed.  Returns 0 or an error of the store, which
 * is logged.
 */
int array_sharing_pull(struct array *array);
/* Has the writer look which answers need not wait any more.  Any thread. */
void array_sharing_reached(struct array *array);
/*
 * Waits until no other gateway serves a state from before what this one has now.  Returns at once
 * when the catalog is not shared.  Any thread but the writer.
 */
void array_sharing_barrier(struct array *array);
/* Has the writer pull, and waits for it.  Returns likewise.  Any thread but the writer. */
int array_sharing_sync(struct array *array);
/* Pulls when that is due, and answers what the others have acknowledged. */
void array_sharing_look(struct array *array);
/*
 * Takes over what others have committed after a commit met it for the tries-th time, and waits a
 * moment when that happens often.  Returns 0 (make the batch again) or an error (it has failed).
 */
int array_sharing_conflict(struct array *array, unsigned tries);
/* Returns whether the store did not answer last. */
bool array_sharing_is_away(const struct array *array);
/* Says that a batch begins, and that its commit has changed the store. */
void array_sharing_begin(struct array *array);
void array_sharing_wrote(struct array *array);
/*
 * Takes a task of the batch whose change the others must have before it is answered; false: there
 * is none.
 */
bool array_sharing_holds(struct array *array, struct array_task *task);
/* Notifies the others of what the batch has committed, or remembers to. */
void array_sharing_committed(struct array *array);
/* Answers what still waits, when the writer ends. */
void array_sharing_end(struct array *array);
/* After catalog_close: nothing of the store comes any more, so what has not ended never does. */
void array_sharing_fini(struct array *array);

/* ---- foreign.c: what other gateways have committed ---- */

/* Publishes it.  Writer thread. */
void array_foreign_publish(struct array *array, const struct catalog_news *news);

/* ---- copy.c: the catalog and the state of one moment ---- */

/* All zeros before array_copy_take. */
struct array_copy {
	struct array_task task;
	struct catalog_copy *catalog;
	struct state *state; /* what memory held when the copy was complete */
	bool more;
};

/*
 * Takes a copy.  The caller holds check_lock, and calls array_copy_fini, also after an error.
 * Returns 0 or an error of the catalog.
 */
int array_copy_take(struct array *array, struct array_copy *copy);
void array_copy_fini(struct array_copy *copy);

/* ---- keep.c: what logical units must keep ---- */

/* Data of one kind.  In array_lun_entry.kept; luns_lock. */
struct array_kept {
	struct array_kept *next;
	uint32_t kind, version;
	bool passing;
	size_t bytes;
	uint8_t data[];
};

/* In the catalog: added to the kind of data that passes, which so is data of another kind. */
#define ARRAY_KEPT_PASSING 0x100u

/* Reads what the catalog has for each LUN.  Returns 0 or an error.  The opening thread. */
int array_kept_load_all(struct array *array);
/*
 * Reads what another gateway has kept of a LUN, in the place of what memory has.  Returns 0,
 * -ENOMEM or an error of the catalog; then memory has what it had.  Writer thread.
 */
int array_kept_foreign(struct array *array, const struct guid *lun_id);
/*
 * Forgets what ends with a loss of power, as a part of the change with which the first gateway
 * joins, before it has a unit.  Returns 0 or an error of the catalog.  Writer thread, where changes
 * are applied.
 */
int array_kept_end_passing(struct array *array);
/*
 * Forgets what ends with a loss of power, if there is any: the array has started and is not shared.
 * Returns 0 or an error of the writer.  Any thread but the writer.
 */
int array_kept_power_on(struct array *array);
void array_kept_free(struct array_kept *list);

/* ---- request.c: repeated requests get the first answer ---- */

/*
 * Begins a request with a request id; waits while another request with that id is running.  Returns
 * 0 (go on, and call array_request_end afterwards), 1 (the request was made before: *ret_answer is
 * its answer) or -ENOMEM.
 */
int array_request_begin(struct array *array, const struct array_request *request,
			struct array_answer *ret_answer);
/*
 * Ends a request that array_request_begin has begun.  When rc is 0, keeps the answer and copies it
 * to *ret_answer (may be NULL).  Returns rc.
 */
int array_request_end(struct array *array, const struct array_request *request, int rc,
		      const struct array_answer *answer, struct array_answer *ret_answer);
/* Returns who asks; all zeros (vdsd itself) when the request is NULL or names nobody. */
static inline struct principal
array_request_principal(const struct array_request *request)
{
	return request != NULL && request->principal != NULL ? *request->principal
							     : (struct principal){ 0 };
}
/* Returns the record of the request in the audit log; NULL = there is none. */
static inline struct array_audit *
array_request_audit(const struct array_request *request)
{
	return request != NULL ? request->audit : NULL;
}
/* Loads the kept answers from the catalog.  Returns 0, -ENOMEM or an error of the catalog. */
int array_request_load(struct array *array);
/*
 * Takes the answer that another gateway has given: the request is made, also when it is under way
 * here.  Returns 0 or -ENOMEM.  Writer thread.
 */
int array_request_foreign(struct array *array, const struct catalog_answer *stored);
/* Takes all answers of the catalog in that way.  Returns 0, -ENOMEM or an error of the catalog. */
int array_request_foreign_all(struct array *array);
/*
 * Returns whether another gateway has made the change of a request that is under way here, so that
 * it must not be made again.  Any thread.
 */
bool array_request_is_foreign(struct array *array, const struct guid *id);
void array_request_fini(struct array *array);
/* Returns the id of the request; zero = the request has none. */
static inline struct guid
array_request_id(const struct array_request *request)
{
	return request != NULL ? request->id : (struct guid){ { 0 } };
}

/* ---- changelog.c: what has changed, in words ---- */

/*
 * Appends a description of a change to text, one clause for each object, joined by "; ": `lun
 * "vol1": extended from 10 GiB to 12 GiB`.  before, after: the states before and after the change.
 * Describes at most `most` objects, and says how many more there are.  Any thread.
 */
#define ARRAY_CHANGELOG_CLAUSES 8 /* in the log and in most records of the audit log */
void array_changelog_text(const struct change *change, const struct state *before,
			  const struct state *after, size_t most, struct strbuf *text);
/*
 * Appends the clause for one op of a change; nothing when another op's clause says it, too.  Any
 * thread.
 */
void array_changelog_clause(const struct change_op *op, const struct state *before,
			    const struct state *after, struct strbuf *text);
/*
 * Logs a change and who made it, as one line of the event `array.change`.  Does not log
 * housekeeping (`job.expire`).  Called by the thread that asked for the change after the change is
 * published, so that the writer spends no time on it.
 */
void array_changelog(const struct change *change, const struct state *before,
		     const struct state *after, const struct principal *principal);

/*
 * Appends what people call an object: `lun "vol1"`; nothing when no op of the change is of it.
 */
void array_changelog_object(const struct change *change, const struct state *before,
			    const struct state *after, const struct guid *id, struct strbuf *text);

/* ---- audit.c ---- */

/*
 * Adds the record of a task that has succeeded, if there is to be one.  before, after: the states
 * around its change.  Returns 0 or an error of the catalog.  Writer thread, inside a change.
 */
int array_audit_task(struct array *array, const struct array_task *task, const struct state *before,
		     const struct state *after);
/* Removes records that are too old, now and then.  Verifier thread. */
void array_audit_expire(struct array *array);

/* ---- live.c: the volatile state ---- */

/* Creates an empty live state of a new boot.  Returns 0 or -ENOMEM. */
int array_live_init(struct array *array);
void array_live_fini(struct array *array);
/*
 * Puts the live row of a LUN or of a job.  When memory is out, the row stays as it was.  Any
 * thread.
 */
void array_live_lun_put(struct array *array, const struct guid *id, enum lun_health health,
			enum lun_operation operation, bool write_through, const char *reason,
			uint64_t allocated_bytes, size_t faults, const char *cache_used,
			const char *cache_reason);
void array_live_job_put(struct array *array, const struct guid *id, unsigned percent);
/*
 * Shows in the live state that the array is read-only, if it is.  Does nothing before the array's
 * rows are loaded. Any thread.
 */
void array_live_array_put(struct array *array);

/*
 * Makes several changes of live rows at once: fill puts and deletes rows in the edit, and must not
 * take a lock.  Returns 0, -ENOMEM or what fill returned (nothing has changed).  Any thread.
 */
int array_live_edit(struct array *array, int (*fill)(struct state_edit *edit, void *arg),
		    void *arg);

/* ---- event.c: listeners ---- */

/*
 * Queues an event for every listener.  array_event_change: changes of stored rows, called on the
 * writer thread.  array_event_live: changes of live rows, called with live_lock held.
 */
void array_event_change(struct array *array, struct change *change,
			const struct position *position);
void array_event_live(struct array *array, struct change *change);
/* Notifies every listener that no more events come, since the array closes. */
void array_event_close(struct array *array);

#endif
