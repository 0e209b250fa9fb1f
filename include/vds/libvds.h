/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvds: the functions by which a program on Linux opens a VDS hardware provider.  For C and C++
 * programs; every function and method may be called on any thread.
 *
 *	IVdsHwProvider *provider;
 *	HRESULT hr = VdsOpenHwProvider(NULL, &IID_IVdsHwProvider, (void **)&provider);
 *	if (FAILED(hr))
 *		errx(1, "%s: %s", VdsErrorText(hr), VdsLastErrorMessage());
 *	...
 *	IVdsHwProvider_Release(provider);
 *
 * The library is a caching provider.  It holds a replica of the array's state that the array keeps
 * up to date, so a query is answered from memory.  A change goes to the array and returns when the
 * replica shows it, so a program always sees its own changes.  Changes of other programs arrive
 * within moments; VdsSync() waits for them.  While there is no contact with the array, queries are
 * answered for at most 5 seconds, and with VDS_E_PROVIDER_CACHE_CORRUPT after that; the array is
 * still a subsystem then, and its properties say VDS_SSS_OFFLINE.
 *
 * A provider may have several arrays, each of which is a subsystem: a list of URLs, or the file
 * /etc/vds/arrays (another one when VDS_ARRAYS names it) with URLs between blanks and line ends and
 * comments from '#' on.  IVdsHwProvider::Reenumerate reads the list again and looks for arrays that
 * did not answer.
 *
 * A change whose answer is lost is asked about until its outcome is known, for at most two minutes.
 * A method that fails has changed nothing, unless VdsLastErrorMessage() says that it is not known
 * whether the change was made (the array did not come back in that time).
 *
 * Notifications: a program passes an object with IVdsAdviseSink to IVdsProviderPrivate::OnLoad.
 * The library calls OnNotify on a thread of its own that holds no lock, so OnNotify may call
 * anything.  The receiver frees the array of notifications with CoTaskMemFree, as VDS documents it,
 * although the array is an [in] parameter.  A sink that falls behind loses notifications and gets
 * VDS_NF_SERVICE_OUT_OF_SYNC.  A sink whose OnNotify returns that its process is gone is released.
 *
 * CoInitialize is not needed.  Nothing of the library may be called from a signal handler, nor in a
 * child after fork() unless the child executes a program.
 *
 * Link with -lvds (pkg-config libvds). The symbols carry the version in which they came, from
 * VDS_1.0 on.
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
DEFINE_GUID(CLSID_VdsHwProvider, 0x5c69c549, 0x3f24, 0x4261, 0x99, 0x96, 0x4e, 0x59, 0x0c, 0xa0,
	    0xb7, 0xe6);

/*
 * Connects to arrays and returns their provider, loaded and ready: the replicas are complete.
 *
 * url: where the array listens, UTF-16: u"unix:/run/vdsd/vdsd.sock" (a socket) or
 * u"http://HOST:PORT" (loopback); for several gateways of one array their URLs with commas between
 * them; for several arrays their URLs with blanks between them. NULL is
 * the environment variable VDS_URL or, without one, the file of the list (above) or, without one,
 * unix:/run/vdsd/vdsd.sock.
 * riid: an interface of the provider: IID_IVdsHwProvider, IID_IVdsProvider, IID_IUnknown, ...
 *
 * Returns S_OK and *ppv with one reference that the caller releases; E_POINTER (ppv is NULL). On
 * any other failure *ppv is NULL: E_NOINTERFACE (riid), E_INVALIDARG (url), E_OUTOFMEMORY,
 * VDS_E_ACCESS_DENIED (the user may not use the socket), VDS_E_INITIALIZED_FAILED (no array of the
 * list answers, or none is of a version that this library understands); VdsLastErrorMessage() says
 * more, about the first array of the list.
 *
 * May block for some seconds.  Each call opens connections and replicas of its own; they end with
 * IVdsProviderPrivate::OnUnload, at the latest with the last Release of the provider and of every
 * object that came from it.
 *
 * The call does what VdsGetClassObject, CreateInstance and IVdsProviderPrivate::OnLoad without a
 * callback object do together, but fails when no array answers; OnLoad may still be called to set a
 * callback object.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE VdsOpenHwProvider(const WCHAR *url, REFIID riid, void **ppv);

/*
 * The class factory: what DllGetClassObject is on Windows.
 *
 * rclsid: CLSID_VdsHwProvider.  riid: IID_IClassFactory or IID_IUnknown.  CreateInstance returns a
 * provider that is not loaded.  Its methods that need no array work (IVdsProvider,
 * IVdsProviderSupport, IVdsHwProviderType); the others return VDS_E_INITIALIZE_NOT_CALLED until
 * IVdsProviderPrivate::OnLoad has connected the provider to the arrays of the default list.
 *
 * Returns S_OK and *ppv with one reference; E_POINTER (ppv is NULL). On any other failure *ppv is
 * NULL: CLASS_E_CLASSNOTAVAILABLE (rclsid), E_NOINTERFACE (riid), E_INVALIDARG (rclsid or riid is
 * NULL). Never blocks.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE VdsGetClassObject(REFCLSID rclsid, REFIID riid, void **ppv);

/*
 * Waits until the replica shows everything that the array had committed when this was called, no
 * matter which program changed it.
 *
 * object: the provider, or any object that came from it.
 *
 * Returns S_OK; E_INVALIDARG (object is NULL or not of this library); VDS_E_INITIALIZE_NOT_CALLED
 * (the provider is not loaded); VDS_E_PROVIDER_CACHE_CORRUPT (the array cannot be reached, or the
 * replica cannot be trusted: IVdsHwProvider::Reenumerate and then Refresh cure that); VDS_E_TIMEOUT
 * (the array answered, but its changes did not arrive within 10 seconds). Blocks for one round
 * trip, at most some seconds.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE VdsSync(IUnknown *object);

/*
 * Converts between UTF-16, which the interfaces of VDS use, and UTF-8, which most programs on Linux
 * use.  Both functions make a new string, which the caller frees with CoTaskMemFree.
 *
 * Returns S_OK and the string.  On failure *ret_string or *ret_text is NULL: E_INVALIDARG (text or
 * string is NULL or not well-formed), E_OUTOFMEMORY. E_POINTER: ret_string or ret_text is NULL.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE VdsStringFromUtf8(const char *text, LPWSTR *ret_string);
VDS_EXPORT HRESULT STDAPICALLTYPE VdsUtf8FromString(LPCWSTR string, char **ret_text);

/*
 * Switches the library's log lines to standard error on or off.  They are off unless the program or
 * its user asks for them.
 *
 * areas: NULL switches them off; "" switches warnings and rare events on; a list with commas
 * ("all", "client", "client.replica") switches also the debug lines of these areas on.  The
 * environment variable VDS_DEBUG says the same until the program calls this.
 *
 * Returns S_OK, E_INVALIDARG (there is no such area; the areas before it in the list are on),
 * E_OUTOFMEMORY.
 */
VDS_EXPORT HRESULT STDAPICALLTYPE VdsSetDebug(const char *areas);

/*
 * Returns the name of a result code ("VDS_E_OBJECT_DELETED"). For a code that has no name here the
 * result is "HRESULT 0x8007xxxx", which is valid until this thread's next call of the function.
 * Never NULL.
 */
VDS_EXPORT const char *STDAPICALLTYPE VdsErrorText(HRESULT hr);

/*
 * Returns what went wrong in this thread's last call, which failed, in words, UTF-8, without a
 * newline: "pool data: need 107374182400 bytes, 52428800 are free". "" when there is nothing to add
 * to the code: the text is never that of an older call.  After a call that succeeded the text means
 * nothing.  Valid until this thread's next call of the library.  Never NULL; never contains a
 * secret.
 */
VDS_EXPORT const char *STDAPICALLTYPE VdsLastErrorMessage(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* VDS_LIBVDS_H */
