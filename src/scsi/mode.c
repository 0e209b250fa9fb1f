/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MODE SENSE, MODE SELECT and the mode pages.  Three bits can be changed, because they have an
 * effect: WCE (caching), D_SENSE and SWP (control).  A change holds for every nexus until the next
 * reset.  With SP it is saved, too, where the unit has a store: then it holds after a reset and
 * after a restart, and it is durable before the command ends.  task.c calls these functions through
 * the table in cmd.c, on the task's thread. Source: SPC-5 (mode parameters, control page), SBC-4
 * (caching page).
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"
#include "scsi/store.h"

enum {
	PC_CURRENT = 0,
	PC_CHANGEABLE = 1,
	PC_DEFAULT = 2,
	PC_SAVED = 3,
	ALL_PAGES = 0x3f,
	ALL_SUBPAGES = 0xff,
	PAGE_MAX = 32,
	MODE_MAX = 256,
};

struct mode_bit {
	uint8_t byte, mask;
	unsigned bit; /* enum scsi_mode_bits; 0 ends the list */
};

struct mode_page {
	/* writes what is different from unit to unit; NULL = nothing is */
	void (*fill)(const struct scsi_lu *lu, uint8_t *p);
	struct mode_bit bits[3];
	uint8_t code, subpage, len; /* len: of the whole page */
	uint8_t data[PAGE_MAX];     /* behind the head, what never changes */
	bool thin;                  /* only thin units have the page */
};

/*
 * The one threshold: on the available resources, told of by a unit attention when they become
 * fewer.
 */
static void
fill_provisioning(const struct scsi_lu *lu, uint8_t *p)
{
	put_be32(p + 20, scsi_threshold_sets(atomic_load(&lu->threshold_bytes)));
}

/* clang-format off */
static const struct mode_page pages[] = {
	/* Read-write error recovery */
	{ .code = 0x01, .len = 12 },
	/* Caching */
	{ .code = 0x08, .len = 20, .bits = { { 2, 0x04, MODE_WCE } } },
	/*
	 * Control: TST 001b, a task set for each nexus (order.c); GLTSD; unrestricted reordering;
	 * busy timeout not limited
	 */
	{ .code = 0x0a, .len = 12, .data = { [2] = 0x22, [3] = 0x10, [8] = 0xff, [9] = 0xff },
	  .bits = { { 2, 0x04, MODE_D_SENSE }, { 4, 0x08, MODE_SWP } } },
	/*
	 * Control Extension: TCMOS and SCSIP, the timestamp is set by the clock and by SET
	 * TIMESTAMP, which has precedence; IALUAE, access states change without a command
	 */
	{ .code = 0x0a, .subpage = 0x01, .len = 32, .data = { [4] = 0x07 } },
	/* Informational exceptions control: DEXCPT, none are reported */
	{ .code = 0x1c, .len = 12, .data = { [2] = 0x08 } },
	/* Logical Block Provisioning: ENABLED, soft, decreasing; the available resources */
	{ .code = 0x1c, .subpage = 0x02, .len = 24, .thin = true, .fill = fill_provisioning,
	  .data = { [16] = 0x80, [17] = 0x01 } },
};
/* clang-format on */

static bool
page_exists(const struct mode_page *page, const struct scsi_lu *lu)
{
	return !page->thin || lu->unmaps;
}

/* Does a request for this page code and subpage code ask for the page? */
static bool
page_is_asked(const struct mode_page *page, unsigned code, unsigned subpage)
{
	return (code == ALL_PAGES || code == page->code) &&
	       (subpage == ALL_SUBPAGES || subpage == page->subpage);
}

/* The first page of the unit that is asked for, or NULL. */
static const struct mode_page *
page_find(const struct scsi_lu *lu, unsigned code, unsigned subpage)
{
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		if (page_is_asked(&pages[i], code, subpage) && page_exists(&pages[i], lu))
			return &pages[i];
	return NULL;
}

static size_t
head_bytes(const struct mode_page *page)
{
	return page->subpage != 0 ? 4 : 2;
}

/* PS: the page can be saved. */
static void
put_savable(const struct scsi_lu *lu, const struct mode_page *page, uint8_t *p)
{
	if (lu->desc.store != NULL && page->bits[0].bit != 0)
		p[0] |= 0x80;
}

static void
page_put_head(const struct mode_page *page, uint8_t *p)
{
	p[0] = page->code;
	p[1] = (uint8_t)(page->len - 2);
	if (page->subpage == 0)
		return;
	p[0] |= 0x40; /* SPF */
	p[1] = page->subpage;
	put_be16(p + 2, (uint16_t)(page->len - 4));
}

/* The page as it is with these mode bits. */
static size_t
page_put(const struct scsi_lu *lu, const struct mode_page *page, unsigned mode, uint8_t *p)
{
	memcpy(p, page->data, page->len);
	page_put_head(page, p);
	if (page->fill != NULL)
		page->fill(lu, p);
	for (size_t i = 0; i < ARRAY_LEN(page->bits) && page->bits[i].bit != 0; i++)
		if (mode & page->bits[i].bit)
			p[page->bits[i].byte] |= page->bits[i].mask;
	return page->len;
}

static size_t
page_put_changeable(const struct mode_page *page, uint8_t *p)
{
	memset(p, 0, page->len);
	page_put_head(page, p);
	for (size_t i = 0; i < ARRAY_LEN(page->bits) && page->bits[i].bit != 0; i++)
		p[page->bits[i].byte] |= page->bits[i].mask;
	return page->len;
}

/* ---- MODE SENSE ---- */

static int
sense_parse(struct scsi_task *task, uint32_t allocation)
{
	unsigned control = task->cdb[2] >> 6, code = task->cdb[2] & 0x3f, subpage = task->cdb[3];

	if (page_find(scsi_task_lu(task), code, ALL_SUBPAGES) == NULL)
		return scsi_sense_invalid_field(task, 2, 5);
	if (page_find(scsi_task_lu(task), code, subpage) == NULL)
		return scsi_sense_invalid_field(task, 3, -1);
	if (control == PC_SAVED && scsi_task_lu(task)->desc.store == NULL)
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
	unsigned mode = atomic_load(&lu->mode);
	size_t len = 0;
	uint8_t *at;

	if (control == PC_DEFAULT)
		mode = scsi_lu_mode_default(lu);
	else if (control == PC_SAVED)
		mode = scsi_lu_mode_saved(lu);

	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		if (!page_is_asked(&pages[i], code, task->cdb[3]) || !page_exists(&pages[i], lu))
			continue;
		at = p + len;
		len += control == PC_CHANGEABLE ? page_put_changeable(&pages[i], at)
						: page_put(lu, &pages[i], mode, at);
		put_savable(lu, &pages[i], at);
	}
	return len;
}

/* WP and DPOFUA */
static uint8_t
device_specific(const struct scsi_lu *lu)
{
	return (uint8_t)(0x10 | (scsi_lu_is_write_protected(lu) ? 0x80 : 0));
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
	if ((task->cdb[1] & 0x01) && scsi_task_lu(task)->desc.store == NULL) /* SP */
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
 * The page that begins at `at`, whose head must be that of a page of the unit; NULL: sense is set.
 */
static const struct mode_page *
select_find(struct scsi_task *task, const uint8_t *data, size_t at, size_t left)
{
	bool spf = (data[at] & 0x40) != 0;
	const struct mode_page *page;
	uint8_t head[PAGE_MAX];

	if (left < (spf ? 4u : 2u)) {
		scsi_sense_parameter_length(task);
		return NULL;
	}
	page = page_find(scsi_task_lu(task), data[at] & 0x3f, spf ? data[at + 1] : 0);
	if (page == NULL || (page->subpage != 0) != spf) {
		scsi_sense_invalid_parameter(task, (unsigned)at, 5);
		return NULL;
	}
	page_put_head(page, head);
	if (memcmp(head + 1, data + at + 1, head_bytes(page) - 1) != 0) {
		scsi_sense_invalid_parameter(task, (unsigned)(at + head_bytes(page)) - 1, -1);
		return NULL;
	}
	if (left < page->len) {
		scsi_sense_parameter_length(task);
		return NULL;
	}
	return page;
}

/*
 * One page at `at`, changes into *mode.  Returns its length, or 0 with the sense set.  PS is
 * reserved here; whatever is not changeable must be as it is.
 */
static size_t
select_page(struct scsi_task *task, const uint8_t *data, size_t at, size_t left, unsigned *mode)
{
	uint8_t now[PAGE_MAX], may[PAGE_MAX];
	const struct mode_page *page = select_find(task, data, at, left);

	if (page == NULL)
		return 0;
	page_put(scsi_task_lu(task), page, *mode, now);
	page_put_changeable(page, may);
	for (size_t i = head_bytes(page); i < page->len; i++) {
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

/* ---- Saving ---- */

/* What is kept as SCSI_KEEP_MODE_PAGES: one byte each. */
enum { KEPT_VERSION = 1, KEPT_MASK, KEPT_VALUES, KEPT_WRITE_THROUGH, KEPT_BYTES_ };
#define KEPT_BYTES (KEPT_BYTES_ - KEPT_MASK)
#define SAVABLE    (MODE_WCE | MODE_D_SENSE | MODE_SWP)

/* A save that a MODE SELECT waits for: at the start of its work's buffer. */
struct saving {
	struct scsi_save save;
	struct scsi_task *task;
	unsigned before, after; /* mode bits */
	int result;
	uint8_t data[KEPT_BYTES];
};

/*
 * An administrator who has changed the write cache since then has the last word: the default is
 * another one now.
 */
static bool
is_still_wanted(const struct scsi_lu *lu, const uint8_t *data)
{
	return data[2] == (atomic_load(&lu->write_through) ? 1 : 0);
}

int
scsi_mode_load(struct scsi_lu *lu)
{
	struct scsi_kept kept;
	const uint8_t *data;
	unsigned mask;
	int rc = lu->desc.store == NULL
			 ? ERR_NOT_FOUND
			 : lu->desc.store->load(lu->desc.store->arg, SCSI_KEEP_MODE_PAGES, &kept);

	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	data = kept.data;
	if (kept.version != KEPT_VERSION || kept.bytes != KEPT_BYTES) {
		mem_free(kept.data);
		return err_set(ERR_VERSION,
			       "the saved mode pages of the logical unit cannot be read");
	}
	mask = data[0] & (unsigned)SAVABLE;
	if (!is_still_wanted(lu, data))
		mask &= ~(unsigned)MODE_WCE;
	atomic_store(&lu->saved, mask << 8 | (data[1] & mask));
	mem_free(kept.data);
	return 0;
}

/* Any thread.  What is saved counts from now on, also when the command was aborted meanwhile. */
static void
saved(struct scsi_save *save, int result)
{
	struct saving *saving = container_of(save, struct saving, save);
	struct scsi_task *task = saving->task;

	saving->result = result;
	if (result == 0)
		atomic_store(&scsi_task_lu(task)->saved,
			     (unsigned)SAVABLE << 8 | (saving->after & (unsigned)SAVABLE));
	task->nexus->ops->resume(task);
}

/* The change takes effect, and the others are told. */
static int
change_mode(struct scsi_task *task, unsigned before, unsigned after)
{
	struct scsi_lu *lu = scsi_task_lu(task);

	if (after == before)
		return scsi_good(task);
	if (!atomic_compare_exchange_strong(&lu->mode, &before, after))
		return scsi_status(task, SCSI_STATUS_BUSY); /* another nexus was faster */
	scsi_lu_raise(lu, SCSI_UA_MODE, task->itl);
	scsi_lu_mode_changed(lu, before, after);
	return scsi_good(task);
}

static int
was_saved(struct scsi_task *task)
{
	const struct saving *saving = (const struct saving *)(const void *)task->work->buf;

	if (saving->result == -ENOMEM)
		return scsi_status(task, SCSI_STATUS_BUSY);
	if (saving->result != 0) /* whatever the store lacks says nothing of the medium */
		return scsi_sense_not_kept(task);
	return change_mode(task, saving->before, saving->after);
}

/* The parameter list is no longer needed: its place is taken. */
static int
save_mode(struct scsi_task *task, unsigned before, unsigned after)
{
	const struct scsi_store *store = scsi_task_lu(task)->desc.store;
	struct saving *saving = (struct saving *)(void *)task->work->buf;

	*saving = (struct saving){ .task = task, .before = before, .after = after };
	saving->data[0] = (uint8_t)SAVABLE;
	saving->data[1] = (uint8_t)(after & (unsigned)SAVABLE);
	saving->data[2] = atomic_load(&scsi_task_lu(task)->write_through) ? 1 : 0;
	saving->save = (struct scsi_save){ .kind = SCSI_KEEP_MODE_PAGES,
					   .version = KEPT_VERSION,
					   .data = saving->data,
					   .bytes = sizeof(saving->data),
					   .done = saved };
	task->step = was_saved;
	store->save(store->arg, &saving->save);
	return SCSI_PENDING;
}

/* All pages are checked before the first takes effect. */
static int
select_pages(struct scsi_task *task, const uint8_t *data, size_t at, size_t len)
{
	unsigned before = atomic_load(&scsi_task_lu(task)->mode), after = before;

	while (at < len) {
		size_t page_len = select_page(task, data, at, len - at, &after);

		if (page_len == 0)
			return SCSI_DONE;
		at += page_len;
	}
	return task->cdb[1] & 0x01 ? save_mode(task, before, after)
				   : change_mode(task, before, after);
}

static int
select_done(struct scsi_task *task)
{
	return task->io.result == 0 ? select_pages(task, task->work->buf, task->work->index,
						   (size_t)task->work->offset_bytes)
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
	if (scsi_work_new(task, MAX(len, sizeof(struct saving)), 0) < 0)
		return SCSI_DONE;
	task->work->offset_bytes = len;
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
