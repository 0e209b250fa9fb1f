/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helpers that target_test.h declares and describes. */
#include "target_test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "own_port.h"

/* ---- Environment ---- */

struct guid
env_add_lun(struct env *env, unsigned n, const char *mask)
{
	struct guid id = fake_id(100 + n);
	struct blk_dev *mem = NULL, *fault = NULL;
	char name[16];

	snprintf(name, sizeof(name), "lun%u", n);
	assert_int_equal(blk_mem_new(name, LUN_BYTES, 2 * LUN_BYTES, &mem), 0);
	assert_int_equal(blk_fault_new(mem, env->dir, &fault), 0);
	fake_device(env->array, &id, fault);
	fake_lun(env->array, &id, LUN_BYTES, 512, mask, STATUS_ONLINE);
	if (n == 0)
		env->dev = fault;
	return id;
}

void
env_lun_row(struct env *env, uint64_t size_bytes, const char *mask, enum row_status status)
{
	fake_lun(env->array, &env->lun, size_bytes, 512, mask, status);
}

static void
add_rows(struct env *env)
{
	env->target_a = fake_id(1);
	env->target_b = fake_id(2);
	env->portal_id = fake_id(3);
	env->group_a = fake_id(4);
	env->group_b = fake_id(5);
	fake_target(env->array, &env->target_a, NAME_A);
	fake_target(env->array, &env->target_b, NAME_B);
	fake_portal(env->array, &env->portal_id, "127.0.0.1", env->port);
	fake_group(env->array, &env->group_a, &env->target_a, 1);
	fake_group(env->array, &env->group_b, &env->target_b, 2);
	fake_group_portal(env->array, &env->group_a, &env->portal_id);
	fake_group_portal(env->array, &env->group_b, &env->portal_id);
	env->lun = env_add_lun(env, 0, "*");
	fake_associate(env->array, &env->lun, &env->target_a, 0);
	fake_associate(env->array, &env->lun, &env->target_b, 5);
	fake_commit(env->array);
}

static int
set_up(void **state, struct target_options *options)
{
	struct env *env = mem_calloc(1, sizeof(*env));

	assert_non_null(env);
	snprintf(env->dir, sizeof(env->dir), "%s/target-test-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(env->dir));
	env->array = fake_array_new();
	if (options->threads == 0)
		options->threads = 2;
	assert_int_equal(target_new(options, env->array, &env->target), 0);
	env->port = own_port(env->array);
	snprintf(env->portal, sizeof(env->portal), "127.0.0.1:%u", env->port);
	add_rows(env);
	*state = env;
	return 0;
}

int
env_setup(void **state)
{
	struct target_options options;

	target_options_default(&options);
	return set_up(state, &options);
}

int
env_setup_workers(void **state)
{
	struct target_options options = { .queue_kind = BLK_QUEUE_WORKERS, .workers = 2 };

	return set_up(state, &options);
}

int
env_setup_slow(void **state)
{
	struct target_options options = { .slow_ms = 50 };

	return set_up(state, &options);
}

int
env_setup_impatient(void **state)
{
	struct target_options options = {
		.login_timeout_ms = 300,
		.nop_interval_ms = 200,
		.nop_timeout_ms = 300,
		.portal_retry_ms = 20,
		.discovery_idle_ms = 500,
		.max_connections = 2,
	};

	return set_up(state, &options);
}

int
env_setup_few(void **state)
{
	struct target_options options = { .max_connections = 32 };

	return set_up(state, &options);
}

int
env_setup_small_buffers(void **state)
{
	struct target_options options = { .buffer_bytes = 256 * 1024 };

	return set_up(state, &options);
}

int
env_setup_stuck(void **state)
{
	struct target_options options = {
		.threads = 1,
		.buffer_bytes = 2 << 20,
		.stuck_ms = ENV_STUCK_MS,
		.recover_ms = 50,
	};

	return set_up(state, &options);
}

int
env_setup_congestion(void **state, const char *name)
{
	struct target_options options = { .congestion = name };

	return set_up(state, &options);
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

int
env_teardown(void **state)
{
	struct env *env = *state;

	nftw(env->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* lifts every fault */
	target_free(env->target, 10000);
	fake_array_free(env->array);
	mem_free(env);
	return 0;
}

void
env_inject(struct env *env, const char *file, const char *what)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", env->dir, file);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, what, strlen(what)), (ssize_t)strlen(what));
	close(fd);
}

void
env_lift(struct env *env, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", env->dir, file);
	assert_int_equal(unlink(path), 0);
}

uint64_t
env_hold_for(struct env *env, struct pending *p, int ms)
{
	while (atomic_load(&env->dev->inflight) == 0)
		assert_false(host_wait(p, 1));
	uint64_t begin_ns = clock_mono_ns();

	assert_false(host_wait(p, ms));
	return clock_mono_ns() - begin_ns;
}

/* ---- Hosts ---- */

struct iscsi_context *
host_login(struct env *env, const char *host, const char *target, unsigned isid)
{
	return initiator_login(env->portal, host, target, isid, NULL);
}

struct iscsi_context *
host_ready(struct env *env, const char *host, const char *target, unsigned isid)
{
	struct iscsi_context *iscsi = host_login(env, host, target, isid);
	uint16_t luns[16];

	assert_non_null(iscsi);
	int count = host_report_luns(iscsi, luns, ARRAY_LEN(luns));

	for (int i = 0; i < count; i++) {
		assert_int_equal(host_test_unit_ready(iscsi, luns[i]), UA_POWER_ON);
		assert_int_equal(host_test_unit_ready(iscsi, luns[i]), 0);
	}
	return iscsi;
}
