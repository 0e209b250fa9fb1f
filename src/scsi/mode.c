/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MODE SENSE, MODE SELECT and the mode pages.  Three bits can be changed, because they have an
 * effect: WCE (caching), D_SENSE and SWP (control).  A change holds for every nexus until the next
 * reset; nothing is saved.  task.c calls these functions through the table in cmd.c, on the task's
 * thread. Source: SPC-5 (mode parameters, control page), SBC-4 (caching page).
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

enum {
	PC_CURRENT = 0,
	PC_CHANGEABLE = 1,
	PC_DEFAULT = 2,
	PC_SAVED = 3,
	ALL_PAGES = 0x3f,
	ALL_SUBPAGES = 0xff,
	PAGE_MAX = 20,
	MODE_MAX = 256,
};

struct mode_bit {
	uint8_t byte, mask;
	unsigned bit; /* enum scsi_mode_bits; 0 ends the list */
};

struct mode_page {
	uint8_t code, len;      /* len: of the whole page */
	uint8_t data[PAGE_MAX]; /* from byte 2 on, what never changes */
	struct mode_bit bits[3];
};

/* clang-format off */
static const struct mode_page pages[] = {
	/* Read-write error recovery */
	{ .code = 0x01, .len = 12 },
	/* Caching */
	{ .code = 0x08, .len = 20, .bits = { { 2, 0x04, MODE_WCE } } },
	/* Control: GLTSD; unrestricted reordering; busy timeout not limited */
	{ .code = 0x0a, .len = 12, .data = { [2] = 0x02, [3] = 0x10, [8] = 0xff, [9] = 0xff },
	  .bits = { { 2, 0x04, MODE_D_SENSE }, { 4, 0x08, MODE_SWP } } },
	/* Informational exceptions control: DEXCPT, none are reported */
	{ .code = 0x1c, .len = 12, .data = { [2] = 0x08 } },
};
/* clang-format on */

static const struct mode_page *
page_find(unsigned code)
{
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		if (pages[i].code == code)
			return &pages[i];
	return NULL;
}

static unsigned
default_mode(const struct scsi_lu *lu)
{
	return lu->desc.write_cache ? MODE_WCE : 0;
}

/* The page as it is with these mode bits. */
static size_t
page_put(const struct mode_page *page, unsigned mode, uint8_t *p)
{
	memcpy(p, page->data, page->len);
	p[0] = page->code;
	p[1] = (uint8_t)(page->len - 2);
	for (size_t i = 0; i < ARRAY_LEN(page->bits) && page->bits[i].bit != 0; i++)
		if (mode & page->bits[i].bit)
			p[page->bits[i].byte] |= page->bits[i].mask;
	return page->len;
}

static size_t
page_put_changeable(const struct mode_page *page, uint8_t *p)
{
	memset(p, 0, page->len);
	p[0] = page->code;
	p[1] = (uint8_t)(page->len - 2);
	for (size_t i = 0; i < ARRAY_LEN(page->bits) && page->bits[i].bit != 0; i++)
		p[page->bits[i].byte] |= page->bits[i].mask;
	return page->len;
}

/* ---- MODE SENSE ---- */

static int
sense_parse(struct scsi_task *task, uint32_t allocation)
{
	unsigned control = task->cdb[2] >> 6, code = task->cdb[2] & 0x3f, subpage = task->cdb[3];

	if (subpage != 0 && subpage != ALL_SUBPAGES)
		return scsi_sense_invalid_field(task, 3, -1);
	if (code != ALL_PAGES && page_find(code) == NULL)
		return scsi_sense_invalid_field(task, 2, 5);
	if (control == PC_SAVED)
		return scsi_sense_saving(task);
	return scsi_expect_in(task, allocation);
}

int
scsi_mode_sense6_parse(struct scsi_task *task)
{
	return sense_parse(task, task->cdb[4]);
}

int
scsi_mode_sense10_parse(struct scsi_task *task)
{
	return sense_parse(task, get_be16(task->cdb + 7));
}

/* Short: 8 bytes, 32-bit number of blocks; long (LLBAA): 16 bytes. */
static size_t
descriptor_put(const struct scsi_lu *lu, bool is_long, uint8_t *p)
{
	uint64_t capacity = scsi_lu_capacity_blocks(lu);

	if (is_long) {
		put_be64(p, capacity);
		put_be32(p + 8, 0);
		put_be32(p + 12, lu->desc.block_bytes);
		return 16;
	}
	put_be32(p, (uint32_t)MIN(capacity, (uint64_t)UINT32_MAX));
	put_be32(p + 4, lu->desc.block_bytes);
	return 8;
}

static size_t
pages_put(const struct scsi_task *task, uint8_t *p)
{
	const struct scsi_lu *lu = scsi_task_lu(task);
	unsigned control = task->cdb[2] >> 6, code = task->cdb[2] & 0x3f;
	unsigned mode = control == PC_DEFAULT ? default_mode(lu) : atomic_load(&lu->mode);
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		if (code != ALL_PAGES && code != pages[i].code)
			continue;
		len += control == PC_CHANGEABLE ? page_put_changeable(&pages[i], p + len)
						: page_put(&pages[i], mode, p + len);
	}
	return len;
}

/* WP and DPOFUA */
static uint8_t
device_specific(const struct scsi_lu *lu)
{
	return (uint8_t)(0x10 | (lu->desc.read_only || scsi_lu_mode(lu, MODE_SWP) ? 0x80 : 0));
}

int
scsi_mode_sense_execute(struct scsi_task *task)
{
	bool six = task->cdb[0] == 0x1a, is_long = !six && (task->cdb[1] & 0x10) != 0;
	size_t head = six ? 4 : 8, len = head, descriptor = 0;
	uint8_t data[MODE_MAX] = { 0 };

	if (!(task->cdb[1] & 0x08)) /* DBD */
		descriptor = descriptor_put(scsi_task_lu(task), is_long, data + len);
	len += descriptor;
	len += pages_put(task, data + len);
	if (six) {
		data[0] = (uint8_t)(len - 1);
		data[2] = device_specific(scsi_task_lu(task));
		data[3] = (uint8_t)descriptor;
		return scsi_give(task, data, len, task->cdb[4]);
	}
	put_be16(data, (uint16_t)(len - 2));
	data[3] = device_specific(scsi_task_lu(task));
	data[4] = is_long && descriptor > 0; /* LONGLBA */
	put_be16(data + 6, (uint16_t)descriptor);
	return scsi_give(task, data, len, get_be16(task->cdb + 7));
}

/* ---- MODE SELECT ---- */

/*
 * Alone on the unit: a write beside it would find the write cache on after what the cache holds
 * went to the medium.
 */
static int
select_parse(struct scsi_task *task, uint32_t len)
{
	if (!(task->cdb[1] & 0x10)) /* PF: only standard pages */
		return scsi_sense_invalid_field(task, 1, 4);
	if (task->cdb[1] & 0x01) /* SP: nothing is saved */
		return scsi_sense_invalid_field(task, 1, 0);
	if (len > MODE_MAX)
		return scsi_sense_parameter_length(task);
	task->range.first_block = 0;
	task->range.last_block = UINT64_MAX;
	return scsi_expect_parameters(task, len);
}

int
scsi_mode_select6_parse(struct scsi_task *task)
{
	return select_parse(task, task->cdb[4]);
}

int
scsi_mode_select10_parse(struct scsi_task *task)
{
	return select_parse(task, get_be16(task->cdb + 7));
}

/* A block descriptor may only say what is so.  SCSI_GO when it does. */
static int
check_descriptor(struct scsi_task *task, const uint8_t *data, size_t at, size_t len)
{
	const struct scsi_lu *lu = scsi_task_lu(task);
	uint64_t capacity = scsi_lu_capacity_blocks(lu), blocks;
	uint32_t block_bytes;

	if (len == 16) {
		blocks = get_be64(data + at);
		block_bytes = get_be32(data + at + 12);
	} else {
		blocks = get_be32(data + at);
		blocks = blocks == UINT32_MAX ? 0 : blocks;
		block_bytes = get_be24(data + at + 5);
	}
	if (blocks != 0 && blocks != UINT64_MAX && blocks != capacity)
		return scsi_sense_invalid_parameter(task, (unsigned)at, -1);
	if (block_bytes != lu->desc.block_bytes)
		return scsi_sense_invalid_parameter(task, (unsigned)at + (len == 16 ? 12 : 5), -1);
	return SCSI_GO;
}

/*
 * One page at `at`, changes into *mode.  Returns its length, or 0 with the sense set.  PS is
 * reserved here; whatever is not changeable must be as it is.
 */
static size_t
select_page(struct scsi_task *task, const uint8_t *data, size_t at, size_t left, unsigned *mode)
{
	uint8_t now[PAGE_MAX], may[PAGE_MAX];
	const struct mode_page *page = (data[at] & 0x40) ? NULL : page_find(data[at] & 0x3f);

	if (page == NULL) {
		scsi_sense_invalid_parameter(task, (unsigned)at, 5);
		return 0;
	}
	if (left < 2 || data[at + 1] != page->len - 2 || left < page->len) {
		if (left < 2 || data[at + 1] == page->len - 2)
			scsi_sense_parameter_length(task);
		else
			scsi_sense_invalid_parameter(task, (unsigned)at + 1, -1);
		return 0;
	}
	page_put(page, *mode, now);
	page_put_changeable(page, may);
	for (size_t i = 2; i < page->len; i++) {
		if (((data[at + i] ^ now[i]) & ~may[i]) != 0) {
			scsi_sense_invalid_parameter(task, (unsigned)(at + i), -1);
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(page->bits) && page->bits[i].bit != 0; i++) {
		*mode &= ~page->bits[i].bit;
		if (data[at + page->bits[i].byte] & page->bits[i].mask)
			*mode |= page->bits[i].bit;
	}
	return page->len;
}

/* All pages are checked before the first takes effect. */
static int
select_pages(struct scsi_task *task, const uint8_t *data, size_t at, size_t len)
{
	struct scsi_lu *lu = scsi_task_lu(task);
	unsigned before = atomic_load(&lu->mode), after = before;

	while (at < len) {
		size_t page_len = select_page(task, data, at, len - at, &after);

		if (page_len == 0)
			return SCSI_DONE;
		at += page_len;
	}
	if (after != before && atomic_compare_exchange_strong(&lu->mode, &before, after))
		scsi_lu_raise(lu, SCSI_UA_MODE, task->itl);
	else if (after != before)
		return scsi_status(task, SCSI_STATUS_BUSY); /* another nexus was faster */
	return scsi_good(task);
}

static int
select_done(struct scsi_task *task)
{
	return task->io.result == 0 ? select_pages(task, task->work->buf, task->work->index,
						   task->work->buf_bytes)
				    : scsi_sense_blk(task, task->io.result, SENSE_NO_LBA);
}

/* Before the write cache is turned off, what it holds goes to the medium. */
static int
select_apply(struct scsi_task *task)
{
	return scsi_io(task, BLK_FLUSH, 0, 0, 0, NULL, 0, select_done);
}

int
scsi_mode_select_execute(struct scsi_task *task)
{
	bool six = task->cdb[0] == 0x15;
	size_t len = task->out_bytes, head = six ? 4 : 8, descriptor;
	uint8_t *data;

	if (len == 0)
		return scsi_good(task);
	if (len < head)
		return scsi_sense_parameter_length(task);
	if (scsi_work_new(task, len, 0) < 0)
		return SCSI_DONE;
	data = task->work->buf;
	scsi_out_copy(task, 0, data, len);
	descriptor = six ? data[3] : get_be16(data + 6);
	if (descriptor != 0 && descriptor != (!six && (data[4] & 0x01) ? 16u : 8u))
		return scsi_sense_invalid_parameter(task, six ? 3 : 6, -1);
	if (len < head + descriptor)
		return scsi_sense_parameter_length(task);
	if (descriptor != 0 && check_descriptor(task, data, head, descriptor) == SCSI_DONE)
		return SCSI_DONE;
	task->work->index = head + descriptor;
	return select_apply(task);
}
