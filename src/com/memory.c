/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The task allocator: memory that one side of an interface allocates and the other side frees. Any
 * thread may call it.
 */
#include "com/com.h"

#ifndef _WIN32 /* Windows has these functions */

void *
CoTaskMemAlloc(size_t size_bytes)
{
	return mem_alloc(size_bytes != 0 ? size_bytes : 1);
}

void *
CoTaskMemRealloc(void *p, size_t size_bytes)
{
	if (size_bytes != 0)
		return mem_realloc(p, size_bytes);
	if (p == NULL)
		return CoTaskMemAlloc(0);
	mem_free(p);
	return NULL;
}

void
CoTaskMemFree(void *p)
{
	mem_free(p);
}

#endif
