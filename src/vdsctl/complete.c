/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl __complete WORD…`: what the last word can become.  It offers words of commands, options,
 * values of options, and names of objects, which it asks vdsd for.  It never prints an error: a
 * shell that completes is no place for one.
 */
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

#define ASK_SECONDS 2 /* a vdsd that hangs must not block the shell for longer */

struct completing {
	FILE *out;
	struct ctl ctl; /* its arguments and options so far, without the word under the cursor */
	const char *current; /* the word under the cursor */
};

static void
offer(const struct completing *c, const char *prefix, const char *text)
{
	size_t len = strlen(prefix);

	if (strncmp(c->current, prefix, len) == 0 && str_starts(text, c->current + len))
		fprintf(c->out, "%s%s\n", prefix, text);
}

/* ---- words and options ---- */

/*
 * Passes over the words of a command that are typed already.  Returns the next, or NULL: another.
 */
static const char *
words_after(const struct completing *c, const char *words)
{
	for (size_t i = 0; i < c->ctl.arg_count; i++) {
		size_t len = strlen(c->ctl.args[i]);

		if (strncmp(words, c->ctl.args[i], len) != 0 || words[len] != ' ')
			return NULL;
		words += len + 1;
	}
	return words;
}

/* The commands are sorted, so equal words stand together. */
static void
offer_words(const struct completing *c)
{
	char last[32] = "";

	for (size_t i = 0; i < ctl_command_count; i++) {
		const char *words = words_after(c, ctl_commands[i].words);
		char word[32];

		if (words == NULL)
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(words, " "), words);
		if (strcmp(word, last) != 0)
			offer(c, "", word);
		memcpy(last, word, sizeof(last));
	}
}

static void
offer_options(const struct completing *c)
{
	for (int id = 0; id < OPT_COUNT; id++) {
		char text[40];
		bool fits = id < OPT_GLOBAL_END ||
			    (c->ctl.command != NULL &&
			     (c->ctl.command->options & CTL_OPTION_BIT(id)) != 0);

		if (!fits || c->ctl.options[id] != NULL)
			continue;
		snprintf(text, sizeof(text), "--%s", ctl_options[id].name);
		offer(c, "", text);
	}
}

/* ---- names of objects ---- */

static const char *
text_of(const json_t *item, const char *member)
{
	const char *text = json_string_value(json_object_get(item, member));

	return text != NULL ? text : "";
}

static void
offer_group(const struct completing *c, const char *prefix, const json_t *targets,
	    const json_t *group)
{
	for (size_t i = 0; i < json_array_size(targets); i++) {
		const json_t *target = json_array_get(targets, i);
		const char *alias = text_of(target, "alias");
		char text[320];

		if (!str_equal(text_of(target, "id"), text_of(group, "target_id")))
			continue;
		snprintf(text, sizeof(text), "%s:%d",
			 alias[0] != '\0' ? alias : text_of(target, "iscsi_name"),
			 (int)json_integer_value(json_object_get(group, "tag")));
		offer(c, prefix, text);
	}
}

static void
offer_item(const struct completing *c, const char *prefix, enum row_family family,
	   const json_t *item)
{
	const char *address = text_of(item, "address");
	char text[320];

	switch (family) {
	case ROW_LUN:
		snprintf(text, sizeof(text), "#%d",
			 (int)json_integer_value(json_object_get(item, "number")));
		offer(c, prefix, text_of(item, "name")[0] != '\0' ? text_of(item, "name") : text);
		break;
	case ROW_POOL:
	case ROW_LIVE_DRIVE:
	case ROW_LIVE_PORT:
	case ROW_CONTROLLER:
	case ROW_HOST:
	case ROW_HOST_GROUP:
	case ROW_SNAPSHOT_SCHEDULE:
	case ROW_TRASHED_LUN:
		offer(c, prefix, text_of(item, "name"));
		break;
	case ROW_SNAPSHOT:
		snprintf(text, sizeof(text), "%s@%s", text_of(item, "lun_name"),
			 text_of(item, "name"));
		offer(c, prefix, text);
		break;
	case ROW_TARGET:
		if (text_of(item, "alias")[0] != '\0')
			offer(c, prefix, text_of(item, "alias"));
		if (text_of(item, "alias")[0] == '\0' || c->current[strlen(prefix)] != '\0')
			offer(c, prefix, text_of(item, "iscsi_name"));
		break;
	case ROW_PORTAL:
		snprintf(text, sizeof(text), strchr(address, ':') != NULL ? "[%s]:%d" : "%s:%d",
			 address, (int)json_integer_value(json_object_get(item, "port")));
		offer(c, prefix, text);
		break;
	default:
		offer(c, prefix, text_of(item, "id"));
		break;
	}
}

static void
offer_objects(struct completing *c, const char *prefix, enum row_family family)
{
	json_t *items = NULL, *targets = NULL;

	alarm(ASK_SECONDS); /* the default action ends us */
	if (ctl_list(&c->ctl, ctl_verbs(family)->list, NULL, &items) < 0)
		return;
	if (family == ROW_PORTAL_GROUP &&
	    ctl_list(&c->ctl, ctl_verbs(ROW_TARGET)->list, NULL, &targets) < 0)
		targets = json_array();
	for (size_t i = 0; i < json_array_size(items); i++) {
		if (family == ROW_PORTAL_GROUP)
			offer_group(c, prefix, targets, json_array_get(items, i));
		else
			offer_item(c, prefix, family, json_array_get(items, i));
	}
	json_decref(items);
	json_decref(targets);
}

/* Initiators that have a session now, and all that are unmasked anywhere. */
static void
offer_initiators(struct completing *c, const char *prefix)
{
	json_t *items = NULL;

	alarm(ASK_SECONDS);
	if (ctl_list(&c->ctl, ctl_verbs(ROW_LIVE_SESSION)->list, NULL, &items) == 0)
		for (size_t i = 0; i < json_array_size(items); i++)
			offer(c, prefix, text_of(json_array_get(items, i), "initiator"));
	json_decref(items);
	items = NULL;
	if (ctl_list(&c->ctl, ctl_verbs(ROW_LUN)->list, NULL, &items) == 0) {
		for (size_t i = 0; i < json_array_size(items); i++) {
			AUTO_FREE char *mask = str_dup(text_of(json_array_get(items, i), "mask"));
			char *rest = mask;

			for (const char *name; (name = strtok_r(rest, ";", &rest)) != NULL;)
				if (!str_equal(name, "*") && !mask_is_host(name))
					offer(c, prefix, name);
		}
	}
	json_decref(items);
}

struct context_offer {
	const struct completing *c;
	const char *prefix;
};

static void
offer_context(void *arg, const char *name)
{
	const struct context_offer *offering = arg;

	offer(offering->c, offering->prefix, name);
}

/* The objects of one noun of a usage line, of so many bytes. */
static void
offer_noun(struct completing *c, const char *prefix, const char *noun, size_t len)
{
	static const struct {
		const char *place;
		enum row_family family;
	} nouns[] = { { "LUN", ROW_LUN },
		      { "SNAPSHOT", ROW_SNAPSHOT },
		      { "SCHEDULE", ROW_SNAPSHOT_SCHEDULE },
		      { "TARGET", ROW_TARGET },
		      { "DELETED-LUN", ROW_TRASHED_LUN },
		      { "POOL", ROW_POOL },
		      { "DRIVE", ROW_LIVE_DRIVE },
		      { "SECRET", ROW_CREDENTIAL },
		      { "PORT", ROW_LIVE_PORT },
		      { "CONTROLLER", ROW_CONTROLLER },
		      { "GATEWAY", ROW_CONTROLLER },
		      { "HOST", ROW_HOST },
		      { "HOST-GROUP", ROW_HOST_GROUP },
		      { "PORTAL", ROW_PORTAL },
		      { "GROUP", ROW_PORTAL_GROUP },
		      { "JOB", ROW_JOB },
		      { "SESSION", ROW_LIVE_SESSION } };

	for (size_t i = 0; i < ARRAY_LEN(nouns); i++)
		if (strlen(nouns[i].place) == len && memcmp(nouns[i].place, noun, len) == 0)
			offer_objects(c, prefix, nouns[i].family);
}

/* What a placeholder of a usage line stands for: "LUN", "TARGET…", "LUN|SNAPSHOT", "yes|no". */
static void
offer_place(struct completing *c, const char *prefix, const char *place)
{
	static const char *const shells[] = { "bash", "fish", "zsh" };
	const char *end = place + strcspn(place, " ]…");

	for (const char *noun = place; noun < end; noun += strcspn(noun, "|") + 1)
		offer_noun(c, prefix, noun, MIN(strcspn(noun, "|"), (size_t)(end - noun)));
	if (str_equal(place, "yes|no")) {
		offer(c, prefix, "no");
		offer(c, prefix, "yes");
	}
	if (strncmp(place, "INITIATOR", 9) == 0)
		offer_initiators(c, prefix);
	if (strncmp(place, "CONTEXT", 7) == 0)
		ctl_context_each(offer_context, &(struct context_offer){ c, prefix });
	for (size_t i = 0; strncmp(place, "SHELL", 5) == 0 && i < ARRAY_LEN(shells); i++)
		offer(c, prefix, shells[i]);
	if (strncmp(place, "FORMAT", 6) == 0) {
		offer(c, prefix, "json");
		offer(c, prefix, "table");
	}
	if (strncmp(place, "BYTES", 5) == 0) {
		offer(c, prefix, "512");
		offer(c, prefix, "4096");
	}
}

/*
 * The placeholder of the argument with this index; the last one stands for all that follow when it
 * ends with "…".
 */
static const char *
place_of(const struct ctl_command *command, size_t index)
{
	const char *place = command->args;

	while (*place != '\0') {
		const char *next = strchr(place, ' ');

		place += *place == '[';
		if (index == 0 || (next == NULL && strstr(place, "…") != NULL))
			return place;
		if (next == NULL)
			break;
		index--;
		place = next + 1;
	}
	return "";
}

/* ---- the command line so far ---- */

static int
option_id(const char *name, size_t len)
{
	for (int id = 0; id < OPT_COUNT; id++)
		if (strlen(ctl_options[id].name) == len &&
		    memcmp(ctl_options[id].name, name, len) == 0)
			return id;
	return -1;
}

/*
 * The option whose value the next word is, after this word; -1 = none.  Notes options that are
 * given.
 */
static int
word_take(struct completing *c, const char *word)
{
	int id = -1;

	if (word[0] == '-' && word[1] == '-')
		id = option_id(word + 2, strcspn(word + 2, "="));
	for (int i = 0; word[0] == '-' && word[1] != '-' && i < OPT_COUNT; i++)
		if (ctl_options[i].letter != '\0' && ctl_options[i].letter == word[1])
			id = i;
	if (id < 0) {
		if (word[0] != '-')
			c->ctl.args[c->ctl.arg_count++] = word;
		return -1;
	}
	c->ctl.options[id] = strchr(word, '=') != NULL           ? strchr(word, '=') + 1
			     : word[1] != '-' && word[2] != '\0' ? word + 2
								 : "";
	return ctl_options[id].value != NULL && c->ctl.options[id][0] == '\0' ? id : -1;
}

static void
offer_what_fits(struct completing *c, int value_of)
{
	const char *equals = strchr(c->current, '=');
	size_t used = 0;

	c->ctl.command = ctl_command_find(c->ctl.args, c->ctl.arg_count, &used);
	if (value_of >= 0) {
		offer_place(c, "", ctl_options[value_of].value);
	} else if (str_starts(c->current, "--") && equals != NULL) {
		int id = option_id(c->current + 2, (size_t)(equals - c->current) - 2);
		char prefix[40];

		snprintf(prefix, sizeof(prefix), "%.*s", (int)(equals + 1 - c->current),
			 c->current);
		if (id >= 0 && ctl_options[id].value != NULL)
			offer_place(c, prefix, ctl_options[id].value);
	} else if (c->current[0] == '-') {
		offer_options(c);
	} else if (c->ctl.command != NULL) {
		offer_place(c, "", place_of(c->ctl.command, c->ctl.arg_count - used));
	} else {
		offer_words(c);
	}
}

int
ctl_complete(FILE *out, int count, char **words)
{
	struct completing c = { .out = out, .current = count > 0 ? words[count - 1] : "" };
	int value_of = -1;

	c.ctl.args = mem_calloc((size_t)count + 1, sizeof(*c.ctl.args));
	if (c.ctl.args == NULL)
		return CTL_FAILED;
	for (int i = 0; i + 1 < count; i++) {
		if (value_of >= 0) {
			c.ctl.options[value_of] = words[i];
			value_of = -1;
		} else {
			value_of = word_take(&c, words[i]);
		}
	}
	offer_what_fits(&c, value_of);
	ctl_fini(&c.ctl);
	return CTL_OK;
}
