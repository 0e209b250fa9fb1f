/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which operations exclude one another on a LUN: the table of docs/design/operations.md, and the
 * holds.  A hold is kept in memory, in the LUN's entry, under luns_lock; any thread may begin and
 * end one.
 */
#include "array/array_int.h"
#include "base/err.h"

/* clang-format off */
static const bool allowed[][ASK_COUNT] = {
	/*			  rename mask   status associate extend delete */
	[OPERATION_NONE]	= { true,  true,  true,  true,  true,  true  },
	[OPERATION_CREATE]	= { false, false, false, false, false, false },
	[OPERATION_EXTEND]	= { true,  true,  false, false, false, false },
	[OPERATION_DELETE]	= { false, false, false, false, false, false },
	[OPERATION_ASSOCIATE]	= { true,  true,  false, false, false, false },
	[OPERATION_STATUS]	= { true,  true,  false, false, false, false },
	[OPERATION_SHRINK]	= { true,  true,  false, false, false, false },
	[OPERATION_SNAPSHOT]	= { true,  true,  false, false, false, false },
	[OPERATION_ROLLBACK]	= { true,  true,  false, false, false, false },
	[OPERATION_MOVE]	= { true,  true,  false, false, false, false },
};
/* clang-format on */

/* clang-format off */
static const char *const texts[] = {
	[OPERATION_NONE] = "nothing",
	[OPERATION_CREATE] = "it is being created",
	[OPERATION_EXTEND] = "it is being extended",
	[OPERATION_DELETE] = "it is being deleted",
	[OPERATION_ASSOCIATE] = "its targets are being changed",
	[OPERATION_STATUS] = "its status is being changed",
	[OPERATION_SHRINK] = "it is being shrunk",
	[OPERATION_SNAPSHOT] = "a snapshot or a clone of it is being made",
	[OPERATION_ROLLBACK] = "it is being rolled back",
	[OPERATION_MOVE] = "it is being moved to another pool: `vdsctl job list`",
};
/* clang-format on */

bool
array_operation_allows(enum lun_operation held, enum array_ask ask)
{
	return allowed[held][ask];
}

/* The caller holds luns_lock. */
static int
check(struct array *array, const struct guid *lun_id, enum array_ask ask,
      struct array_lun_entry **ret_entry)
{
	struct array_lun_entry *entry = array_unit_find_locked(array, lun_id);

	if (entry == NULL)
		return array_name_no_such(ROW_LUN, lun_id);
	if (!array_operation_allows(entry->operation, ask))
		return err_set(ERR_BUSY,
			       "another operation holds the LUN (%s): try again when it has ended",
			       texts[entry->operation]);
	*ret_entry = entry;
	return 0;
}

/* Who owns the LUN knows what is done to it. */
static int
check_owner(struct array *array, const struct guid *lun_id)
{
	AUTO_STATE struct state *state = NULL;

	if (!array_is_shared(array))
		return 0;
	state = array_state(array);
	return state_find(state, ROW_LUN, lun_id) == NULL || array_lun_is_own(array, state, lun_id)
		       ? 0
		       : array_lun_not_own(array, state, lun_id);
}

int
array_operation_check(struct array *array, const struct guid *lun_id, enum array_ask ask)
{
	struct array_lun_entry *entry = NULL;
	int rc = check_owner(array, lun_id);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&array->luns_lock);
	rc = check(array, lun_id, ask, &entry);
	pthread_mutex_unlock(&array->luns_lock);
	return rc;
}

int
array_operation_begin(struct array *array, const struct guid *lun_id, enum array_ask ask,
		      enum lun_operation operation, bool visible)
{
	struct array_lun_entry *entry = NULL;
	int rc = check_owner(array, lun_id);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&array->luns_lock);
	rc = check(array, lun_id, ask, &entry);
	if (rc == 0) {
		entry->operation = operation;
		entry->visible = visible;
		array_unit_show_locked(array, entry);
	}
	pthread_mutex_unlock(&array->luns_lock);
	return rc;
}

void
array_operation_end(struct array *array, const struct guid *lun_id)
{
	struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL) {
		entry->operation = OPERATION_NONE;
		entry->visible = false;
		array_unit_show_locked(array, entry);
	}
	pthread_mutex_unlock(&array->luns_lock);
}
