/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waits for asynchronous operations: progress on a terminal, and ^C asks the array to cancel.  The
 * signal handler only sets a flag; the main thread looks at it ten times a second.
 */
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

#define LOOK_MS 100

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

void
raid_interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = on_interrupt }; /* no SA_RESTART: poll ends */

	sigaction(SIGINT, &action, NULL);
}

bool
raid_was_interrupted(void)
{
	return interrupted != 0;
}

bool
raid_interrupted(void)
{
	bool was = interrupted != 0;

	interrupted = 0;
	return was;
}

/* Asks for the end of the operation; whether it ended, Wait tells. */
static void
cancel(struct raid *raid, IVdsAsync *async)
{
	HRESULT hr = IVdsAsync_Cancel(async);

	if (FAILED(hr))
		fprintf(raid->err, "%sThe operation goes on: it cannot be cancelled (%s).\n",
			raid->terminal ? "\r" : "", VdsErrorText(hr));
}

/*
 * Returns when the operation has ended, or when its state cannot be asked for any more: Wait then
 * says why.  *ret_cancelled: whether ^C was pressed.
 */
static void
watch(struct raid *raid, IVdsAsync *async, bool *ret_cancelled)
{
	bool shown = false;

	for (;;) {
		HRESULT result = S_OK, hr;
		ULONG percent = 0;

		if (raid_interrupted()) {
			*ret_cancelled = true;
			cancel(raid, async);
		}
		hr = IVdsAsync_QueryStatus(async, &result, &percent);
		if ((FAILED(hr) && hr != VDS_E_OPERATION_PENDING) ||
		    (hr != VDS_E_OPERATION_PENDING && result != VDS_E_OPERATION_PENDING))
			break;
		if (raid->terminal) {
			fprintf(raid->err, "\r%3u %%  (^C cancels) ", (unsigned)percent);
			fflush(raid->err);
			shown = true;
		}
		poll(NULL, 0, LOOK_MS);
	}
	if (shown)
		fprintf(raid->err, "\r                     \r");
}

enum raid_exit
raid_wait(struct raid *raid, const char *method, HRESULT hr, IVdsAsync *async,
	  VDS_ASYNC_OUTPUT *ret_out)
{
	HRESULT result = E_UNEXPECTED;
	VDS_ASYNC_OUTPUT out = { 0 };
	bool cancelled = false;
	enum raid_exit rc = raid_check(raid, method, hr);

	if (rc != RAID_OK)
		return rc;
	if (async == NULL) /* a provider that is done within the call and forgets the object */
		return raid_fail(raid, RAID_SERVICE, "%s returned a success but no IVdsAsync",
				 method);
	watch(raid, async, &cancelled);
	rc = raid_check(raid, "IVdsAsync::Wait", IVdsAsync_Wait(async, &result, &out));
	if (rc == RAID_OK)
		rc = raid_check(raid, method, result);
	IVdsAsync_Release(async);
	if (rc == RAID_SERVICE && cancelled && result == VDS_E_OPERATION_CANCELED)
		raid->error.exit = rc = RAID_FATAL;
	if (rc == RAID_OK && ret_out != NULL)
		*ret_out = out;
	return rc;
}
