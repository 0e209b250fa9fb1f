/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cursor in a list of buffers, which rx.c moves when the write data of a task arrives and data.c
 * when read data is sent.  Runs on the thread that has the connection.
 */
#include "iscsi/iov_int.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

static void
skip_full(struct iscsi_iov_cursor *cur)
{
	while (cur->left > 0 && cur->offset == cur->iov->iov_len) {
		cur->iov++;
		cur->left--;
		cur->offset = 0;
	}
}

uint8_t *
iscsi_iov_cursor_take(struct iscsi_iov_cursor *cur, size_t max_len, size_t *ret_len)
{
	uint8_t *bytes;
	size_t len;

	skip_full(cur);
	assert(cur->left > 0 && max_len > 0);
	bytes = (uint8_t *)cur->iov->iov_base + cur->offset;
	len = MIN(max_len, cur->iov->iov_len - cur->offset);
	cur->offset += len;
	*ret_len = len;
	return bytes;
}

void
iscsi_iov_cursor_copy_in(struct iscsi_iov_cursor *cur, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		size_t part;
		uint8_t *to = iscsi_iov_cursor_take(cur, len, &part);

		memcpy(to, bytes, part);
		bytes += part;
		len -= part;
	}
}

size_t
iscsi_iov_cursor_skip(struct iscsi_iov_cursor *cur, size_t len, unsigned max)
{
	size_t done = 0;

	for (unsigned n = 0; done < len && n < max; n++) {
		size_t part;

		iscsi_iov_cursor_take(cur, len - done, &part);
		done += part;
	}
	return done;
}

int
iscsi_iov_cursor_pieces(const struct iscsi_iov_cursor *cur, size_t len, struct iovec *iov, int max)
{
	struct iscsi_iov_cursor at = *cur;
	int n = 0;

	while (len > 0 && n < max) {
		size_t part;

		iov[n].iov_base = iscsi_iov_cursor_take(&at, len, &part);
		iov[n].iov_len = part;
		len -= part;
		n++;
	}
	return n;
}
