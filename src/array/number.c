/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LUN numbers behind a target.
 *
 * An initiator that does not look again takes the disk that has a number now for the disk that had
 * the number before, and writes to it.  So a number that an initiator may have seen occupied is
 * retired when its LUN leaves the target, and is given to another LUN only when no number is left
 * that was never retired; then the one goes first that was given up longest ago.  A LUN that comes
 * back gets its old number when it is free.  Besides that a LUN gets the lowest free number, equal
 * on all its targets when possible.
 *
 * An initiator may have seen a number when any initiator ever logged in to the target.  That is
 * more careful than needed (the mask may have hidden the LUN), but it needs one note for each
 * target and no write for a login to a target that is known.  Sessions end and vdsd restarts; the
 * disks of an initiator survive both, so the notes are in the catalog (catalog/number.c).  A login
 * is noted in memory before it is answered and in the catalog a moment later; after a crash every
 * target that has LUNs counts as seen, so the moment does not matter.
 *
 * Where several gateways serve the array, one of them does not know at once who logs in to another,
 * so there every target counts as seen, without notes.
 *
 * Writer thread, but array_number_note_login (any thread) and array_number_save (verifier).
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#define NUMBERS (ROW_LUN_NUMBER_MAX + 1)

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

/* ---- which targets initiators have logged in to ---- */

/* The values of array->seen: how far the note about a target has come on its way to the catalog. */
static char pending, saving, stored;

/* seen_lock. */
static void
turn(struct array *array, char *from, char *to)
{
	for (size_t i = 0; i < array->seen.capacity; i++)
		if (array->seen.slots[i].value == from)
			array->seen.slots[i].value = to;
}

void
array_number_note_login(struct array *array, const struct guid *target_id)
{
	bool wake = false;

	pthread_mutex_lock(&array->seen_lock);
	if (!array->all_seen && guid_map_find(&array->seen, target_id) == NULL) {
		if (guid_map_put(&array->seen, target_id, &pending) < 0)
			array->all_seen = true;
		else
			wake = array->seen_pending = true;
	}
	pthread_mutex_unlock(&array->seen_lock);
	if (wake)
		array_verify_wake(array);
}

static bool
is_seen(struct array *array, const struct guid *target_id)
{
	bool seen;

	pthread_mutex_lock(&array->seen_lock);
	seen = array->all_seen || guid_map_find(&array->seen, target_id) != NULL;
	pthread_mutex_unlock(&array->seen_lock);
	return seen;
}

static int
save_apply(struct array *array, struct array_task *task)
{
	const struct state *view = state_edit_view(task->edit);
	int rc = 0;

	pthread_mutex_lock(&array->seen_lock);
	turn(array, &pending, &saving);
	for (size_t i = 0; rc == 0 && i < array->seen.capacity; i++) {
		const struct guid_map_slot *slot = &array->seen.slots[i];
		const struct row_target *target = state_find(view, ROW_TARGET, &slot->key);

		if (slot->value == &saving && target != NULL)
			rc = catalog_seen_put(array->catalog, target->iscsi_name);
	}
	pthread_mutex_unlock(&array->seen_lock);
	return rc;
}

void
array_number_save(struct array *array)
{
	struct array_task task = { .apply = save_apply, .use = CATALOG_FREES };
	bool wanted;
	int rc;

	pthread_mutex_lock(&array->seen_lock);
	wanted = array->seen_pending;
	array->seen_pending = false;
	pthread_mutex_unlock(&array->seen_lock);
	if (!wanted || array_is_read_only(array))
		return;
	rc = array_writer_submit(array, &task);
	pthread_mutex_lock(&array->seen_lock);
	turn(array, &saving, rc == 0 ? &stored : &pending);
	if (rc < 0)
		array->seen_pending = true; /* the verifier tries again when it looks next */
	pthread_mutex_unlock(&array->seen_lock);
}

/* ---- opening and closing ---- */

struct note {
	struct array *array;
	const struct state *view;
};

static int
load_one(void *arg, const char *name)
{
	struct note *note = arg;
	const struct row_target *target = state_target_by_name(note->view, name);
	int rc = 0;

	if (target == NULL)
		return 0;
	pthread_mutex_lock(&note->array->seen_lock);
	rc = guid_map_put(&note->array->seen, &target->id, &stored);
	pthread_mutex_unlock(&note->array->seen_lock);
	return rc;
}

/* After a crash: the last logins may not have been noted. */
static int
note_all(struct array *array, const struct state *view)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < state_count(view, ROW_TARGET); i++) {
		const struct row_target *target = state_at(view, ROW_TARGET, i);

		if (state_target_luns(view, &target->id).count > 0)
			rc = catalog_seen_put(array->catalog, target->iscsi_name);
	}
	return rc;
}

static int
start_apply(struct array *array, struct array_task *task)
{
	struct note note = { array, state_edit_view(task->edit) };
	uint64_t running = 0;
	int rc = catalog_counter_get(array->catalog, CATALOG_RUNNING, &running);

	if (rc == 0 && running != 0)
		rc = note_all(array, note.view);
	if (rc == 0)
		rc = catalog_counter_set(array->catalog, CATALOG_RUNNING, 1);
	return rc < 0 ? rc : catalog_seen_list(array->catalog, load_one, &note);
}

void
array_number_start(struct array *array)
{
	struct array_task task = { .apply = start_apply, .use = CATALOG_FREES };
	int rc = array_is_read_only(array) || array_is_shared(array)
			 ? ERR_READ_ONLY
			 : array_writer_submit(array, &task);

	array->numbers_run = rc == 0;
	if (rc == 0)
		return;
	if (rc != ERR_READ_ONLY)
		log_warning("number.start", "error=%s message=%s", err_name(rc), err_text(rc));
	pthread_mutex_lock(&array->seen_lock);
	array->all_seen = true;
	pthread_mutex_unlock(&array->seen_lock);
}

static int
stop_apply(struct array *array, struct array_task *task)
{
	int rc = save_apply(array, task);

	return rc < 0 ? rc : catalog_counter_set(array->catalog, CATALOG_RUNNING, 0);
}

void
array_number_stop(struct array *array)
{
	struct array_task task = { .apply = stop_apply, .use = CATALOG_FREES };

	/* When this fails, the next start takes every target for seen. */
	if (array->numbers_run)
		(void)array_writer_submit(array, &task);
}

/* ---- giving up ---- */

int
array_number_retire(struct array *array, const struct state *view,
		    const struct row_association *row)
{
	const struct row_target *target = state_find(view, ROW_TARGET, &row->target_id);

	if (target == NULL || !is_seen(array, &row->target_id))
		return 0;
	return catalog_retired_put(array->catalog, target->iscsi_name, row->lun_number,
				   &row->lun_id);
}

void
array_number_forget(struct array *array, const struct guid *target_id)
{
	pthread_mutex_lock(&array->seen_lock);
	guid_map_remove(&array->seen, target_id);
	pthread_mutex_unlock(&array->seen_lock);
}

/* ---- choosing ---- */

struct choice {
	const struct guid *lun_id;
	struct taken taken;
	uint32_t own;    /* that the LUN had last behind one of the targets; NUMBERS = none */
	uint32_t oldest; /* given up longest ago and not occupied; NUMBERS = none */
};

static void
take_occupied(const struct state *view, const struct guid *target_id, struct taken *taken)
{
	struct row_slice luns = state_target_luns(view, target_id);

	/* The rows lie anywhere in memory: ask for all of them before the first is read. */
	for (size_t i = 0; i < luns.count; i++)
		__builtin_prefetch(&((const struct row_association *)luns.rows[i])->lun_number);
	for (size_t i = 0; i < luns.count; i++)
		take(taken, ((const struct row_association *)luns.rows[i])->lun_number);
}

static int
take_retired(void *arg, uint32_t number, const struct guid *lun_id)
{
	struct choice *choice = arg;

	if (guid_equal(lun_id, choice->lun_id))
		choice->own = number;
	else
		take(&choice->taken, number);
	return 0;
}

static int
find_oldest(void *arg, uint32_t number, const struct guid *lun_id)
{
	struct choice *choice = arg;

	(void)lun_id;
	if (is_taken(&choice->taken, number))
		return 0;
	choice->oldest = number;
	return 1;
}

static int
list_retired(struct array *array, const struct state *view, const struct guid *target_id,
	     int (*each)(void *arg, uint32_t number, const struct guid *lun_id),
	     struct choice *choice)
{
	const struct row_target *target = state_find(view, ROW_TARGET, target_id);

	return target == NULL
		       ? array_name_no_such(ROW_TARGET, target_id)
		       : catalog_retired_list(array->catalog, target->iscsi_name, each, choice);
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

/* The number for one target on its own. */
static int
choose_one(struct array *array, const struct state *view, const struct guid *target_id,
	   struct choice *choice, uint32_t *ret_number)
{
	int rc;

	memset(&choice->taken, 0, sizeof(choice->taken));
	take_occupied(view, target_id, &choice->taken);
	rc = list_retired(array, view, target_id, take_retired, choice);
	if (rc < 0)
		return rc;
	*ret_number = lowest_free(&choice->taken);
	if (*ret_number < NUMBERS)
		return 0;
	memset(&choice->taken, 0, sizeof(choice->taken));
	take_occupied(view, target_id, &choice->taken);
	choice->oldest = NUMBERS;
	rc = list_retired(array, view, target_id, find_oldest, choice);
	if (rc < 0)
		return rc;
	*ret_number = choice->oldest;
	return choice->oldest < NUMBERS
		       ? 0
		       : err_set(ERR_LIMIT, "a target has 16384 LUNs, and cannot have more");
}

int
array_number_choose(struct array *array, const struct state *view, const struct guid *lun_id,
		    const struct guid *targets, size_t count, uint32_t preferred, uint32_t *numbers)
{
	struct choice choice = { .lun_id = lun_id, .own = NUMBERS };
	uint32_t number;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		take_occupied(view, &targets[i], &choice.taken);
		rc = list_retired(array, view, &targets[i], take_retired, &choice);
	}
	if (rc < 0)
		return rc;
	if (preferred >= NUMBERS)
		preferred = choice.own;
	number = preferred < NUMBERS && !is_taken(&choice.taken, preferred)
			 ? preferred
			 : lowest_free(&choice.taken);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (number < NUMBERS)
			numbers[i] = number;
		else
			rc = choose_one(array, view, &targets[i], &choice, &numbers[i]);
	}
	return rc;
}
