/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The C library's stdio.h, and a wprintf for WCHAR strings when wchar_t has 16 bits. */
#ifndef VDS_COMPAT_STDIO_H
#define VDS_COMPAT_STDIO_H
#pragma GCC system_header

#include_next <stdio.h>

#if __SIZEOF_WCHAR_T__ == 2
#include <wchar.h> /* not "wchar.h": include_next finds the C library's one only from the search path */
#endif

#endif
