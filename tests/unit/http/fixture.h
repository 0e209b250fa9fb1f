/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tests of src/http share these helpers: an array in a temporary directory, and functions that
 * make HTTP calls without sockets.
 */
#ifndef VDS_TESTS_HTTP_FIXTURE_H
#define VDS_TESTS_HTTP_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/http_int.h"

struct fixture {
	char dir[64];
	struct http http;
};

static inline int
fixture_setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	struct array_options options = { .default_address = "127.0.0.1",
					 .default_port = 3260,
					 .allow_faults = true };
	char inject[192];

	assert_non_null(fx);
	log_set_level(LOG_LEVEL_ERROR);
	strcpy(fx->dir, "/tmp/vds-http.XXXXXX");
	assert_non_null(mkdtemp(fx->dir));
	options.dir = fx->dir;
	/* pools copy instead of sharing space, so that schedules may have their LUNs */
	snprintf(inject, sizeof(inject), "mkdir %s/inject && touch %s/inject/clone-by-copy",
		 fx->dir, fx->dir);
	assert_int_equal(system(inject), 0);
	snprintf(inject, sizeof(inject), "%s/inject", fx->dir);
	options.inject_dir = inject;
	assert_int_equal(array_open(&options, &fx->http.array), 0);
	fx->http.max_connections = fx->http.max_streams = 4;
	list_init(&fx->http.conns);
	pthread_mutex_init(&fx->http.lock, NULL);
	http_texts_init(&fx->http.texts);
	http_names_init(&fx->http.names);
	http_roles_init(&fx->http);
	pthread_mutex_init(&fx->http.wrong.lock, NULL);
	*state = fx;
	return 0;
}

static inline int
fixture_teardown(void **state)
{
	struct fixture *fx = *state;
	char command[128];

	http_texts_fini(&fx->http.texts);
	http_names_fini(&fx->http.names);
	http_roles_fini(&fx->http);
	pthread_mutex_destroy(&fx->http.wrong.lock);
	pthread_mutex_destroy(&fx->http.lock);
	array_close(fx->http.array);
	snprintf(command, sizeof(command), "rm -rf %s", fx->dir);
	assert_int_equal(system(command), 0);
	free(fx);
	return 0;
}

/* Makes a call; the caller frees the reply with http_reply_fini. */
static inline struct http_reply
call_with_id(struct fixture *fx, const char *method, const char *target, const char *body,
	     const char *request_id)
{
	struct http_request request = {
		.method = method,
		.target = target,
		.request_id = request_id,
		.body = body,
		.body_len = body != NULL ? strlen(body) : 0,
		.principal = { .kind = PRINCIPAL_UNIX, .role = ROLE_ADMIN, .uid = 1000 },
	};
	struct http_reply reply;

	http_dispatch(&fx->http, &request, &reply);
	return reply;
}

/* Returns the JSON of a snapshot, whose pieces are joined; the caller frees it with json_decref. */
static inline json_t *
snapshot_json(struct http_reply *reply)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	json_t *json;

	strbuf_init(&text);
	while (wire_snapshot_write(reply->snapshot, 1, &text))
		;
	json = json_loads(text.text, 0, NULL);
	assert_non_null(json);
	return json;
}

/*
 * Makes a call whose status must be `status`; returns its JSON, which the caller frees with
 * json_decref.
 */
static inline json_t *
call(struct fixture *fx, unsigned status, const char *method, const char *target, const char *body)
{
	struct http_reply reply = call_with_id(fx, method, target, body, NULL);
	json_t *json = reply.snapshot != NULL ? snapshot_json(&reply) : json_incref(reply.json);

	if (reply.status != status) {
		char *text = json_dumps(reply.json, 0);

		fail_msg("%s %s: status %u, wanted %u: %s", method, target, reply.status, status,
			 text);
	}
	http_reply_fini(&reply);
	return json;
}

/* Makes a call that must fail with this status and error code. */
static inline void
call_fails(struct fixture *fx, unsigned status, const char *code, const char *method,
	   const char *target, const char *body)
{
	json_t *json = call(fx, status, method, target, body);

	assert_string_equal(
		json_string_value(json_object_get(json_object_get(json, "error"), "code")), code);
	assert_true(json_string_length(json_object_get(json_object_get(json, "error"), "message")) >
		    0);
	json_decref(json);
}

/* Creates an object by a POST, and writes its id to ret_id. */
static inline void
make(struct fixture *fx, const char *target, const char *body, char ret_id[GUID_TEXT_SIZE])
{
	json_t *json = call(fx, 201, "POST", target, body);
	const char *id = json_string_value(json_object_get(json, "id"));

	assert_non_null(id);
	assert_int_equal(strlen(id), GUID_TEXT_SIZE - 1);
	strcpy(ret_id, id);
	json_decref(json);
}

static inline const char *
text_of(const json_t *json, const char *member)
{
	return json_string_value(json_object_get(json, member));
}

static inline json_int_t
number_of(const json_t *json, const char *member)
{
	return json_integer_value(json_object_get(json, member));
}

#endif
