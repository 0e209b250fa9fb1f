/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An initiator and a target in memory: see initiator_pair.h. */
#include "initiator_pair.h"

#include <stdlib.h>

/* ---- The owner of the initiator ---- */

static void
on_ready(void *user)
{
	((struct pair *)user)->ready++;
}

static void
on_done(void *user, struct iscsi_request *request)
{
	(void)user;
	container_of(request, struct pair_request, request)->done++;
}

static void
on_tmf_done(void *user, struct iscsi_request_tmf *tmf)
{
	(void)user;
	(*(unsigned *)tmf->owner)++;
}

static void
on_async(void *user, const struct iscsi_async *message)
{
	struct pair *pair = user;

	pair->asyncs++;
	pair->async = *message;
	pair->async.lun = pair->async.sense = NULL;
}

static const struct iscsi_initiator_ops ops = {
	.ready = on_ready,
	.done = on_done,
	.tmf_done = on_tmf_done,
	.async = on_async,
};

/* ---- Life ---- */

void
pair_config(struct pair *pair)
{
	memset(pair, 0, sizeof(*pair));
	pair->config = (struct iscsi_initiator_config){
		.ops = &ops,
		.user = pair,
		.initiator_name = PEER_INITIATOR,
		.initiator_alias = "an alias",
		.target_name = PEER_TARGET,
		.isid = { 0x80, 1, 2, 3, 4, 5 },
	};
}

int
pair_init_config(struct pair *pair, const struct iscsi_params *limits, uint16_t depth)
{
	peer_init_depth(&pair->target, limits, depth);
	if (pair->target.error < 0)
		return pair->target.error;
	return iscsi_initiator_new(&pair->config, &pair->ini);
}

void
pair_init(struct pair *pair, const struct iscsi_params *limits)
{
	pair_config(pair);
	assert_int_equal(pair_init_config(pair, limits, 0), 0);
}

void
pair_fini(struct pair *pair)
{
	if (pair->ini != NULL)
		iscsi_initiator_stop(pair->ini, ERR_OFFLINE);
	iscsi_initiator_free(pair->ini);
	peer_fini(&pair->target);
}

/* ---- Bytes ---- */

bool
pair_move_out(struct pair *pair)
{
	struct iovec iov[40];
	int n = iscsi_initiator_output(pair->ini, iov, (int)ARRAY_LEN(iov));
	size_t left = pair->cut > 0 ? pair->cut : SIZE_MAX;

	if (n == 0)
		return false;
	pair->pdus_to_target++;
	for (int i = 0; i < n && left > 0; i++) {
		size_t len = MIN(iov[i].iov_len, left);

		if (pair->target.error == 0)
			peer_feed(&pair->target, iov[i].iov_base, len);
		left -= len;
		iscsi_initiator_output_advance(pair->ini, len);
		if (len < iov[i].iov_len || pair->cut > 0)
			break;
	}
	return true;
}

static void
receive(struct pair *pair, const uint8_t *bytes, size_t len)
{
	struct iovec iov[8];
	size_t used = 0;
	int n = pair->direct ? iscsi_initiator_rx_iov(pair->ini, iov, (int)ARRAY_LEN(iov)) : 0;

	for (int i = 0; i < n && used < len; i++) {
		size_t part = MIN(iov[i].iov_len, len - used);

		memcpy(iov[i].iov_base, bytes + used, part);
		used += part;
	}
	if (used > 0)
		iscsi_initiator_rx_advance(pair->ini, used);
	if (used < len)
		iscsi_initiator_input(pair->ini, bytes + used, len - used);
}

bool
pair_move_in(struct pair *pair)
{
	struct peer_bytes *out = &pair->target.out;
	size_t left = out->len - pair->target.out_read;
	size_t len = pair->cut > 0 ? MIN(left, pair->cut) : left;

	if (left == 0)
		return false;
	if (!pair->drop)
		receive(pair, out->bytes + pair->target.out_read, len);
	pair->target.out_read += len;
	return true;
}

void
pair_pump(struct pair *pair)
{
	bool moved;

	do {
		moved = pair_move_out(pair);
		if (pair->target.error == 0)
			peer_pump(&pair->target);
		moved |= pair_move_in(pair);
	} while (moved);
}

void
pair_login(struct pair *pair)
{
	pair_pump(pair);
	assert_int_equal(iscsi_initiator_error(pair->ini), 0);
	assert_true(iscsi_initiator_is_ready(pair->ini));
	assert_int_equal(pair->ready, 1);
}

void
pair_open(struct pair *pair)
{
	pair_init(pair, NULL);
	pair_login(pair);
}

void
pair_open_digests(struct pair *pair)
{
	struct iscsi_params ours;

	pair_config(pair);
	iscsi_initiator_limits(&ours);
	ours.header_digest = ours.data_digest = ISCSI_DIGEST_CRC32C;
	pair->config.limits = &ours;
	assert_int_equal(pair_init_config(pair, NULL, 0), 0);
	pair_login(pair);
}

/* ---- Requests ---- */

static void
cut(struct pair_request *r, uint32_t len, int pieces)
{
	r->bytes = malloc(len + 1);
	if (r->bytes == NULL)
		abort();
	for (int i = 0; i < pieces; i++) {
		uint32_t from = (uint32_t)((uint64_t)len * (unsigned)i / (unsigned)pieces);
		uint32_t to = (uint32_t)((uint64_t)len * (unsigned)(i + 1) / (unsigned)pieces);

		r->pieces[i] = (struct iovec){ r->bytes + from, to - from };
	}
}

void
pair_command(struct pair_request *r, uint8_t opcode)
{
	memset(r, 0, sizeof(*r));
	r->cdb[0] = opcode;
	r->request.owner = r;
	r->request.cdb = r->cdb;
	r->request.cdb_len = 16;
	r->request.attr = ISCSI_ATTR_SIMPLE;
}

static uint32_t
prepare(struct pair_request *r, uint8_t opcode, uint32_t lba, uint16_t blocks, int pieces)
{
	pair_command(r, opcode);
	put_be32(r->cdb + 2, lba);
	put_be16(r->cdb + 7, blocks);
	cut(r, blocks * PEER_BLOCK, pieces);
	return blocks * PEER_BLOCK;
}

void
pair_read(struct pair_request *r, uint32_t lba, uint16_t blocks, int pieces)
{
	uint32_t len = prepare(r, 0x28, lba, blocks, pieces);

	memset(r->bytes, 0xee, len);
	r->request.reads = true;
	r->request.read_expected = len;
	r->request.in = r->pieces;
	r->request.in_count = pieces;
}

void
pair_write(struct pair_request *r, uint32_t lba, uint16_t blocks, int pieces, uint8_t seed)
{
	uint32_t len = prepare(r, 0x2a, lba, blocks, pieces);

	for (uint32_t i = 0; i < len; i++)
		r->bytes[i] = (uint8_t)(seed + i * 7 + (i >> 8));
	r->request.writes = true;
	r->request.write_expected = len;
	r->request.out = r->pieces;
	r->request.out_count = pieces;
}

void
pair_send(struct pair *pair, struct pair_request *r)
{
	assert_int_equal(iscsi_initiator_send(pair->ini, &r->request), 0);
}

void
pair_expect(struct pair *pair, struct pair_request *r, uint8_t status)
{
	pair_pump(pair);
	assert_int_equal(r->done, 1);
	assert_int_equal(r->request.error, 0);
	assert_int_equal(r->request.response, 0);
	assert_int_equal(r->request.status, status);
}

void
pair_expect_data(struct pair *pair, struct pair_request *r, uint32_t lba)
{
	pair_expect(pair, r, 0);
	assert_memory_equal(r->bytes, pair->target.disk + (size_t)lba * PEER_BLOCK,
			    r->request.reads ? r->request.received : r->request.write_expected);
}

void
pair_request_free(struct pair_request *r)
{
	free(r->bytes);
	r->bytes = NULL;
}
