/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Login requests of an initiator that must prove itself by CHAP: the bytes are cut at each 0xff
 * into the texts of login requests, each of which begins with a byte for its flags.  Nobody who
 * does not know the secret may get in.
 */
#include "peer.h"

#include <stdint.h>
#include <stdlib.h>

#include "iscsi/iscsi_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct iscsi_secret theirs = { (const uint8_t *)"secret of the host", 18 };
	static const struct iscsi_secret our_own = { (const uint8_t *)"the target's secret", 19 };
	struct peer p;

	if (size > 8192)
		return 0;
	peer_disk_bytes = 4096;
	peer_init_depth(&p, NULL, 1);
	p.reply.needs_chap = true;
	p.reply.credentials.initiator[0] = theirs;
	p.reply.credentials.target = our_own;
	p.reply.credentials.target_name = PEER_TARGET;
	while (size > 1 && p.error == 0) {
		const uint8_t *end = memchr(data + 1, 0xff, size - 1);
		size_t len = end != NULL ? (size_t)(end - data) : size;

		peer_login_request(&p, data[0], (const char *)data + 1, len - 1, NULL);
		data += len;
		size -= len;
		if (size > 0) {
			data++;
			size--;
		}
	}
	if (iscsi_conn_is_established(p.conn))
		abort();
	peer_fini(&p);
	return 0;
}
