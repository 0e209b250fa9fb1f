/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lets DEFINE_GUID define GUIDs and not only declare them, for the headers that follow.  The
 * definitions are weak: several files of a program may have them, and libvds has those of VDS.
 */
#ifndef VDS_COMPAT_INITGUID_H
#define VDS_COMPAT_INITGUID_H

#ifndef INITGUID
#define INITGUID
#endif
#include "../vdstypes.h"

#undef DEFINE_GUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)        \
	extern VDS_EXPORT const GUID name __attribute__((weak));            \
	const GUID name = { l, w1, w2, { b1, b2, b3, b4, b5, b6, b7, b8 } }

#endif
