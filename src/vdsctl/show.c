/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl NOUN show OBJECT`: one object with everything that belongs to it, by names.  A page is
 * made from one snapshot; with -o json the API's object is printed as it is.  The pages are in
 * show_storage.c and show_network.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/page_int.h"

#define LABEL_COLUMNS 14

/* ---- parts of a page ---- */

void
ctl_page_line(FILE *out, const char *label, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(out, "%-*s ", LABEL_COLUMNS, label);
	ctl_text_print(text, out);
}

void
ctl_page_line_size(FILE *out, const char *label, uint64_t bytes)
{
	char text[32];

	if (bytes < 1024)
		ctl_page_line(out, label, "%" PRIu64 " bytes", bytes);
	else
		ctl_page_line(out, label, "%s (%" PRIu64 " bytes)",
			      str_format_size(bytes, text, sizeof(text)), bytes);
}

/* A line for what is known. */
void
ctl_page_line_known(FILE *out, const char *label, const char *text)
{
	if (text != NULL && text[0] != '\0')
		ctl_page_line(out, label, "%s", text);
}

/* The limits of a LUN, a host or a pool, when it has some. */
void
ctl_page_line_qos(FILE *out, const char *qos)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	ctl_qos_describe(qos, &text);
	ctl_page_line_known(out, "Limits", text.text);
}

void
ctl_page_line_time(FILE *out, const char *label, int64_t utc_ms)
{
	char text[CLOCK_TEXT_SIZE];

	ctl_page_line(out, label, "%s", clock_format_utc(utc_ms, text));
}

void
ctl_page_line_id(FILE *out, const struct guid *id)
{
	char text[GUID_TEXT_SIZE];

	ctl_page_line(out, "ID", "%s", guid_format(id, text));
}

/* A titled table, or "TITLE: none". */
int
ctl_page_section(FILE *out, const char *title, struct table *table)
{
	int rc = 0;

	if (table == NULL)
		return -ENOMEM;
	if (table_is_empty(table)) {
		fprintf(out, "\n%s: none\n", title);
	} else {
		fprintf(out, "\n%s:\n", title);
		rc = table_print(table, out);
	}
	table_free(table);
	return rc;
}

/* ---- the command ---- */

static const struct page {
	enum row_family family;
	int (*print)(const struct ctl_view *view, const void *row, FILE *out);
} pages[] = {
	{ ROW_LUN, ctl_page_lun },
	{ ROW_TARGET, ctl_page_target },
	{ ROW_PORTAL, ctl_page_portal },
	{ ROW_PORTAL_GROUP, ctl_page_group },
	{ ROW_POOL, ctl_page_pool },
	{ ROW_JOB, ctl_page_job },
	{ ROW_LIVE_DRIVE, ctl_page_drive },
	{ ROW_CONTROLLER, ctl_page_controller },
	{ ROW_LIVE_PORT, ctl_page_port },
	{ ROW_HOST, ctl_page_host },
	{ ROW_HOST_GROUP, ctl_page_host_group },
	{ ROW_SNAPSHOT, ctl_page_snapshot },
	{ ROW_SNAPSHOT_SCHEDULE, ctl_page_schedule },
};

static int
page_show(struct ctl *ctl, const struct page *page, const struct guid *object)
{
	AUTO_CTL_VIEW struct ctl_view view = { NULL, NULL };
	const void *row;
	int rc = ctl_view_load(ctl, &view);

	if (rc < 0)
		return rc;
	row = state_find(page->family < ROW_CONFIG_COUNT ? view.config : view.live, page->family,
			 object);
	if (row == NULL)
		return err_set(ERR_NOT_FOUND, "there is no %s `%s`", ctl_noun(page->family),
			       ctl->arg_count > 0 ? ctl->args[0] : "");
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
ctl_show_object(struct ctl *ctl, const struct guid *object)
{
	for (size_t i = 0; !ctl->json && i < ARRAY_LEN(pages); i++)
		if (pages[i].family == ctl->command->family)
			return page_show(ctl, &pages[i], object);
	return json_show(ctl, object);
}

int
ctl_run_show(struct ctl *ctl)
{
	struct guid object;
	int rc = ctl_resolve(ctl, ctl->command->family, ctl->args[0], &object);

	return rc < 0 ? rc : ctl_show_object(ctl, &object);
}
