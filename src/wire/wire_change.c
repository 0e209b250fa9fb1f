/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes and states as JSON. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/fields.h"
#include "model/state_build.h"
#include "wire/wire_int.h"

/* ---- changes out ---- */

/* object[name], an array that is made when missing; borrowed. */
static json_t *
list_get(json_t *object, const char *name)
{
	json_t *list = json_object_get(object, name);

	if (list != NULL)
		return list;
	list = json_array();
	return json_object_set_new(object, name, list) == 0 ? list : NULL;
}

static json_t *
key_encode(const struct change_op *op)
{
	if (row_type(op->family)->key_fields == 1)
		return wire_guid_encode(&op->key.a);
	return json_pack("[o, o]", wire_guid_encode(&op->key.a), wire_guid_encode(&op->key.b));
}

static int
op_encode(const struct change_op *op, json_t *put, json_t *gone)
{
	json_t *list = list_get(op->row != NULL ? put : gone, row_type(op->family)->name);

	if (list == NULL)
		return -ENOMEM;
	return json_array_append_new(list, op->row != NULL ? wire_row_encode(op->row)
							   : key_encode(op)) == 0
		       ? 0
		       : -ENOMEM;
}

json_t *
wire_change_encode(const struct change *change)
{
	AUTO_JSON json_t *put = json_object();
	AUTO_JSON json_t *gone = json_object();
	char digest[HASH128_TEXT_SIZE];

	if (put == NULL || gone == NULL)
		return NULL;
	for (size_t i = 0; i < change->op_count; i++)
		if (op_encode(&change->ops[i], put, gone) < 0)
			return NULL;
	return json_pack("{s:I, s:s, s:o, s:I, s:s, s:O, s:O}", "sequence",
			 (json_int_t)change->sequence, "digest",
			 hash128_format(&change->digest, digest), "request",
			 guid_is_zero(&change->request_id) ? json_null()
							   : wire_guid_encode(&change->request_id),
			 "time", (json_int_t)change->utc_ms, "cause", change->cause, "put", put,
			 "delete", gone);
}

/* ---- changes in ---- */

static int
key_decode(enum row_family family, const json_t *json, struct row_key *ret_key)
{
	struct row_key key = { 0 };
	int rc;

	if (row_type(family)->key_fields == 1)
		rc = wire_guid_decode(json, &key.a);
	else if (json_array_size(json) != 2)
		rc = ERR_PARSE;
	else if ((rc = wire_guid_decode(json_array_get(json, 0), &key.a)) == 0)
		rc = wire_guid_decode(json_array_get(json, 1), &key.b);
	if (rc < 0)
		return err_set(ERR_PARSE, "delete.%s: not a key", row_type(family)->name);
	*ret_key = key;
	return 0;
}

static int
op_decode(struct change *change, enum row_family family, const json_t *json, bool put)
{
	struct row_key key;
	void *row = NULL;
	int rc = put ? wire_row_decode(family, json, &row) : key_decode(family, json, &key);

	if (rc < 0)
		return rc;
	if (put)
		row_key(row, &key);
	change_add(change, family, &key, row);
	return 0;
}

/* {"lun":[…],…}: the number of elements, or ERR_PARSE. */
static long
ops_count(const json_t *object)
{
	const char *name;
	json_t *list;
	long count = 0;

	if (!json_is_object(object))
		return err_set(ERR_PARSE, "put, delete: not an object");
	json_object_foreach((json_t *)(uintptr_t)object, name, list)
	{
		if (!json_is_array(list) || row_family_find(name) < 0)
			return err_set(ERR_PARSE, "put, delete: neither a family nor a list");
		count += (long)json_array_size(list);
	}
	return count;
}

static int
ops_decode(struct change *change, const json_t *object, bool put)
{
	const char *name;
	json_t *list;
	int rc;

	json_object_foreach((json_t *)(uintptr_t)object, name,
			    list) for (size_t i = 0; i < json_array_size(list);
				       i++) if ((rc = op_decode(change, row_family_find(name),
								json_array_get(list, i), put)) <
						0) return rc;
	return 0;
}

/* All but the ops. */
static int
head_decode(struct change *change, const json_t *json)
{
	const json_t *request = json_object_get(json, "request"),
		     *time = json_object_get(json, "time");
	int rc;

	if ((rc = wire_u64_get(json, "sequence", &change->sequence)) < 0 ||
	    (rc = wire_hash_get(json, "digest", &change->digest)) < 0)
		return rc;
	if (!json_is_null(request) && wire_guid_decode(request, &change->request_id) < 0)
		return err_set(ERR_PARSE, "request: neither null nor an id");
	if (!json_is_integer(time))
		return err_set(ERR_PARSE, "time: not an integer");
	change->utc_ms = json_integer_value(time);
	return json_object_size(json) == 7
		       ? 0
		       : err_set(ERR_PARSE, "change: unknown or missing members");
}

static void
change_unref_cleanup(struct change **change)
{
	change_unref(*change);
}

int
wire_change_decode(const json_t *json, struct change **ret_change)
{
	AUTO(change_unref_cleanup) struct change *change = NULL;
	const json_t *put = json_object_get(json, "put"), *gone = json_object_get(json, "delete");
	const char *cause = wire_text(json_object_get(json, "cause"));
	long puts = ops_count(put), deletes = ops_count(gone);
	int rc;

	if (puts < 0 || deletes < 0)
		return ERR_PARSE;
	if (cause == NULL)
		return err_set(ERR_PARSE, "cause: not a string");
	change = change_new(cause, (size_t)puts + (size_t)deletes);
	if (change == NULL)
		return -ENOMEM;
	if ((rc = head_decode(change, json)) < 0 || (rc = ops_decode(change, put, true)) < 0 ||
	    (rc = ops_decode(change, gone, false)) < 0)
		return rc;
	*ret_change = TAKE(change);
	return 0;
}

/* ---- states ---- */

static json_t *
family_encode(const struct state *state, enum row_family family)
{
	AUTO_JSON json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < state_count(state, family); i++)
		if (json_array_append_new(list, wire_row_encode(state_at(state, family, i))) < 0)
			return NULL;
	return TAKE(list);
}

json_t *
wire_state_encode(const struct state *state, enum row_family first, enum row_family end)
{
	AUTO_JSON json_t *json = json_object();

	if (json == NULL ||
	    json_object_set_new(json, "position", wire_position_encode(state_position(state))) < 0)
		return NULL;
	for (enum row_family family = first; family < end; family++)
		if (json_object_set_new(json, row_type(family)->plural,
					family_encode(state, family)) < 0)
			return NULL;
	return TAKE(json);
}

static int
family_decode(struct state *work, enum row_family family, const json_t *list)
{
	size_t count = json_array_size(list);
	int rc = 0;

	if (!json_is_array(list))
		return err_set(ERR_PARSE, "%s: not a list", row_type(family)->plural);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		AUTO_ROW struct row *row = NULL;
		void *decoded = NULL;

		rc = wire_row_decode(family, json_array_get(list, i), &decoded);
		row = decoded;
		if (rc == 0)
			rc = state_put(work, row);
	}
	if (rc == 0 && state_count(work, family) != count)
		rc = err_set(ERR_PARSE, "%s: a key twice", row_type(family)->plural);
	return rc;
}

int
wire_state_decode(const json_t *json, enum row_family first, enum row_family end,
		  struct state **ret_state)
{
	AUTO_STATE struct state *work = NULL;
	struct position position;
	int rc = wire_position_decode(json_object_get(json, "position"), &position);

	if (rc < 0)
		return rc;
	work = state_new(&position);
	if (work == NULL)
		return -ENOMEM;
	for (enum row_family family = first; family < end; family++)
		if ((rc = family_decode(work, family,
					json_object_get(json, row_type(family)->plural))) < 0)
			return rc;
	if (json_object_size(json) != (size_t)(end - first) + 1)
		return err_set(ERR_PARSE, "state: unknown members");
	if (!hash128_equal(&state_position(work)->digest, &position.digest))
		return err_set(ERR_CORRUPT, "the digest of the rows is not that of their position");
	*ret_state = TAKE(work);
	return 0;
}
