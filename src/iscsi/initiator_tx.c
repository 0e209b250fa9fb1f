/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an initiator sends.  PDUs are built when the owner asks for output and the ring has room:
 * then a command gets its CmdSN, so the order of numbers is the order of bytes.  Data is
 * referenced, not copied.  RFC 7143 §11.3, §11.5, §11.7.  Called by the owner, on the initiator's
 * thread.
 *
 * What goes first: the login; answers to the target's pings; task management, which is immediate;
 * the data of commands that were begun, in their order (RFC 7143 §4.2.5.2 wants that of unsolicited
 * data); new commands, as far as the command window allows.
 */
#include "iscsi/initiator_int.h"

#include <assert.h>
#include <string.h>

#include "base/crc32c.h"

static void
put_digest(uint8_t *to, uint32_t crc)
{
	uint32_t value = crc32c_final(crc);

	for (unsigned i = 0; i < DIGEST_SIZE; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

/* ---- Slots ---- */

static bool
has_room(const struct iscsi_initiator_tx *tx)
{
	return tx->count + INITIATOR_PIECES <= INITIATOR_SLOTS;
}

static struct iscsi_initiator_slot *
slot_at(struct iscsi_initiator_tx *tx, unsigned i)
{
	return &tx->slots[(tx->first + i) % INITIATOR_SLOTS];
}

static struct iscsi_initiator_slot *
slot_new(struct iscsi_initiator_tx *tx)
{
	struct iscsi_initiator_slot *slot;

	assert(tx->count < INITIATOR_SLOTS);
	slot = slot_at(tx, tx->count++);
	slot->request = NULL;
	slot->data = NULL;
	slot->data_len = 0;
	slot->head_len = slot->tail_len = 0;
	return slot;
}

static bool
has_digests(const struct iscsi_initiator *ini)
{
	return ini->state == INITIATOR_FULL;
}

/* The header of `slot` is complete, with head_len bytes. */
static void
seal_head(const struct iscsi_initiator *ini, struct iscsi_initiator_slot *slot, uint32_t data_len)
{
	put_be24(slot->head + AT_DATA_LEN, data_len);
	if (!has_digests(ini) || ini->params.header_digest != ISCSI_DIGEST_CRC32C)
		return;
	put_digest(slot->head + slot->head_len,
		   crc32c_update(CRC32C_INIT, slot->head, slot->head_len));
	slot->head_len = (uint8_t)(slot->head_len + DIGEST_SIZE);
}

static void
seal_tail(const struct iscsi_initiator *ini, struct iscsi_initiator_slot *slot, uint32_t len,
	  uint32_t crc)
{
	uint32_t pad = iscsi_pad_len(len);

	memset(slot->tail, 0, sizeof(slot->tail));
	slot->tail_len = (uint8_t)pad;
	if (!has_digests(ini) || ini->params.data_digest != ISCSI_DIGEST_CRC32C || len == 0)
		return;
	put_digest(slot->tail + pad, crc32c_update(crc, slot->tail, pad));
	slot->tail_len = (uint8_t)(pad + DIGEST_SIZE);
}

static struct iscsi_initiator_slot *
start(struct iscsi_initiator *ini, enum iscsi_pdu_opcode opcode, uint32_t itt)
{
	struct iscsi_initiator_slot *slot = slot_new(&ini->tx);

	iscsi_pdu_start(slot->head, opcode, itt);
	put_be32(slot->head + AT_CMD_SN, ini->cmd_sn);
	put_be32(slot->head + AT_EXP_STAT_SN, ini->exp_stat_sn);
	slot->head_len = BHS_SIZE;
	return slot;
}

/*
 * Adds data of a request to the PDU that begins with `slot`, at most max_len bytes.  Returns how
 * many bytes, which is less only when they lie in too many pieces.
 */
static uint32_t
add_data(struct iscsi_initiator *ini, struct iscsi_initiator_slot *slot, struct iscsi_request *r,
	 uint32_t max_len)
{
	struct iovec pieces[INITIATOR_PIECES];
	int n = iscsi_iov_cursor_pieces(&r->out_cursor, max_len, pieces, (int)INITIATOR_PIECES);
	bool digest = ini->params.data_digest == ISCSI_DIGEST_CRC32C;
	uint32_t crc = CRC32C_INIT, len = 0;

	for (int i = 0; i < n; i++) {
		if (i > 0)
			slot = slot_new(&ini->tx);
		slot->request = r;
		slot->data = pieces[i].iov_base;
		slot->data_len = (uint32_t)pieces[i].iov_len;
		if (digest)
			crc = crc32c_update(crc, slot->data, slot->data_len);
		len += slot->data_len;
		r->slots++;
	}
	if (n > 0)
		iscsi_iov_cursor_skip(&r->out_cursor, len, INITIATOR_PIECES);
	r->out_at += len;
	seal_tail(ini, slot, len, crc);
	return len;
}

/* ---- PDUs ---- */

static void
emit_login(struct iscsi_initiator *ini)
{
	struct iscsi_initiator_slot *slot = start(ini, OP_LOGIN, INITIATOR_TAG_LOGIN);
	uint32_t len = (uint32_t)iscsi_text_out_left(&ini->text);

	ini->login_due = false;
	slot->head[AT_OPCODE] |= OP_IMMEDIATE;
	slot->head[AT_FLAGS] = ini->login_flags;
	memcpy(slot->head + AT_ISID, ini->isid, ISCSI_ISID_SIZE);
	put_be16(slot->head + AT_TSIH, ini->tsih);
	put_be16(slot->head + AT_CID, ini->cid);
	slot->data = (const uint8_t *)ini->text.out.text;
	slot->data_len = len;
	seal_head(ini, slot, len);
	seal_tail(ini, slot, len, CRC32C_INIT);
}

static void
emit_ping(struct iscsi_initiator *ini)
{
	struct iscsi_initiator_slot *slot = start(ini, OP_NOP_OUT, INITIATOR_TAG_PING);

	ini->ping_due = false;
	ini->ping_sent = true;
	slot->head[AT_OPCODE] |= OP_IMMEDIATE;
	put_be32(slot->head + AT_TTT, TAG_NONE);
	seal_head(ini, slot, 0);
}

/* RFC 7143 §11.18: the answer to a ping of the target has its LUN and its tag. */
static void
emit_pong(struct iscsi_initiator *ini)
{
	const struct iscsi_initiator_pong *pong = &ini->pongs[ini->pong_first];
	struct iscsi_initiator_slot *slot = start(ini, OP_NOP_OUT, TAG_NONE);

	ini->pong_first = (ini->pong_first + 1) % ARRAY_LEN(ini->pongs);
	ini->pong_count--;
	slot->head[AT_OPCODE] |= OP_IMMEDIATE;
	memcpy(slot->head + AT_LUN, pong->lun, sizeof(pong->lun));
	put_be32(slot->head + AT_TTT, pong->ttt);
	seal_head(ini, slot, 0);
}

static void
emit_logout(struct iscsi_initiator *ini)
{
	struct iscsi_initiator_slot *slot = start(ini, OP_LOGOUT, INITIATOR_TAG_LOGOUT);

	ini->logout_due = false;
	slot->head[AT_OPCODE] |= OP_IMMEDIATE; /* reason 0: close the session */
	seal_head(ini, slot, 0);
}

static void
emit_tmf(struct iscsi_initiator *ini)
{
	struct list *node = list_pop(&ini->tmfs);
	struct iscsi_request_tmf *tmf = list_entry(node, struct iscsi_request_tmf, node);
	struct iscsi_initiator_slot *slot = start(ini, OP_TMF, tmf->itt);

	slot->head[AT_OPCODE] |= OP_IMMEDIATE;
	slot->head[AT_FLAGS] = (uint8_t)(FLAG_FINAL | tmf->function);
	memcpy(slot->head + AT_LUN, tmf->lun, sizeof(tmf->lun));
	put_be32(slot->head + AT_REF_TAG, tmf->ref_itt);
	put_be32(slot->head + AT_REF_CMD_SN, tmf->ref_sn);
	seal_head(ini, slot, 0);
	tmf->sequence = ini->sequence;
	list_append(&ini->tmfs_sent, node);
}

/* ---- Commands and their data ---- */

static void
put_ahs(struct iscsi_initiator_slot *slot, uint8_t type, const uint8_t *bytes, uint32_t len)
{
	uint8_t *at = slot->head + slot->head_len;
	uint32_t total = 4 + len + iscsi_pad_len(len);

	memset(at, 0, total);
	put_be16(at, (uint16_t)(len + 1)); /* what follows the type, with the reserved byte */
	at[2] = type;
	memcpy(at + 4, bytes, len);
	slot->head_len = (uint8_t)(slot->head_len + total);
	slot->head[AT_AHS_LEN] = (uint8_t)(slot->head[AT_AHS_LEN] + total / 4);
}

static void
put_command(struct iscsi_initiator_slot *slot, const struct iscsi_request *r)
{
	size_t first = MIN((size_t)r->cdb_len, (size_t)16);

	slot->head[AT_FLAGS] = (uint8_t)((r->reads ? FLAG_READ : 0) | (r->writes ? FLAG_WRITE : 0) |
					 (r->attr & FLAG_ATTR_MASK));
	memcpy(slot->head + AT_LUN, r->lun, sizeof(r->lun));
	put_be32(slot->head + AT_EDTL, r->writes ? r->write_expected : r->read_expected);
	memcpy(slot->head + AT_CDB, r->cdb, first);
	if (r->cdb_len > 16)
		put_ahs(slot, AHS_EXTENDED_CDB, r->cdb + 16, r->cdb_len - 16u);
	if (r->reads && r->writes) {
		uint8_t len[4];

		put_be32(len, r->read_expected);
		put_ahs(slot, AHS_BIDI_READ_LEN, len, sizeof(len));
	}
}

/* How much data follows a command without being asked for. */
static uint32_t
unsolicited(const struct iscsi_initiator *ini, const struct iscsi_request *r, uint32_t immediate)
{
	return ini->params.initial_r2t ? immediate
				       : MIN(r->write_expected, ini->params.first_burst_len);
}

static void
emit_command(struct iscsi_initiator *ini)
{
	const struct iscsi_params *p = &ini->params;
	struct iscsi_request *r = list_entry(list_pop(&ini->waiting), struct iscsi_request, node);
	struct iscsi_initiator_slot *slot = start(ini, OP_COMMAND, r->itt);
	uint32_t len = 0;

	r->cmd_sn = ini->cmd_sn++;
	r->sequence = ++ini->sequence;
	r->sent = true;
	put_command(slot, r);
	if (r->writes && p->immediate_data) {
		len = MIN(r->write_expected, p->first_burst_len);
		len = MIN(len, p->max_send_len);
	}
	if (len > 0)
		len = add_data(ini, slot, r, len);
	r->out_end = unsolicited(ini, r, len);
	r->ttt = TAG_NONE;
	r->data_sn = 0;
	if (r->out_end == len)
		slot->head[AT_FLAGS] |= FLAG_FINAL;
	seal_head(ini, slot, len);
	r->state = r->out_end > len ? REQUEST_SENDS : REQUEST_ACTIVE;
	list_append(r->state == REQUEST_SENDS ? &ini->bursts : &ini->active, &r->node);
}

static void
emit_data_out(struct iscsi_initiator *ini)
{
	struct list *node = list_first(&ini->bursts);
	struct iscsi_request *r = list_entry(node, struct iscsi_request, node);
	struct iscsi_initiator_slot *slot = start(ini, OP_DATA_OUT, r->itt);
	uint32_t len = MIN(r->out_end - r->out_at, ini->params.max_send_len);

	memcpy(slot->head + AT_LUN, r->lun, sizeof(r->lun));
	put_be32(slot->head + AT_CMD_SN, 0); /* reserved */
	put_be32(slot->head + AT_TTT, r->ttt);
	put_be32(slot->head + AT_DATA_SN, r->data_sn++);
	put_be32(slot->head + AT_OFFSET, r->out_at);
	len = add_data(ini, slot, r, len);
	slot->head[AT_FLAGS] = r->out_at == r->out_end ? FLAG_FINAL : 0;
	seal_head(ini, slot, len);
	if (r->out_at < r->out_end)
		return;
	list_remove(node);
	r->state = r->answered ? REQUEST_ENDS : REQUEST_ACTIVE;
	list_append(r->answered ? &ini->ending : &ini->active, node);
}

static bool
window_is_open(const struct iscsi_initiator *ini)
{
	return (int32_t)(ini->max_cmd_sn - ini->cmd_sn) >= 0;
}

/* Builds one PDU.  Returns false when there is nothing to send. */
static bool
emit(struct iscsi_initiator *ini)
{
	if (ini->login_due)
		emit_login(ini);
	else if (ini->state != INITIATOR_FULL)
		return false;
	else if (ini->pong_count > 0)
		emit_pong(ini);
	else if (ini->ping_due)
		emit_ping(ini);
	else if (!list_empty(&ini->tmfs))
		emit_tmf(ini);
	else if (!list_empty(&ini->bursts))
		emit_data_out(ini);
	else if (ini->logout_due)
		emit_logout(ini);
	else if (!list_empty(&ini->waiting) && window_is_open(ini))
		emit_command(ini);
	else
		return false;
	return true;
}

/* ---- Output ---- */

/* Adds a piece without its first *skip bytes. */
static int
add_piece(struct iovec *iov, int n, const uint8_t *bytes, uint32_t len, size_t *skip)
{
	size_t part = MIN(*skip, (size_t)len);

	*skip -= part;
	if (part == len)
		return n;
	iov[n].iov_base = (void *)(uintptr_t)(bytes + part);
	iov[n].iov_len = len - part;
	return n + 1;
}

int
iscsi_initiator_output(struct iscsi_initiator *ini, struct iovec *iov, int max)
{
	struct iscsi_initiator_tx *tx = &ini->tx;
	size_t skip = tx->sent;
	int n = 0;

	while (has_room(tx) && ini->error == 0 && emit(ini))
		;
	for (unsigned i = 0; i < tx->count && n + 3 <= max; i++) {
		const struct iscsi_initiator_slot *slot = slot_at(tx, i);

		n = add_piece(iov, n, slot->head, slot->head_len, &skip);
		n = add_piece(iov, n, slot->data, slot->data_len, &skip);
		n = add_piece(iov, n, slot->tail, slot->tail_len, &skip);
	}
	return n;
}

void
iscsi_initiator_output_advance(struct iscsi_initiator *ini, size_t len_bytes)
{
	struct iscsi_initiator_tx *tx = &ini->tx;

	tx->sent += len_bytes;
	while (tx->count > 0) {
		struct iscsi_initiator_slot *slot = slot_at(tx, 0);
		size_t total = (size_t)slot->head_len + slot->data_len + slot->tail_len;
		struct iscsi_request *request = slot->request;

		if (tx->sent < total)
			break;
		tx->sent -= total;
		tx->first = (tx->first + 1) % INITIATOR_SLOTS;
		tx->count--;
		if (request != NULL)
			iscsi_initiator_slot_sent(ini, request);
	}
}
