/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The io_uring kind of queue.  A hook at the end of each round of the loop submits all operations
 * that were gathered in the round, and completions wake the loop through an eventfd.  Uses
 * DEFER_TASKRUN where the kernel has it: completions then run only when this thread asks for them,
 * and never interrupt it.  Everything runs on the queue's thread.
 *
 * The loop cannot wait for the ring's own descriptor: with DEFER_TASKRUN an epoll_wait on that
 * descriptor is not always woken (Linux 6.18: never by an fsync that io-wq completes).
 */
#include "blk/blk_int.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/falloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

#define SQ_ENTRIES      256u
#define CQ_ENTRIES      4096u
/*
 * Limits the kernel threads of the ring, which do the operations that would block.  By default
 * there are at most four for each core: the commands of one LUN whose store hangs would occupy all
 * of them, and those of other LUNs would wait.  The kernel starts a thread only when there is work
 * for it.  A kernel that does not know the call keeps its default.
 */
#define KERNEL_WORKERS  256
/*
 * How many operations of one file the kernel may have at a time.  An operation that hangs keeps a
 * thread of the kernel, so a file whose store hangs can keep a quarter of them; what else it is
 * asked for waits here.
 */
#define FILE_KERNEL_MAX (KERNEL_WORKERS / 4)
#define WORK_AT_A_TIME  8u    /* pieces of work that the kernel does at least when it is asked to */
#define FILES           1024u /* places for files, by descriptor; two in one place share a limit */

struct ring_file {
	unsigned running;                       /* operations that the kernel has */
	struct blk_io *waiting, **waiting_tail; /* for others of the file to end */
};

struct blk_ring {
	struct io_uring uring;
	struct blk_queue *queue;
	struct loop_fd lfd; /* the eventfd */
	struct loop_hook hook;
	struct blk_io *waiting, **waiting_tail; /* for room in the submission queue */
	unsigned unsubmitted;
	unsigned running; /* operations that the kernel has, of all files */
	struct ring_file files[FILES];
};

static int
ring_open(struct io_uring *uring)
{
	static const unsigned attempts[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
		IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
		0,
	};
	int r = -ENOSYS;

	for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
		struct io_uring_params params = { .flags = attempts[i] | IORING_SETUP_CQSIZE,
						  .cq_entries = CQ_ENTRIES };

		r = io_uring_queue_init_params(SQ_ENTRIES, uring, &params);
		if (r != -EINVAL)
			return r;
	}
	return r;
}

static void
prepare_move(struct io_uring_sqe *sqe, struct blk_io *io)
{
	unsigned count;
	const struct iovec *iov = blk_io_rest(io, &count);
	uint64_t at = io->base_bytes + io->offset_bytes + io->moved_bytes;

	if (io->op == BLK_READ)
		io_uring_prep_readv(sqe, io->fd, iov, count, at);
	else
		io_uring_prep_writev2(sqe, io->fd, iov, count, at,
				      (io->flags & BLK_FUA) != 0 ? RWF_DSYNC : 0);
}

static bool
ring_can(struct blk_io *io)
{
	switch (io->op) {
	case BLK_READ:
	case BLK_WRITE: /* a worker does what needs another buffer */
		return io->direct == NULL || blk_direct_fits(io);
	case BLK_FLUSH:
		return true;
	case BLK_UNMAP:
		return !io->keep_space;
	case BLK_WRITE_ZEROES: /* has fallbacks, which workers know */
	case BLK_MAP:
	case BLK_OPS_:
		break;
	}
	return false;
}

static void
prepare(struct io_uring_sqe *sqe, struct blk_io *io)
{
	if (io->op == BLK_FLUSH)
		io_uring_prep_fsync(sqe, io->fd, IORING_FSYNC_DATASYNC);
	else if (io->op == BLK_UNMAP)
		io_uring_prep_fallocate(sqe, io->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					(off_t)(io->base_bytes + io->offset_bytes),
					(off_t)io->len_bytes);
	else
		prepare_move(sqe, io);
	io_uring_sqe_set_data(sqe, io);
}

static void
ring_start(struct blk_ring *ring, struct blk_io *io)
{
	struct io_uring_sqe *sqe = ring->waiting == NULL ? io_uring_get_sqe(&ring->uring) : NULL;

	if (sqe == NULL) {
		io->next = NULL;
		*ring->waiting_tail = io;
		ring->waiting_tail = &io->next;
		return;
	}
	prepare(sqe, io);
	ring->unsubmitted++;
	loop_kick(ring->queue->loop); /* we may be outside of a round */
}

static struct ring_file *
file_of(struct blk_ring *ring, int fd)
{
	return &ring->files[(unsigned)fd % FILES];
}

unsigned
blk_ring_running(const struct blk_queue *queue, int fd)
{
	return file_of(queue->ring, fd)->running;
}

static void
ring_submit(struct blk_queue *queue, struct blk_io *io)
{
	struct ring_file *file = file_of(queue->ring, io->fd);

	if (!ring_can(io)) {
		blk_queue_submit_worker(queue, io);
	} else if (file->running < FILE_KERNEL_MAX) {
		file->running++;
		queue->ring->running++;
		ring_start(queue->ring, io);
	} else {
		io->next = NULL;
		*file->waiting_tail = io;
		file->waiting_tail = &io->next;
	}
}

/* The kernel has ended the operation, and the next one of its file takes its place. */
static void
ring_leave(struct blk_ring *ring, const struct blk_io *io)
{
	struct ring_file *file = file_of(ring, io->fd);
	struct blk_io *next = file->waiting;

	if (next == NULL) {
		file->running--;
		ring->running--;
	} else {
		file->waiting = next->next;
		if (next->next == NULL)
			file->waiting_tail = &file->waiting;
		ring_start(ring, next);
	}
}

static void
ring_done(struct blk_ring *ring, struct blk_io *io, int result)
{
	ring_leave(ring, io);
	blk_queue_done(ring->queue, io, result);
}

/* A worker does the rest: it is not aligned, or the file system refuses what is. */
static void
ring_hand_over(struct blk_ring *ring, struct blk_io *io)
{
	ring_leave(ring, io);
	blk_queue_submit_worker(ring->queue, io);
}

/* Handles the result of one operation from the kernel. */
static void
ring_completed(struct blk_ring *ring, struct blk_io *io, int result)
{
	bool moves = io->op == BLK_READ || io->op == BLK_WRITE;

	if (result == -EAGAIN || result == -EINTR) {
		ring_start(ring, io);
		return;
	}
	if (moves && io->direct != NULL && result == -EINVAL) {
		ring_hand_over(ring, io);
		return;
	}
	if (io->op == BLK_UNMAP && (result == -EOPNOTSUPP || result == -EINVAL))
		result = 0; /* advice only */
	if (result < 0 || !moves) {
		ring_done(ring, io, result);
		return;
	}
	io->moved_bytes += (uint64_t)result;
	if (io->moved_bytes >= io->len_bytes)
		ring_done(ring, io, 0);
	else if (result == 0) /* the file is shorter than the device */
		ring_done(ring, io, -EIO);
	else if (!ring_can(io))
		ring_hand_over(ring, io);
	else
		ring_start(ring, io);
}

/* Returns how many completions there were. */
static unsigned
reap(struct blk_ring *ring)
{
	struct io_uring_cqe *cqe;
	unsigned count = 0;

	while (io_uring_peek_cqe(&ring->uring, &cqe) == 0) {
		struct blk_io *io = io_uring_cqe_get_data(cqe);
		int result = cqe->res;

		io_uring_cqe_seen(&ring->uring, cqe);
		ring_completed(ring, io, result);
		count++;
	}
	return count;
}

/*
 * Returns whether the kernel says that it has work of this ring left that only this thread can do.
 */
static bool
has_task_work(const struct blk_ring *ring)
{
	return (IO_URING_READ_ONCE(*ring->uring.sq.kflags) & IORING_SQ_TASKRUN) != 0;
}

/*
 * Takes completions until there are none: the eventfd is signalled only for the first of several,
 * and the kernel does a few pieces of work (20) at a time.  A piece need not end in a completion:
 * an operation that was woken in vain waits again.  So the kernel's word that work is left counts,
 * but not for ever.  It stays set when the work was done between the kernel's taking the work and
 * its setting the word; then nothing clears it until there is other work.  What was there at the
 * beginning is at most one piece for each operation that runs, and new work signals the eventfd.
 */
static void
ring_ready(struct loop_fd *lfd, uint32_t revents)
{
	struct blk_ring *ring = container_of(lfd, struct blk_ring, lfd);
	unsigned left = ring->running / WORK_AT_A_TIME + 1;
	uint64_t count;
	ssize_t ignored = read(lfd->fd, &count, sizeof(count));

	(void)revents;
	(void)ignored;
	do
		io_uring_get_events(&ring->uring);
	while (reap(ring) > 0 || (has_task_work(ring) && left-- > 0));
}

void
blk_ring_disturb(struct blk_queue *queue)
{
	struct blk_ring *ring = queue->ring;
	uint64_t one = 1;
	ssize_t ignored;

	IO_URING_WRITE_ONCE(*ring->uring.sq.kflags,
			    IO_URING_READ_ONCE(*ring->uring.sq.kflags) | IORING_SQ_TASKRUN);
	ignored = write(ring->lfd.fd, &one, sizeof(one));
	(void)ignored;
}

static void
restart_waiting(struct blk_ring *ring)
{
	struct blk_io *io = ring->waiting;

	ring->waiting = NULL;
	ring->waiting_tail = &ring->waiting;
	while (io != NULL) {
		struct blk_io *next = io->next;

		ring_start(ring, io);
		io = next;
	}
}

static bool
ring_hook(struct loop_hook *hook)
{
	struct blk_ring *ring = container_of(hook, struct blk_ring, hook);

	if (ring->unsubmitted == 0)
		return false;
	int r = io_uring_submit_and_get_events(&ring->uring);

	if (r > 0)
		ring->unsubmitted -= MIN(ring->unsubmitted, (unsigned)r);
	restart_waiting(ring);
	reap(ring);
	return ring->unsubmitted > 0;
}

static void
ring_fini(struct blk_queue *queue)
{
	loop_hook_del(queue->loop, &queue->ring->hook);
	loop_fd_del(queue->loop, &queue->ring->lfd);
	io_uring_queue_exit(&queue->ring->uring);
	close(queue->ring->lfd.fd);
	mem_free(queue->ring);
}

/* Returns an eventfd that the ring signals, or -errno. */
static int
ring_signal(struct io_uring *uring)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int r = fd < 0 ? -errno : io_uring_register_eventfd(uring, fd);

	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

static int
ring_watch(struct blk_ring *ring, struct loop *loop)
{
	int fd = ring_signal(&ring->uring);

	if (fd < 0)
		return fd;
	ring->lfd = (struct loop_fd){ .fd = fd, .events = EPOLLIN, .ready = ring_ready };
	int r = loop_fd_add(loop, &ring->lfd);

	if (r < 0)
		close(fd);
	return r;
}

static int
ring_init(struct blk_queue *queue)
{
	struct blk_ring *ring = mem_calloc(1, sizeof(*ring));
	int r = ring == NULL ? -ENOMEM : ring_open(&ring->uring);

	if (r < 0) {
		mem_free(ring);
		return r;
	}
	(void)io_uring_register_iowq_max_workers(&ring->uring, (unsigned[]){ KERNEL_WORKERS, 0 });
	ring->queue = queue;
	ring->waiting_tail = &ring->waiting;
	for (unsigned i = 0; i < FILES; i++)
		ring->files[i].waiting_tail = &ring->files[i].waiting;
	ring->hook.run = ring_hook;
	r = ring_watch(ring, queue->loop);
	if (r < 0) {
		io_uring_queue_exit(&ring->uring);
		mem_free(ring);
		return r;
	}
	loop_hook_add(queue->loop, &ring->hook);
	queue->ring = ring;
	return 0;
}

const struct blk_queue_ops blk_ring_ops = {
	.init = ring_init,
	.fini = ring_fini,
	.submit = ring_submit,
};

/* ---- Does it work here? ---- */

/* An operation that ends while an epoll sleeps must wake it. */
static int
probe_wakeup(struct io_uring *uring, int signal_fd, int epoll_fd)
{
	struct __kernel_timespec soon = { .tv_nsec = 2000000 };
	struct epoll_event event = { .events = EPOLLIN };
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring);

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, signal_fd, &event) < 0)
		return -errno;
	io_uring_prep_timeout(sqe, &soon, 0, 0);
	int r = io_uring_submit(uring);

	if (r < 0)
		return r;
	/* The signal may come a moment before the completion can be seen. */
	for (unsigned tries = 0; tries < 100; tries++) {
		uint64_t count;

		r = epoll_wait(epoll_fd, &event, 1, 1000);
		if (r == 0)
			return -ETIME;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0 && read(signal_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
			return -errno;
		io_uring_get_events(uring);
		r = io_uring_peek_cqe(uring, &cqe);
		if (r != -EAGAIN)
			break;
	}
	return r < 0 ? r : cqe->res == -ETIME ? 0 : -EIO;
}

static int
probe_ops(struct io_uring *uring)
{
	static const int needed[] = { IORING_OP_READV, IORING_OP_WRITEV, IORING_OP_FSYNC,
				      IORING_OP_FALLOCATE };
	struct io_uring_probe *probe = io_uring_get_probe_ring(uring);
	int r = probe == NULL ? -ENOSYS : 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(needed); i++)
		if (!io_uring_opcode_supported(probe, needed[i]))
			r = -EOPNOTSUPP;
	io_uring_free_probe(probe);
	return r;
}

static int
probe_signal(struct io_uring *uring)
{
	int signal_fd = ring_signal(uring);

	if (signal_fd < 0)
		return signal_fd;
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	int r = epoll_fd < 0 ? -errno : probe_wakeup(uring, signal_fd, epoll_fd);

	if (epoll_fd >= 0)
		close(epoll_fd);
	close(signal_fd);
	return r;
}

int
blk_ring_probe(const char **ret_why)
{
	struct io_uring uring;
	int r = ring_open(&uring);

	*ret_why = "io_uring_setup";
	if (r < 0)
		return r;
	*ret_why = "io_uring operations";
	r = probe_ops(&uring);
	if (r == 0) {
		*ret_why = "io_uring wake-up";
		r = probe_signal(&uring);
	}
	io_uring_queue_exit(&uring);
	return r;
}
