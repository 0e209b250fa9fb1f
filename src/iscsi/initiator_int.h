/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the initiator side share, grouped by the file that defines it.  Private to
 * src/iscsi; everything runs on the thread that has the initiator.
 *
 *	bytes --> rx --> initiator.c (opcode table) --> login | responses, Data-In, R2T, task management
 *	bytes <-- initiator_tx.c <-- login text, requests and their data, task management
 */
#ifndef VDS_ISCSI_INITIATOR_INT_H
#define VDS_ISCSI_INITIATOR_INT_H

#include "iscsi/initiator.h"
#include "iscsi/iscsi_int.h"

/* ---- initiator_tx.c: what is sent ---- */

#define INITIATOR_SLOTS    64u /* a power of two */
#define INITIATOR_PIECES   16u /* the data of one PDU comes from at most so many buffers */
/* a header with the segments for a CDB of 32 bytes and for the length of a bidirectional read */
#define INITIATOR_HEAD_MAX (BHS_SIZE + 20u + 8u + DIGEST_SIZE)

/* A piece of output: a header with data, padding and digest; or only data of the PDU before. */
struct iscsi_initiator_slot {
	struct iscsi_request *request; /* whose buffers `data` is in; or NULL */
	const uint8_t *data;
	uint32_t data_len;
	uint8_t head_len, tail_len;
	uint8_t head[INITIATOR_HEAD_MAX];
	uint8_t tail[3 + DIGEST_SIZE];
};

struct iscsi_initiator_tx {
	unsigned first, count; /* the first used slot, and the number of used slots */
	size_t sent;           /* bytes of the first used slot that are sent */
	struct iscsi_initiator_slot slots[INITIATOR_SLOTS];
};

/* ---- initiator.c ---- */

#define INITIATOR_SECRET_MAX 255u /* bytes */

enum iscsi_initiator_state {
	INITIATOR_OFFERS,      /* the first request was sent: who, to what, AuthMethod */
	INITIATOR_CHALLENGES,  /* CHAP_A was sent */
	INITIATOR_PROVES,      /* CHAP_N and CHAP_R were sent */
	INITIATOR_OPERATIONAL, /* the keys of the operational stage were sent */
	INITIATOR_FULL,        /* the login has ended well */
	INITIATOR_ENDED,       /* ini->error says why */
};

/* Tags of PDUs that are no requests; the low half is no place in the table of tags. */
#define INITIATOR_TAG_LOGIN  0x0000fff0u
#define INITIATOR_TAG_PING   0x0000fff1u
#define INITIATOR_TAG_LOGOUT 0x0000fff2u

enum iscsi_request_state {
	REQUEST_NEW,
	REQUEST_WAITS,  /* in ini->waiting: it has no CmdSN yet */
	REQUEST_SENDS,  /* in ini->bursts: data is to be sent */
	REQUEST_ACTIVE, /* in ini->active: sent, and not answered */
	REQUEST_ENDS,   /* in ini->ending: over, but the ring refers to its buffers */
};

/* What has a tag.  Both NULL = the place is free. */
struct iscsi_initiator_place {
	struct iscsi_request *request;
	struct iscsi_request_tmf *tmf;
	uint16_t generation; /* the upper half of its tags */
};

struct iscsi_initiator {
	const struct iscsi_initiator_ops *ops;
	void *user;
	enum iscsi_initiator_state state;
	int error;
	struct iscsi_params limits, params;

	/* login; what is secret is cleared when it has ended */
	char initiator_name[ISCSI_NAME_MAX + 1], initiator_alias[ISCSI_ALIAS_MAX + 1];
	char target_name[ISCSI_NAME_MAX + 1];
	uint8_t isid[ISCSI_ISID_SIZE];
	uint16_t cid, tsih;
	char chap_name[ISCSI_CHAP_NAME_MAX + 1]; /* "" = no CHAP */
	struct iscsi_initiator_secret {
		uint8_t bytes[INITIATOR_SECRET_MAX];
		size_t len;
	} secret, target_secret;
	uint8_t challenge[CHAP_DIGEST_MAX]; /* ours, when the target must prove itself */
	uint8_t challenge_id;
	uint32_t chap_hash;
	unsigned login_requests;
	uint8_t login_flags; /* of the last request */
	uint16_t login_status;
	int tpgt;
	bool login_due;         /* a login request waits to be sent: text.out */
	struct iscsi_text text; /* in: the target's text; out: ours */
	struct iscsi_account account;

	/* numbers of the session */
	uint32_t cmd_sn, max_cmd_sn, exp_stat_sn;
	bool has_stat_sn;

	struct iscsi_initiator_place *places;
	size_t place_count, place_capacity;
	size_t place_hint; /* no place before it is free */
	unsigned requests; /* with the engine, those of task management included */
	uint32_t sequence; /* of what was sent: which requests a function concerns */

	struct list waiting, bursts, active, ending; /* struct iscsi_request.node */
	struct list tmfs;                            /* struct iscsi_request_tmf.node: to be sent */
	struct list tmfs_sent;                       /* the same: sent, and not answered */
	bool ping_due, ping_sent, logout_due;
	/* answers that are due to pings of the target: NOP-In with a tag.  A ring. */
	struct iscsi_initiator_pong {
		uint32_t ttt;
		uint8_t lun[8];
	} pongs[8];
	unsigned pong_first, pong_count;

	struct iscsi_rx rx;
	struct iscsi_initiator_tx tx;
};

/* Ends the connection with this reason.  Returns ini->error. */
int iscsi_initiator_fail(struct iscsi_initiator *ini, int reason);

/* ---- initiator_login.c ---- */

/* Makes the first login request.  Returns 0 or -ENOMEM. */
int iscsi_initiator_login_begin(struct iscsi_initiator *ini);
/* Handles a login response.  Returns 0 or a negative code: the connection ends. */
int iscsi_initiator_on_login(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu);
/* Forgets what only the login needed. */
void iscsi_initiator_login_end(struct iscsi_initiator *ini);

/* ---- initiator_task.c ---- */

/*
 * Handle a PDU of the full feature phase.  Each returns 0 or a negative code: the connection ends.
 */
int iscsi_initiator_on_response(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu);
int iscsi_initiator_on_data_in(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu);
int iscsi_initiator_on_r2t(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu);
int iscsi_initiator_on_tmf_response(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu);
/* The header of a Data-In is here: have its data received into the buffers of its request. */
int iscsi_initiator_head_data_in(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu);
/* Called when the ring refers to one slot less of the request's buffers. */
void iscsi_initiator_slot_sent(struct iscsi_initiator *ini, struct iscsi_request *request);
/* Ends everything, because the connection has ended. */
void iscsi_initiator_end_all(struct iscsi_initiator *ini, int reason);

#endif
