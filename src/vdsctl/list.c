/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl NOUN list`, for every noun.  A table is made from one snapshot, so its lines agree with
 * one another.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/host.h"
#include "model/port.h"
#include "model/snapshot.h"
#include "vdsctl/ctl_int.h"

/* How one family is listed: the row function adds a cell for each column. */
struct listing {
	enum row_family family;
	const char *columns; /* as table_new takes them */
	/*
	 * those of an array that gateways serve, for which `row` adds one cell more; NULL = the
	 * same
	 */
	const char *gateway_columns;
	void (*row)(struct table *table, const struct ctl_view *view, const void *row);
};

/* ---- LUNs ---- */

static const char lun_columns[] =
	"NAME|>SIZE|>USED|>BLOCK|KIND|POOL|STATUS|HEALTH|>TARGETS|UNMASKED|ID";

static void
add_mask(struct table *table, const struct ctl_view *view, const char *mask)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	size_t entries = 1, hosts;

	if (mask == NULL || mask[0] == '\0') {
		table_add(table, "none");
		return;
	}
	for (const char *p = mask; *p != '\0'; p++)
		entries += *p == ';';
	hosts = ctl_mask_hosts(mask);
	host_mask_describe(view->config, mask, &text);
	if (entries == 1)
		table_add(table, text.text != NULL ? text.text : mask);
	else if (hosts == 0)
		table_addf(table, "%zu initiators", entries);
	else if (hosts == entries)
		table_addf(table, "%zu hosts and groups", hosts);
	else
		table_addf(table, "%zu hosts and groups, %zu initiator%s", hosts, entries - hosts,
			   entries - hosts == 1 ? "" : "s");
}

static const char lun_gateway_columns[] =
	"NAME|>SIZE|>USED|>BLOCK|KIND|POOL|STATUS|HEALTH|OWNER|>TARGETS|UNMASKED|ID";

static void
lun_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_lun *lun = row;
	const struct row_pool *pool = state_find(view->config, ROW_POOL, &lun->pool_id);

	table_add(table, ctl_lun_name(view, &lun->id));
	ctl_cell_size(table, lun->size_bytes);
	ctl_cell_used(table, view, &lun->id);
	table_addf(table, "%u", lun->block_bytes);
	table_add(table, lun->thin ? "thin" : "thick");
	table_add(table, pool != NULL ? pool->name : NULL);
	table_add(table, ctl_status_name(lun->status));
	table_add(table, ctl_health_name(view, &lun->id));
	if (state_has_gateways(view->config))
		table_add(table, ctl_owner_name(view, &lun->id));
	table_addf(table, "%zu", state_lun_targets(view->config, &lun->id).count);
	add_mask(table, view, lun->mask);
	ctl_cell_id(table, &lun->id);
}

/* ---- targets, portals, groups ---- */

static const char target_columns[] = "ALIAS|NAME|>LUNS|>SESSIONS|>GROUPS|ID";

static void
target_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_target *target = row;

	table_add(table, target->alias);
	table_add(table, target->iscsi_name);
	table_addf(table, "%zu", state_target_luns(view->config, &target->id).count);
	table_addf(table, "%zu", ctl_session_count(view, &target->id));
	table_addf(table, "%zu", state_target_groups(view->config, &target->id).count);
	ctl_cell_id(table, &target->id);
}

static const char portal_columns[] = "ADDRESS|STATUS|LISTENS|>GROUPS|ID";
static const char portal_gateway_columns[] = "GATEWAY|ADDRESS|STATUS|LISTENS|>GROUPS|ID";

static void
portal_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_portal *portal = row;
	const struct row_live_portal *live = state_find(view->live, ROW_LIVE_PORTAL, &portal->id);
	const struct row_controller *gateway = portal_controller(view->config, portal);

	if (state_has_gateways(view->config))
		table_add(table, gateway != NULL ? gateway->name : NULL);
	ctl_cell_address(table, portal);
	table_add(table, ctl_status_name(portal->status));
	table_add(table, ctl_listens_text(live));
	table_addf(table, "%zu", state_portal_groups(view->config, &portal->id).count);
	ctl_cell_id(table, &portal->id);
}

/* ---- gateways ---- */

static const char gateway_columns[] = "NAME|STATE|>LUNS|>PORTALS|ADDRESS|ID";

static void
gateway_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_controller *gateway = row;
	size_t portals = 0;

	for (size_t i = 0; i < state_count(view->config, ROW_PORTAL); i++)
		portals += controller_has_portal(&gateway->id,
						 state_at(view->config, ROW_PORTAL, i));
	table_add(table, gateway->name);
	table_add(table, ctl_gateway_state(view, gateway));
	table_addf(table, "%zu", ctl_gateway_luns(view, gateway));
	table_addf(table, "%zu", portals);
	table_add(table, gateway->address);
	ctl_cell_id(table, &gateway->id);
}

static const char group_columns[] = "TARGET|>TAG|>PORT|STATE|>PORTALS|ID";

static void
group_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_portal_group *group = row;

	table_add(table, ctl_target_name(view, &group->target_id));
	table_addf(table, "%u", group->tag);
	table_addf(table, "%u", group->relative_port);
	table_addf(table, "%s%s", port_access_name(group->access_state),
		   group->preferred ? ", preferred" : "");
	table_addf(table, "%zu", state_group_portals(view->config, &group->id).count);
	ctl_cell_id(table, &group->id);
}

static const char association_columns[] = "LUN|TARGET|>NUMBER";

static void
association_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_association *pair = row;

	table_add(table, ctl_lun_name(view, &pair->lun_id));
	table_add(table, ctl_target_name(view, &pair->target_id));
	table_addf(table, "%u", pair->lun_number);
}

/* ---- hosts ---- */

static const char host_columns[] = "NAME|>INITIATORS|>SESSIONS|GROUPS|ID";

static void
host_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_host *host = row;
	struct row_slice members = state_host_groups(view->config, &host->id);
	AUTO(strbuf_fini) struct strbuf groups = { 0 };

	for (size_t i = 0; i < members.count; i++) {
		const struct row_host_member *member = members.rows[i];
		const struct row_host_group *group = state_find(view->config, ROW_HOST_GROUP,
								&member->group_id);

		strbuf_addf(&groups, "%s%s", i > 0 ? ", " : "", group != NULL ? group->name : "");
	}
	table_add(table, host->name);
	table_addf(table, "%zu", state_host_initiators(view->config, &host->id).count);
	table_addf(table, "%zu", ctl_host_sessions(view, &host->id));
	table_add(table, groups.text != NULL ? groups.text : "");
	ctl_cell_id(table, &host->id);
}

static const char host_group_columns[] = "NAME|>HOSTS|ID";

static void
host_group_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_host_group *group = row;

	table_add(table, group->name);
	table_addf(table, "%zu", state_group_hosts(view->config, &group->id).count);
	ctl_cell_id(table, &group->id);
}

/* ---- CHAP secrets ---- */

static const char credential_columns[] = "FOR|PROVES|USER|INITIATOR|SET|OLD UNTIL|ID";

static void
credential_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_credential *credential = row;
	bool initiator = credential->side == CREDENTIAL_INITIATOR;

	table_add(table, ctl_credential_owner(view, credential));
	table_add(table, initiator ? "initiator" : "target");
	table_add(table, credential->user[0] != '\0' ? credential->user
			 : initiator                 ? "any"
						     : "the target's name");
	table_add(table, credential->initiator[0] != '\0' ? credential->initiator : "every");
	ctl_cell_time(table, credential->set_ms);
	if (credential->old_until_ms > clock_utc_ms())
		ctl_cell_time(table, credential->old_until_ms);
	else
		table_add(table, "");
	ctl_cell_id(table, &credential->id);
}

/* ---- pools, jobs, sessions ---- */

static const char pool_columns[] = "NAME|>SIZE|>FREE|>USED|>PROMISED|>LUNS|SPACE|READY|PATH|ID";

static void
pool_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_pool *pool = row;
	const struct row_live_pool *live = state_find(view->live, ROW_LIVE_POOL, &pool->id);
	uint64_t promised_bytes;
	size_t luns;

	table_add(table, pool->name);
	if (live != NULL) {
		ctl_cell_size(table, live->capacity_bytes);
		ctl_cell_size(table, live->free_bytes);
		ctl_cell_size(table, live->allocated_bytes);
	} else {
		for (int i = 0; i < 3; i++)
			table_add(table, NULL);
	}
	luns = ctl_pool_luns(view, &pool->id, &promised_bytes);
	ctl_cell_size(table, promised_bytes);
	table_addf(table, "%zu", luns);
	table_add(table, ctl_space_text(live));
	table_add(table, live == NULL ? "unknown" : live->ready ? "yes" : live->reason);
	table_add(table, pool->path);
	ctl_cell_id(table, &pool->id);
}

static const char trashed_lun_columns[] = "NAME|>SIZE|>USED|POOL|DELETED|REMOVED|ID";

static void
trashed_lun_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_trashed_lun *lun = row;
	const struct row_pool *pool = state_find(view->config, ROW_POOL, &lun->pool_id);

	table_add(table, lun->name);
	ctl_cell_size(table, lun->size_bytes);
	ctl_cell_size(table, lun->allocated_bytes);
	table_add(table, pool != NULL ? pool->name : NULL);
	ctl_cell_time(table, lun->deleted_ms);
	ctl_cell_time(table, lun->expires_ms);
	ctl_cell_id(table, &lun->id);
}

static const char drive_columns[] = "NAME|>SIZE|KIND|BUS|MODEL|SERIAL|POOLS|READY|ID";

static void
drive_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_live_drive *drive = row;
	char pools[512];

	table_add(table, drive->name);
	ctl_cell_size(table, drive->size_bytes);
	table_add(table, ctl_drive_kind_name(drive->kind));
	table_add(table, ctl_drive_bus_name(drive->bus));
	table_add(table, drive->model);
	table_add(table, drive->serial);
	table_add(table, ctl_drive_pools_text(view, &drive->id, pools, sizeof(pools)));
	table_add(table, drive->ready ? "yes" : drive->reason);
	ctl_cell_id(table, &drive->id);
}

static const char port_columns[] = "PORT|STATUS|LINK|>MBIT/S|ADDRESSES|ID";

static void
port_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_live_port *port = row;

	table_add(table, port->name);
	table_add(table, ctl_status_name(port_status(view->config, port)));
	table_add(table, ctl_link_name(port->link));
	if (port->speed_mbps > 0)
		table_addf(table, "%u", port->speed_mbps);
	else
		table_add(table, "");
	table_add(table, port->addresses);
	ctl_cell_id(table, &port->id);
}

static const char job_columns[] = "KIND|LUN|STATE|>%|STARTED|ERROR|ID";

static void
job_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_job *job = row;
	const struct row_live_job *live = state_find(view->live, ROW_LIVE_JOB, &job->id);
	bool named = job->lun_name != NULL && job->lun_name[0] != '\0';

	table_add(table, ctl_job_kind_name(job->kind));
	table_add(table, named ? job->lun_name : ctl_lun_name(view, &job->lun_id));
	table_add(table, ctl_job_state_name(job));
	if (live != NULL)
		table_addf(table, "%u", live->percent);
	else
		table_add(table, job->state == JOB_DONE ? "100" : NULL);
	ctl_cell_time(table, job->created_ms);
	table_add(table, job->message);
	ctl_cell_id(table, &job->id);
}

static const char session_columns[] = "TARGET|INITIATOR|HOST|FROM|PORTAL|SINCE|ID";

static void
session_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_live_session *session = row;
	const struct row_host *host = state_host_of_initiator(view->config, session->initiator);

	table_add(table, ctl_target_name(view, &session->target_id));
	table_add(table, session->initiator);
	table_add(table, host != NULL ? host->name : "");
	table_add(table, session->initiator_address);
	table_add(table, session->portal_address);
	ctl_cell_time(table, session->created_ms);
	ctl_cell_id(table, &session->id);
}

static const char snapshot_columns[] = "LUN|NAME|TAKEN|>SIZE|>USED|>OWN|POOL|GROUP|ID";

static void
cell_known_size(struct table *table, bool known, uint64_t bytes)
{
	if (known)
		ctl_cell_size(table, bytes);
	else
		table_add(table, NULL);
}

static void
snapshot_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_snapshot *snapshot = row;
	const struct row_pool *pool = state_find(view->config, ROW_POOL, &snapshot->pool_id);
	const struct row_live_snapshot *live = state_find(view->live, ROW_LIVE_SNAPSHOT,
							  &snapshot->id);

	table_add(table, snapshot_lun_name(view->config, snapshot));
	table_add(table, snapshot->name);
	ctl_cell_time(table, snapshot->created_ms);
	ctl_cell_size(table, snapshot->size_bytes);
	cell_known_size(table, live != NULL, live != NULL ? live->used_bytes : 0);
	cell_known_size(table, live != NULL, live != NULL ? live->own_bytes : 0);
	table_add(table, pool != NULL ? pool->name : NULL);
	if (guid_is_zero(&snapshot->group_id))
		table_add(table, NULL);
	else
		ctl_cell_id(table, &snapshot->group_id);
	ctl_cell_id(table, &snapshot->id);
}

/* clang-format off */
static const char maintenance_columns[] = "KIND|NAME|OPERATIONS|ID";
#define maintenance_row ctl_maintenance_row
static const char schedule_columns[] = "NAME|EVERY|AT (UTC)|KEEP|LUNS|NEXT|LAST|STATE|ID";
#define schedule_row ctl_schedule_row
#define LISTING(family, noun) \
	{ \
		family, noun##_columns, NULL, noun##_row \
	}
#define LISTING_OF_GATEWAYS(family, noun) \
	{ \
		family, noun##_columns, noun##_gateway_columns, noun##_row \
	}
/* clang-format on */

/* clang-format off */
static const struct listing listings[] = {
	LISTING(ROW_POOL, pool),
	LISTING_OF_GATEWAYS(ROW_LUN, lun),
	LISTING(ROW_TARGET, target),
	LISTING_OF_GATEWAYS(ROW_PORTAL, portal),
	LISTING(ROW_CONTROLLER, gateway),
	LISTING(ROW_PORTAL_GROUP, group),
	LISTING(ROW_ASSOCIATION, association),
	LISTING(ROW_HOST, host),
	LISTING(ROW_HOST_GROUP, host_group),
	LISTING(ROW_JOB, job),
	LISTING(ROW_LIVE_SESSION, session),
	LISTING(ROW_LIVE_DRIVE, drive),
	LISTING(ROW_CREDENTIAL, credential),
	LISTING(ROW_TRASHED_LUN, trashed_lun),
	LISTING(ROW_SNAPSHOT, snapshot),
	LISTING(ROW_SNAPSHOT_SCHEDULE, schedule),
	LISTING(ROW_LIVE_PORT, port),
	LISTING(ROW_LIVE_MAINTENANCE, maintenance),
};
/* clang-format on */

/* ---- the order of the lines ---- */

#define ORDER_BY_NAME(type)                                                            \
	static int type##_order(const void *a, const void *b)                          \
	{                                                                              \
		const struct type *const *left = a, *const *right = b;                 \
		int order = strcmp((*left)->name, (*right)->name);                     \
		return order != 0 ? order : guid_compare(&(*left)->id, &(*right)->id); \
	}

ORDER_BY_NAME(row_pool)
ORDER_BY_NAME(row_lun)
ORDER_BY_NAME(row_controller)
ORDER_BY_NAME(row_host)
ORDER_BY_NAME(row_host_group)
ORDER_BY_NAME(row_snapshot_schedule)

/* The last one stands at the end, where the prompt is. */
static int
job_order(const void *a, const void *b)
{
	const struct row_job *const *left = a, *const *right = b;

	if ((*left)->created_ms != (*right)->created_ms)
		return (*left)->created_ms < (*right)->created_ms ? -1 : 1;
	return guid_compare(&(*left)->id, &(*right)->id);
}

/* Those of a LUN stand together, the last one at the end. */
static int
snapshot_order(const void *a, const void *b)
{
	const struct row_snapshot *const *left = a, *const *right = b;
	int order = strcmp((*left)->lun_name, (*right)->lun_name);

	if (order == 0)
		order = guid_compare(&(*left)->lun_id, &(*right)->lun_id);
	if (order != 0)
		return order;
	if ((*left)->created_ms != (*right)->created_ms)
		return (*left)->created_ms < (*right)->created_ms ? -1 : 1;
	return guid_compare(&(*left)->id, &(*right)->id);
}

/* The rows of other families stay in the order of their ids. */
static void
rows_sort(enum row_family family, const void **rows, size_t count)
{
	static const struct {
		enum row_family family;
		int (*order)(const void *a, const void *b);
	} orders[] = {
		{ ROW_POOL, row_pool_order },
		{ ROW_LUN, row_lun_order },
		{ ROW_CONTROLLER, row_controller_order },
		{ ROW_HOST, row_host_order },
		{ ROW_HOST_GROUP, row_host_group_order },
		{ ROW_JOB, job_order },
		{ ROW_SNAPSHOT, snapshot_order },
		{ ROW_SNAPSHOT_SCHEDULE, row_snapshot_schedule_order },
	};

	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		if (orders[i].family == family)
			qsort(rows, count, sizeof(rows[0]), orders[i].order);
}

/* ---- the commands ---- */

/* What of --owner is asked for: the gateway, or zero = every row counts. */
static int
owner_find(struct ctl *ctl, struct guid *ret_owner)
{
	*ret_owner = (struct guid){ { 0 } };
	return ctl->options[OPT_OWNER] != NULL
		       ? ctl_resolve(ctl, ROW_CONTROLLER, ctl->options[OPT_OWNER], ret_owner)
		       : 0;
}

static bool
is_owned_by(const struct ctl_view *view, const struct guid *lun_id, const struct guid *owner)
{
	const struct row_lun_owner *row = state_lun_owner(view->config, lun_id);

	/* on one machine there are no rows of owners, and its only controller owns all */
	return guid_is_zero(owner) || (row == NULL && !state_has_gateways(view->config)) ||
	       (row != NULL && guid_equal(&row->controller_id, owner));
}

static int
table_list(struct ctl *ctl, const struct listing *listing)
{
	AUTO_CTL_VIEW struct ctl_view view = { NULL, NULL };
	const struct state *state;
	struct table *table;
	const void **rows;
	struct guid owner;
	size_t count;
	int rc = owner_find(ctl, &owner);

	if (rc == 0)
		rc = ctl_view_load(ctl, &view);
	if (rc < 0)
		return rc;
	table = table_new(listing->gateway_columns != NULL && state_has_gateways(view.config)
				  ? listing->gateway_columns
				  : listing->columns);
	if (table == NULL)
		return -ENOMEM;
	state = listing->family < ROW_CONFIG_COUNT ? view.config : view.live;
	count = state_count(state, listing->family);
	rows = mem_calloc(count + 1, sizeof(rows[0]));
	for (size_t i = 0; rows != NULL && i < count; i++)
		rows[i] = state_at(state, listing->family, i);
	if (rows != NULL)
		rows_sort(listing->family, rows, count);
	for (size_t i = 0; rows != NULL && i < count; i++)
		if (listing->family != ROW_LUN ||
		    is_owned_by(&view, &((const struct row_lun *)rows[i])->id, &owner))
			listing->row(table, &view, rows[i]);
	rc = rows != NULL ? table_print(table, ctl->out) : -ENOMEM;
	mem_free(rows);
	table_free(table);
	return rc;
}

/* Removes the LUNs of other owners. */
static int
keep_owned(struct ctl *ctl, const struct guid *owner, json_t *items)
{
	AUTO_CTL_VIEW struct ctl_view view = { NULL, NULL };
	int rc = ctl_view_load(ctl, &view);

	for (size_t i = json_array_size(items); rc == 0 && i-- > 0;) {
		const char *id = json_string_value(json_object_get(json_array_get(items, i), "id"));
		struct guid lun;

		if (id == NULL || guid_parse(id, &lun) < 0 || !is_owned_by(&view, &lun, owner))
			json_array_remove(items, i);
	}
	return rc;
}

static int
json_list(struct ctl *ctl)
{
	json_t *items = NULL;
	struct guid owner;
	int rc = owner_find(ctl, &owner);

	if (rc == 0)
		rc = ctl_list(ctl, ctl_verbs(ctl->command->family)->list, NULL, &items);
	if (rc == 0 && !guid_is_zero(&owner))
		rc = keep_owned(ctl, &owner, items);
	if (rc == 0)
		rc = ctl_json_print(items, ctl->out);
	json_decref(items);
	return rc;
}

int
ctl_run_list(struct ctl *ctl)
{
	if (ctl->json)
		return json_list(ctl);
	for (size_t i = 0; i < ARRAY_LEN(listings); i++)
		if (listings[i].family == ctl->command->family)
			return table_list(ctl, &listings[i]);
	return err_set(ERR_INTERNAL, "no table for %s", ctl->command->words);
}
