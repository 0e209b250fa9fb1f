/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A place in a list of buffers.  The list is the task owner's and must be as long as it said:
 * running past its end is our own mistake and asserted.
 */
#ifndef VDS_ISCSI_IOV_INT_H
#define VDS_ISCSI_IOV_INT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct iscsi_iov_cursor {
	const struct iovec *iov; /* the piece we are in */
	int left;                /* pieces from there on */
	size_t offset;           /* in that piece */
};

static inline void
iscsi_iov_cursor_set(struct iscsi_iov_cursor *cur, const struct iovec *iov, int iovcnt)
{
	cur->iov = iov;
	cur->left = iovcnt;
	cur->offset = 0;
}

/* The next bytes that lie together, at most max_len; then moves past them.  Never empty. */
uint8_t *iov_cursor_take(struct iscsi_iov_cursor *cur, size_t max_len, size_t *ret_len);
/* Copies into the buffers and moves on. */
void iov_cursor_copy_in(struct iscsi_iov_cursor *cur, const uint8_t *bytes, size_t len);
/* Up to max pieces that cover at most len bytes; does not move.  Returns their number. */
int iov_cursor_pieces(const struct iscsi_iov_cursor *cur, size_t len, struct iovec *iov, int max);

#endif
