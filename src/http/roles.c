/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Roles: what the keys admin, operator and reader of vdsd.conf give to the users and groups of this
 * host and to the holders of clients' certificates, and http-trust to programs that come over
 * loopback TCP without a token.  root and the user as whom vdsd runs are always admins, so that
 * nobody can lock himself out.  While no key is given, everybody who may open the unix socket is an
 * admin: its mode 0660 and its group decide.
 *
 * http_roles_set is called by the main thread; the threads of connections look roles up.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"

#define NAME_BYTES   256
#define LOOKUP_BYTES 65536 /* a group may have many members */

#define CERTIFICATE "cert:"

enum grant_kind { GRANT_ALL, GRANT_USER, GRANT_GROUP, GRANT_CERTIFICATE };

struct http_grant {
	enum grant_kind kind;
	enum principal_role role;
	uint32_t id;                    /* of the user or the group */
	char name[PRINCIPAL_NAME_SIZE]; /* in the certificate; "*" = any */
};

/* ---- reading ---- */

/* Finds the number of a user or, after '%', of a group.  Returns 0 or ERR_INVALID with a text. */
static int
name_find(const char *key, const char *name, struct http_grant *grant)
{
	AUTO_FREE char *bytes = mem_alloc(LOOKUP_BYTES);
	bool group = name[0] == '%';
	struct passwd user, *found_user = NULL;
	struct group entry, *found_group = NULL;
	uint64_t number;

	name += group;
	grant->kind = group ? GRANT_GROUP : GRANT_USER;
	if (bytes == NULL)
		return -ENOMEM;
	if (group)
		(void)getgrnam_r(name, &entry, bytes, LOOKUP_BYTES, &found_group);
	else
		(void)getpwnam_r(name, &user, bytes, LOOKUP_BYTES, &found_user);
	if (found_group != NULL)
		grant->id = found_group->gr_gid;
	else if (found_user != NULL)
		grant->id = found_user->pw_uid;
	else if (str_parse_u64(name, &number) == 0 && number < UINT32_MAX)
		grant->id = (uint32_t)number;
	else
		return err_set(ERR_INVALID,
			       "the key %s names the %s %s, which this host does not have; write "
			       "users as alice, groups as %%storage, and * for everybody",
			       key, group ? "group" : "user", name[0] != '\0' ? name : "\"\"");
	return 0;
}

/* "cert:NAME": the holder of a client's certificate with that name. */
static int
certificate_set(const char *key, const char *name, struct http_grant *grant)
{
	size_t len = strnlen(name, sizeof(grant->name));

	grant->kind = GRANT_CERTIFICATE;
	if (len == 0 || len == sizeof(grant->name))
		return err_set(ERR_INVALID,
			       "the key %s needs the name in a certificate after %s, of at most %d "
			       "bytes",
			       key, CERTIFICATE, PRINCIPAL_NAME_SIZE - 1);
	memcpy(grant->name, name, len + 1);
	return 0;
}

/* Adds the grants of one key: words with commas or blanks between them. */
static int
key_add(struct http_roles *roles, const char *key, enum principal_role role, const char *text)
{
	static const char between[] = ", \t";

	while (text != NULL && *(text += strspn(text, between)) != '\0') {
		size_t len = strcspn(text, between);
		struct http_grant grant = { .role = role };
		char name[NAME_BYTES];
		int rc = 0;

		if (len >= sizeof(name))
			return err_set(ERR_INVALID, "the key %s has a name of more than %d bytes",
				       key, NAME_BYTES - 1);
		memcpy(name, text, len);
		name[len] = '\0';
		text += len;
		if (str_starts(name, CERTIFICATE))
			rc = certificate_set(key, name + strlen(CERTIFICATE), &grant);
		else if (strcmp(name, "*") != 0)
			rc = name_find(key, name, &grant);
		if (rc == 0)
			rc = mem_grow(&roles->grants, &roles->capacity, roles->count + 1,
				      sizeof(*roles->grants));
		if (rc < 0)
			return rc;
		roles->grants[roles->count++] = grant;
	}
	return 0;
}

static int
trust_parse(const char *text, enum principal_role *ret_role)
{
	if (text == NULL || strcmp(text, "none") == 0)
		return 0;
	*ret_role = principal_role_parse(text);
	if (*ret_role == ROLE_NONE)
		return err_set(ERR_INVALID,
			       "http-trust takes none, reader, operator or admin, not %s", text);
	return 0;
}

static int
roles_parse(const struct http_roles_text *text, struct http_roles *ret_roles)
{
	struct http_roles roles = { 0 };
	int rc = trust_parse(text->trust, &roles.trust);

	if (rc == 0)
		rc = key_add(&roles, "admin", ROLE_ADMIN, text->admins);
	if (rc == 0)
		rc = key_add(&roles, "operator", ROLE_OPERATOR, text->operators);
	if (rc == 0)
		rc = key_add(&roles, "reader", ROLE_READER, text->readers);
	roles.restricted = text->admins != NULL || text->operators != NULL || text->readers != NULL;
	if (rc < 0)
		mem_free(roles.grants);
	else
		*ret_roles = roles;
	return rc;
}

int
http_roles_set(struct http *http, const struct http_roles_text *text)
{
	struct http_roles roles;
	struct http_grant *old;
	int rc = roles_parse(text, &roles);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&http->roles_lock);
	old = http->roles.grants;
	http->roles = roles;
	pthread_mutex_unlock(&http->roles_lock);
	mem_free(old);
	return 0;
}

void
http_roles_init(struct http *http)
{
	pthread_mutex_init(&http->roles_lock, NULL);
	http->roles = (struct http_roles){ 0 };
}

void
http_roles_fini(struct http *http)
{
	mem_free(http->roles.grants);
	pthread_mutex_destroy(&http->roles_lock);
}

/* ---- looking up ---- */

static bool
applies(const struct http_grant *grant, const struct http_peer *peer)
{
	bool certificate = peer->principal.kind == PRINCIPAL_CERTIFICATE;

	if (certificate || grant->kind == GRANT_CERTIFICATE)
		return certificate && grant->kind == GRANT_CERTIFICATE &&
		       (strcmp(grant->name, "*") == 0 ||
			strcmp(grant->name, peer->principal.name) == 0);
	if (grant->kind == GRANT_ALL)
		return true;
	if (grant->kind == GRANT_USER)
		return grant->id == peer->principal.uid;
	for (size_t i = 0; i < peer->group_count; i++)
		if (peer->groups[i] == grant->id)
			return true;
	return false;
}

static enum principal_role
granted_role(const struct http_roles *roles, const struct http_peer *peer)
{
	enum principal_role role = ROLE_NONE;

	for (size_t i = 0; i < roles->count; i++)
		if (roles->grants[i].role > role && applies(&roles->grants[i], peer))
			role = roles->grants[i].role;
	return role;
}

static enum principal_role
user_role(const struct http_roles *roles, const struct http_peer *peer)
{
	if (peer->principal.uid == 0 || peer->principal.uid == geteuid() || !roles->restricted)
		return ROLE_ADMIN;
	return granted_role(roles, peer);
}

enum principal_role
http_roles_find(struct http *http, const struct http_peer *peer)
{
	enum principal_role role = ROLE_NONE;

	pthread_mutex_lock(&http->roles_lock);
	if (peer->principal.kind == PRINCIPAL_UNIX)
		role = user_role(&http->roles, peer);
	else if (peer->principal.kind == PRINCIPAL_CERTIFICATE)
		role = granted_role(&http->roles, peer);
	else if (peer->principal.kind == PRINCIPAL_TCP)
		role = http->roles.trust;
	pthread_mutex_unlock(&http->roles_lock);
	return role;
}
