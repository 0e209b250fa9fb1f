/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of vdsd's settings: the command line, vdsd.conf and the defaults, and which of them takes
 * precedence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/mem.h"
#include "vdsd/vdsd_int.h"

/* Parses "a b c" (no quotes). */
static int
parse(struct vdsd_options *options, const char *line)
{
	static char program[] = "vdsd", copy[512];
	char *argv[64] = { program };
	int argc = 1;

	vdsd_options_init(options);
	strcpy(copy, line);
	for (char *save, *word = strtok_r(copy, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	return vdsd_options_parse(options, argc, argv);
}

static void
test_nothing_said_gives_the_defaults(void **state)
{
	struct vdsd_options options;

	(void)state;
	assert_int_equal(parse(&options, ""), 0);
	assert_int_equal(vdsd_options_finish(&options), 0);
	assert_string_equal(options.dir, VDSD_DEFAULT_DIR);
	assert_string_equal(options.socket, VDSD_DEFAULT_SOCKET);
	assert_string_equal(options.address, "127.0.0.1");
	assert_int_equal(options.port, 3260);
	assert_null(options.http);
	assert_int_equal(options.threads, 0);
	assert_int_equal(options.action, VDSD_SERVE);
	vdsd_options_fini(&options);
}

static void
test_every_option_is_taken(void **state)
{
	struct vdsd_options options;

	(void)state;
	assert_int_equal(parse(&options,
			       "--dir /a --socket=/b -l [::1]:0 --http 127.0.0.1:8080 -t 3 "
			       "--ready-file /c "
			       "--ready-fd 9 --inject /d --conf /e --slow-ms 20 --map no "
			       "--congestion cubic "
			       "--gateway gw1 --gateway-address 192.0.2.1:3261 "
			       "--ceph-conf /f --ceph-user luns --ceph-timeout 5 "
			       "--chap-algorithms sha3-256,md5 --check"),
			 0);
	assert_string_equal(options.dir, "/a");
	assert_string_equal(options.socket, "/b");
	assert_string_equal(options.address, "::1");
	assert_int_equal(options.port, 0);
	assert_string_equal(options.http, "127.0.0.1:8080");
	assert_int_equal(options.threads, 3);
	assert_true(options.slow_given && options.slow_ms == 20);
	assert_string_equal(options.gateway, "gw1");
	assert_string_equal(options.gateway_address, "192.0.2.1:3261");
	assert_string_equal(options.ceph_conf, "/f");
	assert_string_equal(options.ceph_user, "luns");
	assert_int_equal(options.ceph_timeout_s, 5);
	assert_true(options.map_given && options.map_refused);
	assert_string_equal(options.congestion, "cubic");
	assert_int_equal(options.chap_kinds, 1u << DIGEST_MD5 | 1u << DIGEST_SHA3_256);
	assert_string_equal(options.ready_file, "/c");
	assert_int_equal(options.ready_fd, 9);
	assert_string_equal(options.inject, "/d");
	assert_string_equal(options.conf, "/e");
	assert_int_equal(options.action, VDSD_CHECK);
	vdsd_options_fini(&options);
}

static void
test_relative_paths_become_absolute(void **state)
{
	struct vdsd_options options;
	char *here = getcwd(NULL, 0);
	size_t len = strlen(here);

	(void)state;
	assert_int_equal(parse(&options, "--dir a"), 0);
	assert_memory_equal(options.dir, here, len);
	assert_string_equal(options.dir + len, "/a");
	vdsd_options_fini(&options);
	free(here);
}

static void
test_wrong_options_are_refused(void **state)
{
	static const char *const wrong[] = {
		"--nothing",
		"-z",
		"--dir",
		"extra",
		"--threads 0",
		"--threads 65",
		"--threads x",
		"--map maybe",
		"--chap-algorithms=",
		"--chap-algorithms sha256,",
		"--chap-algorithms ,sha256",
		"--chap-algorithms sha256,sha256",
		"--chap-algorithms SHA256",
		"--chap-algorithms sha-256",
		"--chap-algorithms sha",
		"--chap-algorithms none",
		"--chap-algorithms sha256;sha1",
		"--slow-ms 0",
		"--ceph-timeout 0",
		"--ceph-timeout 601",
		"--ceph-user client.vdsd",
		"--slow-ms 3600001",
		"--slow-ms -1",
		"--slow-ms never",
		"--listen 3260",
		"--listen :1",
		"--listen ::1:0",
		"--listen 2001:db8::1",
		"--listen 127.0.0.1:65536",
		"--ready-fd x",
		"-D no.such.area",
		"--check=yes",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct vdsd_options options;

		if (parse(&options, wrong[i]) != ERR_INVALID)
			fail_msg("`%s` is accepted", wrong[i]);
		vdsd_options_fini(&options);
	}
}

static void
test_addresses_of_tls_add_up(void **state)
{
	struct vdsd_options options;

	(void)state;
	assert_int_equal(parse(&options, "--dir /a --https 0.0.0.0:8443 --https [::]:8443 "
					 "--https-name x --https-name y"),
			 0);
	assert_int_equal(options.https.count, 2);
	assert_string_equal(options.https.items[1], "[::]:8443");
	assert_string_equal(options.https_names.items[0], "x");
	assert_int_equal(vdsd_certificate_prepare(&options), ERR_INVALID);
	assert_non_null(strstr(err_text(ERR_INVALID), "vdsd --make-certificate"));
	assert_string_equal(options.tls_key, "/a/tls-key.pem");
	vdsd_options_fini(&options);
	assert_int_equal(parse(&options, "--dir /a --tls-key /k"), 0);
	assert_int_equal(vdsd_certificate_prepare(&options), ERR_INVALID);
	assert_non_null(strstr(err_text(ERR_INVALID), "--tls-cert"));
	vdsd_options_fini(&options);
}

static void
test_addresses_of_the_command_line_replace_those_of_the_file(void **state)
{
	struct vdsd_options options;
	char path[] = "/tmp/vds-conf.XXXXXX", line[96];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	dprintf(fd, "https = 127.0.0.1:1\nhttps = 127.0.0.1:2\nhttps-name = file\n");
	close(fd);
	snprintf(line, sizeof(line), "--conf %s --https 127.0.0.1:3", path);
	assert_int_equal(parse(&options, line), 0);
	assert_int_equal(vdsd_conf_load(&options), 0);
	assert_int_equal(options.https.count, 1);
	assert_string_equal(options.https.items[0], "127.0.0.1:3");
	assert_string_equal(options.https_names.items[0], "file");
	vdsd_options_fini(&options);
	unlink(path);
}

static int
conf_line(struct vdsd_options *options, const char *line)
{
	char copy[256];

	strcpy(copy, line);
	return vdsd_conf_line(options, copy);
}

static void
test_the_file_is_read_line_by_line(void **state)
{
	struct vdsd_options options;

	(void)state;
	vdsd_options_init(&options);
	assert_int_equal(conf_line(&options, "# a comment\n"), 0);
	assert_int_equal(conf_line(&options, "  \t\r\n"), 0);
	assert_int_equal(conf_line(&options, "dir=/a\n"), 0);
	assert_int_equal(conf_line(&options, "  socket \t=  /b c \n"), 0);
	assert_int_equal(conf_line(&options, "listen = none"), 0);
	assert_string_equal(options.dir, "/a");
	assert_string_equal(options.socket, "/b c");
	assert_int_equal(vdsd_options_finish(&options), 0);
	assert_null(options.address);
	vdsd_options_fini(&options);
}

static void
test_wrong_lines_are_refused(void **state)
{
	static const char *const wrong[] = { "dir",   "colour = red", "threads = many",
					     "dir =", "check = yes",  "ready-file = /x" };
	struct vdsd_options options;

	(void)state;
	vdsd_options_init(&options);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (conf_line(&options, wrong[i]) != ERR_INVALID)
			fail_msg("`%s` is accepted", wrong[i]);
	vdsd_options_fini(&options);
}

static void
test_the_command_line_wins(void **state)
{
	struct vdsd_options options;

	(void)state;
	assert_int_equal(parse(&options, "--dir /line --threads 2 --listen none"), 0);
	assert_int_equal(conf_line(&options, "dir = /file"), 0);
	assert_int_equal(conf_line(&options, "threads = 4"), 0);
	assert_int_equal(conf_line(&options, "listen = 127.0.0.1:1"), 0);
	assert_string_equal(options.dir, "/line");
	assert_int_equal(options.threads, 2);
	assert_null(options.address);
	vdsd_options_fini(&options);
}

static void
test_a_wrong_line_is_named_by_its_number(void **state)
{
	struct vdsd_options options;
	char path[] = "/tmp/vdsd.conf.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, "dir = /a\n\nfoo = 1\n", 18), 18);
	close(fd);
	vdsd_options_init(&options);
	options.conf = mem_dup(path, sizeof(path));
	assert_int_equal(vdsd_conf_load(&options), ERR_INVALID);
	assert_non_null(strstr(err_text(ERR_INVALID), "line 3: there is no key `foo`"));
	vdsd_options_fini(&options);
	unlink(path);
}

static void
test_a_named_file_must_be_there(void **state)
{
	static const char path[] = "/nonexistent/vdsd.conf";
	struct vdsd_options options;

	(void)state;
	vdsd_options_init(&options);
	options.conf = mem_dup(path, sizeof(path));
	assert_true(vdsd_conf_load(&options) < 0);
	vdsd_options_fini(&options);
}

/* Rather than that one of the two is ignored. */
static void
test_what_is_told_twice_is_refused(void **state)
{
	struct vdsd_options options;

	(void)state;
	assert_int_equal(parse(&options, "--listen 127.0.0.1:1 -l 127.0.0.1:2"), ERR_INVALID);
	vdsd_options_fini(&options);
	vdsd_options_init(&options);
	assert_int_equal(conf_line(&options, "listen = 127.0.0.1:1"), 0);
	assert_int_equal(conf_line(&options, "listen = 127.0.0.1:2"), ERR_INVALID);
	vdsd_options_fini(&options);
}

static void
test_some_keys_may_be_given_several_times(void **state)
{
	uint64_t given = 0;

	(void)state;
	for (size_t i = 0; i < vdsd_key_count; i++) {
		const struct vdsd_key *key = &vdsd_keys[i];
		bool many = strcmp(key->name, "debug") == 0 || strcmp(key->name, "https") == 0 ||
			    strcmp(key->name, "https-name") == 0 || key->value == NULL;

		assert_int_equal(vdsd_key_once(key, &given), 0);
		assert_int_equal(vdsd_key_once(key, &given), many ? 0 : ERR_INVALID);
	}
}

static void
test_a_directory_is_no_file(void **state)
{
	struct vdsd_options options;

	(void)state;
	assert_int_equal(parse(&options, "--conf /"), 0);
	assert_true(vdsd_conf_load(&options) < 0);
	vdsd_options_fini(&options);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_said_gives_the_defaults),
		cmocka_unit_test(test_every_option_is_taken),
		cmocka_unit_test(test_relative_paths_become_absolute),
		cmocka_unit_test(test_wrong_options_are_refused),
		cmocka_unit_test(test_addresses_of_tls_add_up),
		cmocka_unit_test(test_addresses_of_the_command_line_replace_those_of_the_file),
		cmocka_unit_test(test_the_file_is_read_line_by_line),
		cmocka_unit_test(test_wrong_lines_are_refused),
		cmocka_unit_test(test_the_command_line_wins),
		cmocka_unit_test(test_a_wrong_line_is_named_by_its_number),
		cmocka_unit_test(test_a_named_file_must_be_there),
		cmocka_unit_test(test_what_is_told_twice_is_refused),
		cmocka_unit_test(test_some_keys_may_be_given_several_times),
		cmocka_unit_test(test_a_directory_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
