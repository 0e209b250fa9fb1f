/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reports to the array: live rows of portals and sessions, and LUNs whose store hangs.  The array
 * may hold its locks while it waits for the data-path threads, so these threads must not take the
 * array's locks.  One worker, the reporter, therefore delivers their reports, in order.  Any thread
 * may report.
 */
#include "base/log.h"
#include "target/target_int.h"

struct report {
	struct work work;
	struct target *target;
	void *row; /* to put; or NULL: delete, or what hangs */
	bool is_hang, hangs;
	bool is_cache, write_through;
	enum row_family family;
	struct guid id;
};

static void
deliver(struct work *work)
{
	struct report *report = container_of(work, struct report, work);

	if (report->is_hang)
		array_lun_hangs(report->target->array, &report->id, report->hangs);
	else if (report->is_cache)
		array_lun_write_through(report->target->array, &report->id, report->write_through);
	else if (report->row != NULL)
		array_live_put(report->target->array, report->row);
	else
		array_live_delete(report->target->array, report->family, &report->id);
	mem_free(report);
}

static struct report *
report_new(struct target *target)
{
	struct report *report = mem_calloc(1, sizeof(*report));

	if (report == NULL)
		return NULL;
	report->work.run = deliver;
	report->target = target;
	return report;
}

void
target_report_put(struct target *target, void *row)
{
	struct report *report = row != NULL ? report_new(target) : NULL;

	if (report == NULL) {
		row_unref(row);
		return;
	}
	report->row = row;
	workers_submit(target->reporter, &report->work);
}

void
target_report_delete(struct target *target, enum row_family family, const struct guid *id)
{
	struct report *report = report_new(target);

	if (report == NULL) {
		log_warning("target.report", "lost=delete reason=\"out of memory\"");
		return;
	}
	report->family = family;
	report->id = *id;
	workers_submit(target->reporter, &report->work);
}

void
target_report_hang(struct target *target, const struct guid *lun_id, bool hangs)
{
	struct report *report = report_new(target);

	if (report == NULL) {
		log_warning("target.report", "lost=hang reason=\"out of memory\"");
		return;
	}
	report->is_hang = true;
	report->hangs = hangs;
	report->id = *lun_id;
	workers_submit(target->reporter, &report->work);
}

void
target_report_cache(struct target *target, const struct guid *lun_id, bool write_through)
{
	struct report *report = report_new(target);

	if (report == NULL) {
		log_warning("target.report", "lost=cache reason=\"out of memory\"");
		return;
	}
	report->is_cache = true;
	report->write_through = write_through;
	report->id = *lun_id;
	workers_submit(target->reporter, &report->work);
}

struct flush {
	struct work work;
	struct target_ack ack;
};

static void
flushed(struct work *work)
{
	target_ack_one(&container_of(work, struct flush, work)->ack);
}

void
target_report_flush(struct target *target)
{
	struct flush flush = { .work.run = flushed };

	target_ack_init(&flush.ack, 1);
	workers_submit(target->reporter, &flush.work);
	target_ack_wait(&flush.ack, UINT32_MAX);
	target_ack_fini(&flush.ack);
}
