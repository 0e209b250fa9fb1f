/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes enumerators: over all rows of a family, over the objects that are tied to an object, and
 * empty ones. Any thread may call it.
 */
#include "provider/provider_int.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

static struct com_list *
list_of_family(struct com_space *space, const struct com_class *class, const struct state *state)
{
	enum row_family family = (enum row_family) class->kind;
	size_t count = state_count(state, family);
	struct com_list *list = com_list_new(space, class, count);
	struct row_key key;

	for (size_t i = 0; list != NULL && i < count; i++) {
		row_key(state_at(state, family, i), &key);
		list->ids[i] = key.a;
	}
	return list;
}

static struct com_list *
list_of_slice(struct com_space *space, const struct com_class *class, struct row_slice slice,
	      size_t id_offset)
{
	struct com_list *list = com_list_new(space, class, slice.count);

	for (size_t i = 0; list != NULL && i < slice.count; i++)
		memcpy(&list->ids[i], (const char *)slice.rows[i] + id_offset,
		       sizeof(list->ids[i]));
	return list;
}

/* Which rows a list has: those for which matches returns true, or all when it is NULL. */
struct chosen {
	bool (*matches)(const struct client_view *view, const void *row, const void *arg);
	const void *arg;
};

/* Takes a view of the place's array, as an enumeration of all arrays has it. */
static HRESULT
view_of_place(struct provider_place *place, bool lost_too, struct client_view *ret_view)
{
	int rc = client_view(place->client, ret_view);

	if (rc == ERR_CACHE_CORRUPT && lost_too && client_contact(place->client) == CLIENT_LOST) {
		client_view_last(place->client, ret_view);
		rc = ret_view->config != NULL ? 0 : rc;
	}
	return com_error(rc);
}

/* Adds the objects of one array to a list; makes the list when there is none yet. */
static HRESULT
add_place(struct provider_place *place, const struct com_class *class, const struct chosen *chosen,
	  struct com_list **list)
{
	AUTO_VIEW struct client_view view = { NULL, NULL };
	enum row_family family = (enum row_family) class->kind;
	size_t before = (*list)->count, count, taken = before;
	const struct state *state;
	struct com_list *longer;
	struct row_key key;
	HRESULT hr = view_of_place(place, family == ROW_ARRAY, &view);

	if (FAILED(hr))
		return hr;
	state = provider_view_state(&view, family);
	count = state_count(state, family);
	longer = com_list_new_mixed((*list)->space, class, before + count);
	if (longer == NULL)
		return com_error(-ENOMEM);
	memcpy(longer->ids, (*list)->ids, before * sizeof(longer->ids[0]));
	memcpy(longer->spaces, (*list)->spaces, before * sizeof(struct com_space *));
	for (size_t i = 0; i < count; i++) {
		const void *row = state_at(state, family, i);

		if (chosen != NULL && !chosen->matches(&view, row, chosen->arg))
			continue;
		row_key(row, &key);
		longer->ids[taken] = key.a;
		longer->spaces[taken++] = &place->space;
	}
	longer->count = taken;
	com_list_unref(*list);
	*list = longer;
	return S_OK;
}

/*
 * The objects of a family of all arrays.  An array that is lost is still a subsystem, and it does
 * not hide the objects of the others; but when no array answers, nothing is known.
 */
static HRESULT
list_all(struct com_object *provider, const struct com_class *class, const struct chosen *chosen,
	 IEnumVdsObject **ret_enum)
{
	struct provider_core *core = provider_core_of(provider);
	struct com_list *list = com_list_new_mixed(provider->space, class, 0);
	HRESULT hr = S_OK, lost = S_OK;
	bool answered = false;

	if (list == NULL)
		return com_error(-ENOMEM);
	provider_for_each_place(place, core)
	{
		if (SUCCEEDED(hr))
			hr = add_place(place, class, chosen, &list);
		if (hr == VDS_E_PROVIDER_CACHE_CORRUPT &&
		    client_contact(place->client) == CLIENT_LOST) {
			lost = hr;
			hr = S_OK;
		} else if (SUCCEEDED(hr)) {
			answered = true;
		}
	}
	if (SUCCEEDED(hr) && !answered)
		hr = lost;
	if (SUCCEEDED(hr))
		return com_enum_new(list, ret_enum);
	com_list_unref(list);
	return hr;
}

HRESULT
provider_list_family(struct com_object *object, unsigned guards, const struct com_class *class,
		     IEnumVdsObject **ret_enum)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = COM_OUT(ret_enum, "ppEnum");

	if (SUCCEEDED(hr) && object->class == &provider_class &&
	    atomic_load_explicit(&provider_core_of(object)->loaded, memory_order_acquire))
		return list_all(object, class, NULL, ret_enum);
	hr = provider_enter(object, guards, &look, hr);
	if (FAILED(hr))
		return hr;
	return com_enum_new(
		list_of_family(object->space, class,
			       provider_view_state(&look.view, (enum row_family) class->kind)),
		ret_enum);
}

HRESULT
provider_list_filtered(struct com_object *provider, const struct com_class *class,
		       bool (*matches)(const struct client_view *view, const void *row,
				       const void *arg),
		       const void *arg, IEnumVdsObject **ret_enum)
{
	const struct chosen chosen = { matches, arg };
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = COM_OUT(ret_enum, "ppEnum");

	if (SUCCEEDED(hr) &&
	    !atomic_load_explicit(&provider_core_of(provider)->loaded, memory_order_acquire))
		hr = provider_enter(provider, 0, &look, hr); /* says that it is not loaded */
	return FAILED(hr) ? hr : list_all(provider, class, &chosen, ret_enum);
}

HRESULT
provider_list_none(struct com_object *object, unsigned guards, IEnumVdsObject **ret_enum)
{
	AUTO_LOOK struct provider_look look;
	HRESULT hr = provider_enter(object, guards, &look, COM_OUT(ret_enum, "ppEnum"));

	if (FAILED(hr))
		return hr;
	return com_enum_new(com_list_new(object->space, object->class, 0), ret_enum);
}

HRESULT
provider_list_slice(struct com_object *object, unsigned guards, const struct com_class *class,
		    provider_slice_of *slice_of, size_t id_offset, IEnumVdsObject **ret_enum)
{
	AUTO_LOOK struct provider_look look;
	struct row_slice slice;
	HRESULT hr = provider_enter_slice(object, guards, slice_of, &look, &slice,
					  COM_OUT(ret_enum, "ppEnum"));

	if (FAILED(hr))
		return hr;
	return com_enum_new(list_of_slice(object->space, class, slice, id_offset), ret_enum);
}
