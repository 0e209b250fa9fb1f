/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to the folder http: what its files share.  A request becomes a call (verb, ids,
 * arguments), the verb's handler fills a reply, and the connection sends the reply.  Only server.c,
 * conn.c, listen.c and principal.c use sockets; the other files are plain functions, which the
 * thread of the connection calls.  Prototypes are grouped by the file that defines them.
 */
#ifndef VDS_HTTP_HTTP_INT_H
#define VDS_HTTP_HTTP_INT_H

#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "array/array.h"
#include "base/list.h"
#include "base/str.h"
#include "http/http.h"
#include "model/state.h"
#include "model/verbs.h"
#include "wire/wire.h"
#include "wire/wire_http.h"

#define HTTP_BODY_MAX            (1u << 20)
#define HTTP_DOCUMENT_MAX        (64u << 20) /* of a verb that takes a document */
#define HTTP_CONNECTIONS_DEFAULT 256
#define HTTP_TEXT_SLOTS          64
#define HTTP_OWNER_SIZE          (PRINCIPAL_NAME_SIZE + 16)

/*
 * A cache of the JSON texts of the latest changes (texts.c), so that each change is encoded only
 * once for all streams.
 */
struct http_text {
	struct change *change; /* the key of the cache; holds a reference */
	atomic_uint refs;
	size_t len;
	char text[];
};

struct http_texts {
	pthread_mutex_t lock;
	struct http_text *slots[HTTP_TEXT_SLOTS];
};

/* The ways in: each has limits of its own.  TLS has any number of listening sockets. */
enum http_way { HTTP_UNIX, HTTP_TCP, HTTP_TLS, HTTP_WAYS };

/* For a peer to read why it was refused, before its unread bytes reset the connection. */
#define HTTP_LINGER_MS    5000
#define HTTP_LINGER_BYTES (1u << 20)

#define HTTP_REFUSED_MAX 32u

/* Connections that were refused for want of a place and are not closed yet, the oldest first. */
struct http_refused {
	size_t count;
	struct {
		int fd;
		uint32_t left_bytes; /* how much is still read and dropped */
		uint64_t until_ns;   /* clock_mono_ns */
	} of[HTTP_REFUSED_MAX];
};

struct http_socket {
	int fd;               /* -1 = not listening; of HTTP_TLS always */
	unsigned connections; /* guarded by http->lock */
	atomic_uint streams;
};

/*
 * A cache of the name of the user who asked last (principal.c).  It is kept for a minute, because
 * looking a name up may take milliseconds.
 */
struct http_names {
	pthread_mutex_t lock;
	uint32_t uid;
	uint64_t until_ns; /* 0 = the cache is empty */
	char name[PRINCIPAL_NAME_SIZE];
};

/* What the files of TLS looked like when they were read last. */
struct http_tls_stamp {
	struct {
		uint64_t device, inode, size;
		int64_t changed_ns[2]; /* the contents; the inode */
		int error;
	} files[4];
};

/* The certificate in use, and the thread that notices a new one: certs.c. */
struct http_certs {
	char *cert, *key, *client_ca, *client_crl; /* paths; owned; the last two may be NULL */
	char **names;                              /* further host names; owned */
	size_t name_count;
	pthread_mutex_t lock;
	struct tls_context *context; /* lock */
	pthread_mutex_t loading;     /* one reload at a time; guards the fields below */
	struct http_tls_stamp stamp;
	uint64_t warned_ns;     /* when its end was announced last; 0 = not yet */
	uint64_t crl_warned_ns; /* when the end of the revocation lists was; 0 = not yet */
	pthread_t watcher;
	bool watches; /* the thread runs */
};

/* A listening socket of TLS. */
struct http_tls_listener {
	int fd;
	char address[64]; /* "127.0.0.1:8443" */
};

/* The roles of users: roles.c. */
struct http_grant;

struct http_roles {
	struct http_grant *grants; /* owned */
	size_t count, capacity;
	bool restricted;           /* a key was given: who is in none has no role */
	enum principal_role trust; /* of programs over loopback TCP without a token */
};

/* Counts of wrong tokens: auth.c. */
struct http_wrong_source {
	char source[PRINCIPAL_FROM_SIZE];
	uint64_t second;
	unsigned count; /* in that second */
};

struct http_wrong {
	pthread_mutex_t lock;
	struct http_wrong_source sources[64];
	uint64_t recorded_second;
	unsigned recorded; /* in that second */
	uint64_t said_second;
	unsigned unsaid; /* since the last line in the log */
};

/* Who is behind a connection, as the kernel knows it.  Constant after http_peer_get. */
struct http_peer {
	struct principal principal; /* without a role */
	uint32_t *groups;           /* of a unix user; owned */
	size_t group_count;
};

struct http {
	struct array *array;
	struct http_texts texts;
	struct http_names names;
	struct http_limits limits;
	pthread_mutex_t scrape_lock; /* held while the text of /metrics is made */
	size_t scrape_text_max;      /* bytes of that text, for tests; 0 = SCRAPE_TEXT_MAX */
	pthread_mutex_t roles_lock;
	struct http_roles roles; /* roles_lock */
	struct http_wrong wrong;
	unsigned max_connections, max_streams; /* limits of each way in */
	atomic_bool stopping;
	char *socket_path; /* the socket that http_stop removes; NULL = none */
	uint16_t tcp_port;
	struct http_socket sockets[HTTP_WAYS];
	struct http_certs certs;
	struct http_tls_listener *tls; /* owned */
	size_t tls_count;
	int wake_fd; /* becomes readable when `stopping` is set */
	pthread_t acceptor;
	bool accepts;                /* the thread `acceptor` runs */
	struct http_refused refused; /* the thread `acceptor` */

	pthread_mutex_t lock;
	pthread_cond_t left; /* signalled when a connection ends */
	struct list conns;   /* struct http_conn; guarded by lock */
};

/* ---- the arguments of a request: spec.c ---- */

/* Returns true when a member of the spec holds a secret.  NULL is a spec without members. */
bool http_spec_has_secret(const struct verb_spec *spec);
/*
 * Fills args from the members of a JSON object; NULL is read as an empty object.  Texts in args
 * point into json.  Returns 0, ERR_INVALID (a member is unknown, missing, of the wrong type or out
 * of its range; the text names the member, but where a secret belongs an unknown one by its place)
 * or
 * -ENOMEM.  The caller calls http_args_fini, also after
 * an error.
 */
int http_spec_body(const struct verb_spec *spec, const json_t *json, struct verb_args *args);
/*
 * Fills args from a query such as "a=b&c=d"; NULL is read as an empty query.  Decodes `query` in
 * place, and texts in args point into it.  Returns as http_spec_body.
 */
int http_spec_query(const struct verb_spec *spec, char *query, struct verb_args *args);
/* Frees the memory that args own: the lists of ids. */
void http_args_fini(struct verb_args *args);
/*
 * Decodes percent escapes in place (%41 becomes A).  plus_is_space: also converts + to a space.
 * Returns 0, or ERR_INVALID (an escape is malformed or encodes a NUL).
 */
int http_unescape(char *text, bool plus_is_space);

/* ---- calls: call.c ---- */

struct http_stream;

/* A request as the peer sent it.  All pointers are borrowed for the call. */
struct http_request {
	const char *method;
	const char *target;     /* path and query, percent-encoded */
	const char *request_id; /* value of X-Request-Id; NULL = none */
	const char *accept;     /* value of Accept; NULL = none */
	const char *body;       /* NULL = none */
	size_t body_len;
	struct principal principal; /* who asks */
	atomic_uint *streams;       /* the counter of event streams */
	struct http_conn *conn;     /* NULL = there is none: a test, or another gateway's request */
	bool is_passed;             /* another gateway has passed it to this one */
};

/* A request that is being served: the input of its verb's handler. */
struct http_call {
	struct http *http;
	struct array *array;
	const struct verb *verb;        /* NULL until the verb is found */
	const struct http_route *route; /* valid when verb is set */
	struct guid ids[2];             /* the ids in the path, in the path's order */
	struct verb_args args;
	struct array_request request;
	struct array_audit audit; /* of a verb that changes something */
	atomic_uint *streams;     /* the counter of event streams */
	const char *accept;       /* value of Accept; NULL = none */
	struct http_conn *conn;
	char *target; /* owned; decoded in place; args point into it */
	json_t *body; /* args point into it */
	/* the body of a verb that takes a document; borrowed */
	const char *document;
	size_t document_len;
	bool lacks_lease; /* this gateway may not answer now: status 503 */
};

/*
 * The output of a handler: a status and exactly one of json, text, snapshot, stream and file,
 * which the reply owns.
 */
struct http_reply {
	unsigned status;
	int code; /* the error code; 0 = no error */
	json_t *json;
	const char *text; /* static JSON, or owned_text */
	char *owned_text; /* owned; NULL = text is static */
	size_t text_len;
	const char *media_type;                /* static; NULL = JSON, or that of an event stream */
	struct wire_snapshot_writer *snapshot; /* sent in pieces; owned */
	struct http_stream *stream;
	char allow[64];     /* value of Allow, for status 405 */
	const char *header; /* a further line of the head, with its end; NULL = none */
	char *owned_header; /* more lines of the head; owned; NULL = none */
	const char *cache;  /* static; value of Cache-Control; NULL = no-store */
	int file; /* descriptor of a file, which is sent from its beginning; owned; 0 = none */
};

/*
 * Serves a request: finds its verb, checks the role and the arguments, and calls the handler.
 * Cannot fail, since every error becomes an error object in *ret_reply.  Blocks as long as the
 * handler does.  The caller calls http_reply_fini.
 */
void http_dispatch(struct http *http, const struct http_request *request,
		   struct http_reply *ret_reply);
/*
 * Records in the audit log that a request that may change something was refused with rc before
 * http_dispatch.  Keeps the text of the error.
 */
void http_audit_refused(struct http *http, const struct http_request *request, int rc);
/*
 * Turns the reply into an error object with the code, the code's HTTP status and the text that
 * err_set has left on this thread.
 */
void http_reply_error(struct http_reply *reply, int code);
/* Frees what the reply owns. */
void http_reply_fini(struct http_reply *reply);

/* ---- pass.c: requests for LUNs of other gateways ---- */

/*
 * Has the owner of the request's LUN carry it out, when that is another gateway, and fills the
 * reply with the owner's.  Returns 0; 1 (it is to be carried out here); ERR_BUSY (its LUNs have
 * several owners), ERR_UNREACHABLE (the owner does not answer) or another error with a text.
 */
int http_pass(struct http_call *call, enum verb_id verb, const struct http_request *request,
	      struct http_reply *reply);
/* Carries out what another gateway has passed: for array_gateway_serve; arg is the struct http. */
void http_serve_passed(void *arg, const void *bytes, size_t count, void **ret_reply,
		       size_t *ret_bytes);

/* ---- routes: routes.c ---- */

typedef int http_handler(struct http_call *call, struct http_reply *reply);

/*
 * How the server serves a verb: its handler, and the family of rows that the handlers http_list and
 * http_get read.
 */
struct http_route {
	http_handler *handler;
	enum row_family family; /* used by http_list and http_get */
};

extern const struct http_route http_routes[VERB_COUNT];

/*
 * Finds the verb for a method and a decoded path.  Returns 0, ERR_NOT_FOUND (no verb has this
 * path), ERR_INVALID (a part of the path is not an id; *ret_verb is set) or ERR_NOT_SUPPORTED (the
 * path exists, but only with the methods that ret_allow lists).
 */
int http_route_find(const char *method, const char *path, enum verb_id *ret_verb,
		    struct guid ret_ids[2], char *ret_allow, size_t allow_size);

/* ---- replies: reply.c ---- */

/*
 * Ends the handler of a change: fills the reply with `answer` when rc is 0.  Returns 0, rc when
 * that is negative, or -ENOMEM.
 */
int http_answer(struct http_call *call, struct http_reply *reply, int rc,
		const struct array_answer *answer);
/*
 * Fills the reply with `json`, which the reply then owns.  Returns 0, or -ENOMEM when json is NULL.
 */
int http_reply_json(struct http_reply *reply, json_t *json);
/* Returns the HTTP status for an error code (-errno included); 200 for 0.  Any thread. */
unsigned http_status(int code);

/* ---- handlers: lists.c, and a file for each noun ---- */

/*
 * Returns a row as a JSON object, merged with the data that belongs to it: its live row, or the
 * portals of a portal group.  The caller owns the object.  Returns NULL when memory is out.
 */
json_t *http_row(const struct state *config, const struct state *live, const void *row);
/* The handlers, one for each verb.  Each fills the reply, and returns 0 or the error to be sent. */
http_handler http_list, http_get, http_lun_targets, http_target_luns;
http_handler http_array_get, http_array_patch, http_snapshot, http_sync, http_check, http_backup,
	http_openapi, http_version;
http_handler http_pool_create, http_pool_patch, http_pool_delete, http_pool_adopt;
http_handler http_lun_create, http_lun_patch, http_lun_delete, http_lun_extend, http_lun_shrink,
	http_lun_max_extend, http_lun_associate, http_lun_targets_patch, http_lun_counters,
	http_lun_reservations, http_lun_reservations_clear, http_max_lun_size, http_explain;
http_handler http_host_create, http_host_patch, http_host_delete;
http_handler http_lun_history, http_pool_history;
http_handler http_lun_move;
http_handler http_lun_faults, http_lun_faults_clear, http_lun_inject;
http_handler http_trash_empty, http_trash_restore;
http_handler http_schedule_create, http_schedule_delete, http_schedule_patch, http_schedule_run;
http_handler http_snapshot_create, http_snapshot_patch, http_snapshot_delete, http_lun_rollback,
	http_clone;
http_handler http_host_group_create, http_host_group_patch, http_host_group_delete;
http_handler http_credential_set, http_credential_delete;
http_handler http_target_create, http_target_patch, http_target_delete;
http_handler http_portal_create, http_portal_patch, http_portal_delete;
http_handler http_controller_patch, http_controller_flush, http_controller_invalidate,
	http_controller_reset, http_port_patch, http_port_counters, http_port_reset, http_maintain,
	http_drive_rescan, http_gateway_add, http_gateway_remove, http_lun_move_owner;
http_handler http_group_create, http_group_patch, http_group_delete, http_group_add,
	http_group_remove;
http_handler http_job_cancel, http_job_pause, http_job_resume, http_session_end;
http_handler http_audit_list, http_token_list, http_token_create, http_token_revoke;
http_handler http_plan, http_apply, http_export, http_undo_plan, http_undo;
/*
 * Returns what the standards call a SCSI command, "READ(10)", or "" when it is not known here.  The
 * service action counts only for opcodes that have some.  (scsi_names.c)
 */
const char *http_scsi_name(uint8_t opcode, uint16_t service_action);
http_handler http_trace;
http_handler http_stats, http_health, http_metrics_get, http_principal_get;

/* ---- the event stream: events.c, texts.c ---- */

http_handler http_events;
/*
 * Copies the next bytes of an event stream to buf.  Waits for an event, at most for a second; then
 * the bytes are a heartbeat.  Returns how many bytes were copied, at most `size`; 0 = the stream
 * has ended.  The connection's thread.
 */
size_t http_stream_read(struct http_stream *stream, char *buf, size_t size);
/* Ends an event stream and frees it.  Accepts NULL. */
void http_stream_free(struct http_stream *stream);

void http_texts_init(struct http_texts *texts);
void http_texts_fini(struct http_texts *texts);
/*
 * Returns the JSON text of a change, in one line, with a reference for the caller
 * (http_text_unref).  Returns NULL when memory is out.  Any thread.
 */
struct http_text *http_texts_get(struct http_texts *texts, const struct change *change);
void http_text_unref(struct http_text *text);

/* ---- principal.c ---- */

/*
 * Finds out who is connected to the socket `fd`: its principal without a role, and the groups of a
 * unix user.  A peer that the kernel cannot identify, because it has gone, is a PRINCIPAL_OTHER,
 * which no role is given to.  Does not set the user's name; http_principal_name does.  The caller
 * frees ret_peer->groups.  The connection's thread.
 */
void http_peer_get(int fd, bool tcp, struct http_peer *ret_peer);
/*
 * Says who is behind a connection over TLS, after the handshake: the name in the client's
 * certificate (PRINCIPAL_CERTIFICATE), or somebody who has not said who that is (PRINCIPAL_TLS).
 * `principal` is what http_peer_get has found.
 */
void http_principal_tls(const struct tls_conn *tls, struct principal *principal);
/* Sets the user's name.  May wait for the host's name services.  The connection's thread. */
void http_principal_name(struct http_names *names, struct principal *principal);
/*
 * Writes what connections of the same principal have in common: the user, the token, the name in
 * the certificate, or the address of somebody who has not said who that is.
 */
void http_principal_owner(const struct http_conn *conn, char owner[HTTP_OWNER_SIZE]);
/* Writes the peer's address without the port, or "uid N". */
void http_principal_source(const struct principal *principal, char source[PRINCIPAL_FROM_SIZE]);
void http_names_init(struct http_names *names);
void http_names_fini(struct http_names *names);

/* ---- roles.c, auth.c ---- */

void http_roles_init(struct http *http);
void http_roles_fini(struct http *http);
/* Returns the role of a peer that has sent no token.  The connection's thread. */
enum principal_role http_roles_find(struct http *http, const struct http_peer *peer);
/*
 * Sets conn->principal and conn->token to who asks with this request.  Returns 0, or ERR_ACCESS
 * with a text, with the status in *ret_status and with conn->header (no token where one is needed;
 * a token that is unknown, revoked or expired), or -ENOMEM.
 */
int http_auth(struct http_conn *conn, unsigned *ret_status);
/*
 * Returns whether the attempt of somebody who may not ask at all may be recorded in the audit log:
 * ten in a second, so that nobody can fill the log or keep the writer busy.
 */
bool http_auth_may_record(struct http *http);
/*
 * Returns NULL while the principal of the connection's last request may still read; else why it may
 * not.
 */
const char *http_auth_lost(struct http_conn *conn);

/* ---- connections that are refused: refuse.c; the thread that accepts ---- */

/* Takes fd: answers 503, and closes it when the peer has, or after HTTP_LINGER_MS. */
void http_refuse(struct http_refused *refused, int fd);
/* Fills in what is to be polled, HTTP_REFUSED_MAX at most.  Returns how many. */
size_t http_refused_poll(const struct http_refused *refused, struct pollfd *fds);
/* Returns for how many milliseconds poll may wait; -1 = any. */
int http_refused_timeout(const struct http_refused *refused);
/* Reads what has come, and closes what has ended.  fds, count: of http_refused_poll just before. */
void http_refused_serve(struct http_refused *refused, const struct pollfd *fds, size_t count);
/* Closes all of them. */
void http_refused_close(struct http_refused *refused);

/* ---- connections: conn.c, server.c ---- */

/*
 * One connection.  Only the connection's thread uses the fields, except where http->lock is named:
 * that lock guards the field.
 */
struct http_conn {
	struct http *http;
	const struct http_limits *limits;
	struct list node; /* in http->conns; http->lock */
	int fd;
	enum http_way way;
	bool tcp; /* over TCP, with or without TLS */
	struct tls_context *tls_context;
	struct tls_conn *tls; /* NULL = no TLS, or no handshake yet */
	/*
	 * The certificate that the client has shown; NULL = none.  Owned; it is set once, with
	 * http->lock held.
	 */
	struct tls_peer *tls_peer;
	struct tls_context *trusted_by; /* by which tls_peer was verified last; one reference */
	bool known;     /* one of its requests was from somebody who may ask; http->lock */
	bool serving;   /* a request is complete and its reply is not sent; http->lock */
	bool ending;    /* the end of that reply is being given to the socket; http->lock */
	bool streaming; /* what it serves is an event stream; http->lock */
	char owner[HTTP_OWNER_SIZE]; /* whose request it serves: principal.c; http->lock */
	bool evicted;                /* a new connection takes its place; http->lock */
	uint64_t since_ns;           /* when `serving` changed last; http->lock */
	atomic_uint *streams;
	struct http_peer peer;
	struct principal principal; /* of the request that is served */
	struct guid token;          /* its token; zero = none */
	const char *header;         /* a line of the reply's head; NULL = none */
	bool said;                  /* the log has the refusal already */
	struct wire_http request;
	const struct page_file
		*page; /* the file for which it asks; NULL = it is a verb's request */
	struct strbuf body;
	char *in; /* bytes that were read; those from in_at to in_len - 1 are not parsed yet */
	size_t in_at, in_len;
	uint64_t begin_ns; /* when the request began */
	const char *error; /* error code of the reply, for the log */
};

/* Serves a connection until it ends.  The connection's thread. */
void http_conn_run(struct http_conn *conn);
/*
 * Notes that the connection waits: for a request, or for the peer to read a refusal.  A new
 * connection may take its place now.  The connection's thread.
 */
void http_conn_wait(struct http_conn *conn);
/*
 * Notes that the connection serves a request of conn->principal.  Returns 0, or ERR_LIMIT with a
 * text when the principal has its share of this way in already; then the connection waits, as
 * before.  The connection's thread.
 */
int http_conn_serve(struct http_conn *conn);
/*
 * Notes that the end of a reply is about to be given to the socket: who has read it may ask again,
 * and the connection counts no more for the share of its principal.  The connection's thread.
 */
void http_conn_ends_reply(struct http_conn *conn);
/* Notes that the socket does not take the bytes yet: it counts again.  The connection's thread. */
void http_conn_goes_on(struct http_conn *conn);
/*
 * Notes that what the connection serves is an event stream.  Returns 0, or ERR_LIMIT with a text
 * when the principal has its share of the event streams already.  The connection's thread.
 */
int http_conn_stream(struct http_conn *conn);
/* Notes that somebody who may ask has used the connection.  The connection's thread. */
void http_conn_known(struct http_conn *conn);

/* ---- bytes.c ---- */

/* Returns a time of the monotonic clock in ns. */
uint64_t http_after_ms(unsigned ms);
/*
 * Shakes hands, for at most handshake_ms.  Returns whether the connection can go on; otherwise the
 * reason was logged.  The connection's thread.
 */
bool http_handshake(struct http_conn *conn);
/*
 * Waits for bytes.  Returns how many were read into buf, 0 when the peer has closed the connection,
 * ERR_TIMEOUT, ERR_PROTOCOL (TLS) or -errno.
 */
ssize_t http_bytes_read(struct http_conn *conn, char *buf, size_t size, uint64_t deadline_ns);
/* Writes all bytes.  Returns false when the peer is gone or reads too slowly. */
bool http_bytes_write(struct http_conn *conn, const char *bytes, size_t len);
/* Says that nothing more will be written. */
void http_bytes_end(struct http_conn *conn);
/*
 * Throws away what still arrives, for five seconds at most, until the peer has closed: bytes that
 * nobody reads would reset the connection, and the peer would never see what was written last.
 * Comes after http_bytes_end, or after a handshake that has failed.
 */
void http_bytes_linger(struct http_conn *conn);

/*
 * Ends the idle connections of clients whose certificate `context` does not trust, and wakes all
 * event streams, which then look for themselves.  expired_only: only of those whose certificate has
 * expired since it was verified.  Any thread.
 */
void http_conns_distrust(struct http *http, const struct tls_context *context, bool expired_only);

/* ---- page.c ---- */

struct page_file;

/*
 * Returns the file of the web page for which a request asks, once its head is read; NULL when it
 * asks for something else, with another method than GET and HEAD, or with a body.  In a program
 * without the page, `/` is a text that says so.
 */
const struct page_file *http_page_find(const struct wire_http *request);
/*
 * Fills the reply with a file: compressed when the peer takes that, and 304 when it has the file.
 * Returns 0 or -ENOMEM.
 */
int http_page_reply(const struct page_file *file, const struct wire_http *request,
		    struct http_reply *reply);

/* ---- certs.c ---- */

/* Loads the certificate and starts the thread.  Returns as http_start. */
int http_certs_open(struct http *http, const struct http_tls_options *options);
void http_certs_close(struct http *http);
/* Returns the context for a new connection, with a reference for the caller. */
struct tls_context *http_certs_get(struct http_certs *certs);

/*
 * Looks whether the certificate that the client of a connection has shown is still trusted: by the
 * CAs and revocation lists in use now, and at this time.  Returns 0, also for a client without a
 * certificate; ERR_UNTRUSTED with a text; or -ENOMEM.  The connection's thread.
 */
int http_certs_check(struct http_conn *conn);

/* ---- sockets: listen.c ---- */

/*
 * Opens a listening socket, unix or TCP.  Returns the descriptor, which the caller owns, or an
 * error as http_start.
 */
int http_listen_unix(const char *path);
int http_listen_tcp(const char *where, uint16_t *ret_port);
/* Any address is allowed.  ret_address: 64 bytes, as in struct http_tls_listener. */
int http_listen_tls(const char *where, char ret_address[64]);

/* ---- origin.c ---- */

/*
 * Returns whether a request over TCP with these headers (NULL = absent) can only come from a
 * program on this host or from a page that vdsd has served, and not from a web page of another
 * site.
 */
bool http_origin_is_ours(const char *host, const char *origin);
/*
 * Returns whether a request over TLS is for this server, as http_origin_is_ours does without TLS:
 * its host is a numeric address, "localhost", a name of the certificate in `context`, or one of
 * certs->names.
 */
bool http_tls_origin_is_ours(const struct http_certs *certs, const struct tls_context *context,
			     const char *host, const char *origin);

/* The text of docs/openapi.json, which the build embeds in the program. */
extern const char http_openapi_text[];
extern const size_t http_openapi_len;

#endif
