/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Typed calls: one for each verb that libvds or vdsctl uses.  Each fills the verb's arguments;
 * client.c makes the path, the query and the body from them by the table of verbs (model/verbs.h).
 * Any thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/client_int.h"
#include "wire/wire_verb.h"

/* A member "id" or "job": an id, or null or absent for none. */
static int
id_get(const json_t *json, const char *name, struct guid *ret_id)
{
	const json_t *value = json_object_get(json, name);
	struct guid id = { { 0 } };

	if (value != NULL && !json_is_null(value) &&
	    (!json_is_string(value) || guid_parse(json_string_value(value), &id) < 0))
		return err_set(ERR_PROTOCOL, "vdsd's answer has no id in its member %s", name);
	*ret_id = id;
	return 0;
}

static int
answer_decode(const json_t *json, struct client_answer *ret_answer)
{
	struct client_answer answer = { 0 };
	const json_t *sequence = json_object_get(json, "sequence");
	int rc;

	if (!json_is_integer(sequence))
		return err_set(ERR_PROTOCOL, "vdsd's answer has no member sequence");
	answer.sequence = (uint64_t)json_integer_value(sequence);
	answer.existed = json_is_true(json_object_get(json, "existed"));
	answer.replayed = json_is_true(json_object_get(json, "replayed"));
	if ((rc = id_get(json, "id", &answer.object_id)) < 0 ||
	    (rc = id_get(json, "job", &answer.job_id)) < 0)
		return rc;
	*ret_answer = answer;
	return 0;
}

/* ---- any verb ---- */

static int
ask_once(struct client *client, enum verb_id verb, const struct guid *ids,
	 const struct verb_args *args, json_t **ret_json)
{
	static const struct verb_args nothing;
	AUTO_FREE char *target = NULL;
	json_t *body = NULL;
	int rc;

	if (args == NULL)
		args = &nothing;
	rc = wire_verb_target(verb, ids, args, &target);
	if (rc == 0 && verb_table[verb].body == &verb_document)
		return client_call_text(client, verb_table[verb].method, target, args->document,
					ret_json);
	if (rc == 0)
		rc = wire_verb_body(verb, args, &body);
	if (rc == 0)
		rc = client_call(client, verb_table[verb].method, target, body, ret_json);
	json_decref(body);
	return rc;
}

/* Returns the minor version of the wire format that vdsd speaks; ours when it cannot be asked. */
static unsigned
minor_version(struct client *client)
{
	struct wire_format format = { 0 };
	json_t *json = NULL;
	int rc = ask_once(client, VERB_VERSION, NULL, NULL, &json);

	if (rc == 0)
		rc = wire_format_decode(json, &format);
	json_decref(json);
	return rc == 0 ? format.minor : WIRE_FORMAT_MINOR;
}

static int
too_old(const char *what)
{
	return err_set(ERR_NOT_SUPPORTED, "this vdsd is too old: %s", what);
}

/*
 * Asks once more after vdsd has refused an argument, without the arguments that are younger than
 * it.  It refused the call before it changed anything.  1.0 has no arguments of a delete, and
 * deletes as `force` and `with_portals` ask for; 1.1 has no `fits` and `duplicate`, so it lets thin
 * LUNs promise more than there is, and refuses names that are taken; and no hints, which a new LUN
 * can do without.  Returns as client_ask, and ERR_NOT_SUPPORTED (vdsd is too old), or the refusal
 * when vdsd knows all arguments.
 */
static int
ask_as_older(struct client *client, enum verb_id verb, const struct guid *ids,
	     const struct verb_args *args, json_t **ret_json)
{
	AUTO_FREE char *refusal = str_dup(err_text(ERR_INVALID));
	struct verb_args older = *args;
	unsigned minor = minor_version(client);
	int rc;

	bool changed = (minor < 3 && (args->flat || args->now)) ||
		       (minor < 2 && (args->fits || args->duplicate || args->hints != NULL)) ||
		       (minor < 1 && (args->force || args->with_portals));

	if (!changed)
		return refusal != NULL ? err_set(ERR_INVALID, "%s", refusal) : ERR_INVALID;
	if (args->hints != NULL && verb != VERB_LUN_CREATE)
		return too_old("it keeps no hints");
	older.hints = NULL;
	older.flat = older.flat && minor >= 3;
	older.now = older.now && minor >= 3; /* before, a deletion kept nothing */
	if (minor < 2)
		older.fits = older.duplicate = false;
	if (minor < 1)
		older.force = older.with_portals = false;
	rc = ask_once(client, verb, ids, &older, ret_json);
	return rc == ERR_NAME_IN_USE && args->duplicate
		       ? too_old("it refuses a name that another object has")
		       : rc;
}

/* Returns true when an argument is younger than 1.2, and there is nothing that may be left out. */
static bool
needs_minor_3(const struct verb_args *args)
{
	return args->access != NULL || args->removable || args->qos != NULL || args->cache != NULL;
}

/* vdsd has not found something: the object, or the verb, when vdsd is older than it. */
static int
refuse_as_older(struct client *client, enum verb_id verb)
{
	AUTO_FREE char *refusal = str_dup(err_text(ERR_NOT_FOUND));

	if (verb == VERB_LUN_SHRINK && minor_version(client) < 2)
		return too_old("it cannot shrink LUNs");
	return refusal != NULL ? err_set(ERR_NOT_FOUND, "%s", refusal) : ERR_NOT_FOUND;
}

int
client_ask(struct client *client, enum verb_id verb, const struct guid *ids,
	   const struct verb_args *args, json_t **ret_json)
{
	int rc = ask_once(client, verb, ids, args, ret_json);

	if (rc == ERR_INVALID && args != NULL && needs_minor_3(args) && minor_version(client) < 3)
		return too_old(args->cache != NULL ? "it has no choice of the page cache"
			       : args->qos != NULL
				       ? "it knows no limits of commands and bytes a second"
				       : "it knows neither read-only LUNs nor removable ones");
	if (rc == ERR_INVALID && args != NULL &&
	    (args->flat || args->now || args->force || args->with_portals || args->fits ||
	     args->duplicate || args->hints != NULL))
		rc = ask_as_older(client, verb, ids, args, ret_json);
	else if (rc == ERR_NOT_FOUND)
		rc = refuse_as_older(client, verb);
	return rc;
}

int
client_change(struct client *client, enum verb_id verb, const struct guid *ids,
	      const struct verb_args *args, struct client_answer *ret_answer)
{
	json_t *json = NULL;
	int rc = client_ask(client, verb, ids, args, &json);

	if (rc == 0 && ret_answer != NULL)
		rc = answer_decode(json, ret_answer);
	json_decref(json);
	return rc;
}

/* "ID" or "ID,ID" of the last row of a page. */
static int
cursor_get(const json_t *page, struct verb_key *ret_after)
{
	const char *text = json_string_value(json_object_get(page, "next"));
	char first[GUID_TEXT_SIZE] = "";
	struct verb_key after = { 0 };
	int rc = 0;

	if (text != NULL) {
		snprintf(first, sizeof(first), "%s", text); /* cut: the rest is the second */
		after.given = true;
		rc = guid_parse(first, &after.key.a);
		if (rc == 0 && text[strlen(first)] == ',')
			rc = guid_parse(text + strlen(first) + 1, &after.key.b);
	}
	*ret_after = after;
	return rc < 0 ? err_set(ERR_PROTOCOL, "vdsd's list has no id in its member next") : 0;
}

int
client_list(struct client *client, enum verb_id verb, const struct guid *ids,
	    const struct verb_args *args, json_t **ret_items)
{
	struct verb_args page_args = args != NULL ? *args : (struct verb_args){ 0 };
	json_t *items = json_array();
	int rc = items != NULL ? 0 : -ENOMEM;

	page_args.limit = VERB_LIMIT_MAX;
	do {
		json_t *page = NULL;

		if (rc == 0)
			rc = client_ask(client, verb, ids, &page_args, &page);
		if (rc == 0 && json_array_extend(items, json_object_get(page, "items")) < 0)
			rc = err_set(ERR_PROTOCOL, "vdsd's answer is not a list");
		if (rc == 0)
			rc = cursor_get(page, &page_args.after);
		json_decref(page);
	} while (rc == 0 && page_args.after.given);
	if (rc < 0)
		json_decref(items);
	else
		*ret_items = items;
	return rc;
}

/* ---- files ---- */

struct backup {
	struct client_sink sink;
	int (*bytes)(void *arg, const char *bytes, size_t len);
	void *arg;
	bool begun;
};

static int
backup_bytes(struct client_sink *sink, const char *bytes, size_t len)
{
	struct backup *b = container_of(sink, struct backup, sink);

	b->begun = b->begun || len > 0;
	return b->bytes(b->arg, bytes, len);
}

static bool
never(struct client_sink *sink)
{
	(void)sink;
	return false;
}

int
client_download(struct client *client, enum verb_id verb, const struct verb_args *args,
		int (*bytes)(void *arg, const char *bytes, size_t len), void *arg)
{
	struct backup b = {
		.sink = { .bytes = backup_bytes, .stop = never },
		.bytes = bytes,
		.arg = arg,
	};
	AUTO_FREE char *target = NULL;
	int rc = wire_verb_target(verb, NULL, args, &target);

	if (rc == 0)
		rc = client_enter(client);
	if (rc < 0)
		return rc;
	b.sink.silence_ns = client->tuning.call_ms > 0
				    ? (uint64_t)client->tuning.call_ms * NS_PER_MS
				    : UINT64_MAX / 2;
	rc = client_transport_stream(&client->transport, target, &b.sink);
	client_leave(client);
	return rc == 0 && !b.begun ? err_set(ERR_PROTOCOL, "vdsd's answer is empty") : rc;
}

int
client_backup(struct client *client, int (*bytes)(void *arg, const char *bytes, size_t len),
	      void *arg)
{
	int rc = client_download(client, VERB_BACKUP, NULL, bytes, arg);

	return rc == ERR_NOT_FOUND ? too_old("it makes no backups") : rc;
}

/* ---- array, pools ---- */

int
client_array_rename(struct client *client, const char *name, struct client_answer *ret_answer)
{
	return client_change(client, VERB_ARRAY_CHANGE, NULL, &(struct verb_args){ .name = name },
			     ret_answer);
}

int
client_array_set_iqn_prefix(struct client *client, const char *prefix,
			    struct client_answer *ret_answer)
{
	return client_change(client, VERB_ARRAY_CHANGE, NULL,
			     &(struct verb_args){ .iqn_prefix = prefix }, ret_answer);
}

int
client_pool_create(struct client *client, const char *name, const char *path, bool force,
		   struct client_answer *ret_answer)
{
	return client_change(client, VERB_POOL_CREATE, NULL,
			     &(struct verb_args){ .name = name, .path = path, .force = force },
			     ret_answer);
}

int
client_pool_set(struct client *client, const struct guid *pool,
		const struct client_pool_options *options, struct client_answer *ret_answer)
{
	const struct verb_args args = {
		.low = options->low,
		.full = options->full,
		.overcommit = options->overcommit,
		.trash = options->trash,
		.qos = options->qos,
		.trash_yields = options->trash_yields,
	};
	int rc = client_change(client, VERB_POOL_CHANGE, pool, &args, ret_answer);

	return rc == ERR_INVALID && minor_version(client) < 3 ? too_old("its pools have no options")
							      : rc;
}

int
client_trash_restore(struct client *client, const struct guid *lun, const char *name,
		     bool unassociated, struct client_answer *ret_answer)
{
	const struct verb_args args = { .name = name, .unassociated = unassociated };

	return client_change(client, VERB_TRASH_RESTORE, lun, &args, ret_answer);
}

int
client_trash_empty(struct client *client, const struct guid *lun, struct client_answer *ret_answer)
{
	return client_change(client, VERB_TRASH_EMPTY, lun, NULL, ret_answer);
}

int
client_pool_rename(struct client *client, const struct guid *pool, const char *name,
		   struct client_answer *ret_answer)
{
	return client_change(client, VERB_POOL_CHANGE, pool, &(struct verb_args){ .name = name },
			     ret_answer);
}

/* ---- LUNs ---- */

int
client_lun_create(struct client *client, const struct client_lun_spec *spec,
		  struct client_answer *ret_answer)
{
	const struct verb_args args = {
		.name = spec->name,
		.pool_id = spec->pool_id,
		.size_bytes = spec->size_bytes,
		.block_bytes = spec->block_bytes,
		.thick = spec->thick,
		.mask = spec->mask,
		.hints = spec->hints,
		.fits = spec->fits,
		.removable = spec->removable,
		.cache = spec->cache,
	};

	return client_change(client, VERB_LUN_CREATE, NULL, &args, ret_answer);
}

int
client_lun_delete(struct client *client, const struct guid *lun, bool force,
		  struct client_answer *ret_answer)
{
	const struct verb_args args = { .force = force };

	return client_change(client, VERB_LUN_DELETE, lun, &args, ret_answer);
}

int
client_lun_extend(struct client *client, const struct guid *lun, uint64_t add_bytes, bool fits,
		  struct client_answer *ret_answer)
{
	const struct verb_args args = { .add_bytes = add_bytes, .fits = fits };

	return client_change(client, VERB_LUN_EXTEND, lun, &args, ret_answer);
}

int
client_lun_shrink(struct client *client, const struct guid *lun, uint64_t size_bytes,
		  uint64_t remove_bytes, bool force, struct client_answer *ret_answer)
{
	const struct verb_args args = { .size_bytes = size_bytes,
					.remove_bytes = remove_bytes,
					.force = force };

	return client_change(client, VERB_LUN_SHRINK, lun, &args, ret_answer);
}

static int
lun_change(struct client *client, const struct guid *lun, const struct verb_args *args,
	   struct client_answer *ret_answer)
{
	return client_change(client, VERB_LUN_CHANGE, lun, args, ret_answer);
}

int
client_lun_rename(struct client *client, const struct guid *lun, const char *name,
		  struct client_answer *ret_answer)
{
	return lun_change(client, lun, &(struct verb_args){ .name = name, .duplicate = true },
			  ret_answer);
}

int
client_lun_set_hints(struct client *client, const struct guid *lun, const char *hints,
		     struct client_answer *ret_answer)
{
	return lun_change(client, lun, &(struct verb_args){ .hints = hints }, ret_answer);
}

int
client_lun_set_mask(struct client *client, const struct guid *lun, const char *mask,
		    struct client_answer *ret_answer)
{
	return lun_change(client, lun, &(struct verb_args){ .mask = mask, .flat = true },
			  ret_answer);
}

int
client_lun_set_status(struct client *client, const struct guid *lun, enum row_status status,
		      struct client_answer *ret_answer)
{
	return lun_change(client, lun, &(struct verb_args){ .status = { status, true } },
			  ret_answer);
}

/* The table's arguments are not const, because the server owns them; they are only read here. */
static struct verb_guids
guids_of(const struct guid *ids, size_t count)
{
	return (struct verb_guids){ (struct guid *)(uintptr_t)ids, count, true };
}

int
client_lun_associate(struct client *client, const struct guid *lun, const struct guid *targets,
		     size_t count, struct client_answer *ret_answer)
{
	const struct verb_args args = { .targets = guids_of(targets, count) };

	return client_change(client, VERB_LUN_ASSOCIATE, lun, &args, ret_answer);
}

int
client_lun_add_targets(struct client *client, const struct guid *lun, const struct guid *targets,
		       size_t count, struct client_answer *ret_answer)
{
	const struct verb_args args = { .add = guids_of(targets, count) };

	return client_change(client, VERB_LUN_TARGETS_CHANGE, lun, &args, ret_answer);
}

int
client_lun_remove_targets(struct client *client, const struct guid *lun, const struct guid *targets,
			  size_t count, struct client_answer *ret_answer)
{
	const struct verb_args args = { .remove = guids_of(targets, count) };

	return client_change(client, VERB_LUN_TARGETS_CHANGE, lun, &args, ret_answer);
}

/* {"bytes":N} */
static int
bytes_get(struct client *client, enum verb_id verb, const struct guid *ids,
	  const struct verb_args *args, uint64_t *ret_bytes)
{
	json_t *json = NULL;
	const json_t *bytes;
	int rc = client_ask(client, verb, ids, args, &json);

	if (rc < 0)
		return rc;
	bytes = json_object_get(json, "bytes");
	if (json_is_integer(bytes) && json_integer_value(bytes) >= 0)
		*ret_bytes = (uint64_t)json_integer_value(bytes);
	else
		rc = err_set(ERR_PROTOCOL, "vdsd's answer has no number of bytes");
	json_decref(json);
	return rc;
}

int
client_lun_max_extend(struct client *client, const struct guid *lun, bool fits, uint64_t *ret_bytes)
{
	return bytes_get(client, VERB_LUN_MAX_EXTEND, lun, &(struct verb_args){ .fits = fits },
			 ret_bytes);
}

int
client_max_lun_size(struct client *client, const struct guid *pool, bool thick, bool fits,
		    uint64_t *ret_bytes)
{
	struct verb_args args = { .thick = thick, .fits = fits };

	if (pool != NULL)
		args.pool_id = *pool;
	return bytes_get(client, VERB_MAX_LUN_SIZE, NULL, &args, ret_bytes);
}

/* ---- targets, portals, portal groups ---- */

int
client_target_create(struct client *client, const char *iscsi_name, const char *alias,
		     bool with_group, struct client_answer *ret_answer)
{
	const struct verb_args args = {
		.iscsi_name = iscsi_name,
		.alias = alias,
		.with_group = with_group,
		.duplicate = true,
	};

	return client_change(client, VERB_TARGET_CREATE, NULL, &args, ret_answer);
}

int
client_target_set_alias(struct client *client, const struct guid *target, const char *alias,
			struct client_answer *ret_answer)
{
	const struct verb_args args = { .alias = alias, .duplicate = true };

	return client_change(client, VERB_TARGET_CHANGE, target, &args, ret_answer);
}

int
client_credential_set(struct client *client, const struct guid *target, enum credential_side side,
		      const char *initiator, const char *secret, struct client_answer *ret_answer)
{
	const struct verb_args args = {
		.side = side == CREDENTIAL_INITIATOR ? "initiator" : "target",
		.owner_id = *target,
		.initiator = initiator,
		.secret = secret,
	};
	int rc = client_change(client, VERB_CREDENTIAL_SET, NULL, &args, ret_answer);

	return rc == ERR_NOT_FOUND && minor_version(client) < 3 ? too_old("it has no CHAP") : rc;
}

int
client_credential_delete(struct client *client, const struct guid *credential,
			 struct client_answer *ret_answer)
{
	return client_change(client, VERB_CREDENTIAL_DELETE, credential, NULL, ret_answer);
}

int
client_target_delete(struct client *client, const struct guid *target,
		     struct client_answer *ret_answer)
{
	return client_change(client, VERB_TARGET_DELETE, target, NULL, ret_answer);
}

int
client_portal_create(struct client *client, const char *address, uint16_t port, bool all_targets,
		     struct client_answer *ret_answer)
{
	const struct verb_args args = {
		.address = address,
		.port = port,
		.all_targets = all_targets,
	};

	return client_change(client, VERB_PORTAL_CREATE, NULL, &args, ret_answer);
}

int
client_portal_set_status(struct client *client, const struct guid *portal, enum row_status status,
			 struct client_answer *ret_answer)
{
	return client_change(client, VERB_PORTAL_CHANGE, portal,
			     &(struct verb_args){ .status = { status, true } }, ret_answer);
}

int
client_portal_drain(struct client *client, const struct guid *portal, uint64_t drain_ms,
		    struct client_answer *ret_answer)
{
	return client_change(
		client, VERB_PORTAL_CHANGE, portal,
		&(struct verb_args){ .status = { STATUS_OFFLINE, true }, .drain_ms = drain_ms },
		ret_answer);
}

int
client_controller_set_status(struct client *client, const struct guid *controller,
			     enum row_status status, struct client_answer *ret_answer)
{
	return client_change(client, VERB_CONTROLLER_CHANGE, controller,
			     &(struct verb_args){ .status = { status, true } }, ret_answer);
}

int
client_gateway_add(struct client *client, const char *name, const char *address,
		   struct client_answer *ret_answer)
{
	return client_change(client, VERB_CONTROLLER_ADD, NULL,
			     &(struct verb_args){ .name = name, .address = address }, ret_answer);
}

int
client_gateway_set_address(struct client *client, const struct guid *controller,
			   const char *address, struct client_answer *ret_answer)
{
	return client_change(client, VERB_CONTROLLER_CHANGE, controller,
			     &(struct verb_args){ .address = address }, ret_answer);
}

int
client_gateway_drain(struct client *client, const struct guid *controller, bool drains,
		     struct client_answer *ret_answer)
{
	return client_change(client, VERB_CONTROLLER_CHANGE, controller,
			     &(struct verb_args){ .drains = { drains, true } }, ret_answer);
}

int
client_gateway_remove(struct client *client, const struct guid *controller, bool force,
		      struct client_answer *ret_answer)
{
	return client_change(client, VERB_CONTROLLER_REMOVE, controller,
			     &(struct verb_args){ .force = force }, ret_answer);
}

int
client_lun_move_owner(struct client *client, const struct guid *lun, const struct guid *controller,
		      struct client_answer *ret_answer)
{
	return client_change(client, VERB_LUN_MOVE_OWNER, lun,
			     &(struct verb_args){ .controller_id = *controller }, ret_answer);
}

int
client_drive_rescan(struct client *client, struct client_answer *ret_answer)
{
	return client_change(client, VERB_DRIVE_RESCAN, NULL, NULL, ret_answer);
}

int
client_controller_flush(struct client *client, const struct guid *controller,
			struct client_answer *ret_answer)
{
	return client_change(client, VERB_CONTROLLER_FLUSH, controller, NULL, ret_answer);
}

int
client_controller_invalidate(struct client *client, const struct guid *controller,
			     struct client_answer *ret_answer)
{
	return client_change(client, VERB_CONTROLLER_INVALIDATE, controller, NULL, ret_answer);
}

int
client_controller_reset(struct client *client, const struct guid *controller, uint64_t drain_ms,
			struct client_answer *ret_answer)
{
	return client_change(client, VERB_CONTROLLER_RESET, controller,
			     &(struct verb_args){ .drain_ms = drain_ms }, ret_answer);
}

int
client_port_set_status(struct client *client, const struct guid *port, enum row_status status,
		       struct client_answer *ret_answer)
{
	return client_change(client, VERB_PORT_CHANGE, port,
			     &(struct verb_args){ .status = { status, true } }, ret_answer);
}

int
client_port_reset(struct client *client, const struct guid *port, uint64_t drain_ms,
		  struct client_answer *ret_answer)
{
	return client_change(client, VERB_PORT_RESET, port,
			     &(struct verb_args){ .drain_ms = drain_ms }, ret_answer);
}

int
client_maintain(struct client *client, const struct guid *object, const char *operation,
		const char *action, uint64_t count, struct client_answer *ret_answer)
{
	return client_change(client, VERB_MAINTENANCE_ASK, NULL,
			     &(struct verb_args){ .object_id = *object,
						  .operation = operation,
						  .action = action,
						  .count = count },
			     ret_answer);
}

int
client_group_create(struct client *client, const struct guid *target,
		    struct client_answer *ret_answer)
{
	return client_change(client, VERB_GROUP_CREATE, NULL,
			     &(struct verb_args){ .target_id = *target }, ret_answer);
}

int
client_group_delete(struct client *client, const struct guid *group,
		    struct client_answer *ret_answer)
{
	return client_change(client, VERB_GROUP_DELETE, group, NULL, ret_answer);
}

int
client_group_set_access(struct client *client, const struct guid *group,
			const struct client_group_access *access, struct client_answer *ret_answer)
{
	return client_change(client, VERB_GROUP_CHANGE, group,
			     &(struct verb_args){ .access_state = access->state,
						  .preferred = access->preferred,
						  .explicit_allowed = access->explicit_allowed },
			     ret_answer);
}

int
client_group_add_portal(struct client *client, const struct guid *group, const struct guid *portal,
			struct client_answer *ret_answer)
{
	const struct guid ids[2] = { *group, *portal };

	return client_change(client, VERB_GROUP_ADD_PORTAL, ids, NULL, ret_answer);
}

int
client_group_remove_portal(struct client *client, const struct guid *group,
			   const struct guid *portal, struct client_answer *ret_answer)
{
	const struct guid ids[2] = { *group, *portal };

	return client_change(client, VERB_GROUP_REMOVE_PORTAL, ids, NULL, ret_answer);
}

/* ---- jobs, sessions ---- */

int
client_job_cancel(struct client *client, const struct guid *job, struct client_answer *ret_answer)
{
	return client_change(client, VERB_JOB_CANCEL, job, NULL, ret_answer);
}

int
client_job_pause(struct client *client, const struct guid *job, struct client_answer *ret_answer)
{
	return client_change(client, VERB_JOB_PAUSE, job, NULL, ret_answer);
}

int
client_job_resume(struct client *client, const struct guid *job, struct client_answer *ret_answer)
{
	return client_change(client, VERB_JOB_RESUME, job, NULL, ret_answer);
}
