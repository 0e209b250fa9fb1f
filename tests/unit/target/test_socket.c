/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the congestion control of connections.  target/socket.c */
#include "raw.h"
#include "target_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "target/target_int.h"

#define NAME_SIZE 16

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage sa = { .ss_family = AF_INET };
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&sa;

	if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&sa)->sin_addr) == 1)
		return sa;
	in6->sin6_family = AF_INET6;
	assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
	return sa;
}

static bool
is_here(const char *peer, const char *own)
{
	struct sockaddr_storage a = address(peer), b = address(own);

	return target_socket_is_here(&a, &b);
}

static void
test_peers_of_this_host_are_known(void **state)
{
	(void)state;
	assert_true(is_here("127.0.0.1", "127.0.0.1"));
	assert_true(is_here("127.0.0.2", "127.0.0.1"));
	assert_true(is_here("192.0.2.7", "192.0.2.7"));
	assert_true(is_here("::1", "::1"));
	assert_true(is_here("2001:db8::7", "2001:db8::7"));
	assert_true(is_here("::ffff:127.0.0.3", "::ffff:127.0.0.1"));
	assert_true(is_here("::ffff:192.0.2.7", "192.0.2.7"));
	assert_false(is_here("192.0.2.7", "192.0.2.127"));
	assert_false(is_here("192.127.0.1", "192.0.2.7"));
	assert_false(is_here("2001:db8::7", "2001:db8::8"));
	assert_false(is_here("::ffff:192.0.2.7", "::ffff:192.0.2.8"));
}

/* Returns the congestion control of a socket as the system tells it. */
static const char *
name_of(int fd, char name[NAME_SIZE])
{
	socklen_t len = NAME_SIZE;

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len), 0);
	return name;
}

/* Finds the target's end of a connection, which is in this process, too. */
static int
other_end(const struct raw *raw)
{
	struct sockaddr_in mine, peer;
	socklen_t len = sizeof(mine);

	assert_int_equal(getsockname(raw->fd, (struct sockaddr *)&mine, &len), 0);
	for (int fd = 0; fd < 256; fd++) {
		len = sizeof(peer);
		if (fd != raw->fd && getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
		    len == sizeof(peer) && peer.sin_family == AF_INET &&
		    peer.sin_port == mine.sin_port)
			return fd;
	}
	fail_msg("the connection has no other end");
	return -1;
}

/* Logs in; returns the congestion control of the connection. */
static const char *
name_after_login(struct env *env, char name[NAME_SIZE])
{
	struct raw_who who = { .host = HOST_1, .target = NAME_A, .isid = 1 };
	static struct raw raw;

	assert_int_equal(raw_try_login(&raw, env->port, &who), 0);
	name_of(other_end(&raw), name);
	raw_close(&raw);
	return name;
}

/* Returns the name of a socket that nobody has set. */
static const char *
choice_of_the_system(char name[NAME_SIZE])
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	name_of(fd, name);
	close(fd);
	return name;
}

static void
test_an_initiator_on_this_host_gets_the_cheapest(void **state)
{
	char name[NAME_SIZE], other[NAME_SIZE];

	if (target_congestion_check("reno") < 0) /* then it is as the system has it */
		assert_string_equal(name_after_login(*state, name), choice_of_the_system(other));
	else
		assert_string_equal(name_after_login(*state, name), "reno");
}

static void
test_the_system_decides_when_it_is_asked_to(void **state)
{
	char name[NAME_SIZE], other[NAME_SIZE];

	assert_string_equal(name_after_login(*state, name), choice_of_the_system(other));
}

static int
setup_system(void **state)
{
	return env_setup_congestion(state, TARGET_CONGESTION_SYSTEM);
}

/* One that is there and that vdsd would not choose itself; NULL = there is none. */
static const char *
another(void)
{
	static const char *const names[] = { "cubic", "bbr", "dctcp", "vegas" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (target_congestion_check(names[i]) == 0)
			return names[i];
	return NULL;
}

static int
setup_another(void **state)
{
	return env_setup_congestion(state, another());
}

static void
test_what_the_administrator_names_is_used(void **state)
{
	char name[NAME_SIZE];

	if (another() == NULL) {
		print_message("# skipped: the system lets us use no other one\n");
		return;
	}
	assert_string_equal(name_after_login(*state, name), another());
}

static void
test_a_name_that_the_system_does_not_have_is_refused(void **state)
{
	(void)state;
	assert_int_equal(target_congestion_check("no-such-one"), ERR_INVALID);
	assert_non_null(strstr(err_text(ERR_INVALID), "no congestion control no-such-one, only"));
	assert_int_equal(target_congestion_check("a-name-of-16-byt"), ERR_INVALID);
	assert_int_equal(target_congestion_check(""), ERR_INVALID);
	assert_int_equal(target_congestion_check(NULL), 0);
	assert_int_equal(target_congestion_check(TARGET_CONGESTION_SYSTEM), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peers_of_this_host_are_known),
		cmocka_unit_test(test_a_name_that_the_system_does_not_have_is_refused),
		ENV_TEST(test_an_initiator_on_this_host_gets_the_cheapest),
		cmocka_unit_test_setup_teardown(test_the_system_decides_when_it_is_asked_to,
						setup_system, env_teardown),
		cmocka_unit_test_setup_teardown(test_what_the_administrator_names_is_used,
						setup_another, env_teardown),
	};

	return cmocka_run_group_tests_name("target socket", tests, NULL, NULL);
}
