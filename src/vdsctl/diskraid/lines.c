/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes a script apart into lines: byte order mark, LF or CR LF, a last line without either. */
#include <string.h>

#include "vdsctl/diskraid/language.h"

enum raid_exit
raid_lines_init(struct raid_lines *lines, const char *bytes, size_t len, struct raid_error *error)
{
	*lines = (struct raid_lines){ .next = bytes, .end = bytes + len };
	if (len >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) {
		lines->number = 1;
		return raid_error_set(error, RAID_SYNTAX, 1,
				      "the script is in UTF-16; save it in UTF-8");
	}
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		lines->next += 3;
	return RAID_OK;
}

bool
raid_lines_next(struct raid_lines *lines, const char **ret_line, size_t *ret_len)
{
	const char *end;

	if (lines->next == lines->end)
		return false;
	end = memchr(lines->next, '\n', (size_t)(lines->end - lines->next));
	*ret_line = lines->next;
	*ret_len = (size_t)((end != NULL ? end : lines->end) - lines->next);
	lines->next = end != NULL ? end + 1 : lines->end;
	if (*ret_len > 0 && (*ret_line)[*ret_len - 1] == '\r')
		--*ret_len;
	lines->number++;
	return true;
}
