/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes and states as JSON.  Called by http, catalog, client and vdsctl, on any thread. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/fields.h"
#include "model/state_build.h"
#include "wire/wire_int.h"

/* ---- changes out ---- */

/* Returns the list object[name], borrowed; makes it when it is missing. NULL when out of memory. */
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

/* Encodes the put or the deletion of a row of an unknown family, under that family's name. */
static int
other_encode(const struct change_op *op, json_t *put, json_t *gone)
{
	AUTO_FREE char *name = op->row != NULL ? wire_other_family(op->row)
					       : str_ndup(op->deleted, strcspn(op->deleted, "\"["));
	json_t *list = name != NULL ? list_get(op->row != NULL ? put : gone, name) : NULL;
	json_t *json;

	if (list == NULL)
		return -ENOMEM;
	json = op->row != NULL ? wire_row_encode(op->row)
			       : wire_kept_encode(op->deleted + strlen(name));
	return json_array_append_new(list, json) == 0 ? 0 : -ENOMEM;
}

static int
op_encode(const struct change_op *op, json_t *put, json_t *gone)
{
	json_t *list;

	if (op->family == ROW_OTHER)
		return other_encode(op, put, gone);
	list = list_get(op->row != NULL ? put : gone, row_type(op->family)->name);
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
	AUTO_JSON json_t *json = NULL;
	char digest[HASH128_TEXT_SIZE];

	if (put == NULL || gone == NULL)
		return NULL;
	for (size_t i = 0; i < change->op_count; i++)
		if (op_encode(&change->ops[i], put, gone) < 0)
			return NULL;
	json = json_pack("{s:I, s:s, s:o, s:I, s:s, s:O, s:O}", "sequence",
			 (json_int_t)change->sequence, "digest",
			 hash128_format(&change->digest, digest), "request",
			 guid_is_zero(&change->request_id) ? json_null()
							   : wire_guid_encode(&change->request_id),
			 "time", (json_int_t)change->utc_ms, "cause", change->cause, "put", put,
			 "delete", gone);
	if (json != NULL && change->principal != NULL &&
	    json_object_set_new(json, "principal", wire_principal_encode(change->principal)) < 0)
		return NULL;
	return TAKE(json);
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

static int
other_decode(struct change *change, const char *name, const json_t *json, bool put)
{
	struct wire_key_text text;
	struct row_key key;
	void *row = NULL;
	int rc = put ? wire_other_decode(name, json, &row)
		     : wire_other_key_decode(name, json, &text);

	if (rc < 0)
		return rc;
	if (!put)
		return change_add_other(change, name, text.text);
	row_key(row, &key);
	change_add(change, ROW_OTHER, &key, row);
	return 0;
}

/*
 * Returns true for an unknown live family: no digest covers live rows, so its rows are not needed.
 */
static bool
is_ignored(const char *name)
{
	return strncmp(name, "live_", 5) == 0 && row_family_find(name) < 0;
}

/* Returns the number of elements in all lists of {"lun":[…],…}, or ERR_PARSE. */
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
		if (!json_is_array(list) ||
		    (row_family_find(name) < 0 && !wire_is_other_family(name)))
			return err_set(ERR_PARSE, "put, delete: neither a family nor a list");
		count += is_ignored(name) ? 0 : (long)json_array_size(list);
	}
	return count;
}

static int
list_decode(struct change *change, const char *name, const json_t *list, bool put)
{
	int family = row_family_find(name), rc = 0;

	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
		const json_t *json = json_array_get(list, i);

		rc = family >= 0 ? op_decode(change, (enum row_family)family, json, put)
				 : other_decode(change, name, json, put);
	}
	return rc;
}

static int
ops_decode(struct change *change, const json_t *object, bool put)
{
	const char *name;
	json_t *list;
	int rc;

	json_object_foreach((json_t *)(uintptr_t)object, name, list)
	{
		rc = is_ignored(name) ? 0 : list_decode(change, name, list, put);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Decodes everything of a change but its ops. */
static int
head_decode(struct change *change, const json_t *json)
{
	const json_t *request = json_object_get(json, "request"),
		     *time = json_object_get(json, "time");
	struct principal principal;
	int rc;

	if ((rc = wire_u64_get(json, "sequence", &change->sequence)) < 0 ||
	    (rc = wire_hash_get(json, "digest", &change->digest)) < 0)
		return rc;
	if (!json_is_null(request) && wire_guid_decode(request, &change->request_id) < 0)
		return err_set(ERR_PARSE, "request: neither null nor an id");
	if (!json_is_integer(time))
		return err_set(ERR_PARSE, "time: not an integer");
	change->utc_ms = json_integer_value(time);
	return wire_principal_decode(json_object_get(json, "principal"), &principal)
		       ? change_set_principal(change, &principal)
		       : 0;
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

/* The rows of unknown families, each in the list of its family. */
int
wire_others_encode(const struct state *state, json_t *json)
{
	for (size_t i = 0; i < state_count(state, ROW_OTHER); i++) {
		const void *row = state_at(state, ROW_OTHER, i);
		AUTO_FREE char *family = wire_other_family(row);
		AUTO_FREE char *plural = family != NULL ? str_printf("%ss", family) : NULL;
		json_t *list = plural != NULL ? list_get(json, plural) : NULL;

		if (list == NULL || json_array_append_new(list, wire_row_encode(row)) < 0)
			return -ENOMEM;
	}
	return 0;
}

json_t *
wire_state_encode(const struct state *state, enum row_family first, enum row_family end)
{
	AUTO_JSON json_t *json = json_object();

	if (json == NULL ||
	    json_object_set_new(json, "position", wire_position_encode(state_position(state))) < 0)
		return NULL;
	for (enum row_family family = first; family < end; family++) {
		int rc = family == ROW_OTHER ? wire_others_encode(state, json)
					     : json_object_set_new(json, row_type(family)->plural,
								   family_encode(state, family));

		if (rc < 0)
			return NULL;
	}
	return TAKE(json);
}

/* Decodes one row of `family` (ROW_OTHER: of the family `name`) into the state. */
static int
row_put(struct state *work, enum row_family family, const char *name, const json_t *json)
{
	AUTO_ROW struct row *row = NULL;
	void *decoded = NULL;
	int rc = family == ROW_OTHER ? wire_other_decode(name, json, &decoded)
				     : wire_row_decode(family, json, &decoded);

	row = decoded;
	return rc < 0 ? rc : state_put(work, row);
}

static int
family_decode(struct state *work, enum row_family family, const char *name, const json_t *list)
{
	size_t count = json_array_size(list), before = state_count(work, family);
	int rc = 0;

	if (!json_is_array(list))
		return err_set(ERR_PARSE, "%ss: not a list", name);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = row_put(work, family, name, json_array_get(list, i));
	if (rc == 0 && state_count(work, family) != before + count)
		rc = err_set(ERR_PARSE, "%ss: two rows have the same key", name);
	return rc;
}

/*
 * Decodes a member with an unknown name: a list is a family, whose name is the member's without its
 * s. Everything else is ignored.
 */
static int
other_list_decode(struct state *work, const char *member, const json_t *json)
{
	size_t len = strlen(member);
	AUTO_FREE char *name = str_ndup(member, len > 0 ? len - 1 : 0);

	if (name == NULL)
		return -ENOMEM;
	if (!json_is_array(json) || len < 2 || member[len - 1] != 's' ||
	    !wire_is_other_family(name))
		return 0;
	return family_decode(work, ROW_OTHER, name, json);
}

static int
families_decode(struct state *work, const json_t *json, enum row_family first, enum row_family end)
{
	for (enum row_family family = first; family < end; family++) {
		const struct row_type *type = row_type(family);
		const json_t *list = json_object_get(json, type->plural);
		int rc = 0;

		if (family != ROW_OTHER && (list != NULL || type->since == 0))
			rc = family_decode(work, family, type->name, list);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
others_decode(struct state *work, const json_t *json)
{
	const char *name;
	json_t *list;
	int rc;

	json_object_foreach((json_t *)(uintptr_t)json, name, list)
	{
		rc = other_list_decode(work, name, list);
		if (rc < 0)
			return rc;
	}
	return 0;
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
	rc = families_decode(work, json, first, end);
	if (rc == 0 && first <= ROW_OTHER && ROW_OTHER < end)
		rc = others_decode(work, json);
	if (rc < 0)
		return rc;
	if (!hash128_equal(&state_position(work)->digest, &position.digest))
		return err_set(ERR_CORRUPT,
			       "the digest of the rows differs from the one in their position");
	*ret_state = TAKE(work);
	return 0;
}

/* ---- snapshots ---- */

json_t *
wire_snapshot_encode(const struct state *config, const struct state *live)
{
	return json_pack("{s:o, s:o, s:o}", "format", wire_format_encode(), "config",
			 wire_state_encode(config, ROW_ARRAY, ROW_CONFIG_COUNT), "live",
			 wire_state_encode(live, ROW_CONFIG_COUNT, ROW_FAMILY_COUNT));
}

int
wire_snapshot_decode(const json_t *json, struct wire_format *ret_format, struct state **ret_config,
		     struct state **ret_live)
{
	AUTO_STATE struct state *config = NULL, *live = NULL;
	struct wire_format format;
	int rc = wire_format_decode(json, &format);

	if (rc == 0)
		rc = wire_state_decode(json_object_get(json, "config"), ROW_ARRAY, ROW_CONFIG_COUNT,
				       &config);
	if (rc == 0)
		rc = wire_state_decode(json_object_get(json, "live"), ROW_CONFIG_COUNT,
				       ROW_FAMILY_COUNT, &live);
	if (rc < 0)
		return rc;
	*ret_format = format;
	*ret_config = TAKE(config);
	*ret_live = TAKE(live);
	return 0;
}
