/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The metrics of what is between initiators and LUNs: sessions, hosts, logins, portals, ports and
 * the threads of the data path.  The connection's thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "http/metrics_int.h"
#include "model/host.h"
#include "model/port.h"

/* ---- sessions ---- */

static void
session_labels(struct http_scrape *scrape, const struct guid *id)
{
	const struct row_live_session *session = state_find(scrape->live, ROW_LIVE_SESSION, id);
	const struct row_target *target = state_find(scrape->config, ROW_TARGET,
						     &session->target_id);
	char text[GUID_TEXT_SIZE];

	const struct row_host *host = state_host_of_initiator(scrape->config, session->initiator);

	http_scrape_labels(scrape, "session", guid_format(id, text), "host",
			   host != NULL ? host->name : "", "initiator", session->initiator,
			   "target", target != NULL ? target->iscsi_name : "", LABELS_END);
}

static void
sessions_write(struct http_scrape *scrape, const struct http_metric *metric, unsigned kind_count,
	       const uint64_t *(*values)(const struct array_session_counters *),
	       void (*write)(struct http_scrape *, const struct http_metric *, uint64_t))
{
	for (size_t i = 0; i < scrape->session_count; i++)
		for (unsigned kind = 0; kind < kind_count; kind++) {
			session_labels(scrape, &scrape->sessions[i].id);
			http_scrape_label(scrape, "kind", http_metric_kinds[kind]);
			write(scrape, metric, values(&scrape->sessions[i])[kind]);
		}
}

static const uint64_t *
session_commands(const struct array_session_counters *counters)
{
	return counters->commands;
}

static const uint64_t *
session_bytes(const struct array_session_counters *counters)
{
	return counters->bytes;
}

static const uint64_t *
session_ns(const struct array_session_counters *counters)
{
	return counters->ns;
}

void
http_metric_session_commands(struct http_scrape *scrape, const struct http_metric *metric)
{
	sessions_write(scrape, metric, ARRAY_KINDS, session_commands, http_scrape_u64);
}

void
http_metric_session_bytes(struct http_scrape *scrape, const struct http_metric *metric)
{
	sessions_write(scrape, metric, 2, session_bytes, http_scrape_u64);
}

void
http_metric_session_seconds(struct http_scrape *scrape, const struct http_metric *metric)
{
	sessions_write(scrape, metric, ARRAY_KINDS, session_ns, http_scrape_ns);
}

void
http_metric_sessions(struct http_scrape *scrape, const struct http_metric *metric)
{
	http_scrape_labels(scrape, LABELS_END);
	http_scrape_u64(scrape, metric, state_count(scrape->live, ROW_LIVE_SESSION));
}

/* ---- hosts ---- */

/* Initiators whose names belong to no host are one host without a name. */
static void
host_labels(struct http_scrape *scrape, const struct array_host_counters *counters)
{
	const struct row_host *host = state_find(scrape->config, ROW_HOST, &counters->id);

	http_scrape_labels(scrape, "host", host != NULL ? host->name : "", LABELS_END);
}

static void
hosts_write(struct http_scrape *scrape, const struct http_metric *metric, unsigned kind_count,
	    const uint64_t *(*values)(const struct array_host_counters *),
	    void (*write)(struct http_scrape *, const struct http_metric *, uint64_t))
{
	for (size_t i = 0; i < scrape->host_count; i++)
		for (unsigned kind = 0; kind < kind_count; kind++) {
			host_labels(scrape, &scrape->hosts[i]);
			http_scrape_label(scrape, "kind", http_metric_kinds[kind]);
			write(scrape, metric, values(&scrape->hosts[i])[kind]);
		}
}

static const uint64_t *
host_commands(const struct array_host_counters *counters)
{
	return counters->commands;
}

static const uint64_t *
host_bytes(const struct array_host_counters *counters)
{
	return counters->bytes;
}

static const uint64_t *
host_ns(const struct array_host_counters *counters)
{
	return counters->ns;
}

void
http_metric_host_commands(struct http_scrape *scrape, const struct http_metric *metric)
{
	hosts_write(scrape, metric, ARRAY_KINDS, host_commands, http_scrape_u64);
}

void
http_metric_host_bytes(struct http_scrape *scrape, const struct http_metric *metric)
{
	hosts_write(scrape, metric, 2, host_bytes, http_scrape_u64);
}

void
http_metric_host_seconds(struct http_scrape *scrape, const struct http_metric *metric)
{
	hosts_write(scrape, metric, ARRAY_KINDS, host_ns, http_scrape_ns);
}

void
http_metric_host_sessions(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < scrape->host_count; i++) {
		host_labels(scrape, &scrape->hosts[i]);
		http_scrape_u64(scrape, metric, scrape->hosts[i].sessions);
	}
}

void
http_metric_host_logins(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < scrape->host_count; i++) {
		host_labels(scrape, &scrape->hosts[i]);
		http_scrape_u64(scrape, metric, scrape->hosts[i].logins);
	}
}

/* ---- logins ---- */

void
http_metric_login_failures(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < scrape->login_count; i++) {
		const struct array_login_counters *counters = &scrape->logins[i];
		const struct row_target *target = state_find(scrape->config, ROW_TARGET,
							     &counters->target_id);

		for (unsigned reason = 0; reason < ARRAY_LOGIN_FAILURES; reason++) {
			http_scrape_labels(scrape, "target",
					   target != NULL ? target->iscsi_name : "", "reason",
					   array_login_failure_name(reason), LABELS_END);
			http_scrape_u64(scrape, metric, counters->failures[reason]);
		}
	}
}

/* ---- portals and ports ---- */

/* Where there are no gateways, there are no samples. */
static size_t
gateway_count(const struct http_scrape *scrape)
{
	return state_has_gateways(scrape->config) ? state_count(scrape->config, ROW_CONTROLLER) : 0;
}

void
http_metric_gateway_up(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < gateway_count(scrape); i++) {
		const struct row_controller *gateway = state_at(scrape->config, ROW_CONTROLLER, i);

		http_scrape_labels(scrape, "gateway", gateway->name, LABELS_END);
		http_scrape_u64(scrape, metric,
				gateway->instance != NULL && gateway->instance[0] != '\0');
	}
}

/* Counted by the gateway that is asked. */
static void
write_gateway_counter(struct http_scrape *scrape, const struct http_metric *metric, size_t offset)
{
	struct array_gateway_counters counters;
	uint64_t value;

	if (gateway_count(scrape) == 0)
		return;
	array_gateway_counters(scrape->array, &counters);
	memcpy(&value, (const char *)&counters + offset, sizeof(value));
	http_scrape_labels(scrape, LABELS_END);
	http_scrape_u64(scrape, metric, value);
}

void
http_metric_gateway_takeovers(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_gateway_counter(scrape, metric, offsetof(struct array_gateway_counters, takeovers));
}

void
http_metric_gateway_moves(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_gateway_counter(scrape, metric, offsetof(struct array_gateway_counters, moves));
}

void
http_metric_gateway_claims(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_gateway_counter(scrape, metric, offsetof(struct array_gateway_counters, claims));
}

void
http_metric_gateway_renewals(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_gateway_counter(scrape, metric, offsetof(struct array_gateway_counters, renewals));
}

void
http_metric_gateway_retakes(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_gateway_counter(scrape, metric, offsetof(struct array_gateway_counters, retakes));
}

void
http_metric_gateway_passed(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_gateway_counter(scrape, metric, offsetof(struct array_gateway_counters, passed));
}

/* Of each other gateway, what this one has forwarded to it. */
static void
write_forwarded(struct http_scrape *scrape, const struct http_metric *metric, size_t offset)
{
	for (size_t i = 0; i < gateway_count(scrape); i++) {
		const struct row_controller *gateway = state_at(scrape->config, ROW_CONTROLLER, i);
		struct array_forward_counters counters;
		uint64_t value;

		if (guid_equal(&gateway->id, array_controller_id(scrape->array)))
			continue;
		array_forward_counters(scrape->array, &gateway->id, &counters);
		memcpy(&value, (const char *)&counters + offset, sizeof(value));
		http_scrape_labels(scrape, "owner", gateway->name, LABELS_END);
		http_scrape_u64(scrape, metric, value);
	}
}

void
http_metric_forwarded_commands(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_forwarded(scrape, metric, offsetof(struct array_forward_counters, commands));
}

void
http_metric_forwarded_errors(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_forwarded(scrape, metric, offsetof(struct array_forward_counters, errors));
}

void
http_metric_forwarded_read(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_forwarded(scrape, metric, offsetof(struct array_forward_counters, read_bytes));
}

void
http_metric_forwarded_written(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_forwarded(scrape, metric, offsetof(struct array_forward_counters, write_bytes));
}

void
http_metric_forward_links(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_forwarded(scrape, metric, offsetof(struct array_forward_counters, links));
}

void
http_metric_forward_links_broken(struct http_scrape *scrape, const struct http_metric *metric)
{
	write_forwarded(scrape, metric, offsetof(struct array_forward_counters, broken));
}

void
http_metric_gateway_luns(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < gateway_count(scrape); i++) {
		const struct row_controller *gateway = state_at(scrape->config, ROW_CONTROLLER, i);

		http_scrape_labels(scrape, "gateway", gateway->name, LABELS_END);
		http_scrape_u64(scrape, metric,
				state_controller_lun_count(scrape->config, &gateway->id));
	}
}

void
http_metric_portal_ready(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < state_count(scrape->config, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(scrape->config, ROW_PORTAL, i);
		const struct row_live_portal *live = state_find(scrape->live, ROW_LIVE_PORTAL,
								&portal->id);
		char port[16];

		if (!controller_has_portal(array_controller_id(scrape->array), portal))
			continue; /* its gateway has it in its own metrics */
		snprintf(port, sizeof(port), "%" PRIu32, portal->port);
		http_scrape_labels(scrape, "address", portal->address, "port", port, LABELS_END);
		http_scrape_u64(scrape, metric, live != NULL && live->ready);
	}
}

static void
ports_write(struct http_scrape *scrape, const struct http_metric *metric, bool bytes)
{
	for (size_t i = 0; i < state_count(scrape->live, ROW_LIVE_PORT); i++) {
		const struct row_live_port *port = state_at(scrape->live, ROW_LIVE_PORT, i);
		struct array_port_counters c;

		if (array_port_counters(scrape->array, &port->id, &c) < 0)
			continue; /* the port has gone since */
		if (!bytes) {
			http_scrape_labels(scrape, "interface", port->name, LABELS_END);
			http_scrape_u64(scrape, metric, c.logins);
			continue;
		}
		http_scrape_labels(scrape, "interface", port->name, "direction", "received",
				   LABELS_END);
		http_scrape_u64(scrape, metric, c.received_bytes);
		http_scrape_labels(scrape, "interface", port->name, "direction", "sent",
				   LABELS_END);
		http_scrape_u64(scrape, metric, c.sent_bytes);
	}
}

void
http_metric_port_bytes(struct http_scrape *scrape, const struct http_metric *metric)
{
	ports_write(scrape, metric, true);
}

void
http_metric_port_logins(struct http_scrape *scrape, const struct http_metric *metric)
{
	ports_write(scrape, metric, false);
}

/* An interface of which the host does not know whether it has a link is left out. */
void
http_metric_port_up(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < state_count(scrape->live, ROW_LIVE_PORT); i++) {
		const struct row_live_port *port = state_at(scrape->live, ROW_LIVE_PORT, i);

		if (port->link == PORT_LINK_UNKNOWN)
			continue;
		http_scrape_labels(scrape, "interface", port->name, LABELS_END);
		http_scrape_u64(scrape, metric, port->link == PORT_LINK_UP);
	}
}

/* In bytes per second, as bytes are what else is counted. */
void
http_metric_port_speed(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < state_count(scrape->live, ROW_LIVE_PORT); i++) {
		const struct row_live_port *port = state_at(scrape->live, ROW_LIVE_PORT, i);

		if (port->speed_mbps == 0)
			continue;
		http_scrape_labels(scrape, "interface", port->name, LABELS_END);
		http_scrape_u64(scrape, metric, (uint64_t)port->speed_mbps * 1000000 / 8);
	}
}

void
http_metric_port_mtu(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < state_count(scrape->live, ROW_LIVE_PORT); i++) {
		const struct row_live_port *port = state_at(scrape->live, ROW_LIVE_PORT, i);

		if (port->mtu_bytes == 0)
			continue;
		http_scrape_labels(scrape, "interface", port->name, LABELS_END);
		http_scrape_u64(scrape, metric, port->mtu_bytes);
	}
}

/* ---- threads of the data path ---- */

static void
thread_labels(struct http_scrape *scrape, const struct array_thread_counters *thread)
{
	char index[16];

	snprintf(index, sizeof(index), "%u", thread->index);
	http_scrape_labels(scrape, "thread", index, LABELS_END);
}

void
http_metric_thread_cpu(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < scrape->thread_count; i++) {
		thread_labels(scrape, &scrape->threads[i]);
		http_scrape_ns(scrape, metric, scrape->threads[i].cpu_ns);
	}
}

void
http_metric_thread_busy(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < scrape->thread_count; i++) {
		thread_labels(scrape, &scrape->threads[i]);
		http_scrape_ns(scrape, metric, scrape->threads[i].busy_ns);
	}
}

void
http_metric_thread_sessions(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (size_t i = 0; i < scrape->thread_count; i++) {
		thread_labels(scrape, &scrape->threads[i]);
		http_scrape_u64(scrape, metric, scrape->threads[i].sessions);
	}
}

void
http_metric_slow(struct http_scrape *scrape, const struct http_metric *metric)
{
	uint64_t slow = 0;

	for (size_t i = 0; i < scrape->thread_count; i++)
		slow += scrape->threads[i].slow_commands;
	http_scrape_labels(scrape, LABELS_END);
	http_scrape_u64(scrape, metric, slow);
}

void
http_metric_seconds(struct http_scrape *scrape, const struct http_metric *metric)
{
	for (unsigned kind = 0; kind < ARRAY_KINDS; kind++) {
		struct histogram_total total = { 0 };

		for (size_t i = 0; i < scrape->thread_count; i++)
			histogram_merge(&total, &scrape->threads[i].latency[kind]);
		http_scrape_labels(scrape, "kind", http_metric_kinds[kind], LABELS_END);
		http_scrape_histogram(scrape, metric, &total, 1);
	}
}
