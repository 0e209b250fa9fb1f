/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Maps each error to its HTTP status (RFC 9110 §15).  Several codes share a status, so programs
 * decide by the code in the error object.  Any thread.
 */
#include <errno.h>

#include "base/err.h"
#include "http/http_int.h"

static unsigned
errno_status(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
		return 507;
	case EACCES:
	case EPERM:
		return 403;
	case EINVAL:
	case ENAMETOOLONG:
		return 400;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case ENOENT: /* what the array needs has vanished: a path in a request is ERR_INVALID */
	case ENOTDIR:
	case ESTALE:
		return 503;
	default:
		return 500;
	}
}

unsigned
http_status(int code)
{
	if (code < 0 && code > -4096)
		return errno_status(-code);
	switch ((enum err)code) {
	case ERR_OK:
		return 200;
	case ERR_INVALID:
	case ERR_PARSE:
	case ERR_PROTOCOL:
		return 400;
	case ERR_ACCESS:
		return 403;
	case ERR_NOT_FOUND:
		return 404;
	case ERR_NAME_IN_USE:
	case ERR_BUSY:
	case ERR_IN_USE:
	case ERR_LUNS_ASSOCIATED:
	case ERR_PORTALS_ASSOCIATED:
	case ERR_OFFLINE:
	case ERR_LIMIT:
	case ERR_CANCELLED:
	case ERR_TOO_LATE:
		return 409;
	case ERR_GONE:
		return 410;
	case ERR_LOCKED:
		return 423;
	case ERR_NOT_SUPPORTED:
		return 501;
	case ERR_UNREACHABLE:
	case ERR_UNTRUSTED:
		return 502;
	case ERR_READ_ONLY:
	case ERR_CLOSED:
	case ERR_FAILED:
	case ERR_INJECTED:
		return 503;
	case ERR_TIMEOUT:
		return 504;
	case ERR_NO_SPACE:
		return 507;
	case ERR_FIRST_:
	case ERR_CACHE_CORRUPT:
	case ERR_CORRUPT:
	case ERR_VERSION:
	case ERR_INTERNAL:
	case ERR_END_:
		break;
	}
	return 500;
}
