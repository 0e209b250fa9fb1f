/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The register of providers.  On Linux it is one file for each, in the directory
 * /etc/vds/providers.d or the one that the environment variable VDS_PROVIDERS names (registry.c);
 * on Windows a key of the registry for each, below HKEY_LOCAL_MACHINE\SOFTWARE\vdsd\Providers
 * (registry_win.c).  Private to these files, registrations.c, admin.c and service.c.
 */
#ifndef VDS_SERVICE_REGISTRY_INT_H
#define VDS_SERVICE_REGISTRY_INT_H

#include "service/service_int.h"

struct service_registrations {
	struct service_registration *items;
	size_t count, capacity;
};

void service_registrations_fini(struct service_registrations *registrations);
/*
 * Adds a registration, and takes over what it holds.  Returns 0, ERR_NAME_IN_USE (the list has one
 * with this id) or -ENOMEM; after a failure the registration is still the caller's.
 */
int service_registrations_add(struct service_registrations *registrations,
			      struct service_registration *registration);

/*
 * Sets the member that a key names ("clsid").  *seen gathers the keys that were set.  Returns 0,
 * ERR_PARSE (there is no such key, or the value does not fit) or -ENOMEM.
 */
int service_registration_set(struct service_registration *registration, const char *key,
			     const char *value, unsigned *seen);
/* Returns the first key that every registration needs and that is not among those seen, or NULL. */
const char *service_registration_missing(unsigned seen);
/* Returns the word for the provider's type ("hardware"). */
const char *service_registration_type(const struct service_registration *registration);

/*
 * Adds all registrations that are kept on this computer, as service_registry_read says.  Returns 0
 * or -ENOMEM.
 */
int service_registry_scan(struct service_registrations *registrations);
/*
 * Reads all registrations; that of our own provider comes first and is kept nowhere.  One that
 * cannot be read, is not well-formed or is not to be trusted is left out, and the log says so.
 * Returns 0 or -ENOMEM.
 */
int service_registry_read(struct service_registrations *ret_registrations);
/*
 * Keeps a registration, durably.  Returns 0, ERR_NAME_IN_USE (a provider with this id is
 * registered), -ENOMEM or -errno.
 */
int service_registry_add(const struct service_registration *registration);
/* Removes a registration. Returns 0, ERR_NOT_FOUND, -ENOMEM or -errno. */
int service_registry_remove(const struct guid *id);

#endif
