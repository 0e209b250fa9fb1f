/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of vdsctl's command line: words, arguments and options, the tables that it is parsed by,
 * and exit statuses.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "vdsctl/ctl_int.h"

/* Parses "a b c" (no quotes); the words live in `copy`. */
static int
parse(struct ctl *ctl, const char *line, char *copy)
{
	static char program[] = "vdsctl";
	char *argv[32] = { program };
	int argc = 1;

	memset(ctl, 0, sizeof(*ctl));
	strcpy(copy, line);
	for (char *save, *word = strtok_r(copy, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	return ctl_parse(ctl, argc, argv);
}

static void
refused(const char *line, const char *word)
{
	struct ctl ctl;
	char copy[256];

	if (parse(&ctl, line, copy) != ERR_INVALID)
		fail_msg("`%s` is accepted", line);
	if (strstr(err_text(ERR_INVALID), word) == NULL)
		fail_msg("`%s`: `%s` does not say %s", line, err_text(ERR_INVALID), word);
	ctl_fini(&ctl);
}

static void
test_words_find_their_command(void **state)
{
	struct ctl ctl;
	char copy[256];

	(void)state;
	assert_int_equal(parse(&ctl, "lun create vol1 --size 10G", copy), 0);
	assert_string_equal(ctl.command->words, "lun create");
	assert_int_equal(ctl.arg_count, 1);
	assert_string_equal(ctl.args[0], "vol1");
	assert_string_equal(ctl.options[OPT_SIZE], "10G");
	ctl_fini(&ctl);
}

static void
test_options_stand_anywhere(void **state)
{
	static const char *const lines[] = {
		"-o json --size=1G lun create v",
		"lun -ojson create --size 1G v",
		"lun create v -s1G --output=json",
	};
	struct ctl ctl;
	char copy[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_int_equal(parse(&ctl, lines[i], copy), 0);
		assert_true(ctl.json);
		assert_string_equal(ctl.options[OPT_SIZE], "1G");
		ctl_fini(&ctl);
	}
}

static void
test_a_double_dash_ends_options(void **state)
{
	struct ctl ctl;
	char copy[256];

	(void)state;
	assert_int_equal(parse(&ctl, "lun rename -- -old --new", copy), 0);
	assert_string_equal(ctl.args[0], "-old");
	assert_string_equal(ctl.args[1], "--new");
	ctl_fini(&ctl);
}

static void
test_a_growth_is_no_option(void **state)
{
	struct ctl ctl;
	char copy[256];

	(void)state;
	assert_int_equal(parse(&ctl, "lun extend v +10G", copy), 0);
	assert_string_equal(ctl.args[1], "+10G");
	ctl_fini(&ctl);
}

static void
test_wrong_lines_are_refused(void **state)
{
	(void)state;
	refused("", "no command is given");
	refused("frobnicate", "frobnicate");
	refused("lun frobnicate", "frobnicate");
	refused("lun", "lun");
	refused("lun create", "usage: vdsctl lun create NAME --size SIZE [--pool POOL]");
	refused("lun create v", "--size SIZE is missing");
	refused("explain v", "--initiator INITIATOR is missing");
	refused("lun extend", "LUN {SIZE | --to SIZE}");
	refused("lun creat v", "did you mean `create`?");
	refused("tagret list", "did you mean `target`?");
	refused("list lun", "list");
	refused("lun create a b", "usage");
	refused("lun associate v", "usage");
	refused("lun create v --colour red", "colour");
	refused("lun create v --size", "needs SIZE");
	refused("lun create v --thick=yes", "no value");
	refused("lun create v --size 1 --size 2", "twice");
	refused("lun delete v --size 1", "no option --size");
	refused("lun list -o xml", "table or json");
	refused("lun list --timeout never", "timeout");
	refused("lun list -x", "-x");
	refused("lun list -qo json", "must be separate");
}

static void
test_help_needs_no_arguments(void **state)
{
	struct ctl ctl;
	char copy[256];

	(void)state;
	assert_int_equal(parse(&ctl, "lun create --help", copy), 0);
	assert_string_equal(ctl.command->words, "lun create");
	ctl_fini(&ctl);
	assert_int_equal(parse(&ctl, "-h", copy), 0);
	assert_null(ctl.command);
	ctl_fini(&ctl);
}

static void
test_a_noun_alone_wants_help(void **state)
{
	struct ctl ctl;
	char copy[256];

	(void)state;
	assert_int_equal(parse(&ctl, "lun --help", copy), 0);
	assert_null(ctl.command);
	assert_string_equal(ctl.noun, "lun");
	ctl_fini(&ctl);
	assert_int_equal(parse(&ctl, "lun", copy), ERR_INVALID);
	assert_string_equal(ctl.noun, "lun");
	ctl_fini(&ctl);
}

static void
test_the_older_form_of_lists_is_an_alias(void **state)
{
	static const char *const plurals[] = { "luns",  "targets",  "portals", "groups",
					       "pools", "sessions", "jobs",    "associations" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(plurals); i++) {
		const char *words[2] = { "list", plurals[i] };
		size_t used;

		assert_non_null(ctl_command_find(words, 2, &used));
		assert_int_equal(used, 2);
	}
}

static void
test_sizes_need_a_unit_and_name_their_option(void **state)
{
	static const char *const bad[] = { "5", "0B", "1.5", "9P", "x", "", "5 G" };
	uint64_t bytes = 7;

	(void)state;
	assert_int_equal(ctl_size_parse("--size", "1.5G", &bytes), 0);
	assert_int_equal(bytes, 3ull << 29);
	assert_int_equal(ctl_size_parse("--size", "8P", &bytes), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(ctl_size_parse("--to", bad[i], &bytes), ERR_INVALID);
		assert_non_null(strstr(err_text(ERR_INVALID), "--to"));
	}
	assert_int_equal(bytes, 8ull << 50);
}

static void
guessed(const char *word, const char *wanted)
{
	static const char *const words[] = { "create", "delete", "list", "show", "associate" };
	struct ctl_guess guess;

	ctl_guess_begin(&guess, word);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		ctl_guess_try(&guess, words[i]);
	assert_string_equal(guess.best, wanted);
}

static void
test_mistyped_words_are_guessed(void **state)
{
	(void)state;
	guessed("creat", "create");
	guessed("craete", "create");
	guessed("lsit", "list");
	guessed("shwo", "show");
	guessed("asociate", "associate");
	guessed("frobnicate", "");
	guessed("x", "");
	guessed("", "");
}

static uint64_t
all_options(void)
{
	return UINT64_MAX >> (64 - (OPT_COUNT - OPT_GLOBAL_END));
}

static void
test_commands_are_sorted_and_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < ctl_command_count; i++) {
		const struct ctl_command *command = &ctl_commands[i];

		assert_true(i == 0 || strcmp(ctl_commands[i - 1].words, command->words) < 0);
		assert_non_null(command->run);
		assert_true(strlen(command->help) > 0);
		assert_true(command->min_args <= command->max_args);
		assert_int_equal(command->max_args > 0, command->args[0] != '\0');
		assert_int_equal(command->options & ~all_options(), 0);
		assert_int_equal(command->required & ~command->options, 0);
	}
}

static void
test_every_command_is_reached_by_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ctl_command_count; i++) {
		char copy[64];
		const char *words[3];
		size_t count = 0, used;

		strcpy(copy, ctl_commands[i].words);
		for (char *save, *word = strtok_r(copy, " ", &save); word != NULL;
		     word = strtok_r(NULL, " ", &save))
			words[count++] = word;
		assert_ptr_equal(ctl_command_find(words, count, &used), &ctl_commands[i]);
		assert_int_equal(used, count);
	}
}

static void
test_every_option_belongs_to_a_command(void **state)
{
	uint64_t used = 0;

	(void)state;
	for (size_t i = 0; i < ctl_command_count; i++)
		used |= ctl_commands[i].options;
	assert_true(used == all_options());
	for (int id = 0; id < OPT_COUNT; id++)
		assert_non_null(ctl_options[id].name);
}

static void
test_exit_statuses_are_as_documented(void **state)
{
	const struct ctl ctl = { 0 };
	(void)state;
	assert_int_equal(ctl_exit_status(&ctl, 0), 0);
	assert_int_equal(ctl_exit_status(&ctl, ERR_INTERNAL), 1);
	assert_int_equal(ctl_exit_status(&ctl, ERR_INVALID), 2);
	assert_int_equal(ctl_exit_status(&ctl, ERR_NOT_FOUND), 3);
	assert_int_equal(ctl_exit_status(&ctl, ERR_BUSY), 4);
	assert_int_equal(ctl_exit_status(&ctl, ERR_UNREACHABLE), 5);
	assert_int_equal(ctl_exit_status(&ctl, ERR_NAME_IN_USE), 6);
	assert_int_equal(ctl_exit_status(&ctl, ERR_LUNS_ASSOCIATED), 6);
	assert_int_equal(ctl_exit_status(&ctl, ERR_NO_SPACE), 7);
	assert_int_equal(ctl_exit_status(&ctl, ERR_TIMEOUT), 8);
}

static void
test_no_error_is_a_success(void **state)
{
	const struct ctl ctl = { 0 };
	(void)state;
	for (int code = ERR_FIRST_ + 1; code < ERR_END_; code++)
		assert_int_not_equal(ctl_exit_status(&ctl, code), 0);
	assert_int_not_equal(ctl_exit_status(&ctl, -EIO), 0);
}

static void
test_an_unreachable_daemon_is_explained(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *err = open_memstream(&text, &size);
	struct ctl ctl = { 0 };

	(void)state;
	ctl_error(err, &ctl, err_set(ERR_UNREACHABLE, "cannot reach vdsd at unix:/x"));
	fclose(err);
	assert_non_null(strstr(text, "unix:/x"));
	assert_non_null(strstr(text, "--url"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_find_their_command),
		cmocka_unit_test(test_options_stand_anywhere),
		cmocka_unit_test(test_a_double_dash_ends_options),
		cmocka_unit_test(test_a_growth_is_no_option),
		cmocka_unit_test(test_wrong_lines_are_refused),
		cmocka_unit_test(test_help_needs_no_arguments),
		cmocka_unit_test(test_a_noun_alone_wants_help),
		cmocka_unit_test(test_the_older_form_of_lists_is_an_alias),
		cmocka_unit_test(test_sizes_need_a_unit_and_name_their_option),
		cmocka_unit_test(test_mistyped_words_are_guessed),
		cmocka_unit_test(test_commands_are_sorted_and_complete),
		cmocka_unit_test(test_every_command_is_reached_by_its_words),
		cmocka_unit_test(test_every_option_belongs_to_a_command),
		cmocka_unit_test(test_exit_statuses_are_as_documented),
		cmocka_unit_test(test_no_error_is_a_success),
		cmocka_unit_test(test_an_unreachable_daemon_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
