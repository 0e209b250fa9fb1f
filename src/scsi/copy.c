/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * EXTENDED COPY(LID1) and (LID4): the unit is a copy manager, which copies blocks between the units
 * of this array that the nexus may use.  task.c calls these functions through the table in cmd.c,
 * on the task's thread.  This file reads the parameter list, whose two forms differ in their
 * header; copy_run.c copies each segment.
 *
 * Source: SPC-4 (EXTENDED COPY(LID1) and EXTENDED COPY(LID4) commands; CSCD descriptors; segment
 * descriptors).
 */
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/copy_int.h"

enum {
	HEADER_BYTES = 16,
	LONG_HEADER_BYTES = 48, /* of EXTENDED COPY(LID4) */
	LONG_FORMAT = 0x01,
	LONG_CSCD_BYTES = 32, /* the part of the header that takes the place of CSCD descriptor 0 */
	LONG_CSCD_TYPE = 0xff,
	G_SENSE_AND_IMMED = 0x03,
	OWN_UNIT = 0xffff, /* CSCD descriptor ID: the unit that received the command */
	LIST_ID_HOLD = 0,
	LIST_ID_DISCARD = 2,
	LIST_ID_NONE = 3,
};

static bool
is_long(const struct scsi_task *task)
{
	return task->cmd->action == COPY_ACTION_LID4;
}

static uint32_t
header_bytes(const struct scsi_task *task)
{
	return is_long(task) ? LONG_HEADER_BYTES : HEADER_BYTES;
}

int
scsi_copy_parse(struct scsi_task *task)
{
	uint32_t len = get_be32(task->cdb + 10);

	if (len != 0 && len < header_bytes(task))
		return scsi_sense_parameter_length(task);
	if (len > header_bytes(task) + COPY_MAX_LIST_BYTES)
		return scsi_sense_parameter_length(task);
	return scsi_expect_parameters(task, len);
}

/* ---- The parameter list ---- */

static const uint8_t *
segment_at(const struct scsi_copy *copy, unsigned index)
{
	return copy->list + copy->head_bytes + (size_t)copy->cscd_count * COPY_CSCD_BYTES +
	       (size_t)index * COPY_SEGMENT_BYTES;
}

/*
 * Where the lengths are: they lie at other places in the two headers, and one is shorter in LID4.
 */
struct lengths {
	uint32_t cscd_bytes, segment_bytes, inline_bytes;
	unsigned cscd_at, segment_at, inline_at;
};

static struct lengths
read_lengths(const struct scsi_task *task, const uint8_t *p)
{
	if (is_long(task))
		return (struct lengths){
			get_be16(p + 42), get_be16(p + 44), get_be16(p + 46), 42, 44, 46
		};
	return (struct lengths){ get_be16(p + 2), get_be32(p + 8), get_be32(p + 12), 2, 8, 12 };
}

/*
 * Checks what only the header of LID4 has.  IMMED and G_SENSE are not supported.  An IMMED that is
 * not supported may be taken for 0; it is refused, so that no initiator waits for a status that
 * comes late.
 */
static int
check_long_header(struct scsi_task *task, const uint8_t *p)
{
	if (p[0] != LONG_FORMAT)
		return scsi_sense_invalid_parameter(task, 0, -1);
	if (get_be16(p + 2) != LONG_CSCD_BYTES)
		return scsi_sense_invalid_parameter(task, 2, -1);
	if (p[15] & G_SENSE_AND_IMMED)
		return scsi_sense_invalid_parameter(task, 15, p[15] & 0x01 ? 0 : 1);
	if (p[16] != LONG_CSCD_TYPE)
		return scsi_sense_invalid_parameter(task, 16, -1);
	return SCSI_GO;
}

/*
 * Checks the lengths in the header.  Every descriptor that is supported has one size, so another
 * type code is found before the count of descriptors would be wrong because of it.
 */
static int
check_header(struct scsi_task *task, struct scsi_copy *copy, size_t len)
{
	struct lengths at = read_lengths(task, copy->list);
	uint32_t cscd_bytes = at.cscd_bytes, segment_bytes = at.segment_bytes;

	if (is_long(task) && check_long_header(task, copy->list) == SCSI_DONE)
		return SCSI_DONE;
	if (at.inline_bytes != 0)
		return scsi_sense_copy_list(task, COPY_ASC_INLINE, at.inline_at);
	if (cscd_bytes > len - copy->head_bytes ||
	    segment_bytes > len - copy->head_bytes - cscd_bytes)
		return scsi_sense_parameter_length(task);
	if (cscd_bytes % COPY_CSCD_BYTES != 0)
		return scsi_sense_parameter_length(task);
	if (cscd_bytes / COPY_CSCD_BYTES > COPY_MAX_CSCDS)
		return scsi_sense_copy_list(task, COPY_ASC_TOO_MANY_CSCDS, at.cscd_at);
	copy->cscd_count = cscd_bytes / COPY_CSCD_BYTES;
	for (uint32_t done = 0; done < segment_bytes; done += COPY_SEGMENT_BYTES) {
		const uint8_t *segment = segment_at(copy, copy->segment_count);
		unsigned byte = (unsigned)(segment - copy->list);

		if (segment[0] != COPY_BLOCK_TO_BLOCK)
			return scsi_sense_copy_list(task, COPY_ASC_SEGMENT_TYPE, byte);
		if (segment_bytes - done < COPY_SEGMENT_BYTES)
			return scsi_sense_parameter_length(task);
		if (get_be16(segment + 2) != COPY_SEGMENT_BYTES - 4)
			return scsi_sense_copy_list(task, COPY_ASC_INVALID_FIELD, byte + 2);
		if (++copy->segment_count > COPY_MAX_SEGMENTS)
			return scsi_sense_copy_list(task, COPY_ASC_TOO_MANY_SEGMENTS,
						    at.segment_at);
	}
	return SCSI_GO;
}

/* LIST ID USAGE and, when something of this copy is to be known, its record. */
static int
begin_record(struct scsi_task *task, struct scsi_copy *copy)
{
	uint32_t id = is_long(task) ? get_be32(copy->list + 20) : copy->list[0];
	uint8_t usage = copy->list[1] >> 3 & 0x03;

	if (usage == LIST_ID_NONE)
		return id == 0 ? SCSI_GO
			       : scsi_sense_copy_list(task, COPY_ASC_INVALID_FIELD,
						      is_long(task) ? 20 : 0);
	if (usage != LIST_ID_HOLD && usage != LIST_ID_DISCARD)
		return scsi_sense_invalid_parameter(task, 1, 4);
	return scsi_copy_record_new(task, id, usage == LIST_ID_HOLD, &copy->record);
}

/* ---- Copy source and destination (CSCD) descriptors ---- */

int
scsi_copy_find_unit(struct scsi_task *task, const uint8_t *cscd, struct scsi_itl **ret_itl)
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
open_cscd(struct scsi_task *task, struct scsi_copy *copy, unsigned index)
{
	unsigned byte = (unsigned)copy->head_bytes + index * COPY_CSCD_BYTES;
	const uint8_t *cscd = copy->list + byte;
	struct scsi_itl *itl = NULL;
	uint32_t block_bytes = get_be24(cscd + 29);
	int rc;

	if (cscd[0] != COPY_CSCD_IDENTIFIED)
		return scsi_sense_copy_list(task, COPY_ASC_CSCD_TYPE, byte);
	if ((cscd[1] & 0x1f) != 0) /* peripheral device type: block devices */
		return scsi_sense_copy_cscd(task, COPY_ASC_WRONG_TYPE, byte + 1);
	rc = scsi_copy_find_unit(task, cscd, &itl);
	if (rc == ERR_INVALID)
		return scsi_sense_invalid_parameter(task, byte + 7, -1);
	if (rc == ERR_NOT_FOUND)
		return scsi_sense_copy_cscd(task, COPY_ASC_UNREACHABLE, byte);
	if (rc < 0 || scsi_lu_is_fenced(itl->lu))
		return scsi_status(task, SCSI_STATUS_BUSY);
	if (block_bytes != 0 && block_bytes != itl->lu->desc.block_bytes)
		return scsi_sense_invalid_parameter(task, byte + 29, -1);
	copy->cscds[index] = itl;
	return SCSI_GO;
}

/* The header of LID4 has the place of CSCD descriptor 0, and names no unit. */
static struct scsi_itl *
cscd_find(const struct scsi_task *task, const struct scsi_copy *copy, unsigned id)
{
	if (id == OWN_UNIT)
		return task->itl;
	id -= copy->first_cscd;
	return id < copy->cscd_count ? copy->cscds[id] : NULL;
}

/* ---- Segments ---- */

int
scsi_copy_aborted(struct scsi_task *task, uint16_t asc_ascq, int byte)
{
	const struct scsi_copy *copy = scsi_copy_of(task);

	return copy->has_segments ? scsi_sense_copy_aborted(task, asc_ascq, copy->segment, byte)
				  : scsi_sense_copy_failed(task, asc_ascq);
}

/* Every block of the segment must be there before the first is copied. */
bool
scsi_copy_is_within(const struct scsi_lu *lu, uint64_t lba, uint64_t bytes)
{
	uint64_t capacity = scsi_lu_capacity_blocks(lu), blocks = bytes >> lu->block_shift;

	return lba <= capacity && blocks <= capacity - lba;
}

static int
begin_segment(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);
	const uint8_t *p = segment_at(copy, copy->segment);
	struct scsi_lu *from, *to;
	uint64_t from_lba = get_be64(p + 12), to_lba = get_be64(p + 20);

	copy->from_itl = cscd_find(task, copy, get_be16(p + 4));
	copy->to_itl = cscd_find(task, copy, get_be16(p + 6));
	if (copy->from_itl == NULL || copy->to_itl == NULL)
		return scsi_copy_aborted(task, COPY_ASC_UNREACHABLE,
					 copy->from_itl == NULL ? 4 : 6);
	from = copy->from_itl->lu;
	to = copy->to_itl->lu;
	/* DC: the number of blocks is in blocks of the destination */
	copy->left = (uint64_t)get_be16(p + 10) << (p[1] & 0x02 ? to : from)->block_shift;
	if (copy->left > COPY_MAX_SEGMENT_BYTES)
		return scsi_copy_aborted(task, COPY_ASC_INVALID_FIELD, 10);
	if (copy->left % from->desc.block_bytes != 0 || copy->left % to->desc.block_bytes != 0)
		return scsi_copy_aborted(task, COPY_ASC_INEXACT, 10);
	if (!scsi_copy_is_within(from, from_lba, copy->left))
		return scsi_copy_aborted(task, COPY_ASC_NONE, 12);
	if (!scsi_copy_is_within(to, to_lba, copy->left))
		return scsi_copy_aborted(task, COPY_ASC_NONE, 20);
	copy->from = from;
	copy->to = to;
	copy->from_at = from_lba << from->block_shift;
	copy->to_at = to_lba << to->block_shift;
	copy->done = 0;
	copy->backwards = from == to && copy->to_at > copy->from_at &&
			  copy->to_at - copy->from_at < copy->left;
	return scsi_copy_run(task);
}

static int
next_segment(struct scsi_task *task)
{
	const struct scsi_copy *copy = scsi_copy_of(task);

	if (copy->segment == copy->segment_count)
		return scsi_good(task);
	return begin_segment(task);
}

static int
segment_copied(struct scsi_task *task)
{
	struct scsi_copy *copy = scsi_copy_of(task);

	copy->segment++;
	if (copy->record != NULL)
		copy->record->segments++;
	return next_segment(task);
}

/* ---- The command ---- */

int
scsi_copy_work_new(struct scsi_task *task)
{
	size_t len = task->out_bytes, list_room = (len + 15) / 16 * 16;
	size_t head = (sizeof(struct scsi_copy) + 15) / 16 * 16;
	size_t pads = 2 * COPY_PAD_BYTES;
	struct scsi_copy *copy;

	if (scsi_work_new(task, head + list_room + COPY_CHUNK_BYTES + pads, 3) < 0)
		return SCSI_DONE;
	copy = scsi_copy_of(task);
	memset(copy, 0, sizeof(*copy));
	scsi_out_copy(task, 0, task->work->buf + head, len);
	copy->list = task->work->buf + head;
	copy->chunk = task->work->buf + head + list_room;
	copy->pad = copy->chunk + COPY_CHUNK_BYTES;
	return SCSI_GO;
}

int
scsi_copy_execute(struct scsi_task *task)
{
	size_t len = task->out_bytes;
	struct scsi_copy *copy;

	if (len == 0)
		return scsi_good(task);
	if (scsi_copy_work_new(task) == SCSI_DONE)
		return SCSI_DONE;
	copy = scsi_copy_of(task);
	copy->has_segments = true;
	copy->head_bytes = header_bytes(task);
	copy->first_cscd = is_long(task) ? 1 : 0;
	copy->next = segment_copied;
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
	return task->cmd != NULL && task->work != NULL &&
	       (task->cmd->execute == scsi_copy_execute ||
		task->cmd->execute == scsi_populate_token_execute ||
		task->cmd->execute == scsi_write_token_execute);
}

void
scsi_task_stop_copy(struct scsi_task *task)
{
	if (is_copy(task))
		scsi_copy_of(task)->stopped = true;
}

void
scsi_copy_terminate(struct scsi_task *task)
{
	scsi_copy_of(task)->terminated = true;
}

void
scsi_copy_ended(struct scsi_task *task)
{
	struct scsi_copy *copy = is_copy(task) ? scsi_copy_of(task) : NULL;

	if (copy == NULL)
		return;
	scsi_copy_record_end(TAKE(copy->record), task, copy->terminated);
	if (copy->token != NULL)
		scsi_token_leave(task, copy->from, TAKE(copy->token),
				 copy->delete_token && !task->aborted);
}
