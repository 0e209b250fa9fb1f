/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An initiator and an owner for the tests of src/iscsi: it builds requests, passes them to a
 * connection, decodes the answers, and serves the commands from a small disk in memory.  All input
 * is recorded, so that a test can pass the same bytes again in other pieces.
 */
#ifndef VDS_TESTS_ISCSI_PEER_H
#define VDS_TESTS_ISCSI_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "iscsi/iscsi.h"
#include "iscsi/pdu_int.h"

#define PEER_BLOCK     512u
#define PEER_TASKS_MAX 160
#define PEER_INITIATOR "iqn.2024-01.test:initiator"
#define PEER_TARGET    "iqn.2024-01.test:target"

/* What the owner does with a command. */
enum peer_mode {
	/* execute the command at once, from the receive buffer where that is possible */
	PEER_SERVE,
	PEER_COPY,   /* execute the command at once, and always copy written data into a buffer */
	PEER_HOLD,   /* keep the command; the test ends it */
	PEER_REFUSE, /* answer CHECK CONDITION at once, whatever data is still to come */
};

/* 4 MiB; a test that makes thousands of peers sets a smaller size */
extern uint32_t peer_disk_bytes;

struct peer_bytes {
	uint8_t *bytes;
	size_t len, size;
};

struct peer {
	struct iscsi_conn *conn;
	enum peer_mode mode;
	int read_pieces;  /* number of buffers for the data of a read; 0 = one */
	unsigned refused; /* login status with which ops->refused was called; 0 = not called */
	bool login_later; /* the owner answers that its login decision is pending */
	struct iscsi_login_reply reply;
	int error;                       /* result of the last input */
	bool header_digest, data_digest; /* what this peer sends and expects */
	uint32_t cmd_sn, itt;
	uint32_t acked;       /* ExpStatSN of a SNACK; 0 acknowledges nothing */
	struct strbuf events; /* one line of text for each call of an op */
	struct peer_bytes fed, out;
	size_t out_read; /* bytes of `out` that peer_next has returned */
	struct iscsi_task *held[PEER_TASKS_MAX];
	unsigned held_count;
	struct iscsi_tmf *tmf; /* the last request that was not answered at once */
	bool tmf_later;
	unsigned targets;     /* number of targets in a SendTargets answer */
	unsigned given, done; /* number of calls of ops->command and of ops->task_done */
	bool faulty_digest;   /* the next PDU has a wrong data digest */
	uint8_t *disk;
	/* in login requests; a login with a TSIH joins the session of `first` */
	uint16_t tsih, cid;
	struct peer *first; /* whose disk this is; NULL = its own */
	unsigned woken;     /* number of calls of ops->output */
	unsigned soon; /* number of calls of ops->soon, and what the last one was called with */
	uint8_t soon_lun, soon_cdb[16];
};

/* A response, decoded. */
struct got {
	uint8_t bhs[BHS_SIZE];
	const uint8_t *data; /* in peer->out; valid until the next peer_pump */
	uint32_t data_len;
};

void peer_init(struct peer *p, const struct iscsi_params *limits);
/* Makes a peer whose command window has this depth. */
void peer_init_depth(struct peer *p, const struct iscsi_params *limits, uint16_t depth);
void peer_fini(struct peer *p);
/*
 * Makes a peer whose connection joins the session of `first`, which is freed after it, without
 * logging in; peer_join logs in, too.  The CmdSN is that of `first` at this moment.
 */
void peer_init_second(struct peer *p, struct peer *first, uint16_t cid);
void peer_join(struct peer *p, struct peer *first, uint16_t cid);

/*
 * Passes bytes to the connection, then collects everything that it sends in p->out.  Returns the
 * result of the input.
 */
int peer_feed(struct peer *p, const void *bytes, size_t len);
/* Passes bytes to the connection without collecting its output; peer_pump collects it. */
int peer_feed_quiet(struct peer *p, const void *bytes, size_t len);
void peer_pump(struct peer *p);
/* Sends one PDU: fills in its lengths, padding and digests. */
int peer_send(struct peer *p, uint8_t *bhs, const void *data, uint32_t len);
int peer_send_ahs(struct peer *p, uint8_t *bhs, const void *ahs, uint32_t ahs_len, const void *data,
		  uint32_t len);
/*
 * Writes the PDU to a buffer of PEER_PDU_MAX + len bytes instead of sending it; returns its length.
 */
size_t peer_build(struct peer *p, uint8_t *to, uint8_t *bhs, const void *ahs, uint32_t ahs_len,
		  const void *data, uint32_t len);
#define PEER_PDU_MAX (BHS_SIZE + AHS_MAX + 3 + 2 * DIGEST_SIZE)

/* Returns the next answer; false when there is none. */
bool peer_next(struct peer *p, struct got *got);
/* Returns the next answer, which must have this opcode. */
void peer_expect(struct peer *p, enum iscsi_pdu_opcode opcode, struct got *got);
void peer_expect_nothing(struct peer *p);
/* Expects the response of a command that ended with status GOOD. */
void peer_expect_good(struct peer *p, struct got *got);
/* Sends a command that must succeed, to show that the connection works; then frees the peer. */
void peer_expect_alive(struct peer *p);

/* Builds headers with the next sequence numbers and tags. */
void peer_command(struct peer *p, uint8_t *bhs, uint8_t flags, uint32_t edtl);
void peer_write10(struct peer *p, uint8_t *bhs, uint32_t lba, uint16_t blocks, bool final);
void peer_read10(struct peer *p, uint8_t *bhs, uint32_t lba, uint16_t blocks);
void peer_data_out(uint8_t *bhs, uint32_t itt, uint32_t ttt, uint32_t sn, uint32_t offset,
		   bool final);
void peer_request(struct peer *p, uint8_t *bhs, enum iscsi_pdu_opcode opcode, uint8_t flags,
		  bool immediate);

/* Sends one login request whose text has pairs that end with a NUL; returns the next response. */
void peer_login_request(struct peer *p, uint8_t flags, const char *text, size_t len,
			struct got *got);
/* Logs in to a normal session; pairs: further pairs for the operational stage ("" for none). */
void peer_login(struct peer *p, const char *pairs, size_t len);
/* Logs in with pairs as printf makes them; each ends with ';' in place of its NUL. */
void peer_login_with(struct peer *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void peer_login_discovery(struct peer *p);
/* Returns true when the text of a response has this pair. */
bool peer_text_has(const struct got *got, const char *pair);
const char *peer_events(const struct peer *p);
void peer_clear_events(struct peer *p);

/* ---- peer_ask.c: what several tests ask for and expect ---- */

void peer_snack(struct peer *p, unsigned type, uint32_t itt, uint32_t tag, uint32_t from,
		uint32_t len);
/* Sends a logout request (RFC 7143 §11.14).  Returns the result of the input. */
int peer_log_out(struct peer *p, unsigned reason, uint16_t cid);
void peer_expect_logout(struct peer *p, unsigned response);
void peer_expect_reject(struct peer *p, enum iscsi_reject_reason reason);
/* Expects that the command with this tag has ended with status GOOD. */
void peer_expect_good_of(struct peer *p, uint32_t itt);

#endif
