/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IVdsLunIscsi, the heart, and its inverse.  The sample: LUN 1 behind targets 1 and 3, LUN 2 behind
 * target 1.
 */
#include "provider_test.h"

static IVdsHwProvider *provider;
static IVdsLunIscsi *lun;

static int
setup(void **state)
{
	(void)state;
	provider = open_provider();
	lun = GET_LUN(provider, 1, IVdsLunIscsi);
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
assert_targets_now(const char *expected)
{
	IEnumVdsObject *list = NULL;

	assert_int_equal(IVdsLunIscsi_QueryAssociatedTargets(lun, &list), S_OK);
	assert_targets(list, expected);
}

/* Is the LUN in the target's QueryAssociatedLuns? */
static bool
target_has_lun(unsigned target_n, unsigned lun_n)
{
	IVdsIscsiTarget *target = GET_TARGET(provider, target_n);
	IVdsLun *wanted = GET_LUN(provider, lun_n, IVdsLun);
	IUnknown *unknown = query(wanted, &IID_IUnknown), *object;
	IEnumVdsObject *list = NULL;
	bool found = false;
	ULONG fetched;

	assert_int_equal(IVdsIscsiTarget_QueryAssociatedLuns(target, &list), S_OK);
	while (IEnumVdsObject_Next(list, 1, &object, &fetched) == S_OK) {
		found = found || object == unknown;
		RELEASE(object);
	}
	RELEASE(list);
	RELEASE(unknown);
	RELEASE(wanted);
	RELEASE(target);
	return found;
}

static void
test_query_gives_the_targets_in_order(void **state)
{
	(void)state;
	assert_targets_now("1 3");
}

static void
test_query_luns_is_the_inverse(void **state)
{
	(void)state;
	assert_true(target_has_lun(1, 1));
	assert_true(target_has_lun(1, 2));
	assert_false(target_has_lun(2, 1));
	assert_true(target_has_lun(3, 1));
	assert_false(target_has_lun(3, 2));
}

static void
test_associate_replaces_the_whole_set(void **state)
{
	VDS_OBJECT_ID ids[] = { guid_of(sample_id('t', 3)), guid_of(sample_id('t', 2)) };

	(void)state;
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun, ids, 2), S_OK);
	assert_targets_now("2 3");
	assert_false(target_has_lun(1, 1));
	assert_true(target_has_lun(2, 1));
}

static void
test_duplicates_count_once(void **state)
{
	VDS_OBJECT_ID ids[] = { guid_of(sample_id('t', 2)), guid_of(sample_id('t', 1)),
				guid_of(sample_id('t', 2)) };

	(void)state;
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun, ids, 3), S_OK);
	assert_targets_now("1 2");
	assert_int_equal(fake_asked_targets(), 2); /* the request has a greatest size */
}

static void
test_an_unknown_target_changes_nothing(void **state)
{
	VDS_OBJECT_ID ids[] = { guid_of(sample_id('t', 2)), guid_of(sample_id('t', 99)) };

	(void)state;
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun, ids, 2), VDS_E_OBJECT_NOT_FOUND);
	assert_targets_now("1 3");
}

static void
test_null_and_zero_dissociates_from_all(void **state)
{
	IEnumVdsObject *list = NULL;

	(void)state;
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun, NULL, 0), S_OK);
	assert_int_equal(IVdsLunIscsi_QueryAssociatedTargets(lun, &list), S_OK);
	assert_non_null(list);
	assert_int_equal(drain(list), 0);
	RELEASE(list);
	assert_false(target_has_lun(1, 1));
}

static void
test_a_negative_count_or_a_missing_array_is_refused(void **state)
{
	VDS_OBJECT_ID id = guid_of(sample_id('t', 2));

	(void)state;
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun, &id, -1), E_INVALIDARG);
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun, NULL, 1), E_INVALIDARG);
	assert_targets_now("1 3");
}

static void
test_a_null_out_pointer_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(IVdsLunIscsi_QueryAssociatedTargets(lun, NULL), E_INVALIDARG);
	assert_string_equal(VdsLastErrorMessage(), "ppEnum is NULL");
}

static void
test_the_enumerator_is_a_snapshot(void **state)
{
	IEnumVdsObject *list = NULL;

	(void)state;
	assert_int_equal(IVdsLunIscsi_QueryAssociatedTargets(lun, &list), S_OK);
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun, NULL, 0), S_OK);
	assert_targets(list, "1 3");
}

static void
test_elements_are_those_of_query_targets(void **state)
{
	IVdsSubSystemIscsi *subsystem = GET_SUBSYSTEM(provider, IVdsSubSystemIscsi);
	IEnumVdsObject *all = NULL, *mine = NULL;
	IUnknown *a[3], *b[2];
	ULONG fetched;

	(void)state;
	assert_int_equal(IVdsSubSystemIscsi_QueryTargets(subsystem, &all), S_OK);
	assert_int_equal(IVdsLunIscsi_QueryAssociatedTargets(lun, &mine), S_OK);
	assert_int_equal(IEnumVdsObject_Next(all, 3, a, &fetched), S_OK);
	assert_int_equal(IEnumVdsObject_Next(mine, 2, b, &fetched), S_OK);
	assert_ptr_equal(b[0], a[0]);
	assert_ptr_equal(b[1], a[2]);
	for (int i = 0; i < 3; i++)
		RELEASE(a[i]);
	RELEASE(b[0]);
	RELEASE(b[1]);
	RELEASE(all);
	RELEASE(mine);
	RELEASE(subsystem);
}

/* ---- the four failures ---- */

static void
assert_query(HRESULT expected)
{
	IEnumVdsObject *list = (IEnumVdsObject *)(void *)&list;

	assert_int_equal(IVdsLunIscsi_QueryAssociatedTargets(lun, &list), expected);
	if (FAILED(expected))
		assert_null(list);
	else
		RELEASE(list);
}

static void
set_live(enum lun_health health, enum lun_operation operation)
{
	struct row_live_lun *live = sample_live_lun(1, health);

	live->operation = operation;
	assert_int_equal(row_set_string(&live->reason, "its file is gone"), 0);
	fake_put_live(live);
}

static void
test_a_failed_lun_says_failed(void **state)
{
	(void)state;
	set_live(HEALTH_FAILED, OPERATION_NONE);
	assert_query(VDS_E_OBJECT_STATUS_FAILED);
	assert_string_equal(VdsLastErrorMessage(), "its file is gone");
	set_live(HEALTH_OK, OPERATION_NONE);
	assert_query(S_OK);
}

/* ---- what an operation makes uncertain: the table of docs/design/operations.md ---- */

static HRESULT
ask_targets(void)
{
	IEnumVdsObject *list = NULL;
	HRESULT hr = IVdsLunIscsi_QueryAssociatedTargets(lun, &list);

	assert_int_equal(list != NULL, SUCCEEDED(hr));
	if (list != NULL)
		RELEASE(list);
	return hr;
}

static HRESULT
ask_size(void)
{
	IVdsLun *l = query(lun, &IID_IVdsLun);
	ULONGLONG bytes;
	HRESULT hr = IVdsLun_QueryMaxLunExtendSize(l, NULL, 0, &bytes);

	RELEASE(l);
	return hr;
}

static HRESULT
ask_identity(void)
{
	IVdsLun *l = query(lun, &IID_IVdsLun);
	VDS_LUN_INFORMATION info;
	HRESULT hr = IVdsLun_GetIdentificationData(l, &info);

	provider_lun_information_free(&info);
	RELEASE(l);
	return hr;
}

static HRESULT
ask_controllers(void)
{
	IVdsLun *l = query(lun, &IID_IVdsLun);
	IEnumVdsObject *list = NULL;
	HRESULT hr = IVdsLun_QueryActiveControllers(l, &list);

	if (list != NULL)
		RELEASE(list);
	RELEASE(l);
	return hr;
}

/* The text of the table's cell, trimmed, in buf. */
static const char *
cell(const char *line, unsigned column, char buf[64])
{
	size_t len;

	for (unsigned i = 0; i <= column; i++) {
		line = strchr(line, '|');
		assert_non_null(line);
		line++;
	}
	line += strspn(line, " ");
	len = strcspn(line, "|");
	while (len > 0 && line[len - 1] == ' ')
		len--;
	snprintf(buf, 64, "%.*s", (int)len, line);
	return buf;
}

/* The first line of the document that begins with a cell of that name. */
static void
find_line(FILE *file, const char *name, char line[512])
{
	char buf[64];

	rewind(file);
	while (fgets(line, 512, file) != NULL)
		if (line[0] == '|' && strncmp(cell(line, 0, buf), name, strlen(name)) == 0)
			return;
	fail_msg("operations.md has no row for %s", name);
}

static void
test_a_query_is_busy_only_while_its_answer_is_uncertain(void **state)
{
	static const struct {
		const char *column;
		HRESULT (*ask)(void);
	} asked[] = {
		{ "query targets", ask_targets },
		{ "query size", ask_size },
		{ "query other", ask_identity },
		{ "query targets", ask_controllers },
	};
	const struct row_field *operations = &row_type(ROW_LIVE_LUN)->fields[2];
	FILE *file = fopen(OPERATIONS_MD, "r");
	char header[512], line[512], buf[64];
	unsigned found = 0;

	(void)state;
	assert_non_null(file);
	find_line(file, "held by", header);
	for (unsigned o = 0; operations->names[o] != NULL; o++) {
		find_line(file, operations->names[o], line);
		set_live(HEALTH_OK, (enum lun_operation)o);
		for (unsigned column = 1; column <= 9; column++) {
			for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
				HRESULT expected;

				if (strcmp(cell(header, column, buf), asked[i].column) != 0)
					continue;
				expected = strcmp(cell(line, column, buf), "busy") == 0
						   ? VDS_E_ANOTHER_CALL_IN_PROGRESS
						   : S_OK;
				found++;
				if (asked[i].ask() != expected)
					fail_msg("%s during %s is documented as %s",
						 asked[i].column, operations->names[o], buf);
			}
		}
	}
	assert_int_equal(found, (OPERATION_MOVE + 1) * ARRAY_LEN(asked));
	fclose(file);
}

static void
test_corrupt_comes_before_deleted_before_failed_before_busy(void **state)
{
	struct guid id = sample_id('l', 1);

	(void)state;
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun, NULL, 0), S_OK);
	set_live(HEALTH_FAILED, OPERATION_EXTEND);
	assert_query(VDS_E_OBJECT_STATUS_FAILED);
	fake_delete(ROW_LUN, &id, NULL);
	assert_query(VDS_E_OBJECT_DELETED);
	fake_set_view_code(ERR_CACHE_CORRUPT);
	assert_query(VDS_E_PROVIDER_CACHE_CORRUPT);
	fake_set_view_code(0);
	assert_query(VDS_E_OBJECT_DELETED);
}

static void
test_reenumerate_and_refresh_cure_a_corrupt_cache(void **state)
{
	(void)state;
	fake_set_view_code(ERR_CACHE_CORRUPT);
	assert_query(VDS_E_PROVIDER_CACHE_CORRUPT);
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun, NULL, 0), VDS_E_PROVIDER_CACHE_CORRUPT);
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	assert_int_equal(IVdsHwProvider_Refresh(provider), S_OK);
	assert_targets_now("1 3");
}

static void
test_failures_of_a_change_are_those_of_the_array(void **state)
{
	static const struct {
		int code;
		HRESULT hr;
	} table[] = {
		{ ERR_BUSY, VDS_E_ANOTHER_CALL_IN_PROGRESS },
		{ ERR_FAILED, VDS_E_OBJECT_STATUS_FAILED },
		{ ERR_LIMIT, VDS_E_NOT_SUPPORTED },
		{ ERR_UNREACHABLE, VDS_E_PROVIDER_CACHE_CORRUPT },
	};
	VDS_OBJECT_ID id = guid_of(sample_id('t', 2));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		fake_fail_next(table[i].code);
		assert_int_equal(IVdsLunIscsi_AssociateTargets(lun, &id, 1), table[i].hr);
		assert_string_equal(VdsLastErrorMessage(), "the test wants it so");
	}
	assert_targets_now("1 3");
}

static void
test_a_lun_deleted_meanwhile_says_deleted_not_not_found(void **state)
{
	VDS_OBJECT_ID target = guid_of(sample_id('t', 2));
	IVdsLun *other = GET_LUN(provider, 1, IVdsLun);

	(void)state;
	assert_int_equal(IVdsLun_Delete(other), S_OK);
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun, &target, 1), VDS_E_OBJECT_DELETED);
	assert_query(VDS_E_OBJECT_DELETED);
	RELEASE(other);
}

/* The array's answer may come before the event that tells of the deletion. */
static void
test_a_lun_deleted_by_another_says_deleted_before_the_event_came(void **state)
{
	VDS_OBJECT_ID target = guid_of(sample_id('t', 2));
	struct guid id = sample_id('l', 1), t1 = sample_id('t', 1), t3 = sample_id('t', 3);

	(void)state;
	fake_delete(ROW_ASSOCIATION, &id, &t1);
	fake_delete(ROW_ASSOCIATION, &id, &t3);
	fake_delete_at_sync(ROW_LUN, &id);
	fake_fail_next(ERR_NOT_FOUND);
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun, &target, 1), VDS_E_OBJECT_DELETED);
	assert_query(VDS_E_OBJECT_DELETED);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		EACH(test_query_gives_the_targets_in_order),
		EACH(test_query_luns_is_the_inverse),
		EACH(test_associate_replaces_the_whole_set),
		EACH(test_duplicates_count_once),
		EACH(test_an_unknown_target_changes_nothing),
		EACH(test_null_and_zero_dissociates_from_all),
		EACH(test_a_negative_count_or_a_missing_array_is_refused),
		EACH(test_a_null_out_pointer_is_an_error),
		EACH(test_the_enumerator_is_a_snapshot),
		EACH(test_elements_are_those_of_query_targets),
		EACH(test_a_failed_lun_says_failed),
		EACH(test_a_query_is_busy_only_while_its_answer_is_uncertain),
		EACH(test_corrupt_comes_before_deleted_before_failed_before_busy),
		EACH(test_reenumerate_and_refresh_cure_a_corrupt_cache),
		EACH(test_failures_of_a_change_are_those_of_the_array),
		EACH(test_a_lun_deleted_meanwhile_says_deleted_not_not_found),
		EACH(test_a_lun_deleted_by_another_says_deleted_before_the_event_came),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
