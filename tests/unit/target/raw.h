/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An initiator for tests that build each PDU themselves: task attributes, write data that is
 * withheld, several PDUs in one segment, task management with a chosen CmdSN. RFC 7143. It waits at
 * most 10 s for an answer; any failure fails the test.
 */
#ifndef VDS_TESTS_RAW_H
#define VDS_TESTS_RAW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define RAW_BHS 48u

struct raw {
	int fd;
	uint32_t cmd_sn, exp_stat_sn, next_itt;
	uint16_t tsih;  /* from the login response */
	size_t out_len; /* bytes in `out`, to be sent by raw_flush */
	uint8_t out[64 * 1024];
};

struct raw_pdu {
	uint8_t bhs[RAW_BHS];
	uint8_t data[16 * 1024];
	uint32_t data_len;
};

/* Opcodes of PDUs that a target sends. */
enum {
	RAW_NOP_IN = 0x20,
	RAW_LOGOUT_RESPONSE = 0x26,
	RAW_RESPONSE = 0x21,
	RAW_TMF_RESPONSE = 0x22,
	RAW_DATA_IN = 0x25,
	RAW_R2T = 0x31
};
enum { RAW_SIMPLE = 1, RAW_ORDERED = 2, RAW_HEAD = 3 }; /* RFC 7143 §11.3.1 */

/*
 * Connects and logs in with InitialR2T=Yes and this value of ImmediateData.  The first CmdSN is
 * raw->cmd_sn, or 1 when that is 0.
 */
void raw_login(struct raw *raw, uint16_t port, const char *host, const char *target, unsigned isid,
	       bool immediate_data);
/*
 * A login in two steps, so that a test can change something between them.  raw_login_first sends
 * all keys without asking for the next stage.  raw_login_last asks for the full feature phase and
 * returns the status class and detail (0x0203 = not found).
 */
void raw_login_first(struct raw *raw, uint16_t port, const char *host, const char *target);
unsigned raw_login_last(struct raw *raw);
/* Who logs in, from which address, and to which target. */
struct raw_who {
	const char *host, *target; /* target NULL = a discovery session */
	const char *from;          /* an address of this host, such as "127.0.0.2"; NULL = any */
	unsigned isid;
	uint16_t tsih, cid;
	unsigned max_connections; /* is offered; 0 = the key is not sent */
	unsigned recovery_level;  /* ErrorRecoveryLevel is offered; 0 = the key is not sent */
	unsigned protocol_level;  /* iSCSIProtocolLevel is offered; 0 = the key is not sent */
	unsigned retain_s;        /* Time2Retain is offered at level 2 */
	bool immediate_data;
	int receive_bytes; /* size of the socket's receive buffer; 0 = as the system chooses */
};

/* Tries to log in; returns the status of the login response: class << 8 | detail. */
unsigned raw_try_login(struct raw *raw, uint16_t port, const struct raw_who *who);
/* Asks for a login, and does not wait for the response. */
void raw_begin_login(struct raw *raw, uint16_t port, const struct raw_who *who);
void raw_close(struct raw *raw);
/* Sends TEST UNIT READY until it returns GOOD, so that no unit attention is left. */
void raw_ready(struct raw *raw, unsigned lun);

/*
 * Appends a command to `out` without data: out_len bytes are announced, but none are sent with it.
 * in_len: room for data-in.  Returns its ITT.
 */
uint32_t raw_command(struct raw *raw, unsigned lun, unsigned attr, const void *cdb, size_t cdb_len,
		     uint32_t out_len, uint32_t in_len);
/* Appends a command with its data in the same PDU. Returns its ITT. */
uint32_t raw_command_data(struct raw *raw, unsigned lun, unsigned attr, const void *cdb,
			  size_t cdb_len, const void *data, uint32_t len);
/* Appends the answer to an R2T: all bytes that the R2T asked for, from `data`. */
void raw_data_out(struct raw *raw, unsigned lun, const struct raw_pdu *r2t, const void *data);
/*
 * Appends a task management request, immediate, with the CmdSN of the next command.  Returns its
 * ITT.
 */
uint32_t raw_tmf(struct raw *raw, unsigned lun, unsigned function, uint32_t ref_itt);
/* Appends the answer to a ping (NOP-In). */
void raw_pong(struct raw *raw, const struct raw_pdu *ping);
/*
 * Expects that the target takes all that was sent on the connection, however long that lasts, and
 * then sends nothing for 200 ms.
 */
void raw_quiet(struct raw *raw);
/* Logs the session out, and expects the response: the connection is closed then. */
void raw_logout(struct raw *raw);
/*
 * Appends a logout request, immediate, for a reason (0 = close the session, 1 = the connection, 2 =
 * remove it for recovery) and a CID.  Returns its ITT.
 */
uint32_t raw_logout_request(struct raw *raw, unsigned reason, uint16_t cid);
void raw_flush(struct raw *raw);

/* Receives the next PDU; returns false when none arrives within timeout_ms. */
bool raw_receive(struct raw *raw, struct raw_pdu *pdu, int timeout_ms);
/* Receives the next PDU, which must have this opcode and, unless itt is 0, this ITT. */
void raw_expect(struct raw *raw, struct raw_pdu *pdu, unsigned opcode, uint32_t itt);
/*
 * Returns the status of a SCSI Response; when the status is CHECK CONDITION, sense key << 16 | code
 * << 8 | qualifier.
 */
unsigned raw_status(const struct raw_pdu *pdu);
uint32_t raw_itt(const struct raw_pdu *pdu);
unsigned raw_opcode(const struct raw_pdu *pdu);

#endif
