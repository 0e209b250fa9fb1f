/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which initiators see at least one LUN of a target: made once with the target's view, so that a SendTargets asks each
 * target one question instead of walking its associations.
 *
 * The publisher makes it; any thread that has the view reads it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/target_int.h"

/* FNV-1a of an iSCSI name in lower case, as mask_admits compares it. */
static uint64_t
hash_name(const char *name, size_t len)
{
	uint64_t h = 14695981039346656037ull;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i])) *
		    1099511628211ull;
	return h;
}

static int
add_names(struct target_admit *admit, size_t *capacity, const char *mask)
{
	while (*mask != '\0') {
		size_t len = strcspn(mask, ";");

		if (len > 0) {
			if (mem_grow(&admit->hashes, capacity, admit->count + 1,
				     sizeof(admit->hashes[0])) < 0)
				return -ENOMEM;
			admit->hashes[admit->count++] = hash_name(mask, len);
		}
		mask += len;
		if (*mask == ';')
			mask++;
	}
	return 0;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
sort_unique(struct target_admit *admit)
{
	size_t kept = 0;

	if (admit->count == 0)
		return;
	qsort(admit->hashes, admit->count, sizeof(admit->hashes[0]), compare);
	for (size_t i = 1; i < admit->count; i++)
		if (admit->hashes[i] != admit->hashes[kept])
			admit->hashes[++kept] = admit->hashes[i];
	admit->count = kept + 1;
}

int
target_admit_init(struct target_admit *admit, const struct target_view_lun *luns, size_t lun_count)
{
	const char *before = NULL;
	size_t capacity = 0;

	*admit = (struct target_admit){ 0 };
	for (size_t i = 0; i < lun_count && !admit->everyone; i++) {
		const char *mask = luns[i].row->mask;
		bool same = mask == NULL || (before != NULL && strcmp(mask, before) == 0);

		before = mask;
		if (same)
			continue;
		admit->everyone = strcmp(mask, "*") == 0;
		if (!admit->everyone && add_names(admit, &capacity, mask) < 0) {
			target_admit_fini(admit);
			return -ENOMEM;
		}
	}
	if (admit->everyone)
		target_admit_fini(admit);
	else
		sort_unique(admit);
	return 0;
}

void
target_admit_fini(struct target_admit *admit)
{
	mem_free(admit->hashes);
	admit->hashes = NULL;
	admit->count = 0;
}

bool
target_admit_may(const struct target_admit *admit, const char *initiator)
{
	uint64_t hash;

	if (admit->everyone || admit->count == 0)
		return admit->everyone;
	hash = hash_name(initiator, strlen(initiator));
	return bsearch(&hash, admit->hashes, admit->count, sizeof(hash), compare) != NULL;
}
