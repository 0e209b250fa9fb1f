/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps operations of one file apart that may not run at the same time: a WRITE of a part of a
 * block reads the block, changes it and writes it back (direct.c), so no other operation may change
 * that block meanwhile.  All others run beside each other, as they did.  Who has to wait waits in
 * order of arrival and holds no thread, except callers without a queue.  Any thread.
 *
 *	enter: running, or waiting when a running or an older waiting one excludes it
 *	leave: each waiting one that nobody excludes any more runs
 */
#include "blk/blk_int.h"

#include <assert.h>

#include "base/mem.h"

void
blk_gate_init(struct blk_gate *gate)
{
	pthread_mutex_init(&gate->lock, NULL);
	pthread_cond_init(&gate->opened, NULL);
	list_init(&gate->running);
	list_init(&gate->waiting);
}

void
blk_gate_fini(struct blk_gate *gate)
{
	assert(list_empty(&gate->running) && list_empty(&gate->waiting));
	pthread_cond_destroy(&gate->opened);
	pthread_mutex_destroy(&gate->lock);
}

/* Whether both touch one block, and one of them writes it back as a whole. */
static bool
exclude(const struct blk_gate *gate, const struct blk_io *a, const struct blk_io *b)
{
	uint64_t block = gate->block_bytes;

	return (a->gate_whole || b->gate_whole) &&
	       a->offset_bytes / block <= (b->offset_bytes + b->len_bytes - 1) / block &&
	       b->offset_bytes / block <= (a->offset_bytes + a->len_bytes - 1) / block;
}

/* Whether a member of the list before `until` (NULL = any) excludes io. */
static bool
excluded_by(const struct blk_gate *gate, const struct list *list, const struct list *until,
	    const struct blk_io *io)
{
	list_for_each(node, list) {
		if (node == until)
			break;
		if (exclude(gate, list_entry(node, struct blk_io, gate_node), io))
			return true;
	}
	return false;
}

bool
blk_gate_enter(struct blk_gate *gate, struct blk_io *io, bool whole)
{
	bool enters;

	if (io->len_bytes == 0)
		return true;
	pthread_mutex_lock(&gate->lock);
	io->gate = gate;
	io->gate_whole = whole;
	io->gate_waits = excluded_by(gate, &gate->running, NULL, io) ||
			 excluded_by(gate, &gate->waiting, NULL, io);
	list_append(io->gate_waits ? &gate->waiting : &gate->running, &io->gate_node);
	while (io->queue == NULL && io->gate_waits)
		pthread_cond_wait(&gate->opened, &gate->lock);
	enters = !io->gate_waits;
	pthread_mutex_unlock(&gate->lock);
	return enters;
}

static void
opened(struct loop_msg *msg)
{
	struct blk_io *io = container_of(msg, struct blk_io, msg);

	blk_queue_go_on(io->queue, io);
}

void
blk_gate_leave(struct blk_io *io)
{
	struct blk_gate *gate = io->gate;
	struct list *next;

	io->gate = NULL;
	pthread_mutex_lock(&gate->lock);
	list_remove(&io->gate_node);
	for (struct list *node = gate->waiting.next; node != &gate->waiting; node = next) {
		struct blk_io *other = list_entry(node, struct blk_io, gate_node);

		next = node->next;
		if (excluded_by(gate, &gate->running, NULL, other) ||
		    excluded_by(gate, &gate->waiting, node, other))
			continue;
		list_remove(node);
		list_append(&gate->running, node);
		other->gate_waits = false;
		if (other->queue == NULL) {
			pthread_cond_broadcast(&gate->opened);
		} else {
			other->msg.run = opened;
			loop_post(other->queue->loop, &other->msg);
		}
	}
	pthread_mutex_unlock(&gate->lock);
}
