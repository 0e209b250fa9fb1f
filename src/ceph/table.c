/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which image each LUN has: rows in the omap of the pool's marker.  A change of several rows is one
 * operation of one object, so that it is made as a whole or not at all, whenever vdsd ends:
 *
 *	(nothing) --make, clone, copy--> new/ID = image maker --commit--> lun/ID = image
 *	new/ID or lun/ID = image --remove, or another one is committed--> gone/IMAGE --> (nothing)
 *
 * The row of a new image is there before the image, and the row of one that is gone until the image
 * is no more; so no crash leaves an image that no row names.  A name is used once.  Blocks.
 *
 * Where several gateways have the pool, the row of a new volume says who makes it, and whoever
 * commits or drops it does so only if the row is still the one that it has seen: its maker, the new
 * owner of its LUN and a sweep may come to it at once.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ceph/ceph_int.h"

#define CHANGES_MAX    4
#define CONDITIONS_MAX 2
#define PAGE           500 /* rows that are read at once; the OSDs' limit is 1024 */

static const char *const prefixes[] = {
	[CEPH_LUN] = "lun/",
	[CEPH_NEW] = "new/",
	[CEPH_GONE] = "gone/",
	[CEPH_HOLDER] = "holder/",
};

/* What a row must have for a change: a value, or "" = there is no such row. */
struct condition {
	enum ceph_row row;
	const char *name, *value;
};

/* Makes the changes if all conditions hold.  Returns -ECANCELED when one does not. */
static int
change_if(struct ceph_pool *pool, const struct condition *conditions, size_t condition_count,
	  const struct ceph_change *changes, size_t count)
{
	rados_write_op_t op = rados_create_write_op();
	char keys[CHANGES_MAX][CEPH_KEY_MAX];
	char compared_keys[CONDITIONS_MAX][CEPH_KEY_MAX];
	int compared[CONDITIONS_MAX], rc;

	if (op == NULL || count > CHANGES_MAX || condition_count > CONDITIONS_MAX) {
		rados_release_write_op(op);
		return -ENOMEM;
	}
	rados_write_op_assert_exists(op);
	for (size_t i = 0; i < condition_count; i++) {
		const struct condition *want = &conditions[i];

		snprintf(compared_keys[i], CEPH_KEY_MAX, "%s%s", prefixes[want->row], want->name);
		/* a row that is not there compares as an empty one */
		rados_write_op_omap_cmp2(op, compared_keys[i], LIBRADOS_CMPXATTR_OP_EQ, want->value,
					 strlen(compared_keys[i]), strlen(want->value),
					 &compared[i]);
	}
	for (size_t i = 0; i < count; i++) {
		const char *key = keys[i], *value = changes[i].value;
		size_t key_len, value_len = value != NULL ? strlen(value) : 0;

		snprintf(keys[i], sizeof(keys[i]), "%s%s", prefixes[changes[i].row],
			 changes[i].name);
		key_len = strlen(key);
		if (value != NULL)
			rados_write_op_omap_set2(op, &key, &value, &key_len, &value_len, 1);
		else
			rados_write_op_omap_rm_keys2(op, &key, &key_len, 1);
	}
	rc = rados_write_op_operate2(op, pool->io, CEPH_MARKER, NULL, 0);
	rados_release_write_op(op);
	if (ceph_is_away(rc))
		ceph_cluster_doubt();
	return rc;
}

int
ceph_table_change(struct ceph_pool *pool, const struct ceph_change *changes, size_t count)
{
	return change_if(pool, NULL, 0, changes, count);
}

int
ceph_table_change_new(struct ceph_pool *pool, const char *id, const struct ceph_new *row,
		      const char *image, const struct ceph_change *changes, size_t count)
{
	const struct condition conditions[] = { { CEPH_NEW, id, row->value },
						{ CEPH_LUN, id, image != NULL ? image : "" } };

	return change_if(pool, conditions, image != NULL ? 2 : 1, changes, count);
}

/* Copies bytes of the store to a text. */
static void
text_of(char *to, size_t size, const char *bytes, size_t len)
{
	snprintf(to, size, "%.*s", (int)MIN(len, size - 1), bytes != NULL ? bytes : "");
}

int
ceph_table_get(struct ceph_pool *pool, enum ceph_row row, const char *name, char *ret_value)
{
	rados_read_op_t op = rados_create_read_op();
	char key[CEPH_KEY_MAX], *found = NULL, *value = NULL;
	const char *asked = key;
	size_t key_len, found_len = 0, value_len = 0;
	rados_omap_iter_t iter = NULL;
	int rc, result = 0;

	if (op == NULL)
		return -ENOMEM;
	snprintf(key, sizeof(key), "%s%s", prefixes[row], name);
	key_len = strlen(key);
	rados_read_op_omap_get_vals_by_keys2(op, &asked, 1, &key_len, &iter, &result);
	rc = rados_read_op_operate(op, pool->io, CEPH_MARKER, 0);
	if (rc == 0)
		rc = result;
	if (rc == 0)
		rc = rados_omap_get_next2(iter, &found, &value, &found_len, &value_len);
	if (rc == 0 && found == NULL)
		rc = -ENOENT;
	if (rc == 0)
		text_of(ret_value, CEPH_KEY_MAX, value, value_len);
	if (iter != NULL)
		rados_omap_get_end(iter);
	rados_release_read_op(op);
	return rc;
}

struct table_listing {
	struct ceph_table_entry *entries;
	size_t count, capacity;
	char after[CEPH_KEY_MAX];
	unsigned char more;
};

static int
take_page(struct table_listing *list, rados_omap_iter_t iter, const char *prefix)
{
	char *key, *value;
	size_t key_len, value_len;
	int rc;

	for (;;) {
		struct ceph_table_entry *entry;

		rc = rados_omap_get_next2(iter, &key, &value, &key_len, &value_len);
		if (rc < 0 || key == NULL)
			return rc;
		rc = mem_grow(&list->entries, &list->capacity, list->count + 1,
			      sizeof(list->entries[0]));
		if (rc < 0)
			return rc;
		entry = &list->entries[list->count++];
		text_of(list->after, sizeof(list->after), key, key_len);
		text_of(entry->name, sizeof(entry->name), list->after + strlen(prefix),
			CEPH_KEY_MAX);
		text_of(entry->value, sizeof(entry->value), value, value_len);
	}
}

static int
read_page(struct ceph_pool *pool, struct table_listing *list, const char *prefix)
{
	rados_read_op_t op = rados_create_read_op();
	rados_omap_iter_t iter = NULL;
	int rc, result = 0;

	if (op == NULL)
		return -ENOMEM;
	rados_read_op_omap_get_vals2(op, list->after, prefix, PAGE, &iter, &list->more, &result);
	rc = rados_read_op_operate(op, pool->io, CEPH_MARKER, 0);
	if (rc == 0)
		rc = result;
	if (rc == 0)
		rc = take_page(list, iter, prefix);
	if (iter != NULL)
		rados_omap_get_end(iter);
	rados_release_read_op(op);
	return rc;
}

int
ceph_table_list(struct ceph_pool *pool, enum ceph_row row, struct ceph_table_entry **ret_entries)
{
	struct table_listing list = { .more = 1 };
	int rc = 0;

	while (rc == 0 && list.more != 0)
		rc = read_page(pool, &list, prefixes[row]);
	if (rc < 0) {
		mem_free(list.entries);
		return rc;
	}
	*ret_entries = list.entries;
	return (int)list.count;
}

void
ceph_new_parse(const char *value, struct ceph_new *ret_row)
{
	const char *space = strchr(value, ' ');
	size_t len = space != NULL ? (size_t)(space - value) : strlen(value);

	text_of(ret_row->value, sizeof(ret_row->value), value, strlen(value));
	text_of(ret_row->name, sizeof(ret_row->name), value, len);
	text_of(ret_row->maker, sizeof(ret_row->maker), space != NULL ? space + 1 : "",
		space != NULL ? strlen(space + 1) : 0);
}

int
ceph_table_get_new(struct ceph_pool *pool, const char *id, struct ceph_new *ret_row)
{
	char value[CEPH_KEY_MAX];
	int rc = ceph_table_get(pool, CEPH_NEW, id, value);

	if (rc == 0)
		ceph_new_parse(value, ret_row);
	return rc;
}

int
ceph_table_find(struct ceph_pool *pool, const char *id, char *ret_name)
{
	struct ceph_new row;
	int rc = ceph_table_get(pool, CEPH_LUN, id, ret_name);

	if (rc != -ENOENT)
		return rc;
	rc = ceph_table_get_new(pool, id, &row);
	if (rc == 0) {
		const struct ceph_change commit[] = { { CEPH_LUN, id, row.name },
						      { CEPH_NEW, id, NULL } };

		rc = ceph_table_change_new(pool, id, &row, "", commit, ARRAY_LEN(commit));
	}
	/* committed by somebody else between the questions */
	if (rc == 0 || rc == -ECANCELED || rc == -ENOENT)
		rc = ceph_table_get(pool, CEPH_LUN, id, ret_name);
	return rc;
}
