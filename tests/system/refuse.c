/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a program on a kernel that lacks something: a seccomp filter answers chosen system calls
 * with an error.  For test_refused.py.
 *
 *	refuse RULE... -- PROGRAM ARGUMENT...
 *
 * A rule is CALL=ERROR, or CALL:N&MASK=ERROR for calls of which the lower half of argument N has
 * all bits of the mask, or CALL:N==VALUE=ERROR.  What a filter cannot see, since it lies in the
 * program's memory, a process beside the program decides, which ends with it:
 *
 *	ring-flags:MASK=ERROR	io_uring_setup with one of these flags
 *	ring-count:N=ERROR	io_uring_setup from the Nth time on (from 0)
 *	ring-op:N=0		io_uring_register that asks for the operations: without this one
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RULES_MAX 64
#define OPS       64 /* of a ring, that are said to be there */

/* clang-format off */
#define CALL(name) { #name, SYS_##name }
/* clang-format on */

static const struct call {
	const char *name;
	int number;
} calls[] = {
	CALL(bind),
	CALL(clone3),
	CALL(close_range),
	CALL(copy_file_range),
	CALL(epoll_pwait2),
	CALL(faccessat2),
	CALL(fadvise64),
	CALL(fallocate),
	CALL(fcntl),
	CALL(flock),
	CALL(getrandom),
	CALL(getsockopt),
	CALL(inotify_init1),
	CALL(io_uring_enter),
	CALL(io_uring_register),
	CALL(io_uring_setup),
	CALL(ioctl),
	CALL(lseek),
	CALL(madvise),
	CALL(membarrier),
	CALL(mincore),
	CALL(mlock),
	CALL(mmap),
	CALL(openat),
	CALL(openat2),
	CALL(pidfd_open),
	CALL(prctl),
	CALL(preadv2),
	CALL(prlimit64),
	CALL(pwritev2),
	CALL(rseq),
	CALL(sched_getaffinity),

	CALL(setsockopt),
	CALL(socket),
	CALL(statx),
	CALL(syncfs),
	CALL(eventfd2),
	CALL(epoll_create1),
	CALL(accept4),
};

static const struct error {
	const char *name;
	int number;
	/* clang-format off */
} errors[] = {
	{ "0", 0 },
	{ "EAFNOSUPPORT", EAFNOSUPPORT }, { "EINVAL", EINVAL }, { "EISDIR", EISDIR },
	{ "EMFILE", EMFILE }, { "EXDEV", EXDEV }, { "ENODEV", ENODEV }, { "ENOMEM", ENOMEM },
	{ "ENOENT", ENOENT }, { "ENOPROTOOPT", ENOPROTOOPT }, { "ENOSYS", ENOSYS },
	{ "ENOTTY", ENOTTY }, { "EOPNOTSUPP", EOPNOTSUPP }, { "EPERM", EPERM },
};
/* clang-format on */

enum kind { PLAIN, MASKED, EQUAL, RING_FLAGS, RING_COUNT, RING_OP };

struct rule {
	enum kind kind;
	int call, error;
	unsigned arg;
	uint32_t value;
};

static struct rule rules[RULES_MAX];
static unsigned rule_count;
static struct sock_filter code[16 * RULES_MAX];
static unsigned short code_len;

static void
die(const char *what)
{
	fprintf(stderr, "refuse: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* --- rules --- */

static int
call_number(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strlen(calls[i].name) == len && memcmp(calls[i].name, name, len) == 0)
			return calls[i].number;
	errno = EINVAL;
	die(name);
	return -1;
}

static int
error_number(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].number;
	errno = EINVAL;
	die(name);
	return -1;
}

static uint32_t
number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 0);
}

static void
rule_parse(const char *text)
{
	struct rule *rule = &rules[rule_count++];
	const char *error = strrchr(text, '='), *colon = strchr(text, ':');

	if (rule_count == RULES_MAX || error == NULL) {
		errno = EINVAL;
		die(text);
	}
	rule->error = error_number(error + 1);
	if (strncmp(text, "ring-", 5) == 0 && colon != NULL) {
		rule->kind = text[5] == 'f' ? RING_FLAGS : text[5] == 'c' ? RING_COUNT : RING_OP;
		rule->call = rule->kind == RING_OP ? SYS_io_uring_register : SYS_io_uring_setup;
		rule->value = number(colon + 1);
		return;
	}
	rule->call = call_number(text, (size_t)((colon != NULL ? colon : error) - text));
	if (colon == NULL)
		return;
	rule->arg = (unsigned)(colon[1] - '0');
	rule->kind = colon[2] == '&' ? MASKED : EQUAL;
	rule->value = number(colon + (rule->kind == MASKED ? 3 : 4));
}

/* --- the filter --- */

static void
add(uint16_t op, uint8_t if_true, uint8_t if_false, uint32_t value)
{
	code[code_len++] = (struct sock_filter){ op, if_true, if_false, value };
}

static uint32_t
offset_of_arg(unsigned arg)
{
	return (uint32_t)(offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t));
}

static void
rule_compile(const struct rule *rule)
{
	uint32_t verdict = rule->kind >= RING_FLAGS ? SECCOMP_RET_USER_NOTIF
						    : SECCOMP_RET_ERRNO | (uint32_t)rule->error;
	uint8_t length = rule->kind == MASKED ? 4 : rule->kind == PLAIN ? 1 : 3;

	if (rule->kind == RING_FLAGS || rule->kind == RING_COUNT)
		length = 1;
	add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
	add(BPF_JMP | BPF_JEQ | BPF_K, 0, length, (uint32_t)rule->call);
	if (length > 1)
		add(BPF_LD | BPF_W | BPF_ABS, 0, 0,
		    offset_of_arg(rule->kind == RING_OP ? 1 : rule->arg));
	if (rule->kind == MASKED)
		add(BPF_ALU | BPF_AND | BPF_K, 0, 0, rule->value);
	if (length > 1)
		add(BPF_JMP | BPF_JEQ | BPF_K, 0, 1,
		    rule->kind == RING_OP ? IORING_REGISTER_PROBE : rule->value);
	add(BPF_RET | BPF_K, 0, 0, verdict);
}

static bool
filter_compile(void)
{
	bool asks = false;

	/* a program of another architecture would have other numbers; there is none */
	for (unsigned i = 0; i < rule_count; i++) {
		rule_compile(&rules[i]);
		asks = asks || rules[i].kind >= RING_FLAGS;
	}
	add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	return asks;
}

/* Returns the descriptor on which the kernel asks, or -1 when it never does. */
static int
filter_install(bool asks)
{
	struct sock_fprog program = { code_len, code };
	long fd;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die("no_new_privs");
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		     asks ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, &program);
	if (fd < 0)
		die("seccomp");
	return asks ? (int)fd : -1;
}

/* --- the process that decides --- */

/* Opens the memory of the process that has asked. */
static int
memory_of(const struct seccomp_notif *asked)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u/mem", (unsigned)asked->pid);
	return open(path, O_RDWR | O_CLOEXEC);
}

static int
decide_setup(const struct seccomp_notif *asked, unsigned count)
{
	uint32_t flags = 0;
	int fd = memory_of(asked);
	off_t at = (off_t)(asked->data.args[1] + offsetof(struct io_uring_params, flags));

	if (fd < 0 || pread(fd, &flags, sizeof(flags), at) != sizeof(flags))
		return EACCES;
	close(fd);
	for (unsigned i = 0; i < rule_count; i++)
		if ((rules[i].kind == RING_FLAGS && (flags & rules[i].value) != 0) ||
		    (rules[i].kind == RING_COUNT && count >= rules[i].value))
			return rules[i].error;
	return -1;
}

/* Answers which operations there are, as the kernel would. */
static int
decide_probe(const struct seccomp_notif *asked)
{
	static _Alignas(struct io_uring_probe) char
		room[sizeof(struct io_uring_probe) + OPS * sizeof(struct io_uring_probe_op)];
	struct io_uring_probe *probe = (struct io_uring_probe *)(void *)room;
	unsigned count = (unsigned)asked->data.args[3];
	int fd = memory_of(asked);
	size_t size;
	ssize_t n;

	count = count < OPS ? count : OPS;
	size = sizeof(*probe) + count * sizeof(probe->ops[0]);
	probe->last_op = OPS - 1;
	probe->ops_len = (uint8_t)count;
	for (unsigned i = 0; i < count; i++) {
		probe->ops[i].op = (uint8_t)i;
		probe->ops[i].flags = IO_URING_OP_SUPPORTED;
	}
	for (unsigned i = 0; i < rule_count; i++)
		if (rules[i].kind == RING_OP && rules[i].value < count)
			probe->ops[rules[i].value].flags = 0;
	if (fd < 0)
		return EACCES;
	n = pwrite(fd, probe, size, (off_t)asked->data.args[2]);
	close(fd);
	return n == (ssize_t)size ? 0 : EFAULT;
}

static void
decide(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	unsigned setups = 0;

	while (poll(&ready, 1, -1) >= 0 && (ready.revents & POLLHUP) == 0) {
		struct seccomp_notif asked = { 0 };
		struct seccomp_notif_resp answer = { 0 };
		int error;

		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
			continue; /* who has asked is gone */
		error = asked.data.nr == SYS_io_uring_setup ? decide_setup(&asked, setups++)
							    : decide_probe(&asked);
		answer.id = asked.id;
		if (error < 0)
			answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		else
			answer.error = -error;
		(void)ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
	_exit(0);
}

/* --- the descriptor goes from the one to the other --- */

union room {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static void
send_fd(int socket, int fd)
{
	union room room = { .bytes = "" };
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &room,
				  .msg_controllen = sizeof(room) };

	room.head = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(&room.head), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) != 1)
		die("sendmsg");
	close(fd);
	close(socket);
}

static int
receive_fd(int socket)
{
	union room room = { .bytes = "" };
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &room,
				  .msg_controllen = sizeof(room) };
	int fd;

	if (recvmsg(socket, &message, 0) != 1)
		_exit(125); /* the other side has said why */
	memcpy(&fd, CMSG_DATA(&room.head), sizeof(fd));
	close(socket);
	return fd;
}

int
main(int argc, char **argv)
{
	int at = 1, sockets[2], fd;
	bool asks;

	for (; at < argc && strcmp(argv[at], "--") != 0; at++)
		rule_parse(argv[at]);
	if (at + 1 >= argc) {
		fprintf(stderr, "usage: refuse RULE... -- PROGRAM ARGUMENT...\n");
		return 125;
	}
	asks = filter_compile();
	if (asks) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) < 0)
			die("socketpair");
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			close(sockets[0]);
			decide(receive_fd(sockets[1]));
		}
		close(sockets[1]);
	}
	fd = filter_install(asks);
	if (asks)
		send_fd(sockets[0], fd);
	execv(argv[at + 1], argv + at + 1);
	die(argv[at + 1]);
	return 125;
}
