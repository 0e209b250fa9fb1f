/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes enumerators: over all rows of a family, over the objects that are tied to an object, and
 * empty ones. Any thread may call it.
 */
#include "provider/provider_int.h"

#include <string.h>

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

HRESULT
provider_list_family(struct com_object *object, unsigned guards, const struct com_class *class,
		     IEnumVdsObject **ret_enum)
{
	AUTO_LOOK struct provider_look look;
	HRESULT hr = provider_enter(object, guards, &look, COM_OUT(ret_enum, "ppEnum"));

	if (FAILED(hr))
		return hr;
	return com_enum_new(list_of_family(object->space, class, look.view.config), ret_enum);
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
		    struct row_slice (*slice_of)(const struct state *, const struct guid *),
		    size_t id_offset, IEnumVdsObject **ret_enum)
{
	AUTO_LOOK struct provider_look look;
	HRESULT hr = provider_enter(object, guards, &look, COM_OUT(ret_enum, "ppEnum"));

	if (FAILED(hr))
		return hr;
	return com_enum_new(list_of_slice(object->space, class,
					  slice_of(look.view.config, &object->id), id_offset),
			    ret_enum);
}
