/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See values.h. */
#include "values.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- the object ---- */

static HRESULT STDMETHODCALLTYPE
object_query(IUnknown *self, REFIID riid, void **ppv)
{
	(void)riid;
	IUnknown_AddRef(self);
	*ppv = self;
	return S_OK;
}

static ULONG STDMETHODCALLTYPE
object_add_ref(IUnknown *self)
{
	return ++container_of(self, struct values_object, unknown)->refs;
}

static ULONG STDMETHODCALLTYPE
object_release(IUnknown *self)
{
	return --container_of(self, struct values_object, unknown)->refs;
}

void
values_object_init(struct values_object *object)
{
	static const IUnknownVtbl vtable = {
		.QueryInterface = object_query,
		.AddRef = object_add_ref,
		.Release = object_release,
	};

	object->unknown.lpVtbl = &vtable;
	atomic_init(&object->refs, 1);
}

/* ---- values ---- */

uint64_t
values_random(struct values *values)
{
	values->random ^= values->random << 13;
	values->random ^= values->random >> 7;
	values->random ^= values->random << 17;
	return values->random;
}

static void *
block(struct values *values, size_t size)
{
	void *made = CoTaskMemAlloc(size);

	if (made == NULL || values->block_count == ARRAY_LEN(values->blocks))
		abort();
	memset(made, 0, size != 0 ? size : 1);
	values->blocks[values->block_count++] = made;
	return made;
}

static size_t
small(struct values *values)
{
	return (size_t)(values_random(values) % 4);
}

static void fill(struct values *values, const struct remote_type *type, void *memory, size_t count);

static void *
elements(struct values *values, const struct remote_type *type, size_t count)
{
	void *made = block(values, count * type->size_bytes);

	fill(values, type, made, count);
	return made;
}

static void *
string(struct values *values, size_t unit_bytes)
{
	const size_t length = small(values) * 3;
	uint8_t *made = block(values, (length + 1) * unit_bytes);

	for (size_t i = 0; i < length; i++)
		made[i * unit_bytes] = (uint8_t)(values_random(values) % 255 + 1);
	return made;
}

static void
set_number(void *value, size_t offset, uint32_t number)
{
	memcpy((uint8_t *)value + offset, &number, sizeof(number));
}

static void fill_fields(struct values *values, const struct remote_type *type, void *value);

static void
fill_field(struct values *values, const struct remote_field *field, void *value)
{
	void *pointer = NULL;
	size_t count;

	if (field->kind == REMOTE_INSIDE) {
		fill_fields(values, field->type, (uint8_t *)value + field->offset);
		return;
	}
	if (field->kind == REMOTE_ROOM) {
		memset((uint8_t *)value + field->offset + (field->count_offset - 1) * sizeof(WCHAR),
		       0, sizeof(WCHAR));
		return;
	}
	count = field->kind == REMOTE_ARRAY ? small(values) : 1;
	if (small(values) == 0)
		count = 0;
	else if (field->kind == REMOTE_STRING || field->kind == REMOTE_TEXT)
		pointer = string(values, field->kind == REMOTE_STRING ? sizeof(WCHAR) : 1);
	else if (field->kind == REMOTE_OBJECT)
		pointer = values->object;
	else
		pointer = elements(values, field->type, count);
	if (field->kind == REMOTE_ARRAY)
		set_number(value, field->count_offset, (uint32_t)count);
	memcpy((uint8_t *)value + field->offset, &pointer, sizeof(pointer));
}

/* Decides which arm of its unions a value has: one of those with a field, or none of them. */
static void
choose_arms(struct values *values, const struct remote_type *type, void *value)
{
	for (size_t i = 0; i < type->field_count; i++) {
		const struct remote_field *field = &type->fields[i];

		if (field->case_count > 0 && small(values) != 0)
			set_number(value, field->switch_offset, (uint32_t)field->cases[0]);
	}
}

static void
fill_fields(struct values *values, const struct remote_type *type, void *value)
{
	choose_arms(values, type, value);
	for (size_t i = 0; i < type->field_count; i++) {
		const struct remote_field *field = &type->fields[i];
		uint32_t arm;

		memcpy(&arm, (uint8_t *)value + field->switch_offset, sizeof(arm));
		if (field->case_count == 0 || arm == (uint32_t)field->cases[0] ||
		    (field->case_count == 2 && arm == (uint32_t)field->cases[1]))
			fill_field(values, field, value);
	}
}

static void
fill(struct values *values, const struct remote_type *type, void *memory, size_t count)
{
	for (size_t i = 0; i < count * type->size_bytes; i++)
		((uint8_t *)memory)[i] = (uint8_t)values_random(values);
	for (size_t i = 0; i < count; i++)
		fill_fields(values, type, (uint8_t *)memory + i * type->size_bytes);
}

/* ---- arguments ---- */

/* Returns whether a parameter counts the elements of another one. */
static bool
counts(const struct remote_method *method, size_t index)
{
	for (size_t i = 0; i < method->param_count; i++) {
		const struct remote_param *param = &method->params[i];

		if ((param->kind == REMOTE_IN_ARRAY || param->kind == REMOTE_OUT_FILL ||
		     param->kind == REMOTE_OUT_ARRAY) &&
		    param->count == index)
			return true;
	}
	return false;
}

static bool
is_fetched(const struct remote_method *method, size_t index)
{
	for (size_t i = 0; i < method->param_count; i++) {
		if (method->params[i].kind == REMOTE_OUT_FILL && method->params[i].fetched == index)
			return true;
	}
	return false;
}

static void *
in_pointer(struct values *values, const struct remote_param *param)
{
	if (param->kind != REMOTE_IN_VALUE && small(values) == 0)
		return NULL;
	if (param->kind == REMOTE_IN_STRING)
		return string(values, sizeof(WCHAR));
	if (param->kind == REMOTE_IN_OBJECT)
		return values->object;
	return elements(values, param->type,
			param->kind == REMOTE_IN_ARRAY ? (size_t)values->args[param->count].number
						       : 1);
}

static void
make_single_out(struct values *values, const struct remote_method *method, size_t i, bool returned)
{
	const struct remote_param *param = &method->params[i];
	void *memory = block(values, param->type->size_bytes);

	values->args[i].pointer = memory;
	if (!returned)
		return;
	if (counts(method, i) || is_fetched(method, i))
		set_number(memory, 0, (uint32_t)small(values));
	else
		fill(values, param->type, memory, 1);
}

static void
make_array_out(struct values *values, const struct remote_param *param, union remote_value *arg,
	       bool returned)
{
	size_t count = (size_t)values->args[param->count].number;
	void *pointer;
	uint32_t number;

	if (param->kind == REMOTE_OUT_FILL) {
		arg->pointer = block(values, count * param->type->size_bytes);
		if (param->fetched != REMOTE_NO_COUNT && returned) {
			memcpy(&number, values->args[param->fetched].pointer, sizeof(number));
			count = MIN((uint32_t)count, number);
			set_number(values->args[param->fetched].pointer, 0, (uint32_t)count);
		}
		if (returned)
			fill(values, param->type, arg->pointer, count);
		return;
	}
	arg->pointer = block(values, sizeof(pointer));
	if (!returned)
		return;
	memcpy(&number, values->args[param->count].pointer, sizeof(number));
	pointer = elements(values, param->type, number);
	memcpy(arg->pointer, &pointer, sizeof(pointer));
}

static void
make_argument(struct values *values, const struct remote_method *method, size_t i, int turn,
	      bool returned)
{
	const struct remote_param *param = &method->params[i];
	union remote_value *arg = &values->args[i];

	if (turn == 0 && param->kind == REMOTE_IN_NUMBER)
		arg->number = counts(method, i) ? small(values) : values_random(values);
	else if (turn == 0 && param->kind == REMOTE_OUT_ONE)
		make_single_out(values, method, i, returned);
	else if (turn == 1 && (param->kind == REMOTE_OUT_FILL || param->kind == REMOTE_OUT_ARRAY))
		make_array_out(values, param, arg, returned);
	else if (turn == 1 && param->kind != REMOTE_IN_NUMBER && param->kind != REMOTE_OUT_ONE)
		arg->pointer = in_pointer(values, param);
}

void
values_make(struct values *values, const struct remote_method *method, bool returned)
{
	memset(values->args, 0, sizeof(values->args));
	values->block_count = 0;
	for (int turn = 0; turn < 2; turn++) { /* what counts comes first */
		for (size_t i = 0; i < method->param_count; i++)
			make_argument(values, method, i, turn, returned);
	}
}

void
values_fini(struct values *values)
{
	for (size_t i = 0; i < values->block_count; i++)
		CoTaskMemFree(values->blocks[i]);
	values->block_count = 0;
}

/* ---- the connection ---- */

static void
set_text(const char *text)
{
	(void)text;
}

int
values_connect(struct values_ends *ends)
{
	static const struct remote_ops ops = { .set_text = set_text };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	ends->caller = remote_new(fds[0], &ops, NULL);
	ends->object = remote_new(fds[1], &ops, NULL);
	return ends->caller != NULL && ends->object != NULL ? 0 : -1;
}

static void
pump_one(struct remote *remote)
{
	struct remote_message *message;

	while (remote_read(remote, 1, &message) == 0)
		remote_handle(remote, message);
}

void
values_pump(struct values_ends *ends)
{
	for (int i = 0; i < 2; i++) {
		pump_one(ends->caller);
		pump_one(ends->object);
	}
}

void
values_disconnect(struct values_ends *ends)
{
	remote_break(ends->caller);
	remote_break(ends->object);
	remote_unref(ends->caller);
	remote_unref(ends->object);
}

struct remote_message *
values_message(struct remote_out *out)
{
	const size_t objects_size = out->object_count * sizeof(out->objects[0]);
	const size_t size = objects_size + out->size;
	struct remote_message *message = NULL;

	if (out->rc == 0 && (message = mem_calloc(1, sizeof(*message) + size)) == NULL)
		abort();
	if (message != NULL) {
		message->head.size_bytes = (uint32_t)(sizeof(message->head) + size);
		message->head.object_count = (uint16_t)out->object_count;
		if (objects_size > 0)
			memcpy(message->bytes, out->objects, objects_size);
		if (out->size > 0)
			memcpy(message->bytes + objects_size, out->bytes, out->size);
		out->object_count = 0;
	}
	remote_out_fini(out);
	return message;
}
