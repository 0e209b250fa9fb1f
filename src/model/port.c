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
port_has_portal(const struct row_live_port *port, const struct row_portal *portal)
{
	return port == NULL || port_addresses_have(port->addresses, portal->address);
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

static bool
group_has_portal(const struct state *config, const struct row_live_port *port,
		 const struct guid *group_id)
{
	struct row_slice members = state_group_portals(config, group_id);

	for (size_t i = 0; i < members.count; i++) {
		const struct row_group_portal *member = members.rows[i];
		const struct row_portal *portal = state_find(config, ROW_PORTAL,
							     &member->portal_id);

		if (portal != NULL && portal->status == STATUS_ONLINE &&
		    port_has_portal(port, portal))
			return true;
	}
	return false;
}

bool
port_serves_target(const struct state *config, const struct row_live_port *port,
		   const struct guid *target_id)
{
	struct row_slice groups = state_target_groups(config, target_id);

	for (size_t i = 0; i < groups.count; i++) {
		const struct row_portal_group *group = groups.rows[i];

		if (group_has_portal(config, port, &group->id))
			return true;
	}
	return false;
}

bool
port_serves_lun(const struct state *config, const struct row_live_port *port,
		const struct guid *lun_id)
{
	struct row_slice targets = state_lun_targets(config, lun_id);

	for (size_t i = 0; i < targets.count; i++) {
		const struct row_association *association = targets.rows[i];

		if (port_serves_target(config, port, &association->target_id))
			return true;
	}
	return false;
}

const struct row_controller *
state_controller(const struct state *config)
{
	return state_at(config, ROW_CONTROLLER, 0);
}
