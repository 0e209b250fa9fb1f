/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Resets of units in an array of several gateways.  Commands of a LUN may wait at a gateway that
 * does not own it, where the owner's reset does not find them: they would be carried out after the
 * reset.  So the owner announces a reset before it aborts anything.  It keeps a number for the LUN
 * in the catalog, another one for each reset (ARRAY_KEEP_RESETS).  Every other gateway aborts the
 * LUN's commands that it has when it follows that change, and the change is answered when all have
 * followed it, or have no lease any more; one without a lease sends nothing before it has caught
 * up.
 *
 *	owner, thread of the session	target_announce --> the array keeps the numbers
 *	owner, writer thread		kept --all of them--> done, on the thread of the session
 *	others, writer thread		target_announce_take --> drop, on each thread; waits for them
 *
 * The owner may have such a command in its socket, and would begin it after the reset.  So a thread
 * of the others is done when the owner has answered each ABORT TASK, or their connection has ended.
 */
#include "base/clock.h"
#include "base/err.h"
#include "target/target_int.h"

/* ---- The owner ---- */

static void
run_done(struct loop_msg *msg)
{
	struct target_announcement *a = container_of(msg, struct target_announcement, msg);

	a->done(a->arg, atomic_load(&a->result));
}

static void
one_kept(struct target_announcement *a, int result)
{
	if (result < 0 && result != ERR_NOT_FOUND) /* a LUN that is deleted has no commands */
		atomic_store(&a->result, result);
	if (atomic_fetch_sub(&a->left, 1) != 1)
		return;
	a->msg.run = run_done;
	loop_post(a->thread->loop, &a->msg);
}

/* Counts as a connection does until it has ended (store_save in unit.c). */
static void
kept(void *arg, int result)
{
	struct target_announcement *a = arg;
	struct target *target = a->thread->target;

	one_kept(a, result);
	target_conn_count_down(target);
}

static void
keep_one(struct target_announcement *a, const struct guid *lun_id)
{
	struct target *target = a->thread->target;
	struct guid number;
	const struct array_keep keep = {
		.lun_id = *lun_id,
		.kind = ARRAY_KEEP_RESETS,
		.version = 1,
		.data = number.bytes,
		.bytes = sizeof(number.bytes),
		.done = kept,
		.arg = a,
	};
	int rc;

	guid_make(&number);
	atomic_fetch_add(&target->conn_count, 1);
	rc = array_keep(target->array, &keep);
	if (rc < 0)
		kept(a, rc);
}

void
target_announce(struct target_announcement *a, const struct guid *luns, size_t count)
{
	if (!a->thread->target->shared || count == 0) {
		a->done(a->arg, 0);
		return;
	}
	atomic_init(&a->result, 0);
	atomic_init(&a->left, (unsigned)count);
	for (size_t i = 0; i < count; i++)
		keep_one(a, &luns[i]); /* the last one may free it */
}

/* ---- The others ---- */

/*
 * How long the answers are waited for: what is silent for that long is taken for broken (link.c).
 */
#define ANSWERS_MS 5000u

struct target_reset_news {
	const struct guid *lun_id;
	struct target_ack ack;
};

/*
 * What a session of this gateway asks for is older than its later commands, which are to be kept.
 */
static void
drop_of(struct target_session *session, const struct guid *lun_id, uint16_t number)
{
	const struct target_path *path = target_session_path(session, number);
	uint8_t lun[8];

	if (path == NULL || !guid_equal(&path->lun_id, lun_id) || path->unit != NULL ||
	    target_forward_resets(session, lun_id))
		return;
	scsi_lun_encode(number, lun);
	iscsi_session_abort_tasks(session->iscsi, lun, NULL);
	target_session_mark(session);
}

static void
dropped(struct target_thread *thread)
{
	loop_timer_cancel(thread->loop, &thread->reset_timer);
	thread->reset_asked = 0;
	target_ack_one(&TAKE(thread->reset_news)->ack);
}

static void
answers_are_late(struct loop_timer *timer)
{
	dropped(container_of(timer, struct target_thread, reset_timer));
}

void
target_announce_asked(struct target_thread *thread, struct target_forward *fwd)
{
	if (!thread->dropping)
		return;
	fwd->reset_round = thread->reset_round;
	thread->reset_asked++;
}

void
target_announce_answered(struct target_thread *thread, struct target_forward *fwd)
{
	if (thread->reset_asked == 0 || fwd->reset_round != thread->reset_round)
		return;
	fwd->reset_round = 0;
	if (--thread->reset_asked == 0 && !thread->dropping)
		dropped(thread);
}

static void
drop(struct loop_msg *msg)
{
	struct target_thread *thread = container_of(msg, struct target_thread, reset_msg);
	struct target_reset_news *news = thread->reset_news;
	struct row_slice targets = { 0 };

	thread->reset_round++; /* what was asked before, and is not answered, counts no more */
	thread->reset_asked = 0;
	thread->dropping = true;
	if (thread->view != NULL)
		targets = state_lun_targets(thread->view->state, news->lun_id);
	for (size_t i = 0; i < targets.count; i++) {
		const struct row_association *row = targets.rows[i];
		struct target_session_set *set = guid_map_find(&thread->by_target, &row->target_id);

		if (set == NULL)
			continue;
		list_for_each(node, &set->sessions)
			drop_of(list_entry(node, struct target_session, set_node), news->lun_id,
				(uint16_t)row->lun_number);
	}
	thread->dropping = false;
	if (thread->reset_asked == 0) {
		dropped(thread);
		return;
	}
	thread->reset_timer.fire = answers_are_late;
	loop_timer_set(thread->loop, &thread->reset_timer, ANSWERS_MS * NS_PER_MS);
}

void
target_announce_take(void *runtime, const struct guid *lun_id)
{
	struct target *target = runtime;
	struct target_reset_news news = { .lun_id = lun_id };

	target_ack_init(&news.ack, target->thread_count);
	for (unsigned i = 0; i < target->thread_count; i++) {
		struct target_thread *thread = &target->threads[i];

		thread->reset_news = &news;
		thread->reset_msg.run = drop;
		loop_post(thread->loop, &thread->reset_msg);
	}
	target_ack_wait(&news.ack, UINT32_MAX);
	target_ack_fini(&news.ack);
}
