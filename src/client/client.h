/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client: REST calls to vdsd, and a replica of the array's state that its event stream keeps up
 * to date. src/provider (libvds) and src/vdsctl are built on it. See docs/design/replica.md and
 * docs/design/api.md.
 *
 * Any number of threads may use one client. Besides the codes of the array its functions return
 * ERR_UNREACHABLE (no answer came), ERR_TIMEOUT, ERR_CLOSED (client_close was called),
 * ERR_CACHE_CORRUPT (the replica cannot be trusted), ERR_PROTOCOL (an answer makes no sense),
 * ERR_VERSION (the array speaks another major version of the wire format).
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

/* What the replica knows at one moment. Both states are immutable and counted. */
struct client_view {
	struct state *config;
	struct state *live;
};

/*
 * Open a client. url: "unix:/path" or "http://127.0.0.1:port"; NULL is $VDS_URL or, without that,
 * CLIENT_DEFAULT_URL. With CLIENT_REPLICA it returns when the replica is loaded. Returns 0;
 * ERR_INVALID (the url); ERR_UNREACHABLE, ERR_VERSION or ERR_PROTOCOL (the replica could not be
 * loaded); -ENOMEM. The caller closes the client.
 */
int client_open(const char *url, enum client_mode mode, struct client **ret_client);
/*
 * Set how long a call waits for its answer before it ends with ERR_TIMEOUT.  Without this it is 60
 * s.  To be called before the first call.
 */
void client_set_call_timeout(struct client *client, unsigned timeout_ms);
/*
 * End the event thread and free the client. Calls under way end with ERR_CLOSED first. Accepts
 * NULL.
 */
void client_close(struct client *client);

/*
 * Return the replica as it is now: two references that the caller drops with client_view_fini.
 * Takes nanoseconds and no round trip. Returns 0, or ERR_CACHE_CORRUPT (there has been no contact
 * for more than 5 s, or what came does not fit what is known).
 */
int client_view(struct client *client, struct client_view *ret_view);
/*
 * Return the replica as it is now, even when it cannot be trusted: for callers that must not fail.
 */
void client_view_last(struct client *client, struct client_view *ret_view);
void client_view_fini(struct client_view *view);
#define AUTO_VIEW __attribute__((cleanup(client_view_fini)))

/*
 * Wait until the replica shows all that the array had committed when this was called. Returns 0,
 * ERR_CACHE_CORRUPT, ERR_UNREACHABLE or ERR_TIMEOUT (the array answered, but its changes did not
 * arrive).
 */
int client_sync(struct client *client);
/*
 * The two halves of curing a corrupt replica: IVdsHwProvider::Reenumerate and Refresh.
 * client_reenumerate asks the array who it is (array id and incarnation). client_refresh loads the
 * snapshot anew and follows the stream from there; after a gap, a wrong digest or another
 * incarnation it works only when client_reenumerate was called before. Both return 0, or why they
 * failed; client_refresh returns ERR_BUSY on the event thread.
 */
int client_reenumerate(struct client *client);
int client_refresh(struct client *client);

/*
 * A listener to what the replica learns. `changed` is called on the event thread with no lock held,
 * for one change after the other, when the view shows the change already. change is of
 * configuration or of live rows: the family of its ops says which. When change is NULL, the replica
 * was loaded anew: compare before and after.
 */
struct client_listener {
	struct client_listener *next;
	void (*changed)(struct client_listener *listener, const struct client_view *before,
			const struct client_view *after, const struct change *change);
};

void client_listen(struct client *client, struct client_listener *listener);
/*
 * When this returns, the listener does not run and will not run again. Called from the listener's
 * own callback, it does not wait for that.
 */
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
 * Make one REST call. method: "GET", "POST", …; path: "/v1/…", already escaped; body: borrowed, may
 * be NULL. A change carries a request id that is made here, and is tried again with it when the
 * connection breaks, so that it happens once. *ret_json is the answer (a new reference; NULL when
 * there was none); ret_json itself may be NULL. With a replica the function waits until the replica
 * shows what the answer names. Returns 0, or the array's code with its text.
 */
int client_call(struct client *client, const char *method, const char *path, json_t *body,
		json_t **ret_json);
/* Make one REST call with a request id that the caller chose, for example to try again later. */
int client_call_with_id(struct client *client, const char *method, const char *path, json_t *body,
			const struct guid *request_id, json_t **ret_json);

/*
 * Asks for a verb of the table (model/verbs.h).  ids: those of the path, NULL when it has none;
 * args: those of the query and the body, NULL = none.  Otherwise as client_call; also ERR_INVALID
 * (an argument that cannot be sent; its text names the member).
 */
int client_ask(struct client *client, enum verb_id verb, const struct guid *ids,
	       const struct verb_args *args, json_t **ret_json);
/* Asks for a verb that changes something, and decodes its answer.  ret_answer may be NULL. */
int client_change(struct client *client, enum verb_id verb, const struct guid *ids,
		  const struct verb_args *args, struct client_answer *ret_answer);
/*
 * Read all pages of a list (args->limit and args->after are not used) into a new JSON array of its
 * items, which the caller owns.  Errors as client_ask, and ERR_PROTOCOL (the answer is no list).
 */
int client_list(struct client *client, enum verb_id verb, const struct guid *ids,
		const struct verb_args *args, json_t **ret_items);

/*
 * Typed changes: client_change with the arguments as parameters.  What each does, and its errors,
 * stands in array/array.h at the function of that name.  ret_answer may be NULL.
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
int client_portal_set_status(struct client *client, const struct guid *portal,
			     enum row_status status, struct client_answer *ret_answer);
/*
 * Set a portal offline and have its sessions end: their initiators are asked to log out, and after
 * drain_ms (1 … 3,600,000) what is left is ended.  Returns as client_portal_set_status, at once.
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
/*
 * Waits (on the stream with a replica, else by asking) until the job has ended; its row
 * (row_unref).  timeout_ms < 0: for ever.  ERR_TIMEOUT.
 */
int client_job_wait(struct client *client, const struct guid *job, int timeout_ms,
		    struct row_job **ret_job);

#endif
