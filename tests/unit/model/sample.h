/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sample rows and states for the tests of model, wire, client and com. They are small and valid,
 * and a number tells them apart.
 */
#ifndef VDS_TESTS_SAMPLE_H
#define VDS_TESTS_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/state.h"

/* Returns an id that sorts by n and is different for each kind. */
static inline struct guid
sample_id(char kind, unsigned n)
{
	struct guid g = { { 0 } };

	g.bytes[0] = (uint8_t)(n >> 24);
	g.bytes[1] = (uint8_t)(n >> 16);
	g.bytes[2] = (uint8_t)(n >> 8);
	g.bytes[3] = (uint8_t)n;
	g.bytes[15] = (uint8_t)kind;
	return g;
}

static inline void
sample_text(char **field, const char *fmt, unsigned n)
{
	char text[64];

	/* Constant formats, given by the callers below. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof(text), fmt, n);
#pragma GCC diagnostic pop
	assert_int_equal(row_set_string(field, text), 0);
}

static inline struct position
sample_position(void)
{
	return (struct position){ .array_id = sample_id('a', 1), .incarnation = 1, .sequence = 0 };
}

static inline void *
sample_array(void)
{
	struct row_array *row = row_new(ROW_ARRAY);

	row->id = sample_id('a', 1);
	sample_text(&row->name, "array %u", 1);
	sample_text(&row->serial, "SER%u", 1);
	return row;
}

static inline void *
sample_pool(unsigned n)
{
	struct row_pool *row = row_new(ROW_POOL);

	row->id = sample_id('p', n);
	sample_text(&row->name, "pool%u", n);
	sample_text(&row->path, "/srv/pool%u", n);
	return row;
}

static inline void *
sample_lun(unsigned n)
{
	struct row_lun *row = row_new(ROW_LUN);

	row->id = sample_id('l', n);
	row->number = n;
	row->pool_id = sample_id('p', 1);
	row->size_bytes = 1048576;
	row->block_bytes = 512;
	row->thin = true;
	sample_text(&row->name, "lun%u", n);
	sample_text(&row->serial, "S%08u", n);
	sample_text(&row->naa, "3%015x", n);
	return row;
}

static inline void *
sample_target(unsigned n)
{
	struct row_target *row = row_new(ROW_TARGET);

	row->id = sample_id('t', n);
	sample_text(&row->iscsi_name, "iqn.2026-11.org.example:t%u", n);
	sample_text(&row->alias, "target %u", n);
	return row;
}

static inline void *
sample_portal(unsigned n)
{
	struct row_portal *row = row_new(ROW_PORTAL);

	row->id = sample_id('o', n);
	row->port = 3260 + n;
	sample_text(&row->address, "127.0.0.%u", 1);
	return row;
}

static inline void *
sample_group(unsigned n, unsigned target)
{
	struct row_portal_group *row = row_new(ROW_PORTAL_GROUP);

	row->id = sample_id('g', n);
	row->target_id = sample_id('t', target);
	row->tag = n;
	row->relative_port = n;
	return row;
}

static inline void *
sample_member(unsigned group, unsigned portal)
{
	struct row_group_portal *row = row_new(ROW_GROUP_PORTAL);

	row->group_id = sample_id('g', group);
	row->portal_id = sample_id('o', portal);
	return row;
}

static inline void *
sample_association(unsigned lun, unsigned target, unsigned number)
{
	struct row_association *row = row_new(ROW_ASSOCIATION);

	row->lun_id = sample_id('l', lun);
	row->target_id = sample_id('t', target);
	row->lun_number = number;
	return row;
}

static inline void *
sample_job(unsigned n)
{
	struct row_job *row = row_new(ROW_JOB);

	row->id = sample_id('j', n);
	row->lun_id = sample_id('l', 1);
	return row;
}

static inline void *
sample_controller(void)
{
	struct row_controller *row = row_new(ROW_CONTROLLER);

	row->id = sample_id('c', 1);
	sample_text(&row->name, "host%u", 1);
	return row;
}

static inline void *
sample_gateway(unsigned n)
{
	struct row_controller *row = row_new(ROW_CONTROLLER);

	row->id = sample_id('c', n);
	sample_text(&row->name, "gateway%u", n);
	sample_text(&row->address, "192.0.2.%u:3261", n);
	return row;
}

static inline void *
sample_owner(unsigned lun, unsigned gateway)
{
	struct row_lun_owner *row = row_new(ROW_LUN_OWNER);

	row->id = sample_id('l', lun);
	row->controller_id = sample_id('c', gateway);
	row->epoch = 1;
	return row;
}

/* Port 1 has the address of all sample portals. */
static inline void *
sample_live_port(unsigned n)
{
	struct row_live_port *row = row_new(ROW_LIVE_PORT);

	row->id = sample_id('q', n);
	row->controller_id = sample_id('c', 1);
	row->link = PORT_LINK_UP;
	sample_text(&row->name, "eth%u", n);
	sample_text(&row->hardware_address, "02:00:00:00:00:0%u", n);
	sample_text(&row->addresses, "127.0.0.%u fd00::1", n);
	return row;
}

static inline void *
sample_live_lun(unsigned n, enum lun_health health)
{
	struct row_live_lun *row = row_new(ROW_LIVE_LUN);

	row->id = sample_id('l', n);
	row->health = health;
	return row;
}

static inline void *
sample_live_pool(unsigned n, uint64_t allocated_bytes, uint64_t free_bytes)
{
	struct row_live_pool *row = row_new(ROW_LIVE_POOL);

	row->id = sample_id('p', n);
	row->ready = true;
	row->allocated_bytes = allocated_bytes;
	row->free_bytes = free_bytes;
	row->capacity_bytes = allocated_bytes + free_bytes;
	return row;
}

static inline void *
sample_live_drive(unsigned n)
{
	struct row_live_drive *row = row_new(ROW_LIVE_DRIVE);

	row->id = sample_id('d', n);
	row->kind = DRIVE_DISK;
	row->bus = DRIVE_BUS_SATA;
	row->size_bytes = 1ull << 30;
	row->block_bytes = 512;
	row->rotational = true;
	row->slot = n;
	row->ready = true;
	sample_text(&row->name, "disk%u", n);
	sample_text(&row->model, "model%u", n);
	sample_text(&row->serial, "D%05u", n);
	return row;
}

/* device: a number that stands for the device of the pool's file system. */
static inline void *
sample_live_pool_drive(unsigned pool, unsigned drive, unsigned device, uint64_t device_bytes,
		       uint64_t size_bytes)
{
	struct row_live_pool_drive *row = row_new(ROW_LIVE_POOL_DRIVE);

	row->pool_id = sample_id('p', pool);
	row->drive_id = sample_id('d', drive);
	row->device_bytes = device_bytes;
	row->size_bytes = size_bytes;
	sample_text(&row->device, "8:%u", device);
	return row;
}

/* Puts each row of a list that ends with NULL; consumes the rows. */
static inline void
sample_put(struct state_edit *edit, ...)
{
	va_list rows;
	void *row;

	va_start(rows, edit);
	while ((row = va_arg(rows, void *)) != NULL)
		assert_int_equal(state_edit_put(edit, row), 0);
	va_end(rows);
}

/*
 * Returns an edit with an array, one pool, LUNs 1 and 2, targets 1 to 3, a portal in a group of
 * target 1, and associations.
 */
static inline struct state_edit *
sample_edit(void)
{
	struct position at = sample_position();
	struct state *empty = state_new(&at);
	struct state_edit *edit = state_edit_new(empty);

	state_unref(empty);
	sample_put(edit, sample_array(), sample_pool(1), sample_lun(1), sample_lun(2),
		   sample_target(1), sample_target(2), sample_target(3), sample_portal(1),
		   sample_group(1, 1), sample_member(1, 1), sample_association(1, 1, 0),
		   sample_association(1, 3, 0), sample_association(2, 1, 1), NULL);
	return edit;
}

static inline struct state *
sample_state(void)
{
	struct state *state = NULL;

	assert_int_equal(state_edit_load(sample_edit(), &state), 0);
	return state;
}

/* Finishes an edit; returns the next state. ret_change may be NULL. */
static inline struct state *
sample_next(struct state_edit *edit, struct change **ret_change)
{
	struct state *state = NULL;
	struct change *change = NULL;

	assert_int_equal(state_edit_finish(edit, "test", NULL, 1000, &state, &change), 0);
	if (ret_change != NULL)
		*ret_change = change;
	else
		change_unref(change);
	return state;
}

#endif
