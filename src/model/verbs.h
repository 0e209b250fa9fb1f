/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verbs: the one list of everything that can be asked of vdsd over its REST API. Each verb has
 * a method, a path, the role that it needs, and the members of its query and body with their types
 * and ranges.
 *
 * The server reads arguments by this table (http/spec.c) and finds the function to call
 * (http/routes.c); the client writes paths, queries and bodies by it (wire/wire_verb.c);
 * docs/openapi.json and the manual are held to it by tests.  A new verb needs an enumerator here
 * and a row in verbs.c, a handler in http, a typed call in client/calls.c, and its documentation.
 * Constant data; any thread.
 */
#ifndef VDS_MODEL_VERBS_H
#define VDS_MODEL_VERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/principal.h"
#include "model/rows.h"

#define VERB_LIMIT_DEFAULT 100  /* rows in a page of a list when the query names no limit */
#define VERB_LIMIT_MAX     1000 /* rows in a page of a list at most */

/* The latest time in a body: the year 9999. */
#define VERB_TIME_MAX_MS 253402300799999ull

#define VERB_FAULT_MAX_MS (7ull * 24 * 3600 * 1000) /* how long an injected fault may take */

/* Sorted by path, then by method. */
enum verb_id {
	VERB_METRICS,
	VERB_APPLY,
	VERB_ARRAY_GET,
	VERB_ARRAY_CHANGE,
	VERB_ASSOCIATION_LIST,
	VERB_AUDIT_LIST,
	VERB_BACKUP,
	VERB_CHECK,
	VERB_CONTROLLER_LIST,
	VERB_CONTROLLER_ADD, /* a gateway */
	VERB_CONTROLLER_REMOVE,
	VERB_CONTROLLER_GET,
	VERB_CONTROLLER_CHANGE,
	VERB_CONTROLLER_FLUSH,
	VERB_CONTROLLER_INVALIDATE,
	VERB_CONTROLLER_RESET,
	VERB_CREDENTIAL_LIST,
	VERB_CREDENTIAL_SET,
	VERB_CREDENTIAL_DELETE,
	VERB_CREDENTIAL_GET,
	VERB_DRIVE_LIST,
	VERB_DRIVE_RESCAN,
	VERB_DRIVE_GET,
	VERB_EVENTS,
	VERB_EXPLAIN,
	VERB_EXPORT,
	VERB_HEALTH,
	VERB_HOST_GROUP_LIST,
	VERB_HOST_GROUP_CREATE,
	VERB_HOST_GROUP_DELETE,
	VERB_HOST_GROUP_GET,
	VERB_HOST_GROUP_CHANGE,
	VERB_HOST_LIST,
	VERB_HOST_CREATE,
	VERB_HOST_DELETE,
	VERB_HOST_GET,
	VERB_HOST_CHANGE,
	VERB_JOB_LIST,
	VERB_JOB_GET,
	VERB_JOB_CANCEL,
	VERB_JOB_PAUSE,
	VERB_JOB_RESUME,
	VERB_LUN_LIST,
	VERB_LUN_CREATE,
	VERB_LUN_DELETE,
	VERB_LUN_GET,
	VERB_LUN_CHANGE,
	VERB_LUN_CLONE,
	VERB_LUN_COUNTERS,
	VERB_LUN_EXTEND,
	VERB_LUN_FAULTS_CLEAR,
	VERB_LUN_FAULTS,
	VERB_LUN_INJECT,
	VERB_LUN_HISTORY,
	VERB_LUN_MAX_EXTEND,
	VERB_LUN_MOVE,
	VERB_LUN_MOVE_OWNER,
	VERB_LUN_RESERVATIONS_CLEAR,
	VERB_LUN_RESERVATIONS,
	VERB_LUN_ROLLBACK,
	VERB_LUN_SHRINK,
	VERB_LUN_TARGETS,
	VERB_LUN_TARGETS_CHANGE,
	VERB_LUN_ASSOCIATE,
	VERB_MAINTENANCE_LIST,
	VERB_MAINTENANCE_ASK,
	VERB_MAX_LUN_SIZE,
	VERB_OPENAPI,
	VERB_PLAN,
	VERB_POOL_LIST,
	VERB_POOL_CREATE,
	VERB_POOL_DELETE,
	VERB_POOL_GET,
	VERB_POOL_CHANGE,
	VERB_POOL_ADOPT,
	VERB_POOL_HISTORY,
	VERB_GROUP_LIST,
	VERB_GROUP_CREATE,
	VERB_GROUP_DELETE,
	VERB_GROUP_GET,
	VERB_GROUP_CHANGE,
	VERB_GROUP_REMOVE_PORTAL,
	VERB_GROUP_ADD_PORTAL,
	VERB_PORTAL_LIST,
	VERB_PORTAL_CREATE,
	VERB_PORTAL_DELETE,
	VERB_PORTAL_GET,
	VERB_PORTAL_CHANGE,
	VERB_PORT_LIST,
	VERB_PORT_GET,
	VERB_PORT_CHANGE,
	VERB_PORT_COUNTERS,
	VERB_PORT_RESET,
	VERB_PRINCIPAL_GET,
	VERB_SESSION_LIST,
	VERB_SESSION_END,
	VERB_SNAPSHOT,      /* of the array's state */
	VERB_SCHEDULE_LIST, /* of snapshots of LUNs */
	VERB_SCHEDULE_CREATE,
	VERB_SCHEDULE_DELETE,
	VERB_SCHEDULE_GET,
	VERB_SCHEDULE_CHANGE,
	VERB_SCHEDULE_RUN,
	VERB_SNAPSHOT_LIST, /* of LUNs, as the others from here on */
	VERB_SNAPSHOT_CREATE,
	VERB_SNAPSHOT_DELETE,
	VERB_SNAPSHOT_GET,
	VERB_SNAPSHOT_CHANGE,
	VERB_SNAPSHOT_CLONE,
	VERB_STATS,
	VERB_SYNC,
	VERB_TARGET_LIST,
	VERB_TARGET_CREATE,
	VERB_TARGET_DELETE,
	VERB_TARGET_GET,
	VERB_TARGET_CHANGE,
	VERB_TARGET_LUNS,
	VERB_TOKEN_LIST,
	VERB_TOKEN_CREATE,
	VERB_TOKEN_REVOKE,
	VERB_TRACE,
	VERB_TRASH_LIST,
	VERB_TRASH_EMPTY,
	VERB_TRASH_GET,
	VERB_TRASH_RESTORE,
	VERB_UNDO_PLAN,
	VERB_UNDO,
	VERB_VERSION,
	VERB_COUNT
};

/* ---- arguments ---- */

struct verb_guids {
	/* the server owns them (http_args_fini); in the client the caller owns them */
	struct guid *ids;
	size_t count;
	bool given;
};

struct verb_key {
	struct row_key key;
	bool given;
};

struct verb_status {
	enum row_status status;
	bool given;
};

struct verb_flag {
	bool value;
	bool given;
};

/*
 * The arguments of all verbs.  The fields of a verb (struct verb_spec) say which of these it uses.
 */
struct verb_args {
	const char *name, *path, *mask, *mask_add, *mask_remove;
	const char *access;
	const char *iqn_prefix, *iscsi_name, *alias, *address, *initiator, *from, *hints;
	const char *operation, *action, *role, *object, *who;
	const char *initiators, *initiators_add, *initiators_remove, *sources;
	const char *redirect;
	const char *revision, *document;  /* document: the text of a body of verb_document */
	const char *side, *user, *secret; /* the secret is shown nowhere, and wiped after its use */
	struct guid pool_id, lun_id, target_id, object_id, owner_id, snapshot_id;
	uint64_t size_bytes, add_bytes, remove_bytes, block_bytes, port, limit, incarnation, since,
		drain_ms, count, expires_ms, keep_old_s, before, since_ms, change;
	bool flat, thick, with_group, with_portals, force, all_targets, fits, duplicate, discovery;
	bool removable, delete_luns, shrink_luns, ids, copy;
	struct verb_guids targets, add, remove, hosts, luns;
	struct verb_key after;
	struct verb_status status;
	const char *access_state;
	const char *low, *full, *overcommit, *trash, *qos;
	const char *cache;
	struct verb_flag trash_yields;
	const char *every, *at, *keep;
	struct verb_flag enabled;
	bool now, unassociated;
	const char *cursor;
	uint64_t min_us;
	bool failed;
	const char *error;
	uint64_t fault, from_block, blocks, delay_ms, ppm, for_ms;
	bool hang;
	struct verb_flag preferred, explicit_allowed;
	struct guid controller_id;
	struct verb_flag drains;
};

/* The type of a member of a query or body, and the C type of its value in struct verb_args. */
enum verb_type {
	VERB_TEXT,   /* const char *: one line of UTF-8; NULL when absent */
	VERB_GUID,   /* struct guid: zero when absent */
	VERB_GUIDS,  /* struct verb_guids: a JSON array of ids */
	VERB_U64,    /* uint64_t within min … max; 0 when absent */
	VERB_BOOL,   /* bool: true or false in a body, 1 or 0 in a query; false when absent */
	VERB_STATUS, /* struct verb_status: "online" or "offline" */
	VERB_FLAG,   /* struct verb_flag: as VERB_BOOL, but false is told from absent */
	VERB_KEY,    /* struct verb_key: "ID" or "ID,ID", in a query */
};

struct verb_field {
	const char *name;
	enum verb_type type;
	bool required;
	size_t offset;     /* offset of the value in struct verb_args */
	uint64_t min, max; /* VERB_U64: the range; VERB_TEXT: bytes, max 0 = unlimited */
};

enum verb_rule {
	VERB_AS_MARKED, /* the fields marked `required` must be given, the others may be given */
	/* exactly one of the fields must be given, besides those of VERB_BOOL, which may be */
	VERB_EXACTLY_ONE,
	VERB_AT_LEAST_ONE, /* at least one of the fields must be given */
};

/* The members that a query or a body may have. */
struct verb_spec {
	const struct verb_field *fields;
	size_t count;
	enum verb_rule rule;
};

/*
 * The body of a verb that takes a whole document of JSON as it was written (verb_args.document),
 * and may be larger than others.
 */
extern const struct verb_spec verb_document;

/* ---- the table ---- */

struct verb {
	const char *method;
	const char *path;      /* "/v1/luns/{id}": at most two placeholders, each an id */
	const char *operation; /* OpenAPI operationId */
	enum principal_role role;
	const struct verb_spec *query; /* NULL = no query is allowed */
	const struct verb_spec *body;  /* NULL = no body is allowed (but {} is) */
	/*
	 * HTTP status of success; 201 becomes 200 when nothing new was made, and 202 when a job
	 * does the work
	 */
	unsigned status;
};

extern const struct verb verb_table[VERB_COUNT];

/*
 * Returns a pointer to the value of a field in args; enum verb_type says of which type the value
 * is.
 */
static inline const void *
verb_value(const struct verb_args *args, const struct verb_field *field)
{
	return (const char *)args + field->offset;
}

/*
 * Returns true for a verb that changes something, or tries to: the audit log has a record of each
 * such request.
 */
bool verb_is_change(enum verb_id verb);

/* Returns true when args hold a value for the field that is not the default of an absent one. */
bool verb_is_given(const struct verb_args *args, const struct verb_field *field);

#endif
