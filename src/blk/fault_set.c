/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faults that are injected while a device is in use.  A set has the faults of one LUN; each layer
 * that is made for the set looks into it for each operation.  The set outlives its layers, so a LUN
 * keeps its faults when another device takes the place of the one that it had.
 *
 * A fault strikes operations of its kinds that touch its range, and of several that would, the one
 * that was injected first.  It strikes only operations that have a queue: what initiators send.
 * Workers, which move, copy and check a LUN for the array, pass by.  A fault ends
 *
 *	when it has struck `count` operations, and none of them is held any more
 *	at ends_ns
 *	when it is removed
 *
 * From then on it strikes nothing, and what it held goes on.  A fault that has ended stays in the
 * set until somebody reaps it, so that its end can be told.  `lock` guards everything; data-path
 * threads take it for a moment, and only while there is a fault.
 */
#include "blk/blk_int.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

struct blk_faults {
	atomic_uint refs;
	void (*ended)(void *arg); /* may be NULL */
	void *arg;
	pthread_mutex_t lock;
	uint32_t last_id;
	uint64_t random; /* never 0 */
	size_t count;
	struct {
		struct blk_fault fault;
		uint64_t holds; /* operations that are held back now */
	} of[BLK_FAULTS_MAX];   /* in the order in which they were added */
};

struct blk_faults *
blk_faults_new(void (*ended)(void *arg), void *arg)
{
	struct blk_faults *faults = mem_calloc(1, sizeof(*faults));

	if (faults == NULL)
		return NULL;
	atomic_init(&faults->refs, 1);
	faults->ended = ended;
	faults->arg = arg;
	faults->random = clock_mono_ns() | 1;
	pthread_mutex_init(&faults->lock, NULL);
	return faults;
}

struct blk_faults *
blk_faults_ref(struct blk_faults *faults)
{
	atomic_fetch_add_explicit(&faults->refs, 1, memory_order_relaxed);
	return faults;
}

void
blk_faults_unref(struct blk_faults *faults)
{
	if (faults == NULL ||
	    atomic_fetch_sub_explicit(&faults->refs, 1, memory_order_acq_rel) != 1)
		return;
	pthread_mutex_destroy(&faults->lock);
	mem_free(faults);
}

/* ---- Who fills and empties it ---- */

int
blk_faults_add(struct blk_faults *faults, const struct blk_fault *fault, uint32_t *ret_id)
{
	int rc = ERR_LIMIT;

	pthread_mutex_lock(&faults->lock);
	if (faults->count < BLK_FAULTS_MAX) {
		struct blk_fault *added = &faults->of[faults->count].fault;

		faults->of[faults->count++].holds = 0;
		*added = *fault;
		added->id = ++faults->last_id;
		added->struck = 0;
		*ret_id = added->id;
		rc = 0;
	}
	pthread_mutex_unlock(&faults->lock);
	return rc;
}

static void
remove_at(struct blk_faults *faults, size_t i)
{
	faults->count--;
	memmove(&faults->of[i], &faults->of[i + 1], (faults->count - i) * sizeof(faults->of[0]));
}

size_t
blk_faults_remove(struct blk_faults *faults, uint32_t id)
{
	size_t removed = 0;

	pthread_mutex_lock(&faults->lock);
	for (size_t i = 0; i < faults->count;) {
		if (id != 0 && faults->of[i].fault.id != id) {
			i++;
			continue;
		}
		remove_at(faults, i);
		removed++;
	}
	pthread_mutex_unlock(&faults->lock);
	return removed;
}

static bool
is_used_up(const struct blk_fault *fault)
{
	return fault->count != 0 && fault->struck >= fault->count;
}

static bool
is_over(const struct blk_fault *fault, uint64_t now_ns)
{
	return fault->ends_ns != 0 && now_ns >= fault->ends_ns;
}

/* Returns whether the i-th fault has ended. */
static bool
has_ended(const struct blk_faults *faults, size_t i, uint64_t now_ns)
{
	const struct blk_fault *fault = &faults->of[i].fault;

	return is_over(fault, now_ns) || (is_used_up(fault) && faults->of[i].holds == 0);
}

size_t
blk_faults_list(struct blk_faults *faults, struct blk_fault list[BLK_FAULTS_MAX])
{
	uint64_t now_ns = clock_mono_ns();
	size_t count = 0;

	pthread_mutex_lock(&faults->lock);
	for (size_t i = 0; i < faults->count; i++)
		if (!has_ended(faults, i, now_ns))
			list[count++] = faults->of[i].fault;
	pthread_mutex_unlock(&faults->lock);
	return count;
}

size_t
blk_faults_reap(struct blk_faults *faults, struct blk_fault ended[BLK_FAULTS_MAX], size_t *ret_left,
		uint64_t *ret_next_ns)
{
	uint64_t now_ns = clock_mono_ns(), next_ns = UINT64_MAX;
	size_t count = 0;

	pthread_mutex_lock(&faults->lock);
	for (size_t i = 0; i < faults->count;) {
		const struct blk_fault *fault = &faults->of[i].fault;

		if (has_ended(faults, i, now_ns)) {
			ended[count++] = *fault;
			remove_at(faults, i);
			continue;
		}
		if (fault->ends_ns != 0)
			next_ns = MIN(next_ns, fault->ends_ns);
		i++;
	}
	*ret_left = faults->count;
	pthread_mutex_unlock(&faults->lock);
	*ret_next_ns = next_ns;
	return count;
}

/* ---- The source ---- */

/* Returns one of 0 … below - 1 (xorshift64). */
static uint64_t
draw(struct blk_faults *faults, uint64_t below)
{
	faults->random ^= faults->random << 13;
	faults->random ^= faults->random >> 7;
	faults->random ^= faults->random << 17;
	return faults->random % below;
}

static bool
touches(const struct blk_fault *fault, const struct blk_io *io)
{
	if (fault->len_bytes == 0)
		return true;
	return io->op != BLK_FLUSH && io->offset_bytes < fault->from_bytes + fault->len_bytes &&
	       fault->from_bytes < io->offset_bytes + io->len_bytes;
}

static bool
strikes(struct blk_faults *faults, const struct blk_fault *fault, const struct blk_io *io,
	uint64_t now_ns)
{
	return (fault->ops & 1u << io->op) != 0 && !is_used_up(fault) && !is_over(fault, now_ns) &&
	       touches(fault, io) && (fault->ppm == 0 || draw(faults, 1000000) < fault->ppm);
}

static void
set_look(struct blk_fault_dev *dev, struct blk_queue *queue, struct blk_io *io,
	 struct blk_strike *strike)
{
	struct blk_faults *faults = dev->faults;
	uint64_t now_ns = clock_mono_ns();
	bool ended = false;

	if (queue == NULL)
		return;
	pthread_mutex_lock(&faults->lock);
	for (size_t i = 0; i < faults->count; i++) {
		struct blk_fault *fault = &faults->of[i].fault;

		if (!strikes(faults, fault, io, now_ns))
			continue;
		fault->struck++;
		strike->fault_id = fault->id;
		strike->answer = fault->answer;
		strike->result = fault->answers ? ERR_INJECTED : 0;
		if (fault->hangs)
			strike->until_ns = UINT64_MAX;
		else if (fault->delay_ns != 0)
			strike->until_ns = now_ns + fault->delay_ns;
		if (strike->until_ns != 0)
			faults->of[i].holds++;
		ended = has_ended(faults, i, now_ns);
		break;
	}
	pthread_mutex_unlock(&faults->lock);
	if (ended && faults->ended != NULL)
		faults->ended(faults->arg);
}

/* A fault that was removed, or is over, holds nothing, and answers nothing that it held. */
static bool
set_holds(struct blk_fault_dev *dev, struct blk_io *io, struct blk_strike *strike)
{
	struct blk_faults *faults = dev->faults;
	uint64_t now_ns = clock_mono_ns();
	bool found = false, holds = false, ended = false;

	(void)io;
	pthread_mutex_lock(&faults->lock);
	for (size_t i = 0; i < faults->count && !found; i++) {
		if (faults->of[i].fault.id != strike->fault_id)
			continue;
		found = !is_over(&faults->of[i].fault, now_ns);
		holds = found && now_ns < strike->until_ns;
		if (!holds)
			faults->of[i].holds--;
		ended = !holds && has_ended(faults, i, now_ns);
		break;
	}
	pthread_mutex_unlock(&faults->lock);
	if (!found)
		strike->result = 0;
	if (ended && faults->ended != NULL)
		faults->ended(faults->arg);
	return holds;
}

static const struct blk_fault_source set_source = { set_look, set_holds };

/* ---- The layer ---- */

static void
set_close(struct blk_dev *dev)
{
	struct blk_fault_dev *fault = container_of(dev, struct blk_fault_dev, dev);

	blk_faults_unref(fault->faults);
	mem_free(fault);
}

static const struct blk_ops set_ops = {
	.name = "faults",
	.submit = blk_fault_submit,
	.close = set_close,
};

int
blk_faults_layer_new(struct blk_dev *below, struct blk_faults *faults, struct blk_dev **ret_dev)
{
	struct blk_fault_dev *fault;

	if (blk_fault_dev_new(below, &set_ops, &set_source, &fault) < 0)
		return -ENOMEM;
	fault->faults = blk_faults_ref(faults);
	*ret_dev = &fault->dev;
	return 0;
}
