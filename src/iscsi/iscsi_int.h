/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The private half of the iSCSI engine: the structs of a connection and what its files give each
 * other, grouped by file.
 *
 *	bytes --> rx --> conn (opcode table) --> login | discovery | task | data | tmf | control
 *	bytes <-- tx <-- responses, R2T, Data-In (built into a ring of headers when there is room)
 *
 * Everything here belongs to the one thread that has the connection.
 */
#ifndef VDS_ISCSI_ISCSI_INT_H
#define VDS_ISCSI_ISCSI_INT_H

#include "base/list.h"
#include "base/mem.h"
#include "base/str.h"
#include "iscsi/iov_int.h"
#include "iscsi/iscsi.h"
#include "iscsi/pdu_int.h"

struct iscsi_cmd;

/* --- account.c: memory held for the peer --- */

struct iscsi_account {
	struct iscsi_budget *budget; /* may be NULL */
	size_t bytes;                /* held now */
};

/*
 * Returns 0, or ERR_LIMIT (the budget is used up, and this connection has more than its free part).
 */
int iscsi_account_take(struct iscsi_account *account, size_t bytes);
void iscsi_account_give(struct iscsi_account *account, size_t bytes);
/* More than half of the budget is in use: give back what is only kept for speed. */
bool iscsi_account_is_tight(const struct iscsi_account *account);

/* --- rx.c: incremental receive --- */

enum iscsi_rx_event {
	RX_MORE, /* all input is taken */
	RX_HEAD, /* a header is complete: say where its data goes (rx_to_*), or leave it */
	RX_PDU,  /* the PDU is complete */
};

enum iscsi_rx_state { RX_IN_HEADER, RX_IN_DATA, RX_IN_TAIL };
enum iscsi_rx_sink { RX_WHOLE, RX_TO_TASK, RX_DISCARD };

struct iscsi_rx {
	enum iscsi_rx_state state;
	enum iscsi_rx_sink sink;
	bool header_digest, data_digest;
	bool data_bad;      /* at RX_PDU: the data digest did not match */
	uint32_t have;      /* bytes in head; in stash; in tail: by state */
	uint32_t data_left; /* of the data segment */
	uint32_t tail_need; /* padding and digest */
	uint32_t crc;
	uint32_t take_left;     /* RX_TO_TASK: bytes for the cursor, before the rest is discarded */
	struct iscsi_cmd *task; /* RX_TO_TASK: whose */
	struct iscsi_iov_cursor *cursor;
	struct iscsi_pdu pdu; /* from RX_HEAD to the next step */
	struct iscsi_account *account;
	uint8_t *stash; /* a data segment that came in parts; kept for the next one */
	size_t stash_size;
	uint8_t tail[3 + DIGEST_SIZE];
	uint8_t head[BHS_SIZE + AHS_MAX + DIGEST_SIZE];
};

void iscsi_rx_init(struct iscsi_rx *rx, struct iscsi_account *account);
void iscsi_rx_fini(struct iscsi_rx *rx);
/* Give the stash back to the system.  Not while a data segment is being received. */
void iscsi_rx_drop_stash(struct iscsi_rx *rx);
/* Bytes until the header or the PDU is complete; never 0. */
size_t iscsi_rx_need(const struct iscsi_rx *rx);
/*
 * Go on with these bytes, and move *bytes and *len behind what was used.  Returns an enum
 * iscsi_rx_event, or ERR_PROTOCOL (the header digest is wrong), ERR_LIMIT (the budget is used up)
 * or -ENOMEM.  After RX_MORE all bytes are used, and none of them is referenced any more.
 */
int iscsi_rx_step(struct iscsi_rx *rx, const uint8_t **bytes, size_t *len);
/*
 * At RX_HEAD: put the first take_len bytes of the data into a task's buffers and discard the rest.
 */
void iscsi_rx_to_task(struct iscsi_rx *rx, struct iscsi_cmd *task, struct iscsi_iov_cursor *cursor,
		      uint32_t take_len);
/* At RX_HEAD: discard the data. */
void iscsi_rx_discard(struct iscsi_rx *rx);
/* The task ends: discard the data that is still to come for it. */
void iscsi_rx_forget(struct iscsi_rx *rx, const struct iscsi_cmd *task);
int iscsi_rx_iov(struct iscsi_rx *rx, struct iovec *iov, int max);
void iscsi_rx_advance(struct iscsi_rx *rx, size_t len);

/* --- tx.c: the send queue --- */

/*
 * Slots of a session's ring, and of one during login and in a discovery session; powers of two
 * above TX_PIECES.
 */
#define TX_SLOTS      256u
#define TX_SLOTS_FEW  32u
#define TX_PIECES     16u /* a PDU's data comes from at most so many buffers */
#define TX_MSGS_SOFT  64u /* above these we ask the owner not to read */
#define TX_BYTES_SOFT (256u * 1024)
#define TX_MSGS_HARD  16384u /* above these the peer is dropped */
#define TX_BYTES_HARD (4u * 1024 * 1024)

/*
 * Something that wants to send.  emit builds one or more PDUs into the ring; true: done, and
 * unlinked.
 */
struct iscsi_tx_item {
	struct list node;
	bool (*emit)(struct iscsi_conn *conn, struct iscsi_tx_item *item);
};

enum iscsi_tx_stat_sn { TX_STAT_SN_NONE, TX_STAT_SN_NEXT, TX_STAT_SN_PEEK };

/* A PDU that is not part of a task's data or status: everything but the steady path.  Heap. */
struct iscsi_tx_msg {
	struct iscsi_tx_item item;
	enum iscsi_tx_stat_sn stat_sn;
	uint32_t data_len;
	uint8_t bhs[BHS_SIZE];
	uint8_t data[];
};

/*
 * A stretch of output: header, data, padding and digests; or only data that follows another slot's.
 */
struct iscsi_tx_slot {
	struct iscsi_cmd *task;   /* told when this was sent; or NULL */
	struct iscsi_tx_msg *msg; /* freed when this was sent; or NULL */
	const uint8_t *data;
	uint32_t data_len;
	uint8_t head_len; /* BHS_SIZE or 0 */
	uint8_t head_digest_len;
	uint8_t tail_len;
	uint8_t head_digest[DIGEST_SIZE];
	uint8_t tail[3 + DIGEST_SIZE];
};

struct iscsi_tx {
	/* struct iscsi_tx_item, first in first out; empty unless the ring is full */
	struct list pending;
	unsigned first, count; /* of the ring */
	size_t sent;           /* bytes of the first slot that are sent */
	uint32_t stat_sn;      /* next */
	bool header_digest, data_digest;
	unsigned msgs;
	size_t msg_bytes;
	unsigned size; /* slots of the ring */
	struct iscsi_tx_slot *slots;
	/* together, so that headers without data merge into one piece */
	uint8_t (*heads)[BHS_SIZE];
};

/* Returns 0 or -ENOMEM. */
int iscsi_tx_init(struct iscsi_tx *tx);
void iscsi_tx_fini(struct iscsi_tx *tx);
/*
 * Have a ring of TX_SLOTS from now on.  Not between iscsi_conn_output and its advance.  Returns 0
 * or -ENOMEM.
 */
int iscsi_tx_grow(struct iscsi_tx *tx);
/* Send an item: now, or in its turn when the ring has room again. */
void iscsi_tx_push(struct iscsi_conn *conn, struct iscsi_tx_item *item);
bool iscsi_tx_has_room(const struct iscsi_tx *tx);
/* Returns the next slot, whose header the caller fills.  The ring must have room. */
struct iscsi_tx_slot *iscsi_tx_slot_new(struct iscsi_tx *tx, uint8_t **ret_bhs);
/* Write the sequence numbers into the header of a response.  RFC 7143 §4.2.2. */
void iscsi_tx_fill_sn(struct iscsi_conn *conn, uint8_t *bhs, enum iscsi_tx_stat_sn stat_sn);
/*
 * The header is final: compute its digest.  iscsi_tx_seal_data does so for data in one piece, with
 * its padding.
 */
void iscsi_tx_seal_head(struct iscsi_tx *tx, struct iscsi_tx_slot *slot, const uint8_t *bhs);
void iscsi_tx_seal_data(struct iscsi_tx *tx, struct iscsi_tx_slot *slot, const uint8_t *data,
			uint32_t len);
/*
 * For data in pieces over several slots: call iscsi_tx_seal_piece for each, then iscsi_tx_seal_tail
 * for the last one.
 */
uint32_t iscsi_tx_seal_piece(struct iscsi_tx *tx, struct iscsi_tx_slot *slot, const uint8_t *data,
			     uint32_t len, uint32_t crc);
void iscsi_tx_seal_tail(struct iscsi_tx *tx, struct iscsi_tx_slot *slot, uint32_t total_len,
			uint32_t crc);
/*
 * Make a message with room for data_len bytes, and begin its header.  Returns NULL with *ret_err =
 * -ENOMEM, or ERR_LIMIT (the connection has too many messages waiting, or the budget is used up).
 */
struct iscsi_tx_msg *iscsi_tx_msg_new(struct iscsi_conn *conn, enum iscsi_pdu_opcode opcode,
				      uint32_t itt, uint32_t data_len, int *ret_err);
void iscsi_tx_msg_send(struct iscsi_conn *conn, struct iscsi_tx_msg *msg);
void iscsi_tx_clear(struct iscsi_conn *conn);

/* --- text.c: key=value --- */

#define TEXT_MAX     (64u * 1024) /* of one negotiation, over all its PDUs */
#define TEXT_KEY_MAX 63u          /* RFC 7143 §6.1 */

/* Pairs gathered over several PDUs, and the answer, given out in parts. */
struct iscsi_text {
	char *in; /* NUL-terminated behind in_len */
	size_t in_len, in_size;
	struct strbuf out; /* pairs with their NULs */
	size_t out_sent;
	struct iscsi_account *account;
	size_t out_taken; /* bytes of `out` that are in the account */
};

void iscsi_text_init(struct iscsi_text *t, struct iscsi_account *account);
void iscsi_text_fini(struct iscsi_text *t);
/* Returns 0, -ENOMEM, or ERR_LIMIT (above TEXT_MAX, or the budget is used up). */
int iscsi_text_add(struct iscsi_text *t, const uint8_t *bytes, size_t len);
void iscsi_text_clear_in(struct iscsi_text *t);
void iscsi_text_clear_out(struct iscsi_text *t);
size_t iscsi_text_out_left(const struct iscsi_text *t);
/* Forget the part of the answer that was sent, so that what is added later needs no more memory. */
void iscsi_text_compact_out(struct iscsi_text *t);
/*
 * Walk the pairs of t->in; *cursor begins with 0.  Returns 1 with a pair, 0 at the end, or
 * ERR_PROTOCOL (not a key=value pair).  The strings lie in t->in, where the '=' is a NUL until the
 * next call.
 */
int iscsi_text_next(struct iscsi_text *t, size_t *cursor, const char **ret_key,
		    const char **ret_value);
/* True: the answer that is being built has a pair with this key.  Walks the answer. */
bool iscsi_text_has(const struct iscsi_text *t, const char *key);
/* Take the pair with this key out of the answer, if there is one. */
void iscsi_text_take_out(struct iscsi_text *t, const char *key);
void iscsi_text_put(struct iscsi_text *t, const char *key, const char *value);
void iscsi_text_put_number(struct iscsi_text *t, const char *key, uint32_t value);
/*
 * Read a decimal number, or a hexadecimal one that begins with 0x.  Returns 0 or ERR_PARSE (not
 * such a number).
 */
int iscsi_text_parse_number(const char *value, uint32_t *ret_number);
/*
 * Read an iqn., eui. or naa. name and write it in lower case.  Returns 0 or ERR_PARSE (not such a
 * name).
 */
int iscsi_text_parse_name(const char *value, char name[ISCSI_NAME_MAX + 1]);

/* --- keys.c: the negotiation table --- */

enum iscsi_key_rule {
	KEY_AND,
	KEY_OR, /* Boolean functions */
	KEY_MIN,
	KEY_MAX,             /* numbers */
	KEY_FIRST_BURST,     /* a minimum, and at most MaxBurstLength: decided after that */
	KEY_LIST,            /* the first of the offered values that we know */
	KEY_DECLARED_NUMBER, /* MaxRecvDataSegmentLength: each side its own */
	KEY_DECLARED_TEXT,
	KEY_DECLARED_NAME,
	KEY_SESSION_TYPE,
	KEY_SEND_TARGETS,
	KEY_OURS, /* only a target may declare it */
	KEY_NO,
	KEY_REJECT, /* obsolete: RFC 7143 §13.25 */
};

enum iscsi_key_stage { STAGE_SECURITY = 1, STAGE_OPERATIONAL = 2, STAGE_FULL = 4 };

struct iscsi_key {
	const char *name;
	enum iscsi_key_rule rule;
	uint8_t stages;    /* enum iscsi_key_stage */
	bool irrelevant;   /* in a discovery session */
	uint8_t width;     /* of the field in struct iscsi_params; 0: no field, ours is fixed */
	uint16_t offset;   /* there; for texts in struct iscsi_login */
	uint32_t min, max; /* what a peer may say; for texts the size of the field */
	uint32_t ours;     /* when there is no field: our number, or the set of our choices */
	const char *const *choices; /* KEY_LIST: bit n of the set is choices[n] */
};

#define KEY_COUNT 29u
extern const struct iscsi_key iscsi_key_table[KEY_COUNT]; /* sorted by name */

struct iscsi_keys {
	uint8_t stage;
	bool auth_refused; /* AuthMethod was offered without one of ours */
	bool has_initiator, has_target, has_type;
	uint16_t status;   /* why iscsi_keys_apply failed: enum iscsi_login_status */
	const char *cause; /* the same, in words */
	uint64_t seen;     /* bit per row; each key may come once */
	unsigned unknown;  /* keys answered with NotUnderstood */
	char send_targets[ISCSI_NAME_MAX + 1];
	bool wants_targets;
};

/* Set the values that hold when a key is not negotiated.  RFC 7143 §13. */
void iscsi_keys_defaults(struct iscsi_params *agreed);
const struct iscsi_key *iscsi_keys_find(const char *name);
/*
 * Negotiate all pairs of conn->text.in: agreed values go to conn->params, names to conn->info,
 * answers to conn->text.out. Returns 0, ERR_PROTOCOL (k->status and k->cause say why the login is
 * refused) or -ENOMEM.
 */
int iscsi_keys_apply(struct iscsi_conn *conn, struct iscsi_keys *k);

/* --- task.c --- */

enum iscsi_task_state {
	TASK_FREE,
	TASK_OWNER,   /* the owner executes it */
	TASK_COLLECT, /* write data is coming in */
	TASK_DRAIN,   /* answered early; data that was asked for is still to come */
	TASK_ENDING,  /* the last answer is queued or being sent */
};

struct iscsi_cmd {
	struct iscsi_task pub;
	struct iscsi_tx_item item;
	struct iscsi_cmd *next; /* in its hash bucket, or the free list */
	uint32_t number;        /* place in the pool */
	uint8_t state;          /* enum iscsi_task_state */
	bool owned;             /* ops->command has run: task_done is due */
	bool counted;           /* occupies the window */
	bool tagged;            /* found by its ITT */
	bool accepted;          /* iscsi_task_accept_write was called */
	bool unsolicited;       /* unsolicited data is to come: its final bit was not seen */
	bool in_command;        /* inside ops->command */
	bool status_in_data;    /* the read ends with its data */
	bool abandoned;         /* aborted, and the owner's for an unknown time */
	uint32_t abort_seq;

	/* Write data: it comes in order (DataPDUInOrder, DataSequenceInOrder). */
	struct iscsi_iov_cursor wr;
	struct iovec wr_one;
	uint32_t wr_want;            /* bytes the owner asked for */
	uint32_t wr_pos;             /* bytes received */
	uint32_t wr_first_max;       /* end of the unsolicited data */
	uint32_t wr_sn;              /* next DataSN of this sequence */
	uint32_t r2t_base;           /* where solicited data begins */
	uint32_t r2t_sent, r2t_done; /* R2Ts, in number */

	/* Read data. */
	struct iscsi_iov_cursor rd;
	struct iovec rd_one;
	uint32_t rd_left;  /* bytes of this piece not yet in the ring */
	uint32_t rd_pos;   /* bytes in the ring or sent */
	uint32_t rd_burst; /* bytes of this sequence */
	uint32_t data_sn;  /* next DataSN or R2TSN: one count for both, RFC 7143 §11.7.5 */
	uint32_t data_ins; /* Data-In PDUs built */
	uint32_t in_ring;  /* slots */

	uint8_t status, response, flags;
	uint32_t residual, bidi_residual;
	uint32_t sense_len;
	uint8_t cdb[16];
	uint8_t *cdb_long;
	uint8_t sense[2 + ISCSI_SENSE_MAX];
};

#define TASK_CHUNK       16u
#define TASK_CHUNKS_FAIR 4u   /* that a session gets also when memory is tight: 64 tasks */
#define TASK_CHUNKS_MAX  160u /* 2 * 1024 + 256 tasks and some */
#define TASK_BUCKETS     256u

struct iscsi_task_pool {
	uint32_t task_bytes; /* with the owner's room */
	uint32_t limit;      /* tasks */
	uint32_t chunks;
	uint32_t immediates; /* in use */
	uint32_t with_owner;
	uint32_t abandoned; /* of with_owner */
	uint32_t abort_seq;
	struct iscsi_cmd *free;
	uint8_t *chunk[TASK_CHUNKS_MAX];
	struct iscsi_cmd **bucket; /* TASK_BUCKETS, made with the first chunk; NULL before */
	struct iscsi_account *account;
};

static inline struct iscsi_cmd *
iscsi_task_of(struct iscsi_task *pub)
{
	return container_of(pub, struct iscsi_cmd, pub);
}

void iscsi_task_pool_init(struct iscsi_task_pool *pool, uint32_t limit, uint32_t extra_bytes,
			  struct iscsi_account *account);
void iscsi_task_pool_fini(struct iscsi_task_pool *pool);
struct iscsi_cmd *iscsi_task_at(const struct iscsi_task_pool *pool, uint32_t number);
struct iscsi_cmd *iscsi_task_find(const struct iscsi_task_pool *pool, uint32_t itt);
void iscsi_task_to(struct iscsi_cmd *task, enum iscsi_task_state state);
int iscsi_task_on_command(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/*
 * Free the task's place in the window and its tag.  Called before the sequence numbers of its last
 * PDU are written.
 */
void iscsi_task_untag(struct iscsi_cmd *task);
void iscsi_task_set_read_residual(struct iscsi_cmd *task, uint64_t length);
/* Nothing references the task any more: call ops->task_done and give the task back to the pool. */
void iscsi_task_release(struct iscsi_cmd *task);
/*
 * See iscsi_conn_abort_tasks for what "abort" means in each state.  True when the owner still
 * executes it.
 */
bool iscsi_task_abort(struct iscsi_cmd *task);
/* As iscsi_conn_abort_tasks. */
unsigned iscsi_task_abort_all(struct iscsi_conn *conn, const uint8_t *lun, const uint32_t *before);

/* --- session.c: the command window and the tasks --- */

#define HELD_BYTES_MAX (1024u * 1024)

enum iscsi_sn_place { SN_NEXT, SN_AHEAD, SN_OUTSIDE };

struct iscsi_session {
	uint32_t exp_cmd_sn;
	uint32_t max_cmd_sn;  /* as advertised; never goes back */
	uint32_t exp_stat_sn; /* what the initiator has acknowledged */
	uint32_t in_use;      /* queued commands, not the immediate ones */
	uint32_t depth;
	bool in_turn; /* the PDU being handled has just taken its number */
	struct iscsi_account *account;
	struct iscsi_task_pool pool;
	struct list held; /* struct iscsi_held, by CmdSN: PDUs that came before their turn */
	size_t held_bytes;
};

struct iscsi_held {
	struct list node;
	uint32_t cmd_sn;
	bool is_data; /* a Data-Out for the command of this CmdSN */
	bool is_void; /* aborted before it came: only its number counts */
	uint32_t ahs_len, data_len;
	uint8_t bytes[]; /* header, AHS, data */
};

/* Returns true when a comes before b in serial number arithmetic, RFC 1982. */
static inline bool
iscsi_sn_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/*
 * A session with a window of `depth` commands, and a pool that also has room for `immediate` ones
 * and for those whose last answer waits to be sent.  extra_bytes: the owner's room in each task.
 * Returns NULL when out of memory.
 */
struct iscsi_session *iscsi_session_new(uint32_t depth, uint32_t immediate, uint32_t extra_bytes,
					struct iscsi_account *account);
/* No task may be in use.  Accepts NULL. */
void iscsi_session_free(struct iscsi_session *s);
/* Forget the PDUs that are held. */
void iscsi_session_clear(struct iscsi_session *s);
void iscsi_session_start(struct iscsi_session *s, uint32_t cmd_sn);
enum iscsi_sn_place iscsi_session_place(const struct iscsi_session *s, uint32_t cmd_sn);
/* Returns the MaxCmdSN to advertise now. */
uint32_t iscsi_session_max_cmd_sn(struct iscsi_session *s);
/*
 * Keep a PDU that came ahead of its turn; drop a duplicate.  Returns 0, -ENOMEM, or ERR_LIMIT (too
 * much is kept).
 */
int iscsi_session_hold(struct iscsi_session *s, const struct iscsi_pdu *pdu, uint32_t cmd_sn,
		       bool is_data);
/*
 * Count a number as received whose command will not come, because it was aborted.  Returns 0,
 * -ENOMEM or ERR_LIMIT.
 */
int iscsi_session_hold_void(struct iscsi_session *s, uint32_t cmd_sn);
struct iscsi_held *iscsi_session_find_held(struct iscsi_session *s, uint32_t itt);
/*
 * Remove and return the PDU whose turn it is; the caller gives it to iscsi_session_held_free.
 * NULL: a number is missing.
 */
struct iscsi_held *iscsi_session_pop(struct iscsi_session *s);
void iscsi_session_held_free(struct iscsi_session *s, struct iscsi_held *h);
/*
 * The PDU in turn is rejected: its number counts as not received.  Harmless when none is in turn.
 */
void iscsi_session_reject(struct iscsi_session *s);

/* --- data.c: R2T, Data-Out, Data-In, status -------------------------------------------------- */

/* At the header of a Data-Out: decide where its data goes.  Returns 0 or negative. */
int iscsi_data_out_head(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
int iscsi_data_on_out(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/* Handle a Data-Out whose data digest is wrong. */
void iscsi_data_out_damaged(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/*
 * Have the owner end the task because of what is wrong with its data.  The answer leaves now, or
 * when the data that was asked for has come.
 */
void iscsi_data_fault(struct iscsi_cmd *task, enum iscsi_data_fault fault);
/*
 * Send the status and residual that are in the task, now or when the data that was asked for has
 * come.
 */
void iscsi_data_send_status(struct iscsi_cmd *task);
bool iscsi_data_is_drained(const struct iscsi_cmd *task);
/* Note that a slot with data of this task was sent. */
void iscsi_data_slot_sent(struct iscsi_cmd *task);

/* --- tmf.c ----------------------------------------------------------------------------------- */

#define TMF_MAX 64u

struct iscsi_tmf_cmd {
	struct iscsi_tmf pub;
	struct list node; /* in conn->tmfs */
	uint32_t itt;
	uint32_t abort_seq; /* tasks aborted up to here must have come back */
	uint8_t response;
	bool answered; /* by the owner */
};

int iscsi_tmf_on_request(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/* An aborted task has ended: answer the requests that waited for it. */
void iscsi_tmf_on_task_gone(struct iscsi_conn *conn, const struct iscsi_cmd *task);
void iscsi_tmf_free_all(struct iscsi_conn *conn);

/* --- login.c, discovery.c, control.c --------------------------------------------------------- */

enum iscsi_login_state { LOGIN_START, LOGIN_SECURITY, LOGIN_OPERATIONAL, LOGIN_FULL };

struct iscsi_login_machine {
	enum iscsi_login_state state;
	int pending_step; /* enum iscsi_login_step, or -1 */
	bool declared;    /* our MaxRecvDataSegmentLength was told */
	bool decided;     /* the owner has said yes to the first request */
	unsigned requests;
	uint32_t itt;
	uint16_t tsih;
	uint8_t flags; /* of the request being answered */
	struct iscsi_keys keys;
};

void iscsi_login_init(struct iscsi_login_machine *l);
/* MaxRecvDataSegmentLength during login, RFC 7143 §13.12; in discovery sessions too */
#define LOGIN_DATA_MAX 8192u

int iscsi_login_on_request(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
int iscsi_login_decided(struct iscsi_conn *conn, const struct iscsi_login_reply *reply);
/*
 * Refuse the login: queue the response with this status and tell the owner why.  cause: for the
 * log, a string constant or what the owner gave.  Returns ERR_CLOSED (close when the response is
 * sent), or ERR_LIMIT or -ENOMEM (no response).
 */
int iscsi_login_refuse(struct iscsi_conn *conn, unsigned status, const char *cause);

/* A text exchange of the full feature phase. */
struct iscsi_exchange {
	bool open;
	bool more; /* the owner has more targets to name, behind `after` */
	uint32_t itt, ttt;
	struct iscsi_keys keys;
	char after[ISCSI_NAME_MAX + 1]; /* "" = from the first */
};

int iscsi_discovery_on_text(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);

int iscsi_control_on_nop_out(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
int iscsi_control_on_logout(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
int iscsi_control_on_snack(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/* Queue a Reject that carries this PDU's header.  Returns 0, ERR_LIMIT or -ENOMEM. */
int iscsi_control_reject(struct iscsi_conn *conn, const struct iscsi_pdu *pdu,
			 enum iscsi_reject_reason reason);

/* --- conn.c ---------------------------------------------------------------------------------- */

enum iscsi_conn_state { CONN_UP = 1, CONN_IN_LOGIN = 2, CONN_LOGGED_IN = 4, CONN_CLOSED = 8 };

struct iscsi_conn {
	const struct iscsi_conn_ops *ops;
	void *user;
	enum iscsi_conn_state state;
	int error; /* once negative, no input is taken */
	bool discovery;
	bool ping_open;
	uint32_t next_ttt; /* for pings and text; R2Ts have their own */
	uint32_t ping_ttt;
	uint16_t immediate_depth;
	struct iscsi_account account;
	unsigned tmf_count;
	unsigned tmf_with_owner;
	struct list tmfs;
	struct iscsi_params limits;
	struct iscsi_params params;
	struct iscsi_login info;
	struct iscsi_login_machine login;
	struct iscsi_exchange exchange;
	struct iscsi_text text;
	struct iscsi_session *session; /* its own: one connection for each session */
	struct iscsi_rx rx;
	struct iscsi_tx tx;
};

/* The last login response is queued: full feature phase.  Returns 0 or -ENOMEM. */
int iscsi_conn_established(struct iscsi_conn *conn);
/*
 * Before the full feature phase of a normal session, and in a discovery session: the peer may be
 * anybody.
 */
bool iscsi_conn_is_stranger(const struct iscsi_conn *conn);
/* The longest data segment that this end accepts now. */
uint32_t iscsi_conn_max_recv(const struct iscsi_conn *conn);
uint32_t iscsi_conn_new_ttt(struct iscsi_conn *conn);
bool iscsi_conn_same_lun(const struct iscsi_conn *conn, const uint8_t *a, const uint8_t *b);

#endif
