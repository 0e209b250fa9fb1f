/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The few Win32 and COM names that vds.h needs.  On Windows the system's headers declare them; here
 * they are declared with the sizes and layouts that Windows gives them, on x86-64 and on i386.
 *
 * WCHAR is a 16-bit code unit: u"text" is a WCHAR string in C11 and in C++, and L"text" is one with
 * the compiler's option -fshort-wchar (the headers in vds/compat are for such programs). The header
 * declares only what the declarations of VDS use: there is no `interface` macro, no LPVOID and no
 * MAX_PATH.
 *
 * C programs always get the call helpers (IVdsLun_GetProperties(lun, &prop)); C++ programs see the
 * interfaces as abstract classes.  No interface has a virtual destructor, because the slots are
 * those of COM: an object is freed by its last Release, never with delete.  The objects of libvds
 * are written in C and have no C++ type information, so dynamic_cast, typeid and -fsanitize=vptr
 * cannot be used on them.
 *
 * With INITGUID defined, the IIDs and CLSIDs are defined and not only declared; libvds defines them
 * already, so a program that links with it has no need to.
 */
#ifndef VDS_VDSTYPES_H
#define VDS_VDSTYPES_H

#if !defined(__cplusplus) && !defined(COBJMACROS)
#define COBJMACROS
#endif

#ifdef _WIN32
#include <windows.h>
#include <ole2.h>
#include <unknwn.h>
#else

#include <stddef.h>
#include <stdint.h>

/* ---- Compiler and linkage ---- */

#define VDS_EXPORT __attribute__((visibility("default")))

#ifdef __cplusplus
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif

/* On Linux methods have the C calling convention of the platform, so these words are empty. */
#ifndef STDMETHODCALLTYPE /* a test build of libvds defines another convention, to find methods without this word */
#define STDMETHODCALLTYPE
#endif
#define STDAPICALLTYPE
#define STDMETHODIMP HRESULT
#define STDMETHODIMP_(type) type
#define STDAPI EXTERN_C HRESULT

/* Macros that vds.h, which widl generates, uses. */
#define BEGIN_INTERFACE
#define END_INTERFACE
#define CONST_VTBL const
#define FORCEINLINE inline __attribute__((always_inline, unused))
#define WIDL_C_INLINE_WRAPPERS
#define MIDL_INTERFACE(uuid) struct
#define DECLSPEC_UUID(uuid)

/* ---- Scalars ---- */

typedef uint8_t BYTE;
typedef uint8_t UCHAR;
typedef uint8_t BOOLEAN;
typedef int16_t SHORT;
typedef uint16_t USHORT;
typedef int32_t LONG;
typedef uint32_t ULONG;
typedef uint32_t DWORD;
typedef int32_t BOOL;
typedef int32_t HRESULT;

/*
 * Microsoft aligns this type to 8 bytes on every platform; the i386 ABI of Linux would align it to
 * 4.
 */
#ifdef __i386__
typedef unsigned long long ULONGLONG __attribute__((aligned(8)));
#else
typedef unsigned long long ULONGLONG;
#endif

#if defined(__SIZEOF_WCHAR_T__) && __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR; /* -fshort-wchar: L"text" is a WCHAR string, as on Windows */
#elif defined(__cplusplus)
typedef char16_t WCHAR;
#else
typedef uint_least16_t WCHAR; /* the type that C11 calls char16_t */
#endif
typedef WCHAR *LPWSTR;
typedef const WCHAR *LPCWSTR;

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

/* ---- GUIDs ---- */

typedef struct _GUID {
	uint32_t Data1;
	uint16_t Data2;
	uint16_t Data3;
	uint8_t Data4[8];
} GUID;
typedef GUID IID;
typedef GUID CLSID;

#ifdef __cplusplus
typedef const GUID &REFGUID;
typedef const IID &REFIID;
typedef const CLSID &REFCLSID;
#else
typedef const GUID *REFGUID;
typedef const IID *REFIID;
typedef const CLSID *REFCLSID;
#endif

#ifdef INITGUID /* weak: several files of a program may define the GUIDs */
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
	extern VDS_EXPORT const GUID name __attribute__((weak));     \
	const GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
	extern VDS_EXPORT const GUID name
#endif

#ifdef __cplusplus
extern "C" {
#endif

DEFINE_GUID(GUID_NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
DEFINE_GUID(IID_IUnknown, 0x00000000, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	    0x46);
DEFINE_GUID(IID_IClassFactory, 0x00000001, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	    0x46);

/* Returns non-zero when both are equal.  C passes pointers and C++ references, as on Windows. */
static FORCEINLINE int
IsEqualGUID(REFGUID a, REFGUID b)
{
#ifdef __cplusplus
	return __builtin_memcmp(&a, &b, sizeof(GUID)) == 0;
#else
	return __builtin_memcmp(a, b, sizeof(GUID)) == 0;
#endif
}
#define IsEqualIID(a, b) IsEqualGUID(a, b)
#define IsEqualCLSID(a, b) IsEqualGUID(a, b)

/* ---- Memory that crosses an interface ---- */

/*
 * The task allocator, for memory that one side of an interface allocates and the other side frees.
 * Everything that a method returns in an [out] pointer and that is not an interface (strings,
 * arrays, members of structures) was allocated by CoTaskMemAlloc; the caller owns it and frees it
 * with CoTaskMemFree.
 *
 * CoTaskMemAlloc and CoTaskMemRealloc return NULL when out of memory; a block that CoTaskMemRealloc
 * could not change stays valid.  CoTaskMemAlloc(0) returns a valid block without bytes,
 * CoTaskMemRealloc(NULL, n) allocates, CoTaskMemRealloc(p, 0) frees and returns NULL, and
 * CoTaskMemFree(NULL) does nothing.  Any thread.
 */
VDS_EXPORT void *CoTaskMemAlloc(size_t size_bytes);
VDS_EXPORT void *CoTaskMemRealloc(void *p, size_t size_bytes);
VDS_EXPORT void CoTaskMemFree(void *p);

#ifdef __cplusplus
} /* extern "C" */

inline bool
operator==(const GUID &a, const GUID &b)
{
	return IsEqualGUID(a, b) != 0;
}

inline bool
operator!=(const GUID &a, const GUID &b)
{
	return IsEqualGUID(a, b) == 0;
}
#endif

/* ---- IUnknown and IClassFactory ---- */

#ifdef __cplusplus
/*
 * vds_uuid_of<IVdsLun>::get() is IID_IVdsLun: what __uuidof(IVdsLun) is for compilers that know the
 * word.  vds.h tells the GUIDs of interfaces and classes with this macro.
 */
template <class T> struct vds_uuid_of;

#define __CRT_UUID_DECL(type, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                      \
	extern "C++" {                                                                        \
	template <> struct vds_uuid_of<type> {                                                \
		static const GUID &get()                                                      \
		{                                                                             \
			static const GUID guid = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}; \
			return guid;                                                          \
		}                                                                             \
	};                                                                                    \
	}
#endif

#if defined(__cplusplus) && !defined(CINTERFACE)

struct IUnknown {
	virtual HRESULT STDMETHODCALLTYPE QueryInterface(REFIID riid, void **ppvObject) = 0;
	virtual ULONG STDMETHODCALLTYPE AddRef() = 0;
	virtual ULONG STDMETHODCALLTYPE Release() = 0;

	/* Does the same with the IID of the pointer's type. */
	template <class Q>
	HRESULT QueryInterface(Q **pp)
	{
		return QueryInterface(vds_uuid_of<Q>::get(), reinterpret_cast<void **>(pp));
	}
};

struct IClassFactory : public IUnknown {
	virtual HRESULT STDMETHODCALLTYPE CreateInstance(IUnknown *pUnkOuter, REFIID riid,
							 void **ppvObject) = 0;
	virtual HRESULT STDMETHODCALLTYPE LockServer(BOOL fLock) = 0;
};

__CRT_UUID_DECL(IUnknown, 0x00000000, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46)
__CRT_UUID_DECL(IClassFactory, 0x00000001, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x46)

#else

typedef struct IUnknown IUnknown;
typedef struct IUnknownVtbl {
	HRESULT (STDMETHODCALLTYPE *QueryInterface)(IUnknown *This, const IID *riid, void **ppv);
	ULONG (STDMETHODCALLTYPE *AddRef)(IUnknown *This);
	ULONG (STDMETHODCALLTYPE *Release)(IUnknown *This);
} IUnknownVtbl;
struct IUnknown {
	CONST_VTBL IUnknownVtbl *lpVtbl;
};

typedef struct IClassFactory IClassFactory;
typedef struct IClassFactoryVtbl {
	HRESULT (STDMETHODCALLTYPE *QueryInterface)(IClassFactory *This, const IID *riid,
						    void **ppvObject);
	ULONG (STDMETHODCALLTYPE *AddRef)(IClassFactory *This);
	ULONG (STDMETHODCALLTYPE *Release)(IClassFactory *This);
	HRESULT (STDMETHODCALLTYPE *CreateInstance)(IClassFactory *This, IUnknown *pUnkOuter,
						    const IID *riid, void **ppvObject);
	HRESULT (STDMETHODCALLTYPE *LockServer)(IClassFactory *This, BOOL fLock);
} IClassFactoryVtbl;
struct IClassFactory {
	CONST_VTBL IClassFactoryVtbl *lpVtbl;
};

static FORCEINLINE HRESULT
IUnknown_QueryInterface(IUnknown *This, const IID *riid, void **ppvObject)
{
	return This->lpVtbl->QueryInterface(This, riid, ppvObject);
}

static FORCEINLINE ULONG
IUnknown_AddRef(IUnknown *This)
{
	return This->lpVtbl->AddRef(This);
}

static FORCEINLINE ULONG
IUnknown_Release(IUnknown *This)
{
	return This->lpVtbl->Release(This);
}

static FORCEINLINE HRESULT
IClassFactory_QueryInterface(IClassFactory *This, const IID *riid, void **ppvObject)
{
	return This->lpVtbl->QueryInterface(This, riid, ppvObject);
}

static FORCEINLINE ULONG
IClassFactory_AddRef(IClassFactory *This)
{
	return This->lpVtbl->AddRef(This);
}

static FORCEINLINE ULONG
IClassFactory_Release(IClassFactory *This)
{
	return This->lpVtbl->Release(This);
}

static FORCEINLINE HRESULT
IClassFactory_CreateInstance(IClassFactory *This, IUnknown *pUnkOuter, const IID *riid,
			     void **ppvObject)
{
	return This->lpVtbl->CreateInstance(This, pUnkOuter, riid, ppvObject);
}

static FORCEINLINE HRESULT
IClassFactory_LockServer(IClassFactory *This, BOOL fLock)
{
	return This->lpVtbl->LockServer(This, fLock);
}

#endif /* C, or C++ with CINTERFACE */

/* ---- Result codes: what an HRESULT is made of (the codes themselves: vdserr.h) ---- */

#define SUCCEEDED(hr) ((HRESULT)(hr) >= 0)
#define FAILED(hr) ((HRESULT)(hr) < 0)
#define S_OK ((HRESULT)0)
#define S_FALSE ((HRESULT)1)

#endif /* !_WIN32 */

#ifndef VDS_EXPORT
#define VDS_EXPORT
#endif

#endif /* VDS_VDSTYPES_H */
