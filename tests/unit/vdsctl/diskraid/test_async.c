/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of waiting for an operation: its progress, its two results, ^C, and objects that break
 * their contract.
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
#include "vdsctl/diskraid/exec.h"

/* An operation that ends after some looks at it. */
struct operation {
	IVdsAsync async;
	int references, looks_left, cancels;
	HRESULT result, cancel_answer;
	bool interrupts; /* sends ^C at the first look */
};

static struct operation *
of(IVdsAsync *this)
{
	return container_of(this, struct operation, async);
}

static HRESULT STDMETHODCALLTYPE
op_query(IVdsAsync *this, const IID *riid, void **ppv)
{
	(void)this;
	(void)riid;
	*ppv = NULL;
	return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE
op_addref(IVdsAsync *this)
{
	return (ULONG)++of(this)->references;
}

static ULONG STDMETHODCALLTYPE
op_release(IVdsAsync *this)
{
	return (ULONG)--of(this)->references;
}

static HRESULT STDMETHODCALLTYPE
op_cancel(IVdsAsync *this)
{
	of(this)->cancels++;
	if (SUCCEEDED(of(this)->cancel_answer)) {
		of(this)->looks_left = 0;
		of(this)->result = VDS_E_OPERATION_CANCELED;
	}
	return of(this)->cancel_answer;
}

static HRESULT STDMETHODCALLTYPE
op_wait(IVdsAsync *this, HRESULT *result, VDS_ASYNC_OUTPUT *out)
{
	assert_int_equal(of(this)->looks_left, 0);
	*result = of(this)->result;
	out->type = VDS_ASYNCOUT_EXTENDLUN;
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
op_status(IVdsAsync *this, HRESULT *result, ULONG *percent)
{
	struct operation *op = of(this);

	if (op->interrupts) {
		op->interrupts = false;
		raise(SIGINT);
	}
	*result = op->looks_left > 0 ? VDS_E_OPERATION_PENDING : op->result;
	*percent = op->looks_left > 0 ? 42 : 100;
	op->looks_left -= op->looks_left > 0;
	return S_OK;
}

static const IVdsAsyncVtbl op_vtbl = { op_query,  op_addref, op_release,
				       op_cancel, op_wait,   op_status };

/* Runs an operation; *ret_said: what was shown, new memory. */
static enum raid_exit
run(struct operation *op, bool terminal, char **ret_said)
{
	size_t size = 0;
	FILE *said = open_memstream(ret_said, &size);
	struct raid raid = { .out = said, .err = said, .terminal = terminal };
	VDS_ASYNC_OUTPUT out = { 0 };
	enum raid_exit rc;

	op->async.lpVtbl = &op_vtbl;
	op->references = 1;
	rc = raid_wait(&raid, "IVdsLun::Extend", S_OK, &op->async, &out);
	fputs(rc != RAID_OK ? raid.error.text : "", said);
	fclose(said);
	assert_int_equal(op->references, 0);
	assert_int_equal(out.type, rc == RAID_OK ? VDS_ASYNCOUT_EXTENDLUN : 0);
	return rc;
}

static void
test_progress_is_shown_on_a_terminal_only(void **state)
{
	struct operation op = { .looks_left = 2 };
	char *said;

	(void)state;
	assert_int_equal(run(&op, true, &said), RAID_OK);
	assert_non_null(strstr(said, " 42 %"));
	free(said);
	op = (struct operation){ .looks_left = 1 };
	assert_int_equal(run(&op, false, &said), RAID_OK);
	assert_string_equal(said, "");
	free(said);
}

static void
test_a_failed_operation_names_its_code(void **state)
{
	struct operation op = { .result = VDS_E_NOT_ENOUGH_SPACE };
	char *said;

	(void)state;
	assert_int_equal(run(&op, false, &said), RAID_SERVICE);
	assert_non_null(strstr(said, "IVdsLun::Extend: VDS_E_NOT_ENOUGH_SPACE"));
	free(said);
}

static void
test_interrupt_cancels(void **state)
{
	struct operation op = { .looks_left = 1000, .interrupts = true };
	char *said;

	(void)state;
	raid_interrupt_catch();
	assert_int_equal(run(&op, false, &said), RAID_FATAL);
	assert_int_equal(op.cancels, 1);
	assert_non_null(strstr(said, "VDS_E_OPERATION_CANCELED"));
	free(said);
}

static void
test_what_cannot_be_cancelled_goes_on(void **state)
{
	struct operation op = { .looks_left = 3,
				.interrupts = true,
				.cancel_answer = VDS_E_CANCEL_TOO_LATE };
	char *said;

	(void)state;
	raid_interrupt_catch();
	assert_int_equal(run(&op, false, &said), RAID_OK);
	assert_int_equal(op.cancels, 1);
	assert_non_null(strstr(said, "VDS_E_CANCEL_TOO_LATE"));
	free(said);
}

static void
test_a_method_that_failed_needs_no_object(void **state)
{
	struct raid raid = { .out = stdout, .err = stderr };

	(void)state;
	assert_int_equal(raid_wait(&raid, "X", VDS_E_OBJECT_DELETED, NULL, NULL), RAID_SERVICE);
	assert_non_null(strstr(raid.error.text, "VDS_E_OBJECT_DELETED"));
	assert_int_equal(raid_wait(&raid, "X", E_OUTOFMEMORY, NULL, NULL), RAID_FATAL);
	assert_int_equal(raid_wait(&raid, "X", S_OK, NULL, NULL), RAID_SERVICE);
	assert_non_null(strstr(raid.error.text, "no IVdsAsync"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_progress_is_shown_on_a_terminal_only),
		cmocka_unit_test(test_a_failed_operation_names_its_code),
		cmocka_unit_test(test_interrupt_cancels),
		cmocka_unit_test(test_what_cannot_be_cancelled_goes_on),
		cmocka_unit_test(test_a_method_that_failed_needs_no_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
