/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the copy manager share: copy.c (EXTENDED COPY), copy_run.c (the chunks of a
 * copy), token.c (ROD tokens) and token_cmd.c (POPULATE TOKEN, WRITE USING TOKEN).  Everything runs
 * on the thread of the copy's task.
 */
#ifndef VDS_SCSI_COPY_INT_H
#define VDS_SCSI_COPY_INT_H

#include "scsi/scsi_int.h"
#include "scsi/token_int.h"

#define COPY_CHUNK_BYTES (1u << 20)
#define COPY_PAD_BYTES   4096u /* the largest block */

/* Additional sense codes of copies. */
enum scsi_copy_asc {
	COPY_ASC_NONE = 0x0000,
	COPY_ASC_DEVICE_FAILURE = 0x0d01, /* THIRD PARTY DEVICE FAILURE */
	COPY_ASC_UNREACHABLE = 0x0d02,    /* COPY TARGET DEVICE NOT REACHABLE */
	COPY_ASC_WRONG_TYPE = 0x0d03,     /* INCORRECT COPY TARGET DEVICE TYPE */
	COPY_ASC_INVALID_FIELD = 0x2600,  /* INVALID FIELD IN PARAMETER LIST */
	COPY_ASC_TOO_MANY_CSCDS = 0x2606, /* TOO MANY TARGET DESCRIPTORS */
	COPY_ASC_CSCD_TYPE = 0x2607,      /* UNSUPPORTED TARGET DESCRIPTOR TYPE CODE */
	COPY_ASC_TOO_MANY_SEGMENTS = 0x2608,
	COPY_ASC_SEGMENT_TYPE = 0x2609,
	COPY_ASC_INEXACT = 0x260a, /* UNEXPECTED INEXACT SEGMENT */
	COPY_ASC_INLINE = 0x260b,  /* INLINE DATA LENGTH EXCEEDED */
	COPY_ASC_WRITE_PROTECTED = 0x2700,
	COPY_ASC_CLEARED = 0x2f02, /* COMMANDS CLEARED BY DEVICE SERVER */
};

/* At the start of task->work->buf; the parameter list and the chunk follow. */
struct scsi_copy {
	struct scsi_copy_record *record; /* NULL = nothing of this copy is kept */
	const uint8_t *list;             /* the parameter list */
	uint8_t *chunk;
	/* EXTENDED COPY */
	size_t head_bytes;                      /* of the parameter list */
	unsigned first_cscd;                    /* the CSCD descriptor ID of cscds[0] */
	struct scsi_itl *cscds[COPY_MAX_CSCDS]; /* the units, as this nexus sees them */
	unsigned cscd_count, segment_count;
	unsigned segment;  /* the one that is worked on */
	bool has_segments; /* false: sense data names no segment */
	/* WRITE USING TOKEN */
	struct scsi_token *token;   /* a reference; NULL = zeros are written */
	bool delete_token;          /* when the command has ended */
	unsigned range_count;       /* of the destination */
	unsigned range;             /* the one that is worked on */
	uint64_t range_done;        /* bytes of it that are done */
	uint64_t rod_at, rod_bytes; /* where the next chunk begins in the token's data; its size */
	size_t filled;              /* of the chunk */
	size_t piece;               /* what is being read of it */
	uint8_t *pad;               /* what is read in front of a piece and behind it: two blocks */
	/* why the copy ends with its next step */
	bool stopped;    /* a unit is reset */
	bool terminated; /* COPY OPERATION ABORT */
	bool began;      /* a chunk was begun */
	/* the segment that is worked on, in bytes; `next` is called when all of it is copied */
	int (*next)(struct scsi_task *task);
	struct scsi_itl *from_itl, *to_itl;
	struct scsi_lu *from, *to;
	uint64_t from_at, to_at;
	uint64_t left;
	uint64_t done; /* forwards only */
	bool backwards;
	uint64_t place; /* of the chunk, within the segment */
	size_t len;     /* of the chunk */
	int (*chunk_written)(struct scsi_task *task);
	size_t run_at, run_len; /* what is written of the chunk: zeros only, or data */
};

static inline struct scsi_copy *
scsi_copy_of(const struct scsi_task *task)
{
	return (struct scsi_copy *)(void *)task->work->buf;
}

/*
 * Makes the work of a copy: struct scsi_copy, zeroed but for `list`, which is the data-out, and
 * `chunk` and `pad`.  Returns SCSI_GO or SCSI_DONE.
 */
int scsi_copy_work_new(struct scsi_task *task);
/*
 * Finds the unit that an identification descriptor CSCD names, among those that the nexus may use.
 * Returns 0, ERR_INVALID (the descriptor's designator is of an impossible size), ERR_NOT_FOUND,
 * ERR_BUSY or -ENOMEM.
 */
int scsi_copy_find_unit(struct scsi_task *task, const uint8_t *cscd, struct scsi_itl **ret_itl);
/* Returns whether all these blocks are within the unit. */
bool scsi_copy_is_within(const struct scsi_lu *lu, uint64_t lba, uint64_t bytes);
/* Ends the task with COPY ABORTED; byte: of the segment's descriptor, or negative. */
int scsi_copy_aborted(struct scsi_task *task, uint16_t asc_ascq, int byte);

/* ---- copy_run.c ---- */

/* Copies the segment that the copy describes, then goes on with copy->next. */
int scsi_copy_run(struct scsi_task *task);
/* Goes on with `step` after the thread has done other work, but for the first chunk of the task. */
int scsi_copy_yield(struct scsi_task *task, int (*step)(struct scsi_task *task));
/*
 * Returns SCSI_GO while the units can be used, else SCSI_DONE: an administrator, a reset, a
 * reservation, a failure or a write to what a token stands for may come between two steps.
 */
int scsi_copy_check(struct scsi_task *task);
/* Ends the task after I/O on the unit has failed. */
int scsi_copy_io_failed(struct scsi_task *task, struct scsi_lu *lu);
/* Takes a range of a unit, shared, and goes on with `step` when it is granted. */
int scsi_copy_lock(struct scsi_task *task, struct scsi_lu *lu, uint64_t at, size_t len,
		   int (*step)(struct scsi_task *task));
/* Writes the chunk to its place, and goes on with copy->chunk_written. */
int scsi_copy_write(struct scsi_task *task);

#endif
