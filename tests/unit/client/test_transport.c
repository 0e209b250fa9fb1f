/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the transport against a peer that plays a script: which answers are taken, in any cut,
 * which are refused, and what happens to connections that are kept.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "fake.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

/*
 * What the peer does on its n-th connection: answers each request with the next text, then closes.
 */
struct script {
	const char *answers[4]; /* NULL = no more: close */
	size_t step;            /* bytes at a time; 0 = all */
};

struct peer {
	const struct script *scripts;
	size_t count;
	int listener;
	char dir[32], path[64], url[80];
	pthread_t thread;
	size_t connections; /* that were served; read after the join */
	char last[1024];    /* the last request's head */
};

/* Reads a request's head; these requests have no body, or a small one in the same piece. */
static bool
request_read(struct peer *p, int fd)
{
	size_t len = 0;

	while (len + 1 < sizeof(p->last)) {
		ssize_t n = recv(fd, p->last + len, sizeof(p->last) - len - 1, 0);

		if (n <= 0)
			return false;
		len += (size_t)n;
		p->last[len] = '\0';
		if (strstr(p->last, "\r\n\r\n") != NULL)
			return true;
	}
	return false;
}

static void
answer_write(int fd, const char *answer, size_t step)
{
	size_t len = strlen(answer);

	if (step == 0)
		step = len;
	for (size_t at = 0; at < len; at += step)
		if (send(fd, answer + at, MIN(step, len - at), MSG_NOSIGNAL) < 0)
			return;
}

static void *
peer_main(void *arg)
{
	struct peer *p = arg;

	for (; p->connections < p->count; p->connections++) {
		const struct script *script = &p->scripts[p->connections];
		int fd = accept(p->listener, NULL, NULL);

		if (fd < 0)
			break;
		for (size_t i = 0; i < ARRAY_LEN(script->answers) && script->answers[i] != NULL;
		     i++) {
			if (!request_read(p, fd))
				break;
			answer_write(fd, script->answers[i], script->step);
		}
		close(fd);
	}
	return NULL;
}

static void
peer_start(struct peer *p, const struct script *scripts, size_t count)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memset(p, 0, sizeof(*p));
	p->scripts = scripts;
	p->count = count;
	strcpy(p->dir, "/tmp/vds-peer.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/s", p->dir);
	snprintf(p->url, sizeof(p->url), "unix:%s", p->path);
	strcpy(address.sun_path, p->path);
	p->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(p->listener, 8), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, peer_main, p), 0);
}

static void
peer_stop(struct peer *p)
{
	shutdown(p->listener, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->listener);
	unlink(p->path);
	rmdir(p->dir);
}

static int
transport_init(struct client_transport *t, const char *url)
{
	const struct client_options options = { .url = url };

	return client_transport_init(t, &options);
}

/* One GET; its code. */
static int
get(struct client_transport *t, const char *path, struct client_reply *ret_reply)
{
	const struct client_request request = { .method = "GET",
						.path = path,
						.timeout_ms = 10000 };
	bool sent;

	return client_transport_call(t, &request, ret_reply, &sent);
}

/* One GET that the peer answers so; the code, and what the body must be on success. */
static int
answered(const char *answer, size_t step, const char *body)
{
	const struct script script = { .answers = { answer }, .step = step };
	struct client_transport t;
	struct client_reply reply;
	struct peer peer;
	int rc;

	peer_start(&peer, &script, 1);
	assert_int_equal(transport_init(&t, peer.url), 0);
	rc = get(&t, "/v1/x", &reply);
	if (rc == 0) {
		assert_string_equal(reply.body.text != NULL ? reply.body.text : "", body);
		strbuf_fini(&reply.body);
	}
	client_transport_close(&t);
	client_transport_fini(&t);
	peer_stop(&peer);
	return rc;
}

static void
test_answers_are_taken_in_any_cut(void **unused)
{
	static const char chunked[] =
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
		"Transfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n";

	(void)unused;
	for (size_t step = 0; step < 20; step += 3) {
		assert_int_equal(answered(OK_ANSWER, step, "{}"), 0);
		assert_int_equal(answered(chunked, step, "[1]"), 0);
		assert_int_equal(answered("HTTP/1.1 200 OK\r\n\r\nto the end", step, "to the end"),
				 0);
	}
}

static void
test_other_answers_are_refused(void **unused)
{
	(void)unused;
	assert_int_equal(answered("SSH-2.0-OpenSSH_9.2\r\n\r\n", 0, ""), ERR_PROTOCOL);
	assert_int_equal(answered("HTTP/1.1 2000 OK\r\n\r\n", 0, ""), ERR_PROTOCOL);
	assert_int_equal(answered("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", 0, ""),
			 ERR_PROTOCOL);
	assert_int_equal(answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", 0, ""),
			 ERR_PROTOCOL);
	assert_int_equal(answered("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", 0, ""),
			 ERR_UNREACHABLE);
	assert_int_equal(answered("HTTP/1.1 2", 0, ""), ERR_UNREACHABLE);
	assert_int_equal(answered("", 0, ""), ERR_UNREACHABLE);
}

static void
test_a_connection_is_used_again(void **unused)
{
	static const struct script script = { .answers = { OK_ANSWER, OK_ANSWER, OK_ANSWER } };
	struct client_transport t;
	struct client_reply reply;
	struct peer peer;

	(void)unused;
	peer_start(&peer, &script, 1);
	assert_int_equal(transport_init(&t, peer.url), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(get(&t, "/v1/x", &reply), 0);
		strbuf_fini(&reply.body);
	}
	client_transport_close(&t);
	client_transport_fini(&t);
	peer_stop(&peer);
	assert_int_equal(peer.connections, 1);
	assert_non_null(strstr(peer.last, "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n"));
}

/* The peer closes what was kept, before the next request or on it: the caller never sees that. */
static void
test_a_kept_connection_that_was_closed_is_no_failure(void **unused)
{
	static const struct script scripts[] = {
		{ .answers = { OK_ANSWER } },
		{ .answers = { OK_ANSWER, "" } },
		{ .answers = { OK_ANSWER } },
	};
	struct client_transport t;
	struct client_reply reply;
	struct peer peer;

	(void)unused;
	peer_start(&peer, scripts, 3);
	assert_int_equal(transport_init(&t, peer.url), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(get(&t, "/v1/x", &reply), 0);
		assert_string_equal(reply.body.text, "{}");
		strbuf_fini(&reply.body);
	}
	client_transport_close(&t);
	client_transport_fini(&t);
	peer_stop(&peer);
	assert_int_equal(peer.connections, 3);
}

static void
test_a_peer_that_wants_to_close_is_left(void **unused)
{
	static const struct script scripts[] = {
		{ .answers = { "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "
			       "2\r\n\r\n{}" } },
		{ .answers = { "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}" } },
		{ .answers = { OK_ANSWER "surplus" } },
		{ .answers = { OK_ANSWER } },
	};
	struct client_transport t;
	struct client_reply reply;
	struct peer peer;

	(void)unused;
	peer_start(&peer, scripts, 4);
	assert_int_equal(transport_init(&t, peer.url), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(get(&t, "/v1/x", &reply), 0);
		strbuf_fini(&reply.body);
	}
	client_transport_close(&t);
	client_transport_fini(&t);
	peer_stop(&peer);
	assert_int_equal(peer.connections, 4);
}

/* A change without an id may have happened: it is not sent twice. */
static void
test_what_may_not_be_asked_twice_is_not(void **unused)
{
	static const struct script scripts[] = {
		{ .answers = { OK_ANSWER, "" } },
		{ .answers = { OK_ANSWER } },
	};
	const struct client_request change = { .method = "POST",
					       .path = "/v1/x",
					       .timeout_ms = 10000 };
	struct client_transport t;
	struct client_reply reply;
	struct peer peer;
	bool sent = false;

	(void)unused;
	peer_start(&peer, scripts, 2);
	assert_int_equal(transport_init(&t, peer.url), 0);
	assert_int_equal(get(&t, "/v1/x", &reply), 0);
	strbuf_fini(&reply.body);
	assert_int_equal(client_transport_call(&t, &change, &reply, &sent), ERR_UNREACHABLE);
	assert_true(sent);
	client_transport_close(&t);
	client_transport_fini(&t);
	peer_stop(&peer);
	assert_int_equal(peer.connections, 1);
}

static void
test_a_peer_that_is_not_there_was_not_asked(void **unused)
{
	const struct client_request request = { .method = "GET",
						.path = "/v1/x",
						.timeout_ms = 1000 };
	struct client_transport t;
	struct client_reply reply;
	bool sent = true;

	(void)unused;
	assert_int_equal(transport_init(&t, "unix:/tmp/vds-no-such-socket"), 0);
	assert_int_equal(client_transport_call(&t, &request, &reply, &sent), ERR_UNREACHABLE);
	assert_false(sent);
	client_transport_close(&t);
	client_transport_fini(&t);
}

static void
test_urls(void **unused)
{
	static const char *const good[] = { "unix:/a",
					    "http://127.0.0.1:1",
					    "http://[::1]:65535/",
					    "http://localhost:80//",
					    "https://a.example",
					    "https://192.0.2.1:8443/",
					    "https://[2001:db8::1]:8443",
					    "https://[::1]",
					    "https://127.0.0.1:80",
					    "unix:/a,b",
					    "unix:/a,b,unix:/c",
					    "https://a,https://b:8443,http://127.0.0.1:80" };
	static const char *const bad[] = { "",
					   "unix:a",
					   "/a",
					   "http://127.0.0.1",
					   "http://127.0.0.1:0",
					   "http://127.0.0.1:65536",
					   "http://127.0.0.1:80x",
					   "http://127.0.0.1:80/v1",
					   "http://127.0.0.2:80",
					   "http://example.org:80",
					   "https://",
					   "https://:1",
					   "https://a:0",
					   "https://a:1x",
					   "https://a/v1",
					   "https://a:1/v1",
					   "https://user@a:1",
					   "https://a b:1",
					   "https://-a:1",
					   "https://::1:1",
					   "https://[::1",
					   "https://[]",
					   "https://[::1]x",
					   "https://[a.example]:1",
					   "https://a?b",
					   "https://a,",
					   "https://a,b",
					   ",https://a",
					   "https://a,https://",
					   "https://a,,https://b" };
	struct client_transport t;

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(transport_init(&t, good[i]), 0);
		client_transport_close(&t);
		client_transport_fini(&t);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (transport_init(&t, bad[i]) != ERR_INVALID)
			fail_msg("%s is taken", bad[i]);
		client_transport_close(&t);
		client_transport_fini(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_are_taken_in_any_cut),
		cmocka_unit_test(test_other_answers_are_refused),
		cmocka_unit_test(test_a_connection_is_used_again),
		cmocka_unit_test(test_a_kept_connection_that_was_closed_is_no_failure),
		cmocka_unit_test(test_a_peer_that_wants_to_close_is_left),
		cmocka_unit_test(test_what_may_not_be_asked_twice_is_not),
		cmocka_unit_test(test_a_peer_that_is_not_there_was_not_asked),
		cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
