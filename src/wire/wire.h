/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public encoding: rows, changes, snapshots and errors as JSON, and the event stream's framing
 * (Server-Sent Events, WHATWG HTML §9.2).  Shared by http and client; what is hashed for the digest is exactly
 * what is sent.  Functions that give a json_t give a new reference, or NULL when out of memory.  Any thread.
 */
#ifndef VDS_WIRE_WIRE_H
#define VDS_WIRE_WIRE_H

#include <jansson.h>

#include "base/str.h"
#include "model/state.h"

/* {"id":"…","name":"…",…} in the order of the fields. */
json_t *wire_row_encode(const void *row);
/*
 * Strict: every field present, of its type and range, no others.  0 and a sealed row (one reference);
 * ERR_PARSE with a text naming the field; -ENOMEM.
 */
int wire_row_decode(enum row_family family, const json_t *json, void **ret_row);

/* {"array":"…","incarnation":1,"sequence":12,"digest":"…"} */
json_t *wire_position_encode(const struct position *position);
int wire_position_decode(const json_t *json, struct position *ret_position);

/* {"sequence":…,"digest":…,"request":…,"time":…,"cause":…,"put":{"lun":[…]},"delete":{"association":[["…","…"]]}} */
json_t *wire_change_encode(const struct change *change);
int wire_change_decode(const json_t *json, struct change **ret_change);

/* {"position":{…},"luns":[…],"targets":[…],…}: the families first <= family < end. */
json_t *wire_state_encode(const struct state *state, enum row_family first, enum row_family end);
/* 0; ERR_PARSE; ERR_CORRUPT when the rows' digest is not the position's; -ENOMEM. */
int wire_state_decode(const json_t *json, enum row_family first, enum row_family end,
		      struct state **ret_state);

/* {"error":{"code":"NOT_FOUND","message":"…"}} of a code and this thread's text. */
json_t *wire_error_encode(int code);
/* Sets this thread's text and returns the code; ERR_INTERNAL when the JSON is none of ours. */
int wire_error_decode(const json_t *json);

/* ---- the event stream ---- */

/* Appends "event: NAME\nid: SEQUENCE\ndata: JSON\n\n" (no id line when sequence is 0).  json_text: one line. */
void wire_sse_encode(struct strbuf *out, const char *name, uint64_t sequence,
		     const char *json_text);

/* Incremental reader.  Any cut of the bytes gives the same events. */
struct wire_sse {
	struct strbuf line, name, data;
	bool after_cr;      /* the last byte was a CR: an LF now belongs to it */
	bool has_data;      /* the event has a data line */
	size_t limit_bytes; /* a longer event is ERR_LIMIT; 0 = 64 MiB */
};

void wire_sse_init(struct wire_sse *sse);
void wire_sse_fini(struct wire_sse *sse);
/*
 * Calls event for each complete one; stops at the first that returns non-zero and returns that.
 * 0, ERR_LIMIT, -ENOMEM.
 */
int wire_sse_feed(struct wire_sse *sse, const char *bytes, size_t len,
		  int (*event)(void *arg, const char *name, const char *data), void *arg);

#endif
