/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The secret by which the gateways of an array know each other (docs/design/gateways.md,
 * "Forwarding").  It is made with the array, in the catalog that the gateways share, and never
 * changes; nobody is shown it.  An array on one machine has none.  The data path finds it in the
 * set of CHAP secrets, under the id `credential_gateways`.
 */
#include <errno.h>

#include "array/array_int.h"
#include "base/digest.h"
#include "base/err.h"
#include "model/credential.h"

static int
keep(struct array *array, const uint8_t *bytes, size_t len, struct array_secrets **set)
{
	struct array_secret_entry *entry = array_secret_entry_new(
		array->vault, &credential_gateways, CREDENTIAL_INITIATOR);
	struct array_secrets *with;
	int rc;

	if (entry == NULL)
		return -ENOMEM;
	array_secret_entry_set(entry, bytes, len);
	rc = array_secrets_with(*set, &credential_gateways, entry, &with);
	array_secret_entry_unref(entry);
	if (rc < 0)
		return rc;
	array_secrets_unref(*set);
	*set = with;
	return 0;
}

int
array_gateway_secret_make(struct array *array)
{
	uint8_t bytes[CATALOG_GATEWAY_SECRET_BYTES];
	int rc;

	if (!array_is_shared(array))
		return 0;
	rc = digest_random(bytes, sizeof(bytes));
	if (rc == 0)
		rc = catalog_gateway_secret_put(array->catalog, bytes);
	if (rc == 0)
		rc = keep(array, bytes, sizeof(bytes), &array->secrets);
	explicit_bzero(bytes, sizeof(bytes));
	return rc;
}

int
array_gateway_secret_load(struct array *array, struct array_secrets **set)
{
	uint8_t bytes[CATALOG_GATEWAY_SECRET_BYTES];
	int rc = catalog_gateway_secret_get(array->catalog, bytes);

	if (rc == ERR_NOT_FOUND)
		return 0;
	if (rc == 0)
		rc = keep(array, bytes, sizeof(bytes), set);
	explicit_bzero(bytes, sizeof(bytes));
	return rc;
}
