/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A state is all rows of an array at one position.  It is immutable and counted.  The array's
 * writer makes the next state by an edit and publishes it by swapping a pointer; the replica
 * applies the same changes and thus has the same states with the same digests.  Any thread that
 * holds a reference may read a state without a lock.
 *
 * Look-ups take time that grows with the logarithm of the number of rows.  They return rows and
 * slices that are borrowed from the state, and NULL or an empty slice when there is no such row.
 */
#ifndef VDS_MODEL_STATE_H
#define VDS_MODEL_STATE_H

#include "model/principal.h"
#include "model/rows.h"

/*
 * The position of a state.  For configuration rows: (array, incarnation, sequence, digest). For
 * live rows: array_id is the id of the boot, incarnation is 0, sequence is the version, and the
 * digest is zero.
 */
struct position {
	struct guid array_id;
	uint64_t incarnation;  /* changes when a backup is restored */
	uint64_t sequence;     /* increases by one with each change */
	struct hash128 digest; /* sum modulo 2^128 of the hashes of all rows */
};

struct state;

/*
 * Makes a state without rows that stands at array_id, incarnation and sequence of `at`.  Returns
 * one reference that the caller owns, or NULL when out of memory.
 */
struct state *state_new(const struct position *at);
/* Returns the state with one more reference, which the caller owns. */
struct state *state_ref(const struct state *state);
void state_unref(struct state *state); /* accepts NULL; any thread */
void state_unref_cleanup(void *pointer_to_state);
#define AUTO_STATE __attribute__((cleanup(state_unref_cleanup)))
/* Returns the state's position, which is valid as long as the state. */
const struct position *state_position(const struct state *state);
/*
 * Makes a second state with the same rows and position and a reference count of its own, so that
 * many threads that take and drop references do not share one counter.  Returns a reference that
 * the caller owns, or NULL when out of memory.
 */
struct state *state_alias(const struct state *state);

/* Returns the number of rows of a family. */
size_t state_count(const struct state *state, enum row_family family);
/* Returns the row at an index in the order of keys, or NULL behind the last. */
const void *state_at(const struct state *state, enum row_family family, size_t index);
/* Returns the row with that id, or with that pair of ids, or NULL. */
const void *state_find(const struct state *state, enum row_family family, const struct guid *id);
const void *state_find_pair(const struct state *state, enum row_family family, const struct guid *a,
			    const struct guid *b);
/*
 * Returns the index of the first row whose key is greater than `id`, for lists that are paged by
 * id.  NULL gives 0.
 */
size_t state_after(const struct state *state, enum row_family family, const struct guid *id);
/*
 * Returns the index of the first row whose pair is greater than (a, b), for relations that are
 * paged by pair.
 */
size_t state_after_pair(const struct state *state, enum row_family family, const struct guid *a,
			const struct guid *b);

/* Returns the one row of ROW_ARRAY, or NULL in an empty state. */
const struct row_array *state_array(const struct state *state);
/* Returns the row with that name, or NULL.  Names are compared byte by byte. */
const struct row_target *state_target_by_name(const struct state *state, const char *iscsi_name);
/* Returns all LUNs with that name, which need not be unique; "" = those without a name. */
struct row_slice state_luns_by_name(const struct state *state, const char *name);
const struct row_lun *state_lun_by_serial(const struct state *state, const char *serial);
/* `naa` is 16 hexadecimal digits in lower case, as in the row. */
const struct row_lun *state_lun_by_naa(const struct state *state, const char *naa);

/*
 * Returns how many LUNs of a live state have failed, plus how many pools are not ready, plus one
 * for an array that is read-only.  The count is kept up with each change, so that nobody has to
 * walk the rows for it.
 */
size_t state_ailing(const struct state *live);
/*
 * Returns how many LUNs of a live state have failed or are held by an operation, kept up in the
 * same way.  While there is none, nobody has to look a LUN's row up to know that it is neither.
 */
size_t state_guarded(const struct state *live);

/*
 * Returns how much work this thread has done in edits, changes and differences since it began, as a
 * count of entries moved and compared.  For tests that hold costs to the size of a change.
 */
uint64_t state_work(void);

/* Rows that stand together in a state: rows[0 … count-1].  Valid as long as the state. */
struct row_slice {
	const void *const *rows;
	size_t count;
};

/* Returns the LUN's rows of struct row_association, in the order of target ids. */
struct row_slice state_lun_targets(const struct state *state, const struct guid *lun_id);
/*
 * Returns the target's rows of struct row_association, in the order of LUN numbers, then LUN ids.
 */
struct row_slice state_target_luns(const struct state *state, const struct guid *target_id);
/* Returns all rows of struct row_target that have the alias, in the order of ids. */
struct row_slice state_targets_by_alias(const struct state *state, const char *alias);
/* Returns the target's rows of struct row_portal_group, in the order of tags. */
struct row_slice state_target_groups(const struct state *state, const struct guid *target_id);
/* Returns the group's rows of struct row_group_portal, in the order of portal ids. */
struct row_slice state_group_portals(const struct state *state, const struct guid *group_id);
/* Returns the portal's rows of struct row_group_portal, in the order of group ids. */
struct row_slice state_portal_groups(const struct state *state, const struct guid *portal_id);
/* Returns who owns the LUN, or NULL: nobody does, or the array has no gateways. */
const struct row_lun_owner *state_lun_owner(const struct state *state, const struct guid *lun_id);
/* Returns how many LUNs the controller owns. */
size_t state_controller_lun_count(const struct state *state, const struct guid *controller_id);
/* Returns the owner's row of such a LUN, in the order of LUN ids, or NULL behind the last. */
const struct row_lun_owner *state_controller_lun(const struct state *state,
						 const struct guid *controller_id, size_t index);
/* Returns the pool's rows of struct row_live_pool_drive, in the order of drive ids. */
struct row_slice state_pool_drives(const struct state *live, const struct guid *pool_id);
/* Returns the drive's rows of struct row_live_pool_drive, in the order of pool ids. */
struct row_slice state_drive_pools(const struct state *live, const struct guid *drive_id);

/*
 * A change is what one operation did: the rows that it put (new or replaced) and the keys that it
 * deleted.  They are committed together, with one sequence.  A change is counted, and immutable
 * once it is made.
 */
struct change_op {
	enum row_family family;
	struct row_key key;
	struct row *row; /* the row that was put, one reference; NULL: the key was deleted */
	/*
	 * A row of ROW_OTHER is deleted: the family's name and the key as sent ("host\"ID\""),
	 * owned; else NULL.
	 */
	char *deleted;
};

struct change {
	atomic_uint refs;
	uint64_t sequence;      /* sequence of the state after the change */
	struct hash128 digest;  /* digest of the state after the change */
	struct guid request_id; /* id of the request that made the change; zero = none */
	int64_t utc_ms;
	char *cause;                 /* "lun.associate", … : docs/design/api.md */
	struct principal *principal; /* who made it, owned; NULL = vdsd itself, or not known */
	struct change_op *ops;
	size_t op_count;
};

/*
 * Copies who made a change into it, before anybody else sees the change.  NULL and PRINCIPAL_SYSTEM
 * leave it NULL. Returns 0 or -ENOMEM.
 */
int change_set_principal(struct change *change, const struct principal *principal);
/* Returns the change with one more reference, which the caller owns. */
struct change *change_ref(const struct change *change);
void change_unref(struct change *change); /* accepts NULL */

/*
 * An edit is a working copy of a state that turns into the next state and its change.  It belongs
 * to one thread.
 *	edit = state_edit_new(base); state_edit_put(edit, row); …; state_edit_finish(edit, …, &state, &change);
 */
struct state_edit;

/* Begins an edit; the base may be dropped meanwhile.  Returns NULL when out of memory. */
struct state_edit *state_edit_new(const struct state *base);
/*
 * Begins an edit that loads many rows into an empty state at that position: it takes state_edit_put
 * and ends with state_edit_load.  The rows come in any order, each key once, and cannot be looked
 * up meanwhile.  Returns NULL when out of memory.
 */
struct state_edit *state_edit_new_load(const struct position *at);
/* Forgets an edit: nothing has happened.  Accepts NULL. */
void state_edit_free(struct state_edit *edit);
/*
 * Seals the row and puts it in, in place of the row with the same key.  Consumes the caller's
 * reference, also on failure. A row that is equal to the present one changes nothing.  Returns 0 or
 * -ENOMEM.
 */
int state_edit_put(struct state_edit *edit, void *row);
/*
 * Deletes the row with the key (a, b); b is NULL for families with one id.  Returns 0,
 * ERR_NOT_FOUND or -ENOMEM.
 */
int state_edit_delete(struct state_edit *edit, enum row_family family, const struct guid *a,
		      const struct guid *b);
/*
 * Returns the state as it is after the edit so far, for look-ups.  What is found in it is valid
 * until the next put or delete.  The caller must not take a reference to it.
 */
const struct state *state_edit_view(struct state_edit *edit);
/* Returns whether the edit so far leads to the same rows as its base has. */
bool state_edit_is_empty(const struct state_edit *edit);
/*
 * Ends an edit and frees it, also on failure.  Returns 0 with the next state (its sequence is one
 * more) and the change that leads there, one reference each for the caller; or -ENOMEM.  The change
 * has its ops in the order of families, then keys; what the edit put and took back is not in it.
 */
int state_edit_finish(struct state_edit *edit, const char *cause, const struct guid *request_id,
		      int64_t utc_ms, struct state **ret_state, struct change **ret_change);

/*
 * Ends an edit that loads rows, and frees it, also on failure.  Returns 0 with a state at the
 * position of the base that has the rows so far and their digest, one reference for the caller;
 * ERR_CORRUPT (state_edit_new_load: a key came twice; the text names the family); or -ENOMEM.
 */
int state_edit_load(struct state_edit *edit, struct state **ret_state);

/*
 * Makes the change that leads from one state to the other, which may have been loaded
 * independently.  It has the sequence and the digest of `after`, and its ops in the order of
 * families, then keys.  The caller owns *ret_change.  Returns 0 or -ENOMEM.
 */
int state_difference(const struct state *before, const struct state *after, const char *cause,
		     struct change **ret_change);
/*
 * Makes the state after a change.  Returns 0 with one reference for the caller; ERR_GONE (the
 * change's sequence is not the next one); ERR_CORRUPT (it deletes what is not there, or the digest
 * after it is not the change's; the text says which); -ENOMEM.  Live states have no digest.
 */
int state_apply(const struct state *state, const struct change *change, struct state **ret_state);

/*
 * Checks the invariants between rows (every association has its LUN and target, numbers are unique
 * in a target, names are unique, groups have targets, …) and that the digest is that of the rows.
 * Returns 0; ERR_CORRUPT (the text names the first breach); -ENOMEM.  The time grows with the
 * number of rows.
 */
int state_check(const struct state *state);

/* ---- rules that both sides need ---- */

/*
 * An unmasking list (`mask`) has initiator names, hosts and host groups as its entries: "*" stands
 * for every initiator, "" for none; otherwise entries are joined by ';'.  A host is "host:ID", a
 * host group "host-group:ID".  model/host.h has what needs a state: which initiators the hosts of a
 * list are.
 */
#define MASK_HOST       "host:"
#define MASK_HOST_GROUP "host-group:"
/* Returns whether an entry of a list, or what an initiator calls itself, is of this form. */
bool mask_is_host(const char *entry);
/*
 * Returns whether the initiator's own name is in the list, or the list is "*"; hosts are not looked
 * at.  iSCSI names are compared byte by byte after normalisation.
 */
bool mask_admits(const char *mask, const char *initiator);
/*
 * Returns whether `mask` has every entry of `other`, so that it admits every initiator that `other`
 * admits.  Both are canonical lists.  Takes time in proportion to their lengths.
 */
bool mask_includes(const char *mask, const char *other);
/*
 * Brings an unmasking list into its canonical form: "*", "", or entries in sorted order without
 * duplicates and without spaces around them.  Returns 0 with a text that the caller frees
 * (mem_free); ERR_INVALID ('*' stands beside names, a name is longer than 223 bytes or has a
 * character that no iSCSI name may have, a host is named by something else than its id
 * (host_mask_resolve takes names, too), or the list is longer than ROW_MASK_MAX); -ENOMEM.
 */
int mask_normalize(const char *text, char **ret_mask);
/*
 * Makes a canonical list with the names of another list added, or removed.  `names` is a list as
 * mask_normalize takes it, but not "*".  Adding a present name or removing an absent one has no
 * effect.  Returns as mask_normalize; ERR_INVALID also when `mask` is "*".
 */
int mask_add(const char *mask, const char *names, char **ret_mask);
int mask_remove(const char *mask, const char *names, char **ret_mask);
/* The canonical form of names joined by ';', as mask_normalize makes it, but of any length. */
int mask_sort(const char *names, char **ret_mask);
/*
 * Brings an iSCSI name (iqn., eui. or naa.) into lower case and checks its form (RFC 7143 §4.2.7,
 * RFC 3722 for ASCII). Returns 0 with a text that the caller frees (mem_free), ERR_INVALID (it is
 * no such name; the text says why) or -ENOMEM.
 */
int iscsi_name_normalize(const char *text, char **ret_name);

#endif
