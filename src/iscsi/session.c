/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session: its command window (which CmdSN is next, which may come ahead of its turn, which is
 * dropped; RFC 7143 §4.2.2.1) and its pool of tasks.  Both belong to the session and not to a
 * connection, so that a session can have several connections.  Today each session has one
 * connection, which makes and frees it; all functions run on the thread of that connection.
 *
 *	ExpCmdSN ......... MaxCmdSN		in the window: next, or ahead (held until the gap closes)
 *	everything else				outside: dropped without an answer
 *
 * MaxCmdSN = ExpCmdSN + free places - 1.  A command that arrives takes a place and moves ExpCmdSN,
 * one that ends gives its place back, so MaxCmdSN never decreases.  With one connection, a PDU
 * comes ahead of its turn only when one before it was discarded because of its digest, or when the
 * initiator makes an error.
 */
#include "iscsi/iscsi_int.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

struct iscsi_session *
iscsi_session_new(uint32_t depth, uint32_t immediate, uint32_t extra_bytes,
		  struct iscsi_account *account)
{
	struct iscsi_session *s = mem_calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->account = account;
	s->depth = depth;
	list_init(&s->held);
	iscsi_task_pool_init(&s->pool, 2 * depth + immediate, extra_bytes, account);
	return s;
}

void
iscsi_session_free(struct iscsi_session *s)
{
	if (s == NULL)
		return;
	iscsi_session_clear(s);
	iscsi_task_pool_fini(&s->pool);
	mem_free(s);
}

void
iscsi_session_clear(struct iscsi_session *s)
{
	struct list *node;

	while ((node = list_pop(&s->held)) != NULL)
		iscsi_session_held_free(s, list_entry(node, struct iscsi_held, node));
}

void
iscsi_session_start(struct iscsi_session *s, uint32_t cmd_sn)
{
	s->exp_cmd_sn = cmd_sn;
	s->max_cmd_sn = cmd_sn + s->depth - 1;
}

enum iscsi_sn_place
iscsi_session_place(const struct iscsi_session *s, uint32_t cmd_sn)
{
	if (iscsi_sn_before(s->max_cmd_sn, cmd_sn) || iscsi_sn_before(cmd_sn, s->exp_cmd_sn))
		return SN_OUTSIDE;
	return cmd_sn == s->exp_cmd_sn ? SN_NEXT : SN_AHEAD;
}

uint32_t
iscsi_session_max_cmd_sn(struct iscsi_session *s)
{
	uint32_t max = s->exp_cmd_sn + (s->depth - MIN(s->in_use, s->depth)) - 1;

	if (iscsi_sn_before(s->max_cmd_sn, max))
		s->max_cmd_sn = max;
	return s->max_cmd_sn;
}

/*
 * Keeps the order of numbers, and within one the command before its data.  False: there is one with
 * this number.
 */
static bool
insert(struct iscsi_session *s, struct iscsi_held *h)
{
	struct list *at = &s->held;

	list_for_each(node, &s->held) {
		struct iscsi_held *other = list_entry(node, struct iscsi_held, node);

		if (!h->is_data && other->cmd_sn == h->cmd_sn)
			return false;
		if (iscsi_sn_before(h->cmd_sn, other->cmd_sn)) {
			at = node;
			break;
		}
	}
	list_insert_before(at, &h->node);
	return true;
}

static size_t
held_size(const struct iscsi_held *h)
{
	return sizeof(*h) + BHS_SIZE + h->ahs_len + h->data_len;
}

void
iscsi_session_held_free(struct iscsi_session *s, struct iscsi_held *h)
{
	s->held_bytes -= held_size(h);
	iscsi_account_give(s->account, held_size(h));
	mem_free(h);
}

/* A zeroed struct with room for so many bytes behind it, counted. */
static int
held_new(struct iscsi_session *s, size_t bytes, struct iscsi_held **ret_held)
{
	size_t size = sizeof(struct iscsi_held) + bytes;
	int rc;

	if (s->held_bytes + size > HELD_BYTES_MAX)
		return ERR_LIMIT;
	rc = iscsi_account_take(s->account, size);
	if (rc < 0)
		return rc;
	*ret_held = mem_calloc(1, size);
	if (*ret_held == NULL) {
		iscsi_account_give(s->account, size);
		return -ENOMEM;
	}
	s->held_bytes += size;
	return 0;
}

int
iscsi_session_hold(struct iscsi_session *s, const struct iscsi_pdu *pdu, uint32_t cmd_sn,
		   bool is_data)
{
	struct iscsi_held *h;
	int rc = held_new(s, BHS_SIZE + pdu->ahs_len + pdu->data_len, &h);

	if (rc < 0)
		return rc;
	h->cmd_sn = cmd_sn;
	h->is_data = is_data;
	h->ahs_len = pdu->ahs_len;
	h->data_len = pdu->data_len;
	memcpy(h->bytes, pdu->bhs, BHS_SIZE + pdu->ahs_len);
	if (pdu->data_len > 0)
		memcpy(h->bytes + BHS_SIZE + pdu->ahs_len, pdu->data, pdu->data_len);
	if (!insert(s, h))
		iscsi_session_held_free(s, h);
	return 0;
}

int
iscsi_session_hold_void(struct iscsi_session *s, uint32_t cmd_sn)
{
	struct iscsi_held *h;
	int rc = held_new(s, BHS_SIZE, &h);

	if (rc < 0)
		return rc;
	h->cmd_sn = cmd_sn;
	h->is_void = true;
	put_be32(h->bytes + AT_ITT, TAG_NONE);
	if (!insert(s, h))
		iscsi_session_held_free(s, h);
	return 0;
}

struct iscsi_held *
iscsi_session_find_held(struct iscsi_session *s, uint32_t itt)
{
	list_for_each(node, &s->held) {
		struct iscsi_held *h = list_entry(node, struct iscsi_held, node);

		if (!h->is_data && !h->is_void && get_be32(h->bytes + AT_ITT) == itt)
			return h;
	}
	return NULL;
}

struct iscsi_held *
iscsi_session_pop(struct iscsi_session *s)
{
	struct list *node = list_first(&s->held);
	struct iscsi_held *h;

	if (node == NULL)
		return NULL;
	h = list_entry(node, struct iscsi_held, node);
	/* Data follows its command, whose number was taken just before. */
	if (h->cmd_sn != (h->is_data ? s->exp_cmd_sn - 1 : s->exp_cmd_sn))
		return NULL;
	list_remove(node);
	if (!h->is_data)
		s->exp_cmd_sn++;
	return h;
}

/*
 * RFC 7143 §7.3: the CmdSN of a rejected command "MUST NOT be considered received"; the initiator
 * fills the gap, by another command with this number or by aborting the task.
 */
void
iscsi_session_reject(struct iscsi_session *s)
{
	struct list *node;

	if (!s->in_turn)
		return;
	s->in_turn = false;
	s->exp_cmd_sn--;
	while ((node = list_first(&s->held)) != NULL) {
		struct iscsi_held *h = list_entry(node, struct iscsi_held, node);

		if (!h->is_data || h->cmd_sn != s->exp_cmd_sn)
			break;
		list_remove(node);
		iscsi_session_held_free(s, h);
	}
}
