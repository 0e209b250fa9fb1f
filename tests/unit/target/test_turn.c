/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of who is served when a connection asks for much at once.  target/turn.c.  The test is
 * linked so that the reads of the data path come here (--wrap).
 */
#include "raw.h"
#include "target_test.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include "base/bytes.h"
#include "blk/blk.h"

#define LARGE_BYTES (256u * 1024)
#define LARGE_READS 48u /* 12 MiB */
#define SMALL_BYTES 4096u
#define MOST_BEFORE 8u /* 2 MiB: what a connection may start in a round */

enum blk_submitted __real_blk_submit(struct blk_dev *dev, struct blk_queue *queue,
				     struct blk_io *io);
enum blk_submitted __wrap_blk_submit(struct blk_dev *dev, struct blk_queue *queue,
				     struct blk_io *io);

/* Written by the test before it arms this, then by the thread of the data path. */
static struct {
	atomic_bool armed;
	struct raw *reader;
	int reader_end; /* the target's end of the reader's connection */
	atomic_uint large, large_before_small;
} watch;

/* Sends what the reader has prepared, and waits until the target's socket has it. */
static void
send_small(void)
{
	struct pollfd fd = { .fd = watch.reader_end, .events = POLLIN };

	raw_flush(watch.reader);
	assert_int_equal(poll(&fd, 1, 10000), 1);
}

/* When the first large read begins, the reader asks for its block. */
enum blk_submitted
__wrap_blk_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	if (io->op == BLK_READ && io->len_bytes == LARGE_BYTES) {
		if (atomic_exchange(&watch.armed, false))
			send_small();
		atomic_fetch_add(&watch.large, 1);
	} else if (io->op == BLK_READ && io->len_bytes == SMALL_BYTES) {
		atomic_store(&watch.large_before_small, atomic_load(&watch.large));
	}
	return __real_blk_submit(dev, queue, io);
}

static int
other_end(const struct raw *raw)
{
	struct sockaddr_in mine, peer;
	socklen_t len = sizeof(mine);

	assert_int_equal(getsockname(raw->fd, (struct sockaddr *)&mine, &len), 0);
	for (int fd = 0; fd < 256; fd++) {
		len = sizeof(peer);
		if (fd != raw->fd && getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
		    len == sizeof(peer) && peer.sin_family == AF_INET &&
		    peer.sin_port == mine.sin_port)
			return fd;
	}
	fail_msg("the connection has no other end");
	return -1;
}

static uint32_t
ask(struct raw *raw, uint32_t bytes)
{
	uint8_t cdb[10] = { 0x28 };

	put_be16(cdb + 7, (uint16_t)(bytes / 512));
	return raw_command(raw, 0, RAW_SIMPLE, cdb, sizeof(cdb), 0, bytes);
}

static void
take_data(struct raw *raw, uint32_t bytes)
{
	static struct raw_pdu pdu;

	for (uint32_t got = 0; got < bytes; got += pdu.data_len)
		raw_expect(raw, &pdu, RAW_DATA_IN, 0);
}

static void
test_a_reader_does_not_wait_for_all_that_another_has_asked_for(void **state)
{
	struct env *env = *state;
	static struct raw stream, other, reader;
	struct raw *all[] = { &stream, &other, &reader };

	/* The threads get sessions by turns, so the first and the third share one. */
	for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
		raw_login(all[i], env->port, HOST_1, NAME_A, i + 1, true);
		raw_ready(all[i], 0);
	}
	watch.reader = &reader;
	watch.reader_end = other_end(&reader);
	ask(&reader, SMALL_BYTES);
	for (unsigned i = 0; i < LARGE_READS; i++)
		ask(&stream, LARGE_BYTES);
	atomic_store(&watch.armed, true);
	raw_flush(&stream);
	take_data(&stream, LARGE_READS * LARGE_BYTES);
	take_data(&reader, SMALL_BYTES);
	/* each read comes by once for each layer of the device */
	unsigned layers = atomic_load(&watch.large) / LARGE_READS;

	assert_in_range(atomic_load(&watch.large_before_small), 1, MOST_BEFORE * layers);
	for (unsigned i = 0; i < ARRAY_LEN(all); i++)
		raw_close(all[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_a_reader_does_not_wait_for_all_that_another_has_asked_for),
	};

	return cmocka_run_group_tests_name("target turn", tests, NULL, NULL);
}
