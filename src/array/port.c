/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ports: the network interfaces at which portals are, as live rows, and what is done with all
 * portals of an interface at once.  A port exists as long as its interface has the address of a
 * portal.  The list of interfaces is read when vdsd starts, when portals come or go, when the
 * kernel reports a change, and in every round of the verifier.  Callers: any thread except those of
 * the data path; array_port_refresh also on the writer and verifier threads.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/port.h"

/* ---- the live rows ---- */

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the words of a text, so that a list in another order is the same list. */
static char *
sort_words(const char *text)
{
	AUTO_FREE char *copy = str_dup(text != NULL ? text : "");
	AUTO_FREE const char **words = NULL;
	AUTO(strbuf_fini) struct strbuf out = { 0 };
	size_t count = 0, capacity = 0;
	char *rest = NULL;

	if (copy == NULL)
		return NULL;
	for (char *word = strtok_r(copy, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		if (mem_grow(&words, &capacity, count + 1, sizeof(words[0])) < 0)
			return NULL;
		words[count++] = word;
	}
	if (count > 1)
		qsort(words, count, sizeof(words[0]), compare_texts);
	for (size_t i = 0; i < count; i++) {
		strbuf_add(&out, i > 0 ? " " : "");
		strbuf_add(&out, words[i]);
	}
	return strbuf_take(&out);
}

/* Returns whether a portal has an address of the interface. */
static bool
is_port(const struct array *array, const struct state *state, const struct array_interface *item)
{
	for (size_t i = 0; i < state_count(state, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(state, ROW_PORTAL, i);

		if (controller_has_portal(&array->controller_id, portal) &&
		    port_addresses_have(item->addresses, portal->address))
			return true;
	}
	return false;
}

/* Gateways have interfaces of the same names. */
static int
fill(const struct array *array, const struct state *state, const struct array_interface *item,
     struct row_live_port *row)
{
	AUTO_FREE char *addresses = sort_words(item->addresses);
	int rc = array_name_hash_id(array->gateway != NULL ? &array->controller_id
							   : &state_position(state)->array_id,
				    "port", item->name, &row->id);

	if (rc < 0 || addresses == NULL)
		return -ENOMEM;
	row->controller_id = array->controller_id;
	row->link = item->link;
	row->speed_mbps = item->speed_mbps;
	row->mtu_bytes = item->mtu_bytes;
	rc = row_set_string(&row->name, item->name);
	if (rc == 0)
		rc = row_set_string(&row->hardware_address, item->hardware_address);
	return rc == 0 ? row_set_string(&row->addresses, addresses) : rc;
}

/* Returns 0 with the id of the port, or -ENOMEM (the row stays as it is until the next look). */
static int
show(struct array *array, const struct state *state, const struct array_interface *item,
     struct guid *ret_id)
{
	AUTO_STATE struct state *live = array_live(array);
	AUTO_ROW struct row_live_port *row = row_new(ROW_LIVE_PORT);
	const struct row_live_port *old;

	if (row == NULL || fill(array, state, item, row) < 0 || row_seal(row) < 0)
		return -ENOMEM;
	*ret_id = row->id;
	old = state_find(live, ROW_LIVE_PORT, &row->id);
	if (old == NULL || !row_equal(old, row))
		array_live_put(array, TAKE(row));
	return 0;
}

static bool
is_among(const struct guid *ids, size_t count, const struct guid *id)
{
	for (size_t i = 0; i < count; i++)
		if (guid_equal(&ids[i], id))
			return true;
	return false;
}

static void
delete_others(struct array *array, const struct guid *ids, size_t count)
{
	AUTO_STATE struct state *live = array_live(array);

	for (size_t i = 0; i < state_count(live, ROW_LIVE_PORT); i++) {
		const struct row_live_port *port = state_at(live, ROW_LIVE_PORT, i);

		if (is_among(ids, count, &port->id))
			continue;
		array_live_delete(array, ROW_LIVE_PORT, &port->id);
		array_live_delete(array, ROW_LIVE_MAINTENANCE, &port->id);
	}
}

static void
refresh_locked(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);
	AUTO(array_interfaces_fini) struct array_interfaces list = { 0 };
	AUTO_FREE struct guid *ids = NULL;
	size_t count = 0;
	int rc = 0;

	if (array->interfaces(array->interfaces_arg, &list) < 0)
		return; /* what is shown stays: the next look may succeed */
	ids = mem_calloc(list.count + 1, sizeof(ids[0]));
	if (ids == NULL)
		return;
	for (size_t i = 0; i < list.count && rc == 0; i++)
		if (is_port(array, state, &list.items[i]))
			rc = show(array, state, &list.items[i], &ids[count++]);
	if (rc == 0)
		delete_others(array, ids, count);
}

void
array_port_refresh(struct array *array)
{
	if (array->look)
		return;
	pthread_mutex_lock(&array->ports_lock);
	refresh_locked(array);
	pthread_mutex_unlock(&array->ports_lock);
}

/* ---- the portals of a port ---- */

struct portals {
	struct guid *ids; /* owned */
	size_t count;
};

static void
portals_fini(struct portals *portals)
{
	mem_free(portals->ids);
}

/* Returns the port with that id, borrowed from the live state, or ERR_NOT_FOUND with a text. */
static int
find_port(const struct state *live, const struct guid *id, const struct row_live_port **ret_port)
{
	*ret_port = state_find(live, ROW_LIVE_PORT, id);
	return *ret_port != NULL ? 0 : array_name_no_such(ROW_LIVE_PORT, id);
}

/* Lists the portals of the port; NULL = of the own controller.  Returns 0 or -ENOMEM. */
static int
list_portals(const struct array *array, const struct state *state, const struct row_live_port *port,
	     struct portals *ret)
{
	size_t count = state_count(state, ROW_PORTAL);

	ret->ids = mem_calloc(count + 1, sizeof(ret->ids[0]));
	if (ret->ids == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct row_portal *portal = state_at(state, ROW_PORTAL, i);

		if (port != NULL ? port_has_portal(port, portal)
				 : controller_has_portal(&array->controller_id, portal))
			ret->ids[ret->count++] = portal->id;
	}
	return 0;
}

int
array_port_end_sessions(struct array *array, const struct row_live_port *port, uint32_t drain_ms)
{
	AUTO_STATE struct state *state = array_state(array);
	AUTO(portals_fini) struct portals portals = { 0 };
	int rc = list_portals(array, state, port, &portals);

	return rc < 0 ? rc
		      : array_runtime_reset_portals(array, portals.ids, portals.count, drain_ms);
}

int
array_port_reset(struct array *array, const struct guid *port_id, uint32_t drain_ms)
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_port *port;
	int rc = find_port(live, port_id, &port);

	return rc < 0 ? rc : array_port_end_sessions(array, port, drain_ms);
}

/* ---- status ---- */

struct port_status {
	struct array_task task;
	const struct row_live_port *port; /* of a live state that the caller holds */
	enum row_status status;
};

static int
set_portal(struct state_edit *edit, const struct guid *id, enum row_status status)
{
	struct row_portal *row = row_copy(state_find(state_edit_view(edit), ROW_PORTAL, id));

	if (row == NULL)
		return -ENOMEM;
	row->status = status;
	return state_edit_put(edit, row);
}

static int
status_apply(struct array *array, struct array_task *task)
{
	struct port_status *s = container_of(task, struct port_status, task);
	AUTO(portals_fini) struct portals portals = { 0 };
	int rc = list_portals(array, state_edit_view(task->edit), s->port, &portals);

	for (size_t i = 0; rc == 0 && i < portals.count; i++)
		rc = set_portal(task->edit, &portals.ids[i], s->status);
	task->answer.object_id = s->port->id;
	return rc;
}

int
array_port_set_status(struct array *array, const struct array_request *request,
		      const struct guid *port_id, enum row_status status,
		      struct array_answer *ret_answer)
{
	AUTO_STATE struct state *live = array_live(array);
	struct port_status s = {
		.task = { .apply = status_apply, .cause = "port.status" },
		.status = status,
	};
	int rc;

	if (status != STATUS_ONLINE && status != STATUS_OFFLINE)
		return err_set(ERR_INVALID, "the status of a port must be online or offline");
	rc = find_port(live, port_id, &s.port);
	if (rc == 0)
		rc = array_change_run(array, request, &s.task, ret_answer);
	if (rc == 0 && status == STATUS_OFFLINE)
		(void)array_port_end_sessions(array, s.port, 0); /* nobody can log in any more */
	return rc;
}

/* ---- counters ---- */

/* Returns whether "192.0.2.1:3260" or "[::1]:3260" is at one of the port's addresses. */
static bool
is_at_port(const struct row_live_port *port, const char *text)
{
	char address[64];
	size_t skip = text[0] == '[', len = strcspn(text + skip, skip ? "]" : ":");

	if (len >= sizeof(address))
		return false;
	memcpy(address, text + skip, len);
	address[len] = '\0';
	return port_addresses_have(port->addresses, address);
}

int
array_port_counters(struct array *array, const struct guid *port_id,
		    struct array_port_counters *ret_counters)
{
	AUTO_STATE struct state *live = array_live(array);
	struct array_port_counters counters = { 0 };
	AUTO_FREE char *addresses = NULL;
	const struct row_live_port *port;
	char *rest = NULL;
	int rc = find_port(live, port_id, &port);

	if (rc < 0)
		return rc;
	addresses = str_dup(port->addresses != NULL ? port->addresses : "");
	if (addresses == NULL)
		return -ENOMEM;
	for (char *word = strtok_r(addresses, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		array_runtime_address_counters(array, word, &counters);
	for (size_t i = 0; i < state_count(live, ROW_LIVE_SESSION); i++) {
		const struct row_live_session *session = state_at(live, ROW_LIVE_SESSION, i);

		counters.sessions += is_at_port(port, session->portal_address);
	}
	*ret_counters = counters;
	return 0;
}
