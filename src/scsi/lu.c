/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logical units: what all nexuses of a unit share.  A unit is immutable but for its atomics, its
 * range lock and its job (job.c), so any thread may call what is here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

static bool
is_ascii(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);

	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return len <= max;
}

static bool
identity_is_valid(const struct scsi_identity *id)
{
	return id->naa[0] >> 4 == 3 && is_ascii(id->vendor, 8) && is_ascii(id->product, 16) &&
	       is_ascii(id->revision, 4) && is_ascii(id->serial, SCSI_SERIAL_BYTES) &&
	       id->serial[0] != '\0';
}

static bool
desc_is_valid(const struct scsi_lu_desc *desc)
{
	return identity_is_valid(&desc->identity) &&
	       (desc->block_bytes == 512 || desc->block_bytes == 4096) &&
	       desc->physical_exponent <= 15 && desc->capacity_blocks > 0 &&
	       desc->capacity_blocks <= (uint64_t)INT64_MAX / desc->block_bytes &&
	       desc->dev != NULL && desc->max_transfer_bytes % desc->block_bytes == 0;
}

unsigned
scsi_lu_mode_default(const struct scsi_lu *lu)
{
	return lu->desc.write_cache && !atomic_load(&lu->write_through) ? MODE_WCE : 0;
}

unsigned
scsi_lu_mode_saved(const struct scsi_lu *lu)
{
	unsigned saved = atomic_load(&lu->saved), mask = saved >> 8;

	return (scsi_lu_mode_default(lu) & ~mask) | (saved & mask);
}

void
scsi_lu_mode_changed(struct scsi_lu *lu, unsigned before, unsigned after)
{
	if (((before ^ after) & MODE_WCE) != 0 && lu->desc.cache_changed != NULL)
		lu->desc.cache_changed(lu->desc.arg, (after & MODE_WCE) == 0);
}

void
scsi_lu_set_write_through(struct scsi_lu *lu, bool write_through)
{
	unsigned before, after;

	if (atomic_exchange(&lu->write_through, write_through) == write_through)
		return;
	/* what an initiator has saved before is over */
	atomic_fetch_and(&lu->saved, ~((unsigned)MODE_WCE << 8));
	before = atomic_load(&lu->mode);
	do {
		after = (before & ~(unsigned)MODE_WCE) |
			(scsi_lu_mode_default(lu) & (unsigned)MODE_WCE);
	} while (!atomic_compare_exchange_weak(&lu->mode, &before, after));
	if (after != before)
		scsi_lu_raise(lu, SCSI_UA_MODE, NULL);
	scsi_lu_mode_changed(lu, before, after);
}

int
scsi_lu_new(const struct scsi_lu_desc *desc, struct scsi_lu **ret_lu)
{
	uint32_t max_transfer_bytes = desc->max_transfer_bytes != 0 ? desc->max_transfer_bytes
								    : SCSI_MAX_TRANSFER_BYTES;
	unsigned shards = desc->threads == 0 ? RANGE_SHARDS : MIN(desc->threads, RANGE_SHARDS);
	struct scsi_lu *lu;

	if (!desc_is_valid(desc))
		return err_set(ERR_INVALID, "the block size, the capacity or the identity of the "
					    "logical unit is not valid");
	lu = mem_calloc(1, sizeof(*lu) + scsi_range_shard_bytes(shards));
	if (lu == NULL)
		return -ENOMEM;
	lu->desc = *desc;
	atomic_init(&lu->dev, blk_dev_ref(desc->dev));
	lu->block_shift = desc->block_bytes == 512 ? 9 : 12;
	lu->max_transfer_blocks = max_transfer_bytes >> lu->block_shift;
	atomic_init(&lu->unmaps, desc->thin && desc->dev->can_unmap);
	atomic_init(&lu->refs, 1);
	atomic_init(&lu->capacity_blocks, desc->capacity_blocks);
	atomic_init(&lu->away, desc->offline ? AWAY_OFFLINE : 0);
	atomic_init(&lu->read_only, desc->read_only);
	atomic_init(&lu->space_level, -1);
	scsi_medium_reset(lu);
	atomic_init(&lu->write_through, desc->write_through);
	atomic_init(&lu->mode, scsi_lu_mode_default(lu));
	scsi_range_init(&lu->ranges, shards);
	scsi_reserve_init(&lu->reserve);
	scsi_tokens_init(&lu->tokens);
	scsi_job_init(&lu->job);
	scsi_info_init(&lu->info);
	scsi_self_test_init(&lu->test);
	lu->made_ns = clock_mono_ns();
	int rc = scsi_reserve_load(lu);

	if (rc == 0)
		rc = scsi_mode_load(lu);
	if (rc == 0)
		rc = scsi_job_load(lu);
	if (rc == 0)
		rc = scsi_info_load(lu);
	atomic_store(&lu->mode, scsi_lu_mode_saved(lu));
	if (rc < 0) {
		lu->desc.released = NULL; /* the caller does not have the unit */
		scsi_lu_unref(lu);
		return rc;
	}
	*ret_lu = lu;
	return 0;
}

struct scsi_lu *
scsi_lu_ref(struct scsi_lu *lu)
{
	atomic_fetch_add_explicit(&lu->refs, 1, memory_order_relaxed);
	return lu;
}

void
scsi_lu_unref(struct scsi_lu *lu)
{
	if (lu == NULL || atomic_fetch_sub_explicit(&lu->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (lu->desc.released != NULL)
		lu->desc.released(lu->desc.arg);
	blk_dev_unref(scsi_lu_device(lu));
	scsi_range_fini(&lu->ranges);
	scsi_reserve_fini(&lu->reserve);
	scsi_tokens_fini(&lu->tokens);
	scsi_job_fini(&lu->job);
	scsi_info_fini(&lu->info);
	scsi_self_test_fini(&lu->test);
	mem_free(lu);
}

struct blk_dev *
scsi_lu_device(const struct scsi_lu *lu)
{
	return atomic_load_explicit(&lu->dev, memory_order_acquire);
}

struct blk_dev *
scsi_lu_set_device(struct scsi_lu *lu, struct blk_dev *dev)
{
	bool unmaps = lu->desc.thin && dev->can_unmap;

	if (atomic_exchange(&lu->unmaps, unmaps) != unmaps)
		scsi_lu_raise(lu, SCSI_UA_INQUIRY, NULL);
	scsi_tokens_cancel(lu);
	return atomic_exchange(&lu->dev, blk_dev_ref(dev));
}

void
scsi_lu_set_capacity(struct scsi_lu *lu, uint64_t capacity_blocks)
{
	atomic_store_explicit(&lu->capacity_blocks, capacity_blocks, memory_order_release);
	scsi_lu_raise(lu, SCSI_UA_CAPACITY, NULL);
}

uint64_t
scsi_lu_capacity_blocks(const struct scsi_lu *lu)
{
	return atomic_load_explicit(&lu->capacity_blocks, memory_order_acquire);
}

void
scsi_lu_set_offline(struct scsi_lu *lu, bool offline)
{
	/*
	 * The array may change the blocks of a unit that is offline.  When it is back,
	 * SCSI_UA_CAPACITY cancels what a POPULATE TOKEN that was under way has made.
	 */
	if (offline) {
		if ((atomic_fetch_or(&lu->away, AWAY_OFFLINE) & AWAY_OFFLINE) == 0)
			scsi_tokens_cancel(lu);
	} else if (atomic_load(&lu->away) & AWAY_OFFLINE) {
		atomic_fetch_and(&lu->away, ~(unsigned)(AWAY_OFFLINE | AWAY_EJECTED));
		scsi_lu_raise(lu, SCSI_UA_CAPACITY, NULL);
		scsi_job_go_on(lu);
	}
}

void
scsi_lu_set_read_only(struct scsi_lu *lu, bool read_only)
{
	if (atomic_exchange(&lu->read_only, read_only) != read_only)
		scsi_lu_raise(lu, SCSI_UA_MODE, NULL);
}

void
scsi_lu_set_space(struct scsi_lu *lu, uint64_t free_bytes, uint64_t threshold_bytes, unsigned level)
{
	int before;

	atomic_store(&lu->free_bytes, free_bytes);
	atomic_store(&lu->threshold_bytes, threshold_bytes);
	before = atomic_exchange(&lu->space_level, (int)level);
	if (before >= 0 && (int)level > before && lu->unmaps)
		scsi_lu_raise(lu, SCSI_UA_SOFT_THRESHOLD, NULL);
}

static enum scsi_lu_state
state_away(unsigned away)
{
	if (away & AWAY_OFFLINE)
		return SCSI_LU_OFFLINE;
	if (away & AWAY_SANITIZES)
		return SCSI_LU_SANITIZES;
	if (away & AWAY_FORMATS)
		return SCSI_LU_FORMATS;
	if (away & AWAY_NOT_SANITIZED)
		return SCSI_LU_NOT_SANITIZED;
	return away & AWAY_CORRUPT ? SCSI_LU_CORRUPT : SCSI_LU_NO_MEDIUM;
}

enum scsi_lu_state
scsi_lu_state(const struct scsi_lu *lu)
{
	unsigned away = atomic_load_explicit(&lu->away, memory_order_acquire);

	if (__builtin_expect(away != 0, 0))
		return state_away(away);
	return blk_has_failed(scsi_lu_device(lu)) ? SCSI_LU_FAILED : SCSI_LU_ONLINE;
}

/*
 * The device tells its listener, the array.  After ERR_FAILED it has done so already, unless a
 * device below it has failed, whose reason it takes over.
 */
void
scsi_lu_fail(struct scsi_lu *lu, int error)
{
	struct blk_dev *dev = scsi_lu_device(lu);
	char reason[sizeof(dev->reason)];

	if (blk_failed(dev, reason, sizeof(reason)) == 0 || reason[0] == '\0')
		snprintf(reason, sizeof(reason), "%s",
			 error == ERR_CORRUPT ? "the backing store is not sound"
					      : "the backing store has failed");
	blk_fail(dev, -EIO, reason);
}

void
scsi_lu_fence(struct scsi_lu *lu)
{
	atomic_fetch_add(&lu->fences, 1);
}

bool
scsi_lu_unfence(struct scsi_lu *lu)
{
	return atomic_fetch_sub(&lu->fences, 1) == 1;
}

bool
scsi_lu_is_fenced(const struct scsi_lu *lu)
{
	return atomic_load_explicit(&lu->fences, memory_order_acquire) != 0;
}

const struct scsi_identity *
scsi_lu_identity(const struct scsi_lu *lu)
{
	return &lu->desc.identity;
}

uint32_t
scsi_lu_block_bytes(const struct scsi_lu *lu)
{
	return lu->desc.block_bytes;
}

void
scsi_lu_reset(struct scsi_lu *lu, struct scsi_itl *by)
{
	unsigned after = scsi_lu_mode_saved(lu), before = atomic_exchange(&lu->mode, after);

	scsi_lu_mode_changed(lu, before, after);
	scsi_reserve_reset(lu);
	scsi_medium_reset(lu);
	scsi_self_test_abort(lu, SCSI_TEST_ENDED);
	scsi_lu_raise(lu, SCSI_UA_LU_RESET, by);
}
