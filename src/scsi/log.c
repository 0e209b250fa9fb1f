/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LOG SENSE, LOG SELECT and the log pages.  A page is a list of parameters, each with a code and
 * some bytes; where a parameter's values come from is the table below.  There is no temperature to
 * tell of, so there is no such page.  task.c calls these functions through the table in cmd.c, on
 * the task's thread.  Source: SPC-5 (log parameters; error counters, general statistics,
 * informational exceptions), SBC-4 (logical block provisioning log page).
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

enum {
	PC_CUMULATIVE = 1,
	ALL_SUBPAGES = 0xff,
	PARAMETER_HEAD_BYTES = 4,
	PAGE_HEAD_BYTES = 4,
	/* the parameter control byte */
	FORMAT_COUNTER = 0x00,
	FORMAT_LIST = 0x03, /* binary format list parameter */
	PAGE_BYTES_MAX = 512,
	SELF_TESTS = 0x10,
	NS_PER_INTERVAL = 1000,
};

/* Writes the bytes of a parameter; returns how many there are. */
typedef size_t put_values(const struct scsi_lu *lu, uint8_t *p);

struct log_parameter {
	uint16_t code;
	uint8_t control;
	put_values *put;
};

struct log_page {
	uint8_t code;
	uint8_t count;
	struct log_parameter parameters[3];
};

/* ---- Where the values come from ---- */

static size_t
put_counter(uint8_t *p, uint64_t value)
{
	put_be64(p, value);
	return 8;
}

static size_t
put_zero(const struct scsi_lu *lu, uint8_t *p)
{
	(void)lu;
	return put_counter(p, 0);
}

static size_t
put_write_errors(const struct scsi_lu *lu, uint8_t *p)
{
	return put_counter(p, atomic_load(&lu->write_errors));
}

static size_t
put_read_errors(const struct scsi_lu *lu, uint8_t *p)
{
	return put_counter(p, atomic_load(&lu->read_errors));
}

static struct scsi_statistics
statistics_of(const struct scsi_lu *lu)
{
	struct scsi_statistics s = { 0 };

	if (lu->desc.statistics != NULL)
		lu->desc.statistics(lu->desc.arg, &s);
	return s;
}

static size_t
put_bytes_written(const struct scsi_lu *lu, uint8_t *p)
{
	return put_counter(p, statistics_of(lu).write_bytes);
}

static size_t
put_bytes_read(const struct scsi_lu *lu, uint8_t *p)
{
	return put_counter(p, statistics_of(lu).read_bytes);
}

/* The weighted numbers are not measured, and 0 says so.  An interval is that of put_interval. */
static size_t
put_general_statistics(const struct scsi_lu *lu, uint8_t *p)
{
	struct scsi_statistics s = statistics_of(lu);

	memset(p, 0, 64);
	put_be64(p, s.read_commands);
	put_be64(p + 8, s.write_commands);
	put_be64(p + 16, s.write_bytes >> lu->block_shift);
	put_be64(p + 24, s.read_bytes >> lu->block_shift);
	put_be64(p + 32, s.read_ns / NS_PER_INTERVAL);
	put_be64(p + 40, s.write_ns / NS_PER_INTERVAL);
	return 64;
}

static size_t
put_idle_time(const struct scsi_lu *lu, uint8_t *p)
{
	return put_counter(p, statistics_of(lu).idle_ns / NS_PER_INTERVAL);
}

/* Writes the interval in which times are counted: 1 * 10^-6 s. */
static size_t
put_interval(const struct scsi_lu *lu, uint8_t *p)
{
	(void)lu;
	put_be32(p, 6);
	put_be32(p + 4, 1);
	return 8;
}

/*
 * No exception is reported (DEXCPT).  The temperature is not known, nor is there a threshold for
 * it, which tools look for in the byte that follows.
 */
static size_t
put_no_exception(const struct scsi_lu *lu, uint8_t *p)
{
	(void)lu;
	put_be16(p, 0);
	put_be16(p + 2, 0xffff);
	return 4;
}

/*
 * Available LBA mapping resources: what is free in the pool, which all of its LUNs share (SCOPE).
 */
static size_t
put_available(const struct scsi_lu *lu, uint8_t *p)
{
	memset(p, 0, 8);
	put_be32(p, scsi_threshold_sets(atomic_load(&lu->free_bytes)));
	p[4] = 0x02;
	return 8;
}

/* clang-format off */
static const struct log_page pages[] = {
	/* Write Error Counters */
	{ 0x02, 3, { { 0x0003, FORMAT_COUNTER, put_zero },          /* total errors corrected */
		     { 0x0005, FORMAT_COUNTER, put_bytes_written }, /* total bytes processed */
		     { 0x0006, FORMAT_COUNTER, put_write_errors } } }, /* total uncorrected errors */
	/* Read Error Counters */
	{ 0x03, 3, { { 0x0003, FORMAT_COUNTER, put_zero },
		     { 0x0005, FORMAT_COUNTER, put_bytes_read },
		     { 0x0006, FORMAT_COUNTER, put_read_errors } } },
	/* Logical Block Provisioning */
	{ 0x0c, 1, { { 0x0001, FORMAT_LIST, put_available } } },
	/* Self-Test Results (diag.c) */
	{ SELF_TESTS, 0, { { 0, 0, NULL } } },
	/* General Statistics and Performance */
	{ 0x19, 3, { { 0x0001, FORMAT_LIST, put_general_statistics },
		     { 0x0002, FORMAT_LIST, put_idle_time },
		     { 0x0003, FORMAT_LIST, put_interval } } },
	/* Informational Exceptions */
	{ 0x2f, 1, { { 0x0000, FORMAT_LIST, put_no_exception } } },
};
/* clang-format on */

static bool
page_exists(const struct log_page *page, const struct scsi_lu *lu)
{
	return page->code != 0x0c || lu->unmaps;
}

static const struct log_page *
page_find(const struct scsi_lu *lu, unsigned code)
{
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		if (pages[i].code == code && page_exists(&pages[i], lu))
			return &pages[i];
	return NULL;
}

/* ---- LOG SENSE ---- */

int
scsi_log_sense_parse(struct scsi_task *task)
{
	const uint8_t *cdb = task->cdb;
	unsigned code = cdb[2] & 0x3f;

	if (cdb[1] & 0x01) /* SP: nothing is saved */
		return scsi_sense_invalid_field(task, 1, 0);
	if (cdb[2] >> 6 != PC_CUMULATIVE)
		return scsi_sense_invalid_field(task, 2, 7);
	if (code != 0 && page_find(scsi_task_lu(task), code) == NULL)
		return scsi_sense_invalid_field(task, 2, 5);
	if (cdb[3] != 0 && (code != 0 || cdb[3] != ALL_SUBPAGES))
		return scsi_sense_invalid_field(task, 3, -1);
	return scsi_expect_in(task, get_be16(cdb + 7));
}

/* Supported Log Pages, or with their subpages. */
static size_t
put_list(const struct scsi_lu *lu, bool subpages, uint8_t *p)
{
	size_t len = 0;

	p[len++] = 0x00;
	if (subpages) {
		p[len++] = 0x00;
		p[len++] = 0x00;
		p[len++] = ALL_SUBPAGES;
	}
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		if (!page_exists(&pages[i], lu))
			continue;
		p[len++] = pages[i].code;
		if (subpages)
			p[len++] = 0x00;
	}
	return len;
}

/* The parameters from this code on.  Returns their size, 0 = there is none. */
static size_t
put_parameters(const struct scsi_lu *lu, const struct log_page *page, unsigned first, uint8_t *p)
{
	size_t len = 0;

	for (unsigned i = 0; i < page->count; i++) {
		const struct log_parameter *parameter = &page->parameters[i];
		size_t bytes;

		if (parameter->code < first)
			continue;
		bytes = parameter->put(lu, p + len + PARAMETER_HEAD_BYTES);
		put_be16(p + len, parameter->code);
		p[len + 2] = parameter->control;
		p[len + 3] = (uint8_t)bytes;
		len += PARAMETER_HEAD_BYTES + bytes;
	}
	return len;
}

int
scsi_log_sense_execute(struct scsi_task *task)
{
	const uint8_t *cdb = task->cdb;
	const struct scsi_lu *lu = scsi_task_lu(task);
	unsigned code = cdb[2] & 0x3f, first = get_be16(cdb + 5);
	uint8_t data[PAGE_BYTES_MAX] = { 0 };
	size_t len;

	if (code == 0)
		len = put_list(lu, cdb[3] != 0, data + PAGE_HEAD_BYTES);
	else if (code == SELF_TESTS)
		len = scsi_self_test_log(scsi_task_lu(task), first, data + PAGE_HEAD_BYTES);
	else
		len = put_parameters(lu, page_find(lu, code), first, data + PAGE_HEAD_BYTES);
	if (len == 0)
		return scsi_sense_invalid_field(task, 5, -1);
	data[0] = (uint8_t)(code | (cdb[3] != 0 ? 0x40 : 0)); /* SPF */
	data[1] = cdb[3];
	put_be16(data + 2, (uint16_t)len);
	return scsi_give(task, data, PAGE_HEAD_BYTES + len, get_be16(cdb + 7));
}

/* ---- LOG SELECT ---- */

/* What can be changed is that the counters of errors start again: PCR. */
int
scsi_log_select_parse(struct scsi_task *task)
{
	const uint8_t *cdb = task->cdb;
	unsigned code = cdb[2] & 0x3f;

	if (cdb[1] & 0x01) /* SP */
		return scsi_sense_invalid_field(task, 1, 0);
	if (get_be16(cdb + 7) != 0)
		return scsi_sense_invalid_field(task, 7, -1);
	if (code != 0 && page_find(scsi_task_lu(task), code) == NULL)
		return scsi_sense_invalid_field(task, 2, 5);
	if (cdb[3] != 0)
		return scsi_sense_invalid_field(task, 3, -1);
	return scsi_expect_none(task);
}

int
scsi_log_select_execute(struct scsi_task *task)
{
	struct scsi_lu *lu = scsi_task_lu(task);
	unsigned code = task->cdb[2] & 0x3f;

	if (!(task->cdb[1] & 0x02)) /* PCR */
		return scsi_good(task);
	if (code == 0 || code == 0x02)
		atomic_store(&lu->write_errors, 0);
	if (code == 0 || code == 0x03)
		atomic_store(&lu->read_errors, 0);
	scsi_lu_raise(lu, SCSI_UA_LOG, task->itl);
	return scsi_good(task);
}
