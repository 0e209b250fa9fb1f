/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class of portal groups: the portals through which a target is reached, under one tag. Any
 * thread may call the methods.
 */
#include "provider/provider_int.h"

#include <string.h>

#include "base/err.h"

struct portalgroup {
	struct com_object com;
	IVdsIscsiPortalGroup group;
};

COM_THUNKS(portalgroup, IVdsIscsiPortalGroup, group);

#define OBJECT(self) (&container_of(self, struct portalgroup, group)->com)

static HRESULT STDMETHODCALLTYPE
group_get_properties(IVdsIscsiPortalGroup *self, VDS_ISCSI_PORTALGROUP_PROP *prop)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_portal_group *row;
	HRESULT hr;

	hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(prop, "pPortalGroupProp"));
	if (FAILED(hr))
		return hr;
	row = look.row;
	com_guid_out(&row->id, &prop->id);
	prop->tag = (VDS_ISCSI_PORTALGROUP_TAG)row->tag;
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
group_get_target(IVdsIscsiPortalGroup *self, IVdsIscsiTarget **ret_target)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_portal_group *row;
	HRESULT hr;

	hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(ret_target, "ppTarget"));
	if (FAILED(hr))
		return hr;
	row = look.row;
	return com_give(OBJECT(self)->space, &provider_target_class, &row->target_id,
			&IID_IVdsIscsiTarget, (void **)ret_target);
}

static HRESULT STDMETHODCALLTYPE
group_query_associated_portals(IVdsIscsiPortalGroup *self, IEnumVdsObject **ret_enum)
{
	return provider_list_slice(OBJECT(self), PROVIDER_BUSY, &provider_portal_class,
				   state_group_portals,
				   offsetof(struct row_group_portal, portal_id), ret_enum);
}

/*
 * A portal that another group of the target has is none that this group could have; of the codes
 * that VDS documents for AddPortal, VDS_E_OBJECT_NOT_FOUND says this best.
 */
static HRESULT
change_portal(IVdsIscsiPortalGroup *self, VDS_OBJECT_ID portal_guid, VDS_ASYNC_OUTPUT_TYPE type,
	      int (*change)(struct client *, const struct guid *, const struct guid *,
			    struct client_answer *),
	      IVdsAsync **ret_async)
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer = { 0 };
	struct client *client;
	struct guid portal;
	HRESULT hr;
	int rc;

	hr = provider_change(object, 0, &client, COM_OUT(ret_async, "ppAsync"));
	if (FAILED(hr))
		return hr;
	com_guid_in(&portal_guid, &portal);
	rc = change(client, &object->id, &portal, &answer);
	if (rc == ERR_IN_USE)
		return com_fail(VDS_E_OBJECT_NOT_FOUND, err_text(rc));
	if (rc < 0)
		return provider_change_error(object, rc);
	hr = provider_async_new(object, type, NULL, &answer, ret_async);
	return SUCCEEDED(hr) && answer.existed ? VDS_S_ALREADY_EXISTS : hr;
}

static HRESULT STDMETHODCALLTYPE
group_add_portal(IVdsIscsiPortalGroup *self, VDS_OBJECT_ID portal_id, IVdsAsync **ret_async)
{
	return change_portal(self, portal_id, VDS_ASYNCOUT_ADDPORTAL, client_group_add_portal,
			     ret_async);
}

static HRESULT STDMETHODCALLTYPE
group_remove_portal(IVdsIscsiPortalGroup *self, VDS_OBJECT_ID portal_id, IVdsAsync **ret_async)
{
	return change_portal(self, portal_id, VDS_ASYNCOUT_REMOVEPORTAL, client_group_remove_portal,
			     ret_async);
}

/*
 * Deletes the group. VDS requires that the group is empty; the array checks that, since other
 * programs may have added portals meanwhile.
 */
static HRESULT STDMETHODCALLTYPE
group_delete(IVdsIscsiPortalGroup *self, IVdsAsync **ret_async)
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer = { 0 };
	struct client *client;
	HRESULT hr;
	int rc;

	hr = provider_change(object, PROVIDER_BUSY, &client, COM_OUT(ret_async, "ppAsync"));
	if (FAILED(hr))
		return hr;
	rc = client_group_delete(client, &object->id, &answer);
	if (rc < 0)
		return provider_change_error(object, rc);
	return provider_async_new(object, VDS_ASYNCOUT_DELETEPORTALGROUP, NULL, &answer, ret_async);
}

static const IVdsIscsiPortalGroupVtbl group_vtable = {
	COM_UNKNOWN(group),
	.GetProperties = group_get_properties,
	.GetTarget = group_get_target,
	.QueryAssociatedPortals = group_query_associated_portals,
	.AddPortal = group_add_portal,
	.RemovePortal = group_remove_portal,
	.Delete = group_delete,
};

static const struct com_interface interfaces[] = {
	COM_INTERFACE(portalgroup, IVdsIscsiPortalGroup, group),
};

const struct com_class provider_portalgroup_class = {
	.name = "portalgroup",
	.kind = ROW_PORTAL_GROUP,
	.size_bytes = sizeof(struct portalgroup),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};
