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
	case OPERATION_SHRINK:
		return PROVIDER_BUSY_SIZE;
	case OPERATION_ASSOCIATE:
		return PROVIDER_BUSY_TARGETS;
	case OPERATION_NONE:
	case OPERATION_STATUS:
	case OPERATION_SNAPSHOT:
	case OPERATION_ROLLBACK:
	case OPERATION_MOVE:
		break;
	}
	return 0;
}

/* The id of the object's row: that of the object itself, but a plex has the row of its LUN. */
static struct guid
row_id(const struct com_class *class, const struct guid *id)
{
	return class == &provider_plex_class ? provider_plex_swap(id) : *id;
}

static HRESULT
guard_lun(const struct provider_look *look, const struct com_object *object, unsigned guards)
{
	struct guid id = row_id(object->class, &object->id);
	const struct row_live_lun *live;

	if (state_guarded(look->view.live) == 0)
		return S_OK;
	live = provider_look_live_lun(look, &id);
	if (live == NULL)
		return S_OK;
	if ((guards & PROVIDER_FAILED) != 0 && live->health == HEALTH_FAILED)
		return com_fail(VDS_E_OBJECT_STATUS_FAILED, live->reason);
	if ((guards & busy_guards(live->operation)) != 0)
		return com_fail(VDS_E_ANOTHER_CALL_IN_PROGRESS, "another operation holds the LUN");
	return S_OK;
}

/* A drive that the host cannot use has failed. */
static HRESULT
guard_drive(const struct row_live_drive *drive, unsigned guards)
{
	return (guards & PROVIDER_FAILED) != 0 && !drive->ready
		       ? com_fail(VDS_E_OBJECT_STATUS_FAILED, drive->reason)
		       : S_OK;
}

/* ---- which array, and what is known of it ---- */

static HRESULT
not_loaded(void)
{
	return com_fail(VDS_E_INITIALIZE_NOT_CALLED, "the provider is not loaded");
}

/* The place has no known array.  Returns why its objects cannot answer. */
static HRESULT
no_array(const struct provider_place *place)
{
	if (!atomic_load_explicit(&place->core->loaded, memory_order_acquire))
		return not_loaded();
	if (!atomic_load_explicit(&place->listed, memory_order_acquire))
		return com_fail(VDS_E_OBJECT_DELETED,
				"the array of the object is not in the list of arrays any more");
	return com_fail(VDS_E_PROVIDER_CACHE_CORRUPT,
			"the array of the object was not found when the provider was loaded: "
			"IVdsHwProvider::Reenumerate looks for it again");
}

static HRESULT
enter_place(struct provider_place *place, struct provider_look *look)
{
	int rc;

	if (!atomic_load_explicit(&place->known, memory_order_acquire))
		return no_array(place);
	look->client = place->client;
	rc = client_view(place->client, &look->view);
	if (rc < 0)
		look->view = (struct client_view){ NULL, NULL };
	return com_error(rc);
}

/* A method of the provider itself looks at the first array. */
static HRESULT
enter_first(struct provider_core *core, struct provider_look *look)
{
	struct provider_place *place = provider_place_first(core);

	if (!atomic_load_explicit(&core->loaded, memory_order_acquire))
		return not_loaded();
	if (place != NULL)
		return enter_place(place, look);
	look->view.config = state_ref(core->nothing);
	look->view.live = state_ref(core->nothing);
	return S_OK;
}

static HRESULT
enter_array(struct com_object *object, struct provider_look *look)
{
	struct provider_place *place = provider_place_of(object->space);

	return place != NULL ? enter_place(place, look)
			     : enter_first(provider_core_of(object), look);
}

static HRESULT
find_row(const struct com_object *object, struct provider_look *look)
{
	enum row_family family = (enum row_family)object->class->kind;

	struct guid id = row_id(object->class, &object->id);

	if (family == ROW_FAMILY_COUNT)
		return S_OK;
	look->row = state_find(provider_view_state(&look->view, family), family, &id);
	return look->row != NULL ? S_OK
				 : com_fail(VDS_E_OBJECT_DELETED, "the object has been deleted");
}

/* ---- the prologues ---- */

/* Returns whether the code is one of VDS itself: its facility is FACILITY_ITF. */
static bool
is_of_vds(HRESULT hr)
{
	return ((ULONG)hr >> 16 & 0x1fff) == 4;
}

HRESULT
provider_enter(struct com_object *object, unsigned guards, struct provider_look *look,
	       HRESULT arguments)
{
	HRESULT hr;

	com_begin();
	*look = (struct provider_look){ 0 };
	if (FAILED(arguments) && !is_of_vds(arguments))
		return arguments;
	hr = enter_array(object, look);
	if (SUCCEEDED(hr))
		hr = find_row(object, look);
	if (SUCCEEDED(hr) && object->class->kind == ROW_LUN)
		hr = guard_lun(look, object, guards);
	if (SUCCEEDED(hr) && object->class->kind == ROW_LIVE_DRIVE)
		hr = guard_drive(look->row, guards);
	return FAILED(hr) ? hr : arguments;
}

HRESULT
provider_enter_slice(struct com_object *object, unsigned guards, provider_slice_of *slice_of,
		     struct provider_look *look, struct row_slice *ret_slice, HRESULT arguments)
{
	HRESULT hr;

	*look = (struct provider_look){ 0 };
	if (FAILED(arguments))
		return arguments;
	hr = enter_array(object, look);
	if (FAILED(hr))
		return hr;
	*ret_slice = slice_of(look->view.config, &object->id);
	if (ret_slice->count == 0)
		hr = find_row(object, look);
	if (SUCCEEDED(hr) && object->class->kind == ROW_LUN)
		hr = guard_lun(look, object, guards);
	return hr;
}

HRESULT
provider_enter_lost(struct com_object *object, struct provider_look *look, HRESULT arguments)
{
	HRESULT hr = provider_enter(object, 0, look, arguments);

	if (hr != VDS_E_PROVIDER_CACHE_CORRUPT || look->client == NULL ||
	    client_contact(look->client) != CLIENT_LOST)
		return hr;
	client_view_last(look->client, &look->view);
	if (look->view.config == NULL || look->view.live == NULL)
		return hr;
	look->lost = true;
	return find_row(object, look);
}

HRESULT
provider_enter_named(struct com_object *provider, enum row_family family, const struct guid *id,
		     struct provider_look *look, struct provider_place **ret_place,
		     HRESULT arguments)
{
	struct provider_core *core = provider_core_of(provider);
	HRESULT trouble = S_OK;

	*look = (struct provider_look){ 0 };
	if (FAILED(arguments))
		return arguments;
	if (!atomic_load_explicit(&core->loaded, memory_order_acquire))
		return not_loaded();
	provider_for_each_place(place, core)
	{
		HRESULT hr = enter_place(place, look);

		if (SUCCEEDED(hr))
			look->row = state_find(provider_view_state(&look->view, family), family,
					       id);
		if (look->row != NULL) {
			if (ret_place != NULL)
				*ret_place = place;
			return S_OK;
		}
		if (FAILED(hr))
			trouble = hr;
		provider_look_fini(look);
		*look = (struct provider_look){ 0 };
	}
	/* An array that cannot be trusted may have it. */
	return FAILED(trouble) ? trouble
			       : com_fail(VDS_E_OBJECT_NOT_FOUND,
					  "there is no object with this id and type");
}

HRESULT
provider_change(struct com_object *object, unsigned guards, struct client **ret_client,
		HRESULT arguments)
{
	AUTO_LOOK struct provider_look look;
	HRESULT hr = provider_enter(object, guards, &look, arguments);

	if (SUCCEEDED(hr) && look.client == NULL)
		hr = com_fail(VDS_E_OBJECT_NOT_FOUND, "no array is known");
	if (SUCCEEDED(hr))
		hr = com_error(com_async_reserve());
	if (SUCCEEDED(hr))
		*ret_client = look.client;
	return hr;
}

static bool
is_gone(struct com_object *object, struct client *client)
{
	enum row_family family = (enum row_family)object->class->kind;
	struct guid id = row_id(object->class, &object->id);
	AUTO_VIEW struct client_view view;

	client_view_last(client, &view);
	return view.config != NULL &&
	       state_find(provider_view_state(&view, family), family, &id) == NULL;
}

HRESULT
provider_change_error(struct com_object *object, int code)
{
	struct client *client = provider_client_of(object);
	HRESULT hr = com_error(code);

	if (code != ERR_NOT_FOUND || client == NULL || object->class->kind == ROW_FAMILY_COUNT)
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
	rc = com_name_in(friendly_name, ROW_NAME_UNITS, &name, &cut);
	hr = provider_change(object, guards, &client, com_error(rc));
	if (FAILED(hr))
		return hr;
	rc = rename(client, &object->id, name, &answer);
	if (rc < 0)
		return provider_change_error(object, rc);
	return cut ? VDS_S_NAME_TRUNCATED : S_OK;
}
