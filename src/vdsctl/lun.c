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

/* Changes the LUN of the first argument. */
static int
lun_change(struct ctl *ctl, const struct verb_args *args, const char *done)
{
	struct client_answer answer;
	struct guid lun;
	int rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);

	if (rc == 0)
		rc = client_change(ctl->client, VERB_LUN_CHANGE, &lun, args, &answer);
	return ctl_done(ctl, rc, &answer, done);
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
	struct verb_args args = { 0 };
	int rc;

	if (list == NULL)
		return -ENOMEM;
	if (ctl->options[OPT_ADD] != NULL && ctl->options[OPT_REMOVE] != NULL)
		return err_set(ERR_INVALID, "--add or --remove, not both");
	if (ctl->options[OPT_ADD] != NULL)
		args.mask_add = list;
	else if (ctl->options[OPT_REMOVE] != NULL)
		args.mask_remove = list;
	else
		args.mask = list;
	rc = lun_change(ctl, &args, "unmasked");
	if (rc == 0 && ctl->options[OPT_REMOVE] == NULL)
		names_warn(list);
	return rc;
}

/* ---- create ---- */

/* Adds what the options say to spec, but for --unmask. */
static int
spec_fill(struct ctl *ctl, struct client_lun_spec *spec)
{
	const char *block = ctl->options[OPT_BLOCK_SIZE];
	uint64_t bytes = 0;
	int rc;

	if (ctl->options[OPT_SIZE] == NULL)
		return err_set(ERR_INVALID, "how large? give --size, for example --size 10G");
	rc = str_parse_size(ctl->options[OPT_SIZE], &spec->size_bytes);
	if (rc < 0)
		return rc;
	if (block != NULL && (str_parse_u64(block, &bytes) < 0 || (bytes != 512 && bytes != 4096)))
		return err_set(ERR_INVALID, "--block-size is 512 or 4096");
	spec->block_bytes = (uint32_t)bytes;
	spec->thick = ctl->options[OPT_THICK] != NULL;
	if (ctl->options[OPT_POOL] == NULL)
		return 0;
	return ctl_resolve(ctl, ROW_POOL, ctl->options[OPT_POOL], &spec->pool_id);
}

int
ctl_run_lun_create(struct ctl *ctl)
{
	const char *unmask = ctl->options[OPT_UNMASK];
	AUTO_FREE char *done = str_printf("LUN %s created", ctl->args[0]);
	AUTO_FREE char *list = unmask != NULL ? list_join(&unmask, 1) : NULL;
	struct client_lun_spec spec = { .name = ctl->args[0], .mask = list };
	struct client_answer answer;
	int rc;

	if (done == NULL || (unmask != NULL && list == NULL))
		return -ENOMEM;
	if (ctl->args[0][0] == '\0') /* a script's unset variable, say */
		return err_set(ERR_INVALID, "the LUN's name is empty");
	rc = spec_fill(ctl, &spec);
	if (rc == 0)
		rc = ctl_client(ctl);
	if (rc == 0)
		rc = client_lun_create(ctl->client, &spec, &answer);
	rc = ctl_done(ctl, rc, &answer, done);
	if (rc == 0 && list != NULL)
		names_warn(list);
	return rc;
}

int
ctl_run_lun_rename(struct ctl *ctl)
{
	return lun_change(ctl, &(struct verb_args){ .name = ctl->args[1] }, "renamed");
}

int
ctl_run_lun_online(struct ctl *ctl)
{
	const struct verb_args args = { .status = { STATUS_ONLINE, true } };

	return lun_change(ctl, &args, "online");
}

int
ctl_run_lun_offline(struct ctl *ctl)
{
	const struct verb_args args = { .status = { STATUS_OFFLINE, true } };

	return lun_change(ctl, &args, "offline");
}

/* ---- extend ---- */

/* What is missing to --to. */
static int
missing_to(struct ctl *ctl, const struct guid *id, uint64_t to, uint64_t *ret_bytes)
{
	json_t *lun = NULL;
	uint64_t size;
	int rc = ctl_ask(ctl, VERB_LUN_GET, id, NULL, &lun);

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
	struct client_answer answer;
	uint64_t bytes = 0;
	struct guid lun;
	int rc;

	if (size == NULL || (to != NULL && ctl->arg_count > 1))
		return err_set(ERR_INVALID, "by how much? give SIZE (what is added) or --to SIZE");
	rc = str_parse_size(size[0] == '+' && to == NULL ? size + 1 : size, &bytes);
	if (rc == 0)
		rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);
	if (rc == 0 && to != NULL)
		rc = missing_to(ctl, &lun, bytes, &bytes);
	if (rc == 0)
		rc = client_lun_extend(ctl->client, &lun, bytes, &answer);
	return ctl_done(ctl, rc, &answer, "extended");
}

/* ---- questions ---- */

int
ctl_run_lun_counters(struct ctl *ctl)
{
	json_t *json = NULL;
	struct guid lun;
	int rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);

	if (rc == 0)
		rc = ctl_ask(ctl, VERB_LUN_COUNTERS, &lun, NULL, &json);
	if (rc == 0)
		rc = ctl->json ? ctl_json_print(json, ctl->out) : ctl_object_print(json, ctl->out);
	json_decref(json);
	return rc;
}

int
ctl_run_explain(struct ctl *ctl)
{
	struct verb_args args = { .initiator = ctl->options[OPT_INITIATOR] };
	json_t *json = NULL;
	int rc;

	if (ctl->options[OPT_INITIATOR] == NULL)
		return err_set(
			ERR_INVALID,
			"which initiator? give --initiator NAME (/etc/iscsi/initiatorname.iscsi "
			"has it)");
	rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &args.lun_id);
	if (rc == 0)
		rc = ctl_ask(ctl, VERB_EXPLAIN, NULL, &args, &json);
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
