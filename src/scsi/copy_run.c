/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a copy is carried out, chunk by chunk: read from the source, then written to the destination.
 * A run of zeros is written as zeros, and frees the space where the destination is thin.  Each read
 * and each write has its range of its unit's range lock, as READ and WRITE have theirs, and gives
 * it up before the next is asked for.  A task that never holds two ranges cannot be part of a
 * deadlock.  Where the two ranges of a segment overlap, the order of the chunks is such that the
 * destination has afterwards what the source had before.  copy.c and token_cmd.c say what is
 * copied.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "scsi/copy_int.h"

/* the least run of zeros within a chunk that is written as such: 64 KiB, aligned */
enum { RUN_BYTES = 64 << 10 };

/* The copy reads and writes as its nexus would, so what excludes the nexus stops the copy. */
static bool
is_excluded(const struct scsi_task *task, const struct scsi_copy *copy)
{
	return (copy->from != NULL &&
		scsi_reserve_excludes(copy->from, task->nexus, ACCESS_READS)) ||
	       scsi_reserve_excludes(copy->to, task->nexus, ACCESS_CHANGES);
}

static bool
is_drained(struct scsi_task *task)
{
	const struct scsi_host_ops *ops = task->nexus->ops;

	return ops->copy_may_go_on != NULL && !ops->copy_may_go_on(task);
}

static bool
is_usable(const struct scsi_lu *lu)
{
	return scsi_lu_state(lu) == SCSI_LU_ONLINE && !scsi_lu_is_fenced(lu);
}

/* Zeros come from no unit. */
int
scsi_copy_check(struct scsi_task *task)
{
	const struct scsi_copy *copy = scsi_copy_of(task);

	if (copy->terminated)
		return scsi_copy_aborted(task, COPY_ASC_CLEARED, -1);
	if (copy->stopped || is_drained(task) || (copy->from != NULL && !is_usable(copy->from)) ||
	    !is_usable(copy->to) || is_excluded(task, copy))
		return scsi_copy_aborted(task, COPY_ASC_UNREACHABLE, -1);
	if (copy->token != NULL && scsi_token_state(copy->token) != TOKEN_VALID)
		return scsi_sense_token(task, scsi_token_state(copy->token));
	if (scsi_lu_is_write_protected(copy->to))
		return scsi_copy_aborted(task, COPY_ASC_WRITE_PROTECTED, -1);
	/* the copy is to the reservations of its units what READ and WRITE of its nexus are */
	if ((copy->from != NULL &&
	     scsi_access_conflicts[ACCESS_READS][scsi_reserve_role(copy->from_itl)]) ||
	    scsi_access_conflicts[ACCESS_CHANGES][scsi_reserve_role(copy->to_itl)])
		return scsi_status(task, SCSI_STATUS_RESERVATION_CONFLICT);
	return SCSI_GO;
}

/* A full pool is told as it is told of WRITE, since hosts stop writers until there is space. */
int
scsi_copy_io_failed(struct scsi_task *task, struct scsi_lu *lu)
{
	int error = task->io.result;

	if (error == ERR_FAILED || error == ERR_CORRUPT)
		scsi_lu_fail(lu, error);
	if (error == -ENOSPC || error == -EDQUOT || error == ERR_NO_SPACE)
		return scsi_sense_no_space(task);
	return scsi_copy_aborted(task, COPY_ASC_DEVICE_FAILURE, -1);
}

int
scsi_copy_lock(struct scsi_task *task, struct scsi_lu *lu, uint64_t at, size_t len,
	       int (*step)(struct scsi_task *task))
{
	task->range.first_block = at >> lu->block_shift;
	task->range.last_block = ((at + len) >> lu->block_shift) - 1;
	task->step = step;
	return scsi_range_begin(&lu->ranges, task, false) ? SCSI_AGAIN : SCSI_PENDING;
}

/*
 * Between two chunks the thread does other work: a store that ends each I/O at once would keep the
 * thread until all is copied, and an abort or a reset would find the copy done.
 */
int
scsi_copy_yield(struct scsi_task *task, int (*step)(struct scsi_task *task))
{
	struct scsi_copy *copy = scsi_copy_of(task);

	task->step = step;
	if (!copy->began) {
		copy->began = true;
		return SCSI_AGAIN;
	}
	task->nexus->ops->resume(task);
	return SCSI_PENDING;
}

/* ---- Writing a chunk ---- */

static int write_run(struct scsi_task *task);

static int
written(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);

	copy->run_at += copy->run_len;
	if (task->io.result == 0 && copy->run_at < copy->len)
		return write_run(task);
	scsi_range_end(task->range.lock, task);
	if (task->io.result != 0)
		return scsi_copy_io_failed(task, copy->to);
	if (copy->record != NULL)
		copy->record->bytes += copy->len;
	return copy->chunk_written(task);
}

/*
 * Sets run_len to the bytes of the chunk from run_at on that are all zeros, or all data.  Only
 * whole runs of RUN_BYTES, aligned in the unit that is written to, are told apart, so that a few
 * zeros among data cost no write of their own.  Returns true when the run is zeros.
 */
static bool
find_run(struct scsi_copy *copy)
{
	uint64_t at = copy->to_at + copy->place;
	bool zeros = false;
	size_t end = copy->run_at;

	while (end < copy->len) {
		size_t n = MIN(copy->len - end, RUN_BYTES - (at + end) % RUN_BYTES);
		bool is_zero = scsi_is_zero(copy->chunk + end, n);

		if (end != copy->run_at && is_zero != zeros)
			break;
		zeros = is_zero;
		end += n;
	}
	copy->run_len = end - copy->run_at;
	return zeros;
}

static int
write_run(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);
	struct iovec *iov = task->work->iov;
	unsigned flags = scsi_lu_mode(copy->to, MODE_WCE) ? 0 : BLK_FUA;
	uint64_t at = copy->to_at + copy->place + copy->run_at;

	if (scsi_copy_check(task) == SCSI_DONE)
		return SCSI_DONE;
	if (copy->from == NULL) {
		copy->run_len = copy->len; /* nothing was read: zeros */
		return scsi_io_on(task, copy->to, BLK_WRITE_ZEROES,
				  flags | (copy->to->unmaps ? BLK_MAY_UNMAP : 0), at, copy->run_len,
				  NULL, 0, written);
	}
	if (find_run(copy))
		return scsi_io_on(task, copy->to, BLK_WRITE_ZEROES,
				  flags | (copy->to->unmaps ? BLK_MAY_UNMAP : 0), at, copy->run_len,
				  NULL, 0, written);
	iov[0] = (struct iovec){ copy->chunk + copy->run_at, copy->run_len };
	return scsi_io_on(task, copy->to, BLK_WRITE, flags, at, copy->run_len, iov, 1, written);
}

/* The chunk's range of the unit is locked until all of it is written. */
static int
write_chunk(struct scsi_task *task)
{
	scsi_copy_of(task)->run_at = 0;
	return write_run(task);
}

int
scsi_copy_write(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);

	return scsi_copy_lock(task, copy->to, copy->to_at + copy->place, copy->len, write_chunk);
}

/* ---- A segment ---- */

static int next_chunk(struct scsi_task *task);

static int
chunk_written(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);

	copy->left -= copy->len;
	copy->done += copy->len;
	return next_chunk(task);
}

static int
was_read(struct scsi_task *task)
{
	scsi_range_end(task->range.lock, task);
	if (task->io.result != 0)
		return scsi_copy_io_failed(task, scsi_copy_of(task)->from);
	return scsi_copy_write(task);
}

static int
read_chunk(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);

	task->work->iov[0] = (struct iovec){ copy->chunk, copy->len };
	return scsi_io_on(task, copy->from, BLK_READ, 0, copy->from_at + copy->place, copy->len,
			  task->work->iov, 1, was_read);
}

static int
begin_chunk(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);

	if (scsi_copy_check(task) == SCSI_DONE)
		return SCSI_DONE;
	copy->len = (size_t)MIN(copy->left, (uint64_t)COPY_CHUNK_BYTES);
	copy->place = copy->backwards ? copy->left - copy->len : copy->done;
	return scsi_copy_lock(task, copy->from, copy->from_at + copy->place, copy->len, read_chunk);
}

static int
next_chunk(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);

	return copy->left == 0 ? copy->next(task) : scsi_copy_yield(task, begin_chunk);
}

int
scsi_copy_run(struct scsi_task *task)
{
	scsi_copy_of(task)->chunk_written = chunk_written;
	return next_chunk(task);
}
