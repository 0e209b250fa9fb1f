/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data path as a whole: its start, its end, and the functions that it registers with the array.
 * target_new and target_free run on the main thread of vdsd; the array calls the registered
 * functions on its own threads.
 */
#include "target/target.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "target/target_int.h"

#define DEFAULT_WORKERS      32
#define DEFAULT_CONNECTIONS  4096
#define DEFAULT_SPIN_US      100
#define DEFAULT_BUFFER_BYTES (4ull << 30)
#define THREAD_BUFFER_LEAST  (16ull << 20)
#define STRANGER_BYTES       (64u << 20)
#define SESSION_BYTES        (256u << 20)
#define DESCRIPTORS_RESERVED 256 /* for the catalog, management and the threads themselves */

/* ---- Options ---- */

void
target_options_default(struct target_options *options)
{
	*options = (struct target_options){
		.queue_kind = BLK_QUEUE_AUTO,
		.spin_us = DEFAULT_SPIN_US,
	};
}

static unsigned
core_count(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* Half of the descriptors for connections, the rest for files. */
static unsigned
connection_limit(unsigned wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return wanted;
	rlim_t room = limit.rlim_cur > 2 * DESCRIPTORS_RESERVED
			      ? (limit.rlim_cur - DESCRIPTORS_RESERVED) / 2
			      : limit.rlim_cur / 4;

	return (unsigned)MIN((rlim_t)wanted, room);
}

static uint64_t
buffers_by_default(unsigned threads)
{
	uint64_t memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	return MAX(MIN(memory_bytes / 4, DEFAULT_BUFFER_BYTES), threads * THREAD_BUFFER_LEAST);
}

static void
or_else(unsigned *value, unsigned otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

static void
complete_options(struct target_options *o)
{
	or_else(&o->threads, core_count());
	o->threads = MIN(o->threads, TARGET_THREADS_MAX);
	or_else(&o->workers, DEFAULT_WORKERS);
	if (o->buffer_bytes == 0)
		o->buffer_bytes = buffers_by_default(o->threads);
	or_else(&o->max_connections, DEFAULT_CONNECTIONS);
	o->max_connections = connection_limit(o->max_connections);
	or_else(&o->login_timeout_ms, 15000);
	or_else(&o->nop_interval_ms, 30000);
	or_else(&o->nop_timeout_ms, 15000);
	or_else(&o->stuck_ms, 2000);
	or_else(&o->recover_ms, 1000);
	or_else(&o->forward_wait_ms, TARGET_FORWARD_WAIT_MS);
	or_else(&o->portal_retry_ms, 1000);
	or_else(&o->discovery_idle_ms, 60000);
	if (o->queue_kind == BLK_QUEUE_AUTO)
		o->queue_kind = blk_queue_probe(true);
}

/* ---- What the array calls ---- */

static int
runtime_pick_port(void *runtime, const char *address, uint16_t *ret_port)
{
	(void)runtime;
	return target_portal_pick_port(address, ret_port);
}

static void
runtime_lun_recovered(void *runtime, const struct guid *lun_id)
{
	target_unit_recovered(runtime, lun_id);
}

static void
runtime_lun_replaced(void *runtime, const struct guid *lun_id)
{
	target_unit_replaced(runtime, lun_id);
}

/* How long an initiator may take to log out when an administrator ends its session. */
#define SESSION_LOGOUT_MS 2000u

static int
runtime_end_session(void *runtime, const struct guid *session_id)
{
	struct target *target = runtime;

	return target_registry_drain(&target->registry, session_id, SESSION_LOGOUT_MS);
}

static void
runtime_drain_portal(void *runtime, const struct guid *portal_id, uint32_t drain_ms)
{
	struct target *target = runtime;

	target_registry_drain_portal(&target->registry, portal_id, drain_ms);
}

static void
runtime_address_counters(void *runtime, const char *address, struct array_port_counters *counters)
{
	target_traffic_sample(runtime, address, counters);
}

static const struct array_runtime_ops runtime_ops = {
	.publish = target_publish_state,
	.secrets = target_publish_secrets,
	.quiesce = target_hold_quiesce,
	.resume = target_hold_resume,
	.pick_port = runtime_pick_port,
	.lun_counters = target_sample_lun,
	.forward_counters = target_owner_counters,
	.lun_recovered = runtime_lun_recovered,
	.lun_replaced = runtime_lun_replaced,
	.lun_device = target_unit_device,
	.pool_space = target_unit_pool_space,
	.end_session = runtime_end_session,
	.drain_portal = runtime_drain_portal,
	.reset_portals = target_reset_portals,
	.address_counters = runtime_address_counters,
	.lun_reservations = target_reservation_list,
	.lun_reservations_clear = target_reservation_clear,
	.sample = target_sample_all,
	.trace = target_trace_read,
	.lun_reset = target_announce_take,
};

/* ---- Start and stop ---- */

static void
free_all(struct target *target)
{
	for (unsigned i = 0; i < target->thread_count; i++)
		target_thread_join(&target->threads[i]);
	workers_free(target->changer);
	workers_free(target->workers);
	target_unit_forget_all(target);
	target_view_unref(target->view);
	array_secrets_unref(target->secrets);
	workers_free(target->reporter); /* it returns the devices of the units to the array */
	for (unsigned i = 0; i < target->thread_count; i++)
		target_thread_free(&target->threads[i]);
	mem_free(target->threads);
	guid_map_fini(&target->units);
	target_unit_levels_free(target);
	target_registry_fini(&target->registry);
	target_refusals_fini(&target->refusals);
	target_limits_fini(&target->limits);
	target_traffic_free_all(target);
	target_ack_fini(&target->no_conns);
	pthread_mutex_destroy(&target->publish_lock);
	pthread_mutex_destroy(&target->units_lock);
	pthread_mutex_destroy(&target->holds_lock);
	pthread_mutex_destroy(&target->owners.lock);
	target_jobs_fini(&target->jobs);
	pthread_mutex_destroy(&target->traffic_lock);
	mem_free(target);
}

static struct target *
alloc(const struct target_options *options, struct array *array)
{
	struct target *target = mem_calloc(1, sizeof(*target));

	if (target == NULL)
		return NULL;
	target->options = *options;
	complete_options(&target->options);
	target->array = array;
	target->shared = array_is_shared(array);
	target->stranger_budget.max_bytes = STRANGER_BYTES;
	target->session_budget.max_bytes = SESSION_BYTES;
	/* some connections stay for logins, so that sessions can be had anew */
	target_refusals_init(&target->refusals);
	target_registry_init(&target->registry, target->options.max_connections -
							target->options.max_connections / 16);
	guid_map_init(&target->units);
	guid_map_init(&target->levels);
	target_limits_init(&target->limits);
	list_init(&target->holds);
	target_jobs_init(&target->jobs);
	target_ack_init(&target->no_conns, 1);
	atomic_init(&target->conn_count, 1);
	pthread_mutex_init(&target->publish_lock, NULL);
	pthread_mutex_init(&target->units_lock, NULL);
	pthread_mutex_init(&target->holds_lock, NULL);
	pthread_mutex_init(&target->owners.lock, NULL);
	pthread_mutex_init(&target->traffic_lock, NULL);
	list_init(&target->traffic);
	return target;
}

static int
start(struct target *target)
{
	unsigned count = target->options.threads;
	int rc = workers_new(target->options.workers, "target-io", &target->workers);

	if (rc == 0)
		rc = workers_new(1, "target-report", &target->reporter);
	if (rc == 0)
		rc = workers_new(1, "target-change", &target->changer);
	target->threads = mem_calloc(count, sizeof(struct target_thread));
	if (rc == 0 && target->threads == NULL)
		rc = -ENOMEM;
	for (unsigned i = 0; i < count && rc == 0; i++) {
		target->thread_count++;
		rc = target_thread_start(&target->threads[i], target, i);
	}
	return rc == 0 ? array_runtime_register(target->array, &runtime_ops, target) : rc;
}

int
target_new(const struct target_options *options, struct array *array, struct target **ret_target)
{
	struct target *target = alloc(options, array);

	if (target == NULL)
		return -ENOMEM;
	int rc = start(target);

	if (rc < 0) {
		free_all(target);
		return rc;
	}
	log_info("target.start", "threads=%u queue=%s spin_us=%u", target->thread_count,
		 target->options.queue_kind == BLK_QUEUE_URING ? "io_uring" : "workers",
		 target->options.spin_us);
	target_jobs_start(target);
	*ret_target = target;
	return 0;
}

static void
stop_threads(struct target *target)
{
	struct target_ack ack;

	target_ack_init(&ack, target->thread_count);
	for (unsigned i = 0; i < target->thread_count; i++)
		target_thread_stop_serving(&target->threads[i], &ack);
	target_ack_wait(&ack, UINT32_MAX);
	target_ack_fini(&ack);
}

void
target_log_out(struct target *target, unsigned wait_ms)
{
	size_t count, left;

	if (target == NULL)
		return;
	array_runtime_unregister(target->array);
	pthread_mutex_lock(&target->registry.lock);
	count = target->registry.count;
	pthread_mutex_unlock(&target->registry.lock);
	if (count == 0 || target->view == NULL || target_reset_close_all(target) < 0)
		return;
	target_registry_drain_all(&target->registry, wait_ms);
	left = target_registry_wait_none(&target->registry, wait_ms);
	log_info("target.log_out", "sessions=%zu left=%zu", count, left);
}

bool
target_free(struct target *target, unsigned timeout_ms)
{
	if (target == NULL)
		return true;
	array_runtime_unregister(target->array);
	target_jobs_stop(target);
	target_hold_end_all(target); /* held tasks end with their sessions */
	stop_threads(target);
	target_conn_count_down(target);
	if (target_ack_wait(&target->no_conns, timeout_ms) < 0) {
		/* Backing I/O that does not return: its memory must stay. */
		log_error("target.stop", "connections=%u reason=\"I/O does not return\"",
			  atomic_load(&target->conn_count));
		return false;
	}
	free_all(target);
	return true;
}

enum blk_queue_kind
target_queue_kind(const struct target *target)
{
	return target->options.queue_kind;
}

unsigned
target_thread_count(const struct target *target)
{
	return target->thread_count;
}
