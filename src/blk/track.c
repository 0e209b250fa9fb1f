/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tracking layer: notes which chunks of the device below may have changed, so that somebody can
 * copy a device that is in use.  The copier takes a note and then reads the chunk; whoever writes
 * has the chunk noted when the operation has ended and before its caller is notified.  So for each
 * write there are two cases, and no third one:
 *
 *	the note was made before the copier took it	the copier reads what was written
 *	the note was made after the copier took it	the note is there: the chunk is copied again
 *
 * When no operation is in flight and nothing is noted, the copy is complete.  The copier may read a
 * chunk while it is written, and then copies a mixture of old and new, but such a chunk is always
 * noted afterwards.  Operations that failed are noted too, since a part of them may be there.
 *
 * Notes are bits, set and taken by atomic operations; no lock is taken and nothing is allocated.
 */
#include "blk/blk_int.h"

#include <errno.h>

#include "base/mem.h"

#define CHUNK_BYTES_MIN (64u << 10)
#define CHUNKS_MAX      (1u << 27) /* 16 MiB of notes */
#define WORD_BITS       64u

struct track_dev {
	struct blk_dev dev;
	unsigned chunk_shift;
	size_t word_count;
	_Atomic uint64_t words[];
};

static struct track_dev *
track_of(struct blk_dev *dev)
{
	return container_of(dev, struct track_dev, dev);
}

static enum blk_submitted
track_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	return blk_submit(dev->below, queue, io);
}

/* Returns the bits from `first` to `last` of a word, both included. */
static uint64_t
bits(unsigned first, unsigned last)
{
	return (UINT64_MAX << first) & (UINT64_MAX >> (WORD_BITS - 1 - last));
}

void
blk_track_note(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes)
{
	struct track_dev *track = track_of(dev);
	uint64_t chunks = track->word_count * WORD_BITS;
	uint64_t at = offset_bytes >> track->chunk_shift;
	uint64_t end = ((offset_bytes + len_bytes - 1) >> track->chunk_shift) + 1;

	if (len_bytes == 0)
		return;
	end = MIN(end, chunks);
	while (at < end) {
		unsigned first = at % WORD_BITS;
		unsigned last = (unsigned)MIN(end - at + first, (uint64_t)WORD_BITS) - 1;
		uint64_t mask = bits(first, last);
		_Atomic uint64_t *word = &track->words[at / WORD_BITS];

		/*
		 * Always an exchange: a look that finds the bit set could come before the copier's
		 * take, and the data after its read.
		 */
		atomic_fetch_or(word, mask);
		at += last - first + 1;
	}
}

static void
track_completed(struct blk_dev *dev, struct blk_io *io)
{
	if (io->op == BLK_WRITE || io->op == BLK_UNMAP || io->op == BLK_WRITE_ZEROES)
		blk_track_note(dev, io->offset_bytes, io->len_bytes);
}

uint64_t
blk_track_noted_bytes(struct blk_dev *dev)
{
	struct track_dev *track = track_of(dev);
	uint64_t count = 0;

	for (size_t i = 0; i < track->word_count; i++)
		count += (uint64_t)__builtin_popcountll(
			atomic_load_explicit(&track->words[i], memory_order_relaxed));
	return count << track->chunk_shift;
}

/* Takes the first run of bits at or after `first`.  Returns its length in bits, 0 when none. */
static unsigned
take_run(_Atomic uint64_t *word, unsigned first, unsigned *ret_bit)
{
	uint64_t seen = atomic_load(word) & bits(first, WORD_BITS - 1);
	unsigned bit, end;

	if (seen == 0)
		return 0;
	bit = (unsigned)__builtin_ctzll(seen);
	end = ~(seen >> bit) == 0 ? WORD_BITS : bit + (unsigned)__builtin_ctzll(~(seen >> bit));
	end = MIN(end, WORD_BITS);
	atomic_fetch_and(word, ~bits(bit, end - 1));
	*ret_bit = bit;
	return end - bit;
}

bool
blk_track_take(struct blk_dev *dev, uint64_t from_bytes, uint64_t *ret_offset_bytes,
	       uint64_t *ret_len_bytes)
{
	struct track_dev *track = track_of(dev);
	uint64_t size_bytes = blk_size_bytes(dev);
	uint64_t chunk = (from_bytes + (1ull << track->chunk_shift) - 1) >> track->chunk_shift;

	for (size_t i = chunk / WORD_BITS; i < track->word_count; i++) {
		unsigned first = i == chunk / WORD_BITS ? chunk % WORD_BITS : 0, bit = 0;
		unsigned count = take_run(&track->words[i], first, &bit);
		uint64_t at = (i * WORD_BITS + bit) << track->chunk_shift;

		if (count == 0 || at >= size_bytes)
			continue;
		*ret_offset_bytes = at;
		*ret_len_bytes = MIN((uint64_t)count << track->chunk_shift, size_bytes - at);
		return true;
	}
	return false;
}

static void
track_close(struct blk_dev *dev)
{
	mem_free(track_of(dev));
}

static const struct blk_ops track_ops = {
	.name = "track",
	.submit = track_submit,
	.completed = track_completed,
	.close = track_close,
};

int
blk_track_new(struct blk_dev *below, struct blk_dev **ret_dev)
{
	uint64_t size_bytes = blk_size_bytes(below), chunks;
	unsigned shift = (unsigned)__builtin_ctz(CHUNK_BYTES_MIN);
	struct track_dev *track;
	size_t words;

	while (size_bytes >> shift >= CHUNKS_MAX)
		shift++;
	chunks = (size_bytes >> shift) + 1;
	words = (size_t)((chunks + WORD_BITS - 1) / WORD_BITS);
	track = mem_calloc(1, sizeof(*track) + words * sizeof(track->words[0]));
	if (track == NULL)
		return -ENOMEM;
	if (blk_dev_init_above(&track->dev, &track_ops, below) < 0) {
		mem_free(track);
		return -ENOMEM;
	}
	track->chunk_shift = shift;
	track->word_count = words;
	*ret_dev = &track->dev;
	return 0;
}
