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

#include "array/admin.h"
#include "array/gateway.h"
#include "array/hosts.h"
#include "array/insight.h"
#include "array/plan.h"
#include "array/portals.h"
#include "array/runtime.h"
#include "array/storage.h"
#include "base/histogram.h"
#include "model/audit.h"
#include "model/credential.h"
#include "model/principal.h"
#include "model/state.h"

struct array;
struct array_cluster_ops;
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

struct catalog_shared;

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
	/*
	 * the store of a catalog that several gateways share, which array_open consumes, also when
	 * it fails; `dir` then has only the lock and the mark.  NULL = catalog.db in `dir`
	 */
	const struct catalog_shared *shared;
	bool allow_faults; /* faults may be injected into LUNs: array_lun_inject */
	/*
	 * The gateway as which this vdsd runs (docs/design/gateways.md): the name of a controller
	 * of the array, which a new array gets.  NULL = the array is on one machine.
	 */
	const char *gateway;
	/* "HOST:PORT" where other gateways reach this one; NULL = as its controller's row says */
	const char *gateway_address;
	/*
	 * The cluster that gateways share (array/cluster.h), borrowed until array_close; NULL = the
	 * array is on one machine.
	 */
	const struct array_cluster_ops *cluster_ops;
	void *cluster;
	uint32_t lease_ms; /* of a gateway; 0 = 3500 */
	uint32_t seen_ms;  /* how long a gateway serves what it has read last; 0 = 25000 */
	/*
	 * Called once, on any thread, when this gateway is out: others have fenced it, or nobody
	 * knows what is committed.  From then on array_lease_ok says no.  The process is to begin
	 * anew at once, without closing the array.
	 */
	void (*lost)(void *arg, const char *reason);
	void *lost_arg;
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
 * does, secrets included.  Returns 0, ERR_CORRUPT (the catalog is damaged or lacks changes),
 * -ENOSPC or -errno.
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
 * As array_restore, into the catalog that gateways share: `dir`, `shared` (consumed) and `cluster`
 * of the options count.  No gateway may run; the clients of those that did are fenced.  Further
 * errors: ERR_INVALID (the backup is of an array without gateways), ERR_LOCKED (a gateway lives, or
 * has its lease, be it in the backup or not), or an error of the cluster.
 */
int array_restore_shared(const struct array_options *options, const char *file, bool replace,
			 char **ret_text);
/*
 * Checks a backup as array_restore would, in a directory of its own below $TMPDIR or /tmp that is
 * removed again, and lists what it holds in *ret_text (mem_free): no secrets.  Returns 0, or as
 * array_restore.
 */
int array_list_backup(const char *file, char **ret_text);
/*
 * Asks the writer for a sign of life.  Returns whether it has given the one that the call before
 * asked for, or is waiting for storage or the cluster, which no restart would make shorter; true in
 * the first call.  Does not block.  One thread at a time, and not during array_close.
 */
bool array_beat(struct array *array);

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
 * Returns whether this is a gateway that serves nothing, and only tells why: acknowledged changes
 * are missing from the catalog that it shares with others, array_read_only_reason says which.  It
 * has not joined the other gateways.  Stays so until array_close.  Any thread.
 */
bool array_is_held(const struct array *array);
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
 * Cancels a job, also one that is paused.  Further errors: ERR_TOO_LATE (the job has ended),
 * ERR_CANCELLED (the job was cancelled already).
 */
int array_job_cancel(struct array *array, const struct array_request *request,
		     const struct guid *job, struct array_answer *ret_answer);
/*
 * Pauses a job, and lets it go on.  A job whose pause was answered with 0 does no I/O a moment
 * later, and does not succeed until it is resumed; it goes on holding its LUN, also over a restart,
 * after which only a full copy has failed.  While a move is paused, what is written to the LUN is
 * noted.  A resumed move or full copy goes on where it was, a move after a restart from the
 * beginning.  Pausing a job that is paused, and resuming one that is not, change nothing.  Further
 * errors:  ERR_TOO_LATE (the job has ended, is about to, or was cancelled).
 */
int array_job_pause(struct array *array, const struct array_request *request,
		    const struct guid *job, struct array_answer *ret_answer);
int array_job_resume(struct array *array, const struct array_request *request,
		     const struct guid *job, struct array_answer *ret_answer);
/* Ends an iSCSI session.  Returns 0 or ERR_NOT_FOUND (no such session). */
int array_session_end(struct array *array, const struct guid *session);
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
 * Ends every wait of array_listener_next with a heartbeat, so that a stream notices at once that
 * its token was revoked or that its certificate is no longer trusted.  Any thread.
 */
void array_event_wake(struct array *array);
void array_listener_free(struct array_listener *listener);

#endif
