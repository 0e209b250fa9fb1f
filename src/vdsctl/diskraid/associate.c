/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * associate and dissociate: through which targets, controllers or ports a LUN is served.  The
 * methods of VDS take the complete new set, so `add` and `dissociate` read the present one first.
 */
#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

/* A set of ids. */
struct ids {
	VDS_OBJECT_ID *items;
	size_t count, capacity;
};

static void
ids_fini(struct ids *ids)
{
	mem_free(ids->items);
}

static size_t
ids_index(const struct ids *ids, const VDS_OBJECT_ID *id)
{
	size_t i = 0;

	while (i < ids->count && !raid_id_equal(&ids->items[i], id))
		i++;
	return i;
}

static enum raid_exit
ids_append(struct raid *raid, struct ids *ids, const VDS_OBJECT_ID *id)
{
	if (mem_grow(&ids->items, &ids->capacity, ids->count + 1, sizeof(*ids->items)) < 0)
		return raid_out_of_memory(raid);
	ids->items[ids->count++] = *id;
	return RAID_OK;
}

/* Adds an id that is not in the set yet. */
static enum raid_exit
ids_add(struct raid *raid, struct ids *ids, const VDS_OBJECT_ID *id)
{
	return ids_index(ids, id) < ids->count ? RAID_OK : ids_append(raid, ids, id);
}

static enum raid_exit
ids_add_objects(struct raid *raid, struct ids *ids, const struct raid_objects *objects)
{
	enum raid_exit rc = RAID_OK;

	for (size_t i = 0; rc == RAID_OK && i < objects->count; i++)
		rc = ids_add(raid, ids, &objects->items[i].id);
	return rc;
}

/* Makes the new set of the present one and of those that the line names. */
static enum raid_exit
ids_combine(struct raid *raid, const struct raid_args *args, const struct ids *named,
	    struct ids *set)
{
	bool add = args->command->value == RAID_ASSOCIATE && raid_arg(args, "add") != NULL;
	enum raid_exit rc = RAID_OK;

	if (args->command->value == RAID_ASSOCIATE) {
		if (!add)
			set->count = 0;
		for (size_t i = 0; rc == RAID_OK && i < named->count; i++)
			rc = ids_add(raid, set, &named->items[i]);
		return rc;
	}
	for (size_t i = 0; rc == RAID_OK && i < named->count; i++) {
		size_t at = ids_index(set, &named->items[i]);
		const struct raid_value *value = raid_arg(args, "n,..");

		if (ids_index(named, &named->items[i]) < i)
			continue; /* the line names it twice */
		if (at == set->count)
			rc = raid_fail_at(raid, value->refs[i].column,
					  "this %s is not associated with the LUN in focus",
					  raid_nouns[args->command->params[0].noun].title);
		else
			set->items[at] = set->items[--set->count];
	}
	return rc;
}

/* ---- targets ---- */

static enum raid_exit
targets_load(struct raid *raid, IVdsLunIscsi *lun, struct ids *set)
{
	struct raid_objects objects = { 0 };
	IEnumVdsObject *list = NULL;
	HRESULT hr = IVdsLunIscsi_QueryAssociatedTargets(lun, &list);
	enum raid_exit rc = raid_objects_read(
		raid, RAID_TARGET, "IVdsLunIscsi::QueryAssociatedTargets", hr, list, &objects);

	if (rc == RAID_OK)
		rc = ids_add_objects(raid, set, &objects);
	raid_objects_fini(&objects);
	return rc;
}

enum raid_exit
raid_run_targets(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsLunIscsi *lun = NULL;
	struct ids named = { 0 }, set = { 0 };
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_LUN].unknown, IVdsLunIscsi, &lun);

	if (rc == RAID_OK)
		rc = raid_ids_find(raid, RAID_TARGET, raid_arg(args, "n,.."), &named.items,
				   &named.count);
	if (rc == RAID_OK)
		rc = targets_load(raid, lun, &set);
	if (rc == RAID_OK)
		rc = ids_combine(raid, args, &named, &set);
	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsLunIscsi::AssociateTargets",
				IVdsLunIscsi_AssociateTargets(lun, set.items, (LONG)set.count));
	if (rc == RAID_OK)
		fprintf(raid->out, "The LUN is behind %zu target%s.\n", set.count,
			set.count == 1 ? "" : "s");
	ids_fini(&named);
	ids_fini(&set);
	return rc;
}

/* ---- controllers and ports ---- */

/* Splits all objects into those in the set, which come first, and the others. */
static enum raid_exit
ids_partition(struct raid *raid, const struct raid_objects *all, const struct ids *set,
	      VDS_OBJECT_ID **ret_ids, size_t *ret_active)
{
	VDS_OBJECT_ID *ids = mem_calloc(all->count + 1, sizeof(*ids));
	size_t active = 0, inactive = all->count;

	if (ids == NULL)
		return raid_out_of_memory(raid);
	for (size_t i = 0; i < all->count; i++) {
		if (ids_index(set, &all->items[i].id) < set->count)
			ids[active++] = all->items[i].id;
		else
			ids[--inactive] = all->items[i].id;
	}
	*ret_ids = ids;
	*ret_active = active;
	return RAID_OK;
}

static enum raid_exit
controllers_load(struct raid *raid, IVdsLun *lun, struct ids *set)
{
	struct raid_objects objects = { 0 };
	IEnumVdsObject *list = NULL;
	HRESULT hr = IVdsLun_QueryActiveControllers(lun, &list);
	enum raid_exit rc = raid_objects_read(
		raid, RAID_CONTROLLER, "IVdsLun::QueryActiveControllers", hr, list, &objects);

	if (rc == RAID_OK)
		rc = ids_add_objects(raid, set, &objects);
	raid_objects_fini(&objects);
	return rc;
}

enum raid_exit
raid_run_controllers(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsLun *lun = NULL;
	AUTO_FREE VDS_OBJECT_ID *ids = NULL;
	struct ids named = { 0 }, set = { 0 };
	struct raid_objects all = { 0 };
	size_t active = 0;
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_LUN].unknown, IVdsLun, &lun);

	if (rc == RAID_OK)
		rc = raid_ids_find(raid, RAID_CONTROLLER, raid_arg(args, "n,.."), &named.items,
				   &named.count);
	if (rc == RAID_OK)
		rc = controllers_load(raid, lun, &set);
	if (rc == RAID_OK)
		rc = ids_combine(raid, args, &named, &set);
	if (rc == RAID_OK)
		rc = raid_objects_load(raid, RAID_CONTROLLER, &all);
	if (rc == RAID_OK)
		rc = ids_partition(raid, &all, &set, &ids, &active);
	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsLun::AssociateControllers",
				IVdsLun_AssociateControllers(lun, ids, (LONG)active, ids + active,
							     (LONG)(all.count - active)));
	raid_objects_fini(&all);
	ids_fini(&named);
	ids_fini(&set);
	return rc;
}

/* Reads the ports of each controller; first[c] is where those of controller c begin. */
static enum raid_exit
ports_load(struct raid *raid, const struct raid_objects *controllers, struct raid_objects *ports,
	   size_t *first)
{
	enum raid_exit rc = RAID_OK;

	for (size_t i = 0; rc == RAID_OK && i < controllers->count; i++) {
		AUTO_RELEASE IVdsControllerControllerPort *controller = NULL;
		IEnumVdsObject *list = NULL;
		HRESULT hr;

		first[i] = ports->count;
		rc = RAID_QUERY(raid, controllers->items[i].unknown, IVdsControllerControllerPort,
				&controller);
		if (rc != RAID_OK)
			break;
		hr = IVdsControllerControllerPort_QueryControllerPorts(controller, &list);
		rc = raid_objects_read(raid, RAID_PORT,
				       "IVdsControllerControllerPort::QueryControllerPorts", hr,
				       list, ports);
	}
	first[controllers->count] = ports->count;
	return rc;
}

/* Turns controller-port pairs into the ids of ports. */
static enum raid_exit
pairs_find(struct raid *raid, const struct raid_value *value, const struct raid_objects *ports,
	   const size_t *first, size_t controller_count, struct ids *named)
{
	enum raid_exit rc = RAID_OK;

	for (size_t i = 0; rc == RAID_OK && i < value->ref_count; i++) {
		const struct raid_ref *ref = &value->refs[i];

		if (ref->index >= controller_count ||
		    ref->second >= first[ref->index + 1] - first[ref->index])
			rc = raid_fail_at(raid, ref->column,
					  "there is no port %u-%u; `select controller %u` and "
					  "`list ports` show which there are",
					  ref->index, ref->second, ref->index);
		else
			rc = ids_append(raid, named,
					&ports->items[first[ref->index] + ref->second].id);
	}
	return rc;
}

static enum raid_exit
active_ports_load(struct raid *raid, IVdsLunControllerPorts *lun, struct ids *set)
{
	struct raid_objects objects = { 0 };
	IEnumVdsObject *list = NULL;
	HRESULT hr = IVdsLunControllerPorts_QueryActiveControllerPorts(lun, &list);
	enum raid_exit rc = raid_objects_read(raid, RAID_PORT,
					      "IVdsLunControllerPorts::QueryActiveControllerPorts",
					      hr, list, &objects);

	if (rc == RAID_OK)
		rc = ids_add_objects(raid, set, &objects);
	raid_objects_fini(&objects);
	return rc;
}

static enum raid_exit
ports_associate(struct raid *raid, const struct raid_args *args,
		const struct raid_objects *controllers, IVdsLunControllerPorts *lun)
{
	AUTO_FREE size_t *first = mem_calloc(controllers->count + 1, sizeof(*first));
	AUTO_FREE VDS_OBJECT_ID *ids = NULL;
	struct raid_objects ports = { 0 };
	struct ids named = { 0 }, set = { 0 };
	size_t active = 0;
	enum raid_exit rc;

	if (first == NULL)
		return raid_out_of_memory(raid);
	rc = ports_load(raid, controllers, &ports, first);
	if (rc == RAID_OK)
		rc = pairs_find(raid, raid_arg(args, "n,.."), &ports, first, controllers->count,
				&named);
	if (rc == RAID_OK)
		rc = active_ports_load(raid, lun, &set);
	if (rc == RAID_OK)
		rc = ids_combine(raid, args, &named, &set);
	if (rc == RAID_OK)
		rc = ids_partition(raid, &ports, &set, &ids, &active);
	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsLunControllerPorts::AssociateControllerPorts",
				IVdsLunControllerPorts_AssociateControllerPorts(
					lun, ids, (LONG)active, ids + active,
					(LONG)(ports.count - active)));
	raid_objects_fini(&ports);
	ids_fini(&named);
	ids_fini(&set);
	return rc;
}

enum raid_exit
raid_run_ports(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsLunControllerPorts *lun = NULL;
	struct raid_objects controllers = { 0 };
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_LUN].unknown, IVdsLunControllerPorts,
				       &lun);

	if (rc == RAID_OK)
		rc = raid_objects_load(raid, RAID_CONTROLLER, &controllers);
	if (rc == RAID_OK)
		rc = ports_associate(raid, args, &controllers, lun);
	raid_objects_fini(&controllers);
	return rc;
}
