/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notifications: what is told, in which batches, and on which thread. */
#include "provider_test.h"

#include <time.h>

#define SEEN_MAX 4096

/* A sink that writes down what it gets.  Made by each test, on its stack. */
struct sink {
	IVdsAdviseSink sink;
	_Atomic ULONG refs;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	VDS_NOTIFICATION seen[SEEN_MAX];
	size_t seen_count;
	LONG calls[64]; /* notifications in each call */
	size_t call_count;
	bool hold; /* calls wait until this is cleared */
	pthread_t thread;
	IVdsProviderPrivate *unload; /* OnNotify calls OnUnload of this */
	IVdsHwProvider *drop;        /* OnNotify releases this */
	IVdsHwProvider *refresh;     /* OnNotify calls Reenumerate and Refresh of this */
	HRESULT answer;
};

static HRESULT
sink_query_interface(IVdsAdviseSink *self, REFIID riid, void **ppv)
{
	if (!IsEqualIID(riid, &IID_IUnknown) && !IsEqualIID(riid, &IID_IVdsAdviseSink)) {
		*ppv = NULL;
		return E_NOINTERFACE;
	}
	IVdsAdviseSink_AddRef(self);
	*ppv = self;
	return S_OK;
}

static ULONG
sink_add_ref(IVdsAdviseSink *self)
{
	return atomic_fetch_add(&container_of(self, struct sink, sink)->refs, 1) + 1;
}

static ULONG
sink_release(IVdsAdviseSink *self)
{
	struct sink *s = container_of(self, struct sink, sink);
	ULONG left = atomic_fetch_sub(&s->refs, 1) - 1;

	pthread_mutex_lock(&s->lock);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return left;
}

static HRESULT
sink_on_notify(IVdsAdviseSink *self, LONG count, VDS_NOTIFICATION *notes)
{
	struct sink *s = container_of(self, struct sink, sink);
	HRESULT answer;

	pthread_mutex_lock(&s->lock);
	while (s->hold)
		pthread_cond_wait(&s->changed, &s->lock);
	s->thread = pthread_self();
	if (s->call_count < ARRAY_LEN(s->calls))
		s->calls[s->call_count++] = count;
	for (LONG i = 0; i < count && s->seen_count < SEEN_MAX; i++)
		s->seen[s->seen_count++] = notes[i];
	CoTaskMemFree(notes); /* the receiver's, as documented */
	if (s->unload != NULL)
		assert_int_equal(IVdsProviderPrivate_OnUnload(s->unload, FALSE), S_OK);
	if (s->refresh != NULL) {
		assert_int_equal(IVdsHwProvider_Reenumerate(s->refresh), S_OK);
		assert_int_equal(IVdsHwProvider_Refresh(s->refresh), S_OK);
	}
	if (s->drop != NULL) {
		RELEASE(s->drop);
		s->drop = NULL;
	}
	answer = s->answer;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return answer;
}

static const IVdsAdviseSinkVtbl sink_vtable = {
	sink_query_interface,
	sink_add_ref,
	sink_release,
	sink_on_notify,
};

static struct sink the_sink;
static IVdsHwProvider *provider;
static IVdsProviderPrivate *private;

static int
setup(void **state)
{
	(void)state;
	memset(&the_sink, 0, sizeof(the_sink));
	the_sink.sink.lpVtbl = &sink_vtable;
	the_sink.answer = S_FALSE; /* no failure */
	atomic_init(&the_sink.refs, 1);
	pthread_mutex_init(&the_sink.lock, NULL);
	pthread_cond_init(&the_sink.changed, NULL);
	provider = open_provider();
	private = query(provider, &IID_IVdsProviderPrivate);
	assert_int_equal(IVdsProviderPrivate_OnLoad(private, NULL, (IUnknown *)&the_sink.sink),
			 S_OK);
	assert_int_equal(the_sink.refs, 2);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (private != NULL)
		RELEASE(private);
	if (provider != NULL)
		RELEASE(provider);
	assert_int_equal(fake_open_count, 0);
	assert_int_equal(the_sink.refs, 1);
	return 0;
}

static struct timespec
in_10_s(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	return until;
}

/* Until the sink has seen that many; fails after 10 s. */
static void
wait_seen(size_t count)
{
	struct timespec until = in_10_s();

	pthread_mutex_lock(&the_sink.lock);
	while (the_sink.seen_count < count) {
		if (pthread_cond_timedwait(&the_sink.changed, &the_sink.lock, &until) != 0)
			break;
	}
	assert_int_equal(the_sink.seen_count, count);
	pthread_mutex_unlock(&the_sink.lock);
}

/* Until nobody but the test holds the sink: its thread lets go of it at its own end. */
static void
wait_released(void)
{
	struct timespec until = in_10_s();

	pthread_mutex_lock(&the_sink.lock);
	while (the_sink.refs != 1) {
		if (pthread_cond_timedwait(&the_sink.changed, &the_sink.lock, &until) != 0)
			break;
	}
	assert_int_equal(the_sink.refs, 1);
	pthread_mutex_unlock(&the_sink.lock);
}

static void
assert_lun_note(size_t i, ULONG event, unsigned n)
{
	assert_int_equal(the_sink.seen[i].objectType, VDS_NTT_LUN);
	assert_int_equal(the_sink.seen[i].Lun.ulEvent, event);
	assert_true(same_guid(&the_sink.seen[i].Lun.LunId, sample_id('l', n)));
}

static void
assert_target_note(size_t i, ULONG event, unsigned n)
{
	assert_int_equal(the_sink.seen[i].objectType, VDS_NTT_TARGET);
	assert_int_equal(the_sink.seen[i].Target.ulEvent, event);
	assert_true(same_guid(&the_sink.seen[i].Target.targetId, sample_id('t', n)));
}

static void
test_arrive_modify_and_depart(void **state)
{
	struct guid id = sample_id('l', 5);
	struct row_lun *row = sample_lun(5);

	(void)state;
	fake_put(sample_lun(5));
	wait_seen(1);
	assert_lun_note(0, VDS_NF_LUN_ARRIVE, 5);
	row->size_bytes += 512;
	fake_put(row);
	wait_seen(2);
	assert_lun_note(1, VDS_NF_LUN_MODIFY, 5);
	fake_delete(ROW_LUN, &id, NULL);
	wait_seen(3);
	assert_lun_note(2, VDS_NF_LUN_DEPART, 5);
	assert_int_equal(the_sink.call_count, 3);
	assert_false(pthread_equal(the_sink.thread, pthread_self()));
}

static void
test_an_association_modifies_both_ends_in_one_batch(void **state)
{
	IVdsLunIscsi *lun = GET_LUN(provider, 1, IVdsLunIscsi);
	VDS_OBJECT_ID ids[] = { guid_of(sample_id('t', 2)), guid_of(sample_id('t', 3)) };

	(void)state;
	/*
	 * From targets 1, 3 to 2, 3: LUN 1, target 1 and target 2 changed (3 got another number
	 * here).
	 */
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun, ids, 2), S_OK);
	wait_seen(4);
	assert_int_equal(the_sink.call_count, 1);
	assert_lun_note(0, VDS_NF_LUN_MODIFY, 1);
	assert_target_note(1, VDS_NF_TARGET_MODIFY, 1);
	RELEASE(lun);
}

static void
test_a_deleted_lun_departs_and_its_targets_are_modified(void **state)
{
	IVdsLun *lun = GET_LUN(provider, 1, IVdsLun);
	unsigned departs = 0, modified_luns = 0, targets = 0;

	(void)state;
	assert_int_equal(IVdsLun_Delete(lun), S_OK);
	wait_seen(3);
	for (size_t i = 0; i < 3; i++) {
		const VDS_NOTIFICATION *note = &the_sink.seen[i];

		targets += note->objectType == VDS_NTT_TARGET;
		departs += note->objectType == VDS_NTT_LUN &&
			   note->Lun.ulEvent == VDS_NF_LUN_DEPART;
		modified_luns += note->objectType == VDS_NTT_LUN &&
				 note->Lun.ulEvent == VDS_NF_LUN_MODIFY;
	}
	assert_int_equal(departs, 1);
	assert_int_equal(modified_luns, 0);
	assert_int_equal(targets, 2);
	assert_int_equal(the_sink.call_count, 1);
	RELEASE(lun);
}

static void
put_operation(enum lun_operation operation)
{
	struct row_live_lun *live = sample_live_lun(2, HEALTH_OK);

	live->operation = operation;
	fake_put_live(live);
}

static void
test_operations_modify_the_lun(void **state)
{
	struct row_live_lun *live = sample_live_lun(1, HEALTH_OK);

	(void)state;
	assert_int_equal(row_set_string(&live->reason, "no news for VDS"), 0);
	fake_put_live(live);
	put_operation(OPERATION_EXTEND);
	wait_seen(1);
	assert_lun_note(0, VDS_NF_LUN_MODIFY, 2);
	put_operation(OPERATION_NONE);
	wait_seen(2);
	assert_lun_note(1, VDS_NF_LUN_MODIFY, 2);
}

/* They hold the LUN, and nothing of that shows in its properties. */
static void
test_operations_that_do_not_show_modify_nothing(void **state)
{
	(void)state;
	put_operation(OPERATION_ASSOCIATE);
	put_operation(OPERATION_NONE);
	put_operation(OPERATION_STATUS);
	put_operation(OPERATION_EXTEND);
	wait_seen(1);
	assert_lun_note(0, VDS_NF_LUN_MODIFY, 2);
}

static void
assert_subsystem_note(size_t i)
{
	assert_int_equal(the_sink.seen[i].objectType, VDS_NTT_SUB_SYSTEM);
	assert_int_equal(the_sink.seen[i].SubSystem.ulEvent, VDS_NF_SUB_SYSTEM_MODIFY);
	assert_true(same_guid(&the_sink.seen[i].SubSystem.subSystemId, sample_id('a', 1)));
}

/* VDS_SUB_SYSTEM_PROP shows that a part has failed: with the first, and until the last is well. */
static void
test_the_first_failed_lun_and_the_last_modify_the_subsystem(void **state)
{
	(void)state;
	fake_put_live(sample_live_lun(2, HEALTH_FAILED));
	wait_seen(2);
	assert_lun_note(0, VDS_NF_LUN_MODIFY, 2);
	assert_subsystem_note(1);
	fake_put_live(sample_live_lun(1, HEALTH_FAILED));
	wait_seen(3);
	fake_put_live(sample_live_lun(2, HEALTH_OK));
	wait_seen(4);
	fake_put_live(sample_live_lun(1, HEALTH_OK));
	wait_seen(6);
	assert_lun_note(4, VDS_NF_LUN_MODIFY, 1);
	assert_subsystem_note(5);
}

static void
put_luns(struct state_edit *edit, void *arg)
{
	for (unsigned n = 0; n < *(unsigned *)arg; n++)
		assert_int_equal(state_edit_put(edit, sample_lun(100 + n)), 0);
}

static void
test_no_call_has_more_than_100(void **state)
{
	unsigned count = 250;

	(void)state;
	fake_commit("test", put_luns, &count);
	wait_seen(250);
	assert_int_equal(the_sink.call_count, 3);
	assert_int_equal(the_sink.calls[0], 100);
	assert_int_equal(the_sink.calls[1], 100);
	assert_int_equal(the_sink.calls[2], 50);
}

static void
test_a_slow_sink_holds_nobody_up_and_order_is_kept(void **state)
{
	(void)state;
	pthread_mutex_lock(&the_sink.lock);
	the_sink.hold = true;
	pthread_mutex_unlock(&the_sink.lock);
	for (unsigned n = 0; n < 50; n++)
		fake_put(sample_lun(200 + n));
	pthread_mutex_lock(&the_sink.lock);
	assert_int_equal(the_sink.seen_count, 0);
	the_sink.hold = false;
	pthread_cond_broadcast(&the_sink.changed);
	pthread_mutex_unlock(&the_sink.lock);
	wait_seen(50);
	for (unsigned n = 0; n < 50; n++)
		assert_lun_note(n, VDS_NF_LUN_ARRIVE, 200 + n);
}

static void
assert_drive_note(size_t i, ULONG event, unsigned n)
{
	assert_int_equal(the_sink.seen[i].objectType, VDS_NTT_DRIVE);
	assert_int_equal(the_sink.seen[i].Drive.ulEvent, event);
	assert_true(same_guid(&the_sink.seen[i].Drive.driveId, sample_id('d', n)));
}

/* A LUN that comes, grows or goes has other extents on its drives, and a new name has not. */
static void
test_drives_arrive_depart_and_are_modified_with_their_luns(void **state)
{
	struct row_live_drive *drive = sample_live_drive(1);
	struct guid lun_id = sample_id('l', 5), drive_id = sample_id('d', 1);
	struct guid pool_id = sample_id('p', 1);
	struct row_lun *lun = sample_lun(5);

	(void)state;
	fake_put_live(sample_live_drive(1));
	wait_seen(1);
	assert_drive_note(0, VDS_NF_DRIVE_ARRIVE, 1);
	fake_put_live(sample_live_pool_drive(1, 1, 1, 1000, 1000));
	wait_seen(2);
	assert_drive_note(1, VDS_NF_DRIVE_MODIFY, 1);
	drive->ready = false;
	fake_put_live(drive);
	wait_seen(3);
	assert_drive_note(2, VDS_NF_DRIVE_MODIFY, 1);
	fake_put(sample_lun(5));
	wait_seen(5);
	assert_lun_note(3, VDS_NF_LUN_ARRIVE, 5);
	assert_drive_note(4, VDS_NF_DRIVE_MODIFY, 1);
	assert_int_equal(the_sink.call_count, 4); /* both in one batch */
	assert_int_equal(row_set_string(&lun->name, "other"), 0);
	fake_put(lun);
	wait_seen(6);
	assert_lun_note(5, VDS_NF_LUN_MODIFY, 5);
	fake_delete(ROW_LUN, &lun_id, NULL);
	wait_seen(8);
	assert_drive_note(7, VDS_NF_DRIVE_MODIFY, 1);
	fake_delete_live(ROW_LIVE_POOL_DRIVE, &pool_id, &drive_id);
	wait_seen(9);
	fake_delete_live(ROW_LIVE_DRIVE, &drive_id, NULL);
	wait_seen(10);
	assert_drive_note(9, VDS_NF_DRIVE_DEPART, 1);
}

static void
test_a_reloaded_replica_tells_the_difference(void **state)
{
	struct position at = sample_position();
	struct state *empty = state_new(&at), *next = NULL;
	struct state_edit *edit = state_edit_new(empty);
	struct row_target *changed = sample_target(2);
	unsigned arrived = 0, departed = 0, modified = 0;

	(void)state;
	state_unref(empty);
	assert_int_equal(row_set_string(&changed->alias, "other"), 0);
	/* As the sample, without LUN 2 and its association, with target 2 changed and LUN 3 new. */
	sample_put(edit, sample_array(), sample_pool(1), sample_lun(1), sample_lun(3),
		   sample_target(1), changed, sample_target(3), sample_portal(1),
		   sample_group(1, 1), sample_member(1, 1), sample_association(1, 1, 0),
		   sample_association(1, 3, 0), NULL);
	next = sample_next(edit, NULL);
	fake_reload(next);
	wait_seen(4);
	for (size_t i = 0; i < 4; i++) {
		const VDS_NOTIFICATION *note = &the_sink.seen[i];

		arrived += note->objectType == VDS_NTT_LUN &&
			   note->Lun.ulEvent == VDS_NF_LUN_ARRIVE;
		departed += note->objectType == VDS_NTT_LUN &&
			    note->Lun.ulEvent == VDS_NF_LUN_DEPART;
		modified += note->objectType == VDS_NTT_TARGET &&
			    note->Target.ulEvent == VDS_NF_TARGET_MODIFY;
	}
	assert_int_equal(arrived, 1);
	assert_int_equal(departed, 1);
	assert_int_equal(modified, 2); /* target 2, and target 1 which lost LUN 2 */
}

static void
test_after_unload_nothing_comes_and_methods_say_not_initialized(void **state)
{
	IEnumVdsObject *list = NULL;
	struct com_object *object = query(provider, &com_iid_object);

	(void)state;
	assert_int_equal(IVdsProviderPrivate_OnUnload(private, FALSE), S_OK);
	assert_int_equal(the_sink.refs, 1);
	fake_put(sample_lun(5));
	assert_int_equal(the_sink.seen_count, 0);
	assert_int_equal(IVdsHwProvider_QuerySubSystems(provider, &list),
			 VDS_E_INITIALIZE_NOT_CALLED);
	assert_int_equal(VdsSync((IUnknown *)provider), VDS_E_INITIALIZE_NOT_CALLED);
	assert_int_equal(IVdsProviderPrivate_OnLoad(private, NULL, NULL), S_OK);
	assert_int_equal(IVdsHwProvider_QuerySubSystems(provider, &list), S_OK);
	RELEASE(list);
	com_release(object);
}

static void
test_unload_from_within_on_notify(void **state)
{
	(void)state;
	the_sink.unload = private;
	fake_put(sample_lun(5));
	wait_seen(1);
	fake_put(sample_lun(6));
	assert_int_equal(the_sink.seen_count, 1);
	wait_released();
}

static void
test_the_last_release_from_within_on_notify(void **state)
{
	(void)state;
	RELEASE(private);
	private = NULL;
	the_sink.drop = provider;
	provider = NULL;
	fake_put(sample_lun(5));
	wait_seen(1);
	wait_released();
}

static void
test_on_notify_may_reenumerate_and_refresh(void **state)
{
	(void)state;
	the_sink.refresh = provider;
	fake_put(sample_lun(5));
	fake_put(sample_lun(6));
	wait_seen(2);
}

/* A result of COM that says so; every other failure of a sink is its own affair. */
static void
test_a_sink_whose_process_has_died_is_let_go(void **state)
{
	static const HRESULT deaths[] = { (HRESULT)0x80010108, (HRESULT)0x800706ba,
					  (HRESULT)0x80010007, (HRESULT)0x800401fd };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(deaths); i++) {
		size_t seen = the_sink.seen_count;

		the_sink.answer = E_FAIL;
		fake_put(sample_lun(10 + 4 * (unsigned)i));
		fake_put(sample_lun(11 + 4 * (unsigned)i));
		wait_seen(seen + 2);
		pthread_mutex_lock(&the_sink.lock);
		the_sink.answer = deaths[i];
		pthread_mutex_unlock(&the_sink.lock);
		fake_put(sample_lun(12 + 4 * (unsigned)i));
		wait_seen(seen + 3);
		wait_released();
		fake_put(sample_lun(13 + 4 * (unsigned)i));
		assert_int_equal(the_sink.seen_count, seen + 3);
		assert_int_equal(
			IVdsProviderPrivate_OnLoad(private, NULL, (IUnknown *)&the_sink.sink),
			S_OK);
	}
}

static void
test_an_object_that_is_no_sink_is_refused(void **state)
{
	(void)state;
	assert_int_equal(IVdsProviderPrivate_OnLoad(private, NULL, (IUnknown *)provider),
			 VDS_E_INITIALIZED_FAILED);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		EACH(test_arrive_modify_and_depart),
		EACH(test_an_association_modifies_both_ends_in_one_batch),
		EACH(test_a_deleted_lun_departs_and_its_targets_are_modified),
		EACH(test_operations_modify_the_lun),
		EACH(test_operations_that_do_not_show_modify_nothing),
		EACH(test_the_first_failed_lun_and_the_last_modify_the_subsystem),
		EACH(test_no_call_has_more_than_100),
		EACH(test_a_slow_sink_holds_nobody_up_and_order_is_kept),
		EACH(test_drives_arrive_depart_and_are_modified_with_their_luns),
		EACH(test_a_reloaded_replica_tells_the_difference),
		EACH(test_after_unload_nothing_comes_and_methods_say_not_initialized),
		EACH(test_unload_from_within_on_notify),
		EACH(test_the_last_release_from_within_on_notify),
		EACH(test_on_notify_may_reenumerate_and_refresh),
		EACH(test_a_sink_whose_process_has_died_is_let_go),
		EACH(test_an_object_that_is_no_sink_is_refused),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
