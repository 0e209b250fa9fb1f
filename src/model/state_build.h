/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions that build a state or a change row by row, for code that decodes one: src/wire and
 * src/catalog.  All other code edits a state (state_edit_new). A state that is being built belongs
 * to one thread until it is shown to others.
 */
#ifndef VDS_MODEL_STATE_BUILD_H
#define VDS_MODEL_STATE_BUILD_H

#include "model/state.h"

/*
 * Returns a change with room for op_capacity ops and none in it, or NULL when out of memory.  The
 * caller owns it.
 */
struct change *change_new(const char *cause, size_t op_capacity);
/*
 * Appends an op; there must be room for it.  Consumes the reference to row (NULL: the op deletes
 * the key).
 */
void change_add(struct change *change, enum row_family family, const struct row_key *key,
		void *row);

/*
 * Appends an op that deletes a row of a family that this version does not know; there must be room
 * for it.  key: the row's key as compact JSON.  Returns 0 or -ENOMEM.
 */
int change_add_other(struct change *change, const char *family, const char *key);

/*
 * Begins a state that many rows will be put into, in any order (state_load_put).  Its rows
 * cannot be looked up until state_load_end; its digest is that of the rows so far.  Returns one
 * reference that the caller owns, or NULL when out of memory.
 */
struct state *state_load_begin(const struct position *at);
/*
 * Adds a sealed row.  The row is borrowed; the state takes a reference of its own.  Returns 0 or
 * -ENOMEM.
 */
int state_load_put(struct state *work, void *row);
/*
 * Ends the loading: the state has its rows, and look-ups work.  Costs a few steps a row, while
 * state_put costs a way down each order.  Returns 0, ERR_CORRUPT (two rows have the same key; the
 * text names the family) or -ENOMEM; after an error the state can only be dropped.
 */
int state_load_end(struct state *work);

/*
 * Sets the position of a state that only the caller holds: array id, incarnation and sequence.  The
 * digest stays that of the rows.
 */
void state_place(struct state *work, const struct position *at);

/*
 * Returns true when the caller holds the only reference.  Nobody else sees the state then, and the
 * caller may put rows into it.  To be called under the lock under which others take references.
 */
bool state_is_alone(const struct state *state);

/*
 * Puts a sealed row into a state that only the caller holds, as state_edit_put does in an edit.
 * The row is borrowed; the state takes a reference of its own.  Returns 0 or -ENOMEM.
 */
int state_put(struct state *work, void *row);

#endif
