/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "few_gateways.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "own_port.h"
#include "target/target_int.h"

const uint8_t few_write_0[10] = { 0x2a, [8] = 1 }, few_read_8[10] = { 0x28, [5] = 8, [8] = 1 };

void
few_commit(struct few_gateways *g)
{
	for (unsigned i = 0; i < FEW_GATEWAYS; i++)
		fake_commit(g->list[i].array);
}

void
few_set_owner(struct few_gateways *g, unsigned lun, unsigned owner, uint64_t epoch)
{
	for (unsigned i = 0; i < FEW_GATEWAYS; i++)
		fake_owner(g->list[i].array, &g->luns[lun], &g->list[owner].id, epoch);
}

/* The rows of both, in one array. */
static void
add_rows(struct few_gateways *g, struct array *array)
{
	fake_gateways_secret(array, "the secret of the gateways");
	fake_target(array, &g->target_id, NAME);
	for (unsigned i = 0; i < FEW_GATEWAYS; i++) {
		struct few_gateway *gw = &g->list[i];

		fake_gateway(array, &gw->id, gw->address, "an instance");
		fake_portal(array, &gw->portal_id, "127.0.0.1", gw->port);
		fake_group(array, &gw->group, &g->target_id, 1 + i);
		fake_group_portal(array, &gw->group, &gw->portal_id);
	}
	for (unsigned i = 0; i < FEW_LUNS; i++) {
		fake_device(array, &g->luns[i], blk_dev_ref(g->devices[i]));
		fake_lun(array, &g->luns[i], FEW_LUN_BYTES, 512, "*", STATUS_ONLINE);
		fake_associate(array, &g->luns[i], &g->target_id, i);
		fake_owner(array, &g->luns[i], &g->list[i].id, 1);
	}
}

static int
set_up_with(void **state, const struct target_options *options)
{
	struct few_gateways *g = mem_calloc(1, sizeof(*g));

	assert_non_null(g);
	g->target_id = fake_id(1);
	snprintf(g->dir, sizeof(g->dir), "%s/forward-test-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(g->dir));
	for (unsigned i = 0; i < FEW_LUNS; i++) {
		struct blk_dev *mem = NULL;
		char name[8];

		snprintf(name, sizeof(name), "lun%u", i);
		g->luns[i] = fake_id(100 + i);
		assert_int_equal(blk_mem_new(name, FEW_LUN_BYTES, 2 * FEW_LUN_BYTES, &mem), 0);
		assert_int_equal(blk_fault_new(mem, g->dir, &g->devices[i]), 0);
	}
	for (unsigned i = 0; i < FEW_GATEWAYS; i++) {
		struct few_gateway *gw = &g->list[i];

		gw->id = fake_id(900 + i);
		gw->portal_id = fake_id(10 + i);
		gw->group = fake_id(20 + i);
		gw->array = fake_array_new();
		fake_own(gw->array, &gw->id);
		assert_int_equal(target_new(options, gw->array, &gw->target), 0);
		gw->port = own_port(gw->array);
		gw->inside = own_port(gw->array);
		snprintf(gw->portal, sizeof(gw->portal), "127.0.0.1:%u", gw->port);
		snprintf(gw->address, sizeof(gw->address), "127.0.0.1:%u", gw->inside);
	}
	for (unsigned i = 0; i < FEW_GATEWAYS; i++)
		add_rows(g, g->list[i].array);
	few_commit(g);
	for (unsigned i = 0; i < FEW_GATEWAYS; i++)
		for (unsigned k = 0; k < FEW_GATEWAYS; k++)
			fake_portal_of(g->list[i].array, &g->list[k].portal_id, &g->list[k].id);
	few_commit(g);
	for (unsigned i = 0; i < FEW_GATEWAYS; i++)
		for (unsigned k = 0; k < FEW_GATEWAYS; k++)
			if (i != k)
				fake_other(g->list[i].array, g->list[k].array);
	*state = g;
	return 0;
}

int
few_set_up(void **state)
{
	struct target_options options;

	target_options_default(&options);
	options.threads = 2;
	return set_up_with(state, &options);
}

int
few_set_up_impatient(void **state)
{
	struct target_options options;

	target_options_default(&options);
	options.threads = 1;
	options.forward_wait_ms = 300;
	return set_up_with(state, &options);
}

int
few_set_up_quick(void **state)
{
	struct target_options options;

	target_options_default(&options);
	options.threads = 2;
	options.nop_timeout_ms = 200;
	return set_up_with(state, &options);
}

void
few_stop(struct few_gateway *gw)
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

void
few_inject(struct few_gateways *g, const char *file, const char *what)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", g->dir, file);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, what, strlen(what)), (ssize_t)strlen(what));
	close(fd);
}

void
few_lift(struct few_gateways *g, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", g->dir, file);
	assert_int_equal(unlink(path), 0);
}

int
few_tear_down(void **state)
{
	struct few_gateways *g = *state;

	nftw(g->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* lifts every fault */
	for (unsigned i = 0; i < FEW_GATEWAYS; i++) {
		few_stop(&g->list[i]);
		fake_array_free(g->list[i].array);
	}
	for (unsigned i = 0; i < FEW_LUNS; i++)
		blk_dev_unref(g->devices[i]);
	mem_free(g);
	return 0;
}

struct iscsi_context *
few_log_in(struct few_gateways *g, unsigned gateway, const char *host, unsigned isid)
{
	struct iscsi_context *iscsi = initiator_login(g->list[gateway].portal, host, NAME, isid,
						      NULL);

	assert_non_null(iscsi);
	for (int lun = 0; lun < (int)FEW_LUNS; lun++) {
		int attention = host_test_unit_ready(iscsi, lun);

		/*
		 * the second owner may take the nexus for one that was in use (struct
		 * target_inside)
		 */
		if (attention != UA_ACCESS || gateway < 2 || lun == 0)
			assert_int_equal(attention, UA_POWER_ON);
		assert_int_equal(host_test_unit_ready(iscsi, lun), 0);
	}
	return iscsi;
}

void
few_raw(struct few_gateways *g, struct raw *raw, unsigned lun)
{
	memset(raw, 0, sizeof(*raw));
	raw_login(raw, g->list[0].port, HOST_1, NAME, 1, true);
	raw_ready(raw, lun);
}

void
few_hold_at_owner(struct few_gateways *g, struct raw *raw, const uint8_t *cdb, size_t cdb_len,
		  uint32_t len)
{
	static const uint8_t blocks[1024] = { 0 };
	static struct raw_pdu pdu;

	few_raw(g, raw, 1);
	few_inject(g, "lun1.write", "hold");
	raw_command_data(raw, 1, RAW_SIMPLE, cdb, cdb_len, blocks, len);
	uint32_t read = raw_command(raw, 1, RAW_SIMPLE, few_read_8, sizeof(few_read_8), 0, 512);

	raw_flush(raw);
	raw_expect(raw, &pdu, RAW_DATA_IN, read); /* so the owner has both, and others go on */
}

void
few_fill(uint8_t *bytes, size_t len, uint8_t seed)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(seed + i * 13 + (i >> 9));
}

void
few_quiesce(struct few_gateways *g, unsigned gateway, unsigned lun, void **ret_drain)
{
	struct array *array = g->list[gateway].array;
	struct array_mapping mapping = { .lun_id = g->luns[lun] };

	assert_int_equal(
		fake_ops(array)->quiesce(fake_runtime(array), &mapping, 1, 5000, ret_drain), 0);
}

void
few_tell_owner(struct few_gateways *g, unsigned lun, const struct guid *owner, uint64_t epoch)
{
	fake_owner(g->list[0].array, &g->luns[lun], owner, epoch);
	fake_commit(g->list[0].array);
}

void
few_take_over(struct few_gateways *g)
{
	fake_gateway(g->list[0].array, &g->list[1].id, g->list[1].address, "");
	few_tell_owner(g, 1, &g->list[0].id, 2);
}
