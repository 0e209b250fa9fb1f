/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tests of src/blk share these helpers: a temporary directory, functions that submit I/O and
 * wait for it, and a listener that records what it is called with.
 */
#ifndef VDS_TESTS_BLK_TEST_H
#define VDS_TESTS_BLK_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "blk/blk.h"

#define TEST_KIB 1024u
#define TEST_MIB (1024u * 1024u)

struct blk_test {
	char dir[64];        /* on a disk's file system */
	char memory_dir[64]; /* on tmpfs; "" when the machine has none */
	struct loop *loop;
	struct workers *workers;
};

/* Returns whether the machine has a tmpfs for tests. */
bool blk_test_has_memory(void);
int blk_test_setup(void **state);
/* As blk_test_setup, with `dir` and `memory_dir` exchanged, if there is the latter. */
int blk_test_setup_in_memory(void **state);
int blk_test_teardown(void **state);
/* Returns the path of a file below dir; static storage, valid until the next but three calls. */
const char *blk_test_path(const char *dir, const char *name);
void blk_test_write_file(const char *path, const char *text);

/* Makes a file of that size, and a device on it. */
struct blk_dev *blk_test_file(const char *dir, const char *name, uint64_t size_bytes, bool thick);
/*
 * Submits I/O and runs the loop until it is complete; returns its result.  *ret_pending: it went
 * through the queue.
 */
int blk_test_io(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io,
		bool *ret_pending);
/* Does I/O with one buffer and waits for its end; returns the result. */
int blk_test_rw(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue, enum blk_op op,
		unsigned flags, uint64_t offset_bytes, void *buf, size_t len_bytes);
int blk_test_range(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue, enum blk_op op,
		   uint64_t offset_bytes, uint64_t len_bytes);
bool blk_test_all(const uint8_t *bytes, size_t len, uint8_t value);

struct blk_test_listener {
	struct blk_listener listener;
	unsigned sticky, single;
	int error;
};
void blk_test_listen(struct blk_test_listener *l, struct blk_dev *dev);

#endif
