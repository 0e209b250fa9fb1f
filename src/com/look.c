/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A method's look at the replica: the one place that decides between the four answers a query may
 * give instead of its own: cache corrupt, deleted, failed, busy, in this order.  A change asks for
 * the first three; what is busy the array knows better.
 */
#include "com/com_int.h"

void
com_look_fini(struct com_look *look)
{
	client_view_fini(&look->view);
}

const struct row_live_lun *
com_look_live_lun(const struct com_look *look, const struct guid *lun_id)
{
	return state_find(look->view.live, ROW_LIVE_LUN, lun_id);
}

/* docs/design/operations.md, column "query". */
static bool
is_busy(enum lun_operation operation)
{
	switch (operation) {
	case OPERATION_CREATE:
	case OPERATION_EXTEND:
	case OPERATION_DELETE:
		return true;
	case OPERATION_NONE:
	case OPERATION_ASSOCIATE:
	case OPERATION_STATUS:
		break;
	}
	return false;
}

static HRESULT
guard_lun(const struct com_look *look, const struct com_object *object, unsigned guards)
{
	const struct row_live_lun *live = com_look_live_lun(look, &object->id);

	if (live == NULL)
		return S_OK;
	if ((guards & COM_FAILED) != 0 && live->health == HEALTH_FAILED)
		return com_fail(VDS_E_OBJECT_STATUS_FAILED, live->reason);
	if ((guards & COM_BUSY) != 0 && is_busy(live->operation))
		return com_fail(VDS_E_ANOTHER_CALL_IN_PROGRESS, "another operation holds the LUN");
	return S_OK;
}

HRESULT
com_look(struct com_object *object, unsigned guards, struct com_look *look)
{
	int rc;

	*look = (struct com_look){ 0 };
	look->client = com_core_client(object->core);
	if (look->client == NULL)
		return com_fail(VDS_E_INITIALIZE_NOT_CALLED, "the provider is not loaded");
	rc = client_view(look->client, &look->view);
	if (rc < 0) {
		look->view = (struct client_view){ 0 };
		return com_error(rc);
	}
	if (object->class->family == ROW_FAMILY_COUNT)
		return S_OK;
	look->row = state_find(look->view.config, object->class->family, &object->id);
	if (look->row == NULL)
		return com_fail(VDS_E_OBJECT_DELETED, "the object has been deleted");
	if (guards == 0 || object->class->family != ROW_LUN)
		return S_OK;
	return guard_lun(look, object, guards);
}

HRESULT
com_change(struct com_object *object, unsigned guards, struct client **ret_client)
{
	AUTO_LOOK struct com_look look;
	HRESULT hr = com_look(object, guards, &look);

	if (SUCCEEDED(hr))
		*ret_client = look.client;
	return hr;
}
