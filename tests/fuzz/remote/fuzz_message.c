/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target: what the other process sends.  The first byte says how the input is used:
 *
 *	0  the bytes are messages from a socket, as they are
 *	1  the arguments of a call, 2  the answer to one: { interface, method, two bytes of seed },
 *	   which make a message that is right, and then { two bytes of offset, value } each, which
 *	   change it
 *	3  a seed, for such changes to messages of every method
 *
 * What was read must be whole: it is written again, so that a sanitizer sees every pointer used.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../unit/remote/values.h"

#define HEAD   5
#define ROUNDS 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct values_object object;

/* ---- messages as they are ---- */

static void
run_stream(const uint8_t *data, size_t size)
{
	struct values_ends ends;
	struct remote_out out;
	struct remote_message *message;

	if (size > 65536 || values_connect(&ends) < 0)
		return;
	out = (struct remote_out){ .remote = ends.object };
	remote_put_object(&out, &object.unknown, REMOTE_UNKNOWN); /* so that there is one */
	if (send(ends.caller->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size) {
		shutdown(ends.caller->fd, SHUT_WR);
		while (remote_read(ends.object, 0, &message) == 0) {
			if (message->head.kind ==
			    REMOTE_CALL) /* its methods are not there to call */
				message->head.kind = REMOTE_ANSWER;
			remote_handle(ends.object, message);
		}
	}
	remote_out_fini(&out);
	values_disconnect(&ends);
}

/* ---- changed messages ---- */

static void
change(struct remote_message *message, const uint8_t *data, size_t size)
{
	const size_t room = message->head.size_bytes - sizeof(message->head);

	for (size_t i = 0; room > 0 && i + 3 <= size; i += 3)
		message->bytes[(data[i] | (size_t)data[i + 1] << 8) % room] = data[i + 2];
}

static void
run_call(struct values_ends *ends, struct values *values, const struct remote_method *method,
	 const uint8_t *data, size_t size)
{
	union remote_value args[REMOTE_PARAMS_MAX] = { { 0 } };
	struct remote_out out = { .remote = ends->caller }, again = { .remote = ends->object };
	struct remote_message *message;
	struct remote_in in;

	values_make(values, method, false);
	remote_put_in(&out, method, values->args);
	message = values_message(&out);
	change(message, data, size);
	remote_in_init(&in, ends->object, message);
	remote_get_in(&in, method, args);
	if (in.rc == 0)
		remote_put_in(&again, method, args);
	remote_out_fini(&again);
	remote_in_fini(&in, false);
	remote_message_free(message);
}

/*
 * Returns true when both are zero, byte by byte, as they must be after an answer that is refused.
 */
static bool
is_untouched(const struct remote_method *method, const union remote_value *args)
{
	static const uint8_t zero[8192];

	for (size_t i = 0; i < method->param_count; i++) {
		if (method->params[i].kind == REMOTE_OUT_ONE &&
		    memcmp(args[i].pointer, zero,
			   MIN(method->params[i].type->size_bytes, sizeof(zero))) != 0)
			return false;
	}
	return true;
}

static void
run_answer(struct values_ends *ends, struct values *values, const struct remote_method *method,
	   const uint8_t *data, size_t size)
{
	struct values caller = { .random = values->random, .object = values->object };
	struct remote_out out = { .remote = ends->object }, again = { .remote = ends->caller };
	struct remote_message *message;
	struct remote_in in;
	bool good;

	values_make(values, method, true);
	values_make(&caller, method, false);
	remote_put_out(&out, method, values->args, S_OK);
	message = values_message(&out);
	change(message, data, size);
	remote_in_init(&in, ends->caller, message);
	in.strict = true;
	good = remote_get_out(&in, method, caller.args);
	if (!good && !is_untouched(method, caller.args))
		abort();
	remote_in_fini(&in, good);
	if (good) {
		remote_put_out(&again, method, caller.args, S_OK);
		remote_free_out(method, caller.args);
	}
	remote_out_fini(&again);
	remote_message_free(message);
	values_fini(&caller);
}

static void
run_changed(const uint8_t *data, size_t size)
{
	const struct remote_interface *interface =
		&remote_interfaces[data[1] % remote_interface_count];
	const struct remote_method *method = &interface->methods[data[2] % interface->method_count];
	static struct values values;
	struct values_ends ends;

	values = (struct values){
		.random = (uint64_t)data[3] << 8 | data[4] | 0x10000,
		.object = &object.unknown,
	};
	if (values_connect(&ends) < 0)
		return;
	if (data[0] == 1)
		run_call(&ends, &values, method, data + HEAD, size - HEAD);
	else
		run_answer(&ends, &values, method, data + HEAD, size - HEAD);
	values_pump(&ends);
	values_fini(&values);
	values_disconnect(&ends);
}

static void
run_all(const uint8_t *data, size_t size)
{
	struct values dice = { .random = 0x9e3779b9 };
	uint8_t input[HEAD + 4 * 3];

	for (size_t i = 0; i < size; i++)
		dice.random = dice.random * 257 + data[i];
	for (size_t i = 0; i < remote_interface_count; i++) {
		for (size_t k = 0; k < 2 * ROUNDS * remote_interfaces[i].method_count; k++) {
			for (size_t at = 0; at < sizeof(input); at++)
				input[at] = (uint8_t)(values_random(&dice) >> 16);
			input[0] = (uint8_t)(1 + k % 2);
			input[1] = (uint8_t)i;
			input[2] = (uint8_t)(k / 2 / ROUNDS);
			run_changed(input, HEAD + 3 * (size_t)(input[3] % 5));
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	values_object_init(&object);
	if (size > 0 && data[0] == 0)
		run_stream(data + 1, size - 1);
	else if (size >= HEAD && data[0] <= 2)
		run_changed(data, size);
	else if (size == 3 && data[0] == 3)
		run_all(data + 1, size - 1);
	return 0;
}
