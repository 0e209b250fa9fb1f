/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every verb of the table over TLS, asked by the holders of certificates and of tokens with each
 * role, by a certificate without a role, by a wrong token and by nobody: who may ask is not
 * refused, who may not gets 403 (or 401, where the server does not know who it is), changes nothing
 * and is in the audit log.  A new verb is walked as soon as it is in the table (model/verbs.h).
 *
 * test_auth.c walks the same table for users and groups of the unix socket and for loopback TCP.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "authority.h"
#include "fixture.h"

struct served {
	struct fixture *fx;
	struct http *http;
	struct authority *ca;
	char ca_path[96], cert[96], key[96];
};

static void
path_in(const struct served *s, const char *name, char path[96])
{
	snprintf(path, 96, "%s/%s", s->fx->dir, name);
}

static int
served_setup(void **state)
{
	static const char *const listen[] = { "127.0.0.1:0" };
	const struct authority_spec array = { .names = "IP:127.0.0.1" };
	struct served *s = calloc(1, sizeof(*s));
	struct http_options options = {
		.tls = { .listen = listen, .listen_count = 1 },
		.roles = { .admins = "cert:is-admin",
			   .operators = "cert:is-operator",
			   .readers = "cert:is-reader" },
	};
	void *fixture;

	assert_non_null(s);
	fixture_setup(&fixture);
	s->fx = fixture;
	path_in(s, "ca.pem", s->ca_path);
	path_in(s, "cert.pem", s->cert);
	path_in(s, "key.pem", s->key);
	s->ca = authority_new("Test CA", NULL);
	authority_write(s->ca, s->ca_path, false);
	authority_issue(s->ca, &array, s->cert, s->key, NULL);
	options.array = s->fx->http.array;
	options.tls.files = (struct tls_server_files){ .cert = s->cert,
						       .key = s->key,
						       .client_ca = s->ca_path };
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
	authority_free(s->ca);
	fixture_teardown(&fixture);
	free(s);
	return 0;
}

/* ---- one request ---- */

/* A client with the certificate of this name; NULL = without one.  The caller frees it. */
static SSL_CTX *
client_new(const struct served *s, const char *name)
{
	const struct authority_spec spec = { .common_name = name };
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	char cert[96], key[96];

	assert_int_equal(SSL_CTX_load_verify_file(ctx, s->ca_path), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (name == NULL)
		return ctx;
	path_in(s, "client.pem", cert);
	path_in(s, "client.key", key);
	authority_issue(s->ca, &spec, cert, key, NULL);
	assert_int_equal(SSL_CTX_use_certificate_chain_file(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM), 1);
	return ctx;
}

static SSL *
connect_to(const struct served *s, SSL_CTX *ctx)
{
	const char *port = strrchr(http_tls_address(s->http, 0), ':') + 1;
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons((uint16_t)atoi(port)),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SSL *ssl = SSL_new(ctx);
	int one = 1;

	/* else each request waits for the acknowledgement of the handshake's last message */
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	SSL_set_fd(ssl, fd);
	assert_int_equal(SSL_connect(ssl), 1);
	return ssl;
}

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

/* Asks for a verb with arguments that no verb takes.  Returns the status. */
static unsigned
ask(const struct served *s, SSL_CTX *ctx, const struct verb *verb, const char *token)
{
	SSL *ssl = connect_to(s, ctx);
	char path[256], request[1024], answer[32];
	unsigned status;
	int n, len;

	path_make(verb, path, sizeof(path));
	len = snprintf(request, sizeof(request),
		       "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
		       "Content-Length: %d\r\n%s%s%s\r\n%s",
		       verb->method, path, verb->body != NULL ? 13 : 0,
		       token != NULL ? "Authorization: Bearer " : "", token != NULL ? token : "",
		       token != NULL ? "\r\n" : "", verb->body != NULL ? "{\"nothing\":1}" : "");
	assert_int_equal(SSL_write(ssl, request, len), len);
	n = SSL_read(ssl, answer, sizeof(answer) - 1);
	assert_true(n >= 12);
	answer[n] = '\0';
	assert_int_equal(sscanf(answer, "HTTP/1.1 %u", &status), 1);
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
	return status;
}

/* ---- the walk ---- */

struct asker {
	const char *who; /* for people */
	SSL_CTX *ctx;
	const char *token;
	enum principal_role role;
	bool unknown; /* the server does not know who it is: 401 */
};

static uint64_t
sequence(const struct served *s)
{
	struct state *config = array_state(s->fx->http.array);
	uint64_t now = state_position(config)->sequence;

	state_unref(config);
	return now;
}

/* Returns the newest record of the audit log; the caller drops the reference. */
static json_t *
newest(const struct served *s)
{
	json_t *json = call(s->fx, 200, "GET", "/v1/audit?limit=1", NULL);
	json_t *record = json_incref(json_array_get(json_object_get(json, "items"), 0));

	json_decref(json);
	return record;
}

/* Who was refused has changed nothing, and one record says so. */
static void
refusal_is_recorded(const struct served *s, const struct asker *a, enum verb_id v,
		    json_int_t before, uint64_t sequence_before)
{
	json_t *record = newest(s);

	if (sequence(s) != sequence_before)
		fail_msg("%s has changed something by %s", a->who, verb_table[v].operation);
	if (verb_is_change(v)) {
		if (number_of(record, "number") != before + 1)
			fail_msg("%s: %s has left %d records", a->who, verb_table[v].operation,
				 (int)(number_of(record, "number") - before));
		assert_string_equal(text_of(record, "verb"), verb_table[v].operation);
		assert_string_equal(text_of(record, "outcome"), "ACCESS");
	} else {
		assert_int_equal(number_of(record, "number"), before);
	}
	json_decref(record);
}

static void
walk(const struct served *s, const struct asker *a)
{
	for (int v = 0; v < VERB_COUNT; v++) {
		bool may = a->role >= verb_table[v].role;
		json_t *record = newest(s);
		json_int_t before = number_of(record, "number");
		uint64_t sequence_before = sequence(s);
		unsigned status = ask(s, a->ctx, &verb_table[v], a->token);

		json_decref(record);
		if (a->unknown ? status != 401 && status != 429 : (status == 403) == may)
			fail_msg("%s: %s: status %u", a->who, verb_table[v].operation, status);
		if (!may && !a->unknown)
			refusal_is_recorded(s, a, v, before, sequence_before);
		else if (!may && sequence(s) != sequence_before)
			fail_msg("%s has changed something by %s", a->who, verb_table[v].operation);
	}
}

static void
test_certificates_of_every_role(void **state)
{
	struct served *s = *state;

	for (enum principal_role role = ROLE_NONE; role < ROLE_COUNT; role++) {
		char name[32];
		struct asker asker = { .who = name, .role = role };

		snprintf(name, sizeof(name), "is-%s", principal_role_name(role));
		asker.ctx = client_new(s, name);
		walk(s, &asker);
		SSL_CTX_free(asker.ctx);
	}
}

/* A token counts instead of a certificate: neither raises the other's role. */
static void
test_tokens_of_every_role(void **state)
{
	struct served *s = *state;
	SSL_CTX *plain = client_new(s, NULL), *admin = client_new(s, "is-admin");

	for (enum principal_role role = ROLE_READER; role < ROLE_COUNT; role++) {
		const char *name = principal_role_name(role);
		char secret[ARRAY_TOKEN_SIZE];
		struct array_answer answer;
		const struct asker asker = { name, role == ROLE_READER ? admin : plain, secret,
					     role, false };

		assert_int_equal(
			array_token_create(s->fx->http.array, NULL, name, role, 0, secret, &answer),
			0);
		walk(s, &asker);
	}
	SSL_CTX_free(plain);
	SSL_CTX_free(admin);
}

static void
test_nobody_and_wrong_tokens(void **state)
{
	struct served *s = *state;
	SSL_CTX *plain = client_new(s, NULL), *admin = client_new(s, "is-admin");
	char secret[ARRAY_TOKEN_SIZE];
	struct array_answer answer;
	const struct asker nobody = { "nobody", plain, NULL, ROLE_NONE, true };
	const struct asker wrong = { "a wrong token", plain, "vds_wrong", ROLE_NONE, true };
	const struct asker revoked = { "a revoked token of an admin", admin, secret, ROLE_NONE,
				       true };

	assert_int_equal(
		array_token_create(s->fx->http.array, NULL, "gone", ROLE_ADMIN, 0, secret, &answer),
		0);
	assert_int_equal(array_token_revoke(s->fx->http.array, NULL, &answer.object_id, &answer),
			 0);
	walk(s, &nobody);
	walk(s, &wrong);
	walk(s, &revoked);
	SSL_CTX_free(plain);
	SSL_CTX_free(admin);
}

/* What is refused before the verb has seen it: by the server, by its arguments, by its body. */
static void
test_what_is_not_valid_leaves_one_record(void **state)
{
	static const struct {
		const char *verb, *outcome, *request;
	} cases[] = {
		{ "lunCreate", "NOT_SUPPORTED",
		  "POST /v1/luns HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n" },
		{ "lunCreate", "INVALID",
		  "POST /v1/luns HTTP/1.1\r\nContent-Length: 10000000\r\n" },
		{ "lunCreate", "INVALID",
		  "POST /v1/luns?size=5 HTTP/1.1\r\nContent-Length: 0\r\n" },
		{ "lunCreate", "INVALID", "POST /v1/luns HTTP/1.1\r\nX-Request-Id: 5\r\n" },
		{ "lunDelete", "INVALID", "DELETE /v1/luns/%2e%2e HTTP/1.1\r\n" },
		{ "lunDelete", "INVALID", "DELETE /v1/luns/5 HTTP/1.1\r\n" },
		{ "lunDelete", "ACCESS", "DELETE /v1/luns/5 HTTP/1.1\r\nOrigin: https://evil\r\n" },
	};
	struct served *s = *state;
	SSL_CTX *admin = client_new(s, "is-admin");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *record = newest(s);
		json_int_t before = number_of(record, "number");
		SSL *ssl = connect_to(s, admin);
		char request[512];
		int len = snprintf(request, sizeof(request), "%sHost: 127.0.0.1\r\n\r\n",
				   cases[i].request);

		json_decref(record);
		assert_int_equal(SSL_write(ssl, request, len), len);
		assert_true(SSL_read(ssl, request, sizeof(request)) > 0);
		close(SSL_get_fd(ssl));
		SSL_free(ssl);
		record = newest(s);
		if (number_of(record, "number") != before + 1 ||
		    strcmp(text_of(record, "verb"), cases[i].verb) != 0 ||
		    strcmp(text_of(record, "outcome"), cases[i].outcome) != 0)
			fail_msg("%s: %s", cases[i].request, json_dumps(record, 0));
		assert_null(strstr(text_of(record, "text"), "not JSON"));
		json_decref(record);
	}
	SSL_CTX_free(admin);
}

#define SERVED(name) cmocka_unit_test_setup_teardown(name, served_setup, served_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(test_certificates_of_every_role),
		SERVED(test_tokens_of_every_role),
		SERVED(test_nobody_and_wrong_tokens),
		SERVED(test_what_is_not_valid_leaves_one_record),
	};

	signal(SIGPIPE, SIG_IGN); /* OpenSSL's own sockets, of the test's clients */
	return cmocka_run_group_tests_name("http-walk", tests, NULL, NULL);
}
