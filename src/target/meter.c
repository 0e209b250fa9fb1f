/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long commands take: from the receipt of a command's PDU until its answer was given to the
 * socket.  All answers of one receive are sent at one time, so the clock is read once for what was
 * received and once for what was sent, not for each command.  A command that did not end at once
 * knows its phases, too:
 *
 *	data	until its data-out was here
 *	limit	as long as a limit of its LUN, host or pool held it up
 *	wait	until it could begin otherwise: older commands, a drain, buffers
 *	store	until the backing store and the range locks were done with it
 *	send	until the socket took its answer
 *
 * The data-path threads call these functions; sample.c reads what they count.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "target/target_int.h"

#define NS_PER_US 1000u

static uint32_t
us_between(uint64_t from_ns, uint64_t to_ns)
{
	return to_ns > from_ns ? (uint32_t)MIN((to_ns - from_ns) / NS_PER_US, UINT32_MAX) : 0;
}

static void
count_session(const struct target_task *t, unsigned kind)
{
	struct target_session_counts *counts = &t->conn->counts;
	uint64_t bytes[METER_KINDS] = {
		[SCSI_KIND_READ] = t->scsi.in_bytes, [SCSI_KIND_WRITE] = t->scsi.out_bytes
	};

	target_traffic_add(&counts->commands[kind], 1);
	target_traffic_add(&counts->bytes[kind], bytes[kind]);
}

void
target_meter_note(const struct target_task *t)
{
	struct target_thread *thread = t->conn->thread;
	struct target_meter *meter = &thread->meter;
	unsigned kind = scsi_task_kind(&t->scsi);

	if (meter->count == METER_BATCH)
		target_meter_flush(thread);
	struct target_meter_entry *entry = &meter->entries[meter->count++];

	entry->share = &t->path->unit->shares[thread->index];
	entry->conn = t->conn;
	entry->start_ns = t->start_ns;
	entry->kind = (uint8_t)kind;
	entry->opcode = t->scsi.cdb[0];
	entry->lun = t->scsi.lun;
	entry->data_us = entry->limit_us = entry->wait_us = entry->store_us = 0;
	if (__builtin_expect(meter->trace != NULL, false))
		target_trace_note(meter->trace, meter->count - 1, t);
	count_session(t, kind);
	if (__builtin_expect((t->done_ns | t->began_ns) == 0, true))
		return;
	uint64_t ready_ns = t->ready_ns != 0 ? t->ready_ns : t->start_ns;
	uint64_t began_ns = t->began_ns != 0 ? t->began_ns : ready_ns;

	entry->data_us = us_between(t->start_ns, ready_ns);
	entry->limit_us = us_between(0, t->limited_ns);
	entry->wait_us = us_between(ready_ns + t->limited_ns, began_ns);
	entry->store_us = us_between(began_ns, t->done_ns);
}

static void
log_slow(const struct target_meter_entry *entry, uint64_t now_ns)
{
	const struct target_conn *conn = entry->conn;
	const struct target_unit *unit = entry->share->unit;
	uint32_t all_us = us_between(entry->start_ns, now_ns);
	uint32_t before_us = entry->data_us + entry->limit_us + entry->wait_us + entry->store_us;
	char id[GUID_TEXT_SIZE], name[2 * ISCSI_NAME_MAX];

	log_warning_from(
		conn->host, "command.slow",
		"lun=%s number=%u opcode=0x%02x total_us=%" PRIu32 " data_us=%" PRIu32
		" limit_us=%" PRIu32 " wait_us=%" PRIu32 " store_us=%" PRIu32 " send_us=%" PRIu32
		" peer=%s initiator=%s",
		guid_format(&unit->lun_id, id), entry->lun, entry->opcode, all_us, entry->data_us,
		entry->limit_us, entry->wait_us, entry->store_us,
		all_us > before_us ? all_us - before_us : 0, conn->peer,
		log_quote(iscsi_conn_login(conn->iscsi)->initiator_name, name, sizeof(name)));
}

/* Returns the histogram of this kind of commands; the first command of the kind makes it. */
static struct histogram *
latency_of(struct target_unit_share *share, unsigned kind)
{
	struct histogram *h = atomic_load_explicit(&share->latency[kind], memory_order_relaxed);

	if (__builtin_expect(h != NULL, true))
		return h;
	h = mem_calloc(1, sizeof(*h));
	atomic_store_explicit(&share->latency[kind], h, memory_order_release);
	return h; /* NULL when there is no memory: the next command tries again */
}

void
target_meter_flush(struct target_thread *thread)
{
	struct target_meter *meter = &thread->meter;
	uint64_t slow_ns = thread->target->options.slow_ms * NS_PER_MS;

	if (meter->count == 0)
		return;
	uint64_t now_ns = clock_mono_ns();
	int64_t utc_us = meter->trace != NULL ? clock_utc_us() : 0;

	for (unsigned i = 0; i < meter->count; i++) {
		const struct target_meter_entry *entry = &meter->entries[i];
		uint64_t ns = now_ns > entry->start_ns ? now_ns - entry->start_ns : 0;
		struct histogram *latency = latency_of(entry->share, entry->kind);

		histogram_add(&meter->latency[entry->kind], ns);
		if (latency != NULL)
			histogram_add(latency, ns);
		target_traffic_add(&entry->conn->counts.ns[entry->kind], ns);
		if (__builtin_expect(slow_ns != 0 && ns >= slow_ns, false)) {
			target_traffic_add(&meter->slow_commands, 1);
			log_slow(entry, now_ns);
		}
		if (__builtin_expect(meter->trace != NULL, false) && i >= meter->trace_from)
			target_trace_write(meter->trace, i, entry, ns, utc_us);
	}
	meter->count = meter->trace_from = 0;
}
