/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands on schedules of snapshots, but for show and delete. */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/schedule.h"
#include "vdsctl/ctl_int.h"

#define NAMES_MAX 3 /* LUNs that a line of the list names */

/* Reads the options and checks them here, where a mistake costs no way to vdsd. */
static int
options_read(struct ctl *ctl, struct verb_args *args)
{
	struct schedule_rule rule = { .every_minutes = SCHEDULE_EVERY_MINUTES_MAX };
	int rc = ctl_flag_read(ctl, OPT_ENABLED, &args->enabled);

	args->every = ctl->options[OPT_EVERY];
	args->at = ctl->options[OPT_AT];
	args->keep = ctl->options[OPT_KEEP];
	if (rc == 0 && args->every != NULL)
		rc = schedule_every_parse(args->every, &rule);
	if (rc == 0 && args->at != NULL)
		rc = schedule_at_parse(args->at, &rule);
	if (rc == 0 && args->keep != NULL)
		rc = schedule_keep_parse(args->keep, &rule);
	return rc;
}

/* Finds the LUNs that the arguments behind the first one name; *ret_luns is the caller's. */
static int
luns_read(struct ctl *ctl, struct guid **ret_luns, struct verb_guids *ret_list)
{
	size_t count = ctl->arg_count - 1;
	AUTO_FREE struct guid *luns = mem_calloc(count + 1, sizeof(luns[0]));
	int rc = luns == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = ctl_resolve(ctl, ROW_LUN, ctl->args[i + 1], &luns[i]);
	if (rc < 0)
		return rc;
	*ret_list = (struct verb_guids){ luns, count, count > 0 };
	*ret_luns = TAKE(luns);
	return 0;
}

int
ctl_run_schedule_create(struct ctl *ctl)
{
	AUTO_FREE struct guid *luns = NULL;
	struct verb_args args = { .name = ctl->args[0] };
	struct client_answer answer;
	int rc = options_read(ctl, &args);

	if (rc == 0)
		rc = luns_read(ctl, &luns, &args.luns);
	if (rc == 0)
		rc = client_change(ctl->client, VERB_SCHEDULE_CREATE, NULL, &args, &answer);
	return ctl_done(ctl, rc, &answer, "schedule %s created", ctl->args[0]);
}

int
ctl_run_schedule_run(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid schedule;
	int rc = ctl_resolve(ctl, ROW_SNAPSHOT_SCHEDULE, ctl->args[0], &schedule);

	if (rc == 0)
		rc = client_change(ctl->client, VERB_SCHEDULE_RUN, &schedule, NULL, &answer);
	return ctl_done(ctl, rc, &answer, "schedule %s has run: `vdsctl snapshot list`",
			ctl->args[0]);
}

int
ctl_run_schedule_set(struct ctl *ctl)
{
	AUTO_FREE struct guid *luns = NULL;
	struct verb_args args = { .name = ctl->options[OPT_NAME] };
	struct client_answer answer;
	struct guid schedule;
	int rc = options_read(ctl, &args);

	if (rc == 0 && ctl->arg_count == 1 && args.name == NULL && args.every == NULL &&
	    args.at == NULL && args.keep == NULL && !args.enabled.given)
		rc = err_set(ERR_INVALID, "nothing is to be set: give --every, --at, --keep, "
					  "--enabled, --name or LUNs");
	if (rc == 0)
		rc = ctl_resolve(ctl, ROW_SNAPSHOT_SCHEDULE, ctl->args[0], &schedule);
	if (rc == 0)
		rc = luns_read(ctl, &luns, &args.luns);
	if (rc == 0)
		rc = client_change(ctl->client, VERB_SCHEDULE_CHANGE, &schedule, &args, &answer);
	return ctl_done(ctl, rc, &answer, "schedule %s is set", ctl->args[0]);
}

/* ---- the list ---- */

/* "vol1, vol2, vol3, …" */
static void
cell_luns(struct table *table, const struct ctl_view *view, const char *ids)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	struct guid id;
	char buf[GUID_TEXT_SIZE];

	for (size_t i = 0; i < NAMES_MAX && schedule_lun_next(&ids, &id); i++) {
		const char *name = ctl_lun_name(view, &id);

		strbuf_addf(&text, "%s%s", i > 0 ? ", " : "",
			    name != NULL ? name : guid_format(&id, buf));
	}
	strbuf_add(&text, *ids != '\0' ? ", …" : "");
	table_add(table, text.text);
}

static void
cell_time(struct table *table, int64_t utc_ms)
{
	if (utc_ms != 0)
		ctl_cell_time(table, utc_ms);
	else
		table_add(table, NULL);
}

void
ctl_schedule_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_snapshot_schedule *schedule = row;
	const struct row_live_snapshot_schedule *live = state_find(
		view->live, ROW_LIVE_SNAPSHOT_SCHEDULE, &schedule->id);

	table_add(table, schedule->name);
	table_add(table, schedule->every);
	table_add(table, schedule->at);
	table_add(table, schedule->keep);
	cell_luns(table, view, schedule->lun_ids);
	cell_time(table, live != NULL ? live->next_ms : 0);
	cell_time(table, live != NULL ? live->last_ms : 0);
	table_add(table, !schedule->enabled             ? "disabled"
			 : live != NULL && live->failed ? "failed"
							: "ok");
	ctl_cell_id(table, &schedule->id);
}
