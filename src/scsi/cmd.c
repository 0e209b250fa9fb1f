/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of the commands that a unit knows, and REPORT SUPPORTED OPERATION CODES, which shows it
 * to an initiator.  task.c looks a CDB up here; everything runs on the task's thread.  Source:
 * SPC-5 and SBC-4 (the commands; REPORT SUPPORTED OPERATION CODES for the usage data).
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

#define GROUP(group) (ACCESS_##group << CMD_ACCESS_SHIFT)
#define ALWAYS       (CMD_NO_UNIT | CMD_NO_UA | CMD_ANY_STATE | GROUP(ALWAYS))
#define READS        (CMD_BLOCKS | CMD_RANGE | GROUP(READS))
#define WRITES       (CMD_BLOCKS | CMD_RANGE | CMD_WRITE)
#define ALONE        (CMD_RANGE | CMD_ATOMIC)
#define SANITIZES    (ALONE | CMD_WRITE | CMD_JOB | CMD_CORRUPT | CMD_NOT_SANITIZED)
#define NONE         SCSI_NO_ACTION
#define LONG_USAGE(action, flags)                                                              \
	SCSI_LONG_CDB, 0x04, 0, 0, 0, 0, 0, 0xff, 0, action, flags, 0, 0xff, 0xff, 0xff, 0xff, \
		0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff

/* clang-format off */
const struct scsi_cmd scsi_cmds[] = {
#define ROW(opcode, action, cdb_bytes, flags, parse, execute, ...) \
	{ opcode, action, cdb_bytes, flags, parse, execute, { __VA_ARGS__ } },
#define NEXT ROW
#include "scsi/cmd.def"
#undef NEXT
#undef ROW
};

enum {
#define ROW(opcode, action, ...) ROW_##opcode##_##action,
#define NEXT ROW
#include "scsi/cmd.def"
#undef NEXT
#undef ROW
};

/* By opcode: 1 + its first row, 0 = not known. */
static const uint8_t first_rows[256] = {
#define ROW(opcode, action, ...) [opcode] = 1 + ROW_##opcode##_##action,
#define NEXT(...)
#include "scsi/cmd.def"
#undef NEXT
#undef ROW
};
/* clang-format on */

const size_t scsi_cmd_count = ARRAY_LEN(scsi_cmds);

static const struct scsi_cmd *
find(uint8_t opcode, unsigned action, bool *ret_known)
{
	unsigned first = first_rows[opcode];

	*ret_known = first != 0;
	for (size_t i = first - 1u;
	     first != 0 && i < ARRAY_LEN(scsi_cmds) && scsi_cmds[i].opcode == opcode; i++)
		if (scsi_cmds[i].action == SCSI_NO_ACTION || scsi_cmds[i].action == action)
			return &scsi_cmds[i];
	return NULL;
}

/* A CDB of variable length has 16 bits for the service action, the others have 5. */
const struct scsi_cmd *
scsi_cmd_find(const uint8_t *cdb, bool *ret_known)
{
	return find(cdb[0], cdb[0] == SCSI_LONG_CDB ? get_be16(cdb + 8) : cdb[1] & 0x1fu,
		    ret_known);
}

bool
scsi_cmd_supported(const struct scsi_cmd *cmd, const struct scsi_task *task)
{
	if ((cmd->flags & CMD_SECTOR) && scsi_task_lu(task)->desc.block_bytes != 512)
		return false;
	if (__builtin_expect(
		    (cmd->flags & (CMD_THIN | CMD_ALUA | CMD_EXPLICIT | CMD_JOB | CMD_STORE)) == 0,
		    1))
		return true;
	if ((cmd->flags & CMD_STORE) && scsi_task_lu(task)->desc.store == NULL)
		return false;
	if ((cmd->flags & CMD_JOB) && !scsi_job_is_possible(scsi_task_lu(task)))
		return false;
	if ((cmd->flags & CMD_THIN) && !scsi_task_lu(task)->unmaps)
		return false;
	if (cmd->flags & CMD_EXPLICIT)
		return scsi_alua_is_explicit(task);
	return !(cmd->flags & CMD_ALUA) || task->nexus->target_port_group != 0;
}

bool
scsi_cmd_has_sibling(const struct scsi_cmd *cmd, const struct scsi_task *task)
{
	for (size_t i = first_rows[cmd->opcode] - 1u;
	     i < ARRAY_LEN(scsi_cmds) && scsi_cmds[i].opcode == cmd->opcode; i++)
		if (&scsi_cmds[i] != cmd && scsi_cmd_supported(&scsi_cmds[i], task))
			return true;
	return false;
}

/* ---- REPORT SUPPORTED OPERATION CODES ---- */

enum {
	RSOC_ALL = 0,
	RSOC_OPCODE = 1, /* an opcode without service actions */
	RSOC_ACTION = 2, /* an opcode with service actions */
	RSOC_EITHER = 3,
	RSOC_TIMEOUTS_BYTES = 12,
};

int
scsi_rsoc_parse(struct scsi_task *task)
{
	if ((task->cdb[2] & 0x07) > RSOC_EITHER)
		return scsi_sense_invalid_field(task, 2, 2);
	return scsi_expect_in(task, get_be32(task->cdb + 6));
}

/* Writes a command timeouts descriptor that states no timeout (0).  Returns its size. */
static size_t
put_timeouts(uint8_t *p)
{
	memset(p, 0, RSOC_TIMEOUTS_BYTES);
	put_be16(p, 0x0a);
	return RSOC_TIMEOUTS_BYTES;
}

static size_t
put_command(uint8_t *p, const struct scsi_cmd *cmd, bool timeouts)
{
	memset(p, 0, 8);
	p[0] = cmd->opcode;
	if (cmd->action != SCSI_NO_ACTION)
		put_be16(p + 2, cmd->action);
	p[5] = (uint8_t)((timeouts ? 0x02 : 0) | (cmd->action != SCSI_NO_ACTION ? 0x01 : 0));
	put_be16(p + 6, cmd->cdb_bytes);
	return 8 + (timeouts ? put_timeouts(p + 8) : 0);
}

static int
report_all(struct scsi_task *task, bool timeouts)
{
	uint8_t data[4 + ARRAY_LEN(scsi_cmds) * (8 + RSOC_TIMEOUTS_BYTES)];
	size_t len = 4;

	for (size_t i = 0; i < ARRAY_LEN(scsi_cmds); i++)
		if (scsi_cmd_supported(&scsi_cmds[i], task))
			len += put_command(data + len, &scsi_cmds[i], timeouts);
	put_be32(data, (uint32_t)(len - 4));
	return scsi_give(task, data, len, get_be32(task->cdb + 6));
}

static int
report_one(struct scsi_task *task, const struct scsi_cmd *cmd, bool timeouts)
{
	uint8_t data[4 + SCSI_CDB_BYTES + RSOC_TIMEOUTS_BYTES] = { 0 };
	size_t len = 4;

	data[1] = 0x01; /* SUPPORT: not supported */
	if (cmd != NULL && scsi_cmd_supported(cmd, task)) {
		data[1] = (uint8_t)(0x03 | (timeouts ? 0x80 : 0));
		put_be16(data + 2, cmd->cdb_bytes);
		memcpy(data + 4, cmd->usage, cmd->cdb_bytes);
		len += cmd->cdb_bytes;
		if (timeouts)
			len += put_timeouts(data + len);
	}
	return scsi_give(task, data, len, get_be32(task->cdb + 6));
}

int
scsi_rsoc_execute(struct scsi_task *task)
{
	unsigned options = task->cdb[2] & 0x07, action = get_be16(task->cdb + 4);
	bool timeouts = (task->cdb[2] & 0x80) != 0, known = false, has_actions;
	uint8_t opcode = task->cdb[3];
	const struct scsi_cmd *cmd;

	if (options == RSOC_ALL)
		return report_all(task, timeouts);
	cmd = find(opcode, action, &known);
	has_actions = known && (cmd == NULL || cmd->action != SCSI_NO_ACTION);
	if (known && options == RSOC_OPCODE && has_actions)
		return scsi_sense_invalid_field(task, 2, 2);
	if (known && options == RSOC_ACTION && !has_actions)
		return scsi_sense_invalid_field(task, 2, 2);
	if ((action > 0x1f && opcode != SCSI_LONG_CDB) ||
	    (options == RSOC_EITHER && !has_actions && action != 0))
		cmd = NULL;
	return report_one(task, cmd, timeouts);
}
