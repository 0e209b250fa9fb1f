/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ROD tokens of a unit.  A token stands for the data that its ranges had when it was made.
 * Nobody keeps a copy of that data, so the token is of the type "point in time copy – change
 * vulnerable": the first write to one of its blocks cancels it.
 *
 * Invariant: the state of a token is not TOKEN_VALID any more before anything is written to its
 * blocks.  A copy looks at the state after it has read, and knows then that what it has read is
 * what the token stands for.
 *
 *	POPULATE TOKEN	range lock of the blocks, exclusive; live++; unlock
 *	a write		range lock, shared; live != 0 ? cancel what overlaps; submit
 *
 * The range lock orders the two: a write that had its range before has ended, and one that gets its
 * range afterwards sees `live`.  A write costs one load while there is no valid token.
 *
 * A token that is not valid any more is remembered until its place is needed, so that its holder is
 * told why.
 *
 * Source: SPC-4 (Representations of Data: ROD types, generic ROD token format, ROD token lifetime),
 * SBC-4 (device type specific data of ROD tokens).
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/system.h"
#include "scsi/copy_int.h"

/* Where the fields of a token are. */
enum {
	AT_LENGTH = 6,
	AT_ID = 8,
	AT_CREATOR = 16,
	AT_TOTAL = 56, /* the low half of 16 bytes */
	AT_DEVICE = 96,
	AT_TARGET = 128,
	/*
	 * bytes that nobody can guess: the standard wants 32; a long name leaves no less than 156
	 */
	AT_SECRET = 256,
	LENGTH = 0x01f8,
};

static struct scsi_token *
token_of(struct list *node)
{
	return list_entry(node, struct scsi_token, node);
}

static uint64_t
now_ns(struct scsi_task *task)
{
	const struct scsi_host_ops *ops = task->nexus->ops;

	return ops->now_ns != NULL ? ops->now_ns(task->nexus) : clock_mono_ns();
}

void
scsi_tokens_init(struct scsi_tokens *tokens)
{
	pthread_mutex_init(&tokens->mutex, NULL);
	list_init(&tokens->list);
}

/* With the mutex, or when nobody else is left. */
static void
drop(struct scsi_token *token)
{
	if (--token->refs == 0)
		mem_free(token);
}

void
scsi_tokens_fini(struct scsi_tokens *tokens)
{
	list_for_each_safe(node, &tokens->list) {
		list_remove(node);
		drop(token_of(node));
	}
	pthread_mutex_destroy(&tokens->mutex);
}

/* With the mutex. */
static void
invalidate(struct scsi_tokens *tokens, struct scsi_token *token, enum scsi_token_ascq why)
{
	if (scsi_token_state(token) != TOKEN_VALID)
		return;
	atomic_store(&token->state, why);
	atomic_fetch_sub(&tokens->live, 1);
}

/* With the mutex.  The timeout runs from the end of the last copy on. */
static void
expire(struct scsi_tokens *tokens, uint64_t now)
{
	list_for_each(node, &tokens->list) {
		struct scsi_token *token = token_of(node);

		if (token->refs == 1 && now > token->used_ns &&
		    now - token->used_ns > token->timeout_ns)
			invalidate(tokens, token, TOKEN_EXPIRED);
	}
}

/* ---- Making one ---- */

static void
put_creator(const struct scsi_task *task, uint8_t *p)
{
	const struct scsi_lu *lu = scsi_task_lu(task);

	p[0] = COPY_CSCD_IDENTIFIED;
	p[4] = 0x01; /* binary */
	p[5] = 0x03; /* NAA, of the logical unit */
	p[7] = 8;
	memcpy(p + 8, lu->desc.identity.naa, 8);
	put_be24(p + 29, lu->desc.block_bytes);
}

/* Block length, and what READ CAPACITY(16) says of physical blocks and provisioning. */
static void
put_device(const struct scsi_task *task, uint8_t *p)
{
	const struct scsi_lu *lu = scsi_task_lu(task);

	put_be32(p, lu->desc.block_bytes);
	p[5] = lu->desc.physical_exponent;
	p[6] = lu->unmaps ? 0xc0 : 0; /* LBPME, LBPRZ */
}

/* The SCSI target device: its name, as a SCSI name string, zero-padded to a multiple of 4. */
static void
put_target(const struct scsi_task *task, uint8_t *p)
{
	size_t len = strnlen(task->nexus->target_name, SCSI_INITIATOR_BYTES - 1);

	p[0] = 0x53; /* iSCSI, UTF-8 */
	p[1] = 0xa8; /* PIV, target device, SCSI name string */
	p[3] = (uint8_t)(len / 4 * 4 + 4);
	memcpy(p + 4, task->nexus->target_name, len);
}

/* With the mutex.  Identifiers are given in their order, from a random one on. */
static uint64_t
next_id(struct scsi_tokens *tokens, const uint8_t seed[8])
{
	if (tokens->next_id == 0)
		tokens->next_id = get_be64(seed) >> 1 | 1;
	return tokens->next_id++;
}

/*
 * With the mutex.  Makes room for one more: of those that are not valid any more the oldest goes,
 * else the one of the same initiator that was not used for the longest time.  Returns false when
 * all belong to others, or are being used.
 */
static bool
make_room(struct scsi_tokens *tokens, const char *initiator)
{
	struct scsi_token *victim = NULL;

	if (tokens->count < TOKEN_MAX_KNOWN)
		return true;
	list_for_each(node, &tokens->list) {
		struct scsi_token *token = token_of(node);

		if (token->refs > 1)
			continue;
		if (scsi_token_state(token) != TOKEN_VALID) {
			victim = token;
			break;
		}
		if (strcmp(token->initiator, initiator) == 0 &&
		    (victim == NULL || token->used_ns < victim->used_ns))
			victim = token;
	}
	if (victim == NULL)
		return false;
	invalidate(tokens, victim, TOKEN_CANCELLED);
	list_remove(&victim->node);
	tokens->count--;
	drop(victim);
	return true;
}

static struct scsi_token *
token_alloc(struct scsi_task *task, const struct scsi_token_range *ranges, unsigned count,
	    uint32_t timeout_s)
{
	struct scsi_token *token = mem_calloc(1, sizeof(*token) + count * sizeof(*ranges));

	if (token == NULL)
		return NULL;
	token->refs = 1;
	atomic_init(&token->state, TOKEN_VALID);
	token->timeout_ns = timeout_s * NS_PER_S;
	token->used_ns = now_ns(task);
	strncpy(token->initiator, task->nexus->initiator_name, sizeof(token->initiator) - 1);
	token->count = count;
	memcpy(token->ranges, ranges, count * sizeof(*ranges));
	for (unsigned i = 0; i < count; i++)
		token->total_bytes += ranges[i].bytes;
	put_be32(token->bytes, TOKEN_TYPE_VULNERABLE);
	put_be16(token->bytes + AT_LENGTH, LENGTH);
	put_creator(task, token->bytes + AT_CREATOR);
	put_be64(token->bytes + AT_TOTAL, token->total_bytes);
	put_device(task, token->bytes + AT_DEVICE);
	return token;
}

int
scsi_token_new(struct scsi_task *task, const struct scsi_token_range *ranges, unsigned count,
	       uint32_t timeout_s, uint8_t bytes[TOKEN_BYTES])
{
	struct scsi_tokens *tokens = &scsi_task_lu(task)->tokens;
	struct scsi_token *token = token_alloc(task, ranges, count, timeout_s);
	uint8_t seed[8];
	int rc;

	if (token == NULL)
		return -ENOMEM;
	rc = system_random(token->bytes + AT_SECRET, TOKEN_BYTES - AT_SECRET);
	if (rc == 0)
		rc = system_random(seed, sizeof(seed));
	put_target(task, token->bytes + AT_TARGET);
	pthread_mutex_lock(&tokens->mutex);
	expire(tokens, token->used_ns);
	if (rc == 0 && !make_room(tokens, token->initiator))
		rc = ERR_LIMIT;
	if (rc == 0) {
		put_be64(token->bytes + AT_ID, next_id(tokens, seed));
		memcpy(bytes, token->bytes, TOKEN_BYTES);
		list_append(&tokens->list, &token->node);
		tokens->count++;
		atomic_fetch_add(&tokens->live, 1);
	}
	pthread_mutex_unlock(&tokens->mutex);
	if (rc < 0)
		mem_free(token);
	return rc;
}

/* ---- Using one ---- */

/* Takes as long wherever the two differ: the time says nothing of a token to whoever guesses. */
static bool
is_same(const uint8_t *a, const uint8_t *b)
{
	uint8_t differs = 0;

	for (size_t i = 0; i < TOKEN_BYTES; i++)
		differs |= a[i] ^ b[i];
	return differs == 0;
}

/* With the mutex. */
static struct scsi_token *
find(struct scsi_tokens *tokens, const uint8_t *bytes)
{
	list_for_each(node, &tokens->list)
		if (memcmp(token_of(node)->bytes + AT_ID, bytes + AT_ID, 8) == 0)
			return token_of(node);
	return NULL;
}

enum scsi_token_ascq
scsi_token_use(struct scsi_task *task, struct scsi_lu *lu, const uint8_t *bytes,
	       struct scsi_token **ret_token)
{
	struct scsi_tokens *tokens = &lu->tokens;
	enum scsi_token_ascq result = TOKEN_UNKNOWN;
	struct scsi_token *token;

	pthread_mutex_lock(&tokens->mutex);
	expire(tokens, now_ns(task));
	token = find(tokens, bytes);
	if (token != NULL && !is_same(token->bytes, bytes))
		result = TOKEN_CORRUPT;
	else if (token != NULL && strcmp(token->initiator, task->nexus->initiator_name) != 0)
		result = TOKEN_NOT_REPORTABLE;
	else if (token != NULL)
		result = (enum scsi_token_ascq)scsi_token_state(token);
	if (result == TOKEN_VALID) {
		token->refs++;
		*ret_token = token;
	}
	pthread_mutex_unlock(&tokens->mutex);
	return result;
}

void
scsi_token_leave(struct scsi_task *task, struct scsi_lu *lu, struct scsi_token *token, bool remove)
{
	struct scsi_tokens *tokens = &lu->tokens;

	pthread_mutex_lock(&tokens->mutex);
	token->used_ns = now_ns(task);
	if (remove)
		invalidate(tokens, token, TOKEN_DELETED);
	drop(token);
	pthread_mutex_unlock(&tokens->mutex);
}

unsigned
scsi_tokens_report(struct scsi_task *task, uint8_t *p, unsigned capacity)
{
	struct scsi_tokens *tokens = &scsi_task_lu(task)->tokens;
	unsigned count = 0;

	pthread_mutex_lock(&tokens->mutex);
	expire(tokens, now_ns(task));
	list_for_each(node, &tokens->list) {
		const struct scsi_token *token = token_of(node);

		if (count == capacity)
			break;
		if (scsi_token_state(token) != TOKEN_VALID ||
		    strcmp(token->initiator, task->nexus->initiator_name) != 0)
			continue;
		memcpy(p + (size_t)count++ * TOKEN_MANAGEMENT_BYTES, token->bytes,
		       TOKEN_MANAGEMENT_BYTES);
	}
	pthread_mutex_unlock(&tokens->mutex);
	return count;
}

/* ---- Changes of the data ---- */

static bool
overlaps(const struct scsi_token *token, uint64_t at, uint64_t bytes)
{
	for (unsigned i = 0; i < token->count; i++)
		if (at < token->ranges[i].at + token->ranges[i].bytes &&
		    token->ranges[i].at < at + bytes)
			return true;
	return false;
}

void
scsi_tokens_written(struct scsi_task *task, struct scsi_lu *lu, uint64_t at, uint64_t bytes)
{
	struct scsi_tokens *tokens = &lu->tokens;

	atomic_fetch_add_explicit(&tokens->looks, 1, memory_order_relaxed);
	pthread_mutex_lock(&tokens->mutex);
	expire(tokens, now_ns(task));
	list_for_each(node, &tokens->list)
		if (overlaps(token_of(node), at, bytes))
			invalidate(tokens, token_of(node), TOKEN_CANCELLED);
	pthread_mutex_unlock(&tokens->mutex);
}

void
scsi_tokens_cancel(struct scsi_lu *lu)
{
	struct scsi_tokens *tokens = &lu->tokens;

	pthread_mutex_lock(&tokens->mutex);
	list_for_each(node, &tokens->list)
		invalidate(tokens, token_of(node), TOKEN_CANCELLED);
	pthread_mutex_unlock(&tokens->mutex);
}
