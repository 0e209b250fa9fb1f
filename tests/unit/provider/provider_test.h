/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tests of src/provider share these helpers: a provider over the fake client, and functions
 * that find its objects as a program would.
 */
#ifndef VDS_TESTS_PROVIDER_TEST_H
#define VDS_TESTS_PROVIDER_TEST_H

#include "fake_client.h"

#include <vds/libvds.h>

#include "provider/provider_int.h"

static inline GUID
guid_of(struct guid id)
{
	GUID g;

	com_guid_out(&id, &g);
	return g;
}

static inline bool
same_guid(const GUID *a, struct guid id)
{
	GUID g = guid_of(id);

	return IsEqualGUID(a, &g) != 0;
}

static inline IVdsHwProvider *
open_provider(void)
{
	IVdsHwProvider *provider = NULL;

	assert_int_equal(VdsOpenHwProvider(u"fake:", &IID_IVdsHwProvider, (void **)&provider),
			 S_OK);
	assert_non_null(provider);
	return provider;
}

static inline void *
query(void *object, const IID *iid)
{
	void *other = NULL;

	assert_int_equal(IUnknown_QueryInterface((IUnknown *)object, iid, &other), S_OK);
	assert_non_null(other);
	return other;
}

#define RELEASE(object) IUnknown_Release((IUnknown *)(void *)(object))

/* Returns an interface of the object with that id and type. */
static inline void *
get_object(IVdsHwProvider *provider, struct guid id, VDS_OBJECT_TYPE type, const IID *iid)
{
	IVdsProviderPrivate *private = query(provider, &IID_IVdsProviderPrivate);
	IUnknown *unknown = NULL;
	void *object;

	assert_int_equal(IVdsProviderPrivate_GetObject(private, guid_of(id), type, &unknown), S_OK);
	object = query(unknown, iid);
	RELEASE(unknown);
	RELEASE(private);
	return object;
}

#define GET_LUN(provider, n, interface) \
	((interface *)get_object(provider, sample_id('l', n), VDS_OT_LUN, &IID_##interface))
#define GET_TARGET(provider, n)                                                    \
	((IVdsIscsiTarget *)get_object(provider, sample_id('t', n), VDS_OT_TARGET, \
				       &IID_IVdsIscsiTarget))
#define GET_SUBSYSTEM(provider, interface) \
	((interface *)get_object(provider, sample_id('a', 1), VDS_OT_SUB_SYSTEM, &IID_##interface))
#define GET_PORTAL(provider, n)                                                    \
	((IVdsIscsiPortal *)get_object(provider, sample_id('o', n), VDS_OT_PORTAL, \
				       &IID_IVdsIscsiPortal))
#define GET_GROUP(provider, n)                                                                \
	((IVdsIscsiPortalGroup *)get_object(provider, sample_id('g', n), VDS_OT_PORTAL_GROUP, \
					    &IID_IVdsIscsiPortalGroup))

/* Releases all objects that an enumerator still has; returns their number. */
static inline ULONG
drain(IEnumVdsObject *list)
{
	IUnknown *object;
	ULONG fetched, count = 0;

	while (IEnumVdsObject_Next(list, 1, &object, &fetched) == S_OK) {
		assert_int_equal(fetched, 1);
		RELEASE(object);
		count++;
	}
	assert_int_equal(fetched, 0);
	return count;
}

/* The targets of an enumerator must have these sample numbers, "1 3"; releases the enumerator. */
static inline void
assert_targets(IEnumVdsObject *list, const char *expected)
{
	VDS_ISCSI_TARGET_PROP prop;
	char text[128] = "";
	IUnknown *object;
	ULONG fetched;

	assert_non_null(list);
	while (IEnumVdsObject_Next(list, 1, &object, &fetched) == S_OK) {
		IVdsIscsiTarget *target = query(object, &IID_IVdsIscsiTarget);

		assert_int_equal(IVdsIscsiTarget_GetProperties(target, &prop), S_OK);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u",
			 text[0] != '\0' ? " " : "", prop.id.Data1);
		CoTaskMemFree(prop.pwszIscsiName);
		CoTaskMemFree(prop.pwszFriendlyName);
		RELEASE(target);
		RELEASE(object);
	}
	assert_string_equal(text, expected);
	RELEASE(list);
}

static inline void
assert_u16(const WCHAR *have, const char *want)
{
	char *text = NULL;

	assert_non_null(have);
	assert_int_equal(com_string_in(have, &text), 0);
	assert_string_equal(text, want);
	mem_free(text);
}

#endif
