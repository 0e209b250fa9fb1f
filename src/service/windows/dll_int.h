/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of vdssvc.dll share.  Private to src/service/windows. */
#ifndef VDS_SERVICE_WINDOWS_DLL_INT_H
#define VDS_SERVICE_WINDOWS_DLL_INT_H

#include "service/service_int.h"

/* A class that the DLL registers. */
struct service_class {
	const CLSID *id;
	const wchar_t *name;
	/* Makes an object and returns its interface riid, as IClassFactory::CreateInstance does. */
	HRESULT (*create)(REFIID riid, void **ppv);
};

#define SERVICE_CLASSES 2

extern const struct service_class service_classes[SERVICE_CLASSES]; /* dll.c */

#endif
