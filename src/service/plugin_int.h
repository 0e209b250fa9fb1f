/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the objects of providers come from.  On Linux: from processes of their own, but for that of
 * libvds itself (plugin.c).  On Windows COM finds them by their class (plugin_win.c).  Private to
 * these files, provider.c and admin.c.
 */
#ifndef VDS_SERVICE_PLUGIN_INT_H
#define VDS_SERVICE_PLUGIN_INT_H

#include "service/isolate_int.h"

/*
 * Makes the object of a registered provider.  *ret_isolate gets its process, as
 * service_isolate_start has it, or NULL: it has none, or COM looks after it; gone is not called
 * then.
 *
 * Returns S_OK, or why there is no object, with a text: VDS_E_PROVIDER_INITIALIZATION_FAILED (the
 * library cannot be loaded, crashed, hung, or has no object), E_UNEXPECTED, E_OUTOFMEMORY.
 */
HRESULT service_plugin_object(const struct service_registration *registration,
			      const struct service_limits *limits, void (*gone)(void *arg),
			      void *arg, struct service_isolate **ret_isolate,
			      IUnknown **ret_object);

/*
 * Finds the shared object that a return address is in, which must be a provider's library; on
 * Windows
 * *ret_library is NULL, since the class says where the code is.  Returns S_OK,
 * VDS_E_INVALID_PROVIDER_CLSID (the address is in no provider's library) or E_OUTOFMEMORY.
 */
HRESULT service_plugin_caller(const void *address, char **ret_library);

#endif
