/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists objects and finds those that a line means.  An index is the place in the enumerator's
 * order; since that order may change when objects come and go, a name or an id in quotes is
 * possible as well.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/diskraid/exec.h"

/* ---- what an object is called ---- */

#define DESCRIBE(function, interface, prop_type, name_member, other_member)                       \
	static HRESULT function(IUnknown *unknown, struct raid_object *object)                    \
	{                                                                                         \
		AUTO_RELEASE interface *found = NULL;                                             \
		prop_type prop = { 0 };                                                           \
		HRESULT hr = IUnknown_QueryInterface(unknown, &IID_##interface, (void **)&found); \
		if (SUCCEEDED(hr))                                                                \
			hr = interface##_GetProperties(found, &prop);                             \
		if (FAILED(hr))                                                                   \
			return hr;                                                                \
		object->id = prop.id;                                                             \
		object->name = raid_take(name_member);                                            \
		object->other_name = raid_take(other_member);                                     \
		return hr;                                                                        \
	}

/* clang-format off */
DESCRIBE(describe_provider, IVdsProvider, VDS_PROVIDER_PROP, prop.pwszName, prop.pwszVersion)
DESCRIBE(describe_subsystem, IVdsSubSystem, VDS_SUB_SYSTEM_PROP, prop.pwszFriendlyName,
	 prop.pwszIdentification)
DESCRIBE(describe_controller, IVdsController, VDS_CONTROLLER_PROP, prop.pwszFriendlyName,
	 prop.pwszIdentification)
DESCRIBE(describe_port, IVdsControllerPort, VDS_PORT_PROP, prop.pwszFriendlyName,
	 prop.pwszIdentification)
DESCRIBE(describe_drive, IVdsDrive, VDS_DRIVE_PROP, prop.pwszFriendlyName, prop.pwszIdentification)
DESCRIBE(describe_target, IVdsIscsiTarget, VDS_ISCSI_TARGET_PROP, prop.pwszFriendlyName,
	 prop.pwszIscsiName)
DESCRIBE(describe_tpgroup, IVdsIscsiPortalGroup, VDS_ISCSI_PORTALGROUP_PROP, NULL, NULL)
DESCRIBE(describe_plex, IVdsLunPlex, VDS_LUN_PLEX_PROP, NULL, NULL)
DESCRIBE(describe_hbaport, IVdsHbaPort, VDS_HBAPORT_PROP, NULL, NULL)
DESCRIBE(describe_iadapter, IVdsIscsiInitiatorAdapter, VDS_ISCSI_INITIATOR_ADAPTER_PROP,
	 prop.pwszName, NULL)
/* clang-format on */

static HRESULT
describe_lun(IUnknown *unknown, struct raid_object *object)
{
	AUTO_RELEASE IVdsLun *lun = NULL;
	VDS_LUN_PROP prop = { 0 };
	HRESULT hr = IUnknown_QueryInterface(unknown, &IID_IVdsLun, (void **)&lun);

	if (SUCCEEDED(hr))
		hr = IVdsLun_GetProperties(lun, &prop);
	if (FAILED(hr))
		return hr;
	object->id = prop.id;
	object->name = raid_take(prop.pwszFriendlyName);
	object->other_name = raid_take(prop.pwszIdentification);
	CoTaskMemFree(prop.pwszUnmaskingList);
	return hr;
}

static char *
address_dup(const VDS_IPADDRESS *address)
{
	char text[320];

	return str_dup(raid_address_text(address, text, sizeof(text)));
}

static HRESULT
describe_tportal(IUnknown *unknown, struct raid_object *object)
{
	AUTO_RELEASE IVdsIscsiPortal *portal = NULL;
	VDS_ISCSI_PORTAL_PROP prop = { 0 };
	HRESULT hr = IUnknown_QueryInterface(unknown, &IID_IVdsIscsiPortal, (void **)&portal);

	if (SUCCEEDED(hr))
		hr = IVdsIscsiPortal_GetProperties(portal, &prop);
	if (FAILED(hr))
		return hr;
	object->id = prop.id;
	object->name = address_dup(&prop.address);
	return hr;
}

static HRESULT
describe_iportal(IUnknown *unknown, struct raid_object *object)
{
	AUTO_RELEASE IVdsIscsiInitiatorPortal *portal = NULL;
	VDS_ISCSI_INITIATOR_PORTAL_PROP prop = { 0 };
	HRESULT hr = IUnknown_QueryInterface(unknown, &IID_IVdsIscsiInitiatorPortal,
					     (void **)&portal);

	if (SUCCEEDED(hr))
		hr = IVdsIscsiInitiatorPortal_GetProperties(portal, &prop);
	if (FAILED(hr))
		return hr;
	object->id = prop.id;
	object->name = address_dup(&prop.address);
	return hr;
}

static HRESULT (*const describers[RAID_NOUN_COUNT])(IUnknown *, struct raid_object *) = {
	[RAID_HBAPORT] = describe_hbaport,
	[RAID_IADAPTER] = describe_iadapter,
	[RAID_IPORTAL] = describe_iportal,
	[RAID_PROVIDER] = describe_provider,
	[RAID_SUBSYSTEM] = describe_subsystem,
	[RAID_CONTROLLER] = describe_controller,
	[RAID_PORT] = describe_port,
	[RAID_DRIVE] = describe_drive,
	[RAID_LUN] = describe_lun,
	[RAID_TPORTAL] = describe_tportal,
	[RAID_TARGET] = describe_target,
	[RAID_TPGROUP] = describe_tpgroup,
	[RAID_PLEX] = describe_plex,
};

enum raid_exit
raid_object_describe(struct raid *raid, enum raid_noun noun, struct raid_object *object)
{
	HRESULT hr = describers[noun](object->unknown, object);
	char what[64];

	snprintf(what, sizeof(what), "GetProperties (%s)", raid_nouns[noun].title);
	return SUCCEEDED(hr) ? RAID_OK : raid_check(raid, what, hr);
}

/* ---- lists ---- */

enum raid_exit
raid_objects_add(struct raid *raid, enum raid_noun noun, IUnknown *unknown,
		 struct raid_objects *objects)
{
	struct raid_object object = { .unknown = unknown };
	HRESULT hr = describers[noun](unknown, &object);
	char what[64];

	if (hr == VDS_E_OBJECT_DELETED) { /* it went while the list was read */
		raid_object_fini(&object);
		return RAID_OK;
	}
	if (SUCCEEDED(hr) && mem_grow(&objects->items, &objects->capacity, objects->count + 1,
				      sizeof(*objects->items)) < 0)
		hr = E_OUTOFMEMORY;
	if (FAILED(hr)) {
		snprintf(what, sizeof(what), "GetProperties (%s)", raid_nouns[noun].title);
		raid_check(raid, what, hr);
		raid_object_fini(&object);
		return raid->error.exit;
	}
	objects->items[objects->count++] = object;
	return RAID_OK;
}

enum raid_exit
raid_objects_read(struct raid *raid, enum raid_noun noun, const char *method, HRESULT hr,
		  IEnumVdsObject *list, struct raid_objects *ret_objects)
{
	enum raid_exit rc = raid_check(raid, method, hr);

	if (rc != RAID_OK)
		return rc;
	if (list == NULL)
		return raid_fail(raid, RAID_SERVICE, "%s returned a success but no enumerator",
				 method);
	while (rc == RAID_OK) {
		IUnknown *unknown = NULL;
		ULONG fetched = 0;

		hr = IEnumVdsObject_Next(list, 1, &unknown, &fetched);
		if (hr != S_OK || fetched == 0) {
			rc = raid_check(raid, "IEnumVdsObject::Next", hr);
			break;
		}
		if (unknown == NULL) {
			rc = raid_fail(raid, RAID_SERVICE,
				       "IEnumVdsObject::Next returned a success but no object");
			break;
		}
		rc = raid_objects_add(raid, noun, unknown, ret_objects);
		if (rc == RAID_OK && ret_objects->count > RAID_OBJECTS_MAX)
			rc = raid_fail(raid, RAID_SERVICE,
				       "%s: the enumerator does not end after %u objects", method,
				       RAID_OBJECTS_MAX);
		else if (rc == RAID_OK && raid_interrupted())
			rc = raid_fail(raid, RAID_FATAL, "interrupted");
	}
	IEnumVdsObject_Release(list);
	return rc;
}

void
raid_objects_fini(struct raid_objects *objects)
{
	for (size_t i = 0; i < objects->count; i++)
		raid_object_fini(&objects->items[i]);
	mem_free(objects->items);
	*objects = (struct raid_objects){ 0 };
}

/* ---- where each noun's objects come from ---- */

/* Copies a list of objects: a reference to each, described anew. */
static enum raid_exit
load_providers(struct raid *raid, struct raid_objects *objects)
{
	enum raid_exit rc = RAID_OK;

	for (size_t i = 0; rc == RAID_OK && i < raid->providers.count; i++) {
		IUnknown_AddRef(raid->providers.items[i].unknown);
		rc = raid_objects_add(raid, RAID_PROVIDER, raid->providers.items[i].unknown,
				      objects);
	}
	return rc;
}

/* The subsystems of all providers, in the order of the providers. */
static enum raid_exit
load_subsystems(struct raid *raid, struct raid_objects *objects)
{
	enum raid_exit rc = RAID_OK;

	for (size_t i = 0; rc == RAID_OK && i < raid->providers.count; i++) {
		AUTO_RELEASE IVdsHwProvider *provider = NULL;
		IEnumVdsObject *list = NULL;
		HRESULT hr;

		rc = RAID_QUERY(raid, raid->providers.items[i].unknown, IVdsHwProvider, &provider);
		if (rc != RAID_OK)
			break;
		hr = IVdsHwProvider_QuerySubSystems(provider, &list);
		rc = raid_objects_read(raid, RAID_SUBSYSTEM, "IVdsHwProvider::QuerySubSystems", hr,
				       list, objects);
	}
	return rc;
}

#define LOAD(function, noun, source, interface, method)                                           \
	static enum raid_exit function(struct raid *raid, struct raid_objects *objects)           \
	{                                                                                         \
		AUTO_RELEASE interface *from = NULL;                                              \
		IEnumVdsObject *list = NULL;                                                      \
		enum raid_exit rc = RAID_QUERY(raid, source, interface, &from);                   \
		HRESULT hr;                                                                       \
		if (rc != RAID_OK)                                                                \
			return rc;                                                                \
		hr = interface##_##method(from, &list);                                           \
		return raid_objects_read(raid, noun, #interface "::" #method, hr, list, objects); \
	}

/* clang-format off */
LOAD(load_controllers, RAID_CONTROLLER, raid->focus[RAID_SUBSYSTEM].unknown, IVdsSubSystem,
     QueryControllers)
LOAD(load_drives, RAID_DRIVE, raid->focus[RAID_SUBSYSTEM].unknown, IVdsSubSystem, QueryDrives)
LOAD(load_luns, RAID_LUN, raid->focus[RAID_SUBSYSTEM].unknown, IVdsSubSystem, QueryLuns)
LOAD(load_targets, RAID_TARGET, raid->focus[RAID_SUBSYSTEM].unknown, IVdsSubSystemIscsi,
     QueryTargets)
LOAD(load_tportals, RAID_TPORTAL, raid->focus[RAID_SUBSYSTEM].unknown, IVdsSubSystemIscsi,
     QueryPortals)
LOAD(load_ports, RAID_PORT, raid->focus[RAID_CONTROLLER].unknown, IVdsControllerControllerPort,
     QueryControllerPorts)
LOAD(load_tpgroups, RAID_TPGROUP, raid->focus[RAID_TARGET].unknown, IVdsIscsiTarget,
     QueryPortalGroups)
LOAD(load_plexes, RAID_PLEX, raid->focus[RAID_LUN].unknown, IVdsLun, QueryPlexes)
LOAD(load_hbaports, RAID_HBAPORT, raid->service, IVdsServiceHba, QueryHbaPorts)
LOAD(load_iadapters, RAID_IADAPTER, raid->service, IVdsServiceIscsi, QueryInitiatorAdapters)
LOAD(load_iportals, RAID_IPORTAL, raid->focus[RAID_IADAPTER].unknown, IVdsIscsiInitiatorAdapter,
     QueryInitiatorPortals)
/* clang-format on */

static enum raid_exit (*const loaders[RAID_NOUN_COUNT])(struct raid *, struct raid_objects *) = {
	[RAID_HBAPORT] = load_hbaports,
	[RAID_IADAPTER] = load_iadapters,
	[RAID_IPORTAL] = load_iportals,
	[RAID_PROVIDER] = load_providers,
	[RAID_SUBSYSTEM] = load_subsystems,
	[RAID_CONTROLLER] = load_controllers,
	[RAID_PORT] = load_ports,
	[RAID_DRIVE] = load_drives,
	[RAID_LUN] = load_luns,
	[RAID_TPORTAL] = load_tportals,
	[RAID_TARGET] = load_targets,
	[RAID_TPGROUP] = load_tpgroups,
	[RAID_PLEX] = load_plexes,
};

enum raid_exit
raid_objects_load(struct raid *raid, enum raid_noun noun, struct raid_objects *ret_objects)
{
	enum raid_noun parent = raid_nouns[noun].parent;

	*ret_objects = (struct raid_objects){ 0 };
	if (parent != RAID_NONE && raid->focus[parent].unknown == NULL)
		return raid_fail(
			raid, RAID_SYNTAX,
			"no %s is in focus, and %s belong to one; `list %s` lists them, `select "
			"%s` selects one",
			raid_nouns[parent].title, raid_nouns[noun].titles,
			raid_nouns[parent].plural, raid_nouns[parent].word);
	return loaders[noun](raid, ret_objects);
}

const char *
raid_why_none(enum raid_noun noun)
{
	if (noun == RAID_SUBSYSTEM)
		return "; is vdsd running, and is --url or $VDS_URL its address?";
	if (noun == RAID_IADAPTER)
		return "; this host's initiator (open-iscsi) is not installed or not usable";
	return "";
}

/* ---- references ---- */

size_t
raid_objects_index(const struct raid_objects *objects, const GUID *id, size_t from)
{
	for (size_t n = 0; n < objects->count; n++) {
		size_t i = (from + n) % objects->count;

		if (raid_id_equal(&objects->items[i].id, id))
			return i;
	}
	return objects->count;
}

static bool
is_called(const struct raid_object *object, const char *name)
{
	char id[RAID_ID_SIZE];

	return str_equal(object->name, name) || str_equal(object->other_name, name) ||
	       str_equal(raid_id_text(&object->id, id), name);
}

static enum raid_exit
find_by_name(struct raid *raid, const struct raid_objects *objects, enum raid_noun noun,
	     const struct raid_ref *ref, size_t *ret_at)
{
	size_t found = objects->count;

	for (size_t i = 0; i < objects->count; i++) {
		if (!is_called(&objects->items[i], ref->name))
			continue;
		if (found < objects->count)
			return raid_fail_at(raid, ref->column,
					    "several objects are called \"%s\": the %s %zu and "
					    "%zu; give an index or an id",
					    ref->name, raid_nouns[noun].titles, found, i);
		found = i;
	}
	if (found == objects->count)
		return raid_fail_at(raid, ref->column,
				    "there is no %s with the name or id \"%s\"; `list %s` lists "
				    "them",
				    raid_nouns[noun].title, ref->name, raid_nouns[noun].plural);
	*ret_at = found;
	return RAID_OK;
}

enum raid_exit
raid_objects_find(struct raid *raid, const struct raid_objects *objects, enum raid_noun noun,
		  const struct raid_ref *ref, size_t *ret_at)
{
	if (ref->name != NULL)
		return find_by_name(raid, objects, noun, ref, ret_at);
	if (ref->index >= objects->count && objects->count == 0)
		return raid_fail_at(raid, ref->column, "there is no %s %u: there are none%s",
				    raid_nouns[noun].title, ref->index, raid_why_none(noun));
	if (ref->index >= objects->count)
		return raid_fail_at(raid, ref->column,
				    "there is no %s %u: they are numbered from 0 to %zu",
				    raid_nouns[noun].title, ref->index, objects->count - 1);
	*ret_at = ref->index;
	return RAID_OK;
}

enum raid_exit
raid_ids_find(struct raid *raid, enum raid_noun noun, const struct raid_value *value,
	      VDS_OBJECT_ID **ret_ids, size_t *ret_count)
{
	struct raid_objects objects;
	AUTO_FREE VDS_OBJECT_ID *ids = NULL;
	enum raid_exit rc;

	*ret_ids = NULL;
	*ret_count = 0;
	if (value == NULL)
		return RAID_OK;
	ids = mem_calloc(value->ref_count, sizeof(*ids));
	if (ids == NULL)
		return raid_out_of_memory(raid);
	rc = raid_objects_load(raid, noun, &objects);
	for (size_t i = 0; rc == RAID_OK && i < value->ref_count; i++) {
		size_t at = 0;

		rc = raid_objects_find(raid, &objects, noun, &value->refs[i], &at);
		if (rc == RAID_OK)
			ids[i] = objects.items[at].id;
	}
	raid_objects_fini(&objects);
	if (rc == RAID_OK) {
		*ret_ids = TAKE(ids);
		*ret_count = value->ref_count;
	}
	return rc;
}

enum raid_exit
raid_id_find(struct raid *raid, enum raid_noun noun, const struct raid_value *value,
	     VDS_OBJECT_ID *ret_id)
{
	AUTO_FREE VDS_OBJECT_ID *ids = NULL;
	size_t count;
	enum raid_exit rc = raid_ids_find(raid, noun, value, &ids, &count);

	*ret_id = count > 0 ? ids[0] : GUID_NULL;
	return rc;
}
