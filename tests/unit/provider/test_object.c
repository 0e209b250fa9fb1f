/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects: IUnknown, identity, the last Release, and what each class offers. */
#include "provider_test.h"

static void
test_every_interface_gives_the_same_iunknown(void **state)
{
	IVdsHwProvider *provider = open_provider();
	IVdsLun *lun = GET_LUN(provider, 1, IVdsLun);
	IVdsLunIscsi *iscsi = query(lun, &IID_IVdsLunIscsi);
	IUnknown *a = query(lun, &IID_IUnknown), *b = query(iscsi, &IID_IUnknown);

	(void)state;
	assert_ptr_equal(a, b);
	RELEASE(b);
	RELEASE(a);
	RELEASE(iscsi);
	RELEASE(lun);
	RELEASE(provider);
	assert_int_equal(fake_open_count, 0);
}

static void
test_query_interface_is_reflexive_symmetric_and_transitive(void **state)
{
	static const IID *const iids[] = { &IID_IVdsLun, &IID_IVdsLunNaming, &IID_IVdsLunNumber,
					   &IID_IVdsLunIscsi, &IID_IUnknown };
	IVdsHwProvider *provider = open_provider();
	IVdsLun *lun = GET_LUN(provider, 1, IVdsLun);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(iids); i++) {
		void *one = query(lun, iids[i]);

		for (size_t j = 0; j < ARRAY_LEN(iids); j++) {
			void *two = query(one, iids[j]), *again = query(lun, iids[j]);

			assert_ptr_equal(two, again);
			RELEASE(two);
			RELEASE(again);
		}
		RELEASE(one);
	}
	RELEASE(lun);
	RELEASE(provider);
}

static void
test_query_for_something_else_gives_no_interface_and_null(void **state)
{
	IVdsHwProvider *provider = open_provider();
	void *other = &other;

	(void)state;
	assert_int_equal(IVdsHwProvider_QueryInterface(provider, &IID_IVdsLun, &other),
			 E_NOINTERFACE);
	assert_null(other);
	assert_int_equal(IVdsHwProvider_QueryInterface(provider, &IID_IUnknown, NULL), E_POINTER);
	RELEASE(provider);
}

static void
test_the_same_id_gives_the_same_object_while_it_lives(void **state)
{
	IVdsHwProvider *provider = open_provider();
	IVdsIscsiTarget *one = GET_TARGET(provider, 1), *two = GET_TARGET(provider, 1),
			*other = GET_TARGET(provider, 2);

	(void)state;
	assert_ptr_equal(one, two);
	assert_ptr_not_equal(one, other);
	RELEASE(two);
	two = GET_TARGET(provider, 1);
	assert_ptr_equal(one, two);
	RELEASE(one);
	RELEASE(two);
	RELEASE(other);
	RELEASE(provider);
}

static void
test_the_last_release_frees_and_a_new_object_is_made(void **state)
{
	IVdsHwProvider *provider = open_provider();
	IVdsIscsiTarget *target = GET_TARGET(provider, 1);

	(void)state;
	assert_int_equal(IVdsIscsiTarget_AddRef(target), 2);
	assert_int_equal(IVdsIscsiTarget_Release(target), 1);
	assert_int_equal(IVdsIscsiTarget_Release(target), 0);
	target = GET_TARGET(provider, 1);
	assert_int_equal(IVdsIscsiTarget_Release(target), 0);
	RELEASE(provider);
}

static void
test_an_object_keeps_the_connection_after_the_provider_is_released(void **state)
{
	IVdsHwProvider *provider = open_provider();
	IVdsSubSystem *subsystem = GET_SUBSYSTEM(provider, IVdsSubSystem);
	IVdsProvider *again = NULL;

	(void)state;
	assert_int_equal(IVdsHwProvider_Release(provider), 0);
	assert_int_equal(fake_open_count, 1);
	assert_int_equal(IVdsSubSystem_GetProvider(subsystem, &again), S_OK);
	RELEASE(again);
	assert_int_equal(IVdsSubSystem_Release(subsystem), 0);
	assert_int_equal(fake_open_count, 0);
}

static void
test_get_provider_gives_the_provider_itself(void **state)
{
	IVdsHwProvider *provider = open_provider();
	IVdsSubSystem *subsystem = GET_SUBSYSTEM(provider, IVdsSubSystem);
	IVdsProvider *owner = NULL;
	IUnknown *a, *b;

	(void)state;
	assert_int_equal(IVdsSubSystem_GetProvider(subsystem, &owner), S_OK);
	a = query(owner, &IID_IUnknown);
	b = query(provider, &IID_IUnknown);
	assert_ptr_equal(a, b);
	RELEASE(a);
	RELEASE(b);
	RELEASE(owner);
	RELEASE(subsystem);
	RELEASE(provider);
}

static void
test_get_object_wants_id_and_type_to_match(void **state)
{
	IVdsHwProvider *provider = open_provider();
	IVdsProviderPrivate *private = query(provider, &IID_IVdsProviderPrivate);
	IUnknown *object = (IUnknown *)(void *)&object;
	GUID lun = guid_of(sample_id('l', 1)), unknown = guid_of(sample_id('l', 99));

	(void)state;
	assert_int_equal(IVdsProviderPrivate_GetObject(private, lun, VDS_OT_TARGET, &object),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_null(object);
	assert_int_equal(IVdsProviderPrivate_GetObject(private, unknown, VDS_OT_LUN, &object),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsProviderPrivate_GetObject(private, lun, VDS_OT_DRIVE, &object),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsProviderPrivate_GetObject(private, lun, VDS_OT_LUN, NULL),
			 E_INVALIDARG);
	RELEASE(private);
	RELEASE(provider);
}

/* ---- what each class offers ---- */

struct offer {
	VDS_OBJECT_TYPE type;
	char kind; /* of sample_id; 0: the provider */
	const IID *iids[8];
};

static const IID *const all[] = {
	&IID_IVdsProvider,
	&IID_IVdsProviderPrivate,
	&IID_IVdsProviderSupport,
	&IID_IVdsHwProvider,
	&IID_IVdsHwProviderPrivate,
	&IID_IVdsHwProviderType,
	&IID_IVdsHwProviderType2,
	&IID_IVdsHwProviderStoragePools,
	&IID_IVdsHwProviderPrivateMpio,
	&IID_IVdsSubSystem,
	&IID_IVdsSubSystem2,
	&IID_IVdsSubSystemNaming,
	&IID_IVdsSubSystemIscsi,
	&IID_IVdsSubSystemInterconnect,
	&IID_IVdsSubSystemImportTarget,
	&IID_IVdsDrive,
	&IID_IVdsDrive2,
	&IID_IVdsLun,
	&IID_IVdsLun2,
	&IID_IVdsLunNaming,
	&IID_IVdsLunNumber,
	&IID_IVdsLunIscsi,
	&IID_IVdsLunMpio,
	&IID_IVdsLunControllerPorts,
	&IID_IVdsLunPlex,
	&IID_IVdsIscsiTarget,
	&IID_IVdsIscsiPortal,
	&IID_IVdsIscsiPortalLocal,
	&IID_IVdsIscsiPortalGroup,
	&IID_IVdsStoragePool,
	&IID_IVdsMaintenance,
	&IID_IEnumVdsObject,
	&IID_IVdsAsync,
	&IID_IVdsAdviseSink,
	&IID_IVdsDisk,
	&IID_IVdsService,
	&IID_IClassFactory,
};

static const struct offer offers[] = {
	{ VDS_OT_PROVIDER,
	  0,
	  { &IID_IVdsProvider, &IID_IVdsProviderPrivate, &IID_IVdsHwProvider,
	    &IID_IVdsProviderSupport, &IID_IVdsHwProviderType, &IID_IVdsHwProviderPrivate,
	    &IID_IVdsHwProviderStoragePools } },
	{ VDS_OT_SUB_SYSTEM,
	  'a',
	  { &IID_IVdsSubSystem, &IID_IVdsSubSystem2, &IID_IVdsSubSystemNaming,
	    &IID_IVdsSubSystemIscsi, &IID_IVdsSubSystemInterconnect, &IID_IVdsMaintenance } },
	{ VDS_OT_CONTROLLER,
	  'c',
	  { &IID_IVdsController, &IID_IVdsControllerControllerPort, &IID_IVdsMaintenance } },
	{ VDS_OT_PORT, 'q', { &IID_IVdsControllerPort, &IID_IVdsMaintenance } },
	{ VDS_OT_LUN,
	  'l',
	  { &IID_IVdsLun, &IID_IVdsLun2, &IID_IVdsLunNaming, &IID_IVdsLunNumber, &IID_IVdsLunIscsi,
	    &IID_IVdsLunControllerPorts, &IID_IVdsMaintenance } },
	{ VDS_OT_DRIVE, 'd', { &IID_IVdsDrive, &IID_IVdsDrive2, &IID_IVdsMaintenance } },
	{ VDS_OT_STORAGE_POOL, 'p', { &IID_IVdsStoragePool } },
	{ VDS_OT_TARGET, 't', { &IID_IVdsIscsiTarget } },
	{ VDS_OT_PORTAL, 'o', { &IID_IVdsIscsiPortal } },
	{ VDS_OT_PORTAL_GROUP, 'g', { &IID_IVdsIscsiPortalGroup } },
};

static bool
offers_it(const struct offer *offer, const IID *iid)
{
	for (size_t i = 0; i < ARRAY_LEN(offer->iids) && offer->iids[i] != NULL; i++) {
		if (offer->iids[i] == iid)
			return true;
	}
	return false;
}

static void
test_each_class_offers_its_interfaces_and_no_others(void **state)
{
	IVdsHwProvider *provider = open_provider();

	(void)state;
	fake_put_live(sample_live_drive(1));
	fake_put(sample_controller());
	fake_put_live(sample_live_port(1));
	for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
		const struct offer *offer = &offers[i];
		struct guid id = offer->kind != 0 ? sample_id(offer->kind, 1) : provider_id;
		IUnknown *object = get_object(provider, id, offer->type, &IID_IUnknown);

		for (size_t j = 0; j < ARRAY_LEN(all); j++) {
			void *other = &other;
			HRESULT hr = IUnknown_QueryInterface(object, all[j], &other);

			assert_int_equal(hr, offers_it(offer, all[j]) ? S_OK : E_NOINTERFACE);
			if (hr == S_OK)
				RELEASE(other);
			else
				assert_null(other);
		}
		RELEASE(object);
	}
	RELEASE(provider);
}

static void
test_every_vtable_is_complete(void **state)
{
	/* A slot that was forgotten would be a NULL that a program jumps through. */
	static const struct com_class *const classes[] = {
		&provider_class,
		&provider_subsystem_class,
		&provider_lun_class,
		&provider_target_class,
		&provider_portal_class,
		&provider_portalgroup_class,
		&com_enum_class,
		&com_async_class,
		&provider_drive_class,
		&provider_plex_class,
		&provider_storagepool_class,
		&provider_controller_class,
		&provider_port_class,
	};
	static const struct {
		const IID *iid;
		size_t size;
		/* clang-format off */
	} sizes[] = {
#define SIZE(interface) {&IID_##interface, sizeof(interface##Vtbl)}
		SIZE(IVdsProvider),
		SIZE(IVdsProviderPrivate),
		SIZE(IVdsHwProvider),
		SIZE(IVdsProviderSupport),
		SIZE(IVdsHwProviderType),
		SIZE(IVdsHwProviderPrivate),
		SIZE(IVdsHwProviderStoragePools),
		SIZE(IVdsDrive),
		SIZE(IVdsDrive2),
		SIZE(IVdsLunPlex),
		SIZE(IVdsController),
		SIZE(IVdsControllerControllerPort),
		SIZE(IVdsControllerPort),
		SIZE(IVdsLunControllerPorts),
		SIZE(IVdsMaintenance),
		SIZE(IVdsStoragePool),
		SIZE(IVdsSubSystem),
		SIZE(IVdsSubSystemNaming),
		SIZE(IVdsSubSystemIscsi),
		SIZE(IVdsSubSystemInterconnect),
		SIZE(IVdsLun),
		SIZE(IVdsLunNaming),
		SIZE(IVdsLunNumber),
		SIZE(IVdsLunIscsi),
		SIZE(IVdsIscsiTarget),
		SIZE(IVdsIscsiPortal),
		SIZE(IVdsIscsiPortalGroup),
		SIZE(IEnumVdsObject),
		SIZE(IVdsAsync),
#undef SIZE
	};
	/* clang-format on */
	bool found[ARRAY_LEN(sizes)] = { false };
	size_t seen = 0;

	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(classes); c++) {
		for (size_t i = 0; i < classes[c]->interface_count; i++) {
			const struct com_interface *interface = &classes[c]->interfaces[i];

			for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
				if (sizes[k].iid != interface->iid)
					continue;
				for (size_t at = 0; at < sizes[k].size; at += sizeof(void *)) {
					void *slot;

					memcpy(&slot, (const char *)interface->vtable + at,
					       sizeof(slot));
					assert_non_null(slot);
				}
				seen += !found[k];
				found[k] = true; /* several classes offer IVdsMaintenance */
			}
		}
	}
	assert_int_equal(seen, ARRAY_LEN(sizes));
}

/* ---- threads ---- */

#define THREADS 4
#define ROUNDS  5000

static void *
take_and_release(void *arg)
{
	IVdsHwProvider *provider = arg;
	IVdsProviderPrivate *private = query(provider, &IID_IVdsProviderPrivate);
	GUID id = guid_of(sample_id('t', 1));

	for (int i = 0; i < ROUNDS; i++) {
		IUnknown *object = NULL;

		if (IVdsProviderPrivate_GetObject(private, id, VDS_OT_TARGET, &object) != S_OK)
			return arg;
		RELEASE(object);
	}
	RELEASE(private);
	return NULL;
}

static void
test_threads_may_take_and_release_the_same_object(void **state)
{
	IVdsHwProvider *provider = open_provider();
	pthread_t threads[THREADS];
	void *failed;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_release, provider), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(IVdsHwProvider_Release(provider), 0);
	assert_int_equal(fake_open_count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_interface_gives_the_same_iunknown),
		cmocka_unit_test(test_query_interface_is_reflexive_symmetric_and_transitive),
		cmocka_unit_test(test_query_for_something_else_gives_no_interface_and_null),
		cmocka_unit_test(test_the_same_id_gives_the_same_object_while_it_lives),
		cmocka_unit_test(test_the_last_release_frees_and_a_new_object_is_made),
		cmocka_unit_test(
			test_an_object_keeps_the_connection_after_the_provider_is_released),
		cmocka_unit_test(test_get_provider_gives_the_provider_itself),
		cmocka_unit_test(test_get_object_wants_id_and_type_to_match),
		cmocka_unit_test(test_each_class_offers_its_interfaces_and_no_others),
		cmocka_unit_test(test_every_vtable_is_complete),
		cmocka_unit_test(test_threads_may_take_and_release_the_same_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
