/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening and closing the array.
 *
 *	catalog (lock, migrate, load, check) -> pools (lock) -> sweep -> units -> jobs -> writer
 *	-> verifier
 *
 * and back in the other order: whoever uses a thing ends before it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/hints.h"

#define JOB_THREADS        4
#define DRAIN_TIMEOUT_MS   5000
#define VERIFY_INTERVAL_MS 2000
#define FLUSH_MS           30000 /* before commands wait: as long as initiators wait for a command */
#define AUDIT_KEEP_MS      (90 * 24 * 3600 * 1000ll)

/* ---- in place ---- */

static void
init_locks(struct array *array)
{
	pthread_mutex_t *const mutexes[] = {
		&array->queue_lock,       &array->state_lock,       &array->live_lock,
		&array->listeners_lock,   &array->luns_lock,        &array->pools_lock,
		&array->requests_lock,    &array->dying_lock,       &array->jobs_lock,
		&array->seen_lock,        &array->trouble_lock,     &array->check_lock,
		&array->devices_lock,     &array->drives_lock,      &array->devices_lock,
		&array->ports_lock,       &array->maintenance_lock, &array->tokens_lock,
		&array->credentials_lock, &array->levels_lock,      &array->trash_lock,
		&array->history_lock,     &array->schedules_lock,   &array->flushes_lock,
		&array->running_lock,     &array->isns_lock,        &array->faults_lock,
	};
	pthread_condattr_t attr;

	for (size_t i = 0; i < ARRAY_LEN(mutexes); i++)
		pthread_mutex_init(mutexes[i], NULL);
	pthread_rwlock_init(&array->runtime_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&array->store_free, &attr);
	pthread_cond_init(&array->queue_ready, &attr);
	pthread_cond_init(&array->request_done, &attr);
	pthread_cond_init(&array->schedules_due, &attr);
	pthread_cond_init(&array->flushes_ended, &attr);
	pthread_condattr_destroy(&attr);
}

static void
init_lists(struct array *array)
{
	list_init(&array->queue);
	list_init(&array->listeners);
	list_init(&array->requests_done);
	list_init(&array->dying);
	list_init(&array->places);
	list_init(&array->troubled);
	list_init(&array->jobs);
	list_init(&array->tokens);
	guid_map_init(&array->luns);
	guid_map_init(&array->pools);
	guid_map_init(&array->requests);
	guid_map_init(&array->seen);
	guid_map_init(&array->trashed);
	guid_map_init(&array->schedules);
	guid_map_init(&array->pool_history);
	guid_map_init(&array->lun_history);
}

/*
 * A directory of faults may have a root of its own for sysfs and proc: tests make up drives there.
 */
static char *
host_root(const char *inject_dir)
{
	AUTO_FREE char *root = inject_dir != NULL ? str_printf("%s/host", inject_dir) : NULL;

	return root != NULL && access(root, F_OK) == 0 ? TAKE(root) : str_dup("");
}

static int
copy_options(struct array *array, const struct array_options *options)
{
	if (options->shared != NULL) {
		array->shared = true;
		array->store = *options->shared;
	}
	array->default_port = options->default_port;
	array->look = options->look;
	atomic_store(&array->chores, true);
	array->audit_keep_ms = options->audit_keep_ms != 0 ? options->audit_keep_ms : AUDIT_KEEP_MS;
	array->accept_loss = options->accept_loss;
	array->drain_timeout_ms = options->drain_timeout_ms != 0 ? options->drain_timeout_ms
								 : DRAIN_TIMEOUT_MS;
	array->verify_interval_ms = options->verify_interval_ms != 0 ? options->verify_interval_ms
								     : VERIFY_INTERVAL_MS;
	array->flush_ms = FLUSH_MS;
	array->interfaces = options->interfaces != NULL ? options->interfaces
							: array_interfaces_list;
	array->interfaces_arg = options->interfaces_arg;
	array->allow_faults = options->allow_faults;
	if ((options->gateway != NULL && (array->gateway = str_dup(options->gateway)) == NULL) ||
	    (options->gateway_address != NULL &&
	     (array->gateway_address = str_dup(options->gateway_address)) == NULL))
		return -ENOMEM;
	array->dir = str_dup(options->dir);
	if (options->inject_dir != NULL) {
		array->inject_dir = str_dup(options->inject_dir);
		blk_disk_allow_files(true);
	}
	array->host_root = host_root(options->inject_dir);
	if (options->default_address != NULL)
		array->default_address = str_dup(options->default_address);
	if (array->dir == NULL || array->host_root == NULL ||
	    (options->inject_dir != NULL && array->inject_dir == NULL) ||
	    (options->default_address != NULL && array->default_address == NULL))
		return -ENOMEM;
	return 0;
}

/* ---- opening ---- */

/* The marker before the row: as for every pool. */
static int
begin(struct array *array)
{
	AUTO_FREE char *path = NULL;
	char name[] = "default";
	bool home = !array->shared; /* what lies in DIR is of one gateway */
	struct position at = { .incarnation = 1 };
	struct row_pool pool = { .name = name };
	int rc = array->default_address != NULL ? array_portal_check_address(array->default_address)
						: 0;

	if (rc == 0 && home)
		rc = array_pool_make_home(array, &path);
	if (rc < 0)
		return rc;
	array->vault = array_vault_new();
	if (array->vault == NULL)
		return -ENOMEM;
	guid_make(&at.array_id);
	guid_make(&pool.id);
	pool.path = path;
	array->state = state_new(&at);
	if (array->state == NULL)
		return -ENOMEM;
	rc = home ? array_pool_add(array, &at.array_id, &pool, POOL_BEGIN) : 0;
	if (rc == 0)
		rc = array_writer_start(array);
	if (rc == 0)
		rc = array_subsystem_begin(array, &at.array_id, home ? &pool : NULL);
	if (rc == 0 && home)
		array_pool_show(array, &pool.id);
	if (rc == 0 && array->default_address != NULL && array->default_port != 0)
		rc = array_portal_create(array, NULL, array->default_address, array->default_port,
					 false, NULL);
	return rc;
}

static int
add_unit(struct array *array, const struct row_lun *lun)
{
	const struct row_pool *pool = state_find(array->state, ROW_POOL, &lun->pool_id);
	struct array_store *store = NULL;
	int rc = array_store_new(array, lun, pool->path, &store);

	if (rc < 0)
		return rc;
	rc = array_unit_add(array, &lun->id, store, OPERATION_NONE, HEALTH_UNKNOWN,
			    hints_write_through(lun->hints));
	array_store_unref(store);
	if (rc == 0)
		array_unit_show(array, &lun->id);
	return rc;
}

/*
 * The volume is where its pool is now: the directory may have been moved since it was noted.  When
 * the pool was deleted in the same change, the volume's name tells where it was.
 */
static int
add_dying(void *arg, const struct catalog_unlink *entry)
{
	struct array *array = arg;
	const struct row_pool *pool = state_find(array->state, ROW_POOL, &entry->pool_id);
	AUTO_FREE char *place = NULL;
	int rc;

	if (array_is_shared(array) && !guid_equal(&entry->controller_id, &array->controller_id))
		return 0;
	if (pool != NULL)
		return array_store_dying_add(array, &entry->lun_id, &pool->id, pool->path);
	rc = array_pool_place_of(entry->path, &entry->lun_id, &place);
	return rc < 0 ? rc : array_store_dying_add(array, &entry->lun_id, &entry->pool_id, place);
}

/* Where they are.  One that has moved gets its new path, or is only looked at there. */
static int
add_pools(struct array *array)
{
	AUTO_FREE char *path = NULL;
	const struct row_pool *moved = NULL;
	int rc = array_pool_find_moved(array, &moved, &path);

	if (rc == 0 && moved != NULL && !array->look && !array_is_read_only(array)) {
		rc = array_pool_set_path(array, moved, path);
		moved = NULL;
	}
	for (size_t i = 0; rc == 0 && i < state_count(array->state, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(array->state, ROW_POOL, i);
		struct row_pool at = *pool;

		if (pool == moved)
			at.path = path;
		rc = array_pool_add(array, &state_position(array->state)->array_id, &at, POOL_OPEN);
	}
	return rc;
}

/* What an earlier run left: files to unlink, to rename or to remove, jobs. */
static int
take_up(struct array *array)
{
	int rc;

	/* Files that belong to changes which are missing from the catalog must stay. */
	if (array_is_read_only(array))
		return 0;
	rc = catalog_unlinks(array->catalog, add_dying, array);
	if (rc == 0 && !array_is_shared(array)) /* the verifier, when it is known who is at work */
		array_pool_sweep(array, array->state);
	return rc;
}

static int
load(struct array *array)
{
	int rc = catalog_load(array->catalog, &array->state);

	if (rc == 0)
		rc = state_check(array->state);
	if (rc == 0)
		rc = array_controller_find(array, array->state);
	if (rc == 0)
		rc = array_credential_load(array);
	if (rc == 0)
		rc = add_pools(array);
	if (rc == 0 && !array->look)
		rc = take_up(array);
	for (size_t i = 0; rc == 0 && i < state_count(array->state, ROW_LUN); i++)
		rc = add_unit(array, state_at(array->state, ROW_LUN, i));
	if (rc == 0)
		rc = array_kept_load_all(array);
	if (rc == 0)
		rc = array_request_load(array);
	if (rc == 0)
		rc = array_token_load(array);
	if (rc == 0)
		rc = array_schedule_load(array);
	if (rc == 0)
		array_foreign_begin(array);
	if (rc == 0 && !array->look && !array_is_shared(array))
		rc = array_job_resume_all(array);
	return rc < 0 ? rc : array_writer_start(array);
}

/*
 * Notes which version serves the array; of several gateways, which may be of several, the newest
 * that has.
 */
static int
update_version(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);
	const char *noted = state_array(state)->version;

	if (array_is_read_only(array) || str_equal(noted, VDS_VERSION) ||
	    (array_is_shared(array) && strverscmp(noted, VDS_VERSION) > 0))
		return 0;
	return array_subsystem_set_version(array, VDS_VERSION);
}

static int
catalog_open_any(struct array *array)
{
	struct catalog_shared store = array->store;

	if (array->shared) {
		array->store.ops = NULL;
		return catalog_open_shared(array->dir, &store, array->look, array->accept_loss,
					   &array->catalog);
	}
	if (array->look)
		return catalog_look(array->dir, &array->catalog);
	return array->accept_loss ? catalog_open_accepting_loss(array->dir, &array->catalog)
				  : catalog_open(array->dir, &array->catalog);
}

static int
look_all(struct array *array)
{
	int rc = array_live_init(array);

	if (rc == 0)
		rc = catalog_open_any(array);
	if (rc == 0 && catalog_is_new(array->catalog))
		rc = err_set(-ENOENT, "%s holds no array", array->dir);
	return rc < 0 ? rc : load(array);
}

static int
open_all(struct array *array)
{
	int rc = array_live_init(array);

	if (rc == 0)
		rc = workers_new(JOB_THREADS, "jobs", &array->workers);
	if (rc == 0)
		rc = catalog_open_any(array);
	array->held = rc == 0 && array->shared && catalog_held(array->catalog) != NULL;
	if (rc == 0 && catalog_held(array->catalog) != NULL)
		array_set_read_only(array, catalog_held(array->catalog));
	/* one that is held takes no changes, so nobody is to wait until it has them */
	if (rc == 0 && array->shared && !array->held)
		rc = array_sharing_start(array);
	if (rc == 0)
		catalog_audit_keep(array->catalog, array->audit_keep_ms);
	if (rc == 0)
		rc = catalog_is_new(array->catalog) ? begin(array) : load(array);
	if (rc == 0)
		array_live_array_put(array);
	if (rc == 0)
		rc = update_version(array);
	if (rc == 0 && array->gateways == NULL)
		rc = array_controller_update(array);
	else if (rc == 0 &&
		 !array->held) /* the row may be that of a vdsd that runs: after the join */
		rc = array_controller_check_address(array, array->state);
	if (rc == 0 && !array_is_shared(array)) /* in a backup of an array of several gateways */
		rc = array_kept_power_on(array);
	if (rc < 0)
		return rc;
	array_drive_rescan(array);
	array_port_refresh(array);
	array_number_start(array);
	rc = array_verify_start(array);
	return rc < 0 ? rc : array_schedule_start(array);
}

int
array_open(const struct array_options *options, struct array **ret_array)
{
	struct array *array = mem_calloc(1, sizeof(*array));
	char text[TASK_TEXT_SIZE];
	int rc;

	if (array == NULL && options->shared != NULL)
		options->shared->ops->close(options->shared->store);
	if (array == NULL)
		return -ENOMEM;
	init_locks(array);
	init_lists(array);
	rc = array_verify_init(array);
	if (rc == 0)
		rc = copy_options(array, options);
	if (rc == 0)
		rc = array_gateway_new(array, options);
	if (rc == 0)
		rc = array->look ? look_all(array) : open_all(array);
	if (rc == 0 && !array->look && !array->held)
		rc = array_gateway_start(array);
	if (rc == 0 && array->gateways != NULL)
		rc = array_controller_update(array);
	if (rc < 0) {
		snprintf(text, sizeof(text), "%s", err_text(rc));
		array_close(array);
		return err_set(rc, "%s", text);
	}
	*ret_array = array;
	return 0;
}

/* ---- closing ---- */

static void
fini_locks(struct array *array)
{
	pthread_mutex_t *const mutexes[] = {
		&array->queue_lock,       &array->state_lock,       &array->live_lock,
		&array->listeners_lock,   &array->luns_lock,        &array->pools_lock,
		&array->requests_lock,    &array->dying_lock,       &array->jobs_lock,
		&array->seen_lock,        &array->trouble_lock,     &array->check_lock,
		&array->devices_lock,     &array->drives_lock,      &array->devices_lock,
		&array->ports_lock,       &array->maintenance_lock, &array->tokens_lock,
		&array->credentials_lock, &array->levels_lock,      &array->schedules_lock,
		&array->flushes_lock,     &array->running_lock,
	};

	for (size_t i = 0; i < ARRAY_LEN(mutexes); i++)
		pthread_mutex_destroy(mutexes[i]);
	pthread_rwlock_destroy(&array->runtime_lock);
	pthread_cond_destroy(&array->store_free);
	pthread_cond_destroy(&array->queue_ready);
	pthread_cond_destroy(&array->request_done);
	pthread_cond_destroy(&array->schedules_due);
	pthread_cond_destroy(&array->flushes_ended);
}

void
array_close(struct array *array)
{
	if (array == NULL)
		return;
	atomic_store(&array->closing, true);
	array_flush_wake(array);
	array_gateway_stop_looking(array);
	array_event_close(array);
	array_schedule_stop(array);
	array_verify_stop(array);
	array_job_close(array);
	if (array->workers != NULL && !array->writer_runs && array->state != NULL)
		(void)array_writer_start(
			array); /* what an opening that failed has queued waits for it */
	workers_free(array->workers);
	array_number_stop(array);
	array_gateway_stop(array);
	array_writer_stop(array);
	array_gateway_fini(array);
	if (array->store.ops != NULL)
		array->store.ops->close(array->store.store);
	catalog_close(array->catalog);
	array_sharing_fini(array);
	if (!array_flush_ended(array))
		return; /* a device that hangs uses the rest */
	array_secrets_unref(array->secrets);
	array_vault_free(array->vault);
	array_unit_fini(array);
	array_history_fini(array);
	array_trash_fini(array);
	array_schedule_fini(array);
	array_store_fini(array);
	array_pool_fini(array);
	guid_map_fini(&array->seen);
	array_request_fini(array);
	array_token_fini(array);
	state_unref(array->state);
	array_live_fini(array);
	array_verify_fini(array);
	fini_locks(array);
	mem_free(array->isns_trouble);
	mem_free(array->gateway);
	mem_free(array->gateway_address);
	mem_free(array->dir);
	mem_free(array->inject_dir);
	mem_free(array->host_root);
	mem_free(array->default_address);
	mem_free(array);
}

/* ---- reading ---- */

struct state *
array_state(struct array *array)
{
	struct state *state;

	pthread_mutex_lock(&array->state_lock);
	state = state_ref(array->state);
	pthread_mutex_unlock(&array->state_lock);
	return state;
}

bool
array_is_shared(const struct array *array)
{
	return array->shared;
}

bool
array_is_held(const struct array *array)
{
	return array->held;
}

bool
array_is_read_only(struct array *array)
{
	return atomic_load(&array->read_only);
}

const char *
array_read_only_reason(struct array *array)
{
	return array_is_read_only(array) ? array->read_only_reason : NULL;
}

struct sync {
	struct array_task task;
	struct position position;
};

static int
sync_run(struct array *array, struct array_task *task)
{
	container_of(task, struct sync, task)->position = *state_position(array->state);
	return 0;
}

int
array_sync(struct array *array, struct position *ret_position)
{
	struct sync s = { .task.run = sync_run };
	int rc = array_writer_submit(array, &s.task);

	if (rc == 0)
		*ret_position = s.position;
	return rc;
}
