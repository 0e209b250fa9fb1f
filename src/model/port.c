/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ports and controllers: which portals, targets and LUNs belong to them, and whether they are
 * online.  Pure functions of states; any thread.
 */
#include "model/port.h"

#include <string.h>

bool
port_addresses_have(const char *addresses, const char *address)
{
	size_t len = strlen(address);

	for (const char *at = addresses != NULL ? addresses : ""; *at != '\0';) {
		size_t word = strcspn(at, " ");

		if (word == len && strncmp(at, address, len) == 0)
			return true;
		at += word;
		at += *at == ' ';
	}
	return false;
}

bool
controller_has_portal(const struct guid *controller_id, const struct row_portal *portal)
{
	return guid_is_zero(&portal->controller_id) ||
	       guid_equal(&portal->controller_id, controller_id);
}

bool
port_has_portal(const struct row_live_port *port, const struct row_portal *portal)
{
	return controller_has_portal(&port->controller_id, portal) &&
	       port_addresses_have(port->addresses, portal->address);
}

const struct row_live_port *
port_of_portal(const struct state *live, const struct row_portal *portal)
{
	for (size_t i = 0; i < state_count(live, ROW_LIVE_PORT); i++) {
		const struct row_live_port *port = state_at(live, ROW_LIVE_PORT, i);

		if (port_has_portal(port, portal))
			return port;
	}
	return NULL;
}

enum row_status
port_status(const struct state *config, const struct row_live_port *port)
{
	bool any = false;

	for (size_t i = 0; i < state_count(config, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(config, ROW_PORTAL, i);

		if (!port_has_portal(port, portal))
			continue;
		if (portal->status == STATUS_ONLINE)
			return STATUS_ONLINE;
		any = true;
	}
	return any ? STATUS_OFFLINE : STATUS_ONLINE;
}

/* What a portal must be at: a port, or (NULL) a controller. */
struct serving {
	const struct row_live_port *port;
	const struct guid *controller_id;
};

static bool
group_has_portal(const struct state *config, const struct serving *serving,
		 const struct guid *group_id)
{
	struct row_slice members = state_group_portals(config, group_id);

	for (size_t i = 0; i < members.count; i++) {
		const struct row_group_portal *member = members.rows[i];
		const struct row_portal *portal = state_find(config, ROW_PORTAL,
							     &member->portal_id);

		if (portal != NULL && portal->status == STATUS_ONLINE &&
		    (serving->port != NULL ? port_has_portal(serving->port, portal)
					   : controller_has_portal(serving->controller_id, portal)))
			return true;
	}
	return false;
}

static bool
serves_target(const struct state *config, const struct serving *serving,
	      const struct guid *target_id)
{
	struct row_slice groups = state_target_groups(config, target_id);

	for (size_t i = 0; i < groups.count; i++) {
		const struct row_portal_group *group = groups.rows[i];

		if (group_has_portal(config, serving, &group->id))
			return true;
	}
	return false;
}

static bool
serves_lun(const struct state *config, const struct serving *serving, const struct guid *lun_id)
{
	struct row_slice targets = state_lun_targets(config, lun_id);

	for (size_t i = 0; i < targets.count; i++) {
		const struct row_association *association = targets.rows[i];

		if (serves_target(config, serving, &association->target_id))
			return true;
	}
	return false;
}

bool
port_serves_target(const struct state *config, const struct row_live_port *port,
		   const struct guid *target_id)
{
	return serves_target(config, &(struct serving){ .port = port }, target_id);
}

bool
controller_serves_target(const struct state *config, const struct guid *controller_id,
			 const struct guid *target_id)
{
	return serves_target(config, &(struct serving){ .controller_id = controller_id },
			     target_id);
}

bool
port_serves_lun(const struct state *config, const struct row_live_port *port,
		const struct guid *lun_id)
{
	return serves_lun(config, &(struct serving){ .port = port }, lun_id);
}

bool
controller_serves_lun(const struct state *config, const struct guid *controller_id,
		      const struct guid *lun_id)
{
	return serves_lun(config, &(struct serving){ .controller_id = controller_id }, lun_id);
}

const struct row_controller *
portal_controller(const struct state *config, const struct row_portal *portal)
{
	return guid_is_zero(&portal->controller_id)
		       ? state_at(config, ROW_CONTROLLER, 0)
		       : state_find(config, ROW_CONTROLLER, &portal->controller_id);
}

const struct row_controller *
controller_by_name(const struct state *config, const char *name)
{
	for (size_t i = 0; i < state_count(config, ROW_CONTROLLER); i++) {
		const struct row_controller *row = state_at(config, ROW_CONTROLLER, i);

		if (strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

bool
state_has_gateways(const struct state *config)
{
	const struct row_controller *row = state_at(config, ROW_CONTROLLER, 0);

	return row != NULL && row->address != NULL && row->address[0] != '\0';
}
