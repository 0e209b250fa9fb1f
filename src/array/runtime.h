/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of array.h, which says what all of its functions have in common: what the data path
 * registers with the array, and tells it.
 */
#ifndef VDS_ARRAY_RUNTIME_H
#define VDS_ARRAY_RUNTIME_H

#include "base/histogram.h"
#include "model/state.h"

struct array;
struct array_lun_counters;
struct array_port_counters;
struct array_reservations;
struct array_sampler;
struct array_trace_place;
struct array_trace_record;
struct blk_dev;

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

/*
 * Returns the id of the controller that this process is: the only one, or one of several gateways.
 * Valid as long as the array.  Any thread.
 */
const struct guid *array_controller_id(const struct array *array);

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
	 * Reads what was forwarded to a gateway.  Returns 0, or ERR_NOT_FOUND (nothing was).  May
	 * be NULL.  Any thread.
	 */
	int (*forward_counters)(void *runtime, const struct guid *controller_id,
				struct array_forward_counters *ret_counters);
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
	 * Called when array_lun_device_now returns another device for a LUN than before, while the
	 * paths of the LUN are drained.  When the function returns, the data path uses that device,
	 * and has released the one before.  May be NULL.  Any thread but those of the data path and
	 * the writer; waits for the data path's threads.
	 */
	void (*lun_device)(void *runtime, const struct guid *lun_id);
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
	 * when that is nothing.  Returns 0, ERR_CORRUPT or ERR_VERSION (what is kept cannot be
	 * read) or -ENOMEM.  Any thread.
	 */
	int (*lun_reservations)(void *runtime, const struct guid *lun_id,
				struct array_reservations *ret);
	/*
	 * Clears that.  Returns 0: done is called once, on any thread, perhaps from inside this
	 * call, with 0 or a negative code (nothing has changed); ERR_NOT_FOUND (the data path has
	 * nothing of the LUN) or -ENOMEM: done is not called.  Any thread.
	 */
	int (*lun_reservations_clear)(void *runtime, const struct guid *lun_id,
				      void (*done)(void *arg, int result), void *arg);
	/*
	 * Reports what was counted of LUNs (without medium_errors and space_errors), sessions,
	 * threads, hosts and logins.  Returns 0 or -ENOMEM.  Any thread; calls the sampler without
	 * a lock.
	 */
	int (*sample)(void *runtime, const struct array_sampler *sampler);
	/*
	 * Notes commands from now on for ARRAY_TRACE_MS, and reports those that were noted behind
	 * *place, at most ARRAY_TRACE_MAX, of each thread in the order in which they ended; then
	 * *place is behind them.  A zeroed place stands for now.  *ret_lost: how many between them
	 * were overwritten before they were read.  Returns 0 or -ENOMEM.  May be NULL.  Any thread;
	 * calls `record` without a lock.
	 */
	int (*trace)(void *runtime, struct array_trace_place *place,
		     void (*record)(void *arg, const struct array_trace_record *record), void *arg,
		     uint64_t *ret_lost);
	/*
	 * Called when another gateway is about to reset the unit of a LUN that it owns: no command
	 * of the LUN that this gateway has got until now, and has not answered, is carried out
	 * after that.  May be NULL.  Writer thread; waits for the data path's threads.
	 */
	void (*lun_reset)(void *runtime, const struct guid *lun_id);
};

#define ARRAY_TRACE_MS      5000u /* how long after a call commands are noted */
#define ARRAY_TRACE_MAX     4096u
#define ARRAY_TRACE_THREADS 64u

/* Up to where a reader has read: for each thread of the data path a number. */
struct array_trace_place {
	unsigned threads; /* 0 = nowhere yet */
	uint64_t at[ARRAY_TRACE_THREADS];
};

/* A SCSI command of an initiator that has ended. */
struct array_trace_record {
	int64_t utc_us; /* when its answer was given to the socket */
	struct guid lun_id, session_id;
	uint64_t lba;   /* of READ, WRITE and their like; else 0 */
	uint32_t bytes; /* that were moved to or from the initiator */
	uint32_t tag;   /* Initiator Task Tag */
	uint16_t number, service_action;
	uint8_t opcode, status;                   /* status: SAM-5 */
	uint8_t sense_key, sense_asc, sense_ascq; /* 0 without sense data */
	/* from the receipt of its PDU to utc_us; and its phases, as the log shows them */
	uint64_t total_ns;
	uint32_t data_us, limit_us, wait_us, store_us;
	char initiator[224]; /* iSCSI name */
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
	uint32_t generation;   /* PRGENERATION */
	unsigned type;         /* of the persistent reservation, SPC-5; 0 = there is none */
	bool persists;         /* APTPL: kept when vdsd restarts */
	char reserved_by[224]; /* RESERVE: the initiator that has the whole LUN; "" = none */
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
	/*
	 * commands that waited for a limit of the LUN, a host or the pool, and how long, together
	 */
	uint64_t limited_commands, limited_ns;
};

/* What a session has moved since its login, by kind of command. */
struct array_session_counters {
	struct guid id;
	uint64_t commands[ARRAY_KINDS], bytes[ARRAY_KINDS];
	uint64_t ns[ARRAY_KINDS];              /* how long the commands took together */
	uint64_t limited_commands, limited_ns; /* those that waited for a limit, and how long */
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
	uint64_t ns[ARRAY_KINDS];              /* how long the commands took together */
	uint64_t limited_commands, limited_ns; /* those that waited for a limit, and how long */
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
 * that its health and its space are known.  Opens nothing.  Does nothing for a LUN that is deleted,
 * or that this gateway has not claimed.
 * Any thread except those of the data path, the writer included.
 */
void array_lun_look(struct array *array, const struct guid *lun_id);
/*
 * Returns the block device of a LUN with a reference for the caller, who drops it with
 * array_device_release.  The first call makes the device, and from then on the LUN has the same
 * device as long as its row exists, unless it moves to another pool (lun_device of the data path),
 * also when its file is missing or damaged: then the device has failed (blk_failed) until the LUN
 * is set online and the file can be opened.  The device is the authority for whether the LUN has
 * failed, and its blk_listener is the array's.  The file is opened at the first I/O.  Returns 0,
 * ERR_NOT_FOUND (no such LUN), ERR_BUSY (this gateway has not claimed the LUN: array_lun_is_mine)
 * or
 * -ENOMEM.  Any thread, those of the data path included; may look at a file, but asks no cluster.
 */
int array_lun_device(struct array *array, const struct guid *lun_id, struct blk_dev **ret_dev);
/*
 * Returns the device that array_lun_device would return, with a reference for the caller, who drops
 * it with array_device_release, or NULL: the LUN has none, or is deleted.  Any thread; takes locks
 * of the array.
 */
struct blk_dev *array_lun_device_now(struct array *array, const struct guid *lun_id);
/*
 * Drops the reference to a device from array_lun_device.  The file of a deleted LUN is unlinked
 * when the last user of the device has released it; this function makes the array look for such
 * files at once.  Any thread; never blocks longer than a lock.
 */
void array_device_release(struct array *array, struct blk_dev *dev);

/*
 * What the logical unit of a LUN must keep beyond a restart; a kind of data is a number
 * (scsi/store.h has them), and the array does not look at the data.  A deleted LUN keeps nothing.
 */
#define ARRAY_KEEP_RESERVATIONS 1u /* SCSI_KEEP_RESERVATIONS */
#define ARRAY_KEEP_JOB          3u /* SCSI_KEEP_JOB */
/*
 * Of the data path itself: a number, another one for each reset of the unit.  When another gateway
 * has changed it, the data path is told (lun_reset).
 */
#define ARRAY_KEEP_RESETS       5u

struct array_keep {
	struct guid lun_id;
	uint32_t kind, version;
	const void *data; /* copied; NULL: nothing is to be kept of this kind any more */
	size_t bytes;
	/*
	 * The data ends with a loss of power (array_kept_end_passing).  It is kept for a gateway
	 * that takes the LUN over; only in an array of several gateways.
	 */
	bool passing;
	/*
	 * Called once: result is 0 (the data is durable) or a negative code (what was kept before
	 * is still kept).  On the writer thread: must not block.
	 */
	void (*done)(void *arg, int result);
	void *arg;
};

/*
 * Begins to keep data, and returns at once: 0, or -ENOMEM (done is not called).  done is also
 * called with ERR_NOT_FOUND (no such LUN), ERR_READ_ONLY or an error of the disk.  Any thread,
 * those of the data path included.
 */
int array_keep(struct array *array, const struct array_keep *keep);
/*
 * Copies what is kept of a kind, from memory; *ret_passing: as it was in struct array_keep.  The
 * caller frees *ret_data with mem_free.  Returns 0, ERR_NOT_FOUND or -ENOMEM.  Any thread; never
 * blocks longer than a lock.
 */
int array_kept(struct array *array, const struct guid *lun_id, uint32_t kind, uint32_t *ret_version,
	       void **ret_data, size_t *ret_bytes, bool *ret_passing);
/*
 * Returns whether the array is one of several gateways that serve one catalog, so that others
 * change it, too.  Does not change while the array is open.  Any thread.
 */
bool array_is_shared(const struct array *array);

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

/*
 * Shows how far FORMAT UNIT or SANITIZE of a LUN is, or that it has failed.  Takes the row.  Does
 * nothing for a LUN that is deleted.  The row goes with array_live_delete.  Any thread; never
 * blocks longer than a lock.
 */
void array_lun_job(struct array *array, struct row_live_lun_job *row);

#endif
