/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The SCSI identity of LUNs (VDS_LUN_INFORMATION and its parts); vds.h declares it. */
#ifndef VDS_COMPAT_VDSLUN_H
#define VDS_COMPAT_VDSLUN_H

#include "vds.h"

#endif
