/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of iscsi_int.h, which says who uses it and on which thread: key=value texts, their
 * negotiation, CHAP, the login and text exchanges.
 */
#ifndef VDS_ISCSI_NEGOTIATE_INT_H
#define VDS_ISCSI_NEGOTIATE_INT_H

#include "base/str.h"
#include "iscsi/iscsi.h"
#include "iscsi/stream_int.h"

struct iscsi_conn;

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
 * Checks the initiator's answer, and answers its challenge if there is one.  Returns 0 (the state
 * is CHAP_DONE), -ENOMEM, or as iscsi_chap_take.
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
	/* the smaller level; 0 in discovery, and where more than one R2T at a time is agreed on */
	KEY_RECOVERY_LEVEL,
	KEY_R2TS,            /* the smaller value, and 1 where recovery was agreed on before */
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
	bool leading;    /* of the whole session: only its first login negotiates the key */
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
 * Handles a NOP-Out or a Logout Request PDU. Each returns 0, or a negative code (the connection
 * ends).
 */
int iscsi_control_on_nop_out(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
int iscsi_control_on_logout(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/* Answers a logout: the connection or the session is closed.  Returns 0, ERR_LIMIT or -ENOMEM. */
int iscsi_control_logged_out(struct iscsi_conn *conn, uint32_t itt);
/* Queues a Reject PDU that carries the header of this PDU. Returns 0, ERR_LIMIT or -ENOMEM. */
int iscsi_control_reject(struct iscsi_conn *conn, const struct iscsi_pdu *pdu,
			 enum iscsi_reject_reason reason);

#endif
