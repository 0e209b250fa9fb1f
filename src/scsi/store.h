/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a logical unit must keep beyond a restart of the program, and the store that keeps it for
 * the unit.  The unit knows neither files nor databases: the owner of the unit (target/) gives it a
 * store (struct scsi_lu_desc.store), and the array's catalog holds the data.
 *
 * Of each kind a unit keeps one piece of data, which it replaces as a whole.  A version says how
 * the data is encoded; the store does not look at the data.
 */
#ifndef VDS_SCSI_STORE_H
#define VDS_SCSI_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kinds of data.  Their numbers are stored, so a number is never used for another kind. */
enum scsi_keep {
	SCSI_KEEP_RESERVATIONS = 1, /* persistent reservations (reserve_code.c) */
	SCSI_KEEP_MODE_PAGES = 2,   /* saved mode pages */
	SCSI_KEEP_JOB = 3, /* a FORMAT UNIT or SANITIZE that goes on, or has failed (job.c) */
	SCSI_KEEP_IDENTIFYING = 4, /* identifying information (info.c) */
	/* 5 is not the unit's own: the data path tells other gateways of resets by it */
};

/* A piece of data as the store has it. */
struct scsi_kept {
	uint32_t version;
	size_t bytes;
	void *data;   /* owned by whoever has the struct: mem_free */
	bool passing; /* as in struct scsi_save */
};

/* A request to keep data.  The memory belongs to the unit until `done` is called. */
struct scsi_save {
	enum scsi_keep kind;
	uint32_t version;
	const void *data; /* NULL: nothing is to be kept of this kind any more */
	size_t bytes;
	/*
	 * The data ends with a loss of power: it is kept for a program that takes the unit over.
	 * Only a store that says keeps_passing is asked for that.
	 */
	bool passing;
	/*
	 * Called once when the request has ended: result is 0 (from now on the data survives a
	 * crash of the program and of the machine) or a negative code (what was kept before is
	 * still kept).  Any thread; may be called from inside `save`.
	 */
	void (*done)(struct scsi_save *save, int result);
	void *owner; /* for the store's own use */
};

struct scsi_store {
	/*
	 * Reads the data of one kind, from memory.  Returns 0, ERR_NOT_FOUND (nothing is kept) or
	 * -ENOMEM.  Called by scsi_lu_new, before the unit has a user.
	 */
	int (*load)(void *arg, enum scsi_keep kind, struct scsi_kept *ret_kept);
	/* Begins to keep data, and never blocks.  Any thread; one request of a kind at a time. */
	void (*save)(void *arg, struct scsi_save *save);
	void *arg;
	/*
	 * Another program may take the unit over while its initiators go on, so what this one has
	 * in memory alone must be kept, too (scsi_save.passing).
	 */
	bool keeps_passing;
};

#endif
