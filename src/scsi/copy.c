/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * EXTENDED COPY(LID1): the unit is a copy manager, which copies blocks between the units of this
 * array that the nexus may use.  task.c calls these functions through the table in cmd.c, on the
 * task's thread.
 *
 * A segment is copied in chunks: read from the source, then written to the destination.  A run of
 * zeros is written as zeros, and frees the space where the destination is thin.  Each read and each
 * write has its range of its unit's range lock, as READ and WRITE have theirs, and gives it up
 * before the next is asked for.  A task that never holds two ranges cannot be part of a deadlock.
 * Where the two ranges of a segment overlap, the order of the chunks is such that the destination
 * has afterwards what the source had before.
 *
 * Source: SPC-4 (EXTENDED COPY(LID1) command; CSCD descriptors; segment descriptors).
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/reserve_int.h"
#include "scsi/scsi_int.h"

enum {
	HEADER_BYTES = 16,
	OWN_UNIT = 0xffff, /* CSCD descriptor ID: the unit that received the command */
	LIST_ID_HOLD = 0,
	LIST_ID_DISCARD = 2,
	LIST_ID_NONE = 3,
	CHUNK_BYTES = 1 << 20,
	/* the least run of zeros within a chunk that is written as such: 64 KiB, aligned */
	RUN_BYTES = 64 << 10,
};

/* Additional sense codes. */
enum {
	ASC_NONE = 0x0000,
	ASC_UNREACHABLE = 0x0d02,    /* COPY TARGET DEVICE NOT REACHABLE */
	ASC_WRONG_TYPE = 0x0d03,     /* INCORRECT COPY TARGET DEVICE TYPE */
	ASC_DEVICE_FAILURE = 0x0d01, /* THIRD PARTY DEVICE FAILURE */
	ASC_TOO_MANY_CSCDS = 0x2606, /* TOO MANY TARGET DESCRIPTORS */
	ASC_CSCD_TYPE = 0x2607,      /* UNSUPPORTED TARGET DESCRIPTOR TYPE CODE */
	ASC_TOO_MANY_SEGMENTS = 0x2608,
	ASC_SEGMENT_TYPE = 0x2609,
	ASC_INEXACT = 0x260a, /* UNEXPECTED INEXACT SEGMENT */
	ASC_INLINE = 0x260b,  /* INLINE DATA LENGTH EXCEEDED */
	ASC_WRITE_PROTECTED = 0x2700,
	ASC_INVALID_FIELD = 0x2600, /* INVALID FIELD IN PARAMETER LIST */
};

/* At the start of task->work->buf; the parameter list and the chunk follow. */
struct copy {
	struct scsi_copy_record *record; /* NULL = nothing of this copy is kept */
	const uint8_t *list;             /* the parameter list */
	uint8_t *chunk;
	struct scsi_itl *cscds[COPY_MAX_CSCDS]; /* the units, as this nexus sees them */
	unsigned cscd_count, segment_count;
	unsigned segment; /* the one that is worked on */
	bool stopped;
	bool began; /* a chunk was begun */
	/* the segment that is worked on, in bytes */
	struct scsi_itl *from_itl, *to_itl;
	struct scsi_lu *from, *to;
	uint64_t from_at, to_at;
	uint64_t left;
	uint64_t done; /* forwards only */
	bool backwards;
	uint64_t place;         /* of the chunk, within the segment */
	size_t len;             /* of the chunk */
	size_t run_at, run_len; /* what is written of the chunk: zeros only, or data */
};

static struct copy *
copy_of(const struct scsi_task *task)
{
	return (struct copy *)(void *)task->work->buf;
}

int
scsi_copy_parse(struct scsi_task *task)
{
	uint32_t len = get_be32(task->cdb + 10);

	if (len != 0 && len < HEADER_BYTES)
		return scsi_sense_parameter_length(task);
	if (len > HEADER_BYTES + COPY_MAX_LIST_BYTES)
		return scsi_sense_parameter_length(task);
	return scsi_expect_parameters(task, len);
}

/* ---- The parameter list ---- */

static const uint8_t *
segment_at(const struct copy *copy, unsigned index)
{
	return copy->list + HEADER_BYTES + (size_t)copy->cscd_count * COPY_CSCD_BYTES +
	       (size_t)index * COPY_SEGMENT_BYTES;
}

/*
 * Checks the lengths in the header.  Every descriptor that is supported has one size, so another
 * type code is found before the count of descriptors would be wrong because of it.
 */
static int
check_header(struct scsi_task *task, struct copy *copy, size_t len)
{
	const uint8_t *p = copy->list;
	uint32_t cscd_bytes = get_be16(p + 2), segment_bytes = get_be32(p + 8);

	if (get_be32(p + 12) != 0)
		return scsi_sense_copy_list(task, ASC_INLINE, 12);
	if (cscd_bytes > len - HEADER_BYTES || segment_bytes > len - HEADER_BYTES - cscd_bytes)
		return scsi_sense_parameter_length(task);
	if (cscd_bytes % COPY_CSCD_BYTES != 0)
		return scsi_sense_parameter_length(task);
	if (cscd_bytes / COPY_CSCD_BYTES > COPY_MAX_CSCDS)
		return scsi_sense_copy_list(task, ASC_TOO_MANY_CSCDS, 2);
	copy->cscd_count = cscd_bytes / COPY_CSCD_BYTES;
	for (uint32_t at = 0; at < segment_bytes; at += COPY_SEGMENT_BYTES) {
		const uint8_t *segment = segment_at(copy, copy->segment_count);
		unsigned byte = (unsigned)(segment - copy->list);

		if (segment[0] != COPY_BLOCK_TO_BLOCK)
			return scsi_sense_copy_list(task, ASC_SEGMENT_TYPE, byte);
		if (segment_bytes - at < COPY_SEGMENT_BYTES)
			return scsi_sense_parameter_length(task);
		if (get_be16(segment + 2) != COPY_SEGMENT_BYTES - 4)
			return scsi_sense_copy_list(task, ASC_INVALID_FIELD, byte + 2);
		if (++copy->segment_count > COPY_MAX_SEGMENTS)
			return scsi_sense_copy_list(task, ASC_TOO_MANY_SEGMENTS, 8);
	}
	return SCSI_GO;
}

/* LIST ID USAGE and, when something of this copy is to be known, its record. */
static int
begin_record(struct scsi_task *task, struct copy *copy)
{
	uint8_t id = copy->list[0], usage = copy->list[1] >> 3 & 0x03;

	if (usage == LIST_ID_NONE)
		return id == 0 ? SCSI_GO : scsi_sense_copy_list(task, ASC_INVALID_FIELD, 0);
	if (usage != LIST_ID_HOLD && usage != LIST_ID_DISCARD)
		return scsi_sense_invalid_parameter(task, 1, 4);
	return scsi_copy_record_new(task, id, usage == LIST_ID_HOLD, &copy->record);
}

/* ---- Copy source and destination (CSCD) descriptors ---- */

/* The unit that an identification descriptor CSCD names. */
static int
find_unit(struct scsi_task *task, const uint8_t *cscd, struct scsi_itl **ret_itl)
{
	uint8_t designator[24] = { cscd[4] & 0x0f, cscd[5] & 0x3f, 0, cscd[7] };

	if (cscd[7] == 0 || cscd[7] > 20)
		return ERR_INVALID;
	memcpy(designator + 4, cscd + 8, cscd[7]);
	if (scsi_identity_has(&scsi_task_lu(task)->desc.identity, designator)) {
		*ret_itl = task->itl;
		return 0;
	}
	if (task->nexus->ops->open_unit == NULL)
		return ERR_NOT_FOUND;
	return task->nexus->ops->open_unit(task, designator, ret_itl);
}

/*
 * A unit that does not exist and one that the nexus may not use are both not reachable: an
 * initiator learns nothing of what is masked.  The LU ID TYPE field and the NUL bit are obsolete
 * since SPC-4, and ignored.
 */
static int
open_cscd(struct scsi_task *task, struct copy *copy, unsigned index)
{
	unsigned byte = HEADER_BYTES + index * COPY_CSCD_BYTES;
	const uint8_t *cscd = copy->list + byte;
	struct scsi_itl *itl = NULL;
	uint32_t block_bytes = get_be24(cscd + 29);
	int rc;

	if (cscd[0] != COPY_CSCD_IDENTIFIED)
		return scsi_sense_copy_list(task, ASC_CSCD_TYPE, byte);
	if ((cscd[1] & 0x1f) != 0) /* peripheral device type: block devices */
		return scsi_sense_copy_cscd(task, ASC_WRONG_TYPE, byte + 1);
	rc = find_unit(task, cscd, &itl);
	if (rc == ERR_INVALID)
		return scsi_sense_invalid_parameter(task, byte + 7, -1);
	if (rc == ERR_NOT_FOUND)
		return scsi_sense_copy_cscd(task, ASC_UNREACHABLE, byte);
	if (rc < 0 || scsi_lu_is_fenced(itl->lu))
		return scsi_status(task, SCSI_STATUS_BUSY);
	if (block_bytes != 0 && block_bytes != itl->lu->desc.block_bytes)
		return scsi_sense_invalid_parameter(task, byte + 29, -1);
	copy->cscds[index] = itl;
	return SCSI_GO;
}

static struct scsi_itl *
cscd_find(const struct scsi_task *task, const struct copy *copy, unsigned id)
{
	if (id == OWN_UNIT)
		return task->itl;
	return id < copy->cscd_count ? copy->cscds[id] : NULL;
}

/* ---- Segments ---- */

static int next_segment(struct scsi_task *task);
static int next_chunk(struct scsi_task *task);

static int
copy_aborted(struct scsi_task *task, uint16_t asc_ascq, int byte)
{
	return scsi_sense_copy_aborted(task, asc_ascq, copy_of(task)->segment, byte);
}

/* Every block of the segment must be there before the first is copied. */
static bool
is_within(const struct scsi_lu *lu, uint64_t lba, uint64_t bytes)
{
	uint64_t capacity = scsi_lu_capacity_blocks(lu), blocks = bytes >> lu->block_shift;

	return lba <= capacity && blocks <= capacity - lba;
}

static int
begin_segment(struct scsi_task *task)
{
	struct copy *copy = copy_of(task);
	const uint8_t *p = segment_at(copy, copy->segment);
	struct scsi_lu *from, *to;
	uint64_t from_lba = get_be64(p + 12), to_lba = get_be64(p + 20);

	copy->from_itl = cscd_find(task, copy, get_be16(p + 4));
	copy->to_itl = cscd_find(task, copy, get_be16(p + 6));
	if (copy->from_itl == NULL || copy->to_itl == NULL)
		return copy_aborted(task, ASC_UNREACHABLE, copy->from_itl == NULL ? 4 : 6);
	from = copy->from_itl->lu;
	to = copy->to_itl->lu;
	/* DC: the number of blocks is in blocks of the destination */
	copy->left = (uint64_t)get_be16(p + 10) << (p[1] & 0x02 ? to : from)->block_shift;
	if (copy->left > COPY_MAX_SEGMENT_BYTES)
		return copy_aborted(task, ASC_INVALID_FIELD, 10);
	if (copy->left % from->desc.block_bytes != 0 || copy->left % to->desc.block_bytes != 0)
		return copy_aborted(task, ASC_INEXACT, 10);
	if (!is_within(from, from_lba, copy->left))
		return copy_aborted(task, ASC_NONE, 12);
	if (!is_within(to, to_lba, copy->left))
		return copy_aborted(task, ASC_NONE, 20);
	copy->from = from;
	copy->to = to;
	copy->from_at = from_lba << from->block_shift;
	copy->to_at = to_lba << to->block_shift;
	copy->done = 0;
	copy->backwards = from == to && copy->to_at > copy->from_at &&
			  copy->to_at - copy->from_at < copy->left;
	return next_chunk(task);
}

static int
next_segment(struct scsi_task *task)
{
	struct copy *copy = copy_of(task);

	if (copy->segment == copy->segment_count)
		return scsi_good(task);
	return begin_segment(task);
}

/* The copy reads and writes as its nexus would, so what excludes the nexus stops the copy. */
static bool
is_excluded(const struct scsi_task *task, const struct copy *copy)
{
	return scsi_reserve_excludes(copy->from, task->nexus, ACCESS_READS) ||
	       scsi_reserve_excludes(copy->to, task->nexus, ACCESS_CHANGES);
}

static bool
is_drained(struct scsi_task *task)
{
	const struct scsi_host_ops *ops = task->nexus->ops;

	return ops->copy_may_go_on != NULL && !ops->copy_may_go_on(task);
}

/*
 * Returns SCSI_GO while both units can be used, else SCSI_DONE: an administrator, a reset, a
 * reservation or a failure may come between two chunks.
 */
static int
check_units(struct scsi_task *task)
{
	const struct copy *copy = copy_of(task);

	if (copy->stopped || is_drained(task) || scsi_lu_state(copy->from) != SCSI_LU_ONLINE ||
	    scsi_lu_state(copy->to) != SCSI_LU_ONLINE || scsi_lu_is_fenced(copy->from) ||
	    scsi_lu_is_fenced(copy->to) || is_excluded(task, copy))
		return copy_aborted(task, ASC_UNREACHABLE, -1);
	if (scsi_lu_is_write_protected(copy->to))
		return copy_aborted(task, ASC_WRITE_PROTECTED, -1);
	/* the copy is to the reservations of its units what READ and WRITE of its nexus are */
	if (scsi_access_conflicts[ACCESS_READS][scsi_reserve_role(copy->from_itl)] ||
	    scsi_access_conflicts[ACCESS_CHANGES][scsi_reserve_role(copy->to_itl)])
		return scsi_status(task, SCSI_STATUS_RESERVATION_CONFLICT);
	return SCSI_GO;
}

/* A full pool is told as it is told of WRITE, since hosts stop writers until there is space. */
static int
io_failed(struct scsi_task *task, struct scsi_lu *lu)
{
	int error = task->io.result;

	if (error == ERR_FAILED || error == ERR_CORRUPT)
		scsi_lu_fail(lu, error);
	if (error == -ENOSPC || error == -EDQUOT || error == ERR_NO_SPACE)
		return scsi_sense_no_space(task);
	return copy_aborted(task, ASC_DEVICE_FAILURE, -1);
}

/* Takes the chunk's range of a unit, and goes on with `step` when it is granted. */
static int
lock(struct scsi_task *task, struct scsi_lu *lu, uint64_t at, int (*step)(struct scsi_task *task))
{
	task->range.first_block = at >> lu->block_shift;
	task->range.last_block = ((at + copy_of(task)->len) >> lu->block_shift) - 1;
	task->step = step;
	return scsi_range_begin(&lu->ranges, task, false) ? SCSI_AGAIN : SCSI_PENDING;
}

static int write_run(struct scsi_task *task);

static int
written(struct scsi_task *task)
{
	struct copy *copy = copy_of(task);

	copy->run_at += copy->run_len;
	if (task->io.result == 0 && copy->run_at < copy->len)
		return write_run(task);
	scsi_range_end(task->range.lock, task);
	if (task->io.result != 0)
		return io_failed(task, copy->to);
	copy->left -= copy->len;
	copy->done += copy->len;
	if (copy->record != NULL)
		copy->record->bytes += copy->len;
	return next_chunk(task);
}

/*
 * Sets run_len to the bytes of the chunk from run_at on that are all zeros, or all data.  Only whole
 * runs of RUN_BYTES, aligned in the unit that is written to, are told apart, so that a few zeros
 * among data cost no write of their own.  Returns true when the run is zeros.
 */
static bool
find_run(struct copy *copy)
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
	struct copy *copy = copy_of(task);
	struct iovec *iov = task->work->iov;
	unsigned flags = scsi_lu_mode(copy->to, MODE_WCE) ? 0 : BLK_FUA;
	uint64_t at = copy->to_at + copy->place + copy->run_at;

	if (check_units(task) == SCSI_DONE)
		return SCSI_DONE;
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
	copy_of(task)->run_at = 0;
	return write_run(task);
}

static int
was_read(struct scsi_task *task)
{
	struct copy *copy = copy_of(task);

	scsi_range_end(task->range.lock, task);
	if (task->io.result != 0)
		return io_failed(task, copy->from);
	return lock(task, copy->to, copy->to_at + copy->place, write_chunk);
}

static int
read_chunk(struct scsi_task *task)
{
	struct copy *copy = copy_of(task);

	task->work->iov[0] = (struct iovec){ copy->chunk, copy->len };
	return scsi_io_on(task, copy->from, BLK_READ, 0, copy->from_at + copy->place, copy->len,
			  task->work->iov, 1, was_read);
}

static int
begin_chunk(struct scsi_task *task)
{
	struct copy *copy = copy_of(task);

	if (check_units(task) == SCSI_DONE)
		return SCSI_DONE;
	copy->len = (size_t)MIN(copy->left, (uint64_t)CHUNK_BYTES);
	copy->place = copy->backwards ? copy->left - copy->len : copy->done;
	return lock(task, copy->from, copy->from_at + copy->place, read_chunk);
}

/*
 * Between two chunks the thread does other work: a store that ends each I/O at once would keep the
 * thread until all is copied, and an abort or a reset would find the copy done.
 */
static int
next_chunk(struct scsi_task *task)
{
	struct copy *copy = copy_of(task);

	if (copy->left == 0) {
		copy->segment++;
		if (copy->record != NULL)
			copy->record->segments++;
		return next_segment(task);
	}
	if (!copy->began) {
		copy->began = true;
		return begin_chunk(task);
	}
	task->step = begin_chunk;
	task->nexus->ops->resume(task);
	return SCSI_PENDING;
}

/* ---- The command ---- */

int
scsi_copy_execute(struct scsi_task *task)
{
	size_t len = task->out_bytes, list_room = (len + 15) / 16 * 16;
	size_t head = (sizeof(struct copy) + 15) / 16 * 16;
	struct copy *copy;

	if (len == 0)
		return scsi_good(task);
	if (scsi_work_new(task, head + list_room + CHUNK_BYTES, 1) < 0)
		return SCSI_DONE;
	copy = copy_of(task);
	memset(copy, 0, sizeof(*copy));
	scsi_out_copy(task, 0, task->work->buf + head, len);
	copy->list = task->work->buf + head;
	copy->chunk = task->work->buf + head + list_room;
	if (check_header(task, copy, len) == SCSI_DONE || begin_record(task, copy) == SCSI_DONE)
		return SCSI_DONE;
	for (unsigned i = 0; i < copy->cscd_count; i++)
		if (open_cscd(task, copy, i) == SCSI_DONE)
			return SCSI_DONE;
	return next_segment(task);
}

static bool
is_copy(const struct scsi_task *task)
{
	return task->cmd != NULL && task->cmd->execute == scsi_copy_execute && task->work != NULL;
}

void
scsi_task_stop_copy(struct scsi_task *task)
{
	if (is_copy(task))
		copy_of(task)->stopped = true;
}

void
scsi_copy_ended(struct scsi_task *task)
{
	struct copy *copy = is_copy(task) ? copy_of(task) : NULL;

	if (copy == NULL)
		return;
	scsi_copy_record_end(copy->record, task);
	copy->record = NULL;
}
