/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of src/client share, grouped by the file that defines it: a transport (HTTP on a
 * socket), a board where readers find the newest view of the replica, the replica itself, which the
 * event thread keeps up to date, and the calls.  Private to src/client and its tests.
 *
 * Locks, in this order where two are held: client.lock, replica.lock.  The others (transport, board
 * shard, listeners) are leaves: nothing is called and nothing else is locked under them.
 */
#ifndef VDS_CLIENT_CLIENT_INT_H
#define VDS_CLIENT_CLIENT_INT_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/list.h"
#include "base/slot.h"
#include "base/sock.h"
#include "base/spin.h"
#include "base/str.h"
#include "base/thread.h"
#include "client/client.h"
#include "tls/tls.h"
#include "wire/wire.h"

/* Times that have one value in programs and shorter values in tests. */
struct client_tuning {
	uint64_t stale_ns; /* the replica is not trusted when the last contact is longer ago */
	uint64_t backoff_max_ns; /* the longest pause between two attempts to reach the array */
	uint64_t silence_ns;     /* a stream that brought no byte for so long is closed */
	uint64_t retry_ns;       /* how long a call is repeated whose connection breaks */
	/*
	 * how long a client with a replica asks for the outcome of a change whose answer was lost
	 */
	uint64_t resolve_ns;
	uint64_t wait_ns; /* how long a call waits until the replica shows its change */
	long call_ms;     /* how long one attempt of a call may take; 0 = without a limit */
	/* how long the array may take to say who it is, and be silent in a snapshot */
	long look_ms;
};

extern const struct client_tuning client_tuning_default;

/* ---- conn.c: one connection ---- */

/* Where one vdsd is.  Constant after client_peers_init. */
struct client_peer {
	char *socket_path; /* owned; NULL = TCP */
	char *name; /* name of the host for the Host header and for messages over TCP; owned */
	uint16_t port;
	bool six;                /* true: the address ::1; false: 127.0.0.1 */
	bool either;             /* the host is "localhost": 127.0.0.1 and ::1 are both tried */
	char *host;              /* over TLS: its name or numeric address without brackets; owned */
	struct tls_context *tls; /* whom we trust; NULL = no TLS */
};

/* ---- url.c ---- */

#define CLIENT_PEERS_MAX 64

/*
 * Reads the URLs in options->url (not NULL) and, over TLS, the files that the other options name.
 * Sets *ret_peers and *ret_count, also after an error; the caller frees them with
 * client_peers_fini.  Returns 0, ERR_INVALID (a URL is of no known form, or a file or a fingerprint
 * is not what it should be), ERR_ACCESS (others may read the key), ERR_NOT_SUPPORTED (TLS on
 * Windows), -errno or
 * -ENOMEM.
 */
int client_peers_init(const struct client_options *options, struct client_peer **ret_peers,
		      size_t *ret_count);
void client_peers_fini(struct client_peer *peers, size_t count); /* accepts NULL */

/* A connection to vdsd. One thread uses it at a time. */
struct client_conn {
	struct list node;     /* in one of the transport's lists, guarded by the transport's lock */
	struct sock sock;     /* another thread ends a wait with sock_wake */
	struct tls_conn *tls; /* NULL = no TLS, or not connected */
	const struct client_peer *peer; /* whom it is connected to, or will be; borrowed */
	/* called before each wait; true ends what the connection does */
	bool (*stop)(struct client_conn *conn);
	void *owner; /* for the use of stop */
};

struct client_conn *client_conn_new(void);       /* NULL when out of memory or descriptors */
void client_conn_free(struct client_conn *conn); /* accepts NULL */
/* Makes the connection's waiting thread call stop again. Any thread. */
void client_conn_wake(struct client_conn *conn);
/* Returns true when the peer has closed an idle connection. */
bool client_conn_is_dead(const struct client_conn *conn);
/*
 * Connects, and over TLS shakes hands.  Returns 0, or -errno; -ETIMEDOUT when deadline_ns (a
 * monotonic time) has passed or stop has returned true; over TLS also ERR_UNREACHABLE (the host has
 * no address), ERR_UNTRUSTED and ERR_PROTOCOL as tls_handshake.
 */
int client_conn_connect(struct client_conn *conn, const struct client_peer *peer,
			uint64_t deadline_ns);
/*
 * Sends all bytes.  A peer that has closed the connection is no error here, because its answer may
 * still be read.  Returns 0, ERR_CANCELLED (stop returned true), ERR_TIMEOUT (deadline_ns has
 * passed; 0 = no deadline) or -errno.
 */
int client_conn_send(struct client_conn *conn, const char *bytes, size_t len, uint64_t deadline_ns);
/*
 * Waits for bytes.  Returns how many were read; 0 when the peer has closed; ERR_CANCELLED (stop
 * returned true), ERR_TIMEOUT (deadline_ns has passed; 0 = no deadline) or -errno.
 */
ssize_t client_conn_recv(struct client_conn *conn, char *buf, size_t size, uint64_t deadline_ns);
/*
 * Waits until the socket is ready for `events`, the wait is ended by client_conn_wake, or it is
 * deadline_ns (0 = never).  Returns 0 or ERR_TIMEOUT.
 */
int client_conn_wait(struct client_conn *conn, enum sock_events events, uint64_t deadline_ns);
/* Returns the peer for messages: the path of its socket, or its address and port. */
const char *client_peer_text(const struct client_peer *peer);

/* ---- resolve.c ---- */

#define CLIENT_ADDRESSES_MAX 8

/* Addresses of the system's own form. */
struct client_addresses {
	struct {
		_Alignas(8) char bytes[32];
		unsigned len;
	} items[CLIENT_ADDRESSES_MAX];
	size_t count; /* at least 1 */
};

/*
 * Finds the addresses of peer->host with its port, in the order in which they are to be tried.
 * Returns 0, ERR_UNREACHABLE (there is none, or it was not found in time), ERR_CANCELLED
 * (conn->stop returned true), ERR_NOT_SUPPORTED (on Windows), -errno or -ENOMEM.  The connection's
 * thread.
 */
int client_resolve(struct client_conn *conn, const struct client_peer *peer, uint64_t deadline_ns,
		   struct client_addresses *ret_addresses);

/* ---- transport.c ---- */

/*
 * The peers are the gateways of one array.  All requests and streams go to the current one; when it
 * fails, the next one becomes the current one, and what still waits for an answer from any other
 * one ends.
 */
struct client_transport {
	struct client_peer *peers; /* owned; constant after client_transport_init */
	size_t peer_count;
	_Atomic size_t current; /* index in peers */
	pthread_mutex_t lock;
	/* signalled when the transport closes or a connection becomes idle */
	pthread_cond_t changed;
	struct list idle, busy; /* struct client_conn, guarded by lock */
	bool closing;           /* guarded by lock */
	atomic_bool reached;    /* at least one answer has arrived */
	char *token_file;       /* owned; NULL = none.  Constant after client_transport_init */
	char *token;            /* what it holds; owned; guarded by lock */
};

/* ---- token.c ---- */

/*
 * Reads the file `given`, or without one (NULL) the file that VDS_TOKEN_FILE names; "" stands for
 * none.  Returns 0 (also when there is none), ERR_ACCESS (others may read the file), ERR_INVALID
 * (it holds no token), -errno (it cannot be read) or -ENOMEM.
 */
int client_token_init(struct client_transport *t, const char *given);
void client_token_fini(struct client_transport *t);
/* Adds the header with the token, if there is one.  Returns 0 or -ENOMEM. */
int client_token_header(struct client_transport *t, struct strbuf *text);
/* Reads the file again.  Returns whether it holds another token now. */
bool client_token_renew(struct client_transport *t);

struct client_request {
	const char *method, *path;
	const char *body;      /* JSON text; NULL = none */
	const struct guid *id; /* the request id; NULL = none */
	long timeout_ms;
};

struct client_reply {
	long status;
	const struct client_peer *peer; /* who has answered */
	struct strbuf body;
};

/*
 * Makes one REST call as client_call does, with a body that is a text of JSON already; NULL = none.
 */
int client_call_text(struct client *client, const char *method, const char *path, const char *body,
		     json_t **ret_json);
/*
 * Prepares a transport to options->url (not NULL); connects to nothing yet.  Returns as
 * client_peers_init; client_transport_close and _fini are called also after an error.
 */
int client_transport_init(struct client_transport *t, const struct client_options *options);
/* Ends every call that is under way, and every later call, with ERR_CLOSED. Any thread. */
void client_transport_close(struct client_transport *t);
/*
 * Waits until no call is under way and closes every connection.  Called after
 * client_transport_close.
 */
void client_transport_drain(struct client_transport *t);
/* Lets calls begin again after client_transport_drain. */
void client_transport_reopen(struct client_transport *t);
/* Drains the transport and frees everything.  Called after client_transport_close. */
void client_transport_fini(struct client_transport *t);
/*
 * Sends a request once and reads the answer, of any status, into *ret_reply (the caller frees its
 * body with strbuf_fini).  Peers that cannot be connected to are passed over.  *ret_sent: the
 * request may have reached the array.  Returns 0, ERR_UNREACHABLE (no answer came), ERR_ACCESS (the
 * user may not use the socket), ERR_TIMEOUT
 * (request->timeout_ms has passed), ERR_CLOSED (the transport was closed), ERR_PROTOCOL (the answer
 * is not HTTP), ERR_UNTRUSTED (the certificate of the array is not to be trusted), ERR_LIMIT (it is
 * longer than 1 GiB) or -ENOMEM.
 */
int client_transport_call(struct client_transport *t, const struct client_request *request,
			  struct client_reply *ret_reply, bool *ret_sent);
/*
 * Leaves a peer (NULL = the current one): when it is still the current one and there are others,
 * the next one becomes that, and what waits for an answer from another one ends with
 * ERR_UNREACHABLE. Any thread.
 */
void client_transport_leave(struct client_transport *t, const struct client_peer *peer);
/* Waits for `ns`.  Returns 0, or ERR_CLOSED as soon as the transport is closed. */
int client_transport_pause(struct client_transport *t, uint64_t ns);

/*
 * The reader of a stream; its functions run on the thread that reads the stream.  bytes: is called
 * with each piece; a non-zero result ends the stream.  stop: is called before each wait and after
 * client_transport_wake; true ends the stream.  silence_ns: the stream ends after so long without a
 * byte.
 */
struct client_sink {
	int (*bytes)(struct client_sink *sink, const char *bytes, size_t len);
	bool (*stop)(struct client_sink *sink);
	uint64_t silence_ns;
};

/*
 * Reads a stream until it ends.  Returns 0 (the peer ended it), ERR_CANCELLED (stop returned true),
 * ERR_TIMEOUT (silence_ns passed without a byte), the non-zero result of bytes, the code of an
 * error object that was received instead of a stream, or the codes of client_transport_call.
 */
int client_transport_stream(struct client_transport *t, const char *path, struct client_sink *sink);
/* Makes the thread of every stream call its stop function again. Any thread. */
void client_transport_wake(struct client_transport *t);

/*
 * Returns 0 for a status of 2xx; otherwise the code of the error object in the reply, whose text is
 * set; or ERR_PROTOCOL (there is no such object).
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

/* ---- board.c ---- */

/*
 * The board: where readers find the newest view.  Each shard has copies of its own of the view's
 * states (state_alias), so that readers on different processors do not compete for one reference
 * count.  A reader uses the shard of its thread's slot (base/slot.h).
 */
#define CLIENT_BOARD_SHARDS 8

struct client_board_shard {
	char before[SLOT_APART]; /* other shards, and what all threads read */
	struct spin lock;
	struct client_view view;
};

struct client_board {
	struct client_board_shard shards[CLIENT_BOARD_SHARDS];
	char after[SLOT_APART];
};

void client_board_init(struct client_board *board);
void client_board_fini(struct client_board *board);
/* Replaces the view on the board (NULL: that half stays as it is). One thread. */
void client_board_publish(struct client_board *board, const struct state *config,
			  const struct state *live);
/* Takes the view off the board: both states are NULL for readers from now on. */
void client_board_clear(struct client_board *board);
/*
 * Returns the view with references for the caller; both states are NULL before the first publish.
 * Any thread.
 */
void client_board_read(struct client_board *board, struct client_view *ret_view);

/* ---- replica.c: what is known, whether it can be trusted, and waiting for it ---- */

enum client_replica_state {
	REPLICA_LOADING, /* nothing is known yet */
	/*
	 * Loaded, but without a stream, or with a stream that has not yet brought everything.
	 * Trusted as long as the last contact is recent.
	 */
	REPLICA_LOST,
	REPLICA_FOLLOWING, /* loaded, and a verified stream keeps it up to date */
	/*
	 * The stream had a gap, another digest or another incarnation.  Only Reenumerate and
	 * Refresh end this state.
	 */
	REPLICA_BROKEN,
};

enum client_replica_event {
	REPLICA_LOADED,   /* a snapshot was loaded and verified */
	REPLICA_VERIFIED, /* the stream has reached the position that its first event named */
	REPLICA_CUT,      /* the stream ended, or could not be opened */
	REPLICA_BREACH,   /* an event contradicts what the replica knows */
};

struct client_replica {
	struct client_transport *transport;
	const struct client_tuning *tuning;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t moved; /* signalled when anything under the lock has changed */

	/* The fields below are guarded by `lock`. */
	enum client_replica_state state;
	struct position position; /* position of the view's configuration */
	struct position live;     /* position of the view's live rows */
	char why[512];            /* the text of the last cut, breach or failed load */
	bool closing;             /* the event thread is to end, or has not been started */
	uint64_t loads_asked, loads_done;
	int load_rc;     /* the result of the last load */
	bool identified; /* client_reenumerate has stored `identity`, and no load has used it yet */
	struct position identity;

	/* time of the last contact with the array while the stream was verified */
	_Atomic uint64_t contact_ns;
	atomic_bool broken; /* true when state is REPLICA_LOADING or REPLICA_BROKEN */

	struct client_board board;

	/* The listeners, guarded by listeners_lock (listeners.c). */
	pthread_mutex_t listeners_lock;
	pthread_cond_t listener_left;
	struct client_listener *listeners, *cursor, *running;

	/* Only the event thread uses the fields below. */
	struct client_view view;   /* the view that is on the board */
	struct wire_format format; /* the version of the format in which the view was received */
	/* the stream cannot continue from the view: a snapshot must be loaded again */
	bool outdated;
	struct position goal; /* the position of the array that the stream's first event named */
	bool greeted, verified;
	uint64_t behind_ns; /* when a gateway was first behind the view; 0 = none is */
	bool told_lost;     /* the listeners were told that the array is lost */
	/*
	 * the live rows that a new stream has brought so far; nobody sees them until they are
	 * complete
	 */
	struct state *live_start;
};

/* Prepares a replica that knows nothing and has no event thread yet. */
void client_replica_init(struct client_replica *r, struct client_transport *transport,
			 const struct client_tuning *tuning);
/* Starts the event thread, which begins with a load.  Returns 0 or -errno (no thread). */
int client_replica_start(struct client_replica *r);
/* Waits for the first load.  Returns 0, or why the load failed. */
int client_replica_ready(struct client_replica *r);
/*
 * Wakes every thread that waits, whose call returns ERR_CLOSED, and tells the event thread to end.
 */
void client_replica_close(struct client_replica *r);
/*
 * Waits for the end of the event thread and forgets the view.  Called after client_replica_close.
 */
void client_replica_stop(struct client_replica *r);
/* Stops the replica and frees everything.  Called after client_replica_close. */
void client_replica_fini(struct client_replica *r);

/*
 * Changes the state by the table in replica.c; no other function changes it.  why: a text for
 * REPLICA_BREACH and REPLICA_CUT.
 */
void client_replica_step(struct client_replica *r, enum client_replica_event event,
			 const char *why);
/* Returns 0 when the view may be trusted now, or ERR_CACHE_CORRUPT with a text. */
int client_replica_trust(struct client_replica *r);
/* Notes that there was contact with the array on a verified stream. */
void client_replica_touch(struct client_replica *r);
/*
 * Waits until the view has that sequence.  Returns 0, ERR_CACHE_CORRUPT (the replica is broken),
 * ERR_TIMEOUT (the change did not arrive in time) or ERR_CLOSED. On the event thread returns 0 at
 * once.
 */
int client_replica_wait(struct client_replica *r, uint64_t sequence);
/* Returns the boot of the array, or of the gateway, whose live rows the view has. */
struct guid client_replica_boot(struct client_replica *r);
/*
 * Waits until the view's live rows have that version of that boot of the array, or until they
 * belong to another boot than `before` (client_replica_boot before the call that is waited for),
 * which makes the version meaningless.  Returns 0,
 * ERR_CACHE_CORRUPT (the replica is broken), ERR_TIMEOUT (the rows did not arrive in time) or
 * ERR_CLOSED. On the event thread returns 0 at once.
 */
int client_replica_wait_live(struct client_replica *r, const struct guid *boot, uint64_t version,
			     const struct guid *before);
/*
 * Makes the event thread load a snapshot, and waits for that.  Returns 0, why the load failed,
 * ERR_CACHE_CORRUPT (the replica is broken and client_replica_identify was not called), or ERR_BUSY
 * (called on the event thread).
 */
int client_replica_refresh(struct client_replica *r);
/*
 * Stores the identity that the array reported: the next load may be of that array and incarnation.
 */
void client_replica_identify(struct client_replica *r, const struct position *identity);
/* Returns what the view is worth at this moment. Any thread. */
enum client_contact client_replica_contact(struct client_replica *r);
bool client_replica_is_own_thread(const struct client_replica *r);
enum client_replica_state client_replica_state(struct client_replica *r);

/* ---- follow.c: the event thread ---- */

/* The function of the event thread. */
void *client_follow_main(void *replica);

/* ---- listeners.c ---- */

void client_listeners_init(struct client_replica *r);
void client_listeners_fini(struct client_replica *r);
/* Calls every listener, one after the other, with no lock held. Event thread. */
void client_listeners_call(struct client_replica *r, const struct client_view *before,
			   const struct client_view *after, const struct change *change);
/*
 * Tells every listener, in the same way, that the array is lost or that it is back. Event thread.
 */
void client_listeners_contact(struct client_replica *r, bool lost);

/* ---- client.c ---- */

struct client {
	struct client_transport transport;
	struct client_tuning tuning;
	enum client_mode mode;
	struct client_replica replica; /* used only in the mode CLIENT_REPLICA */
	pthread_mutex_t lock;
	pthread_cond_t left;
	unsigned calls; /* calls that are under way; guarded by lock */
	bool closing;   /* the client is stopped, or has not been started; guarded by lock */
};

/* Opens a client with other times. For tests. */
int client_open_tuned(const char *url, enum client_mode mode, const struct client_tuning *tuning,
		      struct client **ret_client);
/*
 * Called around everything that may wait, so that client_close can wait until no call is under way.
 * client_enter returns 0, or ERR_CLOSED (client_close was called).
 */
int client_enter(struct client *client);
void client_leave(struct client *client);

#endif
