/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A state: all rows at one position, immutable, counted.  The array's writer makes the next one by an edit and
 * publishes it by swapping a pointer; the replica applies changes to get the same states with the same digests.
 * Readers hold a reference and need no lock.  Look-ups are binary searches; rows and slices are borrowed from the
 * state they came from.
 */
#ifndef VDS_MODEL_STATE_H
#define VDS_MODEL_STATE_H

#include "model/principal.h"
#include "model/rows.h"

/*
 * Where a state stands.  Configuration: (array, incarnation, sequence, digest).  Live: array_id is the boot's id,
 * incarnation 0, sequence the version, digest unused (zero).
 */
struct position {
	struct guid array_id;
	uint64_t incarnation;  /* a restored backup is a new one */
	uint64_t sequence;     /* one more for each change */
	struct hash128 digest; /* sum modulo 2^128 of the hashes of all rows */
};

struct state;

/* No rows; takes array_id, incarnation and sequence from `at`.  NULL when out of memory. */
struct state *state_new(const struct position *at);
struct state *state_ref(const struct state *state);
void state_unref(struct state *state); /* accepts NULL; any thread */
void state_unref_cleanup(void *pointer_to_state);
#define AUTO_STATE __attribute__((cleanup(state_unref_cleanup)))
const struct position *state_position(const struct state *state);
/*
 * The same state under a count of its own (rows and orders are shared): for many threads that take and drop references
 * all the time.  NULL when out of memory.
 */
struct state *state_alias(const struct state *state);

size_t state_count(const struct state *state, enum row_family family);
/* In the order of keys. */
const void *state_at(const struct state *state, enum row_family family, size_t index);
/* NULL when absent. */
const void *state_find(const struct state *state, enum row_family family, const struct guid *id);
const void *state_find_pair(const struct state *state, enum row_family family, const struct guid *a,
			    const struct guid *b);
/* Index of the first row whose key is greater than `id` (lists paged by id); NULL = 0. */
size_t state_after(const struct state *state, enum row_family family, const struct guid *id);
/* The same for relations, paged by pair. */
size_t state_after_pair(const struct state *state, enum row_family family, const struct guid *a,
			const struct guid *b);

/* The one ROW_ARRAY, or NULL in an empty state. */
const struct row_array *state_array(const struct state *state);
const struct row_target *state_target_by_name(const struct state *state, const char *iscsi_name);
const struct row_lun *state_lun_by_name(const struct state *state, const char *name);
const struct row_lun *state_lun_by_serial(const struct state *state, const char *serial);
/* naa: 16 hexadecimal digits in lower case, as in the row. */
const struct row_lun *state_lun_by_naa(const struct state *state, const char *naa);

/*
 * Returns how many LUNs of a live state have failed plus how many pools are not ready.  The count is
 * kept up with each change, so that nobody has to walk the rows for it.
 */
size_t state_ailing(const struct state *live);

/*
 * Returns how much work this thread has done in edits, changes and differences since it began, as a
 * count of entries moved and compared.  For tests that hold costs to the size of a change.
 */
uint64_t state_work(void);

/* A run of rows in a state: rows[0 … count-1]. */
struct row_slice {
	const void *const *rows;
	size_t count;
};

/* struct row_association, by target id. */
struct row_slice state_lun_targets(const struct state *state, const struct guid *lun_id);
/* struct row_association, by (LUN number, lun id). */
struct row_slice state_target_luns(const struct state *state, const struct guid *target_id);
/* struct row_target, by id: all targets with that alias. */
struct row_slice state_targets_by_alias(const struct state *state, const char *alias);
/* struct row_portal_group, by tag. */
struct row_slice state_target_groups(const struct state *state, const struct guid *target_id);
/* struct row_group_portal, by portal id. */
struct row_slice state_group_portals(const struct state *state, const struct guid *group_id);
/* struct row_group_portal, by group id. */
struct row_slice state_portal_groups(const struct state *state, const struct guid *portal_id);

/*
 * A change: what one operation did, as rows put (new or replaced) and keys deleted.  Committed together, with one
 * sequence.  Counted and immutable once made.
 */
struct change_op {
	enum row_family family;
	struct row_key key;
	struct row *row; /* put; NULL = delete */
	/* A row of ROW_OTHER is deleted: the family's name and the key as sent ("host\"ID\""), owned; else NULL. */
	char *deleted;
};

struct change {
	atomic_uint refs;
	uint64_t sequence;      /* of the state after it */
	struct hash128 digest;  /* of the state after it */
	struct guid request_id; /* zero = none */
	int64_t utc_ms;
	char *cause;                 /* "lun.associate", … : docs/design/api.md */
	struct principal *principal; /* who made it, owned; NULL = vdsd itself, or not known */
	struct change_op *ops;
	size_t op_count;
};

/*
 * Copies who made a change into it, before anybody else sees the change.  NULL and PRINCIPAL_SYSTEM leave it NULL.
 * Returns 0 or -ENOMEM.
 */
int change_set_principal(struct change *change, const struct principal *principal);
struct change *change_ref(const struct change *change);
void change_unref(struct change *change); /* accepts NULL */

/*
 * An edit: a working copy that turns into the next state and its change.  One thread.
 *	edit = state_edit_new(base); state_edit_put(edit, row); …; state_edit_finish(edit, …, &state, &change);
 */
struct state_edit;

struct state_edit *state_edit_new(const struct state *base); /* NULL when out of memory */
/* Accepts NULL: the edit is forgotten, nothing has happened. */
void state_edit_free(struct state_edit *edit);
/* Consumes the caller's reference also on failure; seals it.  A put of an equal row is no op.  0 or -ENOMEM. */
int state_edit_put(struct state_edit *edit, void *row);
/* 0, ERR_NOT_FOUND, -ENOMEM. */
int state_edit_delete(struct state_edit *edit, enum row_family family, const struct guid *a,
		      const struct guid *b);
/*
 * Look-ups that see the edit so far.  Borrowed: what it gave is valid until the next put or
 * delete, and is not to be counted.
 */
const struct state *state_edit_view(struct state_edit *edit);
/* Any ops so far? */
bool state_edit_is_empty(const struct state_edit *edit);
/*
 * The next state (sequence + 1) and the change that leads there (ops by family, then key; what was
 * put and taken back is not in it), one reference each for the caller.  The edit is freed, also on
 * failure.  0 or -ENOMEM.
 */
int state_edit_finish(struct state_edit *edit, const char *cause, const struct guid *request_id,
		      int64_t utc_ms, struct state **ret_state, struct change **ret_change);

/*
 * For loading: the rows so far as a state at the very position of the base, with their digest; no change.  The edit is
 * freed, also on failure.  0 or -ENOMEM.
 */
int state_edit_load(struct state_edit *edit, struct state **ret_state);

/*
 * The state after `change`.  0; ERR_GONE: its sequence is not the next; ERR_CORRUPT: it does not fit (a
 * deletion of nothing) or the digest comes out otherwise; -ENOMEM.  Live states are not digested.
 */
int state_apply(const struct state *state, const struct change *change, struct state **ret_state);

/*
 * Invariants between rows (every association has its LUN and target, numbers unique in a target, names unique,
 * groups have targets, …) and the digest itself.  0, or ERR_CORRUPT with a text that names the first breach; -ENOMEM.
 */
int state_check(const struct state *state);

/* ---- rules that both sides need ---- */

/* Does the unmasking list `mask` admit the initiator name?  iSCSI names compare byte by byte after normalisation. */
bool mask_admits(const char *mask, const char *initiator);
/*
 * Return whether every initiator that `other` admits is admitted by `mask` too.  Both are canonical
 * lists.  Takes time in proportion to their lengths.
 */
bool mask_includes(const char *mask, const char *other);
/*
 * Canonical form: "*", "" or names without duplicates, sorted.  Spaces around names are dropped.
 * 0 and new memory; ERR_INVALID with a text ('*' mixed with names, a name longer than 223 bytes or with characters no
 * iSCSI name may have, the whole longer than ROW_MASK_MAX); -ENOMEM.
 */
int mask_normalize(const char *text, char **ret_mask);
/*
 * A canonical list with more or fewer names: `names` is a list as mask_normalize takes it, but not '*'; what is there
 * already, or is not there, does not matter.  Errors as mask_normalize; ERR_INVALID also when mask is "*".
 */
int mask_add(const char *mask, const char *names, char **ret_mask);
int mask_remove(const char *mask, const char *names, char **ret_mask);
/* iqn., eui. or naa. name: lower case, form checked (RFC 7143 §4.2.7, RFC 3722 for ASCII).  0, ERR_INVALID, -ENOMEM. */
int iscsi_name_normalize(const char *text, char **ret_name);

#endif
