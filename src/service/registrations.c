/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registrations of providers, wherever they are kept (registry.c, registry_win.c): their keys, and
 * the list that the service begins with.  Any thread may call it.
 */
#include "service/registry_int.h"

#include <errno.h>

#include "base/err.h"
#include "base/str.h"

void
service_registrations_fini(struct service_registrations *registrations)
{
	for (size_t i = 0; i < registrations->count; i++)
		service_registration_fini(&registrations->items[i]);
	mem_free(registrations->items);
	*registrations = (struct service_registrations){ 0 };
}

/* Returns the registration with an id, or NULL. */
static struct service_registration *
find(struct service_registrations *list, const struct guid *id)
{
	for (size_t i = 0; i < list->count; i++) {
		if (guid_equal(&list->items[i].id, id))
			return &list->items[i];
	}
	return NULL;
}

int
service_registrations_add(struct service_registrations *list,
			  struct service_registration *registration)
{
	struct service_registration *other = find(list, &registration->id);
	int rc;

	if (other != NULL && other->library == NULL && registration->library != NULL) {
		service_registration_fini(other); /* it takes the place of libvds's own provider */
		*other = *registration;
		*registration = (struct service_registration){ 0 };
		return 0;
	}
	if (other != NULL)
		return err_set(ERR_NAME_IN_USE, "another provider is registered with this id");
	rc = mem_grow(&list->items, &list->capacity, list->count + 1, sizeof(list->items[0]));

	if (rc < 0)
		return rc;
	list->items[list->count++] = *registration;
	*registration = (struct service_registration){ 0 };
	return 0;
}

/* ---- keys and values ---- */

enum key { KEY_ID, KEY_CLSID, KEY_NAME, KEY_TYPE, KEY_VERSION, KEY_VERSION_ID, KEY_LIBRARY };

static const char *const key_names[] = {
	[KEY_ID] = "id",           [KEY_CLSID] = "clsid",     [KEY_NAME] = "name",
	[KEY_TYPE] = "type",       [KEY_VERSION] = "version", [KEY_VERSION_ID] = "version_id",
	[KEY_LIBRARY] = "library",
};

static const char *const type_names[] = {
	[VDS_PT_SOFTWARE] = "software",
	[VDS_PT_HARDWARE] = "hardware",
	[VDS_PT_VIRTUALDISK] = "virtualdisk",
};

static int
parse_guid(const char *value, GUID *ret_guid)
{
	struct guid guid;
	int rc = guid_parse(value, &guid);

	if (rc == 0)
		com_guid_out(&guid, ret_guid);
	return rc;
}

static int
parse_type(const char *value, VDS_PROVIDER_TYPE *ret_type)
{
	for (size_t i = VDS_PT_SOFTWARE; i < ARRAY_LEN(type_names); i++) {
		if (str_equal(value, type_names[i])) {
			*ret_type = (VDS_PROVIDER_TYPE)i;
			return 0;
		}
	}
	return ERR_PARSE;
}

static int
copy(const char *value, char **place)
{
	mem_free(*place);
	*place = str_dup(value);
	return *place != NULL ? 0 : -ENOMEM;
}

/* Sets the member that a key names. Returns 0, ERR_PARSE or -ENOMEM. */
static int
set_key(struct service_registration *r, enum key key, const char *value)
{
	switch (key) {
	case KEY_ID:
		return guid_parse(value, &r->id);
	case KEY_CLSID:
		return parse_guid(value, &r->clsid);
	case KEY_NAME:
		return copy(value, &r->name);
	case KEY_TYPE:
		return parse_type(value, &r->type);
	case KEY_VERSION:
		return copy(value, &r->version);
	case KEY_VERSION_ID:
		return parse_guid(value, &r->version_id);
	case KEY_LIBRARY:
		return value[0] == '/' ? copy(value, &r->library) : ERR_PARSE;
	}
	return ERR_PARSE;
}

int
service_registration_set(struct service_registration *registration, const char *key,
			 const char *value, unsigned *seen)
{
	for (size_t i = 0; i < ARRAY_LEN(key_names); i++) {
		if (str_equal(key, key_names[i])) {
			*seen |= 1u << i;
			return set_key(registration, (enum key)i, value);
		}
	}
	return ERR_PARSE;
}

const char *
service_registration_missing(unsigned seen)
{
	const unsigned needed = 1u << KEY_ID | 1u << KEY_CLSID | 1u << KEY_NAME | 1u << KEY_TYPE;

	for (size_t i = 0; i < ARRAY_LEN(key_names); i++) {
		if ((needed & ~seen & 1u << i) != 0)
			return key_names[i];
	}
	return NULL;
}

const char *
service_registration_type(const struct service_registration *registration)
{
	return type_names[registration->type];
}

/* ---- the list ---- */

/* The provider of libvds itself is registered by being there. */
static int
add_built_in(struct service_registrations *list)
{
	static const struct guid id = { { 0x17, 0x5d, 0xda, 0x01, 0x2b, 0x89, 0x4d, 0x3c, 0xa9,
					  0xdd, 0x8c, 0x55, 0x07, 0x06, 0xc7, 0x31 } };
	AUTO(service_registration_fini)
	struct service_registration built_in = {
		.id = id,
		.clsid = CLSID_VdsHwProvider,
		.type = VDS_PT_HARDWARE,
		.name = str_dup("libvds"),
		.version = str_dup(VDS_VERSION),
	};

	if (built_in.name == NULL || built_in.version == NULL)
		return -ENOMEM;
	return service_registrations_add(list, &built_in);
}

int
service_registry_read(struct service_registrations *ret_registrations)
{
	struct service_registrations list = { 0 };
	int rc = add_built_in(&list);

	if (rc == 0)
		rc = service_registry_scan(&list);
	if (rc < 0)
		service_registrations_fini(&list);
	else
		*ret_registrations = list;
	return rc;
}
