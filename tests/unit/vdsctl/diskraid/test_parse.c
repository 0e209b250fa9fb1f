/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the language of DiskRAID: lines of a script, words, the table of commands, arguments,
 * and where each error is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fault.h"
#include "vdsctl/diskraid/language.h"

/* A parsed line and what it needs to live. */
struct parsed {
	struct raid_words words;
	struct raid_args args;
	struct raid_error error;
	enum raid_exit rc;
};

static void
parse_bytes(struct parsed *p, const char *line, size_t len, bool asks)
{
	memset(p, 0, sizeof(*p));
	p->rc = raid_words_split(line, len, &p->words, &p->error);
	if (p->rc == RAID_OK)
		p->rc = raid_parse(&p->words, asks, &p->args, &p->error);
}

static void
parsed_fini(struct parsed *p)
{
	raid_args_fini(&p->args);
	raid_words_fini(&p->words);
}

static void
parse(struct parsed *p, const char *line)
{
	parse_bytes(p, line, strlen(line), false);
	if (p->rc != RAID_OK)
		fail_msg("`%s`: column %u: %s", line, p->error.column, p->error.text);
}

/* The line must be refused at this column, with a text that contains `word`. */
static void
refused(const char *line, unsigned column, const char *word)
{
	struct parsed p;

	parse_bytes(&p, line, strlen(line), false);
	if (p.rc != RAID_SYNTAX || p.error.exit != RAID_SYNTAX)
		fail_msg("`%s` is accepted", line);
	if (p.error.column != column)
		fail_msg("`%s`: column %u and not %u: %s", line, p.error.column, column,
			 p.error.text);
	if (strstr(p.error.text, word) == NULL)
		fail_msg("`%s`: `%s` does not say %s", line, p.error.text, word);
	parsed_fini(&p);
}

/* ---- the table ---- */

static void
test_the_table_is_sorted_and_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < raid_command_count; i++) {
		const struct raid_command *command = &raid_commands[i];
		size_t params = 0;

		assert_non_null(command->run);
		assert_true(command->help[0] != '\0');
		while (command->params[params].name != NULL)
			params++;
		assert_true(params <= RAID_PARAM_MAX);
		if (i > 0 && strcmp(raid_commands[i - 1].words, command->words) >= 0)
			fail_msg("%s does not stand behind %s", command->words,
				 raid_commands[i - 1].words);
	}
}

static void
test_names_of_parameters_do_not_repeat(void **state)
{
	(void)state;
	for (size_t i = 0; i < raid_command_count; i++)
		for (const struct raid_param *a = raid_commands[i].params; a->name != NULL; a++)
			for (const struct raid_param *b = a + 1; b->name != NULL; b++)
				assert_true(strcasecmp(a->name, b->name) != 0);
}

/* Each row is reached by its own words, in any case. */
static void
test_every_command_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < raid_command_count; i++) {
		AUTO_FREE char *line = str_dup(raid_commands[i].words);
		struct parsed p;

		for (char *c = line; *c != '\0'; c++)
			*c = (char)(*c >= 'a' && *c <= 'z' && (c - line) % 2 == 0 ? *c - 32 : *c);
		parse_bytes(&p, line, strlen(line), false); /* arguments may be missing */
		assert_ptr_equal(p.args.command, &raid_commands[i]);
		parsed_fini(&p);
	}
}

static void
test_nouns_name_their_parents(void **state)
{
	(void)state;
	for (enum raid_noun noun = RAID_NONE + 1; noun < RAID_NOUN_COUNT; noun++) {
		assert_non_null(raid_nouns[noun].word);
		assert_non_null(raid_nouns[noun].plural);
		assert_true(raid_nouns[noun].parent < RAID_NOUN_COUNT);
	}
}

/* ---- values ---- */

static void
test_arguments_get_their_values(void **state)
{
	struct parsed p;
	const struct raid_value *drives;

	(void)state;
	parse(&p, "Create LUN simple SIZE=10gb drives=0,2,\"big disk\" StripeSize=64KB noerr");
	assert_string_equal(p.args.command->words, "create lun simple");
	assert_int_equal(raid_arg(&p.args, "size")->number, 10ull << 30);
	assert_int_equal(raid_arg(&p.args, "stripesize")->number, 65536);
	assert_non_null(raid_arg(&p.args, "noerr"));
	drives = raid_arg(&p.args, "drives");
	assert_int_equal(drives->ref_count, 3);
	assert_int_equal(drives->refs[1].index, 2);
	assert_null(drives->refs[1].name);
	assert_string_equal(drives->refs[2].name, "big disk");
	parsed_fini(&p);
}

static void
test_sizes_have_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes; /* 0 = refused */
	} sizes[] = {
		{ "1", 1ull << 20 },
		{ "1B", 1 },
		{ "3kb", 3072 },
		{ "1MB", 1ull << 20 },
		{ "2Gb", 2ull << 30 },
		{ "1TB", 1ull << 40 },
		{ "1PB", 1ull << 50 },
		{ "16383PB", 16383ull << 50 },
		{ "18446744073709551615B", UINT64_MAX },
		{ "", 0 },
		{ "0", 0 },
		{ "-1", 0 },
		{ "+1", 0 },
		{ "1.5GB", 0 },
		{ "1EB", 0 },
		{ "1K", 0 },
		{ "GB", 0 },
		{ " 1", 0 },
		{ "0x10", 0 },
		{ "16384PB", 0 },
		{ "18446744073709551616B", 0 },
		{ "99999999999999999999999999999", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		uint64_t bytes = 0;
		const char *why = raid_size_parse(sizes[i].text, &bytes);

		if ((why == NULL) != (sizes[i].bytes != 0) || bytes != sizes[i].bytes)
			fail_msg("%s: %s", sizes[i].text, why != NULL ? why : "accepted");
	}
}

static void
test_quotes_keep_a_name_together(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "create target name=\"a \"\"b\"\", c=d\" iscsiname=iqn.x:y");
	assert_string_equal(raid_arg(&p.args, "name")->text, "a \"b\", c=d");
	parsed_fini(&p);
	parse(&p, "name lun \"noerr\"");
	assert_string_equal(raid_arg(&p.args, "s")->text, "noerr");
	assert_null(raid_arg(&p.args, "noerr"));
	parsed_fini(&p);
	parse(&p, "name lun \"\"");
	assert_string_equal(raid_arg(&p.args, "s")->text, "");
	parsed_fini(&p);
	parse(&p, "name lun noerr");
	assert_null(raid_arg(&p.args, "s"));
	assert_non_null(raid_arg(&p.args, "noerr"));
	parsed_fini(&p);
	parse(&p, "associate targets \"a,b\",3 add");
	assert_int_equal(raid_arg(&p.args, "n,..")->ref_count, 2);
	assert_string_equal(raid_arg(&p.args, "n,..")->refs[0].name, "a,b");
	assert_int_equal(raid_arg(&p.args, "n,..")->refs[1].index, 3);
	parsed_fini(&p);
}

static void
test_pairs_and_paths_are_read(void **state)
{
	const struct raid_value *value;
	struct parsed p;

	(void)state;
	parse(&p, "associate ports 0-1,2-3");
	value = raid_arg(&p.args, "n,..");
	assert_int_equal(value->ref_count, 2);
	assert_int_equal(value->refs[1].index, 2);
	assert_int_equal(value->refs[1].second, 3);
	parsed_fini(&p);
	parse(&p, "lbpolicy set lun type=weighted paths=0-PRIMARY,1-7");
	assert_int_equal(raid_arg(&p.args, "type")->number, 4);
	value = raid_arg(&p.args, "paths");
	assert_true(value->refs[0].primary);
	assert_int_equal(value->refs[1].second, 7);
	parsed_fini(&p);
}

/* Microsoft's page writes lists with blanks behind their commas: drives=<n>, <n>. */
static void
test_lists_go_on_behind_a_comma(void **state)
{
	static const char *const lines[] = { "create lun simple drives=3, 4,5 noerr",
					     "create lun simple drives=3 ,4 , 5 noerr",
					     "create lun simple noerr drives=3,4, 5" };
	struct parsed p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		const struct raid_value *value;

		parse(&p, lines[i]);
		value = raid_arg(&p.args, "drives");
		assert_int_equal(value->ref_count, 3);
		for (unsigned k = 0; k < 3; k++)
			assert_int_equal(value->refs[k].index, 3 + k);
		assert_non_null(raid_arg(&p.args, "noerr"));
		parsed_fini(&p);
	}
	parse(&p, "associate targets \"a,\"");
	assert_string_equal(raid_arg(&p.args, "n,..")->refs[0].name, "a,");
	parsed_fini(&p);
}

static void
test_hints_stand_alone_or_with_a_value(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "automagic apply MSR=true RBP=3 YNK");
	assert_false(raid_arg(&p.args, "MSR")->bare);
	assert_int_equal(raid_arg(&p.args, "RBP")->number, 3);
	assert_true(raid_arg(&p.args, "YNK")->bare);
	assert_null(raid_arg(&p.args, "all"));
	parsed_fini(&p);
	parse(&p, "automagic apply");
	parsed_fini(&p);
	refused("automagic clear", 16, "at least one of");
	refused("automagic apply RBP=", 21, "the number is missing");
	refused("automagic set RBP", 15, "`RBP` needs a value");
}

static void
test_names_have_63_characters(void **state)
{
	AUTO_FREE char *longest = str_printf("name lun \"%063d\"", 0);
	AUTO_FREE char *longer = str_printf("name lun \"%064d\"", 0);
	struct strbuf emoji;
	struct parsed p;

	(void)state;
	parse(&p, longest);
	parsed_fini(&p);
	refused(longer, 11, "more than 63 characters");
	strbuf_init(&emoji);
	strbuf_add(&emoji, "create target name=");
	for (int i = 0; i < 32; i++) /* 64 units of UTF-16 */
		strbuf_add(&emoji, "😀");
	refused(emoji.text, 20, "more than 63 characters");
	strbuf_fini(&emoji);
}

static void
test_comments_are_not_looked_at(void **state)
{
	static const char *const lines[] = { "",           "   \t ", "# create \"",
					     "  #",        "rem",    "REM any \"thing at all",
					     "  rem\ttext" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct parsed p;

		parse(&p, lines[i]);
		assert_true(p.args.command == NULL || str_equal(p.args.command->words, "rem"));
		parsed_fini(&p);
	}
	refused("remark", 1, "no command `remark`");
}

/* ---- errors ---- */

static void
test_unknown_words_are_refused(void **state)
{
	(void)state;
	refused("create", 7, "lun, target, tpgroup");
	refused("crate lun", 1, "no command `crate`");
	refused("create luns", 8, "`luns` cannot follow `create`");
	refused("create lun", 11, "automagic, mirror, raid, simple, stripe");
	refused("create lun round size=1", 12, "`round`");
	refused("select \"lun\" 0", 8, "cannot follow `select`");
	refused("exit now", 6, "`now` does not belong here");
	refused("list luns verbose", 11, "does not belong here; usage: list luns");
	refused("delete lun --force", 12, "usage: delete lun [uninstall] [noerr]");
	refused("sélect lun", 1, "no command");
	refused("select lün 0", 8, "`lün`");
}

static void
test_missing_arguments_are_refused(void **state)
{
	(void)state;
	refused("create target", 14, "`name=…` is missing");
	refused("create lun automagic", 21, "`size=…` is missing");
	refused("create lun simple", 18, "at least one of: size=, drives=");
	refused("create lun simple noerr", 24, "at least one of");
	refused("associate targets", 18, "the index is missing; usage: associate targets [add] n");
	refused("associate targets add", 22, "the index is missing");
	refused("unmask lun", 11, "exactly one of: all, none, wwn=, initiator=");
	refused("maintenance lun count=2", 24, "the operation is missing; usage");
	refused("chap target set", 16, "`secret=…` is missing");
	refused("automagic set", 14, "at least one of");
	refused("create target name", 15, "`name` needs a value");
}

static void
test_extra_and_double_arguments_are_refused(void **state)
{
	(void)state;
	refused("create target name=a name=b", 22, "`name` is given twice");
	refused("create tpgroup noerr NoErr", 22, "`noerr` is given twice");
	refused("create tpgroup noerr=1", 16, "`noerr` takes no value");
	refused("select lun 1 2", 14, "does not belong here");
	refused("unmask lun all none", 16, "exactly one of");
	refused("create target name=a name=b c", 22, "twice");
	refused("shrink lun size=1 drives=0", 19, "does not belong here");
}

static void
test_bad_values_are_refused(void **state)
{
	(void)state;
	refused("create lun simple size=10XB", 24, "B, KB, MB, GB, TB or PB");
	refused("create lun simple size=", 24, "begins with a decimal number");
	refused("create lun simple size=0", 24, "zero");
	refused("create lun simple size=1.5GB", 24, "a whole number and a unit");
	refused("create lun simple size=1 stripesize=4GB", 37, "less than 4 GB");
	refused("select lun x", 12, "put a name or an id in quotes");
	refused("select lun 1x", 12, "no index");
	refused("select lun -1", 12, "no index");
	refused("select lun 4294967296", 12, "too large");
	refused("select lun 99999999999999999999999", 12, "too large");
	refused("create lun simple drives=0,,1", 28, "an index is missing");
	refused("create lun simple drives=0,", 28, "an index is missing after the comma");
	refused("create lun simple drives=0, ,1", 29, "an index is missing");
	refused("create lun simple drives=0, size=1", 29, "no index");
	refused("create lun simple drives=0, noerr", 29, "no index");
	refused("create lun simple drives=0,1,x", 30, "no index");
	refused("associate ports 0", 17, "controller-port");
	refused("associate ports 0-1,1-x", 23, "not a decimal number");
	refused("login target iadapter=0 type=often", 30, "manual|persistent|boot");
	refused("setflag drive hotspare=maybe", 24, "true or false");
	refused("automagic set RBP=16", 19, "RBP=`16`: the largest number here is 15");
	refused("maintenance lun blink count=-1", 29, "not a decimal number");
	refused("unmask lun wwn=123", 16, "16 hexadecimal digits");
	refused("unmask lun wwn=0123456789abcdef;0123456789abcdeg", 33, "16 hexadecimal");
	refused("unmask lun initiator=iqn.a:b;", 30, "a name in the list is missing");
	refused("unmask lun initiator=*", 22, "contains no");
	refused("maintenance lun dance", 17, "spinup|spindown|blink|beep|ping");
}

static void
test_quotes_must_be_closed(void **state)
{
	(void)state;
	refused("name lun \"abc", 10, "not closed");
	refused("create target name=\"a\"\"", 20, "not closed");
	refused("\"", 1, "not closed");
}

/* Columns are characters, not bytes. */
static void
test_columns_count_characters(void **state)
{
	(void)state;
	refused("create target name=äöü name=b", 24, "twice");
	refused("create target name=\"漢字\" \"", 25, "not closed");
}

static void
refused_bytes(const char *line, size_t len, unsigned column, const char *word)
{
	struct parsed p;

	parse_bytes(&p, line, len, false);
	assert_int_equal(p.rc, RAID_SYNTAX);
	assert_int_equal(p.error.column, column);
	if (strstr(p.error.text, word) == NULL)
		fail_msg("`%s` does not say %s", p.error.text, word);
	parsed_fini(&p);
}

static void
test_bytes_that_are_no_text_are_refused(void **state)
{
	(void)state;
	refused_bytes("list\0luns", 9, 5, "NUL");
	refused_bytes("list\x01luns", 9, 5, "01h");
	refused_bytes("list \x1b[31m", 10, 6, "1Bh");
	refused_bytes("list\rluns", 9, 5, "0Dh");
	refused_bytes("list\x7f", 5, 5, "7Fh");
	refused_bytes("name lun \xff", 10, 10, "UTF-8");
	refused_bytes("name lun \xc3", 10, 10, "UTF-8");
	refused_bytes("name lun \xc2\x85", 11, 10, "UTF-8"); /* a C1 control */
	refused_bytes("rem \x02", 5, 5, "02h");
	refused_bytes("# \xc0\xaf", 4, 3, "UTF-8");
}

static void
test_a_line_has_a_limit(void **state)
{
	AUTO_FREE char *line = mem_alloc(RAID_LINE_MAX + 2);
	struct parsed p;

	(void)state;
	memset(line, 'a', RAID_LINE_MAX + 1);
	memcpy(line, "help lun ", 9);
	parse_bytes(&p, line, RAID_LINE_MAX, false);
	assert_int_equal(p.rc, RAID_OK);
	parsed_fini(&p);
	refused_bytes(line, RAID_LINE_MAX + 1, 0, "at most");
}

/* ---- secrets ---- */

static void
test_a_secret_is_in_no_error(void **state)
{
	static const char *const lines[] = {
		"chap target set secret=hunter2hunter2 secret=hunter2hunter2",
		"chap target set secret= hunter2hunter2",
		"chap target set secrte=hunter2hunter2",
		"chap target remember secret=hunter2hunter2",
		"chap target set secret=\"hunter2hunter2",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct parsed p;

		parse_bytes(&p, lines[i], strlen(lines[i]), false);
		assert_int_equal(p.rc, RAID_SYNTAX);
		assert_null(strstr(p.error.text, "hunter"));
		parsed_fini(&p);
		assert_true(raid_looks_secret(lines[i]));
	}
	assert_false(raid_looks_secret("create target name=web"));
}

static void
test_a_secret_may_be_asked_for(void **state)
{
	struct parsed p;

	(void)state;
	parse_bytes(&p, "chap target set", 15, true);
	assert_int_equal(p.rc, RAID_OK);
	assert_null(raid_arg(&p.args, "secret"));
	assert_true(raid_has_secret(p.args.command));
	parsed_fini(&p);
	parse(&p, "chap target set secret=");
	assert_string_equal(raid_arg(&p.args, "secret")->text, "");
	parsed_fini(&p);
}

/* ---- lines ---- */

/* The lines of a script, joined with '|'. */
static char *
lines_of(const char *bytes, size_t len)
{
	struct raid_lines lines;
	struct raid_error error;
	struct strbuf out;
	const char *line;
	size_t line_len;

	strbuf_init(&out);
	assert_int_equal(raid_lines_init(&lines, bytes, len, &error), RAID_OK);
	while (raid_lines_next(&lines, &line, &line_len))
		strbuf_addf(&out, "%u:%.*s|", lines.number, (int)line_len, line);
	return strbuf_take(&out);
}

static void
lines_are(const char *bytes, size_t len, const char *wanted)
{
	AUTO_FREE char *got = lines_of(bytes, len);

	assert_string_equal(got, wanted);
}

static void
test_a_script_becomes_lines(void **state)
{
	(void)state;
	lines_are("", 0, "");
	lines_are("\n", 1, "1:|");
	lines_are("a", 1, "1:a|");
	lines_are("a\nb\n", 4, "1:a|2:b|");
	lines_are("a\r\n\r\nb\r\n", 8, "1:a|2:|3:b|");
	lines_are("a\r\nb", 4, "1:a|2:b|");
	lines_are("\xef\xbb\xbf"
		  "a\n",
		  5, "1:a|");
	lines_are("\xef\xbb\xbf", 3, "");
	lines_are("a\rb\n", 4, "1:a\rb|");
}

static void
test_utf16_is_named(void **state)
{
	struct raid_lines lines;
	struct raid_error error;

	(void)state;
	assert_int_equal(raid_lines_init(&lines, "\xff\xfel\0", 4, &error), RAID_SYNTAX);
	assert_non_null(strstr(error.text, "UTF-16"));
	assert_int_equal(raid_lines_init(&lines, "\xfe\xff\0l", 4, &error), RAID_SYNTAX);
}

/* ---- memory and help ---- */

static void
test_out_of_memory_is_an_error(void **state)
{
	static const char line[] = "create lun simple size=1 drives=0,\"a\",2 nosuch";

	(void)state;
	WITH_EVERY_FAULT
	{
		struct parsed p;

		parse_bytes(&p, line, strlen(line), false);
		assert_true(p.rc == RAID_FATAL || p.rc == RAID_SYNTAX);
		parsed_fini(&p);
	}
}

static void
test_usage_is_what_the_parser_takes(void **state)
{
	static const struct {
		const char *words, *usage;
	} usages[] = {
		{ "create lun simple",
		  "create lun simple [size=n] [drives=n,..] [stripesize=n] [noerr]" },
		{ "unmask lun all", "unmask lun {all | none | wwn=h[;h..] | initiator=iqn[;iqn..]} "
				    "[add] [uninstall] [noerr]" },
		{ "create target", "create target name=s [iscsiname=s] [noerr]" },
		{ "chap target set", "chap target set secret=[s] [initiator=s] [noerr]" },
		{ "associate targets", "associate targets [add] n,.. [noerr]" },
		{ "select lun", "select lun [n]" },
		{ "help", "help [command..]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(usages); i++) {
		struct parsed p;
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		parse_bytes(&p, usages[i].words, strlen(usages[i].words), true);
		raid_usage(p.args.command, out);
		fclose(out);
		assert_string_equal(text, usages[i].usage);
		free(text);
		parsed_fini(&p);
	}
}

static void
test_help_finds_commands_by_their_words(void **state)
{
	struct parsed p;
	FILE *out = fopen("/dev/null", "w");

	(void)state;
	parse(&p, "help create LUN");
	assert_int_equal(raid_help(p.words.words + 1, 2, out), 5);
	assert_int_equal(raid_help(NULL, 0, out), raid_command_count);
	parsed_fini(&p);
	parse(&p, "help nothing");
	assert_int_equal(raid_help(p.words.words + 1, 1, out), 0);
	parsed_fini(&p);
	fclose(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table_is_sorted_and_complete),
		cmocka_unit_test(test_names_of_parameters_do_not_repeat),
		cmocka_unit_test(test_every_command_is_found),
		cmocka_unit_test(test_nouns_name_their_parents),
		cmocka_unit_test(test_arguments_get_their_values),
		cmocka_unit_test(test_lists_go_on_behind_a_comma),
		cmocka_unit_test(test_hints_stand_alone_or_with_a_value),
		cmocka_unit_test(test_names_have_63_characters),
		cmocka_unit_test(test_sizes_have_units),
		cmocka_unit_test(test_quotes_keep_a_name_together),
		cmocka_unit_test(test_pairs_and_paths_are_read),
		cmocka_unit_test(test_comments_are_not_looked_at),
		cmocka_unit_test(test_unknown_words_are_refused),
		cmocka_unit_test(test_missing_arguments_are_refused),
		cmocka_unit_test(test_extra_and_double_arguments_are_refused),
		cmocka_unit_test(test_bad_values_are_refused),
		cmocka_unit_test(test_quotes_must_be_closed),
		cmocka_unit_test(test_columns_count_characters),
		cmocka_unit_test(test_bytes_that_are_no_text_are_refused),
		cmocka_unit_test(test_a_line_has_a_limit),
		cmocka_unit_test(test_a_secret_is_in_no_error),
		cmocka_unit_test(test_a_secret_may_be_asked_for),
		cmocka_unit_test(test_a_script_becomes_lines),
		cmocka_unit_test(test_utf16_is_named),
		cmocka_unit_test(test_out_of_memory_is_an_error),
		cmocka_unit_test(test_usage_is_what_the_parser_takes),
		cmocka_unit_test(test_help_finds_commands_by_their_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
