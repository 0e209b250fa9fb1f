/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text requests of the full feature phase: SendTargets, and the few keys that may be said there.
 * RFC 7143 §11.10, §11.11, Appendix C.
 *
 * One exchange at a time.  It spans requests while the initiator sends its text in parts (C bit, ours empty and with a
 * target transfer tag), and responses while we send ours in parts (our C bit, its requests empty).
 */
#include "iscsi/iscsi_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

#define TARGETS_BYTES_MAX (1024u * 1024)

struct iscsi_targets {
	struct iscsi_text *text;
	int error;
};

static int
targets_check(struct iscsi_targets *list)
{
	if (list->error == 0 && list->text->out.failed)
		list->error = -ENOMEM;
	if (list->error == 0 && list->text->out.len > TARGETS_BYTES_MAX)
		list->error = ERR_LIMIT;
	return list->error;
}

int
iscsi_targets_add(struct iscsi_targets *list, const char *name)
{
	if (list->error == 0)
		iscsi_text_put(list->text, "TargetName", name);
	return targets_check(list);
}

int
iscsi_targets_add_portal(struct iscsi_targets *list, const char *address, uint16_t tpgt)
{
	char value[300];

	if (snprintf(value, sizeof(value), "%s,%u", address, (unsigned)tpgt) >= (int)sizeof(value))
		list->error = ERR_LIMIT;
	if (list->error == 0)
		iscsi_text_put(list->text, "TargetAddress", value);
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
	int err;
	struct iscsi_tx_msg *msg = iscsi_tx_msg_new(conn, OP_TEXT_RESPONSE, x->itt, data_len, &err);

	if (msg == NULL)
		return err;
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

/* The next part, as much as the initiator takes at a time. */
static int
answer(struct iscsi_conn *conn, uint8_t request_flags)
{
	size_t left = iscsi_text_out_left(&conn->text);

	if (left > conn->params.max_send_len)
		return respond(conn, FLAG_CONTINUE, conn->params.max_send_len);
	return respond(conn, request_flags & FLAG_FINAL, (uint32_t)left);
}

static int
apply(struct iscsi_conn *conn)
{
	struct iscsi_keys *keys = &conn->exchange.keys;
	struct iscsi_targets list = { .text = &conn->text };
	int err;

	keys->stage = STAGE_FULL;
	keys->wants_targets = false;
	err = iscsi_keys_apply(conn, keys);
	iscsi_text_clear_in(&conn->text);
	if (err < 0 || !keys->wants_targets)
		return err;
	conn->ops->send_targets(conn->user,
				keys->send_targets[0] != '\0' ? keys->send_targets : NULL, &list);
	return targets_check(&list);
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
	int err;

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
	err = iscsi_text_add(&conn->text, pdu->data, pdu->data_len);
	if (err < 0)
		return err == ERR_LIMIT ? reject(conn, pdu, REJECT_NO_RESOURCES) : err;
	if ((flags & FLAG_CONTINUE) != 0)
		return respond(conn, 0, 0);
	if (iscsi_text_out_left(&conn->text) > 0)
		return conn->text.in_len > 0 ? reject(conn, pdu, REJECT_PROTOCOL)
					     : answer(conn, flags);
	err = apply(conn);
	if (err == ERR_PROTOCOL)
		return reject(conn, pdu, REJECT_PROTOCOL);
	if (err == ERR_LIMIT)
		return reject(conn, pdu, REJECT_NO_RESOURCES);
	return err < 0 ? err : answer(conn, flags);
}
