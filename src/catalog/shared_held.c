/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A store that several gateways share may go back: its object is removed, or an older copy is put
 * in its place.  Here is found out that it has, and whether it stays so.  The thread that uses the
 * catalog.
 */
#include <inttypes.h>

#include "base/err.h"
#include "catalog/shared_int.h"

/* A row of the table `position`; the columns are one, array_id, incarnation, sequence, digest. */
static int
position_read(void *arg, const char *key, const void *value, size_t value_bytes)
{
	const uint8_t *bytes = value;
	const struct catalog_shared_bytes row = { bytes, bytes + value_bytes };
	struct catalog_shared_bytes id, incarnation, sequence;
	struct position *at = arg;
	int64_t numbers[2] = { 0, 0 };
	int rc = catalog_shared_column(&row, 1, &id);

	(void)key;
	if (rc == 0)
		rc = catalog_shared_column(&row, 2, &incarnation);
	if (rc == 0)
		rc = catalog_shared_column(&row, 3, &sequence);
	if (rc == 0)
		rc = catalog_shared_guid(&id, &at->array_id);
	if (rc == 0)
		rc = catalog_shared_integer(&incarnation, &numbers[0]);
	if (rc == 0)
		rc = catalog_shared_integer(&sequence, &numbers[1]);
	at->incarnation = (uint64_t)numbers[0];
	at->sequence = (uint64_t)numbers[1];
	return rc;
}

/* The position that the store has; that of no array when it has none.  Returns 0 or an error. */
static int
store_position(struct catalog *catalog, struct position *ret_position)
{
	struct catalog_sharing *sharing = catalog->sharing;
	const char *keys[] = { "r/position/00000000000000000001" };

	*ret_position = (struct position){ .sequence = 0 };
	return sharing->store.ops->get(sharing->store.store, keys, 1, position_read, ret_position);
}

/* Whether the store is behind what was known, or that of another array. */
static bool
has_gone_back(const struct position *before, const struct position *now)
{
	return !guid_equal(&now->array_id, &before->array_id) ||
	       now->incarnation < before->incarnation ||
	       (now->incarnation == before->incarnation && now->sequence < before->sequence);
}

int
catalog_shared_goes_on(struct catalog *catalog, const struct position *before,
		       const struct position *now)
{
	const char *name = catalog->sharing->store.name;

	if (guid_is_zero(&before->array_id))
		return 0;
	catalog->sharing->known = *before;
	if (!guid_equal(&now->array_id, &before->array_id))
		catalog_guard_hold(catalog,
				   guid_is_zero(&now->array_id)
					   ? "the catalog %s is gone: put it back"
					   : "the catalog %s is that of another array now: "
					     "put the one of this array back",
				   name);
	else if (has_gone_back(before, now))
		catalog_guard_hold(catalog,
				   "the catalog %s ends with change %" PRIu64
				   ", and this gateway knows change %" PRIu64
				   ": an older one was put in its place",
				   name, now->sequence, before->sequence);
	return catalog_held(catalog) != NULL ? err_set(ERR_CORRUPT, "%s", catalog_held(catalog))
					     : 0;
}

int
catalog_shared_store_goes_on(struct catalog *catalog)
{
	struct position now;
	int rc = store_position(catalog, &now);

	return rc < 0 ? rc : catalog_shared_goes_on(catalog, &catalog->committed, &now);
}

static int
no_item(void *arg, const char *key, const void *value, size_t value_bytes)
{
	(void)arg;
	(void)key;
	(void)value;
	(void)value_bytes;
	return 0;
}

int
catalog_held_stays(struct catalog *catalog)
{
	struct catalog_sharing *sharing = catalog->sharing;
	struct position now;
	uint64_t version = 0;
	/* behind all entries of the log: only the version is read */
	int rc = sharing->store.ops->read(sharing->store.store, "l/", "l/~", no_item, NULL,
					  &version);

	if (rc == 0)
		rc = store_position(catalog, &now);
	if (rc < 0)
		return rc;
	if (!sharing->held_looked) {
		sharing->held_looked = true;
		sharing->held_version = version;
	}
	return version == sharing->held_version && has_gone_back(&sharing->known, &now);
}
