/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The handlers of controllers, ports, drives and maintenance: /v1/controllers, /v1/ports,
 * /v1/drives/rescan, /v1/maintenance.  The connection's thread.
 */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "http/http_int.h"

#define DRAIN_MS_DEFAULT 2000 /* how long a reset lets initiators log out by themselves */

/*
 * Logs what was done: that is no change of configuration, so array/changelog.c does not see it.
 */
static void
done_log(const struct http_call *call, const char *noun, const char *done)
{
	char id[GUID_TEXT_SIZE], who[PRINCIPAL_TEXT_SIZE];

	log_info("array.change", "%s %s: %s by %s", noun, guid_format(&call->ids[0], id), done,
		 principal_format(call->request.principal, who));
}

/*
 * Ends a handler that has changed no configuration.  The answer has the sequence and the live
 * version at this time, so that the caller sees what has become of sessions and portals.
 */
static int
live_answer(struct http_call *call, struct http_reply *reply, const struct guid *id, bool existed)
{
	AUTO_STATE struct state *config = array_state(call->array);
	AUTO_STATE struct state *live = array_live(call->array);
	struct array_answer answer = {
		.sequence = state_position(config)->sequence,
		.object_id = *id,
		.existed = existed,
		.live_boot = state_position(live)->array_id,
		.live_version = state_position(live)->sequence,
	};

	return http_answer(call, reply, 0, &answer);
}

static int
done(struct http_call *call, struct http_reply *reply, int rc, const char *noun, const char *done)
{
	if (rc < 0)
		return rc;
	done_log(call, noun, done);
	return live_answer(call, reply, &call->ids[0], false);
}

static uint32_t
drain_ms(const struct http_call *call)
{
	return call->args.drain_ms != 0 ? (uint32_t)call->args.drain_ms : DRAIN_MS_DEFAULT;
}

/* ---- controllers ---- */

int
http_controller_patch(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	struct array_answer answer;
	int rc = args->address != NULL
			 ? array_gateway_set_address(call->array, &call->request, &call->ids[0],
						     args->address, &answer)
		 : args->drains.given
			 ? array_gateway_set_drains(call->array, &call->request, &call->ids[0],
						    args->drains.value, &answer)
			 : array_controller_set_status(call->array, &call->request, &call->ids[0],
						       args->status.status, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_gateway_add(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_gateway_add(call->array, &call->request, call->args.name, call->args.address,
				   &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_gateway_remove(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_gateway_remove(call->array, &call->request, &call->ids[0], call->args.force,
				      &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_controller_flush(struct http_call *call, struct http_reply *reply)
{
	return done(call, reply, array_controller_flush(call->array, &call->ids[0]), "controller",
		    "flushed");
}

int
http_controller_invalidate(struct http_call *call, struct http_reply *reply)
{
	return done(call, reply, array_controller_invalidate(call->array, &call->ids[0]),
		    "controller", "cache invalidated");
}

int
http_controller_reset(struct http_call *call, struct http_reply *reply)
{
	int rc = array_controller_reset(call->array, &call->ids[0], drain_ms(call));

	return done(call, reply, rc, "controller", "reset");
}

/* ---- drives ---- */

int
http_drive_rescan(struct http_call *call, struct http_reply *reply)
{
	AUTO_STATE struct state *config = array_state(call->array);

	array_drive_rescan(call->array);
	return live_answer(call, reply, &state_position(config)->array_id, false);
}

/* ---- ports ---- */

int
http_port_patch(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_port_set_status(call->array, &call->request, &call->ids[0],
				       call->args.status.status, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_port_counters(struct http_call *call, struct http_reply *reply)
{
	struct array_port_counters counters;
	int rc = array_port_counters(call->array, &call->ids[0], &counters);

	if (rc < 0)
		return rc;
	return http_reply_json(reply,
			       json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "sessions",
					 (json_int_t)counters.sessions, "logins",
					 (json_int_t)counters.logins, "refused_logins",
					 (json_int_t)counters.refused_logins, "failed_logins",
					 (json_int_t)counters.failed_logins, "commands",
					 (json_int_t)counters.commands, "received_bytes",
					 (json_int_t)counters.received_bytes, "sent_bytes",
					 (json_int_t)counters.sent_bytes));
}

int
http_port_reset(struct http_call *call, struct http_reply *reply)
{
	return done(call, reply, array_port_reset(call->array, &call->ids[0], drain_ms(call)),
		    "port", "reset");
}

/* ---- maintenance ---- */

static int
action_of(const struct verb_args *args, enum array_maintenance_action *ret_action)
{
	static const char *const names[] = {
		[ARRAY_MAINTENANCE_START] = "start",
		[ARRAY_MAINTENANCE_STOP] = "stop",
		[ARRAY_MAINTENANCE_PULSE] = "pulse",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(args->action, names[i]) != 0)
			continue;
		*ret_action = (enum array_maintenance_action)i;
		if (args->count != 0 && i != ARRAY_MAINTENANCE_PULSE)
			return err_set(ERR_INVALID, "count is allowed only with the action pulse");
		return 0;
	}
	return err_set(ERR_INVALID, "action must be start, stop or pulse");
}

/* `existed` in the answer: the operation went on before the call. */
int
http_maintain(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	struct array_maintenance ask = {
		.object_id = args->object_id,
		.operation = args->operation,
		.count = args->count,
	};
	bool was_running = false;
	int rc = action_of(args, &ask.action);

	if (rc == 0)
		rc = array_maintain(call->array, &ask, &was_running);
	return rc < 0 ? rc : live_answer(call, reply, &args->object_id, was_running);
}
