/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl NOUN list`, for every noun.  A table is made from one snapshot, so its lines agree with
 * one another.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/* How one family is listed: the row function adds a cell for each column. */
struct listing {
	enum row_family family;
	const struct ctl_column *columns;
	size_t column_count;
	void (*row)(struct ctl_table *table, const struct ctl_view *view, const void *row);
};

/* ---- LUNs ---- */

/* clang-format off */
static const struct ctl_column lun_columns[] = {
	{ "NAME", false },
	{ "SIZE", true },
	{ "USED", true },
	{ "BLOCK", true },
	{ "KIND", false },
	{ "POOL", false },
	{ "STATUS", false },
	{ "HEALTH", false },
	{ "TARGETS", true },
	{ "UNMASKED", false },
	{ "ID", false },
};
/* clang-format on */

static void
add_mask(struct ctl_table *table, const char *mask)
{
	size_t names = 1;

	if (mask == NULL || mask[0] == '\0') {
		ctl_table_add(table, "none");
		return;
	}
	for (const char *p = mask; *p != '\0'; p++)
		names += *p == ';';
	if (names == 1)
		ctl_table_add(table, mask);
	else
		ctl_table_addf(table, "%zu initiators", names);
}

static void
lun_row(struct ctl_table *table, const struct ctl_view *view, const void *row)
{
	const struct row_lun *lun = row;
	const struct row_pool *pool = state_find(view->config, ROW_POOL, &lun->pool_id);

	ctl_table_add(table, lun->name);
	ctl_cell_size(table, lun->size_bytes);
	ctl_cell_used(table, view, &lun->id);
	ctl_table_addf(table, "%u", lun->block_bytes);
	ctl_table_add(table, lun->thin ? "thin" : "thick");
	ctl_table_add(table, pool != NULL ? pool->name : NULL);
	ctl_table_add(table, ctl_status_name(lun->status));
	ctl_table_add(table, ctl_health_name(view, &lun->id));
	ctl_table_addf(table, "%zu", state_lun_targets(view->config, &lun->id).count);
	add_mask(table, lun->mask);
	ctl_cell_id(table, &lun->id);
}

/* ---- targets, portals, groups ---- */

/* clang-format off */
static const struct ctl_column target_columns[] = {
	{ "ALIAS", false },
	{ "NAME", false },
	{ "LUNS", true },
	{ "SESSIONS", true },
	{ "GROUPS", true },
	{ "ID", false },
};
/* clang-format on */

static void
target_row(struct ctl_table *table, const struct ctl_view *view, const void *row)
{
	const struct row_target *target = row;

	ctl_table_add(table, target->alias);
	ctl_table_add(table, target->iscsi_name);
	ctl_table_addf(table, "%zu", state_target_luns(view->config, &target->id).count);
	ctl_table_addf(table, "%zu", ctl_session_count(view, &target->id));
	ctl_table_addf(table, "%zu", state_target_groups(view->config, &target->id).count);
	ctl_cell_id(table, &target->id);
}

/* clang-format off */
static const struct ctl_column portal_columns[] = {
	{ "ADDRESS", false },
	{ "STATUS", false },
	{ "LISTENS", false },
	{ "GROUPS", true },
	{ "ID", false },
};
/* clang-format on */

static void
portal_row(struct ctl_table *table, const struct ctl_view *view, const void *row)
{
	const struct row_portal *portal = row;
	const struct row_live_portal *live = state_find(view->live, ROW_LIVE_PORTAL, &portal->id);

	ctl_cell_address(table, portal);
	ctl_table_add(table, ctl_status_name(portal->status));
	ctl_table_add(table, ctl_listens_text(live));
	ctl_table_addf(table, "%zu", state_portal_groups(view->config, &portal->id).count);
	ctl_cell_id(table, &portal->id);
}

/* clang-format off */
static const struct ctl_column group_columns[] = {
	{ "TARGET", false },
	{ "TAG", true },
	{ "PORT", true },
	{ "PORTALS", true },
	{ "ID", false },
};
/* clang-format on */

static void
group_row(struct ctl_table *table, const struct ctl_view *view, const void *row)
{
	const struct row_portal_group *group = row;

	ctl_table_add(table, ctl_target_name(view, &group->target_id));
	ctl_table_addf(table, "%u", group->tag);
	ctl_table_addf(table, "%u", group->relative_port);
	ctl_table_addf(table, "%zu", state_group_portals(view->config, &group->id).count);
	ctl_cell_id(table, &group->id);
}

/* clang-format off */
static const struct ctl_column association_columns[] = {
	{ "LUN", false },
	{ "TARGET", false },
	{ "NUMBER", true },
};
/* clang-format on */

static void
association_row(struct ctl_table *table, const struct ctl_view *view, const void *row)
{
	const struct row_association *pair = row;

	ctl_table_add(table, ctl_lun_name(view, &pair->lun_id));
	ctl_table_add(table, ctl_target_name(view, &pair->target_id));
	ctl_table_addf(table, "%u", pair->lun_number);
}

/* ---- pools, jobs, sessions ---- */

/* clang-format off */
static const struct ctl_column pool_columns[] = {
	{ "NAME", false },
	{ "SIZE", true },
	{ "FREE", true },
	{ "USED", true },
	{ "PROMISED", true },
	{ "LUNS", true },
	{ "SPACE", false },
	{ "READY", false },
	{ "PATH", false },
	{ "ID", false },
};
/* clang-format on */

static void
pool_row(struct ctl_table *table, const struct ctl_view *view, const void *row)
{
	const struct row_pool *pool = row;
	const struct row_live_pool *live = state_find(view->live, ROW_LIVE_POOL, &pool->id);
	uint64_t promised_bytes;
	size_t luns;

	ctl_table_add(table, pool->name);
	if (live != NULL) {
		ctl_cell_size(table, live->capacity_bytes);
		ctl_cell_size(table, live->free_bytes);
		ctl_cell_size(table, live->allocated_bytes);
	} else {
		for (int i = 0; i < 3; i++)
			ctl_table_add(table, NULL);
	}
	luns = ctl_pool_luns(view, &pool->id, &promised_bytes);
	ctl_cell_size(table, promised_bytes);
	ctl_table_addf(table, "%zu", luns);
	ctl_table_add(table, ctl_space_text(live));
	ctl_table_add(table, live == NULL ? "unknown" : live->ready ? "yes" : live->reason);
	ctl_table_add(table, pool->path);
	ctl_cell_id(table, &pool->id);
}

/* clang-format off */
static const struct ctl_column job_columns[] = {
	{ "KIND", false },
	{ "LUN", false },
	{ "STATE", false },
	{ "%", true },
	{ "STARTED", false },
	{ "ERROR", false },
	{ "ID", false },
};
/* clang-format on */

static void
job_row(struct ctl_table *table, const struct ctl_view *view, const void *row)
{
	const struct row_job *job = row;
	const struct row_live_job *live = state_find(view->live, ROW_LIVE_JOB, &job->id);

	ctl_table_add(table, ctl_job_kind_name(job->kind));
	ctl_table_add(table,
		      job->lun_name != NULL ? job->lun_name : ctl_lun_name(view, &job->lun_id));
	ctl_table_add(table, ctl_job_state_name(job->state));
	if (live != NULL)
		ctl_table_addf(table, "%u", live->percent);
	else
		ctl_table_add(table, job->state == JOB_DONE ? "100" : NULL);
	ctl_cell_time(table, job->created_ms);
	ctl_table_add(table, job->message);
	ctl_cell_id(table, &job->id);
}

/* clang-format off */
static const struct ctl_column session_columns[] = {
	{ "TARGET", false },
	{ "INITIATOR", false },
	{ "FROM", false },
	{ "PORTAL", false },
	{ "SINCE", false },
	{ "ID", false },
};
/* clang-format on */

static void
session_row(struct ctl_table *table, const struct ctl_view *view, const void *row)
{
	const struct row_live_session *session = row;

	ctl_table_add(table, ctl_target_name(view, &session->target_id));
	ctl_table_add(table, session->initiator);
	ctl_table_add(table, session->initiator_address);
	ctl_table_add(table, session->portal_address);
	ctl_cell_time(table, session->created_ms);
	ctl_cell_id(table, &session->id);
}

/* clang-format off */
#define LISTING(family, noun) \
	{ \
		family, noun##_columns, ARRAY_LEN(noun##_columns), noun##_row \
	}
/* clang-format on */

/* clang-format off */
static const struct listing listings[] = {
	LISTING(ROW_POOL, pool),
	LISTING(ROW_LUN, lun),
	LISTING(ROW_TARGET, target),
	LISTING(ROW_PORTAL, portal),
	LISTING(ROW_PORTAL_GROUP, group),
	LISTING(ROW_ASSOCIATION, association),
	LISTING(ROW_JOB, job),
	LISTING(ROW_LIVE_SESSION, session),
};
/* clang-format on */

/* ---- the commands ---- */

static int
table_list(struct ctl *ctl, const struct listing *listing)
{
	AUTO_CTL_VIEW struct ctl_view view = { NULL, NULL };
	const struct state *state;
	struct ctl_table *table;
	int rc = ctl_view_load(ctl, &view);

	if (rc < 0)
		return rc;
	table = ctl_table_new(listing->columns, listing->column_count);
	if (table == NULL)
		return -ENOMEM;
	state = listing->family < ROW_CONFIG_COUNT ? view.config : view.live;
	for (size_t i = 0; i < state_count(state, listing->family); i++)
		listing->row(table, &view, state_at(state, listing->family, i));
	rc = ctl_table_print(table, ctl->out);
	ctl_table_free(table);
	return rc;
}

static int
json_list(struct ctl *ctl)
{
	json_t *items = NULL;
	int rc = ctl_list(ctl, ctl_verbs(ctl->command->family)->list, NULL, &items);

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
