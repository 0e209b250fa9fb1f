/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asymmetric logical unit access (ALUA): what is carried out through a path that is not active, and
 * REPORT and SET TARGET PORT GROUPS.  A change of a state is a single indivisible event here:
 * REPORT TARGET PORT GROUPS shows the state before it or the one after it, so the state
 * TRANSITIONING is never reported, and a change that fails has changed nothing.
 *
 * A path that ceases to be active goes on to carry out commands for a while, as SPC-5 allows ("The
 * device server may support other commands").  A command that an initiator has sent before it can
 * know of the change would fail otherwise, and not every initiator sends such a command to another
 * path without a complaint.
 *
 * Everything runs on the task's thread.  Source: SPC-5 (Asymmetric logical unit access; the two
 * commands).
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

/* ---- Which commands are carried out ---- */

#define IN_STANDBY ALUA_IN_STANDBY
#define IN_BOTH    (ALUA_IN_STANDBY | ALUA_IN_UNAVAILABLE)
#define IN_ALL     (ALUA_IN_STANDBY | ALUA_IN_UNAVAILABLE | ALUA_IN_OFFLINE)
#define ANY        SCSI_ANY_ACTION

/*
 * What SPC-5 demands in each state, and beyond that in the state standby what an initiator reads of
 * a disk when it finds it, so that the path can be used at once when it becomes active.  Ascending;
 * commands that a unit does not have are refused before this table is looked at.
 */
/* clang-format off */
const struct scsi_alua_rule scsi_alua_rules[] = {
	{ 0x03, ANY,	IN_ALL },	/* REQUEST SENSE */
	{ 0x12, ANY,	IN_ALL },	/* INQUIRY */
	{ 0x15, ANY,	IN_STANDBY },	/* MODE SELECT(6) */
	{ 0x1a, ANY,	IN_STANDBY },	/* MODE SENSE(6) */
	{ 0x1c, ANY,	IN_STANDBY },	/* RECEIVE DIAGNOSTIC RESULTS */
	{ 0x1d, ANY,	IN_STANDBY },	/* SEND DIAGNOSTIC */
	{ 0x25, ANY,	IN_STANDBY },	/* READ CAPACITY(10) */
	{ 0x3b, 0x0a,	IN_BOTH },	/* WRITE BUFFER, echo buffer */
	{ 0x3c, 0x0a,	IN_BOTH },	/* READ BUFFER(10), echo buffer */
	{ 0x3c, 0x0b,	IN_BOTH },	/* READ BUFFER(10), echo buffer descriptor */
	{ 0x4c, ANY,	IN_STANDBY },	/* LOG SELECT */
	{ 0x4d, ANY,	IN_STANDBY },	/* LOG SENSE */
	{ 0x55, ANY,	IN_STANDBY },	/* MODE SELECT(10) */
	{ 0x5a, ANY,	IN_STANDBY },	/* MODE SENSE(10) */
	{ 0x5e, ANY,	IN_STANDBY },	/* PERSISTENT RESERVE IN */
	{ 0x5f, ANY,	IN_STANDBY },	/* PERSISTENT RESERVE OUT */
	{ 0x9e, 0x10,	IN_STANDBY },	/* READ CAPACITY(16) */
	{ 0xa0, ANY,	IN_ALL },	/* REPORT LUNS */
	{ 0xa3, 0x0a,	IN_ALL },	/* REPORT TARGET PORT GROUPS */
	{ 0xa3, 0x0c,	IN_STANDBY },	/* REPORT SUPPORTED OPERATION CODES */
	{ 0xa3, 0x0d,	IN_STANDBY },	/* REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS */
	{ 0xa4, 0x0a,	IN_BOTH },	/* SET TARGET PORT GROUPS */
};
/* clang-format on */
const size_t scsi_alua_rule_count = ARRAY_LEN(scsi_alua_rules);

static unsigned
state_bit(uint8_t access)
{
	if (access == SCSI_ALUA_STANDBY)
		return ALUA_IN_STANDBY;
	return access == SCSI_ALUA_UNAVAILABLE ? ALUA_IN_UNAVAILABLE : ALUA_IN_OFFLINE;
}

static bool
is_carried_out(const struct scsi_task *task)
{
	unsigned state = state_bit(task->nexus->access), action = task->cdb[1] & 0x1f;

	for (size_t i = 0; i < ARRAY_LEN(scsi_alua_rules); i++) {
		const struct scsi_alua_rule *rule = &scsi_alua_rules[i];

		if (rule->opcode == task->cdb[0] &&
		    (rule->action == SCSI_ANY_ACTION || rule->action == action))
			return (rule->states & state) != 0;
	}
	return false;
}

/* ---- A path that ceases to be active ---- */

void
scsi_nexus_set_access(struct scsi_nexus *nexus, enum scsi_alua access)
{
	if (nexus->access <= SCSI_ALUA_NON_OPTIMIZED && access > SCSI_ALUA_NON_OPTIMIZED)
		nexus->access_losses++;
	nexus->access = (uint8_t)access;
}

void
scsi_alua_told(struct scsi_itl *itl)
{
	struct scsi_nexus *nexus = itl->nexus;

	if (itl->access_losses == nexus->access_losses)
		return;
	itl->access_losses = nexus->access_losses;
	itl->access_until_ns = nexus->ops->now_ns(nexus) + SCSI_ALUA_MOVE_NS;
}

/*
 * The initiator was not told yet that this path is not active, or may still be moving its commands.
 */
static bool
is_moving(const struct scsi_itl *itl)
{
	struct scsi_nexus *nexus = itl->nexus;

	if (itl->access_losses != nexus->access_losses)
		return true;
	return itl->access_until_ns != 0 && nexus->ops->now_ns(nexus) < itl->access_until_ns;
}

/* TEST UNIT READY, by which initiators check a path, says at once that the path is not active. */
bool
scsi_alua_allows(const struct scsi_task *task)
{
	return is_carried_out(task) || (task->cdb[0] != 0x00 && is_moving(task->itl));
}

/* ---- The groups of a unit ---- */

#define GROUPS_AT_ONCE 32u

bool
scsi_alua_is_explicit(const struct scsi_task *task)
{
	struct scsi_port_group groups[GROUPS_AT_ONCE];
	size_t count = 1;

	if (task->nexus->target_port_group == 0)
		return false;
	for (size_t first = 0; first < count; first += GROUPS_AT_ONCE) {
		count = task->nexus->ops->port_groups(task->itl, first, groups, GROUPS_AT_ONCE);
		for (size_t i = 0; i < GROUPS_AT_ONCE && first + i < count; i++)
			if (groups[i].settable)
				return true;
	}
	return false;
}

/* 01b: the array changes the states for its administrator; 11b: initiators may too. */
unsigned
scsi_alua_tpgs(const struct scsi_task *task)
{
	if (task->nexus->target_port_group == 0)
		return 0;
	return scsi_alua_is_explicit(task) ? 3 : 1;
}

/*
 * Copies all groups; the caller frees them.  Returns 0, or -ENOMEM when the task has ended with
 * BUSY.
 */
static int
groups_load(struct scsi_task *task, struct scsi_port_group **ret_groups, size_t *ret_count)
{
	const struct scsi_host_ops *ops = task->nexus->ops;
	size_t count = MIN(ops->port_groups(task->itl, 0, NULL, 0), (size_t)UINT16_MAX);
	struct scsi_port_group *groups = mem_calloc(count + 1, sizeof(*groups));

	if (groups == NULL) {
		scsi_status(task, SCSI_STATUS_BUSY);
		return -ENOMEM;
	}
	if (count > 0)
		count = MIN(count, ops->port_groups(task->itl, 0, groups, count));
	*ret_groups = groups;
	*ret_count = count;
	return 0;
}

/* ---- REPORT TARGET PORT GROUPS ---- */

enum {
	FORMAT_LENGTH_ONLY = 0,
	FORMAT_EXTENDED = 1,
	DESCRIPTOR_BYTES = 12, /* of a group with one port */
	/* O_SUP, U_SUP, S_SUP, AN_SUP, AO_SUP */
	SUPPORTED_STATES = 0x4f,
};

int
scsi_rtpg_parse(struct scsi_task *task)
{
	if (task->cdb[1] >> 5 > FORMAT_EXTENDED)
		return scsi_sense_invalid_field(task, 1, 7);
	return scsi_expect_in(task,
			      MIN(get_be32(task->cdb + 6), 8u + DESCRIPTOR_BYTES * UINT16_MAX));
}

static void
put_group(uint8_t *p, const struct scsi_port_group *group)
{
	memset(p, 0, DESCRIPTOR_BYTES);
	p[0] = (uint8_t)((group->preferred ? 0x80 : 0) | group->access);
	p[1] = SUPPORTED_STATES;
	put_be16(p + 2, group->number);
	p[5] = group->cause;
	p[7] = 1; /* TARGET PORT COUNT */
	put_be16(p + 10, group->number);
}

int
scsi_rtpg_execute(struct scsi_task *task)
{
	size_t head = task->cdb[1] >> 5 == FORMAT_EXTENDED ? 8 : 4, count, len;
	AUTO_FREE struct scsi_port_group *groups = NULL;
	AUTO_FREE uint8_t *data = NULL;

	if (groups_load(task, &groups, &count) < 0)
		return SCSI_DONE;
	len = head + DESCRIPTOR_BYTES * count;
	data = mem_calloc(1, len);
	if (data == NULL)
		return scsi_status(task, SCSI_STATUS_BUSY);
	put_be32(data, (uint32_t)(len - 4));
	if (head == 8)
		data[4] = FORMAT_EXTENDED << 4; /* IMPLICIT TRANSITION TIME 0: not specified */
	for (size_t i = 0; i < count; i++)
		put_group(data + head + DESCRIPTOR_BYTES * i, &groups[i]);
	return scsi_give(task, data, len, get_be32(task->cdb + 6));
}

/* ---- SET TARGET PORT GROUPS ---- */

#define SETS_MAX 256u /* descriptors in one command */

/* A length that has no whole descriptors is a wrong field of the CDB: SPC-5 says so. */
int
scsi_stpg_parse(struct scsi_task *task)
{
	uint32_t len = get_be32(task->cdb + 6);

	if (len == 0)
		return scsi_expect_none(task);
	if (len < 4 || len % 4 != 0 || len > 4 + 4 * SETS_MAX)
		return scsi_sense_invalid_field(task, 6, -1);
	return scsi_expect_parameters(task, len);
}

static bool
is_settable_state(uint8_t access)
{
	return access <= SCSI_ALUA_UNAVAILABLE || access == SCSI_ALUA_OFFLINE;
}

static bool
is_settable_group(const struct scsi_port_group *groups, size_t count, uint16_t number)
{
	for (size_t i = 0; i < count; i++)
		if (groups[i].number == number)
			return groups[i].settable;
	return false;
}

static bool
is_named_before(const struct scsi_alua_set *sets, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (sets[i].number == sets[index].number)
			return true;
	return false;
}

/*
 * Reads the descriptors into `sets`.  A group has one port, so that the state offline, for which
 * the descriptor names a port, and the others, for which it names a group, mean the same thing.
 * SCSI_GO or SCSI_DONE.
 */
static int
sets_read(struct scsi_task *task, struct scsi_alua_set *sets, size_t count)
{
	AUTO_FREE struct scsi_port_group *groups = NULL;
	size_t group_count;

	if (groups_load(task, &groups, &group_count) < 0)
		return SCSI_DONE;
	for (size_t i = 0; i < count; i++) {
		unsigned at = (unsigned)(4 + 4 * i);
		uint8_t p[4];

		scsi_out_copy(task, at, p, sizeof(p));
		sets[i] = (struct scsi_alua_set){ get_be16(p + 2), p[0] & 0x0f };
		if (!is_settable_state(sets[i].access))
			return scsi_sense_invalid_parameter(task, at, 3);
		if (!is_settable_group(groups, group_count, sets[i].number) ||
		    is_named_before(sets, i))
			return scsi_sense_invalid_parameter(task, at + 2, -1);
	}
	return SCSI_GO;
}

/* The step after the states were set, or not. */
static int
stpg_end(struct scsi_task *task)
{
	switch (task->work->error) {
	case 0:
		return scsi_good(task);
	case -ENOMEM:
	case ERR_BUSY:
		return scsi_status(task, SCSI_STATUS_BUSY);
	default:
		return scsi_sense_set_failed(task);
	}
}

int
scsi_stpg_execute(struct scsi_task *task)
{
	size_t count = task->out_bytes >= 4 ? task->out_bytes / 4 - 1 : 0;
	struct scsi_alua_set *sets;

	if (count == 0)
		return scsi_good(task);
	if (scsi_work_new(task, count * sizeof(*sets), 0) < 0)
		return SCSI_DONE;
	sets = (struct scsi_alua_set *)(void *)task->work->buf;
	if (sets_read(task, sets, count) == SCSI_DONE)
		return SCSI_DONE;
	task->step = stpg_end;
	task->itl->access_sets++;
	if (task->nexus->ops->set_access(task, sets, count) == 0)
		return SCSI_PENDING;
	task->itl->access_sets--;
	return scsi_status(task, SCSI_STATUS_BUSY);
}

void
scsi_alua_set_done(struct scsi_task *task, int error, bool changed)
{
	struct scsi_itl *itl = task->itl;

	itl->access_sets--;
	if (changed) {
		itl->ua_seen[SCSI_UA_ACCESS]++;
		itl->access_losses = itl->nexus->access_losses; /* it has asked for that itself */
	}
	itl->ua_sequence--; /* look again at what others have raised meanwhile */
	task->work->error = error;
	scsi_task_resume(task);
}
