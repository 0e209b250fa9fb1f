/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies to and from mapped files, which may lose their pages at any time: another program cuts the
 * file, the file system is full, the memory is defective.  The kernel then sends SIGBUS to the
 * thread that touches the page.  A thread that copies here has a guard, which says where it copies
 * and where it goes on after a fault there.  SIGBUS for any other reason or address does what it
 * did before.  Any thread.
 */
#include "blk/blk_int.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "base/mem.h"

struct guard {
	sigjmp_buf back;
	/* from the first byte of the first page to the last one of the last; empty: no guard */
	volatile uintptr_t start, end;
	bool open; /* the thread lets SIGBUS through */
};

static _Thread_local struct guard guard;
/*
 * What SIGBUS did; written before the handler is installed, read when the process is about to die.
 */
static struct sigaction before;
static pthread_mutex_t install_lock = PTHREAD_MUTEX_INITIALIZER;

static void
on_sigbus(int number, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	const ucontext_t *interrupted = context;

	/* Only tells of a page that went; who touches it gets another signal. */
	if (info->si_code == BUS_MCEERR_AO)
		return;
	if (info->si_code > 0 && at >= guard.start && at < guard.end) {
		pthread_sigmask(SIG_SETMASK, &interrupted->uc_sigmask, NULL);
		siglongjmp(guard.back, 1);
	}
	/* A fault happens again as soon as this returns; what somebody has sent does not. */
	sigaction(SIGBUS, &before, NULL);
	if (info->si_code <= 0)
		raise(number);
}

bool
blk_guard_install(void)
{
	struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };
	struct sigaction now;
	bool installed;

	sigemptyset(&action.sa_mask);
	pthread_mutex_lock(&install_lock);
	installed = sigaction(SIGBUS, NULL, &now) == 0;
	if (installed && now.sa_sigaction != on_sigbus) {
		before = now;
		installed = sigaction(SIGBUS, &action, NULL) == 0;
	}
	pthread_mutex_unlock(&install_lock);
	return installed;
}

/*
 * Initiators may write where others read or write at that moment, and get what they get; that is no
 * data race of ours, so TSan does not look.
 */
#ifdef __SANITIZE_THREAD__
#define HAVE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAVE_TSAN 1
#endif
#endif

#ifdef HAVE_TSAN
__attribute__((no_sanitize("thread"), noinline)) static void
copy_bytes(void *to, const void *from, size_t len)
{
	volatile uint8_t *t = to;
	const volatile uint8_t *f = from;

	for (size_t i = 0; i < len; i++)
		t[i] = f[i];
}
#else
static inline void
copy_bytes(void *to, const void *from, size_t len)
{
	memcpy(to, from, len);
}
#endif

/* Not inlined, so that no variable of its caller changes between sigsetjmp and siglongjmp. */
__attribute__((noinline)) static void
copy(uint8_t *at, const struct blk_io *io)
{
	for (unsigned i = 0; i < io->iov_count; i++) {
		const struct iovec *v = &io->iov[i];

		if (io->op == BLK_READ)
			copy_bytes(v->iov_base, at, v->iov_len);
		else
			copy_bytes(at, v->iov_base, v->iov_len);
		at += v->iov_len;
	}
}

/* Threads block all signals when they begin; a fault that is blocked ends the process at once. */
static void
open_thread(void)
{
	sigset_t bus;

	sigemptyset(&bus);
	sigaddset(&bus, SIGBUS);
	guard.open = pthread_sigmask(SIG_UNBLOCK, &bus, NULL) == 0;
}

bool
blk_guard_copy(uint8_t *at, const struct blk_io *io, size_t page_bytes)
{
	uintptr_t first = (uintptr_t)at, last = first + (size_t)io->len_bytes;
	bool whole;

	if (__builtin_expect(!guard.open, false))
		open_thread();
	guard.start = first / page_bytes * page_bytes;
	guard.end = (last + page_bytes - 1) / page_bytes * page_bytes;
	atomic_signal_fence(memory_order_seq_cst);
	if (sigsetjmp(guard.back, 0) == 0) {
		copy(at, io);
		whole = true;
	} else {
		whole = false;
	}
	atomic_signal_fence(memory_order_seq_cst);
	guard.end = 0;
	guard.start = 0;
	return whole;
}
