/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is wrong with the array now, as a monitoring system wants to know it: a list of problems,
 * each with the object that it concerns and what to do.  The live rows are the only source, so that
 * this summary and the objects themselves never differ.  Any thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/port.h"

/* What the functions below look at, and the list that they fill. */
struct array_health_look {
	struct array *array;
	struct state *config, *live;
	struct array_health *health;
	size_t capacity;
	bool failed; /* there was no memory */
};

/* text says what is wrong; it is owned by the list. */
static void
problem_add(struct array_health_look *look, const struct array_problem *what, char *text)
{
	struct array_health *health = look->health;

	if (text == NULL || mem_grow(&health->problems, &look->capacity, health->count + 1,
				     sizeof(health->problems[0])) < 0) {
		mem_free(text);
		look->failed = true;
		return;
	}
	health->problems[health->count] = *what;
	health->problems[health->count++].text = text;
	health->level = MAX(health->level, what->level);
}

static void
look_at_array(struct array_health_look *look)
{
	const char *reason = array_read_only_reason(look->array);
	uint64_t missing = catalog_reserve_missing(look->array->catalog);

	if (reason != NULL)
		problem_add(look,
			    &(struct array_problem){
				    .level = ARRAY_CRITICAL,
				    .family = ROW_ARRAY,
				    .id = state_array(look->config)->id,
				    .hint = array_is_held(look->array)
						    ? "this gateway serves nothing until then; "
						      "others go on"
						    : "repair what the reason names and restart "
						      "vdsd; LUNs are served meanwhile" },
			    str_printf("the array is read-only: %s", reason));
	if (missing > 0)
		problem_add(look,
			    &(struct array_problem){ .level = ARRAY_CRITICAL,
						     .family = ROW_ARRAY,
						     .id = state_array(look->config)->id,
						     .hint = "free space on that file system" },
			    str_printf("the file system of the catalog (%s) is full: %" PRIu64
				       " KiB of the reserve are used up",
				       look->array->dir, missing >> 10));
}

static void
look_at_isns(struct array_health_look *look)
{
	char *trouble = array_isns_trouble(look->array);

	if (trouble != NULL)
		problem_add(
			look,
			&(struct array_problem){
				.level = ARRAY_WARNING,
				.family = ROW_ARRAY,
				.id = state_array(look->config)->id,
				.hint = "start the server, or correct `isns` in vdsd.conf; vdsd "
					"goes on trying, and LUNs are served meanwhile" },
			trouble);
}

static bool
lies_in_directory(const struct row_pool *pool)
{
	return array_pool_driver_find(pool->path) == &array_pool_dir;
}

static void
look_at_pool(struct array_health_look *look, const struct row_pool *pool)
{
	const struct row_live_pool *live = state_find(look->live, ROW_LIVE_POOL, &pool->id);
	struct array_problem problem = { .family = ROW_POOL, .id = pool->id };

	if (live == NULL)
		return;
	if (!live->ready) {
		problem.level = ARRAY_CRITICAL;
		problem.hint = lies_in_directory(pool)
				       ? "mount or repair the directory of the pool: `vdsctl pool "
					 "show` names it"
				       : "reconnect what the pool lies on: `vdsctl pool show` "
					 "names it";
		problem_add(look, &problem,
			    str_printf("pool %s is not ready: %s", pool->name, live->reason));
	} else if (live->space != POOL_SPACE_OK) {
		problem.level = live->space == POOL_SPACE_FULL ? ARRAY_CRITICAL : ARRAY_WARNING;
		problem.hint = lies_in_directory(pool)
				       ? "free space in the pool's file system, make that larger, "
					 "or `vdsctl lun move`"
				       : "`vdsctl lun move` LUNs to another pool, or delete some";
		problem_add(look, &problem,
			    str_printf("pool %s is %s: %" PRIu64 " of %" PRIu64 " MiB are free",
				       pool->name,
				       live->space == POOL_SPACE_FULL ? "full" : "low on space",
				       live->free_bytes >> 20, live->capacity_bytes >> 20));
	}
}

static const char *
failed_hint(const struct array_health_look *look, const struct row_lun *lun)
{
	const struct row_pool *pool = state_find(look->config, ROW_POOL, &lun->pool_id);

	return pool != NULL && array_store_is_lost(pool->path, &lun->id)
		       ? "`vdsctl lun delete`, and create it anew"
		       : "repair its store, then `vdsctl lun online`";
}

static void
look_at_lun(struct array_health_look *look, const struct row_live_lun *live)
{
	const struct row_lun *lun = state_find(look->config, ROW_LUN, &live->id);
	struct array_problem problem = { .family = ROW_LUN, .id = live->id };
	char id[GUID_TEXT_SIZE];

	if (lun == NULL || (live->health != HEALTH_FAILED && live->health != HEALTH_FAILING))
		return;
	bool failed = live->health == HEALTH_FAILED;

	problem.level = failed ? ARRAY_CRITICAL : ARRAY_WARNING;
	problem.hint = failed ? failed_hint(look, lun)
			      : "`vdsctl lun show` says more; copy its data while it can be read";
	problem_add(look, &problem,
		    str_printf("LUN %s %s: %s",
			       lun->name[0] != '\0' ? lun->name : guid_format(&lun->id, id),
			       failed ? "has failed" : "has trouble", live->reason));
}

static void
look_at_lun_job(struct array_health_look *look, const struct row_live_lun_job *live)
{
	const struct row_lun *lun = state_find(look->config, ROW_LUN, &live->id);
	char id[GUID_TEXT_SIZE];

	if (lun == NULL || !live->failed)
		return;
	problem_add(
		look,
		&(struct array_problem){ .level = ARRAY_CRITICAL,
					 .family = ROW_LUN,
					 .id = live->id,
					 .hint = "initiators cannot use the LUN until one of them "
						 "sends the command again and it succeeds" },
		str_printf("LUN %s: %s has failed",
			   lun->name[0] != '\0' ? lun->name : guid_format(&lun->id, id),
			   live->kind == LUN_JOB_FORMAT ? "FORMAT UNIT" : "SANITIZE"));
}

static void
look_at_faults(struct array_health_look *look, const struct row_live_lun *live)
{
	const struct row_lun *lun = state_find(look->config, ROW_LUN, &live->id);

	if (lun == NULL || live->faults == 0)
		return;
	problem_add(look,
		    &(struct array_problem){ .level = ARRAY_WARNING,
					     .family = ROW_LUN,
					     .id = live->id,
					     .hint = "`vdsctl lun inject LUN` lists them, and with "
						     "--clear ends them" },
		    str_printf("LUN %s has injected faults: %u", ROW_LUN_CALLED(lun),
			       (unsigned)live->faults));
}

static void
look_at_schedule(struct array_health_look *look, const struct row_live_snapshot_schedule *live)
{
	const struct row_snapshot_schedule *schedule = state_find(look->config,
								  ROW_SNAPSHOT_SCHEDULE, &live->id);

	if (schedule == NULL || !live->failed || !schedule->enabled)
		return;
	problem_add(
		look,
		&(struct array_problem){ .level = ARRAY_WARNING,
					 .family = ROW_SNAPSHOT_SCHEDULE,
					 .id = live->id,
					 .hint = "mend what the reason names; it runs again at its "
						 "next time" },
		str_printf("schedule %s has taken no snapshot: %s", schedule->name, live->reason));
}

/* A run would fail, at whichever gateway: said before the time of the run. */
static void
look_at_scheduled(struct array_health_look *look, const struct row_snapshot_schedule *schedule)
{
	const struct row_lun_owner *first = NULL, *other = NULL;
	const struct row_controller *gateways[2];
	const struct row_lun *luns_apart[2];
	struct guid luns[SCHEDULE_LUNS_MAX];
	size_t count = array_schedule_luns(look->config, schedule, luns);

	for (size_t i = 0; i < count && other == NULL; i++) {
		const struct row_lun_owner *owner = state_lun_owner(look->config, &luns[i]);

		if (first == NULL)
			first = owner;
		else if (owner != NULL && !guid_equal(&owner->controller_id, &first->controller_id))
			other = owner;
	}
	if (!schedule->enabled || other == NULL)
		return;
	gateways[0] = state_find(look->config, ROW_CONTROLLER, &first->controller_id);
	gateways[1] = state_find(look->config, ROW_CONTROLLER, &other->controller_id);
	luns_apart[0] = state_find(look->config, ROW_LUN, &first->id);
	luns_apart[1] = state_find(look->config, ROW_LUN, &other->id);
	if (gateways[0] == NULL || gateways[1] == NULL)
		return; /* not served: that is said of the LUN */
	problem_add(look,
		    &(struct array_problem){ .level = ARRAY_WARNING,
					     .family = ROW_SNAPSHOT_SCHEDULE,
					     .id = schedule->id,
					     .hint = "`vdsctl lun move-owner` them to one gateway; "
						     "the array then keeps them together" },
		    str_printf("schedule %s takes LUNs of different gateways, so it takes no "
			       "snapshots: %s is at %s, %s at %s",
			       schedule->name, ROW_LUN_CALLED(luns_apart[0]), gateways[0]->name,
			       ROW_LUN_CALLED(luns_apart[1]), gateways[1]->name));
}

static void
look_at_portal(struct array_health_look *look, const struct row_live_portal *live)
{
	const struct row_portal *portal = state_find(look->config, ROW_PORTAL, &live->id);

	if (portal == NULL || !live->failed || portal->status == STATUS_OFFLINE)
		return;
	problem_add(look,
		    &(struct array_problem){ .level = ARRAY_WARNING,
					     .family = ROW_PORTAL,
					     .id = live->id,
					     .hint = "give this host the address, or end what uses "
						     "the port; vdsd tries again by itself" },
		    str_printf("portal %s port %u does not listen: %s", portal->address,
			       portal->port, live->reason));
}

static void
look_at_controller(struct array_health_look *look, const struct row_controller *controller)
{
	if (controller->status != STATUS_OFFLINE)
		return;
	problem_add(look,
		    &(struct array_problem){ .level = ARRAY_WARNING,
					     .family = ROW_CONTROLLER,
					     .id = controller->id,
					     .hint = "`vdsctl controller online`" },
		    str_printf("controller %s is offline: no portal listens", controller->name));
}

static bool
runs(const struct row_controller *gateway)
{
	return gateway->instance != NULL && gateway->instance[0] != '\0';
}

static void
look_at_gateway(struct array_health_look *look, const struct row_controller *gateway)
{
	if (runs(gateway))
		return;
	problem_add(look,
		    &(struct array_problem){ .level = ARRAY_WARNING,
					     .family = ROW_CONTROLLER,
					     .id = gateway->id,
					     .hint = "start vdsd there, or `vdsctl gateway remove` "
						     "it; its LUNs are served by others" },
		    str_printf("gateway %s is down: no vdsd runs as it", gateway->name));
}

/* Of a gateway that drains: a LUN that it cannot give away, as it knows alone. */
static void
look_at_drained(struct array_health_look *look, const struct row_controller *gateway)
{
	const struct row_lun_owner *owner;

	if (!gateway->drains || !guid_equal(&gateway->id, &look->array->controller_id))
		return;
	for (size_t i = 0; (owner = state_controller_lun(look->config, &gateway->id, i)) != NULL;
	     i++) {
		if (array_reservation_check_move(look->array, &owner->id) == 0)
			continue;
		problem_add(look,
			    &(struct array_problem){
				    .level = ARRAY_WARNING,
				    .family = ROW_LUN,
				    .id = owner->id,
				    .hint = "`vdsctl lun reservations LUN` shows what holds "
					    "it; with --clear that ends" },
			    str_printf("gateway %s drains, but keeps a LUN: %s", gateway->name,
				       err_text(ERR_BUSY)));
	}
}

/* Initiators wait, through whichever gateway they come. */
static void
look_at_owner(struct array_health_look *look, const struct row_lun *lun)
{
	const struct row_lun_owner *owner = state_lun_owner(look->config, &lun->id);
	const struct row_controller *gateway = owner != NULL
						       ? state_find(look->config, ROW_CONTROLLER,
								    &owner->controller_id)
						       : NULL;

	if (gateway != NULL && runs(gateway))
		return;
	problem_add(
		look,
		&(struct array_problem){ .level = ARRAY_CRITICAL,
					 .family = ROW_LUN,
					 .id = lun->id,
					 .hint = "a gateway that runs takes it within seconds: "
						 "`vdsctl gateway list` shows whether one does" },
		gateway != NULL
			? str_printf("LUN %s is not served: its owner, gateway %s, is down",
				     ROW_LUN_CALLED(lun), gateway->name)
			: str_printf("LUN %s is not served: it has no owner", ROW_LUN_CALLED(lun)));
}

static void
look_at_drive(struct array_health_look *look, const struct row_live_drive *drive)
{
	if (drive->ready)
		return;
	problem_add(look,
		    &(struct array_problem){ .level = ARRAY_CRITICAL,
					     .family = ROW_LIVE_DRIVE,
					     .id = drive->id,
					     .hint = "replace or reconnect it, then `vdsctl drive "
						     "rescan`" },
		    str_printf("drive %s cannot be used: %s", drive->name, drive->reason));
}

static void
look_at_port(struct array_health_look *look, const struct row_live_port *port)
{
	if (port->link != PORT_LINK_DOWN)
		return;
	problem_add(look,
		    &(struct array_problem){ .level = ARRAY_WARNING,
					     .family = ROW_LIVE_PORT,
					     .id = port->id,
					     .hint = "look at the cable and at the switch" },
		    str_printf("port %s has no link, and portals have its addresses", port->name));
}

static void
look_at_job(struct array_health_look *look, const struct row_job *job)
{
	if (job->state != JOB_FAILED)
		return;
	problem_add(
		look,
		&(struct array_problem){ .level = ARRAY_WARNING,
					 .family = ROW_JOB,
					 .id = job->id,
					 .hint = "`vdsctl job list` shows it until it expires" },
		str_printf("a job on LUN %s has failed: %s", job->lun_name, job->message));
}

/* Calls a function for each row of a family. */
#define EACH(look, state, family, type, function)                  \
	for (size_t i_ = 0; i_ < state_count(state, family); i_++) \
	function(look, (const struct type *)state_at(state, family, i_))

int
array_health(struct array *array, struct array_health *ret_health)
{
	AUTO_STATE struct state *config = array_state(array);
	AUTO_STATE struct state *live = array_live(array);
	struct array_health health = { .level = ARRAY_OK };
	struct array_health_look look = { array, config, live, &health, 0, false };

	look_at_array(&look);
	look_at_isns(&look);
	EACH(&look, config, ROW_CONTROLLER, row_controller, look_at_controller);
	if (state_has_gateways(config)) {
		EACH(&look, config, ROW_CONTROLLER, row_controller, look_at_gateway);
		EACH(&look, config, ROW_CONTROLLER, row_controller, look_at_drained);
		EACH(&look, config, ROW_LUN, row_lun, look_at_owner);
		EACH(&look, config, ROW_SNAPSHOT_SCHEDULE, row_snapshot_schedule,
		     look_at_scheduled);
	}
	EACH(&look, config, ROW_POOL, row_pool, look_at_pool);
	EACH(&look, live, ROW_LIVE_DRIVE, row_live_drive, look_at_drive);
	EACH(&look, live, ROW_LIVE_LUN, row_live_lun, look_at_lun);
	EACH(&look, live, ROW_LIVE_LUN_JOB, row_live_lun_job, look_at_lun_job);
	EACH(&look, live, ROW_LIVE_LUN, row_live_lun, look_at_faults);
	EACH(&look, live, ROW_LIVE_PORTAL, row_live_portal, look_at_portal);
	EACH(&look, live, ROW_LIVE_PORT, row_live_port, look_at_port);
	EACH(&look, live, ROW_LIVE_SNAPSHOT_SCHEDULE, row_live_snapshot_schedule, look_at_schedule);
	EACH(&look, config, ROW_JOB, row_job, look_at_job);
	if (look.failed) {
		array_health_fini(&health);
		return -ENOMEM;
	}
	*ret_health = health;
	return 0;
}

void
array_health_fini(struct array_health *health)
{
	for (size_t i = 0; i < health->count; i++)
		mem_free(health->problems[i].text);
	mem_free(health->problems);
}

const char *
array_health_name(enum array_health_level level)
{
	switch (level) {
	case ARRAY_OK:
		return "ok";
	case ARRAY_WARNING:
		return "warning";
	case ARRAY_CRITICAL:
		return "critical";
	}
	return NULL;
}
