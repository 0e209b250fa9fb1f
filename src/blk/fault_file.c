/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faults from files, for tests of a whole daemon.  Before each operation the layer looks for a file
 * DIR/<name>.<op> or DIR/all.<op>: "EIO" (or any other errno name) in the file makes the operation
 * fail, and "hold" holds the operation back until the file is removed.  So a shell test makes a
 * backing store fail by writing a file.  To the layers above such a failure is one of the store.
 */
#include "blk/blk_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define HOLD 1

static int
errno_named(const char *name)
{
	for (int e = 1; e < 134; e++) {
		const char *known = strerrorname_np(e);

		if (known != NULL && strcmp(known, name) == 0)
			return -e;
	}
	return -EIO; /* a typing error must not switch the fault off */
}

/* Returns 0 (no such file), HOLD, or the -errno that the file names. */
static int
look_at(const char *path)
{
	char text[32];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, " \t\r\n")] = '\0';
	return strcmp(text, "hold") == 0 ? HOLD : errno_named(text);
}

static int
look(const char *dir, const char *name, const char *op)
{
	char path[2048];

	snprintf(path, sizeof(path), "%s/%s.%s", dir, name, op);
	int found = look_at(path);

	if (found != 0)
		return found;
	snprintf(path, sizeof(path), "%s/all.%s", dir, op);
	return look_at(path);
}

int
blk_fault_check(const char *dir, const char *name, const char *op, struct blk_progress *progress)
{
	const struct timespec pause = { .tv_nsec = BLK_FAULT_LOOK_NS };
	int found;

	if (dir == NULL)
		return 0;
	while ((found = look(dir, name, op)) == HOLD) {
		if (progress != NULL && progress->step(progress, 0, 0) != 0)
			return ERR_CANCELLED;
		nanosleep(&pause, NULL);
	}
	return found;
}

/* ---- The source ---- */

static const char *
dir_of(struct blk_dev *dev)
{
	return container_of(dev, struct blk_fault_dev, dev)->dir;
}

/*
 * Holds an operation back whose caller waits for its end: waits until the file no longer says so.
 */
static int
wait_while_held(struct blk_dev *dev, const char *op)
{
	if (look(dir_of(dev), dev->name, op) == HOLD)
		log_info("fault.hold", "device=%s op=%s", dev->name, op);
	return blk_fault_check(dir_of(dev), dev->name, op, NULL);
}

static bool
file_holds(struct blk_fault_dev *fault, struct blk_io *io, struct blk_strike *strike)
{
	int found = look(fault->dir, fault->dev.name, blk_op_name(io->op));

	strike->result = found == HOLD ? 0 : found;
	return found == HOLD;
}

static void
file_look(struct blk_fault_dev *fault, struct blk_queue *queue, struct blk_io *io,
	  struct blk_strike *strike)
{
	if (queue == NULL)
		strike->result = wait_while_held(&fault->dev, blk_op_name(io->op));
	else if (file_holds(fault, io, strike))
		strike->until_ns = UINT64_MAX;
}

static const struct blk_fault_source file_source = { file_look, file_holds };

/* ---- The rest of the layer ---- */

static void
fault_close(struct blk_dev *dev)
{
	struct blk_fault_dev *fault = container_of(dev, struct blk_fault_dev, dev);

	mem_free(fault->dir);
	mem_free(fault);
}

static int
check(struct blk_dev *dev, const char *op, struct blk_progress *progress)
{
	return blk_fault_check(dir_of(dev), dev->name, op, progress);
}

static int
fault_resize(struct blk_dev *dev, uint64_t size_bytes)
{
	int r = check(dev, "resize", NULL);

	return r < 0 ? r : blk_resize(dev->below, size_bytes);
}

static int
fault_allocate(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes,
	       struct blk_progress *progress)
{
	int r = check(dev, "allocate", progress);

	return r < 0 ? r : blk_allocate(dev->below, offset_bytes, len_bytes, progress);
}

static int
check_open(struct blk_dev *dev, const char *op, char *reason, size_t size)
{
	int r = check(dev, op, NULL);

	if (r < 0)
		snprintf(reason, size, "%s: %s (injected)", op, strerror(-r));
	return r;
}

static int
fault_verify(struct blk_dev *dev, char *reason, size_t size)
{
	int r = check_open(dev, "open", reason, size);

	if (r == 0)
		r = check_open(dev, "verify", reason, size);
	if (r < 0)
		return r;
	return dev->below->ops->verify != NULL ? dev->below->ops->verify(dev->below, reason, size)
					       : 0;
}

static int
fault_reopen(struct blk_dev *dev)
{
	return check(dev, "open", NULL);
}

static const struct blk_ops fault_ops = {
	.name = "fault",
	.submit = blk_fault_submit,
	.close = fault_close,
	.resize = fault_resize,
	.allocate = fault_allocate,
	.verify = fault_verify,
	.reopen = fault_reopen,
};

int
blk_fault_new(struct blk_dev *below, const char *dir, struct blk_dev **ret_dev)
{
	AUTO_FREE char *copy = str_dup(dir);
	struct blk_fault_dev *fault;

	if (copy == NULL || blk_fault_dev_new(below, &fault_ops, &file_source, &fault) < 0)
		return -ENOMEM;
	fault->dir = TAKE(copy);
	*ret_dev = &fault->dev;
	return 0;
}
