/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The arguments of every method of every interface, from one end of a connection to the other. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "values.h"

#define ROUNDS 20 /* values for each method */

static struct values_object object;
static struct values_ends ends;

static int
setup(void **state)
{
	(void)state;
	values_object_init(&object);
	return values_connect(&ends);
}

static int
teardown(void **state)
{
	(void)state;
	values_disconnect(&ends);
	return 0;
}

#define FOR_EACH_METHOD(method)                                                                   \
	for (size_t i_ = 0; i_ < remote_interface_count; i_++)                                    \
		for (const struct remote_method *method = remote_interfaces[i_].methods;          \
		     method < remote_interfaces[i_].methods + remote_interfaces[i_].method_count; \
		     method++)

static struct remote_message *
message_in(struct remote *remote, const struct remote_method *method,
	   const union remote_value *args)
{
	struct remote_out out = { .remote = remote };

	remote_put_in(&out, method, args);
	return values_message(&out);
}

static struct remote_message *
message_out(struct remote *remote, const struct remote_method *method,
	    const union remote_value *args)
{
	struct remote_out out = { .remote = remote };

	remote_put_out(&out, method, args, S_OK);
	return values_message(&out);
}

/* What stands behind the objects is the same: what was read is what was written. */
static void
check_same(const struct remote_message *a, const struct remote_message *b, const char *name)
{
	const size_t skip = a->head.object_count * sizeof(struct remote_wire_object);

	if (a->head.size_bytes != b->head.size_bytes ||
	    a->head.object_count != b->head.object_count ||
	    memcmp(a->bytes + skip, b->bytes + skip, a->head.size_bytes - sizeof(a->head) - skip) !=
		    0)
		fail_msg("%s: what was read is not what was written", name);
}

static void
pass_arguments(struct values *values, const struct remote_method *method)
{
	union remote_value args[REMOTE_PARAMS_MAX] = { { 0 } };
	struct remote_message *sent, *again;
	struct remote_in in;

	values_make(values, method, false);
	sent = message_in(ends.caller, method, values->args);
	assert_non_null(sent);
	remote_in_init(&in, ends.object, sent);
	remote_get_in(&in, method, args);
	assert_int_equal(in.rc, 0);
	again = message_in(ends.object, method, args);
	assert_non_null(again);
	check_same(sent, again, method->name);
	remote_in_fini(&in, false);
	remote_message_free(sent);
	remote_message_free(again);
	values_fini(values);
}

static void
test_arguments_arrive(void **state)
{
	struct values values = { .random = 1, .object = &object.unknown };

	(void)state;
	FOR_EACH_METHOD(method)
	{
		for (int i = 0; i < ROUNDS; i++)
			pass_arguments(&values, method);
	}
	values_pump(&ends);
	assert_int_equal(ends.caller->exports.count, 0);
	assert_int_equal(object.refs, 1);
}

/* The object's end sends what a method has returned; the caller's sets its own memory. */
static void
pass_results(struct values *values, const struct remote_method *method)
{
	struct values caller = { .random = values->random, .object = values->object };
	struct remote_message *sent, *again;
	struct remote_in in;

	values_make(values, method, true);
	values_make(&caller, method, false);
	for (size_t i = 0; i < method->param_count; i++) {
		if (method->params[i].kind == REMOTE_IN_NUMBER)
			caller.args[i] = values->args[i];
		else if (method->params[i].kind == REMOTE_OUT_FILL)
			caller.args[i].pointer = caller.blocks[caller.block_count++] =
				CoTaskMemAlloc(4 * method->params[i].type->size_bytes);
	}
	remote_clear_out(method, caller.args);
	sent = message_out(ends.object, method, values->args);
	assert_non_null(sent);
	remote_in_init(&in, ends.caller, sent);
	in.strict = true;
	if (!remote_get_out(&in, method, caller.args))
		fail_msg("%s: what it returned cannot be read", method->name);
	remote_in_fini(&in, true);
	again = message_out(ends.caller, method, caller.args);
	assert_non_null(again);
	check_same(sent, again, method->name);
	remote_message_free(sent);
	remote_message_free(again);
	remote_free_out(method, caller.args);
	values_fini(&caller);
	values_fini(values);
}

static void
test_results_arrive(void **state)
{
	struct values values = { .random = 2, .object = &object.unknown };

	(void)state;
	FOR_EACH_METHOD(method)
	{
		for (int i = 0; i < ROUNDS; i++)
			pass_results(&values, method);
	}
	values_pump(&ends);
	assert_int_equal(ends.object->exports.count, 0);
	assert_int_equal(object.refs, 1);
}

/* Every cut message is refused, and sets nothing. */
static void
test_cut_messages_are_refused(void **state)
{
	struct values values = { .random = 3, .object = &object.unknown };

	(void)state;
	FOR_EACH_METHOD(method)
	{
		struct remote_message *sent;
		uint32_t whole;

		values_make(&values, method, false);
		sent = message_in(ends.caller, method, values.args);
		whole = sent->head.size_bytes;
		for (size_t cut = 1;
		     cut <= whole - sizeof(sent->head) -
				    sent->head.object_count * sizeof(struct remote_wire_object);
		     cut++) {
			union remote_value args[REMOTE_PARAMS_MAX] = { { 0 } };
			struct remote_in in;

			sent->head.size_bytes = whole - (uint32_t)cut;
			remote_in_init(&in, ends.object, sent);
			remote_get_in(&in, method, args);
			assert_int_equal(in.rc, -EPROTO);
			remote_in_fini(&in, false);
			values_pump(&ends);
		}
		remote_message_free(sent);
		values_fini(&values);
	}
}

/* Reads the arguments with the nth allocation failing. Returns whether there was an nth one. */
static bool
read_with_fault(const struct remote_message *sent, const struct remote_method *method, unsigned nth)
{
	union remote_value args[REMOTE_PARAMS_MAX] = { { 0 } };
	struct remote_in in;
	bool hit;

	mem_fault_at(nth);
	remote_in_init(&in, ends.object, sent);
	remote_get_in(&in, method, args);
	hit = mem_fault_hit() != 0;
	mem_fault_at(0);
	assert_int_equal(in.rc, hit ? -ENOMEM : 0);
	remote_in_fini(&in, false);
	return hit;
}

/* The nth allocation fails: the message is refused, and nothing is left. */
static void
test_every_allocation_may_fail(void **state)
{
	struct values values = { .random = 4, .object = &object.unknown };
	unsigned hits = 0;

	(void)state;
	FOR_EACH_METHOD(method)
	{
		struct remote_message *sent;

		values_make(&values, method, false);
		sent = message_in(ends.caller, method, values.args);
		for (unsigned nth = 1; read_with_fault(sent, method, nth); nth++)
			hits++;
		remote_message_free(sent);
		values_fini(&values);
	}
	assert_true(hits > 100);
}

/* ---- objects ---- */

static void *
send_object(struct remote *from, struct remote *to, void *sent)
{
	struct remote_out out = { .remote = from };
	struct remote_message *message;
	struct remote_in in;
	void *got;

	remote_put_object(&out, sent, REMOTE_UNKNOWN);
	message = values_message(&out);
	assert_non_null(message);
	remote_in_init(&in, to, message);
	got = remote_get_object(&in, REMOTE_UNKNOWN);
	assert_non_null(got);
	remote_in_fini(&in, true);
	remote_message_free(message);
	return got;
}

static void
test_an_object_has_one_proxy_and_goes_home(void **state)
{
	IUnknown *a, *b, *home;
	IVdsLun *lun = NULL;

	(void)state;
	a = send_object(ends.object, ends.caller, &object.unknown);
	b = send_object(ends.object, ends.caller, &object.unknown);
	assert_ptr_equal(a, b);
	assert_int_equal(ends.object->exports.count, 1);
	assert_int_equal(IUnknown_QueryInterface(a, &IID_IVdsLun, (void **)&lun), S_OK);
	home = send_object(ends.caller, ends.object,
			   lun); /* a proxy is sent as what it stands for */
	assert_ptr_equal(home, &object.unknown);
	IUnknown_Release(home);
	IVdsLun_Release(lun);
	IUnknown_Release(b);
	values_pump(&ends);
	assert_int_equal(ends.object->exports.count, 1);
	assert_int_equal(IUnknown_Release(a), 0);
	/* it is sent again before the other end learns that the proxy is gone */
	b = send_object(ends.object, ends.caller, &object.unknown);
	values_pump(&ends);
	assert_int_equal(ends.object->exports.count, 1);
	assert_int_equal(IUnknown_Release(b), 0);
	values_pump(&ends);
	assert_int_equal(ends.object->exports.count, 0);
	assert_int_equal(object.refs, 1);
}

/* Whoever gives back more than he got takes no reference of others. */
static void
test_releases_are_not_believed(void **state)
{
	IUnknown *a = send_object(ends.object, ends.caller, &object.unknown);

	(void)state;
	remote_released(ends.object, 77, 1);
	remote_released(ends.object, 1, UINT64_MAX);
	assert_int_equal(ends.object->exports.count, 0);
	assert_int_equal(object.refs, 1);
	IUnknown_Release(a);
	values_pump(&ends);
	assert_int_equal(object.refs, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_arguments_arrive),
		TEST(test_results_arrive),
		TEST(test_cut_messages_are_refused),
		TEST(test_every_allocation_may_fail),
		TEST(test_an_object_has_one_proxy_and_goes_home),
		TEST(test_releases_are_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
