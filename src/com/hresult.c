/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Maps the codes of base/err.def and of errno to HRESULTs. No other file does. Any thread may call
 * it.
 */
#include "com/com.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"

static HRESULT
from_errno(int number)
{
	switch (number) {
	case ENOMEM:
		return E_OUTOFMEMORY;
	case EACCES:
	case EPERM:
		return VDS_E_ACCESS_DENIED;
	case ENOSPC:
#ifdef EDQUOT /* Windows has no quotas that fail with it */
	case EDQUOT:
#endif
		return VDS_E_NOT_ENOUGH_SPACE;
	case EINVAL:
		return E_INVALIDARG;
	case ETIMEDOUT:
		return VDS_E_PROVIDER_CACHE_CORRUPT;
	case EIO: /* of a store of the array */
	case ENODEV:
	case ENXIO:
	case EROFS:
		return VDS_E_OBJECT_STATUS_FAILED;
	default:
		return E_FAIL;
	}
}

/* The switch has no default, so a new code does not compile until its HRESULT is decided here. */
static HRESULT
from_err(enum err code)
{
	switch (code) {
	case ERR_OK:
		return S_OK;
	case ERR_INVALID:
		return E_INVALIDARG;
	case ERR_NOT_FOUND:
		return VDS_E_OBJECT_NOT_FOUND;
	case ERR_NAME_IN_USE:
		return VDS_E_NAME_NOT_UNIQUE;
	case ERR_NOT_SUPPORTED:
		return VDS_E_NOT_SUPPORTED;
	case ERR_NO_SPACE:
		return VDS_E_NOT_ENOUGH_SPACE;
	case ERR_BUSY:
		return VDS_E_ANOTHER_CALL_IN_PROGRESS;
	case ERR_IN_USE:
		return VDS_E_DEVICE_IN_USE;
	case ERR_LUNS_ASSOCIATED:
		return VDS_E_ASSOCIATED_LUNS_EXIST;
	case ERR_PORTALS_ASSOCIATED:
		return VDS_E_ASSOCIATED_PORTALS_EXIST;
	case ERR_FAILED:
	case ERR_INJECTED:
		return VDS_E_OBJECT_STATUS_FAILED;
	case ERR_OFFLINE:
		return VDS_E_INVALID_OPERATION;
	case ERR_LIMIT:
		return VDS_E_NOT_SUPPORTED; /* the array does not offer so many */
	case ERR_READ_ONLY:
		return VDS_E_OBJECT_STATUS_FAILED; /* the array, until vdsd can write its catalog */
	case ERR_CANCELLED:
		return VDS_E_OPERATION_CANCELED;
	case ERR_TOO_LATE:
		return VDS_E_CANCEL_TOO_LATE;
	case ERR_GONE:
	case ERR_CACHE_CORRUPT:
		return VDS_E_PROVIDER_CACHE_CORRUPT;
	case ERR_CORRUPT:
		return VDS_E_OBJECT_STATUS_FAILED; /* data that the array has stored is damaged */
	case ERR_VERSION:
		return VDS_E_PROVIDER_CACHE_CORRUPT; /* what the array sends cannot be kept */
	case ERR_LOCKED:
		return HRESULT_FROM_WIN32(ERROR_BUSY);
	case ERR_ACCESS:
		return VDS_E_ACCESS_DENIED;
	case ERR_PARSE:
		return E_INVALIDARG;
	/* The reference: "provider cache damaged or array unreachable". */
	case ERR_PROTOCOL: /* what the array says makes no sense, so it is as if it said nothing */
	case ERR_TIMEOUT:  /* VDS documents VDS_E_TIMEOUT for no method of a provider */
	case ERR_UNREACHABLE:
	case ERR_UNTRUSTED:
	case ERR_CLOSED:
		return VDS_E_PROVIDER_CACHE_CORRUPT;
	case ERR_INTERNAL:
		return E_UNEXPECTED;
	case ERR_FIRST_:
	case ERR_END_:
		break;
	}
	return E_UNEXPECTED;
}

HRESULT
com_hresult(int code)
{
	if (code >= 0)
		return S_OK;
	if (code > ERR_FIRST_ && code < ERR_END_)
		return from_err((enum err)code);
	return from_errno(-code);
}

HRESULT
com_error(int code)
{
	if (code ==
	    -ENOMEM) /* where memory ends nobody keeps a text, so this would be an older one */
		err_clear();
	if (code < 0)
		com_message_set(err_text(code));
	return com_hresult(code);
}

HRESULT
com_fail(HRESULT hr, const char *text)
{
	com_message_set(text);
	return hr;
}

HRESULT
com_out(void *pointer, size_t size_bytes, const char *name)
{
	char text[80];

	com_begin();
	if (pointer != NULL) {
		memset(pointer, 0, size_bytes);
		return S_OK;
	}
	snprintf(text, sizeof(text), "%s is NULL", name);
	return com_fail(E_INVALIDARG, text);
}

HRESULT
com_not_implemented(const char *method, _Atomic bool *said)
{
	if (!atomic_exchange_explicit(said, true, memory_order_relaxed))
		log_info("com.not_implemented", "method=%s", method);
	return com_fail(E_NOTIMPL, method);
}
