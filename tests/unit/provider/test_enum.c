/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IEnumVdsObject and its edges.  Source: vdshwprv IEnumVdsObject. */
#include "provider_test.h"

static IVdsHwProvider *provider;
static IVdsSubSystemIscsi *subsystem;

static int
setup(void **state)
{
	(void)state;
	provider = open_provider();
	subsystem = GET_SUBSYSTEM(provider, IVdsSubSystemIscsi);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	RELEASE(subsystem);
	RELEASE(provider);
	assert_int_equal(fake_open_count, 0);
	return 0;
}

/* Targets 1, 2, 3. */
static IEnumVdsObject *
three(void)
{
	IEnumVdsObject *list = NULL;

	assert_int_equal(IVdsSubSystemIscsi_QueryTargets(subsystem, &list), S_OK);
	return list;
}

static void
test_next_exactly_all_is_ok(void **state)
{
	IEnumVdsObject *list = three();
	IUnknown *objects[3];
	ULONG fetched = 9;

	(void)state;
	assert_int_equal(IEnumVdsObject_Next(list, 3, objects, &fetched), S_OK);
	assert_int_equal(fetched, 3);
	for (int i = 0; i < 3; i++)
		RELEASE(objects[i]);
	assert_int_equal(IEnumVdsObject_Next(list, 1, objects, &fetched), S_FALSE);
	assert_int_equal(fetched, 0);
	RELEASE(list);
}

static void
test_next_more_than_left_gives_the_rest_and_false(void **state)
{
	IEnumVdsObject *list = three();
	IUnknown *objects[8];
	ULONG fetched;

	(void)state;
	assert_int_equal(IEnumVdsObject_Next(list, 2, objects, &fetched), S_OK);
	RELEASE(objects[0]);
	RELEASE(objects[1]);
	assert_int_equal(IEnumVdsObject_Next(list, 8, objects, &fetched), S_FALSE);
	assert_int_equal(fetched, 1);
	RELEASE(objects[0]);
	RELEASE(list);
}

static void
test_next_zero_gives_none_and_ok(void **state)
{
	IEnumVdsObject *list = three();
	ULONG fetched = 9;

	(void)state;
	assert_int_equal(IEnumVdsObject_Next(list, 0, NULL, &fetched), S_OK);
	assert_int_equal(fetched, 0);
	assert_int_equal(drain(list), 3);
	assert_int_equal(IEnumVdsObject_Next(list, 0, NULL, &fetched), S_OK);
	RELEASE(list);
}

static void
test_next_without_a_count_is_refused_and_moves_nothing(void **state)
{
	IEnumVdsObject *list = three();
	IUnknown *object = NULL;
	ULONG fetched = 9;

	(void)state;
	assert_int_equal(IEnumVdsObject_Next(list, 1, &object, NULL), E_INVALIDARG);
	assert_int_equal(IEnumVdsObject_Next(list, 1, NULL, &fetched), E_INVALIDARG);
	assert_int_equal(fetched, 0);
	assert_int_equal(drain(list), 3);
	RELEASE(list);
}

static void
test_skip_says_whether_it_skipped_all(void **state)
{
	IEnumVdsObject *list = three();

	(void)state;
	assert_int_equal(IEnumVdsObject_Skip(list, 0), S_OK);
	assert_int_equal(IEnumVdsObject_Skip(list, 2), S_OK);
	assert_int_equal(IEnumVdsObject_Skip(list, 1), S_OK);
	assert_int_equal(IEnumVdsObject_Skip(list, 1), S_FALSE);
	assert_int_equal(IEnumVdsObject_Reset(list), S_OK);
	assert_int_equal(IEnumVdsObject_Skip(list, 4), S_FALSE);
	assert_int_equal(drain(list), 0);
	RELEASE(list);
}

static void
test_skip_of_the_greatest_count_stays_at_the_end(void **state)
{
	IEnumVdsObject *list = three();

	(void)state;
	assert_int_equal(IEnumVdsObject_Skip(list, 1), S_OK);
	assert_int_equal(IEnumVdsObject_Skip(list, 0xffffffff), S_FALSE);
	assert_int_equal(drain(list), 0);
	RELEASE(list);
}

static void
test_reset_goes_back_to_the_same_snapshot(void **state)
{
	IEnumVdsObject *list = three();

	(void)state;
	assert_int_equal(drain(list), 3);
	fake_put(sample_target(4));
	assert_int_equal(IEnumVdsObject_Reset(list), S_OK);
	assert_int_equal(drain(list), 3);
	RELEASE(list);
}

static void
test_clone_has_the_cursor_and_moves_alone(void **state)
{
	IEnumVdsObject *list = three(), *clone = NULL;

	(void)state;
	assert_int_equal(IEnumVdsObject_Skip(list, 1), S_OK);
	assert_int_equal(IEnumVdsObject_Clone(list, &clone), S_OK);
	assert_ptr_not_equal(list, clone);
	assert_int_equal(drain(list), 2);
	assert_int_equal(drain(clone), 2);
	assert_int_equal(IEnumVdsObject_Reset(clone), S_OK);
	RELEASE(list);
	assert_targets(clone, "1 2 3");
}

static void
test_clone_into_null_is_refused(void **state)
{
	IEnumVdsObject *list = three();

	(void)state;
	assert_int_equal(IEnumVdsObject_Clone(list, NULL), E_INVALIDARG);
	RELEASE(list);
}

static void
test_elements_are_the_objects_themselves(void **state)
{
	IEnumVdsObject *list = three();
	IVdsIscsiTarget *target = GET_TARGET(provider, 2);
	IUnknown *unknown = query(target, &IID_IUnknown), *object = NULL;
	ULONG fetched;

	(void)state;
	assert_int_equal(IEnumVdsObject_Skip(list, 1), S_OK);
	assert_int_equal(IEnumVdsObject_Next(list, 1, &object, &fetched), S_OK);
	assert_ptr_equal(object, unknown);
	RELEASE(object);
	RELEASE(unknown);
	RELEASE(target);
	RELEASE(list);
}

static void
test_a_deleted_object_stays_in_the_list_and_says_so(void **state)
{
	struct guid id = sample_id('t', 2);
	IEnumVdsObject *list = three();
	VDS_ISCSI_TARGET_PROP prop;
	IVdsIscsiTarget *target;
	IUnknown *objects[3];
	ULONG fetched;

	(void)state;
	fake_delete(ROW_TARGET, &id, NULL);
	assert_int_equal(IEnumVdsObject_Next(list, 3, objects, &fetched), S_OK);
	target = query(objects[1], &IID_IVdsIscsiTarget);
	assert_int_equal(IVdsIscsiTarget_GetProperties(target, &prop), VDS_E_OBJECT_DELETED);
	RELEASE(target);
	for (int i = 0; i < 3; i++)
		RELEASE(objects[i]);
	RELEASE(list);
}

static void
test_an_enumerator_outlives_the_provider(void **state)
{
	IVdsHwProvider *other = open_provider();
	IVdsSubSystemIscsi *theirs = GET_SUBSYSTEM(other, IVdsSubSystemIscsi);
	IEnumVdsObject *list = NULL;

	(void)state;
	assert_int_equal(IVdsSubSystemIscsi_QueryTargets(theirs, &list), S_OK);
	RELEASE(theirs);
	RELEASE(other);
	assert_targets(list, "1 2 3");
	assert_int_equal(fake_open_count, 1);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		EACH(test_next_exactly_all_is_ok),
		EACH(test_next_more_than_left_gives_the_rest_and_false),
		EACH(test_next_zero_gives_none_and_ok),
		EACH(test_next_without_a_count_is_refused_and_moves_nothing),
		EACH(test_skip_says_whether_it_skipped_all),
		EACH(test_skip_of_the_greatest_count_stays_at_the_end),
		EACH(test_reset_goes_back_to_the_same_snapshot),
		EACH(test_clone_has_the_cursor_and_moves_alone),
		EACH(test_clone_into_null_is_refused),
		EACH(test_elements_are_the_objects_themselves),
		EACH(test_a_deleted_object_stays_in_the_list_and_says_so),
		EACH(test_an_enumerator_outlives_the_provider),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
