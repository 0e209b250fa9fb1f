/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An initiator for tests, made of libiscsi, whose functions wait for the answers.  initiator.c is
 * compiled without the include path of src, because libiscsi and src/iscsi both have a header
 * <iscsi/iscsi.h>.
 */
#ifndef VDS_TESTS_INITIATOR_H
#define VDS_TESTS_INITIATOR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct iscsi_context;
struct scsi_task;

/* How to log in, beyond names; zero in a field is libiscsi's default. */
struct initiator_options {
	bool header_digest, no_immediate_data, initial_r2t;
	const char *user, *secret;               /* CHAP; NULL = no authentication */
	const char *target_user, *target_secret; /* mutual CHAP; NULL = one-way */
};

/*
 * Connects and logs in; returns NULL when that fails.  isid: sessions with the same isid reinstate
 * each other.
 */
struct iscsi_context *initiator_login(const char *portal, const char *host, const char *target,
				      unsigned isid, const struct initiator_options *options);
bool initiator_connects(const char *portal);
/* Returns true when a discovery session as `host` names the target at this portal. */
bool initiator_discovers(const char *portal, const char *host, const char *target);
/* Returns true when a discovery session with these options can be had. */
bool initiator_may_discover(const char *portal, const char *host,
			    const struct initiator_options *options);
/* Returns the first byte of INQUIRY data, or -1. */
int host_inquiry_first(struct iscsi_context *iscsi, int lun);
void host_logout(struct iscsi_context *iscsi);
/* Frees a context whose session the array has ended. */
void host_abandon(struct iscsi_context *iscsi);
/*
 * Returns the login status of the last failed host_login, class << 8 | detail; 0 when the login did
 * not fail by a status.
 */
int host_login_status(void);

/*
 * Returns the SCSI status of TEST UNIT READY; sense key << 16 | ascq when the status is CHECK
 * CONDITION; -1 when the connection is closed.
 */
int host_test_unit_ready(struct iscsi_context *iscsi, int lun);
int host_read(struct iscsi_context *iscsi, int lun, uint64_t lba, void *buf, uint32_t len);
int host_write(struct iscsi_context *iscsi, int lun, uint64_t lba, void *buf, uint32_t len);
/*
 * Returns how many bytes the target reports as missing (residual underflow), whatever the status
 * is.
 */
uint32_t host_read_missing(struct iscsi_context *iscsi, int lun, uint64_t lba, uint32_t len);
/*
 * Sends READ (10) or WRITE (10) of one block with neither the R nor the W bit.  Returns how many
 * bytes the target reports as too many (residual overflow).
 */
uint32_t host_dataless_excess(struct iscsi_context *iscsi, int lun, uint8_t opcode);
int host_flush(struct iscsi_context *iscsi, int lun);
/* Writes the LUNs that REPORT LUNS returns into luns; returns their number, or -1. */
int host_report_luns(struct iscsi_context *iscsi, uint16_t *luns, int max);
uint64_t host_capacity_blocks(struct iscsi_context *iscsi, int lun);

/*
 * Sends any command.  With out_len, `out` is sent; else at most in_len bytes come into `in`.
 * *ret_len (may be NULL): the bytes that came.  Returns as host_test_unit_ready does.
 */
int host_command(struct iscsi_context *iscsi, int lun, const uint8_t *cdb, int cdb_len,
		 const uint8_t *out, int out_len, uint8_t *in, int in_len, int *ret_len);

#define SENSE(key, ascq) ((key) << 16 | (ascq))
#define UA_POWER_ON      SENSE(6, 0x2900)
#define UA_RESET         SENSE(6, 0x2903)
#define UA_REPORTED_LUNS SENSE(6, 0x3f0e)
#define UA_CAPACITY      SENSE(6, 0x2a09)
#define UA_ACCESS        SENSE(6, 0x2a06)
#define UA_NEXUS_LOSS    SENSE(6, 0x2907)
#define UA_INQUIRY       SENSE(6, 0x3f03)
#define NO_SUCH_UNIT     SENSE(5, 0x2500)
#define MISCOMPARE       SENSE(14, 0x1d00)

/* An operation that was started and is waited for later. */
struct pending {
	struct iscsi_context *iscsi;
	struct scsi_task *task;
	bool done;
	int status; /* as host_test_unit_ready returns it */
	uint8_t buf[1024];
};
void host_start_read(struct pending *p, struct iscsi_context *iscsi, int lun, uint64_t lba);
void host_start_write(struct pending *p, struct iscsi_context *iscsi, int lun, uint64_t lba,
		      uint8_t fill);
/* Starts COMPARE AND WRITE of one block: `expected` in all bytes becomes `fill` in all bytes. */
void host_start_compare_and_write(struct pending *p, struct iscsi_context *iscsi, int lun,
				  uint64_t lba, uint8_t expected, uint8_t fill);
/* Serves the connection for at most timeout_ms. Returns true when the operation has ended. */
bool host_wait(struct pending *p, int timeout_ms);
/* Frees what an operation that has ended holds. */
void host_forget(struct pending *p);
/*
 * Sends a task management request.  Returns its response (0 = function complete, RFC 7143 §11.6.1),
 * or -1 when the connection is closed.
 */
int host_tmf(struct iscsi_context *iscsi, int lun, unsigned function, struct scsi_task *task);
/*
 * Waits for a ping, then sends TEST UNIT READY (p is done by host_free) without reading anything.
 */
void host_ignore_ping(struct pending *p, struct iscsi_context *iscsi, int lun);
/* Serves the connection for so long. Returns false when it was closed. */
bool host_serve_for(struct iscsi_context *iscsi, int time_ms);
/*
 * Serves the connection until the target has closed it.  Returns false when it is still open after
 * 10 s.
 */
bool host_wait_closed(struct iscsi_context *iscsi);
void host_free(struct iscsi_context *iscsi); /* without a logout */

#endif
