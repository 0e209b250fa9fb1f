/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl trace`: a line, or a JSON object, for each command of initiators, as it ends.  vdsd is
 * asked ten times a second; what it had to forget in between is counted.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/client.h"
#include "vdsctl/ctl_int.h"

#define ROUND_MS  100
#define TEXT_SIZE 96

struct trace {
	struct ctl *ctl;
	struct guid lun;
	char *cursor;
	uint64_t limit, shown; /* limit 0 = until the command is interrupted */
	bool headed;
};

static uint64_t
number_of(const json_t *json, const char *member)
{
	return (uint64_t)json_integer_value(json_object_get(json, member));
}

static const char *
text_of(const json_t *json, const char *member)
{
	const char *text = json_string_value(json_object_get(json, member));

	return text != NULL ? text : "";
}

/* SAM-5 table 25, and the sense of a CHECK CONDITION as "5/21/00". */
static const char *
status_text(const json_t *record, char buf[TEXT_SIZE])
{
	static const struct {
		uint64_t status;
		const char *name;
	} names[] = { { 0x00, "GOOD" },          { 0x04, "CONDITION MET" },
		      { 0x08, "BUSY" },          { 0x18, "RESERVATION CONFLICT" },
		      { 0x28, "TASK SET FULL" }, { 0x30, "ACA ACTIVE" },
		      { 0x40, "TASK ABORTED" } };
	const json_t *sense = json_object_get(record, "sense");
	uint64_t status = number_of(record, "status");

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].status == status)
			return names[i].name;
	if (sense != NULL)
		snprintf(buf, TEXT_SIZE, "sense %x/%02x/%02x",
			 (unsigned)json_integer_value(json_array_get(sense, 0)),
			 (unsigned)json_integer_value(json_array_get(sense, 1)),
			 (unsigned)json_integer_value(json_array_get(sense, 2)));
	else
		snprintf(buf, TEXT_SIZE, "status %02xh", (unsigned)status);
	return buf;
}

/* " data 12 wait 3", without the phases that took no time. */
static void
phases_print(const json_t *record, FILE *out)
{
	static const char *const names[] = { "data_us", "limit_us", "wait_us", "store_us" };
	const json_t *phases = json_object_get(record, "phases");

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		uint64_t us = number_of(phases, names[i]);

		if (us > 0)
			fprintf(out, " %.*s %" PRIu64, (int)(strlen(names[i]) - strlen("_us")),
				names[i], us);
	}
}

static const char *
command_text(const json_t *record, char buf[TEXT_SIZE])
{
	const char *name = text_of(record, "command");

	if (name[0] != '\0')
		return name;
	snprintf(buf, TEXT_SIZE, "%02xh/%02xh", (unsigned)number_of(record, "opcode"),
		 (unsigned)number_of(record, "service_action"));
	return buf;
}

static void
record_print(struct trace *trace, const struct client_view *view, const json_t *record)
{
	FILE *out = trace->ctl->out;
	uint64_t utc_us = number_of(record, "utc_us");
	char status[TEXT_SIZE], command[TEXT_SIZE], time[CLOCK_TEXT_SIZE];
	struct guid id;
	const struct row_lun *lun = guid_parse(text_of(record, "lun_id"), &id) == 0
					    ? state_find(view->config, ROW_LUN, &id)
					    : NULL;
	const char *name = lun != NULL && lun->name != NULL && lun->name[0] != '\0'
				   ? lun->name
				   : text_of(record, "lun_id");

	if (!trace->headed)
		fprintf(out, "%-15s %-20s %-24s %12s %8s %-12s %10s  %s\n", "TIME", "LUN",
			"COMMAND", "LBA", "BYTES", "STATUS", "US", "INITIATOR, PHASES IN US");
	trace->headed = true;
	clock_format_utc((int64_t)(utc_us / 1000), time);
	/* the time of the day, to the microsecond */
	fprintf(out, "%.8s.%06" PRIu64 " ", time + strlen("2026-11-22T"), utc_us % 1000000);
	fprintf(out, "%-20s %-24s %12" PRIu64 " %8" PRIu64 " %-12s %10.1f  %s", name,
		command_text(record, command), number_of(record, "lba"), number_of(record, "bytes"),
		status_text(record, status), (double)number_of(record, "total_ns") / 1000,
		text_of(record, "initiator"));
	phases_print(record, out);
	fputc('\n', out);
}

static int
records_print(struct trace *trace, const json_t *items)
{
	AUTO_VIEW struct client_view view = { NULL, NULL };
	size_t count = json_array_size(items);
	int rc = client_view(trace->ctl->client, &view);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (trace->limit != 0 && trace->shown == trace->limit)
			break;
		if (trace->ctl->json)
			rc = ctl_json_line_print(json_array_get(items, i), trace->ctl->out);
		else
			record_print(trace, &view, json_array_get(items, i));
		trace->shown++;
	}
	if (rc == 0 && fflush(trace->ctl->out) != 0)
		rc = -errno;
	return rc;
}

static int
round_run(struct trace *trace)
{
	struct ctl *ctl = trace->ctl;
	struct verb_args args = { .cursor = trace->cursor,
				  .lun_id = trace->lun,
				  .initiator = ctl->options[OPT_INITIATOR],
				  .failed = ctl->options[OPT_FAILED] != NULL };
	json_t *answer = NULL;
	int rc = 0;

	if (ctl->options[OPT_SLOWER] != NULL &&
	    (str_parse_u64(ctl->options[OPT_SLOWER], &args.min_us) < 0 || args.min_us > UINT32_MAX))
		return err_set(ERR_INVALID, "--slower takes a number of microseconds, not %s",
			       ctl->options[OPT_SLOWER]);
	rc = client_ask(ctl->client, VERB_TRACE, NULL, &args, &answer);
	if (rc < 0)
		return rc;
	mem_free(trace->cursor);
	trace->cursor = str_dup(text_of(answer, "cursor"));
	if (trace->cursor == NULL)
		rc = -ENOMEM;
	if (number_of(answer, "lost") > 0)
		fprintf(stderr,
			"vdsctl: %" PRIu64
			" commands came too fast to be told; the conditions apply "
			"only to the others\n",
			number_of(answer, "lost"));
	if (rc == 0)
		rc = records_print(trace, json_object_get(answer, "items"));
	json_decref(answer);
	return rc;
}

int
ctl_run_trace(struct ctl *ctl)
{
	const struct timespec pause = { .tv_nsec = (long)(ROUND_MS * NS_PER_MS) };
	struct trace trace = { .ctl = ctl };
	const char *limit = ctl->options[OPT_LIMIT];
	int rc = 0;

	if (limit != NULL && (str_parse_u64(limit, &trace.limit) < 0 || trace.limit == 0))
		return err_set(ERR_INVALID, "--limit takes a number from 1 on, not %s", limit);
	rc = ctl_open_replica(ctl);
	if (rc == 0 && ctl->arg_count > 0)
		rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &trace.lun);
	while (rc == 0 && (trace.limit == 0 || trace.shown < trace.limit)) {
		rc = round_run(&trace);
		nanosleep(&pause, NULL);
	}
	mem_free(trace.cursor);
	return rc;
}
