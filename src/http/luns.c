/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers of LUNs: /v1/luns, /v1/max-lun-size and /v1/explain.  The connection's thread. */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"

int
http_lun_create(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	struct array_lun_spec spec = {
		.name = args->name,
		.pool_id = args->pool_id,
		.size_bytes = args->size_bytes,
		.block_bytes = (uint32_t)args->block_bytes,
		.thick = args->thick,
		.mask = args->mask,
		.hints = args->hints,
		.fits = args->fits,
		.removable = args->removable,
	};
	struct array_answer answer;
	int rc = args->cache != NULL ? lun_cache_parse(args->cache, &spec.cache) : 0;

	if (rc < 0)
		return http_answer(call, reply, rc, &answer);
	return http_answer(call, reply,
			   array_lun_create(call->array, &call->request, &spec, &answer), &answer);
}

static int
set_access(struct http_call *call, const struct guid *lun, struct array_answer *answer)
{
	const char *access = call->args.access;
	bool read_only = strcmp(access, "read-only") == 0;

	if (!read_only && strcmp(access, "read-write") != 0)
		return err_set(ERR_INVALID, "access must be \"read-write\" or \"read-only\"");
	return array_lun_set_access(call->array, &call->request, lun,
				    read_only ? LUN_READ_ONLY : LUN_READ_WRITE, answer);
}

static int
set_cache(struct http_call *call, const struct guid *lun, struct array_answer *answer)
{
	enum lun_cache cache = LUN_CACHE_AUTO;
	int rc = lun_cache_parse(call->args.cache, &cache);

	return rc < 0 ? rc : array_lun_set_cache(call->array, &call->request, lun, cache, answer);
}

int
http_lun_patch(struct http_call *call, struct http_reply *reply)
{
	const struct guid *lun = &call->ids[0];
	const struct verb_args *args = &call->args;
	struct array_answer answer;
	int rc;

	if (args->name != NULL)
		rc = array_lun_rename(call->array, &call->request, lun, args->name, args->duplicate,
				      &answer);
	else if (args->hints != NULL)
		rc = array_lun_set_hints(call->array, &call->request, lun, args->hints, &answer);
	else if (args->qos != NULL)
		rc = array_lun_set_qos(call->array, &call->request, lun, args->qos, &answer);
	else if (args->access != NULL)
		rc = set_access(call, lun, &answer);
	else if (args->cache != NULL)
		rc = set_cache(call, lun, &answer);
	else if (args->mask != NULL && args->flat)
		rc = array_lun_set_flat_mask(call->array, &call->request, lun, args->mask, &answer);
	else if (args->mask != NULL)
		rc = array_lun_set_mask(call->array, &call->request, lun, args->mask, &answer);
	else if (args->mask_add != NULL)
		rc = array_lun_add_mask(call->array, &call->request, lun, args->mask_add, &answer);
	else if (args->mask_remove != NULL)
		rc = array_lun_remove_mask(call->array, &call->request, lun, args->mask_remove,
					   &answer);
	else
		rc = array_lun_set_status(call->array, &call->request, lun, args->status.status,
					  &answer);
	return http_answer(call, reply, rc, &answer);
}

int
http_lun_delete(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	const struct guid *lun = &call->ids[0];
	bool force = call->args.force;
	int rc = call->args.now
			 ? array_lun_delete_now(call->array, &call->request, lun, force, &answer)
			 : array_lun_delete(call->array, &call->request, lun, force, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_trash_empty(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_trash_empty(call->array, &call->request, &call->ids[0], &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_trash_restore(struct http_call *call, struct http_reply *reply)
{
	const struct array_restore_spec spec = { .name = call->args.name,
						 .unassociated = call->args.unassociated };
	struct array_answer answer;
	int rc = array_trash_restore(call->array, &call->request, &call->ids[0], &spec, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_lun_move(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_lun_move(call->array, &call->request, &call->ids[0], &call->args.pool_id,
				call->args.force, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_lun_move_owner(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_lun_move_owner(call->array, &call->request, &call->ids[0],
				      &call->args.controller_id, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_lun_extend(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_lun_extend(call->array, &call->request, &call->ids[0], call->args.add_bytes,
				  call->args.fits, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_lun_shrink(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	struct array_answer answer;
	int rc = array_lun_shrink(call->array, &call->request, &call->ids[0], args->size_bytes,
				  args->remove_bytes, args->force, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_lun_associate(struct http_call *call, struct http_reply *reply)
{
	const struct verb_guids *targets = &call->args.targets;
	struct array_answer answer;
	int rc = array_lun_associate(call->array, &call->request, &call->ids[0], targets->ids,
				     targets->count, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_lun_targets_patch(struct http_call *call, struct http_reply *reply)
{
	const struct verb_guids *add = &call->args.add, *remove = &call->args.remove;
	const struct guid *lun = &call->ids[0];
	struct array_answer answer;
	int rc;

	if (add->given)
		rc = array_lun_add_targets(call->array, &call->request, lun, add->ids, add->count,
					   &answer);
	else
		rc = array_lun_remove_targets(call->array, &call->request, lun, remove->ids,
					      remove->count, &answer);
	return http_answer(call, reply, rc, &answer);
}

static int
bytes_reply(struct http_reply *reply, int rc, uint64_t bytes)
{
	return rc < 0 ? rc : http_reply_json(reply, json_pack("{s:I}", "bytes", (json_int_t)bytes));
}

int
http_lun_max_extend(struct http_call *call, struct http_reply *reply)
{
	uint64_t bytes = 0;
	int rc = array_max_lun_extend(call->array, &call->ids[0], call->args.fits, &bytes);

	return bytes_reply(reply, rc, bytes);
}

int
http_max_lun_size(struct http_call *call, struct http_reply *reply)
{
	uint64_t bytes = 0;
	int rc = array_max_lun_size(call->array, &call->args.pool_id, call->args.thick,
				    call->args.fits, &bytes);

	return bytes_reply(reply, rc, bytes);
}

/* ---- explain ---- */

static json_t *
explain_steps(const struct array_explanation *e)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < e->step_count; i++) {
		const struct array_explain_step *step = &e->steps[i];
		const char *outcome = step->outcome == ARRAY_EXPLAIN_OK ? "ok" : "failed";

		if (json_array_append_new(steps,
					  json_pack("{s:s, s:s, s:s}", "step", step->name,
						    "outcome", outcome, "text", step->text)) < 0) {
			json_decref(steps);
			return NULL;
		}
	}
	return steps;
}

/* Joins all sentences, one a line, for programs that only display them. */
static char *
explain_text(const struct array_explanation *e)
{
	struct strbuf text;

	strbuf_init(&text);
	for (size_t i = 0; i < e->step_count; i++)
		strbuf_addf(&text, "%s\n", e->steps[i].text);
	return strbuf_take(&text);
}

static json_t *
explain_obstacle(const struct array_explanation *e)
{
	if (e->code == NULL)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:s}", "code", e->code, "step", e->obstacle->name, "text",
			 e->obstacle->text, "hint", e->hint);
}

int
http_explain(struct http_call *call, struct http_reply *reply)
{
	struct array_explanation e;
	AUTO_FREE char *text = NULL;
	json_t *json = NULL;
	int rc = array_explain(call->array, &call->args.lun_id, call->args.initiator,
			       call->args.from, &e);

	if (rc < 0)
		return rc;
	text = explain_text(&e);
	if (text != NULL)
		json = json_pack("{s:b, s:o, s:o, s:s}", "visible", e.visible, "obstacle",
				 explain_obstacle(&e), "steps", explain_steps(&e), "text", text);
	array_explanation_fini(&e);
	return http_reply_json(reply, json);
}
