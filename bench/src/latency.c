/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long a change takes to be seen by another process: one process associates a LUN with other
 * targets, another holds the LUN, is notified, and asks it for its targets.  Both are programs of
 * libvds.  Prints one line of JSON; exits with 1 and a message when a call fails.
 *
 *	latency-client URL COUNT
 *
 * Two times, in microseconds, by the monotonic clock: from the beginning of AssociateTargets, which
 * includes the commit, and from the moment when the array's answer was there, which is after the
 * commit.  The commit lies between them.
 */
#include "now.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <vds/libvds.h>

enum { TARGETS = 4 };

/* What the two processes share. */
static struct shared {
	_Atomic uint64_t seen_ns; /* when the watcher saw `count` targets */
	_Atomic unsigned count;
} * shared;

static int to_changer[2]; /* a pipe: one byte when the watcher is ready, and for each change seen */

static IVdsHwProvider *provider;
static IVdsLunIscsi *lun;

static void
check(const char *what, HRESULT hr)
{
	if (SUCCEEDED(hr))
		return;
	fprintf(stderr, "latency-client: %s: %s: %s\n", what, VdsErrorText(hr),
		VdsLastErrorMessage());
	_exit(1);
}

/* Takes the first object of an enumeration. */
static void *
first_of(IEnumVdsObject *all, REFIID iid)
{
	IUnknown *object = NULL;
	void *interface = NULL;
	ULONG fetched = 0;

	check("Next", IEnumVdsObject_Next(all, 1, &object, &fetched));
	if (fetched != 1)
		check("Next", E_FAIL);
	check("QueryInterface", IUnknown_QueryInterface(object, iid, &interface));
	IUnknown_Release(object);
	IEnumVdsObject_Release(all);
	return interface;
}

/* Opens the array, and takes its first LUN. */
static void
begin(const char *url)
{
	IVdsSubSystem *subsystem;
	IEnumVdsObject *all;
	LPWSTR wide;

	check("url", VdsStringFromUtf8(url, &wide));
	check("open", VdsOpenHwProvider(wide, &IID_IVdsHwProvider, (void **)&provider));
	CoTaskMemFree(wide);
	check("QuerySubSystems", IVdsHwProvider_QuerySubSystems(provider, &all));
	subsystem = first_of(all, &IID_IVdsSubSystem);
	check("QueryLuns", IVdsSubSystem_QueryLuns(subsystem, &all));
	lun = first_of(all, &IID_IVdsLunIscsi);
	IVdsSubSystem_Release(subsystem);
}

/* Returns how many targets the LUN has, with their ids; 0 while another operation holds the LUN. */
static ULONG
targets_of(VDS_OBJECT_ID ids[TARGETS])
{
	IEnumVdsObject *all;
	IUnknown *targets[TARGETS];
	ULONG fetched = 0;
	HRESULT hr = IVdsLunIscsi_QueryAssociatedTargets(lun, &all);

	if (hr == VDS_E_ANOTHER_CALL_IN_PROGRESS)
		return 0;
	check("QueryAssociatedTargets", hr);
	check("Next", IEnumVdsObject_Next(all, TARGETS, targets, &fetched));
	for (ULONG i = 0; i < fetched; i++) {
		IVdsIscsiTarget *target;
		VDS_ISCSI_TARGET_PROP prop;

		if (ids != NULL) {
			check("QueryInterface",
			      IUnknown_QueryInterface(targets[i], &IID_IVdsIscsiTarget,
						      (void **)&target));
			check("GetProperties", IVdsIscsiTarget_GetProperties(target, &prop));
			ids[i] = prop.id;
			CoTaskMemFree(prop.pwszIscsiName);
			CoTaskMemFree(prop.pwszFriendlyName);
			IVdsIscsiTarget_Release(target);
		}
		IUnknown_Release(targets[i]);
	}
	IEnumVdsObject_Release(all);
	return fetched;
}

/* ---- the process that watches ---- */

static HRESULT STDMETHODCALLTYPE
sink_query_interface(IVdsAdviseSink *self, REFIID riid, void **ppv)
{
	bool known = IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IVdsAdviseSink);

	*ppv = known ? self : NULL;
	return known ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE
sink_reference(IVdsAdviseSink *self)
{
	(void)self;
	return 1; /* the sink is static */
}

static HRESULT STDMETHODCALLTYPE
sink_on_notify(IVdsAdviseSink *self, LONG count, VDS_NOTIFICATION *notes)
{
	ULONG targets;
	uint64_t at;

	/* A drain holds the LUN until a moment after the commit, and its end is no notification. */
	while ((targets = targets_of(NULL)) == 0)
		usleep(20);
	at = now_ns();
	(void)self;
	(void)count;
	CoTaskMemFree(notes);
	if (targets != atomic_exchange(&shared->count, targets)) {
		atomic_store(&shared->seen_ns, at);
		if (write(to_changer[1], "s", 1) != 1)
			_exit(1);
	}
	return S_OK;
}

static const IVdsAdviseSinkVtbl sink_vtable = {
	.QueryInterface = sink_query_interface,
	.AddRef = sink_reference,
	.Release = sink_reference,
	.OnNotify = sink_on_notify,
};

/* Watches until the other process closes its end of the pipe. */
static void
watch(const char *url, int until)
{
	static IVdsAdviseSink sink = { &sink_vtable };
	IVdsProviderPrivate *private;
	char byte;

	begin(url);
	atomic_store(&shared->count, targets_of(NULL));
	check("QueryInterface",
	      IVdsHwProvider_QueryInterface(provider, &IID_IVdsProviderPrivate, (void **)&private));
	check("OnLoad", IVdsProviderPrivate_OnLoad(private, NULL, (IUnknown *)&sink));
	if (write(to_changer[1], "r", 1) != 1)
		_exit(1);
	(void)!read(until, &byte, 1);
	check("OnUnload", IVdsProviderPrivate_OnUnload(private, TRUE));
	_exit(0);
}

/* ---- the process that changes ---- */

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
print(const char *name, int64_t *ns, unsigned count)
{
	qsort(ns, count, sizeof(ns[0]), compare);
	printf("\"%s_us\": {\"median\": %.0f, \"p99\": %.0f, \"max\": %.0f}", name,
	       (double)ns[count / 2] / 1e3, (double)ns[count * 99 / 100] / 1e3,
	       (double)ns[count - 1] / 1e3);
}

static void
await_watcher(void)
{
	struct pollfd ready = { .fd = to_changer[0], .events = POLLIN };
	char byte;

	if (poll(&ready, 1, 30000) != 1 || read(to_changer[0], &byte, 1) != 1) {
		fprintf(stderr, "latency-client: the process that watches has seen nothing\n");
		exit(1);
	}
}

static void
change(const char *url, unsigned count)
{
	int64_t *from_call = calloc(count, sizeof(*from_call));
	int64_t *from_answer = calloc(count, sizeof(*from_answer));
	int64_t *call = calloc(count, sizeof(*call));
	VDS_OBJECT_ID ids[TARGETS];
	ULONG held;

	begin(url);
	held = targets_of(ids);
	if (from_call == NULL || from_answer == NULL || call == NULL || held < 2)
		check("start", E_FAIL);
	for (unsigned i = 0; i < count; i++) {
		/* One target less, and then all of them again. */
		LONG wanted = (LONG)(i % 2 == 0 ? held - 1 : held);
		uint64_t start = now_ns(), answer;

		check("AssociateTargets", IVdsLunIscsi_AssociateTargets(lun, ids, wanted));
		answer = now_ns();
		await_watcher();
		from_call[i] = (int64_t)(atomic_load(&shared->seen_ns) - start);
		from_answer[i] = (int64_t)(atomic_load(&shared->seen_ns) - answer);
		call[i] = (int64_t)(answer - start);
	}
	check("AssociateTargets", IVdsLunIscsi_AssociateTargets(lun, ids, (LONG)held));
	printf("{\"changes\": %u, ", count);
	print("call", call, count);
	printf(", ");
	print("seen_after_call", from_call, count);
	printf(", ");
	print("seen_after_answer", from_answer, count);
	printf("}\n");
	IVdsLunIscsi_Release(lun);
	IVdsHwProvider_Release(provider);
	free(from_call);
	free(from_answer);
	free(call);
}

int
main(int argc, char **argv)
{
	int until[2], status = 1;
	pid_t watcher;

	if (argc != 3 || atoi(argv[2]) < 1) {
		fprintf(stderr, "usage: latency-client URL COUNT\n");
		return 2;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED || pipe(to_changer) != 0 || pipe(until) != 0) {
		perror("latency-client");
		return 1;
	}
	watcher = fork();
	if (watcher == 0) {
		close(to_changer[0]);
		close(until[1]);
		watch(argv[1], until[0]);
	}
	close(to_changer[1]);
	close(until[0]);
	await_watcher();
	change(argv[1], (unsigned)atoi(argv[2]));
	close(until[1]);
	waitpid(watcher, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
