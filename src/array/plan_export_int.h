/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of an export share: plan_export.c, plan_export_choose.c and plan_export_objects.c.
 */
#ifndef VDS_ARRAY_PLAN_EXPORT_INT_H
#define VDS_ARRAY_PLAN_EXPORT_INT_H

#include "array/plan_int.h"

struct array_exporting {
	const struct state *state;
	bool all, ids;
	struct guid_map wanted; /* without `all`: the ids of the objects */
	json_t *file;
	bool failed; /* memory was out */
};

/* ---- plan_export_choose.c: which objects ---- */

/*
 * Notes the object and what belongs to it.  Returns 0, ERR_NOT_FOUND (there is no such object), or
 * -ENOMEM.
 */
int array_export_choose(struct array_exporting *e, enum row_family family, const struct guid *id);
/* Returns whether the object is a part of the export. */
bool array_export_wants(struct array_exporting *e, const struct guid *id);

/* ---- plan_export_objects.c: objects as the file has them ---- */

/* Adds a value, which it takes, to an object, and notes when memory is out. */
void array_export_set(struct array_exporting *e, json_t *object, const char *name, json_t *value);

/* Return a new object for a row of the family, or NULL: memory is out. */
json_t *array_export_pool(struct array_exporting *e, const void *row);
json_t *array_export_portal(struct array_exporting *e, const void *row);
json_t *array_export_host(struct array_exporting *e, const void *row);
json_t *array_export_host_group(struct array_exporting *e, const void *row);
json_t *array_export_lun(struct array_exporting *e, const void *row);
json_t *array_export_target(struct array_exporting *e, const void *row);
json_t *array_export_association(struct array_exporting *e, const void *row);
json_t *array_export_schedule(struct array_exporting *e,
			      const void *row); /* without deleted LUNs */
/* Returns a new list that says for whom the owner has secrets. */
json_t *array_export_chap(struct array_exporting *e, const struct guid *owner_id);

#endif
