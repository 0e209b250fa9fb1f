/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RESERVE and RELEASE, (6) and (10), of SPC-2, with SPC-5's "exceptions to SPC-2 RESERVE and
 * RELEASE behavior" (CRH).  A RESERVE holds the whole unit for one nexus until it sends RELEASE,
 * its session ends, or the unit is reset; it never survives a restart.  On the task's thread.
 */
#include "base/mem.h"
#include "scsi/scsi_int.h"

/* Third parties and extents were optional, and are not supported. */
int
scsi_reserve6_parse(struct scsi_task *task)
{
	if ((task->cdb[1] & 0x10) != 0)
		return scsi_sense_invalid_field(task, 1, 4);
	if ((task->cdb[1] & 0x01) != 0)
		return scsi_sense_invalid_field(task, 1, 0);
	return scsi_expect_none(task);
}

int
scsi_reserve10_parse(struct scsi_task *task)
{
	if ((task->cdb[1] & 0x02) != 0)
		return scsi_sense_invalid_field(task, 1, 1);
	return scsi_reserve6_parse(task);
}

enum old_answer { OLD_GOES_ON, OLD_GOOD, OLD_CONFLICT };

/*
 * What is answered while keys are registered.  CRH: to the holder of the reservation, and to a
 * registrant of a type for registrants, GOOD without any effect; to anybody else a conflict.
 */
static enum old_answer
while_registered(const struct scsi_itl *itl, const struct scsi_reservations *now)
{
	const struct scsi_nexus *nexus = itl->nexus;
	int own;

	if (now == NULL || now->count == 0)
		return OLD_GOES_ON;
	own = scsi_reservations_find(now, nexus->initiator_name, nexus->isid,
				     nexus->relative_port_id);
	if (scsi_reservations_holds(now, own) ||
	    (own >= 0 && scsi_reserve_type_is_shared(now->type)))
		return OLD_GOOD;
	return OLD_CONFLICT;
}

static int
answer(struct scsi_task *task, enum old_answer answer)
{
	return answer == OLD_CONFLICT ? scsi_status(task, SCSI_STATUS_RESERVATION_CONFLICT)
				      : scsi_good(task);
}

bool
scsi_reserve_is_held_by(const struct scsi_itl *itl)
{
	struct scsi_reserve *reserve = &itl->lu->reserve;
	bool holds;

	pthread_mutex_lock(&reserve->mutex);
	holds = reserve->reserved_by == itl;
	pthread_mutex_unlock(&reserve->mutex);
	return holds;
}

int
scsi_reserve_execute(struct scsi_task *task)
{
	struct scsi_reserve *reserve = &scsi_task_lu(task)->reserve;
	enum old_answer what;
	bool busy;

	pthread_mutex_lock(&reserve->mutex);
	/* a registration that is being kept would otherwise meet this RESERVE */
	busy = reserve->busy;
	what = while_registered(task->itl, reserve->now);
	if (what == OLD_GOES_ON && reserve->reserved_by != NULL &&
	    reserve->reserved_by != task->itl)
		what = OLD_CONFLICT;
	if (what == OLD_GOES_ON && !busy && reserve->reserved_by == NULL) {
		reserve->reserved_by = task->itl;
		atomic_fetch_add_explicit(&reserve->sequence, 1, memory_order_release);
	}
	pthread_mutex_unlock(&reserve->mutex);
	if (what == OLD_GOES_ON && busy)
		return scsi_status(task, SCSI_STATUS_BUSY);
	return answer(task, what);
}

int
scsi_release_execute(struct scsi_task *task)
{
	struct scsi_reserve *reserve = &scsi_task_lu(task)->reserve;
	enum old_answer what;

	pthread_mutex_lock(&reserve->mutex);
	what = while_registered(task->itl, reserve->now);
	if (what == OLD_GOES_ON && reserve->reserved_by == task->itl) {
		reserve->reserved_by = NULL;
		atomic_fetch_add_explicit(&reserve->sequence, 1, memory_order_release);
	}
	pthread_mutex_unlock(&reserve->mutex);
	return answer(task, what);
}
