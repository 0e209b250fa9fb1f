/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target for SCSI commands: any CDB with any data-out, on a small logical unit in memory. An
 * input is one byte of flags, followed by commands:
 *
 *	CDB, 2 bytes expected data-in, 2 bytes expected data-out, data-out
 *
 * A CDB has 16 bytes, or 32 when it begins with 7Fh.  The logical unit stays the same from one
 * command to the next, so that MODE SELECT and unit attentions have an effect.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/scsi.h"
#include "scsi/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

enum {
	FLAG_4K = 0x01,
	FLAG_THICK = 0x02,
	FLAG_NO_UNIT = 0x04,
	FLAG_ORDERED = 0x08,
	FLAG_READ_ONLY = 0x10,
	FLAG_POWER_ON = 0x20,
	LENGTHS_BYTES = 4,
	BLOCKS = 40,
};

struct run {
	struct scsi_task task;
	struct iovec in, out;
};

static int
data_in(struct scsi_task *task, uint32_t len_bytes)
{
	struct run *run = container_of(task, struct run, task);

	MUST(len_bytes > 0 && run->in.iov_base == NULL);
	run->in.iov_base = malloc(len_bytes);
	MUST(run->in.iov_base != NULL);
	run->in.iov_len = len_bytes;
	task->in_iov = &run->in;
	task->in_iov_count = 1;
	return 0;
}

/* The task that goes on because its mode pages are saved; memory completes at once. */
static struct scsi_task *resumed;
static bool ended; /* the task that runs */

static void
resume(struct scsi_task *task)
{
	MUST(resumed == NULL);
	resumed = task;
}

static size_t
luns(struct scsi_nexus *nexus, size_t first, uint16_t *numbers, size_t capacity)
{
	(void)nexus;
	for (size_t i = first; i < 3 && i - first < capacity; i++)
		numbers[i - first] = (uint16_t)(i * 200);
	return 3;
}

static size_t
ports(struct scsi_itl *itl, uint16_t *numbers, size_t capacity)
{
	(void)itl;
	for (size_t i = 0; i < 2 && i < capacity; i++)
		numbers[i] = (uint16_t)(i + 1);
	return 2;
}

/* There is one nexus, so no other one has tasks: a PREEMPT AND ABORT ends within its own call. */
static struct scsi_task *aborting;

static void *
abort_prepare(struct scsi_task *task)
{
	return task;
}

static void
abort_run(void *handle, bool (*concerns)(const struct scsi_itl *itl, void *arg),
	  void (*done)(void *arg), void *arg)
{
	(void)done;
	MUST(handle == arg && aborting == NULL);
	aborting = handle;
	MUST(!concerns(aborting->itl, arg));
}

static void
abort_cancel(void *handle)
{
	(void)handle;
}

static void
done(struct scsi_task *task)
{
	(void)task;
	MUST(!ended && aborting == NULL && resumed == NULL);
	ended = true;
}

static const struct scsi_host_ops ops = { .data_in = data_in,
					  .done = done,
					  .resume = resume,
					  .luns = luns,
					  .ports = ports,
					  .abort_prepare = abort_prepare,
					  .abort_run = abort_run,
					  .abort_cancel = abort_cancel };

/* Whatever is kept can be read again. */
static int
load(void *arg, enum scsi_keep kind, struct scsi_kept *ret_kept)
{
	(void)arg;
	(void)kind;
	(void)ret_kept;
	return ERR_NOT_FOUND;
}

static void
save(void *arg, struct scsi_save *save)
{
	struct scsi_reservations *set;

	(void)arg;
	if (save->kind == SCSI_KEEP_RESERVATIONS && save->data != NULL) {
		MUST(scsi_reservations_decode(save->version, save->data, save->bytes, &set) == 0);
		scsi_reservations_unref(set);
	}
	save->done(save, 0);
}

/* What the unit has to do is done while a command waits for it, and after each command. */
static void
job(void *arg)
{
	(void)arg;
}

static const struct scsi_store store = { load, save, NULL, false };

static struct scsi_lu *
make_lu(uint8_t flags, struct blk_dev **ret_dev)
{
	uint32_t block_bytes = flags & FLAG_4K ? 4096 : 512;
	struct scsi_lu_desc desc = {
		.identity = { .naa = { 0x30, 1 },
			      .vendor = "VDS",
			      .product = "fuzz",
			      .revision = "1",
			      .serial = "1" },
		.block_bytes = block_bytes,
		.capacity_blocks = BLOCKS,
		.thin = !(flags & FLAG_THICK),
		.write_cache = true,
		.read_only = (flags & FLAG_READ_ONLY) != 0,
		.max_transfer_bytes = 32 * block_bytes,
		.store = &store,
		.job = job,
	};
	struct scsi_lu *lu;

	MUST(blk_mem_new("fuzz", BLOCKS * block_bytes, BLOCKS * block_bytes, ret_dev) == 0);
	desc.dev = *ret_dev;
	MUST(scsi_lu_new(&desc, &lu) == 0);
	return lu;
}

static void
check_answer(const struct scsi_task *task)
{
	MUST(task->in_bytes <= task->expected_in_bytes);
	MUST(task->in_bytes <= task->in_total_bytes);
	MUST(task->sense_bytes <= SCSI_SENSE_BYTES);
	switch (task->status) {
	case SCSI_STATUS_GOOD:
		MUST(task->sense_bytes == 0);
		break;
	case SCSI_STATUS_CHECK_CONDITION:
		MUST(task->sense_bytes >= 8 && task->in_bytes == 0);
		break;
	case SCSI_STATUS_RESERVATION_CONFLICT:
		MUST(task->sense_bytes == 0 && task->in_bytes == 0);
		break;
	default:
		abort();
	}
}

static size_t
cdb_size(uint8_t opcode)
{
	return opcode == 0x7f ? 32 : 16;
}

/*
 * Nobody can guess a ROD token, the fuzzer neither: in a WRITE USING TOKEN whose token begins with
 * EEh, the one that was received last takes its place, but for what follows the first byte as a
 * difference.
 */
enum { TOKEN_AT = 16, TOKEN_LEN = 512, TOKEN_FROM = 38 };

static uint8_t last_token[TOKEN_LEN];

static void
keep_token(const struct run *run)
{
	if (run->task.cdb[0] == 0x84 && (run->task.cdb[1] & 0x1f) == 0x07 &&
	    run->task.in_bytes == TOKEN_FROM + TOKEN_LEN)
		memcpy(last_token, (const uint8_t *)run->in.iov_base + TOKEN_FROM, TOKEN_LEN);
}

static void
put_token(const struct run *run)
{
	uint8_t *out = run->out.iov_base;

	if (run->task.cdb[0] != 0x83 || (run->task.cdb[1] & 0x1f) != 0x11 ||
	    run->out.iov_len < TOKEN_AT + TOKEN_LEN || out[TOKEN_AT] != 0xee)
		return;
	out[TOKEN_AT] = 0;
	for (size_t i = 0; i < TOKEN_LEN; i++)
		out[TOKEN_AT + i] ^= last_token[i];
}

/* Returns how many bytes of data it used. */
static size_t
run_command(struct scsi_nexus *nexus, struct scsi_itl *itl, uint8_t flags, const uint8_t *data,
	    size_t size)
{
	struct run run = { 0 };
	struct scsi_task *task = &run.task;
	size_t cdb_bytes = cdb_size(data[0]), head = cdb_bytes + LENGTHS_BYTES;
	size_t out_bytes = get_be16(data + cdb_bytes + 2), have = MIN(out_bytes, size - head);

	scsi_task_init(task, nexus, itl, NULL);
	memcpy(task->cdb, data, cdb_bytes);
	task->cdb_bytes = (uint8_t)cdb_bytes;
	task->attr = flags & FLAG_ORDERED ? SCSI_ATTR_ORDERED : SCSI_ATTR_SIMPLE;
	task->expected_in_bytes = get_be16(data + cdb_bytes);
	task->expected_out_bytes = (uint32_t)out_bytes;
	if (scsi_task_parse(task) == SCSI_GO) {
		MUST(task->out_needed_bytes <= task->expected_out_bytes);
		MUST(task->in_needed_bytes <= task->expected_in_bytes);
		task->out_bytes = task->out_needed_bytes;
		run.out = (struct iovec){ calloc(1, task->out_bytes + 1), task->out_bytes };
		MUST(run.out.iov_base != NULL);
		memcpy(run.out.iov_base, data + head, MIN(have, (size_t)task->out_bytes));
		put_token(&run);
		task->out_iov = &run.out;
		task->out_iov_count = 1;
		ended = scsi_task_execute(task) == SCSI_DONE;
		while (!ended) {
			while (aborting == NULL && resumed == NULL)
				MUST(scsi_lu_do_job(itl->lu) != SCSI_JOB_NONE || resumed == task);
			MUST(aborting == task || resumed == task);
			aborting = NULL;
			resumed = NULL;
			scsi_task_resume(task);
		}
		MUST(aborting == NULL && resumed == NULL);
	}
	check_answer(task);
	keep_token(&run);
	scsi_task_fini(task);
	while (itl != NULL && scsi_lu_do_job(itl->lu) == SCSI_JOB_MORE)
		;
	free(run.in.iov_base);
	free(run.out.iov_base);
	return head + have;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scsi_nexus nexus = { .ops = &ops,
				    .target_name = "iqn.2024-01.example:fuzz",
				    .initiator_name = "iqn.2024-01.example:fuzz-host",
				    .relative_port_id = 1 };
	struct scsi_itl itl;
	struct blk_dev *dev;
	struct scsi_lu *lu;

	if (size < 1)
		return 0;
	memset(last_token, 0, sizeof(last_token));
	lu = make_lu(data[0], &dev);
	scsi_itl_init(&itl, &nexus, lu, data[0] & FLAG_POWER_ON ? 1u << SCSI_UA_POWER_ON : 0);
	for (size_t at = 1; at < size && size - at >= cdb_size(data[at]) + LENGTHS_BYTES;)
		at += run_command(&nexus, data[0] & FLAG_NO_UNIT ? NULL : &itl, data[0], data + at,
				  size - at);
	scsi_itl_fini(&itl);
	scsi_lu_unref(lu);
	blk_dev_unref(dev);
	return 0;
}
