/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the trace: each command, once, with what it was and how it ended. */
#include "target_test.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "scsi/scsi.h"
#include "target/target_int.h"

#define WAIT_MS 10000

struct seen {
	struct array_trace_record records[TRACE_SLOTS];
	size_t count;
	uint64_t lost;
	struct array_trace_place place;
};

static struct seen seen;

static void
seen_record(void *arg, const struct array_trace_record *record)
{
	struct seen *to = arg;

	assert_true(to->count < ARRAY_LEN(to->records));
	to->records[to->count++] = *record;
}

static void
look(struct env *env)
{
	uint64_t lost;

	assert_int_equal(
		fake_ops(env->array)
			->trace(fake_runtime(env->array), &seen.place, seen_record, &seen, &lost),
		0);
	seen.lost += lost;
}

/* A command is noted after its answer was sent: waits for so many. */
static void
look_for(struct env *env, uint64_t count)
{
	uint64_t until_ns = clock_mono_ns() + WAIT_MS * NS_PER_MS;

	do
		look(env);
	while (seen.count + seen.lost < count && clock_mono_ns() < until_ns);
	assert_int_equal(seen.count + seen.lost, count);
}

static void
begin(struct env *env)
{
	memset(&seen, 0, sizeof(seen));
	look(env);
	assert_int_equal(seen.count, 0);
}

static void
test_each_command_is_told_with_what_it_was(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static uint8_t buf[8192];
	int64_t from_us = clock_utc_us();

	begin(env);
	assert_int_equal(host_write(a, 0, 8, buf, 4096), 0);
	assert_int_equal(host_read(a, 0, 16, buf, 8192), 0);
	look_for(env, 2);
	assert_int_equal(seen.records[0].opcode & 0x1f, 0x0a); /* WRITE(6), (10) or (16) */
	assert_int_equal(seen.records[0].lba, 8);
	assert_int_equal(seen.records[0].bytes, 4096);
	assert_int_equal(seen.records[1].opcode & 0x1f, 0x08);
	assert_int_equal(seen.records[1].lba, 16);
	assert_int_equal(seen.records[1].bytes, 8192);
	for (size_t i = 0; i < 2; i++) {
		const struct array_trace_record *r = &seen.records[i];

		assert_true(guid_equal(&r->lun_id, &env->lun));
		assert_false(guid_is_zero(&r->session_id));
		assert_int_equal(r->status, SCSI_STATUS_GOOD);
		assert_int_equal(r->sense_key, 0);
		assert_true(r->utc_us >= from_us && r->utc_us <= clock_utc_us());
		assert_true(r->total_ns > 0 &&
			    r->total_ns <= (uint64_t)(clock_utc_us() - from_us) * 1000);
	}
	assert_int_equal(seen.lost, 0);
	host_logout(a);
}

static void
test_a_failure_comes_with_its_sense(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static uint8_t buf[512];

	begin(env);
	assert_int_not_equal(host_read(a, 0, UINT32_MAX, buf, sizeof(buf)), 0);
	look_for(env, 1);
	assert_int_equal(seen.records[0].status, SCSI_STATUS_CHECK_CONDITION);
	/* LOGICAL BLOCK ADDRESS OUT OF RANGE */
	assert_int_equal(seen.records[0].sense_key, 5);
	assert_int_equal(seen.records[0].sense_asc, 0x21);
	host_logout(a);
}

static void
test_a_command_that_the_store_held_back_has_its_phase(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static struct pending write;

	begin(env);
	env_inject(env, "lun0.write", "hold");
	host_start_write(&write, a, 0, 7, 0x77);
	uint64_t held_us = env_hold_for(env, &write, 50) / 1000;

	env_lift(env, "lun0.write");
	assert_true(host_wait(&write, WAIT_MS));
	look_for(env, 1);
	assert_true(seen.records[0].store_us >= held_us);
	assert_true(seen.records[0].store_us <= seen.records[0].total_ns / 1000);
	assert_int_equal(seen.records[0].limit_us, 0);
	host_free(a);
}

/* Returns how many commands were noted so far; has the data path go on to note them. */
static uint64_t
noted(struct env *env)
{
	struct array_trace_place place = { 0 };
	uint64_t count = 0, lost;

	assert_int_equal(
		fake_ops(env->array)
			->trace(fake_runtime(env->array), &place, seen_record, &seen, &lost),
		0);
	for (unsigned i = 0; i < place.threads; i++)
		count += place.at[i];
	return count;
}

/* A reader that is away for longer than the ring is learns how many it has missed, exactly. */
static void
test_what_a_slow_reader_misses_is_counted(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static uint8_t buf[512];
	const unsigned more = 10;

	begin(env);
	for (unsigned i = 0; i < TRACE_SLOTS + more; i++) {
		assert_int_equal(host_read(a, 0, i % 64, buf, sizeof(buf)), 0);
		if (i % 32 == 0) /* often, since what nobody asks for is not noted any more */
			noted(env);
	}
	while (noted(env) < TRACE_SLOTS + more)
		; /* the last answer was sent, and is noted at once */
	look_for(env, TRACE_SLOTS + more);
	assert_int_equal(seen.lost, more);
	assert_int_equal(seen.records[0].lba, more % 64);
	assert_int_equal(seen.records[seen.count - 1].lba, (TRACE_SLOTS + more - 1) % 64);
	host_logout(a);
}

/* A place of another run of vdsd, or of more threads than there are, begins anew. */
static void
test_a_place_that_cannot_be_stands_for_now(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static uint8_t buf[512];

	begin(env);
	assert_int_equal(host_read(a, 0, 0, buf, sizeof(buf)), 0);
	look_for(env, 1);
	for (unsigned i = 0; i < seen.place.threads; i++)
		seen.place.at[i] = UINT64_MAX;
	look(env);
	seen.place.threads = ARRAY_TRACE_THREADS;
	look(env);
	assert_int_equal(seen.count, 1);
	assert_int_equal(host_read(a, 0, 0, buf, sizeof(buf)), 0);
	look_for(env, 2);
	assert_int_equal(seen.lost, 0);
	host_logout(a);
}

/* Before anybody has asked, the threads have no ring at all. */
static void
test_nobody_asks_and_nothing_is_noted(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static uint8_t buf[512];

	assert_int_equal(host_read(a, 0, 0, buf, sizeof(buf)), 0);
	for (unsigned i = 0; i < env->target->thread_count; i++)
		assert_null(atomic_load(&env->target->threads[i].meter.made_trace));
	begin(env);
	look(env);
	assert_int_equal(seen.count + seen.lost, 0);
	host_logout(a);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_each_command_is_told_with_what_it_was),
		ENV_TEST(test_a_failure_comes_with_its_sense),
		ENV_TEST(test_a_command_that_the_store_held_back_has_its_phase),
		ENV_TEST(test_what_a_slow_reader_misses_is_counted),
		ENV_TEST(test_a_place_that_cannot_be_stands_for_now),
		ENV_TEST(test_nobody_asks_and_nothing_is_noted),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("target trace", tests, NULL, NULL);
}
