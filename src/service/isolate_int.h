/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Providers that run in a process of their own.  Private to isolate.c, provider.c and service.c.
 */
#ifndef VDS_SERVICE_ISOLATE_INT_H
#define VDS_SERVICE_ISOLATE_INT_H

#include "service/service_int.h"

/*
 * The process of a provider, as the service sees it.  Counted: by its provider and its own thread.
 */
struct service_isolate;

/*
 * Starts a process, lets it load the provider's library and make the provider's object, for at most
 * timeout_ms, and returns a proxy of that object.  call_timeout_ms: how long calls of the object,
 * and of all objects that it returns, wait for their answers.
 *
 * gone(arg) is called once, on a thread of its own, when the process has ended, after
 * service_isolate_end too; not when the function fails.
 *
 * Returns S_OK, or why there is no object, with a text: VDS_E_PROVIDER_INITIALIZATION_FAILED,
 * E_OUTOFMEMORY.
 */
HRESULT service_isolate_start(const struct service_registration *registration, unsigned timeout_ms,
			      unsigned call_timeout_ms, void (*gone)(void *arg), void *arg,
			      struct service_isolate **ret_isolate, IUnknown **ret_object);
/*
 * Lets the process drop all objects and end; does not wait for that.  A process that does not end
 * within two seconds is killed.  Accepts NULL.
 */
void service_isolate_end(struct service_isolate *isolate);
/* Kills the process.  Accepts NULL. */
void service_isolate_kill(struct service_isolate *isolate);
void service_isolate_unref(struct service_isolate *isolate); /* accepts NULL */
/*
 * Lets the calls that this thread makes of objects in other processes from now on end by a time;
 * 0: within their usual time again.
 */
void service_isolate_limit_thread(uint64_t deadline_ns);

#endif
