/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvds: how a program opens a VDS hardware provider on Linux.
 *
 *	IVdsHwProvider *provider;
 *	HRESULT hr = VdsOpenHwProvider(NULL, &IID_IVdsHwProvider, (void **)&provider);
 *	if (FAILED(hr))
 *		errx(1, "%s: %s", VdsErrorText(hr), VdsLastErrorMessage());
 *	...
 *	IVdsHwProvider_Release(provider);
 *
 * The library is a caching provider.  It holds a replica of the array's state that the array keeps
 * up to date, so a query is answered from memory, and a change goes to the array and returns when
 * the replica has it: a program always sees its own changes.  Those of others arrive within a
 * second or so; VdsSync() removes even that.
 *
 * Notifications: a program gives IVdsProviderPrivate::OnLoad an object with IVdsAdviseSink and gets
 * OnNotify on a thread of the library that holds no lock, so it may call anything from there.  The
 * array of notifications is the receiver's, to be given back with CoTaskMemFree: so it is
 * documented for VDS, unlike other [in] parameters.  A sink that fell behind gets
 * VDS_NF_SERVICE_OUT_OF_SYNC.
 *
 * All functions and all methods may be called from any thread, at any time, and need no
 * CoInitialize. They must not be called from a signal handler, nor in a child after fork() unless it
 * executes.
 *
 * Link with -lvds (pkg-config libvds).  The symbols carry the version VDS_1.0.
 */
#ifndef VDS_LIBVDS_H
#define VDS_LIBVDS_H

#include "vds.h"
#include "vdserr.h"
#include "vdstypes.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The class of the provider that the array vdsd offers: 5c69c549-3f24-4261-9996-4e590ca0b7e6. */
#ifndef _WIN32
DEFINE_GUID(CLSID_VdsHwProvider, 0x5c69c549, 0x3f24, 0x4261, 0x99, 0x96, 0x4e, 0x59, 0x0c, 0xa0,
	    0xb7, 0xe6);
#endif

/*
 * Connect to an array and give its provider, loaded and ready: the replica is complete.
 *
 * url: where the array listens, UTF-16: u"unix:/run/vdsd/vdsd.sock" (a socket) or
 * u"http://HOST:PORT" (loopback).  NULL is the environment variable VDS_URL or, without one,
 * unix:/run/vdsd/vdsd.sock.
 * riid: an interface of the provider: IID_IVdsHwProvider, IID_IVdsProvider, IID_IUnknown, ...
 *
 * S_OK and *ppv with one reference.  E_POINTER: ppv is NULL.  On any other failure *ppv is NULL:
 * E_NOINTERFACE, E_INVALIDARG (the url), E_OUTOFMEMORY, E_ACCESSDENIED, VDS_E_INITIALIZED_FAILED
 * when there is no array at the url or it does not answer; VdsLastErrorMessage() says more.
 * May block for some seconds.  Each call opens a connection and a replica of its own, ended by the
 * last Release of the provider and of every object that came from it.
 *
 * The same as VdsGetClassObject, CreateInstance and IVdsProviderPrivate::OnLoad without a callback
 * object; OnLoad may still be called to set one.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE VdsOpenHwProvider(const WCHAR *url, REFIID riid, void **ppv);

/*
 * The class factory: what DllGetClassObject is on Windows.
 *
 * rclsid: CLSID_VdsHwProvider.  riid: IID_IClassFactory or IID_IUnknown.  CreateInstance gives a
 * provider that is not loaded: it says who it is (IVdsProvider, IVdsProviderSupport,
 * IVdsHwProviderType), and all that needs the array answers VDS_E_INITIALIZE_NOT_CALLED until OnLoad
 * has connected it, to the default url.
 *
 * S_OK and *ppv with one reference; else *ppv is NULL: CLASS_E_CLASSNOTAVAILABLE, E_NOINTERFACE,
 * E_OUTOFMEMORY.  E_POINTER: ppv is NULL.  Never blocks.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE VdsGetClassObject(REFCLSID rclsid, REFIID riid, void **ppv);

/*
 * A barrier: wait until the replica holds everything that the array had committed when this was
 * called, no matter who changed it.
 *
 * object: the provider, or any object that came from it.
 *
 * S_OK.  E_INVALIDARG: NULL, or an object that is not of this library.
 * VDS_E_INITIALIZE_NOT_CALLED: a provider that is not loaded.  VDS_E_PROVIDER_CACHE_CORRUPT: the
 * array cannot be reached or the replica cannot be trusted; cured by IVdsHwProvider::Reenumerate
 * and then Refresh.  VDS_E_TIMEOUT: the array answered, but its changes did not arrive in time.
 * Blocks for one round trip, at most some seconds.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE VdsSync(IUnknown *object);

/*
 * Strings of VDS are UTF-16; most programs on Linux have UTF-8.  Both functions make a new string, which the caller gives
 * back with CoTaskMemFree.
 *
 * Returns S_OK and the string.  On failure *ret_string or *ret_text is NULL: E_INVALIDARG (text or string is NULL or not
 * well-formed), E_OUTOFMEMORY.  E_POINTER: ret_string or ret_text is NULL.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE VdsStringFromUtf8(const char *text, LPWSTR *ret_string);
VDS_EXPORT HRESULT STDAPICALLTYPE VdsUtf8FromString(LPCWSTR string, char **ret_text);

/*
 * Let the library write log lines to standard error, or no longer.  It writes none by itself.
 *
 * areas: NULL: none; "": warnings and what happens seldom; a list with commas: also the debug lines of these areas
 * ("all", "client", "client.replica").  The environment variable VDS_DEBUG says the same until the program calls this.
 *
 * Returns S_OK, E_INVALIDARG (there is no such area; the areas before it in the list are on), E_OUTOFMEMORY.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE VdsSetDebug(const char *areas);

/*
 * The name of a result code ("VDS_E_OBJECT_DELETED"), or "HRESULT 0x8007xxxx" in the calling
 * thread's own buffer, good until its next call, for one that has no name here.  Never NULL.
 */
VDS_EXPORT const char *STDAPICALLTYPE VdsErrorText(HRESULT hr);

/*
 * What went wrong in the last failed call that this thread made, in words, UTF-8, no newline: "pool
 * data: need 107374182400 bytes, 52428800 are free".  "" when there is nothing to add to the code.
 * Good until the next call of the library in this thread.  Never NULL, never holds a secret.
 */
VDS_EXPORT const char *STDAPICALLTYPE VdsLastErrorMessage(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* VDS_LIBVDS_H */
