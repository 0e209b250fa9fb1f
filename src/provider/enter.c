/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The prologue of every method: checks its arguments, the state of the provider, the object's row,
 * whether the object has failed, and what operation holds it. Only this file decides the order of
 * these answers. Any thread may call it.
 */
#include "provider/provider_int.h"

#include "base/err.h"

void
provider_look_fini(struct provider_look *look)
{
	client_view_fini(&look->view);
}

const struct row_live_lun *
provider_look_live_lun(const struct provider_look *look, const struct guid *lun_id)
{
	return state_find(look->view.live, ROW_LIVE_LUN, lun_id);
}

/*
 * Returns the guards for which an operation makes a method busy: docs/design/operations.md, the
 * columns "query".
 */
static unsigned
busy_guards(enum lun_operation operation)
{
	switch (operation) {
	case OPERATION_CREATE:
	case OPERATION_DELETE:
		return PROVIDER_BUSY | PROVIDER_BUSY_TARGETS | PROVIDER_BUSY_SIZE;
	case OPERATION_EXTEND:
		return PROVIDER_BUSY_SIZE;
	case OPERATION_ASSOCIATE:
		return PROVIDER_BUSY_TARGETS;
	case OPERATION_NONE:
	case OPERATION_STATUS:
		break;
	}
	return 0;
}

static HRESULT
guard_lun(const struct provider_look *look, const struct com_object *object, unsigned guards)
{
	const struct row_live_lun *live = provider_look_live_lun(look, &object->id);

	if (live == NULL)
		return S_OK;
	if ((guards & PROVIDER_FAILED) != 0 && live->health == HEALTH_FAILED)
		return com_fail(VDS_E_OBJECT_STATUS_FAILED, live->reason);
	if ((guards & busy_guards(live->operation)) != 0)
		return com_fail(VDS_E_ANOTHER_CALL_IN_PROGRESS, "another operation holds the LUN");
	return S_OK;
}

HRESULT
provider_enter_core(struct provider_core *core, struct provider_look *look)
{
	int rc;

	*look = (struct provider_look){ 0 };
	look->client = provider_core_client(core);
	if (look->client == NULL)
		return com_fail(VDS_E_INITIALIZE_NOT_CALLED, "the provider is not loaded");
	rc = client_view(look->client, &look->view);
	if (rc < 0)
		look->view = (struct client_view){ 0 };
	return com_error(rc);
}

HRESULT
provider_enter(struct com_object *object, unsigned guards, struct provider_look *look,
	       HRESULT arguments)
{
	enum row_family family = (enum row_family)object->class->kind;
	HRESULT hr;

	*look = (struct provider_look){ 0 };
	if (FAILED(arguments))
		return arguments;
	hr = provider_enter_core(provider_core_of(object), look);
	if (FAILED(hr) || family == ROW_FAMILY_COUNT)
		return hr;
	look->row = state_find(look->view.config, family, &object->id);
	if (look->row == NULL)
		return com_fail(VDS_E_OBJECT_DELETED, "the object has been deleted");
	return family == ROW_LUN ? guard_lun(look, object, guards) : S_OK;
}

HRESULT
provider_change(struct com_object *object, unsigned guards, struct client **ret_client,
		HRESULT arguments)
{
	AUTO_LOOK struct provider_look look;
	HRESULT hr = provider_enter(object, guards, &look, arguments);

	if (SUCCEEDED(hr))
		*ret_client = look.client;
	return hr;
}

static bool
is_gone(struct com_object *object, struct client *client)
{
	AUTO_VIEW struct client_view view;

	client_view_last(client, &view);
	return state_find(view.config, (enum row_family)object->class->kind, &object->id) == NULL;
}

HRESULT
provider_change_error(struct com_object *object, int code)
{
	struct client *client = provider_core_client(provider_core_of(object));
	HRESULT hr = com_error(code);

	if (code != ERR_NOT_FOUND || client == NULL)
		return hr;
	if (is_gone(object, client))
		return VDS_E_OBJECT_DELETED;
	/*
	 * The answer may have arrived before the event by which the replica learns of the deletion.
	 */
	(void)client_sync(client);
	return is_gone(object, client) ? VDS_E_OBJECT_DELETED : hr;
}

HRESULT
provider_rename(struct com_object *object, unsigned guards, const WCHAR *friendly_name,
		int (*rename)(struct client *client, const struct guid *id, const char *name,
			      struct client_answer *ret_answer))
{
	AUTO_FREE char *name = NULL;
	struct client_answer answer;
	struct client *client;
	bool cut = false;
	HRESULT hr;
	int rc;

	if (friendly_name == NULL)
		return COM_NULL_ARGUMENT("pwszFriendlyName");
	rc = com_name_in(friendly_name, ROW_NAME_MAX, &name, &cut);
	hr = provider_change(object, guards, &client, com_error(rc));
	if (FAILED(hr))
		return hr;
	rc = rename(client, &object->id, name, &answer);
	if (rc < 0)
		return provider_change_error(object, rc);
	return cut ? VDS_S_NAME_TRUNCATED : S_OK;
}
