/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The medium of a removable unit: START STOP UNIT and PREVENT ALLOW MEDIUM REMOVAL.  task.c calls
 * the functions of the two commands through the table in cmd.c, on the task's thread.
 *
 * An ejected medium is still there; only the unit does not show it, until somebody loads it again:
 * an initiator, an administrator who sets the LUN offline and online, or the next start.  A nexus
 * that prevents the removal is counted in lu->preventers: the count is in the low half, and in the
 * high half the number of resets, by which an older count is known to be over.
 *
 * Source: SBC-4 (START STOP UNIT), SPC-5 (PREVENT ALLOW MEDIUM REMOVAL, removable medium).
 */
#include "scsi/scsi_int.h"

enum {
	START = 0x01,
	LOEJ = 0x02,
	NO_FLUSH = 0x04,
	/* POWER CONDITION */
	START_VALID = 0x0,
	ACTIVE = 0x1,
	LU_CONTROL = 0x7,
};

/* ---- PREVENT ALLOW MEDIUM REMOVAL ---- */

void
scsi_medium_reset(struct scsi_lu *lu)
{
	uint64_t before = atomic_load(&lu->preventers);

	while (!atomic_compare_exchange_weak(&lu->preventers, &before, ((before >> 32) + 1) << 32))
		;
}

void
scsi_medium_allow(struct scsi_itl *itl)
{
	uint64_t before;
	uint32_t resets = itl->prevents;

	itl->prevents = 0;
	if (resets == 0)
		return;
	before = atomic_load(&itl->lu->preventers);
	while (before >> 32 == resets &&
	       !atomic_compare_exchange_weak(&itl->lu->preventers, &before, before - 1))
		;
}

static void
prevent(struct scsi_itl *itl)
{
	uint64_t before = atomic_load(&itl->lu->preventers);

	if (itl->prevents == before >> 32)
		return;
	while (!atomic_compare_exchange_weak(&itl->lu->preventers, &before, before + 1))
		;
	itl->prevents = (uint32_t)(before >> 32);
}

/* 10b and 11b are obsolete. */
int
scsi_prevent_parse(struct scsi_task *task)
{
	if (task->cdb[4] & 0x02)
		return scsi_sense_invalid_field(task, 4, 1);
	return scsi_expect_none(task);
}

/* A medium that is not removable stays in any case. */
int
scsi_prevent_execute(struct scsi_task *task)
{
	if (!scsi_task_lu(task)->desc.removable)
		return scsi_good(task);
	if (task->cdb[4] & 0x01)
		prevent(task->itl);
	else
		scsi_medium_allow(task->itl);
	return scsi_good(task);
}

/* ---- START STOP UNIT ---- */

/*
 * Power conditions do not exist, so that ACTIVE is what the unit is, and LU_CONTROL finds no
 * timer; with both, START and LOEJ are ignored.  The others are refused.  On a unit that is not
 * removable START succeeds, since it is always ready; STOP and LOEJ are refused: a stopped unit
 * would be stopped for every initiator that uses it, and one of them must not do that to the
 * others.  An administrator takes a LUN offline.
 */
int
scsi_start_stop_parse(struct scsi_task *task)
{
	const uint8_t *cdb = task->cdb;
	unsigned power = cdb[4] >> 4;

	if (power != START_VALID && power != ACTIVE && power != LU_CONTROL)
		return scsi_sense_invalid_field(task, 4, 7);
	if (cdb[3] & 0x0f) /* POWER CONDITION MODIFIER */
		return scsi_sense_invalid_field(task, 3, 3);
	if (power != START_VALID)
		return scsi_expect_none(task);
	if (scsi_task_lu(task)->desc.removable)
		return scsi_expect_none(task);
	if (cdb[4] & LOEJ)
		return scsi_sense_invalid_field(task, 4, 1);
	if (!(cdb[4] & START))
		return scsi_sense_invalid_field(task, 4, 0);
	return scsi_expect_none(task);
}

static int
load(struct scsi_task *task)
{
	struct scsi_lu *lu = scsi_task_lu(task);

	if (atomic_fetch_and(&lu->away, ~(unsigned)AWAY_EJECTED) & AWAY_EJECTED)
		scsi_lu_raise(lu, SCSI_UA_MEDIUM, task->itl);
	return scsi_good(task);
}

/* Somebody may have prevented it while the cache was written. */
static int
eject(struct scsi_task *task)
{
	struct scsi_lu *lu = scsi_task_lu(task);

	if (!(task->cdb[4] & LOEJ))
		return scsi_good(task);
	if ((uint32_t)atomic_load(&lu->preventers) != 0)
		return scsi_sense_removal_prevented(task);
	atomic_fetch_or(&lu->away, AWAY_EJECTED);
	return scsi_good(task);
}

static int
flushed(struct scsi_task *task)
{
	return task->io.result == 0 ? eject(task)
				    : scsi_sense_blk(task, task->io.result, SENSE_NO_LBA);
}

/*
 * There is no motor to stop: STOP makes what was written durable, and the unit is ready all the
 * same.  So is what comes before an ejection.  While the removal is prevented LOEJ is refused in
 * both directions, as tgt does it: the door stays as it is.
 */
int
scsi_start_stop_execute(struct scsi_task *task)
{
	uint8_t flags = task->cdb[4];
	struct scsi_lu *lu = scsi_task_lu(task);

	if (flags >> 4 != START_VALID)
		return scsi_good(task);
	if ((flags & LOEJ) && (uint32_t)atomic_load(&lu->preventers) != 0)
		return scsi_sense_removal_prevented(task);
	if (flags & START)
		return flags & LOEJ ? load(task) : scsi_good(task);
	if ((flags & NO_FLUSH) || scsi_lu_state(lu) == SCSI_LU_NO_MEDIUM)
		return eject(task);
	return scsi_io(task, BLK_FLUSH, 0, 0, 0, NULL, 0, flushed);
}
