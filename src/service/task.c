/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tasks: operations of the service itself that run on a thread of their own, and are an IVdsAsync
 * to programs.  Any thread may call it.
 *
 * service->tasks_lock guards the list, a task's result and its pending.
 */
#include "service/service_int.h"

#include <errno.h>
#include <stdio.h>

struct task {
	struct list node; /* in service->tasks */
	unsigned refs;    /* the thread's, and the IVdsAsync's */
	struct service *service;
	struct guid id;
	struct com_pending *pending; /* of the IVdsAsync; NULL: it is gone, or not made yet */
	HRESULT (*run)(void *arg);
	void (*free_arg)(void *arg);
	void *arg;
};

/* Called under tasks_lock. */
static void
task_unref(struct task *task)
{
	if (--task->refs > 0)
		return;
	list_remove(&task->node);
	mem_free(task);
}

static struct service *
service_of_space(struct com_space *space)
{
	return container_of(space, struct service, space);
}

/* Returns the task with this id, borrowed.  Called under tasks_lock. */
static struct task *
find(struct service *service, const struct guid *id)
{
	list_for_each(node, &service->tasks) {
		struct task *task = list_entry(node, struct task, node);

		if (guid_equal(&task->id, id))
			return task;
	}
	return NULL;
}

/* ---- the task's thread ---- */

static void *
task_thread(void *arg)
{
	struct task *task = arg;
	struct service *service = task->service;
	HRESULT hr = task->run(task->arg);
	const char *text = FAILED(hr) ? VdsLastErrorMessage() : "";

	task->free_arg(task->arg);
	pthread_mutex_lock(&service->tasks_lock);
	if (task->pending != NULL)
		com_pending_end(task->pending, hr, text);
	pthread_cond_broadcast(&service->task_ended);
	task_unref(task);
	pthread_mutex_unlock(&service->tasks_lock);
	com_space_unref(&service->space);
	return NULL;
}

/* ---- the side of IVdsAsync ---- */

static void
task_begin(struct com_space *space, struct com_pending *pending)
{
	struct service *service = service_of_space(space);

	pthread_mutex_lock(&service->tasks_lock);
	find(service, &pending->id)->pending = pending;
	pthread_mutex_unlock(&service->tasks_lock);
}

static void
task_end(struct com_space *space, struct com_pending *pending)
{
	struct service *service = service_of_space(space);
	struct task *task;

	pthread_mutex_lock(&service->tasks_lock);
	task = find(service, &pending->id);
	task->pending = NULL;
	task_unref(task);
	pthread_mutex_unlock(&service->tasks_lock);
}

static HRESULT
task_wait(struct com_space *space, struct com_pending *pending)
{
	struct service *service = service_of_space(space);

	pthread_mutex_lock(&service->tasks_lock);
	while (!atomic_load_explicit(&pending->ended, memory_order_acquire))
		pthread_cond_wait(&service->task_ended, &service->tasks_lock);
	pthread_mutex_unlock(&service->tasks_lock);
	return S_OK;
}

static HRESULT
task_status(struct com_space *space, struct com_pending *pending, ULONG *ret_percent)
{
	(void)space;
	(void)pending;
	*ret_percent = 0; /* not known */
	return S_OK;
}

static HRESULT
task_cancel(struct com_space *space, struct com_pending *pending)
{
	(void)space;
	(void)pending;
	return com_fail(VDS_E_NOT_SUPPORTED, "the operation cannot be cancelled");
}

static const struct com_async_ops task_ops = {
	.begin = task_begin,
	.end = task_end,
	.wait = task_wait,
	.status = task_status,
	.cancel = task_cancel,
};

/* ---- beginning ---- */

static int
start_thread(struct task *task)
{
	pthread_t thread;
	int rc;

	com_space_ref(&task->service->space);
	rc = service_thread_start("vds-task", task_thread, task, &thread);
	if (rc < 0)
		com_space_unref(&task->service->space);
	return rc;
}

static struct task *
task_new(struct service *service)
{
	struct task *task = mem_calloc(1, sizeof(*task));

	if (task == NULL)
		return NULL;
	task->refs = 2;
	task->service = service;
	guid_make(&task->id);
	pthread_mutex_lock(&service->tasks_lock);
	list_append(&service->tasks, &task->node);
	pthread_mutex_unlock(&service->tasks_lock);
	return task;
}

/* Drops the thread's reference to a task whose thread could not be started. */
static void
task_drop(struct task *task)
{
	struct service *service = task->service;

	pthread_mutex_lock(&service->tasks_lock);
	task_unref(task);
	pthread_mutex_unlock(&service->tasks_lock);
}

HRESULT
service_task_start(struct service *service, VDS_ASYNC_OUTPUT_TYPE type, HRESULT (*run)(void *arg),
		   void *arg, void (*free_arg)(void *arg), IVdsAsync **ret_async)
{
	struct task *task = com_async_reserve() == 0 ? task_new(service) : NULL;
	struct com_operation operation = { .type = type, .ops = &task_ops };
	HRESULT hr;
	int rc;

	if (task == NULL) {
		free_arg(arg);
		return com_error(-ENOMEM);
	}
	task->run = run;
	task->arg = arg;
	task->free_arg = free_arg;
	operation.id = task->id;
	hr = com_async_new(&service->space, &operation, ret_async);
	if (FAILED(hr)) { /* cannot be: memory was put aside */
		free_arg(arg);
		return hr;
	}
	rc = start_thread(task);
	if (rc == 0)
		return S_OK;
	free_arg(arg);
	task_drop(task);
	IVdsAsync_Release(*ret_async);
	*ret_async = NULL;
	return com_error(rc);
}
