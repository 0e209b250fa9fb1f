/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helpers that fake_array.h declares and describes. */
#include "fake_array.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

struct live {
	struct list node;
	struct row *row;
};

struct array {
	const struct array_runtime_ops *ops;
	void *runtime;
	struct state *state;
	struct state_edit *edit;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct guid_map devices; /* lock */
	unsigned in_use;         /* lock */
	bool hangs;              /* lock */
	struct list live;        /* struct live.node; lock */
	atomic_bool slow_live;
};

#define MUST(expression)              \
	do {                          \
		if ((expression) < 0) \
			abort();      \
	} while (0)

struct guid
fake_id(unsigned n)
{
	struct guid id = { .bytes = { 0xfa, 0x4e } };

	memcpy(id.bytes + 12, &n, sizeof(n));
	id.bytes[8] = (uint8_t)n;
	return id;
}

struct array *
fake_array_new(void)
{
	struct array *array = mem_calloc(1, sizeof(*array));
	struct position position = { .incarnation = 1 };
	pthread_condattr_t attr;

	if (array == NULL)
		return NULL;
	position.array_id = fake_id(0xffff);
	array->state = state_new(&position);
	pthread_mutex_init(&array->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&array->cond, &attr);
	pthread_condattr_destroy(&attr);
	guid_map_init(&array->devices);
	list_init(&array->live);
	return array;
}

void
fake_array_free(struct array *array)
{
	struct blk_dev *dev;
	size_t cursor = 0;

	assert(array->ops == NULL && array->in_use == 0);
	while ((dev = guid_map_next(&array->devices, &cursor)) != NULL)
		blk_dev_unref(dev);
	guid_map_fini(&array->devices);
	for (struct list *node; (node = list_pop(&array->live)) != NULL;) {
		row_unref(list_entry(node, struct live, node)->row);
		mem_free(list_entry(node, struct live, node));
	}
	state_edit_free(array->edit);
	state_unref(array->state);
	pthread_cond_destroy(&array->cond);
	pthread_mutex_destroy(&array->lock);
	mem_free(array);
}

/* ---- Building states ---- */

static void
put(struct array *array, void *row)
{
	if (array->edit == NULL)
		array->edit = state_edit_new(array->state);
	MUST(state_edit_put(array->edit, row));
}

static void
set(char **field, const char *value)
{
	MUST(row_set_string(field, value));
}

void
fake_lun(struct array *array, const struct guid *id, uint64_t size_bytes, uint32_t block_bytes,
	 const char *mask, enum row_status status)
{
	struct row_lun *row = row_new(ROW_LUN);
	char text[64];

	row->id = *id;
	row->size_bytes = size_bytes;
	row->block_bytes = block_bytes;
	row->thin = true;
	row->status = status;
	guid_format(id, text);
	set(&row->name, text);
	set(&row->serial, text);
	set(&row->mask, mask);
	snprintf(text, sizeof(text), "3%02x%02x%02x%02x%02x%02x%03x", id->bytes[8], id->bytes[10],
		 id->bytes[11], id->bytes[12], id->bytes[13], id->bytes[14], id->bytes[15]);
	set(&row->naa, text);
	put(array, row);
}

void
fake_device(struct array *array, const struct guid *lun, struct blk_dev *dev)
{
	pthread_mutex_lock(&array->lock);
	struct blk_dev *old = guid_map_remove(&array->devices, lun);

	if (dev != NULL)
		MUST(guid_map_put(&array->devices, lun, dev));
	pthread_mutex_unlock(&array->lock);
	blk_dev_unref(old);
}

void
fake_target(struct array *array, const struct guid *id, const char *iscsi_name)
{
	struct row_target *row = row_new(ROW_TARGET);

	row->id = *id;
	set(&row->iscsi_name, iscsi_name);
	put(array, row);
}

void
fake_portal(struct array *array, const struct guid *id, const char *address, uint16_t port)
{
	struct row_portal *row = row_new(ROW_PORTAL);

	row->id = *id;
	row->port = port;
	set(&row->address, address);
	put(array, row);
}

void
fake_group(struct array *array, const struct guid *id, const struct guid *target, uint32_t tag)
{
	struct row_portal_group *row = row_new(ROW_PORTAL_GROUP);

	row->id = *id;
	row->target_id = *target;
	row->tag = tag;
	row->relative_port = tag;
	put(array, row);
}

void
fake_group_portal(struct array *array, const struct guid *group, const struct guid *portal)
{
	struct row_group_portal *row = row_new(ROW_GROUP_PORTAL);

	row->group_id = *group;
	row->portal_id = *portal;
	put(array, row);
}

void
fake_associate(struct array *array, const struct guid *lun, const struct guid *target,
	       uint32_t number)
{
	struct row_association *row = row_new(ROW_ASSOCIATION);

	row->lun_id = *lun;
	row->target_id = *target;
	row->lun_number = number;
	put(array, row);
}

void
fake_dissociate(struct array *array, const struct guid *lun, const struct guid *target)
{
	if (array->edit == NULL)
		array->edit = state_edit_new(array->state);
	MUST(state_edit_delete(array->edit, ROW_ASSOCIATION, lun, target));
}

void
fake_delete(struct array *array, enum row_family family, const struct guid *id)
{
	static const struct guid zero;

	if (array->edit == NULL)
		array->edit = state_edit_new(array->state);
	MUST(state_edit_delete(array->edit, family, id, &zero));
}

void
fake_commit(struct array *array)
{
	struct state *state = NULL, *old = array->state;
	struct change *change = NULL;

	if (array->edit == NULL)
		return;
	MUST(state_edit_finish(TAKE(array->edit), "test", NULL, 0, &state, &change));
	array->state = state;
	if (array->ops != NULL)
		array->ops->publish(array->runtime, state, change);
	change_unref(change);
	state_unref(old);
}

const struct array_runtime_ops *
fake_ops(struct array *array)
{
	return array->ops;
}

void *
fake_runtime(struct array *array)
{
	return array->runtime;
}

const struct state *
fake_state(struct array *array)
{
	return array->state;
}

/* ---- What target calls ---- */

int
array_runtime_register(struct array *array, const struct array_runtime_ops *ops, void *runtime)
{
	array->ops = ops;
	array->runtime = runtime;
	ops->publish(runtime, array->state, NULL);
	return 0;
}

void
array_runtime_unregister(struct array *array)
{
	array->ops = NULL;
}

int
array_lun_device(struct array *array, const struct guid *lun_id, struct blk_dev **ret_dev)
{
	pthread_mutex_lock(&array->lock);
	struct blk_dev *dev = guid_map_find(&array->devices, lun_id);

	if (dev == NULL) {
		MUST(blk_null_new("missing", 1u << 30, &dev));
		blk_fail(dev, -ENOENT, "the file is missing");
		MUST(guid_map_put(&array->devices, lun_id, dev));
	}
	array->in_use++;
	*ret_dev = blk_dev_ref(dev);
	pthread_mutex_unlock(&array->lock);
	return 0;
}

void
array_device_release(struct array *array, struct blk_dev *dev)
{
	pthread_mutex_lock(&array->lock);
	array->in_use--;
	pthread_cond_broadcast(&array->cond);
	pthread_mutex_unlock(&array->lock);
	blk_dev_unref(dev);
}

static struct live *
live_find(struct array *array, enum row_family family, const struct guid *id)
{
	struct row_key key;

	list_for_each(node, &array->live) {
		struct live *live = list_entry(node, struct live, node);

		row_key(live->row, &key);
		if (live->row->family == family && guid_equal(&key.a, id))
			return live;
	}
	return NULL;
}

void
fake_slow_live(struct array *array)
{
	atomic_store(&array->slow_live, true);
}

void
array_live_put(struct array *array, void *row)
{
	const struct timespec some = { .tv_nsec = 5 * NS_PER_MS };
	struct row_key key;

	if (atomic_load(&array->slow_live))
		nanosleep(&some, NULL);

	row_key(row, &key);
	pthread_mutex_lock(&array->lock);
	struct live *live = live_find(array, ((struct row *)row)->family, &key.a);

	if (live != NULL) {
		row_unref(live->row);
		live->row = row;
	} else {
		live = mem_calloc(1, sizeof(*live));
		live->row = row;
		list_append(&array->live, &live->node);
	}
	pthread_cond_broadcast(&array->cond);
	pthread_mutex_unlock(&array->lock);
}

void
array_lun_hangs(struct array *array, const struct guid *lun, bool hangs)
{
	(void)lun;
	pthread_mutex_lock(&array->lock);
	array->hangs = hangs;
	pthread_cond_broadcast(&array->cond);
	pthread_mutex_unlock(&array->lock);
}

void
array_live_delete(struct array *array, enum row_family family, const struct guid *id)
{
	pthread_mutex_lock(&array->lock);
	struct live *live = live_find(array, family, id);

	if (live != NULL) {
		list_remove(&live->node);
		row_unref(live->row);
		mem_free(live);
	}
	pthread_cond_broadcast(&array->cond);
	pthread_mutex_unlock(&array->lock);
}

/* ---- Looking at what is live ---- */

static size_t
count_locked(struct array *array, enum row_family family)
{
	size_t count = 0;

	list_for_each(node, &array->live)
		if (list_entry(node, struct live, node)->row->family == family)
			count++;
	return count;
}

size_t
fake_live_count(struct array *array, enum row_family family)
{
	pthread_mutex_lock(&array->lock);
	size_t count = count_locked(array, family);

	pthread_mutex_unlock(&array->lock);
	return count;
}

static bool
wait_more(struct array *array, uint64_t end_ns)
{
	struct timespec end = { .tv_sec = (time_t)(end_ns / NS_PER_S),
				.tv_nsec = (long)(end_ns % NS_PER_S) };

	return pthread_cond_timedwait(&array->cond, &array->lock, &end) == 0;
}

void *
fake_live_wait(struct array *array, enum row_family family, const struct guid *id, bool present)
{
	uint64_t end_ns = clock_mono_ns() + 10 * NS_PER_S;
	struct live *live;
	void *row = NULL;

	pthread_mutex_lock(&array->lock);
	while (((live = live_find(array, family, id)) != NULL) != present &&
	       wait_more(array, end_ns))
		continue;
	if (live != NULL)
		row = row_ref(live->row);
	pthread_mutex_unlock(&array->lock);
	return row;
}

bool
fake_wait_sessions(struct array *array, size_t count)
{
	uint64_t end_ns = clock_mono_ns() + 10 * NS_PER_S;
	bool right;

	pthread_mutex_lock(&array->lock);
	while (!(right = count_locked(array, ROW_LIVE_SESSION) == count) &&
	       wait_more(array, end_ns))
		continue;
	pthread_mutex_unlock(&array->lock);
	return right;
}

bool
fake_wait_hang(struct array *array, bool hangs)
{
	uint64_t end_ns = clock_mono_ns() + 10 * NS_PER_S;
	bool right;

	pthread_mutex_lock(&array->lock);
	while (!(right = array->hangs == hangs) && wait_more(array, end_ns))
		continue;
	pthread_mutex_unlock(&array->lock);
	return right;
}

bool
fake_wait_devices(struct array *array, unsigned count)
{
	uint64_t end_ns = clock_mono_ns() + 10 * NS_PER_S;
	bool right;

	pthread_mutex_lock(&array->lock);
	while (!(right = array->in_use == count) && wait_more(array, end_ns))
		continue;
	pthread_mutex_unlock(&array->lock);
	return right;
}

bool
fake_first_session(struct array *array, struct guid *ret_id)
{
	bool found = false;

	pthread_mutex_lock(&array->lock);
	list_for_each(node, &array->live) {
		struct row *row = list_entry(node, struct live, node)->row;
		struct row_key key;

		if (found || row->family != ROW_LIVE_SESSION)
			continue;
		row_key(row, &key);
		*ret_id = key.a;
		found = true;
	}
	pthread_mutex_unlock(&array->lock);
	return found;
}

unsigned
fake_devices_in_use(struct array *array)
{
	pthread_mutex_lock(&array->lock);
	unsigned count = array->in_use;

	pthread_mutex_unlock(&array->lock);
	return count;
}
