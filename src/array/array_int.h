/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to the folder array: the types and functions that its files share.  Prototypes are
 * grouped by the file that defines them.  Unless a comment names a thread, the threads that array.h
 * allows may call a function.
 *
 * Locks, in the order in which they may be taken:
 *	levels_lock > runtime_lock, pools_lock
 *	drives_lock > runtime_lock (shared while the data path is called) > pools_lock
 *	> dying_lock, devices_lock > luns_lock > live_lock > listeners_lock > a listener's lock
 *	ports_lock, maintenance_lock > state_lock, live_lock
 * trash_lock and faults_lock are taken before every other lock but credentials_lock, and
 * running_lock, while no other one is held, before all that a change takes.
 * Each of queue_lock, requests_lock, jobs_lock, schedules_lock, flushes_lock and seen_lock is taken
 * while no other lock but running_lock is held.  state_lock may be taken while another one is held,
 * such as pools_lock, and none is taken under it.  Only runtime_lock is held while the data path
 * works, and only pools_lock while a file system or a cluster is accessed.
 */
#ifndef VDS_ARRAY_ARRAY_INT_H
#define VDS_ARRAY_ARRAY_INT_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "array/array.h"
#include "array/change_int.h"
#include "array/pool/driver.h"
#include "array/writer_int.h"
#include "base/err.h"
#include "base/histogram.h"
#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include "base/workers.h"
#include "blk/blk.h"
#include "catalog/catalog.h"
#include "catalog/shared.h"
#include "model/schedule.h"

struct array_pool_entry;
struct array_lun_entry;
struct array_job;

struct array {
	char *dir, *inject_dir, *default_address; /* owned; the last two may be NULL */
	char *host_root; /* owned; stands for / where drives are looked for; "" = the host's own */
	/* opened for the checker only: nothing may change */
	bool look;
	/* owned; as which gateway it runs, and where others reach it; NULL = see array_options */
	char *gateway, *gateway_address;
	struct guid controller_id; /* of its own controller; set while it is opened */
	bool accept_loss;
	bool allow_faults;               /* array_lun_inject */
	struct array_gateways *gateways; /* owned; NULL = on one machine: gateway.c */
	struct catalog_shared store;     /* until the catalog has it; ops NULL = none */
	bool shared;                     /* several gateways serve the catalog; array_is_shared */
	bool held;                       /* array_is_held */
	/*
	 * This gateway does what one of them has to do for all: it removes what is too old, and
	 * tells how full pools are.  Always true on one machine.  The writer thread writes it.
	 */
	atomic_bool chores;
	uint16_t default_port;
	uint32_t drain_timeout_ms, verify_interval_ms;
	int64_t audit_keep_ms;
	atomic_bool closing, read_only;
	char read_only_reason[TASK_TEXT_SIZE]; /* written once, before read_only is set */
	atomic_flag read_only_said;            /* the thread that sets it first writes the reason */

	pthread_mutex_t isns_lock;
	char *isns_trouble; /* isns_lock: why the iSNS server cannot be used; NULL = nothing is wrong */

	struct catalog *catalog; /* used by the writer thread, once that runs */

	/*
	 * Used by group.c on the writer thread: relative port identifiers that may be in use, one
	 * bit each.
	 */
	uint64_t ports[(UINT16_MAX + 1) / 64];
	bool ports_known;
	uint64_t ports_visited; /* cost of finding ports: groups and bits looked at */

	pthread_t writer, verifier;
	bool writer_runs, verifier_runs; /* array_open, array_close */
	struct workers *workers;         /* run jobs, and unlink files */

	/* taken before every other lock, and held over a commit: one change of secrets at a time */
	pthread_mutex_t credentials_lock;
	struct array_vault *vault;     /* where secrets lie */
	struct array_secrets *secrets; /* the committed set; the writer thread */

	pthread_mutex_t queue_lock;
	pthread_cond_t queue_ready;
	struct list queue; /* struct array_task */
	bool queue_stop;
	struct array_sharing sharing;
	struct array_task *beat;  /* array_beat's; NULL before its first call */
	atomic_bool beat_due;     /* it is queued and has not run */
	atomic_uint writer_waits; /* the writer is between array_writer_wait_begin and _end */

	/* what the writer has committed: it writes, any thread reads */
	_Atomic uint64_t commits, failed_commits, committed_changes, committed_rows, revision;
	struct histogram commit_times;

	pthread_mutex_t state_lock;
	struct state *state; /* the committed state */

	pthread_mutex_t live_lock;
	struct state *live;

	pthread_mutex_t listeners_lock;
	struct list listeners;

	pthread_rwlock_t runtime_lock;
	const struct array_runtime_ops *runtime_ops; /* NULL = no data path */
	void *runtime;
	atomic_bool runtime_left; /* there was a data path, which may still end its last commands */
	struct work_lane move_lane; /* a move takes long: some threads are left for other jobs */

	pthread_mutex_t luns_lock;
	struct guid_map luns; /* struct array_lun_entry */
	size_t fault_luns;    /* those with a set of faults; luns_lock */
	/* held while a LUN's layer of faults comes or goes, and its paths are drained: fault.c */
	pthread_mutex_t faults_lock;

	pthread_mutex_t pools_lock;
	pthread_mutex_t levels_lock; /* held while the data path learns how full a pool is */
	struct guid_map pools;       /* struct array_pool_entry */

	pthread_mutex_t drives_lock;      /* held during a rescan of the drives */
	pthread_mutex_t maintenance_lock; /* makes array_maintain one at a time */
	pthread_mutex_t ports_lock;       /* makes looks at the interfaces one at a time */
	/* array_interfaces_list, or what a test gives */
	int (*interfaces)(void *arg, struct array_interfaces *ret_list);
	void *interfaces_arg;
	int interfaces_fd; /* array_interfaces_watch; the verifier's thread reads it */

	pthread_mutex_t requests_lock;
	pthread_cond_t request_done;
	struct guid_map requests;  /* struct request_entry */
	struct list requests_done; /* oldest first */
	size_t requests_kept;

	pthread_mutex_t trouble_lock; /* taken last; data-path threads take it for a moment */
	struct list troubled;         /* struct array_store.trouble.node; trouble_lock */
	/*
	 * the devices of stores (device.c), and the places that stores share; data-path threads too
	 */
	pthread_mutex_t devices_lock;
	pthread_cond_t store_free; /* array_store_unmanage */
	struct list places;        /* struct array_place; devices_lock */
	pthread_mutex_t dying_lock;
	pthread_mutex_t history_lock;              /* taken last */
	struct guid_map pool_history, lun_history; /* history.c; history_lock */
	int64_t history_minute;                    /* of the last sample; the verifier's thread */
	struct list dying; /* struct array_store: the files of deleted LUNs */
	/* struct array_store, with a reference: LUNs in the trash that were deleted in this run */
	struct guid_map trashed;
	pthread_mutex_t trash_lock; /* held over a commit: one restore or removal at a time */

	pthread_mutex_t jobs_lock;
	struct list jobs; /* struct array_job: the jobs that run */

	pthread_t scheduler;
	bool scheduler_runs; /* array_open, array_close */
	pthread_mutex_t schedules_lock;
	pthread_cond_t schedules_due;
	bool schedules_wake, schedules_stop; /* schedules_lock */
	/* held while a schedule runs: one at a time, by its time or because somebody asks */
	pthread_mutex_t running_lock;
	struct guid_map schedules;    /* schedule_run.c; running_lock */
	atomic_bool runs_touched;     /* another gateway has run a schedule */
	pthread_mutex_t flushes_lock; /* flush.c */
	pthread_cond_t flushes_ended;
	unsigned flushes;               /* threads that flush before a moment; flushes_lock */
	unsigned flush_ms;              /* how long who asks waits for them; tests wait less */
	_Atomic int64_t clock_shift_ms; /* by which tests move array_utc_ms */

	pthread_mutex_t tokens_lock; /* taken last */
	struct list tokens;          /* struct token: token.c; tokens_lock */
	size_t token_count;          /* written by the writer thread under tokens_lock */

	pthread_mutex_t seen_lock;
	struct guid_map seen; /* number.c: targets that initiators have logged in to */
	bool all_seen;        /* memory was short: every target counts as seen */
	bool seen_pending;    /* some seen targets are not in the catalog yet */
	bool numbers_run;     /* array_open, array_close */

	pthread_mutex_t check_lock; /* held during a whole array_check, so that only one runs */

	atomic_bool verify_stop;
	atomic_bool verify_all;  /* every LUN is to be checked without waiting for its turn */
	atomic_bool take_up;     /* array_foreign_take_up has something to do */
	atomic_bool settle;      /* and first to know what became of an earlier commit */
	atomic_bool sweep_again; /* a gateway is gone; array_foreign_take_up */
	atomic_bool
		verify_pools; /* every pool is to be looked at without waiting for the next round */
	int verify_fd;        /* an eventfd that wakes the verifier */
	/* an epoll of the pools that can be watched; readable when one has something to say */
	int watch_fd;
	/* the verifier's thread: */
	struct guid verified_lun;      /* the LUN that was checked last */
	struct guid measured_snapshot; /* the snapshot that was measured last */
	size_t verify_rest;            /* how many LUNs of those are left */
	uint64_t audited_ns;           /* when old records of the audit log were removed last */
	uint64_t watch_ns; /* when the verifier reads the watches again at the earliest */
};

/* ---- runtime.c: calls into the data path; without one they do nothing and succeed ---- */

/* The error text when a drain did not end in time. */
#define ARRAY_RUNTIME_HANGS \
	"I/O in flight does not end; nothing was changed: try again when the store answers"

/* Gives the data path the set of secrets for the state that is published next.  Writer thread. */
void array_runtime_secrets(struct array *array, const struct array_secrets *secrets);
/* Publishes a state and the change that led to it to the data path.  Writer thread. */
void array_runtime_publish(struct array *array, const struct state *state,
			   const struct change *change);
/*
 * Quiesces paths and waits for their I/O in flight, at most drain_timeout_ms.  *ret_drain is the
 * handle for array_runtime_resume; NULL = there is nothing to drain.  Returns 0, ERR_BUSY (I/O in
 * flight does not end; nothing has changed) or -ENOMEM.  Any thread except the writer.
 */
int array_runtime_quiesce(struct array *array, const struct array_mapping *mappings, size_t count,
			  void **ret_drain);
/* Ends a drain, after the change that needed it was published or has failed.  drain may be NULL. */
void array_runtime_resume(struct array *array, void *drain);
/* Tells the data path how full a pool is.  Any thread but those of the data path. */
void array_runtime_pool_space(struct array *array, const struct array_pool_level *level);
/* Notifies the data path that the failed store of a LUN was reopened.  Any thread. */
void array_runtime_lun_recovered(struct array *array, const struct guid *lun_id);
/* Notifies the data path that a LUN has other data now.  Any thread. */
void array_runtime_lun_replaced(struct array *array, const struct guid *lun_id);
/*
 * Has the data path use the device that the store of a LUN has now, while the LUN's paths are
 * drained, and release the one before.  Any thread but the writer.
 */
void array_runtime_lun_device(struct array *array, const struct guid *lun_id);
void array_runtime_lun_reset(struct array *array, const struct guid *lun_id);
/*
 * Finds a port that is free at `address`.  Returns 0, ERR_INVALID (no data path is registered) or
 * -errno, with a text.
 */
int array_runtime_pick_port(struct array *array, const char *address, uint16_t *ret_port);
/*
 * Calls reset_portals of the data path.  Returns 0, ERR_BUSY (a session did not end in time) or
 * -ENOMEM.
 */
int array_runtime_reset_portals(struct array *array, const struct guid *portals, size_t count,
				uint32_t drain_ms);
/* Adds what the data path has counted at an address. */
void array_runtime_address_counters(struct array *array, const char *address,
				    struct array_port_counters *counters);
/* Returns whether a data path is registered.  Any thread. */
bool array_runtime_is_there(struct array *array);

/* ---- gateway.c: one of several gateways ---- */

/*
 * gateway_admin.c: checks an address for a gateway.  Returns 0, or ERR_INVALID with a text (it is
 * none, or another gateway has it).
 */
int array_gateway_check_address(const struct state *view, const struct guid *gateway,
				const char *address);
/*
 * Makes the array one of several gateways, when the options have a cluster: from now on no LUN is
 * held that it has not claimed.  Before the catalog is loaded.  Returns 0 or -ENOMEM.
 */
int array_gateway_new(struct array *array, const struct array_options *options);
/* Joins the other gateways, if there are some.  Returns 0 or an error.  The opening thread. */
int array_gateway_start(struct array *array);
/* Ends the threads that look at others and move LUNs, while the array still works. */
void array_gateway_stop_looking(struct array *array);
/* Leaves the other gateways, when nothing uses a LUN any more and the writer still runs. */
void array_gateway_stop(struct array *array);
void array_gateway_fini(struct array *array);
/* The clock of leases: it goes on while the machine sleeps, and while the process is stopped. */
uint64_t array_gateway_now_ns(void);
/* Notes that this gateway serves what was committed before begin_ns.  Any thread. */
void array_gateway_seen(struct array *array, uint64_t begin_ns);
/* Begins anew when this gateway has joined and may not answer any more. */
void array_gateway_end_unless_seen(struct array *array);
/*
 * Returns whether answers to changes wait for other gateways: not while the array is opened or
 * closed, since nobody outside waits then.  Any thread.
 */
bool array_gateway_waits(const struct array *array);
/*
 * Returns whether no other gateway serves a state from before a version that was committed at
 * committed_ns.  notified: the version of the last notification that has ended, which is enough
 * where the gateways of the array are not known.  The writer thread.
 */
bool array_gateway_all_have(struct array *array, uint64_t version, uint64_t committed_ns,
			    uint64_t notified);
/* Notes that clients of the cluster have acknowledged a version.  The writer thread. */
void array_gateway_acknowledged(struct array *array, const uint64_t *clients, size_t count,
				uint64_t version);
/*
 * Has it found out why others have not acknowledged it; then calls array_sharing_reached.  Any
 * thread.
 */
void array_gateway_ask_others(struct array *array, uint64_t version);
/* Notes that a change was published, this gateway's or another one's.  Writer thread. */
void array_gateway_changed(struct array *array, const struct change *change);
/* Returns whether the LUN is claimed, or the array is on one machine.  Any thread. */
bool array_gateway_holds(struct array *array, const struct guid *lun_id);
/*
 * Notes that an initiator waits for a LUN which this gateway owns and has not claimed yet: it is
 * claimed before others.  Any thread; never blocks longer than a lock.
 */
void array_gateway_want(struct array *array, const struct guid *lun_id);
/*
 * Gives a new LUN an owner: this gateway (own), or the one with the fewest LUNs.  Does nothing on
 * one machine.  Returns 0 or -ENOMEM.  Writer thread, inside a change.
 */
int array_owner_edit_add(struct array *array, struct state_edit *edit, const struct guid *lun_id,
			 bool own);

/* ---- qos.c: limits of LUNs and hosts ---- */

/* Returns whether a text of model/qos.h has a minimum.  text: NULL = none. */
bool array_qos_has_minimum(const char *text);
/*
 * Puts the row of a LUN that has moved to another pool, and consumes it.  The LUN goes on keeping
 * its minimum when the new pool can give it; otherwise the row loses the minimum, since a move
 * whose copy is complete must not fail for it.  Returns 0 or -ENOMEM.
 */
int array_qos_put_moved(struct state_edit *edit, struct row_lun *row);
/* Checks every pool as qos_check_pool does. */
int array_qos_check_pools(const struct state *view);
/*
 * Checks every pool when a change, from one state to the other, may let a LUN keep what its pool
 * cannot give.  Returns as qos_check_pool.
 */
int array_qos_check_change(const struct state *before, const struct state *after,
			   const struct change *change);

/* ---- owner.c: which of several gateways does what ---- */

/*
 * Returns whether this process carries out the commands of a LUN, and what is done to it: always
 * true on one machine; else when it is the LUN's owner in this state.  Any thread.
 */
bool array_lun_is_own(const struct array *array, const struct state *state,
		      const struct guid *lun_id);
/*
 * Returns whether this process may use the LUN's store now: always true on one machine; else when
 * it is the LUN's owner in the newest state and has claimed it.  Any thread; never blocks longer
 * than a lock.
 */
bool array_lun_is_held(struct array *array, const struct guid *lun_id);
/* Returns ERR_BUSY, with a text that names the gateway that owns the LUN. */
int array_lun_not_own(const struct array *array, const struct state *state,
		      const struct guid *lun_id);
/* Returns whether the text is the instance of a gateway that is at work. */
bool array_gateway_is_instance(const struct state *state, const char *instance);
/*
 * Does what a change of who owns what needs, before anybody sees the state after it; also for
 * changes of this gateway.  after: the state after it.  Writer thread.
 */
void array_foreign_owners(struct array *array, const struct state *before,
			  const struct state *after, const struct change *change);
/* Notes which gateways are at work, when the state was loaded.  The opening thread. */
void array_foreign_begin(struct array *array);
/*
 * Takes up what this gateway has got since the last call: the jobs of LUNs that it owns now,
 * volumes that a gateway which is gone was to remove.  Does nothing on one machine.  Verifier
 * thread.
 */
void array_foreign_take_up(struct array *array);
/*
 * After a commit whose outcome is not known, a job may be there that nobody runs: the next
 * array_foreign_take_up finds out, and takes it up.  Any thread.
 */
void array_foreign_unknown(struct array *array);
/*
 * Finds out: when this returns 0, the state has what the commits before have made, and what is not
 * there never comes.  Any thread but the writer.
 */
int array_foreign_settle(struct array *array);

/* Wait for memory, and say what has failed, where a change that is made has to be followed. */
void array_foreign_wait(void);
void array_foreign_tell(const char *what, int rc);

/* ---- foreign.c, foreign_rows.c: what other gateways of the array have changed ---- */

/* What one op of a change needs, before and after the state is published: foreign_rows.c. */
int array_foreign_before(struct array *array, const struct state *before, const struct state *after,
			 const struct change_op *op);
void array_foreign_after(struct array *array, const struct state *before,
			 const struct change_op *op);

/* ---- operation.c: who excludes whom on a LUN ---- */

/* What a caller wants to do with a LUN: the columns of the table in operation.c. */
enum array_ask {
	ASK_RENAME,
	ASK_MASK,
	ASK_STATUS,
	ASK_ASSOCIATE,
	ASK_EXTEND, /* and shrink */
	ASK_DELETE,
	ASK_COUNT
};

/* Returns whether `ask` may be done while the operation `held` holds the LUN. */
bool array_operation_allows(enum lun_operation held, enum array_ask ask);
/*
 * Checks that `ask` may be done to the LUN now.  Returns 0, ERR_NOT_FOUND (no such LUN) or ERR_BUSY
 * (the operation that holds the LUN excludes `ask`), with a text.  Any thread.
 */
int array_operation_check(struct array *array, const struct guid *lun_id, enum array_ask ask);
/*
 * Checks as array_operation_check does, and makes `operation` hold the LUN until
 * array_operation_end.  visible: whether the LUN's live row shows the operation before this
 * returns; a short hold is not worth two events.  Errors as array_operation_check.  Any thread.
 */
int array_operation_begin(struct array *array, const struct guid *lun_id, enum array_ask ask,
			  enum lun_operation operation, bool visible);
/* Ends the hold of a LUN.  Does nothing when the LUN was deleted meanwhile. */
void array_operation_end(struct array *array, const struct guid *lun_id);

/* ---- unit.c: what the array knows about a LUN beyond its row ---- */

/* What the array knows about a LUN beyond its row.  luns_lock guards all fields. */
struct array_lun_entry {
	struct guid id;
	enum lun_operation operation;
	bool visible; /* the live row shows the operation */
	bool write_through;
	enum lun_health health;
	char *reason;              /* owned; NULL = "" */
	struct array_store *store; /* holds a reference */
	uint64_t allocated_bytes;  /* space that the volume takes, as last seen */
	uint64_t shown_bytes;      /* the allocated_bytes in the live row */
	struct array_kept *kept;   /* owned list; what the LUN's logical unit must keep (keep.c) */
	struct blk_faults *faults; /* a reference; NULL = none: fault.c */
	size_t fault_count;        /* the faults in the live row */
	uint64_t faults_again_ns;  /* not before then is their layer taken away; 0 = at any time */
	/* of the live row; static texts */
	const char *cache_used, *cache_reason;
};

/*
 * Adds a LUN to the units.  On success takes a reference of its own to the store.  Does not put the
 * live row: array_unit_show does.  write_through: what the LUN's hints ask for.  Returns 0 or
 * -ENOMEM.
 */
int array_unit_add(struct array *array, const struct guid *lun_id, struct array_store *store,
		   enum lun_operation operation, enum lun_health health, bool write_through);
/* Puts the first live row of a LUN. */
void array_unit_show(struct array *array, const struct guid *lun_id);
/*
 * Removes a LUN from the units: deletes its live row and drops the reference to the store.  unlink:
 * the file is unlinked when nobody uses the store any more.
 */
void array_unit_remove(struct array *array, const struct guid *lun_id, bool unlink);
/*
 * Removes a LUN that a published change has deleted: its file is unlinked, unless the LUN is in the
 * trash.  Writer thread.
 */
void array_unit_remove_deleted(struct array *array, const struct guid *lun_id);
/* Returns the space that the LUN's volume takes, as it was seen last.  Any thread. */
uint64_t array_unit_allocated(struct array *array, const struct guid *lun_id);

/* ---- history.c: how much space was taken ---- */

/* Takes the samples that are due at that time, in UTC.  Verifier thread. */
void array_history_sample(struct array *array, int64_t now_ms);
void array_history_fini(struct array *array);

/* ---- trash.c: deleted LUNs that are kept for a time ---- */

/* Returns for how long the pool of a LUN keeps deleted LUNs; 0 = it does not. */
int64_t array_trash_keep_ms(const struct state *view, const struct row_lun *lun);
/*
 * Puts the row of the trash for a LUN that the same change deletes.  before: a state in which the
 * LUN has its associations.  Returns 0 or -ENOMEM.  Writer thread.
 */
int array_trash_put(struct array *array, struct state_edit *edit, const struct state *before,
		    const struct row_lun *lun);
/*
 * Keeps the store of a LUN that went to the trash, whose commands may not have ended.  Takes the
 * reference.  Any thread.
 */
void array_trash_hold(struct array *array, struct array_store *store);
/*
 * Returns whether commands from before a LUN's deletion may still reach its volume from here.  Any
 * thread; does not block.
 */
bool array_trash_in_flight(struct array *array, const struct guid *lun_id);
/* Returns whether LUNs of the pool are in the trash. */
bool array_trash_has(const struct state *state, const struct guid *pool_id);
/* Returns the space that the LUNs of a pool take which are in the trash. */
uint64_t array_trash_bytes(const struct state *state, const struct guid *pool_id);
/* Another gateway has restored the LUN, or removes it for good.  Writer thread. */
void array_trash_forget(struct array *array, const struct guid *lun_id);
/* Removes what has expired, and what full pools give up.  Verifier thread. */
void array_trash_expire(struct array *array);
/* Called after all threads have ended. */
void array_trash_fini(struct array *array);
void array_unit_fini(struct array *array);
/*
 * Gives a LUN another store, which takes a reference of its own; the volume of the one before is
 * removed when nobody uses it any more.  Writer thread.
 */
void array_unit_set_store(struct array *array, const struct guid *lun_id,
			  struct array_store *store);
/* Does so, but the volume of the store before stays: it is another gateway's to remove. */
void array_unit_change_store(struct array *array, const struct guid *lun_id,
			     struct array_store *store);
/* Returns the LUN's store with a reference for the caller, or NULL (no such LUN).  Any thread. */
struct array_store *array_unit_store(struct array *array, const struct guid *lun_id);
/*
 * Sets how many bytes the LUN's volume takes.  Updates the live row when its value is off by a
 * mebibyte or the space has stopped changing.  Called by the verifier and by jobs.
 */
void array_unit_set_allocated(struct array *array, const struct guid *lun_id,
			      uint64_t allocated_bytes);
/*
 * Notes how the volume is read and written, and why, as the members cache_used and cache_reason of
 * the live row have it; static texts.  Shows the row when that has changed.
 */
void array_unit_set_cache(struct array *array, const struct guid *lun_id, const char *used,
			  const char *reason);
/*
 * Sets the health of a LUN and its reason, and shows both in its live row.  Only the block device
 * decides that a LUN is FAILED: its listener calls this function.  Any thread.
 */
void array_unit_set_health(struct array *array, const struct guid *lun_id, enum lun_health health,
			   const char *reason);
/*
 * Sets the health to FAILING with this reason: commands fail in the store, but the store goes on.
 * reason NULL sets the health to OK again.  A LUN that is FAILED stays so.  Any thread.
 */
void array_unit_set_failing(struct array *array, const struct guid *lun_id, const char *reason);
/* Copies the reason for the health of a LUN, "" when there is none.  Any thread. */
void array_unit_reason(struct array *array, const struct guid *lun_id, char *buf, size_t size);
/* Returns the health of a LUN. */
enum lun_health array_unit_health(struct array *array, const struct guid *lun_id);
/* Returns the entry of a LUN (NULL = none), and puts its live row.  The caller holds luns_lock. */
struct array_lun_entry *array_unit_find_locked(struct array *array, const struct guid *lun_id);
void array_unit_show_locked(struct array *array, struct array_lun_entry *entry);

#include "array/storage_int.h"

/* ---- fault.c, fault_words.c: faults for tests ---- */

/*
 * Says what a fault that is asked for means to blk.  Its time (for_ms) begins when it is injected,
 * so the caller sets ends_ns.  Returns 0 or ERR_INVALID with a text.
 */
int array_fault_parse(const struct array_fault *fault, const struct row_lun *lun,
		      struct blk_fault *ret);
/*
 * Says what a fault of blk is in words.  for_ms becomes what is left of its time: at least 1 when
 * it ends by time, also when that is over.
 */
void array_fault_format(const struct blk_fault *fault, const struct row_lun *lun,
			struct array_fault *ret);
/* Ends the faults of a LUN that is removed from the units.  The caller holds luns_lock. */
void array_faults_forget_locked(struct array *array, struct array_lun_entry *entry);
/*
 * Lays the faults of a LUN over a store that nobody else uses yet, and that becomes the LUN's.  The
 * LUN is held, and the caller has the data path use the store's device then.  Writer thread.
 */
void array_faults_follow(struct array *array, const struct guid *lun_id, struct array_store *store);
/*
 * Finds faults that have ended by themselves, and takes layers away that are not needed any more.
 * Returns when to call again, in terms of clock_mono_ns.  Verifier thread.
 */
uint64_t array_faults_tidy(struct array *array);

/* ---- subsystem.c ---- */

/*
 * Makes the first change of a new catalog: the row of the array and its default pool.  Returns 0 or
 * an error of the writer.
 */
int array_subsystem_begin(struct array *array, const struct guid *array_id,
			  const struct row_pool *pool);
/*
 * Converts a prefix such as "iqn.2026-11.org.example", with or without a colon at the end, to its
 * stored form, with room for an alias and a random number.  Returns 0 with a text that the caller
 * frees (mem_free), ERR_INVALID with a text, or -ENOMEM.
 */
int array_iqn_prefix_normalize(const char *prefix, char **ret_prefix);
/* Stores the version of vdsd in the array's row.  Returns 0 or an error of the writer. */
int array_subsystem_set_version(struct array *array, const char *version);

/* ---- secrets.c: CHAP secrets in memory ---- */

/* Pages that hold nothing but secrets, are in no core file and, if allowed, never swapped. */
struct array_vault;

struct array_vault *array_vault_new(void); /* NULL = out of memory */
/* Frees a vault in which no entry is left.  Accepts NULL. */
void array_vault_free(struct array_vault *vault);

/* A secret and the one before it.  Counted; immutable once it is in a set. */
struct array_secret_entry;

/* Makes an entry without a secret, with one reference for the caller; NULL = out of memory. */
struct array_secret_entry *array_secret_entry_new(struct array_vault *vault, const struct guid *id,
						  enum credential_side side);
/*
 * array_secret_entry_set sets the present secret of an entry, len bytes; array_secret_entry_set_old
 * sets the secret before it, which is valid until until_ms (milliseconds since 1970, UTC).
 */
void array_secret_entry_set(struct array_secret_entry *entry, const uint8_t *bytes, size_t len);
void array_secret_entry_set_old(struct array_secret_entry *entry, const uint8_t *bytes, size_t len,
				int64_t until_ms);
/* Returns the secret and the one before it (len 0 = none), borrowed. */
void array_secret_entry_get(const struct array_secret_entry *entry,
			    struct array_secret ret_secrets[2]);
void array_secret_entry_unref(struct array_secret_entry *entry); /* accepts NULL */
/*
 * Makes the set with this entry in place of the one with the id; NULL: without one.  Returns 0 or
 * -ENOMEM.
 */
int array_secrets_with(const struct array_secrets *old, const struct guid *id,
		       struct array_secret_entry *entry, struct array_secrets **ret_set);
/* Returns whether a credential of that side has this secret, or had it before.  Walks the set. */
bool array_secrets_have(const struct array_secrets *set, enum credential_side side,
			const uint8_t *bytes, size_t len);

/* ---- credential.c ---- */

/* Loads the secrets of the catalog.  Returns 0, ERR_CORRUPT or -ENOMEM.  The opening thread. */
int array_credential_load(struct array *array);
/*
 * Read the secret of a credential, or all secrets, that another gateway has set.  state: has the
 * row.  Return as array_credential_load; then the set is what it was.  Writer thread.
 */
int array_credential_foreign(struct array *array, const struct state *state, const struct guid *id);
int array_credential_foreign_all(struct array *array, const struct state *state);

/* ---- gateway_secret.c ---- */

/*
 * Makes the secret of the gateways of a new array, unless the array is on one machine.  Returns 0,
 * -EIO (no random numbers), -ENOMEM or an error of the catalog.  Writer thread, in apply functions.
 */
int array_gateway_secret_make(struct array *array);
/*
 * Adds it, if there is one, to a set that was read from the catalog.  Returns 0, ERR_CORRUPT or
 * -ENOMEM; then the set is what it was.  The opening thread; the writer thread.
 */
int array_gateway_secret_load(struct array *array, struct array_secrets **set);
/* Makes the set with, or without (NULL), a secret the committed one.  Writer thread. */
void array_secrets_replace(struct array *array, const struct guid *id,
			   struct array_secret_entry *entry);
/* Deletes all credentials of an owner that is deleted.  Writer thread, in apply functions. */
int array_credential_edit_remove_all(struct state_edit *edit, const struct guid *owner_id);
/* Drops the secrets of the credentials that a committed change has deleted.  Writer thread. */
void array_credential_forget(struct array *array, const struct change *change);

/* ---- portal.c ---- */

/* Checks that the address is numeric.  Returns 0, or ERR_INVALID with a text. */
int array_portal_check_address(const char *address);

/* ---- interface.c: the network interfaces of this host ---- */

/*
 * Lists the interfaces of this host with their addresses.  Returns 0, -ENOMEM or -errno.  The
 * caller calls array_interfaces_fini.
 */
int array_interfaces_list(void *unused, struct array_interfaces *ret_list);
/*
 * Opens a socket that becomes readable when an interface or an address changes.  Returns the
 * descriptor, which the caller owns, or -1 (not possible here: the verifier looks in each round).
 */
int array_interfaces_watch(void);
/* Takes what that socket has, without waiting. */
void array_interfaces_watch_read(int fd);

/* ---- port.c ---- */

/*
 * Reads the interfaces and brings the live rows of the ports up to date.  Does nothing in an array
 * that was opened with `look`.  What cannot be read stays as it was shown last.
 */
void array_port_refresh(struct array *array);
/*
 * Ends all sessions that came through the portals of a port, borrowed from a live state (NULL: of
 * the own controller), and opens the listeners of these portals anew: array_port_reset.  Returns 0,
 * ERR_BUSY (a session did not end in time) or -ENOMEM.
 */
int array_port_end_sessions(struct array *array, const struct row_live_port *port,
			    uint32_t drain_ms);

/* ---- controller.c ---- */

/*
 * Puts the row of the own controller into a new array, and notes its id.  Returns 0, ERR_INVALID (a
 * gateway without an address) or -ENOMEM.  Writer thread, in apply functions.
 */
int array_controller_edit_put(struct array *array, struct state_edit *edit,
			      const struct guid *array_id);
/*
 * Finds the own controller in the state and notes its id.  Returns 0, ERR_NOT_FOUND (the array has
 * no gateway of that name) or -ENOMEM.  The opening thread.
 */
int array_controller_find(struct array *array, const struct state *state);
/*
 * Puts the row of the controller of a catalog that has none, and sets its name when the host was
 * renamed, or the address of a gateway.  Returns 0 or an error of the writer.  The opening thread.
 */
int array_controller_update(struct array *array);
/* Returns 0, or ERR_INVALID: the address that this gateway is given cannot be its own. */
int array_controller_check_address(const struct array *array, const struct state *state);
/* Returns what portals of the own controller have as their controller: zero without gateways. */
struct guid array_controller_of_portals(const struct array *array);

/* ---- job.c, allocate.c ---- */

/* A job that runs or is about to run. */
struct array_job {
	struct list node; /* jobs_lock */
	struct work work;
	struct array *array;
	struct guid id, lun_id;
	enum job_kind kind;
	uint64_t from_bytes, to_bytes;
	struct guid pool_id;       /* JOB_MOVE_LUN: where to; else zero */
	atomic_int phase;          /* enum array_job_phase */
	struct array_store *store; /* holds a reference */
	/*
	 * Of a job that copies (array_job_copies): from where; NULL after a restart.  The LUN that
	 * this is, and that is held for it; zero = it is a snapshot.
	 */
	struct array_store *origin;
	struct guid held_id;
	/* the job's thread, or, while the job is paused, nobody */
	struct blk_progress progress;
	unsigned percent;
	struct array_copying *copying; /* of a job that copies: how far it is (clone.c); owned */
	struct array_moving *moving;   /* JOB_MOVE_LUN: how far it is (move_run.c); owned */
	bool stood_aside; /* the job's thread has stopped its work because of a pause */
};

enum array_job_phase {
	JOB_WORKING, /* the job may still be cancelled or paused */
	JOB_PAUSING, /* the job's thread stops at its next step */
	JOB_PAUSED,  /* no thread works on the job; set under jobs_lock */
	JOB_CANCELLING,
	JOB_ENDING /* it is too late to cancel or to pause the job */
};

/* What the job's thread does after its work was stopped (array_job_stopped). */
enum array_job_next {
	JOB_NEXT_END,   /* end the job, or leave it for the next start */
	JOB_NEXT_AGAIN, /* work again: the job was resumed meanwhile */
	JOB_NEXT_LEAVE  /* the job is paused, and another thread may have it by now */
};

/*
 * Makes a job with a new id.  Takes a reference of its own to the store; without a store (NULL) the
 * job fails when it runs.  Returns NULL when memory is out.
 */
struct array_job *array_job_new(struct array *array, enum job_kind kind, const struct guid *lun_id,
				uint64_t from_bytes, uint64_t to_bytes, struct array_store *store);
/*
 * Returns whether the job copies the data of a new LUN from another volume: a job that creates a
 * LUN which has its size already.
 */
static inline bool
array_job_copies(const struct array_job *job)
{
	return job->kind == JOB_CREATE_LUN && job->from_bytes == job->to_bytes;
}
/* Ends the hold of the LUN from which the job copies, if there is one. */
void array_job_release(struct array_job *job);
/* Queues the job to a worker, which runs it and frees it. */
void array_job_queue(struct array_job *job);
/* Hands a job that is among those that run to a worker.  The caller holds jobs_lock. */
void array_job_hand_over(struct array_job *job);
/* Returns the job that runs or is paused, or NULL.  The caller holds jobs_lock. */
struct array_job *array_job_find_locked(struct array *array, const struct guid *job_id);
void array_job_free(struct array_job *job);
/*
 * Puts the row and the catalog's notes of a job that begins (array_job_edit_start) or has ended
 * (array_job_edit_end).  Returns 0 or an error of the catalog.  Writer thread, in apply functions.
 */
int array_job_edit_start(struct array *array, struct state_edit *edit, const struct array_job *job);
int array_job_edit_end(struct array *array, struct state_edit *edit, const struct array_job *job,
		       int result, const char *message);
/* Removes the job from the jobs that run, and deletes its live row. */
void array_job_forget(struct array_job *job);
/*
 * Resumes the jobs that were running when the array was closed.  Returns 0, -ENOMEM or an error of
 * the catalog.  The opening thread.
 */
int array_job_resume_all(struct array *array);
/*
 * Takes up the jobs of LUNs that this gateway owns and that run nowhere, since their gateway has
 * died.  Returns 0, 1 (one waits until its LUN is claimed: call again), or an error as
 * array_job_resume_all.  Writer thread.
 */
int array_job_take(struct array *array);
/* Shows at its LUN that a job runs at another gateway, or has ended there.  Writer thread. */
void array_job_follow(struct array *array, const struct row_job *row);
/*
 * Returns "", or what a job that runs does with the LUN: "; it is being moved to pool "p": 40 %,
 * paused".  Owned by the caller; NULL = memory is out.  Any thread.
 */
char *array_job_text(const struct state *config, const struct state *live,
		     const struct row_lun *lun);
/* Deletes the rows of jobs that ended more than JOB_KEPT_MS ago.  Verifier thread. */
void array_job_expire(struct array *array);
/* Does the work of a job (allocate.c).  A worker's thread. */
void array_allocate_run(struct work *work);
/*
 * Shows how far the job is, when that has changed.  Returns 0, or ERR_CANCELLED (it is cancelled,
 * it is to pause, or the array closes).  The job's thread.
 */
int array_job_step(struct array_job *job, unsigned percent);
/*
 * Goes from WORKING to ENDING, and with an error (rc) also from PAUSING.  Returns rc, or
 * ERR_CANCELLED with a text (the job was cancelled first, or is to pause).  The job's thread.
 */
int array_job_settle(struct array_job *job, int rc);
/*
 * Says what comes after array_job_step or array_job_settle have returned ERR_CANCELLED; a job that
 * is to pause is paused by this.  The job's thread.
 */
enum array_job_next array_job_stopped(struct array_job *job);
/* Lets the jobs that are paused see that the array closes.  The closing thread. */
void array_job_close(struct array *array);

/* ---- follow.c: copies of volumes that are in use ---- */

#define ARRAY_FOLLOW_AGAIN 1

/* A copy of a volume that follows what initiators write to it. */
struct array_follow {
	struct array *array;
	struct array_job
		*job; /* shows how far the copy is, and ends it; to_bytes: how much to copy */
	const struct guid *lun_id; /* whose paths are drained */
	const char *fault;         /* the operation for which a test asks for faults in each step */
	/*
	 * set by the caller, before array_follow_attach: borrowed; copier.to is the device of `to`
	 */
	struct array_store *from, *to;
	struct blk_copier copier;
	struct blk_dev *track;  /* with a reference; NULL = was not laid over the LUN's device */
	bool attached;          /* it lies there now */
	bool known;             /* whatever the data path writes is noted */
	uint64_t at_bytes;      /* so much is copied from the beginning */
	uint64_t flushed_bytes; /* copier.copied_bytes at the last flush */
	/* of the present hold of the paths: a drain, or alone: there was no data path yet */
	void *drain;
	bool alone;
	/* the data path has gone, so that nothing can be drained: the array is about to close */
	bool leaves;
	uint64_t held_ns; /* how long commands waited at the end, all in all */
};

/* lun_id and fault are borrowed.  The caller calls array_follow_fini. */
void array_follow_init(struct array_follow *f, struct array_job *job, const struct guid *lun_id,
		       const char *fault);
void array_follow_fini(struct array_follow *f);
/* Looks for a fault that a test asks for.  Returns as blk_fault_check. */
int array_follow_fault(struct array_follow *f, const char *op);
/*
 * Lays the tracking layer over the LUN's device, from which is copied then.  Returns 0, -ENOMEM, or
 * ERR_CANCELLED (the job is cancelled or to pause, or the array closes).  Whatever this and the
 * functions below have returned ERR_CANCELLED for, they can be called again, in the same order, and
 * go on where they were.
 */
int array_follow_attach(struct array_follow *f);
/*
 * Takes the layer away, if it is there, and drains the paths for that.  When the data path has
 * gone, the layer stays, and goes with the store.
 */
void array_follow_detach(struct array_follow *f);
/* As array_follow_detach, in a call of `end`, where the paths are drained. */
void array_follow_detach_held(struct array_follow *f);
/*
 * Copies everything and, where a layer is, most of what was written meanwhile.  `to` reads as zeros
 * before.  Durable on return.  Returns 0, ERR_CANCELLED, -ENOMEM, or the error of a device with its
 * text.
 */
int array_follow_copy(struct array_follow *f);
/*
 * Copies the rest, and calls `end` at a moment at which both volumes are equal and the paths are
 * drained; it returns 0, an error, or ARRAY_FOLLOW_AGAIN to be called again.  Returns as
 * array_follow_copy, or the error of `end`.
 */
int array_follow_finish(struct array_follow *f, int (*end)(struct array_follow *f));
/* Makes what was copied durable.  Returns 0, or an error with a text. */
int array_follow_flush(struct array_follow *f);

/* ---- move.c: LUNs that move to another pool ---- */

/* Makes what a job that moves a LUN keeps while it is paused.  Returns NULL when memory is out. */
struct array_moving *array_move_new(struct array_job *job);
/*
 * Releases the new volume and the tracking layer, without taking the layer away.  NULL is allowed.
 */
void array_move_free(struct array_moving *moving);
/* Does the work of a job that moves a LUN.  A worker's thread. */
void array_move_run(struct work *work);
/* Returns whether a job moves this LUN to this pool.  Any thread. */
bool array_move_goes_to(const struct state *view, const struct guid *lun_id,
			const struct guid *pool_id);
/* Returns 0, or ERR_IN_USE with a text: a LUN is being moved to the pool.  Any thread. */
int array_move_check_pool(const struct state *view, const struct guid *pool_id);
/* Returns how many bytes the LUNs have together that are being moved to the pool.  Any thread. */
uint64_t array_move_bytes(const struct state *view, const struct guid *pool_id);

/* ---- drive.c: what pools lie on ---- */

/* ---- host.c, host_paths.c ---- */

/* A change of hosts that may take LUNs away from initiators (host_paths.c). */
struct array_host_paths {
	struct array_task task;
	/* owned; the paths that the last apply would have taken away: those that are drained */
	struct array_mapping *lost;
	size_t lost_count, lost_capacity;
	bool must_drain; /* out: nothing happened, `lost` must be drained first */
};

/*
 * Checks, at the end of an apply function, that the paths that the change takes away are drained.
 * after: the state after the change.  Returns 0, ERR_BUSY (they are not: apply fails, and
 * array_host_paths_run drains them and applies again) or -ENOMEM.  Writer thread.
 */
int array_host_paths_check(struct array *array, struct array_host_paths *paths,
			   const struct state *after);
/*
 * Runs a change as array_change_run does, but drains the paths that it takes away.  Frees `lost`.
 */
int array_host_paths_run(struct array *array, const struct array_request *request,
			 struct array_host_paths *paths, struct array_answer *ret_answer);
/*
 * Takes a host or a host group (prefix: MASK_HOST or MASK_HOST_GROUP) out of the unmasking lists
 * that name it, or refuses that without force.  Looks at these lists only.  Returns 0, ERR_IN_USE
 * (a list names it and force is not set; the text names the LUN) or an error of the edit.  Writer
 * thread.
 */
int array_host_leave_masks(struct state_edit *edit, const char *prefix, const struct guid *id,
			   const char *name, bool force);
/* Checks the name of a host or a host group (`what`).  Returns 0 or ERR_INVALID. */
int array_host_name_check(const char *what, const char *name);

/* ---- verify.c: the background look at stores and pools ---- */

/* Makes what the others need.  Returns 0 or -errno.  The opening thread. */
int array_verify_init(struct array *array);
void array_verify_fini(struct array *array);
/* Starts the verifier thread.  Returns 0 or -errno.  The opening thread. */
int array_verify_start(struct array *array);
/* Ends the verifier thread and waits for its end.  The closing thread. */
void array_verify_stop(struct array *array);
/* Wakes the verifier thread, so that it does its chores at once.  Any thread; never blocks. */
void array_verify_wake(struct array *array);
/*
 * Checks the next LUNs in the order of their ids, at most `most`; the next call goes on after them.
 * Returns how many LUNs were checked.  The verifier's thread, or a test while that thread does not
 * run.
 */
size_t array_verify_some(struct array *array, size_t most);

#endif
