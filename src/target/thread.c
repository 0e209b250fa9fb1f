/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A data-path thread: makes its loop, queue and buffers, runs what is due at the end of each round,
 * and stops.  The functions that start and stop a thread are called by target.c on the thread that
 * makes and frees the target.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "target/target_int.h"

#define SPIN_FOR_NS (2 * NS_PER_MS) /* since a session of this thread was heard */

/*
 * Added after the queue's hook, so that what was completed there is sent in the same round.
 * Settling a connection may mark it, or another one, again.
 */
static bool
end_of_round(struct loop_hook *hook)
{
	struct target_thread *thread = container_of(hook, struct target_thread, hook);

	do {
		for (struct list *node; (node = list_pop(&thread->dirty)) != NULL;)
			target_conn_settle(list_entry(node, struct target_conn, dirty));
	} while (target_link_settle_all(thread) && !list_empty(&thread->dirty));
	bool more = target_stranger_run(thread);

	more |= target_turn_end(thread);

	/* Only a session's next request is worth spinning for. */
	loop_set_spin(thread->loop,
		      loop_now_ns(thread->loop) - thread->strangers.session_ns < SPIN_FOR_NS
			      ? thread->target->options.spin_us * 1000ull
			      : 0);
	return more || !list_empty(&thread->dirty);
}

/* ---- The lease ---- */

#define MUTE_LOOK_NS (20 * NS_PER_MS)

/* What waited goes on, as if it had come now. */
static void
unmute(struct target_thread *thread)
{
	thread->muted = false;
	list_for_each(node, &thread->sessions) {
		struct target_session *session = list_entry(node, struct target_session, node);

		for (size_t i = 0; i < session->path_count; i++) {
			struct target_path *path = session->paths[i];

			if (!path->held && path->resets == 0)
				target_task_release_held(path);
		}
	}
	list_for_each(node, &thread->conns)
		target_conn_mark(list_entry(node, struct target_conn, node));
	target_link_unmute(thread);
}

static void
look_for_lease(struct loop_timer *timer)
{
	struct target_thread *thread = container_of(timer, struct target_thread, mute_timer);

	if (array_lease_ok(thread->target->array))
		unmute(thread);
	else
		loop_timer_set(thread->loop, timer, MUTE_LOOK_NS);
}

bool
target_thread_mute(struct target_thread *thread)
{
	if (!thread->muted) {
		thread->muted = true;
		thread->mute_timer.fire = look_for_lease;
		loop_timer_set(thread->loop, &thread->mute_timer, MUTE_LOOK_NS);
	}
	return false;
}

/* ---- Start ---- */

struct starter {
	struct target_thread *thread;
	struct target_ack ack;
};

/* On the thread itself: a ring may be used only by the thread that made it. */
static int
set_up(struct target_thread *thread)
{
	struct target *target = thread->target;
	int rc = blk_queue_new(thread->loop, target->options.queue_kind, target->workers,
			       &thread->queue);

	if (rc < 0 && target->options.queue_kind == BLK_QUEUE_URING) {
		/* A limit: before Linux 5.12 rings were counted as locked memory. */
		log_warning("blk.queue", "thread=%u kind=workers because=\"%s\"", thread->index,
			    err_text(rc));
		rc = blk_queue_new(thread->loop, BLK_QUEUE_WORKERS, target->workers,
				   &thread->queue);
	}
	if (rc < 0)
		return rc;
	thread->hook.run = end_of_round;
	loop_hook_add(thread->loop, &thread->hook);
	return 0;
}

static void
tear_down(struct target_thread *thread)
{
	for (unsigned i = 0; thread->view != NULL && i < thread->view->portals->count; i++)
		if (thread->view->portals->list[i]->thread == thread)
			target_portal_close(thread->view->portals->list[i]);
	target_view_unref(thread->view);
	thread->view = NULL;
	loop_timer_cancel(thread->loop, &thread->aborted_timer);
	loop_timer_cancel(thread->loop, &thread->parked_timer);
	loop_timer_cancel(thread->loop, &thread->barrier_timer);
	loop_timer_cancel(thread->loop, &thread->mute_timer);
	loop_timer_cancel(thread->loop, &thread->reset_timer);
	loop_hook_del(thread->loop, &thread->hook);
	blk_queue_free(thread->queue);
}

static void *
thread_main(void *arg)
{
	struct starter *starter = arg;
	struct target_thread *thread = starter->thread;

	thread->error = set_up(thread);
	bool runs = thread->error == 0;

	target_ack_one(&starter->ack); /* the starter is gone after this */
	if (runs) {
		loop_run(thread->loop);
		tear_down(thread);
	}
	return NULL;
}

static int
create(struct target_thread *thread)
{
	struct starter starter = { .thread = thread };
	sigset_t all, old;
	char name[16];

	target_ack_init(&starter.ack, 1);
	sigfillset(&all); /* signals are for the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = -pthread_create(&thread->pthread, NULL, thread_main, &starter);

	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0) {
		snprintf(name, sizeof(name), "target-%u", thread->index);
		pthread_setname_np(thread->pthread, name);
		target_ack_wait(&starter.ack, UINT32_MAX);
		thread->started = true;
		rc = thread->error;
	}
	target_ack_fini(&starter.ack);
	return rc;
}

int
target_thread_start(struct target_thread *thread, struct target *target, unsigned index)
{
	thread->target = target;
	thread->index = index;
	list_init(&thread->conns);
	list_init(&thread->sessions);
	guid_map_init(&thread->by_target);
	guid_map_init(&thread->by_initiator);
	list_init(&thread->dirty);
	list_init(&thread->later);
	list_init(&thread->parked);
	list_init(&thread->parked_functions);
	list_init(&thread->barriers);
	list_init(&thread->spare_forwards);
	list_init(&thread->dirty_links);
	list_init(&thread->waits);
	list_init(&thread->holds);
	list_init(&thread->aborted);
	thread->aborted_timer.fire = target_task_give_up;
	target_stranger_init(thread);
	thread->buffer_max_bytes = target->options.buffer_bytes / target->options.threads;
	int rc = target_buf_pool_init(&thread->bufs, thread->buffer_max_bytes);

	thread->rx = mem_alloc(THREAD_RX_BYTES);
	if (rc == 0 && thread->rx == NULL)
		rc = -ENOMEM;
	if (rc == 0)
		rc = loop_new(&thread->loop);

	return rc < 0 ? rc : create(thread);
}

/* ---- Signs of life ---- */

static void
beat(struct loop_msg *msg)
{
	atomic_store(&container_of(msg, struct target_thread, beat_msg)->beat_due, false);
}

bool
target_beat(struct target *target)
{
	bool all = true;

	for (unsigned i = 0; i < target->thread_count; i++) {
		struct target_thread *thread = &target->threads[i];

		if (atomic_exchange(&thread->beat_due, true)) {
			all = false; /* the message is still on its way */
			continue;
		}
		thread->beat_msg.run = beat;
		loop_post(thread->loop, &thread->beat_msg);
	}
	return all;
}

/* ---- Stop ---- */

static void
stop_serving(struct loop_msg *msg)
{
	struct target_thread *thread = container_of(msg, struct target_thread, stop_msg);
	struct target_ack *ack = thread->stop_ack;

	thread->stopping = true;
	for (size_t i = 0; thread->view != NULL && i < thread->view->portals->count; i++)
		if (thread->view->portals->list[i]->thread == thread)
			target_portal_close(thread->view->portals->list[i]);
	list_for_each(node, &thread->conns)
		target_conn_close(list_entry(node, struct target_conn, node), ERR_OFFLINE);
	target_ack_one(ack);
}

void
target_thread_stop_serving(struct target_thread *thread, struct target_ack *ack)
{
	thread->stop_ack = ack;
	thread->stop_msg.run = stop_serving;
	loop_post(thread->loop, &thread->stop_msg);
}

void
target_thread_join(struct target_thread *thread)
{
	if (!thread->started)
		return;
	loop_stop(thread->loop);
	pthread_join(thread->pthread, NULL);
}

void
target_thread_free(struct target_thread *thread)
{
	loop_free(thread->loop);
	guid_map_fini(&thread->by_target);
	guid_map_fini(&thread->by_initiator);
	target_forward_fini(thread);
	target_buf_pool_fini(&thread->bufs);
	mem_free(thread->rx);
	mem_free(atomic_load(&thread->meter.made_trace));
}
