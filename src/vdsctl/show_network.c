/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pages of how data is reached: targets, portals, controllers, ports and hosts. */
#include <errno.h>
#include <inttypes.h>

#include "model/host.h"
#include "model/port.h"
#include "vdsctl/page_int.h"

/* ---- target ---- */

static int
target_luns(const struct ctl_view *view, const struct guid *target, FILE *out)
{
	static const char columns[] = ">LUN|NAME|>SIZE|STATUS|HEALTH";
	struct table *table = table_new(columns);
	struct row_slice slice = state_target_luns(view->config, target);

	for (size_t i = 0; table != NULL && i < slice.count; i++) {
		const struct row_association *pair = slice.rows[i];
		const struct row_lun *lun = state_find(view->config, ROW_LUN, &pair->lun_id);

		if (lun == NULL)
			continue;
		table_addf(table, "%u", pair->lun_number);
		table_add(table, ctl_lun_name(view, &lun->id));
		ctl_cell_size(table, lun->size_bytes);
		table_add(table, ctl_status_name(lun->status));
		table_add(table, ctl_health_name(view, &lun->id));
	}
	return ctl_page_section(out, "LUNs", table);
}

static void
portal_cells(struct table *table, const struct ctl_view *view, const struct guid *id)
{
	const struct row_portal *portal = state_find(view->config, ROW_PORTAL, id);
	const struct row_live_portal *live = state_find(view->live, ROW_LIVE_PORTAL, id);

	if (portal == NULL)
		return;
	ctl_cell_address(table, portal);
	table_add(table, ctl_status_name(portal->status));
	table_add(table, ctl_listens_text(live));
}

static int
target_portals(const struct ctl_view *view, const struct guid *target, FILE *out)
{
	static const char columns[] = ">TAG|ADDRESS|STATUS|LISTENS";
	struct table *table = table_new(columns);
	struct row_slice groups = state_target_groups(view->config, target);

	for (size_t i = 0; table != NULL && i < groups.count; i++) {
		const struct row_portal_group *group = groups.rows[i];
		struct row_slice members = state_group_portals(view->config, &group->id);

		for (size_t j = 0; j < members.count; j++) {
			const struct row_group_portal *member = members.rows[j];

			table_addf(table, "%u", group->tag);
			portal_cells(table, view, &member->portal_id);
		}
	}
	return ctl_page_section(out, "Portals", table);
}

static int
target_sessions(const struct ctl_view *view, const struct guid *target, FILE *out)
{
	static const char columns[] = "INITIATOR|HOST|FROM|PORTAL|SINCE";
	struct table *table = table_new(columns);

	for (size_t i = 0; table != NULL && i < state_count(view->live, ROW_LIVE_SESSION); i++) {
		const struct row_live_session *session = state_at(view->live, ROW_LIVE_SESSION, i);
		const struct row_host *host;

		if (!guid_equal(&session->target_id, target))
			continue;
		host = state_host_of_initiator(view->config, session->initiator);
		table_add(table, session->initiator);
		table_add(table, host != NULL ? host->name : "");
		table_add(table, session->initiator_address);
		table_add(table, session->portal_address);
		ctl_cell_time(table, session->created_ms);
	}
	return ctl_page_section(out, "Sessions", table);
}

int
ctl_page_target(const struct ctl_view *view, const void *row, FILE *out)
{
	static const char *const reaches[] = {
		[CTL_REACH_NONE] = "no: none of its portals listens; `vdsctl portal create ADDRESS "
				   "--all-targets` makes one",
		[CTL_REACH_LOCAL] =
			"from this machine only; `vdsctl portal create ADDRESS --all-targets` "
			"opens it to a network",
		[CTL_REACH_NETWORK] = "yes",
	};
	const struct row_target *target = row;
	int rc;

	ctl_page_line(out, "Alias", "%s", target->alias != NULL ? target->alias : "");
	ctl_page_line(out, "iSCSI name", "%s", target->iscsi_name);
	ctl_page_line(out, "Logins from", "%s",
		      target->sources != NULL && target->sources[0] != '\0' ? target->sources
									    : "everywhere");
	if (target->redirect != NULL && target->redirect[0] != '\0')
		ctl_page_line(out, "Logins go to", "%s", target->redirect);
	ctl_page_line(out, "Reachable", "%s", reaches[ctl_target_reach(view, &target->id)]);
	ctl_page_line_id(out, &target->id);
	rc = target_luns(view, &target->id, out);
	if (rc == 0)
		rc = target_portals(view, &target->id, out);
	return rc == 0 ? target_sessions(view, &target->id, out) : rc;
}

/* ---- portal, portal group ---- */

int
ctl_page_portal(const struct ctl_view *view, const void *row, FILE *out)
{
	static const char columns[] = "TARGET|>TAG";
	const struct row_portal *portal = row;
	const struct row_controller *gateway = portal_controller(view->config, portal);
	struct table *table = table_new(columns);
	struct row_slice groups = state_portal_groups(view->config, &portal->id);
	char address[80];

	ctl_page_line(out, "Address", "%s", ctl_address_text(portal, address, sizeof(address)));
	if (state_has_gateways(view->config) && gateway != NULL)
		ctl_page_line(out, "Gateway", "%s", gateway->name);
	ctl_page_line(out, "Status", "%s", ctl_status_name(portal->status));
	ctl_page_line(out, "Listens", "%s",
		      ctl_listens_text(state_find(view->live, ROW_LIVE_PORTAL, &portal->id)));
	ctl_page_line_id(out, &portal->id);
	for (size_t i = 0; table != NULL && i < groups.count; i++) {
		const struct row_group_portal *member = groups.rows[i];
		const struct row_portal_group *group = state_find(view->config, ROW_PORTAL_GROUP,
								  &member->group_id);

		if (group == NULL)
			continue;
		table_add(table, ctl_target_name(view, &group->target_id));
		table_addf(table, "%u", group->tag);
	}
	return ctl_page_section(out, "Targets that are reachable here", table);
}

int
ctl_page_group(const struct ctl_view *view, const void *row, FILE *out)
{
	static const char columns[] = "ADDRESS|STATUS|LISTENS";
	static const char *const set_by[] = {
		[ACCESS_SET_BY_NOBODY] = "",
		[ACCESS_SET_BY_INITIATOR] = "; set by an initiator",
		[ACCESS_SET_BY_ADMINISTRATOR] = "; set by an administrator",
	};
	const struct row_portal_group *group = row;
	struct table *table = table_new(columns);
	struct row_slice members = state_group_portals(view->config, &group->id);

	ctl_page_line(out, "Target", "%s", ctl_target_name(view, &group->target_id));
	ctl_page_line(out, "Tag", "%u", group->tag);
	ctl_page_line(out, "Relative port", "%u", group->relative_port);
	ctl_page_line(out, "Access state", "%s%s%s", port_access_name(group->access_state),
		      group->preferred ? ", preferred" : "", set_by[group->access_set_by]);
	ctl_page_line(out, "Set by initiators", "%s",
		      group->explicit_allowed ? "allowed (implicit and explicit ALUA)"
					      : "not allowed (implicit ALUA)");
	ctl_page_line_id(out, &group->id);
	for (size_t i = 0; table != NULL && i < members.count; i++) {
		const struct row_group_portal *member = members.rows[i];

		portal_cells(table, view, &member->portal_id);
	}
	return ctl_page_section(out, "Portals", table);
}

/* ---- controller, port ---- */

/* What vdsd that answers knows of now, it knows of itself. */
static bool
is_answering(const struct ctl_view *view, const struct row_controller *controller)
{
	if (!state_has_gateways(view->config))
		return true;
	for (size_t i = 0; i < state_count(view->live, ROW_LIVE_PORT); i++) {
		const struct row_live_port *port = state_at(view->live, ROW_LIVE_PORT, i);

		if (guid_equal(&port->controller_id, &controller->id))
			return true;
	}
	return false;
}

static int
controller_ports(const struct ctl_view *view, const struct guid *id, FILE *out)
{
	static const char columns[] = "PORT|LINK|ADDRESSES";
	struct table *table = table_new(columns);

	for (size_t i = 0; table != NULL && i < state_count(view->live, ROW_LIVE_PORT); i++) {
		const struct row_live_port *port = state_at(view->live, ROW_LIVE_PORT, i);

		if (!guid_equal(&port->controller_id, id))
			continue;
		table_add(table, port->name);
		table_add(table, ctl_link_name(port->link));
		table_add(table, port->addresses);
	}
	return ctl_page_section(out, "Ports", table);
}

static int
gateway_portals(const struct ctl_view *view, const struct guid *id, FILE *out)
{
	static const char columns[] = "ADDRESS|STATUS|LISTENS";
	struct table *table = table_new(columns);

	for (size_t i = 0; table != NULL && i < state_count(view->config, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(view->config, ROW_PORTAL, i);

		if (controller_has_portal(id, portal))
			portal_cells(table, view, &portal->id);
	}
	return ctl_page_section(out, "Portals", table);
}

static int
gateway_luns(const struct ctl_view *view, const struct guid *id, FILE *out)
{
	static const char columns[] = "LUN|>SIZE|STATUS|>EPOCH";
	struct table *table = table_new(columns);
	size_t count = table != NULL ? state_controller_lun_count(view->config, id) : 0;

	for (size_t i = 0; i < count; i++) {
		const struct row_lun_owner *owner = state_controller_lun(view->config, id, i);
		const struct row_lun *lun = state_find(view->config, ROW_LUN, &owner->id);

		if (lun == NULL)
			continue;
		table_add(table, ctl_lun_name(view, &lun->id));
		ctl_cell_size(table, lun->size_bytes);
		table_add(table, ctl_status_name(lun->status));
		table_addf(table, "%" PRIu64, owner->epoch);
	}
	return ctl_page_section(out, "LUNs that it owns", table);
}

int
ctl_page_controller(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_controller *controller = row;
	bool gateways = state_has_gateways(view->config);
	int rc;

	ctl_page_line(out, gateways ? "Gateway" : "Host", "%s", controller->name);
	if (gateways)
		ctl_page_line(out, "State", "%s", ctl_gateway_state(view, controller));
	ctl_page_line(out, "Status", "%s", ctl_status_name(controller->status));
	ctl_page_line_known(out, "Address", controller->address);
	if (is_answering(view, controller))
		ctl_page_line(out, "Sessions", "%zu", state_count(view->live, ROW_LIVE_SESSION));
	ctl_page_line_id(out, &controller->id);
	rc = controller_ports(view, &controller->id, out);
	if (rc == 0 && gateways)
		rc = gateway_portals(view, &controller->id, out);
	return rc == 0 && gateways ? gateway_luns(view, &controller->id, out) : rc;
}

int
ctl_page_port(const struct ctl_view *view, const void *row, FILE *out)
{
	static const char columns[] = "PORTAL|STATUS|LISTENS";
	const struct row_live_port *port = row;
	struct table *table = table_new(columns);

	ctl_page_line(out, "Interface", "%s", port->name);
	ctl_page_line(out, "Status", "%s", ctl_status_name(port_status(view->config, port)));
	ctl_page_line(out, "Link", "%s", ctl_link_name(port->link));
	if (port->speed_mbps > 0)
		ctl_page_line(out, "Speed", "%u Mbit/s", port->speed_mbps);
	if (port->mtu_bytes > 0)
		ctl_page_line(out, "MTU", "%u bytes", port->mtu_bytes);
	ctl_page_line_known(out, "Hardware", port->hardware_address);
	ctl_page_line(out, "Addresses", "%s", port->addresses);
	ctl_page_line_id(out, &port->id);
	for (size_t i = 0; table != NULL && i < state_count(view->config, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(view->config, ROW_PORTAL, i);

		if (port_has_portal(port, portal))
			portal_cells(table, view, &portal->id);
	}
	return ctl_page_section(out, "Portals", table);
}

/* ---- host, host group ---- */

static int
host_sessions(const struct ctl_view *view, const struct guid *host, FILE *out)
{
	static const char columns[] = "TARGET|INITIATOR|FROM|SINCE";
	struct table *table = table_new(columns);

	for (size_t i = 0; table != NULL && i < state_count(view->live, ROW_LIVE_SESSION); i++) {
		const struct row_live_session *session = state_at(view->live, ROW_LIVE_SESSION, i);
		const struct row_host *owner = state_host_of_initiator(view->config,
								       session->initiator);

		if (owner == NULL || !guid_equal(&owner->id, host))
			continue;
		table_add(table, ctl_target_name(view, &session->target_id));
		table_add(table, session->initiator);
		table_add(table, session->initiator_address);
		ctl_cell_time(table, session->created_ms);
	}
	return ctl_page_section(out, "Sessions", table);
}

int
ctl_page_host(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_host *host = row;
	struct row_slice names = state_host_initiators(view->config, &host->id);
	struct row_slice members = state_host_groups(view->config, &host->id);

	ctl_page_line(out, "Name", "%s", host->name);
	ctl_page_line_qos(out, host->qos);
	ctl_page_line(out, "Logins from", "%s",
		      host->sources != NULL && host->sources[0] != '\0' ? host->sources
									: "everywhere");
	for (size_t i = 0; i < names.count; i++)
		ctl_page_line(out, i == 0 ? "Initiators" : "", "%s",
			      ((const struct row_initiator *)names.rows[i])->iscsi_name);
	for (size_t i = 0; i < members.count; i++) {
		const struct row_host_member *member = members.rows[i];
		const struct row_host_group *group = state_find(view->config, ROW_HOST_GROUP,
								&member->group_id);

		ctl_page_line(out, i == 0 ? "Host groups" : "", "%s",
			      group != NULL ? group->name : "");
	}
	ctl_page_line_id(out, &host->id);
	return host_sessions(view, &host->id, out);
}

int
ctl_page_host_group(const struct ctl_view *view, const void *row, FILE *out)
{
	static const char columns[] = "HOST|>INITIATORS|>SESSIONS";
	const struct row_host_group *group = row;
	struct row_slice members = state_group_hosts(view->config, &group->id);
	struct table *table = table_new(columns);

	ctl_page_line(out, "Name", "%s", group->name);
	ctl_page_line_id(out, &group->id);
	for (size_t i = 0; table != NULL && i < members.count; i++) {
		const struct row_host_member *member = members.rows[i];
		const struct row_host *host = state_find(view->config, ROW_HOST, &member->host_id);

		table_add(table, host != NULL ? host->name : NULL);
		table_addf(table, "%zu",
			   state_host_initiators(view->config, &member->host_id).count);
		table_addf(table, "%zu", ctl_host_sessions(view, &member->host_id));
	}
	return ctl_page_section(out, "Hosts", table);
}
