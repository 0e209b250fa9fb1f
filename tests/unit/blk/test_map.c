/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of files in memory that are mapped: which operations need no system call, that holes stay
 * holes, and what happens when the file is cut, its file system is full or a mapping cannot be had.
 */
#include "blk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "blk/blk_int.h"

#define SIZE       (8u * TEST_MIB)
#define PAGE       4096u
#define SMALL_SIZE (4u * TEST_MIB) /* of the small file system */

static char small_dir[64]; /* a tmpfs of SMALL_SIZE; "" = there is none */

/* ---- Counting system calls ---- */

static atomic_uint calls;

ssize_t
preadv(int fd, const struct iovec *iov, int count, off_t offset)
{
	atomic_fetch_add(&calls, 1);
	return syscall(SYS_preadv, fd, iov, count, offset, 0);
}

ssize_t
pwritev(int fd, const struct iovec *iov, int count, off_t offset)
{
	atomic_fetch_add(&calls, 1);
	return syscall(SYS_pwritev, fd, iov, count, offset, 0);
}

ssize_t
pwritev2(int fd, const struct iovec *iov, int count, off_t offset, int flags)
{
	atomic_fetch_add(&calls, 1);
	return syscall(SYS_pwritev2, fd, iov, count, offset, 0, flags);
}

/* ---- Helpers ---- */

static struct blk_dev *
new_device(const char *dir, uint64_t size_bytes, bool thick)
{
	return blk_test_file(dir, "f", size_bytes, thick);
}

/* Another device for the same file, as after a restart. */
static struct blk_dev *
same_file(const char *dir, uint64_t size_bytes)
{
	struct blk_file_options options = { 0 };
	struct blk_dev *dev = NULL;

	assert_int_equal(blk_file_new(blk_test_path(dir, "f"), "f", size_bytes, &options, &dev), 0);
	return dev;
}

static void
write_bytes(struct blk_dev *dev, uint64_t offset_bytes, uint8_t value, size_t len)
{
	AUTO_FREE uint8_t *buf = mem_alloc(len);

	memset(buf, value, len);
	assert_int_equal(blk_rw(dev, BLK_WRITE, offset_bytes, buf, len), 0);
}

static void
assert_reads(struct blk_dev *dev, uint64_t offset_bytes, uint8_t value, size_t len)
{
	AUTO_FREE uint8_t *buf = mem_alloc(len);

	memset(buf, ~value, len);
	assert_int_equal(blk_rw(dev, BLK_READ, offset_bytes, buf, len), 0);
	assert_true(blk_test_all(buf, len, value));
}

static uint64_t
space_of(const char *dir)
{
	struct stat st;

	assert_int_equal(stat(blk_test_path(dir, "f"), &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

static void
unmap(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes)
{
	struct blk_io io = { .op = BLK_UNMAP,
			     .offset_bytes = offset_bytes,
			     .len_bytes = len_bytes };

	blk_submit(dev, NULL, &io);
	assert_int_equal(io.result, 0);
}

static void
end(struct blk_dev *dev)
{
	blk_dev_unref(dev);
	assert_int_equal(blk_map_count(), 0);
}

static int
setup(void **state)
{
	int rc = blk_test_setup(state);
	struct blk_test *t = *state;

	return rc == 0 && t->memory_dir[0] == '\0' ? -1 : rc;
}

/* ---- Tests ---- */

static void
test_what_has_its_space_needs_no_call(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = new_device(t->memory_dir, SIZE, false);
	static uint8_t bytes[3 * PAGE];
	struct iovec iov[3] = { { bytes, 100 }, { bytes + 100, 5000 }, { bytes + 5100, 412 } };
	struct blk_io io = { .op = BLK_WRITE,
			     .offset_bytes = TEST_MIB + 512,
			     .len_bytes = 5512,
			     .iov = iov,
			     .iov_count = 3 };

	write_bytes(dev, TEST_MIB, 1, TEST_MIB);
	assert_int_equal(blk_map_count(), 1);
	calls = 0;
	assert_reads(dev, TEST_MIB, 1, TEST_MIB);
	write_bytes(dev, TEST_MIB, 2, TEST_MIB);
	memset(bytes, 3, sizeof(bytes));
	blk_submit(dev, NULL, &io);
	assert_int_equal(io.result, 0);
	memset(bytes, 0, sizeof(bytes));
	io.op = BLK_READ;
	blk_submit(dev, NULL, &io);
	assert_int_equal(io.result, 0);
	assert_true(blk_test_all(bytes, 5512, 3));
	assert_reads(dev, TEST_MIB, 2, 512);
	assert_reads(dev, TEST_MIB + 512 + 5512, 2, TEST_MIB - 512 - 5512);
	assert_int_equal(calls, 0);
	assert_int_equal(blk_flush(dev), 0);
	end(dev);
	/* what others see is the file */
	uint8_t byte = 0;
	int fd = open(blk_test_path(t->memory_dir, "f"), O_RDONLY | O_CLOEXEC);

	assert_int_equal(pread(fd, &byte, 1, TEST_MIB + 512), 1);
	assert_int_equal(byte, 3);
	close(fd);
}

/* A copy into the mapping would end wherever SIGKILL meets it. */
static void
test_whole_blocks_are_written_by_the_kernel(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = new_device(t->memory_dir, SIZE, false);
	static uint8_t bytes[PAGE];
	struct iovec iov = { bytes, sizeof(bytes) };
	struct blk_io io = { .op = BLK_WRITE,
			     .flags = BLK_WHOLE,
			     .offset_bytes = TEST_MIB,
			     .len_bytes = sizeof(bytes),
			     .iov = &iov,
			     .iov_count = 1 };

	write_bytes(dev, TEST_MIB, 1, PAGE);
	memset(bytes, 2, sizeof(bytes));
	calls = 0;
	blk_submit(dev, NULL, &io);
	assert_int_equal(io.result, 0);
	assert_int_equal(calls, 1);
	assert_reads(dev, TEST_MIB, 2, PAGE);
	assert_int_equal(calls, 1);
	end(dev);
}

static void
test_holes_that_are_read_stay_holes(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = new_device(t->memory_dir, SIZE, false);

	write_bytes(dev, 3 * PAGE, 1, PAGE);
	for (int i = 0; i < 2; i++) {
		assert_reads(dev, 4 * PAGE, 0, SIZE - 4 * PAGE);
		for (uint64_t at = 0; at < SIZE; at += 16 * PAGE)
			assert_reads(dev, at, 0, PAGE);
		assert_int_equal(space_of(t->memory_dir), PAGE);
	}
	assert_reads(dev, 3 * PAGE, 1, PAGE);
	end(dev);
}

static void
test_a_new_device_finds_out_what_has_its_space(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = new_device(t->memory_dir, SIZE, false);

	write_bytes(dev, 0, 1, TEST_MIB);
	write_bytes(dev, SIZE - 2 * PAGE, 2, PAGE);
	end(dev);
	dev = same_file(t->memory_dir, SIZE);
	calls = 0;
	assert_reads(dev, 0, 1, TEST_MIB);
	write_bytes(dev, PAGE, 3, PAGE);
	assert_reads(dev, SIZE - 2 * PAGE, 2, PAGE);
	assert_int_equal(calls, 0);
	assert_reads(dev, SIZE - PAGE, 0, PAGE);
	assert_int_equal(calls, 1);
	assert_int_equal(space_of(t->memory_dir), TEST_MIB + PAGE);
	end(dev);
}

static void
test_unmapped_space_is_given_back_and_reads_as_zeros(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = new_device(t->memory_dir, SIZE, false);

	write_bytes(dev, 0, 1, SIZE);
	assert_reads(dev, 0, 1, SIZE);
	unmap(dev, TEST_MIB, 2 * TEST_MIB);
	assert_int_equal(space_of(t->memory_dir), SIZE - 2 * TEST_MIB);
	assert_reads(dev, TEST_MIB, 0, 2 * TEST_MIB);
	assert_int_equal(space_of(t->memory_dir), SIZE - 2 * TEST_MIB);
	write_bytes(dev, TEST_MIB, 2, PAGE);
	assert_int_equal(space_of(t->memory_dir), SIZE - 2 * TEST_MIB + PAGE);
	assert_reads(dev, TEST_MIB, 2, PAGE);
	assert_reads(dev, TEST_MIB + PAGE, 0, PAGE);
	assert_reads(dev, 3 * TEST_MIB, 1, PAGE);
	end(dev);
}

/*
 * The file is cut while its length counts as known, so that the operation meets the end; then it
 * comes back.
 */
static void
test_a_cut_file_fails_the_device(void **state)
{
	static const enum blk_op ops[] = { BLK_READ, BLK_WRITE };
	struct blk_test *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		struct blk_dev *dev = new_device(t->memory_dir, SIZE, false);
		const char *path = blk_test_path(t->memory_dir, "f");
		struct blk_queue *queue = NULL;
		struct blk_test_listener l;
		struct stat st;
		static uint8_t buf[2 * PAGE] = { 1 };

		assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_AUTO, t->workers, &queue), 0);
		write_bytes(dev, 0, 1, SIZE);
		blk_test_listen(&l, dev);
		assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, 0, buf, PAGE), 0);
		assert_int_equal(truncate(path, TEST_MIB + PAGE), 0);
		calls = 0;
		assert_int_equal(blk_test_rw(t, dev, queue, ops[i], 0, TEST_MIB, buf, PAGE), 0);
		assert_int_equal(blk_test_rw(t, dev, queue, ops[i], 0, TEST_MIB, buf, 2 * PAGE),
				 ERR_FAILED);
		assert_int_equal(calls, 0);
		assert_int_equal(l.sticky, 1);
		assert_int_equal(l.single, 0);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, TEST_MIB + PAGE);
		assert_int_equal(truncate(path, SIZE), 0);
		assert_int_equal(blk_reopen(dev), 0);
		assert_reads(dev, 2 * TEST_MIB, 0, PAGE);
		assert_reads(dev, PAGE, 1, PAGE);
		blk_queue_free(queue);
		end(dev);
		assert_int_equal(blk_file_remove(path), 0);
	}
}

struct cutter {
	struct blk_dev *dev;
	struct workers *workers;
	atomic_bool ends;
	atomic_uint failures;
};

/*
 * Through a queue, and in a loop that never goes round, so that time stands still and the length of
 * the file counts as known for ever.
 */
static void *
read_and_write(void *arg)
{
	struct cutter *c = arg;
	AUTO_FREE uint8_t *buf = mem_calloc(1, 16 * PAGE);
	struct iovec iov = { buf, 16 * PAGE };
	struct blk_queue *queue = NULL;
	struct loop *loop = NULL;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL); /* as threads of the data path do */
	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(blk_queue_new(loop, BLK_QUEUE_AUTO, c->workers, &queue), 0);
	for (unsigned i = 0; !atomic_load(&c->ends); i++) {
		struct blk_io io = { .op = i % 2 == 0 ? BLK_READ : BLK_WRITE,
				     .offset_bytes = i * 37 % (SIZE / PAGE - 16) * PAGE,
				     .len_bytes = 16 * PAGE,
				     .iov = &iov,
				     .iov_count = 1 };

		assert_int_equal(blk_submit(c->dev, queue, &io), BLK_DONE);
		if (io.result == ERR_FAILED)
			atomic_fetch_add(&c->failures, 1);
		else if (io.result != 0 && io.result != ERR_OFFLINE)
			fail_msg("%d at %llu", io.result, (unsigned long long)io.offset_bytes);
		if (io.result != 0)
			sched_yield();
	}
	blk_queue_free(queue);
	loop_free(loop);
	return NULL;
}

static void
test_a_file_may_be_cut_at_any_moment(void **state)
{
	struct blk_test *t = *state;
	struct cutter c = { .dev = new_device(t->memory_dir, SIZE, false), .workers = t->workers };
	const char *path = blk_test_path(t->memory_dir, "f");
	pthread_t threads[2];

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_and_write, &c), 0);
	for (int i = 0; i < 30; i++) {
		unsigned before;

		write_bytes(c.dev, 0, 1, SIZE); /* now everything has its space */
		before = atomic_load(&c.failures);
		/* again and again: a write by a system call that comes late makes the file long */
		do {
			assert_int_equal(truncate(path, i % 3 * PAGE), 0);
			sched_yield();
		} while (atomic_load(&c.failures) == before);
		assert_int_equal(truncate(path, SIZE), 0);
		while (blk_reopen(c.dev) == ERR_BUSY)
			sched_yield();
	}
	atomic_store(&c.ends, true);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	end(c.dev);
}

static bool
has_small(void)
{
	if (small_dir[0] == '\0')
		print_message("# skipped: nobody may mount here\n");
	return small_dir[0] != '\0';
}

/* Takes what the small file system has left. */
static void
fill(void)
{
	static uint8_t zeros[PAGE];
	int fd = open(blk_test_path(small_dir, "fill"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void
test_a_full_file_system_has_no_space(void **state)
{
	struct blk_dev *dev;
	struct blk_test_listener l;
	static uint8_t buf[PAGE] = { 9 };

	(void)state;
	if (!has_small())
		return;
	dev = new_device(small_dir, 4 * SMALL_SIZE, false);
	blk_test_listen(&l, dev);
	write_bytes(dev, 0, 1, TEST_MIB);
	fill();
	assert_int_equal(blk_rw(dev, BLK_WRITE, 2 * TEST_MIB, buf, PAGE), -ENOSPC);
	assert_int_equal(l.single, 1);
	/* what has its space can be written to, holes can be read */
	write_bytes(dev, 0, 2, TEST_MIB);
	assert_reads(dev, 2 * TEST_MIB, 0, 2 * TEST_MIB);
	assert_reads(dev, 0, 2, TEST_MIB);
	assert_int_equal(blk_failed(dev, NULL, 0), 0);
	end(dev);
	assert_int_equal(unlink(blk_test_path(small_dir, "fill")), 0);
	assert_int_equal(unlink(blk_test_path(small_dir, "f")), 0);
}

/* Another program makes a hole of what has its space, and takes the space. */
static void
test_a_hole_without_a_page_to_fill_it_is_no_crash(void **state)
{
	struct blk_dev *dev;
	static uint8_t buf[PAGE] = { 9 };
	int fd;

	(void)state;
	if (!has_small())
		return;
	dev = new_device(small_dir, 4 * SMALL_SIZE, false);
	write_bytes(dev, 0, 1, TEST_MIB);
	assert_reads(dev, 0, 1, TEST_MIB);
	fd = open(blk_test_path(small_dir, "f"), O_RDWR | O_CLOEXEC);
	assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, TEST_MIB), 0);
	close(fd);
	fill();
	assert_reads(dev, 0, 0, PAGE);
	assert_int_equal(blk_rw(dev, BLK_WRITE, PAGE, buf, PAGE), -ENOSPC);
	assert_int_equal(blk_failed(dev, NULL, 0), 0);
	assert_int_equal(unlink(blk_test_path(small_dir, "fill")), 0);
	write_bytes(dev, PAGE, 3, PAGE);
	assert_reads(dev, PAGE, 3, PAGE);
	end(dev);
	assert_int_equal(unlink(blk_test_path(small_dir, "f")), 0);
}

static void
test_a_device_grows_and_shrinks_with_its_mapping(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = new_device(t->memory_dir, SIZE, false);
	const uint64_t large = 200ull * TEST_MIB;

	write_bytes(dev, 0, 1, SIZE);
	assert_int_equal(blk_resize(dev, large), 0);
	assert_int_equal(blk_map_count(), 2);
	assert_reads(dev, 0, 1, SIZE);
	write_bytes(dev, large - TEST_MIB, 2, TEST_MIB);
	calls = 0;
	write_bytes(dev, large - TEST_MIB, 3, TEST_MIB);
	assert_reads(dev, large - TEST_MIB, 3, TEST_MIB);
	assert_int_equal(calls, 0);
	assert_int_equal(blk_resize(dev, TEST_MIB), 0);
	assert_reads(dev, 0, 1, TEST_MIB);
	assert_int_equal(blk_resize(dev, large), 0);
	assert_reads(dev, TEST_MIB, 0, TEST_MIB);
	assert_reads(dev, large - TEST_MIB, 0, TEST_MIB);
	assert_int_equal(space_of(t->memory_dir), TEST_MIB);
	end(dev);
}

static void
test_a_refused_mapping_changes_nothing(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = new_device(t->memory_dir, SIZE, false);

	blk_file_set_map(false);
	write_bytes(dev, 0, 1, TEST_MIB);
	blk_file_set_map(true);
	assert_int_equal(blk_map_count(), 0);
	calls = 0;
	assert_reads(dev, 0, 1, TEST_MIB);
	assert_int_equal(calls, 1);
	assert_true(blk_on_the_spot(dev));
	end(dev);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static void
test_without_addresses_there_is_no_mapping(void **state)
{
#ifdef SANITIZED
	(void)state; /* sanitizers need more addresses than there are then */
	print_message("# skipped: not with sanitizers\n");
#else
	struct blk_test *t = *state;
	struct blk_dev *dev = new_device(t->memory_dir, 1ull << 40, false);
	struct rlimit before, little;

	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	little = (struct rlimit){ 1ull << 39, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
	write_bytes(dev, TEST_MIB, 1, PAGE);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(blk_map_count(), 0);
	assert_reads(dev, TEST_MIB, 1, PAGE);
	end(dev);
#endif
}

static unsigned long
page_tables_kib(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[128];
	unsigned long kib = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "VmPTE:", 6) == 0)
			kib = strtoul(line + 6, NULL, 10);
	fclose(file);
	return kib;
}

static void
test_a_large_sparse_file_costs_nothing(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = new_device(t->memory_dir, 1ull << 40, false);
	unsigned long before = page_tables_kib();

	for (uint64_t at = 0; at < 1ull << 40; at += 1ull << 36)
		assert_reads(dev, at, 0, PAGE);
#ifndef SANITIZED /* TSan has no room for such a mapping */
	assert_int_equal(blk_map_count(), 1);
	assert_in_range(page_tables_kib() - before, 0, 256);
#endif
	(void)before;
	assert_int_equal(space_of(t->memory_dir), 0);
	end(dev);
}

/* ---- SIGBUS for other reasons ---- */

static void
fault_outside(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	volatile uint8_t *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	if (ftruncate(fd, 0) == 0)
		(void)*at;
}

static void
signal_from_outside(const char *path)
{
	(void)path;
	raise(SIGBUS);
}

/* A page is lost that nobody touches. */
static void
page_is_lost(const char *path)
{
	siginfo_t info = { .si_signo = SIGBUS, .si_code = BUS_MCEERR_AO };

	(void)path;
	for (int i = 0; i < 2;
	     i++) /* had the first one put the default back, the second would kill */
		if (syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGBUS, &info) < 0)
			_exit(2);
}

/* Returns whether a child process comes out of `call` alive. */
static bool
survives(const char *path, void (*call)(const char *path))
{
	struct rlimit none = { 0, 0 };
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		close(2); /* of sanitizers' reports */
		/* cmocka's handler would end the test and go on with the next one */
		signal(SIGBUS, SIG_DFL);
		if (!blk_guard_install())
			_exit(3);
		call(path);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
test_other_bus_errors_still_kill(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = new_device(t->memory_dir, SIZE, false);

	write_bytes(dev, 0, 1, PAGE);
	assert_reads(dev, 0, 1, PAGE);
	assert_false(survives(blk_test_path(t->memory_dir, "f"), fault_outside));
	assert_false(survives("", signal_from_outside));
	assert_true(survives("", page_is_lost));
	end(dev);
}

/* ---- The small file system ---- */

static bool
write_proc(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

static bool
enter_namespace(void)
{
	char map[32];
	uid_t uid = getuid();

	if (uid == 0 && unshare(CLONE_NEWNS) == 0)
		return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return false;
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)uid);
	return write_proc("/proc/self/uid_map", map);
}

/* Before there are threads.  Where nobody may mount, there is none. */
static void
mount_small(void)
{
	char options[32];
	const char *parent = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";

	snprintf(small_dir, sizeof(small_dir), "%s/blk-map-XXXXXX", parent);
	snprintf(options, sizeof(options), "size=%u", SMALL_SIZE);
	if (mkdtemp(small_dir) != NULL && enter_namespace() &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("tmpfs", small_dir, "tmpfs", 0, options) == 0)
		return;
	rmdir(small_dir);
	small_dir[0] = '\0';
}

#define MAP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, blk_test_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		MAP_TEST(test_what_has_its_space_needs_no_call),
		MAP_TEST(test_whole_blocks_are_written_by_the_kernel),
		MAP_TEST(test_holes_that_are_read_stay_holes),
		MAP_TEST(test_a_new_device_finds_out_what_has_its_space),
		MAP_TEST(test_unmapped_space_is_given_back_and_reads_as_zeros),
		MAP_TEST(test_a_cut_file_fails_the_device),
		MAP_TEST(test_a_file_may_be_cut_at_any_moment),
		MAP_TEST(test_a_full_file_system_has_no_space),
		MAP_TEST(test_a_hole_without_a_page_to_fill_it_is_no_crash),
		MAP_TEST(test_a_device_grows_and_shrinks_with_its_mapping),
		MAP_TEST(test_a_refused_mapping_changes_nothing),
		MAP_TEST(test_without_addresses_there_is_no_mapping),
		MAP_TEST(test_a_large_sparse_file_costs_nothing),
		MAP_TEST(test_other_bus_errors_still_kill),
	};
	/* clang-format on */
	int failed;

	if (!blk_test_has_memory() || sizeof(void *) < 8)
		return 77;
	mount_small();
	failed = cmocka_run_group_tests_name("blk mapped files", tests, NULL, NULL);
	if (small_dir[0] != '\0') {
		umount(small_dir);
		rmdir(small_dir);
	}
	return failed;
}
