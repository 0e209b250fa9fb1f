/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of methods, which methods.def lists, and calls by its rows. Any thread may call it.
 */
#include "conformance/methods.h"

#include <string.h>

const char *const conf_kind_names[CONF_KINDS] = {
	[CONF_ENUM] = "enumerator",
	[CONF_ASYNC] = "async",
	[CONF_SINK] = "sink",
	[CONF_SERVICE] = "service",
	[CONF_PROVIDER] = "provider",
	[CONF_SUBSYSTEM] = "subsystem",
	[CONF_CONTROLLER] = "controller",
	[CONF_PORT] = "port",
	[CONF_DRIVE] = "drive",
	[CONF_LUN] = "lun",
	[CONF_PLEX] = "plex",
	[CONF_PORTAL] = "portal",
	[CONF_TARGET] = "target",
	[CONF_GROUP] = "group",
	[CONF_POOL] = "pool",
};

const VDS_OBJECT_TYPE conf_kind_types[CONF_KINDS] = {
	[CONF_PROVIDER] = VDS_OT_PROVIDER,     [CONF_SUBSYSTEM] = VDS_OT_SUB_SYSTEM,
	[CONF_CONTROLLER] = VDS_OT_CONTROLLER, [CONF_PORT] = VDS_OT_PORT,
	[CONF_DRIVE] = VDS_OT_DRIVE,           [CONF_LUN] = VDS_OT_LUN,
	[CONF_PLEX] = VDS_OT_LUN_PLEX,         [CONF_PORTAL] = VDS_OT_PORTAL,
	[CONF_TARGET] = VDS_OT_TARGET,         [CONF_GROUP] = VDS_OT_PORTAL_GROUP,
	[CONF_POOL] = VDS_OT_STORAGE_POOL,
};

/* ---- types of out-parameters ---- */

/* clang-format off */
#define VALUE(id, c_type) \
	static const struct conf_type type_##id = { #c_type, sizeof(c_type), CONF_OUT_VALUE, 0, 0, { 0 } }
#define STRUCT1(id, c_type, m) \
	static const struct conf_type type_##id = { #c_type, sizeof(c_type), CONF_OUT_VALUE, 0, 1, \
		{ offsetof(c_type, m) } }
#define STRUCT2(id, c_type, m, n) \
	static const struct conf_type type_##id = { #c_type, sizeof(c_type), CONF_OUT_VALUE, 0, 2, \
		{ offsetof(c_type, m), offsetof(c_type, n) } }
#define STRUCT3(id, c_type, m, n, o) \
	static const struct conf_type type_##id = { #c_type, sizeof(c_type), CONF_OUT_VALUE, 0, 3, \
		{ offsetof(c_type, m), offsetof(c_type, n), offsetof(c_type, o) } }
#define ARRAY(id, c_type) \
	static const struct conf_type type_##id = { #c_type " *", sizeof(void *), CONF_OUT_ARRAY, \
		sizeof(c_type), 0, { 0 } }

VALUE(ULONG, ULONG);
VALUE(LONG, LONG);
VALUE(ULONGLONG, ULONGLONG);
VALUE(HRESULT, HRESULT);
VALUE(GUID, GUID);
VALUE(TYPE, VDS_HWPROVIDER_TYPE);
VALUE(POLICY, VDS_LOADBALANCE_POLICY_ENUM);
VALUE(HINTS, VDS_HINTS);
VALUE(HINTS2, VDS_HINTS2);
VALUE(LUN_PLEX_PROP, VDS_LUN_PLEX_PROP);
VALUE(PORTAL_PROP, VDS_ISCSI_PORTAL_PROP);
VALUE(GROUP_PROP, VDS_ISCSI_PORTALGROUP_PROP);
STRUCT2(PROVIDER_PROP, VDS_PROVIDER_PROP, pwszName, pwszVersion);
STRUCT2(SUB_SYSTEM_PROP, VDS_SUB_SYSTEM_PROP, pwszFriendlyName, pwszIdentification);
STRUCT2(SUB_SYSTEM_PROP2, VDS_SUB_SYSTEM_PROP2, pwszFriendlyName, pwszIdentification);
STRUCT2(PORT_PROP, VDS_PORT_PROP, pwszFriendlyName, pwszIdentification);
STRUCT2(CONTROLLER_PROP, VDS_CONTROLLER_PROP, pwszFriendlyName, pwszIdentification);
STRUCT2(DRIVE_PROP, VDS_DRIVE_PROP, pwszFriendlyName, pwszIdentification);
STRUCT2(DRIVE_PROP2, VDS_DRIVE_PROP2, pwszFriendlyName, pwszIdentification);
STRUCT3(LUN_PROP, VDS_LUN_PROP, pwszFriendlyName, pwszIdentification, pwszUnmaskingList);
STRUCT2(TARGET_PROP, VDS_ISCSI_TARGET_PROP, pwszIscsiName, pwszFriendlyName);
STRUCT2(POOL_PROP, VDS_STORAGE_POOL_PROP, pwszName, pwszDescription);
STRUCT2(POOL_ATTRIBUTES, VDS_POOL_ATTRIBUTES, pwszIntendedUsage, pPoolCustomAttributes);
ARRAY(DRIVE_EXTENTS, VDS_DRIVE_EXTENT);
ARRAY(POOL_EXTENTS, VDS_STORAGE_POOL_DRIVE_EXTENT);
ARRAY(PATHS, VDS_PATH_INFO);
ARRAY(PATH_POLICIES, VDS_PATH_POLICY);
static const struct conf_type type_OBJECT = { "IUnknown *", sizeof(void *), CONF_OUT_OBJECT, 0, 0, { 0 } };
static const struct conf_type type_ASYNC = { "IVdsAsync *", sizeof(void *), CONF_OUT_ASYNC, 0, 0, { 0 } };
static const struct conf_type type_ENUM = { "IEnumVdsObject *", sizeof(void *), CONF_OUT_LIST, 0, 0, { 0 } };
static const struct conf_type type_STRINGS = { "LPWSTR *", sizeof(void *), CONF_OUT_STRINGS, sizeof(LPWSTR), 0, { 0 } };
static const struct conf_type type_ASYNC_OUTPUT = { "VDS_ASYNC_OUTPUT", sizeof(VDS_ASYNC_OUTPUT), CONF_OUT_RESULT, 0, 0, { 0 } };
static const struct conf_type type_LUN_INFORMATION = { "VDS_LUN_INFORMATION", sizeof(VDS_LUN_INFORMATION), CONF_OUT_IDENTITY, 0, 0, { 0 } };
/* clang-format on */

/* ---- the thunks and the table ---- */

#define NUL(n, pointer)         (a->null_in == (n) ? NULL : (pointer))
#define BAD(n, value, bad)      (a->bad_in == (n) ? (bad) : (value))
#define UNKNOWN(n, id, unknown) (a->unknown_in == (n) ? (unknown) : (id))

#define METHOD(interface_, method, kinds, flags, nulls, bads, ids, outs, arguments)   \
	static HRESULT call_##interface_##_##method(void *self_, struct conf_args *a, \
						    void *const *out)                 \
	{                                                                             \
		interface_ *self = self_;                                             \
		(void)a;                                                              \
		(void)out;                                                            \
		return interface_##_##method arguments;                               \
	}
#include "conformance/methods.def"
#undef METHOD

#define CONF_NOTHING 0
#define CONF_MAINTAINED                                                           \
	(CONF_BIT(CONF_CONTROLLER) | CONF_BIT(CONF_PORT) | CONF_BIT(CONF_DRIVE) | \
	 CONF_BIT(CONF_LUN))
#define KIND_MASK(kind)  (KINDS_##kind)
#define KINDS_ENUM       CONF_BIT(CONF_ENUM)
#define KINDS_ASYNC      CONF_BIT(CONF_ASYNC)
#define KINDS_SINK       CONF_BIT(CONF_SINK)
#define KINDS_SERVICE    CONF_BIT(CONF_SERVICE)
#define KINDS_PROVIDER   CONF_BIT(CONF_PROVIDER)
#define KINDS_SUBSYSTEM  CONF_BIT(CONF_SUBSYSTEM)
#define KINDS_CONTROLLER CONF_BIT(CONF_CONTROLLER)
#define KINDS_PORT       CONF_BIT(CONF_PORT)
#define KINDS_DRIVE      CONF_BIT(CONF_DRIVE)
#define KINDS_LUN        CONF_BIT(CONF_LUN)
#define KINDS_PLEX       CONF_BIT(CONF_PLEX)
#define KINDS_PORTAL     CONF_BIT(CONF_PORTAL)
#define KINDS_TARGET     CONF_BIT(CONF_TARGET)
#define KINDS_GROUP      CONF_BIT(CONF_GROUP)
#define KINDS_POOL       CONF_BIT(CONF_POOL)
#define KINDS_MAINTAINED (CONF_BIT(CONF_SUBSYSTEM) | CONF_MAINTAINED)

#define OUTS0        \
	0,           \
	{            \
		NULL \
	}
#define OUTS1(a)          \
	1,                \
	{                 \
		&type_##a \
	}
#define OUTS2(a, b)                  \
	2,                           \
	{                            \
		&type_##a, &type_##b \
	}
#define OUTS3(a, b, c)                          \
	3,                                      \
	{                                       \
		&type_##a, &type_##b, &type_##c \
	}

/* clang-format off */
#define METHOD(interface_, method, kinds_, flags_, nulls_, bads_, ids_, outs_, arguments) \
	{ #interface_, #method, &IID_##interface_, KINDS_##kinds_, CONF_##flags_, nulls_, bads_, ids_, \
	  METHOD_OUTS(outs_), call_##interface_##_##method },
#define METHOD_OUTS(...) __VA_ARGS__

const struct conf_method conf_methods[] = {
#include "conformance/methods.def"
};
/* clang-format on */

const unsigned conf_method_count = sizeof(conf_methods) / sizeof(conf_methods[0]);

const struct conf_method *
conf_method_find(const char *interface, const char *name)
{
	for (unsigned i = 0; i < conf_method_count; i++) {
		if (strcmp(conf_methods[i].interface, interface) == 0 &&
		    strcmp(conf_methods[i].name, name) == 0)
			return &conf_methods[i];
	}
	return NULL;
}

/* ---- calls ---- */

HRESULT
conf_call(const struct conf_method *method, void *self, struct conf_args *args, unsigned null_out,
	  struct conf_outs *ret_outs)
{
	void *out[CONF_OUTS_MAX] = { NULL };

	memset(ret_outs, CONF_POISON, sizeof(*ret_outs));
	for (unsigned i = 0; i < method->out_count; i++) {
		if (null_out != i + 1)
			out[i] = ret_outs->bytes[i];
	}
	return method->call(self, args, out);
}

bool
conf_out_is_poisoned(const struct conf_method *method, const struct conf_outs *outs, unsigned out)
{
	for (size_t i = 0; i < method->outs[out]->size_bytes; i++) {
		if (outs->bytes[out][i] != CONF_POISON)
			return false;
	}
	return true;
}

void *
conf_out_pointer(const struct conf_outs *outs, unsigned out)
{
	void *pointer;

	memcpy(&pointer, outs->bytes[out], sizeof(pointer));
	return pointer;
}

void
conf_identity_free(VDS_LUN_INFORMATION *info)
{
	VDS_STORAGE_DEVICE_ID_DESCRIPTOR *ids = &info->m_deviceIdDescriptor;

	CoTaskMemFree(info->m_szVendorId);
	CoTaskMemFree(info->m_szProductId);
	CoTaskMemFree(info->m_szProductRevision);
	CoTaskMemFree(info->m_szSerialNumber);
	for (ULONG i = 0; ids->m_rgIdentifiers != NULL && i < ids->m_cIdentifiers; i++)
		CoTaskMemFree(ids->m_rgIdentifiers[i].m_rgbIdentifier);
	CoTaskMemFree(ids->m_rgIdentifiers);
	for (ULONG i = 0; info->m_rgInterconnects != NULL && i < info->m_cInterconnects; i++) {
		CoTaskMemFree(info->m_rgInterconnects[i].m_pbPort);
		CoTaskMemFree(info->m_rgInterconnects[i].m_pbAddress);
	}
	CoTaskMemFree(info->m_rgInterconnects);
	memset(info, 0, sizeof(*info));
}

static void
result_free(VDS_ASYNC_OUTPUT *output)
{
	if (output->type != VDS_ASYNCOUT_CREATELUN && output->type != VDS_ASYNCOUT_CREATETARGET &&
	    output->type != VDS_ASYNCOUT_CREATEPORTALGROUP)
		return;
	if (output->cl.pLunUnk != NULL)
		IUnknown_Release(output->cl.pLunUnk);
}

static void
strings_free(LPWSTR *strings, const struct conf_outs *outs, unsigned out)
{
	LONG count = 0;

	if (out + 1 < CONF_OUTS_MAX)
		memcpy(&count, outs->bytes[out + 1], sizeof(count));
	for (LONG i = 0; strings != NULL && i < count; i++)
		CoTaskMemFree(strings[i]);
	CoTaskMemFree(strings);
}

static void
out_free(const struct conf_type *type, struct conf_outs *outs, unsigned out)
{
	unsigned char *bytes = outs->bytes[out];
	void *pointer = conf_out_pointer(outs, out);

	switch (type->kind) {
	case CONF_OUT_VALUE:
		for (unsigned i = 0; i < type->pointer_count; i++) {
			memcpy(&pointer, bytes + type->pointers[i], sizeof(pointer));
			CoTaskMemFree(pointer);
		}
		break;
	case CONF_OUT_OBJECT:
	case CONF_OUT_ASYNC:
	case CONF_OUT_LIST:
		if (pointer != NULL)
			IUnknown_Release((IUnknown *)pointer);
		break;
	case CONF_OUT_ARRAY:
		CoTaskMemFree(pointer);
		break;
	case CONF_OUT_STRINGS:
		strings_free(pointer, outs, out);
		break;
	case CONF_OUT_RESULT:
		result_free((VDS_ASYNC_OUTPUT *)(void *)bytes);
		break;
	case CONF_OUT_IDENTITY:
		conf_identity_free((VDS_LUN_INFORMATION *)(void *)bytes);
		break;
	}
}

void
conf_outs_free(const struct conf_method *method, struct conf_outs *outs)
{
	for (unsigned i = 0; i < method->out_count; i++) {
		if (!conf_out_is_poisoned(method, outs, i))
			out_free(method->outs[i], outs, i);
	}
}
