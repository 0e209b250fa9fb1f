/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The routes: one table, from which requests are dispatched and to which docs/openapi.json is held
 * by tests/unit/http/test_openapi.c.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"

/* clang-format off */
const struct http_route http_routes[] = {
	/* method, path, operationId, handler, family, query, body, status */
	{ "GET", "/v1/array", "arrayGet",
	  http_array_get, ROW_ARRAY, NULL, NULL, 200 },
	{ "PATCH", "/v1/array", "arrayChange",
	  http_array_patch, ROW_ARRAY, NULL, &http_body_array, 200 },
	{ "GET", "/v1/associations", "associationList",
	  http_list, ROW_ASSOCIATION, &http_query_associations, NULL, 200 },
	{ "POST", "/v1/check", "check",
	  http_check, ROW_ARRAY, NULL, NULL, 200 },
	{ "GET", "/v1/events", "events",
	  http_events, ROW_ARRAY, &http_query_events, NULL, 200 },
	{ "GET", "/v1/explain", "explain",
	  http_explain, ROW_ARRAY, &http_query_explain, NULL, 200 },
	{ "GET", "/v1/jobs", "jobList",
	  http_list, ROW_JOB, &http_query_list, NULL, 200 },
	{ "GET", "/v1/jobs/{id}", "jobGet",
	  http_get, ROW_JOB, NULL, NULL, 200 },
	{ "POST", "/v1/jobs/{id}/cancel", "jobCancel",
	  http_job_cancel, ROW_JOB, NULL, NULL, 200 },
	{ "GET", "/v1/luns", "lunList",
	  http_list, ROW_LUN, &http_query_named, NULL, 200 },
	{ "POST", "/v1/luns", "lunCreate",
	  http_lun_create, ROW_LUN, NULL, &http_body_lun, 201 },
	{ "DELETE", "/v1/luns/{id}", "lunDelete",
	  http_lun_delete, ROW_LUN, NULL, NULL, 200 },
	{ "GET", "/v1/luns/{id}", "lunGet",
	  http_get, ROW_LUN, NULL, NULL, 200 },
	{ "PATCH", "/v1/luns/{id}", "lunChange",
	  http_lun_patch, ROW_LUN, NULL, &http_body_lun_patch, 200 },
	{ "GET", "/v1/luns/{id}/counters", "lunCounters",
	  http_lun_counters, ROW_LUN, NULL, NULL, 200 },
	{ "POST", "/v1/luns/{id}/extend", "lunExtend",
	  http_lun_extend, ROW_LUN, NULL, &http_body_extend, 200 },
	{ "GET", "/v1/luns/{id}/max-extend", "lunMaxExtend",
	  http_lun_max_extend, ROW_LUN, NULL, NULL, 200 },
	{ "GET", "/v1/luns/{id}/targets", "lunTargets",
	  http_lun_targets, ROW_LUN, NULL, NULL, 200 },
	{ "PATCH", "/v1/luns/{id}/targets", "lunTargetsChange",
	  http_lun_targets_patch, ROW_LUN, NULL, &http_body_targets_patch, 200 },
	{ "PUT", "/v1/luns/{id}/targets", "lunAssociate",
	  http_lun_associate, ROW_LUN, NULL, &http_body_targets, 200 },
	{ "GET", "/v1/max-lun-size", "maxLunSize",
	  http_max_lun_size, ROW_ARRAY, &http_query_max_lun_size, NULL, 200 },
	{ "GET", "/v1/openapi.json", "openapi",
	  http_openapi, ROW_ARRAY, NULL, NULL, 200 },
	{ "GET", "/v1/pools", "poolList",
	  http_list, ROW_POOL, &http_query_named, NULL, 200 },
	{ "POST", "/v1/pools", "poolCreate",
	  http_pool_create, ROW_POOL, NULL, &http_body_pool, 201 },
	{ "DELETE", "/v1/pools/{id}", "poolDelete",
	  http_pool_delete, ROW_POOL, NULL, NULL, 200 },
	{ "GET", "/v1/pools/{id}", "poolGet",
	  http_get, ROW_POOL, NULL, NULL, 200 },
	{ "PATCH", "/v1/pools/{id}", "poolChange",
	  http_pool_patch, ROW_POOL, NULL, &http_body_pool_patch, 200 },
	{ "GET", "/v1/portal-groups", "groupList",
	  http_list, ROW_PORTAL_GROUP, &http_query_groups, NULL, 200 },
	{ "POST", "/v1/portal-groups", "groupCreate",
	  http_group_create, ROW_PORTAL_GROUP, NULL, &http_body_group, 201 },
	{ "DELETE", "/v1/portal-groups/{id}", "groupDelete",
	  http_group_delete, ROW_PORTAL_GROUP, &http_query_group_delete, NULL, 200 },
	{ "GET", "/v1/portal-groups/{id}", "groupGet",
	  http_get, ROW_PORTAL_GROUP, NULL, NULL, 200 },
	{ "DELETE", "/v1/portal-groups/{id}/portals/{portal}", "groupRemovePortal",
	  http_group_remove, ROW_PORTAL_GROUP, NULL, NULL, 200 },
	{ "PUT", "/v1/portal-groups/{id}/portals/{portal}", "groupAddPortal",
	  http_group_add, ROW_PORTAL_GROUP, NULL, NULL, 200 },
	{ "GET", "/v1/portals", "portalList",
	  http_list, ROW_PORTAL, &http_query_list, NULL, 200 },
	{ "POST", "/v1/portals", "portalCreate",
	  http_portal_create, ROW_PORTAL, NULL, &http_body_portal, 201 },
	{ "DELETE", "/v1/portals/{id}", "portalDelete",
	  http_portal_delete, ROW_PORTAL, NULL, NULL, 200 },
	{ "GET", "/v1/portals/{id}", "portalGet",
	  http_get, ROW_PORTAL, NULL, NULL, 200 },
	{ "PATCH", "/v1/portals/{id}", "portalChange",
	  http_portal_patch, ROW_PORTAL, NULL, &http_body_portal_patch, 200 },
	{ "GET", "/v1/sessions", "sessionList",
	  http_list, ROW_LIVE_SESSION, &http_query_sessions, NULL, 200 },
	{ "DELETE", "/v1/sessions/{id}", "sessionEnd",
	  http_session_end, ROW_LIVE_SESSION, NULL, NULL, 200 },
	{ "GET", "/v1/snapshot", "snapshot",
	  http_snapshot, ROW_ARRAY, NULL, NULL, 200 },
	{ "GET", "/v1/sync", "sync",
	  http_sync, ROW_ARRAY, NULL, NULL, 200 },
	{ "GET", "/v1/targets", "targetList",
	  http_list, ROW_TARGET, &http_query_named, NULL, 200 },
	{ "POST", "/v1/targets", "targetCreate",
	  http_target_create, ROW_TARGET, NULL, &http_body_target, 201 },
	{ "DELETE", "/v1/targets/{id}", "targetDelete",
	  http_target_delete, ROW_TARGET, NULL, NULL, 200 },
	{ "GET", "/v1/targets/{id}", "targetGet",
	  http_get, ROW_TARGET, NULL, NULL, 200 },
	{ "PATCH", "/v1/targets/{id}", "targetChange",
	  http_target_patch, ROW_TARGET, NULL, &http_body_target_patch, 200 },
	{ "GET", "/v1/targets/{id}/luns", "targetLuns",
	  http_target_luns, ROW_TARGET, NULL, NULL, 200 },
	{ "GET", "/v1/version", "version",
	  http_version, ROW_ARRAY, NULL, NULL, 200 },
};
/* clang-format on */
const size_t http_route_count = ARRAY_LEN(http_routes);

/* A {placeholder} takes any segment; its text goes to ids_text. */
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
			return err_set(ERR_INVALID, "the path holds something that is no id");
		memcpy(text, ids_text[i], ids_len[i]);
		text[ids_len[i]] = '\0';
		if (guid_parse(text, &ret_ids[i]) < 0)
			return err_set(ERR_INVALID, "the path holds something that is no id");
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

/* RFC 9110 §9.3.2: HEAD is GET; libmicrohttpd leaves the body away. */
static bool
method_is(const char *of_route, const char *method)
{
	return strcmp(of_route, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

int
http_route_find(const char *method, const char *path, const struct http_route **ret_route,
		struct guid ret_ids[2], char *ret_allow, size_t allow_size)
{
	ret_allow[0] = '\0';
	for (size_t i = 0; i < http_route_count; i++) {
		const char *ids_text[2] = { NULL, NULL };
		size_t ids_len[2];

		if (!path_matches(http_routes[i].path, path, ids_text, ids_len))
			continue;
		allow_add(ret_allow, allow_size, http_routes[i].method);
		if (!method_is(http_routes[i].method, method))
			continue;
		*ret_route = &http_routes[i];
		return ids_parse(ids_text, ids_len, ret_ids);
	}
	if (ret_allow[0] != '\0')
		return err_set(ERR_NOT_SUPPORTED, "this path has only %s", ret_allow);
	return err_set(ERR_NOT_FOUND, "there is no such path; see /v1/openapi.json");
}
