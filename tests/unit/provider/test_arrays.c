/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a provider: without an array, with several, with arrays that come, go and are lost,
 * and after OnUnload.
 */
#include "provider_test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"

#define SEEN_MAX 64

/* A sink that keeps what it gets; made by the tests. */
struct sink {
	IVdsAdviseSink sink;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	VDS_NOTIFICATION seen[SEEN_MAX];
	size_t count;
};

static HRESULT
sink_query_interface(IVdsAdviseSink *self, REFIID riid, void **ppv)
{
	bool right = IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IVdsAdviseSink);

	*ppv = right ? self : NULL;
	return right ? S_OK : E_NOINTERFACE;
}

static ULONG
sink_add_ref(IVdsAdviseSink *self)
{
	(void)self;
	return 2;
}

static ULONG
sink_release(IVdsAdviseSink *self)
{
	(void)self;
	return 1;
}

static HRESULT
sink_on_notify(IVdsAdviseSink *self, LONG count, VDS_NOTIFICATION *notes)
{
	struct sink *s = container_of(self, struct sink, sink);

	pthread_mutex_lock(&s->lock);
	for (LONG i = 0; i < count && s->count < SEEN_MAX; i++)
		s->seen[s->count++] = notes[i];
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	CoTaskMemFree(notes);
	return S_OK;
}

static const IVdsAdviseSinkVtbl sink_vtable = {
	sink_query_interface,
	sink_add_ref,
	sink_release,
	sink_on_notify,
};

static struct sink sink;
static IVdsHwProvider *provider;
static IVdsProviderPrivate *private;

/* A provider of the class factory, which is not loaded. */
static int
setup(void **state)
{
	IClassFactory *factory = NULL;

	(void)state;
	memset(&sink, 0, sizeof(sink));
	sink.sink.lpVtbl = &sink_vtable;
	pthread_mutex_init(&sink.lock, NULL);
	pthread_cond_init(&sink.changed, NULL);
	unsetenv("VDS_ARRAYS");
	atomic_store(&provider_watch_first_ns, 0); /* what comes is found when the test wants it */
	assert_int_equal(
		VdsGetClassObject(&CLSID_VdsHwProvider, &IID_IClassFactory, (void **)&factory),
		S_OK);
	assert_int_equal(IClassFactory_CreateInstance(factory, NULL, &IID_IVdsHwProvider,
						      (void **)&provider),
			 S_OK);
	private = query(provider, &IID_IVdsProviderPrivate);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	RELEASE(private);
	RELEASE(provider);
	assert_int_equal(fake_open_count, 0);
	assert_int_equal(fake_started_count, 0);
	fake_set_down("fake:", false);
	fake_set_down("fake:2", false);
	return 0;
}

static void
look_often(void)
{
	atomic_store(&provider_watch_first_ns, NS_PER_MS);
	atomic_store(&provider_watch_longest_ns, NS_PER_MS);
}

static HRESULT
on_load(const char *urls)
{
	setenv("VDS_URL", urls, 1);
	return IVdsProviderPrivate_OnLoad(private, NULL, (IUnknown *)&sink.sink);
}

/* The subsystems must be those of these sample numbers, in this order: "1 2". */
static void
assert_subsystems(const char *expected)
{
	IEnumVdsObject *list = NULL;
	char text[64] = "";
	IUnknown *object;
	ULONG fetched;

	assert_int_equal(IVdsHwProvider_QuerySubSystems(provider, &list), S_OK);
	while (IEnumVdsObject_Next(list, 1, &object, &fetched) == S_OK) {
		IVdsSubSystem *subsystem = query(object, &IID_IVdsSubSystem);
		VDS_SUB_SYSTEM_PROP prop;

		assert_int_equal(IVdsSubSystem_GetProperties(subsystem, &prop), S_OK);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u%s",
			 text[0] != '\0' ? " " : "", prop.id.Data1,
			 prop.status == VDS_SSS_OFFLINE ? " offline" : "");
		CoTaskMemFree(prop.pwszFriendlyName);
		CoTaskMemFree(prop.pwszIdentification);
		RELEASE(subsystem);
		RELEASE(object);
	}
	RELEASE(list);
	assert_string_equal(text, expected);
}

/* The next notification must be this one of the subsystem. */
static void
assert_told(size_t i, ULONG event, unsigned array)
{
	pthread_mutex_lock(&sink.lock);
	while (sink.count <= i)
		pthread_cond_wait(&sink.changed, &sink.lock);
	assert_int_equal(sink.seen[i].objectType, VDS_NTT_SUB_SYSTEM);
	assert_int_equal(sink.seen[i].SubSystem.ulEvent, event);
	assert_true(same_guid(&sink.seen[i].SubSystem.subSystemId, sample_id('a', array)));
	pthread_mutex_unlock(&sink.lock);
}

static HRESULT
get_lun(unsigned n, IVdsLun **ret_lun)
{
	IUnknown *object = NULL;
	HRESULT hr = IVdsProviderPrivate_GetObject(private, guid_of(sample_id('l', n)), VDS_OT_LUN,
						   &object);

	*ret_lun = NULL;
	if (FAILED(hr))
		return hr;
	*ret_lun = query(object, &IID_IVdsLun);
	RELEASE(object);
	return hr;
}

static HRESULT
lun_properties(IVdsLun *lun)
{
	VDS_LUN_PROP prop;
	HRESULT hr = IVdsLun_GetProperties(lun, &prop);

	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	CoTaskMemFree(prop.pwszUnmaskingList);
	return hr;
}

/* ---- coming ---- */

static void
test_a_provider_lives_without_an_array(void **state)
{
	VDS_LUN_INFORMATION info = { 0 };
	IVdsHwProviderPrivate *hw = query(provider, &IID_IVdsHwProviderPrivate);
	VDS_OBJECT_ID id;
	IVdsLun *lun;

	(void)state;
	assert_int_equal(on_load("nobody:here"), S_OK);
	assert_subsystems("");
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	assert_int_equal(IVdsHwProvider_Refresh(provider), S_OK);
	assert_int_equal(VdsSync((IUnknown *)provider), S_OK);
	assert_int_equal(get_lun(1, &lun), VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsHwProviderPrivate_QueryIfCreatedLun(hw, NULL, &info, &id), S_FALSE);
	assert_int_equal(fake_started_count, 0);
	RELEASE(hw);
}

static void
test_reenumerate_finds_arrays_that_have_come(void **state)
{
	(void)state;
	fake_set_down("fake:", true);
	fake_set_down("fake:2", true);
	assert_int_equal(on_load("fake: fake:2"), S_OK);
	assert_subsystems("");
	fake_set_down("fake:2", false);
	assert_subsystems(""); /* nobody has looked */
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	assert_subsystems("2");
	assert_told(0, VDS_NF_SUB_SYSTEM_ARRIVE, 2);
	fake_set_down("fake:", false);
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	assert_subsystems("1 2"); /* in the order of the list */
	assert_told(1, VDS_NF_SUB_SYSTEM_ARRIVE, 1);
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	assert_subsystems("1 2");
	assert_int_equal(sink.count, 2);
}

static void
test_arrays_that_come_are_noticed(void **state)
{
	(void)state;
	look_often();
	fake_set_down("fake:", true);
	fake_set_down("fake:2", true);
	assert_int_equal(on_load("fake: fake:2"), S_OK);
	assert_subsystems("");
	fake_set_down("fake:2", false);
	assert_told(0, VDS_NF_SUB_SYSTEM_ARRIVE, 2);
	assert_subsystems("2");
	fake_set_down("fake:", false);
	assert_told(1, VDS_NF_SUB_SYSTEM_ARRIVE, 1);
	assert_subsystems("1 2");
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK); /* tells nothing twice */
	assert_int_equal(sink.count, 2);
	assert_int_equal(IVdsProviderPrivate_OnUnload(private, FALSE), S_OK);
}

/* The watch ends with the load, with and without force, and with the last reference. */
static void
test_nothing_looks_for_arrays_after_unloading(void **state)
{
	(void)state;
	look_often();
	fake_set_down("fake:", true);
	for (BOOL force = FALSE; force <= TRUE; force++) {
		assert_int_equal(on_load("fake:"), S_OK);
		assert_int_equal(IVdsProviderPrivate_OnUnload(private, force), S_OK);
		assert_int_equal(fake_started_count, 0);
	}
	fake_set_down("fake:", false);
	assert_int_equal(fake_started_count, 0);
	assert_int_equal(sink.count, 0);
	fake_set_down("fake:", true);
	assert_int_equal(on_load("fake:"), S_OK); /* the teardown releases the provider */
}

static void
test_each_array_is_a_subsystem_with_its_own_objects(void **state)
{
	IVdsSubSystem *subsystem = NULL;
	IVdsProvider *owner = NULL;
	IVdsLun *one = NULL, *two = NULL;
	VDS_SUB_SYSTEM_PROP prop;
	IUnknown *a, *b;

	(void)state;
	assert_int_equal(on_load("fake: fake:2 fake:3"), S_OK);
	assert_subsystems("1 2 3");
	assert_int_equal(get_lun(1, &one), S_OK);
	assert_int_equal(get_lun(200, &two), S_OK);
	assert_int_equal(IVdsLun_GetSubSystem(two, &subsystem), S_OK);
	assert_int_equal(IVdsSubSystem_GetProperties(subsystem, &prop), S_OK);
	assert_true(same_guid(&prop.id, sample_id('a', 2)));
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	assert_int_equal(IVdsSubSystem_GetProvider(subsystem, &owner), S_OK);
	a = query(owner, &IID_IUnknown);
	b = query(provider, &IID_IUnknown);
	assert_ptr_equal(a, b);
	RELEASE(a);
	RELEASE(b);
	RELEASE(owner);
	RELEASE(subsystem);
	/* A change of one array's LUN goes to that array. */
	assert_int_equal(IVdsLun_SetMask(two, (WCHAR[]){ u"*" }), S_OK);
	assert_int_equal(IVdsLun_SetMask(one, (WCHAR[]){ u"" }), S_OK);
	RELEASE(one);
	RELEASE(two);
}

static void
test_an_array_under_two_urls_is_one_subsystem(void **state)
{
	(void)state;
	assert_int_equal(on_load("fake: fake:1 fake:"), S_OK);
	assert_subsystems("1");
	assert_int_equal(fake_started_count, 1);
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	assert_subsystems("1");
	assert_int_equal(fake_started_count, 1);
}

static void
write_list(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
test_the_list_may_be_a_file(void **state)
{
	char path[] = "/tmp/vds-arrays-XXXXXX";
	int fd = mkstemp(path);
	IVdsLun *lun = NULL;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	setenv("VDS_ARRAYS", path, 1);
	write_list(path, "# arrays of this host\nfake:  # the first\n\n  fake:2\n");
	assert_int_equal(on_load(" "), S_OK);
	assert_subsystems("1 2");
	assert_int_equal(get_lun(200, &lun), S_OK);
	write_list(path, "fake:\nfake:3\n");
	assert_subsystems("1 2"); /* nobody has looked */
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	assert_subsystems("1 3");
	assert_told(0, VDS_NF_SUB_SYSTEM_DEPART, 2);
	assert_told(1, VDS_NF_SUB_SYSTEM_ARRIVE, 3);
	assert_int_equal(fake_started_count, 2);
	assert_int_equal(lun_properties(lun), VDS_E_OBJECT_DELETED);
	/* A list that is wrong changes nothing. */
	write_list(path, "fake:\nnonsense\n");
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), VDS_E_OBJECT_STATUS_FAILED);
	assert_non_null(strstr(VdsLastErrorMessage(), "nonsense"));
	assert_subsystems("1 3");
	write_list(path, "fake:2");
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	assert_subsystems("2");
	assert_int_equal(lun_properties(lun), S_OK); /* it is back */
	RELEASE(lun);
	unlink(path);
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), VDS_E_OBJECT_STATUS_FAILED);
	assert_non_null(strstr(VdsLastErrorMessage(), path));
}

/* What stands behind a URL is for that array only; other options make another client. */
static void
test_an_array_may_have_options(void **state)
{
	char path[] = "/tmp/vds-arrays-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	setenv("VDS_ARRAYS", path, 1);
	write_list(path, "fake: ca=/ca.pem # trusted\n  token-file=/t cert=/c key=/k\n");
	assert_int_equal(on_load(" "), S_OK);
	assert_string_equal(fake_options, "ca=/ca.pem cert=/c key=/k token-file=/t");
	assert_subsystems("1");
	write_list(path, "fake: fingerprint=AB:CD token-file=\nfake:2\n");
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	assert_string_equal(fake_options, "");
	assert_subsystems("1 2");
	write_list(path, "fake:2 token-file=\nfake:\tfingerprint=EF\n");
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	assert_string_equal(fake_options, "fingerprint=EF");
	assert_subsystems("2 1"); /* it came after the other one */
	unlink(path);
}

static void
test_options_that_are_wrong_are_refused(void **state)
{
	static const struct {
		const char *list, *says;
	} wrong[] = { { "fake: fingerprnt=AB", "fingerprnt=AB" },
		      { "fake: ca=/a ca=/b", "twice" },
		      { "ca=/a fake:", "is not a URL" },
		      { "fake: =x", "is not a URL" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_int_equal(on_load(wrong[i].list), VDS_E_INITIALIZED_FAILED);
		assert_non_null(strstr(VdsLastErrorMessage(), wrong[i].says));
	}
	assert_int_equal(on_load("fake:"), S_OK);
}

static void
test_a_list_that_is_wrong_is_refused(void **state)
{
	IEnumVdsObject *list = NULL;
	void *other = &other;

	(void)state;
	assert_int_equal(on_load("fake: nonsense"), VDS_E_INITIALIZED_FAILED);
	assert_non_null(strstr(VdsLastErrorMessage(), "nonsense"));
	assert_int_equal(IVdsHwProvider_QuerySubSystems(provider, &list),
			 VDS_E_INITIALIZE_NOT_CALLED);
	assert_int_equal(VdsOpenHwProvider(u"fake: nonsense", &IID_IUnknown, &other), E_INVALIDARG);
	assert_null(other);
	assert_int_equal(on_load("fake:"), S_OK);
}

/* The function that opens a provider says when there is nobody at all. */
static void
test_open_wants_one_array(void **state)
{
	IUnknown *other = NULL;

	(void)state;
	assert_int_equal(VdsOpenHwProvider(u"nobody:1 nobody:2", &IID_IUnknown, (void **)&other),
			 VDS_E_INITIALIZED_FAILED);
	assert_non_null(strstr(VdsLastErrorMessage(), "nobody:1"));
	assert_int_equal(VdsOpenHwProvider(u"nobody:1 fake:2", &IID_IUnknown, (void **)&other),
			 S_OK);
	RELEASE(other);
}

/* ---- lost ---- */

static void
test_a_lost_array_is_offline_and_nothing_else_of_it_answers(void **state)
{
	IVdsSubSystem *subsystem;
	IEnumVdsObject *list = NULL;
	IVdsLun *lun, *two, *none;

	(void)state;
	assert_int_equal(on_load("fake: fake:2"), S_OK);
	assert_int_equal(get_lun(1, &lun), S_OK);
	assert_int_equal(get_lun(200, &two), S_OK);
	fake_set_lost(fake_client_of("fake:"), true);
	assert_subsystems("1 offline 2");
	assert_told(0, VDS_NF_SUB_SYSTEM_MODIFY, 1);
	subsystem = GET_SUBSYSTEM(provider, IVdsSubSystem);
	assert_int_equal(IVdsSubSystem_QueryLuns(subsystem, &list), VDS_E_PROVIDER_CACHE_CORRUPT);
	assert_int_equal(lun_properties(lun), VDS_E_PROVIDER_CACHE_CORRUPT);
	assert_int_equal(lun_properties(two), S_OK);
	/* An object that is not found in the others may be one of it. */
	assert_int_equal(get_lun(99, &none), VDS_E_PROVIDER_CACHE_CORRUPT);
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	assert_subsystems("1 offline 2");
	assert_int_equal(IVdsHwProvider_Refresh(provider), VDS_E_PROVIDER_CACHE_CORRUPT);
	fake_set_lost(fake_client_of("fake:"), false);
	assert_subsystems("1 2");
	assert_told(1, VDS_NF_SUB_SYSTEM_MODIFY, 1);
	assert_int_equal(lun_properties(lun), S_OK);
	assert_int_equal(sink.count, 2);
	RELEASE(subsystem);
	RELEASE(lun);
	RELEASE(two);
}

/* What the other arrays have is listed; when none answers, nothing is known. */
static void
test_a_lost_array_hides_nothing_of_the_others(void **state)
{
	IVdsHwProviderStoragePools *pools;
	IEnumVdsObject *list = NULL;

	(void)state;
	assert_int_equal(on_load("fake: fake:2"), S_OK);
	pools = query(provider, &IID_IVdsHwProviderStoragePools);
	fake_set_lost(fake_client_of("fake:"), true);
	assert_int_equal(IVdsHwProviderStoragePools_QueryStoragePools(pools, 0, 0, NULL, &list),
			 S_OK);
	RELEASE(list);
	fake_set_lost(fake_client_of("fake:2"), true);
	assert_int_equal(IVdsHwProviderStoragePools_QueryStoragePools(pools, 0, 0, NULL, &list),
			 VDS_E_PROVIDER_CACHE_CORRUPT);
	assert_null(list);
	fake_set_lost(fake_client_of("fake:2"), false);
	fake_set_lost(fake_client_of("fake:"), false);
	RELEASE(pools);
}

static void
test_a_target_name_is_unique_over_all_arrays(void **state)
{
	IVdsLun *lun = NULL;
	IVdsSubSystem *subsystem = NULL;
	IVdsSubSystemIscsi *iscsi;
	IVdsAsync *async = NULL;

	(void)state;
	assert_int_equal(on_load("fake: fake:2"), S_OK);
	assert_int_equal(get_lun(200, &lun), S_OK);
	assert_int_equal(IVdsLun_GetSubSystem(lun, &subsystem), S_OK);
	iscsi = query(subsystem, &IID_IVdsSubSystemIscsi);
	assert_int_equal(IVdsSubSystemIscsi_CreateTarget(iscsi,
							 (WCHAR[]){ u"IQN.2026-11.org.example:t1" },
							 (WCHAR[]){ u"" }, &async),
			 VDS_E_NAME_NOT_UNIQUE);
	assert_null(async);
	assert_int_equal(
		IVdsSubSystemIscsi_CreateTarget(iscsi, (WCHAR[]){ u"iqn.2026-11.org.example:new" },
						(WCHAR[]){ u"" }, &async),
		S_OK);
	RELEASE(async);
	RELEASE(iscsi);
	RELEASE(subsystem);
	RELEASE(lun);
}

/* A replica that is wrong is not an array that is lost. */
static void
test_a_corrupt_array_makes_the_provider_corrupt(void **state)
{
	IEnumVdsObject *list = NULL;

	(void)state;
	assert_int_equal(on_load("fake: fake:2"), S_OK);
	fake_set_view_code(ERR_CACHE_CORRUPT);
	assert_int_equal(IVdsHwProvider_QuerySubSystems(provider, &list),
			 VDS_E_PROVIDER_CACHE_CORRUPT);
	assert_null(list);
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	assert_int_equal(IVdsHwProvider_Refresh(provider), S_OK);
	assert_subsystems("1 2");
}

static void
test_a_read_only_array_is_degraded(void **state)
{
	struct row_live_array *row = row_new(ROW_LIVE_ARRAY);
	IVdsSubSystem *subsystem;
	VDS_SUB_SYSTEM_PROP prop;

	(void)state;
	assert_int_equal(on_load("fake:"), S_OK);
	row->id = sample_id('a', 1);
	row->read_only = true;
	assert_int_equal(row_set_string(&row->reason, "its disk is full"), 0);
	fake_put_live(row);
	assert_told(0, VDS_NF_SUB_SYSTEM_MODIFY, 1);
	subsystem = GET_SUBSYSTEM(provider, IVdsSubSystem);
	assert_int_equal(IVdsSubSystem_GetProperties(subsystem, &prop), S_OK);
	assert_int_equal(prop.status, VDS_SSS_PARTIALLY_MANAGED);
	assert_int_equal(prop.health, VDS_H_DEGRADED);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	RELEASE(subsystem);
}

/* ---- unloading ---- */

static void
test_unloading_ends_the_connections(void **state)
{
	IEnumVdsObject *list = NULL;
	IVdsLun *lun;

	(void)state;
	assert_int_equal(on_load("fake: fake:2"), S_OK);
	assert_int_equal(get_lun(1, &lun), S_OK);
	assert_int_equal(fake_started_count, 2);
	assert_int_equal(IVdsProviderPrivate_OnUnload(private, FALSE), S_OK);
	assert_int_equal(fake_started_count, 0);
	assert_int_equal(IVdsHwProvider_QuerySubSystems(provider, &list),
			 VDS_E_INITIALIZE_NOT_CALLED);
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), VDS_E_INITIALIZE_NOT_CALLED);
	assert_int_equal(IVdsHwProvider_Refresh(provider), VDS_E_INITIALIZE_NOT_CALLED);
	assert_int_equal(lun_properties(lun), VDS_E_INITIALIZE_NOT_CALLED);
	assert_int_equal(VdsSync((IUnknown *)lun), VDS_E_INITIALIZE_NOT_CALLED);
	assert_int_equal(IVdsProviderPrivate_OnUnload(private, FALSE), S_OK);
	/* Loaded again while the array of the object is down: it may come back. */
	fake_set_down("fake:", true);
	assert_int_equal(on_load("fake: fake:2"), S_OK);
	assert_subsystems("2");
	assert_int_equal(lun_properties(lun), VDS_E_PROVIDER_CACHE_CORRUPT);
	fake_set_down("fake:", false);
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	assert_int_equal(lun_properties(lun), S_OK);
	RELEASE(lun);
}

static void
test_unloading_waits_for_calls_unless_it_is_forced(void **state)
{
	(void)state;
	assert_int_equal(on_load("fake: fake:2"), S_OK);
	fake_set_calls(fake_client_of("fake:2"), 1);
	assert_int_equal(IVdsProviderPrivate_OnUnload(private, FALSE), S_FALSE);
	assert_subsystems("1 2");
	assert_int_equal(IVdsProviderPrivate_OnUnload(private, TRUE), S_OK);
	assert_int_equal(fake_started_count, 0);
}

static HRESULT unloaded;

static void
unload_now(void)
{
	unloaded = IVdsProviderPrivate_OnUnload(private, FALSE);
}

/* The array that Reenumerate asks may take its time. */
static void
test_unloading_does_not_wait_for_reenumerate(void **state)
{
	(void)state;
	assert_int_equal(on_load("fake:"), S_OK);
	fake_at_reenumerate = unload_now;
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), S_OK);
	fake_at_reenumerate = NULL;
	assert_int_equal(unloaded, S_FALSE);
	assert_subsystems("1");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		EACH(test_a_provider_lives_without_an_array),
		EACH(test_reenumerate_finds_arrays_that_have_come),
		EACH(test_arrays_that_come_are_noticed),
		EACH(test_nothing_looks_for_arrays_after_unloading),
		EACH(test_each_array_is_a_subsystem_with_its_own_objects),
		EACH(test_an_array_under_two_urls_is_one_subsystem),
		EACH(test_the_list_may_be_a_file),
		EACH(test_an_array_may_have_options),
		EACH(test_options_that_are_wrong_are_refused),
		EACH(test_a_list_that_is_wrong_is_refused),
		EACH(test_open_wants_one_array),
		EACH(test_a_lost_array_is_offline_and_nothing_else_of_it_answers),
		EACH(test_a_lost_array_hides_nothing_of_the_others),
		EACH(test_a_target_name_is_unique_over_all_arrays),
		EACH(test_a_corrupt_array_makes_the_provider_corrupt),
		EACH(test_a_read_only_array_is_degraded),
		EACH(test_unloading_ends_the_connections),
		EACH(test_unloading_waits_for_calls_unless_it_is_forced),
		EACH(test_unloading_does_not_wait_for_reenumerate),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
