/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions of COM by which a program reaches the VDS service.  On Windows the system's headers
 * declare them; on other systems libvds has them:
 *
 *	CoInitializeEx(NULL, COINIT_MULTITHREADED);
 *	CoCreateInstance(&CLSID_VdsLoader, NULL, CLSCTX_LOCAL_SERVER, &IID_IVdsServiceLoader,
 *			 (void **)&loader);
 *	IVdsServiceLoader_LoadService(loader, NULL, &service);
 *	IVdsService_WaitForServiceReady(service);
 *
 * The service runs in the program's own process.  Its objects stand for those of the providers, of
 * which libvds is one; others are shared objects that are registered in /etc/vds/providers.d
 * (libvds(3)).  Every function may be called on any thread.
 */
#ifndef VDS_VDSCOM_H
#define VDS_VDSCOM_H

#include "vds.h"
#include "vdserr.h"

#ifndef _WIN32

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COINIT_APARTMENTTHREADED 0x2
#define COINIT_MULTITHREADED 0x0
#define COINIT_DISABLE_OLE1DDE 0x4
#define COINIT_SPEED_OVER_MEMORY 0x8

#define CLSCTX_INPROC_SERVER 0x1
#define CLSCTX_INPROC_HANDLER 0x2
#define CLSCTX_LOCAL_SERVER 0x4
#define CLSCTX_REMOTE_SERVER 0x10
#define CLSCTX_INPROC (CLSCTX_INPROC_SERVER | CLSCTX_INPROC_HANDLER)
#define CLSCTX_SERVER (CLSCTX_INPROC_SERVER | CLSCTX_LOCAL_SERVER | CLSCTX_REMOTE_SERVER)
#define CLSCTX_ALL \
	(CLSCTX_INPROC_SERVER | CLSCTX_INPROC_HANDLER | CLSCTX_LOCAL_SERVER | CLSCTX_REMOTE_SERVER)

/*
 * Begins the use of COM on this thread; CoUninitialize ends it.  pvReserved: NULL.  dwCoInit: a set
 * of COINIT_* bits.  There are no apartments: objects may be called on any thread in either model.
 *
 * Returns S_OK; S_FALSE (the thread has called it before: CoUninitialize is needed for each call);
 * RPC_E_CHANGED_MODE (the thread has called it with another model); E_INVALIDARG.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE CoInitializeEx(void *pvReserved, DWORD dwCoInit);
/* Does what CoInitializeEx does with COINIT_APARTMENTTHREADED. */
VDS_EXPORT HRESULT STDAPICALLTYPE CoInitialize(void *pvReserved);
/* Ends the use of COM on this thread.  Objects stay valid until their last Release. */
VDS_EXPORT void STDAPICALLTYPE CoUninitialize(void);
/*
 * Sets the process's security.  The calls of VDS stay in the process here, so nothing is done with
 * the values; programs for Windows call this before they reach the service.
 *
 * Returns S_OK; CO_E_NOTINITIALIZED (no thread has called CoInitializeEx); RPC_E_TOO_LATE (it was
 * called before); E_INVALIDARG (a reserved argument is not NULL).
 */
VDS_EXPORT HRESULT STDAPICALLTYPE CoInitializeSecurity(
	void *pSecDesc, LONG cAuthSvc, void *asAuthSvc, void *pReserved1, DWORD dwAuthnLevel,
	DWORD dwImpLevel, void *pAuthList, DWORD dwCapabilities, void *pReserved3);
/*
 * Makes an object of a class: CLSID_VdsLoader, CLSID_VdsService (as the loader does) or
 * CLSID_VdsHwProvider of libvds.h (a provider that is not loaded).  pUnkOuter: NULL.  dwClsContext:
 * any CLSCTX_* bits; every object runs in the process.
 *
 * Returns S_OK and *ppv with one reference; E_POINTER (ppv is NULL).  On any other failure *ppv is
 * NULL: CO_E_NOTINITIALIZED, REGDB_E_CLASSNOTREG (rclsid), E_NOINTERFACE (riid),
 * CLASS_E_NOAGGREGATION (pUnkOuter is not NULL), E_INVALIDARG, E_OUTOFMEMORY.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE CoCreateInstance(REFCLSID rclsid, IUnknown *pUnkOuter,
						   DWORD dwClsContext, REFIID riid, void **ppv);

/* Makes a new GUID.  Returns S_OK, or E_INVALIDARG (pguid is NULL). */
VDS_EXPORT HRESULT STDAPICALLTYPE CoCreateGuid(GUID *pguid);
/*
 * Writes a GUID as "{5C69C549-3F24-4261-9996-4E590CA0B7E6}" and a NUL.  cchMax: room at lpsz, in
 * characters.  Returns the number of characters with the NUL, 39, or 0 (cchMax is less).
 */
VDS_EXPORT int STDAPICALLTYPE StringFromGUID2(REFGUID rguid, LPWSTR lpsz, int cchMax);
/*
 * Reads a GUID in braces.  Returns S_OK, CO_E_CLASSSTRING (not a GUID; *pclsid is GUID_NULL) or
 * E_INVALIDARG (pclsid is NULL).  NULL as the string is GUID_NULL.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE CLSIDFromString(LPCWSTR lpsz, CLSID *pclsid);

#ifndef RPC_E_TOO_LATE
#define RPC_E_TOO_LATE ((HRESULT)0x80010119)
#define CO_E_CLASSSTRING ((HRESULT)0x800401F3)
#endif

/*
 * Prints as wprintf of Windows does, to standard output as UTF-8: in the format, %s, %ls and %S
 * take a string of WCHAR, WCHAR and char; %c and %lc take a WCHAR.  The C library's own wprintf
 * cannot print WCHAR strings, because its wchar_t has 32 bits.  Returns the number of bytes, or -1.
 */
VDS_EXPORT int STDAPICALLTYPE VdsWprintf(const WCHAR *format, ...);
/*
 * Formats as VdsWprintf does, to a string that is cut to room characters with its NUL.  string may
 * be NULL when room is 0.  Returns the number of characters of the whole text without the NUL, or
 * -1 (the format or a string is not valid, or there is not enough memory; string is empty then).
 */
VDS_EXPORT int STDAPICALLTYPE VdsVswprintf(WCHAR *string, size_t room, const WCHAR *format,
					   va_list args);
/*
 * Writes a GUID as StringFromGUID2 does, to a new string that the caller frees with CoTaskMemFree.
 * Returns S_OK; on failure *lplpsz is NULL: E_OUTOFMEMORY, E_INVALIDARG.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE StringFromCLSID(REFCLSID rclsid, LPWSTR *lplpsz);
VDS_EXPORT HRESULT STDAPICALLTYPE StringFromIID(REFIID riid, LPWSTR *lplpsz);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* !_WIN32 */

#endif /* VDS_VDSCOM_H */
