/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of listening sockets: their modes, sockets left over by a process that ended, their
 * addresses; and which requests over TCP are refused because they come from a foreign web page.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

static char directory[64];

static int
directory_make(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/vds-listen.XXXXXX");
	return mkdtemp(directory) == NULL;
}

static int
directory_remove(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static void
path_in(const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", directory, name);
}

static void
test_the_socket_is_for_owner_and_group(void **state)
{
	char path[128];
	struct stat st;
	mode_t old = umask(0);
	int fd;

	(void)state;
	path_in("mode", path, sizeof(path));
	fd = http_listen_unix(path);
	umask(old);
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	close(fd);
}

static void
test_a_socket_nobody_answers_is_replaced(void **state)
{
	char path[128];
	int fd;

	(void)state;
	path_in("stale", path, sizeof(path));
	fd = http_listen_unix(path);
	assert_true(fd >= 0);
	close(fd);
	fd = http_listen_unix(path);
	assert_true(fd >= 0);
	close(fd);
}

static void
test_a_socket_in_use_is_left_alone(void **state)
{
	char path[128];
	int fd;

	(void)state;
	path_in("used", path, sizeof(path));
	fd = http_listen_unix(path);
	assert_int_equal(http_listen_unix(path), ERR_LOCKED);
	assert_int_equal(access(path, F_OK), 0);
	close(fd);
}

static void
test_a_file_in_the_way_is_left_alone(void **state)
{
	char path[128];
	FILE *file;

	(void)state;
	path_in("file", path, sizeof(path));
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(http_listen_unix(path), -EEXIST);
	assert_int_equal(access(path, F_OK), 0);
}

static void
test_a_long_path_is_refused(void **state)
{
	char path[200];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(http_listen_unix(path), ERR_INVALID);
}

static void
test_loopback_is_listened_on(void **state)
{
	uint16_t port = 0;
	int fd = http_listen_tcp("127.0.0.1:0", &port);

	(void)state;
	assert_true(fd >= 0);
	assert_true(port > 0);
	close(fd);
}

static void
test_beyond_loopback_is_refused(void **state)
{
	uint16_t port;

	(void)state;
	assert_int_equal(http_listen_tcp("0.0.0.0:0", &port), ERR_NOT_SUPPORTED);
	assert_non_null(strstr(err_text(ERR_NOT_SUPPORTED), "TLS"));
	assert_int_equal(http_listen_tcp("[::]:0", &port), ERR_NOT_SUPPORTED);
	assert_int_equal(http_listen_tcp("192.0.2.1:80", &port), ERR_NOT_SUPPORTED);
}

static void
test_what_is_no_address_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "80", ":80", "::1:80", "localhost:80", "127.0.0.1", "127.0.0.1:x", "[::1:80"
	};
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(http_listen_tcp(bad[i], &port), ERR_INVALID);
}

static void
test_foreign_pages_are_known(void **state)
{
	(void)state;
	assert_true(http_origin_is_ours("127.0.0.1:8080", NULL));
	assert_true(http_origin_is_ours("localhost:8080", "http://localhost:8080"));
	assert_true(http_origin_is_ours("[::1]:8080", NULL));
	assert_false(http_origin_is_ours(NULL, NULL));
	assert_false(http_origin_is_ours("evil.example:8080", NULL));
	assert_false(http_origin_is_ours("127.0.0.1.evil.example", NULL));
	assert_false(http_origin_is_ours("127.0.0.1:8080", "http://evil.example"));
	assert_false(http_origin_is_ours("127.0.0.1:8080", "null"));
	assert_false(http_origin_is_ours("127.0.0.1:8080", "http://127.0.0.1:8081"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_socket_is_for_owner_and_group),
		cmocka_unit_test(test_a_socket_nobody_answers_is_replaced),
		cmocka_unit_test(test_a_socket_in_use_is_left_alone),
		cmocka_unit_test(test_a_file_in_the_way_is_left_alone),
		cmocka_unit_test(test_a_long_path_is_refused),
		cmocka_unit_test(test_loopback_is_listened_on),
		cmocka_unit_test(test_beyond_loopback_is_refused),
		cmocka_unit_test(test_what_is_no_address_is_refused),
		cmocka_unit_test(test_foreign_pages_are_known),
	};

	return cmocka_run_group_tests(tests, directory_make, directory_remove);
}
