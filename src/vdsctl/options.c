/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line: options may stand anywhere; what remains is the command's words and its
 * arguments.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

#define TIMEOUT_MAX_S 86400
#define WORDS_MAX     2

/* How many words of the command stand at the beginning; 0 = it is another. */
static size_t
words_match(const char *command, const char *const *words, size_t count)
{
	size_t used = 0;

	while (*command != '\0') {
		size_t len = strcspn(command, " ");

		if (used == count || strlen(words[used]) != len ||
		    memcmp(words[used], command, len) != 0)
			return 0;
		used++;
		command += len;
		command += *command == ' ';
	}
	return used;
}

const struct ctl_command *
ctl_command_find(const char *const *words, size_t count, size_t *ret_used)
{
	const struct ctl_command *best = NULL;

	*ret_used = 0;
	for (size_t i = 0; i < ctl_command_count; i++) {
		size_t used = words_match(ctl_commands[i].words, words, count);

		if (used > *ret_used) {
			*ret_used = used;
			best = &ctl_commands[i];
		}
	}
	return best;
}

static int
option_find_long(const char *name, size_t len)
{
	for (int id = 0; id < OPT_COUNT; id++)
		if (strlen(ctl_options[id].name) == len &&
		    memcmp(ctl_options[id].name, name, len) == 0)
			return id;
	return err_set(ERR_INVALID, "there is no option --%.*s", (int)len, name);
}

static int
option_find_letter(char letter)
{
	for (int id = 0; id < OPT_COUNT; id++)
		if (ctl_options[id].letter == letter && letter != '\0')
			return id;
	return err_set(ERR_INVALID, "there is no option -%c", letter);
}

/*
 * value: attached ("--size=1G", "-o json" as one word), or NULL.  Returns how many further words
 * were used.
 */
static int
option_set(struct ctl *ctl, int id, const char *value, const char *next)
{
	int used = 0;

	if (ctl_options[id].value == NULL) {
		if (value != NULL)
			return err_set(ERR_INVALID, "--%s takes no value", ctl_options[id].name);
		value = "";
	} else if (value == NULL) {
		if (next == NULL)
			return err_set(ERR_INVALID, "--%s needs %s", ctl_options[id].name,
				       ctl_options[id].value);
		value = next;
		used = 1;
	}
	if (ctl->options[id] != NULL)
		return err_set(ERR_INVALID, "--%s is given twice", ctl_options[id].name);
	ctl->options[id] = value;
	return used;
}

/* One word that begins with a dash.  Further words used, or ERR_INVALID. */
static int
option_parse(struct ctl *ctl, const char *word, const char *next)
{
	int id;

	if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");

		id = option_find_long(word + 2, len);
		if (id < 0)
			return id;
		return option_set(ctl, id, word[2 + len] == '=' ? word + 2 + len + 1 : NULL, next);
	}
	id = option_find_letter(word[1]);
	if (id < 0)
		return id;
	if (word[2] != '\0' && ctl_options[id].value == NULL)
		return err_set(ERR_INVALID, "write -%c and -%c apart", word[1], word[2]);
	return option_set(ctl, id, word[2] != '\0' ? word + 2 : NULL, next);
}

static int
words_split(struct ctl *ctl, int argc, char **argv)
{
	bool options_end = false;

	ctl->args = mem_calloc((size_t)argc + 1, sizeof(*ctl->args));
	if (ctl->args == NULL)
		return -ENOMEM;
	for (int i = 1; i < argc; i++) {
		int used;

		if (options_end || argv[i][0] != '-' || argv[i][1] == '\0') {
			ctl->args[ctl->arg_count++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			options_end = true;
			continue;
		}
		used = option_parse(ctl, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
		if (used < 0)
			return used;
		i += used;
	}
	return 0;
}

static int
globals_check(struct ctl *ctl)
{
	const char *output = ctl->options[OPT_OUTPUT], *timeout = ctl->options[OPT_TIMEOUT];
	uint64_t seconds = 0;

	if (output != NULL && !str_equal(output, "json") && !str_equal(output, "table"))
		return err_set(ERR_INVALID, "--output is table or json");
	if (timeout != NULL &&
	    (str_parse_u64(timeout, &seconds) < 0 || seconds == 0 || seconds > TIMEOUT_MAX_S))
		return err_set(ERR_INVALID, "--timeout is a number of seconds, 1 to %d",
			       TIMEOUT_MAX_S);
	ctl->json = str_equal(output, "json");
	ctl->quiet = ctl->options[OPT_QUIET] != NULL;
	ctl->no_wait = ctl->options[OPT_NO_WAIT] != NULL;
	ctl->timeout_s = (int)seconds;
	return 0;
}

static int
command_check(const struct ctl *ctl)
{
	const struct ctl_command *command = ctl->command;

	for (int id = OPT_GLOBAL_END; id < OPT_COUNT; id++)
		if (ctl->options[id] != NULL && (command->options & 1u << id) == 0)
			return err_set(ERR_INVALID, "`%s` has no option --%s", command->words,
				       ctl_options[id].name);
	if (ctl->arg_count < command->min_args || ctl->arg_count > command->max_args)
		return err_set(ERR_INVALID, "usage: vdsctl %s %s", command->words, command->args);
	return 0;
}

int
ctl_parse(struct ctl *ctl, int argc, char **argv)
{
	size_t used = 0;
	int rc = words_split(ctl, argc, argv);

	if (rc == 0)
		rc = globals_check(ctl);
	if (rc < 0)
		return rc;
	ctl->command = ctl_command_find(ctl->args, ctl->arg_count, &used);
	if (ctl->options[OPT_HELP] != NULL || ctl->options[OPT_VERSION] != NULL)
		return 0;
	if (ctl->arg_count == 0)
		return err_set(ERR_INVALID, "which command? `vdsctl --help` lists them");
	if (ctl->command == NULL)
		return err_set(ERR_INVALID,
			       "there is no command `%s%s%s`; `vdsctl --help` lists them",
			       ctl->args[0], ctl->arg_count > 1 ? " " : "",
			       ctl->arg_count > 1 ? ctl->args[1] : "");
	memmove(ctl->args, ctl->args + used, (ctl->arg_count - used) * sizeof(*ctl->args));
	ctl->arg_count -= used;
	return command_check(ctl);
}

void
ctl_fini(struct ctl *ctl)
{
	client_close(ctl->client);
	mem_free(ctl->args);
}
