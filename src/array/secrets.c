/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CHAP secrets in memory: an immutable, counted set, which is published to the data path beside the
 * state.  A set is an array of buckets by credential id, and successive sets share all buckets but
 * the one that a change touches.
 *
 * The bytes of secrets lie in pages of their own that are in no core file and, as far as the limit
 * of locked memory allows, never in the swap.  What is given back is overwritten.
 *
 * The writer thread makes sets; any thread reads and drops them.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/secret.h"
#include "model/credential.h"

#define BUCKETS      256u
#define CHUNK_BYTES  (64u * 1024)
#define BYTES_IN_ONE (CREDENTIAL_SECRET_MAX + 1u)

/* ---- the vault: pages for secrets ---- */

/* A secret and the one before it.  In pages of the vault. */
struct array_secret_entry {
	struct list node; /* in the vault's list while it is free */
	struct array_vault *vault;
	atomic_uint refs;
	struct guid id;
	enum credential_side side;
	int64_t old_until_ms;
	size_t len, old_len;
	uint8_t bytes[BYTES_IN_ONE], old_bytes[BYTES_IN_ONE];
};

struct secret_chunk {
	struct secret_chunk *next;
	struct array_secret_entry entries[];
};

#define ENTRIES ((CHUNK_BYTES - sizeof(struct secret_chunk)) / sizeof(struct array_secret_entry))

struct array_vault {
	pthread_mutex_t lock;
	struct list free;            /* lock */
	struct secret_chunk *chunks; /* lock */
};

struct array_vault *
array_vault_new(void)
{
	struct array_vault *vault = mem_calloc(1, sizeof(*vault));

	if (vault == NULL)
		return NULL;
	pthread_mutex_init(&vault->lock, NULL);
	list_init(&vault->free);
	return vault;
}

void
array_vault_free(struct array_vault *vault)
{
	if (vault == NULL)
		return;
	while (vault->chunks != NULL) {
		struct secret_chunk *chunk = vault->chunks;

		vault->chunks = chunk->next;
		secret_wipe(chunk, CHUNK_BYTES);
		munmap(chunk, CHUNK_BYTES);
	}
	pthread_mutex_destroy(&vault->lock);
	mem_free(vault);
}

/* The caller holds the lock. */
static int
grow(struct array_vault *vault)
{
	struct secret_chunk *chunk = mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (chunk == MAP_FAILED)
		return -ENOMEM;
	madvise(chunk, CHUNK_BYTES, MADV_DONTDUMP);
	madvise(chunk, CHUNK_BYTES, MADV_WIPEONFORK);
	mlock(chunk, CHUNK_BYTES); /* beyond RLIMIT_MEMLOCK they may be swapped */
	chunk->next = vault->chunks;
	vault->chunks = chunk;
	for (size_t i = 0; i < ENTRIES; i++)
		list_append(&vault->free, &chunk->entries[i].node);
	return 0;
}

struct array_secret_entry *
array_secret_entry_new(struct array_vault *vault, const struct guid *id, enum credential_side side)
{
	struct array_secret_entry *entry = NULL;

	pthread_mutex_lock(&vault->lock);
	if (!list_empty(&vault->free) || grow(vault) == 0)
		entry = list_entry(list_pop(&vault->free), struct array_secret_entry, node);
	pthread_mutex_unlock(&vault->lock);
	if (entry == NULL)
		return NULL;
	entry->vault = vault;
	entry->id = *id;
	entry->side = side;
	atomic_init(&entry->refs, 1);
	return entry;
}

void
array_secret_entry_set(struct array_secret_entry *entry, const uint8_t *bytes, size_t len)
{
	entry->len = MIN(len, (size_t)CREDENTIAL_SECRET_MAX);
	memcpy(entry->bytes, bytes, entry->len);
}

void
array_secret_entry_set_old(struct array_secret_entry *entry, const uint8_t *bytes, size_t len,
			   int64_t until_ms)
{
	entry->old_len = MIN(len, (size_t)CREDENTIAL_SECRET_MAX);
	entry->old_until_ms = until_ms;
	if (entry->old_len > 0)
		memcpy(entry->old_bytes, bytes, entry->old_len);
}

void
array_secret_entry_get(const struct array_secret_entry *entry, struct array_secret ret_secrets[2])
{
	ret_secrets[0] = (struct array_secret){ entry->bytes, entry->len };
	ret_secrets[1] = (struct array_secret){ entry->old_bytes, entry->old_len };
}

void
array_secret_entry_unref(struct array_secret_entry *entry)
{
	struct array_vault *vault;

	if (entry == NULL || atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) != 1)
		return;
	vault = entry->vault;
	pthread_mutex_lock(&vault->lock);
	secret_wipe(entry, sizeof(*entry));
	list_append(&vault->free, &entry->node);
	pthread_mutex_unlock(&vault->lock);
}

static struct array_secret_entry *
entry_ref(struct array_secret_entry *entry)
{
	atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
	return entry;
}

/* ---- sets ---- */

struct secret_bucket {
	atomic_uint refs;
	size_t count;
	struct array_secret_entry *entries[]; /* one reference to each */
};

struct array_secrets {
	atomic_uint refs;
	struct secret_bucket *buckets[BUCKETS]; /* one reference to each; NULL = empty */
};

static struct secret_bucket **
bucket_of(const struct array_secrets *set, const struct guid *id)
{
	return (struct secret_bucket **)(uintptr_t)&set->buckets[id->bytes[sizeof(id->bytes) - 1]];
}

static void
bucket_unref(struct secret_bucket *bucket)
{
	if (bucket == NULL ||
	    atomic_fetch_sub_explicit(&bucket->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < bucket->count; i++)
		array_secret_entry_unref(bucket->entries[i]);
	mem_free(bucket);
}

struct array_secrets *
array_secrets_ref(const struct array_secrets *set)
{
	struct array_secrets *own = (struct array_secrets *)(uintptr_t)set;

	if (own != NULL)
		atomic_fetch_add_explicit(&own->refs, 1, memory_order_relaxed);
	return own;
}

void
array_secrets_unref(struct array_secrets *set)
{
	if (set == NULL || atomic_fetch_sub_explicit(&set->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		bucket_unref(set->buckets[i]);
	mem_free(set);
}

static const struct array_secret_entry *
entry_find(const struct array_secrets *set, const struct guid *id)
{
	const struct secret_bucket *bucket = set != NULL ? *bucket_of(set, id) : NULL;

	for (size_t i = 0; bucket != NULL && i < bucket->count; i++)
		if (guid_equal(&bucket->entries[i]->id, id))
			return bucket->entries[i];
	return NULL;
}

/* The bucket without this id, and with one more entry unless that is NULL. */
static struct secret_bucket *
bucket_with(const struct secret_bucket *old, const struct guid *id,
	    struct array_secret_entry *entry)
{
	size_t count = old != NULL ? old->count : 0;
	struct secret_bucket *bucket = mem_calloc(
		1, sizeof(*bucket) + (count + 1) * sizeof(bucket->entries[0]));

	if (bucket == NULL)
		return NULL;
	atomic_init(&bucket->refs, 1);
	for (size_t i = 0; i < count; i++)
		if (!guid_equal(&old->entries[i]->id, id))
			bucket->entries[bucket->count++] = entry_ref(old->entries[i]);
	if (entry != NULL)
		bucket->entries[bucket->count++] = entry_ref(entry);
	return bucket;
}

int
array_secrets_with(const struct array_secrets *old, const struct guid *id,
		   struct array_secret_entry *entry, struct array_secrets **ret_set)
{
	struct array_secrets *set = mem_calloc(1, sizeof(*set));
	struct secret_bucket *bucket =
		set != NULL ? bucket_with(old != NULL ? *bucket_of(old, id) : NULL, id, entry)
			    : NULL;

	if (bucket == NULL) {
		mem_free(set);
		return -ENOMEM;
	}
	atomic_init(&set->refs, 1);
	for (size_t i = 0; old != NULL && i < BUCKETS; i++) {
		set->buckets[i] = old->buckets[i];
		if (set->buckets[i] != NULL && &set->buckets[i] != bucket_of(set, id))
			atomic_fetch_add_explicit(&set->buckets[i]->refs, 1, memory_order_relaxed);
	}
	*bucket_of(set, id) = bucket;
	*ret_set = set;
	return 0;
}

unsigned
array_secrets_find(const struct array_secrets *set, const struct guid *credential, int64_t now_ms,
		   struct array_secret ret_secrets[2])
{
	const struct array_secret_entry *entry = entry_find(set, credential);
	unsigned count = 0;

	if (entry == NULL)
		return 0;
	ret_secrets[count++] = (struct array_secret){ entry->bytes, entry->len };
	if (entry->old_len > 0 && now_ms < entry->old_until_ms)
		ret_secrets[count++] = (struct array_secret){ entry->old_bytes, entry->old_len };
	return count;
}

static bool
is_secret_of(const struct array_secret_entry *entry, const uint8_t *bytes, size_t len)
{
	return (entry->len == len && memcmp(entry->bytes, bytes, len) == 0) ||
	       (entry->old_len == len && memcmp(entry->old_bytes, bytes, len) == 0);
}

bool
array_secrets_have(const struct array_secrets *set, enum credential_side side, const uint8_t *bytes,
		   size_t len)
{
	for (size_t b = 0; set != NULL && b < BUCKETS; b++) {
		const struct secret_bucket *bucket = set->buckets[b];

		for (size_t i = 0; bucket != NULL && i < bucket->count; i++)
			if (bucket->entries[i]->side == side &&
			    is_secret_of(bucket->entries[i], bytes, len))
				return true;
	}
	return false;
}
