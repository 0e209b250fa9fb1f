/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Providers that run in a process of their own (vds-host), so that one that crashes or hangs does
 * this to its process only.  Any thread may call it; a thread for each process reads what it sends.
 *
 * The process is no child of the program: vds-host leaves its parent at once, so that the program's
 * wait() knows nothing of it.  It gets the environment, standard error and one socket.  The kernel
 * says its id with its first message.
 */
#include "service/isolate_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "remote/remote.h"

#define HOST_FD   3    /* where vds-host expects its socket */
#define END_MS    2000 /* how long a process may take to end by itself */
#define TEXT_SIZE 512

struct service_isolate {
	_Atomic unsigned refs;
	struct remote *remote;
	pid_t pid;
	int pid_fd; /* -1 on an old kernel */
	char *name; /* of the provider, for the log */
	void (*gone)(void *arg);
	void *arg;
	_Atomic bool ending; /* the service has ended it */
};

void
service_isolate_unref(struct service_isolate *isolate)
{
	if (isolate == NULL ||
	    atomic_fetch_sub_explicit(&isolate->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (isolate->pid_fd >= 0)
		close(isolate->pid_fd);
	remote_unref(isolate->remote);
	mem_free(isolate->name);
	mem_free(isolate);
}

/* ---- what the connection needs of the service ---- */

static void
bad_data(void *arg, const char *what)
{
	const struct service_isolate *isolate = arg;
	char name[128], text[128];

	log_warning_from(isolate->name, "service.provider_broken", "provider=%s error=%s",
			 log_quote(isolate->name, name, sizeof(name)),
			 log_quote(what, text, sizeof(text)));
}

static const struct remote_ops ops = {
	.set_text = com_message_set,
	.bad = bad_data,
};

/* ---- starting the process ---- */

static const char *
program(void)
{
	const char *path = secure_getenv("VDS_HOST");

	return path != NULL && path[0] != '\0' ? path : VDS_HOST_PATH;
}

/* Starts vds-host with one end of the socket.  Returns 0 or -errno. */
static int
spawn(const char *const argv[], int fd)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	pid_t pid;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fd, HOST_FD);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	/* posix_spawn does not change the words; its type is older than const */
	rc = posix_spawn(&pid, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv,
			 environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	while (rc == 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		; /* it has left its own child behind */
	return -rc;
}

/* Learns from the kernel who has sent what is next to be read. */
static void
learn_sender(struct service_isolate *isolate, int fd, uint64_t deadline_ns)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	const uint64_t now = clock_mono_ns();
	struct cmsghdr *head;
	struct ucred sender;
	int off = 0;

	if (now < deadline_ns && poll(&ready, 1, (int)((deadline_ns - now) / NS_PER_MS) + 1) == 1 &&
	    recvmsg(fd, &message, MSG_PEEK | MSG_CMSG_CLOEXEC) == 1) {
		head = CMSG_FIRSTHDR(&message);
		if (head != NULL && head->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&sender, CMSG_DATA(head), sizeof(sender));
			isolate->pid = sender.pid;
			isolate->pid_fd = (int)syscall(SYS_pidfd_open, sender.pid, 0);
		}
	}
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &off, sizeof(off));
}

/* Kills the process and what it has started: they are a session of their own. */
static void
kill_process(struct service_isolate *isolate)
{
	if (isolate->pid <= 0)
		return;
	if (isolate->pid_fd < 0 ||
	    syscall(SYS_pidfd_send_signal, isolate->pid_fd, SIGKILL, NULL, 0) == 0)
		kill(-isolate->pid, SIGKILL);
}

/* Returns a pair of sockets, of which the first tells who sends; or a negative errno. */
static int
make_sockets(int fds[2])
{
	int on = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	if (setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0)
		return 0;
	close(fds[0]);
	close(fds[1]);
	return -EPROTO;
}

/* Starts the process and makes this end of the connection.  Returns 0, -ENOMEM or -errno. */
static int
connect_process(struct service_isolate *isolate, const struct service_registration *registration,
		uint64_t deadline_ns)
{
	char clsid[GUID_TEXT_SIZE];
	const char *const argv[] = { program(), registration->library, clsid, NULL };
	struct guid guid;
	int fds[2];
	int rc = make_sockets(fds);

	if (rc < 0)
		return rc;
	com_guid_in(&registration->clsid, &guid);
	guid_format(&guid, clsid);
	rc = spawn(argv, fds[1]);
	close(fds[1]);
	if (rc < 0) {
		close(fds[0]);
		return rc;
	}
	learn_sender(isolate, fds[0], deadline_ns);
	isolate->remote = remote_new(fds[0], &ops, isolate);
	return isolate->remote != NULL ? 0 : -ENOMEM;
}

static HRESULT
no_provider(const char *library, const char *why)
{
	char text[TEXT_SIZE + 128];

	snprintf(text, sizeof(text), "%s: %s", library, why);
	return com_fail(VDS_E_PROVIDER_INITIALIZATION_FAILED, text);
}

/* Waits until the process has made the provider's object, or says why it cannot. */
static HRESULT
wait_for_provider(struct service_isolate *isolate, const char *library, uint64_t deadline_ns,
		  IUnknown **ret_object)
{
	char error[TEXT_SIZE] = "";
	int rc = remote_read_started(isolate->remote, deadline_ns);

	if (rc == 0)
		rc = remote_read_provider(isolate->remote, deadline_ns, ret_object, error,
					  sizeof(error));
	if (rc == 0 && *ret_object != NULL)
		return S_OK;
	if (rc == -ENOMEM)
		return com_error(rc);
	if (rc == -ETIMEDOUT)
		return no_provider(library, "it did not load in time (VDS_HOST_TIMEOUT)");
	if (rc == -EPROTO)
		return no_provider(library, "vds-host is of another version");
	if (rc < 0)
		return no_provider(library, "it ended the process that loaded it");
	return no_provider(library, error[0] != '\0' ? error : "it has no object");
}

/* ---- the process's thread ---- */

static void
say_gone(const struct service_isolate *isolate)
{
	char name[128];

	if (!isolate->ending)
		log_warning("service.provider_gone",
			    "provider=%s error=\"its process ended, and all its objects are gone\"",
			    log_quote(isolate->name, name, sizeof(name)));
}

static void *
read_thread(void *arg)
{
	struct service_isolate *isolate = arg;
	struct remote_message *message;
	uint64_t deadline_ns = 0;
	int rc;

	do {
		rc = remote_read(isolate->remote, deadline_ns, &message);
		if (rc == 0)
			remote_handle(isolate->remote, message);
		else if (rc == -EINTR) /* it was told to end */
			deadline_ns = clock_mono_ns() + END_MS * NS_PER_MS;
	} while (rc == 0 || rc == -EINTR);
	kill_process(isolate);
	say_gone(isolate);
	isolate->gone(
		isolate->arg); /* before the calls return, so that programs see both in order */
	remote_break(isolate->remote);
	service_isolate_unref(isolate);
	return NULL;
}

static int
start_thread(struct service_isolate *isolate)
{
	pthread_t thread;
	int rc;

	atomic_fetch_add_explicit(&isolate->refs, 1, memory_order_relaxed);
	rc = service_thread_start("vds-host", read_thread, isolate, &thread);
	if (rc < 0)
		service_isolate_unref(isolate);
	return rc;
}

/* ---- for provider.c ---- */

static HRESULT
start(struct service_isolate *isolate, const struct service_registration *registration,
      unsigned timeout_ms, unsigned call_timeout_ms, IUnknown **ret_object)
{
	const uint64_t deadline_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;
	char text[TEXT_SIZE];
	HRESULT hr;
	int rc = connect_process(isolate, registration, deadline_ns);

	if (rc == -ENOMEM)
		return com_error(rc);
	if (rc < 0) {
		snprintf(text, sizeof(text), "%s cannot be started: %s", program(), strerror(-rc));
		return no_provider(registration->library, text);
	}
	hr = wait_for_provider(isolate, registration->library, deadline_ns, ret_object);
	remote_set_timeout(isolate->remote, call_timeout_ms);
	rc = SUCCEEDED(hr) ? start_thread(isolate) : 0;
	if (rc < 0)
		IUnknown_Release(*ret_object);
	return rc < 0 ? com_error(rc) : hr;
}

HRESULT
service_isolate_start(const struct service_registration *registration, unsigned timeout_ms,
		      unsigned call_timeout_ms, void (*gone)(void *arg), void *arg,
		      struct service_isolate **ret_isolate, IUnknown **ret_object)
{
	struct service_isolate *isolate = mem_calloc(1, sizeof(*isolate));
	HRESULT hr;

	*ret_isolate = NULL;
	*ret_object = NULL;
	if (isolate == NULL)
		return com_error(-ENOMEM);
	atomic_init(&isolate->refs, 1);
	isolate->pid_fd = -1;
	isolate->gone = gone;
	isolate->arg = arg;
	isolate->name = str_dup(registration->name);
	hr = isolate->name != NULL
		     ? start(isolate, registration, timeout_ms, call_timeout_ms, ret_object)
		     : com_error(-ENOMEM);
	if (SUCCEEDED(hr)) {
		*ret_isolate = isolate;
		return hr;
	}
	*ret_object = NULL;
	kill_process(isolate);
	service_isolate_unref(isolate);
	return hr;
}

void
service_isolate_end(struct service_isolate *isolate)
{
	if (isolate == NULL)
		return;
	atomic_store_explicit(&isolate->ending, true, memory_order_release);
	remote_send_goodbye(isolate->remote); /* when it fails, the thread sees the end anyway */
	remote_interrupt(isolate->remote);
}

void
service_isolate_kill(struct service_isolate *isolate)
{
	if (isolate != NULL)
		kill_process(isolate);
}

void
service_isolate_limit_thread(uint64_t deadline_ns)
{
	remote_limit_thread(deadline_ns);
}
