/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iSCSI names: checks the three forms and makes the canonical spelling.  RFC 7143 §4.2.7, RFC 3722.
 * Pure functions, for any thread.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/name_int.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(const char *s, size_t digits)
{
	return strlen(s) == digits && strspn(s, "0123456789abcdef") == digits;
}

/* "2001-04": the month in which the domain was the owner's. */
static bool
is_date(const char *s)
{
	for (int i = 0; i < 7; i++)
		if (i == 4 ? s[i] != '-' : !is_digit(s[i]))
			return false;
	return (s[5] == '0' && s[6] != '0') || (s[5] == '1' && s[6] <= '2');
}

/* "com.example" up to the end or a colon: labels that are not empty. */
static bool
is_domain(const char *s)
{
	size_t label = 0;

	for (; *s != '\0' && *s != ':'; s++) {
		if (*s == '.' && label == 0)
			return false;
		label = *s == '.' ? 0 : label + 1;
	}
	return label > 0;
}

/* RFC 7143 §4.2.7.4: iqn.yyyy-mm.reversed.domain[:anything] */
static bool
is_iqn(const char *s)
{
	return is_date(s) && s[7] == '.' && is_domain(s + 8);
}

/* RFC 7143 §4.2.7.5, .6: EUI-64 in 16 hexadecimal digits, NAA in 16 or 32. */
static bool
form_is_right(const char *name)
{
	if (str_starts(name, "iqn."))
		return is_iqn(name + 4);
	if (str_starts(name, "eui."))
		return is_hex(name + 4, 16);
	return str_starts(name, "naa.") && (is_hex(name + 4, 16) || is_hex(name + 4, 32));
}

int
iscsi_name_normalize(const char *text, char **ret_name)
{
	AUTO_FREE char *name = NULL;
	size_t len = text != NULL ? strlen(text) : 0;

	if (len == 0 || len > ROW_ISCSI_NAME_MAX)
		return err_set(ERR_INVALID, "an iSCSI name has 1 to %d bytes, not %zu",
			       ROW_ISCSI_NAME_MAX, len);
	name = str_dup(text);
	if (name == NULL)
		return -ENOMEM;
	for (char *p = name; *p != '\0'; p++) {
		if (!name_char_allowed(*p))
			return err_set(ERR_INVALID,
				       "an iSCSI name has letters, digits, '-', '.' and ':' only");
		*p = name_lower(*p);
	}
	if (!form_is_right(name))
		return err_set(
			ERR_INVALID,
			"%s is no iSCSI name: iqn.YYYY-MM.reversed.domain:text, eui. or naa. "
			"with hexadecimal digits",
			name);
	*ret_name = TAKE(name);
	return 0;
}
