/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "raw.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"

#define TIMEOUT_MS 10000

/* ---- Bytes ---- */

void
raw_flush(struct raw *raw)
{
	for (size_t done = 0; done < raw->out_len;) {
		ssize_t n = send(raw->fd, raw->out + done, raw->out_len - done, MSG_NOSIGNAL);

		assert_true(n > 0);
		done += (size_t)n;
	}
	raw->out_len = 0;
}

static void
put_bytes(struct raw *raw, const void *bytes, size_t len)
{
	size_t padded = (len + 3u) & ~(size_t)3;

	assert_true(raw->out_len + padded <= sizeof(raw->out));
	memset(raw->out + raw->out_len, 0, padded);
	if (len > 0)
		memcpy(raw->out + raw->out_len, bytes, len);
	raw->out_len += padded;
}

static void
put_pdu(struct raw *raw, uint8_t *bhs, const void *data, uint32_t len)
{
	put_be24(bhs + 5, len);
	put_bytes(raw, bhs, RAW_BHS);
	put_bytes(raw, data, len);
}

/* What of a CDB goes beyond the header is in an additional header segment.  RFC 7143 §11.2.2. */
static void
put_command(struct raw *raw, uint8_t *bhs, const uint8_t *cdb, size_t cdb_len, const void *data,
	    uint32_t len)
{
	uint8_t ahs[4 + 256] = { 0, (uint8_t)(cdb_len - 16 + 1), 1, 0 };

	memcpy(bhs + 32, cdb, MIN(cdb_len, (size_t)16));
	if (cdb_len <= 16) {
		put_pdu(raw, bhs, data, len);
		return;
	}
	memcpy(ahs + 4, cdb + 16, cdb_len - 16);
	bhs[4] = (uint8_t)((4 + cdb_len - 16 + 3) / 4);
	put_be24(bhs + 5, len);
	put_bytes(raw, bhs, RAW_BHS);
	put_bytes(raw, ahs, 4 + cdb_len - 16);
	put_bytes(raw, data, len);
}

static bool
take(struct raw *raw, void *buf, size_t len, int timeout_ms)
{
	for (size_t done = 0; done < len;) {
		struct pollfd pfd = { .fd = raw->fd, .events = POLLIN };

		if (poll(&pfd, 1, timeout_ms) == 0)
			return false;
		ssize_t n = recv(raw->fd, (uint8_t *)buf + done, len - done, 0);

		if (n <= 0)
			return false;
		done += (size_t)n;
		timeout_ms = TIMEOUT_MS; /* the rest of a PDU comes */
	}
	return true;
}

bool
raw_receive(struct raw *raw, struct raw_pdu *pdu, int timeout_ms)
{
	uint8_t padding[3];

	if (!take(raw, pdu->bhs, RAW_BHS, timeout_ms))
		return false;
	pdu->data_len = get_be24(pdu->bhs + 5);
	assert_true(pdu->data_len <= sizeof(pdu->data));
	assert_true(take(raw, pdu->data, pdu->data_len, TIMEOUT_MS));
	assert_true(take(raw, padding, -pdu->data_len & 3u, TIMEOUT_MS));
	/* RFC 7143 §11.19.2: a ping uses up no StatSN */
	raw->exp_stat_sn = get_be32(pdu->bhs + 24) +
			   (raw_opcode(pdu) != RAW_NOP_IN || raw_itt(pdu) != 0xffffffff);
	return true;
}

void
raw_expect(struct raw *raw, struct raw_pdu *pdu, unsigned opcode, uint32_t itt)
{
	assert_true(raw_receive(raw, pdu, TIMEOUT_MS));
	assert_int_equal(raw_opcode(pdu), opcode);
	if (itt != 0)
		assert_int_equal(raw_itt(pdu), itt);
}

uint32_t
raw_itt(const struct raw_pdu *pdu)
{
	return get_be32(pdu->bhs + 16);
}

unsigned
raw_opcode(const struct raw_pdu *pdu)
{
	return pdu->bhs[0] & 0x3fu;
}

unsigned
raw_status(const struct raw_pdu *pdu)
{
	const uint8_t *sense = pdu->data + 2;

	assert_int_equal(raw_opcode(pdu), RAW_RESPONSE);
	assert_int_equal(pdu->bhs[2], 0);
	if (pdu->bhs[3] != 0x02)
		return pdu->bhs[3];
	assert_true(pdu->data_len >= 20);
	return (sense[2] & 0x0fu) << 16 | (unsigned)sense[12] << 8 | sense[13];
}

/* ---- Login ---- */

static size_t
put_pair(char *text, size_t at, const char *key, const char *value)
{
	size_t key_len = strlen(key), value_len = strlen(value);

	memcpy(text + at, key, key_len);
	text[at + key_len] = '=';
	memcpy(text + at + key_len + 1, value, value_len + 1);
	return at + key_len + 1 + value_len + 1;
}

static void
connect_to(struct raw *raw, const char *from, int receive_bytes, uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in source = { .sin_family = AF_INET };

	*raw = (struct raw){ .cmd_sn = raw->cmd_sn != 0 ? raw->cmd_sn : 1 };
	raw->next_itt = 1;
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	raw->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(raw->fd >= 0);
	if (receive_bytes > 0)
		assert_int_equal(setsockopt(raw->fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes,
					    sizeof(receive_bytes)),
				 0);
	if (from != NULL) {
		assert_int_equal(inet_pton(AF_INET, from, &source.sin_addr), 1);
		assert_int_equal(bind(raw->fd, (struct sockaddr *)&source, sizeof(source)), 0);
	}
	assert_int_equal(connect(raw->fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
}

/* Sends one step of the operational stage. */
static void
send_login(struct raw *raw, bool last, const struct raw_who *who, const char *text, size_t len)
{
	uint8_t bhs[RAW_BHS] = { 0x43, last ? 0x87 : 0x04, [8] = 0x80 };

	put_be24(bhs + 11, who->isid);
	put_be16(bhs + 14, who->tsih);
	put_be32(bhs + 16, 1);
	put_be16(bhs + 20, who->cid);
	put_be32(bhs + 24, raw->cmd_sn);
	put_be32(bhs + 28, raw->exp_stat_sn);
	put_pdu(raw, bhs, text, (uint32_t)len);
	raw_flush(raw);
}

/* One step; the status class and detail of its response. */
static unsigned
login_step(struct raw *raw, bool last, const struct raw_who *who, const char *text, size_t len)
{
	static _Thread_local struct raw_pdu pdu; /* tests log in on several threads */

	send_login(raw, last, who, text, len);
	raw_expect(raw, &pdu, 0x23, 0);
	raw->tsih = get_be16(pdu.bhs + 14);
	return get_be16(pdu.bhs + 36);
}

static size_t
login_keys(char *text, const struct raw_who *who)
{
	size_t len = put_pair(text, 0, "InitiatorName", who->host);

	if (who->target != NULL)
		len = put_pair(text, len, "TargetName", who->target);
	len = put_pair(text, len, "SessionType", who->target != NULL ? "Normal" : "Discovery");
	char number[16];

	snprintf(number, sizeof(number), "%u", who->max_connections);
	if (who->max_connections != 0)
		len = put_pair(text, len, "MaxConnections", number);
	snprintf(number, sizeof(number), "%u", who->recovery_level);
	if (who->recovery_level != 0)
		len = put_pair(text, len, "ErrorRecoveryLevel", number);
	snprintf(number, sizeof(number), "%u", who->retain_s);
	if (who->recovery_level == 2)
		len = put_pair(text, len, "DefaultTime2Retain", number);
	snprintf(number, sizeof(number), "%u", who->protocol_level);
	if (who->protocol_level != 0)
		len = put_pair(text, len, "iSCSIProtocolLevel", number);
	len = put_pair(text, len, "InitialR2T", "Yes");
	return put_pair(text, len, "ImmediateData", who->immediate_data ? "Yes" : "No");
}

void
raw_begin_login(struct raw *raw, uint16_t port, const struct raw_who *who)
{
	char text[1024];

	connect_to(raw, who->from, who->receive_bytes, port);
	raw->next_itt++;
	send_login(raw, true, who, text, login_keys(text, who));
}

unsigned
raw_try_login(struct raw *raw, uint16_t port, const struct raw_who *who)
{
	char text[1024];

	connect_to(raw, who->from, who->receive_bytes, port);
	raw->next_itt++;
	return login_step(raw, true, who, text, login_keys(text, who));
}

void
raw_login(struct raw *raw, uint16_t port, const char *host, const char *target, unsigned isid,
	  bool immediate_data)
{
	struct raw_who who = {
		.host = host,
		.target = target,
		.isid = isid,
		.immediate_data = immediate_data,
	};

	assert_int_equal(raw_try_login(raw, port, &who), 0);
}

void
raw_login_first(struct raw *raw, uint16_t port, const char *host, const char *target)
{
	struct raw_who who = { .host = host, .target = target, .isid = 1 };
	char text[1024];

	connect_to(raw, NULL, 0, port);
	assert_int_equal(login_step(raw, false, &who, text, login_keys(text, &who)), 0);
}

unsigned
raw_login_last(struct raw *raw)
{
	struct raw_who who = { .isid = 1 };

	return login_step(raw, true, &who, "", 0);
}

void
raw_close(struct raw *raw)
{
	close(raw->fd);
}

void
raw_ready(struct raw *raw, unsigned lun)
{
	static const uint8_t test_unit_ready[6];
	static _Thread_local struct raw_pdu pdu;

	do {
		uint32_t itt = raw_command(raw, lun, RAW_SIMPLE, test_unit_ready,
					   sizeof(test_unit_ready), 0, 0);

		raw_flush(raw);
		raw_expect(raw, &pdu, RAW_RESPONSE, itt);
	} while (raw_status(&pdu) >> 16 == 6);
	assert_int_equal(raw_status(&pdu), 0);
}

/* ---- Requests ---- */

static uint32_t
command(struct raw *raw, unsigned lun, unsigned attr, const void *cdb, size_t cdb_len,
	uint32_t out_len, uint32_t in_len, const void *data, uint32_t data_len)
{
	uint8_t bhs[RAW_BHS] = { 0x01, (uint8_t)(0x80 | (in_len ? 0x40 : 0) | (out_len ? 0x20 : 0) |
						 attr) };
	uint32_t itt = raw->next_itt++;

	bhs[9] = (uint8_t)lun;
	put_be32(bhs + 16, itt);
	put_be32(bhs + 20, out_len != 0 ? out_len : in_len);
	put_be32(bhs + 24, raw->cmd_sn++);
	put_be32(bhs + 28, raw->exp_stat_sn);
	put_command(raw, bhs, cdb, cdb_len, data, data_len);
	return itt;
}

uint32_t
raw_command(struct raw *raw, unsigned lun, unsigned attr, const void *cdb, size_t cdb_len,
	    uint32_t out_len, uint32_t in_len)
{
	return command(raw, lun, attr, cdb, cdb_len, out_len, in_len, NULL, 0);
}

uint32_t
raw_command_data(struct raw *raw, unsigned lun, unsigned attr, const void *cdb, size_t cdb_len,
		 const void *data, uint32_t len)
{
	return command(raw, lun, attr, cdb, cdb_len, len, 0, data, len);
}

void
raw_data_out(struct raw *raw, unsigned lun, const struct raw_pdu *r2t, const void *data)
{
	uint8_t bhs[RAW_BHS] = { 0x05, 0x80 };
	uint32_t offset = get_be32(r2t->bhs + 40);

	bhs[9] = (uint8_t)lun;
	memcpy(bhs + 16, r2t->bhs + 16, 8); /* ITT, TTT */
	put_be32(bhs + 28, raw->exp_stat_sn);
	put_be32(bhs + 40, offset);
	put_pdu(raw, bhs, (const uint8_t *)data + offset, get_be32(r2t->bhs + 44));
}

uint32_t
raw_tmf(struct raw *raw, unsigned lun, unsigned function, uint32_t ref_itt)
{
	uint8_t bhs[RAW_BHS] = { 0x42, (uint8_t)(0x80 | function) };
	uint32_t itt = raw->next_itt++;

	bhs[9] = (uint8_t)lun;
	put_be32(bhs + 16, itt);
	put_be32(bhs + 20, ref_itt);
	put_be32(bhs + 24, raw->cmd_sn);
	put_be32(bhs + 28, raw->exp_stat_sn);
	put_pdu(raw, bhs, NULL, 0);
	return itt;
}

void
raw_pong(struct raw *raw, const struct raw_pdu *ping)
{
	uint8_t bhs[RAW_BHS] = { 0x40, 0x80 };

	memcpy(bhs + 8, ping->bhs + 8, 8); /* LUN */
	put_be32(bhs + 16, 0xffffffff);
	memcpy(bhs + 20, ping->bhs + 20, 4); /* TTT */
	put_be32(bhs + 24, raw->cmd_sn);
	put_be32(bhs + 28, raw->exp_stat_sn);
	put_pdu(raw, bhs, NULL, 0);
}

void
raw_quiet(struct raw *raw)
{
	static _Thread_local struct raw_pdu pdu;
	uint8_t bhs[RAW_BHS] = { 0x40, 0x80 };
	uint32_t itt = raw->next_itt++;

	put_be32(bhs + 16, itt);
	put_be32(bhs + 20, 0xffffffff);
	put_be32(bhs + 24, raw->cmd_sn);
	put_be32(bhs + 28, raw->exp_stat_sn);
	put_pdu(raw, bhs, NULL, 0);
	raw_flush(raw);
	raw_expect(raw, &pdu, RAW_NOP_IN, itt);
	assert_false(raw_receive(raw, &pdu, 200));
}

uint32_t
raw_logout_request(struct raw *raw, unsigned reason, uint16_t cid)
{
	uint8_t bhs[RAW_BHS] = { 0x46, (uint8_t)(0x80 | reason) };
	uint32_t itt = raw->next_itt++;

	put_be32(bhs + 16, itt);
	put_be16(bhs + 20, cid);
	put_be32(bhs + 24, raw->cmd_sn);
	put_be32(bhs + 28, raw->exp_stat_sn);
	put_pdu(raw, bhs, NULL, 0);
	return itt;
}

void
raw_logout(struct raw *raw)
{
	static _Thread_local struct raw_pdu pdu;
	uint32_t itt = raw_logout_request(raw, 0, 0);

	raw_flush(raw);
	raw_expect(raw, &pdu, RAW_LOGOUT_RESPONSE, itt);
	assert_int_equal(pdu.bhs[2], 0);
}
