/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HTTP by libcurl, over a unix socket or loopback TCP.  A connection is a multi handle with one
 * easy handle: that can be woken from another thread, so closing a client ends its calls at once.
 * Connections are kept in a pool and used again; each is used by one thread at a time.
 */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "client/client_int.h"

#define POLL_MS            1000 /* at most; wake-ups come through curl_multi_wakeup */
#define CONNECT_TIMEOUT_MS 5000l
#define BODY_MAX_BYTES     (1u << 30)
#define IDLE_MAX           16

struct conn {
	struct list node; /* idle or busy */
	CURLM *multi;
	CURL *easy;
};

/* What one exchange reads into: a body, or a stream once the status is 200. */
struct exchange {
	CURL *easy;
	struct client_reply *reply;
	struct client_sink *sink; /* NULL = everything goes into the reply */
	uint64_t heard_ns;
	int rc; /* why reading was ended */
};

void
client_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

int
client_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t until_ns)
{
	const struct timespec until = {
		.tv_sec = (time_t)(until_ns / NS_PER_S),
		.tv_nsec = (long)(until_ns % NS_PER_S),
	};

	return pthread_cond_timedwait(cond, lock, &until);
}

/* ---- connections ---- */

static void
conn_free(struct conn *conn)
{
	if (conn == NULL)
		return;
	if (conn->easy != NULL)
		curl_easy_cleanup(conn->easy);
	if (conn->multi != NULL)
		curl_multi_cleanup(conn->multi);
	mem_free(conn);
}

static struct conn *
conn_new(void)
{
	struct conn *conn = mem_calloc(1, sizeof(*conn));

	if (conn == NULL)
		return NULL;
	conn->multi = curl_multi_init();
	conn->easy = curl_easy_init();
	if (conn->multi == NULL || conn->easy == NULL) {
		conn_free(conn);
		return NULL;
	}
	return conn;
}

/* One that is idle or a new one, now busy. */
static int
conn_get(struct client_transport *t, struct conn **ret_conn)
{
	struct conn *conn = NULL;
	struct list *node;
	int rc = 0;

	pthread_mutex_lock(&t->lock);
	if ((node = list_pop(&t->idle)) != NULL)
		conn = list_entry(node, struct conn, node);
	pthread_mutex_unlock(&t->lock);
	if (conn == NULL && (conn = conn_new()) == NULL)
		return -ENOMEM;
	pthread_mutex_lock(&t->lock);
	if (t->closing)
		rc = ERR_CLOSED;
	else
		list_append(&t->busy, &conn->node);
	pthread_mutex_unlock(&t->lock);
	if (rc < 0)
		conn_free(conn);
	else
		*ret_conn = conn;
	return rc;
}

static void
conn_put(struct client_transport *t, struct conn *conn)
{
	size_t idle = 0;

	pthread_mutex_lock(&t->lock);
	list_remove(&conn->node);
	list_for_each(node, &t->idle)
		idle++;
	if (!t->closing && idle < IDLE_MAX) {
		list_prepend(&t->idle, &conn->node);
		conn = NULL;
	}
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
	conn_free(conn);
}

/* ---- the transport ---- */

static void
curl_begin(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool
is_loopback(const char *url)
{
	return str_starts(url, "http://127.0.0.1:") || str_starts(url, "http://[::1]:") ||
	       str_starts(url, "http://localhost:");
}

int
client_transport_init(struct client_transport *t, const char *url)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, curl_begin);
	*t = (struct client_transport){ 0 };
	list_init(&t->idle);
	list_init(&t->busy);
	pthread_mutex_init(&t->lock, NULL);
	client_cond_init(&t->changed);
	if (str_starts(url, "unix:/")) {
		t->socket_path = str_dup(url + 5);
		t->base = str_dup("http://localhost");
		return t->socket_path != NULL && t->base != NULL ? 0 : -ENOMEM;
	}
	if (!is_loopback(url))
		return err_set(ERR_INVALID, "%s: neither unix:/path nor http://127.0.0.1:port",
			       url);
	t->base = str_dup(url);
	if (t->base == NULL)
		return -ENOMEM;
	for (size_t len = strlen(t->base); len > 0 && t->base[len - 1] == '/'; len--)
		t->base[len - 1] = '\0';
	return 0;
}

void
client_transport_wake(struct client_transport *t)
{
	pthread_mutex_lock(&t->lock);
	list_for_each(node, &t->busy)
		curl_multi_wakeup(list_entry(node, struct conn, node)->multi);
	pthread_mutex_unlock(&t->lock);
}

void
client_transport_close(struct client_transport *t)
{
	pthread_mutex_lock(&t->lock);
	t->closing = true;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
	client_transport_wake(t);
}

void
client_transport_fini(struct client_transport *t)
{
	struct list *node;

	pthread_mutex_lock(&t->lock);
	while (!list_empty(&t->busy))
		pthread_cond_wait(&t->changed, &t->lock);
	pthread_mutex_unlock(&t->lock);
	while ((node = list_pop(&t->idle)) != NULL)
		conn_free(list_entry(node, struct conn, node));
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	mem_free(t->socket_path);
	mem_free(t->base);
}

static bool
is_closing(struct client_transport *t)
{
	bool closing;

	pthread_mutex_lock(&t->lock);
	closing = t->closing;
	pthread_mutex_unlock(&t->lock);
	return closing;
}

int
client_transport_pause(struct client_transport *t, uint64_t ns)
{
	uint64_t until = clock_mono_ns() + ns;
	bool closing;

	pthread_mutex_lock(&t->lock);
	while (!t->closing && client_cond_wait(&t->changed, &t->lock, until) == 0)
		;
	closing = t->closing;
	pthread_mutex_unlock(&t->lock);
	return closing ? ERR_CLOSED : 0;
}

/* ---- one exchange ---- */

static size_t
on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	size_t len = size * count;
	long status = 0;

	x->heard_ns = clock_mono_ns();
	if (x->sink != NULL &&
	    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
	    status == 200) {
		x->rc = x->sink->bytes(x->sink, bytes, len);
		return x->rc == 0 ? len : 0;
	}
	if (len > BODY_MAX_BYTES - x->reply->body.len)
		x->rc = ERR_LIMIT;
	else
		strbuf_add_bytes(&x->reply->body, bytes, len);
	if (x->reply->body.failed)
		x->rc = -ENOMEM;
	return x->rc == 0 ? len : 0;
}

static struct curl_slist *
headers_make(const struct client_request *request)
{
	char id[GUID_TEXT_SIZE], line[64];
	/* No 100-continue: the body is sent at once. */
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:"), *more;

	if (headers != NULL && request->id != NULL) {
		snprintf(line, sizeof(line), "X-Request-Id: %s", guid_format(request->id, id));
		more = curl_slist_append(headers, line);
		if (more == NULL)
			curl_slist_free_all(headers);
		headers = more;
	}
	if (headers != NULL && request->body != NULL) {
		more = curl_slist_append(headers, "Content-Type: application/json");
		if (more == NULL)
			curl_slist_free_all(headers);
		headers = more;
	}
	return headers;
}

#define SET(option, value) (rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, option, value))

static CURLcode
easy_set(const struct client_transport *t, CURL *easy, const char *url,
	 const struct client_request *request, struct exchange *x)
{
	bool with_body = strcmp(request->method, "GET") != 0 &&
			 strcmp(request->method, "DELETE") != 0;
	CURLcode rc = CURLE_OK;

	curl_easy_reset(easy);
	SET(CURLOPT_URL, url);
	SET(CURLOPT_NOSIGNAL, 1l);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_PROTOCOLS_STR, "http");
	SET(CURLOPT_USERAGENT, "libvds/" VDS_VERSION);
	SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	SET(CURLOPT_TIMEOUT_MS, request->timeout_ms);
	SET(CURLOPT_WRITEFUNCTION, on_bytes);
	SET(CURLOPT_WRITEDATA, x);
	if (t->socket_path != NULL)
		SET(CURLOPT_UNIX_SOCKET_PATH, t->socket_path);
	if (with_body) {
		SET(CURLOPT_POST, 1l);
		SET(CURLOPT_POSTFIELDS, request->body != NULL ? request->body : "");
		SET(CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)(request->body != NULL ? strlen(request->body) : 0));
	}
	SET(CURLOPT_CUSTOMREQUEST, request->method);
	return rc;
}

/* How long there may be nothing to read; 0 = too long already. */
static int
poll_ms(const struct exchange *x)
{
	uint64_t silent = clock_mono_ns() - x->heard_ns;

	if (x->sink == NULL)
		return POLL_MS;
	return silent > x->sink->silence_ns
		       ? 0
		       : (int)MIN((x->sink->silence_ns - silent) / NS_PER_MS + 1,
				  (uint64_t)POLL_MS);
}

/* Drive the transfer until it ends by itself or someone ends it. */
static int
conn_run(struct client_transport *t, struct conn *conn, struct exchange *x, CURLcode *ret_result)
{
	int running = 1, left, timeout_ms;
	CURLMsg *msg;

	while (running > 0) {
		if (curl_multi_perform(conn->multi, &running) != CURLM_OK)
			return -ENOMEM;
		if (running == 0)
			break;
		if (is_closing(t))
			return ERR_CLOSED;
		if (x->sink != NULL && x->sink->stop(x->sink))
			return ERR_CANCELLED;
		timeout_ms = poll_ms(x);
		if (timeout_ms == 0)
			return err_set(ERR_TIMEOUT, "the event stream is silent");
		if (curl_multi_poll(conn->multi, NULL, 0, timeout_ms, NULL) != CURLM_OK)
			return -ENOMEM;
	}
	msg = curl_multi_info_read(conn->multi, &left);
	*ret_result = msg != NULL ? msg->data.result : CURLE_FAILED_INIT;
	return 0;
}

/* What curl says, in our words. */
static int
result_code(const struct client_transport *t, struct exchange *x, CURLcode result, bool *ret_sent)
{
	const char *peer = t->socket_path != NULL ? t->socket_path : t->base;
	long system = 0;

	*ret_sent = result != CURLE_COULDNT_CONNECT && result != CURLE_COULDNT_RESOLVE_HOST;
	switch ((int)result) {
	case CURLE_OK:
		atomic_store_explicit(&((struct client_transport *)(uintptr_t)t)->reached, true,
				      memory_order_relaxed);
		return 0;
	case CURLE_WRITE_ERROR:
		return x->rc;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(ERR_TIMEOUT, "%s did not answer in time", peer);
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return err_set(ERR_PROTOCOL, "%s does not speak HTTP", peer);
	}
	curl_easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &system);
	return err_set(ERR_UNREACHABLE, "%s: %s", peer,
		       system > 0 && !*ret_sent ? err_text(-(int)system)
						: curl_easy_strerror(result));
}

static void
slist_free_cleanup(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

static int
exchange_run(struct client_transport *t, struct conn *conn, const struct client_request *request,
	     struct exchange *x, bool *ret_sent)
{
	AUTO_FREE char *url = str_printf("%s%s", t->base, request->path);
	AUTO(slist_free_cleanup) struct curl_slist *headers = headers_make(request);
	CURLcode result = CURLE_OK;
	int rc;

	if (url == NULL || headers == NULL ||
	    easy_set(t, conn->easy, url, request, x) != CURLE_OK ||
	    curl_easy_setopt(conn->easy, CURLOPT_HTTPHEADER, headers) != CURLE_OK)
		return -ENOMEM;
	if (curl_multi_add_handle(conn->multi, conn->easy) != CURLM_OK)
		return -ENOMEM;
	*ret_sent = true;
	rc = conn_run(t, conn, x, &result);
	if (rc == 0)
		rc = result_code(t, x, result, ret_sent);
	curl_easy_getinfo(conn->easy, CURLINFO_RESPONSE_CODE, &x->reply->status);
	curl_multi_remove_handle(conn->multi, conn->easy);
	curl_easy_reset(conn->easy); /* it points to memory of this call */
	return rc;
}

static int
exchange(struct client_transport *t, const struct client_request *request, struct client_sink *sink,
	 struct client_reply *reply, bool *ret_sent)
{
	struct exchange x = { .reply = reply, .sink = sink, .heard_ns = clock_mono_ns() };
	struct conn *conn;
	int rc = conn_get(t, &conn);

	if (rc < 0)
		return rc;
	x.easy = conn->easy;
	rc = exchange_run(t, conn, request, &x, ret_sent);
	conn_put(t, conn);
	return rc;
}

int
client_transport_call(struct client_transport *t, const struct client_request *request,
		      struct client_reply *ret_reply, bool *ret_sent)
{
	struct client_reply reply = { 0 };
	int rc;

	*ret_sent = false;
	strbuf_init(&reply.body);
	rc = exchange(t, request, NULL, &reply, ret_sent);
	if (rc < 0) {
		strbuf_fini(&reply.body);
		return rc;
	}
	*ret_reply = reply;
	return 0;
}

int
client_transport_stream(struct client_transport *t, const char *path, struct client_sink *sink)
{
	const struct client_request request = { .method = "GET", .path = path };
	struct client_reply reply = { 0 };
	bool sent;
	int rc;

	strbuf_init(&reply.body);
	rc = exchange(t, &request, sink, &reply, &sent);
	if (rc == 0)
		rc = client_reply_code(&reply);
	strbuf_fini(&reply.body);
	return rc;
}
