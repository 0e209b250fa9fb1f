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

#include "base/histogram.h"
#include "model/audit.h"
#include "model/credential.h"
#include "model/principal.h"
#include "model/state.h"

struct array;
struct array_lun_counters;
struct array_port_counters;
struct array_reservations;
struct array_sampler;
struct blk_dev;

/* ---- the host's network interfaces ---- */

struct array_interface {
	char name[16];             /* IF_NAMESIZE */
	char hardware_address[64]; /* "02:42:ac:11:00:02", or "" */
	char *addresses; /* numeric, without scope, a blank between two; owned; NULL = none */
	enum port_link link;
	uint32_t speed_mbps, mtu_bytes; /* 0 = not known */
};

struct array_interfaces {
	struct array_interface *items; /* owned */
	size_t count, capacity;
};

/*
 * Adds an address to the interface `name` of a list, and the interface when the list does not have
 * it.  Returns 0 or -ENOMEM.
 */
int array_interfaces_add_address(struct array_interfaces *list, const char *name,
				 const char *address);
void array_interfaces_fini(struct array_interfaces *list);

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
	/*
	 * Lists the network interfaces; called on several threads, but one at a time.  Returns 0
	 * with a list that the array frees, or -errno.  NULL = those of this host.  For tests.
	 */
	int (*interfaces)(void *arg, struct array_interfaces *ret_list);
	void *interfaces_arg;
	int64_t audit_keep_ms; /* how long the audit log keeps its records; 0 = 90 days */
	bool look;             /* open only for array_check, without changing anything */
	bool accept_loss;      /* start although acknowledged changes are missing */
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

/*
 * Makes a backup of the catalog as it is at one moment, while the array goes on.  *ret_fd is a file
 * without a name, open for reading, which the caller closes: it holds everything that the catalog
 * does, secrets included.  Returns 0, ERR_CORRUPT (the catalog is damaged or lacks changes), -ENOSPC
 * or -errno.
 */
int array_backup(struct array *array, int *ret_fd);
/*
 * Puts a backup into the directory `dir`, which nobody serves: as a new incarnation, in which jobs
 * that were running have been cancelled.  Removes no file of a LUN.  replace: also where there is a
 * catalog, which is kept.  *ret_text says what was restored, in sentences, one a line (mem_free).
 * Returns 0, or as catalog_restore_begin; after an error nothing has changed, unless the text says
 * so.
 */
int array_restore(const char *dir, const char *file, bool replace, char **ret_text);
/*
 * Checks a backup as array_restore would, in a directory of its own below $TMPDIR or /tmp that is
 * removed again, and lists what it holds in *ret_text (mem_free): no secrets.  Returns 0, or as
 * array_restore.
 */
int array_list_backup(const char *file, char **ret_text);
/*
 * Asks the writer for a sign of life.  Returns whether it has given the one that the call before
 * asked for, or is waiting for the disk in a COMMIT, which no restart would make shorter; true in
 * the first call.  Does not block.  One thread at a time, and not during array_close.
 */
bool array_beat(struct array *array);

/* ---- what the data path registers ---- */

/*
 * Paths from initiators to a LUN that a change takes away.  target_id: only paths through this
 * target; zero = through every target.  except_mask: only paths of initiators that this list of
 * names does not admit; NULL = of all initiators.  initiator: only paths of this initiator; NULL =
 * of all.
 */
struct array_mapping {
	struct guid lun_id, target_id;
	const char *except_mask;
	const char *initiator;
};

/*
 * The CHAP secrets: an immutable set.  A reference keeps it; the data path looks secrets up by the
 * ids of credentials (model/credential.h).
 */
struct array_secrets;

/* A secret, borrowed from its set. */
struct array_secret {
	const uint8_t *bytes;
	size_t len;
};

/* Both accept NULL, the empty set.  Any thread. */
struct array_secrets *array_secrets_ref(const struct array_secrets *set);
void array_secrets_unref(struct array_secrets *set);
/*
 * Finds the secrets of a credential that are valid now: the present one first, then the one before
 * it while that is valid.  Returns how many, at most 2.  Any thread that has a reference.
 */
unsigned array_secrets_find(const struct array_secrets *set, const struct guid *credential,
			    int64_t now_ms, struct array_secret ret_secrets[2]);

/* How full a pool is.  The data path tells it to initiators that use thin LUNs of the pool. */
struct array_pool_level {
	struct guid pool_id;
	uint64_t free_bytes;
	uint64_t low_bytes; /* below this it becomes low */
	unsigned crossed;   /* how many thresholds are crossed: 0 = none, 1 = low, 2 = full */
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
	 * Gives the set of secrets that goes with the state that is published next.  The data path
	 * takes a reference.  May be NULL.  Writer thread.
	 */
	void (*secrets)(void *runtime, const struct array_secrets *secrets);
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
	/*
	 * Called after the data of a LUN have become other data, while its paths are drained:
	 * notifies initiators (MEDIUM MAY HAVE CHANGED).  May be NULL.  Any thread; never blocks
	 * longer than a lock.
	 */
	void (*lun_replaced)(void *runtime, const struct guid *lun_id);
	/*
	 * Says how much space is free in a pool, in each round of the verifier.  May be NULL.  Any
	 * thread; never blocks longer than a lock.
	 */
	void (*pool_space)(void *runtime, const struct array_pool_level *level);
	/* Ends a session.  Returns 0 or ERR_NOT_FOUND (no such session).  Any thread. */
	int (*end_session)(void *runtime, const struct guid *session_id);
	/*
	 * Asks the initiators of all sessions that came through a portal to log out, and ends the
	 * sessions that are left after drain_ms.  Any thread; does not wait.
	 */
	void (*drain_portal)(void *runtime, const struct guid *portal_id, uint32_t drain_ms);
	/*
	 * Closes the listeners of these portals, asks the initiators of all sessions that came
	 * through them to log out, ends the sessions that are left after drain_ms, waits until all
	 * have ended, and opens the listeners again.  Returns 0, ERR_TIMEOUT (a session has not
	 * ended timeout_ms after it should; the listeners are open again) or -ENOMEM.  Any thread.
	 */
	int (*reset_portals)(void *runtime, const struct guid *portals, size_t count,
			     uint32_t drain_ms, uint32_t timeout_ms);
	/*
	 * Adds what was counted at an address ("192.0.2.1"), all but `sessions`, since the data
	 * path started, whether or not a portal still has the address.  Any thread.
	 */
	void (*address_counters)(void *runtime, const char *address,
				 struct array_port_counters *counters);
	/*
	 * Reads what is registered and reserved of a LUN into *ret, which is zeroed and stays so
	 * when that is nothing.  Returns 0, ERR_CORRUPT or ERR_VERSION (what is kept cannot be read)
	 * or -ENOMEM.  Any thread.
	 */
	int (*lun_reservations)(void *runtime, const struct guid *lun_id,
				struct array_reservations *ret);
	/*
	 * Clears that.  Returns 0: done is called once, on any thread, perhaps from inside this call,
	 * with 0 or a negative code (nothing has changed); ERR_NOT_FOUND (the data path has nothing
	 * of the LUN) or -ENOMEM: done is not called.  Any thread.
	 */
	int (*lun_reservations_clear)(void *runtime, const struct guid *lun_id,
				      void (*done)(void *arg, int result), void *arg);
	/*
	 * Reports what was counted of LUNs (without medium_errors and space_errors), sessions,
	 * threads, hosts and logins.  Returns 0 or -ENOMEM.  Any thread; calls the sampler without a lock.
	 */
	int (*sample)(void *runtime, const struct array_sampler *sampler);
};

/* What the data path has counted at the addresses of a port since vdsd started. */
struct array_port_counters {
	uint64_t sessions; /* sessions of targets that are there now */
	uint64_t logins;   /* sessions of targets that have begun */
	uint64_t commands; /* SCSI commands */
	/* logins that were refused, for whatever cause, and because authentication (CHAP) failed */
	uint64_t refused_logins, failed_logins;
	/* bytes of the TCP streams, logins and discovery included */
	uint64_t received_bytes, sent_bytes;
};

#define ARRAY_KINDS 3u /* of commands: reads, writes, others */

/* An initiator that has registered a key for persistent reservations of a LUN. */
struct array_registration {
	char initiator[224];
	uint8_t isid[6];
	uint16_t relative_port; /* row_portal_group.relative_port: the target port */
	uint64_t key;
	bool holds; /* it holds the reservation, perhaps with others */
};

struct array_reservations {
	uint32_t generation; /* PRGENERATION */
	unsigned type;       /* of the persistent reservation, SPC-5; 0 = there is none */
	bool persists;       /* APTPL: kept when vdsd restarts */
	bool reserved;       /* RESERVE: an initiator has the whole LUN */
	size_t count;
	struct array_registration *list; /* owned */
};

/* What the data path has counted of a LUN since the LUN was first used in this run of vdsd. */
struct array_lun_counters {
	uint64_t read_commands, write_commands, other_commands;
	uint64_t read_bytes, write_bytes;
	/* commands that ended with another status than GOOD */
	uint64_t failed_commands;
	/* how long commands took, from the receipt of the PDU until the answer was sent, by kind */
	struct histogram_total latency[ARRAY_KINDS];
	/* commands that failed in the store: with an error, and for lack of space */
	uint64_t medium_errors, space_errors;
};

/* What a session has moved since its login, by kind of command. */
struct array_session_counters {
	struct guid id;
	uint64_t commands[ARRAY_KINDS], bytes[ARRAY_KINDS];
	uint64_t ns[ARRAY_KINDS]; /* how long the commands took together */
};

/*
 * What the sessions of a host have moved since vdsd started, those that have ended included.  A
 * session counts for the host to which its initiator's name belonged at the time.
 */
struct array_host_counters {
	struct guid id;    /* zero: all initiators whose names belong to no host */
	uint64_t sessions; /* that there are now */
	uint64_t logins;   /* sessions that have begun */
	uint64_t commands[ARRAY_KINDS], bytes[ARRAY_KINDS];
	uint64_t ns[ARRAY_KINDS]; /* how long the commands took together */
};

/* Why logins do not succeed. */
enum array_login_failure {
	ARRAY_LOGIN_AUTHENTICATION, /* CHAP: a wrong secret, or none where one is needed */
	ARRAY_LOGIN_ADDRESS,        /* the target or the host allows none from this address */
	ARRAY_LOGIN_NO_TARGET,      /* there is no such target at this portal */
	ARRAY_LOGIN_RESOURCES,      /* sessions or memory are used up */
	ARRAY_LOGIN_UNAVAILABLE,    /* the array stops or its controller is offline */
	ARRAY_LOGIN_PROTOCOL,       /* the initiator breaks the rules of iSCSI */
	ARRAY_LOGIN_DROPPED,        /* it did not end in time, or had to make room for others */
	ARRAY_LOGIN_FAILURES        /* the number of reasons */
};

/* Returns a word for the reason: "authentication", "address", … */
const char *array_login_failure_name(enum array_login_failure reason);

/* The logins to a target that have failed since vdsd started. */
struct array_login_counters {
	struct guid target_id; /* zero: discovery, no target that there is, and deleted targets */
	uint64_t failures[ARRAY_LOGIN_FAILURES];
};

/* What a thread of the data path has done since vdsd started. */
struct array_thread_counters {
	unsigned index;
	unsigned sessions; /* that it has now */
	uint64_t cpu_ns;
	uint64_t busy_ns; /* how long it handled work; waiting and polling are not counted */
	uint64_t slow_commands;
	/* of all commands, by kind, also of LUNs that were deleted */
	struct histogram_total latency[ARRAY_KINDS];
};

/*
 * Where the data path reports what it has counted: each function is called once for each LUN that
 * was used, each session, each thread, each host and each target.  NULL = not wanted.
 */
struct array_sampler {
	void (*lun)(void *arg, const struct guid *id, const struct array_lun_counters *counters);
	void (*session)(void *arg, const struct array_session_counters *counters);
	void (*thread)(void *arg, const struct array_thread_counters *counters);
	/* hosts that had a session; first the one with the id zero */
	void (*host)(void *arg, const struct array_host_counters *counters);
	/* targets at which a login has failed; first the one with the id zero */
	void (*login)(void *arg, const struct array_login_counters *counters);
	void *arg;
};

/* Registers the data path, once, and publishes the current state to it.  Returns 0 or -ENOMEM. */
int array_runtime_register(struct array *array, const struct array_runtime_ops *ops, void *runtime);
/* Unregisters the data path: the array calls no function of it after this returns. */
void array_runtime_unregister(struct array *array);

/*
 * Looks at the file of a LUN before its first use, unless somebody has looked at it already, so
 * that its health and its space are known.  Opens nothing.  Does nothing for a LUN that is deleted.
 * Any thread except those of the data path, the writer included.
 */
void array_lun_look(struct array *array, const struct guid *lun_id);
/*
 * Returns the block device of a LUN with a reference for the caller, who drops it with
 * array_device_release.  The first call makes the device, and from then on the LUN has the same
 * device as long as its row exists, also when its file is missing or damaged: then the device has
 * failed (blk_failed) until the LUN is set online and the file can be opened.  The device is the
 * authority for whether the LUN has failed, and its blk_listener is the array's.  The file is
 * opened at the first I/O.  Returns 0, ERR_NOT_FOUND (no such LUN) or -ENOMEM.  Any thread, those
 * of the data path included; may look at a file.
 */
int array_lun_device(struct array *array, const struct guid *lun_id, struct blk_dev **ret_dev);
/*
 * Drops the reference to a device from array_lun_device.  The file of a deleted LUN is unlinked
 * when the last user of the device has released it; this function makes the array look for such
 * files at once.  Any thread; never blocks longer than a lock.
 */
void array_device_release(struct array *array, struct blk_dev *dev);

/*
 * What the logical unit of a LUN must keep beyond a restart; a kind of data is a number (scsi/store.h
 * has them), and the array does not look at the data.  A deleted LUN keeps nothing.
 */
#define ARRAY_KEEP_RESERVATIONS 1u /* SCSI_KEEP_RESERVATIONS */

struct array_keep {
	struct guid lun_id;
	uint32_t kind, version;
	const void *data; /* copied; NULL: nothing is to be kept of this kind any more */
	size_t bytes;
	/*
	 * Called once: result is 0 (the data is durable) or a negative code (what was kept before
	 * is still kept).  On the writer thread: must not block.
	 */
	void (*done)(void *arg, int result);
	void *arg;
};

/*
 * Begins to keep data, and returns at once: 0, or -ENOMEM (done is not called).  done is also called
 * with ERR_NOT_FOUND (no such LUN), ERR_READ_ONLY or an error of the disk.  Any thread, those of the
 * data path included.
 */
int array_keep(struct array *array, const struct array_keep *keep);
/*
 * Copies what is kept of a kind, from memory.  The caller frees *ret_data with mem_free.  Returns 0,
 * ERR_NOT_FOUND or -ENOMEM.  Any thread; never blocks longer than a lock.
 */
int array_kept(struct array *array, const struct guid *lun_id, uint32_t kind, uint32_t *ret_version,
	       void **ret_data, size_t *ret_bytes);

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

/*
 * Notes whether the write cache of a LUN is off (write_through), which an initiator has changed
 * with MODE SELECT or by a reset; the live row shows it.  Does nothing for a LUN that is deleted.
 * Any thread; never blocks longer than a lock.
 */
void array_lun_write_through(struct array *array, const struct guid *lun, bool write_through);

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
 * What the record of a request in the audit log says beside who asked and what was changed.
 * `recorded` is set once the record is committed: the writer commits it with the change, or nothing
 * is to be recorded because the request repeats an earlier one.  Who asked records with
 * array_audit_put what no change has recorded.
 */
struct array_audit {
	const char *verb;      /* borrowed */
	struct guid object_id; /* of the request; zero = none */
	bool recorded;
};

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
	struct array_audit *audit; /* borrowed; NULL = vdsd itself */
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

/* Renames the array.  name: at most 63 UTF-16 units; "" removes its name. */
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
/* What is to change of a pool; NULL = it stays.  The texts: model/pool_options.h. */
struct array_pool_options {
	const char *name;
	const char *low, *full; /* thresholds: "20%", a number of bytes, or "" for the default */
	const char *overcommit; /* "200%", or "off" */
	const char *trash;      /* for how long deleted LUNs are kept: "7d", or "none" */
	bool set_trash_yields, trash_yields;
};

/*
 * Changes a pool, all options in one change.  With other thresholds the level of the pool is decided
 * anew when this returns.  Further errors: ERR_INVALID (a text is wrong, or the pool would be full
 * before it is low), ERR_NAME_IN_USE.
 */
int array_pool_change(struct array *array, const struct array_request *request,
		      const struct guid *pool, const struct array_pool_options *options,
		      struct array_answer *ret_answer);
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
	uint32_t block_bytes; /* bytes of a logical block: 512 or 4096; 0 stands for 512 */
	bool removable;       /* initiators may eject its medium */
	bool thick;           /* allocate all space now, in a job */
	const char *mask;  /* who may use the LUN, as array_lun_set_mask takes it; NULL = nobody */
	const char *hints; /* what the LUN is meant for (model/hints.h); NULL or "" = none */
	/*
	 * A LUN or a snapshot: the new LUN is thin, has its data, its size and its block size, and
	 * is in its pool; that of a LUN is as a snapshot of it.  The members pool_id, size_bytes,
	 * block_bytes and thick are not looked at.  Zero = the new LUN has zeros.
	 */
	struct guid origin_id;
	/*
	 * Refuse a LUN that is larger than what is free in its pool, also when it is thin.  Without
	 * it thin LUNs may promise more than there is.
	 */
	bool fits;
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
 * LUN.  With force, removes the associations too, and waits for the I/O in flight only for as long
 * as a drain may take: a LUN whose store hangs is deleted all the same.  The file is unlinked after
 * its last I/O has returned.  Further errors: ERR_BUSY (another operation holds the LUN; or,
 * without force, I/O in flight does not end in time; nothing has changed).
 */
int array_lun_delete(struct array *array, const struct array_request *request,
		     const struct guid *lun, bool force, struct array_answer *ret_answer);
/* Deletes a LUN as array_lun_delete does, but keeps nothing, whatever its pool says. */
int array_lun_delete_now(struct array *array, const struct array_request *request,
			 const struct guid *lun, bool force, struct array_answer *ret_answer);

/* How much space was taken at a time.  Of a LUN only time_ms and allocated_bytes are set. */
struct array_sample {
	int64_t time_ms; /* UTC */
	uint64_t capacity_bytes, free_bytes, allocated_bytes, trash_bytes;
};

/*
 * Reads how much space a pool (ROW_POOL) or a LUN (ROW_LUN) took during the last day, the oldest
 * sample first; the last sample is of now.  A value holds until the next sample.  The caller frees
 * *ret_samples with mem_free.  Returns 0, ERR_NOT_FOUND (no such object) or -ENOMEM.  Any thread.
 */
int array_history(struct array *array, enum row_family family, const struct guid *id,
		  struct array_sample **ret_samples, size_t *ret_count);

/* How a LUN comes back from the trash. */
struct array_restore_spec {
	const char *name;  /* its new name; NULL = the one that it had */
	bool unassociated; /* behind no target; else behind those of its targets that are there */
};

/*
 * Restores a deleted LUN from the trash, as it was: with its id, serial number, NAA identifier and
 * number, its unmasking list without hosts that are gone, and its targets, with its old LUN numbers
 * where these are free.  Durable on return.  Further errors: ERR_NOT_FOUND (it is not in the trash),
 * ERR_NAME_IN_USE, ERR_NO_SPACE (the pool's overcommit limit), ERR_BUSY (commands from before the
 * deletion have not ended), ERR_CORRUPT (its volume is missing).
 */
int array_trash_restore(struct array *array, const struct array_request *request,
			const struct guid *lun, const struct array_restore_spec *spec,
			struct array_answer *ret_answer);
/* Removes a LUN from the trash, and its data, for good.  Further errors: ERR_NOT_FOUND. */
int array_trash_empty(struct array *array, const struct array_request *request,
		      const struct guid *lun, struct array_answer *ret_answer);

/*
 * Grows a LUN by add_bytes, which is more than 0 and is rounded up to whole blocks.  fits: refuse
 * to grow by more than what is free in the pool, also when the LUN is thin.  A thin LUN is
 * extended on return.  For a thick LUN a job allocates the space, and OPERATION_EXTEND holds the
 * LUN meanwhile.  Further errors: ERR_NO_SPACE (the pool has too little space), ERR_FAILED (the
 * LUN's store or its pool has failed).
 */
int array_lun_extend(struct array *array, const struct array_request *request,
		     const struct guid *lun, uint64_t add_bytes, bool fits,
		     struct array_answer *ret_answer);
/*
 * Cuts bytes off the end of a LUN: what is there is lost.  One of size_bytes (the new size) and
 * remove_bytes is not 0; the new size is rounded up to whole blocks, is more than 0 and is less
 * than the present size.  I/O in flight is waited for, and initiators get a unit attention.  The
 * space is given back to the pool after the change is durable; a crash before that leaves a volume
 * that is longer than its LUN, whose end nobody ever reads.
 *
 * When initiators' sessions see the LUN and force is not set, refuses with ERR_IN_USE; the text
 * says how many sessions.  Further errors: ERR_FAILED (the LUN's store or its pool has failed),
 * ERR_BUSY (another operation holds the LUN, or I/O in flight does not end in time; nothing has
 * changed).
 */
int array_lun_shrink(struct array *array, const struct array_request *request,
		     const struct guid *lun, uint64_t size_bytes, uint64_t remove_bytes, bool force,
		     struct array_answer *ret_answer);
/*
 * Rolls a LUN back to one of its snapshots: the LUN has the snapshot's data then, and keeps its
 * identity and its size; what lies behind the end of the snapshot reads as zeros.  The snapshot stays.
 * I/O in flight is waited for, and initiators get a unit attention.  Durable on return; a crash
 * leaves the LUN as it was or as it is then.
 *
 * When initiators' sessions see the LUN and force is not set, refuses with ERR_IN_USE; the text
 * says how many sessions.  Further errors: ERR_INVALID (the snapshot is of another LUN, or larger
 * than the LUN is now), ERR_NOT_SUPPORTED (the pool cannot clone volumes, or the snapshot is in
 * another pool), ERR_BUSY (another operation holds the LUN, or I/O in flight does not end in time;
 * nothing has changed).
 */
int array_lun_rollback(struct array *array, const struct array_request *request,
		       const struct guid *lun, const struct guid *snapshot, bool force,
		       struct array_answer *ret_answer);

#define ARRAY_SNAPSHOT_LUNS_MAX 64u
/*
 * Takes snapshots of LUNs, all of one moment: each holds every command that was answered before
 * that moment on any of the LUNs, and none that was begun after it.  Commands wait meanwhile, some
 * milliseconds.  count: 1 to ARRAY_SNAPSHOT_LUNS_MAX.  All snapshots get the name, which none of the
 * LUNs has a snapshot of yet (ERR_NAME_IN_USE) and in which there is no "@".  The answer's object is
 * the snapshot or, of several LUNs, their group (row_snapshot.group_id).  Further errors:
 * ERR_NOT_SUPPORTED (a pool cannot clone volumes), ERR_BUSY (another operation holds a LUN, or I/O in
 * flight does not end in time; nothing has changed), ERR_FAILED, ERR_NO_SPACE.
 */
int array_snapshot_create(struct array *array, const struct array_request *request,
			  const char *name, const struct guid *luns, size_t count,
			  struct array_answer *ret_answer);
/* Deletes a snapshot and its data, or all snapshots of a group. */
int array_snapshot_delete(struct array *array, const struct array_request *request,
			  const struct guid *snapshot, struct array_answer *ret_answer);
/* Renames a snapshot.  Further errors: ERR_NAME_IN_USE. */
int array_snapshot_rename(struct array *array, const struct array_request *request,
			  const struct guid *snapshot, const char *name,
			  struct array_answer *ret_answer);
/*
 * Renames a LUN; name "" removes its name.  duplicate: the name may be that of another LUN, which
 * otherwise is refused (ERR_NAME_IN_USE).
 */
int array_lun_rename(struct array *array, const struct array_request *request,
		     const struct guid *lun, const char *name, bool duplicate,
		     struct array_answer *ret_answer);
/*
 * Replaces the hints of a LUN (model/hints.h); "" removes them.  Hints about the write cache switch
 * it on or off at once.
 */
int array_lun_set_hints(struct array *array, const struct array_request *request,
			const struct guid *lun, const char *hints, struct array_answer *ret_answer);
/*
 * Replaces the LUN's unmasking list, the list of initiators, hosts and host groups that may use the
 * LUN.  mask: any text that mask_normalize accepts; hosts may be named (host_mask_resolve).  Waits
 * for I/O in flight of initiators that lose the LUN.  Further errors: ERR_BUSY (that I/O did not
 * end in time; nothing has changed), ERR_NOT_FOUND (also: no such host).
 */
int array_lun_set_mask(struct array *array, const struct array_request *request,
		       const struct guid *lun, const char *mask, struct array_answer *ret_answer);
/*
 * Replaces the unmasking list by a flattened one, as VDS programs know it: a list that equals the
 * flattened list of the LUN (host_mask_flatten) changes nothing, and any other takes the place of
 * the LUN's hosts, too.  Errors as array_lun_set_mask.
 */
int array_lun_set_flat_mask(struct array *array, const struct array_request *request,
			    const struct guid *lun, const char *mask,
			    struct array_answer *ret_answer);
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
 * Makes a LUN read-only for initiators, or writable again.  Read-only waits for I/O in flight, at
 * most drain_timeout_ms: on return nothing writes to it any more.  Returns 0, ERR_BUSY (that I/O did
 * not end in time; nothing has changed), or an error that every change may return.
 */
int array_lun_set_access(struct array *array, const struct array_request *request,
			 const struct guid *lun, enum lun_access access,
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
 * fits: as those calls take it.
 * Returns 0, ERR_NOT_FOUND (no such pool, no such LUN), ERR_FAILED (the pool is not ready), -errno
 * or -ENOMEM.
 */
int array_max_lun_size(struct array *array, const struct guid *pool, bool thick, bool fits,
		       uint64_t *ret_bytes);
int array_max_lun_extend(struct array *array, const struct guid *lun, bool fits,
			 uint64_t *ret_bytes);

/*
 * Creates a target.  iscsi_name: NULL or "" lets the array choose a name.  alias: may be "".
 * with_group: also creates a portal group that contains all portals, as vdsctl wants it; VDS
 * creates targets without portal groups.  duplicate: the alias may be that of another target.
 */
int array_target_create(struct array *array, const struct array_request *request,
			const char *iscsi_name, const char *alias, bool with_group, bool duplicate,
			struct array_answer *ret_answer);
/* Sets the alias of a target; "" removes it.  duplicate: as array_target_create takes it. */
int array_target_set_alias(struct array *array, const struct array_request *request,
			   const struct guid *target, const char *alias, bool duplicate,
			   struct array_answer *ret_answer);
/*
 * Deletes a target with its portal groups, and ends its sessions.  Further errors:
 * ERR_LUNS_ASSOCIATED (a LUN is associated with the target).
 */
int array_target_delete(struct array *array, const struct array_request *request,
			const struct guid *target, struct array_answer *ret_answer);

/* A CHAP secret to set. */
struct array_credential_spec {
	struct guid owner_id; /* a target or a host; zero = discovery sessions */
	enum credential_side side;
	const char *user;      /* CHAP name; NULL or "" = as struct row_credential says */
	const char *initiator; /* only for this initiator; NULL or "" = for all */
	const uint8_t *secret; /* borrowed; CREDENTIAL_SECRET_MIN to CREDENTIAL_SECRET_MAX bytes */
	size_t secret_len;
	uint64_t keep_old_s; /* the secret that this one replaces stays valid for so long */
};

/*
 * Reads a secret as people write it: hexadecimal digits behind 0x, else the text itself.  The caller
 * wipes the bytes.  Returns 0, or ERR_INVALID with a text, which does not show the secret.
 */
int array_credential_parse(const char *text, uint8_t bytes[CREDENTIAL_SECRET_MAX], size_t *ret_len);
/*
 * Sets a CHAP secret.  One of the same owner, side and initiator, and for side CREDENTIAL_INITIATOR
 * of the same user, is replaced (`existed`).  From the answer on logins need the secret; sessions
 * go on.  Further errors: ERR_INVALID also when the secret is set for the other direction.
 */
int array_credential_set(struct array *array, const struct array_request *request,
			 const struct array_credential_spec *spec, struct array_answer *ret_answer);
/* Deletes a CHAP secret. */
int array_credential_delete(struct array *array, const struct array_request *request,
			    const struct guid *credential, struct array_answer *ret_answer);

/*
 * Creates a host.  name: at most 63 UTF-16 units, unique among hosts, without comma and semicolon.
 * initiators: iSCSI names joined by ';'; NULL or "" = none.  An initiator name belongs to one host
 * at most: ERR_NAME_IN_USE names the host to which it belongs.
 */
int array_host_create(struct array *array, const struct array_request *request, const char *name,
		      const char *initiators, struct array_answer *ret_answer);
int array_host_rename(struct array *array, const struct array_request *request,
		      const struct guid *host, const char *name, struct array_answer *ret_answer);
/*
 * Sets the networks from which the host's initiators may log in, or those from which any initiator
 * may log in to the target: any text that cidr_list_normalize accepts; "" = from everywhere.
 * Sessions from elsewhere are asked to log out, and end some seconds later.
 */
int array_host_set_sources(struct array *array, const struct array_request *request,
			   const struct guid *host, const char *sources,
			   struct array_answer *ret_answer);
int array_target_set_sources(struct array *array, const struct array_request *request,
			     const struct guid *target, const char *sources,
			     struct array_answer *ret_answer);
/*
 * Replaces the initiator names of a host; adds names to, or removes them from, its names as they
 * are when the change is applied.  Adding a name that the host has or removing one that it does not
 * have has no effect.  Waits for I/O in flight of initiators that lose a LUN.  Further errors:
 * ERR_BUSY (that I/O did not end in time; nothing has changed).
 */
int array_host_set_initiators(struct array *array, const struct array_request *request,
			      const struct guid *host, const char *initiators,
			      struct array_answer *ret_answer);
int array_host_add_initiators(struct array *array, const struct array_request *request,
			      const struct guid *host, const char *initiators,
			      struct array_answer *ret_answer);
int array_host_remove_initiators(struct array *array, const struct array_request *request,
				 const struct guid *host, const char *initiators,
				 struct array_answer *ret_answer);
/*
 * Deletes a host with its initiator names.  force: also takes it out of its host groups and of the
 * unmasking lists that name it.  Further errors: ERR_IN_USE (the host is in a host group or in an
 * unmasking list, and force is not set).
 */
int array_host_delete(struct array *array, const struct array_request *request,
		      const struct guid *host, bool force, struct array_answer *ret_answer);

/* Creates a host group of these hosts.  name: as array_host_create takes it. */
int array_host_group_create(struct array *array, const struct array_request *request,
			    const char *name, const struct guid *hosts, size_t count,
			    struct array_answer *ret_answer);
int array_host_group_rename(struct array *array, const struct array_request *request,
			    const struct guid *group, const char *name,
			    struct array_answer *ret_answer);
/*
 * Replaces the hosts of a host group; adds hosts to, or removes them from, the group as it is when
 * the change is applied.  Adding a member or removing a host that is no member has no effect.
 */
int array_host_group_set_hosts(struct array *array, const struct array_request *request,
			       const struct guid *group, const struct guid *hosts, size_t count,
			       struct array_answer *ret_answer);
int array_host_group_add_hosts(struct array *array, const struct array_request *request,
			       const struct guid *group, const struct guid *hosts, size_t count,
			       struct array_answer *ret_answer);
int array_host_group_remove_hosts(struct array *array, const struct array_request *request,
				  const struct guid *group, const struct guid *hosts, size_t count,
				  struct array_answer *ret_answer);
/*
 * Deletes a host group; its hosts stay.  force: also takes it out of the unmasking lists that name
 * it.  Further errors: ERR_IN_USE (an unmasking list names it, and force is not set).
 */
int array_host_group_delete(struct array *array, const struct array_request *request,
			    const struct guid *group, bool force, struct array_answer *ret_answer);

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

/*
 * Sets a controller online or offline.  While it is offline, no portal listens and there are no
 * sessions, whatever the status of the portals, also after a restart.  When the call returns, the
 * sessions have ended, except those whose I/O in flight does not return from the store.
 */
int array_controller_set_status(struct array *array, const struct array_request *request,
				const struct guid *controller, enum row_status status,
				struct array_answer *ret_answer);
/*
 * Finds out on which drives the pools lie, and replaces the live rows where that has changed; they
 * show it when the call returns.  When memory is out, the rows stay as they were.  Reads files of
 * the kernel.  Any thread except the writer; the caller holds no lock.
 */
void array_drive_rescan(struct array *array);
/*
 * array_controller_flush makes everything durable that was acknowledged before the call.
 * array_controller_invalidate does so, and then takes the LUNs' data out of the page cache of this
 * host.  array_controller_reset asks the initiators of all sessions to log out, ends the sessions
 * that are left after drain_ms, opens the listeners anew, and then does what
 * array_controller_invalidate does; no data is lost.  Nothing is stored in the catalog.  Each
 * returns when all of this is done.  Returns 0, ERR_NOT_FOUND (no such controller), ERR_BUSY
 * (reset: a session did not end in time), -errno (a store cannot be flushed; the text names it) or
 * -ENOMEM.  LUNs that have failed are left out.
 */
int array_controller_flush(struct array *array, const struct guid *controller);
int array_controller_invalidate(struct array *array, const struct guid *controller);
int array_controller_reset(struct array *array, const struct guid *controller, uint32_t drain_ms);
/*
 * Sets all portals of a port online or offline, in one change.  When the call returns, the sessions
 * through a port that is offline now have ended.
 */
int array_port_set_status(struct array *array, const struct array_request *request,
			  const struct guid *port, enum row_status status,
			  struct array_answer *ret_answer);
/*
 * Resets a port: asks the initiators of all sessions through its portals to log out, ends the
 * sessions that are left after drain_ms, and opens the listeners of these portals anew.  Returns 0,
 * ERR_NOT_FOUND (no such port), ERR_BUSY (a session did not end in time) or -ENOMEM.
 */
int array_port_reset(struct array *array, const struct guid *port, uint32_t drain_ms);
/* Reads the counters of a port.  Returns 0, ERR_NOT_FOUND (no such port) or -ENOMEM. */
int array_port_counters(struct array *array, const struct guid *port,
			struct array_port_counters *ret_counters);

enum array_maintenance_action {
	ARRAY_MAINTENANCE_START, /* the operation goes on until it is stopped */
	ARRAY_MAINTENANCE_STOP,
	/* an operation that goes on makes `count` more pulses and then stops */
	ARRAY_MAINTENANCE_PULSE,
};

struct array_maintenance {
	struct guid object_id; /* an array, a controller, a port, a drive or a LUN */
	const char *operation; /* "beep", "blink", "ping", "spin-up"; borrowed */
	enum array_maintenance_action action;
	uint64_t count; /* ARRAY_MAINTENANCE_PULSE */
};

/*
 * Starts, stops or pulses an operation of maintenance on an object: a line in the log, and a live
 * row while the operation goes on.  *ret_was_running: whether the operation went on before the
 * call; a stop or pulse of one that did not has no effect.  Returns 0, ERR_NOT_FOUND (no such
 * object), ERR_INVALID (no such operation), ERR_NOT_SUPPORTED ("spin-down"; pulses of "spin-up") or
 * -ENOMEM.
 */
int array_maintain(struct array *array, const struct array_maintenance *ask, bool *ret_was_running);

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
/* What is to change of a portal group's asymmetric access; what is not set stays. */
struct array_group_access {
	enum port_access state;
	bool set_state, set_preferred, preferred, set_explicit, explicit_allowed;
};

/*
 * Changes how initiators may use the LUNs through a portal group.  A change of the state is the
 * administrator's (ACCESS_SET_BY_ADMINISTRATOR).  `existed`: everything was so already.  When it
 * returns, commands that come through the group are answered as the new state wants it, and the
 * initiators of all paths to its LUNs have the unit attention.
 */
int array_group_set_access(struct array *array, const struct array_request *request,
			   const struct guid *group, const struct array_group_access *access,
			   struct array_answer *ret_answer);
/* The access state that an initiator asks for a portal group. */
struct array_access_set {
	struct guid group_id;
	enum port_access state;
};

/*
 * Sets the access states of portal groups as an initiator asks (ACCESS_SET_BY_INITIATOR), all in one
 * change.  `existed`: everything was so already.  Further errors: ERR_ACCESS (initiators may not set
 * the state of one of the groups).
 */
int array_group_set_states(struct array *array, const struct array_request *request,
			   const struct array_access_set *sets, size_t count,
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
/* How an array is: the worst of its problems. */
enum array_health_level { ARRAY_OK, ARRAY_WARNING, ARRAY_CRITICAL };

struct array_problem {
	enum array_health_level level; /* not ARRAY_OK */
	enum row_family family;        /* of the object that it concerns */
	struct guid id;
	char *text;       /* what is wrong; owned */
	const char *hint; /* what to do */
};

struct array_health {
	enum array_health_level level;
	size_t count;
	struct array_problem *problems;
};

/*
 * Collects what is wrong with the array now.  Returns 0 or -ENOMEM; on success the caller calls
 * array_health_fini.  Takes time in proportion to the number of LUNs.  Any thread.
 */
int array_health(struct array *array, struct array_health *ret_health);
void array_health_fini(struct array_health *health);
/* Returns "ok", "warning" or "critical". */
const char *array_health_name(enum array_health_level level);
/*
 * Reports all that the data path has counted.  Returns 0 or -ENOMEM; reports nothing when there is
 * no data path.  Any thread; the sampler is called on it.
 */
int array_sample(struct array *array, const struct array_sampler *sampler);

/* What the writer has committed to the catalog since vdsd started. */
struct array_catalog_counters {
	uint64_t commits, failed_commits; /* transactions; one has all changes that wait together */
	uint64_t changes, rows;           /* in these: changes, and rows that they put or deleted */
	uint64_t revision;                /* sequence of the last change that is on disk */
	struct histogram_total commit;    /* how long a COMMIT took, with its sync */
	uint64_t database_bytes, log_bytes; /* sizes of catalog.db and of its write-ahead log */
};

/*
 * Reads what the writer has counted.  Takes no lock; the sizes come from the file system and are 0
 * when it does not say.  Any thread.
 */
void array_catalog_counters(struct array *array, struct array_catalog_counters *ret_counters);
/* Reads the I/O counters of a LUN.  Returns 0 or ERR_NOT_FOUND (no such LUN). */
int array_lun_counters(struct array *array, const struct guid *lun,
		       struct array_lun_counters *ret_counters);
/*
 * Reads what is registered and reserved of a LUN.  The caller frees *ret with
 * array_reservations_fini.  Further errors: ERR_CORRUPT, ERR_VERSION (what is kept cannot be read).
 */
int array_lun_reservations(struct array *array, const struct guid *lun,
			   struct array_reservations *ret);
void array_reservations_fini(struct array_reservations *reservations);
/*
 * Removes every registration and the reservation of a LUN.  Initiators that had registered get the
 * unit attention RESERVATIONS PREEMPTED.  Durable on return.
 */
int array_lun_reservations_clear(struct array *array, const struct array_request *request,
				 const struct guid *lun);

/* ---- plans: docs/design/plan.md ---- */

enum array_plan_action { ARRAY_PLAN_CREATE, ARRAY_PLAN_CHANGE, ARRAY_PLAN_DELETE };

struct array_plan_step {
	enum array_plan_action action;
	enum row_family family;
	struct row_key key;
	char *text; /* `lun "vol1": extended from 1 GiB to 2 GiB`; owned; "" = another step says it */
	bool loses_data; /* data of a LUN are lost */
};

/* The difference between an array and a file. */
struct array_plan_report {
	char revision[48];             /* of the state that it was made for */
	struct state *before, *after;  /* owned references; without what the writer chooses */
	struct array_plan_step *steps; /* owned; 0 = nothing changes */
	size_t count;
	size_t deletes, shrinks; /* how many LUNs lose data */
	uint64_t undoes;         /* sequence of the change that is undone; 0 = of none */
	struct guid *jobs;       /* owned; those that array_plan_apply has begun */
	size_t job_count;
};

void array_plan_report_fini(struct array_plan_report *report);

struct array_plan_options {
	const char *revision; /* refuse when the array is at another; NULL = at any; borrowed */
	bool delete_luns, shrink_luns; /* LUNs may lose data */
};

/*
 * Computes what a file would change (docs/plan.schema.json; len bytes, borrowed).  Changes nothing.
 * The caller calls array_plan_report_fini.  Returns 0, ERR_INVALID, ERR_NOT_FOUND, ERR_NAME_IN_USE or
 * ERR_LIMIT (what is wrong with the file, with line and column), ERR_IN_USE, or -ENOMEM.
 */
int array_plan(struct array *array, const char *text, size_t len,
	       struct array_plan_report *ret_report);
/*
 * Makes the array as a file says, in one change, or changes nothing.  Thick LUNs are created and
 * grown by jobs; the answer names the first.  ret_report may be NULL.  Errors as array_plan, and:
 * ERR_IN_USE (data would be lost that the options do not give up), ERR_BUSY (the array is at another
 * revision, a LUN is held, or I/O in flight does not end), ERR_ACCESS (a step needs the role of an
 * administrator), ERR_NO_SPACE, ERR_FAILED, and those of array_pool_create.
 */
int array_plan_apply(struct array *array, const struct array_request *request, const char *text,
		     size_t len, const struct array_plan_options *options,
		     struct array_plan_report *ret_report, struct array_answer *ret_answer);
/*
 * Computes what undoing a change would do (sequence 0: the newest that somebody asked for and that
 * is not undone).  Changes nothing.  Returns 0, ERR_NOT_FOUND (no such change is kept in the audit
 * log), ERR_IN_USE (it cannot be undone; the text says why) or another error.
 */
int array_undo_plan(struct array *array, uint64_t sequence, struct array_plan_report *ret_report);
/* Undoes a change, in one change.  Errors of array_undo_plan and array_plan_apply. */
int array_undo(struct array *array, const struct array_request *request, uint64_t sequence,
	       const struct array_plan_options *options, struct array_plan_report *ret_report,
	       struct array_answer *ret_answer);

/* What array_export writes. */
struct array_export_options {
	enum row_family family; /* of the object: ROW_LUN, ROW_TARGET, ROW_HOST; ROW_ARRAY = all */
	struct guid id;
	bool ids; /* with the ids of all objects */
};

/*
 * Writes the configuration, or one object with what belongs to it, as a file for array_plan.  Has no
 * secrets.  The caller frees *ret_text with mem_free.  Returns 0, ERR_NOT_FOUND or -ENOMEM.  Any
 * thread.
 */
int array_export(struct array *array, const struct array_export_options *options, char **ret_text);

/* Result of one step on the path from an initiator to a LUN. */
enum array_explain_outcome { ARRAY_EXPLAIN_OK, ARRAY_EXPLAIN_FAILED };

struct array_explain_step {
	const char *
		/*
		 * One of "initiator", "target", "portal", "reach", "access", "login", "mask",
		 * "status", "health".
		 */
		name;
	enum array_explain_outcome outcome;
	char *text; /* one sentence without a full stop; owned */
};

#define ARRAY_EXPLAIN_STEPS_MAX 9

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
 * behind a target, does a portal of such a target listen, can the initiator reach that portal, does
 * the portal group let I/O through, is the initiator logged in, is the LUN unmasked to it, online
 * and sound?  from: the numeric address of the initiator; NULL = the address of its session.  An
 * initiator without a session is taken to be on another host, so it cannot reach a portal on a
 * loopback address.  Returns 0, ERR_NOT_FOUND (no such LUN), ERR_INVALID (`from` is not an address)
 * or -ENOMEM.  On success the caller calls array_explanation_fini.
 */
int array_explain(struct array *array, const struct guid *lun, const char *initiator,
		  const char *from, struct array_explanation *ret_explanation);
void array_explanation_fini(struct array_explanation *explanation);

/* ---- the audit log ---- */

/*
 * Records a request that has committed no change: code 0 (it was done) or why it was not, with a
 * text.  Returns 0 or an error of the catalog.
 */
int array_audit_put(struct array *array, const struct array_request *request, int code,
		    const char *text);

struct array_audit_query {
	uint64_t before;    /* only records with a smaller number; 0 = all */
	int64_t since_ms;   /* only records that are not older; UTC */
	const char *object; /* an id or the name of an object; NULL = of all */
	const char *who;    /* the name of a user, a token or a certificate; NULL = of all */
	size_t limit;
};

/*
 * Lists records, the newest first.  *ret_records is one block that the caller frees with
 * array_audit_free.  Returns 0 or an error.
 */
int array_audit_list(struct array *array, const struct array_audit_query *query,
		     struct audit_record **ret_records, size_t *ret_count);
void array_audit_free(struct audit_record *records, size_t count);

/* ---- tokens ---- */

#define ARRAY_TOKEN_SIZE 48 /* bytes of a token's text, with its NUL */

struct array_token {
	struct guid id;
	char name[PRINCIPAL_NAME_SIZE];
	char creator[PRINCIPAL_TEXT_SIZE]; /* who created it, for people */
	enum principal_role role;
	int64_t created_ms, expires_ms; /* UTC; expires_ms 0 = never */
	int64_t used_ms;                /* the last use since vdsd started; 0 = none */
};

/*
 * Creates a token.  name: one word.  expires_ms: UTC, or 0 = never.  ret_secret: the token's text,
 * which is returned only here; "" when the answer repeats an earlier one.  The caller overwrites it
 * after use.  Further errors: ERR_NAME_IN_USE.
 */
int array_token_create(struct array *array, const struct array_request *request, const char *name,
		       enum principal_role role, int64_t expires_ms,
		       char ret_secret[ARRAY_TOKEN_SIZE], struct array_answer *ret_answer);
/*
 * Revokes a token: when this returns, array_token_check and array_token_role refuse it, and every
 * wait of array_listener_next has ended.
 */
int array_token_revoke(struct array *array, const struct array_request *request,
		       const struct guid *id, struct array_answer *ret_answer);
/*
 * Finds the token whose secret text is `secret`, and notes its use.  Takes the same time for every
 * wrong text.
 * Returns 0, ERR_ACCESS (it is unknown, revoked or expired) or -ENOMEM.  Any thread; never blocks
 * longer than a lock.
 */
int array_token_check(struct array *array, const char *secret, struct array_token *ret_token);
/*
 * Returns the role of a token, or ROLE_NONE when the token was revoked or has expired.  Any thread;
 * never blocks longer than a lock.
 */
enum principal_role array_token_role(struct array *array, const struct guid *id);
/*
 * Lists the tokens, those that have expired too.  Returns 0 or -ENOMEM; the caller frees
 * *ret_tokens with mem_free.  Any thread.
 */
int array_tokens(struct array *array, struct array_token **ret_tokens, size_t *ret_count);

/* ---- events ---- */

enum array_event_kind {
	ARRAY_EVENT_CHANGE,    /* the member `change` is a committed change */
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
/*
 * Ends every wait of array_listener_next with a heartbeat, so that a stream notices at once that its
 * token was revoked or that its certificate is no longer trusted.  Any thread.
 */
void array_event_wake(struct array *array);
void array_listener_free(struct array_listener *listener);

#endif
