/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Defines the IIDs and CLSIDs that vds.h declares, once for all programs that link with libvds. */
#define INITGUID
#include <vds/libvds.h>
