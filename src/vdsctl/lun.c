/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LUNs: create, rename, extend, unmask, status; why an initiator sees one. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"
#include "model/state.h"

#define PATH_SIZE 128

/* The LUN of the first argument, and "/v1/luns/ID<rest>". */
static int
lun_path(struct ctl *ctl, const char *rest, char path[PATH_SIZE])
{
	char id[GUID_TEXT_SIZE];
	struct guid lun;
	int rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);

	if (rc == 0)
		snprintf(path, PATH_SIZE, "/v1/luns/%s%s", guid_format(&lun, id), rest);
	return rc;
}

/* Takes value. */
static int
lun_patch(struct ctl *ctl, const char *member, json_t *value, const char *done)
{
	char path[PATH_SIZE];
	int rc = lun_path(ctl, "", path);

	if (rc < 0) {
		json_decref(value);
		return rc;
	}
	return ctl_change(ctl, "PATCH", json_pack("{s:o}", member, value), path, done);
}

/* ---- unmasking lists ---- */

/* The words as one list in the API's form: names joined by ';'.  NULL when out of memory. */
static char *
list_join(const char *const *words, size_t count)
{
	struct strbuf list;

	if (count == 1 && str_equal(words[0], "none"))
		return str_dup("");
	strbuf_init(&list);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			strbuf_add(&list, ";");
		strbuf_add(&list, words[i]);
	}
	/* a comma is in no iSCSI name: take it for a separator too */
	for (char *p = list.text; p != NULL && *p != '\0'; p++)
		if (*p == ',')
			*p = ';';
	return strbuf_take(&list);
}

/*
 * A list may hold what is no iSCSI name (IVdsLun::SetMask takes every text), but no initiator can
 * log in under it: most likely it is a slip.  `list` is consumed.
 */
static void
names_warn(char *list)
{
	char *rest = list;
	const char *name;

	while ((name = strtok_r(rest, "; ", &rest)) != NULL) {
		AUTO_FREE char *normal = NULL;

		if (!str_equal(name, "*") && iscsi_name_normalize(name, &normal) == ERR_INVALID)
			fprintf(stderr, "vdsctl: warning: %s\n", err_text(ERR_INVALID));
	}
}

int
ctl_run_lun_unmask(struct ctl *ctl)
{
	AUTO_FREE char *list = list_join(ctl->args + 1, ctl->arg_count - 1);
	const char *member = "mask";
	int rc;

	if (list == NULL)
		return -ENOMEM;
	if (ctl->options[OPT_ADD] != NULL && ctl->options[OPT_REMOVE] != NULL)
		return err_set(ERR_INVALID, "--add or --remove, not both");
	if (ctl->options[OPT_ADD] != NULL)
		member = "mask_add";
	else if (ctl->options[OPT_REMOVE] != NULL)
		member = "mask_remove";
	rc = lun_patch(ctl, member, json_string(list), "unmasked");
	if (rc == 0 && ctl->options[OPT_REMOVE] == NULL)
		names_warn(list);
	return rc;
}

/* ---- create ---- */

/* Adds what the options say. */
static int
body_fill(struct ctl *ctl, json_t *body)
{
	const char *block = ctl->options[OPT_BLOCK_SIZE], *unmask = ctl->options[OPT_UNMASK];
	char id[GUID_TEXT_SIZE];
	struct guid pool;
	uint64_t bytes;

	if (ctl->options[OPT_POOL] != NULL) {
		int rc = ctl_resolve(ctl, ROW_POOL, ctl->options[OPT_POOL], &pool);

		if (rc < 0)
			return rc;
		json_object_set_new(body, "pool_id", json_string(guid_format(&pool, id)));
	}
	if (block != NULL) {
		if (str_parse_u64(block, &bytes) < 0 || (bytes != 512 && bytes != 4096))
			return err_set(ERR_INVALID, "--block-size is 512 or 4096");
		json_object_set_new(body, "block_bytes", json_integer((json_int_t)bytes));
	}
	if (unmask != NULL) {
		AUTO_FREE char *list = list_join(&unmask, 1);

		json_object_set_new(body, "mask", json_string(list));
	}
	if (ctl->options[OPT_THICK] != NULL)
		json_object_set_new(body, "thick", json_true());
	return 0;
}

int
ctl_run_lun_create(struct ctl *ctl)
{
	AUTO_FREE char *done = str_printf("LUN %s created", ctl->args[0]);
	json_t *body;
	uint64_t bytes;
	int rc;

	if (done == NULL)
		return -ENOMEM;
	if (ctl->args[0][0] == '\0') /* a script's unset variable, say */
		return err_set(ERR_INVALID, "the LUN's name is empty");
	if (ctl->options[OPT_SIZE] == NULL)
		return err_set(ERR_INVALID, "how large? give --size, for example --size 10G");
	rc = str_parse_size(ctl->options[OPT_SIZE], &bytes);
	if (rc < 0)
		return rc;
	body = json_pack("{s:s, s:I}", "name", ctl->args[0], "size_bytes", (json_int_t)bytes);
	if (body == NULL)
		return err_set(ERR_INVALID, "the name is not UTF-8");
	rc = body_fill(ctl, body);
	if (rc < 0) {
		json_decref(body);
		return rc;
	}
	rc = ctl_change(ctl, "POST", body, "/v1/luns", done);
	if (rc == 0 && ctl->options[OPT_UNMASK] != NULL) {
		AUTO_FREE char *list = list_join(&ctl->options[OPT_UNMASK], 1);

		if (list != NULL)
			names_warn(list);
	}
	return rc;
}

int
ctl_run_lun_rename(struct ctl *ctl)
{
	return lun_patch(ctl, "name", json_string(ctl->args[1]), "renamed");
}

int
ctl_run_lun_online(struct ctl *ctl)
{
	return lun_patch(ctl, "status", json_string("online"), "online");
}

int
ctl_run_lun_offline(struct ctl *ctl)
{
	return lun_patch(ctl, "status", json_string("offline"), "offline");
}

/* ---- extend ---- */

/* What is missing to --to. */
static int
missing_to(struct ctl *ctl, const char *path, uint64_t to, uint64_t *ret_bytes)
{
	json_t *lun = NULL;
	uint64_t size;
	int rc = ctl_call(ctl, "GET", NULL, &lun, "%s", path);

	if (rc < 0)
		return rc;
	size = (uint64_t)json_integer_value(json_object_get(lun, "size_bytes"));
	json_decref(lun);
	if (to <= size)
		return err_set(ERR_INVALID, "it has %" PRIu64 " bytes: a LUN cannot become smaller",
			       size);
	*ret_bytes = to - size;
	return 0;
}

int
ctl_run_lun_extend(struct ctl *ctl)
{
	const char *to = ctl->options[OPT_TO], *size = to != NULL           ? to
						       : ctl->arg_count > 1 ? ctl->args[1]
									    : NULL;
	char path[PATH_SIZE];
	uint64_t bytes = 0;
	size_t len;
	int rc;

	if (size == NULL || (to != NULL && ctl->arg_count > 1))
		return err_set(ERR_INVALID, "by how much? give SIZE (what is added) or --to SIZE");
	rc = str_parse_size(size[0] == '+' && to == NULL ? size + 1 : size, &bytes);
	if (rc == 0)
		rc = lun_path(ctl, "", path);
	if (rc == 0 && to != NULL)
		rc = missing_to(ctl, path, bytes, &bytes);
	if (rc < 0)
		return rc;
	len = strlen(path);
	snprintf(path + len, sizeof(path) - len, "/extend");
	return ctl_change(ctl, "POST", json_pack("{s:I}", "add_bytes", (json_int_t)bytes), path,
			  "extended");
}

/* ---- questions ---- */

int
ctl_run_lun_counters(struct ctl *ctl)
{
	char path[PATH_SIZE];
	json_t *json = NULL;
	int rc = lun_path(ctl, "/counters", path);

	if (rc == 0)
		rc = ctl_call(ctl, "GET", NULL, &json, "%s", path);
	if (rc == 0)
		rc = ctl->json ? ctl_json_print(json, ctl->out) : ctl_object_print(json, ctl->out);
	json_decref(json);
	return rc;
}

int
ctl_run_explain(struct ctl *ctl)
{
	AUTO_FREE char *initiator = NULL;
	char id[GUID_TEXT_SIZE];
	json_t *json = NULL;
	struct guid lun;
	int rc;

	if (ctl->options[OPT_INITIATOR] == NULL)
		return err_set(
			ERR_INVALID,
			"which initiator? give --initiator NAME (/etc/iscsi/initiatorname.iscsi "
			"has it)");
	initiator = ctl_escape(ctl->options[OPT_INITIATOR]);
	if (initiator == NULL)
		return -ENOMEM;
	rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);
	if (rc == 0)
		rc = ctl_call(ctl, "GET", NULL, &json, "/v1/explain?lun=%s&initiator=%s",
			      guid_format(&lun, id), initiator);
	if (rc < 0)
		return rc;
	if (ctl->json)
		rc = ctl_json_print(json, ctl->out);
	else
		fprintf(ctl->out, "%s: %s\n%s\n", ctl->args[0],
			json_is_true(json_object_get(json, "visible")) ? "visible" : "not visible",
			json_string_value(json_object_get(json, "text")));
	json_decref(json);
	return rc;
}
