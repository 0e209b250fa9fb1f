/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands one by one, while somebody asks for them.  Each thread of the data path then writes a
 * record of each command into a ring of its own, without a lock, and overwrites the oldest; a
 * reader that is too slow learns how many it has missed.  When nobody asks, a receive costs one
 * load more.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"
#include "target/target_int.h"

_Static_assert(sizeof(struct array_trace_record) % sizeof(uint64_t) == 0,
	       "a record is whole words");

/* ---- the thread that writes ---- */

/* The service action of commands that have one (SPC-5 4.2.5): in byte 1, or in bytes 8 and 9. */
static uint16_t
service_action_of(const uint8_t *cdb)
{
	switch (cdb[0]) {
	case 0x7f:
		return get_be16(cdb + 8);
	case 0x48: /* SANITIZE */
	case 0x5e: /* PERSISTENT RESERVE IN and OUT */
	case 0x5f:
	case 0x83: /* third-party copies */
	case 0x84:
	case 0x9e: /* SERVICE ACTION IN and OUT(16), BIDIRECTIONAL, MAINTENANCE IN and OUT */
	case 0x9f:
	case 0xa3:
	case 0xa4:
	case 0xab:
		return cdb[1] & 0x1f;
	default:
		return 0;
	}
}

void
target_trace_note(struct target_trace *trace, unsigned index, const struct target_task *t)
{
	const struct scsi_task *s = &t->scsi;
	struct array_trace_record *record = &trace->noted[index];
	bool moves = scsi_task_kind(s) != SCSI_KIND_OTHER;

	*record = (struct array_trace_record){
		.lun_id = t->path->lun_id,
		.session_id = t->path->session->id,
		.lba = moves ? s->lba : 0,
		.bytes = s->in_bytes + s->out_bytes,
		.tag = t->it->itt,
		.number = s->lun,
		.service_action = service_action_of(s->cdb),
		.opcode = s->cdb[0],
		.status = s->status,
	};
	snprintf(record->initiator, sizeof(record->initiator), "%s", t->path->session->initiator);
	/* fixed format (70h) or descriptor format (72h), SPC-5 4.4 */
	if (s->sense_bytes >= 14 && (s->sense[0] & 0x7e) == 0x70) {
		record->sense_key = s->sense[2] & 0x0f;
		record->sense_asc = s->sense[12];
		record->sense_ascq = s->sense[13];
	} else if (s->sense_bytes >= 8 && (s->sense[0] & 0x7e) == 0x72) {
		record->sense_key = s->sense[1] & 0x0f;
		record->sense_asc = s->sense[2];
		record->sense_ascq = s->sense[3];
	}
}

void
target_trace_write(struct target_trace *trace, unsigned index,
		   const struct target_meter_entry *entry, uint64_t ns, int64_t utc_us)
{
	struct array_trace_record *record = &trace->noted[index];
	uint64_t number = atomic_load_explicit(&trace->count, memory_order_relaxed);
	struct target_trace_slot *slot = &trace->slots[number % TRACE_SLOTS];
	uint64_t words[TRACE_WORDS];

	record->utc_us = utc_us;
	record->total_ns = ns;
	record->data_us = entry->data_us;
	record->limit_us = entry->limit_us;
	record->wait_us = entry->wait_us;
	record->store_us = entry->store_us;
	memcpy(words, record, sizeof(words));
	atomic_store_explicit(&slot->turn, 2 * number + 1, memory_order_relaxed);
	/* released, so that who reads one of the words sees the odd turn, too */
	for (size_t i = 0; i < TRACE_WORDS; i++)
		atomic_store_explicit(&slot->words[i], words[i], memory_order_release);
	atomic_store_explicit(&slot->turn, 2 * number + 2, memory_order_release);
	atomic_store_explicit(&trace->count, number + 1, memory_order_release);
}

void
target_trace_look(struct target_thread *thread)
{
	struct target_meter *meter = &thread->meter;
	uint64_t until_ns = atomic_load_explicit(&thread->target->trace_until_ns,
						 memory_order_relaxed);

	if (__builtin_expect(until_ns <= meter->received_ns, true)) {
		meter->trace = NULL;
	} else if (meter->trace == NULL) {
		meter->trace = atomic_load_explicit(&meter->made_trace, memory_order_acquire);
		meter->trace_from = meter->count;
	}
}

/* ---- readers ---- */

/* Returns the ring of a thread, which the first reader makes, or NULL: memory is out. */
static struct target_trace *
trace_of(struct target_thread *thread)
{
	struct target_trace *trace = atomic_load(&thread->meter.made_trace);

	if (trace != NULL)
		return trace;
	struct target_trace *made = mem_calloc(1, sizeof(*made));

	if (made == NULL)
		return NULL;
	if (atomic_compare_exchange_strong(&thread->meter.made_trace, &trace, made))
		return made;
	mem_free(made); /* another reader was first */
	return trace;
}

/* Copies the record of this number.  Returns false when it was overwritten. */
static bool
record_read(struct target_trace *trace, uint64_t number, struct array_trace_record *ret_record)
{
	struct target_trace_slot *slot = &trace->slots[number % TRACE_SLOTS];
	uint64_t words[TRACE_WORDS], turn = 2 * number + 2;

	if (atomic_load_explicit(&slot->turn, memory_order_acquire) != turn)
		return false;
	for (size_t i = 0; i < TRACE_WORDS; i++)
		words[i] = atomic_load_explicit(&slot->words[i], memory_order_acquire);
	if (atomic_load_explicit(&slot->turn, memory_order_relaxed) != turn)
		return false;
	memcpy(ret_record, words, sizeof(words));
	return true;
}

int
target_trace_read(void *runtime, struct array_trace_place *place,
		  void (*record)(void *arg, const struct array_trace_record *record), void *arg,
		  uint64_t *ret_lost)
{
	struct target *target = runtime;
	unsigned count = MIN(target->thread_count, ARRAY_TRACE_THREADS), left = ARRAY_TRACE_MAX;
	bool first = place->threads != count;
	struct array_trace_record found;

	*ret_lost = 0;
	for (unsigned i = 0; i < count; i++)
		if (trace_of(&target->threads[i]) == NULL)
			return -ENOMEM;
	atomic_store(&target->trace_until_ns, clock_mono_ns() + ARRAY_TRACE_MS * NS_PER_MS);
	place->threads = count;
	for (unsigned i = 0; i < count; i++) {
		struct target_trace *trace = trace_of(&target->threads[i]);
		uint64_t end = atomic_load_explicit(&trace->count, memory_order_acquire);
		uint64_t oldest = end > TRACE_SLOTS ? end - TRACE_SLOTS : 0, *at = &place->at[i];

		if (first || *at > end) /* a place of another run of vdsd */
			*at = end;
		if (*at < oldest) {
			*ret_lost += oldest - *at;
			*at = oldest;
		}
		/* each thread has an equal part of what one call reports */
		for (unsigned part = MAX(left / (count - i), 1u); *at < end && part > 0; (*at)++) {
			if (!record_read(trace, *at, &found)) {
				(*ret_lost)++;
				continue;
			}
			record(arg, &found);
			part--;
			left--;
		}
	}
	return 0;
}
