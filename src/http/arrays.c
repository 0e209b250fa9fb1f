/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The handlers of the array as a whole: its row, the snapshot, the barrier /v1/sync, the checker,
 * and what the server says about itself.  The connection's thread.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"

int
http_array_get(struct http_call *call, struct http_reply *reply)
{
	AUTO_STATE struct state *config = array_state(call->array);
	json_t *json = wire_row_encode(state_array(config));

	if (json == NULL)
		return -ENOMEM;
	json_object_set_new(json, "position", wire_position_encode(state_position(config)));
	json_object_set_new(json, "read_only", json_boolean(array_is_read_only(call->array)));
	json_object_set_new(json, "read_only_reason",
			    json_string(array_is_read_only(call->array)
						? array_read_only_reason(call->array)
						: ""));
	return http_reply_json(reply, json);
}

int
http_array_patch(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc;

	if (call->args.name != NULL)
		rc = array_rename(call->array, &call->request, call->args.name, &answer);
	else
		rc = array_set_iqn_prefix(call->array, &call->request, call->args.iqn_prefix,
					  &answer);
	return http_answer(call, reply, rc, &answer);
}

/* Uses a listener, because array_listen returns both states of the same moment. */
int
http_snapshot(struct http_call *call, struct http_reply *reply)
{
	AUTO_STATE struct state *config = NULL;
	AUTO_STATE struct state *live = NULL;
	struct array_listener *listener;
	int rc;

	rc = array_listen(call->array, 0, 0, &listener, &config, &live);
	if (rc < 0)
		return rc;
	array_listener_free(listener);
	reply->snapshot = wire_snapshot_writer_new(config, live);
	return reply->snapshot != NULL ? 0 : -ENOMEM;
}

int
http_sync(struct http_call *call, struct http_reply *reply)
{
	struct position position;
	int rc = array_sync(call->array, &position);

	if (rc < 0)
		return rc;
	return http_reply_json(reply,
			       json_pack("{s:o}", "position", wire_position_encode(&position)));
}

static size_t
failed_luns(struct array *array)
{
	AUTO_STATE struct state *live = array_live(array);
	size_t count = 0;

	for (size_t i = 0; i < state_count(live, ROW_LIVE_LUN); i++) {
		const struct row_live_lun *lun = state_at(live, ROW_LIVE_LUN, i);

		count += lun->health == HEALTH_FAILED;
	}
	return count;
}

/* The sentences of array_notes as a list; NULL when out of memory. */
static json_t *
notes(struct array *array)
{
	AUTO_FREE char *text = NULL;
	json_t *list = array_notes(array, &text) == 0 ? json_array() : NULL;

	for (const char *line = text; list != NULL && *line != '\0';) {
		size_t len = strcspn(line, "\n");

		json_array_append_new(list, json_stringn(line, len));
		line += len + (line[len] == '\n');
	}
	return list;
}

/*
 * Runs the invariant checker.  Also reports failed LUNs, which violate no invariant but which the
 * caller wants to know about.
 */
int
http_check(struct http_call *call, struct http_reply *reply)
{
	int rc = array_check(call->array);

	if (rc < 0 && rc != ERR_CORRUPT)
		return rc;
	return http_reply_json(reply, json_pack("{s:b, s:s, s:I, s:o}", "clean", rc == 0, "message",
						rc == 0 ? "" : err_text(rc), "failed_luns",
						(json_int_t)failed_luns(call->array), "notes",
						notes(call->array)));
}

int
http_backup(struct http_call *call, struct http_reply *reply)
{
	int rc = array_backup(call->array, &reply->file);

	if (rc == 0)
		reply->media_type = "application/vnd.sqlite3";
	return rc;
}

int
http_openapi(struct http_call *call, struct http_reply *reply)
{
	(void)call;
	reply->text = http_openapi_text;
	reply->text_len = http_openapi_len;
	return 0;
}

int
http_version(struct http_call *call, struct http_reply *reply)
{
	(void)call;
	return http_reply_json(reply, json_pack("{s:s, s:s, s:o}", "version", VDS_VERSION, "api",
						"v1", "format", wire_format_encode()));
}
