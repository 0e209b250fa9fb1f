/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PERSISTENT RESERVE OUT as a task: its parameter data, its turn, and its end.
 *
 *	execute --parameters--> waits for its turn --go--> makes the change --> is being kept
 *		--saved--> (PREEMPT AND ABORT: tasks of others end) --> GOOD
 *
 * The change (struct scsi_change) is the task's, but once the store has it, it goes on without the
 * task when that is aborted.  `stage` and `task` of a change are guarded by the mutex of the unit's
 * struct scsi_reserve, since the store calls on threads of its own.  Source: SPC-5.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

enum stage {
	STAGE_NEW,     /* it has no turn */
	STAGE_WAITS,   /* in reserve->waiting */
	STAGE_TURN,    /* it has its turn; the task's thread works on it, or will soon */
	STAGE_KEEPING, /* the store has it */
	STAGE_KEPT,    /* the store has ended; the task's thread goes on soon */
};

#define LIST_BYTES     24u   /* the parameter list without TransportIDs */
#define LIST_BYTES_MAX 8192u /* with them: some 32 of the largest */

int
scsi_prout_parse(struct scsi_task *task)
{
	uint32_t len = get_be32(task->cdb + 5);

	if (len < LIST_BYTES || len > LIST_BYTES_MAX)
		return scsi_sense_parameter_length(task);
	return scsi_expect_parameters(task, len);
}

/* ---- The parameter list ---- */

/* Reads TransportIDs that fill [at, len) of the list.  SCSI_GO or SCSI_DONE. */
static int
get_transport_ids(struct scsi_task *task, struct scsi_change *change, const uint8_t *list,
		  size_t at, size_t len)
{
	/* each takes 24 bytes or more */
	change->ports = mem_calloc((len - at) / 24 + 1, sizeof(change->ports[0]));
	if (change->ports == NULL)
		return scsi_status(task, SCSI_STATUS_BUSY);
	while (at < len) {
		int size = scsi_transport_id_get(list + at, len - at,
						 &change->ports[change->port_count]);

		if (size < 0)
			return scsi_sense_invalid_parameter(task, (unsigned)at, -1);
		change->port_count++;
		at += (size_t)size;
	}
	return SCSI_GO;
}

/* REGISTER AND MOVE has a list of its own. */
static int
get_move(struct scsi_task *task, struct scsi_change *change, const uint8_t *list, size_t len)
{
	change->unreg = (list[17] & 0x02) != 0;
	change->aptpl = (list[17] & 0x01) != 0;
	change->move_port = get_be16(list + 18);
	if (get_be32(list + 20) != len - LIST_BYTES)
		return scsi_sense_parameter_length(task);
	return get_transport_ids(task, change, list, LIST_BYTES, len);
}

static int
get_list(struct scsi_task *task, struct scsi_change *change, const uint8_t *list, size_t len)
{
	bool registers = change->action == PROUT_REGISTER ||
			 change->action == PROUT_REGISTER_AND_IGNORE;

	change->key = get_be64(list);
	change->action_key = get_be64(list + 8);
	if (change->action == PROUT_REGISTER_AND_MOVE)
		return get_move(task, change, list, len);
	change->spec_i_pt = (list[20] & 0x08) != 0;
	if (change->spec_i_pt && change->action != PROUT_REGISTER)
		return scsi_sense_invalid_parameter(task, 20, 3);
	/* ignored by the other service actions */
	change->all_tg_pt = registers && (list[20] & 0x04) != 0;
	change->aptpl = registers && (list[20] & 0x01) != 0;
	if (!change->spec_i_pt)
		return len == LIST_BYTES ? SCSI_GO : scsi_sense_parameter_length(task);
	if (len < LIST_BYTES + 4 || get_be32(list + LIST_BYTES) != len - LIST_BYTES - 4)
		return scsi_sense_parameter_length(task);
	return get_transport_ids(task, change, list, LIST_BYTES + 4, len);
}

/* The target ports that the request means: all of the unit's, or the one it came through. */
static int
get_target_ports(struct scsi_task *task, struct scsi_change *change)
{
	bool all = change->all_tg_pt || change->action == PROUT_REGISTER_AND_MOVE;
	size_t count = all ? task->nexus->ops->ports(task->itl, NULL, 0) : 0, found;

	change->target_ports = mem_calloc(count + 1, sizeof(change->target_ports[0]));
	if (change->target_ports == NULL)
		return scsi_status(task, SCSI_STATUS_BUSY);
	if (all) {
		found = task->nexus->ops->ports(task->itl, change->target_ports, count);
		change->target_port_count = MIN(found, count);
	}
	/* its own port counts also when the target has just lost the unit */
	for (size_t i = 0; i < change->target_port_count; i++)
		if (change->target_ports[i] == change->by.port)
			return SCSI_GO;
	change->target_ports[change->target_port_count++] = change->by.port;
	return SCSI_GO;
}

static int
get_parameters(struct scsi_task *task, struct scsi_change *change)
{
	size_t len = get_be32(task->cdb + 5);
	AUTO_FREE uint8_t *list = mem_alloc(len);
	int rc;

	if (list == NULL)
		return scsi_status(task, SCSI_STATUS_BUSY);
	scsi_out_copy(task, 0, list, len);
	rc = get_list(task, change, list, len);
	return rc == SCSI_GO ? get_target_ports(task, change) : rc;
}

/* ---- Stages ---- */

static void
set_stage(struct scsi_change *change, enum stage stage)
{
	pthread_mutex_lock(&change->lu->reserve.mutex);
	change->stage = (uint8_t)stage;
	pthread_mutex_unlock(&change->lu->reserve.mutex);
}

static void
change_free(struct scsi_change *change)
{
	scsi_lu_unref(change->lu);
	scsi_change_fini(change);
	mem_free(change);
}

/* The turn of a waiting change has come.  Under no lock; any thread. */
static void
go(struct scsi_change *change)
{
	struct scsi_task *task;

	pthread_mutex_lock(&change->lu->reserve.mutex);
	change->stage = STAGE_TURN;
	task = change->task;
	pthread_mutex_unlock(&change->lu->reserve.mutex);
	task->nexus->ops->resume(task);
}

/* The change is kept, or could not be.  Any thread; also from inside scsi_reserve_commit. */
static void
saved(struct scsi_change *change, int result)
{
	struct scsi_lu *lu = change->lu;
	struct scsi_task *task;
	bool inside;

	pthread_mutex_lock(&lu->reserve.mutex);
	inside = change->stage == STAGE_TURN;
	change->stage = STAGE_KEPT;
	change->result = result;
	task = change->task;
	pthread_mutex_unlock(&lu->reserve.mutex);
	if (task != NULL && !inside) {
		task->nexus->ops->resume(task);
	} else if (task == NULL) { /* it was aborted */
		scsi_reserve_leave(lu);
		change_free(change);
	}
}

static int
others_ended(struct scsi_task *task)
{
	return scsi_good(task);
}

static void
aborted_others(void *arg)
{
	scsi_task_resume(arg);
}

static bool
is_preempted(const struct scsi_itl *itl, void *arg)
{
	const struct scsi_task *task = arg;
	const struct scsi_change *change = task->change;
	const struct scsi_nexus *nexus = itl->nexus;
	int i = scsi_reservations_find(change->before, nexus->initiator_name, nexus->isid,
				       nexus->relative_port_id);

	return i >= 0 && (change->marks[i] & MARK_ABORTED) != 0;
}

/* The new set is the present one, or could not be kept. */
static int
committed(struct scsi_task *task)
{
	struct scsi_change *change = task->change;

	set_stage(change, STAGE_TURN);
	if (change->result == -ENOMEM)
		return scsi_status(task, SCSI_STATUS_BUSY);
	if (change->result < 0)
		return scsi_sense_not_kept(task);
	if (change->abort_handle == NULL)
		return scsi_good(task);
	task->step = others_ended;
	task->nexus->ops->abort_run(TAKE(change->abort_handle), is_preempted, aborted_others, task);
	return SCSI_PENDING;
}

static int
commit(struct scsi_task *task, struct scsi_change *change)
{
	bool kept;

	if (change->action == PROUT_PREEMPT_AND_ABORT) {
		change->abort_handle = task->nexus->ops->abort_prepare(task);
		if (change->abort_handle == NULL)
			return scsi_status(task, SCSI_STATUS_BUSY);
	}
	task->step = committed;
	scsi_reserve_commit(change);
	pthread_mutex_lock(&change->lu->reserve.mutex);
	kept = change->stage == STAGE_KEPT;
	if (!kept)
		change->stage = STAGE_KEEPING;
	pthread_mutex_unlock(&change->lu->reserve.mutex);
	return kept ? committed(task) : SCSI_PENDING;
}

static int
answer(struct scsi_task *task, enum scsi_verdict verdict)
{
	struct scsi_change *change = task->change;

	switch (verdict) {
	case VERDICT_GOOD:
		return commit(task, change);
	case VERDICT_NOTHING:
		return scsi_good(task);
	case VERDICT_CONFLICT:
		return scsi_status(task, SCSI_STATUS_RESERVATION_CONFLICT);
	case VERDICT_BAD_TYPE:
		return scsi_sense_invalid_field(task, 2, -1);
	case VERDICT_BAD_MOVE:
		return scsi_sense_invalid_field(task, 1, 4);
	case VERDICT_BAD_PARAMETER:
		return scsi_sense_invalid_parameter(task, change->bad_byte, change->bad_bit);
	case VERDICT_BAD_RELEASE:
		return scsi_sense_invalid_release(task);
	case VERDICT_NO_RESOURCES:
		return scsi_sense_no_registrations(task);
	case VERDICT_NO_MEMORY:
		break;
	}
	return scsi_status(task, SCSI_STATUS_BUSY);
}

/* The turn of the change has come. */
static int
take_turn(struct scsi_task *task)
{
	if (scsi_reserve_is_old(scsi_task_lu(task))) /* SPC-2: also from the nexus that has it */
		return scsi_status(task, SCSI_STATUS_RESERVATION_CONFLICT);
	return answer(task, scsi_change_make(task->change));
}

static int
wait_for_turn(struct scsi_task *task)
{
	struct scsi_change *change = task->change;

	task->step = take_turn;
	change->stage = STAGE_WAITS;
	if (!scsi_reserve_enter(change))
		return SCSI_PENDING;
	change->stage = STAGE_TURN;
	return take_turn(task);
}

int
scsi_prout_execute(struct scsi_task *task)
{
	const struct scsi_nexus *nexus = task->nexus;
	struct scsi_change *change = mem_calloc(1, sizeof(*change));

	if (change == NULL)
		return scsi_status(task, SCSI_STATUS_BUSY);
	change->lu = scsi_lu_ref(scsi_task_lu(task));
	change->by = (struct scsi_nexus_name){ nexus->initiator_name, nexus->isid,
					       nexus->relative_port_id };
	change->go = go;
	change->saved = saved;
	change->action = task->cdb[1] & 0x1f;
	change->scope = task->cdb[2] >> 4;
	change->type = task->cdb[2] & 0x0f;
	change->task = task;
	task->change = change;
	if (get_parameters(task, change) == SCSI_DONE)
		return SCSI_DONE;
	return wait_for_turn(task);
}

/* ---- The end ---- */

void
scsi_change_end(struct scsi_task *task)
{
	struct scsi_change *change = TAKE(task->change);
	struct scsi_lu *lu = change->lu;

	assert(change->stage != STAGE_WAITS && change->stage != STAGE_KEEPING);
	if (change->abort_handle != NULL)
		task->nexus->ops->abort_cancel(TAKE(change->abort_handle));
	if (change->stage != STAGE_NEW)
		scsi_reserve_leave(lu);
	change_free(change);
}

bool
scsi_change_cancel(struct scsi_task *task)
{
	struct scsi_change *change = task->change;
	struct scsi_reserve *reserve = &change->lu->reserve;
	void *abort_handle = NULL;
	enum stage stage;

	pthread_mutex_lock(&reserve->mutex);
	stage = (enum stage)change->stage;
	if (stage == STAGE_WAITS) {
		list_remove(&change->node);
	} else if (stage == STAGE_KEEPING) {
		change->task = NULL; /* saved() frees the change, perhaps at once */
		abort_handle = TAKE(change->abort_handle);
	}
	pthread_mutex_unlock(&reserve->mutex);
	if (stage != STAGE_WAITS && stage != STAGE_KEEPING)
		return false;
	if (abort_handle != NULL)
		task->nexus->ops->abort_cancel(abort_handle);
	task->change = NULL;
	if (stage == STAGE_WAITS)
		change_free(change);
	return true;
}
