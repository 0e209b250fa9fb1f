/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of struct state, and functions that only the files of src/model call. */
#ifndef VDS_MODEL_STATE_INT_H
#define VDS_MODEL_STATE_INT_H

#include "model/order_int.h"
#include "model/state_build.h"

struct state {
	atomic_uint refs;
	struct position position;
	struct order *orders[ORDER_COUNT]; /* one reference to each; NULL = empty */
	size_t ailing; /* number of live LUNs and pools that are not well: state_ailing */
};

static inline bool
row_family_is_digested(enum row_family family)
{
	return family < (enum row_family)ROW_CONFIG_COUNT;
}

/* Returns the row of this family with this key, or NULL. */
const void *state_find_key(const struct state *state, enum row_family family,
			   const struct row_key *key);

/*
 * Delete a key from a state that only the caller holds, as state_edit_delete does in an edit.
 * Returns 0 or -ENOMEM.
 */
int state_delete(struct state *work, enum row_family family, const struct row_key *key);

#endif
