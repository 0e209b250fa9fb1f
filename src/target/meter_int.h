/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long commands take, and what each session moves.  Private to the folder target; target_int.h
 * includes this file.
 */
#ifndef VDS_TARGET_METER_INT_H
#define VDS_TARGET_METER_INT_H

#include <stdatomic.h>
#include <stdint.h>

#include "array/array.h"
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
	/* Where commands are noted one by one; NULL: nobody wants that.  The thread itself. */
	struct target_trace *trace;
	unsigned trace_from; /* index of the first entry that is noted there */
	/* made by the first reader, freed with the thread */
	struct target_trace *_Atomic made_trace;
};

/* ---- trace.c: commands one by one, for who asks ---- */

#define TRACE_SLOTS 8192u /* a power of two */
#define TRACE_WORDS (sizeof(struct array_trace_record) / sizeof(uint64_t))

/*
 * A record as words.  turn: 2 × its number + 2 when it is complete, odd while it is written.  So a
 * reader without a lock sees whether what it read was overwritten meanwhile.
 */
struct target_trace_slot {
	_Atomic uint64_t turn;
	_Atomic uint64_t words[TRACE_WORDS];
};

/* The last commands of a thread, which writes; any thread reads. */
struct target_trace {
	_Atomic uint64_t count; /* of records that were written */
	/* the thread's own: of the commands in target_meter.entries, what their answers say */
	struct array_trace_record noted[METER_BATCH];
	struct target_trace_slot slots[TRACE_SLOTS];
};

/* Notes what a command that has ended was, as the entry of this index.  The command's thread. */
void target_trace_note(struct target_trace *trace, unsigned index, const struct target_task *t);
/* Writes the record of an entry, whose answer was sent now.  The thread itself. */
void target_trace_write(struct target_trace *trace, unsigned index,
			const struct target_meter_entry *entry, uint64_t ns, int64_t utc_us);
/* Begins or ends to note commands, as readers want it; to be called at each receive. */
void target_trace_look(struct target_thread *thread);
/* The function trace of struct array_runtime_ops. */
int target_trace_read(void *runtime, struct array_trace_place *place,
		      void (*record)(void *arg, const struct array_trace_record *record), void *arg,
		      uint64_t *ret_lost);

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
