/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values on their way between processes: structs with what they point to, by the tables of types.
 * Called by the thread that makes or serves a call, and by the thread that reads an answer.
 *
 * The bytes of all elements come first, with their pointers cleared; what the pointers point to
 * follows, element by element.  Reading never looks at the pointers of the sender, and allocates no
 * more than the message has bytes for.
 */
#include "remote/remote_int.h"

#include <errno.h>
#include <string.h>

/* ---- writing ---- */

void
remote_out_fini(struct remote_out *out)
{
	for (size_t i = 0; i < out->object_count; i++) {
		if (out->objects[i].is_receivers == 0)
			remote_released(out->remote, out->objects[i].id, 1);
	}
	mem_free(out->objects);
	mem_free(out->bytes);
	*out = (struct remote_out){ .remote = out->remote, .rc = out->rc };
}

void
remote_put(struct remote_out *out, const void *bytes, size_t size)
{
	if (out->rc == 0 && size > REMOTE_MESSAGE_MAX - out->size)
		out->rc = -EMSGSIZE;
	if (out->rc == 0)
		out->rc = mem_grow(&out->bytes, &out->capacity, out->size + size, 1);
	if (out->rc < 0 || size == 0)
		return;
	memcpy(out->bytes + out->size, bytes, size);
	out->size += size;
}

static void
put_length(struct remote_out *out, size_t length)
{
	const uint32_t number = (uint32_t)length;

	remote_put(out, &number, sizeof(number));
}

void
remote_put_object(struct remote_out *out, void *object, uint32_t interface)
{
	(void)interface; /* an object is named as a whole */
	if (object == NULL) {
		put_length(out, REMOTE_ABSENT);
		return;
	}
	if (out->rc == 0 && out->object_count == REMOTE_OBJECTS_MAX)
		out->rc = -EMSGSIZE;
	if (out->rc == 0)
		out->rc = mem_grow(&out->objects, &out->object_capacity, out->object_count + 1,
				   sizeof(out->objects[0]));
	if (out->rc == 0)
		out->rc = remote_name(out->remote, object, &out->objects[out->object_count]);
	if (out->rc == 0)
		put_length(out, out->object_count++);
}

static void
put_string(struct remote_out *out, const WCHAR *string)
{
	size_t length = 0;

	if (string == NULL) {
		put_length(out, REMOTE_ABSENT);
		return;
	}
	while (length <= REMOTE_STRING_MAX && string[length] != 0)
		length++;
	if (length > REMOTE_STRING_MAX && out->rc == 0)
		out->rc = -EMSGSIZE;
	put_length(out, length);
	remote_put(out, string, length * sizeof(*string));
}

static void
put_text(struct remote_out *out, const char *text)
{
	size_t length;

	if (text == NULL) {
		put_length(out, REMOTE_ABSENT);
		return;
	}
	length = strnlen(text, REMOTE_STRING_MAX + 1u);
	if (length > REMOTE_STRING_MAX && out->rc == 0)
		out->rc = -EMSGSIZE;
	put_length(out, length);
	remote_put(out, text, length);
}

static void *
pointer_at(const void *value, size_t offset)
{
	void *pointer;

	memcpy(&pointer, (const uint8_t *)value + offset, sizeof(pointer));
	return pointer;
}

static uint32_t
number_at(const void *value, size_t offset)
{
	uint32_t number;

	memcpy(&number, (const uint8_t *)value + offset, sizeof(number));
	return number;
}

/*
 * Returns whether a field is there in a value: whether the arm of its union is the one that counts.
 */
static bool
is_there(const struct remote_field *field, const void *value)
{
	const uint32_t number = number_at(value, field->switch_offset);

	if (field->case_count == 0)
		return true;
	for (uint32_t i = 0; i < field->case_count; i++) {
		if (number == (uint32_t)field->cases[i])
			return true;
	}
	return false;
}

static void
put_elements(struct remote_out *out, const struct remote_type *type, const void *values,
	     size_t count)
{
	if (values == NULL) {
		put_length(out, REMOTE_ABSENT);
		return;
	}
	if (count > REMOTE_MESSAGE_MAX / type->size_bytes && out->rc == 0)
		out->rc = -EMSGSIZE;
	put_length(out, count);
	remote_put_values(out, type, values, count);
}

/* Writes what the fields of a value point to.  at: where its bytes were written. */
static void
put_fields(struct remote_out *out, const struct remote_type *type, const void *value, size_t at)
{
	for (size_t i = 0; out->rc == 0 && i < type->field_count; i++) {
		const struct remote_field *field = &type->fields[i];
		void *pointer = NULL;

		if (!is_there(field, value) || field->kind == REMOTE_ROOM)
			continue;
		if (field->kind == REMOTE_INSIDE) {
			put_fields(out, field->type, (const uint8_t *)value + field->offset,
				   at + field->offset);
			continue;
		}
		memcpy(out->bytes + at + field->offset, &pointer, sizeof(pointer));
		pointer = pointer_at(value, field->offset);
		if (field->kind == REMOTE_STRING)
			put_string(out, pointer);
		else if (field->kind == REMOTE_TEXT)
			put_text(out, pointer);
		else if (field->kind == REMOTE_OBJECT)
			remote_put_object(out, pointer, field->interface);
		else if (field->kind == REMOTE_ARRAY)
			put_elements(out, field->type, pointer,
				     number_at(value, field->count_offset));
		else
			put_elements(out, field->type, pointer, 1);
	}
}

void
remote_put_values(struct remote_out *out, const struct remote_type *type, const void *values,
		  size_t count)
{
	const size_t at = out->size;

	if (out->rc == 0)
		remote_put(out, values, count * type->size_bytes);
	for (size_t i = 0; type->field_count > 0 && out->rc == 0 && i < count; i++)
		put_fields(out, type, (const uint8_t *)values + i * type->size_bytes,
			   at + i * type->size_bytes);
}

/* ---- reading ---- */

void
remote_in_init(struct remote_in *in, struct remote *remote, const struct remote_message *message)
{
	const size_t count = message->head.object_count;
	const size_t objects_size = count * sizeof(struct remote_wire_object);
	struct remote_wire_object wire;

	*in = (struct remote_in){
		.remote = remote,
		.at = message->bytes + objects_size,
		.end = message->bytes + message->head.size_bytes - sizeof(message->head),
	};
	if (count == 0)
		return;
	in->named = mem_calloc(count, sizeof(in->named[0]));
	if (in->named == NULL)
		in->rc = -ENOMEM;
	for (size_t i = 0; in->rc == 0 && i < count; i++) {
		memcpy(&wire, message->bytes + i * sizeof(wire), sizeof(wire));
		in->rc = remote_find(remote, &wire, &in->named[i]);
		if (in->rc == 0)
			in->named_count++;
	}
}

void
remote_in_fini(struct remote_in *in, bool keep)
{
	for (size_t i = 0; !keep && i < in->object_count; i++)
		IUnknown_Release(in->objects[i]);
	for (size_t i = 0; !keep && i < in->memory_count; i++)
		CoTaskMemFree(in->memory[i]);
	for (size_t i = 0; i < in->named_count; i++)
		remote_named_drop(in->remote, &in->named[i]);
	mem_free(in->objects);
	mem_free(in->memory);
	mem_free(in->named);
	*in = (struct remote_in){ .rc = in->rc };
}

void
remote_in_give(struct remote_in *in, const void *block)
{
	for (size_t i = 0; i < in->memory_count; i++) {
		if (in->memory[i] == block)
			in->memory[i] = NULL;
	}
}

static void
bad(struct remote_in *in)
{
	if (in->rc == 0)
		in->rc = -EPROTO;
}

bool
remote_get(struct remote_in *in, void *bytes, size_t size)
{
	if (in->rc == 0 && size > (size_t)(in->end - in->at))
		in->rc = -EPROTO;
	if (in->rc < 0) {
		memset(bytes, 0, size);
		return false;
	}
	if (size > 0)
		memcpy(bytes, in->at, size);
	in->at += size;
	return true;
}

/* Returns a length, or REMOTE_ABSENT, also after a failure. */
static uint32_t
get_length(struct remote_in *in)
{
	uint32_t length;

	return remote_get(in, &length, sizeof(length)) ? length : REMOTE_ABSENT;
}

/* Returns zeroed memory for `size` bytes that the message must still have, or NULL. */
static void *
allocate(struct remote_in *in, size_t size, size_t extra)
{
	void *block;

	if (in->rc == 0 && size > (size_t)(in->end - in->at))
		in->rc = -EPROTO;
	if (in->rc == 0)
		in->rc = mem_grow(&in->memory, &in->memory_capacity, in->memory_count + 1,
				  sizeof(in->memory[0]));
	if (in->rc < 0)
		return NULL;
	block = CoTaskMemAlloc(size + extra);
	if (block == NULL) {
		in->rc = -ENOMEM;
		return NULL;
	}
	memset(block, 0, size + extra);
	in->memory[in->memory_count++] = block;
	return block;
}

void *
remote_get_object(struct remote_in *in, uint32_t interface)
{
	const uint32_t index = get_length(in);
	void *object;

	if (index == REMOTE_ABSENT)
		return NULL;
	if (index >= in->named_count) {
		bad(in);
		return NULL;
	}
	in->rc = mem_grow(&in->objects, &in->object_capacity, in->object_count + 1,
			  sizeof(in->objects[0]));
	if (in->rc < 0)
		return NULL;
	object = remote_named_interface(&in->named[index], interface);
	if (object == NULL)
		bad(in);
	else
		in->objects[in->object_count++] = object;
	return object;
}

static void *
get_string(struct remote_in *in, size_t unit_bytes)
{
	const uint32_t length = get_length(in);
	void *string;

	if (length == REMOTE_ABSENT)
		return NULL;
	if (length > REMOTE_STRING_MAX) {
		bad(in);
		return NULL;
	}
	string = allocate(in, length * unit_bytes, unit_bytes);
	if (string != NULL)
		remote_get(in, string, length * unit_bytes);
	return string;
}

static void *
get_elements(struct remote_in *in, const struct remote_type *type, uint32_t expected)
{
	const uint32_t count = get_length(in);
	void *values;

	if (count == REMOTE_ABSENT)
		return NULL;
	if (count != expected || count > REMOTE_MESSAGE_MAX / type->size_bytes) {
		bad(in);
		return NULL;
	}
	values = allocate(in, count * type->size_bytes, count == 0 ? 1 : 0);
	if (values != NULL)
		remote_get_values(in, type, values, count);
	return values;
}

static void *
get_array(struct remote_in *in, const struct remote_type *type, uint32_t expected)
{
	void *values = get_elements(in, type, expected);

	if (values == NULL && in->strict && expected != 0)
		bad(in);
	return values;
}

static void *
get_pointer(struct remote_in *in, const struct remote_field *field, const void *value)
{
	switch (field->kind) {
	case REMOTE_STRING:
		return get_string(in, sizeof(WCHAR));
	case REMOTE_TEXT:
		return get_string(in, 1);
	case REMOTE_OBJECT:
		return remote_get_object(in, field->interface);
	case REMOTE_ARRAY:
		return get_array(in, field->type, number_at(value, field->count_offset));
	case REMOTE_ONE:
		return get_elements(in, field->type, 1);
	case REMOTE_INSIDE:
	case REMOTE_ROOM:
		break;
	}
	return NULL;
}

/* Sets the pointers of a value.  After a failure they may still be those of the sender. */
static void
get_fields(struct remote_in *in, const struct remote_type *type, void *value)
{
	for (size_t i = 0; in->rc == 0 && i < type->field_count; i++) {
		const struct remote_field *field = &type->fields[i];
		uint8_t *place = (uint8_t *)value + field->offset;
		void *pointer;

		if (!is_there(field, value))
			continue;
		if (field->kind == REMOTE_INSIDE) {
			get_fields(in, field->type, place);
		} else if (field->kind == REMOTE_ROOM) {
			memset(place + (field->count_offset - 1) * sizeof(WCHAR), 0, sizeof(WCHAR));
		} else {
			pointer = get_pointer(in, field, value);
			memcpy(place, &pointer, sizeof(pointer));
		}
	}
}

void
remote_get_values(struct remote_in *in, const struct remote_type *type, void *values, size_t count)
{
	if (!remote_get(in, values, count * type->size_bytes))
		return;
	for (size_t i = 0; type->field_count > 0 && in->rc == 0 && i < count; i++)
		get_fields(in, type, (uint8_t *)values + i * type->size_bytes);
}

/* ---- freeing ---- */

static void
free_field(const struct remote_field *field, const void *value)
{
	void *pointer = pointer_at(value, field->offset);

	if (pointer == NULL)
		return;
	if (field->kind == REMOTE_OBJECT) {
		IUnknown_Release((IUnknown *)pointer);
		return;
	}
	if (field->kind == REMOTE_ARRAY)
		remote_free_values(field->type, pointer, number_at(value, field->count_offset));
	else if (field->kind == REMOTE_ONE)
		remote_free_values(field->type, pointer, 1);
	CoTaskMemFree(pointer);
}

void
remote_free_values(const struct remote_type *type, const void *values, size_t count)
{
	for (size_t i = 0; type->field_count > 0 && i < count; i++) {
		const uint8_t *value = (const uint8_t *)values + i * type->size_bytes;

		for (size_t k = 0; k < type->field_count; k++) {
			const struct remote_field *field = &type->fields[k];

			if (!is_there(field, value) || field->kind == REMOTE_ROOM)
				continue;
			if (field->kind == REMOTE_INSIDE)
				remote_free_values(field->type, value + field->offset, 1);
			else
				free_field(field, value);
		}
	}
}
