/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes: what one operation did, and the state that it leads to.  Any thread; a change belongs to
 * its maker until others see it.
 */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/fields.h"
#include "model/state_int.h"

static void
change_free(struct change *change)
{
	for (size_t i = 0; i < change->op_count; i++) {
		row_unref(change->ops[i].row);
		mem_free(change->ops[i].deleted);
	}
	mem_free(change->ops);
	mem_free(change->cause);
	mem_free(change->principal);
	mem_free(change);
}

struct change *
change_new(const char *cause, size_t op_capacity)
{
	struct change *change = mem_calloc(1, sizeof(*change));

	if (change == NULL)
		return NULL;
	atomic_init(&change->refs, 1);
	change->cause = str_dup(cause);
	change->ops = mem_calloc(op_capacity, sizeof(change->ops[0]));
	if (change->cause == NULL || change->ops == NULL) {
		change_free(change);
		return NULL;
	}
	return change;
}

void
change_add(struct change *change, enum row_family family, const struct row_key *key, void *row)
{
	change->ops[change->op_count++] =
		(struct change_op){ .family = family, .key = *key, .row = row };
}

int
change_add_other(struct change *change, const char *family, const char *key)
{
	struct row_key other;
	char *deleted = str_printf("%s%s", family, key);

	if (deleted == NULL || row_other_key(family, key, &other) < 0) {
		mem_free(deleted);
		return -ENOMEM;
	}
	change_add(change, ROW_OTHER, &other, NULL);
	change->ops[change->op_count - 1].deleted = deleted;
	return 0;
}

int
change_set_principal(struct change *change, const struct principal *principal)
{
	struct principal *copy = NULL;

	if (principal != NULL && principal->kind != PRINCIPAL_SYSTEM) {
		copy = mem_alloc(sizeof(*copy));
		if (copy == NULL)
			return -ENOMEM;
		*copy = *principal;
	}
	mem_free(change->principal);
	change->principal = copy;
	return 0;
}

struct change *
change_ref(const struct change *change)
{
	struct change *counted = (struct change *)(uintptr_t)change;

	atomic_fetch_add_explicit(&counted->refs, 1, memory_order_relaxed);
	return counted;
}

void
change_unref(struct change *change)
{
	if (change != NULL &&
	    atomic_fetch_sub_explicit(&change->refs, 1, memory_order_acq_rel) == 1)
		change_free(change);
}

static int
op_apply(struct state *work, const struct change_op *op)
{
	int rc;

	if (op->row != NULL)
		return state_put(work, op->row);
	rc = state_delete(work, op->family, &op->key);
	if (rc == ERR_NOT_FOUND)
		return err_set(ERR_CORRUPT, "a change deletes a %s that is not there",
			       row_type(op->family)->name);
	return rc;
}

int
state_apply(const struct state *state, const struct change *change, struct state **ret_state)
{
	AUTO_STATE struct state *work = NULL;
	int rc;

	if (change->sequence != state->position.sequence + 1)
		return ERR_GONE;
	work = state_alias(state);
	if (work == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < change->op_count; i++)
		if ((rc = op_apply(work, &change->ops[i])) < 0)
			return rc;
	if (!hash128_equal(&work->position.digest, &change->digest))
		return err_set(
			ERR_CORRUPT,
			"the digest after change %llu differs from the one that the change names",
			(unsigned long long)change->sequence);
	work->position.sequence = change->sequence;
	*ret_state = TAKE(work);
	return 0;
}
