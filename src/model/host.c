/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Look-ups of hosts, initiators and host groups, and lists of initiator names.  Any thread. */
#include "model/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/fields.h"
#include "model/name_int.h"
#include "model/state_int.h"

static struct row_slice
slice_of(const struct state *state, enum order_id id, const void *probe)
{
	return order_group(state->orders[id], order_type(id), probe);
}

static const void *
first_of(struct row_slice slice)
{
	return slice.count > 0 ? slice.rows[0] : NULL;
}

const struct row_host *
state_host_by_name(const struct state *state, const char *name)
{
	const struct row_host probe = { .name = (char *)(uintptr_t)name };

	return first_of(slice_of(state, ORDER_HOST_NAMES, &probe));
}

const struct row_host_group *
state_host_group_by_name(const struct state *state, const char *name)
{
	const struct row_host_group probe = { .name = (char *)(uintptr_t)name };

	return first_of(slice_of(state, ORDER_HOST_GROUP_NAMES, &probe));
}

const struct row_initiator *
state_initiator_by_name(const struct state *state, const char *name)
{
	char lower[ROW_ISCSI_NAME_MAX + 1];
	const struct row_initiator probe = { .iscsi_name = lower };
	size_t len = strlen(name);

	if (len > ROW_ISCSI_NAME_MAX)
		return NULL;
	for (size_t i = 0; i <= len; i++)
		lower[i] = name_lower(name[i]);
	return first_of(slice_of(state, ORDER_INITIATOR_NAMES, &probe));
}

const struct row_host *
state_host_of_initiator(const struct state *state, const char *name)
{
	const struct row_initiator *initiator = state_initiator_by_name(state, name);

	return initiator != NULL ? state_find(state, ROW_HOST, &initiator->host_id) : NULL;
}

struct row_slice
state_host_initiators(const struct state *state, const struct guid *host_id)
{
	const struct row_head probe = { .b = *host_id };

	return slice_of(state, ORDER_HOST_INITIATORS, &probe);
}

struct row_slice
state_host_groups(const struct state *state, const struct guid *host_id)
{
	const struct row_head probe = { .b = *host_id };

	return slice_of(state, ORDER_HOST_GROUPS, &probe);
}

struct row_slice
state_group_hosts(const struct state *state, const struct guid *group_id)
{
	const struct row_head probe = { .a = *group_id };

	return slice_of(state, (enum order_id)ROW_HOST_MEMBER, &probe);
}

/* ---- lists of names ---- */

static int
name_add(struct host_names *list, const char *text, size_t len)
{
	AUTO_FREE char *name = NULL, *copy = NULL;
	int rc;

	while (len > 0 && *text == ' ') {
		text++;
		len--;
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	if (len == 0)
		return 0;
	copy = str_ndup(text, len);
	if (copy == NULL)
		return -ENOMEM;
	rc = iscsi_name_normalize(copy, &name);
	if (rc < 0)
		return rc;
	if (mem_grow(&list->names, &list->capacity, list->count + 1, sizeof(list->names[0])) < 0)
		return -ENOMEM;
	list->names[list->count++] = TAKE(name);
	return 0;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
sort_names(struct host_names *list)
{
	size_t kept = 0;

	if (list->count > 1)
		qsort(list->names, list->count, sizeof(list->names[0]), compare_names);
	for (size_t i = 0; i < list->count; i++) {
		if (kept > 0 && strcmp(list->names[kept - 1], list->names[i]) == 0)
			mem_free(list->names[i]);
		else
			list->names[kept++] = list->names[i];
	}
	list->count = kept;
}

int
host_names_parse(const char *text, struct host_names *ret_names)
{
	struct host_names list = { 0 };
	int rc = 0;

	while (rc == 0 && text != NULL && *text != '\0') {
		size_t len = strcspn(text, ";");

		rc = name_add(&list, text, len);
		text += len + (text[len] == ';');
	}
	if (rc < 0) {
		host_names_fini(&list);
		return rc;
	}
	sort_names(&list);
	*ret_names = list;
	return 0;
}

void
host_names_fini(struct host_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		mem_free(names->names[i]);
	mem_free(names->names);
	*names = (struct host_names){ 0 };
}

bool
host_names_have(const struct host_names *names, const char *name)
{
	return names->count > 0 && bsearch(&name, names->names, names->count,
					   sizeof(names->names[0]), compare_names) != NULL;
}
