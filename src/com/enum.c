/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IEnumVdsObject: a snapshot of ids and a cursor. An object is made when Next hands it out.
 *
 * Invariant: cursor <= list->count. Clones share the list. Each clone has its own cursor, which is
 * moved by compare-and-swap, so that two threads in one enumerator never get the same element. The
 * first enumerator of a list lies in the same memory as the list: most lists have no other, and
 * memory is half of what an enumerator costs.  Any thread may call it.
 */
#include "com/com.h"

#include <errno.h>
#include <string.h>

struct enumerator {
	struct com_object com;
	IEnumVdsObject enumerator;
	struct com_list *list; /* one reference */
	_Atomic size_t cursor;
};

/* What com_list_new allocates. */
struct block {
	struct enumerator first;
	struct com_list list;
};

struct com_list *
com_list_new(struct com_space *space, const struct com_class *class, size_t count)
{
	struct block *block = mem_alloc(sizeof(*block) + count * sizeof(block->list.ids[0]));
	struct com_list *list;

	if (block == NULL)
		return NULL;
	list = &block->list;
	atomic_init(&list->refs, 1);
	list->space = space;
	list->class = class;
	list->count = count;
	list->spaces = NULL;
	list->objects = NULL;
	return list;
}

struct com_list *
com_list_new_held(struct com_space *space, size_t capacity)
{
	size_t places = (capacity * sizeof(IUnknown *) + sizeof(struct guid) - 1) /
			sizeof(struct guid);
	struct com_list *list = com_list_new(space, NULL, places);

	if (list == NULL)
		return NULL;
	list->objects = (IUnknown **)(void *)list->ids;
	list->count = 0;
	return list;
}

void
com_list_add(struct com_list *list, IUnknown *object)
{
	list->objects[list->count++] = object;
}

struct com_list *
com_list_new_mixed(struct com_space *root, const struct com_class *class, size_t count)
{
	struct com_list *list = com_list_new(root, class, count);

	if (list == NULL)
		return NULL;
	list->spaces = mem_calloc(count + 1, sizeof(struct com_space *));
	if (list->spaces != NULL)
		return list;
	com_list_unref(list);
	return NULL;
}

void
com_list_unref(struct com_list *list)
{
	if (list == NULL || atomic_fetch_sub_explicit(&list->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; list->objects != NULL && i < list->count; i++)
		IUnknown_Release(list->objects[i]);
	mem_free(list->spaces);
	mem_free(container_of(list, struct block, list));
}

static void
enumerator_fini(struct com_object *object)
{
	com_list_unref(container_of(object, struct enumerator, com)->list);
}

/*
 * Claims up to count elements for the caller. Returns their number; *ret_first is the index of the
 * first.
 */
static size_t
claim(struct enumerator *e, size_t count, size_t *ret_first)
{
	size_t first = atomic_load_explicit(&e->cursor, memory_order_relaxed);
	size_t n;

	do {
		n = MIN(count, e->list->count - first);
	} while (!atomic_compare_exchange_weak_explicit(
		&e->cursor, &first, first + n, memory_order_relaxed, memory_order_relaxed));
	*ret_first = first;
	return n;
}

COM_THUNKS(enumerator, IEnumVdsObject, enumerator);

static HRESULT
take_back(struct enumerator *e, IUnknown **objects, size_t count, size_t first)
{
	for (size_t i = 0; i < count; i++) {
		IUnknown_Release(objects[i]);
		objects[i] = NULL;
	}
	atomic_store_explicit(&e->cursor, first, memory_order_relaxed);
	return com_error(-ENOMEM);
}

/* Returns an element with a new reference, or NULL when out of memory. */
static IUnknown *
element_at(const struct com_list *list, size_t index)
{
	struct com_space *space = list->spaces != NULL ? list->spaces[index] : list->space;
	struct com_object *object;

	if (list->objects != NULL) {
		IUnknown_AddRef(list->objects[index]);
		return list->objects[index];
	}
	object = com_space_object(space, list->class, &list->ids[index]);
	return object != NULL ? com_unknown(object) : NULL;
}

static HRESULT STDMETHODCALLTYPE
enumerator_next(IEnumVdsObject *self, ULONG celt, IUnknown **objects, ULONG *ret_fetched)
{
	struct enumerator *e = container_of(self, struct enumerator, enumerator);
	struct com_list *list = e->list;
	size_t first, n;

	if (ret_fetched == NULL)
		return COM_NULL_ARGUMENT("pcFetched");
	*ret_fetched = 0;
	if (objects == NULL && celt != 0)
		return COM_NULL_ARGUMENT("ppObjectArray");
	n = claim(e, celt, &first);
	for (size_t i = 0; i < n; i++) {
		objects[i] = element_at(list, first + i);
		if (objects[i] == NULL)
			return take_back(e, objects, i, first);
	}
	*ret_fetched = (ULONG)n;
	return n == celt ? S_OK : S_FALSE;
}

static HRESULT STDMETHODCALLTYPE
enumerator_skip(IEnumVdsObject *self, ULONG celt)
{
	size_t first;

	return claim(container_of(self, struct enumerator, enumerator), celt, &first) == celt
		       ? S_OK
		       : S_FALSE;
}

static HRESULT STDMETHODCALLTYPE
enumerator_reset(IEnumVdsObject *self)
{
	struct enumerator *e = container_of(self, struct enumerator, enumerator);

	atomic_store_explicit(&e->cursor, 0, memory_order_relaxed);
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
enumerator_clone(IEnumVdsObject *self, IEnumVdsObject **ret_enum)
{
	struct enumerator *e = container_of(self, struct enumerator, enumerator);
	struct enumerator *clone;

	if (ret_enum == NULL)
		return COM_NULL_ARGUMENT("ppEnum");
	*ret_enum = NULL;
	clone = com_object_new(e->list->space, &com_enum_class);
	if (clone == NULL)
		return com_error(-ENOMEM);
	atomic_fetch_add_explicit(&e->list->refs, 1, memory_order_relaxed);
	clone->list = e->list;
	atomic_init(&clone->cursor, atomic_load_explicit(&e->cursor, memory_order_relaxed));
	*ret_enum = &clone->enumerator;
	return S_OK;
}

static const IEnumVdsObjectVtbl enumerator_vtable = {
	COM_UNKNOWN(enumerator),   .Next = enumerator_next,   .Skip = enumerator_skip,
	.Reset = enumerator_reset, .Clone = enumerator_clone,
};

static const struct com_interface interfaces[] = {
	COM_INTERFACE(enumerator, IEnumVdsObject, enumerator),
};

const struct com_class com_enum_class = {
	.name = "enumerator",
	.size_bytes = sizeof(struct enumerator),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
	.fini = enumerator_fini,
};

static const struct com_class first_class = {
	.name = "enumerator",
	.size_bytes = sizeof(struct enumerator),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
	.fini = enumerator_fini,
	.is_part = true,
};

HRESULT
com_enum_new(struct com_list *list, IEnumVdsObject **ret_enum)
{
	struct enumerator *e;

	*ret_enum = NULL;
	if (list == NULL)
		return com_error(-ENOMEM);
	e = &container_of(list, struct block, list)->first;
	memset(&e->com, 0, sizeof(e->com));
	com_object_init(&e->com, list->space, &first_class);
	e->list = list;
	atomic_init(&e->cursor, 0);
	*ret_enum = &e->enumerator;
	return S_OK;
}
