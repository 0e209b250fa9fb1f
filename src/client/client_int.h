/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the client: a transport (HTTP on a socket), a board on which the replica's newest
 * view hangs, the replica that the event thread keeps, and the calls.
 *
 * Locks, in this order where two are held: client.lock, replica.lock.  The others (transport, board
 * shard, listeners) are leaves: nothing is called and nothing else is locked under them.
 */
#ifndef VDS_CLIENT_CLIENT_INT_H
#define VDS_CLIENT_CLIENT_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/list.h"
#include "base/str.h"
#include "client/client.h"
#include "wire/wire.h"

/* Times that tests shorten. */
struct client_tuning {
	uint64_t stale_ns;       /* without contact for longer, there is no trust */
	uint64_t backoff_max_ns; /* between attempts to reach the array again */
	uint64_t silence_ns;     /* a stream without a byte for longer is given up */
	uint64_t retry_ns;       /* how long a broken call is tried again */
	uint64_t wait_ns;        /* how long a call waits for the replica to show it */
	long call_ms;            /* one attempt of a call */
};

extern const struct client_tuning client_tuning_default;

/* ---- conn.c: one connection ---- */

/* Where vdsd is.  Constant after client_transport_init. */
struct client_peer {
	char *socket_path; /* owned; NULL = TCP */
	char *name;        /* for the Host header, and for messages over TCP; owned */
	uint16_t port;
	bool six;    /* at ::1, else at 127.0.0.1 */
	bool either; /* "localhost": at ::1 too */
};

struct client_conn {
	struct list node;                       /* in the transport's idle or busy; its lock */
	int fd;                                 /* -1 = not connected */
	int wake_fd;                            /* eventfd */
	bool (*stop)(struct client_conn *conn); /* asked before each wait: shall it end? */
	void *owner;                            /* for stop */
};

struct client_conn *client_conn_new(void);       /* NULL: no memory, or no descriptor */
void client_conn_free(struct client_conn *conn); /* accepts NULL */
/* Has stop be asked again.  Any thread. */
void client_conn_wake(struct client_conn *conn);
/* Has an idle connection been closed by its peer? */
bool client_conn_is_dead(const struct client_conn *conn);
/* Returns 0, or -errno (-ETIMEDOUT: deadline_ns, a monotonic time, has passed, or stop). */
int client_conn_connect(struct client_conn *conn, const struct client_peer *peer,
			uint64_t deadline_ns);
/*
 * Send all bytes.  A peer that has closed is no error here, since its answer may still be read.
 * Returns 0, ERR_CANCELLED (stop), ERR_TIMEOUT (deadline_ns; 0 = none) or -errno.
 */
int client_conn_send(struct client_conn *conn, const char *bytes, size_t len, uint64_t deadline_ns);
/*
 * Wait for bytes.  Returns how many were read, 0 when the peer has closed, or as client_conn_send.
 */
ssize_t client_conn_recv(struct client_conn *conn, char *buf, size_t size, uint64_t deadline_ns);
/* The peer for messages: its path, or its address and port. */
const char *client_peer_text(const struct client_peer *peer);

/* ---- transport.c ---- */

struct client_transport {
	struct client_peer peer;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* closing, or one less busy */
	struct list idle, busy; /* struct client_conn; lock */
	bool closing;           /* lock */
	atomic_bool reached;    /* an answer has come once */
};

struct client_request {
	const char *method, *path;
	const char *body;      /* JSON text; NULL = none */
	const struct guid *id; /* NULL = none */
	long timeout_ms;
};

struct client_reply {
	long status;
	struct strbuf body;
};

/*
 * Prepares a transport to `url` (as in client_open, not NULL); connects to nothing yet.  Returns 0,
 * ERR_INVALID (the URL is of no known form) or -ENOMEM; client_transport_close and _fini are called
 * also after an error.
 */
int client_transport_init(struct client_transport *t, const char *url);
/* Ends every call that is under way, and every later one, with ERR_CLOSED.  Any thread. */
void client_transport_close(struct client_transport *t);
/* Waits until no call is under way and frees everything.  Called after client_transport_close. */
void client_transport_fini(struct client_transport *t);
/*
 * Sends a request once and reads the answer, of any status, into *ret_reply (the caller frees its
 * body with strbuf_fini).  *ret_sent: the request may have reached the array.  Returns 0,
 * ERR_UNREACHABLE (no answer came), ERR_TIMEOUT (request->timeout_ms has passed), ERR_CLOSED (the
 * transport was closed), ERR_PROTOCOL (the answer is not HTTP), ERR_LIMIT (it is longer than 1 GiB)
 * or -ENOMEM.
 */
int client_transport_call(struct client_transport *t, const struct client_request *request,
			  struct client_reply *ret_reply, bool *ret_sent);
/* Waits for `ns`.  Returns 0, or ERR_CLOSED as soon as the transport is closed. */
int client_transport_pause(struct client_transport *t, uint64_t ns);

/*
 * The reader of a stream, called by the thread that reads it.  bytes: takes a piece; a non-zero
 * result ends the stream.  stop: asked before each wait, and after client_transport_wake; true ends
 * the stream. silence_ns: after so long without a byte the stream is given up.
 */
struct client_sink {
	int (*bytes)(struct client_sink *sink, const char *bytes, size_t len);
	bool (*stop)(struct client_sink *sink);
	uint64_t silence_ns;
};

/*
 * Reads a stream until it ends.  Returns 0 when the peer ended it, ERR_CANCELLED when stop returned
 * true, ERR_TIMEOUT after silence_ns without a byte, what bytes returned, the code of an error
 * object that came instead of a stream, or as client_transport_call.
 */
int client_transport_stream(struct client_transport *t, const char *path, struct client_sink *sink);
/* Has the stop function of every stream be asked again.  Any thread. */
void client_transport_wake(struct client_transport *t);

/*
 * Returns 0 for a status of 2xx, else the code of the error object in the reply, with its text set;
 * ERR_PROTOCOL when there is none.
 */
int client_reply_code(const struct client_reply *reply);
/*
 * Parses the body of a reply; *ret_json is NULL when it is empty, else the caller's reference.
 * Returns 0, ERR_PROTOCOL (it is not JSON) or -ENOMEM.
 */
int client_reply_json(const struct client_reply *reply, json_t **ret_json);
/* Parses a text.  Returns 0, ERR_PROTOCOL (it is not JSON) or -ENOMEM. */
int client_json_parse(const char *text, size_t len, json_t **ret_json);
/*
 * Appends the compact text of a JSON value.  (json_dumps would allocate with the allocator that the
 * host program may have set.)  Returns 0 or -ENOMEM.
 */
int client_json_text(const json_t *json, struct strbuf *text);

/* Makes a condition variable that waits by the monotonic clock. */
void client_cond_init(pthread_cond_t *cond);
/* Waits as pthread_cond_timedwait does, until that monotonic time. */
int client_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t until_ns);

/* ---- board.c ---- */

/*
 * Where readers find the newest view.  Each shard has a view of its own (state_alias), so that
 * readers on different processors do not fight for one reference count; a reader takes the shard of
 * its thread.
 */
#define CLIENT_BOARD_SHARDS 8

struct client_board_shard {
	pthread_mutex_t lock;
	struct client_view view;
	char pad[128 - sizeof(pthread_mutex_t) - sizeof(struct client_view)];
};

struct client_board {
	struct client_board_shard shards[CLIENT_BOARD_SHARDS];
};

void client_board_init(struct client_board *board);
void client_board_fini(struct client_board *board);
/* Hang up what is new (NULL: that half stays).  One thread. */
void client_board_publish(struct client_board *board, const struct state *config,
			  const struct state *live);
/* References for the caller; NULLs before the first publish. */
void client_board_read(struct client_board *board, struct client_view *ret_view);

/* ---- replica.c: what is known, whether it can be trusted, and waiting for it ---- */

enum client_replica_state {
	REPLICA_LOADING, /* nothing is known yet */
	/* Loaded; no stream, or one that has not caught up.  Trusted while contact is recent. */
	REPLICA_LOST,
	REPLICA_FOLLOWING, /* on a verified stream */
	/* A gap, another digest or incarnation: only Reenumerate and Refresh cure it. */
	REPLICA_BROKEN,
};

enum client_replica_event {
	REPLICA_LOADED,   /* a snapshot, verified */
	REPLICA_VERIFIED, /* the stream is where its hello said the array was */
	REPLICA_CUT,      /* the stream ended, or there was none */
	REPLICA_BREACH,   /* what came does not fit what is known */
};

struct client_replica {
	struct client_transport *transport;
	const struct client_tuning *tuning;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t moved; /* anything under the lock has changed */

	/* under the lock */
	enum client_replica_state state;
	struct position position; /* of the view's configuration */
	struct position live;     /* of the view's live rows */
	char why[512];            /* of the last cut, breach or failed load */
	bool closing;
	uint64_t loads_asked, loads_done;
	int load_rc;     /* of the last load */
	bool identified; /* `identity` was asked for and not used yet */
	struct position identity;

	_Atomic uint64_t contact_ns; /* last contact with the array while verified */
	atomic_bool broken;          /* state is LOADING or BROKEN */

	struct client_board board;

	/* listeners.c */
	pthread_mutex_t listeners_lock;
	pthread_cond_t listener_left;
	struct client_listener *listeners, *cursor, *running;

	/* the event thread's own */
	struct client_view view;   /* what is on the board */
	struct wire_format format; /* in which the view came */
	bool outdated;        /* the stream cannot go on from the view: the snapshot is due again */
	struct position goal; /* where the hello said the array is */
	bool greeted, verified;
	struct state *live_start; /* of the hello: live rows follow */
};

/*
 * Starts the event thread and waits for the first load.  0 or why there is none; then it is ended
 * already.
 */
int client_replica_start(struct client_replica *r, struct client_transport *transport,
			 const struct client_tuning *tuning);
/* Wakes everyone who waits: ERR_CLOSED. */
void client_replica_close(struct client_replica *r);
/* Joins the thread, frees all. */
void client_replica_fini(struct client_replica *r);

/*
 * The one place where the state changes: by the table of replica.c; why: a text for BREACH and CUT.
 */
void client_replica_step(struct client_replica *r, enum client_replica_event event,
			 const char *why);
/* May the view be trusted now?  0 or ERR_CACHE_CORRUPT with a text. */
int client_replica_trust(struct client_replica *r);
/* Contact with the array, verified. */
void client_replica_touch(struct client_replica *r);
/*
 * Until the view has that sequence.  0, ERR_CACHE_CORRUPT, ERR_TIMEOUT, ERR_CLOSED.  On the event
 * thread: 0 at once.
 */
int client_replica_wait(struct client_replica *r, uint64_t sequence);
/*
 * Waits until the view's live rows have that version of that boot of the array, or until they are
 * of a boot that began meanwhile: then what is waited for is void.  Returns 0, ERR_CACHE_CORRUPT
 * (the replica is broken), ERR_TIMEOUT, ERR_CLOSED.  On the event thread: 0 at once.
 */
int client_replica_wait_live(struct client_replica *r, const struct guid *boot, uint64_t version);
/*
 * Has the event thread load a snapshot and waits for it.  0, why it failed, ERR_CACHE_CORRUPT,
 * ERR_BUSY on the event thread.
 */
int client_replica_refresh(struct client_replica *r);
/* The array was asked who it is: the next load may be of that one. */
void client_replica_identify(struct client_replica *r, const struct position *identity);
bool client_replica_is_own_thread(const struct client_replica *r);
enum client_replica_state client_replica_state(struct client_replica *r);

/* ---- follow.c: the event thread ---- */

void *client_follow_main(void *replica);

/* ---- listeners.c ---- */

void client_listeners_init(struct client_replica *r);
void client_listeners_fini(struct client_replica *r);
void client_listeners_call(struct client_replica *r, const struct client_view *before,
			   const struct client_view *after, const struct change *change);

/* ---- client.c ---- */

struct client {
	struct client_transport transport;
	struct client_tuning tuning;
	enum client_mode mode;
	struct client_replica replica; /* CLIENT_REPLICA only */
	pthread_mutex_t lock;
	pthread_cond_t left;
	unsigned calls; /* under way; lock */
	bool closing;   /* lock */
};

/* client_open with other times.  For tests. */
int client_open_tuned(const char *url, enum client_mode mode, const struct client_tuning *tuning,
		      struct client **ret_client);
/* Around everything that may wait, so that client_close can: 0 or ERR_CLOSED. */
int client_enter(struct client *client);
void client_leave(struct client *client);

#endif
