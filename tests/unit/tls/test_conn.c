/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of connections: bytes cut in every way, ends with and without notice, what a peer may not
 * do, and peers that speak something else.
 */
#include "pair.h"

struct bench {
	struct place *place;
	struct tls_context *server, *client;
	struct pair *pair;
};

static int
bench_setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct tls_client_options options = { 0 };
	void *place;

	assert_non_null(b);
	place_setup(&place);
	b->place = place;
	options.ca = b->place->ca_path;
	b->server = server_of(b->place, NULL);
	b->client = client_of(&options);
	b->pair = calloc(1, sizeof(*b->pair));
	assert_non_null(b->pair);
	pair_init(b->pair, b->server, b->client, "a.example");
	*state = b;
	return 0;
}

static int
bench_teardown(void **state)
{
	struct bench *b = *state;
	void *place = b->place;

	pair_fini(b->pair);
	free(b->pair);
	tls_context_unref(b->server);
	tls_context_unref(b->client);
	place_teardown(&place);
	free(b);
	return 0;
}

static void
shaken(struct bench *b)
{
	int server, client;

	pair_shake(b->pair, &server, &client);
	assert_int_equal(client, 0);
	assert_int_equal(server, 0);
}

/* Sends all bytes from one side and reads them at the other. */
static void
carry(struct side *from, struct side *to, const char *bytes, size_t len)
{
	char *got = malloc(len);
	size_t sent = 0, received = 0;

	while (received < len) {
		ssize_t n = sent < len ? tls_send(from->conn, bytes + sent, len - sent) : 0;

		assert_true(n >= 0 || n == -EAGAIN);
		sent += n > 0 ? (size_t)n : 0;
		n = tls_recv(to->conn, got + received, len - received);
		assert_true(n > 0 || n == -EAGAIN);
		received += n > 0 ? (size_t)n : 0;
	}
	assert_memory_equal(got, bytes, len);
	free(got);
}

static void
test_bytes_pass_in_both_directions(void **state)
{
	struct bench *b = *state;
	static char bytes[100000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	shaken(b);
	carry(&b->pair->client, &b->pair->server, bytes, sizeof(bytes));
	carry(&b->pair->server, &b->pair->client, bytes, sizeof(bytes));
}

static void
test_one_byte_at_a_time(void **state)
{
	struct bench *b = *state;

	b->pair->up.step = b->pair->down.step = 1;
	shaken(b);
	carry(&b->pair->client, &b->pair->server, "GET /", 5);
	carry(&b->pair->server, &b->pair->client, "HTTP/1.1", 8);
}

static void
test_a_slow_reader_stops_the_sender(void **state)
{
	struct bench *b = *state;
	static char bytes[300000];
	ssize_t n;

	shaken(b);
	b->pair->down.capacity = 4096;
	while ((n = tls_send(b->pair->server.conn, bytes, sizeof(bytes))) > 0)
		;
	assert_int_equal(n, -EAGAIN);
	assert_int_equal(tls_conn_wants(b->pair->server.conn), TLS_WANTS_WRITABLE);
	assert_int_equal(tls_recv(b->pair->server.conn, bytes, 1), -EAGAIN);
	assert_int_equal(tls_conn_wants(b->pair->server.conn), TLS_WANTS_READABLE);
}

static void
test_the_end_is_told_from_a_cut(void **state)
{
	struct bench *b = *state;
	char byte;

	shaken(b);
	tls_close_notify(b->pair->server.conn);
	b->pair->down.closed = true;
	assert_int_equal(tls_recv(b->pair->client.conn, &byte, 1), 0);
	assert_int_equal(tls_recv(b->pair->client.conn, &byte, 1), 0);
	b->pair->up.closed = true; /* without close_notify */
	assert_int_equal(tls_recv(b->pair->server.conn, &byte, 1), -ECONNRESET);
}

/* Half-closed: the client has ended its side, and still reads the answer. */
static void
test_a_half_closed_connection_is_still_answered(void **state)
{
	struct bench *b = *state;
	char byte, got[8];

	shaken(b);
	tls_close_notify(b->pair->client.conn);
	assert_int_equal(tls_recv(b->pair->server.conn, &byte, 1), 0);
	assert_int_equal(tls_send(b->pair->server.conn, "answer", 6), 6);
	assert_int_equal(tls_recv(b->pair->client.conn, got, sizeof(got)), 6);
}

static void
test_a_changed_byte_ends_the_connection(void **state)
{
	struct bench *b = *state;
	char got[16];

	shaken(b);
	assert_int_equal(tls_send(b->pair->client.conn, "request", 7), 7);
	b->pair->up.bytes[b->pair->up.to - 1] ^= 1;
	assert_int_equal(tls_recv(b->pair->server.conn, got, sizeof(got)), ERR_PROTOCOL);
}

static void
test_a_handshake_cut_anywhere_is_an_end(void **state)
{
	struct bench *b = *state;
	size_t hello;

	assert_int_equal(tls_handshake(b->pair->client.conn), -EAGAIN);
	hello = b->pair->up.to;
	for (size_t cut = 0; cut < hello; cut += 13) {
		struct pair *pair = calloc(1, sizeof(*pair));

		pair_init(pair, b->server, NULL, NULL);
		memcpy(pair->up.bytes, b->pair->up.bytes, cut);
		pair->up.to = cut;
		pair->up.closed = true;
		assert_int_equal(tls_handshake(pair->server.conn), -ECONNRESET);
		pair_fini(pair);
		free(pair);
	}
}

static void
test_errors_of_the_transport_pass_through(void **state)
{
	struct bench *b = *state;
	char byte;

	b->pair->client.error = -ENETUNREACH;
	assert_int_equal(tls_handshake(b->pair->client.conn), -ENETUNREACH);
	b->pair->server.error = -ECONNRESET;
	assert_int_equal(tls_recv(b->pair->server.conn, &byte, 1), -ECONNRESET);
}

/* Feeds bytes to a server that waits for a handshake. */
static int
server_hears(struct bench *b, const void *bytes, size_t len, bool *ret_plain)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	int rc;

	pair_init(pair, b->server, NULL, NULL);
	memcpy(pair->up.bytes, bytes, len);
	pair->up.to = len;
	rc = tls_handshake(pair->server.conn);
	*ret_plain = tls_conn_was_plain(pair->server.conn);
	pair_fini(pair);
	free(pair);
	return rc;
}

static void
test_http_and_noise_are_no_handshake(void **state)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	static const char *const noise[] = { "SSH-2.0-OpenSSH_9.2\r\n",
					     "\x16\x03\x01\xff\xff noise noise" };
	bool plain;

	assert_int_equal(server_hears(*state, http, strlen(http), &plain), ERR_PROTOCOL);
	assert_true(plain);
	for (size_t i = 0; i < ARRAY_LEN(noise); i++) {
		assert_int_equal(server_hears(*state, noise[i], strlen(noise[i]), &plain),
				 ERR_PROTOCOL);
		assert_false(plain);
	}
}

static void
test_a_client_says_that_the_server_speaks_no_tls(void **state)
{
	struct bench *b = *state;
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";

	assert_int_equal(tls_handshake(b->pair->client.conn), -EAGAIN);
	memcpy(b->pair->down.bytes, answer, sizeof(answer) - 1);
	b->pair->down.to = sizeof(answer) - 1;
	assert_int_equal(tls_handshake(b->pair->client.conn), ERR_PROTOCOL);
	assert_non_null(strstr(err_text(ERR_PROTOCOL), "a.example does not speak TLS"));
}

/* ---- foreign clients: what the server does not speak ---- */

struct foreign {
	int min, max;
	const char *ciphers, *suites; /* of TLS 1.2 and before; of TLS 1.3 */
	const unsigned char *alpn;
	unsigned alpn_len;
};

/* Shakes hands with a client that is configured so; returns what the server has found. */
static int
foreign_shake(struct bench *b, const struct foreign *foreign, SSL_SESSION **ret_session)
{
	SSL_CTX *ctx = b->client->ssl;
	struct pair *pair = calloc(1, sizeof(*pair));
	int server, client;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, foreign->min);
	SSL_CTX_set_max_proto_version(ctx, foreign->max);
	if (foreign->ciphers != NULL)
		assert_int_equal(SSL_CTX_set_cipher_list(ctx, foreign->ciphers), 1);
	if (foreign->suites != NULL)
		assert_int_equal(SSL_CTX_set_ciphersuites(ctx, foreign->suites), 1);
	if (foreign->alpn != NULL)
		SSL_CTX_set_alpn_protos(ctx, foreign->alpn, foreign->alpn_len);
	pair_init(pair, b->server, b->client, "a.example");
	pair_shake(pair, &server, &client);
	if (ret_session != NULL && server == 0)
		*ret_session = SSL_get1_session(pair->client.conn->ssl);
	pair_fini(pair);
	free(pair);
	return server;
}

static void
test_old_versions_are_refused(void **state)
{
	static const int versions[] = { TLS1_VERSION, TLS1_1_VERSION };

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		const struct foreign foreign = { .min = versions[i],
						 .max = versions[i],
						 .ciphers = "ALL:@SECLEVEL=0" };

		assert_int_equal(foreign_shake(*state, &foreign, NULL), ERR_PROTOCOL);
		assert_non_null(strstr(err_text(ERR_PROTOCOL), "before 1.2"));
	}
}

static void
test_each_suite_of_tls_1_2_is_strong(void **state)
{
	struct bench *b = *state;
	SSL_CTX *all = SSL_CTX_new(TLS_method());
	STACK_OF(SSL_CIPHER) * ciphers;
	unsigned taken = 0;

	assert_int_equal(SSL_CTX_set_cipher_list(all, "ALL:COMPLEMENTOFALL:@SECLEVEL=0"), 1);
	ciphers = SSL_CTX_get_ciphers(all);
	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);
		const char *name = SSL_CIPHER_get_name(cipher);
		const struct foreign foreign = { .min = TLS1_2_VERSION,
						 .max = TLS1_2_VERSION,
						 .ciphers = name };
		bool strong = str_starts(name, "ECDHE-ECDSA-AES") && strstr(name, "GCM") != NULL;

		if (strcmp(SSL_CIPHER_get_version(cipher), "TLSv1.3") == 0)
			continue;
		strong = strong || strcmp(name, "ECDHE-ECDSA-CHACHA20-POLY1305") == 0;
		assert_int_equal(foreign_shake(b, &foreign, NULL), strong ? 0 : ERR_PROTOCOL);
		taken += strong;
	}
	assert_int_equal(taken, 3);
	SSL_CTX_free(all);
}

static void
test_alpn_is_http_1_1_or_nothing(void **state)
{
	static const unsigned char both[] = "\x02h2\x08http/1.1", other[] = "\x02h2";
	struct foreign foreign = { .min = TLS1_2_VERSION, .max = TLS1_3_VERSION };

	foreign.alpn = both;
	foreign.alpn_len = sizeof(both) - 1;
	assert_int_equal(foreign_shake(*state, &foreign, NULL), 0);
	foreign.alpn = other;
	foreign.alpn_len = sizeof(other) - 1;
	assert_int_equal(foreign_shake(*state, &foreign, NULL), ERR_PROTOCOL);
}

static void
test_sessions_are_not_resumed(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		const struct foreign foreign = { .min = versions[i], .max = versions[i] };
		SSL_SESSION *session = NULL;

		assert_int_equal(foreign_shake(*state, &foreign, &session), 0);
		assert_false(SSL_SESSION_has_ticket(session));
		SSL_SESSION_free(session);
	}
}

static void
test_renegotiation_is_refused(void **state)
{
	struct bench *b = *state;
	int server, client;
	char byte;

	SSL_set_max_proto_version(b->pair->client.conn->ssl, TLS1_2_VERSION);
	SSL_clear_options(b->pair->client.conn->ssl, SSL_OP_NO_RENEGOTIATION);
	shaken(b);
	assert_int_equal(SSL_renegotiate(b->pair->client.conn->ssl), 1);
	client = tls_handshake(b->pair->client.conn);
	server = (int)tls_recv(b->pair->server.conn, &byte, 1);
	assert_int_equal(client, -EAGAIN);
	assert_true(server == -EAGAIN); /* a warning was sent (RFC 5246 §7.2.2), nothing else */
	assert_true(tls_handshake(b->pair->client.conn) < 0);
	assert_int_equal(SSL_get_secure_renegotiation_support(b->pair->client.conn->ssl), 1);
	assert_int_equal(SSL_num_renegotiations(b->pair->server.conn->ssl), 0);
}

static void
test_a_key_update_is_followed(void **state)
{
	struct bench *b = *state;

	shaken(b);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
			SSL_key_update(b->pair->client.conn->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		carry(&b->pair->client, &b->pair->server, "up", 2);
		carry(&b->pair->server, &b->pair->client, "down", 4);
	}
}

/* Else a peer that sends nothing else would keep the server's thread for as long as it likes. */
static void
test_each_record_without_data_returns_to_the_caller(void **state)
{
	struct bench *b = *state;
	char byte;

	shaken(b);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(
			SSL_key_update(b->pair->client.conn->ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(b->pair->client.conn->ssl), 1);
	}
	for (int i = 0; i < 20; i++) {
		size_t before = b->pair->up.from;

		assert_int_equal(tls_recv(b->pair->server.conn, &byte, 1), -EAGAIN);
		assert_true(b->pair->up.from > before);
	}
	assert_int_equal(b->pair->up.from, b->pair->up.to);
	carry(&b->pair->client, &b->pair->server, "still here", 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bytes_pass_in_both_directions),
		TEST(test_one_byte_at_a_time),
		TEST(test_a_slow_reader_stops_the_sender),
		TEST(test_the_end_is_told_from_a_cut),
		TEST(test_a_half_closed_connection_is_still_answered),
		TEST(test_a_changed_byte_ends_the_connection),
		TEST(test_a_handshake_cut_anywhere_is_an_end),
		TEST(test_errors_of_the_transport_pass_through),
		TEST(test_http_and_noise_are_no_handshake),
		TEST(test_a_client_says_that_the_server_speaks_no_tls),
		TEST(test_old_versions_are_refused),
		TEST(test_each_suite_of_tls_1_2_is_strong),
		TEST(test_alpn_is_http_1_1_or_nothing),
		TEST(test_sessions_are_not_resumed),
		TEST(test_renegotiation_is_refused),
		TEST(test_a_key_update_is_followed),
		TEST(test_each_record_without_data_returns_to_the_caller),
	};

	return cmocka_run_group_tests_name("tls-conn", tests, NULL, NULL);
}
