/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a unit tells of itself beside INQUIRY: REPORT and SET IDENTIFYING INFORMATION, REPORT and
 * SET TIMESTAMP, READ MEDIA SERIAL NUMBER.  task.c calls these functions through the table in
 * cmd.c, on the task's thread.  Source: SPC-5.
 *
 * Identifying information is what initiators have written for each other.  The store keeps it, so
 * the commands exist only where there is a store.  The timestamp is that of this computer, until an
 * initiator sets another one, which counts from then on until the unit is made again.
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

/* ---- Identifying information ---- */

enum {
	TYPE_PERIPHERAL = 0x00, /* any bytes */
	TYPE_TEXT = 0x02,       /* UTF-8, with a NUL at the end */
	TYPE_SUPPORTED = 0x7f,
	KEPT_VERSION = 1,
	/* what is kept: the size of the first kind in two bytes, the first kind, the second kind */
	KEPT_HEAD_BYTES = 2,
};

/* A SET IDENTIFYING INFORMATION that waits for the store: at the start of its work's buffer. */
struct info_keeping {
	struct scsi_save save;
	struct scsi_task *task;
	int result;
	size_t bytes;
	uint8_t *data; /* owned */
};

static unsigned
type_of(const struct scsi_task *task)
{
	return task->cdb[10] >> 1;
}

static size_t
type_max(unsigned type)
{
	return type == TYPE_PERIPHERAL ? SCSI_IDENTIFYING_MAX : SCSI_IDENTIFYING_TEXT_MAX;
}

static bool
kept_is_valid(const struct scsi_kept *kept)
{
	const uint8_t *data = kept->data;
	size_t first;

	if (kept->version != KEPT_VERSION || kept->bytes < KEPT_HEAD_BYTES)
		return false;
	first = get_be16(data);
	return first <= SCSI_IDENTIFYING_MAX && first <= kept->bytes - KEPT_HEAD_BYTES &&
	       kept->bytes - KEPT_HEAD_BYTES - first <= SCSI_IDENTIFYING_TEXT_MAX;
}

int
scsi_info_load(struct scsi_lu *lu)
{
	const struct scsi_store *store = lu->desc.store;
	struct scsi_kept kept;
	int rc = store == NULL ? ERR_NOT_FOUND
			       : store->load(store->arg, SCSI_KEEP_IDENTIFYING, &kept);

	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	if (!kept_is_valid(&kept)) {
		mem_free(kept.data);
		return err_set(ERR_VERSION,
			       "the identifying information of the logical unit cannot "
			       "be read");
	}
	lu->info.data = kept.data;
	lu->info.bytes = kept.bytes;
	return 0;
}

void
scsi_info_init(struct scsi_info *info)
{
	pthread_mutex_init(&info->mutex, NULL);
}

void
scsi_info_fini(struct scsi_info *info)
{
	mem_free(info->data);
	pthread_mutex_destroy(&info->mutex);
}

/* Copies the information of a type into buf, which has room for it; returns its size. */
static size_t
copy_info(struct scsi_lu *lu, unsigned type, uint8_t *buf)
{
	const uint8_t *from = NULL;
	size_t first, len = 0;

	pthread_mutex_lock(&lu->info.mutex);
	if (lu->info.data != NULL) {
		first = get_be16(lu->info.data);
		from = lu->info.data + KEPT_HEAD_BYTES;
		len = first;
		if (type == TYPE_TEXT) {
			from += first;
			len = lu->info.bytes - KEPT_HEAD_BYTES - first;
		}
		memcpy(buf, from, len);
	}
	pthread_mutex_unlock(&lu->info.mutex);
	return len;
}

int
scsi_report_identifying_parse(struct scsi_task *task)
{
	unsigned type = type_of(task);

	if (type != TYPE_PERIPHERAL && type != TYPE_TEXT && type != TYPE_SUPPORTED)
		return scsi_sense_invalid_field(task, 10, 7);
	return scsi_expect_in(task, get_be32(task->cdb + 6));
}

static size_t
put_type(uint8_t *p, unsigned type)
{
	memset(p, 0, 4);
	p[0] = (uint8_t)(type << 1);
	put_be16(p + 2, (uint16_t)type_max(type));
	return 4;
}

int
scsi_report_identifying_execute(struct scsi_task *task)
{
	uint8_t data[4 + SCSI_IDENTIFYING_MAX] = { 0 };
	size_t len;

	if (type_of(task) == TYPE_SUPPORTED) {
		len = put_type(data + 4, TYPE_PERIPHERAL);
		len += put_type(data + 4 + len, TYPE_TEXT);
	} else {
		len = copy_info(scsi_task_lu(task), type_of(task), data + 4);
	}
	put_be16(data + 2, (uint16_t)len);
	return scsi_give(task, data, 4 + len, get_be32(task->cdb + 6));
}

/* Alone on the unit: the store takes one request of a kind at a time. */
int
scsi_set_identifying_parse(struct scsi_task *task)
{
	unsigned type = type_of(task);
	uint32_t len = get_be32(task->cdb + 6);

	if (type != TYPE_PERIPHERAL && type != TYPE_TEXT)
		return scsi_sense_invalid_field(task, 10, 7);
	if (len > type_max(type))
		return scsi_sense_invalid_field(task, 6, -1);
	task->range.first_block = 0;
	task->range.last_block = UINT64_MAX;
	return scsi_expect_parameters(task, len);
}

/* Any thread.  What the store has counts, also when the command was aborted meanwhile. */
static void
info_kept(struct scsi_save *save, int result)
{
	struct info_keeping *keeping = container_of(save, struct info_keeping, save);
	struct scsi_task *task = keeping->task;
	struct scsi_info *info = &scsi_task_lu(task)->info;
	uint8_t *old = keeping->data;

	keeping->result = result;
	if (result == 0) {
		pthread_mutex_lock(&info->mutex);
		old = info->data;
		info->data = keeping->data;
		info->bytes = keeping->bytes;
		pthread_mutex_unlock(&info->mutex);
	}
	mem_free(old);
	task->nexus->ops->resume(task);
}

static int
was_kept(struct scsi_task *task)
{
	const struct info_keeping *keeping =
		(const struct info_keeping *)(const void *)task->work->buf;

	if (keeping->result == -ENOMEM)
		return scsi_status(task, SCSI_STATUS_BUSY);
	if (keeping->result != 0)
		return scsi_sense_not_kept(task);
	scsi_lu_raise(scsi_task_lu(task), SCSI_UA_IDENTIFIER, task->itl);
	return scsi_good(task);
}

/* Returns whether this is what the unit has already. */
static bool
is_known(struct scsi_info *info, const uint8_t *data, size_t bytes)
{
	static const uint8_t nothing[KEPT_HEAD_BYTES];
	const uint8_t *known;
	bool same;

	pthread_mutex_lock(&info->mutex);
	known = info->data != NULL ? info->data : nothing;
	same = bytes == (info->data != NULL ? info->bytes : sizeof(nothing)) &&
	       memcmp(known, data, bytes) == 0;
	pthread_mutex_unlock(&info->mutex);
	return same;
}

int
scsi_set_identifying_execute(struct scsi_task *task)
{
	static const size_t most = KEPT_HEAD_BYTES + SCSI_IDENTIFYING_MAX +
				   SCSI_IDENTIFYING_TEXT_MAX;
	struct scsi_lu *lu = scsi_task_lu(task);
	size_t len = task->out_bytes, first;
	struct info_keeping *keeping;
	uint8_t last = 0, *data;

	if (type_of(task) == TYPE_TEXT && len > 0) {
		scsi_out_copy(task, len - 1, &last, 1);
		if (last != 0)
			return scsi_sense_invalid_parameter(task, (unsigned)len - 1, -1);
	}
	if (scsi_work_new(task, sizeof(*keeping), 0) < 0)
		return SCSI_DONE;
	data = mem_alloc(most);
	if (data == NULL)
		return scsi_status(task, SCSI_STATUS_BUSY);
	first = KEPT_HEAD_BYTES;
	if (type_of(task) == TYPE_PERIPHERAL) {
		scsi_out_copy(task, 0, data + first, len);
		put_be16(data, (uint16_t)len);
		len += copy_info(lu, TYPE_TEXT, data + first + len);
	} else {
		size_t other = copy_info(lu, TYPE_PERIPHERAL, data + first);

		put_be16(data, (uint16_t)other);
		scsi_out_copy(task, 0, data + first + other, len);
		len += other;
	}
	if (is_known(&lu->info, data, first + len)) {
		mem_free(data);
		return scsi_good(task);
	}
	keeping = (struct info_keeping *)(void *)task->work->buf;
	*keeping = (struct info_keeping){ .task = task, .bytes = first + len, .data = data };
	keeping->save = (struct scsi_save){ .kind = SCSI_KEEP_IDENTIFYING,
					    .version = KEPT_VERSION,
					    .data = data,
					    .bytes = first + len,
					    .done = info_kept };
	task->step = was_kept;
	lu->desc.store->save(lu->desc.store->arg, &keeping->save);
	return SCSI_PENDING;
}

/* ---- The timestamp ---- */

enum {
	TIMESTAMP_BYTES = 12,
	ORIGIN_SET = 2,     /* SET TIMESTAMP */
	ORIGIN_ANOTHER = 3, /* another method: the clock of this computer */
};

int
scsi_report_timestamp_parse(struct scsi_task *task)
{
	return scsi_expect_in(task, get_be32(task->cdb + 6));
}

int
scsi_report_timestamp_execute(struct scsi_task *task)
{
	struct scsi_lu *lu = scsi_task_lu(task);
	uint8_t data[TIMESTAMP_BYTES] = { 0 };
	uint64_t ms = (uint64_t)clock_utc_ms() + (uint64_t)atomic_load(&lu->timestamp_offset_ms);

	put_be16(data, sizeof(data) - 2);
	data[2] = atomic_load(&lu->timestamp_is_set) ? ORIGIN_SET : ORIGIN_ANOTHER;
	put_be16(data + 4, (uint16_t)(ms >> 32));
	put_be32(data + 6, (uint32_t)ms);
	return scsi_give(task, data, sizeof(data), get_be32(task->cdb + 6));
}

int
scsi_set_timestamp_parse(struct scsi_task *task)
{
	uint32_t len = get_be32(task->cdb + 6);

	if (len != 0 && len < TIMESTAMP_BYTES)
		return scsi_sense_parameter_length(task);
	return scsi_expect_parameters(task, MIN(len, (uint32_t)TIMESTAMP_BYTES));
}

int
scsi_set_timestamp_execute(struct scsi_task *task)
{
	struct scsi_lu *lu = scsi_task_lu(task);
	uint8_t data[TIMESTAMP_BYTES];
	uint64_t ms;

	if (task->out_bytes == 0)
		return scsi_good(task);
	scsi_out_copy(task, 0, data, sizeof(data));
	ms = (uint64_t)get_be16(data + 4) << 32 | get_be32(data + 6);
	atomic_store(&lu->timestamp_offset_ms, (int64_t)(ms - (uint64_t)clock_utc_ms()));
	atomic_store(&lu->timestamp_is_set, true);
	scsi_lu_raise(lu, SCSI_UA_TIMESTAMP, task->itl);
	return scsi_good(task);
}

/* ---- READ MEDIA SERIAL NUMBER: the medium is that of the unit for good ---- */

int
scsi_media_serial_parse(struct scsi_task *task)
{
	return scsi_expect_in(task, get_be32(task->cdb + 6));
}

int
scsi_media_serial_execute(struct scsi_task *task)
{
	const char *serial = scsi_task_lu(task)->desc.identity.serial;
	uint8_t data[4 + SCSI_SERIAL_BYTES] = { 0 };
	size_t len = strnlen(serial, SCSI_SERIAL_BYTES), padded = (len + 3) & ~(size_t)3;

	put_be32(data, (uint32_t)padded);
	memcpy(data + 4, serial, len);
	return scsi_give(task, data, 4 + padded, get_be32(task->cdb + 6));
}
