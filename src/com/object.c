/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects: the one implementation of IUnknown behind every interface of every class. Any thread may
 * call it.
 */
#include "com/count_int.h"

#include <errno.h>
#include <string.h>

/* e2f6af32-54ad-412d-a6dd-b2445d9b3874: no program is told this id. */
const IID com_iid_object = {
	0xe2f6af32, 0x54ad, 0x412d, { 0xa6, 0xdd, 0xb2, 0x44, 0x5d, 0x9b, 0x38, 0x74 }
};

static void *
interface_at(struct com_object *object, size_t index)
{
	return (char *)object + object->class->interfaces[index].offset;
}

IUnknown *
com_unknown(struct com_object *object)
{
	return interface_at(object, 0);
}

static void *
find_interface(struct com_object *object, REFIID riid)
{
	const struct com_class *class = object->class;

	for (size_t i = 0; i < class->interface_count; i++) {
		if (IsEqualIID(riid, class->interfaces[i].iid))
			return interface_at(object, i);
	}
	if (IsEqualIID(riid, &IID_IUnknown))
		return com_unknown(object);
	return IsEqualIID(riid, &com_iid_object) ? object : NULL;
}

HRESULT
com_query(struct com_object *object, REFIID riid, void **ppv)
{
	if (ppv == NULL)
		return com_fail(E_POINTER, "ppvObject is NULL");
	*ppv = NULL;
	if (riid == NULL)
		return COM_NULL_ARGUMENT("riid");
	*ppv = find_interface(object, riid);
	if (*ppv == NULL)
		return com_fail(E_NOINTERFACE, "the object does not offer this interface");
	com_add_ref(object);
	return S_OK;
}

ULONG
com_add_ref(struct com_object *object)
{
	return com_count_add(&object->count);
}

bool
com_ref_unless_zero(struct com_object *object)
{
	unsigned shared = atomic_load_explicit(&object->count.shared, memory_order_relaxed);

	while (shared != 0) {
		if (atomic_compare_exchange_weak_explicit(&object->count.shared, &shared,
							  shared + 1, memory_order_acquire,
							  memory_order_relaxed))
			return true;
	}
	return false;
}

static void
object_free(struct com_object *object)
{
	const struct com_class *class = object->class;
	struct com_space *space = object->space;

	if (class->fini != NULL)
		class->fini(object);
	if (!class->is_part)
		mem_free(object);
	com_space_unref(space);
}

ULONG
com_release(struct com_object *object)
{
	ULONG left = com_count_drop(&object->count);

	if (left == 0 && object->count.shard != COM_COUNT_PLAIN)
		left = com_space_drop(object->space, object);
	if (left == 0)
		object_free(object);
	return left;
}

void
com_object_init(struct com_object *object, struct com_space *space, const struct com_class *class)
{
	com_count_init(&object->count, COM_COUNT_PLAIN);
	object->class = class;
	object->space = com_space_ref(space);
	for (size_t i = 0; i < class->interface_count; i++)
		memcpy(interface_at(object, i), &class->interfaces[i].vtable, sizeof(void *));
}

void *
com_object_new(struct com_space *space, const struct com_class *class)
{
	struct com_object *object = mem_calloc(1, class->size_bytes);

	if (object != NULL)
		com_object_init(object, space, class);
	return object;
}
