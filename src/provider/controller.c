/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class of controllers: the data path of the host on which vdsd runs, or that of each gateway.
 * Which LUNs a controller serves follows from the portals in the portal groups of the LUNs'
 * targets, and where there are gateways, from which of them owns the LUN.  Any thread may call the
 * methods.
 */
#include "provider/provider_int.h"

#include <errno.h>
#include <string.h>

#include "model/port.h"
#include "provider/maintenance_int.h"

struct controller {
	struct com_object com;
	IVdsController controller;
	IVdsControllerControllerPort ports;
	IVdsMaintenance maintenance;
};

COM_THUNKS(controller, IVdsController, controller);
COM_THUNKS(controller, IVdsControllerControllerPort, ports);
PROVIDER_MAINTENANCE(controller, maintenance);

#define OBJECT(self) (&container_of(self, struct controller, controller)->com)

/* ---- what it is ---- */

VDS_CONTROLLER_STATUS
provider_controller_status(const struct row_controller *row)
{
	return row->status == STATUS_OFFLINE ? VDS_CS_OFFLINE : VDS_CS_ONLINE;
}

/* Returns whether a port has no link, or a portal that should listen does not. */
static bool
is_degraded(const struct client_view *view, const struct guid *controller_id)
{
	for (size_t i = 0; i < state_count(view->live, ROW_LIVE_PORT); i++) {
		const struct row_live_port *port = state_at(view->live, ROW_LIVE_PORT, i);

		if (port->link == PORT_LINK_DOWN && guid_equal(&port->controller_id, controller_id))
			return true;
	}
	for (size_t i = 0; i < state_count(view->config, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(view->config, ROW_PORTAL, i);
		const struct row_live_portal *live = state_find(view->live, ROW_LIVE_PORTAL,
								&portal->id);

		if (portal->status == STATUS_ONLINE && live != NULL && !live->ready &&
		    controller_has_portal(controller_id, portal))
			return true;
	}
	return false;
}

VDS_HEALTH
provider_controller_health(const struct client_view *view, const struct row_controller *row)
{
	/* An offline controller does what it was told. */
	return row->status == STATUS_ONLINE && is_degraded(view, &row->id) ? VDS_H_DEGRADED
									   : VDS_H_HEALTHY;
}

/*
 * Returns the controller's port of that number, from 0 in the order of their ids, or NULL.  Of
 * other gateways than the one that libvds is connected to, no ports are known.
 */
static const struct row_live_port *
port_at(const struct client_view *view, const struct guid *controller_id, size_t number)
{
	for (size_t i = 0; i < state_count(view->live, ROW_LIVE_PORT); i++) {
		const struct row_live_port *port = state_at(view->live, ROW_LIVE_PORT, i);

		if (guid_equal(&port->controller_id, controller_id) && number-- == 0)
			return port;
	}
	return NULL;
}

size_t
provider_controller_ports(const struct client_view *view, const struct guid *controller_id)
{
	size_t count = 0;

	while (port_at(view, controller_id, count) != NULL)
		count++;
	return count;
}

static HRESULT STDMETHODCALLTYPE
controller_get_properties(IVdsController *self, VDS_CONTROLLER_PROP *prop)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_controller *row;
	HRESULT hr;
	int rc;

	hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(prop, "pControllerProp"));
	if (FAILED(hr))
		return hr;
	row = look.row;
	com_guid_out(&row->id, &prop->id);
	prop->status = provider_controller_status(row);
	prop->health = provider_controller_health(&look.view, row);
	prop->sNumberOfPorts = (SHORT)MIN(provider_controller_ports(&look.view, &row->id),
					  (size_t)INT16_MAX);
	rc = com_string_out(row->name, &prop->pwszFriendlyName);
	if (rc == 0)
		rc = com_string_out(state_array(look.view.config)->serial,
				    &prop->pwszIdentification);
	if (rc < 0) {
		CoTaskMemFree(prop->pwszFriendlyName);
		memset(prop, 0, sizeof(*prop));
	}
	return com_error(rc);
}

static HRESULT STDMETHODCALLTYPE
controller_get_subsystem(IVdsController *self, IVdsSubSystem **ret_subsystem)
{
	return provider_give_subsystem(OBJECT(self), ret_subsystem);
}

/* Ports are numbered from 0 in the order in which QueryControllerPorts enumerates them. */
static HRESULT STDMETHODCALLTYPE
controller_get_port_properties(IVdsController *self, SHORT number, VDS_PORT_PROP *prop)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(prop, "pPortProp"));
	const struct row_live_port *port;

	if (FAILED(hr))
		return hr;
	port = number < 0 ? NULL : port_at(&look.view, &OBJECT(self)->id, (size_t)number);
	if (port == NULL)
		return com_fail(E_INVALIDARG, "the controller has no port of that number");
	return provider_port_out(&look.view, port, prop);
}

/* ---- what it does ---- */

/* Body of the methods that ask the array for something that takes no more arguments. */
static HRESULT
ask(IVdsController *self, int (*call)(struct client *client, const struct guid *controller,
				      struct client_answer *ret_answer))
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer;
	struct client *client;
	HRESULT hr = provider_change(object, 0, &client, S_OK);

	return FAILED(hr) ? hr : provider_change_error(object, call(client, &object->id, &answer));
}

static HRESULT STDMETHODCALLTYPE
controller_flush_cache(IVdsController *self)
{
	return ask(self, client_controller_flush);
}

static HRESULT STDMETHODCALLTYPE
controller_invalidate_cache(IVdsController *self)
{
	return ask(self, client_controller_invalidate);
}

static int
reset(struct client *client, const struct guid *controller, struct client_answer *ret_answer)
{
	return client_controller_reset(client, controller, 0, ret_answer);
}

static HRESULT STDMETHODCALLTYPE
controller_reset(IVdsController *self)
{
	return ask(self, reset);
}

static HRESULT STDMETHODCALLTYPE
controller_query_associated_luns(IVdsController *self, IEnumVdsObject **ret_enum)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(ret_enum, "ppEnum"));

	return FAILED(hr) ? hr
			  : provider_list_served_luns(
				    OBJECT(self)->space, &look.view,
				    &(struct provider_server){ .controller_id = &OBJECT(self)->id },
				    ret_enum);
}

static HRESULT STDMETHODCALLTYPE
controller_set_status(IVdsController *self, VDS_CONTROLLER_STATUS status)
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer;
	enum row_status wanted = STATUS_ONLINE;
	struct client *client;
	HRESULT arguments = S_OK, hr;

	switch (status) {
	case VDS_CS_ONLINE:
	case VDS_CS_NOT_READY:
	case VDS_CS_FAILED:
	case VDS_CS_REMOVED:
		break;
	case VDS_CS_OFFLINE:
		wanted = STATUS_OFFLINE;
		break;
	case VDS_CS_UNKNOWN:
	default:
		arguments = com_fail(E_INVALIDARG, "status is not one that can be set");
	}
	hr = provider_change(object, 0, &client, arguments);
	if (FAILED(hr))
		return hr;
	if (status != VDS_CS_ONLINE && status != VDS_CS_OFFLINE)
		return com_fail(VDS_E_NOT_SUPPORTED,
				"the status of a controller can be set only to VDS_CS_ONLINE or "
				"VDS_CS_OFFLINE");
	return provider_change_error(
		object, client_controller_set_status(client, &object->id, wanted, &answer));
}

static const IVdsControllerVtbl controller_vtable = {
	COM_UNKNOWN(controller),
	.GetProperties = controller_get_properties,
	.GetSubSystem = controller_get_subsystem,
	.GetPortProperties = controller_get_port_properties,
	.FlushCache = controller_flush_cache,
	.InvalidateCache = controller_invalidate_cache,
	.Reset = controller_reset,
	.QueryAssociatedLuns = controller_query_associated_luns,
	.SetStatus = controller_set_status,
};

/* ---- IVdsControllerControllerPort ---- */

static HRESULT STDMETHODCALLTYPE
ports_query_controller_ports(IVdsControllerControllerPort *self, IEnumVdsObject **ret_enum)
{
	struct com_object *object = &container_of(self, struct controller, ports)->com;
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(object, 0, &look, COM_OUT(ret_enum, "ppEnum"));
	struct com_list *list;
	size_t count;

	if (FAILED(hr))
		return hr;
	count = provider_controller_ports(&look.view, &object->id);
	list = com_list_new(object->space, &provider_port_class, count);
	for (size_t i = 0; list != NULL && i < count; i++)
		list->ids[i] = port_at(&look.view, &object->id, i)->id;
	return com_enum_new(list, ret_enum);
}

static const IVdsControllerControllerPortVtbl ports_vtable = {
	COM_UNKNOWN(ports),
	.QueryControllerPorts = ports_query_controller_ports,
};

/* clang-format off */
static const struct com_interface interfaces[] = {
	COM_INTERFACE(controller, IVdsController, controller),
	COM_INTERFACE(controller, IVdsControllerControllerPort, ports),
	COM_INTERFACE(controller, IVdsMaintenance, maintenance),
};
/* clang-format on */

const struct com_class provider_controller_class = {
	.name = "controller",
	.kind = ROW_CONTROLLER,
	.size_bytes = sizeof(struct controller),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};

/* ---- methods of the subsystem and of LUNs ---- */

/* Returns how often an id is in an array. */
static size_t
times(const struct guid *id, const VDS_OBJECT_ID *ids, LONG count)
{
	size_t n = 0;

	for (LONG i = 0; i < count; i++) {
		struct guid other;

		com_guid_in(&ids[i], &other);
		n += guid_equal(id, &other);
	}
	return n;
}

static bool
all_known(const struct state *state, enum row_family family, const VDS_OBJECT_ID *ids, LONG count)
{
	for (LONG i = 0; i < count; i++) {
		struct guid id;

		com_guid_in(&ids[i], &id);
		if (state_find(state, family, &id) == NULL)
			return false;
	}
	return true;
}

HRESULT
provider_pair_check(const struct provider_pair *pair)
{
	if (pair->yes_count < 0 || pair->no_count < 0 ||
	    (pair->yes_count > 0 && pair->yes == NULL) || (pair->no_count > 0 && pair->no == NULL))
		return com_fail(E_INVALIDARG, "an array of ids does not match its count");
	return S_OK;
}

HRESULT
provider_pair_covers(const struct state *state, enum row_family family,
		     const struct provider_pair *pair)
{
	if (!all_known(state, family, pair->yes, pair->yes_count) ||
	    !all_known(state, family, pair->no, pair->no_count))
		return com_fail(VDS_E_OBJECT_NOT_FOUND, "an id names no object of this array");
	for (size_t i = 0; i < state_count(state, family); i++) {
		struct row_key key;

		row_key(state_at(state, family, i), &key);
		if (times(&key.a, pair->yes, pair->yes_count) +
			    times(&key.a, pair->no, pair->no_count) !=
		    1)
			return com_fail(E_INVALIDARG, "the two arrays of ids together must name "
						      "each object exactly once");
	}
	return S_OK;
}

HRESULT
provider_set_controller_status(struct com_object *subsystem, const struct provider_pair *pair)
{
	AUTO_LOOK struct provider_look look = { 0 };
	struct client_answer answer;
	HRESULT hr = provider_enter(subsystem, 0, &look, provider_pair_check(pair));

	if (SUCCEEDED(hr))
		hr = provider_pair_covers(look.view.config, ROW_CONTROLLER, pair);
	/* an older vdsd has none, and the empty arrays cover all of them */
	for (size_t i = 0; SUCCEEDED(hr) && i < state_count(look.view.config, ROW_CONTROLLER);
	     i++) {
		const struct row_controller *controller = state_at(look.view.config, ROW_CONTROLLER,
								   i);

		hr = provider_change_error(
			subsystem, client_controller_set_status(
					   look.client, &controller->id,
					   times(&controller->id, pair->no, pair->no_count) > 0
						   ? STATUS_OFFLINE
						   : STATUS_ONLINE,
					   &answer));
	}
	return hr;
}

HRESULT
provider_lun_query_controllers(struct com_object *lun, IEnumVdsObject **ret_enum)
{
	AUTO_LOOK struct provider_look look = { 0 };
	struct com_list *list;
	size_t count;
	HRESULT hr;

	hr = provider_enter(lun, PROVIDER_FAILED | PROVIDER_BUSY | PROVIDER_BUSY_TARGETS, &look,
			    COM_OUT(ret_enum, "ppEnum"));
	if (FAILED(hr))
		return hr;
	count = state_count(look.view.config, ROW_CONTROLLER);
	list = com_list_new(lun->space, &provider_controller_class, count);
	if (list != NULL)
		list->count = 0;
	for (size_t i = 0; list != NULL && i < count; i++) {
		const struct row_controller *row = state_at(look.view.config, ROW_CONTROLLER, i);

		if (provider_controller_serves(&look.view, &row->id, &lun->id))
			list->ids[list->count++] = row->id;
	}
	return com_enum_new(list, ret_enum);
}

/*
 * The set of what is active follows from targets and portals: only what is so already can be set.
 */
static HRESULT
same_or_refused(bool same)
{
	return same ? S_OK
		    : com_fail(VDS_E_NOT_SUPPORTED,
			       "controllers and ports serve a LUN through its targets' portals: "
			       "use IVdsLunIscsi::AssociateTargets and "
			       "IVdsIscsiPortalGroup::AddPortal");
}

/*
 * Returns whether the pair makes one gateway active through which the LUN is reached: it becomes
 * the LUN's owner.
 */
static bool
is_choice_of_owner(const struct client_view *view, const struct guid *lun_id,
		   const struct provider_pair *pair, struct guid *ret_owner)
{
	if (!state_has_gateways(view->config) || pair->yes_count != 1)
		return false;
	com_guid_in(&pair->yes[0], ret_owner);
	return controller_serves_lun(view->config, ret_owner, lun_id);
}

HRESULT
provider_lun_associate_controllers(struct com_object *lun, const struct provider_pair *pair)
{
	AUTO_LOOK struct provider_look look = { 0 };
	struct client_answer answer;
	struct guid owner_id;
	bool same = true;
	HRESULT hr;

	hr = provider_enter(lun, PROVIDER_FAILED | PROVIDER_BUSY | PROVIDER_BUSY_TARGETS, &look,
			    provider_pair_check(pair));
	if (SUCCEEDED(hr))
		hr = provider_pair_covers(look.view.config, ROW_CONTROLLER, pair);
	if (FAILED(hr))
		return hr;
	for (size_t i = 0; i < state_count(look.view.config, ROW_CONTROLLER); i++) {
		const struct row_controller *row = state_at(look.view.config, ROW_CONTROLLER, i);

		same = same && provider_controller_serves(&look.view, &row->id, &lun->id) ==
				       (times(&row->id, pair->yes, pair->yes_count) > 0);
	}
	if (!same && is_choice_of_owner(&look.view, &lun->id, pair, &owner_id))
		return provider_change_error(
			lun, client_lun_move_owner(look.client, &lun->id, &owner_id, &answer));
	return same_or_refused(same);
}

HRESULT
provider_lun_query_ports(struct com_object *lun, IEnumVdsObject **ret_enum)
{
	AUTO_LOOK struct provider_look look = { 0 };
	struct com_list *list;
	size_t count;
	HRESULT hr;

	hr = provider_enter(lun, PROVIDER_FAILED | PROVIDER_BUSY | PROVIDER_BUSY_TARGETS, &look,
			    COM_OUT(ret_enum, "ppEnum"));
	if (FAILED(hr))
		return hr;
	count = state_count(look.view.live, ROW_LIVE_PORT);
	list = com_list_new(lun->space, &provider_port_class, count);
	if (list != NULL)
		list->count = 0;
	for (size_t i = 0; list != NULL && i < count; i++) {
		const struct row_live_port *port = state_at(look.view.live, ROW_LIVE_PORT, i);

		if (provider_port_serves(&look.view, port, &lun->id))
			list->ids[list->count++] = port->id;
	}
	return com_enum_new(list, ret_enum);
}

HRESULT
provider_lun_associate_ports(struct com_object *lun, const struct provider_pair *pair)
{
	AUTO_LOOK struct provider_look look = { 0 };
	bool same = true;
	HRESULT hr;

	hr = provider_enter(lun, PROVIDER_FAILED | PROVIDER_BUSY | PROVIDER_BUSY_TARGETS, &look,
			    provider_pair_check(pair));
	if (SUCCEEDED(hr))
		hr = provider_pair_covers(look.view.live, ROW_LIVE_PORT, pair);
	if (FAILED(hr))
		return hr;
	for (size_t i = 0; i < state_count(look.view.live, ROW_LIVE_PORT); i++) {
		const struct row_live_port *port = state_at(look.view.live, ROW_LIVE_PORT, i);

		same = same && provider_port_serves(&look.view, port, &lun->id) ==
				       (times(&port->id, pair->yes, pair->yes_count) > 0);
	}
	return same_or_refused(same);
}
