/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reports FORMAT UNIT and SANITIZE to administrators: a live row says how far the job is, and the
 * log says how it ended.  job.c does the jobs.
 */
#include "base/log.h"
#include "target/target_int.h"

static const char *const job_names[] = {
	[SCSI_JOB_FORMAT] = "format", [SCSI_JOB_OVERWRITE] = "overwrite", [SCSI_JOB_ERASE] = "erase"
};

static struct row_live_lun_job *
row_of(const struct target_unit *unit, const struct scsi_job_look *look)
{
	static const enum lun_job_kind kinds[] = { [SCSI_JOB_FORMAT] = LUN_JOB_FORMAT,
						   [SCSI_JOB_OVERWRITE] = LUN_JOB_OVERWRITE,
						   [SCSI_JOB_ERASE] = LUN_JOB_ERASE };
	struct row_live_lun_job *row = row_new(ROW_LIVE_LUN_JOB);

	if (row == NULL)
		return NULL;
	row->id = unit->lun_id;
	row->kind = kinds[look->kind];
	row->failed = look->failed;
	row->percent = look->progress * 100u / 65536u;
	return row;
}

/*
 * Tells the array how far the job is at this moment, so that reports that come late say nothing
 * old.  The reporter.
 */
static void
deliver(struct work *work)
{
	struct target_unit *unit = container_of(work, struct target_unit, job.report);
	struct target_jobs *jobs = &unit->target->jobs;
	struct row_live_lun_job *row = NULL;
	struct scsi_job_look look;
	bool forgotten;

	pthread_mutex_lock(&jobs->lock);
	forgotten = unit->job.forgotten;
	pthread_mutex_unlock(&jobs->lock);
	atomic_store(&unit->job.reports, false);
	if (forgotten) /* a LUN that comes back from the trash has another unit, and no job */
		row = NULL;
	else if (!scsi_lu_look_at_job(unit->lu, &look))
		array_live_delete(unit->target->array, ROW_LIVE_LUN_JOB, &unit->lun_id);
	else
		row = row_of(unit, &look);
	if (row != NULL)
		array_lun_job(unit->target->array, row);
	scsi_lu_unref(unit->lu);
}

void
target_job_report(struct target_unit *unit)
{
	if (atomic_exchange(&unit->job.reports, true))
		return;
	scsi_lu_ref(unit->lu);
	unit->job.report.run = deliver;
	workers_submit(unit->target->reporter, &unit->job.report);
}

void
target_job_report_progress(struct target_unit *unit)
{
	struct scsi_job_look look;
	unsigned percent;

	if (!scsi_lu_look_at_job(unit->lu, &look))
		return;
	percent = look.progress * 100u / 65536u;
	if (percent == unit->job.percent)
		return;
	unit->job.percent = percent;
	target_job_report(unit);
}

void
target_job_event(void *arg, enum scsi_job_kind kind, enum scsi_job_event event)
{
	struct target_unit *unit = arg;
	const char *job = job_names[kind];
	char id[GUID_TEXT_SIZE];

	guid_format(&unit->lun_id, id);
	switch (event) {
	case SCSI_JOB_BEGINS:
		log_info_from(id, "lun.job", "lun=%s job=%s", id, job);
		break;
	case SCSI_JOB_DONE:
		log_info_from(id, "lun.job_done", "lun=%s job=%s", id, job);
		break;
	case SCSI_JOB_FAILED:
		log_error_from(id, "lun.job_failed",
			       "lun=%s job=%s reason=\"the store has failed; initiators get MEDIUM "
			       "ERROR until the command is sent again and succeeds\"",
			       id, job);
		break;
	case SCSI_JOB_LEFT:
		log_info_from(id, "lun.job_left",
			      "lun=%s job=%s reason=\"an initiator has sent EXIT FAILURE MODE\"",
			      id, job);
		break;
	}
	target_job_report(unit);
}
