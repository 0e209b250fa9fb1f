/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to array: what its nouns share.  Prototypes are grouped by the file that has them.
 *
 * Locks, in the order in which they may be taken:
 *	runtime_lock (shared while the data path is called) > pools_lock > dying_lock, luns_lock
 *	> live_lock > listeners_lock > a listener's lock
 * queue_lock, requests_lock, jobs_lock, seen_lock, verify_lock and state_lock are taken alone.
 * Only runtime_lock is held while the data path works, only pools_lock while a file system answers.
 */
#ifndef VDS_ARRAY_ARRAY_INT_H
#define VDS_ARRAY_ARRAY_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "array/array.h"
#include "array/pool/driver.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include "base/workers.h"
#include "blk/blk.h"
#include "catalog/catalog.h"

#define TASK_TEXT_SIZE 512
#define JOB_KEPT_MS    (24 * 3600 * 1000ll) /* an ended job stays visible that long */
#define LUN_BYTES_MAX  (1ull << 53)

struct array_pool_entry;
struct array_lun_entry;
struct array_job;

struct array {
	char *dir, *inject_dir, *default_address; /* owned; the last two may be NULL */
	bool look;                                /* for the checker only: nothing changes */
	bool accept_loss;
	uint16_t default_port;
	uint32_t drain_timeout_ms, verify_interval_ms;
	atomic_bool closing, read_only;
	char read_only_reason[TASK_TEXT_SIZE]; /* written once, before read_only is set */
	atomic_flag read_only_said;            /* who sets it first writes the reason */

	struct catalog *catalog; /* writer thread, once it runs */

	/* group.c; writer thread: relative ports that may be in use, a bit each */
	uint64_t ports[(UINT16_MAX + 1) / 64];
	bool ports_known;
	uint64_t ports_visited; /* what finding ports has cost: groups and bits looked at */

	pthread_t writer, verifier;
	bool writer_runs, verifier_runs; /* array_open, array_close */
	struct workers *workers;         /* jobs, and files to unlink */

	pthread_mutex_t queue_lock;
	pthread_cond_t queue_ready, task_done;
	struct list queue; /* struct array_task */
	bool queue_stop;

	pthread_mutex_t state_lock;
	struct state *state; /* the committed one */

	pthread_mutex_t live_lock;
	struct state *live;

	pthread_mutex_t listeners_lock;
	struct list listeners;

	pthread_rwlock_t runtime_lock;
	const struct array_runtime_ops *runtime_ops; /* NULL = none */
	void *runtime;

	pthread_mutex_t luns_lock;
	struct guid_map luns; /* struct array_lun_entry */

	pthread_mutex_t pools_lock;
	struct guid_map pools; /* struct array_pool_entry */

	pthread_mutex_t requests_lock;
	pthread_cond_t request_done;
	struct guid_map requests;  /* struct request_entry */
	struct list requests_done; /* oldest first */
	size_t requests_kept;

	pthread_mutex_t trouble_lock; /* a leaf; data-path threads take it for a moment */
	struct list troubled;         /* struct array_store.trouble.node; trouble_lock */
	pthread_mutex_t dying_lock;
	struct list dying; /* struct array_store: deleted LUNs' files */

	pthread_mutex_t jobs_lock;
	struct list jobs; /* struct array_job: those that run */

	pthread_mutex_t seen_lock;
	struct guid_map seen; /* number.c: targets that initiators have logged in to */
	bool all_seen;        /* memory was short: all of them count */
	bool seen_pending;    /* some are not in the catalog yet */
	bool numbers_run;     /* array_open, array_close */

	pthread_mutex_t check_lock; /* held during a whole array_check: one at a time */

	pthread_mutex_t verify_lock;
	pthread_cond_t verify_wake;
	bool verify_stop, verify_now;
	struct guid verified_lun; /* the LUN that was looked at last; the verifier's thread */
};

/* ---- writer.c: one thread, changes in batches ---- */

/*
 * What is queued to the writer.  Embedded in the arguments of an operation, on the caller's stack.
 * Either a change (apply) or something to do between batches (run).
 */
struct array_task {
	/*
	 * Writer thread: fill `edit`, note things in the catalog, set answer.object_id.  0 or an
	 * error: then nothing happened.
	 */
	int (*apply)(struct array *array, struct array_task *task);
	/*
	 * Writer thread, after the commit, before anybody sees the state.  Cannot fail.  May be
	 * NULL.
	 */
	void (*committed)(struct array *array, struct array_task *task);
	/* Writer thread, when everybody sees it.  May be NULL. */
	void (*published)(struct array *array, struct array_task *task);
	int (*run)(struct array *array, struct array_task *task);
	const char *cause;
	struct guid request_id;
	struct principal principal; /* who asks; zeros = vdsd itself */
	enum catalog_use use;       /* what of the reserve it may have */
	struct array_answer answer;

	/* The writer's. */
	struct state_edit *edit; /* while apply runs */
	struct state *state;     /* after it, with its change; NULL = no row has changed */
	struct change *change;
	bool applied;
	/*
	 * What changelog.c describes: the change and the states around it, one reference each; NULL
	 * = no change.
	 */
	struct change *logged;
	struct state *before, *after;
	struct list node;

	/* queue_lock */
	bool done;
	int result;
	char text[TASK_TEXT_SIZE];
};

int array_writer_start(struct array *array);
/*
 * From now on every change fails with ERR_READ_ONLY and this reason; logs it.  The first reason
 * stays.  Any thread.
 */
void array_set_read_only(struct array *array, const char *reason);
/* Finishes what is queued. */
void array_writer_stop(struct array *array);
/* Blocks until it is done; its result, with its text on this thread.  Not on the writer thread. */
int array_writer_submit(struct array *array, struct array_task *task);
/*
 * Did a change that failed with this leave nothing for sure?  Not when the disk broke in its
 * commit: then what was made for it must stay, and the next start finds out.
 */
static inline bool
array_writer_is_sure(int rc)
{
	return rc != ERR_READ_ONLY;
}

/*
 * A change with nothing to do outside the writer: request id, submit, answer.  apply, cause and
 * hooks are set.
 */
int array_change_run(struct array *array, const struct array_request *request,
		     struct array_task *task, struct array_answer *ret_answer);

/* ---- request.c: the same id again gives the first answer ---- */

/*
 * 0: go on, and call array_request_end; 1: replayed, *ret_answer is the first; -ENOMEM.  Waits
 * while the first is under way.
 */
int array_request_begin(struct array *array, const struct array_request *request,
			struct array_answer *ret_answer);
/* Gives rc back; copies the answer to *ret_answer (may be NULL) when it is 0. */
int array_request_end(struct array *array, const struct array_request *request, int rc,
		      const struct array_answer *answer, struct array_answer *ret_answer);
/* Who asks: vdsd itself when the request is NULL or names nobody. */
static inline struct principal
array_request_principal(const struct array_request *request)
{
	return request != NULL && request->principal != NULL ? *request->principal
							     : (struct principal){ 0 };
}
int array_request_load(struct array *array);
void array_request_fini(struct array *array);
static inline struct guid
array_request_id(const struct array_request *request)
{
	return request != NULL ? request->id : (struct guid){ { 0 } };
}

/* ---- changelog.c: what has changed, in words ---- */

/*
 * Appends what a change did, one clause for each object, joined by "; ": `lun "vol1": extended from
 * 10 GiB to 12 GiB`. before, after: the states around it.  At most 8 clauses, then how many more
 * there are.  Any thread.
 */
void array_changelog_text(const struct change *change, const struct state *before,
			  const struct state *after, struct strbuf *text);
/*
 * Logs a change with who made it, as one line of the event `array.change`, unless it only
 * housekeeps (`job.expire`). The caller's thread, after the change is published: the writer does
 * not spend its time on words.
 */
void array_changelog(const struct change *change, const struct state *before,
		     const struct state *after, const struct principal *principal);

/* ---- live.c: the volatile state ---- */

/* Begin a live state without rows, of a new boot.  Returns 0 or -ENOMEM. */
int array_live_init(struct array *array);
void array_live_fini(struct array *array);
/* Put the live row of a LUN, of a job.  Any thread; when memory is out the row stays as it was. */
void array_live_lun_put(struct array *array, const struct guid *id, enum lun_health health,
			enum lun_operation operation, const char *reason, uint64_t allocated_bytes);
void array_live_job_put(struct array *array, const struct guid *id, unsigned percent);

/* ---- event.c: listeners ---- */

/* Queue an event for every listener.  A change of rows: writer thread; of live rows: live_lock. */
void array_event_change(struct array *array, struct change *change,
			const struct position *position);
void array_event_live(struct array *array, struct change *change);
/* Tell every listener that no more events come, since the array closes. */
void array_event_close(struct array *array);

/* ---- runtime.c: calls into the data path; without one they do nothing and succeed ---- */

/* What callers are told when a drain did not end in time. */
#define ARRAY_RUNTIME_HANGS \
	"I/O in flight does not end; nothing was changed: try again when the store answers"

/* Writer thread. */
void array_runtime_publish(struct array *array, const struct state *state,
			   const struct change *change);
/*
 * Quiesce paths, at most drain_timeout_ms.  *ret_drain is the handle for array_runtime_resume, NULL
 * when there is nothing to drain.  Returns 0, ERR_BUSY (I/O in flight does not end; nothing is
 * changed) or -ENOMEM.  Any thread but the writer.
 */
int array_runtime_quiesce(struct array *array, const struct array_mapping *mappings, size_t count,
			  void **ret_drain);
/* End a drain after the change that it was for was published, or has failed.  Accepts NULL. */
void array_runtime_resume(struct array *array, void *drain);
/* The store of a LUN that had failed was opened again.  Any thread. */
void array_runtime_lun_recovered(struct array *array, const struct guid *lun_id);
/*
 * Find a free port.  Returns 0, ERR_INVALID (there is no data path to ask) or -errno, with a text.
 */
int array_runtime_pick_port(struct array *array, const char *address, uint16_t *ret_port);
/* Return whether a data path is registered.  Any thread. */
bool array_runtime_is_there(struct array *array);

/* ---- operation.c: who excludes whom on a LUN ---- */

/* What a caller asks for: the columns of the table. */
enum array_ask {
	ASK_RENAME,
	ASK_MASK,
	ASK_STATUS,
	ASK_ASSOCIATE,
	ASK_EXTEND,
	ASK_DELETE,
	ASK_COUNT
};

/* Return what the table says: may `ask` be done while `held` holds the LUN? */
bool array_operation_allows(enum lun_operation held, enum array_ask ask);
/*
 * Check that this may be done to the LUN now.  Returns 0, ERR_NOT_FOUND (no such LUN), ERR_BUSY
 * (the operation that holds the LUN excludes it), with a text.  Any thread.
 */
int array_operation_check(struct array *array, const struct guid *lun_id, enum array_ask ask);
/*
 * Check as array_operation_check does, and have `operation` hold the LUN until array_operation_end.
 * visible: the LUN's live row shows the operation before this returns; a hold for an instant is not
 * worth two events.  Errors as array_operation_check.  Any thread.
 */
int array_operation_begin(struct array *array, const struct guid *lun_id, enum array_ask ask,
			  enum lun_operation operation, bool visible);
/* End the hold; nothing happens when the LUN has been deleted meanwhile. */
void array_operation_end(struct array *array, const struct guid *lun_id);

/* ---- unit.c: what the array knows about a LUN beyond its row ---- */

/* luns_lock guards all of it. */
struct array_lun_entry {
	struct guid id;
	enum lun_operation operation;
	bool visible; /* the live row shows the operation */
	enum lun_health health;
	char *reason;              /* owned; NULL = "" */
	struct array_store *store; /* one reference */
	uint64_t allocated_bytes;  /* space that it takes, as seen last */
	uint64_t shown_bytes;      /* what the live row says of that */
};

/*
 * Remember a LUN; takes a reference to the store on success.  Its live row is put by
 * array_unit_show. Returns 0 or -ENOMEM.
 */
int array_unit_add(struct array *array, const struct guid *lun_id, struct array_store *store,
		   enum lun_operation operation, enum lun_health health);
/* Put the LUN's first live row. */
void array_unit_show(struct array *array, const struct guid *lun_id);
/*
 * Forget a LUN: its live row is deleted and its reference to the store dropped.  unlink: the file
 * is unlinked when nobody uses the store any more.
 */
void array_unit_remove(struct array *array, const struct guid *lun_id, bool unlink);
void array_unit_fini(struct array *array);
/* Return the LUN's store with a reference for the caller, or NULL (no such LUN).  Any thread. */
struct array_store *array_unit_store(struct array *array, const struct guid *lun_id);
/*
 * The LUN's volume takes so many bytes now.  The live row follows when that is a mebibyte off or
 * has come to rest.  Verifier, jobs.
 */
void array_unit_set_allocated(struct array *array, const struct guid *lun_id,
			      uint64_t allocated_bytes);
/*
 * Set the health of a LUN and the reason for it, and show both in its live row.  FAILED follows the
 * block device, which is the authority: its listener calls this.  Any thread.
 */
void array_unit_set_health(struct array *array, const struct guid *lun_id, enum lun_health health,
			   const char *reason);
/*
 * Commands fail in the LUN's store though it goes on: FAILING with this reason.  NULL: OK again.  A
 * LUN that is FAILED stays so.  Any thread.
 */
void array_unit_set_failing(struct array *array, const struct guid *lun_id, const char *reason);
enum lun_health array_unit_health(struct array *array, const struct guid *lun_id);
/* The caller holds luns_lock. */
struct array_lun_entry *array_unit_find_locked(struct array *array, const struct guid *lun_id);
void array_unit_show_locked(struct array *array, struct array_lun_entry *entry);

#include "array/storage_int.h"

/* ---- subsystem.c ---- */

/* The first change: the array and its default pool. */
int array_subsystem_begin(struct array *array, const struct guid *array_id,
			  const struct row_pool *pool);
int array_subsystem_set_version(struct array *array, const char *version);

/* ---- portal.c ---- */

/* 0 or ERR_INVALID with a text: it is no numeric address. */
int array_portal_check_address(const char *address);

/* ---- name.c ---- */

/* Spaces and nothing else; "" is not. */
bool array_name_is_blank(const char *name);
int array_name_check(const char *what, const char *name);
uint64_t array_name_random64(void);
/* A unique LUN name from its number. */
int array_name_make_lun(const struct state *view, uint32_t number, char **ret_name);
int array_name_make_target(const struct state *view, const char *alias, char **ret_name);
/* ERR_NOT_FOUND with a text. */
int array_name_no_such(enum row_family family, const struct guid *id);

/* ---- number.c: LUN numbers ---- */

/*
 * Once the writer runs: loads what is known about logins.  Cannot fail: what is not known counts as
 * a login.  Opening thread.
 */
void array_number_start(struct array *array);
/* Before the writer ends: the next start finds everything noted.  Closing thread. */
void array_number_stop(struct array *array);
/*
 * Notes that an initiator logs in to the target, before the login is answered.  Any thread; never
 * blocks longer than a lock.
 */
void array_number_note_login(struct array *array, const struct guid *target_id);
/*
 * Brings the notes of logins into the catalog, if there are new ones.  Blocks for a commit.
 * Verifier.
 */
void array_number_save(struct array *array);
/* Forgets the logins of a target that was deleted.  Writer thread. */
void array_number_forget(struct array *array, const struct guid *target_id);
/*
 * Retires the number that a LUN loses with this row, when an initiator may have seen it.  Inside a
 * change.  Returns 0 or an error of the catalog.
 */
int array_number_retire(struct array *array, const struct state *view,
			const struct row_association *row);
/*
 * Chooses numbers[i] for targets[i], the same for all when possible.  preferred: the number to try
 * first, UINT32_MAX for the one that the LUN had last behind one of the targets.  Inside a change.
 * Returns 0, ERR_LIMIT (a target has no free number), or an error of the catalog.
 */
int array_number_choose(struct array *array, const struct state *view, const struct guid *lun_id,
			const struct guid *targets, size_t count, uint32_t preferred,
			uint32_t *numbers);

/* ---- lun.c, group.c: shared pieces of changes ---- */

/* ERR_NOT_FOUND with a text.  Borrowed from the view. */
int array_lun_find(const struct state *view, const struct guid *lun_id,
		   const struct row_lun **ret_lun);
/*
 * Deletes the LUN's associations, retires their numbers, deletes the row, notes the file for
 * unlinking.
 */
int array_lun_edit_remove(struct array *array, struct state_edit *edit, const struct guid *lun_id);
/* Puts it with another size. */
int array_lun_edit_resize(struct state_edit *edit, const struct guid *lun_id, uint64_t size_bytes);
/*
 * What a file system said, in our terms: no space, and files larger than it holds, are
 * ERR_NO_SPACE.
 */
int array_lun_file_error(int rc, const char *what);
/*
 * Adds a portal group to a target, with all portals or with none.  Returns 0, ERR_LIMIT (no tag or
 * relative port is left) or -ENOMEM.
 */
int array_group_edit_add(struct array *array, struct state_edit *edit, const struct guid *target_id,
			 bool all_portals, struct guid *ret_group_id);
/*
 * Puts a portal into the first portal group of every target that has it in none; a target without a
 * group gets one. Errors as array_group_edit_add.
 */
int array_group_edit_add_to_all(struct array *array, struct state_edit *edit,
				const struct guid *portal_id);
/* Deletes a portal group and takes its portals out of it. */
int array_group_edit_remove(struct state_edit *edit, const struct guid *group_id);
/* The mappings of a LUN now (mem_free).  Number or -ENOMEM. */
int array_lun_mappings(const struct state *state, const struct guid *lun_id,
		       struct array_mapping **ret_mappings);

/* ---- job.c, allocate.c ---- */

struct array_job {
	struct list node; /* jobs_lock */
	struct work work;
	struct array *array;
	struct guid id, lun_id;
	enum job_kind kind;
	uint64_t from_bytes, to_bytes;
	atomic_int phase;             /* enum array_job_phase */
	struct array_store *store;    /* one reference */
	struct blk_progress progress; /* the job's thread */
	unsigned percent;
};

enum array_job_phase {
	JOB_WORKING, /* may still be cancelled */
	JOB_CANCELLING,
	JOB_ENDING /* too late */
};

/*
 * Makes it, with a new id; takes a reference to the store (may be NULL: then it fails).  NULL when
 * out of memory.
 */
struct array_job *array_job_new(struct array *array, enum job_kind kind, const struct guid *lun_id,
				uint64_t from_bytes, uint64_t to_bytes, struct array_store *store);
/* From here on it runs, and frees itself. */
void array_job_queue(struct array_job *job);
void array_job_free(struct array_job *job);
/* For apply functions: the row and the notes of a job that begins, that has ended. */
int array_job_edit_start(struct array *array, struct state_edit *edit, const struct array_job *job);
int array_job_edit_end(struct array *array, struct state_edit *edit, const struct array_job *job,
		       int result, const char *message);
/* No longer among those that run; its live row goes. */
void array_job_forget(struct array_job *job);
/* What was running when the array ended goes on. */
int array_job_resume_all(struct array *array);
void array_job_expire(struct array *array);
/* The work itself (allocate.c). */
void array_allocate_run(struct work *work);

/* ---- verify.c: the background look at stores and pools ---- */

int array_verify_start(struct array *array);
void array_verify_stop(struct array *array);
void array_verify_wake(struct array *array);
/*
 * Look at the next LUNs in the order of their ids, at most that many, and go on after them in the
 * next call.  Returns how many LUNs were looked at.  The verifier's thread, or a test while that
 * thread does not run.
 */
size_t array_verify_some(struct array *array, size_t most);

#endif
