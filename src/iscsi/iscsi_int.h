/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The private half of the iSCSI engine: the structs of a connection and the functions that the
 * files of src/iscsi call in each other, grouped by the file that defines them.  Only files of
 * src/iscsi and their tests include this header.
 *
 *	bytes --> rx --> conn (opcode table) --> login | discovery | task | data | tmf | control
 *	bytes <-- tx <-- responses, R2T, Data-In (built into a ring of headers when there is room)
 *
 * Everything here is used only by the thread that has the connection, except struct iscsi_budget,
 * which several threads share.
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
	struct iscsi_budget *budget; /* the limit that many connections share; may be NULL */
	size_t bytes;                /* bytes that this connection holds now */
};

/*
 * Counts bytes that the connection is about to hold.  Returns 0, or ERR_LIMIT (the budget is used
 * up, and this connection already holds more than ISCSI_ACCOUNT_FREE bytes). iscsi_account_give
 * takes bytes off the count again.
 */
int iscsi_account_take(struct iscsi_account *account, size_t bytes);
void iscsi_account_give(struct iscsi_account *account, size_t bytes);
/*
 * Returns true when more than half of the budget is in use: memory that is kept only for speed is
 * to be freed.
 */
bool iscsi_account_is_tight(const struct iscsi_account *account);

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
 * A PDU on the heap that is not part of a task's data or status: every PDU but the ones of the
 * steady path.
 */
struct iscsi_tx_msg {
	struct iscsi_tx_item item;
	enum iscsi_tx_stat_sn stat_sn;
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
	struct iscsi_tx_msg *msg; /* freed when the slot was sent; or NULL */
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
/* Sends a message, which belongs to the queue from now on. */
void iscsi_tx_msg_send(struct iscsi_conn *conn, struct iscsi_tx_msg *msg);
/* Drops everything that waits to be sent. */
void iscsi_tx_clear(struct iscsi_conn *conn);

/* --- text.c: key=value --- */

#define TEXT_MAX     (64u * 1024) /* bytes of one negotiation at most, over all its PDUs */
#define TEXT_KEY_MAX 63u          /* the longest name of a key in bytes, RFC 7143 §6.1 */

/*
 * The key=value pairs of a request, gathered over several PDUs, and the answer, which is sent in
 * parts.
 */
struct iscsi_text {
	char *in; /* the request; a NUL stands behind in_len bytes */
	size_t in_len, in_size;
	struct strbuf out; /* the answer: pairs, each with its NUL */
	/* bytes of the answer that were sent */
	size_t out_sent;
	struct iscsi_account *account;
	size_t out_taken; /* bytes of `out` that are counted in the account */
};

void iscsi_text_init(struct iscsi_text *t, struct iscsi_account *account);
void iscsi_text_fini(struct iscsi_text *t);
/*
 * Appends bytes to the request.  Returns 0, -ENOMEM, or ERR_LIMIT (the request is longer than
 * TEXT_MAX, or the budget is used up).
 */
int iscsi_text_add(struct iscsi_text *t, const uint8_t *bytes, size_t len);
void iscsi_text_clear_in(struct iscsi_text *t);
void iscsi_text_clear_out(struct iscsi_text *t);
size_t iscsi_text_out_left(const struct iscsi_text *t);
/*
 * Forgets the part of the answer that was sent, so that its memory is used for what is added later.
 */
void iscsi_text_compact_out(struct iscsi_text *t);
/*
 * Walks the pairs of the request.  *cursor is 0 at the first call.  Returns 1 with a pair, 0 at the
 * end, or ERR_PROTOCOL (not a key=value pair). Both strings point into t->in and are valid until
 * the next call.
 */
int iscsi_text_next(struct iscsi_text *t, size_t *cursor, const char **ret_key,
		    const char **ret_value);
/*
 * Returns true when the answer that is being built has a pair with this key.  Takes time in
 * proportion to the length of the answer.
 */
bool iscsi_text_has(const struct iscsi_text *t, const char *key);
/* Removes the pair with this key from the answer, if there is one. */
void iscsi_text_take_out(struct iscsi_text *t, const char *key);
/* Appends a pair to the answer; a failure shows in t->out.failed. */
void iscsi_text_put(struct iscsi_text *t, const char *key, const char *value);
void iscsi_text_put_number(struct iscsi_text *t, const char *key, uint32_t value);
/*
 * Reads a decimal number, or a hexadecimal one that begins with 0x.  Returns 0 or ERR_PARSE (not
 * such a number).
 */
int iscsi_text_parse_number(const char *value, uint32_t *ret_number);
/*
 * Reads an iqn., eui. or naa. name and write it in lower case.  Returns 0 or ERR_PARSE (not such a
 * name).
 */
int iscsi_text_parse_name(const char *value, char name[ISCSI_NAME_MAX + 1]);

/* --- chap.c --- */

#define CHAP_BINARY_MAX       1024u /* bytes of a challenge at most, RFC 7143 §12.1.3 */
#define CHAP_DIGEST_MAX       32u   /* bytes of a digest at most */
#define CHAP_BINARY_TEXT_SIZE (2 * CHAP_DIGEST_MAX + 3)

/* chap.c has the diagram. */
enum iscsi_chap_state { CHAP_AGREED, CHAP_CHALLENGED, CHAP_ASKING, CHAP_DONE };
/* In the order of the negotiation table. */
enum iscsi_chap_key { CHAP_A, CHAP_C, CHAP_I, CHAP_N, CHAP_R };

struct iscsi_chap {
	enum iscsi_chap_state state;
	unsigned keys;     /* bits of enum iscsi_chap_key: what this request has brought */
	unsigned kinds;    /* bit n: enum digest_kind n is allowed; 0 = each is */
	bool forbidden;    /* the initiator offered one that we have and that is not allowed */
	uint32_t hash;     /* the strongest hash that both sides have; 0 = none yet */
	uint16_t status;   /* why a function failed with ERR_PROTOCOL: enum iscsi_login_status */
	const char *cause; /* the same in words */
	bool fresh;        /* AuthMethod=CHAP came with this request */
	bool mutual;       /* the initiator wants the target to prove itself, too */
	bool base64;       /* the initiator wrote its last binary value as base64 */
	/* our challenge */
	uint8_t id;
	size_t challenge_len;
	uint8_t challenge[CHAP_DIGEST_MAX];
	/* the initiator's answer */
	size_t response_len;
	uint8_t response[CHAP_DIGEST_MAX];
	char name[ISCSI_CHAP_NAME_MAX + 1];
	/* the initiator's challenge */
	uint8_t peer_id;
	size_t peer_challenge_len;
	uint8_t peer_challenge[CHAP_BINARY_MAX];
};

/*
 * Begins: both sides have agreed on AuthMethod=CHAP.  allowed: bit n allows enum digest_kind n; 0 =
 * each is allowed.
 */
void iscsi_chap_init(struct iscsi_chap *chap, unsigned allowed);
/*
 * Takes one key of a request.  Returns 0, or ERR_PROTOCOL (chap->status and chap->cause say why the
 * login is refused).
 */
int iscsi_chap_take(struct iscsi_chap *chap, enum iscsi_chap_key key, const char *value);
/*
 * Does what follows from the keys of a request, which are all taken.  In state CHAP_ASKING the
 * caller gets the credentials for chap->name and calls iscsi_chap_verify.  Returns as
 * iscsi_chap_take.
 */
int iscsi_chap_step(struct iscsi_chap *chap, struct iscsi_text *out);
/*
 * Checks the initiator's answer, and answers its challenge if there is one.  Returns 0 (the state is
 * CHAP_DONE), -ENOMEM, or as iscsi_chap_take.
 */
int iscsi_chap_verify(struct iscsi_chap *chap, const struct iscsi_credentials *credentials,
		      struct iscsi_text *out);
/*
 * Computes the answer to a challenge.  hash: 5 MD5, 6 SHA-1, 7 SHA-256, 8 SHA3-256.  Returns its
 * length in bytes, or -ENOMEM (also: libcrypto does not have the hash).
 */
int iscsi_chap_digest(uint32_t hash, uint8_t id, const struct iscsi_secret *secret,
		      const uint8_t *challenge, size_t challenge_len,
		      uint8_t digest[CHAP_DIGEST_MAX]);
/*
 * Reads a binary value: hexadecimal digits behind 0x, or base64 behind 0b.  Returns its length in
 * bytes, ERR_PARSE (it is none of both) or ERR_LIMIT (it is longer than max).
 */
int iscsi_chap_parse_binary(const char *value, uint8_t *bytes, size_t max, bool *ret_base64);
/* Writes a binary value of at most CHAP_DIGEST_MAX bytes. */
void iscsi_chap_format_binary(const uint8_t *bytes, size_t len, bool base64,
			      char text[CHAP_BINARY_TEXT_SIZE]);

/* --- keys.c: the negotiation table --- */

enum iscsi_key_rule {
	KEY_AND,
	KEY_OR, /* Boolean values; the result is OR (KEY_AND: AND) */
	KEY_MIN,
	KEY_MAX, /* numbers; the result is the larger one (KEY_MIN: the smaller one) */
	/* the smaller value, and at most MaxBurstLength: decided when that is known */
	KEY_FIRST_BURST,
	KEY_LIST,            /* the first of the offered values that this target knows */
	KEY_AUTH,            /* None, or CHAP when the initiator must prove itself */
	KEY_CHAP,            /* key->ours: enum iscsi_chap_key */
	KEY_DECLARED_NUMBER, /* MaxRecvDataSegmentLength: each side declares its own value */
	KEY_DECLARED_TEXT,
	KEY_DECLARED_NAME,
	KEY_SESSION_TYPE,
	KEY_SEND_TARGETS,
	KEY_OURS, /* a key that only a target may declare */
	/* a Boolean to which this target always answers No */
	KEY_NO,
	KEY_REJECT, /* obsolete: RFC 7143 §13.25 */
};

/* The stages at which a key may be sent: bits. */
enum iscsi_key_stage { STAGE_SECURITY = 1, STAGE_OPERATIONAL = 2, STAGE_FULL = 4 };

struct iscsi_key {
	const char *name;
	enum iscsi_key_rule rule;
	uint8_t stages;  /* bits of enum iscsi_key_stage: where the key may be sent */
	bool irrelevant; /* answered with Irrelevant in a discovery session */
	/*
	 * bytes of the field in struct iscsi_params; 0: there is no field, and our value is fixed
	 */
	uint8_t width;
	/* offset of the field in struct iscsi_params; for texts in struct iscsi_login */
	uint16_t offset;
	/* the range of values that a peer may send; for texts max is the size of the field */
	uint32_t min, max;
	uint32_t ours; /* used when there is no field: our number, or the set of our choices */
	const char *const *choices; /* KEY_LIST: bit n of the set is choices[n] */
};

#define KEY_COUNT 34u
extern const struct iscsi_key iscsi_key_table[KEY_COUNT]; /* sorted by name */

/* The state of one negotiation. */
struct iscsi_keys {
	uint8_t stage;
	/* the initiator offered AuthMethod without the method that it must use */
	bool auth_refused;
	bool needs_chap;     /* the initiator must prove itself by CHAP */
	unsigned chap_kinds; /* by which hashes: iscsi_chap_init */
	bool has_initiator, has_target, has_type;
	uint16_t status;   /* why iscsi_keys_apply failed: enum iscsi_login_status */
	const char *cause; /* why iscsi_keys_apply failed, in words */
	/* bit n: the key in row n of the table was received; each key may come once */
	uint64_t seen;
	unsigned unknown; /* how many keys were answered with NotUnderstood */
	char send_targets[ISCSI_NAME_MAX + 1];
	bool wants_targets;
};

/* Which keys iscsi_keys_apply negotiates. */
enum iscsi_key_part {
	/* who logs in to what: the rest depends on it, and so it is decided first */
	KEYS_DECLARED,
	KEYS_REST,
	KEYS_ALL,
};

/* Sets the values that apply when a key is not negotiated. RFC 7143 §13. */
void iscsi_keys_defaults(struct iscsi_params *agreed);
const struct iscsi_key *iscsi_keys_find(const char *name);
/*
 * Negotiates pairs of conn->text.in: agreed values are stored in conn->params, names in
 * conn->info, answers in conn->text.out.  Returns 0, ERR_PROTOCOL (k->status and k->cause say why
 * the login is refused) or -ENOMEM.
 */
int iscsi_keys_apply(struct iscsi_conn *conn, struct iscsi_keys *k, enum iscsi_key_part part);

/* --- task.c --- */

enum iscsi_task_state {
	TASK_FREE,
	TASK_OWNER,   /* with the owner, who executes the command */
	TASK_COLLECT, /* the command's write data is being received */
	TASK_DRAIN,   /* the owner has ended it; requested data is still to come and is discarded */
	TASK_ENDING,  /* the last PDU of the answer is queued or being sent */
};

/*
 * A SCSI command from its arrival until its answer is sent: struct iscsi_task and what only the
 * engine needs.
 */
struct iscsi_cmd {
	struct iscsi_task pub;
	struct iscsi_tx_item item;
	struct iscsi_cmd *next; /* the next task in its hash bucket, or in the free list */
	uint32_t number;        /* index in the pool */
	uint8_t state;          /* enum iscsi_task_state */
	bool owned;             /* ops->command was called, so ops->task_done must be called */
	bool counted;           /* takes a place of the command window */
	bool tagged;            /* iscsi_task_find finds the task by its ITT */
	bool accepted;          /* iscsi_task_accept_write was called */
	/* unsolicited data is still to come: no PDU of it had the final bit yet */
	bool unsolicited;
	bool in_command;     /* inside ops->command */
	bool status_in_data; /* the last Data-In PDU carries the status */
	bool abandoned;      /* iscsi_task_abandon was called: nobody waits for the task any more */
	uint32_t abort_seq;  /* number of the abort that concerned this task; 0 = none */
	uint32_t arrival;    /* how many commands of the session had arrived before this one */

	/* Writes data. It always arrives in order (DataPDUInOrder, DataSequenceInOrder). */
	struct iscsi_iov_cursor wr;
	struct iovec wr_one;
	uint32_t wr_want;            /* bytes that the owner asked for */
	uint32_t wr_pos;             /* bytes received so far */
	uint32_t wr_first_max;       /* offset at which the unsolicited data ends */
	uint32_t wr_sn;              /* DataSN of the next Data-Out PDU of this sequence */
	uint32_t r2t_base;           /* offset at which the data requested with R2T begins */
	uint32_t r2t_sent, r2t_done; /* number of R2Ts that were sent, and that are fulfilled */

	/* Reads data. */
	struct iscsi_iov_cursor rd;
	struct iovec rd_one;
	uint32_t rd_left;  /* bytes that are still to be put into the ring */
	uint32_t rd_pos;   /* bytes that are in the ring or sent */
	uint32_t rd_burst; /* bytes of the present sequence that are in the ring or sent */
	/* the next DataSN or R2TSN: one count serves for both, RFC 7143 §11.7.5 */
	uint32_t data_sn;
	uint32_t data_ins; /* number of Data-In PDUs that were built */
	uint32_t in_ring;  /* slots of the ring that belong to this task */

	uint8_t status, response, flags;
	uint32_t residual, bidi_residual;
	uint32_t sense_len;
	uint8_t cdb[16];
	uint8_t *cdb_long;
	uint8_t sense[2 + ISCSI_SENSE_MAX];
};

#define TASK_CHUNK       16u
#define TASK_CHUNKS_FAIR 4u /* chunks that a session may have even when memory is tight: 64 tasks */
#define TASK_CHUNKS_MAX  160u /* enough for 2 * 1024 + 256 tasks */
#define TASK_BUCKETS     256u

/*
 * The tasks of a session.  Memory for TASK_CHUNK tasks at a time is allocated when it is first
 * needed.
 */
struct iscsi_task_pool {
	uint32_t task_bytes; /* bytes of a task, including those for the owner */
	uint32_t limit;      /* tasks that the pool may have at most, beside the abandoned ones */
	uint32_t chunks;
	uint32_t immediates; /* immediate commands that are in use, but for abandoned ones */
	/* tasks that are with the owner */
	uint32_t with_owner;
	uint32_t abandoned; /* how many of with_owner were abandoned */
	uint32_t abort_seq; /* number of the newest abort in this session */
	uint32_t arrivals;  /* how many commands have arrived in this session */
	struct iscsi_cmd *free;
	uint8_t *chunk[TASK_CHUNKS_MAX];
	/* TASK_BUCKETS hash buckets by ITT, allocated with the first chunk; NULL before */
	struct iscsi_cmd **bucket;
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
/* Returns the task with this index of the pool, whether the task is in use or free. */
struct iscsi_cmd *iscsi_task_at(const struct iscsi_task_pool *pool, uint32_t number);
/* Returns the task with this Initiator Task Tag, or NULL. */
struct iscsi_cmd *iscsi_task_find(const struct iscsi_task_pool *pool, uint32_t itt);
/* Moves a task to another state, and asserts what must hold there. */
void iscsi_task_to(struct iscsi_cmd *task, enum iscsi_task_state state);
/*
 * Handles a SCSI Command PDU. Returns 0, ERR_PROTOCOL, ERR_LIMIT or -ENOMEM (the connection ends).
 */
int iscsi_task_on_command(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/*
 * Frees the task's place in the window and its tag.  To be called before the sequence numbers of
 * the task's last PDU are written, so that MaxCmdSN already counts the place.
 */
void iscsi_task_untag(struct iscsi_cmd *task);
/* Sets the residual count of a read that would transfer `length` bytes. */
void iscsi_task_set_read_residual(struct iscsi_cmd *task, uint64_t length);
/*
 * Calls ops->task_done and returns the task to the pool.  To be called when nothing refers to the
 * task any more.
 */
void iscsi_task_release(struct iscsi_cmd *task);
/*
 * Aborts a task in whichever state it is (iscsi_conn_abort_tasks). Returns true when the owner
 * still executes the task.
 */
bool iscsi_task_abort(struct iscsi_cmd *task);
/* Does what iscsi_conn_abort_tasks says. */
unsigned iscsi_task_abort_all(struct iscsi_conn *conn, const uint8_t *lun,
			      const struct iscsi_moment *before);

/* --- session.c: the command window and the tasks --- */

#define HELD_BYTES_MAX (1024u * 1024)

/*
 * Where a CmdSN lies: next in turn, ahead of its turn but within the window, or outside the window.
 */
enum iscsi_sn_place { SN_NEXT, SN_AHEAD, SN_OUTSIDE };

struct iscsi_session {
	uint32_t exp_cmd_sn;
	uint32_t max_cmd_sn;  /* MaxCmdSN as it was sent last; never decreases */
	uint32_t exp_stat_sn; /* the first StatSN that the initiator has not acknowledged */
	uint32_t in_use; /* places of the window that are taken; immediate commands take none */
	/* places of the window */
	uint32_t depth;
	bool in_turn; /* the PDU that is being handled has just used up its CmdSN */
	struct iscsi_account *account;
	struct iscsi_task_pool pool;
	struct list held; /* PDUs that came before their turn: struct iscsi_held, sorted by CmdSN */
	size_t held_bytes;
};

/* A copy of a PDU that came before its turn. */
struct iscsi_held {
	struct list node;
	uint32_t cmd_sn;
	bool is_data; /* a Data-Out PDU for the command with this CmdSN */
	bool is_void; /* the command was aborted before it arrived: only its number counts */
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
 * Makes a session with a window of `depth` commands.  Its pool has room for these, for `immediate`
 * immediate commands, and for commands whose last answer waits to be sent.  extra_bytes: the
 * owner's bytes in each task.  Returns NULL when out of memory.
 */
struct iscsi_session *iscsi_session_new(uint32_t depth, uint32_t immediate, uint32_t extra_bytes,
					struct iscsi_account *account);
/* Frees a session that has no task in use. Accepts NULL. */
void iscsi_session_free(struct iscsi_session *s);
/* Drops the PDUs that are held. */
void iscsi_session_clear(struct iscsi_session *s);
/* Begins the full feature phase: cmd_sn is the next CmdSN that is expected. */
void iscsi_session_start(struct iscsi_session *s, uint32_t cmd_sn);
/* Returns where a CmdSN lies. */
enum iscsi_sn_place iscsi_session_place(const struct iscsi_session *s, uint32_t cmd_sn);
/* Returns the MaxCmdSN to advertise now. */
uint32_t iscsi_session_max_cmd_sn(struct iscsi_session *s);
/*
 * Keeps a PDU that came before its turn; drops a duplicate.  Returns 0, -ENOMEM, or ERR_LIMIT
 * (HELD_BYTES_MAX or the budget is used up).
 */
int iscsi_session_hold(struct iscsi_session *s, const struct iscsi_pdu *pdu, uint32_t cmd_sn,
		       bool is_data);
/*
 * Treats a CmdSN as received although its command will not come, because the command was aborted.
 * Returns 0, -ENOMEM or ERR_LIMIT.
 */
int iscsi_session_hold_void(struct iscsi_session *s, uint32_t cmd_sn);
/* Returns the held command with this ITT, or NULL. */
struct iscsi_held *iscsi_session_find_held(struct iscsi_session *s, uint32_t itt);
/*
 * Removes and returns the held PDU whose turn has come, or NULL when there is none; the caller
 * frees the PDU with iscsi_session_held_free.
 */
struct iscsi_held *iscsi_session_pop(struct iscsi_session *s);
void iscsi_session_held_free(struct iscsi_session *s, struct iscsi_held *h);
/*
 * Undoes that the PDU in turn has used up its CmdSN, because the PDU is rejected.  Has no effect
 * when no PDU is in turn.
 */
void iscsi_session_reject(struct iscsi_session *s);

/* --- data.c: R2T, Data-Out, Data-In, status -------------------------------------------------- */

/*
 * To be called when the header of a Data-Out PDU is complete: decide where its data goes.  Returns
 * 0, or a negative code (the connection ends).
 */
int iscsi_data_out_head(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/* Handles a complete Data-Out PDU. Returns 0, or a negative code (the connection ends). */
int iscsi_data_on_out(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/* Handles a Data-Out whose data digest is wrong. */
void iscsi_data_out_damaged(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/*
 * Makes the owner end a task whose data was wrong (ops->data_fault). The answer is sent now, or
 * when the requested data has arrived.
 */
void iscsi_data_fault(struct iscsi_cmd *task, enum iscsi_data_fault fault);
/*
 * Sends the status and residual that are stored in the task: now, or when the requested data has
 * arrived.
 */
void iscsi_data_send_status(struct iscsi_cmd *task);
/* Returns true when all data that was requested for the task has arrived. */
bool iscsi_data_is_drained(const struct iscsi_cmd *task);
/* Notes that a slot with data of this task was sent. */
void iscsi_data_slot_sent(struct iscsi_cmd *task);

/* --- tmf.c ----------------------------------------------------------------------------------- */

#define TMF_MAX 64u

struct iscsi_tmf_cmd {
	struct iscsi_tmf pub;
	struct list node; /* links the struct into conn->tmfs */
	uint32_t itt;
	/* the response waits until the tasks of all aborts up to this number have ended */
	uint32_t abort_seq;
	uint8_t response;
	bool answered; /* the owner has called iscsi_tmf_done */
};

/*
 * Handles a Task Management Function Request PDU. Returns 0, or a negative code (the connection
 * ends).
 */
int iscsi_tmf_on_request(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/* Called when an aborted task has ended: send the responses that waited for the task. */
void iscsi_tmf_on_task_gone(struct iscsi_conn *conn, const struct iscsi_cmd *task);
void iscsi_tmf_free_all(struct iscsi_conn *conn);

/* --- login.c, discovery.c, control.c --------------------------------------------------------- */

enum iscsi_login_state { LOGIN_START, LOGIN_SECURITY, LOGIN_OPERATIONAL, LOGIN_FULL };

struct iscsi_login_machine {
	enum iscsi_login_state state;
	int pending_step; /* the enum iscsi_login_step that the owner has not decided yet, or -1 */
	bool declared;    /* MaxRecvDataSegmentLength of this side was sent */
	bool decided;     /* the owner has accepted the first request */
	unsigned requests;
	uint32_t itt;
	uint16_t tsih;
	uint8_t flags;           /* flags of the request that is being answered */
	struct iscsi_chap *chap; /* owned; NULL = CHAP was not agreed on, or the login has ended */
	struct iscsi_keys keys;
};

void iscsi_login_init(struct iscsi_login_machine *l);
/* Forgets what only the login needed. */
void iscsi_login_fini(struct iscsi_login_machine *l);
/* Bytes of data in a PDU at most, during login (RFC 7143 §13.12) and in discovery sessions. */
#define LOGIN_DATA_MAX 8192u

/*
 * Handles a Login Request PDU, and continues a login that the owner has decided.  Both return 0, or
 * a negative code (the connection ends).
 */
int iscsi_login_on_request(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
int iscsi_login_decided(struct iscsi_conn *conn, const struct iscsi_login_reply *reply);
/*
 * Refuses the login: queues the response with this status and calls ops->refused.  cause: words for
 * the log, a string constant or the owner's text.  Returns ERR_CLOSED (close the connection when
 * the response is sent), or ERR_LIMIT or -ENOMEM (there is no response).
 */
int iscsi_login_refuse(struct iscsi_conn *conn, unsigned status, const char *cause);

/* A text exchange of the full feature phase: requests and responses that belong together. */
struct iscsi_exchange {
	bool open;
	bool more; /* the owner has more targets to name, behind the one called `after` */
	uint32_t itt, ttt;
	struct iscsi_keys keys;
	char after[ISCSI_NAME_MAX + 1]; /* name of the last target that was named; "" = none yet */
};

/* Handles a Text Request PDU. Returns 0, or a negative code (the connection ends). */
int iscsi_discovery_on_text(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);

/*
 * Handles a NOP-Out, a Logout Request, or a SNACK PDU. Each returns 0, or a negative code (the
 * connection ends).
 */
int iscsi_control_on_nop_out(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
int iscsi_control_on_logout(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
int iscsi_control_on_snack(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/* Queues a Reject PDU that carries the header of this PDU. Returns 0, ERR_LIMIT or -ENOMEM. */
int iscsi_control_reject(struct iscsi_conn *conn, const struct iscsi_pdu *pdu,
			 enum iscsi_reject_reason reason);

/* --- conn.c ---------------------------------------------------------------------------------- */

/*
 * The states of a connection, as bits so that a set of states can be named; conn.c has the diagram.
 */
enum iscsi_conn_state { CONN_UP = 1, CONN_IN_LOGIN = 2, CONN_LOGGED_IN = 4, CONN_CLOSED = 8 };

struct iscsi_conn {
	const struct iscsi_conn_ops *ops;
	void *user;
	enum iscsi_conn_state state;
	int error; /* 0, or the code that ended the connection: no more input is taken */
	bool discovery;
	/* a ping was sent and not answered yet */
	bool ping_open;
	/* the next target transfer tag for pings and text; R2Ts count their own */
	uint32_t next_ttt;
	uint32_t ping_ttt;
	uint16_t immediate_depth;
	struct iscsi_account account;
	/* task management requests in `tmfs` */
	unsigned tmf_count;
	/* those of them that the owner has not answered */
	unsigned tmf_with_owner;
	struct list tmfs;
	struct iscsi_params limits;
	struct iscsi_params params;
	struct iscsi_login info;
	struct iscsi_login_machine login;
	struct iscsi_exchange exchange;
	struct iscsi_text text;
	/* owned by this connection, since each session has one connection */
	struct iscsi_session *session;
	struct iscsi_rx rx;
	struct iscsi_tx tx;
};

/* Enters the full feature phase: the last login response is queued. Returns 0 or -ENOMEM. */
int iscsi_conn_established(struct iscsi_conn *conn);
/*
 * Returns true before the full feature phase of a normal session, and in a discovery session: the
 * peer may then be anybody.
 */
bool iscsi_conn_is_stranger(const struct iscsi_conn *conn);
/* Returns the length of the longest data segment that this side accepts now. */
uint32_t iscsi_conn_max_recv(const struct iscsi_conn *conn);
/* Returns a target transfer tag that is not in use. */
uint32_t iscsi_conn_new_ttt(struct iscsi_conn *conn);
/* Returns true when both LUN fields name the same unit, as the owner's same_lun says. */
bool iscsi_conn_same_lun(const struct iscsi_conn *conn, const uint8_t *a, const uint8_t *b);

#endif
