/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hints: what a LUN is meant for, as VDS describes it (VDS_HINTS2).  A LUN keeps its hints as a
 * text of words such as "FCR=1 MXS=1099511627776", in alphabetical order, each word once; "" =
 * none.  The words are those of DiskRAID's command AUTOMAGIC, and words of our own for the hints
 * that are younger than DiskRAID.  Three of them have an effect: WTC and WCE set the write cache,
 * OSR and OSW choose a thick LUN when it is created.  Pure functions; any thread.
 */
#ifndef VDS_MODEL_HINTS_H
#define VDS_MODEL_HINTS_H

#include <stdbool.h>
#include <stdint.h>

#define HINTS_TEXT_MAX 400 /* bytes of a text that has every hint */

/* In alphabetical order of their words. */
enum hint {
	HINT_AHS, /* allocate a hot spare */
	HINT_BUS, /* the bus of the drives: a VDS_STORAGE_BUS_TYPE */
	HINT_CCE, /* consistency checks are enabled */
	HINT_FCR, /* fast recovery after a crash is required */
	HINT_HWC, /* hardware checksums are enabled */
	HINT_MRC, /* use a mirrored cache */
	HINT_MSC, /* the media scan is enabled */
	HINT_MSR, /* the LUN is mostly read */
	HINT_MXD, /* most drives */
	HINT_MXS, /* expected maximum size, bytes */
	HINT_ORA, /* optimal alignment of reads, bytes */
	HINT_ORS, /* optimal size of reads, bytes */
	HINT_OSR, /* optimise for sequential reads */
	HINT_OSW, /* optimise for sequential writes */
	HINT_OWA, /* optimal alignment of writes, bytes */
	HINT_OWS, /* optimal size of writes, bytes */
	HINT_RBP, /* rebuild priority, 0-15 */
	HINT_RBV, /* read back and verify */
	HINT_RCE, /* read caching is enabled */
	HINT_RMP, /* remap bad blocks */
	HINT_STS, /* stripe size, bytes */
	HINT_WCE, /* write caching is enabled */
	HINT_WTC, /* write through the cache */
	HINT_YNK, /* the LUN can be removed while it is in use */
	HINT_COUNT
};

struct hints {
	bool given[HINT_COUNT];
	uint64_t values[HINT_COUNT]; /* 0 where not given */
};

/* Returns the word of a hint, "FCR"; static. */
const char *hint_word(enum hint hint);
/*
 * Returns whether the hint is yes or no.  The others are numbers, of which 0 says nothing (except
 * for HINT_BUS).
 */
bool hint_is_flag(enum hint hint);

/*
 * Reads a text of hints: words WORD=NUMBER with spaces between them, in any order.  A number of 0
 * that says nothing counts as not given.  Returns 0, or ERR_INVALID with a text (an unknown word, a
 * word that comes twice, a number out of range).
 */
int hints_parse(const char *text, struct hints *ret_hints);
/* Writes hints in their canonical form.  Returns 0 or -ENOMEM; the caller frees with mem_free. */
int hints_format(const struct hints *hints, char **ret_text);
/* Brings a text of hints into its canonical form.  Errors of both. */
int hints_normalize(const char *text, char **ret_text);

/* Returns whether the hints ask for no write cache: WTC=1 or WCE=0.  text: canonical. */
bool hints_write_through(const char *text);
/* Returns whether the hints ask for all space at once: OSR=1 or OSW=1. */
bool hints_want_thick(const struct hints *hints);

#endif
