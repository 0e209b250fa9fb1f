/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cases that need no knowledge of a method but its row in the table: valid calls, whose answers
 * two providers must agree on; NULL pointers; values outside their types; ids that name nothing.
 * Main thread.
 */
#include "conformance/conf_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- what an out-parameter holds ---- */

/* Returns true when a call that succeeded has set an out-parameter. */
static bool
is_set(const struct conf_method *method, const struct conf_outs *outs, unsigned out, HRESULT hr)
{
	const struct conf_type *type = method->outs[out];
	void *poison;

	memset(&poison, CONF_POISON, sizeof(poison));
	if (conf_out_is_poisoned(method, outs, out))
		return false;
	if (type->kind == CONF_OUT_OBJECT || type->kind == CONF_OUT_ASYNC ||
	    type->kind == CONF_OUT_LIST)
		return hr != S_OK || conf_out_pointer(outs, out) != NULL;
	for (unsigned i = 0; i < type->pointer_count; i++) {
		if (memcmp(outs->bytes[out] + type->pointers[i], &poison, sizeof(poison)) == 0)
			return false;
	}
	return true;
}

/* Returns true when a call that failed has left no pointer behind that a caller could use. */
static bool
is_cleared(const struct conf_method *method, const struct conf_outs *outs, unsigned out)
{
	switch (method->outs[out]->kind) {
	case CONF_OUT_OBJECT:
	case CONF_OUT_ASYNC:
	case CONF_OUT_LIST:
	case CONF_OUT_ARRAY:
	case CONF_OUT_STRINGS:
		return conf_out_pointer(outs, out) == NULL;
	case CONF_OUT_VALUE:
	case CONF_OUT_RESULT:
	case CONF_OUT_IDENTITY:
		break;
	}
	/* A structure that is not touched is as good as one that is cleared. */
	return true;
}

static bool
all_cleared(const struct conf_method *method, const struct conf_outs *outs, unsigned but)
{
	for (unsigned i = 0; i < method->out_count; i++) {
		if (i + 1 != but && !is_cleared(method, outs, i))
			return false;
	}
	return true;
}

/* ---- the same answers from two providers ---- */

static bool
same_string(const WCHAR *a, const WCHAR *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	while (*a != 0 && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Compares two structures: their strings, and then the rest with the pointers blanked. */
static bool
same_value(const struct conf_type *type, unsigned char *a, unsigned char *b)
{
	static unsigned char copy_a[CONF_OUT_BYTES], copy_b[CONF_OUT_BYTES];

	memcpy(copy_a, a, type->size_bytes);
	memcpy(copy_b, b, type->size_bytes);
	for (unsigned i = 0; i < type->pointer_count; i++) {
		WCHAR *string_a, *string_b;

		memcpy(&string_a, a + type->pointers[i], sizeof(string_a));
		memcpy(&string_b, b + type->pointers[i], sizeof(string_b));
		if (!same_string(string_a, string_b))
			return false;
		memset(copy_a + type->pointers[i], 0, sizeof(string_a));
		memset(copy_b + type->pointers[i], 0, sizeof(string_b));
	}
	return memcmp(copy_a, copy_b, type->size_bytes) == 0;
}

static bool
same_list(IEnumVdsObject *a, IEnumVdsObject *b)
{
	static GUID ids_a[1024], ids_b[1024];
	unsigned count_a, count_b;

	if (a == NULL || b == NULL)
		return false;
	IEnumVdsObject_Reset(a);
	IEnumVdsObject_Reset(b);
	count_a = conf_list_ids(a, ids_a, 1024);
	count_b = conf_list_ids(b, ids_b, 1024);
	return count_a == count_b && memcmp(ids_a, ids_b, count_a * sizeof(GUID)) == 0;
}

static bool
same_object(IUnknown *a, IUnknown *b)
{
	enum conf_kind kind = conf_kind_of(a);
	GUID id_a, id_b;

	return kind != CONF_KINDS && kind == conf_kind_of(b) && conf_id(a, kind, &id_a) &&
	       conf_id(b, kind, &id_b) && IsEqualGUID(&id_a, &id_b);
}

static bool
same_identity(const VDS_LUN_INFORMATION *a, const VDS_LUN_INFORMATION *b)
{
	const VDS_STORAGE_DEVICE_ID_DESCRIPTOR *ids_a = &a->m_deviceIdDescriptor;
	const VDS_STORAGE_DEVICE_ID_DESCRIPTOR *ids_b = &b->m_deviceIdDescriptor;

	if (a->m_version != b->m_version || ids_a->m_cIdentifiers != ids_b->m_cIdentifiers ||
	    (a->m_szSerialNumber == NULL) != (b->m_szSerialNumber == NULL))
		return false;
	if (a->m_szSerialNumber != NULL &&
	    strcmp((char *)a->m_szSerialNumber, (char *)b->m_szSerialNumber) != 0)
		return false;
	for (ULONG i = 0; i < ids_a->m_cIdentifiers; i++) {
		const VDS_STORAGE_IDENTIFIER *x = &ids_a->m_rgIdentifiers[i];
		const VDS_STORAGE_IDENTIFIER *y = &ids_b->m_rgIdentifiers[i];

		if (x->m_Type != y->m_Type || x->m_cbIdentifier != y->m_cbIdentifier ||
		    memcmp(x->m_rgbIdentifier, y->m_rgbIdentifier, x->m_cbIdentifier) != 0)
			return false;
	}
	return true;
}

static bool
same_out(const struct conf_type *type, struct conf_outs *a, struct conf_outs *b, unsigned out)
{
	switch (type->kind) {
	case CONF_OUT_VALUE:
		return same_value(type, a->bytes[out], b->bytes[out]);
	case CONF_OUT_LIST:
		return same_list(conf_out_pointer(a, out), conf_out_pointer(b, out));
	case CONF_OUT_OBJECT:
		return same_object(conf_out_pointer(a, out), conf_out_pointer(b, out));
	case CONF_OUT_IDENTITY:
		return same_identity((VDS_LUN_INFORMATION *)(void *)a->bytes[out],
				     (VDS_LUN_INFORMATION *)(void *)b->bytes[out]);
	case CONF_OUT_ARRAY:
	case CONF_OUT_STRINGS:
	case CONF_OUT_ASYNC:
	case CONF_OUT_RESULT:
		break;
	}
	return true;
}

struct pair {
	const struct conf_method *method;
	void *one, *two;
	struct conf_args *args;
};

/* Returns true when both providers give the same answer. */
static bool
agree(void *arg)
{
	struct pair *pair = arg;
	const struct conf_method *method = pair->method;
	static struct conf_outs a, b;
	HRESULT hr_a = conf_record(method, conf_call(method, pair->one, pair->args, 0, &a));
	HRESULT hr_b = conf_record(method, conf_call(method, pair->two, pair->args, 0, &b));
	bool same = hr_a == hr_b;

	for (unsigned i = 0; i < method->out_count && same && SUCCEEDED(hr_a); i++)
		same = same_out(method->outs[i], &a, &b, i);
	if (SUCCEEDED(hr_a))
		conf_outs_free(method, &a);
	if (SUCCEEDED(hr_b))
		conf_outs_free(method, &b);
	return same;
}

static void
try_agreement(struct conf_world *world, const struct conf_method *method, enum conf_kind kind,
	      void *self)
{
	IUnknown *twin = conf_twin(world, &world->two, kind);
	struct pair pair = { method, self, conf_query(twin, method->iid), &world->args };
	bool ok = pair.two != NULL && conf_eventually(agree, &pair);

	conf_ok(ok, "two providers agree on %s::%s of the %s", method->interface, method->name,
		conf_kind_names[kind]);
	conf_cell(method, ok);
	if (pair.two != NULL)
		CONF_RELEASE(pair.two);
	if (twin != NULL)
		CONF_RELEASE(twin);
}

/* ---- valid calls ---- */

/* Returns false when an enumerator that was returned has an object twice. */
static bool
has_each_once(const struct conf_method *method, struct conf_outs *outs)
{
	static GUID ids[1024];
	IEnumVdsObject *list;
	unsigned count;

	if (method->out_count == 0 || method->outs[0]->kind != CONF_OUT_LIST ||
	    strcmp(method->interface, "IEnumVdsObject") == 0)
		return true;
	list = conf_out_pointer(outs, 0);
	count = list != NULL ? conf_list_ids(list, ids, 1024) : 0;
	for (unsigned i = 1; i < count; i++) {
		if (IsEqualGUID(&ids[i - 1], &ids[i])) {
			conf_note("an object comes twice");
			return false;
		}
	}
	return true;
}

static void
try_sound(struct conf_world *world, const struct conf_method *method, enum conf_kind kind,
	  void *self)
{
	struct conf_outs outs;
	HRESULT hr = conf_record(method, conf_call(method, self, &world->args, 0, &outs));
	bool ok = conf_is_documented(method, hr);

	for (unsigned i = 0; i < method->out_count; i++) {
		if (SUCCEEDED(hr) ? !is_set(method, &outs, i, hr) : !is_cleared(method, &outs, i)) {
			conf_note("out-parameter %u of %s::%s after %s", i + 1, method->interface,
				  method->name, conf_code(hr));
			ok = false;
		}
	}
	if (SUCCEEDED(hr) && !has_each_once(method, &outs))
		ok = false;
	if (hr == E_INVALIDARG || hr == E_POINTER || hr == VDS_E_OBJECT_DELETED ||
	    hr == VDS_E_INITIALIZE_NOT_CALLED || hr == VDS_E_PROVIDER_CACHE_CORRUPT)
		ok = false; /* the arguments are valid, and the object and its provider are sound */
	if (!conf_ok(ok, "%s::%s of the %s", method->interface, method->name,
		     conf_kind_names[kind]))
		conf_note("it returned %s", conf_code(hr));
	conf_cell(method, ok);
	if (SUCCEEDED(hr)) {
		conf_undo(method, &outs);
		conf_outs_free(method, &outs);
	}
	if (SUCCEEDED(hr) && (method->flags & (CONF_CHANGES | CONF_VOLATILE)) == 0 &&
	    conf_kind_types[kind] != VDS_OT_UNKNOWN)
		try_agreement(world, method, kind, self);
}

/* ---- NULL and wrong arguments ---- */

static bool
is_refusal(HRESULT hr)
{
	return hr == E_INVALIDARG || hr == E_POINTER;
}

static void
try_null_out(struct conf_world *world, const struct conf_method *method, void *self, unsigned out)
{
	struct conf_outs outs;
	HRESULT hr = conf_call(method, self, &world->args, out, &outs);
	/* Many implementations of Next need no count when one element is asked for. */
	bool optional = strcmp(method->name, "Next") == 0 && out == 2;
	bool ok = is_refusal(hr) || (method->flags & CONF_REFUSED) != 0 || (optional && hr == S_OK);

	/* The IDL wants every out-parameter, so a proxy does not ask the provider. */
	if (conf_options.remote)
		ok = conf_is_proxy_refusal(hr);
	/* Wine's reads the length of the array there, and refuses with what comes of that. */
	if (conf_options.remote && optional)
		ok = FAILED(hr);
	else
		conf_record(method, hr);
	if (ok && FAILED(hr) && !optional)
		ok = all_cleared(method, &outs, out);
	if (!conf_ok(ok, "%s::%s refuses NULL as out-parameter %u", method->interface, method->name,
		     out))
		conf_note("it returned %s", conf_code(hr));
	conf_cell(method, ok);
	if (SUCCEEDED(hr))
		conf_outs_free(method, &outs);
}

/* Tries one wrong argument: the method refuses it and clears its out-parameters. */
static void
try_wrong(struct conf_world *world, const struct conf_method *method, void *self, const char *what,
	  unsigned *which, unsigned n)
{
	struct conf_outs outs;
	bool is_id = which == &world->args.unknown_in, ok;
	HRESULT hr;

	*which = n;
	hr = conf_record(method, conf_call(method, self, &world->args, 0, &outs));
	*which = 0;
	if (conf_options.remote && !is_id && conf_is_proxy_refusal(hr))
		ok = true;
	else if (is_id) /* where the array cannot do it at all, no id is looked up */
		ok = hr == VDS_E_OBJECT_NOT_FOUND || hr == VDS_E_NOT_SUPPORTED ||
		     hr == E_INVALIDARG;
	else
		ok = is_refusal(hr);
	if (ok)
		ok = all_cleared(method, &outs, 0);
	if (!conf_ok(ok, "%s::%s refuses %s %u", method->interface, method->name, what, n))
		conf_note("it returned %s", conf_code(hr));
	conf_cell(method, ok);
	if (SUCCEEDED(hr)) {
		conf_undo(method, &outs);
		conf_outs_free(method, &outs);
	}
}

/* ---- the walk ---- */

static void
try_method(struct conf_world *world, const struct conf_method *method, enum conf_kind kind,
	   void *self)
{
	const char *null = "NULL as pointer", *bad = "a value outside its type as argument",
		   *unknown = "an id that names nothing as id";

	if (conf_family_begin(CONF_NULLS)) {
		void *other = conf_retired(world, method, kind);

		for (unsigned i = 1; i <= method->out_count; i++)
			try_null_out(world, method, other != NULL ? other : self, i);
		if (other != NULL)
			CONF_RELEASE(other);
		for (unsigned i = 1; i <= method->nulls; i++)
			try_wrong(world, method, self, null, &world->args.null_in, i);
	}
	if (conf_family_begin(CONF_TYPES)) {
		for (unsigned i = 1; i <= method->bads; i++)
			try_wrong(world, method, self, bad, &world->args.bad_in, i);
		for (unsigned i = 1; i <= method->ids; i++)
			try_wrong(world, method, self, unknown, &world->args.unknown_in, i);
	}
	if ((method->flags & (CONF_DESTROYS | CONF_LOADS)) == 0 && conf_family_begin(CONF_SOUND))
		try_sound(world, method, kind, self);
}

/* What a provider need not have: the sink's and the service's interfaces, and those of others. */
static bool
is_expected(const struct conf_world *world, const struct conf_method *method)
{
	static const struct {
		const char *interface;
		ULONG versions; /* from which on a provider has it; 0 = it is optional */
	} table[] = {
		{ "IVdsSubSystem2", VDS_VSF_3_0 },
		{ "IVdsLun2", VDS_VSF_3_0 },
		{ "IVdsDrive2", VDS_VSF_3_0 },
		{ "IVdsHwProviderStoragePools", VDS_VSF_3_0 },
		{ "IVdsStoragePool", VDS_VSF_3_0 },
		{ "IVdsAdmin", 0 },
		{ "IVdsAdviseSink", 0 },
		{ "IVdsHwProviderPrivateMpio", 0 },
		{ "IVdsHwProviderType2", 0 },
		{ "IVdsLunMpio", 0 },
		{ "IVdsLunControllerPorts", 0 },
		{ "IVdsLunPlex", 0 },
	};

	/* The service keeps these to itself. */
	if (world->one.service != NULL && strstr(method->interface, "ProviderPrivate") != NULL)
		return false;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].interface, method->interface) == 0)
			return table[i].versions != 0 && (world->versions & table[i].versions) != 0;
	}
	return true;
}

void
conf_cases_calls(struct conf_world *world)
{
	for (unsigned i = 0; i < conf_method_count; i++) {
		const struct conf_method *method = &conf_methods[i];
		unsigned found = 0;

		for (unsigned kind = 0; kind < CONF_KINDS; kind++) {
			void *self = NULL;

			if ((method->kinds & CONF_BIT(kind)) != 0)
				self = conf_query(world->objects[kind], method->iid);
			if (self == NULL)
				continue;
			found++;
			try_method(world, method, (enum conf_kind)kind, self);
			CONF_RELEASE(self);
		}
		if (found == 0 && is_expected(world, method) && conf_family_begin(CONF_SOUND))
			conf_skip("no object has the interface", "%s::%s", method->interface,
				  method->name);
	}
}
