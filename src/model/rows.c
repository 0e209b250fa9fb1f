/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows as objects: makes, copies, compares, seals and counts them by the description of their
 * fields.  A row that is not sealed belongs to one thread; any thread may read a sealed row.
 */
#include "model/rows.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/fields.h"

void *
row_new(enum row_family family)
{
	struct row *row = mem_calloc(1, row_type(family)->size_bytes);

	if (row == NULL)
		return NULL;
	row->family = family;
	atomic_init(&row->refs, 1);
	return row;
}

/* The text lies behind the row's struct, in the same piece of memory. */
void *
row_new_as_sent(enum row_family family, const char *text, size_t len)
{
	size_t size_bytes = row_type(family)->size_bytes;
	char *memory = mem_calloc(1, size_bytes + len + 1);
	struct row *row = (struct row *)(void *)memory;

	if (row == NULL)
		return NULL;
	row->family = family;
	row->is_as_sent = 1;
	atomic_init(&row->refs, 1);
	memcpy(memory + size_bytes, text, len);
	return row;
}

const char *
row_text_as_sent(const void *row)
{
	if (!((const struct row *)row)->is_as_sent)
		return NULL;
	return (const char *)row + row_type(row_family_of(row))->size_bytes;
}

/* What all strings of a sealed row point to when they are empty.  Never freed, never written. */
static char no_text[1];

/*
 * A row that is being made owns each of its strings.  A sealed row owns one block with all of them,
 * which begins where its first string does: that saves memory and time for each row.
 */
static void
row_free(void *row)
{
	const struct row_type *type = row_type(row_family_of(row));
	bool sealed = row_is_sealed(row);

	for (size_t i = 0; i < type->field_count; i++) {
		char *text;

		if (type->fields[i].type != FIELD_STRING)
			continue;
		text = *(char **)row_field_to(row, &type->fields[i]);
		if (text != no_text)
			mem_free(text);
		if (sealed)
			break;
	}
	mem_free(row);
}

static int
field_copy(void *to, const void *from, const struct row_field *field)
{
	if (field->type == FIELD_STRING)
		return row_set_string(row_field_to(to, field), row_field_text(from, field));
	memcpy(row_field_to(to, field), row_field_at(from, field), field->size_bytes);
	return 0;
}

void *
row_copy(const void *row)
{
	const struct row_type *type = row_type(row_family_of(row));
	AUTO_ROW struct row *copy = row_new(row_family_of(row));

	for (size_t i = 0; copy != NULL && i < type->field_count; i++)
		if (field_copy(copy, row, &type->fields[i]) < 0)
			return NULL;
	return TAKE(copy);
}

int
row_set_string(char **field, const char *value)
{
	char *copy = str_dup(value != NULL ? value : "");

	if (copy == NULL)
		return -ENOMEM;
	mem_free(*field);
	*field = copy;
	return 0;
}

/* Repair malformed strings; returns the size of a block that holds all strings with their NULs. */
static size_t
strings_settle(void *row, bool *ret_empty)
{
	const struct row_type *type = row_type(row_family_of(row));
	size_t size_bytes = 0, strings = 0;

	for (size_t i = 0; i < type->field_count; i++) {
		char *text;

		if (type->fields[i].type != FIELD_STRING)
			continue;
		text = *(char **)row_field_to(row, &type->fields[i]);
		if (text != NULL)
			row_text_repair(text);
		size_bytes += (text != NULL ? strlen(text) : 0) + 1;
		strings++;
	}
	*ret_empty = size_bytes == strings;
	return size_bytes;
}

/* Moves all strings into one block; none is NULL afterwards.  0 or -ENOMEM (nothing was moved). */
static int
strings_join(void *row)
{
	const struct row_type *type = row_type(row_family_of(row));
	bool empty;
	size_t size_bytes = strings_settle(row, &empty);
	char *block = empty ? no_text : mem_alloc(size_bytes);

	if (block == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < type->field_count; i++) {
		char **field = row_field_to(row, &type->fields[i]);
		size_t len;

		if (type->fields[i].type != FIELD_STRING)
			continue;
		len = *field != NULL ? strlen(*field) : 0;
		if (!empty)
			memcpy(block, *field != NULL ? *field : "", len + 1);
		mem_free(*field);
		*field = block;
		block += empty ? 0 : len + 1;
	}
	return 0;
}

static int
seal(void *row, const struct strbuf *text)
{
	struct row *head = row;
	struct hash128 hash;

	if (text->failed || hash128_of(text->text, text->len, &hash) < 0 || strings_join(row) < 0)
		return -ENOMEM;
	assert(hash.lo != 0 || hash.hi != 0);
	head->hash = hash;
	return 0;
}

int
row_seal(void *row)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	bool empty;

	if (row_is_sealed(row))
		return 0;
	strbuf_init(&text);
	(void)strings_settle(row, &empty);
	row_canonical(row, &text);
	return seal(row, &text);
}

int
row_seal_with_text(void *row, const char *json, size_t len)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	strbuf_init(&text);
	strbuf_add(&text, row_type(row_family_of(row))->name);
	strbuf_add_bytes(&text, json, len);
	return seal(row, &text);
}

void *
row_ref(const void *row)
{
	struct row *head = (struct row *)(uintptr_t)row;

	atomic_fetch_add_explicit(&head->refs, 1, memory_order_relaxed);
	return head;
}

void
row_unref(void *row)
{
	struct row *head = row;

	if (head != NULL && atomic_fetch_sub_explicit(&head->refs, 1, memory_order_acq_rel) == 1)
		row_free(row);
}

void
row_unref_cleanup(void *pointer_to_row)
{
	row_unref(*(void **)pointer_to_row);
}

void
row_key(const void *row, struct row_key *ret_key)
{
	const struct row_head *head = row;

	*ret_key = (struct row_key){ .a = head->a };
	if (row_type(row_family_of(row))->key_fields > 1)
		ret_key->b = head->b;
}

int
row_key_compare(const struct row_key *a, const struct row_key *b)
{
	int order = guid_compare(&a->a, &b->a);

	return order != 0 ? order : guid_compare(&a->b, &b->b);
}

bool
row_field_equal(const void *a, const void *b, const struct row_field *field)
{
	const void *p = row_field_at(a, field), *q = row_field_at(b, field);

	switch (field->type) {
	case FIELD_GUID:
		return guid_equal(p, q);
	case FIELD_STRING:
		return strcmp(row_field_text(a, field), row_field_text(b, field)) == 0;
	case FIELD_U32:
	case FIELD_ENUM:
	case FIELD_U64:
	case FIELD_I64:
	case FIELD_BOOL:
		return row_field_number(a, field) == row_field_number(b, field);
	}
	return false;
}

bool
row_equal(const void *a, const void *b)
{
	const struct row_type *type = row_type(row_family_of(a));

	if (row_family_of(a) != row_family_of(b))
		return false;
	for (size_t i = 0; i < type->field_count; i++)
		if (!row_field_equal(a, b, &type->fields[i]))
			return false;
	return true;
}

const char *
row_lun_called(const struct row_lun *lun, char ret_id[GUID_TEXT_SIZE])
{
	return lun->name[0] != '\0' ? lun->name : guid_format(&lun->id, ret_id);
}
