/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The C library's allocator, in which a test can let one allocation fail. Any thread. */
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local struct {
	unsigned left; /* allocations until the one that fails; 0 = none */
	bool hit;
	unsigned paused; /* calls of mem_fault_pause that have not been resumed */
} fault;

void
mem_fault_at(unsigned nth)
{
	fault.left = nth;
	fault.hit = false;
}

int
mem_fault_hit(void)
{
	return fault.hit;
}

void
mem_fault_pause(void)
{
	fault.paused++;
}

void
mem_fault_resume(void)
{
	fault.paused--;
}

static bool
fault_now(void)
{
	if (__builtin_expect(fault.left == 0, true) || fault.paused > 0 || --fault.left > 0)
		return false;
	fault.hit = true;
	return true;
}

void *
mem_alloc(size_t size_bytes)
{
	return fault_now() ? NULL : malloc(size_bytes > 0 ? size_bytes : 1);
}

void *
mem_calloc(size_t count, size_t size_bytes)
{
	size_t total;

	/* calloc would see the overflow too, but sanitizers take that for a mistake */
	if (__builtin_mul_overflow(count, size_bytes, &total) || fault_now())
		return NULL;
	return calloc(1, total > 0 ? total : 1);
}

void *
mem_realloc(void *block, size_t size_bytes)
{
	return fault_now() ? NULL : realloc(block, size_bytes > 0 ? size_bytes : 1);
}

#define GROW_MIN 8

int
mem_grow(void *block_ptr, size_t *capacity, size_t need, size_t element_bytes)
{
	size_t want = *capacity > GROW_MIN ? *capacity : GROW_MIN, size_bytes;
	void *block;

	if (need <= *capacity)
		return 0;
	while (want < need)
		want = want > SIZE_MAX / 2 ? need : want * 2;
	if (__builtin_mul_overflow(want, element_bytes, &size_bytes))
		return -ENOMEM;
	memcpy(&block, block_ptr, sizeof(block));
	block = mem_realloc(block, size_bytes);
	if (block == NULL)
		return -ENOMEM;
	memcpy(block_ptr, &block, sizeof(block));
	*capacity = want;
	return 0;
}

void *
mem_dup(const void *bytes, size_t size_bytes)
{
	void *copy = mem_alloc(size_bytes);

	if (copy != NULL && size_bytes > 0)
		memcpy(copy, bytes, size_bytes);
	return copy;
}

void
mem_free(void *block)
{
	free(block);
}
