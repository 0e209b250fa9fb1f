/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * "Did you mean …?": finds the word that a mistyped one was most likely meant to be.  Pure
 * functions; one thread.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "vdsctl/ctl_int.h"

#define WORD_MAX 64

/*
 * How many letters must be inserted, removed, replaced or swapped with their neighbour to make b of
 * a (Damerau's distance, with adjacent swaps only).  Words longer than WORD_MAX are as far apart as
 * can be.
 */
static size_t
distance(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t cost = a[i - 1] != b[j - 1];

			now[j] = MIN(last[j] + 1, now[j - 1] + 1);
			now[j] = MIN(now[j], last[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = MIN(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[b_len];
}

void
ctl_guess_begin(struct ctl_guess *guess, const char *word)
{
	guess->word = word;
	guess->distance = SIZE_MAX;
	guess->best[0] = '\0';
}

/* A third of the letters may be wrong, and one letter in every word of three or more. */
void
ctl_guess_try(struct ctl_guess *guess, const char *candidate)
{
	size_t len = strlen(guess->word), d = distance(guess->word, candidate);

	if (d >= guess->distance || d > len / 3 + (len >= 3) || d >= strlen(candidate))
		return;
	guess->distance = d;
	snprintf(guess->best, sizeof(guess->best), "%s", candidate);
}

const char *
ctl_guess_text(const struct ctl_guess *guess, char *buf, size_t size)
{
	if (guess->best[0] == '\0')
		return "";
	snprintf(buf, size, "; did you mean `%s`?", guess->best);
	return buf;
}
