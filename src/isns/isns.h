/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client of an iSNS server (RFC 4171): registers the targets of the array, the portals at which
 * they are served, and their portal groups, so that initiators find them there.
 * docs/design/isns.md says how.  It has a thread of its own, which only reads the states of the
 * array: neither the data path nor the writer ever waits for it.
 */
#ifndef VDS_ISNS_ISNS_H
#define VDS_ISNS_ISNS_H

#include "array/array.h"

#define ISNS_PORT 3205 /* RFC 4171 §2.9: registered for iSNS */

struct isns;

/*
 * Starts the client.  server: "ADDRESS" or "ADDRESS:PORT", numeric, with brackets around an IPv6
 * address that has a port.  A server that cannot be reached is no error: the client goes on trying.
 * array must outlive it; the caller owns *ret_isns, and ends it by isns_stop.  vdsd's main thread.
 * Returns 0, ERR_INVALID (server is no such text), -errno or -ENOMEM.
 */
int isns_start(struct array *array, const char *server, struct isns **ret_isns);
/*
 * Deregisters what is registered, for which a server that is connected has a second, and ends the
 * thread.  Accepts NULL.  vdsd's main thread; waits for that second.
 */
void isns_stop(struct isns *isns);

#endif
