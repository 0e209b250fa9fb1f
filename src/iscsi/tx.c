/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The send queue of a connection.  Called by the files of src/iscsi, on the thread that has the
 * connection.  Items wait in tx->pending until there is room in the ring; an item builds its PDUs
 * into slots of the ring, and only there do they get StatSN, ExpCmdSN, MaxCmdSN and digests, so
 * that the order of numbers is the order of bytes.  Most of the time the ring has room and nothing
 * waits.  Data is referenced, not copied.
 *
 * Invariants: 1. pending is empty, or the ring is (nearly) full.  2.  A slot in the ring does not
 * change any more.
 */
#include "iscsi/recover_int.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/err.h"
#include "base/probe.h"

/* A ring of so many slots, with what is in the present one. */
static int
ring_make(struct iscsi_tx *tx, unsigned size)
{
	struct iscsi_tx_slot *slots = mem_alloc(size * sizeof(*slots));
	uint8_t(*heads)[BHS_SIZE] = mem_alloc(size * sizeof(*heads));

	if (slots == NULL || heads == NULL) {
		mem_free(slots);
		mem_free(heads);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < tx->count; i++) {
		unsigned from = (tx->first + i) & (tx->size - 1);

		slots[i] = tx->slots[from];
		memcpy(heads[i], tx->heads[from], BHS_SIZE);
	}
	iscsi_tx_fini(tx);
	tx->slots = slots;
	tx->heads = heads;
	tx->size = size;
	tx->first = 0;
	return 0;
}

int
iscsi_tx_init(struct iscsi_tx *tx)
{
	memset(tx, 0, sizeof(*tx));
	list_init(&tx->pending);
	tx->stat_sn = 1;
	return ring_make(tx, TX_SLOTS_FEW);
}

void
iscsi_tx_fini(struct iscsi_tx *tx)
{
	mem_free(tx->slots);
	mem_free(tx->heads);
	tx->slots = NULL;
	tx->heads = NULL;
}

int
iscsi_tx_grow(struct iscsi_tx *tx)
{
	return ring_make(tx, TX_SLOTS);
}

bool
iscsi_tx_has_room(const struct iscsi_tx *tx)
{
	return tx->count + TX_PIECES <= tx->size;
}

static void
tx_fill(struct iscsi_conn *conn)
{
	struct list *node;

	while (iscsi_tx_has_room(&conn->tx) && (node = list_first(&conn->tx.pending)) != NULL) {
		struct iscsi_tx_item *item = list_entry(node, struct iscsi_tx_item, node);

		if (!item->emit(conn, item))
			return;
	}
}

void
iscsi_tx_push(struct iscsi_conn *conn, struct iscsi_tx_item *item)
{
	if (list_empty(&conn->tx.pending) && iscsi_tx_has_room(&conn->tx)) {
		list_init(&item->node);
		if (item->emit(conn, item))
			return;
	}
	list_append(&conn->tx.pending, &item->node);
}

/* --- building --- */

static struct iscsi_tx_slot *
slot_at(struct iscsi_tx *tx, unsigned i)
{
	return &tx->slots[(tx->first + i) & (tx->size - 1)];
}

struct iscsi_tx_slot *
iscsi_tx_slot_new(struct iscsi_tx *tx, uint8_t **ret_bhs)
{
	unsigned place = (tx->first + tx->count) & (tx->size - 1);
	struct iscsi_tx_slot *slot = &tx->slots[place];

	assert(tx->count < tx->size);
	tx->count++;
	slot->task = NULL;
	slot->msg = NULL;
	slot->data = NULL;
	slot->data_len = 0;
	slot->head_len = 0;
	slot->head_digest_len = 0;
	slot->tail_len = 0;
	*ret_bhs = tx->heads[place];
	return slot;
}

void
iscsi_tx_fill_sn(struct iscsi_conn *conn, uint8_t *bhs, enum iscsi_tx_stat_sn stat_sn)
{
	if (stat_sn != TX_STAT_SN_NONE)
		put_be32(bhs + AT_STAT_SN, conn->tx.stat_sn);
	if (stat_sn == TX_STAT_SN_NEXT)
		conn->tx.stat_sn++;
	put_be32(bhs + AT_EXP_CMD_SN, conn->session->exp_cmd_sn);
	put_be32(bhs + AT_MAX_CMD_SN, iscsi_session_max_cmd_sn(conn->session));
}

static void
put_digest(uint8_t *to, uint32_t crc)
{
	uint32_t value = crc32c_final(crc);

	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
	to[2] = (uint8_t)(value >> 16);
	to[3] = (uint8_t)(value >> 24);
}

void
iscsi_tx_seal_head(struct iscsi_tx *tx, struct iscsi_tx_slot *slot, const uint8_t *bhs)
{
	slot->head_len = BHS_SIZE;
	PROBE2(pdu_out, container_of(tx, struct iscsi_conn, tx), bhs);
	if (tx->header_digest && iscsi_bhs_opcode(bhs) != OP_LOGIN_RESPONSE) {
		put_digest(slot->head_digest, crc32c_update(CRC32C_INIT, bhs, BHS_SIZE));
		slot->head_digest_len = DIGEST_SIZE;
	}
}

uint32_t
iscsi_tx_seal_piece(struct iscsi_tx *tx, struct iscsi_tx_slot *slot, const uint8_t *data,
		    uint32_t len, uint32_t crc)
{
	slot->data = data;
	slot->data_len = len;
	return tx->data_digest ? crc32c_update(crc, data, len) : crc;
}

void
iscsi_tx_seal_tail(struct iscsi_tx *tx, struct iscsi_tx_slot *slot, uint32_t total_len,
		   uint32_t crc)
{
	uint32_t pad = iscsi_pad_len(total_len);

	memset(slot->tail, 0, 3);
	slot->tail_len = (uint8_t)pad;
	if (tx->data_digest && total_len > 0) {
		put_digest(slot->tail + pad, crc32c_update(crc, slot->tail, pad));
		slot->tail_len = (uint8_t)(pad + DIGEST_SIZE);
	}
}

void
iscsi_tx_seal_data(struct iscsi_tx *tx, struct iscsi_tx_slot *slot, const uint8_t *data,
		   uint32_t len)
{
	iscsi_tx_seal_tail(tx, slot, len, iscsi_tx_seal_piece(tx, slot, data, len, CRC32C_INIT));
}

/* --- messages --- */

/* It waits no longer: it was sent, or is dropped. */
static void
msg_leave(struct iscsi_conn *conn, struct iscsi_tx_msg *msg)
{
	if (!msg->waits)
		return;
	msg->waits = false;
	conn->tx.msgs--;
	conn->tx.msg_bytes -= msg->data_len;
}

static void
msg_free(struct iscsi_conn *conn, struct iscsi_tx_msg *msg)
{
	msg_leave(conn, msg);
	iscsi_account_give(&conn->account, iscsi_tx_msg_size(msg));
	mem_free(msg);
}

static void
msg_slot_sent(struct iscsi_conn *conn, struct iscsi_tx_msg *msg)
{
	msg->in_ring--;
	msg_leave(conn, msg);
	if (msg->in_ring == 0 && list_empty(&msg->kept.node))
		msg_free(conn, msg);
}

void
iscsi_tx_msg_unkeep(struct iscsi_conn *conn, struct iscsi_tx_msg *msg)
{
	list_remove(&msg->kept.node);
	if (msg->in_ring == 0)
		msg_free(conn, msg);
}

static void
msg_seal(struct iscsi_tx *tx, struct iscsi_tx_slot *slot, struct iscsi_tx_msg *msg,
	 const uint8_t *bhs)
{
	slot->msg = msg;
	msg->in_ring++;
	iscsi_tx_seal_head(tx, slot, bhs);
	if (msg->data_len > 0)
		iscsi_tx_seal_data(tx, slot, msg->data, msg->data_len);
}

void
iscsi_tx_msg_again(struct iscsi_conn *conn, struct iscsi_tx_msg *msg)
{
	uint8_t *bhs;
	struct iscsi_tx_slot *slot = iscsi_tx_slot_new(&conn->tx, &bhs);

	memcpy(bhs, msg->bhs, BHS_SIZE);
	put_be24(bhs + AT_DATA_LEN, msg->data_len);
	put_be32(bhs + AT_STAT_SN, msg->kept.stat_sn);
	iscsi_tx_fill_sn(conn, bhs, TX_STAT_SN_NONE);
	msg_seal(&conn->tx, slot, msg, bhs);
}

static bool
msg_emit(struct iscsi_conn *conn, struct iscsi_tx_item *item)
{
	struct iscsi_tx_msg *msg = container_of(item, struct iscsi_tx_msg, item);
	struct iscsi_tx *tx = &conn->tx;
	uint8_t *bhs;
	struct iscsi_tx_slot *slot = iscsi_tx_slot_new(tx, &bhs);

	list_remove(&item->node);
	memcpy(bhs, msg->bhs, BHS_SIZE);
	put_be24(bhs + AT_DATA_LEN, msg->data_len);
	iscsi_tx_fill_sn(conn, bhs, msg->stat_sn);
	if (iscsi_bhs_opcode(bhs) == OP_LOGIN_RESPONSE) {
		bool digest = tx->data_digest;

		tx->data_digest = false;
		msg_seal(tx, slot, msg, bhs);
		tx->data_digest = digest;
		return true;
	}
	msg_seal(tx, slot, msg, bhs);
	if (conn->recover.on && msg->stat_sn == TX_STAT_SN_NEXT)
		iscsi_recover_keep_msg(conn, msg, get_be32(bhs + AT_STAT_SN));
	return true;
}

struct iscsi_tx_msg *
iscsi_tx_msg_new(struct iscsi_conn *conn, enum iscsi_pdu_opcode opcode, uint32_t itt,
		 uint32_t data_len, int *ret_err)
{
	struct iscsi_tx *tx = &conn->tx;
	struct iscsi_tx_msg *msg;

	if (tx->msgs >= TX_MSGS_HARD || tx->msg_bytes + data_len > TX_BYTES_HARD) {
		*ret_err = ERR_LIMIT;
		return NULL;
	}
	*ret_err = iscsi_account_take(&conn->account, sizeof(*msg) + data_len);
	if (*ret_err < 0)
		return NULL;
	msg = mem_alloc(sizeof(*msg) + data_len);
	if (msg == NULL) {
		iscsi_account_give(&conn->account, sizeof(*msg) + data_len);
		*ret_err = -ENOMEM;
		return NULL;
	}
	msg->item.emit = msg_emit;
	msg->item.node.next = msg->item.node.prev = NULL;
	msg->kept.node.next = msg->kept.node.prev = NULL;
	msg->stat_sn = TX_STAT_SN_NEXT;
	msg->waits = true;
	msg->in_ring = 0;
	msg->data_len = data_len;
	iscsi_pdu_start(msg->bhs, opcode, itt);
	tx->msgs++;
	tx->msg_bytes += data_len;
	return msg;
}

uint32_t
iscsi_tx_next_sn(const struct iscsi_conn *conn)
{
	uint32_t sn = conn->tx.stat_sn;

	list_for_each(node, &conn->tx.pending) {
		struct iscsi_tx_item *item = list_entry(node, struct iscsi_tx_item, node);

		if (item->emit == msg_emit)
			sn += container_of(item, struct iscsi_tx_msg, item)->stat_sn ==
			      TX_STAT_SN_NEXT;
		else if (!conn->recover.on || iscsi_snack_takes_number(item))
			sn += iscsi_data_is_answer(item);
	}
	return sn;
}

void
iscsi_tx_msg_send(struct iscsi_conn *conn, struct iscsi_tx_msg *msg)
{
	iscsi_tx_push(conn, &msg->item);
}

/* --- the owner's side --- */

static size_t
slot_len(const struct iscsi_tx_slot *slot)
{
	return (size_t)slot->head_len + slot->head_digest_len + slot->data_len + slot->tail_len;
}

struct gather {
	struct iovec *iov;
	int n, max;
	size_t skip; /* bytes of the first slot that are sent */
};

/* False: no place left.  A piece that continues the one before it is merged. */
static bool
gather_piece(struct gather *g, const uint8_t *bytes, size_t len)
{
	size_t skip = MIN(g->skip, len);
	struct iovec *last = g->n > 0 ? &g->iov[g->n - 1] : NULL;

	g->skip -= skip;
	if (len == skip)
		return true;
	bytes += skip;
	len -= skip;
	if (last != NULL && (const uint8_t *)last->iov_base + last->iov_len == bytes) {
		last->iov_len += len;
		return true;
	}
	if (g->n == g->max)
		return false;
	g->iov[g->n].iov_base = (void *)(uintptr_t)bytes;
	g->iov[g->n].iov_len = len;
	g->n++;
	return true;
}

int
iscsi_conn_output(struct iscsi_conn *conn, struct iovec *iov, int max)
{
	struct iscsi_tx *tx = &conn->tx;
	struct gather g = { .iov = iov, .max = max, .skip = tx->sent };

	if (conn->state == CONN_SUSPENDED)
		return 0;
	tx_fill(conn);
	for (unsigned i = 0; i < tx->count; i++) {
		const struct iscsi_tx_slot *slot = slot_at(tx, i);

		if (!gather_piece(&g, tx->heads[(tx->first + i) & (tx->size - 1)],
				  slot->head_len) ||
		    !gather_piece(&g, slot->head_digest, slot->head_digest_len) ||
		    !gather_piece(&g, slot->data, slot->data_len) ||
		    !gather_piece(&g, slot->tail, slot->tail_len))
			break;
	}
	return g.n;
}

/* Frees what the first slot holds, after it has left the ring: the task's owner may queue more. */
static void
pop_slot(struct iscsi_conn *conn)
{
	struct iscsi_tx *tx = &conn->tx;
	struct iscsi_tx_slot *slot = slot_at(tx, 0);
	struct iscsi_tx_msg *msg = slot->msg;
	struct iscsi_cmd *task = slot->task;

	tx->first = (tx->first + 1) & (tx->size - 1);
	tx->count--;
	tx->sent = 0;
	if (msg != NULL)
		msg_slot_sent(conn, msg);
	if (task != NULL)
		iscsi_data_slot_sent(task);
}

void
iscsi_conn_output_advance(struct iscsi_conn *conn, size_t len)
{
	struct iscsi_tx *tx = &conn->tx;

	while (tx->count > 0) {
		size_t left = slot_len(slot_at(tx, 0)) - tx->sent;

		if (len < left) {
			tx->sent += len;
			break;
		}
		len -= left;
		pop_slot(conn);
	}
	assert(len == 0 || tx->count > 0);
	tx_fill(conn);
}

bool
iscsi_conn_has_output(const struct iscsi_conn *conn)
{
	return conn->tx.count > 0 || !list_empty(&conn->tx.pending);
}

void
iscsi_tx_clear(struct iscsi_conn *conn)
{
	struct list *node;

	while (conn->tx.count > 0)
		pop_slot(conn);
	while ((node = list_pop(&conn->tx.pending)) != NULL) {
		struct iscsi_tx_item *item = list_entry(node, struct iscsi_tx_item, node);

		if (item->emit == msg_emit)
			msg_free(conn, container_of(item, struct iscsi_tx_msg, item));
	}
}
