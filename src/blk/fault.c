/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fault layer, for tests of a whole daemon.  Before each operation it looks for a file
 * DIR/<name>.<op> or DIR/all.<op>: "EIO" (or any other errno name) in the file makes the operation
 * fail, and "hold" holds the operation back until the file is removed.  So a shell test makes a
 * backing store fail by writing a file.  Any thread that uses the device.
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

#define HOLD          1
#define LOOK_AGAIN_NS (5 * NS_PER_MS)

struct fault_dev {
	struct blk_dev dev;
	char *dir;
};

/* An operation that is held back.  Checks every few milliseconds whether the file is gone. */
struct held {
	struct fault_dev *fault;
	struct blk_io *io;
	struct loop_timer timer;
};

/* ---- The files ---- */

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
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_NS };
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

/* ---- The layer ---- */

static struct fault_dev *
fault_of(struct blk_dev *dev)
{
	return container_of(dev, struct fault_dev, dev);
}

static void
look_again(struct loop_timer *timer)
{
	struct held *held = container_of(timer, struct held, timer);
	struct fault_dev *fault = held->fault;
	struct blk_io *io = held->io;
	int found = look(fault->dir, fault->dev.name, blk_op_name(io->op));

	if (found == HOLD) {
		loop_timer_set(blk_queue_loop(io->queue), timer, LOOK_AGAIN_NS);
		return;
	}
	mem_free(held);
	if (found < 0)
		blk_complete(io, found);
	else if (blk_submit(fault->dev.below, io->queue, io) == BLK_DONE)
		blk_complete(io, io->result);
}

static enum blk_submitted
hold(struct fault_dev *fault, struct blk_queue *queue, struct blk_io *io)
{
	struct held *held = mem_calloc(1, sizeof(*held));

	if (held == NULL) {
		io->result = -ENOMEM;
		return BLK_DONE;
	}
	held->fault = fault;
	held->io = io;
	held->timer.fire = look_again;
	loop_timer_set(blk_queue_loop(queue), &held->timer, LOOK_AGAIN_NS);
	/* so that a test knows when the operation has come so far */
	log_info("fault.hold", "device=%s op=%s", fault->dev.name, blk_op_name(io->op));
	return BLK_PENDING;
}

static enum blk_submitted
fault_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	struct fault_dev *fault = fault_of(dev);
	const char *op = blk_op_name(io->op);
	int found = queue == NULL ? blk_fault_check(fault->dir, dev->name, op, NULL)
				  : look(fault->dir, dev->name, op);

	if (found == HOLD)
		return hold(fault, queue, io);
	if (found == 0)
		return blk_submit(dev->below, queue, io);
	io->result = found;
	return BLK_DONE;
}

static void
fault_close(struct blk_dev *dev)
{
	mem_free(fault_of(dev)->dir);
	mem_free(fault_of(dev));
}

static int
check(struct blk_dev *dev, const char *op, struct blk_progress *progress)
{
	return blk_fault_check(fault_of(dev)->dir, dev->name, op, progress);
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
	.submit = fault_submit,
	.close = fault_close,
	.resize = fault_resize,
	.allocate = fault_allocate,
	.verify = fault_verify,
	.reopen = fault_reopen,
};

int
blk_fault_new(struct blk_dev *below, const char *dir, struct blk_dev **ret_dev)
{
	struct fault_dev *fault = mem_calloc(1, sizeof(*fault));

	if (fault == NULL)
		return -ENOMEM;
	fault->dir = str_dup(dir);
	if (fault->dir == NULL || blk_dev_init_above(&fault->dev, &fault_ops, below) < 0) {
		mem_free(fault->dir);
		mem_free(fault);
		return -ENOMEM;
	}
	*ret_dev = &fault->dev;
	return 0;
}
