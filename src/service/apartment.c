/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads of the service on Linux, where COM has no apartments: every thread may call every object.
 * Any thread may call it.
 */
#include "service/service_int.h"

#include "base/thread.h"

int
service_thread_start(const char *name, void *(*run)(void *arg), void *arg, pthread_t *ret_thread)
{
	int rc = thread_start(ret_thread, name, run, arg);

	if (rc == 0)
		pthread_detach(*ret_thread);
	return rc;
}

bool
service_is_proxy(void *pointer)
{
	(void)pointer;
	return false;
}
