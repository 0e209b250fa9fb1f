/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class of controller ports: the network interfaces at which portals are.  Any thread may call
 * the methods.
 */
#include "provider/provider_int.h"

#include <errno.h>
#include <string.h>

#include "model/port.h"
#include "provider/maintenance_int.h"

struct port {
	struct com_object com;
	IVdsControllerPort port;
	IVdsMaintenance maintenance;
};

COM_THUNKS(port, IVdsControllerPort, port);
PROVIDER_MAINTENANCE(port, maintenance);

#define OBJECT(self) (&container_of(self, struct port, port)->com)

/* ---- what it is ---- */

static bool
controller_is_offline(const struct client_view *view, const struct guid *controller_id)
{
	const struct row_controller *controller = state_find(view->config, ROW_CONTROLLER,
							     controller_id);

	return controller != NULL && controller->status == STATUS_OFFLINE;
}

VDS_PORT_STATUS
provider_port_status(const struct client_view *view, const struct row_live_port *port)
{
	if (controller_is_offline(view, &port->controller_id) ||
	    port_status(view->config, port) == STATUS_OFFLINE)
		return VDS_PRS_OFFLINE;
	return port->link == PORT_LINK_DOWN ? VDS_PRS_NOT_READY : VDS_PRS_ONLINE;
}

HRESULT
provider_port_out(const struct client_view *view, const struct row_live_port *port,
		  VDS_PORT_PROP *prop)
{
	bool has_hardware = port->hardware_address != NULL && port->hardware_address[0] != '\0';
	int rc;

	com_guid_out(&port->id, &prop->id);
	prop->status = provider_port_status(view, port);
	rc = com_string_out(port->name, &prop->pwszFriendlyName);
	if (rc == 0)
		rc = com_string_out(has_hardware ? port->hardware_address : port->name,
				    &prop->pwszIdentification);
	if (rc < 0) {
		CoTaskMemFree(prop->pwszFriendlyName);
		memset(prop, 0, sizeof(*prop));
	}
	return com_error(rc);
}

static HRESULT STDMETHODCALLTYPE
port_get_properties(IVdsControllerPort *self, VDS_PORT_PROP *prop)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(prop, "pPortProp"));

	return FAILED(hr) ? hr : provider_port_out(&look.view, look.row, prop);
}

static HRESULT STDMETHODCALLTYPE
port_get_controller(IVdsControllerPort *self, IVdsController **ret_controller)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_live_port *row;
	HRESULT hr = provider_enter(OBJECT(self), 0, &look,
				    COM_OUT(ret_controller, "ppController"));

	if (FAILED(hr))
		return hr;
	row = look.row;
	return com_give(OBJECT(self)->space, &provider_controller_class, &row->controller_id,
			&IID_IVdsController, (void **)ret_controller);
}

/* ---- which LUNs it serves ---- */

/* Returns whether the controller is the LUN's owner; where there are no gateways, it always is. */
static bool
owns(const struct client_view *view, const struct guid *controller_id, const struct guid *lun_id)
{
	const struct row_lun_owner *owner = state_lun_owner(view->config, lun_id);

	return owner != NULL ? guid_equal(&owner->controller_id, controller_id)
			     : !state_has_gateways(view->config);
}

bool
provider_port_serves(const struct client_view *view, const struct row_live_port *port,
		     const struct guid *lun_id)
{
	return owns(view, &port->controller_id, lun_id) &&
	       !controller_is_offline(view, &port->controller_id) &&
	       port_status(view->config, port) == STATUS_ONLINE &&
	       port_serves_lun(view->config, port, lun_id);
}

bool
provider_controller_serves(const struct client_view *view, const struct guid *controller_id,
			   const struct guid *lun_id)
{
	return owns(view, controller_id, lun_id) && !controller_is_offline(view, controller_id) &&
	       controller_serves_lun(view->config, controller_id, lun_id);
}

HRESULT
provider_list_served_luns(struct com_space *space, const struct client_view *view,
			  const struct provider_server *server, IEnumVdsObject **ret_enum)
{
	size_t count = state_count(view->config, ROW_LUN);
	struct com_list *list = com_list_new(space, &provider_lun_class, count);

	if (list != NULL)
		list->count = 0;
	for (size_t i = 0; list != NULL && i < count; i++) {
		const struct row_lun *lun = state_at(view->config, ROW_LUN, i);

		if (server->port != NULL
			    ? provider_port_serves(view, server->port, &lun->id)
			    : provider_controller_serves(view, server->controller_id, &lun->id))
			list->ids[list->count++] = lun->id;
	}
	return com_enum_new(list, ret_enum);
}

static HRESULT STDMETHODCALLTYPE
port_query_associated_luns(IVdsControllerPort *self, IEnumVdsObject **ret_enum)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(ret_enum, "ppEnum"));

	return FAILED(hr) ? hr
			  : provider_list_served_luns(OBJECT(self)->space, &look.view,
						      &(struct provider_server){ .port = look.row },
						      ret_enum);
}

/* ---- what it does ---- */

static HRESULT STDMETHODCALLTYPE
port_reset(IVdsControllerPort *self)
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer;
	struct client *client;
	HRESULT hr = provider_change(object, 0, &client, S_OK);

	return FAILED(hr) ? hr
			  : provider_change_error(
				    object, client_port_reset(client, &object->id, 0, &answer));
}

static HRESULT STDMETHODCALLTYPE
port_set_status(IVdsControllerPort *self, VDS_PORT_STATUS status)
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer;
	enum row_status wanted = STATUS_ONLINE;
	struct client *client;
	HRESULT arguments = S_OK, hr;

	switch (status) {
	case VDS_PRS_ONLINE:
	case VDS_PRS_NOT_READY:
	case VDS_PRS_FAILED:
	case VDS_PRS_REMOVED:
		break;
	case VDS_PRS_OFFLINE:
		wanted = STATUS_OFFLINE;
		break;
	case VDS_PRS_UNKNOWN:
	default:
		arguments = com_fail(E_INVALIDARG, "status is not one that can be set");
	}
	hr = provider_change(object, 0, &client, arguments);
	if (FAILED(hr))
		return hr;
	if (status != VDS_PRS_ONLINE && status != VDS_PRS_OFFLINE)
		return com_fail(VDS_E_NOT_SUPPORTED, "the status of a port can be set only to "
						     "VDS_PRS_ONLINE or VDS_PRS_OFFLINE");
	return provider_change_error(object,
				     client_port_set_status(client, &object->id, wanted, &answer));
}

static const IVdsControllerPortVtbl port_vtable = {
	COM_UNKNOWN(port),
	.GetProperties = port_get_properties,
	.GetController = port_get_controller,
	.QueryAssociatedLuns = port_query_associated_luns,
	.Reset = port_reset,
	.SetStatus = port_set_status,
};

static const struct com_interface interfaces[] = {
	COM_INTERFACE(port, IVdsControllerPort, port),
	COM_INTERFACE(port, IVdsMaintenance, maintenance),
};

const struct com_class provider_port_class = {
	.name = "port",
	.kind = ROW_LIVE_PORT,
	.size_bytes = sizeof(struct port),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};
