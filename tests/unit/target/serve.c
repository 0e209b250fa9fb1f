/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Serves LUNs from memory, a file, or nothing, without an array: for measuring the data path alone
 * and for trying an initiator on it.
 *
 *	serve [-t threads] [-s spin_us] [-q workers] [-b block_bytes] [-p port]
 *	      mem:1G null:1G /dev/shm/file:1G
 *
 * Prints one URL for each and runs until its standard input ends.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "fake_array.h"
#include "target/target.h"

static void
must(int r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "serve: %s: %s\n", what, err_text(r));
	exit(1);
}

static struct blk_dev *
make_device(char *spec, uint64_t *ret_size)
{
	char *colon = strrchr(spec, ':');
	struct blk_file_options options = { 0 };
	struct blk_dev *dev = NULL;
	struct stat st;

	if (colon == NULL)
		must(ERR_INVALID, spec);
	must(str_parse_size(colon + 1, ret_size), spec);
	*colon = '\0';
	if (strcmp(spec, "mem") == 0) {
		must(blk_mem_new(spec, *ret_size, *ret_size, &dev), spec);
		must(blk_allocate(dev, 0, *ret_size, NULL), spec);
	} else if (strcmp(spec, "null") == 0) {
		must(blk_null_new(spec, *ret_size, &dev), spec);
	} else {
		if (stat(spec, &st) < 0)
			must(blk_file_create(spec, *ret_size), spec);
		must(blk_file_new(spec, spec, *ret_size, &options, &dev), spec);
	}
	return dev;
}

static void
add_lun(struct array *array, unsigned n, char *spec, uint32_t block_bytes, uint16_t port)
{
	struct guid lun = fake_id(100 + n), target = fake_id(1);
	uint64_t size = 0;
	struct blk_dev *dev = make_device(spec, &size);

	fake_device(array, &lun, dev);
	fake_lun(array, &lun, size, block_bytes, "*", STATUS_ONLINE);
	fake_associate(array, &lun, &target, n);
	printf("iscsi://127.0.0.1:%u/iqn.2026-11.test:serve/%u %s\n", port, n, spec);
}

int
main(int argc, char **argv)
{
	struct target_options options;
	struct guid target_id = fake_id(1), portal = fake_id(2), group = fake_id(3);
	struct array *array = fake_array_new();
	struct target *target = NULL;
	uint32_t block_bytes = 512;
	uint16_t port = 0;
	int opt;
	char byte;

	target_options_default(&options);
	while ((opt = getopt(argc, argv, "t:s:q:b:p:D:")) != -1) {
		if (opt == 't')
			options.threads = (unsigned)atoi(optarg);
		else if (opt == 's')
			options.spin_us = (unsigned)atoi(optarg);
		else if (opt == 'q')
			options.queue_kind = strcmp(optarg, "workers") == 0 ? BLK_QUEUE_WORKERS
									    : BLK_QUEUE_URING;
		else if (opt == 'b')
			block_bytes = (uint32_t)atoi(optarg);
		else if (opt == 'p')
			port = (uint16_t)atoi(optarg);
		else if (opt == 'D')
			log_area_enable(optarg);
		else
			return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	must(target_new(&options, array, &target), "target");
	if (port == 0)
		must(fake_ops(array)->pick_port(fake_runtime(array), "127.0.0.1", &port), "port");
	fake_target(array, &target_id, "iqn.2026-11.test:serve");
	fake_portal(array, &portal, "127.0.0.1", port);
	fake_group(array, &group, &target_id, 1);
	fake_group_portal(array, &group, &portal);
	for (int i = optind; i < argc; i++)
		add_lun(array, (unsigned)(i - optind), argv[i], block_bytes, port);
	fake_commit(array);
	printf("pid %d\n", getpid());
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	target_free(target, 5000);
	fake_array_free(array);
	return 0;
}
