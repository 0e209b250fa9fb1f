/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A record of the audit log: who has asked for which change, and what became of it.  Plain values;
 * any thread.
 */
#ifndef VDS_MODEL_AUDIT_H
#define VDS_MODEL_AUDIT_H

#include <stdint.h>

#include "base/guid.h"
#include "model/principal.h"

struct audit_record {
	uint64_t number; /* counts records; a later one has a larger number */
	int64_t utc_ms;
	struct principal principal;
	const char *verb;      /* what was asked for: "lunExtend"; "" = vdsd itself */
	const char *cause;     /* the change that was made: "lun.extend"; "" = none */
	const char *object;    /* `lun "vol1"`; "" = it is not known */
	struct guid object_id; /* zero = it is not known */
	uint64_t sequence;     /* the sequence of the change; 0 = no row was changed */
	const char *outcome;   /* "OK", or the name of the error */
	const char *text;      /* what was done, or why not, for people */
	const char *changes;   /* JSON: the rows that were changed, each before and after */
};

#endif
