/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Declarations that the C half and the C++ half of the ABI test share. */
#ifndef VDS_TESTS_HEADERS_ABI_H
#define VDS_TESTS_HEADERS_ABI_H

#include <vds/libvds.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A provider written in C; static, not counted. */
IVdsProviderPrivate *abi_c_provider(void);
/* The last call that it got. */
struct abi_call {
	VDS_OBJECT_ID id;
	VDS_OBJECT_TYPE type;
	BOOL force;
	unsigned add_refs;
};
const struct abi_call *abi_c_last_call(void);

/* Calls a sink, whoever wrote it, from C: two notifications.  Its answer. */
HRESULT abi_c_notify(IVdsAdviseSink *sink, const VDS_OBJECT_ID *lun_id);

#ifdef __cplusplus
}
#endif

#endif /* VDS_TESTS_HEADERS_ABI_H */
