/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An initiator and an owner for tests: see peer.h. */
#include "peer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/crc32c.h"

uint32_t peer_disk_bytes = 4 * 1024 * 1024;

/* The owner's part of a task. */
struct peer_task {
	uint8_t *buffer;
	struct iovec iov[64];
};

static const uint8_t sense_refused[18] = { 0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24 };

/* --- memory that the fault injector does not see --- */

static void
bytes_add(struct peer_bytes *b, const void *bytes, size_t len)
{
	if (b->len + len > b->size) {
		b->size = (b->len + len) * 2;
		b->bytes = realloc(b->bytes, b->size);
		if (b->bytes == NULL)
			abort();
	}
	if (len > 0)
		memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

static void __attribute__((format(printf, 2, 3))) event(struct peer *p, const char *fmt, ...)
{
	char line[256];
	va_list args;
	size_t len = p->events.len;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	/* Not strbuf_add: its allocations would be failed too. */
	p->events.text = realloc(p->events.text, len + strlen(line) + 2);
	if (p->events.text == NULL)
		abort();
	sprintf(p->events.text + len, "%s\n", line);
	p->events.len += strlen(line) + 1;
}

const char *
peer_events(const struct peer *p)
{
	return p->events.text != NULL ? p->events.text : "";
}

void
peer_clear_events(struct peer *p)
{
	free(p->events.text);
	p->events.text = NULL;
	p->events.len = 0;
}

/* --- the owner --- */

static int
on_login(void *user, struct iscsi_conn *conn, enum iscsi_login_step step,
	 const struct iscsi_login *login, struct iscsi_login_reply *reply)
{
	struct peer *p = user;

	(void)conn;
	event(p, "login %d type=%d from=%s to=%s", step, login->type, login->initiator_name,
	      login->target_name);
	if (p->login_later)
		return 1;
	*reply = p->reply;
	return 0;
}

static uint64_t
cdb_bytes(const struct iscsi_task *task)
{
	return (uint64_t)get_be16(task->cdb + 7) * PEER_BLOCK;
}

static uint8_t *
cdb_place(struct peer *p, const struct iscsi_task *task)
{
	uint64_t at = (uint64_t)get_be32(task->cdb + 2) * PEER_BLOCK;

	return at + cdb_bytes(task) <= peer_disk_bytes ? p->disk + at : NULL;
}

static void
refuse(struct iscsi_task *task)
{
	struct iscsi_result result = {
		.status = 2,
		.sense = sense_refused,
		.sense_len = sizeof(sense_refused),
	};

	iscsi_task_respond(task, &result);
}

/* A read of several buffers. */
static void
serve_read(struct peer *p, struct iscsi_task *task)
{
	struct peer_task *pt = task->extra;
	uint8_t *from = cdb_place(p, task);
	uint32_t len = (uint32_t)cdb_bytes(task);
	int n = p->read_pieces > 0 ? p->read_pieces : 1;

	if (from == NULL) {
		refuse(task);
		return;
	}
	for (int i = 0; i < n; i++) {
		uint32_t start = (uint32_t)((uint64_t)len * (unsigned)i / (unsigned)n);
		uint32_t end = (uint32_t)((uint64_t)len * (unsigned)(i + 1) / (unsigned)n);

		pt->iov[i] = (struct iovec){ .iov_base = from + start, .iov_len = end - start };
	}
	iscsi_task_finish_read(task, pt->iov, n, len, cdb_bytes(task));
}

static void
write_now(struct peer *p, struct iscsi_task *task)
{
	struct peer_task *pt = task->extra;
	uint64_t len = cdb_bytes(task);
	uint8_t *to = cdb_place(p, task);

	if (to == NULL) {
		refuse(task);
		return;
	}
	if (len > task->write_expected)
		len = task->write_expected;
	memcpy(to, pt->buffer, (size_t)len);
	iscsi_task_good(task, cdb_bytes(task));
}

static void
serve_write(struct peer *p, struct iscsi_task *task)
{
	struct peer_task *pt = task->extra;
	uint32_t len = (uint32_t)cdb_bytes(task);
	int done;

	if (cdb_place(p, task) == NULL) {
		refuse(task);
		return;
	}
	if (p->mode != PEER_COPY && p->mode != PEER_HOLD &&
	    task->data_len == task->write_expected) {
		if (task->data_len > 0)
			memcpy(cdb_place(p, task), task->data, MIN(task->data_len, len));
		iscsi_task_good(task, len);
		return;
	}
	/* Not write_expected: that is a peer's number. */
	len = MIN(len, task->write_expected);
	pt->buffer = malloc(len + 1);
	if (pt->buffer == NULL)
		abort();
	/* In three parts, to see that data is spread rightly. */
	pt->iov[0] = (struct iovec){ .iov_base = pt->buffer, .iov_len = len / 3 };
	pt->iov[1] = (struct iovec){ .iov_base = pt->buffer + len / 3, .iov_len = 0 };
	pt->iov[2] = (struct iovec){ .iov_base = pt->buffer + len / 3, .iov_len = len - len / 3 };
	done = iscsi_task_accept_write(task, pt->iov, 3, len);
	if (done == 1 && p->mode != PEER_HOLD)
		write_now(p, task);
}

static void
on_command(void *user, struct iscsi_task *task)
{
	struct peer *p = user;

	memset(task->extra, 0, sizeof(struct peer_task));
	task->owner = p;
	p->given++;
	event(p, "command %02x itt=%x data=%u", task->cdb[0], (unsigned)task->itt,
	      (unsigned)task->data_len);
	if (p->mode == PEER_REFUSE) {
		refuse(task);
		return;
	}
	if (p->mode == PEER_HOLD)
		p->held[p->held_count++] = task;
	if (task->cdb[0] == 0x2a && task->writes)
		serve_write(p, task);
	else if (p->mode == PEER_HOLD)
		return;
	else if (task->cdb[0] == 0x28 && task->reads && !task->writes)
		serve_read(p, task);
	else if (task->cdb[0] == 0x00)
		iscsi_task_good(task, 0);
	else
		refuse(task);
}

static void
on_write_ready(void *user, struct iscsi_task *task)
{
	struct peer *p = user;

	event(p, "write_ready itt=%x", (unsigned)task->itt);
	if (p->mode != PEER_HOLD)
		write_now(p, task);
}

/* Sense as the SCSI side of the target makes it. */
static void
on_data_fault(void *user, struct iscsi_task *task, enum iscsi_data_fault fault)
{
	static const uint8_t asc[][2] = {
		[ISCSI_FAULT_UNEXPECTED_UNSOLICITED] = { 0x0c, 0x0c },
		[ISCSI_FAULT_INCORRECT_AMOUNT] = { 0x0c, 0x0d },
		[ISCSI_FAULT_CRC] = { 0x47, 0x05 },
	};
	uint8_t sense[18] = { 0x70, 0, 0x0b, [7] = 10, [12] = asc[fault][0], [13] = asc[fault][1] };
	struct iscsi_result result = { .status = 0x02, .sense = sense, .sense_len = sizeof(sense) };

	if (task->owner == NULL) /* it was never handed to on_command */
		memset(task->extra, 0, sizeof(struct peer_task));
	event(user, "data_fault %u itt=%x", fault, (unsigned)task->itt);
	iscsi_task_respond(task, &result);
}

static void
on_abort(void *user, struct iscsi_task *task)
{
	struct peer *p = user;

	event(p, "abort itt=%x", (unsigned)task->itt);
}

static void
on_task_done(void *user, struct iscsi_task *task)
{
	struct peer *p = user;
	struct peer_task *pt = task->extra;

	event(p, "task_done itt=%x", (unsigned)task->itt);
	if (task->owner != NULL)
		p->done++;
	free(pt->buffer);
	pt->buffer = NULL;
	for (unsigned i = 0; i < p->held_count; i++)
		if (p->held[i] == task)
			p->held[i] = NULL;
}

static void
on_tmf(void *user, struct iscsi_tmf *tmf)
{
	struct peer *p = user;

	event(p, "tmf %u task=%d", tmf->function, tmf->task != NULL);
	if (tmf->function == ISCSI_TMF_LU_RESET)
		iscsi_session_abort_tasks(iscsi_conn_session(tmf->conn), tmf->lun, &tmf->moment);
	if (p->tmf_later)
		p->tmf = tmf;
	else
		iscsi_tmf_done(tmf, tmf->function == ISCSI_TMF_CLEAR_ACA ? ISCSI_TMF_NOT_SUPPORTED
									 : ISCSI_TMF_COMPLETE);
}

/* Gives at most 50 targets a call, so that long lists take several. */
static void
on_send_targets(void *user, const char *name, const char *after, struct iscsi_targets *list)
{
	struct peer *p = user;
	unsigned from = 0;
	char text[64];

	event(p, "send_targets %s", name != NULL ? name : "(all)");
	if (name != NULL) {
		iscsi_targets_add(list, name);
		iscsi_targets_add_portal(list, "127.0.0.1:3260", 1);
		return;
	}
	if (after != NULL)
		from = (unsigned)strtoul(strrchr(after, 't') + 1, NULL, 10) + 1;
	for (unsigned i = from; i < p->targets; i++) {
		snprintf(text, sizeof(text), "iqn.2024-01.test:t%u", i);
		iscsi_targets_add(list, text);
		iscsi_targets_add_portal(list, "127.0.0.1:3260", 1);
		iscsi_targets_add_portal(list, "[::1]:3260", 2);
		if (i + 1 < p->targets && (iscsi_targets_full(list) || i - from == 49)) {
			iscsi_targets_more(list, text);
			return;
		}
	}
}

/* Peripheral device and flat space addressing of a number below 256. */
static bool
on_same_lun(const uint8_t *a, const uint8_t *b)
{
	return (a[0] & 0x3f) == (b[0] & 0x3f) && memcmp(a + 1, b + 1, 7) == 0;
}

static void
on_task_moved(void *user, struct iscsi_task *task)
{
	struct peer *to = user, *from = task->owner;

	event(to, "task_moved itt=%x", (unsigned)task->itt);
	task->owner = to;
	from->given--;
	to->given++;
	for (unsigned i = 0; i < from->held_count; i++)
		if (from->held[i] == task) {
			from->held[i] = NULL;
			to->held[to->held_count++] = task;
		}
}

static void
on_output(void *user)
{
	struct peer *p = user;

	p->woken++;
}

/* Every refusal says why. */
static void
on_refused(void *user, unsigned status, const char *cause)
{
	struct peer *p = user;

	assert_true(status != ISCSI_LOGIN_OK);
	assert_non_null(cause);
	p->refused = status;
}

static void
on_soon(void *user, const uint8_t *lun, const uint8_t *cdb)
{
	struct peer *p = user;

	p->soon++;
	p->soon_lun = lun[1];
	memcpy(p->soon_cdb, cdb, sizeof(p->soon_cdb));
}

static const struct iscsi_conn_ops ops = {
	.login = on_login,
	.refused = on_refused,
	.command = on_command,
	.soon = on_soon,
	.write_ready = on_write_ready,
	.data_fault = on_data_fault,
	.task_abort = on_abort,
	.task_done = on_task_done,
	.tmf = on_tmf,
	.task_moved = on_task_moved,
	.output = on_output,
	.same_lun = on_same_lun,
	.send_targets = on_send_targets,
};

/* --- life --- */

void
peer_init_depth(struct peer *p, const struct iscsi_params *limits, uint16_t depth)
{
	struct iscsi_conn_config config = {
		.ops = &ops,
		.user = p,
		.limits = limits,
		.queue_depth = depth,
		.task_extra_bytes = sizeof(struct peer_task),
	};

	memset(p, 0, sizeof(*p));
	p->reply.tpgt = 1;
	p->reply.tsih = 0x77;
	p->cmd_sn = 1;
	p->itt = 0x100;
	p->disk = malloc(peer_disk_bytes);
	if (p->disk == NULL)
		abort();
	for (uint32_t i = 0; i < peer_disk_bytes; i++)
		p->disk[i] = (uint8_t)(i ^ i >> 9 ^ i >> 17);
	p->error = iscsi_conn_new(&config, &p->conn);
}

void
peer_init(struct peer *p, const struct iscsi_params *limits)
{
	peer_init_depth(p, limits, 0);
}

void
peer_init_second(struct peer *p, struct peer *first, uint16_t cid)
{
	peer_init(p, NULL);
	free(p->disk);
	p->disk = first->disk;
	p->first = first;
	p->tsih = first->reply.tsih;
	p->cid = cid;
	p->cmd_sn = first->cmd_sn;
	p->itt = 0x1000u * cid;
	p->reply.session = iscsi_conn_session(first->conn);
}

void
peer_join(struct peer *p, struct peer *first, uint16_t cid)
{
	peer_init_second(p, first, cid);
	peer_login(p, "", 0);
}

void
peer_fini(struct peer *p)
{
	if (p->conn != NULL) {
		iscsi_conn_stop(p->conn);
		for (unsigned i = 0; i < p->held_count; i++)
			if (p->held[i] != NULL && p->held[i]->aborted)
				iscsi_task_drop(p->held[i]);
		if (p->tmf != NULL)
			iscsi_tmf_done(p->tmf, ISCSI_TMF_REJECTED);
		assert_int_equal(iscsi_conn_tasks(p->conn), 0);
		iscsi_conn_free(p->conn);
	}
	assert_int_equal(p->given, p->done);
	peer_clear_events(p);
	free(p->fed.bytes);
	free(p->out.bytes);
	if (p->first == NULL)
		free(p->disk);
}

/* --- bytes --- */

void
peer_pump(struct peer *p)
{
	struct iovec iov[7];
	int n;

	while ((n = iscsi_conn_output(p->conn, iov, 7)) > 0) {
		size_t total = 0;

		for (int i = 0; i < n; i++) {
			bytes_add(&p->out, iov[i].iov_base, iov[i].iov_len);
			total += iov[i].iov_len;
		}
		iscsi_conn_output_advance(p->conn, total);
	}
	assert_false(iscsi_conn_has_output(p->conn));
}

int
peer_feed_quiet(struct peer *p, const void *bytes, size_t len)
{
	bytes_add(&p->fed, bytes, len);
	p->error = iscsi_conn_input(p->conn, bytes, len);
	return p->error;
}

int
peer_feed(struct peer *p, const void *bytes, size_t len)
{
	int err = peer_feed_quiet(p, bytes, len);

	peer_pump(p);
	return err;
}

static size_t
put_crc(uint8_t *to, uint32_t crc)
{
	uint32_t value = crc32c_final(crc);

	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * i);
	return DIGEST_SIZE;
}

size_t
peer_build(struct peer *p, uint8_t *to, uint8_t *bhs, const void *ahs, uint32_t ahs_len,
	   const void *data, uint32_t len)
{
	size_t at = 0, start;

	bhs[AT_AHS_LEN] = (uint8_t)(ahs_len / 4);
	put_be24(bhs + AT_DATA_LEN, len);
	memcpy(to, bhs, BHS_SIZE);
	at = BHS_SIZE;
	if (ahs_len > 0)
		memcpy(to + at, ahs, ahs_len);
	at += ahs_len;
	if (p->header_digest)
		at += put_crc(to + at, crc32c_update(CRC32C_INIT, to, at));
	if (len == 0)
		return at;
	start = at;
	memcpy(to + at, data, len);
	at += len;
	memset(to + at, 0, iscsi_pad_len(len));
	at += iscsi_pad_len(len);
	if (p->data_digest) {
		at += put_crc(to + at, crc32c_update(CRC32C_INIT, to + start, at - start));
		if (p->faulty_digest)
			to[at - 1] ^= 0x40;
		p->faulty_digest = false;
	}
	return at;
}

int
peer_send_ahs(struct peer *p, uint8_t *bhs, const void *ahs, uint32_t ahs_len, const void *data,
	      uint32_t len)
{
	uint8_t *pdu = malloc(PEER_PDU_MAX + len);
	int err;

	if (pdu == NULL)
		abort();
	err = peer_feed(p, pdu, peer_build(p, pdu, bhs, ahs, ahs_len, data, len));
	free(pdu);
	return err;
}

int
peer_send(struct peer *p, uint8_t *bhs, const void *data, uint32_t len)
{
	return peer_send_ahs(p, bhs, NULL, 0, data, len);
}

static void
check_crc(const uint8_t *bytes, size_t len)
{
	uint8_t want[DIGEST_SIZE];

	put_crc(want, crc32c_update(CRC32C_INIT, bytes, len));
	assert_memory_equal(bytes + len, want, DIGEST_SIZE);
}

bool
peer_next(struct peer *p, struct got *got)
{
	size_t left = p->out.len - p->out_read, need = BHS_SIZE;
	const uint8_t *at;
	bool login;

	if (left == 0)
		return false;
	at = p->out.bytes + p->out_read;
	assert_true(left >= BHS_SIZE);
	memcpy(got->bhs, at, BHS_SIZE);
	login = iscsi_bhs_opcode(at) == OP_LOGIN_RESPONSE;
	if (iscsi_bhs_opcode(at) == OP_REJECT) /* the next command fills the gap */
		p->cmd_sn = get_be32(at + AT_EXP_CMD_SN);
	got->data_len = iscsi_bhs_data_len(at);
	assert_int_equal(at[AT_AHS_LEN], 0);
	if (p->header_digest && !login) {
		check_crc(at, BHS_SIZE);
		need += DIGEST_SIZE;
	}
	got->data = at + need;
	if (got->data_len > 0) {
		size_t padded = got->data_len + iscsi_pad_len(got->data_len);

		assert_true(left >= need + padded);
		for (size_t i = got->data_len; i < padded; i++)
			assert_int_equal(got->data[i], 0);
		if (p->data_digest && !login) {
			check_crc(got->data, padded);
			need += DIGEST_SIZE;
		}
		need += padded;
	}
	assert_true(left >= need);
	p->out_read += need;
	return true;
}

void
peer_expect(struct peer *p, enum iscsi_pdu_opcode opcode, struct got *got)
{
	struct got unused;

	if (got == NULL)
		got = &unused;
	if (!peer_next(p, got))
		fail_msg("no answer, but %s was expected; events:\n%s",
			 iscsi_pdu_name((uint8_t)opcode), peer_events(p));
	if (iscsi_bhs_opcode(got->bhs) != opcode)
		fail_msg("%s came, not %s", iscsi_pdu_name(got->bhs[0]),
			 iscsi_pdu_name((uint8_t)opcode));
}

void
peer_expect_nothing(struct peer *p)
{
	struct got got;

	if (peer_next(p, &got))
		fail_msg("%s came, but nothing was expected", iscsi_pdu_name(got.bhs[0]));
}

/* --- headers --- */

void
peer_request(struct peer *p, uint8_t *bhs, enum iscsi_pdu_opcode opcode, uint8_t flags,
	     bool immediate)
{
	iscsi_pdu_start(bhs, opcode, ++p->itt);
	bhs[AT_FLAGS] = flags;
	put_be32(bhs + AT_CMD_SN, p->cmd_sn);
	if (immediate)
		bhs[AT_OPCODE] |= OP_IMMEDIATE;
	else
		p->cmd_sn++;
}

void
peer_command(struct peer *p, uint8_t *bhs, uint8_t flags, uint32_t edtl)
{
	peer_request(p, bhs, OP_COMMAND, flags | ISCSI_ATTR_SIMPLE, false);
	put_be32(bhs + AT_EDTL, edtl);
}

static void
cdb10(uint8_t *bhs, uint8_t opcode, uint32_t lba, uint16_t blocks)
{
	bhs[AT_CDB] = opcode;
	put_be32(bhs + AT_CDB + 2, lba);
	put_be16(bhs + AT_CDB + 7, blocks);
}

void
peer_write10(struct peer *p, uint8_t *bhs, uint32_t lba, uint16_t blocks, bool final)
{
	peer_command(p, bhs, FLAG_WRITE | (final ? FLAG_FINAL : 0), blocks * PEER_BLOCK);
	cdb10(bhs, 0x2a, lba, blocks);
}

void
peer_read10(struct peer *p, uint8_t *bhs, uint32_t lba, uint16_t blocks)
{
	peer_command(p, bhs, FLAG_READ | FLAG_FINAL, blocks * PEER_BLOCK);
	cdb10(bhs, 0x28, lba, blocks);
}

void
peer_data_out(uint8_t *bhs, uint32_t itt, uint32_t ttt, uint32_t sn, uint32_t offset, bool final)
{
	iscsi_pdu_start(bhs, OP_DATA_OUT, itt);
	bhs[AT_FLAGS] = final ? FLAG_FINAL : 0;
	put_be32(bhs + AT_TTT, ttt);
	put_be32(bhs + AT_DATA_SN, sn);
	put_be32(bhs + AT_OFFSET, offset);
}

/* --- login --- */

void
peer_login_request(struct peer *p, uint8_t flags, const char *text, size_t len, struct got *got)
{
	static const uint8_t isid[ISCSI_ISID_SIZE] = { 0x80, 1, 2, 3, 0, 4 };
	uint8_t bhs[BHS_SIZE];

	peer_request(p, bhs, OP_LOGIN, flags, true);
	memcpy(bhs + AT_ISID, isid, sizeof(isid));
	put_be16(bhs + AT_TSIH, p->tsih);
	put_be16(bhs + AT_CID, p->cid);
	peer_send(p, bhs, text, (uint32_t)len);
	if (got != NULL)
		peer_expect(p, OP_LOGIN_RESPONSE, got);
}

static void
login_all(struct peer *p, const char *names, size_t names_len, const char *pairs, size_t len)
{
	char *text = malloc(names_len + len + 1);
	struct got got;

	if (text == NULL)
		abort();
	memcpy(text, names, names_len);
	memcpy(text + names_len, pairs, len);
	/* T, operational to full feature phase. */
	peer_login_request(p, FLAG_FINAL | 1 << 2 | 3, text, names_len + len, &got);
	free(text);
	assert_int_equal(get_be16(got.bhs + AT_LOGIN_STATUS), 0);
	assert_int_equal(got.bhs[AT_FLAGS], FLAG_FINAL | 1 << 2 | 3);
	p->header_digest = iscsi_conn_params(p->conn)->header_digest == ISCSI_DIGEST_CRC32C;
	p->data_digest = iscsi_conn_params(p->conn)->data_digest == ISCSI_DIGEST_CRC32C;
}

void
peer_login(struct peer *p, const char *pairs, size_t len)
{
	static const char names[] = "InitiatorName=" PEER_INITIATOR
				    "\0SessionType=Normal\0TargetName=" PEER_TARGET;

	login_all(p, names, sizeof(names), pairs, len);
}

void
peer_login_discovery(struct peer *p)
{
	static const char names[] = "InitiatorName=" PEER_INITIATOR "\0SessionType=Discovery";

	login_all(p, names, sizeof(names), "", 0);
}

bool
peer_text_has(const struct got *got, const char *pair)
{
	size_t len = strlen(pair) + 1;

	for (size_t at = 0; at + len <= got->data_len;) {
		const char *here = (const char *)got->data + at;

		if (memcmp(here, pair, len) == 0)
			return true;
		at += strnlen(here, got->data_len - at) + 1;
	}
	return false;
}

void
peer_expect_good(struct peer *p, struct got *got)
{
	peer_expect(p, OP_RESPONSE, got);
	assert_int_equal(got->bhs[AT_RESPONSE], 0);
	assert_int_equal(got->bhs[AT_STATUS], 0);
}

void
peer_expect_alive(struct peer *p)
{
	uint8_t bhs[BHS_SIZE];

	peer_expect_nothing(p);
	p->mode = PEER_SERVE;
	peer_command(p, bhs, FLAG_FINAL, 0);
	assert_int_equal(peer_send(p, bhs, NULL, 0), 0);
	peer_expect(p, OP_RESPONSE, NULL);
	peer_fini(p);
}

void
peer_login_with(struct peer *p, const char *fmt, ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (int i = 0; i < len; i++)
		if (text[i] == ';')
			text[i] = '\0';
	peer_login(p, text, (size_t)len);
}
