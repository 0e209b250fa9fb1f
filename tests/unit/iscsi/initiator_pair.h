/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An initiator of src/iscsi and, in memory, the target that peer.h makes, joined by two streams of
 * bytes that are cut as a test wants.
 */
#ifndef VDS_TESTS_ISCSI_INITIATOR_PAIR_H
#define VDS_TESTS_ISCSI_INITIATOR_PAIR_H

#include "iscsi/initiator.h"
#include "peer.h"

#define PAIR_SECRET       "the secret of all gateways"
#define PAIR_TARGET_PROOF "the other secret of them"

struct pair {
	struct peer target;
	struct iscsi_initiator *ini;
	struct iscsi_initiator_config config;
	size_t cut;  /* bytes that are moved at one time; 0 = all */
	bool direct; /* put what comes for a request straight into its buffers */
	bool drop;   /* the target is not heard */
	unsigned ready, asyncs;
	struct iscsi_async async; /* the last one, without its pointers */
	unsigned pdus_to_target;  /* rounds in which the initiator had something to send */
	unsigned opcodes[64];     /* how many PDUs of each kind the target has sent */
};

/* A request with memory of its own, which a test sees through all of its life. */
struct pair_request {
	struct iscsi_request request;
	uint8_t cdb[32];
	unsigned done;
	uint8_t *bytes;
	struct iovec pieces[40];
};

/* Makes both sides; limits: of the target, NULL = its own. */
void pair_init(struct pair *pair, const struct iscsi_params *limits);
/* Makes both sides when pair->config was filled in, with a target of that depth. */
int pair_init_config(struct pair *pair, const struct iscsi_params *limits, uint16_t depth);
/* Fills in what pair_init uses. */
void pair_config(struct pair *pair);
void pair_fini(struct pair *pair);
/* Has each side take what the other one sends until both are silent. */
void pair_pump(struct pair *pair);
/* The same in both directions, once: returns whether something was moved. */
bool pair_move_out(struct pair *pair);
bool pair_move_in(struct pair *pair);
void pair_login(struct pair *pair);
/* Makes both sides with their own limits, and logs in. */
void pair_open(struct pair *pair);
/* The same with digests of headers and data. */
void pair_open_digests(struct pair *pair);

/* READ(10) and WRITE(10) with buffers in so many pieces; written data is a pattern of `seed`. */
void pair_read(struct pair_request *r, uint32_t lba, uint16_t blocks, int pieces);
void pair_write(struct pair_request *r, uint32_t lba, uint16_t blocks, int pieces, uint8_t seed);
void pair_command(struct pair_request *r, uint8_t opcode);
void pair_send(struct pair *pair, struct pair_request *r);
/* The request has ended with this status, and with the data that the disk has. */
void pair_expect(struct pair *pair, struct pair_request *r, uint8_t status);
void pair_expect_data(struct pair *pair, struct pair_request *r, uint32_t lba);
void pair_request_free(struct pair_request *r);

#endif
