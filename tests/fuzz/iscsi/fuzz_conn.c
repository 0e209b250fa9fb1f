/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection against arbitrary bytes.  The first byte chooses: bit 0, log in first; bit 1, a
 * discovery session; bit 2, digests; bits 1 and 2, error recovery instead of both; bits 3 and 4,
 * what the owner does with commands; bit 5, cut the input in parts of sizes taken from it; bit 6,
 * take the output slowly; bit 7, receive in place.
 */
#include "peer.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char plain[] =
	"InitialR2T=No\0MaxBurstLength=8192\0FirstBurstLength=4096\0MaxOutstandingR2T=4";
static const char digests[] =
	"HeaderDigest=CRC32C\0DataDigest=CRC32C\0InitialR2T=No\0FirstBurstLength=4096";
static const char recovery[] =
	"ErrorRecoveryLevel=1\0InitialR2T=No\0MaxBurstLength=2048\0FirstBurstLength=1024"
	"\0MaxRecvDataSegmentLength=512";

/* What the owner does now and then in a session with error recovery. */
static void
look_after(struct peer *p, uint8_t dice)
{
	if (dice % 8 == 1)
		iscsi_conn_recover(p->conn);
	if (dice % 8 == 2)
		iscsi_conn_forget(p->conn);
}

/* Sends a little, or all. */
static void
take_output(struct peer *p, bool slowly)
{
	struct iovec iov[3];
	int n = iscsi_conn_output(p->conn, iov, 3);

	if (!slowly) {
		peer_pump(p);
		p->out.len = p->out_read = 0;
	} else if (n > 0) {
		iscsi_conn_output_advance(p->conn, (iov[0].iov_len + 1) / 2);
	}
}

static size_t
feed_part(struct peer *p, const uint8_t *data, size_t size, uint8_t flags)
{
	size_t len = size;
	struct iovec iov;

	if ((flags & 0x20) != 0)
		len = MIN(size, (size_t)(data[0] % 97) + 1);
	if ((flags & 0x80) != 0 && iscsi_conn_rx_iov(p->conn, &iov, 1) == 1) {
		len = MIN(len, iov.iov_len);
		memcpy(iov.iov_base, data, len);
		p->error = iscsi_conn_rx_advance(p->conn, len);
	} else {
		p->error = iscsi_conn_input(p->conn, data, len);
	}
	return len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum peer_mode modes[] = { PEER_SERVE, PEER_COPY, PEER_REFUSE, PEER_SERVE };
	struct peer p;
	uint8_t flags;

	if (size == 0)
		return 0;
	peer_disk_bytes = 16 * 1024;
	flags = *data++;
	size--;
	peer_init_depth(&p, NULL, 8);
	p.mode = modes[flags >> 3 & 3];
	p.targets = 300;
	if ((flags & 7) == 7)
		peer_login(&p, recovery, sizeof(recovery));
	else if ((flags & 3) == 3)
		peer_login_discovery(&p);
	else if ((flags & 5) == 5)
		peer_login(&p, digests, sizeof(digests));
	else if ((flags & 1) != 0)
		peer_login(&p, plain, sizeof(plain));
	while (size > 0 && p.error == 0) {
		size_t len = feed_part(&p, data, size, flags);

		if ((flags & 7) == 7)
			look_after(&p, data[len - 1]);
		data += len;
		size -= len;
		take_output(&p, (flags & 0x40) != 0);
	}
	peer_fini(&p);
	return 0;
}
