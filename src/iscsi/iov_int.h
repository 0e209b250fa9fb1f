/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cursor: a position in a list of buffers (struct iovec). The list belongs to the owner of a task
 * and must hold as many bytes as the owner said; moving past its end is a mistake of this program
 * and is asserted.  Private to src/iscsi; used by the thread that has the connection.
 */
#ifndef VDS_ISCSI_IOV_INT_H
#define VDS_ISCSI_IOV_INT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct iscsi_iov_cursor {
	const struct iovec *iov; /* the piece in which the cursor stands */
	int left;                /* number of pieces from that one on */
	size_t offset;           /* bytes of that piece before the cursor */
};

static inline void
iscsi_iov_cursor_set(struct iscsi_iov_cursor *cur, const struct iovec *iov, int iovcnt)
{
	cur->iov = iov;
	cur->left = iovcnt;
	cur->offset = 0;
}

/*
 * Returns the next bytes that lie together, at most max_len and never none, and moves the cursor
 * past them.
 */
uint8_t *iscsi_iov_cursor_take(struct iscsi_iov_cursor *cur, size_t max_len, size_t *ret_len);
/* Copies bytes into the buffers, and moves the cursor past them. */
void iscsi_iov_cursor_copy_in(struct iscsi_iov_cursor *cur, const uint8_t *bytes, size_t len);
/*
 * Moves the cursor over at most len bytes that lie in at most max pieces.  Returns how many bytes
 * these are.
 */
size_t iscsi_iov_cursor_skip(struct iscsi_iov_cursor *cur, size_t len, unsigned max);
/*
 * Writes up to max pieces that cover at most len bytes behind the cursor, which does not move.
 * Returns the number of pieces.
 */
int iscsi_iov_cursor_pieces(const struct iscsi_iov_cursor *cur, size_t len, struct iovec *iov,
			    int max);

#endif
