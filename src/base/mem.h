/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory: allocation that tests can make fail, and ownership by the cleanup attribute.
 * Every function may return NULL (out of memory is an error like any other).  Any thread.
 */
#ifndef VDS_BASE_MEM_H
#define VDS_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size_bytes) __attribute__((malloc));
/* Zeroed; NULL also when count * size overflows. */
void *mem_calloc(size_t count, size_t size_bytes) __attribute__((malloc));
/* As realloc; on failure the old block is untouched. */
void *mem_realloc(void *block, size_t size_bytes);
/* Room for at least `need` elements: grows *block by doubling.  0 or -ENOMEM (then untouched). */
int mem_grow(void *block_ptr, size_t *capacity, size_t need, size_t element_bytes);
void *mem_dup(const void *bytes, size_t size_bytes);
/* Accepts NULL. */
void mem_free(void *block);

/*
 * Tests: the nth allocation from now (1 = the next) fails, once; 0 = none.  This thread only.
 * mem_fault_hit says whether it was reached since.
 */
void mem_fault_at(unsigned nth);
int mem_fault_hit(void);

static inline void
mem_free_cleanup(void *pointer_to_pointer)
{
	mem_free(*(void **)pointer_to_pointer);
}

/* AUTO_FREE char *s = str_dup(x);  …  return TAKE(s); */
#define AUTO_FREE  __attribute__((cleanup(mem_free_cleanup)))
#define AUTO(fini) __attribute__((cleanup(fini)))
#define TAKE(pointer)                           \
	({                                      \
		__auto_type taken_ = (pointer); \
		(pointer) = NULL;               \
		taken_;                         \
	})

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define ARRAY_LEN(a)                    (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)                     \
	({                            \
		__auto_type a_ = (a); \
		__auto_type b_ = (b); \
		a_ < b_ ? a_ : b_;    \
	})
#define MAX(a, b)                      \
	({                             \
		__auto_type ma_ = (a); \
		__auto_type mb_ = (b); \
		ma_ > mb_ ? ma_ : mb_; \
	})

#endif
