/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of how the files of the web page are served: at which paths, to which requests, compressed
 * or not, with which rules for the browser; and that a program without the page says so.
 */
#include "fixture.h"
#include "page/page.h"

/* Reads a request; the caller calls wire_http_fini. */
static struct wire_http
request_of(const char *text)
{
	struct wire_http request;
	size_t used = 0;

	wire_http_init(&request, WIRE_HTTP_REQUEST, 0);
	assert_int_equal(wire_http_feed(&request, text, strlen(text), NULL, NULL, &used), 0);
	return request;
}

static const struct page_file *
find(const char *text)
{
	struct wire_http request = request_of(text);
	const struct page_file *file = http_page_find(&request);

	wire_http_fini(&request);
	return file;
}

/* The reply to a request for a file; the caller frees it. */
static struct http_reply
ask(const struct page_file *file, const char *headers)
{
	struct http_reply reply = { 0 };
	struct wire_http request;
	char text[512];

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", headers);
	request = request_of(text);
	assert_int_equal(http_page_reply(file, &request, &reply), 0);
	wire_http_fini(&request);
	return reply;
}

static const unsigned char plain[] = "plain", packed[] = "packed";
static const struct page_file sample = {
	.path = "/sample.js",
	.media_type = "text/javascript",
	.etag = "\"1a2b\"",
	.bytes = plain,
	.len = 5,
	.gzip = packed,
	.gzip_len = 6,
	.immutable = true,
};

static void
test_the_root_is_the_page(void **state)
{
	(void)state;
	assert_non_null(find("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
	assert_non_null(find("HEAD /?x=1 HTTP/1.1\r\nHost: x\r\n\r\n"));
	for (size_t i = 0; i < page_file_count; i++) {
		char text[256];

		snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n",
			 page_files[i].path);
		assert_ptr_equal(find(text), &page_files[i]);
	}
}

static void
test_other_requests_are_not_for_the_page(void **state)
{
	static const char *const others[] = {
		"POST / HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /v1/luns HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET // HTTP/1.1\r\nHost: x\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_null(find(others[i]));
}

/* Nobody may send a body without saying who he is, also not to the page. */
static void
test_a_request_with_a_body_is_not_for_the_page(void **state)
{
	(void)state;
	assert_null(find("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"));
}

static void
test_a_program_without_the_page_says_so(void **state)
{
	const struct page_file *file = find("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	struct http_reply reply = ask(file, "");

	(void)state;
	if (page_file_count > 0) {
		assert_int_equal(reply.status, 200);
		assert_string_equal(reply.media_type, "text/html; charset=utf-8");
		assert_string_equal(reply.cache, "no-cache");
	} else {
		assert_int_equal(reply.status, 404);
		assert_non_null(strstr(reply.text, "built without its web page"));
		assert_null(reply.cache);
	}
	http_reply_fini(&reply);
}

static void
test_it_is_compressed_for_those_who_take_that(void **state)
{
	static const struct {
		const char *headers;
		bool gzip;
	} cases[] = {
		{ "", false },
		{ "Accept-Encoding: gzip\r\n", true },
		{ "Accept-Encoding: br, GZip;q=0.5\r\n", true },
		{ "Accept-Encoding: br;q=1 ,\tgzip ; q=1\r\n", true },
		{ "Accept-Encoding: gzip;q=0\r\n", false },
		{ "Accept-Encoding: gzip; q=0.000, br\r\n", false },
		{ "Accept-Encoding: gzipped, x-gzip\r\n", false },
		{ "Accept-Encoding: *\r\n", false },
		{ "Accept-Encoding: ,,\r\n", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_reply reply = ask(&sample, cases[i].headers);
		bool said = strstr(reply.owned_header, "Content-Encoding: gzip\r\n") != NULL;

		assert_int_equal(said, cases[i].gzip);
		assert_ptr_equal(reply.text, cases[i].gzip ? packed : plain);
		assert_int_equal(reply.text_len, cases[i].gzip ? 6 : 5);
		assert_non_null(strstr(reply.owned_header, "Vary: Accept-Encoding\r\n"));
		http_reply_fini(&reply);
	}
}

static void
test_who_has_it_is_not_sent_it_again(void **state)
{
	static const struct {
		const char *headers;
		unsigned status;
	} cases[] = {
		{ "", 200 },
		{ "If-None-Match: \"1a2b\"\r\n", 304 },
		{ "If-None-Match: \"x\", W/\"1a2b\"\r\n", 304 },
		{ "If-None-Match: *\r\n", 304 },
		{ "If-None-Match: \"1a2\"\r\n", 200 },
		{ "If-None-Match: 1a2b\r\n", 200 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_reply reply = ask(&sample, cases[i].headers);

		assert_int_equal(reply.status, cases[i].status);
		assert_non_null(strstr(reply.owned_header, "ETag: \"1a2b\"\r\n"));
		assert_string_equal(reply.cache, "public, max-age=31536000, immutable");
		http_reply_fini(&reply);
	}
}

static void
test_the_browser_is_told_to_be_strict(void **state)
{
	struct http_reply reply = ask(&sample, "");

	(void)state;
	assert_non_null(strstr(reply.owned_header, "default-src 'none'; script-src 'self';"));
	assert_non_null(strstr(reply.owned_header, "frame-ancestors 'none'"));
	assert_non_null(strstr(reply.owned_header, "Referrer-Policy: no-referrer\r\n"));
	assert_null(strstr(reply.owned_header, "unsafe"));
	http_reply_fini(&reply);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_root_is_the_page),
		cmocka_unit_test(test_other_requests_are_not_for_the_page),
		cmocka_unit_test(test_a_request_with_a_body_is_not_for_the_page),
		cmocka_unit_test(test_a_program_without_the_page_says_so),
		cmocka_unit_test(test_it_is_compressed_for_those_who_take_that),
		cmocka_unit_test(test_who_has_it_is_not_sent_it_again),
		cmocka_unit_test(test_the_browser_is_told_to_be_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
