/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Critical sections and events, which sinks of notifications and their programs use.  An event is
 * the only kind of handle that can be waited for.  See windows.h in this directory.
 */
#ifndef VDS_COMPAT_SYNCHAPI_H
#define VDS_COMPAT_SYNCHAPI_H

#include "windows.h"

#include <stdlib.h>

typedef pthread_mutex_t CRITICAL_SECTION;
typedef CRITICAL_SECTION *LPCRITICAL_SECTION;

static FORCEINLINE void
InitializeCriticalSection(LPCRITICAL_SECTION section)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(section, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

static FORCEINLINE void
EnterCriticalSection(LPCRITICAL_SECTION section)
{
	pthread_mutex_lock(section);
}

static FORCEINLINE void
LeaveCriticalSection(LPCRITICAL_SECTION section)
{
	pthread_mutex_unlock(section);
}

static FORCEINLINE void
DeleteCriticalSection(LPCRITICAL_SECTION section)
{
	pthread_mutex_destroy(section);
}

/* What a handle of an event points to. */
struct vds_compat_event {
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* of CLOCK_MONOTONIC */
	int manual, set;        /* guarded by mutex */
};

/* security and name: NULL.  Returns NULL when out of memory; CloseHandle frees the event. */
static FORCEINLINE HANDLE
CreateEventW(void *security, BOOL manual_reset, BOOL initial_state, LPCWSTR name)
{
	struct vds_compat_event *event = (struct vds_compat_event *)malloc(sizeof(*event));
	pthread_condattr_t attributes;

	(void)security;
	if (event == NULL || name != NULL) {
		free(event);
		return NULL;
	}
	pthread_mutex_init(&event->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&event->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	event->manual = manual_reset;
	event->set = initial_state;
	return event;
}
#define CreateEvent CreateEventW

static FORCEINLINE BOOL
SetEvent(HANDLE handle)
{
	struct vds_compat_event *event = (struct vds_compat_event *)handle;

	pthread_mutex_lock(&event->mutex);
	event->set = 1;
	pthread_cond_broadcast(&event->changed);
	pthread_mutex_unlock(&event->mutex);
	return TRUE;
}

static FORCEINLINE BOOL
ResetEvent(HANDLE handle)
{
	struct vds_compat_event *event = (struct vds_compat_event *)handle;

	pthread_mutex_lock(&event->mutex);
	event->set = 0;
	pthread_mutex_unlock(&event->mutex);
	return TRUE;
}

/* Returns WAIT_OBJECT_0, or WAIT_TIMEOUT when the event was not set in time. */
static FORCEINLINE DWORD
WaitForSingleObject(HANDLE handle, DWORD milliseconds)
{
	struct vds_compat_event *event = (struct vds_compat_event *)handle;
	struct timespec end;
	DWORD result;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += (time_t)(milliseconds / 1000u);
	end.tv_nsec += (long)(milliseconds % 1000u) * 1000000L;
	if (end.tv_nsec >= 1000000000L) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&event->mutex);
	while (!event->set && rc == 0) {
		rc = milliseconds == INFINITE
			     ? pthread_cond_wait(&event->changed, &event->mutex)
			     : pthread_cond_timedwait(&event->changed, &event->mutex, &end);
	}
	result = event->set ? WAIT_OBJECT_0 : WAIT_TIMEOUT;
	if (event->set && !event->manual)
		event->set = 0;
	pthread_mutex_unlock(&event->mutex);
	return result;
}

static FORCEINLINE BOOL
CloseHandle(HANDLE handle)
{
	struct vds_compat_event *event = (struct vds_compat_event *)handle;

	if (event == NULL)
		return FALSE;
	pthread_cond_destroy(&event->changed);
	pthread_mutex_destroy(&event->mutex);
	free(event);
	return TRUE;
}

#endif
