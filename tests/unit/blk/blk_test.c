/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helpers that blk_test.h declares and describes. */
#include "blk_test.h"

#include <fcntl.h>
#include <ftw.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"

static void
make_dir(char *buf, size_t size, const char *parent)
{
	snprintf(buf, size, "%s/blk-test-XXXXXX", parent);
	assert_non_null(mkdtemp(buf));
}

bool
blk_test_has_memory(void)
{
	struct statfs sfs;

	return statfs("/dev/shm", &sfs) == 0 && sfs.f_type == TMPFS_MAGIC &&
	       access("/dev/shm", W_OK) == 0;
}

int
blk_test_setup(void **state)
{
	struct blk_test *t = mem_calloc(1, sizeof(*t));

	assert_non_null(t);
	make_dir(t->dir, sizeof(t->dir), getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	if (blk_test_has_memory())
		make_dir(t->memory_dir, sizeof(t->memory_dir), "/dev/shm");
	assert_int_equal(loop_new(&t->loop), 0);
	assert_int_equal(workers_new(2, "blk-test", &t->workers), 0);
	*state = t;
	return 0;
}

int
blk_test_setup_in_memory(void **state)
{
	int rc = blk_test_setup(state);
	struct blk_test *t = *state;
	char disk[sizeof(t->dir)];

	if (t->memory_dir[0] != '\0') {
		memcpy(disk, t->dir, sizeof(disk));
		memcpy(t->dir, t->memory_dir, sizeof(disk));
		memcpy(t->memory_dir, disk, sizeof(disk));
	}
	return rc;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

int
blk_test_teardown(void **state)
{
	struct blk_test *t = *state;

	workers_free(t->workers);
	loop_free(t->loop);
	nftw(t->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	if (t->memory_dir[0] != '\0')
		nftw(t->memory_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	mem_free(t);
	return 0;
}

const char *
blk_test_path(const char *dir, const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

void
blk_test_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

struct blk_dev *
blk_test_file(const char *dir, const char *name, uint64_t size_bytes, bool thick)
{
	const char *path = blk_test_path(dir, name);
	struct blk_file_options options = { .thick = thick };
	struct blk_dev *dev = NULL;

	assert_int_equal(blk_file_create(path, size_bytes), 0);
	assert_int_equal(blk_file_new(path, name, size_bytes, &options, &dev), 0);
	return dev;
}

static void
note_done(struct blk_io *io)
{
	*(bool *)io->owner = true;
}

int
blk_test_io(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io,
	    bool *ret_pending)
{
	bool done = false;

	io->done = note_done;
	io->owner = &done;
	bool pending = blk_submit(dev, queue, io) == BLK_PENDING;

	assert_false(done); /* never from within blk_submit */
	while (pending && !done)
		loop_run_once(t->loop, 1000);
	if (ret_pending != NULL)
		*ret_pending = pending;
	return io->result;
}

int
blk_test_rw(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue, enum blk_op op,
	    unsigned flags, uint64_t offset_bytes, void *buf, size_t len_bytes)
{
	struct iovec iov = { buf, len_bytes };
	struct blk_io io = {
		.op = op,
		.flags = flags,
		.offset_bytes = offset_bytes,
		.len_bytes = len_bytes,
		.iov = &iov,
		.iov_count = 1,
	};

	return blk_test_io(t, dev, queue, &io, NULL);
}

int
blk_test_range(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue, enum blk_op op,
	       uint64_t offset_bytes, uint64_t len_bytes)
{
	struct blk_io io = { .op = op, .offset_bytes = offset_bytes, .len_bytes = len_bytes };

	return blk_test_io(t, dev, queue, &io, NULL);
}

bool
blk_test_all(const uint8_t *bytes, size_t len, uint8_t value)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

static void
note_error(struct blk_listener *listener, struct blk_dev *dev, bool sticky, int error,
	   const char *reason)
{
	struct blk_test_listener *l = container_of(listener, struct blk_test_listener, listener);

	(void)dev;
	assert_non_null(reason);
	if (sticky)
		l->sticky++;
	else
		l->single++;
	l->error = error;
}

void
blk_test_listen(struct blk_test_listener *l, struct blk_dev *dev)
{
	*l = (struct blk_test_listener){ .listener.error = note_error };
	blk_set_listener(dev, &l->listener);
}
