/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a task.
 *
 *	new --parse--> done, or in the order of its nexus
 *	in the order --its turn, and its data-out is here--> ready
 *	ready --execute--> waiting for its range --resume--> running --io--> … --> done
 *	any --abort--> done at once, or when the backing I/O is back
 *
 * All of it runs on the task's thread.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

void
scsi_task_init(struct scsi_task *task, struct scsi_nexus *nexus, struct scsi_itl *itl,
	       struct blk_queue *queue)
{
	memset(task, 0, offsetof(struct scsi_task, io));
	task->cdb_bytes = 16;
	task->nexus = nexus;
	task->itl = itl;
	task->lun = UINT16_MAX;
	task->queue = queue;
}

void
scsi_task_fini(struct scsi_task *task)
{
	assert(!task->executing);
	scsi_order_leave(task);
	mem_free(task->work);
	task->work = NULL;
}

/* ---- Parse ---- */

static int
parse_without_unit(struct scsi_task *task)
{
	if (task->cmd == NULL || !(task->cmd->flags & CMD_NO_UNIT))
		return scsi_sense_invalid_unit(task);
	return task->cmd->parse(task);
}

/*
 * Reads LBA and length, whose places depend on the CDB's size; in READ(6) and WRITE(6) 0 means 256.
 */
static void
decode_blocks(struct scsi_task *task)
{
	const uint8_t *cdb = task->cdb;

	switch (cdb[0] >> 5) {
	case 0:
		task->lba = get_be24(cdb + 1) & 0x1fffff;
		task->count_blocks = cdb[4] != 0 ? cdb[4] : 256;
		break;
	case 1:
	case 2:
		task->lba = get_be32(cdb + 2);
		task->count_blocks = get_be16(cdb + 7);
		break;
	case 3: /* 32 bytes */
		task->lba = get_be64(cdb + 12);
		task->count_blocks = get_be32(cdb + 28);
		break;
	case 5:
		task->lba = get_be32(cdb + 2);
		task->count_blocks = get_be32(cdb + 6);
		break;
	default:
		task->lba = get_be64(cdb + 2);
		task->count_blocks = get_be32(cdb + 10);
		break;
	}
	if (cdb[0] == 0x89) /* COMPARE AND WRITE: one byte, the rest is reserved */
		task->count_blocks = cdb[13];
	else if (cdb[0] == 0x9c) /* WRITE ATOMIC: two bytes, behind the atomic boundary */
		task->count_blocks = get_be16(cdb + 12);
}

static int
parse_blocks(struct scsi_task *task)
{
	uint64_t capacity = scsi_lu_capacity_blocks(scsi_task_lu(task));

	decode_blocks(task);
	if (task->lba > capacity)
		return scsi_sense_lba_out_of_range(task, task->lba);
	if (task->count_blocks > capacity - task->lba)
		return scsi_sense_lba_out_of_range(task, capacity);
	task->range.first_block = task->lba;
	task->range.last_block = task->lba + task->count_blocks - 1;
	return SCSI_GO;
}

/*
 * Some commands are answered in any state, some more while only the medium is missing, and those
 * that repair what a command before them has left behind.
 */
static bool
is_refused_by_state(const struct scsi_task *task, enum scsi_lu_state state)
{
	unsigned flags = task->cmd->flags;

	if (__builtin_expect(state == SCSI_LU_ONLINE, 1) || (flags & CMD_ANY_STATE))
		return false;
	switch (state) {
	case SCSI_LU_NO_MEDIUM:
		return !(flags & CMD_NO_MEDIUM);
	case SCSI_LU_CORRUPT:
		return !(flags & CMD_CORRUPT);
	case SCSI_LU_NOT_SANITIZED:
		return !(flags & CMD_NOT_SANITIZED);
	case SCSI_LU_ONLINE:
	case SCSI_LU_OFFLINE:
	case SCSI_LU_FAILED:
	case SCSI_LU_FORMATS:
	case SCSI_LU_SANITIZES:
		break;
	}
	return true;
}

static bool
is_refused_by_fence(const struct scsi_task *task)
{
	unsigned fences = atomic_load_explicit(&scsi_task_lu(task)->fences, memory_order_acquire);

	return __builtin_expect(fences != 0, 0) &&
	       (task->cmd->flags & (CMD_RANGE | CMD_MEDIUM)) != 0;
}

static bool
conflicts(const struct scsi_task *task)
{
	enum scsi_access_role role = scsi_reserve_role(task->itl);
	enum scsi_access_group group;

	if (__builtin_expect(role == ROLE_FREE, 1))
		return false;
	group = (enum scsi_access_group)(task->cmd->flags >> CMD_ACCESS_SHIFT & 7);
	return scsi_access_conflicts[scsi_access_group(group, task->cdb)][role];
}

/*
 * Checks what a CDB says of itself: its CONTROL byte, and the length of one of variable length, of
 * which more than 16 bytes came only when the transport had an extended CDB.  SCSI_GO or SCSI_DONE.
 */
static int
check_form(struct scsi_task *task)
{
	const struct scsi_cmd *cmd = task->cmd;
	bool is_long = cmd->opcode == SCSI_LONG_CDB;
	unsigned control = is_long ? 1 : cmd->cdb_bytes - 1u;

	if (is_long && (task->cdb[7] != cmd->cdb_bytes - 8 || task->cdb_bytes < cmd->cdb_bytes))
		return scsi_sense_invalid_field(task, 7, -1);
	if (task->cdb[control] & 0x04) /* NACA: INQUIRY says NORMACA 0 */
		return scsi_sense_invalid_field(task, control, 2);
	return SCSI_GO;
}

/* known: the opcode exists with other service actions. */
static int
unknown(struct scsi_task *task, bool known)
{
	if (!known)
		return scsi_sense_invalid_opcode(task);
	return task->cdb[0] == SCSI_LONG_CDB ? scsi_sense_invalid_field(task, 8, -1)
					     : scsi_sense_invalid_field(task, 1, 4);
}

static int
parse_for_unit(struct scsi_task *task, bool known)
{
	const struct scsi_cmd *cmd = task->cmd;
	struct scsi_lu *lu = scsi_task_lu(task);
	enum scsi_lu_state state;

	if (cmd == NULL || !scsi_cmd_supported(cmd, task))
		return unknown(task, cmd == NULL ? known : scsi_cmd_has_sibling(cmd, task));
	if (check_form(task) == SCSI_DONE)
		return SCSI_DONE;
	if (conflicts(task))
		return scsi_status(task, SCSI_STATUS_RESERVATION_CONFLICT);
	if (scsi_alua_is_limited(task) && !scsi_alua_allows(task))
		return scsi_sense_access(task);
	state = scsi_lu_state(lu);
	if (is_refused_by_state(task, state))
		return scsi_sense_state(task, state);
	if (is_refused_by_fence(task))
		return scsi_status(task, SCSI_STATUS_BUSY);
	if ((cmd->flags & CMD_WRITE) && scsi_lu_is_write_protected(lu))
		return scsi_sense_write_protected(task);
	if ((cmd->flags & CMD_BLOCKS) && parse_blocks(task) == SCSI_DONE)
		return SCSI_DONE;
	return cmd->parse(task);
}

/* SCSI_GO or SCSI_DONE. */
static int
check(struct scsi_task *task)
{
	bool known = false;

	task->cmd = scsi_cmd_find(task->cdb, &known);
	if (task->itl == NULL)
		return parse_without_unit(task);
	if (__builtin_expect(scsi_ua_pending(task->itl), 0) &&
	    (task->cmd == NULL || !(task->cmd->flags & CMD_NO_UA)))
		return scsi_sense_attention(task, scsi_ua_take(task->itl));
	return parse_for_unit(task, known);
}

enum scsi_progress
scsi_task_parse(struct scsi_task *task)
{
	if (check(task) == SCSI_DONE)
		return SCSI_DONE;
	if (task->itl != NULL && !(task->cmd->flags & CMD_NO_UNIT))
		scsi_order_enter(task);
	return SCSI_GO;
}

/* ---- Execute ---- */

static int
settle(struct scsi_task *task, int progress)
{
	while (progress == SCSI_AGAIN)
		progress = task->step(task);
	if (progress == SCSI_PENDING)
		return SCSI_PENDING;
	if (task->range.state != RANGE_NONE)
		scsi_range_end(task->range.lock, task);
	if (__builtin_expect(task->work != NULL, 0))
		scsi_copy_ended(task);
	if (__builtin_expect(task->change != NULL, 0))
		scsi_change_end(task);
	task->executing = false;
	scsi_order_leave(task);
	return SCSI_DONE;
}

static void
io_done(struct blk_io *io)
{
	struct scsi_task *task = container_of(io, struct scsi_task, io);

	if (settle(task, task->aborted ? SCSI_DONE : SCSI_AGAIN) == SCSI_DONE)
		task->nexus->ops->done(task);
}

int
scsi_io_on(struct scsi_task *task, struct scsi_lu *lu, enum blk_op op, unsigned flags,
	   uint64_t offset_bytes, uint64_t len_bytes, const struct iovec *iov, unsigned iov_count,
	   int (*step)(struct scsi_task *task))
{
	struct blk_io *io = &task->io;

	if (__builtin_expect(atomic_load_explicit(&lu->tokens.live, memory_order_relaxed) != 0,
			     0) &&
	    (op == BLK_WRITE || op == BLK_WRITE_ZEROES || op == BLK_UNMAP))
		scsi_tokens_written(task, lu, offset_bytes, len_bytes);
	io->op = op;
	io->flags = flags;
	io->offset_bytes = offset_bytes;
	io->len_bytes = len_bytes;
	io->iov = iov;
	io->iov_count = iov_count;
	io->done = io_done;
	task->step = step;
	return blk_submit(scsi_lu_device(lu), task->queue, io) == BLK_DONE ? SCSI_AGAIN
									   : SCSI_PENDING;
}

int
scsi_io(struct scsi_task *task, enum blk_op op, unsigned flags, uint64_t offset_bytes,
	uint64_t len_bytes, const struct iovec *iov, unsigned iov_count,
	int (*step)(struct scsi_task *task))
{
	return scsi_io_on(task, scsi_task_lu(task), op, flags, offset_bytes, len_bytes, iov,
			  iov_count, step);
}

/* Returns whether the task has its range, or needs none; else ops->resume follows. */
static bool
range_begin(struct scsi_task *task)
{
	unsigned flags = task->cmd->flags;

	if ((flags & CMD_RANGE) == 0 || ((flags & CMD_BLOCKS) && task->count_blocks == 0))
		return true;
	return scsi_range_begin(&scsi_task_lu(task)->ranges, task, (flags & CMD_ATOMIC) != 0);
}

/*
 * Looks again at what may have changed since the task was parsed, while its data-out was collected
 * or older tasks were waited for.  SCSI_GO or SCSI_DONE.
 */
static int
check_again(struct scsi_task *task)
{
	enum scsi_lu_state state;

	if (task->itl == NULL)
		return SCSI_GO;
	if (__builtin_expect(task->waited, 0))
		return check(task);
	if (conflicts(task))
		return scsi_status(task, SCSI_STATUS_RESERVATION_CONFLICT);
	if (scsi_alua_is_limited(task) && !scsi_alua_allows(task))
		return scsi_sense_access(task);
	state = scsi_lu_state(scsi_task_lu(task));
	if (is_refused_by_state(task, state))
		return scsi_sense_state(task, state);
	if (is_refused_by_fence(task))
		return scsi_status(task, SCSI_STATUS_BUSY);
	return SCSI_GO;
}

/* The step of a task that had to wait for its range: the unit may be in another state by now. */
static int
execute_late(struct scsi_task *task)
{
	enum scsi_lu_state state = scsi_lu_state(scsi_task_lu(task));

	if (is_refused_by_state(task, state))
		return scsi_sense_state(task, state);
	return task->cmd->execute(task);
}

enum scsi_progress
scsi_task_execute(struct scsi_task *task)
{
	assert(scsi_task_may_start(task));
	task->executing = true;
	if (__builtin_expect(check_again(task) == SCSI_DONE, 0))
		return (enum scsi_progress)settle(task, SCSI_DONE);
	task->step = execute_late;
	if (!range_begin(task))
		return SCSI_PENDING;
	return (enum scsi_progress)settle(task, task->cmd->execute(task));
}

/* Continues at the task's step: scsi_task_execute set the first, scsi_io sets each later one. */
void
scsi_task_resume(struct scsi_task *task)
{
	if (settle(task, task->aborted ? SCSI_DONE : SCSI_AGAIN) == SCSI_DONE)
		task->nexus->ops->done(task);
}

enum scsi_progress
scsi_task_abort(struct scsi_task *task)
{
	task->aborted = true;
	task->status = SCSI_STATUS_TASK_ABORTED;
	if (!task->executing) {
		scsi_order_leave(task);
		return SCSI_DONE;
	}
	if (task->change != NULL
		    ? scsi_change_cancel(task)
		    : task->range.lock != NULL && (scsi_range_cancel(task->range.lock, task) ||
						   scsi_job_cancel(task))) {
		scsi_copy_ended(task);
		task->executing = false;
		scsi_order_leave(task);
		return SCSI_DONE;
	}
	return SCSI_PENDING;
}

void
scsi_task_abandon(struct scsi_task *task)
{
	assert(task->aborted && task->executing);
	scsi_order_leave(task);
}

enum scsi_kind
scsi_task_kind(const struct scsi_task *task)
{
	if (task->cmd == NULL)
		return SCSI_KIND_OTHER;
	if (task->cmd->execute == scsi_read_execute)
		return SCSI_KIND_READ;
	return task->cmd->execute == scsi_write_execute ? SCSI_KIND_WRITE : SCSI_KIND_OTHER;
}

bool
scsi_task_is_io(const struct scsi_task *task)
{
	const unsigned io = CMD_RANGE | CMD_BLOCKS;

	return task->cmd != NULL && (task->cmd->flags & io) == io;
}

int
scsi_work_new(struct scsi_task *task, size_t buf_bytes, unsigned iov_max)
{
	size_t iov_bytes = iov_max * sizeof(struct iovec);
	struct scsi_work *work = mem_alloc(sizeof(*work) + iov_bytes + buf_bytes);

	assert(task->work == NULL);
	if (work == NULL) {
		scsi_status(task, SCSI_STATUS_BUSY);
		return -ENOMEM;
	}
	memset(work, 0, sizeof(*work));
	work->iov = (struct iovec *)(work + 1);
	work->iov_max = iov_max;
	work->buf = (uint8_t *)(work + 1) + iov_bytes;
	work->buf_bytes = buf_bytes;
	task->work = work;
	return 0;
}

/* ---- Status and data-in ---- */

int
scsi_good(struct scsi_task *task)
{
	task->status = SCSI_STATUS_GOOD;
	return SCSI_DONE;
}

int
scsi_status(struct scsi_task *task, enum scsi_status status)
{
	task->status = (uint8_t)status;
	task->in_bytes = 0;
	return SCSI_DONE;
}

int
scsi_expect_in(struct scsi_task *task, uint32_t len)
{
	task->in_needed_bytes = MIN(len, task->expected_in_bytes);
	return SCSI_GO;
}

int
scsi_expect_none(struct scsi_task *task)
{
	(void)task;
	return SCSI_GO;
}

int
scsi_expect_parameters(struct scsi_task *task, uint32_t len)
{
	task->out_total_bytes = len;
	if (task->expected_out_bytes < len)
		return scsi_sense_parameter_length(task);
	task->out_needed_bytes = len;
	return SCSI_GO;
}

static void
in_copy(const struct scsi_task *task, const uint8_t *data, size_t len)
{
	for (unsigned i = 0; i < task->in_iov_count && len > 0; i++) {
		size_t part = MIN(len, task->in_iov[i].iov_len);

		memcpy(task->in_iov[i].iov_base, data, part);
		data += part;
		len -= part;
	}
}

int
scsi_give(struct scsi_task *task, const void *data, size_t size, uint32_t allocation)
{
	uint32_t len = (uint32_t)MIN(size, (size_t)allocation);

	task->in_total_bytes = len;
	len = MIN(len, task->expected_in_bytes);
	if (len > 0) {
		if (task->nexus->ops->data_in(task, len) < 0)
			return scsi_status(task, SCSI_STATUS_BUSY);
		in_copy(task, data, len);
	}
	task->in_bytes = len;
	return scsi_good(task);
}

/* ---- Data-out ---- */

unsigned
scsi_out_slice(const struct scsi_task *task, size_t offset, size_t len, struct iovec *iov)
{
	unsigned count = 0;

	for (unsigned i = 0; i < task->out_iov_count && len > 0; i++) {
		const struct iovec *from = &task->out_iov[i];

		if (offset >= from->iov_len) {
			offset -= from->iov_len;
			continue;
		}
		iov[count].iov_base = (uint8_t *)from->iov_base + offset;
		iov[count].iov_len = MIN(len, from->iov_len - offset);
		len -= iov[count].iov_len;
		offset = 0;
		count++;
	}
	assert(len == 0);
	return count;
}

/* Calls visit for each contiguous piece, until one returns other than 0. */
static int64_t
out_walk(const struct scsi_task *task, size_t offset, size_t len,
	 int64_t (*visit)(const uint8_t *piece, size_t at, size_t len, void *arg), void *arg)
{
	size_t at = 0;

	for (unsigned i = 0; i < task->out_iov_count && at < len; i++) {
		const struct iovec *from = &task->out_iov[i];
		size_t part;
		int64_t result;

		if (offset >= from->iov_len) {
			offset -= from->iov_len;
			continue;
		}
		part = MIN(len - at, from->iov_len - offset);
		result = visit((const uint8_t *)from->iov_base + offset, at, part, arg);
		if (result != 0)
			return result;
		at += part;
		offset = 0;
	}
	assert(at == len);
	return 0;
}

static int64_t
visit_copy(const uint8_t *piece, size_t at, size_t len, void *arg)
{
	memcpy((uint8_t *)arg + at, piece, len);
	return 0;
}

void
scsi_out_copy(const struct scsi_task *task, size_t offset, void *buf, size_t len)
{
	out_walk(task, offset, len, visit_copy, buf);
}

/* 1 + the offset of the first difference, or 0. */
static int64_t
visit_compare(const uint8_t *piece, size_t at, size_t len, void *arg)
{
	const uint8_t *buf = (const uint8_t *)arg + at;

	if (memcmp(piece, buf, len) == 0)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (piece[i] != buf[i])
			return (int64_t)(at + i) + 1;
	return 0;
}

int64_t
scsi_out_compare(const struct scsi_task *task, size_t offset, const uint8_t *buf, size_t len)
{
	uintptr_t arg = (uintptr_t)buf; /* only read there */

	return out_walk(task, offset, len, visit_compare, (void *)arg) - 1;
}
