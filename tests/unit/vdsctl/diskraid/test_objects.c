/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of lists of objects: references by index, name and id; objects that go while the list is
 * read; providers that break their contract; memory that runs out.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fault.h"
#include "vdsctl/diskraid/exec.h"

#define MANY 4

/* A provider with a name, which is what these lists hold. */
struct named {
	IVdsProvider provider;
	int references;
	uint8_t id;
	const char *name;
	HRESULT answer; /* of GetProperties */
};

static struct named named[MANY];

static HRESULT STDMETHODCALLTYPE
named_query(IVdsProvider *this, const IID *riid, void **ppv)
{
	bool known = IsEqualIID(riid, &IID_IVdsProvider) || IsEqualIID(riid, &IID_IUnknown);

	*ppv = known ? this : NULL;
	container_of(this, struct named, provider)->references += known;
	return known ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE
named_addref(IVdsProvider *this)
{
	return (ULONG)++container_of(this, struct named, provider)->references;
}

static ULONG STDMETHODCALLTYPE
named_release(IVdsProvider *this)
{
	return (ULONG)--container_of(this, struct named, provider)->references;
}

static HRESULT STDMETHODCALLTYPE
named_properties(IVdsProvider *this, VDS_PROVIDER_PROP *prop)
{
	const struct named *n = container_of(this, struct named, provider);

	memset(prop, 0, sizeof(*prop));
	if (FAILED(n->answer))
		return n->answer;
	prop->id.Data4[7] = n->id;
	prop->pwszName = raid_string(n->name);
	return S_OK;
}

static const IVdsProviderVtbl named_vtbl = { named_query, named_addref, named_release,
					     named_properties };

/* An enumerator over them, sound or broken. */
struct lister {
	IEnumVdsObject list;
	int references;
	size_t next;
	bool gives_null, gives_none, interrupts;
};

static HRESULT STDMETHODCALLTYPE
list_query(IEnumVdsObject *this, const IID *riid, void **ppv)
{
	(void)this;
	(void)riid;
	*ppv = NULL;
	return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE
list_addref(IEnumVdsObject *this)
{
	return (ULONG)++container_of(this, struct lister, list)->references;
}

static ULONG STDMETHODCALLTYPE
list_release(IEnumVdsObject *this)
{
	return (ULONG)--container_of(this, struct lister, list)->references;
}

static HRESULT STDMETHODCALLTYPE
list_next(IEnumVdsObject *this, ULONG count, IUnknown **objects, ULONG *fetched)
{
	struct lister *l = container_of(this, struct lister, list);

	assert_int_equal(count, 1);
	*objects = NULL;
	*fetched = 0;
	if (l->gives_none)
		return S_OK;
	if (l->interrupts) {
		raise(SIGINT);
		l->next = 0; /* and it never ends */
	}
	if (l->next == MANY)
		return S_FALSE;
	*fetched = 1;
	if (!l->gives_null) {
		named[l->next].references++;
		*objects = (IUnknown *)&named[l->next].provider;
	}
	l->next++;
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
list_skip(IEnumVdsObject *this, ULONG count)
{
	(void)this;
	(void)count;
	return E_FAIL;
}

static HRESULT STDMETHODCALLTYPE
list_reset(IEnumVdsObject *this)
{
	(void)this;
	return E_FAIL;
}

static HRESULT STDMETHODCALLTYPE
list_clone(IEnumVdsObject *this, IEnumVdsObject **other)
{
	(void)this;
	*other = NULL;
	return E_FAIL;
}

static const IEnumVdsObjectVtbl list_vtbl = { list_query, list_addref, list_release, list_next,
					      list_skip,  list_reset,  list_clone };
static struct raid raid;

static int
setup(void **state)
{
	static const char *const names[MANY] = { "a", "two words", "a", "" };

	(void)state;
	raid = (struct raid){ .out = stdout, .err = stderr };
	for (size_t i = 0; i < MANY; i++)
		named[i] = (struct named){ .provider = { &named_vtbl },
					   .id = (uint8_t)(i + 1),
					   .name = names[i] };
	return 0;
}

/* Reads the list; every reference must be released in the end. */
static enum raid_exit
read_list(struct lister *l, struct raid_objects *objects)
{
	enum raid_exit rc;

	l->list.lpVtbl = &list_vtbl;
	l->references = 1;
	*objects = (struct raid_objects){ 0 };
	rc = raid_objects_read(&raid, RAID_PROVIDER, "Query", S_OK, &l->list, objects);
	assert_int_equal(l->references, 0);
	return rc;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < MANY; i++)
		if (named[i].references != 0)
			return -1;
	return 0;
}

/* Where a reference leads; -1 = nowhere, with its column in the error. */
static int
found(const struct raid_objects *objects, const char *name, uint32_t index)
{
	AUTO_FREE char *copy = name != NULL ? str_dup(name) : NULL;
	struct raid_ref ref = { .name = copy, .index = index, .column = 7 };
	size_t at = 0;

	if (raid_objects_find(&raid, objects, RAID_PROVIDER, &ref, &at) == RAID_OK)
		return (int)at;
	assert_int_equal(raid.error.exit, RAID_SYNTAX);
	assert_int_equal(raid.error.column, 7);
	return -1;
}

static void
test_objects_are_found(void **state)
{
	struct lister l = { 0 };
	struct raid_objects objects;

	(void)state;
	assert_int_equal(read_list(&l, &objects), RAID_OK);
	assert_int_equal(objects.count, MANY);
	assert_int_equal(found(&objects, NULL, 3), 3);
	assert_int_equal(found(&objects, NULL, 4), -1);
	assert_non_null(strstr(raid.error.text, "from 0 to 3"));
	assert_int_equal(found(&objects, "two words", 0), 1);
	assert_int_equal(found(&objects, "a", 0), -1);
	assert_non_null(strstr(raid.error.text, "several"));
	assert_int_equal(found(&objects, "nobody", 0), -1);
	assert_int_equal(found(&objects, "00000000-0000-0000-0000-000000000003", 0), 2);
	raid_objects_fini(&objects);
	assert_int_equal(found(&objects, NULL, 0), -1);
	assert_non_null(strstr(raid.error.text, "there are none"));
}

static void
test_an_index_is_found_from_anywhere(void **state)
{
	struct lister l = { 0 };
	struct raid_objects objects;
	GUID unknown = { 1, 0, 0, { 0 } };

	(void)state;
	assert_int_equal(read_list(&l, &objects), RAID_OK);
	for (size_t i = 0; i < MANY; i++)
		for (size_t from = 0; from <= MANY; from++)
			assert_int_equal(raid_objects_index(&objects, &objects.items[i].id, from),
					 i);
	assert_int_equal(raid_objects_index(&objects, &unknown, 2), MANY);
	raid_objects_fini(&objects);
}

static void
test_what_was_deleted_meanwhile_is_left_out(void **state)
{
	struct lister l = { 0 };
	struct raid_objects objects;

	(void)state;
	named[1].answer = VDS_E_OBJECT_DELETED;
	assert_int_equal(read_list(&l, &objects), RAID_OK);
	assert_int_equal(objects.count, MANY - 1);
	raid_objects_fini(&objects);
}

static void
test_an_object_that_fails_ends_the_list(void **state)
{
	struct lister l = { 0 };
	struct raid_objects objects;

	(void)state;
	named[2].answer = VDS_E_PROVIDER_CACHE_CORRUPT;
	assert_int_equal(read_list(&l, &objects), RAID_SERVICE);
	assert_non_null(strstr(raid.error.text, "VDS_E_PROVIDER_CACHE_CORRUPT"));
	raid_objects_fini(&objects);
}

static void
test_broken_enumerators_are_errors(void **state)
{
	struct lister null = { .gives_null = true }, none = { .gives_none = true };
	struct raid_objects objects = { 0 };

	(void)state;
	assert_int_equal(read_list(&null, &objects), RAID_SERVICE);
	assert_non_null(strstr(raid.error.text, "no object"));
	assert_int_equal(read_list(&none, &objects), RAID_OK);
	assert_int_equal(raid_objects_read(&raid, RAID_PROVIDER, "Query", S_OK, NULL, &objects),
			 RAID_SERVICE);
	assert_non_null(strstr(raid.error.text, "no enumerator"));
}

static void
test_interrupt_ends_an_endless_enumerator(void **state)
{
	struct lister l = { .interrupts = true };
	struct raid_objects objects;

	(void)state;
	raid_interrupt_catch();
	assert_int_equal(read_list(&l, &objects), RAID_FATAL);
	raid_objects_fini(&objects);
}

static void
test_a_missing_interface_is_named(void **state)
{
	IVdsMaintenance *interface = (IVdsMaintenance *)&named[0];

	(void)state;
	assert_int_equal(RAID_QUERY(&raid, &named[0].provider, IVdsMaintenance, &interface),
			 RAID_SERVICE);
	assert_null(interface);
	assert_non_null(strstr(raid.error.text, "IVdsMaintenance: E_NOINTERFACE (80004002h)"));
	assert_int_equal(RAID_QUERY(&raid, NULL, IVdsMaintenance, &interface), RAID_SERVICE);
}

static void
test_out_of_memory_is_fatal(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		struct lister l = { 0 };
		struct raid_objects objects;
		enum raid_exit rc = read_list(&l, &objects);

		assert_true(rc == RAID_OK || rc == RAID_FATAL);
		raid_objects_fini(&objects);
		assert_int_equal(teardown(NULL), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_objects_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_index_is_found_from_anywhere, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_what_was_deleted_meanwhile_is_left_out, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_an_object_that_fails_ends_the_list, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_broken_enumerators_are_errors, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_interrupt_ends_an_endless_enumerator, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_missing_interface_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(test_out_of_memory_is_fatal, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
