/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the objects of providers come from on Windows, where COM finds their code by their class.
 * Called by a provider's own thread.
 *
 * A provider that has a server of its own, or a surrogate (DllSurrogate), is run there, so that it
 * does to another process whatever it does; one without is loaded into this process.  Our own
 * provider is loaded into this process.
 */
#include "service/plugin_int.h"

#include <vds/libvds.h>

#include <stdio.h>

static HRESULT
cannot_activate(HRESULT hr)
{
	char text[96];

	snprintf(text, sizeof(text), "COM cannot activate the provider's class: 0x%08lx",
		 (unsigned long)hr);
	return com_fail(hr == E_OUTOFMEMORY ? hr : VDS_E_PROVIDER_INITIALIZATION_FAILED, text);
}

/* Returns the class factory of a provider. */
static HRESULT
get_factory(const GUID *class, IClassFactory **ret_factory)
{
	HRESULT hr = REGDB_E_CLASSNOTREG;

	*ret_factory = NULL;
	if (!IsEqualCLSID(class, &CLSID_VdsHwProvider))
		hr = CoGetClassObject(class, CLSCTX_LOCAL_SERVER, NULL, &IID_IClassFactory,
				      (void **)ret_factory);
	if (hr == REGDB_E_CLASSNOTREG) /* a server that fails is not tried in this process */
		hr = CoGetClassObject(class, CLSCTX_INPROC_SERVER, NULL, &IID_IClassFactory,
				      (void **)ret_factory);
	if (FAILED(hr)) {
		*ret_factory = NULL;
		return cannot_activate(hr);
	}
	return *ret_factory != NULL
		       ? S_OK
		       : com_fail(E_UNEXPECTED, "the class object is NULL although COM succeeded");
}

HRESULT
service_plugin_object(const struct service_registration *registration,
		      const struct service_limits *limits, void (*gone)(void *arg), void *arg,
		      struct service_isolate **ret_isolate, IUnknown **ret_object)
{
	IClassFactory *factory;
	HRESULT hr = get_factory(&registration->clsid, &factory);

	(void)limits; /* nothing of the provider's runs before its process is there */
	(void)gone;
	(void)arg;
	*ret_isolate = NULL;
	*ret_object = NULL;
	if (FAILED(hr))
		return hr;
	hr = IClassFactory_CreateInstance(factory, NULL, &IID_IUnknown, (void **)ret_object);
	IClassFactory_Release(factory);
	if (SUCCEEDED(hr) && *ret_object == NULL)
		return com_fail(E_UNEXPECTED, "CreateInstance succeeded without an object");
	if (FAILED(hr))
		*ret_object = NULL;
	return hr;
}

/* COM starts and ends the processes of providers, and its proxies have deadlines of their own. */

void
service_isolate_end(struct service_isolate *isolate)
{
	(void)isolate;
}

void
service_isolate_kill(struct service_isolate *isolate)
{
	(void)isolate;
}

void
service_isolate_unref(struct service_isolate *isolate)
{
	(void)isolate;
}

void
service_isolate_limit_thread(uint64_t deadline_ns)
{
	(void)deadline_ns;
}

HRESULT
service_plugin_caller(const void *address, char **ret_library)
{
	(void)address;
	*ret_library = NULL;
	return S_OK;
}
