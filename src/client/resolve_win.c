/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the addresses of a host: on Windows clients reach only this computer (tls_win.c says why),
 * so there is nothing to find.
 */
#include "base/err.h"
#include "client/client_int.h"

int
client_resolve(struct client_conn *conn, const struct client_peer *peer, uint64_t deadline_ns,
	       struct client_addresses *ret_addresses)
{
	(void)conn;
	(void)deadline_ns;
	(void)ret_addresses;
	return err_set(ERR_NOT_SUPPORTED, "%s cannot be reached from Windows", peer->host);
}
