/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helpers that initiator.h declares and describes. */
#include "initiator.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#define NS_PER_S  1000000000ull
#define NS_PER_MS 1000000ull

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* ---- Logging in ---- */

static _Thread_local int last_login_status;

int
host_login_status(void)
{
	return last_login_status;
}

static int
status_from_error(const char *text)
{
	static const struct {
		const char *words;
		int status;
		/* clang-format off */
	} known[] = {
		{ "Target not found", 0x0203 },
		{ "Authentication failure", 0x0201 },
		{ "Not authorized", 0x0202 },
		{ "Authorization", 0x0202 },
		{ "Forbidden", 0x0202 },
		{ "Service unavailable", 0x0301 },
		{ "Out of resources", 0x0302 },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasestr(text, known[i].words) != NULL)
			return known[i].status;
	return -1;
}

static void
set_options(struct iscsi_context *iscsi, const struct initiator_options *o)
{
	iscsi_set_noautoreconnect(iscsi, 1);
	iscsi_set_timeout(iscsi, 20);
	iscsi_set_header_digest(iscsi, o->header_digest ? ISCSI_HEADER_DIGEST_CRC32C
							: ISCSI_HEADER_DIGEST_NONE);
	iscsi_set_immediate_data(iscsi, o->no_immediate_data ? ISCSI_IMMEDIATE_DATA_NO
							     : ISCSI_IMMEDIATE_DATA_YES);
	if (o->user != NULL)
		iscsi_set_initiator_username_pwd(iscsi, o->user, o->secret);
	if (o->target_user != NULL)
		iscsi_set_target_username_pwd(iscsi, o->target_user, o->target_secret);
	iscsi_set_initial_r2t(iscsi, o->initial_r2t ? ISCSI_INITIAL_R2T_YES : ISCSI_INITIAL_R2T_NO);
}

struct iscsi_context *
initiator_login(const char *portal, const char *host, const char *target, unsigned isid,
		const struct initiator_options *options)
{
	static const struct initiator_options none;
	struct iscsi_context *iscsi = iscsi_create_context(host);

	assert_non_null(iscsi);
	set_options(iscsi, options != NULL ? options : &none);
	iscsi_set_targetname(iscsi, target);
	iscsi_set_session_type(iscsi, ISCSI_SESSION_NORMAL);
	iscsi_set_isid_en(iscsi, 0x1234, isid);
	last_login_status = 0;
	if (iscsi_connect_sync(iscsi, portal) != 0 || iscsi_login_sync(iscsi) != 0) {
		last_login_status = status_from_error(iscsi_get_error(iscsi));
		iscsi_destroy_context(iscsi);
		return NULL;
	}
	return iscsi;
}

void
host_abandon(struct iscsi_context *iscsi)
{
	iscsi_destroy_context(iscsi);
}

bool
initiator_connects(const char *portal)
{
	struct iscsi_context *iscsi = iscsi_create_context("iqn.2026-11.test:connect");
	bool connected = iscsi_connect_sync(iscsi, portal) == 0;

	iscsi_destroy_context(iscsi);
	return connected;
}

bool
initiator_discovers(const char *portal, const char *host, const char *target)
{
	struct iscsi_context *iscsi = iscsi_create_context(host);
	bool found = false;

	iscsi_set_session_type(iscsi, ISCSI_SESSION_DISCOVERY);
	assert_int_equal(iscsi_connect_sync(iscsi, portal), 0);
	assert_int_equal(iscsi_login_sync(iscsi), 0);
	struct iscsi_discovery_address *list = iscsi_discovery_sync(iscsi);

	for (struct iscsi_discovery_address *d = list; d != NULL; d = d->next)
		if (strcmp(d->target_name, target) == 0 && d->portals != NULL &&
		    strncmp(d->portals->portal, portal, strlen(portal)) == 0)
			found = true;
	iscsi_free_discovery_data(iscsi, list);
	iscsi_destroy_context(iscsi);
	return found;
}

bool
initiator_may_discover(const char *portal, const char *host,
		       const struct initiator_options *options)
{
	struct iscsi_context *iscsi = iscsi_create_context(host);
	bool may;

	set_options(iscsi, options);
	iscsi_set_session_type(iscsi, ISCSI_SESSION_DISCOVERY);
	assert_int_equal(iscsi_connect_sync(iscsi, portal), 0);
	may = iscsi_login_sync(iscsi) == 0;
	iscsi_destroy_context(iscsi);
	return may;
}

void
host_free(struct iscsi_context *iscsi)
{
	iscsi_destroy_context(iscsi);
}

void
host_logout(struct iscsi_context *iscsi)
{
	assert_int_equal(iscsi_logout_sync(iscsi), 0);
	iscsi_destroy_context(iscsi);
}

/* ---- Commands ---- */

/* Takes the task. */
static int
status_of(struct scsi_task *task)
{
	int status = -1;

	if (task != NULL && task->status == SCSI_STATUS_CHECK_CONDITION)
		status = SENSE((int)task->sense.key, (int)task->sense.ascq);
	else if (task != NULL && task->status < 0x100)
		status = (int)task->status;
	if (task != NULL)
		scsi_free_scsi_task(task);
	return status;
}

int
host_command(struct iscsi_context *iscsi, int lun, const uint8_t *cdb, int cdb_len,
	     const uint8_t *out, int out_len, uint8_t *in, int in_len, int *ret_len)
{
	uint8_t cdb_copy[16], out_copy[1024];
	struct iscsi_data data = { .size = (size_t)out_len, .data = out_copy };
	struct scsi_task *task, *done;
	int len;

	assert_true(cdb_len <= 16 && out_len <= (int)sizeof(out_copy));
	memcpy(cdb_copy, cdb, (size_t)cdb_len);
	if (out_len > 0)
		memcpy(out_copy, out, (size_t)out_len);
	task = scsi_create_task(cdb_len, cdb_copy,
				out_len > 0  ? SCSI_XFER_WRITE
				: in_len > 0 ? SCSI_XFER_READ
					     : SCSI_XFER_NONE,
				out_len > 0 ? out_len : in_len);
	assert_non_null(task);
	done = iscsi_scsi_command_sync(iscsi, lun, task, out_len > 0 ? &data : NULL);
	if (done == NULL) {
		scsi_free_scsi_task(task);
		return -1;
	}
	len = done->datain.size < in_len ? done->datain.size : in_len;
	if (len > 0 && done->status == SCSI_STATUS_GOOD)
		memcpy(in, done->datain.data, (size_t)len);
	if (ret_len != NULL)
		*ret_len = len;
	return status_of(done);
}

int
host_test_unit_ready(struct iscsi_context *iscsi, int lun)
{
	return status_of(iscsi_testunitready_sync(iscsi, lun));
}

int
host_read(struct iscsi_context *iscsi, int lun, uint64_t lba, void *buf, uint32_t len)
{
	struct scsi_task *task = iscsi_read16_sync(iscsi, lun, lba, len, 512, 0, 0, 0, 0, 0);

	if (task != NULL && task->status == SCSI_STATUS_GOOD) {
		assert_int_equal(task->datain.size, len);
		memcpy(buf, task->datain.data, len);
	}
	return status_of(task);
}

int
host_write(struct iscsi_context *iscsi, int lun, uint64_t lba, void *buf, uint32_t len)
{
	return status_of(iscsi_write16_sync(iscsi, lun, lba, buf, len, 512, 0, 0, 0, 0, 0));
}

uint32_t
host_read_missing(struct iscsi_context *iscsi, int lun, uint64_t lba, uint32_t len)
{
	struct scsi_task *task = iscsi_read16_sync(iscsi, lun, lba, len, 512, 0, 0, 0, 0, 0);
	uint32_t missing = 0;

	if (task != NULL && task->residual_status == SCSI_RESIDUAL_UNDERFLOW)
		missing = (uint32_t)task->residual;
	status_of(task);
	return missing;
}

uint32_t
host_dataless_excess(struct iscsi_context *iscsi, int lun, uint8_t opcode)
{
	unsigned char cdb[10] = { opcode, [8] = 1 };
	struct scsi_task *task = scsi_create_task(sizeof(cdb), cdb, SCSI_XFER_NONE, 0);
	uint32_t excess = 0;

	assert_non_null(task);
	if (iscsi_scsi_command_sync(iscsi, lun, task, NULL) == NULL)
		return 0;
	if (task->residual_status == SCSI_RESIDUAL_OVERFLOW)
		excess = (uint32_t)task->residual;
	status_of(task);
	return excess;
}

int
host_flush(struct iscsi_context *iscsi, int lun)
{
	return status_of(iscsi_synchronizecache10_sync(iscsi, lun, 0, 0, 0, 0));
}

int
host_report_luns(struct iscsi_context *iscsi, uint16_t *luns, int max)
{
	struct scsi_task *task = iscsi_reportluns_sync(iscsi, 0, 4096);
	int count = -1;

	if (task != NULL && task->status == SCSI_STATUS_GOOD) {
		struct scsi_reportluns_list *list = scsi_datain_unmarshall(task);

		assert_non_null(list);
		count = (int)list->num;
		for (int i = 0; i < count && i < max; i++)
			luns[i] = list->luns[i] & 0x3fff; /* without the addressing method */
	}
	status_of(task);
	return count;
}

int
host_inquiry_first(struct iscsi_context *iscsi, int lun)
{
	struct scsi_task *task = iscsi_inquiry_sync(iscsi, lun, 0, 0, 64);
	int first = task != NULL && task->status == SCSI_STATUS_GOOD && task->datain.size > 0
			    ? task->datain.data[0]
			    : -1;

	status_of(task);
	return first;
}

uint64_t
host_capacity_blocks(struct iscsi_context *iscsi, int lun)
{
	struct scsi_task *task = iscsi_readcapacity16_sync(iscsi, lun);
	uint64_t blocks = 0;

	if (task != NULL && task->status == SCSI_STATUS_GOOD) {
		struct scsi_readcapacity16 *rc = scsi_datain_unmarshall(task);

		blocks = rc->returned_lba + 1;
	}
	status_of(task);
	return blocks;
}

/* ---- Operations under way ---- */

static void
note_done(struct iscsi_context *iscsi, int status, void *data, void *private_data)
{
	struct pending *p = private_data;
	struct scsi_task *task = data;

	(void)iscsi;
	p->done = true;
	if (status == SCSI_STATUS_CHECK_CONDITION)
		p->status = SENSE((int)task->sense.key, (int)task->sense.ascq);
	else
		p->status = status < 0x100 ? status : -1;
	if (status == SCSI_STATUS_GOOD && task->datain.size == sizeof(p->buf))
		memcpy(p->buf, task->datain.data, sizeof(p->buf));
}

/* Once, without waiting longer; false when the connection is gone. */
static bool
serve(struct iscsi_context *iscsi, int timeout_ms)
{
	struct pollfd pfd = { .fd = iscsi_get_fd(iscsi),
			      .events = (short)iscsi_which_events(iscsi) };

	if (pfd.fd < 0)
		return false;
	poll(&pfd, 1, timeout_ms);
	return iscsi_service(iscsi, pfd.revents) == 0 && (pfd.revents & (POLLHUP | POLLERR)) == 0;
}

void
host_start_read(struct pending *p, struct iscsi_context *iscsi, int lun, uint64_t lba)
{
	*p = (struct pending){ .iscsi = iscsi };
	p->task = iscsi_read16_task(iscsi, lun, lba, sizeof(p->buf), 512, 0, 0, 0, 0, 0, note_done,
				    p);
	assert_non_null(p->task);
	serve(iscsi, 0);
}

void
host_start_write(struct pending *p, struct iscsi_context *iscsi, int lun, uint64_t lba,
		 uint8_t fill)
{
	*p = (struct pending){ .iscsi = iscsi };
	memset(p->buf, fill, sizeof(p->buf));
	p->task = iscsi_write16_task(iscsi, lun, lba, p->buf, 512, 512, 0, 0, 0, 0, 0, note_done,
				     p);
	assert_non_null(p->task);
	serve(iscsi, 0);
}

void
host_start_compare_and_write(struct pending *p, struct iscsi_context *iscsi, int lun, uint64_t lba,
			     uint8_t expected, uint8_t fill)
{
	*p = (struct pending){ .iscsi = iscsi };
	memset(p->buf, expected, 512);
	memset(p->buf + 512, fill, 512);
	p->task = iscsi_compareandwrite_task(iscsi, lun, lba, p->buf, 1024, 512, 0, 0, 0, 0, 0,
					     note_done, p);
	assert_non_null(p->task);
	serve(iscsi, 0);
}

void
host_ignore_ping(struct pending *p, struct iscsi_context *iscsi, int lun)
{
	struct pollfd pfd = { .fd = iscsi_get_fd(iscsi), .events = POLLIN };

	assert_int_equal(poll(&pfd, 1, 10000), 1);
	*p = (struct pending){ .iscsi = iscsi };
	p->task = iscsi_testunitready_task(iscsi, lun, note_done, p);
	assert_non_null(p->task);
	while ((iscsi_which_events(iscsi) & POLLOUT) != 0)
		assert_int_equal(iscsi_service(iscsi, POLLOUT), 0);
}

bool
host_wait(struct pending *p, int timeout_ms)
{
	uint64_t end_ns = now_ns() + (uint64_t)timeout_ms * NS_PER_MS;

	while (!p->done && now_ns() < end_ns)
		if (!serve(p->iscsi, 20) && !p->done)
			break;
	return p->done;
}

void
host_forget(struct pending *p)
{
	scsi_free_scsi_task(p->task);
	p->task = NULL;
}

struct tmf_answer {
	bool done;
	int response;
};

static void
note_tmf(struct iscsi_context *iscsi, int status, void *data, void *private_data)
{
	struct tmf_answer *answer = private_data;

	(void)iscsi;
	answer->done = true;
	answer->response = status == SCSI_STATUS_GOOD && data != NULL ? (int)*(uint32_t *)data : -1;
}

int
host_tmf(struct iscsi_context *iscsi, int lun, unsigned function, struct scsi_task *task)
{
	struct tmf_answer answer = { .response = -1 };
	uint64_t end_ns = now_ns() + 10 * NS_PER_S;

	assert_int_equal(iscsi_task_mgmt_async(iscsi, lun, (enum iscsi_task_mgmt_funcs)function,
					       task != NULL ? task->itt : 0xffffffff,
					       task != NULL ? task->cmdsn : 0, note_tmf, &answer),
			 0);
	while (!answer.done && now_ns() < end_ns)
		if (!serve(iscsi, 20))
			break;
	return answer.response;
}

bool
host_serve_for(struct iscsi_context *iscsi, int time_ms)
{
	uint64_t end_ns = now_ns() + (uint64_t)time_ms * NS_PER_MS;
	bool open = true;

	while (open && now_ns() < end_ns)
		open = serve(iscsi, 20);
	return open;
}

bool
host_wait_closed(struct iscsi_context *iscsi)
{
	uint64_t end_ns = now_ns() + 10 * NS_PER_S;
	char byte;

	while (now_ns() < end_ns) {
		struct pollfd pfd = { .fd = iscsi_get_fd(iscsi), .events = POLLIN };

		if (pfd.fd < 0 || poll(&pfd, 1, 100) < 0)
			return true;
		if (pfd.revents == 0)
			continue;
		if (recv(pfd.fd, &byte, 1, MSG_DONTWAIT) <= 0 && errno != EAGAIN)
			return true;
	}
	return false;
}
