/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory: allocation that tests can make fail, and the macros by which local variables own memory
 * (cleanup attribute). Every function may return NULL (out of memory is an error like any other).
 * Any thread.
 */
#ifndef VDS_BASE_MEM_H
#define VDS_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size_bytes) __attribute__((malloc));
/* Returns zeroed memory; also NULL when count * size_bytes overflows. */
void *mem_calloc(size_t count, size_t size_bytes) __attribute__((malloc));
/* Resizes a block as realloc does; after a failure the old block is unchanged. */
void *mem_realloc(void *block, size_t size_bytes);
/*
 * Grows *block, by doubling, to hold at least `need` elements.  Returns 0, or -ENOMEM (the block is
 * unchanged).
 */
int mem_grow(void *block_ptr, size_t *capacity, size_t need, size_t element_bytes);
/* Returns a copy of size_bytes bytes. */
void *mem_dup(const void *bytes, size_t size_bytes);
/* Frees a block; NULL does nothing. */
void mem_free(void *block);

/*
 * For tests: let the nth allocation of this thread from now fail (1 = the next one, 0 = none),
 * once.  mem_fault_hit returns non-zero when that allocation was reached since.
 */
void mem_fault_at(unsigned nth);
int mem_fault_hit(void);
/*
 * For tests: lets no allocation of this thread fail until mem_fault_resume.  The allocations
 * between the two are not counted: a fake makes them, which stands for another process.
 */
void mem_fault_pause(void);
void mem_fault_resume(void);

static inline void
mem_free_cleanup(void *pointer_to_pointer)
{
	mem_free(*(void **)pointer_to_pointer);
}

/*
 * A variable that frees its memory at the end of its scope: AUTO_FREE char *s = str_dup(x); …
 * return TAKE(s); TAKE moves the memory out of the variable.
 */
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
