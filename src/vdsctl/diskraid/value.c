/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads numbers and sizes, as the language writes them. */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "vdsctl/diskraid/language.h"

const char *
raid_number_parse(const char *text, uint64_t max, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (text[0] == '\0')
		return "the number is missing";
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return "this is not a decimal number";
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*p - '0'), &number))
			return "the number is too large";
	}
	if (number > max)
		return "the number is too large";
	*ret_number = number;
	return NULL;
}

const char *
raid_size_parse(const char *text, uint64_t *ret_bytes)
{
	static const struct {
		const char *name;
		unsigned shift;
	} units[] = { { "", 20 },   { "B", 0 },   { "KB", 10 }, { "MB", 20 },
		      { "GB", 30 }, { "TB", 40 }, { "PB", 50 } };
	size_t digits = strspn(text, "0123456789");
	char number[24];
	uint64_t value;
	const char *why;

	if (digits == 0)
		return "a size begins with a decimal number";
	if (digits >= sizeof(number))
		return "the size is too large";
	memcpy(number, text, digits);
	number[digits] = '\0';
	why = raid_number_parse(number, UINT64_MAX, &value);
	if (why != NULL)
		return "the size is too large";
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcasecmp(text + digits, units[i].name) != 0)
			continue;
		if (value == 0)
			return "the size is zero";
		if (value > UINT64_MAX >> units[i].shift)
			return "the size is too large";
		*ret_bytes = value << units[i].shift;
		return NULL;
	}
	if (text[digits] == '.' || text[digits] == ',')
		return "a size is a whole number and a unit: write 1536MB for 1.5 GB";
	return "the unit of a size is B, KB, MB, GB, TB or PB";
}
