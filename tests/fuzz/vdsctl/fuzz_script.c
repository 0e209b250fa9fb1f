/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target for scripts of DiskRAID: the input is a script, of which every line is parsed and
 * completed; nothing runs.  An error must name a column of the line and must be text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vdsctl/diskraid/language.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
error_check(const struct raid_error *error, size_t len)
{
	if (error->exit != RAID_SYNTAX || error->text[0] == '\0' || error->column > len + 1)
		abort();
}

static void
line_try(const char *line, size_t len)
{
	struct raid_candidates candidates;
	struct raid_words words;
	struct raid_args args = { 0 };
	struct raid_error error = { 0 };
	enum raid_exit rc = raid_words_split(line, len, &words, &error);

	if (rc == RAID_OK)
		rc = raid_parse(&words, false, &args, &error);
	if (rc != RAID_OK)
		error_check(&error, len);
	raid_args_fini(&args);
	raid_words_fini(&words);
	raid_complete(line, len, NULL, NULL, &candidates);
	if (raid_candidates_common(&candidates) < candidates.replaced && candidates.count > 0)
		abort();
	raid_candidates_fini(&candidates);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct raid_lines lines;
	struct raid_error error = { 0 };
	const char *line;
	size_t len;

	if (raid_lines_init(&lines, (const char *)data, size, &error) != RAID_OK) {
		error_check(&error, size);
		return 0;
	}
	while (raid_lines_next(&lines, &line, &len))
		line_try(line, len);
	return 0;
}
