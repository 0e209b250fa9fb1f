/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ROD tokens (token.c): what POPULATE TOKEN makes, and WRITE USING TOKEN copies from.  A unit keeps
 * those that were made of its blocks.  Included by scsi_int.h.
 */
#ifndef VDS_SCSI_TOKEN_INT_H
#define VDS_SCSI_TOKEN_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "scsi/scsi.h"

#define TOKEN_BYTES            512u
#define TOKEN_MANAGEMENT_BYTES 96u            /* what REPORT ALL ROD TOKENS tells of a token */
#define TOKEN_MAX_RANGES       64u            /* of a token, and of a WRITE USING TOKEN */
#define TOKEN_MAX_TRANSFER     (256ull << 20) /* bytes of either */
#define TOKEN_OPTIMAL_TRANSFER (64ull << 20)
#define TOKEN_MAX_SECONDS      300u /* the inactivity timeout */
#define TOKEN_DEFAULT_SECONDS  30u
#define TOKEN_MAX_KNOWN        256u /* of one unit, with those that are not valid any more */

/* ROD types. */
#define TOKEN_TYPE_VULNERABLE 0x00800001u /* point in time copy – change vulnerable */
#define TOKEN_TYPE_ANY        0x0080ffffu /* point in time copy – any */
#define TOKEN_TYPE_ZERO       0xffff0001u /* block device zero */

/* Additional sense code qualifiers of INVALID TOKEN OPERATION (23h). */
enum scsi_token_ascq {
	TOKEN_NOT_REPORTABLE = 0x00,
	TOKEN_UNSUPPORTED_TYPE = 0x01,
	TOKEN_REMOTE = 0x02, /* REMOTE TOKEN USAGE NOT SUPPORTED */
	TOKEN_UNKNOWN = 0x04,
	TOKEN_CORRUPT = 0x05,
	TOKEN_EXPIRED = 0x07,
	TOKEN_CANCELLED = 0x08,
	TOKEN_DELETED = 0x09,
	TOKEN_LENGTH = 0x0a,
	TOKEN_VALID = 0xff, /* not one of them: the token can be used */
};

struct scsi_token_range {
	uint64_t at, bytes;
};

struct scsi_token {
	struct list node;
	atomic_uint state; /* enum scsi_token_ascq: TOKEN_VALID, or why it is not */
	/* guarded by the mutex of the unit's tokens */
	unsigned refs; /* 1 of the list, 1 of each copy that uses it */
	uint64_t used_ns;
	/* immutable */
	uint64_t timeout_ns;
	uint8_t bytes[TOKEN_BYTES];
	char initiator[SCSI_INITIATOR_BYTES];
	uint64_t total_bytes;
	unsigned count;
	struct scsi_token_range ranges[];
};

struct scsi_tokens {
	/* number of valid tokens: while there is none, writes look no further */
	atomic_uint live;
	atomic_uint looks;     /* how often a write has looked, for tests */
	pthread_mutex_t mutex; /* a leaf; guards all below */
	struct list list;      /* the oldest first */
	unsigned count;
	uint64_t next_id; /* COPY MANAGER ROD TOKEN IDENTIFIER; 0 = none was given yet */
};

void scsi_tokens_init(struct scsi_tokens *tokens);
void scsi_tokens_fini(struct scsi_tokens *tokens);
/*
 * Makes a token of these ranges of the task's unit.  The task has the range lock of all of them,
 * exclusive: so a write that began before has ended, and each later one finds the token.  `bytes`
 * gets the token.  Returns 0, -ENOMEM, -errno (no random bytes) or ERR_LIMIT (there are too many).
 */
int scsi_token_new(struct scsi_task *task, const struct scsi_token_range *ranges, unsigned count,
		   uint32_t timeout_s, uint8_t bytes[TOKEN_BYTES]);
/*
 * Finds the unit's token with these bytes for the task.  Returns TOKEN_VALID, and the token in
 * *ret_token with a reference, or why it cannot be used.
 */
enum scsi_token_ascq scsi_token_use(struct scsi_task *task, struct scsi_lu *lu,
				    const uint8_t *bytes, struct scsi_token **ret_token);
/* Gives back a token; `remove`: it is not valid any more, since its holder has had it deleted. */
void scsi_token_leave(struct scsi_task *task, struct scsi_lu *lu, struct scsi_token *token,
		      bool remove);
/* Notes that these bytes of the unit are about to change: tokens of them are cancelled. */
void scsi_tokens_written(struct scsi_task *task, struct scsi_lu *lu, uint64_t at, uint64_t bytes);
/* Cancels all tokens of a unit, whose blocks may be others from now on.  Any thread. */
void scsi_tokens_cancel(struct scsi_lu *lu);
/*
 * Writes the first TOKEN_MANAGEMENT_BYTES of each valid token of the task's unit that its initiator
 * may use, at most `capacity` of them.  Returns how many.
 */
unsigned scsi_tokens_report(struct scsi_task *task, uint8_t *p, unsigned capacity);

static inline unsigned
scsi_token_state(const struct scsi_token *token)
{
	return atomic_load(&token->state);
}

#endif
