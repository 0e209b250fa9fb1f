/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of iscsi_int.h, which says who uses it and on which thread: the two streams of bytes of a
 * connection, and the memory that it holds for its peer.
 */
#ifndef VDS_ISCSI_STREAM_INT_H
#define VDS_ISCSI_STREAM_INT_H

#include "base/list.h"
#include "iscsi/iov_int.h"
#include "iscsi/iscsi.h"
#include "iscsi/pdu_int.h"

struct iscsi_cmd;
struct iscsi_conn;

/* --- account.c: memory held for the peer --- */

struct iscsi_account {
	struct iscsi_budget *budget; /* the limit that many connections share; may be NULL */
	size_t bytes;                /* bytes that this connection or session holds now */
	/* so many of them are not counted: ISCSI_ACCOUNT_FREE for a connection, 0 for a session */
	size_t free_bytes;
};

/*
 * Counts bytes that the connection or the session is about to hold.  Returns 0, or ERR_LIMIT (the
 * budget is used up, and more than free_bytes bytes are held already). iscsi_account_give takes
 * bytes off the count again.
 */
int iscsi_account_take(struct iscsi_account *account, size_t bytes);
void iscsi_account_give(struct iscsi_account *account, size_t bytes);
/*
 * Returns true when more than half of the budget is in use: memory that is kept only for speed is
 * to be freed.
 */
bool iscsi_account_is_tight(const struct iscsi_account *account);
/* Counts what is held already, and what comes later, against this budget (NULL = none). */
void iscsi_account_move(struct iscsi_account *account, struct iscsi_budget *budget);

/* --- rx.c: incremental receive --- */

/* What iscsi_rx_step has found. */
enum iscsi_rx_event {
	RX_MORE, /* all input was used; more is needed */
	/*
	 * a header is complete; the caller may choose where its data goes (iscsi_rx_to_task,
	 * iscsi_rx_discard)
	 */
	RX_HEAD,
	RX_PDU, /* a PDU is complete */
};

/* The part of a PDU that is being received. */
enum iscsi_rx_state { RX_IN_HEADER, RX_IN_DATA, RX_IN_TAIL };
/*
 * Where the data segment of the present PDU goes: into one piece of memory, into a task's buffers,
 * or nowhere.
 */
enum iscsi_rx_sink { RX_WHOLE, RX_TO_TASK, RX_DISCARD };

struct iscsi_rx {
	enum iscsi_rx_state state;
	enum iscsi_rx_sink sink;
	bool header_digest, data_digest;
	bool data_bad; /* valid at RX_PDU: the data digest did not match */
	uint32_t have; /* bytes received of the present part: in head, stash or tail, by state */
	uint32_t data_left; /* bytes of the data segment that are still to come */
	uint32_t tail_need; /* bytes of padding and digest behind the data segment */
	/* of the data received so far */
	uint32_t crc;
	/* RX_TO_TASK: bytes that still go into the task's buffers; the rest is discarded */
	uint32_t take_left;
	struct iscsi_cmd *task; /* RX_TO_TASK: the task that the data is for */
	/* RX_TO_TASK: where in its buffers the next byte goes */
	struct iscsi_iov_cursor *cursor;
	struct iscsi_pdu pdu; /* valid from RX_HEAD until the next iscsi_rx_step */
	struct iscsi_account *account;
	uint8_t *stash; /* memory for a data segment that comes in parts; kept for the next one */
	size_t stash_size;
	uint8_t tail[3 + DIGEST_SIZE];
	uint8_t head[BHS_SIZE + AHS_MAX + DIGEST_SIZE];
};

void iscsi_rx_init(struct iscsi_rx *rx, struct iscsi_account *account);
void iscsi_rx_fini(struct iscsi_rx *rx);
/* Frees the stash. Not to be called while a data segment is being received. */
void iscsi_rx_drop_stash(struct iscsi_rx *rx);
/* Returns how many bytes are missing until the header or the PDU is complete; never 0. */
size_t iscsi_rx_need(const struct iscsi_rx *rx);
/*
 * Processes bytes, and moves *bytes and *len past the bytes that were used.  Returns an enum
 * iscsi_rx_event, or ERR_PROTOCOL (the header digest is wrong), ERR_LIMIT (the budget is used up)
 * or -ENOMEM. After RX_MORE all bytes are used, and rx no longer refers to them.
 */
int iscsi_rx_step(struct iscsi_rx *rx, const uint8_t **bytes, size_t *len);
/*
 * To be called at RX_HEAD: receive the first take_len bytes of the data into the task's buffers,
 * and discard the rest.
 */
void iscsi_rx_to_task(struct iscsi_rx *rx, struct iscsi_cmd *task, struct iscsi_iov_cursor *cursor,
		      uint32_t take_len);
/* To be called at RX_HEAD: discard the data of this PDU. */
void iscsi_rx_discard(struct iscsi_rx *rx);
/* Called when a connection has failed: nothing more comes. */
void iscsi_rx_abandon(struct iscsi_rx *rx);
/* Called when a task ends: discard the data that is still to come for the task. */
void iscsi_rx_forget(struct iscsi_rx *rx, const struct iscsi_cmd *task);
/*
 * Returns where to receive the next bytes (at most max pieces), and notes that bytes were received
 * there: iscsi_conn_rx_iov and iscsi_conn_rx_advance.
 */
int iscsi_rx_iov(struct iscsi_rx *rx, struct iovec *iov, int max);
void iscsi_rx_advance(struct iscsi_rx *rx, size_t len);

/* --- tx.c: the send queue --- */

/*
 * Slots of the ring: TX_SLOTS in a session of a target, TX_SLOTS_FEW during login and in a
 * discovery session.  Powers of two above TX_PIECES.
 */
#define TX_SLOTS      256u
#define TX_SLOTS_FEW  32u
#define TX_PIECES     16u /* the data of one PDU comes from at most so many buffers */
/* messages (and bytes of messages) above which the owner is asked to receive nothing more */
#define TX_MSGS_SOFT  64u
#define TX_BYTES_SOFT (256u * 1024)
/* messages (and bytes of messages) above which the connection is dropped */
#define TX_MSGS_HARD  16384u
#define TX_BYTES_HARD (4u * 1024 * 1024)

/*
 * Something that is to be sent.  emit builds one or more PDUs in the ring; it returns true when the
 * item is complete and is removed from the queue.
 */
struct iscsi_tx_item {
	struct list node;
	bool (*emit)(struct iscsi_conn *conn, struct iscsi_tx_item *item);
};

/*
 * The StatSN of a message: none, the next number (which is used up), or the next number without
 * using it up.
 */
enum iscsi_tx_stat_sn { TX_STAT_SN_NONE, TX_STAT_SN_NEXT, TX_STAT_SN_PEEK };

/*
 * What has a StatSN that the initiator has not acknowledged: recover.c keeps it to send it again.
 */
struct iscsi_kept {
	struct list node; /* links it into conn->recover.kept, in the order of StatSN */
	uint32_t stat_sn;
	bool is_task; /* in a struct iscsi_task_recover; else in a struct iscsi_tx_msg */
};

/*
 * A PDU on the heap that is not part of a task's data or status: every PDU but the ones of the
 * steady path.
 */
struct iscsi_tx_msg {
	struct iscsi_tx_item item;
	struct iscsi_kept kept; /* ErrorRecoveryLevel 1 */
	enum iscsi_tx_stat_sn stat_sn;
	bool waits;       /* counted in tx->msgs: it was not sent yet */
	uint16_t in_ring; /* slots of the ring that belong to it */
	uint32_t data_len;
	uint8_t bhs[BHS_SIZE];
	uint8_t data[];
};

/*
 * A slot of the ring, which stands for a piece of output: a header with data, padding and digests;
 * or only data that continues the slot before.
 */
struct iscsi_tx_slot {
	/* iscsi_data_slot_sent is called for this task when the slot was sent; or NULL */
	struct iscsi_cmd *task;
	struct iscsi_tx_msg
		*msg; /* freed when its last slot was sent, unless it is kept; or NULL */
	const uint8_t *data;
	uint32_t data_len;
	uint8_t head_len; /* BHS_SIZE or 0 */
	uint8_t head_digest_len;
	uint8_t tail_len;
	uint8_t head_digest[DIGEST_SIZE];
	uint8_t tail[3 + DIGEST_SIZE];
};

struct iscsi_tx {
	/* struct iscsi_tx_item in the order of sending; empty unless the ring is full */
	struct list pending;
	unsigned first, count; /* the first used slot of the ring, and the number of used slots */
	size_t sent;           /* bytes of the first used slot that are sent */
	uint32_t stat_sn;      /* StatSN of the next response */
	bool header_digest, data_digest;
	/* messages that wait to be sent */
	unsigned msgs;
	/* memory that these messages take */
	size_t msg_bytes;
	unsigned size; /* number of slots in the ring */
	struct iscsi_tx_slot *slots;
	/*
	 * one header for each slot; they lie together, so that headers without data merge into one
	 * piece
	 */
	uint8_t (*heads)[BHS_SIZE];
};

/* Returns 0 or -ENOMEM. */
int iscsi_tx_init(struct iscsi_tx *tx);
void iscsi_tx_fini(struct iscsi_tx *tx);
/*
 * Grows the ring to TX_SLOTS. Not to be called between iscsi_conn_output and
 * iscsi_conn_output_advance.  Returns 0 or -ENOMEM.
 */
int iscsi_tx_grow(struct iscsi_tx *tx);
/* Sends an item: now, or as soon as the items before it are sent and the ring has room. */
void iscsi_tx_push(struct iscsi_conn *conn, struct iscsi_tx_item *item);
/* Returns true when the ring has room for a PDU with TX_PIECES pieces of data. */
bool iscsi_tx_has_room(const struct iscsi_tx *tx);
/* Returns the next slot, whose header the caller fills.  The ring must have room. */
struct iscsi_tx_slot *iscsi_tx_slot_new(struct iscsi_tx *tx, uint8_t **ret_bhs);
/* Writes StatSN, ExpCmdSN and MaxCmdSN into the header of a response. RFC 7143 §4.2.2. */
void iscsi_tx_fill_sn(struct iscsi_conn *conn, uint8_t *bhs, enum iscsi_tx_stat_sn stat_sn);
/*
 * Computes the digest of a header, which must not change afterwards.  iscsi_tx_seal_data sets the
 * slot's data, which is in one piece, and computes padding and digest.
 */
void iscsi_tx_seal_head(struct iscsi_tx *tx, struct iscsi_tx_slot *slot, const uint8_t *bhs);
void iscsi_tx_seal_data(struct iscsi_tx *tx, struct iscsi_tx_slot *slot, const uint8_t *data,
			uint32_t len);
/*
 * Sets data that takes several slots.  The caller calls iscsi_tx_seal_piece for each slot, with the
 * CRC that the call before returned, then iscsi_tx_seal_tail for the last slot.
 */
uint32_t iscsi_tx_seal_piece(struct iscsi_tx *tx, struct iscsi_tx_slot *slot, const uint8_t *data,
			     uint32_t len, uint32_t crc);
void iscsi_tx_seal_tail(struct iscsi_tx *tx, struct iscsi_tx_slot *slot, uint32_t total_len,
			uint32_t crc);
/*
 * Makes a message with room for data_len bytes, and begins its header.  Returns NULL with *ret_err
 * = -ENOMEM, or ERR_LIMIT (the connection has too many messages waiting, or the budget is used up).
 */
struct iscsi_tx_msg *iscsi_tx_msg_new(struct iscsi_conn *conn, enum iscsi_pdu_opcode opcode,
				      uint32_t itt, uint32_t data_len, int *ret_err);
/* Returns the StatSN of the response that is sent next, after those that wait for the ring. */
uint32_t iscsi_tx_next_sn(const struct iscsi_conn *conn);
/* Sends a message, which belongs to the queue from now on. */
void iscsi_tx_msg_send(struct iscsi_conn *conn, struct iscsi_tx_msg *msg);
/* Sends a message that is kept once more, under its number.  The ring must have room. */
void iscsi_tx_msg_again(struct iscsi_conn *conn, struct iscsi_tx_msg *msg);
/* Frees a message that was kept, as soon as it is in no slot. */
void iscsi_tx_msg_unkeep(struct iscsi_conn *conn, struct iscsi_tx_msg *msg);
/* Returns how many bytes of the account a message takes. */
static inline size_t
iscsi_tx_msg_size(const struct iscsi_tx_msg *msg)
{
	return sizeof(*msg) + msg->data_len;
}
/* Drops everything that waits to be sent. */
void iscsi_tx_clear(struct iscsi_conn *conn);

#endif
