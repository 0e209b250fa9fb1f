/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model of the integrity test: it knows what each block and each counter may hold, and says
 * whether what was read is allowed.
 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "integrity_int.h"

#define BLOCK_MAX 4096
#define MAGIC     0x7664732d64617461ull

static uint64_t state;
static uint32_t crc_table[256];

/* ---- Small things ---- */

static uint64_t
next64(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

uint32_t
dice(uint32_t sides)
{
	return (uint32_t)(next64(&state) >> 16) % sides;
}

void
random_init(void)
{
	state = seed * 0x9e3779b97f4a7c15ull + 1;
	for (uint32_t i = 0; i < 256; i++) {
		crc_table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			crc_table[i] = (crc_table[i] >> 1) ^ (crc_table[i] & 1 ? 0x82f63b78 : 0);
	}
}

/* Also with ThreadSanitizer: nothing here is shared, and it is most of the work. */
__attribute__((no_sanitize("thread"))) uint32_t
crc32c(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0u;

	while (n-- > 0)
		crc = (crc >> 8) ^ crc_table[(crc ^ *p++) & 0xff];
	return ~crc;
}

void
put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, 4);
}

uint32_t
get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return ntohl(v);
}

void
bad(const struct session *s, const char *format, ...)
{
	va_list args;

	if (++wrong > 30)
		return;
	va_start(args, format);
	fprintf(stderr, "# WRONG (session %d, %s): ", s->id, s->target);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
}

/* ---- Blocks ---- */

struct identity {
	uint64_t magic, run, lba;
	uint32_t lun, generation;
};

void
block_fill(uint8_t *p, const struct lun *lun, uint64_t lba, uint32_t gen)
{
	struct identity id = { MAGIC, seed, lba, (uint32_t)(lun - luns), gen };
	uint64_t x = (lba * 0x9e3779b97f4a7c15ull) ^ ((uint64_t)gen << 20) ^ seed ^ 1;

	for (unsigned i = 0; i < lun->block_bytes; i += 8) {
		next64(&x);
		memcpy(p + i, &x, 8);
	}
	memcpy(p, &id, sizeof(id));
	put32(p + lun->block_bytes - 4, crc32c(p, lun->block_bytes - 4));
}

static bool
is_zero(const uint8_t *p, size_t n)
{
	return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* The generation of a block; 0 for zeros; -1 when it is damaged, -2 when it is another's. */
static int64_t
block_generation(const uint8_t *p, const struct lun *lun, uint64_t lba, struct identity *id)
{
	memcpy(id, p, sizeof(*id));
	if (is_zero(p, lun->block_bytes))
		return 0;
	if (id->magic != MAGIC ||
	    get32(p + lun->block_bytes - 4) != crc32c(p, lun->block_bytes - 4))
		return -1;
	if (id->run != seed || id->lun != lun - luns || (id->lba != lba && id->lba != ANY_LBA))
		return -2;
	return id->generation;
}

/* Whether each byte is that of one of the two blocks, and each of them has a part. */
static bool
is_mix(const uint8_t *p, const uint8_t *before, const uint8_t *after, size_t n)
{
	bool of_before = false, of_after = false;

	for (size_t i = 0; i < n; i++) {
		if (p[i] != before[i] && p[i] != after[i])
			return false;
		of_before |= p[i] != after[i];
		of_after |= p[i] != before[i];
	}
	return of_before && of_after;
}

/* All that a generation can have left in a block; returns how many. */
static unsigned
block_forms(uint8_t form[3][BLOCK_MAX], const struct lun *lun, uint64_t lba, uint32_t gen,
	    bool zeros)
{
	unsigned count = 0;

	if (zeros || gen == 0)
		memset(form[count++], 0, lun->block_bytes);
	if (gen != 0) {
		block_fill(form[count++], lun, lba, gen);
		block_fill(form[count++], lun, ANY_LBA, gen);
	}
	return count;
}

/*
 * Whether a block in doubt has a part of the last write that was sent, and for the rest what it had
 * before: what was acknowledged, or what its first bytes say where an earlier write was in doubt,
 * too.
 */
static bool
block_is_mixed(const uint8_t *p, const struct lun *lun, uint64_t lba, const struct block *b,
	       uint32_t said)
{
	static uint8_t before[3][BLOCK_MAX], after[3][BLOCK_MAX];
	const uint32_t olds[] = { b->acked, said > b->acked && said < b->issued ? said : b->acked };
	unsigned n_after = block_forms(after, lun, lba, b->issued, b->zeroed == b->issued);

	for (unsigned o = 0; o < ARRAY_LEN(olds); o++) {
		unsigned n = block_forms(before, lun, lba, olds[o], b->zeroed >= b->acked);

		for (unsigned i = 0; i < n * n_after; i++)
			if (is_mix(p, before[i / n_after], after[i % n_after], lun->block_bytes))
				return true;
	}
	return false;
}

static void
block_check(const struct session *s, const struct cmd *c, uint32_t i)
{
	struct block *b = &c->lun->map[c->lba + i];
	uint32_t low = c->low[i];
	bool quiet = !b->busy && c->high[i] == b->issued, fits;
	struct identity id;
	int64_t gen = block_generation(c->data + (size_t)i * c->lun->block_bytes, c->lun,
				       c->lba + i, &id);

	checked++;
	if (gen == -1 && !quiet) { /* a device may show half of what is being written */
		torn++;
		return;
	}
	if (gen == -1 && low == b->acked && b->issued != low && b->killed == b->issued &&
	    block_is_mixed(c->data + (size_t)i * c->lun->block_bytes, c->lun, c->lba + i, b,
			   id.generation)) {
		mixed++; /* and remains in doubt */
		return;
	}
	fits = gen == 0 ? b->zeroed >= low : gen >= low && gen <= b->issued;
	if (gen < 0 || !fits) {
		bad(s,
		    "LUN %u block %u %s: generation %jd, acknowledged %u, sent %u, zeroed %u; it "
		    "says run %jx LUN %u "
		    "block %ju generation %u",
		    c->lun->number, c->lba + i,
		    gen == -1   ? "is damaged"
		    : gen == -2 ? "is another's"
		    : gen < low ? "is stale"
				: "is of the future",
		    (intmax_t)gen, low, b->issued, b->zeroed, (uintmax_t)id.run, id.lun,
		    (uintmax_t)id.lba, id.generation);
	} else if (quiet && b->acked == low && b->issued != low) { /* no longer in doubt */
		b->acked = b->issued = gen != 0 ? (uint32_t)gen : b->zeroed;
		b->zeroed = gen != 0 ? 0 : b->zeroed;
	}
}

static void
counter_check(const struct session *s, const struct cmd *c, uint32_t i)
{
	struct counter *counter = &c->lun->counters[c->lba + i - c->lun->blocks];
	struct identity id;
	int64_t value = block_generation(c->data + (size_t)i * c->lun->block_bytes, c->lun,
					 c->lba + i, &id);

	if (value < c->low[i] || value > counter->tried) {
		bad(s, "LUN %u counter %u holds %jd, won %u, tried %u", c->lun->number,
		    c->lba + i - c->lun->blocks, (intmax_t)value, c->low[i], counter->tried);
		return;
	}
	counter->known = (uint32_t)value;
	counter->unsure = false;
	for (int64_t v = 1; mode == CHECK && v <= value; v++) {
		if (counter->fate[v] == 0)
			bad(s, "LUN %u counter %u: %jd was counted by nobody", c->lun->number,
			    c->lba + i - c->lun->blocks, (intmax_t)v);
	}
}

void
read_begin(struct cmd *c)
{
	for (uint32_t i = 0; i < c->count; i++) {
		if (c->lba + i >= c->lun->blocks) {
			c->low[i] = c->lun->counters[c->lba + i - c->lun->blocks].won;
			continue;
		}
		c->low[i] = c->lun->map[c->lba + i].acked;
		c->high[i] = c->lun->map[c->lba + i].busy ? BUSY_THEN
							  : c->lun->map[c->lba + i].issued;
	}
}

void
read_check(const struct session *s, const struct cmd *c)
{
	if (c->got != c->len)
		bad(s, "LUN %u: %u of %u bytes read", c->lun->number, c->got, c->len);
	for (uint32_t i = 0; c->got == c->len && i < c->count; i++) {
		if (c->lba + i < c->lun->blocks)
			block_check(s, c, i);
		else
			counter_check(s, c, i);
	}
}

bool
write_begin(struct cmd *c, uint32_t gen)
{
	for (uint32_t i = 0; i < c->count; i++) {
		if (c->lun->map[c->lba + i].busy)
			return false;
	}
	c->generation = gen;
	for (uint32_t i = 0; i < c->count; i++) {
		struct block *b = &c->lun->map[c->lba + i];

		b->busy = true;
		b->issued = gen;
		if (leaves_zeros(c->kind))
			b->zeroed = gen;
	}
	return true;
}

void
blocks_killed(void)
{
	for (unsigned n = 0; n < n_luns; n++)
		for (unsigned i = 0; i < luns[n].blocks; i++) {
			struct block *b = &luns[n].map[i];

			b->killed = b->issued != b->acked ? b->issued : 0;
		}
}

/* The end of a command; what has not been acknowledged may have happened. */
void
cmd_end(struct cmd *c, bool acknowledged)
{
	struct counter *counter;

	for (uint32_t i = 0; is_write(c->kind) && i < c->count; i++) {
		struct block *b = &c->lun->map[c->lba + i];

		b->busy = false;
		if (acknowledged)
			b->acked = c->generation;
	}
	if (c->kind == COUNT) {
		counter = &c->lun->counters[c->lba - c->lun->blocks];
		counter->fate[c->generation] |= acknowledged ? WON : DOUBTED;
		if (acknowledged && c->generation > counter->won)
			counter->won = c->generation;
		if (counter->known < counter->won)
			counter->known = counter->won;
	}
	c->used = false;
}
