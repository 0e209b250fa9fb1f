/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The array: the one model of LUNs, targets, portals and pools that every interface uses (REST;
 * vdsctl, the web page and COM through REST).  Callers pass ids and values and get ids and values
 * back; the only pointers into the model that they get are counted, immutable states.
 *
 * A change goes through these steps: check; prepare (drain paths that go away, outside the writer);
 * commit (one SQLite transaction with its event, on the writer thread, which commits many changes
 * at once); publish (swap the state, notify the data path); answer.  A call that fails has changed
 * nothing.  See docs/design/writer.md and docs/design/operations.md.
 *
 * Unless a function says otherwise, any thread except the writer and those of the data path may
 * call it; it may block for the time of a commit; and on failure it sets a text with err_set.
 * Every change may fail with these errors, and the comments name only further ones: ERR_INVALID (an
 * argument is not valid), ERR_NOT_FOUND (no such object), ERR_NAME_IN_USE, ERR_BUSY (another
 * operation excludes this one), ERR_READ_ONLY (the array accepts no changes), ERR_LIMIT (no more of
 * its kind fit), ERR_NO_SPACE (the disk of the catalog is full), -ENOMEM.
 */
#ifndef VDS_ARRAY_ARRAY_H
#define VDS_ARRAY_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/principal.h"
#include "model/state.h"

struct array;
struct array_lun_counters;
struct blk_dev;

/* ---- life ---- */

struct array_options {
	/* directory of catalog.db, lock and luns/; made (0700) if missing */
	const char *dir;
	/* directory of faults for every LUN (blk_fault_new); NULL = none */
	const char *inject_dir;
	/* address of a new catalog's portal, "127.0.0.1"; NULL = no portal */
	const char *default_address;
	uint16_t default_port;       /* port of that portal; 0 = a free port, which is kept */
	uint32_t drain_timeout_ms;   /* limit for draining I/O in flight; 0 = 5000 */
	uint32_t verify_interval_ms; /* interval between background checks of stores; 0 = 2000 */
	bool look;                   /* open only for array_check, without changing anything */
	bool accept_loss;            /* start although acknowledged changes are missing */
};

/*
 * Opens the array in options->dir, or creates one there: locks the directory, migrates the catalog,
 * checks the invariants, removes what deletions have left, resumes jobs, and starts the writer, job
 * and verifier threads.  With options->look it opens an existing array without changing anything.
 *
 * Returns 0, ERR_LOCKED (another process uses the directory), ERR_VERSION (a newer program wrote
 * the catalog), ERR_CORRUPT (the catalog is damaged or missing) or -errno.  The caller owns
 * *ret_array (array_close).
 */
int array_open(const struct array_options *options, struct array **ret_array);
/*
 * Closes the array: stops jobs at a safe point, finishes queued changes and frees everything.  No
 * other call may be running.  Accepts NULL.
 */
void array_close(struct array *array);

/* ---- what the data path registers ---- */

/*
 * Paths from initiators to a LUN that a change takes away.  target_id: only paths through this
 * target; zero = through every target.  except_mask: only paths of initiators that this mask does
 * not admit; NULL = of all initiators.
 */
struct array_mapping {
	struct guid lun_id, target_id;
	const char *except_mask;
};

/*
 * Functions of the data path that the array calls.  publish, quiesce and resume wait for the data
 * path's threads, which never wait for the array.
 */
struct array_runtime_ops {
	/*
	 * Publishes a state and the change that led to it from the state published before.  change
	 * is NULL in the first call, which array_runtime_register makes.  When the function
	 * returns, new logins see the state, and running sessions have their unit attentions
	 * (REPORTED LUNS DATA HAS CHANGED, CAPACITY DATA HAS CHANGED).  Takes time in proportion to
	 * the change.  Cannot fail.  Writer thread.
	 */
	void (*publish)(void *runtime, const struct state *state, const struct change *change);
	/*
	 * Starts no new command on these paths and waits until those in flight have finished.
	 * Commands that arrive meanwhile wait.  *ret_drain is the handle of this drain, for resume.
	 * The mappings are copied.  Returns 0, ERR_TIMEOUT (in-flight I/O did not end; the drain is
	 * undone) or -ENOMEM.  Any thread.
	 */
	int (*quiesce)(void *runtime, const struct array_mapping *mappings, size_t count,
		       uint32_t timeout_ms, void **ret_drain);
	/*
	 * Ends a drain.  Commands that wait are started, or fail because their path is gone.  Any
	 * thread.
	 */
	void (*resume)(void *runtime, void *drain);
	/* Finds a port that is free now at `address`.  Returns 0 or -errno.  Any thread. */
	int (*pick_port)(void *runtime, const char *address, uint16_t *ret_port);
	/*
	 * Reads the counters of a LUN.  Returns 0, or ERR_NOT_FOUND (the LUN was never associated,
	 * so nothing was counted).  Any thread.
	 */
	int (*lun_counters)(void *runtime, const struct guid *lun_id,
			    struct array_lun_counters *ret_counters);
	/*
	 * Called after the failed device of a LUN was reopened: notifies initiators so that they
	 * look at the LUN again.  Any thread; never blocks longer than a lock.
	 */
	void (*lun_recovered)(void *runtime, const struct guid *lun_id);
	/* Ends a session.  Returns 0 or ERR_NOT_FOUND (no such session).  Any thread. */
	int (*end_session)(void *runtime, const struct guid *session_id);
	/*
	 * Asks the initiators of all sessions that came through a portal to log out, and ends the
	 * sessions that are left after drain_ms.  Any thread; does not wait.
	 */
	void (*drain_portal)(void *runtime, const struct guid *portal_id, uint32_t drain_ms);
};

struct array_lun_counters {
	uint64_t read_commands, write_commands, other_commands;
	uint64_t read_bytes, write_bytes;
	/* commands that failed in the store: with an error, and for lack of space */
	uint64_t medium_errors, space_errors;
};

/* Registers the data path, once, and publishes the current state to it.  Returns 0 or -ENOMEM. */
int array_runtime_register(struct array *array, const struct array_runtime_ops *ops, void *runtime);
/* Unregisters the data path: the array calls no function of it after this returns. */
void array_runtime_unregister(struct array *array);

/*
 * Returns the block device of a LUN with a reference for the caller, who drops it with
 * array_device_release.  A LUN has the same device as long as its row exists, also when its file is
 * missing or damaged: then the device has failed (blk_failed) until the LUN is set online and the
 * file can be opened.  The device is the one authority for the LUN's health, and its blk_listener
 * is the array's.  The file is opened at the first I/O.  Returns 0 or ERR_NOT_FOUND (no such LUN).
 * Any thread, the writer included; may look at a file.
 */
int array_lun_device(struct array *array, const struct guid *lun_id, struct blk_dev **ret_dev);
/*
 * Drops the reference to a device from array_lun_device.  The file of a deleted LUN is unlinked
 * when the last user of the device has released it; this function makes the array look for such
 * files at once.  Any thread; never blocks longer than a lock.
 */
void array_device_release(struct array *array, struct blk_dev *dev);

/*
 * Puts or removes a live row of the data path (ROW_LIVE_PORTAL, ROW_LIVE_SESSION).  The data path
 * puts a session before it answers the login, because from then on the array gives no LUN number
 * that the initiator may have seen to another LUN.  array_live_put consumes the reference to row.
 * When memory is out, the live row stays as it was.  Any thread; never blocks longer than a lock.
 */
void array_live_put(struct array *array, void *row);
void array_live_delete(struct array *array, enum row_family family, const struct guid *id);
/*
 * Notifies the array that aborted I/O of a LUN does not return from its store (hangs), or that it
 * has returned; meanwhile the LUN's health is FAILING.  Does nothing for a LUN that is deleted.
 * Any thread; never blocks longer than a lock.
 */
void array_lun_hangs(struct array *array, const struct guid *lun, bool hangs);

/* ---- reading ---- */

/*
 * Returns the committed state (array_state) or the live state (array_live) with a reference for the
 * caller.  Takes nanoseconds.  Any thread.
 */
struct state *array_state(struct array *array);
struct state *array_live(struct array *array);
/*
 * Waits until every change that was queued before this call is committed or refused, and returns
 * the position after them.  Returns 0 or an error of the writer.
 */
int array_sync(struct array *array, struct position *ret_position);
/* Returns whether the array refuses every change with ERR_READ_ONLY.  Any thread. */
bool array_is_read_only(struct array *array);
/*
 * Returns the reason why every change is refused with ERR_READ_ONLY while the data path goes on, or
 * NULL when changes are accepted.  The text is valid until array_close.  Any thread.
 */
const char *array_read_only_reason(struct array *array);
/*
 * Collects what breaks no invariant but an administrator should know: that the array is read-only,
 * that its reserve is not whole, that a pool is not ready or is full.  *ret_text is whole
 * sentences, one a line, "" when there is nothing to say; the caller frees the text with mem_free.
 * Returns 0 or -ENOMEM.  Any thread.
 */
int array_notes(struct array *array, char **ret_text);
/*
 * Checks the invariants of catalog, memory and stores against one another.  Returns 0, ERR_CORRUPT
 * with a text (an invariant is broken), or another error of the check itself.
 */
int array_check(struct array *array);

/* ---- changes ---- */

/*
 * Describes who asks for a change.  Callers pass one with every change; NULL or all zeros stands
 * for vdsd itself.  id: names the request; zero = no id.  A second request with an id that was used
 * before changes nothing and returns the answer of the first request.
 */
struct array_request {
	struct guid id;
	/*
	 * Who asks; recorded in the change's event and in the change log.  Borrowed; NULL = vdsd
	 * itself.
	 */
	const struct principal *principal;
};

struct array_answer {
	uint64_t sequence;     /* every state from this sequence on contains the change */
	struct guid object_id; /* the object that was created or changed */
	struct guid job_id;    /* the job that goes on; zero = the change is complete */
	bool existed;          /* nothing was created: object_id existed before */
	bool replayed;         /* this repeats the first answer to the request id */
	/*
	 * The live state contains the change's effect from this version of this boot on (compare
	 * the position of array_live).  A zero boot says that the change affected configuration
	 * only.
	 */
	struct guid live_boot;
	uint64_t live_version;
};

/* Renames the array.  name: 1 to 63 bytes. */
int array_rename(struct array *array, const struct array_request *request, const char *name,
		 struct array_answer *ret_answer);
/*
 * Sets the prefix of the iSCSI names of targets that are created from now on:
 * "iqn.YYYY-MM.reversed.domain[:…]", or "" for the built-in prefix.
 */
int array_set_iqn_prefix(struct array *array, const struct array_request *request,
			 const char *prefix, struct array_answer *ret_answer);

/*
 * Creates a pool in a directory and writes the pool's marker there.  path: an absolute path on a
 * local file system, not used by another array.  Further errors: ERR_LOCKED (another process uses
 * the directory), ERR_IN_USE (the directory belongs to another array), -errno.
 */
int array_pool_create(struct array *array, const struct array_request *request, const char *name,
		      const char *path, struct array_answer *ret_answer);
/* Renames a pool. */
int array_pool_rename(struct array *array, const struct array_request *request,
		      const struct guid *pool, const char *name, struct array_answer *ret_answer);
/* Deletes a pool.  Further errors: ERR_IN_USE (the pool has LUNs). */
int array_pool_delete(struct array *array, const struct array_request *request,
		      const struct guid *pool, struct array_answer *ret_answer);

/* Describes a LUN to be created.  Everything is borrowed for the call. */
struct array_lun_spec {
	const char *name;     /* NULL or "" = the array chooses "lun-<number>" */
	struct guid pool_id;  /* zero = the pool with the most free space */
	uint64_t size_bytes;  /* rounded up to whole blocks; > 0, at most 2^53 */
	uint32_t block_bytes; /* 0 = 512; 512 or 4096 */
	bool thick;           /* allocate all space now, in a job */
	const char *mask;     /* the initiators that may use the LUN; NULL or "" = none */
};

/*
 * Creates a LUN.  A thin LUN is complete on return.  For a thick LUN a job allocates the space: the
 * LUN's row exists from the start, is held by OPERATION_CREATE meanwhile, and is deleted again when
 * the job fails or is cancelled.  Further errors: ERR_NO_SPACE (the pool has too little space),
 * ERR_FAILED (the pool is not ready).
 */
int array_lun_create(struct array *array, const struct array_request *request,
		     const struct array_lun_spec *spec, struct array_answer *ret_answer);
/*
 * Deletes a LUN and its data.  When the LUN is associated with targets and force is not set,
 * refuses with ERR_IN_USE; the text names the targets and says how many sessions would lose the
 * LUN.  With force, waits for the I/O in flight and removes the associations too.  The file is
 * unlinked after its last I/O has returned.  Further errors: ERR_BUSY (also when I/O in flight does
 * not end in time; nothing has changed).
 */
int array_lun_delete(struct array *array, const struct array_request *request,
		     const struct guid *lun, bool force, struct array_answer *ret_answer);
/*
 * Grows a LUN by add_bytes, which is more than 0 and is rounded up to whole blocks.  A thin LUN is
 * extended on return.  For a thick LUN a job allocates the space, and OPERATION_EXTEND holds the
 * LUN meanwhile.  Further errors: ERR_NO_SPACE (the pool has too little space), ERR_FAILED (the
 * LUN's store or its pool has failed).
 */
int array_lun_extend(struct array *array, const struct array_request *request,
		     const struct guid *lun, uint64_t add_bytes, struct array_answer *ret_answer);
/* Renames a LUN. */
int array_lun_rename(struct array *array, const struct array_request *request,
		     const struct guid *lun, const char *name, struct array_answer *ret_answer);
/*
 * Replaces the LUN's unmasking list, the list of initiators that may use the LUN.  mask: any text
 * that mask_normalize accepts.  Waits for I/O in flight of initiators that lose the LUN.  Further
 * errors: ERR_BUSY (that I/O did not end in time; nothing has changed).
 */
int array_lun_set_mask(struct array *array, const struct array_request *request,
		       const struct guid *lun, const char *mask, struct array_answer *ret_answer);
/*
 * Adds names to, or removes them from, the LUN's unmasking list as it is when the change is applied
 * (mask_add, mask_remove).  Errors as array_lun_set_mask.
 */
int array_lun_add_mask(struct array *array, const struct array_request *request,
		       const struct guid *lun, const char *names, struct array_answer *ret_answer);
int array_lun_remove_mask(struct array *array, const struct array_request *request,
			  const struct guid *lun, const char *names,
			  struct array_answer *ret_answer);
/*
 * Sets a LUN online or offline.  Online also reopens the store of a failed LUN.  Offline waits for
 * I/O in flight, at most drain_timeout_ms; initiators' I/O is refused from then on.  Returns 0,
 * ERR_FAILED (the store cannot be opened), ERR_BUSY (I/O in flight did not end in time, or another
 * operation holds the LUN; nothing has changed), or an error that every change may return.
 */
int array_lun_set_status(struct array *array, const struct array_request *request,
			 const struct guid *lun, enum row_status status,
			 struct array_answer *ret_answer);
/*
 * Puts the LUN behind exactly these targets, in one change (VDS: AssociateTargets).  A target that
 * is named twice counts once; count 0 takes the LUN away from all targets.  The LUN keeps its
 * number on targets that it is behind already; on new targets it gets the same number everywhere if
 * possible.  A number by which an initiator may have seen another LUN is used only when no other is
 * free, and of those numbers the one that was given up longest ago comes first.
 *
 * Returns 0, ERR_NOT_FOUND (no such LUN, no such target), ERR_BUSY (another operation holds the
 * LUN, or I/O in flight on a path that goes away did not end in time), ERR_LIMIT (no LUN number is
 * left), or an error that every change may return; on failure nothing has changed.
 */
int array_lun_associate(struct array *array, const struct array_request *request,
			const struct guid *lun, const struct guid *targets, size_t count,
			struct array_answer *ret_answer);
/*
 * Adds targets to, or removes them from, the set of the LUN's targets as it is when the change is
 * applied, so that concurrent calls compose.  Adding a target that the LUN is behind already, or
 * removing one that it is not behind, has no effect.  Errors as array_lun_associate.
 */
int array_lun_add_targets(struct array *array, const struct array_request *request,
			  const struct guid *lun, const struct guid *targets, size_t count,
			  struct array_answer *ret_answer);
int array_lun_remove_targets(struct array *array, const struct array_request *request,
			     const struct guid *lun, const struct guid *targets, size_t count,
			     struct array_answer *ret_answer);
/*
 * Computes the largest size in bytes that array_lun_create would accept now (array_max_lun_size),
 * or the most bytes by which array_lun_extend could grow the LUN now (array_max_lun_extend).
 * Returns 0, ERR_NOT_FOUND (no such pool, no such LUN), ERR_FAILED (the pool is not ready), -errno
 * or -ENOMEM.
 */
int array_max_lun_size(struct array *array, const struct guid *pool, bool thick,
		       uint64_t *ret_bytes);
int array_max_lun_extend(struct array *array, const struct guid *lun, uint64_t *ret_bytes);

/*
 * Creates a target.  iscsi_name: NULL or "" lets the array choose a name.  alias: may be "".
 * with_group: also creates a portal group that contains all portals, as vdsctl wants it; VDS
 * creates targets without portal groups.
 */
int array_target_create(struct array *array, const struct array_request *request,
			const char *iscsi_name, const char *alias, bool with_group,
			struct array_answer *ret_answer);
/* Sets the alias of a target. */
int array_target_set_alias(struct array *array, const struct array_request *request,
			   const struct guid *target, const char *alias,
			   struct array_answer *ret_answer);
/*
 * Deletes a target with its portal groups, and ends its sessions.  Further errors:
 * ERR_LUNS_ASSOCIATED (a LUN is associated with the target).
 */
int array_target_delete(struct array *array, const struct array_request *request,
			const struct guid *target, struct array_answer *ret_answer);

/*
 * Creates a portal.  address: a numeric address; a wildcard (0.0.0.0, ::) creates one portal for
 * each address of the host, and the answer names the first.  port 0 chooses a free port, which is
 * kept.  A portal that exists is left as it is (`existed`).  all_targets: in the same change, also
 * puts the portals, existing ones included, into a portal group of every target; a target without a
 * group gets one.  Further errors: ERR_INVALID (not a numeric address), ERR_NOT_FOUND (the host has
 * no address of that family).  Whether a portal listens is not known on return; its live row says
 * it.
 */
int array_portal_create(struct array *array, const struct array_request *request,
			const char *address, uint16_t port, bool all_targets,
			struct array_answer *ret_answer);
/* Sets a portal online or offline.  An offline portal does not listen. */
int array_portal_set_status(struct array *array, const struct array_request *request,
			    const struct guid *portal, enum row_status status,
			    struct array_answer *ret_answer);
/*
 * Asks the initiators of all sessions that came through this portal to log out (iSCSI asynchronous
 * message), and ends the sessions that are left after drain_ms.  Returns at once; does nothing when
 * the portal is unknown or has no sessions.  Nothing is stored in the catalog.  Any thread.
 */
void array_portal_drain(struct array *array, const struct guid *portal, uint32_t drain_ms);
/* Deletes a portal.  Further errors: ERR_IN_USE (a portal group contains the portal). */
int array_portal_delete(struct array *array, const struct array_request *request,
			const struct guid *portal, struct array_answer *ret_answer);

/* Creates an empty portal group of a target. */
int array_group_create(struct array *array, const struct array_request *request,
		       const struct guid *target, struct array_answer *ret_answer);
/*
 * Deletes a portal group.  with_portals: takes the group's portals out of it in the same change.
 * Further errors: ERR_PORTALS_ASSOCIATED (the group contains portals and with_portals is not set).
 */
int array_group_delete(struct array *array, const struct array_request *request,
		       const struct guid *group, bool with_portals,
		       struct array_answer *ret_answer);
/*
 * Adds a portal to a portal group.  A portal that the group contains already is left there
 * (`existed`).  Further errors: ERR_IN_USE (another group of the same target contains the portal).
 */
int array_group_add_portal(struct array *array, const struct array_request *request,
			   const struct guid *group, const struct guid *portal,
			   struct array_answer *ret_answer);
/*
 * Removes a portal from a portal group.  Further errors: ERR_NOT_FOUND (the group does not contain
 * the portal).
 */
int array_group_remove_portal(struct array *array, const struct array_request *request,
			      const struct guid *group, const struct guid *portal,
			      struct array_answer *ret_answer);

/*
 * Cancels a job.  Further errors: ERR_TOO_LATE (the job has ended), ERR_CANCELLED (the job was
 * cancelled already).
 */
int array_job_cancel(struct array *array, const struct array_request *request,
		     const struct guid *job, struct array_answer *ret_answer);
/* Ends an iSCSI session.  Returns 0 or ERR_NOT_FOUND (no such session). */
int array_session_end(struct array *array, const struct guid *session);
/* Reads the I/O counters of a LUN.  Returns 0 or ERR_NOT_FOUND (no such LUN). */
int array_lun_counters(struct array *array, const struct guid *lun,
		       struct array_lun_counters *ret_counters);

/* Result of one step on the path from an initiator to a LUN. */
enum array_explain_outcome { ARRAY_EXPLAIN_OK, ARRAY_EXPLAIN_FAILED };

struct array_explain_step {
	const char *
		/*
		 * One of "initiator", "target", "portal", "reach", "login", "mask", "status",
		 * "health".
		 */
		name;
	enum array_explain_outcome outcome;
	char *text; /* one sentence without a full stop; owned */
};

#define ARRAY_EXPLAIN_STEPS_MAX 8

struct array_explanation {
	bool visible;     /* every step is OK: the initiator can use the LUN */
	const char *code; /* names the first obstacle ("MASKED", …: explain.c); NULL = none */
	const struct array_explain_step
		*obstacle; /* the step of the first obstacle, in steps; NULL = none */
	/* what to do about the obstacle, a command if possible; owned; NULL without an obstacle */
	char *hint;
	/* the steps that could be examined */
	struct array_explain_step steps[ARRAY_EXPLAIN_STEPS_MAX];
	size_t step_count;
};

/*
 * Follows the path of an initiator to a LUN step by step: is the initiator's name valid, is the LUN
 * behind a target, does a portal of such a target listen, can the initiator reach that portal, is
 * the initiator logged in, is the LUN unmasked to it, online and sound?  from: the numeric address
 * of the initiator; NULL = the address of its session.  An initiator without a session is taken to
 * be on another host, so it cannot reach a portal on a loopback address.  Returns 0, ERR_NOT_FOUND
 * (no such LUN), ERR_INVALID (`from` is not an address) or -ENOMEM.  On success the caller calls
 * array_explanation_fini.
 */
int array_explain(struct array *array, const struct guid *lun, const char *initiator,
		  const char *from, struct array_explanation *ret_explanation);
void array_explanation_fini(struct array_explanation *explanation);

/* ---- events ---- */

enum array_event_kind {
	ARRAY_EVENT_CHANGE,    /* `change` is a committed change */
	ARRAY_EVENT_LIVE,      /* `change` is of live rows; its sequence is their version */
	ARRAY_EVENT_HEARTBEAT, /* only `position` is set: no other event came for a second */
	ARRAY_EVENT_LOST,      /* the last event: the listener was too slow, or the array closes */
};

struct array_event {
	enum array_event_kind kind;
	struct change *change;
	struct position position;
};

struct array_listener;

/*
 * Starts to listen: the listener gets every committed change after sequence `since` of this
 * incarnation (0, 0 = from now on) and all changes of live rows from now on.  *ret_state and
 * *ret_live (each may be NULL) are the states from which the events go on without a gap when since
 * is 0; the caller owns a reference to each.  Returns 0, ERR_GONE (the events after `since` are not
 * kept any more, or belong to another incarnation) or -ENOMEM.  The caller owns *ret_listener
 * (array_listener_free).
 */
int array_listen(struct array *array, uint64_t incarnation, uint64_t since,
		 struct array_listener **ret_listener, struct state **ret_state,
		 struct state **ret_live);
/*
 * Waits for the next event; when none comes within a second, *ret_event is a heartbeat.  Decodes
 * changes that are replayed from the catalog on the calling thread.  The caller owns a reference to
 * the event's change (change_unref).  Returns 0, ERR_CORRUPT (a stored event is damaged) or
 * -ENOMEM; after a failure the listener has a gap and must be freed.  Only one thread may use a
 * listener.
 */
int array_listener_next(struct array_listener *listener, struct array_event *ret_event);
void array_listener_free(struct array_listener *listener);

#endif
