/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vds-host LIBRARY CLSID: the process in which one provider of the service runs (isolate.c starts
 * it).  Descriptor 3 is a socket to the service.  It loads the provider's library, makes the
 * provider's object, sends it to the service, and then carries out what the service calls.
 *
 * Threads: as many as there are calls at a time, up to a limit; one of those that have nothing to
 * do reads the socket.  One more thread waits for the end of the service and ends the process then,
 * whatever the provider is doing.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vds/libvds.h>

#include <pthread.h>

#include "base/guid.h"
#include "base/mem.h"
#include "remote/remote.h"

#define SOCKET_FD   3
#define THREADS_MAX 64u
#define TEXT_SIZE   512

typedef HRESULT(STDAPICALLTYPE *get_class_object_fn)(REFCLSID rclsid, REFIID riid, void **ppv);

struct waiting {
	struct waiting *next;
	struct remote_message *message;
};

static struct remote *service;
static pthread_mutex_t read_lock = PTHREAD_MUTEX_INITIALIZER; /* who has it reads */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;      /* guards all below */
static unsigned threads, idle; /* idle: those that read, or wait for their turn to read */
static struct waiting *first_waiting, **last_waiting = &first_waiting;

/* ---- texts of failures ---- */

/* What VdsLastErrorMessage says when the provider's method has set no text. */
static _Thread_local char no_text[TEXT_SIZE];

static void
before_call(void)
{
	VdsSync(NULL); /* a failure with a text that is known */
	if (no_text[0] == '\0')
		snprintf(no_text, sizeof(no_text), "%s", VdsLastErrorMessage());
}

static const char *
text_of_failure(void)
{
	const char *text = VdsLastErrorMessage();

	return strcmp(text, no_text) != 0 ? text : NULL;
}

static void
drop_text(const char *text)
{
	(void)text; /* the provider learns the code */
}

static const struct remote_ops ops = {
	.set_text = drop_text,
	.before_call = before_call,
	.text = text_of_failure,
};

/* ---- the end ---- */

/* Ends without the library's destructors, which may do anything. */
static void __attribute__((noreturn)) end(void)
{
	_exit(0);
}

/* Waits until the service's end of the socket is closed, or its process ends. */
static void *
watch(void *arg)
{
	struct pollfd fds[] = {
		{ .fd = SOCKET_FD, .events = POLLRDHUP },
		{ .fd = *(const int *)arg, .events = POLLIN },
	};

	while (poll(fds, ARRAY_LEN(fds), -1) <= 0)
		;
	end();
}

/* ---- calls ---- */

static void *worker(void *arg) __attribute__((noreturn));

/* Starts one more thread.  Called under the lock.  Returns whether there is one. */
static bool
start_thread(void)
{
	pthread_t thread;

	if (threads == THREADS_MAX || pthread_create(&thread, NULL, worker, NULL) != 0)
		return false;
	pthread_detach(thread);
	threads++;
	idle++;
	return true;
}

/*
 * Decides who carries out a call that the calling thread has read: this thread, when another one
 * can read meanwhile; or else the first that has done with its call.
 */
static bool
may_carry_out(struct remote_message *message)
{
	struct waiting *waiting = NULL;
	bool mine;

	pthread_mutex_lock(&lock);
	mine = idle > 1 || start_thread();
	if (mine) {
		idle--;
	} else if ((waiting = mem_calloc(1, sizeof(*waiting))) != NULL) {
		waiting->message = message;
		*last_waiting = waiting;
		last_waiting = &waiting->next;
	}
	pthread_mutex_unlock(&lock);
	if (!mine && waiting == NULL)
		end(); /* out of memory, and the call cannot be answered */
	return mine;
}

/* Returns a call that nobody had time for, or NULL: the calling thread is idle then. */
static struct remote_message *
take_waiting(void)
{
	struct remote_message *message = NULL;
	struct waiting *waiting;

	pthread_mutex_lock(&lock);
	waiting = first_waiting;
	if (waiting != NULL) {
		first_waiting = waiting->next;
		if (first_waiting == NULL)
			last_waiting = &first_waiting;
		message = waiting->message;
	} else {
		idle++;
	}
	pthread_mutex_unlock(&lock);
	mem_free(waiting);
	return message;
}

/* Reads until there is a call for this thread, and returns it. */
static struct remote_message *
read_call(void)
{
	struct remote_message *message;

	for (;;) {
		pthread_mutex_lock(&read_lock);
		if (remote_read(service, 0, &message) < 0)
			end();
		pthread_mutex_unlock(&read_lock);
		if (remote_is_goodbye(message)) {
			remote_drop_objects(service);
			remote_wait_for_objects(service); /* the service does not for long */
			end();
		}
		if (!remote_is_call(message))
			remote_handle(service, message);
		else if (may_carry_out(message))
			return message;
	}
}

static void *
worker(void *arg)
{
	(void)arg;
	for (;;) {
		struct remote_message *message = read_call();

		do
			remote_handle(service, message);
		while ((message = take_waiting()) != NULL);
	}
}

/* ---- the provider ---- */

static IUnknown *
no_object(char *error, const char *text)
{
	snprintf(error, TEXT_SIZE, "%s", text);
	return NULL;
}

static IUnknown *
failed(char *error, const char *what, HRESULT hr)
{
	snprintf(error, TEXT_SIZE, "%s answers %s", what, VdsErrorText(hr));
	return NULL;
}

static bool
offers(IUnknown *object, const IID *iid)
{
	IUnknown *interface = NULL;

	if (FAILED(IUnknown_QueryInterface(object, iid, (void **)&interface)) || interface == NULL)
		return false;
	IUnknown_Release(interface);
	return true;
}

static IUnknown *
make_object(IClassFactory *factory, char *error)
{
	IUnknown *object = NULL;
	HRESULT hr = IClassFactory_CreateInstance(factory, NULL, &IID_IUnknown, (void **)&object);

	if (FAILED(hr))
		return failed(error, "CreateInstance", hr);
	if (object == NULL)
		return no_object(error, "CreateInstance succeeds without an object");
	if (offers(object, &IID_IVdsProviderPrivate) && offers(object, &IID_IVdsProvider))
		return object;
	IUnknown_Release(object);
	return no_object(error, "its object does not offer IVdsProviderPrivate and IVdsProvider");
}

/* Loads the library and makes the provider's object.  Returns NULL, and why, when there is none. */
static IUnknown *
load(const char *path, const CLSID *clsid, char *error)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void *symbol = handle != NULL ? dlsym(handle, "DllGetClassObject") : NULL;
	IClassFactory *factory = NULL;
	get_class_object_fn entry;
	IUnknown *object;
	const char *why;
	HRESULT hr;

	if (symbol == NULL) {
		why = dlerror();
		return no_object(error, why != NULL ? why : "it has no DllGetClassObject");
	}
	memcpy(&entry, &symbol, sizeof(entry)); /* ISO C has no cast from object to function */
	hr = entry(clsid, &IID_IClassFactory, (void **)&factory);
	if (FAILED(hr))
		return failed(error, "DllGetClassObject", hr);
	if (factory == NULL)
		return no_object(error, "DllGetClassObject succeeds without a class factory");
	object = make_object(factory, error);
	IClassFactory_Release(factory);
	return object;
}

/* ---- the process ---- */

/*
 * Leaves the program that has started this process: its descriptors, its session and its children.
 * Returns a descriptor that shows when that program ends, or -1 on an old kernel.
 */
static int
leave_program(void)
{
	const struct rlimit no_core = { 0, 0 };
	int program_fd;
	pid_t pid;

	if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		close(STDOUT_FILENO);
	closefrom(SOCKET_FD + 1);
	program_fd = (int)syscall(SYS_pidfd_open, getppid(), 0);
	setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGPIPE, SIG_IGN);
	pid = fork();
	if (pid != 0)
		_exit(pid < 0 ? 1 : 0);
	setsid();
	return program_fd;
}

int
main(int argc, char **argv)
{
	static int program_fd;
	char error[TEXT_SIZE] = "";
	IUnknown *object;
	pthread_t thread;
	struct guid id;
	CLSID clsid;

	if (argc != 3 || guid_parse(argv[2], &id) < 0) {
		fprintf(stderr, "usage: vds-host LIBRARY CLSID\n"
				"The service of VDS starts it for each provider; see libvds(3).\n");
		return 2;
	}
	memcpy(&clsid, id.bytes, sizeof(clsid));
	clsid.Data1 = (ULONG)id.bytes[0] << 24 | (ULONG)id.bytes[1] << 16 |
		      (ULONG)id.bytes[2] << 8 | id.bytes[3];
	clsid.Data2 = (USHORT)(id.bytes[4] << 8 | id.bytes[5]);
	clsid.Data3 = (USHORT)(id.bytes[6] << 8 | id.bytes[7]);
	program_fd = leave_program();
	service = remote_new(SOCKET_FD, &ops, NULL);
	if (service == NULL || remote_send_started(service) < 0 ||
	    pthread_create(&thread, NULL, watch, &program_fd) != 0)
		return 1;
	object = load(argv[1], &clsid, error);
	if (remote_send_provider(service, object, error) < 0 || object == NULL) {
		remote_read(service, 0, &(struct remote_message *){ NULL }); /* until it is read */
		end();
	}
	IUnknown_Release(object);
	threads = idle = 1;
	worker(NULL);
}
