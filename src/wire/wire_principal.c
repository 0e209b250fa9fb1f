/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who made a change, as the member `principal` of the change's event.  Any thread. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "wire/wire_int.h"

static const char *
kind_name(enum principal_kind kind)
{
	switch (kind) {
	case PRINCIPAL_UNIX:
		return "unix";
	case PRINCIPAL_TCP:
		return "tcp";
	case PRINCIPAL_TLS:
		return "tls";
	case PRINCIPAL_CERTIFICATE:
		return "certificate";
	case PRINCIPAL_TOKEN:
		return "token";
	case PRINCIPAL_SYSTEM:
	case PRINCIPAL_OTHER:
	case PRINCIPAL_COUNT:
		break;
	}
	return "other";
}

json_t *
wire_principal_encode(const struct principal *principal)
{
	AUTO_JSON json_t *json = json_pack("{s:s, s:s}", "kind", kind_name(principal->kind), "role",
					   principal_role_name(principal->role));
	int rc = json != NULL ? 0 : -1;

	if (rc == 0 && principal->kind == PRINCIPAL_UNIX)
		rc = json_object_set_new(json, "uid", json_integer(principal->uid));
	if (rc == 0 && principal->name[0] != '\0')
		rc = json_object_set_new(json, "name", json_string(principal->name));
	if (rc == 0 && principal->from[0] != '\0')
		rc = json_object_set_new(json, "from", json_string(principal->from));
	return rc == 0 ? TAKE(json) : NULL;
}

/* Copies a text; what is missing, or no text, is "".  A longer one is cut. */
static void
text_get(const json_t *object, const char *member, char *buf, size_t size)
{
	const char *text = wire_text(json_object_get(object, member));

	snprintf(buf, size, "%s", text != NULL ? text : "");
}

bool
wire_principal_decode(const json_t *json, struct principal *ret_principal)
{
	const char *kind = wire_text(json_object_get(json, "kind"));
	const char *role = wire_text(json_object_get(json, "role"));
	const json_t *uid = json_object_get(json, "uid");
	struct principal p = { .kind = PRINCIPAL_OTHER };

	if (kind == NULL)
		return false;
	for (int k = PRINCIPAL_UNIX; k < PRINCIPAL_COUNT; k++)
		if (strcmp(kind, kind_name(k)) == 0)
			p.kind = k;
	if (role != NULL)
		p.role = principal_role_parse(role);
	if (json_is_integer(uid) && json_integer_value(uid) >= 0 &&
	    json_integer_value(uid) <= UINT32_MAX)
		p.uid = (uint32_t)json_integer_value(uid);
	text_get(json, "name", p.name, sizeof(p.name));
	text_get(json, "from", p.from, sizeof(p.from));
	*ret_principal = p;
	return true;
}
