/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The import targets of subsystems, which are kept for each computer.  On Linux in a file that is
 * named by the subsystem's id, in /var/lib/vds/import-targets or the directory that the environment
 * variable VDS_IMPORT_TARGETS names (import.c); on Windows in the registry's key
 * HKEY_LOCAL_MACHINE\SOFTWARE\vdsd\ImportTargets, as a value with that name (import_win.c).
 * Private to these files and added.c.  Any thread may call the functions.
 */
#ifndef VDS_SERVICE_IMPORT_INT_H
#define VDS_SERVICE_IMPORT_INT_H

#include "service/service_int.h"

#define SERVICE_IMPORT_NAME_MAX 223 /* bytes of an iSCSI name; RFC 7143 §4.2.7.1 */

/*
 * Reads the import target of a subsystem, which the caller frees with CoTaskMemFree.  Returns S_OK,
 * VDS_E_NO_IMPORT_TARGET, VDS_E_ACCESS_DENIED, E_OUTOFMEMORY or E_FAIL (it cannot be read).
 */
HRESULT service_import_read(const char *id, LPWSTR *ret_name);
/*
 * Keeps the import target of a subsystem, durably.  name: an iSCSI name.  Returns S_OK,
 * VDS_E_ACCESS_DENIED, E_OUTOFMEMORY or another code (it cannot be written).
 */
HRESULT service_import_write(const char *id, const char *name);
/*
 * Forgets it, if there is one.  Returns S_OK, VDS_E_ACCESS_DENIED, E_OUTOFMEMORY or another code.
 */
HRESULT service_import_clear(const char *id);

#endif
