/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl NOUN show OBJECT`: one object with everything that belongs to it, by names.  A page is
 * made from one snapshot; with -o json the API's object is printed as it is.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

#define LABEL_COLUMNS 14

/* ---- parts of a page ---- */

static void __attribute__((format(printf, 3, 4)))
line(FILE *out, const char *label, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(out, "%-*s ", LABEL_COLUMNS, label);
	ctl_text_print(text, out);
}

static void
line_size(FILE *out, const char *label, uint64_t bytes)
{
	char text[32];

	if (bytes < 1024)
		line(out, label, "%" PRIu64 " bytes", bytes);
	else
		line(out, label, "%s (%" PRIu64 " bytes)",
		     str_format_size(bytes, text, sizeof(text)), bytes);
}

static void
line_time(FILE *out, const char *label, int64_t utc_ms)
{
	char text[CLOCK_TEXT_SIZE];

	line(out, label, "%s", clock_format_utc(utc_ms, text));
}

static void
line_id(FILE *out, const struct guid *id)
{
	char text[GUID_TEXT_SIZE];

	line(out, "ID", "%s", guid_format(id, text));
}

/* A titled table, or "TITLE: none". */
static int
section(FILE *out, const char *title, struct ctl_table *table)
{
	int rc = 0;

	if (table == NULL)
		return -ENOMEM;
	if (ctl_table_is_empty(table)) {
		fprintf(out, "\n%s: none\n", title);
	} else {
		fprintf(out, "\n%s:\n", title);
		rc = ctl_table_print(table, out);
	}
	ctl_table_free(table);
	return rc;
}

/* ---- LUN ---- */

static void
mask_lines(FILE *out, const char *mask)
{
	AUTO_FREE char *copy = str_dup(mask != NULL ? mask : "");
	char *rest = copy;
	const char *label = "Unmasked for";

	if (copy == NULL || copy[0] == '\0' || str_equal(copy, "*")) {
		line(out, label, copy != NULL && copy[0] == '*' ? "everybody" : "nobody");
		return;
	}
	for (const char *name; (name = strtok_r(rest, ";", &rest)) != NULL; label = "")
		line(out, label, "%s", name);
}

static int
lun_targets(const struct ctl_view *view, const struct guid *lun, FILE *out)
{
	static const struct ctl_column columns[] = {
		{ "TARGET", false }, { "ISCSI NAME", false }, { "LUN", true }, { "SESSIONS", true }
	};
	struct ctl_table *table = ctl_table_new(columns, ARRAY_LEN(columns));
	struct row_slice slice = state_lun_targets(view->config, lun);

	for (size_t i = 0; table != NULL && i < slice.count; i++) {
		const struct row_association *pair = slice.rows[i];
		const struct row_target *target = state_find(view->config, ROW_TARGET,
							     &pair->target_id);

		ctl_table_add(table, target != NULL ? target->alias : NULL);
		ctl_table_add(table, target != NULL ? target->iscsi_name : NULL);
		ctl_table_addf(table, "%u", pair->lun_number);
		ctl_table_addf(table, "%zu", ctl_session_count(view, &pair->target_id));
	}
	return section(out, "Targets", table);
}

static int
lun_page(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_lun *lun = row;
	const struct row_pool *pool = state_find(view->config, ROW_POOL, &lun->pool_id);
	const struct row_live_lun *live = state_find(view->live, ROW_LIVE_LUN, &lun->id);

	line(out, "Name", "%s", lun->name);
	line_size(out, "Size", lun->size_bytes);
	if (live != NULL)
		line_size(out, "Space used", live->allocated_bytes);
	line(out, "Blocks", "%u bytes", lun->block_bytes);
	line(out, "Kind", "%s", lun->thin ? "thin" : "thick");
	line(out, "Pool", "%s", pool != NULL ? pool->name : "");
	line(out, "Status", "%s", ctl_status_name(lun->status));
	line(out, "Health", "%s%s%s", ctl_health_name(view, &lun->id),
	     live != NULL && live->reason != NULL && live->reason[0] != '\0' ? ": " : "",
	     live != NULL && live->reason != NULL ? live->reason : "");
	mask_lines(out, lun->mask);
	line(out, "Serial", "%s", lun->serial);
	line(out, "NAA", "%s", lun->naa);
	line_time(out, "Created", lun->created_ms);
	line_id(out, &lun->id);
	return lun_targets(view, &lun->id, out);
}

/* ---- target ---- */

static int
target_luns(const struct ctl_view *view, const struct guid *target, FILE *out)
{
	static const struct ctl_column columns[] = { { "LUN", true },
						     { "NAME", false },
						     { "SIZE", true },
						     { "STATUS", false },
						     { "HEALTH", false } };
	struct ctl_table *table = ctl_table_new(columns, ARRAY_LEN(columns));
	struct row_slice slice = state_target_luns(view->config, target);

	for (size_t i = 0; table != NULL && i < slice.count; i++) {
		const struct row_association *pair = slice.rows[i];
		const struct row_lun *lun = state_find(view->config, ROW_LUN, &pair->lun_id);

		if (lun == NULL)
			continue;
		ctl_table_addf(table, "%u", pair->lun_number);
		ctl_table_add(table, lun->name);
		ctl_cell_size(table, lun->size_bytes);
		ctl_table_add(table, ctl_status_name(lun->status));
		ctl_table_add(table, ctl_health_name(view, &lun->id));
	}
	return section(out, "LUNs", table);
}

static void
portal_cells(struct ctl_table *table, const struct ctl_view *view, const struct guid *id)
{
	const struct row_portal *portal = state_find(view->config, ROW_PORTAL, id);
	const struct row_live_portal *live = state_find(view->live, ROW_LIVE_PORTAL, id);

	if (portal == NULL)
		return;
	ctl_cell_address(table, portal);
	ctl_table_add(table, ctl_status_name(portal->status));
	ctl_table_add(table, ctl_listens_text(live));
}

static int
target_portals(const struct ctl_view *view, const struct guid *target, FILE *out)
{
	static const struct ctl_column columns[] = {
		{ "TAG", true }, { "ADDRESS", false }, { "STATUS", false }, { "LISTENS", false }
	};
	struct ctl_table *table = ctl_table_new(columns, ARRAY_LEN(columns));
	struct row_slice groups = state_target_groups(view->config, target);

	for (size_t i = 0; table != NULL && i < groups.count; i++) {
		const struct row_portal_group *group = groups.rows[i];
		struct row_slice members = state_group_portals(view->config, &group->id);

		for (size_t j = 0; j < members.count; j++) {
			const struct row_group_portal *member = members.rows[j];

			ctl_table_addf(table, "%u", group->tag);
			portal_cells(table, view, &member->portal_id);
		}
	}
	return section(out, "Portals", table);
}

static int
target_sessions(const struct ctl_view *view, const struct guid *target, FILE *out)
{
	static const struct ctl_column columns[] = {
		{ "INITIATOR", false }, { "FROM", false }, { "PORTAL", false }, { "SINCE", false }
	};
	struct ctl_table *table = ctl_table_new(columns, ARRAY_LEN(columns));

	for (size_t i = 0; table != NULL && i < state_count(view->live, ROW_LIVE_SESSION); i++) {
		const struct row_live_session *session = state_at(view->live, ROW_LIVE_SESSION, i);

		if (!guid_equal(&session->target_id, target))
			continue;
		ctl_table_add(table, session->initiator);
		ctl_table_add(table, session->initiator_address);
		ctl_table_add(table, session->portal_address);
		ctl_cell_time(table, session->created_ms);
	}
	return section(out, "Sessions", table);
}

static int
target_page(const struct ctl_view *view, const void *row, FILE *out)
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

	line(out, "Alias", "%s", target->alias != NULL ? target->alias : "");
	line(out, "iSCSI name", "%s", target->iscsi_name);
	line(out, "Reachable", "%s", reaches[ctl_target_reach(view, &target->id)]);
	line_id(out, &target->id);
	rc = target_luns(view, &target->id, out);
	if (rc == 0)
		rc = target_portals(view, &target->id, out);
	return rc == 0 ? target_sessions(view, &target->id, out) : rc;
}

/* ---- portal, portal group ---- */

static int
portal_page(const struct ctl_view *view, const void *row, FILE *out)
{
	static const struct ctl_column columns[] = { { "TARGET", false }, { "TAG", true } };
	const struct row_portal *portal = row;
	struct ctl_table *table = ctl_table_new(columns, ARRAY_LEN(columns));
	struct row_slice groups = state_portal_groups(view->config, &portal->id);
	char address[80];

	line(out, "Address", "%s", ctl_address_text(portal, address, sizeof(address)));
	line(out, "Status", "%s", ctl_status_name(portal->status));
	line(out, "Listens", "%s",
	     ctl_listens_text(state_find(view->live, ROW_LIVE_PORTAL, &portal->id)));
	line_id(out, &portal->id);
	for (size_t i = 0; table != NULL && i < groups.count; i++) {
		const struct row_group_portal *member = groups.rows[i];
		const struct row_portal_group *group = state_find(view->config, ROW_PORTAL_GROUP,
								  &member->group_id);

		if (group == NULL)
			continue;
		ctl_table_add(table, ctl_target_name(view, &group->target_id));
		ctl_table_addf(table, "%u", group->tag);
	}
	return section(out, "Targets that are reachable here", table);
}

static int
group_page(const struct ctl_view *view, const void *row, FILE *out)
{
	static const struct ctl_column columns[] = { { "ADDRESS", false },
						     { "STATUS", false },
						     { "LISTENS", false } };
	const struct row_portal_group *group = row;
	struct ctl_table *table = ctl_table_new(columns, ARRAY_LEN(columns));
	struct row_slice members = state_group_portals(view->config, &group->id);

	line(out, "Target", "%s", ctl_target_name(view, &group->target_id));
	line(out, "Tag", "%u", group->tag);
	line(out, "Relative port", "%u", group->relative_port);
	line_id(out, &group->id);
	for (size_t i = 0; table != NULL && i < members.count; i++) {
		const struct row_group_portal *member = members.rows[i];

		portal_cells(table, view, &member->portal_id);
	}
	return section(out, "Portals", table);
}

/* ---- pool, job ---- */

/* What a thin pool has given away, and whether that can go wrong. */
static void
pool_space(const struct ctl_view *view, const struct row_pool *pool, FILE *out)
{
	const struct row_live_pool *live = state_find(view->live, ROW_LIVE_POOL, &pool->id);
	uint64_t promised;

	ctl_pool_luns(view, &pool->id, &promised);
	if (live != NULL) {
		line_size(out, "Capacity", live->capacity_bytes);
		line_size(out, "Free", live->free_bytes);
		line_size(out, "Used by LUNs", live->allocated_bytes);
	}
	line(out, "Space", "%s", ctl_space_text(live));
	line_size(out, "Promised", promised);
	if (live != NULL && promised > live->allocated_bytes + live->free_bytes)
		line(out, "",
		     "more than there is: thin LUNs can fill the pool before they are full");
}

static int
pool_page(const struct ctl_view *view, const void *row, FILE *out)
{
	static const struct ctl_column columns[] = { { "LUN", false },
						     { "SIZE", true },
						     { "USED", true },
						     { "KIND", false },
						     { "HEALTH", false } };
	const struct row_pool *pool = row;
	const struct row_live_pool *live = state_find(view->live, ROW_LIVE_POOL, &pool->id);
	struct ctl_table *table = ctl_table_new(columns, ARRAY_LEN(columns));

	for (size_t i = 0; table != NULL && i < state_count(view->config, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(view->config, ROW_LUN, i);

		if (!guid_equal(&lun->pool_id, &pool->id))
			continue;
		ctl_table_add(table, lun->name);
		ctl_cell_size(table, lun->size_bytes);
		ctl_cell_used(table, view, &lun->id);
		ctl_table_add(table, lun->thin ? "thin" : "thick");
		ctl_table_add(table, ctl_health_name(view, &lun->id));
	}
	line(out, "Name", "%s", pool->name);
	line(out, "Directory", "%s", pool->path);
	line(out, "Ready", "%s", live == NULL ? "unknown" : live->ready ? "yes" : live->reason);
	pool_space(view, pool, out);
	line_id(out, &pool->id);
	return section(out, "LUNs", table);
}

static int
job_page(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_job *job = row;
	const struct row_live_job *live = state_find(view->live, ROW_LIVE_JOB, &job->id);
	const char *lun = ctl_lun_name(view, &job->lun_id);
	char id[GUID_TEXT_SIZE];

	line(out, "Kind", "%s", ctl_job_kind_name(job->kind));
	if (lun == NULL) /* the job outlives its LUN */
		lun = job->lun_name;
	line(out, "LUN", "%s", lun != NULL && lun[0] != '\0' ? lun : guid_format(&job->lun_id, id));
	line(out, "State", "%s", ctl_job_state_name(job->state));
	if (live != NULL)
		line(out, "Done", "%u %%", live->percent);
	if (job->message != NULL && job->message[0] != '\0')
		line(out, "Error", "%s", job->message);
	line_time(out, "Started", job->created_ms);
	if (job->ended_ms != 0)
		line_time(out, "Ended", job->ended_ms);
	line_id(out, &job->id);
	return 0;
}

/* ---- the command ---- */

static const struct page {
	enum row_family family;
	int (*print)(const struct ctl_view *view, const void *row, FILE *out);
} pages[] = {
	{ ROW_LUN, lun_page },       { ROW_TARGET, target_page },
	{ ROW_PORTAL, portal_page }, { ROW_PORTAL_GROUP, group_page },
	{ ROW_POOL, pool_page },     { ROW_JOB, job_page },
};

static int
page_show(struct ctl *ctl, const struct page *page, const struct guid *object)
{
	AUTO_CTL_VIEW struct ctl_view view = { NULL, NULL };
	const void *row;
	int rc = ctl_view_load(ctl, &view);

	if (rc < 0)
		return rc;
	row = state_find(view.config, page->family, object);
	if (row == NULL)
		return err_set(ERR_NOT_FOUND, "there is no %s `%s`", ctl_noun(page->family),
			       ctl->args[0]);
	return page->print(&view, row, ctl->out);
}

static int
json_show(struct ctl *ctl, const struct guid *object)
{
	json_t *json = NULL;
	int rc = ctl_ask(ctl, ctl_verbs(ctl->command->family)->get, object, NULL, &json);

	if (rc == 0)
		rc = ctl_json_print(json, ctl->out);
	json_decref(json);
	return rc;
}

int
ctl_run_show(struct ctl *ctl)
{
	struct guid object;
	int rc = ctl_resolve(ctl, ctl->command->family, ctl->args[0], &object);

	if (rc < 0)
		return rc;
	for (size_t i = 0; !ctl->json && i < ARRAY_LEN(pages); i++)
		if (pages[i].family == ctl->command->family)
			return page_show(ctl, &pages[i], &object);
	return json_show(ctl, &object);
}
