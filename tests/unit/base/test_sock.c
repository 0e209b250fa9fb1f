/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets of clients: connecting, bytes without blocking, and waits that another thread ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sock.h"
#include "base/thread.h"

/* A listening TCP port of 127.0.0.1; *ret_port is its number. */
static int
listen_tcp(uint16_t *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static int
connect_wait(struct sock *sock, const struct sock_address *address)
{
	int rc = sock_connect(sock, address);

	while (rc == -EINPROGRESS) {
		sock_wait(sock, SOCK_WRITABLE, -1);
		rc = sock_connect_end(sock);
	}
	return rc;
}

static void
test_bytes_go_both_ways_and_the_end_is_seen(void **state)
{
	struct sock_address address = { 0 };
	int listener = listen_tcp(&address.port), peer;
	struct sock sock;
	char buf[8];

	(void)state;
	assert_int_equal(sock_init(&sock), 0);
	assert_false(sock_is_open(&sock));
	assert_int_equal(connect_wait(&sock, &address), 0);
	assert_true(sock_is_open(&sock));
	peer = accept(listener, NULL, NULL);
	assert_int_equal(sock_recv(&sock, buf, sizeof(buf)), -EAGAIN);
	assert_true(sock_is_quiet(&sock));
	assert_int_equal(sock_send(&sock, "ask", 3), 3);
	assert_int_equal(recv(peer, buf, sizeof(buf), 0), 3);
	assert_int_equal(send(peer, "answer", 6, 0), 6);
	sock_wait(&sock, SOCK_READABLE, -1);
	assert_false(sock_is_quiet(&sock));
	assert_int_equal(sock_recv(&sock, buf, sizeof(buf)), 6);
	close(peer);
	sock_wait(&sock, SOCK_READABLE, -1);
	assert_false(sock_is_quiet(&sock));
	assert_int_equal(sock_recv(&sock, buf, sizeof(buf)), 0);
	sock_fini(&sock);
	close(listener);
}

static void
test_a_port_where_nobody_listens_is_refused(void **state)
{
	struct sock_address address = { 0 };
	struct sock sock;

	(void)state;
	close(listen_tcp(&address.port));
	assert_int_equal(sock_init(&sock), 0);
	assert_int_equal(connect_wait(&sock, &address), -ECONNREFUSED);
	sock_close(&sock);
	assert_false(sock_is_open(&sock));
	sock_fini(&sock);
}

static void
test_a_full_unix_queue_says_again_and_a_second_try_works(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct sock_address to = { .path = address.sun_path };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), count = 0, rc;
	struct sock socks[16];

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/test-sock-%d", (int)getpid());
	unlink(address.sun_path);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 0), 0);
	do {
		assert_int_equal(sock_init(&socks[count]), 0);
		rc = sock_connect(&socks[count++], &to);
	} while (rc == 0 && count < 16);
	assert_int_equal(rc, -EAGAIN);
	close(accept(listener, NULL, NULL));
	assert_int_equal(sock_connect(&socks[count - 1], &to), 0);
	while (count > 0)
		sock_fini(&socks[--count]);
	close(listener);
	unlink(address.sun_path);
}

static void *
wake_main(void *arg)
{
	sock_wake(arg);
	return NULL;
}

static void
test_another_thread_ends_the_wait(void **state)
{
	struct sock_address address = { 0 };
	int listener = listen_tcp(&address.port);
	struct sock sock;
	pthread_t thread;

	(void)state;
	assert_int_equal(sock_init(&sock), 0);
	assert_int_equal(connect_wait(&sock, &address), 0);
	assert_int_equal(thread_start(&thread, "wake", wake_main, &sock), 0);
	sock_wait(&sock, SOCK_READABLE, -1);
	pthread_join(thread, NULL);
	/* a wake before the wait counts, and only once */
	sock_wake(&sock);
	sock_wait(&sock, SOCK_NOTHING, -1);
	sock_wait(&sock, SOCK_NOTHING, 0);
	sock_fini(&sock);
	close(listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_go_both_ways_and_the_end_is_seen),
		cmocka_unit_test(test_a_port_where_nobody_listens_is_refused),
		cmocka_unit_test(test_a_full_unix_queue_says_again_and_a_second_try_works),
		cmocka_unit_test(test_another_thread_ends_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
