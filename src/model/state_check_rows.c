/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The invariants of one row and of what it refers to, each checked by a function of its own.  Any
 * thread that holds a reference to the state.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf.h"
#include "model/credential.h"
#include "model/fields.h"
#include "model/hints.h"
#include "model/host.h"
#include "model/qos.h"
#include "model/schedule.h"
#include "model/snapshot.h"
#include "model/state_int.h"

static int
check_array(const struct state *state, const void *row)
{
	const struct row_array *array = row;

	if (state_count(state, ROW_ARRAY) != 1)
		return BREACH("there are %zu arrays", state_count(state, ROW_ARRAY));
	if (!guid_equal(&array->id, &state->position.array_id))
		return BREACH("the array has another id than its position");
	return *array->serial != '\0' ? 0 : BREACH("the array has no serial");
}

/* Whether the text may be a friendly name; "" may. */
static bool
is_name(const char *text)
{
	long units = utf8_to_utf16_len(text);

	return units >= 0 && units <= ROW_NAME_UNITS;
}

static bool
is_qos(enum qos_owner owner, const char *text)
{
	char canonical[QOS_TEXT_MAX];
	struct qos qos;

	if (text == NULL || *text == '\0')
		return true;
	if (qos_parse(text, &qos) < 0 || qos_check(owner, &qos) < 0)
		return false;
	qos_format(&qos, canonical);
	return strcmp(canonical, text) == 0;
}

static int
check_pool(const struct state *state, const void *row)
{
	const struct row_pool *pool = row;

	(void)state;
	if (*pool->name == '\0' || !is_name(pool->name))
		return BREACH("a pool's name has 0 or more than %d characters", ROW_NAME_UNITS);
	if (*pool->path != '/' && !str_starts(pool->path, "ram:") &&
	    !str_starts(pool->path, "bdev:/") && !str_starts(pool->path, "raw:/") &&
	    !str_starts(pool->path, "rbd:"))
		return BREACH("pool %s: its path is not absolute", pool->name);
	if (!is_qos(QOS_OF_POOL, pool->qos))
		return BREACH("pool %s: its limits are not in canonical form", pool->name);
	if (pool->qos != NULL && *pool->qos != '\0' && qos_check_pool(state, &pool->id) < 0)
		return BREACH("pool %s: its LUNs keep more than nine tenths of its limits",
			      pool->name);
	return 0;
}

static int
check_mask(const struct state *state, const struct row_lun *lun)
{
	AUTO_FREE char *mask = NULL, *known = NULL;
	int rc;

	if (*lun->mask == '\0' || strcmp(lun->mask, "*") == 0)
		return 0;
	rc = mask_normalize(lun->mask, &mask);

	if (rc == ERR_INVALID || (rc == 0 && strcmp(mask, lun->mask) != 0))
		return BREACH("LUN %s: its unmasking list is not in canonical form",
			      ROW_LUN_CALLED(lun));
	if (rc == 0 && host_mask_resolve(state, mask, &known) == ERR_NOT_FOUND)
		return BREACH("LUN %s: its unmasking list has a host that is not there",
			      ROW_LUN_CALLED(lun));
	return rc;
}

static int
check_hints(const struct row_lun *lun)
{
	AUTO_FREE char *hints = NULL;

	if (lun->hints == NULL || *lun->hints == '\0')
		return 0;
	if (hints_normalize(lun->hints, &hints) == ERR_INVALID ||
	    (hints != NULL && strcmp(hints, lun->hints) != 0))
		return BREACH("LUN %s: its hints are not in canonical form", ROW_LUN_CALLED(lun));
	return 0;
}

/* What LUNs keep of a pool that has limits is looked at with the pool. */
static int
check_lun_qos(const struct state *state, const struct row_lun *lun)
{
	const struct row_pool *pool = state_find(state, ROW_POOL, &lun->pool_id);
	struct qos qos;

	if (lun->qos == NULL || *lun->qos == '\0')
		return 0;
	if (!is_qos(QOS_OF_LUN, lun->qos))
		return BREACH("LUN %s: its limits are not in canonical form", ROW_LUN_CALLED(lun));
	if (qos_parse(lun->qos, &qos) == 0 &&
	    (qos.values[QOS_MIN_IOPS] != 0 || qos.values[QOS_MIN_BANDWIDTH] != 0) &&
	    (pool->qos == NULL || *pool->qos == '\0'))
		return BREACH("LUN %s: it has a minimum, and its pool has no limit",
			      ROW_LUN_CALLED(lun));
	return 0;
}

static int
check_lun(const struct state *state, const void *row)
{
	const struct row_lun *lun = row;

	if (!is_name(ROW_LUN_CALLED(lun)))
		return BREACH("a LUN's name has more than %d characters", ROW_NAME_UNITS);
	if (state_find(state, ROW_POOL, &lun->pool_id) == NULL)
		return BREACH("LUN %s: its pool is not there", ROW_LUN_CALLED(lun));
	if (lun->block_bytes != 512 && lun->block_bytes != 4096)
		return BREACH("LUN %s: blocks of %u bytes", ROW_LUN_CALLED(lun), lun->block_bytes);
	if (lun->size_bytes == 0 || lun->size_bytes % lun->block_bytes != 0)
		return BREACH("LUN %s: its size is no multiple of its blocks", ROW_LUN_CALLED(lun));
	if (*lun->serial == '\0')
		return BREACH("LUN %s: it has no serial", ROW_LUN_CALLED(lun));
	if (strlen(lun->naa) != 16 || strspn(lun->naa, "0123456789abcdef") != 16 ||
	    lun->naa[0] != '3')
		return BREACH("LUN %s: its designator is no NAA 3", ROW_LUN_CALLED(lun));
	if (check_hints(lun) < 0)
		return ERR_CORRUPT;
	if (check_lun_qos(state, lun) < 0)
		return ERR_CORRUPT;
	return check_mask(state, lun);
}

static int
check_target(const struct state *state, const void *row)
{
	const struct row_target *target = row;
	AUTO_FREE char *name = NULL;
	int rc = iscsi_name_normalize(target->iscsi_name, &name);

	(void)state;
	if (rc == ERR_INVALID || (rc == 0 && strcmp(name, target->iscsi_name) != 0))
		return BREACH("target %s: its name is not in canonical form", target->iscsi_name);
	return rc;
}

static bool
is_16_bits(uint32_t number)
{
	return number >= 1 && number <= UINT16_MAX;
}

static int
check_portal(const struct state *state, const void *row)
{
	const struct row_portal *portal = row;

	if (*portal->address == '\0')
		return BREACH("a portal has no address");
	if (guid_is_zero(&portal->controller_id)) {
		if (state_count(state, ROW_CONTROLLER) > 1)
			return BREACH("portal %s: it belongs to no gateway", portal->address);
	} else if (state_find(state, ROW_CONTROLLER, &portal->controller_id) == NULL) {
		return BREACH("portal %s: its gateway is not there", portal->address);
	}
	return is_16_bits(portal->port)
		       ? 0
		       : BREACH("portal %s: port %u", portal->address, portal->port);
}

static int
check_group(const struct state *state, const void *row)
{
	const struct row_portal_group *group = row;

	if (state_find(state, ROW_TARGET, &group->target_id) == NULL)
		return BREACH("a portal group's target is not there");
	return is_16_bits(group->tag) && is_16_bits(group->relative_port)
		       ? 0
		       : BREACH("a portal group has tag %u, relative port %u", group->tag,
				group->relative_port);
}

static int
check_group_portal(const struct state *state, const void *row)
{
	const struct row_group_portal *member = row;
	struct row_slice members = state_group_portals(state, &member->group_id);
	const struct row_portal *portal, *first;

	if (state_find(state, ROW_PORTAL_GROUP, &member->group_id) == NULL)
		return BREACH("a portal is in a group that is not there");
	portal = state_find(state, ROW_PORTAL, &member->portal_id);
	if (portal == NULL)
		return BREACH("a portal group has a portal that is not there");
	/* each with the first: then all are the same */
	first = state_find(state, ROW_PORTAL,
			   &((const struct row_group_portal *)members.rows[0])->portal_id);
	return first != NULL && !guid_equal(&first->controller_id, &portal->controller_id)
		       ? BREACH("a portal group has portals of two gateways")
		       : 0;
}

/*
 * before: the association before it, which is in order; NULL for the first.  A LUN's associations
 * stand together, so its row is looked up once.
 */
static int
check_association(const struct state *state, const struct row_association *association,
		  const struct row_association *before)
{
	if ((before == NULL || !guid_equal(&before->lun_id, &association->lun_id)) &&
	    state_find(state, ROW_LUN, &association->lun_id) == NULL)
		return BREACH("an association's LUN is not there");
	if (state_find(state, ROW_TARGET, &association->target_id) == NULL)
		return BREACH("an association's target is not there");
	if (association->lun_number > ROW_LUN_NUMBER_MAX)
		return BREACH("an association has LUN number %u", association->lun_number);
	return 0;
}

int
state_check_associations(const struct state *state)
{
	const struct row_association *row, *before = NULL;
	struct order_walk walk;
	int rc = 0;

	order_walk_begin(&walk, state->orders[ROW_ASSOCIATION]);
	for (; rc == 0 && (row = order_walk_next(&walk)) != NULL; before = row) {
		rc = check_association(state, row, before);
		order_work++;
	}
	return rc;
}

static int
check_job(const struct state *state, const void *row)
{
	const struct row_job *job = row;

	(void)state;
	if ((job->state == JOB_RUNNING) != (job->ended_ms == 0))
		return BREACH("a job is %s but its end says otherwise",
			      job->state == JOB_RUNNING ? "running" : "over");
	return job->paused && job->state != JOB_RUNNING ? BREACH("a job is over, and paused") : 0;
}

static int
check_controller(const struct state *state, const void *row)
{
	const struct row_controller *controller = row;

	if (controller->name == NULL)
		return BREACH("a controller has no name");
	return state_count(state, ROW_CONTROLLER) > 1 &&
			       (controller->address == NULL || controller->address[0] == '\0')
		       ? BREACH("gateway %s has no address", controller->name)
		       : 0;
}

static int
check_lun_owner(const struct state *state, const void *row)
{
	const struct row_lun_owner *owner = row;

	if (state_find(state, ROW_LUN, &owner->id) == NULL)
		return BREACH("a LUN that is not there has an owner");
	if (state_find(state, ROW_CONTROLLER, &owner->controller_id) == NULL)
		return BREACH("the owner of a LUN is not there");
	return owner->epoch > 0 ? 0 : BREACH("the owner of a LUN has epoch 0");
}

static int
check_host(const struct state *state, const void *row)
{
	const struct row_host *host = row;

	(void)state;
	if (!is_qos(QOS_OF_HOST, host->qos))
		return BREACH("host %s: its limits are not in canonical form", host->name);
	return *host->name != '\0' && is_name(host->name)
		       ? 0
		       : BREACH("a host's name has 0 or more than %d characters", ROW_NAME_UNITS);
}

static int
check_initiator(const struct state *state, const void *row)
{
	const struct row_initiator *initiator = row;
	AUTO_FREE char *name = NULL;
	int rc = iscsi_name_normalize(initiator->iscsi_name, &name);

	if (rc == ERR_INVALID || (rc == 0 && strcmp(name, initiator->iscsi_name) != 0))
		return BREACH("initiator %s: its name is not in canonical form",
			      initiator->iscsi_name);
	if (rc < 0)
		return rc;
	return state_find(state, ROW_HOST, &initiator->host_id) != NULL
		       ? 0
		       : BREACH("initiator %s: its host is not there", initiator->iscsi_name);
}

static int
check_host_group(const struct state *state, const void *row)
{
	const struct row_host_group *group = row;

	(void)state;
	return *group->name != '\0' && is_name(group->name)
		       ? 0
		       : BREACH("a host group's name has 0 or more than %d characters",
				ROW_NAME_UNITS);
}

static int
check_host_member(const struct state *state, const void *row)
{
	const struct row_host_member *member = row;

	if (state_find(state, ROW_HOST_GROUP, &member->group_id) == NULL)
		return BREACH("a host is in a host group that is not there");
	return state_find(state, ROW_HOST, &member->host_id) != NULL
		       ? 0
		       : BREACH("a host group has a host that is not there");
}

static int
check_credential(const struct state *state, const void *row)
{
	const struct row_credential *credential = row;
	AUTO_FREE char *name = NULL;
	int rc;

	if (!credential_owner_is_there(state, &credential->owner_id))
		return BREACH("a CHAP secret belongs to a target or host that is not there");
	if (credential->initiator[0] == '\0')
		return 0;
	rc = iscsi_name_normalize(credential->initiator, &name);
	if (rc == ERR_INVALID || (rc == 0 && strcmp(name, credential->initiator) != 0))
		return BREACH("a CHAP secret is for an initiator whose name is not canonical");
	return rc;
}

static int
check_trashed_lun(const struct state *state, const void *row)
{
	const struct row_trashed_lun *lun = row;
	const char *name = lun->name[0] != '\0' ? lun->name : lun->serial;

	if (state_find(state, ROW_POOL, &lun->pool_id) == NULL)
		return BREACH("deleted LUN %s: its pool is not there", name);
	if (state_find(state, ROW_LUN, &lun->id) != NULL)
		return BREACH("LUN %s is in the trash, and is there", name);
	if (lun->size_bytes == 0 || (lun->block_bytes != 512 && lun->block_bytes != 4096) ||
	    lun->size_bytes % lun->block_bytes != 0)
		return BREACH("deleted LUN %s: its size is no multiple of its blocks", name);
	if (lun->expires_ms < lun->deleted_ms)
		return BREACH("deleted LUN %s: it expires before it was deleted", name);
	return 0;
}

static int
check_snapshot(const struct state *state, const void *row)
{
	const struct row_snapshot *snapshot = row;
	struct row_slice slice = state_lun_snapshots(state, &snapshot->lun_id);

	if (state_find(state, ROW_POOL, &snapshot->pool_id) == NULL)
		return BREACH("snapshot %s: its pool is not there", snapshot->name);
	if (state_find(state, ROW_LUN, &snapshot->id) != NULL)
		return BREACH("snapshot %s has the id of a LUN", snapshot->name);
	if (snapshot->name[0] == '\0' || strchr(snapshot->name, '@') != NULL)
		return BREACH("a snapshot has no name, or one with \"@\": \"%s\"", snapshot->name);
	if (snapshot->size_bytes == 0 ||
	    (snapshot->block_bytes != 512 && snapshot->block_bytes != 4096) ||
	    snapshot->size_bytes % snapshot->block_bytes != 0)
		return BREACH("snapshot %s: its size is no multiple of its blocks", snapshot->name);
	order_work += slice.count;
	for (size_t i = 0; i < slice.count; i++)
		if (slice.rows[i] != row &&
		    strcmp(((const struct row_snapshot *)slice.rows[i])->name, snapshot->name) == 0)
			return BREACH("a LUN has two snapshots named %s", snapshot->name);
	return 0;
}

/* Whether the list is as schedule_luns_format writes it; *ret_count is how many LUNs it has. */
static bool
is_lun_list(const char *text, size_t *ret_count)
{
	struct guid id, before = { { 0 } };
	bool sorted = true;

	*ret_count = 0;
	while (schedule_lun_next(&text, &id)) {
		sorted = sorted && (*ret_count == 0 || guid_compare(&before, &id) < 0);
		before = id;
		++*ret_count;
	}
	return sorted && *text == '\0';
}

static int
check_schedule(const struct state *state, const void *row)
{
	const struct row_snapshot_schedule *schedule = row;
	struct schedule_rule rule;
	size_t count;
	long units = utf8_to_utf16_len(schedule->name);

	(void)state;
	if (units < 1 || units > SCHEDULE_NAME_UNITS || strchr(schedule->name, '@') != NULL)
		return BREACH("a schedule has no name, or one that is none: \"%s\"",
			      schedule->name);
	if (!is_lun_list(schedule->lun_ids, &count) || count < 1 || count > SCHEDULE_LUNS_MAX)
		return BREACH("schedule %s: its list of LUNs is none", schedule->name);
	if (schedule_rule_read(schedule, &rule) < 0)
		return BREACH("schedule %s: when it runs and what it keeps cannot be read",
			      schedule->name);
	return 0;
}

/* Nothing is known of it, so nothing can be wrong. */
static int
check_other(const struct state *state, const void *row)
{
	(void)state;
	(void)row;
	return 0;
}

/*
 * Live rows are not checked: they may be older or newer than the configuration.  Associations have
 * a walk of their own.
 */
static int (*const checks[ROW_CONFIG_COUNT])(const struct state *state, const void *row) = {
	[ROW_ARRAY] = check_array,
	[ROW_POOL] = check_pool,
	[ROW_LUN] = check_lun,
	[ROW_TARGET] = check_target,
	[ROW_PORTAL] = check_portal,
	[ROW_PORTAL_GROUP] = check_group,
	[ROW_GROUP_PORTAL] = check_group_portal,
	[ROW_JOB] = check_job,
	[ROW_CONTROLLER] = check_controller,
	[ROW_HOST] = check_host,
	[ROW_INITIATOR] = check_initiator,
	[ROW_HOST_GROUP] = check_host_group,
	[ROW_HOST_MEMBER] = check_host_member,
	[ROW_CREDENTIAL] = check_credential,
	[ROW_TRASHED_LUN] = check_trashed_lun,
	[ROW_SNAPSHOT] = check_snapshot,
	[ROW_SNAPSHOT_SCHEDULE] = check_schedule,
	[ROW_LUN_OWNER] = check_lun_owner,
	[ROW_OTHER] = check_other,
};

int
state_check_row(const struct state *state, enum row_family family, const void *row)
{
	return checks[family] != NULL ? checks[family](state, row) : 0;
}
