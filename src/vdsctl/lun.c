/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands on LUNs: create, rename, extend, unmask, status, counters, and why an initiator can
 * or cannot see one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	return ctl_done(ctl, rc, &answer, "LUN %s %s", ctl->args[0], done);
}

/* ---- unmasking lists ---- */

/* Appends the names of an option's value, each with the prefix. */
static void
entries_add(const char *value, const char *prefix, struct strbuf *text)
{
	while (value != NULL && *value != '\0') {
		size_t len = strcspn(value, ",");

		if (len > 0) {
			strbuf_add(text, text->len > 0 ? ";" : "");
			strbuf_add(text, prefix);
			strbuf_add_bytes(text, value, len);
		}
		value += len + (value[len] == ',');
	}
}

void
ctl_hosts_add(const struct ctl *ctl, struct strbuf *text)
{
	entries_add(ctl->options[OPT_HOST], MASK_HOST, text);
	entries_add(ctl->options[OPT_HOST_GROUP], MASK_HOST_GROUP, text);
}

/* The words as one list in the API's form: names joined by ';'.  NULL when out of memory. */
static char *
list_join(const struct ctl *ctl, const char *const *words, size_t count)
{
	struct strbuf list;

	strbuf_init(&list);
	if (count == 1 && str_equal(words[0], "none"))
		count = 0;
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			strbuf_add(&list, ";");
		strbuf_add(&list, words[i]);
	}
	/* a comma is in no iSCSI name: take it for a separator too */
	for (char *p = list.text; p != NULL && *p != '\0'; p++)
		if (*p == ',')
			*p = ';';
	ctl_hosts_add(ctl, &list);
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

		if (!str_equal(name, "*") && !mask_is_host(name) &&
		    iscsi_name_normalize(name, &normal) == ERR_INVALID)
			fprintf(stderr, "vdsctl: warning: %s\n", err_text(ERR_INVALID));
	}
}

int
ctl_run_lun_unmask(struct ctl *ctl)
{
	AUTO_FREE char *list = list_join(ctl, ctl->args + 1, ctl->arg_count - 1);
	struct verb_args args = { 0 };
	int rc;

	if (list == NULL)
		return -ENOMEM;
	if (ctl->arg_count == 1 && *list == '\0')
		return err_set(ERR_INVALID,
			       "lun unmask needs INITIATOR, --host or --host-group; `none` "
			       "lets nobody use the LUN");
	if (ctl->options[OPT_ADD] != NULL && ctl->options[OPT_REMOVE] != NULL)
		return err_set(ERR_INVALID, "--add and --remove cannot be given together");
	if (ctl->options[OPT_ADD] != NULL)
		args.mask_add = list;
	else if (ctl->options[OPT_REMOVE] != NULL)
		args.mask_remove = list;
	else
		args.mask = list;
	rc = lun_change(ctl, &args, "has a new unmasking list");
	if (rc == 0 && ctl->options[OPT_REMOVE] == NULL)
		names_warn(list);
	return rc;
}

/* ---- create ---- */

/*
 * Says ERR_NO_SPACE in the units of a person: what did not fit ("--size 100T"), and the most that
 * would.
 */
static int
space_error(const char *what, const char *limit, uint64_t most_bytes)
{
	char most[32];

	return err_set(ERR_NO_SPACE, "there is no room for %s: %s %s", what, limit,
		       str_format_size(most_bytes, most, sizeof(most)));
}

/* Returns whether vdsd has refused to promise more: its text has the figures already. */
static bool
is_overcommit(const char *why)
{
	return strstr(why, "overcommit limit") != NULL;
}

static int
create_no_space(struct ctl *ctl, const struct client_lun_spec *spec)
{
	AUTO_FREE char *why = str_dup(err_text(ERR_NO_SPACE));
	AUTO_FREE char *what = str_printf("--size %s", ctl->options[OPT_SIZE]);
	uint64_t most;

	if (what == NULL || why == NULL)
		return -ENOMEM;
	/* Where the size would fit, something else is short: the catalog's own file system. */
	if (client_max_lun_size(ctl->client, &spec->pool_id, spec->thick, false, &most) < 0 ||
	    spec->size_bytes <= most || is_overcommit(why))
		return err_set(ERR_NO_SPACE, "%s: %s", what, why);
	return space_error(what,
			   spec->thick ? "what is free in the pool suffices for"
				       : "the pool can hold no LUN larger than",
			   most);
}

/* Reads --block-size; 0 = it is not given. */
static int
block_option(const struct ctl *ctl, uint64_t *ret_bytes)
{
	const char *block = ctl->options[OPT_BLOCK_SIZE];

	if (block != NULL &&
	    (str_parse_u64(block, ret_bytes) < 0 || (*ret_bytes != 512 && *ret_bytes != 4096)))
		return err_set(ERR_INVALID, "--block-size takes 512 or 4096, not %s", block);
	return 0;
}

/* Adds what the options say to spec, but for --unmask. */
static int
spec_fill(struct ctl *ctl, struct client_lun_spec *spec)
{
	uint64_t bytes = 0;
	int rc = ctl_size_parse("--size", ctl->options[OPT_SIZE], &spec->size_bytes);

	if (rc == 0)
		rc = block_option(ctl, &bytes);
	if (rc < 0)
		return rc;
	spec->block_bytes = (uint32_t)bytes;
	spec->thick = ctl->options[OPT_THICK] != NULL;
	spec->removable = ctl->options[OPT_REMOVABLE] != NULL;
	spec->cache = ctl->options[OPT_CACHE];
	if (ctl->options[OPT_POOL] == NULL)
		return 0;
	return ctl_resolve(ctl, ROW_POOL, ctl->options[OPT_POOL], &spec->pool_id);
}

char *
ctl_mask_option(const struct ctl *ctl)
{
	const char *unmask = ctl->options[OPT_UNMASK];

	return list_join(ctl, &unmask, unmask != NULL ? 1 : 0);
}

int
ctl_run_lun_create(struct ctl *ctl)
{
	AUTO_FREE char *list = ctl_mask_option(ctl);
	struct client_lun_spec spec = { .name = ctl->args[0], .mask = list };
	struct client_answer answer;
	int rc;

	if (list == NULL)
		return -ENOMEM;
	if (ctl->args[0][0] == '\0') /* a script's unset variable, say */
		return err_set(ERR_INVALID, "the name of the LUN is empty");
	rc = spec_fill(ctl, &spec);
	if (rc == 0)
		rc = ctl_client(ctl);
	if (rc == 0)
		rc = client_lun_create(ctl->client, &spec, &answer);
	if (rc == ERR_NO_SPACE)
		return create_no_space(ctl, &spec);
	rc = ctl_done(ctl, rc, &answer, "LUN %s created", ctl->args[0]);
	if (rc == 0 && list != NULL)
		names_warn(list);
	return rc;
}

/* The path is made absolute, and links in it stay: vdsd refuses them. */
int
ctl_run_lun_adopt(struct ctl *ctl)
{
	AUTO_FREE char *list = ctl_mask_option(ctl);
	char *here = getcwd(NULL, 0); /* of libc's heap */
	AUTO_FREE char *path = *ctl->args[0] == '/' || here == NULL
				       ? str_dup(ctl->args[0])
				       : str_printf("%s/%s", here, ctl->args[0]);
	struct verb_args args = { .path = path,
				  .name = ctl->options[OPT_NAME],
				  .mask = list,
				  .removable = ctl->options[OPT_REMOVABLE] != NULL };
	struct client_answer answer;
	struct guid pool;
	int rc = path == NULL || list == NULL ? -ENOMEM : block_option(ctl, &args.block_bytes);

	free(here);
	if (rc == 0)
		rc = ctl_resolve(ctl, ROW_POOL, ctl->options[OPT_POOL], &pool);
	if (rc == 0)
		rc = client_change(ctl->client, VERB_POOL_ADOPT, &pool, &args, &answer);
	rc = ctl_done(ctl, rc, &answer, "%s adopted%s%s", ctl->args[0],
		      args.name != NULL ? " as LUN " : "", args.name != NULL ? args.name : "");
	if (rc == 0 && list != NULL)
		names_warn(list);
	return rc;
}

int
ctl_run_lun_rename(struct ctl *ctl)
{
	return lun_change(ctl, &(struct verb_args){ .name = ctl->args[1] }, "has a new name");
}

/*
 * Opens the failed LUNs of a pool again; one that cannot be opened does not keep the others from
 * it.  Those that were set offline stay offline.
 */
static int
online_all(struct ctl *ctl, const struct ctl_view *view, const struct guid *pool, json_t *done)
{
	const struct verb_args args = { .status = { STATUS_ONLINE, true } };
	char id[GUID_TEXT_SIZE], first[512] = "";
	int result = 0;

	for (size_t i = 0; i < state_count(view->config, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(view->config, ROW_LUN, i);
		const struct row_live_lun *live = state_find(view->live, ROW_LIVE_LUN, &lun->id);
		struct client_answer answer;
		int rc;

		if (!guid_equal(&lun->pool_id, pool) || lun->status != STATUS_ONLINE ||
		    live == NULL || live->health != HEALTH_FAILED)
			continue;
		guid_format(&lun->id, id);
		rc = client_change(ctl->client, VERB_LUN_CHANGE, &lun->id, &args, &answer);
		if (rc == 0 && json_array_append_new(done, json_string(id)) < 0)
			return -ENOMEM;
		if (rc < 0 && result < 0) /* the first one is told by who called */
			fprintf(stderr, "vdsctl: LUN %s: %s\n", ROW_LUN_CALLED(lun), err_text(rc));
		else if (rc < 0)
			snprintf(first, sizeof(first), "LUN %s: %s", ROW_LUN_CALLED(lun),
				 err_text(rc));
		result = result < 0 ? result : rc;
	}
	return result < 0 ? err_set(result, "%s", first) : 0;
}

static int
online_pool(struct ctl *ctl, const char *name)
{
	struct ctl_view view = { 0 };
	json_t *done = json_array();
	struct guid pool;
	size_t count;
	int rc = done == NULL ? -ENOMEM : ctl_resolve(ctl, ROW_POOL, name, &pool);

	if (rc == 0)
		rc = ctl_view_load(ctl, &view);
	if (rc == 0) {
		rc = online_all(ctl, &view, &pool, done);
		count = json_array_size(done);
		if (ctl->json && rc == 0)
			rc = ctl_json_print(done, ctl->out);
		else if (ctl->json)
			(void)ctl_json_print(done, ctl->out);
		else if (!ctl->quiet && count == 0 && rc == 0)
			fprintf(ctl->out, "no LUN of pool %s has failed\n", name);
		else if (!ctl->quiet && count > 0)
			fprintf(ctl->out, "%zu LUN%s of pool %s %s online again\n", count,
				count == 1 ? "" : "s", name, count == 1 ? "is" : "are");
	}
	ctl_view_fini(&view);
	json_decref(done);
	return rc;
}

int
ctl_run_lun_online(struct ctl *ctl)
{
	const struct verb_args args = { .status = { STATUS_ONLINE, true } };
	const char *pool = ctl->options[OPT_POOL];

	if ((pool != NULL) == (ctl->arg_count > 0))
		return err_set(ERR_INVALID, "lun online needs a LUN, or --pool for all LUNs of a "
					    "pool that have failed");
	return pool != NULL ? online_pool(ctl, pool) : lun_change(ctl, &args, "is online");
}

int
ctl_run_lun_offline(struct ctl *ctl)
{
	const struct verb_args args = { .status = { STATUS_OFFLINE, true } };

	return lun_change(ctl, &args, "is offline");
}

int
ctl_run_lun_read_only(struct ctl *ctl)
{
	return lun_change(ctl, &(struct verb_args){ .access = "read-only" }, "is read-only");
}

int
ctl_run_lun_read_write(struct ctl *ctl)
{
	return lun_change(ctl, &(struct verb_args){ .access = "read-write" }, "is writable");
}

/* ---- extend ---- */

static int
lun_size(struct ctl *ctl, const struct guid *id, uint64_t *ret_bytes)
{
	json_t *lun = NULL;
	int rc = ctl_ask(ctl, VERB_LUN_GET, id, NULL, &lun);

	if (rc == 0)
		*ret_bytes = (uint64_t)json_integer_value(json_object_get(lun, "size_bytes"));
	json_decref(lun);
	return rc;
}

/* "vol1 grew from 10 GiB to 15 GiB", or shrank; in bytes when that looks the same. */
static void
change_print(const struct ctl *ctl, uint64_t before, uint64_t after)
{
	char from[32], to[32];

	str_format_size(before, from, sizeof(from));
	str_format_size(after, to, sizeof(to));
	if (str_equal(from, to)) {
		snprintf(from, sizeof(from), "%" PRIu64, before);
		snprintf(to, sizeof(to), "%" PRIu64 " bytes", after);
	}
	fprintf(ctl->out, "LUN %s %s from %s to %s\n", ctl->args[0],
		after > before ? "grew" : "shrank", from, to);
}

/* The growth that `--to TO` or SIZE means. */
static int
growth_of(const struct ctl *ctl, uint64_t before, uint64_t *ret_bytes)
{
	const char *to = ctl->options[OPT_TO], *by = ctl->arg_count > 1 ? ctl->args[1] : NULL;
	uint64_t bytes;
	char size[32];
	int rc;

	if ((to == NULL) == (by == NULL))
		return err_set(ERR_INVALID,
			       "give either SIZE (what is added) or --to SIZE (the new size)");
	rc = to != NULL ? ctl_size_parse("--to", to, &bytes)
			: ctl_size_parse("SIZE", by[0] == '+' ? by + 1 : by, &bytes);
	if (rc < 0)
		return rc;
	if (to != NULL && bytes <= before)
		return err_set(ERR_INVALID,
			       "LUN %s has %s already, and --to %s would not make it larger: "
			       "`vdsctl lun shrink` makes it smaller",
			       ctl->args[0], str_format_size(before, size, sizeof(size)), to);
	*ret_bytes = to != NULL ? bytes - before : bytes;
	return 0;
}

static int
extend_no_space(struct ctl *ctl, const struct guid *lun)
{
	AUTO_FREE char *why = str_dup(err_text(ERR_NO_SPACE));
	AUTO_FREE char *what = ctl->options[OPT_TO] != NULL
				       ? str_printf("--to %s", ctl->options[OPT_TO])
				       : str_printf("%s more", ctl->args[1]);
	uint64_t most;

	if (what == NULL || why == NULL)
		return -ENOMEM;
	if (client_lun_max_extend(ctl->client, lun, false, &most) < 0 || is_overcommit(why))
		return err_set(ERR_NO_SPACE, "%s: %s", what, why);
	return space_error(what, "the most that can be added now is", most);
}

static int
extend(struct ctl *ctl, const struct guid *lun, uint64_t before, uint64_t add)
{
	struct client_answer answer;
	uint64_t after = before;
	int rc = client_lun_extend(ctl->client, lun, add, false, &answer);

	if (rc == ERR_NO_SPACE)
		return extend_no_space(ctl, lun);
	rc = ctl_done(ctl, rc, &answer, "%s", "");
	if (rc < 0 || ctl->json || ctl->quiet)
		return rc;
	rc = lun_size(ctl, lun, &after);
	if (rc == 0 && after > before) /* else a job is at it, which --no-wait has named */
		change_print(ctl, before, after);
	return rc;
}

int
ctl_run_lun_extend(struct ctl *ctl)
{
	uint64_t before = 0, add = 0;
	struct guid lun;
	int rc = growth_of(ctl, 0, &add); /* a wrong size is said before anything is asked */

	if (rc == 0)
		rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);
	if (rc == 0)
		rc = lun_size(ctl, &lun, &before);
	if (rc == 0)
		rc = growth_of(ctl, before, &add);
	return rc < 0 ? rc : extend(ctl, &lun, before, add);
}

/* ---- move ---- */

int
ctl_run_lun_move(struct ctl *ctl)
{
	struct verb_args args = { .force = ctl->options[OPT_FORCE] != NULL };
	struct client_answer answer;
	struct guid lun;
	int rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);

	if (rc == 0)
		rc = ctl_resolve(ctl, ROW_POOL, ctl->args[1], &args.pool_id);
	if (rc == 0)
		rc = client_change(ctl->client, VERB_LUN_MOVE, &lun, &args, &answer);
	return ctl_done(ctl, rc, &answer, "LUN %s moved to pool %s", ctl->args[0], ctl->args[1]);
}

/* ---- shrink ---- */

/* The new size, or what is cut off. */
static int
cut_of(const struct ctl *ctl, struct verb_args *args)
{
	const char *to = ctl->options[OPT_TO], *by = ctl->arg_count > 1 ? ctl->args[1] : NULL;

	if ((to == NULL) == (by == NULL))
		return err_set(ERR_INVALID,
			       "give either SIZE (what is cut off) or --to SIZE (the new size)");
	return to != NULL ? ctl_size_parse("--to", to, &args->size_bytes)
			  : ctl_size_parse("SIZE", by, &args->remove_bytes);
}

/* The array refuses to shrink a LUN in use without --force, and says how many sessions use it. */
int
ctl_run_lun_shrink(struct ctl *ctl)
{
	struct verb_args args = { .force = ctl->options[OPT_FORCE] != NULL };
	struct client_answer answer;
	uint64_t before = 0, after = 0;
	struct guid lun;
	int rc = cut_of(ctl, &args);

	if (rc == 0)
		rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);
	if (rc == 0)
		rc = lun_size(ctl, &lun, &before);
	if (rc == 0)
		rc = client_change(ctl->client, VERB_LUN_SHRINK, &lun, &args, &answer);
	rc = ctl_done(ctl, rc, &answer, "%s", "");
	if (rc < 0 || ctl->json || ctl->quiet)
		return rc;
	rc = lun_size(ctl, &lun, &after);
	if (rc == 0 && after < before)
		change_print(ctl, before, after);
	return rc;
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

/* A table of the steps, and what to do about the first obstacle. */
static int
explanation_print(struct ctl *ctl, const json_t *json)
{
	static const char columns[] = "STEP|OUTCOME|WHAT";
	struct table *table = table_new(columns);
	const char *hint = json_string_value(
		json_object_get(json_object_get(json, "obstacle"), "hint"));
	const json_t *steps = json_object_get(json, "steps");
	int rc;

	if (table == NULL)
		return -ENOMEM;
	fprintf(ctl->out, "%s: %s to %s\n", ctl->args[0],
		json_is_true(json_object_get(json, "visible")) ? "visible" : "not visible",
		ctl->options[OPT_INITIATOR]);
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);

		table_add(table, json_string_value(json_object_get(step, "step")));
		table_add(table, json_string_value(json_object_get(step, "outcome")));
		table_add(table, json_string_value(json_object_get(step, "text")));
	}
	rc = table_print(table, ctl->out);
	table_free(table);
	if (rc == 0 && hint != NULL)
		fprintf(ctl->out, "to do: %s\n", hint);
	return rc;
}

int
ctl_run_explain(struct ctl *ctl)
{
	struct verb_args args = { .initiator = ctl->options[OPT_INITIATOR],
				  .from = ctl->options[OPT_FROM] };
	const json_t *obstacle;
	json_t *json = NULL;
	int rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &args.lun_id);

	if (rc == 0)
		rc = ctl_ask(ctl, VERB_EXPLAIN, NULL, &args, &json);
	if (rc < 0)
		return rc;
	if (ctl->json)
		rc = ctl_json_print(json, ctl->out);
	else if (!ctl->quiet)
		rc = explanation_print(ctl, json);
	obstacle = json_object_get(json, "obstacle");
	if (rc == 0 && !json_is_true(json_object_get(json, "visible")))
		rc = err_set(ERR_ACCESS, "%s is not visible to the initiator: %s", ctl->args[0],
			     json_string_value(json_object_get(obstacle, "text")));
	json_decref(json);
	return rc;
}
