/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class of iSCSI portals: an address and a port of the array. VDS does not create or delete
 * portals. Any thread may call the methods.
 */
#include "provider/provider_int.h"

#ifdef _WIN32
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#endif
#include <string.h>

#include "base/bytes.h"
#include "base/utf.h"

struct portal {
	struct com_object com;
	IVdsIscsiPortal portal;
};

COM_THUNKS(portal, IVdsIscsiPortal, portal);

#define OBJECT(self) (&container_of(self, struct portal, portal)->com)

static void
address_out(const char *text, uint32_t port, VDS_IPADDRESS *address)
{
	uint8_t bytes[16];

	address->ulPort = port;
	if (text == NULL) {
		address->type = VDS_IPT_EMPTY;
	} else if (inet_pton(AF_INET, text, bytes) == 1) {
		address->type = VDS_IPT_IPV4;
		address->ipv4Address = get_be32(bytes);
	} else if (inet_pton(AF_INET6, text, bytes) == 1) {
		address->type = VDS_IPT_IPV6;
		memcpy(address->ipv6Address, bytes, sizeof(bytes));
	} else if (utf8_to_utf16_len(text) >= 0 &&
		   (size_t)utf8_to_utf16_len(text) < ARRAY_LEN(address->wszTextAddress)) {
		address->type = VDS_IPT_TEXT; /* a scoped IPv6 address */
		utf8_to_utf16(text, address->wszTextAddress);
	} else {
		address->type = VDS_IPT_EMPTY;
	}
}

static VDS_ISCSI_PORTAL_STATUS
status_of(const struct row_portal *row, const struct row_live_portal *live)
{
	if (row->status == STATUS_OFFLINE)
		return VDS_IPS_OFFLINE;
	if (live == NULL)
		return VDS_IPS_UNKNOWN;
	if (live->failed) /* its address is not there, another program has its port, … */
		return VDS_IPS_FAILED;
	return live->ready ? VDS_IPS_ONLINE : VDS_IPS_NOT_READY;
}

static HRESULT STDMETHODCALLTYPE
portal_get_properties(IVdsIscsiPortal *self, VDS_ISCSI_PORTAL_PROP *prop)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_portal *row;
	HRESULT hr;

	hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(prop, "pPortalProp"));
	if (FAILED(hr))
		return hr;
	row = look.row;
	com_guid_out(&row->id, &prop->id);
	address_out(row->address, row->port, &prop->address);
	prop->status = status_of(row, state_find(look.view.live, ROW_LIVE_PORTAL, &row->id));
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
portal_get_subsystem(IVdsIscsiPortal *self, IVdsSubSystem **ret_subsystem)
{
	return provider_give_subsystem(OBJECT(self), ret_subsystem);
}

static HRESULT STDMETHODCALLTYPE
portal_query_associated_portal_groups(IVdsIscsiPortal *self, IEnumVdsObject **ret_enum)
{
	return provider_list_slice(OBJECT(self), PROVIDER_BUSY, &provider_portalgroup_class,
				   state_portal_groups, offsetof(struct row_group_portal, group_id),
				   ret_enum);
}

static HRESULT STDMETHODCALLTYPE
portal_set_status(IVdsIscsiPortal *self, VDS_ISCSI_PORTAL_STATUS status)
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer;
	enum row_status wanted = STATUS_ONLINE;
	struct client *client;
	HRESULT hr = S_OK;

	switch (status) {
	case VDS_IPS_ONLINE:
		break;
	case VDS_IPS_OFFLINE:
		wanted = STATUS_OFFLINE;
		break;
	case VDS_IPS_NOT_READY:
	case VDS_IPS_FAILED:
		hr = com_fail(VDS_E_NOT_SUPPORTED, "the status of a portal can be set only to "
						   "VDS_IPS_ONLINE or VDS_IPS_OFFLINE");
		break;
	case VDS_IPS_UNKNOWN:
	default:
		hr = com_fail(E_INVALIDARG, "status is not one that can be set");
	}
	hr = provider_change(object, 0, &client, hr);
	if (FAILED(hr))
		return hr;
	return provider_change_error(
		object, client_portal_set_status(client, &object->id, wanted, &answer));
}

/* ---- IPsec: reserved in VDS ---- */

/* As every method does, it looks at its arguments and at the object first. */
static HRESULT
no_ipsec(IVdsIscsiPortal *self, HRESULT arguments)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(OBJECT(self), 0, &look, arguments);

	return FAILED(hr) ? hr
			  : com_fail(VDS_E_NOT_SUPPORTED, "IPsec is not supported here: configure "
							  "it in the operating system");
}

static HRESULT STDMETHODCALLTYPE
portal_set_ipsec_tunnel_address(IVdsIscsiPortal *self, VDS_IPADDRESS *tunnel,
				VDS_IPADDRESS *destination)
{
	HRESULT hr = S_OK;

	if (tunnel == NULL)
		hr = COM_NULL_ARGUMENT("pTunnelAddress");
	else if (destination == NULL)
		hr = COM_NULL_ARGUMENT("pDestinationAddress");
	return no_ipsec(self, hr);
}

static HRESULT STDMETHODCALLTYPE
portal_get_ipsec_security(IVdsIscsiPortal *self, VDS_IPADDRESS *initiator, ULONGLONG *ret_flags)
{
	HRESULT hr = COM_OUT(ret_flags, "pullSecurityFlags");

	if (SUCCEEDED(hr) && initiator == NULL)
		hr = COM_NULL_ARGUMENT("pInitiatorPortalAddress");
	return no_ipsec(self, hr);
}

/* No key is a key, too: pIpsecKey may be NULL. */
static HRESULT STDMETHODCALLTYPE
portal_set_ipsec_security(IVdsIscsiPortal *self, VDS_IPADDRESS *initiator, ULONGLONG flags,
			  VDS_ISCSI_IPSEC_KEY *key)
{
	(void)flags;
	(void)key;
	return no_ipsec(self,
			initiator != NULL ? S_OK : COM_NULL_ARGUMENT("pInitiatorPortalAddress"));
}

static const IVdsIscsiPortalVtbl portal_vtable = {
	COM_UNKNOWN(portal),
	.GetProperties = portal_get_properties,
	.GetSubSystem = portal_get_subsystem,
	.QueryAssociatedPortalGroups = portal_query_associated_portal_groups,
	.SetStatus = portal_set_status,
	.SetIpsecTunnelAddress = portal_set_ipsec_tunnel_address,
	.GetIpsecSecurity = portal_get_ipsec_security,
	.SetIpsecSecurity = portal_set_ipsec_security,
};

static const struct com_interface interfaces[] = {
	COM_INTERFACE(portal, IVdsIscsiPortal, portal),
};

const struct com_class provider_portal_class = {
	.name = "portal",
	.kind = ROW_PORTAL,
	.size_bytes = sizeof(struct portal),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};
