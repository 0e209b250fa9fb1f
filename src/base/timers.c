/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The timer wheel of the event loop, on the loop's thread.  A time is a number of ticks, written in
 * digits of six bits; a level of the wheel stands for one digit.
 *
 * Invariant: a timer stands at the level of the highest digit in which its tick differs from
 * t->tick, in the slot of that digit's value; its tick is later, so that value is greater than
 * t->tick's own digit there.  Hence the lowest used slot of the lowest used level holds the
 * earliest timers, and moving t->tick on to any tick before that slot begins leaves every other
 * timer where it belongs.
 *
 * timers_run moves t->tick to the beginning of that slot as long as it is not in the future; each
 * timer of the slot then goes to a lower level, or has expired.
 */
#include "base/timers_int.h"

#include <assert.h>

#include "base/loop.h"

#define DIGIT_BITS 6

void
timers_init(struct timers *t, uint64_t now_ns)
{
	t->tick = now_ns >> TIMERS_TICK_SHIFT;
	for (unsigned level = 0; level < TIMERS_LEVELS; level++) {
		t->used[level] = 0;
		for (unsigned slot = 0; slot < TIMERS_SLOTS; slot++)
			list_init(&t->slots[level][slot]);
	}
	list_init(&t->expired);
}

#define TICK_LAST (UINT64_MAX >> TIMERS_TICK_SHIFT)

/* Rounded up: never early.  (But there is nothing after the end of time.) */
static uint64_t
tick_due(uint64_t due_ns)
{
	uint64_t tick = (due_ns >> TIMERS_TICK_SHIFT) +
			((due_ns & ((1u << TIMERS_TICK_SHIFT) - 1)) != 0);

	return MIN(tick, TICK_LAST);
}

void
timers_add(struct timers *t, struct loop_timer *timer)
{
	uint64_t tick = tick_due(timer->due_ns);
	unsigned level, slot;

	if (tick <= t->tick) {
		list_append(&t->expired, &timer->node);
		return;
	}
	level = (63u - (unsigned)__builtin_clzll(tick ^ t->tick)) / DIGIT_BITS;
	assert(level < TIMERS_LEVELS);
	slot = (unsigned)(tick >> (level * DIGIT_BITS)) & (TIMERS_SLOTS - 1);
	list_append(&t->slots[level][slot], &timer->node);
	t->used[level] |= 1ull << slot;
}

/* The slot with the earliest timers and the tick at which it begins; NULL when there are none. */
static struct list *
first_slot(struct timers *t, uint64_t *ret_tick)
{
	for (unsigned level = 0; level < TIMERS_LEVELS; level++) {
		while (t->used[level] != 0) {
			unsigned slot = (unsigned)__builtin_ctzll(t->used[level]);
			unsigned shift = level * DIGIT_BITS;
			uint64_t above = t->tick >> shift >> DIGIT_BITS << DIGIT_BITS;

			if (!list_empty(&t->slots[level][slot])) {
				*ret_tick = (above | slot) << shift;
				return &t->slots[level][slot];
			}
			t->used[level] &= ~(1ull << slot); /* all were cancelled */
		}
	}
	return NULL;
}

/* Moves the nodes of a list to another, empty one. */
static void
list_move(struct list *from, struct list *to)
{
	struct list *node;

	list_init(to);
	while ((node = list_pop(from)) != NULL)
		list_append(to, node);
}

static void
advance(struct timers *t, uint64_t now_tick)
{
	struct list moving, *slot, *node;
	uint64_t tick;

	while ((slot = first_slot(t, &tick)) != NULL && tick <= now_tick) {
		assert(tick > t->tick);
		t->tick = tick;
		list_move(slot, &moving);
		while ((node = list_pop(&moving)) != NULL)
			timers_add(t, list_entry(node, struct loop_timer, node));
	}
	if (now_tick > t->tick)
		t->tick = now_tick;
}

unsigned
timers_run(struct timers *t, uint64_t now_ns)
{
	struct list firing, *node;
	unsigned count = 0;

	advance(t, now_ns >> TIMERS_TICK_SHIFT);
	list_move(&t->expired, &firing);
	while ((node = list_pop(&firing)) != NULL) {
		struct loop_timer *timer = list_entry(node, struct loop_timer, node);

		count++;
		timer->fire(timer);
	}
	return count;
}

uint64_t
timers_next_ns(struct timers *t)
{
	uint64_t tick;

	if (!list_empty(&t->expired))
		return 0;
	return first_slot(t, &tick) != NULL ? tick << TIMERS_TICK_SHIFT : TIMERS_NEVER;
}
