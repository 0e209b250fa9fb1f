/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside http: a request becomes a call (verb, ids, arguments), the verb's handler fills a reply,
 * the connection sends it.  Only server.c, conn.c, listen.c and principal.c know sockets;
 * everything else is plain functions, which the thread of the connection calls.
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

/* The JSON texts of the latest changes, so that many streams encode each change once.  texts.c */
struct http_text {
	struct change *change; /* the key: our reference */
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
	int fd;               /* -1 = there is none */
	unsigned connections; /* lock */
	atomic_uint streams;
};

/*
 * The name of the user who asked last, kept for a minute: looking it up may take milliseconds.
 * principal.c
 */
struct http_names {
	pthread_mutex_t lock;
	uint32_t uid;
	uint64_t until_ns; /* 0 = nothing is kept */
	char name[PRINCIPAL_NAME_SIZE];
};

struct http {
	struct array *array;
	struct http_texts texts;
	struct http_names names;
	struct http_limits limits;
	unsigned max_connections, max_streams; /* of each socket */
	atomic_bool stopping;
	char *socket_path; /* bound by us, removed at the end; else NULL */
	uint16_t tcp_port;
	struct http_socket sockets[2]; /* unix, TCP */
	int wake_fd;                   /* readable: look at `stopping` */
	pthread_t acceptor;
	bool accepts; /* there is an acceptor to join */

	pthread_mutex_t lock;
	pthread_cond_t left; /* a connection has ended */
	struct list conns;   /* struct http_conn; lock */
};

/* ---- the arguments of a request: spec.c ---- */

/*
 * Fills args from the members of a JSON object; NULL is read as an empty object.  Texts in args
 * point into json.  Returns 0, ERR_INVALID (a member is unknown, missing, of another type or out of
 * its range; the text names it) or -ENOMEM.  The caller calls http_args_fini also after an error.
 */
int http_spec_body(const struct verb_spec *spec, const json_t *json, struct verb_args *args);
/*
 * Fills args from a query such as "a=b&c=d"; NULL is read as an empty query.  Decodes `query` in
 * place, and texts in args point into it.  Returns as http_spec_body.
 */
int http_spec_query(const struct verb_spec *spec, char *query, struct verb_args *args);
/* Frees what args own: the lists of ids. */
void http_args_fini(struct verb_args *args);
/*
 * Decodes percent escapes in place (%41 becomes A).  Returns 0 or ERR_INVALID (an escape is broken,
 * or is that of a NUL).
 */
int http_unescape(char *text, bool plus_is_space);

/* ---- calls: call.c ---- */

struct http_stream;

/* A request as it came from the peer.  Everything in it is borrowed for the call. */
struct http_request {
	const char *method;
	const char *target;     /* path and query, percent-encoded */
	const char *request_id; /* X-Request-Id; NULL = none */
	const char *body;       /* NULL = none */
	size_t body_len;
	struct principal principal; /* who asks */
	atomic_uint *streams;       /* where a stream is counted */
};

/* A request that is being served: what its verb's handler gets. */
struct http_call {
	struct http *http;
	struct array *array;
	const struct verb *verb;        /* NULL until it is found */
	const struct http_route *route; /* with verb */
	struct guid ids[2];             /* of the path, in its order */
	struct verb_args args;
	struct array_request request;
	atomic_uint *streams; /* where a stream is counted */
	char *target;         /* decoded in place; args point into it */
	json_t *body;         /* args point into it */
};

/*
 * What a handler fills: a status, and exactly one of json, text, snapshot and stream, which the
 * reply owns.
 */
struct http_reply {
	unsigned status;
	int code; /* of an error; 0 = none */
	json_t *json;
	const char *text; /* static JSON */
	size_t text_len;
	struct wire_snapshot_writer *snapshot; /* sent piece by piece; owned */
	struct http_stream *stream;
	char allow[64]; /* for 405 */
};

/*
 * Serves a request: finds its verb, checks the role and the arguments, calls the handler.  Cannot
 * fail, since every error becomes an error object in *ret_reply, for which the caller calls
 * http_reply_fini. Blocks as long as the handler does.
 */
void http_dispatch(struct http *http, const struct http_request *request,
		   struct http_reply *ret_reply);
/*
 * Makes the reply an error object with the code's status and the text that err_set left on this
 * thread.
 */
void http_reply_error(struct http_reply *reply, int code);
void http_reply_fini(struct http_reply *reply);

/* ---- routes: routes.c ---- */

typedef int http_handler(struct http_call *call, struct http_reply *reply);

/* How the server serves a verb. */
struct http_route {
	http_handler *handler;
	enum row_family family; /* for http_list and http_get */
};

extern const struct http_route http_routes[VERB_COUNT];

/*
 * Finds the verb of a method and a decoded path.  Returns 0, ERR_NOT_FOUND (no verb has that path),
 * ERR_INVALID (a part of the path is no id) or ERR_NOT_SUPPORTED (the path has other methods, which
 * ret_allow names).
 */
int http_route_find(const char *method, const char *path, enum verb_id *ret_verb,
		    struct guid ret_ids[2], char *ret_allow, size_t allow_size);

/* ---- replies: reply.c ---- */

/*
 * Ends the handler of a change: makes `answer` the reply when rc is 0, and returns rc when it is
 * negative.  Returns 0, rc or -ENOMEM.
 */
int http_answer(struct http_call *call, struct http_reply *reply, int rc,
		const struct array_answer *answer);
/* Makes `json` the reply, which owns it from here on.  Returns 0, or -ENOMEM when json is NULL. */
int http_reply_json(struct http_reply *reply, json_t *json);
/* Returns the HTTP status of an error code, -errno included; 200 for 0. */
unsigned http_status(int code);

/* ---- handlers: lists.c, and a file for each noun ---- */

/*
 * Returns a row as a JSON object with what belongs to it: its live row, the portals of a group.
 * Returns NULL when there is no memory.
 */
json_t *http_row(const struct state *config, const struct state *live, const void *row);
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
 * Copies the next bytes of a stream to buf, waiting for an event (at most a second: then there is a
 * heartbeat).  Returns how many bytes there are, at most `size`; 0 when the stream has ended.  The
 * connection's thread.
 */
size_t http_stream_read(struct http_stream *stream, char *buf, size_t size);
void http_stream_free(struct http_stream *stream);

void http_texts_init(struct http_texts *texts);
void http_texts_fini(struct http_texts *texts);
/*
 * Returns the JSON of a change in one line, with a reference for the caller (http_text_unref); NULL
 * when there is no memory.  Any thread.
 */
struct http_text *http_texts_get(struct http_texts *texts, const struct change *change);
void http_text_unref(struct http_text *text);

/* ---- principal.c ---- */

/*
 * Writes who is behind the connected socket `fd`.  Every caller on this host has the role
 * ROLE_ADMIN for now; a peer that the kernel cannot name (it is gone) has ROLE_NONE, so that its
 * requests are refused.  The user's name is left out: http_principal_name.  The connection's
 * thread.
 */
void http_principal_get(int fd, bool tcp, struct principal *ret_principal);
/* Fills in the user's name.  The connection's thread; may wait for the host's name services. */
void http_principal_name(struct http_names *names, struct principal *principal);
void http_names_init(struct http_names *names);
void http_names_fini(struct http_names *names);

/* ---- connections: conn.c, server.c ---- */

/* One connection; its thread's, but for what is marked. */
struct http_conn {
	struct http *http;
	const struct http_limits *limits;
	struct list node; /* in http->conns; http->lock */
	int fd;
	bool tcp;
	bool serving;      /* between a complete request and the end of its reply; http->lock */
	bool evicted;      /* its place is given away; http->lock */
	uint64_t since_ns; /* when `serving` changed last; http->lock */
	atomic_uint *streams;
	struct principal principal;
	struct wire_http request;
	struct strbuf body;
	char *in; /* bytes that were read: in_at … in_len - 1 are not looked at yet */
	size_t in_at, in_len;
	uint64_t begin_ns; /* of the request */
	const char *error; /* of the reply, for the log */
};

/* Serves a connection until it ends.  Its thread. */
void http_conn_run(struct http_conn *conn);
/* Notes that a request is being served, or waited for.  The connection's thread. */
void http_conn_state(struct http_conn *conn, bool serving);

/* ---- sockets: listen.c ---- */

/* Open a listening socket.  Each returns its descriptor, or fails as http_start. */
int http_listen_unix(const char *path);
int http_listen_tcp(const char *where, uint16_t *ret_port);
/*
 * Returns whether a request over TCP with these headers (NULL = absent) can only come from a
 * program on this host or a page that vdsd itself served, and not from the web page of somebody
 * else.
 */
bool http_origin_is_ours(const char *host, const char *origin);

/* docs/openapi.json, made part of the program at build. */
extern const char http_openapi_text[];
extern const size_t http_openapi_len;

#endif
