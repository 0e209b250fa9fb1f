/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The change log: each committed change in the words of the command line, with the objects' names,
 * the values before and after, and who asked.  Written by the thread that asked for the change,
 * from two immutable states and the change between them, so that it costs the writer nothing.
 */
#include <inttypes.h>
#include <string.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "model/fields.h"
#include "model/host.h"
#include "model/schedule.h"
#include "model/snapshot.h"

#define CLAUSES_MAX 8   /* names that one clause lists */
#define SHOWN_MAX   200 /* bytes of one value */

struct changelog {
	const struct state *before, *after;
	struct strbuf *text;
	size_t most, clauses, left_out;
};

/* ---- pieces ---- */

/* `"value"`, with what could break the line made visible. */
static void
quoted_add(struct changelog *log, const char *value)
{
	char buf[SHOWN_MAX];

	strbuf_add(log->text, log_quote(value != NULL ? value : "", buf, sizeof(buf)));
}

static const void *
find(const struct changelog *log, enum row_family family, const struct guid *id)
{
	const void *row = state_find(log->after, family, id);

	return row != NULL ? row : state_find(log->before, family, id);
}

static void
portal_add(struct changelog *log, const struct row_portal *portal)
{
	bool six = strchr(portal->address, ':') != NULL;

	strbuf_addf(log->text, "%s%s%s:%u", six ? "[" : "", portal->address, six ? "]" : "",
		    portal->port);
}

/* What people call a target: its alias if it has one. */
static const char *
target_name(const struct row_target *target)
{
	return target->alias != NULL && target->alias[0] != '\0' ? target->alias
								 : target->iscsi_name;
}

static void
id_add(struct changelog *log, const struct guid *id)
{
	char text[GUID_TEXT_SIZE];

	strbuf_add(log->text, guid_format(id, text));
}

/* A LUN by its name; one without a name by its id, which no quotes tell from a name. */
static void
lun_add(struct changelog *log, const struct row_lun *lun)
{
	if (lun->name[0] != '\0')
		quoted_add(log, lun->name);
	else
		id_add(log, &lun->id);
}

static void object_add(struct changelog *log, enum row_family family, const struct guid *id);

/* `secret of target "t1" for initiators, user "alice"`; never the secret. */
static void
credential_add(struct changelog *log, const struct row_credential *row)
{
	strbuf_add(log->text, "secret of ");
	if (guid_is_zero(&row->owner_id))
		strbuf_add(log->text, "discovery");
	else if (find(log, ROW_HOST, &row->owner_id) != NULL)
		object_add(log, ROW_HOST, &row->owner_id);
	else
		object_add(log, ROW_TARGET, &row->owner_id);
	strbuf_add(log->text,
		   row->side == CREDENTIAL_INITIATOR ? " for initiators" : " for itself");
	if (row->initiator != NULL && row->initiator[0] != '\0') {
		strbuf_add(log->text, " towards ");
		quoted_add(log, row->initiator);
	}
	if (row->user != NULL && row->user[0] != '\0') {
		strbuf_add(log->text, ", user ");
		quoted_add(log, row->user);
	}
}

/* `snapshot "before" of lun "vol1"`: the LUN as it is called now, or was called then. */
static void
snapshot_add(struct changelog *log, const struct row_snapshot *row)
{
	quoted_add(log, row->name);
	strbuf_add(log->text, " of lun ");
	quoted_add(log, snapshot_lun_name(log->after, row));
}

/*
 * `lun "vol1"`, `portal 127.0.0.1:3260`, `portal group 1 of target "t"`; an id where there is no
 * row any more.
 */
static void
object_add(struct changelog *log, enum row_family family, const struct guid *id)
{
	const void *row = find(log, family, id);
	const struct row_portal_group *group = row;
	const struct row_job *job = row;

	if (family == ROW_PORTAL_GROUP) {
		strbuf_add(log->text, "portal group ");
		if (row == NULL) {
			id_add(log, id);
			return;
		}
		strbuf_addf(log->text, "%u of ", group->tag);
		object_add(log, ROW_TARGET, &group->target_id);
		return;
	}
	if (family == ROW_CREDENTIAL && row != NULL) {
		credential_add(log, row);
		return;
	}
	strbuf_addf(log->text, "%s ",
		    family == ROW_HOST_GROUP || family == ROW_TRASHED_LUN ||
				    family == ROW_SNAPSHOT_SCHEDULE
			    ? row_noun(family)
			    : row_type(family)->name);
	if (row == NULL)
		id_add(log, id);
	else if (family == ROW_PORTAL)
		portal_add(log, row);
	else if (family == ROW_LUN)
		lun_add(log, row);
	else if (family == ROW_TARGET)
		quoted_add(log, target_name(row));
	else if (family == ROW_SNAPSHOT)
		snapshot_add(log, row);
	else if (family == ROW_SNAPSHOT_SCHEDULE)
		quoted_add(log, ((const struct row_snapshot_schedule *)row)->name);
	else if (family == ROW_POOL)
		quoted_add(log, ((const struct row_pool *)row)->name);
	else if (family == ROW_HOST)
		quoted_add(log, ((const struct row_host *)row)->name);
	else if (family == ROW_HOST_GROUP)
		quoted_add(log, ((const struct row_host_group *)row)->name);
	else if (family == ROW_TRASHED_LUN)
		quoted_add(log, ((const struct row_trashed_lun *)row)->name);
	else if (family == ROW_ARRAY)
		quoted_add(log, ((const struct row_array *)row)->name);
	else if (family == ROW_CONTROLLER)
		quoted_add(log, ((const struct row_controller *)row)->name);
	else if (family == ROW_JOB) {
		id_add(log, id);
		strbuf_add(log->text, " of ");
		object_add(log, ROW_LUN, &job->lun_id);
	} else
		id_add(log, id);
}

/* ---- values ---- */

static bool
is_size(const struct row_field *field)
{
	size_t len = strlen(field->name);

	return field->type == FIELD_U64 && len > 6 && strcmp(field->name + len - 6, "_bytes") == 0;
}

static void
value_add(struct changelog *log, const void *row, const struct row_field *field)
{
	const void *at = row_field_at(row, field);
	char size[32];

	switch (field->type) {
	case FIELD_GUID:
		id_add(log, at);
		break;
	case FIELD_STRING:
		quoted_add(log, row_field_text(row, field));
		break;
	case FIELD_U32:
		strbuf_addf(log->text, "%" PRIu64, row_field_number(row, field));
		break;
	case FIELD_U64:
		if (is_size(field))
			strbuf_add(log->text,
				   str_format_size(*(const uint64_t *)at, size, sizeof(size)));
		else
			strbuf_addf(log->text, "%" PRIu64, *(const uint64_t *)at);
		break;
	case FIELD_I64:
		strbuf_addf(log->text, "%" PRId64, *(const int64_t *)at);
		break;
	case FIELD_BOOL:
		strbuf_add(log->text, *(const bool *)at ? "yes" : "no");
		break;
	case FIELD_ENUM:
		strbuf_add(log->text, field->names[row_field_number(row, field)]);
		break;
	}
}

static bool
value_same(const void *a, const void *b, const struct row_field *field)
{
	const void *x = row_field_at(a, field), *y = row_field_at(b, field);

	switch (field->type) {
	case FIELD_GUID:
		return guid_equal(x, y);
	case FIELD_STRING:
		return strcmp(row_field_text(a, field), row_field_text(b, field)) == 0;
	case FIELD_U32:
	case FIELD_ENUM:
	case FIELD_U64:
	case FIELD_I64:
	case FIELD_BOOL:
		return row_field_number(a, field) == row_field_number(b, field);
	}
	return true;
}

/* The list with the names that its hosts have in a state. */
static void
mask_quoted_add(struct changelog *log, const struct state *state, const char *mask)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	host_mask_describe(state, mask, &text);
	quoted_add(log, text.text != NULL ? text.text : mask);
}

/* Who may use a LUN: `nobody`, `every initiator` or the names. */
static void
mask_add_text(struct changelog *log, const struct state *state, const char *mask)
{
	if (mask == NULL || mask[0] == '\0')
		strbuf_add(log->text, "nobody");
	else if (strcmp(mask, "*") == 0)
		strbuf_add(log->text, "every initiator");
	else
		mask_quoted_add(log, state, mask);
}

/* The LUNs of a schedule: `lun "vol1", lun "vol2"`. */
static void
luns_add(struct changelog *log, const char *ids)
{
	const char *joint = "";
	struct guid id;

	for (size_t i = 0; i < CLAUSES_MAX && schedule_lun_next(&ids, &id); i++) {
		strbuf_add(log->text, joint);
		object_add(log, ROW_LUN, &id);
		joint = ", ";
	}
	strbuf_add(log->text, *ids != '\0' ? " and more" : "");
}

/* ---- clauses ---- */

/* What one field's change is called: `extended from 10 GiB to 12 GiB`. */
static void
field_change_add(struct changelog *log, const void *old, const void *new,
		 const struct row_field *field)
{
	const char *name = field->name;

	if ((strcmp(name, "name") == 0 || strcmp(name, "alias") == 0) &&
	    row_field_text(new, field)[0] == '\0') {
		strbuf_add(log->text, "no longer called ");
		value_add(log, old, field);
	} else if (strcmp(name, "name") == 0 || strcmp(name, "alias") == 0) {
		strbuf_add(log->text, "renamed to ");
		value_add(log, new, field);
	} else if (strcmp(name, "status") == 0) {
		strbuf_add(log->text, "set ");
		value_add(log, new, field);
	} else if (strcmp(name, "access_state") == 0) {
		strbuf_add(log->text, "set ");
		value_add(log, new, field);
		strbuf_add(log->text, " instead of ");
		value_add(log, old, field);
	} else if (strcmp(name, "state") == 0) {
		value_add(log, new, field);
	} else if (strcmp(name, "paused") == 0) {
		strbuf_add(log->text, row_field_number(new, field) != 0 ? "paused" : "resumed");
	} else if (strcmp(name, "mask") == 0) {
		strbuf_add(log->text, "unmasked to ");
		mask_add_text(log, log->after, row_field_text(new, field));
		strbuf_add(log->text, " instead of ");
		mask_add_text(log, log->before, row_field_text(old, field));
	} else if (strcmp(name, "lun_ids") == 0) {
		strbuf_add(log->text, "now of ");
		luns_add(log, row_field_text(new, field));
	} else if (strcmp(name, "sources") == 0) {
		strbuf_add(log->text, "logins allowed from ");
		if (row_field_text(new, field)[0] == '\0')
			strbuf_add(log->text, "everywhere");
		else
			value_add(log, new, field);
	} else if (strcmp(name, "redirect") == 0) {
		strbuf_add(log->text, row_field_text(new, field)[0] == '\0'
					      ? "logins no longer redirected"
					      : "logins redirected to ");
		if (row_field_text(new, field)[0] != '\0')
			value_add(log, new, field);
	} else if (strcmp(name, "qos") == 0) {
		strbuf_add(log->text, row_field_text(new, field)[0] == '\0' ? "limits removed"
									    : "limited to ");
		if (row_field_text(new, field)[0] != '\0')
			value_add(log, new, field);
	} else if (strcmp(name, "pool_id") == 0) {
		strbuf_add(log->text, "moved from ");
		object_add(log, ROW_POOL, row_field_at(old, field));
		strbuf_add(log->text, " to ");
		object_add(log, ROW_POOL, row_field_at(new, field));
	} else if (strcmp(name, "size_bytes") == 0) {
		bool more = row_field_number(new, field) > row_field_number(old, field);

		strbuf_add(log->text, more ? "extended" : "shrunk");
		strbuf_add(log->text, " from ");
		value_add(log, old, field);
		strbuf_add(log->text, " to ");
		value_add(log, new, field);
	} else {
		strbuf_add(log->text, name);
		strbuf_add(log->text, " from ");
		value_add(log, old, field);
		strbuf_add(log->text, " to ");
		value_add(log, new, field);
	}
}

/* What a gateway does: says it in words.  Returns false for other fields. */
static bool
gateway_change_add(struct changelog *log, const void *new, const struct row_field *field)
{
	const struct row_controller *gateway = new;

	if (row_family_of(new) != ROW_CONTROLLER)
		return false;
	if (strcmp(field->name, "instance") == 0)
		strbuf_add(log->text,
			   *row_field_text(new, field) != '\0' ? "runs" : "does not run");
	else if (strcmp(field->name, "drains") == 0)
		strbuf_add(log->text,
			   gateway->drains ? "gives its LUNs to others" : "takes LUNs again");
	else
		return false;
	return true;
}

/* Whether a field says nothing that another field of the change does not say, too. */
static bool
goes_without_saying(const void *new, const struct row_field *field)
{
	const struct row_job *job = new;

	return strcmp(field->name, "ended_ms") == 0 || strcmp(field->name, "set_ms") == 0 ||
	       strcmp(field->name, "access_set_by") == 0 ||
	       (strcmp(field->name, "paused") == 0 && job->ended_ms != 0);
}

static void
update_add(struct changelog *log, const void *old, const void *new)
{
	const struct row_type *type = row_type(row_family_of(new));
	const char *joint = "";

	for (size_t i = type->key_fields; i < type->field_count; i++) {
		if (value_same(old, new, &type->fields[i]) ||
		    goes_without_saying(new, &type->fields[i]))
			continue;
		strbuf_add(log->text, joint);
		if (!gateway_change_add(log, new, &type->fields[i]))
			field_change_add(log, old, new, &type->fields[i]);
		joint = ", ";
	}
}

/* `, with the initiators A, B`: those that came with a new host. */
static void
initiators_add(struct changelog *log, const struct guid *host_id)
{
	struct row_slice slice = state_host_initiators(log->after, host_id);

	for (size_t i = 0; i < slice.count && i < CLAUSES_MAX; i++)
		strbuf_addf(log->text, "%s%s",
			    i > 0              ? ", "
			    : slice.count == 1 ? " with the initiator "
					       : " with the initiators ",
			    ((const struct row_initiator *)slice.rows[i])->iscsi_name);
	if (slice.count > CLAUSES_MAX)
		strbuf_addf(log->text, " and %zu more", slice.count - CLAUSES_MAX);
}

/* What is worth saying of an object that was made. */
static void
create_add(struct changelog *log, const struct change_op *op)
{
	const struct row_lun *lun = (const void *)op->row;
	const struct row_target *target = (const void *)op->row;
	const struct row_pool *pool = (const void *)op->row;
	const struct row_snapshot_schedule *schedule = (const void *)op->row;
	char size[32];

	bool back = op->family == ROW_LUN &&
		    state_find(log->before, ROW_TRASHED_LUN, &op->key.a) != NULL;

	strbuf_add(log->text, op->family == ROW_JOB        ? "started"
			      : op->family == ROW_SNAPSHOT ? "taken"
			      : back                       ? "restored"
							   : "created");
	if (op->family == ROW_LUN) {
		strbuf_addf(log->text, " with %s (%s) in ",
			    str_format_size(lun->size_bytes, size, sizeof(size)),
			    lun->thin ? "thin" : "thick");
		object_add(log, ROW_POOL, &lun->pool_id);
		strbuf_add(log->text, ", unmasked to ");
		mask_add_text(log, log->after, lun->mask);
	} else if (op->family == ROW_TARGET) {
		strbuf_addf(log->text, " as %s", target->iscsi_name);
	} else if (op->family == ROW_POOL) {
		strbuf_add(log->text, " in ");
		quoted_add(log, pool->path);
	} else if (op->family == ROW_HOST) {
		initiators_add(log, &op->key.a);
	} else if (op->family == ROW_SNAPSHOT_SCHEDULE) {
		strbuf_addf(log->text, " for every %s at %s, keeps %s, of ", schedule->every,
			    schedule->at, schedule->keep);
		luns_add(log, schedule->lun_ids);
	}
}

static void
delete_add(struct changelog *log, const struct change_op *op)
{
	const struct row_lun *lun = op->family == ROW_LUN
					    ? state_find(log->before, ROW_LUN, &op->key.a)
					    : NULL;
	char size[32];

	if (op->family == ROW_TRASHED_LUN) {
		strbuf_add(log->text, "removed from the trash with its data");
		return;
	}
	strbuf_add(log->text, "deleted");
	if (lun != NULL && state_find(log->after, ROW_TRASHED_LUN, &lun->id) != NULL)
		strbuf_add(log->text, " and kept in the trash");
	else if (lun != NULL)
		strbuf_addf(log->text, " with its data of %s",
			    str_format_size(lun->size_bytes, size, sizeof(size)));
}

static void
member_add(struct changelog *log, const struct change_op *op)
{
	object_add(log, ROW_HOST_GROUP, &op->key.a);
	strbuf_add(log->text, op->row != NULL ? ": got " : ": lost ");
	object_add(log, ROW_HOST, &op->key.b);
}

/* `LUN "vol1": is owned by controller "gw2" (epoch 3)` */
static void
owner_add(struct changelog *log, const struct change_op *op)
{
	const struct row_lun_owner *owner = (const void *)op->row;

	object_add(log, ROW_LUN, &op->key.a);
	if (owner == NULL) {
		strbuf_add(log->text, ": has no owner");
		return;
	}
	strbuf_add(log->text, ": is owned by ");
	object_add(log, ROW_CONTROLLER, &owner->controller_id);
	strbuf_addf(log->text, " (epoch %" PRIu64 ")", owner->epoch);
}

/* An initiator is a name of its host: `host "db1": got the initiator iqn.…`. */
static void
initiator_add(struct changelog *log, const struct change_op *op)
{
	const struct row_initiator *initiator = find(log, ROW_INITIATOR, &op->key.a);

	if (initiator == NULL)
		return;
	object_add(log, ROW_HOST, &initiator->host_id);
	strbuf_addf(log->text, ": %s the initiator %s", op->row != NULL ? "got" : "lost",
		    initiator->iscsi_name);
}

/* Pairs belong to the first of the two: the LUN, the portal group. */
static void
pair_add(struct changelog *log, const struct change_op *op)
{
	bool association = op->family == ROW_ASSOCIATION;

	object_add(log, association ? ROW_LUN : ROW_PORTAL_GROUP, &op->key.a);
	if (association)
		strbuf_add(log->text,
			   op->row != NULL ? ": associated with " : ": dissociated from ");
	else
		strbuf_add(log->text, op->row != NULL ? ": got " : ": lost ");
	object_add(log, association ? ROW_TARGET : ROW_PORTAL, &op->key.b);
	if (association && op->row != NULL)
		strbuf_addf(log->text, " as LUN number %u",
			    ((const struct row_association *)(const void *)op->row)->lun_number);
}

/* What goes with an object that was made or deleted in the same change is not said again. */
static bool
is_implied(const struct changelog *log, const struct change_op *op)
{
	const struct state *without = op->row != NULL ? log->before : log->after;

	if (op->family == ROW_TRASHED_LUN)
		return state_find(without, ROW_LUN, &op->key.a) != NULL;
	if (op->family == ROW_GROUP_PORTAL)
		return state_find(without, ROW_PORTAL_GROUP, &op->key.a) == NULL ||
		       state_find(without, ROW_PORTAL, &op->key.b) == NULL;
	if (op->family == ROW_HOST_MEMBER)
		return state_find(without, ROW_HOST_GROUP, &op->key.a) == NULL ||
		       state_find(without, ROW_HOST, &op->key.b) == NULL;
	if (op->family == ROW_INITIATOR) {
		const struct row_initiator *initiator = find(log, ROW_INITIATOR, &op->key.a);

		return initiator != NULL &&
		       state_find(without, ROW_HOST, &initiator->host_id) == NULL;
	}
	if (op->family == ROW_PORTAL_GROUP) {
		const struct row_portal_group *group = find(log, ROW_PORTAL_GROUP, &op->key.a);

		return group != NULL && state_find(without, ROW_TARGET, &group->target_id) == NULL;
	}
	if (op->family == ROW_LUN_OWNER)
		return state_find(without, ROW_LUN, &op->key.a) == NULL;
	return op->family == ROW_ASSOCIATION && op->row == NULL &&
	       state_find(without, ROW_LUN, &op->key.a) == NULL;
}

static void
secret_set_add(struct changelog *log, const struct change_op *op, bool existed)
{
	const struct row_credential *row = (const void *)op->row;
	char text[CLOCK_TEXT_SIZE];

	strbuf_add(log->text, existed ? "replaced" : "set");
	if (row->old_until_ms != 0)
		strbuf_addf(log->text, ", and the one before is valid until %s",
			    clock_format_utc(row->old_until_ms, text));
}

static void
clause_add(struct changelog *log, const struct change_op *op)
{
	const void *old;

	if (log->clauses == log->most) {
		log->left_out++;
		return;
	}
	strbuf_add(log->text, log->clauses++ > 0 ? "; " : "");
	if (op->family == ROW_HOST_MEMBER || op->family == ROW_INITIATOR) {
		(op->family == ROW_HOST_MEMBER ? member_add : initiator_add)(log, op);
		return;
	}
	if (row_type(op->family)->key_fields == 2) {
		pair_add(log, op);
		return;
	}
	if (op->family == ROW_LUN_OWNER) {
		owner_add(log, op);
		return;
	}
	old = state_find(log->before, op->family, &op->key.a);
	/* a renamed object is called by the name that the reader knows */
	if (old != NULL && op->row != NULL) {
		struct changelog earlier = *log;

		earlier.after = log->before;
		object_add(&earlier, op->family, &op->key.a);
	} else {
		object_add(log, op->family, &op->key.a);
	}
	strbuf_add(log->text, ": ");
	if (op->family == ROW_CREDENTIAL && op->row != NULL)
		secret_set_add(log, op, old != NULL);
	else if (op->row == NULL)
		delete_add(log, op);
	else if (old == NULL)
		create_add(log, op);
	else
		update_add(log, old, op->row);
}

void
array_changelog_clause(const struct change_op *op, const struct state *before,
		       const struct state *after, struct strbuf *text)
{
	struct changelog log = { .before = before, .after = after, .text = text, .most = 1 };

	if (op->family < ROW_CONFIG_COUNT && !is_implied(&log, op))
		clause_add(&log, op);
}

void
array_changelog_text(const struct change *change, const struct state *before,
		     const struct state *after, size_t most, struct strbuf *text)
{
	struct changelog log = { .before = before, .after = after, .text = text, .most = most };

	for (size_t i = 0; i < change->op_count; i++)
		if (change->ops[i].family < ROW_CONFIG_COUNT && !is_implied(&log, &change->ops[i]))
			clause_add(&log, &change->ops[i]);
	if (log.left_out > 0)
		strbuf_addf(text, "; and %zu more", log.left_out);
}

void
array_changelog_object(const struct change *change, const struct state *before,
		       const struct state *after, const struct guid *id, struct strbuf *text)
{
	/* a renamed object is called by the name that the reader knows, as in the change log */
	struct changelog log = { .before = after, .after = before, .text = text };

	for (size_t i = 0; change != NULL && i < change->op_count; i++) {
		const struct change_op *op = &change->ops[i];

		if (op->family >= ROW_CONFIG_COUNT || !guid_equal(&op->key.a, id))
			continue;
		object_add(&log,
			   row_type(op->family)->key_fields == 1 ? op->family
			   : op->family == ROW_ASSOCIATION       ? ROW_LUN
			   : op->family == ROW_HOST_MEMBER       ? ROW_HOST_GROUP
								 : ROW_PORTAL_GROUP,
			   id);
		return;
	}
}

void
array_changelog(const struct change *change, const struct state *before, const struct state *after,
		const struct principal *principal)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	char who[PRINCIPAL_TEXT_SIZE];

	if (strcmp(change->cause, "job.expire") == 0)
		return;
	array_changelog_text(change, before, after, ARRAY_CHANGELOG_CLAUSES, &text);
	if (!text.failed && text.len > 0)
		log_info("array.change", "%s by %s", text.text, principal_format(principal, who));
	else
		log_info("array.change", "cause=%s sequence=%" PRIu64 " by %s", change->cause,
			 change->sequence, principal_format(principal, who));
}
