/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Units: a LUN's block device, its SCSI logical unit and its counters, one unit for each LUN row
 * (struct target_unit says how long it lives).  The publisher makes, updates and forgets units;
 * data-path threads use them through their views and paths without a lock.  The block device is the
 * one authority for the unit's health, the row for whether it is offline.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "target/target_int.h"
#include "model/identity.h"

/* The reporter does this: the array may hold locks while it waits for a data-path thread. */
static void
give_back(struct work *work)
{
	struct target_unit *unit = container_of(work, struct target_unit, release);

	array_device_release(unit->target->array, unit->dev);
	mem_free(unit);
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

static void
fill_identity(struct scsi_identity *id, const struct row_lun *row)
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

static int
make_lu(struct target_unit *unit, const struct row_lun *row)
{
	struct scsi_lu_desc desc = {
		.block_bytes = row->block_bytes,
		.physical_exponent = row->block_bytes == 512 ? 3 : 0,
		.capacity_blocks = row->size_bytes / row->block_bytes,
		.thin = row->thin,
		.write_cache = true,
		.offline = row->status == STATUS_OFFLINE,
		.threads = unit->target->thread_count,
		.dev = unit->dev,
		.released = lu_released,
		.arg = unit,
	};

	fill_identity(&desc.identity, row);
	return scsi_lu_new(&desc, &unit->lu);
}

static int
unit_new(struct target *target, const struct row_lun *row, struct target_unit **ret_unit)
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
	unit->share_count = target->thread_count;
	for (unsigned i = 0; i < unit->share_count; i++)
		list_init(&unit->shares[i].paths);
	int rc = array_lun_device(target->array, &row->id, &unit->dev);

	if (rc < 0) {
		mem_free(unit);
		return rc;
	}
	rc = make_lu(unit, row);
	if (rc < 0) {
		lu_released(unit);
		return rc;
	}
	*ret_unit = unit;
	return 0;
}

/* ---- The table of units ---- */

static void
update(struct target_unit *unit, const struct row_lun *row)
{
	uint64_t capacity_blocks = row->size_bytes / row->block_bytes;

	if (capacity_blocks != scsi_lu_capacity_blocks(unit->lu))
		scsi_lu_set_capacity(unit->lu, capacity_blocks);
	scsi_lu_set_offline(unit->lu, row->status == STATUS_OFFLINE);
}

int
target_unit_get(struct target *target, const struct row_lun *row, struct target_unit **ret_unit)
{
	struct target_unit *unit = guid_map_find(&target->units, &row->id);
	int rc = 0;

	if (unit != NULL) {
		update(unit, row);
		*ret_unit = unit;
		return 0;
	}
	rc = unit_new(target, row, &unit);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&target->units_lock);
	rc = guid_map_put(&target->units, &row->id, unit);
	pthread_mutex_unlock(&target->units_lock);
	if (rc < 0)
		target_unit_unref(unit);
	else
		*ret_unit = unit;
	return rc;
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
		scsi_lu_raise(unit->lu, SCSI_UA_CAPACITY, NULL);
	pthread_mutex_unlock(&target->units_lock);
}

/* ---- Counters ---- */

static void
sum_counters(const struct target_unit *unit, struct array_lun_counters *ret)
{
	*ret = (struct array_lun_counters){ 0 };
	for (unsigned i = 0; i < unit->share_count; i++) {
		const struct target_unit_share *c = &unit->shares[i];

		ret->read_commands += atomic_load_explicit(&c->read_commands, memory_order_relaxed);
		ret->write_commands += atomic_load_explicit(&c->write_commands,
							    memory_order_relaxed);
		ret->other_commands += atomic_load_explicit(&c->other_commands,
							    memory_order_relaxed);
		ret->read_bytes += atomic_load_explicit(&c->read_bytes, memory_order_relaxed);
		ret->write_bytes += atomic_load_explicit(&c->write_bytes, memory_order_relaxed);
	}
}

int
target_unit_sample(struct target *target, const struct guid *lun_id,
		   struct array_lun_counters *ret_counters)
{
	pthread_mutex_lock(&target->units_lock);
	const struct target_unit *unit = guid_map_find(&target->units, lun_id);

	if (unit != NULL)
		sum_counters(unit, ret_counters);
	pthread_mutex_unlock(&target->units_lock);
	return unit != NULL ? 0 : ERR_NOT_FOUND;
}
