/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of what windows.h in this directory declares. */
#ifndef VDS_COMPAT_WINERROR_H
#define VDS_COMPAT_WINERROR_H

#include "windows.h"

#endif
