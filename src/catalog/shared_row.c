/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How rows, keys and log entries of a shared catalog look in its store.  Integers are big-endian.
 *
 *	value    1 byte type: 0 NULL, 1 integer (8 bytes), 2 text, 3 blob (4 bytes length, bytes)
 *	row      the values of all columns, in the order of the table
 *	entry    "VL1", flags (1 = whole), format (4), writer (16), counter (8), count (4), operations
 *	op       kind (1), length of the table's name (1), name, length (4), values
 *
 * What is read was written by another gateway: it is checked like all that comes from outside.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "catalog/shared_int.h"

enum value_type { VALUE_NULL, VALUE_INTEGER, VALUE_TEXT, VALUE_BLOB };

#define HEAD_BYTES 36
#define FLAG_WHOLE 1

static int
damaged(void)
{
	return err_set(ERR_CORRUPT, "the shared catalog has an item that is damaged");
}

/* ---- values ---- */

static void
add_integer(struct strbuf *to, int64_t number)
{
	uint8_t bytes[9] = { VALUE_INTEGER };

	put_be64(bytes + 1, (uint64_t)number);
	strbuf_add_bytes(to, bytes, sizeof(bytes));
}

static void
add_string(struct strbuf *to, enum value_type type, const void *data, int len)
{
	uint8_t head[5] = { (uint8_t)type };

	if (len > 0 && data == NULL) {
		to->failed = true; /* SQLite had no memory */
		return;
	}
	put_be32(head + 1, (uint32_t)len);
	strbuf_add_bytes(to, head, sizeof(head));
	if (len > 0)
		strbuf_add_bytes(to, data, (size_t)len);
}

static void
add_null(struct strbuf *to)
{
	strbuf_add_bytes(to, "", 1);
}

void
catalog_shared_add_column(struct strbuf *to, sqlite3_stmt *stmt, int column)
{
	const void *data;

	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		add_integer(to, sqlite3_column_int64(stmt, column));
		break;
	case SQLITE_TEXT:
		data = sqlite3_column_text(stmt, column);
		add_string(to, VALUE_TEXT, data, sqlite3_column_bytes(stmt, column));
		break;
	case SQLITE_BLOB:
		data = sqlite3_column_blob(stmt, column);
		add_string(to, VALUE_BLOB, data, sqlite3_column_bytes(stmt, column));
		break;
	default: /* STRICT tables without REAL have nothing else */
		add_null(to);
	}
}

void
catalog_shared_add_value(struct strbuf *to, sqlite3_value *value)
{
	const void *data;

	switch (sqlite3_value_type(value)) {
	case SQLITE_INTEGER:
		add_integer(to, sqlite3_value_int64(value));
		break;
	case SQLITE_TEXT:
		data = sqlite3_value_text(value);
		add_string(to, VALUE_TEXT, data, sqlite3_value_bytes(value));
		break;
	case SQLITE_BLOB:
		data = sqlite3_value_blob(value);
		add_string(to, VALUE_BLOB, data, sqlite3_value_bytes(value));
		break;
	default:
		add_null(to);
	}
}

/* Takes the next value: *ret_number of an integer, *ret_data of a text or a blob. */
static int
take_value(struct catalog_shared_bytes *from, enum value_type *ret_type, int64_t *ret_number,
	   struct catalog_shared_bytes *ret_data)
{
	size_t left = (size_t)(from->end - from->at);
	uint32_t len;

	*ret_type = VALUE_NULL;
	*ret_number = 0;
	*ret_data = (struct catalog_shared_bytes){ NULL, NULL };
	if (left < 1)
		return damaged();
	*ret_type = (enum value_type) * from->at;
	switch (*ret_type) {
	case VALUE_NULL:
		from->at += 1;
		return 0;
	case VALUE_INTEGER:
		if (left < 9)
			return damaged();
		*ret_number = (int64_t)get_be64(from->at + 1);
		from->at += 9;
		return 0;
	case VALUE_TEXT:
	case VALUE_BLOB:
		len = left < 5 ? UINT32_MAX : get_be32(from->at + 1);
		if (left < 5 || len > left - 5)
			return damaged();
		*ret_data = (struct catalog_shared_bytes){ from->at + 5, from->at + 5 + len };
		from->at += 5 + len;
		return 0;
	}
	return damaged();
}

int
catalog_shared_bind(struct catalog *catalog, sqlite3_stmt *stmt, int first, int count,
		    struct catalog_shared_bytes *from)
{
	struct catalog_shared_bytes data;
	enum value_type type;
	int64_t number;
	int rc = 0, bound = SQLITE_OK;

	for (int i = 0; rc == 0 && i < count; i++) {
		rc = take_value(from, &type, &number, &data);
		if (rc < 0)
			return rc;
		if (type == VALUE_INTEGER)
			bound = sqlite3_bind_int64(stmt, first + i, number);
		else if (type == VALUE_TEXT)
			bound = sqlite3_bind_text(stmt, first + i, (const char *)data.at,
						  (int)(data.end - data.at), SQLITE_TRANSIENT);
		else if (type == VALUE_BLOB)
			bound = sqlite3_bind_blob64(stmt, first + i, data.at,
						    (uint64_t)(data.end - data.at),
						    SQLITE_TRANSIENT);
		else
			bound = sqlite3_bind_null(stmt, first + i);
		if (bound != SQLITE_OK)
			rc = catalog_db_error(catalog, bound, "bind");
	}
	return rc;
}

int
catalog_shared_column(const struct catalog_shared_bytes *row, int column,
		      struct catalog_shared_bytes *ret_value)
{
	struct catalog_shared_bytes at = *row, data;
	enum value_type type;
	int64_t number;
	int rc = 0;

	for (int i = 0; rc == 0 && i <= column; i++) {
		ret_value->at = at.at;
		rc = take_value(&at, &type, &number, &data);
		ret_value->end = at.at;
	}
	return rc;
}

int
catalog_shared_integer(const struct catalog_shared_bytes *value, int64_t *ret_number)
{
	struct catalog_shared_bytes at = *value, data;
	enum value_type type;
	int rc = take_value(&at, &type, ret_number, &data);

	return rc < 0 ? rc : type == VALUE_INTEGER ? 0 : damaged();
}

int
catalog_shared_guid(const struct catalog_shared_bytes *value, struct guid *ret_guid)
{
	struct catalog_shared_bytes at = *value, data;
	enum value_type type;
	int64_t number;
	int rc = take_value(&at, &type, &number, &data);

	if (rc < 0)
		return rc;
	if (type != VALUE_BLOB || data.end - data.at != (ptrdiff_t)sizeof(ret_guid->bytes))
		return damaged();
	memcpy(ret_guid->bytes, data.at, sizeof(ret_guid->bytes));
	return 0;
}

int
catalog_shared_text(const struct catalog_shared_bytes *value, char **ret_text)
{
	struct catalog_shared_bytes at = *value, data;
	enum value_type type;
	int64_t number;
	char *text;
	int rc = take_value(&at, &type, &number, &data);

	if (rc < 0)
		return rc;
	if (type != VALUE_TEXT)
		return damaged();
	text = str_ndup((const char *)data.at, (size_t)(data.end - data.at));
	if (text == NULL)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

/* ---- keys ---- */

static void
add_hex(struct strbuf *to, const struct catalog_shared_bytes *data)
{
	static const char digits[] = "0123456789abcdef";
	char two[2];

	for (const uint8_t *at = data->at; at < data->end; at++) {
		two[0] = digits[*at >> 4];
		two[1] = digits[*at & 15];
		strbuf_add_bytes(to, two, 2);
	}
}

int
catalog_shared_add_key(struct strbuf *to, const struct catalog_shared_table *table,
		       struct catalog_shared_bytes key)
{
	struct catalog_shared_bytes data;
	enum value_type type;
	int64_t number;
	int rc = 0;

	strbuf_addf(to, "r/%s", table->name);
	for (int i = 0; rc == 0 && i < table->key_columns; i++) {
		rc = take_value(&key, &type, &number, &data);
		if (rc < 0)
			return rc;
		strbuf_add(to, "/");
		if (type == VALUE_INTEGER)
			strbuf_addf(to, "%020" PRId64, number);
		else if (type == VALUE_BLOB)
			add_hex(to, &data);
		else if (type == VALUE_TEXT &&
			 memchr(data.at, '\0', (size_t)(data.end - data.at)) == NULL)
			strbuf_add_bytes(to, data.at, (size_t)(data.end - data.at));
		else
			return damaged();
	}
	strbuf_add_bytes(to, "", 1);
	return 0;
}

const char *
catalog_shared_log_key(uint64_t version, char buffer[SHARED_LOG_KEY])
{
	snprintf(buffer, SHARED_LOG_KEY, "l/%020" PRIu64, version);
	return buffer;
}

/* ---- the log ---- */

void
catalog_shared_add_head(struct strbuf *to, const struct catalog_shared_entry *entry)
{
	uint8_t head[HEAD_BYTES] = { 'V', 'L', '1' };

	head[3] = entry->whole ? FLAG_WHOLE : 0;
	put_be32(head + 4, entry->format);
	memcpy(head + 8, entry->writer.bytes, sizeof(entry->writer.bytes));
	put_be64(head + 24, entry->counter);
	put_be32(head + 32, entry->count);
	strbuf_add_bytes(to, head, sizeof(head));
}

void
catalog_shared_add_op(struct strbuf *to, enum catalog_shared_kind kind,
		      const struct catalog_shared_table *table, const void *bytes, size_t len)
{
	size_t name = strlen(table->name);
	uint8_t head[2] = { (uint8_t)kind, (uint8_t)name }, size[4];

	put_be32(size, (uint32_t)len);
	strbuf_add_bytes(to, head, sizeof(head));
	strbuf_add_bytes(to, table->name, name);
	strbuf_add_bytes(to, size, sizeof(size));
	strbuf_add_bytes(to, bytes, len);
}

int
catalog_shared_read_head(const void *bytes, size_t len, struct catalog_shared_entry *ret_entry)
{
	const uint8_t *head = bytes;

	if (len < HEAD_BYTES || memcmp(head, "VL1", 3) != 0)
		return damaged();
	ret_entry->whole = (head[3] & FLAG_WHOLE) != 0;
	ret_entry->format = get_be32(head + 4);
	memcpy(ret_entry->writer.bytes, head + 8, sizeof(ret_entry->writer.bytes));
	ret_entry->counter = get_be64(head + 24);
	ret_entry->count = get_be32(head + 32);
	ret_entry->ops = (struct catalog_shared_bytes){ head + HEAD_BYTES, head + len };
	return 0;
}

int
catalog_shared_read_op(struct catalog *catalog, struct catalog_shared_bytes *from,
		       struct catalog_shared_op *ret_op)
{
	size_t left = (size_t)(from->end - from->at), name, len;

	if (left < 2)
		return damaged();
	name = from->at[1];
	if (left - 2 < name + 4)
		return damaged();
	len = get_be32(from->at + 2 + name);
	if (left - 6 - name < len)
		return damaged();
	ret_op->kind = (enum catalog_shared_kind)from->at[0];
	ret_op->table = catalog_shared_table_find(catalog, (const char *)from->at + 2, name);
	ret_op->bytes.at = from->at + 6 + name;
	ret_op->bytes.end = ret_op->bytes.at + len;
	from->at = ret_op->bytes.end;
	if (ret_op->table == NULL || (ret_op->kind != SHARED_PUT && ret_op->kind != SHARED_DELETE &&
				      ret_op->kind != SHARED_FETCH))
		return damaged();
	return 0;
}
