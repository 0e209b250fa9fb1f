/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the server over TLS, on real sockets, by a client of libssl's own: who is answered, who
 * is told what, who cannot hold others up, and how the certificate is replaced.
 *
 * Here the holder of any certificate is an admin, since the tests are about what lies below roles
 * (test_auth.c).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "authority.h"
#include "base/clock.h"
#include "fault.h"
#include "fixture.h"

#define MAX_CONNECTIONS 8

static char buf[1 << 20]; /* what was read last: one test at a time */

struct served {
	struct fixture *fx;
	struct http *http;
	struct authority *ca;
	char ca_path[96], crl[96], cert[96], key[96], client_cert[96], client_key[96],
		fingerprint[96];
	SSL_CTX *stranger, *admin; /* the test's own clients */
};

static const struct authority_spec usual = { .names = "DNS:a.example,IP:127.0.0.1" };

static void
path_in(const struct served *s, const char *name, char path[96])
{
	snprintf(path, 96, "%s/%s", s->fx->dir, name);
}

static void
server_start(struct served *s, unsigned handshake_ms)
{
	const struct http_limits limits = { .request_ms = 30000,
					    .idle_ms = 60000,
					    .handshake_ms = handshake_ms };
	static const char *const listen[] = { "127.0.0.1:0", "[::1]:0" };
	static const char *const names[] = { "b.example" };
	const struct http_options options = {
		.array = s->fx->http.array,
		.max_connections = MAX_CONNECTIONS,
		.limits = &limits,
		.tls = { .listen = listen,
			 .listen_count = 2,
			 .names = names,
			 .name_count = 1,
			 .files = { s->cert, s->key, s->ca_path, s->crl } },
		.roles.admins = "cert:*",
	};
	int rc = http_start(&options, &s->http);

	if (rc < 0)
		fail_msg("%s", err_text(rc));
}

static SSL_CTX *
client_new(const struct served *s, bool with_certificate)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	assert_int_equal(SSL_CTX_load_verify_file(ctx, s->ca_path), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (with_certificate) {
		assert_int_equal(SSL_CTX_use_certificate_chain_file(ctx, s->client_cert), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, s->client_key, SSL_FILETYPE_PEM),
				 1);
	}
	return ctx;
}

static int
served_setup(void **state)
{
	const struct authority_spec alice = { .common_name = "alice" };
	struct served *s = calloc(1, sizeof(*s));
	void *fixture;

	assert_non_null(s);
	fixture_setup(&fixture);
	s->fx = fixture;
	path_in(s, "ca.pem", s->ca_path);
	path_in(s, "clients.crl", s->crl);
	path_in(s, "cert.pem", s->cert);
	path_in(s, "key.pem", s->key);
	path_in(s, "client.pem", s->client_cert);
	path_in(s, "client.key", s->client_key);
	s->ca = authority_new("Test CA", NULL);
	authority_write(s->ca, s->ca_path, false);
	authority_revoke(s->ca, s->crl, false, NULL, 0);
	authority_issue(s->ca, &usual, s->cert, s->key, s->fingerprint);
	authority_issue(s->ca, &alice, s->client_cert, s->client_key, NULL);
	s->stranger = client_new(s, false);
	s->admin = client_new(s, true);
	server_start(s, 10000);
	*state = s;
	return 0;
}

static int
served_teardown(void **state)
{
	struct served *s = *state;
	void *fixture = s->fx;

	http_stop(s->http);
	SSL_CTX_free(s->stranger);
	SSL_CTX_free(s->admin);
	authority_free(s->ca);
	fixture_teardown(&fixture);
	free(s);
	return 0;
}

/* ---- clients ---- */

static int
tcp_connect(const struct served *s, size_t listener)
{
	const char *where = http_tls_address(s->http, listener);
	uint16_t port = (uint16_t)atoi(strrchr(where, ':') + 1);
	const struct sockaddr_in four = { .sin_family = AF_INET,
					  .sin_port = htons(port),
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr_in6 six = { .sin6_family = AF_INET6,
					  .sin6_port = htons(port),
					  .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(where[0] == '[' ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(where[0] == '['
				 ? connect(fd, (const struct sockaddr *)&six, sizeof(six))
				 : connect(fd, (const struct sockaddr *)&four, sizeof(four)),
			 0);
	return fd;
}

/* Returns NULL when the handshake fails. */
static SSL *
tls_try(const struct served *s, SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, tcp_connect(s, 0));
	SSL_set_connect_state(ssl);
	ERR_clear_error();
	if (SSL_do_handshake(ssl) == 1)
		return ssl;
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
	return NULL;
}

static SSL *
tls_open(const struct served *s, SSL_CTX *ctx)
{
	SSL *ssl = tls_try(s, ctx);

	assert_non_null(ssl);
	return ssl;
}

static void
tls_end(SSL *ssl)
{
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
}

static void
send_text(SSL *ssl, const char *text)
{
	assert_int_equal(SSL_write(ssl, text, (int)strlen(text)), strlen(text));
}

/* Reads until `wanted` has come, or to the end; *ret_end: 1 = an end in order. */
static bool
read_until(SSL *ssl, const char *wanted, bool *ret_end)
{
	size_t len = 0;

	buf[0] = '\0';
	while (len + 1 < sizeof(buf)) {
		int n = SSL_read(ssl, buf + len, (int)(sizeof(buf) - len - 1));

		if (n <= 0) {
			if (ret_end != NULL)
				*ret_end = SSL_get_error(ssl, n) == SSL_ERROR_ZERO_RETURN;
			return false;
		}
		len += (size_t)n;
		buf[len] = '\0';
		if (strstr(buf, wanted) != NULL)
			return true;
	}
	return false;
}

static void
ask(const struct served *s, SSL_CTX *ctx, const char *request, const char *status,
    const char *wanted)
{
	SSL *ssl = tls_open(s, ctx);
	char line[32];

	send_text(ssl, request);
	if (!read_until(ssl, wanted, NULL))
		fail_msg("%s not in `%s`", wanted, buf);
	snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
	if (strncmp(buf, line, strlen(line)) != 0)
		fail_msg("not %s: `%s`", status, buf);
	tls_end(ssl);
}

#define GET(path, host) "GET " path " HTTP/1.1\r\nHost: " host "\r\n\r\n"

/* ---- who is answered ---- */

static void
test_nobody_is_refused_before_the_body(void **state)
{
	struct served *s = *state;
	SSL *ssl = tls_open(s, s->stranger);
	bool end = false;

	ask(s, s->stranger, GET("/v1/luns", "a.example"), "401", "WWW-Authenticate: Bearer realm=");
	send_text(ssl, "POST /v1/luns HTTP/1.1\r\nHost: a.example\r\nContent-Type: "
		       "application/json\r\nContent-Length: 1000\r\n\r\n");
	assert_true(read_until(ssl, "ACCESS", NULL));
	assert_false(read_until(ssl, "no such text", &end));
	assert_true(end); /* with close_notify */
	tls_end(ssl);
}

static void
test_the_holder_of_a_certificate_is_known(void **state)
{
	struct served *s = *state;

	ask(s, s->admin, GET("/v1/version", "a.example"), "200", "\"api\":\"v1\"");
	ask(s, s->admin,
	    "POST /v1/luns HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\n"
	    "Content-Length: 19\r\n\r\n{\"size_bytes\":4096}",
	    "201", "\"existed\":false");
}

static void
test_both_families_are_served(void **state)
{
	struct served *s = *state;
	SSL *ssl = SSL_new(s->admin);

	assert_string_equal(http_tls_address(s->http, 1) + 0,
			    strstr(http_tls_address(s->http, 1), "[::1]:"));
	assert_null(http_tls_address(s->http, 2));
	SSL_set_fd(ssl, tcp_connect(s, 1));
	assert_int_equal(SSL_connect(ssl), 1);
	send_text(ssl, GET("/v1/version", "[::1]:8443"));
	assert_true(read_until(ssl, "\"api\":\"v1\"", NULL));
	tls_end(ssl);
}

static void
test_hosts_and_origins_are_checked(void **state)
{
	struct served *s = *state;

	ask(s, s->admin, GET("/v1/version", "evil.example"), "403", "--https-name");
	ask(s, s->admin, GET("/v1/version", "b.example:8443"), "200", "api");
	ask(s, s->admin,
	    "GET /v1/version HTTP/1.1\r\nHost: a.example\r\nOrigin: https://evil.example\r\n\r\n",
	    "403", "ACCESS");
	ask(s, s->admin,
	    "GET /v1/version HTTP/1.1\r\nHost: a.example\r\nSec-Fetch-Site: cross-site\r\n\r\n",
	    "403", "ACCESS");
}

static void
test_the_host_is_ours_in_these_forms(void **state)
{
	struct served *s = *state;
	struct http_certs *certs = &s->http->certs;
	struct tls_context *context = http_certs_get(certs);
	static const char *const ours[] = { "a.example",      "A.EXAMPLE:8443", "a.example.",
					    "127.0.0.1:8443", "192.0.2.77",     "[2001:db8::1]:1",
					    "localhost",      "b.example",      "B.example:1" };
	static const char *const foreign[] = {
		"",     ":8443",  "evil.example",  "a.example.evil.example", "xa.example",
		"[::1", "[::1]x", "a.example:80x", "127.0.0.1.evil.example", "[evil.example]",
		"."
	};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (!http_tls_origin_is_ours(certs, context, ours[i], NULL))
			fail_msg("%s is refused", ours[i]);
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (http_tls_origin_is_ours(certs, context, foreign[i], NULL))
			fail_msg("%s is taken", foreign[i]);
	assert_false(http_tls_origin_is_ours(certs, context, NULL, NULL));
	assert_true(http_tls_origin_is_ours(certs, context, "a.example:1", "https://a.example:1"));
	assert_false(http_tls_origin_is_ours(certs, context, "a.example:1", "http://a.example:1"));
	assert_false(http_tls_origin_is_ours(certs, context, "a.example:1", "null"));
	tls_context_unref(context);
}

static void
test_http_without_tls_is_told_so(void **state)
{
	struct served *s = *state;
	int fd = tcp_connect(s, 0);
	ssize_t n;
	size_t len = 0;

	assert_true(send(fd, GET("/", "x"), strlen(GET("/", "x")), 0) > 0);
	while ((n = recv(fd, buf + len, sizeof(buf) - len - 1, 0)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	assert_int_equal(n, 0);
	assert_non_null(strstr(buf, "https://"));
	close(fd);
}

/* ---- bytes ---- */

static void
test_a_large_answer_arrives_whole(void **state)
{
	struct served *s = *state;
	SSL *ssl = tls_open(s, s->admin);
	bool end = false;
	char *body;

	send_text(ssl, "GET /v1/openapi.json HTTP/1.1\r\nHost: a.example\r\nConnection: "
		       "close\r\n\r\n");
	assert_false(read_until(ssl, "no such text", &end));
	assert_true(end);
	body = strstr(buf, "\r\n\r\n");
	assert_non_null(body);
	assert_string_equal(body + 4, http_openapi_text);
	tls_end(ssl);
}

static void
test_many_requests_share_a_connection(void **state)
{
	struct served *s = *state;
	SSL *ssl = tls_open(s, s->admin);

	for (int i = 0; i < 20; i++) {
		for (const char *at = GET("/v1/version", "a.example"); *at != '\0'; at++)
			if (i == 0) /* byte by byte, each in a record of its own */
				assert_int_equal(SSL_write(ssl, at, 1), 1);
		if (i > 0)
			send_text(ssl, GET("/v1/version", "a.example"));
		assert_true(read_until(ssl, "\"api\":\"v1\"", NULL));
	}
	tls_end(ssl);
}

static void
test_a_half_closed_client_is_answered(void **state)
{
	struct served *s = *state;
	SSL *ssl = tls_open(s, s->admin);

	send_text(ssl, GET("/v1/version", "a.example"));
	assert_true(SSL_shutdown(ssl) >= 0);
	assert_true(read_until(ssl, "\"api\":\"v1\"", NULL));
	tls_end(ssl);
}

static unsigned
connections(struct http *http)
{
	unsigned count;

	pthread_mutex_lock(&http->lock);
	count = http->sockets[HTTP_TLS].connections;
	pthread_mutex_unlock(&http->lock);
	return count;
}

static void
connections_become(struct http *http, unsigned wanted)
{
	uint64_t end_ns = clock_mono_ns() + 60 * NS_PER_S;

	while (connections(http) != wanted) {
		assert_true(clock_mono_ns() < end_ns);
		poll(NULL, 0, 1);
	}
}

static void
test_a_client_cut_off_in_a_request_leaves_its_place(void **state)
{
	struct served *s = *state;

	for (int i = 0; i < 3 * MAX_CONNECTIONS; i++) {
		SSL *ssl = tls_open(s, s->admin);

		send_text(ssl, "POST /v1/luns HTTP/1.1\r\nHost: a.exam");
		tls_end(ssl); /* no close_notify */
	}
	connections_become(s->http, 0);
}

static void
test_a_stream_ends_in_order_when_the_server_stops(void **state)
{
	struct served *s = *state;
	SSL *ssl = tls_open(s, s->admin);
	bool end = false;

	send_text(ssl, GET("/v1/events", "a.example"));
	assert_true(read_until(ssl, "event: hello", NULL));
	http_stop(s->http);
	assert_false(read_until(ssl, "no such text", &end));
	assert_non_null(strstr(buf, "event: lost"));
	assert_true(end);
	tls_end(ssl);
	server_start(s, 10000);
}

/* RFC 5246 §7.2.2: a warning, or an end; the server never begins another handshake. */
static void
test_renegotiation_is_refused(void **state)
{
	struct served *s = *state;
	SSL *ssl = SSL_new(s->admin);

	SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
	SSL_set_fd(ssl, tcp_connect(s, 0));
	assert_int_equal(SSL_connect(ssl), 1);
	assert_int_equal(SSL_renegotiate(ssl), 1);
	assert_int_not_equal(SSL_do_handshake(ssl), 1);
	tls_end(ssl);
	ask(s, s->admin, GET("/v1/version", "a.example"), "200", "api");
}

/* ---- peers that hold up ---- */

static void
test_who_stalls_in_the_handshake_is_ended(void **state)
{
	struct served *s = *state;
	int silent, partial;
	char byte;

	http_stop(s->http);
	server_start(s, 50);
	silent = tcp_connect(s, 0);
	partial = tcp_connect(s, 0);
	assert_int_equal(send(partial, "\x16\x03\x01\x02", 4, 0), 4);
	assert_int_equal(recv(silent, &byte, 1, 0), 0);
	assert_int_equal(recv(partial, &byte, 1, 0), 0);
	close(silent);
	close(partial);
	connections_become(s->http, 0);
}

static void
test_stalled_strangers_keep_nobody_out(void **state)
{
	struct served *s = *state;
	int stalled[4 * MAX_CONNECTIONS];
	SSL *known = tls_open(s, s->admin);

	send_text(known, GET("/v1/version", "a.example"));
	assert_true(read_until(known, "\"api\":\"v1\"", NULL));
	for (size_t i = 0; i < ARRAY_LEN(stalled); i++)
		stalled[i] = tcp_connect(s, 0);
	ask(s, s->admin, GET("/v1/version", "a.example"), "200", "api");
	/* and who was known before was not pushed out */
	send_text(known, GET("/v1/version", "a.example"));
	assert_true(read_until(known, "\"api\":\"v1\"", NULL));
	assert_true(connections(s->http) <= MAX_CONNECTIONS);
	for (size_t i = 0; i < ARRAY_LEN(stalled); i++)
		close(stalled[i]);
	tls_end(known);
}

/* ---- a new certificate ---- */

static void
peer_fingerprint(SSL *ssl, char fingerprint[96])
{
	X509 *cert = SSL_get1_peer_certificate(ssl);
	unsigned char hash[32];
	unsigned len;

	assert_int_equal(X509_digest(cert, EVP_sha256(), hash, &len), 1);
	for (unsigned i = 0; i < len; i++)
		sprintf(fingerprint + 3 * i, "%02X%s", hash[i], i + 1 < len ? ":" : "");
	X509_free(cert);
}

static bool
serves(const struct served *s, const char *fingerprint)
{
	char got[96];
	SSL *ssl = tls_open(s, s->stranger);

	peer_fingerprint(ssl, got);
	tls_end(ssl);
	return strcmp(got, fingerprint) == 0;
}

static void
test_a_new_certificate_is_used_at_once_on_request(void **state)
{
	struct served *s = *state;
	SSL *before = tls_open(s, s->admin);

	assert_true(serves(s, s->fingerprint));
	authority_issue(s->ca, &usual, s->cert, s->key, s->fingerprint);
	http_tls_reload(s->http);
	assert_true(serves(s, s->fingerprint));
	send_text(before, GET("/v1/version", "a.example")); /* and who is connected goes on */
	assert_true(read_until(before, "\"api\":\"v1\"", NULL));
	tls_end(before);
}

static void
test_a_new_certificate_is_noticed(void **state)
{
	struct served *s = *state;
	uint64_t end_ns = clock_mono_ns() + 60 * NS_PER_S;

	authority_issue(s->ca, &usual, s->cert, s->key, s->fingerprint);
	while (!serves(s, s->fingerprint)) {
		assert_true(clock_mono_ns() < end_ns);
		poll(NULL, 0, 20);
	}
}

static void
test_a_broken_certificate_leaves_the_old_one(void **state)
{
	struct served *s = *state;
	char other_key[96], other[96];

	path_in(s, "other.key", other_key);
	authority_issue(s->ca, &usual, s->cert, other_key, other); /* the key is not its own */
	http_tls_reload(s->http);
	assert_true(serves(s, s->fingerprint));
	unlink(s->key);
	http_tls_reload(s->http);
	assert_true(serves(s, s->fingerprint));
	assert_int_equal(rename(other_key, s->key), 0);
	http_tls_reload(s->http);
	assert_true(serves(s, other));
}

struct loaders {
	const struct served *s;
	atomic_bool stop;
	atomic_uint answered;
};

static void *
load_main(void *arg)
{
	struct loaders *loaders = arg;
	char got[64];

	while (!atomic_load(&loaders->stop)) {
		SSL *ssl = tls_try(loaders->s, loaders->s->admin);
		int n;

		if (ssl == NULL)
			break;
		SSL_write(ssl, GET("/v1/version", "a.example"),
			  (int)strlen(GET("/v1/version", "a.example")));
		n = SSL_read(ssl, got, sizeof(got));
		tls_end(ssl);
		if (n < 12 || memcmp(got, "HTTP/1.1 200", 12) != 0)
			break;
		atomic_fetch_add(&loaders->answered, 1);
	}
	return NULL;
}

static void
test_the_certificate_is_replaced_under_load(void **state)
{
	struct served *s = *state;
	struct loaders loaders = { .s = s };
	pthread_t threads[3];
	unsigned answered;

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, load_main, &loaders), 0);
	for (int i = 0; i < 30; i++) {
		uint64_t end_ns = clock_mono_ns() + 60 * NS_PER_S;

		authority_issue(s->ca, &usual, s->cert, s->key, s->fingerprint);
		http_tls_reload(s->http);
		answered = atomic_load(&loaders.answered);
		while (atomic_load(&loaders.answered) < answered + 3) { /* each goes on */
			assert_true(clock_mono_ns() < end_ns);
			poll(NULL, 0, 1);
		}
	}
	atomic_store(&loaders.stop, true);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	assert_true(serves(s, s->fingerprint));
}

/* ---- certificates of clients that are not trusted any more ---- */

static SSL *
stream_open(const struct served *s)
{
	SSL *ssl = tls_open(s, s->admin);

	send_text(ssl, GET("/v1/events", "a.example"));
	assert_true(read_until(ssl, "event: live", NULL));
	return ssl;
}

static SSL *
asked_once(const struct served *s)
{
	SSL *ssl = tls_open(s, s->admin);

	send_text(ssl, GET("/v1/version", "a.example"));
	assert_true(read_until(ssl, "\"api\":\"v1\"", NULL));
	return ssl;
}

/* What stands with the certificate must have ended, and it opens nothing any more. */
static void
client_is_out(const struct served *s, SSL *stream, SSL *idle)
{
	bool end = false;
	char got[16];
	SSL *ssl;

	assert_true(read_until(stream, "not trusted any more", NULL));
	assert_non_null(strstr(buf, "event: lost"));
	assert_false(read_until(stream, "no such text", &end));
	assert_true(end); /* with close_notify: nothing was cut off */
	assert_false(read_until(idle, "no such text", NULL));
	assert_string_equal(buf, "");
	tls_end(stream);
	tls_end(idle);
	ssl = tls_try(s, s->admin);
	if (ssl != NULL) { /* TLS 1.3: the refusal comes after the client's last message */
		assert_true(SSL_read(ssl, got, sizeof(got)) <= 0);
		tls_end(ssl);
	}
}

static void
test_a_revoked_certificate_ends_what_stands(void **state)
{
	struct served *s = *state;
	SSL *stream = stream_open(s), *idle = asked_once(s);
	SSL *nobody = tls_open(s, s->stranger);

	authority_revoke(s->ca, s->crl, false, s->client_cert, 0);
	http_tls_reload(s->http);
	client_is_out(s, stream, idle);
	send_text(nobody, GET("/v1/version", "a.example")); /* who has shown none stays */
	assert_true(read_until(nobody, "token is needed", NULL));
	tls_end(nobody);
}

static void
test_another_ca_of_clients_ends_what_stands(void **state)
{
	struct served *s = *state;
	SSL *stream = stream_open(s), *idle = asked_once(s);
	struct authority *other = authority_new("Other CA", NULL);

	authority_write(other, s->ca_path, false);
	authority_revoke(other, s->crl, false, NULL, 0);
	client_is_out(s, stream, idle); /* the server has noticed by itself */
	authority_free(other);
}

/* A list that is not valid changes nothing, neither for new connections nor for old ones. */
static void
test_a_broken_list_leaves_the_old_one(void **state)
{
	struct served *s = *state;
	SSL *idle = asked_once(s);

	unlink(s->crl);
	http_tls_reload(s->http);
	send_text(idle, GET("/v1/version", "a.example"));
	assert_true(read_until(idle, "\"api\":\"v1\"", NULL));
	tls_end(idle);
	ask(s, s->admin, GET("/v1/version", "a.example"), "200", "api");
}

/* A request that has begun when the certificate is revoked is refused, and the connection ends. */
static void
test_a_request_in_flight_is_refused(void **state)
{
	struct served *s = *state;
	struct http_conn conn = { .http = s->http,
				  .peer.principal = { .kind = PRINCIPAL_CERTIFICATE,
						      .name = "alice" } };
	SSL *ssl = asked_once(s);
	unsigned status = 0;

	pthread_mutex_lock(&s->http->lock);
	list_for_each(node, &s->http->conns) {
		struct http_conn *served = list_entry(node, struct http_conn, node);

		conn.tls_peer = served->tls_peer != NULL ? served->tls_peer : conn.tls_peer;
	}
	pthread_mutex_unlock(&s->http->lock);
	assert_non_null(conn.tls_peer);
	wire_http_init(&conn.request, WIRE_HTTP_REQUEST, HTTP_BODY_MAX);
	assert_int_equal(http_auth(&conn, &status), 0);
	assert_int_equal(conn.principal.role, ROLE_ADMIN);
	assert_null(http_auth_lost(&conn));
	authority_revoke(s->ca, s->crl, false, s->client_cert, -60); /* ended, so it revokes all */
	pthread_mutex_lock(&s->http->lock); /* the connection stays until this test has looked */
	{
		struct tls_context *context = NULL, *before;
		const struct tls_server_files files = { s->cert, s->key, s->ca_path, s->crl };

		assert_int_equal(tls_server_new(&files, &context), 0);
		pthread_mutex_lock(&s->http->certs.lock);
		before = s->http->certs.context;
		s->http->certs.context = context;
		pthread_mutex_unlock(&s->http->certs.lock);
		tls_context_unref(before);
	}
	assert_int_equal(http_auth(&conn, &status), ERR_ACCESS);
	assert_int_equal(status, 401);
	assert_non_null(strstr(err_text(ERR_ACCESS), "not trusted any more"));
	assert_int_equal(conn.principal.role, ROLE_NONE);
	assert_non_null(http_auth_lost(&conn));
	pthread_mutex_unlock(&s->http->lock);
	wire_http_fini(&conn.request);
	tls_context_unref(conn.trusted_by);
	tls_end(ssl);
}

/* ---- the start ---- */

static void
test_a_start_without_a_certificate_fails(void **state)
{
	struct served *s = *state;
	static const char *const listen[] = { "127.0.0.1:0" };
	struct http_options options = {
		.array = s->fx->http.array,
		.tls = { .listen = listen,
			 .listen_count = 1,
			 .files = { s->cert, s->key, NULL, NULL } },
	};
	static const char *const bad[] = { "127.0.0.1:x" };
	struct http *http = NULL;

	options.tls.listen = bad;
	assert_int_equal(http_start(&options, &http), ERR_INVALID);
	options.tls.listen = listen;
	unlink(s->key);
	assert_int_equal(http_start(&options, &http), -ENOENT);
	assert_null(http);
}

static void
test_every_allocation_of_a_start_may_fail(void **state)
{
	struct served *s = *state;
	static const char *const listen[] = { "127.0.0.1:0" };
	static const char *const names[] = { "x" };
	const struct http_options options = {
		.array = s->fx->http.array,
		.tls = { .listen = listen,
			 .listen_count = 1,
			 .names = names,
			 .name_count = 1,
			 .files = { s->cert, s->key, s->ca_path, s->crl } },
	};

	WITH_EVERY_FAULT
	{
		struct http *http = NULL;
		int rc = http_start(&options, &http);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		http_stop(http);
	}
}

#define SERVED(name) cmocka_unit_test_setup_teardown(name, served_setup, served_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(test_nobody_is_refused_before_the_body),
		SERVED(test_the_holder_of_a_certificate_is_known),
		SERVED(test_both_families_are_served),
		SERVED(test_hosts_and_origins_are_checked),
		SERVED(test_the_host_is_ours_in_these_forms),
		SERVED(test_http_without_tls_is_told_so),
		SERVED(test_a_large_answer_arrives_whole),
		SERVED(test_many_requests_share_a_connection),
		SERVED(test_a_half_closed_client_is_answered),
		SERVED(test_a_client_cut_off_in_a_request_leaves_its_place),
		SERVED(test_a_stream_ends_in_order_when_the_server_stops),
		SERVED(test_renegotiation_is_refused),
		SERVED(test_who_stalls_in_the_handshake_is_ended),
		SERVED(test_stalled_strangers_keep_nobody_out),
		SERVED(test_a_new_certificate_is_used_at_once_on_request),
		SERVED(test_a_new_certificate_is_noticed),
		SERVED(test_a_broken_certificate_leaves_the_old_one),
		SERVED(test_the_certificate_is_replaced_under_load),
		SERVED(test_a_revoked_certificate_ends_what_stands),
		SERVED(test_another_ca_of_clients_ends_what_stands),
		SERVED(test_a_broken_list_leaves_the_old_one),
		SERVED(test_a_request_in_flight_is_refused),
		SERVED(test_a_start_without_a_certificate_fails),
		SERVED(test_every_allocation_of_a_start_may_fail),
	};

	signal(SIGPIPE, SIG_IGN); /* OpenSSL's own sockets, of the test's clients */
	return cmocka_run_group_tests_name("http-tls", tests, NULL, NULL);
}
