/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The encoding as text, without a tree of JSON values between: what the event stream, the snapshot
 * and the event log of the catalog send and keep.  Byte by byte what jansson makes of the functions
 * that return a json_t (a test compares them), at a quarter of the cost.  Any thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "model/fields.h"
#include "wire/wire_int.h"

void
wire_row_text(const void *row, struct strbuf *out)
{
	row_json(row, out);
}

static void
add_guid(struct strbuf *out, const struct guid *guid)
{
	char text[GUID_TEXT_SIZE];

	strbuf_add_bytes(out, "\"", 1);
	strbuf_add(out, guid_format(guid, text));
	strbuf_add_bytes(out, "\"", 1);
}

static void
add_key(struct strbuf *out, const struct change_op *op)
{
	bool pair = row_type(op->family)->key_fields > 1;

	strbuf_add(out, pair ? "[" : "");
	add_guid(out, &op->key.a);
	if (pair) {
		strbuf_add(out, ",");
		add_guid(out, &op->key.b);
		strbuf_add(out, "]");
	}
}

/* All puts, or all deletions, of one family. */
static void
add_family(struct strbuf *out, const struct change *change, size_t first, bool put)
{
	enum row_family family = change->ops[first].family;
	const char *before = "[";

	row_json_string(row_type(family)->name, out);
	strbuf_add(out, ":");
	for (size_t i = first; i < change->op_count; i++) {
		const struct change_op *op = &change->ops[i];

		if (op->family != family || (op->row != NULL) != put)
			continue;
		strbuf_add(out, before);
		before = ",";
		if (put)
			row_json(op->row, out);
		else
			add_key(out, op);
	}
	strbuf_add(out, "]");
}

/* {"lun":[…],…}: families in the order in which they first occur. */
static void
add_ops(struct strbuf *out, const struct change *change, bool put)
{
	uint64_t seen = 0;

	_Static_assert(ROW_FAMILY_COUNT <= 64, "a bit for each family");
	strbuf_add(out, "{");
	for (size_t i = 0; i < change->op_count; i++) {
		const struct change_op *op = &change->ops[i];

		if ((op->row != NULL) != put || (seen & 1ull << op->family) != 0)
			continue;
		strbuf_add(out, seen == 0 ? "" : ",");
		seen |= 1ull << op->family;
		add_family(out, change, i, put);
	}
	strbuf_add(out, "}");
}

static int
text_add(const char *bytes, size_t len, void *text)
{
	strbuf_add_bytes(text, bytes, len);
	return ((const struct strbuf *)text)->failed ? -1 : 0;
}

/* Consumes the value; NULL = out of memory. */
static void
add_json(struct strbuf *out, json_t *taken)
{
	AUTO_JSON json_t *json = taken;

	if (json == NULL || json_dump_callback(json, text_add, out, JSON_COMPACT) < 0)
		out->failed = true;
}

/* Rows of families that this version does not know are rare: they go through jansson. */
static bool
has_other(const struct change *change)
{
	for (size_t i = 0; i < change->op_count; i++)
		if (change->ops[i].family == ROW_OTHER)
			return true;
	return false;
}

void
wire_change_text(const struct change *change, struct strbuf *out)
{
	char digest[HASH128_TEXT_SIZE];

	if (has_other(change)) {
		add_json(out, wire_change_encode(change));
		return;
	}
	strbuf_addf(out,
		    "{\"sequence\":%" PRIu64 ",\"digest\":\"%s\",\"request\":", change->sequence,
		    hash128_format(&change->digest, digest));
	if (guid_is_zero(&change->request_id))
		strbuf_add(out, "null");
	else
		add_guid(out, &change->request_id);
	strbuf_addf(out, ",\"time\":%" PRId64 ",\"cause\":", change->utc_ms);
	row_json_string(change->cause, out);
	strbuf_add(out, ",\"put\":");
	add_ops(out, change, true);
	strbuf_add(out, ",\"delete\":");
	add_ops(out, change, false);
	if (change->principal != NULL) {
		strbuf_add(out, ",\"principal\":");
		add_json(out, wire_principal_encode(change->principal));
	}
	strbuf_add(out, "}");
}

/* ---- snapshots, piece by piece ---- */

enum piece { PIECE_HEAD, PIECE_CONFIG, PIECE_LIVE, PIECE_END };

struct wire_snapshot_writer {
	struct state *config, *live;
	enum piece piece;
	int family;   /* of the next row; -1: the state's position comes first */
	size_t index; /* of the next row in its family */
};

struct wire_snapshot_writer *
wire_snapshot_writer_new(const struct state *config, const struct state *live)
{
	struct wire_snapshot_writer *writer = mem_calloc(1, sizeof(*writer));

	if (writer == NULL)
		return NULL;
	writer->config = state_ref(config);
	writer->live = state_ref(live);
	return writer;
}

void
wire_snapshot_writer_free(struct wire_snapshot_writer *writer)
{
	if (writer == NULL)
		return;
	state_unref(writer->config);
	state_unref(writer->live);
	mem_free(writer);
}

/* Rows of unknown families, which only a replica has, all at once: {"…":[…]} without its braces. */
static void
add_others(struct strbuf *out, const struct state *state)
{
	AUTO_JSON json_t *json = json_object();
	const char *member;
	json_t *list;

	if (json == NULL || wire_others_encode(state, json) < 0) {
		out->failed = true;
		return;
	}
	json_object_foreach(json, member, list)
	{
		strbuf_add(out, ",");
		row_json_string(member, out);
		strbuf_add(out, ":");
		add_json(out, json_incref(list));
	}
}

/* One row, or what stands between lists.  Moves on. */
static void
state_step(struct wire_snapshot_writer *w, const struct state *state, int first, int end,
	   struct strbuf *out)
{
	if (w->family < 0) {
		strbuf_add(out, "{\"position\":");
		add_json(out, wire_position_encode(state_position(state)));
		w->family = first;
		w->index = 0;
		return;
	}
	if (w->family == end) {
		strbuf_add(out, "}");
		w->family = -1;
		w->piece++;
		return;
	}
	if (w->family == ROW_OTHER) {
		add_others(out, state);
		w->family++;
		return;
	}
	if (w->index == 0) {
		strbuf_add(out, ",");
		row_json_string(row_type((enum row_family)w->family)->plural, out);
		strbuf_add(out, ":[");
	}
	if (w->index < state_count(state, (enum row_family)w->family)) {
		strbuf_add(out, w->index > 0 ? "," : "");
		row_json(state_at(state, (enum row_family)w->family, w->index++), out);
	} else {
		strbuf_add(out, "]");
		w->family++;
		w->index = 0;
	}
}

bool
wire_snapshot_write(struct wire_snapshot_writer *w, size_t least, struct strbuf *out)
{
	size_t end = out->len + least;

	while (w->piece != PIECE_END && out->len < end && !out->failed) {
		enum piece before = w->piece;

		switch (w->piece) {
		case PIECE_HEAD:
			strbuf_add(out, "{\"format\":");
			add_json(out, wire_format_encode());
			strbuf_add(out, ",\"config\":");
			w->family = -1;
			w->piece++;
			break;
		case PIECE_CONFIG:
			state_step(w, w->config, ROW_ARRAY, ROW_CONFIG_COUNT, out);
			strbuf_add(out, w->piece != before ? ",\"live\":" : "");
			break;
		case PIECE_LIVE:
			state_step(w, w->live, ROW_CONFIG_COUNT, ROW_FAMILY_COUNT, out);
			strbuf_add(out, w->piece != before ? "}" : "");
			break;
		case PIECE_END:
			break;
		}
	}
	return w->piece != PIECE_END;
}
