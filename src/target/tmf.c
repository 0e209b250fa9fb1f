/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Task management.  RFC 7143 §11.5; SAM-6 (task management functions).
 *
 * The engine has aborted what ABORT TASK, ABORT TASK SET and CLEAR TASK SET name.  The wider
 * functions also abort tasks of other sessions, on other threads (hold.c).  Of the
 * session that asks, tasks from before the request are aborted (RFC 7143 §11.5.1: by CmdSN,
 * immediate ones by their arrival); later ones wait until the reset is done.
 *
 * Where several gateways serve the array, the others abort what waits there first (announce.c).
 *
 * A response leaves when each aborted task is back from the backing store, or after a grace when
 * the store hangs: then the unit has a fence (task.c), and still nothing of the past will reach the
 * medium after what comes later.
 *
 * All of this runs on the thread of the session that asks, whose connections share it.
 */
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "target/target_int.h"

/*
 * A reset that waits for the threads.  The connection outlives it, since the engine counts the
 * request as one that its owner has.
 */
struct reset {
	struct iscsi_tmf *tmf;
	struct target_conn *conn;
	struct target_announcement announcement;
	struct target_drain *drain; /* until it runs; owned */
	size_t lun_count;
	struct guid *luns; /* of the units, and those that have none yet; sorted; owned */
	size_t unit_count, room;
	struct target_unit *units[]; /* by address; a reference each */
};

static void
end(struct target_conn *conn, struct iscsi_tmf *tmf, unsigned response)
{
	iscsi_tmf_done(tmf, response);
	target_conn_mark(conn);
}

static void
reset_free(struct reset *reset)
{
	for (size_t i = 0; i < reset->unit_count; i++)
		target_unit_unref(reset->units[i]);
	if (reset->drain != NULL)
		target_hold_abort_free(reset->drain);
	mem_free(reset->luns);
	mem_free(reset);
}

static int
compare_luns(const void *a, const void *b)
{
	return guid_compare(a, b);
}

static bool
concerns(const struct reset *reset, const struct target_path *path)
{
	return bsearch(&path->lun_id, reset->luns, reset->lun_count, sizeof(reset->luns[0]),
		       compare_luns) != NULL;
}

/*
 * Holds back the commands of this session that come after the request until the reset is done,
 * since a task that the reset aborts may still be writing.  Those of a LUN without a unit, too: it
 * can be made before the reset is done.
 */
static void
hold_later_commands(const struct reset *reset)
{
	struct target_session *session = reset->conn->session;

	for (size_t i = 0; i < session->path_count; i++)
		if (concerns(reset, session->paths[i]))
			session->paths[i]->resets++;
}

/* A path that was made meanwhile has resets = 0; a path that has gone has ended its tasks. */
static void
release_later_commands(const struct reset *reset)
{
	struct target_session *session = reset->conn->session;

	for (size_t i = 0; i < session->path_count; i++) {
		struct target_path *path = session->paths[i];

		if (path->resets == 0 || !concerns(reset, path))
			continue;
		path->resets--;
		if (path->resets == 0 && !path->held)
			target_task_release_held(path);
	}
}

/*
 * Makes a reset of the units of these paths.  Of a LUN that has no unit yet nothing is carried out,
 * and POWER ON, which says as much as the unit attention of a reset, is pending for each of its
 * nexuses; take_new_units finds those that are made later.  Returns NULL when out of memory.
 */
static struct reset *
reset_new(struct target_conn *conn, struct iscsi_tmf *tmf, struct target_path *const *paths,
	  size_t count)
{
	const size_t room = 2 * count; /* each LUN may get a unit, or another one, meanwhile */
	struct reset *reset = mem_calloc(1, sizeof(*reset) + room * sizeof(reset->units[0]));

	if (reset == NULL)
		return NULL;
	reset->room = room;
	reset->luns = mem_calloc(count + 1, sizeof(reset->luns[0]));
	reset->drain = target_hold_abort_new(conn->thread);
	if (reset->luns == NULL || reset->drain == NULL) {
		reset_free(reset);
		return NULL;
	}
	reset->tmf = tmf;
	reset->conn = conn;
	for (size_t i = 0; i < count; i++) {
		if (paths[i]->own)
			reset->luns[reset->lun_count++] = paths[i]->lun_id;
		target_session_join_unit(paths[i]);
		if (paths[i]->unit != NULL)
			reset->units[reset->unit_count++] = target_unit_ref(paths[i]->unit);
	}
	qsort(reset->units, reset->unit_count, sizeof(reset->units[0]), target_unit_compare);
	qsort(reset->luns, reset->lun_count, sizeof(reset->luns[0]), compare_luns);
	return reset;
}

/* Ends a reset that was not carried out, or not wholly. */
static void
reset_refuse(struct reset *reset)
{
	struct target_conn *conn = reset->conn;
	struct iscsi_tmf *tmf = reset->tmf;

	release_later_commands(reset);
	reset_free(reset);
	end(conn, tmf, ISCSI_TMF_REJECTED);
}

/* Returns whether a LUN has moved to another gateway since the request. */
static bool
has_moved(const struct reset *reset)
{
	const struct target_session *session = reset->conn->session;

	for (size_t i = 0; i < session->path_count; i++)
		for (size_t k = 0; k < reset->lun_count && !session->paths[i]->own; k++)
			if (guid_equal(&session->paths[i]->lun_id, &reset->luns[k]))
				return true;
	return false;
}

/*
 * Takes the units that the LUNs have got since the last look.  Returns how many these are, or
 * ERR_LIMIT.
 */
static int
take_new_units(struct reset *reset)
{
	const size_t known = reset->unit_count;

	for (size_t i = 0; i < reset->lun_count; i++) {
		struct target_unit *unit = target_unit_find(reset->conn->thread->target,
							    &reset->luns[i]);

		if (unit == NULL || bsearch(&unit, reset->units, known, sizeof(reset->units[0]),
					    target_unit_compare) != NULL) {
			target_unit_unref(unit);
		} else if (reset->unit_count < reset->room) {
			reset->units[reset->unit_count++] = unit;
		} else {
			target_unit_unref(unit);
			return ERR_LIMIT;
		}
	}
	qsort(reset->units, reset->unit_count, sizeof(reset->units[0]), target_unit_compare);
	return (int)(reset->unit_count - known);
}

static void reset_aborted(void *arg);

/* Aborts what is here, on all threads. */
static void
reset_run(struct reset *reset)
{
	struct target_conn *conn = reset->conn;
	const struct target_abort_request request = {
		.units = reset->units,
		.unit_count = reset->unit_count,
		.luns = reset->luns,
		.lun_count = reset->lun_count,
		.by = conn->session,
		.moment = reset->tmf->moment,
		.done = reset_aborted,
		.arg = reset,
	};

	target_hold_abort_run(TAKE(reset->drain), conn->thread, &request);
}

static void
reset_done(struct reset *reset)
{
	struct target_conn *conn = reset->conn;
	unsigned function = reset->tmf->function;

	for (size_t i = 0; i < reset->unit_count; i++)
		scsi_lu_reset(reset->units[i]->lu, NULL);
	end(conn, reset->tmf, ISCSI_TMF_COMPLETE);
	release_later_commands(reset);
	/* RFC 7143 §11.5.1: a cold reset ends all connections to the target too */
	if (function == ISCSI_TMF_TARGET_COLD_RESET)
		target_registry_kill_target(&conn->thread->target->registry,
					    conn->session->shared->target);
	reset_free(reset);
}

/* A unit that was made while the threads looked may have begun what is to be aborted: once more. */
static void
reset_aborted(void *arg)
{
	struct reset *reset = arg;
	int taken = take_new_units(reset);

	if (taken == 0) {
		reset_done(reset);
		return;
	}
	if (taken > 0)
		reset->drain = target_hold_abort_new(reset->conn->thread);
	if (reset->drain != NULL)
		reset_run(reset);
	else
		reset_refuse(reset);
}

/*
 * The other gateways have aborted what waits there.  That can take long, and commands that waited
 * here for a unit may be carried out by now.
 */
static void
reset_go_on(void *arg, int result)
{
	struct reset *reset = arg;
	struct target_conn *conn = reset->conn;
	struct iscsi_tmf *tmf = reset->tmf;

	if (result == 0 && has_moved(reset) && tmf->function == ISCSI_TMF_LU_RESET) {
		release_later_commands(reset);
		reset_free(reset);
		target_tmf_request(conn, tmf); /* at the new owner */
	} else if (result < 0 || has_moved(reset) || take_new_units(reset) < 0) {
		reset_refuse(reset);
	} else {
		reset_run(reset);
	}
}

/* Returns whether the reset has begun; if not, the request is answered. */
static bool
reset_begin(struct target_conn *conn, struct iscsi_tmf *tmf, struct target_path *const *paths,
	    size_t count)
{
	struct reset *reset = reset_new(conn, tmf, paths, count);

	if (reset == NULL) {
		end(conn, tmf, ISCSI_TMF_REJECTED);
		return false;
	}
	hold_later_commands(reset);
	reset->announcement.thread = conn->thread;
	reset->announcement.done = reset_go_on;
	reset->announcement.arg = reset;
	target_announce(&reset->announcement, reset->luns, reset->lun_count);
	return true;
}

/*
 * RFC 7143 §11.5.1: target resets are subject to access controls.  Here these are the masks: what
 * is reset is what the initiator may use, and one that may use nothing disturbs nobody.  Tasks of
 * its own are aborted also where their path is gone: a LUN can be deleted by force while a task
 * hangs.
 */
static void
reset_own(struct target_conn *conn, struct iscsi_tmf *tmf, unsigned response)
{
	struct target_session *session = conn->session;

	if (response != ISCSI_TMF_COMPLETE)
		end(conn, tmf, response);
	else if (reset_begin(conn, tmf, session->paths, session->path_count))
		(void)iscsi_session_abort_tasks(session->iscsi, NULL, &tmf->moment);
}

/* Those units first that other gateways own. */
static void
reset_target(struct target_conn *conn, struct iscsi_tmf *tmf)
{
	struct target_session *session = conn->session;

	if (session->path_count == 0)
		end(conn, tmf, ISCSI_TMF_NOT_AUTHORIZED);
	else if (!target_forward_tmf(conn, tmf, session->paths, session->path_count,
				     ISCSI_TMF_LU_RESET, reset_own))
		reset_own(conn, tmf, ISCSI_TMF_COMPLETE);
}

/* A path without a unit has POWER ON pending, which says more. */
static void
reset_nexus(struct target_conn *conn, struct iscsi_tmf *tmf)
{
	struct target_session *session = conn->session;

	for (size_t i = 0; i < session->path_count; i++)
		if (session->paths[i]->unit != NULL)
			scsi_itl_lose_nexus(&session->paths[i]->itl);
	session->known = false; /* a link that is made from now on begins with POWER ON */
	bool waits = target_forward_reset_nexus(conn, tmf, end);

	target_link_end_idle(session, ERR_CANCELLED); /* those that are not ready yet */
	if (!waits)
		end(conn, tmf, ISCSI_TMF_COMPLETE);
}

/* The answer of the owner; when this gateway has become it meanwhile, it resets the unit. */
static void
reset_elsewhere_done(struct target_conn *conn, struct iscsi_tmf *tmf, unsigned response)
{
	struct target_path *path = target_session_path(conn->session, scsi_lun_decode(tmf->lun));

	if (response == ISCSI_TMF_REJECTED && path != NULL && path->own)
		(void)reset_begin(conn, tmf, &path, 1);
	else
		end(conn, tmf, response);
}

/* SAM-5: UADE DEPTH (1 = one event, 2 = more) and sense key, ASC, ASCQ. */
static void
query_event(struct target_conn *conn, struct iscsi_tmf *tmf, struct target_path *path)
{
	unsigned count;

	target_session_join_unit(path);
	count = scsi_itl_peek(&path->itl, tmf->info);
	if (count > 0)
		tmf->info[0] |= count == 1 ? 0x10 : 0x20;
	end(conn, tmf, count > 0 ? ISCSI_TMF_SUCCEEDED : ISCSI_TMF_COMPLETE);
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
	struct target_conn *conn = user;
	struct target_path *path = target_session_path(conn->session, scsi_lun_decode(tmf->lun));

	log_info_from(conn->host, "session.tmf", "peer=%s function=%u", conn->peer, tmf->function);
	switch (tmf->function) {
	case ISCSI_TMF_ABORT_TASK:
		end(conn, tmf, ISCSI_TMF_COMPLETE);
		return;
	case ISCSI_TMF_ABORT_TASK_SET:
	case ISCSI_TMF_CLEAR_TASK_SET: /* there is a task set for each nexus: TST 001b */
		end(conn, tmf, path != NULL ? ISCSI_TMF_COMPLETE : ISCSI_TMF_NO_LUN);
		return;
	case ISCSI_TMF_LU_RESET:
		if (path != NULL &&
		    target_forward_tmf(conn, tmf, &path, 1, tmf->function, reset_elsewhere_done)) {
			(void)iscsi_session_abort_tasks(conn->session->iscsi, tmf->lun,
							&tmf->moment);
			return;
		}
		if (path != NULL)
			reset_begin(conn, tmf, &path, 1);
		else
			end(conn, tmf, ISCSI_TMF_NO_LUN);
		return;
	case ISCSI_TMF_TARGET_WARM_RESET:
	case ISCSI_TMF_TARGET_COLD_RESET:
		reset_target(conn, tmf);
		return;
	case ISCSI_TMF_QUERY_TASK:
	case ISCSI_TMF_QUERY_TASK_SET:
		end(conn, tmf,
		    path == NULL ? ISCSI_TMF_NO_LUN
		    : tmf->found ? ISCSI_TMF_SUCCEEDED
				 : ISCSI_TMF_COMPLETE);
		return;
	case ISCSI_TMF_NEXUS_RESET:
		reset_nexus(conn, tmf);
		return;
	case ISCSI_TMF_QUERY_EVENT:
		if (path != NULL && target_forward_tmf(conn, tmf, &path, 1, tmf->function, end))
			return;
		if (path != NULL)
			query_event(conn, tmf, path);
		else
			end(conn, tmf, ISCSI_TMF_NO_LUN);
		return;
	default:
		end(conn, tmf, ISCSI_TMF_NOT_SUPPORTED);
	}
}
