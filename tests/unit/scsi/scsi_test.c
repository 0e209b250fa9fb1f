/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helpers that scsi_test.h declares and describes. */
#include "scsi_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- The device ---- */

static enum blk_submitted
test_dev_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	struct test_dev *t = container_of(dev, struct test_dev, dev);

	t->count[io->op]++;
	t->flags[io->op] = io->flags;
	if (t->fail[io->op] != 0) {
		io->result = t->fail[io->op];
		return BLK_DONE;
	}
	if (!t->hold)
		return blk_submit(dev->below, queue, io);
	assert_true(t->held_count < TEST_HELD_MAX);
	t->held[t->held_count++] = io;
	return BLK_PENDING;
}

static void
test_dev_close(struct blk_dev *dev)
{
	mem_free(container_of(dev, struct test_dev, dev));
}

static void
test_dev_prefetch(struct blk_dev *dev, uint64_t offset_bytes, uint32_t len_bytes)
{
	struct test_dev *t = container_of(dev, struct test_dev, dev);

	t->prefetches++;
	t->prefetch_bytes[0] = offset_bytes;
	t->prefetch_bytes[1] = len_bytes;
}

static const struct blk_ops test_dev_ops = { .name = "test",
					     .submit = test_dev_submit,
					     .prefetch = test_dev_prefetch,
					     .close = test_dev_close };

struct test_dev *
test_dev_new(uint64_t size_bytes)
{
	struct test_dev *t = mem_calloc(1, sizeof(*t));
	struct blk_dev *mem;

	assert_non_null(t);
	assert_int_equal(blk_mem_new("mem", size_bytes, 2 * size_bytes, &mem), 0);
	assert_int_equal(blk_dev_init_above(&t->dev, &test_dev_ops, mem), 0);
	return t;
}

void
test_dev_complete(struct test_dev *t)
{
	struct blk_io *io;

	assert_true(t->held_count > 0);
	io = t->held[0];
	memmove(t->held, t->held + 1, --t->held_count * sizeof(t->held[0]));
	assert_int_equal(blk_submit(t->dev.below, NULL, io), BLK_DONE);
	blk_complete(io, io->result);
}

/* ---- The host ---- */

static unsigned
cut(struct iovec *iov, uint8_t *buf, size_t len)
{
	size_t first = len / 3 | 1, second = len / 4;

	if (len < 8) {
		iov[0] = (struct iovec){ buf, len };
		return 1;
	}
	iov[0] = (struct iovec){ buf, first };
	iov[1] = (struct iovec){ buf + first, second };
	iov[2] = (struct iovec){ buf + first + second, len - first - second };
	return 3;
}

static int
host_data_in(struct scsi_task *task, uint32_t len_bytes)
{
	struct test_task *tt = container_of(task, struct test_task, task);

	assert_true(len_bytes > 0);
	assert_null(tt->in);
	if (tt->no_memory)
		return -ENOMEM;
	/* Exactly so much, that a sanitizer sees the first byte beyond. */
	tt->in = malloc(len_bytes);
	assert_non_null(tt->in);
	memset(tt->in, 0xee, len_bytes);
	tt->in_size = len_bytes;
	task->in_iov = tt->in_iov;
	task->in_iov_count = cut(tt->in_iov, tt->in, len_bytes);
	return 0;
}

static void
host_done(struct scsi_task *task)
{
	struct test_task *tt = container_of(task, struct test_task, task);

	assert_false(tt->done);
	tt->done = true;
}

static void
host_resume(struct scsi_task *task)
{
	container_of(task, struct test_task, task)->resumes++;
}

static void
host_turn(struct scsi_task *task)
{
	struct test_task *tt = container_of(task, struct test_task, task);

	assert_false(tt->turn);
	assert_true(scsi_task_may_start(task));
	tt->turn = true;
}

static size_t
host_luns(struct scsi_nexus *nexus, size_t first, uint16_t *luns, size_t capacity)
{
	struct scsi_test *t = container_of(nexus, struct scsi_test, nexus);

	for (size_t i = first; i < t->lun_count && i - first < capacity; i++)
		luns[i - first] = t->luns[i];
	return t->lun_count;
}

static int
host_open_unit(struct scsi_task *task, const uint8_t *designator, struct scsi_itl **ret_itl)
{
	struct scsi_test *t = container_of(task->nexus, struct scsi_test, nexus);

	if (t->open_error != 0)
		return t->open_error;
	if (t->other == NULL || !scsi_identity_has(scsi_lu_identity(t->other->lu), designator))
		return ERR_NOT_FOUND;
	*ret_itl = &t->other->itl;
	return 0;
}

static size_t
host_ports(struct scsi_itl *itl, uint16_t *ports, size_t capacity)
{
	struct scsi_test *t = itl->lu->desc.arg;

	for (size_t i = 0; i < t->port_count && i < capacity; i++)
		ports[i] = i < ARRAY_LEN(t->ports) ? t->ports[i] : (uint16_t)(i + 1);
	return t->port_count;
}

static uint16_t
host_port_name(struct scsi_itl *itl, size_t i, char name[SCSI_PORT_NAME_BYTES])
{
	struct scsi_test *t = itl->lu->desc.arg;

	if (i >= t->port_count)
		return 0;
	snprintf(name, SCSI_PORT_NAME_BYTES, "iqn.2024-01.example:disk%zu,t,0x0001", i);
	return i < ARRAY_LEN(t->ports) ? t->ports[i] : (uint16_t)(i + 1);
}

static void *
host_abort_prepare(struct scsi_task *task)
{
	struct test_task *tt = container_of(task, struct test_task, task);
	void *probe = mem_alloc(1);

	if (probe == NULL)
		return NULL;
	mem_free(probe);
	tt->prepared = true;
	return tt;
}

static void
host_abort_run(void *handle, bool (*concerns)(const struct scsi_itl *itl, void *arg),
	       void (*done)(void *arg), void *arg)
{
	struct test_task *tt = handle;

	assert_true(tt->prepared);
	tt->prepared = false;
	tt->concerns = concerns;
	tt->others_ended = done;
	tt->others_arg = arg;
}

static void
host_abort_cancel(void *handle)
{
	struct test_task *tt = handle;

	assert_true(tt->prepared);
	tt->prepared = false;
}

/* The one group of scsi_test_alua. */
static size_t
host_port_groups(struct scsi_itl *itl, size_t first, struct scsi_port_group *groups,
		 size_t capacity)
{
	if (first == 0 && capacity > 0)
		groups[0] = (struct scsi_port_group){ .number = itl->nexus->target_port_group,
						      .settable = true };
	return 1;
}

void
scsi_test_alua(struct scsi_test *t)
{
	t->nexus.target_port_group = t->nexus.relative_port_id;
}

const struct scsi_host_ops scsi_test_ops = {
	.ports = host_ports,
	.port_name = host_port_name,
	.abort_prepare = host_abort_prepare,
	.abort_run = host_abort_run,
	.abort_cancel = host_abort_cancel,
	.data_in = host_data_in,
	.done = host_done,
	.resume = host_resume,
	.turn = host_turn,
	.luns = host_luns,
	.open_unit = host_open_unit,
	.port_groups = host_port_groups,
};

/* ---- The store ---- */

static struct scsi_kept *
kept_of(struct test_store *store, enum scsi_keep kind)
{
	switch (kind) {
	case SCSI_KEEP_RESERVATIONS:
		return &store->kept;
	case SCSI_KEEP_MODE_PAGES:
		return &store->pages;
	case SCSI_KEEP_JOB:
		return &store->job;
	case SCSI_KEEP_IDENTIFYING:
		return &store->info;
	}
	fail();
	return NULL;
}

static int
store_load(void *arg, enum scsi_keep kind, struct scsi_kept *ret_kept)
{
	struct test_store *store = arg;

	const struct scsi_kept *kept = kept_of(store, kind);

	if (kept->data == NULL)
		return ERR_NOT_FOUND;
	*ret_kept = *kept;
	ret_kept->data = mem_dup(kept->data, kept->bytes);
	return ret_kept->data != NULL ? 0 : -ENOMEM;
}

void
test_store_complete(struct test_store *store)
{
	struct scsi_save *save = TAKE(store->held);

	struct scsi_kept *kept;

	assert_non_null(save);
	kept = kept_of(store, save->kind);
	if (store->fail == 0) {
		free(kept->data);
		*kept = (struct scsi_kept){ .version = save->version,
					    .passing = save->passing,
					    .bytes = save->bytes };
		if (save->data != NULL) {
			kept->data = malloc(save->bytes);
			assert_non_null(kept->data);
			memcpy(kept->data, save->data, save->bytes);
		}
	}
	save->done(save, store->fail);
}

static void
store_save(void *arg, struct scsi_save *save)
{
	struct test_store *store = arg;

	assert_null(store->held);
	store->held = save;
	store->saves++;
	if (!store->hold)
		test_store_complete(store);
}

/* ---- The unit ---- */

static void
dev_failed(struct blk_listener *listener, struct blk_dev *dev, bool sticky, int error,
	   const char *reason)
{
	struct scsi_test *t = container_of(listener, struct scsi_test, listener);

	(void)dev;
	(void)reason;
	assert_true(error < 0);
	t->failed += sticky;
}

static void
lu_released(void *arg)
{
	struct scsi_test *t = arg;

	t->released++;
}

void
scsi_test_desc(struct scsi_lu_desc *desc, struct blk_dev *dev, uint32_t block_bytes, bool thin)
{
	*desc = (struct scsi_lu_desc){
		.identity = {
			.guid.bytes = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0x4d, 0xef,
					0x80, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77 },
			.naa = { 0x31, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 },
			.vendor = "VDS", .product = "Virtual Disk", .revision = "0001",
			.serial = "S1234567",
			.t10 = true,
		},
		.block_bytes = block_bytes,
		.physical_exponent = block_bytes == 512 ? 3 : 0,
		.capacity_blocks = TEST_BLOCKS,
		.thin = thin,
		.write_cache = true,
		.max_transfer_bytes = 1u << 20,
		.dev = dev,
	};
}

static void
cache_changed(void *arg, bool write_through)
{
	struct scsi_test *t = arg;

	t->cache_changes++;
	t->write_through = write_through;
}

static void
job_asked(void *arg)
{
	struct scsi_test *t = arg;

	t->jobs++;
}

static void
job_event(void *arg, enum scsi_job_kind kind, enum scsi_job_event event)
{
	static const char letters[] = { [SCSI_JOB_BEGINS] = 'b',
					[SCSI_JOB_DONE] = 'd',
					[SCSI_JOB_FAILED] = 'f',
					[SCSI_JOB_LEFT] = 'l' };
	struct scsi_test *t = arg;
	struct scsi_job_look look;
	bool there = scsi_lu_look_at_job(t->lu, &look);

	assert_true(kind >= SCSI_JOB_FORMAT && kind <= SCSI_JOB_ERASE);
	assert_int_equal(there, event == SCSI_JOB_BEGINS || event == SCSI_JOB_FAILED);
	if (there) {
		assert_int_equal(look.kind, kind);
		assert_int_equal(look.failed, event == SCSI_JOB_FAILED);
	}
	assert_true(strlen(t->events) + 1 < sizeof(t->events));
	t->events[strlen(t->events)] = letters[event];
}

unsigned
scsi_test_do_jobs(struct scsi_test *t)
{
	unsigned steps = 1;

	while (scsi_lu_do_job(t->lu) != SCSI_JOB_NONE)
		steps++;
	return steps;
}

struct scsi_test *
scsi_test_new(uint32_t block_bytes, bool thin)
{
	struct scsi_test *t = calloc(1, sizeof(*t));
	struct scsi_lu_desc desc;

	assert_non_null(t);
	t->dev = test_dev_new((uint64_t)TEST_BLOCKS * block_bytes);
	scsi_test_desc(&desc, &t->dev->dev, block_bytes, thin);
	t->listener.error = dev_failed;
	blk_set_listener(&t->dev->dev, &t->listener);
	desc.released = lu_released;
	desc.cache_changed = cache_changed;
	desc.job = job_asked;
	desc.job_event = job_event;
	desc.arg = t;
	t->store.store = (struct scsi_store){ store_load, store_save, &t->store, false };
	desc.store = &t->store.store;
	assert_int_equal(scsi_lu_new(&desc, &t->lu), 0);
	t->nexus = (struct scsi_nexus){ .ops = &scsi_test_ops,
					.target_name = "iqn.2024-01.example:disk",
					.initiator_name = "iqn.2024-01.example:host",
					.isid = { 0x80, 0x01, 0x02, 0x03, 0x04, 0x05 },
					.portal_group_tag = 1,
					.relative_port_id = 7 };
	scsi_itl_init(&t->itl, &t->nexus, t->lu, 0);
	t->luns[0] = 0;
	t->lun_count = 1;
	t->ports[0] = 7;
	t->ports[1] = 8;
	t->port_count = 2;
	return t;
}

void
scsi_test_restart(struct scsi_test *t)
{
	struct scsi_lu_desc desc = t->lu->desc;

	scsi_itl_fini(&t->itl);
	scsi_lu_unref(t->lu);
	assert_int_equal(t->released, 1);
	t->released = 0;
	assert_int_equal(scsi_lu_new(&desc, &t->lu), 0);
	scsi_itl_init(&t->itl, &t->nexus, t->lu, 0);
}

void
scsi_test_free(struct scsi_test *t)
{
	scsi_itl_fini(&t->itl);
	assert_int_equal(t->released, 0);
	scsi_lu_unref(t->lu);
	assert_int_equal(t->released, 1);
	blk_dev_unref(&t->dev->dev);
	free(t->store.kept.data);
	free(t->store.pages.data);
	free(t->store.job.data);
	free(t->store.info.data);
	free(t);
}

int
scsi_test_setup(void **state)
{
	*state = scsi_test_new(512, true);
	return 0;
}

int
scsi_test_setup_4k(void **state)
{
	*state = scsi_test_new(4096, true);
	return 0;
}

int
scsi_test_setup_thick(void **state)
{
	*state = scsi_test_new(512, false);
	return 0;
}

int
scsi_test_teardown(void **state)
{
	scsi_test_free(*state);
	return 0;
}

void
scsi_test_nexus(struct scsi_test *t, struct scsi_nexus *nexus, struct scsi_itl *itl)
{
	*nexus = t->nexus;
	nexus->shard = 1;
	nexus->isid[5]++;
	scsi_itl_init(itl, nexus, t->lu, 0);
}

/* ---- Commands ---- */

void
test_cdb(const struct scsi_cmd *cmd, uint8_t cdb[SCSI_CDB_BYTES])
{
	memset(cdb, 0, SCSI_CDB_BYTES);
	cdb[0] = cmd->opcode;
	if (cmd->opcode == SCSI_LONG_CDB) {
		cdb[7] = (uint8_t)(cmd->cdb_bytes - 8);
		put_be16(cdb + 8, cmd->action);
	} else if (cmd->action != SCSI_NO_ACTION) {
		cdb[1] = (uint8_t)cmd->action;
	}
}

void
test_task_init(struct test_task *tt, struct scsi_nexus *nexus, struct scsi_itl *itl,
	       const void *cdb, size_t cdb_len, const void *out, size_t out_len, size_t in_len)
{
	uint8_t *copy = NULL;

	memset(tt, 0, sizeof(*tt));
	/*
	 * Any non-NULL queue: the devices here do not look at it, and it allows them to stay
	 * pending.
	 */
	scsi_task_init(&tt->task, nexus, itl, (struct blk_queue *)tt);
	memcpy(tt->task.cdb, cdb, cdb_len);
	tt->task.cdb_bytes = (uint8_t)MAX(cdb_len, (size_t)16);
	tt->task.expected_in_bytes = (uint32_t)in_len;
	tt->task.expected_out_bytes = (uint32_t)out_len;
	if (out_len > 0) {
		copy = malloc(out_len);
		assert_non_null(copy);
		memcpy(copy, out, out_len);
	}
	tt->out_iov[0].iov_base = copy;
}

enum scsi_progress
test_start(struct test_task *tt)
{
	struct scsi_task *task = &tt->task;
	enum scsi_progress progress = scsi_task_parse(task);

	if (progress != SCSI_GO)
		return progress;
	assert_true(task->out_needed_bytes <= task->expected_out_bytes);
	assert_true(task->in_needed_bytes <= task->expected_in_bytes);
	task->out_bytes = task->out_needed_bytes;
	task->out_iov_count = task->out_bytes > 0
				      ? cut(tt->out_iov, tt->out_iov[0].iov_base, task->out_bytes)
				      : 0;
	task->out_iov = tt->out_iov;
	tt->waits = !scsi_task_may_start(task);
	return tt->waits ? SCSI_PENDING : scsi_task_execute(task);
}

enum scsi_progress
test_take_turn(struct test_task *tt)
{
	enum scsi_progress progress;

	assert_true(tt->waits && tt->turn);
	tt->waits = false;
	progress = scsi_task_execute(&tt->task);
	tt->done = progress == SCSI_DONE;
	return progress;
}

void
test_task_fini(struct test_task *tt)
{
	scsi_task_fini(&tt->task);
	free(tt->out_iov[0].iov_base);
	free(tt->in);
	memset(tt, 0, sizeof(*tt));
}

uint8_t
test_run(struct scsi_test *t, struct test_task *tt, const void *cdb, size_t cdb_len,
	 const void *out, size_t out_len, size_t in_len)
{
	if (tt->task.nexus != NULL)
		test_task_fini(tt);
	test_task_init(tt, &t->nexus, &t->itl, cdb, cdb_len, out, out_len, in_len);
	assert_int_equal(test_start(tt), SCSI_DONE);
	assert_false(tt->done);
	assert_true(tt->task.in_bytes <= tt->task.expected_in_bytes);
	assert_true(tt->task.in_bytes <= tt->in_size);
	if (tt->task.status == SCSI_STATUS_CHECK_CONDITION)
		assert_true(tt->task.sense_bytes >= 8);
	return tt->task.status;
}

uint32_t
test_sense(const struct scsi_task *task)
{
	const uint8_t *s = task->sense;

	if ((s[0] & 0x7f) == 0x72)
		return (s[1] & 0x0fu) << 16 | (unsigned)s[2] << 8 | s[3];
	return (s[2] & 0x0fu) << 16 | (unsigned)s[12] << 8 | s[13];
}

void
test_peek(struct scsi_test *t, uint64_t lba, void *buf, size_t blocks)
{
	size_t block = scsi_lu_block_bytes(t->lu);

	assert_int_equal(blk_rw(t->dev->dev.below, BLK_READ, lba * block, buf, blocks * block), 0);
}

void
test_fill(struct scsi_test *t, uint64_t lba, uint8_t value, size_t blocks)
{
	size_t len = scsi_lu_block_bytes(t->lu) * blocks;
	uint8_t *buf = malloc(len);

	assert_non_null(buf);
	memset(buf, value, len);
	assert_int_equal(
		blk_rw(t->dev->dev.below, BLK_WRITE, lba * scsi_lu_block_bytes(t->lu), buf, len),
		0);
	free(buf);
}

bool
test_all(const uint8_t *bytes, size_t len, uint8_t value)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != value)
			return false;
	return true;
}
