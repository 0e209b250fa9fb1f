/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers of /v1/luns/{id}/reservations.  The connection's thread. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "http/http_int.h"

/* The names of the types, SPC-5. */
static const char *
type_name(unsigned type)
{
	switch (type) {
	case 0:
		return "none";
	case 1:
		return "write-exclusive";
	case 3:
		return "exclusive-access";
	case 5:
		return "write-exclusive-registrants-only";
	case 6:
		return "exclusive-access-registrants-only";
	case 7:
		return "write-exclusive-all-registrants";
	case 8:
		return "exclusive-access-all-registrants";
	default:
		return "unknown";
	}
}

/* The name of the target that has this port, or "" when there is no such port any more. */
static const char *
target_of(const struct state *state, uint16_t relative_port)
{
	for (size_t i = 0; i < state_count(state, ROW_PORTAL_GROUP); i++) {
		const struct row_portal_group *group = state_at(state, ROW_PORTAL_GROUP, i);
		const struct row_target *target;

		if (group->relative_port != relative_port)
			continue;
		target = state_find(state, ROW_TARGET, &group->target_id);
		return target != NULL ? target->iscsi_name : "";
	}
	return "";
}

static json_t *
registration_json(const struct state *state, const struct array_registration *r)
{
	const uint8_t *i = r->isid;
	char isid[15], key[19];

	snprintf(isid, sizeof(isid), "0x%02x%02x%02x%02x%02x%02x", i[0], i[1], i[2], i[3], i[4],
		 i[5]);
	snprintf(key, sizeof(key), "0x%016" PRIx64, r->key);
	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:b}", "initiator", r->initiator, "isid", isid,
			 "relative_port", (int)r->relative_port, "target",
			 target_of(state, r->relative_port), "key", key, "holds", (int)r->holds);
}

static json_t *
list_json(const struct state *state, const struct array_reservations *reservations)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < reservations->count; i++)
		if (json_array_append_new(list, registration_json(state, &reservations->list[i])) <
		    0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

int
http_lun_reservations(struct http_call *call, struct http_reply *reply)
{
	AUTO_STATE struct state *state = array_state(call->array);
	struct array_reservations r;
	json_t *list;
	int rc = array_lun_reservations(call->array, &call->ids[0], &r);

	if (rc < 0)
		return rc;
	list = list_json(state, &r);
	array_reservations_fini(&r);
	if (list == NULL)
		return -ENOMEM;
	return http_reply_json(reply,
			       json_pack("{s:I, s:s, s:b, s:b, s:o}", "generation",
					 (json_int_t)r.generation, "reservation", type_name(r.type),
					 "persistent", (int)r.persists, "reserve",
					 (int)(r.reserved_by[0] != '\0'), "registrations", list));
}

int
http_lun_reservations_clear(struct http_call *call, struct http_reply *reply)
{
	AUTO_STATE struct state *config = array_state(call->array);
	struct array_answer answer = {
		.sequence = state_position(config)->sequence,
		.object_id = call->ids[0],
	};
	int rc = array_lun_reservations_clear(call->array, &call->request, &call->ids[0]);

	return http_answer(call, reply, rc, &answer);
}
