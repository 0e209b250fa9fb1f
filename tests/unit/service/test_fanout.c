/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fan-out of notifications to the sinks of programs. */
#include "service_test.h"

#include <pthread.h>
#include <sched.h>

/* A program's sink that counts what it gets. */
struct sink {
	IVdsAdviseSink sink;
	_Atomic unsigned refs;
	_Atomic unsigned calls, notes;
	_Atomic bool lost;    /* VDS_NF_SERVICE_OUT_OF_SYNC came */
	_Atomic bool hold;    /* OnNotify does not return meanwhile */
	_Atomic bool holding; /* OnNotify has been called with hold */
	_Atomic unsigned disorder;
	unsigned next;        /* the number that must come next */
	IVdsService *service; /* to be called back, or NULL */
	DWORD cookie;
	_Atomic HRESULT called_back;
};

static HRESULT STDMETHODCALLTYPE
sink_query_interface(IVdsAdviseSink *self, REFIID riid, void **ppv)
{
	(void)riid;
	*ppv = self;
	IVdsAdviseSink_AddRef(self);
	return S_OK;
}

static ULONG STDMETHODCALLTYPE
sink_add_ref(IVdsAdviseSink *self)
{
	return atomic_fetch_add(&container_of(self, struct sink, sink)->refs, 1) + 1;
}

static ULONG STDMETHODCALLTYPE
sink_release(IVdsAdviseSink *self)
{
	return atomic_fetch_sub(&container_of(self, struct sink, sink)->refs, 1) - 1;
}

static HRESULT STDMETHODCALLTYPE
sink_on_notify(IVdsAdviseSink *self, LONG count, VDS_NOTIFICATION *notes)
{
	struct sink *sink = container_of(self, struct sink, sink);

	for (LONG i = 0; i < count; i++) {
		if (notes[i].objectType == VDS_NTT_SERVICE)
			sink->lost = true;
		else if (notes[i].Lun.LunId.Data1 != sink->next++)
			sink->disorder++;
	}
	CoTaskMemFree(notes);
	sink->notes += (unsigned)count;
	sink->calls++;
	while (sink->hold) {
		sink->holding = true;
		sched_yield();
	}
	if (sink->service != NULL)
		sink->called_back = IVdsService_Unadvise(sink->service, sink->cookie);
	return S_OK;
}

static const IVdsAdviseSinkVtbl sink_vtable = {
	.QueryInterface = sink_query_interface,
	.AddRef = sink_add_ref,
	.Release = sink_release,
	.OnNotify = sink_on_notify,
};

static void
sink_init(struct sink *sink)
{
	*sink = (struct sink){ .sink = { &sink_vtable }, .refs = 1, .called_back = 1 };
}

static int
setup(void **test_state)
{
	int rc = service_setup(test_state);

	if (rc == 0)
		service_register(FAKE_GOOD);
	return rc;
}

/* Lets the fake provider send `count` notifications in one call. */
static void
send_notes(IVdsService *service, LONG count)
{
	IVdsHwProvider *provider = service_find(service, "fake", NULL);

	service_fake(FAKE_GOOD)->notes = count;
	assert_int_equal(IVdsHwProvider_Refresh(provider), S_OK);
	service_fake(FAKE_GOOD)->notes = 0;
	RELEASE(provider);
}

static void
wait_for(_Atomic unsigned *counter, unsigned value)
{
	while (*counter < value)
		sched_yield();
}

static void
test_every_sink_gets_every_batch_in_order(void **test_state)
{
	IVdsService *service = service_load();
	struct sink sinks[3];

	(void)test_state;
	for (size_t i = 0; i < 3; i++) {
		sink_init(&sinks[i]);
		assert_int_equal(IVdsService_Advise(service, &sinks[i].sink, &sinks[i].cookie),
				 S_OK);
		assert_int_not_equal(sinks[i].cookie, 0);
	}
	for (LONG i = 1; i <= 10; i++)
		send_notes(service, i);
	assert_int_equal(service_fake(FAKE_GOOD)->notify_result, S_OK);
	for (size_t i = 0; i < 3; i++) {
		wait_for(&sinks[i].calls, 10);
		assert_int_equal(sinks[i].notes, 55);
		assert_int_equal(sinks[i].disorder, 0);
		assert_int_equal(IVdsService_Unadvise(service, sinks[i].cookie), S_OK);
		assert_int_equal(sinks[i].refs, 1); /* the service has let go of it */
	}
	assert_int_equal(IVdsService_Unadvise(service, sinks[0].cookie), VDS_E_BAD_COOKIE);
	assert_int_equal(IVdsService_Unadvise(service, 0), VDS_E_BAD_COOKIE);
	RELEASE(service);
}

static void
test_unadvise_delivers_what_is_queued(void **test_state)
{
	IVdsService *service = service_load();
	struct sink sink;

	(void)test_state;
	sink_init(&sink);
	assert_int_equal(IVdsService_Advise(service, &sink.sink, &sink.cookie), S_OK);
	for (int i = 0; i < 100; i++)
		send_notes(service, 1);
	assert_int_equal(IVdsService_Unadvise(service, sink.cookie), S_OK);
	assert_int_equal(sink.notes, 100);
	RELEASE(service);
}

static void
test_a_slow_sink_hurts_no_other(void **test_state)
{
	IVdsService *service = service_load();
	struct sink slow, quick;
	LONG sent = 0;

	(void)test_state;
	sink_init(&slow);
	sink_init(&quick);
	slow.hold = true;
	assert_int_equal(IVdsService_Advise(service, &slow.sink, &slow.cookie), S_OK);
	assert_int_equal(IVdsService_Advise(service, &quick.sink, &quick.cookie), S_OK);
	/* more than the slow one's queue holds; the quick one gets all */
	while (service_fake(FAKE_GOOD)->notify_result != S_FALSE || sent < 70000) {
		send_notes(service, 100);
		sent += 100;
		wait_for(&quick.notes, (unsigned)sent);
	}
	assert_int_equal(quick.disorder, 0);
	assert_false(quick.lost);
	assert_true(slow.holding);
	slow.hold = false;
	assert_int_equal(IVdsService_Unadvise(service, slow.cookie), S_OK);
	assert_true(slow.lost);
	assert_true(slow.notes < (unsigned)sent);
	assert_int_equal(IVdsService_Unadvise(service, quick.cookie), S_OK);
	RELEASE(service);
}

/* The service keeps a sink whose program dropped all its references. */
static void
test_a_sink_that_drops_its_references_stays_alive(void **test_state)
{
	IVdsService *service = service_load();
	struct sink sink;

	(void)test_state;
	sink_init(&sink);
	assert_int_equal(IVdsService_Advise(service, &sink.sink, &sink.cookie), S_OK);
	IVdsAdviseSink_Release(&sink.sink);
	assert_int_equal(sink.refs, 1);
	send_notes(service, 1);
	wait_for(&sink.calls, 1);
	assert_int_equal(IVdsService_Unadvise(service, sink.cookie), S_OK);
	assert_int_equal(sink.refs, 0);
	RELEASE(service);
}

static void
test_a_sink_may_unadvise_itself(void **test_state)
{
	IVdsService *service = service_load();
	struct sink sink;

	(void)test_state;
	sink_init(&sink);
	sink.service = service;
	assert_int_equal(IVdsService_Advise(service, &sink.sink, &sink.cookie), S_OK);
	send_notes(service, 1);
	while (sink.refs != 1)
		sched_yield();
	assert_int_equal(sink.called_back, S_OK);
	assert_int_equal(IVdsService_Unadvise(service, sink.cookie), VDS_E_BAD_COOKIE);
	RELEASE(service);
}

/* The service ends although a sink is being called and never unadvised. */
static void
test_the_service_ends_before_a_sink_returns(void **test_state)
{
	IVdsService *service = service_load();
	struct sink sink;

	(void)test_state;
	sink_init(&sink);
	sink.hold = true;
	assert_int_equal(IVdsService_Advise(service, &sink.sink, &sink.cookie), S_OK);
	send_notes(service, 1);
	while (!sink.holding)
		sched_yield();
	assert_int_equal(RELEASE(service), 0);
	assert_int_equal(sink.refs, 2);
	sink.hold = false;
	while (sink.refs != 1)
		sched_yield();
}

static void
test_batches_that_no_provider_may_send_are_refused(void **test_state)
{
	IVdsService *service = service_load();
	struct sink sink;

	(void)test_state;
	sink_init(&sink);
	assert_int_equal(IVdsService_Advise(service, &sink.sink, &sink.cookie), S_OK);
	send_notes(service, 101);
	assert_int_equal(service_fake(FAKE_GOOD)->notify_result, E_INVALIDARG);
	assert_int_equal(IVdsService_Unadvise(service, sink.cookie), S_OK);
	assert_int_equal(sink.notes, 0);
	assert_int_equal(IVdsService_Advise(service, NULL, &sink.cookie), E_INVALIDARG);
	assert_int_equal(IVdsService_Advise(service, &sink.sink, NULL), E_INVALIDARG);
	RELEASE(service);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, service_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_sink_gets_every_batch_in_order),
		TEST(test_unadvise_delivers_what_is_queued),
		TEST(test_a_slow_sink_hurts_no_other),
		TEST(test_a_sink_that_drops_its_references_stays_alive),
		TEST(test_a_sink_may_unadvise_itself),
		TEST(test_the_service_ends_before_a_sink_returns),
		TEST(test_batches_that_no_provider_may_send_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
