/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the HTTP server on real sockets: the client writes its request byte by byte, and the
 * test looks at every byte of the answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fixture.h"

/* What was read last: one test at a time. */
static char buf[1 << 18];

struct served {
	struct fixture *fx;
	struct http *http;
	char path[96];
};

static int
served_setup(void **state)
{
	struct served *s = calloc(1, sizeof(*s));
	struct http_options options = { .listen = "127.0.0.1:0",
					.max_connections = 8,
					.roles.trust = "admin" };
	void *fixture;

	assert_non_null(s);
	fixture_setup(&fixture);
	s->fx = fixture;
	snprintf(s->path, sizeof(s->path), "%s/s", s->fx->dir);
	options.array = s->fx->http.array;
	options.socket_path = s->path;
	assert_int_equal(http_start(&options, &s->http), 0);
	*state = s;
	return 0;
}

static int
served_teardown(void **state)
{
	struct served *s = *state;
	void *fixture = s->fx;

	http_stop(s->http);
	fixture_teardown(&fixture);
	free(s);
	return 0;
}

static int
unix_connect(const struct served *s)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, s->path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int
tcp_connect(const struct served *s)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(http_tcp_port(s->http)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void
send_text(int fd, const char *text, size_t step)
{
	size_t len = strlen(text);

	for (size_t at = 0; at < len; at += step)
		assert_true(send(fd, text + at, MIN(step, len - at), MSG_NOSIGNAL) > 0);
}

/* Reads until `wanted` has come, or to the end. */
static bool
read_until(int fd, const char *wanted)
{
	size_t len = 0;

	buf[0] = '\0';
	while (len + 1 < sizeof(buf)) {
		ssize_t n = recv(fd, buf + len, sizeof(buf) - len - 1, 0);

		if (n <= 0)
			return false;
		len += (size_t)n;
		buf[len] = '\0';
		if (strstr(buf, wanted) != NULL)
			return true;
	}
	return false;
}

static void
ask(int fd, const char *request, const char *status, const char *wanted)
{
	char line[32];

	send_text(fd, request, strlen(request));
	if (!read_until(fd, wanted))
		fail_msg("%s not in `%s`", wanted, buf);
	snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
	if (strncmp(buf, line, strlen(line)) != 0)
		fail_msg("not %s: `%s`", status, buf);
	close(fd);
}

static void
test_reads_are_answered(void **state)
{
	ask(unix_connect(*state), "GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n", "200",
	    "\"api\":\"v1\"");
}

/* RFC 9110 §9.3.2: as GET, without the body. */
static void
test_head_is_get_without_the_body(void **state)
{
	static const char *const paths[] = { "/v1/luns", "/v1/events", "/v1/openapi.json" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		char request[128];
		int fd = unix_connect(*state);

		snprintf(request, sizeof(request),
			 "HEAD %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", paths[i]);
		send_text(fd, request, 1000);
		assert_false(read_until(fd, "no such text"));
		assert_int_equal(strncmp(buf, "HTTP/1.1 200 ", 13), 0);
		assert_string_equal(strstr(buf, "\r\n\r\n"), "\r\n\r\n");
		close(fd);
	}
}

static void
test_a_connection_goes_on_after_head(void **state)
{
	int fd = unix_connect(*state);

	send_text(fd, "HEAD /v1/luns HTTP/1.1\r\nHost: x\r\n\r\n", 1000);
	assert_true(read_until(fd, "\r\n\r\n"));
	ask(fd, "GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n", "200", "\"api\":\"v1\"");
	/* of a stream the end is the connection's */
	fd = unix_connect(*state);
	send_text(fd, "HEAD /v1/events HTTP/1.1\r\nHost: x\r\n\r\n", 1000);
	assert_false(read_until(fd, "no such text"));
	assert_string_equal(strstr(buf, "\r\n\r\n"), "\r\n\r\n");
	close(fd);
}

static void
test_bodies_arrive_in_any_cut(void **state)
{
	static const char request[] = "POST /v1/luns HTTP/1.1\r\nHost: x\r\nContent-Length: "
				      "19\r\n\r\n{\"size_bytes\":4096}";
	int fd = unix_connect(*state);

	send_text(fd, request, 1);
	assert_true(read_until(fd, "\"existed\":false"));
	assert_non_null(strstr(buf, "HTTP/1.1 201 "));
	close(fd);
}

static void
test_chunked_bodies_are_taken(void **state)
{
	ask(unix_connect(*state),
	    "POST /v1/luns HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "8\r\n{\"size_b\r\nb\r\nytes\":4096}\r\n0\r\n\r\n",
	    "201", "\"existed\":false");
}

static void
test_a_connection_serves_many(void **state)
{
	int fd = unix_connect(*state);

	for (int i = 0; i < 10; i++) {
		send_text(fd, "GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n", 1000);
		assert_true(read_until(fd, "\"api\":\"v1\""));
	}
	close(fd);
}

static void
test_a_large_body_is_refused_and_forgotten(void **state)
{
	char head[128];
	size_t size = HTTP_BODY_MAX + 1;
	char *body = malloc(size + 1);
	int fd = unix_connect(*state);

	memset(body, ' ', size);
	body[size] = '\0';
	snprintf(head, sizeof(head),
		 "POST /v1/luns HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", size);
	send_text(fd, head, 1000);
	send_text(fd, body, 60000);
	assert_true(read_until(fd, "INVALID"));
	assert_non_null(strstr(buf, "HTTP/1.1 413 "));
	free(body);
	close(fd);
}

static void
test_a_wrong_method_names_the_right_ones(void **state)
{
	ask(unix_connect(*state), "PUT /v1/luns HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
	    "405", "Allow: GET, HEAD, POST");
}

static void
test_tcp_serves_programs_but_no_foreign_pages(void **state)
{
	ask(tcp_connect(*state), "GET /v1/version HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", "200",
	    "\"api\":\"v1\"");
	ask(tcp_connect(*state), "GET /v1/version HTTP/1.1\r\nHost: evil.example\r\n\r\n", "403",
	    "ACCESS");
	ask(tcp_connect(*state),
	    "POST /v1/check HTTP/1.1\r\nHost: 127.0.0.1:1\r\nOrigin: http://evil.example\r\n"
	    "Content-Length: 0\r\n\r\n",
	    "403", "ACCESS");
}

/* Every refusal is an object of ours, and the connection ends after it. */
static void
refused(int fd, const char *request, const char *status)
{
	char line[32];
	const char *body;
	json_t *json;

	send_text(fd, request, strlen(request));
	assert_false(read_until(fd, "no such text"));
	snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
	if (strncmp(buf, line, strlen(line)) != 0)
		fail_msg("%.60s: not %s: `%s`", request, status, buf);
	assert_non_null(strstr(buf, "\r\nContent-Type: application/json\r\n"));
	body = strstr(buf, "\r\n\r\n");
	json = json_loads(body + 4, 0, NULL);
	if (json == NULL || text_of(json_object_get(json, "error"), "code") == NULL ||
	    text_of(json_object_get(json, "error"), "message") == NULL)
		fail_msg("%.60s: no error object: `%s`", request, body);
	json_decref(json);
	close(fd);
}

#define POST_HEAD "POST /v1/luns HTTP/1.1\r\nHost: x\r\n"
/* Nobody may ever answer this: it would be a second answer. */
#define SMUGGLED  "GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n"

static void
test_what_http_does_not_allow_is_refused_at_once(void **state)
{
	/* clang-format off */
	static const struct { const char *status, *request; } cases[] = {
		{ "400", "nonsense\r\n\r\n" },
		{ "400", "GET / HTTP/1.1\r\n\r\n" },
		{ "400", "GET /v1/luns HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" },
		{ "505", "GET / HTTP/3.0\r\nHost: x\r\n\r\n" },
		{ "501", "POST /v1/luns HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nxx" },
		{ "413", "POST /v1/luns HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n{" },
		{ "413", "POST /v1/luns HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n{" },
		{ "400", "POST /v1/luns HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
			 "Content-Length: 3\r\n\r\n0\r\n\r\n" },
		/* what two readers could frame in two ways (request smuggling) */
		{ "400", POST_HEAD "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" SMUGGLED },
		{ "400", POST_HEAD "Content-Length: 2, 2\r\n\r\n{}" SMUGGLED },
		{ "400", POST_HEAD "Content-Length: +2\r\n\r\n{}" SMUGGLED },
		{ "400", POST_HEAD "Content-Length: 0x2\r\n\r\n{}" SMUGGLED },
		{ "400", POST_HEAD "Content-Length : 2\r\n\r\n{}" SMUGGLED },
		{ "400", POST_HEAD "Content-Length: 2\r\n 5\r\n\r\n{}" SMUGGLED },
		{ "400", POST_HEAD "X: y\r\n\tContent-Length: 2\r\n\r\n{}" SMUGGLED },
		{ "400", POST_HEAD "X: y\nContent-Length: 2\r\n\r\n{}" SMUGGLED },
		{ "400", POST_HEAD "X: y\rContent-Length: 2\r\n\r\n{}" SMUGGLED },
		{ "400", POST_HEAD "X: \x01\r\nContent-Length: 2\r\n\r\n{}" SMUGGLED },
		{ "400", POST_HEAD "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" SMUGGLED },
		{ "400", POST_HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
			 "\r\n0\r\n\r\n" SMUGGLED },
		{ "501", POST_HEAD "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" SMUGGLED },
		{ "501", POST_HEAD "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" SMUGGLED },
		{ "501", POST_HEAD "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" SMUGGLED },
		{ "501", POST_HEAD "Transfer-Encoding:\r\n\r\n0\r\n\r\n" SMUGGLED },
		{ "400", "POST /v1/luns HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED },
		{ "400", POST_HEAD "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" SMUGGLED },
		{ "400", POST_HEAD "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" SMUGGLED },
		{ "400", POST_HEAD "Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n" SMUGGLED },
		{ "400", POST_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n" SMUGGLED },
		{ "400", POST_HEAD "Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n" SMUGGLED },
		{ "417", "POST /v1/luns HTTP/1.1\r\nHost: x\r\nExpect: more\r\nContent-Length: 3\r\n\r\n" },
		{ "415", "POST /v1/luns HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}" },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		refused(unix_connect(*state), cases[i].request, cases[i].status);
}

static void
begin_with(char *request, const char *text)
{
	memcpy(request, text, strlen(text));
}

static void
test_endless_parts_are_refused_at_once(void **state)
{
	static char request[80000];

	memset(request, 'a', sizeof(request) - 1);
	begin_with(request, "GET /");
	refused(unix_connect(*state), request, "414");
	begin_with(request, "GET / HTTP/1.1\r\nHost: x\r\nA: ");
	refused(unix_connect(*state), request, "431");
	begin_with(request,
		   "POST /v1/luns HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;");
	refused(unix_connect(*state), request, "400");
}

static void
test_a_client_that_expects_is_told_to_go_on(void **state)
{
	int fd = unix_connect(*state);

	send_text(fd,
		  "POST /v1/luns HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
		  "Content-Length: 19\r\n\r\n",
		  1000);
	assert_true(read_until(fd, "HTTP/1.1 100 Continue\r\n\r\n"));
	ask(fd, "{\"size_bytes\":4096}", "201", "\"existed\":false");
}

static void
test_requests_may_be_sent_ahead(void **state)
{
	int fd = unix_connect(*state);
	const char *second;

	send_text(fd,
		  "GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/array HTTP/1.1\r\n"
		  "Host: x\r\nConnection: close\r\n\r\n",
		  1000);
	assert_false(read_until(fd, "no such text"));
	second = strstr(buf + 1, "HTTP/1.1 200 ");
	assert_non_null(second);
	assert_non_null(strstr(second, "iqn_prefix"));
	close(fd);
}

/* ---- slow peers ---- */

static void
short_start(struct served *s, unsigned request_ms)
{
	const struct http_limits limits = { .request_ms = request_ms, .idle_ms = 60000 };
	struct http_options options = { .array = s->fx->http.array,
					.socket_path = s->path,
					.listen = "127.0.0.1:0",
					.max_connections = 8,
					.limits = &limits,
					.roles.trust = "admin" };

	http_stop(s->http);
	s->http = NULL;
	assert_int_equal(http_start(&options, &s->http), 0);
}

/* However the bytes trickle, the request's time ends: the sender goes on until it is cut off. */
static void
test_a_request_has_a_deadline_as_a_whole(void **state)
{
	struct served *s = *state;
	int fd;

	short_start(s, 50);
	fd = unix_connect(s);
	send_text(fd, "POST /v1/luns HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", 1000);
	while (send(fd, " ", 1, MSG_NOSIGNAL) == 1 && recv(fd, buf, 1, MSG_DONTWAIT | MSG_PEEK) < 0)
		sched_yield();
	assert_false(read_until(fd, "no such text"));
	assert_int_equal(strncmp(buf, "HTTP/1.1 408 ", 13), 0);
	assert_non_null(strstr(buf, "TIMEOUT"));
	close(fd);
	fd = unix_connect(s);
	send_text(fd, "GET / HT", 1000);
	assert_false(read_until(fd, "no such text"));
	assert_int_equal(strncmp(buf, "HTTP/1.1 408 ", 13), 0);
	close(fd);
}

/*
 * Eight connections are allowed, and thirty are held by peers that send nothing, or begin and stop.
 */
static void
test_slow_senders_cannot_keep_others_out(void **state)
{
	struct served *s = *state;

	for (int tcp = 0; tcp < 2; tcp++) {
		int held[30];

		for (size_t i = 0; i < ARRAY_LEN(held); i++) {
			held[i] = tcp ? tcp_connect(s) : unix_connect(s);
			if (i % 2 == 0)
				send(held[i], "GET /v1", 7, MSG_NOSIGNAL);
		}
		ask(tcp ? tcp_connect(s) : unix_connect(s),
		    "GET /v1/version HTTP/1.1\r\nHost: localhost:1\r\n\r\n", "200",
		    "\"api\":\"v1\"");
		for (size_t i = 0; i < ARRAY_LEN(held); i++)
			close(held[i]);
	}
}

/*
 * Streams are served, so they keep their place; beyond its share of the six, which is five, a
 * principal is refused, on this socket only.
 */
static void
test_streams_are_limited_on_each_socket(void **state)
{
	static const char events[] = "GET /v1/events HTTP/1.1\r\nHost: localhost:1\r\n\r\n";
	static const char version[] = "GET /v1/version HTTP/1.1\r\nHost: localhost:1\r\n\r\n";
	struct served *s = *state;
	int fds[10], others[4];

	for (int i = 0; i < 10; i++) {
		fds[i] = i < 5 ? unix_connect(s) : tcp_connect(s);
		send_text(fds[i], events, 1000);
		assert_true(read_until(fds[i], "event: hello"));
	}
	ask(unix_connect(s), events, "409", "LIMIT");
	ask(tcp_connect(s), events, "409", "LIMIT");
	/* who has the answer of a request may send the next at once: one place is left for it */
	for (int i = 0; i < 4; i++)
		others[i] = i < 2 ? unix_connect(s) : tcp_connect(s);
	for (int i = 0; i < 1000; i++) {
		send_text(others[i % 4], version, 1000);
		assert_true(read_until(others[i % 4], "}"));
		assert_int_equal(strncmp(buf, "HTTP/1.1 200 ", 13), 0);
	}
	for (int i = 0; i < 4; i++)
		close(others[i]);
	for (int i = 0; i < 10; i++)
		close(fds[i]);
}

/*
 * One token takes all streams that it gets, and then every connection that it can: it gets six of
 * the eight, and another token is answered as if nothing were.
 */
static void
test_a_principal_leaves_some_to_others(void **state)
{
	struct served *s = *state;
	char hog[256], stream[256], other[256], secret[2][ARRAY_TOKEN_SIZE];
	struct array_answer answer;
	int fds[7];

	for (int i = 0; i < 2; i++)
		assert_int_equal(array_token_create(s->fx->http.array, NULL,
						    i == 0 ? "hog" : "other", ROLE_READER, 0,
						    secret[i], &answer),
				 0);
	snprintf(stream, sizeof(stream),
		 "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n",
		 secret[0]);
	snprintf(hog, sizeof(hog),
		 "GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
		 "%s\r\n\r\n",
		 secret[0]);
	snprintf(other, sizeof(other),
		 "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n",
		 secret[1]);
	for (int i = 0; i < 5; i++) {
		fds[i] = tcp_connect(s);
		send_text(fds[i], stream, 1000);
		assert_true(read_until(fds[i], "event: hello"));
	}
	ask(tcp_connect(s), stream, "409", "token hog has 5 event streams here already");
	/*
	 * and a request whose answer it does not read: many, so that they do not fit in the buffers
	 */
	fds[5] = tcp_connect(s);
	for (int i = 0; i < 200; i++)
		if (send(fds[5], hog, strlen(hog), MSG_DONTWAIT | MSG_NOSIGNAL) <= 0)
			break;
	assert_true(read_until(fds[5], "HTTP/1.1 200 OK"));
	for (;;) { /* until the sixth is being served, and does not get rid of its answer */
		int fd = tcp_connect(s);

		send_text(fd, hog, 1000);
		assert_true(read_until(fd, "\r\n\r\n"));
		close(fd);
		if (strstr(buf, "HTTP/1.1 429 ") == buf)
			break;
	}
	assert_non_null(strstr(buf, "Retry-After: 1\r\n"));
	fds[6] = tcp_connect(s);
	send_text(fds[6], other, 1000);
	assert_true(read_until(fds[6], "event: hello"));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

/*
 * Strangers who are refused, and send on without reading that, hold no place: with eight
 * connections, thirty of them keep nobody out.
 */
static void
test_refused_strangers_cannot_keep_others_out(void **state)
{
	static const char post[] = "POST /v1/luns HTTP/1.1\r\nHost: evil.example\r\nContent-Type: "
				   "application/json\r\nContent-Length: 100000\r\n\r\n";
	struct served *s = *state;
	int held[30];

	for (size_t i = 0; i < ARRAY_LEN(held); i++) {
		held[i] = tcp_connect(s);
		send_text(held[i], post, 1000);
		if (i >= ARRAY_LEN(held) - 8) /* these are refused, and linger */
			assert_true(read_until(held[i], "ACCESS"));
	}
	ask(tcp_connect(s), "GET /v1/version HTTP/1.1\r\nHost: localhost:1\r\n\r\n", "200",
	    "\"api\":\"v1\"");
	for (size_t i = 0; i < ARRAY_LEN(held); i++)
		close(held[i]);
}

/* Sends half of a request, and the rest when the answer is there already. */
static int
send_on(int fd)
{
	static char body[100000];
	struct pollfd answer = { .fd = fd, .events = POLLIN };

	memset(body, ' ', sizeof(body));
	send_text(fd, "POST /v1/luns HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", 1000);
	assert_int_equal(poll(&answer, 1, -1), 1);
	for (int i = 0; i < 5; i++)
		if (send(fd, body, sizeof(body), MSG_NOSIGNAL) != sizeof(body))
			return -errno;
	return 0;
}

static void
max_connections_set(struct http *http, unsigned max)
{
	pthread_mutex_lock(&http->lock);
	http->max_connections = max;
	pthread_mutex_unlock(&http->lock);
}

/* There is no place: who writes before he reads finds the answer all the same. */
static void
test_a_client_that_is_refused_may_write_on(void **state)
{
	struct served *s = *state;

	max_connections_set(s->http, 0);
	for (int tcp = 0; tcp < 2; tcp++) {
		int fd = tcp ? tcp_connect(s) : unix_connect(s);

		assert_int_equal(send_on(fd), 0);
		assert_false(read_until(fd, "no such text"));
		assert_int_equal(strncmp(buf, "HTTP/1.1 503 ", 13), 0);
		assert_non_null(strstr(buf, "all connections of this socket are in use"));
		close(fd);
	}
}

static void
test_refused_connections_are_few_and_end(void **state)
{
	struct http_refused refused = { 0 };
	struct pollfd fds[HTTP_REFUSED_MAX];
	int ends[HTTP_REFUSED_MAX + 8][2];
	char byte;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]), 0);
		http_refuse(&refused, ends[i][0]);
	}
	assert_int_equal(refused.count, HTTP_REFUSED_MAX);
	assert_int_equal(send(ends[7][1], "x", 1, MSG_NOSIGNAL), -1); /* the oldest went */
	assert_int_equal(send(ends[8][1], "x", 1, MSG_NOSIGNAL), 1);
	close(ends[9][1]);
	assert_int_equal(http_refused_poll(&refused, fds), HTTP_REFUSED_MAX);
	assert_in_range(http_refused_timeout(&refused), 0, HTTP_LINGER_MS + 1);
	assert_int_equal(poll(fds, HTTP_REFUSED_MAX, -1), 2);
	http_refused_serve(&refused, fds, HTTP_REFUSED_MAX);
	assert_int_equal(refused.count, HTTP_REFUSED_MAX - 1); /* one has closed, one goes on */
	refused.of[0].until_ns = refused.of[1].until_ns = 0;
	assert_int_equal(http_refused_timeout(&refused), 0);
	http_refused_serve(&refused, fds, http_refused_poll(&refused, fds));
	assert_int_equal(refused.count, HTTP_REFUSED_MAX - 3);
	http_refused_close(&refused);
	assert_int_equal(http_refused_timeout(&refused), -1);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		if (i == 9)
			continue;
		while (recv(ends[i][1], &byte, 1, 0) == 1)
			;
		close(ends[i][1]);
	}
}

/* ---- pages of others ---- */

#define TCP_POST "POST /v1/luns HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 19\r\n"
#define LUN_BODY "\r\n{\"size_bytes\":4096}"

static void
test_tcp_takes_only_what_no_page_can_forge(void **state)
{
	ask(tcp_connect(*state),
	    TCP_POST "Content-Type: application/json; charset=utf-8\r\n" LUN_BODY, "201",
	    "existed");
	ask(tcp_connect(*state),
	    TCP_POST "Content-Type: application/json\r\nSec-Fetch-Site: same-origin\r\n" LUN_BODY,
	    "201", "existed");
	ask(tcp_connect(*state),
	    TCP_POST "Content-Type: application/json\r\nSec-Fetch-Site: cross-site\r\n" LUN_BODY,
	    "403", "ACCESS");
	ask(tcp_connect(*state),
	    TCP_POST "Content-Type: application/json\r\nSec-Fetch-Site: same-site\r\n" LUN_BODY,
	    "403", "ACCESS");
	ask(tcp_connect(*state),
	    "GET http://evil.example/v1/version HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", "403",
	    "ACCESS");
	ask(tcp_connect(*state),
	    "GET http://127.0.0.1:1/v1/version HTTP/1.1\r\nHost: evil.example\r\n\r\n", "200",
	    "api");
	ask(tcp_connect(*state), TCP_POST LUN_BODY, "415", "Content-Type");
	ask(tcp_connect(*state), TCP_POST "Content-Type: text/plain\r\n" LUN_BODY, "415",
	    "Content-Type");
	ask(tcp_connect(*state),
	    TCP_POST "Content-Type: application/x-www-form-urlencoded\r\n" LUN_BODY, "415",
	    "Content-Type");
}

/* Over the unix socket, which no page reaches, curl -d may send what it always sends. */
static void
test_the_unix_socket_takes_what_curl_sends(void **state)
{
	ask(unix_connect(*state),
	    TCP_POST "Content-Type: application/x-www-form-urlencoded\r\n" LUN_BODY, "201",
	    "existed");
}

static void
test_the_document_is_served(void **state)
{
	ask(unix_connect(*state), "GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n", "200",
	    "\"openapi\":\"3.1.0\"");
}

static void
test_events_stream_while_changes_happen(void **state)
{
	struct served *s = *state;
	int fd = unix_connect(s);

	send_text(fd, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n", 1000);
	assert_true(read_until(fd, "event: live"));
	assert_non_null(strstr(buf, "text/event-stream"));
	ask(unix_connect(s), "POST /v1/targets HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
	    "201", "\"existed\"");
	assert_true(read_until(fd, "\"cause\":\"target.create\""));
	close(fd);
}

static void
test_stopping_ends_streams_with_lost(void **state)
{
	struct served *s = *state;
	struct http_options options = { .array = s->fx->http.array,
					.socket_path = s->path,
					.max_connections = 8 };
	int fd = unix_connect(s);

	send_text(fd, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n", 1000);
	assert_true(read_until(fd, "event: live"));
	http_stop(s->http);
	s->http = NULL;
	assert_int_not_equal(access(s->path, F_OK), 0);
	read_until(fd, "event: lost");
	close(fd);
	assert_int_equal(http_start(&options, &s->http), 0);
}

static void
test_a_client_that_vanishes_frees_its_place(void **state)
{
	struct served *s = *state;

	static const char request[] = "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n";

	/*
	 * Six streams and eight connections are allowed at a time; those that have vanished are
	 * noticed within a second.  Until then a new one is refused, or closed at once.
	 */
	for (int i = 0; i < 12; i++) {
		do {
			int fd = unix_connect(s);

			buf[0] = '\0';
			if (send(fd, request, strlen(request), MSG_NOSIGNAL) > 0)
				read_until(fd, "\r\n\r\n");
			close(fd);
		} while (strncmp(buf, "HTTP/1.1 200 ", 13) != 0);
	}
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, served_setup, served_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		SERVED(test_reads_are_answered),
		SERVED(test_head_is_get_without_the_body),
		SERVED(test_a_connection_goes_on_after_head),
		SERVED(test_bodies_arrive_in_any_cut),
		SERVED(test_chunked_bodies_are_taken),
		SERVED(test_a_connection_serves_many),
		SERVED(test_a_large_body_is_refused_and_forgotten),
		SERVED(test_a_wrong_method_names_the_right_ones),
		SERVED(test_tcp_serves_programs_but_no_foreign_pages),
		SERVED(test_what_http_does_not_allow_is_refused_at_once),
		SERVED(test_endless_parts_are_refused_at_once),
		SERVED(test_a_client_that_expects_is_told_to_go_on),
		SERVED(test_requests_may_be_sent_ahead),
		SERVED(test_a_request_has_a_deadline_as_a_whole),
		SERVED(test_slow_senders_cannot_keep_others_out),
		SERVED(test_streams_are_limited_on_each_socket),
		SERVED(test_a_principal_leaves_some_to_others),
		SERVED(test_refused_strangers_cannot_keep_others_out),
		SERVED(test_a_client_that_is_refused_may_write_on),
		SERVED(test_refused_connections_are_few_and_end),
		SERVED(test_tcp_takes_only_what_no_page_can_forge),
		SERVED(test_the_unix_socket_takes_what_curl_sends),
		SERVED(test_the_document_is_served),
		SERVED(test_events_stream_while_changes_happen),
		SERVED(test_stopping_ends_streams_with_lost),
		SERVED(test_a_client_that_vanishes_frees_its_place),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
