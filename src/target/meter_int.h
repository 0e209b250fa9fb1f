/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long commands take, and what each session moves.  Private to the folder target; target_int.h
 * includes this file.
 */
#ifndef VDS_TARGET_METER_INT_H
#define VDS_TARGET_METER_INT_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/histogram.h"

struct target_conn;
struct target_task;
struct target_thread;
struct target_unit_share;

#define METER_KINDS 3u   /* reads, writes, other commands: enum scsi_kind */
#define METER_BATCH 256u /* commands that may wait for the time at which they were answered */

/* What one session moved.  The session's thread writes, any thread reads. */
struct target_session_counts {
	_Atomic uint64_t commands[METER_KINDS], bytes[METER_KINDS], ns[METER_KINDS];
	_Atomic uint64_t limited_commands, limited_ns;
};

/* A command that has ended and whose answer is about to be sent. */
struct target_meter_entry {
	struct target_unit_share *share;
	struct target_conn *conn;
	uint64_t start_ns; /* when its PDU was received */
	/* For a command that did not end at once: how long its phases took. */
	uint32_t data_us, limit_us, wait_us, store_us;
	uint16_t lun;
	uint8_t kind, opcode;
};

/* The part of a data-path thread that measures. */
struct target_meter {
	uint64_t received_ns; /* when the thread last received something */
	unsigned count;
	struct target_meter_entry entries[METER_BATCH];
	/* all commands of this thread, those of deleted LUNs included; any thread reads */
	struct histogram latency[METER_KINDS];
	_Atomic uint64_t slow_commands; /* logged or not */
};

/*
 * Notes a command that has ended: it counts from its arrival until target_meter_flush.  The
 * command's thread.
 */
void target_meter_note(const struct target_task *t);
/*
 * Counts the noted commands, whose answers have been sent now.  To be called before a unit or a
 * connection that they belong to is freed.  The thread itself.
 */
void target_meter_flush(struct target_thread *thread);

#endif
