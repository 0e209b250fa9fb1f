/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client: REST calls to vdsd, and a replica of the array's state fed by its event stream.  libvds and
 * vdsctl stand on it.  docs/design/replica.md, docs/design/api.md.
 *
 * Any number of threads may use one client.  Codes beyond those of the array: ERR_UNREACHABLE (no
 * answer came and none is known), ERR_CACHE_CORRUPT (the replica cannot be trusted), ERR_PROTOCOL
 * (an answer makes no sense).
 */
#ifndef VDS_CLIENT_CLIENT_H
#define VDS_CLIENT_CLIENT_H

#include <jansson.h>

#include "model/state.h"
#include "model/verbs.h"

#define CLIENT_DEFAULT_URL "unix:/run/vdsd/vdsd.sock"

struct client;

enum client_mode {
	CLIENT_CALLS,   /* REST calls only */
	CLIENT_REPLICA, /* also the replica and its event thread; open waits until it is loaded */
};

/* What the replica knows, both immutable and counted. */
struct client_view {
	struct state *config;
	struct state *live;
};

/*
 * url: "unix:/path" or "http://127.0.0.1:port"; NULL = $VDS_URL, else CLIENT_DEFAULT_URL.  0,
 * ERR_UNREACHABLE, ERR_INVALID, -ENOMEM.
 */
int client_open(const char *url, enum client_mode mode, struct client **ret_client);
/*
 * Sets how long a call waits for its answer before it ends with ERR_TIMEOUT; 60 s when this is not called.  Call it before
 * the first call.
 */
void client_set_call_timeout(struct client *client, unsigned timeout_ms);
/* Ends the event thread.  Calls under way end with ERR_CLOSED.  Accepts NULL. */
void client_close(struct client *client);

/*
 * The replica now: two references for the caller.  0 or ERR_CACHE_CORRUPT: the stream has been lost for more than
 * 5 s, or there was a gap, another digest or another incarnation.  Nanoseconds; no round trip.
 */
int client_view(struct client *client, struct client_view *ret_view);
/* As client_view, but without the question whether it can be trusted: for what must not fail. */
void client_view_last(struct client *client, struct client_view *ret_view);
void client_view_fini(struct client_view *view);
#define AUTO_VIEW __attribute__((cleanup(client_view_fini)))

/*
 * Barrier: on return the replica holds all that the array had committed when this was called.  0,
 * ERR_CACHE_CORRUPT, ERR_UNREACHABLE.
 */
int client_sync(struct client *client);
/*
 * IVdsHwProvider::Reenumerate: asks the array who it is (array id, incarnation); the first half of curing a corrupt
 * replica.  IVdsHwProvider::Refresh: loads the snapshot anew, follows the stream from there; the second half: when the
 * corruption was a gap, a digest or an incarnation, it cures only after a client_reenumerate.
 */
int client_reenumerate(struct client *client);
int client_refresh(struct client *client);

/*
 * Listens to what the replica learns: called on the event thread with no lock held, in order, after the view shows
 * it.  change is of configuration or of live rows (change->ops' family tells).  change NULL: the replica was
 * reloaded: compare before and after.
 */
struct client_listener {
	struct client_listener *next;
	void (*changed)(struct client_listener *listener, const struct client_view *before,
			const struct client_view *after, const struct change *change);
};

void client_listen(struct client *client, struct client_listener *listener);
/* On return it does not run and will not again (unless called from its own callback). */
void client_unlisten(struct client *client, struct client_listener *listener);

/* ---- calls ---- */

struct client_answer {
	uint64_t sequence;
	struct guid object_id;
	struct guid job_id; /* zero = done */
	bool existed;       /* nothing new was made: object_id was there already */
	bool replayed;      /* the first answer to this request id, again */
};

/*
 * One REST call.  method: "GET", "POST", …; path: "/v1/…" (already escaped); body may be NULL,
 * borrowed.  A change carries a request id made here and is tried again with it when the connection
 * breaks, so it happens once. ret_json: the answer (new reference; NULL when there was none);
 * ret_json itself may be NULL. With a replica it waits until the answer's sequence has arrived
 * there.  0 or the array's code, its text set.
 */
int client_call(struct client *client, const char *method, const char *path, json_t *body,
		json_t **ret_json);
/* For those who must choose the id, e.g. to try again later. */
int client_call_with_id(struct client *client, const char *method, const char *path, json_t *body,
			const struct guid *request_id, json_t **ret_json);

/*
 * Asks for a verb of the table (model/verbs.h).  ids: those of the path, NULL when it has none; args: those of the query
 * and the body, NULL = none.  Otherwise as client_call; also ERR_INVALID (an argument that cannot be sent; its text
 * names the member).
 */
int client_ask(struct client *client, enum verb_id verb, const struct guid *ids,
	       const struct verb_args *args, json_t **ret_json);
/* Asks for a verb that changes something, and decodes its answer.  ret_answer may be NULL. */
int client_change(struct client *client, enum verb_id verb, const struct guid *ids,
		  const struct verb_args *args, struct client_answer *ret_answer);
/*
 * Reads all pages of a list (args->limit and args->after are not used) into a new JSON array of its items, which the
 * caller owns.  Errors as client_ask, and ERR_PROTOCOL (the answer is no list).
 */
int client_list(struct client *client, enum verb_id verb, const struct guid *ids,
		const struct verb_args *args, json_t **ret_items);

/*
 * Typed changes: client_change with the arguments as parameters.  What each does, and its errors, stands in
 * array/array.h at the function of that name.  ret_answer may be NULL.
 */
struct client_lun_spec {
	const char *name;    /* NULL = made */
	struct guid pool_id; /* zero = the array chooses */
	uint64_t size_bytes;
	uint32_t block_bytes; /* 0 = 512 */
	bool thick;
	const char *mask; /* NULL = nobody */
};

int client_array_rename(struct client *client, const char *name, struct client_answer *ret_answer);
int client_array_set_iqn_prefix(struct client *client, const char *prefix,
				struct client_answer *ret_answer);
int client_pool_create(struct client *client, const char *name, const char *path,
		       struct client_answer *ret_answer);
int client_pool_rename(struct client *client, const struct guid *pool, const char *name,
		       struct client_answer *ret_answer);
int client_pool_delete(struct client *client, const struct guid *pool,
		       struct client_answer *ret_answer);
int client_lun_create(struct client *client, const struct client_lun_spec *spec,
		      struct client_answer *ret_answer);
/* force: also while the LUN is associated (ERR_IN_USE otherwise). */
int client_lun_delete(struct client *client, const struct guid *lun, bool force,
		      struct client_answer *ret_answer);
int client_lun_extend(struct client *client, const struct guid *lun, uint64_t add_bytes,
		      struct client_answer *ret_answer);
int client_lun_rename(struct client *client, const struct guid *lun, const char *name,
		      struct client_answer *ret_answer);
int client_lun_set_mask(struct client *client, const struct guid *lun, const char *mask,
			struct client_answer *ret_answer);
int client_lun_add_mask(struct client *client, const struct guid *lun, const char *names,
			struct client_answer *ret_answer);
int client_lun_remove_mask(struct client *client, const struct guid *lun, const char *names,
			   struct client_answer *ret_answer);
int client_lun_set_status(struct client *client, const struct guid *lun, enum row_status status,
			  struct client_answer *ret_answer);
int client_lun_associate(struct client *client, const struct guid *lun, const struct guid *targets,
			 size_t count, struct client_answer *ret_answer);
int client_lun_add_targets(struct client *client, const struct guid *lun,
			   const struct guid *targets, size_t count,
			   struct client_answer *ret_answer);
int client_lun_remove_targets(struct client *client, const struct guid *lun,
			      const struct guid *targets, size_t count,
			      struct client_answer *ret_answer);
int client_lun_max_extend(struct client *client, const struct guid *lun, uint64_t *ret_bytes);
int client_max_lun_size(struct client *client, const struct guid *pool, bool thick,
			uint64_t *ret_bytes);
int client_target_create(struct client *client, const char *iscsi_name, const char *alias,
			 bool with_group, struct client_answer *ret_answer);
int client_target_set_alias(struct client *client, const struct guid *target, const char *alias,
			    struct client_answer *ret_answer);
int client_target_delete(struct client *client, const struct guid *target,
			 struct client_answer *ret_answer);
int client_portal_create(struct client *client, const char *address, uint16_t port,
			 bool all_targets, struct client_answer *ret_answer);
int client_portal_delete(struct client *client, const struct guid *portal,
			 struct client_answer *ret_answer);
int client_portal_set_status(struct client *client, const struct guid *portal,
			     enum row_status status, struct client_answer *ret_answer);
/*
 * Set a portal offline and have its sessions end: their initiators are asked to log out, and after drain_ms (1 …
 * 3,600,000) what is left is ended.  Returns as client_portal_set_status, at once.
 */
int client_portal_drain(struct client *client, const struct guid *portal, uint64_t drain_ms,
			struct client_answer *ret_answer);
int client_group_create(struct client *client, const struct guid *target,
			struct client_answer *ret_answer);
int client_group_delete(struct client *client, const struct guid *group,
			struct client_answer *ret_answer);
int client_group_add_portal(struct client *client, const struct guid *group,
			    const struct guid *portal, struct client_answer *ret_answer);
int client_group_remove_portal(struct client *client, const struct guid *group,
			       const struct guid *portal, struct client_answer *ret_answer);
int client_job_cancel(struct client *client, const struct guid *job,
		      struct client_answer *ret_answer);
int client_session_end(struct client *client, const struct guid *session,
		       struct client_answer *ret_answer);
/*
 * Waits (on the stream with a replica, else by asking) until the job has ended; its row
 * (row_unref).  timeout_ms < 0: for ever.  ERR_TIMEOUT.
 */
int client_job_wait(struct client *client, const struct guid *job, int timeout_ms,
		    struct row_job **ret_job);

#endif
