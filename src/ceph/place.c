/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Places of pools on Ceph: "rbd:POOL" or "rbd:POOL/NAMESPACE".  Any thread.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "ceph/ceph_int.h"

#define PREFIX "rbd:"

/* Ceph lets names have more, but then they cannot be told apart in a place. */
static bool
is_name(const char *name, size_t len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	return len > 0 && len <= CEPH_NAME_MAX && strspn(name, allowed) >= len;
}

int
ceph_place_parse(const char *text, struct ceph_place *ret_place)
{
	const char *pool = str_starts(text, PREFIX) ? text + sizeof(PREFIX) - 1 : "";
	size_t len = strcspn(pool, "/");
	const char *nspace = pool[len] == '/' ? pool + len + 1 : NULL;

	if (!is_name(pool, len) || (nspace != NULL && !is_name(nspace, strlen(nspace))))
		return err_set(
			ERR_INVALID,
			"%s is not of the form rbd:POOL or rbd:POOL/NAMESPACE, with names of "
			"letters, digits, '.', '_' and '-'",
			text);
	snprintf(ret_place->pool, sizeof(ret_place->pool), "%.*s", (int)len, pool);
	snprintf(ret_place->nspace, sizeof(ret_place->nspace), "%s", nspace != NULL ? nspace : "");
	return 0;
}
