/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session: its command window (which CmdSN is next, which may come ahead of its turn, which is
 * dropped; RFC 7143 §4.2.2.1) and its pool of tasks.  Both belong to the session and not to a
 * connection: the session lives until its last connection is freed.  All functions run on the one
 * thread that its connections have in common.
 *
 *	ExpCmdSN ......... MaxCmdSN		in the window: next, or ahead (held until the gap closes)
 *	everything else				outside: dropped without an answer
 *
 * MaxCmdSN = ExpCmdSN + free places - 1.  A command that arrives takes a place and moves ExpCmdSN,
 * one that ends gives its place back, so MaxCmdSN never decreases.  With several connections a PDU
 * comes ahead of its turn whenever another connection is slower; with one, only when one before it
 * was discarded because of its digest, or when the initiator makes an error.
 */
#include "iscsi/iscsi_int.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"

struct iscsi_session *
iscsi_session_new(uint32_t depth, uint32_t immediate, uint32_t extra_bytes,
		  struct iscsi_budget *budget)
{
	struct iscsi_session *s = mem_calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->refs = 1;
	s->account.budget = budget;
	s->depth = depth;
	list_init(&s->conns);
	list_init(&s->held);
	list_init(&s->tmfs);
	iscsi_task_pool_init(&s->pool, 2 * depth + immediate, extra_bytes, &s->account);
	return s;
}

struct iscsi_session *
iscsi_session_ref(struct iscsi_session *s)
{
	s->refs++;
	return s;
}

void
iscsi_session_unref(struct iscsi_session *s)
{
	struct list *node;

	if (s == NULL || --s->refs > 0)
		return;
	while ((node = list_pop(&s->held)) != NULL)
		iscsi_session_held_free(s, list_entry(node, struct iscsi_held, node));
	iscsi_task_pool_fini(&s->pool);
	assert(s->account.bytes == 0 && list_empty(&s->tmfs) && list_empty(&s->conns));
	mem_free(s);
}

void
iscsi_session_add(struct iscsi_session *s, struct iscsi_conn *conn)
{
	conn->session = s;
	list_append(&s->conns, &conn->session_node);
}

void
iscsi_session_remove(struct iscsi_conn *conn)
{
	list_remove(&conn->session_node);
	iscsi_session_unref(conn->session);
	conn->session = NULL;
}

/* RFC 7143 §13: what is negotiated by the leading login alone holds for each connection. */
void
iscsi_session_join(struct iscsi_session *s, struct iscsi_conn *conn)
{
	struct iscsi_params own = conn->params;

	iscsi_session_remove(conn);
	iscsi_session_add(iscsi_session_ref(s), conn);
	conn->params = s->params;
	conn->params.max_recv_len = own.max_recv_len;
	conn->params.max_send_len = own.max_send_len;
	conn->params.header_digest = own.header_digest;
	conn->params.data_digest = own.data_digest;
}

struct iscsi_conn *
iscsi_session_find_conn(struct iscsi_session *s, uint16_t cid)
{
	list_for_each(node, &s->conns) {
		struct iscsi_conn *conn = list_entry(node, struct iscsi_conn, session_node);

		if (conn->state == CONN_LOGGED_IN && conn->info.cid == cid)
			return conn;
	}
	return NULL;
}

bool
iscsi_session_is_alone(const struct iscsi_conn *conn)
{
	list_for_each(node, &conn->session->conns) {
		const struct iscsi_conn *other = list_entry(node, struct iscsi_conn, session_node);

		if (other != conn && other->state == CONN_LOGGED_IN)
			return false;
	}
	return true;
}

void
iscsi_session_forget_held(struct iscsi_session *s, const struct iscsi_conn *conn)
{
	list_for_each_safe(node, &s->held) {
		struct iscsi_held *h = list_entry(node, struct iscsi_held, node);

		if (h->conn != conn)
			continue;
		list_remove(node);
		iscsi_session_held_free(s, h);
	}
}

void
iscsi_session_start(struct iscsi_session *s, uint32_t cmd_sn)
{
	s->exp_cmd_sn = cmd_sn;
	s->max_cmd_sn = cmd_sn + s->depth - 1;
}

/* A depth of -1 makes MaxCmdSN = ExpCmdSN - 2. */
void
iscsi_session_stand_in(struct iscsi_session *s, uint32_t cmd_sn)
{
	s->exp_cmd_sn = cmd_sn;
	s->max_cmd_sn = cmd_sn - 2;
	s->depth = UINT32_MAX;
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
 * Within one number immediate requests come first, then the command, then its data; each in the
 * order of arrival.
 */
static unsigned
rank(const struct iscsi_held *h)
{
	return h->is_immediate ? 0 : h->is_data ? 2 : 1;
}

/* Keeps the order of numbers.  False: there is a command with this number. */
static bool
insert(struct iscsi_session *s, struct iscsi_held *h)
{
	struct list *at = &s->held;

	list_for_each(node, &s->held) {
		struct iscsi_held *other = list_entry(node, struct iscsi_held, node);

		if (rank(h) == 1 && rank(other) == 1 && other->cmd_sn == h->cmd_sn)
			return false;
		if (iscsi_sn_before(h->cmd_sn, other->cmd_sn) ||
		    (other->cmd_sn == h->cmd_sn && rank(h) < rank(other))) {
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
	if (h->conn != NULL)
		h->conn->held--;
	s->held_pdus--;
	s->held_bytes -= held_size(h);
	iscsi_account_give(&s->account, held_size(h));
	mem_free(h);
}

static bool
is_much(const struct iscsi_session *s)
{
	return s->held_bytes >= HELD_BYTES_MAX || s->held_pdus >= HELD_PDUS_MAX ||
	       (s->held_bytes >= HELD_BYTES_MAX / 16 && iscsi_account_is_tight(&s->account));
}

bool
iscsi_session_stalls(const struct iscsi_conn *conn)
{
	return conn->held > 0 && is_much(conn->session) && !iscsi_session_is_alone(conn) &&
	       !conn->recover.on;
}

/* Has the session no room for so many bytes more of what this connection has sent? */
static bool
is_too_much(const struct iscsi_conn *conn, size_t bytes)
{
	const struct iscsi_session *s = conn->session;

	if (s->held_bytes + bytes <= HELD_BYTES_MAX && s->held_pdus < HELD_PDUS_MAX)
		return false;
	return s->held_bytes + bytes > HELD_BYTES_MANY || s->held_pdus >= HELD_PDUS_MANY ||
	       iscsi_session_is_alone(conn);
}

/* A zeroed struct for what a connection has sent, with so many bytes behind it, counted. */
static int
held_new(struct iscsi_conn *conn, size_t bytes, struct iscsi_held **ret_held)
{
	struct iscsi_session *s = conn->session;
	size_t size = sizeof(struct iscsi_held) + bytes;
	int rc;

	if (is_too_much(conn, size))
		return ERR_LIMIT;
	rc = iscsi_account_take(&s->account, size);
	if (rc < 0)
		return rc;
	*ret_held = mem_calloc(1, size);
	if (*ret_held == NULL) {
		iscsi_account_give(&s->account, size);
		return -ENOMEM;
	}
	s->held_pdus++;
	s->held_bytes += size;
	s->stalled = s->stalled || is_much(s);
	return 0;
}

static int
hold(struct iscsi_conn *conn, const struct iscsi_pdu *pdu, uint32_t cmd_sn, bool is_data,
     bool is_immediate)
{
	struct iscsi_session *s = conn->session;
	struct iscsi_held *h;
	int rc = held_new(conn, BHS_SIZE + pdu->ahs_len + pdu->data_len, &h);

	if (rc < 0)
		return rc;
	h->conn = conn;
	conn->held++;
	h->cmd_sn = cmd_sn;
	h->is_data = is_data;
	h->is_immediate = is_immediate;
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
iscsi_session_hold(struct iscsi_conn *conn, const struct iscsi_pdu *pdu, uint32_t cmd_sn,
		   bool is_data)
{
	return hold(conn, pdu, cmd_sn, is_data, false);
}

int
iscsi_session_hold_immediate(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	return hold(conn, pdu, get_be32(pdu->bhs + AT_CMD_SN), false, true);
}

int
iscsi_session_hold_void(struct iscsi_conn *conn, uint32_t cmd_sn)
{
	struct iscsi_session *s = conn->session;
	struct iscsi_held *h;
	int rc = held_new(conn, BHS_SIZE, &h);

	if (rc < 0)
		return rc;
	h->cmd_sn = cmd_sn;
	h->is_void = true;
	put_be32(h->bytes + AT_ITT, TAG_NONE);
	if (!insert(s, h))
		iscsi_session_held_free(s, h);
	return 0;
}

void
iscsi_session_void(struct iscsi_held *h)
{
	h->is_void = true;
	h->conn->held--;
	h->conn = NULL;
}

struct iscsi_held *
iscsi_session_find_held(struct iscsi_session *s, uint32_t itt)
{
	list_for_each(node, &s->held) {
		struct iscsi_held *h = list_entry(node, struct iscsi_held, node);

		if (!h->is_data && !h->is_void && get_be32(h->bytes + AT_ITT) == itt &&
		    iscsi_bhs_opcode(h->bytes) == OP_COMMAND)
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
	if (h->cmd_sn != (h->is_data ? s->exp_cmd_sn - 1 : s->exp_cmd_sn) &&
	    !(h->is_immediate && iscsi_sn_before(h->cmd_sn, s->exp_cmd_sn)))
		return NULL;
	list_remove(node);
	if (!h->is_data && !h->is_immediate)
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
