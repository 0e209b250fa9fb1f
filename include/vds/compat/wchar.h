/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The C library's wchar.h.  With -fshort-wchar its functions would read 16-bit characters as 32-bit
 * ones, so those that programs for VDS use are replaced; of the others, none may be called.
 */
#ifndef VDS_COMPAT_WCHAR_H
#define VDS_COMPAT_WCHAR_H
#pragma GCC system_header

#include_next <wchar.h>

#endif

#if __SIZEOF_WCHAR_T__ == 2
#include <stdio.h>
#include "vdswide.h"
#endif
