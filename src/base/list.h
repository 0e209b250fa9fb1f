/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Intrusive doubly linked lists.  A node may be in one list at a time; a node that is in none
 * points to itself or is zeroed.  Not thread-safe.
 */
#ifndef VDS_BASE_LIST_H
#define VDS_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct list {
	struct list *next, *prev;
};

static inline void
list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool
list_empty(const struct list *l)
{
	return l->next == l || l->next == NULL;
}

static inline void
list_insert_before(struct list *at, struct list *node)
{
	node->next = at;
	node->prev = at->prev;
	at->prev->next = node;
	at->prev = node;
}

static inline void
list_append(struct list *l, struct list *node)
{
	list_insert_before(l, node);
}

static inline void
list_prepend(struct list *l, struct list *node)
{
	list_insert_before(l->next, node);
}

/* Takes the node out of its list.  A node that is in no list stays as it is. */
static inline void
list_remove(struct list *node)
{
	if (node->next == NULL)
		return;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

static inline struct list *
list_first(const struct list *l)
{
	return list_empty(l) ? NULL : l->next;
}

/* Removes and returns the first node; returns NULL when the list is empty. */
static inline struct list *
list_pop(struct list *l)
{
	struct list *node = list_first(l);

	if (node != NULL)
		list_remove(node);
	return node;
}

#define list_entry(node, type, member) container_of(node, type, member)
#define list_for_each(node, l)         for (struct list *node = (l)->next; node != (l); node = node->next)
#define list_for_each_safe(node, l)                                                 \
	for (struct list *node = (l)->next, *node##_next = node->next; node != (l); \
	     node = node##_next, node##_next = node->next)

#endif
