/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What ports and controllers mean for portals, targets and LUNs: rules that vdsd, vdsctl and libvds
 * share.  A port is a network interface (struct row_live_port).  A portal belongs to a controller,
 * and to the port of this controller that has its address.  A LUN is reached at a port when one of
 * its targets has a portal group with a portal of the port that is online, and at a controller when
 * it is one with any portal of the controller that is.  Any thread.
 */
#ifndef VDS_MODEL_PORT_H
#define VDS_MODEL_PORT_H

#include "model/state.h"

/* Returns whether `addresses`, as in struct row_live_port, contains this address. */
bool port_addresses_have(const char *addresses, const char *address);
/* Returns whether the portal belongs to the port. */
bool port_has_portal(const struct row_live_port *port, const struct row_portal *portal);
/*
 * Returns the port to which the portal belongs, or NULL when no interface has its address.
 * Borrowed from the live state.
 */
const struct row_live_port *port_of_portal(const struct state *live,
					   const struct row_portal *portal);
/* Returns OFFLINE when the port has portals and all of them are offline, otherwise ONLINE. */
enum row_status port_status(const struct state *config, const struct row_live_port *port);
/*
 * Returns whether a portal group of the target has a portal of the port, or of the controller, that
 * is online.
 */
bool port_serves_target(const struct state *config, const struct row_live_port *port,
			const struct guid *target_id);
bool controller_serves_target(const struct state *config, const struct guid *controller_id,
			      const struct guid *target_id);
/* Returns whether the LUN is reached at the port, or at the controller. */
bool port_serves_lun(const struct state *config, const struct row_live_port *port,
		     const struct guid *lun_id);
bool controller_serves_lun(const struct state *config, const struct guid *controller_id,
			   const struct guid *lun_id);

/* Returns whether the portal belongs to the controller. */
bool controller_has_portal(const struct guid *controller_id, const struct row_portal *portal);
/*
 * Returns the controller of the portal, or NULL when a vdsd that is older than format 1.2 has none.
 * Borrowed from the state.
 */
const struct row_controller *portal_controller(const struct state *config,
					       const struct row_portal *portal);
/* Returns the controller with that name, or NULL.  Borrowed from the state. */
const struct row_controller *controller_by_name(const struct state *config, const char *name);
/* Returns whether gateways serve the array: its controllers have addresses of their own. */
bool state_has_gateways(const struct state *config);

#endif
