/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of how long commands take: each counts once, from its arrival until its answer was sent. */
#include "target_test.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "scsi/scsi.h"

#define WAIT_MS 10000

/* What the data path reports of all LUNs, sessions and threads together. */
struct seen {
	struct histogram_total luns[ARRAY_KINDS], threads[ARRAY_KINDS];
	uint64_t host_commands[ARRAY_KINDS], host_sessions, host_logins;
	uint64_t session_commands[ARRAY_KINDS], session_bytes[ARRAY_KINDS], session_ns[ARRAY_KINDS];
	uint64_t slow_commands, failed_commands;
	unsigned lun_count, session_count, thread_count;
};

static void
seen_lun(void *arg, const struct guid *id, const struct array_lun_counters *counters)
{
	struct seen *seen = arg;

	(void)id;
	seen->lun_count++;
	seen->failed_commands += counters->failed_commands;
	for (unsigned kind = 0; kind < ARRAY_KINDS; kind++)
		histogram_merge(&seen->luns[kind], &counters->latency[kind]);
}

static void
seen_session(void *arg, const struct array_session_counters *counters)
{
	struct seen *seen = arg;

	seen->session_count++;
	for (unsigned kind = 0; kind < ARRAY_KINDS; kind++) {
		seen->session_commands[kind] += counters->commands[kind];
		seen->session_bytes[kind] += counters->bytes[kind];
		seen->session_ns[kind] += counters->ns[kind];
	}
}

static void
seen_host(void *arg, const struct array_host_counters *counters)
{
	struct seen *seen = arg;

	seen->host_sessions += counters->sessions;
	seen->host_logins += counters->logins;
	for (unsigned kind = 0; kind < ARRAY_KINDS; kind++)
		seen->host_commands[kind] += counters->commands[kind];
}

static void
seen_thread(void *arg, const struct array_thread_counters *counters)
{
	struct seen *seen = arg;

	seen->thread_count++;
	seen->slow_commands += counters->slow_commands;
	for (unsigned kind = 0; kind < ARRAY_KINDS; kind++)
		histogram_merge(&seen->threads[kind], &counters->latency[kind]);
}

static void
look(struct env *env, struct seen *seen)
{
	struct array_sampler sampler = { .lun = seen_lun,
					 .session = seen_session,
					 .thread = seen_thread,
					 .host = seen_host,
					 .arg = seen };

	memset(seen, 0, sizeof(*seen));
	assert_int_equal(fake_ops(env->array)->sample(fake_runtime(env->array), &sampler), 0);
}

/* A command is counted after its answer was sent: waits for so many commands of a kind. */
static void
look_for(struct env *env, unsigned kind, uint64_t commands, struct seen *seen)
{
	uint64_t until_ns = clock_mono_ns() + WAIT_MS * NS_PER_MS;

	do
		look(env, seen);
	while (histogram_count(&seen->luns[kind]) < commands && clock_mono_ns() < until_ns);
}

static void
test_every_command_counts_once_everywhere(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static struct seen seen;
	static uint8_t buf[8192];

	for (int i = 0; i < 3; i++)
		assert_int_equal(host_write(a, 0, 0, buf, 4096), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(host_read(a, 0, 0, buf, 8192), 0);
	look_for(env, SCSI_KIND_WRITE, 3, &seen);
	look_for(env, SCSI_KIND_READ, 5, &seen);
	assert_int_equal(histogram_count(&seen.luns[SCSI_KIND_WRITE]), 3);
	assert_int_equal(histogram_count(&seen.luns[SCSI_KIND_READ]), 5);
	assert_int_equal(seen.session_commands[SCSI_KIND_READ], 5);
	assert_int_equal(seen.session_bytes[SCSI_KIND_READ], 5 * 8192);
	assert_int_equal(seen.session_bytes[SCSI_KIND_WRITE], 3 * 4096);
	assert_int_equal(seen.session_ns[SCSI_KIND_READ], seen.luns[SCSI_KIND_READ].sum_ns);
	for (unsigned kind = 0; kind < ARRAY_KINDS; kind++)
		assert_memory_equal(&seen.luns[kind], &seen.threads[kind], sizeof(seen.luns[kind]));
	assert_int_equal(seen.lun_count, 1);
	assert_int_equal(seen.session_count, 1);
	assert_int_equal(seen.thread_count, target_thread_count(env->target));
	assert_int_equal(seen.slow_commands, 0);
	assert_memory_equal(seen.host_commands, seen.session_commands, sizeof(seen.host_commands));
	host_logout(a);
}

static void
test_what_ended_sessions_did_stays_with_their_host(void **state)
{
	struct env *env = *state;
	static struct seen seen;
	static uint8_t buf[512];

	for (unsigned i = 1; i <= 2; i++) {
		struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
		uint64_t until_ns = clock_mono_ns() + WAIT_MS * NS_PER_MS;

		assert_int_equal(host_read(a, 0, 0, buf, sizeof(buf)), 0);
		host_logout(a);
		do
			look(env, &seen);
		while (seen.session_count > 0 && clock_mono_ns() < until_ns);
		assert_int_equal(seen.session_count, 0);
		assert_int_equal(seen.host_sessions, 0);
		assert_int_equal(seen.host_logins, i);
		assert_int_equal(seen.host_commands[SCSI_KIND_READ], i);
	}
}

/* The histogram of a deleted LUN goes with it; what the threads have counted stays. */
static void
test_threads_go_on_counting_when_a_lun_is_deleted(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static struct seen seen;
	static uint8_t buf[512];

	assert_int_equal(host_write(a, 0, 0, buf, sizeof(buf)), 0);
	look_for(env, SCSI_KIND_WRITE, 1, &seen);
	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_dissociate(env->array, &env->lun, &env->target_b);
	fake_delete(env->array, ROW_LUN, &env->lun);
	fake_commit(env->array);
	look(env, &seen);
	assert_int_equal(seen.lun_count, 0);
	assert_int_equal(histogram_count(&seen.threads[SCSI_KIND_WRITE]), 1);
	host_logout(a);
}

static void
test_a_command_that_the_store_holds_back_is_slow(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static struct seen seen;
	static struct pending write;

	env_inject(env, "lun0.write", "hold");
	host_start_write(&write, a, 0, 7, 0x77);
	uint64_t held_ns = env_hold_for(env, &write, 100);

	env_lift(env, "lun0.write");
	assert_true(host_wait(&write, WAIT_MS));
	look_for(env, SCSI_KIND_WRITE, 1, &seen);
	assert_true(seen.luns[SCSI_KIND_WRITE].sum_ns >= held_ns);
	/* a bucket of the histogram is that wide */
	assert_true(histogram_quantile_ns(&seen.luns[SCSI_KIND_WRITE], 500) >= held_ns / 4 * 3);
	assert_int_equal(seen.slow_commands, 1);
	host_free(a);
}

/* LOG SENSE tells, in microseconds, how long commands of a unit took and that it was idle else. */
static void
test_an_initiator_reads_how_long_commands_took(void **state)
{
	static const uint8_t cdb[] = { 0x4d, 0, 0x40 | 0x19, 0, 0, 0, 0, 0, 96, 0 };
	struct env *env = *state;
	uint64_t from_ns = clock_mono_ns();
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static struct seen seen;
	static struct pending write;
	uint8_t page[96];

	env_inject(env, "lun0.write", "hold");
	host_start_write(&write, a, 0, 7, 0x77);
	assert_false(host_wait(&write, 100));
	env_lift(env, "lun0.write");
	assert_true(host_wait(&write, WAIT_MS));
	look_for(env, SCSI_KIND_WRITE, 1, &seen);
	assert_int_equal(host_command(a, 0, cdb, sizeof(cdb), NULL, 0, page, sizeof(page), NULL),
			 0);
	assert_int_equal(get_be64(page + 8), 0);
	assert_int_equal(get_be64(page + 16), 1);
	assert_int_equal(get_be64(page + 40), 0);
	assert_int_equal(get_be64(page + 48), seen.luns[SCSI_KIND_WRITE].sum_ns / 1000);
	assert_true(get_be64(page + 48) + get_be64(page + 76) <=
		    (clock_mono_ns() - from_ns) / 1000);
	host_free(a);
}

static void
test_failed_commands_are_counted(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static struct seen before, after;
	static uint8_t buf[512];

	look(env, &before);
	assert_int_not_equal(host_read(a, 0, UINT32_MAX, buf, sizeof(buf)), 0);
	look_for(env, SCSI_KIND_READ, 1, &after);
	assert_int_equal(after.failed_commands - before.failed_commands, 1);
	host_logout(a);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_every_command_counts_once_everywhere),
		ENV_TEST(test_what_ended_sessions_did_stays_with_their_host),
		ENV_TEST(test_threads_go_on_counting_when_a_lun_is_deleted),
		cmocka_unit_test_setup_teardown(test_a_command_that_the_store_holds_back_is_slow,
						env_setup_slow, env_teardown),
		ENV_TEST(test_an_initiator_reads_how_long_commands_took),
		ENV_TEST(test_failed_commands_are_counted),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("target meter", tests, NULL, NULL);
}
