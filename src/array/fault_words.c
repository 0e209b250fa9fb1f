/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words for injected faults: which operations a fault strikes, and what it answers.  Says what
 * a request means to blk, or why it means nothing.  Pure functions; any thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#define BIT(op)              (1u << (op))
#define STATUS_CHECK         0x02
#define STATUS_BUSY          0x08
#define STATUS_TASK_SET_FULL 0x28
#define KEY_LEAST            0x2 /* NO SENSE and RECOVERED ERROR say that a command was carried out */
#define KEY_MOST             0xe

static const struct {
	const char *name;
	unsigned ops;
} operations[] = {
	{ "any", BIT(BLK_OPS_) - 1 },
	{ "read", BIT(BLK_READ) },
	{ "write", BIT(BLK_WRITE) | BIT(BLK_WRITE_ZEROES) },
	{ "flush", BIT(BLK_FLUSH) },
	{ "unmap", BIT(BLK_UNMAP) },
};

static const struct {
	const char *name;
	struct blk_answer answer;
} errors[] = {
	{ "medium-error", { 0, 0, 0, 0 } },
	{ "not-ready", { STATUS_CHECK, 0x2, 0x04, 0x00 } },
	{ "hardware-error", { STATUS_CHECK, 0x4, 0x44, 0x00 } },
	{ "no-space", { STATUS_CHECK, 0x7, 0x27, 0x07 } },
	{ "busy", { STATUS_BUSY, 0, 0, 0 } },
	{ "task-set-full", { STATUS_TASK_SET_FULL, 0, 0, 0 } },
};

static int
operation_parse(const char *name, unsigned *ret_ops)
{
	for (size_t i = 0; i < ARRAY_LEN(operations); i++)
		if (strcmp(operations[i].name, name) == 0) {
			*ret_ops = operations[i].ops;
			return 0;
		}
	return err_set(ERR_INVALID,
		       "there is no operation \"%s\": read, write, flush, unmap or any", name);
}

/* Reads "3/11/00": key, ASC and ASCQ in hexadecimal. */
static bool
sense_parse(const char *text, struct blk_answer *answer)
{
	unsigned long numbers[3] = { 0 };
	const char *at = text;

	for (unsigned i = 0; i < 3; i++) {
		size_t digits = strspn(at, "0123456789abcdefABCDEF");

		if (digits == 0 || digits > 2)
			return false;
		numbers[i] = strtoul(at, NULL, 16);
		at += digits;
		if (*at != (i < 2 ? '/' : '\0'))
			return false;
		at++;
	}
	*answer = (struct blk_answer){ STATUS_CHECK, (uint8_t)numbers[0], (uint8_t)numbers[1],
				       (uint8_t)numbers[2] };
	return numbers[0] >= KEY_LEAST && numbers[0] <= KEY_MOST;
}

static int
error_parse(const char *text, struct blk_answer *answer)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (strcmp(errors[i].name, text) == 0) {
			*answer = errors[i].answer;
			return 0;
		}
	if (sense_parse(text, answer))
		return 0;
	return err_set(
		ERR_INVALID,
		"there is no error \"%s\": medium-error, not-ready, hardware-error, no-space, "
		"busy, task-set-full, or sense data as KEY/ASC/ASCQ in hexadecimal (3/11/00), "
		"with a key from 2 to E",
		text);
}

static int
range_parse(const struct array_fault *fault, const struct row_lun *lun, struct blk_fault *out)
{
	uint64_t blocks = lun->size_bytes / lun->block_bytes;

	if (fault->blocks == 0 && fault->from_block == 0)
		return 0;
	if (fault->blocks == 0)
		return err_set(ERR_INVALID, "a range of blocks has a first block and a length: "
					    "blocks=FIRST-LAST (in the API \"from_block\" and "
					    "\"blocks\")");
	if (fault->from_block >= blocks || fault->blocks > blocks - fault->from_block)
		return err_set(ERR_INVALID,
			       "LUN \"%s\" has the blocks 0 to %llu, and the fault is for blocks "
			       "%llu to %llu",
			       ROW_LUN_CALLED(lun), (unsigned long long)(blocks - 1),
			       (unsigned long long)fault->from_block,
			       (unsigned long long)(fault->from_block + fault->blocks - 1));
	if (out->ops == BIT(BLK_FLUSH))
		return err_set(ERR_INVALID, "a flush concerns all blocks: leave blocks= away");
	out->from_bytes = fault->from_block * lun->block_bytes;
	out->len_bytes = fault->blocks * lun->block_bytes;
	return 0;
}

int
array_fault_parse(const struct array_fault *fault, const struct row_lun *lun, struct blk_fault *ret)
{
	struct blk_fault out = {
		.delay_ns = fault->delay_ms * NS_PER_MS,
		.hangs = fault->hangs,
		.answers = fault->error[0] != '\0',
		.count = fault->count,
		.ppm = fault->ppm,
	};
	int rc = operation_parse(fault->operation != NULL ? fault->operation : "any", &out.ops);

	if (rc == 0 && out.answers)
		rc = error_parse(fault->error, &out.answer);
	if (rc < 0)
		return rc;
	if (!out.answers && !out.hangs && out.delay_ns == 0)
		return err_set(ERR_INVALID,
			       "a fault is an error, a delay or a hang: give an error, "
			       "delay= or hang (in the API \"error\", \"delay_ms\" or "
			       "\"hang\")");
	if (out.hangs && out.delay_ns != 0)
		return err_set(ERR_INVALID, "what hangs has no delay: give hang or delay=");
	if (out.hangs && out.answers)
		return err_set(ERR_INVALID,
			       "what hangs goes on as usual when the fault ends: give an "
			       "error or hang (for a late error: delay)");
	rc = range_parse(fault, lun, &out);
	if (rc == 0)
		*ret = out;
	return rc;
}

/* ---- the other way ---- */

static const char *
operation_name(unsigned ops)
{
	for (size_t i = 0; i < ARRAY_LEN(operations); i++)
		if (operations[i].ops == ops)
			return operations[i].name;
	return "any";
}

static void
error_format(const struct blk_answer *answer, char *buf, size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		const struct blk_answer *known = &errors[i].answer;

		if (known->status == answer->status && known->key == answer->key &&
		    known->asc == answer->asc && known->ascq == answer->ascq) {
			snprintf(buf, size, "%s", errors[i].name);
			return;
		}
	}
	snprintf(buf, size, "%X/%02X/%02X", answer->key & 0xfu, answer->asc, answer->ascq);
}

void
array_fault_format(const struct blk_fault *fault, const struct row_lun *lun,
		   struct array_fault *ret)
{
	uint64_t now_ns = clock_mono_ns();

	*ret = (struct array_fault){
		.id = fault->id,
		.operation = operation_name(fault->ops),
		.from_block = fault->from_bytes / lun->block_bytes,
		.blocks = fault->len_bytes / lun->block_bytes,
		.delay_ms = fault->delay_ns / NS_PER_MS,
		.hangs = fault->hangs,
		.count = fault->count,
		.ppm = fault->ppm,
		.struck = fault->struck,
	};
	if (fault->answers)
		error_format(&fault->answer, ret->error, sizeof(ret->error));
	if (fault->ends_ns != 0)
		ret->for_ms = fault->ends_ns > now_ns
				      ? (fault->ends_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS
				      : 1;
}
