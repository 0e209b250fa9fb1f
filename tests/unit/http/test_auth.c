/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who may do what: every verb of the table with every role and every kind of principal; tokens that
 * are unknown, revoked or expired; streams whose principal loses its role; wrong tokens in numbers.
 */
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"

/* A user other than root and the one as whom the test runs, and a group. */
#define USER  54321
#define GROUP 54322

static uint32_t groups[] = { 7, GROUP };

/* A connection whose peer the kernel has named, without a socket. */
static void
conn_init(struct http_conn *conn, struct fixture *fx, enum principal_kind kind, bool in_group)
{
	*conn = (struct http_conn){ .http = &fx->http, .fd = -1, .tcp = kind == PRINCIPAL_TCP };
	conn->peer.principal.kind = kind;
	conn->peer.principal.uid = USER;
	strcpy(conn->peer.principal.from, kind == PRINCIPAL_TCP ? "127.0.0.1:4000" : "pid 1");
	conn->peer.groups = groups;
	conn->peer.group_count = in_group ? 2 : 1;
}

/* Reads the head of a request into the connection. */
static void
head_feed(struct http_conn *conn, const char *token)
{
	char head[256];
	size_t used;

	snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: x\r\n%s%s%s\r\n",
		 token != NULL ? "Authorization: Bearer " : "", token != NULL ? token : "",
		 token != NULL ? "\r\n" : "");
	wire_http_init(&conn->request, WIRE_HTTP_REQUEST, HTTP_BODY_MAX);
	assert_int_equal(wire_http_feed(&conn->request, head, strlen(head), NULL, NULL, &used), 0);
}

/* Decides who asks.  Returns the result of http_auth; the status is 0 when it says none. */
static int
ask(struct http_conn *conn, const char *token, unsigned *ret_status)
{
	int rc;

	*ret_status = 0;
	head_feed(conn, token);
	rc = http_auth(conn, ret_status);
	wire_http_fini(&conn->request);
	return rc;
}

static void
roles_set(struct fixture *fx, const char *admin, const char *operator, const char * reader,
	  const char *trust)
{
	const struct http_roles_text text = { admin, operator, reader, trust };

	assert_int_equal(http_roles_set(&fx->http, &text), 0);
}

static void
token_make(struct fixture *fx, const char *name, enum principal_role role, int64_t expires_ms,
	   char secret[ARRAY_TOKEN_SIZE], struct guid *ret_id)
{
	struct array_answer answer;

	assert_int_equal(
		array_token_create(fx->http.array, NULL, name, role, expires_ms, secret, &answer),
		0);
	*ret_id = answer.object_id;
}

/* ---- every route, every role ---- */

/* The path of a verb with ids that no object has. */
static void
path_make(const struct verb *verb, char *path, size_t size)
{
	size_t len = 0;

	for (const char *p = verb->path; *p != '\0' && len + GUID_TEXT_SIZE < size; p++) {
		if (*p == '{') {
			len += (size_t)snprintf(path + len, size - len,
						"00000000-0000-4000-8000-000000000001");
			p = strchr(p, '}');
		} else {
			path[len++] = *p;
		}
	}
	path[len] = '\0';
}

static void
verbs_walk(struct fixture *fx, struct http_conn *conn, enum principal_role role)
{
	for (int v = 0; v < VERB_COUNT; v++) {
		struct http_request request = { .method = verb_table[v].method,
						.principal = conn->principal,
						.conn = conn };
		struct http_reply reply;
		char path[256];

		path_make(&verb_table[v], path, sizeof(path));
		request.target = path;
		http_dispatch(&fx->http, &request, &reply);
		if ((reply.status == 403) != (role < verb_table[v].role))
			fail_msg("%s with the role %s: status %u", verb_table[v].operation,
				 principal_role_name(role), reply.status);
		if (reply.status == 403)
			assert_int_equal(reply.code, ERR_ACCESS);
		http_reply_fini(&reply);
	}
}

static void
test_every_verb_with_every_role_of_every_principal(void **state)
{
	static const char *const user = "54321", *const group = "%54322";
	struct fixture *fx = *state;

	for (enum principal_role role = ROLE_NONE; role < ROLE_COUNT; role++) {
		const char *who[ROLE_COUNT] = { NULL }, *name = principal_role_name(role);
		char secret[ARRAY_TOKEN_SIZE];
		struct http_conn conn;
		unsigned status;
		struct guid id;

		for (int as_group = 0; as_group < 2; as_group++) {
			who[role] = as_group ? group : user;
			roles_set(fx, who[ROLE_ADMIN] != NULL ? who[ROLE_ADMIN] : "",
				  who[ROLE_OPERATOR], who[ROLE_READER], NULL);
			conn_init(&conn, fx, PRINCIPAL_UNIX, as_group);
			assert_int_equal(ask(&conn, NULL, &status), 0);
			assert_int_equal(conn.principal.role, role);
			verbs_walk(fx, &conn, role);
		}
		roles_set(fx, NULL, NULL, NULL, name);
		conn_init(&conn, fx, PRINCIPAL_TCP, false);
		assert_int_equal(ask(&conn, NULL, &status), role == ROLE_NONE ? ERR_ACCESS : 0);
		assert_int_equal(status, role == ROLE_NONE ? 401 : 0);
		verbs_walk(fx, &conn, role);
		if (role == ROLE_NONE)
			continue;
		token_make(fx, name, role, 0, secret, &id);
		for (int tcp = 0; tcp < 2; tcp++) {
			roles_set(fx, "", NULL, NULL, NULL);
			conn_init(&conn, fx, tcp ? PRINCIPAL_TCP : PRINCIPAL_UNIX, false);
			assert_int_equal(ask(&conn, secret, &status), 0);
			assert_int_equal(conn.principal.kind, PRINCIPAL_TOKEN);
			assert_string_equal(conn.principal.name, name);
			verbs_walk(fx, &conn, role);
		}
	}
}

/* ---- users ---- */

static void
test_without_keys_whoever_opens_the_socket_is_an_admin(void **state)
{
	struct fixture *fx = *state;
	struct http_conn conn;
	unsigned status;

	conn_init(&conn, fx, PRINCIPAL_UNIX, false);
	assert_int_equal(ask(&conn, NULL, &status), 0);
	assert_int_equal(conn.principal.role, ROLE_ADMIN);
}

static void
test_root_and_vdsds_user_are_always_admins(void **state)
{
	struct fixture *fx = *state;
	struct http_conn conn;
	unsigned status;

	roles_set(fx, "", NULL, "*", NULL);
	for (int i = 0; i < 3; i++) {
		conn_init(&conn, fx, PRINCIPAL_UNIX, false);
		conn.peer.principal.uid = i == 0 ? 0 : i == 1 ? geteuid() : USER;
		assert_int_equal(ask(&conn, NULL, &status), 0);
		assert_int_equal(conn.principal.role, i < 2 ? ROLE_ADMIN : ROLE_READER);
	}
}

static void
test_the_highest_of_several_roles_counts(void **state)
{
	struct fixture *fx = *state;
	struct http_conn conn;
	unsigned status;

	roles_set(fx, "root", "%54322,99", "* , 54321", NULL);
	conn_init(&conn, fx, PRINCIPAL_UNIX, true);
	assert_int_equal(ask(&conn, NULL, &status), 0);
	assert_int_equal(conn.principal.role, ROLE_OPERATOR);
}

static void
test_a_certificate_has_the_role_of_its_name(void **state)
{
	static const struct {
		enum principal_kind kind;
		const char *name;
		enum principal_role role;
	} peers[] = { { PRINCIPAL_CERTIFICATE, "backup.example", ROLE_OPERATOR },
		      { PRINCIPAL_CERTIFICATE, "other.example", ROLE_READER },
		      { PRINCIPAL_CERTIFICATE, "root", ROLE_READER },
		      { PRINCIPAL_UNIX, "backup.example", ROLE_ADMIN },
		      { PRINCIPAL_TLS, "", ROLE_NONE } };
	struct fixture *fx = *state;

	roles_set(fx, "root *", "cert:backup.example", "cert:*", NULL);
	for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
		struct http_conn conn;
		unsigned status;
		int wanted = peers[i].role != ROLE_NONE ? 0 : ERR_ACCESS;

		conn_init(&conn, fx, peers[i].kind, false);
		strcpy(conn.peer.principal.name, peers[i].name);
		assert_int_equal(ask(&conn, NULL, &status), wanted);
		assert_int_equal(status, wanted == 0 ? 0 : 401);
		assert_int_equal(conn.principal.role, peers[i].role);
	}
}

/* The keys name certificates, too, but no certificate is an admin because nobody is named. */
static void
test_without_keys_a_certificate_has_no_role(void **state)
{
	struct fixture *fx = *state;
	struct http_conn conn;
	unsigned status;

	conn_init(&conn, fx, PRINCIPAL_CERTIFICATE, false);
	assert_int_equal(ask(&conn, NULL, &status), 0);
	assert_int_equal(conn.principal.role, ROLE_NONE);
	verbs_walk(fx, &conn, ROLE_NONE);
}

static void
test_wrong_keys_are_refused_and_change_nothing(void **state)
{
	static const char *const wrong[] = {
		"no-such-user-here", "%no-such-group-here", "%", "-1", "cert:", "4294967296"
	};
	struct fixture *fx = *state;
	const struct http_roles_text trust = { .trust = "king" };

	roles_set(fx, "54321", NULL, NULL, "reader");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		const struct http_roles_text text = { .operators = wrong[i] };

		assert_int_equal(http_roles_set(&fx->http, &text), ERR_INVALID);
		assert_non_null(strstr(err_text(ERR_INVALID), "operator"));
	}
	assert_int_equal(http_roles_set(&fx->http, &trust), ERR_INVALID);
	assert_int_equal(fx->http.roles.count, 1);
	assert_int_equal(fx->http.roles.trust, ROLE_READER);
}

static void
test_roles_without_memory_stay_as_they_were(void **state)
{
	const struct http_roles_text text = { .admins = "root 54321", .readers = "*" };
	struct fixture *fx = *state;
	int rc = -ENOMEM;

	for (unsigned nth = 1; rc == -ENOMEM; nth++) {
		mem_fault_at(nth);
		rc = http_roles_set(&fx->http, &text);
		mem_fault_at(0);
		assert_int_equal(fx->http.roles.count, rc == 0 ? 3 : 0);
	}
	assert_int_equal(rc, 0);
}

/* ---- tokens ---- */

static void
test_wrong_headers_get_401_and_what_to_send(void **state)
{
	static const char *const heads[] = {
		"Authorization: Basic YTpi", "Authorization: Bearer",      "Authorization: Bearer ",
		"Authorization: Bearer a b", "Authorization: Bearer a, b", "Authorization: "
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		struct http_conn conn;
		unsigned status = 0;
		char head[128];
		size_t used;

		conn_init(&conn, fx, PRINCIPAL_UNIX, false);
		snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", heads[i]);
		wire_http_init(&conn.request, WIRE_HTTP_REQUEST, HTTP_BODY_MAX);
		assert_int_equal(
			wire_http_feed(&conn.request, head, strlen(head), NULL, NULL, &used), 0);
		assert_int_equal(http_auth(&conn, &status), ERR_ACCESS);
		assert_int_equal(status, 401);
		assert_non_null(strstr(conn.header, "WWW-Authenticate: Bearer"));
		wire_http_fini(&conn.request);
	}
}

static void
test_a_revoked_token_is_refused_at_once(void **state)
{
	struct fixture *fx = *state;
	char secret[ARRAY_TOKEN_SIZE];
	struct array_answer answer;
	struct http_conn conn;
	unsigned status;
	struct guid id;

	token_make(fx, "ci", ROLE_ADMIN, 0, secret, &id);
	conn_init(&conn, fx, PRINCIPAL_TCP, false);
	assert_int_equal(ask(&conn, secret, &status), 0);
	assert_null(http_auth_lost(&conn));
	assert_int_equal(array_token_revoke(fx->http.array, NULL, &id, &answer), 0);
	assert_non_null(http_auth_lost(&conn));
	assert_int_equal(ask(&conn, secret, &status), ERR_ACCESS);
	assert_int_equal(status, 401);
	assert_non_null(strstr(conn.header, "invalid_token"));
	assert_int_equal(conn.principal.role, ROLE_NONE);
	assert_int_equal(array_token_revoke(fx->http.array, NULL, &id, &answer), ERR_NOT_FOUND);
}

static void
test_an_expired_token_is_refused(void **state)
{
	struct fixture *fx = *state;
	char secret[ARRAY_TOKEN_SIZE];
	struct array_answer answer;
	struct http_conn conn;
	unsigned status;
	struct guid id;

	token_make(fx, "short", ROLE_READER, clock_utc_ms() + 20, secret, &id);
	conn_init(&conn, fx, PRINCIPAL_TCP, false);
	while (ask(&conn, secret, &status) == 0)
		;
	assert_int_equal(status, 401);
	assert_non_null(strstr(err_text(ERR_ACCESS), "short has expired"));
	assert_int_equal(array_token_create(fx->http.array, NULL, "past", ROLE_READER,
					    clock_utc_ms() - 1, secret, &answer),
			 ERR_INVALID);
}

/* A stream notices a revocation without waiting for its next event, and says why it ends. */
static void
test_a_stream_ends_when_its_token_is_revoked(void **state)
{
	struct fixture *fx = *state;
	char secret[ARRAY_TOKEN_SIZE], block[1024];
	struct http_request request = { .method = "GET", .target = "/v1/events" };
	struct array_answer answer;
	struct http_reply reply;
	struct http_conn conn;
	unsigned status;
	struct guid id;
	size_t len;

	token_make(fx, "ci", ROLE_READER, 0, secret, &id);
	conn_init(&conn, fx, PRINCIPAL_TCP, false);
	assert_int_equal(ask(&conn, secret, &status), 0);
	request.principal = conn.principal;
	request.conn = &conn;
	http_dispatch(&fx->http, &request, &reply);
	assert_non_null(reply.stream);
	assert_true(http_stream_read(reply.stream, block, sizeof(block)) > 0); /* hello */
	assert_int_equal(array_token_revoke(fx->http.array, NULL, &id, &answer), 0);
	len = http_stream_read(reply.stream, block, sizeof(block) - 1);
	block[len] = '\0';
	assert_non_null(strstr(block, "event: lost"));
	assert_non_null(strstr(block, "revoked"));
	assert_int_equal(http_stream_read(reply.stream, block, sizeof(block)), 0);
	http_reply_fini(&reply);
}

static void
test_many_wrong_tokens_are_answered_429_and_a_good_one_200(void **state)
{
	struct fixture *fx = *state;
	char secret[ARRAY_TOKEN_SIZE];
	struct http_conn conn, other;
	unsigned status = 0;
	struct guid id;
	int tries = 0;

	token_make(fx, "ci", ROLE_READER, 0, secret, &id);
	conn_init(&conn, fx, PRINCIPAL_TCP, false);
	while (status != 429 && tries++ < 1000000)
		assert_int_equal(ask(&conn, "vds_wrong", &status), ERR_ACCESS);
	assert_int_equal(status, 429);
	assert_true(tries > 10);
	assert_non_null(strstr(conn.header, "Retry-After"));
	assert_int_equal(ask(&conn, secret, &status), 0);
	conn_init(&other, fx, PRINCIPAL_UNIX, false); /* another source */
	assert_int_equal(ask(&other, "vds_wrong", &status), ERR_ACCESS);
	assert_int_equal(status, 401);
}

static void
test_tokens_over_the_api(void **state)
{
	struct fixture *fx = *state;
	const char *token;
	char path[128];
	json_t *json;

	json = call(fx, 201, "POST", "/v1/tokens", "{\"name\":\"a\",\"role\":\"operator\"}");
	token = text_of(json, "token");
	assert_int_equal(strlen(token), ARRAY_TOKEN_SIZE - 1);
	assert_true(strncmp(token, "vds_", 4) == 0);
	snprintf(path, sizeof(path), "/v1/tokens/%s", text_of(json, "id"));
	json_decref(json);
	call_fails(fx, 409, "NAME_IN_USE", "POST", "/v1/tokens",
		   "{\"name\":\"a\",\"role\":\"reader\"}");
	call_fails(fx, 400, "INVALID", "POST", "/v1/tokens", "{\"name\":\"b\",\"role\":\"none\"}");
	call_fails(fx, 400, "INVALID", "POST", "/v1/tokens",
		   "{\"name\":\"b c\",\"role\":\"reader\"}");
	call_fails(fx, 400, "INVALID", "POST", "/v1/tokens",
		   "{\"name\":\"b\",\"role\":\"reader\",\"expires_ms\":5}");
	json = call(fx, 200, "GET", "/v1/tokens", NULL);
	assert_int_equal(json_array_size(json_object_get(json, "items")), 1);
	assert_null(json_object_get(json_array_get(json_object_get(json, "items"), 0), "token"));
	json_decref(json);
	json_decref(call(fx, 200, "DELETE", path, NULL));
	call_fails(fx, 404, "NOT_FOUND", "DELETE", path, NULL);
}

/* A request that is repeated makes no second token, and cannot say the first one again. */
static void
test_a_repeated_request_has_no_token(void **state)
{
	static const char id[] = "11111111-2222-4333-8444-555555555555";
	static const char body[] = "{\"name\":\"a\",\"role\":\"operator\"}";
	struct fixture *fx = *state;
	struct http_reply first = call_with_id(fx, "POST", "/v1/tokens", body, id);
	struct http_reply second = call_with_id(fx, "POST", "/v1/tokens", body, id);

	assert_string_equal(text_of(first.json, "id"), text_of(second.json, "id"));
	assert_true(json_is_string(json_object_get(first.json, "token")));
	assert_true(json_is_null(json_object_get(second.json, "token")));
	http_reply_fini(&first);
	http_reply_fini(&second);
}

#define AUTH_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		AUTH_TEST(test_every_verb_with_every_role_of_every_principal),
		AUTH_TEST(test_without_keys_whoever_opens_the_socket_is_an_admin),
		AUTH_TEST(test_root_and_vdsds_user_are_always_admins),
		AUTH_TEST(test_the_highest_of_several_roles_counts),
		AUTH_TEST(test_a_certificate_has_the_role_of_its_name),
		AUTH_TEST(test_without_keys_a_certificate_has_no_role),
		AUTH_TEST(test_wrong_keys_are_refused_and_change_nothing),
		AUTH_TEST(test_roles_without_memory_stay_as_they_were),
		AUTH_TEST(test_wrong_headers_get_401_and_what_to_send),
		AUTH_TEST(test_a_revoked_token_is_refused_at_once),
		AUTH_TEST(test_an_expired_token_is_refused),
		AUTH_TEST(test_a_stream_ends_when_its_token_is_revoked),
		AUTH_TEST(test_many_wrong_tokens_are_answered_429_and_a_good_one_200),
		AUTH_TEST(test_tokens_over_the_api),
		AUTH_TEST(test_a_repeated_request_has_no_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
