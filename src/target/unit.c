/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Units: a LUN's device, its SCSI logical unit and its counters.  A unit lives as long as a view
 * or a session's path has it, so a deleted LUN's device is given back after its last command.
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

/* On the reporter: the array may hold locks while it waits for our threads. */
static void
give_back(struct work *work)
{
	struct target_unit *unit = container_of(work, struct target_unit, release);

	if (unit->stand_in)
		blk_dev_unref(unit->dev);
	else
		array_device_release(unit->target->array, unit->dev);
	mem_free(unit);
}

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

static int
open_device(struct target_unit *unit, const struct row_lun *row)
{
	int r = array_lun_device(unit->target->array, &row->id, &unit->dev);

	if (r == 0)
		return 0;
	unit->stand_in = true;
	r = blk_null_new(row->name, row->size_bytes, &unit->dev);
	if (r == 0)
		blk_fail(unit->dev, -EIO, "the device cannot be opened");
	return r;
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
	};
	snprintf(id->serial, sizeof(id->serial), "%s", row->serial);
	if (row->naa != NULL && strlen(row->naa) == 16)
		parse_naa(row->naa, id->naa);
}

static enum scsi_lu_state
state_of(const struct target_unit *unit, const struct row_lun *row)
{
	if (row->status == STATUS_OFFLINE)
		return SCSI_LU_OFFLINE;
	return blk_failed(unit->dev, NULL, 0) < 0 ? SCSI_LU_FAILED : SCSI_LU_ONLINE;
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
		.state = state_of(unit, row),
		.dev = unit->dev,
		.released = lu_released,
		.arg = unit,
	};

	fill_identity(&desc.identity, row);
	return scsi_lu_new(&desc, &unit->lu);
}

int
target_unit_new(struct target *target, const struct row_lun *row, struct target_unit **ret_unit)
{
	size_t size = sizeof(struct target_unit) +
		      target->thread_count * sizeof(struct target_unit_counters);
	struct target_unit *unit = aligned_alloc(64, (size + 63) / 64 * 64);

	if (unit == NULL)
		return -ENOMEM;
	memset(unit, 0, size);
	atomic_init(&unit->refs, 1);
	unit->target = target;
	unit->lun_id = row->id;
	unit->counter_count = target->thread_count;
	int r = open_device(unit, row);

	if (r < 0) {
		mem_free(unit);
		return r;
	}
	r = make_lu(unit, row);
	if (r < 0) {
		lu_released(unit);
		return r;
	}
	*ret_unit = unit;
	return 0;
}

bool
target_unit_update(struct target_unit *unit, const struct row_lun *row)
{
	uint64_t capacity_blocks = row->size_bytes / row->block_bytes;

	if (unit->stand_in || row->block_bytes != scsi_lu_block_bytes(unit->lu))
		return false;
	if (capacity_blocks != scsi_lu_capacity_blocks(unit->lu))
		scsi_lu_set_capacity(unit->lu, capacity_blocks);
	if (state_of(unit, row) != scsi_lu_state(unit->lu))
		scsi_lu_set_state(unit->lu, state_of(unit, row));
	return true;
}

/* An administrator's OFFLINE is left alone. */
void
target_unit_revive(struct target_unit *unit)
{
	if (scsi_lu_state(unit->lu) == SCSI_LU_FAILED && blk_failed(unit->dev, NULL, 0) == 0)
		scsi_lu_set_state(unit->lu, SCSI_LU_ONLINE);
}

static void
sum_counters(const struct target_unit *unit, struct array_lun_counters *ret)
{
	*ret = (struct array_lun_counters){ 0 };
	for (unsigned i = 0; i < unit->counter_count; i++) {
		const struct target_unit_counters *c = &unit->counters[i];

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
