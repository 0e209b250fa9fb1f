/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text requests of the full feature phase: SendTargets, and the few keys that may be sent there.
 * RFC 7143 §11.10, §11.11, Appendix C.
 *
 * There is one exchange at a time.  It takes several requests while the initiator sends its text in
 * parts (C bit; the responses are empty and carry a target transfer tag), and several responses
 * while the answer goes out in parts (C bit; the requests are empty).  A list of targets of any
 * length is made part by part: no more than one response and one target is held in memory.
 *
 * Called by conn.c on the thread that has the connection.
 */
#include "iscsi/recover_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

#define RESPONSE_MAX (64u * 1024) /* of a response, whatever longer ones the initiator takes */

struct iscsi_targets {
	struct iscsi_conn *conn;
	int error;
};

static uint32_t
response_max(const struct iscsi_conn *conn)
{
	return MIN(conn->params.max_send_len, RESPONSE_MAX);
}

static int
targets_check(struct iscsi_targets *list)
{
	if (list->error == 0 && list->conn->text.out.failed)
		list->error = -ENOMEM;
	return list->error;
}

bool
iscsi_targets_full(const struct iscsi_targets *list)
{
	return iscsi_text_out_left(&list->conn->text) > response_max(list->conn);
}

void
iscsi_targets_more(struct iscsi_targets *list, const char *after)
{
	struct iscsi_exchange *x = &list->conn->exchange;

	x->more = true;
	x->after[0] = '\0';
	strncat(x->after, after, sizeof(x->after) - 1);
}

int
iscsi_targets_add(struct iscsi_targets *list, const char *name)
{
	if (list->error == 0)
		iscsi_text_put(&list->conn->text, "TargetName", name);
	return targets_check(list);
}

int
iscsi_targets_add_portal(struct iscsi_targets *list, const char *address, uint16_t tpgt)
{
	char value[300];

	if (snprintf(value, sizeof(value), "%s,%u", address, (unsigned)tpgt) >= (int)sizeof(value))
		list->error = ERR_LIMIT;
	if (list->error == 0)
		iscsi_text_put(&list->conn->text, "TargetAddress", value);
	return targets_check(list);
}

static void
close_exchange(struct iscsi_conn *conn)
{
	iscsi_text_clear_in(&conn->text);
	iscsi_text_clear_out(&conn->text);
	memset(&conn->exchange, 0, sizeof(conn->exchange));
}

static int
reject(struct iscsi_conn *conn, const struct iscsi_pdu *pdu, enum iscsi_reject_reason reason)
{
	close_exchange(conn);
	return iscsi_control_reject(conn, pdu, reason);
}

/* flags: F and C of the response.  Takes data_len bytes of the answer. */
static int
respond(struct iscsi_conn *conn, uint8_t flags, uint32_t data_len)
{
	struct iscsi_exchange *x = &conn->exchange;
	struct iscsi_text *text = &conn->text;
	int rc;
	struct iscsi_tx_msg *msg = iscsi_tx_msg_new(conn, OP_TEXT_RESPONSE, x->itt, data_len, &rc);

	if (msg == NULL)
		return rc;
	msg->bhs[AT_FLAGS] = flags;
	if ((flags & FLAG_FINAL) == 0)
		x->ttt = iscsi_conn_new_ttt(conn);
	put_be32(msg->bhs + AT_TTT, (flags & FLAG_FINAL) != 0 ? TAG_NONE : x->ttt);
	if (data_len > 0)
		memcpy(msg->data, text->out.text + text->out_sent, data_len);
	text->out_sent += data_len;
	if (iscsi_text_out_left(text) == 0)
		iscsi_text_clear_out(text);
	if ((flags & FLAG_FINAL) != 0)
		close_exchange(conn);
	iscsi_tx_msg_send(conn, msg);
	return 0;
}

/* Have the owner name targets until there is enough for a response, or there are no more. */
static int
gather(struct iscsi_conn *conn)
{
	struct iscsi_exchange *x = &conn->exchange;
	struct iscsi_targets list = { .conn = conn };
	const char *name = x->keys.send_targets[0] != '\0' ? x->keys.send_targets : NULL;

	while (x->more && !iscsi_targets_full(&list)) {
		char after[sizeof(x->after)];

		memcpy(after, x->after, sizeof(after));
		x->more = false;
		iscsi_text_compact_out(&conn->text);
		conn->ops->send_targets(conn->user, name, after[0] != '\0' ? after : NULL, &list);
		if (targets_check(&list) < 0)
			return list.error;
	}
	return 0;
}

/* The next part, as much as the initiator takes at a time. */
static int
answer(struct iscsi_conn *conn, uint8_t request_flags)
{
	uint32_t max = response_max(conn);
	int rc = gather(conn);
	size_t left = iscsi_text_out_left(&conn->text);

	if (rc < 0)
		return rc;
	if (left > max)
		return respond(conn, FLAG_CONTINUE, max);
	return respond(conn, request_flags & FLAG_FINAL, (uint32_t)left);
}

static int
apply(struct iscsi_conn *conn)
{
	struct iscsi_exchange *x = &conn->exchange;
	uint32_t segment = conn->params.max_send_len;
	int rc;

	x->keys.stage = STAGE_FULL;
	x->keys.wants_targets = false;
	rc = iscsi_keys_apply(conn, &x->keys, KEYS_ALL);
	iscsi_text_clear_in(&conn->text);
	if (conn->recover.on && conn->params.max_send_len != segment)
		iscsi_recover_resized(conn);
	if (rc < 0)
		return rc;
	x->more = x->keys.wants_targets;
	x->after[0] = '\0';
	return 0;
}

static bool
continues(const struct iscsi_exchange *x, const uint8_t *bhs)
{
	return x->open && get_be32(bhs + AT_TTT) == x->ttt && get_be32(bhs + AT_ITT) == x->itt;
}

int
iscsi_discovery_on_text(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	struct iscsi_exchange *x = &conn->exchange;
	uint8_t flags = pdu->bhs[AT_FLAGS];
	int rc;

	if (get_be32(pdu->bhs + AT_ITT) == TAG_NONE)
		return reject(conn, pdu, REJECT_INVALID_FIELD);
	if (get_be32(pdu->bhs + AT_TTT) == TAG_NONE) {
		close_exchange(conn);
		x->open = true;
		x->itt = get_be32(pdu->bhs + AT_ITT);
	} else if (!continues(x, pdu->bhs)) {
		return reject(conn, pdu, REJECT_INVALID_FIELD);
	}
	if ((flags & FLAG_FINAL) != 0 && (flags & FLAG_CONTINUE) != 0)
		return reject(conn, pdu, REJECT_PROTOCOL);
	rc = iscsi_text_add(&conn->text, pdu->data, pdu->data_len);
	if (rc < 0)
		return rc == ERR_LIMIT ? reject(conn, pdu, REJECT_NO_RESOURCES) : rc;
	if ((flags & FLAG_CONTINUE) != 0)
		return respond(conn, 0, 0);
	if (iscsi_text_out_left(&conn->text) > 0 || x->more)
		return conn->text.in_len > 0 ? reject(conn, pdu, REJECT_PROTOCOL)
					     : answer(conn, flags);
	rc = apply(conn);
	if (rc == ERR_PROTOCOL)
		return reject(conn, pdu, REJECT_PROTOCOL);
	if (rc < 0)
		return rc;
	return answer(conn, flags);
}
