/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interfaces of VDS for hardware providers; vds.h declares them all. */
#ifndef VDS_COMPAT_VDSHWPRV_H
#define VDS_COMPAT_VDSHWPRV_H

#include "windows.h"
#include "../vds.h"
#include "../vdserr.h"

#endif
