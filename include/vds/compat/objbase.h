/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of COM that programs for VDS use.  See windows.h in this directory. */
#ifndef VDS_COMPAT_OBJBASE_H
#define VDS_COMPAT_OBJBASE_H

#include "windows.h"
#include "../vdscom.h"

#ifndef interface
#define interface struct
#endif
#define STDMETHOD(method) virtual HRESULT STDMETHODCALLTYPE method
#define STDMETHOD_(type, method) virtual type STDMETHODCALLTYPE method
#define PURE = 0
#define THIS_
#define THIS void
#ifndef STDAPI_
#define STDAPI_(type) EXTERN_C type STDAPICALLTYPE
#endif
#ifndef NOERROR
#define NOERROR S_OK
#endif
#define IIDFromString(lpsz, piid) CLSIDFromString(lpsz, piid)

#ifdef __cplusplus
extern "C++" {
template <class T> struct vds_compat_plain {
	typedef T type;
};
template <class T> struct vds_compat_plain<T &> {
	typedef T type;
};

template <class T>
inline void **
vds_compat_ppv(T **pp)
{
	(void)static_cast<IUnknown *>(*pp); /* T must be an interface */
	return reinterpret_cast<void **>(pp);
}
}
/* The argument is a class or an expression, as for compilers that know the word. */
#define __uuidof(what) (::vds_uuid_of<::vds_compat_plain<__typeof__(what)>::type>::get())
#define IID_PPV_ARGS(pp) \
	::vds_uuid_of<::vds_compat_plain<__typeof__(**(pp))>::type>::get(), ::vds_compat_ppv(pp)
#endif

/* Arguments of CoInitializeSecurity. */
#define RPC_C_AUTHN_LEVEL_DEFAULT 0
#define RPC_C_AUTHN_LEVEL_NONE 1
#define RPC_C_AUTHN_LEVEL_CONNECT 2
#define RPC_C_AUTHN_LEVEL_CALL 3
#define RPC_C_AUTHN_LEVEL_PKT 4
#define RPC_C_AUTHN_LEVEL_PKT_INTEGRITY 5
#define RPC_C_AUTHN_LEVEL_PKT_PRIVACY 6
#define RPC_C_IMP_LEVEL_DEFAULT 0
#define RPC_C_IMP_LEVEL_ANONYMOUS 1
#define RPC_C_IMP_LEVEL_IDENTIFY 2
#define RPC_C_IMP_LEVEL_IMPERSONATE 3
#define RPC_C_IMP_LEVEL_DELEGATE 4
#define EOAC_NONE 0
#define EOAC_STATIC_CLOAKING 0x20
#define EOAC_DYNAMIC_CLOAKING 0x40
#define EOAC_SECURE_REFS 0x2

#endif
