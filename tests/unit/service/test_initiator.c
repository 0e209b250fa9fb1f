/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The initiator objects over an iscsiadm of the tests' own, which writes its arguments into a file
 * and keeps its sessions in another one.
 */
#include "service_test.h"

#include <sched.h>

static const char script[] =
	"#!/bin/sh\n"
	"cd \"$(dirname \"$0\")\" || exit 99\n"
	"echo \"$@\" >>calls\n"
	"[ -e slow ] && while [ -e slow ]; do sleep 0.01; done\n"
	"case \"$*\" in\n"
	"*--login) [ -e refuse ] && { echo 'iscsiadm: Could not login'; exit 8; }\n"
	"	[ -e sessions ] && exit 15\n"
	"	echo \"tcp: [1] $6,1 $4 (non-flash)\" >sessions ;;\n"
	"*--logout) [ -e refuse ] && { echo 'iscsiadm: Could not logout'; exit 9; }\n"
	"	if [ -e partly ]; then tail -n 1 sessions >left; mv left sessions; exit 9; fi\n"
	"	rm sessions ;;\n"
	"'-m session') [ -e sessions ] || exit 21\n"
	"	cat sessions ;;\n"
	"esac\n"
	"exit 0\n";

static void
touch(const char *name)
{
	service_write(name, "");
}

static void
forget(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", service_directory, name);
	(void)unlink(path);
}

static int
setup(void **test_state)
{
	char path[128];
	int rc = service_setup(test_state);

	if (rc != 0)
		return rc;
	service_write("iscsiadm", script);
	snprintf(path, sizeof(path), "%s/iscsiadm", service_directory);
	setenv("VDS_ISCSIADM", path, 1);
	if (chmod(path, 0755) < 0)
		return -1;
	service_write("name", "## a comment\nInitiatorName=iqn.2026-11.org.example:host\n");
	snprintf(path, sizeof(path), "%s/name", service_directory);
	setenv("VDS_INITIATORNAME", path, 1);
	return 0;
}

static IVdsIscsiInitiatorAdapter *
adapter_of(IVdsService *service)
{
	IVdsServiceIscsi *iscsi = query(service, &IID_IVdsServiceIscsi);
	IVdsIscsiInitiatorAdapter *adapter;
	IEnumVdsObject *list = NULL;

	assert_int_equal(IVdsServiceIscsi_QueryInitiatorAdapters(iscsi, &list), S_OK);
	adapter = service_next(list, &IID_IVdsIscsiInitiatorAdapter);
	assert_null(service_next(list, &IID_IUnknown));
	RELEASE(list);
	RELEASE(iscsi);
	return adapter;
}

static GUID
guid_of(struct guid id)
{
	GUID guid;

	com_guid_out(&id, &guid);
	return guid;
}

/* The target 1 of the sample, whose portal group has a portal. */
static GUID
target(void)
{
	return guid_of(sample_id('t', 1));
}

static HRESULT
login_with(IVdsIscsiInitiatorAdapter *adapter, GUID id, GUID portal, IVdsAsync **ret_async)
{
	return IVdsIscsiInitiatorAdapter_LoginToTarget(adapter, VDS_ILT_PERSISTENT, id, portal,
						       GUID_NULL, 0, TRUE, FALSE, VDS_IAT_NONE,
						       ret_async);
}

/* Waits for an operation, which is released; returns its result. */
static HRESULT
result_of(IVdsAsync *async, VDS_ASYNC_OUTPUT_TYPE type)
{
	VDS_ASYNC_OUTPUT out;
	HRESULT result = 1;

	assert_non_null(async);
	(void)IVdsAsync_Wait(async, &result, &out);
	assert_int_equal(out.type, type);
	RELEASE(async);
	return result;
}

static HRESULT
login(IVdsIscsiInitiatorAdapter *adapter)
{
	IVdsAsync *async = NULL;

	assert_int_equal(login_with(adapter, target(), GUID_NULL, &async), S_OK);
	return result_of(async, VDS_ASYNCOUT_LOGINTOTARGET);
}

static HRESULT
logout(IVdsIscsiInitiatorAdapter *adapter)
{
	IVdsAsync *async = NULL;

	assert_int_equal(IVdsIscsiInitiatorAdapter_LogoutFromTarget(adapter, target(), &async),
			 S_OK);
	return result_of(async, VDS_ASYNCOUT_LOGOUTFROMTARGET);
}

static bool
was_called(const char *arguments)
{
	char path[128], text[2048];
	FILE *file;

	snprintf(path, sizeof(path), "%s/calls", service_directory);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return strstr(text, arguments) != NULL;
}

static void
test_without_open_iscsi_there_is_nothing(void **test_state)
{
	IVdsService *service = service_load();
	IVdsServiceIscsi *iscsi = query(service, &IID_IVdsServiceIscsi);
	LPWSTR name = NULL;

	(void)test_state;
	forget("iscsiadm");
	forget("name");
	assert_null(adapter_of(service));
	assert_int_equal(IVdsServiceIscsi_GetInitiatorName(iscsi, &name), S_OK);
	assert_int_equal(name[0], 0);
	CoTaskMemFree(name);
	assert_int_equal(IVdsServiceIscsi_GetInitiatorName(iscsi, NULL), E_POINTER);
	assert_int_equal(IVdsServiceIscsi_QueryInitiatorAdapters(iscsi, NULL), E_POINTER);
	assert_int_equal(IVdsService_Reenumerate(service), S_OK);
	RELEASE(iscsi);
	RELEASE(service);
}

static void
test_the_adapter_and_its_portals(void **test_state)
{
	IVdsService *service = service_load();
	IVdsIscsiInitiatorAdapter *adapter = adapter_of(service), *same = NULL;
	VDS_ISCSI_INITIATOR_ADAPTER_PROP prop;
	VDS_ISCSI_INITIATOR_PORTAL_PROP portal_prop;
	IVdsIscsiInitiatorPortal *portal;
	IEnumVdsObject *list = NULL;
	IUnknown *found = NULL;
	bool loopback = false;
	ULONGLONG flags;

	(void)test_state;
	assert_int_equal(IVdsIscsiInitiatorAdapter_GetProperties(adapter, &prop), S_OK);
	CoTaskMemFree(prop.pwszName);
	assert_int_equal(IVdsIscsiInitiatorAdapter_GetProperties(adapter, NULL), E_INVALIDARG);
	assert_int_equal(IVdsService_GetObject(service, prop.id, VDS_OT_INIT_ADAPTER, &found),
			 S_OK);
	assert_ptr_equal(found, adapter);
	RELEASE(found);
	assert_int_equal(IVdsService_GetObject(service, prop.id, VDS_OT_INIT_PORTAL, &found),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsIscsiInitiatorAdapter_QueryInitiatorPortals(adapter, &list), S_OK);
	while ((portal = service_next(list, &IID_IVdsIscsiInitiatorPortal)) != NULL) {
		assert_int_equal(IVdsIscsiInitiatorPortal_GetProperties(portal, &portal_prop),
				 S_OK);
		loopback |= portal_prop.address.type == VDS_IPT_IPV4 &&
			    portal_prop.address.ipv4Address == 0x7f000001;
		assert_int_equal(IVdsIscsiInitiatorPortal_GetInitiatorAdapter(portal, &same), S_OK);
		assert_ptr_equal(same, adapter);
		RELEASE(same);
		assert_int_equal(
			IVdsIscsiInitiatorPortal_GetIpsecSecurity(portal, GUID_NULL, &flags),
			VDS_E_NOT_SUPPORTED);
		assert_int_equal(
			IVdsService_GetObject(service, portal_prop.id, VDS_OT_INIT_PORTAL, &found),
			S_OK);
		assert_ptr_equal(found, portal);
		RELEASE(found);
		RELEASE(portal);
	}
	assert_true(loopback);
	RELEASE(list);
	RELEASE(adapter);
	RELEASE(service);
}

static void
test_login_and_logout(void **test_state)
{
	IVdsService *service = service_load();
	IVdsIscsiInitiatorAdapter *adapter = adapter_of(service);

	(void)test_state;
	assert_int_equal(logout(adapter), VDS_E_ISCSI_SESSION_NOT_FOUND);
	assert_int_equal(login(adapter), S_OK);
	assert_true(was_called("-o update -n node.startup -v automatic\n"));
	assert_true(was_called("-n node.conn[0].iscsi.HeaderDigest -v CRC32C,None\n"));
	assert_true(was_called("-n node.conn[0].iscsi.DataDigest -v None\n"));
	assert_true(was_called(" --login\n"));
	assert_int_equal(login(adapter), VDS_S_ISCSI_LOGIN_ALREAD_EXISTS);
	assert_int_equal(logout(adapter), S_OK);
	assert_int_equal(logout(adapter), VDS_E_ISCSI_SESSION_NOT_FOUND);
	RELEASE(adapter);
	RELEASE(service);
}

/* A portal that is offline is not tried while another one is online; without any, it is. */
static void
test_login_takes_a_portal_that_is_online(void **test_state)
{
	struct row_portal *first = sample_portal(1), *none = sample_portal(2);
	struct row_live_portal *live = row_new(ROW_LIVE_PORTAL);
	IVdsService *service = service_load();
	IVdsIscsiInitiatorAdapter *adapter = adapter_of(service);

	(void)test_state;
	first->status = STATUS_OFFLINE;
	fake_put(first);
	fake_put(sample_portal(2));
	live->id = sample_id('o', 2);
	live->ready = true;
	fake_put_live(live);
	fake_put(sample_member(1, 2));
	assert_int_equal(login(adapter), S_OK);
	assert_true(was_called("-p 127.0.0.1:3262 --login\n"));
	assert_int_equal(logout(adapter), S_OK);
	none->status = STATUS_OFFLINE;
	fake_put(none);
	assert_int_equal(login(adapter), S_OK);
	assert_true(was_called("-p 127.0.0.1:3261 --login\n"));
	RELEASE(adapter);
	RELEASE(service);
}

static void
test_login_and_logout_that_fail(void **test_state)
{
	IVdsService *service = service_load();
	IVdsIscsiInitiatorAdapter *adapter = adapter_of(service);
	char path[128], sessions[256], twice[512];
	FILE *file;

	(void)test_state;
	touch("refuse");
	assert_int_equal(login(adapter), VDS_E_ISCSI_LOGIN_FAILED);
	forget("refuse");
	assert_int_equal(login(adapter), S_OK);
	touch("refuse");
	assert_int_equal(logout(adapter), VDS_E_ISCSI_LOGOUT_FAILED);
	forget("refuse");
	/* two sessions, of which one is left */
	snprintf(path, sizeof(path), "%s/sessions", service_directory);
	file = fopen(path, "re");
	assert_non_null(fgets(sessions, 256, file));
	fclose(file);
	strcpy(twice, sessions);
	strcat(twice, sessions);
	service_write("sessions", twice);
	touch("partly");
	assert_int_equal(logout(adapter), VDS_E_ISCSI_LOGOUT_INCOMPLETE);
	RELEASE(adapter);
	RELEASE(service);
}

static void
test_an_operation_that_takes_time_is_asynchronous(void **test_state)
{
	IVdsService *service;
	IVdsIscsiInitiatorAdapter *adapter;
	IVdsAsync *async = NULL;
	HRESULT result = S_OK;
	ULONG percent = 7;

	(void)test_state;
	service_register(FAKE_GOOD); /* it tells when the service has ended */
	service = service_load();
	adapter = adapter_of(service);
	touch("slow");
	assert_int_equal(login_with(adapter, target(), GUID_NULL, &async), S_OK);
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
	assert_int_equal(result, VDS_E_OPERATION_PENDING);
	assert_int_equal(percent, 0);
	assert_int_equal(IVdsAsync_Cancel(async), VDS_E_NOT_SUPPORTED);
	forget("slow");
	assert_int_equal(result_of(async, VDS_ASYNCOUT_LOGINTOTARGET), S_OK);
	/* nobody waits for this one, and the service ends first */
	touch("slow");
	assert_int_equal(IVdsIscsiInitiatorAdapter_LogoutFromTarget(adapter, target(), &async),
			 S_OK);
	RELEASE(async);
	RELEASE(adapter);
	RELEASE(service);
	forget("slow");
	while (service_fake(FAKE_GOOD)->living != 0) /* the service ends with the operation */
		sched_yield();
}

static HRESULT
try_login(IVdsIscsiInitiatorAdapter *adapter, int type, GUID id, GUID portal, GUID initiator_portal,
	  ULONG flags, int auth)
{
	IVdsAsync *async = (void *)(uintptr_t)1;
	HRESULT hr = IVdsIscsiInitiatorAdapter_LoginToTarget(
		adapter, (VDS_ISCSI_LOGIN_TYPE)type, id, portal, initiator_portal, flags, FALSE,
		FALSE, (VDS_ISCSI_AUTH_TYPE)auth, &async);

	assert_true(FAILED(hr));
	assert_null(async);
	return hr;
}

static void
test_arguments_of_login(void **test_state)
{
	IVdsService *service = service_load();
	IVdsIscsiInitiatorAdapter *adapter = adapter_of(service);
	const GUID none = GUID_NULL, wrong = { 1, 2, 3, { 4 } };
	IVdsAsync *async = NULL;

	(void)test_state;
	assert_int_equal(try_login(adapter, 3, target(), none, none, 0, 0), E_INVALIDARG);
	assert_int_equal(try_login(adapter, 0, target(), none, none, 0, 3), E_INVALIDARG);
	assert_int_equal(try_login(adapter, 0, target(), none, none, 4, 0), E_INVALIDARG);
	assert_int_equal(try_login(adapter, 0, none, none, none, 0, 0), E_INVALIDARG);
	assert_int_equal(try_login(adapter, 0, target(), none, none, 1, 0), VDS_E_NOT_SUPPORTED);
	assert_int_equal(try_login(adapter, 0, target(), none, none, 0, 1), VDS_E_NOT_SUPPORTED);
	assert_int_equal(try_login(adapter, 0, wrong, none, none, 0, 0), VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(try_login(adapter, 0, target(), wrong, none, 0, 0),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(try_login(adapter, 0, target(), none, wrong, 0, 0),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsIscsiInitiatorAdapter_LogoutFromTarget(adapter, wrong, &async),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsIscsiInitiatorAdapter_LogoutFromTarget(adapter, none, &async),
			 E_INVALIDARG);
	assert_int_equal(IVdsIscsiInitiatorAdapter_LogoutFromTarget(adapter, target(), NULL),
			 E_INVALIDARG);
	RELEASE(adapter);
	RELEASE(service);
}

static void
test_secrets(void **test_state)
{
	IVdsService *service = service_load();
	IVdsServiceIscsi *iscsi = query(service, &IID_IVdsServiceIscsi);
	UCHAR bytes[17] = "0123456789abcdef";
	VDS_ISCSI_SHARED_SECRET secret = { bytes, 11 };

	(void)test_state;
	assert_int_equal(IVdsServiceIscsi_SetInitiatorSharedSecret(iscsi, &secret, GUID_NULL),
			 E_INVALIDARG);
	secret.ulSharedSecretSize = 17;
	assert_int_equal(IVdsServiceIscsi_RememberTargetSharedSecret(iscsi, target(), &secret),
			 E_INVALIDARG);
	secret.ulSharedSecretSize = 16;
	assert_int_equal(IVdsServiceIscsi_SetInitiatorSharedSecret(iscsi, &secret, target()),
			 VDS_E_TARGET_SPECIFIC_NOT_SUPPORTED);
	assert_int_equal(IVdsServiceIscsi_SetInitiatorSharedSecret(iscsi, &secret, GUID_NULL),
			 VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsServiceIscsi_RememberTargetSharedSecret(iscsi, GUID_NULL, &secret),
			 E_INVALIDARG);
	assert_int_equal(IVdsServiceIscsi_RememberTargetSharedSecret(iscsi, target(), &secret),
			 VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsServiceIscsi_SetInitiatorSharedSecret(iscsi, NULL, GUID_NULL), S_OK);
	assert_int_equal(IVdsServiceIscsi_SetIpsecGroupPresharedKey(iscsi, NULL),
			 VDS_E_NOT_SUPPORTED);
	RELEASE(iscsi);
	RELEASE(service);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, service_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_open_iscsi_there_is_nothing),
		TEST(test_the_adapter_and_its_portals),
		TEST(test_login_and_logout),
		TEST(test_login_takes_a_portal_that_is_online),
		TEST(test_login_and_logout_that_fail),
		TEST(test_an_operation_that_takes_time_is_asynchronous),
		TEST(test_arguments_of_login),
		TEST(test_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
