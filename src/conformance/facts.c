/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What objects say must fit together: a new object is what was asked for, numbers and tags differ,
 * parts are not larger than the whole, a set that is set anew is not added to. An error that both
 * providers of a program make in the same way shows only here. The cases count as effects. Main
 * thread.
 */
#include "conformance/conf_int.h"

#include <string.h>

/* Not by way of CONF_RECORD, since GetObject is a macro of Windows, too. */
#define REC(i, m, object, ...) conf_record(conf_method_find(#i, #m), i##_##m(object, ##__VA_ARGS__))

static bool
wide_equal(const WCHAR *a, const WCHAR *b)
{
	while (a != NULL && b != NULL && *a != 0 && *a == *b) {
		a++;
		b++;
	}
	return a != NULL && b != NULL && *a == *b;
}

/* Reads a structure of properties.  Returns false when that fails; conf_outs_free afterwards. */
static bool
read_properties(IUnknown *object, const char *interface, struct conf_outs *ret_outs, void *ret_prop,
		size_t size_bytes)
{
	if (object == NULL || FAILED(conf_do(NULL, object, interface, "GetProperties", ret_outs)))
		return false;
	memcpy(ret_prop, ret_outs->bytes[0], size_bytes);
	return true;
}

static void
free_properties(const char *interface, struct conf_outs *outs)
{
	conf_outs_free(conf_method_find(interface, "GetProperties"), outs);
}

/* ---- LUNs ---- */

static void
new_lun(struct conf_world *world, IUnknown *lun)
{
	struct conf_outs outs;
	VDS_LUN_PROP prop;

	if (!read_properties(lun, "IVdsLun", &outs, &prop, sizeof(prop)))
		return;
	conf_ok(prop.status == VDS_LS_ONLINE, "a new LUN is online");
	conf_ok(prop.health == VDS_H_HEALTHY, "a new LUN is healthy");
	conf_ok(prop.TransitionState == VDS_TS_STABLE, "a new LUN is stable");
	conf_ok(wide_equal(prop.pwszUnmaskingList, world->args.mask),
		"a new LUN is unmasked to whom CreateLun names");
	free_properties("IVdsLun", &outs);
}

static void
mask_is_replaced(struct conf_world *world, IUnknown *object)
{
	static WCHAR other[] = u"iqn.2001-01.org.example:other";
	IVdsLun *lun = conf_query(object, &IID_IVdsLun);
	struct conf_outs outs;
	VDS_LUN_PROP prop;

	if (lun == NULL)
		return;
	REC(IVdsLun, SetMask, lun, world->args.initiator);
	REC(IVdsLun, SetMask, lun, other);
	IVdsLun_Release(lun);
	if (!read_properties(object, "IVdsLun", &outs, &prop, sizeof(prop)))
		return;
	conf_ok(wide_equal(prop.pwszUnmaskingList, other),
		"SetMask takes the place of the former list");
	free_properties("IVdsLun", &outs);
}

/* Returns true when the list of the object's interface has exactly this id. */
static bool
has_only(struct conf_world *world, IUnknown *object, const char *interface, const char *method,
	 const GUID *id)
{
	struct conf_outs outs;
	IEnumVdsObject *list;
	unsigned count;
	GUID ids[4];

	if (FAILED(conf_do(world, object, interface, method, &outs)))
		return false;
	list = conf_out_pointer(&outs, 0);
	count = conf_list_ids(list, ids, 4);
	IEnumVdsObject_Release(list);
	return count == 1 && IsEqualGUID(&ids[0], id);
}

static void
targets_are_replaced(struct conf_world *world, IUnknown *object)
{
	IVdsLunIscsi *iscsi = conf_query(object, &IID_IVdsLunIscsi);
	IUnknown *first = iscsi != NULL ? conf_make_target(world) : NULL;
	IUnknown *second = first != NULL ? conf_make_target(world) : NULL;
	GUID ids[2];

	if (second != NULL && conf_id(first, CONF_TARGET, &ids[0]) &&
	    conf_id(second, CONF_TARGET, &ids[1])) {
		REC(IVdsLunIscsi, AssociateTargets, iscsi, &ids[0], 1);
		REC(IVdsLunIscsi, AssociateTargets, iscsi, &ids[1], 1);
		conf_ok(has_only(world, object, "IVdsLunIscsi", "QueryAssociatedTargets", &ids[1]),
			"AssociateTargets takes the place of the former set");
		REC(IVdsLunIscsi, AssociateTargets, iscsi, NULL, 0);
	}
	conf_unmake(first, CONF_TARGET);
	conf_unmake(second, CONF_TARGET);
	if (iscsi != NULL)
		IVdsLunIscsi_Release(iscsi);
}

/* Its own frame: the out-parameters are large. */
static __attribute__((noinline)) bool
lun_number(struct conf_world *world, IUnknown *lun, ULONG *ret_number)
{
	struct conf_outs outs;

	if (FAILED(conf_do(world, lun, "IVdsLunNumber", "GetLunNumber", &outs)))
		return false;
	memcpy(ret_number, outs.bytes[0], sizeof(*ret_number));
	return true;
}

static void
numbers_differ(struct conf_world *world, IUnknown *lun)
{
	ULONG a, b;

	if (lun_number(world, lun, &a) && lun_number(world, world->objects[CONF_LUN], &b))
		conf_ok(a != b, "two LUNs have different numbers");
}

/* The extents of a plex are those of its LUN.  A thin LUN has fewer bytes of them than its size. */
static void
extents_are_the_luns(struct conf_world *world)
{
	const struct conf_method *method = conf_method_find("IVdsLunPlex", "QueryExtents");
	IUnknown *plex = world->objects[CONF_PLEX];
	VDS_DRIVE_EXTENT *extents;
	struct conf_outs outs;
	bool ours = true;
	LONG count;

	if (plex == NULL || FAILED(conf_do(world, plex, "IVdsLunPlex", "QueryExtents", &outs)))
		return;
	extents = conf_out_pointer(&outs, 0);
	memcpy(&count, outs.bytes[1], sizeof(count));
	for (LONG i = 0; i < count; i++)
		ours = ours && extents[i].bUsed && IsEqualGUID(&extents[i].LunId, &world->args.lun);
	conf_ok(ours, "the extents of a plex are in use by its LUN");
	conf_outs_free(method, &outs);
}

/* Sizes that CreateLun and Extend just took must be possible, and what they refuse must not be. */
static void
try_most(struct conf_world *world, IUnknown *object, const char *interface, const char *method,
	 ULONGLONG least)
{
	struct conf_outs outs;
	ULONGLONG most;
	HRESULT hr = conf_do(world, object, interface, method, &outs);

	if (FAILED(hr))
		return;
	memcpy(&most, outs.bytes[0], sizeof(most));
	if (!conf_ok(most >= least && most < (ULONGLONG)1 << 60,
		     "%s::%s returns a size that the array can give", interface, method))
		conf_note("%llu", (unsigned long long)most);
}

static void
luns(struct conf_world *world)
{
	IUnknown *lun = conf_make_lun(world, world->args.size);

	if (lun == NULL)
		return;
	new_lun(world, lun);
	numbers_differ(world, lun);
	extents_are_the_luns(world);
	try_most(world, world->objects[CONF_SUBSYSTEM], "IVdsSubSystem", "QueryMaxLunCreateSize",
		 world->args.size);
	try_most(world, world->objects[CONF_SUBSYSTEM], "IVdsSubSystem2", "QueryMaxLunCreateSize2",
		 world->args.size);
	try_most(world, lun, "IVdsLun", "QueryMaxLunExtendSize", world->args.grow);
	mask_is_replaced(world, lun);
	if (world->objects[CONF_TARGET] != NULL)
		targets_are_replaced(world, lun);
	conf_unmake(lun, CONF_LUN);
}

/* ---- targets and groups ---- */

static void
new_target(struct conf_world *world)
{
	static WCHAR iqn[] = u"iqn.2001-01.org.example:conformance-asked";
	IVdsSubSystemIscsi *iscsi = conf_query(world->objects[CONF_SUBSYSTEM],
					       &IID_IVdsSubSystemIscsi);
	WCHAR *name = conf_name(world);
	IVdsAsync *async = NULL;
	IUnknown *target = NULL;
	VDS_ISCSI_TARGET_PROP prop;
	struct conf_outs outs;

	if (iscsi == NULL)
		return;
	if (SUCCEEDED(REC(IVdsSubSystemIscsi, CreateTarget, iscsi, iqn, name, &async)))
		conf_async_end(async, &target);
	IVdsSubSystemIscsi_Release(iscsi);
	if (read_properties(target, "IVdsIscsiTarget", &outs, &prop, sizeof(prop))) {
		conf_ok(wide_equal(prop.pwszFriendlyName, name),
			"a new target has the name that was asked for");
		conf_ok(wide_equal(prop.pwszIscsiName, iqn),
			"a new target has the iSCSI name that was asked for");
		free_properties("IVdsIscsiTarget", &outs);
	}
	conf_unmake(target, CONF_TARGET);
}

static void
tags_differ(struct conf_world *world)
{
	IUnknown *group = conf_make_group(world, world->objects[CONF_TARGET]);
	VDS_ISCSI_PORTALGROUP_PROP a, b;
	struct conf_outs outs;

	if (read_properties(group, "IVdsIscsiPortalGroup", &outs, &a, sizeof(a)) &&
	    read_properties(world->objects[CONF_GROUP], "IVdsIscsiPortalGroup", &outs, &b,
			    sizeof(b)))
		conf_ok(a.tag != b.tag, "two groups of a target have different tags");
	conf_unmake(group, CONF_GROUP);
}

/* ---- drives and pools ---- */

static void
drive_size(struct conf_world *world)
{
	VDS_DRIVE_EXTENT *extents;
	VDS_DRIVE_PROP prop;
	struct conf_outs outs;
	ULONGLONG sum = 0;
	LONG count;

	if (!read_properties(world->objects[CONF_DRIVE], "IVdsDrive", &outs, &prop, sizeof(prop)))
		return;
	free_properties("IVdsDrive", &outs);
	conf_ok(prop.ullSize > 0, "a drive has a size");
	if (FAILED(conf_do(world, world->objects[CONF_DRIVE], "IVdsDrive", "QueryExtents", &outs)))
		return;
	extents = conf_out_pointer(&outs, 0);
	memcpy(&count, outs.bytes[1], sizeof(count));
	for (LONG i = 0; i < count; i++)
		sum += extents[i].bUsed ? 0 : extents[i].ullSize;
	conf_ok(sum <= prop.ullSize, "the free extents of a drive are not larger than the drive");
	conf_outs_free(conf_method_find("IVdsDrive", "QueryExtents"), &outs);
}

static void
pool_space(struct conf_world *world)
{
	VDS_STORAGE_POOL_PROP prop;
	struct conf_outs outs;

	if (!read_properties(world->objects[CONF_POOL], "IVdsStoragePool", &outs, &prop,
			     sizeof(prop)))
		return;
	conf_ok(prop.ullRemainingFreeSpace <= prop.ullTotalManagedSpace,
		"a pool has not more free space than space");
	free_properties("IVdsStoragePool", &outs);
}

/* An id names an object of its own type only. */
static void
types_are_kept(struct conf_world *world)
{
	static const VDS_OBJECT_TYPE others[] = { VDS_OT_TARGET, VDS_OT_DRIVE, VDS_OT_SUB_SYSTEM };
	IUnknown *found = NULL;

	if (world->one.private == NULL)
		return;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		HRESULT hr = REC(IVdsProviderPrivate, GetObject, world->one.private,
				 world->args.lun, others[i], &found);

		if (!conf_ok(hr == VDS_E_OBJECT_NOT_FOUND && found == NULL,
			     "GetObject of a LUN's id and type %d finds nothing", (int)others[i]))
			conf_note("it returned %s", conf_code(hr));
		if (SUCCEEDED(hr) && found != NULL)
			IUnknown_Release(found);
	}
}

void
conf_cases_facts(struct conf_world *world)
{
	if (!conf_family_begin(CONF_EFFECT))
		return;
	luns(world);
	if (world->objects[CONF_TARGET] != NULL) {
		new_target(world);
		tags_differ(world);
	}
	drive_size(world);
	pool_space(world);
	types_are_kept(world);
}
