/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints usage lines, as the table of commands says them. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "vdsctl/diskraid/language.h"

static const char *
value_text(const struct raid_param *param)
{
	switch (param->kind) {
	case RAID_INDEX:
	case RAID_NUMBER:
		return "n";
	case RAID_INDEXES:
		return "n,..";
	case RAID_PAIRS:
		return "controller-port,..";
	case RAID_PATHS:
		return "path-{primary|weight},..";
	case RAID_SIZE:
		return "n";
	case RAID_BOOL:
		return "true|false";
	case RAID_CHOICE:
		return param->choices;
	case RAID_INITIATORS:
		return "iqn[;iqn..]";
	case RAID_WWNS:
		return "h[;h..]";
	case RAID_SECRET:
		return "[s]";
	case RAID_TEXT:
	case RAID_KEYWORD:
	case RAID_REST:
		break;
	}
	return "s";
}

/* The parameter without brackets around it. */
static void
param_print(const struct raid_param *param, FILE *out)
{
	if (param->kind == RAID_KEYWORD)
		fputs(param->name, out);
	else if (param->kind == RAID_REST)
		fprintf(out, "%s..", param->name);
	else if ((param->flags & RAID_POSITIONAL) != 0)
		fputs(param->kind == RAID_TEXT ? param->name : value_text(param), out);
	else if ((param->flags & RAID_BARE) != 0)
		fprintf(out, "%s[=%s]", param->name, value_text(param));
	else
		fprintf(out, "%s=%s", param->name, value_text(param));
}

/* Prints " {all | none | wwn=..}", and returns the last of these parameters. */
static const struct raid_param *
choice_print(const struct raid_param *param, FILE *out)
{
	const char *before = " {";

	for (;; param++) {
		fputs(before, out);
		param_print(param, out);
		before = " | ";
		if (param[1].name == NULL || (param[1].flags & RAID_ONE_OF) == 0)
			break;
	}
	fputc('}', out);
	return param;
}

void
raid_usage(const struct raid_command *command, FILE *out)
{
	fputs(command->words, out);
	for (const struct raid_param *param = command->params; param->name != NULL; param++) {
		bool needed = (param->flags & RAID_REQUIRED) != 0;

		if ((param->flags & RAID_ONE_OF) != 0) {
			param = choice_print(param, out);
			continue;
		}
		fputs(needed ? " " : " [", out);
		param_print(param, out);
		fputs(needed ? "" : "]", out);
	}
}

/* Returns true when the command begins with the words. */
static bool
begins_with(const struct raid_command *command, const struct raid_word *words, size_t count)
{
	const char *at = command->words;

	for (size_t i = 0; i < count; i++) {
		size_t len = strcspn(at, " ");

		if (words[i].len != len || strncasecmp(at, words[i].text, len) != 0)
			return false;
		at += len;
		at += *at == ' ';
	}
	return true;
}

size_t
raid_help(const struct raid_word *words, size_t count, FILE *out)
{
	size_t printed = 0;

	for (size_t i = 0; i < raid_command_count; i++) {
		const struct raid_command *command = &raid_commands[i];

		if (!begins_with(command, words, count))
			continue;
		printed++;
		if (count == 0) {
			fprintf(out, "%-34s %s\n", command->words, command->help);
			continue;
		}
		raid_usage(command, out);
		fprintf(out, "\n    %c%s.\n", toupper((unsigned char)command->help[0]),
			command->help + 1);
		if (command->focus != RAID_NONE)
			fprintf(out, "    It acts on the %s in focus.\n",
				raid_nouns[command->focus].title);
	}
	if (count == 0)
		fprintf(out,
			"\n`help create lun` shows the arguments of these commands.  Objects are "
			"counted from 0 as\n`list` shows them; a name or an id in quotes is "
			"possible as well.  Sizes are in megabytes\nunless B, KB, MB, GB, TB or PB "
			"follows.  With noerr a script goes on after an error.\n");
	return printed;
}
