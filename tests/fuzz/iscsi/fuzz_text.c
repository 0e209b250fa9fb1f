/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text of a login or a text request, against the parser and the negotiation table.  The first byte
 * chooses the flags of a first login request; with its top two bits set, the text goes into a text
 * request of a discovery session instead.
 */
#include "peer.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bhs[BHS_SIZE];
	struct peer p;
	uint32_t len;

	if (size == 0 || size > 8192)
		return 0;
	len = (uint32_t)size - 1;
	peer_disk_bytes = 4096;
	peer_init_depth(&p, NULL, 1);
	if ((data[0] & 0xc0) == 0xc0) {
		peer_login_discovery(&p);
		peer_request(&p, bhs, OP_TEXT, FLAG_FINAL, false);
		put_be32(bhs + AT_TTT, TAG_NONE);
		peer_send(&p, bhs, data + 1, len);
	} else {
		peer_login_request(&p, data[0], (const char *)data + 1, len, NULL);
	}
	peer_fini(&p);
	return 0;
}
