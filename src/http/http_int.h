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
#define HTTP_CONNECTIONS_DEFAULT 256
#define HTTP_TEXT_SLOTS          64

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

/* One of the two listening sockets. */
struct http_socket {
	int fd;               /* -1 = not listening */
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

struct http {
	struct array *array;
	struct http_texts texts;
	struct http_names names;
	struct http_limits limits;
	unsigned max_connections, max_streams; /* limits of each socket */
	atomic_bool stopping;
	char *socket_path; /* the socket that http_stop removes; NULL = none */
	uint16_t tcp_port;
	struct http_socket sockets[2]; /* unix, TCP */
	int wake_fd;                   /* becomes readable when `stopping` is set */
	pthread_t acceptor;
	bool accepts; /* the thread `acceptor` runs */

	pthread_mutex_t lock;
	pthread_cond_t left; /* signalled when a connection ends */
	struct list conns;   /* struct http_conn; guarded by lock */
};

/* ---- the arguments of a request: spec.c ---- */

/*
 * Fills args from the members of a JSON object; NULL is read as an empty object.  Texts in args
 * point into json.  Returns 0, ERR_INVALID (a member is unknown, missing, of the wrong type or out
 * of its range; the text names the member) or -ENOMEM.  The caller calls http_args_fini, also after
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
	const char *body;       /* NULL = none */
	size_t body_len;
	struct principal principal; /* who asks */
	atomic_uint *streams;       /* the counter of event streams */
};

/* A request that is being served: the input of its verb's handler. */
struct http_call {
	struct http *http;
	struct array *array;
	const struct verb *verb;        /* NULL until the verb is found */
	const struct http_route *route; /* set together with verb */
	struct guid ids[2];             /* the ids in the path, in the path's order */
	struct verb_args args;
	struct array_request request;
	atomic_uint *streams; /* the counter of event streams */
	char *target;         /* owned; decoded in place; args point into it */
	json_t *body;         /* args point into it */
};

/*
 * The output of a handler: a status and exactly one of json, text, snapshot and stream, which the
 * reply owns.
 */
struct http_reply {
	unsigned status;
	int code; /* the error code; 0 = no error */
	json_t *json;
	const char *text; /* static JSON */
	size_t text_len;
	struct wire_snapshot_writer *snapshot; /* sent in pieces; owned */
	struct http_stream *stream;
	char allow[64]; /* value of Allow, for status 405 */
};

/*
 * Serves a request: finds its verb, checks the role and the arguments, and calls the handler.
 * Cannot fail, since every error becomes an error object in *ret_reply.  Blocks as long as the
 * handler does.  The caller calls http_reply_fini.
 */
void http_dispatch(struct http *http, const struct http_request *request,
		   struct http_reply *ret_reply);
/*
 * Turns the reply into an error object with the code, the code's HTTP status and the text that
 * err_set has left on this thread.
 */
void http_reply_error(struct http_reply *reply, int code);
/* Frees what the reply owns. */
void http_reply_fini(struct http_reply *reply);

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
 * path), ERR_INVALID (a part of the path is not an id) or ERR_NOT_SUPPORTED (the path exists, but
 * only with the methods that ret_allow lists).
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
http_handler http_array_get, http_array_patch, http_snapshot, http_sync, http_check, http_openapi,
	http_version;
http_handler http_pool_create, http_pool_patch, http_pool_delete;
http_handler http_lun_create, http_lun_patch, http_lun_delete, http_lun_extend, http_lun_max_extend,
	http_lun_associate, http_lun_targets_patch, http_lun_counters, http_max_lun_size,
	http_explain;
http_handler http_target_create, http_target_patch, http_target_delete;
http_handler http_portal_create, http_portal_patch, http_portal_delete;
http_handler http_group_create, http_group_delete, http_group_add, http_group_remove;
http_handler http_job_cancel, http_session_end;

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
 * Finds out who is connected to the socket `fd`.  For now every caller on this host has the role
 * ROLE_ADMIN.  A peer that the kernel cannot identify, because it has gone, has ROLE_NONE, so its
 * requests are refused.  Does not set the user's name; http_principal_name does.  The connection's
 * thread.
 */
void http_principal_get(int fd, bool tcp, struct principal *ret_principal);
/* Sets the user's name.  May wait for the host's name services.  The connection's thread. */
void http_principal_name(struct http_names *names, struct principal *principal);
void http_names_init(struct http_names *names);
void http_names_fini(struct http_names *names);

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
	bool tcp;
	bool serving;      /* a request is complete and its reply is not sent; http->lock */
	bool evicted;      /* a new connection takes its place; http->lock */
	uint64_t since_ns; /* when `serving` changed last; http->lock */
	atomic_uint *streams;
	struct principal principal;
	struct wire_http request;
	struct strbuf body;
	char *in; /* bytes that were read; those from in_at to in_len - 1 are not parsed yet */
	size_t in_at, in_len;
	uint64_t begin_ns; /* when the request began */
	const char *error; /* error code of the reply, for the log */
};

/* Serves a connection until it ends.  The connection's thread. */
void http_conn_run(struct http_conn *conn);
/* Notes whether the connection serves a request or waits for one.  The connection's thread. */
void http_conn_state(struct http_conn *conn, bool serving);

/* ---- sockets: listen.c ---- */

/*
 * Open a listening socket, unix or TCP.  Return the descriptor, which the caller owns, or an error
 * as http_start.
 */
int http_listen_unix(const char *path);
int http_listen_tcp(const char *where, uint16_t *ret_port);
/*
 * Returns whether a request over TCP with these headers (NULL = absent) can only come from a
 * program on this host or from a page that vdsd has served, and not from a web page of another
 * site.
 */
bool http_origin_is_ours(const char *host, const char *origin);

/* The text of docs/openapi.json, which the build embeds in the program. */
extern const char http_openapi_text[];
extern const size_t http_openapi_len;

#endif
