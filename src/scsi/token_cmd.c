/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * POPULATE TOKEN, WRITE USING TOKEN and REPORT ALL ROD TOKENS: an initiator has the array copy
 * blocks without naming their source, for which it has a token (token.c).  Windows calls this
 * offloaded data transfer (ODX).  task.c calls these functions through the table in cmd.c, on the
 * task's thread.
 *
 * WRITE USING TOKEN fills a chunk with one or more pieces of the source, and writes it to one place
 * of the destination; copy_run.c says how.  Both commands are carried out in the foreground, also
 * when IMMED is 1: SPC-4 allows that where IMMED is not supported.  TOKEN_MAX_TRANSFER keeps them
 * short.
 *
 * Source: SBC-4 (POPULATE TOKEN and WRITE USING TOKEN commands, block device range descriptor),
 * SPC-4 (REPORT ALL ROD TOKENS command; validation errors for generic ROD tokens).
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/copy_int.h"

enum {
	POPULATE_HEADER_BYTES = 16,
	WRITE_HEADER_BYTES = 536,
	RANGE_BYTES = 16,
	/* more range descriptors than a list of this length has are too many anyway */
	MAX_LIST_BYTES = WRITE_HEADER_BYTES + (TOKEN_MAX_RANGES + 1) * RANGE_BYTES,
	RTV = 0x02,
	DEL_TKN = 0x02,
	AT_TOKEN = 16, /* in the list of WRITE USING TOKEN */
	REPORT_HEADER_BYTES = 8,
};

int
scsi_token_parse(struct scsi_task *task)
{
	uint32_t len = get_be32(task->cdb + 10);

	if (len > MAX_LIST_BYTES)
		return scsi_sense_parameter_length(task);
	return scsi_expect_parameters(task, len);
}

/* ---- Block device range descriptors ---- */

static struct scsi_token_range
range_at(const struct scsi_task *task, const uint8_t *descriptors, unsigned index)
{
	const uint8_t *p = descriptors + (size_t)index * RANGE_BYTES;
	unsigned shift = scsi_task_lu(task)->block_shift;

	return (struct scsi_token_range){ get_be64(p) << shift, (uint64_t)get_be32(p + 8)
									<< shift };
}

static bool
overlap(struct scsi_token_range a, struct scsi_token_range b)
{
	return a.at < b.at + b.bytes && b.at < a.at + a.bytes;
}

/*
 * Checks the lengths of a parameter list: that of the data in its first two bytes, and that of the
 * descriptors, which lie behind `header` bytes, in the header's last two.  A descriptor that is not
 * whole does not count.  Sets *ret_count.  Returns SCSI_GO or SCSI_DONE.
 */
static int
check_lengths(struct scsi_task *task, const uint8_t *list, uint32_t header, unsigned *ret_count)
{
	uint32_t len = task->out_bytes, bytes;

	if (len < header)
		return scsi_sense_parameter_length(task);
	bytes = get_be16(list + header - 2);
	if (bytes < RANGE_BYTES)
		return scsi_sense_invalid_parameter(task, header - 2, -1);
	if (get_be16(list) != header - 2 + bytes)
		return scsi_sense_invalid_parameter(task, 0, -1);
	if (bytes / RANGE_BYTES > TOKEN_MAX_RANGES)
		return scsi_sense_copy_list(task, COPY_ASC_TOO_MANY_SEGMENTS, header - 2);
	*ret_count = MIN(bytes, len - header) / RANGE_BYTES;
	return SCSI_GO;
}

/* Checks the ranges themselves.  Returns SCSI_GO or SCSI_DONE. */
static int
check_ranges(struct scsi_task *task, const uint8_t *list, uint32_t header, unsigned count)
{
	uint64_t capacity = scsi_lu_capacity_blocks(scsi_task_lu(task)), total = 0;

	for (unsigned i = 0; i < count; i++) {
		unsigned byte = header + i * RANGE_BYTES;
		uint64_t lba = get_be64(list + byte);
		uint32_t blocks = get_be32(list + byte + 8);

		if (lba > capacity || blocks > capacity - lba)
			return scsi_sense_lba_out_of_range(task, lba > capacity ? lba : capacity);
		total += (uint64_t)blocks << scsi_task_lu(task)->block_shift;
		if (total > TOKEN_MAX_TRANSFER)
			return scsi_sense_invalid_parameter(task, byte + 8, -1);
		for (unsigned j = 0; j < i; j++)
			if (overlap(range_at(task, list + header, i),
				    range_at(task, list + header, j)))
				return scsi_sense_invalid_parameter(task, byte, -1);
	}
	return SCSI_GO;
}

/* Makes the work of a command, and its record.  Returns SCSI_GO or SCSI_DONE. */
static int
begin(struct scsi_task *task, uint32_t header, unsigned *ret_count)
{
	struct scsi_copy *copy;

	if (scsi_copy_work_new(task) == SCSI_DONE)
		return SCSI_DONE;
	copy = scsi_copy_of(task);
	if (scsi_copy_record_new(task, get_be32(task->cdb + 6), true, &copy->record) == SCSI_DONE ||
	    check_lengths(task, copy->list, header, ret_count) == SCSI_DONE)
		return SCSI_DONE;
	return check_ranges(task, copy->list, header, *ret_count);
}

/* ---- POPULATE TOKEN ---- */

/* The token's type must be one that is a point in time copy, and that is supported. */
static int
check_populate(struct scsi_task *task, const uint8_t *list)
{
	uint32_t type = get_be32(list + 8);

	if (get_be32(list + 4) > TOKEN_MAX_SECONDS)
		return scsi_sense_invalid_parameter(task, 4, -1);
	if ((list[2] & RTV) && type != TOKEN_TYPE_VULNERABLE && type != TOKEN_TYPE_ANY)
		return scsi_sense_invalid_parameter(task, 8, -1);
	return SCSI_GO;
}

/* The unit may have gone offline, or be formatted, while the range was waited for. */
static int
populate(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);
	uint32_t timeout_s = get_be32(copy->list + 4);
	struct scsi_token_range ranges[TOKEN_MAX_RANGES];
	enum scsi_lu_state state = scsi_lu_state(scsi_task_lu(task));
	int rc;

	if (state != SCSI_LU_ONLINE)
		return scsi_sense_state(task, state);
	for (unsigned i = 0; i < copy->range_count; i++) {
		ranges[i] = range_at(task, copy->list + POPULATE_HEADER_BYTES, i);
		copy->record->bytes += ranges[i].bytes;
	}
	rc = scsi_token_new(task, ranges, copy->range_count,
			    timeout_s != 0 ? timeout_s : TOKEN_DEFAULT_SECONDS,
			    copy->record->token);
	if (rc == ERR_LIMIT)
		return scsi_sense_no_room(task);
	if (rc < 0)
		return scsi_status(task, SCSI_STATUS_BUSY);
	copy->record->has_token = true;
	return scsi_good(task);
}

/*
 * The range lock is taken from the first block to the last: with it, what was written before has
 * ended, and what is written later finds the token.
 */
int
scsi_populate_token_execute(struct scsi_task *task)
{
	struct scsi_lu *lu = scsi_task_lu(task);
	uint64_t first = UINT64_MAX, end = 0;
	struct scsi_copy *copy;
	unsigned count = 0;

	if (task->out_bytes == 0)
		return scsi_good(task);
	if (begin(task, POPULATE_HEADER_BYTES, &count) == SCSI_DONE)
		return SCSI_DONE;
	copy = scsi_copy_of(task);
	copy->range_count = count;
	if (check_populate(task, copy->list) == SCSI_DONE)
		return SCSI_DONE;
	for (unsigned i = 0; i < count; i++) {
		struct scsi_token_range range = range_at(task, copy->list + POPULATE_HEADER_BYTES,
							 i);

		first = MIN(first, range.at);
		end = MAX(end, range.at + range.bytes);
	}
	if (first >= end) /* no block at all */
		return populate(task);
	task->range.first_block = first >> lu->block_shift;
	task->range.last_block = (end >> lu->block_shift) - 1;
	task->step = populate;
	return scsi_range_begin(&lu->ranges, task, true) ? SCSI_AGAIN : SCSI_PENDING;
}

/* ---- WRITE USING TOKEN ---- */

static int next_chunk(struct scsi_task *task);
static int fill(struct scsi_task *task);

static struct scsi_token_range
destination(const struct scsi_task *task, unsigned index)
{
	return range_at(task, scsi_copy_of(task)->list + WRITE_HEADER_BYTES, index);
}

/*
 * Finds the unit of which the token was made, and the token there.  A unit that this nexus cannot
 * use is one of another target device, as far as this target knows.  SCSI_GO or SCSI_DONE.
 */
static int
open_token(struct scsi_task *task, const uint8_t *bytes)
{
	struct scsi_copy *copy = scsi_copy_of(task);
	const uint8_t *cscd = bytes + 16;
	enum scsi_token_ascq result;
	struct scsi_itl *itl = NULL;
	int rc;

	if (get_be32(bytes) != TOKEN_TYPE_VULNERABLE)
		return scsi_sense_token(task, TOKEN_UNSUPPORTED_TYPE);
	rc = cscd[0] == COPY_CSCD_IDENTIFIED ? scsi_copy_find_unit(task, cscd, &itl) : ERR_INVALID;
	if (rc == ERR_INVALID)
		return scsi_sense_token(task, TOKEN_CORRUPT);
	if (rc == ERR_NOT_FOUND)
		return scsi_sense_token(task, TOKEN_REMOTE);
	if (rc < 0 || scsi_lu_is_fenced(itl->lu))
		return scsi_status(task, SCSI_STATUS_BUSY);
	result = scsi_token_use(task, itl->lu, bytes, &copy->token);
	if (result != TOKEN_VALID)
		return scsi_sense_token(task, result);
	copy->from_itl = itl;
	copy->from = itl->lu;
	copy->rod_bytes = copy->token->total_bytes;
	return SCSI_GO;
}

/*
 * Checks where in the token's data the transfer begins.  What would write to the token's own blocks
 * is refused before anything is written, since its first chunk would cancel the token.
 */
static int
check_source(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);
	uint64_t offset_blocks = get_be64(copy->list + 8), block = copy->to->desc.block_bytes;

	if (offset_blocks >= (copy->rod_bytes + block - 1) / block)
		return scsi_sense_invalid_parameter(task, 8, -1);
	copy->rod_at = offset_blocks << copy->to->block_shift;
	for (unsigned i = 0; copy->from == copy->to && i < copy->range_count; i++)
		for (unsigned j = 0; j < copy->token->count; j++)
			if (overlap(destination(task, i), copy->token->ranges[j]))
				return scsi_sense_invalid_parameter(
					task, WRITE_HEADER_BYTES + i * RANGE_BYTES, -1);
	return SCSI_GO;
}

static int
chunk_written(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);

	copy->range_done += copy->len;
	copy->rod_at += copy->len;
	return next_chunk(task);
}

/* ---- Filling a chunk ---- */

/* Finds the piece of the source that comes next in the token's data, no longer than `max`. */
static struct scsi_token_range
find_piece(const struct scsi_token *token, uint64_t rod_at, size_t max)
{
	uint64_t skip = rod_at;

	for (unsigned i = 0; i < token->count; i++) {
		const struct scsi_token_range *range = &token->ranges[i];

		if (skip < range->bytes) {
			uint64_t bytes = MIN(range->bytes - skip, (uint64_t)max);

			return (struct scsi_token_range){ range->at + skip, bytes };
		}
		skip -= range->bytes;
	}
	return (struct scsi_token_range){ 0, 0 };
}

/* A write may have changed the blocks while they were read: then the token says so. */
static int
piece_read(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);

	scsi_range_end(task->range.lock, task);
	if (task->io.result != 0)
		return scsi_copy_io_failed(task, copy->from);
	copy->filled += copy->piece;
	return fill(task);
}

/*
 * Reads a piece into its place in the chunk, and the rest of the source's blocks in which it begins
 * and ends beside the chunk: the blocks of the destination may be smaller.
 */
static int
read_piece(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);
	struct scsi_token_range piece = find_piece(copy->token, copy->rod_at + copy->filled,
						   copy->piece);
	uint64_t block = copy->from->desc.block_bytes, from = piece.at / block * block;
	uint64_t end = (piece.at + piece.bytes + block - 1) / block * block;
	size_t before = (size_t)(piece.at - from), after = (size_t)(end - piece.at - piece.bytes);
	struct iovec *iov = task->work->iov;
	unsigned count = 0;

	if (before > 0)
		iov[count++] = (struct iovec){ copy->pad, before };
	iov[count++] = (struct iovec){ copy->chunk + copy->filled, (size_t)piece.bytes };
	if (after > 0)
		iov[count++] = (struct iovec){ copy->pad + COPY_PAD_BYTES, after };
	return scsi_io_on(task, copy->from, BLK_READ, 0, from, end - from, iov, count, piece_read);
}

/* Behind the end of the token's data the last block has zeros. */
static int
fill(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);
	uint64_t block = copy->from->desc.block_bytes, at, end;
	struct scsi_token_range piece;

	if (scsi_copy_check(task) == SCSI_DONE)
		return SCSI_DONE;
	piece = find_piece(copy->token, copy->rod_at + copy->filled, copy->len - copy->filled);
	if (piece.bytes == 0) {
		memset(copy->chunk + copy->filled, 0, copy->len - copy->filled);
		return scsi_copy_write(task);
	}
	copy->piece = (size_t)piece.bytes;
	at = piece.at / block * block;
	end = (piece.at + piece.bytes + block - 1) / block * block;
	return scsi_copy_lock(task, copy->from, at, (size_t)(end - at), read_piece);
}

static int
begin_chunk(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);

	if (scsi_copy_check(task) == SCSI_DONE)
		return SCSI_DONE;
	copy->filled = 0;
	copy->place = 0;
	return copy->token != NULL ? fill(task) : scsi_copy_write(task);
}

/* Ends the transfer with the last range, or the last block in which there is data of the token. */
static int
next_chunk(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);
	struct scsi_token_range range = { 0, 0 };
	uint64_t left;

	for (; copy->range < copy->range_count; copy->range++, copy->range_done = 0) {
		range = destination(task, copy->range);
		if (copy->range_done < range.bytes)
			break;
	}
	if (copy->range == copy->range_count)
		return scsi_good(task);
	left = range.bytes - copy->range_done;
	if (copy->token != NULL) {
		uint64_t block = copy->to->desc.block_bytes;

		if (copy->rod_at >= copy->rod_bytes) {
			copy->record->partly = true;
			return scsi_good(task);
		}
		left = MIN(left, (copy->rod_bytes - copy->rod_at + block - 1) / block * block);
	}
	copy->to_at = range.at + copy->range_done;
	copy->len = (size_t)MIN(left, copy->token != NULL ? COPY_CHUNK_BYTES
							  : (uint64_t)SCSI_ZEROES_BYTES);
	return scsi_copy_yield(task, begin_chunk);
}

int
scsi_write_token_execute(struct scsi_task *task)
{
	const uint8_t *token;
	struct scsi_copy *copy;
	unsigned count = 0;

	if (task->out_bytes == 0)
		return scsi_good(task);
	if (begin(task, WRITE_HEADER_BYTES, &count) == SCSI_DONE)
		return SCSI_DONE;
	copy = scsi_copy_of(task);
	copy->range_count = count;
	copy->to_itl = task->itl;
	copy->to = scsi_task_lu(task);
	copy->chunk_written = chunk_written;
	token = copy->list + AT_TOKEN;
	if (get_be16(token + 6) != TOKEN_BYTES - 8)
		return scsi_sense_token(task, TOKEN_LENGTH);
	if (get_be32(token) != TOKEN_TYPE_ZERO) {
		copy->delete_token = (copy->list[2] & DEL_TKN) != 0;
		if (open_token(task, token) == SCSI_DONE || check_source(task) == SCSI_DONE)
			return SCSI_DONE;
	}
	return next_chunk(task);
}

/* ---- REPORT ALL ROD TOKENS ---- */

int
scsi_report_tokens_execute(struct scsi_task *task)
{
	const size_t max = REPORT_HEADER_BYTES + (size_t)TOKEN_MAX_KNOWN * TOKEN_MANAGEMENT_BYTES;
	uint8_t *data;
	size_t len;

	if (scsi_work_new(task, max, 0) < 0)
		return SCSI_DONE;
	data = task->work->buf;
	len = REPORT_HEADER_BYTES +
	      (size_t)TOKEN_MANAGEMENT_BYTES *
		      scsi_tokens_report(task, data + REPORT_HEADER_BYTES, TOKEN_MAX_KNOWN);
	memset(data, 0, REPORT_HEADER_BYTES);
	put_be32(data, (uint32_t)(len - 4));
	return scsi_give(task, data, len, get_be32(task->cdb + 10));
}
