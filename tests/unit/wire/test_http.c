/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the HTTP reader: which messages it takes, in every cut, and with which status it refuses
 * the others.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "fault.h"
#include "sample.h"
#include "wire/wire_http.h"

static int
add(void *arg, const char *bytes, size_t len)
{
	strbuf_add_bytes(arg, bytes, len);
	return ((struct strbuf *)arg)->failed ? -ENOMEM : 0;
}

/*
 * Feeds all of it in pieces of `step`; stops at the end of the first message.  *ret_at: bytes read.
 */
static int
feed(struct wire_http *http, const char *text, size_t len, size_t step, struct strbuf *body,
     size_t *ret_at)
{
	size_t at = 0;
	int rc = 0;

	while (rc == 0 && at < len && http->state != WIRE_HTTP_DONE) {
		size_t used = 0;

		rc = wire_http_feed(http, text + at, MIN(step, len - at), add, body, &used);
		at += used;
	}
	*ret_at = at;
	return rc;
}

static void
takes(enum wire_http_kind kind, const char *text, const char *body_text, size_t behind)
{
	size_t len = strlen(text);

	for (size_t step = 1; step <= len; step++) {
		struct wire_http http;
		struct strbuf body;
		size_t at;
		int rc;

		strbuf_init(&body);
		wire_http_init(&http, kind, 64);
		rc = feed(&http, text, len, step, &body, &at);
		if (rc < 0 || http.state != WIRE_HTTP_DONE)
			fail_msg("%s in steps of %zu: %s", text, step, err_text(rc));
		assert_int_equal(at, len - behind);
		assert_string_equal(body.text != NULL ? body.text : "", body_text);
		strbuf_fini(&body);
		wire_http_fini(&http);
	}
}

static void
refuses(unsigned status, const char *text)
{
	size_t len = strlen(text);

	for (size_t step = 1; step <= len; step += step < 64 ? 1 : len) {
		struct wire_http http;
		struct strbuf body;
		size_t at;
		int rc;

		strbuf_init(&body);
		wire_http_init(&http, WIRE_HTTP_REQUEST, 64);
		rc = feed(&http, text, len, step, &body, &at);
		if (rc != ERR_PROTOCOL && rc != ERR_LIMIT)
			fail_msg("%.60s: taken (%d)", text, rc);
		if (http.refusal != status)
			fail_msg("%.60s: %u, wanted %u", text, http.refusal, status);
		assert_true(strlen(err_text(rc)) > 0);
		strbuf_fini(&body);
		wire_http_fini(&http);
	}
}

#define HEAD "POST /p HTTP/1.1\r\nHost: x\r\n"

static void
test_requests_in_any_cut(void **unused)
{
	(void)unused;
	takes(WIRE_HTTP_REQUEST, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "", 0);
	takes(WIRE_HTTP_REQUEST, "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\nGET", "", 3);
	takes(WIRE_HTTP_REQUEST, HEAD "Content-Length: 3\r\n\r\nabcd", "abc", 1);
	takes(WIRE_HTTP_REQUEST, HEAD "Content-Length: 0\r\n\r\n", "", 0);
	takes(WIRE_HTTP_REQUEST,
	      HEAD "Transfer-Encoding: Chunked\r\n\r\n2;x=\"y\"\r\nab\r\n1 \r\nc\r\n0\r\n\r\nX",
	      "abc", 1);
	takes(WIRE_HTTP_REQUEST, HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\nC: d\r\n\r\n",
	      "", 0);
}

static void
test_answers_in_any_cut(void **unused)
{
	(void)unused;
	takes(WIRE_HTTP_RESPONSE, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "{}", 0);
	takes(WIRE_HTTP_RESPONSE,
	      "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "a", 0);
	takes(WIRE_HTTP_RESPONSE, "HTTP/1.1 204 No Content\r\n\r\nHTTP", "", 4);
	takes(WIRE_HTTP_RESPONSE, "HTTP/1.1 100 Continue\r\n\r\nHTTP", "", 4);
}

static void
test_an_answer_without_a_length_ends_with_the_connection(void **unused)
{
	static const char text[] = "HTTP/1.1 200 OK\r\n\r\nabc";
	struct wire_http http;
	struct strbuf body;
	size_t at;

	(void)unused;
	strbuf_init(&body);
	wire_http_init(&http, WIRE_HTTP_RESPONSE, 0);
	assert_int_equal(feed(&http, text, strlen(text), 4, &body, &at), 0);
	assert_int_equal(http.state, WIRE_HTTP_TO_CLOSE);
	assert_false(http.keep_alive);
	assert_int_equal(wire_http_end(&http), 0);
	assert_string_equal(body.text, "abc");
	strbuf_fini(&body);
	wire_http_fini(&http);
}

static void
test_heads_are_read(void **unused)
{
	static const char text[] = "PATCH /v1/x?a=b HTTP/1.0\r\nhost:x \r\nCONNECTION: a, "
				   "Keep-Alive\r\nEmpty:\r\n\r\n";
	struct wire_http http;
	struct strbuf body;
	size_t at;

	(void)unused;
	strbuf_init(&body);
	wire_http_init(&http, WIRE_HTTP_REQUEST, 64);
	assert_int_equal(feed(&http, text, strlen(text), 7, &body, &at), 0);
	assert_string_equal(http.method, "PATCH");
	assert_string_equal(http.target, "/v1/x?a=b");
	assert_string_equal(wire_http_header(&http, "Host"), "x");
	assert_string_equal(wire_http_header(&http, "empty"), "");
	assert_null(wire_http_header(&http, "Hos"));
	assert_true(http.version_1_0);
	assert_true(http.keep_alive);
	assert_true(wire_http_has_begun(&http));
	wire_http_reset(&http);
	assert_false(wire_http_has_begun(&http));
	wire_http_fini(&http);
}

/* Whether the request's target and host are read as these. */
static void
reads(const char *request, const char *target, const char *host)
{
	for (size_t step = 1; step < 9; step++) {
		struct wire_http http;
		struct strbuf body;
		size_t at;

		strbuf_init(&body);
		wire_http_init(&http, WIRE_HTTP_REQUEST, 64);
		assert_int_equal(feed(&http, request, strlen(request), step, &body, &at), 0);
		assert_string_equal(http.target, target);
		assert_string_equal(wire_http_header(&http, "Host"), host);
		strbuf_fini(&body);
		wire_http_fini(&http);
	}
}

static void
test_a_target_may_name_the_host(void **unused)
{
	(void)unused;
	reads("GET http://a:80/v1/x?y HTTP/1.1\r\nHost: b\r\n\r\n", "/v1/x?y", "a:80");
	reads("GET HTTPS://[::1]/ HTTP/1.1\r\nHost: b\r\n\r\n", "/", "[::1]");
	reads("GET http://a HTTP/1.1\r\nHost: b\r\n\r\n", "/", "a");
	reads("GET http://a?y HTTP/1.0\r\n\r\n", "/?y", "a");
	reads("GET /http://a HTTP/1.1\r\nHost: b\r\n\r\n", "/http://a", "b");
	refuses(400, "GET http://a/ HTTP/1.1\r\n\r\n");
	refuses(400, "GET http:/// HTTP/1.1\r\nHost: b\r\n\r\n");
	refuses(400, "GET http://b@a/ HTTP/1.1\r\nHost: b\r\n\r\n");
}

static void
test_malformed_requests_are_refused(void **unused)
{
	(void)unused;
	refuses(400, "GET /\r\n\r\n");
	refuses(400, "GET  / HTTP/1.1\r\nHost: x\r\n\r\n");
	refuses(400, "G(T / HTTP/1.1\r\nHost: x\r\n\r\n");
	refuses(400, "GET / http/1.1\r\nHost: x\r\n\r\n");
	refuses(505, "GET / HTTP/2.0\r\nHost: x\r\n\r\n");
	refuses(400, "GET / HTTP/1.1\r\n\r\n");
	refuses(400, "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n");
	refuses(400, "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n");
	refuses(400, "GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n");
	refuses(400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n");
	refuses(400, "GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n");
	refuses(400, "GET / HTTP/1.1\nHost: x\r\n\r\n");
	refuses(400, "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n");
}

static void
test_lengths_that_are_doubtful_are_refused(void **unused)
{
	(void)unused;
	refuses(400, HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\n");
	refuses(400, HEAD "Content-Length: +3\r\n\r\n");
	refuses(400, HEAD "Content-Length: 3, 3\r\n\r\n");
	refuses(400, HEAD "Content-Length:\r\n\r\n");
	refuses(413, HEAD "Content-Length: 65\r\n\r\n");
	refuses(413, HEAD "Content-Length: 10000000000\r\n\r\n");
	refuses(413, HEAD "Content-Length: 99999999999999999999999999\r\n\r\n");
	refuses(400, HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n");
	refuses(501, HEAD "Transfer-Encoding: gzip\r\n\r\n");
	refuses(501, HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n");
	refuses(400, HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n");
	refuses(400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
}

#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

static void
test_chunks_that_are_doubtful_are_refused(void **unused)
{
	char text[600] = CHUNKED "1;";

	(void)unused;
	refuses(400, CHUNKED "x\r\n");
	refuses(400, CHUNKED "\r\n");
	refuses(400, CHUNKED "-1\r\n");
	refuses(400, CHUNKED "1\nab");
	refuses(400, CHUNKED "1\r\nab\r\n");
	refuses(400, CHUNKED "1\r\na\r\r");
	refuses(400, CHUNKED "11111111111111111\r\n");
	refuses(413, CHUNKED "41\r\n");
	refuses(413, CHUNKED "1\r\na\r\n40\r\n");
	memset(text + strlen(text), 'e', 300);
	refuses(400, text);
}

/* What is too long is refused before it has come to its end. */
static void
test_endless_heads_are_refused(void **unused)
{
	static char text[70000];

	(void)unused;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "GET /", 5);
	refuses(414, text);
	memcpy(text, "GET / HTTP/1.1\r\nHost: x\r\nA: ", 28);
	refuses(431, text);
	strcpy(text, CHUNKED "0\r\n");
	for (size_t len = strlen(text); len + 4 < sizeof(text); len += 4)
		memcpy(text + len, "A:\r\n", 5);
	refuses(431, text);
	strcpy(text, "GET / HTTP/1.1\r\nHost: x\r\n");
	for (int i = 0; i < WIRE_HTTP_HEADERS_MAX; i++)
		strcat(text, "A: b\r\n");
	strcat(text, "\r\n");
	refuses(431, text);
	memset(text, 'a', 9000);
	memcpy(text, "GET /", 5);
	strcpy(text + 9000, " HTTP/1.1\r\nHost: x\r\n\r\n");
	refuses(414, text);
}

static void
test_a_cut_message_is_told(void **unused)
{
	struct wire_http http;
	size_t used;

	(void)unused;
	wire_http_init(&http, WIRE_HTTP_RESPONSE, 0);
	assert_int_equal(wire_http_feed(&http, "HTTP/1.1 2", 10, add, NULL, &used), 0);
	assert_int_equal(wire_http_end(&http), ERR_PROTOCOL);
	wire_http_fini(&http);
}

static void
test_out_of_memory_is_told(void **unused)
{
	static const char text[] = CHUNKED "2\r\nab\r\n0\r\n\r\n";

	(void)unused;
	WITH_EVERY_FAULT
	{
		struct wire_http http;
		struct strbuf body;
		size_t at;
		int rc;

		strbuf_init(&body);
		wire_http_init(&http, WIRE_HTTP_REQUEST, 64);
		rc = feed(&http, text, strlen(text), 5, &body, &at);
		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		strbuf_fini(&body);
		wire_http_fini(&http);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_in_any_cut),
		cmocka_unit_test(test_answers_in_any_cut),
		cmocka_unit_test(test_an_answer_without_a_length_ends_with_the_connection),
		cmocka_unit_test(test_heads_are_read),
		cmocka_unit_test(test_a_target_may_name_the_host),
		cmocka_unit_test(test_malformed_requests_are_refused),
		cmocka_unit_test(test_lengths_that_are_doubtful_are_refused),
		cmocka_unit_test(test_chunks_that_are_doubtful_are_refused),
		cmocka_unit_test(test_endless_heads_are_refused),
		cmocka_unit_test(test_a_cut_message_is_told),
		cmocka_unit_test(test_out_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
