/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Out of memory at every allocation in turn: E_OUTOFMEMORY, nothing half given, nothing lost
 * (LeakSanitizer).
 */
#include "provider_test.h"

#include "fault.h"

static IVdsHwProvider *provider;
static IVdsLun *lun;

static int
setup(void **state)
{
	(void)state;
	provider = open_provider();
	lun = GET_LUN(provider, 1, IVdsLun);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	RELEASE(lun);
	RELEASE(provider);
	assert_int_equal(fake_open_count, 0);
	return 0;
}

static void
test_open(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		IVdsProvider *other = NULL;
		HRESULT hr = VdsOpenHwProvider(u"fake:", &IID_IVdsProvider, (void **)&other);

		if (hr == S_OK) {
			RELEASE(other);
		} else {
			assert_int_equal(hr, E_OUTOFMEMORY);
			assert_null(other);
		}
		FAULT_OFF();
		assert_int_equal(fake_open_count, 1);
	}
}

static void
test_query_associated_targets(void **state)
{
	IVdsLunIscsi *iscsi = query(lun, &IID_IVdsLunIscsi);

	(void)state;
	WITH_EVERY_FAULT
	{
		IEnumVdsObject *list = NULL, *clone = NULL;
		HRESULT hr = IVdsLunIscsi_QueryAssociatedTargets(iscsi, &list);
		IUnknown *objects[2];
		ULONG fetched = 9;

		if (hr == S_OK)
			hr = IEnumVdsObject_Clone(list, &clone);
		if (hr == S_OK)
			hr = IEnumVdsObject_Next(list, 2, objects, &fetched);
		assert_int_equal(hr, FAULT_HIT ? E_OUTOFMEMORY : S_OK);
		if (hr == S_OK) {
			RELEASE(objects[0]);
			RELEASE(objects[1]);
		} else if (clone != NULL) {
			FAULT_OFF();
			assert_int_equal(fetched, 0);
			assert_int_equal(drain(list), 2); /* the cursor did not move */
		}
		if (clone != NULL)
			RELEASE(clone);
		if (list != NULL)
			RELEASE(list);
	}
	RELEASE(iscsi);
}

static void
test_lun_properties(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		VDS_LUN_PROP prop;
		HRESULT hr = IVdsLun_GetProperties(lun, &prop);

		assert_int_equal(hr, FAULT_HIT ? E_OUTOFMEMORY : S_OK);
		if (hr != S_OK)
			assert_null(prop.pwszFriendlyName);
		CoTaskMemFree(prop.pwszFriendlyName);
		CoTaskMemFree(prop.pwszIdentification);
		CoTaskMemFree(prop.pwszUnmaskingList);
	}
}

static void
test_identification_data(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		VDS_LUN_INFORMATION info;
		HRESULT hr = IVdsLun_GetIdentificationData(lun, &info);

		assert_int_equal(hr, FAULT_HIT ? E_OUTOFMEMORY : S_OK);
		if (hr != S_OK)
			assert_int_equal(info.m_deviceIdDescriptor.m_cIdentifiers, 0);
		provider_lun_information_free(&info);
	}
}

static void
test_connected_initiators(void **state)
{
	struct row_live_session *session = row_new(ROW_LIVE_SESSION);
	IVdsIscsiTarget *target = GET_TARGET(provider, 1);

	(void)state;
	session->id = sample_id('s', 1);
	session->target_id = sample_id('t', 1);
	assert_int_equal(row_set_string(&session->initiator, "iqn.a"), 0);
	fake_put_live(session);
	WITH_EVERY_FAULT
	{
		LPWSTR *list = NULL;
		LONG count = 9;
		HRESULT hr = IVdsIscsiTarget_GetConnectedInitiators(target, &list, &count);

		assert_int_equal(hr, FAULT_HIT ? E_OUTOFMEMORY : S_OK);
		assert_int_equal(count, hr == S_OK ? 1 : 0);
		if (hr == S_OK)
			CoTaskMemFree(list[0]);
		else
			assert_null(list);
		CoTaskMemFree(list);
	}
	RELEASE(target);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		EACH(test_open),
		EACH(test_query_associated_targets),
		EACH(test_lun_properties),
		EACH(test_identification_data),
		EACH(test_connected_initiators),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
