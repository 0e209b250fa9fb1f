/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Takes the catalog and the state of one moment while the array goes on: for the checker (check.c)
 * and for backups (backup.c).  The writer copies the catalog in small steps between changes, so a
 * copy holds up no change.  Any thread except the writer.
 */
#include <stdio.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

static int
begin(struct array *array, struct array_task *task)
{
	return catalog_copy_begin(array->catalog,
				  &container_of(task, struct array_copy, task)->catalog);
}

/* Copies some of the catalog between two batches of changes. */
static int
copy_some(struct array *array, struct array_task *task)
{
	struct array_copy *copy = container_of(task, struct array_copy, task);
	int rc = catalog_copy_step(copy->catalog);

	copy->more = rc == 1;
	if (rc == 0)
		copy->state = state_ref(array->state);
	return MIN(rc, 0);
}

static int
abandon(struct array *array, struct array_task *task)
{
	(void)array;
	catalog_copy_free(TAKE(container_of(task, struct array_copy, task)->catalog));
	return 0;
}

static int
run(struct array *array, struct array_copy *copy,
    int (*step)(struct array *array, struct array_task *task))
{
	copy->task = (struct array_task){ .run = step };
	return array_writer_submit(array, &copy->task);
}

int
array_copy_take(struct array *array, struct array_copy *copy)
{
	char text[TASK_TEXT_SIZE];
	int rc = run(array, copy, begin);

	if (rc < 0)
		return rc;
	do
		rc = run(array, copy, copy_some);
	while (rc == 0 && copy->more);
	if (rc == 0)
		return 0;
	snprintf(text, sizeof(text), "%s", err_text(rc));
	(void)run(array, copy, abandon);
	return err_set(rc, "%s", text);
}

void
array_copy_fini(struct array_copy *copy)
{
	catalog_copy_free(TAKE(copy->catalog));
	state_unref(TAKE(copy->state));
}
