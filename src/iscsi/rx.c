/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Incremental receive: makes PDUs of bytes that were cut anywhere.  RFC 7143 §11.2.  Called by
 * conn.c on the thread that has the connection.
 *
 *	RX_IN_HEADER --header, AHS, digest--> RX_IN_DATA --data segment--> RX_IN_TAIL --padding, digest--> RX_IN_HEADER
 *
 * A header or a data segment that lies whole in the input is used where it lies.  What comes in
 * parts is gathered: headers in rx->head, data in rx->stash or, for Data-Out, in the task's own
 * buffers.  The caller checks lengths at RX_HEAD, before this file allocates anything.
 */
#include "iscsi/iscsi_int.h"

#include <errno.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/err.h"

void
iscsi_rx_init(struct iscsi_rx *rx, struct iscsi_account *account)
{
	memset(rx, 0, offsetof(struct iscsi_rx, tail));
	rx->account = account;
}

void
iscsi_rx_fini(struct iscsi_rx *rx)
{
	iscsi_rx_drop_stash(rx);
}

void
iscsi_rx_drop_stash(struct iscsi_rx *rx)
{
	iscsi_account_give(rx->account, rx->stash_size);
	mem_free(rx->stash);
	rx->stash = NULL;
	rx->stash_size = 0;
}

/* Room for a data segment of this length. */
static int
stash_grow(struct iscsi_rx *rx, size_t len)
{
	if (rx->stash_size >= len)
		return 0;
	iscsi_rx_drop_stash(rx);
	int rc = iscsi_account_take(rx->account, len);

	if (rc < 0)
		return rc;
	rx->stash = mem_alloc(len);
	if (rx->stash == NULL) {
		iscsi_account_give(rx->account, len);
		return -ENOMEM;
	}
	rx->stash_size = len;
	return 0;
}

/* Digests are sent least significant byte first. */
static bool
digest_matches(uint32_t crc, const uint8_t *digest)
{
	uint32_t value = crc32c_final(crc);

	return digest[0] == (uint8_t)value && digest[1] == (uint8_t)(value >> 8) &&
	       digest[2] == (uint8_t)(value >> 16) && digest[3] == (uint8_t)(value >> 24);
}

static uint32_t
head_total(const struct iscsi_rx *rx, const uint8_t *bhs)
{
	return BHS_SIZE + iscsi_bhs_ahs_len(bhs) + (rx->header_digest ? DIGEST_SIZE : 0);
}

static int
head_complete(struct iscsi_rx *rx, const uint8_t *head)
{
	uint32_t len = BHS_SIZE + iscsi_bhs_ahs_len(head);

	if (rx->header_digest && !digest_matches(crc32c_update(CRC32C_INIT, head, len), head + len))
		return ERR_PROTOCOL;
	rx->pdu.bhs = head;
	rx->pdu.ahs_len = len - BHS_SIZE;
	rx->pdu.data = NULL;
	rx->pdu.data_len = iscsi_bhs_data_len(head);
	rx->data_left = rx->pdu.data_len;
	rx->tail_need = rx->data_left == 0 ? 0
					   : iscsi_pad_len(rx->data_left) +
						     (rx->data_digest ? DIGEST_SIZE : 0);
	rx->crc = CRC32C_INIT;
	rx->have = 0;
	rx->data_bad = false;
	rx->sink = RX_WHOLE;
	rx->state = RX_IN_DATA;
	return RX_HEAD;
}

static bool
head_fill(struct iscsi_rx *rx, uint32_t need, const uint8_t **bytes, size_t *len)
{
	size_t part = MIN((size_t)(need - rx->have), *len);

	memcpy(rx->head + rx->have, *bytes, part);
	rx->have += (uint32_t)part;
	*bytes += part;
	*len -= part;
	return rx->have == need;
}

static int
step_header(struct iscsi_rx *rx, const uint8_t **bytes, size_t *len)
{
	if (rx->have == 0 && *len >= BHS_SIZE) {
		const uint8_t *head = *bytes;
		uint32_t total = head_total(rx, head);

		if (*len >= total) {
			*bytes += total;
			*len -= total;
			return head_complete(rx, head);
		}
	}
	if (*len == 0)
		return RX_MORE;
	if (rx->have < BHS_SIZE && !head_fill(rx, BHS_SIZE, bytes, len))
		return RX_MORE;
	if (!head_fill(rx, head_total(rx, rx->head), bytes, len))
		return RX_MORE;
	return head_complete(rx, rx->head);
}

/* The header must outlive the caller's bytes. */
static int
more(struct iscsi_rx *rx)
{
	if (rx->pdu.bhs != rx->head) {
		memcpy(rx->head, rx->pdu.bhs, BHS_SIZE + rx->pdu.ahs_len);
		rx->pdu.bhs = rx->head;
	}
	return RX_MORE;
}

/* The whole segment with its tail lies in the input. */
static int
data_in_place(struct iscsi_rx *rx, const uint8_t **bytes, size_t *len)
{
	uint32_t total = rx->data_left + rx->tail_need;

	rx->pdu.data = *bytes;
	if (rx->data_digest && rx->data_left > 0) {
		uint32_t padded = total - DIGEST_SIZE;

		rx->data_bad = !digest_matches(crc32c_update(CRC32C_INIT, *bytes, padded),
					       *bytes + padded);
	}
	*bytes += total;
	*len -= total;
	rx->data_left = 0;
	rx->state = RX_IN_HEADER;
	return RX_PDU;
}

static void
data_took(struct iscsi_rx *rx, const uint8_t *bytes, size_t len)
{
	if (rx->data_digest)
		rx->crc = crc32c_update(rx->crc, bytes, len);
	rx->data_left -= (uint32_t)len;
}

static void
data_copy(struct iscsi_rx *rx, const uint8_t *bytes, size_t len)
{
	if (rx->sink == RX_WHOLE) {
		memcpy(rx->stash + rx->have, bytes, len);
		rx->have += (uint32_t)len;
	} else if (rx->sink == RX_TO_TASK) {
		uint32_t take = (uint32_t)MIN((size_t)rx->take_left, len);

		iscsi_iov_cursor_copy_in(rx->cursor, bytes, take);
		rx->take_left -= take;
	}
	data_took(rx, bytes, len);
}

static void
data_complete(struct iscsi_rx *rx)
{
	if (rx->sink == RX_WHOLE)
		rx->pdu.data = rx->stash;
	rx->have = 0;
	rx->state = RX_IN_TAIL;
}

/* RX_MORE: go on with the tail if data_left is 0; RX_PDU; or -ENOMEM or ERR_LIMIT. */
static int
step_data(struct iscsi_rx *rx, const uint8_t **bytes, size_t *len)
{
	size_t part;

	if (rx->sink == RX_WHOLE && rx->have == 0 && *len >= (size_t)rx->data_left + rx->tail_need)
		return data_in_place(rx, bytes, len);
	if (rx->sink == RX_WHOLE && rx->have == 0) {
		int rc = stash_grow(rx, rx->pdu.data_len);

		if (rc < 0)
			return rc;
	}
	part = MIN((size_t)rx->data_left, *len);
	if (part > 0)
		data_copy(rx, *bytes, part);
	*bytes += part;
	*len -= part;
	if (rx->data_left == 0)
		data_complete(rx);
	return RX_MORE;
}

static int
step_tail(struct iscsi_rx *rx, const uint8_t **bytes, size_t *len)
{
	size_t part = MIN((size_t)(rx->tail_need - rx->have), *len);

	memcpy(rx->tail + rx->have, *bytes, part);
	rx->have += (uint32_t)part;
	*bytes += part;
	*len -= part;
	if (rx->have < rx->tail_need)
		return RX_MORE;
	if (rx->data_digest && rx->tail_need > 0) {
		uint32_t pad = rx->tail_need - DIGEST_SIZE;

		rx->data_bad = !digest_matches(crc32c_update(rx->crc, rx->tail, pad),
					       rx->tail + pad);
	}
	rx->have = 0;
	rx->state = RX_IN_HEADER;
	return RX_PDU;
}

int
iscsi_rx_step(struct iscsi_rx *rx, const uint8_t **bytes, size_t *len)
{
	int event;

	if (rx->state == RX_IN_HEADER)
		return step_header(rx, bytes, len);
	if (rx->state == RX_IN_DATA) {
		event = step_data(rx, bytes, len);
		if (event != RX_MORE)
			return event;
	}
	if (rx->state == RX_IN_TAIL && step_tail(rx, bytes, len) == RX_PDU)
		return RX_PDU;
	return more(rx);
}

void
iscsi_rx_to_task(struct iscsi_rx *rx, struct iscsi_cmd *task, struct iscsi_iov_cursor *cursor,
		 uint32_t take_len)
{
	rx->sink = RX_TO_TASK;
	rx->task = task;
	rx->cursor = cursor;
	rx->take_left = take_len;
}

void
iscsi_rx_discard(struct iscsi_rx *rx)
{
	rx->sink = RX_DISCARD;
}

void
iscsi_rx_abandon(struct iscsi_rx *rx)
{
	rx->sink = RX_DISCARD;
	rx->task = NULL;
}

void
iscsi_rx_forget(struct iscsi_rx *rx, const struct iscsi_cmd *task)
{
	if (rx->sink == RX_TO_TASK && rx->task == task) {
		rx->sink = RX_DISCARD;
		rx->task = NULL;
	}
}

int
iscsi_rx_iov(struct iscsi_rx *rx, struct iovec *iov, int max)
{
	if (rx->state != RX_IN_DATA || rx->data_left == 0 || max <= 0)
		return 0;
	if (rx->sink == RX_TO_TASK)
		return iscsi_iov_cursor_pieces(rx->cursor, rx->take_left, iov, max);
	if (rx->sink == RX_WHOLE && rx->stash_size >= rx->pdu.data_len) {
		iov[0].iov_base = rx->stash + rx->have;
		iov[0].iov_len = rx->data_left;
		return 1;
	}
	return 0;
}

void
iscsi_rx_advance(struct iscsi_rx *rx, size_t len)
{
	while (len > 0) {
		struct iovec piece;
		size_t part;

		if (iscsi_rx_iov(rx, &piece, 1) == 0) {
			/* The task went away since the owner asked where to. */
			rx->data_left -= (uint32_t)MIN((size_t)rx->data_left, len);
			break;
		}
		part = MIN(piece.iov_len, len);
		data_took(rx, piece.iov_base, part);
		if (rx->sink == RX_TO_TASK) {
			size_t moved;

			iscsi_iov_cursor_take(rx->cursor, part, &moved);
			rx->take_left -= (uint32_t)part;
		} else {
			rx->have += (uint32_t)part;
		}
		len -= part;
	}
	if (rx->data_left == 0 && rx->state == RX_IN_DATA)
		data_complete(rx);
}

size_t
iscsi_rx_need(const struct iscsi_rx *rx)
{
	size_t need = 0;

	switch (rx->state) {
	case RX_IN_HEADER:
		need = (rx->have < BHS_SIZE ? BHS_SIZE : head_total(rx, rx->head)) - rx->have;
		break;
	case RX_IN_DATA:
		need = (size_t)rx->data_left + rx->tail_need;
		break;
	case RX_IN_TAIL:
		need = rx->tail_need - rx->have;
		break;
	}
	return MAX(need, (size_t)1);
}
