/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of src/wire share. Private to them; any thread. */
#ifndef VDS_WIRE_WIRE_INT_H
#define VDS_WIRE_WIRE_INT_H

#include "wire/wire.h"

static inline void
wire_json_cleanup(json_t **json)
{
	json_decref(*json);
}
#define AUTO_JSON __attribute__((cleanup(wire_json_cleanup)))

json_t *wire_guid_encode(const struct guid *guid);
int wire_guid_decode(const json_t *json,
		     struct guid *ret_guid); /* returns 0 or ERR_PARSE (not a GUID) */

/* ---- families that this version does not know (wire_row.c) ---- */

/* A row's key as compact JSON: "ID" or ["ID","ID"], with the quotes. */
struct wire_key_text {
	char text[2 * GUID_TEXT_SIZE + 8];
};

/* Returns true for a name that a family may have and none of ours has. */
bool wire_is_other_family(const char *name);
/*
 * Decodes a key.  Returns 0, or ERR_PARSE (neither an id nor a pair of ids; the text names the
 * family).
 */
int wire_other_key_decode(const char *name, const json_t *json, struct wire_key_text *ret_key);
/*
 * Decodes a row of the family `name`.  Returns 0 and a sealed row of ROW_OTHER that the caller
 * owns; ERR_PARSE (not an object, or it does not begin with its key); -ENOMEM.
 */
int wire_other_decode(const char *name, const json_t *json, void **ret_row);
/* Returns the name of the family of a row of ROW_OTHER (mem_free), or NULL when out of memory. */
char *wire_other_family(const void *row);

/*
 * Adds the lists of all rows of ROW_OTHER, by their families' names, to the object. Returns 0 or
 * -ENOMEM.
 */
int wire_others_encode(const struct state *state, json_t *json);

/*
 * Returns the JSON of a compact text that was kept (a new reference), or NULL when out of memory.
 */
json_t *wire_kept_encode(const char *text);

/* Returns the text of a string without NULs in it, else NULL. Borrowed from json. */
const char *wire_text(const json_t *json);
/*
 * Reads a member that is an integer of at least 0. Returns 0, or ERR_PARSE (it is missing or
 * something else; the text names it).
 */
int wire_u64_get(const json_t *object, const char *name, uint64_t *ret_value);
/*
 * Reads a member that is a hash. Returns 0, or ERR_PARSE (it is missing or something else; the text
 * names it).
 */
int wire_hash_get(const json_t *object, const char *name, struct hash128 *ret_hash);

#endif
