/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The result codes of VDS. */
#ifndef VDS_COMPAT_VDSERR_H
#define VDS_COMPAT_VDSERR_H

#include "../vdserr.h"

#endif
