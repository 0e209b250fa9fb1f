/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The class of iSCSI targets. Any thread may call the methods. */
#include "provider/provider_int.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "model/credential.h"

struct iscsi_target {
	struct com_object com;
	IVdsIscsiTarget target;
};

COM_THUNKS(iscsi_target, IVdsIscsiTarget, target);

#define OBJECT(self) (&container_of(self, struct iscsi_target, target)->com)

static HRESULT STDMETHODCALLTYPE
target_get_properties(IVdsIscsiTarget *self, VDS_ISCSI_TARGET_PROP *prop)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_target *row;
	HRESULT hr;
	int rc;

	hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(prop, "pTargetProp"));
	if (FAILED(hr))
		return hr;
	row = look.row;
	com_guid_out(&row->id, &prop->id);
	prop->bChapEnabled = credential_has(look.view.config, &row->id, CREDENTIAL_INITIATOR);
	rc = com_string_out(row->iscsi_name, &prop->pwszIscsiName);
	if (rc == 0)
		rc = com_string_out(row->alias, &prop->pwszFriendlyName);
	if (rc < 0) {
		CoTaskMemFree(prop->pwszIscsiName);
		memset(prop, 0, sizeof(*prop));
	}
	return com_error(rc);
}

static HRESULT STDMETHODCALLTYPE
target_get_subsystem(IVdsIscsiTarget *self, IVdsSubSystem **ret_subsystem)
{
	return provider_give_subsystem(OBJECT(self), ret_subsystem);
}

static HRESULT STDMETHODCALLTYPE
target_query_portal_groups(IVdsIscsiTarget *self, IEnumVdsObject **ret_enum)
{
	return provider_list_slice(OBJECT(self), PROVIDER_BUSY, &provider_portalgroup_class,
				   state_target_groups, offsetof(struct row_portal_group, id),
				   ret_enum);
}

static HRESULT STDMETHODCALLTYPE
target_query_associated_luns(IVdsIscsiTarget *self, IEnumVdsObject **ret_enum)
{
	return provider_list_slice(OBJECT(self), PROVIDER_BUSY, &provider_lun_class,
				   state_target_luns, offsetof(struct row_association, lun_id),
				   ret_enum);
}

static HRESULT STDMETHODCALLTYPE
target_create_portal_group(IVdsIscsiTarget *self, IVdsAsync **ret_async)
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer = { 0 };
	struct client *client;
	HRESULT hr;
	int rc;

	hr = provider_change(object, 0, &client, COM_OUT(ret_async, "ppAsync"));
	if (FAILED(hr))
		return hr;
	rc = client_group_create(client, &object->id, &answer);
	if (rc < 0)
		return provider_change_error(object, rc);
	hr = provider_async_new(object, VDS_ASYNCOUT_CREATEPORTALGROUP, &provider_portalgroup_class,
				&answer, ret_async);
	return SUCCEEDED(hr) && answer.existed ? VDS_S_ALREADY_EXISTS : hr;
}

static HRESULT STDMETHODCALLTYPE
target_delete(IVdsIscsiTarget *self, IVdsAsync **ret_async)
{
	struct com_object *object = OBJECT(self);
	struct client_answer answer = { 0 };
	struct client *client;
	HRESULT hr;
	int rc;

	hr = provider_change(object, 0, &client, COM_OUT(ret_async, "ppAsync"));
	if (FAILED(hr))
		return hr;
	rc = client_target_delete(client, &object->id, &answer);
	if (rc < 0)
		return provider_change_error(object, rc);
	return provider_async_new(object, VDS_ASYNCOUT_DELETETARGET, NULL, &answer, ret_async);
}

static HRESULT STDMETHODCALLTYPE
target_set_friendly_name(IVdsIscsiTarget *self, LPWSTR friendly_name)
{
	return provider_rename(OBJECT(self), 0, friendly_name, client_target_set_alias);
}

/* ---- secrets ---- */

#define SECRET_MIN 12 /* bytes of a CHAP secret */
#define SECRET_MAX 16

/* Checks a secret: NULL, or NULL and 0 in the structure, clears one; else 12 to 16 bytes. */
static HRESULT
check_secret(const VDS_ISCSI_SHARED_SECRET *secret)
{
	if (secret == NULL || (secret->pSharedSecret == NULL && secret->ulSharedSecretSize == 0))
		return S_OK;
	if (secret->pSharedSecret == NULL)
		return COM_NULL_ARGUMENT("pSharedSecret");
	if (secret->ulSharedSecretSize < SECRET_MIN || secret->ulSharedSecretSize > SECRET_MAX)
		return com_fail(E_INVALIDARG, "a secret has 12 to 16 bytes");
	return S_OK;
}

static bool
clears(const VDS_ISCSI_SHARED_SECRET *secret)
{
	return secret == NULL || secret->ulSharedSecretSize == 0;
}

/*
 * Finds the secret of the target for one initiator, or ("") for all.  Returns 0, ERR_NOT_FOUND
 * (there is none) or -ENOMEM.
 */
static int
secret_find(const struct provider_look *look, enum credential_side side, const char *initiator,
	    struct guid *ret_id)
{
	const struct row_target *target = look->row;
	char any[] = "", name[ROW_ISCSI_NAME_MAX + 1] = "";
	AUTO_FREE char *canonical = NULL;
	struct row_credential like = {
		.owner_id = target->id,
		.side = side,
		.user = any,
		.initiator = name,
	};
	const struct row_credential *row;

	int rc = initiator[0] != '\0' ? iscsi_name_normalize(initiator, &canonical) : 0;

	if (rc < 0) /* no secret can be for what is no name */
		return rc == ERR_INVALID ? ERR_NOT_FOUND : rc;
	if (canonical != NULL)
		memcpy(name, canonical, strlen(canonical) + 1);
	row = credential_same(look->view.config, &like);
	if (row == NULL)
		return ERR_NOT_FOUND;
	*ret_id = row->id;
	return 0;
}

static HRESULT
secret_clear(struct com_object *object, enum credential_side side, const char *initiator)
{
	struct client_answer answer;
	struct guid id;
	int rc;

	{
		AUTO_LOOK struct provider_look look = { 0 };
		HRESULT hr = provider_enter(object, 0, &look, S_OK);

		if (FAILED(hr))
			return hr;
		rc = secret_find(&look, side, initiator, &id);
		if (rc == 0)
			rc = client_credential_delete(look.client, &id, &answer);
	}
	/* there is none, or somebody else has deleted it meanwhile */
	return rc == ERR_NOT_FOUND ? S_OK : rc < 0 ? provider_change_error(object, rc) : S_OK;
}

static HRESULT
secret_set(struct com_object *object, struct client *client, enum credential_side side,
	   const char *initiator, const VDS_ISCSI_SHARED_SECRET *secret)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 + 2 * SECRET_MAX + 1] = "0x";
	struct client_answer answer;
	int rc;

	for (ULONG i = 0; i < secret->ulSharedSecretSize; i++) {
		text[2 + 2 * i] = digits[secret->pSharedSecret[i] >> 4];
		text[3 + 2 * i] = digits[secret->pSharedSecret[i] & 15];
	}
	rc = client_credential_set(client, &object->id, side, initiator, text, &answer);
	secret_wipe(text, sizeof(text));
	return rc < 0 ? provider_change_error(object, rc) : S_OK;
}

/* initiator_name NULL: for all initiators without a secret of their own. */
static HRESULT
secret_change(struct com_object *object, enum credential_side side, const WCHAR *initiator_name,
	      const VDS_ISCSI_SHARED_SECRET *secret, HRESULT arguments)
{
	AUTO_FREE char *initiator = NULL;
	struct client *client;
	HRESULT hr = arguments;

	if (SUCCEEDED(hr) && initiator_name != NULL)
		hr = com_error(com_string_in(initiator_name, &initiator));
	hr = provider_change(object, 0, &client, hr);
	if (FAILED(hr))
		return hr;
	if (clears(secret))
		return secret_clear(object, side, initiator != NULL ? initiator : "");
	return secret_set(object, client, side, initiator, secret);
}

static HRESULT STDMETHODCALLTYPE
target_set_shared_secret(IVdsIscsiTarget *self, VDS_ISCSI_SHARED_SECRET *secret,
			 LPWSTR initiator_name)
{
	return secret_change(OBJECT(self), CREDENTIAL_INITIATOR, initiator_name, secret,
			     check_secret(secret));
}

/* The target's own secret: by it the target proves itself to this initiator (mutual CHAP). */
static HRESULT STDMETHODCALLTYPE
target_remember_initiator_shared_secret(IVdsIscsiTarget *self, LPWSTR initiator_name,
					VDS_ISCSI_SHARED_SECRET *secret)
{
	HRESULT hr = initiator_name != NULL ? S_OK : COM_NULL_ARGUMENT("pwszInitiatorName");

	if (SUCCEEDED(hr) && initiator_name[0] == 0)
		hr = com_fail(E_INVALIDARG, "pwszInitiatorName is empty");
	if (SUCCEEDED(hr))
		hr = check_secret(secret);
	return secret_change(OBJECT(self), CREDENTIAL_TARGET, initiator_name, secret, hr);
}

/* ---- GetConnectedInitiators ---- */

struct names {
	const char **names; /* borrowed from the view */
	size_t count, capacity;
};

/* Adds a name, unless it is there: an initiator with several sessions counts once. */
static int
names_add(struct names *names, const char *name)
{
	int rc;

	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->names[i], name) == 0)
			return 0;
	}
	rc = mem_grow(&names->names, &names->capacity, names->count + 1, sizeof(names->names[0]));
	if (rc == 0)
		names->names[names->count++] = name;
	return rc;
}

static int
names_of_sessions(const struct state *live, const struct guid *target_id, struct names *names)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < state_count(live, ROW_LIVE_SESSION); i++) {
		const struct row_live_session *session = state_at(live, ROW_LIVE_SESSION, i);

		if (guid_equal(&session->target_id, target_id) && session->initiator != NULL)
			rc = names_add(names, session->initiator);
	}
	return rc;
}

static int
names_out(const struct names *names, LPWSTR **ret_list)
{
	LPWSTR *list = CoTaskMemAlloc(names->count * sizeof(*list));

	if (list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < names->count; i++) {
		if (com_string_out(names->names[i], &list[i]) == 0)
			continue;
		while (i > 0)
			CoTaskMemFree(list[--i]);
		CoTaskMemFree(list);
		return -ENOMEM;
	}
	*ret_list = list;
	return 0;
}

static HRESULT STDMETHODCALLTYPE
target_get_connected_initiators(IVdsIscsiTarget *self, LPWSTR **ret_list, LONG *ret_count)
{
	struct com_object *object = OBJECT(self);
	AUTO_LOOK struct provider_look look;
	struct names names = { 0 };
	HRESULT hr = COM_OUT(ret_list, "pppwszInitiatorList");
	int rc;

	if (SUCCEEDED(hr))
		hr = COM_OUT(ret_count, "plNumberOfInitiators");
	hr = provider_enter(object, PROVIDER_BUSY, &look, hr);
	if (FAILED(hr))
		return hr;
	rc = names_of_sessions(look.view.live, &object->id, &names);
	if (rc == 0 && names.count > 0)
		rc = names_out(&names, ret_list);
	if (rc == 0)
		*ret_count = (LONG)names.count;
	mem_free(names.names);
	return com_error(rc);
}

static const IVdsIscsiTargetVtbl target_vtable = {
	COM_UNKNOWN(target),
	.GetProperties = target_get_properties,
	.GetSubSystem = target_get_subsystem,
	.QueryPortalGroups = target_query_portal_groups,
	.QueryAssociatedLuns = target_query_associated_luns,
	.CreatePortalGroup = target_create_portal_group,
	.Delete = target_delete,
	.SetFriendlyName = target_set_friendly_name,
	.SetSharedSecret = target_set_shared_secret,
	.RememberInitiatorSharedSecret = target_remember_initiator_shared_secret,
	.GetConnectedInitiators = target_get_connected_initiators,
};

static const struct com_interface interfaces[] = {
	COM_INTERFACE(iscsi_target, IVdsIscsiTarget, target),
};

const struct com_class provider_target_class = {
	.name = "target",
	.kind = ROW_TARGET,
	.size_bytes = sizeof(struct iscsi_target),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};
