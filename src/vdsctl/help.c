/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Help and shell completion, from the tables of commands.c. */
#include <string.h>

#include "base/str.h"
#include "vdsctl/ctl_int.h"

static void
option_print(FILE *out, int id)
{
	const struct ctl_option *option = &ctl_options[id];
	char left[64];

	if (option->letter != '\0')
		snprintf(left, sizeof(left), "-%c, --%s%s%s", option->letter, option->name,
			 option->value ? " " : "", option->value ? option->value : "");
	else
		snprintf(left, sizeof(left), "    --%s%s%s", option->name, option->value ? " " : "",
			 option->value ? option->value : "");
	fprintf(out, "  %-26s %s\n", left, option->help);
}

static void
command_print(FILE *out, const struct ctl_command *command)
{
	fprintf(out, "usage: vdsctl %s%s%s%s\n%s\n", command->words,
		command->args[0] != '\0' ? " " : "", command->args,
		command->options != 0 ? " [OPTION…]" : "", command->help);
	for (int id = OPT_GLOBAL_END; id < OPT_COUNT; id++)
		if ((command->options & 1u << id) != 0)
			option_print(out, id);
}

void
ctl_help(FILE *out, const struct ctl_command *command)
{
	if (command != NULL) {
		command_print(out, command);
		return;
	}
	fprintf(out, "usage: vdsctl COMMAND [ARGUMENT…] [OPTION…]\n\nCommands:\n");
	for (size_t i = 0; i < ctl_command_count; i++) {
		char left[64];

		snprintf(left, sizeof(left), "%s %s", ctl_commands[i].words, ctl_commands[i].args);
		fprintf(out, "  %-32s %s\n", left, ctl_commands[i].help);
	}
	fprintf(out, "\nOptions of every command:\n");
	for (int id = 0; id < OPT_GLOBAL_END; id++)
		option_print(out, id);
	fprintf(out, "\n`vdsctl COMMAND --help` shows a command's own options; vdsctl(1) has "
		     "examples.\n");
}

/* ---- bash ---- */

/* Second words of a first word, or the options of a command, as one case of the shell function. */
static void
second_words(FILE *out, const char *first, size_t len)
{
	fprintf(out, "\t%.*s)\twords='", (int)len, first);
	for (size_t i = 0; i < ctl_command_count; i++) {
		const char *words = ctl_commands[i].words;

		if (strncmp(words, first, len) == 0 && words[len] == ' ')
			fprintf(out, "%s ", words + len + 1);
	}
	fprintf(out, "' ;;\n");
}

static void
command_options(FILE *out, const struct ctl_command *command)
{
	if (command->options == 0)
		return;
	fprintf(out, "\t'%s')\twords+='", command->words);
	for (int id = OPT_GLOBAL_END; id < OPT_COUNT; id++)
		if ((command->options & 1u << id) != 0)
			fprintf(out, " --%s", ctl_options[id].name);
	fprintf(out, "' ;;\n");
}

/* The commands are sorted, so equal first words stand together. */
static bool
is_new_first_word(size_t i, size_t *ret_len)
{
	const char *words = ctl_commands[i].words;

	*ret_len = strcspn(words, " ");
	return i == 0 || strncmp(ctl_commands[i - 1].words, words, *ret_len) != 0 ||
	       ctl_commands[i - 1].words[*ret_len] != ' ';
}

static void
first_words(FILE *out)
{
	size_t len;

	for (size_t i = 0; i < ctl_command_count; i++)
		if (is_new_first_word(i, &len))
			fprintf(out, "%.*s ", (int)len, ctl_commands[i].words);
}

void
ctl_completion(FILE *out)
{
	size_t len;

	fprintf(out,
		"# bash completion for vdsctl, made by `vdsctl completion`\n_vdsctl()\n{\n"
		"\tlocal current=${COMP_WORDS[COMP_CWORD]} words=''\n\tif ((COMP_CWORD == 1)); "
		"then words='");
	first_words(out);
	fprintf(out, "'\n\telif ((COMP_CWORD == 2)); then case ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; i < ctl_command_count; i++)
		if (is_new_first_word(i, &len) && ctl_commands[i].words[len] == ' ')
			second_words(out, ctl_commands[i].words, len);
	fprintf(out, "\tesac; fi\n\tif [[ $current == -* ]]; then\n\twords='");
	for (int id = 0; id < OPT_GLOBAL_END; id++)
		fprintf(out, " --%s", ctl_options[id].name);
	fprintf(out, "'\n\tcase \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n");
	for (size_t i = 0; i < ctl_command_count; i++)
		command_options(out, &ctl_commands[i]);
	fprintf(out, "\tesac; fi\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n"
		     "complete -o default -F _vdsctl vdsctl\n");
}

int
ctl_run_completion(struct ctl *ctl)
{
	ctl_completion(ctl->out);
	return 0;
}
