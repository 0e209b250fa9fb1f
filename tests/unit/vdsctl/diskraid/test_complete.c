/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of completion: what can stand at the end of half a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/diskraid/language.h"

/* Two objects of each noun, one with a name. */
static void
two_objects(void *context, enum raid_noun noun, void (*add)(void *add_context, const char *text),
	    void *add_context)
{
	AUTO_FREE char *name = str_printf("\"my %s\"", raid_nouns[noun].word);

	(void)context;
	add(add_context, "0");
	add(add_context, "1");
	add(add_context, name);
}

/* The candidates, with blanks between them. */
static void
completes(const char *line, const char *wanted)
{
	struct raid_candidates found;
	struct strbuf got;

	strbuf_init(&got);
	raid_complete(line, strlen(line), two_objects, NULL, &found);
	for (size_t i = 0; i < found.count; i++)
		strbuf_addf(&got, "%s%s", i > 0 ? " " : "", found.texts[i]);
	if (!str_equal(got.text != NULL ? got.text : "", wanted))
		fail_msg("`%s`: %s, wanted %s", line, got.text, wanted);
	raid_candidates_fini(&found);
	strbuf_fini(&got);
}

static void
test_words_of_commands(void **state)
{
	(void)state;
	completes("cr", "create");
	completes("create ", "lun target tpgroup");
	completes("CREATE t", "target tpgroup");
	completes("create lun s", "simple stripe");
	completes("nothing ", "");
	completes("help del", "delete");
	completes("help delete ", "lun target tpgroup");
	completes("exit ", "");
}

static void
test_arguments_and_choices(void **state)
{
	(void)state;
	completes("create target ", "name= iscsiname= noerr");
	completes("create target name=a ", "iscsiname= noerr");
	completes("create target n", "name= noerr");
	completes("create target name=\"a b\" i", "iscsiname=");
	completes("login target type=", "type=manual type=persistent type=boot");
	completes("login target type=p", "type=persistent");
	completes("setflag drive hotspare=t", "hotspare=true");
	completes("maintenance lun b", "blink beep");
	completes("automagic ", "apply clear set");
}

static void
test_objects(void **state)
{
	(void)state;
	completes("select lun ", "0 1 \"my lun\"");
	completes("select target \"m", "\"my target\"");
	completes("remove tpgroup tportal=", "tportal=0 tportal=1 tportal=\"my tportal\"");
	completes("associate targets 0,1", "0,1");
	completes("create lun simple drives=1,", "drives=1,0 drives=1,1 drives=1,\"my drive\"");
}

static void
test_what_all_have_in_common(void **state)
{
	struct raid_candidates found;

	(void)state;
	raid_complete("create t", 8, NULL, NULL, &found);
	assert_int_equal(found.replaced, 1);
	assert_int_equal(raid_candidates_common(&found), 1);
	raid_candidates_fini(&found);
	raid_complete("login target i", 14, NULL, NULL, &found); /* iadapter=, iportal=, IPS */
	assert_int_equal(found.count, 3);
	assert_int_equal(raid_candidates_common(&found), 1);
	raid_candidates_fini(&found);
	raid_complete("list\0", 5, NULL, NULL, &found);
	assert_int_equal(found.count, 0);
	raid_candidates_fini(&found);
	raid_complete("li", 2, NULL, NULL, &found);
	assert_int_equal(raid_candidates_common(&found), 4);
	raid_candidates_fini(&found);
	assert_int_equal(raid_candidates_common(&found), 0);
}

/* No line is too strange to be completed. */
static void
test_any_bytes(void **state)
{
	static const char *const lines[] = {
		"\"", "=", "=\"", ",,,", "select lun \"\xff", "create\t\t=", "name lun ="
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct raid_candidates found;

		raid_complete(lines[i], strlen(lines[i]), two_objects, NULL, &found);
		raid_candidates_fini(&found);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_of_commands),
		cmocka_unit_test(test_arguments_and_choices),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_what_all_have_in_common),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
