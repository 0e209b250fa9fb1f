/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures what TLS costs the server: handshakes in a second, bytes in a second beside a unix
 * socket's, and memory for each of 1,000 event streams.  The clients are another process, so that
 * its memory and its time do not count.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "authority.h"
#include "base/clock.h"
#include "fixture.h"

enum { STREAMS = 1000, HANDSHAKES = 300, ROUNDS = 400, RUNS = 5 };

void __wrap_http_principal_tls(const struct tls_conn *tls, struct principal *principal);

/* Every client counts as the holder of a certificate. */
void
__wrap_http_principal_tls(const struct tls_conn *tls, struct principal *principal)
{
	(void)tls;
	principal->kind = PRINCIPAL_CERTIFICATE;
}

static char socket_path[96];
static uint16_t port;
static SSL_CTX *ctx;
static char block[65536];

static int
tcp_connect(void)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons(port),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static SSL *
tls_open(void)
{
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, tcp_connect());
	assert_int_equal(SSL_connect(ssl), 1);
	return ssl;
}

static int
unix_open(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, socket_path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

static size_t
whole_tls(void)
{
	SSL *ssl = tls_open();
	size_t total = 0;
	int n;

	SSL_write(ssl, GET("/v1/openapi.json"), (int)strlen(GET("/v1/openapi.json")));
	while ((n = SSL_read(ssl, block, sizeof(block))) > 0)
		total += (size_t)n;
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
	return total;
}

/* One connection for all requests: what encryption alone costs. */
static void
kept(void)
{
	static const char request[] = "GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
	size_t size = whole_tls() - strlen("Connection: close\r\n"), total = 0;
	uint64_t begin = clock_mono_ns();
	SSL *ssl = tls_open();

	for (int i = 0; i < 10 * ROUNDS; i++) {
		size_t at = 0;
		int n;

		SSL_write(ssl, request, sizeof(request) - 1);
		while (at < size && (n = SSL_read(ssl, block, sizeof(block))) > 0)
			at += (size_t)n;
		total += at;
	}
	printf("whole document, one connection: TLS %.1f MiB/s\n",
	       (double)total / 1048576 / ((double)(clock_mono_ns() - begin) / NS_PER_S));
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
}

static size_t
whole_unix(void)
{
	int fd = unix_open();
	size_t total = 0;
	ssize_t n;

	(void)!write(fd, GET("/v1/openapi.json"), strlen(GET("/v1/openapi.json")));
	while ((n = read(fd, block, sizeof(block))) > 0)
		total += (size_t)n;
	close(fd);
	return total;
}

static double
rate(size_t (*whole)(void), double *ret_per_s)
{
	uint64_t begin = clock_mono_ns();
	size_t total = 0;

	for (int i = 0; i < ROUNDS; i++)
		total += whole();
	*ret_per_s = ROUNDS / ((double)(clock_mono_ns() - begin) / NS_PER_S);
	return (double)total / 1048576 / ((double)(clock_mono_ns() - begin) / NS_PER_S);
}

static void
speeds(void)
{
	uint64_t begin = clock_mono_ns();

	for (int i = 0; i < HANDSHAKES; i++) {
		SSL *ssl = tls_open();

		close(SSL_get_fd(ssl));
		SSL_free(ssl);
	}
	printf("handshakes: %.0f in a second\n",
	       HANDSHAKES / ((double)(clock_mono_ns() - begin) / NS_PER_S));
	for (int run = 0; run < RUNS; run++) {
		double tls_s, unix_s, tls = rate(whole_tls, &tls_s),
				      plain = rate(whole_unix, &unix_s);

		printf("whole document, a connection each: TLS %.1f MiB/s (%.0f/s), unix %.1f "
		       "MiB/s (%.0f/s)\n",
		       tls, tls_s, plain, unix_s);
		kept();
	}
}

static void
streams_hold(int ready_fd)
{
	static SSL *streams[STREAMS];

	for (int i = 0; i < STREAMS; i++) {
		streams[i] = tls_open();
		SSL_write(streams[i], GET("/v1/events"), (int)strlen(GET("/v1/events")));
		assert_true(SSL_read(streams[i], block, sizeof(block)) > 0);
	}
	(void)!write(ready_fd, "r", 1);
	pause();
}

static long
memory_kib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	long kib = 0;

	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	fclose(file);
	return kib;
}

/* Runs the clients in a process of their own. */
static pid_t
clients(void (*run)(int), int ready_fd)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		ctx = SSL_CTX_new(TLS_client_method());
		run(ready_fd);
		fflush(stdout);
		_exit(0);
	}
	return pid;
}

static void
speeds_run(int unused)
{
	(void)unused;
	speeds();
}

static void
measure(void)
{
	int ready[2];
	char byte;
	long before;
	pid_t pid;

	waitpid(clients(speeds_run, -1), NULL, 0);
	assert_int_equal(pipe(ready), 0);
	before = memory_kib();
	pid = clients(streams_hold, ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	poll(NULL, 0, 3000); /* heartbeats */
	printf("memory: %ld KiB for each of %d streams\n", (memory_kib() - before) / STREAMS,
	       STREAMS);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int
main(void)
{
	static const struct authority_spec spec = { .names = "DNS:localhost" };
	static const char *const listen[] = { "127.0.0.1:0" };
	struct rlimit limit = { 8192, 8192 };
	struct fixture *fx;
	char cert[96], key[96];
	struct authority *ca = authority_new("Bench CA", NULL);
	struct http_options options = {
		.max_connections = 2 * STREAMS,
		.roles.admins = "cert:*",
		.tls = { .listen = listen, .listen_count = 1, .files = { cert, key, NULL, NULL } },
	};
	struct http *http;
	void *state;

	setrlimit(RLIMIT_NOFILE, &limit);
	fixture_setup(&state);
	fx = state;
	snprintf(cert, sizeof(cert), "%s/cert", fx->dir);
	snprintf(key, sizeof(key), "%s/key", fx->dir);
	snprintf(socket_path, sizeof(socket_path), "%s/s", fx->dir);
	authority_issue(ca, &spec, cert, key, NULL);
	options.array = fx->http.array;
	options.socket_path = socket_path;
	assert_int_equal(http_start(&options, &http), 0);
	port = (uint16_t)atoi(strrchr(http_tls_address(http, 0), ':') + 1);
	measure();
	http_stop(http);
	authority_free(ca);
	return fixture_teardown(&state);
}
