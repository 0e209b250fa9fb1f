/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of two gateways: two data paths in this process, with the same rows, each at a portal of its
 * own.  LUN 0 is the first one's, LUN 1 the second one's, so each test looks at a LUN from both sides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <ftw.h>
#include <pthread.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fake_array.h"
#include "initiator.h"
#include "raw.h"
#include "target/target_int.h"

#define NAME      "iqn.2026-11.test:shared"
#define HOST_1    "iqn.2026-11.test:host1"
#define HOST_2    "iqn.2026-11.test:host2"
#define LUN_BYTES (8u << 20)
#define LUNS      2u

struct gateway {
	struct array *array;
	struct target *target;
	struct guid id, portal_id, group;
	uint16_t port, inside;
	char portal[32], address[32];
};

struct gateways {
	struct gateway list[2];
	struct guid target_id, luns[LUNS];
	struct blk_dev *devices[LUNS];
	char dir[64]; /* for fault files: lun0.write, lun1.write … */
};

/* ---- Environment ---- */

static void
commit(struct gateways *g)
{
	for (unsigned i = 0; i < 2; i++)
		fake_commit(g->list[i].array);
}

static void
set_owner(struct gateways *g, unsigned lun, unsigned owner, uint64_t epoch)
{
	for (unsigned i = 0; i < 2; i++)
		fake_owner(g->list[i].array, &g->luns[lun], &g->list[owner].id, epoch);
}

/* The rows of both, in one array. */
static void
add_rows(struct gateways *g, struct array *array)
{
	fake_gateways_secret(array, "the secret of the gateways");
	fake_target(array, &g->target_id, NAME);
	for (unsigned i = 0; i < 2; i++) {
		struct gateway *gw = &g->list[i];

		fake_gateway(array, &gw->id, gw->address, "an instance");
		fake_portal(array, &gw->portal_id, "127.0.0.1", gw->port);
		fake_group(array, &gw->group, &g->target_id, 1 + i);
		fake_group_portal(array, &gw->group, &gw->portal_id);
	}
	for (unsigned i = 0; i < LUNS; i++) {
		fake_device(array, &g->luns[i], blk_dev_ref(g->devices[i]));
		fake_lun(array, &g->luns[i], LUN_BYTES, 512, "*", STATUS_ONLINE);
		fake_associate(array, &g->luns[i], &g->target_id, i);
		fake_owner(array, &g->luns[i], &g->list[i].id, 1);
	}
}

static int
set_up_with(void **state, const struct target_options *options)
{
	struct gateways *g = mem_calloc(1, sizeof(*g));

	assert_non_null(g);
	g->target_id = fake_id(1);
	snprintf(g->dir, sizeof(g->dir), "%s/forward-test-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(g->dir));
	for (unsigned i = 0; i < LUNS; i++) {
		struct blk_dev *mem = NULL;
		char name[8];

		snprintf(name, sizeof(name), "lun%u", i);
		g->luns[i] = fake_id(100 + i);
		assert_int_equal(blk_mem_new(name, LUN_BYTES, 2 * LUN_BYTES, &mem), 0);
		assert_int_equal(blk_fault_new(mem, g->dir, &g->devices[i]), 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct gateway *gw = &g->list[i];

		gw->id = fake_id(900 + i);
		gw->portal_id = fake_id(10 + i);
		gw->group = fake_id(20 + i);
		gw->array = fake_array_new();
		fake_own(gw->array, &gw->id);
		assert_int_equal(target_new(options, gw->array, &gw->target), 0);
		const struct array_runtime_ops *ops = fake_ops(gw->array);
		void *runtime = fake_runtime(gw->array);

		assert_int_equal(ops->pick_port(runtime, "127.0.0.1", &gw->port), 0);
		do
			assert_int_equal(ops->pick_port(runtime, "127.0.0.1", &gw->inside), 0);
		while (gw->inside == gw->port);
		snprintf(gw->portal, sizeof(gw->portal), "127.0.0.1:%u", gw->port);
		snprintf(gw->address, sizeof(gw->address), "127.0.0.1:%u", gw->inside);
	}
	for (unsigned i = 0; i < 2; i++)
		add_rows(g, g->list[i].array);
	commit(g);
	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; k < 2; k++)
			fake_portal_of(g->list[i].array, &g->list[k].portal_id, &g->list[k].id);
	commit(g);
	*state = g;
	return 0;
}

static int
set_up(void **state)
{
	struct target_options options;

	target_options_default(&options);
	options.threads = 2;
	return set_up_with(state, &options);
}

/* Commands wait for an owner for 300 ms. */
static int
set_up_impatient(void **state)
{
	struct target_options options;

	target_options_default(&options);
	options.threads = 1;
	options.forward_wait_ms = 300;
	return set_up_with(state, &options);
}

static void
stop(struct gateway *gw)
{
	target_free(gw->target, 10000);
	gw->target = NULL;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
inject(struct gateways *g, const char *file, const char *what)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", g->dir, file);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, what, strlen(what)), (ssize_t)strlen(what));
	close(fd);
}

static void
lift(struct gateways *g, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", g->dir, file);
	assert_int_equal(unlink(path), 0);
}

static int
tear_down(void **state)
{
	struct gateways *g = *state;

	nftw(g->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* lifts every fault */
	for (unsigned i = 0; i < 2; i++) {
		stop(&g->list[i]);
		fake_array_free(g->list[i].array);
	}
	for (unsigned i = 0; i < LUNS; i++)
		blk_dev_unref(g->devices[i]);
	mem_free(g);
	return 0;
}

/* Logs in and takes the unit attention of each LUN. */
static struct iscsi_context *
log_in(struct gateways *g, unsigned gateway, const char *host, unsigned isid)
{
	struct iscsi_context *iscsi = initiator_login(g->list[gateway].portal, host, NAME, isid,
						      NULL);

	assert_non_null(iscsi);
	for (int lun = 0; lun < (int)LUNS; lun++) {
		assert_int_equal(host_test_unit_ready(iscsi, lun), UA_POWER_ON);
		assert_int_equal(host_test_unit_ready(iscsi, lun), 0);
	}
	return iscsi;
}

static void
fill(uint8_t *bytes, size_t len, uint8_t seed)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(seed + i * 13 + (i >> 9));
}

/* ---- Commands ---- */

/* What is written through one gateway is read through the other, for LUNs of both. */
static void
test_both_gateways_show_the_same(void **state)
{
	static const uint32_t lens[] = { 512, 4096, 65536, 1 << 20, 3 << 20 };
	struct gateways *g = *state;
	struct iscsi_context *hosts[2] = { log_in(g, 0, HOST_1, 1), log_in(g, 1, HOST_2, 2) };
	uint8_t *out = malloc(3 << 20), *in = malloc(3 << 20);

	for (unsigned i = 0; i < 2 * LUNS * 5; i++) {
		unsigned writer = i & 1, lun = i >> 1 & 1;
		uint32_t len = lens[i / 4];

		fill(out, len, (uint8_t)i);
		assert_int_equal(host_write(hosts[writer], (int)lun, 16, out, len), 0);
		memset(in, 0, len);
		assert_int_equal(host_read(hosts[!writer], (int)lun, 16, in, len), 0);
		assert_memory_equal(in, out, len);
	}
	free(out);
	free(in);
	host_logout(hosts[0]);
	host_logout(hosts[1]);
}

/* Answers other than GOOD, residuals, and what INQUIRY says are those of the owner. */
static void
test_answers_are_those_of_the_owner(void **state)
{
	struct gateways *g = *state;
	static const uint8_t inquiry[16] = { 0x12, 0, 0, 0, 96 }, none[16] = { 0xff };
	static const uint8_t capacity[16] = { 0x9e, 0x10, [13] = 32 };
	uint8_t direct[255], forwarded[255];

	for (unsigned lun = 0; lun < LUNS; lun++) {
		int lens[2][2];
		uint32_t missing[2];

		for (unsigned i = 0; i < 2; i++) {
			struct iscsi_context *host = log_in(g, i, HOST_1, 1 + i);
			uint8_t *to = i == lun ? direct : forwarded;

			memset(to, 0, sizeof(direct));
			assert_int_equal(
				host_command(host, (int)lun, none, 16, NULL, 0, NULL, 0, NULL),
				SENSE(5, 0x2000));
			assert_int_equal(host_command(host, (int)lun, inquiry, 6, NULL, 0, to, 200,
						      &lens[i][0]),
					 0);
			assert_int_equal(host_command(host, (int)lun, capacity, 16, NULL, 0,
						      to + 100, 100, &lens[i][1]),
					 0);
			assert_int_equal(host_read(host, (int)lun, LUN_BYTES / 512, to, 512),
					 SENSE(5, 0x2100));
			missing[i] = host_read_missing(host, (int)lun, 0, 1024);
			host_logout(host);
		}
		assert_int_equal(lens[0][0], lens[1][0]);
		assert_int_equal(lens[0][1], lens[1][1]);
		assert_int_equal(missing[0], missing[1]);
		assert_memory_equal(direct, forwarded, sizeof(direct));
	}
}

static void
test_report_luns_and_unknown_units_are_local(void **state)
{
	struct gateways *g = *state;
	struct iscsi_context *host = log_in(g, 0, HOST_1, 1);
	uint16_t luns[4];

	assert_int_equal(host_report_luns(host, luns, 4), 2);
	assert_int_equal(host_test_unit_ready(host, 7), NO_SUCH_UNIT);
	host_logout(host);
}

/* The sessions of the other gateway are not shown as sessions of initiators. */
static void
test_sessions_of_gateways_are_not_listed(void **state)
{
	struct gateways *g = *state;
	struct iscsi_context *host = log_in(g, 0, HOST_1, 1);

	assert_true(fake_wait_sessions(g->list[0].array, 1));
	assert_int_equal(fake_sessions(g->list[1].array), 0);
	host_logout(host);
	assert_true(fake_wait_sessions(g->list[0].array, 0));
}

/* ---- Who may use the inner listener ---- */

static void
test_initiators_may_not_log_in_at_the_inner_listener(void **state)
{
	struct gateways *g = *state;
	struct initiator_options options = { 0 };

	assert_null(initiator_login(g->list[0].address, HOST_1, NAME, 1, NULL));
	assert_int_equal(host_login_status(), 0x0202);
	assert_false(initiator_may_discover(g->list[0].address, HOST_1, &options));
}

/* ---- Reservations, resets ---- */

static int
reserve_out(struct iscsi_context *host, int lun, uint8_t action, uint8_t type, uint64_t key,
	    uint64_t new_key)
{
	uint8_t cdb[16] = { 0x5f, action, type, [8] = 24 }, list[24] = { 0 };

	for (unsigned i = 0; i < 8; i++) {
		list[i] = (uint8_t)(key >> 8 * (7 - i));
		list[8 + i] = (uint8_t)(new_key >> 8 * (7 - i));
	}
	return host_command(host, lun, cdb, 10, list, sizeof(list), NULL, 0, NULL);
}

/* fence_scsi: register, reserve (5: Write Exclusive - Registrants Only), preempt and abort. */
static void
test_fencing_through_both_gateways(void **state)
{
	struct gateways *g = *state;
	uint8_t block[512] = { 1 };

	for (int lun = 0; lun < (int)LUNS; lun++) {
		struct iscsi_context *a = log_in(g, 0, HOST_1, 1), *b = log_in(g, 1, HOST_2, 2);
		struct iscsi_context *c = log_in(g, 0, HOST_2, 3);

		assert_int_equal(reserve_out(a, lun, 0x06, 0, 0, 0xa), 0);
		assert_int_equal(reserve_out(b, lun, 0x06, 0, 0, 0xb), 0);
		assert_int_equal(reserve_out(a, lun, 0x01, 5, 0xa, 0), 0);
		assert_int_equal(host_write(a, lun, 0, block, 512), 0);
		assert_int_equal(host_write(b, lun, 0, block, 512), 0);
		assert_int_equal(host_write(c, lun, 0, block, 512), 0x18);
		assert_int_equal(reserve_out(b, lun, 0x05, 5, 0xb, 0xa), 0);
		assert_int_equal(host_write(a, lun, 0, block, 512), SENSE(6, 0x2a05));
		assert_int_equal(host_write(a, lun, 0, block, 512), 0x18);
		assert_int_equal(host_write(b, lun, 0, block, 512), 0);
		assert_int_equal(reserve_out(b, lun, 0x03, 0, 0xb, 0), 0);
		host_logout(a);
		host_logout(b);
		host_logout(c);
	}
}

static void
test_reset_through_the_other_gateway(void **state)
{
	struct gateways *g = *state;
	struct iscsi_context *a = log_in(g, 0, HOST_1, 1), *b = log_in(g, 1, HOST_2, 2);

	for (int lun = 0; lun < (int)LUNS; lun++) {
		assert_int_equal(host_tmf(a, lun, 5, NULL), 0);
		assert_int_equal(host_test_unit_ready(a, lun), UA_RESET);
		assert_int_equal(host_test_unit_ready(b, lun), UA_RESET);
		assert_int_equal(host_test_unit_ready(a, lun), 0);
		assert_int_equal(host_test_unit_ready(b, lun), 0);
	}
	assert_int_equal(host_tmf(b, 0, 6, NULL), 0); /* TARGET WARM RESET */
	for (int lun = 0; lun < (int)LUNS; lun++) {
		assert_int_equal(host_test_unit_ready(a, lun), UA_RESET);
		assert_int_equal(host_test_unit_ready(b, lun), UA_RESET);
	}
	host_logout(a);
	host_logout(b);
}

/* ---- ALUA ---- */

static uint8_t
reported_state(struct iscsi_context *host, int lun, unsigned group)
{
	static const uint8_t cdb[16] = { 0xa3, 0x0a, [9] = 255 };
	uint8_t list[255] = { 0 };
	int len;

	assert_int_equal(host_command(host, lun, cdb, 12, NULL, 0, list, sizeof(list), &len), 0);
	for (int at = 4; at + 8 <= len; at += 8 + 4 * list[at + 7])
		if (list[at + 3] == group)
			return list[at] & 0x0f;
	return 0xff;
}

/* Of each LUN the paths through its owner are optimized, whoever is asked. */
static void
test_only_paths_through_the_owner_are_optimized(void **state)
{
	struct gateways *g = *state;

	for (unsigned i = 0; i < 2; i++) {
		struct iscsi_context *host = log_in(g, i, HOST_1, 1 + i);

		for (unsigned lun = 0; lun < LUNS; lun++)
			for (unsigned group = 1; group <= 2; group++)
				assert_int_equal(reported_state(host, (int)lun, group),
						 lun + 1 == group ? 0 : 1);
		host_logout(host);
	}
}

/* ---- Another owner ---- */

static void
quiesce(struct gateways *g, unsigned gateway, unsigned lun, void **ret_drain)
{
	struct array *array = g->list[gateway].array;
	struct array_mapping mapping = { .lun_id = g->luns[lun] };

	assert_int_equal(
		fake_ops(array)->quiesce(fake_runtime(array), &mapping, 1, 5000, ret_drain), 0);
}

/* A planned move: commands wait at the old owner, and go to the new one. */
static void
test_a_move_loses_no_command(void **state)
{
	struct gateways *g = *state;
	struct iscsi_context *hosts[2] = { log_in(g, 0, HOST_1, 1), log_in(g, 1, HOST_2, 2) };
	uint8_t out[512], in[512];

	for (unsigned round = 0; round < 4; round++) {
		unsigned from = round & 1, to = !from;
		struct pending waits[2];
		void *drain;

		quiesce(g, from, 0, &drain);
		for (unsigned i = 0; i < 2; i++) {
			host_start_write(&waits[i], hosts[i], 0, 8 * (i + 1),
					 (uint8_t)(16 * round + i));
			assert_false(host_wait(&waits[i], 20));
		}
		set_owner(g, 0, to, 2 + round);
		fake_commit(g->list[from].array);
		fake_commit(g->list[to].array);
		fake_ops(g->list[from].array)->resume(fake_runtime(g->list[from].array), drain);
		/* each nexus is told of it once: the write was not carried out */
		for (unsigned i = 0; i < 2; i++) {
			assert_true(host_wait(&waits[i], 10000));
			assert_int_equal(waits[i].status, UA_ACCESS);
			host_forget(&waits[i]);
		}
		for (unsigned i = 0; i < 2; i++) {
			memset(out, (int)(16 * round + i), sizeof(out));
			assert_int_equal(host_write(hosts[i], 0, 8 * (i + 1), out, 512), 0);
			assert_int_equal(host_read(hosts[!i], 0, 8 * (i + 1), in, 512), 0);
			assert_memory_equal(in, out, 512);
		}
	}
	host_logout(hosts[0]);
	host_logout(hosts[1]);
}

#define MOVES 40u

struct mover {
	struct gateways *g;
	pthread_t thread;
	atomic_bool done;
	bool failed;
};

static void *
move_often(void *arg)
{
	struct mover *m = arg;
	struct array_mapping mapping = { .lun_id = m->g->luns[0] };

	for (unsigned i = 0; i < MOVES && !m->failed; i++) {
		struct array *from = m->g->list[i & 1].array;
		void *drain = NULL;

		m->failed = fake_ops(from)->quiesce(fake_runtime(from), &mapping, 1, 10000,
						    &drain) != 0;
		if (m->failed)
			break;
		set_owner(m->g, 0, !(i & 1), 2 + i);
		fake_commit(from);
		fake_commit(m->g->list[!(i & 1)].array);
		fake_ops(from)->resume(fake_runtime(from), drain);
	}
	atomic_store(&m->done, true);
	return NULL;
}

/* A nexus is told of each move once. */
static void
write_and_read(struct iscsi_context *host, uint64_t lba, uint8_t seed)
{
	uint8_t out[512], in[512];
	unsigned told = 0;
	int rc;

	fill(out, sizeof(out), seed);
	while ((rc = host_write(host, 0, lba, out, 512)) == UA_ACCESS)
		assert_true(++told <= MOVES);
	assert_int_equal(rc, 0);
	while ((rc = host_read(host, 0, lba, in, 512)) == UA_ACCESS)
		assert_true(++told <= MOVES);
	assert_int_equal(rc, 0);
	assert_memory_equal(in, out, 512);
}

/* Through both gateways, while the LUN moves to and fro. */
static void
test_moves_under_verified_load(void **state)
{
	struct gateways *g = *state;
	struct iscsi_context *hosts[2] = { log_in(g, 0, HOST_1, 1), log_in(g, 1, HOST_2, 2) };
	struct mover mover = { .g = g };

	assert_int_equal(pthread_create(&mover.thread, NULL, move_often, &mover), 0);
	for (unsigned i = 0; !atomic_load(&mover.done); i++)
		write_and_read(hosts[i & 1], 8 * (i & 1), (uint8_t)i);
	pthread_join(mover.thread, NULL);
	assert_false(mover.failed);
	host_logout(hosts[0]);
	host_logout(hosts[1]);
}

/* Nobody owns it: commands wait, and are answered BUSY in the end. */
static void
test_without_an_owner_commands_are_busy(void **state)
{
	struct gateways *g = *state;
	struct iscsi_context *host = log_in(g, 0, HOST_1, 1);
	struct guid nobody = fake_id(999);
	uint8_t in[512];

	fake_owner(g->list[0].array, &g->luns[1], &nobody, 2);
	fake_commit(g->list[0].array);
	assert_int_equal(host_read(host, 1, 0, in, 512), 0x08);
	assert_int_equal(host_read(host, 0, 0, in, 512), 0);
	fake_owner(g->list[0].array, &g->luns[1], &g->list[1].id, 3);
	fake_commit(g->list[0].array);
	assert_int_equal(host_read(host, 1, 0, in, 512), 0);
	host_logout(host);
}

/*
 * A gateway that was stopped, and replaced, wakes with its connections to owners: they have ended,
 * and it may not come back before it runs anew.
 */
static void
test_a_gateway_that_was_replaced_is_cut_off(void **state)
{
	struct gateways *g = *state;
	struct iscsi_context *host = log_in(g, 0, HOST_1, 1);
	uint8_t in[512];

	assert_int_equal(host_read(host, 1, 0, in, 512), 0);
	fake_gateway(g->list[1].array, &g->list[0].id, g->list[0].address, "");
	fake_commit(g->list[1].array);
	assert_int_equal(host_read(host, 1, 0, in, 512), 0x08);
	fake_gateway(g->list[1].array, &g->list[0].id, g->list[0].address, "another instance");
	fake_commit(g->list[1].array);
	/* it must not take itself for what has replaced it */
	assert_int_equal(host_read(host, 1, 0, in, 512), 0x08);
	fake_gateway(g->list[0].array, &g->list[0].id, g->list[0].address, "another instance");
	fake_commit(g->list[0].array);
	assert_int_equal(host_read(host, 1, 0, in, 512), UA_NEXUS_LOSS);
	assert_int_equal(host_read(host, 1, 0, in, 512), UA_ACCESS); /* a new nexus there */
	assert_int_equal(host_read(host, 1, 0, in, 512), 0);
	host_logout(host);
}

/* The owner dies under load: what may be repeated goes on at the one that takes over. */
static void
test_the_owner_dies(void **state)
{
	struct gateways *g = *state;
	struct iscsi_context *host = log_in(g, 0, HOST_1, 1);
	uint8_t out[512], in[512];
	struct pending waits;

	fill(out, sizeof(out), 7);
	assert_int_equal(host_write(host, 1, 0, out, 512), 0);
	stop(&g->list[1]);
	host_start_write(&waits, host, 1, 8, 0x55);
	assert_false(host_wait(&waits, 50));
	assert_true(fake_suspected(g->list[0].array) > 0);
	fake_gateway(g->list[0].array, &g->list[1].id, g->list[1].address, "");
	fake_owner(g->list[0].array, &g->luns[1], &g->list[0].id, 2);
	fake_commit(g->list[0].array);
	assert_true(host_wait(&waits, 10000));
	assert_int_equal(waits.status, UA_NEXUS_LOSS);
	host_forget(&waits);
	assert_int_equal(host_test_unit_ready(host, 1), UA_ACCESS);
	assert_int_equal(host_read(host, 1, 0, in, 512), 0);
	assert_memory_equal(in, out, 512);
	host_logout(host);
}

static const uint8_t write_0[10] = { 0x2a, [8] = 1 }, read_8[10] = { 0x28, [5] = 8, [8] = 1 };

/* A write that the owner's store holds is aborted there, and nothing of it comes after the answer. */
static void
test_abort_of_a_command_that_the_owner_has(void **state)
{
	struct gateways *g = *state;
	static uint8_t block[512] = { 0xaa };
	static struct raw_pdu pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	raw_login(&raw, g->list[0].port, HOST_1, NAME, 1, true);
	raw_ready(&raw, 1);
	inject(g, "lun1.write", "hold");
	raw_command_data(&raw, 1, RAW_SIMPLE, write_0, sizeof(write_0), block, 512);
	uint32_t read = raw_command(&raw, 1, RAW_SIMPLE, read_8, sizeof(read_8), 0, 512);

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_DATA_IN, read);      /* others go on */
	uint32_t tmf = raw_tmf(&raw, 1, 2, 0xffffffff); /* ABORT TASK SET */

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_TMF_RESPONSE, tmf);
	assert_int_equal(pdu.bhs[2], 0);
	/* the store still holds it: its unit keeps its medium from others until it is back */
	raw_command_data(&raw, 1, RAW_SIMPLE, write_0, sizeof(write_0), block, 512);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, 0);
	assert_int_equal(raw_status(&pdu), 0x08);
	lift(g, "lun1.write");
	raw_ready(&raw, 1);
	raw_close(&raw);
}

/* Sessions that end while the owner works for them leave nothing behind, and come again. */
static void
test_sessions_that_end_with_commands_at_the_owner(void **state)
{
	struct gateways *g = *state;
	static uint8_t block[512] = { 0xbb };
	static struct raw raw;

	for (unsigned round = 0; round < 3; round++) {
		inject(g, "lun1.write", "hold");
		memset(&raw, 0, sizeof(raw));
		lift(g, "lun1.write");
		raw_login(&raw, g->list[0].port, HOST_1, NAME, 1, true);
		raw_ready(&raw, 1);
		inject(g, "lun1.write", "hold");
		for (unsigned i = 0; i < 20; i++)
			raw_command_data(&raw, 1, RAW_SIMPLE, write_0, sizeof(write_0), block, 512);
		raw_flush(&raw);
		raw_close(&raw);
		assert_true(fake_wait_sessions(g->list[0].array, 0));
		lift(g, "lun1.write");
	}
	struct iscsi_context *host = log_in(g, 0, HOST_1, 1);

	host_logout(host);
}

/* What may not be repeated ends when another gateway has taken the LUN over, not before. */
static void
test_a_command_that_may_not_be_repeated(void **state)
{
	struct gateways *g = *state;
	struct iscsi_context *host = log_in(g, 0, HOST_1, 1);
	struct pending waits;

	inject(g, "lun1.write", "hold");
	host_start_compare_and_write(&waits, host, 1, 0, 0, 0x77);
	assert_false(host_wait(&waits, 50));
	target_log_out(g->list[1].target, 100); /* its sessions end */
	assert_false(host_wait(&waits, 200));
	lift(g, "lun1.write");
	stop(&g->list[1]);
	fake_gateway(g->list[0].array, &g->list[1].id, g->list[1].address, "");
	fake_owner(g->list[0].array, &g->luns[1], &g->list[0].id, 2);
	fake_commit(g->list[0].array);
	assert_true(host_wait(&waits, 10000));
	assert_int_equal(waits.status, SENSE(0x0b, 0));
	host_forget(&waits);
	host_logout(host);
}

/* ORDERED commands stay behind what came before them, and before what comes after them. */
static void
test_order_is_that_of_arrival(void **state)
{
	struct gateways *g = *state;
	static uint8_t blocks[3][512] = { { 1 }, { 2 }, { 3 } };
	static struct raw_pdu r2t, pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	raw_login(&raw, g->list[0].port, HOST_1, NAME, 1, true);
	raw_ready(&raw, 1);
	/* the data of the first comes last */
	uint32_t first = raw_command(&raw, 1, RAW_SIMPLE, write_0, sizeof(write_0), 512, 0);

	raw_flush(&raw);
	raw_expect(&raw, &r2t, RAW_R2T, first);
	uint32_t second = raw_command_data(&raw, 1, RAW_ORDERED, write_0, sizeof(write_0),
					   blocks[1], 512);
	uint32_t third = raw_command_data(&raw, 1, RAW_SIMPLE, write_0, sizeof(write_0), blocks[2],
					  512);

	raw_flush(&raw);
	assert_false(raw_receive(&raw, &pdu, 50));
	raw_data_out(&raw, 1, &r2t, blocks[0]);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, first);
	raw_expect(&raw, &pdu, RAW_RESPONSE, second);
	raw_expect(&raw, &pdu, RAW_RESPONSE, third);
	raw_close(&raw);
	struct iscsi_context *host = log_in(g, 1, HOST_2, 2);
	uint8_t in[512];

	assert_int_equal(host_read(host, 1, 0, in, 512), 0);
	assert_memory_equal(in, blocks[2], 512);
	host_logout(host);
}

/* What came behind an ORDERED command that waits for an owner goes on when that does, or is given up. */
static void
test_behind_an_ordered_command_that_waits(void **state)
{
	struct gateways *g = *state;
	static const uint8_t ready[6] = { 0 };
	struct guid nobody = fake_id(999);
	static struct raw_pdu pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	raw_login(&raw, g->list[0].port, HOST_1, NAME, 1, true);
	raw_ready(&raw, 1);
	for (unsigned i = 0; i < 2; i++) {
		fake_owner(g->list[0].array, &g->luns[1], &nobody, 2 + 2 * i);
		fake_commit(g->list[0].array);
		uint32_t first = raw_command(&raw, 1, RAW_ORDERED, ready, sizeof(ready), 0, 0);
		uint32_t second = raw_command(&raw, 1, RAW_SIMPLE, ready, sizeof(ready), 0, 0);

		raw_flush(&raw);
		assert_false(raw_receive(&raw, &pdu, 50));
		if (i == 0) {
			fake_owner(g->list[0].array, &g->luns[1], &g->list[1].id, 3);
			fake_commit(g->list[0].array);
		}
		raw_expect(&raw, &pdu, RAW_RESPONSE, first);
		raw_expect(&raw, &pdu, RAW_RESPONSE, second);
	}
	raw_close(&raw);
}

/* Without its lease a gateway starts nothing and answers nothing, and goes on when it has it again. */
static void
test_without_its_lease_a_gateway_is_silent(void **state)
{
	struct gateways *g = *state;
	struct iscsi_context *hosts[2] = { log_in(g, 0, HOST_1, 1), log_in(g, 1, HOST_2, 2) };
	struct pending waits[2];
	uint8_t in[512];

	fake_lease(g->list[0].array, false);
	host_start_write(&waits[0], hosts[0], 0, 0, 0x11);
	host_start_write(&waits[1], hosts[1], 0, 8, 0x22); /* through the other one */
	assert_false(host_wait(&waits[0], 60));
	assert_false(host_wait(&waits[1], 60));
	fake_lease(g->list[0].array, true);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(host_wait(&waits[i], 10000));
		assert_int_equal(waits[i].status, 0);
		host_forget(&waits[i]);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(host_read(hosts[!i], 0, 8 * i, in, 512), 0);
		assert_int_equal(in[0], 0x11 * (i + 1));
	}
	host_logout(hosts[0]);
	host_logout(hosts[1]);
}

/* ---- What an owner may still do ---- */

/* A command that waits here for an owner is not sent while this gateway has no lease. */
static void
test_without_its_lease_a_gateway_sends_nothing_on(void **state)
{
	struct gateways *g = *state;
	struct iscsi_context *hosts[2] = { log_in(g, 0, HOST_1, 1), log_in(g, 1, HOST_2, 2) };
	struct guid nobody = fake_id(999);
	uint8_t block[512] = { 0x22 }, in[512];
	struct pending waits;

	fake_owner(g->list[0].array, &g->luns[1], &nobody, 2);
	fake_commit(g->list[0].array);
	host_start_write(&waits, hosts[0], 1, 8, 0x11);
	assert_false(host_wait(&waits, 50));
	fake_lease(g->list[0].array, false);
	fake_owner(g->list[0].array, &g->luns[1], &g->list[1].id, 3);
	fake_commit(g->list[0].array);
	assert_false(host_wait(&waits, 100));
	/* it has come by the other way meanwhile, and more after it */
	assert_int_equal(host_read(hosts[1], 1, 8, in, 512), 0);
	assert_int_equal(in[0], 0);
	assert_int_equal(host_write(hosts[1], 1, 16, block, 512), 0);
	fake_lease(g->list[0].array, true);
	assert_true(host_wait(&waits, 10000));
	assert_int_equal(waits.status, 0);
	host_forget(&waits);
	host_logout(hosts[0]);
	host_logout(hosts[1]);
}

static void
put_cscd(struct gateways *g, uint8_t *p, const struct guid *lun)
{
	struct scsi_identity id;

	target_unit_identity(&id, state_find(fake_state(g->list[0].array), ROW_LUN, lun));
	p[0] = 0xe4;
	p[4] = 0x01;
	p[5] = 0x03;
	p[7] = 8;
	memcpy(p + 8, id.naa, 8);
	p[30] = 512 >> 8;
}

/* EXTENDED COPY does not make a unit of a LUN that another gateway owns. */
static void
test_a_copy_opens_no_lun_of_others(void **state)
{
	struct gateways *g = *state;
	uint8_t list[16 + 64 + 28] = { 0, 0x18, [3] = 64, [11] = 28 }, *segment = list + 80;
	const uint8_t cdb[16] = { 0x83, [13] = sizeof(list) };
	static struct raw_pdu pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	raw_login(&raw, g->list[0].port, HOST_1, NAME, 1, true);
	raw_ready(&raw, 0);
	put_cscd(g, list + 16, &g->luns[0]);
	put_cscd(g, list + 48, &g->luns[1]);
	segment[0] = 0x02;
	segment[3] = 24;
	segment[7] = 1;
	segment[11] = 8;
	raw_command_data(&raw, 0, RAW_SIMPLE, cdb, sizeof(cdb), list, sizeof(list));
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, 0);
	assert_int_not_equal(raw_status(&pdu), 0);
	raw_close(&raw);
}

/* ABORT TASK of a write whose connection to the owner broke waits until that one can do nothing. */
static void
test_abort_waits_for_what_the_owner_may_do(void **state)
{
	struct gateways *g = *state;
	static uint8_t block[512] = { 0xaa };
	static struct raw_pdu pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	raw_login(&raw, g->list[0].port, HOST_1, NAME, 1, true);
	raw_ready(&raw, 1);
	inject(g, "lun1.write", "hold");
	raw_command_data(&raw, 1, RAW_SIMPLE, write_0, sizeof(write_0), block, 512);
	uint32_t read = raw_command(&raw, 1, RAW_SIMPLE, read_8, sizeof(read_8), 0, 512);

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_DATA_IN, read); /* the owner has both */
	target_log_out(g->list[1].target, 100);
	while (fake_suspected(g->list[0].array) == 0)
		assert_false(raw_receive(&raw, &pdu, 20));
	uint32_t tmf = raw_tmf(&raw, 1, 2, 0xffffffff); /* ABORT TASK SET */

	raw_flush(&raw);
	assert_false(raw_receive(&raw, &pdu, 200));
	lift(g, "lun1.write");
	stop(&g->list[1]);
	fake_gateway(g->list[0].array, &g->list[1].id, g->list[1].address, "");
	fake_owner(g->list[0].array, &g->luns[1], &g->list[0].id, 2);
	fake_commit(g->list[0].array);
	raw_expect(&raw, &pdu, RAW_TMF_RESPONSE, tmf);
	assert_int_equal(pdu.bhs[2], 0);
	raw_close(&raw);
}

/* When that remains unknown, nothing is answered: the session ends. */
static void
end_unanswered(struct gateways *g, const uint8_t *cdb, size_t cdb_len, uint32_t len)
{
	static uint8_t blocks[1024] = { 0 };
	static struct raw_pdu pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	raw_login(&raw, g->list[0].port, HOST_1, NAME, 1, true);
	raw_ready(&raw, 1);
	inject(g, "lun1.write", "hold");
	raw_command_data(&raw, 1, RAW_SIMPLE, cdb, cdb_len, blocks, len);
	uint32_t read = raw_command(&raw, 1, RAW_SIMPLE, read_8, sizeof(read_8), 0, 512);

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_DATA_IN, read);
	target_log_out(g->list[1].target, 100);
	assert_false(raw_receive(&raw, &pdu, 10000)); /* its end */
	assert_true(fake_wait_sessions(g->list[0].array, 0));
	raw_close(&raw);
	lift(g, "lun1.write");
}

static void
test_what_remains_unknown_is_not_answered(void **state)
{
	static const uint8_t compare[16] = { 0x89, [13] = 1 };

	end_unanswered(*state, compare, sizeof(compare), 1024);
}

static void
test_a_write_that_remains_unknown_is_not_answered(void **state)
{
	end_unanswered(*state, write_0, sizeof(write_0), 512);
}

/* A session lasts, for whoever logs in anew, until the owner has answered the aborts of its tasks. */
static void
test_the_end_of_a_session_waits_for_the_owner(void **state)
{
	struct gateways *g = *state;
	static uint8_t block[512] = { 0xbb };
	static struct raw raw;
	static struct raw_pdu pdu;

	memset(&raw, 0, sizeof(raw));
	raw_login(&raw, g->list[0].port, HOST_1, NAME, 1, true);
	raw_ready(&raw, 1);
	inject(g, "lun1.write", "hold");
	raw_command_data(&raw, 1, RAW_SIMPLE, write_0, sizeof(write_0), block, 512);
	raw_flush(&raw);
	assert_false(raw_receive(&raw, &pdu, 50));
	fake_lease(g->list[1].array, false); /* it answers nothing */
	raw_close(&raw);
	for (unsigned i = 0; i < 10; i++) { /* others are served meanwhile */
		struct iscsi_context *host = initiator_login(g->list[0].portal, HOST_2, NAME, 2,
							     NULL);

		assert_int_equal(host_test_unit_ready(host, 0), UA_POWER_ON);
		host_logout(host);
		assert_true(fake_wait_sessions(g->list[0].array, 1));
	}
	fake_lease(g->list[1].array, true);
	lift(g, "lun1.write");
	assert_true(fake_wait_sessions(g->list[0].array, 0));
}

/* ---- What an owner has in memory only ---- */

/* The reservation is lost with a move, and its holder is told, through whichever gateway it comes. */
static void
test_a_lost_reserve_is_told(void **state)
{
	struct gateways *g = *state;
	static const uint8_t reserve[6] = { 0x16 };

	for (unsigned i = 0; i < 2; i++) {
		unsigned owner = i;
		struct iscsi_context *host = log_in(g, 0, HOST_1, 1 + i);
		struct pending waits;
		void *drain;

		assert_int_equal(host_command(host, (int)i, reserve, 6, NULL, 0, NULL, 0, NULL), 0);
		quiesce(g, owner, i, &drain);
		host_start_write(&waits, host, (int)i, 8, 0x33);
		assert_false(host_wait(&waits, 20));
		set_owner(g, i, !owner, 2);
		fake_commit(g->list[owner].array);
		fake_commit(g->list[!owner].array);
		fake_ops(g->list[owner].array)->resume(fake_runtime(g->list[owner].array), drain);
		assert_true(host_wait(&waits, 10000));
		assert_int_equal(waits.status, UA_NEXUS_LOSS);
		host_forget(&waits);
		assert_int_equal(host_test_unit_ready(host, (int)i), UA_ACCESS);
		assert_int_equal(host_test_unit_ready(host, (int)i), 0);
		host_logout(host);
	}
}

/* A reset waits, like a command, for an owner that is not reached. */
static void
test_a_reset_waits_for_the_owner(void **state)
{
	struct gateways *g = *state;
	struct guid nobody = fake_id(999);
	static struct raw_pdu pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	raw_login(&raw, g->list[0].port, HOST_1, NAME, 1, true);
	raw_ready(&raw, 1);
	fake_owner(g->list[0].array, &g->luns[1], &nobody, 2);
	fake_commit(g->list[0].array);
	uint32_t tmf = raw_tmf(&raw, 1, 5, 0xffffffff);

	raw_flush(&raw);
	assert_false(raw_receive(&raw, &pdu, 50));
	fake_owner(g->list[0].array, &g->luns[1], &g->list[1].id, 3);
	fake_commit(g->list[0].array);
	raw_expect(&raw, &pdu, RAW_TMF_RESPONSE, tmf);
	assert_int_equal(pdu.bhs[2], 0);
	raw_close(&raw);
}

/* I_T NEXUS RESET is answered when the owners have ended the nexus, not before. */
static void
test_a_nexus_reset_waits_for_the_owners(void **state)
{
	struct gateways *g = *state;
	const struct raw_who who = {
		.host = HOST_1, .target = NAME, .isid = 1, .protocol_level = 2
	};
	static struct raw_pdu pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	assert_int_equal(raw_try_login(&raw, g->list[0].port, &who), 0);
	raw_ready(&raw, 1);
	fake_lease(g->list[1].array, false); /* it answers nothing */
	uint32_t tmf = raw_tmf(&raw, 0, 11, 0xffffffff);

	raw_flush(&raw);
	assert_false(raw_receive(&raw, &pdu, 50));
	fake_lease(g->list[1].array, true);
	raw_expect(&raw, &pdu, RAW_TMF_RESPONSE, tmf);
	assert_int_equal(pdu.bhs[2], 0);
	raw_close(&raw);
}

int
main(void)
{
#define GATEWAYS(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		GATEWAYS(test_both_gateways_show_the_same),
		GATEWAYS(test_answers_are_those_of_the_owner),
		GATEWAYS(test_report_luns_and_unknown_units_are_local),
		GATEWAYS(test_sessions_of_gateways_are_not_listed),
		GATEWAYS(test_initiators_may_not_log_in_at_the_inner_listener),
		GATEWAYS(test_fencing_through_both_gateways),
		GATEWAYS(test_reset_through_the_other_gateway),
		GATEWAYS(test_only_paths_through_the_owner_are_optimized),
		GATEWAYS(test_a_move_loses_no_command),
		GATEWAYS(test_moves_under_verified_load),
		cmocka_unit_test_setup_teardown(test_without_an_owner_commands_are_busy,
						set_up_impatient, tear_down),
		cmocka_unit_test_setup_teardown(test_a_gateway_that_was_replaced_is_cut_off,
						set_up_impatient, tear_down),
		GATEWAYS(test_the_owner_dies),
		GATEWAYS(test_abort_of_a_command_that_the_owner_has),
		GATEWAYS(test_sessions_that_end_with_commands_at_the_owner),
		GATEWAYS(test_a_command_that_may_not_be_repeated),
		GATEWAYS(test_order_is_that_of_arrival),
		cmocka_unit_test_setup_teardown(test_behind_an_ordered_command_that_waits,
						set_up_impatient, tear_down),
		GATEWAYS(test_without_its_lease_a_gateway_is_silent),
		GATEWAYS(test_without_its_lease_a_gateway_sends_nothing_on),
		GATEWAYS(test_a_copy_opens_no_lun_of_others),
		GATEWAYS(test_abort_waits_for_what_the_owner_may_do),
		cmocka_unit_test_setup_teardown(test_what_remains_unknown_is_not_answered,
						set_up_impatient, tear_down),
		cmocka_unit_test_setup_teardown(test_a_write_that_remains_unknown_is_not_answered,
						set_up_impatient, tear_down),
		GATEWAYS(test_the_end_of_a_session_waits_for_the_owner),
		GATEWAYS(test_a_lost_reserve_is_told),
		GATEWAYS(test_a_reset_waits_for_the_owner),
		GATEWAYS(test_a_nexus_reset_waits_for_the_owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
