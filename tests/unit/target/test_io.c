/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests that the right bytes arrive: all sizes, all ways to send data, files and memory, and
 * several sessions while the configuration changes.
 */
#include "target_test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "raw.h"
#include "scsi/scsi.h"

#define MAX_BYTES (2u << 20)

static void
fill(uint8_t *bytes, uint32_t len, uint32_t seed)
{
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)((i * 2654435761u + seed) >> 13);
}

static void
check_sizes(struct iscsi_context *iscsi, int lun)
{
	static const uint32_t sizes[] = { 512,    4096,          8192,     65536,    65536 + 512,
					  262144, 262144 + 4096, 1u << 20, MAX_BYTES };
	AUTO_FREE uint8_t *out = mem_alloc(MAX_BYTES), *in = mem_alloc(MAX_BYTES);

	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		fill(out, sizes[i], i + 1);
		assert_int_equal(host_write(iscsi, lun, i, out, sizes[i]), 0);
		memset(in, 0, sizes[i]);
		assert_int_equal(host_read(iscsi, lun, i, in, sizes[i]), 0);
		assert_memory_equal(in, out, sizes[i]);
	}
	assert_int_equal(host_flush(iscsi, lun), 0);
}

/* A LUN on a file of that size, as number n of the first target. */
static struct guid
add_file_lun(struct env *env, unsigned n, uint64_t size_bytes)
{
	struct guid id = fake_id(100 + n);
	struct blk_file_options options = { 0 };
	struct blk_dev *dev = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/lun%u.img", env->dir, n);
	assert_int_equal(blk_file_create(path, size_bytes), 0);
	assert_int_equal(blk_file_new(path, path, size_bytes, &options, &dev), 0);
	fake_device(env->array, &id, dev);
	fake_lun(env->array, &id, size_bytes, 512, "*", STATUS_ONLINE);
	fake_associate(env->array, &id, &env->target_a, n);
	fake_commit(env->array);
	return id;
}

static void
test_every_size_on_memory(void **state)
{
	struct iscsi_context *a = host_ready(*state, HOST_1, NAME_A, 1);

	check_sizes(a, 0);
	host_logout(a);
}

static void
test_every_size_on_a_file(void **state)
{
	struct env *env = *state;

	add_file_lun(env, 1, LUN_BYTES);
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	check_sizes(a, 1);
	host_logout(a);
}

/* MAXIMUM TRANSFER LENGTH is 32 MiB; beyond 8 MiB the list of buffers is the command's own. */
static void
test_the_largest_commands(void **state)
{
	static const uint32_t sizes[] = { (8u << 20) + 512, SCSI_MAX_TRANSFER_BYTES };
	struct env *env = *state;
	AUTO_FREE uint8_t *out = mem_alloc(SCSI_MAX_TRANSFER_BYTES + 512);
	AUTO_FREE uint8_t *in = mem_alloc(SCSI_MAX_TRANSFER_BYTES);

	add_file_lun(env, 1, SCSI_MAX_TRANSFER_BYTES + (1u << 20));
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		fill(out, sizes[i], i + 1);
		assert_int_equal(host_write(a, 1, i, out, sizes[i]), 0);
		memset(in, 0, sizes[i]);
		assert_int_equal(host_read(a, 1, i, in, sizes[i]), 0);
		assert_memory_equal(in, out, sizes[i]);
	}
	assert_int_equal(host_write(a, 1, 0, out, SCSI_MAX_TRANSFER_BYTES + 512), SENSE(5, 0x2400));
	host_logout(a);
}

/* A CDB of 32 bytes comes in two parts: 16 bytes in the header, the rest in an additional one. */
static void
test_a_long_cdb_comes_whole(void **state)
{
	const struct env *env = *state;
	uint8_t cdb[32] = { 0x7f, [7] = 24, [9] = 0x0b, [19] = 5, [31] = 1 }, block[512];
	static struct raw_pdu pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	memset(block, 0x5a, sizeof(block));
	raw_login(&raw, env->port, HOST_1, NAME_A, 1, true);
	raw_ready(&raw, 0);
	uint32_t itt = raw_command_data(&raw, 0, RAW_SIMPLE, cdb, sizeof(cdb), block, 512);

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), 0);
	cdb[9] = 0x09; /* READ(32) */
	itt = raw_command(&raw, 0, RAW_SIMPLE, cdb, sizeof(cdb), 0, 512);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_DATA_IN, itt);
	assert_memory_equal(pdu.data, block, 512);
	/* the first 16 bytes alone are refused, and so is a CDB that is longer than it says */
	itt = raw_command(&raw, 0, RAW_SIMPLE, cdb, 16, 0, 512);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), SENSE(5, 0x2400));
	cdb[7] = 23;
	itt = raw_command(&raw, 0, RAW_SIMPLE, cdb, 31, 0, 512);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), SENSE(5, 0x2400));
	raw_close(&raw);
}

/* How the data goes over: digests, no immediate data, R2T for everything. */
static void
test_every_way_of_sending_data(void **state)
{
	struct env *env = *state;

	for (unsigned i = 0; i < 8; i++) {
		struct initiator_options options = {
			.header_digest = i & 1,
			.no_immediate_data = i & 2,
			.initial_r2t = i & 4,
		};
		struct iscsi_context *iscsi = initiator_login(env->portal, HOST_1, NAME_A, 1,
							      &options);

		assert_non_null(iscsi);
		assert_int_equal(host_test_unit_ready(iscsi, 0), UA_POWER_ON);
		check_sizes(iscsi, 0);
		host_logout(iscsi);
	}
}

static void
test_a_held_write_keeps_its_immediate_data(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static struct pending write;
	static uint8_t buf[4096];

	env_inject(env, "lun0.write", "hold");
	host_start_write(&write, a, 0, 0, 0x77);
	assert_false(host_wait(&write, 50));
	for (uint64_t i = 0; i < 8; i++) /* the receive buffer is used again meanwhile */
		assert_int_equal(host_read(a, 0, 800, buf, sizeof(buf)), 0);
	assert_int_equal(host_test_unit_ready(a, 0), 0);
	env_lift(env, "lun0.write");
	assert_true(host_wait(&write, 10000));
	assert_int_equal(write.status, 0);
	assert_int_equal(host_read(a, 0, 0, buf, sizeof(buf)), 0);
	assert_int_equal(buf[0], 0x77);
	assert_int_equal(buf[511], 0x77);
	host_logout(a);
}

static void
test_an_io_error_is_told(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static uint8_t buf[4096];

	env_inject(env, "lun0.read", "EIO");
	assert_int_equal(host_read(a, 0, 0, buf, sizeof(buf)) >> 16, 3); /* MEDIUM ERROR */
	env_lift(env, "lun0.read");
	assert_int_equal(host_read(a, 0, 0, buf, sizeof(buf)), 0);
	env_inject(env, "lun0.write", "ENOSPC");
	assert_int_equal(host_write(a, 0, 0, buf, sizeof(buf)), SENSE(7, 0x2707));
	env_lift(env, "lun0.write");
	assert_int_equal(host_write(a, 0, 0, buf, sizeof(buf)), 0);
	host_logout(a);
}

/* What is not sent is missing, whatever the reason: RFC 7143 §11.4.5.2. */
static void
test_a_failed_read_counts_as_not_sent(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	assert_int_equal(host_read_missing(a, 0, 0, 4096), 0);
	env_inject(env, "lun0.read", "EIO");
	assert_int_equal(host_read_missing(a, 0, 0, 4096), 4096);
	env_lift(env, "lun0.read");
	env_inject(env, "lun0.read", "ENOMEM"); /* BUSY */
	assert_int_equal(host_read_missing(a, 0, 0, 4096), 4096);
	env_lift(env, "lun0.read");
	host_logout(a);
}

#define BUSY          0x08
#define TASK_SET_FULL 0x28

/* What does not fit is refused, and what was refused leaves nothing behind. */
static void
test_buffers_of_all_connections_are_limited(void **state)
{
	struct env *env = *state;
	struct initiator_options r2t = { .no_immediate_data = true, .initial_r2t = true };
	struct iscsi_context *a = initiator_login(env->portal, HOST_1, NAME_A, 1, &r2t);
	static uint8_t buf[192 * 1024];

	assert_non_null(a);
	assert_int_equal(host_test_unit_ready(a, 0), UA_POWER_ON);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(host_read(a, 0, 0, buf, 192 * 1024), BUSY);
		assert_int_equal(host_write(a, 0, 0, buf, 192 * 1024), TASK_SET_FULL);
		assert_int_equal(host_read(a, 0, 0, buf, 96 * 1024), 0);
		assert_int_equal(host_write(a, 0, 0, buf, 96 * 1024), 0);
	}
	host_logout(a);
}

/* RFC 7143 §11.4.5.1: what a command would move beyond the expected length is an overflow. */
static void
test_what_was_not_expected_is_an_overflow(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	assert_int_equal(host_dataless_excess(a, 0, 0x28), 512); /* READ (10) */
	assert_int_equal(host_dataless_excess(a, 0, 0x2a), 512); /* WRITE (10) */
	assert_int_equal(host_dataless_excess(a, 0, 0x00), 0);
	host_logout(a);
}

/* ---- Many at a time ---- */

struct host_thread {
	pthread_t thread;
	struct env *env;
	unsigned index;
	unsigned failures;
};

/* Each its own half MiB of the LUN, written and read back; logging in and out in between. */
static void *
run_host(void *arg)
{
	struct host_thread *h = arg;
	char name[64];
	static _Thread_local uint8_t out[8192], in[8192];

	snprintf(name, sizeof(name), "iqn.2026-11.test:many%u", h->index);
	for (unsigned round = 0; round < 3; round++) {
		struct iscsi_context *iscsi = host_login(h->env, name, NAME_A, round);

		if (iscsi == NULL || host_test_unit_ready(iscsi, 0) != UA_POWER_ON) {
			h->failures++;
			break;
		}
		for (unsigned i = 0; i < 60; i++) {
			uint64_t lba = h->index * 1024 + i * 16;

			fill(out, sizeof(out), h->index + i + round);
			int w = host_write(iscsi, 0, lba, out, sizeof(out));
			int r = host_read(iscsi, 0, lba, in, sizeof(in));

			/* unit attentions of the changes around us are no failure */
			if ((w != 0 && w >> 16 != 6) || (r != 0 && r >> 16 != 6) ||
			    (w == 0 && r == 0 && memcmp(in, out, sizeof(in)) != 0))
				h->failures++;
		}
		host_logout(iscsi);
	}
	return NULL;
}

static void
test_many_sessions_while_the_configuration_changes(void **state)
{
	struct env *env = *state;
	struct host_thread hosts[6];

	for (unsigned i = 0; i < ARRAY_LEN(hosts); i++) {
		hosts[i] = (struct host_thread){ .env = env, .index = i };
		assert_int_equal(pthread_create(&hosts[i].thread, NULL, run_host, &hosts[i]), 0);
	}
	for (unsigned n = 10; n < 60; n++) {
		struct guid lun = env_add_lun(env, n, "*");
		struct array_mapping mapping = { .lun_id = lun, .target_id = env->target_a };
		void *drain = NULL;

		fake_associate(env->array, &lun, &env->target_a, n);
		fake_commit(env->array);
		assert_int_equal(
			fake_ops(env->array)
				->quiesce(fake_runtime(env->array), &mapping, 1, 5000, &drain),
			0);
		fake_dissociate(env->array, &lun, &env->target_a);
		fake_commit(env->array);
		fake_ops(env->array)->resume(fake_runtime(env->array), drain);
		fake_delete(env->array, ROW_LUN, &lun);
		fake_commit(env->array);
	}
	for (unsigned i = 0; i < ARRAY_LEN(hosts); i++) {
		pthread_join(hosts[i].thread, NULL);
		assert_int_equal(hosts[i].failures, 0);
	}
	assert_true(fake_wait_sessions(env->array, 0));
}

#define WORKERS_TEST(name) cmocka_unit_test_setup_teardown(name, env_setup_workers, env_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_every_size_on_memory),
		ENV_TEST(test_every_size_on_a_file),
		WORKERS_TEST(test_every_size_on_a_file),
		ENV_TEST(test_the_largest_commands),
		ENV_TEST(test_a_long_cdb_comes_whole),
		ENV_TEST(test_every_way_of_sending_data),
		ENV_TEST(test_a_held_write_keeps_its_immediate_data),
		ENV_TEST(test_an_io_error_is_told),
		ENV_TEST(test_a_failed_read_counts_as_not_sent),
		ENV_TEST(test_what_was_not_expected_is_an_overflow),
		cmocka_unit_test_setup_teardown(test_buffers_of_all_connections_are_limited,
			env_setup_small_buffers, env_teardown),
		ENV_TEST(test_many_sessions_while_the_configuration_changes),
		WORKERS_TEST(test_many_sessions_while_the_configuration_changes),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("target I/O", tests, NULL, NULL);
}
