/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Typed calls: a path, a body, and the answer as a struct. */
#include <errno.h>
#include <inttypes.h>

#include "base/err.h"
#include "base/mem.h"
#include "client/client_int.h"

/* A member "id" or "job": an id, or null or absent for none. */
static int
id_get(const json_t *json, const char *name, struct guid *ret_id)
{
	const json_t *value = json_object_get(json, name);
	struct guid id = { { 0 } };

	if (value != NULL && !json_is_null(value) &&
	    (!json_is_string(value) || guid_parse(json_string_value(value), &id) < 0))
		return err_set(ERR_PROTOCOL, "the answer's '%s' is no id", name);
	*ret_id = id;
	return 0;
}

static int
answer_decode(const json_t *json, struct client_answer *ret_answer)
{
	struct client_answer answer = { 0 };
	const json_t *sequence = json_object_get(json, "sequence");
	int rc;

	if (!json_is_integer(sequence))
		return err_set(ERR_PROTOCOL, "the answer names no sequence");
	answer.sequence = (uint64_t)json_integer_value(sequence);
	answer.existed = json_is_true(json_object_get(json, "existed"));
	if ((rc = id_get(json, "id", &answer.object_id)) < 0 ||
	    (rc = id_get(json, "job", &answer.job_id)) < 0)
		return rc;
	*ret_answer = answer;
	return 0;
}

/* Takes path and body (NULL: out of memory, when with_body). */
static int
change(struct client *client, const char *method, char *path_taken, bool with_body, json_t *body,
       struct client_answer *ret_answer)
{
	AUTO_FREE char *path = path_taken;
	json_t *json = NULL;
	int rc = -ENOMEM;

	if (path != NULL && (body != NULL || !with_body))
		rc = client_call(client, method, path, body, &json);
	if (rc == 0 && ret_answer != NULL)
		rc = answer_decode(json, ret_answer);
	json_decref(body);
	json_decref(json);
	return rc;
}

/* "/v1/<what>/<id><rest>" */
static char *
path_of(const char *what, const struct guid *id, const char *rest)
{
	char text[GUID_TEXT_SIZE];

	return str_printf("/v1/%s/%s%s", what, guid_format(id, text), rest);
}

static char *
path_of_member(const struct guid *group, const struct guid *portal)
{
	char text[GUID_TEXT_SIZE];
	AUTO_FREE char *rest = str_printf("/portals/%s", guid_format(portal, text));

	return rest != NULL ? path_of("portal-groups", group, rest) : NULL;
}

/* {"name":"value"}; what is not text is refused here, since JSON cannot carry it. */
static json_t *
one_string(const char *name, const char *value)
{
	return json_pack("{s:s}", name, value);
}

static int
text_check(const char *value)
{
	if (value == NULL || str_is_text(value, strlen(value)))
		return 0;
	return err_set(ERR_INVALID, "not a line of UTF-8 text");
}

static json_t *
id_json(const struct guid *id)
{
	char text[GUID_TEXT_SIZE];

	return json_string(guid_format(id, text));
}

/* ---- array, pools ---- */

int
client_array_rename(struct client *client, const char *name, struct client_answer *ret_answer)
{
	int rc = text_check(name);

	if (rc < 0)
		return rc;
	return change(client, "PATCH", str_dup("/v1/array"), true, one_string("name", name),
		      ret_answer);
}

int
client_pool_create(struct client *client, const char *name, const char *path,
		   struct client_answer *ret_answer)
{
	int rc = text_check(name);

	if (rc == 0)
		rc = text_check(path);
	if (rc < 0)
		return rc;
	return change(client, "POST", str_dup("/v1/pools"), true,
		      json_pack("{s:s, s:s}", "name", name, "path", path), ret_answer);
}

int
client_pool_delete(struct client *client, const struct guid *pool, struct client_answer *ret_answer)
{
	return change(client, "DELETE", path_of("pools", pool, ""), false, NULL, ret_answer);
}

/* ---- LUNs ---- */

static json_t *
spec_encode(const struct client_lun_spec *spec)
{
	json_t *json = json_pack("{s:I}", "size_bytes", (json_int_t)spec->size_bytes);
	int rc = 0;

	if (json == NULL)
		return NULL;
	if (spec->name != NULL)
		rc |= json_object_set_new(json, "name", json_string(spec->name));
	if (!guid_is_zero(&spec->pool_id))
		rc |= json_object_set_new(json, "pool_id", id_json(&spec->pool_id));
	if (spec->block_bytes != 0)
		rc |= json_object_set_new(json, "block_bytes", json_integer(spec->block_bytes));
	if (spec->thick)
		rc |= json_object_set_new(json, "thick", json_true());
	if (spec->mask != NULL)
		rc |= json_object_set_new(json, "mask", json_string(spec->mask));
	if (rc == 0)
		return json;
	json_decref(json);
	return NULL;
}

int
client_lun_create(struct client *client, const struct client_lun_spec *spec,
		  struct client_answer *ret_answer)
{
	int rc = text_check(spec->name);

	if (rc == 0)
		rc = text_check(spec->mask);
	if (rc == 0 && spec->size_bytes > INT64_MAX)
		rc = err_set(ERR_INVALID, "a LUN of %" PRIu64 " bytes", spec->size_bytes);
	if (rc < 0)
		return rc;
	return change(client, "POST", str_dup("/v1/luns"), true, spec_encode(spec), ret_answer);
}

int
client_lun_delete(struct client *client, const struct guid *lun, struct client_answer *ret_answer)
{
	return change(client, "DELETE", path_of("luns", lun, ""), false, NULL, ret_answer);
}

int
client_lun_extend(struct client *client, const struct guid *lun, uint64_t add_bytes,
		  struct client_answer *ret_answer)
{
	if (add_bytes > INT64_MAX)
		return err_set(ERR_INVALID, "%" PRIu64 " bytes more", add_bytes);
	return change(client, "POST", path_of("luns", lun, "/extend"), true,
		      json_pack("{s:I}", "add_bytes", (json_int_t)add_bytes), ret_answer);
}

static int
lun_patch(struct client *client, const struct guid *lun, const char *name, const char *value,
	  struct client_answer *ret_answer)
{
	int rc = text_check(value);

	if (rc < 0)
		return rc;
	return change(client, "PATCH", path_of("luns", lun, ""), true, one_string(name, value),
		      ret_answer);
}

int
client_lun_rename(struct client *client, const struct guid *lun, const char *name,
		  struct client_answer *ret_answer)
{
	return lun_patch(client, lun, "name", name, ret_answer);
}

int
client_lun_set_mask(struct client *client, const struct guid *lun, const char *mask,
		    struct client_answer *ret_answer)
{
	return lun_patch(client, lun, "mask", mask, ret_answer);
}

static const char *
status_text(enum row_status status)
{
	return status == STATUS_ONLINE ? "online" : "offline";
}

int
client_lun_set_status(struct client *client, const struct guid *lun, enum row_status status,
		      struct client_answer *ret_answer)
{
	return lun_patch(client, lun, "status", status_text(status), ret_answer);
}

int
client_lun_associate(struct client *client, const struct guid *lun, const struct guid *targets,
		     size_t count, struct client_answer *ret_answer)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < count; i++) {
		if (json_array_append_new(list, id_json(&targets[i])) < 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return change(client, "PUT", path_of("luns", lun, "/targets"), true,
		      list != NULL ? json_pack("{s:o}", "targets", list) : NULL, ret_answer);
}

/* {"bytes":N}.  Takes path. */
static int
bytes_get(struct client *client, char *path_taken, uint64_t *ret_bytes)
{
	AUTO_FREE char *path = path_taken;
	json_t *json = NULL;
	const json_t *bytes;
	int rc = path != NULL ? client_call(client, "GET", path, NULL, &json) : -ENOMEM;

	if (rc < 0)
		return rc;
	bytes = json_object_get(json, "bytes");
	if (json_is_integer(bytes) && json_integer_value(bytes) >= 0)
		*ret_bytes = (uint64_t)json_integer_value(bytes);
	else
		rc = err_set(ERR_PROTOCOL, "the answer names no bytes");
	json_decref(json);
	return rc;
}

int
client_lun_max_extend(struct client *client, const struct guid *lun, uint64_t *ret_bytes)
{
	return bytes_get(client, path_of("luns", lun, "/max-extend"), ret_bytes);
}

int
client_max_lun_size(struct client *client, const struct guid *pool, bool thick, uint64_t *ret_bytes)
{
	char text[GUID_TEXT_SIZE];

	if (pool == NULL || guid_is_zero(pool))
		return bytes_get(client, str_printf("/v1/max-lun-size?thick=%d", thick), ret_bytes);
	return bytes_get(
		client,
		str_printf("/v1/max-lun-size?pool=%s&thick=%d", guid_format(pool, text), thick),
		ret_bytes);
}

/* ---- targets, portals, portal groups ---- */

int
client_target_create(struct client *client, const char *iscsi_name, const char *alias,
		     bool with_group, struct client_answer *ret_answer)
{
	json_t *json;
	int rc = text_check(iscsi_name);

	if (rc == 0)
		rc = text_check(alias);
	if (rc < 0)
		return rc;
	json = json_pack("{s:s*, s:s*, s:b}", "iscsi_name", iscsi_name, "alias", alias,
			 "with_group", with_group);
	return change(client, "POST", str_dup("/v1/targets"), true, json, ret_answer);
}

int
client_target_set_alias(struct client *client, const struct guid *target, const char *alias,
			struct client_answer *ret_answer)
{
	int rc = text_check(alias);

	if (rc < 0)
		return rc;
	return change(client, "PATCH", path_of("targets", target, ""), true,
		      one_string("alias", alias), ret_answer);
}

int
client_target_delete(struct client *client, const struct guid *target,
		     struct client_answer *ret_answer)
{
	return change(client, "DELETE", path_of("targets", target, ""), false, NULL, ret_answer);
}

int
client_portal_create(struct client *client, const char *address, uint16_t port,
		     struct client_answer *ret_answer)
{
	int rc = text_check(address);

	if (rc < 0)
		return rc;
	return change(client, "POST", str_dup("/v1/portals"), true,
		      json_pack("{s:s, s:i}", "address", address, "port", port), ret_answer);
}

int
client_portal_delete(struct client *client, const struct guid *portal,
		     struct client_answer *ret_answer)
{
	return change(client, "DELETE", path_of("portals", portal, ""), false, NULL, ret_answer);
}

int
client_portal_set_status(struct client *client, const struct guid *portal, enum row_status status,
			 struct client_answer *ret_answer)
{
	return change(client, "PATCH", path_of("portals", portal, ""), true,
		      one_string("status", status_text(status)), ret_answer);
}

int
client_group_create(struct client *client, const struct guid *target,
		    struct client_answer *ret_answer)
{
	return change(client, "POST", str_dup("/v1/portal-groups"), true,
		      json_pack("{s:o}", "target_id", id_json(target)), ret_answer);
}

int
client_group_delete(struct client *client, const struct guid *group,
		    struct client_answer *ret_answer)
{
	return change(client, "DELETE", path_of("portal-groups", group, ""), false, NULL,
		      ret_answer);
}

int
client_group_add_portal(struct client *client, const struct guid *group, const struct guid *portal,
			struct client_answer *ret_answer)
{
	return change(client, "PUT", path_of_member(group, portal), false, NULL, ret_answer);
}

int
client_group_remove_portal(struct client *client, const struct guid *group,
			   const struct guid *portal, struct client_answer *ret_answer)
{
	return change(client, "DELETE", path_of_member(group, portal), false, NULL, ret_answer);
}

/* ---- jobs ---- */

int
client_job_cancel(struct client *client, const struct guid *job, struct client_answer *ret_answer)
{
	return change(client, "POST", path_of("jobs", job, "/cancel"), false, NULL, ret_answer);
}
