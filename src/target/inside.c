/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logins of other gateways, at the listener that the row of this gateway's controller names: who
 * may log in there, and as whose nexus.  Another gateway has checked its initiator (sources, CHAP,
 * redirects), and proves by the secret of the array that it is a gateway.  Its session here is the
 * nexus of that initiator and of the portal group through which the initiator came there, which
 * InitiatorAlias names: "vds-gateway/CONTROLLER/TAG/KNOWN/INSTANCE".  Any thread that has the view.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"
#include "target/target_int.h"

#define ALIAS_PREFIX "vds-gateway/"

uint64_t
target_inside_instance(const struct row_controller *row)
{
	uint64_t hash = 14695981039346656037ull; /* FNV-1a */

	if (row == NULL || row->instance == NULL || row->instance[0] == '\0')
		return 0;
	for (const char *p = row->instance; *p != '\0'; p++)
		hash = (hash ^ (uint8_t)*p) * 1099511628211ull;
	return hash;
}

void
target_inside_format(const struct target_inside *inside, char text[TARGET_INSIDE_ALIAS_SIZE])
{
	char id[GUID_TEXT_SIZE];

	snprintf(text, TARGET_INSIDE_ALIAS_SIZE, ALIAS_PREFIX "%s/%u/%u/%016" PRIx64,
		 guid_format(&inside->controller_id, id), inside->tag, inside->known,
		 inside->instance);
}

int
target_inside_parse(const char *text, struct target_inside *ret_inside)
{
	size_t prefix = strlen(ALIAS_PREFIX), id_len = GUID_TEXT_SIZE - 1;
	struct target_inside inside = { .tag = 0 };
	char id[GUID_TEXT_SIZE], *end;
	unsigned long number;

	if (strncmp(text, ALIAS_PREFIX, prefix) != 0 || strlen(text) < prefix + id_len + 4)
		return ERR_PARSE;
	text += prefix;
	memcpy(id, text, id_len);
	id[id_len] = '\0';
	text += id_len;
	if (guid_parse(id, &inside.controller_id) < 0 || *text++ != '/' || *text < '0' ||
	    *text > '9')
		return ERR_PARSE;
	number = strtoul(text, &end, 10);
	if (number > UINT16_MAX || *end != '/' || (end[1] != '0' && end[1] != '1') ||
	    end[2] != '/' || strlen(end + 3) != 16)
		return ERR_PARSE;
	for (const char *p = end + 3; *p != '\0'; p++)
		if (!isxdigit((unsigned char)*p))
			return ERR_PARSE;
	inside.instance = strtoull(end + 3, NULL, 16);
	inside.tag = (uint16_t)number;
	inside.known = end[1] == '1';
	*ret_inside = inside;
	return 0;
}

/* RFC 7143 §12.1.3: the two directions must not have the same secret, so each is made of it. */
static int
derive(const struct array_secret *secret, const char *direction, uint8_t digest[DIGEST_MAX_BYTES])
{
	const struct digest_part parts[] = {
		{ direction, strlen(direction) },
		{ secret->bytes, secret->len },
	};

	return digest_of_parts(DIGEST_SHA256, parts, ARRAY_LEN(parts), digest);
}

int
target_inside_secrets(const struct target_view *view, struct target_inside_secrets *ret)
{
	struct array_secret found[2];
	int len;

	if (array_secrets_find(view->secrets, &credential_gateways, clock_utc_ms(), found) == 0)
		return ERR_NOT_FOUND;
	len = derive(&found[0], "vds gateway asks", ret->initiator);
	if (len >= 0)
		len = derive(&found[0], "vds gateway answers", ret->target);
	if (len < 0)
		return len;
	ret->len = (size_t)len;
	return 0;
}

int
target_inside_address(const char *text, char host[ADDRESS_TEXT_SIZE], uint16_t *ret_port)
{
	const char *colon = text != NULL ? strrchr(text, ':') : NULL;
	bool brackets = colon != NULL && text[0] == '[' && colon > text + 1 && colon[-1] == ']';
	const char *begin = brackets ? text + 1 : text;
	size_t len = colon == NULL ? 0 : (size_t)(colon - begin) - brackets;
	unsigned long port;
	char *end;

	if (len == 0 || len >= ADDRESS_TEXT_SIZE || colon[1] < '0' || colon[1] > '9')
		return ERR_PARSE;
	port = strtoul(colon + 1, &end, 10);
	if (port == 0 || port > UINT16_MAX || *end != '\0')
		return ERR_PARSE;
	memcpy(host, begin, len);
	host[len] = '\0';
	*ret_port = (uint16_t)port;
	return 0;
}

/* ---- Logins ---- */

static const struct row_portal_group *
group_with_tag(const struct state *state, const struct guid *target_id, uint16_t tag)
{
	struct row_slice groups = state_target_groups(state, target_id);

	for (size_t i = 0; i < groups.count; i++) {
		const struct row_portal_group *group = groups.rows[i];

		if (group->tag == tag)
			return group;
	}
	return NULL;
}

static void
refuse(struct iscsi_login_reply *reply, enum iscsi_login_status status, const char *cause)
{
	reply->status = (uint16_t)status;
	reply->cause = cause;
}

/* The row of the gateway that an alias names, if what logs in runs as it; or NULL. */
static const struct row_controller *
living(const struct target_view *view, const struct target_inside *inside)
{
	const struct row_controller *row = state_find(view->state, ROW_CONTROLLER,
						      &inside->controller_id);
	uint64_t instance = target_inside_instance(row);

	return instance != 0 && instance == inside->instance ? row : NULL;
}

bool
target_inside_lives(const struct target_view *view, const struct iscsi_login *login)
{
	struct target_inside inside;

	return target_inside_parse(login->initiator_alias, &inside) == 0 &&
	       living(view, &inside) != NULL;
}

void
target_inside_gateway(const struct iscsi_login *login, struct guid *ret_id)
{
	struct target_inside inside;

	if (target_inside_parse(login->initiator_alias, &inside) == 0)
		*ret_id = inside.controller_id;
}

int
target_inside_note(struct target_session *session, const struct iscsi_login *login)
{
	const struct row_controller *row;
	struct target_inside inside;

	if (target_inside_parse(login->initiator_alias, &inside) < 0)
		return ERR_NOT_FOUND;
	row = living(session->thread->view, &inside);
	if (row == NULL)
		return ERR_NOT_FOUND;
	session->gateway_id = inside.controller_id;
	session->gateway_instance = str_dup(row->instance);
	return session->gateway_instance != NULL ? 0 : -ENOMEM;
}

void
target_inside_sync(struct target_thread *thread)
{
	list_for_each(node, &thread->sessions) {
		struct target_session *session = list_entry(node, struct target_session, node);
		const struct row_controller *row;

		if (!session->inside || session->broken)
			continue;
		row = state_find(thread->view->state, ROW_CONTROLLER, &session->gateway_id);
		if (row == NULL || row->instance == NULL ||
		    strcmp(row->instance, session->gateway_instance) != 0)
			target_session_close(session, ERR_UNREACHABLE);
	}
}

/*
 * Whoever asks learns nothing before it has proved itself but whether a target exists; a gateway
 * that has a newer view than this one tries again.
 */
void
target_inside_first(struct target_conn *conn, const struct iscsi_login *login,
		    struct iscsi_login_reply *reply)
{
	const struct target_view *view = conn->thread->view;
	const struct row_target *target = target_view_find_target(view, login->target_name);
	const struct row_portal_group *group;
	struct target_inside inside;

	if (login->type != ISCSI_SESSION_NORMAL || login->tsih != 0 ||
	    target_inside_parse(login->initiator_alias, &inside) < 0) {
		refuse(reply, ISCSI_LOGIN_FORBIDDEN, "only gateways of this array log in here");
		return;
	}
	group = target != NULL ? group_with_tag(view->state, &target->id, inside.tag) : NULL;
	if (group == NULL || living(view, &inside) == NULL) {
		refuse(reply, ISCSI_LOGIN_NOT_FOUND,
		       "the gateway, the target or its portal group is not known here (yet)");
		return;
	}
	conn->target_id = target->id;
	conn->seen_sequence = state_position(view->state)->sequence;
	conn->tpgt = (uint16_t)group->tag;
	conn->relative_port = (uint16_t)group->relative_port;
	conn->known = inside.known;
	reply->tpgt = conn->tpgt;
	reply->needs_chap = true;
}

void
target_inside_credentials(struct target_conn *conn, const struct iscsi_login *login,
			  struct iscsi_login_reply *reply)
{
	struct target_inside_secrets *secrets = &conn->thread->inside_secrets;

	if (strcmp(login->chap_name, TARGET_INSIDE_NAME) != 0 ||
	    target_inside_secrets(conn->thread->view, secrets) < 0)
		return;
	reply->credentials.initiator[0] = (struct iscsi_secret){ secrets->initiator, secrets->len };
	reply->credentials.target = (struct iscsi_secret){ secrets->target, secrets->len };
	reply->credentials.target_name = TARGET_INSIDE_NAME;
}
