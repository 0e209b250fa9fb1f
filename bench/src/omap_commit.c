/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * omap-commit: how long the bare commit of a catalog in Ceph takes, by which that of vdsd is
 * judged.  Each is one write operation on one object: the omap key `version` is still N, becomes N
 * + 1, and some rows and the entry of a log are set.  One commit after the other, as one writer
 * makes them.
 *
 *   CEPH_CONF=... omap-commit [-t SECONDS] [-r ROWS] [-b BYTES of a row] POOL OBJECT
 *
 * Prints a line of JSON.  The object is removed before and after; CEPH_USER names the user (vdsd).
 */
#include "ceph.h"
#include "now.h"

#include <stdint.h>
#include <unistd.h>

#define MAX_ROWS     64
#define MAX_COMMITS  1000000
#define KEYS         1024 /* rows and log entries are overwritten, so that the object does not grow */
#define MAX_ROW_SIZE 65536

struct shape {
	double seconds;
	size_t rows, bytes;
};

static void
set(rados_write_op_t op, const char *key, const char *value, size_t len)
{
	size_t key_len = strlen(key);

	rados_write_op_omap_set2(op, &key, &value, &key_len, &len, 1);
}

/* One row of a changed table is a key; the log has what was changed, so all of it once more. */
static int
commit(rados_ioctx_t ioctx, const char *object, uint64_t version, const struct shape *shape,
       const char *data)
{
	rados_write_op_t op = rados_create_write_op();
	char is[24], next[24], key[40];
	int rc;

	snprintf(is, sizeof(is), "%llu", (unsigned long long)version);
	snprintf(next, sizeof(next), "%llu", (unsigned long long)version + 1);
	rados_write_op_omap_cmp2(op, "version", LIBRADOS_CMPXATTR_OP_EQ, is, 7, strlen(is), NULL);
	set(op, "version", next, strlen(next));
	for (size_t i = 0; i < shape->rows; i++) {
		snprintf(key, sizeof(key), "r/lun/%04llu",
			 (unsigned long long)(version * shape->rows + i) % KEYS);
		set(op, key, data, shape->bytes);
	}
	snprintf(key, sizeof(key), "l/%04llu", (unsigned long long)version % KEYS);
	set(op, key, data, shape->bytes * shape->rows);
	rc = rados_write_op_operate(op, ioctx, object, NULL, 0);
	rados_release_write_op(op);
	return rc;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
measure(rados_ioctx_t ioctx, const char *object, const struct shape *shape)
{
	char *data = malloc(MAX_ROWS * MAX_ROW_SIZE);
	double *took = malloc(MAX_COMMITS * sizeof(*took)), begin = now_s(), at = begin;
	rados_write_op_t first = rados_create_write_op();
	size_t n = 0;

	if (!data || !took)
		must(-ENOMEM, "memory");
	memset(data, 'x', MAX_ROWS * MAX_ROW_SIZE);
	set(first, "version", "0", 1);
	must(rados_write_op_operate(first, ioctx, object, NULL, 0), "the first version");
	rados_release_write_op(first);
	for (begin = at = now_s(); n < MAX_COMMITS && at - begin < shape->seconds; n++) {
		double before = at;

		must(commit(ioctx, object, n, shape, data), "a commit");
		at = now_s();
		took[n] = at - before;
	}
	qsort(took, n, sizeof(*took), by_value);
	printf("{\"commits\":%zu,\"rate\":%.0f,\"lat_us\":{\"p50\":%.1f,\"p99\":%.1f}}\n", n,
	       (double)n / (at - begin), took[n / 2] * 1e6, took[n * 99 / 100] * 1e6);
	free(took);
	free(data);
}

int
main(int argc, char **argv)
{
	struct shape shape = { .seconds = 2, .rows = 2, .bytes = 400 };
	const char *object;
	rados_t rados;
	rados_ioctx_t ioctx;
	int c;

	while ((c = getopt(argc, argv, "t:r:b:")) != -1) {
		if (c == 't')
			shape.seconds = atof(optarg);
		else if (c == 'r')
			shape.rows = strtoul(optarg, NULL, 10);
		else if (c == 'b')
			shape.bytes = strtoul(optarg, NULL, 10);
		else
			optind = argc;
	}
	if (optind != argc - 2 || shape.rows > MAX_ROWS || shape.bytes > MAX_ROW_SIZE) {
		fprintf(stderr,
			"usage: omap-commit [-t SECONDS] [-r ROWS] [-b BYTES] POOL OBJECT\n");
		return 2;
	}
	object = argv[optind + 1];
	ceph_open(&rados, &ioctx, argv[optind]);
	rados_remove(ioctx, object);
	measure(ioctx, object, &shape);
	rados_remove(ioctx, object);
	ceph_close(rados, ioctx);
	return 0;
}
