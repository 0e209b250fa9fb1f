/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helpers that reserve_test.h declares and describes. */
#include "reserve_test.h"

#include <stdio.h>
#include <stdlib.h>

static void
log_in(struct hosts *h, unsigned i)
{
	scsi_test_nexus(h->t, &h->host[i].own, &h->host[i].own_itl);
	scsi_itl_fini(&h->host[i].own_itl);
	h->host[i].own.initiator_name = h->host[i].name;
	scsi_itl_init(&h->host[i].own_itl, &h->host[i].own, h->t->lu, 0);
}

int
hosts_setup(void **state)
{
	struct hosts *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->t = scsi_test_new(512, true);
	scsi_test_alua(h->t);
	h->host[A].nexus = &h->t->nexus;
	h->host[A].itl = &h->t->itl;
	for (unsigned i = B; i <= D; i++) {
		snprintf(h->host[i].name, sizeof(h->host[i].name), "iqn.2024-01.example:%c",
			 'a' + (int)i);
		h->host[i].nexus = &h->host[i].own;
		h->host[i].itl = &h->host[i].own_itl;
		log_in(h, i);
	}
	*state = h;
	return 0;
}

static void
log_out(struct hosts *h)
{
	if (h->tt.task.nexus != NULL)
		test_task_fini(&h->tt);
	for (unsigned i = B; i <= D; i++)
		scsi_itl_fini(h->host[i].itl);
}

int
hosts_teardown(void **state)
{
	struct hosts *h = *state;

	log_out(h);
	scsi_test_free(h->t);
	free(h);
	return 0;
}

void
hosts_restart(struct hosts *h)
{
	log_out(h);
	scsi_test_restart(h->t);
	for (unsigned i = B; i <= D; i++)
		log_in(h, i);
}

uint8_t
run(struct hosts *h, unsigned host, const void *cdb, size_t cdb_len, const void *out,
    size_t out_len, size_t in_len)
{
	struct test_task *tt = &h->tt;

	if (tt->task.nexus != NULL)
		test_task_fini(tt);
	test_task_init(tt, h->host[host].nexus, h->host[host].itl, cdb, cdb_len, out, out_len,
		       in_len);
	if (test_start(tt) == SCSI_PENDING) { /* for the store */
		assert_int_equal(tt->resumes, 1);
		scsi_task_resume(&tt->task);
		assert_true(tt->done);
	}
	return tt->task.status;
}

static void
out_init(struct hosts *h, unsigned host, struct test_task *tt, const uint8_t *cdb,
	 const uint8_t *list, size_t len)
{
	uint8_t copy[10];

	memcpy(copy, cdb, sizeof(copy));
	put_be32(copy + 5, (uint32_t)len);
	test_task_init(tt, h->host[host].nexus, h->host[host].itl, copy, sizeof(copy), list, len,
		       0);
}

enum scsi_progress
out_start(struct hosts *h, unsigned host, struct test_task *tt, const struct out *out)
{
	uint8_t list[24] = { 0 };

	put_be64(list, out->key);
	put_be64(list + 8, out->action_key);
	list[20] = out->flags;
	out_init(h, host, tt,
		 (const uint8_t[10]){ 0x5f, out->action, (uint8_t)(out->scope << 4 | out->type) },
		 list, sizeof(list));
	return test_start(tt);
}

/* PREEMPT AND ABORT waits until the tasks of others have ended. */
static uint8_t
finish(struct test_task *tt, enum scsi_progress progress)
{
	if (progress == SCSI_PENDING) {
		assert_non_null(tt->others_ended);
		assert_false(tt->done);
		tt->others_ended(tt->others_arg);
		assert_true(tt->done);
	}
	return tt->task.status;
}

uint8_t
out(struct hosts *h, unsigned host, const struct out *out)
{
	if (h->tt.task.nexus != NULL)
		test_task_fini(&h->tt);
	return finish(&h->tt, out_start(h, host, &h->tt, out));
}

uint8_t
out_list(struct hosts *h, unsigned host, uint8_t action, const uint8_t *list, size_t len)
{
	if (h->tt.task.nexus != NULL)
		test_task_fini(&h->tt);
	out_init(h, host, &h->tt, (const uint8_t[10]){ 0x5f, action }, list, len);
	return finish(&h->tt, test_start(&h->tt));
}

void
join(struct hosts *h, unsigned host, uint64_t key)
{
	assert_int_equal(OUT(h, host, PROUT_REGISTER, .action_key = key), GOOD);
}

void
hold(struct hosts *h, unsigned host, uint64_t key, uint8_t type)
{
	assert_int_equal(OUT(h, host, PROUT_RESERVE, .type = type, .key = key), GOOD);
}

uint32_t
attention(struct hosts *h, unsigned host)
{
	return run(h, host, CDB(0, 0, 0, 0, 0, 0), NO_OUT, 0) == CHECK ? test_sense(&h->tt.task)
								       : 0;
}

static void
read_in(struct hosts *h, uint8_t action)
{
	assert_int_equal(run(h, D, CDB(0x5e, action, 0, 0, 0, 0, 0, 0x20, 0, 0), NO_OUT, 0x2000),
			 GOOD);
}

void
assert_keys(struct hosts *h, uint32_t generation, const uint64_t *keys, size_t count)
{
	read_in(h, 0);
	assert_int_equal(get_be32(h->tt.in), generation);
	assert_int_equal(get_be32(h->tt.in + 4), 8 * count);
	assert_int_equal(h->tt.task.in_bytes, 8 + 8 * count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(get_be64(h->tt.in + 8 + 8 * i), keys[i]);
}

void
assert_reserved(struct hosts *h, uint64_t key, uint8_t type)
{
	read_in(h, 1);
	if (type == 0) {
		assert_int_equal(get_be32(h->tt.in + 4), 0);
		return;
	}
	assert_int_equal(get_be32(h->tt.in + 4), 16);
	assert_int_equal(get_be64(h->tt.in + 8), key);
	assert_int_equal(h->tt.in[21], type);
}
