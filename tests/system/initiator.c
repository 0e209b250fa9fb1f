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
 *	hold PORTAL TARGET INITIATOR [N]	opens a session and keeps it; N: an ISID of that number
 *	sense LUN			TEST UNIT READY on the kept session: "ok good" or "ok KEY/ASCASCQ" in hex
 *	capacity LUN			on the kept session: "ok BLOCKS", or "ok KEY/ASCQ"
 *	get LUN BLOCK			on the kept session, one block: "ok BYTE", or "ok KEY/ASCQ"
 *	put LUN BLOCK BYTE		on the kept session, one block: "ok good", or "ok KEY/ASCQ"
 *	cache LUN [0|1]			on the kept session: WCE of the caching page; sets it first
 *	cdb LUN CDB IN_BYTES OUT	on the kept session, any command, all in hex but IN_BYTES; OUT - = none:
 *					"ok good DATA-IN", "ok KEY/ASCQ", or "ok status STATUS"
 *	reset LUN			LOGICAL UNIT RESET on the kept session: "ok"
 *	raw LUN IN CDB [OUT]		any command on the kept session, in hex, with room for IN bytes:
 *					"ok STATUS KEY/ASCASCQ DATA", or - for no sense data
 *	drop				ends the kept session
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

/* For LeakSanitizer: libiscsi forgets the task of a call that waits when the connection is lost. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:scsi_create_task\nleak:scsi_malloc\n";
}

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

/* ---- the kept session ---- */

static void
sense_say(struct scsi_task *task)
{
	if (task == NULL)
		printf("error no answer\n");
	else if (task->status == SCSI_STATUS_GOOD)
		printf("ok good\n");
	else if (task->status == SCSI_STATUS_CHECK_CONDITION)
		printf("ok %x/%04x\n", task->sense.key, task->sense.ascq);
	else /* also a status of libiscsi's own, when the session is gone */
		printf("error status %#x\n", task->status);
}

static int
on_hold(char **argv)
{
	const char *text;

	kept = context_new(argv[3], argv[2]);
	if (argv[4] != NULL)
		iscsi_set_isid_random(kept, (uint32_t)atoi(argv[4]), 0);
	if (session_open(kept, argv[1]) == 0) {
		printf("ok\n");
		return 0;
	}
	text = iscsi_get_error(kept);
	printf("error %.*s\n", (int)strcspn(text, "\n"), text);
	iscsi_destroy_context(kept);
	kept = NULL;
	return 0;
}

static int
on_sense(char **argv)
{
	struct scsi_task *task = kept != NULL ? iscsi_testunitready_sync(kept, atoi(argv[1]))
					      : NULL;

	sense_say(task);
	if (task != NULL)
		scsi_free_scsi_task(task);
	return 0;
}

static int
on_capacity(char **argv)
{
	struct scsi_task *task = kept != NULL ? iscsi_readcapacity16_sync(kept, atoi(argv[1]))
					      : NULL;
	struct scsi_readcapacity16 *capacity = NULL;

	if (task != NULL && task->status == SCSI_STATUS_GOOD)
		capacity = scsi_datain_unmarshall(task);
	if (capacity != NULL)
		printf("ok %llu\n", (unsigned long long)capacity->returned_lba + 1);
	else
		sense_say(task);
	if (task != NULL)
		scsi_free_scsi_task(task);
	return 0;
}

/* Returns how many bytes the hex digits are; reads no more than `most`. */
static int
hex_read(const char *text, unsigned char *bytes, int most)
{
	int n = 0;

	for (unsigned value; n < most && sscanf(text + 2 * n, "%2x", &value) == 1; n++)
		bytes[n] = (unsigned char)value;
	return n;
}

static int
on_cdb(char **argv)
{
	static unsigned char out[4096];
	unsigned char cdb[16];
	int cdb_bytes = hex_read(argv[2], cdb, 16), in = atoi(argv[3]);
	struct iscsi_data data = { .size = (size_t)hex_read(argv[4], out, sizeof(out)),
				   .data = out };
	struct scsi_task *task = scsi_create_task(cdb_bytes, cdb,
						  in > 0          ? SCSI_XFER_READ
						  : data.size > 0 ? SCSI_XFER_WRITE
								  : SCSI_XFER_NONE,
						  in > 0 ? in : (int)data.size);

	if (task == NULL || kept == NULL ||
	    iscsi_scsi_command_sync(kept, atoi(argv[1]), task, data.size > 0 ? &data : NULL) ==
		    NULL) {
		printf("error %s\n", kept != NULL ? iscsi_get_error(kept) : "no session");
		return 0;
	}
	if (task->status == SCSI_STATUS_GOOD) {
		printf("ok good ");
		for (int i = 0; i < task->datain.size; i++)
			printf("%02x", task->datain.data[i]);
		printf("\n");
	} else if (task->status == SCSI_STATUS_CHECK_CONDITION) {
		sense_say(task);
	} else {
		printf("ok status %02x\n", (unsigned)task->status);
	}
	scsi_free_scsi_task(task);
	return 0;
}

/* Blocks of 512 bytes. */
static int
on_kept_block(char **argv)
{
	static unsigned char block[512];
	int lun = atoi(argv[1]), is_get = strcmp(argv[0], "get") == 0;
	uint64_t lba = strtoull(argv[2], NULL, 10);
	struct scsi_task *task = NULL;

	if (kept != NULL && is_get) {
		task = iscsi_read16_sync(kept, lun, lba, sizeof(block), sizeof(block), 0, 0, 0, 0,
					 0);
	} else if (kept != NULL && argv[3] != NULL) {
		memset(block, atoi(argv[3]), sizeof(block));
		task = iscsi_write16_sync(kept, lun, lba, block, sizeof(block), sizeof(block), 0, 0,
					  0, 0, 0);
	}
	if (task != NULL && task->status == SCSI_STATUS_GOOD && is_get)
		block_print(task, sizeof(block));
	else
		sense_say(task);
	if (task != NULL)
		scsi_free_scsi_task(task);
	return 0;
}

static struct scsi_task *
caching_page_get(int lun, struct scsi_mode_page **ret_page)
{
	struct scsi_task *task = iscsi_modesense6_sync(kept, lun, 1, SCSI_MODESENSE_PC_CURRENT,
						       SCSI_MODEPAGE_CACHING, 0, 255);
	struct scsi_mode_sense *sense = NULL;

	*ret_page = NULL;
	if (task != NULL && task->status == SCSI_STATUS_GOOD)
		sense = scsi_datain_unmarshall(task);
	if (sense != NULL)
		*ret_page = scsi_modesense_get_page(sense, SCSI_MODEPAGE_CACHING, 0);
	return task;
}

/* Returns 0, or -1 when the command failed and was answered. */
static int
cache_set(int lun, int on, struct scsi_mode_page *page)
{
	struct scsi_task *task;
	int good;

	page->ps = 0;
	page->caching.wce = on;
	task = iscsi_modeselect6_sync(kept, lun, 1, 0, page);
	good = task != NULL && task->status == SCSI_STATUS_GOOD;
	if (!good)
		sense_say(task);
	if (task != NULL)
		scsi_free_scsi_task(task);
	return good ? 0 : -1;
}

static int
on_cache(char **argv)
{
	struct scsi_mode_page *page = NULL;
	struct scsi_task *task = kept != NULL ? caching_page_get(atoi(argv[1]), &page) : NULL;
	int done = 0;

	if (page != NULL && argv[2] != NULL)
		done = cache_set(atoi(argv[1]), atoi(argv[2]), page);
	if (page != NULL && done == 0)
		printf("ok %d\n", page->caching.wce);
	else if (page == NULL)
		sense_say(task);
	if (task != NULL)
		scsi_free_scsi_task(task);
	return 0;
}

static int
on_reset(char **argv)
{
	if (kept != NULL && iscsi_task_mgmt_lun_reset_sync(kept, (uint32_t)atoi(argv[1])) == 0)
		printf("ok\n");
	else
		printf("error reset\n");
	return 0;
}

static void
answer_print(const struct scsi_task *task)
{
	printf("ok %x ", (unsigned)task->status);
	if (task->status == SCSI_STATUS_CHECK_CONDITION)
		printf("%x/%04x ", task->sense.key, task->sense.ascq);
	else
		printf("- ");
	for (int i = 0; i < task->datain.size; i++)
		printf("%02x", task->datain.data[i]);
	printf("\n");
}

static int
on_raw(char **argv)
{
	static unsigned char cdb[16], out[4096];
	int in_len = atoi(argv[2]), cdb_len = hex_read(argv[3], cdb, sizeof(cdb));
	struct iscsi_data data = { .size = (size_t)hex_read(argv[4] != NULL ? argv[4] : "-", out,
							    sizeof(out)),
				   .data = out };
	int direction = data.size > 0 ? SCSI_XFER_WRITE
			: in_len > 0  ? SCSI_XFER_READ
				      : SCSI_XFER_NONE;
	struct scsi_task *task = scsi_create_task(cdb_len, cdb, direction,
						  data.size > 0 ? (int)data.size : in_len);

	if (kept != NULL && task != NULL &&
	    iscsi_scsi_command_sync(kept, atoi(argv[1]), task, data.size > 0 ? &data : NULL) !=
		    NULL &&
	    task->status <= 0xff)
		answer_print(task);
	else
		printf("error no answer\n");
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
	{ "capacity",	1, on_capacity },
	{ "cdb",	4, on_cdb },
	{ "get",	2, on_kept_block },
	{ "put",	3, on_kept_block },
	{ "cache",	1, on_cache },
	{ "reset",	1, on_reset },
	{ "raw",	3, on_raw },
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
