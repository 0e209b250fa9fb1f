/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The IIDs and CLSIDs that vds.h declares: here they are defined, once for every program. */
#define INITGUID
#include <vds/libvds.h>
