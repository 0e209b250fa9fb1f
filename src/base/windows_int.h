/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of base for Windows share.  Private to them. */
#ifndef VDS_BASE_WINDOWS_INT_H
#define VDS_BASE_WINDOWS_INT_H

/* Returns the errno value for an error of Winsock (WSAGetLastError); EIO for one without a like. */
int windows_errno(int winsock_error);

#endif
