/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public encoding: rows, changes, snapshots and errors as JSON, and the event stream's framing
 * (Server-Sent Events, WHATWG HTML §9.2).  Shared by http and client; what is hashed for the digest
 * is exactly what is sent.  Functions that give a json_t give a new reference, or NULL when out of
 * memory.  Any thread.
 */
#ifndef VDS_WIRE_WIRE_H
#define VDS_WIRE_WIRE_H

#include <jansson.h>

#include "base/str.h"
#include "model/state.h"

/*
 * The version of all that.  A peer of the same major version is understood: what its minor version
 * adds (members, families, words of an enumeration, causes, events) is ignored or read as
 * documented, and is kept where the digest covers it.  docs/design/api.md, "The format and its
 * versions", has the rules for whoever adds something.
 *
 *	1.0	release 0.1, which does not send its version
 *	1.1	the version itself: `format`; who made a change: `principal`; the event
 *		`live_rows`; `identity` of a LUN, `lun_name` of a job, `allocated_bytes` of a LUN
 *		and a pool, `space` of a pool
 *	1.2	drives and the pools on them: `live_drive`, `live_pool_drive`; controllers and
 *		their ports: `controller`, `live_port`; maintenance: `live_maintenance`;
 *		`hints` of a LUN; `write_through` of a live LUN, and its operation `shrink`;
 *		`failed` of a live portal; names
 *		may be missing and need not be unique
 *	1.3	hosts: `host`, `initiator`, `host_group`, `host_member`; hosts and host groups in
 *		the `mask` of a LUN; what everybody may know of CHAP secrets: `credential`;
 *		`sources` and `redirect` of a target; FORMAT UNIT and SANITIZE: `live_lun_job`
 */
#define WIRE_FORMAT_MAJOR 1
#define WIRE_FORMAT_MINOR 3

struct wire_format {
	unsigned major, minor;
};

/* Returns {"major":1,"minor":3}, this version. */
json_t *wire_format_encode(void);
/*
 * Decodes the member `format` of a hello, a snapshot or an answer to GET /v1/version; 1.0 when
 * there is none.  Returns 0, ERR_VERSION (another major version; the text names both) or ERR_PARSE.
 */
int wire_format_decode(const json_t *object, struct wire_format *ret_format);

/*
 * Returns {"kind":"unix","role":"admin","uid":1000,"name":"alice","from":"pid 12"}, or NULL when
 * out of memory.
 */
json_t *wire_principal_encode(const struct principal *principal);
/*
 * Returns false when json does not say of which kind the principal is.  A kind that is not known
 * reads as PRINCIPAL_OTHER, a role that is not known as ROLE_NONE, any other member that is wrong
 * as none.
 */
bool wire_principal_decode(const json_t *json, struct principal *ret_principal);

/*
 * Returns {"id":"…","name":"…",…} in the order of the fields, or what was sent when the row keeps
 * the text that it was decoded from.
 */
json_t *wire_row_encode(const void *row);
/*
 * Decodes a row.  Returns 0 and a sealed row that the caller owns; ERR_PARSE (a field is missing,
 * or is not of its type or range; the text names it); -ENOMEM.
 *
 * Members that are no fields are ignored, a missing field that is younger than format 1.0 reads as
 * zero, and an unknown word of an enumeration reads as its field's `unknown`.  Such a row keeps its
 * text, and its hash covers that.
 */
int wire_row_decode(enum row_family family, const json_t *json, void **ret_row);

/* Returns {"array":"…","incarnation":1,"sequence":12,"digest":"…"}. */
json_t *wire_position_encode(const struct position *position);
/* Returns 0 or ERR_PARSE (a member is missing or wrong; the text names it). */
int wire_position_decode(const json_t *json, struct position *ret_position);

/*
 * Returns
 * {"sequence":…,"digest":…,"request":…,"time":…,"cause":…,"put":{"lun":[…]},"delete":{"association":[["…","…"]]}}.
 */
json_t *wire_change_encode(const struct change *change);
/*
 * Decodes a change.  Returns 0 and a change that the caller owns; ERR_PARSE; -ENOMEM.  Rows of
 * unknown families become ops of ROW_OTHER; those of unknown live families (live_…) are ignored,
 * since no digest covers them.
 */
int wire_change_decode(const json_t *json, struct change **ret_change);

/*
 * Returns {"position":{…},"luns":[…],"targets":[…],…}: the families first <= family < end.  The
 * rows of ROW_OTHER are in lists of their families' names.
 */
json_t *wire_state_encode(const struct state *state, enum row_family first, enum row_family end);
/*
 * Decodes a state.  Returns 0 and a state that the caller owns; ERR_PARSE; ERR_CORRUPT (the rows'
 * digest is not the position's); -ENOMEM.  Lists of unknown names are families that this version
 * does not know: they become ROW_OTHER when that is in the range, else they are ignored.
 */
int wire_state_decode(const json_t *json, enum row_family first, enum row_family end,
		      struct state **ret_state);

/* Returns {"format":{…},"config":STATE,"live":STATE}: both states of one moment. */
json_t *wire_snapshot_encode(const struct state *config, const struct state *live);
/*
 * Decodes a snapshot.  Returns 0 and two states that the caller owns; ERR_VERSION
 * (wire_format_decode); errors as wire_state_decode.
 */
int wire_snapshot_decode(const json_t *json, struct wire_format *ret_format,
			 struct state **ret_config, struct state **ret_live);

/* ---- as text ---- */

/*
 * Appends to `out` the compact text of what the functions above return as JSON.  A failed
 * allocation shows in out->failed.
 */
void wire_row_text(const void *row, struct strbuf *out);
void wire_change_text(const struct change *change, struct strbuf *out);
/* Decodes a row from its text.  Returns as wire_row_decode; ERR_PARSE also for what is not JSON. */
int wire_row_read(enum row_family family, const char *text, size_t len, void **ret_row);

/*
 * A snapshot as text, in pieces, so that sending it takes little memory: wire_snapshot_write
 * appends at least `least` bytes unless the snapshot ends before.  It returns false when the whole
 * snapshot has been written.  The writer holds references to both states.  One thread.
 */
struct wire_snapshot_writer;

struct wire_snapshot_writer *wire_snapshot_writer_new(const struct state *config,
						      const struct state *live);
void wire_snapshot_writer_free(struct wire_snapshot_writer *writer); /* accepts NULL */
bool wire_snapshot_write(struct wire_snapshot_writer *writer, size_t least, struct strbuf *out);

/*
 * Reads a snapshot as it comes; any cut of the bytes reads the same.  wire_snapshot_read and
 * wire_snapshot_read_end return 0 or an error of wire_snapshot_decode, after which the reader is
 * only to be freed.  wire_snapshot_read_end gives two states that the caller owns.  One thread.
 */
struct wire_snapshot_reader;

struct wire_snapshot_reader *wire_snapshot_reader_new(void);
void wire_snapshot_reader_free(struct wire_snapshot_reader *reader); /* accepts NULL */
int wire_snapshot_read(struct wire_snapshot_reader *reader, const char *bytes, size_t len);
int wire_snapshot_read_end(struct wire_snapshot_reader *reader, struct wire_format *ret_format,
			   struct state **ret_config, struct state **ret_live);

/* {"error":{"code":"NOT_FOUND","message":"…"}} of a code and this thread's text. */
json_t *wire_error_encode(int code);
/* Sets this thread's text and returns the code; ERR_INTERNAL when the JSON is none of ours. */
int wire_error_decode(const json_t *json);

/* ---- the event stream ---- */

/*
 * Appends "event: NAME\nid: SEQUENCE\ndata: JSON\n\n" (no id line when sequence is 0).  json_text:
 * one line.
 */
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
