/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An initiator against arbitrary bytes.  Bit 0 of the first byte: it is logged in when the bytes
 * come, and has a read, a write and a request of task management under way; else they are the
 * answer to its first login request.  Bits 1 and 2: digests, CHAP.  Bits 3 to 7: in how large
 * pieces.
 */
#include "initiator_pair.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned tmfs;

static void
begin(struct pair *pair, struct pair_request *r, struct iscsi_request_tmf *tmf)
{
	pair_pump(pair);
	pair->target.mode = PEER_HOLD;
	pair_read(&r[0], 0, 4, 3);
	pair_write(&r[1], 0, 4, 3, 1);
	pair_send(pair, &r[0]);
	pair_send(pair, &r[1]);
	memset(tmf, 0, sizeof(*tmf));
	tmf->owner = &tmfs;
	tmf->function = ISCSI_TMF_ABORT_TASK;
	tmf->request = &r[0].request;
	pair_move_out(pair);
	iscsi_initiator_tmf(pair->ini, tmf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[] = "a secret of 16 b";
	struct iscsi_params limits;
	struct iscsi_request_tmf tmf;
	static struct pair_request r[2];
	struct pair pair;
	size_t piece;

	if (size == 0)
		return 0;
	memset(r, 0, sizeof(r));
	peer_disk_bytes = 4096;
	pair_config(&pair);
	iscsi_initiator_limits(&limits);
	if ((data[0] & 2) != 0)
		limits.header_digest = limits.data_digest = ISCSI_DIGEST_CRC32C;
	if ((data[0] & 5) == 4) {
		pair.config.chap_name = "gateway";
		pair.config.secret = (struct iscsi_secret){ secret, sizeof(secret) };
		pair.config.target_secret = pair.config.secret;
	}
	pair.config.limits = &limits;
	if (pair_init_config(&pair, NULL, 0) < 0)
		abort();
	pair_move_out(&pair);
	if ((data[0] & 1) != 0)
		begin(&pair, r, &tmf);
	piece = data[0] >> 3 != 0 ? data[0] >> 3 : SIZE_MAX;
	for (size_t at = 1; at < size;) {
		size_t len = MIN(piece, size - at);
		struct iovec iov[64];
		int n;

		iscsi_initiator_input(pair.ini, data + at, len);
		at += len;
		while ((n = iscsi_initiator_output(pair.ini, iov, 64)) > 0)
			for (int i = 0; i < n; i++)
				iscsi_initiator_output_advance(pair.ini, iov[i].iov_len);
	}
	pair_fini(&pair);
	pair_request_free(&r[0]);
	pair_request_free(&r[1]);
	return 0;
}
