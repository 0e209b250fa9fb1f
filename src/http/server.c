/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmicrohttpd: a thread for each connection, up to a limit; bodies gathered up to 1 MiB; one log
 * line for each change with the peer's credentials.  Two daemons at most: the unix socket and
 * loopback TCP.
 */
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/http_int.h"

#define IDLE_TIMEOUT_S 60u
#define STREAM_BLOCK   65536

LOG_AREA(requests, "http.request");

/* One request under way; made when its first line is read, freed when it is complete. */
struct incoming {
	char *target; /* as sent */
	struct strbuf body;
	size_t body_len; /* received; the body is dropped beyond HTTP_BODY_MAX */
	bool started;
	uint64_t start_ns;
};

static void *
on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
	struct incoming *in = mem_calloc(1, sizeof(*in));

	(void)arg;
	(void)connection;
	if (in == NULL)
		return NULL;
	strbuf_init(&in->body);
	in->start_ns = clock_mono_ns();
	in->target = str_dup(target);
	if (in->target == NULL) {
		mem_free(in);
		return NULL;
	}
	return in;
}

static void
on_completed(void *arg, struct MHD_Connection *connection, void **request,
	     enum MHD_RequestTerminationCode how)
{
	struct incoming *in = *request;

	(void)arg;
	(void)connection;
	(void)how;
	if (in == NULL)
		return;
	strbuf_fini(&in->body);
	mem_free(in->target);
	mem_free(in);
	*request = NULL;
}

/* ---- replies ---- */

static ssize_t
stream_reader(void *arg, uint64_t pos, char *buf, size_t size)
{
	size_t len = http_stream_read(arg, buf, size);

	(void)pos;
	return len > 0 ? (ssize_t)len : MHD_CONTENT_READER_END_OF_STREAM;
}

static void
stream_done(void *arg)
{
	http_stream_free(arg);
}

static struct MHD_Response *
json_response(const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	struct MHD_Response *response;

	if (text == NULL)
		return NULL;
	response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
		free(text);
	return response;
}

/* A snapshot that is being sent: some rows are encoded, of which `sent` bytes are out. */
struct snapshot {
	struct wire_snapshot_writer *writer;
	struct strbuf pending;
	size_t sent;
};

static ssize_t
snapshot_reader(void *arg, uint64_t pos, char *buf, size_t size)
{
	struct snapshot *snapshot = arg;
	size_t len;

	(void)pos;
	if (snapshot->sent == snapshot->pending.len) {
		snapshot->pending.len = snapshot->sent = 0;
		wire_snapshot_write(snapshot->writer, STREAM_BLOCK, &snapshot->pending);
		if (snapshot->pending.failed)
			return MHD_CONTENT_READER_END_WITH_ERROR;
		if (snapshot->pending.len == 0)
			return MHD_CONTENT_READER_END_OF_STREAM;
	}
	len = MIN(size, snapshot->pending.len - snapshot->sent);
	memcpy(buf, snapshot->pending.text + snapshot->sent, len);
	snapshot->sent += len;
	return (ssize_t)len;
}

static void
snapshot_done(void *arg)
{
	struct snapshot *snapshot = arg;

	wire_snapshot_writer_free(snapshot->writer);
	strbuf_fini(&snapshot->pending);
	mem_free(snapshot);
}

/* The snapshot moves into the response. */
static struct MHD_Response *
snapshot_response(struct http_reply *reply)
{
	struct snapshot *snapshot = mem_calloc(1, sizeof(*snapshot));
	struct MHD_Response *response;

	if (snapshot == NULL)
		return NULL;
	snapshot->writer = TAKE(reply->snapshot);
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
						     snapshot_reader, snapshot, snapshot_done);
	if (response == NULL)
		snapshot_done(snapshot);
	return response;
}

/* The stream moves into the response. */
static struct MHD_Response *
response_new(struct http_reply *reply)
{
	struct MHD_Response *response;

	if (reply->json != NULL)
		return json_response(reply->json);
	if (reply->text != NULL)
		return MHD_create_response_from_buffer(
			reply->text_len, (char *)(uintptr_t)reply->text, MHD_RESPMEM_PERSISTENT);
	if (reply->snapshot != NULL)
		return snapshot_response(reply);
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream_reader,
						     reply->stream, stream_done);
	if (response != NULL)
		reply->stream = NULL;
	return response;
}

static enum MHD_Result
reply_queue(struct MHD_Connection *connection, const char *method, struct http_reply *reply)
{
	bool stream = reply->stream != NULL, chunked = stream || reply->snapshot != NULL;
	const char *type = stream ? "text/event-stream" : "application/json";
	struct MHD_Response *response = response_new(reply);
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	/* without this libmicrohttpd answers HEAD with the last chunk of a body in chunks */
	if (chunked && strcmp(method, "HEAD") == 0)
		MHD_set_response_options(response, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END);
	if (reply->allow[0] != '\0')
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
	result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

/* ---- log ---- */

/* The user behind a connection.  Everybody who can reach vdsd on this host is an administrator for now. */
static void
principal_get(struct MHD_Connection *connection, bool tcp, struct principal *ret_principal)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	*ret_principal = (struct principal){ .role = ROLE_NONE };
	if (info != NULL)
		http_principal_get(info->connect_fd, tcp, ret_principal);
}

/* Else it is a read, or nothing that any path has. */
static bool
is_change(const char *method)
{
	static const char *const methods[] = { "DELETE", "PATCH", "POST", "PUT" };

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (strcmp(method, methods[i]) == 0)
			return true;
	return false;
}

static void
request_log(const struct principal *principal, const struct incoming *in, const char *method,
	    unsigned status)
{
	char peer[PRINCIPAL_TEXT_SIZE], target[256], quoted[64];
	uint64_t us = (clock_mono_ns() - in->start_ns) / 1000;

	if (is_change(method)) {
		principal_format(principal, peer);
		log_info("http.change", "method=%s target=%s status=%u us=%" PRIu64 " by=\"%s\"",
			 method, log_quote(in->target, target, sizeof(target)), status, us, peer);
	} else if (requests.on) {
		principal_format(principal, peer);
		log_debug(&requests, "http.read",
			  "method=%s target=%s status=%u us=%" PRIu64 " by=\"%s\"",
			  log_quote(method, quoted, sizeof(quoted)),
			  log_quote(in->target, target, sizeof(target)), status, us, peer);
	}
}

/* ---- requests ---- */

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void
body_add(struct incoming *in, const char *bytes, size_t len)
{
	in->body_len += len;
	if (in->body_len <= HTTP_BODY_MAX)
		strbuf_add_bytes(&in->body, bytes, len);
	else
		strbuf_fini(&in->body);
}

static enum MHD_Result
complete(struct http *http, struct MHD_Connection *connection, struct incoming *in,
	 const char *method, bool tcp)
{
	struct http_request request = {
		.method = method,
		.target = in->target,
		.request_id = header(connection, "X-Request-Id"),
		.body = in->body.text,
		.body_len = in->body_len,
	};
	struct http_reply reply = { 0 };
	enum MHD_Result result;

	principal_get(connection, tcp, &request.principal);
	if (in->body.failed)
		http_reply_error(&reply, -ENOMEM);
	else if (tcp &&
		 !http_origin_is_ours(header(connection, "Host"), header(connection, "Origin")))
		http_reply_error(&reply,
				 err_set(ERR_ACCESS, "requests of other origins are refused"));
	else
		http_dispatch(http, &request, &reply);
	request_log(&request.principal, in, method, reply.status);
	result = reply_queue(connection, method, &reply);
	http_reply_fini(&reply);
	return result;
}

static enum MHD_Result
on_request(struct http *http, struct MHD_Connection *connection, const char *method,
	   const char *bytes, size_t *len, struct incoming *in, bool tcp)
{
	if (in == NULL)
		return MHD_NO;
	if (!in->started) {
		in->started = true;
		return MHD_YES;
	}
	if (*len > 0) {
		body_add(in, bytes, *len);
		*len = 0;
		return MHD_YES;
	}
	return complete(http, connection, in, method, tcp);
}

static enum MHD_Result
on_unix(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *bytes, size_t *len, void **request)
{
	(void)url;
	(void)version;
	return on_request(arg, connection, method, bytes, len, *request, false);
}

static enum MHD_Result
on_tcp(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
       const char *version, const char *bytes, size_t *len, void **request)
{
	(void)url;
	(void)version;
	return on_request(arg, connection, method, bytes, len, *request, true);
}

/* ---- life ---- */

/* Takes fd, also on failure. */
static int
daemon_start(struct http *http, int fd, unsigned limit, MHD_AccessHandlerCallback handler,
	     struct MHD_Daemon **ret_daemon)
{
	*ret_daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
			MHD_USE_ITC,
		0, NULL, NULL, handler, http, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, NULL, MHD_OPTION_END);
	if (*ret_daemon != NULL)
		return 0;
	close(fd);
	return err_set(ERR_INTERNAL, "the HTTP server did not start: %s", strerror(errno));
}

static int
unix_start(struct http *http, const char *path, unsigned limit)
{
	int fd;

	if (path == NULL)
		return 0;
	fd = http_listen_unix(path);
	if (fd < 0)
		return fd;
	http->socket_path = str_dup(path);
	if (http->socket_path == NULL) {
		unlink(path);
		close(fd);
		return -ENOMEM;
	}
	return daemon_start(http, fd, limit, on_unix, &http->unix_daemon);
}

static int
tcp_start(struct http *http, const char *where, unsigned limit)
{
	int fd;

	if (where == NULL)
		return 0;
	fd = http_listen_tcp(where, &http->tcp_port);
	if (fd < 0)
		return fd;
	return daemon_start(http, fd, limit, on_tcp, &http->tcp_daemon);
}

int
http_start(const struct http_options *options, struct http **ret_http)
{
	unsigned limit = options->max_connections != 0 ? options->max_connections
						       : HTTP_CONNECTIONS_DEFAULT;
	struct http *http = mem_calloc(1, sizeof(*http));
	int rc;

	if (http == NULL)
		return -ENOMEM;
	http->array = options->array;
	http->max_streams = limit - limit / 4;
	http_texts_init(&http->texts);
	rc = unix_start(http, options->socket_path, limit);
	if (rc == 0)
		rc = tcp_start(http, options->listen, limit);
	if (rc < 0) {
		http_stop(http);
		return rc;
	}
	*ret_http = http;
	return 0;
}

void
http_stop(struct http *http)
{
	if (http == NULL)
		return;
	atomic_store(&http->stopping, true);
	if (http->socket_path != NULL)
		unlink(http->socket_path);
	if (http->tcp_daemon != NULL)
		MHD_stop_daemon(http->tcp_daemon);
	if (http->unix_daemon != NULL)
		MHD_stop_daemon(http->unix_daemon);
	http_texts_fini(&http->texts);
	mem_free(http->socket_path);
	mem_free(http);
}

uint16_t
http_tcp_port(const struct http *http)
{
	return http->tcp_port;
}
