/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands of com_driver that hold the IVdsAsync of an operation, so that a test can ask it while
 * other things happen.
 */
#include "com_driver.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 16

static IVdsAsync *operations[SLOTS];

static IVdsAsync **
slot_of(const char *text)
{
	unsigned long slot = strtoul(text, NULL, 10);

	return slot < SLOTS ? &operations[slot] : NULL;
}

static HRESULT
begin_create(char **argv, IVdsAsync **async)
{
	WCHAR nobody[] = { 0 };
	IVdsSubSystem *subsystem;
	VDS_HINTS hints;
	HRESULT hr = com_subsystem_get(&IID_IVdsSubSystem, (void **)&subsystem);

	if (FAILED(hr))
		return hr;
	memset(&hints, 0, sizeof(hints));
	hints.ullHintMask = VDS_HINT_OPTIMIZEFORSEQUENTIALWRITES; /* a thick LUN: a job makes it */
	hints.bOptimizeForSequentialWrites = TRUE;
	hr = IVdsSubSystem_CreateLun(subsystem, VDS_LT_DEFAULT, strtoull(argv[3], NULL, 10), NULL,
				     0, nobody, &hints, async);
	IVdsSubSystem_Release(subsystem);
	return hr;
}

static HRESULT
begin_resize(char **argv, IVdsAsync **async)
{
	ULONGLONG bytes = strtoull(argv[4], NULL, 10);
	IVdsLun *lun;
	HRESULT hr = com_object_get(argv[3], VDS_OT_LUN, &IID_IVdsLun, (void **)&lun);

	if (FAILED(hr))
		return hr;
	if (strcmp(argv[2], "extend") == 0)
		hr = IVdsLun_Extend(lun, bytes, NULL, 0, async);
	else
		hr = IVdsLun_Shrink(lun, bytes, async);
	IVdsLun_Release(lun);
	return hr;
}

static HRESULT
on_begin(int argc, char **argv)
{
	IVdsAsync **slot = slot_of(argv[1]);

	if (slot == NULL || *slot != NULL)
		return E_INVALIDARG;
	if (strcmp(argv[2], "create") == 0)
		return begin_create(argv, slot);
	return argc > 4 ? begin_resize(argv, slot) : E_INVALIDARG;
}

static HRESULT
on_status(int argc, char **argv)
{
	IVdsAsync **slot = slot_of(argv[1]);
	HRESULT result = E_UNEXPECTED, hr;
	ULONG percent = 12345;

	(void)argc;
	if (slot == NULL || *slot == NULL)
		return E_INVALIDARG;
	hr = IVdsAsync_QueryStatus(*slot, &result, &percent);
	com_say(" %s %u", VdsErrorText(result), (unsigned)percent);
	return hr;
}

static HRESULT
on_wait(int argc, char **argv)
{
	IVdsAsync **slot = slot_of(argv[1]);
	HRESULT result = E_UNEXPECTED, hr;
	VDS_ASYNC_OUTPUT out;
	GUID id;

	(void)argc;
	if (slot == NULL || *slot == NULL)
		return E_INVALIDARG;
	memset(&out, 0, sizeof(out));
	hr = IVdsAsync_Wait(*slot, &result, &out);
	com_say(" %s", VdsErrorText(result));
	if (SUCCEEDED(hr) && out.type == VDS_ASYNCOUT_CREATELUN && out.cl.pLunUnk != NULL) {
		if (SUCCEEDED(com_id_of(out.cl.pLunUnk, &id)))
			com_say_guid(&id);
		IUnknown_Release(out.cl.pLunUnk);
	}
	return hr;
}

static HRESULT
on_cancel(int argc, char **argv)
{
	IVdsAsync **slot = slot_of(argv[1]);

	(void)argc;
	return slot != NULL && *slot != NULL ? IVdsAsync_Cancel(*slot) : E_INVALIDARG;
}

static HRESULT
on_forget(int argc, char **argv)
{
	IVdsAsync **slot = slot_of(argv[1]);

	(void)argc;
	if (slot == NULL || *slot == NULL)
		return E_INVALIDARG;
	IVdsAsync_Release(*slot);
	*slot = NULL;
	return S_OK;
}

void
com_operations_release(void)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (operations[i] != NULL)
			IVdsAsync_Release(operations[i]);
}

/* clang-format off */
const struct com_command com_operation_commands[] = {
	{ "begin",	3, on_begin },	/* SLOT create BYTES, SLOT extend|shrink LUN BYTES */
	{ "status",	1, on_status },	/* SLOT -> *pHrResult percent */
	{ "wait",	1, on_wait },	/* SLOT -> *pHrResult, the id of what was made */
	{ "cancel",	1, on_cancel },	/* SLOT */
	{ "forget",	1, on_forget },	/* SLOT: releases the IVdsAsync */
	{ NULL,		0, NULL },
};
/* clang-format on */
