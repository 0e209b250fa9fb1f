/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Units: a LUN's block device, its SCSI logical unit and its counters, one unit for each LUN row
 * that is in use (struct target_unit says how long it lives).  A data-path thread makes a unit when
 * the first command for its LUN comes; the publisher updates and forgets units.  Data-path threads
 * use them through their paths without a lock.  The block device is the authority for the unit's
 * health, the row for whether it is offline.
 *
 * A thread may make a unit from a row of its view while the publisher is already at the next view.
 * So the publisher updates and forgets units when all threads have the new view: until then it may
 * find a unit that was made from the old row, and afterwards nobody makes one from it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "target/target_int.h"
#include "model/hints.h"
#include "model/identity.h"

/* The reporter does this: the array may hold locks while it waits for a data-path thread. */
static void
give_back(struct work *work)
{
	struct target_unit *unit = container_of(work, struct target_unit, release);

	array_device_release(unit->target->array, unit->dev);
	target_limits_leave_pool(unit);
	for (unsigned i = 0; i < unit->share_count; i++)
		for (unsigned kind = 0; kind < METER_KINDS; kind++)
			mem_free(atomic_load(&unit->shares[i].latency[kind]));
	mem_free(unit);
}

/* An initiator has turned the write cache on or off.  The thread of its command. */
static void
cache_changed(void *arg, bool write_through)
{
	struct target_unit *unit = arg;

	target_report_cache(unit->target, &unit->lun_id, write_through);
}

static void
statistics(void *arg, struct scsi_statistics *ret_statistics)
{
	const struct target_unit *unit = arg;
	uint64_t ns[METER_KINDS] = { 0 }, busy_ns = 0, age_ns = clock_mono_ns() - unit->made_ns;

	*ret_statistics = (struct scsi_statistics){ 0 };
	for (unsigned i = 0; i < unit->share_count; i++) {
		const struct target_unit_share *c = &unit->shares[i];

		ret_statistics->read_commands += atomic_load_explicit(&c->read_commands,
								      memory_order_relaxed);
		ret_statistics->write_commands += atomic_load_explicit(&c->write_commands,
								       memory_order_relaxed);
		ret_statistics->read_bytes += atomic_load_explicit(&c->read_bytes,
								   memory_order_relaxed);
		ret_statistics->write_bytes += atomic_load_explicit(&c->write_bytes,
								    memory_order_relaxed);
		for (unsigned kind = 0; kind < METER_KINDS; kind++) {
			const struct histogram *h = atomic_load_explicit(&c->latency[kind],
									 memory_order_acquire);

			if (h != NULL)
				ns[kind] += atomic_load_explicit(&h->sum_ns, memory_order_relaxed);
		}
	}
	for (unsigned kind = 0; kind < METER_KINDS; kind++)
		busy_ns += ns[kind];
	ret_statistics->read_ns = ns[SCSI_KIND_READ];
	ret_statistics->write_ns = ns[SCSI_KIND_WRITE];
	ret_statistics->idle_ns = age_ns > busy_ns ? age_ns - busy_ns : 0;
}

/* The last reference to the unit's logical unit is gone.  Any thread. */
static void
lu_released(void *arg)
{
	struct target_unit *unit = arg;

	unit->release.run = give_back;
	workers_submit(unit->target->reporter, &unit->release);
}

struct target_unit *
target_unit_ref(struct target_unit *unit)
{
	atomic_fetch_add_explicit(&unit->refs, 1, memory_order_relaxed);
	return unit;
}

int
target_unit_compare(const void *a, const void *b)
{
	const struct target_unit *const *ua = a, *const *ub = b;

	return (*ua > *ub) - (*ua < *ub);
}

void
target_unit_unref(struct target_unit *unit)
{
	if (unit != NULL && atomic_fetch_sub_explicit(&unit->refs, 1, memory_order_acq_rel) == 1)
		scsi_lu_unref(unit->lu);
}

static void
parse_naa(const char *text, uint8_t naa[8])
{
	for (unsigned i = 0; i < 8; i++) {
		char hex[3] = { text[2 * i], text[2 * i + 1], '\0' };

		naa[i] = (uint8_t)strtoul(hex, NULL, 16);
	}
}

void
target_unit_identity(struct scsi_identity *id, const struct row_lun *row)
{
	*id = (struct scsi_identity){
		.guid = row->id,
		.vendor = IDENTITY_VENDOR,
		.product = IDENTITY_PRODUCT,
		.revision = IDENTITY_REVISION,
		.t10 = row->identity == LUN_IDENTITY_NAA_T10,
	};
	snprintf(id->serial, sizeof(id->serial), "%s", row->serial);
	if (row->naa != NULL && strlen(row->naa) == 16)
		parse_naa(row->naa, id->naa);
}

/* ---- What the unit must keep ---- */

static int
store_load(void *arg, enum scsi_keep kind, struct scsi_kept *ret_kept)
{
	const struct target_unit *unit = arg;

	return array_kept(unit->target->array, &unit->lun_id, kind, &ret_kept->version,
			  &ret_kept->data, &ret_kept->bytes, &ret_kept->passing);
}

static void
saved(void *arg, int result)
{
	struct scsi_save *save = arg;
	struct target *target = save->owner;

	save->done(save, result); /* the unit may be gone after this */
	target_conn_count_down(target);
}

/* A request counts as a connection does: the data path does not end before it has ended. */
static void
store_save(void *arg, struct scsi_save *save)
{
	struct target_unit *unit = arg;
	struct array_keep keep = { .lun_id = unit->lun_id,
				   .kind = save->kind,
				   .version = save->version,
				   .data = save->data,
				   .bytes = save->bytes,
				   .passing = save->passing,
				   .done = saved,
				   .arg = save };
	int rc;

	save->owner = unit->target;
	atomic_fetch_add(&unit->target->conn_count, 1);
	rc = array_keep(unit->target->array, &keep);
	if (rc < 0)
		saved(save, rc);
}

static int
make_lu(struct target_unit *unit, const struct row_lun *row)
{
	struct scsi_lu_desc desc = {
		.block_bytes = row->block_bytes,
		.physical_exponent = row->block_bytes == 512 ? 3 : 0,
		.capacity_blocks = row->size_bytes / row->block_bytes,
		.thin = row->thin,
		.write_cache = true,
		.write_through = hints_write_through(row->hints),
		.offline = row->status == STATUS_OFFLINE,
		.read_only = row->access == LUN_READ_ONLY,
		.removable = row->removable,
		.threads = unit->target->thread_count,
		.dev = unit->dev,
		.store = &unit->store,
		.released = lu_released,
		.cache_changed = cache_changed,
		.job = target_job_asked,
		.job_event = target_job_event,
		.statistics = statistics,
		.arg = unit,
	};

	target_unit_identity(&desc.identity, row);
	unit->store = (struct scsi_store){ store_load, store_save, unit,
					   array_is_shared(unit->target->array) };
	return scsi_lu_new(&desc, &unit->lu);
}

/*
 * A unit whose reservations cannot be read would let in whoever they exclude, so it is not made,
 * and its commands are answered BUSY until an administrator clears them.
 */
static void
tell_unreadable(const struct target_unit *unit, int rc)
{
	char id[GUID_TEXT_SIZE];

	log_error_from(guid_format(&unit->lun_id, id), "lun.kept",
		       "lun=%s error=%s reason=\"what the catalog keeps of the LUN's persistent "
		       "reservations cannot be read; commands are answered BUSY until they are "
		       "cleared: vdsctl lun reservations --clear\"",
		       id, err_name(rc));
}

static int
unit_new(struct target *target, const struct state *state, const struct row_lun *row,
	 struct target_unit **ret_unit)
{
	size_t size = sizeof(struct target_unit) +
		      target->thread_count * sizeof(struct target_unit_share);
	struct target_unit *unit = aligned_alloc(64, (size + 63) / 64 * 64);

	if (unit == NULL)
		return -ENOMEM;
	memset(unit, 0, size);
	atomic_init(&unit->refs, 1);
	unit->target = target;
	unit->lun_id = row->id;
	unit->pool_id = row->pool_id;
	unit->made_ns = clock_mono_ns();
	unit->share_count = target->thread_count;
	for (unsigned i = 0; i < unit->share_count; i++) {
		unit->shares[i].unit = unit;
		list_init(&unit->shares[i].paths);
	}
	target_limit_set(&target->limits, &unit->limit, row->qos);
	int rc = target_limits_join_pool(unit, state, &row->pool_id);

	if (rc == 0)
		rc = array_lun_device(target->array, &row->id, &unit->dev);
	if (rc < 0) {
		target_limits_leave_pool(unit);
		mem_free(unit);
		return rc;
	}
	rc = make_lu(unit, row);
	if (rc == ERR_CORRUPT || rc == ERR_VERSION)
		tell_unreadable(unit, rc);
	if (rc < 0) {
		lu_released(unit);
		return rc;
	}
	*ret_unit = unit;
	return 0;
}

/* ---- The table of units ---- */

/* With units_lock. */
static void
take_level(struct target_unit *unit)
{
	const struct array_pool_level *level = guid_map_find(&unit->target->levels, &unit->pool_id);

	if (level != NULL)
		scsi_lu_set_space(unit->lu, level->free_bytes, level->low_bytes, level->crossed);
}

/* Remembers the level for units that are made later.  What is not remembered comes again soon. */
void
target_unit_pool_space(void *runtime, const struct array_pool_level *level)
{
	struct target *target = runtime;
	struct array_pool_level *known;
	struct target_unit *unit;

	pthread_mutex_lock(&target->units_lock);
	known = guid_map_find(&target->levels, &level->pool_id);
	if (known == NULL) {
		known = mem_alloc(sizeof(*known));
		if (known != NULL)
			known->pool_id = level->pool_id;
		if (known != NULL && guid_map_put(&target->levels, &known->pool_id, known) < 0)
			mem_free(TAKE(known));
	}
	if (known != NULL)
		*known = *level;
	for (size_t cursor = 0;
	     known != NULL && (unit = guid_map_next(&target->units, &cursor)) != NULL;)
		if (guid_equal(&unit->pool_id, &level->pool_id))
			take_level(unit);
	pthread_mutex_unlock(&target->units_lock);
}

void
target_unit_levels_free(struct target *target)
{
	struct array_pool_level *level;

	for (size_t cursor = 0; (level = guid_map_next(&target->levels, &cursor)) != NULL;)
		mem_free(level);
	guid_map_fini(&target->levels);
}

/*
 * Takes the device that the array has for the LUN now.  Returns the one before, to which the caller
 * has two references (the unit's and the logical unit's), or NULL: it is the same.  With
 * units_lock.
 */
static struct blk_dev *
renew_device(struct target_unit *unit)
{
	struct blk_dev *dev = array_lun_device_now(unit->target->array, &unit->lun_id);
	struct blk_dev *old = unit->dev;

	if (dev == NULL)
		return NULL;
	if (dev == old) {
		array_device_release(unit->target->array, dev);
		return NULL;
	}
	unit->dev = dev;
	(void)scsi_lu_set_device(unit->lu, dev);
	return old;
}

static void
release_twice(struct target *target, struct blk_dev *dev)
{
	blk_dev_unref(dev);
	array_device_release(target->array, dev);
}

/* Enters a unit in the table, unless another thread was faster: then the other's is returned. */
static int
enter(struct target *target, struct target_unit *made, struct target_unit **ret_unit)
{
	struct blk_dev *old = NULL;
	struct target_unit *unit;
	int rc = 0;

	pthread_mutex_lock(&target->units_lock);
	unit = guid_map_find(&target->units, &made->lun_id);
	if (unit == NULL) {
		/* target_unit_device finds a unit that is in the table, and no other */
		old = renew_device(made);
		rc = guid_map_put(&target->units, &made->lun_id, made);
		if (rc == 0) {
			unit = target_unit_ref(made);
			take_level(made);
		}
	} else {
		target_unit_ref(unit);
	}
	pthread_mutex_unlock(&target->units_lock);
	if (old != NULL)
		release_twice(target, old);
	if (unit != NULL)
		*ret_unit = unit;
	if (unit != made)
		target_unit_unref(made);
	else
		target_job_resume(unit);
	return rc;
}

int
target_unit_get(struct target *target, const struct state *state, const struct row_lun *row,
		struct target_unit **ret_unit)
{
	struct target_unit *unit = target_unit_find(target, &row->id);
	int rc = 0;

	if (unit != NULL) {
		*ret_unit = unit;
		return 0;
	}
	rc = unit_new(target, state, row, &unit);
	return rc < 0 ? rc : enter(target, unit, ret_unit);
}

void
target_unit_update(struct target *target, const struct state *state, const struct row_lun *row)
{
	uint64_t capacity_blocks = row->size_bytes / row->block_bytes;
	struct target_unit *unit = target_unit_find(target, &row->id);

	if (unit == NULL)
		return;
	if (capacity_blocks != scsi_lu_capacity_blocks(unit->lu))
		scsi_lu_set_capacity(unit->lu, capacity_blocks);
	scsi_lu_set_offline(unit->lu, row->status == STATUS_OFFLINE);
	scsi_lu_set_read_only(unit->lu, row->access == LUN_READ_ONLY);
	scsi_lu_set_write_through(unit->lu, hints_write_through(row->hints));
	target_limit_set(&target->limits, &unit->limit, row->qos);
	/* without memory the LUN counts for its pool of before */
	(void)target_limits_join_pool(unit, state, &row->pool_id);
	pthread_mutex_lock(&target->units_lock);
	if (!guid_equal(&unit->pool_id, &row->pool_id)) {
		unit->pool_id = row->pool_id;
		take_level(unit);
	}
	pthread_mutex_unlock(&target->units_lock);
	target_unit_unref(unit);
}

/* What a thread has to see before nobody uses a device any more. */
struct round {
	struct loop_msg msg;
	struct target_ack *ack;
};

static void
round_done(struct loop_msg *msg)
{
	target_ack_one(container_of(msg, struct round, msg)->ack);
}

/*
 * Waits until every data-path thread has ended what it was doing: outside of commands, which the
 * caller has drained, none keeps a pointer to a device from one message to the next.
 */
static void
wait_for_threads(struct target *target)
{
	struct round rounds[TARGET_THREADS_MAX];
	struct target_ack ack;

	target_ack_init(&ack, target->thread_count);
	for (unsigned i = 0; i < target->thread_count; i++) {
		rounds[i] = (struct round){ .msg.run = round_done, .ack = &ack };
		loop_post(target->threads[i].loop, &rounds[i].msg);
	}
	target_ack_wait(&ack, UINT32_MAX);
	target_ack_fini(&ack);
}

void
target_unit_device(void *runtime, const struct guid *lun_id)
{
	struct target *target = runtime;
	struct target_unit *unit;
	struct blk_dev *old = NULL;

	pthread_mutex_lock(&target->units_lock);
	unit = guid_map_find(&target->units, lun_id);
	if (unit != NULL)
		old = renew_device(unit);
	pthread_mutex_unlock(&target->units_lock);
	if (old == NULL)
		return;
	wait_for_threads(target);
	release_twice(target, old);
}

struct target_unit *
target_unit_find(struct target *target, const struct guid *lun_id)
{
	pthread_mutex_lock(&target->units_lock);
	struct target_unit *unit = guid_map_find(&target->units, lun_id);

	if (unit != NULL)
		target_unit_ref(unit);
	pthread_mutex_unlock(&target->units_lock);
	return unit;
}

void
target_unit_forget(struct target *target, const struct guid *lun_id)
{
	pthread_mutex_lock(&target->units_lock);
	struct target_unit *unit = guid_map_remove(&target->units, lun_id);

	pthread_mutex_unlock(&target->units_lock);
	if (unit != NULL)
		target_job_forget(unit);
	target_unit_unref(unit);
}

void
target_unit_forget_all(struct target *target)
{
	struct target_unit *unit;

	for (size_t cursor = 0; (unit = guid_map_next(&target->units, &cursor)) != NULL;)
		target_unit_unref(unit);
	guid_map_fini(&target->units);
	guid_map_init(&target->units);
}

void
target_unit_recovered(struct target *target, const struct guid *lun_id)
{
	pthread_mutex_lock(&target->units_lock);
	const struct target_unit *unit = guid_map_find(&target->units, lun_id);

	if (unit != NULL)
		scsi_lu_recovered(unit->lu);
	pthread_mutex_unlock(&target->units_lock);
}

void
target_unit_replaced(struct target *target, const struct guid *lun_id)
{
	pthread_mutex_lock(&target->units_lock);
	const struct target_unit *unit = guid_map_find(&target->units, lun_id);

	if (unit != NULL)
		scsi_lu_replaced(unit->lu);
	pthread_mutex_unlock(&target->units_lock);
}

/* ---- For those who read what was counted ---- */

int
target_unit_list(struct target *target, struct target_unit ***ret_units)
{
	struct target_unit **units, *unit;
	int count = 0;

	pthread_mutex_lock(&target->units_lock);
	units = mem_alloc((target->units.count + 1) * sizeof(units[0]));
	for (size_t cursor = 0;
	     units != NULL && (unit = guid_map_next(&target->units, &cursor)) != NULL;)
		units[count++] = target_unit_ref(unit);
	pthread_mutex_unlock(&target->units_lock);
	if (units == NULL)
		return -ENOMEM;
	*ret_units = units;
	return count;
}
