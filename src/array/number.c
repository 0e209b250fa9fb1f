/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LUN numbers behind a target: the lowest that is free, equal on all targets of a LUN when
 * possible, and not one whose old occupant a session saw that still lives: an initiator that did
 * not look since would take the new disk for the old.  A number is retired with the sessions that
 * live when it is given up, and free again when they have ended; the LUN that had it gets it back
 * also before.  Kept in memory: sessions do not outlive the process either.  Writer thread.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

#define NUMBERS (ROW_LUN_NUMBER_MAX + 1)

struct retired {
	struct list node;
	struct guid lun_id, target_id;
	uint32_t number;
	size_t session_count;
	struct guid sessions[];
};

/* Numbers that cannot be given out. */
struct taken {
	uint64_t words[NUMBERS / 64];
};

static void
take(struct taken *taken, uint32_t number)
{
	taken->words[number / 64] |= 1ull << number % 64;
}

static bool
is_taken(const struct taken *taken, uint32_t number)
{
	return (taken->words[number / 64] >> number % 64 & 1) != 0;
}

/* It came back to its LUN, and goes again: one entry for both times will do. */
static void
forget(struct array *array, const struct row_association *row)
{
	list_for_each_safe(node, &array->retired) {
		struct retired *retired = list_entry(node, struct retired, node);

		if (retired->number == row->lun_number &&
		    guid_equal(&retired->target_id, &row->target_id) &&
		    guid_equal(&retired->lun_id, &row->lun_id)) {
			list_remove(node);
			mem_free(retired);
		}
	}
}

int
array_number_retire(struct array *array, const struct row_association *row)
{
	AUTO_STATE struct state *live = array_live(array);
	size_t all = state_count(live, ROW_LIVE_SESSION);
	AUTO_FREE struct retired *retired = mem_calloc(
		1, sizeof(*retired) + all * sizeof(retired->sessions[0]));

	if (retired == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < all; i++) {
		const struct row_live_session *session = state_at(live, ROW_LIVE_SESSION, i);

		if (guid_equal(&session->target_id, &row->target_id))
			retired->sessions[retired->session_count++] = session->id;
	}
	forget(array, row);
	if (retired->session_count == 0)
		return 0;
	retired->lun_id = row->lun_id;
	retired->target_id = row->target_id;
	retired->number = row->lun_number;
	list_append(&array->retired, &retired->node);
	(void)TAKE(retired);
	return 0;
}

static bool
is_over(const struct retired *retired, const struct state *live)
{
	for (size_t i = 0; i < retired->session_count; i++)
		if (state_find(live, ROW_LIVE_SESSION, &retired->sessions[i]) != NULL)
			return false;
	return true;
}

static void
purge(struct array *array, const struct state *live)
{
	list_for_each_safe(node, &array->retired) {
		struct retired *retired = list_entry(node, struct retired, node);

		if (is_over(retired, live)) {
			list_remove(node);
			mem_free(retired);
		}
	}
}

/* What lun_id cannot have behind the target. */
static void
take_of_target(struct array *array, const struct state *view, const struct guid *lun_id,
	       const struct guid *target_id, struct taken *taken)
{
	struct row_slice luns = state_target_luns(view, target_id);

	for (size_t i = 0; i < luns.count; i++)
		take(taken, ((const struct row_association *)luns.rows[i])->lun_number);
	list_for_each(node, &array->retired) {
		const struct retired *retired = list_entry(node, struct retired, node);

		if (guid_equal(&retired->target_id, target_id) &&
		    !guid_equal(&retired->lun_id, lun_id))
			take(taken, retired->number);
	}
}

/* The number that the LUN had last behind one of these targets; NUMBERS when no session saw one. */
static uint32_t
last_own(struct array *array, const struct guid *lun_id, const struct guid *targets, size_t count)
{
	uint32_t number = NUMBERS;

	list_for_each(node, &array->retired) {
		const struct retired *retired = list_entry(node, struct retired, node);

		for (size_t i = 0; i < count; i++)
			if (guid_equal(&retired->lun_id, lun_id) &&
			    guid_equal(&retired->target_id, &targets[i]))
				number = retired->number;
	}
	return number;
}

/* NUMBERS when there is none. */
static uint32_t
lowest_free(const struct taken *taken)
{
	for (uint32_t word = 0; word < NUMBERS / 64; word++)
		if (~taken->words[word] != 0)
			return word * 64 + (uint32_t)__builtin_ctzll(~taken->words[word]);
	return NUMBERS;
}

/* A number for each target on its own. */
static int
choose_each(struct array *array, const struct state *view, const struct guid *lun_id,
	    const struct guid *targets, size_t count, struct taken *taken, uint32_t *numbers)
{
	for (size_t i = 0; i < count; i++) {
		memset(taken, 0, sizeof(*taken));
		take_of_target(array, view, lun_id, &targets[i], taken);
		numbers[i] = lowest_free(taken);
		if (numbers[i] == NUMBERS)
			return err_set(ERR_LIMIT, "a target has no LUN number left");
	}
	return 0;
}

int
array_number_choose(struct array *array, const struct state *view, const struct guid *lun_id,
		    const struct guid *targets, size_t count, uint32_t preferred, uint32_t *numbers)
{
	AUTO_STATE struct state *live = array_live(array);
	struct taken taken = { { 0 } };
	uint32_t number;

	purge(array, live);
	for (size_t i = 0; i < count; i++)
		take_of_target(array, view, lun_id, &targets[i], &taken);
	if (preferred >= NUMBERS)
		preferred = last_own(array, lun_id, targets, count);
	number = preferred < NUMBERS && !is_taken(&taken, preferred) ? preferred
								     : lowest_free(&taken);
	if (number == NUMBERS)
		return choose_each(array, view, lun_id, targets, count, &taken, numbers);
	for (size_t i = 0; i < count; i++)
		numbers[i] = number;
	return 0;
}

void
array_number_fini(struct array *array)
{
	struct list *node;

	while ((node = list_pop(&array->retired)) != NULL)
		mem_free(list_entry(node, struct retired, node));
}
