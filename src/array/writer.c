/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The writer: one thread through which every change goes (docs/design/writer.md).
 * array_writer_submit and array_change_run are called by any other thread; everything else here
 * runs on the writer thread.
 *
 *	batch = all that is queued
 *	BEGIN; for each change: SAVEPOINT, apply to an edit of the state so far, its rows and event
 *	into the catalog, RELEASE (or back to the savepoint: that change alone failed); COMMIT
 *	for each change: swap the state, tell the data path, tell listeners;  then answer all
 *
 * 1. array->state is what the catalog has committed, except between COMMIT and the swap.
 * 2. A change that fails leaves neither rows nor files nor an event.
 * 3. When several gateways share the catalog, a COMMIT that meets another gateway's change is
 * undone;
 *    the batch is made again on the state after that change (sharing.c).
 * 4. When COMMIT fails it is not known what is on disk: reopen and reread.  If that is the old or
 *    the new position, go on with it; else (or when that fails too) the array is read-only and the
 *    data path goes on.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "catalog/shared.h"

/* The array whose writer this thread is; NULL = it is no writer. */
static _Thread_local struct array *writes_for;

/* ---- the caller's side ---- */

void
array_writer_queue(struct array *array, struct array_task *task)
{
	task->logged = NULL;
	task->before = task->after = NULL;
	pthread_mutex_lock(&array->queue_lock);
	list_append(&array->queue, &task->node);
	pthread_mutex_unlock(&array->queue_lock);
	pthread_cond_signal(&array->queue_ready);
}

int
array_writer_submit(struct array *array, struct array_task *task)
{
	sem_init(&task->done, 0, 0);
	task->answered = NULL;
	array_writer_queue(array, task);
	while (sem_wait(&task->done) != 0)
		; /* a signal */
	sem_destroy(&task->done);
	if (task->logged != NULL)
		array_changelog(task->logged, task->before, task->after, &task->principal);
	change_unref(TAKE(task->logged));
	state_unref(TAKE(task->before));
	state_unref(TAKE(task->after));
	return task->result < 0 ? err_set(task->result, "%s", task->text) : 0;
}

static int
beat(struct array *array, struct array_task *task)
{
	(void)task;
	atomic_store(&array->beat_due, false);
	return 0;
}

void
array_writer_wait_begin(void)
{
	if (writes_for != NULL)
		atomic_fetch_add(&writes_for->writer_waits, 1);
}

void
array_writer_wait_end(void)
{
	if (writes_for != NULL)
		atomic_fetch_sub(&writes_for->writer_waits, 1);
}

bool
array_writer_may_wait(void)
{
	return writes_for == NULL || atomic_load(&writes_for->writer_waits) > 0;
}

bool
array_beat(struct array *array)
{
	struct array_task *task = array->beat;

	if (task == NULL) {
		array->beat = task = mem_calloc(1, sizeof(*task));
		if (task == NULL)
			return true; /* asked again at the next call */
		task->run = beat;
		sem_init(&task->done, 0, 0);
	} else if (sem_trywait(&task->done) < 0) {
		return !atomic_load(&array->beat_due) || atomic_load(&array->writer_waits) > 0;
	}
	atomic_store(&array->beat_due, true);
	pthread_mutex_lock(&array->queue_lock);
	list_append(&array->queue, &task->node);
	pthread_mutex_unlock(&array->queue_lock);
	pthread_cond_signal(&array->queue_ready);
	return true;
}

int
array_change_run(struct array *array, const struct array_request *request, struct array_task *task,
		 struct array_answer *ret_answer)
{
	int rc = array_request_begin(array, request, ret_answer);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	task->request_id = array_request_id(request);
	task->principal = array_request_principal(request);
	task->audit = array_request_audit(request);
	rc = array_writer_submit(array, task);
	return array_request_end(array, request, rc, &task->answer, ret_answer);
}

void
array_set_read_only(struct array *array, const char *reason)
{
	char quoted[TASK_TEXT_SIZE];

	if (atomic_flag_test_and_set(&array->read_only_said))
		return;
	snprintf(array->read_only_reason, sizeof(array->read_only_reason), "%s", reason);
	atomic_store(&array->read_only, true);
	log_error("array.read_only", "reason=%s", log_quote(reason, quoted, sizeof(quoted)));
	array_live_array_put(array);
}

/* ---- one change ---- */

static void
task_fail(struct array_task *task, int rc)
{
	task->result = rc;
	task->applied = false;
	snprintf(task->text, sizeof(task->text), "%s", err_text(rc));
	state_edit_free(task->edit);
	state_unref(task->state);
	change_unref(task->change);
	task->edit = NULL;
	task->state = NULL;
	task->change = NULL;
}

static int
put_answer(struct array *array, const struct array_task *task)
{
	struct catalog_answer answer = {
		.request_id = task->request_id,
		.sequence = task->answer.sequence,
		.object_id = task->answer.object_id,
		.job_id = task->answer.job_id,
		.existed = task->answer.existed,
	};

	return guid_is_zero(&task->request_id) ? 0 : catalog_answer_put(array->catalog, &answer);
}

/* Forgets what a try has made, so that the task can be applied again. */
static void
task_reset(struct array_task *task)
{
	state_edit_free(TAKE(task->edit));
	state_unref(TAKE(task->state));
	change_unref(TAKE(task->change));
	task->result = 0;
	task->applied = false;
	task->answer = task->asked;
}

/* Applies one change.  When it changes rows, *base becomes the state after it. */
static int
apply(struct array *array, struct array_task *task, struct state **base)
{
	int rc;

	task->edit = state_edit_new(*base);
	if (task->edit == NULL)
		return -ENOMEM;
	if (array_request_is_foreign(array, &task->request_id))
		return ERR_BUSY; /* array_request_end gives the first answer */
	rc = catalog_reserve_check(array->catalog, task->use);
	if (rc == 0)
		rc = task->apply(array, task);
	if (rc < 0)
		return rc;
	if (!state_edit_is_empty(task->edit)) {
		rc = state_edit_finish(TAKE(task->edit), task->cause, &task->request_id,
				       clock_utc_ms(), &task->state, &task->change);
		if (rc == 0)
			rc = change_set_principal(task->change, &task->principal);
		if (rc == 0)
			rc = catalog_apply(array->catalog, *base, task->change);
	}
	if (rc < 0)
		return rc;
	rc = array_audit_task(array, task, *base, task->state != NULL ? task->state : *base);
	if (rc < 0)
		return rc;
	state_edit_free(TAKE(task->edit));
	task->answer.sequence = state_position(task->state != NULL ? task->state : *base)->sequence;
	return put_answer(array, task);
}

/*
 * Applies one change within a savepoint.  Returns 0, also when that change alone has failed, or a
 * negative code when the whole transaction is lost.
 */
static int
apply_one(struct array *array, struct array_task *task, struct state **base)
{
	int rc = catalog_savepoint(array->catalog), back;

	if (rc == 0) {
		rc = apply(array, task, base);
		if (rc == 0)
			rc = catalog_release(array->catalog);
		if (rc == 0) {
			task->applied = true;
			if (task->state != NULL)
				*base = task->state;
			return 0;
		}
		task_fail(task, rc);
		back = catalog_rollback_to(array->catalog);
		return back < 0 ? back : 0;
	}
	task_fail(task, rc);
	return rc;
}

/* ---- a batch ---- */

static void
fail_all(struct list *batch, int rc, const char *text)
{
	list_for_each(node, batch) {
		struct array_task *task = list_entry(node, struct array_task, node);

		if (task->apply == NULL || (!task->applied && task->result < 0))
			continue;
		err_set(rc, "%s", text);
		task_fail(task, rc);
	}
}

static bool
same_position(const struct state *a, const struct state *b)
{
	const struct position *p = state_position(a), *q = state_position(b);

	return p->sequence == q->sequence && hash128_equal(&p->digest, &q->digest);
}

/*
 * Finds out what is on disk after a COMMIT that failed.  Returns 1 (the new position), 0 (the old
 * one), or a negative code when it is neither or cannot be read: then the array is read-only.
 */
static int
recover(struct array *array, const struct state *wanted)
{
	AUTO_STATE struct state *found = NULL;
	int rc = catalog_reopen(array->catalog);

	if (rc == 0)
		rc = catalog_load(array->catalog, &found);
	if (rc == 0 && same_position(found, wanted))
		return 1;
	if (rc == 0 && !same_position(found, array->state))
		rc = err_set(ERR_CORRUPT, "the catalog has another position than after the last "
					  "change: another program has written it");
	if (rc == 0)
		return 0;
	array_set_read_only(array, err_text(rc));
	return rc;
}

/* The first change of a new catalog makes its position: nothing to compare with when it fails. */
static void
lost(struct array *array, struct list *batch, int rc, const struct state *wanted)
{
	char text[TASK_TEXT_SIZE];
	int found;

	snprintf(text, sizeof(text), "%s", err_text(rc));
	log_error("array.commit", "error=%s message=%s", err_name(rc), text);
	catalog_rollback(array->catalog);
	found = recover(array, wanted);
	if (found == 1 && wanted != array->state)
		return;
	if (found < 0) {
		rc = ERR_READ_ONLY;
		snprintf(text, sizeof(text),
			 "the catalog cannot be written any more: "
			 "the change may or may not be there");
	}
	fail_all(batch, rc, text);
}

static bool
has_changes(const struct list *batch)
{
	list_for_each(node, batch)
		if (list_entry(node, struct array_task, node)->apply != NULL)
			return true;
	return false;
}

static void
count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

/* The disk may take its time. */
static int
commit_catalog(struct array *array)
{
	uint64_t begin_ns = clock_mono_ns(), version = catalog_shared_version(array->catalog);
	int rc;

	array_writer_wait_begin();
	rc = catalog_commit(array->catalog);
	array_writer_wait_end();
	if (rc == 0 && catalog_shared_version(array->catalog) != version)
		array_sharing_wrote(array);
	histogram_add(&array->commit_times, clock_mono_ns() - begin_ns);
	return rc;
}

/* base: the state that the batch has led to. */
static void
count_commit(struct array *array, const struct list *batch, const struct state *base)
{
	count(&array->commits, 1);
	list_for_each(node, batch) {
		const struct array_task *task = list_entry(node, struct array_task, node);

		if (!task->applied || task->change == NULL)
			continue;
		count(&array->committed_changes, 1);
		count(&array->committed_rows, task->change->op_count);
	}
	atomic_store_explicit(&array->revision, state_position(base)->sequence,
			      memory_order_relaxed);
}

/*
 * Makes the changes of a batch in a transaction.  *ret_base: the state that they lead to, as far as
 * they were made.  *ret_committing: the error is one of COMMIT.
 */
static int
commit_once(struct array *array, struct list *batch, struct state **ret_base, bool *ret_committing)
{
	int rc = catalog_begin(array->catalog);

	*ret_base = array->state;
	list_for_each(node, batch) {
		struct array_task *task = list_entry(node, struct array_task, node);

		if (rc == 0 && task->apply != NULL)
			rc = apply_one(array, task, ret_base);
	}
	*ret_committing = rc == 0;
	return rc < 0 ? rc : commit_catalog(array);
}

/* As often as another gateway is first. */
static int
commit_shared(struct array *array, struct list *batch, struct state **ret_base)
{
	bool committing;
	int rc;

	list_for_each(node, batch) {
		struct array_task *task = list_entry(node, struct array_task, node);

		task->asked = task->answer;
	}
	for (unsigned tries = 0;; tries++) {
		rc = commit_once(array, batch, ret_base, &committing);
		if (rc != CATALOG_CONFLICT)
			return rc;
		catalog_rollback(array->catalog);
		list_for_each(node, batch) {
			struct array_task *task = list_entry(node, struct array_task, node);

			if (task->apply != NULL)
				task_reset(task);
		}
		rc = array_sharing_conflict(array, tries);
		if (rc < 0)
			return rc;
	}
}

/*
 * The working copy is as before, and the array goes on; the store may be back at the next change.
 */
static void
commit_in_store(struct array *array, struct list *batch)
{
	struct state *base = array->state;
	char text[TASK_TEXT_SIZE];
	int rc = array_sharing_is_away(array) ? array_sharing_pull(array) : 0;

	if (rc == 0)
		rc = commit_shared(array, batch, &base);

	if (rc == 0) {
		count_commit(array, batch, base);
		return;
	}
	count(&array->failed_commits, 1);
	snprintf(text, sizeof(text), "%s", err_text(rc));
	log_error("array.commit", "error=%s message=%s", err_name(rc), text);
	catalog_rollback(array->catalog);
	fail_all(batch, rc, text);
	if (rc == ERR_TIMEOUT)
		array_foreign_unknown(array);
	array_writer_wake(array);
}

static void
commit(struct array *array, struct list *batch)
{
	struct state *base;
	bool committing;
	int rc;

	if (atomic_load(&array->read_only)) {
		char text[TASK_TEXT_SIZE];

		snprintf(text, sizeof(text), "the array is read-only: %.480s",
			 array->read_only_reason);
		fail_all(batch, ERR_READ_ONLY, text);
		return;
	}
	if (array->sharing.on) {
		commit_in_store(array, batch);
		return;
	}
	rc = commit_once(array, batch, &base, &committing);
	if (rc < 0) {
		count(&array->failed_commits, 1);
		lost(array, batch, rc, committing ? base : array->state);
	} else {
		count_commit(array, batch, base);
	}
}

static void
publish(struct array *array, struct array_task *task)
{
	struct state *before;

	if (task->audit != NULL && (task->change != NULL || task->said != NULL))
		task->audit->recorded = true;
	if (task->committed != NULL)
		task->committed(array, task);
	array_credential_forget(array, task->change);
	if (task->state != NULL && array_is_shared(array))
		array_foreign_owners(array, array->state, task->state, task->change);
	if (task->state != NULL) {
		pthread_mutex_lock(&array->state_lock);
		before = array->state;
		array->state = TAKE(task->state);
		pthread_mutex_unlock(&array->state_lock);
		task->before = before;
		task->after = state_ref(array->state);
		task->logged = change_ref(task->change);
	}
	if (task->change != NULL)
		array_runtime_publish(array, array->state, task->change);
	if (task->change != NULL)
		array_event_change(array, task->change, state_position(array->state));
	change_unref(TAKE(task->change));
	if (task->published != NULL)
		task->published(array, task);
}

/*
 * Removes replaced and deleted secrets from the log of the catalog before anybody is answered, so
 * that the answer says that no file has them.  The change is committed, whatever happens here.
 */
static void
scrub(struct array *array)
{
	char quoted[TASK_TEXT_SIZE];
	int rc;

	if (atomic_load(&array->read_only))
		return;
	array_writer_wait_begin();
	rc = catalog_secret_scrub(array->catalog);
	array_writer_wait_end();
	if (rc < 0)
		log_warning(
			"catalog.secret",
			"error=%s reason=%s next=\"a replaced or deleted CHAP secret is still in "
			"catalog.db-wal; the next change tries again\"",
			err_name(rc), log_quote(err_text(rc), quoted, sizeof(quoted)));
}

static void
run_batch(struct array *array, struct list *batch)
{
	list_for_each(node, batch) {
		struct array_task *task = list_entry(node, struct array_task, node);

		task->result = 0;
		task->applied = false;
	}
	if (has_changes(batch))
		commit(array, batch);
	list_for_each(node, batch) {
		struct array_task *task = list_entry(node, struct array_task, node);

		if (task->applied)
			publish(array, task);
	}
	scrub(array);
	list_for_each(node, batch) {
		struct array_task *task = list_entry(node, struct array_task, node);

		if (task->apply == NULL) {
			int rc = task->run(array, task);

			task->result = MIN(rc, 0);
			snprintf(task->text, sizeof(task->text), "%s", rc < 0 ? err_text(rc) : "");
		}
	}
}

/* ---- what was committed ---- */

static uint64_t
get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static uint64_t
size_of(const struct array *array, const char *name)
{
	AUTO_FREE char *path = str_printf("%s/%s", array->dir, name);
	struct stat st;

	return path != NULL && stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

void
array_catalog_counters(struct array *array, struct array_catalog_counters *ret_counters)
{
	*ret_counters = (struct array_catalog_counters){
		.commits = get(&array->commits),
		.failed_commits = get(&array->failed_commits),
		.changes = get(&array->committed_changes),
		.rows = get(&array->committed_rows),
		.revision = get(&array->revision),
		.database_bytes = size_of(array, "catalog.db"),
		.log_bytes = size_of(array, "catalog.db-wal"),
	};
	histogram_collect(&array->commit_times, &ret_counters->commit);
}

/* ---- the thread ---- */

/* Returns whether there is nothing to do.  Under queue_lock. */
static bool
is_idle(const struct array *array)
{
	if (array->queue_stop)
		return false;
	if (!array->sharing.on)
		return list_empty(&array->queue);
	return !array_sharing_is_due(array) &&
	       (list_empty(&array->queue) || array_sharing_lets_others(array));
}

static void
wait_idle(struct array *array)
{
	struct timespec at;

	if (!array->sharing.on) {
		pthread_cond_wait(&array->queue_ready, &array->queue_lock);
		return;
	}
	array_sharing_deadline(array, &at);
	pthread_cond_timedwait(&array->queue_ready, &array->queue_lock, &at);
}

/*
 * Waits for something to do and moves the tasks to *batch, none when others are to go first.
 * Returns false when the thread is to end.
 */
static bool
take_batch(struct array *array, struct list *batch)
{
	struct list *node;
	bool stop;

	list_init(batch);
	pthread_mutex_lock(&array->queue_lock);
	while (is_idle(array))
		wait_idle(array);
	stop = array->queue_stop;
	while ((stop || !array->sharing.on || !array_sharing_lets_others(array)) &&
	       (node = list_pop(&array->queue)) != NULL)
		list_append(batch, node);
	pthread_mutex_unlock(&array->queue_lock);
	return !list_empty(batch) || !stop;
}

void
array_writer_answer(struct array *array, struct array_task *task)
{
	if (task->answered != NULL)
		task->answered(array, task);
	else
		sem_post(&task->done);
}

static void *
writer_main(void *arg)
{
	struct array *array = arg;
	struct list batch, *node;

	writes_for = array;
	pthread_setname_np(pthread_self(), "writer");
	while (take_batch(array, &batch)) {
		if (array->sharing.on)
			array_sharing_look(array);
		array_sharing_begin(array);
		run_batch(array, &batch);
		/*
		 * The caller goes on at once: with a condition of all it would wait for the lock.
		 */
		while ((node = list_pop(&batch)) != NULL) {
			struct array_task *task = list_entry(node, struct array_task, node);

			if (!array->sharing.on || !array_sharing_holds(array, task))
				array_writer_answer(array, task);
		}
		if (array->sharing.on)
			array_sharing_committed(array);
	}
	if (array->sharing.on)
		array_sharing_end(array);
	return NULL;
}

int
array_writer_start(struct array *array)
{
	int rc;

	atomic_store(&array->revision, state_position(array->state)->sequence);
	rc = pthread_create(&array->writer, NULL, writer_main, array);

	if (rc != 0)
		return err_set(-rc, "cannot start the writer thread: %s", strerror(rc));
	array->writer_runs = true;
	return 0;
}

void
array_writer_stop(struct array *array)
{
	if (!array->writer_runs)
		return;
	pthread_mutex_lock(&array->queue_lock);
	array->queue_stop = true;
	pthread_cond_signal(&array->queue_ready);
	pthread_mutex_unlock(&array->queue_lock);
	pthread_join(array->writer, NULL);
	array->writer_runs = false;
	if (array->beat != NULL)
		sem_destroy(&array->beat->done);
	mem_free(TAKE(array->beat));
}
