/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads what the data path has counted of LUNs, sessions and threads, while it goes on counting.
 * The array calls these functions, on any thread; no data-path thread waits for them longer than
 * for a lock under which pointers or counters are copied.
 */
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "target/target_int.h"

static uint64_t
get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void
add_share(const struct target_unit_share *share, struct array_lun_counters *ret)
{
	ret->read_commands += get(&share->read_commands);
	ret->write_commands += get(&share->write_commands);
	ret->other_commands += get(&share->other_commands);
	ret->read_bytes += get(&share->read_bytes);
	ret->write_bytes += get(&share->write_bytes);
	ret->failed_commands += get(&share->failed_commands);
	ret->limited_commands += get(&share->limited_commands);
	ret->limited_ns += get(&share->limited_ns);
	for (unsigned kind = 0; kind < METER_KINDS; kind++) {
		const struct histogram *h = atomic_load_explicit(&share->latency[kind],
								 memory_order_acquire);

		if (h != NULL)
			histogram_collect(h, &ret->latency[kind]);
	}
}

static void
sum_unit(const struct target_unit *unit, struct array_lun_counters *ret)
{
	*ret = (struct array_lun_counters){ 0 };
	for (unsigned i = 0; i < unit->share_count; i++)
		add_share(&unit->shares[i], ret);
}

int
target_sample_lun(void *runtime, const struct guid *lun_id, struct array_lun_counters *ret_counters)
{
	struct target_unit *unit = target_unit_find(runtime, lun_id);

	if (unit == NULL)
		return ERR_NOT_FOUND;
	sum_unit(unit, ret_counters);
	target_unit_unref(unit);
	return 0;
}

static int
sample_luns(struct target *target, const struct array_sampler *sampler)
{
	struct target_unit **units = NULL;
	int count = target_unit_list(target, &units);

	for (int i = 0; i < count; i++) {
		struct array_lun_counters counters;

		sum_unit(units[i], &counters);
		sampler->lun(sampler->arg, &units[i]->lun_id, &counters);
		target_unit_unref(units[i]);
	}
	mem_free(units);
	return MIN(count, 0);
}

static int
sample_sessions(struct target *target, const struct array_sampler *sampler)
{
	AUTO_FREE struct array_session_counters *counters = NULL;
	int count = target_registry_sample(&target->registry, &counters);

	for (int i = 0; i < count; i++)
		sampler->session(sampler->arg, &counters[i]);
	return MIN(count, 0);
}

static int
sample_hosts(struct target *target, const struct array_sampler *sampler)
{
	AUTO_FREE struct array_host_counters *counters = NULL;
	int count = target_host_sample(&target->registry, &counters);

	for (int i = 0; i < count; i++)
		sampler->host(sampler->arg, &counters[i]);
	return MIN(count, 0);
}

static int
sample_logins(struct target *target, const struct array_sampler *sampler)
{
	AUTO_FREE struct array_login_counters *counters = NULL;
	int count = target_refusals_sample(&target->refusals, &counters);

	for (int i = 0; i < count; i++)
		sampler->login(sampler->arg, &counters[i]);
	return MIN(count, 0);
}

static uint64_t
cpu_ns(pthread_t thread)
{
	struct timespec ts = { 0 };
	clockid_t clock;

	if (pthread_getcpuclockid(thread, &clock) != 0 || clock_gettime(clock, &ts) != 0)
		return 0;
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void
sample_threads(struct target *target, const struct array_sampler *sampler)
{
	for (unsigned i = 0; i < target->thread_count; i++) {
		const struct target_thread *thread = &target->threads[i];
		struct array_thread_counters counters = {
			.index = i,
			.sessions = atomic_load(&thread->sessions_assigned),
			.cpu_ns = cpu_ns(thread->pthread),
			.busy_ns = loop_busy_ns(thread->loop),
			.slow_commands = get(&thread->meter.slow_commands),
		};

		for (unsigned kind = 0; kind < METER_KINDS; kind++)
			histogram_collect(&thread->meter.latency[kind], &counters.latency[kind]);
		sampler->thread(sampler->arg, &counters);
	}
}

int
target_sample_all(void *runtime, const struct array_sampler *sampler)
{
	int rc = sampler->lun != NULL ? sample_luns(runtime, sampler) : 0;

	if (rc == 0 && sampler->session != NULL)
		rc = sample_sessions(runtime, sampler);
	if (rc == 0 && sampler->host != NULL)
		rc = sample_hosts(runtime, sampler);
	if (rc == 0 && sampler->login != NULL)
		rc = sample_logins(runtime, sampler);
	if (rc == 0 && sampler->thread != NULL)
		sample_threads(runtime, sampler);
	return rc;
}
