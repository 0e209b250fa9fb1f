/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The COM framework without a client and without a class of VDS: objects of a class of the test's
 * own, in a space of the test's own.  What the classes of the provider do with it,
 * tests/unit/provider shows.
 */
#include <errno.h>

#include "fault.h"

#include <vds/libvds.h>

#include "com/com.h"

#include "base/err.h"

static unsigned spaces; /* that live */
static unsigned ended;  /* objects whose fini was called */

/* ---- a class ---- */

struct toy {
	struct com_object com;
	IVdsAdviseSink first;
	IVdsLunNumber second;
};

COM_THUNKS(toy, IVdsAdviseSink, first);
COM_THUNKS(toy, IVdsLunNumber, second);

static HRESULT STDMETHODCALLTYPE
toy_on_notify(IVdsAdviseSink *self, LONG count, VDS_NOTIFICATION *notes)
{
	(void)self;
	(void)notes;
	return count > 0 ? S_OK : S_FALSE;
}

static HRESULT STDMETHODCALLTYPE
toy_get_lun_number(IVdsLunNumber *self, ULONG *ret_number)
{
	HRESULT hr = COM_OUT(ret_number, "pulLunNumber");

	if (SUCCEEDED(hr))
		*ret_number = container_of(self, struct toy, second)->com.id.bytes[0];
	return hr;
}

static void
toy_fini(struct com_object *object)
{
	(void)object;
	ended++;
}

static const IVdsAdviseSinkVtbl first_vtable = {
	COM_UNKNOWN(first),
	.OnNotify = toy_on_notify,
};
static const IVdsLunNumberVtbl second_vtable = {
	COM_UNKNOWN(second),
	.GetLunNumber = toy_get_lun_number,
};
/* clang-format off */
static const struct com_interface interfaces[] = {
	COM_INTERFACE(toy, IVdsAdviseSink, first),
	COM_INTERFACE(toy, IVdsLunNumber, second),
};
/* clang-format on */
static const struct com_class toy_class = {
	.name = "toy",
	.kind = 7,
	.size_bytes = sizeof(struct toy),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
	.fini = toy_fini,
};

/* ---- a space ---- */

static void
space_free(struct com_space *space)
{
	com_space_fini(space);
	mem_free(space);
	spaces--;
}

static struct com_space *
space_new(void)
{
	struct com_space *space = mem_calloc(1, sizeof(*space));

	assert_non_null(space);
	com_space_init(space, space_free);
	spaces++;
	return space;
}

static struct guid
id_of(unsigned n)
{
	return (struct guid){ { (uint8_t)n } };
}

static struct com_object *
toy_of(struct com_space *space, unsigned n)
{
	struct guid id = id_of(n);
	struct com_object *object = com_space_object(space, &toy_class, &id);

	assert_non_null(object);
	return object;
}

/* ---- objects ---- */

static void
test_interfaces_of_one_object(void **unused)
{
	struct com_space *space = space_new();
	struct com_object *toy = toy_of(space, 5);
	IVdsLunNumber *number = NULL;
	IUnknown *a = NULL, *b = NULL;
	void *none = &none;
	ULONG value = 0;

	(void)unused;
	assert_int_equal(com_query(toy, &IID_IVdsLunNumber, (void **)&number), S_OK);
	assert_int_equal(com_query(toy, &IID_IUnknown, (void **)&a), S_OK);
	assert_int_equal(IVdsLunNumber_QueryInterface(number, &IID_IUnknown, (void **)&b), S_OK);
	assert_ptr_equal(a, b);
	assert_ptr_equal(a, com_unknown(toy));
	assert_int_equal(IVdsLunNumber_GetLunNumber(number, &value), S_OK);
	assert_int_equal(value, 5);
	assert_int_equal(IVdsLunNumber_GetLunNumber(number, NULL), E_INVALIDARG);
	assert_int_equal(com_query(toy, &IID_IVdsLun, &none), E_NOINTERFACE);
	assert_null(none);
	assert_int_equal(com_query(toy, &IID_IVdsLun, NULL), E_POINTER);
	assert_int_equal(com_query(toy, NULL, &none), E_INVALIDARG);
	IUnknown_Release(a);
	IUnknown_Release(b);
	assert_int_equal(IVdsLunNumber_Release(number), 1);
	com_space_unref(space);
	assert_int_equal(spaces, 1); /* the object holds it */
	ended = 0;
	assert_int_equal(com_release(toy), 0);
	assert_int_equal(ended, 1);
	assert_int_equal(spaces, 0);
}

static void
test_an_id_gives_one_living_object(void **unused)
{
	struct com_space *space = space_new();
	struct com_object *one = toy_of(space, 1), *same = toy_of(space, 1),
			  *other = toy_of(space, 2);

	(void)unused;
	assert_ptr_equal(one, same);
	assert_ptr_not_equal(one, other);
	com_release(same);
	com_release(one);
	com_release(other);
	com_space_unref(space);
	assert_int_equal(spaces, 0);
}

/* ---- enumerators ---- */

static IEnumVdsObject *
enum_of(struct com_space *space, size_t count)
{
	struct com_list *list = com_list_new(space, &toy_class, count);
	IEnumVdsObject *all = NULL;

	assert_non_null(list);
	for (size_t i = 0; i < count; i++)
		list->ids[i] = id_of((unsigned)i + 1);
	assert_int_equal(com_enum_new(list, &all), S_OK);
	return all;
}

static void
test_an_enumerator_gives_each_once(void **unused)
{
	struct com_space *space = space_new();
	IEnumVdsObject *all = enum_of(space, 3), *clone = NULL;
	IUnknown *objects[4] = { NULL };
	ULONG fetched = 9;

	(void)unused;
	assert_int_equal(IEnumVdsObject_Skip(all, 1), S_OK);
	assert_int_equal(IEnumVdsObject_Clone(all, &clone), S_OK);
	assert_int_equal(IEnumVdsObject_Next(clone, 4, objects, &fetched), S_FALSE);
	assert_int_equal(fetched, 2);
	IUnknown_Release(objects[0]);
	IUnknown_Release(objects[1]);
	assert_int_equal(IEnumVdsObject_Next(clone, 1, objects, &fetched), S_FALSE);
	assert_int_equal(fetched, 0);
	assert_int_equal(IEnumVdsObject_Reset(clone), S_OK);
	assert_int_equal(IEnumVdsObject_Skip(clone, 4), S_FALSE);
	assert_int_equal(IEnumVdsObject_Next(clone, 1, objects, NULL), E_INVALIDARG);
	IEnumVdsObject_Release(clone);
	IEnumVdsObject_Release(all);
	com_space_unref(space);
	assert_int_equal(spaces, 0);
}

/* ---- asynchronous operations ---- */

static HRESULT job_result;
static HRESULT job_trouble; /* why the owner cannot say how the operation stands; S_OK = it can */
static struct com_pending *job_pending;

static void
job_begin(struct com_space *space, struct com_pending *pending)
{
	(void)space;
	assert_int_equal(pending->id.bytes[0], 3);
	job_pending = pending;
}

static void
job_end(struct com_space *space, struct com_pending *pending)
{
	(void)space;
	assert_ptr_equal(job_pending, pending);
	job_pending = NULL;
}

static HRESULT
job_wait(struct com_space *space, struct com_pending *pending)
{
	(void)space;
	if (SUCCEEDED(job_trouble))
		com_pending_end(pending, job_result, "why it failed");
	return job_trouble;
}

static HRESULT
job_status(struct com_space *space, struct com_pending *pending, ULONG *ret_percent)
{
	(void)space;
	(void)pending;
	*ret_percent = 50;
	return job_trouble;
}

static HRESULT
job_cancel(struct com_space *space, struct com_pending *pending)
{
	(void)space;
	(void)pending;
	return VDS_E_NOT_SUPPORTED;
}

static const struct com_async_ops job_ops = { job_begin, job_end, job_wait, job_status,
					      job_cancel };

static void
test_an_operation_asks_its_owner(void **unused)
{
	struct com_space *space = space_new();
	struct com_operation operation = {
		.type = VDS_ASYNCOUT_CREATELUN,
		.made = &toy_class,
		.made_id = id_of(4),
		.id = id_of(3),
		.ops = &job_ops,
	};
	VDS_ASYNC_OUTPUT out;
	IVdsAsync *async = NULL;
	HRESULT result;
	ULONG percent;

	(void)unused;
	assert_int_equal(com_async_new(space, &operation, &async), S_OK);
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
	assert_int_equal(result, VDS_E_OPERATION_PENDING);
	assert_int_equal(percent, 50);
	assert_int_equal(IVdsAsync_Cancel(async), VDS_E_NOT_SUPPORTED);
	job_result = VDS_E_NOT_ENOUGH_SPACE;
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	assert_int_equal(result, VDS_E_NOT_ENOUGH_SPACE);
	assert_null(out.cl.pLunUnk);
	assert_string_equal(VdsLastErrorMessage(), "why it failed");
	IVdsAsync_Release(async);
	assert_null(job_pending);
	job_result = S_OK;
	assert_int_equal(com_async_new(space, &operation, &async), S_OK);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	assert_non_null(out.cl.pLunUnk);
	IUnknown_Release(out.cl.pLunUnk);
	assert_int_equal(IVdsAsync_Wait(async, NULL, &out), E_INVALIDARG);
	IVdsAsync_Release(async);

	operation.id = id_of(0); /* done within the call: nobody is asked */
	operation.made = NULL;
	operation.ops = NULL;
	assert_int_equal(com_async_new(space, &operation, &async), S_OK);
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
	assert_int_equal(percent, 100);
	assert_int_equal(IVdsAsync_Cancel(async), VDS_E_CANCEL_TOO_LATE);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	IVdsAsync_Release(async);
	com_space_unref(space);
	assert_int_equal(spaces, 0);
}

static const struct com_operation running = {
	.type = VDS_ASYNCOUT_EXTENDLUN,
	.id = { { 3 } },
	.ops = &job_ops,
};

static void
test_the_status_sets_its_parameters_also_when_it_fails(void **unused)
{
	struct com_space *space = space_new();
	VDS_ASYNC_OUTPUT out;
	IVdsAsync *async = NULL;
	HRESULT result = 1;
	ULONG percent = 1;

	(void)unused;
	assert_int_equal(com_async_new(space, &running, &async), S_OK);
	job_trouble = VDS_E_PROVIDER_CACHE_CORRUPT;
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent),
			 VDS_E_PROVIDER_CACHE_CORRUPT);
	assert_int_equal(result, VDS_E_PROVIDER_CACHE_CORRUPT);
	assert_int_equal(percent, 0);
	result = 1;
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), VDS_E_PROVIDER_CACHE_CORRUPT);
	assert_int_equal(result, VDS_E_PROVIDER_CACHE_CORRUPT);
	job_trouble = S_OK;
	IVdsAsync_Release(async);
	com_space_unref(space);
}

/* The owner may have forgotten the operation by then: it is not asked any more. */
static void
test_an_outcome_is_kept(void **unused)
{
	struct com_space *space = space_new();
	VDS_ASYNC_OUTPUT out;
	IVdsAsync *async = NULL;
	HRESULT result;
	ULONG percent;

	(void)unused;
	assert_int_equal(com_async_new(space, &running, &async), S_OK);
	com_pending_end(job_pending, VDS_E_OPERATION_CANCELED, NULL);
	com_pending_end(job_pending, S_OK, NULL); /* too late: an outcome is set once */
	job_trouble = VDS_E_OBJECT_NOT_FOUND;
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
	assert_int_equal(result, VDS_E_OPERATION_CANCELED);
	assert_int_equal(percent, 100);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	assert_int_equal(result, VDS_E_OPERATION_CANCELED);
	assert_int_equal(IVdsAsync_Cancel(async), VDS_E_OPERATION_CANCELED);
	job_trouble = S_OK;
	IVdsAsync_Release(async);
	com_space_unref(space);
}

static void
test_an_async_that_was_reserved_needs_no_memory(void **unused)
{
	struct com_space *space = space_new();

	(void)unused;
	WITH_EVERY_FAULT
	{
		IVdsAsync *async = NULL;
		bool reserved = com_async_reserve() == 0;
		HRESULT hr = com_async_new(space, &running, &async);

		assert_int_equal(reserved, !FAULT_HIT);
		assert_int_equal(hr, S_OK); /* the second try finds memory again */
		IVdsAsync_Release(async);
	}
	assert_int_equal(com_async_reserve(), 0);
	mem_fault_at(1);
	{
		IVdsAsync *async = NULL;

		assert_int_equal(com_async_new(space, &running, &async), S_OK);
		IVdsAsync_Release(async);
	}
	mem_fault_at(0);
	com_space_unref(space);
	assert_int_equal(spaces, 0);
}

/* ---- memory runs out ---- */

static void
test_out_of_memory_leaves_nothing(void **unused)
{
	struct com_space *space = space_new();

	(void)unused;
	WITH_EVERY_FAULT
	{
		struct guid id = id_of(1);
		struct com_list *list;
		IEnumVdsObject *all = NULL;
		IUnknown *object = NULL;
		ULONG fetched = 0;
		HRESULT hr;

		list = com_list_new(space, &toy_class, 1);
		if (list != NULL)
			list->ids[0] = id;
		hr = com_enum_new(list, &all);
		if (SUCCEEDED(hr))
			hr = IEnumVdsObject_Next(all, 1, &object, &fetched);
		if (object != NULL)
			IUnknown_Release(object);
		if (all != NULL)
			IEnumVdsObject_Release(all);
		assert_int_equal(hr, FAULT_HIT ? E_OUTOFMEMORY : S_OK);
		assert_int_equal(object != NULL, SUCCEEDED(hr));
	}
	com_space_unref(space);
	assert_int_equal(spaces, 0);
}

/* ---- results ---- */

static void
test_an_out_parameter_is_checked_and_cleared(void **unused)
{
	GUID guid = { 1, 2, 3, { 4 } };

	(void)unused;
	assert_int_equal(COM_OUT(&guid, "pGuid"), S_OK);
	assert_true(IsEqualGUID(&guid, &GUID_NULL));
	assert_int_equal(COM_OUT((GUID *)NULL, "pGuid"), E_INVALIDARG);
}

static void
test_strings_go_both_ways(void **unused)
{
	static const WCHAR lone[] = { 0xd800, 0 };
	LPWSTR string = NULL;
	char *text = NULL;

	(void)unused;
	assert_int_equal(VdsStringFromUtf8("L\xc3\xbcn \xf0\x9f\x92\xbe", &string), S_OK);
	assert_int_equal(string[1], 0xfc);
	assert_int_equal(VdsUtf8FromString(string, &text), S_OK);
	assert_string_equal(text, "L\xc3\xbcn \xf0\x9f\x92\xbe");
	CoTaskMemFree(string);
	CoTaskMemFree(text);
	assert_int_equal(VdsStringFromUtf8("", &string), S_OK);
	assert_int_equal(string[0], 0);
	CoTaskMemFree(string);
	assert_int_equal(VdsStringFromUtf8("\xc3", &string), E_INVALIDARG);
	assert_null(string);
	assert_int_equal(VdsStringFromUtf8(NULL, &string), E_INVALIDARG);
	assert_int_equal(VdsStringFromUtf8("a", NULL), E_POINTER);
	assert_int_equal(VdsUtf8FromString(lone, &text), E_INVALIDARG);
	assert_null(text);
	assert_int_equal(VdsUtf8FromString(NULL, &text), E_INVALIDARG);
	assert_int_equal(VdsUtf8FromString(lone, NULL), E_POINTER);
	WITH_EVERY_FAULT
	{
		HRESULT hr = VdsStringFromUtf8("a", &string);

		assert_int_equal(hr, FAULT_HIT ? E_OUTOFMEMORY : S_OK);
		CoTaskMemFree(string);
	}
}

static void
test_every_code_has_a_result(void **unused)
{
	(void)unused;
	for (int code = ERR_FIRST_ + 1; code < ERR_END_; code++)
		if (code != ERR_INTERNAL)
			assert_int_not_equal(com_hresult(code), E_UNEXPECTED);
	assert_int_equal(com_hresult(0), S_OK);
	assert_int_equal(com_hresult(3), S_OK);
	assert_int_equal(com_hresult(-ENOMEM), E_OUTOFMEMORY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interfaces_of_one_object),
		cmocka_unit_test(test_an_id_gives_one_living_object),
		cmocka_unit_test(test_an_enumerator_gives_each_once),
		cmocka_unit_test(test_an_operation_asks_its_owner),
		cmocka_unit_test(test_the_status_sets_its_parameters_also_when_it_fails),
		cmocka_unit_test(test_an_outcome_is_kept),
		cmocka_unit_test(test_an_async_that_was_reserved_needs_no_memory),
		cmocka_unit_test(test_out_of_memory_leaves_nothing),
		cmocka_unit_test(test_an_out_parameter_is_checked_and_cleared),
		cmocka_unit_test(test_strings_go_both_ways),
		cmocka_unit_test(test_every_code_has_a_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
