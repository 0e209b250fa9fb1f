/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * READ BUFFER and WRITE BUFFER: a data buffer and an echo buffer, with which an initiator tests the
 * way to the unit.  Each nexus has buffers of its own, from its first WRITE BUFFER on.  There is no
 * firmware to download.  task.c calls these functions through the table in cmd.c, on the task's
 * thread.  Source: SPC-5.
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

enum {
	MODE_DATA = 0x02,
	MODE_DESCRIPTOR = 0x03,
	MODE_ECHO = 0x0a,
	MODE_ECHO_DESCRIPTOR = 0x0b,
	EBOS = 0x01, /* the echo buffer is not overwritten by other nexuses */
	BUFFER_BYTES = 4096,
};

struct scsi_buffers {
	uint16_t echo_bytes; /* of the last WRITE BUFFER; 0 = there was none */
	uint8_t data[BUFFER_BYTES], echo[BUFFER_BYTES];
};

static unsigned
mode_of(const struct scsi_task *task)
{
	return task->cdb[1] & 0x1f;
}

/*
 * Checks BUFFER ID, BUFFER OFFSET and a length, which lie at the same place in both commands; there
 * is one buffer of each kind, and echo data begin at its start.  SCSI_GO or SCSI_DONE.
 */
static int
check_place(struct scsi_task *task, uint32_t len)
{
	uint32_t offset = get_be24(task->cdb + 3);

	if (mode_of(task) == MODE_DATA && task->cdb[2] != 0)
		return scsi_sense_invalid_field(task, 2, -1);
	if (mode_of(task) == MODE_DATA && offset > BUFFER_BYTES)
		return scsi_sense_invalid_field(task, 3, -1);
	if (mode_of(task) == MODE_ECHO)
		offset = 0;
	return len > BUFFER_BYTES - offset ? scsi_sense_invalid_field(task, 6, -1) : SCSI_GO;
}

int
scsi_write_buffer_parse(struct scsi_task *task)
{
	uint32_t len = get_be24(task->cdb + 6);

	if (mode_of(task) != MODE_DATA && mode_of(task) != MODE_ECHO)
		return scsi_sense_invalid_field(task, 1, 4);
	if (check_place(task, len) == SCSI_DONE)
		return SCSI_DONE;
	return scsi_expect_parameters(task, len);
}

int
scsi_write_buffer_execute(struct scsi_task *task)
{
	struct scsi_itl *itl = task->itl;

	if (itl->buffers == NULL)
		itl->buffers = mem_calloc(1, sizeof(*itl->buffers));
	if (itl->buffers == NULL)
		return scsi_status(task, SCSI_STATUS_BUSY);
	if (mode_of(task) == MODE_ECHO) {
		itl->buffers->echo_bytes = (uint16_t)task->out_bytes;
		scsi_out_copy(task, 0, itl->buffers->echo, task->out_bytes);
	} else {
		scsi_out_copy(task, 0, itl->buffers->data + get_be24(task->cdb + 3),
			      task->out_bytes);
	}
	return scsi_good(task);
}

int
scsi_read_buffer_parse(struct scsi_task *task)
{
	uint32_t allocation = get_be24(task->cdb + 6);

	switch (mode_of(task)) {
	case MODE_DATA:
		if (check_place(task, 0) == SCSI_DONE)
			return SCSI_DONE;
		break;
	case MODE_DESCRIPTOR:
	case MODE_ECHO:
	case MODE_ECHO_DESCRIPTOR:
		break;
	default:
		return scsi_sense_invalid_field(task, 1, 4);
	}
	return scsi_expect_in(task, allocation);
}

/* Of the buffers that do not exist the descriptor is zero. */
static int
give_descriptor(struct scsi_task *task)
{
	uint8_t data[4] = { 0 };

	if (task->cdb[2] == 0)
		put_be24(data + 1, BUFFER_BYTES); /* OFFSET BOUNDARY 0: any byte */
	return scsi_give(task, data, sizeof(data), get_be24(task->cdb + 6));
}

static int
give_echo_descriptor(struct scsi_task *task)
{
	uint8_t data[4] = { EBOS, 0 };

	put_be16(data + 2, BUFFER_BYTES);
	return scsi_give(task, data, sizeof(data), get_be24(task->cdb + 6));
}

int
scsi_read_buffer_execute(struct scsi_task *task)
{
	static const uint8_t nothing[BUFFER_BYTES];
	const struct scsi_buffers *buffers = task->itl->buffers;
	uint32_t allocation = get_be24(task->cdb + 6), offset = get_be24(task->cdb + 3);

	switch (mode_of(task)) {
	case MODE_DESCRIPTOR:
		return give_descriptor(task);
	case MODE_ECHO_DESCRIPTOR:
		return give_echo_descriptor(task);
	case MODE_ECHO:
		if (buffers == NULL || buffers->echo_bytes == 0)
			return scsi_sense_sequence(task);
		return scsi_give(task, buffers->echo, buffers->echo_bytes, allocation);
	default:
		return scsi_give(task, (buffers != NULL ? buffers->data : nothing) + offset,
				 BUFFER_BYTES - offset, allocation);
	}
}
