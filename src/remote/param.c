/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parameters of a method on their way between processes, by the tables of methods.  Called by
 * the thread that makes or serves a call.
 *
 * Of each pointer the message says whether it is NULL: which pointers may be NULL is for the method
 * to decide.  What the method returns is set in the caller's memory only when all of it made sense.
 */
#include "remote/remote_int.h"

#include <errno.h>
#include <string.h>

#define PRESENT 1u
#define ABSENT  0u

static bool
is_out(const struct remote_param *param)
{
	return param->kind == REMOTE_OUT_ONE || param->kind == REMOTE_OUT_FILL ||
	       param->kind == REMOTE_OUT_ARRAY;
}

/* Returns how many elements an argument has that another one counts. */
static size_t
count_of(const struct remote_param *param, const union remote_value *args)
{
	const int32_t count = (int32_t)args[param->count].number;

	return count > 0 ? (size_t)count : 0;
}

static size_t
out_size(const struct remote_param *param, const union remote_value *args)
{
	if (param->kind == REMOTE_OUT_ARRAY)
		return sizeof(void *);
	if (param->kind == REMOTE_OUT_ONE)
		return param->type->size_bytes;
	return count_of(param, args) * param->type->size_bytes;
}

void
remote_clear_out(const struct remote_method *method, const union remote_value *args)
{
	for (size_t i = 0; i < method->param_count; i++) {
		const struct remote_param *param = &method->params[i];

		if (is_out(param) && args[i].pointer != NULL)
			memset(args[i].pointer, 0, out_size(param, args));
	}
}

/* Writes whether something follows, and returns that. */
static bool
put_presence(struct remote_out *out, bool present)
{
	const uint8_t byte = present ? PRESENT : ABSENT;

	remote_put(out, &byte, sizeof(byte));
	return present;
}

static bool
get_presence(struct remote_in *in)
{
	uint8_t byte = ABSENT;

	remote_get(in, &byte, sizeof(byte));
	if (byte > PRESENT && in->rc == 0)
		in->rc = -EPROTO;
	return byte == PRESENT && in->rc == 0;
}

/* ---- from the caller to the method ---- */

/* An array in an argument is as long as the caller says; the limit stops before bad memory does. */
static void
put_array(struct remote_out *out, const struct remote_param *param, const union remote_value *args,
	  const void *values)
{
	const size_t count = count_of(param, args);

	if (!put_presence(out, values != NULL))
		return;
	if (count > REMOTE_ARRAY_MAX / param->type->size_bytes && out->rc == 0)
		out->rc = -EMSGSIZE;
	remote_put_values(out, param->type, values, count);
}

/* A string is an element of a type that has one field. */
static const struct remote_field string_field = { .kind = REMOTE_STRING };
static const struct remote_type string_type = { "LPWSTR", sizeof(LPWSTR), 1, &string_field };

static void
put_one_in(struct remote_out *out, const struct remote_param *param, const union remote_value *args,
	   const union remote_value *arg)
{
	switch (param->kind) {
	case REMOTE_IN_NUMBER:
		remote_put(out, &arg->number, sizeof(arg->number));
		return;
	case REMOTE_IN_VALUE:
		remote_put_values(out, param->type, arg->pointer, 1);
		return;
	case REMOTE_IN_STRING:
		remote_put_values(out, &string_type, &arg->pointer, 1);
		return;
	case REMOTE_IN_OBJECT:
		remote_put_object(out, arg->pointer, param->interface);
		return;
	case REMOTE_IN_ARRAY:
		put_array(out, param, args, arg->pointer);
		return;
	case REMOTE_IN_ONE:
		if (put_presence(out, arg->pointer != NULL))
			remote_put_values(out, param->type, arg->pointer, 1);
		return;
	case REMOTE_OUT_ONE:
	case REMOTE_OUT_FILL:
	case REMOTE_OUT_ARRAY:
		put_presence(out, arg->pointer != NULL);
		return;
	}
}

/* The numbers come first, for some of them count the elements of an argument before them. */
void
remote_put_in(struct remote_out *out, const struct remote_method *method,
	      const union remote_value *args)
{
	for (int numbers = 1; numbers >= 0; numbers--) {
		for (size_t i = 0; out->rc == 0 && i < method->param_count; i++) {
			if ((method->params[i].kind == REMOTE_IN_NUMBER) == (numbers == 1))
				put_one_in(out, &method->params[i], args, &args[i]);
		}
	}
}

/* Returns zeroed memory that remote_in_fini frees, or NULL. */
static void *
memory(struct remote_in *in, size_t size)
{
	void *block;

	if (in->rc == 0)
		in->rc = mem_grow(&in->memory, &in->memory_capacity, in->memory_count + 1,
				  sizeof(in->memory[0]));
	if (in->rc < 0)
		return NULL;
	block = CoTaskMemAlloc(size != 0 ? size : 1);
	if (block == NULL) {
		in->rc = -ENOMEM;
		return NULL;
	}
	memset(block, 0, size);
	in->memory[in->memory_count++] = block;
	return block;
}

static void *
get_some(struct remote_in *in, const struct remote_type *type, size_t count)
{
	void *values = NULL;

	if (in->rc == 0 && count > (size_t)(in->end - in->at) / type->size_bytes)
		in->rc = -EPROTO;
	if (in->rc == 0)
		values = memory(in, count * type->size_bytes);
	if (values != NULL)
		remote_get_values(in, type, values, count);
	return values;
}

/* Memory for what a method returns; how much that is, another argument says. */
static void *
room(struct remote_in *in, const struct remote_param *param, const union remote_value *args)
{
	if (!get_presence(in))
		return NULL;
	if (param->kind == REMOTE_OUT_FILL &&
	    count_of(param, args) > REMOTE_ARRAY_MAX / param->type->size_bytes) {
		in->rc = -EPROTO;
		return NULL;
	}
	return memory(in, out_size(param, args));
}

static void
get_one_in(struct remote_in *in, const struct remote_param *param, const union remote_value *args,
	   union remote_value *arg)
{
	switch (param->kind) {
	case REMOTE_IN_NUMBER:
		remote_get(in, &arg->number, sizeof(arg->number));
		return;
	case REMOTE_IN_VALUE:
		arg->pointer = get_some(in, param->type, 1);
		return;
	case REMOTE_IN_STRING:
		remote_get_values(in, &string_type, &arg->pointer, 1);
		return;
	case REMOTE_IN_OBJECT:
		arg->pointer = remote_get_object(in, param->interface);
		return;
	case REMOTE_IN_ARRAY:
		if (get_presence(in))
			arg->pointer = get_some(in, param->type, count_of(param, args));
		return;
	case REMOTE_IN_ONE:
		if (get_presence(in))
			arg->pointer = get_some(in, param->type, 1);
		return;
	case REMOTE_OUT_ONE:
	case REMOTE_OUT_FILL:
	case REMOTE_OUT_ARRAY:
		arg->pointer = room(in, param, args);
		return;
	}
}

void
remote_get_in(struct remote_in *in, const struct remote_method *method, union remote_value *args)
{
	for (int numbers = 1; numbers >= 0; numbers--) {
		for (size_t i = 0; in->rc == 0 && i < method->param_count; i++) {
			if ((method->params[i].kind == REMOTE_IN_NUMBER) == (numbers == 1))
				get_one_in(in, &method->params[i], args, &args[i]);
		}
	}
	if (in->rc == 0 && in->at != in->end)
		in->rc = -EPROTO;
}

/* ---- from the method to the caller ---- */

/* Returns the number that a method has set through an out-parameter; 0 when it is not there. */
static uint32_t
number_behind(void *pointer)
{
	uint32_t number = 0;

	if (pointer != NULL)
		memcpy(&number, pointer, sizeof(number));
	return number;
}

static void
put_counted(struct remote_out *out, const struct remote_type *type, const void *values,
	    uint32_t count)
{
	if (count > REMOTE_MESSAGE_MAX / type->size_bytes && out->rc == 0)
		out->rc = -EMSGSIZE;
	remote_put(out, &count, sizeof(count));
	remote_put_values(out, type, values, count);
}

static void
put_one_out(struct remote_out *out, const struct remote_param *param,
	    const union remote_value *args, const void *memory_of_method)
{
	const void *elements;
	uint32_t count;

	if (param->kind == REMOTE_OUT_ONE) {
		remote_put_values(out, param->type, memory_of_method, 1);
	} else if (param->kind == REMOTE_OUT_ARRAY) {
		memcpy(&elements, memory_of_method, sizeof(elements));
		if (put_presence(out, elements != NULL))
			put_counted(out, param->type, elements,
				    number_behind(args[param->count].pointer));
	} else {
		count = (uint32_t)count_of(param, args);
		if (param->fetched != REMOTE_NO_COUNT) {
			if (number_behind(args[param->fetched].pointer) > count && out->rc == 0)
				out->rc = -EPROTO;
			count = number_behind(args[param->fetched].pointer);
		}
		if (out->rc == 0)
			put_counted(out, param->type, memory_of_method, count);
	}
}

/* The single values come first, for some of them count the elements of an array before them. */
void
remote_put_out(struct remote_out *out, const struct remote_method *method,
	       const union remote_value *args, HRESULT hr)
{
	for (int singles = 1; singles >= 0; singles--) {
		for (size_t i = 0; out->rc == 0 && i < method->param_count; i++) {
			const struct remote_param *param = &method->params[i];

			if (!is_out(param) || (param->kind == REMOTE_OUT_ONE) != (singles == 1))
				continue;
			if (put_presence(out, args[i].pointer != NULL &&
						      (SUCCEEDED(hr) || param->always)))
				put_one_out(out, param, args, args[i].pointer);
		}
	}
}

/* Memory for what one out-parameter gets, until all of them are known to make sense. */
static void
get_one_out(struct remote_in *in, const struct remote_param *param, const union remote_value *args,
	    void *const *values, void *value)
{
	uint32_t count = 0;
	void *elements;

	if (param->kind == REMOTE_OUT_ONE) {
		remote_get_values(in, param->type, value, 1);
		return;
	}
	if (param->kind == REMOTE_OUT_ARRAY && !get_presence(in)) {
		if (number_behind(values[param->count]) != 0 && in->rc == 0)
			in->rc = -EPROTO;
		return;
	}
	remote_get(in, &count, sizeof(count));
	if (param->kind == REMOTE_OUT_ARRAY) {
		if (count != number_behind(values[param->count]) && in->rc == 0)
			in->rc = -EPROTO;
		elements = get_some(in, param->type, count);
		memcpy(value, &elements, sizeof(elements));
		return;
	}
	if ((count > count_of(param, args) || (param->fetched != REMOTE_NO_COUNT &&
					       count != number_behind(values[param->fetched]))) &&
	    in->rc == 0)
		in->rc = -EPROTO;
	if (in->rc == 0)
		remote_get_values(in, param->type, value, count);
}

bool
remote_get_out(struct remote_in *in, const struct remote_method *method,
	       const union remote_value *args)
{
	void *values[REMOTE_PARAMS_MAX] = { NULL };

	for (int singles = 1; singles >= 0; singles--) {
		for (size_t i = 0; in->rc == 0 && i < method->param_count; i++) {
			const struct remote_param *param = &method->params[i];

			if (!is_out(param) || (param->kind == REMOTE_OUT_ONE) != (singles == 1))
				continue;
			if (!get_presence(in))
				continue;
			if (args[i].pointer == NULL)
				in->rc = -EPROTO;
			else if ((values[i] = mem_calloc(1, out_size(param, args) + 1)) == NULL)
				in->rc = -ENOMEM;
			else
				get_one_out(in, param, args, values, values[i]);
		}
	}
	if (in->rc == 0 && in->at != in->end)
		in->rc = -EPROTO;
	for (size_t i = 0; i < method->param_count; i++) {
		if (in->rc == 0 && values[i] != NULL)
			memcpy(args[i].pointer, values[i], out_size(&method->params[i], args));
		mem_free(values[i]);
	}
	return in->rc == 0;
}

void
remote_free_out(const struct remote_method *method, const union remote_value *args)
{
	for (size_t i = 0; i < method->param_count; i++) {
		const struct remote_param *param = &method->params[i];
		void *elements;

		if (!is_out(param) || args[i].pointer == NULL)
			continue;
		if (param->kind == REMOTE_OUT_ONE) {
			remote_free_values(param->type, args[i].pointer, 1);
		} else if (param->kind == REMOTE_OUT_ARRAY) {
			memcpy(&elements, args[i].pointer, sizeof(elements));
			if (elements != NULL)
				remote_free_values(param->type, elements,
						   number_behind(args[param->count].pointer));
			CoTaskMemFree(elements);
		} else if (param->fetched != REMOTE_NO_COUNT) {
			remote_free_values(param->type, args[i].pointer,
					   MIN(number_behind(args[param->fetched].pointer),
					       (uint32_t)count_of(param, args)));
		}
	}
}
