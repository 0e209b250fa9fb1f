/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command `lun inject`: injects a fault into a LUN, lists those that it has, and ends them.
 * What a fault is follows the LUN as words: `vdsctl lun inject vol1 read medium-error blocks=0-7
 * count=3`.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "vdsctl/ctl_int.h"

#define PPM_OF_PERCENT 10000

/* ---- the words ---- */

static bool
is_operation(const char *word)
{
	static const char *const operations[] = { "any", "read", "write", "flush", "unmap" };

	for (size_t i = 0; i < ARRAY_LEN(operations); i++)
		if (strcmp(word, operations[i]) == 0)
			return true;
	return false;
}

/* "500ms", or as ctl_duration_parse. */
static int
time_parse(const char *what, const char *text, uint64_t *ret_ms)
{
	size_t len = strlen(text);
	char digits[16] = "";

	if (len > 2 && len < sizeof(digits) && strcmp(text + len - 2, "ms") == 0) {
		memcpy(digits, text, len - 2);
		if (str_parse_u64(digits, ret_ms) == 0 && *ret_ms > 0)
			return 0;
		return err_set(ERR_INVALID, "%s takes a time such as 250ms, 2s or 5m, not %s", what,
			       text);
	}
	return ctl_duration_parse(what, text, ret_ms);
}

/* "8-15", or one block: "8". */
static int
blocks_parse(const char *text, struct verb_args *args)
{
	size_t len = strcspn(text, "-");
	char first[24] = "";
	uint64_t last;

	if (len < sizeof(first))
		memcpy(first, text, len);
	if (str_parse_u64(first, &args->from_block) < 0 ||
	    str_parse_u64(text[len] == '-' ? text + len + 1 : text, &last) < 0 ||
	    last < args->from_block)
		return err_set(ERR_INVALID,
			       "blocks= takes the first and the last block, 8-15, or one "
			       "block, 8; not %s",
			       text);
	args->blocks = last - args->from_block + 1;
	return 0;
}

/* "10%" or "0.05%". */
static int
chance_parse(const char *text, struct verb_args *args)
{
	unsigned percent = 0, fraction = 0, ppm, scale = PPM_OF_PERCENT;
	const char *at = text;
	bool digits = false;

	for (; *at >= '0' && *at <= '9' && percent <= 100; at++, digits = true)
		percent = percent * 10 + (unsigned)(*at - '0');
	if (*at == '.')
		for (at++; *at >= '0' && *at <= '9' && scale > 1; at++) {
			scale /= 10;
			fraction += scale * (unsigned)(*at - '0');
		}
	ppm = percent <= 100 ? percent * PPM_OF_PERCENT + fraction : 0;
	if (!digits || strcmp(at, "%") != 0 || ppm == 0 || ppm > 100 * PPM_OF_PERCENT)
		return err_set(
			ERR_INVALID,
			"chance= takes a share of the commands from 0.0001%% to 100%%, not %s",
			text);
	args->ppm = ppm;
	return 0;
}

static int
value_parse(const char *word, const char *value, struct verb_args *args)
{
	size_t len = (size_t)(value - word) - 1;

	if (strncmp(word, "delay", len) == 0 && len == 5)
		return time_parse("delay=", value, &args->delay_ms);
	if (strncmp(word, "for", len) == 0 && len == 3)
		return time_parse("for=", value, &args->for_ms);
	if (strncmp(word, "blocks", len) == 0 && len == 6)
		return blocks_parse(value, args);
	if (strncmp(word, "chance", len) == 0 && len == 6)
		return chance_parse(value, args);
	if (strncmp(word, "count", len) == 0 && len == 5)
		return str_parse_u64(value, &args->count) == 0 && args->count > 0
			       ? 0
			       : err_set(ERR_INVALID, "count= takes how many commands, not %s",
					 value);
	return err_set(
		ERR_INVALID,
		"there is no \"%.*s=\": a fault has blocks=, chance=, count=, delay= and for=",
		(int)len, word);
}

/* Words that name no operation are errors: vdsd knows those. */
static int
words_parse(const char *const *words, size_t count, struct verb_args *args)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		const char *value = strchr(words[i], '=');

		if (value != NULL)
			rc = value_parse(words[i], value + 1, args);
		else if (strcmp(words[i], "hang") == 0)
			args->hang = true;
		else if (is_operation(words[i]) && args->operation == NULL)
			args->operation = words[i];
		else if (args->error == NULL)
			args->error = words[i];
		else
			rc = err_set(ERR_INVALID,
				     "a fault has one operation and one error, and \"%s\" "
				     "is one too many",
				     words[i]);
	}
	return rc;
}

/* ---- what vdsd says ---- */

static uint64_t
number_of(const json_t *fault, const char *member)
{
	return (uint64_t)json_integer_value(json_object_get(fault, member));
}

/* "medium-error after 500 ms" */
static void
effect_add(struct table *table, const json_t *fault)
{
	const char *error = json_string_value(json_object_get(fault, "error"));
	uint64_t delay_ms = number_of(fault, "delay_ms");
	char text[96];

	if (json_is_true(json_object_get(fault, "hang")))
		snprintf(text, sizeof(text), "hang");
	else if (delay_ms == 0)
		snprintf(text, sizeof(text), "%s", error != NULL ? error : "");
	else
		snprintf(text, sizeof(text), "%s%s%" PRIu64 " ms", error != NULL ? error : "delay",
			 error != NULL ? " after " : " of ", delay_ms);
	table_add(table, text);
}

static void
limits_add(struct table *table, const json_t *fault)
{
	uint64_t blocks = number_of(fault, "blocks"), from = number_of(fault, "from_block");
	uint64_t ppm = number_of(fault, "ppm"), for_ms = number_of(fault, "for_ms");
	char text[64] = "all";

	if (blocks != 0)
		snprintf(text, sizeof(text), "%" PRIu64 "-%" PRIu64, from, from + blocks - 1);
	table_add(table, text);
	snprintf(text, sizeof(text), "%" PRIu64 ".%04" PRIu64 " %%", ppm / PPM_OF_PERCENT,
		 ppm % PPM_OF_PERCENT);
	table_add(table, ppm != 0 ? text : "each");
	snprintf(text, sizeof(text), "%" PRIu64 " of %" PRIu64, number_of(fault, "struck"),
		 number_of(fault, "count"));
	if (number_of(fault, "count") == 0)
		snprintf(text, sizeof(text), "%" PRIu64, number_of(fault, "struck"));
	table_add(table, text);
	snprintf(text, sizeof(text), "in %" PRIu64 ".%03" PRIu64 " s", for_ms / 1000,
		 for_ms % 1000);
	table_add(table, for_ms != 0 ? text : "");
}

static int
faults_print(struct ctl *ctl, const json_t *json)
{
	const json_t *list = json_object_get(json, "items");
	AUTO_TABLE struct table *table = table_new(
		">FAULT|OPERATION|EFFECT|BLOCKS|CHANCE|STRUCK|ENDS");
	char id[24];

	if (json_array_size(list) == 0) {
		fprintf(ctl->out, "%s has no faults\n", ctl->args[0]);
		return 0;
	}
	if (table == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *fault = json_array_get(list, i);

		snprintf(id, sizeof(id), "%" PRIu64, number_of(fault, "id"));
		table_add(table, id);
		table_add(table, json_string_value(json_object_get(fault, "operation")));
		effect_add(table, fault);
		limits_add(table, fault);
	}
	return table_print(table, ctl->out);
}

static int
list(struct ctl *ctl, const struct guid *lun)
{
	json_t *json = NULL;
	int rc = ctl_ask(ctl, VERB_LUN_FAULTS, lun, NULL, &json);

	if (rc == 0)
		rc = ctl->json ? ctl_json_print(json, ctl->out) : faults_print(ctl, json);
	json_decref(json);
	return rc;
}

static int
clear(struct ctl *ctl, const struct guid *lun)
{
	struct verb_args args = { 0 };
	struct client_answer answer;
	int rc;

	if (ctl->arg_count > 2 ||
	    (ctl->arg_count == 2 &&
	     (str_parse_u64(ctl->args[1], &args.fault) < 0 || args.fault == 0)))
		return err_set(ERR_INVALID,
			       "--clear takes the number of one fault, or nothing: all");
	rc = client_change(ctl->client, VERB_LUN_FAULTS_CLEAR, lun, &args, &answer);
	return ctl_done(ctl, rc, &answer, "%s", "");
}

static int
inject(struct ctl *ctl, const struct guid *lun)
{
	struct verb_args args = { 0 };
	json_t *json = NULL;
	int rc = words_parse(ctl->args + 1, ctl->arg_count - 1, &args);

	if (rc == 0)
		rc = ctl_ask(ctl, VERB_LUN_INJECT, lun, &args, &json);
	if (rc == 0 && ctl->json)
		rc = ctl_json_print(json, ctl->out);
	else if (rc == 0)
		fprintf(ctl->out, ctl->quiet ? "%" PRIu64 "\n" : "fault %" PRIu64 "\n",
			number_of(json, "fault"));
	json_decref(json);
	return rc;
}

int
ctl_run_lun_inject(struct ctl *ctl)
{
	struct guid lun;
	int rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);

	if (rc < 0)
		return rc;
	if (ctl->options[OPT_CLEAR] != NULL)
		return clear(ctl, &lun);
	return ctl->arg_count > 1 ? inject(ctl, &lun) : list(ctl, &lun);
}
