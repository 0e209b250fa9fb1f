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
#include "model/credential.h"

struct live {
	struct list node;
	struct row *row;
};

/* What a unit keeps; data NULL = free. */
struct fake_kept {
	struct guid lun_id;
	uint32_t kind, version;
	void *data;
	size_t bytes;
};

/* What is answered when the others have followed it. */
struct fake_keeping {
	void (*done)(void *arg, int result);
	void *arg;
};

struct array {
	const struct array_runtime_ops *ops;
	void *runtime;
	struct state *state;
	struct state_edit *edit;
	pthread_mutex_t commit_lock; /* one commit at a time: fake_commit */
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct guid_map devices; /* lock */
	unsigned in_use;         /* lock */
	unsigned hangs;          /* LUNs that hang; lock */
	struct list live;        /* struct live.node; lock */
	atomic_bool slow_live;
	struct array_secrets *secrets;   /* a reference */
	struct fake_kept kept[8];        /* lock */
	bool resets_wait;                /* lock */
	struct fake_keeping keepings[4]; /* lock */
	unsigned keeping_count;          /* lock */
	atomic_int access_error;
	struct guid own; /* the controller that the array is */
	bool shared;
	atomic_bool no_lease, unclaimed;
	struct array *others[FAKE_OTHERS_MAX];
	unsigned other_count;
	atomic_uint suspected;
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
	array->own = fake_id(900);
	array->state = state_new(&position);
	pthread_mutex_init(&array->lock, NULL);
	pthread_mutex_init(&array->commit_lock, NULL);
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
	array_secrets_unref(array->secrets);
	for (size_t i = 0; i < ARRAY_LEN(array->kept); i++)
		mem_free(array->kept[i].data);
	pthread_cond_destroy(&array->cond);
	pthread_mutex_destroy(&array->lock);
	pthread_mutex_destroy(&array->commit_lock);
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
fake_lun_rename(struct array *array, const struct guid *id, const char *name)
{
	struct row_lun *row = row_copy(state_find(array->state, ROW_LUN, id));

	set(&row->name, name);
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
fake_target_sources(struct array *array, const struct guid *id, const char *sources)
{
	struct row_target *row = row_copy(state_find(array->state, ROW_TARGET, id));

	set(&row->sources, sources);
	put(array, row);
}

void
fake_target_redirect(struct array *array, const struct guid *id, const char *redirect)
{
	struct row_target *row = row_copy(state_find(array->state, ROW_TARGET, id));

	set(&row->redirect, redirect);
	put(array, row);
}

void
fake_host(struct array *array, const struct guid *id, const char *sources)
{
	struct row_host *row = row_new(ROW_HOST);

	row->id = *id;
	set(&row->name, "host");
	set(&row->sources, sources);
	put(array, row);
}

void
fake_pool(struct array *array, const struct guid *id)
{
	struct row_pool *row = row_new(ROW_POOL);

	row->id = *id;
	set(&row->name, "pool");
	set(&row->path, "/pool");
	put(array, row);
}

void
fake_lun_pool(struct array *array, const struct guid *lun, const struct guid *pool)
{
	struct row_lun *row = row_copy(state_find(array->state, ROW_LUN, lun));

	row->pool_id = *pool;
	put(array, row);
}

void
fake_qos(struct array *array, enum row_family family, const struct guid *id, const char *qos)
{
	void *row = row_copy(state_find(array->state, family, id));

	set(family == ROW_LUN    ? &((struct row_lun *)row)->qos
	    : family == ROW_HOST ? &((struct row_host *)row)->qos
				 : &((struct row_pool *)row)->qos,
	    qos);
	put(array, row);
}

void
fake_initiator(struct array *array, const struct guid *id, const struct guid *host,
	       const char *iscsi_name)
{
	struct row_initiator *row = row_new(ROW_INITIATOR);

	row->id = *id;
	row->host_id = *host;
	set(&row->iscsi_name, iscsi_name);
	put(array, row);
}

void
fake_host_member(struct array *array, const struct guid *group, const struct guid *host)
{
	struct row_host_member *row = row_new(ROW_HOST_MEMBER);

	row->group_id = *group;
	row->host_id = *host;
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
fake_controller(struct array *array, enum row_status status)
{
	struct row_controller *row = row_new(ROW_CONTROLLER);

	row->id = fake_id(900);
	row->status = status;
	set(&row->name, "host");
	put(array, row);
}

void
fake_own(struct array *array, const struct guid *controller)
{
	array->own = *controller;
	array->shared = true;
}

void
fake_lease(struct array *array, bool ok)
{
	atomic_store(&array->no_lease, !ok);
}

bool
array_is_held(const struct array *array)
{
	(void)array;
	return false;
}

bool
array_lease_ok(const struct array *array)
{
	return !atomic_load(&array->no_lease);
}

unsigned
fake_suspected(struct array *array)
{
	return atomic_load(&array->suspected);
}

void
array_gateway_suspect(struct array *array, const struct guid *controller)
{
	(void)controller;
	atomic_fetch_add(&array->suspected, 1);
}

void
fake_gateway(struct array *array, const struct guid *id, const char *address, const char *instance)
{
	struct row_controller *row = row_new(ROW_CONTROLLER);

	row->id = *id;
	set(&row->name, address);
	set(&row->address, address);
	set(&row->instance, instance);
	put(array, row);
}

void
fake_portal_of(struct array *array, const struct guid *portal, const struct guid *controller)
{
	struct row_portal *row = row_copy(state_find(array->state, ROW_PORTAL, portal));

	row->controller_id = *controller;
	put(array, row);
}

void
fake_owner(struct array *array, const struct guid *lun, const struct guid *controller,
	   uint64_t epoch)
{
	struct row_lun_owner *row = row_new(ROW_LUN_OWNER);

	row->id = *lun;
	row->controller_id = *controller;
	row->epoch = epoch;
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

static void
commit(struct array *array)
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

void
fake_commit(struct array *array)
{
	pthread_mutex_lock(&array->commit_lock);
	commit(array);
	pthread_mutex_unlock(&array->commit_lock);
}

void
fake_access(struct array *array, const struct guid *group, enum port_access state, bool preferred,
	    bool explicit_allowed)
{
	struct row_portal_group *row = row_copy(state_find(array->state, ROW_PORTAL_GROUP, group));

	if (row->access_state != state)
		row->access_set_by = ACCESS_SET_BY_ADMINISTRATOR;
	row->access_state = state;
	row->preferred = preferred;
	row->explicit_allowed = explicit_allowed;
	put(array, row);
}

void
fake_access_fails(struct array *array, int error)
{
	atomic_store(&array->access_error, error);
}

/* ---- What initiators ask ---- */

int
array_group_set_states(struct array *array, const struct array_request *request,
		       const struct array_access_set *sets, size_t count,
		       struct array_answer *ret_answer)
{
	int error = atomic_load(&array->access_error);

	(void)request;
	if (error < 0)
		return error;
	pthread_mutex_lock(&array->commit_lock);
	*ret_answer = (struct array_answer){ .existed = true };
	for (size_t i = 0; i < count; i++) {
		const struct row_portal_group *old = state_find(array->state, ROW_PORTAL_GROUP,
								&sets[i].group_id);
		struct row_portal_group *row = row_copy(old);

		ret_answer->existed &= old->access_state == sets[i].state;
		row->access_state = sets[i].state;
		row->access_set_by = ACCESS_SET_BY_INITIATOR;
		put(array, row);
	}
	commit(array);
	pthread_mutex_unlock(&array->commit_lock);
	return 0;
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

/* ---- secrets: a list that the data path borrows ---- */

struct array_secrets {
	atomic_uint refs;
	size_t count;
	struct {
		struct guid id;
		char bytes[64];
	} items[8];
};

static void
add_secret(struct array *array, const struct guid *id, const char *secret)
{
	struct array_secrets *more = mem_calloc(1, sizeof(*more));

	if (more == NULL)
		abort();
	if (array->secrets != NULL)
		*more = *array->secrets;
	atomic_init(&more->refs, 1);
	more->items[more->count].id = *id;
	snprintf(more->items[more->count++].bytes, sizeof(more->items[0].bytes), "%s", secret);
	array_secrets_unref(array->secrets);
	array->secrets = more;
	array->ops->secrets(array->runtime, more);
}

void
fake_secret(struct array *array, const struct guid *owner, const struct guid *id,
	    enum credential_side side, const char *user, const char *secret)
{
	struct row_credential *row = row_new(ROW_CREDENTIAL);

	if (row == NULL)
		abort();
	row->id = *id;
	row->owner_id = *owner;
	row->side = side;
	set(&row->user, user);
	set(&row->initiator, "");
	put(array, row);
	add_secret(array, id, secret);
}

void
fake_gateways_secret(struct array *array, const char *secret)
{
	add_secret(array, &credential_gateways, secret);
}

struct array_secrets *
array_secrets_ref(const struct array_secrets *set)
{
	struct array_secrets *own = (struct array_secrets *)(uintptr_t)set;

	if (own != NULL)
		atomic_fetch_add(&own->refs, 1);
	return own;
}

void
array_secrets_unref(struct array_secrets *set)
{
	if (set != NULL && atomic_fetch_sub(&set->refs, 1) == 1)
		mem_free(set);
}

unsigned
array_secrets_find(const struct array_secrets *set, const struct guid *credential, int64_t now_ms,
		   struct array_secret ret_secrets[2])
{
	(void)now_ms;
	for (size_t i = 0; set != NULL && i < set->count; i++) {
		if (!guid_equal(&set->items[i].id, credential))
			continue;
		ret_secrets[0] = (struct array_secret){ (const uint8_t *)set->items[i].bytes,
							strlen(set->items[i].bytes) };
		return 1;
	}
	return 0;
}

void
array_runtime_unregister(struct array *array)
{
	array->ops = NULL;
}

const struct guid *
array_controller_id(const struct array *array)
{
	return &array->own;
}

void
array_lun_look(struct array *array, const struct guid *lun_id)
{
	(void)array;
	(void)lun_id;
}

int
array_lun_device(struct array *array, const struct guid *lun_id, struct blk_dev **ret_dev)
{
	if (atomic_load(&array->unclaimed))
		return ERR_BUSY;
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

struct blk_dev *
array_lun_device_now(struct array *array, const struct guid *lun_id)
{
	pthread_mutex_lock(&array->lock);
	struct blk_dev *dev = guid_map_find(&array->devices, lun_id);

	if (dev != NULL) {
		array->in_use++;
		blk_dev_ref(dev);
	}
	pthread_mutex_unlock(&array->lock);
	return dev;
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

/* With the lock: the place of this kind, or a free one; NULL: there is neither. */
static struct fake_kept *
kept_find(struct array *array, const struct guid *lun_id, uint32_t kind)
{
	struct fake_kept *free_place = NULL;

	for (size_t i = 0; i < ARRAY_LEN(array->kept); i++) {
		struct fake_kept *k = &array->kept[i];

		if (k->data == NULL)
			free_place = k;
		else if (k->kind == kind && guid_equal(&k->lun_id, lun_id))
			return k;
	}
	return free_place;
}

int
array_kept(struct array *array, const struct guid *lun_id, uint32_t kind, uint32_t *ret_version,
	   void **ret_data, size_t *ret_bytes, bool *ret_passing)
{
	struct fake_kept *k;
	int rc = ERR_NOT_FOUND;

	pthread_mutex_lock(&array->lock);
	k = kept_find(array, lun_id, kind);
	if (k != NULL && k->data != NULL) {
		*ret_version = k->version;
		*ret_passing = false;
		*ret_bytes = k->bytes;
		*ret_data = mem_dup(k->data, k->bytes);
		rc = *ret_data != NULL ? 0 : -ENOMEM;
	}
	pthread_mutex_unlock(&array->lock);
	return rc;
}

/* Returns whether the answer waits. */
static bool
put_off(struct array *array, const struct array_keep *keep)
{
	pthread_mutex_lock(&array->lock);
	bool waits = array->resets_wait && keep->kind == ARRAY_KEEP_RESETS;

	if (waits) {
		assert(array->keeping_count < ARRAY_LEN(array->keepings));
		array->keepings[array->keeping_count++] = (struct fake_keeping){ keep->done,
										 keep->arg };
		pthread_cond_broadcast(&array->cond);
	}
	pthread_mutex_unlock(&array->lock);
	return waits;
}

int
array_keep(struct array *array, const struct array_keep *keep)
{
	struct fake_kept *k;

	pthread_mutex_lock(&array->lock);
	k = kept_find(array, &keep->lun_id, keep->kind);
	if (k != NULL) {
		mem_free(TAKE(k->data));
		if (keep->data != NULL)
			*k = (struct fake_kept){ keep->lun_id, keep->kind, keep->version,
						 mem_dup(keep->data, keep->bytes), keep->bytes };
	}
	pthread_mutex_unlock(&array->lock);
	for (unsigned i = 0; i < array->other_count && keep->kind == ARRAY_KEEP_RESETS; i++)
		if (array->others[i]->ops != NULL)
			array->others[i]->ops->lun_reset(array->others[i]->runtime, &keep->lun_id);
	if (!put_off(array, keep))
		keep->done(keep->arg, 0);
	return 0;
}

void
fake_let_resets_wait(struct array *array, bool wait)
{
	pthread_mutex_lock(&array->lock);
	array->resets_wait = wait;
	while (!wait && array->keeping_count > 0) {
		struct fake_keeping keeping = array->keepings[--array->keeping_count];

		keeping.done(keeping.arg, 0); /* posts, and takes no lock of this array */
	}
	pthread_mutex_unlock(&array->lock);
}

void
fake_other(struct array *array, struct array *other)
{
	assert(array->other_count < FAKE_OTHERS_MAX);
	array->others[array->other_count++] = other;
}

void
fake_claim(struct array *array, bool claimed)
{
	atomic_store(&array->unclaimed, !claimed);
}

bool
array_is_shared(const struct array *array)
{
	return array->shared;
}

/* Which LUNs are written through is told by their mode pages. */
void
array_lun_write_through(struct array *array, const struct guid *lun, bool write_through)
{
	(void)array;
	(void)lun;
	(void)write_through;
}

void
array_lun_job(struct array *array, struct row_live_lun_job *row)
{
	array_live_put(array, row);
}

void
array_lun_hangs(struct array *array, const struct guid *lun, bool hangs)
{
	(void)lun;
	pthread_mutex_lock(&array->lock);
	array->hangs += hangs ? 1 : -1u;
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

size_t
fake_sessions(struct array *array)
{
	return fake_live_count(array, ROW_LIVE_SESSION);
}

static bool
wait_count(struct array *array, const unsigned *count, unsigned wanted)
{
	uint64_t end_ns = clock_mono_ns() + 10 * NS_PER_S;
	bool right;

	pthread_mutex_lock(&array->lock);
	while (!(right = *count == wanted) && wait_more(array, end_ns))
		continue;
	pthread_mutex_unlock(&array->lock);
	return right;
}

bool
fake_wait_hangs(struct array *array, unsigned count)
{
	return wait_count(array, &array->hangs, count);
}

bool
fake_wait_resets(struct array *array, unsigned count)
{
	return wait_count(array, &array->keeping_count, count);
}

bool
fake_wait_devices(struct array *array, unsigned count)
{
	return wait_count(array, &array->in_use, count);
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
