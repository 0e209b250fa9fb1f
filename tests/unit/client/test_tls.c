/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the client over TLS, against the server itself: whom it trusts, how it follows and comes
 * back; and against peers that stall, cut an answer off, or speak no TLS.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "authority.h"
#include "base/clock.h"
#include "client/client_int.h"
#include "fixture.h"
#include "tls/tls.h"

struct served {
	struct fixture *fx;
	struct http *http;
	struct authority *ca;
	char ca_path[96], cert[96], key[96], client_cert[96], client_key[96], fingerprint[96];
	char where[64]; /* "127.0.0.1:40000" */
	char url[96];
};

static const struct authority_spec usual = { .names = "DNS:localhost,IP:127.0.0.1" };

static void
path_in(const struct served *s, const char *name, char path[96])
{
	snprintf(path, 96, "%s/%s", s->fx->dir, name);
}

static void
server_start(struct served *s)
{
	const char *listen[] = { s->where };
	const struct http_options options = {
		.array = s->fx->http.array,
		.tls = { .listen = listen,
			 .listen_count = 1,
			 .files = { s->cert, s->key, s->ca_path, NULL } },
		.roles.admins = "cert:alice",
	};
	int rc = http_start(&options, &s->http);

	if (rc < 0)
		fail_msg("%s", err_text(rc));
	strcpy(s->where, http_tls_address(s->http, 0));
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
	path_in(s, "cert.pem", s->cert);
	path_in(s, "key.pem", s->key);
	path_in(s, "client.pem", s->client_cert);
	path_in(s, "client.key", s->client_key);
	s->ca = authority_new("Test CA", NULL);
	authority_write(s->ca, s->ca_path, false);
	authority_issue(s->ca, &usual, s->cert, s->key, s->fingerprint);
	authority_issue(s->ca, &alice, s->client_cert, s->client_key, NULL);
	strcpy(s->where, "127.0.0.1:0");
	server_start(s);
	snprintf(s->url, sizeof(s->url), "https://%s", s->where);
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

static struct client_options
options_of(const struct served *s)
{
	return (struct client_options){
		.url = s->url, .ca = s->ca_path, .cert = s->client_cert, .key = s->client_key
	};
}

/* Opens a client, asks for the version, and returns what came of it. */
static int
version(const struct client_options *options)
{
	struct client *client = NULL;
	int rc = client_open_with(options, CLIENT_CALLS, &client);
	char text[600];

	if (rc == 0)
		rc = client_call(client, "GET", "/v1/version", NULL, NULL);
	snprintf(text, sizeof(text), "%s", err_text(rc));
	client_close(client);
	return rc < 0 ? err_set(rc, "%s", text) : 0;
}

static void
fails(const struct client_options *options, int code, const char *words)
{
	int rc = version(options);

	if (rc != code || strstr(err_text(rc), words) == NULL)
		fail_msg("%d, wanted %d with `%s`: %s", rc, code, words, err_text(rc));
}

/* ---- whom it trusts, and who it is ---- */

static void
test_calls_are_made_over_tls(void **state)
{
	const struct client_options options = options_of(*state);

	assert_int_equal(version(&options), 0);
}

static void
test_a_name_is_looked_up(void **state)
{
	const struct served *s = *state;
	struct client_options options = options_of(s);
	char url[96];

	snprintf(url, sizeof(url), "https://localhost%s/", strrchr(s->where, ':'));
	options.url = url;
	assert_int_equal(version(&options), 0); /* ::1 refuses, 127.0.0.1 answers */
}

static void
test_a_name_without_an_address_is_said(void **state)
{
	struct client_options options = options_of(*state);

	options.url = "https://no-such-host.invalid:1";
	fails(&options, ERR_UNREACHABLE, "no-such-host.invalid");
}

static void
test_who_is_not_trusted_gets_nothing(void **state)
{
	const struct served *s = *state;
	struct client_options options = options_of(s);

	options.ca = NULL;
	fails(&options, ERR_UNTRUSTED, s->fingerprint);
	options.ca = s->client_cert;
	fails(&options, ERR_UNTRUSTED, "--fingerprint");
	options.fingerprint = s->fingerprint;
	assert_int_equal(version(&options), 0);
}

static void
test_a_replica_is_not_loaded_from_who_is_not_trusted(void **state)
{
	struct client_options options = options_of(*state);
	struct client *client = NULL;

	options.ca = NULL;
	assert_int_equal(client_open_with(&options, CLIENT_REPLICA, &client), ERR_UNTRUSTED);
	assert_null(client);
	assert_non_null(strstr(err_text(ERR_UNTRUSTED), "--ca"));
}

static void
test_the_environment_says_whom_to_trust(void **state)
{
	const struct served *s = *state;
	const struct client_options options = { .url = s->url };

	setenv("VDS_FINGERPRINT", s->fingerprint, 1);
	setenv("VDS_CERT", s->client_cert, 1);
	setenv("VDS_KEY", s->client_key, 1);
	assert_int_equal(version(&options), 0);
	setenv("VDS_FINGERPRINT", "", 1);
	fails(&options, ERR_UNTRUSTED, "VDS_FINGERPRINT");
	setenv("VDS_CA", s->ca_path, 1);
	assert_int_equal(version(&options), 0);
	unsetenv("VDS_CA");
	unsetenv("VDS_FINGERPRINT");
	unsetenv("VDS_CERT");
	unsetenv("VDS_KEY");
}

static void
test_options_of_tls_are_for_https_only(void **state)
{
	static const char *const urls[] = { "unix:/s", "http://127.0.0.1:1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		const struct client_options options = { .url = urls[i], .ca = "/x" };

		fails(&options, ERR_INVALID, "https://");
	}
}

static void
test_who_does_not_say_who_asks_is_refused(void **state)
{
	struct client_options options = options_of(*state);

	options.cert = options.key = NULL;
	fails(&options, ERR_ACCESS, "");
}

static void
test_a_certificate_that_the_array_does_not_know_is_said(void **state)
{
	const struct served *s = *state;
	struct client_options options = options_of(s);
	struct authority *other = authority_new("Other CA", NULL);
	const struct authority_spec mallory = { .common_name = "mallory" };

	authority_issue(other, &mallory, s->client_cert, s->client_key, NULL);
	fails(&options, ERR_PROTOCOL, "does not accept our certificate");
	authority_free(other);
}

/* ---- following ---- */

static bool
has_luns(struct client *client, size_t wanted)
{
	AUTO_VIEW struct client_view view = { NULL, NULL };

	return client_view(client, &view) == 0 && state_count(view.config, ROW_LUN) == wanted;
}

static void
luns_become(struct client *client, size_t wanted)
{
	uint64_t end_ns = clock_mono_ns() + 60 * NS_PER_S;

	while (!has_luns(client, wanted)) {
		assert_true(clock_mono_ns() < end_ns);
		poll(NULL, 0, 2);
	}
}

static void
lun_make(struct client *client)
{
	const struct client_lun_spec spec = { .size_bytes = 1 << 20 };

	assert_int_equal(client_lun_create(client, &spec, NULL), 0);
}

static void
test_a_replica_follows_over_tls_and_comes_back(void **state)
{
	struct served *s = *state;
	const struct client_options options = options_of(s);
	struct client *client, *other;

	assert_int_equal(client_open_with(&options, CLIENT_REPLICA, &client), 0);
	assert_int_equal(client_open_with(&options, CLIENT_CALLS, &other), 0);
	lun_make(client);
	assert_true(has_luns(client, 1)); /* it reads its own writes */
	lun_make(other);
	luns_become(client, 2);
	http_stop(s->http);
	authority_issue(s->ca, &usual, s->cert, s->key, s->fingerprint); /* and a new certificate */
	server_start(s);
	lun_make(other);
	luns_become(client, 3);
	client_close(other);
	client_close(client);
}

static void
test_many_threads_share_a_client(void **state)
{
	const struct client_options options = options_of(*state);
	struct client *client;
	pthread_t threads[8];

	assert_int_equal(client_open_with(&options, CLIENT_REPLICA, &client), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						(void *(*)(void *))(void (*)(void))lun_make,
						client),
				 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	assert_true(has_luns(client, ARRAY_LEN(threads)));
	client_close(client);
}

/* ---- foreign peers ---- */

/* A peer that takes one connection. */
struct peer {
	struct served *s;
	int listener;
	char url[64];
	const char *answer; /* after the handshake and the request; NULL = no handshake */
	const char *plain;  /* instead of a handshake */
	bool notice;        /* end with close_notify */
	pthread_t thread;
	int fd;
};

static ssize_t
peer_send(void *arg, const void *bytes, size_t len)
{
	return send(((struct peer *)arg)->fd, bytes, len, MSG_NOSIGNAL);
}

static ssize_t
peer_recv(void *arg, void *buf, size_t size)
{
	ssize_t n = recv(((struct peer *)arg)->fd, buf, size, 0);

	return n >= 0 ? n : -errno;
}

static void
peer_answer(struct peer *p)
{
	const struct tls_server_files files = { .cert = p->s->cert, .key = p->s->key };
	const struct tls_io io = { peer_send, peer_recv, p };
	struct tls_context *context;
	struct tls_conn *conn;
	char request[1024];

	assert_int_equal(tls_server_new(&files, &context), 0);
	assert_int_equal(tls_conn_new(context, &io, NULL, &conn), 0);
	if (tls_handshake(conn) == 0 && tls_recv(conn, request, sizeof(request)) > 0) {
		tls_send(conn, p->answer, strlen(p->answer));
		if (p->notice)
			tls_close_notify(conn);
	}
	tls_conn_free(conn);
	tls_context_unref(context);
}

static void *
peer_main(void *arg)
{
	struct peer *p = arg;
	char byte;

	p->fd = accept(p->listener, NULL, NULL);
	if (p->fd < 0)
		return NULL;
	if (p->answer != NULL)
		peer_answer(p);
	else if (p->plain != NULL)
		(void)!send(p->fd, p->plain, strlen(p->plain), MSG_NOSIGNAL);
	else
		while (recv(p->fd, &byte, 1, 0) > 0) /* says nothing */
			;
	close(p->fd);
	return NULL;
}

static void
peer_start(struct peer *p)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->listener, (const struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(p->listener, 4), 0);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *)&address, &len), 0);
	snprintf(p->url, sizeof(p->url), "https://127.0.0.1:%u", ntohs(address.sin_port));
	assert_int_equal(pthread_create(&p->thread, NULL, peer_main, p), 0);
}

static void
peer_stop(struct peer *p)
{
	shutdown(p->listener, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->listener);
}

static void
test_who_speaks_no_tls_is_named(void **state)
{
	struct peer peer = { .s = *state, .plain = "HTTP/1.1 400 Bad Request\r\n\r\n" };
	struct client_options options = options_of(*state);

	peer_start(&peer);
	options.url = peer.url;
	fails(&options, ERR_PROTOCOL, "does not speak TLS");
	peer_stop(&peer);
}

/* An answer whose end is the end of the connection is whole only with close_notify. */
static void
test_an_answer_that_is_cut_off_is_no_answer(void **state)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\n\r\n{}";
	struct client_options options = options_of(*state);

	for (int notice = 0; notice < 2; notice++) {
		struct peer peer = { .s = *state, .answer = answer, .notice = notice };

		peer_start(&peer);
		options.url = peer.url;
		if (notice)
			assert_int_equal(version(&options), 0);
		else
			fails(&options, ERR_UNREACHABLE, "127.0.0.1");
		peer_stop(&peer);
	}
}

static void *
call_main(void *client)
{
	return (void *)(intptr_t)client_call(client, "GET", "/v1/version", NULL, NULL);
}

static void
test_closing_ends_a_handshake_that_stalls(void **state)
{
	struct peer peer = { .s = *state };
	struct client_options options = options_of(*state);
	uint64_t end_ns = clock_mono_ns() + 60 * NS_PER_S;
	struct client *client;
	pthread_t thread;
	void *rc;

	peer_start(&peer);
	options.url = peer.url;
	assert_int_equal(client_open_with(&options, CLIENT_CALLS, &client), 0);
	assert_int_equal(pthread_create(&thread, NULL, call_main, client), 0);
	while (client_calls_under_way(client) == 0) {
		assert_true(clock_mono_ns() < end_ns);
		poll(NULL, 0, 1);
	}
	client_stop(client);
	pthread_join(thread, &rc);
	assert_int_equal((intptr_t)rc, ERR_CLOSED);
	client_close(client);
	peer_stop(&peer);
}

#define SERVED(name) cmocka_unit_test_setup_teardown(name, served_setup, served_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(test_calls_are_made_over_tls),
		SERVED(test_a_name_is_looked_up),
		SERVED(test_a_name_without_an_address_is_said),
		SERVED(test_who_is_not_trusted_gets_nothing),
		SERVED(test_a_replica_is_not_loaded_from_who_is_not_trusted),
		SERVED(test_the_environment_says_whom_to_trust),
		SERVED(test_options_of_tls_are_for_https_only),
		SERVED(test_who_does_not_say_who_asks_is_refused),
		SERVED(test_a_certificate_that_the_array_does_not_know_is_said),
		SERVED(test_a_replica_follows_over_tls_and_comes_back),
		SERVED(test_many_threads_share_a_client),
		SERVED(test_who_speaks_no_tls_is_named),
		SERVED(test_an_answer_that_is_cut_off_is_no_answer),
		SERVED(test_closing_ends_a_handshake_that_stalls),
	};

	/* SIGPIPE is not ignored: a library must not end its program */
	return cmocka_run_group_tests_name("client-tls", tests, NULL, NULL);
}
