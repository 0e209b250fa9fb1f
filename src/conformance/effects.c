/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every change, and its effect as a second provider sees it: that provider is what another program
 * would hold. Main thread.
 */
#include "conformance/conf_int.h"

#include <string.h>

#define LUN(object)            ((IVdsLun *)conf_query(object, &IID_IVdsLun))
#define REC(i, m, object, ...) CONF_RECORD(i, m, i##_##m(object, ##__VA_ARGS__))

static WCHAR nobody[] = { 0 };

/* A change that is to be seen: calls `holds` on the second provider's object until it does. */
struct seen {
	struct conf_world *world;
	IUnknown *object; /* of the second provider */
	enum conf_kind kind;
	const WCHAR *text;
	ULONGLONG number;
	GUID id;
	const char *interface, *method; /* of a list */
};

static bool
wide_equal(const WCHAR *a, const WCHAR *b)
{
	while (a != NULL && b != NULL && *a != 0 && *a == *b) {
		a++;
		b++;
	}
	return a != NULL && b != NULL && *a == *b;
}

static bool
lun_properties(IUnknown *object, VDS_LUN_PROP *ret_prop)
{
	struct conf_outs outs;

	if (FAILED(conf_do(NULL, object, "IVdsLun", "GetProperties", &outs)))
		return false;
	memcpy(ret_prop, outs.bytes[0], sizeof(*ret_prop));
	return true;
}

static void
lun_properties_free(VDS_LUN_PROP *prop)
{
	CoTaskMemFree(prop->pwszFriendlyName);
	CoTaskMemFree(prop->pwszIdentification);
	CoTaskMemFree(prop->pwszUnmaskingList);
}

/* clang-format off */
#define LUN_SEES(name, condition)                                \
	static bool name(void *arg)                              \
	{                                                        \
		struct seen *seen = arg;                         \
		VDS_LUN_PROP prop;                               \
		bool ok;                                         \
		if (!lun_properties(seen->object, &prop))        \
			return false;                            \
		ok = (condition);                                \
		lun_properties_free(&prop);                      \
		return ok;                                       \
	}
LUN_SEES(lun_has_size, prop.ullSize == seen->number)
LUN_SEES(lun_has_name, wide_equal(prop.pwszFriendlyName, seen->text))
LUN_SEES(lun_has_mask, wide_equal(prop.pwszUnmaskingList, seen->text))
LUN_SEES(lun_has_status, prop.status == (VDS_LUN_STATUS)seen->number)
/* clang-format on */

static bool
has_friendly_name(void *arg)
{
	struct seen *seen = arg;
	struct conf_outs outs;
	bool ok;

	if (seen->kind == CONF_TARGET) {
		VDS_ISCSI_TARGET_PROP prop;

		if (FAILED(conf_do(NULL, seen->object, "IVdsIscsiTarget", "GetProperties", &outs)))
			return false;
		memcpy(&prop, outs.bytes[0], sizeof(prop));
		ok = wide_equal(prop.pwszFriendlyName, seen->text);
		conf_outs_free(conf_method_find("IVdsIscsiTarget", "GetProperties"), &outs);
	} else {
		VDS_SUB_SYSTEM_PROP prop;

		if (FAILED(conf_do(NULL, seen->object, "IVdsSubSystem", "GetProperties", &outs)))
			return false;
		memcpy(&prop, outs.bytes[0], sizeof(prop));
		ok = wide_equal(prop.pwszFriendlyName, seen->text);
		conf_outs_free(conf_method_find("IVdsSubSystem", "GetProperties"), &outs);
	}
	return ok;
}

/* Returns true when a list of the object contains the id: number says whether it should. */
static bool
list_has(void *arg)
{
	static GUID ids[1024];
	struct seen *seen = arg;
	struct conf_outs outs;
	IEnumVdsObject *list;
	bool found = false;
	unsigned count;

	if (FAILED(conf_do(seen->world, seen->object, seen->interface, seen->method, &outs)))
		return false;
	list = conf_out_pointer(&outs, 0);
	count = conf_list_ids(list, ids, 1024);
	IEnumVdsObject_Release(list);
	for (unsigned i = 0; i < count; i++)
		found = found || IsEqualGUID(&ids[i], &seen->id);
	return found == (seen->number != 0);
}

/* Reports that the second provider has, or has no more, an id in one of its lists. */
static void
try_list(struct conf_world *world, IUnknown *object, enum conf_kind kind, const char *interface,
	 const char *method, const GUID *id, bool there, const char *what)
{
	struct seen seen = {
		.world = world, .interface = interface, .method = method, .number = there, .id = *id
	};
	GUID own;

	if (kind == CONF_PROVIDER) {
		seen.object = world->two.provider;
		IUnknown_AddRef(seen.object);
	} else if (conf_id(object, kind, &own)) {
		seen.object = conf_instance_get(&world->two, kind, &own);
	}
	conf_ok(seen.object != NULL && conf_eventually(list_has, &seen), "%s: %s::%s %s it", what,
		interface, method, there ? "has" : "lacks");
	if (seen.object != NULL)
		CONF_RELEASE(seen.object);
}

/* Reports that the second provider sees the change of a LUN. */
static void
try_lun(struct conf_world *world, IUnknown *lun, bool (*holds)(void *), const WCHAR *text,
	ULONGLONG number, const char *what)
{
	struct seen seen = { .world = world, .kind = CONF_LUN, .text = text, .number = number };

	if (conf_id(lun, CONF_LUN, &seen.id))
		seen.object = conf_instance_get(&world->two, CONF_LUN, &seen.id);
	conf_ok(seen.object != NULL && conf_eventually(holds, &seen), "%s", what);
	if (seen.object != NULL)
		CONF_RELEASE(seen.object);
}

static void
try_code(HRESULT hr, HRESULT wanted, const char *what)
{
	if (!conf_ok(hr == wanted, "%s: %s", what, conf_code(wanted)))
		conf_note("it returned %s", conf_code(hr));
}

/* ---- LUNs ---- */

static void
lun_size(struct conf_world *world, IUnknown *object)
{
	IVdsLun *lun = LUN(object);
	IVdsAsync *async = NULL;
	VDS_LUN_PROP prop = { 0 };
	ULONGLONG size;
	HRESULT hr;

	if (!conf_ok(lun != NULL && lun_properties(object, &prop), "a LUN has properties"))
		return;
	size = prop.ullSize;
	conf_ok(size >= world->args.size, "a new LUN is at least as large as was asked for");
	lun_properties_free(&prop);
	hr = REC(IVdsLun, Extend, lun, world->args.grow, NULL, 0, &async);
	if (SUCCEEDED(hr))
		hr = conf_async_end(async, NULL);
	try_code(hr, S_OK, "Extend");
	try_lun(world, object, lun_has_size, NULL, size + world->args.grow,
		"Extend makes the LUN larger by what was asked for");
	hr = REC(IVdsLun, Extend, lun, (ULONGLONG)1 << 60, NULL, 0, &async);
	try_code(hr, VDS_E_NOT_ENOUGH_SPACE, "Extend by an exbibyte");
	hr = REC(IVdsLun, Shrink, lun, world->args.grow, &async);
	if (SUCCEEDED(hr)) {
		hr = conf_async_end(async, NULL);
		try_code(hr, S_OK, "Shrink");
		try_lun(world, object, lun_has_size, NULL, size,
			"Shrink makes the LUN smaller by what was asked for");
	}
	IVdsLun_Release(lun);
}

static void
lun_mask_and_status(struct conf_world *world, IUnknown *object)
{
	IVdsLun *lun = LUN(object);

	if (lun == NULL)
		return;
	try_code(REC(IVdsLun, SetMask, lun, world->args.initiator), S_OK,
		 "SetMask of an initiator");
	try_lun(world, object, lun_has_mask, world->args.initiator, 0,
		"SetMask admits the initiator");
	try_code(REC(IVdsLun, SetMask, lun, nobody), S_OK, "SetMask of nobody");
	try_lun(world, object, lun_has_mask, nobody, 0, "SetMask admits nobody");
	try_code(REC(IVdsLun, SetMask, lun, world->args.mask), S_OK, "SetMask of everybody");
	try_lun(world, object, lun_has_mask, world->args.mask, 0, "SetMask admits everybody");
	try_code(REC(IVdsLun, SetStatus, lun, VDS_LS_OFFLINE), S_OK, "SetStatus of a LUN, offline");
	try_lun(world, object, lun_has_status, NULL, VDS_LS_OFFLINE,
		"SetStatus sets a LUN offline");
	try_code(REC(IVdsLun, SetStatus, lun, VDS_LS_ONLINE), S_OK, "SetStatus of a LUN, online");
	try_lun(world, object, lun_has_status, NULL, VDS_LS_ONLINE, "SetStatus sets a LUN online");
	IVdsLun_Release(lun);
}

static void
lun_names(struct conf_world *world, IUnknown *object)
{
	IVdsLunNaming *naming = conf_query(object, &IID_IVdsLunNaming);
	WCHAR name[101], *given = conf_name(world);

	if (naming == NULL)
		return;
	try_code(REC(IVdsLunNaming, SetFriendlyName, naming, given), S_OK, "the name of a LUN");
	try_lun(world, object, lun_has_name, given, 0, "SetFriendlyName names the LUN");
	for (unsigned i = 0; i < 100; i++)
		name[i] = (WCHAR)('a' + i % 26);
	name[100] = 0;
	try_code(REC(IVdsLunNaming, SetFriendlyName, naming, name), VDS_S_NAME_TRUNCATED,
		 "a name of 100 characters");
	name[63] = 0;
	try_lun(world, object, lun_has_name, name, 0, "63 characters of a longer name are kept");
	try_code(REC(IVdsLunNaming, SetFriendlyName, naming, name), S_OK,
		 "a name of 63 characters");
	try_code(REC(IVdsLunNaming, SetFriendlyName, naming, nobody), S_OK, "an empty name");
	try_lun(world, object, lun_has_name, nobody, 0, "an empty name removes the name");
	IVdsLunNaming_Release(naming);
}

static void
lun_hints(struct conf_world *world, IUnknown *object)
{
	IVdsLun *lun = LUN(object);
	VDS_HINTS hints = { .ullHintMask = VDS_HINT_MOSTLYREADS, .bMostlyReads = TRUE };
	VDS_HINTS kept = { 0 }, strange = { 0 };
	VDS_HINTS2 strange2 = { 0 };
	IVdsLun2 *lun2 = conf_query(object, &IID_IVdsLun2);
	HRESULT hr = REC(IVdsLun, ApplyHints, lun, &hints);

	(void)world;
	if (SUCCEEDED(hr)) {
		hr = REC(IVdsLun, QueryHints, lun, &kept);
		conf_ok(hr == S_OK && (kept.ullHintMask & VDS_HINT_MOSTLYREADS) != 0 &&
				kept.bMostlyReads,
			"QueryHints returns what ApplyHints has set");
	} else {
		try_code(hr, VDS_E_NOT_SUPPORTED, "ApplyHints of an array without hints");
	}
	strange.ullHintMask = strange2.ullHintMask = 1ull << 63;
	try_code(REC(IVdsLun, ApplyHints, lun, &strange), VDS_E_NOT_SUPPORTED,
		 "ApplyHints with a hint that nobody knows");
	if (lun2 != NULL) {
		try_code(REC(IVdsLun2, ApplyHints2, lun2, &strange2), VDS_E_NOT_SUPPORTED,
			 "ApplyHints2 with a hint that nobody knows");
		IVdsLun2_Release(lun2);
	}
	IVdsLun_Release(lun);
}

static void
lun_recognised(struct conf_world *world, IUnknown *object)
{
	IVdsHwProviderPrivate *private = conf_query(world->two.provider,
						    &IID_IVdsHwProviderPrivate);
	VDS_LUN_INFORMATION strange = { .m_version = 1 };
	char serial[] = "no such serial number";
	struct conf_outs outs;
	GUID id, found, null = { 0 };

	if (private == NULL ||
	    FAILED(conf_do(world, object, "IVdsLun", "GetIdentificationData", &outs)))
		return;
	conf_id(object, CONF_LUN, &id);
	memset(&found, CONF_POISON, sizeof(found));
	try_code(REC(IVdsHwProviderPrivate, QueryIfCreatedLun, private, world->args.device_path,
		     (VDS_LUN_INFORMATION *)(void *)outs.bytes[0], &found),
		 S_OK, "QueryIfCreatedLun of a LUN of the array");
	conf_ok(IsEqualGUID(&id, &found), "QueryIfCreatedLun returns the id of the LUN");
	conf_outs_free(conf_method_find("IVdsLun", "GetIdentificationData"), &outs);
	strange.m_szSerialNumber = (unsigned char *)serial;
	memset(&found, CONF_POISON, sizeof(found));
	try_code(REC(IVdsHwProviderPrivate, QueryIfCreatedLun, private, world->args.device_path,
		     &strange, &found),
		 S_FALSE, "QueryIfCreatedLun of another disk");
	conf_ok(IsEqualGUID(&null, &found), "QueryIfCreatedLun of another disk returns GUID_NULL");
	IVdsHwProviderPrivate_Release(private);
}

static void
lun_targets(struct conf_world *world, IUnknown *object)
{
	IVdsLunIscsi *iscsi = conf_query(object, &IID_IVdsLunIscsi);
	IUnknown *target = conf_make_target(world);
	struct conf_outs outs;
	GUID lun_id, target_id;

	if (iscsi == NULL || target == NULL || !conf_id(object, CONF_LUN, &lun_id) ||
	    !conf_id(target, CONF_TARGET, &target_id)) {
		conf_skip("no iSCSI targets", "AssociateTargets");
		return;
	}
	try_code(REC(IVdsLunIscsi, AssociateTargets, iscsi, &target_id, 1), S_OK,
		 "AssociateTargets");
	try_list(world, object, CONF_LUN, "IVdsLunIscsi", "QueryAssociatedTargets", &target_id,
		 true, "after AssociateTargets");
	try_list(world, target, CONF_TARGET, "IVdsIscsiTarget", "QueryAssociatedLuns", &lun_id,
		 true, "after AssociateTargets");
	try_code(conf_do(world, target, "IVdsIscsiTarget", "Delete", &outs),
		 VDS_E_ASSOCIATED_LUNS_EXIST, "Delete of a target with a LUN");
	try_code(REC(IVdsLunIscsi, AssociateTargets, iscsi, NULL, 0), S_OK,
		 "AssociateTargets of none");
	try_list(world, object, CONF_LUN, "IVdsLunIscsi", "QueryAssociatedTargets", &target_id,
		 false, "after AssociateTargets of none");
	try_list(world, target, CONF_TARGET, "IVdsIscsiTarget", "QueryAssociatedLuns", &lun_id,
		 false, "after AssociateTargets of none");
	try_code(conf_unmake(target, CONF_TARGET), S_OK, "Delete of a target without LUNs");
	try_list(world, world->objects[CONF_SUBSYSTEM], CONF_SUBSYSTEM, "IVdsSubSystemIscsi",
		 "QueryTargets", &target_id, false, "after Delete of the target");
	IVdsLunIscsi_Release(iscsi);
}

/* ---- the subsystem ---- */

static void
lun_life(struct conf_world *world)
{
	IUnknown *lun = conf_make_lun(world, world->args.size), *gone;
	IVdsSubSystem *subsystem = conf_query(world->objects[CONF_SUBSYSTEM], &IID_IVdsSubSystem);
	IVdsAsync *async = NULL;
	ULONGLONG size;
	GUID id;

	try_code(REC(IVdsSubSystem, CreateLun, subsystem, VDS_LT_DEFAULT, (ULONGLONG)1 << 60, NULL,
		     0, world->args.mask, NULL, &async),
		 VDS_E_NOT_ENOUGH_SPACE, "CreateLun of an exbibyte");
	try_code(REC(IVdsSubSystem, CreateLun, subsystem, VDS_LT_RAID61, world->args.size, NULL, 0,
		     world->args.mask, NULL, &async),
		 VDS_E_NOT_SUPPORTED, "CreateLun of RAID 61");
	try_code(REC(IVdsSubSystem, QueryMaxLunCreateSize, subsystem, VDS_LT_RAID61, NULL, 0, NULL,
		     &size),
		 VDS_E_NOT_SUPPORTED, "QueryMaxLunCreateSize of RAID 61");
	IVdsSubSystem_Release(subsystem);
	if (!conf_ok(lun != NULL && conf_id(lun, CONF_LUN, &id), "CreateLun makes a LUN"))
		return;
	try_list(world, world->objects[CONF_SUBSYSTEM], CONF_SUBSYSTEM, "IVdsSubSystem",
		 "QueryLuns", &id, true, "after CreateLun");
	lun_size(world, lun);
	lun_mask_and_status(world, lun);
	lun_names(world, lun);
	lun_hints(world, lun);
	lun_recognised(world, lun);
	lun_targets(world, lun);
	try_code(conf_unmake(lun, CONF_LUN), S_OK, "Delete of a LUN");
	try_list(world, world->objects[CONF_SUBSYSTEM], CONF_SUBSYSTEM, "IVdsSubSystem",
		 "QueryLuns", &id, false, "after Delete of the LUN");
	gone = conf_instance_get(&world->one, CONF_LUN, &id);
	conf_ok(gone == NULL, "GetObject of a LUN that was deleted");
	if (gone != NULL)
		CONF_RELEASE(gone);
}

static void
lun_second_version(struct conf_world *world)
{
	IVdsSubSystem2 *subsystem = conf_query(world->objects[CONF_SUBSYSTEM], &IID_IVdsSubSystem2);
	IVdsAsync *async = NULL;
	ULONGLONG size;

	if (subsystem == NULL)
		return;
	try_code(REC(IVdsSubSystem2, CreateLun2, subsystem, VDS_LT_DEFAULT, (ULONGLONG)1 << 60,
		     NULL, 0, world->args.mask, NULL, &async),
		 VDS_E_NOT_ENOUGH_SPACE, "CreateLun2 of an exbibyte");
	try_code(REC(IVdsSubSystem2, CreateLun2, subsystem, VDS_LT_RAID61, world->args.size, NULL,
		     0, world->args.mask, NULL, &async),
		 VDS_E_NOT_SUPPORTED, "CreateLun2 of RAID 61");
	try_code(REC(IVdsSubSystem2, QueryMaxLunCreateSize2, subsystem, VDS_LT_RAID61, NULL, 0,
		     NULL, &size),
		 VDS_E_NOT_SUPPORTED, "QueryMaxLunCreateSize2 of RAID 61");
	IVdsSubSystem2_Release(subsystem);
}

static void
subsystem_name_and_status(struct conf_world *world)
{
	IUnknown *object = world->objects[CONF_SUBSYSTEM];
	IVdsSubSystemNaming *naming = conf_query(object, &IID_IVdsSubSystemNaming);
	IVdsSubSystem *subsystem = conf_query(object, &IID_IVdsSubSystem);
	struct seen seen = { .world = world, .kind = CONF_SUBSYSTEM, .text = conf_name(world) };
	WCHAR name[101];

	try_code(REC(IVdsSubSystem, SetStatus, subsystem, VDS_SSS_OFFLINE), VDS_E_NOT_SUPPORTED,
		 "SetStatus of the subsystem, offline");
	IVdsSubSystem_Release(subsystem);
	if (naming == NULL)
		return;
	seen.object = conf_twin(world, &world->two, CONF_SUBSYSTEM);
	for (unsigned i = 0; i < 100; i++)
		name[i] = 'n';
	name[100] = 0;
	try_code(REC(IVdsSubSystemNaming, SetFriendlyName, naming, name), VDS_S_NAME_TRUNCATED,
		 "a subsystem's name of 100 characters");
	try_code(REC(IVdsSubSystemNaming, SetFriendlyName, naming, conf_name(world)), S_OK,
		 "a subsystem's name");
	world->made--; /* the same name again */
	seen.text = conf_name(world);
	conf_ok(seen.object != NULL && conf_eventually(has_friendly_name, &seen),
		"SetFriendlyName names the subsystem");
	if (seen.object != NULL)
		CONF_RELEASE(seen.object);
	IVdsSubSystemNaming_Release(naming);
}

/* ---- targets, groups, portals ---- */

static bool
chap_is(IVdsIscsiTarget *target, BOOL wanted)
{
	VDS_ISCSI_TARGET_PROP prop = { .bChapEnabled = !wanted };

	if (FAILED(IVdsIscsiTarget_GetProperties(target, &prop)))
		return false;
	CoTaskMemFree(prop.pwszIscsiName);
	CoTaskMemFree(prop.pwszFriendlyName);
	return !prop.bChapEnabled == !wanted;
}

/* An array without CHAP, or with one secret for all initiators, may say so. */
static void
try_secrets(struct conf_world *world, IVdsIscsiTarget *target)
{
	UCHAR bytes[] = "sixteen bytes ab", others[] = "16 other bytes a";
	VDS_ISCSI_SHARED_SECRET secret = { bytes, 16 }, other = { others, 16 }, none = { NULL, 0 };
	HRESULT hr = REC(IVdsIscsiTarget, SetSharedSecret, target, &secret, NULL);

	conf_ok(hr == S_OK || hr == VDS_E_NOT_SUPPORTED, "SetSharedSecret for all initiators");
	if (hr == S_OK) {
		conf_ok(chap_is(target, TRUE), "bChapEnabled with a secret");
		REC(IVdsIscsiTarget, SetSharedSecret, target, &none, NULL);
		conf_ok(chap_is(target, FALSE), "bChapEnabled without a secret");
	}
	hr = REC(IVdsIscsiTarget, SetSharedSecret, target, &secret, world->args.initiator);
	conf_ok(hr == S_OK || hr == VDS_E_NOT_SUPPORTED ||
			hr == VDS_E_INITIATOR_SPECIFIC_NOT_SUPPORTED,
		"SetSharedSecret for one initiator");
	hr = REC(IVdsIscsiTarget, RememberInitiatorSharedSecret, target, world->args.initiator,
		 &other);
	conf_ok(hr == S_OK || hr == VDS_E_NOT_SUPPORTED, "RememberInitiatorSharedSecret");
}

static void
target_names(struct conf_world *world)
{
	static WCHAR iqn[64];
	const char *text = "iqn.2001-01.org.example:conformance";
	IVdsSubSystemIscsi *iscsi = conf_query(world->objects[CONF_SUBSYSTEM],
					       &IID_IVdsSubSystemIscsi);
	struct seen seen = { .world = world, .kind = CONF_TARGET };
	IVdsAsync *async = NULL;
	IUnknown *target = NULL;
	IVdsIscsiTarget *own;
	WCHAR name[101];
	HRESULT hr;
	GUID id;

	if (iscsi == NULL)
		return;
	for (size_t i = 0; i <= strlen(text); i++)
		iqn[i] = (WCHAR)text[i];
	hr = REC(IVdsSubSystemIscsi, CreateTarget, iscsi, iqn, conf_name(world), &async);
	if (SUCCEEDED(hr))
		hr = conf_async_end(async, &target);
	try_code(hr, S_OK, "CreateTarget with a name");
	async = NULL;
	hr = REC(IVdsSubSystemIscsi, CreateTarget, iscsi, iqn, conf_name(world), &async);
	try_code(hr, VDS_E_NAME_NOT_UNIQUE, "CreateTarget with a name that is in use");
	IVdsSubSystemIscsi_Release(iscsi);
	if (target == NULL || !conf_id(target, CONF_TARGET, &id))
		return;
	try_list(world, world->objects[CONF_SUBSYSTEM], CONF_SUBSYSTEM, "IVdsSubSystemIscsi",
		 "QueryTargets", &id, true, "after CreateTarget");
	own = conf_query(target, &IID_IVdsIscsiTarget);
	seen.object = conf_instance_get(&world->two, CONF_TARGET, &id);
	seen.text = conf_name(world);
	world->made--;
	try_code(REC(IVdsIscsiTarget, SetFriendlyName, own, conf_name(world)), S_OK,
		 "the name of a target");
	conf_ok(seen.object != NULL && conf_eventually(has_friendly_name, &seen),
		"SetFriendlyName names the target");
	if (seen.object != NULL)
		CONF_RELEASE(seen.object);
	for (unsigned i = 0; i < 100; i++)
		name[i] = 't';
	name[100] = 0;
	try_code(REC(IVdsIscsiTarget, SetFriendlyName, own, name), VDS_S_NAME_TRUNCATED,
		 "a target's name of 100 characters");
	try_secrets(world, own);
	IVdsIscsiTarget_Release(own);
	conf_unmake(target, CONF_TARGET);
}

static void
group_portals(struct conf_world *world)
{
	IUnknown *target = conf_make_target(world), *group = NULL;
	IVdsIscsiPortalGroup *own;
	IVdsAsync *async = NULL;
	struct conf_outs outs;
	GUID group_id;
	HRESULT hr;

	if (target != NULL)
		group = conf_make_group(world, target);
	if (world->objects[CONF_PORTAL] == NULL || group == NULL ||
	    !conf_id(group, CONF_GROUP, &group_id)) {
		conf_skip("no portals", "AddPortal");
		return;
	}
	try_list(world, target, CONF_TARGET, "IVdsIscsiTarget", "QueryPortalGroups", &group_id,
		 true, "after CreatePortalGroup");
	own = conf_query(group, &IID_IVdsIscsiPortalGroup);
	hr = REC(IVdsIscsiPortalGroup, AddPortal, own, world->args.portal, &async);
	if (SUCCEEDED(hr))
		hr = conf_async_end(async, NULL);
	try_code(hr, S_OK, "AddPortal");
	try_list(world, group, CONF_GROUP, "IVdsIscsiPortalGroup", "QueryAssociatedPortals",
		 &world->args.portal, true, "after AddPortal");
	hr = REC(IVdsIscsiPortalGroup, AddPortal, own, world->args.portal, &async);
	if (SUCCEEDED(hr))
		(void)conf_async_end(async, NULL);
	try_code(hr, VDS_S_ALREADY_EXISTS, "AddPortal of a portal that is in the group");
	try_list(world, world->objects[CONF_PORTAL], CONF_PORTAL, "IVdsIscsiPortal",
		 "QueryAssociatedPortalGroups", &group_id, true, "after AddPortal");
	try_code(conf_do(world, group, "IVdsIscsiPortalGroup", "Delete", &outs),
		 VDS_E_ASSOCIATED_PORTALS_EXIST, "Delete of a group with a portal");
	hr = REC(IVdsIscsiPortalGroup, RemovePortal, own, world->args.portal, &async);
	if (SUCCEEDED(hr))
		hr = conf_async_end(async, NULL);
	try_code(hr, S_OK, "RemovePortal");
	try_list(world, group, CONF_GROUP, "IVdsIscsiPortalGroup", "QueryAssociatedPortals",
		 &world->args.portal, false, "after RemovePortal");
	IVdsIscsiPortalGroup_Release(own);
	try_code(conf_unmake(group, CONF_GROUP), S_OK, "Delete of a group without portals");
	try_list(world, target, CONF_TARGET, "IVdsIscsiTarget", "QueryPortalGroups", &group_id,
		 false, "after Delete of the group");
	conf_unmake(target, CONF_TARGET);
}

static bool
portal_has_status(void *arg)
{
	struct seen *seen = arg;
	VDS_ISCSI_PORTAL_PROP prop;
	struct conf_outs outs;

	if (FAILED(conf_do(NULL, seen->object, "IVdsIscsiPortal", "GetProperties", &outs)))
		return false;
	memcpy(&prop, outs.bytes[0], sizeof(prop));
	return prop.status == (VDS_ISCSI_PORTAL_STATUS)seen->number;
}

static void
portal_status(struct conf_world *world)
{
	static const VDS_ISCSI_PORTAL_STATUS both[] = { VDS_IPS_OFFLINE, VDS_IPS_ONLINE };
	IVdsIscsiPortal *portal = conf_query(world->objects[CONF_PORTAL], &IID_IVdsIscsiPortal);
	struct seen seen = { .world = world };

	if (portal == NULL)
		return;
	seen.object = conf_twin(world, &world->two, CONF_PORTAL);
	for (unsigned i = 0; i < 2; i++) {
		seen.number = both[i];
		try_code(REC(IVdsIscsiPortal, SetStatus, portal, both[i]), S_OK,
			 i == 0 ? "SetStatus of a portal, offline"
				: "SetStatus of a portal, online");
		conf_ok(seen.object != NULL && conf_eventually(portal_has_status, &seen),
			"SetStatus sets a portal %s", i == 0 ? "offline" : "online");
	}
	try_code(REC(IVdsIscsiPortal, SetStatus, portal, VDS_IPS_NOT_READY), VDS_E_NOT_SUPPORTED,
		 "SetStatus of a portal, not ready");
	if (seen.object != NULL)
		CONF_RELEASE(seen.object);
	IVdsIscsiPortal_Release(portal);
}

/* ---- hardware, pools, maintenance ---- */

static void
refused_statuses(struct conf_world *world)
{
	IVdsController *controller = conf_query(world->objects[CONF_CONTROLLER],
						&IID_IVdsController);
	IVdsControllerPort *port = conf_query(world->objects[CONF_PORT], &IID_IVdsControllerPort);
	IVdsDrive *drive = conf_query(world->objects[CONF_DRIVE], &IID_IVdsDrive);

	if (controller != NULL) {
		try_code(REC(IVdsController, SetStatus, controller, VDS_CS_FAILED),
			 VDS_E_NOT_SUPPORTED, "SetStatus of a controller, failed");
		IVdsController_Release(controller);
	}
	if (port != NULL) {
		try_code(REC(IVdsControllerPort, SetStatus, port, VDS_PRS_FAILED),
			 VDS_E_NOT_SUPPORTED, "SetStatus of a port, failed");
		IVdsControllerPort_Release(port);
	}
	if (drive != NULL) {
		try_code(REC(IVdsDrive, SetStatus, drive, VDS_DRS_FAILED), VDS_E_NOT_SUPPORTED,
			 "SetStatus of a drive, failed");
		try_code(REC(IVdsDrive, SetFlags, drive, VDS_DRF_HOTSPARE), VDS_E_NOT_SUPPORTED,
			 "SetFlags of a drive, hot spare");
		try_code(REC(IVdsDrive, ClearFlags, drive, VDS_DRF_HOTSPARE), VDS_E_NOT_SUPPORTED,
			 "ClearFlags of a drive, hot spare");
		IVdsDrive_Release(drive);
	}
}

static void
maintenance(struct conf_world *world)
{
	IVdsMaintenance *own = NULL;

	for (unsigned kind = CONF_SUBSYSTEM; own == NULL && kind < CONF_KINDS; kind++)
		own = conf_query(world->objects[kind], &IID_IVdsMaintenance);
	if (own == NULL)
		return;
	try_code(REC(IVdsMaintenance, StartMaintenance, own, BlinkLight), S_OK,
		 "StartMaintenance of the light");
	try_code(REC(IVdsMaintenance, StopMaintenance, own, BlinkLight), S_OK,
		 "StopMaintenance of the light");
	try_code(REC(IVdsMaintenance, StopMaintenance, own, BlinkLight), S_FALSE,
		 "StopMaintenance of what does not run");
	(void)REC(IVdsMaintenance, StartMaintenance, own, BlinkLight);
	try_code(REC(IVdsMaintenance, PulseMaintenance, own, BlinkLight, 1), S_OK,
		 "PulseMaintenance of the light");
	(void)REC(IVdsMaintenance, StopMaintenance, own,
		  BlinkLight); /* the pulse may have done so */
	try_code(REC(IVdsMaintenance, StartMaintenance, own, SpinDown), VDS_E_NOT_SUPPORTED,
		 "StartMaintenance of the spindle");
	try_code(REC(IVdsMaintenance, StopMaintenance, own, SpinDown), VDS_E_NOT_SUPPORTED,
		 "StopMaintenance of the spindle");
	try_code(REC(IVdsMaintenance, PulseMaintenance, own, SpinDown, 1), VDS_E_NOT_SUPPORTED,
		 "PulseMaintenance of the spindle");
	IVdsMaintenance_Release(own);
}

static void
pool_lun(struct conf_world *world)
{
	IUnknown *lun = NULL;
	struct conf_outs outs;
	HRESULT hr;
	GUID id;

	if (world->objects[CONF_POOL] == NULL)
		return;
	hr = conf_do(world, world->objects[CONF_PROVIDER], "IVdsHwProviderStoragePools",
		     "CreateLunInStoragePool", &outs);
	if (SUCCEEDED(hr))
		hr = conf_async_end(conf_out_pointer(&outs, 0), &lun);
	try_code(hr, S_OK, "CreateLunInStoragePool");
	if (lun == NULL || !conf_id(lun, CONF_LUN, &id))
		return;
	try_list(world, world->objects[CONF_POOL], CONF_POOL, "IVdsStoragePool",
		 "QueryAllocatedLuns", &id, true, "after CreateLunInStoragePool");
	conf_unmake(lun, CONF_LUN);
	try_list(world, world->objects[CONF_POOL], CONF_POOL, "IVdsStoragePool",
		 "QueryAllocatedLuns", &id, false, "after Delete of the LUN");
}

/* Every object leads back to the one that it belongs to. */
static void
parents(struct conf_world *world)
{
	static const struct {
		enum conf_kind child, parent;
		const char *interface, *method;
	} table[] = {
		{ CONF_SUBSYSTEM, CONF_PROVIDER, "IVdsSubSystem", "GetProvider" },
		{ CONF_CONTROLLER, CONF_SUBSYSTEM, "IVdsController", "GetSubSystem" },
		{ CONF_PORT, CONF_CONTROLLER, "IVdsControllerPort", "GetController" },
		{ CONF_DRIVE, CONF_SUBSYSTEM, "IVdsDrive", "GetSubSystem" },
		{ CONF_SUBSYSTEM, CONF_DRIVE, "IVdsSubSystem", "GetDrive" },
		{ CONF_LUN, CONF_SUBSYSTEM, "IVdsLun", "GetSubSystem" },
		{ CONF_PLEX, CONF_LUN, "IVdsLunPlex", "GetLun" },
		{ CONF_PORTAL, CONF_SUBSYSTEM, "IVdsIscsiPortal", "GetSubSystem" },
		{ CONF_TARGET, CONF_SUBSYSTEM, "IVdsIscsiTarget", "GetSubSystem" },
		{ CONF_GROUP, CONF_TARGET, "IVdsIscsiPortalGroup", "GetTarget" },
		{ CONF_POOL, CONF_PROVIDER, "IVdsStoragePool", "GetProvider" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct conf_outs outs;
		IUnknown *parent;
		GUID have, want;
		bool ok;

		if (world->objects[table[i].child] == NULL ||
		    world->objects[table[i].parent] == NULL)
			continue;
		if (FAILED(conf_do(world, world->objects[table[i].child], table[i].interface,
				   table[i].method, &outs))) {
			conf_ok(false, "%s::%s", table[i].interface, table[i].method);
			continue;
		}
		parent = conf_out_pointer(&outs, 0);
		ok = parent != NULL && conf_id(parent, table[i].parent, &have) &&
		     conf_id(world->objects[table[i].parent], table[i].parent, &want) &&
		     IsEqualGUID(&have, &want);
		conf_ok(ok, "%s::%s returns the %s of the %s", table[i].interface, table[i].method,
			conf_kind_names[table[i].parent], conf_kind_names[table[i].child]);
		if (parent != NULL)
			IUnknown_Release(parent);
	}
}

/* ---- the provider ---- */

static void
provider_loads(struct conf_world *world)
{
	static WCHAR machine[] = u"localhost";
	struct conf_instance third;
	HRESULT hr = conf_instance_open(&third, NULL);

	if (FAILED(hr) || third.private == NULL)
		return;
	/* A callback object without IVdsAdviseSink, such as a LUN. */
	try_code(REC(IVdsProviderPrivate, OnLoad, third.private, machine, world->objects[CONF_LUN]),
		 VDS_E_INITIALIZED_FAILED, "OnLoad with a callback object that is no sink");
	try_code(REC(IVdsProviderPrivate, OnLoad, third.private, machine,
		     conf_sink_unknown(world->sink)),
		 S_OK, "OnLoad with a sink");
	try_code(REC(IVdsProviderPrivate, OnUnload, third.private, FALSE), S_OK, "OnUnload");
	conf_instance_close(&third);
}

static void
provider_says_what_it_is(struct conf_world *world)
{
	struct conf_outs outs;
	VDS_PROVIDER_PROP prop;

	if (FAILED(conf_do(world, world->one.provider, "IVdsProvider", "GetProperties", &outs))) {
		conf_ok(false, "a provider has properties");
		return;
	}
	memcpy(&prop, outs.bytes[0], sizeof(prop));
	conf_ok(prop.type == VDS_PT_HARDWARE, "the provider is one for hardware");
	conf_ok(prop.pwszName != NULL && prop.pwszName[0] != 0 && prop.pwszVersion != NULL &&
			prop.pwszVersion[0] != 0,
		"the provider has a name and a version");
	conf_ok((world->versions & VDS_VSF_1_0) != 0 && (world->versions & ~0x1fu) == 0,
		"the provider supports known versions of VDS");
	conf_outs_free(conf_method_find("IVdsProvider", "GetProperties"), &outs);
}

void
conf_cases_effect(struct conf_world *world)
{
	if (!conf_family_begin(CONF_EFFECT))
		return;
	provider_says_what_it_is(world);
	parents(world);
	lun_life(world);
	lun_second_version(world);
	subsystem_name_and_status(world);
	if (world->type == VDS_HWT_ISCSI || world->type == VDS_HWT_HYBRID) {
		target_names(world);
		group_portals(world);
		portal_status(world);
	}
	refused_statuses(world);
	maintenance(world);
	pool_lun(world);
	provider_loads(world);
}
