/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class of plexes.  A LUN has one, of the simple type: the array does not mirror, since the
 * storage below a pool does that better.  A plex has the row of its LUN and an id of its own, from
 * which that of the LUN follows.  Any thread may call the methods.
 */
#include "provider/provider_int.h"

#include <string.h>

struct plex {
	struct com_object com;
	IVdsLunPlex plex;
};

COM_THUNKS(plex, IVdsLunPlex, plex);

#define OBJECT(self) (&container_of(self, struct plex, plex)->com)

/* 9e1fa7c3-0d5b-4e62-8b17-5c20d6e4f1a9: made once; never to be changed */
static const struct guid plex_mark = { { 0x9e, 0x1f, 0xa7, 0xc3, 0x0d, 0x5b, 0x4e, 0x62, 0x8b, 0x17,
					 0x5c, 0x20, 0xd6, 0xe4, 0xf1, 0xa9 } };

struct guid
provider_plex_swap(const struct guid *id)
{
	struct guid other;

	for (size_t i = 0; i < sizeof(other.bytes); i++)
		other.bytes[i] = id->bytes[i] ^ plex_mark.bytes[i];
	return other;
}

static HRESULT STDMETHODCALLTYPE
plex_get_properties(IVdsLunPlex *self, VDS_LUN_PLEX_PROP *prop)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_live_lun *live;
	const struct row_lun *row;
	HRESULT hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(prop, "pPlexProp"));

	if (FAILED(hr))
		return hr;
	row = look.row;
	live = provider_look_live_lun(&look, &row->id);
	com_guid_out(&OBJECT(self)->id, &prop->id);
	prop->ullSize = row->size_bytes;
	prop->type = VDS_LPT_SIMPLE;
	prop->status = (VDS_LUN_PLEX_STATUS)provider_lun_status(row, live); /* the same values */
	prop->health = provider_lun_health(live);
	prop->TransitionState = provider_lun_transition(live);
	prop->sRebuildPriority = provider_lun_rebuild_priority(row);
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
plex_get_lun(IVdsLunPlex *self, IVdsLun **ret_lun)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_lun *row;
	HRESULT hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(ret_lun, "ppLun"));

	if (FAILED(hr))
		return hr;
	row = look.row;
	return com_give(OBJECT(self)->space, &provider_lun_class, &row->id, &IID_IVdsLun,
			(void **)ret_lun);
}

static HRESULT STDMETHODCALLTYPE
plex_query_extents(IVdsLunPlex *self, VDS_DRIVE_EXTENT **ret_extents, LONG *ret_count)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = COM_OUT(ret_extents, "ppExtentArray");
	HRESULT also = COM_OUT(ret_count, "plNumberOfExtents");
	const struct row_lun *row;

	hr = provider_enter(OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY | PROVIDER_BUSY_SIZE,
			    &look, FAILED(hr) ? hr : also);
	if (FAILED(hr))
		return hr;
	row = look.row;
	return provider_lun_extents(&look.view, &row->id, ret_extents, ret_count);
}

/* The only plex has the hints of its LUN. */
static HRESULT STDMETHODCALLTYPE
plex_query_hints(IVdsLunPlex *self, VDS_HINTS *hints)
{
	return provider_query_hints(OBJECT(self), hints);
}

static HRESULT STDMETHODCALLTYPE
plex_apply_hints(IVdsLunPlex *self, VDS_HINTS *hints)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(OBJECT(self), PROVIDER_FAILED | PROVIDER_BUSY, &look,
				    hints != NULL ? S_OK : COM_NULL_ARGUMENT("pHints"));

	return FAILED(hr) ? hr
			  : com_fail(VDS_E_NOT_SUPPORTED,
				     "a plex has no hints of its own: apply them to the LUN");
}

static const IVdsLunPlexVtbl plex_vtable = {
	COM_UNKNOWN(plex),
	.GetProperties = plex_get_properties,
	.GetLun = plex_get_lun,
	.QueryExtents = plex_query_extents,
	.QueryHints = plex_query_hints,
	.ApplyHints = plex_apply_hints,
};

/* clang-format off */
static const struct com_interface interfaces[] = {
	COM_INTERFACE(plex, IVdsLunPlex, plex),
};
/* clang-format on */

const struct com_class provider_plex_class = {
	.name = "plex",
	.kind = ROW_LUN,
	.size_bytes = sizeof(struct plex),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};

/* ---- plexes of a LUN ---- */

HRESULT
provider_list_plexes(struct com_object *lun, IEnumVdsObject **ret_enum)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(lun, 0, &look, COM_OUT(ret_enum, "ppEnum"));
	struct com_list *list;

	if (FAILED(hr))
		return hr;
	list = com_list_new(lun->space, &provider_plex_class, 1);
	if (list != NULL)
		list->ids[0] = provider_plex_swap(&lun->id);
	return com_enum_new(list, ret_enum);
}

HRESULT
provider_add_plex(struct com_object *lun, const VDS_OBJECT_ID *other_id, IVdsAsync **ret_async)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(lun, PROVIDER_FAILED | PROVIDER_BUSY, &look,
				    COM_OUT(ret_async, "ppAsync"));
	struct guid id;

	if (FAILED(hr))
		return hr;
	com_guid_in(other_id, &id);
	if (state_find(look.view.config, ROW_LUN, &id) == NULL)
		return com_fail(VDS_E_OBJECT_NOT_FOUND, "the array has no LUN with this id");
	return com_fail(VDS_E_INVALID_OPERATION,
			"a LUN of this array has one plex: use RAID below the pool for redundancy");
}

HRESULT
provider_remove_plex(struct com_object *lun, const VDS_OBJECT_ID *plex_id, IVdsAsync **ret_async)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(lun, PROVIDER_FAILED | PROVIDER_BUSY, &look,
				    COM_OUT(ret_async, "ppAsync"));
	struct guid id, own;

	if (FAILED(hr))
		return hr;
	com_guid_in(plex_id, &id);
	own = provider_plex_swap(&lun->id);
	if (!guid_equal(&id, &own))
		return com_fail(VDS_E_OBJECT_NOT_FOUND, "the LUN has no plex with this id");
	return com_fail(VDS_E_OBJECT_NOT_FOUND,
			"the LUN has no plex that can be removed: its only one must stay");
}
