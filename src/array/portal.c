/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Creates, changes and deletes portals, the addresses at which initiators reach targets.  A portal
 * has one concrete address: a wildcard becomes one portal for each address that the host has at
 * that moment.  Whether the address exists on the host later is not decided here; the data path
 * says so in the portal's live row.  Callers: any thread except the writer; apply functions run on
 * the writer thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

#define ADDRESSES_MAX 64

struct portal_create {
	struct array_task task;
	uint16_t port;
	bool all_targets;
	size_t count;
	char addresses[ADDRESSES_MAX][INET6_ADDRSTRLEN]; /* canonical */
};

/*
 * Writes the canonical text of a numeric address.  Returns its address family, or ERR_INVALID (not
 * a numeric address).
 */
static int
normalize(const char *text, char ret_text[INET6_ADDRSTRLEN])
{
	struct in6_addr bytes;
	static const int families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; text != NULL && i < ARRAY_LEN(families); i++) {
		if (inet_pton(families[i], text, &bytes) != 1)
			continue;
		inet_ntop(families[i], &bytes, ret_text, INET6_ADDRSTRLEN);
		return families[i];
	}
	return err_set(ERR_INVALID,
		       "%s is not a numeric IPv4 or IPv6 address, which a portal needs",
		       text != NULL ? text : "nothing");
}

int
array_portal_check_address(const char *address)
{
	char text[INET6_ADDRSTRLEN];

	return MIN(normalize(address, text), 0);
}

/*
 * Returns the address of an interface that a portal can use, or NULL.  A link-local address needs a
 * scope, which a portal does not store.
 */
static const void *
usable(const struct ifaddrs *ifa, int family)
{
	const struct in6_addr *six;

	if (ifa->ifa_addr == NULL || ifa->ifa_addr->sa_family != family)
		return NULL;
	if (family == AF_INET)
		return &((const struct sockaddr_in *)(const void *)ifa->ifa_addr)->sin_addr;
	six = &((const struct sockaddr_in6 *)(const void *)ifa->ifa_addr)->sin6_addr;
	return IN6_IS_ADDR_LINKLOCAL(six) ? NULL : six;
}

static int
expand(struct portal_create *c, int family)
{
	struct ifaddrs *all;

	c->count = 0;
	if (getifaddrs(&all) < 0)
		return err_set(-errno, "cannot list the host's addresses: %s", strerror(errno));
	for (struct ifaddrs *ifa = all; ifa != NULL && c->count < ADDRESSES_MAX;
	     ifa = ifa->ifa_next) {
		const void *bytes = usable(ifa, family);

		if (bytes != NULL)
			inet_ntop(family, bytes, c->addresses[c->count++], INET6_ADDRSTRLEN);
	}
	freeifaddrs(all);
	return c->count > 0 ? 0
			    : err_set(ERR_NOT_FOUND, "this host has no address that the wildcard "
						     "stands for: give an address of the host");
}

static const struct row_portal *
find(const struct state *view, const struct guid *controller_id, const char *address, uint32_t port)
{
	for (size_t i = 0; i < state_count(view, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(view, ROW_PORTAL, i);

		if (portal->port == port && strcmp(portal->address, address) == 0 &&
		    guid_equal(&portal->controller_id, controller_id))
			return portal;
	}
	return NULL;
}

static int
put(struct state_edit *edit, const struct guid *controller_id, const char *address, uint16_t port,
    struct guid *ret_id)
{
	struct row_portal *row = row_new(ROW_PORTAL);

	if (row == NULL)
		return -ENOMEM;
	guid_make(&row->id);
	*ret_id = row->id;
	row->port = port;
	row->controller_id = *controller_id;
	if (row_set_string(&row->address, address) < 0) {
		row_unref(row);
		return -ENOMEM;
	}
	return state_edit_put(edit, row);
}

static int
create_apply(struct array *array, struct array_task *task)
{
	struct portal_create *c = container_of(task, struct portal_create, task);
	struct guid controller_id = array_controller_of_portals(array);
	int rc = 0;

	task->answer.existed = true;
	for (size_t i = 0; rc == 0 && i < c->count; i++) {
		const struct row_portal *there = find(state_edit_view(task->edit), &controller_id,
						      c->addresses[i], c->port);
		struct guid id;

		if (there != NULL) {
			id = there->id;
		} else {
			rc = put(task->edit, &controller_id, c->addresses[i], c->port, &id);
			task->answer.existed = false;
		}
		if (rc == 0 && c->all_targets)
			rc = array_group_edit_add_to_all(array, task->edit, &id);
		if (i == 0)
			task->answer.object_id = id;
	}
	return rc;
}

static void
create_published(struct array *array, struct array_task *task)
{
	(void)task;
	array_port_refresh(array);
}

int
array_portal_create(struct array *array, const struct array_request *request, const char *address,
		    uint16_t port, bool all_targets, struct array_answer *ret_answer)
{
	struct portal_create c = { .task = { .apply = create_apply,
					     .published = create_published,
					     .cause = "portal.create",
					     .use = CATALOG_MAKES },
				   .port = port,
				   .all_targets = all_targets,
				   .count = 1 };
	int family = normalize(address, c.addresses[0]), rc;

	if (family < 0)
		return family;
	rc = port == 0 ? array_runtime_pick_port(array, c.addresses[0], &c.port) : 0;
	if (rc == 0 &&
	    (strcmp(c.addresses[0], "0.0.0.0") == 0 || strcmp(c.addresses[0], "::") == 0))
		rc = expand(&c, family);
	return rc < 0 ? rc : array_change_run(array, request, &c.task, ret_answer);
}

/* ---- status, delete ---- */

struct portal_change {
	struct array_task task;
	const struct guid *id;
	enum row_status status;
};

static int
status_apply(struct array *array, struct array_task *task)
{
	struct portal_change *c = container_of(task, struct portal_change, task);
	const struct row_portal *portal = state_find(state_edit_view(task->edit), ROW_PORTAL,
						     c->id);
	struct row_portal *row;

	(void)array;
	if (portal == NULL)
		return array_name_no_such(ROW_PORTAL, c->id);
	row = row_copy(portal);
	if (row == NULL)
		return -ENOMEM;
	row->status = c->status;
	task->answer.object_id = *c->id;
	return state_edit_put(task->edit, row);
}

int
array_portal_set_status(struct array *array, const struct array_request *request,
			const struct guid *portal, enum row_status status,
			struct array_answer *ret_answer)
{
	struct portal_change c = {
		.task = { .apply = status_apply, .cause = "portal.status" },
		.id = portal,
		.status = status,
	};

	if (status != STATUS_ONLINE && status != STATUS_OFFLINE)
		return err_set(ERR_INVALID, "the status of a portal must be online or offline");
	return array_change_run(array, request, &c.task, ret_answer);
}

static int
delete_apply(struct array *array, struct array_task *task)
{
	struct portal_change *c = container_of(task, struct portal_change, task);
	const struct state *view = state_edit_view(task->edit);

	(void)array;
	if (state_find(view, ROW_PORTAL, c->id) == NULL)
		return array_name_no_such(ROW_PORTAL, c->id);
	if (state_portal_groups(view, c->id).count > 0)
		return err_set(ERR_IN_USE, "a portal group contains the portal: remove the portal "
					   "from its groups first");
	task->answer.object_id = *c->id;
	return state_edit_delete(task->edit, ROW_PORTAL, c->id, NULL);
}

static void
delete_published(struct array *array, struct array_task *task)
{
	array_live_delete(array, ROW_LIVE_PORTAL,
			  container_of(task, struct portal_change, task)->id);
	array_port_refresh(array);
}

int
array_portal_delete(struct array *array, const struct array_request *request,
		    const struct guid *portal, struct array_answer *ret_answer)
{
	struct portal_change c = {
		.task = { .apply = delete_apply,
			  .published = delete_published,
			  .cause = "portal.delete",
			  .use = CATALOG_FREES },
		.id = portal,
	};

	return array_change_run(array, request, &c.task, ret_answer);
}
