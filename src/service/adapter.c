/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The initiator adapter, which is the host's open-iscsi, and its portals, which are the addresses
 * of the host's network interfaces.  Both are views without state: the id of a portal is a hash of
 * its address, and its methods look the address up each time.  Any thread may call the methods.
 */
#include "service/iscsiadm_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "base/sha.h"
#include "base/str.h"

struct initiator_adapter {
	struct com_object com;
	IVdsIscsiInitiatorAdapter adapter;
};

struct initiator_portal {
	struct com_object com;
	IVdsIscsiInitiatorPortal portal;
};

static const struct com_class adapter_class;
static const struct com_class portal_class;

/* Makes the id of an object of this computer from its kind and its name. */
static HRESULT
id_of(const char *kind, const char *name, struct guid *ret_id)
{
	AUTO_FREE char *text = str_printf("%s:%s", kind, name);
	struct hash128 hash;

	if (text == NULL || hash128_of(text, strlen(text), &hash) < 0)
		return com_error(-ENOMEM);
	memcpy(ret_id->bytes, &hash.lo, 8);
	memcpy(ret_id->bytes + 8, &hash.hi, 8);
	return S_OK;
}

static HRESULT
not_found(void)
{
	return com_fail(VDS_E_OBJECT_NOT_FOUND, "this computer has no open-iscsi");
}

static HRESULT
adapter_id(struct guid *ret_id)
{
	char name[SERVICE_ISCSI_NAME_SIZE];

	if (!service_iscsiadm_present() || !service_iscsi_name(name))
		return not_found();
	return id_of("initiator-adapter", name, ret_id);
}

HRESULT
service_adapter_give(struct service *service, REFIID riid, void **ppv)
{
	struct guid id;
	HRESULT hr = adapter_id(&id);

	*ppv = NULL;
	return FAILED(hr) ? hr : com_give(&service->space, &adapter_class, &id, riid, ppv);
}

/* ---- the addresses of this computer ---- */

/*
 * Walks the addresses of the interfaces that are up, but for link-local ones of IPv6.  Each address
 * gets the next number.  `each` returns false to stop.
 */
static HRESULT
for_each_address(bool (*each)(void *arg, const char *text, const struct sockaddr *address,
			      ULONG number),
		 void *arg)
{
	struct ifaddrs *list = NULL;
	char text[INET6_ADDRSTRLEN];
	ULONG number = 0;
	bool more = true;

	if (getifaddrs(&list) < 0)
		return com_error(-errno);
	for (struct ifaddrs *at = list; more && at != NULL; at = at->ifa_next) {
		const struct sockaddr_in *v4 = (const void *)at->ifa_addr;
		const struct sockaddr_in6 *v6 = (const void *)at->ifa_addr;

		if (at->ifa_addr == NULL || (at->ifa_flags & IFF_UP) == 0)
			continue;
		if (at->ifa_addr->sa_family == AF_INET)
			inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
		else if (at->ifa_addr->sa_family == AF_INET6 &&
			 !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
			inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
		else
			continue;
		more = each(arg, text, at->ifa_addr, number++);
	}
	freeifaddrs(list);
	return S_OK;
}

/* ---- portals ---- */

COM_THUNKS(initiator_portal, IVdsIscsiInitiatorPortal, portal);

struct look {
	struct guid id;
	VDS_ISCSI_INITIATOR_PORTAL_PROP *prop; /* may be NULL */
	bool found;
	HRESULT hr;
};

static void
address_out(const struct sockaddr *address, VDS_IPADDRESS *out)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (address->sa_family == AF_INET) {
		out->type = VDS_IPT_IPV4;
		out->ipv4Address = ntohl(v4->sin_addr.s_addr);
	} else {
		out->type = VDS_IPT_IPV6;
		memcpy(out->ipv6Address, &v6->sin6_addr, sizeof(out->ipv6Address));
	}
}

static bool
look_at(void *arg, const char *text, const struct sockaddr *address, ULONG number)
{
	struct look *look = arg;
	struct guid id;

	look->hr = id_of("initiator-portal", text, &id);
	if (FAILED(look->hr) || !guid_equal(&id, &look->id))
		return SUCCEEDED(look->hr);
	look->found = true;
	if (look->prop != NULL) {
		com_guid_out(&id, &look->prop->id);
		address_out(address, &look->prop->address);
		look->prop->ulPortIndex = number;
	}
	return false;
}

/* Finds the address with this id. Returns S_OK, `missing` or E_OUTOFMEMORY. */
static HRESULT
find_portal(const struct guid *id, VDS_ISCSI_INITIATOR_PORTAL_PROP *prop, HRESULT missing)
{
	struct look look = { .id = *id, .prop = prop };
	HRESULT hr = for_each_address(look_at, &look);

	if (SUCCEEDED(hr))
		hr = look.hr;
	if (SUCCEEDED(hr) && !look.found)
		hr = com_fail(missing, "this computer has no such address (any more)");
	return hr;
}

static HRESULT STDMETHODCALLTYPE
portal_get_properties(IVdsIscsiInitiatorPortal *self, VDS_ISCSI_INITIATOR_PORTAL_PROP *ret_prop)
{
	struct initiator_portal *portal = container_of(self, struct initiator_portal, portal);
	HRESULT hr = COM_OUT(ret_prop, "pInitiatorPortalProp");

	return FAILED(hr) ? hr : find_portal(&portal->com.id, ret_prop, VDS_E_OBJECT_DELETED);
}

static HRESULT STDMETHODCALLTYPE
portal_get_initiator_adapter(IVdsIscsiInitiatorPortal *self,
			     IVdsIscsiInitiatorAdapter **ret_adapter)
{
	struct initiator_portal *portal = container_of(self, struct initiator_portal, portal);
	HRESULT hr = COM_OUT(ret_adapter, "ppInitiatorAdapter");

	if (FAILED(hr))
		return hr;
	return service_adapter_give(service_of(&portal->com), &IID_IVdsIscsiInitiatorAdapter,
				    (void **)ret_adapter);
}

static HRESULT
not_supported(void)
{
	return com_fail(VDS_E_NOT_SUPPORTED, "VDS documents this method as not supported");
}

static HRESULT STDMETHODCALLTYPE
portal_set_ipsec_tunnel_address(IVdsIscsiInitiatorPortal *self, VDS_IPADDRESS *tunnel,
				VDS_IPADDRESS *destination)
{
	(void)self;
	(void)tunnel;
	(void)destination;
	return not_supported();
}

static HRESULT STDMETHODCALLTYPE
portal_get_ipsec_security(IVdsIscsiInitiatorPortal *self, VDS_OBJECT_ID portal_id,
			  ULONGLONG *ret_flags)
{
	(void)self;
	(void)portal_id;
	(void)ret_flags;
	return not_supported();
}

static HRESULT STDMETHODCALLTYPE
portal_set_ipsec_security(IVdsIscsiInitiatorPortal *self, VDS_OBJECT_ID portal_id, ULONGLONG flags,
			  VDS_ISCSI_IPSEC_KEY *key)
{
	(void)self;
	(void)portal_id;
	(void)flags;
	(void)key;
	return not_supported();
}

static const IVdsIscsiInitiatorPortalVtbl portal_vtable = {
	COM_UNKNOWN(portal),
	.GetProperties = portal_get_properties,
	.GetInitiatorAdapter = portal_get_initiator_adapter,
	.SetIpsecTunnelAddress = portal_set_ipsec_tunnel_address,
	.GetIpsecSecurity = portal_get_ipsec_security,
	.SetIpsecSecurity = portal_set_ipsec_security,
};

static const struct com_interface portal_interfaces[] = {
	COM_INTERFACE(initiator_portal, IVdsIscsiInitiatorPortal, portal),
};

static const struct com_class portal_class = {
	.name = "initiator portal",
	.size_bytes = sizeof(struct initiator_portal),
	.interfaces = portal_interfaces,
	.interface_count = ARRAY_LEN(portal_interfaces),
};

/* ---- the adapter ---- */

COM_THUNKS(initiator_adapter, IVdsIscsiInitiatorAdapter, adapter);

static HRESULT STDMETHODCALLTYPE
adapter_get_properties(IVdsIscsiInitiatorAdapter *self, VDS_ISCSI_INITIATOR_ADAPTER_PROP *ret_prop)
{
	struct initiator_adapter *adapter = container_of(self, struct initiator_adapter, adapter);
	HRESULT hr = COM_OUT(ret_prop, "pInitiatorAdapterProp");

	if (FAILED(hr))
		return hr;
	com_guid_out(&adapter->com.id, &ret_prop->id);
	return com_error(com_string_out("open-iscsi", &ret_prop->pwszName));
}

#define PORTALS_MAX 256u /* more addresses than any host of this kind has */

struct collect {
	struct service *service;
	struct com_list *list;
	HRESULT hr;
};

static bool
collect_portal(void *arg, const char *text, const struct sockaddr *address, ULONG number)
{
	struct collect *collect = arg;
	IUnknown *portal = NULL;
	struct guid id;

	(void)address;
	(void)number;
	if (collect->list->count == PORTALS_MAX)
		return false;
	collect->hr = id_of("initiator-portal", text, &id);
	if (SUCCEEDED(collect->hr))
		collect->hr = com_give(&collect->service->space, &portal_class, &id, &IID_IUnknown,
				       (void **)&portal);
	if (SUCCEEDED(collect->hr))
		com_list_add(collect->list, portal);
	return SUCCEEDED(collect->hr);
}

static HRESULT STDMETHODCALLTYPE
adapter_query_initiator_portals(IVdsIscsiInitiatorAdapter *self, IEnumVdsObject **ret_enum)
{
	struct initiator_adapter *adapter = container_of(self, struct initiator_adapter, adapter);
	struct collect collect = { .service = service_of(&adapter->com) };
	HRESULT hr = COM_OUT(ret_enum, "ppEnum");

	if (FAILED(hr))
		return hr;
	collect.list = com_list_new_held(&collect.service->space, PORTALS_MAX);
	if (collect.list == NULL)
		return com_error(-ENOMEM);
	hr = for_each_address(collect_portal, &collect);
	if (SUCCEEDED(hr))
		hr = collect.hr;
	if (SUCCEEDED(hr))
		return com_enum_new(collect.list, ret_enum);
	com_list_unref(collect.list);
	return hr;
}

/* ---- login ---- */

static void
login_free(void *arg)
{
	struct service_login *login = arg;

	mem_free(login->target);
	mem_free(login->portal);
	mem_free(login);
}

/* Finds a target of any provider, and its iSCSI name. */
static HRESULT
find_target(struct service *service, VDS_OBJECT_ID id, IVdsIscsiTarget **ret_target,
	    char **ret_name)
{
	VDS_ISCSI_TARGET_PROP prop;
	IUnknown *unknown = NULL;
	HRESULT hr = service_get_object(service, id, VDS_OT_TARGET, &unknown);

	if (FAILED(hr))
		return hr;
	hr = IUnknown_QueryInterface(unknown, &IID_IVdsIscsiTarget, (void **)ret_target);
	IUnknown_Release(unknown);
	if (FAILED(hr))
		return hr;
	memset(&prop, 0, sizeof(prop));
	hr = IVdsIscsiTarget_GetProperties(*ret_target, &prop);
	if (SUCCEEDED(hr))
		hr = com_text(prop.pwszIscsiName, "the target's name", ret_name);
	CoTaskMemFree(prop.pwszIscsiName);
	CoTaskMemFree(prop.pwszFriendlyName);
	if (FAILED(hr)) {
		IVdsIscsiTarget_Release(*ret_target);
		*ret_target = NULL;
	}
	return hr;
}

/* Writes a portal's address as iscsiadm takes it. */
static HRESULT
address_text(const VDS_IPADDRESS *address, char **ret_text)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct in_addr v4 = { htonl(address->ipv4Address) };
	unsigned port = (unsigned)address->ulPort;

	if (address->type == VDS_IPT_IPV4 && inet_ntop(AF_INET, &v4, text, sizeof(text)) != NULL)
		*ret_text = str_printf("%s:%u", text, port);
	else if (address->type == VDS_IPT_IPV6 &&
		 inet_ntop(AF_INET6, address->ipv6Address, text, sizeof(text)) != NULL)
		*ret_text = str_printf("[%s]:%u", text, port);
	else
		return com_fail(VDS_E_ISCSI_LOGIN_FAILED, "the portal has no IP address");
	return *ret_text != NULL ? S_OK : com_error(-ENOMEM);
}

/* Reads the address of a portal.  S_FALSE: the portal is not online, as is wanted. */
static HRESULT
portal_text(IUnknown *unknown, bool online, char **ret_text)
{
	VDS_ISCSI_PORTAL_PROP prop;
	IVdsIscsiPortal *portal;
	HRESULT hr = IUnknown_QueryInterface(unknown, &IID_IVdsIscsiPortal, (void **)&portal);

	if (FAILED(hr))
		return hr;
	memset(&prop, 0, sizeof(prop));
	hr = IVdsIscsiPortal_GetProperties(portal, &prop);
	IVdsIscsiPortal_Release(portal);
	if (SUCCEEDED(hr) && online && prop.status != VDS_IPS_ONLINE)
		return S_FALSE;
	return SUCCEEDED(hr) ? address_text(&prop.address, ret_text) : hr;
}

/*
 * Takes the first portal of a portal group, or the first that is online; consumes the group.
 * S_FALSE: the group has none.
 */
static HRESULT
first_portal(IUnknown *unknown, bool online, char **ret_text)
{
	IVdsIscsiPortalGroup *group;
	IEnumVdsObject *portals = NULL;
	IUnknown *portal = NULL;
	ULONG fetched = 0;
	HRESULT hr = IUnknown_QueryInterface(unknown, &IID_IVdsIscsiPortalGroup, (void **)&group);

	IUnknown_Release(unknown);
	if (FAILED(hr))
		return hr;
	hr = IVdsIscsiPortalGroup_QueryAssociatedPortals(group, &portals);
	IVdsIscsiPortalGroup_Release(group);
	if (FAILED(hr))
		return hr;
	do {
		hr = IEnumVdsObject_Next(portals, 1, &portal, &fetched);
		if (hr != S_OK)
			break;
		hr = portal_text(portal, online, ret_text);
		IUnknown_Release(portal);
	} while (hr == S_FALSE);
	IEnumVdsObject_Release(portals);
	return hr;
}

static HRESULT
walk_groups(IVdsIscsiTarget *target, bool online, char **ret_text)
{
	IEnumVdsObject *groups = NULL;
	IUnknown *group = NULL;
	ULONG fetched = 0;
	HRESULT hr = IVdsIscsiTarget_QueryPortalGroups(target, &groups);

	if (FAILED(hr))
		return hr;
	do {
		hr = IEnumVdsObject_Next(groups, 1, &group, &fetched);
		if (hr != S_OK)
			break;
		hr = first_portal(group, online, ret_text);
	} while (hr == S_FALSE);
	IEnumVdsObject_Release(groups);
	return hr;
}

/*
 * Chooses a portal of the target: the first one that is online, or else the first one, so that the
 * login says why it fails.
 */
static HRESULT
choose_portal(IVdsIscsiTarget *target, char **ret_text)
{
	HRESULT hr = walk_groups(target, true, ret_text);

	if (hr == S_FALSE)
		hr = walk_groups(target, false, ret_text);
	return hr != S_FALSE ? hr : com_fail(VDS_E_ISCSI_LOGIN_FAILED, "the target has no portal");
}

static HRESULT
find_target_portal(struct service *service, IVdsIscsiTarget *target, VDS_OBJECT_ID id,
		   char **ret_text)
{
	IUnknown *unknown = NULL;
	HRESULT hr;

	if (IsEqualGUID(&id, &GUID_NULL))
		return choose_portal(target, ret_text);
	hr = service_get_object(service, id, VDS_OT_PORTAL, &unknown);
	if (FAILED(hr))
		return hr;
	hr = portal_text(unknown, false, ret_text);
	IUnknown_Release(unknown);
	return hr;
}

static HRESULT
check_login(VDS_ISCSI_LOGIN_TYPE type, VDS_OBJECT_ID target, ULONG flags, VDS_ISCSI_AUTH_TYPE auth)
{
	if (type < VDS_ILT_MANUAL || type > VDS_ILT_BOOT)
		return com_fail(E_INVALIDARG, "loginType is not a VDS_ISCSI_LOGIN_TYPE");
	if (auth < VDS_IAT_NONE || auth > VDS_IAT_MUTUAL_CHAP)
		return com_fail(E_INVALIDARG, "authType is not a VDS_ISCSI_AUTH_TYPE");
	if ((flags & ~(ULONG)(VDS_ILF_REQUIRE_IPSEC | VDS_ILF_MULTIPATH_ENABLED)) != 0)
		return com_fail(E_INVALIDARG, "ulLoginFlags is not a set of VDS_ILF_* bits");
	if (IsEqualGUID(&target, &GUID_NULL))
		return com_fail(E_INVALIDARG, "targetId is GUID_NULL");
	if (auth != VDS_IAT_NONE)
		return com_fail(VDS_E_NOT_SUPPORTED,
				"this initiator logs in without CHAP: set it up with iscsiadm");
	if ((flags & VDS_ILF_REQUIRE_IPSEC) != 0)
		return com_fail(VDS_E_NOT_SUPPORTED, "IPsec is not supported");
	return S_OK;
}

/* The routes of the host decide from which address a session comes. */
static HRESULT
check_initiator_portal(VDS_OBJECT_ID portal)
{
	struct guid id;
	HRESULT hr;

	if (IsEqualGUID(&portal, &GUID_NULL))
		return S_OK;
	com_guid_in(&portal, &id);
	hr = find_portal(&id, NULL, VDS_E_OBJECT_NOT_FOUND);
	return FAILED(hr) ? hr
			  : com_fail(VDS_E_NOT_SUPPORTED, "the initiator chooses its own address: "
							  "pass GUID_NULL");
}

static HRESULT
run_login(void *arg)
{
	return service_iscsi_login(arg);
}

static HRESULT STDMETHODCALLTYPE
adapter_login_to_target(IVdsIscsiInitiatorAdapter *self, VDS_ISCSI_LOGIN_TYPE type,
			VDS_OBJECT_ID target_id, VDS_OBJECT_ID portal_id,
			VDS_OBJECT_ID initiator_portal_id, ULONG flags, BOOL header_digest,
			BOOL data_digest, VDS_ISCSI_AUTH_TYPE auth, IVdsAsync **ret_async)
{
	struct service *service = service_of(
		&container_of(self, struct initiator_adapter, adapter)->com);
	struct service_login *login = NULL;
	IVdsIscsiTarget *target = NULL;
	HRESULT hr = COM_OUT(ret_async, "ppAsync");

	if (SUCCEEDED(hr))
		hr = check_login(type, target_id, flags, auth);
	if (SUCCEEDED(hr))
		hr = check_initiator_portal(initiator_portal_id);
	if (FAILED(hr))
		return hr;
	login = mem_calloc(1, sizeof(*login));
	if (login == NULL)
		return com_error(-ENOMEM);
	login->type = type;
	login->header_digest = header_digest != FALSE;
	login->data_digest = data_digest != FALSE;
	hr = find_target(service, target_id, &target, &login->target);
	if (SUCCEEDED(hr)) {
		hr = find_target_portal(service, target, portal_id, &login->portal);
		IVdsIscsiTarget_Release(target);
	}
	if (SUCCEEDED(hr))
		return service_task_start(service, VDS_ASYNCOUT_LOGINTOTARGET, run_login, login,
					  login_free, ret_async);
	login_free(login);
	return hr;
}

static HRESULT
run_logout(void *arg)
{
	return service_iscsi_logout(arg);
}

static HRESULT STDMETHODCALLTYPE
adapter_logout_from_target(IVdsIscsiInitiatorAdapter *self, VDS_OBJECT_ID target_id,
			   IVdsAsync **ret_async)
{
	struct service *service = service_of(
		&container_of(self, struct initiator_adapter, adapter)->com);
	IVdsIscsiTarget *target = NULL;
	char *name = NULL;
	HRESULT hr = COM_OUT(ret_async, "ppAsync");

	if (SUCCEEDED(hr) && IsEqualGUID(&target_id, &GUID_NULL))
		hr = com_fail(E_INVALIDARG, "targetId is GUID_NULL");
	if (SUCCEEDED(hr))
		hr = find_target(service, target_id, &target, &name);
	if (FAILED(hr))
		return hr;
	IVdsIscsiTarget_Release(target);
	return service_task_start(service, VDS_ASYNCOUT_LOGOUTFROMTARGET, run_logout, name,
				  mem_free, ret_async);
}

static const IVdsIscsiInitiatorAdapterVtbl adapter_vtable = {
	COM_UNKNOWN(adapter),
	.GetProperties = adapter_get_properties,
	.QueryInitiatorPortals = adapter_query_initiator_portals,
	.LoginToTarget = adapter_login_to_target,
	.LogoutFromTarget = adapter_logout_from_target,
};

static const struct com_interface adapter_interfaces[] = {
	COM_INTERFACE(initiator_adapter, IVdsIscsiInitiatorAdapter, adapter),
};

static const struct com_class adapter_class = {
	.name = "initiator adapter",
	.size_bytes = sizeof(struct initiator_adapter),
	.interfaces = adapter_interfaces,
	.interface_count = ARRAY_LEN(adapter_interfaces),
};

/* ---- for IVdsService ---- */

HRESULT
service_initiator_get(struct service *service, const VDS_OBJECT_ID *id, VDS_OBJECT_TYPE type,
		      IUnknown **ret_object)
{
	struct guid wanted, adapter;
	HRESULT hr = adapter_id(&adapter);

	if (FAILED(hr))
		return hr;
	com_guid_in(id, &wanted);
	if (type == VDS_OT_INIT_ADAPTER && guid_equal(&wanted, &adapter))
		return service_adapter_give(service, &IID_IUnknown, (void **)ret_object);
	if (type != VDS_OT_INIT_PORTAL)
		return com_fail(VDS_E_OBJECT_NOT_FOUND, "this computer has no such object");
	hr = find_portal(&wanted, NULL, VDS_E_OBJECT_NOT_FOUND);
	return FAILED(hr) ? hr
			  : com_give(&service->space, &portal_class, &wanted, &IID_IUnknown,
				     (void **)ret_object);
}
