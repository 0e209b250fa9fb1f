/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a state. */
#ifndef VDS_WIRE_STATE_INT_H
#define VDS_WIRE_STATE_INT_H

#include "wire/order_int.h"

struct state {
	unsigned refs;			/* atomic */
	struct position position;
	struct order *orders[ORDER_COUNT]; /* counted; NULL = empty */
};

static inline bool
family_is_digested(enum row_family family)
{
	return family < (enum row_family)ROW_CONFIG_COUNT;
}

const void *state_find_key(
	const struct state *state, enum row_family family, const struct row_key *key);

/* A change with room for that many ops and none in it; NULL when out of memory. */
struct change *change_new(const char *cause, size_t op_capacity);
/* An op at the end; consumes the reference to row. */
void change_add(
	struct change *change, enum row_family family, const struct row_key *key, void *row);

/*
 * As state_edit_put and state_edit_delete, for a state that only the caller holds.  The row is
 * sealed and borrowed.
 */
int state_put(struct state *work, void *row);
int state_delete(struct state *work, enum row_family family, const struct row_key *key);

#endif
