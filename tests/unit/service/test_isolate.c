/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Providers that crash, end, hang and return nonsense, each in its own process: the program, its
 * other providers and its later calls are not affected.
 */
#include "service_test.h"

#include <errno.h>
#include <glob.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

/* ---- a sink that counts ---- */

struct sink {
	IVdsAdviseSink sink;
	_Atomic unsigned refs, out_of_sync, luns;
};

static HRESULT STDMETHODCALLTYPE
sink_query(IVdsAdviseSink *self, REFIID riid, void **ppv)
{
	(void)riid;
	IVdsAdviseSink_AddRef(self);
	*ppv = self;
	return S_OK;
}

static ULONG STDMETHODCALLTYPE
sink_add_ref(IVdsAdviseSink *self)
{
	return ++container_of(self, struct sink, sink)->refs;
}

static ULONG STDMETHODCALLTYPE
sink_release(IVdsAdviseSink *self)
{
	return --container_of(self, struct sink, sink)->refs;
}

static HRESULT STDMETHODCALLTYPE
sink_on_notify(IVdsAdviseSink *self, LONG count, VDS_NOTIFICATION *notes)
{
	struct sink *sink = container_of(self, struct sink, sink);

	for (LONG i = 0; i < count; i++) {
		if (notes[i].objectType == VDS_NTT_SERVICE &&
		    notes[i].Service.ulEvent == VDS_NF_SERVICE_OUT_OF_SYNC)
			sink->out_of_sync++;
		else if (notes[i].objectType == VDS_NTT_LUN)
			sink->luns++;
	}
	CoTaskMemFree(notes);
	return S_OK;
}

static DWORD
advise(IVdsService *service, struct sink *sink)
{
	static const IVdsAdviseSinkVtbl vtable = {
		.QueryInterface = sink_query,
		.AddRef = sink_add_ref,
		.Release = sink_release,
		.OnNotify = sink_on_notify,
	};
	DWORD cookie = 0;

	memset(sink, 0, sizeof(*sink));
	sink->sink.lpVtbl = &vtable;
	sink->refs = 1;
	assert_int_equal(IVdsService_Advise(service, &sink->sink, &cookie), S_OK);
	return cookie;
}

/* ---- calls of each kind ---- */

/* What the test holds of the provider that misbehaves. */
struct world {
	IVdsService *service;
	IVdsHwProvider *provider, *other;
	IVdsSubSystem *subsystem;
	IVdsLun *lun;
	IVdsLunNaming *naming;
	IVdsLunMpio *mpio;
	struct fake_state *fake;
};

static IVdsLun *
lun_of(IVdsSubSystem *subsystem)
{
	IEnumVdsObject *list = NULL;
	IVdsLun *lun;

	assert_int_equal(IVdsSubSystem_QueryLuns(subsystem, &list), S_OK);
	lun = service_next(list, &IID_IVdsLun);
	assert_non_null(lun);
	RELEASE(list);
	return lun;
}

static void
begin(struct world *w)
{
	service_register(FAKE_GOOD);
	service_register(FAKE_OTHER);
	w->fake = service_fake(FAKE_GOOD);
	w->service = service_load();
	w->provider = service_find(w->service, "fake", NULL);
	w->other = service_find(w->service, "other", NULL);
	assert_non_null(w->other);
	w->subsystem = service_subsystem(w->service);
	w->lun = lun_of(w->subsystem);
	w->naming = query(w->lun, &IID_IVdsLunNaming);
	w->mpio = query(w->lun, &IID_IVdsLunMpio);
}

static void
end(struct world *w)
{
	pid_t pid = w->fake->pid, other = service_fake(FAKE_OTHER)->pid;

	RELEASE(w->mpio);
	RELEASE(w->naming);
	RELEASE(w->lun);
	RELEASE(w->subsystem);
	RELEASE(w->provider);
	RELEASE(w->other);
	assert_int_equal(RELEASE(w->service), 0);
	service_wait_gone(pid);
	service_wait_gone(other);
}

static HRESULT
get_properties(struct world *w)
{
	VDS_LUN_PROP prop;
	HRESULT hr;

	memset(&prop, 0xee, sizeof(prop));
	hr = IVdsLun_GetProperties(w->lun, &prop);
	if (FAILED(hr))
		assert_null(prop.pwszFriendlyName);
	else
		CoTaskMemFree(prop.pwszFriendlyName);
	return hr;
}

static HRESULT
get_paths(struct world *w)
{
	VDS_PATH_INFO *paths = (VDS_PATH_INFO *)(uintptr_t)1;
	LONG count = 77;
	HRESULT hr = IVdsLunMpio_GetPathInfo(w->mpio, &paths, &count);

	if (FAILED(hr)) {
		assert_null(paths);
		assert_int_equal(count, 0);
	}
	CoTaskMemFree(paths);
	return hr;
}

/* Calls the method of a place, which returns an interface: NULL after a failure. */
static HRESULT
get_interface(struct world *w, enum fake_place place)
{
	WCHAR mask[] = u"*";
	IUnknown *object = (IUnknown *)(uintptr_t)1;
	HRESULT hr = E_FAIL;

	if (place == FAKE_IN_QUERY_SUBSYSTEMS)
		hr = IVdsHwProvider_QuerySubSystems(w->provider, (IEnumVdsObject **)&object);
	else if (place == FAKE_IN_QUERY_LUNS)
		hr = IVdsSubSystem_QueryLuns(w->subsystem, (IEnumVdsObject **)&object);
	else if (place == FAKE_IN_SUBSYSTEM)
		hr = IVdsLun_GetSubSystem(w->lun, (IVdsSubSystem **)&object);
	else if (place == FAKE_IN_CREATE_LUN)
		hr = IVdsSubSystem_CreateLun(w->subsystem, VDS_LT_SIMPLE, 1, NULL, 0, mask, NULL,
					     (IVdsAsync **)&object);
	if (FAILED(hr))
		assert_null(object);
	else
		IUnknown_Release(object);
	return hr;
}

static HRESULT
call(struct world *w, enum fake_place place)
{
	WCHAR name[] = u"x";

	if (place == FAKE_IN_PROPERTIES)
		return get_properties(w);
	if (place == FAKE_IN_PATHS)
		return get_paths(w);
	if (place == FAKE_IN_NAMING)
		return IVdsLunNaming_SetFriendlyName(w->naming, name);
	if (place == FAKE_IN_REFRESH)
		return IVdsHwProvider_Refresh(w->provider);
	return get_interface(w, place);
}

static const enum fake_place places[] = {
	FAKE_IN_PROPERTIES, FAKE_IN_PATHS,      FAKE_IN_NAMING,    FAKE_IN_REFRESH,
	FAKE_IN_QUERY_LUNS, FAKE_IN_CREATE_LUN, FAKE_IN_SUBSYSTEM, FAKE_IN_QUERY_SUBSYSTEMS,
};

static void
check_the_other(struct world *w)
{
	IEnumVdsObject *list = NULL;
	IVdsSubSystem *subsystem;

	assert_int_equal(IVdsHwProvider_QuerySubSystems(w->other, &list), S_OK);
	subsystem = service_next(list, &IID_IVdsSubSystem);
	assert_non_null(subsystem);
	RELEASE(subsystem);
	RELEASE(list);
}

/* ---- crashes ---- */

/* All objects of the provider are gone, and with Refresh there are new ones. */
static void
check_gone_and_back(struct world *w, unsigned loads)
{
	IVdsHwProvider *found;

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		assert_int_equal(call(w, places[i]), RPC_E_DISCONNECTED);
	check_the_other(w);
	w->fake->place = FAKE_NOWHERE;
	assert_int_equal(IVdsService_Refresh(w->service), S_OK);
	found = service_find(w->service, "fake", NULL);
	assert_non_null(found);
	assert_int_equal(w->fake->loads, loads + 1);
	RELEASE(found);
}

static void
crash_at(enum fake_place place, enum fake_act act)
{
	struct world w = { 0 };
	struct sink sink;
	pid_t pid;
	DWORD cookie;

	begin(&w);
	pid = w.fake->pid;
	cookie = advise(w.service, &sink);
	w.fake->act = act;
	w.fake->place = place;
	assert_int_equal(call(&w, place), VDS_E_PROVIDER_FAILURE);
	assert_null(service_find(w.service, "fake", NULL));
	check_gone_and_back(&w, w.fake->loads);
	service_wait_gone(pid);
	assert_int_equal(IVdsService_Unadvise(w.service, cookie), S_OK);
	assert_int_equal(sink.out_of_sync, 1);
	assert_int_equal(sink.refs, 1);
	end(&w);
}

static void
test_a_crash_in_each_kind_of_method(void **test_state)
{
	(void)test_state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		crash_at(places[i], FAKE_CRASHES);
}

static void
test_a_provider_that_ends_the_process(void **test_state)
{
	(void)test_state;
	crash_at(FAKE_IN_NAMING, FAKE_EXITS);
}

static void
test_a_crash_in_onload_and_onunload(void **test_state)
{
	IVdsService *service;
	IVdsHwProvider *other;
	struct fake_state *fake;

	(void)test_state;
	for (int i = 0; i < 2; i++) {
		service_register(FAKE_GOOD);
		service_register(FAKE_OTHER);
		fake = service_fake(FAKE_GOOD);
		fake->place = i == 0 ? FAKE_IN_ONLOAD : FAKE_IN_ONUNLOAD;
		service = service_load();
		other = service_find(service, "other", NULL);
		assert_non_null(other);
		RELEASE(other);
		assert_int_equal(RELEASE(service), 0);
		service_wait_gone(fake->pid);
		assert_int_equal(fake->unloads, 0);
	}
}

static void
test_a_crash_when_an_object_is_released(void **test_state)
{
	struct world w = { 0 };

	(void)test_state;
	begin(&w);
	w.fake->place = FAKE_IN_RELEASE;
	RELEASE(w.mpio);
	RELEASE(w.naming);
	RELEASE(w.lun); /* the program's Release does not wait for the provider's */
	service_wait_gone(w.fake->pid);
	check_the_other(&w);
	w.fake->place = FAKE_NOWHERE;
	assert_true(FAILED(get_interface(&w, FAKE_IN_QUERY_LUNS)));
	RELEASE(w.subsystem);
	RELEASE(w.provider);
	RELEASE(w.other);
	assert_int_equal(RELEASE(w.service), 0);
}

static void
test_get_object_asks_the_others_after_a_crash(void **test_state)
{
	const VDS_OBJECT_ID of_other = { 0x6c010b00, 0, 0, { 0 } };
	struct world w = { 0 };
	IUnknown *object = NULL;

	(void)test_state;
	begin(&w);
	w.fake->place = FAKE_IN_GET_OBJECT;
	assert_int_equal(IVdsService_GetObject(w.service, of_other, VDS_OT_LUN, &object), S_OK);
	RELEASE(object);
	service_wait_gone(w.fake->pid);
	end(&w);
}

/* A provider that crashes again and again is left out after a while, and says so. */
static void
test_a_provider_is_not_started_for_ever(void **test_state)
{
	struct world w = { 0 };
	unsigned starts = 0;
	IVdsHwProvider *found;

	(void)test_state;
	begin(&w);
	w.fake->act = FAKE_EXITS;
	for (int i = 0; i < 10; i++) {
		found = service_find(w.service, "fake", NULL);
		if (found != NULL) {
			starts++;
			w.fake->place = FAKE_IN_REFRESH;
			assert_int_equal(IVdsHwProvider_Refresh(found), VDS_E_PROVIDER_FAILURE);
			RELEASE(found);
			w.fake->place = FAKE_NOWHERE;
		}
		assert_true(SUCCEEDED(IVdsService_Refresh(w.service)));
	}
	assert_int_equal(starts, 6);
	check_the_other(&w);
	end(&w);
}

static void
test_reenumerate_and_load_service_start_it_anew(void **test_state)
{
	IVdsHwProvider *found;
	struct world w = { 0 };
	IVdsService *again;

	(void)test_state;
	begin(&w);
	w.fake->act = FAKE_EXITS;
	for (int i = 0; i < 2; i++) {
		found = service_find(w.service, "fake", NULL);
		assert_non_null(found);
		w.fake->place = FAKE_IN_REFRESH;
		assert_int_equal(IVdsHwProvider_Refresh(found), VDS_E_PROVIDER_FAILURE);
		RELEASE(found);
		w.fake->place = FAKE_NOWHERE;
		assert_null(service_find(w.service, "fake", NULL));
		if (i == 0) {
			assert_int_equal(IVdsService_Reenumerate(w.service), S_OK);
		} else {
			again = service_load();
			assert_ptr_equal(again, w.service);
			RELEASE(again);
		}
	}
	found = service_find(w.service, "fake", NULL);
	assert_non_null(found);
	RELEASE(found);
	assert_int_equal(w.fake->loads, 3);
	RELEASE(w.mpio);
	RELEASE(w.naming);
	RELEASE(w.lun);
	RELEASE(w.subsystem);
	RELEASE(w.provider);
	RELEASE(w.other);
	RELEASE(w.service); /* may live until the rescan has ended */
	while (service_fake(FAKE_OTHER)->unloads == 0)
		sched_yield();
	service_wait_gone(w.fake->pid);
}

/* ---- hangs ---- */

static void *
hang_in_properties(void *arg)
{
	return (void *)(uintptr_t)(uint32_t)get_properties(arg);
}

static void
test_a_call_that_hangs_is_given_up(void **test_state)
{
	struct world w = { 0 };
	pthread_t thread;
	void *result;

	(void)test_state;
	setenv("VDS_CALL_TIMEOUT", "3", 1);
	begin(&w);
	w.fake->act = FAKE_HANGS;
	w.fake->place = FAKE_IN_PROPERTIES;
	assert_int_equal(pthread_create(&thread, NULL, hang_in_properties, &w), 0);
	while (w.fake->hanging == 0)
		sched_yield();
	/* the same provider answers other calls meanwhile, and so does the other one */
	assert_int_equal(call(&w, FAKE_IN_NAMING), VDS_S_NAME_TRUNCATED);
	check_the_other(&w);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_int_equal((uint32_t)(uintptr_t)result, (uint32_t)VDS_E_TIMEOUT);
	w.fake->place = FAKE_NOWHERE;
	assert_int_equal(get_properties(&w), S_OK); /* it was only that call */
	w.fake->let_go = true;
	end(&w);
}

static void
test_many_hanging_calls_end_the_process(void **test_state)
{
	struct world w = { 0 };
	pthread_t threads[40];
	void *result;

	(void)test_state;
	setenv("VDS_CALL_TIMEOUT", "3", 1);
	begin(&w);
	w.fake->act = FAKE_HANGS;
	w.fake->place = FAKE_IN_PROPERTIES;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hang_in_properties, &w), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_true(FAILED((HRESULT)(uintptr_t)result));
	}
	service_wait_gone(w.fake->pid);
	assert_int_equal(call(&w, FAKE_IN_NAMING), RPC_E_DISCONNECTED);
	check_the_other(&w);
	end(&w);
}

static void
test_a_refresh_that_hangs_ends_the_process(void **test_state)
{
	struct world w = { 0 };
	pid_t pid;

	(void)test_state;
	setenv("VDS_CALL_TIMEOUT", "3", 1);
	begin(&w);
	pid = w.fake->pid;
	w.fake->act = FAKE_HANGS;
	w.fake->place = FAKE_IN_REFRESH;
	assert_int_equal(IVdsService_Refresh(w.service), S_FALSE);
	service_wait_gone(pid);
	assert_int_equal(service_fake(FAKE_OTHER)->loads, 1);
	check_the_other(&w);
	end(&w);
}

static void
test_hanging_in_release_and_onunload(void **test_state)
{
	struct world w = { 0 };

	(void)test_state;
	setenv("VDS_CALL_TIMEOUT", "3", 1);
	begin(&w);
	w.fake->act = FAKE_HANGS;
	w.fake->place = FAKE_IN_RELEASE;
	RELEASE(w.mpio);
	RELEASE(w.naming);
	RELEASE(w.lun); /* returns, although the provider's Release does not */
	while (w.fake->hanging == 0)
		sched_yield();
	w.fake->place = FAKE_IN_ONUNLOAD;
	RELEASE(w.subsystem);
	RELEASE(w.provider);
	RELEASE(w.other);
	assert_int_equal(RELEASE(w.service), 0);
	service_wait_gone(w.fake->pid);
}

/* Returns whether each thread of a process is stopped. */
static bool
is_stopped(pid_t pid)
{
	char pattern[64];
	bool stopped = true;
	glob_t tasks;

	snprintf(pattern, sizeof(pattern), "/proc/%d/task/*/stat", (int)pid);
	assert_int_equal(glob(pattern, 0, NULL, &tasks), 0);
	for (size_t i = 0; i < tasks.gl_pathc; i++) {
		FILE *file = fopen(tasks.gl_pathv[i], "re");
		char state = '?';

		if (file != NULL && fscanf(file, "%*d (%*[^)]) %c", &state) == 1)
			stopped = stopped && state == 'T';
		if (file != NULL)
			fclose(file);
	}
	globfree(&tasks);
	return stopped;
}

/* A process that is stopped altogether: nothing waits for its socket, either. */
static void
test_a_process_that_is_stopped(void **test_state)
{
	struct world w = { 0 };

	(void)test_state;
	/* as long as the other processes may need on a busy machine */
	setenv("VDS_CALL_TIMEOUT", "10", 1);
	begin(&w);
	assert_int_equal(kill(w.fake->pid, SIGSTOP), 0);
	while (!is_stopped(w.fake->pid))
		sched_yield();
	assert_int_equal(get_properties(&w), VDS_E_TIMEOUT);
	check_the_other(&w);
	end(&w); /* kills it */
}

/* ---- nonsense ---- */

static void
nonsense(enum fake_place place, enum fake_act act, HRESULT expected)
{
	struct world w = { 0 };

	begin(&w);
	w.fake->act = act;
	w.fake->place = place;
	assert_int_equal(call(&w, place), expected);
	if (expected == (HRESULT)VDS_E_BAD_PROVIDER_DATA) {
		w.fake->place = FAKE_NOWHERE;
		assert_int_equal(call(&w, place), S_OK);
	}
	check_the_other(&w);
	end(&w);
}

static void
test_nonsense_is_no_answer(void **test_state)
{
	(void)test_state;
	nonsense(FAKE_IN_PROPERTIES, FAKE_RETURNS_BAD_STRING, VDS_E_PROVIDER_FAILURE);
	nonsense(FAKE_IN_PROPERTIES, FAKE_RETURNS_LONG_STRING, VDS_E_BAD_PROVIDER_DATA);
	nonsense(FAKE_IN_PATHS, FAKE_RETURNS_NO_ARRAY, VDS_E_BAD_PROVIDER_DATA);
}

/* The number is too large for the array; at the latest the process ends where its memory does. */
static void
test_an_array_that_is_too_short(void **test_state)
{
	struct world w = { 0 };

	(void)test_state;
	setenv("VDS_CALL_TIMEOUT", "3", 1); /* what it does then nobody knows */
	begin(&w);
	w.fake->act = FAKE_RETURNS_LONG_ARRAY;
	w.fake->place = FAKE_IN_PATHS;
	assert_true(FAILED(get_paths(&w)));
	check_the_other(&w);
	end(&w);
}

static void
test_a_provider_that_drops_its_sink(void **test_state)
{
	struct world w = { 0 };
	struct sink sink;
	DWORD cookie;

	(void)test_state;
	setenv("VDS_CALL_TIMEOUT", "3", 1); /* what it does then nobody knows */
	begin(&w);
	cookie = advise(w.service, &sink);
	w.fake->act = FAKE_DROPS_SINK;
	w.fake->place = FAKE_IN_REFRESH;
	IVdsHwProvider_Refresh(w.provider); /* whatever that does to its process */
	service_fake(FAKE_OTHER)->notes = 3;
	assert_int_equal(IVdsHwProvider_Refresh(w.other), S_OK);
	assert_int_equal(IVdsService_Unadvise(w.service, cookie), S_OK);
	assert_int_equal(sink.luns, 3);
	end(&w);
}

/* ---- the process ---- */

static void
test_the_process_gets_nothing_of_the_program(void **test_state)
{
	struct world w = { 0 };
	sigset_t term, old;
	int fd = dup(STDERR_FILENO); /* is passed on to programs, as dup leaves it */

	(void)test_state;
	service_register(FAKE_GOOD);
	service_fake(FAKE_GOOD)->test_fd = dup2(fd, 200);
	signal(SIGTERM, SIG_IGN);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, &old);
	w.service = service_load();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	signal(SIGTERM, SIG_DFL);
	close(200);
	close(fd);
	w.fake = service_fake(FAKE_GOOD);
	assert_int_equal(w.fake->loads, 1);
	assert_false(w.fake->has_test_fd);
	assert_false(w.fake->has_signals);
	/* and the program has no child of which it would not know */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	RELEASE(w.service);
	service_wait_gone(w.fake->pid);
}

static void
test_the_process_ends_with_the_program(void **test_state)
{
	struct fake_state *fake;
	pid_t program;

	(void)test_state;
	service_register(FAKE_GOOD);
	fake = service_fake(FAKE_GOOD);
	fake->act = FAKE_HANGS; /* even one whose provider is busy */
	fake->place = FAKE_IN_ONLOAD;
	program = fork();
	if (program == 0) {
		service_load();
		_exit(0);
	}
	while (fake->hanging == 0) {
		assert_int_equal(waitpid(program, NULL, WNOHANG),
				 0); /* it must not end by itself */
		sched_yield();
	}
	assert_int_equal(kill(program, SIGKILL), 0);
	assert_int_equal(waitpid(program, NULL, 0), program);
	service_wait_gone(fake->pid);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, service_setup, service_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_crash_in_each_kind_of_method),
		TEST(test_a_provider_that_ends_the_process),
		TEST(test_a_crash_in_onload_and_onunload),
		TEST(test_a_crash_when_an_object_is_released),
		TEST(test_get_object_asks_the_others_after_a_crash),
		TEST(test_a_provider_is_not_started_for_ever),
		TEST(test_reenumerate_and_load_service_start_it_anew),
		TEST(test_a_call_that_hangs_is_given_up),
		TEST(test_many_hanging_calls_end_the_process),
		TEST(test_a_refresh_that_hangs_ends_the_process),
		TEST(test_hanging_in_release_and_onunload),
		TEST(test_a_process_that_is_stopped),
		TEST(test_nonsense_is_no_answer),
		TEST(test_an_array_that_is_too_short),
		TEST(test_a_provider_that_drops_its_sink),
		TEST(test_the_process_gets_nothing_of_the_program),
		TEST(test_the_process_ends_with_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
