/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interfaces of VDS for programs, under the name that Windows gives them. */
#ifndef VDS_COMPAT_VDS_H
#define VDS_COMPAT_VDS_H

#include "windows.h"
#include "../vds.h"
#include "../vdserr.h"

#endif
