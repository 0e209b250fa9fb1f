/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an initiator sees, through libiscsi.  Commands on standard input, one answer line each, "ok
 * …" or "error …":
 *
 *	list PORTAL TARGET INITIATOR	a new session: "ok NUMBER=SERIAL …" for REPORT LUNS and each unit's VPD page 80h
 *	discover PORTAL INITIATOR	"ok IQN …" from SendTargets=All
 *	write PORTAL TARGET INITIATOR LUN BLOCK BYTE	one block of that byte, then SYNCHRONIZE CACHE
 *	read PORTAL TARGET INITIATOR LUN BLOCK		"ok BYTE", when the whole block is of that byte
 *	fill PORTAL TARGET INITIATOR LUN BYTES	64 KiB at a time; "ok DONE KEY/ASCQ", how much there was room for, the sense
 *	hold PORTAL TARGET INITIATOR	opens a session and keeps it
 *	sense LUN			TEST UNIT READY on the kept session: "ok good" or "ok KEY/ASCASCQ" in hex
 *	drop				ends the kept session
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

static struct iscsi_context *kept;

static struct iscsi_context *
context_new(const char *initiator, const char *target)
{
	struct iscsi_context *iscsi = iscsi_create_context(initiator);

	if (iscsi == NULL)
		exit(1);
	iscsi_set_noautoreconnect(iscsi, 1);
	iscsi_set_timeout(iscsi, 20);
	iscsi_set_session_type(iscsi,
			       target != NULL ? ISCSI_SESSION_NORMAL : ISCSI_SESSION_DISCOVERY);
	if (target != NULL)
		iscsi_set_targetname(iscsi, target);
	return iscsi;
}

static int
session_open(struct iscsi_context *iscsi, const char *portal)
{
	return iscsi_connect_sync(iscsi, portal) == 0 && iscsi_login_sync(iscsi) == 0 ? 0 : -1;
}

static void
session_close(struct iscsi_context *iscsi)
{
	iscsi_logout_sync(iscsi);
	iscsi_destroy_context(iscsi);
}

/* The first command after a login, or after a change, meets a unit attention. */
static void
attentions_clear(struct iscsi_context *iscsi, int lun)
{
	for (int i = 0; i < 8; i++) {
		struct scsi_task *task = iscsi_testunitready_sync(iscsi, lun);
		int status = task != NULL ? task->status : -1;
		int key = task != NULL ? task->sense.key : 0;

		scsi_free_scsi_task(task);
		if (status != SCSI_STATUS_CHECK_CONDITION || key != SCSI_SENSE_UNIT_ATTENTION)
			return;
	}
}

static int
serial_print(struct iscsi_context *iscsi, int lun)
{
	struct scsi_task *task = iscsi_inquiry_sync(iscsi, lun, 1,
						    SCSI_INQUIRY_PAGECODE_UNIT_SERIAL_NUMBER, 255);
	struct scsi_inquiry_unit_serial_number *page = NULL;

	if (task != NULL && task->status == SCSI_STATUS_GOOD)
		page = scsi_datain_unmarshall(task);
	if (page != NULL)
		printf(" %d=%s", lun, page->usn);
	if (task != NULL)
		scsi_free_scsi_task(task);
	return page != NULL ? 0 : -1;
}

static int
luns_print(struct iscsi_context *iscsi)
{
	struct scsi_task *task = iscsi_reportluns_sync(iscsi, 0, 65536);
	struct scsi_reportluns_list *list = NULL;
	int error = 0;

	if (task != NULL && task->status == SCSI_STATUS_GOOD)
		list = scsi_datain_unmarshall(task);
	for (uint32_t i = 0; list != NULL && i < list->num; i++)
		error |= serial_print(iscsi, list->luns[i]);
	if (task != NULL)
		scsi_free_scsi_task(task);
	return list != NULL ? error : -1;
}

static int
on_list(char **argv)
{
	struct iscsi_context *iscsi = context_new(argv[3], argv[2]);
	int error = session_open(iscsi, argv[1]);

	if (error != 0) {
		printf("error login %s\n", iscsi_get_error(iscsi));
		iscsi_destroy_context(iscsi);
		return 0;
	}
	printf("ok");
	if (luns_print(iscsi) < 0)
		printf(" error=%s", iscsi_get_error(iscsi));
	printf("\n");
	session_close(iscsi);
	return 0;
}

static int
on_discover(char **argv)
{
	struct iscsi_context *iscsi = context_new(argv[2], NULL);
	struct iscsi_discovery_address *list;

	if (session_open(iscsi, argv[1]) != 0) {
		printf("error login %s\n", iscsi_get_error(iscsi));
		iscsi_destroy_context(iscsi);
		return 0;
	}
	list = iscsi_discovery_sync(iscsi);
	printf("ok");
	for (struct iscsi_discovery_address *at = list; at != NULL; at = at->next)
		printf(" %s", at->target_name);
	printf("\n");
	if (list != NULL)
		iscsi_free_discovery_data(iscsi, list);
	session_close(iscsi);
	return 0;
}

static int
block_size(struct iscsi_context *iscsi, int lun)
{
	struct scsi_task *task;
	struct scsi_readcapacity16 *capacity = NULL;
	int size = -1;

	attentions_clear(iscsi, lun);
	task = iscsi_readcapacity16_sync(iscsi, lun);
	if (task != NULL && task->status == SCSI_STATUS_GOOD)
		capacity = scsi_datain_unmarshall(task);
	if (capacity != NULL)
		size = (int)capacity->block_length;
	if (task != NULL)
		scsi_free_scsi_task(task);
	return size;
}

static struct scsi_task *
block_io(struct iscsi_context *iscsi, char **argv, int size)
{
	static unsigned char block[4096];
	int lun = atoi(argv[4]);
	uint64_t lba = strtoull(argv[5], NULL, 10);
	struct scsi_task *task;

	if (strcmp(argv[0], "read") == 0)
		return iscsi_read16_sync(iscsi, lun, lba, (uint32_t)size, size, 0, 0, 0, 0, 0);
	memset(block, atoi(argv[6]), (size_t)size);
	task = iscsi_write16_sync(iscsi, lun, lba, block, (uint32_t)size, size, 0, 0, 0, 0, 0);
	if (task != NULL && task->status == SCSI_STATUS_GOOD) {
		scsi_free_scsi_task(task);
		task = iscsi_synchronizecache16_sync(iscsi, lun, 0, 0, 0, 0);
	}
	return task;
}

static void
block_print(const struct scsi_task *task, int size)
{
	if (task->datain.size != size) {
		printf("error size %d\n", task->datain.size);
		return;
	}
	for (int i = 1; i < size; i++) {
		if (task->datain.data[i] != task->datain.data[0]) {
			printf("error mixed\n");
			return;
		}
	}
	printf("ok %d\n", task->datain.data[0]);
}

static int
on_block(char **argv)
{
	struct iscsi_context *iscsi = context_new(argv[3], argv[2]);
	struct scsi_task *task = NULL;
	int size = -1;

	if (session_open(iscsi, argv[1]) == 0)
		size = block_size(iscsi, atoi(argv[4]));
	if (size == 512 || size == 4096)
		task = block_io(iscsi, argv, size);
	if (task == NULL || task->status != SCSI_STATUS_GOOD)
		printf("error %s\n", iscsi_get_error(iscsi));
	else if (strcmp(argv[0], "read") == 0)
		block_print(task, size);
	else
		printf("ok\n");
	if (task != NULL)
		scsi_free_scsi_task(task);
	session_close(iscsi);
	return 0;
}

#define FILL_BYTES 65536

/* How far it got; *ret_task is the write that failed, NULL = none did. */
static uint64_t
fill(struct iscsi_context *iscsi, int lun, uint64_t bytes, int size, struct scsi_task **ret_task)
{
	static unsigned char data[FILL_BYTES];
	uint64_t done = 0;

	memset(data, 0x5a, sizeof(data));
	while (done < bytes) {
		struct scsi_task *task = iscsi_write16_sync(iscsi, lun, done / (unsigned)size, data,
							    FILL_BYTES, size, 0, 0, 0, 0, 0);

		if (task == NULL || task->status != SCSI_STATUS_GOOD) {
			*ret_task = task;
			return done;
		}
		scsi_free_scsi_task(task);
		done += FILL_BYTES;
	}
	return done;
}

static int
on_fill(char **argv)
{
	struct iscsi_context *iscsi = context_new(argv[3], argv[2]);
	struct scsi_task *task = NULL;
	uint64_t done = 0;
	int size = -1;

	if (session_open(iscsi, argv[1]) == 0)
		size = block_size(iscsi, atoi(argv[4]));
	if (size > 0)
		done = fill(iscsi, atoi(argv[4]), strtoull(argv[5], NULL, 10), size, &task);
	if (size <= 0)
		printf("error %s\n", iscsi_get_error(iscsi));
	else
		printf("ok %llu %x/%04x\n", (unsigned long long)done,
		       task != NULL ? task->sense.key : 0, task != NULL ? task->sense.ascq : 0);
	if (task != NULL)
		scsi_free_scsi_task(task);
	session_close(iscsi);
	return 0;
}

static int
on_hold(char **argv)
{
	kept = context_new(argv[3], argv[2]);
	if (session_open(kept, argv[1]) == 0) {
		printf("ok\n");
		return 0;
	}
	printf("error %s\n", iscsi_get_error(kept));
	iscsi_destroy_context(kept);
	kept = NULL;
	return 0;
}

static int
on_sense(char **argv)
{
	struct scsi_task *task = kept != NULL ? iscsi_testunitready_sync(kept, atoi(argv[1]))
					      : NULL;

	if (task == NULL)
		printf("error no answer\n");
	else if (task->status == SCSI_STATUS_GOOD)
		printf("ok good\n");
	else
		printf("ok %x/%04x\n", task->sense.key, task->sense.ascq);
	if (task != NULL)
		scsi_free_scsi_task(task);
	return 0;
}

static int
on_drop(char **argv)
{
	(void)argv;
	if (kept != NULL)
		session_close(kept);
	kept = NULL;
	printf("ok\n");
	return 0;
}

static const struct command {
	const char *name;
	int args;
	int (*run)(char **argv);
	/* clang-format off */
} commands[] = {
	{ "list",	3, on_list },
	{ "discover",	2, on_discover },
	{ "write",	6, on_block },
	{ "read",	5, on_block },
	{ "fill",	5, on_fill },
	{ "hold",	3, on_hold },
	{ "sense",	1, on_sense },
	{ "drop",	0, on_drop },
};
/* clang-format on */

int
main(void)
{
	static char line[8192];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		char *argv[16] = { NULL }, *rest = NULL;
		int argc = 0, known = 0;

		for (char *word = strtok_r(line, " \n", &rest); word != NULL && argc < 15;
		     word = strtok_r(NULL, " \n", &rest))
			argv[argc++] = word;
		for (size_t i = 0; argc > 0 && i < sizeof(commands) / sizeof(commands[0]); i++) {
			if (strcmp(commands[i].name, argv[0]) != 0 || argc - 1 < commands[i].args)
				continue;
			known = 1;
			commands[i].run(argv);
		}
		if (!known)
			printf("error command\n");
		fflush(stdout);
	}
	if (kept != NULL)
		session_close(kept);
	return 0;
}
