/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IEnumVdsObject: a snapshot of ids and a cursor. An object is made when Next hands it out.
 *
 * Invariant: cursor <= list->count. Clones share the list. Each clone has its own cursor, which is
 * moved by compare-and-swap, so that two threads in one enumerator never get the same element. Any
 * thread may call it.
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

struct com_list *
com_list_new(struct com_space *space, const struct com_class *class, size_t count)
{
	struct com_list *list = mem_alloc(sizeof(*list) + count * sizeof(list->ids[0]));

	if (list == NULL)
		return NULL;
	atomic_init(&list->refs, 1);
	list->space = space;
	list->class = class;
	list->count = count;
	return list;
}

void
com_list_unref(struct com_list *list)
{
	if (list == NULL || atomic_fetch_sub_explicit(&list->refs, 1, memory_order_acq_rel) != 1)
		return;
	mem_free(list);
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
		struct com_object *object = com_space_object(list->space, list->class,
							     &list->ids[first + i]);

		if (object == NULL)
			return take_back(e, objects, i, first);
		objects[i] = com_unknown(object);
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
	size_t cursor = atomic_load_explicit(&e->cursor, memory_order_relaxed);
	HRESULT hr;

	if (ret_enum == NULL)
		return COM_NULL_ARGUMENT("ppEnum");
	atomic_fetch_add_explicit(&e->list->refs, 1, memory_order_relaxed);
	hr = com_enum_new(e->list, ret_enum);
	if (SUCCEEDED(hr))
		atomic_store_explicit(
			&container_of(*ret_enum, struct enumerator, enumerator)->cursor, cursor,
			memory_order_relaxed);
	return hr;
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

HRESULT
com_enum_new(struct com_list *list, IEnumVdsObject **ret_enum)
{
	struct enumerator *e = NULL;

	*ret_enum = NULL;
	if (list != NULL)
		e = com_object_new(list->space, &com_enum_class);
	if (e == NULL) {
		com_list_unref(list);
		return com_error(-ENOMEM);
	}
	e->list = list;
	*ret_enum = &e->enumerator;
	return S_OK;
}
