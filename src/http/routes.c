/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of routes: the function that serves each verb of model/verbs.h.  Also finds the verb of
 * a request.  Any thread.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"

/* clang-format off */
const struct http_route http_routes[VERB_COUNT] = {
	[VERB_METRICS] = { http_metrics_get, ROW_ARRAY },
	[VERB_APPLY] = { http_apply, ROW_ARRAY },
	[VERB_ARRAY_GET] = { http_array_get, ROW_ARRAY },
	[VERB_ARRAY_CHANGE] = { http_array_patch, ROW_ARRAY },
	[VERB_ASSOCIATION_LIST] = { http_list, ROW_ASSOCIATION },
	[VERB_AUDIT_LIST] = { http_audit_list, ROW_ARRAY },
	[VERB_BACKUP] = { http_backup, ROW_ARRAY },
	[VERB_CHECK] = { http_check, ROW_ARRAY },
	[VERB_CONTROLLER_LIST] = { http_list, ROW_CONTROLLER },
	[VERB_CONTROLLER_ADD] = { http_gateway_add, ROW_CONTROLLER },
	[VERB_CONTROLLER_REMOVE] = { http_gateway_remove, ROW_CONTROLLER },
	[VERB_CONTROLLER_GET] = { http_get, ROW_CONTROLLER },
	[VERB_CONTROLLER_CHANGE] = { http_controller_patch, ROW_CONTROLLER },
	[VERB_CONTROLLER_FLUSH] = { http_controller_flush, ROW_CONTROLLER },
	[VERB_CONTROLLER_INVALIDATE] = { http_controller_invalidate, ROW_CONTROLLER },
	[VERB_CONTROLLER_RESET] = { http_controller_reset, ROW_CONTROLLER },
	[VERB_CREDENTIAL_LIST] = { http_list, ROW_CREDENTIAL },
	[VERB_CREDENTIAL_SET] = { http_credential_set, ROW_CREDENTIAL },
	[VERB_CREDENTIAL_DELETE] = { http_credential_delete, ROW_CREDENTIAL },
	[VERB_CREDENTIAL_GET] = { http_get, ROW_CREDENTIAL },
	[VERB_DRIVE_LIST] = { http_list, ROW_LIVE_DRIVE },
	[VERB_DRIVE_RESCAN] = { http_drive_rescan, ROW_LIVE_DRIVE },
	[VERB_DRIVE_GET] = { http_get, ROW_LIVE_DRIVE },
	[VERB_EVENTS] = { http_events, ROW_ARRAY },
	[VERB_EXPLAIN] = { http_explain, ROW_ARRAY },
	[VERB_EXPORT] = { http_export, ROW_ARRAY },
	[VERB_HEALTH] = { http_health, ROW_ARRAY },
	[VERB_HOST_GROUP_LIST] = { http_list, ROW_HOST_GROUP },
	[VERB_HOST_GROUP_CREATE] = { http_host_group_create, ROW_HOST_GROUP },
	[VERB_HOST_GROUP_DELETE] = { http_host_group_delete, ROW_HOST_GROUP },
	[VERB_HOST_GROUP_GET] = { http_get, ROW_HOST_GROUP },
	[VERB_HOST_GROUP_CHANGE] = { http_host_group_patch, ROW_HOST_GROUP },
	[VERB_HOST_LIST] = { http_list, ROW_HOST },
	[VERB_HOST_CREATE] = { http_host_create, ROW_HOST },
	[VERB_HOST_DELETE] = { http_host_delete, ROW_HOST },
	[VERB_HOST_GET] = { http_get, ROW_HOST },
	[VERB_HOST_CHANGE] = { http_host_patch, ROW_HOST },
	[VERB_JOB_LIST] = { http_list, ROW_JOB },
	[VERB_JOB_GET] = { http_get, ROW_JOB },
	[VERB_JOB_CANCEL] = { http_job_cancel, ROW_JOB },
	[VERB_JOB_PAUSE] = { http_job_pause, ROW_JOB },
	[VERB_JOB_RESUME] = { http_job_resume, ROW_JOB },
	[VERB_LUN_LIST] = { http_list, ROW_LUN },
	[VERB_LUN_CREATE] = { http_lun_create, ROW_LUN },
	[VERB_LUN_DELETE] = { http_lun_delete, ROW_LUN },
	[VERB_LUN_GET] = { http_get, ROW_LUN },
	[VERB_LUN_CHANGE] = { http_lun_patch, ROW_LUN },
	[VERB_LUN_CLONE] = { http_clone, ROW_LUN },
	[VERB_LUN_COUNTERS] = { http_lun_counters, ROW_LUN },
	[VERB_LUN_EXTEND] = { http_lun_extend, ROW_LUN },
	[VERB_LUN_FAULTS_CLEAR] = { http_lun_faults_clear, ROW_LUN },
	[VERB_LUN_FAULTS] = { http_lun_faults, ROW_LUN },
	[VERB_LUN_INJECT] = { http_lun_inject, ROW_LUN },
	[VERB_LUN_HISTORY] = { http_lun_history, ROW_LUN },
	[VERB_LUN_MAX_EXTEND] = { http_lun_max_extend, ROW_LUN },
	[VERB_LUN_MOVE] = { http_lun_move, ROW_LUN },
	[VERB_LUN_MOVE_OWNER] = { http_lun_move_owner, ROW_LUN },
	[VERB_LUN_RESERVATIONS_CLEAR] = { http_lun_reservations_clear, ROW_LUN },
	[VERB_LUN_RESERVATIONS] = { http_lun_reservations, ROW_LUN },
	[VERB_LUN_ROLLBACK] = { http_lun_rollback, ROW_LUN },
	[VERB_LUN_SHRINK] = { http_lun_shrink, ROW_LUN },
	[VERB_LUN_TARGETS] = { http_lun_targets, ROW_LUN },
	[VERB_LUN_TARGETS_CHANGE] = { http_lun_targets_patch, ROW_LUN },
	[VERB_LUN_ASSOCIATE] = { http_lun_associate, ROW_LUN },
	[VERB_MAINTENANCE_LIST] = { http_list, ROW_LIVE_MAINTENANCE },
	[VERB_MAINTENANCE_ASK] = { http_maintain, ROW_LIVE_MAINTENANCE },
	[VERB_MAX_LUN_SIZE] = { http_max_lun_size, ROW_ARRAY },
	[VERB_OPENAPI] = { http_openapi, ROW_ARRAY },
	[VERB_PLAN] = { http_plan, ROW_ARRAY },
	[VERB_POOL_LIST] = { http_list, ROW_POOL },
	[VERB_POOL_CREATE] = { http_pool_create, ROW_POOL },
	[VERB_POOL_DELETE] = { http_pool_delete, ROW_POOL },
	[VERB_POOL_GET] = { http_get, ROW_POOL },
	[VERB_POOL_CHANGE] = { http_pool_patch, ROW_POOL },
	[VERB_POOL_ADOPT] = { http_pool_adopt, ROW_POOL },
	[VERB_POOL_HISTORY] = { http_pool_history, ROW_POOL },
	[VERB_GROUP_LIST] = { http_list, ROW_PORTAL_GROUP },
	[VERB_GROUP_CREATE] = { http_group_create, ROW_PORTAL_GROUP },
	[VERB_GROUP_DELETE] = { http_group_delete, ROW_PORTAL_GROUP },
	[VERB_GROUP_GET] = { http_get, ROW_PORTAL_GROUP },
	[VERB_GROUP_CHANGE] = { http_group_patch, ROW_PORTAL_GROUP },
	[VERB_GROUP_REMOVE_PORTAL] = { http_group_remove, ROW_PORTAL_GROUP },
	[VERB_GROUP_ADD_PORTAL] = { http_group_add, ROW_PORTAL_GROUP },
	[VERB_PORTAL_LIST] = { http_list, ROW_PORTAL },
	[VERB_PORTAL_CREATE] = { http_portal_create, ROW_PORTAL },
	[VERB_PORTAL_DELETE] = { http_portal_delete, ROW_PORTAL },
	[VERB_PORTAL_GET] = { http_get, ROW_PORTAL },
	[VERB_PORTAL_CHANGE] = { http_portal_patch, ROW_PORTAL },
	[VERB_PORT_LIST] = { http_list, ROW_LIVE_PORT },
	[VERB_PORT_GET] = { http_get, ROW_LIVE_PORT },
	[VERB_PORT_CHANGE] = { http_port_patch, ROW_LIVE_PORT },
	[VERB_PORT_COUNTERS] = { http_port_counters, ROW_LIVE_PORT },
	[VERB_PORT_RESET] = { http_port_reset, ROW_LIVE_PORT },
	[VERB_PRINCIPAL_GET] = { http_principal_get, ROW_ARRAY },
	[VERB_SESSION_LIST] = { http_list, ROW_LIVE_SESSION },
	[VERB_SESSION_END] = { http_session_end, ROW_LIVE_SESSION },
	[VERB_SNAPSHOT] = { http_snapshot, ROW_ARRAY },
	[VERB_SCHEDULE_LIST] = { http_list, ROW_SNAPSHOT_SCHEDULE },
	[VERB_SCHEDULE_CREATE] = { http_schedule_create, ROW_SNAPSHOT_SCHEDULE },
	[VERB_SCHEDULE_DELETE] = { http_schedule_delete, ROW_SNAPSHOT_SCHEDULE },
	[VERB_SCHEDULE_GET] = { http_get, ROW_SNAPSHOT_SCHEDULE },
	[VERB_SCHEDULE_CHANGE] = { http_schedule_patch, ROW_SNAPSHOT_SCHEDULE },
	[VERB_SCHEDULE_RUN] = { http_schedule_run, ROW_SNAPSHOT_SCHEDULE },
	[VERB_SNAPSHOT_LIST] = { http_list, ROW_SNAPSHOT },
	[VERB_SNAPSHOT_CREATE] = { http_snapshot_create, ROW_SNAPSHOT },
	[VERB_SNAPSHOT_DELETE] = { http_snapshot_delete, ROW_SNAPSHOT },
	[VERB_SNAPSHOT_GET] = { http_get, ROW_SNAPSHOT },
	[VERB_SNAPSHOT_CHANGE] = { http_snapshot_patch, ROW_SNAPSHOT },
	[VERB_SNAPSHOT_CLONE] = { http_clone, ROW_SNAPSHOT },
	[VERB_STATS] = { http_stats, ROW_ARRAY },
	[VERB_SYNC] = { http_sync, ROW_ARRAY },
	[VERB_TARGET_LIST] = { http_list, ROW_TARGET },
	[VERB_TARGET_CREATE] = { http_target_create, ROW_TARGET },
	[VERB_TARGET_DELETE] = { http_target_delete, ROW_TARGET },
	[VERB_TARGET_GET] = { http_get, ROW_TARGET },
	[VERB_TARGET_CHANGE] = { http_target_patch, ROW_TARGET },
	[VERB_TARGET_LUNS] = { http_target_luns, ROW_TARGET },
	[VERB_TOKEN_LIST] = { http_token_list, ROW_ARRAY },
	[VERB_TOKEN_CREATE] = { http_token_create, ROW_ARRAY },
	[VERB_TOKEN_REVOKE] = { http_token_revoke, ROW_ARRAY },
	[VERB_TRACE] = { http_trace, ROW_ARRAY },
	[VERB_UNDO_PLAN] = { http_undo_plan, ROW_ARRAY },
	[VERB_TRASH_LIST] = { http_list, ROW_TRASHED_LUN },
	[VERB_TRASH_EMPTY] = { http_trash_empty, ROW_TRASHED_LUN },
	[VERB_TRASH_GET] = { http_get, ROW_TRASHED_LUN },
	[VERB_TRASH_RESTORE] = { http_trash_restore, ROW_TRASHED_LUN },
	[VERB_UNDO] = { http_undo, ROW_ARRAY },
	[VERB_VERSION] = { http_version, ROW_ARRAY },
};
/* clang-format on */

/*
 * Compares a path with a pattern.  A {placeholder} matches any segment, whose text is copied to
 * ids_text.
 */
static bool
path_matches(const char *template, const char *path, const char *ids_text[2], size_t ids_len[2])
{
	size_t ids = 0;

	while (*template != '\0') {
		if (*template == '{') {
			size_t len = strcspn(path, "/");

			if (len == 0)
				return false;
			ids_text[ids] = path;
			ids_len[ids++] = len;
			path += len;
			template = strchr(template, '}') + 1;
		} else if (*template ++ != *path++) {
			return false;
		}
	}
	return *path == '\0';
}

static int
ids_parse(const char *const ids_text[2], const size_t ids_len[2], struct guid ret_ids[2])
{
	for (size_t i = 0; i < 2 && ids_text[i] != NULL; i++) {
		char text[GUID_TEXT_SIZE + 2];

		if (ids_len[i] >= sizeof(text))
			return err_set(ERR_INVALID, "a part of the path is not an id");
		memcpy(text, ids_text[i], ids_len[i]);
		text[ids_len[i]] = '\0';
		if (guid_parse(text, &ret_ids[i]) < 0)
			return err_set(ERR_INVALID, "a part of the path is not an id");
	}
	return 0;
}

static void
allow_add(char *allow, size_t size, const char *method)
{
	size_t len = strlen(allow);
	bool get = strcmp(method, "GET") == 0;

	snprintf(allow + len, size - len, "%s%s%s", len > 0 ? ", " : "", method,
		 get ? ", HEAD" : "");
}

/* RFC 9110 §9.3.2: HEAD is GET; conn.c leaves the body away. */
static bool
method_is(const char *of_route, const char *method)
{
	return strcmp(of_route, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

int
http_route_find(const char *method, const char *path, enum verb_id *ret_verb,
		struct guid ret_ids[2], char *ret_allow, size_t allow_size)
{
	ret_allow[0] = '\0';
	for (size_t i = 0; i < VERB_COUNT; i++) {
		const char *ids_text[2] = { NULL, NULL };
		size_t ids_len[2];

		if (!path_matches(verb_table[i].path, path, ids_text, ids_len))
			continue;
		allow_add(ret_allow, allow_size, verb_table[i].method);
		if (!method_is(verb_table[i].method, method))
			continue;
		*ret_verb = (enum verb_id)i;
		return ids_parse(ids_text, ids_len, ret_ids);
	}
	if (ret_allow[0] != '\0')
		return err_set(ERR_NOT_SUPPORTED, "this path has only the methods %s", ret_allow);
	return err_set(ERR_NOT_FOUND, "there is no such path; see /v1/openapi.json");
}
