/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Help: usage lines and lists of commands and options, made from the tables of commands.c.  Called
 * by main and by errors about the command line.
 */
#include <string.h>

#include "base/str.h"
#include "vdsctl/ctl_int.h"

#define LEFT_COLUMNS 34

/* Two columns; a left side that is too wide gets a line of its own. */
static void
pair_print(FILE *out, const char *left, const char *right)
{
	size_t width = table_text_width(left);

	if (width > LEFT_COLUMNS)
		fprintf(out, "  %s\n  %*s %s\n", left, LEFT_COLUMNS, "", right);
	else
		fprintf(out, "  %s%*s %s\n", left, (int)(LEFT_COLUMNS - width), "", right);
}

static void
option_print(FILE *out, int id)
{
	const struct ctl_option *option = &ctl_options[id];
	char left[64], letter[5] = "    ";

	if (option->letter != '\0')
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, option->name, option->value ? " " : "",
		 option->value ? option->value : "");
	pair_print(out, left, option->help);
}

/* Does the argument text name the option already, as in "{SIZE | --to SIZE}"? */
static bool
args_name(const struct ctl_command *command, int id)
{
	char text[40];

	snprintf(text, sizeof(text), "--%s ", ctl_options[id].name);
	return strstr(command->args, text) != NULL;
}

void
ctl_usage(FILE *out, const struct ctl_command *command)
{
	fprintf(out, "usage: vdsctl %s%s%s", command->words, command->args[0] != '\0' ? " " : "",
		command->args);
	for (int pass = 0; pass < 2; pass++) { /* what is required comes first */
		for (int id = OPT_GLOBAL_END; id < OPT_COUNT; id++) {
			const struct ctl_option *option = &ctl_options[id];
			bool required = (command->required & CTL_OPTION_BIT(id)) != 0;

			if ((command->options & CTL_OPTION_BIT(id)) == 0 ||
			    required != (pass == 0) || args_name(command, id))
				continue;
			fprintf(out, " %s--%s%s%s%s", required ? "" : "[", option->name,
				option->value ? " " : "", option->value ? option->value : "",
				required ? "" : "]");
		}
	}
}

void
ctl_help_noun(FILE *out, const char *noun)
{
	size_t len = strlen(noun);

	fprintf(out, "usage: vdsctl %s COMMAND [ARGUMENT…] [OPTION…]\n\nCommands:\n", noun);
	for (size_t i = 0; i < ctl_command_count; i++) {
		const struct ctl_command *command = &ctl_commands[i];
		char left[96];

		if (strncmp(command->words, noun, len) != 0 || command->words[len] != ' ')
			continue;
		snprintf(left, sizeof(left), "%s %s", command->words, command->args);
		pair_print(out, left, command->help);
	}
	fprintf(out, "\n`vdsctl %s COMMAND --help` shows a command's own options.\n", noun);
}

static void
help_all(FILE *out)
{
	fprintf(out, "usage: vdsctl COMMAND [ARGUMENT…] [OPTION…]\n\nCommands:\n");
	for (size_t i = 0; i < ctl_command_count; i++) {
		char left[96];

		snprintf(left, sizeof(left), "%s %s", ctl_commands[i].words, ctl_commands[i].args);
		pair_print(out, left, ctl_commands[i].help);
	}
	fprintf(out, "\nOptions of every command:\n");
	for (int id = 0; id < OPT_GLOBAL_END; id++)
		option_print(out, id);
	fprintf(out, "\n`vdsctl COMMAND --help` shows a command's own options; vdsctl(1) has "
		     "examples.\n");
}

void
ctl_help(FILE *out, const struct ctl_command *command)
{
	if (command == NULL) {
		help_all(out);
		return;
	}
	ctl_usage(out, command);
	fprintf(out, "\n%s\n", command->help);
	for (int id = OPT_GLOBAL_END; id < OPT_COUNT; id++)
		if ((command->options & CTL_OPTION_BIT(id)) != 0)
			option_print(out, id);
}
