/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An initiator for tests: libiscsi, waiting for answers.  It is compiled without our include path,
 * since libiscsi's <iscsi/iscsi.h> and ours share a name.
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

/* How to log in, beyond names: what is zero is libiscsi's default. */
struct initiator_options {
	bool header_digest, no_immediate_data, initial_r2t;
};

/*
 * Connects and logs in; NULL when that fails.  isid: sessions with the same one reinstate each
 * other.
 */
struct iscsi_context *initiator_login(const char *portal, const char *host, const char *target,
				      unsigned isid, const struct initiator_options *options);
bool initiator_connects(const char *portal);
/* Does a discovery session as `host` name the target, at this portal? */
bool initiator_discovers(const char *portal, const char *host, const char *target);
/* First byte of INQUIRY data, or -1. */
int host_inquiry_first(struct iscsi_context *iscsi, int lun);
void host_logout(struct iscsi_context *iscsi);
/* The login status of the last failed host_login, class << 8 | detail; 0 when it was none. */
int host_login_status(void);

/*
 * SCSI status of TEST UNIT READY; sense key << 16 | ascq when it is CHECK CONDITION; -1 when the
 * connection is gone.
 */
int host_test_unit_ready(struct iscsi_context *iscsi, int lun);
int host_read(struct iscsi_context *iscsi, int lun, uint64_t lba, void *buf, uint32_t len);
int host_write(struct iscsi_context *iscsi, int lun, uint64_t lba, void *buf, uint32_t len);
/* How many bytes the target says were missing (residual underflow); the status is not looked at. */
uint32_t host_read_missing(struct iscsi_context *iscsi, int lun, uint64_t lba, uint32_t len);
/*
 * READ (10) or WRITE (10) of one block, sent with neither R nor W: how many bytes the target says
 * were too many (residual overflow).
 */
uint32_t host_dataless_excess(struct iscsi_context *iscsi, int lun, uint8_t opcode);
int host_flush(struct iscsi_context *iscsi, int lun);
/* LUNs that REPORT LUNS gives, into luns; their number, or -1. */
int host_report_luns(struct iscsi_context *iscsi, uint16_t *luns, int max);
uint64_t host_capacity_blocks(struct iscsi_context *iscsi, int lun);

#define SENSE(key, ascq) ((key) << 16 | (ascq))
#define UA_POWER_ON      SENSE(6, 0x2900)
#define UA_RESET         SENSE(6, 0x2903)
#define UA_REPORTED_LUNS SENSE(6, 0x3f0e)
#define UA_CAPACITY      SENSE(6, 0x2a09)
#define NO_SUCH_UNIT     SENSE(5, 0x2500)
#define MISCOMPARE       SENSE(14, 0x1d00)

/* An operation under way: started, and waited for later. */
struct pending {
	struct iscsi_context *iscsi;
	struct scsi_task *task;
	bool done;
	int status; /* as above */
	uint8_t buf[1024];
};
void host_start_read(struct pending *p, struct iscsi_context *iscsi, int lun, uint64_t lba);
void host_start_write(struct pending *p, struct iscsi_context *iscsi, int lun, uint64_t lba,
		      uint8_t fill);
/* COMPARE AND WRITE of one block: `expected` in all bytes becomes `fill` in all bytes. */
void host_start_compare_and_write(struct pending *p, struct iscsi_context *iscsi, int lun,
				  uint64_t lba, uint8_t expected, uint8_t fill);
/* Serve the connection for at most timeout_ms.  True: it is done. */
bool host_wait(struct pending *p, int timeout_ms);
/* 0 = function complete, … as RFC 7143 §11.6.1; -1 when the connection is gone. */
int host_tmf(struct iscsi_context *iscsi, int lun, unsigned function, struct scsi_task *task);
/* Wait for a ping, then send TEST UNIT READY (p is done by host_free) without reading anything. */
void host_ignore_ping(struct pending *p, struct iscsi_context *iscsi, int lun);
/* Serve the connection for that long.  False: it was closed. */
bool host_serve_for(struct iscsi_context *iscsi, int time_ms);
/* Serve the connection until the target has closed it.  False: it is still there after 10 s. */
bool host_wait_closed(struct iscsi_context *iscsi);
void host_free(struct iscsi_context *iscsi); /* without a logout */

#endif
