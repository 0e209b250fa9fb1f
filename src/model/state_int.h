/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of struct state, and functions that only the files of src/model call. */
#ifndef VDS_MODEL_STATE_INT_H
#define VDS_MODEL_STATE_INT_H

#include "base/slot.h"
#include "model/order_int.h"
#include "model/state_build.h"

/*
 * Rows on their way into a state.  Those of a family go straight into its primary order as long as
 * they come in the order of keys; the others wait here.
 */
struct state_rows {
	struct {
		const void *last; /* the last row that went into the order, borrowed */
		void **waiting;   /* one reference to each */
		size_t count, capacity;
	} of[ROW_FAMILY_COUNT];
};

struct state {
	/*
	 * Each of the board's copies (src/client) is counted by a thread of its own, and what lies
	 * beside them in the heap is read by all.
	 */
	char before[SLOT_APART];
	atomic_uint refs;
	struct position position;
	struct order *orders[ORDER_COUNT]; /* one reference to each; NULL = empty */
	struct order *masked;              /* ORDER_MASKED, one reference; NULL = empty */
	struct state_rows *loading; /* the rows of a state that is being loaded, owned; else NULL */
	size_t ailing;  /* number of live LUNs and pools that are not well: state_ailing */
	size_t guarded; /* number of live LUNs of which not every method answers: state_guarded */
	char after[SLOT_APART];
};

static inline bool
row_family_is_digested(enum row_family family)
{
	return family < (enum row_family)ROW_CONFIG_COUNT;
}

/* Returns the row of this family with this key, or NULL. */
const void *state_find_key(const struct state *state, enum row_family family,
			   const struct row_key *key);

void state_rows_free(struct state_rows *rows); /* accepts NULL */

/* ---- masked.c: which LUNs have a host in their unmasking list ---- */

/*
 * Adds the hosts and host groups of the new list that the old list does not have.  NULL stands for
 * no list.  Returns 0 or -ENOMEM; then the index may have entries too many, which do no harm.
 */
int state_masked_add(struct state *work, const struct guid *lun_id, const char *old,
		     const char *now);
/* Removes what the old list has and the new one has not.  Entries stay when there is no memory. */
void state_masked_remove(struct state *work, const struct guid *lun_id, const char *old,
			 const char *now);
/* Makes the index of a state that was loaded.  Returns 0 or -ENOMEM. */
int state_masked_load(struct state *work);
/* Returns 0, or ERR_CORRUPT: an entry of a list is not in the index. */
int state_masked_check(const struct state *state);

/*
 * ---- state_check.c and its parts: each check returns 0, or ERR_CORRUPT with a text, or -ENOMEM
 * ----
 */

#define BREACH(...) err_set(ERR_CORRUPT, __VA_ARGS__)

/* Checks what only one row of a family may have: names, designators, addresses. */
int state_check_uniques(const struct state *state);
/* Checks one row and what it refers to.  Rows of families without invariants are correct. */
int state_check_row(const struct state *state, enum row_family family, const void *row);
/* Checks that every association is of a LUN and a target that exist, in both of its orders. */
int state_check_associations(const struct state *state);

/*
 * Deletes a key from a state that only the caller holds, as state_edit_delete does in an edit.
 * Returns 0 or -ENOMEM.
 */
int state_delete(struct state *work, enum row_family family, const struct row_key *key);

#endif
