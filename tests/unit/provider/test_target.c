/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Targets, portal groups and portals.  The sample: portal 1 in group 1 of target 1. */
#include "provider_test.h"

static IVdsHwProvider *provider;
static IVdsIscsiTarget *target;
static IVdsIscsiPortalGroup *group;
static IVdsIscsiPortal *portal;

static int
setup(void **state)
{
	(void)state;
	provider = open_provider();
	target = GET_TARGET(provider, 1);
	group = GET_GROUP(provider, 1);
	portal = GET_PORTAL(provider, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	RELEASE(portal);
	RELEASE(group);
	RELEASE(target);
	RELEASE(provider);
	assert_int_equal(fake_open_count, 0);
	return 0;
}

static void
wait_ok(IVdsAsync *async, VDS_ASYNC_OUTPUT_TYPE type)
{
	VDS_ASYNC_OUTPUT out;
	HRESULT result;

	assert_non_null(async);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	assert_int_equal(result, S_OK);
	assert_int_equal(out.type, type);
	RELEASE(async);
}

/* ---- targets ---- */

static void
test_target_properties(void **state)
{
	VDS_ISCSI_TARGET_PROP prop;

	(void)state;
	assert_int_equal(IVdsIscsiTarget_GetProperties(target, NULL), E_INVALIDARG);
	assert_int_equal(IVdsIscsiTarget_GetProperties(target, &prop), S_OK);
	assert_true(same_guid(&prop.id, sample_id('t', 1)));
	assert_u16(prop.pwszIscsiName, "iqn.2026-11.org.example:t1");
	assert_u16(prop.pwszFriendlyName, "target 1");
	assert_int_equal(prop.bChapEnabled, FALSE);
	CoTaskMemFree(prop.pwszIscsiName);
	CoTaskMemFree(prop.pwszFriendlyName);
}

static void
test_a_target_with_luns_is_not_deleted(void **state)
{
	IVdsAsync *async = (IVdsAsync *)(void *)&async;

	(void)state;
	assert_int_equal(IVdsIscsiTarget_Delete(target, &async), VDS_E_ASSOCIATED_LUNS_EXIST);
	assert_null(async);
}

static void
test_a_target_goes_with_its_groups(void **state)
{
	IVdsLunIscsi *lun1 = GET_LUN(provider, 1, IVdsLunIscsi),
		     *lun2 = GET_LUN(provider, 2, IVdsLunIscsi);
	VDS_ISCSI_PORTALGROUP_PROP prop;
	IVdsAsync *async = NULL;

	(void)state;
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun1, NULL, 0), S_OK);
	assert_int_equal(IVdsLunIscsi_AssociateTargets(lun2, NULL, 0), S_OK);
	assert_int_equal(IVdsIscsiTarget_Delete(target, &async), S_OK);
	wait_ok(async, VDS_ASYNCOUT_DELETETARGET);
	assert_int_equal(IVdsIscsiTarget_Delete(target, &async), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsIscsiPortalGroup_GetProperties(group, &prop), VDS_E_OBJECT_DELETED);
	RELEASE(lun1);
	RELEASE(lun2);
}

static void
test_the_alias_is_the_friendly_name(void **state)
{
	WCHAR alias[] = u"front",
	      long_alias[] =
		      u"0123456789012345678901234567890123456789012345678901234567890123456789";

	(void)state;
	assert_int_equal(IVdsIscsiTarget_SetFriendlyName(target, alias), S_OK);
	assert_int_equal(IVdsIscsiTarget_SetFriendlyName(target, long_alias), VDS_S_NAME_TRUNCATED);
	assert_int_equal(IVdsIscsiTarget_SetFriendlyName(target, NULL), E_INVALIDARG);
}

static void
put_session(unsigned n, unsigned target_n, const char *initiator)
{
	struct row_live_session *row = row_new(ROW_LIVE_SESSION);

	row->id = sample_id('s', n);
	row->target_id = sample_id('t', target_n);
	assert_int_equal(row_set_string(&row->initiator, initiator), 0);
	fake_put_live(row);
}

static void
test_connected_initiators_are_named_once(void **state)
{
	LPWSTR *list = NULL;
	LONG count = 9;

	(void)state;
	assert_int_equal(IVdsIscsiTarget_GetConnectedInitiators(target, &list, &count), S_OK);
	assert_null(list);
	assert_int_equal(count, 0);
	put_session(1, 1, "iqn.a");
	put_session(2, 1, "iqn.b");
	put_session(3, 1, "iqn.a");
	put_session(4, 2, "iqn.c");
	assert_int_equal(IVdsIscsiTarget_GetConnectedInitiators(target, &list, &count), S_OK);
	assert_int_equal(count, 2);
	assert_u16(list[0], "iqn.a");
	assert_u16(list[1], "iqn.b");
	CoTaskMemFree(list[0]);
	CoTaskMemFree(list[1]);
	CoTaskMemFree(list);
	assert_int_equal(IVdsIscsiTarget_GetConnectedInitiators(target, &list, NULL), E_INVALIDARG);
}

static BOOL
needs_chap(void)
{
	VDS_ISCSI_TARGET_PROP prop;

	assert_int_equal(IVdsIscsiTarget_GetProperties(target, &prop), S_OK);
	CoTaskMemFree(prop.pwszIscsiName);
	CoTaskMemFree(prop.pwszFriendlyName);
	return prop.bChapEnabled;
}

static void
test_a_secret_for_all_and_one_for_an_initiator(void **state)
{
	unsigned char bytes[] = "0123456789abcdef";
	VDS_ISCSI_SHARED_SECRET secret = { bytes, 16 }, nothing = { NULL, 0 };
	WCHAR name[] = u"IQN.2026-11.org.example:a";

	(void)state;
	assert_false(needs_chap());
	assert_int_equal(IVdsIscsiTarget_SetSharedSecret(target, NULL, NULL), S_OK); /* none */
	assert_int_equal(IVdsIscsiTarget_SetSharedSecret(target, &secret, NULL), S_OK);
	assert_true(needs_chap());
	assert_int_equal(IVdsIscsiTarget_SetSharedSecret(target, &nothing, NULL), S_OK);
	assert_false(needs_chap());
	assert_int_equal(IVdsIscsiTarget_SetSharedSecret(target, &secret, name), S_OK);
	assert_true(needs_chap());
	fake_fail_next(ERR_INVALID);
	assert_int_equal(IVdsIscsiTarget_SetSharedSecret(target, &secret, name), E_INVALIDARG);
}

static void
test_the_targets_own_secret_is_not_needed_for_a_login(void **state)
{
	unsigned char bytes[] = "0123456789abcdef";
	VDS_ISCSI_SHARED_SECRET secret = { bytes, 12 };
	WCHAR name[] = u"iqn.2026-11.org.example:a";

	(void)state;
	assert_int_equal(IVdsIscsiTarget_RememberInitiatorSharedSecret(target, NULL, &secret),
			 E_INVALIDARG);
	assert_int_equal(IVdsIscsiTarget_RememberInitiatorSharedSecret(target, name, NULL), S_OK);
	assert_int_equal(IVdsIscsiTarget_RememberInitiatorSharedSecret(target, name, &secret),
			 S_OK);
	assert_false(needs_chap());
	assert_int_equal(IVdsIscsiTarget_RememberInitiatorSharedSecret(target, name, NULL), S_OK);
}

/* ---- portal groups ---- */

static void
test_create_portal_group_gives_the_group(void **state)
{
	IVdsIscsiPortalGroup *made;
	IVdsIscsiTarget *owner = NULL;
	IVdsAsync *async = NULL;
	VDS_ASYNC_OUTPUT out;
	HRESULT result;

	(void)state;
	assert_int_equal(IVdsIscsiTarget_CreatePortalGroup(target, &async), S_OK);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	assert_int_equal(out.type, VDS_ASYNCOUT_CREATEPORTALGROUP);
	made = query(out.cpg.pPortalGroupUnk, &IID_IVdsIscsiPortalGroup);
	assert_int_equal(IVdsIscsiPortalGroup_GetTarget(made, &owner), S_OK);
	assert_ptr_equal(owner, target);
	RELEASE(owner);
	RELEASE(made);
	RELEASE(out.cpg.pPortalGroupUnk);
	RELEASE(async);
}

static void
test_group_properties_have_the_tag(void **state)
{
	VDS_ISCSI_PORTALGROUP_PROP prop;

	(void)state;
	assert_int_equal(IVdsIscsiPortalGroup_GetProperties(group, &prop), S_OK);
	assert_true(same_guid(&prop.id, sample_id('g', 1)));
	assert_int_equal(prop.tag, 1);
}

static void
test_groups_and_portals_are_each_others_inverse(void **state)
{
	IUnknown *my_group = query(group, &IID_IUnknown), *my_portal = query(portal, &IID_IUnknown),
		 *object;
	IEnumVdsObject *list = NULL;
	ULONG fetched;

	(void)state;
	assert_int_equal(IVdsIscsiTarget_QueryPortalGroups(target, &list), S_OK);
	assert_int_equal(IEnumVdsObject_Next(list, 1, &object, &fetched), S_OK);
	assert_ptr_equal(object, my_group);
	RELEASE(object);
	RELEASE(list);
	assert_int_equal(IVdsIscsiPortalGroup_QueryAssociatedPortals(group, &list), S_OK);
	assert_int_equal(IEnumVdsObject_Next(list, 1, &object, &fetched), S_OK);
	assert_ptr_equal(object, my_portal);
	RELEASE(object);
	RELEASE(list);
	assert_int_equal(IVdsIscsiPortal_QueryAssociatedPortalGroups(portal, &list), S_OK);
	assert_int_equal(IEnumVdsObject_Next(list, 1, &object, &fetched), S_OK);
	assert_ptr_equal(object, my_group);
	RELEASE(object);
	RELEASE(list);
	RELEASE(my_group);
	RELEASE(my_portal);
}

static void
test_add_and_remove_a_portal(void **state)
{
	GUID id = guid_of(sample_id('o', 2)), unknown = guid_of(sample_id('o', 99));
	IVdsAsync *async = NULL;

	(void)state;
	fake_put(sample_portal(2));
	assert_int_equal(IVdsIscsiPortalGroup_AddPortal(group, unknown, &async),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_null(async);
	assert_int_equal(IVdsIscsiPortalGroup_AddPortal(group, id, &async), S_OK);
	wait_ok(async, VDS_ASYNCOUT_ADDPORTAL);
	assert_int_equal(IVdsIscsiPortalGroup_AddPortal(group, id, &async), VDS_S_ALREADY_EXISTS);
	wait_ok(async, VDS_ASYNCOUT_ADDPORTAL);
	assert_int_equal(IVdsIscsiPortalGroup_RemovePortal(group, id, &async), S_OK);
	wait_ok(async, VDS_ASYNCOUT_REMOVEPORTAL);
	assert_int_equal(IVdsIscsiPortalGroup_RemovePortal(group, id, &async),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_null(async);
}

static void
test_a_group_with_portals_is_not_deleted(void **state)
{
	GUID id = guid_of(sample_id('o', 1));
	IVdsAsync *async = NULL;

	(void)state;
	assert_int_equal(IVdsIscsiPortalGroup_Delete(group, &async),
			 VDS_E_ASSOCIATED_PORTALS_EXIST);
	assert_null(async);
	assert_int_equal(IVdsIscsiPortalGroup_RemovePortal(group, id, &async), S_OK);
	RELEASE(async);
	assert_int_equal(IVdsIscsiPortalGroup_Delete(group, &async), S_OK);
	wait_ok(async, VDS_ASYNCOUT_DELETEPORTALGROUP);
	assert_int_equal(IVdsIscsiPortalGroup_Delete(group, &async), VDS_E_OBJECT_DELETED);
}

/* ---- portals ---- */

static void
test_portal_address_v4_and_v6(void **state)
{
	static const unsigned char loopback6[16] = { [15] = 1 };
	struct row_portal *row = sample_portal(2);
	VDS_ISCSI_PORTAL_PROP prop;
	IVdsIscsiPortal *six;

	(void)state;
	assert_int_equal(IVdsIscsiPortal_GetProperties(portal, &prop), S_OK);
	assert_int_equal(prop.address.type, VDS_IPT_IPV4);
	assert_int_equal(prop.address.ipv4Address, 0x7f000001);
	assert_int_equal(prop.address.ulPort, 3261);
	assert_int_equal(row_set_string(&row->address, "::1"), 0);
	fake_put(row);
	six = GET_PORTAL(provider, 2);
	assert_int_equal(IVdsIscsiPortal_GetProperties(six, &prop), S_OK);
	assert_int_equal(prop.address.type, VDS_IPT_IPV6);
	assert_memory_equal(prop.address.ipv6Address, loopback6, 16);
	RELEASE(six);
}

static void
test_portal_status_is_what_it_wants_and_whether_it_listens(void **state)
{
	struct row_live_portal *live = row_new(ROW_LIVE_PORTAL);
	VDS_ISCSI_PORTAL_PROP prop;

	(void)state;
	assert_int_equal(IVdsIscsiPortal_GetProperties(portal, &prop), S_OK);
	assert_int_equal(prop.status, VDS_IPS_UNKNOWN);
	live->id = sample_id('o', 1);
	fake_put_live(live);
	assert_int_equal(IVdsIscsiPortal_GetProperties(portal, &prop), S_OK);
	assert_int_equal(prop.status, VDS_IPS_NOT_READY);
	live = row_copy(live);
	live->ready = true;
	fake_put_live(live);
	assert_int_equal(IVdsIscsiPortal_GetProperties(portal, &prop), S_OK);
	assert_int_equal(prop.status, VDS_IPS_ONLINE);
	assert_int_equal(IVdsIscsiPortal_SetStatus(portal, VDS_IPS_OFFLINE), S_OK);
	assert_int_equal(IVdsIscsiPortal_GetProperties(portal, &prop), S_OK);
	assert_int_equal(prop.status, VDS_IPS_OFFLINE);
	assert_int_equal(IVdsIscsiPortal_SetStatus(portal, VDS_IPS_FAILED), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsIscsiPortal_SetStatus(portal, VDS_IPS_UNKNOWN), E_INVALIDARG);
}

static void
test_ipsec_is_not_supported(void **state)
{
	VDS_IPADDRESS address = { 0 };
	ULONGLONG flags = 9;

	(void)state;
	assert_int_equal(IVdsIscsiPortal_SetIpsecTunnelAddress(portal, &address, &address),
			 VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsIscsiPortal_GetIpsecSecurity(portal, &address, &flags),
			 VDS_E_NOT_SUPPORTED);
	assert_int_equal(flags, 0);
	assert_int_equal(IVdsIscsiPortal_SetIpsecSecurity(portal, &address, 0, NULL),
			 VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsIscsiPortal_SetIpsecTunnelAddress(portal, NULL, &address),
			 E_INVALIDARG);
	assert_int_equal(IVdsIscsiPortal_SetIpsecTunnelAddress(portal, &address, NULL),
			 E_INVALIDARG);
	assert_int_equal(IVdsIscsiPortal_GetIpsecSecurity(portal, NULL, &flags), E_INVALIDARG);
	assert_int_equal(IVdsIscsiPortal_GetIpsecSecurity(portal, &address, NULL), E_INVALIDARG);
	assert_int_equal(IVdsIscsiPortal_SetIpsecSecurity(portal, NULL, 0, NULL), E_INVALIDARG);
	fake_set_view_code(ERR_CACHE_CORRUPT);
	assert_int_equal(IVdsIscsiPortal_SetIpsecSecurity(portal, &address, 0, NULL),
			 VDS_E_PROVIDER_CACHE_CORRUPT);
	fake_set_view_code(0);
}

/* It tries and cannot: FAILED.  It does not try, or not yet: NOT_READY. */
static void
test_a_portal_that_cannot_listen_has_failed(void **state)
{
	struct row_live_portal *live = row_new(ROW_LIVE_PORTAL);
	VDS_ISCSI_PORTAL_PROP prop;

	(void)state;
	live->id = sample_id('o', 1);
	live->failed = true;
	assert_int_equal(row_set_string(&live->reason, "Address already in use"), 0);
	fake_put_live(live);
	assert_int_equal(IVdsIscsiPortal_GetProperties(portal, &prop), S_OK);
	assert_int_equal(prop.status, VDS_IPS_FAILED);
	assert_int_equal(IVdsIscsiPortal_SetStatus(portal, VDS_IPS_OFFLINE), S_OK);
	assert_int_equal(IVdsIscsiPortal_GetProperties(portal, &prop), S_OK);
	assert_int_equal(prop.status, VDS_IPS_OFFLINE);
}

static void
test_secrets_have_12_to_16_bytes(void **state)
{
	unsigned char bytes[17] = "0123456789abcdef";
	VDS_ISCSI_SHARED_SECRET secret = { bytes, 17 };
	WCHAR name[] = u"iqn.a", none[] = u"";

	(void)state;
	assert_int_equal(IVdsIscsiTarget_SetSharedSecret(target, &secret, NULL), E_INVALIDARG);
	secret.ulSharedSecretSize = 11;
	assert_int_equal(IVdsIscsiTarget_SetSharedSecret(target, &secret, name), E_INVALIDARG);
	assert_int_equal(IVdsIscsiTarget_RememberInitiatorSharedSecret(target, name, &secret),
			 E_INVALIDARG);
	secret.ulSharedSecretSize = 12;
	assert_int_equal(IVdsIscsiTarget_RememberInitiatorSharedSecret(target, none, &secret),
			 E_INVALIDARG);
	secret = (VDS_ISCSI_SHARED_SECRET){ NULL, 12 };
	assert_int_equal(IVdsIscsiTarget_SetSharedSecret(target, &secret, NULL), E_INVALIDARG);
}

/* The array says that it is in use; of the codes of AddPortal the nearest is that there is none. */
static void
test_a_portal_of_a_sibling_group_is_not_found(void **state)
{
	IVdsAsync *async = (IVdsAsync *)(void *)&async;
	VDS_OBJECT_ID id;

	(void)state;
	com_guid_out(&(struct guid){ { 1 } }, &id);
	fake_fail_next(ERR_IN_USE);
	assert_int_equal(IVdsIscsiPortalGroup_AddPortal(group, id, &async), VDS_E_OBJECT_NOT_FOUND);
	assert_null(async);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		EACH(test_target_properties),
		EACH(test_a_target_with_luns_is_not_deleted),
		EACH(test_a_target_goes_with_its_groups),
		EACH(test_the_alias_is_the_friendly_name),
		EACH(test_connected_initiators_are_named_once),
		EACH(test_a_secret_for_all_and_one_for_an_initiator),
		EACH(test_the_targets_own_secret_is_not_needed_for_a_login),
		EACH(test_create_portal_group_gives_the_group),
		EACH(test_group_properties_have_the_tag),
		EACH(test_groups_and_portals_are_each_others_inverse),
		EACH(test_add_and_remove_a_portal),
		EACH(test_a_group_with_portals_is_not_deleted),
		EACH(test_portal_address_v4_and_v6),
		EACH(test_portal_status_is_what_it_wants_and_whether_it_listens),
		EACH(test_ipsec_is_not_supported),
		EACH(test_a_portal_that_cannot_listen_has_failed),
		EACH(test_secrets_have_12_to_16_bytes),
		EACH(test_a_portal_of_a_sibling_group_is_not_found),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
