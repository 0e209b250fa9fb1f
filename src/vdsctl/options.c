/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the command line of vdsctl.  Options may stand anywhere; the words that remain are the
 * command's own and its arguments.  Called once by main, and by batch for each of its lines.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

#define TIMEOUT_MAX_S 86400
#define DURATION_MAX  100000
#define LUN_MAX_BYTES (1ull << 53)

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

/* "list luns" is "lun list": scripts that were written for the older form go on working. */
static const struct ctl_command *
find_listing(const char *plural, size_t *ret_used)
{
	size_t len = strlen(plural);

	for (size_t i = 0; len > 1 && i < ctl_command_count; i++) {
		const char *words = ctl_commands[i].words;

		if (strncmp(words, plural, len - 1) == 0 && plural[len - 1] == 's' &&
		    strcmp(words + len - 1, " list") == 0) {
			*ret_used = 2;
			return &ctl_commands[i];
		}
	}
	return NULL;
}

bool
ctl_is_noun(const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < ctl_command_count; i++)
		if (strncmp(ctl_commands[i].words, word, len) == 0 &&
		    ctl_commands[i].words[len] == ' ')
			return true;
	return false;
}

const struct ctl_command *
ctl_command_find(const char *const *words, size_t count, size_t *ret_used)
{
	const struct ctl_command *best = NULL;

	*ret_used = 0;
	if (count >= 2 && strcmp(words[0], "list") == 0)
		return find_listing(words[1], ret_used);
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
	struct ctl_guess guess;
	char word[64], hint[64];

	for (int id = 0; id < OPT_COUNT; id++)
		if (strlen(ctl_options[id].name) == len &&
		    memcmp(ctl_options[id].name, name, len) == 0)
			return id;
	snprintf(word, sizeof(word), "--%.*s", (int)len, name);
	ctl_guess_begin(&guess, word);
	for (int id = 0; id < OPT_COUNT; id++) {
		char candidate[64];

		snprintf(candidate, sizeof(candidate), "--%s", ctl_options[id].name);
		ctl_guess_try(&guess, candidate);
	}
	return err_set(ERR_INVALID, "there is no option --%.*s%s", (int)len, name,
		       ctl_guess_text(&guess, hint, sizeof(hint)));
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
		return err_set(ERR_INVALID, "the options -%c and -%c must be separate words",
			       word[1], word[2]);
	return option_set(ctl, id, word[2] != '\0' ? word + 2 : NULL, next);
}

/* Returns true when the words so far make a command that passes the others on to a program. */
static bool
passes_on(const struct ctl *ctl)
{
	size_t used;
	const struct ctl_command *command = ctl_command_find(ctl->args, ctl->arg_count, &used);

	return command != NULL && command->max_args == CTL_ALL_WORDS;
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
			options_end |= passes_on(ctl);
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

	ctl->json = str_equal(output, "json");
	if (output != NULL && !str_equal(output, "json") && !str_equal(output, "table"))
		return err_set(ERR_INVALID, "--output takes table or json, not %s", output);
	if (ctl->options[OPT_CONTEXT] != NULL && ctl->options[OPT_URL] != NULL)
		return err_set(ERR_INVALID,
			       "--context and --url both say where the array is: give one of them");
	if (timeout != NULL &&
	    (str_parse_u64(timeout, &seconds) < 0 || seconds == 0 || seconds > TIMEOUT_MAX_S))
		return err_set(ERR_INVALID,
			       "--timeout takes a number of seconds from 1 to %d, not %s",
			       TIMEOUT_MAX_S, timeout);
	ctl->quiet = ctl->options[OPT_QUIET] != NULL;
	ctl->no_wait = ctl->options[OPT_NO_WAIT] != NULL;
	ctl->timeout_s = (int)seconds;
	return 0;
}

/* `usage: …` as an error. */
static int
usage_error(const struct ctl_command *command, const char *why)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int rc;

	if (out == NULL)
		return -ENOMEM;
	ctl_usage(out, command);
	fclose(out);
	rc = err_set(ERR_INVALID, "%s%s", why, text);
	free(text);
	return rc;
}

static int
command_check(const struct ctl *ctl)
{
	const struct ctl_command *command = ctl->command;

	for (int id = OPT_GLOBAL_END; id < OPT_COUNT; id++)
		if (ctl->options[id] != NULL && (command->options & CTL_OPTION_BIT(id)) == 0)
			return err_set(ERR_INVALID, "`vdsctl %s` has no option --%s",
				       command->words, ctl_options[id].name);
	if (ctl->arg_count < command->min_args || ctl->arg_count > command->max_args)
		return usage_error(command, "");
	for (int id = OPT_GLOBAL_END; id < OPT_COUNT; id++) {
		char why[64];

		if (ctl->options[id] != NULL || (command->required & CTL_OPTION_BIT(id)) == 0)
			continue;
		snprintf(why, sizeof(why), "--%s %s is missing; ", ctl_options[id].name,
			 ctl_options[id].value);
		return usage_error(command, why);
	}
	return 0;
}

/* The words name no command: say which are alike. */
static int
unknown_command(const struct ctl *ctl)
{
	const char *noun = ctl_is_noun(ctl->args[0]) ? ctl->args[0] : NULL;
	const char *word = noun != NULL ? ctl->args[1] : ctl->args[0];
	size_t noun_len = noun != NULL ? strlen(noun) : 0;
	struct ctl_guess guess;
	char candidate[64], hint[300];

	ctl_guess_begin(&guess, word);
	for (size_t i = 0; i < ctl_command_count; i++) {
		const char *words = ctl_commands[i].words;

		if (noun == NULL)
			snprintf(candidate, sizeof(candidate), "%.*s", (int)strcspn(words, " "),
				 words);
		else if (strncmp(words, noun, noun_len) == 0 && words[noun_len] == ' ')
			snprintf(candidate, sizeof(candidate), "%s", words + noun_len + 1);
		else
			continue;
		ctl_guess_try(&guess, candidate);
	}
	return err_set(ERR_INVALID, "there is no command `%s%s%s`%s", noun != NULL ? noun : "",
		       noun != NULL ? " " : "", word,
		       guess.best[0] != '\0' ? ctl_guess_text(&guess, hint, sizeof(hint))
		       : noun != NULL        ? ""
					     : "; `vdsctl --help` lists the commands");
}

int
ctl_parse(struct ctl *ctl, int argc, char **argv)
{
	size_t used = 0;
	bool only_help;
	int rc = words_split(ctl, argc, argv);

	if (rc < 0) {
		ctl->json = str_equal(ctl->options[OPT_OUTPUT], "json"); /* for the error */
		return rc;
	}
	rc = globals_check(ctl);
	if (rc < 0)
		return rc;
	only_help = ctl->options[OPT_HELP] != NULL || ctl->options[OPT_VERSION] != NULL;
	ctl->command = ctl_command_find(ctl->args, ctl->arg_count, &used);
	if (ctl->command == NULL && ctl->arg_count > 0 && ctl_is_noun(ctl->args[0]))
		ctl->noun = ctl->args[0];
	if (only_help && (ctl->command != NULL || ctl->arg_count <= (ctl->noun != NULL)))
		return 0;
	if (ctl->arg_count == 0)
		return err_set(ERR_INVALID,
			       "no command is given; `vdsctl --help` lists the commands");
	if (ctl->command == NULL && ctl->arg_count == 1 && ctl->noun != NULL)
		return err_set(ERR_INVALID, "a command is missing after `%s`", ctl->noun);
	if (ctl->command == NULL)
		return unknown_command(ctl);
	memmove(ctl->args, ctl->args + used, (ctl->arg_count - used) * sizeof(*ctl->args));
	ctl->arg_count -= used;
	return command_check(ctl);
}

int
ctl_size_parse(const char *what, const char *text, uint64_t *ret_bytes)
{
	size_t len = strlen(text);
	uint64_t bytes;

	if (str_parse_size(text, &bytes) < 0)
		return err_set(ERR_INVALID,
			       "%s takes a size such as 512B, 64M, 100G or 1.5T, not %s", what,
			       text);
	if (text[len - 1] >= '0' && text[len - 1] <= '9')
		return err_set(ERR_INVALID,
			       "%s %s has no unit: write %sG for gibibytes, or %sB for bytes", what,
			       text, text, text);
	if (bytes == 0)
		return err_set(ERR_INVALID, "%s %s is not a valid size: it must be more than zero",
			       what, text);
	if (bytes > LUN_MAX_BYTES)
		return err_set(ERR_INVALID, "%s %s is larger than the largest LUN, which is 8P",
			       what, text);
	*ret_bytes = bytes;
	return 0;
}

int
ctl_duration_parse(const char *what, const char *text, uint64_t *ret_ms)
{
	static const struct {
		char unit;
		uint64_t ms;
	} units[] = { { 's', 1000 },
		      { 'm', 60000 },
		      { 'h', 3600000 },
		      { 'd', 86400000 },
		      { 'w', 7 * 86400000ull } };
	size_t len = strlen(text);
	char digits[16] = "";
	uint64_t count;

	if (len > 1 && len < sizeof(digits))
		memcpy(digits, text, len - 1);
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (len == 0 || text[len - 1] != units[i].unit ||
		    str_parse_u64(digits, &count) < 0 || count == 0 || count > DURATION_MAX)
			continue;
		*ret_ms = count * units[i].ms;
		return 0;
	}
	return err_set(ERR_INVALID, "%s takes a time such as 30s, 45m, 12h, 30d or 2w, not %s",
		       what, text);
}

void
ctl_fini(struct ctl *ctl)
{
	client_close(ctl->client);
	json_decref(ctl->contexts);
	mem_free(ctl->args);
}
