/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a unit's reservations need of the data path: the target ports through which the unit can be
 * reached, and the end of the tasks of preempted nexuses (PREEMPT AND ABORT), which come through
 * other sessions, on other threads.  All of it runs on the thread of the task that asks.
 */
#include <stdio.h>

#include "target/target_int.h"

/* Every portal group of a target with which the LUN is associated is a target port. */
size_t
target_preempt_ports(struct scsi_itl *itl, uint16_t *ports, size_t capacity)
{
	const struct target_path *path = container_of(itl, struct target_path, itl);
	const struct state *state = path->session->thread->view->state;
	struct row_slice targets = state_lun_targets(state, &path->lun_id);
	size_t count = 0;

	for (size_t i = 0; i < targets.count; i++) {
		const struct row_association *row = targets.rows[i];
		struct row_slice groups = state_target_groups(state, &row->target_id);

		for (size_t k = 0; k < groups.count; k++, count++) {
			const struct row_portal_group *group = groups.rows[k];

			if (count < capacity)
				ports[count] = (uint16_t)group->relative_port;
		}
	}
	return count;
}

/* The same ports in the same order, of the same view: both are called within one command. */
uint16_t
target_preempt_port_name(struct scsi_itl *itl, size_t i, char name[SCSI_PORT_NAME_BYTES])
{
	const struct target_path *path = container_of(itl, struct target_path, itl);
	const struct state *state = path->session->thread->view->state;
	struct row_slice targets = state_lun_targets(state, &path->lun_id);

	for (size_t t = 0; t < targets.count; t++) {
		const struct row_association *row = targets.rows[t];
		struct row_slice groups = state_target_groups(state, &row->target_id);
		const struct row_target *target = state_find(state, ROW_TARGET, &row->target_id);
		const struct row_portal_group *group;

		if (i >= groups.count) {
			i -= groups.count;
			continue;
		}
		group = groups.rows[i];
		if (target == NULL)
			return 0;
		snprintf(name, SCSI_PORT_NAME_BYTES, "%.223s,t,0x%04x", target->iscsi_name,
			 group->tag);
		return (uint16_t)group->relative_port;
	}
	return 0;
}

/* A PREEMPT AND ABORT that ends the tasks of others, or is about to. */
struct preempt {
	struct target_thread *thread;
	struct target_unit *unit; /* a reference */
	struct target_drain *drain;
	bool (*concerns)(const struct scsi_itl *itl, void *arg);
	void (*done)(void *arg);
	void *arg;
};

static void
preempt_free(struct preempt *preempt)
{
	target_unit_unref(preempt->unit);
	mem_free(preempt);
}

void *
target_preempt_prepare(struct scsi_task *task)
{
	const struct target_path *path = container_of(task->itl, struct target_path, itl);
	struct preempt *preempt = mem_calloc(1, sizeof(*preempt));

	if (preempt == NULL)
		return NULL;
	preempt->thread = path->session->thread;
	preempt->drain = target_hold_abort_new(preempt->thread);
	if (preempt->drain == NULL) {
		mem_free(preempt);
		return NULL;
	}
	preempt->unit = target_unit_ref(path->unit);
	return preempt;
}

static bool
concerns(const struct scsi_itl *itl, void *arg)
{
	const struct preempt *preempt = arg;

	return preempt->concerns(itl, preempt->arg);
}

static void
ended(void *arg)
{
	struct preempt *preempt = arg;
	void (*done)(void *done_arg) = preempt->done;
	void *done_arg = preempt->arg;

	preempt_free(preempt);
	done(done_arg);
}

void
target_preempt_run(void *handle, bool (*concerns_of)(const struct scsi_itl *itl, void *arg),
		   void (*done)(void *arg), void *arg)
{
	struct preempt *preempt = handle;
	struct target_abort_request request = { .units = &preempt->unit,
						.unit_count = 1,
						.concerns = concerns,
						.done = ended,
						.arg = preempt };

	preempt->concerns = concerns_of;
	preempt->done = done;
	preempt->arg = arg;
	target_hold_abort_run(preempt->drain, preempt->thread, &request);
}

void
target_preempt_cancel(void *handle)
{
	struct preempt *preempt = handle;

	target_hold_abort_free(preempt->drain);
	preempt_free(preempt);
}
