/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IVdsAsync: a view of a job. */
#include "fault.h"
#include "provider_test.h"

static IVdsHwProvider *provider;
static IVdsLun *lun;

static int
setup(void **state)
{
	(void)state;
	provider = open_provider();
	lun = GET_LUN(provider, 1, IVdsLun);
	fake_hold_jobs(true);
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

static IVdsAsync *
start(struct guid *ret_job)
{
	IVdsAsync *async = NULL;
	const struct row_job *job;
	struct client_view view;

	assert_int_equal(IVdsLun_Extend(lun, 512, NULL, 0, &async), S_OK);
	assert_non_null(async);
	client_view_last(fake_client, &view);
	job = state_at(view.config, ROW_JOB, state_count(view.config, ROW_JOB) - 1);
	assert_non_null(job);
	*ret_job = job->id;
	client_view_fini(&view);
	return async;
}

static void
test_a_running_job_is_pending_with_its_percentage(void **state)
{
	struct row_live_job *live = row_new(ROW_LIVE_JOB);
	IVdsAsync *async;
	HRESULT result;
	struct guid job;
	ULONG percent;

	(void)state;
	async = start(&job);
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
	assert_int_equal(result, VDS_E_OPERATION_PENDING);
	assert_int_equal(percent, 0);
	live->id = job;
	live->percent = 100;
	fake_put_live(live);
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
	assert_int_equal(percent, 99); /* 100 is for what has ended */
	fake_end_job(&job, JOB_DONE, "");
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
	assert_int_equal(result, S_OK);
	assert_int_equal(percent, 100);
	RELEASE(async);
}

static void *
end_job(void *job)
{
	fake_end_job(job, JOB_DONE, "");
	return NULL;
}

static void
test_wait_blocks_until_the_job_ends(void **state)
{
	VDS_ASYNC_OUTPUT out;
	pthread_t thread;
	IVdsAsync *async;
	HRESULT result;
	struct guid job;

	(void)state;
	async = start(&job);
	assert_int_equal(pthread_create(&thread, NULL, end_job, &job), 0);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	assert_int_equal(result, S_OK);
	assert_int_equal(out.type, VDS_ASYNCOUT_EXTENDLUN);
	pthread_join(thread, NULL);
	RELEASE(async);
}

static void
test_a_failed_job_gives_its_reason_and_no_object(void **state)
{
	IVdsSubSystem *subsystem = GET_SUBSYSTEM(provider, IVdsSubSystem);
	IVdsAsync *async = NULL;
	VDS_ASYNC_OUTPUT out;
	WCHAR none[] = u"";
	struct guid job;
	HRESULT result;

	(void)state;
	assert_int_equal(
		IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, 512, NULL, 0, none, NULL, &async),
		S_OK);
	job = ((const struct row_job *)state_at(fake_client_config(), ROW_JOB, 0))->id;
	fake_end_job(&job, JOB_FAILED, "NO_SPACE");
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	assert_int_equal(result, VDS_E_NOT_ENOUGH_SPACE);
	assert_int_equal(out.type, VDS_ASYNCOUT_CREATELUN);
	assert_null(out.cl.pLunUnk);
	RELEASE(async);
	RELEASE(subsystem);
}

static void
test_cancel_once_twice_and_too_late(void **state)
{
	VDS_ASYNC_OUTPUT out;
	IVdsAsync *async;
	HRESULT result;
	struct guid job;

	(void)state;
	async = start(&job);
	assert_int_equal(IVdsAsync_Cancel(async), S_OK);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	assert_int_equal(result, VDS_E_OPERATION_CANCELED);
	assert_int_equal(IVdsAsync_Cancel(async), VDS_E_OPERATION_CANCELED);
	fake_delete(ROW_JOB, &job, NULL);
	RELEASE(async);
	async = start(&job);
	fake_end_job(&job, JOB_DONE, "");
	assert_int_equal(IVdsAsync_Cancel(async), VDS_E_CANCEL_TOO_LATE);
	RELEASE(async);
}

/* Cancel says S_OK when the job has stopped: the object is signalled then. */
static void
test_a_cancelled_operation_is_signalled(void **state)
{
	IVdsAsync *async;
	HRESULT result;
	struct guid job;
	ULONG percent;

	(void)state;
	async = start(&job);
	assert_int_equal(IVdsAsync_Cancel(async), S_OK);
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
	assert_int_equal(result, VDS_E_OPERATION_CANCELED);
	RELEASE(async);
}

/* A job that is paused has not ended. */
static void
test_a_paused_operation_is_pending(void **state)
{
	IVdsAsync *async;
	struct row_job *row;
	HRESULT result;
	struct guid job;
	ULONG percent;

	(void)state;
	async = start(&job);
	row = row_copy(state_find(fake_client_config(), ROW_JOB, &job));
	row->paused = true;
	fake_put(row);
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
	assert_int_equal(result, VDS_E_OPERATION_PENDING);
	assert_true(percent < 100);
	assert_int_equal(IVdsAsync_Cancel(async), S_OK);
	RELEASE(async);
}

/*
 * The array forgets ended jobs after a day; who held the object meanwhile still learns the outcome.
 */
static void
test_the_outcome_outlives_the_job(void **state)
{
	static const struct {
		enum job_state state;
		const char *error;
		HRESULT result;
	} ends[] = {
		{ JOB_DONE, "", S_OK },
		{ JOB_FAILED, "NO_SPACE", VDS_E_NOT_ENOUGH_SPACE },
		{ JOB_CANCELLED, "", VDS_E_OPERATION_CANCELED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		VDS_ASYNC_OUTPUT out;
		HRESULT result;
		struct guid job;
		ULONG percent;
		IVdsAsync *async = start(&job);

		fake_end_job(&job, ends[i].state, ends[i].error);
		fake_delete(ROW_JOB, &job, NULL);
		assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
		assert_int_equal(result, ends[i].result);
		assert_int_equal(percent, 100);
		assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
		assert_int_equal(result, ends[i].result);
		RELEASE(async);
	}
}

static void
test_a_job_that_nobody_knows_is_not_found(void **state)
{
	VDS_ASYNC_OUTPUT out;
	IVdsAsync *async;
	HRESULT result = S_OK;
	struct guid job;
	ULONG percent = 1;

	(void)state;
	async = start(&job);
	fake_delete(ROW_JOB, &job, NULL);
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(result, VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(percent, 0);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(result, VDS_E_OBJECT_NOT_FOUND);
	RELEASE(async);
}

/* A replica that was loaded anew tells no change: the outcome is looked for in it. */
static void
test_a_reload_brings_the_outcome(void **state)
{
	struct row_job *row = row_new(ROW_JOB);
	struct state_edit *edit;
	IVdsAsync *async;
	HRESULT result;
	struct guid job;
	ULONG percent;

	(void)state;
	async = start(&job);
	edit = state_edit_new(fake_client_config());
	row->id = job;
	row->kind = JOB_EXTEND_LUN;
	row->state = JOB_DONE;
	sample_put(edit, row, NULL);
	fake_reload(sample_next(edit, NULL));
	fake_delete(ROW_JOB, &job, NULL);
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
	assert_int_equal(result, S_OK);
	assert_int_equal(percent, 100);
	RELEASE(async);
}

/* The memory for the object is put aside before the change is made. */
static void
test_a_change_fails_without_memory_or_gives_its_object(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		IVdsAsync *async = NULL;
		size_t before = state_count(fake_client_config(), ROW_JOB);
		HRESULT hr = IVdsLun_Extend(lun, 512, NULL, 0, &async);
		size_t made;

		FAULT_OFF();
		made = state_count(fake_client_config(), ROW_JOB) - before;
		assert_int_equal(made, SUCCEEDED(hr) ? 1 : 0);
		assert_int_equal(async != NULL, SUCCEEDED(hr));
		if (async != NULL)
			RELEASE(async);
	}
}

static void
test_an_operation_without_a_job_is_done(void **state)
{
	VDS_ASYNC_OUTPUT out;
	IVdsAsync *async = NULL;
	HRESULT result;
	ULONG percent;

	(void)state;
	fake_hold_jobs(false);
	assert_int_equal(IVdsLun_Extend(lun, 512, NULL, 0, &async), S_OK);
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
	assert_int_equal(result, S_OK);
	assert_int_equal(percent, 100);
	assert_int_equal(IVdsAsync_Cancel(async), VDS_E_CANCEL_TOO_LATE);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	RELEASE(async);
}

static void
test_wait_and_status_want_both_pointers(void **state)
{
	VDS_ASYNC_OUTPUT out;
	IVdsAsync *async;
	HRESULT result;
	struct guid job;
	ULONG percent;

	(void)state;
	async = start(&job);
	assert_int_equal(IVdsAsync_Wait(async, NULL, &out), E_INVALIDARG);
	assert_int_equal(IVdsAsync_Wait(async, &result, NULL), E_INVALIDARG);
	assert_int_equal(IVdsAsync_QueryStatus(async, NULL, &percent), E_INVALIDARG);
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, NULL), E_INVALIDARG);
	RELEASE(async);
}

static void
test_status_of_an_ended_job_survives_a_corrupt_cache(void **state)
{
	IVdsAsync *async;
	HRESULT result;
	struct guid job;
	ULONG percent;

	(void)state;
	async = start(&job);
	fake_end_job(&job, JOB_DONE, "");
	fake_set_view_code(ERR_CACHE_CORRUPT);
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
	assert_int_equal(result, S_OK);
	RELEASE(async);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		EACH(test_a_running_job_is_pending_with_its_percentage),
		EACH(test_wait_blocks_until_the_job_ends),
		EACH(test_a_failed_job_gives_its_reason_and_no_object),
		EACH(test_cancel_once_twice_and_too_late),
		EACH(test_a_paused_operation_is_pending),
		EACH(test_a_cancelled_operation_is_signalled),
		EACH(test_the_outcome_outlives_the_job),
		EACH(test_a_job_that_nobody_knows_is_not_found),
		EACH(test_a_reload_brings_the_outcome),
		EACH(test_a_change_fails_without_memory_or_gives_its_object),
		EACH(test_an_operation_without_a_job_is_done),
		EACH(test_wait_and_status_want_both_pointers),
		EACH(test_status_of_an_ended_job_survives_a_corrupt_cache),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
