/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The characters that an iSCSI name may have: ASCII letters, digits, '-', '.' and ':'. Names are
 * compared in lower case (RFC 3722 §3-6). Private to src/model.  Pure functions, for any thread.
 */
#ifndef VDS_MODEL_NAME_INT_H
#define VDS_MODEL_NAME_INT_H

#include "model/state.h"

static inline char
name_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool
name_char_allowed(char c)
{
	c = name_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
}

#endif
