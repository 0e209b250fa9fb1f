/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The array: the one model that every face reaches (REST, CLI, web; COM through REST).  Ids and
 * values in, ids and values out; nothing here hands out a pointer into the model except counted,
 * immutable states.
 *
 * A change: check, prepare (quiesce what goes away, outside the writer), commit (one SQLite
 * transaction with its event, on the writer thread, many changes in a batch), publish (swap the
 * state, tell the data path), answer.  A call that fails has changed nothing.
 * docs/design/writer.md, docs/design/operations.md.
 *
 * Unless they say otherwise functions may be called by any thread but the writer and the data path,
 * may block for the time of a commit, and set a text with err_set.  Common failures of changes:
 * ERR_INVALID, ERR_NOT_FOUND, ERR_NAME_IN_USE, ERR_BUSY (the table of operations), ERR_READ_ONLY,
 * ERR_LIMIT, -ENOMEM; named below are the others.
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
	const char *dir;             /* catalog.db, lock, luns/: made when missing (0700) */
	const char *inject_dir;      /* faults below every LUN (blk_fault); NULL = none */
	const char *default_address; /* portal of a new catalog, "127.0.0.1"; NULL = none */
	uint16_t default_port;       /* 0 = a free one, kept */
	uint32_t drain_timeout_ms;   /* for quiescing mappings; 0 = 5000 */
	uint32_t verify_interval_ms; /* background check of backing stores; 0 = 2000 */
	bool look;                   /* only for array_check, which then sees every file */
	bool accept_loss;            /* go on though acknowledged changes are missing */
};

/*
 * Opens or creates; locks the directory; migrates; checks the invariants; sweeps what deletions
 * left; resumes jobs; starts the writer, job and verifier threads.  0, ERR_LOCKED, ERR_VERSION,
 * ERR_CORRUPT, -errno.
 *
 * options->look: an array that is there is opened as it is; nothing of it changes.
 */
int array_open(const struct array_options *options, struct array **ret_array);
/*
 * Ends jobs at a safe point, drains the writer, closes.  No calls may be under way.  Accepts NULL.
 */
void array_close(struct array *array);

/* ---- what the data path registers ---- */

/*
 * Paths to a LUN that go away: through this target, or through every target when target_id is zero;
 * of the initiators that except_mask does not admit, or of all initiators when except_mask is NULL.
 */
struct array_mapping {
	struct guid lun_id, target_id;
	const char *except_mask;
};

/*
 * Calls from the array into the data path.  publish, quiesce and resume wait for the data path's
 * threads, which never wait for the array.
 */
struct array_runtime_ops {
	/*
	 * Publish a state, and the change that led to it from the state published before; change is
	 * NULL in the first call, which array_runtime_register makes.  On return a new login sees
	 * the state, and running sessions have their unit attentions (REPORTED LUNS DATA HAS
	 * CHANGED, CAPACITY DATA HAS CHANGED).  Takes time in proportion to the change.  Cannot
	 * fail.  Writer thread.
	 */
	void (*publish)(void *runtime, const struct state *state, const struct change *change);
	/*
	 * Start nothing new on these paths and wait until what is in flight there has finished.
	 * Commands that come meanwhile wait.  *ret_drain is the handle of this drain, for resume.
	 * The mappings are copied.  Returns 0, ERR_TIMEOUT (in-flight I/O did not end; the drain is
	 * undone) or -ENOMEM.  Any thread.
	 */
	int (*quiesce)(void *runtime, const struct array_mapping *mappings, size_t count,
		       uint32_t timeout_ms, void **ret_drain);
	/*
	 * End a drain, whether or not its paths went away: commands that wait start, or are
	 * answered that there is no unit.  Any thread.
	 */
	void (*resume)(void *runtime, void *drain);
	/* Find a port that is free now at `address`.  Returns 0 or -errno.  Any thread. */
	int (*pick_port)(void *runtime, const char *address, uint16_t *ret_port);
	/*
	 * Read the counters of a LUN.  Returns 0, or ERR_NOT_FOUND (the LUN was never associated,
	 * so that nothing was counted).  Any thread.
	 */
	int (*lun_counters)(void *runtime, const struct guid *lun_id,
			    struct array_lun_counters *ret_counters);
	/*
	 * The LUN's device had failed and was opened again: tell initiators to look at the LUN
	 * again.  Any thread; never blocks longer than a lock.
	 */
	void (*lun_recovered)(void *runtime, const struct guid *lun_id);
	/* Ask the data path to end a session.  Returns 0 or ERR_NOT_FOUND.  Any thread. */
	int (*end_session)(void *runtime, const struct guid *session_id);
	/*
	 * Ask the initiators of all sessions that came through a portal to log out, and end after
	 * drain_ms the sessions that are left.  Any thread; does not wait.
	 */
	void (*drain_portal)(void *runtime, const struct guid *portal_id, uint32_t drain_ms);
};

struct array_lun_counters {
	uint64_t read_commands, write_commands, other_commands;
	uint64_t read_bytes, write_bytes;
	/* commands that failed in the store: with an error, and for want of space */
	uint64_t medium_errors, space_errors;
};

/*
 * Register the data path, once, and publish the present state to it.  Returns 0 or -ENOMEM.
 */
int array_runtime_register(struct array *array, const struct array_runtime_ops *ops, void *runtime);
/* Unregister the data path: nothing is published to it, or asked of it, any more. */
void array_runtime_unregister(struct array *array);

/*
 * Return the block device of a LUN, with one reference for the caller, who gives it back with
 * array_device_release.  The device of a LUN whose file is missing or not sound is returned too: it
 * has failed (blk_failed) until the LUN's status is set to online and the file can be opened again.
 * A LUN has the same device for as long as its row exists.  The device is the one authority for the
 * LUN's health: its blk_listener is the array's.  The file is opened at the first I/O.  Returns 0
 * or ERR_NOT_FOUND (no such LUN).  Any thread, the writer included; may look at a file.
 */
int array_lun_device(struct array *array, const struct guid *lun_id, struct blk_dev **ret_dev);
/*
 * Give back a device from array_lun_device.  The file of a deleted LUN is unlinked when the last
 * user of its device has given it back; this function has the array look for such files at once.
 * Any thread; never blocks longer than a lock.
 */
void array_device_release(struct array *array, struct blk_dev *dev);

/*
 * Volatile facts from the data path: put or remove a live row (ROW_LIVE_PORTAL, ROW_LIVE_SESSION; a
 * session before its login is answered: LUN numbers that an initiator may have seen are not given
 * to other LUNs from then on).  put consumes the reference.  Any thread; never blocks longer than a
 * lock; best effort when memory is out.
 */
void array_live_put(struct array *array, void *row);
void array_live_delete(struct array *array, enum row_family family, const struct guid *id);
/*
 * Tell the array that aborted I/O of a LUN does not come back from its store, or that it is back:
 * the LUN's health is FAILING meanwhile.  Nothing happens for a LUN that is gone.  Any thread;
 * never blocks longer than a lock.
 */
void array_lun_hangs(struct array *array, const struct guid *lun, bool hangs);

/* ---- reading ---- */

/*
 * The committed state, the live state; one reference each for the caller.  Any thread; nanoseconds.
 */
struct state *array_state(struct array *array);
struct state *array_live(struct array *array);
/*
 * Waits until all that was queued before is committed or refused; the position after it.  The
 * barrier.
 */
int array_sync(struct array *array, struct position *ret_position);
bool array_is_read_only(struct array *array);
/*
 * Why every change is refused with ERR_READ_ONLY while the data path goes on; NULL = changes are
 * accepted.  Valid as long as the array.  Any thread.
 */
const char *array_read_only_reason(struct array *array);
/*
 * What breaks no invariant but should be known: that the array is read-only, that its reserve is
 * not whole, that a pool is not ready or full.  Whole sentences, one a line, "" = nothing
 * (mem_free). Returns 0 or -ENOMEM.  Any thread.
 */
int array_notes(struct array *array, char **ret_text);
/* Invariants of catalog, memory and stores against one another.  0 or ERR_CORRUPT with a text. */
int array_check(struct array *array);

/* ---- changes ---- */

/*
 * Comes with every change.  NULL, or all zeros: a change that vdsd makes by itself. id: zero =
 * none.  A second request with the id of the first one changes nothing and gets the first one's
 * answer.
 */
struct array_request {
	struct guid id;
	/*
	 * Who asks: named in the change's event and in the change log.  Borrowed; NULL = vdsd
	 * itself.
	 */
	const struct principal *principal;
};

struct array_answer {
	uint64_t sequence;     /* the change is in every state from here on */
	struct guid object_id; /* what was made or changed */
	struct guid job_id;    /* of a long operation; zero = it is done */
	bool existed;          /* nothing new: object_id is the one that was there */
	bool replayed;         /* the first answer to this request id, again */
	/*
	 * The live state has what the change did to it from this version on, of this boot (position
	 * of array_live); a zero boot says that the change has to do with configuration alone.
	 */
	struct guid live_boot;
	uint64_t live_version;
};

/* name: 1-63 bytes. */
int array_rename(struct array *array, const struct array_request *request, const char *name,
		 struct array_answer *ret_answer);
/* "" or "iqn.YYYY-MM.reversed.domain[:…]"; for targets made from now on. */
int array_set_iqn_prefix(struct array *array, const struct array_request *request,
			 const char *prefix, struct array_answer *ret_answer);

/*
 * path: absolute directory on a local file system, not used by another array.  Writes the pool
 * marker.  ERR_LOCKED, -errno.
 */
int array_pool_create(struct array *array, const struct array_request *request, const char *name,
		      const char *path, struct array_answer *ret_answer);
int array_pool_rename(struct array *array, const struct array_request *request,
		      const struct guid *pool, const char *name, struct array_answer *ret_answer);
/* ERR_IN_USE while it has LUNs. */
int array_pool_delete(struct array *array, const struct array_request *request,
		      const struct guid *pool, struct array_answer *ret_answer);

struct array_lun_spec {
	const char *name;     /* NULL or "" = made: "lun-<number>" */
	struct guid pool_id;  /* zero = the one with the most free space */
	uint64_t size_bytes;  /* rounded up to whole blocks; > 0, at most 2^53 */
	uint32_t block_bytes; /* 0 = 512; 512 or 4096 */
	bool thick;           /* fallocate all of it: a job */
	const char *mask;     /* NULL = "" (nobody) */
};

/*
 * Thin: done on return.  Thick: a job allocates; the LUN is there from the start, held by
 * OPERATION_CREATE, and gone again when the job fails or is cancelled.  ERR_NO_SPACE.
 */
int array_lun_create(struct array *array, const struct array_request *request,
		     const struct array_lun_spec *spec, struct array_answer *ret_answer);
/*
 * Delete a LUN and its data.  While the LUN is associated with targets the deletion is refused with
 * ERR_IN_USE, and the text says which targets and how many sessions would lose it, unless force is
 * set: then its associations go with it, after the I/O in flight has ended.  The file is unlinked
 * after its last I/O has returned.  Other errors: ERR_BUSY (also when I/O in flight does not end in
 * time; nothing was changed).
 */
int array_lun_delete(struct array *array, const struct array_request *request,
		     const struct guid *lun, bool force, struct array_answer *ret_answer);
/*
 * add_bytes > 0, rounded up.  Thick: a job, OPERATION_EXTEND holds the LUN.  ERR_NO_SPACE,
 * ERR_FAILED.
 */
int array_lun_extend(struct array *array, const struct array_request *request,
		     const struct guid *lun, uint64_t add_bytes, struct array_answer *ret_answer);
int array_lun_rename(struct array *array, const struct array_request *request,
		     const struct guid *lun, const char *name, struct array_answer *ret_answer);
/* Replaces the unmasking list: mask_normalize. */
int array_lun_set_mask(struct array *array, const struct array_request *request,
		       const struct guid *lun, const char *mask, struct array_answer *ret_answer);
/* Adds names to the unmasking list, or takes them out: mask_add, mask_remove. */
int array_lun_add_mask(struct array *array, const struct array_request *request,
		       const struct guid *lun, const char *names, struct array_answer *ret_answer);
int array_lun_remove_mask(struct array *array, const struct array_request *request,
			  const struct guid *lun, const char *names,
			  struct array_answer *ret_answer);
/*
 * Set a LUN online or offline.  Online opens the store of a failed LUN again.  Offline waits until
 * what initiators have in flight has ended, at most drain_timeout_ms, and from then on their I/O is
 * refused.  Returns 0, ERR_FAILED (the store cannot be opened), ERR_BUSY (I/O in flight did not end
 * in time, or another operation holds the LUN; nothing was changed), and the common failures.
 */
int array_lun_set_status(struct array *array, const struct array_request *request,
			 const struct guid *lun, enum row_status status,
			 struct array_answer *ret_answer);
/*
 * AssociateTargets: put the LUN behind exactly these targets, in one change.  A target that is
 * named twice counts once; count 0 takes the LUN away from all targets.  The LUN keeps its number
 * on the targets that it is behind already; on new ones it gets one number for all where possible.
 * A number by which an initiator may have seen another LUN is used only when no other is left, the
 * one that was given up longest ago first.
 *
 * Returns 0, ERR_NOT_FOUND (no such LUN, no such target), ERR_BUSY (another operation holds the
 * LUN, or I/O in flight on a path that goes away did not end in time), ERR_LIMIT (no LUN number is
 * left), and the common failures; on failure nothing was changed.
 */
int array_lun_associate(struct array *array, const struct array_request *request,
			const struct guid *lun, const struct guid *targets, size_t count,
			struct array_answer *ret_answer);
/*
 * Add targets to, or remove them from, the set of the LUN's targets as it is when the change is
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
 * The largest size in bytes that array_lun_create / the growth that array_lun_extend could give
 * now.
 */
int array_max_lun_size(struct array *array, const struct guid *pool, bool thick,
		       uint64_t *ret_bytes);
int array_max_lun_extend(struct array *array, const struct guid *lun, uint64_t *ret_bytes);

/*
 * iscsi_name NULL or "" = made.  alias may be "".  with_group: also a portal group of all portals
 * (what vdsctl wants; VDS makes targets without).
 */
int array_target_create(struct array *array, const struct array_request *request,
			const char *iscsi_name, const char *alias, bool with_group,
			struct array_answer *ret_answer);
int array_target_set_alias(struct array *array, const struct array_request *request,
			   const struct guid *target, const char *alias,
			   struct array_answer *ret_answer);
/* ERR_LUNS_ASSOCIATED while a LUN is associated; its groups go with it, its sessions end. */
int array_target_delete(struct array *array, const struct array_request *request,
			const struct guid *target, struct array_answer *ret_answer);

/*
 * Creates a portal.  address: numeric; a wildcard (0.0.0.0, ::) makes one portal for each address
 * of the host, and the answer names the first.  port 0: a free one, kept.  A portal that exists is
 * left as it is (`existed`). all_targets: in the same change, also puts the portal into a portal
 * group of every target, existing portals included; a target without a group gets one. Further
 * errors: ERR_INVALID (no numeric address), ERR_NOT_FOUND (the host has no address of that family).
 * That a portal was created does not mean that it listens: its live row says so.
 */
int array_portal_create(struct array *array, const struct array_request *request,
			const char *address, uint16_t port, bool all_targets,
			struct array_answer *ret_answer);
int array_portal_set_status(struct array *array, const struct array_request *request,
			    const struct guid *portal, enum row_status status,
			    struct array_answer *ret_answer);
/*
 * Have the sessions that came through this portal end: their initiators are asked to log out (iSCSI
 * asynchronous message), and after drain_ms what is left is ended.  Returns at once; a portal
 * without sessions, or an unknown one, has nothing to end.  Nothing of it is stored.  Any thread.
 */
void array_portal_drain(struct array *array, const struct guid *portal, uint32_t drain_ms);
/* ERR_IN_USE while a group has it. */
int array_portal_delete(struct array *array, const struct array_request *request,
			const struct guid *portal, struct array_answer *ret_answer);

int array_group_create(struct array *array, const struct array_request *request,
		       const struct guid *target, struct array_answer *ret_answer);
/*
 * Deletes a portal group.  ERR_PORTALS_ASSOCIATED while portals are in it, unless with_portals:
 * then they leave it with the same change.
 */
int array_group_delete(struct array *array, const struct array_request *request,
		       const struct guid *group, bool with_portals,
		       struct array_answer *ret_answer);
/*
 * A portal is in at most one group of a target: ERR_IN_USE.  Again the same: no change, `existed`.
 */
int array_group_add_portal(struct array *array, const struct array_request *request,
			   const struct guid *group, const struct guid *portal,
			   struct array_answer *ret_answer);
/* ERR_NOT_FOUND when it is not in the group. */
int array_group_remove_portal(struct array *array, const struct array_request *request,
			      const struct guid *group, const struct guid *portal,
			      struct array_answer *ret_answer);

/* ERR_TOO_LATE when it has ended, ERR_CANCELLED when it was cancelled already. */
int array_job_cancel(struct array *array, const struct array_request *request,
		     const struct guid *job, struct array_answer *ret_answer);
int array_session_end(struct array *array, const struct guid *session);
int array_lun_counters(struct array *array, const struct guid *lun,
		       struct array_lun_counters *ret_counters);

/* One step of the way from an initiator to a LUN. */
enum array_explain_outcome { ARRAY_EXPLAIN_OK, ARRAY_EXPLAIN_FAILED };

struct array_explain_step {
	const char *
		/* "initiator", "target", "portal", "reach", "login", "mask", "status", "health" */
		name;
	enum array_explain_outcome outcome;
	char *text; /* one sentence without a full stop; owned */
};

#define ARRAY_EXPLAIN_STEPS_MAX 8

struct array_explanation {
	bool visible;     /* every step is ok: the initiator can use the LUN */
	const char *code; /* of the first obstacle, "MASKED", …: explain.c; NULL = there is none */
	const struct array_explain_step
		*obstacle; /* the step of that code, in steps; NULL = none */
	char *hint; /* what to do about it, a command where there is one; owned; NULL with code */
	struct array_explain_step steps[ARRAY_EXPLAIN_STEPS_MAX]; /* those that could be examined */
	size_t step_count;
};

/*
 * Follows the way of an initiator to a LUN: is its name one, is the LUN behind a target, does a
 * portal of such a target listen, can the initiator reach that portal, is it logged in, is the LUN
 * unmasked to it, online and sound? from: the numeric address where the initiator is; NULL = that
 * of its session, and without one it is taken to be on another host, so that a portal on a loopback
 * address does not count. Returns 0, ERR_NOT_FOUND (no such LUN), ERR_INVALID (`from` is no
 * address) or -ENOMEM.  On success the caller calls array_explanation_fini.
 */
int array_explain(struct array *array, const struct guid *lun, const char *initiator,
		  const char *from, struct array_explanation *ret_explanation);
void array_explanation_fini(struct array_explanation *explanation);

/* ---- events ---- */

enum array_event_kind {
	ARRAY_EVENT_CHANGE,    /* .change */
	ARRAY_EVENT_LIVE,      /* .change, of live rows; its sequence is their version */
	ARRAY_EVENT_HEARTBEAT, /* .position: nothing else came for a second */
	ARRAY_EVENT_LOST,      /* too slow, or the array closes: no more will come */
};

struct array_event {
	enum array_event_kind kind;
	struct change *change;
	struct position position;
};

struct array_listener;

/*
 * Events after sequence `since` of this incarnation (0, 0 = from now on), and all live rows'
 * changes from now on.  *ret_state, *ret_live (each may be NULL): the states from which the
 * listener's events go on without a gap when since is 0.  ERR_GONE: not kept any more, or another
 * incarnation.
 */
int array_listen(struct array *array, uint64_t incarnation, uint64_t since,
		 struct array_listener **ret_listener, struct state **ret_state,
		 struct state **ret_live);
/*
 * Wait for the next event; when none comes within a second, *ret_event is a heartbeat.  Changes
 * that are replayed from the catalog are decoded here, not on the writer.  The caller owns a
 * reference to the event's change (change_unref).  Returns 0, or ERR_CORRUPT (a stored event is
 * damaged) or -ENOMEM, after which the listener has a gap and must be freed.  One thread per
 * listener.
 */
int array_listener_next(struct array_listener *listener, struct array_event *ret_event);
void array_listener_free(struct array_listener *listener);

#endif
