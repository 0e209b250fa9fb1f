/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An initiator and an owner for the tests of src/iscsi: it builds requests, feeds them to a
 * connection, takes the answers apart, and serves the commands from a small disk in memory.
 * Everything fed is recorded, so that a test can feed it again, cut otherwise.
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
	PEER_SERVE,  /* execute it at once, from the receive buffer where that is possible */
	PEER_COPY,   /* the same, but writes always through a buffer */
	PEER_HOLD,   /* keep it; the test ends it */
	PEER_REFUSE, /* CHECK CONDITION at once, whatever data is still to come */
};

extern uint32_t peer_disk_bytes; /* 4 MiB; a test that makes thousands of peers wants less */

struct peer_bytes {
	uint8_t *bytes;
	size_t len, size;
};

struct peer {
	struct iscsi_conn *conn;
	enum peer_mode mode;
	int read_pieces;  /* buffers a read is given in; 0 = one */
	unsigned refused; /* status of the refusal that the owner was told of; 0 = none */
	bool login_later; /* the owner answers "pending" */
	struct iscsi_login_reply reply;
	int error;                       /* of the last input */
	bool header_digest, data_digest; /* the peer's view: what it sends and expects */
	uint32_t cmd_sn, itt;
	struct strbuf events; /* one line for each callback */
	struct peer_bytes fed, out;
	size_t out_read; /* bytes of out that peer_next took */
	struct iscsi_task *held[PEER_TASKS_MAX];
	unsigned held_count;
	struct iscsi_tmf *tmf; /* the last that was not answered at once */
	bool tmf_later;
	unsigned targets;     /* SendTargets answers so many */
	unsigned given, done; /* tasks: commands and task_dones */
	bool faulty_digest;   /* the next PDU gets a wrong data digest */
	uint8_t *disk;
};

/* A response, taken apart. */
struct got {
	uint8_t bhs[BHS_SIZE];
	const uint8_t *data; /* in peer->out; until the next pump */
	uint32_t data_len;
};

void peer_init(struct peer *p, const struct iscsi_params *limits);
/* The same, with the window given. */
void peer_init_depth(struct peer *p, const struct iscsi_params *limits, uint16_t depth);
void peer_fini(struct peer *p);

/* Raw bytes; then everything the connection wants to send is taken into p->out. */
int peer_feed(struct peer *p, const void *bytes, size_t len);
/* Only feeds. */
int peer_feed_quiet(struct peer *p, const void *bytes, size_t len);
void peer_pump(struct peer *p);
/* One PDU: fills in the lengths, padding and digests. */
int peer_send(struct peer *p, uint8_t *bhs, const void *data, uint32_t len);
int peer_send_ahs(struct peer *p, uint8_t *bhs, const void *ahs, uint32_t ahs_len, const void *data,
		  uint32_t len);
/* Appends it to a buffer of PEER_PDU_MAX + len bytes instead; gives its length. */
size_t peer_build(struct peer *p, uint8_t *to, uint8_t *bhs, const void *ahs, uint32_t ahs_len,
		  const void *data, uint32_t len);
#define PEER_PDU_MAX (BHS_SIZE + AHS_MAX + 3 + 2 * DIGEST_SIZE)

/* The next answer; false: there is none. */
bool peer_next(struct peer *p, struct got *got);
/* The next answer must be this. */
void peer_expect(struct peer *p, enum iscsi_pdu_opcode opcode, struct got *got);
void peer_expect_nothing(struct peer *p);

/* Headers, with the numbers in turn. */
void peer_command(struct peer *p, uint8_t *bhs, uint8_t flags, uint32_t edtl);
void peer_write10(struct peer *p, uint8_t *bhs, uint32_t lba, uint16_t blocks, bool final);
void peer_read10(struct peer *p, uint8_t *bhs, uint32_t lba, uint16_t blocks);
void peer_data_out(uint8_t *bhs, uint32_t itt, uint32_t ttt, uint32_t sn, uint32_t offset,
		   bool final);
void peer_request(struct peer *p, uint8_t *bhs, enum iscsi_pdu_opcode opcode, uint8_t flags,
		  bool immediate);

/* One login request with text of NUL-ended pairs; the next response. */
void peer_login_request(struct peer *p, uint8_t flags, const char *text, size_t len,
			struct got *got);
/* All of it: normal session, with these pairs for the operational stage besides ("" for none). */
void peer_login(struct peer *p, const char *pairs, size_t len);
void peer_login_discovery(struct peer *p);
/* Does a text of NUL-ended pairs hold this one? */
bool peer_text_has(const struct got *got, const char *pair);
const char *peer_events(const struct peer *p);
void peer_clear_events(struct peer *p);

#endif
