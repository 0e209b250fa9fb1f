/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Task management.  RFC 7143 §11.5; SAM-6 (task management functions).
 *
 * The engine has aborted what ABORT TASK and ABORT TASK SET name.  The wider functions abort tasks
 * of other sessions, on other threads: they wait for each of them (target_hold_abort) before they
 * take effect and are answered, so that a response means that nothing of the past will touch the
 * medium any more.
 */
#include <errno.h>

#include "base/err.h"
#include "base/log.h"
#include "target/target_int.h"

/*
 * A reset that is waiting for the threads; the connection stays, since the engine counts the
 * request as ours.
 */
struct reset {
	struct iscsi_tmf *tmf;
	struct conn *conn;
	struct unit *unit;		/* a reference; NULL: the whole target */
};

static void
end(struct conn *conn, struct iscsi_tmf *tmf, unsigned response)
{
	iscsi_tmf_done(tmf, response);
	target_conn_mark(conn);
}

static void
reset_units(struct reset *reset)
{
	struct session *session = reset->conn->session;

	if (reset->tmf->function == ISCSI_TMF_CLEAR_TASK_SET)
		return;
	for (size_t i = 0; i < session->path_count; i++) {
		struct path *path = session->paths[i];

		if (reset->unit == NULL || path->unit == reset->unit)
			scsi_lu_reset(path->unit->lu, NULL);
	}
}

static void
reset_done(void *arg)
{
	struct reset *reset = arg;
	struct conn *conn = reset->conn;
	bool cold = reset->tmf->function == ISCSI_TMF_TARGET_COLD_RESET;

	reset_units(reset);
	end(conn, reset->tmf, ISCSI_TMF_COMPLETE);
	if (cold)	/* RFC 7143 §11.5.1: all connections to the target end too */
		target_registry_kill_target(&conn->thread->target->registry, conn->entry.target);
	target_unit_unref(reset->unit);
	mem_free(reset);
}

/* unit NULL: everything behind the target. */
static void
reset_begin(struct conn *conn, struct iscsi_tmf *tmf, struct unit *unit)
{
	struct reset *reset = mem_calloc(1, sizeof(*reset));
	struct abort_request request = {
		.unit = unit,
		.target_id = conn->target_id,
		.by = conn->session,
		.done = reset_done,
		.arg = reset,
		.ua = tmf->function == ISCSI_TMF_CLEAR_TASK_SET ? SCSI_UA_COMMANDS_CLEARED
								: SCSI_UA_COUNT,
	};

	if (reset == NULL) {
		end(conn, tmf, ISCSI_TMF_REJECTED);
		return;
	}
	*reset = (struct reset){ .tmf = tmf, .conn = conn };
	reset->unit = unit != NULL ? target_unit_ref(unit) : NULL;
	if (target_hold_abort(conn->thread, &request) < 0) {
		target_unit_unref(reset->unit);
		mem_free(reset);
		end(conn, tmf, ISCSI_TMF_REJECTED);
	}
}

bool
target_tmf_same_lun(const uint8_t *a, const uint8_t *b)
{
	int number = scsi_lun_decode(a);

	return number >= 0 && number == scsi_lun_decode(b);
}

void
target_tmf_request(void *user, struct iscsi_tmf *tmf)
{
	struct conn *conn = user;
	struct path *path = session_path(conn->session, scsi_lun_decode(tmf->lun));

	log_info("session.tmf", "peer=%s function=%u", conn->peer, tmf->function);
	switch (tmf->function) {
	case ISCSI_TMF_ABORT_TASK:
		end(conn, tmf, ISCSI_TMF_COMPLETE);
		return;
	case ISCSI_TMF_ABORT_TASK_SET:
		end(conn, tmf, path != NULL ? ISCSI_TMF_COMPLETE : ISCSI_TMF_NO_LUN);
		return;
	case ISCSI_TMF_CLEAR_TASK_SET:
	case ISCSI_TMF_LU_RESET:
		if (path != NULL)
			reset_begin(conn, tmf, path->unit);
		else
			end(conn, tmf, ISCSI_TMF_NO_LUN);
		return;
	case ISCSI_TMF_TARGET_WARM_RESET:
	case ISCSI_TMF_TARGET_COLD_RESET:
		reset_begin(conn, tmf, NULL);
		return;
	default:
		end(conn, tmf, ISCSI_TMF_NOT_SUPPORTED);
	}
}
