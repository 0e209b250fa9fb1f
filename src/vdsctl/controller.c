/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands on the controller, the data path of the host on which vdsd runs, and on its ports,
 * the network interfaces at which portals are.
 */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

#define DRAIN_MAX_S 3600u

/* The controller that the argument names; without an argument the only one. */
static int
controller_resolve(struct ctl *ctl, struct guid *ret_id)
{
	json_t *items = NULL;
	const char *text;
	int rc;

	if (ctl->arg_count > 0)
		return ctl_resolve(ctl, ROW_CONTROLLER, ctl->args[0], ret_id);
	rc = ctl_client(ctl);
	if (rc == 0)
		rc = ctl_list(ctl, VERB_CONTROLLER_LIST, NULL, &items);
	text = json_string_value(json_object_get(json_array_get(items, 0), "id"));
	if (rc == 0 && (text == NULL || guid_parse(text, ret_id) < 0))
		rc = err_set(ERR_NOT_FOUND, "vdsd names no controller");
	json_decref(items);
	return rc;
}

/* The milliseconds of --drain; 0 = vdsd chooses. */
static int
drain_parse(struct ctl *ctl, uint64_t *ret_ms)
{
	const char *drain = ctl->options[OPT_DRAIN];
	uint64_t seconds = 0;

	if (drain != NULL &&
	    (str_parse_u64(drain, &seconds) < 0 || seconds < 1 || seconds > DRAIN_MAX_S))
		return err_set(ERR_INVALID,
			       "--drain takes a number of seconds from 1 to %u, not %s",
			       DRAIN_MAX_S, drain);
	*ret_ms = seconds * 1000;
	return 0;
}

int
ctl_run_controller_show(struct ctl *ctl)
{
	struct guid id;
	int rc = controller_resolve(ctl, &id);

	return rc < 0 ? rc : ctl_show_object(ctl, &id);
}

static int
controller_ask(struct ctl *ctl, const char *done,
	       int (*call)(struct client *client, const struct guid *controller,
			   struct client_answer *ret_answer))
{
	struct client_answer answer;
	struct guid id;
	int rc = controller_resolve(ctl, &id);

	if (rc == 0)
		rc = call(ctl->client, &id, &answer);
	return ctl_done(ctl, rc, &answer, "%s", done);
}

int
ctl_run_drive_rescan(struct ctl *ctl)
{
	struct client_answer answer;
	int rc = ctl_client(ctl);

	if (rc == 0)
		rc = client_drive_rescan(ctl->client, &answer);
	return ctl_done(ctl, rc, &answer, "the drives are up to date");
}

int
ctl_run_controller_flush(struct ctl *ctl)
{
	return controller_ask(ctl, "all acknowledged data is durable", client_controller_flush);
}

int
ctl_run_controller_invalidate(struct ctl *ctl)
{
	return controller_ask(ctl, "all data is durable, and no longer in the page cache",
			      client_controller_invalidate);
}

int
ctl_run_controller_reset(struct ctl *ctl)
{
	struct client_answer answer;
	uint64_t drain_ms = 0;
	struct guid id;
	int rc = drain_parse(ctl, &drain_ms);

	if (rc == 0)
		rc = controller_resolve(ctl, &id);
	if (rc == 0)
		rc = client_controller_reset(ctl->client, &id, drain_ms, &answer);
	return ctl_done(ctl, rc, &answer, "%s",
			"the controller was reset: its sessions have ended, and its portals "
			"listen again");
}

static int
controller_status(struct ctl *ctl, enum row_status status, const char *done)
{
	struct client_answer answer;
	struct guid id;
	int rc = controller_resolve(ctl, &id);

	if (rc == 0)
		rc = client_controller_set_status(ctl->client, &id, status, &answer);
	return ctl_done(ctl, rc, &answer, "%s", done);
}

int
ctl_run_controller_offline(struct ctl *ctl)
{
	return controller_status(ctl, STATUS_OFFLINE,
				 "the controller is offline: no portal listens, and all sessions "
				 "have ended");
}

int
ctl_run_controller_online(struct ctl *ctl)
{
	return controller_status(ctl, STATUS_ONLINE, "the controller is online");
}

/* ---- gateways ---- */

int
ctl_run_gateway_add(struct ctl *ctl)
{
	struct client_answer answer;
	int rc = ctl_client(ctl);

	if (rc == 0)
		rc = client_gateway_add(ctl->client, ctl->args[0], ctl->args[1], &answer);
	return ctl_done(ctl, rc, &answer, "gateway %s added: start vdsd there with --gateway %s",
			ctl->args[0], ctl->args[0]);
}

int
ctl_run_gateway_set(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid gateway;
	int rc = ctl_resolve(ctl, ROW_CONTROLLER, ctl->args[0], &gateway);

	if (rc == 0)
		rc = client_gateway_set_address(ctl->client, &gateway, ctl->args[1], &answer);
	return ctl_done(ctl, rc, &answer, "gateway %s is reached at %s", ctl->args[0],
			ctl->args[1]);
}

static int
gateway_drain(struct ctl *ctl, bool drains, const char *done)
{
	struct client_answer answer;
	struct guid gateway;
	int rc = ctl_resolve(ctl, ROW_CONTROLLER, ctl->args[0], &gateway);

	if (rc == 0)
		rc = client_gateway_drain(ctl->client, &gateway, drains, &answer);
	return ctl_done(ctl, rc, &answer, "gateway %s %s", ctl->args[0], done);
}

int
ctl_run_gateway_drain(struct ctl *ctl)
{
	return gateway_drain(ctl, true,
			     "gives its LUNs to others: `vdsctl gateway list` shows how many are "
			     "left");
}

int
ctl_run_gateway_undrain(struct ctl *ctl)
{
	return gateway_drain(ctl, false, "takes LUNs again");
}

int
ctl_run_gateway_remove(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid gateway;
	int rc = ctl_resolve(ctl, ROW_CONTROLLER, ctl->args[0], &gateway);

	if (rc == 0)
		rc = client_gateway_remove(ctl->client, &gateway, ctl->options[OPT_FORCE] != NULL,
					   &answer);
	return ctl_done(ctl, rc, &answer, "gateway %s removed", ctl->args[0]);
}

int
ctl_run_lun_move_owner(struct ctl *ctl)
{
	struct guid lun, gateway = { { 0 } };
	struct client_answer answer;
	int rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);

	if (rc == 0 && ctl->arg_count > 1)
		rc = ctl_resolve(ctl, ROW_CONTROLLER, ctl->args[1], &gateway);
	if (rc == 0)
		rc = client_lun_move_owner(ctl->client, &lun, &gateway, &answer);
	return ctl_done(ctl, rc, &answer, "LUN %s has another owner", ctl->args[0]);
}

/* ---- ports ---- */

int
ctl_run_port_counters(struct ctl *ctl)
{
	json_t *json = NULL;
	struct guid port;
	int rc = ctl_resolve(ctl, ROW_LIVE_PORT, ctl->args[0], &port);

	if (rc == 0)
		rc = ctl_ask(ctl, VERB_PORT_COUNTERS, &port, NULL, &json);
	if (rc == 0)
		rc = ctl->json ? ctl_json_print(json, ctl->out) : ctl_object_print(json, ctl->out);
	json_decref(json);
	return rc;
}

static int
port_status_set(struct ctl *ctl, enum row_status status, const char *done)
{
	struct client_answer answer;
	struct guid port;
	int rc = ctl_resolve(ctl, ROW_LIVE_PORT, ctl->args[0], &port);

	if (rc == 0)
		rc = client_port_set_status(ctl->client, &port, status, &answer);
	return ctl_done(ctl, rc, &answer, "port %s %s", ctl->args[0], done);
}

int
ctl_run_port_offline(struct ctl *ctl)
{
	return port_status_set(ctl, STATUS_OFFLINE, "is offline, and its sessions have ended");
}

int
ctl_run_port_online(struct ctl *ctl)
{
	return port_status_set(ctl, STATUS_ONLINE, "is online");
}

int
ctl_run_port_reset(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid port;
	uint64_t drain_ms = 0;
	int rc = drain_parse(ctl, &drain_ms);

	if (rc == 0)
		rc = ctl_resolve(ctl, ROW_LIVE_PORT, ctl->args[0], &port);
	if (rc == 0)
		rc = client_port_reset(ctl->client, &port, drain_ms, &answer);
	return ctl_done(ctl, rc, &answer,
			"port %s was reset: its sessions have ended, and its portals listen again",
			ctl->args[0]);
}
