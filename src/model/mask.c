/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unmasking lists: which initiators may use a LUN. "*" means every initiator, "" none; otherwise
 * the list has entries joined by ';': names (IVdsLun::SetMask), and hosts and host groups by their
 * ids.  Pure functions, for any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/name_int.h"

/*
 * Finds the next name of a list, without the spaces around it, and moves *rest on.  Returns false
 * at the end.
 */
static bool
name_next(const char **rest, const char **ret_name, size_t *ret_len)
{
	const char *start = *rest, *end;

	if (start == NULL)
		return false;
	end = start + strcspn(start, ";");
	*rest = *end == ';' ? end + 1 : NULL;
	while (start < end && *start == ' ')
		start++;
	while (end > start && end[-1] == ' ')
		end--;
	*ret_name = start;
	*ret_len = (size_t)(end - start);
	return true;
}

static bool
name_matches(const char *name, size_t len, const char *initiator)
{
	for (size_t i = 0; i < len; i++)
		if (initiator[i] == '\0' || name_lower(name[i]) != name_lower(initiator[i]))
			return false;
	return initiator[len] == '\0';
}

/* Returns the length of the prefix that makes an entry a host or a host group; 0 = it is a name. */
static size_t
host_prefix(const char *entry, size_t len)
{
	static const char *const prefixes[] = { MASK_HOST, MASK_HOST_GROUP };

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		size_t size = strlen(prefixes[i]), at = 0;

		while (at < size && at < len && name_lower(entry[at]) == prefixes[i][at])
			at++;
		if (at == size)
			return size;
	}
	return 0;
}

bool
mask_is_host(const char *entry)
{
	return host_prefix(entry, strlen(entry)) > 0;
}

bool
mask_admits(const char *mask, const char *initiator)
{
	const char *name;
	size_t len;

	/* an initiator may call itself what it likes, but that makes no host of it */
	if (mask == NULL || initiator == NULL || *initiator == '\0' || mask_is_host(initiator))
		return false;
	if (strcmp(mask, "*") == 0)
		return true;
	while (name_next(&mask, &name, &len))
		if (name_matches(name, len, initiator))
			return true;
	return false;
}

/* Compares names as strcmp does; they need not end with a NUL. */
static int
name_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, MIN(a_len, b_len));

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

bool
mask_includes(const char *mask, const char *other)
{
	const char *name = NULL, *wanted;
	size_t len = 0, wanted_len;

	if (strcmp(mask, "*") == 0 || *other == '\0')
		return true;
	if (strcmp(other, "*") == 0 || *mask == '\0')
		return false;
	while (name_next(&other, &wanted, &wanted_len)) {
		while (name == NULL || name_compare(name, len, wanted, wanted_len) < 0)
			if (!name_next(&mask, &name, &len))
				return false;
		if (name_compare(name, len, wanted, wanted_len) != 0)
			return false;
	}
	return true;
}

/* ---- normalisation ---- */

/* Initiators whose names are not of the right form otherwise exist, and may log in. */
static bool
has_type(const char *name, size_t len)
{
	static const char *const types[] = { "iqn.", "eui.", "naa." };

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		size_t at = 0;

		while (at < 4 && at < len && name_lower(name[at]) == types[i][at])
			at++;
		if (at == 4 && len > 4)
			return true;
	}
	return false;
}

/* "host:ID", "host-group:ID" */
static int
host_check(const char *entry, size_t len, size_t prefix)
{
	char text[GUID_TEXT_SIZE + 2] = { 0 };
	struct guid id;

	if (len - prefix < sizeof(text))
		memcpy(text, entry + prefix, len - prefix);
	if (len - prefix < GUID_TEXT_SIZE && guid_parse(text, &id) == 0)
		return 0;
	return err_set(ERR_INVALID, "%.*s in the unmasking list is not the id of a host",
		       (int)(len < ROW_ISCSI_NAME_MAX ? len : ROW_ISCSI_NAME_MAX), entry);
}

static int
name_check(const char *name, size_t len)
{
	size_t prefix = host_prefix(name, len);

	if (prefix > 0)
		return host_check(name, len, prefix);
	if (len > ROW_ISCSI_NAME_MAX)
		return err_set(ERR_INVALID,
			       "the unmasking list has a name of %zu bytes; at most %d are allowed",
			       len, ROW_ISCSI_NAME_MAX);
	for (size_t i = 0; i < len; i++)
		if (name[i] == '*')
			return err_set(ERR_INVALID, "the unmasking list has '*' beside other "
						    "names: give '*' alone, or only names");
		else if (!name_char_allowed(name[i]))
			return err_set(ERR_INVALID,
				       "byte %zu of a name in the unmasking list is a character "
				       "that no iSCSI name can have",
				       i);
	if (!has_type(name, len))
		return err_set(ERR_INVALID,
			       "%.*s is no iSCSI name: a name in an unmasking list begins with "
			       "iqn., eui. or naa., and a host with host: or host-group:",
			       (int)len, name);
	return 0;
}

struct name_list {
	char **names;
	size_t count, capacity;
};

static void
name_list_fini(struct name_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		mem_free(list->names[i]);
	mem_free(list->names);
}

/* Loads the names of a list in lower case, in the order of the list. */
static int
names_load(const char *text, struct name_list *list)
{
	const char *name;
	size_t len;
	int rc;

	while (name_next(&text, &name, &len)) {
		if (len == 0)
			continue;
		if ((rc = name_check(name, len)) < 0)
			return rc;
		if (mem_grow(&list->names, &list->capacity, list->count + 1,
			     sizeof(list->names[0])) < 0 ||
		    (list->names[list->count] = str_ndup(name, len)) == NULL)
			return -ENOMEM;
		for (char *p = list->names[list->count++]; *p != '\0'; p++)
			*p = name_lower(*p);
	}
	return 0;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Returns whether the list consists of "*" alone, which may be repeated. */
static bool
is_everyone(const char *text)
{
	bool star = false;
	const char *name;
	size_t len;

	while (name_next(&text, &name, &len)) {
		if (len > 1 || (len == 1 && *name != '*'))
			return false;
		star = star || len == 1;
	}
	return star;
}

/* Returns whether the list `mask` has the entry, which may be a host. */
static bool
has_entry(const char *mask, const char *entry)
{
	const char *name;
	size_t len;

	while (name_next(&mask, &name, &len))
		if (name_matches(name, len, entry))
			return true;
	return false;
}

/*
 * Makes the canonical form of the list without the names of `but` (NULL: of none).  Sorts the list.
 */
static int
names_join(struct name_list *list, const char *but, size_t limit_bytes, char **ret_mask)
{
	AUTO(strbuf_fini) struct strbuf out;
	char *mask;

	strbuf_init(&out);
	if (list->count > 0)
		qsort(list->names, list->count, sizeof(list->names[0]), compare_names);
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0 && strcmp(list->names[i - 1], list->names[i]) == 0)
			continue;
		if (but != NULL && has_entry(but, list->names[i]))
			continue;
		strbuf_add(&out, out.len > 0 ? ";" : "");
		strbuf_add(&out, list->names[i]);
	}
	if (!out.failed && out.len > limit_bytes)
		return err_set(ERR_INVALID,
			       "the unmasking list has %zu bytes; at most %d are allowed", out.len,
			       ROW_MASK_MAX);
	mask = strbuf_take(&out);
	if (mask == NULL)
		return -ENOMEM;
	*ret_mask = mask;
	return 0;
}

int
mask_normalize(const char *text, char **ret_mask)
{
	AUTO(name_list_fini) struct name_list list = { 0 };
	int rc;

	if (text != NULL && is_everyone(text)) {
		*ret_mask = str_dup("*");
		return *ret_mask != NULL ? 0 : -ENOMEM;
	}
	rc = names_load(text, &list);
	return rc < 0 ? rc : names_join(&list, NULL, ROW_MASK_MAX, ret_mask);
}

int
mask_sort(const char *names, char **ret_mask)
{
	AUTO(name_list_fini) struct name_list list = { 0 };
	int rc = names_load(names, &list);

	return rc < 0 ? rc : names_join(&list, NULL, SIZE_MAX, ret_mask);
}

static int
check_not_everyone(const char *mask)
{
	if (strcmp(mask, "*") != 0)
		return 0;
	return err_set(ERR_INVALID, "every initiator (*) may use the LUN, so no name can be added "
				    "or removed: give the whole list");
}

int
mask_add(const char *mask, const char *names, char **ret_mask)
{
	AUTO(name_list_fini) struct name_list list = { 0 };
	int rc = check_not_everyone(mask);

	if (rc == 0)
		rc = names_load(mask, &list);
	if (rc == 0)
		rc = names_load(names, &list);
	return rc < 0 ? rc : names_join(&list, NULL, ROW_MASK_MAX, ret_mask);
}

int
mask_remove(const char *mask, const char *names, char **ret_mask)
{
	AUTO(name_list_fini) struct name_list list = { 0 };
	AUTO(name_list_fini) struct name_list gone = { 0 };
	int rc = check_not_everyone(mask);

	if (rc == 0)
		rc = names_load(names, &gone);
	if (rc == 0)
		rc = names_load(mask, &list);
	return rc < 0 ? rc : names_join(&list, names, ROW_MASK_MAX, ret_mask);
}
