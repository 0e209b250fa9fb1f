/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints principals and the names of roles as text. Any thread. */
#include "model/principal.h"

#include <stdio.h>
#include <string.h>

const char *
principal_role_name(enum principal_role role)
{
	switch (role) {
	case ROLE_READER:
		return "reader";
	case ROLE_OPERATOR:
		return "operator";
	case ROLE_ADMIN:
		return "admin";
	case ROLE_NONE:
	case ROLE_COUNT:
		break;
	}
	return "none";
}

enum principal_role
principal_role_parse(const char *name)
{
	for (int role = ROLE_READER; role < ROLE_COUNT; role++)
		if (strcmp(name, principal_role_name(role)) == 0)
			return role;
	return ROLE_NONE;
}

const char *
principal_format(const struct principal *principal, char buf[PRINCIPAL_TEXT_SIZE])
{
	enum principal_kind kind = principal != NULL ? principal->kind : PRINCIPAL_SYSTEM;

	switch (kind) {
	case PRINCIPAL_UNIX:
		if (principal->name[0] != '\0')
			snprintf(buf, PRINCIPAL_TEXT_SIZE, "%s (uid %u)", principal->name,
				 principal->uid);
		else
			snprintf(buf, PRINCIPAL_TEXT_SIZE, "uid %u", principal->uid);
		return buf;
	case PRINCIPAL_TCP:
	case PRINCIPAL_TLS:
		snprintf(buf, PRINCIPAL_TEXT_SIZE, "%s", principal->from);
		return buf;
	case PRINCIPAL_CERTIFICATE:
		snprintf(buf, PRINCIPAL_TEXT_SIZE, "%s (certificate)", principal->name);
		return buf;
	case PRINCIPAL_TOKEN:
		snprintf(buf, PRINCIPAL_TEXT_SIZE, "token %s (%s)", principal->name,
			 principal->from);
		return buf;
	case PRINCIPAL_OTHER:
		snprintf(buf, PRINCIPAL_TEXT_SIZE, "%s",
			 principal->name[0] != '\0' ? principal->name : "somebody");
		return buf;
	case PRINCIPAL_SYSTEM:
	case PRINCIPAL_COUNT:
		break;
	}
	snprintf(buf, PRINCIPAL_TEXT_SIZE, "vdsd");
	return buf;
}
