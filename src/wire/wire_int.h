/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the encoding share. */
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
int wire_guid_decode(const json_t *json, struct guid *ret_guid); /* 0 or ERR_PARSE */
/* A string without NULs in it, else NULL. */
const char *wire_text(const json_t *json);
/* A member that is an integer >= 0.  0, or ERR_PARSE with a text that names it. */
int wire_u64_get(const json_t *object, const char *name, uint64_t *ret_value);
/* A member that is a hash.  Likewise. */
int wire_hash_get(const json_t *object, const char *name, struct hash128 *ret_hash);

#endif
