/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helpers that array_test.h declares and describes. */
#include "array_test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array/array_int.h"
#include "base/clock.h"

/* ---- fixture ---- */

void
fixture_open(struct fixture *f)
{
	assert_ok(array_open(&f->options, &f->array));
}

void
fixture_close(struct fixture *f)
{
	array_close(f->array);
	f->array = NULL;
}

int
fixture_setup(void **state)
{
	struct fixture *f = mem_calloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/vds-array-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->array_dir, sizeof(f->array_dir), "%s/array", f->dir);
	snprintf(f->inject_dir, sizeof(f->inject_dir), "%s/inject", f->dir);
	assert_int_equal(mkdir(f->inject_dir, 0700), 0);
	f->options = (struct array_options){
		.dir = f->array_dir,
		.inject_dir = f->inject_dir,
		.drain_timeout_ms = 200,
		.verify_interval_ms = 20,
	};
	fixture_open(f);
	*state = f;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int
fixture_teardown(void **state)
{
	struct fixture *f = *state;

	if (f->array != NULL) {
		assert_ok(array_check(f->array));
		fixture_close(f);
	}
	nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	mem_free(f);
	return 0;
}

void
fixture_let_clone(const struct fixture *f, bool can)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/clone-by-copy", f->inject_dir);
	if (!can) {
		unlink(path);
		return;
	}
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

/* ---- changes ---- */

struct guid
make_lun(struct array *array, const char *name)
{
	struct array_lun_spec spec = { .name = name, .size_bytes = MIB };
	struct array_answer answer;

	assert_ok(array_lun_create(array, NULL, &spec, &answer));
	return answer.object_id;
}

struct guid
make_target(struct array *array, const char *alias)
{
	struct array_answer answer;
	char other[80];
	int rc = array_target_create(array, NULL, NULL, alias, false, false, &answer);

	for (unsigned n = 2; rc == ERR_NAME_IN_USE; n++) {
		snprintf(other, sizeof(other), "%s %u", alias, n);
		rc = array_target_create(array, NULL, NULL, other, false, false, &answer);
	}
	assert_ok(rc);
	return answer.object_id;
}

struct guid
make_portal(struct array *array, const char *address, uint16_t port)
{
	struct array_answer answer;

	assert_ok(array_portal_create(array, NULL, address, port, false, &answer));
	return answer.object_id;
}

int
associate(struct array *array, struct guid lun, size_t count, ...)
{
	struct guid targets[16];
	va_list ap;

	va_start(ap, count);
	for (size_t i = 0; i < count; i++)
		targets[i] = va_arg(ap, struct guid);
	va_end(ap);
	return array_lun_associate(array, NULL, &lun, targets, count, NULL);
}

size_t
count_rows(struct array *array, enum row_family family)
{
	AUTO_STATE struct state *state = array_state(array);

	return state_count(state, family);
}

uint64_t
sequence_of(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);

	return state_position(state)->sequence;
}

int
number_of(struct array *array, struct guid lun, struct guid target)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_association *row = state_find_pair(state, ROW_ASSOCIATION, &lun, &target);

	return row == NULL ? -1 : (int)row->lun_number;
}

struct guid
random_guid(void)
{
	struct guid g;

	guid_make(&g);
	return g;
}

/* ---- files ---- */

void
lun_file(const struct fixture *f, struct guid lun, char path[256])
{
	char id[GUID_TEXT_SIZE];

	snprintf(path, 256, "%s/luns/%s.img", f->array_dir, guid_format(&lun, id));
}

bool
file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

void
inject(const struct fixture *f, const char *name, const char *op, const char *what)
{
	char path[256], part[264];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.%s", f->inject_dir, name, op);
	if (what == NULL) {
		unlink(path);
		return;
	}
	snprintf(part, sizeof(part), "%s.part", path);
	file = fopen(part, "w");
	assert_non_null(file);
	fputs(what, file);
	fclose(file);
	assert_int_equal(rename(part, path), 0);
}

/* ---- waiting ---- */

bool
wait_for(struct array *array, bool (*holds)(struct array *array, const void *arg), const void *arg)
{
	uint64_t end_ns = clock_mono_ns() + 10 * NS_PER_S;

	while (!holds(array, arg)) {
		if (clock_mono_ns() > end_ns)
			return false;
		poll(NULL, 0, 1);
	}
	return true;
}

struct wanted {
	struct guid id;
	int value;
};

static bool
health_is(struct array *array, const void *arg)
{
	const struct wanted *w = arg;
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_lun *row = state_find(live, ROW_LIVE_LUN, &w->id);

	return row != NULL && (int)row->health == w->value;
}

bool
wait_health(struct array *array, struct guid lun, enum lun_health health)
{
	struct wanted w = { lun, (int)health };

	return wait_for(array, health_is, &w);
}

static bool
operation_is(struct array *array, const void *arg)
{
	const struct wanted *w = arg;
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_lun *row = state_find(live, ROW_LIVE_LUN, &w->id);

	return row != NULL && (int)row->operation == w->value;
}

bool
wait_operation(struct array *array, struct guid lun, enum lun_operation operation)
{
	struct wanted w = { lun, (int)operation };

	return wait_for(array, operation_is, &w);
}

static bool
job_is(struct array *array, const void *arg)
{
	const struct wanted *w = arg;
	AUTO_STATE struct state *state = array_state(array);
	const struct row_job *row = state_find(state, ROW_JOB, &w->id);

	return row != NULL && (int)row->state == w->value;
}

int
job_phase(struct array *array, const struct guid *job_id)
{
	struct array_job *job;
	int phase = -1;

	pthread_mutex_lock(&array->jobs_lock);
	job = array_job_find_locked(array, job_id);
	if (job != NULL)
		phase = atomic_load(&job->phase);
	pthread_mutex_unlock(&array->jobs_lock);
	return phase;
}

bool
wait_job(struct array *array, struct guid job, enum job_state state)
{
	struct wanted w = { job, (int)state };

	return wait_for(array, job_is, &w);
}

static bool
file_is_gone(struct array *array, const void *arg)
{
	(void)array;
	return !file_exists(arg);
}

bool
wait_file_gone(struct array *array, const char *path)
{
	return wait_for(array, file_is_gone, path);
}

bool
health_says(struct array *array, const char *text)
{
	struct array_health health;
	bool says = false;

	assert_ok(array_health(array, &health));
	for (size_t i = 0; i < health.count; i++)
		says = says || strstr(health.problems[i].text, text) != NULL;
	array_health_fini(&health);
	return says;
}

/* ---- the fake data path ---- */

static void
fake_publish(void *runtime, const struct state *state, const struct change *change)
{
	struct fake_runtime *fake = runtime;

	(void)change;
	state_unref(fake->last);
	fake->last = state_ref(state);
	atomic_fetch_add(&fake->published, 1);
}

static int
fake_quiesce(void *runtime, const struct array_mapping *mappings, size_t count, uint32_t timeout_ms,
	     void **ret_drain)
{
	struct fake_runtime *fake = runtime;

	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* several callers may drain */

	pthread_mutex_lock(&lock);
	fake->mappings = count;
	snprintf(fake->lost, sizeof(fake->lost), "%s",
		 mappings[0].initiator != NULL ? mappings[0].initiator : "-");
	snprintf(fake->except, sizeof(fake->except), "%s",
		 mappings[0].except_mask != NULL ? mappings[0].except_mask : "-");
	pthread_mutex_unlock(&lock);
	(void)timeout_ms;
	if (count == 1 && guid_equal(&mappings[0].lun_id, &fake->reserved_lun))
		atomic_fetch_add(&fake->reserved_quiesced, 1);
	atomic_fetch_add(&fake->quiescing, 1);
	while (atomic_load(&fake->quiesce_hold))
		poll(NULL, 0, 1);
	atomic_fetch_add(&fake->quiesced, 1);
	if (atomic_load(&fake->quiesce_result) == 0)
		*ret_drain = fake;
	return atomic_load(&fake->quiesce_result);
}

static void
fake_resume(void *runtime, void *drain)
{
	assert_ptr_equal(drain, runtime);
	atomic_fetch_add(&((struct fake_runtime *)runtime)->resumed, 1);
}

static int
fake_pick_port(void *runtime, const char *address, uint16_t *ret_port)
{
	(void)runtime;
	(void)address;
	*ret_port = 3270;
	return 0;
}

static int
fake_counters(void *runtime, const struct guid *lun_id, struct array_lun_counters *ret_counters)
{
	(void)runtime;
	(void)lun_id;
	ret_counters->read_commands = 7;
	return 0;
}

static int
fake_end_session(void *runtime, const struct guid *session_id)
{
	struct fake_runtime *fake = runtime;

	array_live_delete(fake->array, ROW_LIVE_SESSION, session_id);
	return 0;
}

static void
fake_lun_recovered(void *runtime, const struct guid *lun_id)
{
	(void)lun_id;
	atomic_fetch_add(&((struct fake_runtime *)runtime)->recovered, 1);
}

static void
fake_lun_replaced(void *runtime, const struct guid *lun_id)
{
	(void)lun_id;
	atomic_fetch_add(&((struct fake_runtime *)runtime)->replaced, 1);
}

static int
fake_reservations(void *runtime, const struct guid *lun_id, struct array_reservations *ret)
{
	struct fake_runtime *fake = runtime;

	if (atomic_load(&fake->reserves) && guid_equal(lun_id, &fake->reserved_lun))
		snprintf(ret->reserved_by, sizeof(ret->reserved_by), FAKE_HOLDER);
	return 0;
}

static void
fake_lun_reset(void *runtime, const struct guid *lun_id)
{
	struct fake_runtime *fake = runtime;

	fake->reset_lun = *lun_id;
	atomic_fetch_add(&fake->resets, 1);
}

static const struct array_runtime_ops fake_ops = {
	.publish = fake_publish,
	.quiesce = fake_quiesce,
	.resume = fake_resume,
	.pick_port = fake_pick_port,
	.lun_counters = fake_counters,
	.lun_recovered = fake_lun_recovered,
	.lun_replaced = fake_lun_replaced,
	.end_session = fake_end_session,
	.lun_reservations = fake_reservations,
	.lun_reset = fake_lun_reset,
};

void
fake_register(struct fake_runtime *fake, struct array *array)
{
	memset(fake, 0, sizeof(*fake));
	fake->array = array;
	assert_ok(array_runtime_register(array, &fake_ops, fake));
}

void
fake_unregister(struct fake_runtime *fake)
{
	array_runtime_unregister(fake->array);
	state_unref(fake->last);
}

struct guid
fake_session(struct array *array, struct guid target)
{
	return fake_session_of(array, target, "iqn.2026-11.org.example:host");
}

struct guid
fake_session_of(struct array *array, struct guid target, const char *initiator)
{
	struct row_live_session *row = row_new(ROW_LIVE_SESSION);
	struct guid id = random_guid();

	row->id = id;
	row->target_id = target;
	assert_ok(row_set_string(&row->initiator, initiator));
	array_live_put(array, row);
	return id;
}
