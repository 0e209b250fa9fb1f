/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names and identities: this file checks those that people give, and makes the others.  Any thread,
 * except where a function takes a state, which the writer thread gives while it applies a change.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "array/array_int.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf.h"

bool
array_name_is_blank(const char *name)
{
	return *name != '\0' && name[strspn(name, " ")] == '\0';
}

int
array_name_check(const char *what, const char *name)
{
	if (name == NULL || *name == '\0')
		return err_set(ERR_INVALID, "the name of a %s has between 1 and %d characters",
			       what, ROW_NAME_UNITS);
	return array_name_check_free(what, name);
}

int
array_name_check_free(const char *what, const char *name)
{
	if (!str_is_text(name, strlen(name)))
		return err_set(ERR_INVALID, "the name of a %s must be one line of UTF-8 text",
			       what);
	if (utf8_to_utf16_len(name) > ROW_NAME_UNITS)
		return err_set(ERR_INVALID,
			       "the name of a %s has at most %d characters (UTF-16 units)", what,
			       ROW_NAME_UNITS);
	if (array_name_is_blank(name))
		return err_set(ERR_INVALID, "the name of a %s must be more than spaces", what);
	return 0;
}

int
array_name_no_such(enum row_family family, const struct guid *id)
{
	char text[GUID_TEXT_SIZE];

	return err_set(ERR_NOT_FOUND, "there is no %s with the id %s", row_noun(family),
		       guid_format(id, text));
}

/* A guid has six bits that are not random, in bytes 6 and 8: leave those bytes out. */
uint64_t
array_name_random64(void)
{
	uint8_t bytes[8];
	struct guid g;

	guid_make(&g);
	memcpy(bytes, g.bytes, 6);
	memcpy(bytes + 6, g.bytes + 9, 2);
	return get_be64(bytes);
}

int
array_name_hash_id(const struct guid *array_id, const char *kind, const char *name,
		   struct guid *ret_id)
{
	char id[GUID_TEXT_SIZE];
	AUTO_FREE char *text = str_printf("%s/%s/%s", guid_format(array_id, id), kind, name);
	struct hash128 hash;

	_Static_assert(sizeof(hash) == sizeof(*ret_id), "a hash is an id");
	if (text == NULL || hash128_of(text, strlen(text), &hash) < 0)
		return -ENOMEM;
	memcpy(ret_id, &hash, sizeof(*ret_id));
	/* RFC 9562: version 8 (made by a rule of one's own), variant 10. */
	ret_id->bytes[6] = (uint8_t)(0x80 | (ret_id->bytes[6] & 0x0f));
	ret_id->bytes[8] = (uint8_t)(0x80 | (ret_id->bytes[8] & 0x3f));
	return 0;
}

int
array_name_make_lun(const struct state *view, uint32_t number, char **ret_name)
{
	AUTO_FREE char *name = str_printf("lun-%u", number);

	for (unsigned n = 2; name != NULL && state_luns_by_name(view, name).count > 0; n++) {
		mem_free(name);
		name = str_printf("lun-%u-%u", number, n);
	}
	if (name == NULL)
		return -ENOMEM;
	*ret_name = TAKE(name);
	return 0;
}

/* What of the alias may stand in an iSCSI name (RFC 3722 §6): the rest becomes '-'. */
static void
append_alias(struct strbuf *name, const char *alias)
{
	for (const char *p = alias; *p != '\0'; p++) {
		char c = (char)tolower((unsigned char)*p);

		if (!isalnum((unsigned char)c) && c != '.' && c != ':')
			c = '-';
		if ((unsigned char)*p < 0x80 || (p != alias && (unsigned char)p[-1] < 0x80))
			strbuf_add_bytes(name, &c, 1);
	}
}

/* Under the owner's prefix when there is one, with the alias where it is free, else random. */
static char *
target_name(const char *prefix, const char *alias, unsigned attempt)
{
	struct strbuf name;
	size_t begin;
	bool told;

	strbuf_init(&name);
	if (*prefix == '\0') {
		strbuf_addf(&name, "naa.3%015" PRIx64, array_name_random64() >> 4);
		return strbuf_take(&name);
	}
	strbuf_addf(&name, "%s%s", prefix, prefix[strlen(prefix) - 1] == ':' ? "" : ":");
	begin = name.len;
	append_alias(&name, alias);
	told = name.len > begin; /* nothing is left of an alias in another script */
	if (!told || attempt > 0)
		strbuf_addf(&name, "%s%016" PRIx64, told ? "-" : "", array_name_random64());
	return strbuf_take(&name);
}

int
array_name_make_target(const struct state *view, const char *alias, char **ret_name)
{
	const char *prefix = state_array(view)->iqn_prefix;

	for (unsigned attempt = 0;; attempt++) {
		AUTO_FREE char *name = target_name(prefix, alias, attempt);

		if (name == NULL)
			return -ENOMEM;
		if (state_target_by_name(view, name) == NULL)
			return iscsi_name_normalize(name, ret_name);
	}
}
